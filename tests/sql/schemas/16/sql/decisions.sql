-- Who may enroll: whom a credential names, and the rules, one after another. policy(), consider() and record()
-- decide by the same function, muster.decide. Most rules stand in the file of what they are about.

CREATE OR REPLACE FUNCTION muster.organization_for(p_key text, p_user text) RETURNS muster.organization
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization;
BEGIN
	IF p_key IS NOT NULL THEN
		SELECT x.* INTO o FROM muster.organization x WHERE x.key = lower(p_key);
	ELSIF position('@' IN p_user) > 0 THEN
		SELECT x.* INTO o FROM muster.email_domain d JOIN muster.organization x ON x.id = d.organization
		 WHERE d.domain = lower(btrim(substring(p_user FROM '@([^@]*)$'), '.'));
	END IF;
	RETURN o;
END
$$;
COMMENT ON FUNCTION muster.organization_for(text, text) IS 'Internal: the organization of that key or, without a key, of the user''s e-mail domain; all NULL if there is none. Example: SELECT (muster.organization_for(NULL, ''ada@example.test'')).key;';

CREATE OR REPLACE FUNCTION muster.account_for(p_organization uuid, p_user text) RETURNS muster.account
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- ada@example.test, ada, DOMAIN\ada: what stands before the backslash is a Windows domain, unknown to us.
	wanted text := lower(regexp_replace(btrim(p_user), '^.*\\', ''));
	a muster.account;
	nobody muster.account;
	candidate muster.account;
	found_one boolean := false;
BEGIN
	IF p_organization IS NULL OR wanted IS NULL OR length(p_user) > 320 THEN
		RETURN nobody;
	END IF;
	IF position('@' IN wanted) > 0 THEN
		SELECT x.* INTO a FROM muster.account x WHERE lower(x.upn) = wanted AND x.organization = p_organization;
		RETURN a;
	END IF;
	FOR candidate IN
		SELECT x.* FROM muster.account x
		 WHERE x.organization = p_organization AND lower(split_part(x.upn, '@', 1)) = wanted LIMIT 2
	LOOP
		-- Two of that name in one organization: a guess would be wrong half the time.
		IF found_one THEN
			RETURN nobody;
		END IF;
		a := candidate;
		found_one := true;
	END LOOP;
	RETURN a;
END
$$;
COMMENT ON FUNCTION muster.account_for(uuid, text) IS 'Internal: the account that a typed name means within an organization: ada@example.test, or ada and DOMAIN\ada where only one account has that name before the @; all NULL if there is none. Example: SELECT (muster.account_for(id, ''ada'')).upn FROM muster.organization WHERE key = ''example'';';

-- What the rules see.

CREATE OR REPLACE FUNCTION muster.candidate_device(p_facts jsonb) RETURNS muster.candidate
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	c muster.candidate;
BEGIN
	IF p_facts IS NULL THEN
		RETURN c;
	END IF;
	c.facts := p_facts;
	c.device_id := muster.fact(p_facts, 'DeviceID', 128);
	c.hardware_id := muster.fact(p_facts, 'HWDevID', 128);
	c.serial_number := muster.fact(p_facts, 'SerialNumber', 128);
	c.device_name := muster.fact(p_facts, 'DeviceName', 256);
	c.enrollment_type := muster.fact(p_facts, 'EnrollmentType', 64);
	c.flow := muster.flow(p_facts);
	c.device_type := muster.fact(p_facts, 'DeviceType', 64);
	c.os_version := muster.fact(p_facts, 'OSVersion', 64);
	c.os_edition := muster.fact(p_facts, 'OSEdition', 64);
	c.application_version := muster.fact(p_facts, 'ApplicationVersion', 64);
	c.request_version := muster.fact(p_facts, 'RequestVersion', 64);
	c.manufacturer := muster.fact(p_facts, 'Manufacturer', 128);
	c.model := muster.fact(p_facts, 'DeviceModel', 128);
	c.locale := muster.fact(p_facts, 'Locale', 64);
	c.enrollment_data := muster.fact(p_facts, 'EnrollmentData', 8192);
	RETURN c;
END
$$;
COMMENT ON FUNCTION muster.candidate_device(jsonb) IS 'Internal: the half of a candidate that the device tells; all NULL without facts. Example: SELECT muster.candidate_device(facts) FROM muster.device;';

CREATE OR REPLACE FUNCTION muster.candidate_account(p_device muster.candidate, p_account uuid, p_remote inet) RETURNS muster.candidate
LANGUAGE plpgsql STABLE AS $$
DECLARE
	c muster.candidate := p_device;
