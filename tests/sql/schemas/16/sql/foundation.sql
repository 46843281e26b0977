-- What the tables themselves lean on: schemas, the record of migrations, and small functions without tables.

CREATE SCHEMA IF NOT EXISTS muster;
CREATE SCHEMA IF NOT EXISTS muster_worker;
CREATE SCHEMA IF NOT EXISTS muster_issuer;
CREATE SCHEMA IF NOT EXISTS muster_keys;

COMMENT ON SCHEMA muster IS 'Muster, for people. Begin with: SELECT * FROM muster.help; it lists the views to look at and the functions to administer with, by task. Functions whose comment begins with "Internal" are parts of the others.';
COMMENT ON SCHEMA muster_worker IS 'Muster: what the worker processes may call, and all they may do.';
COMMENT ON SCHEMA muster_issuer IS 'Muster: what the issuer processes may call, and all they may do.';
COMMENT ON SCHEMA muster_keys IS 'Muster: what muster-ca keys may call, and all it may do.';

-- Functions are closed unless granted.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE IF NOT EXISTS muster.schema_version (
	version    integer PRIMARY KEY CHECK (version > 0),
	name       text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now(),
	applied_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE muster.schema_version IS 'The migrations applied to this database, written by install.sql. The highest version is the schema''s. Example: SELECT max(version) FROM muster.schema_version;';
COMMENT ON COLUMN muster.schema_version.version IS 'Number of the migration, as its file''s.';
COMMENT ON COLUMN muster.schema_version.name IS 'What it was about.';
COMMENT ON COLUMN muster.schema_version.applied_at IS 'When it was applied.';
COMMENT ON COLUMN muster.schema_version.applied_by IS 'Who ran install.sql then.';

CREATE OR REPLACE FUNCTION muster.new_id() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
	-- A version 4 GUID whose first 48 bits become milliseconds since 1970 and whose version becomes 7.
	SELECT encode(
		set_bit(set_bit(
			overlay(uuid_send(gen_random_uuid())
				PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
				FROM 1 FOR 6),
			52, 1), 53, 1), 'hex')::uuid
$$;
COMMENT ON FUNCTION muster.new_id() IS 'A new time-ordered GUID (RFC 9562, version 7): rows that are made together are stored together. Example: SELECT muster.new_id();';

CREATE OR REPLACE FUNCTION muster.id_time(id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT to_timestamp(('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0)
$$;
COMMENT ON FUNCTION muster.id_time(uuid) IS 'When a time-ordered GUID (a device''s or trace''s id) was made. Example: SELECT muster.id_time(muster.new_id());';

CREATE OR REPLACE FUNCTION muster.first_id(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
COMMENT ON FUNCTION muster.first_id(timestamptz) IS 'Internal: the lowest of the time-ordered GUIDs made since a time. Example: SELECT muster.first_id(now());';

CREATE OR REPLACE FUNCTION muster.cut(p_text text, p_max integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT nullif(left(btrim(regexp_replace(left(p_text, p_max * 2 + 64), '[[:cntrl:]]+', ' ', 'g')), p_max), '')
$$;
COMMENT ON FUNCTION muster.cut(text, integer) IS 'Internal: at most so many characters of a text that a stranger sent, control characters made blanks, white space at the ends removed; NULL when nothing is left. Example: SELECT muster.cut(E'' PC-1\n'', 64);';

CREATE OR REPLACE FUNCTION muster.fact(p_facts jsonb, p_name text, p_max integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	-- Facts are {"DeviceID": "…", "MAC": ["…", "…"]}; the first of several counts. What is not text is taken as
	-- its JSON text, an object inside as nothing: a device's claim must not be able to fail an enrollment.
	SELECT CASE jsonb_typeof(p_facts)
		WHEN 'object' THEN CASE jsonb_typeof(p_facts -> p_name)
			WHEN 'array' THEN CASE WHEN jsonb_typeof(p_facts -> p_name -> 0) IN ('string', 'number', 'boolean')
				THEN muster.cut(p_facts -> p_name ->> 0, p_max) END
			WHEN 'object' THEN NULL
			ELSE muster.cut(p_facts ->> p_name, p_max)
		END
	END
$$;
COMMENT ON FUNCTION muster.fact(jsonb, text, integer) IS 'Internal: one of the facts that a device asserts, as a text of at most so many characters. Never fails. Example: SELECT muster.fact(''{"DeviceName":"PC-1"}'', ''DeviceName'', 256);';

CREATE OR REPLACE FUNCTION muster.kept_facts(p_facts jsonb, p_bytes integer) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	IF p_facts IS NULL OR jsonb_typeof(p_facts) <> 'object' THEN
		RETURN '{}';
	END IF;
	IF octet_length(p_facts::text) <= p_bytes THEN
		-- The terms page's token is no fact of the device, and opens an enrollment.
		RETURN p_facts - 'EnrollmentData';
	END IF;
	-- Too much: what administrators look for, each cut short.
	RETURN (
		SELECT coalesce(jsonb_object_agg(n, muster.fact(p_facts, n, 200)), '{}')
		  FROM unnest(ARRAY['DeviceID', 'HWDevID', 'DeviceName', 'EnrollmentType', 'DeviceType', 'OSVersion',
			'OSEdition', 'ApplicationVersion', 'RequestVersion', 'SerialNumber', 'Manufacturer', 'DeviceModel',
			'Locale']) n
		 WHERE muster.fact(p_facts, n, 200) IS NOT NULL) || '{"muster:cut": true}';
END
$$;
COMMENT ON FUNCTION muster.kept_facts(jsonb, integer) IS 'Internal: a device''s facts as they are kept: whole up to so many bytes but for the token of the terms page, beyond that the well-known ones, cut, and marked "muster:cut". Example: SELECT muster.kept_facts(''{"DeviceName":"PC-1"}'', 524288);';

CREATE OR REPLACE FUNCTION muster.to_inet(p_text text) RETURNS inet
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	IF p_text IS NULL OR p_text !~ '^[0-9A-Fa-f.:]{2,45}$' THEN
		RETURN NULL;
	END IF;
	-- An IPv4 client of an IPv6 socket is an IPv4 client.
	RETURN regexp_replace(p_text, '^::ffff:(?=[0-9]+[.])', '', 'i')::inet;
EXCEPTION WHEN invalid_text_representation THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.to_inet(text) IS 'Internal: a client address, NULL when the text is none; of an IPv4 address in IPv6 (::ffff:192.0.2.7) the IPv4 address. Example: SELECT muster.to_inet(''192.0.2.7'');';
