"""What every page has to look like, whoever looks at it."""
from wire import case

SIZES = {"phone": (360, 640), "window": (500, 700), "desktop": (1280, 800)}

# The lowest contrast of any text with what it stands on, and of the borders and rings that show where something is.
CONTRASTS = """
function rgb(text) { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? n.concat(1) : n; }
function light(c) { return c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
	.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0); }
function contrast(a, b) { const x = light(rgb(a)), y = light(rgb(b)); return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); }
function ground(e) { while (e && rgb(getComputedStyle(e).backgroundColor)[3] === 0) e = e.parentElement; return getComputedStyle(e || document.documentElement).backgroundColor; }
let texts = 99, edges = 99;
for (const e of document.querySelectorAll('h1, p, .terms, label, button, code, input:not([type=hidden])')) {
	const style = getComputedStyle(e);
	if (e.textContent.trim() || e.value) texts = Math.min(texts, contrast(style.color, ground(e)));
	if (e.matches('input, button')) edges = Math.min(edges, contrast(style.borderTopColor, ground(e.parentElement)));
	if (e.matches(':focus-visible')) edges = Math.min(edges, contrast(style.outlineColor, ground(e.parentElement)));
}
return [texts, edges];
"""


def violations(browser):
    # That the result's form goes to ms-app Chromium tells, too; on Windows that is the enrollment client.
    return [line for line in browser.console() if "Mixed Content" not in line]


def readable(browser, about):
    texts, edges = browser.run(CONTRASTS)
    case(about("texts have a contrast of 4.5 (%.2f)" % texts), texts >= 4.5)
    case(about("edges and focus one of 3 (%.2f)" % edges), edges >= 3)
    case(about("nothing is beside the window"), browser.run("return document.documentElement.scrollWidth <= innerWidth"))
    case(about("the button is large enough for a finger"), browser.run("return document.querySelector('button').offsetHeight >= 44"))
