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

CREATE OR REPLACE FUNCTION muster.lock_earlier(p_candidate muster.candidate, p_others boolean)
RETURNS TABLE (device uuid, account uuid)
LANGUAGE plpgsql AS $$
DECLARE
	c muster.candidate := p_candidate;
	same uuid[] := ARRAY(SELECT muster.same_devices(c));
BEGIN
	-- The caller holds the account's row and, if others' devices are meant, the hardware id.
	IF p_others AND c.hardware_id IS NOT NULL THEN
		same := same || ARRAY(SELECT d.id FROM muster.device d WHERE d.organization = c.organization AND d.state = 'enrolled'
			AND d.hardware_id IS NOT NULL AND lower(d.hardware_id) = lower(c.hardware_id) AND d.account <> c.account);
	END IF;
	IF cardinality(same) > 0 THEN
		-- All in one order: another enrollment may want some of them, too.
		RETURN QUERY SELECT d.id, d.account FROM muster.device d
			WHERE d.id = ANY (same) AND d.state = 'enrolled' ORDER BY d.id FOR NO KEY UPDATE;
	END IF;
END
$$;
COMMENT ON FUNCTION muster.lock_earlier(muster.candidate, boolean) IS 'Internal: lock and return the living enrollments that a new one replaces: of the same device and, if so asked, those of other accounts with its hardware id. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.record_wrong(p_organization muster.organization, p_authority uuid, p_grant uuid, p_serial bytea, p_sha256 bytea,
	p_certificate bytea, p_public_key_sha256 bytea, p_begins timestamptz, p_ends timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE
		WHEN p_authority IS DISTINCT FROM p_organization.authority THEN 'signed by another authority than the organization''s'
		WHEN p_grant IS NULL OR num_nulls(p_serial, p_sha256, p_certificate, p_public_key_sha256, p_begins, p_ends) > 0 THEN 'a part of the record is missing'
		WHEN p_ends > (SELECT c.not_after FROM muster.authority c WHERE c.id = p_authority) THEN 'the certificate would outlive its authority'
		WHEN p_begins >= p_ends OR p_ends <= now() THEN 'the certificate''s times are impossible'
		WHEN sha256(p_certificate) <> p_sha256 THEN 'the fingerprint is not the certificate''s'
	END;
END
$$;
COMMENT ON FUNCTION muster.record_wrong(muster.organization, uuid, uuid, bytea, bytea, bytea, bytea, timestamptz, timestamptz) IS 'Internal: what is wrong with a record, which only a mistake of the programs could bring; NULL if nothing is. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.record_device(c muster.candidate, p_grant uuid, p_trace uuid, p_attempt uuid, p_dm_secrets bytea) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO muster.device (id, organization, account, device_id, hardware_id, name, enrollment_type, device_type, os_version,
		os_edition, application_version, request_version, serial_number, manufacturer, model, locale, facts, trace, attempt, remote, dm_secrets)
	VALUES (p_grant, c.organization, c.account, c.device_id, c.hardware_id, c.device_name,
		CASE lower(c.enrollment_type) WHEN 'device' THEN 'Device' ELSE 'Full' END, c.device_type, c.os_version,
		c.os_edition, c.application_version, c.request_version, c.serial_number, c.manufacturer, c.model, c.locale,
		muster.kept_facts(c.facts, 524288), p_trace, p_attempt, c.remote, p_dm_secrets);
END
$$;
COMMENT ON FUNCTION muster.record_device(muster.candidate, uuid, uuid, uuid, bytea) IS 'Internal: the row of a new enrollment. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.record_events(c muster.candidate, p_grant uuid, p_trace uuid, p_attempt uuid, p_policy text, p_elsewhere uuid,
	p_replaced uuid[], p_replaced_of uuid[], p_details jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, outcome, user_name, remote, details)
	VALUES ('enrolled', c.organization, c.account, p_grant, p_trace, p_attempt, 'enrollment', 'OK', c.upn, c.remote,
		jsonb_strip_nulls(p_details || jsonb_build_object('replaces', CASE WHEN cardinality(p_replaced) > 0 THEN to_jsonb(p_replaced) END)));
	IF cardinality(p_replaced) > 0 THEN
		INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, user_name, details)
		SELECT 'replaced', c.organization, r.account, r.id, p_trace, p_attempt, 'enrollment', c.upn, jsonb_build_object('by', p_grant)
		  FROM unnest(p_replaced, p_replaced_of) r (id, account);
	END IF;
	IF p_elsewhere IS NOT NULL THEN
		INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, user_name, remote, why, details)
		VALUES ('hardware collision', c.organization, c.account, p_grant, p_trace, p_attempt, 'enrollment', c.upn, c.remote,
			CASE p_policy WHEN 'replace' THEN 'another account had a living device of this hardware id: it was replaced'
				ELSE 'another account has a living device of this hardware id: one machine with two users, or a cloned image' END,
			jsonb_build_object('policy', p_policy, 'device', p_elsewhere, 'hardware_id', c.hardware_id));
	END IF;
