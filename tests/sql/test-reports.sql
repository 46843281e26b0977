-- Explaining, reports, what is configured and what is missing: by the roles that read them.
SET search_path = test;
SELECT no_plan();

-- Explaining: every rule, in order, and the one that decides; nothing is written.
SELECT results_eq($$SELECT rule, outcome, decides FROM muster.explain_enrollment('ada@example.test', '{"DeviceID": "d", "OSVersion": "10.0.26200.1"}', '192.0.2.7')$$,
	$$SELECT r, 'OK', false FROM unnest(ARRAY['organization', 'account', 'maintenance', 'network', 'group', 'licence', 'enrollment type', 'flow', 'platform', 'blocked device',
		'expected device', 'terms', 'collision', 'device cap', 'authority', 'DM server']) WITH ORDINALITY x (r, n) ORDER BY n$$, 'nothing against it: every rule says OK');
SELECT is(try('boss', $$SELECT count(*) FROM muster.event$$), (SELECT count(*)::text FROM muster.event), 'events so far');
CREATE TABLE before AS SELECT count(*) AS events FROM muster.event;
BEGIN;
SELECT muster.set_device_cap('example', 0), muster.begin_maintenance('example', 'new disks'), muster.disable_account('ada@example.test', 'left');
SELECT results_eq($$SELECT rule, outcome, hresult, decides FROM muster.explain_enrollment('ada@example.test', '{"DeviceID": "d"}') WHERE outcome <> 'OK'$$,
	$$VALUES ('account', 'Authorization', '0x80180003', true), ('maintenance', 'InMaintenance', '0x80180017', false), ('device cap', 'DeviceCapReached', '0x80180013', false)$$,
	'a change is rehearsed: all refusals, with the code on the screen, the first decides');
ROLLBACK;
SELECT is((SELECT count(*) FROM muster.event), (SELECT events FROM before), 'and nothing is left of it');
SELECT is(try(r, $$SELECT count(*) FROM muster.explain_enrollment('ada@example.test')$$), '16', r || ' may ask') FROM unnest(ARRAY['boss', 'audrey']) r;
SELECT is((SELECT string_agg(DISTINCT why, ',') FROM muster.explain_enrollment('ada@example.test') WHERE rule IN ('flow', 'enrollment type', 'blocked device')), 'not told yet', 'without facts rules about the device are not told');
SELECT is(try('boss', s), said, s) FROM (VALUES
	($$SELECT * FROM muster.explain_enrollment('ada@example.test', '[1]')$$, 'ERROR: a device''s facts are a JSON object, this is: [1] HINT: For example: SELECT * FROM muster.explain_enrollment(''ada@example.test'', ''{"DeviceID": "…", "OSVersion": "10.0.19045"}'');'),
	($$SELECT * FROM muster.explain_enrollment('nobody@example.test')$$, 'ERROR: there is no account "nobody@example.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;'),
	($$SELECT * FROM muster.explain_device('00000000-0000-0000-0000-000000000000')$$, 'ERROR: there is no device 00000000-0000-0000-0000-000000000000 HINT: To look, by name, serial number or account: SELECT id, name, state FROM muster.find_devices(''…'');')) v (s, said);
