"""year.py DIR begin|days|step DAY|check: devices live a year (year_model.py) against a real server whose clock test-year
moves. What they do by themselves they decide by what they were provisioned with; check holds what came of it,
device by device, against the reckoning."""
import concurrent.futures
import datetime
import glob
import json
import os
import ssl
import subprocess
import sys
import urllib.request

from asn1crypto import crl, pem, x509

from wire import *
from year_model import *

DIR, ORGANIZATION = sys.argv[1], "example"
COUNT = int(os.environ.get("MUSTER_TEST_DEVICES", "200"))
BUILD, DAY_SECONDS = os.environ["MUSTER_CLOCK_BUILD"], 86400
AT_ONCE = 4


def psql(statement):
    return subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-tA", "-c", statement], stdout=subprocess.PIPE,
                          check=True).stdout.decode().strip()


def rows(statement):
    return json.loads(psql("SELECT coalesce(json_agg(x), '[]') FROM (%s) x" % statement))


def load():
    with open(DIR + "/year.json") as file:
        return json.load(file)


def save(year):
    with open(DIR + "/year.json", "w") as file:
        json.dump(year, file)


def run(*arguments):
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def on_day(start, moment):
    return None if moment is None else int((moment - start) // DAY_SECONDS)


# --- the beginning ---

def begin():
    os.makedirs(DIR)
    for number in range(4):
        subprocess.run(["openssl", "genrsa", "-out", "%s/key%d.pem" % (DIR, number), "2048"], check=True, stderr=subprocess.DEVNULL)
    psql("SELECT muster.set_device_cap('{0}', NULL); SELECT muster.set_renewal('{0}', {1}, {2}); SELECT muster.set_validity('{0}', {3}); "
         "SELECT muster.set_renewal_rules('{0}', grace_days => {4})".format(ORGANIZATION, PERIOD, RETRY, VALIDITY, GRACE))
    for upn in sorted({d.account for d in devices(COUNT)} - {"ada"}):
        psql("SELECT muster.add_account('%s@example.test', 'Year', '%s')" % (upn, ORGANIZATION))
        made = run(BUILD + "/muster-ca", "password", upn + "@example.test", "--file", os.environ["MUSTER_YEAR_PASSWORD"])
        if made.returncode != 0:
            sys.exit(made.stderr.decode())
    save({"start": int(psql("SELECT floor(extract(epoch FROM now()))")), "lives": {}})


# --- a day ---

def address():
    return ["--server", "%s:%d" % (HOST, PORT), "--ca-file", CA, "--connect-to", "%s:%d:%s:%d" % (HOST, PORT, ADDRESS, PORT),
            "--connect-to", "%s:%d:%s:%d" % (DEVICE_HOST, DEVICE_PORT, ADDRESS, DEVICE_PORT),
            "--device-url", "https://%s:%d/muster/device" % (DEVICE_HOST, DEVICE_PORT)]


class Life:
    """A device's state directory, what it did, and the certificates it ever had."""

    def __init__(self, device, year):
        self.device, self.state = device, "%s/%s" % (DIR, device.name)
        self.start = year["start"]
        self.kept = year["lives"].setdefault(device.name,
            {"deeds": [], "ids": [], "certificates": 0, "unused": None, "wake": 0, "doors": {}})

    def muster_device(self, verb, *arguments):
        done = run(BUILD + "/muster-device", verb, "--state", self.state, "--json", *arguments, *address())
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"result": "failed", "refusal": {"what": done.stderr.decode() or done.stdout.decode()}}

    def noted(self, day, verb, answer):
        refusal, word = answer.get("refusal", {}), answer["result"]
        if "ended on" in refusal.get("what", ""):
            word = "over"
        elif word == "refused":
            word = refusal.get("errorType") or refusal.get("subcode", "").partition(":")[2] or str(refusal)
        elif word == "failed":
            word = str(refusal)
        self.kept["deeds"].append([day, verb, word])
        return word

    def enroll(self, day):
        arguments = ["--user", self.device.account + "@example.test", "--set", "DeviceName=" + self.device.name,
                     "--key-file", "%s/key%d.pem" % (DIR, self.device.number % 4)]
        answer = self.muster_device("enroll", *arguments, *(["--again"] if self.kept["ids"] else []))
        if self.noted(day, "enroll", answer) == "enrolled":
            self.kept["ids"].append(answer["device"])
            self.keep(answer)

    def keep(self, answer):
        """Copies of certificate and key, so that the door can be tried with them when the device has others; and from when
        on the device is woken: by what it was provisioned with, some of them too early."""
        with open(self.state + "/enrolled/settings.json") as settings:
            period = json.load(settings)["renewPeriod"]
        ends = datetime.datetime.strptime(answer["notAfter"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        self.kept["wake"] = on_day(self.start, ends) - period - (RETRY if self.device.number % 4 == 0 else 0)
        newest = max(glob.glob(self.state + "/enrolled/My/*/*.pem"), key=os.path.getmtime)
        for ending in ("pem", "key"):
            with open(newest[:-3] + ending) as old, open("%s.%d.%s" % (self.state, self.kept["certificates"], ending), "w") as new:
                new.write(old.read())
        self.kept["certificates"] += 1

    def wake(self, day):
        """As a task planner would each day: nothing is due, or the device renews; what it has it uses."""
        by_hand = day in self.device.kind.by_hand(self.device.enrolls)
        if self.kept["unused"] is not None and day >= self.kept["unused"]:
            self.use()
        if day < self.kept["wake"] and not by_hand:
            return
        # Making keys takes most of the time.
        key = ["--sign-as", "same-key"] if self.device.number % 10 else []
        answer = self.muster_device("renew", "--at-once" if by_hand else "--if-due", *key)
        if answer["result"] == "not due":
            return
        word = self.noted(day, "renew", answer)
        if word == "over":
            self.kept["wake"] = LAST + 1
        elif word == "renewed":
            self.keep(answer)
            self.kept["unused"] = day + self.device.kind.use_after
            if self.kept["unused"] == day:
                self.use()

    def use(self):
        """The newest certificate is shown at the device endpoint."""
        self.kept["unused"] = None
        said = self.shown(self.kept["certificates"] - 1)
        if said != "open":
            self.kept["deeds"].append("the new certificate: " + said)

    def shown(self, number):
        """What the device endpoint says to one of the certificates that the device had."""
        file = "%s.%d." % (self.state, number)
        answer = request("GET", "/muster/device", host=DEVICE_HOST, port=DEVICE_PORT, certificate=(file + "pem", file + "key"))
        words = ["open"] if answer.status == 200 else [
            word for word in ("expired", "retired", "revoked", "superseded") if word.encode() in answer.body]
        return words[0] if words else repr(answer)

    def live(self, day):
        away, back = self.device.kind.away(self.device.enrolls)
        if day == self.device.enrolls or day in self.device.kind.again(self.device.enrolls):
            self.enroll(day)
        elif self.kept["ids"] and not away <= day < back:
            self.wake(day)


    def knock(self, day, listed):
        """Every certificate that the device had and used, oldest first."""
        used = self.kept["certificates"] - (self.kept["unused"] is not None)
        doors = self.kept["doors"][str(day)] = [self.shown(number) for number in range(used)]
        for number, door in enumerate(doors):
            if door != "expired" and self.serial(number) in listed:
                doors[number] += ", listed"

    def serial(self, number):
        with open("%s.%d.pem" % (self.state, number), "rb") as file:
            return x509.Certificate.load(next(pem.unarmor(file.read(), multiple=True))[2]).serial_number


ACCOUNT_DEEDS = {"disable": "SELECT muster.disable_account('%s@example.test', 'left')", "enable": "SELECT muster.enable_account('%s@example.test')"}
DEVICE_DEEDS = {
    "revoke": "SELECT muster.revoke_certificate(sha256, 'keyCompromise') FROM muster.certificates WHERE device = '{id}' ORDER BY issued_at DESC LIMIT 1",
    "retire": "SELECT muster.retire_device('{id}', 'lost')",
    "block": "SELECT muster.block_device('example', 'device id', (SELECT device_id FROM muster.devices WHERE id = '{id}'), 'stolen')",
    "unblock": "SELECT muster.unblock_device('example', 'device id', (SELECT device_id FROM muster.devices WHERE id = '{id}'))",
}


def administrators(day, lives):
    for kind in KINDS:
        for upn in {life.device.account for life in lives if life.device.kind is kind and day in kind.account}:
            psql(ACCOUNT_DEEDS[kind.account[day]] % upn)
    statements = [DEVICE_DEEDS[life.device.kind.device[day]].format(id=life.kept["ids"][-1])
                  for life in lives if day in life.device.kind.device]
    if statements:
        psql("; ".join(statements))


def revoked_serials():
    """What stands in the issuing authorities' lists, as they are published, once none is due any more."""
    end, found = time.monotonic() + 90, set()
    while psql("SELECT bool_and(state = 'good') FROM muster.crls WHERE kind = 'issuing'") != "t":
        if time.monotonic() > end:
            sys.exit("lists: " + psql("SELECT string_agg(authority || ' ' || state, ', ') FROM muster.crls"))
        time.sleep(0.2)
    for row in rows("SELECT id FROM muster.crls WHERE kind = 'issuing'"):
        url = "http://%s:%s/muster/crl/%s.crl" % (ADDRESS, os.environ["MUSTER_PUBLICATION_PORT"], row["id"])
        with urllib.request.urlopen(url) as answer:
            entries = crl.CertificateList.load(answer.read())["tbs_cert_list"]["revoked_certificates"]
        found |= {entry["user_certificate"].native for entry in entries.native and entries or ()}
    return found


def step(day):
    year = load()
    lives = [Life(device, year) for device in devices(COUNT)]
    administrators(day, lives)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda life: life.live(day), lives))
        if day in KNOCKING:
            listed = revoked_serials()
            list(pool.map(lambda life: life.knock(day, listed), lives))
    save(year)


