-- Maintenance: times in which nobody enrolls but a pilot group, for one organization or all.

CREATE OR REPLACE FUNCTION muster.pilots(organization uuid, pilot_group text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_name text;
BEGIN
	IF pilots.pilot_group IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT g.name INTO found_name FROM muster.account_group g
	 WHERE lower(g.name) = lower(btrim(pilots.pilot_group)) AND (pilots.organization IS NULL OR g.organization = pilots.organization) LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no group "%" to be the pilots', pilots.pilot_group
			USING ERRCODE = 'undefined_object', HINT = 'Groups: SELECT organization, name FROM muster.groups; a new one: SELECT muster.add_group(organization, name);';
	END IF;
	RETURN found_name;
END
$$;
COMMENT ON FUNCTION muster.pilots(uuid, text) IS 'Internal: the name of a pilot group as the organization (NULL: any) spells it, or an error. Example: SELECT muster.pilots(NULL, ''pilots'');';

CREATE OR REPLACE FUNCTION muster.schedule_maintenance(organization text, begins timestamptz, ends timestamptz, reason text, pilot_group text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
	owner_id uuid := CASE WHEN schedule_maintenance.organization IS NOT NULL THEN muster.organization_id(schedule_maintenance.organization) END;
	clean text := muster.cut(schedule_maintenance.reason, 400);
	wrong text := CASE
		WHEN clean IS NULL THEN 'maintenance needs a reason'
		WHEN schedule_maintenance.begins IS NULL THEN 'maintenance needs a beginning'
		WHEN schedule_maintenance.ends <= schedule_maintenance.begins THEN format('maintenance cannot end (%s) before it begins (%s)', schedule_maintenance.ends, schedule_maintenance.begins)
		WHEN schedule_maintenance.ends <= now() THEN format('maintenance that ended at %s is over', schedule_maintenance.ends)
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'For example: SELECT muster.schedule_maintenance(''example'', ''2027-01-16 22:00'', ''2027-01-17 02:00'', ''new database server''); NULL instead of the organization means all.';
	END IF;
	INSERT INTO muster.maintenance (id, organization, begins, ends, reason, pilot_group)
	VALUES (made, owner_id, schedule_maintenance.begins, schedule_maintenance.ends, clean, muster.pilots(owner_id, schedule_maintenance.pilot_group));
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.schedule_maintenance(text, timestamptz, timestamptz, text, text) IS 'Announce maintenance: the organization (NULL: all), from when, until when (NULL: until it is ended), the reason for the record, a group that enrolls all the same. Devices are told to try again later. Returns its id, for muster.cancel_maintenance. Example: SELECT muster.schedule_maintenance(''example'', ''2027-01-16 22:00'', ''2027-01-17 02:00'', ''new database server'', ''pilots'');';

CREATE OR REPLACE FUNCTION muster.begin_maintenance(organization text, reason text, pilot_group text DEFAULT NULL) RETURNS uuid
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.schedule_maintenance(organization, now(), NULL, reason, pilot_group)
$$;
COMMENT ON FUNCTION muster.begin_maintenance(text, text, text) IS 'Begin maintenance now, until muster.end_maintenance: the organization (NULL: all), the reason for the record, a group that enrolls all the same. Returns its id. Example: SELECT muster.begin_maintenance(''example'', ''new database server'', ''pilots'');';

CREATE OR REPLACE FUNCTION muster.end_maintenance(organization text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := CASE WHEN end_maintenance.organization IS NOT NULL THEN muster.organization_id(end_maintenance.organization) END;
	at timestamptz := clock_timestamp();
	ended bigint;
BEGIN
	UPDATE muster.maintenance m SET ends = greatest(at, m.begins)
	 WHERE m.organization IS NOT DISTINCT FROM owner_id AND m.begins <= at AND coalesce(m.ends, 'infinity'::timestamptz) > at;
	GET DIAGNOSTICS ended = ROW_COUNT;
	IF ended = 0 THEN
		RAISE EXCEPTION 'there is no maintenance now of %', coalesce('organization ' || end_maintenance.organization, 'all organizations')
			USING ERRCODE = 'undefined_object',
			      HINT = 'To look: SELECT * FROM muster.maintenances WHERE state <> ''over''; what has not begun is cancelled by its id: SELECT muster.cancel_maintenance(id);';
	END IF;
	RETURN format('maintenance of %s has ended', coalesce('organization ' || end_maintenance.organization, 'all organizations'));
END
$$;
COMMENT ON FUNCTION muster.end_maintenance(text) IS 'End the maintenance that is going on, of one organization or (NULL) the one of all. Example: SELECT muster.end_maintenance(''example'');';

CREATE OR REPLACE FUNCTION muster.cancel_maintenance(id uuid) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM muster.maintenance m WHERE m.id = cancel_maintenance.id AND m.begins > now();
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no maintenance % that has not begun', coalesce(cancel_maintenance.id::text, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = 'To look: SELECT * FROM muster.maintenances WHERE state = ''scheduled''; what goes on is ended: SELECT muster.end_maintenance(organization);';
	END IF;
	RETURN 'the maintenance is cancelled';
END
$$;
COMMENT ON FUNCTION muster.cancel_maintenance(uuid) IS 'Cancel maintenance that has not begun, by its id. Example: SELECT muster.cancel_maintenance(id) FROM muster.maintenances WHERE state = ''scheduled'' AND organization = ''example'';';

CREATE OR REPLACE FUNCTION muster.rule_maintenance(p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	at timestamptz := clock_timestamp();
	m record;
BEGIN
	IF NOT EXISTS (SELECT FROM muster.maintenance x WHERE (x.organization = p_candidate.organization OR x.organization IS NULL)
	               AND coalesce(x.ends, 'infinity'::timestamptz) > at) THEN
		RETURN muster.says('maintenance', 'OK', 'no maintenance now');
	END IF;
	-- Of several the one that ends last; one that lets this account through does not lift another.
	SELECT x.id, x.ends, x.reason INTO m FROM muster.maintenance x
	 WHERE (x.organization = p_candidate.organization OR x.organization IS NULL)
	   AND coalesce(x.ends, 'infinity'::timestamptz) > at AND x.begins <= at
	   AND (x.pilot_group IS NULL OR NOT EXISTS (SELECT FROM unnest(p_candidate.groups) g (name) WHERE lower(g.name) = lower(x.pilot_group)))
	 ORDER BY coalesce(x.ends, 'infinity'::timestamptz) DESC LIMIT 1;
	IF NOT FOUND THEN
		RETURN muster.says('maintenance', 'OK', 'no maintenance now');
	END IF;
	RETURN muster.says('maintenance', 'InMaintenance', format('maintenance until %s: %s', coalesce(muster.said_time(m.ends), 'it is ended'), m.reason),
		jsonb_build_object('maintenance', m.id, 'until', m.ends));
END
$$;
COMMENT ON FUNCTION muster.rule_maintenance(muster.candidate) IS 'Internal: rule: no maintenance now, or the account is in its pilot group. Example: SELECT muster.rule_maintenance(muster.candidate_of(id, NULL, NULL)) FROM muster.account;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.maintenance
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.maintenance
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
