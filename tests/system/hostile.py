"""Hostile input at each of the three services: the documented answer, in bounded time, and nothing
recorded but the refusal. One line per input: its name, the body, the answer (a status or an outcome)."""
import gzip

from wire import *

POLICY, ENROLLMENT = directions(post("/EnrollmentServer/Discovery.svc", discover()))
SERVICES = (("discovery", "/EnrollmentServer/Discovery.svc", discover, "EmailAddress"),
            ("policy", POLICY, get_policies, "lastUpdate"), ("enrollment", ENROLLMENT, rst, "TokenType"))

# No answer may take longer than this, and the sanitized build is slow.
SECONDS = 10
MARKUP = """<b>"'&;--<!--]]>${x}\\"""
BOMB = ('<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + "".join(
    '<!ENTITY a%d "%s">' % (i, ("&a%s;" % (i - 1 if i else "")) * 10) for i in range(12)) + "]>")


def bodies(service, whole, bound):
    """The inputs that every service gets, made from a request that would succeed."""
    text = whole()
    into = text.index("<s:Body>") + len("<s:Body>")
    small = 64 * 1024 if bound else 512 * 1024
    yield "a body of 10 MiB", b"x" * (10 << 20), 413
    yield "a body of 600 KiB", text.replace("<s:Body>", "<!--%s--><s:Body>" % ("x" * (600 << 10))), 413
    yield "a body just over the limit", text + " " * (small + 1 - len(text)), 413
    yield "a DOCTYPE", "<!DOCTYPE x>" + text, "MessageFormat"
    yield "an entity bomb", BOMB + text.replace("urn:uuid:6c", "&a11;6c"), "MessageFormat"
    yield "an external entity", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + text.replace(
        "urn:uuid:6c", "&e;6c"), "MessageFormat"
    yield "an external DTD", '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + text, "MessageFormat"
    yield "a parameter entity", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>' + text, "MessageFormat"
    yield "10,000 nested elements", "<a>" * 10000 + "</a>" * 10000, "MessageFormat"
    yield "5,000 nested elements in the Body", text[:into] + "<a>" * 5000 + "</a>" * 5000 + text[into:], "MessageFormat"
    yield "100,000 attributes", "<a %s/>" % " ".join('b%d=""' % i for i in range(100000)), 413
    yield "5,000 attributes", "<a %s/>" % " ".join('b%d=""' % i for i in range(5000)), "MessageFormat"
    yield "5,000 attributes in the Body", text[:into] + "<a %s/>" % " ".join(
        'b%d=""' % i for i in range(4500)) + text[into:], "MessageFormat"
    yield "invalid UTF-8", text.encode().replace(b"urn:uuid", b"\xff\xfe\xc0\x80"), "MessageFormat"
    yield "an overlong UTF-8 form", text.encode().replace(b"urn:uuid", b"\xc0\xbc"), "MessageFormat"
    yield "UTF-8 said to be UTF-16", '<?xml version="1.0" encoding="UTF-16"?>' + text, "MessageFormat"
    yield "a NUL", text.encode().replace(b"urn:uuid", b"urn\0uuid"), "MessageFormat"
    yield "a NUL as a character reference", text.replace("urn:uuid", "urn&#0;uuid"), "MessageFormat"
    yield "truncated XML", text[:len(text) // 2], "MessageFormat"
    yield "truncated by one byte", text[:-1], "MessageFormat"
    yield "two documents", text + text, "MessageFormat"
    yield "an empty body", "", "MessageFormat"
    yield "a body of blanks", " " * 1000, "MessageFormat"
    yield "bytes", bytes(range(256)) * 16, "MessageFormat"
    yield "a gzip", gzip.compress(text.encode()), "MessageFormat"
    yield "HTML", "<html><body>x</body></html>", "MessageFormat"
    yield "JSON", '{"a": 1}', "MessageFormat"
    yield "an unknown envelope", text.replace(SOAP12, "urn:soap"), "MessageFormat"
    # Discovery must be reachable for clients that nobody knows yet: there the Body decides.
    yield "an unknown action", text.replace("</a:Action>", "/Unknown</a:Action>"), 200 if service == "discovery" else "MessageFormat"
    yield "two Bodies", text.replace("<s:Body>", "<s:Body/><s:Body>"), "MessageFormat"
    yield "two Headers", text.replace("<s:Header>", "<s:Header/><s:Header>"), "MessageFormat"
    yield "an empty Body", text[:into] + "</s:Body></s:Envelope>", "MessageFormat"
    yield "two operations", text.replace("<s:Body>", "<s:Body><Discover xmlns='%s'/>" % DISCOVERY), "MessageFormat"
    yield "a message id of 10,000 characters", whole(message_id="x" * 10000), "MessageFormat"
    if bound is not None and service != "discovery":
        token = username_token(UPN, PASSWORD)
        yield "two credentials", whole(security=token + token), "InvalidSecurity"
        yield "two tokens", whole(security=binary_token() * 2), "InvalidSecurity"
        yield "two Security headers", text.replace(
            "</s:Header>", "<wsse:Security>%s</wsse:Security></s:Header>" % token), "InvalidSecurity"
        yield "two passwords", whole(security=token.replace(
            "</wsse:UsernameToken>", "<wsse:Password>x</wsse:Password></wsse:UsernameToken>")), "InvalidSecurity"
        yield "markup as the user", whole(MARKUP), "Authentication"
        yield "markup as the password", whole(UPN, "password" + MARKUP), "Authentication"
        yield "SQL as the user", whole("'; DROP TABLE muster.device; --@example.test"), "Authentication"


def special_cases():
    """What is accepted although it looks odd, and what only one service has."""
    path = "/EnrollmentServer/Discovery.svc"
    odd = '"<>&\' é ' + "urn"
    answer = post(path, discover(message_id=odd))
    case("markup in MessageID comes back as it was sent",
         answer.status == 200 and Fault(answer.body).relates == odd, answer)
    fault = is_fault("markup in an e-mail address is refused", post(path, discover(MARKUP + "@x.test")), "Authorization")
    told("markup in an e-mail address", fault, "Authorization")
    for name, whole in (("discovery", discover), ("policy", get_policies), ("enrollment", rst)):
        target = {"discovery": path, "policy": POLICY, "enrollment": ENROLLMENT}[name]
        answer = post(target, whole(soap=SOAP11), content_type="text/xml; charset=utf-8")
        case("SOAP 1.1 is answered in 1.2 (%s)" % name, answer.status == 200 and SOAP12.encode() in answer.body
             and SOAP11.encode() not in answer.body and answer.headers.get("content-type") == SOAP_TYPE, answer)
    items = [(n, v) for n, v in ITEMS if n not in ("DeviceName", "DeviceID", "Locale")]
    answer = post(ENROLLMENT, rst(items=items + [("DeviceName", MARKUP), ("DeviceID", MARKUP + "2"),
                                                 ("Locale", MARKUP), (MARKUP, MARKUP)]))
    case("markup in every fact still enrolls", answer.status == 200 and token(answer) is not None, answer)
    row = sql("SELECT name || '|' || device_id || '|' || (facts ->> $m$%s$m$) FROM muster.devices "
              "ORDER BY id DESC LIMIT 1" % MARKUP)
    same("and is kept as it was sent", row, "%s|%s2|%s" % (MARKUP, MARKUP, MARKUP))
    if answer.status == 200:
        try:
            ElementTree.fromstring(token(answer))
            case("the provisioning document stays well-formed", True)
        except ElementTree.ParseError as error:
            case("the provisioning document stays well-formed", False, error)
    with open(os.environ["MUSTER_TEST_LOG"], encoding="utf-8", errors="replace") as log:
        alien = [line for line in log if not re.match(r"(trace|level)=", line)]
    same("every line of the log is one of ours", alien[:3], [])


def main():
    for service, path, whole, _ in SERVICES:
        for name, body, wanted in bodies(service, whole, service != "enrollment"):
            label = "%s: %s" % (service, name)
            answer = post(path, body)
            if isinstance(wanted, int):
                same("%s is %d" % (label, wanted), answer.status, wanted)
            else:
                fault = is_fault("%s is %s" % (label, wanted), answer, wanted)
                # Strangers' refusals are budgeted, so that they can't fill the database: the log has all.
                same(label + ": logged", log_of(fault.trace or "-").get("outcome"), wanted)
            if answer.seconds > SECONDS:
                case(label + ": in bounded time", False, "%.1f s" % answer.seconds)
    special_cases()


main()
