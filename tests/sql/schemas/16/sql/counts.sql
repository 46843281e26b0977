-- What the programs count, and the clients they see for the first time.

CREATE OR REPLACE FUNCTION muster.build_of(os_version text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(substring(os_version FROM '^([0-9]{1,6}[.][0-9]{1,6}[.][0-9]{1,6})([.]|$)'), 'unknown')
$$;
COMMENT ON FUNCTION muster.build_of(text) IS 'Internal: the Windows build of an OS version: its first three numbers; unknown if it has none. Example: SELECT muster.build_of(''10.0.26200.9279'');';

CREATE OR REPLACE FUNCTION muster_worker.count(p_counts jsonb) RETURNS TABLE (counted boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	today date := (now() AT TIME ZONE 'UTC')::date;
	c record;
BEGIN
	IF pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN
		RETURN QUERY SELECT false;
		RETURN;
	END IF;
	-- In one order, so that two hosts' carriers never wait for each other crosswise.
	FOR c IN
		SELECT o.id, x.stage, CASE WHEN x.build ~ '^[0-9]{1,6}[.][0-9]{1,6}[.][0-9]{1,6}$' OR x.build = 'unknown' THEN x.build ELSE 'other' END AS build,
		       sum(x.count)::bigint AS n
		  FROM jsonb_to_recordset(p_counts) x (organization text, stage text, build text, count bigint)
		  JOIN muster.organization o ON o.key = x.organization
		 WHERE x.stage IN ('discovery', 'policy') AND x.count > 0
		 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	LOOP
		-- Builds are what strangers say they are: so many a day are kept apart.
		IF c.build <> 'other'
		   AND NOT EXISTS (SELECT FROM muster.daily_count d WHERE d.organization = c.id AND d.day = today AND d.stage = c.stage AND d.build = c.build)
		   AND (SELECT count(*) FROM muster.daily_count d WHERE d.organization = c.id AND d.day = today AND d.stage = c.stage) >= 200 THEN
			c.build := 'other';
		END IF;
		INSERT INTO muster.daily_count AS d (organization, day, stage, build, count) VALUES (c.id, today, c.stage, c.build, c.n)
		ON CONFLICT (organization, day, stage, build) DO UPDATE SET count = d.count + excluded.count;
	END LOOP;
	RETURN QUERY SELECT true;
END
$$;
COMMENT ON FUNCTION muster_worker.count(jsonb) IS 'Add what a pool counted, an array of {"organization", "stage", "build", "count"}, to today''s counts. False: not done, the database is read-only. Example: SELECT * FROM muster_worker.count(''[{"organization": "example", "stage": "discovery", "build": "10.0.26200", "count": 3}]'');';

CREATE OR REPLACE FUNCTION muster.note_client(p_organization uuid, p_device uuid, p_os_version text, p_request_version text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_build text := muster.build_of(p_os_version);
	version text := coalesce(left(p_request_version, 64), '');
BEGIN
	IF EXISTS (SELECT FROM muster.client_version c WHERE c.organization = p_organization AND c.build = v_build AND c.request_version = version) THEN
		RETURN;
	END IF;
	-- What a device says of itself is not to fill the database.
	IF (SELECT count(*) FROM muster.client_version c WHERE c.organization = p_organization) >= 1000 THEN
		RETURN;
	END IF;
	-- Who is just noting the same may go on for a while; nobody waits for him with locks of his own.
	IF NOT pg_try_advisory_xact_lock(hashtextextended(p_organization || v_build || ' ' || version, 7816370914)) THEN
		RETURN;
	END IF;
	INSERT INTO muster.client_version (organization, build, request_version, first_device)
	VALUES (p_organization, v_build, version, p_device) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION muster.note_client(uuid, uuid, text, text) IS 'Internal: remember a Windows build and enrollment version when its first device enrolls. Example: see muster_issuer.record.';
