-- Verification: does every sealed event still stand as it was sealed, and nothing between them?

CREATE OR REPLACE FUNCTION muster.verify_chain(p_seal muster.seal) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	before bytea;
	after record;
BEGIN
	IF muster.seal_head(p_seal) <> p_seal.head THEN
		RETURN NEXT 'its head is not the one of its contents: the batch was altered';
	END IF;
	SELECT x.head INTO before FROM muster.seal x WHERE x.number = p_seal.number - 1;
	IF before IS NULL AND p_seal.number = 1 THEN
		before := decode(repeat('00', 32), 'hex');
	END IF;
	IF before <> p_seal.previous THEN
		RETURN NEXT format('it does not follow batch %s: a batch was altered, replaced or reordered', p_seal.number - 1);
	END IF;
	SELECT x.until_recorded, x.until_id INTO after FROM muster.seal x
	 WHERE x.number < p_seal.number AND x.strays_of IS NULL ORDER BY x.number DESC LIMIT 1;
	IF FOUND AND (after.until_recorded, after.until_id) <> (p_seal.after_recorded, p_seal.after_id) THEN
		RETURN NEXT 'it does not begin where the one before ends';
	END IF;
END
$$;
COMMENT ON FUNCTION muster.verify_chain(muster.seal) IS 'Internal: what is wrong with a batch''s place in the chain. Example: SELECT muster.verify_chain(s) FROM muster.seal s WHERE s.number = 1;';

CREATE OR REPLACE FUNCTION muster.aged_positions(p_batch bigint) RETURNS int4multirange
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- What was aged out, without what was kept, with what was kept and released later.
	SELECT coalesce(range_agg(b.positions) FILTER (WHERE b.partition <> 'held_event'), '{}') - coalesce(range_agg(b.kept), '{}')
	       + coalesce(range_agg(b.positions) FILTER (WHERE b.partition = 'held_event'), '{}')
	  FROM muster.aged_batch b JOIN muster.aging g ON g.id = b.aging
	 WHERE b.batch = p_batch
$$;
COMMENT ON FUNCTION muster.aged_positions(bigint) IS 'Internal: the places of a batch whose events were aged out and must not be anywhere. Example: SELECT muster.aged_positions(1);';

CREATE OR REPLACE FUNCTION muster.held_digest(p_id uuid, p_form integer) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.event_digest(jsonb_populate_record(NULL::muster.event, to_jsonb(h)), p_form) FROM muster.held_event h WHERE h.id = p_id
$$;
COMMENT ON FUNCTION muster.held_digest(uuid, integer) IS 'Internal: the digest of an event that is under legal hold. Example: SELECT muster.held_digest(id, 1) FROM muster.held_event;';

