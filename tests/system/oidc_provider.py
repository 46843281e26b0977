"""A small OpenID Connect provider for the tests: discovery document, authorization with a login form, tokens signed
RS256 (by entra.py), keys, userinfo. Authorization code flow with PKCE; one client.

oidc_provider.py DIRECTORY PORT: DIRECTORY has tls.pem (certificate and key of 127.0.0.1), signing.pem, client.json
({"client_id", "client_secret", "redirect_uri"}) and users.json ({name: {"password", "claims": {…}}}), which is read
anew at each login. Requests are noted in DIRECTORY/log, without what they carry.
"""
import base64
import hashlib
import html
import http.server
import json
import os
import secrets
import ssl
import sys
import threading
import time
import urllib.parse

import entra

DIRECTORY, PORT = sys.argv[1], int(sys.argv[2])
ISSUER = f"https://127.0.0.1:{PORT}"
CODES, TOKENS, LOCK = {}, {}, threading.Lock()


def read(name):
    with open(os.path.join(DIRECTORY, name), encoding="utf-8") as file:
        return json.load(file)


def jws(claims):
    signed = entra.unsigned({"alg": "RS256", "typ": "JWT", "kid": "signing"}, claims)
    return signed + "." + entra.url64(entra.sign(DIRECTORY, "signing", signed))


METADATA = {
    "issuer": ISSUER, "authorization_endpoint": ISSUER + "/authorize", "token_endpoint": ISSUER + "/token",
    "jwks_uri": ISSUER + "/jwks", "userinfo_endpoint": ISSUER + "/userinfo", "response_types_supported": ["code"],
    "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
    "code_challenge_methods_supported": ["S256"], "scopes_supported": ["openid", "profile", "email"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
}
JWKS = {"keys": [{name: value for name, value in entra.jwk(DIRECTORY, "signing").items() if name in ("kty", "use", "kid", "n", "e")}]}
FORM = """<!DOCTYPE html><title>Sign in</title><p>{problem}</p><form method="post" action="/authorize">
<input type="hidden" name="request" value="{request}"><input name="username" value="{hint}">
<input type="password" name="password"><button>Sign in</button></form>"""


class Provider(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        with open(os.path.join(DIRECTORY, "log"), "a", encoding="utf-8") as log:
            log.write(f"{self.command} {self.path.partition('?')[0]}\n")

    def answer(self, status, body, kind="application/json", **headers):
        body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def form(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        return dict(urllib.parse.parse_qsl(body, keep_blank_values=True))

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/.well-known/openid-configuration":
            self.answer(200, METADATA)
        elif path == "/jwks":
            self.answer(200, JWKS)
        elif path == "/authorize":
            self.ask(query, "")
        elif path == "/userinfo":
            with LOCK:
                claims = TOKENS.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
            self.answer(*((200, claims) if claims is not None else (401, {"error": "invalid_token"})))
        else:
            self.answer(404, {"error": "not_found"})

    def do_POST(self):
        if self.path == "/authorize":
            self.log_in(self.form())
        elif self.path == "/token":
            self.token(self.form())
        else:
            self.answer(404, {"error": "not_found"})

    def ask(self, query, problem):
        hint = dict(urllib.parse.parse_qsl(query)).get("login_hint", "")
        self.answer(200, FORM.format(problem=problem, request=html.escape(query), hint=html.escape(hint)), "text/html")

    def log_in(self, form):
        request = dict(urllib.parse.parse_qsl(form.get("request", "")))
        client = read("client.json")
        user = read("users.json").get(form.get("username", ""))
        if request.get("client_id") != client["client_id"] or request.get("redirect_uri") != client["redirect_uri"]:
            self.answer(400, "unknown client", "text/plain")
        elif user is None or not secrets.compare_digest(user["password"], form.get("password", "")):
            self.ask(form.get("request", ""), "wrong name or password")
        else:
            code = secrets.token_urlsafe(24)
            with LOCK:
                CODES[code] = {"request": request, "claims": user["claims"], "until": time.time() + 60}
            answer = urllib.parse.urlencode({"code": code, "state": request.get("state", "")})
            self.answer(302, "", Location=request["redirect_uri"] + "?" + answer)

    def client_is_known(self):
        client = read("client.json")
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        name, _, secret = base64.b64decode(value).decode().partition(":")
        return (urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(secret)) == \
            (client["client_id"], client["client_secret"])

    def token(self, form):
        with LOCK:
            code = CODES.pop(form.get("code", ""), None)
        if not self.client_is_known():
            self.answer(401, {"error": "invalid_client"})
            return
        challenge = entra.url64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if code is None or code["until"] < time.time() or code["request"].get("code_challenge") != challenge:
            self.answer(400, {"error": "invalid_grant"})
            return
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": code["request"]["client_id"], "iat": now, "exp": now + 300,
                  "nonce": code["request"].get("nonce"), **code["claims"]}
        access = secrets.token_urlsafe(24)
        with LOCK:
            TOKENS[access] = code["claims"]
        self.answer(200, {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": jws(claims)},
                    **{"Cache-Control": "no-store"})


class Server(http.server.ThreadingHTTPServer):
    """Handshakes happen in the request's own thread: a silent client stops nobody."""

    def __init__(self):
        super().__init__(("127.0.0.1", PORT), Provider)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(DIRECTORY, "tls.pem"))

    def finish_request(self, request, client_address):
        request.settimeout(20)
        with self.context.wrap_socket(request, server_side=True) as connection:
            self.RequestHandlerClass(connection, client_address, self)

    def handle_error(self, request, client_address):
        """A client that went away is no news."""


Server().serve_forever()
