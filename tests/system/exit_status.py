"""A master of our own beside the fixture's: SIGTERM ends it with 0, its socket is made and removed, and it
takes an inherited socket (descriptor 0, or LISTEN_FDS) as well: exit_status.py BUILD DIR."""
import signal

from wire import *

build, directory = sys.argv[1:]
path = os.path.join(directory, "run", "other.sock")
with open(directory + "/ports", encoding="ascii") as ports:
    database_port = ports.read().split()[2]
environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "MUSTER_"))}


def conninfo(role):
    return "host=%s/postgresql/socket port=%s dbname=muster user=muster_%s passfile=%s/secrets/%s.pgpass" % (
        directory, database_port, role, directory, role)


def start(*options, **more):
    return subprocess.Popen([build + "/muster", "--pairs", "1", "--worker-database", conninfo("worker"),
                             "--issuer-database", conninfo("issuer"), "--passphrase-file",
                             directory + "/secrets/passphrase", *options], stderr=subprocess.DEVNULL,
                            **{"env": environment, "stdin": subprocess.DEVNULL, **more})


def end(server, name):
    server.send_signal(signal.SIGTERM)
    try:
        same(name + ": SIGTERM ends it with 0", server.wait(40), 0)
    except subprocess.TimeoutExpired:
        server.kill()
        case(name + ": SIGTERM ends it", False)


def answers(name, family, address):
    def record(kind, content):
        return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content
    params = b"".join(bytes([len(n), len(v)]) + n + v for n, v in (
        (b"REQUEST_METHOD", b"GET"), (b"SCRIPT_NAME", b"/EnrollmentServer/Discovery.svc")))
    limit = time.monotonic() + 20
    while True:
        with socket.socket(family) as sock:
            try:
                sock.settimeout(20)
                sock.connect(address)
                sock.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"") + record(5, b""))
                got = sock.recv(65536)
                case(name + ": it answers", b"Content-Length: 0" in got or b"Content-length: 0" in got, got)
                return
            except OSError as error:
                if time.monotonic() > limit:
                    case(name + ": it answers", False, error)
                    return
        time.sleep(0.1)


server = start("--listen", path, "--socket-mode", "0600")
answers("a path", socket.AF_UNIX, path)
same("a path: the socket has the mode that was asked for", oct(os.stat(path).st_mode & 0o777), "0o600")
end(server, "a path")
same("a path: the socket is removed", os.path.exists(path), False)

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
server = start("--listen", "127.0.0.1:%d" % port)
answers("an address", socket.AF_INET, ("127.0.0.1", port))
end(server, "an address")

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(16)
server = start(stdin=listener)
answers("descriptor 0", socket.AF_INET, listener.getsockname())
end(server, "descriptor 0")


activated = 'exec env LISTEN_PID=$$ LISTEN_FDS=1 "$@" 3<&0 </dev/null'
server = subprocess.Popen(["sh", "-c", activated, "sh", build + "/muster", "--pairs", "1", "--worker-database",
                           conninfo("worker"), "--issuer-database", conninfo("issuer"), "--passphrase-file",
                           directory + "/secrets/passphrase"], stdin=listener, stderr=subprocess.DEVNULL, env=environment)
answers("LISTEN_FDS", socket.AF_INET, listener.getsockname())
end(server, "LISTEN_FDS")