# --- the end ---

def became(life, found, refused):
    """A device as server and door have it."""
    return {"deeds": [tuple(d) for d in life.kept["deeds"]],
            "enrollments": [(found[i][0]["state"], [(on_day(life.start, c["issued"]), on_day(life.start, c["ends"]), c["authority"],
                                                     on_day(life.start, c["superseded"]), c["reason"]) for c in found[i]]) for i in life.kept["ids"]],
            "doors": {int(day): doors for day, doors in life.kept["doors"].items()},
            "refusals": {r["outcome"]: r["count"] for r in refused if r["device"] in life.kept["ids"]}}


def reckoned(device):
    return {"deeds": device.deeds,
            "enrollments": [(e.state, [(c.day, c.ends, c.authority, c.superseded, c.reason) for c in e.certificates]) for e in device.enrollments],
            "doors": device.doors, "refusals": device.refusals}


def check():
    year = load()
    found, issued = {}, rows(
        "SELECT x.device, d.state, x.authority, extract(epoch FROM x.issued_at) AS issued, extract(epoch FROM x.not_after) AS ends, "
        "extract(epoch FROM x.superseded_at) AS superseded, x.revocation_reason AS reason FROM muster.certificates x JOIN muster.devices d ON d.id = x.device "
        "WHERE d.name LIKE 'YEAR-%' ORDER BY x.issued_at")
    for row in issued:
        found.setdefault(row["device"], []).append(row)
    refused = rows("SELECT device, outcome, count(*) FROM muster.event WHERE kind = 'refused' AND stage = 'renewal' AND device IS NOT NULL GROUP BY device, outcome")
    lives = [Life(device, year) for device in devices(COUNT)]
    for life in lives:
        result, wanted = became(life, found, refused), reckoned(life.device)
        case("%s, %s" % (life.device.name, life.device.kind.name), result == wanted,
             *("%s: got %s, reckoned %s" % (key, result[key], wanted[key]) for key in wanted if result[key] != wanted[key]))
    same("no certificate that nobody knows of", len(issued), sum(len(e.certificates) for life in lives for e in life.device.enrollments))


if __name__ == "__main__":
    {"begin": begin, "days": lambda: print(ROLLOVER, *GRID), "step": lambda: step(int(sys.argv[3])), "check": check}[sys.argv[2]]()
