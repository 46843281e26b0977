-- Guessing of passwords: what is counted, when it is refused and for how long, who is let through, and who may clear it.
SET search_path = test;
SELECT no_plan();

CREATE ROLE gwen LOGIN IN ROLE muster_help_desk;
CREATE ROLE gus LOGIN IN ROLE muster_organization_admin;
SELECT muster.delegate('gwen', 'help desk', 'example'), muster.delegate('gus', 'organization administrator', 'other');

-- A wrong password as a worker counts it, and what it is told of the next.
CREATE FUNCTION wrong(p_user text, p_remote text, p_times integer DEFAULT 1, p_looked_at boolean DEFAULT true, p_organization text DEFAULT 'example') RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. p_times LOOP
		PERFORM test.try('muster_worker', format('SELECT * FROM muster_worker.count_password(%L, %L, (SELECT account FROM muster_worker.policy(%1$L, %2$L)), %L, %L, %L)',
			p_organization, p_user, p_remote, p_looked_at, test.id(7000)));
	END LOOP;
	RETURN p_times;
END
$$;
CREATE FUNCTION next(p_user text, p_remote text, p_claim text DEFAULT '{"kind": "password"}', p_organization text DEFAULT 'example') RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(test.try('muster_worker', format('SELECT suspected, refused FROM muster_worker.policy(%L, %L, %L, %L)', p_organization, p_user, p_remote, p_claim)),
		'[0-9-]+ [0-9:]+ UTC', 'T')
$$;
CREATE FUNCTION later(p_time interval) RETURNS void LANGUAGE sql AS $$
	UPDATE muster.password_failure SET first_at = first_at - p_time, last_at = last_at - p_time, refused_until = refused_until - p_time;
	UPDATE muster.known_network SET last_at = last_at - p_time, failed_first_at = failed_first_at - p_time, failed_at = failed_at - p_time, refused_until = refused_until - p_time;
