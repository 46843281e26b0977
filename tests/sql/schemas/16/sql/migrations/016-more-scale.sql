-- What people look at and look for among millions, once more: policies that ask once who sees everything, members
-- counted as they come and go, devices by any of their ids, and days that are over added up.

-- Who works for all organizations is asked once a statement, not compared with each of them in each row.
CREATE FUNCTION muster.delegated_everywhere(p_role name, p_duty text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- A role that has been dropped meanwhile delegates nothing.
	RETURN EXISTS (SELECT FROM muster.delegation x
		WHERE x.duty = p_duty AND x.organization IS NULL AND pg_has_role(p_role, to_regrole(quote_ident(x.role)), 'USAGE'));
END
$$;
COMMENT ON FUNCTION muster.delegated_everywhere(name, text) IS 'Internal: whether a duty is delegated to a role for all organizations. Policies ask it once a statement. Example: SELECT muster.delegated_everywhere(current_user, ''help desk'');';
REVOKE ALL ON FUNCTION muster.delegated_everywhere(name, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION muster.protect_rows(p_table regclass, p_column name, p_shared boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mine text := format('%I = ANY (ARRAY(SELECT muster.delegated(current_user, %%L)))', p_column);
	help_desk text := format('((SELECT muster.delegated_everywhere(current_user, %L)) AND %I IS NOT NULL) OR ', 'help desk', p_column) || format(mine, 'help desk');
	own text := format(mine, 'organization administrator');
	shared text := CASE WHEN p_shared THEN format(' OR %I IS NULL', p_column) ELSE '' END;
BEGIN
	EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
	EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
	EXECUTE format('CREATE POLICY programs ON %s TO muster_owner USING (true) WITH CHECK (true)', p_table);
	EXECUTE format('CREATE POLICY administrators ON %s TO muster_admin USING (true) WITH CHECK (true)', p_table);
	EXECUTE format('CREATE POLICY auditors ON %s FOR SELECT TO muster_auditor USING (true)', p_table);
	EXECUTE format('CREATE POLICY help_desk ON %s FOR SELECT TO muster_help_desk USING (%s%s)', p_table, help_desk, shared);
	EXECUTE format('CREATE POLICY own ON %s TO muster_organization_admin USING (%s) WITH CHECK (%s)', p_table, own, own);
	IF p_shared THEN
		EXECUTE format('CREATE POLICY shared ON %s FOR SELECT TO muster_organization_admin USING (%I IS NULL)', p_table, p_column);
	END IF;
END
$$;

-- The policies that there are.
DO $policies$
DECLARE
	p record;
	its_column name;
	everywhere text;
BEGIN
	FOR p IN SELECT x.polrelid::regclass AS of_table, x.polname AS name, pg_get_expr(x.polqual, x.polrelid) AS sees, pg_get_expr(x.polwithcheck, x.polrelid) AS checks
		  FROM pg_policy x WHERE x.polroles = ARRAY['muster_help_desk'::regrole::oid] AND pg_get_expr(x.polqual, x.polrelid) ~ 'muster.delegated\('
	LOOP
		its_column := CASE p.of_table WHEN 'muster.organization'::regclass THEN 'id' ELSE 'organization' END;
		everywhere := format('((SELECT muster.delegated_everywhere(current_user, %L)) AND %I IS NOT NULL) OR ', 'help desk', its_column);
		EXECUTE format('ALTER POLICY %I ON %s USING (%s)', p.name, p.of_table, everywhere || p.sees)
			|| CASE WHEN p.checks IS NOT NULL THEN format(' WITH CHECK (%s)', everywhere || p.checks) ELSE '' END;
	END LOOP;
END
$policies$;

-- Members are many, and counted as they come and go. The trigger that tells of changed groups is made anew by
-- groups.sql, for the columns that somebody changes.
DROP TRIGGER IF EXISTS audit_change ON muster.account_group;
ALTER TABLE muster.account_group ADD COLUMN members bigint NOT NULL DEFAULT 0 CONSTRAINT account_group_members CHECK (members >= 0);
COMMENT ON COLUMN muster.account_group.members IS 'How many rows of muster.account_group_member it had when housekeeping last counted; muster.member_count has what changed since.';
UPDATE muster.account_group g SET members = n.number
  FROM (SELECT m.account_group, count(*) AS number FROM muster.account_group_member m GROUP BY 1) n WHERE n.account_group = g.id;
REVOKE INSERT ON muster.account_group FROM muster_admin, muster_organization_admin;

-- Rows that are added, not one that all who join a group would wait for.
CREATE TABLE muster.member_count (
	id            uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization  uuid NOT NULL REFERENCES muster.organization (id),
	account_group uuid NOT NULL,
	change        bigint NOT NULL
);
CREATE INDEX member_count_group ON muster.member_count (organization, account_group);
COMMENT ON TABLE muster.member_count IS 'How many members groups gained and lost since housekeeping last added that to muster.account_group.members. Look with muster.groups.';
COMMENT ON COLUMN muster.member_count.id IS 'Key.';
COMMENT ON COLUMN muster.member_count.organization IS 'Whose group it is.';
COMMENT ON COLUMN muster.member_count.account_group IS 'The group; it may be removed meanwhile.';
COMMENT ON COLUMN muster.member_count.change IS 'How many were added, or (negative) removed.';

-- Living devices of an account, and all of them, by one index instead of two: enrolling writes to each.
CREATE INDEX device_of_account ON muster.device (account, state, id);
DROP INDEX muster.device_living_account;
DROP INDEX muster.device_account;

-- Devices by any id without case. What enrolling adds is put at its end and sorted in by housekeeping: an ordinary
-- index for each id would touch a page of its own in every enrollment. Not too much at once, whoever it meets.
CREATE FUNCTION muster.device_words(p_name text, p_serial_number text, p_hardware_id text, p_device_id text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT array_remove(ARRAY[hashtextextended(lower(p_name), 0), hashtextextended(lower(p_serial_number), 0),
		hashtextextended(lower(p_hardware_id), 0), hashtextextended(lower(p_device_id), 0)], NULL)
$$;
COMMENT ON FUNCTION muster.device_words(text, text, text, text) IS 'Internal: numbers of a device''s name, serial number, hardware id and device id without case, as the index has them; different texts may have the same. Example: SELECT muster.device_words(name, serial_number, hardware_id, device_id) FROM muster.device;';
REVOKE ALL ON FUNCTION muster.device_words(text, text, text, text) FROM PUBLIC;
SET LOCAL maintenance_work_mem = '256MB';
CREATE INDEX device_words ON muster.device USING gin (muster.device_words(name, serial_number, hardware_id, device_id))
	WITH (fastupdate = on, gin_pending_list_limit = 1024);

-- The latest refusals, whoever's, without walking past all other events.
CREATE INDEX event_refused_at ON muster.event (at) WHERE kind = 'refused';

-- What was changed of late, of one organization.
CREATE INDEX event_administration_organization ON muster.event (organization, at) WHERE actor_role IS NOT NULL;

-- Days that are over are added up once.
CREATE TABLE muster.closed_day (
	day       date PRIMARY KEY,
	closed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE muster.closed_day IS 'Days (UTC) whose refusals and enrollments are added up, in muster.daily_refusal and muster.daily_count; reports count the others themselves. Kept by housekeeping. Example: SELECT min(day), max(day) FROM muster.closed_day;';
COMMENT ON COLUMN muster.closed_day.day IS 'The day.';
COMMENT ON COLUMN muster.closed_day.closed_at IS 'When it was added up.';

CREATE TABLE muster.daily_refusal (
	day          date NOT NULL,
	organization uuid,
	stage        text,
	outcome      text,
	rule         text,
	refusals     bigint NOT NULL CHECK (refusals > 0),
	accounts     bigint NOT NULL,
	latest_why   text,
	CONSTRAINT daily_refusal_once UNIQUE NULLS NOT DISTINCT (day, organization, stage, outcome, rule)
);
-- No foreign key: an event outlives what it tells of.
CREATE INDEX daily_refusal_organization ON muster.daily_refusal (organization, day);
COMMENT ON TABLE muster.daily_refusal IS 'Refusals of the days in muster.closed_day, added up. Goes with the events that it is made of when they are aged out. Look with muster.refusals_by_day. Example: SELECT * FROM muster.daily_refusal ORDER BY day DESC LIMIT 10;';
COMMENT ON COLUMN muster.daily_refusal.day IS 'The day (UTC).';
COMMENT ON COLUMN muster.daily_refusal.organization IS 'Who refused; NULL: of nobody''s domain.';
COMMENT ON COLUMN muster.daily_refusal.stage IS 'Where: policy, enrollment, device, ….';
COMMENT ON COLUMN muster.daily_refusal.outcome IS 'With what outcome.';
COMMENT ON COLUMN muster.daily_refusal.rule IS 'By which rule; NULL: by none, as for a wrong password.';
COMMENT ON COLUMN muster.daily_refusal.refusals IS 'How many.';
COMMENT ON COLUMN muster.daily_refusal.accounts IS 'Of how many users.';
COMMENT ON COLUMN muster.daily_refusal.latest_why IS 'The reason of the latest of them.';

ALTER TABLE muster.daily_count DROP CONSTRAINT daily_count_stage_check,
	ADD CONSTRAINT daily_count_stage CHECK (stage IN ('discovery', 'policy', 'issued', 'first contact'));
COMMENT ON TABLE muster.daily_count IS 'Requests that succeed without an event, counted by the programs and added up every minute; and the enrollments of the days in muster.closed_day. Look with muster.funnel. Example: SELECT * FROM muster.daily_count ORDER BY day DESC LIMIT 10;';
COMMENT ON COLUMN muster.daily_count.day IS 'The day (UTC) on which the count was carried over, at most two minutes after the request; of enrollments the day of enrolling.';
COMMENT ON COLUMN muster.daily_count.stage IS 'discovery, policy; issued: certificates; first contact: of those the devices that were seen since.';
COMMENT ON COLUMN muster.daily_count.build IS 'Windows build, the first three numbers of what the client says; unknown: it does not say (GetPolicies never does); other: more builds than are kept apart in a day.';
-- Of all organizations, by day.
CREATE INDEX daily_count_day ON muster.daily_count (day);

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.daily_refusal', 'organization');
	PERFORM muster.protect_rows('muster.member_count', 'organization');
END
$protect$;

INSERT INTO muster.schema_version (version, name) VALUES (16, 'more scale');
