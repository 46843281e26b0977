-- Events: refusals, append-only, partitions, housekeeping, trace.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION refused(VARIADIC p text[]) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT recorded FROM muster_worker.refuse(%s)', (SELECT string_agg(quote_nullable(x), ', ' ORDER BY n) FROM unnest(p) WITH ORDINALITY u (x, n))))
$$;

-- Refusals.
SELECT is(refused(id(1)::text, id(2)::text, 'enrollment', 'Authorization', 'account disabled', 'example', 'EXAMPLE\ada', (SELECT id::text FROM muster.account WHERE upn = 'ada@example.test'), '192.0.2.9',
	'{"DeviceName": "PC-9", "OSVersion": "10.0.1"}'), 'true', 'refuse() records');
SELECT results_eq($$SELECT organization, account, stage, outcome, why, hresult, constant, device_name, os_version, host(remote), trace, attempt, user_name FROM muster.refusals$$,
	$$VALUES ('example', 'ada@example.test', 'enrollment', 'Authorization', 'account disabled', '0x80180003', 'MENROLL_E_DEVICE_AUTHORIZATION_ERROR', 'PC-9', '10.0.1', '192.0.2.9', test.id(1), test.id(2), 'EXAMPLE\ada')$$, 'all of it, with the code on the screen');
SELECT is(refused(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), 'true', 'nothing known is recorded, too');
SELECT is(refused(id(3)::text, NULL, repeat('s', 100), repeat('o', 100), repeat('w', 5000), repeat('k', 5000), repeat('u', 70000), id(77)::text, repeat('r', 5000), json_build_object('DeviceName', repeat('n', 65536), 'Blob', repeat('b', 400000))::text), 'true', 'too long is cut');
SELECT results_eq($$SELECT length(stage), length(outcome), length(why), length(user_name), remote, organization, length(details ->> 'organization'), length(details ->> 'remote'), length(details::text) < 1000 FROM muster.event WHERE trace = test.id(3)$$,
	$$VALUES (32, 32, 400, 320, NULL::inet, NULL::uuid, 60, 100, true)$$, 'to what is kept');
SELECT is(refused(id(4)::text, NULL, 'policy', 'Authentication', f, f, f, NULL, f, NULL), 'true', 'hostile text ' || n) FROM (VALUES (1, ''';SELECT 1;--'), (2, E'\x1b]0;x\x07'), (3, '<x y="&">'), (4, E'a\nb\r\n'), (5, '%s%n'), (6, U&'\202Eabc')) v (n, f);
SELECT is_empty($$SELECT why FROM muster.event WHERE why ~ '[[:cntrl:]]' OR user_name ~ '[[:cntrl:]]'$$, 'no control character is kept');
SELECT is(refused(id(4)::text, NULL, 'policy', 'Authentication', 'x', 'EXAMPLE', 'x', NULL, NULL, f), 'true', 'facts: ' || f) FROM (VALUES ('[]'), ('null'), ('7'), ('"x"')) v (f);
SELECT is((SELECT count(*) FROM muster.event e JOIN muster.organization o ON o.id = e.organization WHERE o.key = 'example' AND e.kind = 'refused'), 5::bigint, 'the organization''s key in any case');
SELECT is_empty($$SELECT * FROM muster.event WHERE kind = 'refused' AND actor_role IS NOT NULL$$, 'what programs record is nobody''s administration');

-- Trace.
SELECT is(try('muster_issuer', record(5, 'ada@example.test', p_trace => id(6))), 'OK|-', 'an enrollment');
SELECT is(try('audrey', format('SELECT stage, kind, outcome, account FROM muster.trace(%L)', i)), expected, 'trace() ' || what) FROM (VALUES
	(id(1), 'enrollment|refused|Authorization|ada@example.test', 'by trace id'), (id(2), 'enrollment|refused|Authorization|ada@example.test', 'by attempt id'),
	(id(6), 'enrollment|enrolled|OK|ada@example.test', 'of a success'), (id(88), '(no row)', 'of nothing')) v (i, expected, what);
SELECT is(refused(id(n)::text, id(10)::text, s, 'Authentication', 'wrong password', 'example', 'ada', NULL, NULL, NULL), 'true', 'an attempt''s ' || s) FROM (VALUES (11, 'policy'), (12, 'enrollment')) v (n, s);
SELECT results_eq($$SELECT stage, trace FROM muster.trace(test.id(10))$$, $$VALUES ('policy', test.id(11)), ('enrollment', test.id(12))$$, 'an attempt''s requests in their order');

-- Append-only for everybody.
SELECT is(try(r, s), expected, format('%s: %s', r, s)) FROM (VALUES
	('postgres', 'UPDATE muster.event SET why = ''x''', 'ERROR: update of event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') || ' is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('postgres', 'DELETE FROM muster.event', 'ERROR: delete of event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') || ' is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('postgres', 'TRUNCATE muster.event', 'ERROR: truncate of event is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('muster_owner', 'TRUNCATE muster.event', 'ERROR: truncate of event is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('muster_owner', 'DELETE FROM muster.event', 'ERROR: delete of event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') || ' is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('postgres', 'DELETE FROM muster.event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'), 'ERROR: delete of event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') || ' is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('postgres', 'TRUNCATE muster.event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'), 'ERROR: truncate of event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') || ' is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('postgres', 'TRUNCATE muster.event_default', 'ERROR: truncate of event_default is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events'),
	('boss', 'DELETE FROM muster.event', 'ERROR: permission denied for table event'), ('boss', 'UPDATE muster.event SET why = ''x''', 'ERROR: permission denied for table event'),
	('boss', 'TRUNCATE muster.event', 'ERROR: permission denied for table event'), ('audrey', 'DELETE FROM muster.event', 'ERROR: permission denied for table event'),
	('muster_worker', 'DELETE FROM muster.event', 'ERROR: permission denied for schema muster'), ('muster_issuer', 'DELETE FROM muster.event', 'ERROR: permission denied for schema muster')) v (r, s, expected);

