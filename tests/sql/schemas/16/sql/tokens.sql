-- Opaque tokens, as a device brings them: a sign-in's, consumed by its first success, and bulk tokens, good for many
-- devices. To be found is the proof: they are random, and only their SHA-256 is here. What administrators do with
-- bulk tokens stands in bulk_tokens.sql.

CREATE OR REPLACE FUNCTION muster.token_life(p_how text) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
	-- Between the page and the enrollment the user only waits; a phone call may come between.
	SELECT interval '10 minutes'
$$;
COMMENT ON FUNCTION muster.token_life(text) IS 'Internal: how long a token lives that a sign-in makes. Example: SELECT muster.token_life(''sign-in page'');';

CREATE OR REPLACE FUNCTION muster.token_hash(p_claim jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN p_claim ->> 'kind' = 'token' AND p_claim ->> 'sha256' ~ '^[0-9A-Fa-f]{64}$' THEN decode(p_claim ->> 'sha256', 'hex') END
$$;
COMMENT ON FUNCTION muster.token_hash(jsonb) IS 'Internal: the SHA-256 that a token''s claim names; NULL for other claims. Example: SELECT muster.token_hash(''{"kind": "token", "sha256": "00"}'');';

CREATE OR REPLACE FUNCTION muster.find_token(p_sha256 bytea) RETURNS muster.found_token
LANGUAGE plpgsql STABLE AS $$
DECLARE
	t muster.found_token;
BEGIN
	SELECT x.id, NULL, NULL, x.organization, x.account, x.expires_at, NULL, NULL, x.consumed_key, x.device INTO t
	  FROM muster.token x WHERE x.sha256 = p_sha256;
	IF t.token IS NULL THEN
		SELECT NULL, b.id, b.name, b.organization, b.account, b.expires_at, b.revoked_at, b.revoked_reason, NULL, NULL INTO t
		  FROM muster.bulk_token b WHERE b.token_sha256 = p_sha256;
	END IF;
	RETURN t;
END
$$;
COMMENT ON FUNCTION muster.find_token(bytea) IS 'Internal: the token, a sign-in''s or a bulk token, of that SHA-256; all NULL if there is none. Example: SELECT (muster.find_token(sha256(''not random''))).expires_at;';

CREATE OR REPLACE FUNCTION muster.token_wrong(t muster.found_token, p_organization uuid, p_account uuid) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN t.account IS NULL THEN 'unknown token'
		WHEN t.organization <> p_organization THEN 'a token of another organization'
		WHEN t.account <> p_account THEN 'a token of another account'
		WHEN t.revoked_at IS NOT NULL THEN format('bulk token "%s" was revoked on %s: %s', t.name, muster.said_time(t.revoked_at), t.revoked_reason)
		WHEN t.expires_at <= now() THEN format('%s has expired on %s', coalesce('bulk token "' || t.name || '"', 'the token'), muster.said_time(t.expires_at))
	END
$$;
COMMENT ON FUNCTION muster.token_wrong(muster.found_token, uuid, uuid) IS 'Internal: why a token is good for nothing in an organization, and (unless NULL) for an account; the first reason counts; NULL: nothing is wrong. Whether it is consumed already is another question. Example: SELECT muster.token_wrong(muster.find_token(sha256(''not random'')), id, NULL) FROM muster.organization;';

CREATE OR REPLACE FUNCTION muster.identify_token(o muster.organization, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	t muster.found_token := muster.find_token(muster.token_hash(p_claim));
	i muster.identity;
BEGIN
	i.why := muster.token_wrong(t, o.id, NULL);
	IF i.why IS NOT NULL THEN
		i.outcome := 'Authentication';
		RETURN i;
	END IF;
	i.account := t.account;
	i.proof := jsonb_strip_nulls(jsonb_build_object('bulk_token', t.bulk_token, 'consumed_by', t.device));
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.identify_token(muster.organization, jsonb) IS 'Internal: whom an opaque token names, which is random: to be found is the proof. One that is consumed still names its account: only record() knows whether the same key asks again. Example: SELECT muster.identify_token(o, ''{"kind": "token", "sha256": "00"}'') FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.brings(p_candidate muster.candidate, p_identity muster.identity) RETURNS muster.candidate
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	c muster.candidate := p_candidate;
BEGIN
	c.bulk_token := (p_identity.proof ->> 'bulk_token')::uuid;
	RETURN c;
END
$$;
COMMENT ON FUNCTION muster.brings(muster.candidate, muster.identity) IS 'Internal: a candidate with the bulk token that it brings, if any. Example: see muster_worker.consider.';

CREATE OR REPLACE FUNCTION muster_worker.make_token(p_organization text, p_account uuid, p_sha256 bytea, p_how text, p_trace uuid, p_attempt uuid, p_remote text)
RETURNS TABLE (outcome text, why text, expires_at text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_end timestamptz := now() + muster.token_life(p_how);
	o uuid;
BEGIN
	SELECT a.organization INTO o FROM muster.account a JOIN muster.organization x ON x.id = a.organization
	 WHERE a.id = p_account AND x.key = p_organization AND a.deleted_at IS NULL;
	IF NOT FOUND THEN
		RETURN QUERY SELECT 'Authorization', 'the account no longer exists in this organization', NULL::text;
		RETURN;
	ELSIF p_how NOT IN ('sign-in page', 'web server') THEN
		RETURN QUERY SELECT 'InternalServiceFault', format('workers make no token of kind %s', muster.cut(p_how, 40)), NULL::text;
		RETURN;
	END IF;
	INSERT INTO muster.token (organization, account, sha256, how, expires_at, issued_remote, trace, attempt)
	VALUES (o, p_account, p_sha256, p_how, its_end, muster.to_inet(p_remote), p_trace, p_attempt);
	INSERT INTO muster.event (kind, organization, account, trace, attempt, stage, outcome, remote, details)
	VALUES ('signed in', o, p_account, p_trace, p_attempt, 'sign-in', 'OK', muster.to_inet(p_remote),
		jsonb_build_object('how', p_how, 'expires_at', its_end));
	PERFORM muster.note_success(o, p_account, muster.to_inet(p_remote));
	RETURN QUERY SELECT 'OK', NULL::text, to_char(its_end AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
END
$$;
COMMENT ON FUNCTION muster_worker.make_token(text, uuid, bytea, text, uuid, uuid, text) IS 'Somebody has signed in: keep the SHA-256 of the token that the device gets, and record it. Organization''s key, account, SHA-256, how (sign-in page, web server), trace and attempt id, client address. Example: SELECT * FROM muster_worker.make_token(''example'', muster.account_id(''ada@example.test''), sha256(''not random''), ''sign-in page'', muster.new_id(), NULL, ''192.0.2.7'');';

-- In the transaction that records an enrollment.

CREATE OR REPLACE FUNCTION muster.takes_turns(p_account uuid, p_bulk_token uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT a.kind <> 'bulk' OR a.device_cap IS NOT NULL OR o.licence_required
		OR EXISTS (SELECT FROM muster.bulk_token b WHERE b.id = p_bulk_token AND b.device_limit IS NOT NULL)
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.id = p_account
$$;
COMMENT ON FUNCTION muster.takes_turns(uuid, uuid) IS 'Internal: whether enrollments of an account (by a bulk token) are counted together, so that one waits for another: not those of a bulk account without cap, licence and limit. Example: SELECT muster.takes_turns(id, NULL) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.lock_enrolling(p_account uuid, p_grant uuid, c muster.candidate, p_claim jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF coalesce(muster.takes_turns(p_account, c.bulk_token), true) THEN
		PERFORM FROM muster.account x WHERE x.id = p_account FOR NO KEY UPDATE;
		RETURN true;
	END IF;
	-- A classroom enrolls side by side: only the same call again, the same device and the same signed request wait
	-- for one another.
	PERFORM FROM muster.account x WHERE x.id = p_account FOR SHARE;
	PERFORM pg_advisory_xact_lock(hashtextextended(p_grant::text, 7816370913));
	IF c.device_id IS NOT NULL THEN
		PERFORM pg_advisory_xact_lock(hashtextextended(p_account || lower(c.device_id), 7816370913));
	END IF;
	IF p_claim ->> 'replay' IS NOT NULL THEN
		PERFORM pg_advisory_xact_lock(hashtextextended(lower(p_claim ->> 'replay'), 7816370913));
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION muster.lock_enrolling(uuid, uuid, muster.candidate, jsonb) IS 'Internal: lock an account''s row for an enrollment: alone where it counts with others, else shared, and then the grant, the device and a signed request. Tells whether alone. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.enrolled_by_key(p_bulk_token uuid, p_key bytea, p_device_id text) RETURNS uuid
LANGUAGE sql STABLE AS $$
	-- Images share what they hold, sometimes keys, too: another DeviceID is another device.
	SELECT e.device FROM muster.bulk_enrollment e JOIN muster.device d ON d.id = e.device
	 WHERE e.bulk_token = p_bulk_token AND e.public_key_sha256 = p_key AND d.state <> 'retired'
	   AND lower(d.device_id) IS NOT DISTINCT FROM lower(p_device_id)
	 ORDER BY e.device DESC LIMIT 1
$$;
COMMENT ON FUNCTION muster.enrolled_by_key(uuid, bytea, text) IS 'Internal: the enrollment that this DeviceID made with this key (SHA-256) and this bulk token, unless it is retired; NULL if there is none. Example: see muster.hold_token.';

CREATE OR REPLACE FUNCTION muster.hold_token(p_claim jsonb, c muster.candidate, p_key bytea) RETURNS muster.held_token
LANGUAGE plpgsql AS $$
DECLARE
	hash bytea := muster.token_hash(p_claim);
	t muster.found_token;
	held muster.held_token;
BEGIN
	held.outcome := 'OK';
	IF p_claim ->> 'kind' IS DISTINCT FROM 'token' THEN
		RETURN held;
	END IF;
	-- Behind the account's row, which the caller holds, and before all others'. Enrollments by one token that must
	-- take turns do so at their account's row already; this keeps administrators from changing it meanwhile.
	PERFORM FROM muster.token x WHERE x.sha256 = hash FOR NO KEY UPDATE;
	PERFORM FROM muster.bulk_token x WHERE x.token_sha256 = hash AND x.device_limit IS NOT NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM FROM muster.bulk_token x WHERE x.token_sha256 = hash FOR SHARE;
	END IF;
	t := muster.find_token(hash);
	IF NOT EXISTS (SELECT FROM muster.organization o WHERE o.id = c.organization AND 'Federated' = ANY (o.auth_policies)) THEN
		held.outcome := 'InvalidSecurity';
		held.why := format('organization %s does not accept this kind of credential: token', c.organization_key);
		RETURN held;
	END IF;
	held.why := muster.token_wrong(t, c.organization, c.account);
	held.token := t.token;
	held.bulk_token := t.bulk_token;
	held.device := CASE WHEN t.bulk_token IS NULL THEN t.device ELSE muster.enrolled_by_key(t.bulk_token, p_key, c.device_id) END;
	IF held.why IS NULL AND t.consumed_key <> p_key THEN
		held.why := format('the token is consumed: device %s came by it, with another key', t.device);
	ELSIF held.why IS NULL AND t.device IS NOT NULL AND EXISTS (SELECT FROM muster.device d WHERE d.id = t.device AND d.state = 'retired') THEN
		held.why := format('the token is consumed: device %s came by it, and is retired since', t.device);
	END IF;
	IF held.why IS NOT NULL THEN
		held.outcome := 'Authentication';
	END IF;
	RETURN held;
END
$$;
COMMENT ON FUNCTION muster.hold_token(jsonb, muster.candidate, bytea) IS 'Internal: lock the token of a claim and judge it for an enrollment with this key (SHA-256): refused, or good, or good for an enrollment made already. OK for claims of other kinds. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.consume_token(p_held muster.held_token, c muster.candidate, p_grant uuid, p_key bytea, p_replaced uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	new_one boolean;
BEGIN
	UPDATE muster.token t SET consumed_at = now(), consumed_key = p_key, device = p_grant WHERE t.id = p_held.token;
	IF p_held.bulk_token IS NULL THEN
		RETURN;
	END IF;
	new_one := NOT EXISTS (SELECT FROM muster.bulk_enrollment e WHERE e.bulk_token = p_held.bulk_token AND e.device = ANY (p_replaced));
	INSERT INTO muster.bulk_enrollment (device, organization, bulk_token, public_key_sha256, counted)
	VALUES (p_grant, c.organization, p_held.bulk_token, p_key, new_one);
	UPDATE muster.bulk_token b SET devices = b.devices + 1 WHERE b.id = p_held.bulk_token AND b.device_limit IS NOT NULL AND new_one;
END
$$;
COMMENT ON FUNCTION muster.consume_token(muster.held_token, muster.candidate, uuid, bytea, uuid[]) IS 'Internal: an enrollment is recorded: its token is consumed, or counted. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.resend(p_device uuid, p_key bytea, p_trace uuid, p_attempt uuid, p_remote inet,
	OUT certificate bytea, OUT dm_secrets bytea, OUT issuing bytea, OUT root bytea)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT x.der, d.dm_secrets, CASE WHEN a.parent IS NOT NULL THEN a.certificate END, coalesce(r.certificate, a.certificate)
	  INTO certificate, dm_secrets, issuing, root
	  FROM muster.certificate x
	  JOIN muster.device d ON d.id = x.device
	  JOIN muster.authority a ON a.id = x.authority
	  LEFT JOIN muster.authority r ON r.id = a.parent
	 WHERE x.device = p_device AND x.public_key_sha256 = p_key ORDER BY x.issued_at LIMIT 1;
	INSERT INTO muster.event (kind, organization, account, device, trace, attempt, stage, outcome, user_name, remote, why)
	SELECT 'sent again', d.organization, d.account, d.id, p_trace, p_attempt, 'enrollment', 'OK', a.upn, p_remote,
	       'the same token with the same key: its first answer may have got lost'
	  FROM muster.device d JOIN muster.account a ON a.id = d.account WHERE d.id = p_device;
END
$$;
COMMENT ON FUNCTION muster.resend(uuid, bytea, uuid, uuid, inet) IS 'Internal: what an enrollment was answered with: its certificate, sealed secrets, the certificates of its authority (NULL: a root) and root; and an event that it was sent again. Example: see muster_issuer.record.';

-- What limits a bulk token.

CREATE OR REPLACE FUNCTION muster.rule_token_network(p_candidate muster.candidate, p_final boolean) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	b record;
BEGIN
	SELECT x.name, x.networks INTO b FROM muster.bulk_token x WHERE x.id = p_candidate.bulk_token;
	RETURN CASE
		WHEN b.networks IS NULL OR cardinality(b.networks) = 0 THEN muster.says('token network', 'OK', format('bulk token "%s" is good from any network', b.name))
		WHEN p_candidate.remote <<= ANY (b.networks::inet[]) THEN muster.says('token network', 'OK', format('address %s is in a network of bulk token "%s"', host(p_candidate.remote), b.name))
		WHEN p_candidate.remote IS NOT NULL THEN muster.says('token network', 'Authorization',
			format('address %s is in no network of bulk token "%s"', host(p_candidate.remote), b.name),
			jsonb_build_object('remote', host(p_candidate.remote), 'bulk_token', b.name))
		WHEN p_final THEN muster.says('token network', 'Authorization', format('the client''s address is not known, and bulk token "%s" is good from some networks only', b.name),
			jsonb_build_object('bulk_token', b.name))
		ELSE muster.says('token network', 'OK', 'not told yet')
	END;
END
$$;
COMMENT ON FUNCTION muster.rule_token_network(muster.candidate, boolean) IS 'Internal: rule: the client''s address is in a network of the bulk token, where it has any. Last argument true: an address that is not known is none. Example: SELECT muster.rule_token_network(muster.candidate_of(id, ''192.0.2.7'', NULL), false) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.rule_token_limit(p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	b record;
BEGIN
	SELECT x.name, x.device_limit, x.devices INTO b FROM muster.bulk_token x WHERE x.id = p_candidate.bulk_token;
	IF b.device_limit IS NULL THEN
		RETURN muster.says('token limit', 'OK', format('any number of devices by bulk token "%s"', b.name));
	ELSIF b.devices < b.device_limit THEN
		RETURN muster.says('token limit', 'OK', format('%s of %s devices by bulk token "%s"', b.devices, b.device_limit, b.name));
	ELSIF p_candidate.facts IS NULL THEN
		RETURN muster.says('token limit', 'OK', format('%s of %s devices by bulk token "%s"; the device is not told yet', b.devices, b.device_limit, b.name));
	ELSIF EXISTS (SELECT FROM muster.same_devices(p_candidate) s (id) JOIN muster.bulk_enrollment e ON e.device = s.id WHERE e.bulk_token = p_candidate.bulk_token) THEN
		RETURN muster.says('token limit', 'OK', format('a device that came by bulk token "%s" before', b.name));
	END IF;
	RETURN muster.says('token limit', 'DeviceCapReached', format('%s devices came by bulk token "%s", and no more may', b.devices, b.name),
		jsonb_build_object('limit', b.device_limit, 'count', b.devices, 'bulk_token', b.name));
END
$$;
COMMENT ON FUNCTION muster.rule_token_limit(muster.candidate) IS 'Internal: rule: fewer devices came by the bulk token than may, or it is one of them. Example: SELECT muster.rule_token_limit(muster.candidate_of(id, NULL, ''{}'')) FROM muster.account;';

-- Tokens that are of no more use.

CREATE OR REPLACE FUNCTION muster.keep_tokens(OUT summary text, OUT more boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- In pieces that fit into the role's statement_timeout.
	most constant bigint := 5000;
	gone bigint;
	uses bigint;
	bulk bigint;
BEGIN
	-- A week in which a refusal can still say that the token has expired.
	DELETE FROM muster.token t WHERE t.id IN (SELECT x.id FROM muster.token x WHERE x.expires_at < now() - interval '7 days' ORDER BY x.expires_at LIMIT most);
	GET DIAGNOSTICS gone = ROW_COUNT;
	DELETE FROM muster.bulk_enrollment e WHERE e.device IN (
		SELECT x.device FROM muster.bulk_enrollment x JOIN muster.bulk_token b ON b.id = x.bulk_token WHERE muster.is_over(b) LIMIT most);
	GET DIAGNOSTICS uses = ROW_COUNT;
	DELETE FROM muster.bulk_token b WHERE muster.is_over(b) AND NOT EXISTS (SELECT FROM muster.bulk_enrollment e WHERE e.bulk_token = b.id);
	GET DIAGNOSTICS bulk = ROW_COUNT;
	more := gone = most OR uses = most;
	summary := nullif(concat_ws(', ', CASE WHEN gone > 0 THEN format('%s tokens removed', gone) END, CASE WHEN bulk > 0 THEN format('%s bulk tokens removed', bulk) END), '');
END
$$;
COMMENT ON FUNCTION muster.keep_tokens() IS 'Internal: housekeeping''s part about tokens: a sign-in''s go a week after their end, bulk tokens 400 days after theirs; returns a line for the log (NULL: nothing was due), and whether there is more to do. Example: SELECT * FROM muster.keep_tokens();';

CREATE OR REPLACE FUNCTION muster.is_over(b muster.bulk_token) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT least(b.expires_at, b.revoked_at) < now() - interval '400 days'
$$;
COMMENT ON FUNCTION muster.is_over(muster.bulk_token) IS 'Internal: whether a bulk token''s end is so long ago that nobody asks for it any more. Example: SELECT muster.is_over(b) FROM muster.bulk_token b;';
