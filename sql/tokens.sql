-- Opaque tokens: made when somebody has signed in, and whom they name.

CREATE OR REPLACE FUNCTION muster.token_life(p_how text) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
	-- Between the page and the enrollment the user only waits; a phone call may come between.
	SELECT interval '10 minutes'
$$;
COMMENT ON FUNCTION muster.token_life(text) IS 'Internal: how long a token lives that a sign-in makes. Example: SELECT muster.token_life(''sign-in page'');';

CREATE OR REPLACE FUNCTION muster.identify_token(o muster.organization, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	i muster.identity;
	t record;
BEGIN
	SELECT x.account, x.organization, x.expires_at INTO t FROM muster.token x
	 WHERE p_claim ->> 'sha256' ~ '^[0-9A-Fa-f]{64}$' AND x.sha256 = decode(p_claim ->> 'sha256', 'hex');
	i.why := CASE
		WHEN NOT FOUND THEN 'unknown token'
		WHEN t.organization <> o.id THEN 'a token of another organization'
		WHEN t.expires_at <= now() THEN format('the token has expired on %s', muster.said_time(t.expires_at))
	END;
	IF i.why IS NULL THEN
		i.account := t.account;
	ELSE
		i.outcome := 'Authentication';
	END IF;
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.identify_token(muster.organization, jsonb) IS 'Internal: whom an opaque token names, which is random: to be found is the proof. Example: SELECT muster.identify_token(o, ''{"sha256": "00"}'') FROM muster.organization o;';

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
