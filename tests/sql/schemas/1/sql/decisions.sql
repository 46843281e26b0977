-- Who may enroll: whom a credential names, and the rules, one after another. consider() and record()
-- decide by the same function, muster.decide.

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

-- Rules. Each looks at one thing and says OK or why not.

CREATE OR REPLACE FUNCTION muster.rule_organization(p_organization muster.organization) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p_organization.enabled
		THEN ROW('organization', 'OK', format('organization %s is enabled', p_organization.key), NULL)::muster.verdict
		ELSE ROW('organization', 'Authorization', format('organization %s is disabled', p_organization.key), NULL)::muster.verdict
	END
$$;
COMMENT ON FUNCTION muster.rule_organization(muster.organization) IS 'Internal: rule: the organization is enabled. Example: SELECT muster.rule_organization(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.rule_account(p_account muster.account) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p_account.enabled
		THEN ROW('account', 'OK', format('account %s is enabled', p_account.upn), NULL)::muster.verdict
		ELSE ROW('account', 'Authorization', muster.cut(format('account %s is disabled since %s%s', p_account.upn,
			to_char(p_account.disabled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ': ' || p_account.disabled_reason), 400), NULL)::muster.verdict
	END
$$;
COMMENT ON FUNCTION muster.rule_account(muster.account) IS 'Internal: rule: the account is enabled. Example: SELECT muster.rule_account(a) FROM muster.account a;';

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
		RETURN ROW('authority', 'EnrollmentServer',
			format('organization %s has no authority: muster-ca init --organization %s', p_organization.key, p_organization.key), NULL)::muster.verdict;
	ELSIF now() < not_before OR now() >= not_after THEN
		RETURN ROW('authority', 'EnrollmentServer', format('authority "%s" is only valid from %s to %s', name,
			to_char(not_before AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')), NULL)::muster.verdict;
	END IF;
	RETURN ROW('authority', 'OK', format('authority "%s" signs until %s', name, to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD')), NULL)::muster.verdict;
END
$$;
COMMENT ON FUNCTION muster.rule_authority(muster.organization) IS 'Internal: rule: there is an issuing authority and its certificate is valid now. Example: SELECT muster.rule_authority(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.rule_dm_server(p_organization muster.organization) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p_organization.management_url IS NOT NULL
		THEN ROW('DM server', 'OK', format('DM server %s', p_organization.management_url), NULL)::muster.verdict
		ELSE ROW('DM server', 'EnrollmentServer',
			format('organization %s has no DM server: SELECT muster.set_dm_server(''%s'', …)', p_organization.key, p_organization.key), NULL)::muster.verdict
	END
$$;
COMMENT ON FUNCTION muster.rule_dm_server(muster.organization) IS 'Internal: rule: there is a DM server to send the device to. Example: SELECT muster.rule_dm_server(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.rule_enrollment_type(p_facts jsonb) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	kind text;
BEGIN
	IF p_facts IS NULL THEN
		RETURN ROW('enrollment type', 'OK', 'not told yet', NULL)::muster.verdict;
	END IF;
	kind := coalesce(muster.fact(p_facts, 'EnrollmentType', 64), 'Full');
	-- Lite is an older word for Full, which a published sample still has.
	IF lower(kind) IN ('full', 'lite', 'device') THEN
		RETURN ROW('enrollment type', 'OK', format('enrollment type %s', kind), NULL)::muster.verdict;
	END IF;
	RETURN ROW('enrollment type', 'NotSupported', format('enrollment type "%s" is not supported, only Full and Device', kind), NULL)::muster.verdict;
END
$$;
COMMENT ON FUNCTION muster.rule_enrollment_type(jsonb) IS 'Internal: rule: the enrollment type is Full (also when none is told, or Lite, its older name) or Device. Example: SELECT muster.rule_enrollment_type(''{"EnrollmentType":"Device"}'');';

CREATE OR REPLACE FUNCTION muster.verdicts(p_account muster.account, p_organization muster.organization, p_facts jsonb, p_every boolean)
RETURNS SETOF muster.verdict
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rule text;
	v muster.verdict;
BEGIN
	FOREACH rule IN ARRAY ARRAY['organization', 'account', 'authority', 'DM server', 'enrollment type'] LOOP
		v := CASE rule
			WHEN 'organization' THEN muster.rule_organization(p_organization)
			WHEN 'account' THEN muster.rule_account(p_account)
			WHEN 'authority' THEN muster.rule_authority(p_organization)
			WHEN 'DM server' THEN muster.rule_dm_server(p_organization)
			WHEN 'enrollment type' THEN muster.rule_enrollment_type(p_facts)
		END;
		RETURN NEXT v;
		IF v.outcome <> 'OK' AND NOT p_every THEN
			RETURN;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION muster.verdicts(muster.account, muster.organization, jsonb, boolean) IS 'Internal: what the rules say, in their order: up to the first refusal, or (last argument true) every one. Example: SELECT v.* FROM muster.account a JOIN muster.organization o ON o.id = a.organization, muster.verdicts(a, o, NULL, true) v WHERE a.upn = ''ada@example.test'';';

CREATE OR REPLACE FUNCTION muster.decide(p_account muster.account, p_organization muster.organization, p_facts jsonb)
RETURNS muster.verdict
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v muster.verdict;
BEGIN
	SELECT x.* INTO v FROM muster.verdicts(p_account, p_organization, p_facts, false) x WHERE x.outcome <> 'OK';
	IF FOUND THEN
		RETURN v;
	END IF;
	RETURN ROW(NULL, 'OK', NULL, NULL)::muster.verdict;
END
$$;
COMMENT ON FUNCTION muster.decide(muster.account, muster.organization, jsonb) IS 'Internal: the decision: the first refusal of the rules, or OK. Example: SELECT muster.decide(a, o, NULL) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';
