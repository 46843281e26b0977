-- Sealing and verifying: exactly once whatever commits when, and every kind of tampering is found.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION add(p_why text, p_at timestamptz DEFAULT clock_timestamp()) RETURNS uuid LANGUAGE sql AS $$ INSERT INTO muster.event (kind, why, at) VALUES ('refused', p_why, p_at) RETURNING id $$;
CREATE FUNCTION event(p_why text) RETURNS uuid LANGUAGE sql AS $$ SELECT id FROM muster.event WHERE why = p_why $$;
-- Findings, without what is only told: finding, batch, event's why.
CREATE FUNCTION findings() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(concat_ws(' ', v.finding, v.batch, e.why), ', ' ORDER BY v.batch NULLS LAST, v.finding, e.why), 'none')
	  FROM muster.verify_audit() v LEFT JOIN muster.event e ON e.id = v.event WHERE v.finding NOT IN ('intact', 'broken', 'unsealed')
$$;
CREATE FUNCTION verdict() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(finding, ' ' ORDER BY finding) FROM muster.verify_audit() WHERE finding IN ('intact', 'broken') $$;
CREATE FUNCTION batch_of(p_why text) RETURNS bigint LANGUAGE sql AS $$ SELECT s.number FROM muster.seal s, muster.event e WHERE e.why = p_why AND e.id = ANY (s.ids) $$;
-- As a superuser would: off with the guards, change, on again.
CREATE FUNCTION tamper(p_table text, p_sql text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE muster.%s DISABLE TRIGGER USER', p_table);
	EXECUTE p_sql;
	EXECUTE format('ALTER TABLE muster.%s ENABLE TRIGGER USER', p_table);
END
$$;

-- Nothing sealed yet.
SELECT is((SELECT string_agg(finding || ': ' || what, ', ') FROM muster.verify_audit()), format('unsealed: %s events are not sealed yet, intact: nothing is sealed yet', (SELECT count(*) FROM muster.event)), 'before the first sealing');
SELECT is((SELECT batch FROM muster.audit_head), NULL, 'there is no head');

-- As the roles.
SET client_min_messages = warning;
SELECT matches(try('boss', 'SELECT muster.seal_events()'), '^[0-9]+ events sealed; head of batch 1: [0-9a-f]{64}$', 'an administrator seals');
SELECT is((SELECT unsealed FROM muster.audit_head), 0::bigint, 'all that there was');
SELECT is(try('boss', 'SELECT muster.seal_events()'), format('0 events sealed; head of batch 1: %s', (SELECT head FROM muster.audit_head)), 'nothing new, no new batch');
SELECT is(try(r, 'SELECT finding, batch FROM muster.verify_audit()'), 'intact|1', r || ' verifies') FROM (VALUES ('boss'), ('audrey')) v (r);
SELECT is(try(r, 'SELECT batch, unsealed, in_default_partition FROM muster.audit_head'), '1|0|0', r || ' sees the head') FROM (VALUES ('boss'), ('audrey')) v (r);
SELECT is(try('audrey', 'SELECT batch, strays, aged FROM muster.seals'), '1|false|-', 'and the batches');
SELECT is(try(r, s), expected, r || ': ' || s) FROM (VALUES
	('audrey', 'SELECT muster.seal_events()', 'ERROR: permission denied for function seal_events'), ('audrey', 'SELECT muster.move_stray_events()', 'ERROR: permission denied for function move_stray_events'),
	('muster_worker', 'SELECT muster.seal_events()', 'ERROR: permission denied for schema muster'), ('muster_issuer', 'SELECT muster.seal_events()', 'ERROR: permission denied for schema muster'),
	('eve', 'SELECT * FROM muster.verify_audit()', 'ERROR: permission denied for schema muster'),
	('boss', 'SELECT muster.seal_batch(1)', 'ERROR: permission denied for function seal_batch'), ('boss', 'SELECT muster.begin_epoch()', 'ERROR: permission denied for function begin_epoch'),
	('boss', 'SELECT muster.tell(''refused'', ''{}'')', 'ERROR: permission denied for function tell')) v (r, s, expected);
SELECT is(try(r, format(s, t)), CASE r WHEN 'boss' THEN format('ERROR: permission denied for table %s', t) ELSE format('ERROR: %s of %s is refused: its rows are only ever added HINT: Events are aged out by the month: \df+ muster.age_events', lower(split_part(s, ' ', 1)), t) END, format('%s: ' || s, r, t))
	FROM (VALUES ('boss'), ('muster_owner'), ('postgres')) r (r), (VALUES ('seal'), ('seal_epoch')) t (t), (VALUES ('DELETE FROM muster.%s'), ('TRUNCATE muster.%s CASCADE')) s (s);
SELECT is(try('postgres', 'UPDATE muster.seal SET events = events'), 'ERROR: update of seal is refused: its rows are only ever added HINT: Events are aged out by the month: \df+ muster.age_events', 'a batch is not changed');
SELECT is(try('boss', $$INSERT INTO muster.seal_epoch (base, cluster) VALUES (7, 7)$$), 'ERROR: permission denied for table seal_epoch', 'nor an epoch made');
SELECT is(try('muster_owner', 'INSERT INTO muster.event (kind, at) VALUES (''refused'', ''infinity'')') ~ 'event_at_has_month', true, 'no event without a month');

-- Bad arguments.
SELECT is(try('audrey', s), expected, s) FROM (VALUES
	('SELECT finding FROM muster.verify_audit(0)', 'ERROR: batches are numbered from 1, and these are from 0 to the last HINT: To look: SELECT batch, events, sealed_at FROM muster.seals ORDER BY batch DESC LIMIT 10;'),
	('SELECT finding FROM muster.verify_audit(3, NULL, 2)', 'ERROR: batches are numbered from 1, and these are from 3 to 2 HINT: To look: SELECT batch, events, sealed_at FROM muster.seals ORDER BY batch DESC LIMIT 10;'),
	('SELECT finding FROM muster.verify_audit(1, ''abc'')', 'ERROR: this is no head: "abc" HINT: A head is 64 hexadecimal digits, as muster.audit_head and the log of housekeeping show it.')) v (s, expected);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(try('boss', 'SELECT muster.seal_events()'), 'ERROR: sealing needs the isolation level read committed, this is repeatable read HINT: BEGIN ISOLATION LEVEL READ COMMITTED;', 'another isolation level');
COMMIT;

-- The form of an event: the same under every setting, and every column counts.
INSERT INTO muster.event (id, at, kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote, actor, actor_role, details, recorded_in)
	VALUES (id(1), '2026-11-24 01:02:03.456789+00', 'refused', id(2), id(3), id(4), id(5), id(6), 'policy', 'Authentication', E'a "quoted" ü\\', 'ada', '192.0.2.7', 'w', 'r', '{"zz": 1.50, "b": null, "aaa": [true, "é"]}', 1);
SELECT is((SELECT muster.event_form(e, 1) FROM muster.event e WHERE id = id(1)), format('[1, "%s", 1795482123456789, "refused", "%s", "%s", "%s", "%s", "%s", "policy", "Authentication", "a \"quoted\" ü\\", "ada", "192.0.2.7/32", "w", "r", {"b": null, "zz": 1.50, "aaa": [true, "é"]}, 1]', id(1), id(2), id(3), id(4), id(5), id(6)), 'form 1');
SELECT is((SELECT muster.event_digest(e, 1) FROM muster.event e WHERE id = id(1)), (SELECT sha256(convert_to(muster.event_form(e, 1), 'UTF8')) FROM muster.event e WHERE id = id(1)), 'its digest');
CREATE TABLE plain AS SELECT muster.event_digest(e, 1) AS digest FROM muster.event e WHERE id = id(1);
BEGIN;
SET LOCAL timezone = 'Asia/Kathmandu'; SET LOCAL datestyle = 'SQL, DMY'; SET LOCAL intervalstyle = 'sql_standard'; SET LOCAL extra_float_digits = -10; SET LOCAL bytea_output = 'escape';
SET LOCAL client_encoding = 'LATIN1'; SET LOCAL standard_conforming_strings = off; SET LOCAL lc_numeric = 'C'; SET LOCAL xmlbinary = 'hex'; SET LOCAL quote_all_identifiers = on;
SELECT is((SELECT muster.event_digest(e, 1) FROM muster.event e WHERE id = id(1)), (SELECT digest FROM plain), 'whatever the settings');
SELECT is(verdict(), 'broken', 'only the event with a forged number is found');
SELECT is(findings(), E'added 1 a "quoted" \u00fc\\', 'under other settings, too');
COMMIT;
CREATE FUNCTION with_column(p_column text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	e muster.event;
BEGIN
	SELECT x.* INTO e FROM muster.event x WHERE id = test.id(1);
	e := jsonb_populate_record(e, jsonb_build_object(p_column, CASE p_column WHEN 'details' THEN '{"b": null, "zz": 1.5, "aaa": [true, "é"]}' WHEN 'at' THEN '"2026-11-24 01:02:03.45679+00"'
		WHEN 'recorded_in' THEN '2' WHEN 'remote' THEN '"192.0.2.8"' WHEN 'kind' THEN '"enrolled"' WHEN 'stage' THEN 'null' WHEN 'outcome' THEN '""' WHEN 'why' THEN '"a"' WHEN 'user_name' THEN '"Ada"'
		WHEN 'actor' THEN '"x"' WHEN 'actor_role' THEN 'null' ELSE to_jsonb(test.id(99)) END::jsonb));
	RETURN muster.event_digest(e, 1);
END
$$;
SELECT isnt(with_column(attname::text), (SELECT digest FROM plain), 'the form holds column ' || attname) FROM pg_attribute WHERE attrelid = 'muster.event'::regclass AND attnum > 0 AND NOT attisdropped;
SELECT tamper('event', 'DELETE FROM muster.event WHERE id = test.id(1)');
-- A later migration's column, with a default, changes nothing.
BEGIN;
ALTER TABLE muster.event ADD COLUMN later text DEFAULT 'x';
SELECT is(verdict(), 'intact', 'a new column of events leaves the seals valid');
ROLLBACK;

-- Tampering by a superuser. Batches: 2 and 3.
SELECT add('one'), add('two'), add('three');
SELECT matches(muster.seal_events(), '^3 events sealed; head of batch 2', 'three events');
SELECT add('four'), add('five');
SELECT matches(muster.seal_events(), '^2 events sealed; head of batch 3', 'two events');
SELECT add('six');
SELECT is(batch_of(why), batch, why || ' in its batch') FROM (VALUES ('one', 2::bigint), ('three', 2), ('four', 3), ('five', 3), ('six', NULL)) v (why, batch);
SELECT is(findings() || ', ' || verdict(), 'none, intact', 'as it was sealed');
CREATE TABLE noted AS SELECT head FROM muster.seals WHERE batch = 3;

CREATE FUNCTION tampered(p_table text, p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	BEGIN
		PERFORM test.tamper(p_table, p_sql);
		found := test.findings() || ', ' || test.verdict();
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		RETURN found;
	END;
END
$$;
SELECT is(tampered(t, s), expected, s) FROM (VALUES
	('event', 'UPDATE muster.event SET why = ''x'' WHERE why = ''two''', 'altered 2 x, broken'),
	('event', 'UPDATE muster.event SET at = at + interval ''1 microsecond'' WHERE why = ''four''', 'altered 3 four, broken'),
	('event', 'UPDATE muster.event SET recorded_in = recorded_in + 100000 WHERE why = ''two''', 'altered 2 two, broken'),
	('event', 'UPDATE muster.event SET details = ''{"x": null}'' WHERE why = ''five''', 'altered 3 five, broken'),
	('event', 'UPDATE muster.event SET id = muster.new_id() WHERE why = ''five''', 'removed 3, broken'),
	('event', 'UPDATE muster.event SET at = at - interval ''1 year'' WHERE why = ''five''', 'altered 3 five, broken'),
	('event', 'DELETE FROM muster.event WHERE why IN (''one'', ''four'')', 'removed 2, removed 3, broken'),
	('event', 'DELETE FROM muster.event WHERE why = ''six''', 'none, intact'),
	('event', 'INSERT INTO muster.event (kind, why, recorded_in) SELECT ''refused'', ''new'', recorded_in FROM muster.event WHERE why = ''three''', 'added 3 new, broken'),
	('event', 'INSERT INTO muster.event (kind, why, recorded_in) SELECT ''refused'', ''new'', recorded_in FROM muster.event WHERE why = ''five''', 'none, intact'),
	('event', 'INSERT INTO muster.event (kind, why, recorded_in) SELECT ''refused'', ''new'', recorded_in - 1 FROM muster.event WHERE why = ''one''', 'added 2 new, broken'),
	('event', 'INSERT INTO muster.event (kind, why, recorded_in) VALUES (''refused'', ''new'', 1)', 'added 1 new, broken'),
	('event', 'INSERT INTO muster.event SELECT (jsonb_populate_record(e, ''{"at": "2001-01-01"}'')).* FROM muster.event e WHERE why = ''two''', 'altered 2 two, altered 2 two, broken'),
	('seal', 'DELETE FROM muster.seal WHERE number = 2', 'missing batch 2, broken chain 3, broken'),
	('seal', 'DELETE FROM muster.seal WHERE number = 1', 'missing batch 1, broken'),
	('seal', 'DELETE FROM muster.seal WHERE number = 3', 'none, intact'),
	('seal', 'UPDATE muster.seal SET sealed_at = sealed_at - interval ''1 day'' WHERE number = 2', 'broken chain 2, broken'),
	('seal', 'UPDATE muster.seal SET previous = sha256(''x'') WHERE number = 2', 'broken chain 2, broken chain 2, broken'),
	('seal', 'UPDATE muster.seal s SET previous = sha256(''x''), head = muster.seal_head(jsonb_populate_record(s, jsonb_build_object(''previous'', sha256(''x'')))) WHERE number = 2', 'broken chain 2, broken chain 3, broken'),
	('seal', 'UPDATE muster.seal SET number = -number + 5 + 100 WHERE number IN (2, 3)', 'missing batch 2, broken chain 102, broken chain 102, broken chain 103, broken chain 103, broken chain 103, broken'),
	('seal', 'UPDATE muster.seal SET until_recorded = until_recorded + 5 WHERE number = 2', 'added 2 five, added 2 four, added 2 six, broken chain 2, broken chain 3, broken')) v (t, s, expected);
-- Whoever makes the whole chain anew is found by the head that was noted.
SELECT is((SELECT string_agg(finding, ', ') FROM muster.verify_audit(1, (SELECT head FROM noted))), 'known head, unsealed, intact', 'a head that was noted');
SELECT is((SELECT what FROM muster.verify_audit(1, upper((SELECT head FROM noted)) || ' ') LIMIT 1), 'the head you gave is that of batch 3', 'in any case');
BEGIN;
SELECT tamper('seal', 'DELETE FROM muster.seal WHERE number >= 2');
SELECT tamper('event', 'DELETE FROM muster.event WHERE why = ''two''');
SELECT matches(muster.seal_events(), '^5 events sealed', 'a chain made anew');
SELECT is(verdict(), 'intact', 'is whole');
SELECT is((SELECT string_agg(finding, ', ') FROM muster.verify_audit(1, (SELECT head FROM noted))), 'unknown head, broken', 'but its head is another');
ROLLBACK;
-- The guards themselves.
BEGIN;
ALTER TABLE muster.event DISABLE TRIGGER append_only;
SELECT matches(string_agg(what, ', '), 'trigger append_only of muster.event is disabled', 'a guard that is off is told') FROM muster.verify_audit() WHERE finding = 'unguarded';
ROLLBACK;
SELECT is(findings(), 'none', 'all as it was');
-- Piece by piece.
SELECT is((SELECT string_agg(regexp_replace(what, ';.*', ''), ', ') FROM muster.verify_audit(2, NULL, 2)), '1 events are not sealed yet, batches 2 to 2 with 3 events: all as they were sealed', 'one batch alone');
-- A lost month is not told row by row.
BEGIN;
INSERT INTO muster.event (kind, why) SELECT 'refused', 'many' FROM generate_series(1, 10250) n;
COMMIT;
SELECT matches(muster.seal_events(), '^10251 events sealed; head of batch 5', 'more than a batch of one transaction');
SELECT results_eq('SELECT batch, events FROM muster.seals WHERE batch > 3 ORDER BY batch', 'VALUES (4::bigint, 10000), (5, 251)', 'ten thousand a batch');
BEGIN;
SELECT tamper('event', 'DELETE FROM muster.event WHERE why = ''many''');
SELECT results_eq($$SELECT finding, batch, count(*) FROM muster.verify_audit() WHERE batch > 3 AND finding <> 'broken' GROUP BY 1, 2 ORDER BY 2, 1 DESC$$, $$VALUES ('removed', 4::bigint, 100::bigint), ('more', 4, 1), ('removed', 5, 100), ('more', 5, 1)$$, 'a hundred a batch and how many more');
ROLLBACK;

-- Late commits: never lost, never twice.
SELECT is(dblink_connect('late', connection('postgres')) || dblink_connect('quick', connection('postgres')), 'OKOK', 'two writers');
SELECT is(dblink_exec('late', 'BEGIN') || dblink_exec('late', $$INSERT INTO muster.event (kind, why) VALUES ('refused', 'late one')$$), 'BEGININSERT 0 1', 'one begins');
SELECT is(dblink_exec('quick', $$INSERT INTO muster.event (kind, why) VALUES ('refused', 'quick one')$$), 'INSERT 0 1', 'another is quicker');
SELECT matches(muster.seal_events(), '^0 events sealed', 'neither is sealed while the first is open');
SELECT is((SELECT unsealed FROM muster.audit_head), 1::bigint, 'the second is told as unsealed');
SELECT is(dblink_exec('late', 'SAVEPOINT s') || dblink_exec('late', $$INSERT INTO muster.event (kind, why) VALUES ('refused', 'late two')$$) || dblink_exec('late', 'COMMIT'), 'SAVEPOINTINSERT 0 1COMMIT', 'it commits, with another in a subtransaction');
SELECT is(dblink_exec('late', 'BEGIN') || dblink_exec('late', $$INSERT INTO muster.event (kind, why) VALUES ('refused', 'late three')$$) || dblink_exec('late', 'ROLLBACK') , 'BEGININSERT 0 1ROLLBACK', 'one is rolled back');
SELECT matches(muster.seal_events(), '^3 events sealed', 'all three are sealed now');
-- A transaction that began before what is sealed, and writes later.
SELECT is(dblink_exec('late', 'BEGIN') || (SELECT x FROM dblink('late', 'SELECT count(*) FROM muster.event') t (x text)) ~ '[0-9]', true, 'one begins by reading');
SELECT add('between');
SELECT matches(muster.seal_events(), '^1 events sealed', 'that holds nothing up');
SELECT is(dblink_exec('late', $$INSERT INTO muster.event (kind, why) VALUES ('refused', 'late four')$$) || dblink_exec('late', 'COMMIT'), 'INSERT 0 1COMMIT', 'it writes and commits');
SELECT matches(muster.seal_events(), '^1 events sealed', 'and is sealed in the next batch');
SELECT is(findings() || ', ' || verdict(), 'none, intact', 'no gap, nothing twice');
SELECT is(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()') ~ '0 events sealed, head of batch [0-9]+: [0-9a-f]{64}$', true, 'housekeeping has nothing to seal');

-- Two sealers: one waits, or says that there is one.
SELECT is(dblink_exec('quick', 'BEGIN'), 'BEGIN', 'a sealer');
SELECT add('for the sealer');
SELECT matches(x, '^1 events sealed', 'seals, not yet committed') FROM dblink('quick', 'SELECT muster.seal_events()') t (x text);
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), 'nothing sealed: somebody else is at it', 'housekeeping leaves it alone');
SELECT is(dblink_send_query('late', 'SELECT muster.seal_events()'), 1, 'another by hand');
SELECT pg_sleep(0.2) IS NULL;
SELECT is(dblink_is_busy('late'), 1, 'waits');
SELECT is(dblink_exec('quick', 'COMMIT'), 'COMMIT', 'the first commits');
SELECT matches(x, '^0 events sealed', 'the second finds nothing to do') FROM dblink_get_result('late') t (x text);
SELECT is((SELECT count(*) FROM dblink_get_result('late') t (x text)), 0::bigint, 'done');
SELECT is(findings() || ', ' || verdict(), 'none, intact', 'each sealed once');

-- Eight writers, one of them slow, while two seal again and again.
CREATE FUNCTION written(p_writers integer, p_each integer) RETURNS bigint LANGUAGE plpgsql AS $f$
DECLARE
	w integer;
	busy boolean := true;
BEGIN
	FOR w IN 1 .. p_writers LOOP
		PERFORM test.dblink_connect('w' || w, test.connection('postgres'));
		PERFORM test.dblink_send_query('w' || w, format($q$DO $d$ BEGIN FOR i IN 1 .. %s LOOP
			INSERT INTO muster.event (kind, why) VALUES ('refused', 'writer %s');
			IF %s = 1 THEN PERFORM pg_sleep(0.05); END IF;
			IF i %% 3 = 0 THEN ROLLBACK; ELSE COMMIT; END IF; END LOOP; END $d$$q$, CASE w WHEN 1 THEN 20 ELSE p_each END, w, w));
	END LOOP;
	PERFORM test.dblink_connect('s', test.connection('postgres'));
	WHILE busy LOOP
		PERFORM test.dblink_send_query('s', 'SELECT muster.seal_events()');
		PERFORM x FROM test.dblink('late', 'SELECT muster.seal_events()') t (x text);
		PERFORM x FROM test.dblink_get_result('s') t (x text);
		PERFORM x FROM test.dblink_get_result('s') t (x text);
		busy := false;
		FOR w IN 1 .. p_writers LOOP
			busy := busy OR test.dblink_is_busy('w' || w) = 1;
		END LOOP;
	END LOOP;
	FOR w IN 1 .. p_writers LOOP
		PERFORM test.dblink_disconnect('w' || w);
	END LOOP;
	RETURN (SELECT count(*) FROM test.dblink('late', 'SELECT number FROM muster.seal') t (x bigint));
END
$f$;
SELECT cmp_ok(written(8, 300), '>', (SELECT max(batch) FROM muster.audit_head) + 3, 'eight writers, many batches meanwhile');
SELECT matches(muster.seal_events(), '^[0-9]+ events sealed', 'and the rest');
SELECT is((SELECT count(*) FROM muster.event WHERE why LIKE 'writer %'), (7 * 200 + 14)::bigint, 'all that was committed is there');
SELECT is((SELECT unsealed FROM muster.audit_head), 0::bigint, 'nothing is unsealed');
SELECT is((SELECT count(*) FROM muster.event), (SELECT sum(events) FROM muster.seals), 'as many are sealed as there are');
SELECT is((SELECT count(*) - count(DISTINCT i) FROM muster.seal s, unnest(s.ids) i), 0::bigint, 'none twice');
SELECT is(findings() || ', ' || verdict(), 'none, intact', 'and all verify');

-- An open transaction is told once events have waited an hour.
SELECT is(dblink_exec('late', 'BEGIN') || dblink_exec('late', $$INSERT INTO muster.event (kind, why) VALUES ('refused', 'open')$$), 'BEGININSERT 0 1', 'a transaction stays open');
SELECT add('waits', now() - interval '2 hours');
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), '; 1 events, the oldest of 20[0-9-]+ [0-9:]+, wait for a transaction that is still open(; 1 day added up)?$', 'housekeeping tells of it');
SELECT is(dblink_exec('late', 'ROLLBACK'), 'ROLLBACK', 'until it ends');

