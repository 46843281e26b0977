-- Bulk tokens: what administrators do with them. "muster-ca token" makes one and stores its hash by muster.add_bulk_token.

CREATE OR REPLACE FUNCTION muster.bulk_token_id(organization text, name text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(bulk_token_id.organization);
	id uuid;
BEGIN
	SELECT b.id INTO id FROM muster.bulk_token b WHERE b.organization = owner_id AND lower(b.name) = lower(btrim(bulk_token_id.name));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no bulk token "%" in organization %', coalesce(bulk_token_id.name, 'NULL'), bulk_token_id.organization
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('There are: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT b.name FROM muster.bulk_token b WHERE b.organization = owner_id ORDER BY lower(b.name) LIMIT 20) s),
				'It has none; to make one: muster-ca token UPN NAME');
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.bulk_token_id(text, text) IS 'The id of an organization''s bulk token by its name, without case. Example: SELECT muster.bulk_token_id(''example'', ''classroom 3'');';

CREATE OR REPLACE FUNCTION muster.token_networks(networks text[]) RETURNS cidr[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean cidr[];
BEGIN
	IF array_position(networks, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'a network is NULL' USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: ARRAY[''192.0.2.0/24'', ''2001:db8::/32''].';
	END IF;
	SELECT coalesce(array_agg(DISTINCT n ORDER BY n), '{}') INTO clean FROM (SELECT muster.network(x) AS n FROM unnest(networks) x) s;
	IF cardinality(clean) > 64 THEN
		RAISE EXCEPTION 'a bulk token has at most 64 networks, these are %', cardinality(clean)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Networks of the whole organization: SELECT muster.allow_network(organization, network);';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.token_networks(text[]) IS 'Internal: a bulk token''s networks, each once and in order; NULL and none: any network. Example: SELECT muster.token_networks(ARRAY[''192.0.2.0/24'']);';

CREATE OR REPLACE FUNCTION muster.token_end(expires_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF expires_at IS NULL OR expires_at <= now() OR expires_at > now() + interval '3653 days' THEN
		RAISE EXCEPTION 'not usable as the end of a bulk token: %', coalesce(muster.said_time(expires_at), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a time to come, at most ten years ahead; to end it now: SELECT muster.revoke_bulk_token(organization, name, reason);';
	END IF;
	RETURN expires_at;
END
$$;
COMMENT ON FUNCTION muster.token_end(timestamptz) IS 'Internal: the end of a bulk token, or an error. Example: SELECT muster.token_end(now() + interval ''180 days'');';

CREATE OR REPLACE FUNCTION muster.token_limit(device_limit integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF device_limit NOT BETWEEN 1 AND 10000000 THEN
		RAISE EXCEPTION 'not usable as a number of devices: %', device_limit
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 10000000, or NULL for any number.';
	END IF;
	RETURN device_limit;
END
$$;
COMMENT ON FUNCTION muster.token_limit(integer) IS 'Internal: how many devices may come by a bulk token, or an error. Example: SELECT muster.token_limit(30);';

CREATE OR REPLACE FUNCTION muster.bulk_account_id(upn text, organization text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.account_id(bulk_account_id.upn, bulk_account_id.organization);
BEGIN
	IF (SELECT a.kind FROM muster.account a WHERE a.id = its_id) <> 'bulk' THEN
		RAISE EXCEPTION 'account % is a person''s, and bulk tokens are for accounts of kind bulk', bulk_account_id.upn
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Add one for the package: SELECT muster.add_account(''package@example.test'', kind => ''bulk'');';
	END IF;
	RETURN its_id;
END
$$;
COMMENT ON FUNCTION muster.bulk_account_id(text, text) IS 'Internal: the id of an account of kind bulk, or an error. Example: SELECT muster.bulk_account_id(''package@example.test'', NULL);';

CREATE OR REPLACE FUNCTION muster.bulk_token_refused(p_organization uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('; but organization %s does not accept tokens: SELECT muster.set_auth_policies(%L, %L);', o.key, o.key, o.auth_policies || 'Federated'::text)
	  FROM muster.organization o WHERE o.id = p_organization AND NOT 'Federated' = ANY (o.auth_policies)
$$;
COMMENT ON FUNCTION muster.bulk_token_refused(uuid) IS 'Internal: a warning where an organization does not accept tokens; NULL where it does. Example: SELECT muster.bulk_token_refused(id) FROM muster.organization;';

CREATE OR REPLACE FUNCTION muster.add_bulk_token(upn text, name text, token_sha256 text, expires_at timestamptz DEFAULT now() + interval '180 days',
	device_limit integer DEFAULT NULL, networks text[] DEFAULT NULL, note text DEFAULT NULL, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.bulk_account_id(add_bulk_token.upn, add_bulk_token.organization);
	owner_id uuid := (SELECT a.organization FROM muster.account a WHERE a.id = its_account);
	clean text := btrim(add_bulk_token.name);
	which text;
BEGIN
	IF add_bulk_token.token_sha256 IS NULL OR add_bulk_token.token_sha256 !~ '^[0-9A-Fa-f]{64}$' THEN
		-- What stands there may be the token itself: it is not quoted.
		RAISE EXCEPTION 'the third argument is no SHA-256 of a token: 64 hexadecimal digits'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Never give a token to SQL, the server logs statements: "muster-ca token UPN NAME" makes one and calls this.';
	ELSIF clean IS NULL OR length(clean) NOT BETWEEN 1 AND 128 OR clean ~ '[[:cntrl:]]' THEN
		RAISE EXCEPTION 'not usable as a bulk token''s name: %', coalesce(quote_literal(left(add_bulk_token.name, 140)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 128 characters, such as ''classroom 3''.';
	END IF;
	INSERT INTO muster.bulk_token (organization, account, name, token_sha256, expires_at, device_limit, networks, note)
	VALUES (owner_id, its_account, clean, decode(add_bulk_token.token_sha256, 'hex'), muster.token_end(add_bulk_token.expires_at),
		muster.token_limit(add_bulk_token.device_limit), muster.token_networks(add_bulk_token.networks), muster.cut(add_bulk_token.note, 400));
	RETURN format('bulk token "%s" of %s is good until %s', clean, add_bulk_token.upn, muster.said_time(add_bulk_token.expires_at)) || coalesce(muster.bulk_token_refused(owner_id), '');
EXCEPTION WHEN unique_violation THEN
	GET STACKED DIAGNOSTICS which = CONSTRAINT_NAME;
	IF which = 'bulk_token_name' THEN
		RAISE EXCEPTION 'there is a bulk token "%" already', clean
			USING ERRCODE = 'unique_violation', HINT = 'Take another name, for one that was revoked, too: each is on record under its own. To look: SELECT * FROM muster.bulk_tokens;';
	END IF;
	RAISE EXCEPTION 'this token is there already' USING ERRCODE = 'unique_violation', HINT = 'Make another: muster-ca token UPN NAME';
END
$$;
COMMENT ON FUNCTION muster.add_bulk_token(text, text, text, timestamptz, integer, text[], text, text) IS 'Add a bulk token, for provisioning packages, to an account of kind bulk: its name, the SHA-256 of the token (64 hexadecimal digits), its end (default: in 180 days), how many devices may come by it and from which networks (default: any). Never give the token itself to SQL, the server logs statements: "muster-ca token UPN NAME" makes it, shows it once and calls this. Example: SELECT muster.add_bulk_token(''package@example.test'', ''classroom 3'', ''9f86d0…'', device_limit => 30);';

CREATE OR REPLACE FUNCTION muster.revoke_bulk_token(organization text, name text, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	b record;
BEGIN
	IF muster.cut(revoke_bulk_token.reason, 400) IS NULL THEN
		RAISE EXCEPTION 'revoking a bulk token needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.revoke_bulk_token(''example'', ''classroom 3'', ''the package was found on the internet'');';
	END IF;
	UPDATE muster.bulk_token x SET revoked_at = now(), revoked_by = session_user, revoked_reason = muster.cut(revoke_bulk_token.reason, 400)
	 WHERE x.id = muster.bulk_token_id(revoke_bulk_token.organization, revoke_bulk_token.name) AND x.revoked_at IS NULL
	RETURNING x.name, (SELECT v.devices FROM muster.bulk_tokens v WHERE v.id = x.id) AS devices INTO b;
	IF NOT FOUND THEN
		RETURN format('bulk token "%s" was revoked before', revoke_bulk_token.name);
	END IF;
	RETURN format('bulk token "%s" is revoked; the %s devices that came by it stay: SELECT * FROM muster.bulk_token_devices WHERE bulk_token = %L;', b.name, b.devices, b.name);
END
$$;
COMMENT ON FUNCTION muster.revoke_bulk_token(text, text, text) IS 'Revoke a bulk token, with the reason for the record: from now on nothing enrolls by it. Devices that came by it stay managed until they are retired. Example: SELECT muster.revoke_bulk_token(''example'', ''classroom 3'', ''the package was found on the internet'');';

CREATE OR REPLACE FUNCTION muster.set_bulk_token_end(organization text, name text, expires_at timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.bulk_token b SET expires_at = muster.token_end(set_bulk_token_end.expires_at)
	 WHERE b.id = muster.bulk_token_id(set_bulk_token_end.organization, set_bulk_token_end.name);
	RETURN format('bulk token "%s" is good until %s', set_bulk_token_end.name, muster.said_time(set_bulk_token_end.expires_at));
END
$$;
COMMENT ON FUNCTION muster.set_bulk_token_end(text, text, timestamptz) IS 'Set when a bulk token ends, one that has ended, too: a time to come, at most ten years ahead. Example: SELECT muster.set_bulk_token_end(''example'', ''classroom 3'', ''2027-06-30'');';

CREATE OR REPLACE FUNCTION muster.set_bulk_token_limit(organization text, name text, device_limit integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	so_far integer;
BEGIN
	UPDATE muster.bulk_token b SET device_limit = muster.token_limit(set_bulk_token_limit.device_limit)
	 WHERE b.id = muster.bulk_token_id(set_bulk_token_limit.organization, set_bulk_token_limit.name)
	RETURNING (SELECT count(*) FROM muster.bulk_enrollment e WHERE e.bulk_token = b.id AND e.counted) INTO so_far;
	RETURN format('bulk token "%s": %s, %s so far', set_bulk_token_limit.name,
		coalesce(set_bulk_token_limit.device_limit || ' devices may come by it', 'any number of devices may come by it'), so_far);
END
$$;
COMMENT ON FUNCTION muster.set_bulk_token_limit(text, text, integer) IS 'Set how many devices may come by a bulk token, those that did included; one that enrolls again is counted once. NULL: any number. Example: SELECT muster.set_bulk_token_limit(''example'', ''classroom 3'', 30);';

CREATE OR REPLACE FUNCTION muster.set_bulk_token_networks(organization text, name text, networks text[]) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean cidr[] := muster.token_networks(set_bulk_token_networks.networks);
BEGIN
	UPDATE muster.bulk_token b SET networks = clean
	 WHERE b.id = muster.bulk_token_id(set_bulk_token_networks.organization, set_bulk_token_networks.name);
	RETURN format('bulk token "%s" is good from %s', set_bulk_token_networks.name, coalesce(nullif(array_to_string(clean, ', '), ''), 'any network'));
END
$$;
COMMENT ON FUNCTION muster.set_bulk_token_networks(text, text, text[]) IS 'Set the networks that a bulk token is good from, beside those that its organization allows at all; none: any. Example: SELECT muster.set_bulk_token_networks(''example'', ''classroom 3'', ARRAY[''192.0.2.0/24'']);';

CREATE OR REPLACE FUNCTION muster.count_bulk_devices() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- The row is locked by now: whoever enrolled without counting is done, and seen.
	NEW.devices := (SELECT count(*) FROM muster.bulk_enrollment e WHERE e.bulk_token = NEW.id AND e.counted);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.count_bulk_devices() IS 'Internal: trigger that counts a bulk token''s devices when it is given a limit, from when on the programs count. Example: CREATE TRIGGER counted BEFORE UPDATE OF device_limit ON muster.bulk_token FOR EACH ROW EXECUTE FUNCTION muster.count_bulk_devices();';
CREATE OR REPLACE TRIGGER counted BEFORE UPDATE OF device_limit ON muster.bulk_token
	FOR EACH ROW WHEN (OLD.device_limit IS NULL AND NEW.device_limit IS NOT NULL) EXECUTE FUNCTION muster.count_bulk_devices();

CREATE OR REPLACE VIEW muster.bulk_tokens WITH (security_invoker = true) AS
SELECT o.key AS organization, b.name, a.upn AS account,
       CASE WHEN b.revoked_at IS NOT NULL THEN 'revoked' WHEN b.expires_at <= now() THEN 'expired' WHEN b.devices >= b.device_limit THEN 'used up' ELSE 'good' END AS state,
       CASE WHEN b.device_limit IS NOT NULL THEN b.devices ELSE (SELECT count(*)::integer FROM muster.bulk_enrollment e WHERE e.bulk_token = b.id AND e.counted) END AS devices,
       b.device_limit, b.expires_at, b.networks,
       muster.id_time((SELECT e.device FROM muster.bulk_enrollment e WHERE e.bulk_token = b.id ORDER BY e.device LIMIT 1)) AS first_used_at,
       muster.id_time((SELECT e.device FROM muster.bulk_enrollment e WHERE e.bulk_token = b.id ORDER BY e.device DESC LIMIT 1)) AS last_used_at,
       b.note, b.created_at, b.created_by, b.revoked_at, b.revoked_by, b.revoked_reason, b.id
  FROM muster.bulk_token b
  JOIN muster.account a ON a.id = b.account
  JOIN muster.organization o ON o.id = b.organization;
COMMENT ON VIEW muster.bulk_tokens IS 'Tokens for provisioning packages: whose, whether they are good, used up, expired or revoked, how many devices came by each, and their limits. Example: SELECT name, state, devices, device_limit, expires_at FROM muster.bulk_tokens WHERE organization = ''example'' ORDER BY name;';

CREATE OR REPLACE VIEW muster.bulk_token_devices WITH (security_invoker = true) AS
SELECT o.key AS organization, b.name AS bulk_token, d.id AS device, d.name, d.serial_number, d.state, d.enrolled_at, e.counted
  FROM muster.bulk_enrollment e
  JOIN muster.bulk_token b ON b.id = e.bulk_token
  JOIN muster.device d ON d.id = e.device
  JOIN muster.organization o ON o.id = e.organization;
COMMENT ON VIEW muster.bulk_token_devices IS 'Which devices came by which bulk token; counted: false where one replaced another of the same token, which had been counted. Example: SELECT device, name, state FROM muster.bulk_token_devices WHERE bulk_token = ''classroom 3'' ORDER BY enrolled_at;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.bulk_token
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
-- What the programs count (as muster_owner) is told by the enrollments' own events.
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.bulk_token
	FOR EACH ROW WHEN (current_user <> 'muster_owner' AND OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
