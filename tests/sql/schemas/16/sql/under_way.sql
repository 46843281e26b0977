-- Functions of the schema that landed before, kept for the statements that are under way during an upgrade: such a
-- statement waits for a table inside a function of the old schema, and goes on in it when the new one is there. What
-- it calls then must exist as it knew it; what it decides, it decides by today's rules. Fresh installations have
-- them, too. Each landing puts here what the one before called and a migration of its own dropped, and drops what
-- it finds here.

CREATE OR REPLACE FUNCTION muster.decide(p_account muster.account, p_organization muster.organization, p_facts jsonb)
RETURNS muster.verdict
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.decide(muster.candidate_of(p_account.id, NULL, p_facts))
$$;
COMMENT ON FUNCTION muster.decide(muster.account, muster.organization, jsonb) IS 'Internal: muster.decide as schema 1 called it, for statements that an upgrade finds under way. Example: SELECT muster.decide(a, o, NULL) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';

CREATE OR REPLACE FUNCTION muster.replace_earlier(p_account muster.account, p_grant uuid, p_device_id text, p_hardware_id text) RETURNS uuid[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c muster.candidate;
	replaced uuid[];
BEGIN
	c.organization := p_account.organization;
	c.account := p_account.id;
	c.account_kind := p_account.kind;
	c.device_id := p_device_id;
	c.hardware_id := p_hardware_id;
	replaced := ARRAY(SELECT e.device FROM muster.lock_earlier(c, false) e);
	UPDATE muster.device d SET state = 'replaced', replaced_by = p_grant, replaced_at = now() WHERE d.id = ANY (replaced);
	RETURN replaced;
END
$$;
COMMENT ON FUNCTION muster.replace_earlier(muster.account, uuid, text, text) IS 'Internal: the same device enrolls again, as schema 1 asked for it, for statements that an upgrade finds under way. Example: see muster_issuer.record.';
