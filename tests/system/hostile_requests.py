"""Hostile certificate requests: each is refused as CertificateRequest, and log and record say the reason. Where it
matters they are signed for real, so that each fails for what it is there for. Made with asn1crypto and openssl."""
import base64
import tempfile

from asn1crypto import algos, csr, keys, x509

from wire import *

ENROLLMENT = directions(post("/EnrollmentServer/Discovery.svc", discover()))[1]
ALGORITHM = r"signature algorithm is unknown"
NO_PROOF = r"does not prove its key"
NOT_DER = r"RFC 2986 section 4: (not a PKCS#10|a certificate request is its information)"


def openssl(*arguments, given=b""):
    return subprocess.run(["openssl", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def new_key(*options):
    return openssl("genpkey", *options)


RSA, RSA_1024 = (new_key("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits) for bits in (2048, 1024))
EC, P521 = (new_key("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve) for curve in ("P-256", "P-521"))
EXPLICIT = new_key("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit")
K1 = new_key("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1")


def public_of(key):
    return keys.PublicKeyInfo.load(openssl("pkey", "-pubout", "-outform", "DER", given=key))


def signed(key, data, digest="sha256"):
    with tempfile.NamedTemporaryFile() as file:
        file.write(key)
        file.flush()
        return openssl("dgst", "-" + digest, "-sign", file.name, given=data)


def made(key=RSA, public=None, algorithm=None, digest="sha256", version=0, subject=None, attributes=(), data=None, edit=None):
    """A request for a public key (key's own, unless told otherwise), signed with key."""
    public = public or public_of(key)
    information = csr.CertificationRequestInfo({"version": version, "subject": x509.Name.build(subject or {"common_name": "device"}),
                                                "subject_pk_info": public, "attributes": csr.CRIAttributes(attributes)})
    body = information.dump()
    if edit:
        body = edit(body)
    if algorithm is None:
        kind = "rsa" if b"BEGIN PRIVATE" in key and public_of(key)["algorithm"]["algorithm"].native == "rsa" else "ecdsa"
        algorithm = algos.SignedDigestAlgorithm({"algorithm": "%s_%s" % (digest, kind)}).dump()
    return sequence(body + algorithm + bits(signed(key, data or body, digest)))


def element(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def sequence(content):
    return element(0x30, content)


def bits(content):
    return element(0x03, b"\0" + content)


def content(der):
    """What is in the outermost element."""
    return der[2 + (der[1] & 0x7f if der[1] & 0x80 else 0):]


def rsa_public(modulus=None, exponent=65537):
    own = public_of(RSA)["public_key"].parsed["modulus"].native
    return keys.PublicKeyInfo.wrap(keys.RSAPublicKey({"modulus": modulus or own, "public_exponent": exponent}), "rsa")


def off_curve():
    """The point's last octet is another."""
    whole = public_of(EC).dump()
    return keys.PublicKeyInfo.load(whole[:-1] + bytes([whole[-1] ^ 1]))


def compressed():
    public = public_of(EC)
    point = bytes(public["public_key"])
    return keys.PublicKeyInfo.load(sequence(public["algorithm"].dump() + bits(bytes([2 + (point[64] & 1)]) + point[1:33])))


def certificate():
    with tempfile.NamedTemporaryFile() as file:
        file.write(RSA)
        file.flush()
        return openssl("req", "-x509", "-new", "-key", file.name, "-subj", "/CN=x", "-outform", "DER")


def cms():
    """A PKCS#7 that carries a request, as renewals have it."""
    with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as crt:
        key.write(RSA)
        key.flush()
        crt.write(openssl("x509", "-inform", "DER", given=certificate()))
        crt.flush()
        return openssl("cms", "-sign", "-binary", "-nodetach", "-signer", crt.name, "-inkey", key.name, "-outform", "DER", given=made())


def deep(levels):
    inner = b""
    for _ in range(levels):
        inner = sequence(inner)
    return inner


SHA256_RSA = sequence(bytes.fromhex("06092a864886f70d01010b0500"))


def requests():
    """Name, DER, and what the reason has to say."""
    good = made()
    yield "truncated by one byte", good[:-1], NOT_DER
    yield "truncated in the key", good[:len(good) // 2], NOT_DER
    yield "one byte", good[:1], NOT_DER
    yield "a byte after it", good + b"\0", "bytes after the certificate request"
    yield "two requests in one", good + made(), "bytes after the certificate request"
    yield "a request within a request", sequence(good), NOT_DER
    yield "an element more", sequence(content(good) + b"\x05\0"), NOT_DER
    yield "of indefinite length, as BER has it", b"\x30\x80" + content(good) + b"\0\0", NOT_DER
    yield "a length of more octets than needed", b"\x30\x84\0\0" + good[2:4] + content(good), NOT_DER
    yield "a length of 4 GiB", b"\x30\x84\xff\xff\xff\xff" + content(good), NOT_DER
    yield "a length beyond any machine's", b"\x30\x89" + b"\xff" * 9 + content(good), NOT_DER
    yield "100,000 bytes", made(edit=lambda b: sequence(content(b) + element(0xa0, b"\0" * 100000))), "at most 16384 are accepted"
    yield "a name of 20,000 characters", made(subject={"common_name": "x" * 20000}), "at most 16384 are accepted"
    yield "2,000 nested sequences", deep(2000), NOT_DER
    yield "a certificate", certificate(), "no version in the certificate request|not 0"
    yield "a PKCS#7", cms(), NOT_DER + "|PKCS#7"
    yield "a private key", content(base64.b64decode(b"".join(RSA.splitlines()[1:-1]))), NOT_DER
    yield "version 1", made(version=0, edit=lambda b: b.replace(b"\x02\x01\0", b"\x02\x01\1", 1)), "version of the certificate request is not 0"
    yield "something after the attributes", made(edit=lambda b: sequence(content(b) + b"\x05\0")), "something after|no attributes"
    yield "a signature of bits, not octets", sequence(content(good)[:-258] + b"\x07" + content(good)[-257:]), "not a string of octets|" + NOT_DER
    yield "another key's signature", made(new_key("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), public=public_of(RSA)), NO_PROOF
    yield "a signature of other bytes", made(data=b"other"), NO_PROOF
    yield "a bit of the signature changed", good[:-9] + bytes([good[-9] ^ 1]) + good[-8:], NO_PROOF
    yield "an empty signature", sequence(content(good)[:-261] + b"\x03\x01\0"), "not a string of octets|" + NOT_DER
    yield "signed with SHA-512, said to be SHA-256", made(digest="sha512", algorithm=SHA256_RSA), NO_PROOF
    yield "RSA's signature, said to be ECDSA's", made(algorithm=sequence(bytes.fromhex("06082a8648ce3d040302"))), NO_PROOF
    yield "RSA-PSS", made(algorithm=sequence(bytes.fromhex("06092a864886f70d01010a3000"))), "RSA-PSS, which is never accepted"
    yield "MD2", made(algorithm=sequence(bytes.fromhex("06092a864886f70d0101020500"))), "MD2, which is never accepted"
    yield "no algorithm", made(algorithm=sequence(b"")), ALGORITHM
    yield "an algorithm that nobody knows", made(algorithm=sequence(bytes.fromhex("06032a0304"))), ALGORITHM
    yield "odd parameters of the algorithm", made(algorithm=sequence(bytes.fromhex("06092a864886f70d01010b0400"))), ALGORITHM
    yield "RSA of 1024 bits", made(RSA_1024), "RSA key of 1024 bits"
    yield "RSA of 16 bits", made(public=rsa_public(65535)), "RSA key of 16 bits"
    yield "RSA of 8192 bits", made(public=rsa_public((1 << 8191) + 1)), "at most 4096 are accepted"
    yield "RSA with the exponent 1", made(public=rsa_public(exponent=1)), "public exponent"
    yield "RSA with the exponent 0", made(public=rsa_public(exponent=0)), "public exponent|unusable SubjectPublicKeyInfo"
    yield "RSA with an even exponent", made(public=rsa_public(exponent=65538)), "public exponent"
    yield "RSA with a huge exponent", made(public=rsa_public(exponent=(1 << 512) + 1)), "public exponent"
    yield "RSA with a negative exponent", made(public=rsa_public(exponent=-65537)), "public exponent|" + NO_PROOF
    yield "RSA with an even modulus", made(public=rsa_public(1 << 2047)), "even modulus|unusable"
    yield "RSA with a negative modulus", made(public=rsa_public(-(1 << 2047) - 1)), "RSA key|" + NO_PROOF
    yield "a point that is not on its curve", made(EC, public=off_curve()), "not on its curve|unusable"
    yield "a compressed point", made(EC, public=compressed()), "unusable"
    yield "a curve described instead of named", made(EXPLICIT), "unusable"
    yield "P-521", made(P521, digest="sha512"), "P-521|SECP521R1"
    yield "secp256k1", made(K1), "unusable|curve"
    yield "X25519, which signs nothing", made(public=public_of(new_key("-algorithm", "X25519"))), "kind|unusable|NO|only RSA and EC"
    yield "an empty key", made(edit=lambda b: sequence(content(b).replace(public_of(RSA).dump(), sequence(b"")))), "unusable SubjectPublicKeyInfo"


def main():
    before = sql("SELECT count(*) FROM muster.device")
    answer = post(ENROLLMENT, rst(csr=base64.b64encode(made()).decode(), items=with_items(DeviceID="GOOD")))
    case("what they are made from is good", answer.status == 200, answer)
    for name, der, reason in requests():
        label = "certificate request: " + name
        fault = is_fault(label, post(ENROLLMENT, rst(csr=base64.b64encode(der).decode())), "CertificateRequest")
        told(label, fault, "CertificateRequest")
        why = sql("SELECT why FROM muster.refusals WHERE trace = '%s'" % fault.trace)
        case(label + ": the reason is recorded", re.search(reason, why), why)
    same("one device was enrolled, by the good one", int(sql("SELECT count(*) FROM muster.device")), int(before) + 1)


main()