$$;
CREATE FUNCTION refused_for(p_what text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(muster.span_told(date_trunc('minute', refused_until - now() + interval '30 seconds')), ',') FROM muster.lockouts WHERE what = p_what
$$;

-- Accounts and names that are nobody's, the same way.
SELECT is(next(u, '192.0.2.1'), 'false|-', u || ': nothing was wrong yet') FROM unnest(ARRAY['ada', 'nemo']) u;
SELECT wrong(u, '192.0.2.1', 4) FROM unnest(ARRAY['ada', 'nemo']) u;
SELECT is(next(u, '192.0.2.2'), 'false|-', u || ': four wrong ones') FROM unnest(ARRAY['ada', 'nemo']) u;
SELECT wrong(u, '192.0.2.1') FROM unnest(ARRAY['ada@example.test', 'nemo@example.test']) u;
SELECT is(next(u, '192.0.2.2'), 'true|-', u || ': half as many as are borne, however the name is written') FROM unnest(ARRAY['ADA', 'Nemo', 'X\ada', 'X\nemo', ' ada@example.test', 'nemo@example.test']) u;
SELECT wrong(u, '192.0.2.' || n) FROM unnest(ARRAY['ada', 'nemo']) u, generate_series(11, 14) n;
SELECT is(next(u, '192.0.2.2'), 'true|-', u || ': nine') FROM unnest(ARRAY['ada', 'nemo']) u;
SELECT wrong(u, '192.0.2.15') FROM unnest(ARRAY['ada', 'nemo']) u;
SELECT is(next(u, '192.0.2.2'), 'true|not looked at until T: 10 wrong passwords for this name from networks that it is not known from', u || ': ten are refused')
	FROM unnest(ARRAY['ada', 'nemo', 'EXAMPLE\ada', 'EXAMPLE\nemo']) u;
SELECT is(next('bob', '192.0.2.2'), 'false|-', 'another is not concerned');
SELECT is(next('ada', '192.0.2.2', '{"kind": "token", "sha256": "00"}'), '-|-', 'a token is no password');
SELECT matches(next('nemo', '192.0.2.2', '{"kind": "sign-in page"}'), '^true.not looked at', 'one typed on the page is');
SELECT is((SELECT suspected || '|' || (refused LIKE 'not looked at%') FROM muster_worker.consider('example', 'ada', '{}', '192.0.2.2')), 'true|true', 'consider says the same');
SELECT is(try('muster_worker', $$SELECT refused LIKE 'not looked at%' FROM muster_worker.policy('example', 'ada')$$), 'true', 'also where the address is not known');
SELECT is(refused_for('account') || ' ' || refused_for('name'), '1 minute 1 minute', 'for a minute');
SELECT is((SELECT failures || ' ' || refused || ' ' || array_to_string(seen_from, ',') FROM muster.lockouts WHERE account = 'ada@example.test'),
	'10 0 192.0.2.15/32,192.0.2.14/32,192.0.2.13/32,192.0.2.12/32,192.0.2.11/32,192.0.2.1/32', 'the view tells how many and from where');
SELECT is((SELECT string_agg(user_name || ' ' || (why LIKE '10 wrong passwords for this account from networks that it is not known from: none is looked at until % UTC'), ',') FROM muster.event WHERE kind = 'passwords refused'),
	'ada true', 'an event tells of an account, none of what strangers make up');
SELECT is((SELECT count(*) FROM muster.trace(id(7000))), 1::bigint, 'which a trace finds');

-- What is hashed for a name that is nobody's: some account's setting, never its digest.
CREATE FUNCTION decoy(p_user text) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT decoy FROM muster_worker.policy(''example'', %L)', p_user))
$$;
SELECT is(decoy('ada'), '-', 'an account with a password has its own');
SELECT is(decoy(u), '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$', u || ' has some account''s') FROM unnest(ARRAY['bob', 'nemo', 'zed', '?']) u;
UPDATE muster.account SET password_hash = '$2b$12$' || repeat('a', 22) || repeat('b', 31) WHERE upn = 'ada@example.test';
SELECT is(decoy('nemo'), '$2b$12$' || repeat('a', 22), 'of bcrypt, too');
UPDATE muster.account SET password_hash = NULL WHERE upn = 'ada@example.test';
SELECT is(decoy('nemo'), '-', 'none, where nobody has a password');
UPDATE muster.account SET password_hash = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7' WHERE upn = 'ada@example.test';

-- While it is refused nothing gets worse; each wrong one after it doubles the time.
SELECT wrong('ada', '192.0.2.16', 3, false);
SELECT wrong('ada', '192.0.2.16', 2);
SELECT is((SELECT failures || ' ' || refused FROM muster.lockouts WHERE account = 'ada@example.test'), '10 3', 'those not looked at are counted apart, those under way not');
SELECT later('61 seconds');
SELECT is(next('ada', '192.0.2.2'), 'true|-', 'a minute later one is looked at');
SELECT is((SELECT count(*) FROM muster.lockouts), 0::bigint, 'nobody is refused');
SELECT is((SELECT failures FROM muster.password_failures WHERE account = 'ada@example.test'), 10, 'the count stays');
SELECT wrong('ada', '192.0.2.2');
SELECT is(refused_for('account'), '2 minutes', 'wrong again: two minutes');
SELECT later('121 seconds'), wrong('ada', '192.0.2.2');
SELECT is(refused_for('account'), '4 minutes', 'four');
SELECT later('245 minutes'), wrong('ada', '192.0.2.2', 6);
SELECT is((SELECT failures FROM muster.password_failures WHERE account = 'ada@example.test'), 10, 'half are forgotten in four hours, counted from when the refusal ended');
SELECT later('59 minutes'), wrong('ada', '192.0.2.2') FROM generate_series(1, 6);
SELECT is(refused_for('account'), '1 hour', 'an hour at most');
SELECT later('24 hours');
SELECT is(next('ada', '192.0.2.2'), 'false|-', 'all is forgotten after a day');
SELECT is((SELECT count(*) FROM muster.password_failures), 0::bigint, 'by the view, too');
SELECT wrong('ada', '192.0.2.2');
SELECT is((SELECT failures || ' ' || refused || ' ' || (since > now() - interval '1 minute') FROM muster.password_failures WHERE what = 'account'), '1 0 true', 'and begins anew');
DELETE FROM muster.password_failure;

-- Where the owner is known from nobody else's doing counts, and his own is counted apart.
SELECT is(try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "a"}', p_remote => '198.51.100.7')), 'OK|-', 'ada enrolls from home');
SELECT is((SELECT network::text FROM muster.known_network), '198.51.100.7/32', 'where she is known now');
SELECT wrong('ada', '192.0.2.1', 10);
SELECT matches(next('ada', '192.0.2.2'), '^true.not looked at', 'strangers guess: refused elsewhere');
SELECT is(next('ada', '198.51.100.7'), 'false|-', 'but not at home');
SELECT is(next('bob', '198.51.100.7'), 'false|-', 'bob, who is not known there, is not guessed at');
SELECT wrong('ada', '198.51.100.7', 9);
SELECT is(next('ada', '198.51.100.7'), 'true|-', 'her own are counted there');
SELECT is((SELECT failures FROM muster.password_failures WHERE what = 'account'), 10, 'and not elsewhere');
SELECT wrong('ada', '198.51.100.7');
SELECT is(next('ada', '198.51.100.7'), 'true|not looked at until T: 10 wrong passwords for this account from network 198.51.100.7/32, which it is known from', 'guessed at home: refused there');
SELECT is((SELECT account || ' ' || network || ' ' || failures FROM muster.lockouts WHERE what = 'account at a known network'), 'ada@example.test 198.51.100.7/32 10', 'the view tells');
SELECT wrong('ada', '198.51.100.7', 2, false);
SELECT is((SELECT refused FROM muster.known_network), 2::bigint, 'those not looked at');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'passwords refused' AND why LIKE '%which it is known from%'), 1::bigint, 'an event');
SELECT is((SELECT string_agg(rule || ' ' || outcome || ' ' || decides, ',') FROM muster.explain_enrollment('ada@example.test', remote => r::inet) WHERE rule = 'guessing'), said, 'explained for ' || r)
	FROM (VALUES ('198.51.100.7', 'guessing Authentication true'), ('192.0.2.2', 'guessing Authentication true')) x (r, said);
