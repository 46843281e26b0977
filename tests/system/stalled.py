"""Stalled FastCGI peers (speaking to the socket as a web server would) and stalled HTTP clients:
stalled.py SOCKET."""
import threading

from wire import *

path = sys.argv[1]
WORKERS = 2
DEADLINE = 15  # of reading one request, and of writing one reply


def record(kind, content, request_id=1, padding=0):
    return struct.pack(">BBHHBB", 1, kind, request_id, len(content), padding, 0) + content + b"\0" * padding


def pair(name, value):
    def length(text):
        return bytes([len(text)]) if len(text) < 128 else struct.pack(">I", len(text) | 0x80000000)
    return length(name) + length(value) + name.encode() + value.encode()


def params(**more):
    values = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/EnrollmentServer/Discovery.svc", "CONTENT_TYPE": SOAP_TYPE,
              "REMOTE_ADDR": "192.0.2.1", **more}
    return record(4, b"".join(pair(k, v) for k, v in values.items()))


BEGIN = record(1, struct.pack(">HB5x", 1, 0))
BODY = discover().encode()
WHOLE = BEGIN + params(CONTENT_LENGTH=str(len(BODY))) + record(4, b"") + record(5, BODY) + record(5, b"")


def connect():
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(60)
    sock.connect(path)
    return sock


def read_all(sock):
    got = b""
    try:
        while True:
            part = sock.recv(65536)
            if not part:
                return got
            got += part
    except (ConnectionError, socket.timeout) as error:
        return got + repr(error).encode()


def whole_request(name):
    with connect() as sock:
        sock.sendall(WHOLE)
        got = read_all(sock)
    case(name, b"EnrollmentPolicyServiceUrl" in got, got[:200])


def stall(name, sent):
    """All workers get a peer that stops after these bytes; an honest request is served within the deadline."""
    socks = [connect() for _ in range(WORKERS)]
    for sock in socks:
        sock.sendall(sent)
    start = time.monotonic()
    answer = post("/EnrollmentServer/Discovery.svc", discover(), timeout=90)
    seconds = time.monotonic() - start
    case("%s: an honest request is served (%.1f s)" % (name, seconds), answer.status == 200 and
         seconds < DEADLINE * 1.5 + 5, answer)
    for sock in socks:
        sock.settimeout(DEADLINE + 10)
        try:
            left = read_all(sock)
            case(name + ": the stalled connection is closed", b"timed out" not in left, left)
        finally:
            sock.close()


def hostile(name, sent):
    """Nonsense instead of FastCGI: dropped or refused at once, nothing else suffers."""
    with connect() as sock:
        try:
            sock.sendall(sent)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        read_all(sock)
    whole_request("after %s, a request is served" % name)


def unread_reply():
    """A peer that sends its request and never reads the reply."""
    socks = []
    for _ in range(WORKERS):
        sock = socket.socket(socket.AF_UNIX)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        sock.connect(path)
        sock.sendall(WHOLE)
        socks.append(sock)
    start = time.monotonic()
    answer = post("/EnrollmentServer/Discovery.svc", discover(), timeout=90)
    case("replies that nobody reads: an honest request is served", answer.status == 200 and
         time.monotonic() - start < DEADLINE * 1.5 + 5, answer)
    for sock in socks:
        sock.close()


def slow_http():
    """HTTP clients that stall occupy the web server only: far more of them than workers."""
    head = "POST /EnrollmentServer/Discovery.svc HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n" % (HOST, SOAP_TYPE)
    socks = []
    for i in range(40):
        sock = tls()
        sock.sendall((head if i % 2 else head + "Content-Length: 5000\r\n\r\n<s:Env").encode())
        socks.append(sock)
    start = time.monotonic()
    answer = post("/EnrollmentServer/Discovery.svc", discover())
    case("beside forty stalled HTTP clients a request is served at once", answer.status == 200 and
         time.monotonic() - start < 5, answer)
    closed = []

    def wait(sock):
        sock.settimeout(90)
        try:
            while sock.recv(4096):
                pass
            closed.append(True)
        except socket.timeout:
            closed.append(False)
        except OSError:
            closed.append(True)
    threads = [threading.Thread(target=wait, args=(sock,)) for sock in socks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same("and all of them meet a deadline", closed.count(True), 40)


whole_request("a whole request, spoken as a web server would")
stall("nothing sent", b"")
stall("half a record header", BEGIN[:4])
stall("no parameters", BEGIN)
stall("half the parameters", BEGIN + params(CONTENT_LENGTH="100")[:30])
stall("half the body", BEGIN + params(CONTENT_LENGTH="5000") + record(4, b"") + record(5, b"<s:Envelope"))
unread_reply()
for label, raw in (
        ("an HTTP request on the FastCGI socket", b"GET / HTTP/1.0\r\n\r\n"), ("zeros", b"\0" * 65536),
        ("ones", b"\xff" * 65536), ("an unknown version", b"\x02" + WHOLE[1:]),
        ("an unknown role", record(1, struct.pack(">HB5x", 9, 0)) + WHOLE[16:]),
        ("parameters without a request", params()), ("a body without parameters", BEGIN + record(5, BODY)),
        ("parameter lengths beyond the record", BEGIN + record(4, b"\xff\xff\xff\xff\xff\xff\xff\xff") + record(4, b"")),
        ("a million parameters", BEGIN + record(4, pair("A", "") * 21000) * 48 + record(4, b"")),
        ("a parameter of 200 KB", BEGIN + b"".join(record(4, part) for part in (
            struct.pack(">BI", 1, 200000 | 0x80000000) + b"A", *[b"x" * 50000] * 4)) + record(4, b"")),
        ("a negative length", WHOLE.replace(str(len(BODY)).encode(), b"-" + str(len(BODY)).encode()[1:])),
        ("an abort", BEGIN + params(CONTENT_LENGTH="100") + record(2, b"")),
        ("a body beyond its Content-Length", BEGIN + params(CONTENT_LENGTH="10") + record(4, b"") + record(5, BODY * 40) +
         record(5, b"")),
        ("get-values", record(9, pair("FCGI_MAX_CONNS", ""), request_id=0))):
    hostile(label, raw)
with connect() as one:
    one.sendall(BEGIN + params(CONTENT_LENGTH=str(len(BODY) + 50)) + record(4, b"") + record(5, BODY) + record(5, b""))
    reply = read_all(one)
case("a body that ends before its Content-Length is MessageFormat", b"s:MessageFormat" in reply, reply[:300])
slow_http()
