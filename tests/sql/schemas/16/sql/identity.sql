-- Whom a credential names. Kinds of credentials have a file each; this is what they share.

CREATE OR REPLACE FUNCTION muster.nobody(p_organization muster.organization, p_key text, p_user text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN p_organization.id IS NOT NULL THEN format('organization %s has no account "%s", or more than one of that short name', p_organization.key, muster.cut(p_user, 200))
		WHEN p_key IS NOT NULL THEN format('there is no organization "%s"', muster.cut(p_key, 60))
		WHEN p_user IS NULL THEN 'neither the path nor the credential names an organization'
		ELSE format('no organization has the domain of "%s"', muster.cut(p_user, 200))
	END
$$;
COMMENT ON FUNCTION muster.nobody(muster.organization, text, text) IS 'Internal: the reason why a name means nobody. Example: SELECT muster.nobody(NULL, NULL, ''ada@nowhere.test'');';

CREATE OR REPLACE FUNCTION muster.policy_of_kind(p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE p_kind WHEN 'password' THEN 'OnPremise' WHEN 'token' THEN 'Federated' WHEN 'sign-in page' THEN 'Federated' WHEN 'jwt' THEN 'Federated' WHEN 'certificate' THEN 'Certificate' END
$$;
COMMENT ON FUNCTION muster.policy_of_kind(text) IS 'Internal: the AuthPolicy that a kind of credential belongs to. Example: SELECT muster.policy_of_kind(''password'');';

CREATE OR REPLACE FUNCTION muster.identify(p_organization text, p_user text, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization := muster.organization_for(p_organization, p_user);
	kind text := coalesce(p_claim ->> 'kind', 'password');
	i muster.identity;
BEGIN
	IF o.id IS NULL THEN
		i.outcome := 'Authentication';
		i.why := muster.nobody(o, p_organization, p_user);
	ELSIF NOT coalesce(muster.policy_of_kind(kind) = ANY (o.auth_policies), false) THEN
		i.outcome := 'InvalidSecurity';
		i.why := format('organization %s does not accept this kind of credential: %s', o.key, muster.cut(kind, 30));
	ELSE
		i := CASE kind
			WHEN 'password' THEN muster.identify_password(o, p_user, p_claim)
			WHEN 'sign-in page' THEN muster.identify_sign_in(o, p_user, p_claim)
			WHEN 'token' THEN muster.identify_token(o, p_claim)
			WHEN 'jwt' THEN muster.identify_jwt(o, p_claim)
			WHEN 'certificate' THEN muster.identify_certificate(o, p_claim)
		END;
		i.outcome := coalesce(i.outcome, 'OK');
	END IF;
	i.organization := o.id;
	i.organization_key := o.key;
	i.welcome := coalesce(i.welcome, false);
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.identify(text, text, jsonb) IS 'Internal: whom a credential names, before the proof: organization by key, or NULL: by the user''s domain; the user as typed or named; the claim by its kind (NULL: a password). Example: SELECT * FROM muster.identify(''example'', ''ada'', ''{"kind": "password"}'');';

CREATE OR REPLACE FUNCTION muster.welcome_account(p_organization uuid, p_upn text, p_display_name text, p_how text, p_trace uuid, p_remote inet) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
	clean text := btrim(p_upn);
BEGIN
	IF clean IS NULL OR length(clean) > 320 OR clean !~ '^[^@\\[:space:][:cntrl:]]+@[^@\\[:space:][:cntrl:]]+$' THEN
		RETURN NULL;
	END IF;
	-- Two first sights of the same person take turns at the unique index, and the later one finds the earlier one's.
	INSERT INTO muster.account (id, organization, upn, display_name) VALUES (made, p_organization, clean, muster.cut(p_display_name, 256))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN (SELECT a.id FROM muster.account a WHERE a.organization = p_organization AND lower(a.upn) = lower(clean));
	END IF;
	INSERT INTO muster.event (kind, organization, account, trace, user_name, remote, why)
	VALUES ('account welcomed', p_organization, made, p_trace, clean, p_remote, muster.cut(p_how, 400));
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.welcome_account(uuid, text, text, text, uuid, inet) IS 'Internal: the account of somebody who has proven himself and is seen for the first time: made, with an event that says how, or found; NULL if the name cannot be an account''s. Example: see muster_worker.welcome.';
