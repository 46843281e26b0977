-- Two and twenty at once, on connections of the issuer's own role.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION issuer(p_name text) RETURNS text LANGUAGE sql AS $$ SELECT test.dblink_connect(p_name, test.connection('muster_issuer')) $$;
-- The answer to what was sent before.
CREATE FUNCTION answer(p_name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	SELECT t.outcome || '|' || coalesce(t.why, '-') INTO said FROM test.dblink_get_result(p_name) t (outcome text, why text);
	PERFORM * FROM test.dblink_get_result(p_name) t (outcome text, why text);
	RETURN said;
EXCEPTION WHEN OTHERS THEN
	RETURN 'ERROR: ' || SQLERRM;
END
$$;
CREATE FUNCTION ask(p_name text, p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT t.outcome || '|' || coalesce(t.why, '-') FROM test.dblink(p_name, p_sql) t (outcome text, why text) $$;
CREATE FUNCTION waits(p_name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 200 LOOP
		IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'muster_issuer' AND wait_event_type = 'Lock') THEN
			RETURN test.dblink_is_busy(p_name) = 1;
		END IF;
		PERFORM pg_sleep(0.01);
		PERFORM pg_stat_clear_snapshot();
	END LOOP;
	RETURN false;
END
$$;
SELECT is(issuer('a') || issuer('b'), 'OKOK', 'two issuers');

-- A lost COMMIT: the second call waits for the first and returns what it recorded.
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', record(1, 'ada@example.test', '{"DeviceID": "d1"}')), 'BEGIN OK|-', 'recorded, not yet committed');
SELECT is(dblink_send_query('b', record(1, 'ada@example.test', '{"DeviceID": "d1"}')), 1, 'asked again on another connection');
SELECT ok(waits('b'), 'it waits');
SELECT is(dblink_exec('a', 'COMMIT'), 'COMMIT', 'the first commits');
SELECT is(answer('b'), 'OK|recorded by an earlier call', 'the second returns the first''s');
SELECT is((SELECT count(*) FROM muster.device) + (SELECT count(*) FROM muster.certificate), 2::bigint, 'once');
-- The first was rolled back: the second records.
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', record(2, 'ada@example.test', '{"DeviceID": "d2"}')), 'BEGIN OK|-', 'recorded, not yet committed');
SELECT is(dblink_send_query('b', record(2, 'ada@example.test', '{"DeviceID": "d2"}')), 1, 'asked again');
SELECT ok(waits('b'), 'it waits');
SELECT is(dblink_exec('a', 'ROLLBACK'), 'ROLLBACK', 'the first is rolled back');
SELECT is(answer('b'), 'OK|-', 'the second records');
-- The first connection breaks.
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', record(3, 'ada@example.test', '{"DeviceID": "d3"}')), 'BEGIN OK|-', 'recorded, not yet committed');
SELECT is(dblink_disconnect('a'), 'OK', 'the connection is lost');
SELECT is(ask('b', record(3, 'ada@example.test', '{"DeviceID": "d3"}')), 'OK|-', 'asked again: recorded');
SELECT is((SELECT count(*) FROM muster.device), 3::bigint, 'three devices, none half');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'enrolled'), 3::bigint, 'three events');

