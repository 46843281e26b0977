-- What each list means: muster.look_at_… says of every loaded row what is wrong with it, cell by cell, or what would
-- become of it (added, changed, unchanged); muster.apply_… does that for the rows that are right. Whole lists at
-- once, a statement a step: a hundred thousand rows take seconds. They run as the caller.

-- Accounts.

CREATE OR REPLACE FUNCTION muster.merged_accounts(p_organization uuid)
RETURNS TABLE (line integer, account uuid, display_name text, kind text, enabled boolean, disabled_reason text, may_enroll boolean, device_cap integer,
	password_hash text, fresh boolean)
LANGUAGE sql STABLE AS $$
	SELECT r.line, a.id, coalesce(r.display_name, a.display_name), coalesce(lower(r.kind), a.kind, 'person'), e.enabled,
	       CASE WHEN NOT e.enabled THEN coalesce(r.disabled_reason, a.disabled_reason) END,
	       coalesce(muster.csv_boolean(r.may_enroll), a.may_enroll, true), muster.csv_cap(r.device_cap, a.device_cap),
	       r.password_hash,
	       a.id IS NULL OR (coalesce(r.display_name, a.display_name), coalesce(lower(r.kind), a.kind), e.enabled,
			CASE WHEN NOT e.enabled THEN coalesce(r.disabled_reason, a.disabled_reason) END,
			coalesce(muster.csv_boolean(r.may_enroll), a.may_enroll), muster.csv_cap(r.device_cap, a.device_cap))
		IS DISTINCT FROM (a.display_name, a.kind, a.enabled, a.disabled_reason, a.may_enroll, a.device_cap)
	  FROM muster.loaded_rows('accounts') r
	  LEFT JOIN muster.account a ON lower(a.upn) = lower(r.upn) AND a.organization = p_organization AND a.deleted_at IS NULL
	  CROSS JOIN LATERAL (SELECT coalesce(muster.csv_boolean(r.enabled), a.enabled, true) AS enabled) e
$$;
COMMENT ON FUNCTION muster.merged_accounts(uuid) IS 'Internal: the loaded accounts as they would be, and whether (but for the password) that differs from what there is. Example: SELECT * FROM muster.merged_accounts(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.has_password_hash(p_account uuid, p_hash text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM muster.account a WHERE a.id = p_account AND a.password_hash = p_hash)
$$;
COMMENT ON FUNCTION muster.has_password_hash(uuid, text) IS 'Internal: whether this is the hash of an account''s password. Administrators read no hash; who knows the whole of one learns nothing here. Example: SELECT muster.has_password_hash(id, ''$y$…'') FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.look_at_accounts(p_organization uuid) RETURNS SETOF muster.import_line
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT i.*, m.account, m.enabled AS is_enabled, m.fresh, coalesce(a.enabled, true) AS was_enabled,
		       first_value(i.line) OVER (PARTITION BY lower(i.upn) ORDER BY i.line) AS first_line
		  FROM muster.loaded_rows('accounts') i JOIN muster.merged_accounts(p_organization) m ON m.line = i.line LEFT JOIN muster.account a ON a.id = m.account
	), wrong AS MATERIALIZED (
		SELECT r.line, w.cell, w.value, w.told FROM r CROSS JOIN LATERAL (VALUES
			('upn', r.upn, CASE WHEN r.upn IS NULL THEN 'is missing'
				WHEN length(r.upn) > 320 OR r.upn !~ '^[^@\\[:space:][:cntrl:]]+@[^@\\[:space:][:cntrl:]]+$'
					THEN 'not usable as an account''s name: give name@domain, without blanks, at most 320 characters'
				WHEN r.first_line < r.line THEN format('the same account stands in line %s', r.first_line) END),
			('display_name', r.display_name, muster.text_wrong(r.display_name, 256, false)),
			('kind', r.kind, CASE WHEN lower(r.kind) NOT IN ('person', 'bulk') THEN 'an account is of kind person or bulk' END),
			('enabled', r.enabled, muster.boolean_wrong(r.enabled)),
			('disabled_reason', r.disabled_reason, CASE
				WHEN r.disabled_reason IS NULL AND r.was_enabled AND NOT r.is_enabled THEN 'disabling an account needs a reason'
				WHEN r.disabled_reason IS NOT NULL AND r.is_enabled THEN 'only for accounts that are disabled: say false in column enabled'
				ELSE muster.text_wrong(r.disabled_reason, 400, false) END),
			('may_enroll', r.may_enroll, muster.boolean_wrong(r.may_enroll)),
			('device_cap', r.device_cap, muster.cap_wrong(r.device_cap)),
			('password_hash', r.password_hash, CASE WHEN r.password_hash = '(not kept)'
				THEN 'not a password hash of a known scheme: make it with muster-ca password; if this was a clear password, choose another' END))
			w (cell, value, told)
		 WHERE w.told IS NOT NULL
	)
	SELECT w.line, w.cell, w.value, w.told FROM wrong w
	UNION ALL
	SELECT r.line, NULL, NULL, CASE WHEN r.account IS NULL THEN 'added'
		WHEN r.fresh OR (r.password_hash IS NOT NULL AND NOT muster.has_password_hash(r.account, r.password_hash)) THEN 'changed' ELSE 'unchanged' END
	  FROM r WHERE NOT EXISTS (SELECT FROM wrong w WHERE w.line = r.line)
