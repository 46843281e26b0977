-- Retention: months aged out after verifying, legal holds, strays of the default partition, partitions ahead.
SET search_path = test;
SET client_min_messages = warning;
SELECT no_plan();
-- For ten minutes after midnight the day before is not over yet: tests run then, too.
DO $$ BEGIN EXECUTE replace(pg_get_functiondef('muster.keep_days(timestamptz)'::regprocedure), '10 minutes', '0 minutes'); END $$;
CREATE FUNCTION month(p_ago integer) RETURNS timestamptz LANGUAGE sql AS $$ SELECT muster.month_after(now(), -p_ago) $$;
CREATE FUNCTION verdict() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(DISTINCT finding, ' ' ORDER BY finding) FROM muster.verify_audit() WHERE finding <> 'unsealed' $$;
CREATE FUNCTION partitions() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'muster.event'::regclass $$;
CREATE FUNCTION names(VARIADIC p_ago integer[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$ SELECT string_agg(n, ' ' ORDER BY n) FROM (SELECT muster.month_partition(test.month(a)) AS n FROM unnest(p_ago || ARRAY[0, -1, -2, -3]) a UNION SELECT 'event_default') s $$;
CREATE FUNCTION account(p_upn text) RETURNS uuid LANGUAGE sql AS $$ SELECT id FROM muster.account WHERE upn = p_upn $$;
CREATE FUNCTION tamper(p_table text, p_sql text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE muster.%s DISABLE TRIGGER USER', p_table);
	EXECUTE p_sql;
	EXECUTE format('ALTER TABLE muster.%s ENABLE TRIGGER USER', p_table);
END
$$;

-- A year without housekeeping: all lands in the default partition. Every month 60 events, a few of them Ada's, Bob's,
-- a trace's; across the months' ends, too.
SELECT muster.seal_events() IS NULL;
INSERT INTO muster.event (id, at, kind, organization, account, device, trace, why)
	SELECT overlay(muster.new_id()::text PLACING substr(lpad(to_hex((extract(epoch FROM a.at) * 1000)::bigint), 12, '0'), 1, 8) || '-' || substr(lpad(to_hex((extract(epoch FROM a.at) * 1000)::bigint), 12, '0'), 9) FROM 1 FOR 13)::uuid,
	       a.at, CASE n % 10 WHEN 3 THEN 'enrolled' ELSE 'refused' END, (SELECT id FROM muster.organization WHERE key = CASE n % 6 WHEN 5 THEN 'other' ELSE 'example' END),
	       CASE n % 10 WHEN 3 THEN account('ada@example.test') WHEN 4 THEN account('bob@example.test') END, CASE n % 30 WHEN 8 THEN id(700 + m) END, CASE WHEN n = 7 THEN id(800 + m) END, format('month %s event %s', m, n)
	  FROM generate_series(1, 13) m, generate_series(0, 59) n, LATERAL (SELECT CASE n WHEN 59 THEN month(m - 1) - interval '1 microsecond' ELSE month(m) + n * interval '10 hours' END AS at) a
	 ORDER BY md5(m || ' ' || n);
CREATE TABLE before AS SELECT e.*, e.tableoid::regclass::text AS place FROM muster.event e;
SELECT is((SELECT count(*) FROM muster.event_default), 780::bigint, 'a year is in the default partition');
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), 'should be empty and has 780 events: SELECT muster.move_stray_events\(\); 780 events sealed', 'housekeeping says so, and seals them');
SELECT is((SELECT in_default_partition FROM muster.audit_head), 780::bigint, 'the view, too');
SELECT is(partitions(), names(), 'no month had a partition');

-- The way back.
SELECT is(try('audrey', 'SELECT muster.move_stray_events()'), 'ERROR: permission denied for function move_stray_events', 'not an auditor''s to do');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT matches(try('boss', 'SELECT muster.move_stray_events()'), '^ERROR: moving events needs the isolation level read committed', 'not in another isolation level');
COMMIT;
SELECT is(dblink_connect('reader', connection('postgres')) || dblink_exec('reader', 'BEGIN') || (SELECT x FROM dblink('reader', 'SELECT count(*) FROM muster.event') t (x text)), 'OKBEGIN' || (SELECT count(*) FROM muster.event), 'somebody reads events for long');
SELECT matches(try('boss', 'SELECT muster.move_stray_events()'), '^ERROR: muster.event is in use by others HINT: Nothing has been changed.', 'it gives up after seconds');
SELECT is(partitions(), names(), 'and has changed nothing');
SELECT is(dblink_exec('reader', 'COMMIT'), 'COMMIT', 'the reader is done');
BEGIN;
SET LOCAL timezone = 'America/St_Johns'; SET LOCAL datestyle = 'SQL, DMY';
SELECT matches(try('boss', 'SELECT muster.move_stray_events()'), '^780 events moved to event_20[0-9_]+, ', 'an administrator moves them, whatever his time zone and date style');
COMMIT;
SELECT is(partitions(), names(VARIADIC ARRAY(SELECT generate_series(1, 13))), 'every month has its partition');
SELECT is((SELECT count(*) FROM muster.event_default), 0::bigint, 'the default partition is empty');
SELECT is_empty($$SELECT DISTINCT e.tableoid::regclass FROM muster.event e WHERE e.tableoid::regclass::text <> 'muster.' || muster.month_partition(e.at)$$, 'every event is in its month''s, by UTC');
SELECT bag_eq($$SELECT e.* FROM muster.event e WHERE kind <> 'events moved'$$, $$SELECT id, at, kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote, actor, actor_role, details, recorded_in FROM before$$, 'all as they were');
SELECT results_eq($$SELECT actor, actor_role, details ->> 'events' FROM muster.event WHERE kind = 'events moved'$$, $$VALUES ('postgres', 'boss', '780')$$, 'an event tells who moved them');
SELECT is(verdict(), 'intact', 'the seals are valid');
SELECT is(try('boss', 'SELECT muster.move_stray_events()'), 'the default partition is empty, there is nothing to move', 'nothing left to move');
SELECT is(try('postgres', 'TRUNCATE muster.' || t), format('ERROR: truncate of %s is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events', t), t || ' is guarded') FROM (VALUES ('event_default'), (muster.month_partition(month(5)))) v (t);
SELECT is(try('postgres', 'DELETE FROM muster.' || muster.month_partition(month(5))) ~ 'is refused: events are only ever added', true, 'row by row, too');
SELECT is_empty($$SELECT c.relname, (SELECT count(*) FROM pg_index WHERE indrelid = c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'muster.event'::regclass
	AND (c.relowner <> 'muster_owner'::regrole OR obj_description(c.oid, 'pg_class') IS NULL OR (SELECT count(*) FROM pg_index WHERE indrelid = c.oid) <> (SELECT count(*) FROM pg_index WHERE indrelid = 'muster.event'::regclass)
	OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND conname = 'of_month')
	OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL))$$, 'each with owner, comments and indexes');
