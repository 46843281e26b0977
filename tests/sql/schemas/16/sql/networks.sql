-- Networks that devices may enroll from.

CREATE OR REPLACE FUNCTION muster.network(network text) RETURNS cidr
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF btrim(network) !~ '^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?$' THEN
		RAISE invalid_text_representation;
	END IF;
	-- 192.0.2.7/24 means its network.
	RETURN pg_catalog.network(btrim(network.network)::inet)::cidr;
EXCEPTION WHEN invalid_text_representation THEN
	RAISE EXCEPTION 'not usable as a network: %', quote_literal(left(network, 60))
		USING ERRCODE = 'invalid_parameter_value', HINT = 'Give it as 192.0.2.0/24 or 2001:db8::/32; one address as 192.0.2.7.';
END
$$;
COMMENT ON FUNCTION muster.network(text) IS 'Internal: a network, or an error. Example: SELECT muster.network(''192.0.2.0/24'');';

CREATE OR REPLACE FUNCTION muster.allow_network(organization text, network text, group_name text DEFAULT NULL, note text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean cidr;
BEGIN
	IF allow_network.network IS NULL THEN
		RAISE EXCEPTION 'the network is NULL' USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.allow_network(''example'', ''192.0.2.0/24'');';
	END IF;
	clean := muster.network(allow_network.network);
	INSERT INTO muster.allowed_network (organization, account_group, network, note)
	VALUES (muster.organization_id(allow_network.organization),
		CASE WHEN allow_network.group_name IS NOT NULL THEN muster.group_id(allow_network.organization, allow_network.group_name) END,
		clean, muster.cut(allow_network.note, 400))
	ON CONFLICT ON CONSTRAINT allowed_network_once DO UPDATE SET note = excluded.note;
	RETURN format('%s may enroll from %s', coalesce('members of group "' || allow_network.group_name || '"', 'accounts of organization ' || allow_network.organization), clean);
END
$$;
COMMENT ON FUNCTION muster.allow_network(text, text, text, text) IS 'Let devices enroll from a network, and from no other that is not allowed, too: for everybody of an organization, or (with a group) for its members, whom it binds as well. Without any network devices enroll from anywhere. Example: SELECT muster.allow_network(''example'', ''192.0.2.0/24'', note => ''head office'');';

CREATE OR REPLACE FUNCTION muster.disallow_network(organization text, network text, group_name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(disallow_network.organization);
	its_group uuid := CASE WHEN disallow_network.group_name IS NOT NULL THEN muster.group_id(disallow_network.organization, disallow_network.group_name) END;
BEGIN
	DELETE FROM muster.allowed_network n
	 WHERE n.organization = owner_id AND n.account_group IS NOT DISTINCT FROM its_group AND n.network = muster.network(disallow_network.network);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'network % is not among those of %', coalesce(disallow_network.network, 'NULL'),
			coalesce('group "' || disallow_network.group_name || '"', 'organization ' || disallow_network.organization)
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Those are: ' || (SELECT string_agg(s.network::text, ', ') FROM (SELECT n.network FROM muster.allowed_network n
				WHERE n.organization = owner_id AND n.account_group IS NOT DISTINCT FROM its_group ORDER BY n.network LIMIT 20) s), 'It has none.');
	END IF;
	RETURN format('network %s is removed%s', disallow_network.network,
		CASE WHEN NOT EXISTS (SELECT FROM muster.allowed_network n WHERE n.organization = owner_id) THEN '; devices enroll from anywhere now' END);
END
$$;
COMMENT ON FUNCTION muster.disallow_network(text, text, text) IS 'Take a network away from those that devices may enroll from; without any they enroll from anywhere. Example: SELECT muster.disallow_network(''example'', ''192.0.2.0/24'');';

CREATE OR REPLACE FUNCTION muster.rule_network(p_candidate muster.candidate, p_final boolean) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	inside cidr;
	there_are boolean;
BEGIN
	IF NOT EXISTS (SELECT FROM muster.allowed_network n WHERE n.organization = p_candidate.organization) THEN
		RETURN muster.says('network', 'OK', 'any network is allowed');
	END IF;
	-- Those of everybody and those of its groups; other groups' do not bind it.
	SELECT count(*) > 0, (array_agg(n.network) FILTER (WHERE p_candidate.remote <<= n.network))[1] INTO there_are, inside
	  FROM muster.allowed_network n
	 WHERE n.organization = p_candidate.organization
	   AND (n.account_group IS NULL OR EXISTS (SELECT FROM muster.account_group_member m
		WHERE m.account = p_candidate.account AND m.account_group = n.account_group));
	RETURN CASE
		WHEN NOT there_are THEN muster.says('network', 'OK', 'any network is allowed to it')
		WHEN inside IS NOT NULL THEN muster.says('network', 'OK', format('address %s is in %s', host(p_candidate.remote), inside))
		WHEN p_candidate.remote IS NOT NULL THEN muster.says('network', 'Authorization', format('address %s is in no allowed network', host(p_candidate.remote)),
			jsonb_build_object('remote', host(p_candidate.remote)))
		WHEN p_final THEN muster.says('network', 'Authorization', 'the client''s address is not known, and only some networks are allowed')
		ELSE muster.says('network', 'OK', 'not told yet')
	END;
END
$$;
COMMENT ON FUNCTION muster.rule_network(muster.candidate, boolean) IS 'Internal: rule: the client''s address is in an allowed network of the organization or of the account''s groups, where there are any. Last argument true: an address that is not known is none. Example: SELECT muster.rule_network(muster.candidate_of(id, ''192.0.2.7'', NULL), false) FROM muster.account;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.allowed_network
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.allowed_network
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
