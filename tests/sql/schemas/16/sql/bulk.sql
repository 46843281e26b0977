-- Lists from spreadsheets: \copy takes a CSV file into a view muster.…_csv, muster.import_… takes it from there.
--
--     \copy muster.accounts_csv FROM 'accounts.csv' CSV HEADER
--     SELECT * FROM muster.import_accounts('example');            what is wrong, what would be done
--     SELECT * FROM muster.import_accounts('example', 'all');     do it, if nothing is wrong
--
-- Loading never fails on a value: everything is text until it is imported. This file holds what all lists share;
-- bulk_lists.sql has what each of them means, bulk_export.sql the way back.

CREATE OR REPLACE FUNCTION muster.csv_cell(p_value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	-- What spreadsheets take for a formula: = + - @, also in full width, and what they skip before it.
	SELECT CASE WHEN p_value ~ '^''*[=+@\t\r\uFF1D\uFF0B\uFF0D\uFF20-]' THEN '''' || p_value ELSE p_value END
$$;
COMMENT ON FUNCTION muster.csv_cell(text) IS 'Internal: a value as it goes into a spreadsheet: with an apostrophe before it where the spreadsheet would run it as a formula. muster.csv_value takes the apostrophe away again. Example: SELECT muster.csv_cell(''=1+1'');';

CREATE OR REPLACE FUNCTION muster.csv_value(p_cell text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT nullif(btrim(CASE WHEN p_cell ~ '^''+[=+@\t\r\uFF1D\uFF0B\uFF0D\uFF20-]' THEN substr(p_cell, 2) ELSE p_cell END, E' \t\u00A0'), '')
$$;
COMMENT ON FUNCTION muster.csv_value(text) IS 'Internal: a value as it comes from a spreadsheet: without blanks around it, without the apostrophe of muster.csv_cell; NULL when the cell is empty. Example: SELECT muster.csv_value('' Ada '');';

CREATE OR REPLACE FUNCTION muster.csv_boolean(p_value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN lower(p_value) IN ('true', 't', 'yes', 'y', '1') THEN true WHEN lower(p_value) IN ('false', 'f', 'no', 'n', '0') THEN false END
$$;
COMMENT ON FUNCTION muster.csv_boolean(text) IS 'Internal: true or false as spreadsheets and PostgreSQL write it; NULL for anything else. Example: SELECT muster.csv_boolean(''TRUE'');';

CREATE OR REPLACE FUNCTION muster.csv_number(p_value text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_value ~ '^[0-9]{1,9}$' THEN p_value::integer END
$$;
COMMENT ON FUNCTION muster.csv_number(text) IS 'Internal: a whole number of at most nine digits; NULL for anything else. Example: SELECT muster.csv_number(''25'');';

CREATE OR REPLACE FUNCTION muster.csv_time(p_value text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
BEGIN
	IF p_value !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?)?$' THEN
		RETURN NULL;
	END IF;
	RETURN p_value::timestamptz;
EXCEPTION WHEN data_exception THEN
	RETURN NULL; -- the 30th of February
END
$$;
COMMENT ON FUNCTION muster.csv_time(text) IS 'Internal: a day or time, year first, in the session''s time zone unless it says another; NULL for anything else. Example: SELECT muster.csv_time(''2027-12-31'');';

CREATE OR REPLACE FUNCTION muster.text_wrong(p_value text, p_max integer, p_needed boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN p_value IS NULL THEN CASE WHEN p_needed THEN 'is missing' END
		WHEN length(p_value) > p_max THEN format('longer than %s characters', p_max)
		WHEN p_value ~ '[[:cntrl:]]' THEN 'holds a line break or another control character'
	END
$$;
COMMENT ON FUNCTION muster.text_wrong(text, integer, boolean) IS 'Internal: what is wrong with a text of a spreadsheet, NULL if nothing is. Example: SELECT muster.text_wrong(''sales'', 128, true);';

CREATE OR REPLACE FUNCTION muster.boolean_wrong(p_value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_value IS NOT NULL AND muster.csv_boolean(p_value) IS NULL THEN 'say true or false' END
$$;
COMMENT ON FUNCTION muster.boolean_wrong(text) IS 'Internal: what is wrong with a true or false of a spreadsheet, NULL if nothing is. Example: SELECT muster.boolean_wrong(''true'');';

CREATE OR REPLACE FUNCTION muster.cap_wrong(p_value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_value IS NOT NULL AND lower(p_value) <> 'none' AND coalesce(muster.csv_number(p_value) > 1000000, true)
		THEN 'not usable as a device cap: give 0 to 1000000, or none' END
$$;
COMMENT ON FUNCTION muster.cap_wrong(text) IS 'Internal: what is wrong with a device cap of a spreadsheet, NULL if nothing is. Example: SELECT muster.cap_wrong(''5'');';

CREATE OR REPLACE FUNCTION muster.csv_cap(p_value text, p_now integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN lower(p_value) = 'none' THEN NULL ELSE coalesce(muster.csv_number(p_value), p_now) END
$$;
COMMENT ON FUNCTION muster.csv_cap(text, integer) IS 'Internal: the device cap a spreadsheet asks for, given what it is now: none takes it away, an empty cell leaves it. Example: SELECT muster.csv_cap(''none'', 5);';

-- Loading.

CREATE OR REPLACE FUNCTION muster.clean_cells() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	NEW.upn := muster.csv_value(NEW.upn);
	NEW.display_name := muster.csv_value(NEW.display_name);
	NEW.kind := muster.csv_value(NEW.kind);
	NEW.enabled := muster.csv_value(NEW.enabled);
	NEW.disabled_reason := muster.csv_value(NEW.disabled_reason);
	NEW.may_enroll := muster.csv_value(NEW.may_enroll);
	NEW.device_cap := muster.csv_value(NEW.device_cap);
	NEW.password_hash := muster.csv_value(NEW.password_hash);
	NEW.group_name := muster.csv_value(NEW.group_name);
	NEW.licence := muster.csv_value(NEW.licence);
	NEW.seats := muster.csv_value(NEW.seats);
	NEW.valid_from := muster.csv_value(NEW.valid_from);
	NEW.valid_until := muster.csv_value(NEW.valid_until);
	NEW.pool := muster.csv_value(NEW.pool);
	NEW.free_on_retirement := muster.csv_value(NEW.free_on_retirement);
	NEW.value := muster.csv_value(NEW.value);
	NEW.note := muster.csv_value(NEW.note);
	NEW.reason := muster.csv_value(NEW.reason);
	IF length(NEW.password_hash) > 384 OR NEW.password_hash !~ '^[$](y|gy|7|2a|2b|2y|6)[$][./A-Za-z0-9$=,]{8,}$' THEN
		-- Most likely a clear password: it is not written anywhere.
		NEW.password_hash := '(not kept)';
	END IF;
	-- Spreadsheets add rows of empty cells at the end: they are nothing.
	IF TG_OP = 'INSERT' AND num_nonnulls(NEW.upn, NEW.display_name, NEW.kind, NEW.enabled, NEW.disabled_reason, NEW.may_enroll, NEW.device_cap,
			NEW.password_hash, NEW.group_name, NEW.licence, NEW.seats, NEW.valid_from, NEW.valid_until, NEW.pool, NEW.free_on_retirement,
			NEW.value, NEW.note, NEW.reason) = 0 THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.clean_cells() IS 'Internal: trigger that takes blanks from around the cells of a loaded row, and keeps no clear password. Example: CREATE TRIGGER clean BEFORE INSERT OR UPDATE ON muster.import_row FOR EACH ROW EXECUTE FUNCTION muster.clean_cells();';

CREATE OR REPLACE TRIGGER clean BEFORE INSERT OR UPDATE ON muster.import_row
	FOR EACH ROW EXECUTE FUNCTION muster.clean_cells();

CREATE OR REPLACE FUNCTION muster.begin_load() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	waiting bigint;
BEGIN
	-- One file at a time, so that a line is a line of one file.
	SELECT count(*) INTO waiting FROM muster.import_row r WHERE r.list = TG_ARGV[0] AND r.loaded_by = session_user;
	IF waiting > 0 THEN
		RAISE EXCEPTION '% row% of an earlier file of % not imported yet', waiting, CASE WHEN waiting > 1 THEN 's' ELSE '' END,
				replace(TG_ARGV[0], '_', ' ') || CASE WHEN waiting > 1 THEN ' are' ELSE ' is' END
			USING ERRCODE = 'object_not_in_prerequisite_state',
			      HINT = format('See what is wrong: SELECT * FROM muster.import_%s(organization); or throw them away: SELECT muster.discard_import(%L);', TG_ARGV[0], TG_ARGV[0]);
	END IF;
	-- The header is row 1.
	PERFORM set_config('muster.import_line', '1', true);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.begin_load() IS 'Internal: trigger that begins to load a list, unless rows of an earlier file are waiting. Example: CREATE TRIGGER begin_load BEFORE INSERT ON muster.groups_csv FOR EACH STATEMENT EXECUTE FUNCTION muster.begin_load(''groups'');';

CREATE OR REPLACE FUNCTION muster.load_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	loaded muster.import_row;
BEGIN
	loaded.line := current_setting('muster.import_line')::integer + 1;
	PERFORM set_config('muster.import_line', loaded.line::text, true);
	loaded := jsonb_populate_record(loaded, to_jsonb(NEW));
	loaded.list := TG_ARGV[0];
	loaded.loaded_by := session_user;
	loaded.loaded_at := now();
	INSERT INTO muster.import_row VALUES (loaded.*);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.load_row() IS 'Internal: trigger that loads a row of a CSV file, with its number. Example: CREATE TRIGGER load_row INSTEAD OF INSERT ON muster.groups_csv FOR EACH ROW EXECUTE FUNCTION muster.load_row(''groups'');';

CREATE OR REPLACE VIEW muster.accounts_csv WITH (security_invoker = true) AS
SELECT r.upn, r.display_name, r.kind, r.enabled, r.disabled_reason, r.may_enroll, r.device_cap, r.password_hash
  FROM muster.import_row r WHERE r.list = 'accounts' AND r.loaded_by = session_user;
COMMENT ON VIEW muster.accounts_csv IS 'Where \copy loads a list of accounts from a CSV file with these columns; muster.import_accounts takes it from here. An empty cell leaves what is there, or means what muster.add_account does. password_hash holds hashes only, made by muster-ca password. Example: SELECT * FROM muster.accounts_csv; after \copy muster.accounts_csv FROM ''accounts.csv'' CSV HEADER';

CREATE OR REPLACE VIEW muster.groups_csv WITH (security_invoker = true) AS
SELECT r.group_name, r.may_enroll, r.device_cap
  FROM muster.import_row r WHERE r.list = 'groups' AND r.loaded_by = session_user;
COMMENT ON VIEW muster.groups_csv IS 'Where \copy loads a list of groups from a CSV file with these columns; muster.import_groups takes it from here. An empty cell leaves what is there, or means what muster.add_group does. Example: SELECT * FROM muster.groups_csv; after \copy muster.groups_csv FROM ''groups.csv'' CSV HEADER';

CREATE OR REPLACE VIEW muster.group_members_csv WITH (security_invoker = true) AS
SELECT r.group_name, r.upn
  FROM muster.import_row r WHERE r.list = 'group_members' AND r.loaded_by = session_user;
COMMENT ON VIEW muster.group_members_csv IS 'Where \copy loads a list of groups'' members from a CSV file with these columns; muster.import_group_members takes it from here. Example: SELECT * FROM muster.group_members_csv; after \copy muster.group_members_csv FROM ''members.csv'' CSV HEADER';

CREATE OR REPLACE VIEW muster.licences_csv WITH (security_invoker = true) AS
SELECT r.licence, r.seats, r.valid_from, r.valid_until, r.pool, r.free_on_retirement
  FROM muster.import_row r WHERE r.list = 'licences' AND r.loaded_by = session_user;
COMMENT ON VIEW muster.licences_csv IS 'Where \copy loads a list of licences from a CSV file with these columns; muster.import_licences takes it from here. An empty cell leaves what is there, or means what muster.add_licence does. Example: SELECT * FROM muster.licences_csv; after \copy muster.licences_csv FROM ''licences.csv'' CSV HEADER';

CREATE OR REPLACE VIEW muster.licence_assignments_csv WITH (security_invoker = true) AS
SELECT r.licence, r.upn, r.group_name
  FROM muster.import_row r WHERE r.list = 'licence_assignments' AND r.loaded_by = session_user;
COMMENT ON VIEW muster.licence_assignments_csv IS 'Where \copy loads a list of who has seats of licences from a CSV file with these columns, an account or a group in each row; muster.import_licence_assignments takes it from here. Example: SELECT * FROM muster.licence_assignments_csv; after \copy muster.licence_assignments_csv FROM ''assignments.csv'' CSV HEADER';

CREATE OR REPLACE VIEW muster.expected_devices_csv WITH (security_invoker = true) AS
SELECT r.kind, r.value, r.upn, r.note
  FROM muster.import_row r WHERE r.list = 'expected_devices' AND r.loaded_by = session_user;
COMMENT ON VIEW muster.expected_devices_csv IS 'Where \copy loads a list of devices to expect from a CSV file with these columns; muster.import_expected_devices takes it from here. An empty cell leaves what is there, or means what muster.expect_device does. Example: SELECT * FROM muster.expected_devices_csv; after \copy muster.expected_devices_csv FROM ''devices.csv'' CSV HEADER';

CREATE OR REPLACE VIEW muster.blocked_devices_csv WITH (security_invoker = true) AS
SELECT r.kind, r.value, r.reason
  FROM muster.import_row r WHERE r.list = 'blocked_devices' AND r.loaded_by = session_user;
COMMENT ON VIEW muster.blocked_devices_csv IS 'Where \copy loads a list of devices to block from a CSV file with these columns; muster.import_blocked_devices takes it from here. Example: SELECT * FROM muster.blocked_devices_csv; after \copy muster.blocked_devices_csv FROM ''blocked.csv'' CSV HEADER';

DO $$
DECLARE
	list text;
BEGIN
	FOREACH list IN ARRAY ARRAY['accounts', 'groups', 'group_members', 'licences', 'licence_assignments', 'expected_devices', 'blocked_devices'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER begin_load BEFORE INSERT ON muster.%I FOR EACH STATEMENT EXECUTE FUNCTION muster.begin_load(%L)', list || '_csv', list);
		EXECUTE format('CREATE OR REPLACE TRIGGER load_row INSTEAD OF INSERT ON muster.%I FOR EACH ROW EXECUTE FUNCTION muster.load_row(%L)', list || '_csv', list);
	END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION muster.discard_import(list text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone bigint;
BEGIN
	IF to_regclass('muster.' || quote_ident(discard_import.list || '_csv')) IS NULL THEN
		RAISE EXCEPTION 'there is no list %', coalesce(quote_literal(left(discard_import.list, 40)), 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = 'Lists: accounts, groups, group_members, licences, licence_assignments, expected_devices, blocked_devices';
	END IF;
	DELETE FROM muster.import_row r WHERE r.list = discard_import.list AND r.loaded_by = session_user;
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN format('%s loaded row%s of %s thrown away', gone, CASE WHEN gone <> 1 THEN 's' END, replace(discard_import.list, '_', ' '));
END
$$;
COMMENT ON FUNCTION muster.discard_import(text) IS 'Throw away the rows of a list that you loaded and that are not imported, as before loading a corrected file. Example: SELECT muster.discard_import(''accounts'');';

-- Importing.

-- Functions with an estimate of their rows: a list that was loaded a moment ago has no statistics, and taken for
-- three rows a hundred thousand of them would be joined one by one.

CREATE OR REPLACE FUNCTION muster.loaded_rows(p_list text) RETURNS SETOF muster.import_row
LANGUAGE plpgsql STABLE ROWS 10000 AS $$
BEGIN
	RETURN QUERY SELECT r.* FROM muster.import_row r WHERE r.list = p_list AND r.loaded_by = session_user;
END
$$;
COMMENT ON FUNCTION muster.loaded_rows(text) IS 'Internal: the rows of a list that the session''s user has loaded. Example: SELECT * FROM muster.loaded_rows(''accounts'');';

CREATE OR REPLACE FUNCTION muster.lines_told(p_good muster.import_line[], p_told text) RETURNS SETOF integer
LANGUAGE plpgsql IMMUTABLE ROWS 10000 AS $$
BEGIN
	RETURN QUERY SELECT g.line FROM unnest(p_good) g WHERE g.told = p_told;
END
$$;
COMMENT ON FUNCTION muster.lines_told(muster.import_line[], text) IS 'Internal: the lines of which that is told. Example: see muster.apply_groups.';

CREATE OR REPLACE FUNCTION muster.import_summary(p_list text, p_organization text, p_mode text, p_wrong bigint, p_good muster.import_line[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done boolean := p_mode = 'good' OR (p_mode = 'all' AND p_wrong = 0);
	counts text;
	next_step text := '';
BEGIN
	SELECT format('%s added, %s changed, %s unchanged', count(*) FILTER (WHERE g.told = 'added'), count(*) FILTER (WHERE g.told = 'changed'),
		count(*) FILTER (WHERE g.told = 'unchanged')) INTO counts FROM unnest(p_good) g;
	IF p_wrong > 0 THEN
		next_step := format('. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import(%L)', p_list);
	ELSIF NOT done THEN
		next_step := format('. To do it: SELECT * FROM muster.import_%s(%L, ''all'')', p_list, p_organization);
	END IF;
	IF p_wrong > 0 AND NOT done AND cardinality(p_good) > 0 THEN
		next_step := next_step || format('; to import the others now: SELECT * FROM muster.import_%s(%L, ''good'')', p_list, p_organization);
	END IF;
	RETURN CASE WHEN done THEN counts ELSE 'nothing done; would be ' || counts END
		|| CASE WHEN p_wrong > 0 THEN format('; %s row%s wrong', p_wrong, CASE WHEN p_wrong > 1 THEN 's are' ELSE ' is' END)
			|| CASE WHEN done THEN ' and kept' ELSE '' END ELSE '' END || next_step;
END
$$;
COMMENT ON FUNCTION muster.import_summary(text, text, text, bigint, muster.import_line[]) IS 'Internal: the last line that importing tells: what was done or would be, and the next step. Example: see muster.import_accounts.';

CREATE OR REPLACE FUNCTION muster.import_list(p_list text, p_organization text, p_mode text) RETURNS SETOF muster.import_line
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(p_organization);
	seen muster.import_line[];
	good muster.import_line[];
	wrong bigint;
BEGIN
	IF p_mode IS NULL OR p_mode NOT IN ('check', 'all', 'good') THEN
		RAISE EXCEPTION 'a list is imported in mode check, all or good, not %', coalesce(quote_literal(left(p_mode, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'check: only say what is wrong. all: import if nothing is wrong. good: import what is not wrong, keep the rest.';
	ELSIF NOT EXISTS (SELECT FROM muster.import_row r WHERE r.list = p_list AND r.loaded_by = session_user) THEN
		RAISE EXCEPTION 'no % are loaded', replace(p_list, '_', ' ')
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('In psql: \copy muster.%s_csv FROM ''%s.csv'' CSV HEADER', p_list, p_list);
	END IF;
	EXECUTE format('SELECT coalesce(array_agg(x ORDER BY x.line, x."column"), ''{}'') FROM muster.look_at_%s($1) x', p_list) INTO seen USING owner_id;
	SELECT coalesce(array_agg(x), '{}') INTO good FROM unnest(seen) x WHERE x."column" IS NULL;
	SELECT count(DISTINCT x.line) INTO wrong FROM unnest(seen) x WHERE x."column" IS NOT NULL;
	IF p_mode = 'good' OR (p_mode = 'all' AND wrong = 0) THEN
		EXECUTE format('SELECT muster.apply_%s($1, $2)', p_list) USING owner_id, good;
		DELETE FROM muster.import_row r WHERE r.list = p_list AND r.loaded_by = session_user
			AND NOT EXISTS (SELECT FROM unnest(seen) x WHERE x."column" IS NOT NULL AND x.line = r.line);
	END IF;
	RETURN QUERY SELECT x.line, x."column", left(x.value, 60), x.told FROM unnest(seen) x WHERE x."column" IS NOT NULL;
	RETURN QUERY SELECT NULL::integer, NULL::text, NULL::text, muster.import_summary(p_list, p_organization, p_mode, wrong, good);
END
$$;
COMMENT ON FUNCTION muster.import_list(text, text, text) IS 'Internal: import a loaded list: look at all of it, then, as the mode says, apply it. Example: see muster.import_accounts.';

CREATE OR REPLACE FUNCTION muster.import_whole(p_done bigint, p_good muster.import_line[], p_told text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_done <> (SELECT count(*) FROM muster.lines_told(p_good, p_told)) THEN
		RAISE EXCEPTION 'somebody else changed the same rows while they were imported'
			USING ERRCODE = 'serialization_failure', HINT = 'Nothing was imported: do it again.';
	END IF;
END
$$;
COMMENT ON FUNCTION muster.import_whole(bigint, muster.import_line[], text) IS 'Internal: an error unless as many rows were added (or changed) as were to be. Example: see muster.apply_accounts.';

CREATE OR REPLACE FUNCTION muster.import_accounts(organization text, mode text DEFAULT 'check') RETURNS SETOF muster.import_line
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM muster.import_list('accounts', $1, $2) $$;
COMMENT ON FUNCTION muster.import_accounts(text, text) IS 'Import the accounts loaded into muster.accounts_csv: new ones are added, those there are (by upn, without case) changed; an empty cell leaves what is there. Nothing is deleted. Mode check: say what is wrong, cell by cell, and what would be done. all: do it if nothing is wrong, otherwise nothing. good: do it for the rows that are right and keep the others for correction in muster.import_row. The last line tells the result. Example: SELECT * FROM muster.import_accounts(''example'');';

CREATE OR REPLACE FUNCTION muster.import_groups(organization text, mode text DEFAULT 'check') RETURNS SETOF muster.import_line
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM muster.import_list('groups', $1, $2) $$;
COMMENT ON FUNCTION muster.import_groups(text, text) IS 'Import the groups loaded into muster.groups_csv; modes as of muster.import_accounts. Their members: muster.import_group_members. Example: SELECT * FROM muster.import_groups(''example'', ''all'');';

CREATE OR REPLACE FUNCTION muster.import_group_members(organization text, mode text DEFAULT 'check') RETURNS SETOF muster.import_line
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM muster.import_list('group_members', $1, $2) $$;
COMMENT ON FUNCTION muster.import_group_members(text, text) IS 'Import the members loaded into muster.group_members_csv; modes as of muster.import_accounts. Groups and accounts must be there; members that the list does not name stay. Example: SELECT * FROM muster.import_group_members(''example'', ''all'');';

CREATE OR REPLACE FUNCTION muster.import_licences(organization text, mode text DEFAULT 'check') RETURNS SETOF muster.import_line
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM muster.import_list('licences', $1, $2) $$;
COMMENT ON FUNCTION muster.import_licences(text, text) IS 'Import the licences loaded into muster.licences_csv; modes as of muster.import_accounts. Who has seats: muster.import_licence_assignments. Example: SELECT * FROM muster.import_licences(''example'', ''all'');';

CREATE OR REPLACE FUNCTION muster.import_licence_assignments(organization text, mode text DEFAULT 'check') RETURNS SETOF muster.import_line
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM muster.import_list('licence_assignments', $1, $2) $$;
COMMENT ON FUNCTION muster.import_licence_assignments(text, text) IS 'Import what was loaded into muster.licence_assignments_csv: seats by hand for accounts, the right to draw one for groups; modes as of muster.import_accounts. Licences, accounts and groups must be there; assignments that the list does not name stay. Example: SELECT * FROM muster.import_licence_assignments(''example'', ''all'');';

CREATE OR REPLACE FUNCTION muster.import_expected_devices(organization text, mode text DEFAULT 'check') RETURNS SETOF muster.import_line
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM muster.import_list('expected_devices', $1, $2) $$;
COMMENT ON FUNCTION muster.import_expected_devices(text, text) IS 'Import the devices loaded into muster.expected_devices_csv; modes as of muster.import_accounts. Example: SELECT * FROM muster.import_expected_devices(''example'', ''all'');';

CREATE OR REPLACE FUNCTION muster.import_blocked_devices(organization text, mode text DEFAULT 'check') RETURNS SETOF muster.import_line
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM muster.import_list('blocked_devices', $1, $2) $$;
COMMENT ON FUNCTION muster.import_blocked_devices(text, text) IS 'Import the devices loaded into muster.blocked_devices_csv; modes as of muster.import_accounts. Enrollments they have stay: muster.retire_device. Example: SELECT * FROM muster.import_blocked_devices(''example'', ''all'');';