-- The same device twice at once: one replaces the other.
SELECT is(issuer('a'), 'OK', 'again two issuers');
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', record(10, 'bob@example.test', '{"DeviceID": "same"}')), 'BEGIN OK|-', 'the first');
SELECT is(dblink_send_query('b', record(11, 'bob@example.test', '{"DeviceID": "SAME"}')), 1, 'the second');
SELECT ok(waits('b'), 'waits');
SELECT is(dblink_exec('a', 'COMMIT') || ' ' || answer('b'), 'COMMIT OK|-', 'and succeeds');
SELECT results_eq($$SELECT id, state, replaced_by FROM muster.device WHERE device_id IN ('same', 'SAME') ORDER BY id$$, $$VALUES (test.id(10), 'replaced', test.id(11)), (test.id(11), 'enrolled', NULL)$$, 'it saw the first and replaced it');
-- Decided again after the wait: disabled meanwhile.
SELECT is(dblink_connect('admin', connection('boss')) || dblink_exec('admin', 'BEGIN'), 'OKBEGIN', 'an administrator');
SELECT is(said, 'account bob@example.test is disabled; its devices stay until they are retired', 'disables the account, not yet committed') FROM dblink('admin', $$SELECT muster.disable_account('bob@example.test', 'gone')$$) t (said text);
SELECT is(dblink_send_query('b', record(12, 'bob@example.test', '{"DeviceID": "late"}')), 1, 'an enrollment meanwhile');
SELECT ok(waits('b'), 'waits');
SELECT is(dblink_exec('admin', 'COMMIT') || ' ' || split_part(answer('b'), ' since', 1), 'COMMIT Authorization|account bob@example.test is disabled', 'and is refused');
SELECT muster.enable_account('bob@example.test') IS NULL;
-- Retiring and replacing the same device: no deadlock.
SELECT is(dblink_exec('admin', 'BEGIN'), 'BEGIN', 'an administrator');
SELECT matches(said, 'is retired', 'retires it, not yet committed') FROM dblink('admin', $$SELECT muster.retire_device('0198f0c2-0000-7000-8000-00000000000b', 'x')$$) t (said text);
SELECT is(dblink_send_query('b', record(13, 'bob@example.test', '{"DeviceID": "same"}')), 1, 'while it enrolls again');
SELECT ok(waits('b'), 'which waits');
SELECT is(dblink_exec('admin', 'COMMIT') || ' ' || answer('b'), 'COMMIT OK|-', 'and succeeds');
SELECT results_eq($$SELECT id, state FROM muster.device WHERE device_id IN ('same', 'SAME') ORDER BY id$$, $$VALUES (test.id(10), 'replaced'), (test.id(11), 'retired'), (test.id(13), 'enrolled')$$, 'each in its state');
-- Another account does not wait.
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', record(14, 'ada@example.test')), 'BEGIN OK|-', 'one account''s enrollment is open');
SELECT is(ask('b', record(15, 'bob@example.test')), 'OK|-', 'another''s goes through');
SELECT is(dblink_exec('a', 'COMMIT'), 'COMMIT', 'without waiting');
-- An administrator's change of the organization does not wait for enrollments, nor they for it.
SELECT is(dblink_exec('admin', 'BEGIN'), 'BEGIN', 'an administrator');
SELECT is(said, 'organization example is called X', 'changes the organization, not yet committed') FROM dblink('admin', $$SELECT muster.set_organization_name('example', 'X')$$) t (said text);
SELECT is(ask('b', record(16, 'bob@example.test')), 'OK|-', 'an enrollment goes through');
SELECT is(dblink_exec('admin', 'ROLLBACK'), 'ROLLBACK', 'meanwhile');

-- Twenty at once on one account, of twenty devices; then twenty times the same device; five rounds.
SELECT is((SELECT count(*) FROM (SELECT issuer('p' || i) FROM generate_series(1, 20) i) s), 20::bigint, 'twenty issuers');
CREATE FUNCTION at_once(p_first integer, p_same boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text[] := '{}';
BEGIN
	FOR i IN 1 .. 20 LOOP
		PERFORM test.dblink_send_query('p' || i, test.record(p_first + i, 'ada@example.test', json_build_object('DeviceID', CASE WHEN p_same THEN 'one' ELSE 'm' || p_first + i END, 'HWDevID', CASE WHEN p_same THEN 'hw-one' ELSE 'hw-' || p_first + i END)::text));
	END LOOP;
	FOR i IN 1 .. 20 LOOP
		answers := answers || test.answer('p' || i);
	END LOOP;
	RETURN (SELECT string_agg(n || ' × ' || a, ', ') FROM (SELECT a, count(*) AS n FROM unnest(answers) a GROUP BY a ORDER BY a) s);
END
$$;
SELECT is(at_once(1000 + r * 100, false), '20 × OK|-', 'twenty devices at once, round ' || r) FROM generate_series(1, 5) r;
SELECT is(at_once(2000 + r * 100, true), '20 × OK|-', 'one device twenty times at once, round ' || r) FROM generate_series(1, 5) r;
SELECT is((SELECT count(*) FROM muster.device WHERE device_id LIKE 'm%' AND state = 'enrolled'), 100::bigint, 'a hundred devices live');
SELECT is((SELECT count(*) FROM muster.device WHERE device_id = 'one' AND state = 'enrolled'), 1::bigint, 'one of the hundred same ones');
SELECT is((SELECT count(*) FROM muster.device WHERE device_id = 'one' AND state = 'replaced'), 99::bigint, 'the others were replaced');
SELECT is((SELECT count(*) FROM muster.device d WHERE d.device_id = 'one' AND d.state = 'replaced' AND NOT EXISTS (SELECT FROM muster.device n WHERE n.id = d.replaced_by)), 0::bigint, 'each by one that is there');

-- The first use of one certificate by ten at once: one event.
SELECT is((SELECT count(*) FROM (SELECT dblink_connect('w' || i, connection('muster_worker')) FROM generate_series(1, 10) i) s), 10::bigint, 'ten workers');
CREATE FUNCTION doors(n integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text[] := '{}';
BEGIN
	FOR i IN 1 .. 10 LOOP PERFORM test.dblink_send_query('w' || i, test.device(n)); END LOOP;
	FOR i IN 1 .. 10 LOOP answers := answers || test.answer('w' || i); END LOOP;
	RETURN (SELECT string_agg(k || ' × ' || a, ', ') FROM (SELECT a, count(*) AS k FROM unnest(answers) a GROUP BY a ORDER BY a) s);
END
$$;
SELECT is(doors(1120), '10 × OK|-', 'ten uses at once');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'first contact' AND device = id(1120)), 1::bigint, 'one first contact');