$$;
COMMENT ON FUNCTION muster.look_at_accounts(uuid) IS 'Internal: what is wrong with the loaded accounts, or would become of them. Example: SELECT * FROM muster.look_at_accounts(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.apply_accounts(p_organization uuid, p_good muster.import_line[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	-- In one order: enrollments hold one account each, another import may want the same ones.
	PERFORM FROM muster.account a WHERE a.id IN (SELECT m.account FROM muster.merged_accounts(p_organization) m JOIN muster.lines_told(p_good, 'changed') g ON g = m.line)
	   AND a.deleted_at IS NULL ORDER BY a.id FOR NO KEY UPDATE;
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'changed');
	UPDATE muster.account a
	   SET display_name = m.display_name, kind = m.kind, enabled = m.enabled, may_enroll = m.may_enroll, device_cap = m.device_cap,
	       disabled_at = CASE WHEN NOT m.enabled THEN coalesce(a.disabled_at, now()) END, disabled_reason = m.disabled_reason
	  FROM muster.merged_accounts(p_organization) m JOIN muster.lines_told(p_good, 'changed') g ON g = m.line
	 WHERE a.id = m.account AND m.fresh;
	UPDATE muster.account a SET password_hash = m.password_hash
	  FROM muster.merged_accounts(p_organization) m JOIN muster.lines_told(p_good, 'changed') g ON g = m.line
	 WHERE a.id = m.account AND m.password_hash IS NOT NULL AND NOT muster.has_password_hash(a.id, m.password_hash);
	INSERT INTO muster.account (organization, upn, display_name, kind, enabled, disabled_at, disabled_reason, may_enroll, device_cap, password_hash)
	SELECT p_organization, r.upn, m.display_name, m.kind, m.enabled, CASE WHEN NOT m.enabled THEN now() END, m.disabled_reason, m.may_enroll, m.device_cap, m.password_hash
	  FROM muster.merged_accounts(p_organization) m JOIN muster.lines_told(p_good, 'added') g ON g = m.line
	  JOIN muster.loaded_rows('accounts') r ON r.line = m.line
	 ORDER BY m.line
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'added');
END
$$;
COMMENT ON FUNCTION muster.apply_accounts(uuid, muster.import_line[]) IS 'Internal: add and change the loaded accounts that are right. Example: see muster.import_accounts.';

-- Groups and their members.

CREATE OR REPLACE FUNCTION muster.look_at_groups(p_organization uuid) RETURNS SETOF muster.import_line
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT i.*, g.id AS its_id, g.may_enroll AS was_may_enroll, g.device_cap AS was_cap,
		       first_value(i.line) OVER (PARTITION BY lower(i.group_name) ORDER BY i.line) AS first_line
		  FROM muster.loaded_rows('groups') i LEFT JOIN muster.account_group g ON g.organization = p_organization AND lower(g.name) = lower(i.group_name)
	), wrong AS MATERIALIZED (
		SELECT r.line, w.cell, w.value, w.told FROM r CROSS JOIN LATERAL (VALUES
			('group_name', r.group_name, CASE WHEN r.first_line < r.line AND r.group_name IS NOT NULL THEN format('the same group stands in line %s', r.first_line)
				ELSE muster.text_wrong(r.group_name, 128, true) END),
			('may_enroll', r.may_enroll, muster.boolean_wrong(r.may_enroll)),
			('device_cap', r.device_cap, muster.cap_wrong(r.device_cap))) w (cell, value, told)
		 WHERE w.told IS NOT NULL
	)
	SELECT w.line, w.cell, w.value, w.told FROM wrong w
	UNION ALL
	SELECT r.line, NULL, NULL, CASE WHEN r.its_id IS NULL THEN 'added'
		WHEN (coalesce(muster.csv_boolean(r.may_enroll), r.was_may_enroll), muster.csv_cap(r.device_cap, r.was_cap))
			IS DISTINCT FROM (r.was_may_enroll, r.was_cap) THEN 'changed' ELSE 'unchanged' END
	  FROM r WHERE NOT EXISTS (SELECT FROM wrong w WHERE w.line = r.line)
