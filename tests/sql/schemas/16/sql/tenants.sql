-- Tenants of Entra ID: functions for administrators. They run as the caller.

CREATE OR REPLACE FUNCTION muster.tenant_id(organization text, tenant text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(tenant_id.organization);
	id uuid;
BEGIN
	SELECT t.tenant INTO id FROM muster.tenant t
	 WHERE t.organization = owner_id AND (t.tenant = muster.to_guid(btrim(tenant_id.tenant)) OR lower(t.name) = lower(btrim(tenant_id.tenant)));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has no tenant "%"', tenant_id.organization, coalesce(left(tenant_id.tenant, 100), 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Tenants: ' || (SELECT string_agg(s.tenant || coalesce(' (' || s.name || ')', ''), ', ') FROM (SELECT t.tenant, t.name FROM muster.tenant t
				WHERE t.organization = owner_id ORDER BY t.added_at LIMIT 20) s),
				format('There is none yet: SELECT muster.add_tenant(%L, tenant, ARRAY[audience]);', tenant_id.organization));
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.tenant_id(text, text) IS 'The id of an organization''s tenant, by its id or name; an error that names those there are if there is none. Example: SELECT muster.tenant_id(''example'', ''Contoso'');';

CREATE OR REPLACE FUNCTION muster.tenant_audiences(audiences text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wrong text;
BEGIN
	SELECT coalesce(quote_literal(left(a, 100)), 'NULL') INTO wrong FROM unnest(tenant_audiences.audiences) a
	 WHERE a IS NULL OR length(a) NOT BETWEEN 1 AND 256 OR a ~ '[[:space:][:cntrl:]]' LIMIT 1;
	IF coalesce(cardinality(tenant_audiences.audiences), 0) NOT BETWEEN 1 AND 16 THEN
		RAISE EXCEPTION 'a tenant has 1 to 16 audiences, not %', coalesce(cardinality(tenant_audiences.audiences), 0)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Without one, tokens for any application of the tenant would do. Give its application''s id and its App ID URI: ARRAY[''2b3c4d5e-…'', ''https://mdm.example.test''].';
	ELSIF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'not usable as an audience: %', wrong
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give it as it stands in aud, exactly: an application''s id, or its App ID URI.';
	END IF;
	RETURN tenant_audiences.audiences;
END
$$;
COMMENT ON FUNCTION muster.tenant_audiences(text[]) IS 'Internal: usable audiences, or an error. Example: SELECT muster.tenant_audiences(ARRAY[''https://mdm.example.test'']);';

CREATE OR REPLACE FUNCTION muster.add_tenant(organization text, tenant text, audiences text[], name text DEFAULT NULL, cloud text DEFAULT 'global') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(add_tenant.organization);
	id uuid := muster.to_guid(btrim(add_tenant.tenant));
	login text := CASE add_tenant.cloud WHEN 'global' THEN 'login.microsoftonline.com' WHEN 'us government' THEN 'login.microsoftonline.us' WHEN 'china' THEN 'login.partner.microsoftonline.cn' END;
	sts text := CASE add_tenant.cloud WHEN 'china' THEN 'sts.chinacloudapi.cn' ELSE 'sts.windows.net' END;
BEGIN
	IF id IS NULL THEN
		RAISE EXCEPTION 'not a tenant''s id: %', coalesce(quote_literal(left(add_tenant.tenant, 100)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the GUID that the tenant''s overview shows. "common" and "organizations" are no tenants: they would let everybody''s in.';
	ELSIF login IS NULL THEN
		RAISE EXCEPTION 'there is no cloud %', coalesce(quote_literal(left(add_tenant.cloud, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Clouds: global, us government, china.';
	END IF;
	INSERT INTO muster.tenant (organization, tenant, name, issuer_v1, issuer_v2, audiences, keys_url)
	VALUES (owner_id, id, muster.cut(add_tenant.name, 128), format('https://%s/%s/', sts, id), format('https://%s/%s/v2.0', login, id),
		muster.tenant_audiences(add_tenant.audiences), format('https://%s/%s/discovery/v2.0/keys', login, id))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has tenant % already', add_tenant.organization, id
			USING ERRCODE = 'unique_violation', HINT = 'Change it with muster.set_tenant_audiences, muster.set_tenant_accounts, ….';
	END IF;
	RETURN format('organization %s takes tokens of tenant %s once its keys are here: muster-ca keys --organization %s', add_tenant.organization, id, add_tenant.organization);
END
$$;
COMMENT ON FUNCTION muster.add_tenant(text, text, text[], text, text) IS 'Take tokens of a tenant of Entra ID: its id, whom its tokens must be for (the application''s id, its App ID URI), what people call it, its cloud (global, us government, china). Then: muster-ca keys, muster.set_tenant_accounts, and Federated among the organization''s policies. Example: SELECT muster.add_tenant(''example'', ''72f988bf-86f1-41af-91ab-2d7cd011db47'', ARRAY[''2b3c4d5e-0000-4000-8000-00000000000a'', ''https://mdm.example.test''], ''Contoso'');';

CREATE OR REPLACE FUNCTION muster.remove_tenant(organization text, tenant text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(remove_tenant.organization);
	id uuid := muster.tenant_id(remove_tenant.organization, remove_tenant.tenant);
	links bigint;
BEGIN
	DELETE FROM muster.account_identity x WHERE x.organization = owner_id AND x.tenant = id;
	GET DIAGNOSTICS links = ROW_COUNT;
	DELETE FROM muster.tenant_key x WHERE x.organization = owner_id AND x.tenant = id;
	DELETE FROM muster.tenant x WHERE x.organization = owner_id AND x.tenant = id;
	RETURN format('organization %s takes no tokens of tenant %s any more; accounts stay, %s of them are linked to it no longer', remove_tenant.organization, id, links);
END
$$;
COMMENT ON FUNCTION muster.remove_tenant(text, text) IS 'Take no tokens of a tenant any more: it goes with its keys and its links to accounts; accounts and devices stay. Example: SELECT muster.remove_tenant(''example'', ''72f988bf-86f1-41af-91ab-2d7cd011db47'');';

CREATE OR REPLACE FUNCTION muster.set_tenant_audiences(organization text, tenant text, audiences text[]) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(set_tenant_audiences.organization, set_tenant_audiences.tenant);
	clean text[] := muster.tenant_audiences(set_tenant_audiences.audiences);
BEGIN
	UPDATE muster.tenant t SET audiences = clean WHERE t.organization = muster.organization_id(set_tenant_audiences.organization) AND t.tenant = id;
	RETURN format('tokens of tenant %s must be for %s', id, array_to_string(clean, ' or '));
END
$$;
COMMENT ON FUNCTION muster.set_tenant_audiences(text, text, text[]) IS 'Set whom a tenant''s tokens must be for (aud): its application''s id (tokens of version 2.0), its App ID URI (1.0). Example: SELECT muster.set_tenant_audiences(''example'', ''Contoso'', ARRAY[''2b3c4d5e-0000-4000-8000-00000000000a'', ''https://mdm.example.test'']);';

CREATE OR REPLACE FUNCTION muster.set_tenant_issuers(organization text, tenant text, v1 text, v2 text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(set_tenant_issuers.organization, set_tenant_issuers.tenant);
	wrong text;
BEGIN
	SELECT u INTO wrong FROM unnest(ARRAY[set_tenant_issuers.v1, set_tenant_issuers.v2]) u
	 WHERE length(u) > 256 OR u !~ '^https://[^[:space:][:cntrl:]<>"]+$' LIMIT 1;
	IF wrong IS NOT NULL OR num_nonnulls(set_tenant_issuers.v1, set_tenant_issuers.v2) = 0 THEN
		RAISE EXCEPTION 'not usable as an issuer: %', coalesce(quote_literal(left(wrong, 100)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what stands in iss, exactly, a slash at the end included; NULL for a version that is not to be taken, but not for both.';
	END IF;
	UPDATE muster.tenant t SET issuer_v1 = set_tenant_issuers.v1, issuer_v2 = set_tenant_issuers.v2
	 WHERE t.organization = muster.organization_id(set_tenant_issuers.organization) AND t.tenant = id;
	RETURN format('tokens of tenant %s: version 1.0 by %s, version 2.0 by %s', id, coalesce(set_tenant_issuers.v1, 'nobody'), coalesce(set_tenant_issuers.v2, 'nobody'));
END
$$;
COMMENT ON FUNCTION muster.set_tenant_issuers(text, text, text, text) IS 'Set the issuers (iss) of a tenant''s tokens of version 1.0 and 2.0; NULL: that version is not taken. muster.add_tenant has set what Entra ID writes. Example: SELECT muster.set_tenant_issuers(''example'', ''Contoso'', NULL, ''https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0'');';

CREATE OR REPLACE FUNCTION muster.set_tenant_keys(organization text, tenant text, url text DEFAULT NULL, keep_days integer DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(set_tenant_keys.organization, set_tenant_keys.tenant);
	clean text := CASE WHEN set_tenant_keys.url IS NOT NULL THEN muster.page_url(set_tenant_keys.url) END;
	now_set muster.tenant;
BEGIN
	IF set_tenant_keys.keep_days NOT BETWEEN 1 AND 90 THEN
		RAISE EXCEPTION 'keys that are no longer published are kept 1 to 90 days, not %', set_tenant_keys.keep_days
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Longer than the longest token lives, and than muster-ca keys may fail: 7 is usual. To stop a key at once: SELECT muster.revoke_tenant_key(organization, tenant, kid, reason);';
	END IF;
	UPDATE muster.tenant t SET keys_url = coalesce(clean, t.keys_url), keep_days = coalesce(set_tenant_keys.keep_days, t.keep_days)
	 WHERE t.organization = muster.organization_id(set_tenant_keys.organization) AND t.tenant = id RETURNING t.* INTO now_set;
	RETURN format('keys of tenant %s come from %s and are good for %s days after they are gone from there', id, now_set.keys_url, now_set.keep_days);
END
$$;
COMMENT ON FUNCTION muster.set_tenant_keys(text, text, text, integer) IS 'Set where muster-ca keys fetches a tenant''s keys (a JWK Set, or an openid-configuration that names one), and how many days a key is good that is no longer published; NULL leaves as it is. Example: SELECT muster.set_tenant_keys(''example'', ''Contoso'', keep_days => 14);';

CREATE OR REPLACE FUNCTION muster.set_tenant_accounts(organization text, tenant text, create_accounts boolean, link_by_name boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(set_tenant_accounts.organization, set_tenant_accounts.tenant);
BEGIN
	PERFORM muster.switch('create_accounts', set_tenant_accounts.create_accounts), muster.switch('link_by_name', set_tenant_accounts.link_by_name);
	UPDATE muster.tenant t SET create_accounts = set_tenant_accounts.create_accounts, link_by_name = set_tenant_accounts.link_by_name
	 WHERE t.organization = muster.organization_id(set_tenant_accounts.organization) AND t.tenant = id;
	RETURN format('users of tenant %s who are seen for the first time: %s; %s', id,
		CASE WHEN set_tenant_accounts.link_by_name THEN 'an account of their name becomes theirs, if it is nobody''s yet' ELSE 'an account of their name is not theirs until it is linked' END,
		CASE WHEN set_tenant_accounts.create_accounts THEN 'without one they get one' ELSE 'without one they do not enroll' END);
END
$$;
COMMENT ON FUNCTION muster.set_tenant_accounts(text, text, boolean, boolean) IS 'What becomes of a tenant''s users who are seen for the first time: whether they get an account; whether an account of their name becomes theirs, if the name is in a domain of the organization and no other object of the tenant has it. A name can be given to another person; link by name only while accounts and tenant have the same people, for instance when moving to Entra ID. Example: SELECT muster.set_tenant_accounts(''example'', ''Contoso'', create_accounts => true);';

CREATE OR REPLACE FUNCTION muster.set_tenant_devices(organization text, tenant text, upn text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(set_tenant_devices.organization, set_tenant_devices.tenant);
	its_account uuid := CASE WHEN set_tenant_devices.upn IS NOT NULL THEN muster.account_id(set_tenant_devices.upn, set_tenant_devices.organization) END;
BEGIN
	UPDATE muster.tenant t SET device_account = its_account
	 WHERE t.organization = muster.organization_id(set_tenant_devices.organization) AND t.tenant = id;
	RETURN format('tokens of tenant %s that name a device and no user %s', id, CASE WHEN its_account IS NULL THEN 'are not taken' ELSE 'enroll it for ' || set_tenant_devices.upn END);
END
$$;
COMMENT ON FUNCTION muster.set_tenant_devices(text, text, text) IS 'Set the account that devices enroll for whose token names no user (enrolled by group policy with the device''s credential, or before anybody signs in); NULL: such tokens are not taken. An account of kind bulk has no device cap. Example: SELECT muster.set_tenant_devices(''example'', ''Contoso'', ''devices@example.test'');';

CREATE OR REPLACE FUNCTION muster.set_tenant_demands(organization text, tenant text, scope text DEFAULT NULL, mfa boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(set_tenant_demands.organization, set_tenant_demands.tenant);
BEGIN
	PERFORM muster.switch('mfa', set_tenant_demands.mfa);
	IF set_tenant_demands.scope !~ '^[!#-[\]-~]{1,128}$' THEN
		RAISE EXCEPTION 'not usable as a scope: %', quote_literal(left(set_tenant_demands.scope, 140))
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one name as it stands in scp or roles, for example mdm_delegation.';
	END IF;
	UPDATE muster.tenant t SET scope = set_tenant_demands.scope, mfa = set_tenant_demands.mfa
	 WHERE t.organization = muster.organization_id(set_tenant_demands.organization) AND t.tenant = id;
	RETURN format('tokens of tenant %s need %s in scp or roles, and %s', id, coalesce(set_tenant_demands.scope, 'nothing in particular'),
		CASE WHEN set_tenant_demands.mfa THEN 'a sign-in with several factors' ELSE 'any sign-in' END);
END
$$;
COMMENT ON FUNCTION muster.set_tenant_demands(text, text, text, boolean) IS 'What a tenant''s tokens must have beside what all must: a name in scp or roles (NULL: nothing), and mfa in amr, which says that the user signed in with several factors. Example: SELECT muster.set_tenant_demands(''example'', ''Contoso'', scope => ''mdm_delegation'', mfa => true);';

CREATE OR REPLACE FUNCTION muster.link_account(upn text, tenant text, subject text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.account_id(link_account.upn, link_account.organization);
	its_organization uuid;
	its_key text;
	its_tenant uuid;
	its_subject uuid := muster.to_guid(btrim(link_account.subject));
	holder text;
BEGIN
	SELECT o.id, o.key INTO its_organization, its_key FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.id = its_account;
	its_tenant := muster.tenant_id(its_key, link_account.tenant);
	IF its_subject IS NULL THEN
		RAISE EXCEPTION 'not an object''s id: %', coalesce(quote_literal(left(link_account.subject, 100)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the GUID that the tenant shows as the user''s object id.';
	END IF;
	SELECT a.upn INTO holder FROM muster.account_identity x JOIN muster.account a ON a.id = x.account
	 WHERE x.organization = its_organization AND x.tenant = its_tenant AND x.subject = its_subject AND x.account <> its_account;
	IF FOUND THEN
		RAISE EXCEPTION 'object % is linked to account "%"', its_subject, holder
			USING ERRCODE = 'unique_violation', HINT = format('First: SELECT muster.unlink_account(%L, %L, %L);', holder, its_tenant, its_key);
	END IF;
	INSERT INTO muster.account_identity (organization, account, tenant, subject) VALUES (its_organization, its_account, its_tenant, its_subject)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND AND NOT EXISTS (SELECT FROM muster.account_identity x WHERE x.account = its_account AND x.tenant = its_tenant AND x.subject = its_subject) THEN
		RAISE EXCEPTION 'account "%" is linked to another object of tenant %', link_account.upn, its_tenant
			USING ERRCODE = 'unique_violation', HINT = format('First: SELECT muster.unlink_account(%L, %L, %L);', link_account.upn, its_tenant, its_key);
	END IF;
	RETURN format('account %s is object %s of tenant %s', link_account.upn, its_subject, its_tenant);
END
$$;
COMMENT ON FUNCTION muster.link_account(text, text, text, text) IS 'Say which object of a tenant an account is: the account''s name, the tenant, the object''s id there. Tokens of that object are its from then on, whatever name they carry. Example: SELECT muster.link_account(''ada@example.test'', ''Contoso'', ''0f7c2a11-5c0d-4c39-8f6e-6f0d6a1e2b3c'');';

CREATE OR REPLACE FUNCTION muster.unlink_account(upn text, tenant text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.account_id(unlink_account.upn, unlink_account.organization);
	its_tenant uuid;
BEGIN
	its_tenant := muster.tenant_id((SELECT o.key FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.id = its_account), unlink_account.tenant);
	DELETE FROM muster.account_identity x WHERE x.account = its_account AND x.tenant = its_tenant;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'account "%" is linked to no object of tenant %', unlink_account.upn, its_tenant
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT account, tenant, subject FROM muster.account_identities;';
	END IF;
	RETURN format('account %s is no object of tenant %s any more', unlink_account.upn, its_tenant);
END
$$;
COMMENT ON FUNCTION muster.unlink_account(text, text, text) IS 'Undo which object of a tenant an account is, for instance when its name was given to another person: the tokens of neither are its until it is linked again. Example: SELECT muster.unlink_account(''ada@example.test'', ''Contoso'');';

CREATE OR REPLACE FUNCTION muster.revoke_tenant_key(organization text, tenant text, kid text, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(revoke_tenant_key.organization, revoke_tenant_key.tenant);
BEGIN
	IF muster.cut(revoke_tenant_key.reason, 400) IS NULL THEN
		RAISE EXCEPTION 'revoking a key needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.revoke_tenant_key(organization, tenant, kid, ''stolen, says the issuer'');';
	END IF;
	UPDATE muster.tenant_key k SET revoked_at = coalesce(k.revoked_at, now()), revoked_reason = muster.cut(revoke_tenant_key.reason, 400)
	 WHERE k.organization = muster.organization_id(revoke_tenant_key.organization) AND k.tenant = id AND k.kid = revoke_tenant_key.kid;
	IF NOT FOUND THEN
		PERFORM muster.no_tenant_key(revoke_tenant_key.organization, id, revoke_tenant_key.kid);
	END IF;
	RETURN format('tokens signed with key %s of tenant %s are refused from now on, though it be published', revoke_tenant_key.kid, id);
END
$$;
COMMENT ON FUNCTION muster.revoke_tenant_key(text, text, text, text) IS 'Stop a key of a tenant at once, with the reason for the record: tokens that it signed are refused, and muster-ca keys does not bring it back. Example: SELECT muster.revoke_tenant_key(''example'', ''Contoso'', ''CNv0OI3RwqlHFEVnaoMAshCH2XE'', ''stolen, says the issuer'');';

CREATE OR REPLACE FUNCTION muster.remove_tenant_key(organization text, tenant text, kid text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.tenant_id(remove_tenant_key.organization, remove_tenant_key.tenant);
BEGIN
	DELETE FROM muster.tenant_key k
	 WHERE k.organization = muster.organization_id(remove_tenant_key.organization) AND k.tenant = id AND k.kid = remove_tenant_key.kid;
	IF NOT FOUND THEN
		PERFORM muster.no_tenant_key(remove_tenant_key.organization, id, remove_tenant_key.kid);
	END IF;
	RETURN format('key %s of tenant %s is removed; if it is still published, muster-ca keys brings it back', remove_tenant_key.kid, id);
END
$$;
COMMENT ON FUNCTION muster.remove_tenant_key(text, text, text) IS 'Remove a key of a tenant: one whose kid now names another key, or one revoked by mistake. To stop a key for good: muster.revoke_tenant_key. Example: SELECT muster.remove_tenant_key(''example'', ''Contoso'', ''CNv0OI3RwqlHFEVnaoMAshCH2XE'');';

CREATE OR REPLACE FUNCTION muster.no_tenant_key(organization text, tenant uuid, kid text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION 'tenant % has no key "%"', no_tenant_key.tenant, coalesce(left(no_tenant_key.kid, 100), 'NULL')
		USING ERRCODE = 'undefined_object',
		      HINT = coalesce('Keys: ' || (SELECT string_agg(k.kid, ', ' ORDER BY k.kid) FROM muster.tenant_key k
			WHERE k.organization = muster.organization_id(no_tenant_key.organization) AND k.tenant = no_tenant_key.tenant),
			format('There are none yet: muster-ca keys --organization %s', no_tenant_key.organization));
END
$$;
COMMENT ON FUNCTION muster.no_tenant_key(text, uuid, text) IS 'Internal: the error for a key that a tenant does not have. Example: see muster.remove_tenant_key.';

-- Views.

CREATE OR REPLACE VIEW muster.tenants WITH (security_invoker = true) AS
SELECT o.key AS organization, t.tenant, t.name, t.issuer_v1, t.issuer_v2, t.audiences, t.create_accounts, t.link_by_name,
       a.upn AS device_account, t.scope, t.mfa, t.keys_url, t.keep_days,
       (SELECT count(*) FROM muster.tenant_key k WHERE k.organization = t.organization AND k.tenant = t.tenant
	AND k.revoked_at IS NULL AND (k.ends_at IS NULL OR k.ends_at > now())) AS keys,
       (SELECT max(k.last_seen_at) FROM muster.tenant_key k WHERE k.organization = t.organization AND k.tenant = t.tenant) AS keys_seen_at,
       t.added_at
  FROM muster.tenant t
  JOIN muster.organization o ON o.id = t.organization
  LEFT JOIN muster.account a ON a.id = t.device_account;
COMMENT ON VIEW muster.tenants IS 'Tenants of Entra ID whose tokens are taken: issuers, audiences, what becomes of new users, whom devices without a user enroll for, how many keys are good and when the issuer''s were last seen. Example: SELECT organization, tenant, keys, keys_seen_at FROM muster.tenants;';

CREATE OR REPLACE VIEW muster.tenant_keys WITH (security_invoker = true) AS
SELECT o.key AS organization, k.tenant, k.kid, k.algorithm,
       CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.ends_at <= now() THEN 'ended' WHEN k.ends_at IS NOT NULL THEN 'ending' ELSE 'good' END AS state,
       k.first_seen_at, k.last_seen_at, k.ends_at, k.revoked_at, k.revoked_reason, encode(sha256(k.public_key), 'hex') AS sha256
  FROM muster.tenant_key k JOIN muster.organization o ON o.id = k.organization;
COMMENT ON VIEW muster.tenant_keys IS 'The keys that tenants'' tokens are signed with: good while they are published, ending when they are not any more, ended, revoked. Example: SELECT tenant, kid, state, last_seen_at, ends_at FROM muster.tenant_keys;';

CREATE OR REPLACE VIEW muster.account_identities WITH (security_invoker = true) AS
SELECT o.key AS organization, a.upn AS account, i.tenant, t.name AS tenant_name, i.subject, i.how, i.linked_at
  FROM muster.account_identity i
  JOIN muster.organization o ON o.id = i.organization
  JOIN muster.account a ON a.id = i.account
  JOIN muster.tenant t ON t.organization = i.organization AND t.tenant = i.tenant;
COMMENT ON VIEW muster.account_identities IS 'Which object of which tenant an account is, and how it came to be: at first sight, by its name, by hand. Example: SELECT account, tenant, subject, how FROM muster.account_identities;';

-- What is missing or contradictory.

CREATE OR REPLACE FUNCTION muster.check_tenants(o muster.organization)
RETURNS TABLE (severity text, topic text, finding text, next_step text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.severity, 'tenant', format('tenant %s: %s', v.tenant, c.finding), c.next_step
	  FROM muster.tenants v CROSS JOIN LATERAL (VALUES
		('error', v.keys = 0 AND v.keys_seen_at IS NULL, 'there are no keys of it: none of its tokens is taken', format('muster-ca keys --organization %s', o.key)),
		('error', v.keys = 0 AND v.keys_seen_at IS NOT NULL, 'all its keys have ended or are revoked: none of its tokens is taken', format('muster-ca keys --organization %s', o.key)),
		('warning', v.keys > 0 AND v.keys_seen_at < now() - interval '3 days', format('its keys were last fetched on %s: when the issuer takes a new one, its tokens are refused', muster.said_time(v.keys_seen_at)),
			'have a timer run muster-ca keys every day'),
		('error', NOT ('Federated' = ANY (o.auth_policies)), 'tokens are taken where Federated is among the policies, and it is not', format('SELECT muster.set_auth_policies(%L, …);', o.key)),
		('warning', NOT v.create_accounts AND NOT v.link_by_name AND v.device_account IS NULL
			AND NOT EXISTS (SELECT FROM muster.account_identity i WHERE i.organization = o.id AND i.tenant = v.tenant),
			'nobody of it has an account, and nobody gets one', format('SELECT muster.set_tenant_accounts(%L, %L, create_accounts => true);', o.key, v.tenant)),
		('warning', EXISTS (SELECT FROM muster.account a WHERE a.organization = o.id AND a.upn = v.device_account AND NOT (a.enabled AND a.may_enroll)),
			format('devices without a user enroll for %s, who may not enroll', v.device_account), format('SELECT muster.enable_account(%L);', v.device_account)),
		('note', v.link_by_name, 'accounts become whoever has their name there, once', format('SELECT muster.set_tenant_accounts(%L, %L, create_accounts => %L, link_by_name => false);', o.key, v.tenant, v.create_accounts))
		) c (severity, found, finding, next_step)
	 WHERE v.organization = o.key AND c.found
$$;
COMMENT ON FUNCTION muster.check_tenants(muster.organization) IS 'Internal: what is missing or contradictory about an organization''s tenants. Example: SELECT c.* FROM muster.organization o, muster.check_tenants(o) c;';
