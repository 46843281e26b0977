"""nonsense.py N: N requests that are refused, of several kinds, over one address."""
from wire import *

kinds = [lambda: post("/EnrollmentServer/Discovery.svc", "<x"), lambda: request("GET", "/EnrollmentServer/Discovery.svc"),
         lambda: post("/EnrollmentServer/example/Policy.svc", get_policies("nobody@example.test")),
         lambda: request("GET", "/EnrollmentServer/example/Policy.svc"),
         lambda: post("/EnrollmentServer/Discovery.svc", "x" * 100000)]
for number in range(int(sys.argv[1])):
    kinds[number % len(kinds)]()
