-- Many at once: what the rules count stays exact. Run by races.sh with the psql variables rounds, and pooler: the
-- directory of a PgBouncer in transaction mode, or nothing for the server itself.
SET search_path = test;
SELECT no_plan();

CREATE FUNCTION issuers(p_pooler text) RETURNS text LANGUAGE sql AS $$
	SELECT test.dblink_connect('p' || i, CASE WHEN p_pooler = '' THEN test.connection('muster_issuer')
		ELSE format('host=%s port=6432 dbname=%s user=muster_issuer', p_pooler, current_database()) END)
	  FROM generate_series(1, 64) i LIMIT 1 OFFSET 63
$$;
-- The programs' own call of it.
CREATE FUNCTION enroll(n integer, p_upn text, p_facts jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT replace(rtrim(test.record(n, p_upn, p_facts::text, p_columns => '*'), ')'), 'SELECT * FROM muster_issuer.record(', 'CALL muster_issuer.record_read_committed(')
		|| ', NULL, NULL, NULL, NULL, NULL, NULL, NULL)'
$$;
CREATE FUNCTION answer(p_name text, p_enrolls boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	IF p_enrolls THEN
		SELECT t.outcome || coalesce(' ' || (t.details ->> 'reason'), '') INTO said FROM test.dblink_get_result(p_name) t
			(outcome text, why text, "text" text, stale boolean, certificate bytea, language text, details jsonb);
		PERFORM FROM test.dblink_get_result(p_name) t (outcome text, why text, "text" text, stale boolean, certificate bytea, language text, details jsonb);
	ELSE
		SELECT 'done' INTO said FROM test.dblink_get_result(p_name) t (said text);
		PERFORM FROM test.dblink_get_result(p_name) t (said text);
	END IF;
	RETURN said;
EXCEPTION WHEN OTHERS THEN
	BEGIN
		PERFORM FROM test.dblink_get_result(p_name) t (said text);
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
	RETURN 'ERROR: ' || SQLERRM;
END
$$;
CREATE FUNCTION answers(p_number integer) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(s.n || ' × ' || s.a, ', ' ORDER BY s.a) FROM (SELECT x.a, count(*) AS n
	  FROM (SELECT test.answer('p' || i) AS a FROM generate_series(1, p_number) i OFFSET 0) x GROUP BY x.a) s
$$;
-- By another connection than those that race, and seen by them at once.
CREATE FUNCTION gate(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(t.x, ', ') FROM test.dblink('gate', p_sql) t (x text) $$;
CREATE FUNCTION waiting(p_number integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 300 LOOP
		PERFORM pg_stat_clear_snapshot();
		IF p_number <= (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock') THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.01);
	END LOOP;
	RETURN false;
END
$$;
CREATE SEQUENCE grants;
CREATE FUNCTION send(p_connection integer, p_upn text, p_facts jsonb) RETURNS integer LANGUAGE sql AS $$
	SELECT test.dblink_send_query('p' || p_connection, test.enroll(nextval('test.grants')::integer, p_upn, p_facts))
$$;

-- Who takes part.
SELECT muster.set_account_cap('ada@example.test', 5) IS NULL;
SELECT muster.add_organization(k, initcap(k), format('https://e.%s.test', k), format('https://d.%s.test', k)) IS NULL FROM unnest(ARRAY['seats', 'twins', 'mixed']) k;
SELECT muster.add_domain(k, k || '.test'), muster.set_dm_server(k, initcap(k), format('https://mdm.%s.test', k)) IS NULL FROM unnest(ARRAY['seats', 'twins', 'mixed']) k;
SELECT muster.set_authority(k, 'Example issuing') IS NULL FROM unnest(ARRAY['seats', 'twins', 'mixed']) k;
SELECT muster.add_licence('seats', 'One', 1, pool => true), muster.add_licence('mixed', 'Some', 6, pool => true) \g /dev/null
SELECT muster.require_licence('seats'), muster.require_licence('mixed'), muster.set_device_cap('mixed', 2) \g /dev/null
SELECT muster.set_collision_policy('mixed', 'replace') \g /dev/null
SELECT muster.add_account('s' || i || '@seats.test') FROM generate_series(1, 64) i \g /dev/null
SELECT muster.add_account('t' || i || '@twins.test') FROM generate_series(1, 16) i \g /dev/null
SELECT muster.add_account('m' || i || '@mixed.test') FROM generate_series(1, 8) i \g /dev/null

SELECT is(issuers(:'pooler'), 'OK', '64 issuers');
SELECT is(dblink_connect('gate', connection('postgres')), 'OK', 'a gate');
SELECT is((SELECT setting FROM dblink('p1', $$SELECT current_setting('transaction_isolation')$$) t (setting text)), :'isolation', 'their isolation level is ' || :'isolation');

-- 64 devices at once under a cap of 5. Meanwhile another account enrolls without waiting.
CREATE FUNCTION cap_race(r integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	other text;
BEGIN
	PERFORM test.gate($q$WITH x AS (UPDATE muster.device SET state = 'retired', retired_at = now() WHERE state = 'enrolled' RETURNING id) SELECT count(*)::text FROM x$q$);
	PERFORM test.dblink_exec('gate', 'BEGIN');
	PERFORM test.gate($q$SELECT id::text FROM muster.account WHERE upn = 'ada@example.test' FOR UPDATE$q$);
	PERFORM test.send(i, 'ada@example.test', jsonb_build_object('DeviceID', format('c%s-%s', r, i))) FROM generate_series(1, 63) i;
	IF NOT test.waiting(63) THEN
		RETURN 'not all of them waited';
	END IF;
	PERFORM test.send(64, 'bob@example.test', '{"DeviceID": "bob"}');
	other := test.answer('p64');
	PERFORM test.send(64, 'ada@example.test', jsonb_build_object('DeviceID', format('c%s-64', r)));
	PERFORM test.dblink_exec('gate', 'COMMIT');
	RETURN format('bob %s; ada %s; %s live', other, test.answers(64),
		test.gate($q$SELECT count(*)::text FROM muster.device d JOIN muster.account a ON a.id = d.account WHERE a.upn = 'ada@example.test' AND d.state = 'enrolled'$q$));
END
$$;
SELECT is(cap_race(r), 'bob OK; ada 59 × DeviceCapReached, 5 × OK; 5 live', '64 at once under a cap of 5, round ' || r) FROM generate_series(1, :rounds) r;

-- 64 accounts at once for the last seat.
CREATE FUNCTION free_seats() RETURNS text LANGUAGE sql AS $$
	SELECT test.gate($q$WITH x AS (UPDATE muster.licence_seat s SET account = NULL, how = NULL, assigned_at = NULL FROM muster.organization o
		WHERE o.id = s.organization AND o.key = 'seats' AND s.account IS NOT NULL RETURNING s.id) SELECT count(*)::text FROM x$q$)
$$;
CREATE FUNCTION seats_taken() RETURNS text LANGUAGE sql AS $$
	SELECT test.gate($q$SELECT count(s.account) || ' of ' || count(*) FROM muster.licence_seat s JOIN muster.organization o ON o.id = s.organization WHERE o.key = 'seats'$q$)
$$;
CREATE FUNCTION seat_race(r integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.free_seats(), test.dblink_exec('gate', 'BEGIN');
	PERFORM test.gate($q$SELECT s.id::text FROM muster.licence_seat s JOIN muster.organization o ON o.id = s.organization WHERE o.key = 'seats' FOR UPDATE OF s$q$);
	PERFORM test.send(i, format('s%s@seats.test', i), jsonb_build_object('DeviceID', 's' || r)) FROM generate_series(1, 64) i;
	IF NOT test.waiting(64) THEN
		RETURN 'not all of them waited';
	END IF;
	PERFORM test.dblink_exec('gate', 'COMMIT');
	RETURN format('%s; %s taken', test.answers(64), test.seats_taken());
END
$$;
SELECT is(seat_race(r), '1 × OK, 63 × UserLicense exhausted; 1 of 1 taken', 'the last seat by 64 accounts at once, round ' || r) FROM generate_series(1, :rounds) r;

-- Who holds the last seat rolls back: one of those who wait has it, the others are told the truth.
CREATE FUNCTION rollback_race(r integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	holder text;
BEGIN
	PERFORM test.free_seats();
	PERFORM test.dblink_exec('p64', 'BEGIN ISOLATION LEVEL READ COMMITTED');
	SELECT t.outcome INTO holder FROM test.dblink('p64', test.record(nextval('test.grants')::integer, 's64@seats.test', jsonb_build_object('DeviceID', 'r' || r)::text)) t (outcome text, why text);
	PERFORM test.send(i, format('s%s@seats.test', i), jsonb_build_object('DeviceID', 'r' || r)) FROM generate_series(1, 8) i;
	IF NOT test.waiting(8) THEN
		RETURN 'not all of them waited';
	END IF;
	PERFORM test.dblink_exec('p64', 'ROLLBACK');
	RETURN format('%s, rolled back; %s; %s taken', holder, test.answers(8), test.seats_taken());
END
$$;
SELECT is(rollback_race(r), 'OK, rolled back; 1 × OK, 7 × UserLicense exhausted; 1 of 1 taken', 'the holder of the last seat rolls back, round ' || r) FROM generate_series(1, :rounds) r;

-- Who waits for a seat holds none, not even one that was taken while he waited. Of two free seats the first is somebody's
-- who then commits, the second goes away in a transaction that wants the first one next.
CREATE FUNCTION waiting_race() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	first_seat text;
	said text;
BEGIN
	PERFORM test.free_seats(), test.gate($q$SELECT muster.set_licence_seats('seats', 'One', 2)$q$);
	first_seat := test.gate($q$SELECT s.id::text FROM muster.licence_seat s JOIN muster.licence l ON l.id = s.licence WHERE l.name = 'One' AND s.account IS NULL LIMIT 1$q$);
	PERFORM test.dblink_exec('gate', 'BEGIN'), test.gate(format($q$WITH x AS (UPDATE muster.licence_seat SET account = (SELECT a.id FROM muster.account a WHERE a.upn = 's1@seats.test'),
		how = 'hand', assigned_at = now() WHERE id = %L RETURNING id) SELECT count(*)::text FROM x$q$, first_seat));
	PERFORM test.dblink_connect('setter', test.connection('boss')), test.dblink_exec('setter', 'BEGIN');
	PERFORM FROM test.dblink('setter', $q$SELECT muster.set_licence_seats('seats', 'One', 1)$q$) t (x text);
	PERFORM test.send(2, 's2@seats.test', '{"DeviceID": "w"}');
	IF NOT test.waiting(1) THEN
		RETURN 'nobody waited';
	END IF;
	PERFORM test.dblink_exec('gate', 'COMMIT'), pg_sleep(0.1);
	SELECT t.x INTO said FROM test.dblink('setter', $q$SELECT muster.unassign_licence('s1@seats.test', 'One')$q$) t (x text);
	PERFORM test.dblink_exec('setter', 'COMMIT'), test.dblink_disconnect('setter');
	RETURN format('%s; %s; %s taken', said, test.answer('p2'), test.seats_taken());
END
$$;
SELECT is(waiting_race(), 'account s1@seats.test has no seat of licence "One" any more; its devices stay; OK; 1 of 1 taken', 'who waits for a seat holds none');

-- Nor does who takes seats away hold one that proved to be taken while he waits for the next. Two seats are in two
-- hands; the one that he waits for first is committed, and then freed again by who has the other.
CREATE FUNCTION taking_race() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	pids integer[];
	first integer;
	said text;
	freed text;
BEGIN
	PERFORM test.free_seats(), test.gate($q$SELECT muster.set_licence_seats('seats', 'One', 2)$q$);
	FOR i IN 1 .. 2 LOOP
		PERFORM test.dblink_connect('hand' || i, test.connection('postgres')), test.dblink_exec('hand' || i, 'BEGIN');
		SELECT pids || t.x INTO pids FROM test.dblink('hand' || i, 'SELECT pg_backend_pid()') t (x integer);
		PERFORM FROM test.dblink('hand' || i, format($q$SELECT muster.assign_licence('s%s@seats.test', 'One')$q$, i)) t (x text);
	END LOOP;
	PERFORM test.dblink_connect('taker', test.connection('boss')), test.dblink_send_query('taker', $q$SELECT muster.set_licence_seats('seats', 'One', 1)$q$);
	IF NOT test.waiting(1) THEN
		RETURN 'nobody waited';
	END IF;
	SELECT array_position(pids, (pg_blocking_pids(a.pid))[1]) INTO first FROM pg_stat_activity a WHERE a.datname = current_database() AND a.wait_event_type = 'Lock';
	PERFORM test.dblink_exec('hand' || first, 'COMMIT'), pg_sleep(0.1);
	SELECT t.x INTO freed FROM test.dblink('hand' || (3 - first), format($q$SELECT muster.unassign_licence('s%s@seats.test', 'One')$q$, first)) t (x text);
	PERFORM test.dblink_exec('hand' || (3 - first), 'COMMIT');
	SELECT t.x INTO said FROM test.dblink_get_result('taker') t (x text);
	PERFORM test.dblink_disconnect(c) FROM unnest(ARRAY['hand1', 'hand2', 'taker']) c;
	RETURN format('%s; %s; %s taken', regexp_replace(freed, 's[12]@', '…@'), said, test.seats_taken());
END
$$;
SELECT is(taking_race(), 'account …@seats.test has no seat of licence "One" any more; its devices stay; licence "One" has 1 seats; 1 of 1 taken', 'who takes seats away holds none that is taken');

-- An organization is deleted while somebody sets how many seats its licence has.
CREATE FUNCTION deletion_race() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	deleted text;
BEGIN
	PERFORM test.gate($q$SELECT muster.add_organization('gone', 'Gone', 'https://enroll.gone.test', 'https://device.gone.test')::text$q$), test.gate($q$SELECT muster.add_licence('gone', 'Two', 2)::text$q$);
	-- A seat is in somebody's hands, so that both come to wait.
	PERFORM test.dblink_exec('gate', 'BEGIN'), test.gate($q$SELECT count(*)::text FROM (SELECT FROM muster.licence_seat s JOIN muster.organization o ON o.id = s.organization WHERE o.key = 'gone' ORDER BY s.id LIMIT 1 FOR UPDATE OF s) x$q$);
	PERFORM test.dblink_connect('deleter', test.connection('postgres')), test.dblink_send_query('deleter', $q$SELECT what FROM muster.delete_organization('gone', 'sold', really => true) WHERE what = 'deleted'$q$);
	IF NOT test.waiting(1) THEN
		RETURN 'nobody waited';
	END IF;
	PERFORM test.dblink_connect('setter', test.connection('postgres')), test.dblink_send_query('setter', $q$SELECT muster.set_licence_seats('gone', 'Two', 0)$q$);
	IF NOT test.waiting(2) THEN
		RETURN 'only one waited';
	END IF;
	PERFORM test.dblink_exec('gate', 'COMMIT');
	SELECT t.x INTO deleted FROM test.dblink_get_result('deleter', false) t (x text);
	deleted := coalesce(deleted, test.dblink_error_message('deleter'));
	SELECT t.x INTO said FROM test.dblink_get_result('setter', false) t (x text);
	said := coalesce(said, test.dblink_error_message('setter'));
	PERFORM test.dblink_disconnect(c) FROM unnest(ARRAY['deleter', 'setter']) c;
	RETURN format('%s; %s', deleted, said);
END
$$;
SELECT alike(deletion_race(), 'deleted; %there is no organization "gone"%', 'an organization is deleted, and then nobody sets its seats');

-- 16 accounts at once with the same hardware.
CREATE FUNCTION twin_race(r integer, p_policy text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hardware text := format('%s-%s', p_policy, r);
BEGIN
	PERFORM test.gate(format('SELECT muster.set_collision_policy(%L, %L)', 'twins', p_policy)), test.dblink_exec('gate', 'BEGIN');
	PERFORM test.gate($q$SELECT a.id::text FROM muster.account a WHERE a.upn LIKE '%@twins.test' FOR UPDATE$q$);
	PERFORM test.send(i, format('t%s@twins.test', i), jsonb_build_object('DeviceID', i, 'HWDevID', hardware)) FROM generate_series(1, 16) i;
	IF NOT test.waiting(16) THEN
		RETURN 'not all of them waited';
	END IF;
	PERFORM test.dblink_exec('gate', 'COMMIT');
	RETURN format('%s; %s live', test.answers(16),
		test.gate(format($q$SELECT count(*)::text FROM muster.device WHERE hardware_id = %L AND state = 'enrolled'$q$, hardware)));
END
$$;
SELECT is(twin_race(r, 'refuse'), '15 × Authorization, 1 × OK; 1 live', 'one hardware id by 16 accounts, refused, round ' || r) FROM generate_series(1, :rounds) r;
SELECT is(twin_race(r, 'replace'), '16 × OK; 1 live', 'one hardware id by 16 accounts, replaced, round ' || r) FROM generate_series(1, :rounds) r;

-- 64 at once with one token: a sign-in's makes one device, whatever keys they have; a bulk token as many as it may.
CREATE FUNCTION bring(p_connection integer, p_token text, p_key text, p_upn text, p_device text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	n integer := nextval('test.grants');
	call text := test.record(n, p_upn, jsonb_build_object('DeviceID', p_device)::text, p_columns => '*');
BEGIN
	call := replace(replace(call, sha256(test.der(-n))::text, sha256(p_key::bytea)::text), 'SELECT * FROM muster_issuer.record(', 'CALL muster_issuer.record_read_committed(');
	RETURN test.dblink_send_query('p' || p_connection, rtrim(call, ')')
		|| format(', %L, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)', jsonb_build_object('kind', 'token', 'sha256', encode(sha256(p_token::bytea), 'hex'))));
END
$$;
CREATE FUNCTION brought(p_number integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text[] := '{}';
	one text;
BEGIN
	FOR i IN 1 .. p_number LOOP
		SELECT t.outcome || coalesce(' ' || substring(t.why FROM 'with another key|no more may'), '') || coalesce(' ' || t.device, '') INTO one FROM test.dblink_get_result('p' || i) t
			(outcome text, why text, "text" text, stale boolean, certificate bytea, language text, details jsonb, device uuid, dm_secrets bytea, issuing bytea, root bytea);
		PERFORM FROM test.dblink_get_result('p' || i) t (outcome text, why text, "text" text, stale boolean, certificate bytea, language text, details jsonb, device uuid, dm_secrets bytea, issuing bytea, root bytea);
		answers := answers || one;
	END LOOP;
	RETURN (SELECT string_agg(format('%s × %s', s.n, s.a), ', ' ORDER BY s.a) FROM (
		SELECT regexp_replace(a, ' [0-9a-f-]{36}$', '') AS a, count(*) AS n FROM unnest(answers) a GROUP BY 1) s)
		|| format(', %s devices', (SELECT count(DISTINCT substring(a FROM '^OK ([0-9a-f-]{36})$')) FROM unnest(answers) a));
END
$$;
CREATE FUNCTION token_race(r integer, p_token text, p_upn text, p_keys integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before bigint := test.gate('SELECT count(*)::text FROM muster.device')::bigint;
BEGIN
	PERFORM test.dblink_exec('gate', 'BEGIN');
	PERFORM test.gate(format('SELECT id::text FROM muster.account WHERE upn = %L FOR UPDATE', p_upn));
	PERFORM test.bring(i, p_token || r, format('%s-%s-%s', p_token, r, i % p_keys), p_upn, format('%s-%s-%s', p_token, r, i % p_keys)) FROM generate_series(1, 64) i;
	IF NOT test.waiting(64) THEN
		RETURN 'not all of them waited';
	END IF;
	PERFORM test.dblink_exec('gate', 'COMMIT');
	RETURN format('%s, %s made', test.brought(64), test.gate('SELECT count(*)::text FROM muster.device')::bigint - before);
END
$$;
SELECT muster.set_auth_policies('example', '{OnPremise,Federated}') IS NULL;
SELECT muster.set_account_cap('ada@example.test', NULL) IS NULL;
INSERT INTO muster.token (organization, account, sha256, how, expires_at)
	SELECT a.organization, a.id, sha256((t || r)::bytea), 'sign-in page', now() + interval '1 hour' FROM muster.account a, unnest(ARRAY['keys', 'key']) t, generate_series(1, :rounds) r WHERE a.upn = 'ada@example.test';
SELECT muster.add_bulk_token('package@example.test', t || r, encode(sha256((t || r)::bytea), 'hex'), device_limit => 5) FROM unnest(ARRAY['bulk', 'again']) t, generate_series(1, :rounds) r \g /dev/null
SELECT muster.add_bulk_token('package@example.test', t || r, encode(sha256((t || r)::bytea), 'hex')) FROM unnest(ARRAY['same', 'free']) t, generate_series(1, :rounds) r \g /dev/null
SELECT is(token_race(r, 'keys', 'ada@example.test', 64), '63 × Authentication with another key, 1 × OK, 1 devices, 1 made', 'one token by 64 keys at once, round ' || r) FROM generate_series(1, :rounds) r;
SELECT is(token_race(r, 'key', 'ada@example.test', 1), '64 × OK, 1 devices, 1 made', 'one token 64 times with one key, round ' || r) FROM generate_series(1, :rounds) r;
SELECT is(token_race(r, 'bulk', 'package@example.test', 64), '59 × DeviceCapReached no more may, 5 × OK, 5 devices, 5 made', 'a bulk token for five by 64 devices, round ' || r) FROM generate_series(1, :rounds) r;
SELECT is(token_race(r, 'same', 'package@example.test', 1), '64 × OK, 1 devices, 1 made', 'a bulk token without limit 64 times by one device and key, round ' || r) FROM generate_series(1, :rounds) r;
SELECT is(token_race(r, 'free', 'package@example.test', 64), '64 × OK, 64 devices, 64 made', 'a bulk token without limit by 64 devices, round ' || r) FROM generate_series(1, :rounds) r;
SELECT is(token_race(r, 'again', 'package@example.test', 5), '64 × OK, 5 devices, 5 made', 'a bulk token for five by five devices that all ask again and again, round ' || r) FROM generate_series(1, :rounds) r;
SELECT is(gate($q$SELECT string_agg(DISTINCT format('%s of %s', b.devices, b.device_limit), ', ') FROM muster.bulk_tokens b WHERE b.device_limit = 5$q$), '5 of 5', 'they are counted exactly');
SELECT is(gate($q$SELECT string_agg(DISTINCT b.devices::text, ', ' ORDER BY b.devices::text) FROM muster.bulk_tokens b WHERE b.device_limit IS NULL$q$), '1, 64', 'so are those without a limit');
SELECT is(gate($q$SELECT muster.set_bulk_token_limit('example', 'free1', 64)$q$), 'bulk token "free1": 64 devices may come by it, 64 so far', 'and when they are given one');
SELECT is(gate($q$SELECT state || ' ' || devices FROM muster.bulk_tokens WHERE name = 'free1'$q$), 'used up 64', 'they are used up');

-- Side by side: an enrollment that counts nothing waits for no other but the same device's.
CREATE FUNCTION side_by_side() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
	one text;
BEGIN
	PERFORM test.dblink_exec('p1', 'BEGIN ISOLATION LEVEL READ COMMITTED'), test.dblink_exec('p2', 'BEGIN ISOLATION LEVEL READ COMMITTED');
	SELECT t.outcome INTO said FROM test.dblink('p1', test.record(nextval('test.grants')::integer, 'package@example.test', '{"DeviceID": "side"}')) t (outcome text, why text);
	SELECT t.outcome INTO one FROM test.dblink('p2', test.record(nextval('test.grants')::integer, 'package@example.test', '{"DeviceID": "other"}')) t (outcome text, why text);
	PERFORM test.dblink_exec('p2', 'COMMIT'), test.send(3, 'package@example.test', '{"DeviceID": "SIDE"}');
	said := said || ', ' || one || ', ' || CASE WHEN test.waiting(1) THEN 'one waits' ELSE 'nobody waits' END;
	PERFORM test.dblink_exec('p1', 'COMMIT');
	RETURN said || ', ' || test.answer('p3') || ', ' || test.gate($q$SELECT count(*)::text FROM muster.device WHERE lower(device_id) = 'side' AND state = 'enrolled'$q$);
END
$$;
SELECT is(side_by_side(), 'OK, OK, one waits, OK, 1', 'devices of a bulk account enroll side by side, the same device one after the other');
-- A cap that is set while somebody waits to enroll beside others.
CREATE FUNCTION cap_meanwhile() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	PERFORM test.dblink_exec('gate', 'BEGIN'), test.gate($q$SELECT muster.set_account_cap('package@example.test', 1)$q$);
	PERFORM test.send(3, 'package@example.test', '{"DeviceID": "late"}');
	said := CASE WHEN test.waiting(1) THEN 'it waits' ELSE 'it does not wait' END;
	PERFORM test.dblink_exec('gate', 'COMMIT');
	said := said || ', ' || test.answer('p3');
	PERFORM test.send(3, 'package@example.test', '{"DeviceID": "late"}');
	RETURN said || ', ' || test.answer('p3');
END
$$;
SELECT is(cap_meanwhile(), 'it waits, EnrollmentServer, DeviceCapReached', 'a cap set meanwhile: asked again it holds');
SELECT muster.set_account_cap('package@example.test', NULL) IS NULL;

-- Everything at once on eight accounts whose devices take one another's place, while administrators retire devices,
-- assign seats and take them back, and change their number. What an administrator may be told is told; nothing else.
SELECT is((SELECT count(*) FROM (SELECT dblink_connect('a' || i, connection('boss')) FROM generate_series(1, 16) i) s), 16::bigint, 'sixteen administrators');
CREATE FUNCTION administer(i integer) RETURNS text LANGUAGE sql AS $$
	SELECT CASE i % 4
		WHEN 0 THEN format('SELECT muster.assign_licence(%L, %L)', format('m%s@mixed.test', 1 + floor(random() * 8)), 'Some')
		WHEN 1 THEN format('SELECT muster.unassign_licence(%L, %L)', format('m%s@mixed.test', 1 + floor(random() * 8)), 'Some')
		WHEN 2 THEN format('SELECT muster.set_licence_seats(%L, %L, %s)', 'mixed', 'Some', 5 + floor(random() * 6))
		ELSE format('SELECT coalesce((SELECT muster.retire_device(d.id, %L) FROM (SELECT d.id FROM muster.device d JOIN muster.account a ON a.id = d.account WHERE a.upn = %L AND d.state = ''enrolled'' LIMIT 1) d), %L)',
			'test', format('m%s@mixed.test', 1 + floor(random() * 8)), '-') END
$$;
CREATE FUNCTION mixed_race(r integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text[];
BEGIN
	FOR i IN 1 .. 64 LOOP
		PERFORM test.send(i, format('m%s@mixed.test', 1 + i % 8), jsonb_build_object('DeviceID', floor(random() * 3), 'HWDevID', 'm' || floor(random() * 6)));
		IF i % 4 = 0 THEN
			PERFORM test.dblink_send_query('a' || i / 4, test.administer(i / 4));
		END IF;
	END LOOP;
	answers := ARRAY(SELECT test.answer('p' || i) FROM generate_series(1, 64) i) || ARRAY(SELECT test.answer('a' || i, false) FROM generate_series(1, 16) i);
	RETURN coalesce((SELECT string_agg(DISTINCT a, ', ') FROM unnest(answers) a
		WHERE a NOT IN ('OK', 'done', 'DeviceCapReached', 'UserLicense exhausted') AND a !~ 'has no free seat|has no seat of licence|seats taken, more than'), 'all is well')
		|| coalesce('; wrong: ' || test.gate($q$
			SELECT 'account ' || a.upn || ' has ' || count(*) FROM muster.device d JOIN muster.account a ON a.id = d.account WHERE a.upn LIKE '%@mixed.test' AND d.state = 'enrolled' GROUP BY a.upn HAVING count(*) > 2
			UNION ALL SELECT 'hardware ' || d.hardware_id FROM muster.device d JOIN muster.organization o ON o.id = d.organization WHERE o.key = 'mixed' AND d.state = 'enrolled' GROUP BY d.hardware_id HAVING count(*) > 1
			UNION ALL SELECT 'seat of nobody' FROM muster.licence_seat s WHERE (s.account IS NULL) <> (s.how IS NULL)
			UNION ALL SELECT 'seats of ' || l.name FROM muster.licence l WHERE l.seats <> (SELECT count(*) FROM muster.licence_seat s WHERE s.licence = l.id)$q$), '');
END
$$;
SELECT is(mixed_race(r), 'all is well', 'enrolling and administering at once, round ' || r) FROM generate_series(1, :rounds) r;

SELECT * FROM finish();
