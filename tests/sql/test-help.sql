-- Where to begin: everything that is for people is listed under a task, and everybody is told what he may use.
SET search_path = test;
SELECT no_plan();

CREATE VIEW for_people AS
	SELECT p.proname::text AS name, p.oid, true AS is_function FROM pg_proc p
	 WHERE p.pronamespace = 'muster'::regnamespace AND obj_description(p.oid, 'pg_proc') NOT LIKE 'Internal%' AND has_function_privilege('muster_admin', p.oid, 'EXECUTE')
	UNION ALL
	SELECT c.relname::text, c.oid, false FROM pg_class c WHERE c.relnamespace = 'muster'::regnamespace AND c.relkind = 'v';
GRANT SELECT ON for_people TO PUBLIC;
SELECT is_empty($$SELECT name FROM for_people WHERE name NOT IN (SELECT unnest(names) FROM muster.tasks())$$, 'every function and view for people stands under a task in muster.tasks()');
SELECT is_empty($$SELECT unnest(names) FROM muster.tasks() EXCEPT SELECT name FROM for_people$$, 'and nothing else does');
SELECT is_empty($$SELECT task, n FROM muster.tasks(), unnest(names) n GROUP BY 1, 2 HAVING count(*) > 1$$, 'once');
SELECT is((SELECT array_agg(position ORDER BY position) FROM muster.tasks()), (SELECT array_agg(n) FROM generate_series(1, (SELECT count(*)::integer FROM muster.tasks())) n), 'tasks are numbered');

-- Who may use what: exactly that is told.
CREATE FUNCTION listed(p_role text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	told text[];
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', p_role);
	told := ARRAY(SELECT DISTINCT h.name FROM muster.help(NULL) h ORDER BY 1);
	RESET ROLE;
	RETURN told;
END
$$;
SELECT is(listed(r), ARRAY(SELECT DISTINCT name FROM for_people WHERE CASE WHEN is_function THEN has_function_privilege(r, oid, 'EXECUTE') ELSE has_table_privilege(r, oid, 'SELECT') END ORDER BY 1),
	r || ' is told what he may use, and nothing else') FROM unnest(ARRAY['muster_admin', 'muster_auditor', 'muster_help_desk', 'muster_organization_admin']) r;
SELECT is(try(r, 'SELECT count(*) FROM muster.help'), n, r || ' sees his tasks') FROM (VALUES ('boss', '30'), ('audrey', '29'), ('eve', 'ERROR: permission denied for schema muster')) v (r, n);
SELECT is(try('audrey', 'SELECT task, views, functions FROM muster.help WHERE task = ''groups'' OR task = ''deleting'''), 'groups|groups, group_members|group_id, member_page', 'who only looks sees no task that only changes');
SELECT is(try('boss', 'SELECT views, functions FROM muster.help WHERE task = ''how many devices'''),
	E'accounts|set_device_cap, set_group_cap, set_account_cap,\neffective_cap', 'a task with its views and functions');
SELECT is(try('audrey', 'SELECT functions FROM muster.help WHERE task = ''how many devices'''), 'effective_cap', 'for who only looks');

-- By a word of the task, another word for it, a name or a part of one.
SELECT is((SELECT string_agg(DISTINCT task, ', ' ORDER BY task) FROM muster.help(w)), tasks, 'about ' || w) FROM (VALUES
	('limit', 'bulk enrollment, guessed passwords, how many devices'), ('Licences', 'licences, lists from spreadsheets'), ('license', 'licences'), ('muster.block_device', 'blocked and expected devices'), ('stolen', 'blocked and expected devices, devices'),
	(' trace ', 'why a device is refused'), ('set_group_cap', 'how many devices'), ('tampered', 'who did what')) v (w, tasks);
SELECT results_eq($$SELECT name, what, example, arguments FROM muster.help('forget_device')$$,
	$$VALUES ('forget_device', 'Take a device out of those that are expected; an enrollment it has stays.', 'SELECT muster.forget_device(''example'', ''serial number'', ''5CG1234XYZ'');', 'organization text, kind text, value text')$$, 'what it does, an example, its arguments');
SELECT is_empty($$SELECT name FROM muster.help(NULL) WHERE what = '' OR example = '' OR what IS NULL OR example IS NULL$$, 'nothing is without');
SELECT matches(try('audrey', $$SELECT * FROM muster.help('teapots')$$), '^ERROR: nothing that you may do is about "teapots" HINT: There is: find your way, .*who did what', 'nothing found: what there is');

SELECT * FROM finish();
