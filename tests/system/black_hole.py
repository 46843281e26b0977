"""A database address that accepts connections and never says a word: black_hole.py BUILD DIR."""
import signal

from wire import *

build, directory = sys.argv[1:]
hole = socket.socket()
hole.bind(("127.0.0.1", 0))
hole.listen(64)
path = os.path.join(directory, "run", "hole.sock")
conninfo = "host=127.0.0.1 port=%d dbname=muster user=muster_%%s" % hole.getsockname()[1]
environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "MUSTER_"))}
with open(os.path.join(directory, "log", "hole.log"), "wb") as log:
    server = subprocess.Popen([build + "/muster", "--listen", path, "--pairs", "1", "--worker-database", conninfo % "worker",
                               "--issuer-database", conninfo % "issuer", "--passphrase-file",
                               directory + "/secrets/passphrase"], stdin=subprocess.DEVNULL, stderr=log,
                              env=environment)


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    return bytes([len(name), len(value)]) + name.encode() + value.encode()


def ask(body, seconds):
    start = time.monotonic()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(seconds)
        sock.connect(path)
        params = b"".join(pair(*one) for one in (
            ("REQUEST_METHOD", "POST"), ("SCRIPT_NAME", "/EnrollmentServer/Discovery.svc"),
            ("CONTENT_TYPE", SOAP_TYPE), ("CONTENT_LENGTH", str(len(body))), ("REMOTE_ADDR", "192.0.2.1")))
        sock.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"") +
                     record(5, body) + record(5, b""))
        answer = b""
        while True:
            got = sock.recv(65536)
            if not got:
                break
            answer += got
    return answer, time.monotonic() - start


try:
    end = time.monotonic() + 20
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.1)
    try:
        answer, seconds = ask(discover().encode(), 60)
        case("a black hole as database: a fault", b"s:EnrollmentServer" in answer, answer)
        case("a black hole as database: within 30 s (%.1f s)" % seconds, seconds < 30)
    except OSError as error:
        case("a black hole as database: answered", False, error)
    server.send_signal(signal.SIGTERM)
    try:
        same("and SIGTERM ends it with 0", server.wait(40), 0)
    except subprocess.TimeoutExpired:
        case("and SIGTERM ends it", False)
finally:
    if server.poll() is None:
        server.kill()
        server.wait()
