-- Events: append-only, and written by trigger for every administrative change.

CREATE OR REPLACE FUNCTION muster.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION '% of % is refused: % only ever added', lower(TG_OP), TG_TABLE_NAME,
		CASE WHEN TG_TABLE_NAME LIKE 'event%' THEN 'events are' ELSE 'its rows are' END
		USING ERRCODE = 'insufficient_privilege', HINT = 'Events are aged out by the month: \df+ muster.age_events';
END
$$;
COMMENT ON FUNCTION muster.refuse_change() IS 'Internal: trigger that keeps events, and what seals them, as they were written, from their owner and from superusers, too. Example: CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.event FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();';

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.event
	FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.event
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.event_default
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.seal
	FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.seal
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.seal_epoch
	FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.seal_epoch
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.aging
	FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.aging
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();

CREATE OR REPLACE FUNCTION muster.actor_role() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT nullif(nullif(coalesce(nullif(current_setting('role'), 'none'), session_user), 'muster_worker'), 'muster_issuer')
$$;
COMMENT ON FUNCTION muster.actor_role() IS 'Internal: for an event the role that the session''s user has taken, or the user itself; NULL for the programs. Example: SELECT muster.actor_role();';

CREATE OR REPLACE FUNCTION muster.tell(p_kind text, p_details jsonb) RETURNS uuid
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO muster.event (kind, actor, actor_role, details)
	VALUES (p_kind, session_user, muster.actor_role(), p_details)
	RETURNING id
$$;
COMMENT ON FUNCTION muster.tell(text, jsonb) IS 'Internal: record what somebody did that no table''s trigger sees; returns the event''s id. Example: SELECT muster.tell(''events moved'', ''{"events": 3}'');';

CREATE OR REPLACE FUNCTION muster.told(p_row jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT p_row - ARRAY['password_hash', 'password_set_at', 'private_key', 'certificate', 'der', 'sealing_key', 'dm_secrets', 'facts',
		'application_token', 'generation', 'changed_at', 'body', 'token_sha256', 'public_key', 'logo', 'members']
$$;
COMMENT ON FUNCTION muster.told(jsonb) IS 'Internal: a row as events may tell it: without hashes, keys, secrets and bulk. Example: SELECT muster.told(to_jsonb(o)) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	noun text := CASE TG_TABLE_NAME WHEN 'email_domain' THEN 'domain' WHEN 'password_failure' THEN 'lockout' ELSE replace(TG_TABLE_NAME, '_', ' ') END;
	old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ELSE '{}' END;
	new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ELSE '{}' END;
	one jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
	the_kind text := noun || CASE TG_OP WHEN 'INSERT' THEN ' added' WHEN 'DELETE' THEN ' removed' ELSE ' changed' END;
	before jsonb := muster.told(old_row);
	after jsonb := muster.told(new_row);
	untold jsonb;
	which jsonb;
BEGIN
	IF TG_OP = 'UPDATE' THEN
		-- What changed is not what it is known by: a group's cap does not say which group's. Organizations, accounts
		-- and devices have columns of the event.
		IF TG_TABLE_NAME NOT IN ('organization', 'account', 'device') THEN
			SELECT jsonb_object_agg(k.key, old_row -> k.key) INTO which
			  FROM unnest(ARRAY['id', 'name', 'kind', 'value', 'network', 'domain', 'subject_name', 'licence', 'tenant', 'kid', 'subject', 'language', 'key']) k (key)
			 WHERE old_row ->> k.key IS NOT NULL;
		END IF;
		-- Only what changed; secrets by a word of their own.
		SELECT coalesce(jsonb_object_agg(k.key, before -> k.key), '{}'), coalesce(jsonb_object_agg(k.key, after -> k.key), '{}')
		  INTO before, after
		  FROM jsonb_object_keys(before || after) k (key)
		 WHERE before -> k.key IS DISTINCT FROM after -> k.key;
		-- Of the rest only that it changed; passwords and the sealing key have a word of their own.
		SELECT jsonb_agg(k.key ORDER BY k.key) INTO untold
		  FROM jsonb_object_keys(new_row - ARRAY(SELECT jsonb_object_keys(muster.told(new_row)))) k (key)
		 WHERE old_row -> k.key IS DISTINCT FROM new_row -> k.key
		   AND k.key NOT IN ('password_hash', 'password_set_at', 'sealing_key', 'generation', 'changed_at');
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
		CASE TG_TABLE_NAME WHEN 'device' THEN (one ->> 'id')::uuid ELSE (one ->> 'device')::uuid END,
		one ->> 'upn',
		coalesce(new_row ->> 'retired_reason', new_row ->> 'disabled_reason', one ->> 'reason'),
		session_user, muster.actor_role(),
		CASE TG_OP WHEN 'UPDATE' THEN jsonb_build_object('before', before, 'after', after)
				|| CASE WHEN untold IS NOT NULL THEN jsonb_build_object('also', untold) ELSE '{}' END
				|| CASE WHEN which IS NOT NULL THEN jsonb_build_object('of', which) ELSE '{}' END
			WHEN 'INSERT' THEN jsonb_build_object('after', jsonb_strip_nulls(after))
			ELSE jsonb_build_object('before', jsonb_strip_nulls(before)) END);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.audit() IS 'Internal: trigger that writes an event for every administrative change, whether made by a function or by hand: who, what, before and after, and ("of") which row, never a hash or key. Example: CREATE TRIGGER audit AFTER UPDATE ON muster.account FOR EACH ROW EXECUTE FUNCTION muster.audit();';

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
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE OF sealing_key, keep_events ON muster.configuration
	FOR EACH ROW WHEN (OLD.sealing_key IS DISTINCT FROM NEW.sealing_key OR OLD.keep_events IS DISTINCT FROM NEW.keep_events)
	EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.event_hold
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.event_hold
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
-- What the programs do to devices (as muster_owner) writes events of its own: enrolled, replaced, first contact.
-- All else is somebody's doing, whatever columns it is about.
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.device
	FOR EACH ROW WHEN ((current_user <> 'muster_owner' AND OLD.* IS DISTINCT FROM NEW.*) OR (NEW.state = 'retired' AND OLD.state <> 'retired'))
	EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_by_hand AFTER INSERT OR DELETE ON muster.device
	FOR EACH ROW WHEN (current_user <> 'muster_owner') EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_by_hand AFTER INSERT OR UPDATE OR DELETE ON muster.certificate
	FOR EACH ROW WHEN (current_user <> 'muster_owner') EXECUTE FUNCTION muster.audit();

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