-- While this month's events come in: they are moved, too.
SELECT muster.seal_events() IS NULL;
DO $$ BEGIN EXECUTE 'DROP TABLE muster.' || muster.month_partition(now()); END $$;
SELECT tamper('seal', 'DELETE FROM muster.seal');
INSERT INTO muster.event (kind, why) VALUES ('refused', 'now');
SELECT matches(muster.move_stray_events(), '^1 events moved to ' || muster.month_partition(now()) || '$', 'this month''s');
SELECT matches(muster.seal_events(), '^782 events sealed; head of batch 1: ', 'all sealed anew');

-- Bad arguments.
SELECT is(try('boss', s), expected, s) FROM (VALUES
	('SELECT * FROM muster.age_events()', 'ERROR: how long events are kept is not set HINT: Say it: SELECT * FROM muster.age_events(interval ''13 months''); or for good: SELECT muster.set_event_retention(interval ''13 months'');'),
	('SELECT * FROM muster.age_events(''29 days'')', 'ERROR: events are kept for 30 days at least, not 29 days HINT: Events go by whole months: SELECT * FROM muster.age_events(interval ''13 months'');'),
	('SELECT * FROM muster.age_events(''-1 year'')', 'ERROR: events are kept for 30 days at least, not -1 years HINT: Events go by whole months: SELECT * FROM muster.age_events(interval ''13 months'');'),
	('SELECT muster.set_event_retention(''1 day'')', 'ERROR: events are kept for 30 days at least, not 1 day HINT: For example: SELECT muster.set_event_retention(interval ''13 months''); NULL keeps them for ever.'),
	('SELECT muster.hold_events(''account'', ''ada@example.test'', '' '')', 'ERROR: a legal hold needs a reason HINT: For example: SELECT muster.hold_events(''account'', ''ada@example.test'', ''case 4711'');'),
	('SELECT muster.hold_events(''planet'', ''x'', ''y'')', 'ERROR: not to be put on hold: ''planet'' ''x'' HINT: Say ''account'' and its name, ''organization'' and its key, ''device'' and its id, or ''trace'' and a trace or attempt id.'),
	('SELECT muster.hold_events(NULL, NULL, ''y'')', 'ERROR: not to be put on hold: NULL NULL HINT: Say ''account'' and its name, ''organization'' and its key, ''device'' and its id, or ''trace'' and a trace or attempt id.'),
	('SELECT muster.hold_events(''device'', ''PC-1'', ''y'')', 'ERROR: not to be put on hold: ''device'' ''PC-1'' HINT: Say ''account'' and its name, ''organization'' and its key, ''device'' and its id, or ''trace'' and a trace or attempt id.'),
	('SELECT muster.hold_events(''trace'', ''' || id(999) || ''', ''y'')', format('ERROR: no event is of the trace %s HINT: To look: SELECT at, kind, account, device, trace, attempt FROM muster.events ORDER BY at DESC LIMIT 20;', id(999))),
	('SELECT muster.hold_events(''account'', ''nobody@example.test'', ''y'')', 'ERROR: there is no account "nobody@example.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;'),
	('SELECT muster.release_events(NULL, ''y'')', 'ERROR: there is no legal hold NULL HINT: To look: SELECT id, kind, subject_name, reason FROM muster.event_holds WHERE released_at IS NULL;'),
	('SELECT muster.release_events(muster.new_id(), NULL)', 'ERROR: releasing a legal hold needs a reason HINT: For example: SELECT muster.release_events(''…'', ''case 4711 is closed'');')) v (s, expected);
SELECT is(try(r, s), expected, r || ': ' || s) FROM (VALUES
	('audrey', 'SELECT * FROM muster.age_events(''1 year'')', 'ERROR: permission denied for function age_events'), ('audrey', 'SELECT muster.hold_events(''organization'', ''example'', ''y'')', 'ERROR: permission denied for function hold_events'),
	('audrey', 'SELECT muster.set_event_retention(''1 year'')', 'ERROR: permission denied for function set_event_retention'), ('audrey', 'SELECT muster.release_events(NULL, ''y'')', 'ERROR: permission denied for function release_events'),
	('boss', 'DELETE FROM muster.event_hold', 'ERROR: permission denied for table event_hold'), ('boss', 'UPDATE muster.event_hold SET reason = ''x''', 'ERROR: permission denied for table event_hold'),
	('boss', 'INSERT INTO muster.held_event SELECT * FROM muster.held_event', 'ERROR: permission denied for table held_event'), ('boss', 'INSERT INTO muster.aging SELECT * FROM muster.aging', 'ERROR: permission denied for table aging'),
	('boss', 'SELECT muster.age_pending(now(), now())', 'ERROR: permission denied for function age_pending'), ('eve', 'SELECT * FROM muster.event_holds', 'ERROR: permission denied for schema muster')) v (r, s, expected);

