-- The page with the terms of use that Entra ID leads to before a device enrolls: which text it shows, and what comes of the answer.

CREATE OR REPLACE FUNCTION muster.terms_for(p_organization muster.organization, p_ownership text, p_languages text[]) RETURNS muster.terms
LANGUAGE plpgsql STABLE AS $$
DECLARE
	owners text := CASE WHEN EXISTS (SELECT FROM muster.terms x
		WHERE x.organization = p_organization.id AND x.version = p_organization.terms_version AND x.ownership = p_ownership) THEN p_ownership ELSE 'any' END;
	t muster.terms;
	its_language text;
BEGIN
	its_language := muster.best_language(ARRAY(SELECT x.language FROM muster.terms x
		WHERE x.organization = p_organization.id AND x.version = p_organization.terms_version AND x.ownership = owners), p_languages);
	SELECT x.* INTO t FROM muster.terms x
	 WHERE x.organization = p_organization.id AND x.version = p_organization.terms_version AND x.ownership = owners
	 ORDER BY x.language = its_language DESC NULLS LAST, lower(x.language) = 'en' DESC, x.language LIMIT 1;
	RETURN t;
END
$$;
COMMENT ON FUNCTION muster.terms_for(muster.organization, text, text[]) IS 'Internal: the text of the required terms for a device of that ownership: written for it, else for any; in the language that suits best what somebody reads, else in English, else in the first there is. All NULL if there is none. Example: SELECT (muster.terms_for(o, ''personal'', ''{de}'')).title FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.terms_lacking(p_organization uuid, p_version integer) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT array_agg(w.ownership ORDER BY 1) FROM unnest(ARRAY['organization', 'personal']) w (ownership)
	 WHERE NOT EXISTS (SELECT FROM muster.terms t WHERE t.organization = p_organization AND t.version = p_version AND t.ownership IN ('any', w.ownership))
$$;
COMMENT ON FUNCTION muster.terms_lacking(uuid, integer) IS 'Internal: for whose devices a version of the terms has no text (organization, personal); NULL: none lacks. Example: SELECT muster.terms_lacking(id, terms_version) FROM muster.organization;';

CREATE OR REPLACE FUNCTION muster_worker.show_terms(p_organization text, p_account uuid, p_ownership text, p_languages text, p_sha256 bytea,
	p_redirect_uri text, p_request_id uuid, p_trace uuid, p_remote text)
