-- DM servers: where new devices are sent. Each organization has a default (muster.set_dm_server), and may have
-- others, for the members of groups or for all.

CREATE OR REPLACE FUNCTION muster.dm_server_for(p_organization uuid, p_account uuid,
	OUT dm_server text, OUT provider_id text, OUT provider_name text, OUT management_url text, OUT by_group text)
LANGUAGE sql STABLE AS $$
	SELECT s.name, coalesce(s.provider_id, o.provider_id),
	       coalesce(s.provider_name, CASE WHEN s.name IS NULL THEN o.provider_name END, o.name),
	       coalesce(s.management_url, o.management_url), s.by_group
	  FROM muster.organization o
	  LEFT JOIN LATERAL (
	       SELECT d.name, d.provider_id, d.provider_name, d.management_url, g.name AS by_group
	         FROM muster.dm_route r
	         JOIN muster.dm_server d ON d.id = r.dm_server
	         LEFT JOIN muster.account_group g ON g.id = r.account_group
	        WHERE r.organization = o.id AND (r.account_group IS NULL OR EXISTS (SELECT FROM muster.account_group_member m
	              WHERE m.account = p_account AND m.account_group = r.account_group))
	        ORDER BY r.priority, r.account_group IS NULL, lower(g.name) LIMIT 1) s ON true
	 WHERE o.id = p_organization
$$;
COMMENT ON FUNCTION muster.dm_server_for(uuid, uuid) IS 'Internal: the DM server that an account''s new devices are sent to, by which group''s rule (NULL: all of the organization, or its default, which has no name). Example: SELECT s.* FROM muster.account a, muster.dm_server_for(a.organization, a.id) s;';

CREATE OR REPLACE FUNCTION muster.note_dm_server(p_device uuid, p_candidate muster.candidate, p_claim jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	s record;
	told jsonb := p_claim -> 'dm_server';
	its_id text;
	its_url text;
	kind text := coalesce(p_claim ->> 'kind', 'password');
BEGIN
	SELECT * INTO s FROM muster.dm_server_for(p_candidate.organization, p_candidate.account);
	-- What the worker tells the device counts: a rule may have changed since it asked. Programs of the version
	-- before do not say.
	its_id := left(coalesce(told ->> 'provider_id', s.provider_id), 64);
	its_url := left(coalesce(told ->> 'management_url', s.management_url), 2048);
	UPDATE muster.device d
	   SET dm_server = (SELECT x.name FROM muster.dm_server x WHERE x.organization = p_candidate.organization
	         AND x.provider_id = its_id AND x.management_url = its_url ORDER BY x.name = s.dm_server DESC NULLS LAST, x.name LIMIT 1),
	       provider_id = its_id, management_url = its_url,
	       auth_policy = CASE kind WHEN 'password' THEN 'OnPremise' WHEN 'certificate' THEN 'Certificate' ELSE 'Federated' END
	 WHERE d.id = p_device AND (d.provider_id, d.management_url) IS DISTINCT FROM (its_id, its_url);
END
$$;
COMMENT ON FUNCTION muster.note_dm_server(uuid, muster.candidate, jsonb) IS 'Internal: keep with a device to which DM server it was sent, as the worker says it told it, and by which AuthPolicy it came. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.dm_server_id(organization text, server text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(dm_server_id.organization);
	id uuid;
BEGIN
	SELECT s.id INTO id FROM muster.dm_server s WHERE s.organization = owner_id AND lower(s.name) = lower(btrim(dm_server_id.server));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has no DM server "%"', dm_server_id.organization, coalesce(dm_server_id.server, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('DM servers: ' || (SELECT string_agg(s.name, ', ' ORDER BY lower(s.name)) FROM muster.dm_server s WHERE s.organization = owner_id),
				format('There is none beside its default: SELECT muster.add_dm_server(%L, name, provider_id, url);', dm_server_id.organization));
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.dm_server_id(text, text) IS 'The id of a DM server by its organization''s key and its name; an error that names those there are if there is none. Example: SELECT muster.dm_server_id(''example'', ''Branches'');';

