"""Which secrets each process of a master opens, from its start to its end, by strace:
opened.py BUILD DIR SCRATCH [OPTION…]; the options are for muster."""
import signal

from wire import *

build, directory, scratch, *options = sys.argv[1:]
path, trace = directory + "/run/traced.sock", scratch + "/strace"
environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "MUSTER_"))}
# Leak checkers and tracers exclude one another.
environment["ASAN_OPTIONS"] = "detect_leaks=0"


def conninfo(role):
    return "host=%s/postgresql/socket port=%s dbname=muster user=muster_%s passfile=%s/secrets/%s.pgpass" % (
        directory, os.environ["MUSTER_TEST_DATABASE_PORT"], role, directory, role)


server = subprocess.Popen(
    ["strace", "-ff", "-qq", "-s", "200", "-e", "trace=open,openat,openat2,prctl,connect,accept,accept4", "-o", trace,
     build + "/muster", "--listen", path, "--pairs", "1", "--worker-database", conninfo("worker"), "--issuer-database",
     conninfo("issuer"), "--passphrase-file", directory + "/secrets/passphrase"] + options,
    stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True)


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def length(text):
    return bytes([len(text)]) if len(text) < 128 else struct.pack(">I", len(text) | 0x80000000)


def ask(script, body):
    params = b"".join(length(n) + length(v) + n.encode() + v.encode() for n, v in (
        ("REQUEST_METHOD", "POST"), ("SCRIPT_NAME", script), ("CONTENT_TYPE", SOAP_TYPE),
        ("CONTENT_LENGTH", str(len(body))), ("REMOTE_ADDR", "192.0.2.1")))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(path)
        data = record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"")
        for start in range(0, len(body), 60000):
            data += record(5, body[start:start + 60000])
        sock.sendall(data + record(5, b""))
        got = b""
        while True:
            part = sock.recv(65536)
            if not part:
                return got
            got += part


try:
    limit = time.monotonic() + 60
    while True:
        try:
            got = ask("/EnrollmentServer/example/Enrollment.svc", rst(items=with_items(DeviceID="TRACED")).encode())
            if b"RequestedSecurityToken" in got or time.monotonic() > limit:
                break
        except OSError:
            if time.monotonic() > limit:
                got = b""
                break
        time.sleep(0.5)
    case("traced from its start, a pair enrolls a device", b"RequestedSecurityToken" in got, got[:300])
finally:
    master = min(int(name.rsplit(".", 1)[1]) for name in os.listdir(scratch) if name.startswith("strace."))
    try:
        os.kill(master, signal.SIGTERM)
        server.wait(60)
    except (OSError, subprocess.TimeoutExpired):
        server.kill()

kinds = {}
for name in os.listdir(scratch):
    if not name.startswith("strace."):
        continue
    with open(os.path.join(scratch, name), encoding="utf-8", errors="replace") as stream:
        text = stream.read()
    named = re.search(r'prctl\(PR_SET_NAME, "muster-(\w+)', text)
    kind = named[1] if named else "master"
    opened = set(re.findall(r'open\w*\((?:AT_FDCWD, )?"([^"]*)"[^\n]*\)\s+= \d', text))
    kinds.setdefault(kind, set()).update(opened)
    if kind == "issuer":
        # Both calls: a socket taken over from elsewhere would be used by one of them.
        case("an issuer accepts no connection", not re.search(r"\baccept4?\([^\n]*\)\s+= \d", text))
    if kind == "worker":
        case("a worker accepts connections", bool(re.search(r"\baccept4?\([^\n]*\)\s+= \d", text)))

secret = {"passphrase": directory + "/secrets/passphrase", "issuer's passfile": directory + "/secrets/issuer.pgpass"}
if options:
    secret["PIN"] = directory + "/secrets/pin"
for kind in ("worker", "master", "keeper"):
    for what, file in secret.items():
        case("a %s never opened the %s" % (kind, what), file not in kinds.get(kind, set()))
for what, file in secret.items():
    case("an issuer did open the %s" % what, file in kinds.get("issuer", set()), kinds.get("issuer"))
case("a worker opened its own passfile", directory + "/secrets/worker.pgpass" in kinds.get("worker", set()),
     kinds.get("worker"))
case("no process opened another's secrets", not any(
    "/secrets/" in file and file not in (*secret.values(), directory + "/secrets/worker.pgpass")
    for files in kinds.values() for file in files))
