"""Signed requests as another program makes them (xmlsec1), whole and taken apart, to a server that trusts their signer.

Usage: signed.py CERTIFICATE KEY UPN (PEM, RSA; UPN is whom the certificate names)"""
import datetime
import re
import subprocess
import sys
import tempfile
import uuid

from wire import *

CERTIFICATE, KEY, SIGNER = sys.argv[1:4]
DS = "http://www.w3.org/2000/09/xmldsig#"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
POLICY, ENROLLMENT = "/EnrollmentServer/example/Policy.svc", "/EnrollmentServer/example/Enrollment.svc"
EVIL = '<s:Body Id="body">%s</s:Body>'


def der():
    with open(CERTIFICATE, encoding="ascii") as file:
        return "".join(file.read().split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0].split())


def timestamp(ahead=0, life=300):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead)
    return '<u:Timestamp xmlns:u="%s" u:Id="_0"><u:Created>%s</u:Created><u:Expires>%s</u:Expires></u:Timestamp>' % (
        WSU, now.strftime("%Y-%m-%dT%H:%M:%SZ"), (now + datetime.timedelta(seconds=life)).strftime("%Y-%m-%dT%H:%M:%SZ"))


def template(uri="", transforms=None, more=""):
    if transforms is None:
        transforms = '<Transforms><Transform Algorithm="%senveloped-signature"/></Transforms>' % DS
    return ('<Signature xmlns="%s"><SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
            '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference URI="%s">%s'
            '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference>%s</SignedInfo>'
            '<SignatureValue/><KeyInfo><wsse:SecurityTokenReference xmlns:wsse="%s"><wsse:Reference URI="#t"/>'
            '</wsse:SecurityTokenReference></KeyInfo></Signature>' % (DS, uri, transforms, more, WSSE))


def header(signature, stamp=None):
    return '%s<wsse:BinarySecurityToken ValueType="%s#X509v3" EncodingType="%s#base64binary" Id="t">%s</wsse:BinarySecurityToken>%s' % (
        timestamp() if stamp is None else stamp, X509, WSSE, der(), signature)


