-- Pages: a piece at a time, in order, of one organization, to those who may see it; and names without case.
SET search_path = test;
SELECT no_plan();

GRANT muster_help_desk TO boss; -- is more than one thing, and sees everything still
CREATE ROLE paging_admin IN ROLE muster_organization_admin;
SELECT muster.delegate('paging_admin', 'organization administrator', 'other') \g /dev/null
CREATE ROLE paging_desk IN ROLE muster_help_desk;
SELECT muster.delegate('paging_desk', 'help desk', '*') \g /dev/null
GRANT USAGE ON SCHEMA test TO paging_admin, paging_desk;

-- Accounts.
SELECT is((SELECT string_agg(upn, ' ' ORDER BY upn) FROM muster.account_page('example', number => 2)),
	(SELECT string_agg(upn, ' ' ORDER BY upn) FROM (SELECT a.upn FROM muster.accounts a WHERE a.organization = 'example' ORDER BY a.upn LIMIT 2) s), 'the first page of accounts');
SELECT is((SELECT string_agg(upn, ' ' ORDER BY upn) FROM muster.account_page('example', after => 'ada@example.test', number => 1)), 'bob@example.test', 'the page after a name');
SELECT is((SELECT count(*) FROM muster.account_page('example', after => 'zzz')), 0::bigint, 'after the last there is none');
SELECT is((SELECT count(*) FROM muster.account_page('example', after => NULL)), 6::bigint, 'after nobody there are all');
SELECT is(try('boss', 'SELECT count(*) FROM muster.account_page(''example'')'), '6', 'an administrator sees all');
SELECT is(try('paging_admin', 'SELECT string_agg(upn, '' '' ORDER BY upn) FROM muster.account_page(''other'')'), 'olga@other.test shared@third.test', 'an organization''s own administrator sees its own');
SELECT is(try('paging_desk', 'SELECT count(*) FROM muster.account_page(''example'')'), '6', 'a help desk of all organizations sees all');
SELECT alike(try('paging_admin', 'SELECT count(*) FROM muster.account_page(''example'')'), 'ERROR: there is no organization "example"%', 'and no other');

