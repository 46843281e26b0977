-- Device caps: how many living devices an account may have. An account's own cap counts before its groups'
-- (of several the highest), theirs before the organization's; an account for bulk enrollment has only its own.

CREATE OR REPLACE FUNCTION muster.cap(cap integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF cap NOT BETWEEN 0 AND 1000000 THEN
		RAISE EXCEPTION 'not usable as a device cap: %', cap
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 0 to 1000000, or NULL for none of its own.';
	END IF;
	RETURN cap;
END
$$;
COMMENT ON FUNCTION muster.cap(integer) IS 'Internal: a device cap, or an error. Example: SELECT muster.cap(5);';

CREATE OR REPLACE FUNCTION muster.set_device_cap(organization text, cap integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.organization o SET device_cap = muster.cap(set_device_cap.cap)
	 WHERE o.id = muster.organization_id(set_device_cap.organization);
	RETURN format('organization %s: %s', set_device_cap.organization,
		coalesce('an account may have ' || set_device_cap.cap || ' living devices', 'an account may have any number of devices'));
END
$$;
COMMENT ON FUNCTION muster.set_device_cap(text, integer) IS 'Set how many living devices a person''s account of an organization may have; NULL: any number. Groups and accounts may have caps of their own: muster.set_group_cap, muster.set_account_cap. Devices beyond a new cap stay, only enrolling another is refused. Example: SELECT muster.set_device_cap(''example'', 5);';

CREATE OR REPLACE FUNCTION muster.set_group_cap(organization text, group_name text, cap integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account_group g SET device_cap = muster.cap(set_group_cap.cap)
	 WHERE g.id = muster.group_id(set_group_cap.organization, set_group_cap.group_name);
	RETURN format('group "%s": %s', set_group_cap.group_name,
		coalesce('each member may have ' || set_group_cap.cap || ' living devices', 'no cap of its own'));
END
$$;
COMMENT ON FUNCTION muster.set_group_cap(text, text, integer) IS 'Set how many living devices each member of a group may have, instead of what the organization says; of several groups the highest counts. NULL: no cap of its own. Example: SELECT muster.set_group_cap(''example'', ''developers'', 10);';

CREATE OR REPLACE FUNCTION muster.set_account_cap(upn text, cap integer, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account a SET device_cap = muster.cap(set_account_cap.cap)
	 WHERE a.id = muster.account_id(set_account_cap.upn, set_account_cap.organization);
	RETURN format('account %s: %s', set_account_cap.upn,
		coalesce('may have ' || set_account_cap.cap || ' living devices', 'no cap of its own'));
END
$$;
COMMENT ON FUNCTION muster.set_account_cap(text, integer, text) IS 'Set how many living devices one account may have, instead of what its groups and organization say; the only cap an account for bulk enrollment has. NULL: no cap of its own. Example: SELECT muster.set_account_cap(''ada@example.test'', 8);';

CREATE OR REPLACE FUNCTION muster.cap_of(p_own integer, p_kind text, p_grouped boolean, p_account uuid, p_cap_of_all integer, p_key text, OUT cap integer, OUT source text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_own IS NOT NULL OR p_kind = 'bulk' THEN
		cap := p_own;
		source := CASE WHEN p_own IS NOT NULL THEN 'the account' END;
		RETURN;
	END IF;
	IF p_grouped THEN
		SELECT g.device_cap, format('group "%s"', g.name) INTO cap, source
		  FROM muster.account_group_member m JOIN muster.account_group g ON g.id = m.account_group
		 WHERE m.account = p_account AND g.device_cap IS NOT NULL
		 ORDER BY g.device_cap DESC, lower(g.name) LIMIT 1;
	END IF;
	IF cap IS NULL AND p_cap_of_all IS NOT NULL THEN
		cap := p_cap_of_all;
		source := format('organization %s', p_key);
	END IF;
END
$$;
COMMENT ON FUNCTION muster.cap_of(integer, text, boolean, uuid, integer, text) IS 'Internal: the cap that holds and what says so, by the account''s own cap, its kind, whether it is in groups, its id, and the organization''s cap and key. Example: see muster.effective_cap.';

CREATE OR REPLACE FUNCTION muster.effective_cap(p_account uuid, OUT cap integer, OUT source text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a record;
BEGIN
	SELECT x.device_cap, x.kind, EXISTS (SELECT FROM muster.account_group_member m WHERE m.account = x.id) AS grouped, o.device_cap AS cap_of_all, o.key
	  INTO a FROM muster.account x JOIN muster.organization o ON o.id = x.organization WHERE x.id = p_account;
	SELECT c.cap, c.source INTO cap, source FROM muster.cap_of(a.device_cap, a.kind, a.grouped, p_account, a.cap_of_all, a.key) c;
END
$$;
COMMENT ON FUNCTION muster.effective_cap(uuid) IS 'How many living devices an account may have (NULL: any number), and what says so: the account, a group or the organization. Of an account by name: muster.accounts. Example: SELECT * FROM muster.effective_cap(muster.account_id(''ada@example.test''));';

CREATE OR REPLACE FUNCTION muster.same_devices(p_candidate muster.candidate) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT d.id FROM muster.device d
	 WHERE d.account = p_candidate.account AND d.state = 'enrolled' AND d.device_id IS NOT NULL AND lower(d.device_id) = lower(p_candidate.device_id);
	IF p_candidate.account_kind = 'person' AND p_candidate.hardware_id IS NOT NULL THEN
		RETURN QUERY SELECT d.id FROM muster.device d
		 WHERE d.organization = p_candidate.organization AND d.account = p_candidate.account AND d.state = 'enrolled'
		   AND d.hardware_id IS NOT NULL AND lower(d.hardware_id) = lower(p_candidate.hardware_id)
		   AND lower(d.device_id) IS DISTINCT FROM lower(p_candidate.device_id);
	END IF;
END
$$;
COMMENT ON FUNCTION muster.same_devices(muster.candidate) IS 'Internal: the living enrollments of the same device under the same account, which a new one replaces: same DeviceID or, for a person, same HWDevID. Missing ids never match. Example: SELECT muster.same_devices(muster.candidate_of(account, NULL, facts)) FROM muster.device;';

CREATE OR REPLACE FUNCTION muster.devices_counted(p_account uuid, p_without uuid[]) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', s.id, 'name', s.name)) ORDER BY s.id), '[]')
	  FROM (SELECT d.id, d.name FROM muster.device d
		 WHERE d.account = p_account AND d.state = 'enrolled' AND d.id <> ALL (p_without) ORDER BY d.id LIMIT 20) s
$$;
COMMENT ON FUNCTION muster.devices_counted(uuid, uuid[]) IS 'Internal: the first twenty living devices of an account without some, for the record. Example: SELECT muster.devices_counted(id, ''{}'') FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.rule_device_cap(p_candidate muster.candidate, p_organization muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	its_own integer := (SELECT a.device_cap FROM muster.account a WHERE a.id = p_candidate.account);
	cap integer;
	source text;
	living bigint;
	same uuid[];
BEGIN
	-- Mostly nobody has a cap, which is soon told. What is known of the account and its organization is not looked up again.
	IF its_own IS NOT NULL OR p_organization.device_cap IS NOT NULL OR cardinality(p_candidate.groups) > 0 THEN
		SELECT c.cap, c.source INTO cap, source FROM muster.cap_of(its_own, p_candidate.account_kind, cardinality(p_candidate.groups) > 0,
			p_candidate.account, p_organization.device_cap, p_organization.key) c;
	END IF;
	IF cap IS NULL THEN
		RETURN muster.says('device cap', 'OK', 'any number of devices');
	ELSIF p_candidate.facts IS NULL THEN
		-- The device may be one that is counted already.
		RETURN muster.says('device cap', 'OK', format('at most %s devices by %s; the device is not told yet', cap, source));
	END IF;
	SELECT count(*) INTO living FROM muster.device d WHERE d.account = p_candidate.account AND d.state = 'enrolled';
	IF living >= cap THEN
		same := ARRAY(SELECT muster.same_devices(p_candidate));
		living := living - cardinality(same);
	END IF;
	IF living < cap THEN
		RETURN muster.says('device cap', 'OK', format('%s of %s devices by %s', living, cap, source));
	END IF;
	RETURN muster.says('device cap', 'DeviceCapReached', format('account %s has %s living devices and may have %s by %s', p_candidate.upn, living, cap, source),
		jsonb_build_object('limit', cap, 'source', source, 'count', living, 'devices', muster.devices_counted(p_candidate.account, same)));
END
$$;
COMMENT ON FUNCTION muster.rule_device_cap(muster.candidate, muster.organization) IS 'Internal: rule: the account has fewer living devices than its cap, without those that this device replaces. Example: SELECT muster.rule_device_cap(muster.candidate_of(a.id, NULL, ''{}''), o) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';
