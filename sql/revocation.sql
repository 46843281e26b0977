-- Revocation: certificates, devices and authorities that end before their time. What bars a certificate at our own doors,
-- muster.certificate_bars says; what others are told stands in the lists (crl.sql).

CREATE OR REPLACE FUNCTION muster.revocation_reason(reason text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known text[] := ARRAY['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn'];
	found text;
BEGIN
	SELECT k INTO found FROM unnest(known) k WHERE lower(k) = lower(btrim(revocation_reason.reason));
	IF found IS NULL THEN
		RAISE EXCEPTION 'not a reason for a revocation: %', coalesce(quote_literal(left(revocation_reason.reason, 60)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'Reasons (RFC 5280): ' || array_to_string(known, ', ') || '. What is only for a time: muster.disable_account, muster.block_device, muster.disable_organization.';
	END IF;
	RETURN found;
END
$$;
COMMENT ON FUNCTION muster.revocation_reason(text) IS 'Internal: a reason as RFC 5280 spells it (CRLReason), whatever its case, or an error that names them all. Example: SELECT muster.revocation_reason(''keycompromise'');';

CREATE OR REPLACE FUNCTION muster.mark_revoked(p_certificates bytea[], p_reason text, p_note text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	marked integer;
BEGIN
	WITH revoked AS (
		UPDATE muster.certificate c SET revoked_at = now(), revocation_reason = p_reason, revocation_note = muster.cut(p_note, 400)
		 WHERE c.sha256 = ANY (p_certificates) AND c.revoked_at IS NULL
		RETURNING c.organization, c.device, c.serial, c.sha256
	), told AS (
		INSERT INTO muster.event (kind, organization, account, device, why, actor, actor_role, details)
		SELECT 'certificate revoked', r.organization, d.account, r.device, p_reason || coalesce(': ' || muster.cut(p_note, 400), ''), session_user, muster.actor_role(),
		       jsonb_build_object('serial', encode(r.serial, 'hex'), 'sha256', encode(r.sha256, 'hex'), 'reason', p_reason)
		  FROM revoked r JOIN muster.device d ON d.id = r.device
		RETURNING 1
	)
	SELECT count(*) INTO marked FROM told;
	RETURN marked;
END
$$;
COMMENT ON FUNCTION muster.mark_revoked(bytea[], text, text) IS 'Internal: revoke certificates, by their SHA-256, that are not revoked yet, with an event for each; returns how many. Example: see muster.revoke_certificate.';

CREATE OR REPLACE FUNCTION muster.end_certificate(p_sha256 bytea, p_reason text, p_note text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Nobody writes certificates himself, not even an administrator: nothing that was revoked becomes good again.
	RETURN muster.mark_revoked(ARRAY(SELECT c.sha256 FROM muster.certificate c WHERE c.sha256 = p_sha256
		AND muster.may_see(c.organization, muster.actor_role())), muster.revocation_reason(p_reason), p_note);
END
$$;
COMMENT ON FUNCTION muster.end_certificate(bytea, text, text) IS 'Internal: revoke one certificate of an organization that the caller works for; returns 0 if it was revoked already. Runs as its owner. Example: see muster.revoke_certificate.';

CREATE OR REPLACE FUNCTION muster.certificate_called(certificate text) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	digits text := regexp_replace(certificate_called.certificate, '[: ]', '', 'g');
	found bytea[];
BEGIN
	IF digits IS NULL OR digits !~ '^[0-9A-Fa-f]{1,64}$' THEN
		RAISE EXCEPTION 'not usable as a certificate: %', coalesce(quote_literal(left(certificate_called.certificate, 100)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give its SHA-256 or its serial number, as hexadecimal digits: openssl x509 -in FILE -noout -serial -fingerprint -sha256';
	END IF;
	found := CASE length(digits) WHEN 64 THEN ARRAY(SELECT c.sha256 FROM muster.certificate c WHERE c.sha256 = decode(digits, 'hex'))
		-- By authority, since serial numbers are unique for each.
		ELSE ARRAY(SELECT c.sha256 FROM muster.authority a JOIN muster.certificate c ON c.authority = a.id
			AND c.serial = ANY (ARRAY[decode(repeat('0', length(digits) % 2) || digits, 'hex'), muster.serial_number(digits)])) END;
	IF cardinality(found) = 1 THEN
		RETURN found[1];
	ELSIF cardinality(found) > 1 THEN
		RAISE EXCEPTION 'several certificates have the serial number %', digits
			USING ERRCODE = 'ambiguous_parameter', HINT = 'Give the SHA-256 instead: ' || (SELECT string_agg(encode(f, 'hex'), ', ') FROM unnest(found) f);
	END IF;
	RAISE EXCEPTION 'there is no certificate %', digits
		USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT serial, sha256, account, device_name FROM muster.certificates WHERE account = …;';
END
$$;
COMMENT ON FUNCTION muster.certificate_called(text) IS 'The SHA-256 of a device''s certificate, by it or by its serial number (hexadecimal), or an error. Example: SELECT muster.certificate_called(serial) FROM muster.certificates LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.revoke_certificate(certificate text, reason text DEFAULT 'unspecified', note text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known_reason text := muster.revocation_reason(revoke_certificate.reason);
	its_sha256 bytea := muster.certificate_called(revoke_certificate.certificate);
	c record;
BEGIN
	SELECT encode(x.serial, 'hex') AS serial, d.account, d.id AS device, coalesce(d.name, d.id::text) AS called INTO c
	  FROM muster.certificate x JOIN muster.device d ON d.id = x.device WHERE x.sha256 = its_sha256;
	-- The account first, then the device: a renewal that is under way is over before, or refused.
	PERFORM muster.lock_account(c.account);
	PERFORM FROM muster.device d WHERE d.id = c.device FOR NO KEY UPDATE;
	IF muster.end_certificate(its_sha256, known_reason, revoke_certificate.note) = 0 THEN
		RETURN format('certificate %s of device %s was revoked already', c.serial, c.called);
	END IF;
	RETURN format('certificate %s of device %s is revoked (%s): refused from now on, and in the next list', c.serial, c.called, known_reason);
END
$$;
COMMENT ON FUNCTION muster.revoke_certificate(text, text, text) IS 'Revoke one certificate of a device, for good, by its SHA-256 or serial number (hexadecimal), with a reason of RFC 5280 (unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn) and a note for the record: the device endpoint and renewal refuse it at once, and its authority''s next list has it. The device stays enrolled in the record, and has to enroll again; to end it altogether: muster.retire_device. Example: SELECT muster.revoke_certificate(''5f3a…'', ''keyCompromise'', ''key was copied'');';

-- A device's end is its certificates' end, whoever ended it.

CREATE OR REPLACE FUNCTION muster.end_certificates() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Those that a renewal superseded end with their time soon, on the same machine, and would fill the lists: they are barred at
	-- our doors only. But with the device all go.
	PERFORM muster.mark_revoked(ARRAY(SELECT x.sha256 FROM muster.certificate x WHERE x.device = NEW.id AND x.revoked_at IS NULL AND x.not_after > now()),
		CASE WHEN NEW.state = 'retired' THEN coalesce(NEW.revocation_reason, 'cessationOfOperation') ELSE 'superseded' END,
		CASE WHEN NEW.state = 'retired' THEN NEW.retired_reason END);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.end_certificates() IS 'Internal: trigger that revokes the certificates of a device that is retired, or that was replaced and whose successor has come. Runs as its owner: whoever may retire a device may end its certificates. Example: CREATE TRIGGER ends AFTER UPDATE ON muster.device FOR EACH ROW WHEN (NEW.state = ''retired'' AND OLD.state <> ''retired'') EXECUTE FUNCTION muster.end_certificates();';

CREATE OR REPLACE TRIGGER ends AFTER UPDATE ON muster.device
	FOR EACH ROW WHEN ((NEW.state = 'retired' AND OLD.state <> 'retired') OR (NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL))
	EXECUTE FUNCTION muster.end_certificates();

CREATE OR REPLACE FUNCTION muster.keep_revocations(p_limit integer DEFAULT 1000) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ended integer;
BEGIN
	-- Devices that enrolled again and whose successor never came: their time for the change is over.
	UPDATE muster.device d SET ended_at = now()
	 WHERE d.id IN (SELECT x.id FROM muster.device x JOIN muster.organization o ON o.id = x.organization
		WHERE x.state = 'replaced' AND x.ended_at IS NULL AND x.replaced_at + make_interval(days => o.replaced_certificate_days) <= now()
		ORDER BY x.id LIMIT p_limit FOR NO KEY UPDATE OF x SKIP LOCKED);
	GET DIAGNOSTICS ended = ROW_COUNT;
	RETURN CASE WHEN ended > 0 THEN format('%s replaced devices ended', ended) END;
END
$$;
COMMENT ON FUNCTION muster.keep_revocations(integer) IS 'Internal: housekeeping''s part about devices that were replaced and whose time for the change is over: their certificates are revoked as superseded. At most so many at once; returns a line for the log, NULL if there was nothing. Example: SELECT muster.keep_revocations();';

CREATE OR REPLACE FUNCTION muster.retire_all(p_accounts uuid[], p_reason text, p_revocation_reason text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	retired integer;
BEGIN
	-- The caller holds the accounts' rows. Superseded certificates that are still accepted end, too. In one order, as
	-- enrolling locks them.
	PERFORM FROM muster.device d WHERE d.account = ANY (p_accounts) AND d.state <> 'retired' AND d.ended_at IS NULL ORDER BY d.id FOR NO KEY UPDATE;
	UPDATE muster.device d SET state = 'retired', retired_at = now(), retired_reason = left(p_reason, 400), revocation_reason = p_revocation_reason
	 WHERE d.account = ANY (p_accounts) AND d.state <> 'retired' AND d.ended_at IS NULL;
	GET DIAGNOSTICS retired = ROW_COUNT;
	RETURN retired;
END
$$;
COMMENT ON FUNCTION muster.retire_all(uuid[], text, text) IS 'Internal: retire every device of accounts whose certificate may still be accepted; returns how many. Example: see muster.retire_account_devices.';

CREATE OR REPLACE FUNCTION muster.retire_account_devices(upn text, reason text, revocation_reason text DEFAULT 'cessationOfOperation', organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	why_revoked text := muster.revocation_reason(retire_account_devices.revocation_reason);
	its_id uuid := muster.account_id(retire_account_devices.upn, retire_account_devices.organization);
	retired integer;
BEGIN
	IF muster.cut(retire_account_devices.reason, 400) IS NULL THEN
		RAISE EXCEPTION 'retiring devices needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.retire_account_devices(''ada@example.test'', ''left the company'');';
	END IF;
	PERFORM muster.lock_account(its_id);
	retired := muster.retire_all(ARRAY[its_id], muster.cut(retire_account_devices.reason, 400), why_revoked);
	RETURN format('%s of account %s retired: their certificates are refused from now on', CASE retired WHEN 1 THEN '1 device' ELSE retired || ' devices' END,
		retire_account_devices.upn);
END
$$;
COMMENT ON FUNCTION muster.retire_account_devices(text, text, text, text) IS 'End the enrollments of all devices of an account, with the reason for the record, as muster.retire_device does; also those that were replaced and whose certificate is still accepted. The account can enroll new ones: to stop that, too, muster.disable_account or muster.forbid_account. The organization is needed only where several have that name. Example: SELECT muster.retire_account_devices(''ada@example.test'', ''left the company'');';

-- Authorities.

CREATE OR REPLACE FUNCTION muster.revoke_authority(authority text, reason text, note text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known_reason text := muster.revocation_reason(revoke_authority.reason);
	its_id uuid := muster.authority_id(revoke_authority.authority);
	c record;
BEGIN
	SELECT x.name, x.parent, p.name AS above, p.has_key INTO c FROM muster.authority x LEFT JOIN muster.authority p ON p.id = x.parent WHERE x.id = its_id;
	IF c.parent IS NULL THEN
		RAISE EXCEPTION 'authority "%" is a root: nobody stands above it who could revoke it', c.name
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Take it out of whatever trusts it, and revoke the authorities below it.';
	END IF;
	-- A list of the authority above that is under way is stored before, so that this comes after it.
	PERFORM pg_advisory_xact_lock(hashtextextended(c.parent::text, 7816370922));
	UPDATE muster.authority x SET revoked_at = clock_timestamp(), revocation_reason = known_reason, revocation_note = muster.cut(revoke_authority.note, 400)
	 WHERE x.id = its_id AND x.revoked_at IS NULL;
	IF NOT FOUND THEN
		RETURN format('authority "%s" was revoked already', c.name);
	END IF;
	RETURN format('authority "%s" is revoked (%s): it signs nothing any more, and all its certificates are refused from now on. For others to know: muster-ca publish "%s"',
		c.name, known_reason, c.above) || CASE WHEN c.has_key THEN '' ELSE ' --import FILE, with the list that whoever has its key makes' END;
END
$$;
COMMENT ON FUNCTION muster.revoke_authority(text, text, text) IS 'Revoke an issuing authority, by name or id, for good, with a reason of RFC 5280 and a note for the record: it signs no device any more, and the certificates of all its devices are refused at once: they enroll again, under another authority (muster-ca init --another, muster.set_authority). Then muster-ca publish makes the list of the authority above it. To have a good authority succeeded by another, nothing is revoked. Example: SELECT muster.revoke_authority(''Example issuing'', ''keyCompromise'', ''backup tape stolen'');';
