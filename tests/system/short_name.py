"""One enrollment by a name as people type it, through the URLs that discovery answered."""
from wire import *

name = sys.argv[1]
policy, enrollment = directions(post("/EnrollmentServer/Discovery.svc", discover()))
same("as '%s': policy" % name, post(policy, get_policies(name)).status, 200)
answer = post(enrollment, rst(name, items=with_items(DeviceID="SHORT" + name.encode().hex())))
case("as '%s': enrollment" % name, answer.status == 200 and token(answer) is not None, answer)
organization = enrollment.split("/")[2]
same("as '%s', without the attempt in the path" % name,
     post("/EnrollmentServer/%s/Policy.svc" % organization, get_policies(name)).status, 200)
answer = post("/EnrollmentServer/Policy.svc", get_policies(name))
if "@" in name:
    same("as '%s', without the organization in the path" % name, answer.status, 200)
else:
    is_fault("as '%s', without the organization in the path: nobody" % name, answer, "Authentication")
