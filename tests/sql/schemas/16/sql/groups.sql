-- Groups of accounts, and which accounts may enroll at all.

CREATE OR REPLACE FUNCTION muster.group_id(organization text, group_name text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(group_id.organization);
	id uuid;
BEGIN
	SELECT g.id INTO id FROM muster.account_group g
	 WHERE g.organization = owner_id AND lower(g.name) = lower(btrim(group_id.group_name));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has no group "%"', group_id.organization, coalesce(group_id.group_name, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Groups: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT g.name FROM muster.account_group g
				WHERE g.organization = owner_id ORDER BY lower(g.name) LIMIT 20) s), format('There is none yet: SELECT muster.add_group(%L, name);', group_id.organization));
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.group_id(text, text) IS 'The id of a group by its organization''s key and its name; an error that names those there are if there is none. Example: SELECT muster.group_id(''example'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.switch(what text, value boolean) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF value IS NULL THEN
		RAISE EXCEPTION '% is NULL', what USING ERRCODE = 'invalid_parameter_value', HINT = 'Say true or false.';
	END IF;
	RETURN value;
END
$$;
COMMENT ON FUNCTION muster.switch(text, boolean) IS 'Internal: true or false, or an error for NULL. Example: SELECT muster.switch(''required'', true);';

CREATE OR REPLACE FUNCTION muster.add_group(organization text, group_name text, device_cap integer DEFAULT NULL, may_enroll boolean DEFAULT true) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
	clean text := muster.cut(add_group.group_name, 128);
BEGIN
	IF clean IS NULL THEN
		RAISE EXCEPTION 'the group needs a name' USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.add_group(''example'', ''sales'');';
	END IF;
	INSERT INTO muster.account_group (id, organization, name, may_enroll, device_cap)
	VALUES (made, muster.organization_id(add_group.organization), clean, muster.switch('may_enroll', add_group.may_enroll), muster.cap(add_group.device_cap))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'group "%" exists already', clean
			USING ERRCODE = 'unique_violation', HINT = 'Change it with muster.set_group_cap, muster.set_group_name, muster.allow_group, muster.forbid_group.';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_group(text, text, integer, boolean) IS 'Add a group of accounts: its organization, its name, how many devices each member may have (NULL: as the organization says), whether members may enroll. Then: muster.add_to_group. Returns its id. Example: SELECT muster.add_group(''example'', ''sales'', 3);';