-- Devices and refusals.
SELECT ok((try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "ONE", "DeviceName": "PC-1"}')) LIKE 'OK%'), 'a device enrolls') ;
SELECT ok((try('muster_issuer', record(2, 'ada@example.test', '{"DeviceID": "TWO", "DeviceName": "PC-2"}')) LIKE 'OK%'), 'another');
SELECT is(try('muster_issuer', record(300, 'olga@other.test', '{"DeviceID": "THREE", "DeviceName": "PC-3"}')), 'OK|-', 'one of another organization');
SELECT is((SELECT string_agg(name, ' ') FROM muster.device_page('example')), 'PC-2 PC-1', 'devices, the newest first');
SELECT is((SELECT string_agg(name, ' ') FROM muster.device_page('example', number => 1)), 'PC-2', 'a page of one');
SELECT is((SELECT string_agg(name, ' ') FROM muster.device_page('example', before => id(2))), 'PC-1', 'the page before a device');
SELECT is(try('paging_admin', 'SELECT string_agg(name, '' '') FROM muster.device_page(''other'')'), 'PC-3', 'an organization''s own administrator sees its own');
SELECT alike(try('paging_admin', 'SELECT count(*) FROM muster.device_page(''example'')'), 'ERROR: there is no organization "example"%', 'and no other organization''s');
SELECT muster_worker.refuse(id(n), id(n), 'policy', 'Authentication', 'reason ' || n, 'example', 'ada@example.test', (SELECT a.id FROM muster.account a WHERE a.upn = 'ada@example.test'), '192.0.2.7', NULL)
	FROM generate_series(11, 13) n \g /dev/null
SELECT muster_worker.refuse(id(14), id(14), 'policy', 'Authentication', 'reason 14', 'other', 'olga@other.test', NULL, '192.0.2.7', NULL) \g /dev/null
SELECT is((SELECT string_agg(why, ', ') FROM muster.refusal_page('example', before => now() + interval '1 minute', number => 2)), 'reason 13, reason 12', 'refusals, the latest first');
SELECT is((SELECT string_agg(r.why, ', ') FROM muster.refusals x CROSS JOIN LATERAL muster.refusal_page('example', before => x.at, number => 1) r WHERE x.why = 'reason 12'), 'reason 11', 'the page before a time');
SELECT is((SELECT string_agg(why, ', ' ORDER BY at DESC) FROM muster.refusals_of('ADA@example.test', number => 2)), 'reason 13, reason 12', 'an account''s refusals, by its name without case');
SELECT is((SELECT count(*) FROM muster.refusals_of('bob@example.test')), 0::bigint, 'of another account there are none');
SELECT is((SELECT sum(refusals) FROM muster.refusals_by_day(of_organization => 'example')), 3::numeric, 'refusals of one organization');
SELECT is((SELECT sum(refusals) FROM muster.refusals_by_day(of_organization => 'other')), 1::numeric, 'of another its own');
SELECT is((SELECT sum(issued) FROM muster.funnel(of_organization => 'example')), 2::numeric, 'the funnel of one organization');
SELECT is((SELECT sum(issued) FROM muster.funnel(of_organization => 'other')), 1::numeric, 'of another its own');

-- Certificates and changes.
UPDATE muster.certificate c SET not_after = date_trunc('day', now()) + interval '20 days' WHERE c.device IN (id(1), id(2));
SELECT is((SELECT string_agg(device_name, ' ') FROM muster.certificate_page('example')), (SELECT string_agg(d.name, ' ' ORDER BY c.not_after, c.sha256) FROM muster.certificate c JOIN muster.device d ON d.id = c.device WHERE d.name <> 'PC-3'), 'certificates, the next to end first');
SELECT is((SELECT string_agg(n.sha256, ' ') FROM muster.certificate_page('example', number => 1) f, muster.certificate_page('example', after => upper(f.sha256)) n),
	(SELECT max(encode(c.sha256, 'hex')) FROM muster.certificate c WHERE c.device IN (id(1), id(2))), 'the page after one that ends at the same moment');
SELECT results_eq($$SELECT * FROM muster.certificate_page('example')$$, $$SELECT * FROM muster.certificates WHERE organization = 'example' ORDER BY not_after, sha256$$, 'as the view has them');
UPDATE muster.certificate c SET not_before = now() - interval '2 days', not_after = now() - interval '1 day' WHERE c.device = id(1);
SELECT is((SELECT string_agg(device_name, ' ') FROM muster.certificate_page('example')), 'PC-2', 'not those that have ended');
SELECT is(try('paging_admin', 'SELECT string_agg(device_name, '' '') FROM muster.certificate_page(''other'')'), 'PC-3', 'an organization''s own administrator sees its own');
SELECT is(try('boss', format('SELECT count(*) FROM muster.certificate_page(''example'', %L)', s)), format('ERROR: there is no certificate of SHA-256 "%s" HINT: A page begins after the last certificate of the page before: give its sha256.', s), 'no page after ' || left(s, 8))
	FROM (SELECT encode(c.sha256, 'hex') AS s FROM muster.certificate c WHERE c.device = id(300) UNION ALL SELECT 'nonsense') x;
SELECT muster.set_account_name('olga@other.test', 'Olga T'), muster.set_account_name('bob@example.test', 'Robert'), muster.set_account_name('bob@example.test', 'Bobby') \g /dev/null
SELECT is((SELECT string_agg(after ->> 'display_name', ' ') FROM muster.change_page('example', before => now() + interval '1 minute', number => 2)), 'Bobby Robert', 'changes, the latest first');
SELECT is((SELECT string_agg(r.after ->> 'display_name', ' ') FROM muster.changes x CROSS JOIN LATERAL muster.change_page('example', before => x.at, number => 1) r WHERE x.after ->> 'display_name' = 'Bobby'), 'Robert', 'the page before a time');
SELECT is(try('paging_admin', 'SELECT after ->> ''display_name'' FROM muster.change_page(''other'', before => now() + interval ''1 minute'', number => 1)'), 'Olga T', 'an organization''s own administrator sees its own');
SELECT alike(try('paging_admin', format('SELECT count(*) FROM muster.%s(''example'')', f)), 'ERROR: there is no organization "example"%', f || ' of another organization') FROM unnest(ARRAY['certificate_page', 'change_page']) f;

-- Lengths.
SELECT is(try('boss', format('SELECT count(*) FROM muster.%s(''example'', number => %s)', f, coalesce(n::text, 'NULL'))),
	format('ERROR: not usable as the length of a page: %s HINT: Give 1 to 1000.', coalesce(n::text, 'NULL')), f || ' has a length: ' || coalesce(n::text, 'NULL'))
	FROM unnest(ARRAY['account_page', 'device_page', 'refusal_page', 'certificate_page', 'change_page']) f, unnest(ARRAY[0, 1001, NULL]) n;
SELECT muster.add_group('example', 'Some'), muster.add_licence('example', 'Some', 0) \g /dev/null
SELECT is(try('boss', format('SELECT count(*) FROM muster.%s(''example'', ''Some'', number => %s)', f, coalesce(n::text, 'NULL'))),
	format('ERROR: not usable as the length of a page: %s HINT: Give 1 to 1000.', coalesce(n::text, 'NULL')), f || ' has a length: ' || coalesce(n::text, 'NULL'))
	FROM unnest(ARRAY['member_page', 'holder_page']) f, unnest(ARRAY[0, 1001, NULL]) n;

-- Names without case, for those whom policies bind, too.
SELECT is(try('paging_admin', 'SELECT muster.account_id(''OLGA@Other.test'') IS NOT NULL'), 'true', 'an account is found without case');
SELECT alike(try('paging_admin', 'SELECT muster.account_id(''ada@example.test'')'), 'ERROR: there is no account "ada@example.test"%', 'another organization''s is not');
SELECT is(try('paging_admin', 'SELECT count(*) FROM muster.accounts_called(''ada@example.test'')'), '0', 'nor told by what looks it up');

-- Seats are counted as they come and go, and make no event of the licence.
SELECT muster.add_licence('example', 'Seats', 5) \g /dev/null
SELECT is((SELECT (seats, taken, free)::text FROM muster.licences WHERE name = 'Seats'), '(5,0,5)', 'a new licence''s seats');
SELECT muster.assign_licence('ada@example.test', 'Seats'), muster.set_licence_seats('example', 'Seats', 3) \g /dev/null
SELECT is((SELECT (seats, taken, free)::text FROM muster.licences WHERE name = 'Seats'), '(3,1,2)', 'fewer, and one taken');
SELECT muster.set_licence_seats('example', 'Seats', 8) \g /dev/null
SELECT is((SELECT (seats, taken, free)::text FROM muster.licences WHERE name = 'Seats'), '(8,1,7)', 'more');
SELECT muster.assign_licence('bob@example.test', 'Seats') \g /dev/null
SELECT is((SELECT string_agg(account || ' ' || how, ', ') FROM muster.holder_page('example', 'Seats', number => 1)), 'ada@example.test hand', 'the first page of its holders');
SELECT is((SELECT string_agg(account || ' ' || licence, ', ') FROM muster.holder_page('example', 'seats', after => 'ada@example.test')), 'bob@example.test Seats', 'the page after an account');
SELECT alike(try('paging_admin', 'SELECT count(*) FROM muster.holder_page(''example'', ''Seats'')'), 'ERROR: there is no organization "example"%', 'no other organization''s');
SELECT muster.unassign_licence('bob@example.test', 'Seats') \g /dev/null
DELETE FROM muster.licence_seat WHERE account IS NULL;
SELECT is((SELECT (seats, taken, free)::text FROM muster.licences WHERE name = 'Seats'), '(1,1,0)', 'taken away by hand');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'licence changed'), 0::bigint, 'no event says that the licence was changed');