-- Partitions: this month and three more, by UTC whatever the server's time zone.
CREATE FUNCTION month_name(p_ahead integer) RETURNS text LANGUAGE sql AS $$ SELECT 'event_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => p_ahead), 'YYYY_MM') $$;
SELECT bag_eq($$SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'muster.event'::regclass$$, $$SELECT 'muster.' || test.month_name(i) FROM generate_series(0, 3) i UNION ALL SELECT 'muster.event_default'$$, 'partitions of four months');
SELECT matches((SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = ('muster.' || month_name(0))::regclass), to_char(date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24'), 'a month begins in UTC');
SELECT is((SELECT count(*) FROM muster.event_default), 0::bigint, 'the default partition is empty');
SELECT matches(try('muster_worker', 'SELECT summary, more FROM muster_worker.housekeeping()'), format('^event partitions until %s, 0 made; [0-9]+ events sealed, head of batch 1: [0-9a-f]{64}[|]false$', replace(substr(month_name(3), 7), '_', '-')), 'housekeeping: no partition to make');
DO $$ BEGIN EXECUTE 'DROP TABLE muster.' || test.month_name(3); EXECUTE 'DROP TABLE muster.' || test.month_name(2); END $$;
SELECT matches(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), format('^event partitions until %s, 2 made; ', replace(substr(month_name(3), 7), '_', '-')), 'housekeeping makes what is missing');
SELECT is(try('postgres', 'TRUNCATE muster.' || month_name(3)), format('ERROR: truncate of %s is refused: events are only ever added HINT: Events are aged out by the month: \df+ muster.age_events', month_name(3)), 'a partition made later is guarded, too');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = ('muster.' || month_name(3))::regclass), 'muster_owner', 'and muster_owner''s');
SELECT isnt(obj_description(('muster.' || month_name(3))::regclass, 'pg_class'), NULL, 'and has its comment');
SELECT is((SELECT count(*) FROM pg_index WHERE indrelid = ('muster.' || month_name(3))::regclass), (SELECT count(*) FROM pg_index WHERE indrelid = 'muster.event'::regclass), 'and all indexes');
INSERT INTO muster.event (kind, at) VALUES ('refused', now() + interval '2 years');
SELECT is(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()') ~ '; table muster.event_default should be empty and has 1 events: SELECT muster.move_stray_events\(\); ', true, 'housekeeping tells of strays');
DO $$ BEGIN EXECUTE 'DROP TABLE muster.' || test.month_name(3); END $$;
INSERT INTO muster.event (kind, at) VALUES ('refused', date_trunc('month', now()) + interval '3 months 5 days');
SELECT is(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()') ~ ', 0 made; table', true, 'a month with strays stays as it is, without an error');

-- One of many masters.
SELECT is(dblink_connect('a', connection('muster_worker')) || dblink_exec('a', 'BEGIN'), 'OKBEGIN', 'another master');
SELECT matches(summary, '^event partitions until', 'is at it') FROM dblink('a', 'SELECT summary FROM muster_worker.housekeeping()') t (summary text);
SELECT is(try('muster_worker', 'SELECT summary FROM muster_worker.housekeeping()'), 'nothing done: another master is at it', 'so this one has nothing to do');
SELECT is(dblink_exec('a', 'COMMIT') || dblink_disconnect('a'), 'COMMITOK', 'it is done');

SELECT * FROM finish();
