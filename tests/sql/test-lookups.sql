-- What people look for: changes with names, devices by whatever is known of them, the rules' rows; what a change
-- would do to the devices there are.
SET search_path = test;
SELECT no_plan();

SELECT is(try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "d-1", "HWDevID": "HW-1", "SerialNumber": "SN 1", "DeviceName": "PC-1", "OSVersion": "10.0.26200.1", "DeviceType": "CIMClient_Windows", "UXInitiated": "true"}')), 'OK|-', 'a device');
SELECT is(try('muster_issuer', record(2, 'bob@example.test', '{"DeviceID": "d-2", "HWDevID": "HW-2", "DeviceName": "PC-2", "OSVersion": "10.0.19045.1", "DeviceType": "CIMClient_Windows", "UXInitiated": "true"}')), 'OK|-', 'an older one');
SELECT is(try('muster_issuer', record(258, 'olga@other.test', '{"DeviceID": "d-3", "SerialNumber": "SN 1", "DeviceName": "PC-3"}')), 'OK|-', 'one of another organization');

-- Finding.
SELECT is((SELECT string_agg(name, ', ' ORDER BY name) FROM muster.find_devices(w)), found, 'find_devices(): ' || w) FROM (VALUES
	('pc-1', 'PC-1'), (' SN 1 ', 'PC-1, PC-3'), ('hw-2', 'PC-2'), ('D-3', 'PC-3'), (id(2)::text, 'PC-2'), (id(1000001)::text, 'PC-1'), ('ADA@example.test', 'PC-1'),
	('102', 'PC-3'), ('01:02', 'PC-3'), (encode(sha256(der(2)), 'hex'), 'PC-2'), (upper(encode(sha256(der(2)), 'hex')), 'PC-2'), ('PC', NULL), ('%', NULL)) v (w, found);
SELECT is(try('boss', format('SELECT * FROM muster.find_devices(%L)', w)), 'ERROR: nothing is given to find a device by HINT: Give its name, serial number, hardware id, device id, id, account, or its certificate''s serial number or SHA-256: SELECT * FROM muster.find_devices(''5CG1234XYZ'');',
	'find_devices(): ' || coalesce(quote_literal(w), 'NULL')) FROM unnest(ARRAY[NULL, ' ']) w;
SELECT is(try('audrey', $$SELECT count(*) FROM muster.find_devices('PC-1')$$), '1', 'who looks finds');

-- Whoever asks finds what he may see, the past after the living.
CREATE ROLE finding_desk IN ROLE muster_help_desk;
CREATE ROLE finding_all IN ROLE muster_help_desk;
SELECT muster.delegate('finding_desk', 'help desk', 'other'), muster.delegate('finding_all', 'help desk', '*') \g /dev/null
GRANT USAGE ON SCHEMA test TO finding_desk, finding_all;
SELECT is(try('finding_desk', format('SELECT string_agg(name, '', '' ORDER BY name) FROM muster.find_devices(%L)', w)), found, 'a help desk of one organization: ' || w) FROM (VALUES
	('sn 1', 'PC-3'), ('pc-3', 'PC-3'), ('d-3', 'PC-3'), ('pc-1', '-'), ('hw-2', '-'), (id(258)::text, 'PC-3'), (id(2)::text, '-'), ('102', 'PC-3'), ('olga@other.test', 'PC-3'), ('ada@example.test', '-')) v (w, found);
