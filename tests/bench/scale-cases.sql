-- What tests/bench/scale measures: schema bench with one row for every statement that is run, and the procedure that
-- runs them. Variables: repetitions. Run as a superuser in a database that tests/bench/fill has filled.
\set ON_ERROR_STOP on
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
-- Another in each run, so that a database that is kept is asked of other accounts and told of other devices.
SELECT extract(epoch FROM now())::bigint AS run \gset
SELECT format('CREATE FUNCTION bench.run_name(text) RETURNS text LANGUAGE sql IMMUTABLE AS %L', format('SELECT $1 || %L', '.' || :'run')) \gexec

-- bound: ratio (cost with many devices against cost with few), view (milliseconds), report (of many days and all
-- organizations: milliseconds, too), paged (there is a page to ask for, with a bound), or none: only told.
CREATE TABLE bench.kase (position serial, name text PRIMARY KEY, role text NOT NULL, bound text CHECK (bound IN ('ratio', 'view', 'report', 'paged')));
CREATE TABLE bench.statement (name text REFERENCES bench.kase, number bigint, sql text NOT NULL, PRIMARY KEY (name, number));
-- In milliseconds, and in pages of 8 KiB.
CREATE UNLOGGED TABLE bench.sample (name text, ms double precision, cpu double precision, hit bigint, read bigint);
CREATE INDEX sample_name ON bench.sample (name);