END
$$;
COMMENT ON FUNCTION muster.record_events(muster.candidate, uuid, uuid, uuid, text, uuid, uuid[], uuid[], jsonb) IS 'Internal: the events of a new enrollment: enrolled, what it replaced, a collision of hardware ids. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.decide_locked(c muster.candidate, o muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql AS $$
BEGIN
	-- Two accounts that enroll the same hardware take turns, where it matters; nobody else waits for them.
	IF o.collision_policy <> 'clone' AND c.hardware_id IS NOT NULL THEN
		PERFORM pg_advisory_xact_lock(hashtextextended(o.id || lower(c.hardware_id), 7816370913));
	END IF;
	-- In a statement of its own, which sees what was committed while the locks were waited for.
	RETURN muster.decide(c, true);
END
$$;
COMMENT ON FUNCTION muster.decide_locked(muster.candidate, muster.organization) IS 'Internal: the decision that counts, once the account''s row and the hardware id are held. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster_issuer.record(p_grant uuid, p_trace uuid, p_attempt uuid, p_remote text, p_organization text, p_account uuid,
	p_authority uuid, p_generation bigint, p_serial bytea, p_sha256 bytea, p_certificate bytea, p_public_key_sha256 bytea, p_dm_secrets bytea,
	p_not_before bigint, p_not_after bigint, p_facts jsonb, p_claim jsonb DEFAULT NULL)
