-- Delegation: help desk and organizations' own administrators. Who may see and change which rows is decided by row
-- level security, so that it holds for functions, views and statements by hand alike.

CREATE TABLE muster.delegation (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	role         name NOT NULL,
	duty         text NOT NULL CHECK (duty IN ('help desk', 'organization administrator')),
	organization uuid REFERENCES muster.organization (id),
	created_at   timestamptz NOT NULL DEFAULT now(),
	created_by   text NOT NULL DEFAULT session_user,
	CONSTRAINT delegation_once UNIQUE NULLS NOT DISTINCT (role, duty, organization),
	CONSTRAINT delegation_to_all CHECK (organization IS NOT NULL OR duty = 'help desk')
);
CREATE INDEX delegation_organization ON muster.delegation (organization);
COMMENT ON TABLE muster.delegation IS 'Which organizations a help desk or an organization''s own administrator works for: one row beside GRANT muster_help_desk or GRANT muster_organization_admin. Change with muster.delegate and muster.end_delegation. Example: SELECT * FROM muster.delegation;';
COMMENT ON COLUMN muster.delegation.id IS 'Key.';
COMMENT ON COLUMN muster.delegation.role IS 'The database role, a person''s or a group''s, whose members it holds for.';
COMMENT ON COLUMN muster.delegation.duty IS 'help desk: sees everything of the organization, retires devices. organization administrator: changes it, too.';
COMMENT ON COLUMN muster.delegation.organization IS 'Which organization; NULL: all of them (help desk only).';
COMMENT ON COLUMN muster.delegation.created_at IS 'Since when.';
COMMENT ON COLUMN muster.delegation.created_by IS 'Who delegated.';

CREATE FUNCTION muster.delegated(p_role name, p_duty text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	-- A role that has been dropped meanwhile delegates nothing.
	SELECT o.id
	  FROM muster.delegation d
	  JOIN pg_roles r ON r.rolname = d.role
	  JOIN muster.organization o ON o.id = d.organization OR d.organization IS NULL
	 WHERE d.duty = p_duty AND pg_has_role(p_role, r.oid, 'USAGE')
$$;
COMMENT ON FUNCTION muster.delegated(name, text) IS 'Internal: the organizations delegated to a role for a duty. Policies ask it once a statement. Example: SELECT muster.delegated(current_user, ''help desk'');';
REVOKE ALL ON FUNCTION muster.delegated(name, text) FROM PUBLIC;

-- Every table of organizations' rows gets the same policies. The programs' functions run as muster_owner.
CREATE FUNCTION muster.protect_rows(p_table regclass, p_column name, p_shared boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mine text := format('%I = ANY (ARRAY(SELECT muster.delegated(current_user, %%L)))', p_column);
	help_desk text := format(mine, 'help desk');
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
COMMENT ON FUNCTION muster.protect_rows(regclass, name, boolean) IS 'Internal: for migrations: row level security for a table whose rows belong to organizations by that column; shared: rows without an organization are everybody''s to see. Example: SELECT muster.protect_rows(''muster.platform'', ''organization'');';
REVOKE ALL ON FUNCTION muster.protect_rows(regclass, name, boolean) FROM PUBLIC;

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.organization', 'id');
	PERFORM muster.protect_rows(format('muster.%I', t)::regclass, 'organization')
	   FROM unnest(ARRAY['email_domain', 'account', 'device', 'certificate', 'event', 'account_group', 'account_group_member',
		'licence', 'licence_group', 'licence_seat', 'platform', 'allowed_network', 'blocked_device', 'expected_device',
		'custom_rule', 'terms', 'acceptance', 'held_event', 'event_hold', 'delegation']) t;
	-- Maintenance of all organizations concerns each.
	PERFORM muster.protect_rows('muster.maintenance', 'organization', true);
END
$protect$;
CREATE POLICY help_desk_retires ON muster.device FOR UPDATE TO muster_help_desk
	USING (organization = ANY (ARRAY(SELECT muster.delegated(current_user, 'help desk'))))
	WITH CHECK (organization = ANY (ARRAY(SELECT muster.delegated(current_user, 'help desk'))));

INSERT INTO muster.schema_version (version, name) VALUES (4, 'delegation');
