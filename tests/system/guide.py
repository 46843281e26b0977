"""The guides' statements, run in their order, and what they print against what the guides show.

In a block between ``` lines a line that begins with a prompt is typed: muster=> by the administrator root, muster=# by
PostgreSQL's superuser, NAME=> by the role of that name, # in a shell (only the programs that SHELL names are run, and
only on what this instance has). What follows up to the next prompt is what must be printed, but that

  …  stands for anything within a line and, alone on a line, for any number of lines
  -  ids, digests and device names that a guide shows are bound to the real ones where they first appear, and replaced
     by them in later statements; other values that differ from run to run (times, dates, durations, sizes) need only
     look alike
  -  after the line <!-- numbers vary --> numbers of the next block need not agree
  -  empty lines, psql's row counts, the width of columns and prompts for passwords do not count; of a table that is one
     value the heading may be left out

--write puts what was printed into the guide where it differs (to be read, and shortened, by whoever wrote it).
"""
import os
import re
import select
import subprocess
import sys
import time

SHELL = ("muster-device", "muster-ca", "grep", "curl", "enroll()", "enroll", "cat >~/", "(umask 077 && cat >~/", "cat /root/new", "psql -X -q -t -1 ")
PROMPT = re.compile(r"^(?:(\w+)(=[>#])|(#)) (.*)$")
CONTINUED = re.compile(r"^(?:\w+-[>#]|>) ?(.*)$")
LEFT_OUT = re.compile(r"^((new password of \S+|again|password of \S+):|\(\d+ rows?\)|)$")
BOUND = (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"\b[0-9a-f]{64}\b", r"\bDESKTOP-[0-9A-F]{7}\b")
TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:[+]\d\d|Z|(?= UTC))?"
ALIKE = (TIME, r"\b\d{4}-\d\d-\d\d(?!\d)", r"-?(?:\d+ days?,? ?)?-?\d\d:\d\d:\d\d(?:\.\d+)?", r"\b[0-9A-F]{32,40}\b",
         r"\b[0-9a-f]{32}\b", r"\b\d+(?:\.\d+)? m?s\b", r"_ms=[\d.]+", r"\b\d+ bytes\b", r"content-length: \d+", r"pid=\d+",
         r"[+-]\d\d(?=$| )")
VARIES = re.compile("(%s)|(%s)|(…)" % ("|".join(BOUND), "|".join(ALIKE)))


class Command:
    def __init__(self, line, who, text):
        self.line, self.who, self.text = line, who, text
        self.shown, self.end, self.numbers_vary = [], line + 1, False


def commands(lines):
    """The commands of a guide with what it shows for each."""
    found, inside, vary, last = [], False, False, None
    for number, line in enumerate(lines):
        if line.startswith("```"):
            inside, last = not inside, None
            vary = vary and inside
            continue
        if line == "<!-- numbers vary -->":
            vary = True
        if not inside:
            continue
        prompt = PROMPT.match(line)
        if prompt:
            last = Command(number, "#" if prompt[3] else prompt[1] + prompt[2], prompt[4])
            last.numbers_vary = vary
            found.append(last)
        elif last and not last.shown and CONTINUED.match(line):
            last.text += "\n" + CONTINUED.match(line)[1]
            last.end = number + 1
        elif last:
            last.shown.append(line)
            last.end = number + 1
    return found


def tidied(text):
    """Without what depends on widths and counts."""
    kept = []
    for line in text:
        line = re.sub(r"-{2,}", "--", re.sub(r"\s+", " ", line)).strip()
        if not LEFT_OUT.match(line):
            kept.append(line)
    return kept


def short(printed):
    """The line alone of a table that is one value, else the whole."""
    kept = [line.rstrip() for line in printed if not LEFT_OUT.match(line.strip())]
    one = len(kept) == 3 and re.match(r"^-+$", kept[1]) and "|" not in kept[2]
    return kept[2:] if one else kept


class Names:
    """What stands in a guide for what is really there."""

    def __init__(self):
        self.real = {}

    def in_command(self, text):
        return re.sub("|".join(BOUND), lambda m: self.real.get(m[0], m[0]), text)

    def in_guide(self, text):
        shown = {real: name for name, real in self.real.items()}
        return re.sub("|".join(BOUND), lambda m: shown.get(m[0], m[0]), text)

    def expression(self, line, groups, numbers_vary):
        """A line of a guide as a regular expression; groups: the names that it binds."""
        made, at = "", 0
        plain = (lambda s: re.sub(r"\d+", r"\\d+", re.escape(s))) if numbers_vary else re.escape
        for m in VARIES.finditer(line):
            made, at = made + plain(line[at:m.start()]), m.end()
            if m[3]:
                made += ".*?"
            elif m[2]:
                made += next("(?:%s)" % kind for kind in ALIKE if re.fullmatch(kind, m[0]) or re.match(kind, line[m.start():]))
            elif m[0] in self.real:
                made += re.escape(self.real[m[0]])
            elif m[0] in groups:
                made += r"(?P=n%d)" % groups.index(m[0])
            else:
                groups.append(m[0])
                made += "(?P<n%d>%s)" % (len(groups) - 1, next(kind for kind in BOUND if re.fullmatch(kind, m[0])))
        return made + plain(line[at:])

    def agree(self, shown, printed, numbers_vary):
        groups = []
        pattern = "".join(r"(?:.*\n)*?" if line == "…" else self.expression(line, groups, numbers_vary) + r"\n"
                          for line in tidied(shown))
        found = re.fullmatch(pattern, "".join(line + "\n" for line in tidied(printed)))
        if found:
            self.real.update({name: found["n%d" % i] for i, name in enumerate(groups)})
        return bool(found)