$$;
COMMENT ON FUNCTION muster.look_at_groups(uuid) IS 'Internal: what is wrong with the loaded groups, or would become of them. Example: SELECT * FROM muster.look_at_groups(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.apply_groups(p_organization uuid, p_good muster.import_line[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	UPDATE muster.account_group x
	   SET may_enroll = coalesce(muster.csv_boolean(r.may_enroll), x.may_enroll), device_cap = muster.csv_cap(r.device_cap, x.device_cap)
	  FROM muster.loaded_rows('groups') r JOIN muster.lines_told(p_good, 'changed') g ON g = r.line
	 WHERE x.organization = p_organization AND lower(x.name) = lower(r.group_name);
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'changed');
	INSERT INTO muster.account_group (organization, name, may_enroll, device_cap)
	SELECT p_organization, r.group_name, coalesce(muster.csv_boolean(r.may_enroll), true), muster.csv_cap(r.device_cap, NULL)
	  FROM muster.loaded_rows('groups') r JOIN muster.lines_told(p_good, 'added') g ON g = r.line
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'added');
END
$$;
COMMENT ON FUNCTION muster.apply_groups(uuid, muster.import_line[]) IS 'Internal: add and change the loaded groups that are right. Example: see muster.import_groups.';

CREATE OR REPLACE FUNCTION muster.look_at_group_members(p_organization uuid) RETURNS SETOF muster.import_line
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT i.*, g.id AS its_group, a.id AS its_account, m.account IS NOT NULL AS was_in,
		       first_value(i.line) OVER (PARTITION BY lower(i.group_name), lower(i.upn) ORDER BY i.line) AS first_line
		  FROM muster.loaded_rows('group_members') i
		  LEFT JOIN muster.account_group g ON g.organization = p_organization AND lower(g.name) = lower(i.group_name)
		  LEFT JOIN muster.account a ON a.organization = p_organization AND lower(a.upn) = lower(i.upn) AND a.deleted_at IS NULL
		  LEFT JOIN muster.account_group_member m ON m.account_group = g.id AND m.account = a.id
	), wrong AS MATERIALIZED (
		SELECT r.line, w.cell, w.value, w.told FROM r CROSS JOIN LATERAL (VALUES
			('group_name', r.group_name, CASE WHEN r.group_name IS NULL THEN 'is missing'
				WHEN r.its_group IS NULL THEN 'there is no such group: import groups first, or SELECT muster.add_group(organization, name)' END),
			('upn', r.upn, CASE WHEN r.upn IS NULL THEN 'is missing'
				WHEN r.its_account IS NULL THEN 'there is no such account in the organization: import accounts first'
				WHEN r.first_line < r.line THEN format('the same stands in line %s', r.first_line) END)) w (cell, value, told)
		 WHERE w.told IS NOT NULL
	)
	SELECT w.line, w.cell, w.value, w.told FROM wrong w
	UNION ALL
	SELECT r.line, NULL, NULL, CASE WHEN r.was_in THEN 'unchanged' ELSE 'added' END
	  FROM r WHERE NOT EXISTS (SELECT FROM wrong w WHERE w.line = r.line)
$$;
COMMENT ON FUNCTION muster.look_at_group_members(uuid) IS 'Internal: what is wrong with the loaded members, or would become of them. Example: SELECT * FROM muster.look_at_group_members(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.apply_group_members(p_organization uuid, p_good muster.import_line[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	INSERT INTO muster.account_group_member (organization, account_group, account)
	SELECT p_organization, x.id, a.id
	  FROM muster.loaded_rows('group_members') r JOIN muster.lines_told(p_good, 'added') g ON g = r.line
	  JOIN muster.account_group x ON x.organization = p_organization AND lower(x.name) = lower(r.group_name)
	  JOIN muster.account a ON a.organization = p_organization AND lower(a.upn) = lower(r.upn) AND a.deleted_at IS NULL
	 ORDER BY a.id
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'added');
END
$$;
COMMENT ON FUNCTION muster.apply_group_members(uuid, muster.import_line[]) IS 'Internal: add the loaded members that are right. Example: see muster.import_group_members.';

