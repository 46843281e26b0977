-- Delegation: who works for which organization. The rights themselves are GRANTs; which rows, the policies say.

CREATE OR REPLACE FUNCTION muster.may_see(p_organization uuid, p_role text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT pg_has_role(p_role, 'muster_owner', 'USAGE') OR pg_has_role(p_role, 'muster_admin', 'USAGE') OR pg_has_role(p_role, 'muster_auditor', 'USAGE')
		OR (pg_has_role(p_role, 'muster_help_desk', 'USAGE') AND ((muster.delegated_everywhere(p_role::name, 'help desk') AND p_organization IS NOT NULL)
			OR p_organization IN (SELECT muster.delegated(p_role::name, 'help desk'))))
		OR (pg_has_role(p_role, 'muster_organization_admin', 'USAGE') AND p_organization IN (SELECT muster.delegated(p_role::name, 'organization administrator')))
$$;
COMMENT ON FUNCTION muster.may_see(uuid, text) IS 'Internal: whether a role may see an organization''s rows, as the policies have it: for functions that run as their owner. Example: SELECT muster.may_see(id, ''hedy'') FROM muster.organization;';

CREATE OR REPLACE FUNCTION muster.delegate(role text, duty text, organization text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	group_role name := CASE delegate.duty WHEN 'help desk' THEN 'muster_help_desk' WHEN 'organization administrator' THEN 'muster_organization_admin' END;
	everywhere boolean := delegate.organization = '*';
	its_id uuid;
BEGIN
	IF group_role IS NULL THEN
		RAISE EXCEPTION 'there is no duty %', coalesce(quote_literal(delegate.duty), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Duties: help desk, organization administrator.';
	ELSIF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = delegate.role) THEN
		RAISE EXCEPTION 'there is no role "%"', coalesce(delegate.role, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = format('As one who may create roles: CREATE ROLE %I LOGIN IN ROLE %I;', coalesce(delegate.role, 'name'), group_role);
	ELSIF NOT pg_has_role(delegate.role, group_role, 'MEMBER') THEN
		RAISE EXCEPTION 'role "%" is not a member of %', delegate.role, group_role
			USING ERRCODE = 'insufficient_privilege', HINT = format('As one who may: GRANT %I TO %I;', group_role, delegate.role);
	ELSIF everywhere AND group_role <> 'muster_help_desk' THEN
		RAISE EXCEPTION 'an administrator of all organizations is a muster_admin'
			USING ERRCODE = 'invalid_parameter_value', HINT = format('As one who may: GRANT muster_admin TO %I;', delegate.role);
	END IF;
	its_id := CASE WHEN NOT coalesce(everywhere, false) THEN muster.organization_id(delegate.organization) END;
	INSERT INTO muster.delegation (role, duty, organization) VALUES (delegate.role, delegate.duty, its_id) ON CONFLICT DO NOTHING;
	RETURN format('%s is %s for %s', delegate.role, delegate.duty, CASE WHEN everywhere THEN 'all organizations' ELSE 'organization ' || delegate.organization END);
END
$$;
COMMENT ON FUNCTION muster.delegate(text, text, text) IS 'Let a database role do a duty for an organization: help desk (sees everything of it, explains, traces, retires devices; ''*'': of all organizations) or organization administrator (changes it, and it only). The role must be a member of muster_help_desk or muster_organization_admin. Example: GRANT muster_help_desk TO hedy; SELECT muster.delegate(''hedy'', ''help desk'', ''example'');';

CREATE OR REPLACE FUNCTION muster.end_delegation(role text, duty text, organization text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := CASE WHEN end_delegation.organization <> '*' THEN muster.organization_id(end_delegation.organization) END;
BEGIN
	DELETE FROM muster.delegation d
	 WHERE d.role = end_delegation.role AND d.duty = end_delegation.duty AND d.organization IS NOT DISTINCT FROM its_id AND end_delegation.organization IS NOT NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'role "%" is not % for %', coalesce(end_delegation.role, 'NULL'), coalesce(end_delegation.duty, 'NULL'), coalesce(end_delegation.organization, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT * FROM muster.delegations;';
	END IF;
	RETURN format('%s is no longer %s for %s', end_delegation.role, end_delegation.duty, CASE end_delegation.organization WHEN '*' THEN 'all organizations' ELSE 'organization ' || end_delegation.organization END);
END
$$;
COMMENT ON FUNCTION muster.end_delegation(text, text, text) IS 'End a duty for an organization (''*'': for all). Example: SELECT muster.end_delegation(''hedy'', ''help desk'', ''example'');';

CREATE OR REPLACE VIEW muster.delegations WITH (security_invoker = true) AS
SELECT d.role, d.duty, coalesce(o.key, '*') AS organization,
       CASE WHEN r.oid IS NULL THEN 'the role does not exist any more'
            WHEN NOT pg_has_role(r.oid, CASE d.duty WHEN 'help desk' THEN 'muster_help_desk' ELSE 'muster_organization_admin' END, 'MEMBER') THEN 'the role is no member of the duty''s role'
            ELSE 'in force' END AS state,
       d.created_at, d.created_by
  FROM muster.delegation d
  LEFT JOIN muster.organization o ON o.id = d.organization
  LEFT JOIN pg_roles r ON r.rolname = d.role;
COMMENT ON VIEW muster.delegations IS 'Who works for which organization, and whether it is in force. Example: SELECT * FROM muster.delegations;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.delegation
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.delegation
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
