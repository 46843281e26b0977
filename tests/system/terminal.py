"""muster-ca password on a terminal of its own: terminal.py PASSWORD-FILE COMMAND…, COMMAND being muster-ca
password UPN. The password of the file is set at last."""
import os
import pty
import select
import signal
import sys
import termios
import time

with open(sys.argv[1], "rb") as file:
    PASSWORD = file.readline().rstrip(b"\n")
COMMAND = sys.argv[2:]


def case(name, good, *more):
    print(("ok - " if good else "not ok - ") + name, *(repr(m) for m in more if not good), sep=" ")


class Terminal:
    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(COMMAND[0], COMMAND)
        self.seen = b""

    def until(self, text, seconds=30):
        """Everything the terminal shows, until text is among it."""
        limit = time.monotonic() + seconds
        while text not in self.seen and time.monotonic() < limit:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 4096)
                except OSError:
                    break
        return text in self.seen

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def type(self, data):
        os.write(self.fd, data)

    def end(self):
        self.until(b"\0never", 15)
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return status


def asked(name):
    terminal = Terminal()
    case(name + ": it asks", terminal.until(b"new password of "), terminal.seen)
    case(name + ": without echo", not terminal.echoes())
    return terminal


def twice(name, first, second, exit_status, says):
    terminal = asked(name)
    terminal.type(first + b"\n")
    case(name + ": it asks again", terminal.until(b"again: "), terminal.seen)
    terminal.type(second + b"\n")
    status = terminal.end()
    case(name + ": exit status", os.waitstatus_to_exitcode(status) == exit_status, status, terminal.seen)
    case(name + ": it says so", says in terminal.seen, terminal.seen)
    case(name + ": nothing typed is shown", first not in terminal.seen and second not in terminal.seen, terminal.seen)


def private(pid):
    """What others can see of the process, while it has the password."""
    seen = b""
    for name in ("cmdline", "environ"):
        with open("/proc/%d/%s" % (pid, name), "rb") as file:
            seen += file.read()
    with open("/proc/%d/limits" % pid, encoding="ascii") as file:
        core = [line for line in file if line.startswith("Max core file size")][0].split()[4:6]
    case("its arguments and environment do not have the password", PASSWORD not in seen)
    case("it leaves no core", core == ["0", "0"], core)


twice("two that differ", b"Tr0ub4dor-one", b"Tr0ub4dor-two", 1, b"muster-ca: the two passwords differ: nothing was changed")
twice("a control character", b"Tr0ub4dor\x16\x01", b"Tr0ub4dor\x16\x01", 1, b"control character")

terminal = asked("nothing typed")
terminal.type(b"\n")
case("nothing typed: refused", os.waitstatus_to_exitcode(terminal.end()) == 1, terminal.seen)

for signal_name, key in (("SIGINT", b"\x03"), ("SIGTERM", None)):
    terminal = asked(signal_name)
    terminal.type(b"Tr0ub4dor-half")
    if key:
        terminal.type(key)
    else:
        os.kill(terminal.pid, signal.SIGTERM)
    terminal.until(b"\r\n", 10)
    deadline = time.monotonic() + 10
    while not terminal.echoes() and time.monotonic() < deadline:
        time.sleep(0.05)
    case(signal_name + ": the terminal echoes again", terminal.echoes())
    status = terminal.end()
    case(signal_name + ": it ends by the signal",
         os.WIFSIGNALED(status) and os.WTERMSIG(status) == getattr(signal, signal_name), status)

# Alone in its session it is not stopped, but does what it does after a stop.
terminal = asked("SIGTSTP")
terminal.seen = b""
terminal.type(b"Tr0ub4dor-half\x1a")
case("SIGTSTP: it asks once more", terminal.until(b"new password of "), terminal.seen)
case("SIGTSTP: without echo", not terminal.echoes())
terminal.type(PASSWORD + b"\n")
terminal.until(b"again: ")
private(terminal.pid)
terminal.type(PASSWORD + b"\n")
case("a password typed twice is set", os.waitstatus_to_exitcode(terminal.end()) == 0, terminal.seen)
case("it says whose", b"password of " in terminal.seen and b" set" in terminal.seen, terminal.seen)
case("the password is not shown", PASSWORD not in terminal.seen, terminal.seen)
