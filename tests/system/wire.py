"""Enrollment as bytes: envelopes, raw HTTP over TLS or FastCGI, and what an answer says.

Standard library only. The addresses come from the environment that deploy/quickstart writes.
Cases are printed as TAP lines without numbers; lib.sh numbers them."""
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

HOST, PORT = os.environ["MUSTER_HOST"], int(os.environ["MUSTER_PORT"])
DEVICE_HOST, DEVICE_PORT = os.environ["MUSTER_DEVICE_HOST"], int(os.environ["MUSTER_DEVICE_PORT"])
ADDRESS, CA = os.environ["MUSTER_ADDRESS"], os.environ["MUSTER_TLS_CA"]
UPN, PASSWORD = os.environ["MUSTER_UPN"], os.environ["MUSTER_PASSWORD"]

SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
DISCOVERY = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
XCEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
WSTEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
AC = "http://schemas.xmlsoap.org/ws/2006/12/authorization"
SOAP_TYPE = "application/soap+xml; charset=utf-8"

CODES = """MessageFormat Authentication Authorization CertificateRequest EnrollmentServer InternalServiceFault
InvalidSecurity DeviceCapReached DeviceNotSupported NotSupported NotEligibleToRenew InMaintenance UserLicense
InvalidEnrollmentData CustomServerError""".split()


# --- TAP ---

def case(name, good, *why):
    print(("ok - " if good else "not ok - ") + re.sub(r"[\r\n#]", " ", name))
    if not good:
        for line in why:
            print("    " + re.sub(r"[\r\n]", " ", str(line))[:600])
    sys.stdout.flush()
    return good


def same(name, got, wanted):
    return case(name, got == wanted, "got    %r" % (got,), "wanted %r" % (wanted,))


noted = set()


def secret_used(name, text):
    """Noted once, so that the test's end looks whether it stands in a log or a dump."""
    if text not in noted:
        noted.add(text)
        with open(os.environ["MUSTER_TEST_SECRETS"], "ab", 0) as file:
            file.write(("%s\t%s\n" % (name, text)).encode("utf-8", "surrogateescape"))


# --- HTTP ---

class Answer:
    """Status, headers (lower-case names) and body; status 0 when the peer only closed."""

    def __init__(self, status, headers, body, seconds=0.0):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    def __repr__(self):
        return "%d %r %r" % (self.status, self.headers, self.body[:300])


def tls(host=HOST, port=PORT, certificate=None, timeout=60, source=None):
    context = ssl.create_default_context(cafile=CA)
    if certificate:
        context.load_cert_chain(*certificate)
    plain = socket.create_connection((ADDRESS, port), timeout=timeout, source_address=source and (source, 0))
    return context.wrap_socket(plain, server_hostname=host)


def read_answer(stream, head=False):
    def line():
        got = stream.readline(65537)
        if not got:
            raise EOFError
        return got.rstrip(b"\r\n")
    try:
        status = int(line().split(b" ", 2)[1])
    except (EOFError, ConnectionError, ssl.SSLError):
        return Answer(0, {}, b"")
    headers = {}
    while True:
        one = line()
        if not one:
            break
        name, _, value = one.partition(b":")
        headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
    if head or status in (204, 304):
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while True:
            size = int(line().split(b";")[0], 16)
            body += stream.read(size)
            line()
            if size == 0:
                return Answer(status, headers, body)
    length = headers.get("content-length")
    return Answer(status, headers, stream.read() if length is None else stream.read(int(length)))


def exchange(raw, host=HOST, port=PORT, certificate=None, timeout=60, head=False, source=None):
    """Send these bytes (from an address of ours, source), read one answer."""
    start = time.monotonic()
    with tls(host, port, certificate, timeout, source) as sock:
        try:
            sock.sendall(raw)
        except (BrokenPipeError, ConnectionError, ssl.SSLError):
            pass  # refused while we were still sending: the answer may be there
        with sock.makefile("rb") as stream:
            try:
                answer = read_answer(stream, head)
            except (ConnectionError, ssl.SSLError):
                answer = Answer(0, {}, b"")
    answer.seconds = time.monotonic() - start
    return answer


def request(method, path, body=b"", content_type=SOAP_TYPE, headers=(), host=HOST, port=PORT, **more):
    if isinstance(body, str):
        body = body.encode()
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: %s:%d" % (host, port), "Connection: close"]
    if content_type is not None and (body or method == "POST"):
        lines.append("Content-Type: " + content_type)
    if body or method == "POST":
        lines.append("Content-Length: %d" % len(body))
    lines += ["%s: %s" % pair for pair in headers]
    raw = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body
    return exchange(raw, host, port, head=method == "HEAD", **more)


def post(path, body, **more):
    return request("POST", path, body, **more)


# --- envelopes ---

def username_token(user, password):
    secret_used("password that was sent", password)
    return ('<wsse:UsernameToken><wsse:Username>%s</wsse:Username><wsse:Password wsse:Type="http://docs.oasis-open.org'
            '/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">%s</wsse:Password>'
            '</wsse:UsernameToken>') % (escape(user), escape(password))


