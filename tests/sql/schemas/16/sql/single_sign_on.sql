-- Sign-in by the web server's own module (OpenID Connect, Kerberos, SAML): whose account its word means, and which
-- groups.

-- Names of variables. What a client can choose is never one: its headers (HTTP_…), its request, its certificate.

CREATE OR REPLACE FUNCTION muster.is_web_server_variable(p_name text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT p_name ~ '^[A-Za-z_][A-Za-z0-9_-]{0,63}$'
	   AND p_name !~* '^(HTTP|HTTPS|REDIRECT|QUERY|REQUEST|PATH|SCRIPT|CONTENT|CONTEXT|SERVER|DOCUMENT|GATEWAY|SSL|UNIQUE|FCGI|MUSTER)(_|$)'
	   AND upper(p_name) NOT IN ('REMOTE_ADDR', 'REMOTE_HOST', 'REMOTE_IDENT', 'REMOTE_PORT')
$$;
COMMENT ON FUNCTION muster.is_web_server_variable(text) IS 'Internal: whether a module of the web server may have set the variable, and no client can. Example: SELECT muster.is_web_server_variable(''OIDC_CLAIM_groups'');';

CREATE OR REPLACE FUNCTION muster.web_server_variable(variable text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := btrim(variable);
BEGIN
	IF clean ~* '^HTTP_' THEN
		RAISE EXCEPTION 'the variable % comes from the client''s headers: whoever asks can set it', quote_literal(left(clean, 80))
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'Have the web server''s module set a variable of the environment: with mod_auth_openidc, OIDCPassClaimsAs environment, and OIDC_CLAIM_… without HTTP_.';
	ELSIF muster.is_web_server_variable(clean) IS NOT TRUE THEN
		RAISE EXCEPTION 'not usable as a variable of the web server''s module: %', coalesce(quote_literal(left(clean, 80)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'Give the name of one that the module sets, such as REMOTE_USER, OIDC_CLAIM_email, MELLON_mail: at most 64 letters, digits, _ and -; not what describes the request (QUERY_STRING, SERVER_NAME, SSL_…), which clients choose.';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.web_server_variable(text) IS 'Internal: the name of a variable that the web server''s module sets, or an error. Example: SELECT muster.web_server_variable(''OIDC_CLAIM_name'');';

-- Whose account it is.

CREATE OR REPLACE FUNCTION muster.sign_in_variables(p_organization uuid) RETURNS text[]
LANGUAGE sql STABLE AS $$
	SELECT array_agg(DISTINCT v.name ORDER BY v.name) FROM (
		SELECT unnest(ARRAY['AUTH_TYPE', w.user_variable, w.name_variable, w.groups_variable]) AS name
		  FROM muster.web_server_sign_in w WHERE w.organization = p_organization
		UNION ALL
		SELECT c.variable FROM muster.sign_in_condition c WHERE c.organization = p_organization) v
	 WHERE v.name IS NOT NULL
$$;
COMMENT ON FUNCTION muster.sign_in_variables(uuid) IS 'Internal: the variables that an organization''s sign-in looks at. Example: SELECT muster.sign_in_variables(id) FROM muster.organization;';

CREATE OR REPLACE FUNCTION muster.sign_in_unused(o muster.organization) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN o.id IS NULL OR o.deleted_at IS NOT NULL THEN 'there is no such organization'
		WHEN NOT o.enabled THEN format('organization %s is disabled', o.key)
		WHEN o.sign_in <> 'web server' THEN format('organization %s does not have the web server sign people in', o.key)
		WHEN NOT 'Federated' = ANY (o.auth_policies) THEN format('organization %s has the web server sign people in, but not the policy Federated', o.key)
		WHEN NOT EXISTS (SELECT FROM muster.web_server_sign_in w WHERE w.organization = o.id) THEN format('organization %s does not say how the web server signs people in', o.key)
	END
$$;
COMMENT ON FUNCTION muster.sign_in_unused(muster.organization) IS 'Internal: why an organization''s people cannot sign in by the web server; NULL if they can. Example: SELECT muster.sign_in_unused(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.makes_accounts(o muster.organization) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT muster.sign_in_unused(o) IS NULL AND EXISTS (SELECT FROM muster.web_server_sign_in w WHERE w.organization = o.id AND w.create_accounts)
$$;
COMMENT ON FUNCTION muster.makes_accounts(muster.organization) IS 'Internal: whether who signs in for the first time gets an account. Example: SELECT muster.makes_accounts(o) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.untrusted_sign_in(p_sign_in muster.web_server_sign_in, p_variables jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	c record;
BEGIN
	-- AUTH_TYPE comes of a module that checked somebody; REMOTE_USER may come of careless configuration.
	IF coalesce(p_variables ->> 'AUTH_TYPE', '') = '' THEN
		RETURN 'AUTH_TYPE is absent: no module of the web server signed anybody in at this path; protect the location /muster/sso/';
	ELSIF lower(p_variables ->> 'AUTH_TYPE') <> lower(p_sign_in.auth_type) THEN
		RETURN format('AUTH_TYPE is "%s", the organization expects "%s"', muster.cut(p_variables ->> 'AUTH_TYPE', 64), p_sign_in.auth_type);
	ELSIF coalesce(p_variables ->> p_sign_in.user_variable, '') = '' THEN
		RETURN format('%s is absent: the web server''s module does not say who signed in', p_sign_in.user_variable);
	END IF;
	FOR c IN SELECT x.variable, x.value FROM muster.sign_in_condition x WHERE x.organization = p_sign_in.organization ORDER BY x.variable LOOP
		IF (p_variables ->> c.variable) IS DISTINCT FROM c.value THEN
			RETURN format('%s is %s, the organization demands "%s"', c.variable,
				coalesce('"' || muster.cut(p_variables ->> c.variable, 120) || '"', 'absent'), left(c.value, 120));
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.untrusted_sign_in(muster.web_server_sign_in, jsonb) IS 'Internal: why what the web server''s module set does not count as a sign-in; NULL if it does. Example: SELECT muster.untrusted_sign_in(w, ''{"AUTH_TYPE": "Negotiate", "REMOTE_USER": "ada@EXAMPLE.TEST"}'') FROM muster.web_server_sign_in w;';

CREATE OR REPLACE FUNCTION muster.signed_in_upn(p_organization uuid, p_name text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	-- ada@REALM, DOMAIN\ada or ada: exactly one of these. Services (HTTP/host@REALM, ada/admin@REALM) are nobody.
	parts text[] := regexp_match(p_name, '^(?:([^@\\/[:space:][:cntrl:]]+)\\)?([^@\\/[:space:][:cntrl:]]+)(?:@([^@\\/[:space:][:cntrl:]]+))?$');
	its_domain text;
BEGIN
	IF parts IS NULL OR length(p_name) > 320 OR (parts[1] IS NOT NULL AND parts[3] IS NOT NULL) THEN
		RETURN NULL;
	END IF;
	SELECT r.domain INTO its_domain FROM muster.sign_in_realm r
	 WHERE r.organization = p_organization AND r.realm = coalesce(parts[1], parts[3], '');
	RETURN parts[2] || '@' || coalesce(its_domain, parts[3]);
END
$$;
COMMENT ON FUNCTION muster.signed_in_upn(uuid, text) IS 'Internal: the account''s name that a name of the web server''s module means: as it is, or with the domain that stands for its realm; NULL if it can mean none. Example: SELECT muster.signed_in_upn(muster.organization_id(''example''), ''ada@EXAMPLE.TEST'');';

CREATE OR REPLACE FUNCTION muster.signed_in_as(o muster.organization, p_variables jsonb)
RETURNS TABLE (outcome text, why text, upn text, account uuid, welcome boolean)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	w muster.web_server_sign_in;
	named text;
	its_kind text;
BEGIN
	SELECT x.* INTO w FROM muster.web_server_sign_in x WHERE x.organization = o.id;
	outcome := 'Authentication';
	why := muster.untrusted_sign_in(w, p_variables);
	welcome := false;
	IF why IS NULL THEN
		outcome := 'Authorization';
		named := muster.signed_in_upn(o.id, p_variables ->> w.user_variable);
		-- The whole name and this organization's accounts only: short names are for people who type.
		SELECT a.id, a.upn, a.kind INTO account, upn, its_kind FROM muster.account a WHERE a.organization = o.id AND lower(a.upn) = lower(named) AND a.deleted_at IS NULL;
		upn := coalesce(upn, named);
		why := CASE
			WHEN upn IS NULL THEN format('%s "%s" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(%L, realm, domain)', w.user_variable, muster.cut(p_variables ->> w.user_variable, 120), o.key)
			WHEN its_kind = 'bulk' THEN format('account %s is for provisioning packages: nobody signs in as it', upn)
			WHEN account IS NOT NULL THEN NULL
			WHEN NOT w.create_accounts THEN format('organization %s has no account "%s", and makes none at the first sign-in', o.key, left(upn, 200))
			WHEN NOT EXISTS (SELECT FROM muster.email_domain d WHERE d.organization = o.id AND d.domain = lower(split_part(upn, '@', 2)))
				THEN format('no account is made for "%s": its domain is none of organization %s', left(upn, 200), o.key)
		END;
	END IF;
	IF why IS NULL THEN
		outcome := 'OK';
		welcome := account IS NULL;
	ELSE
		account := NULL;
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION muster.signed_in_as(muster.organization, jsonb) IS 'Internal: whose account the web server''s module means: the account, or (welcome) one to be made, or why nobody''s. Example: SELECT * FROM muster.organization o, muster.signed_in_as(o, ''{"AUTH_TYPE": "Negotiate", "REMOTE_USER": "ada@EXAMPLE.TEST"}'');';

-- Which groups.

CREATE OR REPLACE FUNCTION muster.claimed_groups(p_organization uuid, p_variables jsonb) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
	SELECT DISTINCT g.account_group
	  FROM muster.web_server_sign_in w
	 CROSS JOIN LATERAL unnest(string_to_array(p_variables ->> w.groups_variable, w.groups_separator)) v (value)
	  JOIN muster.claim_group g ON g.organization = w.organization AND g.value = btrim(v.value)
	 WHERE w.organization = p_organization
$$;
COMMENT ON FUNCTION muster.claimed_groups(uuid, jsonb) IS 'Internal: the groups that stand for what the web server''s module says. Example: SELECT muster.claimed_groups(muster.organization_id(''example''), ''{"OIDC_CLAIM_groups": "sales,staff"}'');';

CREATE OR REPLACE FUNCTION muster.keep_claimed_groups(p_organization uuid, p_account uuid, p_variables jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	wanted uuid[] := ARRAY(SELECT muster.claimed_groups(p_organization, p_variables));
BEGIN
	-- Most sign-ins change nothing, and lock nothing.
	IF NOT EXISTS (SELECT FROM muster.account_group_member m WHERE m.account = p_account AND m.how = 'claim' AND m.account_group <> ALL (wanted))
	   AND NOT EXISTS (SELECT FROM unnest(wanted) w WHERE NOT EXISTS (SELECT FROM muster.account_group_member m WHERE m.account = p_account AND m.account_group = w)) THEN
		RETURN;
	END IF;
	-- Two sign-ins of one person take turns, and an account that is being deleted gets no groups.
	PERFORM FROM muster.account a WHERE a.id = p_account AND a.deleted_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	DELETE FROM muster.account_group_member m WHERE m.account = p_account AND m.how = 'claim' AND m.account_group <> ALL (wanted);
	INSERT INTO muster.account_group_member (organization, account_group, account, how)
	SELECT p_organization, w, p_account, 'claim' FROM unnest(wanted) w ORDER BY w
	ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION muster.keep_claimed_groups(uuid, uuid, jsonb) IS 'Internal: make an account''s memberships by claim what the web server''s module says; those by hand stay as they are. Example: see muster_worker.sign_in.';

-- What the programs call.

CREATE OR REPLACE FUNCTION muster_worker.sign_in_variables(p_organization text) RETURNS TABLE (outcome text, why text, variables text, user_variable text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization := muster.organization_for(p_organization, NULL);
BEGIN
	why := muster.sign_in_unused(o);
	outcome := CASE WHEN why IS NULL THEN 'OK' ELSE 'NotFound' END;
	IF why IS NULL THEN
		variables := array_to_string(muster.sign_in_variables(o.id), ' ');
		user_variable := (SELECT w.user_variable FROM muster.web_server_sign_in w WHERE w.organization = o.id);
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION muster_worker.sign_in_variables(text) IS 'A sign-in by the web server''s module: the names of the variables to ask it for, with blanks between, and which of them holds the user''s name; NotFound where the organization does not use it. Example: SELECT * FROM muster_worker.sign_in_variables(''example'');';

CREATE OR REPLACE FUNCTION muster_worker.sign_in(p_organization text, p_variables jsonb, p_trace uuid, p_remote text)
RETURNS TABLE (outcome text, why text, "text" text, language text, details jsonb, organization text, account uuid, upn text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization := muster.organization_for(p_organization, NULL);
	who record;
	v muster.verdict;
BEGIN
	organization := o.key;
	why := muster.sign_in_unused(o);
	IF why IS NOT NULL THEN
		outcome := 'NotFound';
		RETURN NEXT;
		RETURN;
	END IF;
	SELECT * INTO who FROM muster.signed_in_as(o, p_variables);
	outcome := who.outcome;
	why := who.why;
	account := who.account;
	upn := who.upn;
	IF who.welcome THEN
		account := muster.welcome_account(o.id, upn,
			(SELECT p_variables ->> w.name_variable FROM muster.web_server_sign_in w WHERE w.organization = o.id),
			'signed in by the web server''s module', p_trace, muster.to_inet(p_remote));
	END IF;
	IF account IS NOT NULL THEN
		PERFORM muster.keep_claimed_groups(o.id, account, p_variables);
		v := muster.decide(muster.candidate_of(account, muster.to_inet(p_remote), NULL));
		outcome := v.outcome;
		why := v.why;
		"text" := v.text;
		language := v.language;
		details := v.details;
	ELSIF outcome = 'OK' THEN
		outcome := 'Authorization';
		why := format('"%s" cannot be an account''s name', muster.cut(upn, 200));
	END IF;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION muster_worker.sign_in(text, jsonb, uuid, text) IS 'Somebody came through the web server''s module: whose account that is (made, where the organization wants that), its groups kept, and the decision. Organization''s key, the variables that muster_worker.sign_in_variables named with their values, trace id, client address. Example: SELECT * FROM muster_worker.sign_in(''example'', ''{"AUTH_TYPE": "Negotiate", "REMOTE_USER": "ada@EXAMPLE.TEST"}'', muster.new_id(), ''192.0.2.7'');';

-- What administrators call.

CREATE OR REPLACE FUNCTION muster.use_web_server_sign_in(organization text, auth_type text, user_variable text DEFAULT 'REMOTE_USER',
	create_accounts boolean DEFAULT false, name_variable text DEFAULT NULL, groups_variable text DEFAULT NULL, groups_separator text DEFAULT ',') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(use_web_server_sign_in.organization);
	its_type text := btrim(use_web_server_sign_in.auth_type);
	its_name text := CASE WHEN use_web_server_sign_in.name_variable IS NOT NULL THEN muster.web_server_variable(use_web_server_sign_in.name_variable) END;
	its_groups text := CASE WHEN use_web_server_sign_in.groups_variable IS NOT NULL THEN muster.web_server_variable(use_web_server_sign_in.groups_variable) END;
	its_user text := muster.web_server_variable(use_web_server_sign_in.user_variable);
	policies text[];
BEGIN
	IF its_type IS NULL OR its_type !~ '^[A-Za-z0-9._-]{1,64}$' THEN
		RAISE EXCEPTION 'not usable as an AUTH_TYPE: %', coalesce(quote_literal(left(use_web_server_sign_in.auth_type, 80)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what stands behind AuthType in the web server''s configuration: openid-connect, Mellon; for GSSAPI it is Negotiate.';
	ELSIF use_web_server_sign_in.groups_separator IS NULL OR length(use_web_server_sign_in.groups_separator) NOT BETWEEN 1 AND 8 THEN
		RAISE EXCEPTION 'not usable between groups: %', coalesce(quote_literal(left(use_web_server_sign_in.groups_separator, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 8 characters that no group''s name holds, as OIDCClaimDelimiter has them.';
	END IF;
	INSERT INTO muster.web_server_sign_in AS w (organization, auth_type, user_variable, name_variable, groups_variable, groups_separator, create_accounts)
	VALUES (owner_id, its_type, its_user, its_name, its_groups, use_web_server_sign_in.groups_separator, muster.switch('create_accounts', use_web_server_sign_in.create_accounts))
	ON CONFLICT ON CONSTRAINT web_server_sign_in_pkey DO UPDATE SET auth_type = excluded.auth_type, user_variable = excluded.user_variable,
		name_variable = excluded.name_variable, groups_variable = excluded.groups_variable, groups_separator = excluded.groups_separator,
		create_accounts = excluded.create_accounts;
	UPDATE muster.organization o SET sign_in = 'web server' WHERE o.id = owner_id RETURNING o.auth_policies INTO policies;
	RETURN format('organization %s: the web server signs people in (%s, the name in %s); %s%s', use_web_server_sign_in.organization, its_type, its_user,
		CASE WHEN create_accounts THEN 'accounts are made at the first sign-in' ELSE 'they need an account already' END,
		CASE WHEN NOT 'Federated' = ANY (policies) THEN '. Devices are not told yet: SELECT muster.set_auth_policies(organization, ''{Federated,OnPremise}'');' ELSE '' END);
END
$$;
COMMENT ON FUNCTION muster.use_web_server_sign_in(text, text, text, boolean, text, text, text) IS 'Let the web server''s own module sign an organization''s people in, instead of our page: what AUTH_TYPE says then, the variable that holds the user''s name (name@domain; realms: muster.map_realm), whether an account is made at the first sign-in, the variables for its name for people and its groups (muster.map_claim) and what stands between them. The web server must protect the location /muster/sso/. Back to the page: muster.set_sign_in. Example: SELECT muster.use_web_server_sign_in(''example'', ''openid-connect'', ''OIDC_CLAIM_email'', create_accounts => true, name_variable => ''OIDC_CLAIM_name'');';

CREATE OR REPLACE FUNCTION muster.require_sign_in_variable(organization text, variable text, value text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(require_sign_in_variable.organization);
	clean text := muster.web_server_variable(require_sign_in_variable.variable);
BEGIN
	IF require_sign_in_variable.value IS NULL OR length(require_sign_in_variable.value) NOT BETWEEN 1 AND 1000 THEN
		RAISE EXCEPTION 'variable % must have some value', clean
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give it as the module sets it, case included: 1 to 1000 characters. To take the condition away: SELECT muster.forget_sign_in_variable(organization, variable);';
	END IF;
	INSERT INTO muster.sign_in_condition AS c (organization, variable, value) VALUES (owner_id, clean, require_sign_in_variable.value)
	ON CONFLICT ON CONSTRAINT sign_in_condition_pkey DO UPDATE SET value = excluded.value;
	RETURN format('organization %s: a sign-in counts only where %s is "%s"', require_sign_in_variable.organization, clean, require_sign_in_variable.value);
END
$$;
COMMENT ON FUNCTION muster.require_sign_in_variable(text, text, text) IS 'Count a sign-in by the web server''s module only where a variable of its has this value: the provider that it came from, that the address was verified. Example: SELECT muster.require_sign_in_variable(''example'', ''OIDC_CLAIM_iss'', ''https://login.example.test'');';

CREATE OR REPLACE FUNCTION muster.forget_sign_in_variable(organization text, variable text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(forget_sign_in_variable.organization);
BEGIN
	DELETE FROM muster.sign_in_condition c WHERE c.organization = owner_id AND c.variable = btrim(forget_sign_in_variable.variable);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization "%" has no condition for the variable %', forget_sign_in_variable.organization, coalesce(quote_literal(left(forget_sign_in_variable.variable, 80)), 'NULL')
			USING ERRCODE = 'undefined_object', HINT = coalesce('There is one for: ' || (SELECT string_agg(c.variable, ', ' ORDER BY c.variable) FROM muster.sign_in_condition c
				WHERE c.organization = owner_id), 'It has no condition.');
	END IF;
	RETURN format('organization %s: %s may be anything', forget_sign_in_variable.organization, btrim(forget_sign_in_variable.variable));
END
$$;
COMMENT ON FUNCTION muster.forget_sign_in_variable(text, text) IS 'Take a condition of sign-ins by the web server''s module away. Example: SELECT muster.forget_sign_in_variable(''example'', ''OIDC_CLAIM_iss'');';

CREATE OR REPLACE FUNCTION muster.map_realm(organization text, realm text, domain text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(map_realm.organization);
	its_realm text := btrim(map_realm.realm);
	its_domain text := lower(btrim(map_realm.domain, ' .'));
BEGIN
	IF its_realm IS NULL OR length(its_realm) > 253 OR its_realm !~ '^[^@\\/[:space:][:cntrl:]]*$' THEN
		RAISE EXCEPTION 'not usable as a realm: %', coalesce(quote_literal(left(map_realm.realm, 300)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what stands behind the @ (EXAMPLE.TEST) or before the backslash (EXAMPLE), case included; '''' for names without either.';
	ELSIF its_domain IS NULL OR length(its_domain) > 253 OR its_domain !~ '^[^@\\/[:space:][:cntrl:]]+$' THEN
		RAISE EXCEPTION 'not a domain: %', coalesce(quote_literal(left(map_realm.domain, 300)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what stands behind the @ of accounts'' names, for example example.test.';
	END IF;
	INSERT INTO muster.sign_in_realm AS r (organization, realm, domain) VALUES (owner_id, its_realm, its_domain)
	ON CONFLICT ON CONSTRAINT sign_in_realm_pkey DO UPDATE SET domain = excluded.domain;
	RETURN format('organization %s: %s means …@%s', map_realm.organization, CASE its_realm WHEN '' THEN 'a name without a realm' ELSE 'realm ' || its_realm END, its_domain);
END
$$;
COMMENT ON FUNCTION muster.map_realm(text, text, text) IS 'Say which domain stands in accounts'' names for a realm of the names that the web server''s module tells: ada@CORP.EXAMPLE.TEST or CORP\ada becomes ada@example.test. Example: SELECT muster.map_realm(''example'', ''CORP.EXAMPLE.TEST'', ''example.test'');';

CREATE OR REPLACE FUNCTION muster.unmap_realm(organization text, realm text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(unmap_realm.organization);
BEGIN
	DELETE FROM muster.sign_in_realm r WHERE r.organization = owner_id AND r.realm = btrim(unmap_realm.realm);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization "%" has no domain for the realm %', unmap_realm.organization, coalesce(quote_literal(left(unmap_realm.realm, 300)), 'NULL')
			USING ERRCODE = 'undefined_object', HINT = coalesce('Its realms: ' || (SELECT string_agg(quote_literal(r.realm), ', ' ORDER BY r.realm) FROM muster.sign_in_realm r
				WHERE r.organization = owner_id), 'It has no realm.');
	END IF;
	RETURN format('organization %s: realm %s means no domain any more', unmap_realm.organization, coalesce(nullif(btrim(unmap_realm.realm), ''), '''''' ));
END
$$;
COMMENT ON FUNCTION muster.unmap_realm(text, text) IS 'Take a realm''s domain away. Example: SELECT muster.unmap_realm(''example'', ''CORP.EXAMPLE.TEST'');';

CREATE OR REPLACE FUNCTION muster.map_claim(organization text, value text, group_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(map_claim.organization);
	its_group uuid := muster.group_id(map_claim.organization, map_claim.group_name);
	clean text := btrim(map_claim.value);
	separator text;
BEGIN
	SELECT w.groups_separator INTO separator FROM muster.web_server_sign_in w WHERE w.organization = owner_id;
	IF clean IS NULL OR length(clean) NOT BETWEEN 1 AND 400 THEN
		RAISE EXCEPTION 'not usable as a group of the identity provider: %', coalesce(quote_literal(left(map_claim.value, 80)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give it as the web server''s module tells it, case included: 1 to 400 characters.';
	ELSIF position(separator IN clean) > 0 THEN
		RAISE EXCEPTION 'the value % holds %, which stands between values', quote_literal(left(clean, 80)), quote_literal(separator)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Let the module put something else between them (OIDCClaimDelimiter), and say so: SELECT muster.use_web_server_sign_in(…, groups_separator => ''…'');';
	END IF;
	INSERT INTO muster.claim_group (organization, value, account_group) VALUES (owner_id, clean, its_group) ON CONFLICT DO NOTHING;
	RETURN format('organization %s: who comes with "%s" is in group "%s" from the next sign-in on', map_claim.organization, clean, map_claim.group_name);
END
$$;
COMMENT ON FUNCTION muster.map_claim(text, text, text) IS 'Put everybody whom the identity provider says to be in a group of its (by its name or id there) into a group here, from the next sign-in on, and out again when it no longer says so. Memberships made by hand stay. Example: SELECT muster.map_claim(''example'', ''dept-sales'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.unmap_claim(organization text, value text, group_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(unmap_claim.organization);
	its_group uuid := muster.group_id(unmap_claim.organization, unmap_claim.group_name);
BEGIN
	DELETE FROM muster.claim_group c WHERE c.organization = owner_id AND c.value = btrim(unmap_claim.value) AND c.account_group = its_group;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'nobody comes into group "%" by %', unmap_claim.group_name, coalesce(quote_literal(left(unmap_claim.value, 80)), 'NULL')
			USING ERRCODE = 'undefined_object', HINT = coalesce('Into it lead: ' || (SELECT string_agg(c.value, ', ' ORDER BY c.value) FROM muster.claim_group c
				WHERE c.organization = owner_id AND c.account_group = its_group), 'No value leads into it.');
	END IF;
	RETURN format('organization %s: "%s" no longer leads into group "%s"; who came by it leaves at his next sign-in', unmap_claim.organization, btrim(unmap_claim.value), unmap_claim.group_name);
END
$$;
COMMENT ON FUNCTION muster.unmap_claim(text, text, text) IS 'Let a group of the identity provider no longer lead into a group here. Who came by it leaves at his next sign-in; at once: muster.remove_from_group. Example: SELECT muster.unmap_claim(''example'', ''dept-sales'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.explain_sign_in(organization text, variables jsonb)
RETURNS TABLE (step text, outcome text, why text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization;
	who record;
	unused text;
BEGIN
	IF jsonb_typeof(explain_sign_in.variables) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'the variables are a JSON object'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT * FROM muster.explain_sign_in(''example'', ''{"AUTH_TYPE": "Negotiate", "REMOTE_USER": "ada@EXAMPLE.TEST"}'');';
	END IF;
	SELECT x.* INTO o FROM muster.organization x WHERE x.id = muster.organization_id(explain_sign_in.organization);
	unused := muster.sign_in_unused(o);
	IF unused IS NOT NULL THEN
		RETURN QUERY SELECT 'organization', 'NotFound', unused;
		RETURN;
	END IF;
	RETURN QUERY SELECT 'variables', 'OK', 'looked at: ' || array_to_string(muster.sign_in_variables(o.id), ', ');
	SELECT * INTO who FROM muster.signed_in_as(o, explain_sign_in.variables);
	RETURN QUERY SELECT 'account', who.outcome, coalesce(who.why, who.upn || CASE WHEN who.welcome THEN ': an account is made' ELSE '' END);
	IF who.outcome = 'OK' THEN
		RETURN QUERY SELECT 'groups', 'OK', coalesce('by claim: ' || (SELECT string_agg(g.name, ', ' ORDER BY lower(g.name)) FROM muster.account_group g
			WHERE g.organization = o.id AND g.id IN (SELECT muster.claimed_groups(o.id, explain_sign_in.variables))), 'none by claim');
	END IF;
	IF who.account IS NOT NULL THEN
		RETURN QUERY SELECT v.rule, v.outcome, v.why FROM muster.verdicts(muster.candidate_of(who.account, NULL, NULL), true) v;
	END IF;
END
$$;
COMMENT ON FUNCTION muster.explain_sign_in(text, jsonb) IS 'What a sign-in by the web server''s module with these variables would come to, without doing it: whether it counts, whose account it is, the groups by claim, and what each rule says of the account as it is now. Example: SELECT * FROM muster.explain_sign_in(''example'', ''{"AUTH_TYPE": "openid-connect", "REMOTE_USER": "ada@example.test"}'');';

CREATE OR REPLACE VIEW muster.web_server_sign_ins WITH (security_invoker = true) AS
SELECT o.key AS organization, muster.sign_in_unused(o) IS NULL AS in_use, w.auth_type, w.user_variable, w.create_accounts, w.name_variable,
       w.groups_variable, w.groups_separator,
       ARRAY(SELECT c.variable || ' = ' || c.value FROM muster.sign_in_condition c WHERE c.organization = o.id ORDER BY c.variable) AS conditions,
       ARRAY(SELECT r.realm || ' -> ' || r.domain FROM muster.sign_in_realm r WHERE r.organization = o.id ORDER BY r.realm) AS realms
  FROM muster.web_server_sign_in w JOIN muster.organization o ON o.id = w.organization;
COMMENT ON VIEW muster.web_server_sign_ins IS 'How the web server''s own module signs people in, by organization, and whether that is in use. Example: SELECT organization, in_use, auth_type, user_variable, conditions FROM muster.web_server_sign_ins;';

CREATE OR REPLACE VIEW muster.claim_groups WITH (security_invoker = true) AS
SELECT o.key AS organization, c.value, g.name AS group_name,
       (SELECT count(*) FROM muster.account_group_member m WHERE m.organization = c.organization AND m.account_group = g.id AND m.how = 'claim') AS members_by_claim
  FROM muster.claim_group c
  JOIN muster.organization o ON o.id = c.organization
  JOIN muster.account_group g ON g.id = c.account_group;
COMMENT ON VIEW muster.claim_groups IS 'Which group here stands for a group of the identity provider, and how many are in it by claims. Example: SELECT value, group_name, members_by_claim FROM muster.claim_groups WHERE organization = ''example'';';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.web_server_sign_in
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.web_server_sign_in
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.sign_in_condition
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.sign_in_condition
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.sign_in_realm
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.sign_in_realm
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.claim_group
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.claim_group
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
