"""contains.py KEY.der PLACE…: the private value of an EC or RSA key (PKCS#8, DER) is in no file, neither
as bytes nor in hexadecimal nor in base64."""
import base64
import subprocess
import sys
import os


def private_values(path):
    """The longest OCTET STRINGs and INTEGERs that are private: by openssl's own account of the key."""
    text = subprocess.run(["openssl", "pkey", "-inform", "DER", "-in", path, "-text", "-noout"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    values, current = [], None
    for line in text.splitlines():
        if line.startswith(("priv:", "privateExponent:", "prime1:", "prime2:")):
            current = ""
            values.append(current)
        elif line.startswith("    ") and current is not None:
            values[-1] += line.strip().replace(":", "")
        else:
            current = None
    return [bytes.fromhex(v).lstrip(b"\0") for v in values if len(v) >= 32]


def needles(values):
    for value in values:
        yield value
        yield value[::-1]  # limbs of a little-endian number
        yield value.hex().encode()
        yield value.hex().upper().encode()
        for shift in range(3):
            yield base64.b64encode(b"\0" * shift + value)[4:-4]


def files(places):
    for place in places:
        if os.path.isfile(place):
            yield place
        for root, _, names in os.walk(place):
            for name in names:
                yield os.path.join(root, name)


if __name__ == "__main__":
    wanted = list(needles(private_values(sys.argv[1])))
    found, seen = [], 0
    for path in files(sys.argv[2:]):
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except OSError:
            continue
        seen += 1
        if any(needle in data for needle in wanted):
            found.append(path)
    print(("not ok" if found or not seen or not wanted else "ok") +
          " - the authority's key is in clear in none of %d files" % seen)
    for path in found:
        print("    " + path)
