"""Requests that say of themselves that somebody signed in: headers, spellings of the protected path, other paths.
Through Apache with its module, and through a web server without one. None may end in a token.

forged_sign_in.py ISSUER LIGHTTPD-PORT"""
import itertools
import sys

from wire import *

ISSUER, LIGHTTPD = sys.argv[1], int(sys.argv[2])
ATTEMPT = "01890000-0000-7000-8000-000000000001"
PATH = "/muster/sso/example/" + ATTEMPT
QUERY = "?appru=ms-app%3A%2F%2Fwindows.immersivecontrolpanel"
USER = "ada@example.test"
# Everything that a sign-in needs, as headers in one spelling each, and all at once.
NEEDED = (("REMOTE_USER", USER), ("AUTH_TYPE", "openid-connect"), ("OIDC_CLAIM_email", USER), ("OIDC_CLAIM_iss", ISSUER))
FORGED = [[(prefix + name.replace("_", mark), value) for name, value in NEEDED]
          for prefix in ("", "HTTP_", "HTTP-", "X-", "REDIRECT_", "Redirect-") for mark in ("_", "-")]
FORGED.append([pair for headers in FORGED for pair in headers]
              + [("Authorization", "Basic YWRhQGV4YW1wbGUudGVzdDp4"), ("X-Forwarded-User", USER), ("User", USER),
                 ("Cookie", "mod_auth_openidc_session=AAAA; REMOTE_USER=" + USER)])
SPELLINGS = [PATH, PATH.upper(), "/Muster/sso/example/" + ATTEMPT, "/muster/SSO/example/" + ATTEMPT, "/muster/sso/Example/" + ATTEMPT,
             "/muster/sso/example/" + ATTEMPT.upper(), "//muster/sso/example/" + ATTEMPT, "/muster//sso/example/" + ATTEMPT,
             "/muster/./sso/example/" + ATTEMPT, "/x/../muster/sso/example/" + ATTEMPT, "/muster/x/../sso/example/" + ATTEMPT,
             "/muster%2fsso/example/" + ATTEMPT, "/muster/sso%2Fexample/" + ATTEMPT, "/%6duster/sso/example/" + ATTEMPT,
             "/muster/%73so/example/" + ATTEMPT, "/muster/sso;/example/" + ATTEMPT, "/muster/sso/example/" + ATTEMPT + "/",
             "/muster/sso/example/" + ATTEMPT + "%00", "/muster\\sso\\example\\" + ATTEMPT, "/muster/sso%5cexample/" + ATTEMPT,
             "/EnrollmentServer/../muster/sso/example/" + ATTEMPT, "/EnrollmentServer/..%2fmuster/sso/example/" + ATTEMPT,
             "/EnrollmentServer/%2e%2e/muster/sso/example/" + ATTEMPT, "/muster/sso/example/" + ATTEMPT + "/10.0.19045",
             "/muster/%2573so/example/" + ATTEMPT, "/muster/\u017fso/example/" + ATTEMPT]


def worthless(answer):
    """To the provider, or refused; what a page says holds no token."""
    location = answer.headers.get("location", "")
    return b"wresult" not in answer.body and (answer.status in (200, 400, 401, 403, 404, 405)
                                              or (answer.status == 302 and location.startswith(ISSUER + "/authorize")))


for port, server in ((PORT, "Apache"), (LIGHTTPD, "lighttpd")):
    for path in SPELLINGS:
        wrong = [answer for answer in (request("GET", path + QUERY, headers=headers, port=port) for headers in [[], *FORGED])
                 if not worthless(answer)]
        case("%s: whatever a client says at %s is worth nothing" % (server, ascii(path)), not wrong, *wrong)

# Where there is no module at all, the only answer is a refusal; and elsewhere the headers mean nothing either.
for path in ("/EnrollmentServer/example/%s/SignIn" % ATTEMPT, "/EnrollmentServer/Discovery.svc", "/muster/device", "/EnrollmentServer/example/Terms"):
    for port in (PORT, LIGHTTPD):
        answers = [request("GET", path + QUERY, headers=headers, port=port) for headers in FORGED]
        case("no token at %s" % path, not any(b"wresult" in answer.body for answer in answers), *answers)
for path in ("/EnrollmentServer/example/Policy.svc", "/EnrollmentServer/example/Enrollment.svc"):
    answer = request("POST", path, get_policies(password="wrong"), headers=FORGED[-1], port=PORT)
    case("no policy for forged headers at %s" % path, answer.status == 500 and b"s:Authentication" in answer.body, answer)
for port in (PORT, LIGHTTPD):
    for method in ("POST", "PUT", "DELETE"):
        answer = request(method, PATH + QUERY, headers=FORGED[-1], port=port)
        case("%s there is worth nothing" % method, worthless(answer), answer)
