-- Lists from spreadsheets, as an administrator: what is loaded, every way a cell can be wrong, what importing does, and
-- the way back. COPY itself is tried by bulk.sh; here rows are inserted, which goes the same way.
SET search_path = test;
SELECT no_plan();

-- What one import tells, a line each: 3|upn|value|told.
CREATE FUNCTION told(p_list text, p_mode text) RETURNS text LANGUAGE sql AS $$
	SELECT try('boss', format('SELECT string_agg(concat_ws(''|'', coalesce(x.line::text, ''-''), x."column", x.value, x.told), E''\n'') FROM muster.import_%s(''example'', %L) x', p_list, p_mode))
$$;
CREATE FUNCTION load(p_list text, p_rows text) RETURNS text LANGUAGE sql AS $$
	SELECT try('boss', format('INSERT INTO muster.%s_csv %s', p_list, p_rows))
$$;
CREATE FUNCTION discard(p_list text) RETURNS text LANGUAGE sql AS $$ SELECT try('boss', format('SELECT muster.discard_import(%L)', p_list)) $$;

-- Cells.
SELECT is(muster.csv_cell(v), e, 'csv_cell(): ' || coalesce(v, 'NULL')) FROM (VALUES ('Ada', 'Ada'), (NULL, NULL), ('=1+1', '''=1+1'), ('+49', '''+49'), ('-1', '''-1'), ('@SUM(A1)', '''@SUM(A1)'),
	(E'\t=1', E'''\t=1'), ('''=1', '''''=1'), ('''tis', '''tis'), ('a=b', 'a=b'), ('＝1', '''＝1')) x (v, e);
SELECT is(muster.csv_value(muster.csv_cell(v)), v, 'out and in again: ' || v) FROM unnest(ARRAY['Ada', '=1+1', '''=1', '''''@x', '-', '＝1', '''tis', '+', 'a''=b']) v;
SELECT is(muster.csv_value(v), e, 'csv_value(): ' || quote_literal(v)) FROM (VALUES (' Ada ', 'Ada'), ('', NULL), ('   ', NULL), (E'\u00A0x\u00A0', 'x'), ('''=x', '=x')) x (v, e);
SELECT is(muster.csv_time(v), e::timestamptz, 'csv_time(): ' || v) FROM (VALUES ('2027-02-30', NULL), ('2027-01-01 10:00:00Z', '2027-01-01 10:00:00+00'), ('01.02.2027', NULL), ('2027-01-01 25:00', NULL),
	('now', NULL), ('infinity', NULL), ('2027-01-01T10:00:00.5+02', '2027-01-01 08:00:00.5+00')) x (v, e);
SELECT is(muster.csv_boolean(v), e, 'csv_boolean(): ' || v) FROM (VALUES ('TRUE', true), ('no', false), ('1', true), ('perhaps', NULL)) x (v, e);

-- Loading.
SELECT is(told('accounts', 'check'), 'ERROR: no accounts are loaded HINT: In psql: \copy muster.accounts_csv FROM ''accounts.csv'' CSV HEADER', 'nothing is loaded yet');
SELECT is(load('accounts', $$VALUES ('ada@example.test', ' Ada King ', NULL, '', '', NULL, '3', NULL),
	('new@example.test', '''=New', 'Bulk', 'TRUE', NULL, 'no', 'none', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'),
	('bad name', repeat('x', 257), 'robot', 'perhaps', NULL, 'maybe', '-3', 'Secret-2027!'),
	(NULL, ' ', '', NULL, NULL, NULL, NULL, NULL),
	('NEW@example.test', NULL, NULL, 'false', NULL, NULL, NULL, NULL),
	('bob@example.test', NULL, NULL, NULL, 'why', NULL, '1000001', NULL),
	(NULL, 'nobody', NULL, NULL, NULL, NULL, NULL, NULL),
	('line@example.test', E'a\nb', NULL, 'false', repeat('x', 401), NULL, NULL, NULL)$$), 'done 8', 'no value fails to load');
SELECT is((SELECT count(*) FROM muster.import_row), 7::bigint, 'a row of empty cells is nothing');
SELECT is_empty($$SELECT FROM muster.import_row r WHERE r::text ~ 'Secret-2027'$$, 'a clear password is not kept');
SELECT is(load('accounts', $$VALUES ('x@example.test')$$), 'ERROR: 7 rows of an earlier file of accounts are not imported yet HINT: See what is wrong: SELECT * FROM muster.import_accounts(organization); or throw them away: SELECT muster.discard_import(''accounts'');', 'one file at a time');

-- Every wrong cell is told, and nothing is done.
SELECT is(told('accounts', mode), $$4|device_cap|-3|not usable as a device cap: give 0 to 1000000, or none
4|display_name|$$ || repeat('x', 60) || $$|longer than 256 characters
4|enabled|perhaps|say true or false
4|kind|robot|an account is of kind person or bulk
4|may_enroll|maybe|say true or false
4|password_hash|(not kept)|not a password hash of a known scheme: make it with muster-ca password; if this was a clear password, choose another
4|upn|bad name|not usable as an account's name: give name@domain, without blanks, at most 320 characters
6|disabled_reason|disabling an account needs a reason
6|upn|NEW@example.test|the same account stands in line 3
7|device_cap|1000001|not usable as a device cap: give 0 to 1000000, or none
7|disabled_reason|why|only for accounts that are disabled: say false in column enabled
8|upn|is missing
9|disabled_reason|$$ || repeat('x', 60) || $$|longer than 400 characters
9|display_name|a
b|holds a line break or another control character
-|nothing done; would be 1 added, 1 changed, 0 unchanged; 5 rows are wrong. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import('accounts'); to import the others now: SELECT * FROM muster.import_accounts('example', 'good')$$,
	'every wrong cell, mode ' || mode) FROM unnest(ARRAY['check', 'all']) mode;
SELECT is((SELECT display_name FROM muster.account WHERE upn = 'ada@example.test'), 'Ada Lovelace', 'mode all does nothing where something is wrong');
SELECT is(told('accounts', m), 'ERROR: a list is imported in mode check, all or good, not ' || coalesce(quote_literal(m), 'NULL')
	|| ' HINT: check: only say what is wrong. all: import if nothing is wrong. good: import what is not wrong, keep the rest.', 'no mode: ' || coalesce(m, 'NULL')) FROM (VALUES ('now'), (NULL)) v (m);
SELECT is(try('boss', $$SELECT * FROM muster.import_accounts('nowhere')$$), 'ERROR: there is no organization "nowhere" HINT: Organizations: example, other', 'an unknown organization');

-- The good ones, and the rest stays.
SELECT alike(told('accounts', 'good'), '%-|1 added, 1 changed, 0 unchanged; 5 rows are wrong and kept. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import(''accounts'')', 'mode good');
SELECT results_eq($$SELECT upn, display_name, kind, enabled, may_enroll, device_cap, has_password, password_set_at IS NOT NULL FROM muster.account WHERE upn IN ('ada@example.test', 'new@example.test') ORDER BY upn$$,
	$$VALUES ('ada@example.test', 'Ada King', 'person', true, true, 3, true, true), ('new@example.test', '=New', 'bulk', true, false, NULL, true, true)$$, 'adds and changes; an empty cell leaves what is there');
SELECT results_eq('SELECT line FROM muster.import_row ORDER BY line', 'VALUES (4), (6), (7), (8), (9)', 'and loses no row that is wrong');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'account added' AND user_name = 'new@example.test' AND details::text !~ 'X3DX6M'), 1::bigint, 'with an event, without the hash');
SELECT is(try('boss', $$DELETE FROM muster.import_row WHERE line <> 7$$), 'done 4', 'an administrator deletes loaded rows');
SELECT is(try('boss', $$UPDATE muster.import_row SET enabled = 'false', device_cap = ' 2 ' WHERE list = 'accounts' AND line = 7$$), 'done 1', 'and corrects them');
SELECT is(told('accounts', 'all'), '-|0 added, 1 changed, 0 unchanged', 'what is corrected is imported');
SELECT results_eq($$SELECT enabled, disabled_reason, disabled_at IS NOT NULL, device_cap FROM muster.account WHERE upn = 'bob@example.test'$$, $$VALUES (false, 'why', true, 2)$$, 'as corrected');
SELECT is((SELECT count(*) FROM muster.import_row), 0::bigint, 'nothing is left');

-- Again: nothing changes. A password's hash counts.
CREATE TABLE events_before AS SELECT count(*) AS n FROM muster.event;
SELECT load('accounts', $$VALUES ('NEW@example.test', '=New', 'bulk', 'yes', NULL, 'f', 'none', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7')$$);
SELECT is(told('accounts', 'all'), '-|0 added, 0 changed, 1 unchanged', 'importing again');
SELECT is((SELECT count(*) FROM muster.event), (SELECT n FROM events_before), 'writes no event');
SELECT load('accounts', $$VALUES ('new@example.test', NULL, NULL, NULL, NULL, NULL, NULL, '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ8')$$);
SELECT is(told('accounts', 'check'), '-|nothing done; would be 0 added, 1 changed, 0 unchanged. To do it: SELECT * FROM muster.import_accounts(''example'', ''all'')', 'another hash is a change, and the next step is told');
SELECT is(told('accounts', 'all'), '-|0 added, 1 changed, 0 unchanged', 'which is made');
SELECT alike((SELECT password_hash FROM muster.account WHERE upn = 'new@example.test'), '%tQ8', 'in the table');
SELECT load('accounts', $$VALUES ('ada@example.test', NULL, NULL, NULL, NULL, NULL, 'none', NULL), ('bob@example.test', NULL, NULL, 'true', NULL, NULL, NULL, NULL)$$);
SELECT is(told('accounts', 'all'), '-|0 added, 2 changed, 0 unchanged', 'none takes a cap away, true enables');
SELECT results_eq($$SELECT upn, device_cap, enabled, disabled_at, disabled_reason FROM muster.account WHERE upn IN ('ada@example.test', 'bob@example.test') ORDER BY upn$$,
	$$VALUES ('ada@example.test', NULL::integer, true, NULL::timestamptz, NULL), ('bob@example.test', 2, true, NULL, NULL)$$, 'and so it is');

-- Groups and members.
SELECT load('groups', $$VALUES ('sales', NULL, '3'), ('Sales', NULL, NULL), (repeat('g', 129), 'x', 'many'), ('service', 'no', NULL)$$);
SELECT is(told('groups', 'good'), $$3|group_name|Sales|the same group stands in line 2
4|device_cap|many|not usable as a device cap: give 0 to 1000000, or none
4|group_name|$$ || repeat('g', 60) || $$|longer than 128 characters
4|may_enroll|x|say true or false
-|2 added, 0 changed, 0 unchanged; 2 rows are wrong and kept. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import('groups')$$, 'groups');
SELECT is(discard('groups'), '2 loaded rows of groups thrown away', 'discard_import()');
SELECT is(discard('lists'), 'ERROR: there is no list ''lists'' HINT: Lists: accounts, groups, group_members, licences, licence_assignments, expected_devices, blocked_devices', 'discard_import() knows its lists');
SELECT load('groups', $$VALUES ('SALES', NULL, '4'), ('service', NULL, NULL)$$);
SELECT is(told('groups', 'all'), '-|0 added, 1 changed, 1 unchanged', 'groups again');
SELECT results_eq('SELECT name, may_enroll, device_cap FROM muster.account_group ORDER BY name', $$VALUES ('sales', true, 4), ('service', false, NULL)$$, 'and so they are');
SELECT load('group_members', $$VALUES ('sales', 'ADA@example.test'), ('sales', 'bob@example.test'), ('nosales', 'ada@example.test'), ('sales', 'olga@other.test'), ('sales', 'ada@example.test'), (NULL, NULL)$$);
SELECT load('group_members', $$VALUES ('x', NULL)$$);
SELECT is(told('group_members', 'good'), $$4|group_name|nosales|there is no such group: import groups first, or SELECT muster.add_group(organization, name)
5|upn|olga@other.test|there is no such account in the organization: import accounts first
6|upn|ada@example.test|the same stands in line 2
-|2 added, 0 changed, 0 unchanged; 3 rows are wrong and kept. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import('group_members')$$, 'members');
SELECT discard('group_members');
SELECT load('group_members', $$VALUES ('sales', 'ada@example.test'), ('service', 'ada@example.test'), ('service', NULL)$$);
SELECT alike(told('group_members', 'good'), '4|upn|is missing%-|1 added, 0 changed, 1 unchanged%', 'members again');
SELECT discard('group_members');

-- Licences and who has them.
SELECT load('licences', $$VALUES ('Seat', '2', '2027-01-01 00:00:00Z', '2028-01-01 00:00:00Z', 'yes', 'no'), ('Late', '1', '2027-01-01', '2026-01-01', NULL, NULL), ('Bad', '1e3', '1.2.2027', 'soon', 'x', 'z'), ('Short', NULL, NULL, 'none', NULL, NULL), ('Plain', '0', NULL, NULL, NULL, NULL)$$);
SET timezone = 'UTC';
SELECT is(told('licences', 'good'), $$3|valid_until|2026-01-01|the licence would end before it begins (2027-01-01 00:00:00Z)
4|free_on_retirement|z|say true or false
4|pool|x|say true or false
4|seats|1e3|not usable as a number of seats: give 0 to 10000000
4|valid_from|1.2.2027|not usable as a time: give 2027-01-01 or 2027-01-01 00:00:00+00
4|valid_until|soon|not usable as a time: give 2027-12-31, 2027-12-31 00:00:00+00, or none
5|seats|is missing
-|$$ || '2 added, 0 changed, 0 unchanged; 3 rows are wrong and kept. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import(''licences'')', 'licences');
SELECT discard('licences');
SELECT load('licence_assignments', $$VALUES ('Seat', 'ada@example.test', NULL), ('Seat', 'bob@example.test', NULL), ('Seat', 'Twin@example.test', NULL), ('Seat', NULL, 'sales'), ('Seat', 'ada@example.test', 'sales'), ('None', NULL, 'nobody'), ('Seat', 'olga@other.test', NULL), ('SEAT', NULL, 'Sales')$$);
SELECT is(told('licence_assignments', 'good'), $$4|licence|Seat|has 2 free seats, too few for this line: SELECT muster.set_licence_seats(organization, licence, seats)
6|upn|ada@example.test|give either an account or a group
7|group_name|nobody|there is no such group: import groups first, or SELECT muster.add_group(organization, name)
7|licence|None|there is no such licence: import licences first, or SELECT muster.add_licence(organization, name, seats)
8|upn|olga@other.test|there is no such account in the organization: import accounts first
9|upn|the same stands in line 5
-|3 added, 0 changed, 0 unchanged; 5 rows are wrong and kept. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import('licence_assignments')$$, 'assignments');
SELECT discard('licence_assignments');
SELECT results_eq($$SELECT a.upn, s.how FROM muster.licence_seat s JOIN muster.account a ON a.id = s.account ORDER BY 1$$, $$VALUES ('ada@example.test', 'hand'), ('bob@example.test', 'hand')$$, 'seats are taken');
UPDATE muster.licence_seat SET how = 'pool' WHERE account = muster.account_id('bob@example.test');
SELECT load('licence_assignments', $$VALUES ('Seat', 'ada@example.test', NULL), ('Seat', 'bob@example.test', NULL), ('Seat', NULL, 'sales')$$);
SELECT is(told('licence_assignments', 'all'), '-|0 added, 1 changed, 2 unchanged', 'a drawn seat becomes one by hand');
SELECT load('licences', $$VALUES ('seat', '1', NULL, NULL, NULL, NULL)$$);
SELECT alike(told('licences', 'all'), '2|seats|1|2 seats are taken: take some back first, with muster.unassign_licence%', 'never fewer seats than are taken');
SELECT discard('licences');
SELECT load('licences', $$VALUES ('seat', '5', NULL, 'none', 'no', NULL)$$);
SELECT is(told('licences', 'all'), '-|0 added, 1 changed, 0 unchanged', 'a licence is changed');
SELECT is(try('boss', $$SELECT * FROM muster.export_licences('example') WHERE licence = 'Seat'$$), 'Seat|5|2027-01-01 00:00:00Z|none|false|false', 'and so it is');

-- Devices.
SELECT load('expected_devices', $$VALUES ('Serial_Number', 'S1', 'ada@example.test', 'order 1'), ('serial number', 's1', NULL, NULL), ('colour', repeat('v', 129), 'olga@other.test', NULL), ('hardware id', '-H1', NULL, NULL), (NULL, NULL, NULL, 'x')$$);
SELECT is(told('expected_devices', 'good'), $$3|value|s1|the same device stands in line 2
4|kind|colour|a device is known by its hardware id, device id or serial number
4|upn|olga@other.test|there is no such account in the organization: import accounts first, or say none for any account
4|value|$$ || repeat('v', 60) || $$|longer than 128 characters
6|kind|is missing
6|value|is missing
-|2 added, 0 changed, 0 unchanged; 3 rows are wrong and kept. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import('expected_devices')$$, 'expected devices');
SELECT discard('expected_devices');
SELECT load('expected_devices', $$VALUES ('serial number', 'S1', 'none', NULL), ('hardware id', '-h1', NULL, NULL)$$);
SELECT is(told('expected_devices', 'all'), '-|0 added, 1 changed, 1 unchanged', 'expected devices again');
SELECT results_eq('SELECT kind, value, account, note FROM muster.expected_device ORDER BY kind', $$VALUES ('hardware id', '-H1', NULL::uuid, NULL), ('serial number', 'S1', NULL, 'order 1')$$, 'and so they are');
SELECT load('blocked_devices', $$VALUES ('device id', 'D1', 'stolen'), ('device id', 'D2', NULL), ('x', 'd1', E'a\nb')$$);
SELECT is(told('blocked_devices', 'good'), $$3|reason|blocking a device needs a reason
4|kind|x|a device is known by its hardware id, device id or serial number
4|reason|a
b|holds a line break or another control character
-|1 added, 0 changed, 0 unchanged; 2 rows are wrong and kept. Correct them in muster.import_row, or in the file and load it again after SELECT muster.discard_import('blocked_devices')$$, 'blocked devices');
SELECT discard('blocked_devices');
SELECT load('blocked_devices', $$VALUES ('device id', 'd1', 'sold')$$);
SELECT is(told('blocked_devices', 'all'), '-|0 added, 1 changed, 0 unchanged', 'blocked devices again');

-- The way back, into another organization that has nothing: the same lists come out of it.
SELECT muster.add_organization('copy', 'Copy', 'https://e.copy.test', 'https://d.copy.test');
DO $$
DECLARE
	list text;
BEGIN
	FOREACH list IN ARRAY ARRAY['accounts', 'groups', 'group_members', 'licences', 'licence_assignments', 'expected_devices', 'blocked_devices'] LOOP
		EXECUTE format('CREATE TABLE test.%I AS SELECT * FROM muster.export_%s(''example'')', 'out_' || list, list);
		EXECUTE format('GRANT SELECT ON test.%I TO boss', 'out_' || list);
	END LOOP;
END
$$;
SELECT matches(load(l, 'SELECT ' || c || ' FROM test.out_' || l) || ' ' || try('boss', format('SELECT told FROM muster.import_%s(''copy'', ''all'')', l)), '^done [1-9][0-9]* [1-9][0-9]* added, 0 changed, 0 unchanged$', l || ' go out and come in')
	FROM (VALUES (1, 'accounts', 'upn, display_name, kind, enabled::text, disabled_reason, may_enroll::text, device_cap, password_hash'), (2, 'groups', 'group_name, may_enroll::text, device_cap'), (3, 'group_members', '*'),
	(4, 'licences', 'licence, seats::text, valid_from, valid_until, pool::text, free_on_retirement::text'), (5, 'licence_assignments', '*'), (6, 'expected_devices', '*'), (7, 'blocked_devices', '*')) v (n, l, c);
SELECT results_eq(format('SELECT * FROM muster.export_%s(''copy'')', l), format('SELECT * FROM test.out_%s', l), 'and come out the same: ' || l)
	FROM unnest(ARRAY['accounts', 'groups', 'group_members', 'licences', 'licence_assignments', 'expected_devices', 'blocked_devices']) l;
SELECT is((SELECT value FROM out_expected_devices WHERE kind = 'hardware id'), '''-H1', 'what a spreadsheet would run goes out with an apostrophe');

-- Others see nothing of it, and may not.
SELECT load('groups', $$VALUES ('mine', NULL, NULL)$$);
CREATE ROLE boss2 LOGIN IN ROLE muster_admin;
SELECT is((SELECT n FROM dblink(connection('boss2'), 'SELECT count(*) FROM muster.import_row') t (n bigint)), 0::bigint, 'another administrator sees none of the loaded rows');
SELECT is((SELECT n FROM dblink(connection('boss2'), $$SELECT muster.discard_import('groups')$$) t (n text)), '0 loaded rows of groups thrown away', 'and throws none of them away');
SELECT throws_ok(format('SELECT * FROM dblink(connection(''boss2''), %L) t (n text)', $$INSERT INTO muster.import_row (list, line, loaded_by, upn) VALUES ('groups', 9, 'postgres', 'x') RETURNING list$$), 'new row violates row-level security policy for table "import_row"', 'nor plants any');
SELECT is(try('audrey', 'SELECT * FROM muster.groups_csv'), 'ERROR: permission denied for view groups_csv', 'an auditor loads nothing');
SELECT is(try('audrey', $$SELECT * FROM muster.import_groups('example')$$), 'ERROR: permission denied for function import_groups', 'and imports nothing');
SELECT is(try('audrey', $$SELECT group_name FROM muster.export_groups('example')$$), 'sales', 'but exports');

-- A row that goes away between the look and the change is not told as changed.
SELECT load(list, row) FROM (VALUES ('accounts', $$VALUES ('ghost@example.test', 'G')$$), ('groups', $$VALUES ('ghosts', 'no')$$), ('licences', $$VALUES ('Ghost', '3')$$),
	('licence_assignments', $$VALUES ('Ghost', 'ghost@example.test')$$), ('expected_devices', $$VALUES ('serial number', 'GHOST')$$), ('blocked_devices', $$VALUES ('serial number', 'GHOST', 'gone')$$)) x (list, row);
SELECT is(try('boss', format('SELECT muster.apply_%s(muster.organization_id(''example''), (SELECT array_agg(ROW(r.line, NULL, NULL, ''changed'')::muster.import_line) FROM muster.import_row r WHERE r.list = %L))', list, list)),
	'ERROR: somebody else changed the same rows while they were imported HINT: Nothing was imported: do it again.', list || ' that are gone are not changed')
	FROM unnest(ARRAY['accounts', 'groups', 'licences', 'licence_assignments', 'expected_devices', 'blocked_devices']) list;
SELECT discard(list) FROM unnest(ARRAY['accounts', 'groups', 'licences', 'licence_assignments', 'expected_devices', 'blocked_devices']) list;

SELECT * FROM finish();
