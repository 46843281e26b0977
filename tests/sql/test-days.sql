-- Days that are over are added up once: reports tell the same before and after, of all and of one organization, to
-- everybody what is his; what comes late is counted, what is aged out or deleted goes.
SET search_path = test;
SET client_min_messages = warning;
SELECT no_plan();
-- For ten minutes after midnight the day before is not over yet: tests run then, too.
DO $$ BEGIN EXECUTE replace(pg_get_functiondef('muster.keep_days(timestamptz)'::regprocedure), '10 minutes', '0 minutes'); END $$;

CREATE FUNCTION days_ago(n integer) RETURNS date LANGUAGE sql AS $$ SELECT (now() AT TIME ZONE 'UTC')::date - n $$;
CREATE FUNCTION noon(n integer) RETURNS timestamptz LANGUAGE sql AS $$ SELECT (days_ago(n) + interval '12 hours') AT TIME ZONE 'UTC' $$;
CREATE FUNCTION refused(p_ago integer, p_organization text, p_user text, p_rule text, p_why text, p_after interval) RETURNS void LANGUAGE sql AS $$
	INSERT INTO muster.event (at, kind, organization, account, stage, outcome, user_name, why, details)
	VALUES (noon(p_ago) + p_after, 'refused', (SELECT o.id FROM muster.organization o WHERE o.key = p_organization), (SELECT a.id FROM muster.account a WHERE a.upn = p_user),
		'enrollment', 'Authorization', p_user, p_why, CASE WHEN p_rule IS NULL THEN '{}' ELSE jsonb_build_object('decision', jsonb_build_object('rule', p_rule)) END)
$$;
CREATE ROLE days_helper IN ROLE muster_help_desk;
CREATE ROLE days_desk IN ROLE muster_help_desk;
CREATE ROLE days_chief IN ROLE muster_organization_admin;
SELECT muster.delegate('days_helper', 'help desk', 'example'), muster.delegate('days_desk', 'help desk', '*'), muster.delegate('days_chief', 'organization administrator', 'other') \g /dev/null
GRANT USAGE ON SCHEMA test TO days_helper, days_desk, days_chief;

-- Two days ago, yesterday and today: refusals of two organizations and of nobody's domain, and devices.
SELECT refused(ago, 'example', 'ada@example.test', 'group', 'first', '1 minute'), refused(ago, 'example', 'ada@example.test', 'group', 'last of them', '3 minutes'),
	refused(ago, 'example', 'bob@example.test', 'group', 'second', '2 minutes'), refused(ago, 'example', 'bob@example.test', NULL, 'by no rule', '0'),
	refused(ago, 'other', 'olga@other.test', 'group', 'other', '0'), refused(ago, NULL, 'x@nowhere.test', NULL, 'nobody''s', '0')
	FROM generate_series(0, 2) ago \g /dev/null
SELECT is(try('muster_issuer', record(n, u, format('{"DeviceID": "d-%s", "OSVersion": "10.0.26200.%s"}', n, n))), 'OK|-', 'device ' || n)
	FROM (VALUES (1, 'ada@example.test'), (2, 'bob@example.test'), (3, 'bob@example.test'), (4, 'olga@other.test'), (5, 'bob@example.test')) v (n, u);
UPDATE muster.device d SET enrolled_at = noon(CASE d.id WHEN id(4) THEN 2 WHEN id(5) THEN 0 ELSE 1 END);
SELECT is(try('muster_worker', device(1)), 'OK|-', 'one is seen');

