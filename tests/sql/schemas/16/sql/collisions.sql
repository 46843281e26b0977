-- Collisions: a living device of another account has the same hardware id. One machine with two users, a machine
-- handed on, or a cloned image: the organization says which it takes it for.

CREATE OR REPLACE FUNCTION muster.set_collision_policy(organization text, policy text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := lower(btrim(set_collision_policy.policy));
BEGIN
	IF clean IS NULL OR clean NOT IN ('clone', 'replace', 'refuse') THEN
		RAISE EXCEPTION 'a collision policy is clone, replace or refuse, not %', coalesce(quote_literal(left(set_collision_policy.policy, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'clone admits both devices, replace ends the other account''s, refuse keeps the newcomer out.';
	END IF;
	UPDATE muster.organization o SET collision_policy = clean WHERE o.id = muster.organization_id(set_collision_policy.organization);
	RETURN format('organization %s: when another account''s living device has the same hardware id, %s', set_collision_policy.organization,
		CASE clean WHEN 'clone' THEN 'both stay' WHEN 'replace' THEN 'the new enrollment replaces it' ELSE 'the new enrollment is refused' END);
END
$$;
COMMENT ON FUNCTION muster.set_collision_policy(text, text) IS 'Say what happens when a device enrolls whose hardware id a living device of another account of the organization has: clone (both stay), replace (the other is replaced) or refuse. It is always recorded as an event. Example: SELECT muster.set_collision_policy(''example'', ''refuse'');';

CREATE OR REPLACE FUNCTION muster.hardware_elsewhere(p_organization uuid, p_account uuid, p_hardware_id text) RETURNS uuid
LANGUAGE sql STABLE AS $$
	-- In two ranges beside the account, so that its own clones of one image are not walked through.
	SELECT coalesce(
		(SELECT d.id FROM muster.device d WHERE d.state = 'enrolled' AND d.hardware_id IS NOT NULL AND d.organization = p_organization
		    AND lower(d.hardware_id) = lower(p_hardware_id) AND d.account < p_account LIMIT 1),
		(SELECT d.id FROM muster.device d WHERE d.state = 'enrolled' AND d.hardware_id IS NOT NULL AND d.organization = p_organization
		    AND lower(d.hardware_id) = lower(p_hardware_id) AND d.account > p_account LIMIT 1))
$$;
COMMENT ON FUNCTION muster.hardware_elsewhere(uuid, uuid, text) IS 'Internal: a living device of the same HWDevID under another account of the organization, or NULL. Example: SELECT muster.hardware_elsewhere(organization, account, hardware_id) FROM muster.device LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.rule_collision(p_candidate muster.candidate, p_organization muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	elsewhere uuid;
	its_account text;
BEGIN
	IF p_candidate.facts IS NULL THEN
		RETURN muster.says('collision', 'OK', 'not told yet');
	ELSIF p_candidate.hardware_id IS NULL THEN
		RETURN muster.says('collision', 'OK', 'the device tells no hardware id');
	ELSIF p_organization.collision_policy = 'clone' THEN
		RETURN muster.says('collision', 'OK', 'devices of one hardware id may live side by side');
	END IF;
	elsewhere := muster.hardware_elsewhere(p_organization.id, p_candidate.account, p_candidate.hardware_id);
	IF elsewhere IS NULL THEN
		RETURN muster.says('collision', 'OK', 'no other account has a living device of this hardware id');
	END IF;
	SELECT a.upn INTO its_account FROM muster.device d JOIN muster.account a ON a.id = d.account WHERE d.id = elsewhere;
	RETURN muster.says('collision', CASE p_organization.collision_policy WHEN 'replace' THEN 'OK' ELSE 'Authorization' END,
		format('account %s has a living device of this hardware id%s', its_account, CASE p_organization.collision_policy WHEN 'replace' THEN ', which is replaced' END),
		jsonb_build_object('policy', p_organization.collision_policy, 'device', elsewhere, 'account', its_account, 'hardware_id', p_candidate.hardware_id));
END
$$;
COMMENT ON FUNCTION muster.rule_collision(muster.candidate, muster.organization) IS 'Internal: rule: no living device of another account has the same hardware id, where the organization refuses that. Example: SELECT muster.rule_collision(muster.candidate_of(d.account, NULL, d.facts), o) FROM muster.device d JOIN muster.organization o ON o.id = d.organization;';
