"""The sign-in page in real Chromium: with scripts and without, in two languages, at a phone's and a desktop's size, light
and dark; what a person with a keyboard or a screen reader finds; what the browser is told to forbid.

Usage: sign_in_page.py NAME SCREENSHOTS [short]

NAME is the web server's, for the cases; short leaves out what no web server can change."""
import html
import html.parser

from browser import *
from looks import *
from wire import *

NAME, SCREENSHOTS, SHORT = sys.argv[1], sys.argv[2], "short" in sys.argv[3:]
ATTEMPT = "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
PATH = "/EnrollmentServer/example/%s/SignIn/10.0.26200.1/72/CIMClient_Windows" % ATTEMPT
APPRU = "ms-app://windows.immersivecontrolpanel"
QUERY = "?appru=ms-app%3A%2F%2Fwindows.immersivecontrolpanel&login_hint=ada%40example.test"
URL = "https://%s:%d%s%s" % (HOST, PORT, PATH, QUERY)
WRONG = "Wrong-password-7"
secret_used("password that was typed", WRONG)

def words(language):
    """All that the page says in a language, as the database has it."""
    return json.loads(sql("SELECT jsonb_object_agg(t.key, replace(t.words, '{organization}', o.name)) FROM muster.page_texts t, "
                          "muster.organization o WHERE o.key = 'example' AND t.language = '%s'" % language))


def shot(browser, *names):
    browser.screenshot(os.path.join(SCREENSHOTS, "-".join((NAME,) + names) + ".png"))


# --- what anybody sees ---

def form_shown(browser, say, about):
    same(about("the language is declared"), browser.attribute("html", "lang"), say["lang"])
    same(about("the heading"), browser.text("h1"), say["sign_in_title"])
    same(about("says whose page it is"), browser.text(".lead"), say["sign_in_lead"])
    same(about("the window's title"), browser.get("/title"), say["sign_in_title"] + " \u2013 Example & S\u00f6hne")
    same(about("each field has its label"), [browser.label("#user"), browser.label("#password")],
         [say["user_label"], say["password_label"]])
    same(about("and the button its name"), (browser.role("button"), browser.label("button")), ("button", say["sign_in_button"]))
    same(about("login_hint is filled in"), browser.attribute("#user", "value"), UPN)
    same(about("the password has the focus"), browser.focused(), "password")
    same(about("nobody else's resource is asked for"),
         browser.run("return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).map(e => e.name)"), [])


def keyboard(browser, about):
    seen = []
    browser.run("document.getElementById('user').focus()")
    for _ in range(3):
        seen.append(browser.focused())
        browser.press(TAB)
    same(about("the keyboard goes through it in order"), seen, ["user", "password", "button"])


def type_wrong(browser):
    browser.type("#password", WRONG)
    browser.press(ENTER)
    browser.until(lambda: browser.find("[role=alert]"))


def wrong_password(browser, say, about):
    type_wrong(browser)
    same(about("a wrong password is told"), browser.text("[role=alert]"), say["wrong_password"])
    same(about("to a screen reader with the field"), browser.attribute("#password", "aria-describedby"), browser.attribute("[role=alert]", "id"))
    same(about("which is marked"), browser.attribute("#password", "aria-invalid"), "true")
    same(about("in the window's title, too"), browser.get("/title").split(":")[0], say["error_mark"])
    same(about("the name stays"), browser.attribute("#user", "value"), UPN)
    same(about("the password does not"), browser.run("return document.getElementById('password').value"), "")
    same(about("and has the focus"), browser.focused(), "password")


def right_password(browser, say, scripts, about):
    browser.submitted()
    browser.type("#password", PASSWORD)
    browser.click("button")
    case(about("the right one signs in"), browser.until(lambda: browser.text("h1") == say["result_title"]), browser.text("h1"))
    same(about("the form posts to the client's address"),
         (browser.run("return document.forms[0].getAttribute('action')"), browser.run("return document.forms[0].method")), (APPRU, "post"))
    fields = browser.run("return [...document.forms[0].elements].filter(e => e.name).map(e => [e.type, e.name, e.value.length])")
    same(about("wresult and nothing else"), fields, [["hidden", "wresult", 43]])
    same(about("a button can be seen"), browser.label("button"), say["result_button"])
    here = "%s sends it by itself" % ("a script" if scripts else "nothing")
    sent = browser.submitted()
    if scripts:
        browser.until(lambda: sent.extend(browser.submitted()) or APPRU in sent, 5)
    same(about(here), [url for url in sent if url.startswith("ms-app")], [APPRU] if scripts else [])
    if not scripts:
        browser.click("button")
        case(about("the button does"), browser.until(lambda: APPRU in browser.submitted(), 5))


