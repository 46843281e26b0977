"""Every rule, one case each: the statement that sets it, what the device is told, the one that lifts it."""
import json

from wire import *

DEVICE = os.environ["MUSTER_TEST_DEVICE"]
BEN = "ben@example.test"

# What a device makes of the fault (the registration constants of Windows).
HRESULTS = {"Authorization": ("0x80180003", "MENROLL_E_DEVICE_AUTHORIZATION_ERROR"),
            "EnrollmentServer": ("0x80180005", "MENROLL_E_DEVICE_CONFIGMGRSERVER_ERROR"),
            "DeviceCapReached": ("0x80180013", "MENROLL_E_DEVICECAPREACHED"),
            "DeviceNotSupported": ("0x80180014", "MENROLL_E_DEVICENOTSUPPORTED"),
            "NotSupported": ("0x80180015", "MENROLL_E_NOTSUPPORTED"),
            "InMaintenance": ("0x80180017", "MENROLL_E_INMAINTENANCE"),
            "UserLicense": ("0x80180018", "MENROLL_E_USERLICENSE"),
            "InvalidEnrollmentData": ("0x80180019", "MENROLL_E_ENROLLMENTDATAINVALID"),
            "CustomServerError": ("0x80180032", "MENROLL_E_CUSTOMSERVERERROR")}

runs = 0


# --- the device ---

def hardware(number):
    return {"DeviceID": "%032X" % number, "HWDevID": "%064X" % number, "SerialNumber": "SERIAL-%d" % number,
            "DeviceName": "RULES-%d" % number}


