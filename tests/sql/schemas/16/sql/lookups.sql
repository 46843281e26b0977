-- What people look for: who changed what, a device by whatever is known of it, and the rules' rows with names instead
-- of ids. Views run as the reader; new columns are only ever added at the end.

CREATE OR REPLACE VIEW muster.changes WITH (security_invoker = true) AS
SELECT e.at, e.actor, e.actor_role, o.key AS organization, e.kind,
       coalesce(w.row ->> 'name', w.row ->> 'value', w.row ->> 'network', w.row ->> 'domain', w.row ->> 'subject_name', g.name,
		(SELECT l.name FROM muster.licence l WHERE l.id::text = coalesce(w.row ->> 'licence', w.row ->> 'id')), w.row ->> 'role', w.row ->> 'key') AS subject,
       coalesce(a.upn, e.user_name) AS account, d.name AS device_name, e.why,
       e.details -> 'before' AS before, e.details -> 'after' AS after, e.details, e.device, e.id
  FROM muster.events e
 CROSS JOIN LATERAL (SELECT coalesce(e.details -> 'of', CASE WHEN e.details ? 'before' AND e.details ? 'after' THEN '{}'::jsonb END,
	e.details -> 'after', e.details -> 'before', '{}') AS row) w
  LEFT JOIN muster.organization o ON o.id = e.organization
  LEFT JOIN muster.account a ON a.id = e.account
  LEFT JOIN muster.device d ON d.id = e.device
  LEFT JOIN muster.account_group g ON g.id::text = w.row ->> 'account_group'
 WHERE e.actor_role IS NOT NULL;
COMMENT ON VIEW muster.changes IS 'Who changed what: every administrative change with the names of what it was about, what was there before and what after; not what the programs did. Of one organization among very many: muster.change_page. Example: SELECT at, actor, actor_role, kind, subject, account, before, after FROM muster.changes ORDER BY at DESC LIMIT 20;';

CREATE OR REPLACE VIEW muster.blocked_devices WITH (security_invoker = true) AS
SELECT o.key AS organization, b.kind, b.value, b.reason, b.blocked_at, b.blocked_by,
       ARRAY(SELECT x FROM muster.enrolled_as(b.organization, b.kind, b.value) x ORDER BY x) AS still_enrolled, b.id
  FROM muster.blocked_device b JOIN muster.organization o ON o.id = b.organization;
COMMENT ON VIEW muster.blocked_devices IS 'Devices that never enroll, by an id, and the ids of those that are enrolled all the same because nobody retired them. Example: SELECT organization, kind, value, reason, still_enrolled FROM muster.blocked_devices;';

CREATE OR REPLACE VIEW muster.expected_devices WITH (security_invoker = true) AS
SELECT o.key AS organization, e.kind, e.value, a.upn AS account, e.note, e.added_at, e.arrived_at, e.device, d.name AS device_name,
       o.only_preregistered AS required, e.id
  FROM muster.expected_device e
  JOIN muster.organization o ON o.id = e.organization
  LEFT JOIN muster.account a ON a.id = e.account
  LEFT JOIN muster.device d ON d.id = e.device;
COMMENT ON VIEW muster.expected_devices IS 'Devices registered before they enroll, for which account, whether they have come, and whether others may enroll, too. Example: SELECT kind, value, account, note FROM muster.expected_devices WHERE arrived_at IS NULL;';

CREATE OR REPLACE VIEW muster.allowed_networks WITH (security_invoker = true) AS
SELECT o.key AS organization, n.network, g.name AS group_name, n.note, n.added_at, n.id
  FROM muster.allowed_network n
  JOIN muster.organization o ON o.id = n.organization
  LEFT JOIN muster.account_group g ON g.id = n.account_group;
COMMENT ON VIEW muster.allowed_networks IS 'Networks that devices may enroll from, for everybody of an organization or for a group''s members; none: from anywhere. Example: SELECT network, group_name, note FROM muster.allowed_networks WHERE organization = ''example'';';

CREATE OR REPLACE VIEW muster.custom_rules WITH (security_invoker = true) AS
SELECT o.key AS organization, r.name, r.priority, r.function, r.enabled, r.registered_at, r.registered_by, r.id
  FROM muster.custom_rule r JOIN muster.organization o ON o.id = r.organization;
COMMENT ON VIEW muster.custom_rules IS 'Rules of the administrator''s own: functions that are asked at every enrollment, low priorities first. Example: SELECT name, function, enabled FROM muster.custom_rules WHERE organization = ''example'' ORDER BY priority, name;';

