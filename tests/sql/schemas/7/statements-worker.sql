-- The statements that version 7's workers send (app/store/worker.c), letter by letter, as the role muster_worker, with
-- parameters of no declared type as there. Arguments fit data.sql.

PREPARE discover AS SELECT outcome, why, organization, enrollment_url, auth_policies, enrollment_version FROM muster_worker.discover($1);
EXECUTE discover('example.test');
EXECUTE discover('BÜCHER.example.test.');
EXECUTE discover('closed.test');
EXECUTE discover('nowhere.test');
EXECUTE discover(NULL);

PREPARE policy AS SELECT outcome, why, text, organization, account, upn, password_hash, minimum_key_length, validity_seconds, renewal_seconds, language, details FROM muster_worker.policy($1, $2, $3);
EXECUTE policy('example', 'ada@example.test', '192.0.2.7');
EXECUTE policy('example', 'CORP\bob', '192.0.2.7');
EXECUTE policy(NULL, 'Ada@Example.test', '192.0.2.7');
EXECUTE policy('example', 'twin', '192.0.2.7');
EXECUTE policy('example', 'carl', '192.0.2.7');
EXECUTE policy('example', 'dora', '192.0.2.7');
EXECUTE policy('closed', 'erin', '192.0.2.7');
EXECUTE policy('empty', 'first', '192.0.2.7');
EXECUTE policy('expired', 'late', '192.0.2.7');
EXECUTE policy('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'ada@example.test', '192.0.2.7');
EXECUTE policy('nowhere', 'ada', '192.0.2.7');
EXECUTE policy(NULL, 'nobody@nowhere.test', '192.0.2.7');

PREPARE consider AS SELECT outcome, why, text, organization, account, upn, password_hash, minimum_key_length, allow_sha1, provider_id, provider_name, management_url, renewal_url, renew_period_days, renew_retry_days, first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval, poll_on_login, all_users_poll_on_first_login, application_enterprise_id, application_token, hub_product_id, hub_uri, hub_name, language, details FROM muster_worker.consider($1, $2, $3, $4);
EXECUTE consider('example', 'ada@example.test', '{"DeviceID":"Laptop","HWDevID":"hw-1","EnrollmentType":"Full","OSVersion":"10.0.22631.1"}', '192.0.2.7');
EXECUTE consider('example', 'package', '{"DeviceID":"clone-3","HWDevID":"HW-image","EnrollmentType":"Device"}', '192.0.2.7');
EXECUTE consider('example', 'ada', NULL, '192.0.2.7');
EXECUTE consider('example', 'ada', '{"EnrollmentType":"Quick"}', '192.0.2.7');
EXECUTE consider('example', 'carl', '{}', '192.0.2.7');
EXECUTE consider('closed', 'erin', '{}', '192.0.2.7');
EXECUTE consider('empty', 'first', '{}', '192.0.2.7');
EXECUTE consider('expired', 'late', '{}', '192.0.2.7');
EXECUTE consider('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'ada', '{"DeviceName":["a","b"],"DeviceType":{"x":1}}', '192.0.2.7');
EXECUTE consider('example', 'nobody', '{}', '192.0.2.7');
EXECUTE consider('nowhere', 'ada', '{}', '192.0.2.7');

PREPARE refuse AS SELECT recorded FROM muster_worker.refuse($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
EXECUTE refuse('0190f0c2-0000-7000-8000-00000000f001', '0190f0c2-0000-7000-8000-00000000f002', 'policy', 'Authentication', 'wrong password', 'example', 'ada',
	'0190f0c2-0000-7000-8000-000000000015', '192.0.2.7', '{"DeviceID":"Laptop","DeviceName":"ADA-PC"}', '{"rule":"collision","policy":"refuse"}');
EXECUTE refuse('0190f0c2-0000-7000-8000-00000000f003', NULL, 'enrollment', 'MessageFormat', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
EXECUTE refuse('0190f0c2-0000-7000-8000-00000000f004', NULL, 'discovery', 'Authorization', 'odd', 'no such key', 'x@nowhere.test', NULL, 'not an address', '[1,2]', NULL);

-- Of the devices 103 (its first use ends 102), 102 after that, 101, 104, 105, 108, 110, 111, and of none.
PREPARE device AS SELECT outcome, why, device, account, organization, state, name, not_after FROM muster_worker.device($1, $2);
EXECUTE device(sha256('\x308200000067'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f011');
EXECUTE device(sha256('\x308200000066'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f012');
EXECUTE device(sha256('\x308200000065'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f013');
EXECUTE device(sha256('\x308200000068'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f014');
EXECUTE device(sha256('\x308200000069'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f015');
EXECUTE device(sha256('\x30820000006c'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f016');
EXECUTE device(sha256('\x30820000006e'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f017');
EXECUTE device(sha256('\x30820000006f'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f018');
EXECUTE device(sha256('\x00'), '0190f0c2-0000-7000-8000-00000000f019');

PREPARE count AS SELECT counted FROM muster_worker.count($1);
EXECUTE count('[{"organization": "example", "stage": "policy", "build": "10.0.26100", "count": 3}]');

PREPARE housekeeping AS SELECT summary, more FROM muster_worker.housekeeping();
EXECUTE housekeeping;