SELECT is(try('gwen', $$SELECT why FROM muster.explain_enrollment('ada@example.test', remote => '192.0.2.2') LIMIT 1$$) LIKE 'passwords are not looked at until % UTC: 10 wrong passwords for this name from networks that it is not known from', true, 'to a help desk as well');

-- Success forgets the account's own, not the network's.
SELECT is(try('muster_issuer', record(2, 'ada@example.test', '{"DeviceID": "b"}', p_remote => '192.0.2.1')), 'OK|-', 'ada enrolls with a token from where strangers guess');
SELECT is((SELECT count(*) FROM muster.lockouts WHERE account IS NOT NULL AND what = 'account'), 0::bigint, 'her count is gone');
SELECT is((SELECT failures FROM muster.password_failures WHERE network = '192.0.2.1'), 10, 'the network''s is not');
SELECT is((SELECT count(*) FROM muster.lockouts WHERE what = 'account at a known network'), 1::bigint, 'and what was guessed at home stays refused there');
SELECT is(try('muster_issuer', record(3, 'ada@example.test', '{"DeviceID": "c"}', p_remote => '198.51.100.7')), 'OK|-', 'until she proves herself there');
SELECT is((SELECT count(*) FROM muster.lockouts), 0::bigint, 'nobody is refused');
SELECT is(try('muster_worker', format('SELECT outcome FROM muster_worker.make_token(''example'', %L, sha256(''t''), ''sign-in page'', %L, NULL, ''203.0.113.9'')', id, id(60))), 'OK', 'bob signs in on the page') FROM muster.account WHERE upn = 'bob@example.test';
SELECT is((SELECT string_agg(a.upn || ' ' || k.network, ',' ORDER BY k.network) FROM muster.known_network k JOIN muster.account a ON a.id = k.account),
	'ada@example.test 192.0.2.1/32,ada@example.test 198.51.100.7/32,bob@example.test 203.0.113.9/32', 'and is known there');
