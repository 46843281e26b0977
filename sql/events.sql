-- Events: append-only, in monthly partitions, and written by trigger for every administrative change.

CREATE OR REPLACE FUNCTION muster.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION '% of % is refused: events are only ever added', lower(TG_OP), TG_TABLE_NAME
		USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION muster.refuse_change() IS 'Internal: trigger that keeps events as they were written, from their owner and from superusers, too. Example: CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.event FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();';

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.event
	FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.event
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.event_default
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();

CREATE OR REPLACE FUNCTION muster.make_event_partitions(p_ahead integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	first_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
	month timestamp;
	partition_name text;
	made integer := 0;
BEGIN
	FOR i IN 0 .. least(greatest(p_ahead, 0), 24) LOOP
		month := first_month + make_interval(months => i);
		partition_name := 'event_' || to_char(month, 'YYYY_MM');
		CONTINUE WHEN to_regclass('muster.' || partition_name) IS NOT NULL;
		-- A month that already has rows in the default partition keeps them there.
		CONTINUE WHEN EXISTS (
			SELECT FROM muster.event_default e
			 WHERE e.at >= month AT TIME ZONE 'UTC' AND e.at < (month + interval '1 month') AT TIME ZONE 'UTC');
		-- Made aside and then attached: CREATE TABLE … PARTITION OF would stop all writing meanwhile.
		EXECUTE format('CREATE TABLE muster.%I (LIKE muster.event INCLUDING ALL)', partition_name);
		EXECUTE format('ALTER TABLE muster.event ATTACH PARTITION muster.%I FOR VALUES FROM (%L) TO (%L)', partition_name,
			to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
		EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON muster.%I FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change()', partition_name);
		EXECUTE format('COMMENT ON TABLE muster.%I IS %L', partition_name, 'Events of ' || to_char(month, 'YYYY-MM') || ' (UTC). Read them through muster.event.');
		made := made + 1;
	END LOOP;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.make_event_partitions(integer) IS 'Internal: make the event partitions of this month and so many after it, where they are missing; returns how many were made. Housekeeping calls it. Example: SELECT muster.make_event_partitions(3);';

CREATE OR REPLACE FUNCTION muster.told(p_row jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT p_row - ARRAY['password_hash', 'password_set_at', 'private_key', 'certificate', 'sealing_key', 'dm_secrets', 'facts',
		'application_token', 'generation', 'changed_at', 'body', 'token_sha256']
$$;
COMMENT ON FUNCTION muster.told(jsonb) IS 'Internal: a row as events may tell it: without hashes, keys, secrets and bulk. Example: SELECT muster.told(to_jsonb(o)) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.actor_role() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT nullif(nullif(coalesce(nullif(current_setting('role'), 'none'), session_user), 'muster_worker'), 'muster_issuer')
$$;
COMMENT ON FUNCTION muster.actor_role() IS 'Internal: for an event the role that the session''s user has taken, or the user itself; NULL for the programs. Example: SELECT muster.actor_role();';

CREATE OR REPLACE FUNCTION muster.audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	noun text := CASE TG_TABLE_NAME WHEN 'email_domain' THEN 'domain' ELSE replace(TG_TABLE_NAME, '_', ' ') END;
	old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ELSE '{}' END;
	new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ELSE '{}' END;
	one jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
	the_kind text := noun || CASE TG_OP WHEN 'INSERT' THEN ' added' WHEN 'DELETE' THEN ' removed' ELSE ' changed' END;
	before jsonb := muster.told(old_row);
	after jsonb := muster.told(new_row);
BEGIN
	IF TG_OP = 'UPDATE' THEN
		-- Only what changed; secrets by a word of their own.
		SELECT coalesce(jsonb_object_agg(k.key, before -> k.key), '{}'), coalesce(jsonb_object_agg(k.key, after -> k.key), '{}')
		  INTO before, after
		  FROM jsonb_object_keys(before || after) k (key)
		 WHERE before -> k.key IS DISTINCT FROM after -> k.key;
		the_kind := CASE
			WHEN old_row -> 'password_hash' IS DISTINCT FROM new_row -> 'password_hash'
				THEN CASE WHEN new_row ->> 'password_hash' IS NULL THEN 'password removed' ELSE 'password set' END
			WHEN old_row -> 'sealing_key' IS DISTINCT FROM new_row -> 'sealing_key' THEN 'sealing key set'
			WHEN TG_TABLE_NAME = 'device' AND new_row ->> 'state' = 'retired' AND old_row ->> 'state' <> 'retired' THEN 'retired'
			WHEN before ? 'enabled' AND (new_row ->> 'enabled')::boolean THEN noun || ' enabled'
			WHEN before ? 'enabled' THEN noun || ' disabled'
			ELSE the_kind END;
	END IF;
	INSERT INTO muster.event (kind, organization, account, device, user_name, why, actor, actor_role, details)
	VALUES (the_kind,
		CASE TG_TABLE_NAME WHEN 'organization' THEN (one ->> 'id')::uuid ELSE (one ->> 'organization')::uuid END,
		CASE TG_TABLE_NAME WHEN 'account' THEN (one ->> 'id')::uuid ELSE (one ->> 'account')::uuid END,
		CASE TG_TABLE_NAME WHEN 'device' THEN (one ->> 'id')::uuid END,
		one ->> 'upn',
		coalesce(new_row ->> 'retired_reason', new_row ->> 'disabled_reason', one ->> 'reason'),
		session_user, muster.actor_role(),
		CASE TG_OP WHEN 'UPDATE' THEN jsonb_build_object('before', before, 'after', after)
			WHEN 'INSERT' THEN jsonb_build_object('after', jsonb_strip_nulls(after))
			ELSE jsonb_build_object('before', jsonb_strip_nulls(before)) END);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.audit() IS 'Internal: trigger that writes an event for every administrative change, whether made by a function or by hand: who, what, before and after, never a hash or key. Example: CREATE TRIGGER audit AFTER UPDATE ON muster.account FOR EACH ROW EXECUTE FUNCTION muster.audit();';

CREATE OR REPLACE FUNCTION muster.remembered(p_organization muster.organization) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT to_jsonb(p_organization) - ARRAY['device_cap', 'group_required', 'licence_required', 'only_preregistered', 'collision_policy', 'terms_version']
$$;
COMMENT ON FUNCTION muster.remembered(muster.organization) IS 'Internal: what the programs may remember of an organization: not its rules, which are read anew at each enrollment. Example: SELECT muster.remembered(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.configuration_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_TABLE_NAME = 'organization' AND TG_OP = 'UPDATE' THEN
		IF muster.remembered(OLD) = muster.remembered(NEW) THEN
			RETURN NULL;
		END IF;
	END IF;
	UPDATE muster.configuration SET generation = generation + 1, changed_at = now();
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.configuration_moved() IS 'Internal: trigger that moves the configuration''s generation on, so that the programs load it anew. Example: CREATE TRIGGER moved AFTER UPDATE ON muster.organization FOR EACH ROW EXECUTE FUNCTION muster.configuration_moved();';

CREATE OR REPLACE FUNCTION muster.password_hash_checked() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Before the table's constraint, whose message would quote the row.
	IF length(NEW.password_hash) > 384 OR NEW.password_hash !~ '^[$](y|gy|7|2a|2b|2y|6)[$][./A-Za-z0-9$=,]{8,}$' THEN
		RAISE EXCEPTION 'this is not a password hash of a known scheme (yescrypt, scrypt, bcrypt or SHA-512 crypt)'
			USING ERRCODE = 'check_violation',
			      HINT = 'Set passwords with: muster-ca password UPN. If this was a clear password, choose another: the server''s log may hold it.';
	END IF;
	NEW.password_set_at := CASE WHEN NEW.password_hash IS NOT NULL THEN now() END;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.password_hash_checked() IS 'Internal: trigger that refuses what is no password hash without quoting it. Example: CREATE TRIGGER password_hash BEFORE INSERT OR UPDATE OF password_hash ON muster.account FOR EACH ROW EXECUTE FUNCTION muster.password_hash_checked();';

CREATE OR REPLACE FUNCTION muster.authority_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION 'authorities are never deleted: certificates refer to them'
		USING ERRCODE = 'restrict_violation', HINT = 'Give its organizations another one: SELECT muster.set_authority(organization, authority);';
END
$$;
COMMENT ON FUNCTION muster.authority_stays() IS 'Internal: trigger that keeps authorities. Example: CREATE TRIGGER stays BEFORE DELETE ON muster.authority FOR EACH ROW EXECUTE FUNCTION muster.authority_stays();';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.organization
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.organization
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.email_domain
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.email_domain
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.account
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
-- Deleting writes an event of its own, which does not tell once more what is to be forgotten.
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.account
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND NEW.deleted_at IS NULL) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT ON muster.authority
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.authority
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE OF sealing_key ON muster.configuration
	FOR EACH ROW WHEN (OLD.sealing_key IS DISTINCT FROM NEW.sealing_key) EXECUTE FUNCTION muster.audit();
-- Enrolling, replacing and the first use write events of their own.
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE OF state, retired_at, retired_reason ON muster.device
	FOR EACH ROW WHEN (NEW.state <> 'replaced') EXECUTE FUNCTION muster.audit();

CREATE OR REPLACE TRIGGER moved AFTER INSERT OR DELETE ON muster.organization
	FOR EACH ROW EXECUTE FUNCTION muster.configuration_moved();
CREATE OR REPLACE TRIGGER moved_by_change AFTER UPDATE ON muster.organization
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.configuration_moved();
CREATE OR REPLACE TRIGGER moved AFTER INSERT OR UPDATE OR DELETE ON muster.email_domain
	FOR EACH ROW EXECUTE FUNCTION muster.configuration_moved();
CREATE OR REPLACE TRIGGER moved AFTER INSERT OR UPDATE ON muster.authority
	FOR EACH ROW EXECUTE FUNCTION muster.configuration_moved();
CREATE OR REPLACE TRIGGER moved AFTER UPDATE OF sealing_key ON muster.configuration
	FOR EACH ROW WHEN (OLD.sealing_key IS DISTINCT FROM NEW.sealing_key) EXECUTE FUNCTION muster.configuration_moved();

CREATE OR REPLACE TRIGGER password_hash BEFORE INSERT OR UPDATE OF password_hash ON muster.account
	FOR EACH ROW EXECUTE FUNCTION muster.password_hash_checked();
CREATE OR REPLACE TRIGGER stays BEFORE DELETE ON muster.authority
	FOR EACH ROW EXECUTE FUNCTION muster.authority_stays();
