"""The memory of a process, searched: memory.py NAME PID KEY.der DIR absent|present"""
import re
import sys

from contains import needles, private_values

name, pid, key, directory, wanted = sys.argv[1:]


def secret(file):
    with open("%s/secrets/%s" % (directory, file), "rb") as stream:
        return stream.readline().rstrip(b"\n")


with open(key, "rb") as stream:
    authority_key = stream.read()
wanted_bytes = {"the authority's key": list(needles(private_values(authority_key))),
                "the passphrase": [secret("passphrase")],
                "the issuer's database password": [secret("issuer.password")]}
found = {what: False for what in wanted_bytes}
size = 0
with open("/proc/%s/maps" % pid, encoding="ascii", errors="replace") as maps, open("/proc/%s/mem" % pid, "rb", 0) as mem:
    for line in maps:
        match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
        if not match or "[vsyscall]" in line or "[vvar" in line:
            continue
        start, end = int(match[1], 16), int(match[2], 16)
        tail = b""
        while start < end:
            # A sanitizer's shadow maps terabytes of nothing: its first failing read ends a range.
            step = min(end - start, 1 << 24)
            try:
                mem.seek(start)
                block = mem.read(step)
            except (OSError, ValueError, OverflowError):
                break
            if not block:
                break
            size += len(block)
            if block.count(0) != len(block):
                data = tail + block
                for what, values in wanted_bytes.items():
                    if not found[what] and any(value in data for value in values):
                        found[what] = True
            tail = block[-4096:]
            start += len(block)
            if size > 1 << 33:
                break
if wanted == "absent":
    for what, seen in found.items():
        print("%s - memory of a %s (%d KiB): not %s" % ("not ok" if seen else "ok", name, size >> 10, what))
else:
    # What this search can find, it must find where it is: else it proves nothing.
    print("%s - memory of an %s (%d KiB): the search finds %s" % (
        "ok" if any(found.values()) else "not ok", name, size >> 10,
        ", ".join(what for what, seen in found.items() if seen) or "nothing"))
