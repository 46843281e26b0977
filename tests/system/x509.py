"""x509.py [breaks]: every certificate and revocation list in the database against a table of RFC 5280's rules,
one case for each rule and kind of thing; what breaks a rule is named. Read with asn1crypto.

With breaks, the rules are tried, too. A rule is a function that yields what is wrong with one thing; nothing, when it holds."""
import collections
import hashlib
import json
import os
import re
import subprocess
import sys

from asn1crypto import core, crl, keys, x509

DIGESTS = {"sha256_rsa": "sha256", "sha384_rsa": "sha384", "sha512_rsa": "sha512",
           "sha256_ecdsa": "sha256", "sha384_ecdsa": "sha384", "sha512_ecdsa": "sha512"}
PRINTABLE = re.compile(r"^[A-Za-z0-9 '()+,./:=?-]+$")
UTC_TIME, GENERALIZED_TIME = re.compile(rb"^\d{12}Z$"), re.compile(rb"^\d{14}Z$")
URI = re.compile(r"^http://[a-z0-9.-]+(:\d+)?/[A-Za-z0-9/._-]+$")
# Upper bounds of RFC 5280 appendix A.1.
BOUNDS = {"common_name": 64, "organization_name": 64, "organizational_unit_name": 64, "serial_number": 64, "country_name": 2}
CRITICAL = {"basic_constraints": True, "key_usage": True, "extended_key_usage": False, "key_identifier": False,
            "authority_key_identifier": False, "subject_alt_name": False, "crl_distribution_points": False,
            "authority_information_access": False}
CRL_CRITICAL = {"crl_number": False, "authority_key_identifier": False, "issuing_distribution_point": True}

AUTHORITIES, DEVICES = ("root", "issuing", "cross"), ("device",)
EVERYBODY = AUTHORITIES + DEVICES


class Thing:
    """A certificate or list with what the database says of it."""

    def __init__(self, row, parsed):
        self.label, self.kind, self.issuer_id, self.der = row["label"], row["kind"], row["issuer"], bytes.fromhex(row["der"])
        self.id, self.row, self.parsed, self.issuer = row["id"], row, parsed, None
        self.parsed.native  # every part is decoded now: what can't be is found here
        self.tbs = parsed["tbs_cert_list" if self.kind == "crl" else "tbs_certificate"]

    def extensions(self):
        found = self.tbs["crl_extensions" if self.kind == "crl" else "extensions"]
        return [] if isinstance(found, core.Void) else list(found)

    def extension(self, name):
        for one in self.extensions():
            if one["extn_id"].native == name:
                return one["extn_value"].parsed
        return None

    def key(self):
        return self.tbs["subject_public_key_info"]


# --- rules for both ---

def canonical(t):
    """X.690 section 11: what is read and written anew has the same bytes."""
    again = type(t.parsed).load(t.der, strict=True)
    again.native
    if again.dump(force=True) != t.der:
        yield "encoded anew it differs"


def one_algorithm(t):
    """Sections 4.1.1.2, 5.1.1.2: the same identifier inside and outside. RFC 4055: RSA has NULL, RFC 5758: ECDSA nothing."""
    inside, outside = t.tbs["signature"], t.parsed["signature_algorithm"]
    if inside.dump() != outside.dump():
        yield "%r inside, %r outside" % (inside.native, outside.native)
    name, parameters = outside["algorithm"].native, outside["parameters"]
    if name not in DIGESTS:
        yield "algorithm %s" % name
    elif name.endswith("_rsa") and parameters.dump() != b"\x05\x00":
        yield "RSA's parameters are no NULL"
    elif name.endswith("_ecdsa") and parameters.dump() != b"":
        yield "ECDSA with parameters"


def algorithm_fits_key(t):
    """The issuer's key made it, with a hash that is not weaker than its curve (RFC 5480 section 4)."""
    key = (t.issuer or t).key()
    kind, name = key["algorithm"]["algorithm"].native, t.parsed["signature_algorithm"]["algorithm"].native
    if not name.endswith("_ecdsa" if kind == "ec" else "_rsa"):
        yield "a key of kind %s made %s" % (kind, name)
    if kind == "ec" and key["algorithm"]["parameters"].native == "secp384r1" and DIGESTS.get(name) == "sha256":
        yield "SHA-256 by P-384"