RETURNS TABLE (outcome text, why text, version integer, language text, title text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization := muster.organization_for(p_organization, NULL);
	t muster.terms;
BEGIN
	IF NOT EXISTS (SELECT FROM muster.account a WHERE a.id = p_account AND a.organization = o.id AND a.deleted_at IS NULL) THEN
		RETURN QUERY SELECT 'Authorization', 'the account no longer exists in this organization', NULL::integer, NULL::text, NULL::text, NULL::text;
		RETURN;
	ELSIF o.terms_version IS NULL THEN
		RETURN QUERY SELECT 'OK', NULL::text, NULL::integer, NULL::text, NULL::text, NULL::text;
		RETURN;
	END IF;
	t := muster.terms_for(o, p_ownership, string_to_array(p_languages, ','));
	IF t.body IS NULL THEN
		RETURN QUERY SELECT 'EnrollmentServer', format('version %s of the terms has no text for devices of this ownership: %s', o.terms_version, p_ownership),
			NULL::integer, NULL::text, NULL::text, NULL::text;
		RETURN;
	END IF;
	-- Those that are over for a day go with the next ones that come, a few at a time.
	DELETE FROM muster.terms_visit v WHERE v.sha256 IN (SELECT x.sha256 FROM muster.terms_visit x
		WHERE x.expires_at < now() - interval '1 day' ORDER BY x.expires_at LIMIT 20 FOR UPDATE SKIP LOCKED);
	INSERT INTO muster.terms_visit (sha256, organization, account, version, language, ownership, redirect_uri, request_id, trace, expires_at)
	VALUES (p_sha256, o.id, p_account, t.version, t.language, p_ownership, p_redirect_uri, p_request_id, p_trace, now() + interval '1 hour');
	RETURN QUERY SELECT 'OK', NULL::text, t.version, t.language, t.title, t.body;
END
$$;
COMMENT ON FUNCTION muster_worker.show_terms(text, uuid, text, text, bytea, text, uuid, uuid, text) IS 'The terms that somebody who is proven has to accept (version NULL: none), and a note that he looks at them, good for an hour: organization''s key, account, organization or personal, languages he reads, SHA-256 of the form''s random text, where the answer goes, client-request-id, trace id, client address. Example: SELECT * FROM muster_worker.show_terms(''example'', muster.account_id(''ada@example.test''), ''personal'', ''de,en'', sha256(''not random''), ''ms-appx-web://ContosoMdm/ToUResponse'', NULL, muster.new_id(), NULL);';

CREATE OR REPLACE FUNCTION muster.terms_visit_wrong(v muster.terms_visit, p_organization muster.organization, p_accepted boolean) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN v.sha256 IS NULL THEN 'the form is none of a page with terms'
		WHEN v.organization <> p_organization.id THEN 'the form is of another organization''s page'
		WHEN v.answered_at IS NOT NULL THEN format('the form was answered already on %s', muster.said_time(v.answered_at))
		WHEN v.expires_at <= now() THEN format('the form has expired on %s', muster.said_time(v.expires_at))
		WHEN v.version < p_organization.terms_version THEN format('the form is of version %s of the terms, %s is required', v.version, p_organization.terms_version)
		WHEN NOT p_accepted AND v.ownership = 'organization' THEN 'on a device of the organization terms are not declined'
	END
$$;
COMMENT ON FUNCTION muster.terms_visit_wrong(muster.terms_visit, muster.organization, boolean) IS 'Internal: why the answer to a page with terms does not count; NULL: it does. Example: SELECT muster.terms_visit_wrong(v, o, true) FROM muster.terms_visit v JOIN muster.organization o ON o.id = v.organization;';

CREATE OR REPLACE FUNCTION muster_worker.answer_terms(p_organization text, p_sha256 bytea, p_accepted boolean, p_token_sha256 bytea, p_trace uuid, p_remote text)
RETURNS TABLE (outcome text, why text, account uuid, redirect_uri text, request_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization := muster.organization_for(p_organization, NULL);
	v muster.terms_visit;
	wrong text;
BEGIN
	-- Two answers at once take turns here; the second finds it answered.
	SELECT x.* INTO v FROM muster.terms_visit x WHERE x.sha256 = p_sha256 FOR UPDATE;
	wrong := muster.terms_visit_wrong(v, o, p_accepted);
	IF wrong IS NOT NULL THEN
		RETURN QUERY SELECT 'InvalidEnrollmentData', wrong, CASE WHEN v.organization = o.id THEN v.account END, NULL::text, NULL::uuid;
		RETURN;
	END IF;
	UPDATE muster.terms_visit x SET answered_at = now() WHERE x.sha256 = p_sha256;
	IF p_accepted THEN
		INSERT INTO muster.acceptance (organization, account, version, how, token_sha256, expires_at, language, ownership)
		VALUES (o.id, v.account, v.version, 'page', p_token_sha256, now() + interval '1 day', v.language, v.ownership);
	END IF;
	INSERT INTO muster.event (kind, organization, account, trace, stage, outcome, remote, details)
	VALUES (CASE WHEN p_accepted THEN 'terms accepted' ELSE 'terms declined' END, o.id, v.account, p_trace, 'terms', 'OK', muster.to_inet(p_remote),
		jsonb_strip_nulls(jsonb_build_object('version', v.version, 'language', v.language, 'ownership', v.ownership, 'client_request_id', v.request_id)));
	RETURN QUERY SELECT 'OK', NULL::text, v.account, v.redirect_uri, v.request_id;
END
$$;
COMMENT ON FUNCTION muster_worker.answer_terms(text, bytea, boolean, bytea, uuid, text) IS 'The answer to a page with terms, once: organization''s key, SHA-256 of the form''s random text, whether they are accepted, SHA-256 of the token that the device is to bring within a day as EnrollmentData, trace id, client address. Tells where the answer goes. Example: SELECT * FROM muster_worker.answer_terms(''example'', sha256(''not random''), true, sha256(''nor this''), muster.new_id(), NULL);';
