"""A year of devices as the documented rules have it: who does what on which day, and how it must end. Plain
reckoning in days; nothing here asks the server, and nothing comes from it.

Days are counted from the beginning; everything happens on days of a grid, RETRY days wide, and on such a day
administrators come before devices."""

VALIDITY, PERIOD, RETRY, GRACE = 180, 42, 10, 15
LAST, ROLLOVER = 390, 160
FIRST, SECOND = "Example issuing", "Example 2 issuing"
GRID = range(0, LAST + 1, RETRY)
# On their evenings the device endpoint is asked with every certificate that ever was, but for those that are not
# used yet: asking would use them.
KNOCKING = (170, 250, LAST)


class Kind:
    """What befalls devices of a kind. Days may depend on the day e that a device enrolled.

    away      two days, between which it is off (the second is the day it is back)
    again     days on which it enrolls again
    by_hand   days on which somebody at the device has it renew, be it late
    use_after how many days after renewing it first shows the new certificate
    device    {day: what an administrator does with it}: retire, block, unblock, revoke its certificate
    account   {day: what an administrator does with its account}: disable, enable; such kinds have accounts of their own"""

    def __init__(self, name, weight, away=None, again=None, by_hand=None, use_after=0, device=None, account=None):
        self.name, self.weight, self.use_after, self.account = name, weight, use_after, account or {}
        self.away = away or (lambda e: (LAST + 1, LAST + 1))
        self.again, self.by_hand = again or (lambda e: ()), by_hand or (lambda e: ())
        self.device = device or {}


KINDS = (
    Kind("always on", 19),
    Kind("off until late in the renewal period", 3, away=lambda e: (100, e + 170)),
    Kind("off until the end, renewed by hand in the grace", 2, away=lambda e: (100, e + 180), by_hand=lambda e: (e + 190,)),
    Kind("off until the grace is over, renewed by hand in vain", 2, away=lambda e: (100, 230), by_hand=lambda e: (240,)),
    Kind("off until the grace is over, enrolled again", 2, away=lambda e: (100, 230), again=lambda e: (240,)),
    Kind("off for good", 1, away=lambda e: (100, LAST + 1)),
    Kind("slow to use the new certificate", 2, use_after=20),
    Kind("enrolled again in between", 2, again=lambda e: (90,)),
    Kind("retired before it renews", 1, device={100: "retire"}),
    Kind("retired after it renewed", 1, device={230: "retire"}),
    Kind("whose certificate was revoked, enrolled again", 1, device={190: "revoke"}, again=lambda e: (210,)),
    Kind("blocked", 1, device={120: "block"}),
    Kind("blocked for a while", 1, device={120: "block", 170: "unblock"}),
    Kind("of a disabled account", 1, account={130: "disable"}),
    Kind("of an account that was disabled for a while", 1, account={130: "disable", 170: "enable"}),
)


class Certificate:
    def __init__(self, day, renews=None):
        self.day, self.ends, self.renews = day, day + VALIDITY, renews
        self.authority = FIRST if day < ROLLOVER else SECOND
        self.used = self.superseded = self.reason = None


class Enrollment:
    def __init__(self, day):
        self.state, self.certificates = "enrolled", [Certificate(day)]

    def revoke(self, day, reason):
        """Those that have not ended, for good."""
        for certificate in self.certificates:
            if certificate.ends > day and certificate.reason is None:
                certificate.reason = reason


class Device:
    """One device: what it does, day by day (deeds), and where that leaves it (enrollments)."""

    def __init__(self, number, kind):
        self.number, self.kind = number, kind
        self.enrolls = RETRY * (number % 5)
        self.name = "YEAR-%03d" % number
        self.account = "ada" if not kind.account else "year%d" % KINDS.index(kind)
        self.enrollments, self.deeds, self.refusals, self.doors = [], [], {}, {}
        self.blocked = self.disabled = False
        self.due = self.unused = None
        for day in GRID:
            self.administrators(day)
            self.live(day)
            if day in KNOCKING:
                self.doors[day] = [self.door(e, c, day) for e in self.enrollments for c in e.certificates if c.used is not None]

    def administrators(self, day):
        deed = self.kind.device.get(day)
        if deed == "retire":
            self.enrollments[-1].state = "retired"
            self.enrollments[-1].revoke(day, "cessationOfOperation")
        elif deed == "revoke":
            self.enrollments[-1].certificates[-1].reason = "keyCompromise"
        elif deed in ("block", "unblock"):
            self.blocked = deed == "block"
        if day in self.kind.account:
            self.disabled = self.kind.account[day] == "disable"

    def live(self, day):
        away, back = self.kind.away(self.enrolls)
        if day == self.enrolls or day in self.kind.again(self.enrolls):
            self.enroll(day)
        elif self.enrollments and not away <= day < back:
            if self.unused is not None and day >= self.unused:
                self.use(day)
            if day in self.kind.by_hand(self.enrolls):
                self.renew(day)
            elif day >= self.due:
                self.renew_by_itself(day)

    def enroll(self, day):
        if self.enrollments:
            # The new enrollment's certificate is used at once.
            self.enrollments[-1].state = "replaced"
            self.enrollments[-1].revoke(day, "superseded")
        self.enrollments.append(Enrollment(day))
        self.deeds.append((day, "enroll", "enrolled"))
        self.due = day + VALIDITY - PERIOD
        self.use(day)

    def use(self, day):
        """The newest certificate is shown, which ends those before it."""
        self.unused = None
        newest = self.enrollments[-1].certificates[-1]
        newest.used = day
        if newest.renews is not None:
            newest.renews.superseded = day

    def refusal(self, day):
        """Why the newest certificate isn't renewed; None: it is."""
        enrollment, certificate = self.enrollments[-1], self.enrollments[-1].certificates[-1]
        if enrollment.state == "retired" or certificate.reason is not None or day >= certificate.ends + GRACE:
            return "NotEligibleToRenew"
        return "Authorization" if self.disabled or self.blocked else None

    def renew_by_itself(self, day):
        """A device's own task ends with the certificate."""
        if day >= self.enrollments[-1].certificates[-1].ends:
            self.deeds.append((day, "renew", "over"))
            self.due = LAST + 1
        else:
            self.renew(day)

    def renew(self, day):
        old, why = self.enrollments[-1].certificates[-1], self.refusal(day)
        self.deeds.append((day, "renew", why or "renewed"))
        if why is not None:
            self.refusals[why] = self.refusals.get(why, 0) + 1
            self.due = max(self.due, day + RETRY)
            return
        new = Certificate(day, old)
        self.enrollments[-1].certificates.append(new)
        self.due, self.unused = new.ends - PERIOD, day + self.kind.use_after
        if self.unused == day:
            self.use(day)

    @staticmethod
    def door(enrollment, certificate, day):
        """What the device endpoint says to a certificate, and whether its authority's list has it."""
        if day >= certificate.ends:
            return "expired"
        listed = ", listed" if certificate.reason is not None else ""
        if enrollment.state == "retired":
            return "retired" + listed
        if certificate.reason not in (None, "superseded"):
            return "revoked" + listed
        return "open" if certificate.superseded is None and certificate.reason is None else "superseded" + listed


def devices(count):
    """So many devices, the kinds by their weights, each kind at least once."""
    shares = [kind for kind in KINDS for _ in range(kind.weight)]
    chosen = [shares[i * len(shares) // count] for i in range(count)] if count >= len(shares) else shares
    return [Device(number, kind) for number, kind in enumerate(chosen)]
