"""contains.py KEY.der PLACE…: the private value of an EC or RSA key (PKCS#8, DER) is in no file, neither
as bytes nor in hexadecimal nor in base64."""
import base64
import subprocess
import sys
import os


def private_values(key):
    """The longest OCTET STRINGs and INTEGERs that are private, of a key in DER or PEM: by openssl's own account of it."""
    text = subprocess.run(["openssl", "pkey", "-text", "-noout"], check=True, input=key, stdout=subprocess.PIPE).stdout.decode()
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


def written(value):
    """In hexadecimal and in both alphabets of base64, wherever in another text's base64 it begins."""
    yield value.hex().encode()
    yield value.hex().upper().encode()
    for shift in range(3):
        # Of the letters those that nothing else has a part in.
        text = base64.b64encode(b"\0" * shift + value)[(shift * 8 + 5) // 6:(shift + len(value)) * 8 // 6]
        yield text
        yield text.translate(bytes.maketrans(b"+/", b"-_"))


def needles(values):
    for value in values:
        yield value
        yield value[::-1]  # limbs of a little-endian number
        yield from written(value)


def files(places):
    for place in places:
        if os.path.isfile(place):
            yield place
        for root, _, names in os.walk(place):
            for name in names:
                yield os.path.join(root, name)


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as its_key:
        wanted = list(needles(private_values(its_key.read())))
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
