-- Devices: functions for administrators. They run as the caller.

CREATE OR REPLACE FUNCTION muster.lock_account(p_account uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- A help desk changes no account, and a row is only locked by who may; but it retires devices.
	PERFORM FROM muster.account a WHERE a.id = p_account AND muster.may_see(a.organization, muster.actor_role()) FOR NO KEY UPDATE;
END
$$;
COMMENT ON FUNCTION muster.lock_account(uuid) IS 'Internal: lock an account''s row, before its devices: the order in which everybody locks. Example: see muster.retire_device.';

CREATE OR REPLACE FUNCTION muster.retire_device(id uuid, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_account uuid;
	was text;
	called text;
BEGIN
	IF muster.cut(retire_device.reason, 400) IS NULL THEN
		RAISE EXCEPTION 'retiring a device needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.retire_device(''…'', ''lost on the train'');';
	END IF;
	SELECT d.account, coalesce(d.name, d.id::text) INTO owner_account, called FROM muster.device d WHERE d.id = retire_device.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no device %', coalesce(retire_device.id::text, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'To look, by name, serial number or account: SELECT id, name, state FROM muster.find_devices(''…'');';
	END IF;
	-- The account first, then the device: the order of enrolling.
	PERFORM muster.lock_account(owner_account);
	SELECT d.state INTO was FROM muster.device d WHERE d.id = retire_device.id FOR NO KEY UPDATE;
	IF was = 'retired' THEN
		RETURN format('device %s was retired already', called);
	END IF;
	UPDATE muster.device d SET state = 'retired', retired_at = now(), retired_reason = muster.cut(retire_device.reason, 400)
	 WHERE d.id = retire_device.id;
	RETURN format('device %s is retired; its certificate is refused from now on', called);
END
$$;
COMMENT ON FUNCTION muster.retire_device(uuid, text) IS 'End a device''s enrollment, with the reason for the record: its certificate is refused at once. The device can enroll again as its account allows, unless muster.block_device keeps it out. By another name than its id: muster.find_devices. Example: SELECT muster.retire_device(''0198f0c2-0000-7000-8000-000000000000'', ''lost on the train'');';
