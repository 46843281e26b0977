-- Rules of the administrator's own: a function of muster.candidate that refuses with a text for the user. It runs as
-- its owner, before anything is locked, within the statement's time; when it fails nobody gets in by that.

CREATE OR REPLACE FUNCTION muster.rule_function(p_function text) RETURNS oid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part text[];
	found_one oid;
BEGIN
	part := parse_ident(p_function);
	-- By the catalog, since a cast to regprocedure fails where one may not look into the schema.
	SELECT p.oid INTO found_one FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	 WHERE n.nspname = part[1] AND p.proname = part[2] AND cardinality(part) = 2
	   AND p.pronargs = 1 AND p.proargtypes[0] = 'muster.candidate'::regtype;
	RETURN found_one;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.rule_function(text) IS 'Internal: the function of that name (schema.name) that takes one muster.candidate, NULL if there is none. Example: SELECT muster.rule_function(''rules.no_tablets'')::regprocedure;';

CREATE OR REPLACE FUNCTION muster.rule_function_wrong(p_function text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f record;
	ours name;
BEGIN
	SELECT p.oid, p.prokind, p.prosecdef, p.provolatile, p.proretset, p.prorettype, p.proconfig, p.pronamespace, r.rolname, r.rolsuper INTO f
	  FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE p.oid = muster.rule_function(p_function);
	IF NOT FOUND THEN
		RETURN format('there is no function %s(muster.candidate)', p_function);
	END IF;
	SELECT m.rolname INTO ours FROM pg_roles m
	 WHERE m.rolname LIKE 'muster\_%' AND pg_has_role(f.rolname, m.oid, 'MEMBER')
	 ORDER BY m.rolname LIMIT 1;
	RETURN CASE
		WHEN f.prokind <> 'f' OR f.proretset OR f.prorettype <> 'jsonb'::regtype THEN format('%s does not return one jsonb', p_function)
		WHEN f.provolatile = 'v' THEN format('%s is VOLATILE: a rule only looks', p_function)
		WHEN NOT f.prosecdef THEN format('%s is not SECURITY DEFINER: a rule runs as its owner', p_function)
		WHEN NOT EXISTS (SELECT FROM unnest(f.proconfig) c (setting) WHERE c.setting LIKE 'search\_path=%') THEN format('%s has no search_path of its own', p_function)
		WHEN f.rolsuper THEN format('%s is owned by the superuser %s', p_function, f.rolname)
		WHEN ours IS NOT NULL THEN format('%s is owned by %s%s', p_function, f.rolname, CASE WHEN f.rolname <> ours THEN ', a member of ' || ours END)
		WHEN NOT has_schema_privilege('muster_owner', f.pronamespace, 'USAGE') OR NOT has_function_privilege('muster_owner', f.oid, 'EXECUTE')
			THEN format('muster_owner may not call %s', p_function)
	END;
END
$$;
COMMENT ON FUNCTION muster.rule_function_wrong(text) IS 'Internal: what keeps a function from being a custom rule, NULL if nothing does. Example: SELECT muster.rule_function_wrong(''rules.no_tablets'');';

CREATE OR REPLACE FUNCTION muster.register_custom_rule(organization text, rule text, function text, priority integer DEFAULT 100) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(register_custom_rule.organization);
	clean text := muster.cut(register_custom_rule.rule, 64);
	wrong text := CASE
		WHEN register_custom_rule.function IS NULL THEN 'the rule needs a function'
		WHEN clean IS NULL THEN 'the rule needs a name'
		WHEN register_custom_rule.priority IS NULL OR register_custom_rule.priority NOT BETWEEN 0 AND 10000
			THEN format('a priority is 0 to 10000, not %s', coalesce(register_custom_rule.priority::text, 'NULL'))
		ELSE muster.rule_function_wrong(register_custom_rule.function)
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'As a role of its own that has USAGE on schema muster: CREATE FUNCTION rules.no_tablets(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS …; it returns NULL, or {"reason": "…", "en": "…", "de": "…"}.';
	END IF;
	INSERT INTO muster.custom_rule (organization, name, priority, function)
	VALUES (owner_id, clean, register_custom_rule.priority, muster.rule_function(register_custom_rule.function)::regproc::text)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'rule "%" exists already', clean
			USING ERRCODE = 'unique_violation', HINT = 'Its function can be replaced by CREATE OR REPLACE FUNCTION; to take the rule away: SELECT muster.remove_custom_rule(organization, rule);';
	END IF;
	RETURN format('rule "%s" of organization %s asks %s at every enrollment', clean, register_custom_rule.organization, register_custom_rule.function);
END
$$;
COMMENT ON FUNCTION muster.register_custom_rule(text, text, text, integer) IS 'Have a function of yours asked at every enrollment of an organization: the rule''s name in the record, the function (schema.name), its priority (low ones first). It takes a muster.candidate and returns NULL, or {"reason": for the record, "en": text for the user, "de": …}; it is STABLE, SECURITY DEFINER, with a search_path of its own, and its owner is neither a superuser nor a role of Muster''s. A rule that fails or runs too long refuses. Example: SELECT muster.register_custom_rule(''example'', ''no tablets'', ''rules.no_tablets'');';

CREATE OR REPLACE FUNCTION muster.custom_rule_id(organization text, rule text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(custom_rule_id.organization);
	id uuid;
BEGIN
	SELECT r.id INTO id FROM muster.custom_rule r WHERE r.organization = owner_id AND lower(r.name) = lower(btrim(custom_rule_id.rule));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has no rule "%"', custom_rule_id.organization, coalesce(custom_rule_id.rule, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Rules: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT r.name FROM muster.custom_rule r
				WHERE r.organization = owner_id ORDER BY r.priority, lower(r.name) LIMIT 20) s),
				format('There is none yet: SELECT muster.register_custom_rule(%L, rule, function);', custom_rule_id.organization));
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.custom_rule_id(text, text) IS 'The id of a custom rule by its organization''s key and its name; an error that names those there are if there is none. Example: SELECT muster.custom_rule_id(''example'', ''no tablets'');';

