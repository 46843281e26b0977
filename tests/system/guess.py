"""Guesses passwords by GetPolicies, each another one, and says what was answered.

Usage: guess.py COUNT AT-ONCE SOURCE-ADDRESS USER [FILE]

TERM ends it before: nothing more is sent, and what was answered until then is told.
A '#' in USER becomes the number of the guess. Prints how many got which answer ("500 Authentication", "503", …), a
line each, and last "bodies N": in how many ways faults differ but for ids and times. With FILE the milliseconds of
each answer that was a fault are written there, a line each."""
import collections
import http.client
import signal
import threading
from wire import *

COUNT, AT_ONCE, SOURCE, USER = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
PATH = "/EnrollmentServer/example/Policy.svc"
answers, bodies, times = collections.Counter(), set(), []
lock = threading.Lock()
numbers = iter(range(COUNT))
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())


class Connection(http.client.HTTPSConnection):
    """To where the server listens, from an address of our own, whatever its name says."""

    def connect(self):
        self.sock = tls(source=SOURCE)


def told(status, body):
    if status != 500:
        return str(status)
    fault = Fault(body)
    return "500 %s" % (fault.subcode or "?").split(":")[-1]


def guess(connection, number):
    body = get_policies(USER.replace("#", str(number)), "guess %d of %s" % (number, SOURCE)).encode()
    start = time.monotonic()
    connection.request("POST", PATH, body, {"Content-Type": SOAP_TYPE})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.monotonic() - start) * 1000
    with lock:
        answers[told(answer.status, body)] += 1
        if answer.status == 500:
            bodies.add(re.sub(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z", b"", body))
            times.append(took)


def work():
    connection = Connection(HOST, PORT)
    while not ended.is_set():
        with lock:
            number = next(numbers, None)
        if number is None:
            break
        try:
            guess(connection, number)
        except (OSError, http.client.HTTPException) as error:
            with lock:
                answers[type(error).__name__] += 1
            connection.close()
    connection.close()


threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for answer, count in sorted(answers.items()):
    print("%s: %d" % (answer, count))
print("bodies %d" % len(bodies))
if len(sys.argv) > 5:
    with open(sys.argv[5], "w", encoding="ascii") as file:
        file.writelines("%.3f\n" % one for one in times)
