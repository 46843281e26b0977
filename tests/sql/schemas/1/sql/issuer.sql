-- What issuers may call. SECURITY DEFINER, search_path pinned, EXECUTE for the role muster_issuer only.

CREATE OR REPLACE FUNCTION muster_issuer.authorities()
RETURNS TABLE (id uuid, name text, private_key bytea, certificate bytea, root bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.id, c.name, c.private_key, c.certificate, coalesce(r.certificate, c.certificate)
	  FROM muster.authority c LEFT JOIN muster.authority r ON r.id = c.parent
	 WHERE EXISTS (SELECT FROM muster.organization o WHERE o.authority = c.id)
	 ORDER BY c.id
$$;
COMMENT ON FUNCTION muster_issuer.authorities() IS 'The authorities that sign for an organization, with their keys (encrypted under the passphrase), certificates and roots. Example: SELECT id, name FROM muster_issuer.authorities();';

CREATE OR REPLACE FUNCTION muster_issuer.profiles()
RETURNS TABLE (organization text, authority uuid, validity_seconds bigint, backdate_seconds bigint, minimum_key_length integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT o.key, o.authority, o.validity_days * 86400::bigint, o.backdate_minutes * 60::bigint, o.minimum_key_length
	  FROM muster.organization o WHERE o.authority IS NOT NULL ORDER BY o.key
$$;
COMMENT ON FUNCTION muster_issuer.profiles() IS 'How each organization''s certificates are made. Example: SELECT * FROM muster_issuer.profiles();';

CREATE OR REPLACE FUNCTION muster_issuer.generation()
RETURNS TABLE (generation bigint, sealing_key bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.generation, c.sealing_key FROM muster.configuration c
$$;
COMMENT ON FUNCTION muster_issuer.generation() IS 'The configuration''s generation, and the key that seals devices'' secrets (encrypted under the passphrase). Example: SELECT generation FROM muster_issuer.generation();';

CREATE OR REPLACE FUNCTION muster.replace_earlier(p_account muster.account, p_grant uuid, p_device_id text, p_hardware_id text)
RETURNS uuid[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	replaced uuid[];
BEGIN
	-- The caller holds the account's row, so nobody enrolls for it meanwhile. Always in one order.
	PERFORM FROM muster.device d
	 WHERE d.account = p_account.id AND d.state = 'enrolled'
	   AND ((d.device_id IS NOT NULL AND lower(d.device_id) = lower(p_device_id))
	        OR (p_account.kind = 'person' AND d.hardware_id IS NOT NULL AND d.organization = p_account.organization
	            AND lower(d.hardware_id) = lower(p_hardware_id)))
	 ORDER BY d.id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN '{}';
	END IF;
	WITH gone AS (
		UPDATE muster.device d SET state = 'replaced', replaced_by = p_grant, replaced_at = now()
		 WHERE d.account = p_account.id AND d.state = 'enrolled'
		   AND ((d.device_id IS NOT NULL AND lower(d.device_id) = lower(p_device_id))
		        OR (p_account.kind = 'person' AND d.hardware_id IS NOT NULL AND d.organization = p_account.organization
		            AND lower(d.hardware_id) = lower(p_hardware_id)))
		RETURNING d.id)
	SELECT coalesce(array_agg(g.id), '{}') INTO replaced FROM gone g;
	RETURN replaced;
END
$$;
COMMENT ON FUNCTION muster.replace_earlier(muster.account, uuid, text, text) IS 'Internal: the same device enrolls again: its living enrollment (same account and DeviceID; for a person''s account also the same HWDevID) becomes replaced; returns their ids. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.hardware_elsewhere(p_organization uuid, p_account uuid, p_hardware_id text) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- In two ranges beside the account, so that its own clones of one image are not walked through.
	SELECT coalesce(
		(SELECT d.id FROM muster.device d WHERE d.state = 'enrolled' AND d.hardware_id IS NOT NULL AND d.organization = p_organization
		    AND lower(d.hardware_id) = lower(p_hardware_id) AND d.account < p_account LIMIT 1),
		(SELECT d.id FROM muster.device d WHERE d.state = 'enrolled' AND d.hardware_id IS NOT NULL AND d.organization = p_organization
		    AND lower(d.hardware_id) = lower(p_hardware_id) AND d.account > p_account LIMIT 1))
$$;
COMMENT ON FUNCTION muster.hardware_elsewhere(uuid, uuid, text) IS 'Internal: a living device of the same HWDevID under another account of the organization, or NULL. Example: SELECT muster.hardware_elsewhere(organization, account, hardware_id) FROM muster.device LIMIT 1;';

CREATE OR REPLACE FUNCTION muster_issuer.record(p_grant uuid, p_trace uuid, p_attempt uuid, p_remote text, p_organization text, p_account uuid,
	p_authority uuid, p_generation bigint, p_serial bytea, p_sha256 bytea, p_certificate bytea, p_public_key_sha256 bytea, p_dm_secrets bytea,
	p_not_before bigint, p_not_after bigint, p_facts jsonb)
RETURNS TABLE (outcome text, why text, "text" text, stale boolean, certificate bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a muster.account;
	o muster.organization;
	v muster.verdict;
	earlier bytea;
	current_generation bigint;
	authority_end timestamptz;
	begins timestamptz := to_timestamp(p_not_before);
	ends timestamptz := to_timestamp(p_not_after);
	device_id text := muster.fact(p_facts, 'DeviceID', 128);
	hardware_id text := muster.fact(p_facts, 'HWDevID', 128);
	replaced uuid[];
	elsewhere uuid;
BEGIN
	-- Everything after the lock relies on seeing what was committed while it waited.
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'record needs the isolation level read committed, this is %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state',
			      HINT = 'ALTER ROLE muster_issuer RESET default_transaction_isolation;';
	END IF;

	-- The account's row first: enrollments of one account take turns, those of others do not notice. A call
	-- that repeats one whose COMMIT got lost waits here for it, too; and since the lock is written, its
	-- own commit waits for the synchronous standby as the first one's did.
	SELECT x.* INTO a FROM muster.account x WHERE x.id = p_account FOR NO KEY UPDATE;
	SELECT x.* INTO o FROM muster.organization x WHERE x.key = p_organization;
	IF a.id IS NULL OR o.id IS NULL OR a.organization <> o.id THEN
		RETURN QUERY SELECT 'Authorization', 'the account no longer exists in this organization', NULL::text, false, NULL::bytea;
		RETURN;
	END IF;

	-- Recorded already: the same answer again, whatever has changed since.
	SELECT c.der INTO earlier FROM muster.certificate c JOIN muster.device d ON d.id = c.device
	 WHERE d.id = p_grant AND d.account = a.id ORDER BY c.issued_at LIMIT 1;
	IF FOUND THEN
		RETURN QUERY SELECT 'OK', 'recorded by an earlier call', NULL::text, false, earlier;
		RETURN;
	END IF;

	SELECT c.generation INTO current_generation FROM muster.configuration c;
	IF p_generation IS DISTINCT FROM current_generation THEN
		RETURN QUERY SELECT 'EnrollmentServer', 'the configuration has changed since the certificate was made', NULL::text, true, NULL::bytea;
		RETURN;
	END IF;

	v := muster.decide(a, o, coalesce(p_facts, '{}'));
	IF v.outcome <> 'OK' THEN
		RETURN QUERY SELECT v.outcome, v.why, v.text, false, NULL::bytea;
		RETURN;
	END IF;

	-- What only a mistake of ours could bring.
	SELECT c.not_after INTO authority_end FROM muster.authority c WHERE c.id = p_authority;
	v.why := CASE
		WHEN p_authority IS DISTINCT FROM o.authority THEN 'signed by another authority than the organization''s'
		WHEN p_grant IS NULL OR num_nulls(p_serial, p_sha256, p_certificate, p_public_key_sha256, begins, ends) > 0 THEN 'a part of the record is missing'
		WHEN ends > authority_end THEN 'the certificate would outlive its authority'
		WHEN begins >= ends OR ends <= now() THEN 'the certificate''s times are impossible'
		WHEN sha256(p_certificate) <> p_sha256 THEN 'the fingerprint is not the certificate''s'
	END;
	IF v.why IS NOT NULL THEN
		RETURN QUERY SELECT 'InternalServiceFault', v.why, NULL::text, false, NULL::bytea;
		RETURN;
	END IF;

	replaced := muster.replace_earlier(a, p_grant, device_id, hardware_id);
	elsewhere := CASE WHEN hardware_id IS NOT NULL THEN muster.hardware_elsewhere(o.id, a.id, hardware_id) END;

	INSERT INTO muster.device (id, organization, account, device_id, hardware_id, name, enrollment_type, device_type, os_version,
		os_edition, application_version, request_version, serial_number, manufacturer, model, locale, facts, trace, attempt, remote, dm_secrets)
	VALUES (p_grant, o.id, a.id, device_id, hardware_id, muster.fact(p_facts, 'DeviceName', 256),
		CASE lower(muster.fact(p_facts, 'EnrollmentType', 64)) WHEN 'device' THEN 'Device' ELSE 'Full' END,
		muster.fact(p_facts, 'DeviceType', 64), muster.fact(p_facts, 'OSVersion', 64), muster.fact(p_facts, 'OSEdition', 64),
		muster.fact(p_facts, 'ApplicationVersion', 64), muster.fact(p_facts, 'RequestVersion', 64), muster.fact(p_facts, 'SerialNumber', 128),
		muster.fact(p_facts, 'Manufacturer', 128), muster.fact(p_facts, 'DeviceModel', 128), muster.fact(p_facts, 'Locale', 64),
		muster.kept_facts(p_facts, 524288), p_trace, p_attempt, muster.to_inet(p_remote), p_dm_secrets);
	INSERT INTO muster.certificate (sha256, organization, device, authority, serial, public_key_sha256, der, not_before, not_after)
	VALUES (p_sha256, o.id, p_grant, p_authority, p_serial, p_public_key_sha256, p_certificate, begins, ends);

	INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, outcome, user_name, remote, details)
	VALUES ('enrolled', o.id, a.id, p_grant, p_trace, p_attempt, 'enrollment', 'OK', a.upn, muster.to_inet(p_remote),
		jsonb_strip_nulls(jsonb_build_object('serial', encode(p_serial, 'hex'), 'sha256', encode(p_sha256, 'hex'),
			'replaces', CASE WHEN cardinality(replaced) > 0 THEN to_jsonb(replaced) END)));
	IF cardinality(replaced) > 0 THEN
		INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, user_name, details)
		SELECT 'replaced', o.id, a.id, r.id, p_trace, p_attempt, 'enrollment', a.upn, jsonb_build_object('by', p_grant)
		  FROM unnest(replaced) r (id);
	END IF;
	IF elsewhere IS NOT NULL THEN
		INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, user_name, why, details)
		VALUES ('hardware collision', o.id, a.id, p_grant, p_trace, p_attempt, 'enrollment', a.upn,
			'another account has a living device of this hardware id: one machine with two users, or a cloned image',
			jsonb_build_object('device', elsewhere, 'hardware_id', hardware_id));
	END IF;
	RETURN QUERY SELECT 'OK', NULL::text, NULL::text, false, p_certificate;
END
$$;
COMMENT ON FUNCTION muster_issuer.record(uuid, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bytea, bigint, bigint, jsonb) IS 'Record an enrollment with its certificate, after deciding again: the point of no return. Locks the account''s row, then the devices it replaces. Keyed by the grant: called again it returns what was recorded, waiting for a first call still under way. stale: the configuration has changed since p_generation, build anew. Example: see the programs; muster.trace shows what it recorded.';