-- So are members, as they come and go.
SELECT muster.add_group('example', g) FROM unnest(ARRAY['One', 'Two']) g \g /dev/null
CREATE TABLE groups_told AS SELECT count(*) AS events FROM muster.event WHERE kind = 'account group changed';
SELECT muster.add_to_group(u, 'One') FROM unnest(ARRAY['ada@example.test', 'bob@example.test', 'bob@example.test']) u \g /dev/null
INSERT INTO muster.account_group_member (organization, account_group, account)
	SELECT a.organization, g.id, a.id FROM muster.account a JOIN muster.account_group g ON g.organization = a.organization WHERE a.upn LIKE '%@example.test' ON CONFLICT DO NOTHING;
SELECT results_eq($$SELECT name, members FROM muster.groups WHERE name IN ('One', 'Two') ORDER BY 1$$, $$SELECT g, count(*) FROM muster.account, unnest(ARRAY['One', 'Two']) g WHERE upn LIKE '%@example.test' GROUP BY 1 ORDER BY 1$$, 'members, one by one and many at once');
SELECT is((SELECT string_agg(account, ' ') FROM muster.member_page('example', 'One', number => 2)), (SELECT string_agg(upn, ' ') FROM (SELECT upn FROM muster.account WHERE upn LIKE '%@example.test' ORDER BY id LIMIT 2) s), 'the first page of a group''s members');
SELECT is((SELECT string_agg(account, ' ') FROM muster.member_page('example', 'one', after => (SELECT account FROM muster.member_page('example', 'One', number => 2) OFFSET 1), number => 1)),
	(SELECT upn FROM muster.account WHERE upn LIKE '%@example.test' ORDER BY id OFFSET 2 LIMIT 1), 'the page after an account');
