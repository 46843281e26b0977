-- Entra ID: whom its tokens name. Administering tenants is in tenants.sql, their keys in tenant_keys.sql.

CREATE OR REPLACE FUNCTION muster.to_guid(p_text text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN p_text::uuid END
$$;
COMMENT ON FUNCTION muster.to_guid(text) IS 'Internal: a GUID, NULL when the text is none. Example: SELECT muster.to_guid(''72f988bf-86f1-41af-91ab-2d7cd011db47'');';

CREATE OR REPLACE FUNCTION muster.jwt_refused(o muster.organization, t muster.tenant, k muster.tenant_key, p_claim jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE
		WHEN t.tenant IS NULL THEN format('organization %s takes no tokens of tenant %s', o.key, coalesce(muster.cut(p_claim ->> 'tenant', 60), 'NULL'))
		WHEN p_claim ->> 'version' IS NULL OR p_claim ->> 'version' NOT IN ('1.0', '2.0') THEN format('tokens of version %s are unknown', coalesce(muster.cut(p_claim ->> 'version', 20), 'NULL'))
		WHEN CASE p_claim ->> 'version' WHEN '1.0' THEN t.issuer_v1 ELSE t.issuer_v2 END IS NULL
			THEN format('tokens of version %s are not taken of tenant %s', p_claim ->> 'version', t.tenant)
		WHEN muster.to_guid(p_claim ->> 'subject') IS NULL THEN 'the token names no object of its tenant (oid)'
		WHEN k.kid IS NULL AND NOT EXISTS (SELECT FROM muster.tenant_key x WHERE x.organization = t.organization AND x.tenant = t.tenant)
			THEN format('there are no keys of tenant %s: muster-ca keys --organization %s', t.tenant, o.key)
		WHEN k.kid IS NULL THEN format('key "%s" is none of tenant %s''s: if it is new, muster-ca keys --organization %s', muster.cut(p_claim ->> 'key', 100), t.tenant, o.key)
		WHEN k.revoked_at IS NOT NULL THEN format('key "%s" of tenant %s is revoked since %s: %s', k.kid, t.tenant, muster.said_time(k.revoked_at), k.revoked_reason)
		WHEN k.ends_at <= now() THEN format('key "%s" of tenant %s was good until %s', k.kid, t.tenant, muster.said_time(k.ends_at))
	END;
END
$$;
COMMENT ON FUNCTION muster.jwt_refused(muster.organization, muster.tenant, muster.tenant_key, jsonb) IS 'Internal: why a JWT cannot be taken, whoever it names, by the tenant and the key that its claim says; NULL if nothing is against it. Example: see muster.identify_jwt.';

CREATE OR REPLACE FUNCTION muster.object_named(o muster.organization, t muster.tenant, p_subject uuid, p_user text, p_device text) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	i muster.identity;
	named uuid;
	its_domain text := lower(btrim(substring(p_user FROM '@([^@]*)$'), '.'));
BEGIN
	-- By tenant and object first, and only then by name: a name may be another person's by now.
	SELECT x.account INTO i.account FROM muster.account_identity x WHERE x.organization = o.id AND x.tenant = t.tenant AND x.subject = p_subject;
	IF FOUND THEN
		RETURN i;
	END IF;
	IF p_user IS NULL THEN
		-- An application can get a token of its own that names no user either; a device's names the device.
		i.account := CASE WHEN p_device IS NOT NULL THEN t.device_account END;
		i.why := CASE
			WHEN p_device IS NULL THEN 'the token names neither a user nor a device'
			WHEN t.device_account IS NULL THEN format('tokens of devices without a user are not taken of tenant %s', t.tenant)
		END;
		RETURN i;
	END IF;
	SELECT a.id INTO named FROM muster.account a WHERE a.organization = o.id AND lower(a.upn) = lower(btrim(p_user)) AND a.deleted_at IS NULL;
	i.why := CASE
		WHEN named IS NULL AND NOT t.create_accounts THEN format('object %s of tenant %s, "%s", has no account', p_subject, t.tenant, muster.cut(p_user, 100))
		WHEN named IS NULL THEN NULL
		WHEN EXISTS (SELECT FROM muster.account_identity x WHERE x.organization = o.id AND x.account = named AND x.tenant = t.tenant)
			THEN format('account %s is another object of tenant %s than %s: the name may have been given to somebody else', muster.cut(p_user, 100), t.tenant, p_subject)
		WHEN NOT t.link_by_name THEN format('account %s is not linked to object %s of tenant %s', muster.cut(p_user, 100), p_subject, t.tenant)
		WHEN NOT EXISTS (SELECT FROM muster.email_domain d WHERE d.organization = o.id AND d.domain = its_domain)
			THEN format('account %s is not linked by its name: %s is no domain of organization %s', muster.cut(p_user, 100), its_domain, o.key)
	END;
	i.welcome := i.why IS NULL;
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.object_named(muster.organization, muster.tenant, uuid, text, text) IS 'Internal: whom an object of a tenant is: an account, or nobody yet who may become one (welcome), or why not. Object, user''s name or NULL, device or NULL. Example: see muster.identify_jwt.';

CREATE OR REPLACE FUNCTION muster.identify_jwt(o muster.organization, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	i muster.identity;
	t muster.tenant;
	k muster.tenant_key;
	refused text;
BEGIN
	SELECT x.* INTO t FROM muster.tenant x WHERE x.organization = o.id AND x.tenant = muster.to_guid(p_claim ->> 'tenant');
	SELECT x.* INTO k FROM muster.tenant_key x WHERE x.organization = t.organization AND x.tenant = t.tenant AND x.kid = p_claim ->> 'key';
	refused := muster.jwt_refused(o, t, k, p_claim);
	IF refused IS NOT NULL THEN
		i.outcome := 'Authentication';
		i.why := refused;
		RETURN i;
	END IF;
	-- Known or not, the token is to be proven before anything is told: neither answer nor time shall say who has an account.
	i := muster.object_named(o, t, muster.to_guid(p_claim ->> 'subject'), p_claim ->> 'user', p_claim ->> 'device');
	i.outcome := CASE WHEN i.why IS NOT NULL THEN 'Authorization' END;
	-- What must be so: the programs hold the token against it, whatever its claim was.
	i.proof := jsonb_strip_nulls(jsonb_build_object(
		'key', translate(encode(k.public_key, 'base64'), E'\n', ''), 'algorithm', k.algorithm, 'version', p_claim ->> 'version',
		'issuer', CASE p_claim ->> 'version' WHEN '1.0' THEN t.issuer_v1 ELSE t.issuer_v2 END,
		'tenant', t.tenant, 'subject', p_claim ->> 'subject', 'audiences', t.audiences, 'scope', t.scope, 'mfa', t.mfa));
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.identify_jwt(muster.organization, jsonb) IS 'Internal: whom a JWT of Entra ID names, by tenant and object, and what proves it: the key, and what its claims must be. Example: SELECT muster.identify_jwt(o, ''{"kind": "jwt", "tenant": "72f988bf-86f1-41af-91ab-2d7cd011db47", "key": "k1", "version": "2.0", "subject": "0f7c2a11-5c0d-4c39-8f6e-6f0d6a1e2b3c", "user": "ada@example.test"}'') FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.welcome_jwt(o muster.organization, p_claim jsonb, p_details jsonb, p_trace uuid, p_remote inet) RETURNS muster.identity
LANGUAGE plpgsql AS $$
DECLARE
	i muster.identity := muster.identify_jwt(o, p_claim);
	its_tenant uuid := muster.to_guid(p_claim ->> 'tenant');
	its_subject uuid := muster.to_guid(p_claim ->> 'subject');
	may_link boolean := (SELECT t.link_by_name FROM muster.tenant t WHERE t.organization = o.id AND t.tenant = its_tenant);
	its_account uuid;
	made_now boolean;
BEGIN
	IF NOT coalesce(i.welcome, false) THEN
		RETURN i;
	END IF;
	its_account := muster.welcome_account(o.id, p_claim ->> 'user', p_details ->> 'name',
		format('first token of object %s of tenant %s', its_subject, its_tenant), p_trace, p_remote);
	SELECT a.created_at = now() INTO made_now FROM muster.account a WHERE a.id = its_account;
	-- An account that was there, or that somebody else has just made, is taken only where names may be trusted.
	IF its_account IS NOT NULL AND (made_now OR may_link) THEN
		INSERT INTO muster.account_identity (organization, account, tenant, subject, how)
		VALUES (o.id, its_account, its_tenant, its_subject, CASE WHEN made_now THEN 'first sight' ELSE 'name' END)
		ON CONFLICT DO NOTHING;
		IF FOUND AND NOT made_now THEN
			INSERT INTO muster.event (kind, organization, account, trace, user_name, remote, why, details)
			VALUES ('account linked', o.id, its_account, p_trace, p_claim ->> 'user', p_remote, 'by its name, at the first token',
				jsonb_build_object('tenant', its_tenant, 'subject', its_subject));
		END IF;
	END IF;
	i := muster.identify_jwt(o, p_claim);
	IF i.account IS NULL AND i.why IS NULL THEN
		i.outcome := 'Authorization';
		i.why := format('"%s" cannot be an account''s name', muster.cut(p_claim ->> 'user', 100));
	END IF;
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.welcome_jwt(muster.organization, jsonb, jsonb, uuid, inet) IS 'Internal: the account of a user whose token is proven and who is seen for the first time: made, or linked by its name, as the tenant says; asked twice at once it is one. Example: see muster_worker.welcome.';

CREATE OR REPLACE FUNCTION muster_worker.welcome(p_organization text, p_user text, p_claim jsonb, p_details jsonb, p_trace uuid, p_remote text)
RETURNS TABLE (outcome text, why text, account uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization := muster.organization_for(p_organization, p_user);
	i muster.identity := muster.identify(p_organization, p_user, p_claim);
BEGIN
	IF i.welcome AND (pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on') THEN
		RETURN QUERY SELECT 'EnrollmentServer', 'an account is to be made, and the database is read-only', NULL::uuid;
		RETURN;
	END IF;
	IF i.welcome THEN
		i := CASE p_claim ->> 'kind'
			WHEN 'jwt' THEN muster.welcome_jwt(o, p_claim, p_details, p_trace, muster.to_inet(p_remote))
			WHEN 'password' THEN muster.welcome_password(o, p_claim, p_details, p_trace, muster.to_inet(p_remote))
			WHEN 'sign-in page' THEN muster.welcome_password(o, p_claim, p_details, p_trace, muster.to_inet(p_remote))
		END;
	END IF;
	RETURN QUERY SELECT CASE WHEN i.account IS NULL THEN coalesce(nullif(i.outcome, 'OK'), 'Authorization') ELSE 'OK' END, i.why, i.account;
END
$$;
COMMENT ON FUNCTION muster_worker.welcome(text, text, jsonb, jsonb, uuid, text) IS 'Somebody whom muster_worker.policy or consider called welcome has proven himself: make or find his account. Organization''s key, user, claim, what the proof tells of him (name), trace id, client address. Example: SELECT * FROM muster_worker.welcome(''example'', ''ada'', ''{"kind": "password"}'', NULL, muster.new_id(), NULL);';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.tenant
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.tenant
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
-- What the programs do here (as muster_owner) writes events of its own.
CREATE OR REPLACE TRIGGER audit_by_hand AFTER INSERT OR UPDATE OR DELETE ON muster.tenant_key
	FOR EACH ROW WHEN (current_user <> 'muster_owner') EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_by_hand AFTER INSERT OR UPDATE OR DELETE ON muster.account_identity
	FOR EACH ROW WHEN (current_user <> 'muster_owner') EXECUTE FUNCTION muster.audit();