def named_issuer(t):
    """Sections 4.1.2.4, 5.1.2.3: the issuer is the authority's subject, byte for byte."""
    wanted = (t.issuer or t).tbs["subject"].dump()
    if t.tbs["issuer"].dump() != wanted:
        yield "it names another issuer"


def time_wrong(value):
    """Sections 4.1.2.5, 5.1.2.4: UTCTime to 2049, GeneralizedTime from 2050, seconds, Z."""
    chosen = value.chosen
    year, is_utc = chosen.native.year, isinstance(chosen, core.UTCTime)
    if is_utc != (year < 2050):
        yield "%s in a %s" % (chosen.native, type(chosen).__name__)
    if not (UTC_TIME if is_utc else GENERALIZED_TIME).match(chosen.contents):
        yield "written %r" % chosen.contents


def no_extension_twice(t):
    """Section 4.2: at most one of each."""
    for name, count in collections.Counter(e["extn_id"].dotted for e in t.extensions()).items():
        if count > 1:
            yield "%d times %s" % (count, name)


def known_extensions(t):
    """Sections 4.2.1, 5.2: only what we mean to write, critical where it must be."""
    known = CRL_CRITICAL if t.kind == "crl" else CRITICAL
    for e in t.extensions():
        name = e["extn_id"].native
        if name not in known:
            yield "extension %s" % name
        elif e["critical"].native is not known[name]:
            yield "%s is %scritical" % (name, "" if e["critical"].native else "not ")


def authority_key(t):
    """Sections 4.2.1.1, 5.2.1: the issuer's key id, and nothing else; a root need not."""
    found = t.extension("authority_key_identifier")
    if found is None:
        if t.kind != "root":
            yield "no authority key id"
        return
    if found["key_identifier"].native != (t.issuer or t).extension("key_identifier").native:
        yield "another key id than its issuer's"
    if found["authority_cert_issuer"].native is not None or found["authority_cert_serial_number"].native is not None:
        yield "an issuer's name and number besides"


# --- rules for certificates ---

def version_3(t):
    """Section 4.1.2.1."""
    if t.tbs["version"].native != "v3":
        yield t.tbs["version"].native


def serial(t):
    """Section 4.1.2.2: positive, at most 20 octets; 64 random bits at least."""
    octets = t.tbs["serial_number"].contents
    if t.tbs["serial_number"].native <= 0 or not 9 <= len(octets) <= 20:
        yield octets.hex()
    if t.kind == "device" and int(t.row["serial"], 16) != t.tbs["serial_number"].native:
        yield "the database has %s" % t.row["serial"]


def no_unique_ids(t):
    """Section 4.1.2.8."""
    for name in ("issuer_unique_id", "subject_unique_id"):
        if t.tbs[name].native is not None:
            yield name


def names(t):
    """Sections 4.1.2.4, 4.1.2.6: not empty; PrintableString or UTF8String; as long as they may be; no controls."""
    for which in ("subject", "issuer"):
        entries = [pair for rdn in t.tbs[which].chosen for pair in rdn]
        if not entries:
            yield "an empty %s" % which
        for pair in entries:
            kind, value = pair["type"].native, pair["value"]
            chosen = getattr(value, "chosen", value)
            text = chosen.native
            if not isinstance(chosen, (core.UTF8String, core.PrintableString)):
                yield "%s as %s" % (kind, type(chosen).__name__)
            if isinstance(chosen, core.PrintableString) and not PRINTABLE.match(text):
                yield "%r as PrintableString" % text
            if not 1 <= len(text) <= BOUNDS.get(kind, 0):
                yield "%s of %d characters" % (kind, len(text))
            if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text) or text != text.strip():
                yield "%r in %s" % (text, kind)


def validity(t):
    """Section 4.1.2.5; within its issuer's."""
    begin, end = t.tbs["validity"]["not_before"], t.tbs["validity"]["not_after"]
    yield from time_wrong(begin)
    yield from time_wrong(end)
    if begin.native >= end.native:
        yield "it ends before it begins"
    if t.issuer is not None and end.native > t.issuer.tbs["validity"]["not_after"].native:
        yield "it outlives its issuer"