SELECT is((SELECT count(*) FROM muster.member_page('example', 'Two')), (SELECT members FROM muster.groups WHERE name = 'Two'), 'all on one page');
SELECT muster.add_group('other', 'Three'), muster.add_to_group('olga@other.test', 'Three') \g /dev/null
SELECT is(try('paging_admin', 'SELECT string_agg(account, '' '') FROM muster.member_page(''other'', ''Three'')'), 'olga@other.test', 'an organization''s own administrator sees its own members');
SELECT alike(try('paging_admin', 'SELECT count(*) FROM muster.member_page(''example'', ''One'')'), 'ERROR: there is no organization "example"%', 'and no other''s');
SELECT is(try('paging_desk', 'SELECT string_agg(account, '' '') FROM muster.member_page(''other'', ''Three'')'), 'olga@other.test', 'a help desk of all sees them, too');
SELECT muster.remove_from_group('ada@example.test', 'One') \g /dev/null
DELETE FROM muster.account_group_member m USING muster.account_group g WHERE g.id = m.account_group AND g.name = 'Two';
SELECT results_eq($$SELECT g.name, g.members FROM muster.groups g WHERE g.name IN ('One', 'Two') ORDER BY 1$$, $$SELECT g.name, count(m.account) FROM muster.account_group g LEFT JOIN muster.account_group_member m ON m.account_group = g.id WHERE g.name IN ('One', 'Two') GROUP BY 1 ORDER BY 1$$, 'and as they go');
SELECT is((SELECT members FROM muster.groups WHERE name = 'Two'), 0::bigint, 'to none');
SELECT cmp_ok((SELECT count(*) FROM muster.member_count), '>', 0::bigint, 'noted in rows of their own');
SELECT is(dblink_connect('joins', connection('postgres')) || dblink_exec('joins', 'BEGIN') || (SELECT x FROM dblink('joins', 'SELECT muster.add_to_group(''twin@example.test'', ''Two'')') t (x text)),
	'OKBEGINaccount twin@example.test is in group "Two"', 'one joins a group, and has not committed');
SET lock_timeout = '1s';
SELECT is(muster.add_to_group('bob@example.test', 'Two'), 'account bob@example.test is in group "Two"', 'another does not wait for him');
RESET lock_timeout;
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), '^event partitions', 'housekeeping adds up');
SELECT is((SELECT count(*) FROM muster.member_count), 0::bigint, 'what was noted');
SELECT is((SELECT members FROM muster.groups WHERE name = 'Two'), 1::bigint, 'and no more');
SELECT is(dblink_exec('joins', 'COMMIT') || dblink_disconnect('joins'), 'COMMITOK', 'he commits');
SELECT is((SELECT members FROM muster.groups WHERE name = 'Two'), 2::bigint, 'and is counted');
SELECT is(dblink_connect('caps', connection('postgres')) || dblink_exec('caps', 'BEGIN') || (SELECT x FROM dblink('caps', 'SELECT muster.set_group_cap(''example'', ''Two'', 3)') t (x text)),
	'OKBEGINgroup "Two": each member may have 3 living devices', 'somebody changes the group');
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), '^event partitions', 'housekeeping does not wait');
SELECT is((SELECT members FROM muster.groups WHERE name = 'Two'), 2::bigint, 'the number stands');
SELECT is(dblink_exec('caps', 'ROLLBACK') || dblink_disconnect('caps'), 'ROLLBACKOK', 'he thinks better of it');
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), '^event partitions', 'next time');
SELECT results_eq($$SELECT (SELECT count(*) FROM muster.member_count), g.members, v.members FROM muster.account_group g JOIN muster.groups v ON v.id = g.id WHERE g.name = 'Two'$$, $$VALUES (0::bigint, 2::bigint, 2::bigint)$$, 'it has its turn');
SELECT muster.remove_group('example', 'Two') \g /dev/null
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), '^event partitions', 'once more');
SELECT is((SELECT count(*) FROM muster.member_count), 0::bigint, 'of a removed group nothing stays');
DELETE FROM groups_told;
INSERT INTO groups_told SELECT count(*) FROM muster.event WHERE kind = 'account group changed';
SELECT muster.add_to_group('ada@example.test', 'One') \g /dev/null
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'account group changed'), (SELECT events FROM groups_told), 'no event says that a group was changed');
SELECT is(try(r, $$UPDATE muster.account_group SET members = 7$$), 'ERROR: permission denied for table account_group', r || ' says nothing of how many they are') FROM unnest(ARRAY['boss', 'paging_admin']) r;
SELECT is(try(r, $$INSERT INTO muster.account_group (organization, name, members) SELECT id, 'Three', 7 FROM muster.organization WHERE key = 'other'$$), 'ERROR: permission denied for table account_group', r || ' nor of a new one') FROM unnest(ARRAY['boss', 'paging_admin']) r;

SELECT * FROM finish();