-- The first sign-in of one person by ten windows at once: one account, in each of his groups once; then with others.
SELECT is(muster.use_web_server_sign_in('example', 'Negotiate', create_accounts => true, groups_variable => 'GROUPS') IS NOT NULL
	AND muster.set_auth_policies('example', '{Federated}') IS NOT NULL, true, 'the web server signs people in');
SELECT is((SELECT count(*) FROM (SELECT muster.add_group('example', 'g' || i) FROM generate_series(1, 3) i) s), 3::bigint, 'groups');
SELECT is((SELECT count(*) FROM (SELECT muster.map_claim('example', 'c' || i, 'g' || i) FROM generate_series(1, 3) i) s), 3::bigint, 'by claim');
CREATE FUNCTION windows(p_user text, VARIADIC p_groups text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text[] := '{}';
BEGIN
	FOR i IN 1 .. 10 LOOP
		PERFORM test.dblink_send_query('w' || i, format('SELECT outcome, why FROM muster_worker.sign_in(%L, %L, %L, NULL)', 'example',
			jsonb_build_object('AUTH_TYPE', 'Negotiate', 'REMOTE_USER', p_user, 'GROUPS', p_groups[1 + i % cardinality(p_groups)]), test.id(7000 + i)));
	END LOOP;
	FOR i IN 1 .. 10 LOOP answers := answers || test.answer('w' || i); END LOOP;
	RETURN (SELECT string_agg(k || ' × ' || a, ', ') FROM (SELECT a, count(*) AS k FROM unnest(answers) a GROUP BY a ORDER BY a) s);
END
$$;
SELECT is(windows('new' || r || '@example.test', 'c1,c2'), '10 × OK|-', 'ten windows, round ' || r) FROM generate_series(1, 10) r;
SELECT is((SELECT count(*) FROM muster.account WHERE upn LIKE 'new%'), 10::bigint, 'an account each');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'account welcomed'), 10::bigint, 'welcomed once');
SELECT is((SELECT count(*) FROM muster.account_group_member m JOIN muster.account a ON a.id = m.account WHERE a.upn LIKE 'new%' AND m.how = 'claim'), 20::bigint, 'in both groups');
SELECT is(windows('new' || r || '@example.test', 'c2,c3', 'c1', ''), '10 × OK|-', 'with other groups, round ' || r) FROM generate_series(1, 10) r;
SELECT is(windows('new' || r || '@example.test', 'c3'), '10 × OK|-', 'and with one, round ' || r) FROM generate_series(1, 10) r;
SELECT is((SELECT string_agg(DISTINCT g.name, ',') || count(*) FROM muster.account_group_member m JOIN muster.account a ON a.id = m.account JOIN muster.account_group g ON g.id = m.account_group
	WHERE a.upn LIKE 'new%'), 'g310', 'the last has the last word');

-- One signed request to two organizations at once: it enrolls in one, and the other says why not.
CREATE FUNCTION signed(n integer, p_upn text) RETURNS text LANGUAGE sql AS $$
	SELECT left(test.record(n, p_upn), -1) || format(', %L)', jsonb_build_object('kind', 'certificate', 'sha256', repeat('0a', 32), 'signed', true, 'replay', repeat('0b', 32),
		'not_after', '2099-01-01T00:00:00.000Z'))
$$;
SELECT is(count(muster.set_auth_policies(o, '{Certificate}') || muster.list_signer(o, u, repeat('0a', 32))), 2::bigint, 'a certificate that two organizations list')
	FROM (VALUES ('example', 'ada@example.test'), ('other', 'olga@other.test')) v (o, u);
SELECT is(issuer('r1') || issuer('r2'), 'OKOK', 'two issuers');
SELECT is(dblink_exec('r1', 'BEGIN') || ' ' || ask('r1', signed(8001, 'ada@example.test')), 'BEGIN OK|-', 'a signed request, not yet committed');
SELECT is(dblink_send_query('r2', signed(8002, 'olga@other.test')), 1, 'the same in the other organization');
SELECT ok(waits('r2'), 'waits');
SELECT is(dblink_exec('r1', 'COMMIT') || ' ' || answer('r2'), 'COMMIT Authentication|this very request has enrolled a device already: a retry is signed anew', 'and is told why not');

SELECT * FROM finish();