BEGIN
	-- By named columns: people who may not read a password's hash ask the same.
	SELECT a.organization, o.key, a.id, a.upn, a.display_name, a.kind, a.enabled AND a.may_enroll,
	       ARRAY(SELECT g.name FROM muster.account_group_member m JOIN muster.account_group g ON g.id = m.account_group
			WHERE m.account = a.id ORDER BY lower(g.name))
	  INTO c.organization, c.organization_key, c.account, c.upn, c.display_name, c.account_kind, c.account_enabled, c.groups
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.id = p_account;
	c.remote := p_remote;
	RETURN c;
END
$$;
COMMENT ON FUNCTION muster.candidate_account(muster.candidate, uuid, inet) IS 'Internal: a candidate with the half that the database knows: account, organization, groups; and the client''s address. Example: SELECT muster.candidate_account(muster.candidate_device(facts), account, remote) FROM muster.device;';

CREATE OR REPLACE FUNCTION muster.candidate_of(p_account uuid, p_remote inet, p_facts jsonb) RETURNS muster.candidate
LANGUAGE sql STABLE AS $$
	SELECT muster.candidate_account(muster.candidate_device(p_facts), p_account, p_remote)
$$;
COMMENT ON FUNCTION muster.candidate_of(uuid, inet, jsonb) IS 'Internal: who wants to enroll, as the rules see it: the account, the client''s address (NULL: not told), the device''s facts (NULL: not told yet). Example: SELECT muster.candidate_of(muster.account_id(''ada@example.test''), ''192.0.2.7'', ''{"OSVersion": "10.0.19045"}'');';

-- What they say.

CREATE OR REPLACE FUNCTION muster.says(p_rule text, p_outcome text, p_why text, p_details jsonb DEFAULT NULL) RETURNS muster.verdict
LANGUAGE sql IMMUTABLE AS $$
	SELECT ROW(p_rule, p_outcome, left(p_why, 400), NULL, NULL, p_details)::muster.verdict
$$;
COMMENT ON FUNCTION muster.says(text, text, text, jsonb) IS 'Internal: a verdict: the rule''s name, the outcome, the reason, details for the record. Example: SELECT muster.says(''account'', ''OK'', ''account is enabled'');';

