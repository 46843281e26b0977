-- Renewal of devices' certificates: the rules, what a worker asks before the proof, and the record. Whether a certificate
-- opens a door at all is said by muster.certificate_bars and nowhere else.

CREATE OR REPLACE FUNCTION muster.renewal_begins(x muster.certificate, o muster.organization) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
	-- What the device was told counts, also after the organization has shortened it.
	SELECT x.not_after - make_interval(days => greatest(x.renew_period_days, o.renew_period_days))
$$;
COMMENT ON FUNCTION muster.renewal_begins(muster.certificate, muster.organization) IS 'Internal: from when on a certificate may be renewed. Example: SELECT muster.renewal_begins(x, o) FROM muster.certificate x JOIN muster.organization o ON o.id = x.organization;';

CREATE OR REPLACE FUNCTION muster.set_renewal_rules(organization text, grace_days integer DEFAULT 0, early boolean DEFAULT false,
	same_key boolean DEFAULT true, client_certificate boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
	IF grace_days IS NULL OR grace_days NOT BETWEEN 0 AND 365 OR num_nulls(early, same_key, client_certificate) > 0 THEN
		RAISE EXCEPTION 'the grace is 0 to 365 days, and no rule of renewing may be NULL'
			USING ERRCODE = 'invalid_parameter_value', HINT = format('For example: SELECT muster.set_renewal_rules(%L, grace_days => 14);', organization);
	END IF;
	UPDATE muster.organization o
	   SET renewal_grace_days = grace_days, renews_early = early, renews_same_key = same_key, renewal_needs_client_certificate = client_certificate
	 WHERE o.id = muster.organization_id(organization);
	RETURN format('organization %s: certificates are renewed %s, until %s; %s; %s', organization,
		CASE WHEN early THEN 'at any time' ELSE 'from the renewal period on' END,
		CASE grace_days WHEN 0 THEN 'they end' ELSE format('%s days after they ended', grace_days) END,
		CASE WHEN same_key THEN 'a key may be kept' ELSE 'each time with a new key' END,
		CASE WHEN client_certificate THEN 'over a connection made with the certificate' ELSE 'by their signature alone' END);
END
$$;
COMMENT ON FUNCTION muster.set_renewal_rules(text, integer, boolean, boolean, boolean) IS 'What an organization allows devices that renew their certificates: how many days after its end a certificate is still renewed, whether before the renewal period, too, whether with the key it has, and whether the connection must be made with that certificate (false only behind a proxy that ends TLS and hands no certificate on). Without arguments after the organization: no grace, not early, any key, with the certificate. When they begin to renew and where: muster.set_renewal. Example: SELECT muster.set_renewal_rules(''example'', grace_days => 14);';

-- The rules.

CREATE OR REPLACE FUNCTION muster.rule_renewed_certificate(x muster.certificate, d muster.device, o muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	lasting muster.certificate := x;
	bars text;
BEGIN
	lasting.not_after := x.not_after + make_interval(days => o.renewal_grace_days);
	bars := muster.certificate_bars(lasting, d, o);
	IF bars IS NOT NULL AND lasting.not_after <= now() THEN
		bars := format('%s: it ended on %s%s', bars, muster.said_time(x.not_after),
			CASE o.renewal_grace_days WHEN 0 THEN '' ELSE format(', and the grace of %s days is over', o.renewal_grace_days) END);
	ELSIF bars IS NULL AND d.state = 'replaced' THEN
		bars := format('the device has enrolled again as %s', d.replaced_by);
	END IF;
	IF bars IS NOT NULL THEN
		RETURN muster.says('certificate', 'NotEligibleToRenew', bars);
	END IF;
	RETURN muster.says('certificate', 'OK', CASE WHEN x.not_after <= now() THEN format('certificate has ended, and is renewed until %s', muster.said_time(lasting.not_after))
		ELSE format('certificate ends on %s', muster.said_time(x.not_after)) END);
END
$$;
COMMENT ON FUNCTION muster.rule_renewed_certificate(muster.certificate, muster.device, muster.organization) IS 'Internal: rule of renewing: the certificate opens doors, or did until it ended within the grace, and is the device''s newest enrollment''s. Example: see muster.renewal_verdicts.';

CREATE OR REPLACE FUNCTION muster.rule_client_certificate(x muster.certificate, o muster.organization, p_claim jsonb) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN NOT o.renewal_needs_client_certificate THEN muster.says('client certificate', 'OK', 'the signature counts alone')
		WHEN p_claim IS NULL THEN muster.says('client certificate', 'OK', 'not told yet')
		WHEN p_claim ->> 'tls_sha256' IS NOT NULL AND p_claim ->> 'tls_sha256' <> encode(x.sha256, 'hex') THEN muster.says('client certificate', 'NotEligibleToRenew',
			format('the connection was made with another certificate (SHA-256 %s) than the one that signs', left(p_claim ->> 'tls_sha256', 64)))
		WHEN p_claim ->> 'tls' = 'verified' AND p_claim ->> 'tls_sha256' IS NOT NULL THEN muster.says('client certificate', 'OK', 'the connection was made with it')
		-- The web server lets nobody in whose certificate has ended; within the grace its signature speaks for it.
		WHEN p_claim ->> 'tls' = 'expired' AND x.not_after <= now() THEN muster.says('client certificate', 'OK', 'the web server refused it for nothing but its end')
		WHEN p_claim ->> 'tls' IN ('failed', 'expired') THEN muster.says('client certificate', 'NotEligibleToRenew', 'the web server did not verify the client certificate')
		ELSE muster.says('client certificate', 'NotEligibleToRenew', format('no client certificate came with it: devices renew at %s; to let the signature count alone: SELECT muster.set_renewal_rules(%L, client_certificate => false)',
			muster.renewal_address(o), o.key))
	END
$$;
COMMENT ON FUNCTION muster.rule_client_certificate(muster.certificate, muster.organization, jsonb) IS 'Internal: rule of renewing: the connection was made with the certificate that signs. The claim says what the web server told: tls verified, expired, failed or none, and tls_sha256, the certificate''s fingerprint. Example: see muster.renewal_verdicts.';

CREATE OR REPLACE FUNCTION muster.rule_renewing_account(p_account uuid) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN a.enabled THEN muster.says('account', 'OK', format('account %s is enabled', a.upn))
		ELSE muster.says('account', 'Authorization', format('account %s is disabled since %s%s', a.upn,
			to_char(a.disabled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ': ' || a.disabled_reason)) END
	  FROM muster.account a WHERE a.id = p_account
$$;
COMMENT ON FUNCTION muster.rule_renewing_account(uuid) IS 'Internal: rule of renewing: the account is enabled. Whether it may enroll is not asked: it does not. Example: SELECT muster.rule_renewing_account(id) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.rule_renewal_period(x muster.certificate, o muster.organization) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	-- A device decides by its own clock, and works through its list when it wakes.
	SELECT CASE WHEN o.renews_early THEN muster.says('renewal period', 'OK', 'renewed at any time')
		WHEN muster.renewal_begins(x, o) - interval '1 day' <= now() THEN muster.says('renewal period', 'OK', format('renewed from %s on, give or take a day', muster.said_time(muster.renewal_begins(x, o))))
		ELSE muster.says('renewal period', 'NotEligibleToRenew', format('too early: the certificate ends on %s and is renewed from %s on',
			muster.said_time(x.not_after), muster.said_time(muster.renewal_begins(x, o))), jsonb_build_object('from', muster.renewal_begins(x, o), 'ends', x.not_after)) END
$$;
COMMENT ON FUNCTION muster.rule_renewal_period(muster.certificate, muster.organization) IS 'Internal: rule of renewing: the renewal period has begun, give or take a day, or the organization does not mind. Example: see muster.renewal_verdicts.';

CREATE OR REPLACE FUNCTION muster.rule_renewed_key(x muster.certificate, o muster.organization, p_key bytea) RETURNS muster.verdict
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p_key IS NULL THEN muster.says('key', 'OK', 'not told yet')
		WHEN p_key <> x.public_key_sha256 THEN muster.says('key', 'OK', 'a new key')
		WHEN o.renews_same_key THEN muster.says('key', 'OK', 'the same key, which the organization allows')
		ELSE muster.says('key', 'CertificateRequest', 'the certificate request has the same key as before, which the organization does not allow') END
$$;
COMMENT ON FUNCTION muster.rule_renewed_key(muster.certificate, muster.organization, bytea) IS 'Internal: rule of renewing: the key (SHA-256) is another than before, or the organization does not mind. Example: see muster.renewal_verdicts.';

CREATE OR REPLACE FUNCTION muster.rule_renewals_unused(x muster.certificate, p_key bytea) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	unused bigint;
BEGIN
	IF p_key IS NULL THEN
		RETURN muster.says('unused renewals', 'OK', 'not told yet');
	END IF;
	SELECT count(*) INTO unused FROM muster.certificate y WHERE y.renews = x.sha256;
	IF unused >= 20 THEN
		RETURN muster.says('unused renewals', 'NotEligibleToRenew', format('%s certificates were issued for it, and none was used', unused));
	END IF;
	RETURN muster.says('unused renewals', 'OK', format('%s certificates were issued for it and not used', unused));
END
$$;
COMMENT ON FUNCTION muster.rule_renewals_unused(muster.certificate, bytea) IS 'Internal: rule of renewing: not 20 certificates, each for another key, were issued for the same one and never used: a device in its distress, or a thief, makes no more. Example: see muster.renewal_verdicts.';

CREATE OR REPLACE FUNCTION muster.renewal_verdicts(x muster.certificate, d muster.device, o muster.organization, p_claim jsonb, p_key bytea, p_remote inet, p_every boolean)
RETURNS SETOF muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	-- The device is the one that enrolled, whatever the message says of it.
	c muster.candidate := muster.candidate_of(d.account, p_remote, d.facts);
	rule text;
	v muster.verdict;
BEGIN
	FOREACH rule IN ARRAY ARRAY['organization', 'certificate', 'client certificate', 'account', 'maintenance', 'blocked device', 'renewal period', 'key', 'unused renewals', 'authority'] LOOP
		v := CASE rule
			WHEN 'organization' THEN muster.rule_organization(o)
			WHEN 'certificate' THEN muster.rule_renewed_certificate(x, d, o)
			WHEN 'client certificate' THEN muster.rule_client_certificate(x, o, p_claim)
			WHEN 'account' THEN muster.rule_renewing_account(d.account)
			WHEN 'maintenance' THEN muster.rule_maintenance(c)
			WHEN 'blocked device' THEN muster.rule_blocked_device(c)
			WHEN 'renewal period' THEN muster.rule_renewal_period(x, o)
			WHEN 'key' THEN muster.rule_renewed_key(x, o, p_key)
			WHEN 'unused renewals' THEN muster.rule_renewals_unused(x, p_key)
			WHEN 'authority' THEN muster.rule_authority(o)
		END;
		RETURN NEXT v;
		IF v.outcome <> 'OK' AND NOT p_every THEN
			RETURN;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION muster.renewal_verdicts(muster.certificate, muster.device, muster.organization, jsonb, bytea, inet, boolean) IS 'Internal: what the rules say of renewing a certificate, in their order, up to the first refusal or (last argument true) every one: with the claim (NULL: not told), the new key''s SHA-256 (NULL: not told), the client''s address. Neither licences nor caps nor custom rules are asked: nobody new comes. Example: see muster.explain_renewal.';

CREATE OR REPLACE FUNCTION muster.decide_renewal(x muster.certificate, d muster.device, o muster.organization, p_claim jsonb, p_key bytea, p_remote inet) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	v muster.verdict;
BEGIN
	SELECT r.* INTO v FROM muster.renewal_verdicts(x, d, o, p_claim, p_key, p_remote, false) r WHERE r.outcome <> 'OK';
	RETURN muster.decided(v);
END
$$;
COMMENT ON FUNCTION muster.decide_renewal(muster.certificate, muster.device, muster.organization, jsonb, bytea, inet) IS 'Internal: the decision about a renewal: the first refusal of its rules, or OK. Example: see muster_issuer.renew.';

-- What a worker asks.

CREATE OR REPLACE FUNCTION muster_worker.consider_renewal(p_organization text, p_serial bytea, p_claim jsonb, p_remote text)
RETURNS TABLE (outcome text, why text, "text" text, language text, details jsonb, organization text, account uuid, upn text, device uuid,
	sha256 bytea, certificate bytea, minimum_key_length integer, allow_sha1 boolean,
	provider_id text, renewal_url text, renew_period_days integer, renew_retry_days integer, device_enrollment boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	x muster.certificate;
	d muster.device;
	o muster.organization;
	v muster.verdict;
BEGIN
	-- Serial numbers are unique for an authority only; the program compares the issuer's name.
	SELECT y.* INTO x FROM muster.authority c JOIN muster.certificate y ON y.authority = c.id AND y.serial = p_serial LIMIT 1;
	IF NOT FOUND THEN
		outcome := 'NotEligibleToRenew';
		why := format('the request is signed by a certificate that is not on record, serial number %s', coalesce(left(encode(p_serial, 'hex'), 40), 'NULL'));
		organization := p_organization;
		RETURN NEXT;
		RETURN;
	END IF;
	SELECT y.* INTO d FROM muster.device y WHERE y.id = x.device;
	SELECT y.* INTO o FROM muster.organization y WHERE y.id = x.organization;
	IF p_organization IS NOT NULL AND lower(p_organization) <> o.key THEN
		v := muster.decided(muster.says('certificate', 'NotEligibleToRenew', format('the certificate is one of organization %s, the request came to %s', o.key, left(p_organization, 40))));
	ELSE
		v := muster.decide_renewal(x, d, o, coalesce(p_claim, '{}'), NULL, muster.to_inet(p_remote));
	END IF;
	RETURN QUERY SELECT v.outcome, v.why, v.text, v.language, v.details, o.key, a.id, a.upn, d.id, x.sha256, x.der, o.minimum_key_length, o.allow_sha1,
		o.provider_id, muster.renewal_address(o), o.renew_period_days, o.renew_retry_days, d.enrollment_type = 'Device'
	  FROM muster.account a WHERE a.id = d.account;
END
$$;
COMMENT ON FUNCTION muster_worker.consider_renewal(text, bytea, jsonb, text) IS 'RequestSecurityToken, Renew, before the proof: the certificate on record that has this serial number and should have signed, whose it is, the decision so far (to be told only once the signature is proven to be its), and what the provisioning document needs. Writes nothing. Example: SELECT outcome, why FROM muster_worker.consider_renewal(''example'', (SELECT serial FROM muster.certificate LIMIT 1), NULL, NULL);';

-- And what an issuer records.

CREATE OR REPLACE FUNCTION muster.renewal_chain(p_sha256 bytea, OUT issuing bytea, OUT root bytea)
LANGUAGE sql STABLE AS $$
	-- What the device has already is not sent again.
	SELECT CASE WHEN a.id <> b.id AND a.parent IS NOT NULL THEN a.certificate END,
	       CASE WHEN r.certificate <> s.certificate THEN r.certificate END
	  FROM muster.certificate x
	  JOIN muster.authority a ON a.id = x.authority
	 CROSS JOIN LATERAL (SELECT t.certificate FROM muster.authority_chain(a.id) t ORDER BY t.place DESC LIMIT 1) r
	  JOIN muster.certificate y ON y.sha256 = x.renews
	  JOIN muster.authority b ON b.id = y.authority
	 CROSS JOIN LATERAL (SELECT t.certificate FROM muster.authority_chain(b.id) t ORDER BY t.place DESC LIMIT 1) s
	 WHERE x.sha256 = p_sha256
$$;
COMMENT ON FUNCTION muster.renewal_chain(bytea) IS 'Internal: the certificates of the authority that signed a renewal, and of its root; NULL where they are those of the certificate that it renews. Example: see muster_issuer.renew.';

CREATE OR REPLACE FUNCTION muster_issuer.renew(p_device uuid, p_renews bytea, p_trace uuid, p_attempt uuid, p_remote text, p_organization text, p_account uuid,
	p_authority uuid, p_generation bigint, p_serial bytea, p_sha256 bytea, p_certificate bytea, p_public_key_sha256 bytea,
	p_not_before bigint, p_not_after bigint, p_claim jsonb)
RETURNS TABLE (outcome text, why text, "text" text, stale boolean, certificate bytea, language text, details jsonb, device uuid, issuing bytea, root bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	address inet := muster.to_inet(p_remote);
	x muster.certificate;
	d muster.device;
	o muster.organization;
	v muster.verdict;
	before bytea;
BEGIN
	stale := false;
	-- Everything after the locks relies on seeing what was committed while it waited.
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'renew needs the isolation level read committed, this is %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state',
			      HINT = 'CALL muster_issuer.renew_read_committed(…), or: ALTER ROLE muster_issuer RESET default_transaction_isolation;';
	END IF;

	-- In everybody's order: the account's row, so that nobody disables it meanwhile (devices of one account renew side by
	-- side), then the device's, at which renewals of one device take turns, then the certificate's.
	PERFORM FROM muster.account a WHERE a.id = p_account FOR SHARE;
	PERFORM FROM muster.device y WHERE y.id = p_device FOR NO KEY UPDATE;
	PERFORM FROM muster.certificate y WHERE y.sha256 = p_renews FOR NO KEY UPDATE;
	SELECT y.* INTO x FROM muster.certificate y WHERE y.sha256 = p_renews;
	SELECT y.* INTO d FROM muster.device y WHERE y.id = x.device;
	SELECT y.* INTO o FROM muster.organization y WHERE y.id = x.organization;
	IF x.sha256 IS NULL OR x.device IS DISTINCT FROM p_device OR d.account IS DISTINCT FROM p_account OR o.key IS DISTINCT FROM p_organization THEN
		outcome := 'NotEligibleToRenew';
		why := 'the certificate to renew is not this device''s, account''s and organization''s';
		RETURN NEXT;
		RETURN;
	END IF;

	-- Asked again with the same key, by an issuer that lost the end of its COMMIT or a device that lost the answer: the same
	-- answer again, as long as the old certificate is good to ask with.
	v := muster.rule_renewed_certificate(x, d, o);
	IF v.outcome = 'OK' THEN
		SELECT y.der, y.sha256 INTO certificate, before FROM muster.certificate y
		 WHERE y.renews = x.sha256 AND y.public_key_sha256 = p_public_key_sha256 AND muster.certificate_bars(y, d, o) IS NULL ORDER BY y.issued_at LIMIT 1;
		IF FOUND THEN
			IF before IS DISTINCT FROM p_sha256 THEN
				INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, outcome, remote, why, details)
				VALUES ('sent again', o.id, d.account, d.id, p_trace, p_attempt, 'renewal', 'OK', address, 'the same renewal with the same key: its first answer may have got lost',
					jsonb_build_object('sha256', encode(before, 'hex')));
			END IF;
			SELECT c.issuing, c.root INTO issuing, root FROM muster.renewal_chain(before) c;
			outcome := 'OK';
			why := 'recorded by an earlier call';
			device := d.id;
			RETURN NEXT;
			RETURN;
		END IF;
	END IF;

	IF p_generation IS DISTINCT FROM (SELECT y.generation FROM muster.configuration y) THEN
		outcome := 'EnrollmentServer';
		why := 'the configuration has changed since the certificate was made';
		stale := true;
		RETURN NEXT;
		RETURN;
	END IF;
	v := muster.decide_renewal(x, d, o, coalesce(p_claim, '{}'), p_public_key_sha256, address);
	IF v.outcome = 'OK' THEN
		v.why := muster.record_wrong(o, p_authority, p_device, p_serial, p_sha256, p_certificate, p_public_key_sha256, to_timestamp(p_not_before), to_timestamp(p_not_after));
		v.outcome := CASE WHEN v.why IS NULL THEN 'OK' ELSE 'InternalServiceFault' END;
	END IF;
	IF v.outcome <> 'OK' THEN
		outcome := v.outcome;
		why := v.why;
		"text" := v.text;
		language := v.language;
		details := v.details;
		RETURN NEXT;
		RETURN;
	END IF;

	-- To sign with it is to use it: what it renews in its turn has ended.
	IF x.first_used_at IS NULL THEN
		PERFORM muster.first_use(x.sha256, d.id, p_trace);
	END IF;
	INSERT INTO muster.certificate (sha256, organization, device, authority, serial, public_key_sha256, der, not_before, not_after, renews, renew_period_days)
	VALUES (p_sha256, o.id, d.id, p_authority, p_serial, p_public_key_sha256, p_certificate, to_timestamp(p_not_before), to_timestamp(p_not_after), x.sha256, o.renew_period_days);
	INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, outcome, user_name, remote, details)
	SELECT 'renewed', o.id, d.account, d.id, p_trace, p_attempt, 'renewal', 'OK', a.upn, address,
	       jsonb_build_object('serial', encode(p_serial, 'hex'), 'sha256', encode(p_sha256, 'hex'), 'renews', encode(x.sha256, 'hex'), 'not_after', to_timestamp(p_not_after),
			'key', CASE WHEN p_public_key_sha256 = x.public_key_sha256 THEN 'kept' ELSE 'new' END, 'tls', muster.cut(p_claim ->> 'tls', 20))
	  FROM muster.account a WHERE a.id = d.account;
	SELECT c.issuing, c.root INTO issuing, root FROM muster.renewal_chain(p_sha256) c;
	outcome := 'OK';
	certificate := p_certificate;
	device := d.id;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION muster_issuer.renew(uuid, bytea, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bigint, bigint, jsonb) IS 'Record the certificate that renews another of the same device (SHA-256), after deciding again: the point of no return. Locks, in this order, the account''s row (shared), the device''s, the certificate''s. Keyed by the old certificate and the new key: called again it returns what was recorded, waiting for a first call still under way, and writes no second one. stale: the configuration has changed since p_generation, build anew. certificate is what stands in the record; issuing and root only where they are others than the old certificate''s. Example: see the programs; muster.trace shows what it recorded.';

CREATE OR REPLACE PROCEDURE muster_issuer.renew_read_committed(p_device uuid, p_renews bytea, p_trace uuid, p_attempt uuid, p_remote text, p_organization text,
	p_account uuid, p_authority uuid, p_generation bigint, p_serial bytea, p_sha256 bytea, p_certificate bytea, p_public_key_sha256 bytea,
	p_not_before bigint, p_not_after bigint, p_claim jsonb,
	OUT outcome text, OUT why text, OUT "text" text, OUT stale boolean, OUT certificate bytea, OUT language text, OUT details jsonb,
	OUT device uuid, OUT issuing bytea, OUT root bytea)
LANGUAGE plpgsql AS $$
BEGIN
	-- As muster_issuer.record_read_committed, for its reasons.
	IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
		COMMIT;
		SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
	END IF;
	SELECT r.outcome, r.why, r."text", r.stale, r.certificate, r.language, r.details, r.device, r.issuing, r.root
	  INTO outcome, why, "text", stale, certificate, language, details, device, issuing, root
	  FROM muster_issuer.renew(p_device, p_renews, p_trace, p_attempt, p_remote, p_organization, p_account, p_authority, p_generation,
		p_serial, p_sha256, p_certificate, p_public_key_sha256, p_not_before, p_not_after, p_claim) r;
END
$$;
COMMENT ON PROCEDURE muster_issuer.renew_read_committed(uuid, bytea, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bigint, bigint, jsonb) IS 'muster_issuer.renew at the isolation level it needs, whatever the session''s default is. Example: see the programs.';

-- For people.

CREATE OR REPLACE FUNCTION muster.explain_renewal(device uuid)
RETURNS TABLE (step bigint, rule text, outcome text, why text, hresult text, decides boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	x muster.certificate;
	d muster.device;
	o muster.organization;
BEGIN
	-- It runs as its owner, since whole rows of devices have secrets in them: look who asks.
	SELECT y.* INTO d FROM muster.device y WHERE y.id = explain_renewal.device AND muster.may_see(y.organization, muster.actor_role());
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no device %', coalesce(explain_renewal.device::text, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'To look, by name, serial number or account: SELECT id, name, state FROM muster.find_devices(''…'');';
	END IF;
	SELECT y.* INTO o FROM muster.organization y WHERE y.id = d.organization;
	-- The one it would sign with: the newest that it is known to have.
	SELECT y.* INTO x FROM muster.certificate y WHERE y.device = d.id ORDER BY y.first_used_at IS NOT NULL DESC, y.issued_at DESC LIMIT 1;
	RETURN QUERY
		SELECT v.n, v.rule, v.outcome, v.why, c.hresult, v.outcome <> 'OK' AND v.n = min(v.n) FILTER (WHERE v.outcome <> 'OK') OVER ()
		  FROM (SELECT row_number() OVER () AS n, r.* FROM muster.renewal_verdicts(x, d, o, NULL, NULL, d.remote, true) r) v
		  LEFT JOIN muster.outcome c ON c.name = v.outcome
		 ORDER BY v.n;
END
$$;
COMMENT ON FUNCTION muster.explain_renewal(uuid) IS 'What would happen if a device renewed its certificate now, and why: what each rule says, in their order; "decides" marks the refusal that it would get. By another name than its id: muster.find_devices. Example: SELECT rule, outcome, why, decides FROM muster.explain_renewal((SELECT id FROM muster.devices LIMIT 1));';

CREATE OR REPLACE VIEW muster.renewals_due WITH (security_invoker = true) AS
SELECT o.key AS organization, a.upn AS account, d.id AS device, d.name, x.not_after AS certificate_ends, muster.renewal_begins(x, o) AS due_since,
       CASE WHEN y.issued_at IS NOT NULL THEN 'renewed, not used yet'
	WHEN x.not_after + make_interval(days => o.renewal_grace_days) <= now() THEN 'too late: it has to enroll again'
	WHEN x.not_after <= now() THEN 'ended, still renewed'
	ELSE 'due' END AS state,
       y.issued_at AS renewed_at, e.at AS refused_at, e.outcome, e.why, e.trace
  FROM muster.certificate x
  JOIN muster.device d ON d.id = x.device
  JOIN muster.account a ON a.id = d.account
  JOIN muster.organization o ON o.id = x.organization
  LEFT JOIN LATERAL (SELECT max(n.issued_at) AS issued_at FROM muster.certificate n WHERE n.renews = x.sha256) y ON true
  LEFT JOIN LATERAL (SELECT r.at, r.outcome, r.why, r.trace FROM muster.event r
	WHERE r.device = d.id AND r.kind = 'refused' AND r.stage = 'renewal' AND r.at >= x.issued_at ORDER BY r.at DESC LIMIT 1) e ON true
 WHERE d.state = 'enrolled' AND x.superseded_at IS NULL AND x.revoked_at IS NULL
   AND x.not_after BETWEEN now() - interval '90 days' AND now() + interval '1000 days' AND muster.renewal_begins(x, o) <= now();
COMMENT ON VIEW muster.renewals_due IS 'Certificates of living devices whose renewal period has begun and whose successor was not used yet, and of the last 90 days those that ended without: since when, what state that is, and the last refusal with its reason (NULL: the device has not asked). Example: SELECT account, name, certificate_ends, state, refused_at, why FROM muster.renewals_due WHERE organization = ''example'' ORDER BY certificate_ends LIMIT 50;';
