"""Every refusal that can be reached, one line each: what is sent, and the outcome."""
import base64
import subprocess
import tempfile

from wire import *

POLICY, ENROLLMENT = directions(post("/EnrollmentServer/Discovery.svc", discover()))
WRONG = PASSWORD + "x"


def openssl_csr(*options):
    made = subprocess.run(["openssl", "req", "-new", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=wire",
                           "-outform", "DER", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return base64.b64encode(made.stdout).decode()


def tampered():
    der = bytearray(base64.b64decode(csr_base64()))
    der[-5] ^= 1
    return base64.b64encode(bytes(der)).decode()


def small_exponent():
    """An RSA-2048 key with the exponent 3, which certtool and openssl both sign with."""
    with tempfile.NamedTemporaryFile() as key:
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt",
                        "rsa_keygen_pubexp:3", "-out", key.name], stderr=subprocess.DEVNULL, check=True)
        made = subprocess.run(["openssl", "req", "-new", "-key", key.name, "-subj", "/CN=wire", "-outform", "DER"],
                              stdout=subprocess.PIPE, check=True)
    return base64.b64encode(made.stdout).decode()


def bst(value_type, text):
    return '<wsse:BinarySecurityToken ValueType="%s">%s</wsse:BinarySecurityToken>' % (value_type, text)


def digest_token():
    return username_token(UPN, PASSWORD).replace("#PasswordText", "#PasswordDigest")


def discovery_cases():
    path = "/EnrollmentServer/Discovery.svc"
    yield "unknown e-mail domain", path, discover("ada@nowhere.test"), "Authorization"
    yield "disabled organization", path, discover("zoe@closed.test"), "Authorization"
    yield "neither a domain nor a name", path, discover(""), "Authorization"
    yield "no common way to sign in", path, discover().replace("OnPremise", "Certificate").replace(
        "Federated", "Certificate"), None


def policy_cases():
    for name, security, outcome in (
            ("wrong password", username_token(UPN, WRONG), "Authentication"),
            ("empty password", username_token(UPN, ""), "Authentication"),
            ("password of another case", username_token(UPN, PASSWORD.swapcase()), "Authentication"),
            ("unknown user", username_token("nobody@example.test", PASSWORD), "Authentication"),
            ("unknown domain", username_token("ada@nowhere.test", PASSWORD), "Authentication"),
            ("account of another organization", username_token("eve@other.test", PASSWORD), "Authentication"),
            ("account without a password", username_token("bare@example.test", PASSWORD), "Authentication"),
            ("short name of two accounts", username_token("twin", PASSWORD), "Authentication"),
            ("password as a digest", digest_token(), "Authentication"),
            ("disabled account", username_token("gone@example.test", PASSWORD), "Authorization"),
            ("disabled account, wrong password", username_token("gone@example.test", WRONG), "Authentication"),
            ("no credential", " ", "InvalidSecurity"),
            ("two credentials", username_token(UPN, PASSWORD) * 2, "InvalidSecurity"),
            ("a web token, which the organization does not accept", binary_token(), "InvalidSecurity"),
            ("password and token", username_token(UPN, PASSWORD) + binary_token(), "InvalidSecurity"),
            ("a user name too long", username_token("a" * 400 + "@example.test", PASSWORD), "InvalidSecurity"),
            ("a password too long", username_token(UPN, "a" * 2000), "InvalidSecurity")):
        yield name, POLICY, get_policies(security=security), outcome
        yield name, ENROLLMENT, rst(security=security), outcome


def organization_cases():
    for name, key, user, outcome in (("disabled organization", "closed", "zoe@closed.test", "Authorization"),
                                     ("no authority", "keyless", "kim@keyless.test", "EnrollmentServer"),
                                     ("no DM server", "serverless", "sam@serverless.test", "EnrollmentServer")):
        yield name, "/EnrollmentServer/%s/Policy.svc" % key, get_policies(user), outcome
        yield name, "/EnrollmentServer/%s/Enrollment.svc" % key, rst(user), outcome
        yield name + ", wrong password", "/EnrollmentServer/%s/Enrollment.svc" % key, rst(user, WRONG), "Authentication"
    yield "unknown organization in the path", "/EnrollmentServer/unknown/Enrollment.svc", rst(), "Authentication"
    yield "another organization's path", "/EnrollmentServer/other/Enrollment.svc", rst(), "Authentication"


def request_cases():
    for name, body, outcome in (
            ("unknown TokenType", rst(token_type="urn:unknown"), "MessageFormat"),
            ("unknown RequestType", rst(request_type="urn:unknown"), "MessageFormat"),
            ("RequestType Renew, not signed", rst(request_type=WST + "/Renew"), "CertificateRequest"),
            ("RequestType Recovery", rst(request_type=WST + "/Recovery"), "NotSupported"),
            ("no certificate request", rst(bst=""), "MessageFormat"),
            ("two certificate requests", rst(bst=bst(WSTEP + "#PKCS10", csr_base64()) * 2), "MessageFormat"),
            ("an unknown EnrollmentType", rst(items=with_items(EnrollmentType="Bulk")), "NotSupported"),
            ("an empty certificate request", rst(csr=""), "CertificateRequest"),
            ("not base64", rst(csr="*****"), "CertificateRequest"),
            ("not a certificate request", rst(csr="QUJDRA=="), "CertificateRequest"),
            ("no proof of possession", rst(csr=tampered()), "CertificateRequest"),
            ("RSA of 1024 bits", rst(csr=openssl_csr("-newkey", "rsa:1024")), "CertificateRequest"),
            ("RSA with the exponent 3", rst(csr=small_exponent()), "CertificateRequest"),
            ("signed with SHA-1", rst(csr=openssl_csr("-newkey", "rsa:2048", "-sha1")), "CertificateRequest"),
            ("signed with MD5", rst(csr=openssl_csr("-newkey", "rsa:2048", "-md5")), "CertificateRequest"),
            ("a key on P-521", rst(csr=openssl_csr("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521")),
             "CertificateRequest"),
            ("an Ed25519 key", rst(csr=openssl_csr("-newkey", "ed25519")), "CertificateRequest"),
            ("129 context items", rst(items=ITEMS + [("MAC", "02-00-00-00-00-%02X" % (i % 256)) for i in range(129)]),
             "MessageFormat"),
            ("a context item twice", rst(items=ITEMS + [("DeviceID", "OTHER")]), "MessageFormat")):
        yield name, ENROLLMENT, body, outcome


def main():
    before = sql("SELECT count(*) FROM muster.device")
    message_id = "urn:uuid:6c1d7b1e-0000-4000-8000-000000000001"
    for group, cases in (("discovery", discovery_cases()), ("credential", policy_cases()),
                         ("organization", organization_cases()), ("request", request_cases())):
        for name, path, body, outcome in cases:
            if outcome is None:
                continue
            stage = path.rsplit("/", 1)[1][:-4]
            label = "%s: %s (%s)" % (group, name, stage)
            fault = is_fault("%s is %s" % (label, outcome), post(path, body), outcome, message_id=message_id)
            told(label, fault, outcome)
    same("nothing but refusals was recorded", sql("SELECT count(*) FROM muster.device"), before)


main()
