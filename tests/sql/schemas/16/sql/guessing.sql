-- Guessing of passwords costs the one who guesses, not the owner.
--
-- A wrong password is counted twice: for its name and for its network. Names of accounts and names that are nobody's are
-- counted alike, so that nobody learns which are accounts. Where an account has proven itself from a network, it is known
-- there: what is wrong from there is counted apart, and what others do elsewhere is nothing to it. When there were too
-- many, none is looked at for a while, right ones included, and each further wrong one doubles the while. Tokens and
-- certificates are no passwords, and never refused here.

CREATE OR REPLACE FUNCTION muster.home_network(p_remote inet) RETURNS cidr
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT network(set_masklen(p_remote, CASE family(p_remote) WHEN 4 THEN 32 ELSE 64 END))
$$;
COMMENT ON FUNCTION muster.home_network(inet) IS 'Internal: the network that an address is counted as: an IPv4 address itself, the first 64 bits of an IPv6 address, of which everybody at home has all. Example: SELECT muster.home_network(''2001:db8::7'');';

CREATE OR REPLACE FUNCTION muster.failure_bucket(p_key text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (hashtextextended(p_key, 7816370916) & 131071)::integer
$$;
COMMENT ON FUNCTION muster.failure_bucket(text) IS 'Internal: the bucket of muster.password_failure that something is counted in. Example: SELECT muster.failure_bucket(''example'');';

CREATE OR REPLACE FUNCTION muster.name_bucket(p_organization uuid, p_account uuid, p_user text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	-- However an account's name is written, it is one; of others that may be written in as many ways, what is left when all
	-- that may be left out is.
	SELECT muster.failure_bucket(coalesce('account ' || p_account,
		concat_ws(' ', 'name', p_organization, lower(split_part(regexp_replace(btrim(left(p_user, 320)), '^.*\\', ''), '@', 1)))))
$$;
COMMENT ON FUNCTION muster.name_bucket(uuid, uuid, text) IS 'Internal: the bucket of an account or, where there is none, of a typed name in an organization. Example: SELECT muster.name_bucket(NULL, NULL, ''ada'');';

CREATE OR REPLACE FUNCTION muster.network_bucket(p_organization uuid, p_network cidr) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT muster.failure_bucket(concat_ws(' ', 'network', p_organization, p_network))
$$;
COMMENT ON FUNCTION muster.network_bucket(uuid, cidr) IS 'Internal: the bucket of a network in an organization. Example: SELECT muster.network_bucket(NULL, ''192.0.2.7'');';

CREATE OR REPLACE FUNCTION muster.failures_left(p_failures integer, p_last timestamptz, p_quiet interval) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT coalesce(p_failures >> least(30, greatest(0, floor(extract(epoch FROM now() - p_last) / extract(epoch FROM p_quiet))))::integer, 0)
$$;
COMMENT ON FUNCTION muster.failures_left(integer, timestamptz, interval) IS 'Internal: how many of so many wrong passwords still count: half of them after each quiet time since the last, or since they were refused. Example: SELECT muster.failures_left(10, now() - interval ''2 hours'', interval ''1 hour'');';

CREATE OR REPLACE FUNCTION muster.guessing_limit_of(p_organization uuid) RETURNS muster.guessing_limit
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l muster.guessing_limit;
BEGIN
	SELECT x.* INTO l FROM muster.guessing_limit x WHERE x.organization = p_organization;
	IF NOT FOUND THEN
		l := ROW(p_organization, 10, 100, interval '4 hours', interval '1 minute', interval '1 hour', interval '90 days');
	END IF;
	RETURN l;
END
$$;
COMMENT ON FUNCTION muster.guessing_limit_of(uuid) IS 'Internal: an organization''s limits, or the defaults. Example: SELECT * FROM muster.guessing_limit_of(NULL);';

CREATE OR REPLACE FUNCTION muster.refused_until(p_failures integer, p_limit integer, p_limits muster.guessing_limit) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p_failures >= p_limit THEN now() + least(p_limits.longest_refusal, p_limits.first_refusal * power(2, least(p_failures - p_limit, 20))) END
$$;
COMMENT ON FUNCTION muster.refused_until(integer, integer, muster.guessing_limit) IS 'Internal: until when passwords are refused after so many wrong ones, NULL: not yet. Example: SELECT muster.refused_until(10, 10, muster.guessing_limit_of(NULL));';

CREATE OR REPLACE FUNCTION muster.guessing_of(p_organization uuid, p_account uuid, p_user text, p_remote inet) RETURNS muster.guessing
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l muster.guessing_limit := muster.guessing_limit_of(p_organization);
	w cidr := muster.home_network(p_remote);
	k muster.known_network;
	n muster.password_failure;
	t muster.password_failure;
	g muster.guessing;
BEGIN
	SELECT x.* INTO k FROM muster.known_network x WHERE x.account = p_account AND x.network = w AND x.last_at > now() - l.known_for;
	IF FOUND THEN
		g.refused := CASE WHEN k.refused_until > now() THEN format('not looked at until %s: %s wrong passwords for this account from network %s, which it is known from',
			muster.said_time(k.refused_until), k.failures, w) END;
		g.suspected := g.refused IS NOT NULL OR muster.failures_left(k.failures, greatest(k.failed_at, k.refused_until), l.quiet) * 2 >= l.account_failures;
		RETURN g;
	END IF;
	SELECT x.* INTO n FROM muster.password_failure x WHERE x.kind = 'name' AND x.bucket = muster.name_bucket(p_organization, p_account, p_user);
	SELECT x.* INTO t FROM muster.password_failure x WHERE x.kind = 'network' AND x.bucket = muster.network_bucket(p_organization, w);
	g.refused := CASE
		WHEN n.refused_until > now() THEN format('not looked at until %s: %s wrong passwords for this name from networks that it is not known from',
			muster.said_time(n.refused_until), n.failures)
		WHEN t.refused_until > now() AND l.network_failures IS NOT NULL THEN format('not looked at until %s: %s wrong passwords from network %s, which this name is not known from',
			muster.said_time(t.refused_until), t.failures, w)
	END;
	g.suspected := g.refused IS NOT NULL OR muster.failures_left(n.failures, greatest(n.last_at, n.refused_until), l.quiet) * 2 >= l.account_failures
		OR coalesce(muster.failures_left(t.failures, greatest(t.last_at, t.refused_until), l.quiet) * 4 >= l.network_failures, false);
	RETURN g;
END
$$;
COMMENT ON FUNCTION muster.guessing_of(uuid, uuid, text, inet) IS 'Internal: what wrong passwords before mean for one more: organization, account (NULL: none of that name), the name as typed, client address (NULL: not known). Example: SELECT * FROM muster.guessing_of(NULL, NULL, ''ada'', ''192.0.2.7'');';

CREATE OR REPLACE FUNCTION muster.decoy(p_organization uuid, p_user text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n bigint := hashtextextended(lower(p_user), 7816370917) & 1023;
	start text := chr(97 + (n / 32 % 26)::integer) || chr(97 + (n % 26)::integer);
	h text;
BEGIN
	-- Hashes that came from elsewhere take another time than ours. Some account's, always the same for a name; few are
	-- looked at, since most may have none.
	SELECT x.password_hash INTO h FROM (
		(SELECT 1 AS turn, a.upn, a.password_hash FROM muster.account a WHERE a.organization = p_organization AND a.upn >= start ORDER BY a.upn LIMIT 16)
		UNION ALL
		(SELECT 2, a.upn, a.password_hash FROM muster.account a WHERE a.organization = p_organization AND a.upn < start ORDER BY a.upn LIMIT 16)) x
	 WHERE x.password_hash IS NOT NULL ORDER BY x.turn, x.upn LIMIT 1;
	-- What stands before the digest; of bcrypt it has a fixed length.
	RETURN CASE WHEN h ~ '^[$]2' THEN left(h, 29) ELSE regexp_replace(h, '[^$]*$', '') END;
END
$$;
COMMENT ON FUNCTION muster.decoy(uuid, text) IS 'Internal: scheme, cost and salt, without the digest, of the password hash of some account of an organization: for a name that is nobody''s, so that checking takes as long as an account''s. NULL: none was found. Example: SELECT muster.decoy(id, ''nemo'') FROM muster.organization;';

CREATE OR REPLACE FUNCTION muster.guessing_by(p_identity muster.identity, p_user text, p_remote text, p_claim jsonb) RETURNS muster.guessing
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g muster.guessing;
BEGIN
	-- Typed into Windows, or on our own page.
	IF coalesce(p_claim ->> 'kind', 'password') IN ('password', 'sign-in page') THEN
		g := muster.guessing_of(p_identity.organization, p_identity.account, p_user, muster.to_inet(p_remote));
		IF NOT EXISTS (SELECT FROM muster.account a WHERE a.id = p_identity.account AND a.password_hash IS NOT NULL) THEN
			g.decoy := muster.decoy(p_identity.organization, p_user);
		END IF;
	END IF;
	RETURN g;
END
$$;
COMMENT ON FUNCTION muster.guessing_by(muster.identity, text, text, jsonb) IS 'Internal: muster.guessing_of, of a credential that is a password, with a decoy where there is none to compare it with; all NULL of every other. Example: see muster_worker.policy.';

CREATE OR REPLACE FUNCTION muster.count_failure(p_kind text, p_bucket integer, p_organization uuid, p_account uuid, p_network cidr, p_limit integer,
	p_limits muster.guessing_limit) RETURNS muster.password_failure
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	f muster.password_failure;
BEGIN
	-- What was under way when its name was refused makes nothing worse.
	INSERT INTO muster.password_failure AS x (kind, bucket, organization, account, networks, failures, refused_until)
	VALUES (p_kind, p_bucket, p_organization, p_account, array_remove(ARRAY[p_network], NULL), 1, muster.refused_until(1, p_limit, p_limits))
	ON CONFLICT (kind, bucket) DO UPDATE SET organization = p_organization, account = p_account,
		networks = (array_remove(ARRAY[p_network], NULL) || array_remove(x.networks, p_network))[1:8],
		failures = muster.failures_left(x.failures, greatest(x.last_at, x.refused_until), p_limits.quiet) + 1,
		first_at = CASE WHEN muster.failures_left(x.failures, greatest(x.last_at, x.refused_until), p_limits.quiet) = 0 THEN now() ELSE x.first_at END,
		refused = CASE WHEN muster.failures_left(x.failures, greatest(x.last_at, x.refused_until), p_limits.quiet) = 0 THEN 0 ELSE x.refused END,
		last_at = now(),
		refused_until = muster.refused_until(muster.failures_left(x.failures, greatest(x.last_at, x.refused_until), p_limits.quiet) + 1, p_limit, p_limits)
	 WHERE x.refused_until IS NULL OR x.refused_until <= now()
	RETURNING x.* INTO f;
	RETURN f;
END
$$;
COMMENT ON FUNCTION muster.count_failure(text, integer, uuid, uuid, cidr, integer, muster.guessing_limit) IS 'Internal: count a wrong password in a bucket: its row, or all NULL when that is refused already. Example: see muster_worker.count_password.';

CREATE OR REPLACE FUNCTION muster.count_refused(p_known boolean, p_account uuid, p_network cidr, p_name_bucket integer, p_network_bucket integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Whatever a flood sends, nobody waits: a row that somebody is just writing is let go uncounted.
	IF p_known THEN
		UPDATE muster.known_network x SET refused = x.refused + 1
		 WHERE (x.account, x.network) IN (SELECT y.account, y.network FROM muster.known_network y
			WHERE y.account = p_account AND y.network = p_network AND y.refused_until > now() FOR UPDATE SKIP LOCKED);
		RETURN;
	END IF;
	UPDATE muster.password_failure x SET refused = x.refused + 1
	 WHERE (x.kind, x.bucket) IN (SELECT y.kind, y.bucket FROM muster.password_failure y
		WHERE ((y.kind = 'name' AND y.bucket = p_name_bucket) OR (y.kind = 'network' AND y.bucket = p_network_bucket))
		  AND y.refused_until > now() FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION muster.count_refused(boolean, uuid, cidr, integer, integer) IS 'Internal: count a password that was not looked at, about. Example: see muster_worker.count_password.';

CREATE OR REPLACE FUNCTION muster.tell_refusal(p_organization uuid, p_account uuid, p_user text, p_remote inet, p_trace uuid, p_why text, p_failures integer,
	p_until timestamptz) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO muster.event (kind, organization, account, trace, user_name, remote, why, details)
	VALUES ('passwords refused', p_organization, p_account, p_trace, muster.cut(p_user, 320), p_remote,
		format('%s wrong passwords %s: none is looked at until %s', p_failures, p_why, muster.said_time(p_until)),
		jsonb_build_object('failures', p_failures, 'until', p_until))
$$;
COMMENT ON FUNCTION muster.tell_refusal(uuid, uuid, text, inet, uuid, text, integer, timestamptz) IS 'Internal: the event that passwords are refused from now on. Example: see muster_worker.count_password.';

CREATE OR REPLACE FUNCTION muster_worker.count_password(p_organization text, p_user text, p_account uuid, p_remote text, p_looked_at boolean, p_trace uuid)
RETURNS TABLE (counted boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o uuid := (muster.organization_for(p_organization, p_user)).id;
	its_account uuid := (SELECT a.id FROM muster.account a WHERE a.id = p_account AND a.organization = o);
	l muster.guessing_limit := muster.guessing_limit_of(o);
	address inet := muster.to_inet(p_remote);
	w cidr := muster.home_network(address);
	known boolean := EXISTS (SELECT FROM muster.known_network k WHERE k.account = its_account AND k.network = w AND k.last_at > now() - l.known_for);
	f muster.password_failure;
	k muster.known_network;
BEGIN
	IF pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN
		RETURN QUERY SELECT false;
		RETURN;
	END IF;
	-- A count is no promise to anybody: nobody waits for its commit.
	PERFORM set_config('synchronous_commit', 'off', true);
	IF NOT p_looked_at THEN
		PERFORM muster.count_refused(known, its_account, w, muster.name_bucket(o, its_account, p_user), muster.network_bucket(o, w));
		RETURN QUERY SELECT true;
		RETURN;
	END IF;
	-- In one order, name before network, so that nobody waits crosswise.
	IF known THEN
		UPDATE muster.known_network x SET failures = muster.failures_left(x.failures, greatest(x.failed_at, x.refused_until), l.quiet) + 1, failed_at = now(),
			failed_first_at = CASE WHEN muster.failures_left(x.failures, greatest(x.failed_at, x.refused_until), l.quiet) = 0 THEN now() ELSE x.failed_first_at END,
			refused = CASE WHEN muster.failures_left(x.failures, greatest(x.failed_at, x.refused_until), l.quiet) = 0 THEN 0 ELSE x.refused END,
			refused_until = muster.refused_until(muster.failures_left(x.failures, greatest(x.failed_at, x.refused_until), l.quiet) + 1, l.account_failures, l)
		 WHERE x.account = its_account AND x.network = w AND (x.refused_until IS NULL OR x.refused_until <= now())
		RETURNING x.* INTO k;
		IF k.refused_until > now() THEN
			PERFORM muster.tell_refusal(o, its_account, p_user, address, p_trace, format('for this account from network %s, which it is known from', w), k.failures, k.refused_until);
		END IF;
	ELSE
		f := muster.count_failure('name', muster.name_bucket(o, its_account, p_user), o, its_account, w, l.account_failures, l);
		-- Names that are nobody's are as many as strangers like.
		IF f.refused_until > now() AND its_account IS NOT NULL THEN
			PERFORM muster.tell_refusal(o, its_account, p_user, address, p_trace, 'for this account from networks that it is not known from', f.failures, f.refused_until);
		END IF;
	END IF;
	IF w IS NOT NULL THEN
		f := muster.count_failure('network', muster.network_bucket(o, w), o, its_account, w, l.network_failures, l);
		IF f.refused_until > now() THEN
			PERFORM muster.tell_refusal(o, NULL, NULL, address, p_trace, format('from network %s', w), f.failures, f.refused_until);
		END IF;
	END IF;
	RETURN QUERY SELECT true;
END
$$;
COMMENT ON FUNCTION muster_worker.count_password(text, text, uuid, text, boolean, uuid) IS 'A password proved nothing: count it. Organization''s key or NULL (by the user''s domain), name as typed, account or NULL, client address, whether it was looked at (a wrong one) or not (refused), trace id. False: not counted, the database is read-only. Example: SELECT * FROM muster_worker.count_password(''example'', ''ada'', NULL, ''192.0.2.7'', true, muster.new_id());';

CREATE OR REPLACE FUNCTION muster.note_success(p_organization uuid, p_account uuid, p_remote inet) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w cidr := muster.home_network(p_remote);
BEGIN
	-- The account's own count only: an account of one's own must not buy more guesses at others from the same network.
	DELETE FROM muster.password_failure f WHERE f.kind = 'name' AND f.bucket = muster.name_bucket(p_organization, p_account, NULL);
	-- Provisioning packages have no password that somebody could guess.
	IF w IS NULL OR NOT EXISTS (SELECT FROM muster.account a WHERE a.id = p_account AND a.kind = 'person') THEN
		RETURN;
	END IF;
	INSERT INTO muster.known_network AS k (organization, account, network) VALUES (p_organization, p_account, w)
	ON CONFLICT (account, network) DO UPDATE SET last_at = now(), failures = 0, refused = 0, failed_first_at = NULL, failed_at = NULL, refused_until = NULL
	 WHERE k.failed_at IS NOT NULL OR k.last_at < now() - interval '1 hour';
	DELETE FROM muster.known_network k
	 WHERE k.account = p_account AND k.network IN (SELECT x.network FROM muster.known_network x WHERE x.account = p_account ORDER BY x.last_at DESC, x.network OFFSET 20);
END
$$;
COMMENT ON FUNCTION muster.note_success(uuid, uuid, inet) IS 'Internal: an account has proven itself: its wrong passwords are forgotten, and it is known from that network. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.keep_guessing() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	forgotten bigint;
	unknown bigint;
BEGIN
	-- Longer than any limit remembers them. A piece at a time; nobody is waited for.
	DELETE FROM muster.password_failure f WHERE (f.kind, f.bucket) IN (SELECT x.kind, x.bucket FROM muster.password_failure x
		WHERE greatest(x.last_at, x.refused_until) < now() - interval '32 days' LIMIT 5000 FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	DELETE FROM muster.known_network k WHERE (k.account, k.network) IN (SELECT x.account, x.network FROM muster.known_network x
		WHERE x.last_at < now() - interval '366 days' LIMIT 5000 FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS unknown = ROW_COUNT;
	RETURN CASE WHEN forgotten + unknown > 0 THEN format('%s counts of wrong passwords and %s known networks forgotten', forgotten, unknown) END;
END
$$;
COMMENT ON FUNCTION muster.keep_guessing() IS 'Internal: housekeeping''s part about guessing; returns a line for the log, NULL: nothing was old enough. Example: SELECT muster.keep_guessing();';

-- For people.

CREATE OR REPLACE VIEW muster.password_failures WITH (security_invoker = true) AS
SELECT o.key AS organization,
       CASE WHEN f.kind = 'network' THEN 'network' WHEN f.account IS NULL THEN 'name' ELSE 'account' END AS what,
       CASE f.kind WHEN 'name' THEN a.upn END AS account,
       CASE f.kind WHEN 'network' THEN f.networks[1] END AS network,
       muster.failures_left(f.failures, greatest(f.last_at, f.refused_until), l.quiet) AS failures, f.refused, f.first_at AS since, f.last_at AS latest_at,
       CASE WHEN f.refused_until > now() THEN f.refused_until END AS refused_until, f.networks AS seen_from
  FROM muster.password_failure f
  LEFT JOIN muster.organization o ON o.id = f.organization
  LEFT JOIN muster.account a ON a.id = f.account
 CROSS JOIN LATERAL muster.guessing_limit_of(f.organization) l
 WHERE muster.failures_left(f.failures, greatest(f.last_at, f.refused_until), l.quiet) > 0 OR f.refused_until > now()
UNION ALL
SELECT o.key, 'account at a known network', a.upn, k.network, muster.failures_left(k.failures, greatest(k.failed_at, k.refused_until), l.quiet), k.refused, k.failed_first_at, k.failed_at,
       CASE WHEN k.refused_until > now() THEN k.refused_until END, ARRAY[k.network]
  FROM muster.known_network k
  JOIN muster.organization o ON o.id = k.organization
  JOIN muster.account a ON a.id = k.account
 CROSS JOIN LATERAL muster.guessing_limit_of(k.organization) l
 WHERE k.failed_at IS NOT NULL AND (muster.failures_left(k.failures, greatest(k.failed_at, k.refused_until), l.quiet) > 0 OR k.refused_until > now());
COMMENT ON VIEW muster.password_failures IS 'Wrong passwords that still count: for an account (or a name that is no account''s), or from a network; how many, how many more were not looked at, since when, and the latest networks. refused_until: none is looked at until then, see muster.lockouts. Example: SELECT organization, what, account, network, failures, latest_at FROM muster.password_failures ORDER BY failures DESC LIMIT 20;';

CREATE OR REPLACE VIEW muster.lockouts WITH (security_invoker = true) AS
SELECT f.organization, f.what, f.account, f.network, f.failures, f.refused, f.since, f.latest_at, f.refused_until, f.seen_from
  FROM muster.password_failures f WHERE f.refused_until IS NOT NULL;
COMMENT ON VIEW muster.lockouts IS 'Whose passwords are not looked at now, because too many were wrong: an account or name (but from networks that it is known from), an account at a network that it is known from, or a whole network; since when, until when, from where. To end one: muster.clear_lockout. Example: SELECT organization, what, account, network, failures, refused_until FROM muster.lockouts ORDER BY refused_until DESC;';

CREATE OR REPLACE FUNCTION muster.clear_network(p_network text, p_organization uuid) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_network cidr := muster.network(p_network);
	cleared bigint;
BEGIN
	DELETE FROM muster.password_failure f
	 WHERE f.kind = 'network' AND f.networks[1] <<= its_network AND (p_organization IS NULL OR f.organization = p_organization);
	GET DIAGNOSTICS cleared = ROW_COUNT;
	RETURN CASE WHEN cleared = 0 THEN format('no wrong password was counted for network %s', its_network)
		ELSE format('network %s: wrong passwords from there are forgotten', its_network) END;
END
$$;
COMMENT ON FUNCTION muster.clear_network(text, uuid) IS 'Internal: clear_lockout for a network. Example: see muster.clear_lockout.';

CREATE OR REPLACE FUNCTION muster.clear_lockout(upn text DEFAULT NULL, network text DEFAULT NULL, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := CASE WHEN clear_lockout.organization IS NOT NULL THEN muster.organization_id(clear_lockout.organization) END;
	its_account uuid;
	cleared bigint;
	there bigint;
BEGIN
	IF num_nulls(upn, clear_lockout.network) <> 1 THEN
		RAISE EXCEPTION 'give an account or a network'
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'SELECT muster.clear_lockout(''ada@example.test''); or: SELECT muster.clear_lockout(network => ''192.0.2.7''); to look: SELECT * FROM muster.lockouts;';
	ELSIF upn IS NULL THEN
		RETURN muster.clear_network(clear_lockout.network, owner_id);
	END IF;
	BEGIN
		its_account := muster.account_id(upn, clear_lockout.organization);
		owner_id := (SELECT a.organization FROM muster.account a WHERE a.id = its_account);
	EXCEPTION WHEN undefined_object THEN
		-- A name that is no account's yet: its organization must be told, or be its domain's.
		owner_id := coalesce(owner_id, (SELECT d.organization FROM muster.email_domain d WHERE d.domain = lower(split_part(upn, '@', 2))));
		IF owner_id IS NULL THEN
			RAISE;
		END IF;
	END;
	DELETE FROM muster.password_failure f
	 WHERE f.kind = 'name' AND f.bucket = muster.name_bucket(owner_id, its_account, upn) AND f.organization = owner_id;
	GET DIAGNOSTICS cleared = ROW_COUNT;
	UPDATE muster.known_network k SET failures = 0, refused = 0, failed_first_at = NULL, failed_at = NULL, refused_until = NULL
	 WHERE k.account = its_account AND k.failed_at IS NOT NULL;
	GET DIAGNOSTICS there = ROW_COUNT;
	RETURN format(CASE WHEN cleared + there = 0 THEN 'no wrong password was counted for %s %s' ELSE '%s %s: its wrong passwords are forgotten' END,
			CASE WHEN its_account IS NULL THEN 'the name' ELSE 'account' END, upn)
		|| coalesce((SELECT '; network ' || string_agg(l.network::text, ', ') || ' is refused still' FROM muster.lockouts l
			WHERE l.what = 'network' AND l.organization = (SELECT o.key FROM muster.organization o WHERE o.id = owner_id) HAVING count(*) > 0), '');
END
$$;
COMMENT ON FUNCTION muster.clear_lockout(text, text, text) IS 'Forget the wrong passwords for an account (or a name that is no account''s), or from a network, so that passwords are looked at again. For help desks, too; on record as "lockout removed" or, where an account is known, "known network changed". Who is refused: muster.lockouts. Example: SELECT muster.clear_lockout(''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.limit_between(p_what text, p_value interval, p_least interval, p_most interval) RETURNS interval
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_value IS NULL OR p_value NOT BETWEEN p_least AND p_most THEN
		RAISE EXCEPTION 'not usable as %: %', p_what, coalesce(p_value::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Give %s to %s.', muster.span_told(p_least), muster.span_told(p_most));
	END IF;
	RETURN p_value;
END
$$;
COMMENT ON FUNCTION muster.limit_between(text, interval, interval, interval) IS 'Internal: a time as a limit, or an error. Example: SELECT muster.limit_between(''quiet'', ''1 hour'', ''1 minute'', ''1 day'');';

CREATE OR REPLACE FUNCTION muster.span_told(p_span interval) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN n.seconds = 0 THEN 'no time'
		WHEN n.seconds % 86400 = 0 THEN n.seconds / 86400 || ' day' || CASE n.seconds WHEN 86400 THEN '' ELSE 's' END
		WHEN n.seconds % 3600 = 0 THEN n.seconds / 3600 || ' hour' || CASE n.seconds WHEN 3600 THEN '' ELSE 's' END
		WHEN n.seconds % 60 = 0 THEN n.seconds / 60 || ' minute' || CASE n.seconds WHEN 60 THEN '' ELSE 's' END
		ELSE n.seconds || ' second' || CASE n.seconds WHEN 1 THEN '' ELSE 's' END END
	  FROM (SELECT extract(epoch FROM p_span)::bigint) n (seconds)
$$;
COMMENT ON FUNCTION muster.span_told(interval) IS 'Internal: a span of time in words. Example: SELECT muster.span_told(''90 minutes'');';

CREATE OR REPLACE FUNCTION muster.guessing_told(p_limits muster.guessing_limit) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('refused from %s wrong passwords for an account and %s from a network on, for %s to %s; half forgotten in %s; accounts known from a network for %s',
		p_limits.account_failures, coalesce(p_limits.network_failures::text, 'any number'), muster.span_told(p_limits.first_refusal), muster.span_told(p_limits.longest_refusal),
		muster.span_told(p_limits.quiet), muster.span_told(p_limits.known_for))
$$;
COMMENT ON FUNCTION muster.guessing_told(muster.guessing_limit) IS 'Internal: limits in words. Example: SELECT muster.guessing_told(muster.guessing_limit_of(NULL));';

CREATE OR REPLACE FUNCTION muster.set_guessing_limits(organization text, account_failures integer DEFAULT 10, network_failures integer DEFAULT 100,
	quiet interval DEFAULT '4 hours', first_refusal interval DEFAULT '1 minute', longest_refusal interval DEFAULT '1 hour', known_for interval DEFAULT '90 days') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made muster.guessing_limit;
BEGIN
	IF account_failures IS NULL OR account_failures NOT BETWEEN 1 AND 1000 THEN
		RAISE EXCEPTION 'not usable as wrong passwords for an account: %', coalesce(account_failures::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 1000.';
	ELSIF network_failures NOT BETWEEN 1 AND 1000000 THEN
		RAISE EXCEPTION 'not usable as wrong passwords from a network: %', network_failures
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 1000000, or NULL: no network is refused.';
	ELSIF first_refusal > longest_refusal THEN
		RAISE EXCEPTION 'the first refusal of % is longer than the longest of %', muster.span_told(first_refusal), muster.span_told(longest_refusal)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a longest_refusal of at least as much.';
	END IF;
	INSERT INTO muster.guessing_limit AS l (organization, account_failures, network_failures, quiet, first_refusal, longest_refusal, known_for)
	VALUES (muster.organization_id(set_guessing_limits.organization), set_guessing_limits.account_failures, set_guessing_limits.network_failures,
		muster.limit_between('quiet', set_guessing_limits.quiet, '1 minute', '1 day'), muster.limit_between('first_refusal', set_guessing_limits.first_refusal, '1 second', '1 day'),
		muster.limit_between('longest_refusal', set_guessing_limits.longest_refusal, '1 second', '1 day'), muster.limit_between('known_for', set_guessing_limits.known_for, '0', '366 days'))
	ON CONFLICT ON CONSTRAINT guessing_limit_pkey DO UPDATE SET account_failures = excluded.account_failures, network_failures = excluded.network_failures,
		quiet = excluded.quiet, first_refusal = excluded.first_refusal, longest_refusal = excluded.longest_refusal, known_for = excluded.known_for
	RETURNING l.* INTO made;
	RETURN format('organization %s: %s', set_guessing_limits.organization, muster.guessing_told(made));
END
$$;
COMMENT ON FUNCTION muster.set_guessing_limits(text, integer, integer, interval, interval, interval, interval) IS 'Set how many wrong passwords are borne, all of it at once; what is not given is as at first: for one account or name from networks that it is not known from (and as many from each that it is known from), from one network for whatever names (NULL: no network is refused, as where all devices come from one), the quiet time in which half of them are forgotten, how long none is looked at then (doubled by each further wrong one) and how long at most, and for how long an account is known from a network that it has enrolled or signed in from. Example: SELECT muster.set_guessing_limits(''example'', account_failures => 5, network_failures => NULL);';

-- What the programs do is told by events of their own.
CREATE OR REPLACE TRIGGER audit_by_hand AFTER INSERT OR UPDATE OR DELETE ON muster.password_failure
	FOR EACH ROW WHEN (current_user <> 'muster_owner') EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_by_hand AFTER INSERT OR UPDATE OR DELETE ON muster.known_network
	FOR EACH ROW WHEN (current_user <> 'muster_owner') EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.guessing_limit
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.guessing_limit
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