SELECT is(try('muster_worker', 'SELECT * FROM muster.explain_enrollment(''ada@example.test'')'), 'ERROR: permission denied for schema muster', 'a worker asks nothing of this');
-- The same decision as an enrollment gets.
SELECT muster.set_device_cap('example', 0);
SELECT is(split_part(try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "d"}')), '|', 2), (SELECT why FROM muster.explain_enrollment('ada@example.test', '{"DeviceID": "d"}', '192.0.2.7') WHERE decides), 'word for word what record says');
SELECT muster.set_device_cap('example', NULL);
SELECT is(try('muster_issuer', record(2, 'ada@example.test', '{"DeviceID": "d2", "OSVersion": "10.0.26200.9278", "RequestVersion": "9.0", "DeviceName": "PC-2"}')), 'OK|-', 'a device');
SELECT is((SELECT count(*) FROM muster.explain_device(id(2)) WHERE outcome = 'OK'), 16::bigint, 'it could enroll again');

-- Clients seen first.
SELECT is(try('muster_issuer', record(3, 'bob@example.test', '{"DeviceID": "d3", "OSVersion": "10.0.26200.1", "RequestVersion": "9.0"}')), 'OK|-', 'the same build and version');
SELECT is(try('muster_issuer', record(4, 'bob@example.test', '{"DeviceID": "d4", "OSVersion": "10.0.26200.1", "RequestVersion": "10.0"}')), 'OK|-', 'a new version');
SELECT is(try('muster_issuer', record(5, 'olga@other.test', '{"DeviceID": "d5"}')), 'OK|-', 'one that says nothing');
SELECT results_eq($$SELECT organization, build, request_version, device_name, account FROM muster.client_versions ORDER BY first_device$$,
	$$VALUES ('example', '10.0.26200', '9.0', 'PC-2', 'ada@example.test'), ('example', '10.0.26200', '10.0', NULL, 'bob@example.test'), ('other', 'unknown', '', NULL, 'olga@other.test')$$,
	'each build and version with its first device');
SELECT is(muster.build_of(v), expected, 'build of ' || coalesce(v, 'NULL')) FROM (VALUES ('10.0.26200.9278', '10.0.26200'), ('10.0.26200', '10.0.26200'), ('10.0', 'unknown'), ('x', 'unknown'), ('10.0.1x', 'unknown'),
	('10.0.1234567', 'unknown'), ('', 'unknown'), (NULL, 'unknown')) x (v, expected);
INSERT INTO muster.client_version (organization, build, request_version, first_device) SELECT o.id, 'filler', n::text, id(2) FROM muster.organization o, generate_series(1, 1000) n WHERE o.key = 'example';
SELECT is(try('muster_issuer', record(6, 'ada@example.test', '{"DeviceID": "d6", "OSVersion": "10.0.99999.1"}')), 'OK|-', 'when there are a thousand');
SELECT is((SELECT count(*) FROM muster.client_version WHERE build = '10.0.99999'), 0::bigint, 'no more are kept');
DELETE FROM muster.client_version WHERE build = 'filler';

-- Counts.
SELECT is(try('muster_worker', format('SELECT * FROM muster_worker.count(%L)', c)), 'true', 'counted: ' || left(c, 60)) FROM (VALUES
	('[]'), ('[{"organization": "example", "stage": "discovery", "build": "10.0.26200", "count": 3}, {"organization": "example", "stage": "policy", "build": "unknown", "count": 2}]'),
	('[{"organization": "example", "stage": "discovery", "build": "10.0.26200", "count": 4}]'),
	('[{"organization": "nowhere", "stage": "discovery", "build": "10.0.26200", "count": 4}, {"organization": "example", "stage": "nonsense", "build": "x", "count": 1}, {"organization": "example", "stage": "discovery", "build": "<b>", "count": 1}, {"organization": "example", "stage": "discovery", "build": "10.0.1", "count": -5}]')) v (c);
SELECT results_eq($$SELECT stage, build, count FROM muster.daily_count ORDER BY 1, 2$$, $$VALUES ('discovery', '10.0.26200', 7::bigint), ('discovery', 'other', 1), ('policy', 'unknown', 2)$$, 'added up by day');
SELECT is(try('muster_worker', format('SELECT * FROM muster_worker.count(%L)', (SELECT json_agg(json_build_object('organization', 'example', 'stage', 'discovery', 'build', '10.0.' || n, 'count', 1)) FROM generate_series(1, 500) n))), 'true', 'five hundred builds');
SELECT is((SELECT count(*) FROM muster.daily_count WHERE stage = 'discovery'), 200::bigint, 'two hundred are kept apart');
SELECT is((SELECT sum(count) FROM muster.daily_count WHERE stage = 'discovery'), 508::numeric, 'none is lost');
BEGIN READ ONLY;
SELECT is(try('muster_worker', $$SELECT * FROM muster_worker.count('[]')$$), 'false', 'on a standby it says so');
ROLLBACK;

-- The funnel.
SELECT is(try('muster_worker', device(2)), 'OK|-', 'a device is seen');
SELECT results_eq($$SELECT organization, build, discovered, policy, issued, first_contact FROM muster.funnel() WHERE build IN ('10.0.26200', 'unknown') ORDER BY 1, 2$$,
	$$VALUES ('example', '10.0.26200', 7::bigint, 0::bigint, 3::bigint, 1::bigint), ('example', 'unknown', 0, 2, 0, 0), ('other', 'unknown', 0, 0, 1, 0)$$, 'the funnel by build');
SELECT is((SELECT count(*) FROM muster.funnel('2020-01-01', '2020-12-31')), 0::bigint, 'of another year');
SELECT is(try('boss', format('SELECT * FROM muster.%s(%s)', f, a)), 'ERROR: not a span of days: ' || said || ' HINT: Give the first and the last day (UTC), at most 400 days apart.', f || ' of ' || said)
	FROM unnest(ARRAY['funnel', 'refusals_by_day']) f, (VALUES ($$'2027-01-02', '2027-01-01'$$, '2027-01-02 to 2027-01-01'), ($$NULL, '2027-01-01'$$, 'NULL to 2027-01-01'), ($$'2020-01-01', '2027-01-01'$$, '2020-01-01 to 2027-01-01')) v (a, said);

-- Refusals by day.
SELECT is(try('muster_worker', format($$SELECT * FROM muster_worker.refuse(%L, NULL, 'enrollment', 'DeviceCapReached', 'cap 5 reached', 'example', %L, NULL, '192.0.2.7', NULL, '{"rule": "device cap"}')$$, id(600 + n), CASE WHEN n < 3 THEN 'ada' ELSE 'bob' END)), 'true', 'refused') FROM generate_series(1, 4) n;
SELECT results_eq($$SELECT organization, stage, outcome, rule, hresult, refusals, accounts, latest_why FROM muster.refusals_by_day()$$,
	$$VALUES ('example', 'enrollment', 'DeviceCapReached', 'device cap', '0x80180013', 4::bigint, 2::bigint, 'cap 5 reached')$$, 'by day and reason');

-- Licences, groups, what ends soon, maintenance.
SELECT muster.add_licence('example', 'Seats', 5, valid_until => now() + interval '10 days', pool => true), muster.add_group('example', 'Staff', 7), muster.add_to_group('bob@example.test', 'Staff'),
	muster.assign_licence('ada@example.test', 'Seats'), muster.assign_licence_to_group('example', 'Seats', 'Staff'), muster.schedule_maintenance('example', now() + interval '1 day', now() + interval '2 days', 'disks', 'Staff');
SELECT results_eq($$SELECT name, state, seats, taken, free, pool, groups, required FROM muster.licences$$, $$VALUES ('Seats', 'valid', 5::bigint, 1::bigint, 4::bigint, true, ARRAY['Staff'], false)$$, 'licences with their seats');
SELECT results_eq($$SELECT licence, account, how FROM muster.licence_holders$$, $$VALUES ('Seats', 'ada@example.test', 'hand')$$, 'and who holds them');
SELECT results_eq($$SELECT name, may_enroll, device_cap, members, licences FROM muster.groups$$, $$VALUES ('Staff', true, 7, 1::bigint, ARRAY['Seats'])$$, 'groups');
SELECT results_eq($$SELECT group_name, account FROM muster.group_members$$, $$VALUES ('Staff', 'bob@example.test')$$, 'and their members');
SELECT results_eq($$SELECT device_cap, device_cap_of, devices FROM muster.accounts WHERE upn IN ('ada@example.test', 'bob@example.test') ORDER BY upn$$, $$VALUES (NULL::integer, NULL::text, 2::bigint), (7, 'group "Staff"', 2)$$, 'accounts with counts against caps');
SELECT results_eq($$SELECT what, organization, name, number FROM muster.expiring ORDER BY ends$$, $$VALUES ('maintenance', 'example', 'disks', NULL::bigint), ('licence', 'example', 'Seats', 1)$$, 'what ends soon');
UPDATE muster.certificate SET not_after = now() + interval '3 days' WHERE device = id(2);
SELECT is((SELECT number FROM muster.expiring WHERE what = 'certificates'), 1::bigint, 'certificates by day');
SELECT results_eq($$SELECT organization, state, reason, pilot_group FROM muster.maintenances$$, $$VALUES ('example', 'scheduled', 'disks', 'Staff')$$, 'maintenance');

-- What is configured, what is missing.
SELECT is_empty($$SELECT * FROM muster.check_configuration() WHERE organization_key = 'example' AND severity = 'error'$$, 'nothing is wrong with a whole organization');
SELECT is((SELECT count(*) FROM muster.configuration_of('example') WHERE setting IS NULL OR (value IS NULL AND setting NOT IN ('DM server', 'authority', 'domains'))), 0::bigint, 'every setting has a value');
SELECT is(try('boss', $$SELECT value FROM muster.configuration_of('example') WHERE setting = 'maintenance'$$), 'scheduled: disks', 'what is configured');
SELECT results_eq($$SELECT topic, finding FROM muster.check_configuration('other') WHERE severity = 'error'$$, $$VALUES ('account', 'no account that may enroll has a password')$$, 'what is missing');
SELECT muster.add_organization('bare', 'Bare', 'https://one.bare.test', 'https://one.bare.test');
SELECT results_eq($$SELECT severity, topic FROM muster.check_configuration('bare')$$,
	$$VALUES ('error', 'account'), ('error', 'authority'), ('error', 'DM server'), ('error', 'domain'), ('warning', 'URLs')$$, 'of a bare one nearly all');
SELECT muster.require_group('bare'), muster.require_licence('bare'), muster.require_preregistration('bare'), muster.disable_organization('bare'), muster.set_device_cap('bare', 0);
UPDATE muster.organization SET terms_version = 7 WHERE key = 'bare';
INSERT INTO muster.platform (organization, minimum_os_version, maximum_os_version) SELECT id, '10.0.22000', '10.0.19045' FROM muster.organization WHERE key = 'bare';
INSERT INTO muster.maintenance (organization, begins, reason) SELECT id, now() - interval '3 days', 'forgotten' FROM muster.organization WHERE key = 'bare';
INSERT INTO muster.custom_rule (organization, name, function) SELECT id, 'Gone', 'rules.gone' FROM muster.organization WHERE key = 'bare';
SELECT bag_eq($$SELECT severity, topic FROM muster.check_configuration('bare') WHERE topic NOT IN ('account', 'authority', 'DM server', 'domain', 'URLs')$$,
	$$VALUES ('error', 'organization'), ('error', 'group'), ('error', 'licence'), ('warning', 'expected device'), ('error', 'terms'), ('error', 'platform'), ('warning', 'maintenance'), ('error', 'custom rule'), ('note', 'device cap')$$,
	'contradictions');
SELECT is((SELECT finding FROM muster.check_configuration('bare') WHERE topic = 'custom rule'), 'rule "Gone" refuses everybody: there is no function rules.gone(muster.candidate)', 'a rule that is gone');
SELECT is_empty($$SELECT * FROM muster.check_configuration() WHERE next_step IS NULL OR finding IS NULL$$, 'each finding has a next step');
SELECT is(try('boss', $$SELECT * FROM muster.check_configuration('nowhere')$$), 'ERROR: there is no organization "nowhere" HINT: Organizations: bare, example, other', 'of one that is not there');
ALTER ROLE muster_worker RESET lock_timeout;
SELECT is((SELECT finding FROM muster.check_configuration() WHERE topic = 'role'), 'role muster_worker has no lock_timeout: a statement of its may wait for ever', 'a role without deadline');
ALTER ROLE muster_worker SET lock_timeout = '4s';

SELECT * FROM finish();
