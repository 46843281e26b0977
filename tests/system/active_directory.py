"""An Active Directory as far as a bind goes (MS-ADTS 5.1.1.2): active_directory.py PORT CERTIFICATE KEY

Whoever is searched for is found, with the typed name in the DN; a bind with "code-" and a code in its name is refused as
Windows does, with that code in the diagnostic message; every other bind is accepted. Whose name begins with "member" is in
every group, by way of other groups (LDAP_MATCHING_RULE_IN_CHAIN)."""
import re
import socket
import ssl
import sys
import threading

port, certificate, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def tlv(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x82, size >> 8, size & 255])) + content


def result(tag, code, diagnostic=b""):
    return tlv(tag, tlv(0x0a, bytes([code])) + tlv(4, b"") + tlv(4, diagnostic))


def entry(name):
    upn = tlv(0x30, tlv(4, b"userPrincipalName") + tlv(0x31, tlv(4, name + b"@example.test")))
    return tlv(0x64, tlv(4, b"cn=" + name + b",dc=example,dc=test") + tlv(0x30, upn))


def answers(operation):
    """The protocol operations that answer one (RFC 4511 section 4)."""
    if operation[0] == 0x60:
        code = re.search(rb"code-([0-9a-f]+)", operation)
        return [result(0x61, 0) if code is None else result(
            0x61, 49, b"80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data "
            + code.group(1) + b", v4563\0")]
    if operation[0] == 0x63 and b"memberOf" in operation:
        inside = b"1.2.840.113556.1.4.1941" in operation and b"cn=member" in operation
        return ([entry(b"member")] if inside else []) + [result(0x65, 0)]
    if operation[0] == 0x63:
        asked = re.search(rb"(?:sAMAccountName|userPrincipalName)\x04(.)", operation, re.DOTALL)
        name = operation[asked.end():asked.end() + asked.group(1)[0]] if asked else b"nobody"
        # Where a domain's other partitions are: an Active Directory tells so in each search.
        reference = tlv(0x73, tlv(4, b"ldap://DomainDnsZones.example.test/DC=DomainDnsZones,DC=example,DC=test"))
        return [entry(name), reference, result(0x65, 0)]
    return []


def message(stream):
    """The id and the operation of the next message."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    size = head[1] if head[1] < 128 else int.from_bytes(stream.read(head[1] & 127), "big")
    body = stream.read(size)
    return body[:2 + body[1]], body[2 + body[1]:]


def serve(sock):
    try:
        with context.wrap_socket(sock, server_side=True) as tls:
            stream = tls.makefile("rb")
            while (said := message(stream)) is not None:
                for operation in answers(said[1]):
                    tls.sendall(tlv(0x30, said[0] + operation))
    except OSError:
        pass


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
