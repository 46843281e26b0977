-- Terms of use: what must have been accepted, and by whom it was.

CREATE OR REPLACE FUNCTION muster.terms_version(version integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF version IS NULL OR version < 1 THEN
		RAISE EXCEPTION 'not usable as a version of terms: %', coalesce(version::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Count them: 1, 2, 3, ….';
	END IF;
	RETURN version;
END
$$;
COMMENT ON FUNCTION muster.terms_version(integer) IS 'Internal: a version of terms, or an error. Example: SELECT muster.terms_version(1);';

CREATE OR REPLACE FUNCTION muster.publish_terms(organization text, version integer, language text, title text, body text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(publish_terms.organization);
	wrong text := CASE
		WHEN publish_terms.language IS NULL OR publish_terms.language !~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$'
			THEN format('not usable as a language: %s', coalesce(quote_literal(left(publish_terms.language, 40)), 'NULL'))
		WHEN muster.cut(publish_terms.title, 256) IS NULL THEN 'the terms need a title'
		WHEN btrim(coalesce(publish_terms.body, '')) = '' THEN 'the terms need a text'
		WHEN length(publish_terms.body) > 1000000 THEN format('the terms have %s characters, at most 1000000 are kept', length(publish_terms.body))
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.publish_terms(''example'', 1, ''en'', ''Terms of use'', ''…'');';
	END IF;
	INSERT INTO muster.terms (organization, version, language, title, body)
	VALUES (owner_id, muster.terms_version(publish_terms.version), publish_terms.language, muster.cut(publish_terms.title, 256), publish_terms.body)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'version % of the terms exists already in %', publish_terms.version, publish_terms.language
			USING ERRCODE = 'unique_violation',
			      HINT = format('What was accepted is not changed: publish version %s.', (SELECT max(t.version) + 1 FROM muster.terms t WHERE t.organization = owner_id));
	END IF;
	RETURN format('version %s of the terms is published in %s; to demand it: SELECT muster.require_terms(%L, %s)', publish_terms.version,
		publish_terms.language, publish_terms.organization, publish_terms.version);
END
$$;
COMMENT ON FUNCTION muster.publish_terms(text, integer, text, text, text) IS 'Publish an organization''s terms of use: version (1, 2, …), language (en, de, …), title, text. A published text is not changed; a new one is a new version. Example: SELECT muster.publish_terms(''example'', 1, ''en'', ''Terms of use'', ''Use it for work.'');';

CREATE OR REPLACE FUNCTION muster.require_terms(organization text, version integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(require_terms.organization);
BEGIN
	IF require_terms.version IS NOT NULL AND NOT EXISTS (SELECT FROM muster.terms t WHERE t.organization = owner_id AND t.version = require_terms.version) THEN
		RAISE EXCEPTION 'version % of the terms is not published', require_terms.version
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Published: ' || (SELECT string_agg(DISTINCT t.version::text, ', ') FROM muster.terms t WHERE t.organization = owner_id),
				format('None is yet: SELECT muster.publish_terms(%L, 1, ''en'', title, body);', require_terms.organization));
	END IF;
	UPDATE muster.organization o SET terms_version = require_terms.version WHERE o.id = owner_id;
	RETURN format('organization %s: %s', require_terms.organization,
		coalesce('version ' || require_terms.version || ' of the terms must have been accepted, or a later one', 'no terms need to be accepted'));
END
$$;
COMMENT ON FUNCTION muster.require_terms(text, integer) IS 'Let only those enroll who accepted this version of the terms or a later one; NULL: nobody needs to. Example: SELECT muster.require_terms(''example'', 1);';

CREATE OR REPLACE FUNCTION muster.record_acceptance(upn text, version integer, note text, organization text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.account_id(record_acceptance.upn, record_acceptance.organization);
	owner_id uuid := muster.organization_id(muster.home_of(its_account));
	made uuid := muster.new_id();
BEGIN
	IF muster.cut(record_acceptance.note, 400) IS NULL THEN
		RAISE EXCEPTION 'an acceptance recorded by hand needs a note'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Say where the proof is: SELECT muster.record_acceptance(''ada@example.test'', 1, ''signed on paper, personnel file'');';
	END IF;
	IF NOT EXISTS (SELECT FROM muster.terms t WHERE t.organization = owner_id AND t.version = muster.terms_version(record_acceptance.version)) THEN
		RAISE EXCEPTION 'version % of the terms is not published', record_acceptance.version
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Published: ' || (SELECT string_agg(DISTINCT t.version::text, ', ') FROM muster.terms t WHERE t.organization = owner_id),
				'None is yet: SELECT muster.publish_terms(organization, 1, ''en'', title, body);');
	END IF;
	INSERT INTO muster.acceptance (id, organization, account, version, how, note)
	VALUES (made, owner_id, its_account, record_acceptance.version, 'hand', muster.cut(record_acceptance.note, 400));
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.record_acceptance(text, integer, text, text) IS 'Record that an account''s owner accepted a version of the terms, as on paper, with a note where the proof is. Devices that bring no token of the terms page then enroll. Returns its id. Example: SELECT muster.record_acceptance(''ada@example.test'', 1, ''signed on paper, personnel file'');';

CREATE OR REPLACE FUNCTION muster.accepted_by_hand(p_candidate muster.candidate, p_version integer) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	x record;
BEGIN
	SELECT a.id, a.version, a.accepted_at INTO x FROM muster.acceptance a
	 WHERE a.organization = p_candidate.organization AND a.account = p_candidate.account AND a.how = 'hand'
	 ORDER BY a.version DESC, a.id DESC LIMIT 1;
	IF NOT FOUND THEN
		RETURN muster.says('terms', 'InvalidEnrollmentData', format('EnrollmentData is missing, and version %s of the terms must have been accepted', p_version),
			jsonb_build_object('reason', 'missing', 'required', p_version));
	ELSIF x.version < p_version THEN
		RETURN muster.says('terms', 'InvalidEnrollmentData', format('EnrollmentData is missing; version %s of the terms was accepted, %s is required', x.version, p_version),
			jsonb_build_object('reason', 'older version', 'acceptance', x.id, 'version', x.version, 'required', p_version));
	END IF;
	RETURN muster.says('terms', 'OK', format('version %s of the terms was accepted on %s (recorded by hand)', x.version, muster.said_time(x.accepted_at)),
		jsonb_build_object('acceptance', x.id));
END
$$;
COMMENT ON FUNCTION muster.accepted_by_hand(muster.candidate, integer) IS 'Internal: whether an acceptance of a version of the terms was recorded by hand for the account. Example: SELECT muster.accepted_by_hand(muster.candidate_of(id, NULL, ''{}''), 1) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.rule_terms(p_candidate muster.candidate, p_organization muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	required integer := p_organization.terms_version;
	x record;
	wrong text;
	problem text;
BEGIN
	IF required IS NULL THEN
		RETURN muster.says('terms', 'OK', 'none need to be accepted');
	ELSIF p_candidate.facts IS NULL THEN
		RETURN muster.says('terms', 'OK', 'not told yet');
	ELSIF p_candidate.enrollment_data IS NULL THEN
		RETURN muster.accepted_by_hand(p_candidate, required);
	END IF;
	-- The token opens an enrollment: it is never quoted.
	SELECT a.id, a.organization, a.account, a.version, a.accepted_at, a.expires_at INTO x FROM muster.acceptance a
	 WHERE a.token_sha256 = sha256(convert_to(p_candidate.enrollment_data, 'UTF8'));
	IF NOT FOUND THEN
		RETURN muster.says('terms', 'InvalidEnrollmentData', 'EnrollmentData is no token of the terms page', jsonb_build_object('reason', 'unknown', 'required', required));
	END IF;
	problem := CASE
		WHEN x.organization <> p_candidate.organization OR x.account <> p_candidate.account THEN 'another account'
		WHEN x.version < required THEN 'older version'
		WHEN x.expires_at <= clock_timestamp() THEN 'expired'
	END;
	wrong := CASE problem
		WHEN 'another account' THEN 'EnrollmentData is of another account''s acceptance'
		WHEN 'older version' THEN format('EnrollmentData is of version %s of the terms, %s is required', x.version, required)
		WHEN 'expired' THEN format('EnrollmentData has expired on %s', muster.said_time(x.expires_at))
	END;
	IF problem IS NOT NULL THEN
		RETURN muster.says('terms', 'InvalidEnrollmentData', wrong, jsonb_build_object('reason', problem, 'acceptance', x.id, 'version', x.version, 'required', required));
	END IF;
	RETURN muster.says('terms', 'OK', format('version %s of the terms was accepted on %s', x.version, muster.said_time(x.accepted_at)), jsonb_build_object('acceptance', x.id));
END
$$;
COMMENT ON FUNCTION muster.rule_terms(muster.candidate, muster.organization) IS 'Internal: rule: the terms that the organization demands were accepted: by the token that the device brings from the terms page or, where it brings none, by an acceptance recorded by hand. Example: SELECT muster.rule_terms(muster.candidate_of(a.id, NULL, ''{}''), o) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.terms
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.terms
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.acceptance
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.acceptance
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
