-- What muster-ca keys may call: where to fetch keys, and what was found there. SECURITY DEFINER, search_path pinned, for the
-- role muster_keys: it runs unattended and talks to the network, so it can do this and nothing else.

CREATE OR REPLACE FUNCTION muster_keys.sources(p_organization text DEFAULT NULL, p_tenant text DEFAULT NULL)
RETURNS TABLE (organization text, tenant text, keys_url text, issuer_v1 text, issuer_v2 text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_tenant IS NOT NULL THEN
		PERFORM muster.tenant_id(p_organization, p_tenant);
	ELSIF p_organization IS NOT NULL THEN
		PERFORM muster.organization_id(p_organization);
	END IF;
	RETURN QUERY
		SELECT o.key, t.tenant::text, t.keys_url, t.issuer_v1, t.issuer_v2
		  FROM muster.tenant t JOIN muster.organization o ON o.id = t.organization
		 WHERE o.deleted_at IS NULL AND (p_organization IS NULL OR o.key = lower(btrim(p_organization)))
		   AND (p_tenant IS NULL OR t.tenant = muster.tenant_id(p_organization, p_tenant))
		 ORDER BY o.key, t.added_at, t.tenant;
	IF NOT FOUND THEN
		RAISE EXCEPTION '%', CASE WHEN p_organization IS NULL THEN 'no organization has a tenant' ELSE format('organization %s has no tenant', p_organization) END
			USING ERRCODE = 'undefined_object', HINT = format('SELECT muster.add_tenant(%L, tenant, ARRAY[audience]);', coalesce(p_organization, 'organization'));
	END IF;
END
$$;
COMMENT ON FUNCTION muster_keys.sources(text, text) IS 'The tenants whose keys are to be fetched, of one organization or all, and where. Example: SELECT * FROM muster_keys.sources(''example'');';

CREATE OR REPLACE FUNCTION muster.keys_published(t muster.tenant, p_keys jsonb) RETURNS TABLE (kid text, algorithm text, public_key bytea, ours boolean, issuer text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- Entra ID says with each key whose tokens it signs: some are for personal accounts only.
	SELECT k ->> 'kid', k ->> 'algorithm', decode(k ->> 'public_key', 'base64'),
	       coalesce(replace(k ->> 'issuer', '{tenantid}', t.tenant::text) IN (t.issuer_v1, t.issuer_v2), k ->> 'issuer' IS NULL), k ->> 'issuer'
	  FROM jsonb_array_elements(p_keys) k
$$;
COMMENT ON FUNCTION muster.keys_published(muster.tenant, jsonb) IS 'Internal: the keys of a document, and which of them may sign the tenant''s tokens. Example: see muster_keys.refresh.';

CREATE OR REPLACE FUNCTION muster_keys.refresh(p_organization text, p_tenant text, p_keys jsonb)
RETURNS TABLE (kid text, change text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	owner_id uuid := muster.organization_id(p_organization);
	t muster.tenant;
	other text;
	changes jsonb;
BEGIN
	-- Two at once take turns.
	SELECT x.* INTO t FROM muster.tenant x WHERE x.organization = owner_id AND x.tenant = muster.tenant_id(p_organization, p_tenant) FOR NO KEY UPDATE;
	IF NOT EXISTS (SELECT FROM muster.keys_published(t, p_keys) n WHERE n.ours) THEN
		RAISE EXCEPTION 'the document has no key for tenant %: nothing is changed', t.tenant
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Is it the right one? SELECT tenant, keys_url, issuer_v2 FROM muster.tenants;';
	END IF;
	SELECT k.kid INTO other FROM muster.tenant_key k JOIN muster.keys_published(t, p_keys) n ON n.kid = k.kid AND n.ours
	 WHERE k.organization = owner_id AND k.tenant = t.tenant AND (k.public_key, k.algorithm) IS DISTINCT FROM (n.public_key, n.algorithm) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'key "%" of tenant % is another key in the document: nothing is changed', other, t.tenant
			USING ERRCODE = 'unique_violation', HINT = format('Issuers do not use a kid again. If this one means it: SELECT muster.remove_tenant_key(%L, %L, %L);', p_organization, t.tenant, other);
	END IF;

	-- Nothing is taken away here but what ended long ago: who holds a token of yesterday's key still enrolls.
	WITH ours AS (
		SELECT n.* FROM muster.keys_published(t, p_keys) n WHERE n.ours
	), before AS (
		SELECT k.* FROM muster.tenant_key k WHERE k.organization = owner_id AND k.tenant = t.tenant
	), added AS (
		INSERT INTO muster.tenant_key (organization, tenant, kid, algorithm, public_key)
		SELECT owner_id, t.tenant, n.kid, n.algorithm, n.public_key FROM ours n WHERE NOT EXISTS (SELECT FROM before b WHERE b.kid = n.kid)
		RETURNING kid
	), seen AS (
		UPDATE muster.tenant_key k SET last_seen_at = now(), ends_at = NULL FROM ours n
		 WHERE k.organization = owner_id AND k.tenant = t.tenant AND k.kid = n.kid
		RETURNING k.kid
	), vanished AS (
		UPDATE muster.tenant_key k SET ends_at = now() + make_interval(days => t.keep_days)
		 WHERE k.organization = owner_id AND k.tenant = t.tenant AND k.ends_at IS NULL AND NOT EXISTS (SELECT FROM ours n WHERE n.kid = k.kid)
		RETURNING k.kid, k.ends_at
	), forgotten AS (
		DELETE FROM muster.tenant_key k
		 WHERE k.organization = owner_id AND k.tenant = t.tenant AND k.ends_at < now() - interval '30 days' AND k.revoked_at IS NULL
		   AND NOT EXISTS (SELECT FROM ours n WHERE n.kid = k.kid)
		RETURNING k.kid
	)
	SELECT jsonb_agg(jsonb_build_object('kid', c.kid, 'change', c.change, 'news', c.news) ORDER BY c.news DESC, c.kid) INTO changes FROM (
		SELECT a.kid, 'added' AS change, true AS news FROM added a
		UNION ALL
		SELECT s.kid, CASE WHEN b.revoked_at IS NOT NULL THEN 'is published, and stays revoked' WHEN b.ends_at IS NOT NULL THEN 'is back' ELSE 'unchanged' END,
		       b.revoked_at IS NULL AND b.ends_at IS NOT NULL FROM seen s JOIN before b ON b.kid = s.kid
		UNION ALL
		SELECT v.kid, 'is gone: good until ' || muster.said_time(v.ends_at), true FROM vanished v
		UNION ALL
		SELECT f.kid, 'ended long ago: forgotten', true FROM forgotten f
		UNION ALL
		SELECT n.kid, format('left out: it signs tokens of %s', n.issuer), false FROM muster.keys_published(t, p_keys) n WHERE NOT n.ours) c;
	IF changes @> '[{"news": true}]' THEN
		INSERT INTO muster.event (kind, organization, actor, actor_role, details)
		SELECT 'tenant keys refreshed', owner_id, session_user, muster.actor_role(),
		       jsonb_build_object('tenant', t.tenant, 'keys', jsonb_object_agg(c ->> 'kid', c ->> 'change'))
		  FROM jsonb_array_elements(changes) c WHERE (c ->> 'news')::boolean;
	END IF;
	RETURN QUERY SELECT c ->> 'kid', c ->> 'change' FROM jsonb_array_elements(changes) c;
END
$$;
COMMENT ON FUNCTION muster_keys.refresh(text, text, jsonb) IS 'Keep what an issuer publishes: new keys are added, those that are gone stay good for the tenant''s keep_days, revoked ones stay revoked; a document without a key for the tenant, or that gives a known kid to another key, changes nothing. Organization''s key, tenant, [{"kid", "algorithm", "public_key": base64, "issuer"}]. Example: see muster-ca keys.';
