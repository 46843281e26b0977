"""What HTTP alone decides: methods, paths, types, sizes, framing, hosts."""
import threading

from wire import *

DISCOVERY_PATH = "/EnrollmentServer/Discovery.svc"


def probes():
    for method in ("GET", "HEAD"):
        answer = request(method, DISCOVERY_PATH)
        same("%s on the discovery path is 200, empty" % method, (answer.status, answer.body), (200, b""))
        same("%s: Content-Length 0" % method, answer.headers.get("content-length"), "0")
    answer = request("GET", DISCOVERY_PATH, headers=[("User-Agent", "Windows Phone 8 Enrollment Client"),
                                                     ("Pragma", "no-cache"), ("Content-Type", "unknown/unknown")])
    same("the probe with Windows' headers is 200", answer.status, 200)
    for path in ("/enrollmentserver/discovery.svc", "/ENROLLMENTSERVER/DISCOVERY.SVC", DISCOVERY_PATH + "?a=b"):
        same("GET %s is 200" % path, request("GET", path).status, 200)


def statuses():
    policy, enrollment = directions(post(DISCOVERY_PATH, discover()))
    for path in ("/EnrollmentServer/", "/EnrollmentServer/Other.svc", "/EnrollmentServer/example/x/Policy.svc",
                 "/EnrollmentServer/Example_!/Policy.svc", "/muster/", "/muster/other",
                 "/EnrollmentServer/a/b/c/d/e/Policy.svc", DISCOVERY_PATH + "/", "/EnrollmentServer/%00/Policy.svc",
                 "/EnrollmentServer/%2e%2e/x/Policy.svc"):
        answer = post(path, discover())
        case("POST %s is 404" % path, answer.status in (404, 400) if "%" in path else answer.status == 404, answer)
    same("the device endpoint is not on the enrollment host", request("GET", "/muster/device").status, 404)
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"):
        answer = request(method, DISCOVERY_PATH)
        # OPTIONS * and TRACE may be the web server's own to answer.
        case("%s on the discovery path is refused" % method, answer.status in (405, 501) or
             (method == "OPTIONS" and answer.status == 200), answer)
    for path in (policy, enrollment, "/EnrollmentServer/Policy.svc", "/EnrollmentServer/Enrollment.svc"):
        answer = request("GET", path)
        same("GET %s is 405 with Allow" % path.rsplit("/", 1)[1], (answer.status, answer.headers.get("allow")),
             (405, "POST"))
    answer = request("DELETE", DISCOVERY_PATH)
    same("405 on the discovery path names its methods", answer.headers.get("allow"), "GET, HEAD, POST")
    for content_type in ("application/json", "text/html", "multipart/form-data; boundary=x", "application/soap+xmlx",
                         "application/x-www-form-urlencoded"):
        for path in (DISCOVERY_PATH, policy, enrollment):
            same("%s at %s is 415" % (content_type, path.rsplit("/", 1)[1]),
                 post(path, discover(), content_type=content_type).status, 415)
    for content_type in ("application/soap+xml", "text/xml", "APPLICATION/SOAP+XML; charset=utf-8", None,
                         'application/soap+xml; charset=utf-8; action="x"'):
        same("Content-Type %s is accepted" % content_type,
             post(DISCOVERY_PATH, discover(), content_type=content_type).status, 200)
    for name, path, body, status in (("discovery", DISCOVERY_PATH, discover(), 413), ("policy", policy, get_policies(), 413),
                                     ("enrollment", enrollment, rst(), 200)):
        padded = body.replace("<s:Body>", "<!--%s--><s:Body>" % ("x" * 66000))
        same("%s of 66 KB is %d" % (name, status), post(path, padded).status, status)


def framing():
    answer = post(DISCOVERY_PATH, discover())
    case("an answer has its Content-Length and is not chunked", answer.status == 200 and
         answer.headers.get("content-length") == str(len(answer.body)) and
         "transfer-encoding" not in answer.headers, answer)
    answer = request("POST", DISCOVERY_PATH, discover(), headers=[("Accept-Encoding", "gzip, deflate, br")])
    case("no answer is compressed", answer.status == 200 and "content-encoding" not in answer.headers, answer)
    body = discover().encode()
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 100]), body[i:i + 100]) for i in range(0, len(body), 100))
    raw = ("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
           % (DISCOVERY_PATH, HOST, SOAP_TYPE)).encode() + chunked + b"0\r\n\r\n"
    same("a chunked request is answered", exchange(raw).status, 200)
    same("the smallest Host header changes nothing", exchange(raw.replace(HOST.encode(), b"evil.invalid")).status, 200)
    evil = exchange(raw.replace(HOST.encode(), b"evil.invalid")).body
    case("no URL in an answer comes from Host or To", b"evil.invalid" not in evil and b"elsewhere.invalid" not in evil, evil)
    raw = ("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
           % (DISCOVERY_PATH, HOST, len(body))).encode() + body
    case("two lengths are refused", exchange(raw).status in (400, 0))
    same("a request header of 30 KB is refused",
         request("POST", DISCOVERY_PATH, discover(), headers=[("X", "y" * 30000)]).status in (400, 413, 431), True)


def many():
    """Thirty at once, all answered."""
    statuses = []

    def one():
        statuses.append(post(DISCOVERY_PATH, discover()).status)
    threads = [threading.Thread(target=one) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same("thirty requests at once are answered", statuses, [200] * 30)


probes()
statuses()
framing()
many()
