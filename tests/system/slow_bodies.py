"""More requests than there are workers stop half way: others are answered all the same."""
import os
import socket
import ssl
import time

HOST, PORT = os.environ["MUSTER_HOST"], int(os.environ["MUSTER_PORT"])
ADDRESS = os.environ["MUSTER_ADDRESS"]
context = ssl.create_default_context(cafile=os.environ["MUSTER_TLS_CA"])


def connect():
    return context.wrap_socket(socket.create_connection((ADDRESS, PORT), 10), server_hostname=HOST)


stalled = []
for number in range(6):
    one = connect()
    one.sendall(b"POST /EnrollmentServer/Discovery.svc HTTP/1.1\r\nHost: %s\r\nContent-Type: application/soap+xml\r\n"
                b"Content-Length: 9000\r\n\r\n" % HOST.encode() + b" " * (8000 + number))
    stalled.append(one)
time.sleep(0.5)
started = time.monotonic()
one = connect()
one.sendall(b"GET /EnrollmentServer/Discovery.svc HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % HOST.encode())
answer = one.recv(4096)
took = time.monotonic() - started
good = answer.startswith(b"HTTP/1.1 200 ") and took < 5
print("ok" if good else "not ok", "- bodies that stop half way occupy no worker")
if not good:
    print(f"{answer[:80]!r} after {took:.1f} s")