CREATE OR REPLACE FUNCTION muster.enable_custom_rule(organization text, rule text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.custom_rule r SET enabled = true WHERE r.id = muster.custom_rule_id(enable_custom_rule.organization, enable_custom_rule.rule);
	RETURN format('rule "%s" is asked at every enrollment', enable_custom_rule.rule);
END
$$;
COMMENT ON FUNCTION muster.enable_custom_rule(text, text) IS 'Have a disabled custom rule asked again. Example: SELECT muster.enable_custom_rule(''example'', ''no tablets'');';

CREATE OR REPLACE FUNCTION muster.disable_custom_rule(organization text, rule text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.custom_rule r SET enabled = false WHERE r.id = muster.custom_rule_id(disable_custom_rule.organization, disable_custom_rule.rule);
	RETURN format('rule "%s" is not asked any more', disable_custom_rule.rule);
END
$$;
COMMENT ON FUNCTION muster.disable_custom_rule(text, text) IS 'Stop asking a custom rule. Example: SELECT muster.disable_custom_rule(''example'', ''no tablets'');';

CREATE OR REPLACE FUNCTION muster.remove_custom_rule(organization text, rule text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM muster.custom_rule r WHERE r.id = muster.custom_rule_id(remove_custom_rule.organization, remove_custom_rule.rule);
	RETURN format('rule "%s" is removed; its function stays', remove_custom_rule.rule);
END
$$;
COMMENT ON FUNCTION muster.remove_custom_rule(text, text) IS 'Remove a custom rule; its function stays. Example: SELECT muster.remove_custom_rule(''example'', ''no tablets'');';

CREATE OR REPLACE FUNCTION muster.text_for(p_texts jsonb, p_locale text, OUT language text, OUT "text" text)
LANGUAGE sql IMMUTABLE AS $$
	-- Keys that are languages (BCP 47): the device's own, its language without the country, English, the first.
	SELECT t.key, muster.cut(translate(t.value #>> '{}', E'\uFFFE\uFFFF', ''), 1000)
	  FROM jsonb_each(p_texts) t
	 WHERE t.key ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$' AND t.key <> 'reason'
	   AND jsonb_typeof(t.value) = 'string' AND muster.cut(t.value #>> '{}', 1) IS NOT NULL
	 ORDER BY lower(t.key) = lower(p_locale) DESC NULLS LAST,
	          lower(t.key) = lower(split_part(p_locale, '-', 1)) DESC NULLS LAST,
	          lower(t.key) = 'en' DESC, t.key
	 LIMIT 1
$$;
COMMENT ON FUNCTION muster.text_for(jsonb, text) IS 'Internal: of texts by language the one for a device''s Locale, at most 1000 characters, and its language. Example: SELECT * FROM muster.text_for(''{"en": "No", "de": "Nein"}'', ''de-AT'');';

CREATE OR REPLACE FUNCTION muster.custom_answer(p_name text, p_answer jsonb, p_locale text) RETURNS muster.verdict
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	label text := format('custom rule "%s"', p_name);
	v muster.verdict;
BEGIN
	IF p_answer IS NULL OR jsonb_typeof(p_answer) = 'null' THEN
		RETURN muster.says(label, 'OK', 'nothing against it');
	ELSIF jsonb_typeof(p_answer) <> 'object' THEN
		RETURN muster.says(label, 'EnrollmentServer', format('rule "%s" answered a %s, not NULL or an object', p_name, jsonb_typeof(p_answer)));
	END IF;
	v := muster.says(label, 'CustomServerError', format('rule "%s": %s', p_name, coalesce(muster.fact(p_answer, 'reason', 400), 'no reason given')));
	SELECT t.text, t.language INTO v.text, v.language FROM muster.text_for(p_answer, p_locale) t;
	RETURN v;
END
$$;
COMMENT ON FUNCTION muster.custom_answer(text, jsonb, text) IS 'Internal: a custom rule''s answer as a verdict. Example: SELECT muster.custom_answer(''no tablets'', ''{"reason": "tablet", "en": "No tablets here."}'', ''en-US'');';

CREATE OR REPLACE FUNCTION muster.ask_custom_rule(p_rule muster.custom_rule, p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	label text := format('custom rule "%s"', p_rule.name);
	-- The function may have been changed since it was registered.
	wrong text := muster.rule_function_wrong(p_rule.function);
	answer jsonb;
	message text;
BEGIN
	IF wrong IS NOT NULL THEN
		RETURN muster.says(label, 'EnrollmentServer', format('rule "%s" was not asked: %s', p_rule.name, wrong));
	END IF;
	EXECUTE format('SELECT %s($1)', muster.rule_function(p_rule.function)::regproc) INTO answer USING p_candidate;
	RETURN muster.custom_answer(p_rule.name, answer, p_candidate.locale);
EXCEPTION
	-- OTHERS would not catch the end of the statement's time.
	WHEN query_canceled THEN
		RETURN muster.says(label, 'EnrollmentServer', format('rule "%s" ran too long', p_rule.name));
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
		RETURN muster.says(label, 'EnrollmentServer', format('rule "%s" failed: SQLSTATE %s: %s', p_rule.name, SQLSTATE, message));
END
$$;
COMMENT ON FUNCTION muster.ask_custom_rule(muster.custom_rule, muster.candidate) IS 'Internal: ask one custom rule; whatever goes wrong in it is a refusal. Example: SELECT muster.ask_custom_rule(r, muster.candidate_of(a.id, NULL, ''{}'')) FROM muster.custom_rule r JOIN muster.account a USING (organization);';

CREATE OR REPLACE FUNCTION muster.custom_verdicts(p_candidate muster.candidate, p_every boolean) RETURNS SETOF muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	r muster.custom_rule;
	v muster.verdict;
	c muster.candidate := p_candidate;
BEGIN
	-- The terms page's token opens an enrollment: it is nobody else's business.
	c.enrollment_data := NULL;
	c.facts := c.facts - 'EnrollmentData';
	FOR r IN SELECT x.* FROM muster.custom_rule x WHERE x.organization = c.organization AND x.enabled ORDER BY x.priority, lower(x.name) LOOP
		v := muster.ask_custom_rule(r, c);
		v.details := coalesce(v.details, '{}') || jsonb_build_object('custom_rule', r.id, 'function', r.function);
		RETURN NEXT v;
		-- One that failed or ran too long ends it: there is no time left to ask others.
		IF v.outcome = 'EnrollmentServer' OR (v.outcome <> 'OK' AND NOT p_every) THEN
			RETURN;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION muster.custom_verdicts(muster.candidate, boolean) IS 'Internal: what the organization''s custom rules say, in their order, up to the first refusal, or (last argument true) every one; a rule that fails ends it always. Example: SELECT v.* FROM muster.account a, muster.custom_verdicts(muster.candidate_of(a.id, NULL, ''{}''), true) v;';

CREATE OR REPLACE FUNCTION muster.decide_custom(p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	v muster.verdict;
BEGIN
	SELECT x.* INTO v FROM muster.custom_verdicts(p_candidate, false) x WHERE x.outcome <> 'OK';
	RETURN muster.decided(v);
END
$$;
COMMENT ON FUNCTION muster.decide_custom(muster.candidate) IS 'Internal: the first refusal of the custom rules, or OK. Example: SELECT muster.decide_custom(muster.candidate_of(id, NULL, ''{}'')) FROM muster.account;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.custom_rule
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.custom_rule
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