-- Licences and who has them.

CREATE OR REPLACE FUNCTION muster.merged_licences(p_organization uuid)
RETURNS TABLE (line integer, licence uuid, name text, seats integer, has bigint, taken bigint, valid_from timestamptz, valid_until timestamptz, pool boolean,
	free_on_retirement boolean, fresh boolean)
LANGUAGE sql STABLE AS $$
	SELECT m.line, m.licence, m.name, m.seats, m.has, m.taken, m.valid_from, m.valid_until, m.pool, m.free_on_retirement,
	       (m.seats, m.valid_from, m.valid_until, m.pool, m.free_on_retirement)
		IS DISTINCT FROM (m.has::integer, m.was_from, m.was_until, m.was_pool, m.was_freeing)
	  FROM (SELECT r.line, l.id AS licence, coalesce(l.name, r.licence) AS name, n.has, n.taken,
	               coalesce(muster.csv_number(r.seats), n.has::integer) AS seats,
	               coalesce(muster.csv_time(r.valid_from), l.valid_from, now()) AS valid_from,
	               CASE WHEN lower(r.valid_until) = 'none' THEN NULL ELSE coalesce(muster.csv_time(r.valid_until), l.valid_until) END AS valid_until,
	               coalesce(muster.csv_boolean(r.pool), l.pool, false) AS pool,
	               coalesce(muster.csv_boolean(r.free_on_retirement), l.free_on_retirement, true) AS free_on_retirement,
	               l.valid_from AS was_from, l.valid_until AS was_until, l.pool AS was_pool, l.free_on_retirement AS was_freeing
	          FROM muster.loaded_rows('licences') r
	          LEFT JOIN muster.licence l ON l.organization = p_organization AND lower(l.name) = lower(r.licence)
	          LEFT JOIN LATERAL (SELECT coalesce(l.seats, 0) AS has, coalesce(l.seats, 0) - count(*) AS taken FROM muster.licence_seat s WHERE s.licence = l.id AND s.account IS NULL) n ON true) m
