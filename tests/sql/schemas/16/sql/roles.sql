-- The roles. They belong to the whole cluster, so an earlier database's may be there already: what
-- exists is kept as it is, with the administrator's changes.

DO $roles$
DECLARE
	installer name := current_user;
	is_super boolean := (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user);
	may_create boolean := (SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles r WHERE r.rolname = current_user);
	wanted text[][] := ARRAY[
		['muster_owner', 'NOLOGIN', 'Muster: owns its schemas and everything in them. Nobody logs in as it; install.sql is run by a superuser or a member.'],
		['muster_worker', 'LOGIN', 'Muster: the worker processes log in as this role. It reads no table and calls the functions of schema muster_worker only.'],
		['muster_issuer', 'LOGIN', 'Muster: the issuer processes log in as this role. It reads no table and calls the functions of schema muster_issuer only.'],
		['muster_keys', 'LOGIN', 'Muster: muster-ca keys logs in as this role, from a timer. It reads no table and calls the functions of schema muster_keys only.'],
		['muster_admin', 'NOLOGIN', 'Muster: administrators. GRANT muster_admin TO a person, who then uses the functions and views of schema muster.'],
		['muster_auditor', 'NOLOGIN', 'Muster: reads views and events, changes nothing. GRANT muster_auditor TO a person.'],
		['muster_help_desk', 'NOLOGIN', 'Muster: help desk: sees, explains and traces what is of the organizations delegated to it, and retires devices. GRANT muster_help_desk TO a person, then muster.delegate.'],
		['muster_organization_admin', 'NOLOGIN', 'Muster: an organization''s own administrator: sees and changes that organization only. GRANT muster_organization_admin TO a person, then muster.delegate.']
	];
	settings text[][] := ARRAY[
		['statement_timeout', '5s'],
		['lock_timeout', '4s'],
		['idle_in_transaction_session_timeout', '10s']
	];
	missing text;
	role_name text;
	i int;
	j int;
BEGIN
	IF current_setting('server_version_num')::int < 150000 THEN
		RAISE EXCEPTION 'Muster needs PostgreSQL 15 or later, this is %', current_setting('server_version');
	END IF;
	IF current_setting('server_encoding') <> 'UTF8' THEN
		RAISE EXCEPTION 'database % has the encoding %, Muster needs UTF8', current_database(), current_setting('server_encoding')
			USING HINT = 'CREATE DATABASE muster ENCODING ''UTF8'' TEMPLATE template0;';
	END IF;

	SELECT string_agg(w, ', ') INTO missing
	  FROM unnest(ARRAY['muster_owner', 'muster_worker', 'muster_issuer', 'muster_keys', 'muster_admin', 'muster_auditor', 'muster_help_desk', 'muster_organization_admin']) w
	 WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = w);
	IF missing IS NOT NULL AND NOT may_create THEN
		RAISE EXCEPTION 'these roles do not exist and % may not create roles: %', installer, missing
			USING HINT = format('Run install.sql once as a superuser, or as a superuser: ALTER ROLE %I CREATEROLE;', installer);
	END IF;

	FOR i IN 1 .. array_length(wanted, 1) LOOP
		role_name := wanted[i][1];
		IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role_name) THEN
			EXECUTE format('CREATE ROLE %I %s', role_name, wanted[i][2]);
			EXECUTE format('COMMENT ON ROLE %I IS %L', role_name, wanted[i][3]);
			IF role_name = 'muster_owner' AND NOT is_super THEN
				EXECUTE format('GRANT muster_owner TO %I', installer);
			END IF;
		END IF;
	END LOOP;

	IF NOT pg_has_role(installer, 'muster_owner', 'MEMBER') THEN
		RAISE EXCEPTION '% is not a member of muster_owner', installer
			USING HINT = format('As a superuser: GRANT muster_owner TO %I;', installer);
	END IF;

	-- Deadlines of the programs' roles; a setting that an administrator chose stays.
	FOREACH role_name IN ARRAY ARRAY['muster_worker', 'muster_issuer', 'muster_keys'] LOOP
		FOR j IN 1 .. array_length(settings, 1) LOOP
			CONTINUE WHEN EXISTS (
				SELECT FROM pg_db_role_setting s
				  JOIN pg_roles r ON r.oid = s.setrole
				  JOIN pg_database d ON s.setdatabase IN (0, d.oid) AND d.datname = current_database(),
				  unnest(s.setconfig) c
				 WHERE r.rolname = role_name AND split_part(c, '=', 1) = settings[j][1]);
			IF may_create THEN
				EXECUTE format('ALTER ROLE %I SET %I = %L', role_name, settings[j][1], settings[j][2]);
			ELSE
				RAISE WARNING 'role % has no %', role_name, settings[j][1]
					USING HINT = format('As a superuser: ALTER ROLE %I SET %I = %L;', role_name, settings[j][1], settings[j][2]);
			END IF;
		END LOOP;
	END LOOP;

	-- The owner needs to make schemas here, the others to connect.
	IF NOT has_database_privilege('muster_owner', current_database(), 'CREATE') THEN
		IF is_super OR (SELECT pg_has_role(installer, d.datdba, 'MEMBER') FROM pg_database d WHERE d.datname = current_database()) THEN
			EXECUTE format('GRANT CREATE ON DATABASE %I TO muster_owner', current_database());
		ELSIF to_regnamespace('muster') IS NULL THEN
			RAISE EXCEPTION 'muster_owner may not create schemas in database %', current_database()
				USING HINT = format('As the database''s owner or a superuser: GRANT CREATE ON DATABASE %I TO muster_owner;', current_database());
		END IF;
	END IF;
	FOREACH role_name IN ARRAY ARRAY['muster_worker', 'muster_issuer', 'muster_keys', 'muster_admin', 'muster_auditor', 'muster_help_desk', 'muster_organization_admin'] LOOP
		CONTINUE WHEN has_database_privilege(role_name, current_database(), 'CONNECT');
		IF is_super OR (SELECT pg_has_role(installer, d.datdba, 'MEMBER') FROM pg_database d WHERE d.datname = current_database()) THEN
			EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role_name);
		ELSE
			RAISE WARNING 'role % may not connect to database %', role_name, current_database()
				USING HINT = format('As the database''s owner: GRANT CONNECT ON DATABASE %I TO %I;', current_database(), role_name);
		END IF;
	END LOOP;

	-- A schema of another owner under our name would be silently mixed with ours.
	IF EXISTS (SELECT FROM pg_namespace n
	            WHERE n.nspname IN ('muster', 'muster_worker', 'muster_issuer', 'muster_keys')
	              AND n.nspowner <> (SELECT r.oid FROM pg_roles r WHERE r.rolname = 'muster_owner')) THEN
		RAISE EXCEPTION 'a schema muster, muster_worker, muster_issuer or muster_keys exists and is not owned by muster_owner'
			USING HINT = 'Look with \dn+ and rename or drop the foreign schema, or install into another database.';
	END IF;
END
$roles$;
