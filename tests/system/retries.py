"""The reply is lost and the device sends the same request again: a new enrollment of the same device."""
from wire import *

policy, enrollment = directions(post("/EnrollmentServer/Discovery.svc", discover()))
items = with_items(DeviceID="RETRY0123456789", DeviceName="RETRY")
first = post(enrollment, rst(items=items))
case("the first request enrolls", token(first) is not None, first)
second = post(enrollment, rst(items=items))
case("sent again, it enrolls again", token(second) is not None, second)
case("with a certificate of its own", token(first) != token(second))
same("the device lives once, and once replaced", sql(
    "SELECT string_agg(state, ',' ORDER BY id) FROM muster.devices WHERE device_id = 'RETRY0123456789'"),
    "replaced,enrolled")
with tls() as sock:
    body = rst(items=items).encode()
    sock.sendall(("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
        enrollment, HOST, SOAP_TYPE, len(body))).encode() + body)
    sock.shutdown(socket.SHUT_RDWR)  # nobody waits for the reply
time.sleep(2)
third = post(enrollment, rst(items=items))
case("after a reply that nobody took, it enrolls again", token(third) is not None, third)
same("and one of them lives", sql(
    "SELECT count(*) FROM muster.devices WHERE device_id = 'RETRY0123456789' AND state = 'enrolled'"), "1")