def signs_in(driver, language, scripts):
    say = dict(words(language), lang=language)

    def about(what):
        return "%s, %s, scripts %s: %s" % (NAME, language, "on" if scripts else "off", what)

    with Browser(driver, {HOST: ADDRESS}, language + "," + "en", scripts) as browser:
        browser.size(*SIZES["window"])
        browser.open(URL)
        form_shown(browser, say, about)
        keyboard(browser, about)
        wrong_password(browser, say, about)
        right_password(browser, say, scripts, about)
        shot(browser, language, "result", "scripts" if scripts else "no-scripts")
        same(about("the browser has nothing to complain of"), violations(browser), [])


# --- what it looks like ---

def looks(driver):
    with Browser(driver, {HOST: ADDRESS}, "de") as browser:
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                browser.size(width, height)
                browser.scheme(scheme)
                browser.open(URL)
                shot(browser, size, scheme, "form")
                type_wrong(browser)
                shot(browser, size, scheme, "wrong")
                readable(browser, lambda what: "%s, %s, %s: %s" % (NAME, size, scheme, what))
        same("%s: the dark one is dark" % NAME, browser.run("return getComputedStyle(document.querySelector('main')).backgroundColor"), "rgb(27, 31, 38)")
        same("%s: the logo is shown, and says its name" % NAME, (browser.run("return document.querySelector('img').naturalWidth"), browser.label("img")),
             (96, "Example & S\u00f6hne"))
        same("%s: the button has the organization's colour" % NAME,
             browser.run("const s = getComputedStyle(document.querySelector('button')); return [s.backgroundColor, s.color]"), ["rgb(0, 105, 92)", "rgb(255, 255, 255)"])
        browser.scheme("light", ("prefers-reduced-motion", "reduce"))
        same("%s: nothing moves for who does not want it" % NAME, browser.run("return getComputedStyle(document.querySelector('button')).transitionDuration"), "0s")
        browser.open(URL.split("?")[0])
        shot(browser, "desktop", "light", "error")
        case("%s: an error shows a trace id" % NAME, re.fullmatch(r"[0-9a-f-]{36}", browser.text("code")), browser.text("code"))
        same("%s: and the browser complained of nothing" % NAME, violations(browser), [])


# --- what goes over the wire ---

def headers():
    first, again = request("GET", PATH + QUERY), request("GET", PATH + QUERY)
    policy = first.headers.get("content-security-policy", "")
    nonce = re.search(r"script-src 'nonce-([A-Za-z0-9+/=]{24})'", policy)
    same("%s: nothing but its own is allowed" % NAME, re.sub(r"nonce-[^']*", "nonce", policy),
         "default-src 'none'; style-src 'nonce'; script-src 'nonce'; img-src data:; form-action 'self' ms-app:; base-uri 'none'; frame-ancestors 'none'")
    case("%s: the nonce stands in the page" % NAME, nonce and ('nonce="%s"' % nonce.group(1)).encode() in first.body, policy)
    case("%s: and is another each time" % NAME, policy != again.headers.get("content-security-policy"))
    same("%s: nothing is stored" % NAME, first.headers.get("cache-control"), "no-store, no-transform")
    same("%s: no referrer" % NAME, first.headers.get("referrer-policy"), "no-referrer")
    same("%s: no sniffing" % NAME, first.headers.get("x-content-type-options"), "nosniff")
    case("%s: the cookie is this host's alone" % NAME, re.fullmatch(
        r"__Host-muster-form=\d+\.[A-Za-z0-9_-]{43}; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict", first.headers.get("set-cookie", "")),
         first.headers.get("set-cookie"))
    same("%s: HEAD has no body" % NAME, (request("HEAD", PATH + QUERY).status, request("HEAD", PATH + QUERY).body), (200, b""))


