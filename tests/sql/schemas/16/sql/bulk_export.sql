-- The way back: what muster.export_… returns is a CSV file that muster.import_… takes.
--
--     \copy (SELECT * FROM muster.export_accounts('example')) TO 'accounts.csv' CSV HEADER
--
-- A cell that a spreadsheet would run as a formula (it begins with = + - @ or a tab) goes out with an apostrophe
-- before it, which loading takes away again: what an administrator opens does nothing, and what comes back is what
-- went out. Passwords' hashes never go out.

CREATE OR REPLACE FUNCTION muster.csv_moment(p_time timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT rtrim(rtrim(to_char(p_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.') || 'Z'
$$;
COMMENT ON FUNCTION muster.csv_moment(timestamptz) IS 'Internal: a time as it goes into a spreadsheet, in UTC. Example: SELECT muster.csv_moment(now());';

CREATE OR REPLACE FUNCTION muster.export_accounts(organization text)
RETURNS TABLE (upn text, display_name text, kind text, enabled boolean, disabled_reason text, may_enroll boolean, device_cap text, password_hash text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.csv_cell(a.upn), muster.csv_cell(a.display_name), a.kind, a.enabled, muster.csv_cell(a.disabled_reason), a.may_enroll,
	       coalesce(a.device_cap::text, 'none'), NULL::text
	  FROM muster.account a WHERE a.organization = muster.organization_id($1) AND a.deleted_at IS NULL ORDER BY lower(a.upn)
$$;
COMMENT ON FUNCTION muster.export_accounts(text) IS 'An organization''s accounts as a list that muster.import_accounts takes. The column password_hash is always empty, which leaves passwords as they are. Cells that a spreadsheet would run as a formula begin with an apostrophe. Example: SELECT * FROM muster.export_accounts(''example''); as \copy (SELECT …) TO ''accounts.csv'' CSV HEADER';

CREATE OR REPLACE FUNCTION muster.export_groups(organization text) RETURNS TABLE (group_name text, may_enroll boolean, device_cap text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.csv_cell(g.name), g.may_enroll, coalesce(g.device_cap::text, 'none')
	  FROM muster.account_group g WHERE g.organization = muster.organization_id($1) ORDER BY lower(g.name)
$$;
COMMENT ON FUNCTION muster.export_groups(text) IS 'An organization''s groups as a list that muster.import_groups takes. Example: SELECT * FROM muster.export_groups(''example'');';

CREATE OR REPLACE FUNCTION muster.export_group_members(organization text) RETURNS TABLE (group_name text, upn text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.csv_cell(g.name), muster.csv_cell(a.upn)
	  FROM muster.account_group_member m JOIN muster.account_group g ON g.id = m.account_group JOIN muster.account a ON a.id = m.account
	 WHERE m.organization = muster.organization_id($1) ORDER BY lower(g.name), lower(a.upn)
$$;
COMMENT ON FUNCTION muster.export_group_members(text) IS 'The members of an organization''s groups as a list that muster.import_group_members takes. Example: SELECT * FROM muster.export_group_members(''example'');';

CREATE OR REPLACE FUNCTION muster.export_licences(organization text)
RETURNS TABLE (licence text, seats bigint, valid_from text, valid_until text, pool boolean, free_on_retirement boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.csv_cell(l.name), l.seats, muster.csv_moment(l.valid_from),
	       coalesce(muster.csv_moment(l.valid_until), 'none'), l.pool, l.free_on_retirement
	  FROM muster.licence l WHERE l.organization = muster.organization_id($1) ORDER BY lower(l.name)
$$;
COMMENT ON FUNCTION muster.export_licences(text) IS 'An organization''s licences as a list that muster.import_licences takes. Example: SELECT * FROM muster.export_licences(''example'');';

CREATE OR REPLACE FUNCTION muster.export_licence_assignments(organization text) RETURNS TABLE (licence text, upn text, group_name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT muster.csv_cell(l.name), muster.csv_cell(a.upn), NULL::text
	  FROM muster.licence_seat s JOIN muster.licence l ON l.id = s.licence JOIN muster.account a ON a.id = s.account
	 WHERE s.organization = muster.organization_id($1) AND s.how = 'hand'
	UNION ALL
	SELECT muster.csv_cell(l.name), NULL, muster.csv_cell(g.name)
	  FROM muster.licence_group x JOIN muster.licence l ON l.id = x.licence JOIN muster.account_group g ON g.id = x.account_group
	 WHERE x.organization = muster.organization_id($1)
	 ORDER BY 1, 3 NULLS FIRST, 2
$$;
COMMENT ON FUNCTION muster.export_licence_assignments(text) IS 'Who has seats of an organization''s licences by hand, and which groups draw them, as a list that muster.import_licence_assignments takes. Seats that were drawn at an enrollment are not in it: imported, they would be by hand. Example: SELECT * FROM muster.export_licence_assignments(''example'');';

CREATE OR REPLACE FUNCTION muster.export_expected_devices(organization text) RETURNS TABLE (kind text, value text, upn text, note text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT e.kind, muster.csv_cell(e.value), coalesce(muster.csv_cell(a.upn), 'none'), muster.csv_cell(e.note)
	  FROM muster.expected_device e LEFT JOIN muster.account a ON a.id = e.account
	 WHERE e.organization = muster.organization_id($1) ORDER BY e.kind, lower(e.value)
$$;
COMMENT ON FUNCTION muster.export_expected_devices(text) IS 'The devices an organization expects, come or not, as a list that muster.import_expected_devices takes. Example: SELECT * FROM muster.export_expected_devices(''example'');';

CREATE OR REPLACE FUNCTION muster.export_blocked_devices(organization text) RETURNS TABLE (kind text, value text, reason text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT b.kind, muster.csv_cell(b.value), muster.csv_cell(b.reason)
	  FROM muster.blocked_device b WHERE b.organization = muster.organization_id($1) ORDER BY b.kind, lower(b.value)
$$;
COMMENT ON FUNCTION muster.export_blocked_devices(text) IS 'The devices an organization has blocked as a list that muster.import_blocked_devices takes. Example: SELECT * FROM muster.export_blocked_devices(''example'');';
