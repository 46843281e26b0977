"""Sign in as the enrollment client's browser does: cookies, redirects, the provider's login form, and the form that
holds the result. Nothing is followed to other hosts than those the test runs.

broker.py URL TOKEN-FILE [USER]: the password is read from the variable BROKER_PASSWORD. The last line says how it
went: "signed in" (the token is in the file), or "page: ..." with the text of the page where it ended.
"""
import html.parser
import http.cookiejar
import os
import socket
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

APPRU = "ms-app://windows.immersivecontrolpanel"
resolve = socket.getaddrinfo


def local(host, *rest, **more):
    return resolve(os.environ["MUSTER_ADDRESS"] if host == os.environ["MUSTER_HOST"] else host, *rest, **more)


class Page(html.parser.HTMLParser):
    """The first form of a page, and its text."""

    def __init__(self, answer):
        super().__init__()
        self.form, self.fields, self.method, self.said, self.hidden = None, {}, "get", [], 0
        self.feed(answer)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.form is None:
            self.form, self.method = attrs.get("action", ""), attrs.get("method", "get").lower()
        elif tag == "input" and attrs.get("name"):
            self.fields[attrs["name"]] = attrs.get("value", "")
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.said.append(data.strip())


class Broker:
    def __init__(self):
        context = ssl.create_default_context(cafile=os.environ["MUSTER_TLS_CA"])
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        # What a browser accepts: without it mod_auth_openidc takes a request for a script's.
        self.opener.addheaders = [("Accept", "text/html,application/xhtml+xml"), ("Accept-Language", "en")]
        self.url, self.status, self.headers = None, None, None

    def open(self, url, fields=None):
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        try:
            answer = self.opener.open(url, data, 30)
        except urllib.error.HTTPError as error:
            answer = error
        self.url, self.status, self.headers = answer.url, answer.status, answer.headers
        return Page(answer.read().decode())


def main(url, file, user=None):
    socket.getaddrinfo = local
    broker = Broker()
    query = {"appru": APPRU, "login_hint": user or ""}
    page = broker.open(url + "?" + urllib.parse.urlencode(query))
    print("asked at", broker.url.partition("?")[0])
    if "password" in page.fields:
        print("begins with", page.fields.get("username", ""))
        fields = dict(page.fields, username=user, password=os.environ["BROKER_PASSWORD"])
        page = broker.open(urllib.parse.urljoin(broker.url, page.form), fields)
    print("policy:", broker.headers.get("Content-Security-Policy", ""))
    if page.form is not None and page.form.startswith(APPRU) and page.method == "post" and "wresult" in page.fields:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
            out.write(page.fields["wresult"] + "\n")
        print("signed in")
    else:
        print("page:", broker.status, " ".join(page.said))


if __name__ == "__main__":
    main(*sys.argv[1:])
