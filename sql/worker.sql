-- What workers may call. SECURITY DEFINER, search_path pinned, EXECUTE for the role muster_worker only.

CREATE OR REPLACE FUNCTION muster_worker.discover(p_domain text)
RETURNS TABLE (outcome text, why text, organization text, enrollment_url text, auth_policies text, enrollment_version text, sign_in text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization;
BEGIN
	o := muster.organization_for(NULL, 'user@' || coalesce(p_domain, ''));
	IF o.id IS NULL THEN
		RETURN QUERY SELECT 'Authorization', format('no organization has the domain "%s"', left(p_domain, 253)), NULL, NULL, NULL, NULL, NULL;
	ELSIF NOT o.enabled THEN
		RETURN QUERY SELECT 'Authorization', format('organization %s is disabled', o.key), NULL, NULL, NULL, NULL, NULL;
	ELSE
		RETURN QUERY SELECT 'OK', NULL::text, o.key, o.enrollment_url, array_to_string(o.auth_policies, ','), o.enrollment_version, o.sign_in;
	END IF;
END
$$;
COMMENT ON FUNCTION muster_worker.discover(text) IS 'Discover: the organization of an e-mail domain and where its devices enroll. An unknown domain and a disabled organization get the same outcome. Example: SELECT * FROM muster_worker.discover(''example.test'');';

CREATE OR REPLACE FUNCTION muster_worker.policy(p_organization text, p_user text, p_remote text DEFAULT NULL, p_claim jsonb DEFAULT NULL)
RETURNS TABLE (outcome text, why text, "text" text, organization text, account uuid, upn text, password_hash text,
	minimum_key_length integer, validity_seconds bigint, renewal_seconds bigint, language text, details jsonb, proof jsonb, welcome boolean,
	suspected boolean, refused text, decoy text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i muster.identity := muster.identify(p_organization, p_user, p_claim);
	g muster.guessing := muster.guessing_by(i, p_user, p_remote, p_claim);
	v muster.verdict;
BEGIN
	IF i.account IS NULL THEN
		outcome := i.outcome;
		why := i.why;
		organization := i.organization_key;
		proof := i.proof;
		welcome := i.welcome;
		suspected := g.suspected;
		refused := g.refused;
		decoy := g.decoy;
		RETURN NEXT;
		RETURN;
	END IF;
	v := muster.decide(muster.brings(muster.candidate_of(i.account, muster.to_inet(p_remote), NULL), i));
	RETURN QUERY SELECT v.outcome, v.why, v.text, o.key, a.id, a.upn, a.password_hash,
		o.minimum_key_length, o.validity_days * 86400::bigint, o.renew_period_days * 86400::bigint, v.language, v.details, i.proof, i.welcome, g.suspected, g.refused, g.decoy
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.id = i.account;
END
$$;
COMMENT ON FUNCTION muster_worker.policy(text, text, text, jsonb) IS 'GetPolicies: whom a credential names, what proves it, the decision (to be told only once it is proven), and the certificate policy. Organization by key, or NULL: by the user''s domain; the client''s address, or NULL: not told; the claim, or NULL: a password. What depends on the device is not decided yet. No account but welcome: it will be made once it is proven. suspected, refused: what wrong passwords before it mean, for a password, decoy: what to hash where there is none to compare it with; NULL for all else. Example: SELECT * FROM muster_worker.policy(''example'', ''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster_worker.consider(p_organization text, p_user text, p_facts jsonb, p_remote text DEFAULT NULL, p_claim jsonb DEFAULT NULL)
RETURNS TABLE (outcome text, why text, "text" text, organization text, account uuid, upn text, password_hash text,
	minimum_key_length integer, allow_sha1 boolean,
	provider_id text, provider_name text, management_url text, renewal_url text, renew_period_days integer, renew_retry_days integer,
	first_retries integer, first_interval integer, second_retries integer, second_interval integer,
	remaining_retries integer, remaining_interval integer, poll_on_login boolean, all_users_poll_on_first_login boolean,
	application_enterprise_id text, application_token text, hub_product_id text, hub_uri text, hub_name text, language text, details jsonb,
	proof jsonb, welcome boolean, suspected boolean, refused text, decoy text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i muster.identity := muster.identify(p_organization, p_user, p_claim);
	g muster.guessing := muster.guessing_by(i, p_user, p_remote, p_claim);
	v muster.verdict;
BEGIN
	IF i.account IS NULL THEN
		outcome := i.outcome;
		why := i.why;
		organization := i.organization_key;
		proof := i.proof;
		welcome := i.welcome;
		suspected := g.suspected;
		refused := g.refused;
		decoy := g.decoy;
		RETURN NEXT;
		RETURN;
	END IF;
	-- A token that is consumed opens nothing new: record() gives its key the same answer again, and refuses all others.
	IF NOT coalesce(i.proof ? 'consumed_by', false) THEN
		v := muster.decide(muster.brings(muster.candidate_of(i.account, muster.to_inet(p_remote), coalesce(p_facts, '{}')), i));
	END IF;
	v := muster.decided(v);
	RETURN QUERY SELECT v.outcome, v.why, v.text, o.key, a.id, a.upn, a.password_hash,
		o.minimum_key_length, o.allow_sha1,
		s.provider_id, s.provider_name, s.management_url, muster.renewal_address(o), o.renew_period_days, o.renew_retry_days,
		o.first_retries, o.first_interval, o.second_retries, o.second_interval,
		o.remaining_retries, o.remaining_interval, o.poll_on_login, o.all_users_poll_on_first_login,
		o.application_enterprise_id, o.application_token, o.hub_product_id, o.hub_uri, o.hub_name,
		v.language, v.details, i.proof, i.welcome, g.suspected, g.refused, g.decoy
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization, muster.dm_server_for(o.id, a.id) s WHERE a.id = i.account;
END
$$;
COMMENT ON FUNCTION muster_worker.consider(text, text, jsonb, text, jsonb) IS 'RequestSecurityToken, before the proof: whom the credential names, what proves it, the decision so far (to be told only once it is proven), and what the provisioning document needs. Custom rules are not asked: strangers must not run them. suspected, refused: what wrong passwords before it mean, for a password, decoy: what to hash where there is none to compare it with; NULL for all else. Writes nothing. Example: SELECT * FROM muster_worker.consider(''example'', ''ada'', ''{"EnrollmentType":"Full"}'');';

CREATE OR REPLACE FUNCTION muster_worker.refuse(p_trace uuid, p_attempt uuid, p_stage text, p_outcome text, p_why text,
	p_organization text, p_user text, p_account uuid, p_remote text, p_facts jsonb, p_details jsonb DEFAULT NULL, p_device uuid DEFAULT NULL)
RETURNS TABLE (recorded boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o uuid;
	address inet;
	decision jsonb := CASE WHEN jsonb_typeof(p_details) = 'object' AND octet_length(p_details::text) <= 16384 THEN p_details END;
BEGIN
	IF pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN
		RETURN QUERY SELECT false;
		RETURN;
	END IF;
	SELECT x.id INTO o FROM muster.organization x WHERE x.key = lower(p_organization);
	address := muster.to_inet(p_remote);
	INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote, details)
	VALUES ('refused', o, p_account, p_device, p_trace, p_attempt, muster.cut(p_stage, 32), muster.cut(p_outcome, 32), muster.cut(p_why, 400),
		muster.cut(p_user, 320), address,
		jsonb_strip_nulls(jsonb_build_object(
			'facts', CASE WHEN p_facts IS NOT NULL THEN muster.kept_facts(p_facts, 8192) END,
			'decision', decision,
			'organization', CASE WHEN o IS NULL THEN muster.cut(p_organization, 60) END,
			'remote', CASE WHEN address IS NULL THEN muster.cut(p_remote, 100) END)));
	-- A collision is an event of its own, whatever became of it.
	IF decision ->> 'rule' = 'collision' THEN
		INSERT INTO muster.event (kind, organization, account, trace, attempt, stage, user_name, remote, why, details)
		VALUES ('hardware collision', o, p_account, p_trace, p_attempt, muster.cut(p_stage, 32), muster.cut(p_user, 320), address,
			'another account has a living device of this hardware id: the enrollment was refused', decision - 'rule');
	END IF;
	RETURN QUERY SELECT true;
END
$$;
COMMENT ON FUNCTION muster_worker.refuse(uuid, uuid, text, text, text, text, text, uuid, text, jsonb, jsonb, uuid) IS 'Record a refusal: trace and attempt id, stage, outcome, reason, organization''s key, typed user name, account, client address, device''s facts, the decision''s details (at most 16 KiB), the device that is on record; NULL for what is not known. Texts are cut, nothing a stranger sent can make it fail. False: not recorded, the database is read-only. Example: SELECT * FROM muster_worker.refuse(muster.new_id(), NULL, ''policy'', ''Authentication'', ''wrong password'', ''example'', ''ada'', NULL, ''192.0.2.7'', NULL);';

CREATE OR REPLACE FUNCTION muster.certificate_bars(x muster.certificate, d muster.device, o muster.organization) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	-- Who asks need not see authorities: a DM server does not.
	-- An account that is disabled keeps its devices, so that a leaver's laptop can still be wiped; a
	-- disabled organization is shut out altogether.
	SELECT CASE
		WHEN d.state = 'retired' THEN 'device is retired' || coalesce(': ' || d.retired_reason, '')
		WHEN x.revoked_at IS NOT NULL AND x.revocation_reason <> 'superseded' THEN format('certificate is revoked (%s)', x.revocation_reason) || coalesce(': ' || x.revocation_note, '')
		WHEN EXISTS (SELECT FROM muster.authority c WHERE c.id = x.authority AND c.revoked_at IS NOT NULL) THEN 'the authority that signed the certificate is revoked'
		WHEN x.not_after <= now() THEN 'certificate has expired'
		-- Where the successor never came, housekeeping ended it, after that time.
		WHEN x.superseded_at IS NOT NULL OR (d.ended_at IS NOT NULL AND d.ended_at < d.replaced_at + make_interval(days => o.replaced_certificate_days))
			THEN 'certificate is superseded: the device has used a newer one'
		WHEN d.state = 'replaced' AND d.replaced_at + make_interval(days => o.replaced_certificate_days) <= now()
			THEN 'certificate is superseded: the device enrolled again and the time for the change is over'
		WHEN x.revoked_at IS NOT NULL THEN format('certificate is revoked (%s)', x.revocation_reason) || coalesce(': ' || x.revocation_note, '')
		WHEN NOT o.enabled THEN 'organization is disabled'
	END
$$;
COMMENT ON FUNCTION muster.certificate_bars(muster.certificate, muster.device, muster.organization) IS 'Internal: why a device''s certificate opens no door: its device is retired, it is revoked, expired or superseded, its organization disabled; NULL: it does. Example: SELECT muster.certificate_bars(x, d, o) FROM muster.certificate x JOIN muster.device d ON d.id = x.device JOIN muster.organization o ON o.id = d.organization;';

CREATE OR REPLACE FUNCTION muster_worker.device(p_sha256 bytea, p_trace uuid)
RETURNS TABLE (outcome text, why text, device uuid, account text, organization text, state text, name text, not_after text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	SELECT d.id, d.state, d.name, x.not_after, x.first_used_at, a.upn, o.key, muster.certificate_bars(x, d, o) AS bars INTO c
	  FROM muster.certificate x
	  JOIN muster.device d ON d.id = x.device
	  JOIN muster.account a ON a.id = d.account
	  JOIN muster.organization o ON o.id = d.organization
	 WHERE x.sha256 = p_sha256;
	IF NOT FOUND THEN
		RETURN QUERY SELECT 'Forbidden', 'unknown certificate', NULL::uuid, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text;
		RETURN;
	END IF;
	IF c.bars IS NULL AND c.first_used_at IS NULL AND NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' THEN
		PERFORM muster.first_use(p_sha256, c.id, p_trace);
	END IF;
	RETURN QUERY SELECT CASE WHEN c.bars IS NULL THEN 'OK' ELSE 'Forbidden' END, c.bars, c.id, c.upn, c.key, c.state, c.name,
		to_char(c.not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
END
$$;
COMMENT ON FUNCTION muster_worker.device(bytea, uuid) IS 'The device endpoint: whose certificate this is (SHA-256 of its DER), and whether it opens the door: Forbidden with the reason if unknown or as muster.certificate_bars tells. Its first use is recorded and ends the certificate it replaced; later calls write nothing. Example: SELECT * FROM muster_worker.device(sha256, muster.new_id()) FROM muster.certificate LIMIT 1;';

CREATE OR REPLACE FUNCTION muster_worker.check_in(p_sha256 bytea, p_trace uuid, p_remote text, p_unenroll boolean)
RETURNS TABLE (outcome text, why text, device uuid, account text, organization text, state text, name text, not_after text, device_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	writable boolean := NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off';
	c record;
BEGIN
	SELECT d.id, d.account, d.state, d.name, d.device_id, x.not_after, x.first_used_at, a.upn, o.key, muster.certificate_bars(x, d, o) AS bars INTO c
	  FROM muster.certificate x
	  JOIN muster.device d ON d.id = x.device
	  JOIN muster.account a ON a.id = d.account
	  JOIN muster.organization o ON o.id = d.organization
	 WHERE x.sha256 = p_sha256;
	IF NOT FOUND THEN
		outcome := 'Forbidden';
		why := 'unknown certificate';
		RETURN NEXT;
		RETURN;
	END IF;
	outcome := CASE WHEN c.bars IS NULL THEN 'OK' ELSE 'Forbidden' END;
	why := c.bars;
	IF c.bars IS NULL AND p_unenroll AND NOT writable THEN
		outcome := 'EnrollmentServer';
		why := 'the device unenrolls, but the database is read-only';
	ELSIF c.bars IS NULL AND writable THEN
		IF p_unenroll THEN
			-- The account first, then devices: the order of enrolling.
			PERFORM FROM muster.account a WHERE a.id = c.account FOR NO KEY UPDATE;
		END IF;
		IF c.first_used_at IS NULL THEN
			PERFORM muster.first_use(p_sha256, c.id, p_trace);
		END IF;
		IF p_unenroll THEN
			-- The web server has let it in: this request is answered all the same.
			PERFORM muster.unenroll(c.id, 'unenrolled by its user', 'check-in', p_trace, muster.to_inet(p_remote));
			c.state := 'retired';
		END IF;
	END IF;
	device := c.id;
	account := c.upn;
	organization := c.key;
	state := c.state;
	name := c.name;
	not_after := to_char(c.not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
	device_id := c.device_id;
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION muster_worker.check_in(bytea, uuid, text, boolean) IS 'The check-in endpoint: whose certificate this is (SHA-256 of its DER), and whether it opens the door, as muster_worker.device. Its first use is recorded; and when the device says that its user unenrolls it, that is done. Else it writes nothing. Example: SELECT * FROM muster_worker.check_in(sha256, muster.new_id(), ''192.0.2.7'', false) FROM muster.certificate LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.first_use(p_sha256 bytea, p_device uuid, p_trace uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d record;
	renewed bytea;
BEGIN
	-- The device before its certificates, as renewing locks them.
	PERFORM FROM muster.device x WHERE x.id = p_device FOR NO KEY UPDATE;
	UPDATE muster.certificate c SET first_used_at = now() WHERE c.sha256 = p_sha256 AND c.first_used_at IS NULL
		RETURNING c.renews INTO renewed;
	IF NOT FOUND THEN
		RETURN; -- another worker was first
	END IF;
	-- What it renews has ended, and with it whatever else was issued for that and never used: those answers got lost.
	IF renewed IS NOT NULL THEN
		UPDATE muster.certificate c SET superseded_at = now() WHERE c.device = p_device AND c.sha256 <> p_sha256 AND c.superseded_at IS NULL;
	END IF;
	UPDATE muster.device x SET first_contact_at = coalesce(x.first_contact_at, now()) WHERE x.id = p_device
		RETURNING x.organization, x.account, x.attempt, x.enrolled_at, x.os_version, x.first_contact_at = now() AS is_first INTO d;
	-- Whatever it replaced, directly or through enrollments whose reply was lost, ends now.
	WITH RECURSIVE before AS (
		SELECT x.id FROM muster.device x WHERE x.replaced_by = p_device AND x.ended_at IS NULL
		UNION
		SELECT x.id FROM muster.device x JOIN before b ON x.replaced_by = b.id WHERE x.ended_at IS NULL
	)
	UPDATE muster.device x SET ended_at = now() FROM before b WHERE x.id = b.id;
	INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, outcome, details)
	VALUES (CASE WHEN renewed IS NULL THEN 'first contact' ELSE 'renewal used' END, d.organization, d.account, p_device, p_trace,
		CASE WHEN renewed IS NULL THEN d.attempt END, 'device', 'OK',
		CASE WHEN renewed IS NULL THEN '{}' ELSE jsonb_build_object('sha256', encode(p_sha256, 'hex'), 'ends', encode(renewed, 'hex')) END);
	IF d.is_first THEN
		PERFORM muster.count_first_contact(d.organization, d.enrolled_at, d.os_version);
	END IF;
END
$$;
COMMENT ON FUNCTION muster.first_use(bytea, uuid, uuid) IS 'Internal: record that a certificate was used for the first time, and end the ones it replaced or renews. Example: see muster_worker.device.';

CREATE OR REPLACE FUNCTION muster.keep_partitions() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made integer;
	strays bigint;
BEGIN
	BEGIN
		made := muster.make_event_partitions(3);
	EXCEPTION
		WHEN lock_not_available THEN
			RETURN 'event partitions not made: muster.event_default is in use, will be tried again';
		WHEN OTHERS THEN
			RETURN 'event partitions not made: ' || SQLERRM;
	END;
	SELECT count(*) INTO strays FROM (SELECT FROM muster.event_default LIMIT 1000) d;
	RETURN format('event partitions until %s, %s made', to_char(muster.month_after(now(), 3) AT TIME ZONE 'UTC', 'YYYY-MM'), made)
		|| CASE WHEN strays > 0 THEN format('; table muster.event_default should be empty and has %s events: SELECT muster.move_stray_events()',
			CASE strays WHEN 1000 THEN '1000 or more' ELSE strays::text END) ELSE '' END;
END
$$;
COMMENT ON FUNCTION muster.keep_partitions() IS 'Internal: housekeeping''s part about partitions; returns a line for the log. Example: SELECT muster.keep_partitions();';

CREATE OR REPLACE FUNCTION muster.keep_seals(p_deadline timestamptz, OUT summary text, OUT more boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	sealed bigint;
	h record;
BEGIN
	more := false;
	IF NOT pg_try_advisory_xact_lock(7816370913) THEN
		summary := 'nothing sealed: somebody else is at it';
		RETURN;
	END IF;
	SELECT s.sealed, s.more INTO sealed, more FROM muster.seal_pending(p_deadline) s;
	SELECT x.number, encode(x.head, 'hex') AS head INTO h FROM muster.seal x ORDER BY x.number DESC LIMIT 1;
	summary := format('%s events sealed', sealed) || coalesce(format(', head of batch %s: %s', h.number, h.head), '');
	IF more THEN
		summary := summary || ', more to seal';
		RETURN;
	END IF;
	SELECT x.events, x.oldest INTO h FROM muster.unsealed() x;
	IF h.oldest < now() - interval '1 hour' THEN
		summary := summary || format('; %s events, the oldest of %s, wait for a transaction that is still open', h.events,
			to_char(h.oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'));
	END IF;
END
$$;
COMMENT ON FUNCTION muster.keep_seals(timestamptz) IS 'Internal: housekeeping''s part about seals, until that moment; returns a line for the log, and whether there is more to do. Example: SELECT * FROM muster.keep_seals(now() + interval ''1 second'');';

CREATE OR REPLACE FUNCTION muster.keep_retention(p_deadline timestamptz, OUT summary text, OUT more boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	keep interval := (SELECT c.keep_events FROM muster.configuration c);
BEGIN
	more := false;
	IF keep IS NULL OR NOT pg_try_advisory_xact_lock(7816370915) THEN
		RETURN;
	END IF;
	SELECT string_agg(CASE WHEN a.more THEN format('aging out %s', a.partition)
			WHEN a.obstacle IS NOT NULL THEN format('%s not aged out: %s', a.partition, a.obstacle)
			ELSE format('%s aged out with %s events, %s of them held', a.partition, a.events, a.held) END, '; '), coalesce(bool_or(a.more), false)
	  INTO summary, more FROM muster.age_pending(now() - keep, p_deadline) a;
EXCEPTION WHEN OTHERS THEN
	-- What was sealed in this transaction stays sealed.
	summary := 'events not aged out: ' || SQLERRM;
	more := false;
END
$$;
COMMENT ON FUNCTION muster.keep_retention(timestamptz) IS 'Internal: housekeeping''s part about retention, until that moment; returns a line for the log (NULL: nothing was due), and whether there is more to do. Example: SELECT * FROM muster.keep_retention(now() + interval ''1 second'');';

CREATE OR REPLACE FUNCTION muster_worker.housekeeping()
RETURNS TABLE (summary text, more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	seals record;
	days record;
	aged text;
	more_to_age boolean := false;
	tokens record;
	partitions text;
	guesses text;
	signatures text;
	revocations text;
BEGIN
	IF pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN
		RETURN QUERY SELECT 'nothing done: the database is read-only', false;
		RETURN;
	END IF;
	-- Many masters, one housekeeper.
	IF NOT pg_try_advisory_xact_lock(7816370912) THEN
		RETURN QUERY SELECT 'nothing done: another master is at it', false;
		RETURN;
	END IF;
	IF muster.cluster_changed() THEN
		-- Writers wait until this transaction ends: nothing else in it.
		BEGIN
			PERFORM muster.begin_epoch();
			RETURN QUERY SELECT 'the database has moved to another cluster, whose transactions are numbered anew: noted', true;
		EXCEPTION WHEN lock_not_available THEN
			RETURN QUERY SELECT 'the database has moved to another cluster, but muster.event is in use: will be tried again', false;
		END;
		RETURN;
	END IF;
	-- In pieces that fit into the role's statement_timeout.
	seals := muster.keep_seals(clock_timestamp() + interval '1500 milliseconds');
	tokens := muster.keep_tokens();
	PERFORM muster.keep_members();
	guesses := muster.keep_guessing();
	signatures := muster.keep_signatures();
	revocations := muster.keep_revocations();
	-- Devices that were added since are sorted into the index that finds them.
	PERFORM gin_clean_pending_list('muster.device_words'::regclass);
	-- Last what others wait for until this transaction ends: late first contacts for days that are added up, all who
	-- write an event for a month that goes. Not both in one round: a late first contact has written its event.
	days := muster.keep_days(clock_timestamp() + interval '500 milliseconds');
	IF NOT seals.more AND days.summary IS NULL THEN
		SELECT r.summary, r.more INTO aged, more_to_age FROM muster.keep_retention(clock_timestamp() + interval '1 second') r;
	END IF;
	-- After that: who waits for a partition may hold muster.event.
	partitions := muster.keep_partitions();
	RETURN QUERY SELECT concat_ws('; ', partitions, seals.summary, aged, tokens.summary, guesses, signatures, revocations, days.summary),
		seals.more OR more_to_age OR tokens.more OR days.more;
END
$$;
COMMENT ON FUNCTION muster_worker.housekeeping() IS 'The hourly round: makes event partitions ahead, seals events, ages out what muster.set_event_retention says, removes tokens that ended long ago, forgets old wrong passwords, ends devices that were replaced long enough ago, adds up groups'' members and days that are over. One of many masters does it, the others are told so at once. Returns one line for the log, and whether there is more to do at once. Example: SELECT * FROM muster_worker.housekeeping();';
