-- Deleting accounts and organizations: what is told before, what stands against it, what remains.
SET search_path = test;
SELECT no_plan();

CREATE FUNCTION told(p_call text) RETURNS text LANGUAGE sql AS $$
	SELECT try('boss', format('SELECT string_agg(concat_ws(''|'', x.what, coalesce(x.number::text, ''-''), x.becomes), E''\n'') FROM muster.%s x', p_call))
$$;

-- Ada: a living device, one it replaced whose certificate is still accepted, one that is over; and everything else there is.
SELECT try('postgres', record(1, 'ada@example.test', '{"DeviceID": "A", "DeviceName": "ADAS-PC", "HWDevID": "H1", "SerialNumber": "S1"}'));
SELECT try('postgres', record(2, 'ada@example.test', '{"DeviceID": "A", "DeviceName": "ADAS-PC"}'));
SELECT try('postgres', record(3, 'ada@example.test', '{"DeviceID": "B", "DeviceName": "ADAS-OLD"}'));
SELECT muster.retire_device(id(3), 'sold');
SELECT muster.add_group('example', 'sales'), muster.add_to_group('ada@example.test', 'sales'), muster.add_licence('example', 'L', 2), muster.assign_licence('ada@example.test', 'L'),
	muster.assign_licence_to_group('example', 'L', 'sales'), muster.expect_device('example', 'serial number', 'S9', 'ada@example.test'), muster.publish_terms('example', 1, 'en', 'T', 'B'),
	muster.record_acceptance('ada@example.test', 1, 'on paper'), muster.set_account_cap('ada@example.test', 7);

-- Told, not done.
SELECT is(told($$delete_account('ada@example.test')$$), $$living devices|1|stop the deletion: retire them, or say retire_devices => true
valid certificates|2|stop the deletion, as living devices do
past devices|2|stay, without names, ids, addresses and facts
certificates|3|stay: what was issued stays known
acceptances|1|removed
expected devices|1|removed
group memberships|1|removed
licence seats|1|removed
events|-|stay as they were written, until they age out
nothing deleted|-|to do it: SELECT * FROM muster.delete_account('ada@example.test', reason => '…', really => true, retire_devices => true)$$, 'delete_account() tells what it would do');
SELECT is((SELECT deleted_at FROM muster.account WHERE upn = 'ada@example.test'), NULL, 'and does nothing');
SELECT is(try('boss', $$SELECT * FROM muster.delete_account('ada@example.test', 'left', true)$$), 'ERROR: account ada@example.test has 1 living device and 2 valid certificates HINT: Retire them first: SELECT muster.retire_device(id, reason); or with it: add retire_devices => true.', 'living devices stand against it');
SELECT is(try('boss', $$SELECT * FROM muster.delete_account('ada@example.test', really => true, retire_devices => true)$$), 'ERROR: deleting needs a reason HINT: Add, for the record: reason => ''…''.', 'a reason is needed');
SELECT is(try('boss', $$SELECT * FROM muster.delete_account('ada@example.test', really => NULL)$$), 'ERROR: really is NULL HINT: Say true or false.', 'NULL is no answer');
SELECT is(try('boss', $$SELECT * FROM muster.delete_account('nobody@example.test')$$), 'ERROR: there is no account "nobody@example.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;', 'nobody');
SELECT is(try('boss', $$UPDATE muster.account SET deleted_at = now() WHERE upn = 'ada@example.test'$$), 'ERROR: an account with living devices is not deleted HINT: Use muster.delete_account, which tells of them: \df+ muster.delete_account', 'nor by hand');
SELECT is(try('boss', $$DELETE FROM muster.account WHERE upn = 'bob@example.test'$$), 'ERROR: permission denied for table account', 'the row itself is never deleted');

-- Done.
CREATE TABLE ada AS SELECT muster.account_id('ada@example.test') AS id, clock_timestamp() AS since;
SELECT matches(told($$delete_account('ada@example.test', 'left', true, true)$$), E'living devices\\|1\\|retired; then as past devices\n.*deleted\\|-\\|account ada@example.test is deleted$', 'delete_account() does as it is told');
SELECT results_eq('SELECT a.upn, a.display_name, a.enabled, a.may_enroll, a.has_password, a.password_set_at, a.device_cap, a.disabled_reason, a.deleted_at IS NOT NULL FROM muster.account a JOIN ada USING (id)',
	$$SELECT 'deleted-' || id || '@deleted.invalid', NULL, false, false, false, NULL::timestamptz, NULL::integer, 'left', true FROM ada$$, 'a row without name and password stays');
SELECT results_eq('SELECT d.id, state, retired_reason, num_nonnulls(device_id, hardware_id, serial_number, name, remote, dm_secrets), facts::text FROM muster.device d JOIN ada ON ada.id = d.account ORDER BY d.id',
	$$VALUES (id(1), 'retired', 'account deleted: left', 0, '{}'), (id(2), 'retired', 'account deleted: left', 0, '{}'), (id(3), 'retired', 'sold', 0, '{}')$$, 'its devices are retired and tell nothing of a person');