CREATE OR REPLACE FUNCTION muster.stray_of_cluster(p_id uuid, p_recorded bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM muster.seal s WHERE s.strays_of IS NOT NULL AND p_id = ANY (s.ids))
	    -- not sealed yet, since the sealer has not run in this cluster
	    OR (muster.cluster_changed() AND p_recorded BETWEEN e.base AND e.base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
	    OR (coalesce(p_recorded BETWEEN e.strays_from AND e.strays_until, false) AND NOT EXISTS (SELECT FROM muster.seal s WHERE s.strays_of = e.base))
	  FROM muster.epoch() e
$$;
COMMENT ON FUNCTION muster.stray_of_cluster(uuid, bigint) IS 'Internal: whether an event lies among sealed ones because it was added in a new cluster. Example: SELECT muster.stray_of_cluster(id, recorded_in) FROM muster.event LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.verify_events(p_seal muster.seal) RETURNS TABLE (finding text, event uuid, at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
	WITH there AS (
		SELECT e.id, e.at, e.recorded_in, muster.event_digest(e, $1.form) AS digest
		  FROM muster.event e
		 WHERE $1.strays_of IS NULL AND (e.recorded_in, e.id) > ($1.after_recorded, $1.after_id)
		   AND (e.recorded_in, e.id) <= ($1.until_recorded, $1.until_id)
		UNION ALL
		SELECT e.id, e.at, e.recorded_in, muster.event_digest(e, $1.form)
		  FROM muster.event e WHERE $1.strays_of IS NOT NULL AND e.id = ANY ($1.ids)
	), differing AS MATERIALIZED (
		SELECT coalesce(l.id, t.id) AS id, t.at, t.recorded_in, l.n, l.digest AS sealed, t.digest AS found
		  FROM unnest($1.ids, $1.digests) WITH ORDINALITY l (id, digest, n) FULL JOIN there t ON t.id = l.id
		 WHERE l.digest IS DISTINCT FROM t.digest
	)
	SELECT 'added', d.id, d.at FROM differing d WHERE d.sealed IS NULL AND NOT muster.stray_of_cluster(d.id, d.recorded_in)
	UNION ALL
	SELECT 'altered', d.id, d.at FROM differing d WHERE d.sealed IS NOT NULL AND d.found IS NOT NULL
	UNION ALL
	SELECT CASE WHEN m.copy IS NOT NULL OR EXISTS (SELECT FROM muster.event e WHERE e.id = m.id) THEN 'altered' ELSE 'removed' END,
	       m.id, muster.id_time(m.id)
	  FROM (SELECT d.id, d.n, d.sealed, muster.held_digest(d.id, $1.form) AS copy FROM differing d WHERE d.found IS NULL) m,
	       (SELECT muster.aged_positions($1.number) AS aged) g
	 WHERE m.copy IS DISTINCT FROM m.sealed AND NOT (m.copy IS NULL AND g.aged @> m.n::integer)
$$;
COMMENT ON FUNCTION muster.verify_events(muster.seal) IS 'Internal: the events of a batch that are not as they were sealed: added, altered, removed. Example: SELECT v.* FROM muster.seal s, muster.verify_events(s) v WHERE s.number = 1;';

CREATE OR REPLACE FUNCTION muster.verify_batch(p_number bigint) RETURNS TABLE (finding text, event uuid, at timestamptz, what text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s muster.seal;
	f record;
	n bigint := 0;
BEGIN
	SELECT x.* INTO s FROM muster.seal x WHERE x.number = p_number;
	IF NOT FOUND THEN
		RETURN QUERY SELECT 'missing batch', NULL::uuid, NULL::timestamptz, format('batch %s is missing', p_number);
		RETURN;
	END IF;
	RETURN QUERY SELECT 'broken chain', NULL::uuid, s.sealed_at, c FROM muster.verify_chain(s) c;
	FOR f IN SELECT v.finding, v.event, v.at FROM muster.verify_events(s) v ORDER BY v.event LOOP
		n := n + 1;
		-- A lost month need not be told row by row.
		CONTINUE WHEN n > 100;
		RETURN QUERY SELECT f.finding, f.event, f.at, CASE f.finding WHEN 'added' THEN 'inserted among sealed events'
			WHEN 'altered' THEN 'not as it was sealed' ELSE 'sealed, and gone' END;
	END LOOP;
	IF n > 100 THEN
		RETURN QUERY SELECT 'more', NULL::uuid, NULL::timestamptz, format('%s further events of this batch', n - 100);
	END IF;
	RETURN QUERY SELECT 'broken aging', NULL::uuid, NULL::timestamptz, format('what was aged out with %s is not what was sealed', b.partition)
	  FROM muster.aged_batch b JOIN muster.aging g ON g.id = b.aging
	 WHERE b.batch = p_number AND b.digest IS DISTINCT FROM muster.digest_of(s.digests, b.positions);
END
$$;
COMMENT ON FUNCTION muster.verify_batch(bigint) IS 'Internal: everything that is wrong with one batch: its place in the chain, its events, what was aged out of it. Example: SELECT * FROM muster.verify_batch(1);';

CREATE OR REPLACE FUNCTION muster.digest_of(p_digests bytea[], p_positions int4multirange) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT sha256(coalesce(string_agg(u.digest, ''::bytea ORDER BY u.n), ''))
	  FROM unnest(p_digests) WITH ORDINALITY u (digest, n) WHERE p_positions @> u.n::integer
$$;
COMMENT ON FUNCTION muster.digest_of(bytea[], int4multirange) IS 'Internal: SHA-256 over the digests at those places. Example: SELECT muster.digest_of(digests, ''{[1,3)}'') FROM muster.seal WHERE number = 1;';

CREATE OR REPLACE FUNCTION muster.verify_agings() RETURNS TABLE (at timestamptz, what text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT g.aged_at, CASE
		WHEN e.id IS NULL THEN format('no event tells that %s was aged out', g.partition)
		ELSE format('aging out %s is not what its event tells', g.partition) END
	  FROM muster.aging g
	  LEFT JOIN muster.events e ON e.id = g.event AND e.kind = 'events aged'
	 WHERE e.id IS NULL OR e.details ->> 'aging' IS DISTINCT FROM g.id::text OR e.details ->> 'digest' IS DISTINCT FROM encode(g.digest, 'hex')
	    OR g.digest IS DISTINCT FROM (SELECT sha256(coalesce(string_agg(b.digest, ''::bytea ORDER BY b.batch), ''))
	                                    FROM muster.aged_batch b WHERE b.aging = g.id)
$$;
COMMENT ON FUNCTION muster.verify_agings() IS 'Internal: which agings do not agree with the event that tells of them. Example: SELECT * FROM muster.verify_agings();';

CREATE OR REPLACE FUNCTION muster.guards() RETURNS SETOF pg_trigger
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.* FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	 WHERE c.relnamespace = 'muster'::regnamespace AND (t.tgname IN ('append_only', 'no_truncate') OR t.tgname LIKE 'audit%')
$$;
COMMENT ON FUNCTION muster.guards() IS 'Internal: the triggers that keep the record and write it. Example: SELECT tgrelid::regclass, tgname, tgenabled FROM muster.guards();';

CREATE OR REPLACE FUNCTION muster.verify_audit(from_batch bigint DEFAULT 1, head text DEFAULT NULL, until_batch bigint DEFAULT NULL)
RETURNS TABLE (finding text, batch bigint, event uuid, at timestamptz, what text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	first bigint := coalesce(verify_audit.from_batch, 1);
	last bigint := coalesce(verify_audit.until_batch, (SELECT max(s.number) FROM muster.seal s), 0);
	known text := lower(btrim(verify_audit.head));
	n bigint;
	broken bigint := 0;
	checked bigint := 0;
	f record;
BEGIN
	IF first < 1 OR verify_audit.until_batch < first THEN
		RAISE EXCEPTION 'batches are numbered from 1, and these are from % to %', first, coalesce(verify_audit.until_batch::text, 'the last')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'To look: SELECT batch, events, sealed_at FROM muster.seals ORDER BY batch DESC LIMIT 10;';
	ELSIF known !~ '^[0-9a-f]{64}$' THEN
		RAISE EXCEPTION 'this is no head: "%"', left(verify_audit.head, 80)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A head is 64 hexadecimal digits, as muster.audit_head and the log of housekeeping show it.';
	END IF;
	-- One batch after the last is what comes next, nothing yet. Further on, batches were here that are gone, or never were.
	IF first > last + 1 THEN
		broken := broken + 1;
		RETURN QUERY SELECT 'missing batch', first - 1, NULL::uuid, NULL::timestamptz,
			format('batch %s is missing: %s', first - 1, CASE WHEN last = 0 THEN 'there is none' ELSE 'the last is batch ' || last END);
	END IF;
	FOR f IN SELECT l.number + 1 AS a, l.following - 1 AS z
	           FROM (SELECT s.number, lead(s.number, 1, last + 1) OVER (ORDER BY s.number) AS following
	                   FROM (SELECT first - 1 AS number UNION SELECT x.number FROM muster.seal x WHERE x.number BETWEEN first AND last) s) l
	          WHERE l.following > l.number + 1 ORDER BY 1
	LOOP
		broken := broken + 1;
		RETURN QUERY SELECT 'missing batch', f.a, NULL::uuid, NULL::timestamptz,
			CASE WHEN f.a = f.z THEN format('batch %s is missing', f.a) ELSE format('batches %s to %s are missing', f.a, f.z) END;
	END LOOP;
	FOR n IN SELECT s.number FROM muster.seal s WHERE s.number BETWEEN first AND last ORDER BY s.number LOOP
		FOR f IN SELECT v.* FROM muster.verify_batch(n) v LOOP
			broken := broken + 1;
			RETURN QUERY SELECT f.finding, n, f.event, f.at, f.what;
		END LOOP;
		checked := checked + (SELECT s.events FROM muster.seal s WHERE s.number = n);
	END LOOP;
	FOR f IN SELECT format('trigger %s of %s is disabled', g.tgname, g.tgrelid::regclass) AS what FROM muster.guards() g WHERE g.tgenabled <> 'O' LOOP
		broken := broken + 1;
		RETURN QUERY SELECT 'unguarded', NULL::bigint, NULL::uuid, NULL::timestamptz, f.what;
	END LOOP;
	FOR f IN SELECT v.* FROM muster.verify_agings() v LOOP
		broken := broken + 1;
		RETURN QUERY SELECT 'broken aging', NULL::bigint, NULL::uuid, f.at, f.what;
	END LOOP;
	IF known IS NOT NULL THEN
		SELECT s.number INTO n FROM muster.seal s WHERE encode(s.head, 'hex') = known;
		IF NOT FOUND THEN
			broken := broken + 1;
			RETURN QUERY SELECT 'unknown head', NULL::bigint, NULL::uuid, NULL::timestamptz,
				'no batch has the head you gave: the chain was cut off or made anew since you noted it';
		ELSE
			RETURN QUERY SELECT 'known head', s.number, NULL::uuid, s.sealed_at, format('the head you gave is that of batch %s', s.number)
			  FROM muster.seal s WHERE s.number = n;
		END IF;
	END IF;
	RETURN QUERY SELECT 'unsealed', NULL::bigint, NULL::uuid, h.oldest_unsealed, format('%s events are not sealed yet%s', h.unsealed,
		CASE WHEN muster.cluster_changed() THEN '; the database has moved to another cluster since' ELSE '' END)
	  FROM muster.audit_head h WHERE h.unsealed > 0 OR muster.cluster_changed();
	RETURN QUERY SELECT CASE WHEN broken = 0 THEN 'intact' ELSE 'broken' END, last, NULL::uuid, (SELECT s.sealed_at FROM muster.seal s WHERE s.number = last),
		CASE WHEN first > last + 1 THEN format('nothing was verified; there are batches up to %s', last)
		WHEN last = 0 THEN 'nothing is sealed yet'
		WHEN last < first THEN format('nothing is sealed after batch %s yet', last)
		ELSE format('batches %s to %s with %s events: %s; head of batch %s: %s', first, last, checked,
			CASE WHEN broken = 0 THEN 'all as they were sealed' ELSE broken || ' findings' END, last,
			coalesce((SELECT encode(s.head, 'hex') FROM muster.seal s WHERE s.number = last), 'missing')) END;
END
$$;
COMMENT ON FUNCTION muster.verify_audit(bigint, text, bigint) IS 'Whether the record of events stands as it was sealed. From a batch (default: the first) to a batch (default: the last), so that a long record can be checked piece by piece; head: one that you noted earlier, it must be in the chain. One row a finding: added, altered, removed (with the event), missing batch, broken chain, unknown head, broken aging, unguarded; then what is not sealed yet; the last row says intact or broken. Example: SELECT * FROM muster.verify_audit();';
