"""Each stage while the database is away or silent: away.py HOW SECONDS."""
import threading

from wire import *

how, limit = sys.argv[1], float(sys.argv[2])
stages = (("discovery", "/EnrollmentServer/Discovery.svc", discover()),
          ("policy", "/EnrollmentServer/example/Policy.svc", get_policies()),
          ("enrollment", "/EnrollmentServer/example/Enrollment.svc", rst()))


def stage(name, path, body, label):
    answer = post(path, body, timeout=limit + 60)
    fault = is_fault("%s, %s: EnrollmentServer%s" % (how, name, label), answer, "EnrollmentServer")
    case("%s, %s: within %d s%s (%.1f s)" % (how, name, limit, label, answer.seconds), answer.seconds < limit)
    line = log_of(fault.trace or "-")
    same("%s, %s: logged, not recorded%s" % (how, name, label), (line.get("outcome"), line.get("recorded")),
         ("EnrollmentServer", "no"))


for name, path, body in stages:
    stage(name, path, body, "")
threads = [threading.Thread(target=stage, args=one + (", two at once",)) for one in (stages[1], stages[2])]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
same("%s: the probe needs no database" % how, request("GET", "/EnrollmentServer/Discovery.svc").status, 200)
answer = request("GET", "/muster/device", host=DEVICE_HOST, port=DEVICE_PORT)
same("%s: the device endpoint without a certificate is 403" % how, answer.status, 403)
