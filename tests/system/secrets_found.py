"""Whether a secret that a test noted stands in a file of some places: secrets_found.py CASE NOTED MADE… -- PLACE…

NOTED has a line for each: its name, a tab, the secret. Private keys in PEM and the DM secrets of provisioning documents
below MADE are secrets as well. Each is looked for as it is, as XML, JSON, SQL and a form would have it, in base64 and in
hexadecimal; of a JWT its signature alone, too; and the beginning of any JWT, or of any private key in PEM. What is
found is told by its name."""
import json
import os
import re
import subprocess
import sys
import urllib.parse
from xml.sax.saxutils import escape

from contains import files, private_values, written

SHORTEST = 8
PEM_KEY = re.compile(rb"-----BEGIN (?:EC |RSA )?PRIVATE KEY-----\n.*?-----END (?:EC |RSA )?PRIVATE KEY-----", re.S)
DM_SECRET = re.compile(rb'name="AAUTHSECRET" value="([^"]*)"')
ANY = r"eyJ[A-Za-z0-9_-]{20,}|PRIVATE KEY-----"


def noted(path):
    """{secret: name}"""
    with open(path, "rb") as lines:
        secrets = {text: name.decode(errors="replace") for name, _, text in (line.rstrip(b"\n").partition(b"\t") for line in lines)}
    return {text: name for text, name in secrets.items() if len(text) >= SHORTEST}


def made(places):
    """{DM secret: name}, {key in PEM: name}"""
    secrets, keys = {}, {}
    for path in files(places):
        if not os.path.isfile(path) or os.path.getsize(path) > 1 << 20:
            continue
        with open(path, "rb") as stream:
            data = stream.read()
        secrets.update((secret, "DM secret in " + os.path.basename(path)) for secret in DM_SECRET.findall(data))
        keys.update((pem, "key in " + os.path.basename(path)) for pem in PEM_KEY.findall(data))
    return secrets, keys


def forms(text):
    plain = text.decode("utf-8", "surrogateescape")
    for form in (plain, escape(plain, {'"': "&quot;"}), escape(plain), json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1],
                 plain.replace("'", "''"), urllib.parse.quote(plain, "", errors="surrogateescape"),
                 urllib.parse.quote_plus(plain, errors="surrogateescape")):
        yield form.encode("utf-8", "surrogateescape")
    yield from written(text)
    if re.fullmatch(rb"[\w-]+\.[\w-]+\.[\w-]{20,}", text):
        yield text.rsplit(b".", 1)[1]


def needles_of(secrets, keys):
    """{what to look for: what it is}"""
    needles = {needle: name for text, name in secrets.items() for needle in forms(text)}
    needles.update((needle, name) for pem, name in keys.items() for value in private_values(pem) for needle in written(value))
    return needles


def grep(option, patterns, places):
    """Files that have one of the patterns."""
    done = subprocess.run(["grep", "-rla", option, "-f", "-", "--", *places], input=b"\n".join(patterns), stdout=subprocess.PIPE,
                          env=dict(os.environ, LC_ALL="C"))
    if done.returncode > 1:
        sys.exit("grep ended with %d" % done.returncode)
    return done.stdout.decode().splitlines()


def main(case, path, *rest):
    split = rest.index("--")
    places = rest[split + 1:]
    secrets, keys = made(rest[:split])
    secrets.update(noted(path))
    needles = needles_of(secrets, keys)
    said = ["%s: a JWT or a private key, whosever" % place for place in grep("-E", [ANY.encode()], places)]
    for place in grep("-F", list(needles), places):
        with open(place, "rb") as stream:
            data = stream.read()
        said += sorted({"%s: %s" % (place, name) for needle, name in needles.items() if needle in data})
    if not secrets:
        said.append("none was noted")
    print("%s - %s (%d, and %d keys)" % ("not ok" if said else "ok", case, len(secrets), len(keys)))
    for line in said:
        print("    " + line)


if __name__ == "__main__":
    main(*sys.argv[1:])
