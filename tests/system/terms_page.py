"""The page with terms of use in real Chromium, opened as the window of Windows opens it: with a token, once. With scripts
and without, in two languages, at a phone's and a desktop's size, light and dark.

Usage: terms_page.py SCREENSHOTS TOKEN-FILE PATH"""
from browser import *
from looks import *
from wire import *

SCREENSHOTS, PATH = sys.argv[1], sys.argv[3]
TOKEN = open(sys.argv[2], encoding="ascii").read().strip()
URL = "https://%s:%d%s" % (HOST, PORT, PATH)
BACK = "ms-appx-web://ContosoMdm/ToUResponse?"
WORDS = {"en": ("Accept", "Decline"), "de": ("Zustimmen", "Ablehnen")}


def open_page(browser):
    """The token goes with the first request; what the page sends has none."""
    browser.devtools("Network.enable")
    browser.devtools("Network.setExtraHTTPHeaders", headers={"Authorization": "Bearer " + TOKEN})
    browser.open(URL)
    browser.devtools("Network.setExtraHTTPHeaders", headers={})


def led_to(browser):
    """Where answers have led since the last time; nothing here serves such an address."""
    events = [json.loads(entry["message"])["message"] for entry in browser.post("/se/log", type="performance")]
    headers = [event["params"]["headers"] for event in events if event["method"] == "Network.responseReceivedExtraInfo"]
    return [value for one in headers for name, value in one.items() if name.lower() == "location"]


def answers(driver, language, scripts, answer):
    accept, decline = WORDS[language]

    def about(what):
        return "%s, scripts %s, %s: %s" % (language, "on" if scripts else "off", answer, what)

    with Browser(driver, {HOST: ADDRESS}, language, scripts) as browser:
        open_page(browser)
        same(about("the buttons say what they do"), [browser.label("button[value=%s]" % name) for name in ("accept", "decline")], [accept, decline])
        seen = []
        for _ in range(2):
            browser.press(TAB)
            seen.append(browser.run("return document.activeElement.value"))
        same(about("the keyboard goes through them in order"), seen, ["accept", "decline"])
        led_to(browser)
        browser.click("button[value=%s]" % answer)
        found = []
        browser.until(lambda: found.extend(led_to(browser)) or found)
        wanted = r"IsAccepted=true&OpaqueBlob=[A-Za-z0-9_-]{43}(&.*)?" if answer == "accept" else "IsAccepted=false(&.*)?"
        case(about("leads back to the app"), len(found) == 1 and re.fullmatch(re.escape(BACK) + wanted, found[0]), found)


def looks(driver):
    with Browser(driver, {HOST: ADDRESS}, "en") as browser:
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                browser.size(width, height)
                browser.scheme(scheme)
                open_page(browser)
                browser.screenshot(os.path.join(SCREENSHOTS, "terms-%s-%s.png" % (size, scheme)))
                readable(browser, lambda what: "%s, %s: %s" % (size, scheme, what))
        same("the browser has nothing to complain of", violations(browser), [])


os.makedirs(SCREENSHOTS, exist_ok=True)
with Driver() as chromedriver:
    answers(chromedriver, "en", True, "accept")
    answers(chromedriver, "de", False, "accept")
    answers(chromedriver, "de", True, "decline")
    looks(chromedriver)
