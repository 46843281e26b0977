-- What devices and what ways of enrolling an organization admits.

CREATE OR REPLACE FUNCTION muster.version_numbers(p_version text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_version ~ '^[0-9]{1,9}([.][0-9]{1,9}){0,3}$' THEN string_to_array(p_version, '.')::bigint[] END
$$;
COMMENT ON FUNCTION muster.version_numbers(text) IS 'Internal: the one to four numbers of a version, NULL when it is none. Example: SELECT muster.version_numbers(''10.0.19045.3803'');';

CREATE OR REPLACE FUNCTION muster.version_at_least(p_version bigint[], p_minimum bigint[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	-- Numbers that are not there are 0.
	SELECT (p_version || ARRAY[0, 0, 0]::bigint[])[1:4] >= (p_minimum || ARRAY[0, 0, 0]::bigint[])[1:4]
$$;
COMMENT ON FUNCTION muster.version_at_least(bigint[], bigint[]) IS 'Internal: whether a version is a minimum or later. Example: SELECT muster.version_at_least(''{10,0,19045}'', ''{10,0}'');';

CREATE OR REPLACE FUNCTION muster.version_at_most(p_version bigint[], p_maximum bigint[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	-- 10.0 covers 10.0.22631.4890: only as many numbers count as the maximum has.
	SELECT (p_version || ARRAY[0, 0, 0]::bigint[])[1:cardinality(p_maximum)] <= p_maximum
$$;
COMMENT ON FUNCTION muster.version_at_most(bigint[], bigint[]) IS 'Internal: whether a version is a maximum or earlier, or covered by it. Example: SELECT muster.version_at_most(''{10,0,19045}'', ''{10,0}'');';

CREATE OR REPLACE FUNCTION muster.is_true(p_facts jsonb, p_name text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(lower(muster.fact(p_facts, p_name, 8)) IN ('true', '1'), false)
$$;
COMMENT ON FUNCTION muster.is_true(jsonb, text) IS 'Internal: whether a fact says true. Example: SELECT muster.is_true(''{"BulkAADJ": "true"}'', ''BulkAADJ'');';

CREATE OR REPLACE FUNCTION muster.flow(p_facts jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	-- MS-MDE2 3.4.4.1.1.1. The narrower ways first: pre-provisioning names its Autopilot profile, too.
	SELECT CASE
		WHEN p_facts IS NULL THEN NULL
		WHEN muster.is_true(p_facts, 'WhiteGlove') OR muster.is_true(p_facts, 'WhiteGloveHybridJoin') THEN 'white glove'
		WHEN muster.is_true(p_facts, 'PlugandForget') THEN 'plug and forget'
		WHEN muster.is_true(p_facts, 'BulkAADJ') THEN 'bulk'
		WHEN muster.is_true(p_facts, 'AzVMIAMExtensionJoin') THEN 'azure vm'
		WHEN muster.fact(p_facts, 'ZeroTouchProvisioning', 8) IS NOT NULL
			OR muster.fact(p_facts, 'OfflineAutoPilotEnrollmentCorrelator', 8) IS NOT NULL THEN 'autopilot'
		WHEN muster.is_true(p_facts, 'UXInitiated') THEN 'user'
		ELSE 'automatic'
	END
$$;
COMMENT ON FUNCTION muster.flow(jsonb) IS 'Internal: how a device came to enroll, from what it says: white glove, plug and forget, bulk, azure vm, autopilot, user or automatic; NULL without facts. Example: SELECT muster.flow(''{"UXInitiated": "true"}'');';

CREATE OR REPLACE FUNCTION muster.os_version(version text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := nullif(btrim(version), '');
BEGIN
	IF clean IS NOT NULL AND muster.version_numbers(clean) IS NULL THEN
		RAISE EXCEPTION 'not usable as a version of Windows: %', quote_literal(left(version, 60))
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one to four numbers: 10.0.19045, or 10.0.22631.3007.';
	ELSIF (muster.version_numbers(clean))[1] > 10 THEN
		-- 11 or 22000 alone would be above every version that a device tells, and shut all out.
		RAISE EXCEPTION 'no Windows says that its version is %', clean
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Windows 10 says 10.0.10240 to 10.0.19045, Windows 11 10.0.22000 or more: give the build as 10.0.22000.';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.os_version(text) IS 'Internal: a version of Windows, or an error. Example: SELECT muster.os_version(''10.0.19045'');';

CREATE OR REPLACE FUNCTION muster.words(what text, words text[], known text[] DEFAULT NULL) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	word text;
	clean text[] := '{}';
BEGIN
	IF words IS NULL THEN
		RETURN NULL;
	END IF;
	FOREACH word IN ARRAY words LOOP
		IF muster.cut(word, 64) IS NULL OR (known IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(known) k (name) WHERE lower(k.name) = lower(btrim(word)))) THEN
			RAISE EXCEPTION 'not usable among %: %', what, coalesce(quote_literal(left(word, 60)), 'NULL')
				USING ERRCODE = 'invalid_parameter_value',
				      HINT = coalesce('There are: ' || array_to_string(known, ', '), 'Give texts of 1 to 64 characters, or NULL instead of the list for any.');
		END IF;
		clean := clean || coalesce((SELECT k.name FROM unnest(known) k (name) WHERE lower(k.name) = lower(btrim(word))), muster.cut(word, 64));
	END LOOP;
	IF cardinality(clean) NOT BETWEEN 1 AND 100 THEN
		RAISE EXCEPTION 'the list of % has % entries', what, cardinality(clean)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 100, or NULL instead of the list for any.';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.words(text, text[], text[]) IS 'Internal: a list of texts, each trimmed and, where they are known ones, in their known spelling; or an error. Example: SELECT muster.words(''enrollment types'', ''{full}'', ''{Full,Device}'');';

CREATE OR REPLACE FUNCTION muster.platform_told(p_platform muster.platform) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(', ',
		CASE WHEN p_platform.minimum_os_version IS NULL AND p_platform.maximum_os_version IS NULL THEN 'any version'
			ELSE concat_ws(' ', 'Windows', 'from ' || p_platform.minimum_os_version, 'to ' || p_platform.maximum_os_version) END,
		coalesce('editions ' || array_to_string(p_platform.editions, '/'), 'any edition'),
		coalesce('device types ' || array_to_string(p_platform.device_types, '/'), 'any device type'),
		coalesce('enrollment types ' || array_to_string(p_platform.enrollment_types, '/'), 'any enrollment type'),
		coalesce('flows ' || array_to_string(p_platform.flows, '/'), 'any flow'))
$$;
COMMENT ON FUNCTION muster.platform_told(muster.platform) IS 'Internal: what a platform admits, in one line. Example: SELECT muster.platform_told(p) FROM muster.platform p;';

CREATE OR REPLACE FUNCTION muster.set_platform(organization text, minimum_os_version text DEFAULT NULL, maximum_os_version text DEFAULT NULL,
	editions text[] DEFAULT NULL, device_types text[] DEFAULT NULL, enrollment_types text[] DEFAULT NULL, flows text[] DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	minimum text := muster.os_version(set_platform.minimum_os_version);
	maximum text := muster.os_version(set_platform.maximum_os_version);
	made muster.platform;
	looked bigint;
	refused bigint;
BEGIN
	IF NOT muster.version_at_most(muster.version_numbers(minimum), muster.version_numbers(maximum)) THEN
		RAISE EXCEPTION 'the lowest version % is above the highest %', minimum, maximum
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A highest version covers what begins with it: 10.0 covers 10.0.22631.';
	END IF;
	INSERT INTO muster.platform AS p (organization, minimum_os_version, maximum_os_version, editions, device_types, enrollment_types, flows)
	VALUES (muster.organization_id(set_platform.organization), minimum, maximum,
		muster.words('editions', set_platform.editions), muster.words('device types', set_platform.device_types),
		muster.words('enrollment types', set_platform.enrollment_types, ARRAY['Full', 'Device']),
		muster.words('flows', set_platform.flows, ARRAY['user', 'automatic', 'bulk', 'autopilot', 'white glove', 'plug and forget', 'azure vm']))
	ON CONFLICT ON CONSTRAINT platform_pkey DO UPDATE SET minimum_os_version = excluded.minimum_os_version, maximum_os_version = excluded.maximum_os_version,
		editions = excluded.editions, device_types = excluded.device_types, enrollment_types = excluded.enrollment_types, flows = excluded.flows
	RETURNING p.* INTO made;
	SELECT r.looked, r.refused INTO looked, refused FROM muster.platform_refuses(made) r;
	RETURN format('organization %s admits %s', set_platform.organization, muster.platform_told(made))
		|| CASE WHEN refused > 0 THEN format('; of its %s newest living devices %s would be refused if they enrolled anew', looked, refused) ELSE '' END;
END
$$;
COMMENT ON FUNCTION muster.set_platform(text, text, text, text[], text[], text[], text[]) IS 'Set what devices an organization admits, all of it at once; what is not given admits any, whatever was set before: lowest and highest version of Windows as devices tell it (Windows 11: from 10.0.22000; a highest 10.0 covers all of 10.0.x), editions as product numbers (4 Enterprise, 48 Professional), device types (CIMClient_Windows is no phone; phones are WindowsPhone and WindowsHandheld), enrollment types (Full, Device), flows (user, automatic, bulk, autopilot, white glove, plug and forget, azure vm). Returns what holds now, and how many living devices it would refuse. Example: SELECT muster.set_platform(''example'', minimum_os_version => ''10.0.22000'', device_types => ''{CIMClient_Windows}'');';

CREATE OR REPLACE FUNCTION muster.clear_platform(organization text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM muster.platform p WHERE p.organization = muster.organization_id(clear_platform.organization);
	RETURN format('organization %s admits any version, edition, device type, enrollment type and flow', clear_platform.organization);
END
$$;
COMMENT ON FUNCTION muster.clear_platform(text) IS 'Admit any version, edition, device type, enrollment type and flow. Example: SELECT muster.clear_platform(''example'');';

CREATE OR REPLACE FUNCTION muster.rule_enrollment_type(p_candidate muster.candidate, p_platform muster.platform) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	kind text := coalesce(p_candidate.enrollment_type, 'Full');
	-- Lite is an older word for Full, which a published sample still has.
	meant text := CASE WHEN lower(kind) IN ('full', 'lite') THEN 'Full' ELSE initcap(kind) END;
BEGIN
	IF p_candidate.facts IS NULL THEN
		RETURN muster.says('enrollment type', 'OK', 'not told yet');
	ELSIF meant NOT IN ('Full', 'Device') THEN
		RETURN muster.says('enrollment type', 'NotSupported', format('enrollment type "%s" is not supported, only Full and Device', kind));
	ELSIF meant <> ALL (p_platform.enrollment_types) THEN
		RETURN muster.says('enrollment type', 'NotSupported', format('enrollment type %s is not admitted, only %s', kind, array_to_string(p_platform.enrollment_types, ', ')));
	END IF;
	RETURN muster.says('enrollment type', 'OK', format('enrollment type %s', kind));
END
$$;
COMMENT ON FUNCTION muster.rule_enrollment_type(muster.candidate, muster.platform) IS 'Internal: rule: the enrollment type is Full (also when none is told, or Lite, its older name) or Device, and admitted. Example: SELECT muster.rule_enrollment_type(muster.candidate_of(id, NULL, ''{"EnrollmentType":"Device"}''), NULL) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.rule_flow(p_candidate muster.candidate, p_platform muster.platform) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF p_candidate.facts IS NULL THEN
		RETURN muster.says('flow', 'OK', 'not told yet');
	ELSIF p_candidate.flow <> ALL (p_platform.flows) THEN
		RETURN muster.says('flow', 'NotSupported', format('enrolling by %s is not admitted, only by %s', p_candidate.flow, array_to_string(p_platform.flows, ', ')),
			jsonb_build_object('flow', p_candidate.flow));
	END IF;
	RETURN muster.says('flow', 'OK', format('enrolling by %s', p_candidate.flow));
END
$$;
COMMENT ON FUNCTION muster.rule_flow(muster.candidate, muster.platform) IS 'Internal: rule: the way of enrolling is admitted. Example: SELECT muster.rule_flow(muster.candidate_of(id, NULL, ''{"UXInitiated":"true"}''), NULL) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.version_refused(p_version text, p_platform muster.platform) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	numbers bigint[];
BEGIN
	IF p_platform.minimum_os_version IS NULL AND p_platform.maximum_os_version IS NULL THEN
		RETURN NULL;
	ELSIF p_version IS NULL THEN
		RETURN 'the device tells no version of Windows, and one is demanded';
	END IF;
	numbers := muster.version_numbers(p_version);
	RETURN CASE
		WHEN numbers IS NULL THEN format('the device''s version of Windows "%s" is not readable, and one is demanded', p_version)
		WHEN NOT muster.version_at_least(numbers, muster.version_numbers(p_platform.minimum_os_version))
			THEN format('Windows %s is below %s, the lowest admitted', p_version, p_platform.minimum_os_version)
		WHEN NOT muster.version_at_most(numbers, muster.version_numbers(p_platform.maximum_os_version))
			THEN format('Windows %s is above %s, the highest admitted', p_version, p_platform.maximum_os_version)
	END;
END
$$;
COMMENT ON FUNCTION muster.version_refused(text, muster.platform) IS 'Internal: why a version of Windows is not admitted, NULL if it is. Example: SELECT muster.version_refused(''10.0.19041'', p) FROM muster.platform p;';

CREATE OR REPLACE FUNCTION muster.rule_platform(p_candidate muster.candidate, p_platform muster.platform) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	wrong text;
BEGIN
	IF p_platform.organization IS NULL THEN
		RETURN muster.says('platform', 'OK', 'any platform is admitted');
	ELSIF p_candidate.facts IS NULL THEN
		RETURN muster.says('platform', 'OK', 'not told yet');
	END IF;
	wrong := coalesce(muster.version_refused(p_candidate.os_version, p_platform), CASE
		WHEN p_candidate.os_edition IS NULL AND p_platform.editions IS NOT NULL THEN 'the device tells no edition of Windows, and one is demanded'
		WHEN p_candidate.os_edition <> ALL (p_platform.editions)
			THEN format('edition %s of Windows is not admitted, only %s', p_candidate.os_edition, array_to_string(p_platform.editions, ', '))
		WHEN p_candidate.device_type IS NULL AND p_platform.device_types IS NOT NULL THEN 'the device tells no device type, and one is demanded'
		WHEN p_platform.device_types IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(p_platform.device_types) t (name) WHERE lower(t.name) = lower(p_candidate.device_type))
			THEN format('device type %s is not admitted, only %s', p_candidate.device_type, array_to_string(p_platform.device_types, ', '))
	END);
	IF wrong IS NOT NULL THEN
		RETURN muster.says('platform', 'DeviceNotSupported', wrong, jsonb_strip_nulls(jsonb_build_object('os_version', p_candidate.os_version,
			'os_edition', p_candidate.os_edition, 'device_type', p_candidate.device_type)));
	END IF;
	RETURN muster.says('platform', 'OK', concat_ws(', ', 'Windows ' || p_candidate.os_version, 'edition ' || p_candidate.os_edition, p_candidate.device_type));
END
$$;
COMMENT ON FUNCTION muster.rule_platform(muster.candidate, muster.platform) IS 'Internal: rule: version and edition of Windows and the device type are admitted. Example: SELECT muster.rule_platform(muster.candidate_of(a.id, NULL, ''{"OSVersion":"10.0.19045"}''), p) FROM muster.account a JOIN muster.platform p USING (organization);';

CREATE OR REPLACE FUNCTION muster.platform_refuses(p_platform muster.platform, OUT looked bigint, OUT refused bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- The newest ones only: this answers an administrator while he waits.
	SELECT count(*), count(*) FILTER (WHERE (muster.rule_platform(v.c, p_platform)).outcome <> 'OK'
			OR (muster.rule_enrollment_type(v.c, p_platform)).outcome <> 'OK' OR (muster.rule_flow(v.c, p_platform)).outcome <> 'OK')
	  FROM (SELECT d.facts FROM muster.device d WHERE d.organization = p_platform.organization AND d.state = 'enrolled' ORDER BY d.enrolled_at DESC LIMIT 1000) s
	 CROSS JOIN LATERAL (SELECT muster.candidate_device(s.facts) AS c OFFSET 0) v
$$;
COMMENT ON FUNCTION muster.platform_refuses(muster.platform) IS 'Internal: how many of an organization''s newest living devices, at most a thousand, would be refused by its platform if they enrolled anew. Example: SELECT o.key, r.* FROM muster.platform p JOIN muster.organization o ON o.id = p.organization, muster.platform_refuses(p) r;';

CREATE OR REPLACE FUNCTION muster.platform_refuses_all(p_platform muster.platform) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- The first that it admits ends the search.
	SELECT EXISTS (SELECT FROM muster.device d WHERE d.organization = p_platform.organization AND d.state = 'enrolled')
	   AND NOT EXISTS (SELECT FROM (SELECT d.facts FROM muster.device d
			WHERE d.organization = p_platform.organization AND d.state = 'enrolled' ORDER BY d.enrolled_at DESC LIMIT 1000) s
		 CROSS JOIN LATERAL (SELECT muster.candidate_device(s.facts) AS c OFFSET 0) v
		 WHERE (muster.rule_platform(v.c, p_platform)).outcome = 'OK' AND (muster.rule_enrollment_type(v.c, p_platform)).outcome = 'OK'
		   AND (muster.rule_flow(v.c, p_platform)).outcome = 'OK')
$$;
COMMENT ON FUNCTION muster.platform_refuses_all(muster.platform) IS 'Internal: whether an organization has living devices, and none of the newest thousand could enroll again by its platform. Example: SELECT o.key FROM muster.platform p JOIN muster.organization o ON o.id = p.organization WHERE muster.platform_refuses_all(p);';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.platform
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.platform
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