$$;
COMMENT ON FUNCTION muster.merged_licences(uuid) IS 'Internal: the loaded licences as they would be, and whether that differs from what there is. Example: SELECT * FROM muster.merged_licences(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.look_at_licences(p_organization uuid) RETURNS SETOF muster.import_line
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT i.line, i.licence, i.seats, i.valid_from, i.valid_until, i.pool, i.free_on_retirement, m.licence AS its_id, m.taken, m.fresh,
		       m.valid_from AS begins, m.valid_until AS ends, first_value(i.line) OVER (PARTITION BY lower(i.licence) ORDER BY i.line) AS first_line
		  FROM muster.loaded_rows('licences') i JOIN muster.merged_licences(p_organization) m ON m.line = i.line
	), wrong AS MATERIALIZED (
		SELECT r.line, w.cell, w.value, w.told FROM r CROSS JOIN LATERAL (VALUES
			('licence', r.licence, CASE WHEN r.first_line < r.line AND r.licence IS NOT NULL THEN format('the same licence stands in line %s', r.first_line)
				ELSE muster.text_wrong(r.licence, 128, true) END),
			('seats', r.seats, CASE WHEN r.seats IS NULL THEN CASE WHEN r.its_id IS NULL THEN 'is missing' END
				WHEN coalesce(muster.csv_number(r.seats) > 10000000, true) THEN 'not usable as a number of seats: give 0 to 10000000'
				WHEN muster.csv_number(r.seats) < r.taken THEN format('%s seats are taken: take some back first, with muster.unassign_licence', r.taken) END),
			('valid_from', r.valid_from, CASE WHEN r.valid_from IS NOT NULL AND muster.csv_time(r.valid_from) IS NULL
				THEN 'not usable as a time: give 2027-01-01 or 2027-01-01 00:00:00+00' END),
			('valid_until', r.valid_until, CASE WHEN r.valid_until IS NOT NULL AND lower(r.valid_until) <> 'none' AND muster.csv_time(r.valid_until) IS NULL
				THEN 'not usable as a time: give 2027-12-31, 2027-12-31 00:00:00+00, or none'
				WHEN r.ends <= r.begins THEN format('the licence would end before it begins (%s)', to_char(r.begins AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')) END),
			('pool', r.pool, muster.boolean_wrong(r.pool)),
			('free_on_retirement', r.free_on_retirement, muster.boolean_wrong(r.free_on_retirement))) w (cell, value, told)
		 WHERE w.told IS NOT NULL
	)
	SELECT w.line, w.cell, w.value, w.told FROM wrong w
	UNION ALL
	SELECT r.line, NULL, NULL, CASE WHEN r.its_id IS NULL THEN 'added' WHEN r.fresh THEN 'changed' ELSE 'unchanged' END
	  FROM r WHERE NOT EXISTS (SELECT FROM wrong w WHERE w.line = r.line)
$$;
COMMENT ON FUNCTION muster.look_at_licences(uuid) IS 'Internal: what is wrong with the loaded licences, or would become of them. Example: SELECT * FROM muster.look_at_licences(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.apply_licences(p_organization uuid, p_good muster.import_line[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_key text := (SELECT o.key FROM muster.organization o WHERE o.id = p_organization);
	l record;
BEGIN
	FOR l IN SELECT m.*, g.told FROM muster.merged_licences(p_organization) m JOIN unnest(p_good) g ON g.line = m.line
	          WHERE g.told <> 'unchanged' ORDER BY lower(m.name) LOOP
		IF l.told = 'added' THEN
			PERFORM muster.add_licence(its_key, l.name, l.seats, l.valid_from, l.valid_until, l.pool, l.free_on_retirement);
		ELSE
			UPDATE muster.licence x SET valid_from = l.valid_from, valid_until = l.valid_until, pool = l.pool, free_on_retirement = l.free_on_retirement
			 WHERE x.id = l.licence;
			PERFORM muster.import_whole(CASE WHEN FOUND THEN 1 ELSE 0 END, ARRAY[(l.line, NULL, NULL, l.told)::muster.import_line], 'changed');
			PERFORM muster.set_licence_seats(its_key, l.name, l.seats);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION muster.apply_licences(uuid, muster.import_line[]) IS 'Internal: add and change the loaded licences that are right. Example: see muster.import_licences.';

CREATE OR REPLACE FUNCTION muster.look_at_licence_assignments(p_organization uuid) RETURNS SETOF muster.import_line
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT i.*, l.id AS its_licence, a.id AS its_account, g.id AS its_group, s.how, x.licence IS NOT NULL AS group_has,
		       first_value(i.line) OVER (PARTITION BY lower(i.licence), lower(i.upn), lower(i.group_name) ORDER BY i.line) AS first_line
		  FROM muster.loaded_rows('licence_assignments') i
		  LEFT JOIN muster.licence l ON l.organization = p_organization AND lower(l.name) = lower(i.licence)
		  LEFT JOIN muster.account a ON a.organization = p_organization AND lower(a.upn) = lower(i.upn) AND a.deleted_at IS NULL
		  LEFT JOIN muster.account_group g ON g.organization = p_organization AND lower(g.name) = lower(i.group_name)
		  LEFT JOIN muster.licence_seat s ON s.licence = l.id AND s.account = a.id
		  LEFT JOIN muster.licence_group x ON x.licence = l.id AND x.account_group = g.id
	), numbered AS MATERIALIZED (
		-- The seats that are free go to the first lines that need one.
		SELECT r.*, row_number() OVER (PARTITION BY r.its_licence, r.its_account IS NOT NULL AND r.how IS NULL AND r.group_name IS NULL AND r.first_line = r.line
			ORDER BY r.line) AS needed
		  FROM r
	), free AS MATERIALIZED (
		SELECT l.id, (SELECT count(*) FROM muster.licence_seat s WHERE s.licence = l.id AND s.account IS NULL) AS seats
		  FROM muster.licence l WHERE l.organization = p_organization AND l.id IN (SELECT r.its_licence FROM r)
	), wrong AS MATERIALIZED (
		SELECT r.line, w.cell, w.value, w.told FROM numbered r LEFT JOIN free f ON f.id = r.its_licence CROSS JOIN LATERAL (VALUES
			('licence', r.licence, CASE WHEN r.licence IS NULL THEN 'is missing'
				WHEN r.its_licence IS NULL THEN 'there is no such licence: import licences first, or SELECT muster.add_licence(organization, name, seats)'
				WHEN r.its_account IS NOT NULL AND r.how IS NULL AND r.group_name IS NULL AND r.first_line = r.line AND r.needed > f.seats
					THEN format('has %s free seats, too few for this line: SELECT muster.set_licence_seats(organization, licence, seats)', f.seats) END),
			('upn', r.upn, CASE WHEN num_nonnulls(r.upn, r.group_name) <> 1 THEN 'give either an account or a group'
				WHEN r.upn IS NOT NULL AND r.its_account IS NULL THEN 'there is no such account in the organization: import accounts first'
				WHEN r.first_line < r.line THEN format('the same stands in line %s', r.first_line) END),
			('group_name', r.group_name, CASE WHEN r.group_name IS NOT NULL AND r.its_group IS NULL
				THEN 'there is no such group: import groups first, or SELECT muster.add_group(organization, name)' END)) w (cell, value, told)
		 WHERE w.told IS NOT NULL
	)
	SELECT w.line, w.cell, w.value, w.told FROM wrong w
	UNION ALL
	SELECT r.line, NULL, NULL, CASE WHEN r.how = 'hand' OR r.group_has THEN 'unchanged' WHEN r.how IS NOT NULL THEN 'changed' ELSE 'added' END
	  FROM r WHERE NOT EXISTS (SELECT FROM wrong w WHERE w.line = r.line)
$$;
COMMENT ON FUNCTION muster.look_at_licence_assignments(uuid) IS 'Internal: what is wrong with the loaded assignments, or would become of them. Example: SELECT * FROM muster.look_at_licence_assignments(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.take_seats(p_licence uuid, p_accounts uuid[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	free uuid[];
	taken bigint := 0;
BEGIN
	-- The caller holds the accounts' rows. What is free at once in one statement, the rest (which enrollments have
	-- in their hands) one by one, waiting.
	free := ARRAY(SELECT s.id FROM muster.licence_seat s WHERE s.licence = p_licence AND s.account IS NULL LIMIT cardinality(p_accounts) FOR UPDATE SKIP LOCKED);
	UPDATE muster.licence_seat s SET account = x.account, how = 'hand', assigned_at = now()
	  FROM unnest(free, p_accounts[1:cardinality(free)]) x (seat, account) WHERE s.id = x.seat;
	GET DIAGNOSTICS taken = ROW_COUNT;
	FOR i IN cardinality(free) + 1 .. cardinality(p_accounts) LOOP
		EXIT WHEN muster.take_seat(p_accounts[i], p_licence, 'hand', true) IS NULL;
		taken := taken + 1;
	END LOOP;
	RETURN taken;
END
$$;
COMMENT ON FUNCTION muster.take_seats(uuid, uuid[]) IS 'Internal: give many accounts a free seat of a licence each, by hand; returns how many got one. Example: see muster.apply_licence_assignments.';

CREATE OR REPLACE FUNCTION muster.apply_licence_assignments(p_organization uuid, p_good muster.import_line[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted record;
	done bigint := 0;
	step bigint;
BEGIN
	-- All accounts first and in one order, then seats: the order of enrolling. Who takes many seats takes turns with
	-- others who do, and with who takes seats away: by the licences, in one order, too.
	PERFORM FROM muster.account a WHERE a.organization = p_organization AND a.deleted_at IS NULL AND lower(a.upn) IN (
			SELECT lower(r.upn) FROM muster.loaded_rows('licence_assignments') r JOIN unnest(p_good) g ON g.line = r.line AND g.told <> 'unchanged')
	  ORDER BY a.id FOR NO KEY UPDATE;
	PERFORM FROM muster.licence l WHERE l.organization = p_organization AND lower(l.name) IN (
			SELECT lower(r.licence) FROM muster.loaded_rows('licence_assignments') r JOIN muster.lines_told(p_good, 'added') g ON g = r.line)
	  ORDER BY l.id FOR NO KEY UPDATE;
	INSERT INTO muster.licence_group (organization, licence, account_group)
	SELECT p_organization, l.id, x.id
	  FROM muster.loaded_rows('licence_assignments') r JOIN muster.lines_told(p_good, 'added') g ON g = r.line
	  JOIN muster.licence l ON l.organization = p_organization AND lower(l.name) = lower(r.licence)
	  JOIN muster.account_group x ON x.organization = p_organization AND lower(x.name) = lower(r.group_name)
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS done = ROW_COUNT;
	UPDATE muster.licence_seat s SET how = 'hand'
	  FROM muster.loaded_rows('licence_assignments') r JOIN muster.lines_told(p_good, 'changed') g ON g = r.line, muster.licence l, muster.account a
	 WHERE l.organization = p_organization AND lower(l.name) = lower(r.licence)
	   AND a.organization = p_organization AND lower(a.upn) = lower(r.upn) AND a.deleted_at IS NULL AND s.licence = l.id AND s.account = a.id;
	GET DIAGNOSTICS step = ROW_COUNT;
	PERFORM muster.import_whole(step, p_good, 'changed');
	FOR wanted IN
		SELECT l.id AS licence, array_agg(a.id ORDER BY r.line) AS accounts
		  FROM muster.loaded_rows('licence_assignments') r JOIN muster.lines_told(p_good, 'added') g ON g = r.line
		  JOIN muster.licence l ON l.organization = p_organization AND lower(l.name) = lower(r.licence)
		  JOIN muster.account a ON a.organization = p_organization AND lower(a.upn) = lower(r.upn) AND a.deleted_at IS NULL
		 GROUP BY l.id ORDER BY l.id
	LOOP
		step := muster.take_seats(wanted.licence, wanted.accounts);
		done := done + step;
	END LOOP;
	PERFORM muster.import_whole(done, p_good, 'added');
END
$$;
COMMENT ON FUNCTION muster.apply_licence_assignments(uuid, muster.import_line[]) IS 'Internal: assign the loaded licences that are right. Example: see muster.import_licence_assignments.';

-- Devices known by an id.

CREATE OR REPLACE FUNCTION muster.csv_id_kind(p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT lower(btrim(regexp_replace(p_kind, '[_ -]+', ' ', 'g')))
$$;
COMMENT ON FUNCTION muster.csv_id_kind(text) IS 'Internal: a kind of id as muster.id_kind reads it, not checked. Example: SELECT muster.csv_id_kind(''Serial_Number'');';

CREATE OR REPLACE FUNCTION muster.device_kind_wrong(p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_kind IS NULL THEN 'is missing'
		WHEN muster.csv_id_kind(p_kind) NOT IN ('hardware id', 'device id', 'serial number')
			THEN 'a device is known by its hardware id, device id or serial number' END
$$;
COMMENT ON FUNCTION muster.device_kind_wrong(text) IS 'Internal: what is wrong with a kind of id in a spreadsheet, NULL if nothing is. Example: SELECT muster.device_kind_wrong(''serial number'');';

CREATE OR REPLACE FUNCTION muster.look_at_expected_devices(p_organization uuid) RETURNS SETOF muster.import_line
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT i.*, e.id AS its_id, e.account AS was_account, e.note AS was_note, a.id AS its_account,
		       first_value(i.line) OVER (PARTITION BY muster.csv_id_kind(i.kind), lower(i.value) ORDER BY i.line) AS first_line
		  FROM muster.loaded_rows('expected_devices') i
		  LEFT JOIN muster.expected_device e ON e.organization = p_organization AND e.kind = muster.csv_id_kind(i.kind) AND lower(e.value) = lower(i.value)
		  LEFT JOIN muster.account a ON a.organization = p_organization AND lower(a.upn) = lower(i.upn) AND a.deleted_at IS NULL
	), wrong AS MATERIALIZED (
		SELECT r.line, w.cell, w.value, w.told FROM r CROSS JOIN LATERAL (VALUES
			('kind', r.kind, muster.device_kind_wrong(r.kind)),
			('value', r.value, CASE WHEN r.first_line < r.line AND r.value IS NOT NULL THEN format('the same device stands in line %s', r.first_line)
				ELSE muster.text_wrong(r.value, 128, true) END),
			('upn', r.upn, CASE WHEN r.upn IS NOT NULL AND lower(r.upn) <> 'none' AND r.its_account IS NULL
				THEN 'there is no such account in the organization: import accounts first, or say none for any account' END),
			('note', r.note, muster.text_wrong(r.note, 400, false))) w (cell, value, told)
		 WHERE w.told IS NOT NULL
	)
	SELECT w.line, w.cell, w.value, w.told FROM wrong w
	UNION ALL
	SELECT r.line, NULL, NULL, CASE WHEN r.its_id IS NULL THEN 'added'
		WHEN (CASE WHEN lower(r.upn) = 'none' THEN NULL ELSE coalesce(r.its_account, r.was_account) END, coalesce(r.note, r.was_note))
			IS DISTINCT FROM (r.was_account, r.was_note) THEN 'changed' ELSE 'unchanged' END
	  FROM r WHERE NOT EXISTS (SELECT FROM wrong w WHERE w.line = r.line)
$$;
COMMENT ON FUNCTION muster.look_at_expected_devices(uuid) IS 'Internal: what is wrong with the loaded devices to expect, or would become of them. Example: SELECT * FROM muster.look_at_expected_devices(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.apply_expected_devices(p_organization uuid, p_good muster.import_line[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	UPDATE muster.expected_device e
	   SET account = CASE WHEN lower(r.upn) = 'none' THEN NULL ELSE coalesce(a.id, e.account) END, note = coalesce(r.note, e.note)
	  FROM muster.loaded_rows('expected_devices') r JOIN muster.lines_told(p_good, 'changed') g ON g = r.line
	  LEFT JOIN muster.account a ON a.organization = p_organization AND lower(a.upn) = lower(r.upn) AND a.deleted_at IS NULL
	 WHERE e.organization = p_organization AND e.kind = muster.csv_id_kind(r.kind) AND lower(e.value) = lower(r.value);
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'changed');
	INSERT INTO muster.expected_device (organization, kind, value, account, note)
	SELECT p_organization, muster.csv_id_kind(r.kind), r.value, a.id, r.note
	  FROM muster.loaded_rows('expected_devices') r JOIN muster.lines_told(p_good, 'added') g ON g = r.line
	  LEFT JOIN muster.account a ON a.organization = p_organization AND lower(a.upn) = lower(r.upn) AND a.deleted_at IS NULL
	 ORDER BY r.line
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'added');
END
$$;
COMMENT ON FUNCTION muster.apply_expected_devices(uuid, muster.import_line[]) IS 'Internal: add and change the loaded devices to expect that are right. Example: see muster.import_expected_devices.';

CREATE OR REPLACE FUNCTION muster.look_at_blocked_devices(p_organization uuid) RETURNS SETOF muster.import_line
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT i.*, b.id AS its_id, b.reason AS was_reason,
		       first_value(i.line) OVER (PARTITION BY muster.csv_id_kind(i.kind), lower(i.value) ORDER BY i.line) AS first_line
		  FROM muster.loaded_rows('blocked_devices') i
		  LEFT JOIN muster.blocked_device b ON b.organization = p_organization AND b.kind = muster.csv_id_kind(i.kind) AND lower(b.value) = lower(i.value)
	), wrong AS MATERIALIZED (
		SELECT r.line, w.cell, w.value, w.told FROM r CROSS JOIN LATERAL (VALUES
			('kind', r.kind, muster.device_kind_wrong(r.kind)),
			('value', r.value, CASE WHEN r.first_line < r.line AND r.value IS NOT NULL THEN format('the same device stands in line %s', r.first_line)
				ELSE muster.text_wrong(r.value, 128, true) END),
			('reason', r.reason, CASE WHEN r.reason IS NULL AND r.its_id IS NULL THEN 'blocking a device needs a reason'
				ELSE muster.text_wrong(r.reason, 400, false) END)) w (cell, value, told)
		 WHERE w.told IS NOT NULL
	)
	SELECT w.line, w.cell, w.value, w.told FROM wrong w
	UNION ALL
	SELECT r.line, NULL, NULL, CASE WHEN r.its_id IS NULL THEN 'added' WHEN r.reason <> r.was_reason THEN 'changed' ELSE 'unchanged' END
	  FROM r WHERE NOT EXISTS (SELECT FROM wrong w WHERE w.line = r.line)
$$;
COMMENT ON FUNCTION muster.look_at_blocked_devices(uuid) IS 'Internal: what is wrong with the loaded devices to block, or would become of them. Example: SELECT * FROM muster.look_at_blocked_devices(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.apply_blocked_devices(p_organization uuid, p_good muster.import_line[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	UPDATE muster.blocked_device b SET reason = r.reason
	  FROM muster.loaded_rows('blocked_devices') r JOIN muster.lines_told(p_good, 'changed') g ON g = r.line
	 WHERE b.organization = p_organization AND b.kind = muster.csv_id_kind(r.kind) AND lower(b.value) = lower(r.value);
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'changed');
	INSERT INTO muster.blocked_device (organization, kind, value, reason)
	SELECT p_organization, muster.csv_id_kind(r.kind), r.value, r.reason
	  FROM muster.loaded_rows('blocked_devices') r JOIN muster.lines_told(p_good, 'added') g ON g = r.line
	 ORDER BY r.line
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM muster.import_whole(done, p_good, 'added');
END
$$;
COMMENT ON FUNCTION muster.apply_blocked_devices(uuid, muster.import_line[]) IS 'Internal: add and change the loaded devices to block that are right. Example: see muster.import_blocked_devices.';
