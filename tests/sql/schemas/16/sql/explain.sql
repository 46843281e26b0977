-- Explaining: what would happen to an enrollment, by the same rules that decide it.

CREATE OR REPLACE FUNCTION muster.explain_token(p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	b record;
	t muster.found_token;
	why text;
BEGIN
	-- By named columns: nobody reads the hash.
	SELECT x.id, x.name, x.organization, x.account, x.expires_at, x.revoked_at, x.revoked_reason INTO b FROM muster.bulk_token x WHERE x.id = p_candidate.bulk_token;
	t := ROW(NULL, b.id, b.name, b.organization, b.account, b.expires_at, b.revoked_at, b.revoked_reason, NULL, NULL);
	why := muster.token_wrong(t, p_candidate.organization, p_candidate.account);
	IF why IS NOT NULL THEN
		RETURN muster.says('token', 'Authentication', why);
	ELSIF NOT EXISTS (SELECT FROM muster.organization o WHERE o.id = p_candidate.organization AND 'Federated' = ANY (o.auth_policies)) THEN
		RETURN muster.says('token', 'InvalidSecurity', format('organization %s does not accept this kind of credential: token', p_candidate.organization_key));
	END IF;
	RETURN muster.says('token', 'OK', format('bulk token "%s" is good until %s', b.name, muster.said_time(b.expires_at)));
END
$$;
COMMENT ON FUNCTION muster.explain_token(muster.candidate) IS 'Internal: whether a bulk token proves its account now. Example: see muster.explain_enrollment.';

CREATE OR REPLACE FUNCTION muster.explain_custom(p_account uuid, p_remote inet, p_facts jsonb) RETURNS SETOF muster.verdict
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c muster.candidate := muster.candidate_of(p_account, p_remote, p_facts);
BEGIN
	-- Custom rules are callable by muster_owner alone, so this runs as it, past the policies: look who asks.
	IF muster.may_see(c.organization, muster.actor_role()) THEN
		RETURN QUERY SELECT * FROM muster.custom_verdicts(c, true);
	END IF;
END
$$;
COMMENT ON FUNCTION muster.explain_custom(uuid, inet, jsonb) IS 'Internal: what the custom rules say of an account''s enrollment, to those who may see its organization. Example: see muster.explain_enrollment.';

CREATE OR REPLACE FUNCTION muster.explain_enrollment(upn text, facts jsonb DEFAULT NULL, remote inet DEFAULT NULL, organization text DEFAULT NULL,
	bulk_token text DEFAULT NULL)
RETURNS TABLE (step bigint, rule text, outcome text, why text, hresult text, "text" text, details jsonb, decides boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c muster.candidate;
BEGIN
	IF jsonb_typeof(facts) <> 'object' THEN
		RAISE EXCEPTION 'a device''s facts are a JSON object, this is: %', left(facts::text, 60)
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'For example: SELECT * FROM muster.explain_enrollment(''ada@example.test'', ''{"DeviceID": "…", "OSVersion": "10.0.19045"}'');';
	END IF;
	c := muster.candidate_of(muster.account_id(explain_enrollment.upn, explain_enrollment.organization), remote, facts);
	c.bulk_token := CASE WHEN explain_enrollment.bulk_token IS NOT NULL THEN muster.bulk_token_id(c.organization_key, explain_enrollment.bulk_token) END;
	RETURN QUERY
		SELECT v.n, v.rule, v.outcome, v.why, x.hresult, v.text, v.details,
		       v.outcome <> 'OK' AND v.n = min(v.n) FILTER (WHERE v.outcome <> 'OK') OVER ()
		  FROM (SELECT row_number() OVER () AS n, s.* FROM (
				-- Whoever cannot prove who he is gets no further, and no rule sees him.
				SELECT w.* FROM muster.account a, muster.says('password', 'Authentication', format('account %s has no password; to set one: muster-ca password %s', c.upn, c.upn)) w
				 WHERE a.id = c.account AND NOT a.has_password AND c.bulk_token IS NULL
				   AND EXISTS (SELECT FROM muster.organization o WHERE o.id = a.organization AND o.auth_policies && ARRAY['OnPremise', 'Federated'])
				   AND NOT EXISTS (SELECT FROM muster.tenant t WHERE t.organization = a.organization)
				   AND NOT EXISTS (SELECT FROM muster.bulk_tokens b WHERE b.account = a.upn AND b.organization = c.organization_key AND b.state = 'good')
				   -- Who signs in by the web server needs none.
				   AND muster.sign_in_unused((SELECT o FROM muster.organization o WHERE o.id = a.organization)) IS NOT NULL
				   AND NOT EXISTS (SELECT FROM muster.directory d WHERE d.organization = a.organization)
				UNION ALL
				SELECT w.* FROM muster.explain_token(c) w WHERE c.bulk_token IS NOT NULL
				UNION ALL
				SELECT w.* FROM muster.guessing_of(c.organization, c.account, c.upn, remote) g, muster.says('guessing', 'Authentication', 'passwords are ' || g.refused) w
				 WHERE g.refused IS NOT NULL
				UNION ALL
				SELECT * FROM muster.verdicts(c, true)
				UNION ALL
				SELECT * FROM muster.explain_custom(c.account, remote, facts)) s) v
		  LEFT JOIN muster.outcome x ON x.name = v.outcome
		 ORDER BY v.n;
END
$$;
COMMENT ON FUNCTION muster.explain_enrollment(text, jsonb, inet, text, text) IS 'What each rule says of an account''s enrollment now, in their order, without enrolling (and before them, whether it has no password and no directory could prove one, or passwords are not looked at because too many were wrong): the rule, its outcome, the reason, the code on the screen, the text shown; "decides" marks the refusal that the device would get. With a device''s facts, spelled as devices do (SELECT facts FROM muster.devices; NULL: rules about the device are not told), its address, and the name of the bulk token that it brings. To rehearse a change: BEGIN; SELECT muster.set_…; SELECT * FROM muster.explain_enrollment(…); ROLLBACK. Example: SELECT rule, outcome, why, decides FROM muster.explain_enrollment(''ada@example.test'', ''{"DeviceID": "4d2f", "OSVersion": "10.0.19045.1"}'', ''192.0.2.7'');';

CREATE OR REPLACE FUNCTION muster.explain_device(id uuid)
RETURNS TABLE (step bigint, rule text, outcome text, why text, hresult text, "text" text, details jsonb, decides boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d record;
BEGIN
	SELECT x.facts, x.remote, a.upn, o.key, b.name AS bulk_token INTO d FROM muster.device x
	  JOIN muster.account a ON a.id = x.account JOIN muster.organization o ON o.id = x.organization
	  LEFT JOIN muster.bulk_enrollment e ON e.device = x.id LEFT JOIN muster.bulk_token b ON b.id = e.bulk_token WHERE x.id = explain_device.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no device %', coalesce(explain_device.id::text, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'To look, by name, serial number or account: SELECT id, name, state FROM muster.find_devices(''…'');';
	END IF;
	RETURN QUERY SELECT * FROM muster.explain_enrollment(d.upn, d.facts, d.remote, d.key, d.bulk_token);
END
$$;
COMMENT ON FUNCTION muster.explain_device(uuid) IS 'What would happen if a device enrolled again today, with the facts, from the address and by the bulk token that it had. Example: SELECT rule, outcome, why FROM muster.explain_device((SELECT id FROM muster.devices LIMIT 1));';
