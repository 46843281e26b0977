-- Hand-off to DM servers: who may take over what, where devices are sent, unenrolling, and that the feed leaves nothing out.
SET search_path = test;
SELECT no_plan();
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mdm') THEN
		CREATE ROLE mdm LOGIN IN ROLE muster_dm;
	END IF;
END
$$;
CREATE FUNCTION enroll(n integer, p_upn text, p_facts text DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	said text := test.try('muster_issuer', test.record(n, p_upn, p_facts));
BEGIN
	IF said <> 'OK|-' THEN RAISE EXCEPTION '%', said; END IF;
END
$$;
CREATE FUNCTION mdm(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('mdm', p_sql) $$;
CREATE FUNCTION check_in(n integer, p_unenroll boolean, p_columns text DEFAULT 'outcome, why') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT %s FROM muster_worker.check_in(%L, %L, ''192.0.2.9'', %L)', p_columns, sha256(test.der(n)), test.id(3000000 + n), p_unenroll))
$$;
-- What consider tells for an account.
CREATE FUNCTION sent(p_upn text) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT provider_id, provider_name, management_url FROM muster_worker.consider(%L, %L, ''{"EnrollmentType": "Full"}'')', 'example', p_upn))
$$;

-- Who sees what.
SELECT enroll(1, 'ada@example.test', '{"DeviceID": "d1", "DeviceName": "PC"}'), enroll(2, 'olga@other.test', '{"DeviceID": "d2"}');
SELECT is(mdm('SELECT count(*) FROM muster_dm.devices'), '0', 'nothing delegated: no device');
SELECT is(mdm('SELECT * FROM muster_dm.identify(''' || encode(sha256(der(1)), 'hex') || ''')'), '(no row)', 'nor identified');
SELECT is(mdm('SELECT muster_dm.first_contact(''' || id(1) || ''')'), 'ERROR: there is no device ' || id(1) || ' HINT: SELECT id FROM muster_dm.devices; shows those of the organizations that are delegated to this login.', 'nor confirmed');
SELECT is(mdm('SELECT muster_dm.unenrolled(''' || id(1) || ''')'), 'ERROR: there is no device ' || id(1) || ' HINT: SELECT id FROM muster_dm.devices; shows those of the organizations that are delegated to this login.', 'nor unenrolled');
SELECT is(mdm('SELECT * FROM muster_dm.sealed_secrets(''' || id(1) || ''')'), 'ERROR: there is no device ' || id(1) || ' HINT: SELECT id FROM muster_dm.devices; shows those of the organizations that are delegated to this login.', 'nor its secrets read');
SELECT is(mdm('SELECT count(*) FROM muster_dm.sealed_secrets(NULL)'), '0', 'nor anybody''s');
SELECT is(mdm('SELECT count(*) FROM muster_dm.feed() WHERE id IS NOT NULL'), '0', 'nor told of');
SELECT is(try('boss', 'SELECT muster.delegate(''boss'', ''DM server'', ''example'')'), 'ERROR: role "boss" is not a member of muster_dm HINT: As one who may: GRANT muster_dm TO boss;', 'an administrator is no DM server');
SELECT is(try('boss', 'SELECT muster.delegate(''mdm'', ''DM server'', ''example'')'), 'mdm is DM server for organization example', 'delegated');
SELECT is((SELECT state FROM muster.delegations WHERE role = 'mdm'), 'in force', 'in force');
SELECT is(mdm('SELECT id, organization, upn, device_id, name, state, certificate_sha256, certificate_serial, certificate_store, provider_id, management_url, auth_policy, refused FROM muster_dm.devices'),
	id(1) || '|example|ada@example.test|d1|PC|enrolled|' || encode(sha256(der(1)), 'hex') || '|00000001|My/User|ExampleMDM|https://mdm.example.test/ManagementServer/MDM.svc|OnPremise|-', 'its device');
SELECT is(mdm('SELECT count(*) FROM muster_dm.devices'), '1', 'and no other organization''s');
SELECT is(mdm('SELECT certificate = ''' || der(1)::text || ''' FROM muster_dm.devices'), 'true', 'with its certificate');
SELECT is(mdm('SELECT device, refused FROM muster_dm.identify(''' || upper(encode(sha256(der(1)), 'hex')) || ''')'), id(1) || '|-', 'identified');
SELECT is(mdm('SELECT device FROM muster_dm.identify(''' || encode(sha256(der(2)), 'hex') || ''')'), '(no row)', 'another organization''s is not');
SELECT is(mdm('SELECT device FROM muster_dm.identify(' || s || ')'), '(no row)', 'no fingerprint: ' || s) FROM (VALUES ('NULL'), ('''zz'''), ('''''')) v (s);
SELECT is(mdm(s), 'ERROR: permission denied for schema ' || n, 'not: ' || s) FROM (VALUES ('SELECT * FROM muster.device', 'muster'), ('SELECT muster.retire_device(NULL, NULL)', 'muster'),
	('SELECT * FROM muster_worker.device(NULL, NULL)', 'muster_worker'), ('SELECT * FROM muster_issuer.authorities()', 'muster_issuer'), ('SELECT muster.dm_device(NULL)', 'muster')) v (s, n);
SELECT is(try(r, 'SELECT * FROM muster_dm.devices'), 'ERROR: permission denied for schema muster_dm', r || ' is no DM server') FROM unnest(ARRAY['boss', 'audrey', 'eve', 'muster_worker', 'muster_issuer']) r;

-- Secrets: sealed as they are, and each reading told.
SELECT is(mdm('SELECT id, organization, certificate = ''' || der(1)::text || ''', sealing_key = ''' || sha256('sealing key')::text || ''', sealed FROM muster_dm.sealed_secrets(''' || id(1) || ''')'),
	id(1) || '|example|true|true|\x0102', 'a device''s secrets, sealed');
SELECT results_eq($$SELECT device, organization = muster.organization_id('example'), actor_role FROM muster.event WHERE kind = 'secrets read'$$, $$VALUES (test.id(1), true, 'mdm')$$, 'an event tells who read them');
SELECT enroll(3, 'bob@example.test', '{"DeviceID": "d3"}'), enroll(4, 'bob@example.test', '{"DeviceID": "d4"}');
SELECT is(mdm('SELECT string_agg(id::text, '' '' ORDER BY id) FROM muster_dm.sealed_secrets(NULL, NULL, 2)'), id(1) || ' ' || id(3), 'all, some at a time');
SELECT is(mdm('SELECT string_agg(id::text, '' '' ORDER BY id) FROM muster_dm.sealed_secrets(NULL, ''' || id(3) || ''', 2)'), id(4)::text, 'and those after');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'secrets read'), 4::bigint, 'an event for each');

-- First contact.
SELECT is(mdm('SELECT muster_dm.first_contact(''' || id(1) || ''', ''00'')'), 'ERROR: device ' || id(1) || ' has no certificate 00 HINT: Give the SHA-256 of the client certificate''s DER, or leave it out: the newest.', 'with another certificate');
SELECT is(mdm('SELECT muster_dm.first_contact(''' || id(1) || ''')'), 'device ' || id(1) || ' is seen for the first time with this certificate', 'first contact');
SELECT is(mdm('SELECT muster_dm.first_contact(''' || id(1) || ''', ''' || encode(sha256(der(1)), 'hex') || ''')'), 'device ' || id(1) || ' was seen before', 'once');
SELECT is((SELECT first_contact_at IS NOT NULL FROM muster.device WHERE id = id(1)), true, 'recorded');
SELECT enroll(5, 'ada@example.test', '{"DeviceID": "d1"}');
SELECT is(mdm('SELECT muster_dm.first_contact(''' || id(5) || ''')'), 'device ' || id(5) || ' is seen for the first time with this certificate', 'the successor''s');
SELECT is(mdm('SELECT muster_dm.first_contact(''' || id(1) || ''')'), 'ERROR: device ' || id(1) || ' was not to be let in: certificate is superseded: the device has used a newer one HINT: Ask muster_dm.identify before each session, and answer 403.', 'ended its predecessor');

-- Unenrolling: the seat is free as the licence says, the certificate revoked.
SELECT muster.add_licence('example', 'Management', 1, pool => true) IS NULL, muster.require_licence('example') IS NULL;
SELECT muster.add_account('una@example.test') IS NULL, muster.add_account('ute@example.test') IS NULL;
SELECT enroll(10, 'una@example.test', '{"DeviceID": "d10"}');
SELECT is(try('muster_issuer', record(11, 'ute@example.test', '{"DeviceID": "d11"}', p_columns => 'outcome')), 'UserLicense', 'the seat is taken');
SELECT is(check_in(10, false, 'outcome, why, device, account, organization, state, device_id'), 'OK|-|' || id(10) || '|una@example.test|example|enrolled|d10', 'a check-in');
SELECT is((SELECT first_contact_at IS NOT NULL FROM muster.device WHERE id = id(10)), true, 'the first is the first contact');
SELECT is(check_in(10, true, 'outcome, why, state'), 'OK|-|retired', 'its user unenrolls it');
SELECT is(check_in(10, true, 'outcome, why'), 'Forbidden|device is retired: unenrolled by its user', 'from then on it is refused');
SELECT results_eq($$SELECT state, retired_reason, unenrolled_at IS NOT NULL FROM muster.device WHERE id = test.id(10)$$, $$VALUES ('retired', 'unenrolled by its user', true)$$, 'retired, and how');
SELECT results_eq($$SELECT revoked_at IS NOT NULL, revocation_reason FROM muster.certificate WHERE device = test.id(10)$$, $$VALUES (true, 'cessationOfOperation')$$, 'its certificate is revoked');
SELECT results_eq($$SELECT kind, trace, stage, why, remote, actor_role FROM muster.event WHERE device = test.id(10) AND kind IN ('unenrolled', 'retired', 'device changed')$$,
	$$VALUES ('unenrolled', test.id(3000010), 'check-in', 'unenrolled by its user', '192.0.2.9'::inet, NULL::text)$$, 'one event');
SELECT enroll(12, 'ute@example.test', '{"DeviceID": "d12"}');
SELECT is((SELECT account FROM muster.licence_holders LIMIT 1), 'ute@example.test', 'the seat is another''s');
SELECT is(mdm('SELECT muster_dm.unenrolled(''' || id(12) || ''', ''  '')'), 'ERROR: unenrolling a device needs a reason HINT: Leave it out where its user disconnected it, or say who did and why.', 'no reason');
SELECT is(mdm('SELECT muster_dm.unenrolled(''' || id(12) || ''', ''left the company'')'), 'device ' || id(12) || ' is unenrolled; its certificate is refused from now on', 'the DM server says so');
SELECT is(mdm('SELECT muster_dm.unenrolled(''' || id(12) || ''')'), 'device ' || id(12) || ' was retired already', 'once');
SELECT results_eq($$SELECT why, stage, actor_role FROM muster.event WHERE device = test.id(12) AND kind = 'unenrolled'$$, $$VALUES ('left the company', 'DM server', 'mdm')$$, 'an event tells who');
SELECT is(mdm('SELECT state, refused FROM muster_dm.devices WHERE id = ''' || id(12) || ''''), 'retired|device is retired: left the company', 'the view tells it');
SELECT is((SELECT count(*) FROM muster.licence_holders), 0::bigint, 'the seat is free');
SELECT muster.require_licence('example', false) IS NULL;
SELECT is(check_in(99, true, 'outcome, why, device'), 'Forbidden|unknown certificate|-', 'an unknown certificate checks in');
BEGIN READ ONLY;
SELECT is(check_in(3, false, 'outcome, why'), 'OK|-', 'a standby lets in');
SELECT is(check_in(3, true, 'outcome, why'), 'EnrollmentServer|the device unenrolls, but the database is read-only', 'but cannot unenroll');
COMMIT;

-- Where devices are sent.
SELECT muster.add_group('example', 'sales') IS NULL, muster.add_group('example', 'pilots') IS NULL, muster.add_to_group('ada@example.test', 'sales') IS NULL, muster.add_to_group('ada@example.test', 'pilots') IS NULL;
SELECT is(sent('ada@example.test'), 'ExampleMDM|Example management|https://mdm.example.test/ManagementServer/MDM.svc', 'the default');
SELECT matches(try('boss', 'SELECT muster.add_dm_server(''example'', ''Branches'', ''BranchMDM'', ''https://mdm.branches.test/dm'')'), '^[0-9a-f-]{36}$', 'another DM server');
SELECT matches(try('boss', 'SELECT muster.add_dm_server(''example'', ''Pilot'', ''PilotMDM'', ''https://pilot.test/dm'', ''Pilot management'')'), '^[0-9a-f-]{36}$', 'and one more');
SELECT is(try('boss', s), e, s) FROM (VALUES
	('SELECT muster.add_dm_server(''example'', ''branches'', ''X'', ''https://x.test'')', 'ERROR: DM server "branches" exists already HINT: Change it with muster.change_dm_server.'),
	('SELECT muster.add_dm_server(''example'', '''', ''X'', ''https://x.test'')', 'ERROR: the DM server needs a name HINT: For example: SELECT muster.add_dm_server(''example'', ''Branches'', ''BranchMDM'', ''https://mdm.branches.example.test/dm'');'),
	('SELECT muster.add_dm_server(''example'', ''x'', ''X.1'', ''https://x.test'')', 'ERROR: not usable as a provider id: ''X.1'' HINT: Use 1 to 64 letters and digits, nothing else: it becomes part of paths on the device.'),
	('SELECT muster.send_to_dm_server(''example'', ''nowhere'')', 'ERROR: organization example has no DM server "nowhere" HINT: DM servers: Branches, Pilot'),
	('SELECT muster.send_to_dm_server(''example'', ''Pilot'', priority => 0)', 'ERROR: not usable as a priority: 0 HINT: Give 1 (counts first) to 10000.'),
	('SELECT muster.forget_dm_route(''example'')', 'ERROR: no DM server is set for all of organization example HINT: To look: SELECT * FROM muster.dm_servers;'),
	('SELECT muster.send_to_dm_server(''other'', ''Pilot'')', 'ERROR: organization other has no DM server "Pilot" HINT: There is none beside its default: SELECT muster.add_dm_server(''other'', name, provider_id, url);')) v (s, e);
SELECT is(sent('ada@example.test'), 'ExampleMDM|Example management|https://mdm.example.test/ManagementServer/MDM.svc', 'to which nobody is sent');
SELECT is(try('boss', 'SELECT muster.send_to_dm_server(''example'', ''Branches'')'), 'new devices of organization example are sent to DM server "Branches"', 'all go there');
SELECT is(sent('ada@example.test'), 'BranchMDM|Example Ltd|https://mdm.branches.test/dm', 'all do');
SELECT is(try('boss', 'SELECT muster.send_to_dm_server(''example'', ''Pilot'', ''pilots'')'), 'new devices of group "pilots" are sent to DM server "Pilot"', 'a group goes elsewhere');
SELECT is(sent('ada@example.test') || ' ' || sent('bob@example.test'), 'PilotMDM|Pilot management|https://pilot.test/dm BranchMDM|Example Ltd|https://mdm.branches.test/dm', 'its members do');
SELECT is(try('boss', 'SELECT muster.send_to_dm_server(''example'', ''Branches'', ''sales'', 50)'), 'new devices of group "sales" are sent to DM server "Branches"', 'another group counts first');
SELECT is(sent('ada@example.test'), 'BranchMDM|Example Ltd|https://mdm.branches.test/dm', 'for who is in both');
SELECT is(try('boss', 'SELECT why FROM muster.explain_enrollment(''ada@example.test'') WHERE rule = ''DM server'''), 'DM server "Branches" for group "sales": https://mdm.branches.test/dm', 'explained: a group''s');
SELECT is(try('boss', 'SELECT why FROM muster.explain_enrollment(''bob@example.test'') WHERE rule = ''DM server'''), 'DM server "Branches" for the organization: https://mdm.branches.test/dm', 'all''s');
SELECT is(try('boss', 'SELECT why FROM muster.explain_enrollment(''olga@other.test'') WHERE rule = ''DM server'''), 'DM server https://mdm.other.test/dm', 'the default');
SELECT is(try('boss', 'SELECT muster.remove_group(''example'', ''sales'')'), 'ERROR: group "sales" is in use: DM server "Branches" HINT: Take that away first: muster.unassign_licence_from_group, muster.unmap_claim, muster.disallow_network, muster.forget_dm_route, muster.end_maintenance.', 'the group is in use');
SELECT is(try('boss', 'SELECT muster.remove_dm_server(''example'', ''Branches'')'), 'ERROR: devices are sent to DM server "Branches": group "sales", all HINT: Take that away first: muster.forget_dm_route.', 'and so is the server');
SELECT enroll(20, 'ada@example.test', '{"DeviceID": "d20"}');
SELECT is(mdm('SELECT dm_server, provider_id, management_url FROM muster_dm.devices WHERE id = ''' || id(20) || ''''), 'Branches|BranchMDM|https://mdm.branches.test/dm', 'the device keeps where it was sent');
-- What the worker told counts, whatever has changed since.
SELECT muster.note_dm_server(id(20), muster.candidate_of(a.id, NULL, '{}'), '{"kind": "certificate", "dm_server": {"provider_id": "PilotMDM", "management_url": "https://pilot.test/dm"}}') IS NULL FROM muster.account a WHERE a.upn = 'ada@example.test';
SELECT is(mdm('SELECT dm_server, provider_id, management_url, auth_policy FROM muster_dm.devices WHERE id = ''' || id(20) || ''''), 'Pilot|PilotMDM|https://pilot.test/dm|Certificate', 'as the worker told it');
SELECT is(try('boss', 'SELECT muster.change_dm_server(''example'', ''Pilot'', ''PilotMDM'', ''https://pilot2.test/dm'')'), 'DM server "Pilot" is https://pilot2.test/dm (PilotMDM) for devices to come; those there are stay where they are', 'changed');
SELECT is(mdm('SELECT management_url FROM muster_dm.devices WHERE id = ''' || id(20) || ''''), 'https://pilot.test/dm', 'not for those there are');
SELECT is((SELECT string_agg(coalesce(name, '-') || ': ' || devices_of, ', ' ORDER BY name NULLS FIRST, devices_of) FROM muster.dm_servers WHERE organization = 'example'),
	'-: all that no rule sends elsewhere, Branches: all, Branches: group "sales", Pilot: group "pilots"', 'the view');
SELECT is(try('boss', 'SELECT muster.forget_dm_route(''example'', ''sales'')') || ' ' || try('boss', 'SELECT muster.forget_dm_route(''example'')') || ' ' || try('boss', 'SELECT muster.remove_dm_server(''example'', ''Branches'')'),
	'new devices of group "sales" go where else they would new devices of organization example go where else they would DM server "Branches" is removed; devices that were sent there stay', 'taken away');
SELECT is(sent('bob@example.test'), 'ExampleMDM|Example management|https://mdm.example.test/ManagementServer/MDM.svc', 'the default again');
SELECT is((SELECT count(DISTINCT kind) FROM muster.event WHERE kind LIKE 'dm %' AND actor_role = 'boss'), 5::bigint, 'every change is an event');
SELECT is(try('boss', 'SELECT muster.use_own_check_in(''other'')'), 'organization other: new devices are managed by https://device.other.test/ManagementServer/MDM.svc (Muster)', 'our own check-in');

-- The feed: in order, each once, and nothing left out.
CREATE TABLE told (n serial, cursor text, id uuid, kind text, device uuid);
GRANT SELECT, INSERT ON told TO mdm;
GRANT USAGE ON SEQUENCE told_n_seq TO mdm;
-- Reads on from the last cursor until there is no more, as a login of the DM server; returns what came, but for what
-- revoked certificates tell beside it.
CREATE FUNCTION follow(p_most integer DEFAULT 100) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before integer := (SELECT coalesce(max(t.n), 0) FROM test.told t);
	seen bigint;
BEGIN
	LOOP
		PERFORM test.dblink_exec('mdm', format('INSERT INTO test.told (cursor, id, kind, device) SELECT f.cursor, f.id, f.kind, f.device FROM muster_dm.feed(%L, %s) f',
			(SELECT t.cursor FROM test.told t ORDER BY t.n DESC LIMIT 1), p_most));
		SELECT count(*) INTO seen FROM test.told t WHERE t.n > (SELECT coalesce(max(u.n), 0) FROM test.told u) - p_most AND t.n > before AND t.id IS NOT NULL
			AND NOT EXISTS (SELECT FROM test.told u WHERE u.n > t.n AND u.id IS NULL);
		EXIT WHEN (SELECT t.id IS NULL FROM test.told t ORDER BY t.n DESC LIMIT 1) OR seen = 0;
	END LOOP;
	RETURN coalesce((SELECT string_agg(t.kind || coalesce(' ' || right(t.device::text, 2), ''), ', ' ORDER BY t.n) FROM test.told t WHERE t.n > before AND t.id IS NOT NULL AND t.kind <> 'certificate revoked'), '');
END
$$;
SELECT is(dblink_connect('mdm', connection('mdm')) || dblink_connect('a', connection('muster_issuer')) || dblink_connect('b', connection('muster_issuer')), 'OKOKOK', 'three connections');
SELECT matches(follow(3), '^enrolled 01, enrolled 03, enrolled 04, first contact 01, (enrolled 05, replaced 01|replaced 01, enrolled 05), first contact 05, enrolled 0a, first contact 0a, unenrolled 0a, enrolled 0c, unenrolled 0c, enrolled 14$', 'from the beginning, a few at a time');
SELECT is(follow(), '', 'then nothing new');
SELECT muster.disable_account('ada@example.test', 'left') IS NULL, muster.enable_account('ada@example.test') IS NULL, muster.retire_device(id(20), 'sold') IS NULL, muster.disable_account('olga@other.test', 'left') IS NULL;
SELECT is(follow(), 'account disabled, account enabled, retired 14', 'what administrators do');
-- Transactions that began earlier and end later.
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || (SELECT t.o FROM dblink('a', record(30, 'bob@example.test', '{"DeviceID": "d30"}', p_columns => 'outcome')) t (o text)), 'BEGIN OK', 'one enrolls, not yet committed');
SELECT is((SELECT t.o FROM dblink('b', record(31, 'ada@example.test', '{"DeviceID": "d31"}', p_columns => 'outcome')) t (o text)), 'OK', 'a later one is done');
SELECT is(follow(), '', 'it waits for the earlier');
SELECT is((SELECT t.o FROM dblink('b', record(32, 'ada@example.test', '{"DeviceID": "d32"}', p_columns => 'outcome')) t (o text)), 'OK', 'another');
SELECT is(follow() || dblink_exec('a', 'COMMIT'), 'COMMIT', 'still');
SELECT is(follow(), 'enrolled 1e, enrolled 1f, enrolled 20', 'then all three, in their order');
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || (SELECT t.o FROM dblink('a', record(33, 'bob@example.test', '{"DeviceID": "d33"}', p_columns => 'outcome')) t (o text)), 'BEGIN OK', 'again one is open');
SELECT is((SELECT t.o FROM dblink('b', record(34, 'ada@example.test', '{"DeviceID": "d34"}', p_columns => 'outcome')) t (o text)) || follow() || dblink_exec('a', 'ROLLBACK'), 'OKROLLBACK', 'and rolled back');
SELECT is(follow(), 'enrolled 22', 'what is there comes, what never was does not');
-- Many at once: writers whose transactions overlap, a reader in between; nothing is left out and nothing comes twice.
SELECT is(string_agg(dblink_connect('w' || n, connection('muster_issuer')), ''), 'OKOKOK', 'three writers') FROM generate_series(1, 3) n;
DO $$
DECLARE
	w text;
BEGIN
	FOR n IN 100 .. 160 LOOP
		w := 'w' || 1 + n % 3;
		-- Each stays open while the next two write.
		IF n > 102 THEN PERFORM test.dblink_exec(w, 'COMMIT'); END IF;
		PERFORM test.dblink_exec(w, 'BEGIN');
		PERFORM * FROM test.dblink(w, test.record(n, (ARRAY['ada@example.test', 'bob@example.test', 'una@example.test'])[1 + n % 3], format('{"DeviceID": "m%s"}', n), p_columns => 'outcome')) t (o text);
		PERFORM test.follow(2);
		COMMIT;
	END LOOP;
	FOR n IN 1 .. 3 LOOP PERFORM test.dblink_exec('w' || n, 'COMMIT'); END LOOP;
END
$$;
SELECT isnt(follow(), '-', 'the rest');
SELECT is((SELECT count(*) FROM told WHERE kind = 'enrolled' AND device BETWEEN id(100) AND id(160)), 61::bigint, 'every one came');
SELECT is((SELECT count(*) FROM told WHERE id IS NOT NULL), (SELECT count(DISTINCT id) FROM told), 'none twice');
SELECT bag_eq($$SELECT id FROM told WHERE id IS NOT NULL AND kind <> 'certificate revoked'$$, $$SELECT e.id FROM muster.event e JOIN muster.organization o ON o.id = e.organization WHERE o.key = 'example'
	AND e.kind IN ('enrolled', 'replaced', 'first contact', 'retired', 'unenrolled', 'account disabled', 'account enabled')$$, 'exactly what was written');

-- Cursors that are none.
SELECT is(mdm('SELECT * FROM muster_dm.feed(''x'')'), 'ERROR: not a cursor of the feed: ''x'' HINT: Give back the cursor of the last row as it came; NULL begins with the oldest event.', 'no cursor');
SELECT is(mdm('SELECT * FROM muster_dm.feed(''0.999999999999999999.00000000000000000000000000000000'')'), 'ERROR: the feed''s cursor is ahead of the database, which may have been restored from a backup HINT: Load muster_dm.devices anew, and begin the feed again with NULL.', 'of another time');
-- The database is in another cluster.
ALTER TABLE muster.seal_epoch DISABLE TRIGGER append_only;
UPDATE muster.seal_epoch SET cluster = cluster + 1;
ALTER TABLE muster.seal_epoch ENABLE TRIGGER append_only;
SELECT is(mdm('SELECT cursor IS NOT NULL, id FROM muster_dm.feed((SELECT NULL::text))'), 'false|-', 'not noted yet: nothing is told');
SELECT muster.seal_events() IS NULL;
SELECT matches(follow(), '^enrolled 01, enrolled 03, ', 'noted: it begins again where something may have been added unseen');
SELECT is((SELECT count(*) FROM (SELECT t.id FROM told t WHERE t.id IS NOT NULL GROUP BY 1 HAVING count(*) <> 2) x), 0::bigint, 'with the same ids');
SELECT is(follow(), '', 'once');

-- An end of the delegation is the end.
SELECT is(try('boss', 'SELECT muster.end_delegation(''mdm'', ''DM server'', ''example'')'), 'mdm is no longer DM server for organization example', 'ended');
SELECT is(mdm('SELECT count(*) FROM muster_dm.devices') || mdm('SELECT count(*) FROM muster_dm.feed() WHERE id IS NOT NULL'), '00', 'nothing to see');
SELECT is(try('boss', 'SELECT muster.delegate(''mdm'', ''DM server'', ''*'')'), 'mdm is DM server for all organizations', 'for all');
SELECT is(mdm('SELECT string_agg(DISTINCT organization, '' '' ORDER BY organization) FROM muster_dm.devices'), 'example other', 'all');
SELECT is(dblink_disconnect(c), 'OK', 'done') FROM unnest(ARRAY['mdm', 'a', 'b', 'w1', 'w2', 'w3']) c;
SELECT * FROM finish();