-- More than one call can do: housekeeping says that there is more.
BEGIN;
SELECT is((SELECT more::text || ' ' || sealed FROM muster.seal_pending(clock_timestamp())), 'true 0', 'no time: more to do');
ROLLBACK;
SELECT matches(muster.seal_events(), '^1 events sealed', 'with time');

-- From a batch that is not there: nothing is vouched for, but where it comes next.
CREATE TABLE last AS SELECT max(batch) AS batch FROM muster.seals;
SELECT is((SELECT string_agg(what, ', ') FROM last l, muster.verify_audit(l.batch + 1) v WHERE v.finding = 'missing batch'), NULL, 'the next batch is not missing');
SELECT is((SELECT string_agg(v.what, ', ') FROM last l, muster.verify_audit(l.batch + 1) v WHERE v.finding IN ('intact', 'broken')), format('nothing is sealed after batch %s yet', batch), 'there is none yet') FROM last;
SELECT is((SELECT string_agg(v.finding || ': ' || v.what, ', ') FROM last l, muster.verify_audit(l.batch + 9) v WHERE v.finding IN ('missing batch', 'intact', 'broken')),
	format('missing batch: batch %s is missing: the last is batch %s, broken: nothing was verified; there are batches up to %s', batch + 8, batch, batch), 'one further on is') FROM last;

SELECT * FROM finish();