SELECT results_eq('SELECT serial, account FROM muster.certificates WHERE device = id(2)', $$SELECT '00000002', 'deleted-' || id || '@deleted.invalid' FROM ada$$, 'every certificate stays known');
SELECT is(try('postgres', device(n)), 'Forbidden|device is retired: account deleted: left', 'and is refused: ' || n) FROM generate_series(1, 2) n;
SELECT is((SELECT count(*) FROM muster.account_group_member) + (SELECT count(*) FROM muster.acceptance) + (SELECT count(*) FROM muster.expected_device) + (SELECT count(account) FROM muster.licence_seat), 0::bigint, 'what hung on it is gone');
SELECT is((SELECT count(*) FROM muster.licence_seat), 2::bigint, 'its seat is free');
SELECT results_eq('SELECT kind, user_name, why, actor_role, details FROM muster.event JOIN ada ON account = ada.id AND at > since WHERE kind IN (''account deleted'', ''account changed'', ''password removed'')',
	$$VALUES ('account deleted', 'ada@example.test', 'left', 'boss', '{"removed": {"acceptances": 1, "certificates": 3, "past_devices": 3, "licence_seats": 1, "living_devices": 0, "expected_devices": 1, "bulk_tokens": 0, "listed_signers": 0, "group_memberships": 1, "valid_certificates": 0}}'::jsonb)$$, 'one event says who deleted what');
SELECT is((SELECT count(*) FROM muster.event e JOIN ada ON e.account = ada.id WHERE e.kind = 'retired' AND e.at > since), 2::bigint, 'and one each device that was retired for it');
SELECT is_empty('SELECT FROM muster.event e JOIN ada ON e.at > since WHERE e.details::text ~* ''lovelace|adas-pc''', 'none tells once more what is forgotten');
SELECT is((SELECT count(*) FROM muster.event e JOIN ada ON e.account = ada.id WHERE e.kind = 'enrolled' AND e.user_name = 'ada@example.test'), 3::bigint, 'what happened before stays as it was written');
SELECT is((SELECT count(*) FROM muster.accounts WHERE upn LIKE 'deleted-%'), 0::bigint, 'the view shows it no more');
SELECT is(try('boss', format('SELECT muster.enable_account(%L)', 'deleted-' || id || '@deleted.invalid')), format('ERROR: there is no account "deleted-%s@deleted.invalid" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;', id), 'no function finds it') FROM ada;
SELECT is(try('boss', format('UPDATE muster.account SET enabled = true WHERE id = %L', id)), format('ERROR: account %s is deleted and stays as it is HINT: Add it anew: SELECT muster.add_account(upn);', id), 'nobody wakes it by hand') FROM ada;
SELECT matches(try('boss', $$SELECT muster.add_account('ada@example.test')$$), '^[0-9a-f-]{36}$', 'the name is free for another account');
SELECT is(try('boss', $$SELECT count(*) FROM muster.delete_account('shared@third.test', 'twice', true)$$), 'ERROR: account "shared@third.test" exists in several organizations: example, other HINT: Say which: add organization => ''…''.', 'which of two');
SELECT is(told($$delete_account('shared@third.test', organization => 'other')$$), $$events|-|stay as they were written, until they age out
nothing deleted|-|to do it: SELECT * FROM muster.delete_account('shared@third.test', reason => '…', really => true, organization => 'other')$$, 'the statement to say is whole');
SELECT is(told($$delete_account('shared@third.test', 'x', true, organization => 'other')$$), $$events|-|stay as they were written, until they age out
deleted|-|account shared@third.test is deleted$$, 'an account that nothing hangs on');
SELECT is(try('audrey', $$SELECT * FROM muster.delete_account('bob@example.test')$$), 'ERROR: permission denied for function delete_account', 'an auditor deletes nothing');

-- An enrollment that was under way finds nobody.
SELECT matches(try('postgres', replace(record(9, 'bob@example.test'), muster.account_id('bob@example.test')::text, id::text)), '^Authorization', 'no enrollment after it') FROM ada;

-- An organization.
SELECT try('postgres', record(4, 'bob@example.test', '{"DeviceID": "C", "DeviceName": "BOBS-PC"}'));
SELECT muster.block_device('example', 'serial number', 'S7', 'stolen'), muster.set_platform('example', '10.0'), muster.allow_network('example', '192.0.2.0/24'), muster.allow_network('example', '198.51.100.0/24', 'sales'),
	muster.begin_maintenance('example', 'works'), muster.expect_device('example', 'serial number', 'S8'), muster.add_to_group('bob@example.test', 'sales'), muster.assign_licence('bob@example.test', 'L'), muster.record_acceptance('bob@example.test', 1, 'on paper');
