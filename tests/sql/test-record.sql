-- muster_issuer.record: what is written, what is refused, what is replaced.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION record_as_issuer(VARIADIC p_calls text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(test.try('muster_issuer', c), ', ') FROM unnest(p_calls) c
$$;

-- What the issuer knows.
SELECT is(try('muster_issuer', 'SELECT name, private_key, certificate, root FROM muster_issuer.authorities()'), format('Example issuing|%s|%s|%s', locked_key(), der(-1002), der(-1001)), 'authorities() in use, with key, certificate and root');
SELECT is(try('muster_issuer', 'SELECT count(*) FROM muster_issuer.authorities()'), '1', 'and only those, not the root');
SELECT is(try('muster_issuer', 'SELECT organization, validity_seconds, backdate_seconds, minimum_key_length FROM muster_issuer.profiles()'), 'example|31536000|600|2048', 'profiles()');
SELECT is(try('muster_issuer', 'SELECT count(*) FROM muster_issuer.profiles()'), '2', 'one an organization');
SELECT is(try('muster_issuer', 'SELECT sealing_key, generation > 1 FROM muster_issuer.generation()'), sha256('sealing key')::text || '|true', 'generation() with the sealing key');

-- The whole record.
SELECT is(try('muster_issuer', record(1, 'ada@example.test', $${"DeviceID": "D-1", "HWDevID": "HW-1\n", "DeviceName": "ADA-PC", "EnrollmentType": "Device", "DeviceType": "CIMClient_Windows", "OSVersion": "10.0.26200.1",
	"OSEdition": " 4", "ApplicationVersion": "10.0.26200.2", "RequestVersion": "9.0", "SerialNumber": "SN1", "Manufacturer": "Contoso", "DeviceModel": "M1", "Locale": "de-DE", "MAC": ["00-11", "00-22"]}$$,
	p_columns => 'outcome, why, text, stale, certificate')), 'OK|-|-|false|' || der(1)::text, 'record() answers the certificate');
SELECT results_eq($$SELECT organization, account, device_id, hardware_id, name, enrollment_type, device_type, os_version, os_edition, application_version, request_version, serial_number, manufacturer, model, locale,
	state, host(remote), trace, facts -> 'MAC', first_contact_at FROM muster.devices WHERE id = test.id(1)$$,
	$$VALUES ('example', 'ada@example.test', 'D-1', 'HW-1', 'ADA-PC', 'Device', 'CIMClient_Windows', '10.0.26200.1', '4', '10.0.26200.2', '9.0', 'SN1', 'Contoso', 'M1', 'de-DE', 'enrolled', '192.0.2.7', test.id(1000001), '["00-11", "00-22"]'::jsonb, NULL::timestamptz)$$, 'the device');
SELECT is((SELECT dm_secrets FROM muster.device WHERE id = id(1)), '\x0102', 'with its sealed secrets');
SELECT results_eq($$SELECT sha256, serial, authority, device, der, not_after > now() + interval '99 days' FROM muster.certificates$$,
	$$VALUES (encode(sha256(test.der(1)), 'hex'), '00000001', 'Example issuing', test.id(1), test.der(1), true)$$, 'the certificate');
SELECT results_eq($$SELECT kind, stage, outcome, user_name, host(remote), actor_role, details ->> 'sha256' FROM muster.event WHERE device = test.id(1)$$,
	$$VALUES ('enrolled', 'enrollment', 'OK', 'ada@example.test', '192.0.2.7', NULL::text, encode(sha256(test.der(1)), 'hex'))$$, 'the event, one');

-- Asked again under the same grant.
SELECT is(try('muster_issuer', record(1, 'ada@example.test', p_columns => 'outcome, why, stale, certificate')), 'OK|recorded by an earlier call|false|' || der(1)::text, 'again: the same certificate');
SELECT is(try('muster_issuer', record(1, 'ada@example.test', p_generation => 1, p_columns => 'outcome, stale, certificate')), 'OK|false|' || der(1)::text, 'again after a change of the configuration');
SELECT muster.disable_account('ada@example.test', 'x') IS NULL;
SELECT is(try('muster_issuer', record(1, 'ada@example.test', p_columns => 'outcome, certificate')), 'OK|' || der(1)::text, 'again after the account was disabled');
SELECT is(try('muster_issuer', record(2, 'ada@example.test', p_columns => 'outcome, why, certificate')), 'Authorization|account ada@example.test is disabled since ' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ': x|-', 'but not for another grant');
SELECT muster.enable_account('ada@example.test') IS NULL;
SELECT is((SELECT count(*) FROM muster.device) || ' ' || (SELECT count(*) FROM muster.certificate) || ' ' || (SELECT count(*) FROM muster.event WHERE kind = 'enrolled'), '1 1 1', 'nothing was recorded twice');
SELECT is(try('muster_issuer', record(1, 'bob@example.test')), 'ERROR: duplicate key value violates unique constraint "device_pkey"', 'another account''s grant cannot be taken');

-- What is checked.
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_generation => g, p_columns => 'outcome, stale, certificate')), 'EnrollmentServer|true|-', 'stale: generation ' || g) FROM (VALUES (0), (1), (99999)) v (g);
SELECT is(try('muster_issuer', replace(record(3, 'ada@example.test', p_generation => 77, p_columns => 'stale'), '''77''', 'NULL')), 'true', 'stale: no generation');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', '{"EnrollmentType": "AppManagement"}')), 'NotSupported|enrollment type "AppManagement" is not supported, only Full and Device', 'the rules decide again');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_organization => o)), 'Authorization|the account no longer exists in this organization', 'account and organization belong together: ' || o) FROM (VALUES ('other'), ('nowhere')) v (o);
SELECT is(try('muster_issuer', replace(record(3, 'ada@example.test'), (SELECT id::text FROM muster.account WHERE upn = 'ada@example.test'), id(9)::text)), 'Authorization|the account no longer exists in this organization', 'an account that is gone');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_authority => muster.authority_id('Example root'))), 'InternalServiceFault|signed by another authority than the organization''s', 'another authority');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_ends => now() + interval '11 years')), 'InternalServiceFault|the certificate would outlive its authority', 'beyond the authority''s end');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_begins => now() + interval '2 d', p_ends => now() + interval '1 d')), 'InternalServiceFault|the certificate''s times are impossible', 'it ends before it begins');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_begins => now() - interval '2 d', p_ends => now() - interval '1 d')), 'InternalServiceFault|the certificate''s times are impossible', 'it ended before');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_der => 4)), 'InternalServiceFault|the fingerprint is not the certificate''s', 'another fingerprint');
SELECT is(try('muster_issuer', replace(record(3, 'ada@example.test'), quote_literal(sha256(der(-3))), 'NULL')), 'InternalServiceFault|a part of the record is missing', 'a part is missing');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', p_serial => 1)), 'ERROR: duplicate key value violates unique constraint "certificate_serial"', 'a serial number is used once');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(try('muster_issuer', record(3, 'ada@example.test')), 'ERROR: record needs the isolation level read committed, this is repeatable read HINT: CALL muster_issuer.record_read_committed(…), or: ALTER ROLE muster_issuer RESET default_transaction_isolation;', 'another isolation level is refused');
COMMIT;
SELECT is((SELECT count(*) FROM muster.device), 1::bigint, 'none of these left anything');

