#!/usr/bin/python3
"""An issuer of JWTs like Entra ID, for tests: keys and signatures by openssl(1), nothing else but the standard library.

Usage: entra.py key DIR KID rsa|ec           make DIR/KID.pem
       entra.py jwks DIR KID…                print the JWK Set of these keys
       entra.py token DIR KID VERSION TENANT OBJECT [CLAIM=JSON…] [header.NAME=JSON…]
                                             print a token; CLAIM= alone takes a claim away
       entra.py hmac DIR KID VERSION TENANT OBJECT    one signed by HMAC with the public key as its secret
       entra.py serve DIR PORT CERTIFICATE KEY        the files of DIR over TLS on loopback, until killed"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import subprocess
import sys
import time

CLIENT = "2b3c4d5e-0000-4000-8000-00000000000a"
RESOURCE = "https://mdm.example.test"


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=None):
    return subprocess.run(("openssl",) + arguments, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def path(folder, kid):
    return os.path.join(folder, kid + ".pem")


def make_key(folder, kid, kind):
    option = "rsa_keygen_bits:2048" if kind == "rsa" else "ec_paramgen_curve:P-256"
    openssl("genpkey", "-algorithm", kind.upper(), "-pkeyopt", option, "-out", path(folder, kid))


def public(folder, kid):
    return openssl("pkey", "-in", path(folder, kid), "-pubout", "-outform", "DER")


def is_ec(folder, kid):
    return len(public(folder, kid)) < 128


def jwk(folder, kid):
    if is_ec(folder, kid):
        point = public(folder, kid)[-64:]
        return {"kty": "EC", "use": "sig", "kid": kid, "crv": "P-256", "x": url64(point[:32]), "y": url64(point[32:])}
    modulus = openssl("rsa", "-in", path(folder, kid), "-noout", "-modulus").decode().strip().partition("=")[2]
    return {"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": url64(bytes.fromhex(modulus)), "e": "AQAB",
            "x5c": ["MIIC"], "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}


def flat(der):
    """r and s, 32 bytes each, of an ECDSA signature in ASN.1."""
    out, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        out += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return out


def sign(folder, kid, text):
    signature = openssl("dgst", "-sha256", "-sign", path(folder, kid), data=text.encode())
    return flat(signature) if is_ec(folder, kid) else signature


def claims(version, tenant, subject):
    now = int(time.time())
    common = {"iat": now, "nbf": now, "exp": now + 3600, "tid": tenant, "oid": subject, "ver": version,
              "scp": "mdm_delegation", "name": "Somebody", "sub": "opaque", "uti": url64(os.urandom(12))}
    if version == "1.0":
        return dict(common, aud=RESOURCE, iss="https://sts.windows.net/%s/" % tenant, idtyp="user", amr=["pwd"])
    return dict(common, aud=CLIENT, iss="https://login.microsoftonline.com/%s/v2.0" % tenant)


def unsigned(header, payload):
    return url64(json.dumps(header).encode()) + "." + url64(json.dumps(payload).encode())


def token(folder, kid, version, tenant, subject, *changes):
    header = {"typ": "JWT", "alg": "ES256" if is_ec(folder, kid) else "RS256", "kid": kid}
    payload = claims(version, tenant, subject)
    for change in changes:
        name, _, value = change.partition("=")
        where = header if name.startswith("header.") else payload
        name = name[len("header."):] if where is header else name
        if value == "":
            where.pop(name, None)
        else:
            where[name] = json.loads(value)
    text = unsigned(header, payload)
    return text + "." + url64(sign(folder, kid, text))


def hmac_token(folder, kid, version, tenant, subject):
    text = unsigned({"typ": "JWT", "alg": "HS256", "kid": kid}, claims(version, tenant, subject))
    pem = openssl("pkey", "-in", path(folder, kid), "-pubout")
    return text + "." + url64(hmac.new(pem, text.encode(), hashlib.sha256).digest())


class Quiet(http.server.SimpleHTTPRequestHandler):
    """What is asked for is a file; "redirect" leads to plain HTTP."""

    def do_GET(self):
        if self.path != "/redirect":
            super().do_GET()
            return
        self.send_response(302)
        self.send_header("Location", "http://localhost/keys.json")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def serve(folder, port, certificate, key):
    os.chdir(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Quiet)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def main(verb, *arguments):
    if verb == "key":
        make_key(*arguments)
    elif verb == "jwks":
        print(json.dumps({"keys": [jwk(arguments[0], kid) for kid in arguments[1:]]}))
    elif verb == "token":
        print(token(*arguments))
    elif verb == "hmac":
        print(hmac_token(*arguments))
    elif verb == "serve":
        serve(*arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