-- Holds.
CREATE TABLE hold (what text, id uuid);
INSERT INTO hold SELECT 'account', try('boss', 'SELECT muster.hold_events(''account'', ''ADA@example.test'', ''case 1'')')::uuid;
INSERT INTO hold SELECT 'device', try('boss', format('SELECT muster.hold_events(''device'', %L, ''case 2'')', id(712)))::uuid;
INSERT INTO hold SELECT 'trace', try('boss', format('SELECT muster.hold_events(''trace'', %L, ''case 3'')', id(811)))::uuid;
SELECT results_eq($$SELECT organization, kind, subject_name, reason, held_by, copied_out FROM muster.event_holds ORDER BY reason$$,
	format($$VALUES ('example', 'account', 'ada@example.test', 'case 1', 'postgres', 0::bigint), ('example', 'device', %L, 'case 2', 'postgres', 0), ('example', 'trace', %L, 'case 3', 'postgres', 0)$$, id(712), id(811)), 'three holds');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'event hold added' AND actor_role = 'boss'), 3::bigint, 'each an event');

-- Aging: not what is not sealed, not what is broken.
INSERT INTO muster.event (kind, why, at) VALUES ('refused', 'backdated', month(13) + interval '1 hour');
SELECT results_eq($$SELECT * FROM muster.age_events('12 months 5 days')$$, format($$VALUES (%L, 0::bigint, 0::bigint, 'stays: not all of its events are sealed yet')$$, muster.month_partition(month(13))), 'a month that is not all sealed stays');
SELECT matches(muster.seal_events(), '^4 events sealed', 'sealed');
BEGIN;
SELECT tamper('event', 'UPDATE muster.event SET why = ''x'' WHERE why = ''month 13 event 9''');
SELECT results_eq($$SELECT * FROM muster.age_events('12 months 5 days')$$, format($$VALUES (%L, 0::bigint, 0::bigint, 'stays: batch 1 is broken: not as it was sealed')$$, muster.month_partition(month(13))), 'a month that is broken stays');
ROLLBACK;
CREATE FUNCTION ages(p_keep text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(concat_ws(' ', partition, events, held, what), ', ') FROM muster.age_events(p_keep::interval) $$;
BEGIN;
SELECT is(ages('11 months'), format('%s 61 6 dropped, %s 60 8 dropped', muster.month_partition(month(13)), muster.month_partition(month(12))), 'rehearsed');
ROLLBACK;
SELECT is(partitions(), names(VARIADIC ARRAY(SELECT generate_series(1, 13))), 'nothing has happened');
-- In use: not for long.
SELECT is(dblink_exec('reader', 'BEGIN') || (SELECT x::bigint > 0 FROM dblink('reader', 'SELECT count(*) FROM muster.event') t (x text)), 'BEGINtrue', 'somebody reads events for long');
SELECT is(ages('12 months 5 days'), muster.month_partition(month(13)) || ' 0 0 stays: it is in use: will be tried again', 'it stays');
SELECT is(dblink_exec('reader', 'COMMIT') || verdict(), 'COMMITintact', 'unharmed');

-- By an administrator, as the role.
SELECT is(try('boss', $$SELECT * FROM muster.age_events('12 months 5 days')$$), muster.month_partition(month(13)) || '|61|6|dropped', 'an administrator ages out a month');
SELECT is(partitions(), names(VARIADIC ARRAY(SELECT generate_series(1, 12))), 'its partition is gone');
SELECT is(verdict(), 'intact', 'the rest verifies');
SELECT results_eq($$SELECT partition, events, held, first_batch, last_batch, aged_by, first_at, last_at FROM muster.aging$$, format($$VALUES (%L, 61::bigint, 6::bigint, 1::bigint, 2::bigint, 'postgres', %L::timestamptz, (SELECT max(at) FROM before WHERE at < %L))$$, muster.month_partition(month(13)), month(13), month(12)), 'the record of it');
SELECT results_eq($$SELECT actor, actor_role, details ->> 'partition', details ->> 'events', details ->> 'held', length(details ->> 'digest') FROM muster.event WHERE kind = 'events aged'$$, format($$VALUES ('postgres', 'boss', %L, '61', '6', 64)$$, muster.month_partition(month(13))), 'and the event');
SELECT results_eq($$SELECT batch, aged, aged_by FROM muster.seals WHERE aged IS NOT NULL ORDER BY batch$$, $$VALUES (1::bigint, 60::numeric, 'postgres'), (2, 1, 'postgres')$$, 'the batches tell what they lost');

-- By housekeeping.
SELECT is(try('boss', $$SELECT muster.set_event_retention('11 months')$$), 'events are kept for 11 mons; housekeeping ages out whole months that are older', 'set for good');
SELECT results_eq($$SELECT kind, actor_role, details FROM muster.event WHERE kind = 'configuration changed'$$, $$VALUES ('configuration changed', 'boss', '{"before": {"keep_events": null}, "after": {"keep_events": "11 mons"}}'::jsonb)$$, 'with its event');
SELECT is(dblink_connect('worker', connection('muster_worker')), 'OK', 'a master');
SELECT count(muster.close_day(d)) FROM muster.open_days((month(12) AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date - 1) d \g /dev/null
SELECT ok(EXISTS (SELECT FROM muster.daily_refusal r WHERE r.day < (month(11) AT TIME ZONE 'UTC')::date), 'its days are added up');
-- All writers wait for what is aged out, late first contacts for days that are added up: not both at once.
DELETE FROM muster.closed_day WHERE day = (now() AT TIME ZONE 'UTC')::date - 1;
DELETE FROM muster.daily_refusal WHERE day = (now() AT TIME ZONE 'UTC')::date - 1;
DELETE FROM muster.daily_count WHERE day = (now() AT TIME ZONE 'UTC')::date - 1;
SELECT matches(summary, '; [0-9]+ events sealed, head of batch 3: [0-9a-f]{64}; 1 day added up$', 'housekeeping adds up a day, and ages nothing out in the same round') FROM dblink('worker', 'SELECT summary FROM muster_worker.housekeeping()') t (summary text);
SELECT matches(summary, format('; 0 events sealed, head of batch 3: [0-9a-f]{64}; %s aged out with 60 events, 8 of them held$', muster.month_partition(month(12))), 'but in the next') FROM dblink('worker', 'SELECT summary FROM muster_worker.housekeeping()') t (summary text);
SELECT results_eq($$SELECT actor, actor_role FROM muster.event WHERE kind = 'events aged' ORDER BY at DESC LIMIT 1$$, $$VALUES ('muster_worker', NULL::text)$$, 'an event of the programs');
SELECT is((SELECT min(r.day) FROM muster.daily_refusal r), (month(11) AT TIME ZONE 'UTC')::date, 'what was added up of them is gone, too');
SELECT matches(summary, '; [0-9]+ events sealed, head of batch 4: [0-9a-f]{64}$', 'and then has nothing to age') FROM dblink('worker', 'SELECT summary FROM muster_worker.housekeeping()') t (summary text);
SELECT is(partitions(), names(VARIADIC ARRAY(SELECT generate_series(1, 11))), 'two months are gone');
SELECT is(try('boss', $$SELECT muster.set_event_retention(NULL)$$), 'events are kept for ever', 'and no more');

-- What is held is found, and verifies.
SELECT results_eq($$SELECT kind, copied_out FROM muster.event_holds ORDER BY reason$$, $$VALUES ('account', 12::bigint), ('device', 2), ('trace', 0)$$, 'copied out by hold');
SELECT is((SELECT count(*) FROM muster.events WHERE account = account('ada@example.test') AND aged), 12::bigint, 'in the view');
SELECT is((SELECT count(*) FROM muster.events WHERE account = account('bob@example.test') AND at < month(11)), 0::bigint, 'others'' are gone');
SELECT bag_eq($$SELECT id, at, kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote, actor, actor_role, details, recorded_in FROM muster.held_event$$,
	$$SELECT id, at, kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote, actor, actor_role, details, recorded_in FROM before WHERE at < test.month(11) AND (account = test.account('ada@example.test') OR device = test.id(712))$$, 'exactly as they were');
SELECT is(ages('10 months'), muster.month_partition(month(11)) || ' 60 7 dropped', 'a further month');
SELECT is(try('audrey', format('SELECT kind, trace FROM muster.trace(%L)', id(811))), 'refused|' || id(811), 'trace() finds what is held');
SELECT is((SELECT count(*) FROM muster.refusals WHERE trace = id(811)), 1::bigint, 'and the view of refusals');
SELECT is(verdict(), 'intact', 'all verify');
CREATE FUNCTION tampered(p_table text, p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	BEGIN
		PERFORM test.tamper(p_table, p_sql);
		found := (SELECT string_agg(concat_ws(' ', v.finding, v.batch), ', ' ORDER BY v.batch NULLS LAST, v.finding) FROM muster.verify_audit() v WHERE v.finding NOT IN ('intact', 'broken', 'unsealed'));
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		RETURN found;
	END;
END
$$;
SELECT is(tampered(t, s), expected, s) FROM (VALUES
	('held_event', 'DELETE FROM muster.held_event WHERE why = ''month 13 event 3''', 'removed 1'),
	('held_event', 'UPDATE muster.held_event SET why = ''x'' WHERE why = ''month 13 event 3''', 'altered 1'),
	('aging', 'UPDATE muster.aging SET digest = sha256(''x'') WHERE held = 7', 'broken aging'),
	('aging', 'UPDATE muster.aging SET event = muster.new_id() WHERE held = 7', 'broken aging'),
	('aged_batch', 'UPDATE muster.aged_batch SET positions = positions + ''{[1,9)}'' WHERE batch = 1', 'broken aging 1, broken aging 1'),
	('aged_batch', 'DELETE FROM muster.aged_batch WHERE batch = 2', 'removed 2, broken aging')) v (t, s, expected);
SELECT is(tampered('aging', 'DELETE FROM muster.aging WHERE held = 7'), rtrim(repeat('removed 1, ', 53), ', '), 'without its record a month is simply removed');
-- A partition that somebody drops by hand.
BEGIN;
DO $$ BEGIN EXECUTE 'DROP TABLE muster.' || muster.month_partition(test.month(10)); END $$;
SELECT is((SELECT string_agg(DISTINCT finding, ' ') || ' ' || count(*) FROM muster.verify_audit() WHERE batch = 1 AND event IS NOT NULL), 'removed 60', 'is found, event by event');
ROLLBACK;
SELECT is(try('postgres', s), expected, s) FROM (VALUES
	('DELETE FROM muster.held_event', 'ERROR: delete of held_event is refused: it is under legal hold, or tells of aging HINT: Holds are released with muster.release_events; what is released goes with the next muster.age_events.'),
	('UPDATE muster.held_event SET why = ''x''', 'ERROR: update of held_event is refused: it is under legal hold, or tells of aging HINT: Holds are released with muster.release_events; what is released goes with the next muster.age_events.'),
	('DELETE FROM muster.aging', 'ERROR: delete of aging is refused: its rows are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('UPDATE muster.aged_batch SET batch = batch', 'ERROR: update of aged_batch is refused: its rows are only ever added'),
	('DELETE FROM muster.aged_batch', 'ERROR: delete of aged_batch is refused: its rows are only ever added'),
	('TRUNCATE muster.held_event', 'ERROR: truncate of held_event is refused: its rows are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('DELETE FROM muster.event_hold', 'ERROR: delete of event_hold is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events')) v (s, expected);

-- Released: gone with the next aging, unless another hold keeps it.
SELECT matches(try('boss', format('SELECT muster.release_events(%L, ''closed'')', id)), '^the hold of device .* is released; ', 'the device is released') FROM hold WHERE what = 'device';
SELECT is(ages('10 months'), 'held_event 2 0 released copies removed', 'its events go');
SELECT is((SELECT count(*) FROM muster.events WHERE account = account('ada@example.test') AND aged), 18::bigint, 'the account''s stay');
SELECT matches(try('boss', format('SELECT muster.release_events(%L, ''closed'')', id)), '^the hold of account ada@example.test is released; ', 'the account is released') FROM hold WHERE what = 'account';
SELECT matches(try('boss', format('SELECT muster.release_events(%L, ''closed'')', id)), '^the hold of account ada@example.test was released already', 'once') FROM hold WHERE what = 'account';
SELECT results_eq($$SELECT released_by, released_reason FROM muster.event_holds WHERE kind = 'account'$$, $$VALUES ('postgres', 'closed')$$, 'by whom and why');
SELECT is(ages('10 months'), 'held_event 18 0 released copies removed', 'now they go');
SELECT is((SELECT string_agg(DISTINCT coalesce(trace::text, kind), ' ') FROM muster.held_event), id(811)::text, 'but the trace');
SELECT is(verdict(), 'intact', 'and the chain is as it was');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'events aged'), 5::bigint, 'each aging told');
SELECT is(tampered('aging', 'DELETE FROM muster.aging WHERE partition = ''held_event'''), rtrim(repeat('removed 1, ', 20), ', '), 'without its record they would be missed');

-- The events that tell of aging are kept when their own month goes.
INSERT INTO muster.event_hold (kind, subject, subject_name, reason) VALUES ('trace', id(1), 'x', 'a hold that begins while aging is prepared');
SELECT muster.seal_events() IS NULL;
BEGIN;
SELECT muster.prepare_aging(muster.new_id(), muster.month_partition(now()), NULL) IS NULL;
SELECT is((SELECT sum(upper(r) - lower(r)) FROM muster.aged_batch b, unnest(b.kept) r WHERE b.partition = muster.month_partition(now())), 5::bigint, 'the five are to be kept');
ROLLBACK;

-- In pieces, and begun anew when a hold comes in between.
CREATE FUNCTION prepared() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM muster.aged_batch b WHERE NOT EXISTS (SELECT FROM muster.aging g WHERE g.id = b.aging) $$;
SELECT results_eq($$SELECT partition, more FROM muster.age_pending(now() - interval '9 months', clock_timestamp())$$, format('VALUES (%L, true)', muster.month_partition(month(10))), 'no time: more to do');
SELECT is(prepared(), 0::bigint, 'nothing prepared');
SELECT muster.prepare_aged_batch(muster.begin_aging(muster.month_partition(month(10))), muster.month_partition(month(10)), s) IS NULL FROM muster.seal s WHERE number = 1;
SELECT is(prepared(), 1::bigint, 'a batch prepared');
SELECT is(verdict(), 'intact', 'which is no aging yet');
SELECT muster.hold_events('account', 'bob@example.test', 'case 5') IS NULL;
SELECT is(ages('9 months'), muster.month_partition(month(10)) || ' 60 6 dropped', 'aged out with the new hold');
SELECT is(prepared(), 0::bigint, 'no preparation is left');
SELECT is(verdict(), 'intact', 'and verifies');
-- A hold waits for who ages, and the other way round.
SELECT is(dblink_exec('reader', 'BEGIN') || (SELECT x FROM dblink('reader', 'SELECT count(*) FROM muster.age_events(''5 years'')') t (x text)), 'BEGIN0', 'somebody ages');
SET lock_timeout = '200ms';
SELECT is(try('boss', 'SELECT muster.hold_events(''organization'', ''other'', ''case 6'')'), 'ERROR: canceling statement due to lock timeout', 'a hold waits');
RESET lock_timeout;
SELECT is(dblink_exec('reader', 'COMMIT'), 'COMMIT', 'till it is done');
SELECT matches(try('boss', 'SELECT muster.hold_events(''organization'', ''other'', ''case 6'')'), '^[0-9a-f-]{36}$', 'then it holds');
SELECT is((SELECT events || ' ' || held FROM muster.age_events('8 months')), '60 16', 'an organization''s events');

-- Partitions are made in turns, and a busy default partition is no failure.
DO $$ BEGIN EXECUTE 'DROP TABLE muster.' || muster.month_partition(test.month(-3)); END $$;
SELECT is(dblink_exec('reader', 'BEGIN') || (SELECT x FROM dblink('reader', 'SELECT count(*) FROM muster.event_default') t (x text)), 'BEGIN0', 'somebody reads the default partition for long');
SELECT matches(summary, '^event partitions not made: muster.event_default is in use, will be tried again; [0-9]+ events sealed', 'housekeeping goes on with the rest') FROM dblink('worker', 'SELECT summary FROM muster_worker.housekeeping()') t (summary text);
SELECT is(dblink_exec('reader', 'COMMIT'), 'COMMIT', 'it is free');
SELECT matches(summary, '^event partitions until 20[0-9-]+, 1 made; ', 'and makes it the next time') FROM dblink('worker', 'SELECT summary FROM muster_worker.housekeeping()') t (summary text);
-- Trouble with one thing leaves the others.
BEGIN;
SELECT muster.set_event_retention('7 months') IS NULL;
DO $$ BEGIN EXECUTE format('ALTER TABLE muster.%I OWNER TO postgres', muster.month_partition(test.month(8))); END $$;
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), '^event partitions until .*; [0-9]+ events sealed, .*; events not aged out: permission denied for table event_', 'a partition of somebody else''s: told, and the rest is done');
ROLLBACK;
-- held_event has every column of event.
SELECT is_empty($$SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'muster.event'::regclass AND attnum > 0 AND NOT attisdropped
	EXCEPT SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'muster.held_event'::regclass$$, 'held events have every column of events');
SELECT is_empty($$SELECT attname FROM pg_attribute WHERE attrelid = 'muster.event'::regclass AND attnum > 0 AND NOT attisdropped
	EXCEPT SELECT attname FROM pg_attribute WHERE attrelid = 'muster.events'::regclass$$, 'and so has the view of both');

SELECT * FROM finish();