-- The same device again replaces.
SELECT is(record_as_issuer(record(10, 'bob@example.test', '{"DeviceID": "Same", "DeviceName": "first"}'), record(11, 'bob@example.test', '{"DeviceID": "SAME", "DeviceName": "second"}')), 'OK|-, OK|-', 'the same account and DeviceID');
SELECT results_eq($$SELECT name, state, replaced_by, replaced_at IS NOT NULL FROM muster.devices WHERE account = 'bob@example.test' ORDER BY id$$,
	$$VALUES ('first', 'replaced', test.id(11), true), ('second', 'enrolled', NULL, false)$$, 'the earlier one is replaced');
SELECT results_eq($$SELECT kind, details - 'serial' - 'sha256' FROM muster.event WHERE trace = test.id(1000011) ORDER BY at$$, format($$VALUES ('enrolled', '{"replaces": ["%s"], "credential": "password"}'::jsonb), ('replaced', '{"by": "%s"}'::jsonb)$$, id(10), id(11)), 'both are told');
SELECT is(try('muster_issuer', record(12, 'ada@example.test', '{"DeviceID": "Same"}')), 'OK|-', 'the same DeviceID under another account');
SELECT is((SELECT count(*) FROM muster.device WHERE lower(device_id) = 'same' AND state = 'enrolled'), 2::bigint, 'is another device');
SELECT is(record_as_issuer(record(13, 'bob@example.test'), record(14, 'bob@example.test'), record(15, 'bob@example.test', '{"DeviceID": ""}'), record(16, 'bob@example.test', '{"DeviceID": " ", "HWDevID": ""}')), 'OK|-, OK|-, OK|-, OK|-', 'devices without id');
SELECT is((SELECT count(*) FROM muster.device d JOIN muster.account a ON a.id = d.account WHERE a.upn = 'bob@example.test' AND d.state = 'enrolled'), 5::bigint, 'are never the same');
SELECT muster.retire_device(id(11), 'x') IS NULL;
SELECT is(try('muster_issuer', record(17, 'bob@example.test', '{"DeviceID": "same"}')), 'OK|-', 'a retired device enrolls again');
SELECT is((SELECT state FROM muster.device WHERE id = id(11)), 'retired', 'and its old enrollment stays retired');

