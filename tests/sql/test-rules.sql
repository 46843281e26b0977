-- Every rule both ways, with its reason, as the worker is told, and what the record keeps of a refusal.
SET search_path = test;
SELECT no_plan();

CREATE FUNCTION said(p_user text, p_facts text DEFAULT '{}', p_remote text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT outcome, why FROM muster_worker.consider(NULL, %L, %L, %L)', p_user, p_facts, p_remote))
$$;
CREATE FUNCTION early(p_user text, p_remote text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT outcome, why FROM muster_worker.policy(NULL, %L, %L)', p_user, p_remote))
$$;
CREATE FUNCTION detail(p_user text, p_facts text DEFAULT '{}', p_remote text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT c.details FROM muster_worker.consider(NULL, p_user, p_facts::jsonb, p_remote) c
$$;
-- What a rule says when it is asked alone; the candidate is p_user's.
CREATE FUNCTION told(p_rule text, p_user text, p_facts text DEFAULT '{}', p_remote text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT v.outcome || '|' || v.why FROM muster.verdicts(muster.candidate_of(muster.account_id(p_user), p_remote::inet, p_facts::jsonb), true) v WHERE v.rule = p_rule
$$;
CREATE SEQUENCE numbers START 100;
CREATE FUNCTION recorded(p_user text, p_facts text DEFAULT '{}', p_columns text DEFAULT 'outcome, why', p_remote text DEFAULT '192.0.2.7') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_issuer', test.record(nextval('test.numbers')::integer, p_user, p_facts, p_columns => p_columns, p_remote => p_remote))
$$;
CREATE FUNCTION does(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('boss', p_sql) $$;
CREATE FUNCTION today() RETURNS text LANGUAGE sql AS $$ SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') $$;

-- The candidate.
SELECT is(to_jsonb(c) - 'facts' - 'account' - 'organization', '{"bulk_token": null, "organization_key": "example", "upn": "ada@example.test", "display_name": "Ada Lovelace", "account_kind": "person", "account_enabled": true,
	"groups": [], "remote": "192.0.2.7", "device_id": "d", "hardware_id": "h", "serial_number": "s", "device_name": "PC", "enrollment_type": "Full", "flow": "automatic", "device_type": "CIMClient_Windows",
	"os_version": "10.0.19045", "os_edition": "4", "application_version": "10.1", "request_version": "5.0", "manufacturer": "M", "model": "X", "locale": "de-DE", "enrollment_data": "t"}'::jsonb, 'the candidate has everything')
  FROM muster.candidate_of(muster.account_id('ada@example.test'), '192.0.2.7', '{"DeviceID": "d", "HWDevID": "h", "SerialNumber": "s", "DeviceName": "PC", "EnrollmentType": "Full", "DeviceType": "CIMClient_Windows",
	"OSVersion": "10.0.19045", "OSEdition": "4", "ApplicationVersion": "10.1", "RequestVersion": "5.0", "Manufacturer": "M", "DeviceModel": "X", "Locale": "de-DE", "EnrollmentData": "t"}') c;
SELECT is((SELECT num_nonnulls(c.facts, c.flow, c.device_id) FROM muster.candidate_of(muster.account_id('ada@example.test'), NULL, NULL) c), 0, 'without facts the device is not known');
SELECT is(muster.flow(f::jsonb), expected, 'flow: ' || coalesce(f, 'NULL')) FROM (VALUES
	(NULL, NULL), ('{}', 'automatic'), ('{"UXInitiated": "true"}', 'user'), ('{"UXInitiated": "True"}', 'user'), ('{"UXInitiated": "false"}', 'automatic'), ('{"BulkAADJ": "true", "UXInitiated": "true"}', 'bulk'),
	('{"ZeroTouchProvisioning": "8a1d2f0e-4b5c-4d6e-8f70-112233445566"}', 'autopilot'), ('{"OfflineAutoPilotEnrollmentCorrelator": "x-1"}', 'autopilot'),
	('{"WhiteGlove": "true", "ZeroTouchProvisioning": "x"}', 'white glove'), ('{"WhiteGloveHybridJoin": "true"}', 'white glove'), ('{"PlugandForget": "true"}', 'plug and forget'),
	('{"AzVMIAMExtensionJoin": "true"}', 'azure vm'), ('{"BulkAADJ": {"x": 1}}', 'automatic'), ('[]', 'automatic')) v (f, expected);

-- Account and groups.
SELECT is(does($$SELECT muster.forbid_account('bob@example.test')$$), 'account bob@example.test may not enroll', 'an account may not enroll');
SELECT is(said('bob@example.test'), 'Authorization|account bob@example.test may not enroll', 'account: forbidden');
SELECT is(early('bob@example.test'), 'Authorization|account bob@example.test may not enroll', 'account: forbidden, in GetPolicies');
SELECT is(detail('bob@example.test'), '{"rule": "account"}', 'details name the rule');
SELECT does($$SELECT muster.allow_account('bob@example.test')$$) IS NULL;
SELECT is(said('bob@example.test'), 'OK|-', 'account: allowed again');
SELECT does($$SELECT muster.require_group('example')$$), does($$SELECT muster.add_group('example', 'Sales')$$), does($$SELECT muster.add_group('example', 'Leavers', may_enroll => false)$$) \g /dev/null
SELECT is(said('bob@example.test'), 'Authorization|account bob@example.test is in no group, and organization example lets only members of groups enroll', 'group: required');
SELECT does($$SELECT muster.add_to_group('bob@example.test', 'sales')$$) IS NULL;
SELECT is(said('bob@example.test'), 'OK|-', 'group: in one');
SELECT is(told('group', 'bob@example.test'), 'OK|in group Sales', 'group: says which');
SELECT does($$SELECT muster.add_to_group('bob@example.test', 'Leavers')$$) IS NULL;
SELECT is(said('bob@example.test'), 'Authorization|group "Leavers" may not enroll', 'group: one that may not counts before another');
SELECT is(early('bob@example.test'), 'Authorization|group "Leavers" may not enroll', 'group: in GetPolicies, too');
SELECT does($$SELECT muster.allow_group('example', 'Leavers')$$) IS NULL;
SELECT is(said('bob@example.test'), 'OK|-', 'group: allowed again');
SELECT does($$SELECT muster.remove_from_group('bob@example.test', 'Leavers')$$), does($$SELECT muster.require_group('example', false)$$) \g /dev/null
SELECT is(told('group', 'ada@example.test'), 'OK|in no group, and none is required', 'group: none required');

-- Maintenance.
SELECT does($$SELECT muster.begin_maintenance('example', 'new disks', 'sales')$$) IS NULL;
SELECT is(said('ada@example.test'), 'InMaintenance|maintenance until it is ended: new disks', 'maintenance: now');
SELECT is(early('ada@example.test'), 'InMaintenance|maintenance until it is ended: new disks', 'maintenance: in GetPolicies, too');
SELECT is(recorded('ada@example.test'), 'InMaintenance|maintenance until it is ended: new disks', 'maintenance: at the record, too');
SELECT is(said('bob@example.test'), 'OK|-', 'maintenance: the pilots enroll');
SELECT is(said('olga@other.test'), 'OK|-', 'maintenance: another organization does');
SELECT is(detail('ada@example.test') - 'maintenance', '{"rule": "maintenance", "until": null}', 'maintenance: details');
SELECT does($$SELECT muster.end_maintenance('example')$$) IS NULL;
SELECT is(said('ada@example.test'), 'OK|-', 'maintenance: ended');
SELECT does($$SELECT muster.schedule_maintenance('example', '2001-01-01', '2099-12-31 22:00+00', 'long')$$) IS NULL;
SELECT is(said('bob@example.test'), 'InMaintenance|maintenance until 2099-12-31 22:00 UTC: long', 'maintenance: in its window, until when');
SELECT does($$SELECT muster.end_maintenance('example')$$), does($$SELECT muster.schedule_maintenance('example', '2098-01-01', '2099-01-01', 'later')$$) \g /dev/null
SELECT is(said('bob@example.test'), 'OK|-', 'maintenance: not yet');
SELECT does($$SELECT muster.begin_maintenance(NULL, 'all', 'SALES')$$) IS NULL;
SELECT is(said('olga@other.test'), 'InMaintenance|maintenance until it is ended: all', 'maintenance: of all organizations');
SELECT is(said('bob@example.test'), 'OK|-', 'maintenance: of all, with the pilots of one');
SELECT does($$SELECT muster.end_maintenance(NULL)$$) IS NULL;
SELECT is(said('olga@other.test'), 'OK|-', 'maintenance: of all, ended');

-- Networks.
SELECT is(told('network', 'ada@example.test'), 'OK|any network is allowed', 'network: any');
SELECT does($$SELECT muster.allow_network('example', '198.51.100.0/24', 'sales')$$) IS NULL;
SELECT is(said('ada@example.test', '{}', '192.0.2.7'), 'OK|-', 'network: a group''s does not bind others');
SELECT is(said('bob@example.test', '{}', '192.0.2.7'), 'Authorization|address 192.0.2.7 is in no allowed network', 'network: a group''s binds its members');
SELECT is(said('bob@example.test', '{}', '198.51.100.9'), 'OK|-', 'network: a member within');
SELECT does($$SELECT muster.allow_network('example', '2001:db8::/32')$$) IS NULL;
SELECT is(said(u, '{}', r), expected, format('network: %s from %s', u, r)) FROM (VALUES
	('ada@example.test', '192.0.2.7', 'Authorization|address 192.0.2.7 is in no allowed network'), ('ada@example.test', '2001:db8::7', 'OK|-'), ('ada@example.test', '198.51.100.9', 'Authorization|address 198.51.100.9 is in no allowed network'),
	('bob@example.test', '198.51.100.9', 'OK|-'), ('bob@example.test', '::ffff:198.51.100.9', 'OK|-'), ('bob@example.test', '2001:db8::7', 'OK|-'), ('bob@example.test', '2001:db9::7', 'Authorization|address 2001:db9::7 is in no allowed network'),
	('ada@example.test', NULL, 'OK|-'), ('olga@other.test', '192.0.2.7', 'OK|-')) v (u, r, expected);
SELECT is(early('ada@example.test', '192.0.2.7'), 'Authorization|address 192.0.2.7 is in no allowed network', 'network: in GetPolicies, too');
SELECT is(detail('ada@example.test', '{}', '192.0.2.7'), '{"rule": "network", "remote": "192.0.2.7"}', 'network: details');
SELECT is(told('network', 'ada@example.test', '{}', '2001:db8::7'), 'OK|address 2001:db8::7 is in 2001:db8::/32', 'network: says which');
SELECT is(recorded('ada@example.test', '{}', p_remote => 'nonsense'), 'Authorization|the client''s address is not known, and only some networks are allowed', 'network: at the record an unknown address is none');
SELECT does($$SELECT muster.disallow_network('example', '2001:db8::/32')$$), does($$SELECT muster.disallow_network('example', '198.51.100.0/24', 'sales')$$) \g /dev/null
SELECT is(recorded('ada@example.test', '{}', p_remote => 'nonsense'), 'OK|-', 'network: without networks nobody asks');

-- Enrollment type, flow, platform.
SELECT does($$SELECT muster.set_platform('example', '10.0.19045', '10.0', '{4,48}', '{CIMClient_Windows}', '{full}', '{user,autopilot}')$$) IS NULL;
CREATE FUNCTION platform(p_more text) RETURNS text LANGUAGE sql AS $$
	SELECT test.said('ada@example.test', ('{"OSVersion": "10.0.19045.1", "OSEdition": "48", "DeviceType": "cimclient_windows", "UXInitiated": "true"}'::jsonb || p_more::jsonb)::text)
$$;
SELECT is(platform(more), expected, 'platform: ' || more) FROM (VALUES
	('{}', 'OK|-'), ('{"EnrollmentType": "Full"}', 'OK|-'), ('{"EnrollmentType": "lite"}', 'OK|-'),
	('{"EnrollmentType": "Device"}', 'NotSupported|enrollment type Device is not admitted, only Full'),
	('{"UXInitiated": "false"}', 'NotSupported|enrolling by automatic is not admitted, only by user, autopilot'), ('{"ZeroTouchProvisioning": "x"}', 'OK|-'), ('{"BulkAADJ": "true"}', 'NotSupported|enrolling by bulk is not admitted, only by user, autopilot'),
	('{"OSVersion": "10.0.19045"}', 'OK|-'), ('{"OSVersion": "10.0.19044.9999"}', 'DeviceNotSupported|Windows 10.0.19044.9999 is below 10.0.19045, the lowest admitted'),
	('{"OSVersion": "10.0.22631.4890"}', 'OK|-'), ('{"OSVersion": "10.1.0.0"}', 'DeviceNotSupported|Windows 10.1.0.0 is above 10.0, the highest admitted'), ('{"OSVersion": "6.3"}', 'DeviceNotSupported|Windows 6.3 is below 10.0.19045, the lowest admitted'),
	('{"OSVersion": "9.0.99999"}', 'DeviceNotSupported|Windows 9.0.99999 is below 10.0.19045, the lowest admitted'),
	('{"OSVersion": ""}', 'DeviceNotSupported|the device tells no version of Windows, and one is demanded'), ('{"OSVersion": "ten"}', 'DeviceNotSupported|the device''s version of Windows "ten" is not readable, and one is demanded'),
	('{"OSVersion": "10.0.1.2.3"}', 'DeviceNotSupported|the device''s version of Windows "10.0.1.2.3" is not readable, and one is demanded'), ('{"OSVersion": "99999999999"}', 'DeviceNotSupported|the device''s version of Windows "99999999999" is not readable, and one is demanded'),
	('{"OSEdition": "101"}', 'DeviceNotSupported|edition 101 of Windows is not admitted, only 4, 48'), ('{"OSEdition": null}', 'DeviceNotSupported|the device tells no edition of Windows, and one is demanded'),
	('{"DeviceType": "WindowsPhone"}', 'DeviceNotSupported|device type WindowsPhone is not admitted, only CIMClient_Windows'), ('{"DeviceType": ""}', 'DeviceNotSupported|the device tells no device type, and one is demanded')) v (more, expected);
SELECT is(early('ada@example.test'), 'OK|-', 'platform: GetPolicies does not know it');
SELECT is(detail('ada@example.test', '{"OSVersion": "6.3", "UXInitiated": "true"}'), '{"rule": "platform", "os_version": "6.3"}', 'platform: details');
SELECT does($$SELECT muster.set_platform('example', maximum_os_version => '10.0.19045.3')$$) IS NULL;
SELECT is(said('ada@example.test', f), expected, 'platform: ' || f) FROM (VALUES ('{"OSVersion": "10.0.19045.3"}', 'OK|-'), ('{"OSVersion": "10.0.19045"}', 'OK|-'),
	('{"OSVersion": "10.0.19045.4"}', 'DeviceNotSupported|Windows 10.0.19045.4 is above 10.0.19045.3, the highest admitted'), ('{"OSVersion": "9"}', 'OK|-')) v (f, expected);
SELECT does($$SELECT muster.clear_platform('example')$$) IS NULL;
SELECT is(said('ada@example.test', '{"OSVersion": "6.3"}'), 'OK|-', 'platform: any again');

-- Blocked and expected devices.
SELECT does(format('SELECT muster.block_device(%L, %L, %L, %L)', 'example', k, v, 'stolen')) FROM (VALUES ('serial number', 'SN-1'), ('hardware id', 'HW-1'), ('device id', 'ID-1')) x (k, v) \g /dev/null
SELECT is(said('ada@example.test', f), expected, 'blocked: ' || f) FROM (VALUES
	('{"SerialNumber": "sn-1"}', format('Authorization|serial number SN-1 is blocked since %s: stolen', today())), ('{"HWDevID": "hw-1"}', format('Authorization|hardware id HW-1 is blocked since %s: stolen', today())),
	('{"DeviceID": "id-1"}', format('Authorization|device id ID-1 is blocked since %s: stolen', today())), ('{"SerialNumber": "SN-12", "HWDevID": "SN-1", "DeviceID": "HW-1"}', 'OK|-'), ('{}', 'OK|-')) v (f, expected);
SELECT is(said('olga@other.test', '{"SerialNumber": "sn-1"}'), 'OK|-', 'blocked: in another organization not');
SELECT does($$SELECT muster.unblock_device('example', 'serial number', 'sn-1')$$) IS NULL;
SELECT is(said('ada@example.test', '{"SerialNumber": "sn-1"}'), 'OK|-', 'blocked: no longer');
SELECT does($$SELECT muster.require_preregistration('example')$$), does($$SELECT muster.expect_device('example', 'serial number', 'SN-2')$$), does($$SELECT muster.expect_device('example', 'hardware id', 'HW-3', 'bob@example.test')$$) \g /dev/null
SELECT is(said(u, f), expected, format('expected: %s, %s', u, f)) FROM (VALUES
	('ada@example.test', '{"SerialNumber": "sn-2"}', 'OK|-'), ('ada@example.test', '{"SerialNumber": "SN-9", "DeviceID": "d"}', 'DeviceNotSupported|the device is not expected: device id d, serial number SN-9'),
	('ada@example.test', '{}', 'DeviceNotSupported|the device is not expected: it tells no id'), ('bob@example.test', '{"HWDevID": "hw-3"}', 'OK|-'),
	('ada@example.test', '{"HWDevID": "hw-3"}', 'DeviceNotSupported|hardware id HW-3 is expected from another account than ada@example.test'), ('ada@example.test', '{"HWDevID": "hw-3", "SerialNumber": "sn-2"}', 'OK|-')) v (u, f, expected);
SELECT is(early('ada@example.test'), 'OK|-', 'expected: GetPolicies does not know it');
SELECT is(recorded('ada@example.test', '{"HWDevID": "hw-3", "SerialNumber": "sn-2", "DeviceName": "Arrived"}'), 'OK|-', 'expected: arrives');
SELECT results_eq($$SELECT e.value, d.name FROM muster.expected_device e LEFT JOIN muster.device d ON d.id = e.device ORDER BY 1$$, $$VALUES ('HW-3', NULL), ('SN-2', 'Arrived')$$, 'expected: its arrival is noted, where it was this account''s');
SELECT is((SELECT jsonb_array_length(details -> 'expected') FROM muster.event WHERE kind = 'enrolled' ORDER BY at DESC LIMIT 1), 1, 'expected: told in the event');
SELECT does($$SELECT muster.require_preregistration('example', false)$$) IS NULL;
SELECT is(said('ada@example.test', '{"SerialNumber": "SN-9"}'), 'OK|-', 'expected: need not be');

-- Licences.
SELECT is(told('licence', 'ada@example.test'), 'OK|none is required', 'licence: none required');
SELECT does($$SELECT muster.require_licence('example')$$) IS NULL;
SELECT is(said('ada@example.test'), 'UserLicense|account ada@example.test has no licence assigned, and none to draw from', 'licence: unassigned');
SELECT is(early('ada@example.test'), 'UserLicense|account ada@example.test has no licence assigned, and none to draw from', 'licence: in GetPolicies, too');
SELECT is(detail('ada@example.test'), '{"rule": "licence", "reason": "unassigned"}', 'licence: details');
SELECT does($$SELECT muster.add_licence('example', 'Hand', 1)$$), does($$SELECT muster.assign_licence('ada@example.test', 'hand')$$) \g /dev/null
SELECT is(said('ada@example.test'), 'OK|-', 'licence: assigned by hand');
SELECT is(told('licence', 'ada@example.test'), 'OK|has a seat of licence "Hand"', 'licence: says which');
SELECT does($$SELECT muster.set_licence_validity('example', 'Hand', '2001-01-01+00', '2002-02-02 10:00+00')$$) IS NULL;
SELECT is(said('ada@example.test'), 'UserLicense|licence "Hand" has expired on 2002-02-02 10:00 UTC', 'licence: expired');
SELECT is(detail('ada@example.test') - 'licence', '{"rule": "licence", "name": "Hand", "reason": "expired"}', 'licence: expired, details');
SELECT does($$SELECT muster.set_licence_validity('example', 'Hand', '2098-01-01+00', NULL)$$) IS NULL;
SELECT is(said('ada@example.test'), 'UserLicense|licence "Hand" only begins on 2098-01-01 00:00 UTC', 'licence: not yet valid');
SELECT does($$SELECT muster.add_licence('example', 'Group', 1)$$), does($$SELECT muster.assign_licence_to_group('example', 'Group', 'Sales')$$) \g /dev/null
SELECT is(told('licence', 'bob@example.test'), 'OK|would draw a seat of licence "Group" (group)', 'licence: a group''s');
SELECT is(said('twin@example.test'), 'UserLicense|account Twin@example.test has no licence assigned, and none to draw from', 'licence: a group''s is not for others');
SELECT is(recorded('bob@example.test', '{"DeviceID": "b1"}'), 'OK|-', 'licence: drawn at the enrollment');
SELECT is((SELECT a.upn || ' ' || s.how FROM muster.licence_seat s JOIN muster.account a ON a.id = s.account JOIN muster.licence l ON l.id = s.licence WHERE l.name = 'Group'), 'bob@example.test group', 'licence: the seat is taken');
SELECT is((SELECT details #>> '{seat,name}' FROM muster.event WHERE kind = 'enrolled' ORDER BY at DESC LIMIT 1), 'Group', 'licence: told in the event');
SELECT is((SELECT actor_role IS NULL AND account = muster.account_id('bob@example.test') FROM muster.event WHERE kind = 'licence seat changed' ORDER BY at DESC LIMIT 1), true, 'licence: that a program gave it');
SELECT is(recorded('bob@example.test', '{"DeviceID": "b2"}'), 'OK|-', 'licence: a second device');
SELECT is((SELECT count(*) FROM muster.licence_seat WHERE account = muster.account_id('bob@example.test')), 1::bigint, 'licence: takes no second seat');
SELECT does($$SELECT muster.add_to_group('twin@example.test', 'Sales')$$) IS NULL;
SELECT is(said('twin@example.test'), 'UserLicense|licence "Group" is exhausted: none of its seats is free', 'licence: exhausted');
SELECT is(detail('twin@example.test') - 'licence', '{"rule": "licence", "name": "Group", "reason": "exhausted"}', 'licence: exhausted, details');
SELECT does($$SELECT muster.add_licence('example', 'Pool', 1, pool => true)$$) IS NULL;
SELECT is(told('licence', 'ada@example.test'), 'OK|would draw a seat of licence "Pool" (pool)', 'licence: anybody draws from a pool');
SELECT is(recorded('Twin@example.test', '{"DeviceID": "t1"}'), 'OK|-', 'licence: a member draws from the pool when his group''s is exhausted');
SELECT is(recorded('ada@example.test', '{"DeviceID": "a1"}'), 'UserLicense|licence "Pool" is exhausted: none of its seats is free', 'licence: the pool is exhausted');
-- Freed with the last living device, unless by hand or told otherwise.
CREATE FUNCTION retire(p_device text) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('boss', format('SELECT muster.retire_device(%L, %L)', d.id, 'x')) FROM muster.device d WHERE d.device_id = p_device AND d.state = 'enrolled'
$$;
CREATE FUNCTION holders() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(l.name || ' ' || coalesce(split_part(a.upn, '@', 1), '-'), ', ' ORDER BY l.name) FROM muster.licence_seat s JOIN muster.licence l ON l.id = s.licence LEFT JOIN muster.account a ON a.id = s.account
$$;
SELECT retire('b1') IS NULL;
SELECT is(holders(), 'Group bob, Hand ada, Pool Twin', 'retiring one of two devices frees no seat');
SELECT retire('b2') IS NULL;
SELECT is(holders(), 'Group -, Hand ada, Pool Twin', 'retiring the last does');
SELECT does($$SELECT muster.set_licence_freeing('example', 'Pool', false)$$), retire('t1') \g /dev/null
SELECT is(holders(), 'Group -, Hand ada, Pool Twin', 'unless the licence says otherwise');
SELECT does($$SELECT muster.set_licence_validity('example', 'Hand', now(), NULL)$$), recorded('ada@example.test', '{"DeviceID": "a2"}'), retire('a2') \g /dev/null
SELECT is(holders(), 'Group -, Hand ada, Pool Twin', 'or it was assigned by hand');
SELECT does($$SELECT muster.require_licence('example', false)$$) IS NULL;

-- Terms.
SELECT is(told('terms', 'ada@example.test'), 'OK|none need to be accepted', 'terms: none');
SELECT does(format('SELECT muster.publish_terms(%L, %s, %L, %L, %L)', 'example', n, 'en', 'Terms', 'Text')) FROM generate_series(1, 2) n \g /dev/null
SELECT does($$SELECT muster.require_terms('example', 2)$$) IS NULL;
INSERT INTO muster.acceptance (organization, account, version, how, token_sha256, expires_at)
SELECT a.organization, a.id, v, 'page', sha256(t::bytea), e::timestamptz FROM (VALUES ('ada@example.test', 2, 'good', '2099-01-01'), ('ada@example.test', 1, 'old', '2099-01-01'), ('ada@example.test', 2, 'late', '2020-01-01 10:00+00'), ('bob@example.test', 2, 'bobs', '2099-01-01')) x (u, v, t, e)
  JOIN muster.account a ON a.upn = x.u;
SELECT is(said('ada@example.test', f), expected, 'terms: ' || f) FROM (VALUES
	('{"EnrollmentData": "good"}', 'OK|-'), ('{"EnrollmentData": " good "}', 'OK|-'), ('{"EnrollmentData": "GOOD"}', 'InvalidEnrollmentData|EnrollmentData is no token of the terms page'),
	('{}', 'InvalidEnrollmentData|EnrollmentData is missing, and version 2 of the terms must have been accepted'), ('{"EnrollmentData": ""}', 'InvalidEnrollmentData|EnrollmentData is missing, and version 2 of the terms must have been accepted'),
	('{"EnrollmentData": "old"}', 'InvalidEnrollmentData|EnrollmentData is of version 1 of the terms, 2 is required'), ('{"EnrollmentData": "late"}', 'InvalidEnrollmentData|EnrollmentData has expired on 2020-01-01 10:00 UTC'),
	('{"EnrollmentData": "bobs"}', 'InvalidEnrollmentData|EnrollmentData is of another account''s acceptance')) v (f, expected);
SELECT is(detail('ada@example.test', '{"EnrollmentData": "bobs"}') - 'acceptance', '{"rule": "terms", "reason": "another account", "version": 2, "required": 2}', 'terms: details');
SELECT is(early('ada@example.test'), 'OK|-', 'terms: GetPolicies does not know it');
SELECT does($$SELECT muster.record_acceptance('ada@example.test', 1, 'paper')$$) IS NULL;
SELECT is(said('ada@example.test'), 'InvalidEnrollmentData|EnrollmentData is missing; version 1 of the terms was accepted, 2 is required', 'terms: an older version by hand');
SELECT does($$SELECT muster.record_acceptance('ada@example.test', 2, 'paper')$$) IS NULL;
SELECT is(said('ada@example.test'), 'OK|-', 'terms: by hand');
SELECT is(said('ada@example.test', '{"EnrollmentData": "unknown"}'), 'InvalidEnrollmentData|EnrollmentData is no token of the terms page', 'terms: by hand, but with a wrong token');
SELECT is(recorded('ada@example.test', '{"DeviceID": "terms", "EnrollmentData": "good"}'), 'OK|-', 'terms: enrolled');
SELECT is((SELECT facts ? 'EnrollmentData' FROM muster.device WHERE device_id = 'terms'), false, 'terms: the token is not kept');
SELECT does($$SELECT muster.require_terms('example', NULL)$$), retire('terms') \g /dev/null

-- Device caps.
SELECT is(told('device cap', 'ada@example.test'), 'OK|any number of devices', 'cap: none');
SELECT does($$SELECT muster.set_device_cap('example', 1)$$), does($$UPDATE muster.device SET state = 'retired', retired_at = now() WHERE state = 'enrolled'$$) \g /dev/null
SELECT is(recorded('ada@example.test', '{"DeviceID": "c1", "HWDevID": "ch1", "DeviceName": "First"}'), 'OK|-', 'cap: the first of one');
SELECT is(said('ada@example.test', '{"DeviceID": "c2"}'), 'DeviceCapReached|account ada@example.test has 1 living devices and may have 1 by organization example', 'cap: reached');
SELECT is(early('ada@example.test'), 'OK|-', 'cap: GetPolicies does not know the device');
SELECT is(said('ada@example.test', f), 'OK|-', 'cap: the same device again: ' || f) FROM (VALUES ('{"DeviceID": "C1"}'), ('{"DeviceID": "c9", "HWDevID": "CH1"}')) v (f);
SELECT is(jsonb_set(detail('ada@example.test', '{"DeviceID": "c2"}'), '{devices,0}', (detail('ada@example.test', '{"DeviceID": "c2"}') #> '{devices,0}') - 'id'),
	'{"rule": "device cap", "limit": 1, "count": 1, "source": "organization example", "devices": [{"name": "First"}]}', 'cap: details name limit, count and devices');
SELECT is(recorded('ada@example.test', '{"DeviceID": "c2"}', 'outcome, details ->> ''count'''), 'DeviceCapReached|1', 'cap: at the record, too');
SELECT does($$SELECT muster.set_group_cap('example', 'Sales', 2)$$), does($$SELECT muster.add_group('example', 'More', 3)$$), does($$SELECT muster.add_to_group('ada@example.test', 'Sales')$$) \g /dev/null
SELECT is(told('device cap', 'ada@example.test'), 'OK|1 of 2 devices by group "Sales"', 'cap: a group''s counts before the organization''s');
SELECT does($$SELECT muster.add_to_group('ada@example.test', 'More')$$) IS NULL;
SELECT is(told('device cap', 'ada@example.test'), 'OK|1 of 3 devices by group "More"', 'cap: of two groups the higher');
SELECT does($$SELECT muster.set_account_cap('ada@example.test', 0)$$) IS NULL;
SELECT is(told('device cap', 'ada@example.test'), 'DeviceCapReached|account ada@example.test has 1 living devices and may have 0 by the account', 'cap: the account''s own before all');
SELECT does($$SELECT muster.set_account_cap('ada@example.test', NULL)$$), does($$SELECT muster.set_device_cap('example', 0)$$) \g /dev/null
SELECT is(told('device cap', 'package@example.test'), 'OK|any number of devices', 'cap: a bulk account has only its own');
SELECT does($$SELECT muster.set_account_cap('package@example.test', 1)$$), recorded('package@example.test', '{"DeviceID": "p1", "HWDevID": "ph"}') \g /dev/null
SELECT is(said('package@example.test', '{"DeviceID": "p2", "HWDevID": "ph"}'), 'DeviceCapReached|account package@example.test has 1 living devices and may have 1 by the account', 'cap: a bulk account''s clone is another device');
SELECT does($$SELECT muster.set_device_cap('example', NULL)$$) IS NULL;

-- Collisions.
SELECT does($$SELECT muster.set_collision_policy('example', 'refuse')$$) IS NULL;
SELECT is(said('bob@example.test', '{"HWDevID": "CH1"}'), 'Authorization|account ada@example.test has a living device of this hardware id', 'collision: refused');
SELECT is(said('ada@example.test', '{"HWDevID": "CH1", "DeviceID": "other"}'), 'OK|-', 'collision: not with one''s own');
SELECT is(said('bob@example.test', '{"HWDevID": "CH2"}'), 'OK|-', 'collision: none');
SELECT is(told('collision', 'bob@example.test'), 'OK|the device tells no hardware id', 'collision: missing ids never match');
SELECT is(detail('bob@example.test', '{"HWDevID": "ch1"}') - 'device', '{"rule": "collision", "policy": "refuse", "account": "ada@example.test", "hardware_id": "ch1"}', 'collision: details');
SELECT is(recorded('bob@example.test', '{"HWDevID": "ch1"}', 'outcome'), 'Authorization', 'collision: at the record, too');
SELECT is(test.try('muster_worker', format($$SELECT recorded FROM muster_worker.refuse(%L, NULL, 'enrollment', 'Authorization', 'why', 'example', 'bob', NULL, '192.0.2.7', '{"EnrollmentData": "secret"}', %L)$$, id(77), detail('bob@example.test', '{"HWDevID": "ch1"}'))), 'true', 'collision: a refusal is recorded');
SELECT results_eq(format($$SELECT kind, outcome, coalesce(details -> 'decision', details) ->> 'policy', details::text LIKE '%%secret%%' FROM muster.event WHERE trace = %L ORDER BY kind$$, id(77)),
	$$VALUES ('hardware collision', NULL, 'refuse', false), ('refused', 'Authorization', 'refuse', false)$$, 'collision: with an event of its own');
SELECT is(test.try('muster_worker', format($$SELECT recorded FROM muster_worker.refuse(%L, NULL, 'x', 'Authorization', 'why', NULL, NULL, NULL, NULL, NULL, %L)$$, id(78), d)), 'true', 'refuse: details: ' || left(d, 20))
	FROM (VALUES ('[1]'), ('7'), (json_build_object('x', repeat('y', 20000))::text)) v (d);
SELECT is((SELECT count(*) FROM muster.event WHERE trace = id(78) AND details = '{}'), 3::bigint, 'refuse: keeps no details that are none, or too long');
SELECT does($$SELECT muster.set_collision_policy('example', 'replace')$$) IS NULL;
SELECT is(told('collision', 'bob@example.test', '{"HWDevID": "ch1"}'), 'OK|account ada@example.test has a living device of this hardware id, which is replaced', 'collision: will be replaced');
SELECT is(recorded('bob@example.test', '{"HWDevID": "ch1", "DeviceID": "b9"}'), 'OK|-', 'collision: enrolled');
SELECT is((SELECT d.state || ' ' || (n.device_id) FROM muster.device d JOIN muster.device n ON n.id = d.replaced_by WHERE d.device_id = 'c1'), 'replaced b9', 'collision: the other is replaced');
SELECT results_eq($$SELECT kind, account = muster.account_id('ada@example.test'), details ->> 'policy' FROM muster.event WHERE kind IN ('replaced', 'hardware collision') ORDER BY at DESC LIMIT 2$$,
	$$VALUES ('hardware collision', false, 'replace'), ('replaced', true, NULL)$$, 'collision: both accounts'' events tell it');
SELECT does($$SELECT muster.set_collision_policy('example', 'clone')$$) IS NULL;
SELECT is(recorded('ada@example.test', '{"HWDevID": "ch1", "DeviceID": "c1"}'), 'OK|-', 'collision: a clone is admitted');
SELECT is((SELECT count(*) FROM muster.device WHERE lower(hardware_id) = 'ch1' AND state = 'enrolled'), 2::bigint, 'collision: both live');
SELECT is((SELECT details ->> 'policy' FROM muster.event WHERE kind = 'hardware collision' ORDER BY at DESC LIMIT 1), 'clone', 'collision: with an event');

-- Changing a rule does not make the programs load their configuration; another change does.
CREATE FUNCTION moves(p_sql text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	was bigint := (SELECT generation FROM muster.configuration);
BEGIN
	PERFORM test.does(p_sql);
	RETURN was <> (SELECT generation FROM muster.configuration);
END
$$;
SELECT is(moves(s), false, 'the generation stays: ' || s) FROM (VALUES ($$SELECT muster.set_device_cap('example', 7)$$), ($$SELECT muster.require_licence('example', true)$$), ($$SELECT muster.begin_maintenance('example', 'x')$$), ($$SELECT muster.require_terms('example', 1)$$), ($$SELECT muster.set_collision_policy('example', 'refuse')$$)) v (s);
SELECT is(moves($$SELECT muster.set_organization_name('example', 'Another')$$), true, 'the generation moves: set_organization_name');

SELECT * FROM finish();