def binary_token(value="QUJD"):
    secret_used("token that was sent", value)
    return ('<wsse:BinarySecurityToken ValueType="http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/'
            'DeviceEnrollmentUserToken" EncodingType="%s#base64binary">%s</wsse:BinarySecurityToken>' % (WSSE, value))


def envelope(action, body, security="", soap=SOAP12, message_id="urn:uuid:6c1d7b1e-0000-4000-8000-000000000001",
             prolog=""):
    if security:
        security = '<wsse:Security s:mustUnderstand="1">%s</wsse:Security>' % security
    return ('%s<s:Envelope xmlns:s="%s" xmlns:a="%s" xmlns:wsse="%s"><s:Header><a:Action s:mustUnderstand="1">%s'
            '</a:Action><a:MessageID>%s</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous'
            '</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">https://elsewhere.invalid/</a:To>%s</s:Header>'
            '<s:Body>%s</s:Body></s:Envelope>') % (prolog, soap, ADDRESSING, WSSE, escape(action), escape(message_id),
                                                  security, body)


def discover(email=UPN, extra="", **more):
    body = ('<Discover xmlns="%s"><request><EmailAddress>%s</EmailAddress><RequestVersion>4.0</RequestVersion>'
            '<DeviceType>CIMClient_Windows</DeviceType><ApplicationVersion>10.0.19045.1</ApplicationVersion>'
            '<OSEdition>4</OSEdition><AuthPolicies><AuthPolicy>OnPremise</AuthPolicy><AuthPolicy>Federated</AuthPolicy>'
            '</AuthPolicies>%s</request></Discover>') % (DISCOVERY, escape(email), extra)
    return envelope(DISCOVERY + "/IDiscoveryService/Discover", body, **more)


def get_policies(user=UPN, password=PASSWORD, security=None, **more):
    body = ('<GetPolicies xmlns="%s"><client><lastUpdate xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-'
            'instance"/><preferredLanguage xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></client>'
            '<requestFilter xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></GetPolicies>') % XCEP
    return envelope(XCEP + "/IPolicy/GetPolicies", body,
                    username_token(user, password) if security is None else security, **more)


ITEMS = [("DeviceType", "CIMClient_Windows"), ("ApplicationVersion", "10.0.19045.1"), ("OSEdition", "4"),
         ("OSVersion", "10.0.19045.1"), ("DeviceName", "WIRE-1"), ("MAC", "02-00-00-00-00-01"),
         ("EnrollmentType", "Full"), ("DeviceID", "0123456789ABCDEF0123456789ABCDEF"), ("EnrollmentData", ""),
         ("TargetedUserLoggedIn", "true"), ("Locale", "en-US")]


def item(name, value):
    return '<ac:ContextItem Name="%s"><ac:Value>%s</ac:Value></ac:ContextItem>' % (
        escape(name, {'"': "&quot;"}), escape(value))


def rst(user=UPN, password=PASSWORD, security=None, csr=None, items=ITEMS, token_type=None, request_type=None,
        bst=None, extra="", **more):
    if bst is None:
        bst = ('<wsse:BinarySecurityToken ValueType="%s#PKCS10" EncodingType="%s#base64binary">%s'
               '</wsse:BinarySecurityToken>') % (WSTEP, WSSE, csr if csr is not None else csr_base64())
    body = ('<wst:RequestSecurityToken xmlns:wst="%s"><wst:TokenType>%s</wst:TokenType><wst:RequestType>%s'
            '</wst:RequestType>%s<ac:AdditionalContext xmlns:ac="%s">%s</ac:AdditionalContext>%s'
            '</wst:RequestSecurityToken>') % (
                WST, token_type or "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/"
                "DeviceEnrollmentToken", request_type or WST + "/Issue", bst, AC,
                "".join(item(n, v) for n, v in items), extra)
    return envelope(WSTEP + "/RST/wstep", body,
                    username_token(user, password) if security is None else security, **more)


_csr = {}


