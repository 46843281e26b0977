"""Eight times the same device at the same moment: all answered, one lives."""
import threading

from wire import *

policy, enrollment = directions(post("/EnrollmentServer/Discovery.svc", discover()))
body = rst(items=with_items(DeviceID="ATONCE0123456789", DeviceName="ATONCE"))
answers = []
threads = [threading.Thread(target=lambda: answers.append(post(enrollment, body))) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
same("eight requests of one device at once are answered", [a.status for a in answers], [200] * 8)
same("one of the eight enrollments lives", sql(
    "SELECT string_agg(n || ' ' || state, ',' ORDER BY state) FROM (SELECT state, count(*) AS n FROM muster.devices "
    "WHERE device_id = 'ATONCE0123456789' GROUP BY state) x"), "1 enrolled,7 replaced")
