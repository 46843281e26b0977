-- Partitions of events: one a month (UTC), made ahead; and the way back for events that found none.

CREATE OR REPLACE FUNCTION muster.month_start(p_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT date_trunc('month', p_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
$$;
COMMENT ON FUNCTION muster.month_start(timestamptz) IS 'Internal: the beginning of that moment''s month, by UTC. Example: SELECT muster.month_start(now());';

CREATE OR REPLACE FUNCTION muster.month_after(p_at timestamptz, p_months integer) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (date_trunc('month', p_at AT TIME ZONE 'UTC') + make_interval(months => p_months)) AT TIME ZONE 'UTC'
$$;
COMMENT ON FUNCTION muster.month_after(timestamptz, integer) IS 'Internal: the beginning of the month so many months after that moment''s, by UTC. Example: SELECT muster.month_after(now(), 1);';

CREATE OR REPLACE FUNCTION muster.month_partition(p_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT 'event_' || to_char(p_at AT TIME ZONE 'UTC', 'YYYY_MM')
$$;
COMMENT ON FUNCTION muster.month_partition(timestamptz) IS 'Internal: the name of that moment''s partition of muster.event. Example: SELECT muster.month_partition(now());';

CREATE OR REPLACE FUNCTION muster.month_bound(p_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || '+00'
$$;
COMMENT ON FUNCTION muster.month_bound(timestamptz) IS 'Internal: a moment as a literal that means the same whatever the session''s settings. Example: SELECT muster.month_bound(muster.month_start(now()));';

CREATE OR REPLACE FUNCTION muster.make_month_aside(p_month timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	partition_name text := muster.month_partition(p_month);
BEGIN
	EXECUTE format('CREATE TABLE muster.%I (LIKE muster.event INCLUDING ALL)', partition_name);
	-- What attaching would otherwise read the whole table for.
	EXECUTE format('ALTER TABLE muster.%I ADD CONSTRAINT of_month CHECK (at >= %L AND at < %L)', partition_name,
		muster.month_bound(p_month), muster.month_bound(muster.month_after(p_month, 1)));
	EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON muster.%I FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change()', partition_name);
	EXECUTE format('COMMENT ON TABLE muster.%I IS %L', partition_name,
		format('Events of %s (UTC). Read them through muster.event.', to_char(p_month AT TIME ZONE 'UTC', 'YYYY-MM')));
	RETURN partition_name;
END
$$;
COMMENT ON FUNCTION muster.make_month_aside(timestamptz) IS 'Internal: make a month''s partition without attaching it; returns its name. Example: SELECT muster.make_month_aside(muster.month_after(now(), 5));';

CREATE OR REPLACE FUNCTION muster.attach_month(p_month timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	partition_name text := muster.month_partition(p_month);
BEGIN
	EXECUTE format('ALTER TABLE muster.event ATTACH PARTITION muster.%I FOR VALUES FROM (%L) TO (%L)', partition_name,
		muster.month_bound(p_month), muster.month_bound(muster.month_after(p_month, 1)));
	EXECUTE format('ALTER TABLE muster.%I DROP CONSTRAINT of_month', partition_name);
END
$$;
COMMENT ON FUNCTION muster.attach_month(timestamptz) IS 'Internal: attach what muster.make_month_aside made. Example: SELECT muster.attach_month(muster.month_after(now(), 5));';

CREATE OR REPLACE FUNCTION muster.make_event_partitions(p_ahead integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
	month timestamptz;
	made integer := 0;
BEGIN
	-- Installations and housekeepers take turns.
	PERFORM pg_advisory_xact_lock(7816370914);
	FOR i IN 0 .. least(greatest(p_ahead, 0), 24) LOOP
		month := muster.month_after(now(), i);
		CONTINUE WHEN to_regclass('muster.' || muster.month_partition(month)) IS NOT NULL;
		-- A month that already has events in the default partition keeps them there until muster.move_stray_events().
		CONTINUE WHEN EXISTS (SELECT FROM muster.event_default e WHERE e.at >= month AND e.at < muster.month_after(month, 1));
		-- Made aside and then attached: CREATE TABLE … PARTITION OF would stop all writing meanwhile. Attaching waits
		-- for those who read the default partition, and no longer than the lock_timeout above.
		PERFORM muster.make_month_aside(month);
		PERFORM muster.attach_month(month);
		made := made + 1;
	END LOOP;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.make_event_partitions(integer) IS 'Internal: make the event partitions of this month and so many after it, where they are missing; returns how many were made. Housekeeping calls it. Example: SELECT muster.make_event_partitions(3);';

CREATE OR REPLACE FUNCTION muster.copy_strays() RETURNS timestamptz[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	months timestamptz[];
	month timestamptz;
BEGIN
	SELECT coalesce(array_agg(DISTINCT muster.month_start(e.at)), '{}') INTO months FROM muster.event_default e;
	FOREACH month IN ARRAY months LOOP
		IF to_regclass('muster.' || muster.month_partition(month)) IS NULL THEN
			PERFORM muster.make_month_aside(month);
		END IF;
		EXECUTE format('INSERT INTO muster.%1$I SELECT e.* FROM muster.event_default e
			WHERE e.at >= $1 AND e.at < $2 AND NOT EXISTS (SELECT FROM muster.%1$I c WHERE c.id = e.id AND c.at = e.at)',
			muster.month_partition(month)) USING month, muster.month_after(month, 1);
	END LOOP;
	RETURN months;
END
$$;
COMMENT ON FUNCTION muster.copy_strays() IS 'Internal: copy what the default partition has, and a copy has not, to months made aside; returns the months. Example: see muster.move_stray_events.';

CREATE OR REPLACE FUNCTION muster.attach_copies(p_months timestamptz[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
	month timestamptz;
	strays bigint;
	copied bigint := 0;
	n bigint;
BEGIN
	SELECT count(*) INTO strays FROM muster.event_default;
	FOREACH month IN ARRAY p_months LOOP
		EXECUTE format('SELECT count(*) FROM muster.%I', muster.month_partition(month)) INTO n;
		copied := copied + n;
	END LOOP;
	IF copied <> strays THEN
		RAISE EXCEPTION '% of % events were copied', copied, strays
			USING ERRCODE = 'internal_error', HINT = 'Nothing has been changed. Try again.';
	END IF;
	-- The only time that all writers wait. The events are in their copies now, in this same transaction.
	LOCK TABLE muster.event IN ACCESS EXCLUSIVE MODE;
	ALTER TABLE muster.event_default DISABLE TRIGGER no_truncate;
	TRUNCATE muster.event_default;
	ALTER TABLE muster.event_default ENABLE TRIGGER no_truncate;
	FOREACH month IN ARRAY p_months LOOP
		PERFORM muster.attach_month(month);
	END LOOP;
	RETURN strays;
END
$$;
COMMENT ON FUNCTION muster.attach_copies(timestamptz[]) IS 'Internal: attach the months that were copied, and empty the default partition; returns how many events moved. Example: see muster.move_stray_events.';

CREATE OR REPLACE FUNCTION muster.move_stray_events() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	months timestamptz[];
	moved bigint;
	told text;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'moving events needs the isolation level read committed, this is %', current_setting('transaction_isolation')
			USING ERRCODE = 'invalid_transaction_state', HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED;';
	END IF;
	PERFORM pg_advisory_xact_lock(7816370914);
	IF NOT EXISTS (SELECT FROM muster.event_default) THEN
		RETURN 'the default partition is empty, there is nothing to move';
	END IF;
	-- Most of it while events are still added, the rest while they wait.
	PERFORM muster.copy_strays();
	BEGIN
		PERFORM set_config('lock_timeout', '2s', true);
		LOCK TABLE muster.event_default IN SHARE ROW EXCLUSIVE MODE;
		months := muster.copy_strays();
		moved := muster.attach_copies(months);
	EXCEPTION WHEN lock_not_available THEN
		RAISE EXCEPTION 'muster.event is in use by others'
			USING ERRCODE = 'lock_not_available', HINT = 'Nothing has been changed. Try again when no long query runs: SELECT pid, query_start, query FROM pg_stat_activity;';
	END;
	PERFORM muster.make_event_partitions(3);
	SELECT string_agg(muster.month_partition(m), ', ' ORDER BY m) INTO told FROM unnest(months) m;
	PERFORM muster.tell('events moved', jsonb_build_object('events', moved, 'to', told));
	RETURN format('%s events moved to %s', moved, told);
END
$$;
COMMENT ON FUNCTION muster.move_stray_events() IS 'Move events that are in the default partition, because housekeeping had not run for months, to partitions of their months; their seals stay valid. Writers wait only for the last moment of it; where others read muster.event for long it gives up and says so. Example: SELECT muster.move_stray_events();';