def run(facts, user=UPN, *more):
    """muster-device enrolls a device of these facts; its exit status and what it printed."""
    global runs
    runs += 1
    here, there = "%s:%d" % (HOST, PORT), "%s:%d" % (DEVICE_HOST, DEVICE_PORT)
    done = subprocess.run(
        [DEVICE, "enroll", "--user", user, "--server", here, "--ca-file", CA,
         "--connect-to", "%s:%s:%d" % (here, ADDRESS, PORT), "--connect-to", "%s:%s:%d" % (there, ADDRESS, DEVICE_PORT),
         "--device-url", "https://%s/muster/device" % there, *more,
         *(word for name, value in facts.items() for word in ("--set", "%s=%s" % (name, value)))],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode()


def enroll(facts, user=UPN):
    status, text = run(facts, user, "--json")
    try:
        return status, json.loads(text)
    except ValueError:
        return status, {"printed": text}


# --- the database ---

def literal(text):
    return "'%s'" % text.replace("'", "''")


def rows(statement, who=sql):
    text = who("SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (%s) t" % statement)
    return json.loads(text)


KNOWN = rows("SELECT facts FROM muster.device ORDER BY enrolled_at LIMIT 1")[0]["facts"]


def explained(facts, user):
    """The refusal that muster.explain_enrollment foretells; None if there is none."""
    decides = rows("SELECT rule, outcome, why, hresult, text FROM muster.explain_enrollment(%s, %s, '127.0.0.1') WHERE decides"
                   % (literal(user), literal(json.dumps({**KNOWN, **facts}))))
    return decides[0] if decides else None


def recorded(trace):
    return rows("SELECT t.outcome, t.why, t.stage, t.details -> 'decision' AS decision, r.hresult, r.constant, r.why AS listed "
                "FROM muster.trace('%s') t JOIN muster.refusals r ON r.trace = t.trace WHERE t.kind = 'refused'" % trace)


# --- a case ---

def is_part(part, whole):
    """Whether everything in part is in whole, too; a number of devices stands for their list."""
    return all(len(whole.get(k) or []) == v if k == "devices" else whole.get(k) == v for k, v in part.items())


def told_wrong(refusal, outcome, stage, text, language):
    wrong = []
    hresult, constant = HRESULTS[outcome]
    wanted = {"by": "server", "stage": stage, "hresult": hresult, "constant": constant, "status": 500,
              "subcode": SUBCODES.get(outcome, "s:Authorization"),
              "errorType": None if outcome in SUBCODES else outcome, "language": language or "en-US"}
    if text is not None:
        wanted.update(reason=text, message=text)
    for key, value in wanted.items():
        if refusal.get(key) != value:
            wrong.append("%s is %r, not %r" % (key, refusal.get(key), value))
    if not GUID.match(refusal.get("traceId", "")):
        wrong.append("no trace id")
    return wrong


def record_wrong(trace, outcome, rule, why, details, foretold):
    found = recorded(trace)
    if len(found) != 1:
        return ["%d records" % len(found)]
    one, wrong = found[0], []
    decision = one["decision"] or {}
    if one["outcome"] != outcome or decision.get("rule") != rule or not is_part(details, decision):
        wrong.append("recorded: %r" % one)
    if (one["hresult"], one["constant"]) != HRESULTS[outcome]:
        wrong.append("muster.refusals: %r" % one)
    if not re.search(why, one["why"]) or one["listed"] != one["why"]:
        wrong.append("why: %r, not %r" % (one["why"], why))
    if foretold is None or (foretold["rule"], foretold["outcome"], foretold["why"], foretold["hresult"]) != (
            rule, outcome, one["why"], HRESULTS[outcome][0]):
        wrong.append("explained beforehand: %r" % foretold)
    return wrong


def log_wrong(trace, outcome):
    line = log_of(trace)
    return [] if line.get("outcome") == outcome and line.get("recorded") == "yes" else ["log: %r" % line]


def refused(name, outcome, rule, setup, lift, why, facts=None, stage="enroll", details=None, user=UPN, text=None,
            language=None, number=1):
    """Set the rule, look what is foretold, be refused, lift it, enroll."""
    facts = {**hardware(number), **(facts or {})}
    name = "%s: %s" % (outcome, name)
    setup()
    foretold = explained(facts, user)
    status, answer = enroll(facts, user)
    refusal = answer.get("refusal", {})
    wrong = told_wrong(refusal, outcome, stage, text, language)
    if case(name, status == 1 and not wrong, status, *wrong, answer):
        wrong = record_wrong(refusal["traceId"], outcome, rule, why, details or {}, foretold)
        wrong += log_wrong(refusal["traceId"], outcome)
        case(name + ": record, log and explanation agree", not wrong, *wrong)
    lift()
    admitted(name + ": lifted, the same device enrolls", facts, user)


def admitted(name, facts, user=UPN):
    """The device enrolls, as foretold; it is retired then."""
    foretold = explained(facts, user)
    status, answer = enroll(facts, user)
    if case(name, status == 0 and foretold is None, status, foretold, answer):
        sql("SELECT muster.retire_device('%s', 'tried')" % answer["device"])


def do(*statements):
    return lambda: [sql("SELECT muster." + one) for one in statements]


# --- the rules ---

def accounts():
    refused("the account may not enroll", "Authorization", "account", do("forbid_account('%s')" % UPN),
            do("allow_account('%s')" % UPN), r"account ada@example\.test may not enroll", stage="policies")
    refused("the account is disabled", "Authorization", "account", do("disable_account('%s', 'on leave')" % UPN),
            do("enable_account('%s')" % UPN), r"is disabled since .*: on leave", stage="policies")
    refused("a group is required", "Authorization", "group", do("require_group('example')"),
            do("require_group('example', false)"), "is in no group", stage="policies")
    do("add_group('example', 'pilots')", "add_to_group('%s', 'pilots')" % UPN)()
    refused("the group may not enroll", "Authorization", "group", do("forbid_group('example', 'pilots')"),
            do("allow_group('example', 'pilots')"), 'group "pilots" may not enroll', stage="policies")
    refused("the network is not allowed", "Authorization", "network", do("allow_network('example', '192.0.2.0/24')"),
            do("disallow_network('example', '192.0.2.0/24')"), r"address 127\.0\.0\.1 is in no allowed network", stage="policies")
    refused("the group's network is another", "Authorization", "network",
            do("allow_network('example', '192.0.2.0/24', 'pilots')"), do("disallow_network('example', '192.0.2.0/24', 'pilots')"),
            r"address 127\.0\.0\.1 is in no allowed network", stage="policies")


def devices():
    for kind, name in (("hardware id", "HWDevID"), ("device id", "DeviceID"), ("serial number", "SerialNumber")):
        value = hardware(1)[name].lower()
        refused("blocked by its %s" % kind, "Authorization", "blocked device",
                do("block_device('example', '%s', '%s', 'stolen')" % (kind, value)),
                do("unblock_device('example', '%s', '%s')" % (kind, value)), "%s %s is blocked since .*: stolen" % (kind, value))
    first = enroll(hardware(2), BEN)[1]["device"]
    refused("another account has this hardware", "Authorization", "collision", do("set_collision_policy('example', 'refuse')"),
            do("set_collision_policy('example', 'clone')"), r"account ben@example\.test has a living device", number=2,
            facts={"DeviceID": "CLONE"}, details={"policy": "refuse", "device": first, "account": BEN})
    same("both are events of their own", sql("SELECT string_agg(details ->> 'policy', ' ' ORDER BY at) FROM muster.event "
                                             "WHERE kind = 'hardware collision'"), "refuse clone")
    sql("SELECT muster.retire_device('%s', 'tried')" % first)
    refused("not pre-registered", "DeviceNotSupported", "expected device", do("require_preregistration('example')"),
            do("expect_device('example', 'serial number', 'serial-1')"), "the device is not expected")
    refused("expected from another account", "DeviceNotSupported", "expected device",
            do("expect_device('example', 'serial number', 'serial-3', '%s')" % BEN),
            do("require_preregistration('example', false)"), "is expected from another account than ada", number=3)


def platforms():
    for name, platform, why in (
            ("Windows is too old", "minimum_os_version => '10.0.26300'", r"Windows 10\.0\.26200\.\d+ is below 10\.0\.26300"),
            ("Windows is too new", "maximum_os_version => '10.0.22631'", r"Windows 10\.0\.26200\.\d+ is above 10\.0\.22631"),
            ("the edition", "editions => '{4}'", "edition 48 of Windows is not admitted"),
            ("the device type", "device_types => '{WindowsPhone}'", "device type CIMClient_Windows is not admitted")):
        refused(name, "DeviceNotSupported", "platform", do("set_platform('example', %s)" % platform),
                do("clear_platform('example')"), why)
    refused("the enrollment type", "NotSupported", "enrollment type", do("set_platform('example', enrollment_types => '{Full}')"),
            do("clear_platform('example')"), "enrollment type Device is not admitted", facts={"EnrollmentType": "Device"})
    refused("the flow", "NotSupported", "flow", do("set_platform('example', flows => '{automatic,bulk}')"),
            do("clear_platform('example')"), "enrolling by user is not admitted", details={"flow": "user"})


def licences():
    licence = "'example', 'Management'"
    do("add_licence(%s, 1)" % licence)()
    refused("none assigned", "UserLicense", "licence", do("require_licence('example')"),
            do("assign_licence('%s', 'Management')" % UPN), "has no licence assigned", stage="policies")
    refused("expired", "UserLicense", "licence", do("set_licence_validity(%s, '2020-01-01', '2021-01-01')" % licence),
            do("set_licence_validity(%s, '2020-01-01', NULL)" % licence), 'licence "Management" has expired on 2021-01-01', stage="policies")
    refused("not yet valid", "UserLicense", "licence", do("set_licence_validity(%s, now() + interval '1 day', NULL)" % licence),
            do("set_licence_validity(%s, '2020-01-01', NULL)" % licence), "only begins on", stage="policies")
    refused("exhausted", "UserLicense", "licence",
            do("unassign_licence('%s', 'Management')" % UPN, "assign_licence('%s', 'Management')" % BEN,
               "set_licence_pool(%s, true)" % licence),
            do("set_licence_seats(%s, 2)" % licence), "is exhausted: none of its seats is free", stage="policies")
    do("require_licence('example', false)")()


def caps():
    lifted = do("set_device_cap('example', NULL)")
    counted = {"limit": 1, "count": 1, "devices": 1}
    refused("by the organization", "DeviceCapReached", "device cap", do("set_device_cap('example', 1)"), lifted,
            "has 1 living devices and may have 1 by", details=counted)
    refused("by the group", "DeviceCapReached", "device cap", do("set_group_cap('example', 'pilots', 1)"),
            do("set_group_cap('example', 'pilots', NULL)"), 'and may have 1 by .*pilots', details=counted)
    refused("by the account", "DeviceCapReached", "device cap", do("set_account_cap('%s', 0)" % UPN),
            do("set_account_cap('%s', NULL)" % UPN), "and may have 0 by", details={"limit": 0, "count": 1, "devices": 1})


def maintenance():
    ended = do("end_maintenance('example')")
    refused("now", "InMaintenance", "maintenance", do("begin_maintenance('example', 'new server')"), ended,
            "maintenance until it is ended: new server", stage="policies")
    refused("in its window", "InMaintenance", "maintenance",
            do("schedule_maintenance('example', now() - interval '1 hour', now() + interval '1 hour', 'move')"), ended,
            r"maintenance until \d{4}-.* UTC: move", stage="policies")
    refused("of all organizations", "InMaintenance", "maintenance", do("begin_maintenance(NULL, 'everything')"),
            do("end_maintenance(NULL)"), "maintenance until it is ended: everything", stage="policies")
    refused("but for the pilots", "InMaintenance", "maintenance", do("begin_maintenance('example', 'trial', 'pilots')"),
            lambda: admitted("InMaintenance: the pilots are let through", hardware(5)) or ended(), "trial", stage="policies", user=BEN)
    window = sql("SELECT muster.schedule_maintenance('example', now() + interval '1 hour', NULL, 'later')")
    admitted("InMaintenance: not before it begins", hardware(1))
    sql("SELECT muster.cancel_maintenance('%s')" % window)


def token(name, upn, version, expires):
    """What the terms page hands to the device; the page itself is not a part of this."""
    superuser("INSERT INTO muster.acceptance (id, organization, account, version, how, token_sha256, expires_at) "
              "SELECT muster.new_id(), organization, id, %d, 'page', sha256(%s), now() + interval '%s' "
              "FROM muster.account WHERE upn = '%s'" % (version, literal(name), expires, upn))
    return {"EnrollmentData": name}


def terms():
    do("publish_terms('example', 1, 'en', 'Terms', 'For work.')", "publish_terms('example', 2, 'en', 'Terms', 'For work only.')")()
    required, lifted = do("require_terms('example', 2)"), do("require_terms('example', NULL)")
    for name, facts, why in (
            ("unknown", {"EnrollmentData": "no-such-token"}, "EnrollmentData is no token of the terms page"),
            ("another account's", token("of-ben", BEN, 2, "1 hour"), "of another account's acceptance"),
            ("of an older version", token("of-old", UPN, 1, "1 hour"), "is of version 1 of the terms, 2 is required"),
            ("expired", token("of-yore", UPN, 2, "-1 hour"), "EnrollmentData has expired on")):
        refused(name, "InvalidEnrollmentData", "terms", required, lifted, why, facts=facts)
    required()
    admitted("InvalidEnrollmentData: accepted on the page", {**hardware(1), **token("of-ada", UPN, 2, "1 hour")})
    refused("missing", "InvalidEnrollmentData", "terms", required, do("record_acceptance('%s', 2, 'on paper')" % UPN),
            "EnrollmentData is missing, and version 2 of the terms must have been accepted")
    lifted()


# --- custom rules ---

TEXTS = {"reason": "too grey", "en": "No <grey> devices & no \"others\".", "de": "Keine <grauen> Geräte & auch keine \"übrigen\"."}
FUNCTION = ("SET ROLE ruler; CREATE OR REPLACE FUNCTION rules.grey(c muster.candidate) RETURNS jsonb LANGUAGE plpgsql %s SECURITY "
            "DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN %s; RETURN %s; END $$")


def function(answer, first="NULL", how="STABLE"):
    return lambda: superuser(FUNCTION % (how, first, answer))


def custom():
    superuser("CREATE ROLE ruler; CREATE SCHEMA rules AUTHORIZATION ruler; GRANT USAGE ON SCHEMA rules TO PUBLIC; "
              "GRANT USAGE ON SCHEMA muster TO ruler")
    allows = function("NULL")
    refuses = function("CASE WHEN c.upn = '%s' THEN %s::jsonb END" % (UPN, literal(json.dumps(TEXTS))))
    refuses()
    do("register_custom_rule('example', 'grey', 'rules.grey')")()
    rule = 'custom rule "grey"'
    for locale, language in (("de-DE", "de"), ("en-GB", "en"), ("fr-FR", "en")):
        refused("to a device in %s" % locale, "CustomServerError", rule, refuses, allows, 'rule "grey": too grey',
                facts={"Locale": locale}, text=TEXTS[language], language=language, details={"function": "rules.grey"})
    long = "ä" * 1000
    refused("the longest text", "CustomServerError", rule, function("jsonb_build_object('de', repeat('ä', 1001))"), allows,
            'rule "grey": no reason given', text=long, language="de")
    refused("a rule that fails", "EnrollmentServer", rule, function("(1 / (length(c.upn) - length(c.upn)))::text::jsonb"), allows,
            'rule "grey" failed: SQLSTATE 22012: division by zero')
    refused("a rule that is VOLATILE now", "EnrollmentServer", rule, function("NULL", how="VOLATILE"), allows,
            'rule "grey" was not asked: rules.grey is VOLATILE')
    # The issuers' own limit is 5 s; who explains sets one, too.
    os.environ["PGOPTIONS"] = "-c statement_timeout=2s"
    refused("a rule that runs too long", "EnrollmentServer", rule, function("NULL", first="PERFORM pg_sleep(60)"), allows,
            'rule "grey" ran too long')
    del os.environ["PGOPTIONS"]
    refuses()
    printed = run({**hardware(1), "Locale": "de-DE"})[1]
    for name, value in (("subcode", "s:Authorization"), ("error type", "CustomServerError"), ("message", TEXTS["de"]),
                        ("language", "de"), ("trace id", None)):
        line = re.search(r"^  %-12s (.*)$" % name, printed, re.M)
        case("printed for people: %s" % name, line and (value is None or line.group(1) == value), printed)
    case("printed for people: the constant", "0x80180032 MENROLL_E_CUSTOMSERVERERROR (HTTP 500)" in printed, printed)
    do("remove_custom_rule('example', 'grey')")()
    admitted("CustomServerError: removed, the device enrolls", hardware(1))


def main():
    generation = "SELECT generation FROM muster.configuration"
    before = superuser(generation)
    for rules in (accounts, devices, platforms, licences, caps, maintenance, terms, custom):
        rules()
    same("no rule moved the configuration on", superuser(generation), before)
    with open(os.environ["MUSTER_TEST_RUNS"], "w", encoding="ascii") as file:
        file.write("%d\n" % runs)


main()
