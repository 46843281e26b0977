/*
 * The look of all pages. Colours that text stands on are chosen for a contrast of 4.5 to 1 at least, borders
 * and focus for 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11), in both schemes; the organization's colour stands only
 * where --on-accent is written on it.
 */
#include "page_parts.h"

const char page_style[] =
    ":root{color-scheme:light dark;--ground:#eef1f5;--sheet:#ffffff;--text:#1a1d21;--quiet:#4f5864;"
    "--line:#79828f;--bad:#a4160f;--bad-ground:#fdecea}\n"
    "@media (prefers-color-scheme:dark){:root{--ground:#101318;--sheet:#1b1f26;--text:#f1f3f6;"
    "--quiet:#b3bcc8;--line:#7f8998;--bad:#ffb4ab;--bad-ground:#3a1b19}}\n"
    "*{box-sizing:border-box}\n"
    "html{height:100%;-webkit-text-size-adjust:100%}\n"
    "body{min-height:100%;margin:0;padding:1rem;display:flex;background:var(--ground);color:var(--text);"
    "font:1rem/1.5 system-ui,'Segoe UI',sans-serif;overflow-wrap:anywhere}\n"
    "main{width:100%;max-width:26rem;margin:auto;padding:2rem;background:var(--sheet);border-radius:.75rem;"
    "border-top:.3rem solid var(--accent);box-shadow:0 .1rem .2rem rgb(0 0 0/.1),0 .6rem 2rem "
    "rgb(0 0 0/.12)}\n"
    ".brand{margin:0 0 1.5rem;font-weight:600;color:var(--quiet)}\n"
    ".brand img{display:block;max-width:100%;max-height:3rem}\n"
    "h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;font-weight:600}\n"
    "p{margin:0 0 1rem}\n"
    ".lead,.hint,.trace{color:var(--quiet)}\n"
    ".problem{padding:.75rem 1rem;border-left:.25rem solid var(--bad);border-radius:.25rem;"
    "background:var(--bad-ground);color:var(--bad)}\n"
    "[dir=rtl] .problem{border-left:0;border-right:.25rem solid var(--bad)}\n"
    ".trace{margin:0;font-size:.875rem}\n"
    "code{display:block;margin-top:.15rem;font:.875rem ui-monospace,Consolas,monospace;color:var(--text);user-select:all}\n"
    "label{display:block;margin:1rem 0 .35rem;font-weight:600}\n"
    "input,button{display:block;width:100%;min-height:2.75rem;padding:.5rem .75rem;border-radius:.4rem;"
    "font:inherit}\n"
    "input{border:1px solid var(--line);background:var(--sheet);color:var(--text)}\n"
    "input[type=hidden]{display:none}\n"
    "[aria-invalid]{border-color:var(--bad)}\n"
    "button{margin-top:1.75rem;border:1px solid var(--line);background:var(--accent);"
    "color:var(--on-accent);font-weight:600;cursor:pointer;transition:filter .15s}\n"
    "button:hover{filter:brightness(.93)}\n"
    ":focus-visible{outline:.15rem solid var(--text);outline-offset:.1rem}\n"
    "@media (max-width:30rem){body{padding:0;background:var(--sheet)}"
    "main{margin:0 auto;max-width:none;padding:1.5rem;border-radius:0;box-shadow:none}}\n"
    "@media (prefers-reduced-motion:reduce){*{transition:none!important}}\n"
    "@media (forced-colors:active){main{border:1px solid}}\n";
