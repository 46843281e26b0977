"""Chromium, driven through chromedriver by the WebDriver protocol (W3C), with nothing but the standard library."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB = "\ue004"
ENTER = "\ue007"

# Nothing but the fixture is reached, and Chromium looks for nothing by itself.
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
             "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
             "--disable-domain-reliability", "--disable-sync", "--disable-features=OptimizationHints,MediaRouter",
             "--hide-scrollbars", "--force-device-scale-factor=1"]


class Problem(Exception):
    """What the browser answered instead of a value."""


def call(method, url, value=None):
    data = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        told = json.load(error)["value"]
        raise Problem("%s: %s" % (told["error"], told["message"].split("\n")[0])) from None


class Driver:
    """chromedriver itself: sessions are made with it."""

    def __init__(self):
        self.process = subprocess.Popen(["chromedriver", "--port=0", "--log-level=WARNING"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in self.process.stdout:
            if b"started successfully on port" in line:
                self.url = "http://127.0.0.1:%d" % int(line.split()[-1].rstrip(b"."))
                return
        raise Problem("chromedriver did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


class Browser:
    """One window with a profile of its own. A tester's host names lead to an address by `hosts`."""

    def __init__(self, driver, hosts, language="en", scripts=True):
        self.profile = tempfile.mkdtemp(prefix="muster-browser-")
        rules = ", ".join(["MAP %s %s" % pair for pair in hosts.items()] + ["MAP * ~NOTFOUND"])
        # A form of an https page that posts to ms-app is no reason for a warning: it is what is looked for.
        options = {"args": ARGUMENTS + ["--user-data-dir=" + self.profile, "--host-resolver-rules=" + rules],
                   "prefs": {"intl.accept_languages": language, "intl.selected_languages": language, "profile.mixed_forms_warnings": False}}
        wanted = {"browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        made = call("POST", driver.url + "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.url = "%s/session/%s" % (driver.url, made["sessionId"])
        if not scripts:
            self.devtools("Emulation.setScriptExecutionDisabled", value=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        call("DELETE", self.url)
        shutil.rmtree(self.profile, ignore_errors=True)

    def get(self, path):
        return call("GET", self.url + path)

    def post(self, path, **value):
        return call("POST", self.url + path, value)

    def devtools(self, command, **parameters):
        return self.post("/goog/cdp/execute", cmd=command, params=parameters)

    def open(self, url):
        self.post("/url", url=url)

    def run(self, script, *arguments):
        return self.post("/execute/sync", script=script, args=list(arguments))

    def find(self, selector):
        return [one[ELEMENT] for one in self.post("/elements", using="css selector", value=selector)]

    def one(self, selector):
        found = self.find(selector)
        if len(found) != 1:
            raise Problem("%d elements are %s" % (len(found), selector))
        return found[0]

    def text(self, selector):
        return self.get("/element/%s/text" % self.one(selector))

    def attribute(self, selector, name):
        return self.get("/element/%s/attribute/%s" % (self.one(selector), name))

    def label(self, selector):
        """What a screen reader calls it."""
        return self.get("/element/%s/computedlabel" % self.one(selector))

    def role(self, selector):
        return self.get("/element/%s/computedrole" % self.one(selector))

    def type(self, selector, text):
        self.post("/element/%s/clear" % self.one(selector))
        self.post("/element/%s/value" % self.one(selector), text=text)

    def press(self, *keys):
        presses = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": presses}])

    def click(self, selector):
        self.post("/element/%s/click" % self.one(selector))

    def focused(self):
        """The name of the field that has the focus, or its element's."""
        element = self.get("/element/active")[ELEMENT]
        return self.get("/element/%s/attribute/name" % element) or self.get("/element/%s/name" % element)

    def source(self):
        return self.get("/source")

    def console(self):
        """What it said since the last time."""
        return [entry["message"] for entry in self.post("/se/log", type="browser")]

    def submitted(self):
        """Where it was told to post forms since the last time; what no network serves, it does not reach."""
        events = [json.loads(entry["message"])["message"] for entry in self.post("/se/log", type="performance")]
        return [event["params"]["url"] for event in events
                if event["method"] == "Page.frameRequestedNavigation" and event["params"]["reason"] == "formSubmissionPost"]

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def scheme(self, scheme, *more):
        features = [{"name": "prefers-color-scheme", "value": scheme}] + [{"name": name, "value": value} for name, value in more]
        self.devtools("Emulation.setEmulatedMedia", features=features)

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.get("/screenshot")))

    def until(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if condition():
                    return True
            except Problem:
                pass  # a page is just giving way to the next
            time.sleep(0.05)
        return False