SELECT is((muster.note_success(organization, id, ('10.0.0.' || n)::inet))::text, '', 'known from many') FROM muster.account, generate_series(1, 30) n WHERE upn = 'bob@example.test';
SELECT is((SELECT count(*) FROM muster.known_network k JOIN muster.account a ON a.id = k.account WHERE upn = 'bob@example.test'), 20::bigint, 'twenty are remembered');
SELECT is((SELECT muster.note_success(organization, id, '10.1.1.1')::text), '', 'a provisioning package') FROM muster.account WHERE upn = 'package@example.test';
SELECT is((SELECT count(*) FROM muster.known_network k JOIN muster.account a ON a.id = k.account WHERE upn = 'package@example.test'), 0::bigint, 'has no password and no home');
SELECT later('91 days');
SELECT wrong('ada', '192.0.2.1', 10);
SELECT matches(next('ada', '198.51.100.7'), '^true.not looked at', 'not known any more after ninety days');
DELETE FROM muster.password_failure;

-- Networks.
SELECT is(muster.home_network(a::inet)::text, n, a || ' is counted as ' || n) FROM (VALUES ('192.0.2.7', '192.0.2.7/32'), ('2001:db8:0:7:8::9', '2001:db8:0:7::/64'), ('::1', '::/64')) x (a, n);
SELECT wrong('nemo' || n, '2001:db8:0:7::' || n) FROM generate_series(1, 24) n;
SELECT is(next('bob', '2001:db8:0:7::ff'), 'false|-', 'a network: so many');
SELECT wrong('nemo' || n, '2001:db8:0:7::' || n) FROM generate_series(25, 99) n;
SELECT is(next('bob', '2001:db8:0:7::ff'), 'true|-', 'a quarter of what is borne: suspected');
SELECT is(next('bob', '2001:db8:0:8::ff'), 'false|-', 'not the one next to it');
SELECT wrong('nemo', '2001:db8:0:7::100');
SELECT is(next('bob', '2001:db8:0:7::ff'), 'true|not looked at until T: 100 wrong passwords from network 2001:db8:0:7::/64, which this name is not known from', 'a hundred: refused');
SELECT is((SELECT network || ' ' || failures FROM muster.lockouts WHERE what = 'network'), '2001:db8:0:7::/64 100', 'the view tells');
SELECT is((SELECT why LIKE '100 wrong passwords from network 2001:db8:0:7::/64: none is looked at until % UTC' FROM muster.event WHERE kind = 'passwords refused' ORDER BY at DESC LIMIT 1), true, 'and an event');
SELECT muster.note_success(organization, id, '2001:db8:0:7::1') FROM muster.account WHERE upn = 'ada@example.test';
SELECT is(next('ada', '2001:db8:0:7::ff'), 'false|-', 'who is known there is let through');
SELECT is(next('nemo', '2001:db8:0:7::ff', p_organization => 'other'), 'false|-', 'another organization counts for itself');
SELECT is(muster.set_guessing_limits('example', network_failures => NULL) LIKE '%and any number from a network on%', true, 'networks can be exempt');
SELECT is(next('bob', '2001:db8:0:7::ff'), 'false|-', 'then none is refused');
SELECT is(wrong('nemo', '192.0.2.1', 1, true, 'nowhere') || next('nemo', '192.0.2.1', p_organization => 'nowhere'), '1false|-', 'an organization that there is not');
SELECT wrong('nemo', '192.0.2.1', 9, true, 'nowhere');
SELECT matches(next('nemo', '192.0.2.1', p_organization => 'nowhere'), '^true.not looked at', 'is guessed at no better');
SELECT is(try('boss', 'SELECT count(*) FROM muster.lockouts WHERE organization IS NULL'), '1', 'an administrator sees it');
SELECT is(try('gwen', 'SELECT count(*) FROM muster.lockouts WHERE organization IS NULL'), '0', 'a help desk does not');
SELECT is(try('muster_worker', format('SELECT * FROM muster_worker.count_password(%s, true, NULL)', a)), 'true', 'nothing a stranger sends fails: ' || a)
	FROM unnest(ARRAY['NULL, NULL, NULL, NULL', '''example'', NULL, NULL, ''nonsense''', '''example'', repeat(''x'', 100000), NULL, ''192.0.2.1''', '''example'', E''\x01'', muster_worker.id, ''::''']) a WHERE a NOT LIKE '%id%';