def csr_base64(kind="rsa:2048"):
    """A certificate request in base64, made once a run by openssl."""
    if kind not in _csr:
        options = ["-newkey", kind]
        if kind.startswith("ec:"):
            options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + kind[3:]]
        made = subprocess.run(["openssl", "req", "-new", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=wire",
                               "-outform", "PEM"] + options, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        lines = made.stdout.decode().strip().splitlines()
        _csr[kind] = "".join(lines[1:-1])
    return _csr[kind]


def with_items(**changed):
    return [(n, changed.get(n, v)) for n, v in ITEMS]


# --- answers ---

class Fault:
    def __init__(self, body):
        self.subcode = self.error_type = self.trace = self.reason = self.message = self.relates = None
        self.code = self.action = None
        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError:
            return
        s, e = "{%s}" % SOAP12, "{%s}" % WSTEP
        fault = root.find("%sBody/%sFault" % (s, s))
        self.action = root.findtext("%sHeader/{%s}Action" % (s, ADDRESSING))
        self.relates = root.findtext("%sHeader/{%s}RelatesTo" % (s, ADDRESSING))
        if fault is None:
            return
        self.code = fault.findtext("%sCode/%sValue" % (s, s))
        self.subcode = fault.findtext("%sCode/%sSubcode/%sValue" % (s, s, s))
        self.reason = fault.findtext("%sReason/%sText" % (s, s))
        detail = fault.find("%sDetail/%sDeviceEnrollmentServiceError" % (s, e))
        if detail is not None:
            self.error_type = detail.findtext(e + "ErrorType")
            self.message = detail.findtext(e + "Message")
            self.trace = detail.findtext(e + "TraceId")
            self.order = [child.tag.split("}")[1] for child in detail]


# Outcomes as SQL and log name them, and the subcode and error type that a device reads.
SUBCODES = {"MessageFormat": "s:MessageFormat", "Authentication": "s:Authentication",
            "Authorization": "s:Authorization", "CertificateRequest": "s:CertificateRequest",
            "EnrollmentServer": "s:EnrollmentServer", "InternalServiceFault": "a:InternalServiceFault",
            "InvalidSecurity": "a:InvalidSecurity"}

GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


def fault_wrong(answer, outcome, message_id=None):
    """What is wrong with this answer as the fault of that outcome; [] when it is right."""
    wrong = []
    fault = Fault(answer.body)
    if answer.status != 500:
        wrong.append("status %d" % answer.status)
    if answer.headers.get("content-type", "").lower() != SOAP_TYPE:
        wrong.append("Content-Type %r" % answer.headers.get("content-type"))
    if answer.headers.get("content-length") != str(len(answer.body)) or "transfer-encoding" in answer.headers:
        wrong.append("framing %r" % answer.headers)
    if fault.code != "s:Receiver":
        wrong.append("Code %r" % fault.code)
    error_type = None if outcome in SUBCODES else outcome
    if fault.subcode != SUBCODES.get(outcome, "s:Authorization"):
        wrong.append("Subcode %r" % fault.subcode)
    if fault.error_type != error_type and (outcome, fault.error_type) != ("Authorization", "Authorization"):
        wrong.append("ErrorType %r" % fault.error_type)
    if not fault.trace or not GUID.match(fault.trace):
        wrong.append("TraceId %r" % fault.trace)
    if not fault.reason or fault.reason != fault.message:
        wrong.append("Reason %r, Message %r" % (fault.reason, fault.message))
    for code in CODES:
        if code in (fault.reason or ""):
            wrong.append("Reason names %s" % code)
    if message_id is not None and fault.relates != message_id:
        wrong.append("RelatesTo %r" % fault.relates)
    return wrong


def is_fault(name, answer, outcome, **more):
    wrong = fault_wrong(answer, outcome, **more)
    case(name, not wrong, *(wrong + [repr(answer)]))
    return Fault(answer.body)


def token(answer):
    """The provisioning document of a successful RST, or None."""
    import base64
    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        return None
    found = root.find(".//{%s}RequestedSecurityToken/{%s}BinarySecurityToken" % (WST, WSSE))
    return None if found is None else base64.b64decode(found.text)


def directions(answer):
    """EnrollmentPolicyServiceUrl and EnrollmentServiceUrl as paths, from a DiscoverResponse."""
    root = ElementTree.fromstring(answer.body)

    def path(name):
        return "/" + root.findtext(".//{%s}%s" % (DISCOVERY, name)).split("/", 3)[3]
    return path("EnrollmentPolicyServiceUrl"), path("EnrollmentServiceUrl")


def sql(statement):
    done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-tA", "-F", "\t", "-c", statement],
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().rstrip("\n")


def superuser(statement):
    done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-tA", "-F", "\t", "-U", "postgres", "-c",
                           statement], stdout=subprocess.PIPE, check=True,
                          env={**os.environ, "PGPASSFILE": os.environ["MUSTER_TEST_SUPERUSER"]})
    return done.stdout.decode().strip()


def log_of(trace, seconds=3):
    """The request's log line as a dictionary; {} when there is none."""
    end = time.monotonic() + seconds
    while True:
        with open(os.environ["MUSTER_TEST_LOG"], encoding="utf-8", errors="replace") as log:
            for line in log:
                if line.startswith("trace=" + trace):
                    return dict((k, v.strip('"')) for k, v in re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', line))
        if time.monotonic() > end:
            return {}
        time.sleep(0.05)


def told(name, fault, outcome, **fields):
    """The fault's trace id is in the log and in the database, with the same outcome."""
    line = log_of(fault.trace or "-")
    wrong = [] if line.get("outcome") == outcome and line.get("recorded") == "yes" else ["log: %r" % line]
    for key, value in fields.items():
        if line.get(key) != value:
            wrong.append("log: %s is %r, not %r" % (key, line.get(key), value))
    row = sql("SELECT count(*), max(outcome), max(stage) FROM muster.trace('%s') WHERE kind = 'refused'" % fault.trace)
    if row != "1\t%s\t%s" % (outcome, line.get("stage")):
        wrong.append("muster.trace: %r" % row)
    return case(name + ": the same trace id in log and record", not wrong, *wrong)