def public_key(t):
    """RFC 3279 section 2.3.1, RFC 5480 section 2: parameters, sizes, a named curve, an uncompressed point."""
    algorithm, key = t.key()["algorithm"], t.key()["public_key"]
    kind = algorithm["algorithm"].native
    if kind == "rsa":
        bits, exponent = key.parsed["modulus"].native.bit_length(), key.parsed["public_exponent"].native
        if algorithm["parameters"].dump() != b"\x05\x00":
            yield "RSA's parameters are no NULL"
        if not 2048 <= bits <= 4096 or exponent < 65537 or exponent % 2 == 0:
            yield "RSA of %d bits, exponent %d" % (bits, exponent)
    elif kind == "ec":
        octets = {"secp256r1": 65, "secp384r1": 97}.get(algorithm["parameters"].native)
        if algorithm["parameters"].name != "named" or octets is None:
            yield "no curve by its name"
        elif len(bytes(key)) != octets or bytes(key)[0] != 4:
            yield "no uncompressed point"
    else:
        yield "a key of kind %s" % kind


def constraints(t):
    """Section 4.2.1.9: CA said to be one, path length 0 for what signs devices; a device is none, without a path length."""
    found = t.extension("basic_constraints")
    if found is None:
        yield "no basicConstraints"
    elif found["ca"].native != (t.kind in AUTHORITIES):
        yield "CA is %s" % found["ca"].native
    elif found["path_len_constraint"].native != {"issuing": 0}.get(t.kind) and not (
            t.kind in ("root", "cross") and (found["path_len_constraint"].native or 0) >= 1):
        yield "path length %s" % found["path_len_constraint"].native


def usage(t):
    """Section 4.2.1.3, RFC 5480 section 3: what the key can do, in the shortest bit string."""
    found = t.extension("key_usage")
    if found is None:
        yield "no keyUsage"
        return
    wanted = {"key_cert_sign", "crl_sign"} if t.kind in AUTHORITIES else {"digital_signature"}
    if t.kind == "device" and t.key()["algorithm"]["algorithm"].native == "rsa":
        wanted.add("key_encipherment")
    if found.native != wanted:
        yield "%s" % sorted(found.native)
    unused, last = found.contents[0], found.contents[-1]
    if not last & (1 << unused):
        yield "zeros at the bit string's end"


def purpose(t):
    """Section 4.2.1.12: clientAuth alone for devices, none for authorities."""
    found = t.extension("extended_key_usage")
    if (found.native if found is not None else None) != (["client_auth"] if t.kind == "device" else None):
        yield "%s" % (found and found.native)


def subject_key(t):
    """Section 4.2.1.2: 20 octets, the same for the same key."""
    found = t.extension("key_identifier")
    if found is None:
        yield "no subject key id"
        return
    whole, bits = t.key().dump(), bytes(t.key()["public_key"])
    if found.native not in (hashlib.sha1(whole).digest(), hashlib.sha1(bits).digest()):
        yield "no SHA-1 of its key"


def distribution_points(t):
    """Section 4.2.1.13: a URI that everybody can fetch, no reasons, no other issuer of the list."""
    found = t.extension("crl_distribution_points")
    for point in found if found is not None else ():
        uris = point["distribution_point"].native
        if point["distribution_point"].name != "full_name" or not uris or not all(URI.match(u) for u in uris):
            yield "%s" % uris
        if point["reasons"].native is not None or point["crl_issuer"].native is not None:
            yield "reasons, or another issuer"


def information_access(t):
    """Section 4.2.2.1: caIssuers and OCSP by http."""
    found = t.extension("authority_information_access")
    for access in found if found is not None else ():
        method, where = access["access_method"].native, access["access_location"]
        if method not in ("ca_issuers", "ocsp") or where.name != "uniform_resource_identifier" or not URI.match(where.native):
            yield "%s %s" % (method, where.native)


def alternative_names(t):
    """Section 4.2.1.6: not empty, a device's only."""
    found = t.extension("subject_alt_name")
    if found is not None and (t.kind != "device" or len(found) == 0):
        yield "%s" % found.native