DELETE FROM muster.password_failure;
SELECT muster.set_guessing_limits('example');

-- Bounded.
SELECT is((SELECT count(*) FROM (SELECT muster.name_bucket(NULL, NULL, n::text) b FROM generate_series(1, 20000) n) s WHERE b NOT BETWEEN 0 AND 131071), 0::bigint, 'there are so many buckets');
SELECT ok((SELECT count(DISTINCT muster.name_bucket(NULL, NULL, n::text)) > 18000 FROM generate_series(1, 20000) n), 'and names spread over them');

-- Clearing.
SELECT wrong('olga', '192.0.2.1', 10, true, 'other');
SELECT muster.note_success(organization, id, '198.51.100.7') FROM muster.account WHERE upn = 'ada@example.test';
CREATE TABLE before AS SELECT clock_timestamp() AS at;
SELECT wrong(u, '192.0.2.1', 10) FROM unnest(ARRAY['ada', 'nemo']) u;
SELECT wrong('ada', '198.51.100.7', 10);
SELECT wrong('nobody' || n, '203.0.113.1', 10) FROM generate_series(1, 10) n;
SELECT is(try(r, $$SELECT string_agg(what || ' ' || coalesce(account, network::text, '-'), ', ' ORDER BY what, account) FROM muster.lockouts WHERE what <> 'name'$$), said, r || ' sees the lockouts') FROM (VALUES
	('gwen', 'account ada@example.test, account at a known network ada@example.test, network 203.0.113.1/32'),
	('gus', 'account olga@other.test'),
	('audrey', 'account ada@example.test, account olga@other.test, account at a known network ada@example.test, network 203.0.113.1/32')) x (r, said);
SELECT is(try('gwen', s), said, 'gwen: ' || s) FROM (VALUES
	($$SELECT muster.clear_lockout()$$, 'ERROR: give an account or a network HINT: SELECT muster.clear_lockout(''ada@example.test''); or: SELECT muster.clear_lockout(network => ''192.0.2.7''); to look: SELECT * FROM muster.lockouts;'),
	($$SELECT muster.clear_lockout('ada@example.test', '192.0.2.1')$$, 'ERROR: give an account or a network HINT: SELECT muster.clear_lockout(''ada@example.test''); or: SELECT muster.clear_lockout(network => ''192.0.2.7''); to look: SELECT * FROM muster.lockouts;'),
	($$SELECT muster.clear_lockout('nemo@nowhere.test')$$, 'ERROR: there is no account "nemo@nowhere.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;'),
	($$SELECT muster.clear_lockout('ada@example.test', organization => 'other')$$, 'ERROR: there is no organization "other" HINT: Organizations: example'),
	($$SELECT muster.clear_lockout('olga@other.test')$$, 'ERROR: there is no account "olga@other.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;'),
	($$SELECT muster.clear_lockout('bob@example.test')$$, 'no wrong password was counted for account bob@example.test; network 203.0.113.1/32 is refused still'),
	($$SELECT muster.clear_lockout('Ada@example.test')$$, 'account Ada@example.test: its wrong passwords are forgotten; network 203.0.113.1/32 is refused still'),
	($$SELECT muster.clear_lockout('nemo@example.test')$$, 'the name nemo@example.test: its wrong passwords are forgotten; network 203.0.113.1/32 is refused still'),
	($$SELECT muster.clear_lockout(network => 'nonsense')$$, 'ERROR: not usable as a network: ''nonsense'' HINT: Give it as 192.0.2.0/24 or 2001:db8::/32; one address as 192.0.2.7.'),
	($$SELECT muster.clear_lockout(network => '203.0.113.0/24')$$, 'network 203.0.113.0/24: wrong passwords from there are forgotten'),
	($$SELECT muster.clear_lockout(network => '203.0.113.0/24')$$, 'no wrong password was counted for network 203.0.113.0/24')) x (s, said);
