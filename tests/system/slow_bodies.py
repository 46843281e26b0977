"""More requests than there are workers stop half way: others are answered all the same."""
from wire import *

HEAD = ("POST /EnrollmentServer/Discovery.svc HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: 9000\r\n\r\n" % (HOST, SOAP_TYPE)).encode()
stalled = [tls() for _ in range(6)]
for number, one in enumerate(stalled):
    one.sendall(HEAD + b" " * (8000 + number))
time.sleep(0.5)
answer = request("GET", "/EnrollmentServer/Discovery.svc")
case("bodies that stop half way occupy no worker", answer.status == 200 and answer.seconds < 5, answer, "after %.1f s" % answer.seconds)