# --- rules for lists ---

def list_version(t):
    """Section 5.1.2.1."""
    if t.tbs["version"].native != "v2":
        yield t.tbs["version"].native


def list_times(t):
    """Sections 5.1.2.4, 5.1.2.5: nextUpdate is there, and later."""
    if t.tbs["next_update"].native is None:
        yield "no nextUpdate"
        return
    yield from time_wrong(t.tbs["this_update"])
    yield from time_wrong(t.tbs["next_update"])
    if t.tbs["this_update"].native >= t.tbs["next_update"].native:
        yield "nextUpdate is not later"


def list_number(t):
    """Section 5.2.3: there, positive, at most 20 octets."""
    found = t.extension("crl_number")
    if found is None or found.native < 0 or len(found.contents) > 20:
        yield "%s" % (found and found.native)


def list_entries(t):
    """Sections 5.1.2.6, 5.3.1: no empty list; each number once; a reason unless unspecified; none from the future."""
    entries = t.tbs["revoked_certificates"]
    if isinstance(entries, core.Void) or entries.native is None:
        return
    if len(entries) == 0:
        yield "an empty list is there"
    numbers = [e["user_certificate"].native for e in entries]
    if len(set(numbers)) != len(numbers):
        yield "a certificate twice"
    for e in entries:
        yield from time_wrong(e["revocation_date"])
        if e["user_certificate"].native <= 0 or e["revocation_date"].native > t.tbs["this_update"].native:
            yield "%x of %s" % (e["user_certificate"].native, e["revocation_date"].native)
        extensions = [] if e["crl_entry_extensions"].native is None else list(e["crl_entry_extensions"])
        if len({x["extn_id"].native for x in extensions}) != len(extensions):
            yield "an entry's extension twice"
        for x in extensions:
            name, value = x["extn_id"].native, x["extn_value"].native
            if x["critical"].native or (name == "crl_reason" and value in ("unspecified", "remove_from_crl")):
                yield "%s %s" % (name, value)


RULES = (
    ("is DER", EVERYBODY + ("crl",), canonical), ("one signature algorithm", EVERYBODY + ("crl",), one_algorithm),
    ("its algorithm fits the signing key", EVERYBODY + ("crl",), algorithm_fits_key),
    ("its issuer's name", EVERYBODY + ("crl",), named_issuer), ("no extension twice", EVERYBODY + ("crl",), no_extension_twice),
    ("known extensions, critical where they must", EVERYBODY + ("crl",), known_extensions),
    ("authority key id", EVERYBODY + ("crl",), authority_key), ("version 3", EVERYBODY, version_3),
    ("serial number", EVERYBODY, serial), ("no unique ids", EVERYBODY, no_unique_ids), ("names", EVERYBODY, names),
    ("validity", EVERYBODY, validity), ("public key", EVERYBODY, public_key), ("basicConstraints", EVERYBODY, constraints),
    ("keyUsage", EVERYBODY, usage), ("extKeyUsage", EVERYBODY, purpose), ("subject key id", EVERYBODY, subject_key),
    ("distribution points", EVERYBODY, distribution_points), ("authority information access", EVERYBODY, information_access),
    ("alternative names", EVERYBODY, alternative_names), ("version 2", ("crl",), list_version),
    ("thisUpdate and nextUpdate", ("crl",), list_times), ("number", ("crl",), list_number), ("entries", ("crl",), list_entries),
)


# --- what there is ---

def rows(statement):
    found = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-tA", "-U", "postgres", "-c",
                            "SELECT coalesce(json_agg(x), '[]') FROM (%s) x" % statement],
                           env=dict(os.environ, PGPASSFILE=os.environ["MUSTER_SUPERUSER"]), stdout=subprocess.PIPE, check=True)
    return json.loads(found.stdout)


def exists(table):
    return rows("SELECT to_regclass('%s') IS NOT NULL AS there" % table)[0]["there"]