CREATE OR REPLACE FUNCTION muster.said_time(p_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
$$;
COMMENT ON FUNCTION muster.said_time(timestamptz) IS 'Internal: a time as reasons tell it. Example: SELECT muster.said_time(now());';

CREATE OR REPLACE FUNCTION muster.rule_organization(p_organization muster.organization) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p_organization.enabled
		THEN muster.says('organization', 'OK', format('organization %s is enabled', p_organization.key))
		ELSE muster.says('organization', 'Authorization', format('organization %s is disabled', p_organization.key))
	END
$$;
COMMENT ON FUNCTION muster.rule_organization(muster.organization) IS 'Internal: rule: the organization is enabled. Example: SELECT muster.rule_organization(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.rule_account(p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	a record;
BEGIN
	IF p_candidate.account_enabled THEN
		RETURN muster.says('account', 'OK', format('account %s is enabled', p_candidate.upn));
	END IF;
	SELECT x.enabled, x.disabled_at, x.disabled_reason INTO a FROM muster.account x WHERE x.id = p_candidate.account;
	IF a.enabled THEN
		RETURN muster.says('account', 'Authorization', format('account %s may not enroll', p_candidate.upn));
	END IF;
	RETURN muster.says('account', 'Authorization', format('account %s is disabled since %s%s', p_candidate.upn,
		to_char(a.disabled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ': ' || a.disabled_reason));
END
$$;
COMMENT ON FUNCTION muster.rule_account(muster.candidate) IS 'Internal: rule: the account is enabled and may enroll. Example: SELECT muster.rule_account(muster.candidate_of(id, NULL, NULL)) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.rule_authority(p_organization muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	name text;
	not_before timestamptz;
	not_after timestamptz;
BEGIN
	SELECT c.name, c.not_before, c.not_after INTO name, not_before, not_after
	  FROM muster.authority c WHERE c.id = p_organization.authority;
	IF NOT FOUND THEN
		RETURN muster.says('authority', 'EnrollmentServer',
			format('organization %s has no authority: muster-ca init --organization %s', p_organization.key, p_organization.key));
	ELSIF now() < not_before OR now() >= not_after THEN
		RETURN muster.says('authority', 'EnrollmentServer', format('authority "%s" is only valid from %s to %s', name,
			to_char(not_before AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')));
	END IF;
	RETURN muster.says('authority', 'OK', format('authority "%s" signs until %s', name, to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD')));
END
$$;
COMMENT ON FUNCTION muster.rule_authority(muster.organization) IS 'Internal: rule: there is an issuing authority and its certificate is valid now. Example: SELECT muster.rule_authority(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.rule_dm_server(p_organization muster.organization) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p_organization.management_url IS NOT NULL
		THEN muster.says('DM server', 'OK', format('DM server %s', p_organization.management_url))
		ELSE muster.says('DM server', 'EnrollmentServer',
			format('organization %s has no DM server: SELECT muster.set_dm_server(''%s'', …)', p_organization.key, p_organization.key))
	END
$$;
COMMENT ON FUNCTION muster.rule_dm_server(muster.organization) IS 'Internal: rule: there is a DM server to send the device to. Example: SELECT muster.rule_dm_server(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.verdicts(p_candidate muster.candidate, p_every boolean, p_final boolean DEFAULT false)
RETURNS SETOF muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	rule text;
	v muster.verdict;
	o muster.organization;
	p muster.platform;
BEGIN
	SELECT x.* INTO o FROM muster.organization x WHERE x.id = p_candidate.organization;
	SELECT x.* INTO p FROM muster.platform x WHERE x.organization = p_candidate.organization;
	FOREACH rule IN ARRAY ARRAY['organization', 'account', 'maintenance', 'network', 'token network', 'group', 'licence', 'enrollment type', 'flow', 'platform',
		'blocked device', 'expected device', 'terms', 'collision', 'device cap', 'token limit', 'authority', 'DM server'] LOOP
		CONTINUE WHEN p_candidate.bulk_token IS NULL AND rule IN ('token network', 'token limit');
		v := CASE rule
			WHEN 'organization' THEN muster.rule_organization(o)
			WHEN 'account' THEN muster.rule_account(p_candidate)
			WHEN 'maintenance' THEN muster.rule_maintenance(p_candidate)
			WHEN 'network' THEN muster.rule_network(p_candidate, p_final)
			WHEN 'token network' THEN muster.rule_token_network(p_candidate, p_final)
			WHEN 'group' THEN muster.rule_group(p_candidate, o)
			WHEN 'licence' THEN muster.rule_licence(p_candidate, o)
			WHEN 'enrollment type' THEN muster.rule_enrollment_type(p_candidate, p)
			WHEN 'flow' THEN muster.rule_flow(p_candidate, p)
			WHEN 'platform' THEN muster.rule_platform(p_candidate, p)
			WHEN 'blocked device' THEN muster.rule_blocked_device(p_candidate)
			WHEN 'expected device' THEN muster.rule_expected_device(p_candidate, o)
			WHEN 'terms' THEN muster.rule_terms(p_candidate, o)
			WHEN 'collision' THEN muster.rule_collision(p_candidate, o)
			WHEN 'device cap' THEN muster.rule_device_cap(p_candidate, o)
			WHEN 'token limit' THEN muster.rule_token_limit(p_candidate)
			WHEN 'authority' THEN muster.rule_authority(o)
			WHEN 'DM server' THEN muster.rule_dm_server(o)
		END;
		RETURN NEXT v;
		IF v.outcome <> 'OK' AND NOT p_every THEN
			RETURN;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION muster.verdicts(muster.candidate, boolean, boolean) IS 'Internal: what the rules say, in their order: up to the first refusal, or (second argument true) every one. Last argument true: what is not told by now never will be. Custom rules come after them: muster.custom_verdicts. Example: SELECT v.* FROM muster.verdicts(muster.candidate_of(muster.account_id(''ada@example.test''), NULL, NULL), true) v;';

CREATE OR REPLACE FUNCTION muster.decided(p_verdict muster.verdict) RETURNS muster.verdict
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	v muster.verdict := p_verdict;
BEGIN
	IF v.outcome IS NULL OR v.outcome = 'OK' THEN
		RETURN ROW(NULL, 'OK', NULL, NULL, NULL, NULL)::muster.verdict;
	END IF;
	v.details := jsonb_build_object('rule', v.rule) || coalesce(v.details, '{}');
	RETURN v;
END
$$;
COMMENT ON FUNCTION muster.decided(muster.verdict) IS 'Internal: a refusal as the decision, whose details name the rule; NULL or OK as the decision OK. Example: SELECT muster.decided(NULL);';

CREATE OR REPLACE FUNCTION muster.decide(p_candidate muster.candidate, p_final boolean DEFAULT false) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	v muster.verdict;
BEGIN
	SELECT x.* INTO v FROM muster.verdicts(p_candidate, false, p_final) x WHERE x.outcome <> 'OK';
	RETURN muster.decided(v);
END
$$;
COMMENT ON FUNCTION muster.decide(muster.candidate, boolean) IS 'Internal: the decision: the first refusal of the rules, or OK. Last argument true: what is not told by now never will be. Example: SELECT muster.decide(muster.candidate_of(id, NULL, NULL)) FROM muster.account;';
