-- Sealing: one sealer hash-chains batches of finished events, so that whatever happens to them later shows.
--
-- Which events are finished is told by PostgreSQL's own snapshot: every transaction below its xmin has ended, and
-- all it did is seen. Each event carries its transaction's number (recorded_in); a batch takes the next ones in the
-- order of (recorded_in, id), all below xmin. An event of a transaction that commits late has a number above the
-- xmin of every batch sealed meanwhile: it comes into a later batch, and none is forgotten or sealed twice.

CREATE OR REPLACE FUNCTION muster.micros(p_at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT (extract(epoch FROM p_at) * 1000000)::bigint
$$;
COMMENT ON FUNCTION muster.micros(timestamptz) IS 'Internal: a moment as microseconds since 1970 (UTC), whatever the session''s settings. Example: SELECT muster.micros(now());';

CREATE OR REPLACE FUNCTION muster.event_form(p_event muster.event, p_form integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	-- A form is never changed; columns added to events later need a further one.
	SELECT CASE p_form WHEN 1 THEN jsonb_build_array(1, p_event.id, muster.micros(p_event.at), p_event.kind, p_event.organization,
		p_event.account, p_event.device, p_event.trace, p_event.attempt, p_event.stage, p_event.outcome, p_event.why,
		p_event.user_name, text(p_event.remote), p_event.actor, p_event.actor_role, p_event.details, p_event.recorded_in)::text END
$$;
COMMENT ON FUNCTION muster.event_form(muster.event, integer) IS 'Internal: an event as one text, the same whatever the session''s settings and wherever the database moves. Form 1 is a JSON array as PostgreSQL prints jsonb (", " between elements, ": " after a name, names of objects by length and then by bytes, numbers with the digits they were given): 1, id, at in microseconds since 1970, kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote with its prefix length, actor, actor_role, details, recorded_in. Example: SELECT muster.event_form(e, 1) FROM muster.event e LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.event_digest(p_event muster.event, p_form integer) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT sha256(convert_to(muster.event_form(p_event, p_form), 'UTF8'))
$$;
COMMENT ON FUNCTION muster.event_digest(muster.event, integer) IS 'Internal: SHA-256 of an event''s form in UTF-8. Example: SELECT encode(muster.event_digest(e, 1), ''hex'') FROM muster.event e LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.seal_head(p_seal muster.seal) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT sha256(convert_to(jsonb_build_array(p_seal.form, p_seal.number, p_seal.strays_of, p_seal.after_recorded, p_seal.after_id,
		p_seal.until_recorded, p_seal.until_id, p_seal.events, muster.micros(p_seal.first_at), muster.micros(p_seal.last_at),
		encode(p_seal.previous, 'hex'), muster.micros(p_seal.sealed_at), p_seal.sealed_by,
		encode((SELECT sha256(coalesce(string_agg(uuid_send(u.id) || u.digest, ''::bytea ORDER BY u.n), ''))
			  FROM unnest(p_seal.ids, p_seal.digests) WITH ORDINALITY u (id, digest, n)), 'hex'))::text, 'UTF8'))
$$;
COMMENT ON FUNCTION muster.seal_head(muster.seal) IS 'Internal: the head that a batch must have: SHA-256 of a JSON array (as in muster.event_form) of form, number, strays_of, after_recorded, after_id, until_recorded, until_id, events, first_at, last_at, previous, sealed_at, sealed_by, and the SHA-256 of each id (16 bytes) followed by its digest (32 bytes), in order; times as microseconds since 1970, digests in lower case hex. Example: SELECT s.head = muster.seal_head(s) FROM muster.seal s WHERE s.number = 1;';

CREATE OR REPLACE FUNCTION muster.epoch() RETURNS muster.seal_epoch
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT e FROM muster.seal_epoch e ORDER BY e.base DESC LIMIT 1
$$;
COMMENT ON FUNCTION muster.epoch() IS 'Internal: the epoch that counts now. Example: SELECT * FROM muster.epoch();';