def things():
    """Certificates of authorities, of devices, and of roots by other roots."""
    crossed = ("UNION ALL SELECT NULL, 'cross', n.name || ' by ' || o.name, o.id, NULL, encode(y.certificate, 'hex') "
               "FROM muster.cross_certificate y JOIN muster.authority n ON n.id = y.authority JOIN muster.authority o ON o.id = y.certified_by"
               if exists("muster.cross_certificate") else "")
    return [Thing(row, x509.Certificate.load(bytes.fromhex(row["der"]), strict=True)) for row in rows(
        "SELECT id, kind, name AS label, parent AS issuer, NULL AS serial, encode(certificate, 'hex') AS der "
        "FROM muster.authority UNION ALL SELECT NULL, 'device', 'device ' || x.device || ' under ' || c.name, x.authority, "
        "encode(x.serial, 'hex'), encode(x.der, 'hex') FROM muster.certificate x JOIN muster.authority c ON c.id = x.authority " + crossed)]


def lists():
    if not exists("muster.crl"):
        return []
    return [Thing(row, crl.CertificateList.load(bytes.fromhex(row["der"]), strict=True)) for row in rows(
        "SELECT NULL AS id, 'crl' AS kind, 'list ' || l.number || ' of ' || c.name AS label, c.id AS issuer, "
        "encode(l.der, 'hex') AS der, l.number FROM muster.crl l JOIN muster.authority c ON c.id = l.authority ORDER BY l.number")]


def told(name, wrong):
    print(("not ok - " if wrong else "ok - ") + name)
    for line in wrong[:5]:
        print("    " + line)


def told_randomness(found):
    """Section 4.1.2.2, and the bits of many serial numbers are half ones."""
    numbers = [t.tbs["serial_number"].native for t in found]
    told("serial numbers: %d, each once" % len(numbers), [] if len(set(numbers)) == len(numbers) else ["one twice"])
    bits = [n >> shift & 1 for n in numbers for shift in range(64)]
    share = sum(bits) / len(bits)
    told("serial numbers: 64 bits of each are random", [] if 0.4 < share < 0.6 else ["%.3f of them are ones" % share])


def told_keys(found):
    """Section 4.2.1.2: who has the same key has the same id."""
    ids = collections.defaultdict(set)
    for t in found:
        ids[t.key().dump()].add(t.extension("key_identifier").native)
    told("subject key ids: one for each key", ["%d for a key" % len(v) for v in ids.values() if len(v) > 1])


# --- the rules themselves ---

def extension_of(tbs, name):
    return next((e for e in tbs["extensions"] if e["extn_id"].native == name), None)


def set_extension(name, value):
    def change(tbs, whole):
        if extension_of(tbs, name) is None:
            add_extension(name, value)(tbs, whole)
        extension_of(tbs, name)["extn_value"] = core.ParsableOctetString(value)
    return change


def set_field(name, value):
    def change(tbs, whole):
        tbs[name] = value
    return change


def add_extension(name, value):
    def change(tbs, whole):
        tbs["extensions"].append({"extn_id": name, "critical": False, "extn_value": core.ParsableOctetString(value)})
    return change


def not_critical(tbs, whole):
    extension_of(tbs, "basic_constraints")["critical"] = False


def other_algorithm(tbs, whole):
    whole["signature_algorithm"] = {"algorithm": "sha512_ecdsa"}


def weak_algorithm(tbs, whole):
    tbs["signature"] = whole["signature_algorithm"] = {"algorithm": "sha1_rsa", "parameters": core.Null()}


def small_exponent(tbs, whole):
    tbs["subject_public_key_info"] = keys.PublicKeyInfo.wrap(keys.RSAPublicKey(
        {"modulus": (1 << 2047) + 1, "public_exponent": 3}), "rsa")


def backwards(tbs, whole):
    validity_of = tbs["validity"]
    tbs["validity"] = {"not_before": validity_of["not_after"], "not_after": validity_of["not_before"]}


def late_in_two_digits(tbs, whole):
    tbs["validity"]["not_after"] = x509.Time({"general_time": core.GeneralizedTime(tbs["validity"]["not_before"].native)})