SELECT is(told($$delete_organization('example')$$), $$accounts|6|deleted; a row without name and password stays of each
living devices|1|stop the deletion: retire them, or say retire_devices => true
past devices|3|stay, without names, ids, addresses and facts
certificates|4|stay: what was issued stays known
valid certificates|1|stop the deletion, as living devices do
domains|2|removed
groups|1|removed
group memberships|1|removed
licences|1|removed
licence seats|2|removed
maintenance windows|1|removed
platform rules|1|removed
allowed networks|2|removed
blocked devices|1|removed
expected devices|1|removed
texts of terms|1|removed
acceptances|1|removed
events|-|stay as they were written, until they age out
nothing deleted|-|to do it: SELECT * FROM muster.delete_organization('example', reason => '…', really => true, retire_devices => true)$$, 'delete_organization() tells what it would do');
SELECT is(try('boss', $$SELECT * FROM muster.delete_organization('example', 'sold', true)$$), 'ERROR: organization example has 1 living device and 1 valid certificate HINT: Retire them first: SELECT muster.retire_device(id, reason); or with it: add retire_devices => true.', 'living devices stand against it');
SELECT is(try('boss', $$SELECT * FROM muster.delete_organization('example', ' ', true, true)$$), 'ERROR: deleting needs a reason HINT: Add, for the record: reason => ''…''.', 'a reason is needed');
SELECT is(try('boss', $$SELECT * FROM muster.delete_organization('nowhere')$$), 'ERROR: there is no organization "nowhere" HINT: Organizations: example, other', 'an unknown one');
CREATE TABLE theirs AS SELECT o.id, (SELECT generation FROM muster.configuration) AS generation FROM muster.organization o WHERE key = 'example';
SELECT matches(told($$delete_organization('example', 'sold', true, true)$$), E'deleted\\|-\\|organization example is deleted$', 'delete_organization() does as it is told');
SELECT results_eq('SELECT o.key, o.name, o.enabled, o.authority, o.management_url, o.deleted_reason FROM muster.organization o JOIN theirs USING (id)', $$SELECT 'deleted-' || replace(id::text, '-', ''), 'Example Ltd', false, NULL::uuid, NULL, 'sold' FROM theirs$$, 'a row with its name stays');
SELECT results_eq('SELECT h.what, h.number FROM theirs, muster.organization_holds(id) h WHERE h.number > 0', $$VALUES ('past devices', 4::bigint), ('certificates', 4)$$, 'and what was issued; nothing else');
SELECT is_empty('SELECT FROM muster.device d JOIN theirs t ON t.id = d.organization WHERE d.state <> ''retired'' OR d.name IS NOT NULL OR d.facts <> ''{}''', 'its devices are retired and tell nothing');
SELECT is_empty('SELECT FROM muster.account a JOIN theirs t ON t.id = a.organization WHERE a.deleted_at IS NULL', 'its accounts are deleted');
SELECT is((SELECT details - 'removed' || jsonb_build_object('n', details #> '{removed,accounts}') FROM muster.event WHERE kind = 'organization deleted'), '{"key": "example", "name": "Example Ltd", "n": 6}', 'one event says what');
SELECT results_eq('SELECT actor_role, why FROM muster.event WHERE kind = ''organization deleted''', $$VALUES ('boss', 'sold')$$, 'who and why');
SELECT is((SELECT array_agg(key ORDER BY key) FROM muster.organizations), ARRAY['other'], 'the view shows the others');
SELECT ok((SELECT c.generation > t.generation FROM muster.configuration c, theirs t), 'the programs load their configuration anew');
SELECT is(try('postgres', device(4)), 'Forbidden|device is retired: organization deleted: sold', 'its certificates open nothing');
SELECT is(try('boss', format('UPDATE muster.organization SET enabled = true WHERE id = %L', id)), format('ERROR: organization %s is deleted and stays as it is HINT: Add it anew: SELECT muster.add_organization(key, name, enrollment_url, device_url);', id), 'nobody wakes it by hand') FROM theirs;
SELECT matches(try('boss', $$SELECT muster.add_organization('example', 'New', 'https://a.test', 'https://b.test')$$), '^[0-9a-f-]{36}$', 'its key is free for another');
SELECT is((SELECT count(*) FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE o.key = 'other' AND a.deleted_at IS NULL), 1::bigint, 'the other organization is untouched');

-- What is deleted is not there for those who look for what is missing.
SELECT matches(try('boss', $$SELECT muster.add_account('new@example.test', 'New', 'example')$$), '^[0-9a-f-]{36}$', 'an account of the new one');
SELECT matches(told($$delete_account('new@example.test', 'never came', true, organization => 'example')$$), 'account new@example.test is deleted$', 'which is deleted');
SELECT ok((SELECT 'account' = ANY (missing) FROM muster.organizations WHERE key = 'example'), 'the view says that an account is missing');
SELECT is(try('boss', $$SELECT finding FROM muster.check_configuration('example') WHERE topic = 'account'$$), 'there is no account', 'and so does the check');
SELECT matches(told($$delete_organization('example', 'sold', true, true)$$), 'organization example is deleted$', 'without organizations');
SELECT matches(told($$delete_organization('other', 'sold', true, true)$$), 'organization other is deleted$', 'at last');
SELECT is(try('boss', $$SELECT finding FROM muster.check_configuration() WHERE topic = 'organization'$$), 'there is no organization', 'the check says so');

SELECT * FROM finish();