RETURNS TABLE (outcome text, why text, "text" text, stale boolean, certificate bytea, language text, details jsonb, device uuid, dm_secrets bytea, issuing bytea, root bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	told muster.candidate := muster.candidate_device(CASE jsonb_typeof(p_facts) WHEN 'object' THEN p_facts ELSE '{}' END);
	address inet := muster.to_inet(p_remote);
	c muster.candidate;
	o muster.organization;
	v muster.verdict;
	custom muster.verdict;
	held muster.held_token;
	alone boolean;
	seat jsonb;
	elsewhere uuid;
	replaced uuid[];
	replaced_of uuid[];
BEGIN
	stale := false;
	-- Everything after the lock relies on seeing what was committed while it waited.
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'record needs the isolation level read committed, this is %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state',
			      HINT = 'CALL muster_issuer.record_read_committed(…), or: ALTER ROLE muster_issuer RESET default_transaction_isolation;';
	END IF;

	told.bulk_token := (muster.find_token(muster.token_hash(p_claim))).bulk_token;
	-- The administrator's own rules before anything is locked: their time must not be others'.
	custom := muster.decided(NULL);
	IF EXISTS (SELECT FROM muster.custom_rule r JOIN muster.organization x ON x.id = r.organization WHERE x.key = p_organization AND r.enabled) THEN
		custom := muster.decide_custom(muster.candidate_account(told, p_account, address));
	END IF;

	-- The account's row first: enrollments of one account take turns where they count, those of others do not notice.
	-- A call that repeats one whose COMMIT got lost waits here for it, too; and since the lock is written, its
	-- own commit waits for the synchronous standby as the first one's did.
	alone := muster.lock_enrolling(p_account, p_grant, told, p_claim);
	c := muster.candidate_account(told, p_account, address);
	SELECT x.* INTO o FROM muster.organization x WHERE x.key = p_organization;
	IF c.account IS NULL OR o.id IS NULL OR c.organization <> o.id THEN
		outcome := 'Authorization';
		why := 'the account no longer exists in this organization';
		RETURN NEXT;
		RETURN;
	END IF;

	-- Recorded already: the same answer again, whatever has changed since.
	SELECT x.der INTO certificate FROM muster.certificate x JOIN muster.device d ON d.id = x.device
	 WHERE d.id = p_grant AND d.account = c.account ORDER BY x.issued_at LIMIT 1;
	IF FOUND THEN
		outcome := 'OK';
		why := 'recorded by an earlier call';
		device := p_grant;
		RETURN NEXT;
		RETURN;
	END IF;

	-- Then the token's. Whoever brings it again with the key that it was consumed for has lost the first answer:
	-- that is what he gets, whatever has changed since.
	held := muster.hold_token(p_claim, c, p_public_key_sha256);
	IF held.outcome <> 'OK' THEN
		outcome := held.outcome;
		why := held.why;
		RETURN NEXT;
		RETURN;
	ELSIF held.device IS NOT NULL THEN
		SELECT r.certificate, r.dm_secrets, r.issuing, r.root INTO certificate, dm_secrets, issuing, root
		  FROM muster.resend(held.device, p_public_key_sha256, p_trace, p_attempt, address) r;
		outcome := 'OK';
		why := 'recorded for the same token and key';
		device := held.device;
		RETURN NEXT;
		RETURN;
	END IF;

	IF NOT alone AND muster.takes_turns(p_account, c.bulk_token) THEN
		outcome := 'EnrollmentServer';
		why := 'a cap or limit was set meanwhile';
		stale := true;
		RETURN NEXT;
		RETURN;
	ELSIF p_generation IS DISTINCT FROM (SELECT x.generation FROM muster.configuration x) THEN
		outcome := 'EnrollmentServer';
		why := 'the configuration has changed since the certificate was made';
		stale := true;
		RETURN NEXT;
		RETURN;
	END IF;

	-- A signed request that has enrolled already, or whose certificate was revoked meanwhile.
	why := muster.signature_wrong(o, c.account, p_claim);
	IF why IS NOT NULL THEN
		outcome := 'Authentication';
		RETURN NEXT;
		RETURN;
	END IF;

	v := muster.decide_locked(c, o);
	IF v.outcome = 'OK' THEN
		v := custom;
	END IF;
	IF v.outcome = 'OK' THEN
		v.why := muster.record_wrong(o, p_authority, p_grant, p_serial, p_sha256, p_certificate, p_public_key_sha256, to_timestamp(p_not_before), to_timestamp(p_not_after));
		v.outcome := CASE WHEN v.why IS NULL THEN 'OK' ELSE 'InternalServiceFault' END;
	END IF;
	IF v.outcome = 'OK' THEN
		-- Devices before seats, and a seat last: whoever waits for one holds none.
		elsewhere := CASE WHEN c.hardware_id IS NOT NULL THEN muster.hardware_elsewhere(o.id, c.account, c.hardware_id) END;
		SELECT coalesce(array_agg(r.device), '{}'), coalesce(array_agg(r.account), '{}') INTO replaced, replaced_of
		  FROM muster.lock_earlier(c, o.collision_policy = 'replace') r;
		IF o.licence_required THEN
			-- Asked anew: the free seat that the decision saw may be somebody's by now.
			v := muster.rule_licence(c, o);
			IF v.outcome <> 'OK' OR v.details ? 'draw' THEN
				v := muster.draw_seat(c);
				seat := v.details;
			END IF;
		END IF;
	END IF;
	outcome := v.outcome;
	IF outcome <> 'OK' THEN
		v := muster.decided(v);
		why := v.why;
		"text" := v.text;
		language := v.language;
		details := v.details;
		RETURN NEXT;
		RETURN;
	END IF;

	UPDATE muster.device d SET state = 'replaced', replaced_by = p_grant, replaced_at = now() WHERE d.id = ANY (replaced);
	PERFORM muster.record_device(c, p_grant, p_trace, p_attempt, p_dm_secrets);
	INSERT INTO muster.certificate (sha256, organization, device, authority, serial, public_key_sha256, der, not_before, not_after)
	VALUES (p_sha256, o.id, p_grant, p_authority, p_serial, p_public_key_sha256, p_certificate, to_timestamp(p_not_before), to_timestamp(p_not_after));
	PERFORM muster.consume_token(held, c, p_grant, p_public_key_sha256, replaced);
	PERFORM muster.use_signature(o, p_claim, p_grant);
	PERFORM muster.record_events(c, p_grant, p_trace, p_attempt, o.collision_policy, elsewhere, replaced, replaced_of,
		jsonb_build_object('serial', encode(p_serial, 'hex'), 'sha256', encode(p_sha256, 'hex'), 'seat', seat, 'expected', muster.note_arrival(c, p_grant),
			'credential', coalesce(muster.cut(p_claim ->> 'kind', 30), 'password'),
			'bulk_token', (SELECT b.name FROM muster.bulk_token b WHERE b.id = held.bulk_token)));
	PERFORM muster.note_client(o.id, p_grant, c.os_version, c.request_version);
	PERFORM muster.note_success(o.id, c.account, address);
	certificate := p_certificate;
	device := p_grant;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION muster_issuer.record(uuid, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bytea, bigint, bigint, jsonb, jsonb) IS 'Record an enrollment with its certificate, after deciding again: the point of no return. Asks the custom rules, then locks, in this order, the account''s row (shared by a bulk account''s enrollments that count nothing together; then the grant and the DeviceID), the token''s, the hardware id where collisions matter, the devices it replaces, the licence''s seat. Keyed by the grant: called again it returns what was recorded, waiting for a first call still under way. stale: the configuration has changed since p_generation, build anew. The claim says by which credential the account was proven. device and certificate are what stands in the record; dm_secrets (sealed), issuing (NULL: a root signed) and root only of an earlier enrollment, whose answer a token''s owner asks for again. Example: see the programs; muster.trace shows what it recorded.';

CREATE OR REPLACE PROCEDURE muster_issuer.record_read_committed(p_grant uuid, p_trace uuid, p_attempt uuid, p_remote text, p_organization text,
	p_account uuid, p_authority uuid, p_generation bigint, p_serial bytea, p_sha256 bytea, p_certificate bytea, p_public_key_sha256 bytea,
	p_dm_secrets bytea, p_not_before bigint, p_not_after bigint, p_facts jsonb, p_claim jsonb,
	OUT outcome text, OUT why text, OUT "text" text, OUT stale boolean, OUT certificate bytea, OUT language text, OUT details jsonb,
	OUT device uuid, OUT dm_secrets bytea, OUT issuing bytea, OUT root bytea)
LANGUAGE plpgsql AS $$
BEGIN
	-- Somebody may have given the role another isolation level, and a pooler in transaction mode lets no connection
	-- choose its own. Only a procedure can end a transaction, and only one without a search_path
	-- of its own, that runs as its caller: so there is nothing in it but this and the call.
	IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
		COMMIT;
		SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
	END IF;
	SELECT r.outcome, r.why, r."text", r.stale, r.certificate, r.language, r.details, r.device, r.dm_secrets, r.issuing, r.root
	  INTO outcome, why, "text", stale, certificate, language, details, device, dm_secrets, issuing, root
	  FROM muster_issuer.record(p_grant, p_trace, p_attempt, p_remote, p_organization, p_account, p_authority, p_generation,
		p_serial, p_sha256, p_certificate, p_public_key_sha256, p_dm_secrets, p_not_before, p_not_after, p_facts, p_claim) r;
END
$$;
COMMENT ON PROCEDURE muster_issuer.record_read_committed(uuid, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bytea, bigint, bigint, jsonb, jsonb) IS 'muster_issuer.record at the isolation level it needs, whatever the session''s default is. Example: see the programs.';

CREATE OR REPLACE PROCEDURE muster_issuer.record_read_committed(p_grant uuid, p_trace uuid, p_attempt uuid, p_remote text, p_organization text,
	p_account uuid, p_authority uuid, p_generation bigint, p_serial bytea, p_sha256 bytea, p_certificate bytea, p_public_key_sha256 bytea,
	p_dm_secrets bytea, p_not_before bigint, p_not_after bigint, p_facts jsonb,
	OUT outcome text, OUT why text, OUT "text" text, OUT stale boolean, OUT certificate bytea, OUT language text, OUT details jsonb)
LANGUAGE plpgsql AS $$
BEGIN
	-- Somebody may have given the role another isolation level, and a pooler in transaction mode lets no connection
	-- choose its own. Only a procedure can end a transaction, and only one without a search_path
	-- of its own, that runs as its caller: so there is nothing in it but this and the call.
	IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
		COMMIT;
		SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
	END IF;
	SELECT r.outcome, r.why, r."text", r.stale, r.certificate, r.language, r.details
	  INTO outcome, why, "text", stale, certificate, language, details
	  FROM muster_issuer.record(p_grant, p_trace, p_attempt, p_remote, p_organization, p_account, p_authority, p_generation,
		p_serial, p_sha256, p_certificate, p_public_key_sha256, p_dm_secrets, p_not_before, p_not_after, p_facts) r;
END
$$;
COMMENT ON PROCEDURE muster_issuer.record_read_committed(uuid, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bytea, bigint, bigint, jsonb) IS 'muster_issuer.record at the isolation level it needs, whatever the session''s default is, without a claim: for programs of the version before. Example: see the programs.';