SELECT is(next('ada', r), 'false|-', 'ada''s passwords are looked at from ' || r) FROM unnest(ARRAY['192.0.2.2', '198.51.100.7', '203.0.113.1']) r;
SELECT matches(next('olga', '192.0.2.2', p_organization => 'other'), '^true.not looked at', 'olga is refused still');
SELECT is((SELECT string_agg(kind || ' ' || actor, ', ' ORDER BY at) FROM muster.event WHERE kind IN ('lockout removed', 'known network changed') AND at > (SELECT b.at FROM before b)),
	format('lockout removed %1$s, known network changed %1$s, lockout removed %1$s, lockout removed %1$s', session_user), 'each is on record');
SELECT is((SELECT details -> 'before' ->> 'failures' FROM muster.event WHERE kind = 'lockout removed' AND at > (SELECT b.at FROM before b) ORDER BY at LIMIT 1), '10', 'with what was counted');
SELECT is(try('gus', $$SELECT muster.clear_lockout('olga@other.test')$$), 'account olga@other.test: its wrong passwords are forgotten', 'an organization''s own administrator clears, too');
SELECT wrong('ada', '192.0.2.1', 10);
SELECT is(try('boss', $$SELECT muster.clear_lockout('ada@example.test')$$), 'account ada@example.test: its wrong passwords are forgotten', 'and one of all');
SELECT is(try(r, $$SELECT muster.clear_lockout('ada@example.test')$$), 'ERROR: permission denied for ' || what, r || ' does not') FROM (VALUES ('audrey', 'function clear_lockout'), ('muster_worker', 'schema muster'), ('eve', 'schema muster')) x (r, what);
SELECT is(try('gwen', s), 'ERROR: permission denied for ' || what, 'gwen: ' || s) FROM (VALUES
	($$SELECT muster.set_guessing_limits('example')$$, 'function set_guessing_limits'),
	($$UPDATE muster.password_failure SET failures = 0$$, 'table password_failure'),
	($$DELETE FROM muster.known_network$$, 'table known_network'),
	($$UPDATE muster.known_network SET network = '0.0.0.0/0'$$, 'table known_network'),
	($$DELETE FROM muster.guessing_limit$$, 'table guessing_limit')) x (s, what);

-- Limits.
SELECT is(try('boss', format('SELECT muster.set_guessing_limits(%s)', a)), said, 'limits: ' || a) FROM (VALUES
	($$'example'$$, 'organization example: refused from 10 wrong passwords for an account and 100 from a network on, for 1 minute to 1 hour; half forgotten in 4 hours; accounts known from a network for 90 days'),
	($$'example', 3, 7, '10 minutes', '30 seconds', '90 minutes', '1 day'$$, 'organization example: refused from 3 wrong passwords for an account and 7 from a network on, for 30 seconds to 90 minutes; half forgotten in 10 minutes; accounts known from a network for 1 day'),
	($$'nowhere'$$, 'ERROR: there is no organization "nowhere" HINT: Organizations: example, other'),
	($$'example', NULL$$, 'ERROR: not usable as wrong passwords for an account: NULL HINT: Give 1 to 1000.'),
	($$'example', 0$$, 'ERROR: not usable as wrong passwords for an account: 0 HINT: Give 1 to 1000.'),
	($$'example', network_failures => 0$$, 'ERROR: not usable as wrong passwords from a network: 0 HINT: Give 1 to 1000000, or NULL: no network is refused.'),
	($$'example', quiet => '2 days'$$, 'ERROR: not usable as quiet: 2 days HINT: Give 1 minute to 1 day.'),
	($$'example', first_refusal => '2 hours'$$, 'ERROR: the first refusal of 2 hours is longer than the longest of 1 hour HINT: Give a longest_refusal of at least as much.'),
	($$'example', longest_refusal => '2 days'$$, 'ERROR: not usable as longest_refusal: 2 days HINT: Give 1 second to 1 day.'),
	($$'example', first_refusal => NULL$$, 'ERROR: not usable as first_refusal: NULL HINT: Give 1 second to 1 day.'),
	($$'example', known_for => '400 days'$$, 'ERROR: not usable as known_for: 400 days HINT: Give no time to 366 days.')) x (a, said);