-- Numbers so far: below 1 for warming up and for counting pages.
CREATE FUNCTION bench.add(p_name text, p_role text, p_bound text, p_statements text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO bench.kase (name, role, bound) VALUES (p_name, p_role, p_bound);
	INSERT INTO bench.statement SELECT p_name, n - 5, s FROM unnest(p_statements) WITH ORDINALITY x (s, n);
$$;

-- What the kernel has charged this backend with so far, in milliseconds. It counts when somebody else is let run,
-- hence the sleep.
CREATE FUNCTION bench.cpu() RETURNS double precision LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_sleep(0.000001);
	RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint / 1000000.0;
END
$$;

-- One statement in a transaction of its own, its COMMIT included. Below 1 it is explained instead, for the pages it
-- touches, as nobody has looked at its account yet; no more once they have taken so many milliseconds.
CREATE PROCEDURE bench.run(p_name text, p_number bigint, p_enough double precision) LANGUAGE plpgsql AS $$
DECLARE
	its_role text;
	statement text;
	before double precision;
	begun timestamptz;
	took double precision;
	plan json;
BEGIN
	SELECT k.role, s.sql INTO its_role, statement FROM bench.kase k JOIN bench.statement s USING (name) WHERE k.name = p_name AND s.number = p_number;
	IF statement IS NULL OR p_enough < (SELECT sum(s.ms) FROM bench.sample s WHERE s.name = p_name) THEN
		RETURN;
	END IF;
	COMMIT;
	IF p_number < 1 THEN
		PERFORM set_config('role', its_role, true);
		EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan;
		COMMIT;
		INSERT INTO bench.sample (name, hit, read) VALUES (p_name, (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint, (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint);
		RETURN;
	END IF;
	before := bench.cpu();
	PERFORM set_config('role', its_role, true);
	begun := clock_timestamp();
	EXECUTE statement;
	COMMIT;
	took := extract(epoch FROM clock_timestamp() - begun)::double precision * 1000;
	INSERT INTO bench.sample (name, ms, cpu) VALUES (p_name, took, bench.cpu() - before);
END
$$;

SELECT :repetitions + 5 AS all_of_them \gset

-- Accounts and devices to ask about, of each organization that a case is about.
CREATE TABLE bench.person AS
SELECT o.key, a.id, a.upn, row_number() OVER (PARTITION BY o.key ORDER BY md5(bench.run_name(a.id::text))) AS i
  FROM muster.organization o CROSS JOIN LATERAL (SELECT * FROM muster.account x WHERE x.organization = o.id AND x.kind = 'person'
	AND EXISTS (SELECT FROM muster.device d WHERE d.account = x.id) ORDER BY md5(bench.run_name(x.id::text)) LIMIT :all_of_them) a
 WHERE o.key IN ('big', 'middle-2', 'small-3');
CREATE TABLE bench.machine AS
SELECT p.key, d.id, d.name, d.serial_number, d.device_id, d.hardware_id, d.trace, d.facts, encode((SELECT c.serial FROM muster.certificate c WHERE c.device = d.id LIMIT 1), 'hex') AS serial, row_number() OVER (PARTITION BY p.key ORDER BY md5(d.id::text)) AS i
  FROM bench.person p JOIN muster.device d ON d.account = p.id AND d.state = 'enrolled';

-- The i-th of them, over and over.
CREATE FUNCTION bench.nth_person(p_key text, p_i bigint) RETURNS bench.person LANGUAGE sql STABLE AS $$
	SELECT p.* FROM bench.person p WHERE p.key = p_key AND p.i = 1 + p_i % (SELECT count(*) FROM bench.person x WHERE x.key = p_key)
$$;
CREATE FUNCTION bench.nth_machine(p_key text, p_i bigint) RETURNS bench.machine LANGUAGE sql STABLE AS $$
	SELECT m.* FROM bench.machine m WHERE m.key = p_key AND m.i = 1 + p_i % (SELECT count(*) FROM bench.machine x WHERE x.key = p_key)
$$;
CREATE FUNCTION bench.filled(p_sql text, p bench.person, m bench.machine, n integer) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	made text := p_sql;
	v record;
BEGIN
	FOR v IN SELECT * FROM (VALUES ('$upn', p.upn), ('$account', p.id::text), ('$key', p.key), ('$name', m.name), ('$serial', m.serial_number), ('$hardware', m.hardware_id),
		('$certificate', m.serial), ('$id', m.id::text), ('$trace', m.trace::text), ('$facts', bench.facts('why' || n)::text), ('$today', (now() AT TIME ZONE 'UTC')::date::text)) x (word, value)
	LOOP
		made := replace(made, v.word, quote_literal(v.value) || CASE v.word WHEN '$today' THEN '::date' ELSE '' END);
	END LOOP;
	RETURN made;
END
$$;
CREATE FUNCTION bench.facts(p_name text) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('DeviceID', upper(md5('bench device' || bench.run_name(p_name))), 'HWDevID', upper(md5('bench hardware' || bench.run_name(p_name)) || md5('bench module' || p_name)),
		'DeviceName', 'BENCH-' || bench.run_name(p_name), 'SerialNumber', 'BENCH' || bench.run_name(p_name), 'OSVersion', '10.0.22631.4317', 'OSEdition', '4', 'DeviceType', 'CIMClient_Windows',
		'EnrollmentType', 'Full', 'RequestVersion', '4.0', 'ApplicationVersion', '10.0.22631.4317', 'Locale', 'en-GB', 'MAC', jsonb_build_array('001122334455'),
		'UXInitiated', 'true', 'NotInOobe', 'true', 'Manufacturer', 'Example', 'DeviceModel', 'Model 1')
$$;
CREATE FUNCTION bench.consider(p_key text, p_user text, p_facts jsonb) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT format('SELECT * FROM muster_worker.consider(%L, %L, %L, %L)', p_key, p_user, p_facts, '10.1.2.3')
$$;
CREATE FUNCTION bench.record(p_name text, p_account uuid, p_facts jsonb) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT format('SELECT * FROM muster_issuer.record(%L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L)',
		muster.new_id(), muster.new_id(), muster.new_id(), '10.1.2.3', o.key, a.id, o.authority, (SELECT c.generation FROM muster.configuration c),
		decode(md5('bench serial' || bench.run_name(p_name)), 'hex'), sha256(x.der), x.der, sha256(decode(md5('bench key' || p_name), 'hex')), decode(repeat(md5(p_name), 6), 'hex'),
		extract(epoch FROM now() - interval '10 minutes')::bigint, extract(epoch FROM now() + interval '300 days')::bigint, p_facts)
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization,
	       (SELECT '\x308202fc'::bytea || decode(repeat(md5('bench certificate' || bench.run_name(p_name)), 48), 'hex') AS der) x
	 WHERE a.id = p_account
$$;

-- People.
DO $people$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT * FROM (VALUES ('bench_admin', 'muster_admin', NULL, NULL), ('bench_auditor', 'muster_auditor', NULL, NULL),
		('bench_help_desk', 'muster_help_desk', 'help desk', '*'), ('bench_big_admin', 'muster_organization_admin', 'organization administrator', 'big'),
		('bench_small_admin', 'muster_organization_admin', 'organization administrator', 'small-3')) v (name, of_role, duty, organization)
	LOOP
		IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = p.name) THEN
			EXECUTE format('CREATE ROLE %I IN ROLE %I', p.name, p.of_role);
		END IF;
		IF p.duty IS NOT NULL THEN
			PERFORM muster.delegate(p.name, p.duty, p.organization);
		END IF;
	END LOOP;
END
$people$;

-- Accounts at their cap: those of the big organization, each with as many as it has.
CREATE TABLE bench.capped AS
SELECT muster.add_account(bench.run_name('capped' || i) || '@big.test') AS id, i FROM generate_series(1, 50) i;
SELECT muster.add_account(bench.run_name('fresh' || i) || '@middle-1.test'), muster.add_account(bench.run_name('exhausted' || i) || '@middle-3.test') FROM generate_series(1, :all_of_them) i \g /dev/null
SELECT muster.assign_licence(bench.run_name('capped' || i) || '@big.test', 'Device management') FROM generate_series(1, 50) i \g /dev/null
-- Five devices each; recorded as any other.
DO $capped$
DECLARE
	s text;
BEGIN
	FOR s IN SELECT bench.record(format('capped%s-%s', c.i, d), c.id, bench.facts(format('capped%s-%s', c.i, d))) FROM bench.capped c, generate_series(1, 5) d LOOP
		EXECUTE s;
	END LOOP;
END
$capped$;
-- Pools: as many seats left as accounts will draw; none left.
SELECT muster.set_licence_seats(key, 'Device management', (SELECT l.taken FROM muster.licences l WHERE l.organization = key)::int + more)
  FROM (VALUES ('middle-1', :all_of_them), ('middle-3', 0)) v (key, more) \g /dev/null

SELECT ARRAY(SELECT generate_series(1, :all_of_them))::text AS i \gset

-- What measuring itself costs.
SELECT bench.add('nothing', 'muster_worker', NULL, ARRAY(SELECT 'SELECT 1' FROM unnest(:'i'::int[])));

-- Workers.
SELECT bench.add('discover', 'muster_worker', NULL, ARRAY(SELECT 'SELECT * FROM muster_worker.discover(''big.test'')' FROM unnest(:'i'::int[])));
SELECT bench.add('policy', 'muster_worker', NULL, ARRAY(SELECT format('SELECT * FROM muster_worker.policy(NULL, %L, ''10.1.2.3'')', (bench.nth_person('big', i)).upn) FROM unnest(:'i'::int[]) i));
SELECT bench.add('consider, a new device', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider(NULL, (bench.nth_person('big', i)).upn, bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('consider, the same device again', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider(NULL, (SELECT v.account FROM muster.devices v WHERE v.id = m.id), m.facts)
	FROM unnest(:'i'::int[]) n, bench.nth_machine('big', n) m));
SELECT bench.add('consider, by the short name', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider('big', split_part((bench.nth_person('big', i)).upn, '@', 1), bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('consider, expected devices asked', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider(NULL, (bench.nth_person('middle-2', i)).upn, bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('consider, the account at its cap', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider(NULL, bench.run_name('capped' || 1 + i % 50) || '@big.test', bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('consider, a seat of the last ones', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider(NULL, bench.run_name('fresh' || i) || '@middle-1.test', bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('consider, no seat left', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider(NULL, bench.run_name('exhausted' || i) || '@middle-3.test', bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('consider, nobody of that name', 'muster_worker', 'ratio', ARRAY(SELECT bench.consider('big', 'nobody' || i || '@big.test', bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('refuse', 'muster_worker', NULL, ARRAY(SELECT format('SELECT * FROM muster_worker.refuse(%L, %L, ''policy'', ''Authentication'', ''wrong password'', ''big'', %L, %L, ''10.1.2.3'', NULL)',
	muster.new_id(), muster.new_id(), p.upn, p.id) FROM unnest(:'i'::int[]) n, bench.nth_person('big', n) p));
SELECT bench.add('device', 'muster_worker', NULL, ARRAY(SELECT format('SELECT * FROM muster_worker.device(%L, %L)', (SELECT c.sha256 FROM muster.certificate c WHERE c.device = m.id), muster.new_id())
	FROM unnest(:'i'::int[]) n, bench.nth_machine('big', n) m));
SELECT bench.add('count', 'muster_worker', NULL, ARRAY(SELECT 'SELECT * FROM muster_worker.count(''[{"organization": "big", "stage": "discovery", "build": "10.0.22631", "count": 3}]'')' FROM unnest(:'i'::int[])));
SELECT bench.add('housekeeping', 'muster_worker', NULL, ARRAY(SELECT 'SELECT * FROM muster_worker.housekeeping()' FROM unnest(:'i'::int[])));

-- Issuers.
SELECT bench.add('record, a new device', 'muster_issuer', 'ratio', ARRAY(SELECT bench.record('new' || i, (bench.nth_person('big', i)).id, bench.facts('new' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('record, the same device again', 'muster_issuer', 'ratio', ARRAY(SELECT bench.record('again' || n, (SELECT d.account FROM muster.device d WHERE d.id = m.id), m.facts)
	FROM unnest(:'i'::int[]) n, bench.nth_machine('middle-2', n) m));
SELECT bench.add('record, the account at its cap', 'muster_issuer', 'ratio', ARRAY(SELECT bench.record('cap' || n, c.id, bench.facts('new' || n)) FROM unnest(:'i'::int[]) n JOIN bench.capped c ON c.i = 1 + n % 50));
SELECT bench.add('record, a seat of the last ones', 'muster_issuer', 'ratio', ARRAY(SELECT bench.record('seat' || i, muster.account_id(bench.run_name('fresh' || i) || '@middle-1.test'), bench.facts('seat' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('record, no seat left', 'muster_issuer', 'ratio', ARRAY(SELECT bench.record('none' || i, muster.account_id(bench.run_name('exhausted' || i) || '@middle-3.test'), bench.facts('none' || i)) FROM unnest(:'i'::int[]) i));
SELECT bench.add('record, recorded already', 'muster_issuer', 'ratio', ARRAY(SELECT s.sql FROM bench.statement s WHERE s.name = 'record, a new device' ORDER BY s.number));
SELECT bench.add('device, its first use', 'muster_worker', NULL, ARRAY(SELECT format('SELECT * FROM muster_worker.device(%L, %L)', sha256('\x308202fc'::bytea || decode(repeat(md5('bench certificate' || bench.run_name('new' || i)), 48), 'hex')), muster.new_id())
	FROM unnest(:'i'::int[]) i));
SELECT bench.add('authorities', 'muster_issuer', NULL, ARRAY(SELECT 'SELECT * FROM muster_issuer.authorities()' FROM unnest(:'i'::int[])));
SELECT bench.add('profiles', 'muster_issuer', NULL, ARRAY(SELECT 'SELECT * FROM muster_issuer.profiles()' FROM unnest(:'i'::int[])));
SELECT bench.add('generation', 'muster_issuer', NULL, ARRAY(SELECT 'SELECT * FROM muster_issuer.generation()' FROM unnest(:'i'::int[])));

-- Everyday questions, of everybody who may ask them.
DO $views$
DECLARE
	who record;
	question record;
	numbers int[] := ARRAY(SELECT generate_series(1, (SELECT count(*) FROM bench.statement s WHERE s.name = 'discover')));
BEGIN
	FOR who IN SELECT * FROM (VALUES ('administrator', 'bench_admin', 'big'), ('auditor', 'bench_auditor', 'middle-2'), ('help desk', 'bench_help_desk', 'big'),
		('big''s own administrator', 'bench_big_admin', 'big'), ('small''s own administrator', 'bench_small_admin', 'small-3')) v (title, role, key)
	LOOP
		FOR question IN SELECT * FROM (VALUES
			('an account', 'SELECT * FROM muster.accounts WHERE upn = $upn'),
			('accounts, a page', 'SELECT * FROM muster.account_page($key, $upn)'),
			('an account''s devices', 'SELECT * FROM muster.devices_of($upn)'),
			('an account''s devices, by the view', 'SELECT * FROM muster.devices WHERE account = $upn'),
			('an account''s events', 'SELECT * FROM muster.event WHERE account = $account ORDER BY at'),
			('an account''s refusals', 'SELECT * FROM muster.refusals_of($upn)'),
			('an account''s licences', 'SELECT * FROM muster.licence_holders WHERE account = $upn'),
			('an account''s groups', 'SELECT * FROM muster.group_members WHERE account = $upn'),
			('an account''s acceptances', 'SELECT * FROM muster.acceptances WHERE account = $upn'),
			('an enrollment explained', 'SELECT * FROM muster.explain_enrollment($upn, $facts, ''10.1.2.3'')'),
			('a device by name', 'SELECT * FROM muster.devices WHERE name = $name'),
			('a device by serial number', 'SELECT * FROM muster.devices WHERE serial_number = $serial'),
			('a device by id', 'SELECT * FROM muster.devices WHERE id = $id'),
			('a device found by name', 'SELECT * FROM muster.find_devices(lower($name))'),
			('a device found by serial number', 'SELECT * FROM muster.find_devices(lower($serial))'),
			('a device found by hardware id', 'SELECT * FROM muster.find_devices(lower($hardware))'),
			('a device found by its certificate', 'SELECT * FROM muster.find_devices($certificate)'),
			('a device found by id', 'SELECT * FROM muster.find_devices($id)'),
			('a device explained', 'SELECT * FROM muster.explain_device($id)'),
			('devices, a page', 'SELECT * FROM muster.device_page($key, $id)'),
			('devices, the newest', 'SELECT * FROM muster.devices WHERE state = ''enrolled'' ORDER BY id DESC LIMIT 20'),
			('a device''s certificates', 'SELECT * FROM muster.certificates WHERE device = $id'),
			('a device''s events', 'SELECT * FROM muster.event WHERE device = $id ORDER BY at'),
			('certificates, a page', 'SELECT * FROM muster.certificate_page($key)'),
			('certificates that end', 'SELECT * FROM muster.certificates WHERE not_after < now() + interval ''30 days'' ORDER BY not_after LIMIT 50'),
			('a trace', 'SELECT * FROM muster.trace($trace)'),
			('refusals, the latest', 'SELECT * FROM muster.refusals ORDER BY at DESC LIMIT 20'),
			('refusals, a page', 'SELECT * FROM muster.refusal_page($key)'),
			('refusals of a day', 'SELECT * FROM muster.refusals_by_day($today - 1, $today - 1)'),
			('refusals of today', 'SELECT * FROM muster.refusals_by_day($today, $today)'),
			('refusals, two weeks of one organization', 'SELECT * FROM muster.refusals_by_day(of_organization => $key)'),
			('refusals, two weeks of all', 'SELECT * FROM muster.refusals_by_day()'),
			('funnel of a day', 'SELECT * FROM muster.funnel($today - 1, $today - 1)'),
			('funnel of today', 'SELECT * FROM muster.funnel($today, $today)'),
			('funnel, two weeks of one organization', 'SELECT * FROM muster.funnel(of_organization => $key)'),
			('funnel, two weeks of all', 'SELECT * FROM muster.funnel()'),
			('licences', 'SELECT * FROM muster.licences'),
			('a licence''s holders, a page', 'SELECT * FROM muster.holder_page($key, ''Device management'', $upn)'),
			('a group', 'SELECT * FROM muster.groups WHERE organization = $key AND name = ''Group 1'''),
			('a group''s members, a page', 'SELECT * FROM muster.member_page($key, ''Group 1'', $upn)'),
			('groups of one', 'SELECT * FROM muster.groups WHERE organization = $key'),
			('networks', 'SELECT * FROM muster.allowed_networks'),
			('custom rules', 'SELECT * FROM muster.custom_rules'),
			('blocked devices', 'SELECT * FROM muster.blocked_devices WHERE organization = $key ORDER BY id DESC LIMIT 50'),
			('an expected device', 'SELECT * FROM muster.expected_devices WHERE organization = $key AND kind = ''serial number'' AND value = ''NEW77'''),
			('what expires', 'SELECT * FROM muster.expiring WHERE organization = $key'),
			('client versions', 'SELECT * FROM muster.client_versions ORDER BY first_seen_at DESC LIMIT 50'),
			('organizations', 'SELECT * FROM muster.organizations'),
			('authorities', 'SELECT * FROM muster.authorities'),
			('maintenance', 'SELECT * FROM muster.maintenances'),
			('delegations', 'SELECT * FROM muster.delegations'),
			('configuration checked', 'SELECT * FROM muster.check_configuration($key)'),
			('configuration of one', 'SELECT * FROM muster.configuration_of($key)'),
			('what was changed, a page', 'SELECT * FROM muster.change_page($key)'),
			('what was changed', 'SELECT * FROM muster.changes ORDER BY at DESC LIMIT 20'),
			('legal holds', 'SELECT * FROM muster.event_holds'),
			('a device blocked', 'SELECT muster.block_device($key, ''serial number'', $serial, ''lost'')'),
			('what deleting an account removes', 'SELECT * FROM muster.delete_account($upn)')
			) q (title, sql)
		LOOP
			-- Not every organization has a licence, and not everybody changes something.
			CONTINUE WHEN (who.key = 'small-3' AND question.title = 'a licence''s holders, a page')
				OR (who.title IN ('auditor', 'help desk') AND question.title IN ('a device blocked', 'what deleting an account removes'));
			PERFORM bench.add(question.title || ': ' || who.title, who.role, CASE WHEN question.title LIKE '%two weeks of all' THEN 'report'
				-- Who sees one organization among many asks for its pages: a view does not know beforehand how rare its rows are.
				WHEN who.title LIKE '%own administrator' AND question.title IN ('devices, the newest', 'certificates that end', 'refusals, the latest', 'what was changed') THEN 'paged'
				ELSE 'view' END, ARRAY(
				SELECT bench.filled(question.sql, p, m, n) FROM unnest(numbers) n, bench.nth_person(who.key, n) p, bench.nth_machine(who.key, n) m));
		END LOOP;
	END LOOP;
END
$views$;
ANALYZE bench.statement;