SELECT is(try('finding_all', 'SELECT string_agg(name, '', '' ORDER BY name) FROM muster.find_devices(''sn 1'')'), 'PC-1, PC-3', 'a help desk of all');
SELECT is(try('finding_desk', format('SELECT count(*) FROM muster.%s(%L)', f, w)), '0', f || '() tells nothing of others: ' || w) FROM (VALUES ('devices_called', 'pc-1'), ('devices_called', id(2)::text), ('devices_called', '02'), ('devices_known_as', 'hw-2')) v (f, w);
SELECT is((SELECT string_agg(name, ', ') FROM muster.find_devices(w)), found, 'a serial number''s zeros: ' || w) FROM (VALUES ('0102', 'PC-3'), ('1 02', 'PC-3'), ('00000000000000000000000000000000000000000102', 'PC-3'), ('00 00 01 02', 'PC-3'), ('00', NULL), ('02', 'PC-2'), ('0x2', NULL)) v (w, found);
UPDATE muster.device SET trace = muster.new_id(), attempt = muster.new_id() WHERE id = id(2);
SELECT is((SELECT string_agg(name, ', ') FROM muster.find_devices((SELECT trace FROM muster.device WHERE id = id(2))::text)), NULL, 'a trace of another time than its device');
UPDATE muster.device SET trace = overlay(id(77)::text PLACING '0198f0c1' FROM 1 FOR 8)::uuid, attempt = overlay(id(78)::text PLACING '0198f0c0' FROM 1 FOR 8)::uuid WHERE id = id(2);
SELECT is((SELECT string_agg(name, ', ') FROM muster.find_devices((SELECT trace FROM muster.device WHERE id = id(2))::text)), 'PC-2', 'a trace that began a minute before');
SELECT is((SELECT string_agg(name, ', ') FROM muster.find_devices((SELECT attempt FROM muster.device WHERE id = id(2))::text)), 'PC-2', 'an attempt that began before');
BEGIN;
SELECT muster.retire_device(id(2), 'lost') \g /dev/null
SELECT is((SELECT string_agg(name || ' ' || state, ', ') FROM muster.find_devices(w)), 'PC-2 retired', 'a past one: ' || w) FROM unnest(ARRAY['pc-2', 'Hw-2', 'D-2']) w;
ROLLBACK;