SELECT wrong('ada', '192.0.2.1', 3);
SELECT is((SELECT failures || ' ' || (refused_until < now() + interval '31 seconds') FROM muster.lockouts WHERE what = 'account'), '3 true', 'they count at once');
SELECT is((SELECT value FROM muster.configuration_of('example') WHERE setting = 'guessing') LIKE 'refused from 3 wrong passwords for an account and 7 %', true, 'among all that is set');
SELECT is((SELECT string_agg(severity || ' ' || finding, ', ') FROM muster.check_configuration('example') WHERE topic = 'guessing'), 'note passwords are refused, because too many were wrong', 'a check tells');
SELECT wrong('nemo' || n, '192.0.2.1') FROM generate_series(1, 5) n;
SELECT muster.note_success(organization, id, '192.0.2.1') FROM muster.account WHERE upn IN ('ada@example.test', 'bob@example.test', 'Twin@example.test');
SELECT is((SELECT string_agg(finding, ', ') FROM muster.check_configuration('example') WHERE topic = 'guessing' AND severity = 'warning'),
	'a network is refused that several accounts are known from: is it a proxy that does not tell the clients'' addresses?', 'a network that many come from');
SELECT muster.set_guessing_limits('example', 101);
SELECT is((SELECT count(*) FROM muster.check_configuration('example') WHERE finding LIKE 'more than 100 wrong passwords%'), 1::bigint, 'a limit that is none');
SELECT is((SELECT string_agg(kind, ',' ORDER BY at) FROM muster.event WHERE kind LIKE 'guessing limit%'), 'guessing limit added,guessing limit changed,guessing limit changed,guessing limit changed', 'setting them is on record');

-- What is old goes, what belongs to what is deleted, too.
SELECT is(muster.keep_guessing(), NULL, 'nothing is old');
SELECT later('33 days');
SELECT is((SELECT muster.keep_guessing() LIKE '% counts of wrong passwords and 0 known networks forgotten'), true, 'old counts go');
SELECT is((SELECT count(*) FROM muster.password_failure), 0::bigint, 'all of them');
SELECT later('340 days');
SELECT is((SELECT muster.keep_guessing() LIKE '0 counts of wrong passwords and % known networks forgotten'), true, 'old networks, too');
SELECT muster.note_success(organization, id, '192.0.2.1') FROM muster.account WHERE upn = 'bob@example.test';
SELECT wrong('bob', '192.0.2.77');
SELECT lives_ok($$SELECT * FROM muster.delete_account('bob@example.test', reason => 'left', really => true)$$, 'an account is deleted');
SELECT is((SELECT count(*) FROM muster.known_network) + (SELECT count(*) FROM muster.password_failure WHERE kind = 'name'), 0::bigint, 'with where it is known from, and its count');
SELECT muster.set_guessing_limits('other'), wrong('olga', '192.0.2.77', 1, true, 'other');
SELECT lives_ok($$SELECT * FROM muster.delete_organization('other', reason => 'gone', really => true)$$, 'an organization is deleted');
SELECT is((SELECT count(*) FROM muster.guessing_limit l JOIN muster.organization o ON o.id = l.organization WHERE o.deleted_at IS NOT NULL)
	+ (SELECT count(*) FROM muster.password_failure f JOIN muster.organization o ON o.id = f.organization WHERE o.deleted_at IS NOT NULL), 0::bigint, 'with its counts and limits');

SELECT * FROM finish();
