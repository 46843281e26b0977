-- Lists of revoked certificates (RFC 5280 section 5): when one is due, what stands in it, where it is fetched.

CREATE OR REPLACE FUNCTION muster.crl_times(p_authority uuid, OUT delay interval, OUT lifetime interval, OUT overlap interval)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- Issuers make those of issuing authorities; the others are made by hand, and rarely.
	SELECT coalesce(c.crl_delay, interval '1 minute'),
	       coalesce(c.crl_lifetime, CASE c.kind WHEN 'issuing' THEN interval '7 days' ELSE interval '365 days' END),
	       coalesce(c.crl_overlap, CASE c.kind WHEN 'issuing' THEN interval '3 days' ELSE interval '60 days' END)
	  FROM muster.authority c WHERE c.id = p_authority
$$;
COMMENT ON FUNCTION muster.crl_times(uuid) IS 'Internal: how long after a revocation an authority''s next list is made, how long a list is good, and how long before its end the next one is made. Example: SELECT c.name, t.* FROM muster.authority c, muster.crl_times(c.id) t;';

CREATE OR REPLACE FUNCTION muster.published_urls(p_authority uuid, OUT crl_url text, OUT ca_url text, OUT ocsp_url text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- Of one that is not stored yet, too: its certificate is signed before.
	SELECT coalesce(c.crl_url, x.publication_url || '/muster/crl/' || p_authority || '.crl'),
	       coalesce(c.ca_url, x.publication_url || '/muster/ca/' || p_authority || '.der'), c.ocsp_url
	  FROM muster.configuration x LEFT JOIN muster.authority c ON c.id = p_authority
$$;
COMMENT ON FUNCTION muster.published_urls(uuid) IS 'Internal: where certificates that an authority signs say that its list of revoked certificates, its own certificate and its OCSP responder are; NULL: they say nothing. Example: SELECT u.* FROM muster.authority c, muster.published_urls(c.id) u;';

CREATE OR REPLACE FUNCTION muster.crl_due_at(p_authority uuid) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT least(coalesce(l.next_update - t.overlap, '-infinity'),
		CASE c.kind WHEN 'issuing' THEN (SELECT min(x.revoked_at) FROM muster.certificate x WHERE x.authority = c.id AND x.revoked_at IS NOT NULL AND x.crl_number IS NULL)
			ELSE (SELECT min(x.revoked_at) FROM muster.authority x WHERE x.parent = c.id AND x.revoked_at > coalesce(l.made_at, '-infinity')) END + t.delay)
	  FROM muster.authority c CROSS JOIN LATERAL muster.crl_times(c.id) t LEFT JOIN muster.crl l ON l.authority = c.id WHERE c.id = p_authority
$$;
COMMENT ON FUNCTION muster.crl_due_at(uuid) IS 'Internal: when an authority''s next list is to be made: its delay after the first revocation that stands in none, or its overlap before the end of the last one. Example: SELECT c.name, muster.crl_due_at(c.id) FROM muster.authority c;';

CREATE OR REPLACE FUNCTION muster.begin_crl(p_authority uuid, p_only_due boolean DEFAULT false)
RETURNS TABLE (number bigint, this_update bigint, next_update bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	c muster.authority;
	l muster.crl;
	begins timestamptz;
	ends timestamptz;
	this_number bigint;
BEGIN
	-- One of all issuers, and muster-ca: until the transaction ends, in which the list is stored. Who is killed lets go.
	IF p_only_due AND NOT pg_try_advisory_xact_lock(hashtextextended(p_authority::text, 7816370922)) THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended(p_authority::text, 7816370922));
	-- Signing a long list takes longer than a program may be idle in a transaction.
	PERFORM set_config('idle_in_transaction_session_timeout', '5min', true);
	SELECT x.* INTO c FROM muster.authority x WHERE x.id = p_authority;
	SELECT x.* INTO l FROM muster.crl x WHERE x.authority = p_authority;
	IF c.id IS NULL OR (p_only_due AND muster.crl_due_at(c.id) > now()) THEN
		RETURN;
	END IF;
	this_number := coalesce(l.number, 0) + 1;
	-- Web servers whose clocks are a little slow must not find it in the future: they would refuse everybody.
	begins := greatest(now() - interval '10 minutes', c.not_before, l.this_update);
	ends := least(now() + (muster.crl_times(c.id)).lifetime, c.not_after);
	IF ends <= now() THEN
		RAISE EXCEPTION 'authority "%" has ended: it signs no list any more', c.name
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Nothing that it signed is good any more.';
	END IF;
	-- What is revoked from here on has no number, and is the next list's.
	UPDATE muster.certificate x SET crl_number = this_number WHERE x.authority = p_authority AND x.revoked_at IS NOT NULL AND x.crl_number IS NULL;
	RETURN QUERY SELECT this_number, floor(extract(epoch FROM begins))::bigint, floor(extract(epoch FROM ends))::bigint;
END
$$;
COMMENT ON FUNCTION muster.begin_crl(uuid, boolean) IS 'Internal: begin an authority''s next list, in a transaction that muster.store_crl is called in, too: its number, thisUpdate and nextUpdate (seconds since 1970). Others wait for it; with p_only_due there is no row if somebody is at it or it is not due. Runs as its owner: it numbers the certificates that stand in a list first. Example: see muster-ca publish.';

CREATE OR REPLACE FUNCTION muster.crl_entries(p_authority uuid, p_after bytea DEFAULT NULL, p_limit integer DEFAULT 10000)
RETURNS TABLE (serial bytea, revoked_at bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- One that has ended leaves after a list that was made beyond its end had it (RFC 5280 section 3.3).
	SELECT x.serial, floor(extract(epoch FROM x.revoked_at))::bigint
	  FROM muster.certificate x LEFT JOIN muster.crl l ON l.authority = x.authority
	 WHERE x.authority = p_authority AND x.revoked_at IS NOT NULL AND x.crl_number IS NOT NULL AND x.serial > coalesce(p_after, '')
	   AND (x.not_after >= l.this_update OR x.crl_number > coalesce(l.number, 0))
	 ORDER BY x.serial LIMIT p_limit
$$;
COMMENT ON FUNCTION muster.crl_entries(uuid, bytea, integer) IS 'Internal: the devices'' certificates in the list that was begun, by serial number, so many at once, those after the one given. Example: see muster-ca publish.';

CREATE OR REPLACE FUNCTION muster.store_crl(p_authority uuid, p_number bigint, p_this_update bigint, p_next_update bigint, p_entries integer, p_der bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c muster.authority;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended(p_authority::text, 7816370922));
	INSERT INTO muster.crl AS l (authority, number, der, sha256, entries, this_update, next_update, made_at)
	VALUES (p_authority, p_number, p_der, sha256(p_der), p_entries, to_timestamp(p_this_update), to_timestamp(p_next_update), clock_timestamp())
	ON CONFLICT (authority) DO UPDATE SET number = excluded.number, der = excluded.der, sha256 = excluded.sha256, entries = excluded.entries,
		this_update = excluded.this_update, next_update = excluded.next_update, made_at = excluded.made_at
	 WHERE l.number < excluded.number;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	SELECT x.* INTO c FROM muster.authority x WHERE x.id = p_authority;
	INSERT INTO muster.event (kind, actor, actor_role, details)
	VALUES ('crl published', session_user, muster.actor_role(), jsonb_build_object('authority', c.id, 'name', c.name, 'number', p_number, 'entries', p_entries,
		'next_update', to_timestamp(p_next_update), 'sha256', encode(sha256(p_der), 'hex')));
	RETURN true;
END
$$;
COMMENT ON FUNCTION muster.store_crl(uuid, bigint, bigint, bigint, integer, bytea) IS 'Internal: store an authority''s new list (DER), with its number, thisUpdate and nextUpdate (seconds since 1970) and how many entries it has. False: there is one with this number or a higher one already. Runs as its owner. Example: see muster-ca publish.';

-- What issuers call.

CREATE OR REPLACE FUNCTION muster_issuer.publications()
RETURNS TABLE (authority uuid, crl_url text, ca_url text, ocsp_url text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.id, u.crl_url, u.ca_url, u.ocsp_url FROM muster.authority c CROSS JOIN LATERAL muster.published_urls(c.id) u
	 WHERE c.kind = 'issuing' AND num_nonnulls(u.crl_url, u.ca_url, u.ocsp_url) > 0
$$;
COMMENT ON FUNCTION muster_issuer.publications() IS 'What the certificates that an authority signs say of lists, its certificate and its responder. Example: SELECT * FROM muster_issuer.publications();';

CREATE OR REPLACE FUNCTION muster_issuer.crl_due()
RETURNS TABLE (authority uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT s.id FROM (SELECT c.id, muster.crl_due_at(c.id) AS at FROM muster.authority c WHERE c.kind = 'issuing' AND c.not_after > now()) s
	 WHERE s.at <= now() AND NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'
	 ORDER BY s.at, s.id LIMIT 16
$$;
COMMENT ON FUNCTION muster_issuer.crl_due() IS 'The issuing authorities whose next list is to be made now, the most urgent first. Example: SELECT * FROM muster_issuer.crl_due();';

CREATE OR REPLACE FUNCTION muster_issuer.begin_crl(p_authority uuid)
RETURNS TABLE (number bigint, this_update bigint, next_update bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT b.number, b.this_update, b.next_update FROM muster.begin_crl(p_authority, true) b
$$;
COMMENT ON FUNCTION muster_issuer.begin_crl(uuid) IS 'Begin an authority''s next list, in a transaction that store_crl is called in, too. No row: another issuer is at it, or was faster. Example: see the programs.';

CREATE OR REPLACE FUNCTION muster_issuer.crl_entries(p_authority uuid, p_after bytea)
RETURNS TABLE (serial bytea, revoked_at bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT e.serial, e.revoked_at FROM muster.crl_entries(p_authority, p_after) e
$$;
COMMENT ON FUNCTION muster_issuer.crl_entries(uuid, bytea) IS 'The entries of the list that was begun, 10,000 at once, after the serial number given (NULL: the first ones). Example: see the programs.';

CREATE OR REPLACE FUNCTION muster_issuer.store_crl(p_authority uuid, p_number bigint, p_this_update bigint, p_next_update bigint, p_entries integer, p_der bytea)
RETURNS TABLE (stored boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.store_crl(p_authority, p_number, p_this_update, p_next_update, p_entries, p_der)
$$;
COMMENT ON FUNCTION muster_issuer.store_crl(uuid, bigint, bigint, bigint, integer, bytea) IS 'Store the list that was begun, signed. False: another of its number is there. Example: see the programs.';

-- What workers call: what is published is anybody's to read.

CREATE OR REPLACE FUNCTION muster_worker.crl(p_authority uuid)
RETURNS TABLE (sha256 bytea, size integer, made_at bigint, max_age integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	-- Kept by others no longer than a revocation may take to be in it, nor beyond its end.
	SELECT l.sha256, octet_length(l.der), floor(extract(epoch FROM l.made_at))::bigint,
	       floor(extract(epoch FROM greatest(interval '0', least((muster.crl_times(c.id)).delay, l.next_update - now()))))::integer
	  FROM muster.crl l JOIN muster.authority c ON c.id = l.authority WHERE l.authority = p_authority
$$;
COMMENT ON FUNCTION muster_worker.crl(uuid) IS 'An authority''s list of revoked certificates as it is served: its SHA-256, size, when it was made (seconds since 1970), and for how many seconds others may keep it. No row: there is none. Example: SELECT * FROM muster_worker.crl(''0198f0c2-0000-7000-8000-000000000000'');';

CREATE OR REPLACE FUNCTION muster_worker.crl_piece(p_authority uuid, p_sha256 bytea, p_from integer, p_size integer)
RETURNS TABLE (piece bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT substring(l.der FROM p_from + 1 FOR least(p_size, 1048576)) FROM muster.crl l WHERE l.authority = p_authority AND l.sha256 = p_sha256
$$;
COMMENT ON FUNCTION muster_worker.crl_piece(uuid, bytea, integer, integer) IS 'A piece of that list, so many bytes from there. No row: it has been replaced meanwhile. Example: see the programs.';

CREATE OR REPLACE FUNCTION muster_worker.chain(p_key text)
RETURNS TABLE (certificate bytea, changed_at bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE chosen AS (
		-- An organization's own, which changes with its authority; or any authority's.
		SELECT o.authority AS id, greatest(x.changed_at, c.created_at) AS at
		  FROM muster.organization o JOIN muster.authority c ON c.id = o.authority CROSS JOIN muster.configuration x WHERE o.key = p_key
		UNION ALL
		SELECT c.id, c.created_at FROM muster.authority c WHERE c.id = muster.to_guid(p_key)
	), chain AS (
		SELECT 0 AS place, c.id, c.parent, c.certificate, s.at FROM (SELECT * FROM chosen LIMIT 1) s JOIN muster.authority c ON c.id = s.id
		UNION ALL
		SELECT t.place + 1, c.id, c.parent, c.certificate, t.at FROM chain t JOIN muster.authority c ON c.id = t.parent WHERE t.place < 16
	)
	SELECT t.certificate, floor(extract(epoch FROM t.at))::bigint FROM chain t ORDER BY t.place
$$;
COMMENT ON FUNCTION muster_worker.chain(text) IS 'The certificates (DER) of an authority, by its id or by the key of the organization that it signs for, and of those above it, up to the root; and when that was last changed, in seconds since 1970. No row: there is none. Example: SELECT octet_length(certificate) FROM muster_worker.chain(''example'');';

-- What administrators call.

CREATE OR REPLACE FUNCTION muster.http_url(url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := btrim(url);
BEGIN
	IF clean IS NOT NULL AND (clean !~ '^http://[A-Za-z0-9._:-]+(/[A-Za-z0-9._~:/?#!$&''()*+,;=%@-]*)?$' OR length(clean) > 1024) THEN
		RAISE EXCEPTION 'not usable as the URL of something published: %', quote_literal(left(url, 200))
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'Give http://host[:port]/path. Not https: who checks a certificate would have to check that host''s certificate first (RFC 5280 section 8).';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.http_url(text) IS 'Internal: a URL that certificates can name, or an error. Example: SELECT muster.http_url(''http://pki.example.test/example.crl'');';

CREATE OR REPLACE FUNCTION muster.set_publication_url(url text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := lower(rtrim(btrim(set_publication_url.url), '/'));
BEGIN
	IF clean !~ '^http://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$' THEN
		RAISE EXCEPTION 'not usable as the host where lists are published: %', quote_literal(left(set_publication_url.url, 200))
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'Give http://host or http://host:port, without a path. Not https: who checks a certificate would have to check that host''s certificate first (RFC 5280 section 8).';
	END IF;
	UPDATE muster.configuration SET publication_url = clean;
	RETURN coalesce(format('certificates issued from now on say that lists of revoked certificates are at %s/muster/crl/', clean), 'certificates issued from now on do not say where lists are');
END
$$;
COMMENT ON FUNCTION muster.set_publication_url(text) IS 'Say on which host lists of revoked certificates and authorities'' certificates are published, in the clear: the web server hands /muster/crl/ and /muster/ca/ on port 80 to Muster. New certificates name it (CRL distribution point, authority information access); those issued before stay as they are, so set it before muster-ca init. NULL: they name nothing. One authority''s own: muster.set_authority_urls. Example: SELECT muster.set_publication_url(''http://enroll.example.test'');';

CREATE OR REPLACE FUNCTION muster.set_authority_urls(authority text, crl_url text DEFAULT NULL, ca_url text DEFAULT NULL, ocsp_url text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.authority_id(set_authority_urls.authority);
	u record;
BEGIN
	UPDATE muster.authority c SET crl_url = muster.http_url(set_authority_urls.crl_url), ca_url = muster.http_url(set_authority_urls.ca_url),
		ocsp_url = muster.http_url(set_authority_urls.ocsp_url)
	 WHERE c.id = its_id;
	SELECT x.* INTO u FROM muster.published_urls(its_id) x;
	RETURN format('certificates that "%s" signs from now on name as its list %s, as its certificate %s, as its responder %s', set_authority_urls.authority,
		coalesce(u.crl_url, 'nothing'), coalesce(u.ca_url, 'nothing'), coalesce(u.ocsp_url, 'nothing'));
END
$$;
COMMENT ON FUNCTION muster.set_authority_urls(text, text, text, text) IS 'Say where one authority''s list of revoked certificates, its certificate and its OCSP responder are, if not where the installation publishes (NULL): on another host, say, that copies them. Only certificates issued from now on name them. Example: SELECT muster.set_authority_urls(''Example issuing'', crl_url => ''http://pki.example.test/issuing.crl'', ocsp_url => ''http://ocsp.example.test'');';

CREATE OR REPLACE FUNCTION muster.set_crl(authority text, delay interval DEFAULT NULL, lifetime interval DEFAULT NULL, overlap interval DEFAULT NULL, entries integer DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.authority_id(set_crl.authority);
	t record;
BEGIN
	IF set_crl.delay NOT BETWEEN interval '0' AND interval '1 day' OR set_crl.lifetime NOT BETWEEN interval '10 minutes' AND interval '3 years'
		OR set_crl.overlap < interval '0' OR set_crl.entries <= 0 THEN
		RAISE EXCEPTION 'times or a limit that no list can have'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'The delay is at most 1 day, the lifetime 10 minutes to 3 years, the overlap not negative, the entries at least 1.';
	END IF;
	UPDATE muster.authority c SET crl_delay = set_crl.delay, crl_lifetime = set_crl.lifetime, crl_overlap = set_crl.overlap, crl_limit = set_crl.entries
	 WHERE c.id = its_id;
	SELECT x.*, c.name, coalesce(c.crl_limit, 5000) AS entries INTO t FROM muster.authority c CROSS JOIN LATERAL muster.crl_times(c.id) x WHERE c.id = its_id;
	IF t.overlap >= t.lifetime THEN
		RAISE EXCEPTION 'a list that is good for % cannot be succeeded % before its end', t.lifetime, t.overlap
			USING ERRCODE = 'invalid_parameter_value', HINT = 'The overlap must be shorter than the lifetime.';
	END IF;
	RETURN format('authority "%s": a list is made %s after a revocation, and %s before the end of the last one; each is good for %s', t.name, t.delay, t.overlap, t.lifetime);
END
$$;
COMMENT ON FUNCTION muster.set_crl(text, interval, interval, interval, integer) IS 'Set when an authority''s lists of revoked certificates are made: the delay after a revocation (1 minute), how long a list is good (7 days; of a root 365 days), how long before its end the next one is made (3 days; of a root 60), and with how many entries it is too large, so that new devices should go to a further authority (5000). What is left out becomes what stands in brackets. Example: SELECT muster.set_crl(''Example issuing'', delay => ''5 minutes'', lifetime => ''2 days'', overlap => ''1 day'');';

CREATE OR REPLACE FUNCTION muster.authority_full(authority uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce((SELECT l.entries > coalesce(c.crl_limit, 5000) FROM muster.crl l JOIN muster.authority c ON c.id = l.authority WHERE l.authority = $1), false)
$$;
COMMENT ON FUNCTION muster.authority_full(uuid) IS 'Whether an authority''s list of revoked certificates has grown beyond its limit (muster.set_crl), so that new devices should go to a further authority. Example: SELECT c.name FROM muster.authority c WHERE muster.authority_full(c.id);';

CREATE OR REPLACE VIEW muster.crls WITH (security_invoker = true) AS
SELECT c.name AS authority, c.kind, l.number, l.entries, coalesce(c.crl_limit, 5000) AS "limit", octet_length(l.der) AS size, l.this_update, l.next_update, l.made_at,
       CASE WHEN c.not_after <= now() THEN 'the authority has ended'
            WHEN l.authority IS NULL THEN 'none made yet'
            WHEN l.next_update <= now() THEN 'ended: verifiers refuse everybody'
            WHEN muster.crl_due_at(c.id) <= now() THEN 'due'
            ELSE 'good' END AS state,
       CASE WHEN c.not_after > now() THEN muster.crl_due_at(c.id) END AS due_at, u.crl_url, c.revoked_at, c.id
  FROM muster.authority c LEFT JOIN muster.crl l ON l.authority = c.id CROSS JOIN LATERAL muster.published_urls(c.id) u;
COMMENT ON VIEW muster.crls IS 'Each authority''s newest list of revoked certificates: how many it has, until when it is good, when the next one is due, and where certificates say that it is. Issuers make those of issuing authorities, muster-ca publish those of roots. Example: SELECT authority, number, entries, next_update, state FROM muster.crls;';

CREATE OR REPLACE VIEW muster.revocations WITH (security_invoker = true) AS
SELECT c.revoked_at, o.key AS organization, a.upn AS account, d.name AS device_name, c.revocation_reason AS reason, c.revocation_note AS note,
       encode(c.serial, 'hex') AS serial, t.name AS authority, c.crl_number, l.number IS NOT NULL AS listed, c.not_after, c.device, encode(c.sha256, 'hex') AS sha256
  FROM muster.certificate c
  JOIN muster.device d ON d.id = c.device
  JOIN muster.account a ON a.id = d.account
  JOIN muster.organization o ON o.id = c.organization
  JOIN muster.authority t ON t.id = c.authority
  LEFT JOIN muster.crl l ON l.authority = c.authority AND l.number >= c.crl_number AND c.not_after >= l.this_update
 WHERE c.revoked_at IS NOT NULL;
COMMENT ON VIEW muster.revocations IS 'Devices'' certificates that were revoked, why, and whether the newest list has them; crl_number is the first list that had. The reason stands in no list: it is ours. Example: SELECT revoked_at, account, device_name, reason, note, listed FROM muster.revocations ORDER BY revoked_at DESC LIMIT 20;';

CREATE OR REPLACE VIEW muster.ocsp_status WITH (security_invoker = true) AS
SELECT t.name AS authority, upper(encode(c.serial, 'hex')) AS serial,
       CASE WHEN c.revoked_at IS NOT NULL OR t.revoked_at IS NOT NULL THEN 'revoked' WHEN c.not_after <= now() THEN 'expired' ELSE 'good' END AS status,
       coalesce(c.revoked_at, t.revoked_at) AS revoked_at, c.not_after, c.device AS common_name, c.authority AS authority_id
  FROM muster.certificate c JOIN muster.authority t ON t.id = c.authority;
COMMENT ON VIEW muster.ocsp_status IS 'What an OCSP responder is to answer: each certificate''s serial number (hexadecimal) and status. For OpenSSL''s responder: muster-ca index. Example: SELECT serial, status, revoked_at FROM muster.ocsp_status WHERE authority = ''Example issuing'' AND not_after > now() LIMIT 20;';

-- For an OCSP responder of somebody else's.

CREATE OR REPLACE FUNCTION muster.asn1_time(p_at timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT to_char(p_at AT TIME ZONE 'UTC', CASE WHEN p_at < '2050-01-01 UTC' THEN 'YYMMDDHH24MISS"Z"' ELSE 'YYYYMMDDHH24MISS"Z"' END)
$$;
COMMENT ON FUNCTION muster.asn1_time(timestamptz) IS 'Internal: a time as certificates and OpenSSL''s index have it (RFC 5280 section 4.1.2.5). Example: SELECT muster.asn1_time(now());';

CREATE OR REPLACE FUNCTION muster.ocsp_index(p_authority uuid, p_after bytea DEFAULT NULL, p_limit integer DEFAULT 10000) RETURNS TABLE (line text, serial bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- OpenSSL demands that subjects differ, and a device keeps its own over renewals. Of what has ended nobody asks.
	SELECT concat_ws(E'\t', CASE WHEN r.at IS NULL THEN 'V' ELSE 'R' END, muster.asn1_time(c.not_after), coalesce(muster.asn1_time(r.at), ''),
		upper(encode(c.serial, 'hex')), 'unknown', format('/serialNumber=%s/CN=%s', upper(encode(c.serial, 'hex')), c.device)), c.serial
	  FROM muster.certificate c JOIN muster.authority t ON t.id = c.authority CROSS JOIN LATERAL (SELECT coalesce(c.revoked_at, t.revoked_at) AS at) r
	 WHERE c.authority = p_authority AND c.serial > coalesce(p_after, '') AND c.not_after > now()
	 ORDER BY c.serial LIMIT p_limit
$$;
COMMENT ON FUNCTION muster.ocsp_index(uuid, bytea, integer) IS 'Internal: lines of OpenSSL''s index.txt about the certificates of an authority that have not ended, by serial number, so many at once, those after the one given. Example: SELECT line FROM muster.ocsp_index(muster.authority_id(''Example issuing''));';

CREATE OR REPLACE FUNCTION muster.tell_responder(p_authority uuid, p_certificate bytea) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.tell('responder certified', jsonb_build_object('authority', c.id, 'name', c.name, 'sha256', encode(sha256(p_certificate), 'hex'),
		'certificate', encode(p_certificate, 'base64')))
	  FROM muster.authority c WHERE c.id = p_authority
$$;
COMMENT ON FUNCTION muster.tell_responder(uuid, bytea) IS 'Internal: record that an authority certified an OCSP responder, with the certificate (DER). Runs as its owner. Example: see muster-ca responder.';