CREATE OR REPLACE FUNCTION muster.provider_id(p_provider_id text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_provider_id IS NULL OR p_provider_id !~ '^[A-Za-z0-9]{1,64}$' THEN
		RAISE EXCEPTION 'not usable as a provider id: %', coalesce(quote_literal(left(p_provider_id, 200)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Use 1 to 64 letters and digits, nothing else: it becomes part of paths on the device.';
	END IF;
	RETURN p_provider_id;
END
$$;
COMMENT ON FUNCTION muster.provider_id(text) IS 'Internal: a DM server''s identifier on the device, or an error. Example: SELECT muster.provider_id(''ExampleMDM'');';

CREATE OR REPLACE FUNCTION muster.add_dm_server(organization text, server text, provider_id text, url text, display_name text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
	clean text := muster.cut(add_dm_server.server, 128);
BEGIN
	IF clean IS NULL THEN
		RAISE EXCEPTION 'the DM server needs a name'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.add_dm_server(''example'', ''Branches'', ''BranchMDM'', ''https://mdm.branches.example.test/dm'');';
	END IF;
	INSERT INTO muster.dm_server (id, organization, name, provider_id, management_url, provider_name)
	VALUES (made, muster.organization_id(add_dm_server.organization), clean, muster.provider_id(add_dm_server.provider_id),
		muster.page_url(add_dm_server.url), muster.cut(add_dm_server.display_name, 256))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'DM server "%" exists already', clean
			USING ERRCODE = 'unique_violation', HINT = 'Change it with muster.change_dm_server.';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_dm_server(text, text, text, text, text) IS 'Add a DM server beside an organization''s default: its name for people, its identifier on the device (letters and digits), its URL, the name that the device''s settings show (NULL: the organization''s). Then: muster.send_to_dm_server. Returns its id. Example: SELECT muster.add_dm_server(''example'', ''Branches'', ''BranchMDM'', ''https://mdm.branches.example.test/dm'', ''Branch management'');';

CREATE OR REPLACE FUNCTION muster.change_dm_server(organization text, server text, provider_id text, url text, display_name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.dm_server_id(change_dm_server.organization, change_dm_server.server);
BEGIN
	UPDATE muster.dm_server s
	   SET provider_id = muster.provider_id(change_dm_server.provider_id), management_url = muster.page_url(change_dm_server.url),
	       provider_name = muster.cut(change_dm_server.display_name, 256)
	 WHERE s.id = its_id;
	RETURN format('DM server "%s" is %s (%s) for devices to come; those there are stay where they are', change_dm_server.server,
		muster.page_url(change_dm_server.url), change_dm_server.provider_id);
END
$$;
COMMENT ON FUNCTION muster.change_dm_server(text, text, text, text, text) IS 'Give a DM server another identifier, URL and displayed name (NULL: the organization''s). Devices that were sent there keep what they were told. Example: SELECT muster.change_dm_server(''example'', ''Branches'', ''BranchMDM'', ''https://mdm2.branches.example.test/dm'');';

CREATE OR REPLACE FUNCTION muster.remove_dm_server(organization text, server text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.dm_server_id(remove_dm_server.organization, remove_dm_server.server);
	used text := (SELECT string_agg(coalesce('group "' || g.name || '"', 'all'), ', ') FROM muster.dm_route r
		LEFT JOIN muster.account_group g ON g.id = r.account_group WHERE r.dm_server = its_id);
BEGIN
	IF used IS NOT NULL THEN
		RAISE EXCEPTION 'devices are sent to DM server "%": %', remove_dm_server.server, used
			USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Take that away first: muster.forget_dm_route.';
	END IF;
	DELETE FROM muster.dm_server s WHERE s.id = its_id;
	RETURN format('DM server "%s" is removed; devices that were sent there stay', remove_dm_server.server);
END
$$;
COMMENT ON FUNCTION muster.remove_dm_server(text, text) IS 'Remove a DM server that no devices are sent to any more. Example: SELECT muster.remove_dm_server(''example'', ''Branches'');';

CREATE OR REPLACE FUNCTION muster.send_to_dm_server(organization text, server text, group_name text DEFAULT NULL, priority integer DEFAULT 100) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	its_id uuid := muster.dm_server_id(send_to_dm_server.organization, send_to_dm_server.server);
	its_group uuid := CASE WHEN send_to_dm_server.group_name IS NOT NULL THEN muster.group_id(send_to_dm_server.organization, send_to_dm_server.group_name) END;
BEGIN
	IF send_to_dm_server.priority IS NULL OR send_to_dm_server.priority NOT BETWEEN 1 AND 10000 THEN
		RAISE EXCEPTION 'not usable as a priority: %', coalesce(send_to_dm_server.priority::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 (counts first) to 10000.';
	END IF;
	INSERT INTO muster.dm_route (organization, account_group, dm_server, priority)
	VALUES (muster.organization_id(send_to_dm_server.organization), its_group, its_id, send_to_dm_server.priority)
	ON CONFLICT ON CONSTRAINT dm_route_once DO UPDATE SET dm_server = excluded.dm_server, priority = excluded.priority;
	RETURN format('new devices of %s are sent to DM server "%s"', coalesce('group "' || send_to_dm_server.group_name || '"', 'organization ' || send_to_dm_server.organization),
		send_to_dm_server.server);
END
$$;
COMMENT ON FUNCTION muster.send_to_dm_server(text, text, text, integer) IS 'Send the new devices of a group''s members (NULL: of the whole organization) to a DM server. Where several groups of an account say something, the lowest priority counts, and of the same a group''s before all. Which counts for an account: muster.explain_enrollment. Example: SELECT muster.send_to_dm_server(''example'', ''Branches'', ''sales'', 10);';

CREATE OR REPLACE FUNCTION muster.forget_dm_route(organization text, group_name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_group uuid := CASE WHEN forget_dm_route.group_name IS NOT NULL THEN muster.group_id(forget_dm_route.organization, forget_dm_route.group_name) END;
BEGIN
	DELETE FROM muster.dm_route r
	 WHERE r.organization = muster.organization_id(forget_dm_route.organization) AND r.account_group IS NOT DISTINCT FROM its_group;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no DM server is set for %', coalesce('group "' || forget_dm_route.group_name || '"', 'all of organization ' || forget_dm_route.organization)
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT * FROM muster.dm_servers;';
	END IF;
	RETURN format('new devices of %s go where else they would', coalesce('group "' || forget_dm_route.group_name || '"', 'organization ' || forget_dm_route.organization));
END
$$;
COMMENT ON FUNCTION muster.forget_dm_route(text, text) IS 'Undo muster.send_to_dm_server for a group (NULL: for the whole organization). Example: SELECT muster.forget_dm_route(''example'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.use_own_check_in(organization text, provider_id text DEFAULT 'Muster', name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN muster.set_dm_server(use_own_check_in.organization, use_own_check_in.provider_id,
		(SELECT o.device_url || '/ManagementServer/MDM.svc' FROM muster.organization o WHERE o.id = muster.organization_id(use_own_check_in.organization)),
		use_own_check_in.name);
END
$$;
COMMENT ON FUNCTION muster.use_own_check_in(text, text, text) IS 'Send an organization''s new devices to Muster''s own check-in endpoint, on its device host, as long as there is no DM server: it takes their first contact and their unenrolling, and manages nothing. Their provider id and URL stay on the device: choose what the DM server to come can take over. Example: SELECT muster.use_own_check_in(''example'', ''ExampleMDM'');';

CREATE OR REPLACE VIEW muster.dm_servers WITH (security_invoker = true) AS
SELECT o.key AS organization, NULL::text AS name, o.provider_id, coalesce(o.provider_name, o.name) AS provider_name, o.management_url,
       'all that no rule sends elsewhere' AS devices_of, NULL::integer AS priority
  FROM muster.organization o WHERE o.management_url IS NOT NULL AND o.deleted_at IS NULL
UNION ALL
SELECT o.key, s.name, s.provider_id, coalesce(s.provider_name, o.name), s.management_url,
       CASE WHEN r.id IS NULL THEN 'nobody' WHEN r.account_group IS NULL THEN 'all' ELSE 'group "' || g.name || '"' END, r.priority
  FROM muster.dm_server s
  JOIN muster.organization o ON o.id = s.organization
  LEFT JOIN muster.dm_route r ON r.dm_server = s.id
  LEFT JOIN muster.account_group g ON g.id = r.account_group;
COMMENT ON VIEW muster.dm_servers IS 'DM servers, and whose new devices are sent to them; without a name: the organization''s default. Example: SELECT * FROM muster.dm_servers ORDER BY organization, priority;';

-- Not columns of muster.devices: functions that return its rows may be at work while an upgrade adds them.
CREATE OR REPLACE VIEW muster.dm_devices WITH (security_invoker = true) AS
SELECT d.id, o.key AS organization, a.upn AS account, d.name, d.state, d.auth_policy, d.dm_server, d.provider_id, d.management_url,
       d.enrolled_at, d.first_contact_at, d.unenrolled_at, d.retired_reason
  FROM muster.device d
  JOIN muster.account a ON a.id = d.account
  JOIN muster.organization o ON o.id = d.organization;
COMMENT ON VIEW muster.dm_devices IS 'To which DM server each device was sent (dm_server NULL: the organization''s default; management_url NULL: not known, it enrolled before this was kept), how its user was proven, and when it was disconnected. Example: SELECT account, name, management_url, unenrolled_at FROM muster.dm_devices ORDER BY id DESC LIMIT 20;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.dm_server
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.dm_server
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.dm_route
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.dm_route
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
