"""Tokens that must not enroll anybody: each with its fault, and its reason in the record, found by the fault's trace id."""
import base64
import json
import time

import entra
from wire import *

KEYS, TENANT = os.environ["MUSTER_TEST_KEYS"], os.environ["MUSTER_TEST_TENANT"]
OTHER, OBJECT = "9188040d-6c67-4c5b-b112-36a304b66dad", "0f7c2a11-0000-4000-8000-000000000001"
POLICY, ENROLLMENT = directions(post("/EnrollmentServer/Discovery.svc", discover()))
ISSUER = "https://login.microsoftonline.com/%s/v2.0"
NAME = 'preferred_username="new@example.test"'


def made(*changes, key="three", version="2.0", tenant=TENANT, subject=OBJECT):
    return entra.token(KEYS, key, version, tenant, subject, NAME, *changes)


def claim(name, value):
    return "%s=%s" % (name, json.dumps(value))


def parts(change, text=None):
    """A token whose parts were changed after it was signed."""
    header, payload, signature = (text or made()).split(".")
    return change(header, payload, signature)


def encoded(text):
    return entra.url64(text.encode())


def evil(payload):
    """The same payload for somebody else."""
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return encoded(json.dumps(dict(claims, oid=OTHER)))


def bad():
    now = int(time.time())
    yield "algorithm none", "Authentication", 'not signed: its algorithm is "none"', \
        made(claim("header.alg", "none"))
    yield "algorithm none without a signature", "Authentication", 'not signed: its algorithm is "None"', \
        parts(lambda h, p, s: encoded('{"alg":"None","kid":"three"}') + "." + p + ".")
    yield "HMAC with the public key", "Authentication", 'algorithm "HS256": RS256 or ES256 expected', \
        entra.hmac_token(KEYS, "three", "2.0", TENANT, OBJECT)
    yield "an algorithm that is not the key's", "Authentication", 'its key "three" is for RS256', \
        made(claim("header.alg", "ES256"))
    yield "another RSA algorithm", "Authentication", 'algorithm "RS512"', made(claim("header.alg", "RS512"))
    yield "a key that comes along", "Authentication", "its header has jwk, which is never followed", \
        made(claim("header.jwk", entra.jwk(KEYS, "stranger")), key="stranger")
    yield "a key's address", "Authentication", "its header has jku, which is never followed", \
        made(claim("header.jku", "https://evil.test/keys"), key="stranger")
    yield "a certificate that comes along", "Authentication", "its header has x5c", made(claim("header.x5c", ["MIIC"]))
    yield "a critical extension", "Authentication", "its header has crit", made(claim("header.crit", ["exp"]))
    yield "an unknown key", "Authentication", 'key "stranger" is none of tenant', made(key="stranger")
    yield "another key under a known name", "Authentication", "the signature is not that of its key", \
        made(claim("header.kid", "three"), key="stranger")
    yield "a revoked key", "Authentication", 'key "one" of tenant .* is revoked', made(key="one")
    yield "another tenant's key", "Authentication", 'key "two" is none of tenant', made(key="two")
    yield "a signature over other claims", "Authentication", "the signature is not that of its key", \
        parts(lambda h, p, s: h + "." + evil(p) + "." + s)
    yield "no signature", "Authentication", "the signature is not that of its key", \
        parts(lambda h, p, s: h + "." + p + ".")
    yield "a tenant that nobody knows", "Authentication", "takes no tokens of tenant " + OTHER, made(tenant=OTHER)
    yield "a tenant of another's issuer", "Authentication", "iss .*expected", made(claim("iss", ISSUER % OTHER))
    yield "the issuer of the other version", "Authentication", "iss .*expected", \
        made(claim("iss", "https://sts.windows.net/%s/" % TENANT))
    yield "an unknown version", "Authentication", "tokens of version 3.0 are unknown", made(claim("ver", "3.0"))
    yield "another audience", "Authentication", 'it is for "00000003-0000-0000-c000-000000000000"', \
        made(claim("aud", "00000003-0000-0000-c000-000000000000"))
    yield "an audience with a slash more", "Authentication", "none of the tenant's audiences", \
        made(claim("aud", entra.RESOURCE + "/"))
    yield "expired", "Authentication", "expired at", made(claim("exp", now - 301))
    yield "not yet valid", "Authentication", "not valid before", made(claim("nbf", now + 400))
    yield "issued in the future", "Authentication", "issued in the future", made(claim("iat", now + 400))
    yield "without an end", "InvalidSecurity", "it has no exp", made("exp=")
    yield "without an object", "InvalidSecurity", "it has no oid", made("oid=")
    yield "without a tenant", "InvalidSecurity", "it has no tid", made("tid=")
    yield "an end that is text", "InvalidSecurity", "exp is not a time", made(claim("exp", str(now + 3600)))
    yield "without the scope", "Authentication", 'neither scp nor roles has "mdm_delegation"', made("scp=")
    yield "another scope", "Authentication", "neither scp nor roles has", made(claim("scp", "User.Read"))
    yield "an application's own", "Authentication", "an application's own", made(claim("idtyp", "app"))
    yield "an object without an account", "Authorization", "is another object of tenant", made(subject=OTHER)
    yield "padded", "InvalidSecurity", "the header is not base64url", parts(lambda h, p, s: h + "=." + p + "." + s)
    yield "the other alphabet", "InvalidSecurity", "the payload is not base64url", \
        parts(lambda h, p, s: h + "." + p[:-4] + "+/+/" + "." + s)
    yield "a part more", "InvalidSecurity", "not three parts", parts(lambda h, p, s: ".".join((h, p, s, s)))
    yield "two parts", "InvalidSecurity", "not three parts", parts(lambda h, p, s: h + "." + p)
    yield "a name twice", "InvalidSecurity", "JSON with a name twice", \
        parts(lambda h, p, s: encoded('{"alg":"RS256","kid":"three","kid":"stranger"}') + "." + p + "." + s)
    yield "no JSON", "InvalidSecurity", "the payload is not JSON", parts(lambda h, p, s: h + "." + encoded("x") + "." + s)
    yield "too long", "InvalidSecurity", "longer than 16384 bytes", made(claim("groups", ["x" * 1000] * 16))


def security(text):
    secret_used("JWT that was sent", text)
    return ('<wsse:BinarySecurityToken ValueType="urn:ietf:params:oauth:token-type:jwt" EncodingType="%s#base64binary">%s'
            '</wsse:BinarySecurityToken>' % (WSSE, base64.b64encode(text.encode()).decode()))


def main():
    before = sql("SELECT count(*) FROM muster.device"), sql("SELECT count(*) FROM muster.account")
    good = post(POLICY, get_policies(security=security(made())))
    same("a good one is answered", good.status, 200)
    for name, outcome, reason, text in bad():
        for path, body in ((POLICY, get_policies(security=security(text))), (ENROLLMENT, rst(security=security(text)))):
            label = "%s (%s)" % (name, "GetPolicies" if path == POLICY else "RST")
            fault = is_fault("%s is %s" % (label, outcome), post(path, body), outcome)
            why = superuser("SELECT why FROM muster.event WHERE trace = '%s'" % fault.trace) if fault.trace else "no trace"
            case("%s: the reason is on record" % label, re.search(reason, why), why)
            case("%s: the fault does not tell it" % label, fault.reason and not re.search(reason, fault.reason), fault.reason)
    same("nobody and nothing came of it",
         (sql("SELECT count(*) FROM muster.device"), sql("SELECT count(*) FROM muster.account")), before)


main()
