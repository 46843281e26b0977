-- Pages: a piece at a time, in order, of one organization, to those who may see it; and names without case.
SET search_path = test;
SELECT no_plan();

GRANT muster_help_desk TO boss; -- is more than one thing, and sees everything still
CREATE ROLE paging_admin IN ROLE muster_organization_admin;
SELECT muster.delegate('paging_admin', 'organization administrator', 'other') \g /dev/null
GRANT USAGE ON SCHEMA test TO paging_admin;

-- Accounts.
SELECT is((SELECT string_agg(upn, ' ' ORDER BY upn) FROM muster.account_page('example', number => 2)),
	(SELECT string_agg(upn, ' ' ORDER BY upn) FROM (SELECT a.upn FROM muster.accounts a WHERE a.organization = 'example' ORDER BY a.upn LIMIT 2) s), 'the first page of accounts');
SELECT is((SELECT string_agg(upn, ' ' ORDER BY upn) FROM muster.account_page('example', after => 'ada@example.test', number => 1)), 'bob@example.test', 'the page after a name');
SELECT is((SELECT count(*) FROM muster.account_page('example', after => 'zzz')), 0::bigint, 'after the last there is none');
SELECT is((SELECT count(*) FROM muster.account_page('example', after => NULL)), 6::bigint, 'after nobody there are all');
SELECT is(try('boss', 'SELECT count(*) FROM muster.account_page(''example'')'), '6', 'an administrator sees all');
SELECT is(try('paging_admin', 'SELECT string_agg(upn, '' '' ORDER BY upn) FROM muster.account_page(''other'')'), 'olga@other.test shared@third.test', 'an organization''s own administrator sees its own');
SELECT alike(try('paging_admin', 'SELECT count(*) FROM muster.account_page(''example'')'), 'ERROR: there is no organization "example"%', 'and no other');

-- Devices and refusals.
SELECT ok((try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "ONE", "DeviceName": "PC-1"}')) LIKE 'OK%'), 'a device enrolls') ;
SELECT ok((try('muster_issuer', record(2, 'ada@example.test', '{"DeviceID": "TWO", "DeviceName": "PC-2"}')) LIKE 'OK%'), 'another');
SELECT is((SELECT string_agg(name, ' ' ORDER BY id DESC) FROM muster.device_page('example')), 'PC-2 PC-1', 'devices, the newest first');
SELECT is((SELECT string_agg(name, ' ') FROM muster.device_page('example', number => 1)), 'PC-2', 'a page of one');
SELECT is((SELECT string_agg(name, ' ') FROM muster.device_page('example', before => id(2))), 'PC-1', 'the page before a device');
SELECT is(try('paging_admin', 'SELECT count(*) FROM muster.device_page(''other'')'), '0', 'no device of another organization');
SELECT muster_worker.refuse(id(n), id(n), 'policy', 'Authentication', 'reason ' || n, 'example', 'ada@example.test', (SELECT a.id FROM muster.account a WHERE a.upn = 'ada@example.test'), '192.0.2.7', NULL)
	FROM generate_series(11, 13) n \g /dev/null
SELECT is((SELECT string_agg(why, ', ' ORDER BY at DESC) FROM muster.refusal_page('example', before => now() + interval '1 minute', number => 2)), 'reason 13, reason 12', 'refusals, the latest first');
SELECT is((SELECT string_agg(r.why, ', ') FROM muster.refusals x CROSS JOIN LATERAL muster.refusal_page('example', before => x.at, number => 1) r WHERE x.why = 'reason 12'), 'reason 11', 'the page before a time');
SELECT is((SELECT string_agg(why, ', ' ORDER BY at DESC) FROM muster.refusals_of('ADA@example.test', number => 2)), 'reason 13, reason 12', 'an account''s refusals, by its name without case');
SELECT is((SELECT count(*) FROM muster.refusals_of('bob@example.test')), 0::bigint, 'of another account there are none');
SELECT is((SELECT sum(refusals) FROM muster.refusals_by_day(of_organization => 'example')), 3::numeric, 'refusals of one organization');
SELECT is((SELECT count(*) FROM muster.refusals_by_day(of_organization => 'other')), 0::bigint, 'of another there are none');
SELECT is((SELECT sum(issued) FROM muster.funnel(of_organization => 'example')), 2::numeric, 'the funnel of one organization');
SELECT is((SELECT count(*) FROM muster.funnel(of_organization => 'other')), 0::bigint, 'of another it is empty');

-- Lengths.
SELECT is(try('boss', format('SELECT count(*) FROM muster.%s(''example'', number => %s)', f, coalesce(n::text, 'NULL'))),
	format('ERROR: not usable as the length of a page: %s HINT: Give 1 to 1000.', coalesce(n::text, 'NULL')), f || ' has a length: ' || coalesce(n::text, 'NULL'))
	FROM unnest(ARRAY['account_page', 'device_page', 'refusal_page']) f, unnest(ARRAY[0, 1001, NULL]) n;

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
DELETE FROM muster.licence_seat WHERE account IS NULL;
SELECT is((SELECT (seats, taken, free)::text FROM muster.licences WHERE name = 'Seats'), '(1,1,0)', 'taken away by hand');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'licence changed'), 0::bigint, 'no event says that the licence was changed');

SELECT * FROM finish();