CREATE FUNCTION report(p_role text, p_organization text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN NEXT try(p_role, format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM muster.refusals_by_day(of_organization => %L) r', p_organization));
	RETURN NEXT try(p_role, format('SELECT string_agg(f::text, E''\n'' ORDER BY f::text) FROM muster.funnel(of_organization => %L) f', p_organization));
END
$$;
CREATE TABLE asks (role text, organization text);
INSERT INTO asks VALUES ('boss', NULL), ('boss', 'example'), ('audrey', NULL), ('days_helper', NULL), ('days_helper', 'example'), ('days_desk', NULL), ('days_chief', NULL), ('days_chief', 'other');
CREATE TABLE told AS SELECT a.*, r.* FROM asks a, report(a.role, a.organization) WITH ORDINALITY r (said, n);
SELECT results_eq($$SELECT days_ago(0) - day, organization, rule, refusals, accounts, latest_why FROM muster.refusals_by_day() WHERE day = days_ago(1) ORDER BY refusals DESC, latest_why$$,
	$$VALUES (1, 'example', 'group', 3::bigint, 2::bigint, 'last of them'), (1, 'example', NULL, 1, 1, 'by no rule'), (1, NULL, NULL, 1, 1, 'nobody''s'), (1, 'other', 'group', 1, 1, 'other')$$, 'a day before it is added up');
SELECT results_eq($$SELECT days_ago(0) - day, organization, build, issued, first_contact FROM muster.funnel() ORDER BY 1, 2$$,
	$$VALUES (0, 'example', '10.0.26200', 1::bigint, 0::bigint), (1, 'example', '10.0.26200', 3, 1), (2, 'other', '10.0.26200', 1, 0)$$, 'and its enrollments');

-- Adding up.
SELECT results_eq($$SELECT summary, more FROM muster.keep_days(clock_timestamp() - interval '1 second')$$, $$VALUES (NULL::text, true)$$, 'no time: nothing, and more to do');
SELECT is((SELECT count(*) FROM muster.closed_day), 0::bigint, 'none is added up');
SELECT is(try('muster_worker', 'SELECT summary ~ ''; 2 days added up$'', more FROM muster_worker.housekeeping()'), 'true|false', 'housekeeping adds up the days that are over');
SELECT results_eq($$SELECT days_ago(0) - day FROM muster.closed_day ORDER BY 1$$, 'VALUES (1), (2)', 'those, and not the running one');
SELECT is(try('muster_worker', 'SELECT summary ~ ''added up'', more FROM muster_worker.housekeeping()'), 'false|false', 'once');
SELECT is(r.said, t.said, format('report %s of %s to %s is what it was', t.n, coalesce(t.organization, 'all'), t.role))
	FROM told t, LATERAL (SELECT x.said FROM report(t.role, t.organization) WITH ORDINALITY x (said, n) WHERE x.n = t.n) r;
SELECT isnt((SELECT t.said FROM told t WHERE t.role = 'days_chief' AND t.organization IS NULL AND t.n = 1), (SELECT t.said FROM told t WHERE t.role = 'boss' AND t.organization IS NULL AND t.n = 1), 'an organization''s own administrator is told his own');
SELECT unalike(t.said, '%nowhere%', t.role || ' is told nothing of nobody''s domain') FROM told t WHERE t.role IN ('days_helper', 'days_desk', 'days_chief') AND t.n = 1;
SELECT unalike(t.said, '%nobody%', t.role || ' nor the reason') FROM told t WHERE t.role IN ('days_helper', 'days_desk', 'days_chief') AND t.n = 1;

-- What is added up is read, not counted again.
SELECT refused(1, 'example', 'ada@example.test', 'group', 'too late', '4 minutes') \g /dev/null
SELECT is((SELECT refusals FROM muster.refusals_by_day() WHERE day = days_ago(1) AND organization = 'example' AND rule = 'group'), 3::bigint, 'a closed day''s refusals');
SELECT refused(0, 'example', 'ada@example.test', 'group', 'in time', '4 minutes') \g /dev/null
SELECT is((SELECT refusals FROM muster.refusals_by_day() WHERE day = days_ago(0) AND organization = 'example' AND rule = 'group'), 4::bigint, 'and the running day''s');

-- First contacts that come later.
SELECT is(try('muster_worker', device(2)), 'OK|-', 'a device of yesterday is seen');
SELECT is((SELECT first_contact FROM muster.funnel() WHERE day = days_ago(1)), 2::bigint, 'and counted with its day');
SELECT is(try('muster_worker', device(4)), 'OK|-', 'the first of its day');
SELECT is((SELECT first_contact FROM muster.funnel() WHERE day = days_ago(2)), 1::bigint, 'is counted, too');
SELECT is(try('muster_worker', device(5)), 'OK|-', 'one of today');
SELECT is((SELECT first_contact FROM muster.funnel() WHERE day = days_ago(0)), 1::bigint, 'is counted once');
SELECT is((SELECT count(*) FROM muster.daily_count WHERE day = days_ago(0)), 0::bigint, 'when somebody looks');
UPDATE muster.certificate c SET first_used_at = NULL WHERE c.device = id(2);
SELECT is(try('muster_worker', device(2)), 'OK|-', 'its first use once more, as of another certificate');
SELECT is((SELECT first_contact FROM muster.funnel() WHERE day = days_ago(1)), 2::bigint, 'is no first contact');

-- One that comes just when its day is added up.
UPDATE muster.device d SET enrolled_at = noon(3) WHERE d.id = id(3);
SELECT is(dblink_connect('late', connection('muster_worker')) || dblink_exec('late', 'BEGIN') || (SELECT x FROM dblink('late', device(3)) t (x text, y text)), 'OKBEGINOK', 'a first contact is under way');
SELECT is(dblink_connect('closer', connection('postgres')) || dblink_send_query('closer', format('SELECT muster.close_day(%L)', days_ago(3))), 'OK1', 'its day is added up meanwhile');
CREATE FUNCTION waits() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..100 LOOP
		IF EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND NOT l.granted) THEN
			RETURN true;
		END IF;
		PERFORM pg_sleep(0.1);
	END LOOP;
	RETURN false;
END
$$;
SELECT ok(waits(), 'who adds up waits');
SELECT is(dblink_exec('late', 'COMMIT'), 'COMMIT', 'the first contact is recorded');
SELECT is((SELECT count(*) FROM dblink_get_result('closer') t (x text)), 1::bigint, 'then the day is added up');
SELECT is((SELECT first_contact FROM muster.funnel(days_ago(3), days_ago(3))), 1::bigint, 'with it');
SELECT is(dblink_disconnect('late') || dblink_disconnect('closer'), 'OKOK', 'all went');

-- Deleting.
SELECT count(*) FROM muster.delete_organization('other', 'sold', really => true, retire_devices => true) \g /dev/null
SELECT is((SELECT count(*) FROM muster.daily_refusal r JOIN muster.organization o ON o.id = r.organization WHERE o.deleted_at IS NOT NULL), 0::bigint, 'of a deleted organization nothing stays added up');
SELECT is((SELECT count(*) FROM muster.daily_refusal), 6::bigint, 'of others it does');

-- Nor later, when the day of its deletion is over.
SELECT is((SELECT count(*) FROM muster.event e JOIN muster.organization o ON o.id = e.organization WHERE o.deleted_at IS NOT NULL AND e.kind = 'refused' AND e.at >= days_ago(0)::timestamp AT TIME ZONE 'UTC'), 1::bigint, 'it refused something today');
SELECT unalike(try('boss', 'SELECT string_agg(r::text, '' '') FROM muster.refusals_by_day() r'), '%deleted-%', 'which no report tells');
SELECT muster.close_day(days_ago(0)) \g /dev/null
SELECT is((SELECT count(*) FROM muster.daily_refusal r JOIN muster.organization o ON o.id = r.organization WHERE o.deleted_at IS NOT NULL)
	+ (SELECT count(*) FROM muster.daily_count c JOIN muster.organization o ON o.id = c.organization WHERE o.deleted_at IS NOT NULL), 0::bigint, 'and that is not added up');

SELECT * FROM finish();
