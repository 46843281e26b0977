-- Days that are over are added up once, by housekeeping, so that reports read rows of days instead of events and devices.
-- Days that are not (the running one, and those of a database that comes from an earlier schema, until housekeeping has
-- come to them) are counted by the same functions when somebody looks.

CREATE OR REPLACE FUNCTION muster.refusals_of_day(p_day date, p_organization uuid) RETURNS SETOF muster.daily_refusal
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	span tstzrange := muster.span(p_day, p_day);
BEGIN
	-- Of one organization and of all are looked up by different indexes.
	IF p_organization IS NOT NULL THEN
		RETURN QUERY
			SELECT p_day, e.organization, e.stage, e.outcome, e.details #>> '{decision,rule}', count(*),
			       count(DISTINCT coalesce(e.account::text, e.user_name)), (array_agg(e.why ORDER BY e.at DESC))[1]
			  FROM muster.event e
			 WHERE e.kind = 'refused' AND e.organization = p_organization AND e.at >= lower(span) AND e.at < upper(span) GROUP BY 2, 3, 4, 5;
	ELSE
		RETURN QUERY
			SELECT p_day, e.organization, e.stage, e.outcome, e.details #>> '{decision,rule}', count(*),
			       count(DISTINCT coalesce(e.account::text, e.user_name)), (array_agg(e.why ORDER BY e.at DESC))[1]
			  FROM muster.event e
			 WHERE e.kind = 'refused' AND e.at >= lower(span) AND e.at < upper(span) GROUP BY 2, 3, 4, 5;
	END IF;
END
$$;
COMMENT ON FUNCTION muster.refusals_of_day(date, uuid) IS 'Internal: a day''s (UTC) refusals added up, of one organization or (NULL) of all that the caller sees. Example: SELECT * FROM muster.refusals_of_day(''2027-01-31'', NULL);';

CREATE OR REPLACE FUNCTION muster.enrollments_of_day(p_day date, p_organization uuid)
RETURNS TABLE (organization uuid, build text, issued bigint, first_contact bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	span tstzrange := muster.span(p_day, p_day);
BEGIN
	RETURN QUERY
		SELECT o.id, muster.build_of(v.os_version), sum(v.issued)::bigint, sum(v.first_contact)::bigint
		  FROM muster.organization o
		 -- Versions are few, and each is read once.
		 CROSS JOIN LATERAL (SELECT d.os_version, count(*) AS issued, count(d.first_contact_at) AS first_contact
			  FROM muster.device d
			 WHERE d.organization = o.id AND d.enrolled_at >= lower(span) AND d.enrolled_at < upper(span) GROUP BY 1) v
		 WHERE p_organization IS NULL OR o.id = p_organization
		 GROUP BY 1, 2;
END
$$;
COMMENT ON FUNCTION muster.enrollments_of_day(date, uuid) IS 'Internal: a day''s (UTC) enrollments by organization and build, and how many of their devices were seen since, of one organization or (NULL) of all that the caller sees. Example: SELECT * FROM muster.enrollments_of_day(''2027-01-31'', NULL);';

CREATE OR REPLACE FUNCTION muster.open_days(first date, last date) RETURNS SETOF date
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT d.day FROM (SELECT open_days.first + n AS day FROM generate_series(0, least(open_days.last, (now() AT TIME ZONE 'UTC')::date) - open_days.first) n) d
	 WHERE NOT EXISTS (SELECT FROM muster.closed_day c WHERE c.day = d.day)
$$;
COMMENT ON FUNCTION muster.open_days(date, date) IS 'Internal: the days (UTC) from a first to a last one that are not added up. Example: SELECT muster.open_days(''2027-01-01'', ''2027-01-31'');';

CREATE OR REPLACE FUNCTION muster.close_day(p_day date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Nobody counts a late first contact meanwhile; then it is either seen here, or finds the day closed.
	PERFORM pg_advisory_xact_lock(7816370916);
	INSERT INTO muster.closed_day (day) VALUES (p_day);
	INSERT INTO muster.daily_refusal SELECT * FROM muster.refusals_of_day(p_day, NULL);
	INSERT INTO muster.daily_count (organization, day, stage, build, count)
	SELECT e.organization, p_day, s.stage, e.build, s.count
	  FROM muster.enrollments_of_day(p_day, NULL) e, LATERAL (VALUES ('issued', e.issued), ('first contact', e.first_contact)) s (stage, count)
	 WHERE s.count > 0;
END
$$;
COMMENT ON FUNCTION muster.close_day(date) IS 'Internal: add up a day that is over. Example: SELECT muster.close_day(''2027-01-31'');';

CREATE OR REPLACE FUNCTION muster.keep_days(p_deadline timestamptz, OUT summary text, OUT more boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- Programs' transactions last seconds: ten minutes after midnight those of the day before have ended.
	latest date := ((now() - interval '10 minutes') AT TIME ZONE 'UTC')::date - 1;
	earliest date := (least((SELECT d.enrolled_at FROM muster.device d ORDER BY d.id LIMIT 1), (SELECT min(e.at) FROM muster.event e)) AT TIME ZONE 'UTC')::date;
	due date;
	done bigint := 0;
BEGIN
	more := false;
	-- The newest first: they are what is looked at.
	FOR due IN SELECT d FROM muster.open_days(greatest(earliest, latest - 400), latest) d ORDER BY d DESC LOOP
		more := clock_timestamp() >= p_deadline;
		EXIT WHEN more;
		PERFORM muster.close_day(due);
		done := done + 1;
	END LOOP;
	summary := CASE WHEN done > 0 THEN format('%s %s added up', done, CASE done WHEN 1 THEN 'day' ELSE 'days' END) END;
END
$$;
COMMENT ON FUNCTION muster.keep_days(timestamptz) IS 'Internal: housekeeping''s part about days that are over, until that moment; returns a line for the log (NULL: nothing was due), and whether there is more to do. Example: SELECT * FROM muster.keep_days(now() + interval ''1 second'');';

CREATE OR REPLACE FUNCTION muster.count_first_contact(p_organization uuid, p_enrolled_at timestamptz, p_os_version text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	enrolled_on date := (p_enrolled_at AT TIME ZONE 'UTC')::date;
BEGIN
	IF enrolled_on >= (now() AT TIME ZONE 'UTC')::date THEN
		RETURN; -- counted with its day
	END IF;
	PERFORM pg_advisory_xact_lock_shared(7816370916);
	IF EXISTS (SELECT FROM muster.closed_day c WHERE c.day = enrolled_on) THEN
		INSERT INTO muster.daily_count AS d (organization, day, stage, build, count) VALUES (p_organization, enrolled_on, 'first contact', muster.build_of(p_os_version), 1)
		ON CONFLICT (organization, day, stage, build) DO UPDATE SET count = d.count + 1;
	END IF;
END
$$;
COMMENT ON FUNCTION muster.count_first_contact(uuid, timestamptz, text) IS 'Internal: count a device''s first contact where the day of its enrollment is added up already. Example: see muster.first_use.';