CREATE OR REPLACE VIEW muster.acceptances WITH (security_invoker = true) AS
SELECT o.key AS organization, a.upn AS account, x.version, x.accepted_at, x.how, x.note, x.recorded_by, o.terms_version AS required, x.id
  FROM muster.acceptance x
  JOIN muster.organization o ON o.id = x.organization
  JOIN muster.account a ON a.id = x.account;
COMMENT ON VIEW muster.acceptances IS 'Who accepted which version of the terms of use, when and how, and which version is required (NULL: none). Example: SELECT account, version, accepted_at, how FROM muster.acceptances WHERE organization = ''example'';';

CREATE OR REPLACE FUNCTION muster.certificates_called(p_hex text) RETURNS SETOF bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- A serial number is told with or without the zeros before it.
	SELECT c.sha256 FROM muster.authority t
	  JOIN muster.certificate c ON c.authority = t.id AND c.serial = ANY (ARRAY(
		SELECT decode(lpad(ltrim(p_hex, '0'), 2 * n, '0'), 'hex') FROM generate_series(greatest(1, (length(ltrim(p_hex, '0')) + 1) / 2), 20) n))
	 WHERE p_hex ~ '^[0-9a-f]{2,64}$' AND p_hex !~ '^0+$'
	UNION ALL
	SELECT c.sha256 FROM muster.certificate c WHERE p_hex ~ '^[0-9a-f]{64}$' AND c.sha256 = decode(p_hex, 'hex')
$$;
COMMENT ON FUNCTION muster.certificates_called(text) IS 'Internal: the certificates of a serial number or SHA-256, as lower case hex. Example: SELECT muster.certificates_called(''102'');';

CREATE OR REPLACE FUNCTION muster.devices_named(p_id uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT d.id FROM muster.device d WHERE d.id = p_id;
	-- A trace or attempt begins before its enrollment, at most a day: all three ids tell their time.
	RETURN QUERY SELECT d.id FROM muster.device d
	 WHERE d.id >= muster.first_id(muster.id_time(p_id) - interval '1 minute') AND d.id < muster.first_id(muster.id_time(p_id) + interval '1 day')
	   AND p_id IN (d.trace, d.attempt) AND d.id <> p_id;
END
$$;
COMMENT ON FUNCTION muster.devices_named(uuid) IS 'Internal: the devices of that id, or whose enrollment had it as its trace or attempt id. Example: SELECT muster.devices_named(trace) FROM muster.device LIMIT 1;';

CREATE OR REPLACE FUNCTION muster.devices_called(p_what text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted text := lower(btrim(p_what));
	hex text := regexp_replace(wanted, '[ :-]+', '', 'g');
	ids uuid[] := ARRAY(SELECT muster.devices_known_as(wanted));
BEGIN
	-- Past the policies, under which no index finds a text without case; told to those who may see it.
	IF wanted ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
		ids := ids || ARRAY(SELECT muster.devices_named(wanted::uuid));
	END IF;
	ids := ids || ARRAY(SELECT d.id FROM muster.account a JOIN muster.device d ON d.account = a.id WHERE lower(a.upn) = wanted)
		|| ARRAY(SELECT c.device FROM muster.certificate c WHERE c.sha256 = ANY (ARRAY(SELECT muster.certificates_called(hex))));
	RETURN QUERY SELECT d.id FROM muster.device d WHERE d.id = ANY (ids) AND muster.may_see(d.organization, muster.actor_role());
END
$$;
COMMENT ON FUNCTION muster.devices_called(text) IS 'Internal: devices by whatever is known of them, without case, of the organizations that the session''s role may see. Example: SELECT muster.devices_called(''PC-1'');';

CREATE OR REPLACE FUNCTION muster.find_devices(what text) RETURNS SETOF muster.devices
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted text := muster.cut(find_devices.what, 400);
BEGIN
	IF wanted IS NULL THEN
		RAISE EXCEPTION 'nothing is given to find a device by'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give its name, serial number, hardware id, device id, id, account, or its certificate''s serial number or SHA-256: SELECT * FROM muster.find_devices(''5CG1234XYZ'');';
	END IF;
	RETURN QUERY
		SELECT v.* FROM unnest(ARRAY(SELECT muster.devices_called(wanted))) i (id) JOIN muster.devices v ON v.id = i.id
		 ORDER BY v.state <> 'enrolled', v.enrolled_at DESC;
END
$$;
COMMENT ON FUNCTION muster.find_devices(text) IS 'Devices by whatever is known of them, without case: name, serial number, hardware id, device id, id, account, trace or attempt id of the enrollment, or their certificate''s serial number or SHA-256; the living first. Example: SELECT id, name, account, state FROM muster.find_devices(''5CG1234XYZ'');';