-- The same hardware with another DeviceID: a person's replaces, a bulk account's is a clone, another's is told.
SELECT is(record_as_issuer(record(20, 'ada@example.test', '{"DeviceID": "n1", "HWDevID": "hw-20"}'), record(21, 'ada@example.test', '{"DeviceID": "n2", "HWDevID": "HW-20"}')), 'OK|-, OK|-', 'the same person and HWDevID');
SELECT results_eq($$SELECT state FROM muster.device WHERE id IN (test.id(20), test.id(21)) ORDER BY id$$, $$VALUES ('replaced'), ('enrolled')$$, 'replaces');
SELECT is(record_as_issuer(record(22, 'ada@example.test', '{"DeviceID": "n3", "HWDevID": "hw-3"}'), record(23, 'ada@example.test', '{"DeviceID": "n3", "HWDevID": "hw-4"}'), record(24, 'ada@example.test', '{"DeviceID": "n4", "HWDevID": "hw-4"}')), 'OK|-, OK|-, OK|-', 'ids that change one after the other');
SELECT results_eq($$SELECT state FROM muster.device WHERE id IN (test.id(22), test.id(23), test.id(24)) ORDER BY id$$, $$VALUES ('replaced'), ('replaced'), ('enrolled')$$, 'replace each other');
SELECT is(record_as_issuer(record(25, 'ada@example.test', '{"DeviceID": "a", "HWDevID": "ha"}'), record(26, 'ada@example.test', '{"DeviceID": "b", "HWDevID": "hb"}'), record(27, 'ada@example.test', '{"DeviceID": "a", "HWDevID": "hb"}')), 'OK|-, OK|-, OK|-', 'one that is two of them');
SELECT results_eq($$SELECT state, replaced_by FROM muster.device WHERE id IN (test.id(25), test.id(26), test.id(27)) ORDER BY id$$, $$VALUES ('replaced', test.id(27)), ('replaced', test.id(27)), ('enrolled', NULL)$$, 'replaces both');
SELECT is(record_as_issuer(record(30, 'package@example.test', '{"DeviceID": "c1", "HWDevID": "image"}'), record(31, 'package@example.test', '{"DeviceID": "c2", "HWDevID": "image"}')), 'OK|-, OK|-', 'a bulk account and one image');
SELECT results_eq($$SELECT state FROM muster.device WHERE id IN (test.id(30), test.id(31)) ORDER BY id$$, $$VALUES ('enrolled'), ('enrolled')$$, 'makes clones');
SELECT is_empty($$SELECT * FROM muster.event WHERE kind = 'hardware collision'$$, 'until here no other account was concerned');
SELECT is(try('muster_issuer', record(32, 'bob@example.test', '{"DeviceID": "c3", "HWDevID": "IMAGE"}')), 'OK|-', 'the same hardware under another account is admitted');
SELECT results_eq($$SELECT device, details ->> 'hardware_id', (details ->> 'device')::uuid IN (test.id(30), test.id(31)) FROM muster.event WHERE kind = 'hardware collision'$$, $$VALUES (test.id(32), 'IMAGE', true)$$, 'and told');
SELECT is(try('muster_issuer', record(33, 'package@example.test', '{"DeviceID": "c4", "HWDevID": "image"}')), 'OK|-', 'and the other way round');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'hardware collision'), 2::bigint, 'told, too');
SELECT is(try('muster_issuer', record(34, 'olga@other.test', '{"DeviceID": "c5", "HWDevID": "image"}')), 'OK|-', 'another organization');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'hardware collision'), 2::bigint, 'is not told of it');

