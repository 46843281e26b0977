"""How many calls (pg_stat_statements) and writing transactions (transaction ids) a request costs."""
from wire import *


def calls():
    """Of requests: whether a list of revoked certificates is due issuers ask by themselves, every few seconds."""
    return int(superuser(
        "SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid "
        "WHERE r.rolname IN ('muster_worker', 'muster_issuer') AND s.query NOT LIKE '%muster_issuer.crl_due(%'"))


def next_transaction():
    return int(superuser("SELECT pg_snapshot_xmax(pg_current_snapshot())"))


def cost(name, times, make, status, most_calls, most_writes):
    before, first = calls(), next_transaction()
    answers = [make(i) for i in range(times)]
    time.sleep(0.5)
    made, written = calls() - before, next_transaction() - first
    same("%s: answered" % name, [a.status for a in answers], [status] * times)
    case("%s: %d calls each" % (name, most_calls), made == times * most_calls, "%d calls by %d requests" % (made, times))
    case("%s: %d writing transactions each" % (name, most_writes), written == times * most_writes,
         "%d transactions by %d requests" % (written, times))


PATH = "/EnrollmentServer/Discovery.svc"
POLICY, ENROLLMENT = directions(post(PATH, discover()))
post(POLICY, get_policies())
post(ENROLLMENT, rst(items=with_items(DeviceID="CALLS")))
time.sleep(1)

cost("GET probe", 10, lambda i: request("GET", PATH), 200, 0, 0)
cost("Discover", 10, lambda i: post(PATH, discover()), 200, 1, 0)
cost("GetPolicies", 10, lambda i: post(POLICY, get_policies()), 200, 1, 0)
cost("RequestSecurityToken", 10, lambda i: post(ENROLLMENT, rst(items=with_items(DeviceID="CALLS%d" % i))), 200, 2, 1)
cost("the same device again", 10, lambda i: post(ENROLLMENT, rst(items=with_items(DeviceID="CALLS%d" % i))), 200, 2, 1)
cost("a wrong password", 5, lambda i: post(POLICY, get_policies(password="wrong %d" % i)), 500, 3, 2)
cost("the same wrong one again", 10, lambda i: post(POLICY, get_policies(password="wrong 1")), 500, 2, 1)
cost("a method that is refused", 10, lambda i: request("GET", POLICY), 405, 0, 0)
cost("an unreadable body", 5, lambda i: post(PATH, "<x"), 500, 1, 1)
