"""AuthenticationServiceUrl of a DiscoverResponse, as a device gets it."""
import sys

from wire import *

answer = post("/EnrollmentServer/Discovery.svc", discover(sys.argv[1]))
print(ElementTree.fromstring(answer.body).findtext(".//{%s}AuthenticationServiceUrl" % DISCOVERY) or "none")
