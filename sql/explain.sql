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

CREATE OR REPLACE FUNCTION muster.explain_other_proofs(o muster.organization, p_account uuid, p_kind text) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT (p_kind = 'person' AND muster.sign_in_unused(o) IS NULL)
		OR ('Federated' = ANY (o.auth_policies) AND (EXISTS (SELECT FROM muster.tenant t WHERE t.organization = o.id)
			OR EXISTS (SELECT FROM muster.bulk_token b WHERE b.organization = o.id AND b.account = p_account AND b.revoked_at IS NULL AND b.expires_at > now())))
		OR ('Certificate' = ANY (o.auth_policies) AND (EXISTS (SELECT FROM muster.listed_signer l WHERE l.organization = o.id AND l.account = p_account)
			OR EXISTS (SELECT FROM muster.signer_authority a WHERE a.organization = o.id AND (a.own_devices OR cardinality(a.names_by) > 0))))
$$;
COMMENT ON FUNCTION muster.explain_other_proofs(muster.organization, uuid, text) IS 'Internal: whether something else than a password could prove an account of that kind (person, bulk): the web server''s sign-in, a token, a certificate. Example: SELECT muster.explain_other_proofs(o, a.id, a.kind) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';

CREATE OR REPLACE FUNCTION muster.explain_proof(c muster.candidate) RETURNS SETOF muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	o muster.organization;
	takes_passwords boolean;
	has_one boolean;
	refused text;
BEGIN
	IF c.bulk_token IS NOT NULL THEN
		RETURN NEXT muster.explain_token(c);
		RETURN;
	END IF;
	SELECT x.* INTO o FROM muster.organization x WHERE x.id = c.organization;
	takes_passwords := 'OnPremise' = ANY (o.auth_policies) OR ('Federated' = ANY (o.auth_policies) AND o.sign_in = 'page');
	has_one := (SELECT a.has_password FROM muster.account a WHERE a.id = c.account) OR EXISTS (SELECT FROM muster.directory d WHERE d.organization = o.id);
	IF takes_passwords AND has_one THEN
		refused := (muster.guessing_of(c.organization, c.account, c.upn, c.remote)).refused;
		IF refused IS NOT NULL THEN
			RETURN NEXT muster.says('guessing', 'Authentication', 'passwords are ' || refused);
		END IF;
	ELSIF muster.explain_other_proofs(o, c.account, c.account_kind) THEN
		RETURN;
	ELSIF takes_passwords THEN
		RETURN NEXT muster.says('password', 'Authentication', format('account %s has no password; to set one: muster-ca password %s', c.upn, c.upn));
	ELSE
		RETURN NEXT muster.says('credential', 'InvalidSecurity', format('nothing that organization %s accepts (%s) could prove account %s: SELECT * FROM muster.check_configuration(%L);',
			o.key, coalesce(nullif(array_to_string(o.auth_policies, ', '), ''), 'no AuthPolicy'), c.upn, o.key));
	END IF;
END
$$;
COMMENT ON FUNCTION muster.explain_proof(muster.candidate) IS 'Internal: why an account cannot prove itself now: no password and nothing else, or passwords are not looked at; of a bulk token, what it is good for. Example: see muster.explain_enrollment.';

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
				SELECT * FROM muster.explain_proof(c)
				UNION ALL
				SELECT * FROM muster.verdicts(c, true)
				UNION ALL
				SELECT * FROM muster.explain_custom(c.account, remote, facts)) s) v
		  LEFT JOIN muster.outcome x ON x.name = v.outcome
		 ORDER BY v.n;
END
$$;
COMMENT ON FUNCTION muster.explain_enrollment(text, jsonb, inet, text, text) IS 'What each rule says of an account''s enrollment now, in their order, without enrolling (and before them, whether nothing could prove it: no password, no directory and no other way that the organization accepts; or passwords are not looked at because too many were wrong): the rule, its outcome, the reason, the code on the screen, the text shown; "decides" marks the refusal that the device would get. With a device''s facts, spelled as devices do (SELECT facts FROM muster.devices; NULL: rules about the device are not told), its address, and the name of the bulk token that it brings. To rehearse a change: BEGIN; SELECT muster.set_…; SELECT * FROM muster.explain_enrollment(…); ROLLBACK. Example: SELECT rule, outcome, why, decides FROM muster.explain_enrollment(''ada@example.test'', ''{"DeviceID": "4d2f", "OSVersion": "10.0.19045.1"}'', ''192.0.2.7'');';

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