-- Nothing that a device says can make it fail.
SELECT is(try('muster_issuer', record((100 + row_number() OVER ())::integer, 'ada@example.test', f)), 'OK|-', 'facts: ' || left(f, 60)) FROM (VALUES
	('null'), ('[]'), ('"text"'), ('17'), ('{}'), ('{"DeviceID": {"a": 1}}'), ('{"DeviceID": [1, 2]}'), ('{"DeviceID": null, "DeviceName": true, "OSVersion": 3.5}'), ('{"DeviceName": []}'), ('{"": ""}'),
	('{"DeviceName": "\u202e\u0007\u001b[2J"}'), ('{"DeviceName": "''; DROP TABLE muster.device; --"}'), ('{"DeviceName": "<script>&amp;\"\\"}'),
	(json_build_object('DeviceID', repeat('i', 65536), 'HWDevID', repeat('h', 65536), 'DeviceName', repeat('ä', 30000), 'OSVersion', repeat('9', 65536), 'OSEdition', repeat('9', 65536), 'DeviceType', repeat('9', 65536), 'ApplicationVersion', repeat('9', 65536),
		'RequestVersion', repeat('9', 65536), 'SerialNumber', repeat('9', 65536), 'Manufacturer', repeat('9', 65536), 'DeviceModel', repeat('9', 65536), 'Locale', repeat('9', 65536))::text),
	((SELECT json_object_agg('Item' || i, repeat(chr(97 + i % 26), 8000))::text FROM generate_series(1, 128) i)),
	(repeat('[', 500) || repeat(']', 500))) v (f);
SELECT is((SELECT facts ->> 'muster:cut' FROM muster.device WHERE octet_length(facts::text) < 100000 AND length(device_id) = 128), 'true', 'facts of more than 512 KiB are cut');
SELECT is((SELECT max(octet_length(facts::text)) < 600000 FROM muster.device), true, 'none is kept beyond');
SELECT is(try('muster_issuer', record(200, 'ada@example.test', p_remote => 'unix:')), 'OK|-', 'an address that is none');
SELECT is(try('muster_issuer', replace(replace(record(201, 'ada@example.test'), '''192.0.2.7''', 'NULL'), '''{}''', 'NULL')), 'OK|-', 'no address and no facts');
SELECT is(try('muster_issuer', record(202, 'ada@example.test', '{"EnrollmentType": "device"}')), 'OK|-', 'type in lower case');
SELECT is((SELECT enrollment_type FROM muster.device WHERE id = id(202)), 'Device', 'is kept in its spelling');
SELECT is(try('muster_issuer', record(203, 'ada@example.test', '{"EnrollmentType": "Lite"}')), 'OK|-', 'the older name of Full');
SELECT is((SELECT enrollment_type FROM muster.device WHERE id = id(203)), 'Full', 'is kept as Full');

-- What the counts say of it.
SELECT is((SELECT count(*) FROM muster.device), (SELECT count(*) FROM muster.certificate), 'as many certificates as devices');
SELECT is((SELECT count(*) FROM muster.device), (SELECT count(*) FROM muster.event WHERE kind = 'enrolled'), 'as many events as devices');
SELECT is((SELECT count(*) FROM muster.device WHERE state = 'replaced'), (SELECT count(*) FROM muster.event WHERE kind = 'replaced'), 'as many replacements as events of it');
SELECT is((SELECT devices FROM muster.accounts WHERE upn = 'bob@example.test'), (SELECT count(*) FROM muster.devices_of('bob@example.test') WHERE state = 'enrolled'), 'the account counts its living devices');

SELECT * FROM finish();
