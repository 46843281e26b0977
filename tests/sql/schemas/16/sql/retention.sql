-- Retention: events are aged out by whole months, after verifying them; what is under legal hold is copied out first,
-- and the chain of seals keeps the digests, so that it can still be verified.

-- Holds.

CREATE OR REPLACE FUNCTION muster.hold_waits() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Nothing is aged out meanwhile, and whoever ages sees this hold.
	PERFORM pg_advisory_xact_lock_shared(7816370915);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.hold_waits() IS 'Internal: trigger that lets holds and aging take turns. Example: CREATE TRIGGER waits BEFORE INSERT ON muster.event_hold FOR EACH ROW EXECUTE FUNCTION muster.hold_waits();';
CREATE OR REPLACE TRIGGER waits BEFORE INSERT ON muster.event_hold
	FOR EACH ROW EXECUTE FUNCTION muster.hold_waits();
CREATE OR REPLACE TRIGGER append_only BEFORE DELETE ON muster.event_hold
	FOR EACH ROW EXECUTE FUNCTION muster.refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.event_hold
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();

CREATE OR REPLACE FUNCTION muster.is_kept(p_kind text, p_organization uuid, p_account uuid, p_device uuid, p_trace uuid, p_attempt uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT p_kind = 'events aged' OR EXISTS (
		SELECT FROM muster.event_hold h
		 WHERE h.released_at IS NULL AND h.subject = ANY (ARRAY[p_organization, p_account, p_device, p_trace, p_attempt])
		   AND CASE h.kind WHEN 'organization' THEN h.subject = p_organization WHEN 'account' THEN h.subject = p_account
			WHEN 'device' THEN h.subject = p_device ELSE h.subject IN (p_trace, p_attempt) END)
$$;
COMMENT ON FUNCTION muster.is_kept(text, uuid, uuid, uuid, uuid, uuid) IS 'Internal: whether an event outlives its month: it is under legal hold, or tells of aging. Example: SELECT muster.is_kept(kind, organization, account, device, trace, attempt) FROM muster.event LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.held_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' AND NOT muster.is_kept(OLD.kind, OLD.organization, OLD.account, OLD.device, OLD.trace, OLD.attempt) THEN
		RETURN OLD;
	END IF;
	RAISE EXCEPTION '% of held_event is refused: it is under legal hold, or tells of aging', lower(TG_OP)
		USING ERRCODE = 'insufficient_privilege', HINT = 'Holds are released with muster.release_events; what is released goes with the next muster.age_events.';
END
$$;
COMMENT ON FUNCTION muster.held_stays() IS 'Internal: trigger that keeps what is under legal hold. Example: CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.held_event FOR EACH ROW EXECUTE FUNCTION muster.held_stays();';
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.held_event
	FOR EACH ROW EXECUTE FUNCTION muster.held_stays();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.held_event
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();

CREATE OR REPLACE FUNCTION muster.hold_subject(kind text, subject text, organization text DEFAULT NULL, OUT id uuid, OUT of_organization uuid, OUT called text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF hold_subject.kind = 'organization' THEN
		id := muster.organization_id(hold_subject.subject);
		of_organization := id;
		called := lower(btrim(hold_subject.subject));
	ELSIF hold_subject.kind = 'account' AND hold_subject.subject !~ '^[0-9A-Fa-f-]{36}$' THEN
		id := muster.account_id(hold_subject.subject, hold_subject.organization);
		SELECT a.organization, a.upn INTO of_organization, called FROM muster.account a WHERE a.id = hold_subject.id;
	ELSIF hold_subject.kind IN ('account', 'device', 'trace') AND hold_subject.subject ~ '^[0-9A-Fa-f-]{36}$' THEN
		id := hold_subject.subject;
		-- Also of what is there no more: its events tell.
		-- A branch each, for the indexes.
		SELECT e.organization INTO of_organization FROM (
			SELECT x.organization FROM muster.events x WHERE hold_subject.kind = 'account' AND x.account = hold_subject.id
			UNION ALL SELECT x.organization FROM muster.events x WHERE hold_subject.kind = 'device' AND x.device = hold_subject.id
			UNION ALL SELECT x.organization FROM muster.events x WHERE hold_subject.kind = 'trace' AND x.trace = hold_subject.id
			UNION ALL SELECT x.organization FROM muster.events x WHERE hold_subject.kind = 'trace' AND x.attempt = hold_subject.id) e
		 ORDER BY e.organization IS NULL LIMIT 1;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'no event is of the % %', hold_subject.kind, hold_subject.subject
				USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT at, kind, account, device, trace, attempt FROM muster.events ORDER BY at DESC LIMIT 20;';
		END IF;
		called := coalesce((SELECT a.upn FROM muster.account a WHERE hold_subject.kind = 'account' AND a.id = hold_subject.id),
			(SELECT d.name FROM muster.device d WHERE hold_subject.kind = 'device' AND d.id = hold_subject.id), id::text);
	ELSE
		RAISE EXCEPTION 'not to be put on hold: % %', coalesce(quote_literal(left(hold_subject.kind, 40)), 'NULL'), coalesce(quote_literal(left(hold_subject.subject, 330)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'Say ''account'' and its name, ''organization'' and its key, ''device'' and its id, or ''trace'' and a trace or attempt id.';
	END IF;
END
$$;
COMMENT ON FUNCTION muster.hold_subject(text, text, text) IS 'Internal: what a legal hold is about: id, organization and name. Example: SELECT * FROM muster.hold_subject(''account'', ''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.hold_events(kind text, subject text, reason text, organization text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	about record;
	made uuid := muster.new_id();
BEGIN
	IF muster.cut(hold_events.reason, 400) IS NULL THEN
		RAISE EXCEPTION 'a legal hold needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.hold_events(''account'', ''ada@example.test'', ''case 4711'');';
	END IF;
	about := muster.hold_subject(hold_events.kind, hold_events.subject, hold_events.organization);
	INSERT INTO muster.event_hold (id, organization, kind, subject, subject_name, reason)
	VALUES (made, about.of_organization, hold_events.kind, about.id, about.called, muster.cut(hold_events.reason, 400));
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.hold_events(text, text, text, text) IS 'Put events on legal hold, so that they are kept when their month is aged out: of an account (name, or id), device (id), organization (key) or trace (trace or attempt id), those there are and those to come; with the reason; the organization only where several have an account of that name. Returns the hold''s id for muster.release_events. Example: SELECT muster.hold_events(''account'', ''ada@example.test'', ''case 4711'');';

CREATE OR REPLACE FUNCTION muster.release_events(id uuid, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	h muster.event_hold;
BEGIN
	IF muster.cut(release_events.reason, 400) IS NULL THEN
		RAISE EXCEPTION 'releasing a legal hold needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.release_events(''…'', ''case 4711 is closed'');';
	END IF;
	SELECT x.* INTO h FROM muster.event_hold x WHERE x.id = release_events.id FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no legal hold %', coalesce(release_events.id::text, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT id, kind, subject_name, reason FROM muster.event_holds WHERE released_at IS NULL;';
	ELSIF h.released_at IS NOT NULL THEN
		RETURN format('the hold of %s %s was released already', h.kind, h.subject_name);
	END IF;
	UPDATE muster.event_hold x SET released_at = now(), released_by = session_user, released_reason = muster.cut(release_events.reason, 400)
	 WHERE x.id = release_events.id;
	RETURN format('the hold of %s %s is released; what of it is older than events are kept goes with the next aging', h.kind, h.subject_name);
END
$$;
COMMENT ON FUNCTION muster.release_events(uuid, text) IS 'Release a legal hold, with the reason for the record. Copies in muster.held_event that no other hold keeps go with the next muster.age_events. Example: SELECT muster.release_events(''0198f0c2-0000-7000-8000-000000000000'', ''case 4711 is closed'');';

CREATE OR REPLACE VIEW muster.event_holds WITH (security_invoker = true) AS
SELECT h.id, o.key AS organization, h.kind, h.subject_name, h.reason, h.held_at, h.held_by, h.released_at, h.released_by, h.released_reason,
       (SELECT count(*) FROM muster.held_event e
         WHERE CASE h.kind WHEN 'organization' THEN e.organization = h.subject WHEN 'account' THEN e.account = h.subject
               WHEN 'device' THEN e.device = h.subject ELSE e.trace = h.subject OR e.attempt = h.subject END) AS copied_out,
       h.subject
  FROM muster.event_hold h LEFT JOIN muster.organization o ON o.id = h.organization;
COMMENT ON VIEW muster.event_holds IS 'Legal holds, who put them, why, and how many of their events live in muster.held_event because their month was aged out. Example: SELECT kind, subject_name, reason, held_by, copied_out FROM muster.event_holds WHERE released_at IS NULL;';

-- Aging. It is prepared batch by batch, so that housekeeping can do it in small pieces; what was prepared counts only
-- once muster.aging tells of it, in the transaction that drops the partition.

CREATE OR REPLACE FUNCTION muster.aged_batch_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP = 'UPDATE' OR EXISTS (SELECT FROM muster.aging g WHERE g.id = OLD.aging) THEN
		RAISE EXCEPTION '% of aged_batch is refused: its rows are only ever added', lower(TG_OP) USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN OLD;
END
$$;
COMMENT ON FUNCTION muster.aged_batch_stays() IS 'Internal: trigger that keeps what was aged out on the record; preparations may go. Example: CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.aged_batch FOR EACH ROW EXECUTE FUNCTION muster.aged_batch_stays();';
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON muster.aged_batch
	FOR EACH ROW EXECUTE FUNCTION muster.aged_batch_stays();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON muster.aged_batch
	FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();

CREATE OR REPLACE FUNCTION muster.due_partitions(p_older_than timestamptz) RETURNS TABLE (partition text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
	SELECT c.relname::text
	  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
	 WHERE i.inhparent = 'muster.event'::regclass AND c.relname <> 'event_default'
	   AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(.*)''\)')::timestamptz <= p_older_than
	 ORDER BY 1
$$;
COMMENT ON FUNCTION muster.due_partitions(timestamptz) IS 'Internal: the partitions of events all of which are older than that, the oldest first. Example: SELECT * FROM muster.due_partitions(now() - interval ''1 year'');';

CREATE OR REPLACE FUNCTION muster.active_holds() RETURNS uuid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(array_agg(h.id ORDER BY h.id), '{}') FROM muster.event_hold h WHERE h.released_at IS NULL
$$;
COMMENT ON FUNCTION muster.active_holds() IS 'Internal: the legal holds that are not released. Example: SELECT muster.active_holds();';

CREATE OR REPLACE FUNCTION muster.prepare_aged_batch(p_aging uuid, p_partition text, p_seal muster.seal) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
	gone int4multirange;
	kept int4multirange;
BEGIN
	EXECUTE format('SELECT range_agg(int4range(u.n::integer, u.n::integer + 1)),
			range_agg(int4range(u.n::integer, u.n::integer + 1)) FILTER (WHERE muster.is_kept(e.kind, e.organization, e.account, e.device, e.trace, e.attempt))
		FROM unnest($1) WITH ORDINALITY u (id, n) JOIN muster.%I e ON e.id = u.id', p_partition)
		INTO gone, kept USING p_seal.ids;
	INSERT INTO muster.aged_batch (aging, batch, partition, positions, kept, digest, holds)
	VALUES (p_aging, p_seal.number, p_partition, coalesce(gone, '{}'), coalesce(kept, '{}'),
		muster.digest_of(p_seal.digests, coalesce(gone, '{}')), muster.active_holds());
END
$$;
COMMENT ON FUNCTION muster.prepare_aged_batch(uuid, text, muster.seal) IS 'Internal: note which events of a batch are in a partition that is to go, and which of them are kept. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.begin_aging(p_partition text) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	begun uuid;
BEGIN
	-- Other holds than those looked at: begin anew.
	DELETE FROM muster.aged_batch b
	 WHERE b.partition = p_partition AND b.holds <> muster.active_holds() AND NOT EXISTS (SELECT FROM muster.aging g WHERE g.id = b.aging);
	SELECT b.aging INTO begun FROM muster.aged_batch b
	 WHERE b.partition = p_partition AND NOT EXISTS (SELECT FROM muster.aging g WHERE g.id = b.aging) LIMIT 1;
	RETURN coalesce(begun, muster.new_id());
END
$$;
COMMENT ON FUNCTION muster.begin_aging(text) IS 'Internal: the id under which a partition''s aging is being prepared. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.prepare_aging(p_aging uuid, p_partition text, p_deadline timestamptz, OUT more boolean, OUT obstacle text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	sealed record := muster.sealed_until();
	lowest bigint;
	highest record;
	n bigint;
	s muster.seal;
BEGIN
	more := false;
	EXECUTE format('SELECT min(e.recorded_in) FROM muster.%I e', p_partition) INTO lowest;
	EXECUTE format('SELECT e.recorded_in, e.id FROM muster.%I e ORDER BY e.recorded_in DESC, e.id DESC LIMIT 1', p_partition) INTO highest;
	IF (highest.recorded_in, highest.id) > (sealed.recorded, sealed.id) THEN
		obstacle := 'not all of its events are sealed yet';
		RETURN;
	END IF;
	FOR n IN SELECT x.number FROM muster.seal x
	          WHERE (x.strays_of IS NOT NULL OR (x.until_recorded >= lowest AND x.after_recorded <= highest.recorded_in))
	            AND NOT EXISTS (SELECT FROM muster.aged_batch b WHERE b.aging = p_aging AND b.batch = x.number)
	          ORDER BY x.number
	LOOP
		IF clock_timestamp() >= p_deadline THEN
			more := true;
			RETURN;
		END IF;
		SELECT format('batch %s is broken: %s', n, v.what) INTO obstacle FROM muster.verify_batch(n) v LIMIT 1;
		EXIT WHEN FOUND;
		SELECT x.* INTO s FROM muster.seal x WHERE x.number = n;
		PERFORM muster.prepare_aged_batch(p_aging, p_partition, s);
	END LOOP;
END
$$;
COMMENT ON FUNCTION muster.prepare_aging(uuid, text, timestamptz) IS 'Internal: verify all batches that a partition''s events are in, until that moment (NULL: however long it takes); tells whether more is to do, or what stands in the way. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.copy_held(p_aging uuid, p_partition text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	columns text;
	kept uuid[];
	n bigint;
	false_ones bigint;
BEGIN
	SELECT coalesce(array_agg(u.id), '{}') INTO kept
	  FROM muster.aged_batch b JOIN muster.seal s ON s.number = b.batch, unnest(s.ids) WITH ORDINALITY u (id, n)
	 WHERE b.aging = p_aging AND NOT isempty(b.kept) AND b.kept @> u.n::integer;
	SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns
	  FROM pg_attribute a WHERE a.attrelid = 'muster.event'::regclass AND a.attnum > 0 AND NOT a.attisdropped;
	EXECUTE format('INSERT INTO muster.held_event (%1$s) SELECT %1$s FROM muster.%2$I WHERE id = ANY ($1)', columns, p_partition) USING kept;
	GET DIAGNOSTICS n = ROW_COUNT;
	SELECT count(*) INTO false_ones
	  FROM muster.aged_batch b JOIN muster.seal s ON s.number = b.batch, unnest(s.ids, s.digests) WITH ORDINALITY u (id, digest, n)
	 WHERE b.aging = p_aging AND NOT isempty(b.kept) AND b.kept @> u.n::integer
	   AND muster.held_digest(u.id, s.form) IS DISTINCT FROM u.digest;
	IF false_ones > 0 THEN
		RAISE EXCEPTION '% held events of % are not as they were sealed', false_ones, p_partition
			USING ERRCODE = 'data_corrupted', HINT = 'Nothing was aged out. To look: SELECT * FROM muster.verify_audit();';
	END IF;
	RETURN n;
END
$$;
COMMENT ON FUNCTION muster.copy_held(uuid, text) IS 'Internal: copy what is kept of a partition to muster.held_event, verified; returns how many. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.note_aging(p_aging uuid, p_partition text, p_older_than timestamptz,
	p_first_at timestamptz, p_last_at timestamptz, p_held bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a muster.aging;
BEGIN
	SELECT coalesce(sum((SELECT sum(upper(r) - lower(r)) FROM unnest(b.positions) r)), 0),
	       min(b.batch) FILTER (WHERE NOT isempty(b.positions)), max(b.batch) FILTER (WHERE NOT isempty(b.positions)),
	       sha256(coalesce(string_agg(b.digest, ''::bytea ORDER BY b.batch), ''))
	  INTO a.events, a.first_batch, a.last_batch, a.digest
	  FROM muster.aged_batch b WHERE b.aging = p_aging;
	a.event := muster.tell('events aged', jsonb_build_object('aging', p_aging, 'partition', p_partition, 'events', a.events, 'held', p_held,
		'first_batch', a.first_batch, 'last_batch', a.last_batch, 'digest', encode(a.digest, 'hex'),
		'first_at', to_char(p_first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'last_at', to_char(p_last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'older_than', to_char(p_older_than AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
	INSERT INTO muster.aging (id, partition, older_than, events, first_at, last_at, first_batch, last_batch, held, digest, event)
	VALUES (p_aging, p_partition, p_older_than, a.events, p_first_at, p_last_at, a.first_batch, a.last_batch, p_held, a.digest, a.event);
	RETURN a.events;
END
$$;
COMMENT ON FUNCTION muster.note_aging(uuid, text, timestamptz, timestamptz, timestamptz, bigint) IS 'Internal: record an aging in muster.aging and as an event; returns how many events it is about. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.finish_aging(p_aging uuid, p_partition text, p_older_than timestamptz, OUT events bigint, OUT held bigint, OUT obstacle text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
	last bigint;
	late boolean;
	span record;
BEGIN
	-- Nothing is added to it any more; and then the moment that all others wait.
	EXECUTE format('LOCK TABLE muster.%I IN SHARE MODE', p_partition);
	SELECT coalesce(max(s.until_recorded), 0) INTO last FROM muster.aged_batch b JOIN muster.seal s ON s.number = b.batch WHERE b.aging = p_aging;
	EXECUTE format('SELECT EXISTS (SELECT FROM muster.%I e WHERE e.recorded_in > $1)', p_partition) INTO late USING last;
	IF late THEN
		DELETE FROM muster.aged_batch b WHERE b.aging = p_aging;
		obstacle := 'events were added to it meanwhile';
		RETURN;
	END IF;
	held := muster.copy_held(p_aging, p_partition);
	EXECUTE format('SELECT min(e.at) AS first_at, max(e.at) AS last_at FROM muster.%I e', p_partition) INTO span;
	events := muster.note_aging(p_aging, p_partition, p_older_than, span.first_at, span.last_at, held);
	LOCK TABLE muster.event IN ACCESS EXCLUSIVE MODE;
	EXECUTE format('DROP TABLE muster.%I', p_partition);
	-- What was added up of them tells one's reason.
	DELETE FROM muster.daily_refusal r WHERE r.day BETWEEN (span.first_at AT TIME ZONE 'UTC')::date AND (span.last_at AT TIME ZONE 'UTC')::date;
EXCEPTION WHEN lock_not_available THEN
	events := 0;
	held := 0;
	obstacle := 'it is in use: will be tried again';
END
$$;
COMMENT ON FUNCTION muster.finish_aging(uuid, text, timestamptz) IS 'Internal: copy out what is held of a partition, record its aging, drop it; tells how many events, or what stands in the way. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.age_held(p_older_than timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	aging_id uuid := muster.new_id();
	span record;
	gone bigint;
BEGIN
	SELECT min(h.at) AS first_at, max(h.at) AS last_at INTO span FROM muster.held_event h
	 WHERE h.at < p_older_than AND NOT muster.is_kept(h.kind, h.organization, h.account, h.device, h.trace, h.attempt);
	IF span.first_at IS NULL THEN
		RETURN 0;
	END IF;
	INSERT INTO muster.aged_batch (aging, batch, partition, positions, digest, holds)
	SELECT aging_id, s.number, 'held_event', p.positions, muster.digest_of(s.digests, p.positions), muster.active_holds()
	  FROM (SELECT b.number, range_agg(int4range(b.position, b.position + 1)) AS positions
	          FROM muster.held_event h
	          CROSS JOIN LATERAL (
	               SELECT x.number, array_position(x.ids, h.id) AS position FROM muster.seal x
	                WHERE (x.strays_of IS NOT NULL AND h.id = ANY (x.ids)) OR (x.strays_of IS NULL
	                  AND (x.after_recorded, x.after_id) < (h.recorded_in, h.id) AND (x.until_recorded, x.until_id) >= (h.recorded_in, h.id))
	                ORDER BY x.strays_of NULLS LAST LIMIT 1) b
	         WHERE h.at < p_older_than AND NOT muster.is_kept(h.kind, h.organization, h.account, h.device, h.trace, h.attempt)
	         GROUP BY b.number) p
	  JOIN muster.seal s ON s.number = p.number;
	gone := muster.note_aging(aging_id, 'held_event', p_older_than, span.first_at, span.last_at, 0);
	DELETE FROM muster.held_event h
	 WHERE h.at < p_older_than AND NOT muster.is_kept(h.kind, h.organization, h.account, h.device, h.trace, h.attempt);
	RETURN gone;
END
$$;
COMMENT ON FUNCTION muster.age_held(timestamptz) IS 'Internal: age out copies of older events whose holds were released; returns how many. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.age_pending(p_older_than timestamptz, p_deadline timestamptz)
RETURNS TABLE (partition text, events bigint, held bigint, obstacle text, more boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	aging_id uuid;
BEGIN
	more := false;
	FOR partition IN SELECT d.partition FROM muster.due_partitions(p_older_than) d LOOP
		events := 0;
		held := 0;
		aging_id := muster.begin_aging(partition);
		SELECT p.more, p.obstacle INTO more, obstacle FROM muster.prepare_aging(aging_id, partition, p_deadline) p;
		IF more THEN
			RETURN NEXT;
			RETURN;
		ELSIF obstacle IS NULL THEN
			SELECT f.events, f.held, f.obstacle INTO events, held, obstacle FROM muster.finish_aging(aging_id, partition, p_older_than) f;
		END IF;
		RETURN NEXT;
	END LOOP;
	events := muster.age_held(p_older_than);
	IF events > 0 THEN
		partition := 'held_event';
		held := 0;
		obstacle := NULL;
		RETURN NEXT;
	END IF;
END
$$;
COMMENT ON FUNCTION muster.age_pending(timestamptz, timestamptz) IS 'Internal: age out what is older than the first moment, until the second (NULL: however long it takes): a row a partition. Example: see muster.age_events.';

CREATE OR REPLACE FUNCTION muster.age_events(keep interval DEFAULT NULL)
RETURNS TABLE (partition text, events bigint, held bigint, what text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	chosen interval := coalesce(age_events.keep, (SELECT c.keep_events FROM muster.configuration c));
BEGIN
	IF chosen IS NULL THEN
		RAISE EXCEPTION 'how long events are kept is not set'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Say it: SELECT * FROM muster.age_events(interval ''13 months''); or for good: SELECT muster.set_event_retention(interval ''13 months'');';
	ELSIF chosen < interval '30 days' THEN
		RAISE EXCEPTION 'events are kept for 30 days at least, not %', chosen
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Events go by whole months: SELECT * FROM muster.age_events(interval ''13 months'');';
	ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'aging events needs the isolation level read committed, this is %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state', HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED;';
	END IF;
	PERFORM pg_advisory_xact_lock(7816370915);
	RETURN QUERY SELECT p.partition, p.events, p.held,
		CASE WHEN p.obstacle IS NOT NULL THEN 'stays: ' || p.obstacle WHEN p.partition = 'held_event' THEN 'released copies removed' ELSE 'dropped' END
	  FROM muster.age_pending(now() - chosen, NULL) p;
END
$$;
COMMENT ON FUNCTION muster.age_events(interval) IS 'Age out events: drop the partitions of months that are wholly older than that (default: what muster.set_event_retention set), if all their events are sealed and stand as they were sealed; events under legal hold are copied to muster.held_event first. The digests stay, so that the rest can still be verified, and an event tells what went. A row a partition. To rehearse: BEGIN; SELECT …; ROLLBACK; Example: SELECT * FROM muster.age_events(interval ''13 months'');';

CREATE OR REPLACE FUNCTION muster.set_event_retention(keep interval) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF set_event_retention.keep < interval '30 days' THEN
		RAISE EXCEPTION 'events are kept for 30 days at least, not %', set_event_retention.keep
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.set_event_retention(interval ''13 months''); NULL keeps them for ever.';
	END IF;
	UPDATE muster.configuration c SET keep_events = set_event_retention.keep;
	RETURN CASE WHEN set_event_retention.keep IS NULL THEN 'events are kept for ever'
		ELSE format('events are kept for %s; housekeeping ages out whole months that are older', set_event_retention.keep) END;
END
$$;
COMMENT ON FUNCTION muster.set_event_retention(interval) IS 'How long events are kept before housekeeping ages them out, by whole months; NULL: for ever. Legal holds are not touched. Example: SELECT muster.set_event_retention(interval ''13 months'');';
