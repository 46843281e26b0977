-- Devices known by an id before they enroll: blocked ones, and those that are expected.

CREATE OR REPLACE FUNCTION muster.id_kind(kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := lower(btrim(regexp_replace(kind, '[_ -]+', ' ', 'g')));
BEGIN
	IF clean IS NULL OR clean NOT IN ('hardware id', 'device id', 'serial number') THEN
		RAISE EXCEPTION 'a device is known by its hardware id, device id or serial number, not by %', coalesce(quote_literal(left(kind, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Devices'' ids: SELECT name, hardware_id, device_id, serial_number FROM muster.devices;';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.id_kind(text) IS 'Internal: one of hardware id, device id, serial number, or an error. Example: SELECT muster.id_kind(''serial number'');';

CREATE OR REPLACE FUNCTION muster.id_value(kind text, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF muster.cut(value, 129) IS NULL OR length(muster.cut(value, 129)) > 128 THEN
		RAISE EXCEPTION 'not usable as a %: %', kind, coalesce(quote_literal(left(value, 60)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 128 characters, as the device tells them.';
	END IF;
	RETURN muster.cut(value, 128);
END
$$;
COMMENT ON FUNCTION muster.id_value(text, text) IS 'Internal: an id of a device, or an error. Example: SELECT muster.id_value(''serial number'', ''5CG1234XYZ'');';

CREATE OR REPLACE FUNCTION muster.devices_known_as(p_value text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted text := lower(btrim(p_value));
BEGIN
	-- For one whom policies bind, this index is not used, as it is none of plain columns: what it hides must not be
	-- told. So devices are looked up past the policies, and told to those who may see them.
	RETURN QUERY SELECT d.id FROM muster.device d
	 WHERE muster.device_words(d.name, d.serial_number, d.hardware_id, d.device_id) @> ARRAY[hashtextextended(wanted, 0)]
	   AND wanted IN (lower(d.name), lower(d.serial_number), lower(d.hardware_id), lower(d.device_id))
	   AND muster.may_see(d.organization, muster.actor_role());
END
$$;
COMMENT ON FUNCTION muster.devices_known_as(text) IS 'Internal: the devices, living and past, whose name, serial number, hardware id or device id this is, without case, of the organizations that the session''s role may see. Example: SELECT muster.devices_known_as(''5cg1234xyz'');';

CREATE OR REPLACE FUNCTION muster.enrolled_as(p_organization uuid, p_kind text, p_value text) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- By id: mostly there is none or one, which no join expects.
	SELECT d.id FROM muster.device d
	 WHERE d.id = ANY (ARRAY(SELECT muster.devices_known_as(p_value))) AND d.organization = p_organization AND d.state = 'enrolled'
	   AND lower(CASE p_kind WHEN 'serial number' THEN d.serial_number WHEN 'hardware id' THEN d.hardware_id WHEN 'device id' THEN d.device_id END) = lower(p_value)
$$;
COMMENT ON FUNCTION muster.enrolled_as(uuid, text, text) IS 'Internal: the living devices of an organization that are known by an id. Example: SELECT x FROM muster.blocked_device b, muster.enrolled_as(b.organization, b.kind, b.value) x;';

CREATE OR REPLACE FUNCTION muster.block_device(organization text, kind text, value text, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	its_kind text := muster.id_kind(block_device.kind);
	its_value text := muster.id_value(its_kind, block_device.value);
	owner_id uuid := muster.organization_id(block_device.organization);
	its_reason text := muster.cut(block_device.reason, 400);
	enrolled uuid[];
BEGIN
	IF its_reason IS NULL THEN
		RAISE EXCEPTION 'blocking a device needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.block_device(''example'', ''serial number'', ''5CG1234XYZ'', ''stolen'');';
	END IF;
	INSERT INTO muster.blocked_device AS b (organization, kind, value, reason)
	VALUES (owner_id, its_kind, its_value, its_reason)
	ON CONFLICT (organization, kind, lower(value)) DO UPDATE SET reason = excluded.reason;
	enrolled := ARRAY(SELECT x FROM muster.enrolled_as(owner_id, its_kind, its_value) x ORDER BY x LIMIT 3);
	RETURN format('a device of %s %s does not enroll any more; %s', its_kind, its_value, CASE WHEN cardinality(enrolled) = 0
		THEN 'none is enrolled now'
		ELSE 'it is enrolled, retire it: ' || (SELECT string_agg(format('SELECT muster.retire_device(%L, %L);', x, its_reason), ' ') FROM unnest(enrolled) x) END);
END
$$;
COMMENT ON FUNCTION muster.block_device(text, text, text, text) IS 'Keep a device from enrolling: the organization, what it is known by (hardware id, device id or serial number), its value without case, the reason for the record. An enrollment it has stays: muster.retire_device. To look: muster.blocked_devices. Example: SELECT muster.block_device(''example'', ''serial number'', ''5CG1234XYZ'', ''stolen'');';

CREATE OR REPLACE FUNCTION muster.unblock_device(organization text, kind text, value text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_kind text := muster.id_kind(unblock_device.kind);
BEGIN
	DELETE FROM muster.blocked_device b
	 WHERE b.organization = muster.organization_id(unblock_device.organization) AND b.kind = its_kind
	   AND lower(b.value) = lower(muster.id_value(its_kind, unblock_device.value));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no device of % "%" is blocked', its_kind, unblock_device.value
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT organization, kind, value, reason FROM muster.blocked_devices;';
	END IF;
	RETURN format('a device of %s %s may enroll again', its_kind, unblock_device.value);
END
$$;
COMMENT ON FUNCTION muster.unblock_device(text, text, text) IS 'Let a blocked device enroll again. Example: SELECT muster.unblock_device(''example'', ''serial number'', ''5CG1234XYZ'');';

CREATE OR REPLACE FUNCTION muster.expect_device(organization text, kind text, value text, upn text DEFAULT NULL, note text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	its_kind text := muster.id_kind(expect_device.kind);
	its_value text := muster.id_value(its_kind, expect_device.value);
BEGIN
	INSERT INTO muster.expected_device AS e (organization, kind, value, account, note)
	VALUES (muster.organization_id(expect_device.organization), its_kind, its_value,
		CASE WHEN expect_device.upn IS NOT NULL THEN muster.account_id(expect_device.upn, expect_device.organization) END,
		muster.cut(expect_device.note, 400))
	ON CONFLICT (organization, kind, lower(value)) DO UPDATE SET account = excluded.account, note = excluded.note;
	RETURN format('a device of %s %s is expected%s', its_kind, its_value, coalesce(' from ' || expect_device.upn, ''));
END
$$;
COMMENT ON FUNCTION muster.expect_device(text, text, text, text, text) IS 'Register a device before it enrolls: the organization, what it is known by (hardware id, device id or serial number), its value without case, the only account that may enroll it (NULL: any), a note. To admit only such devices: muster.require_preregistration. Example: SELECT muster.expect_device(''example'', ''serial number'', ''5CG1234XYZ'', ''ada@example.test'', ''order 4711'');';

CREATE OR REPLACE FUNCTION muster.forget_device(organization text, kind text, value text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_kind text := muster.id_kind(forget_device.kind);
BEGIN
	DELETE FROM muster.expected_device e
	 WHERE e.organization = muster.organization_id(forget_device.organization) AND e.kind = its_kind
	   AND lower(e.value) = lower(muster.id_value(its_kind, forget_device.value));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no device of % "%" is expected', its_kind, forget_device.value
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT organization, kind, value, note, arrived_at FROM muster.expected_devices;';
	END IF;
	RETURN format('a device of %s %s is no longer expected', its_kind, forget_device.value);
END
$$;
COMMENT ON FUNCTION muster.forget_device(text, text, text) IS 'Take a device out of those that are expected; an enrollment it has stays. Example: SELECT muster.forget_device(''example'', ''serial number'', ''5CG1234XYZ'');';

CREATE OR REPLACE FUNCTION muster.require_preregistration(organization text, required boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.organization o SET only_preregistered = muster.switch('required', require_preregistration.required)
	 WHERE o.id = muster.organization_id(require_preregistration.organization);
	RETURN format('organization %s: %s', require_preregistration.organization,
		CASE WHEN required THEN 'only expected devices enroll' ELSE 'devices enroll without being expected' END);
END
$$;
COMMENT ON FUNCTION muster.require_preregistration(text, boolean) IS 'Let only devices enroll that muster.expect_device registered, or (false) every device. Example: SELECT muster.require_preregistration(''example'');';

CREATE OR REPLACE FUNCTION muster.rule_blocked_device(p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	b record;
BEGIN
	IF p_candidate.facts IS NULL THEN
		RETURN muster.says('blocked device', 'OK', 'not told yet');
	END IF;
	-- Three looks into an index, however many are blocked.
	SELECT x.id, x.kind, x.value, x.reason, x.blocked_at INTO b
	  FROM (VALUES ('hardware id', lower(p_candidate.hardware_id)), ('device id', lower(p_candidate.device_id)),
		('serial number', lower(p_candidate.serial_number))) k (kind, value)
	  JOIN muster.blocked_device x ON x.organization = p_candidate.organization AND x.kind = k.kind AND lower(x.value) = k.value
	 LIMIT 1;
	IF FOUND THEN
		RETURN muster.says('blocked device', 'Authorization', format('%s %s is blocked since %s: %s', b.kind, b.value, to_char(b.blocked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), b.reason),
			jsonb_build_object('blocked', b.id));
	END IF;
	RETURN muster.says('blocked device', 'OK', 'not blocked');
END
$$;
COMMENT ON FUNCTION muster.rule_blocked_device(muster.candidate) IS 'Internal: rule: the device is not blocked. Example: SELECT muster.rule_blocked_device(muster.candidate_of(account, NULL, facts)) FROM muster.device;';

CREATE OR REPLACE FUNCTION muster.expected_as(p_candidate muster.candidate) RETURNS SETOF muster.expected_device
LANGUAGE plpgsql STABLE AS $$
BEGIN
	-- Three looks into an index, however many are expected.
	RETURN QUERY SELECT x.*
	  FROM (VALUES ('hardware id', lower(p_candidate.hardware_id)), ('device id', lower(p_candidate.device_id)),
		('serial number', lower(p_candidate.serial_number))) k (kind, value)
	  JOIN muster.expected_device x ON x.organization = p_candidate.organization AND x.kind = k.kind AND lower(x.value) = k.value
	 ORDER BY (x.account IS NULL OR x.account = p_candidate.account) DESC, x.id;
END
$$;
COMMENT ON FUNCTION muster.expected_as(muster.candidate) IS 'Internal: the rows that expect this device, at most one for each kind of id, those open to its account first. Example: SELECT muster.expected_as(muster.candidate_of(account, NULL, facts)) FROM muster.device;';

CREATE OR REPLACE FUNCTION muster.rule_expected_device(p_candidate muster.candidate, p_organization muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	e muster.expected_device;
BEGIN
	IF NOT p_organization.only_preregistered THEN
		RETURN muster.says('expected device', 'OK', 'devices need not be expected');
	ELSIF p_candidate.facts IS NULL THEN
		RETURN muster.says('expected device', 'OK', 'not told yet');
	END IF;
	SELECT x.* INTO e FROM muster.expected_as(p_candidate) x LIMIT 1;
	IF NOT FOUND THEN
		RETURN muster.says('expected device', 'DeviceNotSupported', format('the device is not expected: %s',
			coalesce(nullif(concat_ws(', ', 'hardware id ' || p_candidate.hardware_id, 'device id ' || p_candidate.device_id,
				'serial number ' || p_candidate.serial_number), ''), 'it tells no id')));
	ELSIF e.account <> p_candidate.account THEN
		RETURN muster.says('expected device', 'DeviceNotSupported', format('%s %s is expected from another account than %s', e.kind, e.value, p_candidate.upn),
			jsonb_build_object('expected', e.id));
	END IF;
	RETURN muster.says('expected device', 'OK', format('%s %s is expected', e.kind, e.value));
END
$$;
COMMENT ON FUNCTION muster.rule_expected_device(muster.candidate, muster.organization) IS 'Internal: rule: where only expected devices enroll, this one is, from this account. Example: SELECT muster.rule_expected_device(muster.candidate_of(a.id, NULL, ''{}''), o) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';

CREATE OR REPLACE FUNCTION muster.note_arrival(p_candidate muster.candidate, p_device uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	ids uuid[] := ARRAY(SELECT x.id FROM muster.expected_as(p_candidate) x WHERE x.account IS NULL OR x.account = p_candidate.account);
BEGIN
	IF cardinality(ids) = 0 THEN
		RETURN NULL;
	END IF;
	-- Always in one order: another account's device may claim the same ids.
	PERFORM FROM muster.expected_device x WHERE x.id = ANY (ids) ORDER BY x.id FOR NO KEY UPDATE;
	UPDATE muster.expected_device x SET device = p_device, arrived_at = now() WHERE x.id = ANY (ids);
	RETURN to_jsonb(ids);
END
$$;
COMMENT ON FUNCTION muster.note_arrival(muster.candidate, uuid) IS 'Internal: note that an expected device has enrolled; returns the ids of the rows that expected it, or NULL. Example: see muster_issuer.record.';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.blocked_device
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.blocked_device
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.expected_device
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
-- That a device has come is told by the event of its enrollment.
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE OF organization, kind, value, account, note ON muster.expected_device
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