CREATE OR REPLACE FUNCTION muster.set_group_name(organization text, group_name text, new_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.group_id(set_group_name.organization, set_group_name.group_name);
	clean text := muster.cut(set_group_name.new_name, 128);
BEGIN
	IF clean IS NULL THEN
		RAISE EXCEPTION 'the group needs a name' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give its new name, at most 128 characters.';
	END IF;
	IF EXISTS (SELECT FROM muster.account_group g WHERE g.id <> its_id AND lower(g.name) = lower(clean)
	           AND g.organization = muster.organization_id(set_group_name.organization)) THEN
		RAISE EXCEPTION 'group "%" exists already', clean USING ERRCODE = 'unique_violation', HINT = 'Choose another name.';
	END IF;
	-- Maintenance names its pilots: they stay the same accounts.
	UPDATE muster.maintenance m SET pilot_group = clean
	 WHERE m.organization = muster.organization_id(set_group_name.organization) AND lower(m.pilot_group) = lower(btrim(set_group_name.group_name));
	UPDATE muster.account_group g SET name = clean WHERE g.id = its_id;
	RETURN format('group "%s" is called "%s"', set_group_name.group_name, clean);
END
$$;
COMMENT ON FUNCTION muster.set_group_name(text, text, text) IS 'Give a group another name. Example: SELECT muster.set_group_name(''example'', ''sales'', ''Sales and service'');';

CREATE OR REPLACE FUNCTION muster.group_users(p_group uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT string_agg(u.what, ', ') FROM (
		SELECT 'licence "' || l.name || '"' AS what FROM muster.licence_group x JOIN muster.licence l ON l.id = x.licence WHERE x.account_group = p_group
		UNION ALL
		SELECT 'the identity provider''s group "' || c.value || '"' FROM muster.claim_group c WHERE c.account_group = p_group
		UNION ALL
		SELECT 'network ' || n.network FROM muster.allowed_network n WHERE n.account_group = p_group
		UNION ALL
		SELECT 'maintenance until ' || coalesce(to_char(m.ends AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), 'it is ended')
		  FROM muster.maintenance m JOIN muster.account_group g ON g.organization = m.organization AND lower(g.name) = lower(m.pilot_group)
		 WHERE g.id = p_group AND coalesce(m.ends, 'infinity'::timestamptz) > clock_timestamp()) u
$$;
COMMENT ON FUNCTION muster.group_users(uuid) IS 'Internal: what is set for a group by name, NULL if nothing is. Example: SELECT muster.group_users(id) FROM muster.account_group;';

CREATE OR REPLACE FUNCTION muster.remove_group(organization text, group_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.group_id(remove_group.organization, remove_group.group_name);
	used text := muster.group_users(its_id);
	members bigint;
BEGIN
	IF used IS NOT NULL THEN
		RAISE EXCEPTION 'group "%" is in use: %', remove_group.group_name, used
			USING ERRCODE = 'dependent_objects_still_exist',
			      HINT = 'Take that away first: muster.unassign_licence_from_group, muster.unmap_claim, muster.disallow_network, muster.end_maintenance.';
	END IF;
	DELETE FROM muster.account_group_member m WHERE m.account_group = its_id;
	GET DIAGNOSTICS members = ROW_COUNT;
	DELETE FROM muster.account_group g WHERE g.id = its_id;
	RETURN format('group "%s" is removed; it had %s member%s, whose accounts stay', remove_group.group_name, members, CASE WHEN members <> 1 THEN 's' END);
END
$$;
COMMENT ON FUNCTION muster.remove_group(text, text) IS 'Remove a group that nothing else refers to; the accounts in it stay. Example: SELECT muster.remove_group(''example'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.allow_group(organization text, group_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account_group g SET may_enroll = true WHERE g.id = muster.group_id(allow_group.organization, allow_group.group_name);
	RETURN format('members of group "%s" may enroll', allow_group.group_name);
END
$$;
COMMENT ON FUNCTION muster.allow_group(text, text) IS 'Let a group''s members enroll again. Example: SELECT muster.allow_group(''example'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.forbid_group(organization text, group_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account_group g SET may_enroll = false WHERE g.id = muster.group_id(forbid_group.organization, forbid_group.group_name);
	RETURN format('members of group "%s" may not enroll, whatever other groups they are in', forbid_group.group_name);
END
$$;
COMMENT ON FUNCTION muster.forbid_group(text, text) IS 'Stop a group''s members from enrolling, whatever other groups they are in. Their devices stay. Example: SELECT muster.forbid_group(''example'', ''leavers'');';

CREATE OR REPLACE FUNCTION muster.home_of(p_account uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT o.key FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.id = p_account
$$;
COMMENT ON FUNCTION muster.home_of(uuid) IS 'Internal: the key of an account''s organization. Example: SELECT muster.home_of(muster.account_id(''ada@example.test''));';

CREATE OR REPLACE FUNCTION muster.add_to_group(upn text, group_name text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.account_id(add_to_group.upn, add_to_group.organization);
	its_home text := muster.home_of(its_account);
BEGIN
	-- Who is there by what the identity provider says stays now, whatever it says.
	INSERT INTO muster.account_group_member AS m (organization, account_group, account)
	VALUES (muster.organization_id(its_home), muster.group_id(its_home, add_to_group.group_name), its_account)
	ON CONFLICT (account, account_group) DO UPDATE SET how = 'hand' WHERE m.how = 'claim';
	RETURN format('account %s %s group "%s"', add_to_group.upn, CASE WHEN FOUND THEN 'is in' ELSE 'was already in' END, add_to_group.group_name);
END
$$;
COMMENT ON FUNCTION muster.add_to_group(text, text, text) IS 'Put an account into a group of its organization. Example: SELECT muster.add_to_group(''ada@example.test'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.remove_from_group(upn text, group_name text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.account_id(remove_from_group.upn, remove_from_group.organization);
BEGIN
	DELETE FROM muster.account_group_member m
	 WHERE m.account = its_account AND m.account_group = muster.group_id(muster.home_of(its_account), remove_from_group.group_name);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'account % is not in group "%"', remove_from_group.upn, remove_from_group.group_name
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('It is in: ' || (SELECT string_agg(g.name, ', ' ORDER BY lower(g.name)) FROM muster.account_group_member m
				JOIN muster.account_group g ON g.id = m.account_group WHERE m.account = its_account), 'It is in no group.');
	END IF;
	RETURN format('account %s is no longer in group "%s"', remove_from_group.upn, remove_from_group.group_name);
END
$$;
COMMENT ON FUNCTION muster.remove_from_group(text, text, text) IS 'Take an account out of a group. Example: SELECT muster.remove_from_group(''ada@example.test'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.require_group(organization text, required boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.organization o SET group_required = muster.switch('required', require_group.required)
	 WHERE o.id = muster.organization_id(require_group.organization);
	RETURN format('organization %s: %s', require_group.organization,
		CASE WHEN required THEN 'only members of a group enroll' ELSE 'accounts enroll without being in a group' END);
END
$$;
COMMENT ON FUNCTION muster.require_group(text, boolean) IS 'Let only members of a group enroll, or (false) every account. Example: SELECT muster.require_group(''example'');';

CREATE OR REPLACE FUNCTION muster.allow_account(upn text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account a SET may_enroll = true WHERE a.id = muster.account_id(allow_account.upn, allow_account.organization);
	RETURN format('account %s may enroll', allow_account.upn);
END
$$;
COMMENT ON FUNCTION muster.allow_account(text, text) IS 'Let an account enroll devices again. Example: SELECT muster.allow_account(''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.forbid_account(upn text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account a SET may_enroll = false WHERE a.id = muster.account_id(forbid_account.upn, forbid_account.organization);
	RETURN format('account %s may not enroll', forbid_account.upn);
END
$$;
COMMENT ON FUNCTION muster.forbid_account(text, text) IS 'Stop an account from enrolling devices while it stays enabled otherwise. Example: SELECT muster.forbid_account(''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.rule_group(p_candidate muster.candidate, p_organization muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	its_id uuid;
	its_name text;
BEGIN
	IF cardinality(p_candidate.groups) > 0 THEN
		SELECT g.id, g.name INTO its_id, its_name FROM muster.account_group_member m JOIN muster.account_group g ON g.id = m.account_group
		 WHERE m.account = p_candidate.account AND NOT g.may_enroll ORDER BY lower(g.name) LIMIT 1;
		IF FOUND THEN
			RETURN muster.says('group', 'Authorization', format('group "%s" may not enroll', its_name), jsonb_build_object('group', its_id));
		END IF;
		RETURN muster.says('group', 'OK', 'in group ' || array_to_string(p_candidate.groups[1:20], ', '));
	ELSIF p_organization.group_required THEN
		RETURN muster.says('group', 'Authorization', format('account %s is in no group, and organization %s lets only members of groups enroll',
			p_candidate.upn, p_organization.key));
	END IF;
	RETURN muster.says('group', 'OK', 'in no group, and none is required');
END
$$;
COMMENT ON FUNCTION muster.rule_group(muster.candidate, muster.organization) IS 'Internal: rule: no group of the account''s forbids enrolling, and it is in one where one is required. Example: SELECT muster.rule_group(muster.candidate_of(a.id, NULL, NULL), o) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';

CREATE OR REPLACE FUNCTION muster.count_members() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Rows of their own: nobody who joins a group waits for another.
	INSERT INTO muster.member_count (organization, account_group, change)
	SELECT t.organization, t.account_group, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM touched t GROUP BY 1, 2;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.count_members() IS 'Internal: trigger that notes in muster.member_count how many members groups gain and lose. Runs as its owner: nobody says how many members there are. Example: CREATE TRIGGER count_added AFTER INSERT ON muster.account_group_member REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION muster.count_members();';

CREATE OR REPLACE FUNCTION muster.keep_members() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- A group that somebody is just changing has its turn next time.
	ids uuid[] := ARRAY(SELECT g.id FROM muster.account_group g WHERE g.id IN (SELECT c.account_group FROM muster.member_count c)
		ORDER BY g.id FOR NO KEY UPDATE SKIP LOCKED);
BEGIN
	WITH noted AS (DELETE FROM muster.member_count c WHERE c.account_group = ANY (ids) RETURNING c.account_group, c.change)
	UPDATE muster.account_group g SET members = g.members + n.change
	  FROM (SELECT x.account_group, sum(x.change)::bigint AS change FROM noted x GROUP BY 1) n WHERE g.id = n.account_group;
	DELETE FROM muster.member_count c WHERE NOT EXISTS (SELECT FROM muster.account_group g WHERE g.id = c.account_group);
END
$$;
COMMENT ON FUNCTION muster.keep_members() IS 'Internal: housekeeping''s part about groups: adds what muster.member_count notes to muster.account_group.members. Example: SELECT muster.keep_members();';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.account_group
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
-- How many members it has is told by their own events.
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE OF organization, name, may_enroll, device_cap ON muster.account_group
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.account_group_member
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.account_group_member
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER count_added AFTER INSERT ON muster.account_group_member
	REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION muster.count_members();
CREATE OR REPLACE TRIGGER count_removed AFTER DELETE ON muster.account_group_member
	REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION muster.count_members();