CREATE OR REPLACE FUNCTION muster.sealed_until(OUT recorded bigint, OUT id uuid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT s.until_recorded, s.until_id INTO recorded, id FROM muster.seal s WHERE s.strays_of IS NULL ORDER BY s.number DESC LIMIT 1;
	IF NOT FOUND THEN
		recorded := 0;
		id := '00000000-0000-0000-0000-000000000000';
	END IF;
END
$$;
COMMENT ON FUNCTION muster.sealed_until() IS 'Internal: the last event of the last batch, as (recorded_in, id). Example: SELECT * FROM muster.sealed_until();';

CREATE OR REPLACE FUNCTION muster.cluster_changed() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT e.cluster <> c.system_identifier OR e.base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint < u.recorded
	  FROM muster.epoch() e, pg_control_system() c, muster.sealed_until() u
$$;
COMMENT ON FUNCTION muster.cluster_changed() IS 'Internal: whether the database is in another cluster, with other transaction numbers, than the sealer last saw. Example: SELECT muster.cluster_changed();';

CREATE OR REPLACE FUNCTION muster.begin_epoch() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
	earlier muster.seal_epoch := muster.epoch();
	highest bigint;
	base bigint;
BEGIN
	-- Waits for all who are adding events under the old numbers, so that afterwards none of those is to come.
	LOCK TABLE muster.event IN ACCESS EXCLUSIVE MODE;
	highest := earlier.base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
	SELECT 1 + greatest(highest, max(e.recorded_in), (muster.sealed_until()).recorded) INTO base FROM muster.event e;
	EXECUTE format('ALTER TABLE muster.event ALTER COLUMN recorded_in SET DEFAULT pg_current_xact_id()::text::bigint + %s', base);
	INSERT INTO muster.seal_epoch (base, cluster, strays_from, strays_until)
	SELECT base, c.system_identifier, earlier.base, highest FROM pg_control_system() c;
END
$$;
COMMENT ON FUNCTION muster.begin_epoch() IS 'Internal: lift the numbers of muster.event.recorded_in above all that there are. Blocks writers until the transaction''s end, so that the caller does nothing else in it. Example: see muster.seal_events.';

CREATE OR REPLACE FUNCTION muster.add_seal(p_seal muster.seal) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s muster.seal := p_seal;
	last record;
BEGIN
	SELECT x.number, x.head INTO last FROM muster.seal x ORDER BY x.number DESC LIMIT 1;
	s.number := coalesce(last.number, 0) + 1;
	s.previous := coalesce(last.head, decode(repeat('00', 32), 'hex'));
	s.form := 1;
	s.events := cardinality(s.ids);
	s.sealed_at := clock_timestamp();
	s.sealed_by := session_user;
	s.head := muster.seal_head(s);
	INSERT INTO muster.seal SELECT s.*;
END
$$;
COMMENT ON FUNCTION muster.add_seal(muster.seal) IS 'Internal: add a batch, given its events, at the end of the chain. Example: see muster.seal_batch.';

CREATE OR REPLACE FUNCTION muster.seal_batch(p_before bigint) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
DECLARE
	after record := muster.sealed_until();
	s muster.seal;
BEGIN
	SELECT array_agg(n.id), array_agg(n.digest), max(n.recorded_in), min(n.at), max(n.at)
	  INTO s.ids, s.digests, s.until_recorded, s.first_at, s.last_at
	  FROM (SELECT e.id, e.at, e.recorded_in, muster.event_digest(e, 1) AS digest
	          FROM muster.event e
	         WHERE (e.recorded_in, e.id) > (after.recorded, after.id) AND e.recorded_in < p_before
	         ORDER BY e.recorded_in, e.id LIMIT 10000) n;
	IF s.ids IS NULL THEN
		RETURN 0;
	END IF;
	s.after_recorded := after.recorded;
	s.after_id := after.id;
	s.until_id := s.ids[cardinality(s.ids)];
	PERFORM muster.add_seal(s);
	RETURN cardinality(s.ids);
END
$$;
COMMENT ON FUNCTION muster.seal_batch(bigint) IS 'Internal: seal the next ten thousand events, or as many as there are, of transactions below that number; returns how many. Example: see muster.seal_events.';

CREATE OR REPLACE FUNCTION muster.seal_strays() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	epoch muster.seal_epoch := muster.epoch();
	after record := muster.sealed_until();
	s muster.seal;
BEGIN
	IF epoch.strays_from IS NULL OR EXISTS (SELECT FROM muster.seal x WHERE x.strays_of = epoch.base) THEN
		RETURN 0;
	END IF;
	-- Events with numbers of the new cluster that lie where the old one's have been sealed.
	SELECT coalesce(array_agg(n.id), '{}'), coalesce(array_agg(n.digest), '{}'), min(n.at), max(n.at)
	  INTO s.ids, s.digests, s.first_at, s.last_at
	  FROM (SELECT e.id, e.at, muster.event_digest(e, 1) AS digest
	          FROM muster.event e
	         WHERE e.recorded_in BETWEEN epoch.strays_from AND epoch.strays_until
	           AND (e.recorded_in, e.id) <= (after.recorded, after.id)
	           AND NOT EXISTS (SELECT FROM (SELECT unnest(x.ids) AS id FROM muster.seal x WHERE x.strays_of IS NOT NULL
	                 OR (x.after_recorded <= epoch.strays_until AND x.until_recorded >= epoch.strays_from)) l WHERE l.id = e.id)
	         ORDER BY e.recorded_in, e.id) n;
	s.strays_of := epoch.base;
	s.after_recorded := after.recorded;
	s.after_id := after.id;
	s.until_recorded := after.recorded;
	s.until_id := after.id;
	PERFORM muster.add_seal(s);
	RETURN cardinality(s.ids);
END
$$;
COMMENT ON FUNCTION muster.seal_strays() IS 'Internal: seal what was added in a new cluster before the sealer knew of it, once an epoch; returns how many events. Example: see muster.seal_events.';

CREATE OR REPLACE FUNCTION muster.seal_pending(p_deadline timestamptz, OUT sealed bigint, OUT more boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	base bigint := (muster.epoch()).base;
	-- Every transaction below this has ended, and what it added is seen by the statements to come.
	finished bigint := base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
	n integer;
BEGIN
	sealed := muster.seal_strays();
	more := false;
	LOOP
		IF clock_timestamp() >= p_deadline THEN
			more := true;
			RETURN;
		END IF;
		n := muster.seal_batch(finished);
		EXIT WHEN n = 0;
		sealed := sealed + n;
	END LOOP;
END
$$;
COMMENT ON FUNCTION muster.seal_pending(timestamptz) IS 'Internal: seal what is finished now, until that moment (NULL: however long it takes); returns how many events, and whether more may be waiting. Example: see muster.seal_events.';

CREATE OR REPLACE FUNCTION muster.seal_events() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n bigint;
	h record;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'sealing needs the isolation level read committed, this is %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state', HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED;';
	END IF;
	PERFORM pg_advisory_xact_lock(7816370913);
	IF muster.cluster_changed() THEN
		PERFORM muster.begin_epoch();
		RETURN 'the database has moved to another cluster, whose transactions are numbered anew: noted; call this again to seal';
	END IF;
	SELECT s.sealed INTO n FROM muster.seal_pending(NULL) s;
	SELECT x.batch, x.head INTO h FROM muster.audit_head x;
	RETURN format('%s events sealed; head of batch %s: %s', n, h.batch, h.head);
END
$$;
COMMENT ON FUNCTION muster.seal_events() IS 'Seal all events of transactions that have ended; housekeeping does it every hour. Returns how many there were and the chain''s head: note it outside of this database, and give it to muster.verify_audit later. Example: SELECT muster.seal_events();';

-- To look at.

CREATE OR REPLACE FUNCTION muster.unsealed(OUT events bigint, OUT oldest timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
	sealed record := muster.sealed_until();
BEGIN
	SELECT count(*), min(e.at) INTO events, oldest FROM muster.event e WHERE (e.recorded_in, e.id) > (sealed.recorded, sealed.id);
END
$$;
COMMENT ON FUNCTION muster.unsealed() IS 'Internal: how many events come after the last sealed one, and the oldest one''s time. Example: SELECT * FROM muster.unsealed();';

CREATE OR REPLACE VIEW muster.events WITH (security_invoker = true) AS
SELECT e.id, e.at, e.kind, e.organization, e.account, e.device, e.trace, e.attempt, e.stage, e.outcome, e.why, e.user_name, e.remote,
       e.actor, e.actor_role, e.details, e.recorded_in, false AS aged
  FROM muster.event e
UNION ALL
SELECT h.id, h.at, h.kind, h.organization, h.account, h.device, h.trace, h.attempt, h.stage, h.outcome, h.why, h.user_name, h.remote,
       h.actor, h.actor_role, h.details, h.recorded_in, true
  FROM muster.held_event h;
COMMENT ON VIEW muster.events IS 'All events there are: those of muster.event, and of the months that were aged out those under legal hold. Example: SELECT at, kind, actor, details FROM muster.events WHERE actor_role IS NOT NULL ORDER BY at DESC LIMIT 20;';

CREATE OR REPLACE VIEW muster.seals WITH (security_invoker = true) AS
SELECT s.number AS batch, s.events, s.first_at, s.last_at, s.sealed_at, s.sealed_by, encode(s.head, 'hex') AS head,
       s.strays_of IS NOT NULL AS strays, a.aged, a.aged_at, a.aged_by
  FROM muster.seal s
  LEFT JOIN LATERAL (
       SELECT sum((SELECT sum(upper(r) - lower(r)) FROM unnest(b.positions) r)) AS aged, max(g.aged_at) AS aged_at,
              string_agg(DISTINCT g.aged_by, ', ') AS aged_by
         FROM muster.aged_batch b JOIN muster.aging g ON g.id = b.aging
        WHERE b.batch = s.number AND b.partition <> 'held_event') a ON true;
COMMENT ON VIEW muster.seals IS 'Sealed batches of events with their heads, and how many of their events were aged out, when, by whom. Example: SELECT batch, events, sealed_at, head, aged FROM muster.seals ORDER BY batch DESC LIMIT 10;';

CREATE OR REPLACE VIEW muster.audit_head WITH (security_invoker = true) AS
SELECT s.number AS batch, encode(s.head, 'hex') AS head, s.sealed_at,
       t.events AS unsealed, t.oldest AS oldest_unsealed,
       (SELECT count(*) FROM muster.event_default) AS in_default_partition,
       c.keep_events
  FROM muster.configuration c
  LEFT JOIN LATERAL (SELECT x.number, x.head, x.sealed_at FROM muster.seal x ORDER BY x.number DESC LIMIT 1) s ON true
  CROSS JOIN muster.unsealed() t;
COMMENT ON VIEW muster.audit_head IS 'How the record of events stands: the last sealed batch and its head, how many events are not sealed yet, how many are in the default partition (should be none), and how long events are kept. Example: SELECT * FROM muster.audit_head;';