-- Blocking says what is enrolled all the same, in its own organization.
SELECT is(try('boss', $$SELECT muster.block_device('example', 'serial number', 'sn 1', 'it''s stolen')$$),
	format('a device of serial number sn 1 does not enroll any more; it is enrolled, retire it: SELECT muster.retire_device(''%s'', ''it''''s stolen'');', id(1)), 'blocked, and enrolled');
SELECT is(try('boss', format($$SELECT muster.block_device('example', %L, %L, 'lost')$$, k, v)), format('a device of %s %s does not enroll any more; it is enrolled, retire it: SELECT muster.retire_device(''%s'', ''lost'');', k, v, id(2)), 'by ' || k)
	FROM (VALUES ('hardware id', 'hw-2'), ('device id', 'D-2')) x (k, v);
SELECT results_eq($$SELECT organization, kind, value, still_enrolled FROM muster.blocked_devices ORDER BY kind$$,
	$$VALUES ('example', 'device id', 'D-2', ARRAY[id(2)]), ('example', 'hardware id', 'hw-2', ARRAY[id(2)]), ('example', 'serial number', 'sn 1', ARRAY[id(1)])$$, 'the view tells the same');
SELECT matches(muster.retire_device(id(1), 'stolen'), 'is retired', 'retired');
SELECT is((SELECT still_enrolled FROM muster.blocked_devices WHERE kind = 'serial number'), '{}', 'then no more');
SELECT matches(muster.unblock_device('example', k, v), 'may enroll again', 'unblocked') FROM (VALUES ('device id', 'd-2'), ('hardware id', 'HW-2'), ('serial number', 'SN 1')) x (k, v);

-- The other rules' rows.
SELECT muster.add_group('example', 'Lab'), muster.allow_network('example', '192.0.2.0/24', 'Lab', 'the lab'), muster.expect_device('example', 'serial number', 'SN-9', 'bob@example.test', 'order 1'),
	muster.publish_terms('example', 1, 'en', 'Terms', 'Be good.'), muster.record_acceptance('bob@example.test', 1, 'on paper');
SELECT results_eq($$SELECT organization, network::text, group_name, note FROM muster.allowed_networks$$, $$VALUES ('example', '192.0.2.0/24', 'Lab', 'the lab')$$, 'networks');
SELECT results_eq($$SELECT organization, kind, value, account, note, arrived_at, device_name, required FROM muster.expected_devices$$,
	$$VALUES ('example', 'serial number', 'SN-9', 'bob@example.test', 'order 1', NULL::timestamptz, NULL::text, false)$$, 'expected devices');
SELECT results_eq($$SELECT organization, account, version, how, note, required FROM muster.acceptances$$, $$VALUES ('example', 'bob@example.test', 1, 'hand', 'on paper', NULL::integer)$$, 'acceptances');

-- What a platform would do to the devices there are.
SELECT is(try('boss', $$SELECT muster.set_platform('example', '10.0.22000')$$), 'organization example admits Windows from 10.0.22000, any edition, any device type, any enrollment type, any flow; of its 1 newest living devices 1 would be refused if they enrolled anew', 'one is too old');
SELECT is((SELECT finding FROM muster.check_configuration('example') WHERE topic = 'platform'), 'none of its newest living devices could enroll again: its platform refuses them all', 'nobody fits: a warning');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', '{"DeviceID": "d-4", "OSVersion": "10.0.26200.1", "DeviceType": "CIMClient_Windows", "UXInitiated": "true"}')), 'OK|-', 'one that fits');
SELECT is((SELECT count(*) FROM muster.check_configuration('example') WHERE topic = 'platform'), 0::bigint, 'somebody fits: no warning');
SELECT matches(muster.set_platform('example', device_types => '{no phones}'), 'of its 2 newest living devices 2 would be refused', 'a device type that none tells');
SELECT matches(muster.set_platform('example', flows => '{bulk}'), 'of its 2 newest living devices 2 would be refused', 'another flow');
SELECT matches(muster.set_platform('example', enrollment_types => '{Device}'), 'of its 2 newest living devices 2 would be refused', 'another enrollment type');
SELECT matches(muster.set_platform('example', '10.0', device_types => '{cimclient_windows}'), 'any flow$', 'all fit: nothing more is said');

-- Who has no password gets no further.
SELECT results_eq($$SELECT step, rule, outcome, why, hresult, decides FROM muster.explain_enrollment('bob@example.test') WHERE outcome <> 'OK'$$,
	$$VALUES (1::bigint, 'password', 'Authentication', 'account bob@example.test has no password; to set one: muster-ca password bob@example.test', '0x80180002', true)$$, 'no password is explained');
SELECT is((SELECT count(*) FROM muster.explain_enrollment('ada@example.test') WHERE rule = 'password'), 0::bigint, 'who has one is asked nothing');

-- Who changed what: with names, whether the row is new, changed or gone.
CREATE TABLE since AS SELECT clock_timestamp() AS at;
GRANT SELECT ON since TO PUBLIC;
SELECT is(try('boss', s) LIKE 'ERROR%', false, s) FROM (VALUES (1, $$SELECT muster.add_group('example', 'Shop')$$), (2, $$SELECT muster.set_group_cap('example', 'Shop', 4)$$), (3, $$SELECT muster.add_to_group('bob@example.test', 'Shop')$$),
	(4, $$SELECT muster.add_licence('example', 'MDM', 2)$$), (5, $$SELECT muster.set_licence_pool('example', 'MDM', true)$$), (6, $$SELECT muster.assign_licence('ada@example.test', 'MDM')$$), (7, $$SELECT muster.block_device('example', 'serial number', 'SN-3', 'lost')$$),
	(8, $$SELECT muster.block_device('example', 'serial number', 'SN-3', 'stolen')$$), (9, $$SELECT muster.set_device_cap('example', 7)$$), (10, $$SELECT muster.allow_network('example', '198.51.100.0/24')$$), (11, format('SELECT muster.retire_device(%L, ''lost'')', id(2))),
	(12, $$SELECT muster.unblock_device('example', 'serial number', 'SN-3')$$)) v (n, s) ORDER BY n;
SELECT results_eq($$SELECT actor_role, organization, kind, subject, account, device_name, why FROM muster.changes c, since s WHERE c.at > s.at ORDER BY c.at, c.id$$, $$VALUES
	('boss', 'example', 'account group added', 'Shop', NULL::text, NULL::text, NULL::text), ('boss', 'example', 'account group changed', 'Shop', NULL, NULL, NULL), ('boss', 'example', 'account group member added', 'Shop', 'bob@example.test', NULL, NULL),
	('boss', 'example', 'licence added', 'MDM', NULL, NULL, NULL), ('boss', 'example', 'licence seats added', 'MDM', NULL, NULL, NULL), ('boss', 'example', 'licence changed', 'MDM', NULL, NULL, NULL), ('boss', 'example', 'licence seat changed', 'MDM', 'ada@example.test', NULL, NULL),
	('boss', 'example', 'blocked device added', 'SN-3', NULL, NULL, 'lost'), ('boss', 'example', 'blocked device changed', 'SN-3', NULL, NULL, 'stolen'), ('boss', 'example', 'organization changed', NULL, NULL, NULL, NULL),
	('boss', 'example', 'allowed network added', '198.51.100.0/24', NULL, NULL, NULL), ('boss', 'example', 'retired', NULL, 'bob@example.test', 'PC-2', 'lost'), ('boss', 'example', 'certificate revoked', NULL, 'bob@example.test', 'PC-2', 'cessationOfOperation: lost'), ('boss', 'example', 'blocked device removed', 'SN-3', NULL, NULL, 'stolen')$$, 'every change with the name of what it was about');
SELECT results_eq($$SELECT before, after FROM muster.changes WHERE kind = 'account group changed'$$, $$VALUES ('{"device_cap": null}'::jsonb, '{"device_cap": 4}'::jsonb)$$, 'before and after');
SELECT is((SELECT count(*) FROM muster.changes WHERE kind IN ('enrolled', 'refused', 'first contact')), 0::bigint, 'not what the programs do');

-- A refusal names its rule.
SELECT is(try('muster_worker', format($$SELECT * FROM muster_worker.refuse(%L, NULL, 'enrollment', 'DeviceCapReached', 'too many', 'example', 'ada', NULL, '192.0.2.7', NULL, '{"rule": "device cap"}')$$, id(600))), 'true', 'refused');
SELECT is(try('muster_worker', format($$SELECT * FROM muster_worker.refuse(%L, NULL, 'policy', 'Authentication', 'wrong password', 'example', 'ada', NULL, '192.0.2.7', NULL)$$, id(601))), 'true', 'refused before any rule');
SELECT results_eq($$SELECT outcome, rule FROM muster.refusals ORDER BY outcome$$, $$VALUES ('Authentication', NULL), ('DeviceCapReached', 'device cap')$$, 'the rule, or none');

-- How else one may prove oneself, and what passwords have to do with it.
CREATE FUNCTION proof(p_policies text[], p_upn text, p_bulk_token text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE muster.organization SET auth_policies = p_policies WHERE key = 'example';
	RETURN (SELECT string_agg(e.rule || ' ' || e.outcome || CASE WHEN e.decides THEN ', decides' ELSE '' END, '; ')
		FROM muster.explain_enrollment(p_upn, remote => '203.0.113.9', bulk_token => p_bulk_token) e WHERE e.rule IN ('password', 'credential', 'guessing', 'token'));
END
$$;
SELECT is(proof('{OnPremise,Certificate}', 'bob@example.test'), 'password Authentication, decides', 'no certificate is trusted');
SELECT is(proof('{Certificate}', 'ada@example.test'), 'credential InvalidSecurity, decides', 'a password is nothing where none is accepted');
SELECT is(proof('{}', 'ada@example.test'), 'credential InvalidSecurity, decides', 'nor where nothing is');
SELECT muster.list_signer('example', 'bob@example.test', repeat('0a', 32)) IS NULL;
SELECT is(proof('{OnPremise,Certificate}', 'bob@example.test'), NULL, 'who signs by a certificate needs no password');
SELECT is(proof('{Certificate}', 'bob@example.test'), NULL, 'also where there is no other way');
SELECT is(proof('{OnPremise}', 'bob@example.test'), 'password Authentication, decides', 'unless they are not accepted');
SELECT is(proof('{Certificate}', 'ada@example.test'), 'credential InvalidSecurity, decides', 'another account''s is not hers');
SELECT muster.add_tenant('example', '72f988bf-86f1-41af-91ab-2d7cd011db47', ARRAY['a']) IS NULL;
SELECT is(proof('{OnPremise}', 'bob@example.test'), 'password Authentication, decides', 'a tenant''s tokens count where Federated does');
SELECT is(proof('{OnPremise,Federated}', 'bob@example.test'), NULL, 'and there they do');
SELECT count(try('muster_worker', format($$SELECT * FROM muster_worker.count_password('example', %L, (SELECT account FROM muster_worker.policy('example', %1$L)), '203.0.113.9', true, NULL)$$, u)))
	FROM unnest(ARRAY['ada@example.test', 'package@example.test']) u, generate_series(1, 10) \g /dev/null
SELECT is(proof('{OnPremise}', 'ada@example.test'), 'guessing Authentication, decides', 'her passwords are not looked at');
SELECT is(proof('{Certificate}', 'ada@example.test'), 'credential InvalidSecurity, decides', 'which is nothing where no password is accepted');
SELECT muster.add_bulk_token('package@example.test', 'p', encode(sha256('p'), 'hex')) IS NULL;
SELECT is(proof('{OnPremise,Federated}', 'package@example.test', 'p'), 'token OK', 'nor to a bulk token');
UPDATE muster.organization SET auth_policies = '{OnPremise}' WHERE key = 'example';

SELECT * FROM finish();
