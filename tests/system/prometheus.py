"""Prometheus itself: it scrapes the server as deploy/prometheus says; every query of the dashboard and of the alerts runs,
and those of the dashboard find something.

Usage: prometheus.py DEPLOY-DIRECTORY SCRATCH"""
import json
import shutil
import urllib.parse
import urllib.request

from wire import *

DEPLOY, SCRATCH = sys.argv[1:3]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def configuration():
    """The job as it comes, but for where and whom to trust, and more often."""
    text = open(os.path.join(DEPLOY, "scrape.yml"), encoding="utf-8").read()
    text = text.replace("enterpriseenrollment.example.test:443", "%s:%d" % (ADDRESS, PORT))
    text = text.replace("    scheme: https\n", "    scheme: https\n    scrape_interval: 1s\n    tls_config: {ca_file: %s, server_name: %s}\n" % (json.dumps(CA), HOST))
    return text + "rule_files: [alerts.yml]\nglobal: {evaluation_interval: 1s}\n"


def api(path, **query):
    with urllib.request.urlopen("%s/api/v1/%s?%s" % (URL, path, urllib.parse.urlencode(query)), timeout=10) as answer:
        return json.load(answer)["data"]


def found(expression):
    try:
        return len(api("query", query=expression)["result"])
    except OSError as error:
        return error


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return True
        except OSError:
            pass  # it is just starting
        time.sleep(0.2)
    return False


def dashboard():
    with open(os.path.join(DEPLOY, "dashboard.json"), encoding="utf-8") as file:
        return [(panel["title"], target["expr"].replace("$__rate_interval", "1m")) for panel in json.load(file)["panels"] for target in panel["targets"]]


def questions():
    for title, expression in dashboard():
        until(lambda: found(expression) not in (0,), 20)
        number = found(expression)
        case("dashboard, %s: finds something" % title, isinstance(number, int) and number > 0, expression, number)
    for group in api("rules")["groups"]:
        for rule in group["rules"]:
            case("alert %s: is evaluated" % rule["name"], rule["health"] == "ok", rule.get("lastError"), rule["health"])
    firing = {alert["labels"]["alertname"] for alert in api("alerts")["alerts"] if alert["state"] == "firing"}
    same("no alert of a server that is well", firing & {"MusterDown", "MusterDatabaseDown", "MusterIssuersNotReady", "MusterOnStandby"}, set())


if shutil.which("prometheus") is None:
    print("# Debian's prometheus is not installed")
    sys.exit(0)
directory = os.path.join(SCRATCH, "prometheus")
os.mkdir(directory)
shutil.copy(os.path.join(DEPLOY, "alerts.yml"), directory)
with open(os.path.join(directory, "prometheus.yml"), "w", encoding="utf-8") as file:
    file.write(configuration())
same("promtool takes job and rules", subprocess.run(["promtool", "check", "config", "prometheus.yml"], cwd=directory, capture_output=True).returncode, 0)
URL = "http://127.0.0.1:%d" % free_port()
with open(os.path.join(directory, "log"), "wb") as log:
    process = subprocess.Popen(["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=" + URL[7:]], cwd=directory, stdout=log, stderr=log)
try:
    case("Prometheus scrapes it", until(lambda: api("query", query="up{job='muster'} == 1")["result"]), open(os.path.join(directory, "log")).read()[-400:])
    until(lambda: all(rule["health"] == "ok" for group in api("rules")["groups"] for rule in group["rules"]))
    questions()
finally:
    process.terminate()
    process.wait(30)
