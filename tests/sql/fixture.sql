-- What every SQL test finds: pgTAP and helpers in schema test, two organizations, an authority, accounts, and
-- people of each role. Run once, into the template that each test's database is a copy of.

CREATE SCHEMA test;
CREATE EXTENSION pgtap SCHEMA test;
CREATE EXTENSION dblink SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;

-- Run a statement as a role; its first row's values joined by '|', '(no row)', 'done N', or its error
-- with hint: one text, so that one is() says all.
CREATE FUNCTION test.try(p_role text, p_sql text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	r record;
	answer text;
	n bigint;
	message text;
	hint text;
BEGIN
	BEGIN
		EXECUTE format('SET LOCAL ROLE %I', p_role);
		IF p_sql ~* '^\s*(select|with|table|values)\y' THEN
			EXECUTE p_sql INTO r;
			GET DIAGNOSTICS n = ROW_COUNT;
			EXECUTE 'RESET ROLE';
			IF n = 0 THEN
				RETURN '(no row)';
			END IF;
			SELECT string_agg(coalesce(v.value, '-'), '|') INTO answer FROM json_each_text(row_to_json(r)) v;
			RETURN answer;
		END IF;
		EXECUTE p_sql;
		GET DIAGNOSTICS n = ROW_COUNT;
		EXECUTE 'RESET ROLE';
		RETURN 'done ' || n;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	END;
	EXECUTE 'RESET ROLE';
	RETURN 'ERROR: ' || message || CASE WHEN hint <> '' THEN ' HINT: ' || hint ELSE '' END;
END
$$;

-- A made-up certificate, key and encrypted key, each number another.
CREATE FUNCTION test.der(n integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT '\x3082'::bytea || decode(lpad(to_hex(n), 8, '0'), 'hex') || decode(repeat('5a', 200), 'hex')
$$;
CREATE FUNCTION test.locked_key() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT '\x308201d3305706092a864886f70d01050d'::bytea || decode(repeat('00', 100), 'hex')
$$;
CREATE FUNCTION test.id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT ('0198f0c2-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
$$;

-- The call of muster_issuer.record for grant and certificate number n; whatever is not given is right.
CREATE FUNCTION test.record(n integer, p_upn text, p_facts text DEFAULT '{}', p_trace uuid DEFAULT NULL, p_generation bigint DEFAULT NULL,
	p_authority uuid DEFAULT NULL, p_serial integer DEFAULT NULL, p_der integer DEFAULT NULL, p_begins timestamptz DEFAULT NULL,
	p_ends timestamptz DEFAULT NULL, p_organization text DEFAULT NULL, p_columns text DEFAULT 'outcome, why', p_remote text DEFAULT '192.0.2.7') RETURNS text
LANGUAGE sql AS $$
	SELECT format('SELECT %s FROM muster_issuer.record(%L, %L, NULL, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L)', p_columns,
		test.id(n), coalesce(p_trace, test.id(n + 1000000)), p_remote, coalesce(p_organization, o.key), a.id,
		coalesce(p_authority, o.authority), coalesce(p_generation, (SELECT generation FROM muster.configuration)),
		decode(lpad(to_hex(coalesce(p_serial, n)), 8, '0'), 'hex'), sha256(test.der(coalesce(p_der, n))), test.der(n),
		sha256(test.der(-n)), '\x0102'::bytea,
		extract(epoch FROM coalesce(p_begins, now() - interval '10 min'))::bigint,
		extract(epoch FROM coalesce(p_ends, now() + interval '100 days'))::bigint, p_facts)
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.upn = p_upn
$$;
CREATE FUNCTION test.device(n integer, p_columns text DEFAULT 'outcome, why') RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT format('SELECT %s FROM muster_worker.device(%L, %L)', p_columns, sha256(test.der(n)), test.id(2000000 + n))
$$;

-- A second connection, for what needs two.
CREATE FUNCTION test.connection(p_user text) RETURNS text LANGUAGE sql AS $$
	SELECT format('host=%s port=%s dbname=%s user=%s', current_setting('unix_socket_directories'), current_setting('port'), current_database(), p_user)
$$;

SELECT muster.add_organization('example', 'Example Ltd', 'https://enroll.example.test:8443', 'https://device.example.test');
SELECT muster.add_domain('example', 'example.test');
SELECT muster.add_domain('example', 'sub.example.test');
SELECT muster.set_dm_server('example', 'ExampleMDM', 'https://mdm.example.test/ManagementServer/MDM.svc', 'Example management');
SELECT muster.add_organization('other', 'Other plc', 'https://enroll.other.test', 'https://device.other.test');
SELECT muster.add_domain('other', 'other.test');
SELECT muster.set_dm_server('other', 'OtherMDM', 'https://mdm.other.test/dm');
SELECT muster.add_authority('issuing', 'Example issuing',
	muster.add_authority('root', 'Example root', NULL, test.locked_key(), test.der(-1001), now() - interval '1 hour', now() + interval '20 years', 'ec-p256'),
	test.locked_key(), test.der(-1002), now() - interval '1 hour', now() + interval '10 years', 'ec-p256');
SELECT muster.set_authority('example', 'Example issuing'), muster.set_authority('other', 'Example issuing');
SELECT muster.set_sealing_key(sha256('sealing key'));
SELECT muster.add_account('ada@example.test', 'Ada Lovelace'), muster.add_account('bob@example.test', 'Bob'),
	muster.add_account('Twin@example.test'), muster.add_account('twin@sub.example.test'),
	muster.add_account('package@example.test', 'Autumn laptops', kind => 'bulk'),
	muster.add_account('olga@other.test', 'Olga'),
	muster.add_account('shared@third.test', organization => 'example'), muster.add_account('shared@third.test', organization => 'other');
SELECT muster.set_password_hash('ada@example.test', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7');

-- For tests in C: a custom rule that refuses everybody, and another isolation level for the issuers.
CREATE FUNCTION test.make_rule() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF to_regrole('ruling') IS NULL THEN
		CREATE ROLE ruling;
	END IF;
	CREATE SCHEMA ruling AUTHORIZATION ruling;
	GRANT USAGE ON SCHEMA ruling TO PUBLIC;
	CREATE FUNCTION ruling.nobody(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
		AS $f$ SELECT '{"reason": "test", "en": "Nobody.", "de": "Niemand."}'::jsonb $f$;
	ALTER FUNCTION ruling.nobody(muster.candidate) OWNER TO ruling;
	RETURN muster.register_custom_rule('example', 'none', 'ruling.nobody');
END
$$;
CREATE FUNCTION test.issuers_are(p_isolation text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER ROLE muster_issuer IN DATABASE %I SET default_transaction_isolation = %L', current_database(), p_isolation);
	RETURN p_isolation;
END
$$;