class Session:
    """A psql or a shell that is kept from command to command."""

    END = "END-OF-OUTPUT"

    def __init__(self, program, echo, environment):
        self.echo = echo
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env=os.environ | environment)

    def run(self, text):
        self.process.stdin.write(("%s\n%s %s\n" % (text, self.echo, self.END)).encode())
        self.process.stdin.flush()
        printed, deadline, end = b"", time.monotonic() + 60, (self.END + "\n").encode()
        while not printed.endswith(end):
            if not select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                return printed.decode().splitlines() + ["(no end within a minute)"]
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return printed.decode().splitlines() + ["(it ended)"]
            printed += piece
        return printed[:-len(end)].decode().splitlines()


def shell():
    return Session(["bash", "--norc"], "echo", {"PGUSER": "root", "PGPASSFILE": os.environ["HOME"] + "/pgpass"})


def psql(role):
    """As a role; None: the superuser."""
    made = Session(["psql", "-X", "-P", "pager=off"], "\\echo", {
        "PGUSER": "postgres", "PGTZ": "UTC", "PGPASSFILE": os.environ["MUSTER_TEST_DIR"] + "/secrets/superuser.pgpass"})
    made.run("\\set SHOW_CONTEXT never")
    if role:
        made.run("SET SESSION AUTHORIZATION %s;" % role)
    return made


class Machine:
    """Who types, and what the guides' paths are here."""

    def __init__(self, paths):
        self.sessions, self.paths = {}, paths

    def run(self, who, text):
        if who not in self.sessions:
            self.sessions[who] = shell() if who == "#" else psql({"muster=>": "root", "muster=#": None}.get(who, who[:-2]))
        text = self.here(text)
        return [self.shown(line) for line in self.sessions[who].run(text)]

    def here(self, text):
        for shown, real in self.paths:
            text = text.replace(shown, real)
        return text

    def shown(self, text):
        for shown, real in self.paths:
            text = text.replace(real, shown)
        return text


def runs(command):
    if command.who != "#":
        return True
    return re.sub(r"^(\w+=\S* )*", "", command.text).startswith(SHELL)


def check(guide, names, machine, write):
    with open(guide, encoding="utf-8") as file:
        lines = file.read().splitlines()
    changes = []
    # Behind one that is not, blocks are text and text is a block.
    closed = sum(line.startswith("```") for line in lines) % 2 == 0
    print("%s - %s: each block is closed" % ("ok" if closed else "not ok", os.path.basename(guide)))
    for command in commands(lines):
        if not runs(command):
            continue
        printed = machine.run(command.who, names.in_command(command.text))
        title = "%s:%d: %s" % (os.path.basename(guide), command.line + 1, command.text.split("\n")[0][:70])
        if any(names.agree(command.shown, form, command.numbers_vary) for form in (printed, short(printed))):
            print("ok - " + title)
            continue
        print("not ok - " + title)
        for line in printed:
            print("# printed: " + line)
        kept = [names.in_guide(line) for line in short(printed)]
        for line in set(re.findall("|".join(BOUND), "\n".join(kept))):
            names.real.setdefault(line, line)
        changes.append((command.end - len(command.shown), command.end, kept))
    if write:
        for begin, end, kept in reversed(changes):
            lines[begin:end] = kept
        with open(guide, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def main():
    write = "--write" in sys.argv
    directory = os.environ["MUSTER_TEST_DIR"]
    names = Names()
    machine = Machine([("/etc/lighttpd/muster/trial-ca.pem", os.environ["MUSTER_TLS_CA"]),
                       ("/etc/lighttpd/muster/client-ca.pem", directory + "/web/client-ca.pem"),
                       ("/etc/muster/passphrase", directory + "/secrets/passphrase"),
                       ("/etc/muster/pin", directory + "/secrets/pin"),
                       ("/var/log/muster.log", os.environ["MUSTER_TEST_LOG"]),
                       ("/root/", os.environ["HOME"] + "/")])
    for guide in sys.argv[1:]:
        if guide != "--write":
            check(guide, names, machine, write)


main()
