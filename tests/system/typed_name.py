"""What a typed name and a password come to: typed_name.py USER PASSWORD-FILE prints the outcomes of GetPolicies and, if
that succeeds, of the enrollment, and the seconds that the first took."""
from wire import *

user, file = sys.argv[1:3]
with open(file, encoding="utf-8") as lines:
    password = lines.read().split("\n")[0]


def outcome(answer):
    fault = Fault(answer.body) if answer.status != 200 else None
    return "OK" if fault is None else fault.error_type or fault.subcode.split(":")[-1]


first = post("/EnrollmentServer/example/Policy.svc", get_policies(user, password))
outcomes = [outcome(first)]
if outcomes == ["OK"]:
    items = with_items(DeviceID="TYPED" + user.encode().hex()[:100])
    outcomes.append(outcome(post("/EnrollmentServer/example/Enrollment.svc", rst(user, password, csr=csr_base64("ec:P-256"), items=items))))
print(" ".join(outcomes), "%.1f" % first.seconds)