class Scripts(html.parser.HTMLParser):
    """What of a page would run."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [tag] if tag in ("script", "iframe", "object", "embed", "base") else []
        self.found += ["%s %s" % (tag, name) for name, value in attributes if name.startswith("on") or "script:" in (value or "")]


def scripts_in(body):
    page = Scripts()
    page.feed(body.decode("utf-8", "replace"))
    return page.found


# Input that a stranger chooses, in a link or a form: (name, query, body or None, what the page may not hold).
HOSTILE = [
    ("appru leads elsewhere", "?appru=https%3A%2F%2Fevil.test%2F", None, b"evil.test"),
    ("appru is a script", "?appru=javascript%3Aalert(1)", None, b"javascript:"),
    ("appru is data", "?appru=data%3Atext%2Fhtml%2Cx", None, b"data:text"),
    ("appru breaks out", "?appru=ms-app%3A%2F%2Fa%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", None, b"<script>alert"),
    ("appru is a look-alike", "?appru=ms-app.evil%3A%2F%2Fa", None, b"ms-app.evil"),
    ("appru twice", "?appru=ms-app%3A%2F%2Fa&appru=https%3A%2F%2Fevil.test", None, b"evil.test"),
    ("appru has a NUL", "?appru=ms-app%3A%2F%2Fa%00", None, b"<form"),
    ("appru is long", "?appru=ms-app%3A%2F%2F" + "a" * 300, None, b"<form"),
    ("no appru", "?login_hint=ada%40example.test", None, b"<form"),
    ("login_hint breaks out", QUERY.split("&")[0] + "&login_hint=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", None, b"<script>alert"),
    ("login_hint is an event", QUERY.split("&")[0] + "&login_hint=a%22%20onfocus%3D%22alert(1)", None, b'"a" onfocus'),
    ("login_hint is no UTF-8", QUERY.split("&")[0] + "&login_hint=%ff%fe", None, b"\xff"),
    ("another site's form", QUERY, "user=ada%40example.test&password=x&csrf=1795000000." + "A" * 43, b"wresult"),
    ("a form without its token", QUERY, "user=ada%40example.test&password=x", b"wresult"),
    ("a form with a name that breaks out", QUERY, "user=%3C%2Ftitle%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&password=x&csrf=", b"<script>alert"),
    ("a form with a field twice", QUERY, "user=a&user=b&password=x", b"wresult"),
    ("a form that is none", QUERY, "%%%%%%", b"wresult"),
]


def hostile():
    for name, query, body, forbidden in HOSTILE:
        # The cookie is there: it is the form's token that is not.
        pair = request("GET", PATH + QUERY).headers["set-cookie"].split(";")[0]
        answer = request("GET" if body is None else "POST", PATH + query, body or "", headers=[("Cookie", pair)],
                         content_type="application/x-www-form-urlencoded")
        # lighttpd itself refuses what cannot be in a URL.
        case("%s: %s" % (NAME, name), answer.status in (200, 400) and forbidden not in answer.body and b"wresult" not in answer.body
             and not scripts_in(answer.body), answer, scripts_in(answer.body))
    for name, method, body, kind, status in (("a form as SOAP", "POST", "user=a", SOAP_TYPE, 415), ("another method", "PUT", "a", "text/plain", 405),
                                             ("a large form", "POST", "user=" + "a" * 20000, "application/x-www-form-urlencoded", 413)):
        same("%s: %s" % (NAME, name), request(method, PATH + QUERY, body, content_type=kind).status, status)
    same("%s: an organization that is none" % NAME, request("GET", PATH.replace("/example/", "/nowhere/") + QUERY).status, 404)


def signed_in(user, password, path=PATH):
    """Without a browser: the page that comes, and whether it is the result."""
    first = request("GET", path + QUERY)
    token = html.unescape(re.search(rb'name="csrf" value="([^"]*)"', first.body).group(1).decode())
    body = "&".join("%s=%s" % (k, urllib.parse.quote(v, "")) for k, v in (("user", user), ("password", password), ("csrf", token)))
    answer = request("POST", path + QUERY, body, headers=[("Cookie", first.headers["set-cookie"].split(";")[0])],
                     content_type="application/x-www-form-urlencoded")
    return b'name="wresult"' in answer.body, answer


def accounts():
    say = words("en")
    unknown, wrong = signed_in("nobody@example.test", WRONG)[1], signed_in(UPN, WRONG)[1]
    same("%s: who is not known hears the same as who is wrong" % NAME,
         re.sub(rb'(nonce|value)="[^"]*"|nonce-[^\']*', b"", unknown.body), re.sub(rb'(nonce|value)="[^"]*"|nonce-[^\']*', b"", wrong.body))
    for user in ("ada", "EXAMPLE\\ada", " ADA@example.test "):
        case("%s: signs in as %r" % (NAME, user), signed_in(user, PASSWORD)[0])
    elsewhere = PATH.replace("/example/", "/contoso/")
    case("%s: another organization has its own page" % NAME, b"<title>Sign in \xe2\x80\x93 Contoso</title>" in request("GET", elsewhere + QUERY).body)
    case("%s: its account signs in there" % NAME, signed_in("carl@contoso.test", PASSWORD, elsewhere)[0])
    case("%s: not here" % NAME, not signed_in("carl@contoso.test", PASSWORD)[0])
    case("%s: nor ours there" % NAME, not signed_in(UPN, PASSWORD, elsewhere)[0])
    sql("SELECT muster.disable_account('%s', 'left')" % UPN)
    case("%s: a disabled account is told with the right password" % NAME, html.escape(say["error_Authorization"], False).encode() in signed_in(UPN, PASSWORD)[1].body)
    case("%s: and not with a wrong one" % NAME, html.escape(say["wrong_password"], False).encode() in signed_in(UPN, WRONG)[1].body)
    sql("SELECT muster.enable_account('%s')" % UPN)


os.makedirs(SCREENSHOTS, exist_ok=True)
headers()
hostile()
accounts()
with Driver() as chromedriver:
    for reads, with_scripts in (("de", True), ("ja", False), ("de", False), ("ja", True))[:2 if SHORT else 4]:
        signs_in(chromedriver, reads, with_scripts)
    if not SHORT:
        looks(chromedriver)