def sign(text):
    """xmlsec1 signs the template inside; what it says before the root is taken away."""
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(["xmlsec1", "--sign", "--privkey-pem", KEY, "--id-attr:Id", "Body", file.name],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    return done.stdout.decode().split("?>", 1)[1].strip()


def message_id():
    return "urn:uuid:%s" % uuid.uuid4()


def signed(stamp=None, key_kind="rsa:2048", device="SIGNED-1", **more):
    return sign(rst(security=header(template(**more), stamp), message_id=message_id(), csr=csr_base64(key_kind),
                    items=with_items(DeviceID=device)))


def by_fragment():
    """Signed is the Body alone, by its id: a signature that xmlsec1 verifies, wherever that Body stands."""
    exclusive = '<Transforms><Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></Transforms>'
    text = rst(security=header(template("#body", exclusive)), message_id=message_id())
    return sign(text.replace("<s:Body>", '<s:Body Id="body">'))


def by_both():
    """Signed are the envelope and, once more, the Body."""
    more = ('<Reference URI="#body"><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/>'
            '</Reference>')
    text = rst(security=header(template(more=more)), message_id=message_id())
    return sign(text.replace("<s:Body>", '<s:Body Id="body">'))


class Pieces:
    def __init__(self, text):
        self.text = text
        self.open = text[:text.index("<s:Header>")]
        self.header = re.search("<s:Header>(.*)</s:Header>", text, re.S).group(1)
        self.security = re.search("<wsse:Security .*?</wsse:Security>", text, re.S).group(0)
        self.signature = re.search("<Signature .*?</Signature>", text, re.S).group(0)
        self.body = re.search("<s:Body.*</s:Body>", text, re.S).group(0)
        self.evil = EVIL % re.search("<s:Body[^>]*>(.*)</s:Body>", signed_evil(), re.S).group(1)

    def whole(self, head, body):
        return "%s<s:Header>%s</s:Header>%s</s:Envelope>" % (self.open, head, body)


def signed_evil():
    return rst(security="", csr=csr_base64("rsa:3072"), items=with_items(DeviceID="EVIL"))


def odd(inside):
    return '<x:Odd xmlns:x="urn:x">%s</x:Odd>' % inside


def wrapping_cases():
    p = Pieces(signed())
    f = Pieces(by_fragment())
    without = p.header.replace(p.security, "")
    into = p.signature.replace("</Signature>", "<Object>%s</Object></Signature>" % p.body)
    yield "Body moved under a header", p.whole(odd(p.body) + p.header, p.evil), "more than one Body"
    yield "Body moved into the signature", p.whole(p.header.replace(p.signature, into), p.evil), "more than one Body"
    yield "Body moved into an unknown element", "%s<s:Header>%s</s:Header>%s%s</s:Envelope>" % (
        p.open, p.header, odd(p.body), p.evil), "more than one Body"
    yield "Body duplicated with the same id", f.whole(odd(f.body) + f.header, f.evil), "more than one Body"
    yield "second envelope", p.whole(p.header, "<s:Body>%s%s</s:Body>" % (
        re.sub("</?s:Body[^>]*>", "", p.evil), odd(p.text))), "more than one Envelope"
    yield "envelope wrapped in a header", p.whole(odd(p.text) + p.security, p.evil), "more than one|not in the Header"
    yield "wrapped security header", p.whole(without + odd(p.security), p.body), "no credential"
    yield "security header twice", p.whole(p.header + odd(p.security), p.evil), "more than one Security"
    yield "reference to a fragment", f.text, "URI '#body' is not the Envelope"
    yield "reference to a fragment, its Body moved", f.whole(odd(f.body) + f.header, f.evil), "more than one Body"
    yield "extra reference", by_both(), "more than one Reference"
    yield "two signatures", p.text.replace(p.signature, p.signature * 2), "more than one credential"
    yield "another Body", p.whole(p.header, p.evil), "its digest is another"
    yield "an altered Timestamp", re.sub("<u:Expires>2", "<u:Expires>3", p.text), "its digest is another"
    yield "an altered message id", p.text.replace("urn:uuid:", "urn:uuid:0"), "its digest is another"
    yield "the signature of another request", p.text.replace(p.signature, Pieces(signed()).signature), "its digest is another"
    yield "no signature", p.text.replace(p.signature, ""), "the request is not signed"
    yield "an empty signature", p.text.replace(p.signature, '<Signature xmlns="%s"/>' % DS), "SignedInfo expected"
    yield "a DOCTYPE", "<!DOCTYPE s>" + p.text, "DOCTYPE"
    yield "HMAC", p.text.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#hmac-sha1"), "hmac-sha1' is not accepted"


def time_cases():
    yield "of ten minutes ago", signed(timestamp(-600, 290)), "ended on .* ago, of which 300 are accepted"
    yield "of ten minutes ahead", signed(timestamp(600)), "ahead of the server's clock, of which 300 are accepted"
    yield "of a year's life", signed(timestamp(0, 400 * 86400)), "a day at most is accepted"
    yield "without a Timestamp", signed(""), "has no Timestamp"
    yield "with half a Timestamp", signed(re.sub("<u:Expires.*</u:Expires>", "", timestamp())), "Timestamp: without Expires"


def outcome_of(reason):
    """The fault: malformed is InvalidSecurity, wrong is Authentication."""
    if reason == "DOCTYPE":
        return "MessageFormat"
    if re.search("digest|not signed|accepted$|has no Timestamp", reason) and not re.search("hmac", reason):
        return "Authentication"
    return "InvalidSecurity"


def refused(name, text, reason, path=ENROLLMENT):
    fault = is_fault("%s is refused" % name, post(path, text), outcome_of(reason))
    why = sql("SELECT why FROM muster.refusals WHERE trace = '%s'" % fault.trace) if fault.trace else ""
    case("%s: the reason is on record" % name, re.search(reason, why), why)


def main():
    before = int(sql("SELECT count(*) FROM muster.device"))
    text = signed()
    answer = post(ENROLLMENT, text)
    same("a request that xmlsec1 signed enrolls", answer.status, 200)
    same("for whom the certificate names", sql("SELECT account FROM muster.devices ORDER BY enrolled_at DESC LIMIT 1"), SIGNER)
    refused("the very same bytes again", text, "has enrolled a device already|not signed")
    same("GetPolicies, signed", post(POLICY, sign(get_policies(security=header(template()), message_id=message_id()))).status, 200)
    same("GetPolicies, with the certificate only", post(POLICY, get_policies(security=header(""))).status, 200)
    for name, attack, reason in list(wrapping_cases()) + list(time_cases()):
        refused(name, attack, reason)
    same("one device enrolled, whatever was tried", int(sql("SELECT count(*) FROM muster.device")) - before, 1)
    same("none is the attacker's", sql("SELECT count(*) FROM muster.device WHERE device_id = 'EVIL'"), "0")


main()