# Each breaks a good certificate of a device in one way, which that rule must find.
BREAKS = (
    ("another algorithm outside", one_algorithm, other_algorithm), ("SHA-1", one_algorithm, weak_algorithm),
    ("an algorithm of another kind of key", algorithm_fits_key, weak_algorithm),
    ("another issuer", named_issuer, lambda tbs, whole: tbs.__setitem__("issuer", tbs["subject"])),
    ("an extension twice", no_extension_twice, add_extension("extended_key_usage", bytes.fromhex("300a06082b06010505070302"))),
    ("an unknown extension", known_extensions, add_extension("1.3.6.1.4.1.32473.1", b"\x05\x00")),
    ("basicConstraints not critical", known_extensions, not_critical),
    ("another's key id", authority_key, set_extension("authority_key_identifier", b"\x30\x03\x80\x01\x07")),
    ("version 1", version_3, set_field("version", "v1")), ("a negative serial number", serial, set_field("serial_number", -7)),
    ("a short serial number", serial, set_field("serial_number", 7)),
    ("a serial number of 21 octets", serial, set_field("serial_number", 1 << 163)),
    ("an empty name", names, set_field("subject", x509.Name.load(b"\x30\x00"))),
    ("'&' in a PrintableString", names,
     set_field("subject", x509.Name.load(bytes.fromhex("300e310c300a06035504031303612662")))), ("an end before the beginning", validity, backwards),
    ("2049 in a GeneralizedTime", validity, late_in_two_digits), ("the exponent 3", public_key, small_exponent),
    ("a CA", constraints, set_extension("basic_constraints", b"\x30\x03\x01\x01\xff")),
    ("keyCertSign", usage, set_extension("key_usage", b"\x03\x02\x02\x84")),
    ("serverAuth", purpose, set_extension("extended_key_usage", bytes.fromhex("300a06082b06010505070301"))),
    ("another subject key id", subject_key, set_extension("key_identifier", b"\x04\x01\x07")),
    ("a list by ldap", distribution_points, set_extension("crl_distribution_points",
                                                           bytes.fromhex("3011300fa00da00b86096c6461703a2f2f782f"))),
    ("no alternative name", alternative_names, set_extension("subject_alt_name", b"\x30\x00")),
)

# And these break its bytes.
BYTE_BREAKS = (
    ("zeros at the end of keyUsage", usage, b"\x03\x02\x07\x80", b"\x03\x02\x00\x80"),
    ("a BOOLEAN of BER", canonical, b"\x01\x01\xff", b"\x01\x01\x01"),
    ("FALSE written out", canonical, b"\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00",
     b"\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\x00\x04\x02\x30\x00"),
)


def broken(t, change):
    whole = x509.Certificate.load(t.der)
    whole.native
    change(whole["tbs_certificate"], whole)
    der = whole.dump(force=True)
    made = Thing(dict(t.row, der=der.hex()), x509.Certificate.load(der))
    made.issuer = t.issuer
    return made


def told_breaks(t):
    for name, rule, change in BREAKS:
        told("the rules find %s" % name, ["%s: nothing found" % t.label] if list(rule(t)) or not list(rule(broken(t, change))) else [])
    for name, rule, good, bad in BYTE_BREAKS:
        der = t.der.replace(good, bad)
        made = Thing(dict(t.row, der=der.hex()), x509.Certificate.load(der))
        told("the rules find %s" % name, [] if der != t.der and list(rule(made)) else ["nothing found"])


def main():
    found = things()
    authorities = {t.id: t for t in found if t.id}
    found += lists()
    for t in found:
        t.issuer = authorities.get(t.issuer_id)
    for kind in EVERYBODY + ("crl",):
        of_kind = [t for t in found if t.kind == kind]
        for name, kinds, rule in RULES:
            if of_kind and kind in kinds:
                told("%s (%d): %s" % (kind, len(of_kind), name),
                     ["%s: %s" % (t.label, wrong) for t in of_kind for wrong in rule(t)])
    certificates = [t for t in found if t.kind != "crl"]
    if sys.argv[1:] == ["breaks"]:
        told_breaks(next(t for t in certificates if t.kind == "device" and t.key()["algorithm"]["algorithm"].native == "ec"
                         and t.issuer.key()["algorithm"]["algorithm"].native == "ec"
                         and t.tbs["validity"]["not_before"].native.year < 2050))
    told_randomness(certificates)
    told_keys(certificates)


main()
