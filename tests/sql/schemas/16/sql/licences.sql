-- Licences: products with seats and a time of validity. A seat is assigned by hand, or drawn at an enrollment by
-- a member of a group or, from a pool, by anybody.

CREATE OR REPLACE FUNCTION muster.licence_id(organization text, licence text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(licence_id.organization);
	id uuid;
BEGIN
	SELECT l.id INTO id FROM muster.licence l
	 WHERE l.organization = owner_id AND lower(l.name) = lower(btrim(licence_id.licence));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has no licence "%"', licence_id.organization, coalesce(licence_id.licence, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Licences: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT l.name FROM muster.licence l
				WHERE l.organization = owner_id ORDER BY lower(l.name) LIMIT 20) s), format('There is none yet: SELECT muster.add_licence(%L, name, seats);', licence_id.organization));
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.licence_id(text, text) IS 'The id of a licence by its organization''s key and its name; an error that names those there are if there is none. Example: SELECT muster.licence_id(''example'', ''Device management'');';

CREATE OR REPLACE FUNCTION muster.licence_validity(valid_from timestamptz, valid_until timestamptz) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF valid_from IS NULL THEN
		RAISE EXCEPTION 'a licence needs a beginning' USING ERRCODE = 'invalid_parameter_value', HINT = 'Say since when it is valid, as now() or ''2027-01-01''.';
	ELSIF valid_until <= valid_from THEN
		RAISE EXCEPTION 'a licence cannot end (%) before it begins (%)', valid_until, valid_from
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave valid_until NULL where it never ends.';
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION muster.licence_validity(timestamptz, timestamptz) IS 'Internal: true, or an error for a time that ends before it begins. Example: SELECT muster.licence_validity(now(), NULL);';

CREATE OR REPLACE FUNCTION muster.seat_number(seats integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF seats IS NULL OR seats NOT BETWEEN 0 AND 10000000 THEN
		RAISE EXCEPTION 'not usable as a number of seats: %', coalesce(seats::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 0 to 10000000.';
	END IF;
	RETURN seats;
END
$$;
COMMENT ON FUNCTION muster.seat_number(integer) IS 'Internal: a number of seats, or an error. Example: SELECT muster.seat_number(25);';

CREATE OR REPLACE FUNCTION muster.add_licence(organization text, licence text, seats integer, valid_from timestamptz DEFAULT now(),
	valid_until timestamptz DEFAULT NULL, pool boolean DEFAULT false, free_on_retirement boolean DEFAULT true) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
	owner_id uuid := muster.organization_id(add_licence.organization);
	clean text := muster.cut(add_licence.licence, 128);
	wanted integer := muster.seat_number(add_licence.seats);
BEGIN
	IF clean IS NULL THEN
		RAISE EXCEPTION 'the licence needs a name' USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.add_licence(''example'', ''Device management'', 25);';
	END IF;
	PERFORM muster.licence_validity(add_licence.valid_from, add_licence.valid_until);
	INSERT INTO muster.licence (id, organization, name, valid_from, valid_until, pool, free_on_retirement)
	VALUES (made, owner_id, clean, add_licence.valid_from, add_licence.valid_until,
		muster.switch('pool', add_licence.pool), muster.switch('free_on_retirement', add_licence.free_on_retirement))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'licence "%" exists already', clean
			USING ERRCODE = 'unique_violation', HINT = 'Change it with muster.set_licence_seats, muster.set_licence_validity, muster.set_licence_pool.';
	END IF;
	INSERT INTO muster.licence_seat (organization, licence) SELECT owner_id, made FROM generate_series(1, wanted);
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_licence(text, text, integer, timestamptz, timestamptz, boolean, boolean) IS 'Add a licence: its organization, its name, how many seats it has, since when and until when it is valid (NULL: without end; a date is its first moment: ''2028-01-01'' for all of 2027), whether any account may draw a seat at its first enrollment (pool), whether a drawn seat is free again when the account''s last device is retired. Then: muster.assign_licence or muster.assign_licence_to_group, and muster.require_licence. Returns its id. Example: SELECT muster.add_licence(''example'', ''Device management'', 25, valid_until => ''2028-01-01'', pool => true);';

-- Deletes free seats, waiting for those that an enrollment is drawing at this moment. Returns how many it could not.
CREATE OR REPLACE FUNCTION muster.take_seats_away(p_licence uuid, p_number bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	missing bigint := p_number;
	gone bigint;
	wait boolean := false;
BEGIN
	WHILE missing > 0 LOOP
		IF wait THEN
			WITH free AS MATERIALIZED (SELECT x.id FROM muster.licence_seat x
				WHERE x.licence = p_licence AND x.account IS NULL LIMIT missing FOR UPDATE)
			DELETE FROM muster.licence_seat s USING free WHERE s.id = free.id;
		ELSE
			WITH free AS MATERIALIZED (SELECT x.id FROM muster.licence_seat x
				WHERE x.licence = p_licence AND x.account IS NULL LIMIT missing FOR UPDATE SKIP LOCKED)
			DELETE FROM muster.licence_seat s USING free WHERE s.id = free.id;
		END IF;
		GET DIAGNOSTICS gone = ROW_COUNT;
		missing := missing - gone;
		IF wait AND gone = 0 AND NOT EXISTS (SELECT FROM muster.licence_seat x WHERE x.licence = p_licence AND x.account IS NULL) THEN
			EXIT;
		END IF;
		wait := true;
	END LOOP;
	RETURN missing;
END
$$;
COMMENT ON FUNCTION muster.take_seats_away(uuid, bigint) IS 'Internal: delete so many free seats of a licence, waiting for those that an enrollment is drawing; returns how many were missing. Example: see muster.set_licence_seats.';

CREATE OR REPLACE FUNCTION muster.set_licence_seats(organization text, licence text, seats integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.licence_id(set_licence_seats.organization, set_licence_seats.licence);
	wanted integer := muster.seat_number(set_licence_seats.seats);
	taken bigint;
	has bigint;
BEGIN
	-- Two who set its seats take turns; enrollments only meet them at a seat.
	SELECT l.seats INTO has FROM muster.licence l WHERE l.id = its_id FOR UPDATE;
	IF wanted > has THEN
		INSERT INTO muster.licence_seat (organization, licence)
		SELECT muster.organization_id(set_licence_seats.organization), its_id FROM generate_series(has + 1, wanted);
	ELSIF muster.take_seats_away(its_id, has - wanted) > 0 THEN
		-- The free ones are gone by now, until the error brings them back.
		SELECT l.seats INTO taken FROM muster.licence l WHERE l.id = its_id;
		RAISE EXCEPTION 'licence "%" has % seats taken, more than %', set_licence_seats.licence, taken, wanted
			USING ERRCODE = 'object_in_use',
			      HINT = 'Take seats back first: SELECT muster.unassign_licence(upn, licence); or retire devices.';
	END IF;
	RETURN format('licence "%s" has %s seats', set_licence_seats.licence, wanted);
END
$$;
COMMENT ON FUNCTION muster.set_licence_seats(text, text, integer) IS 'Set how many seats a licence has, never below what is taken. Example: SELECT muster.set_licence_seats(''example'', ''Device management'', 50);';

CREATE OR REPLACE FUNCTION muster.set_licence_validity(organization text, licence text, valid_from timestamptz, valid_until timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM muster.licence_validity(set_licence_validity.valid_from, set_licence_validity.valid_until);
	UPDATE muster.licence l SET valid_from = set_licence_validity.valid_from, valid_until = set_licence_validity.valid_until
	 WHERE l.id = muster.licence_id(set_licence_validity.organization, set_licence_validity.licence);
	RETURN format('licence "%s" is valid from %s %s', set_licence_validity.licence, set_licence_validity.valid_from,
		coalesce('until ' || set_licence_validity.valid_until, 'without end'));
END
$$;
COMMENT ON FUNCTION muster.set_licence_validity(text, text, timestamptz, timestamptz) IS 'Set since when and until when a licence is valid; NULL: without end; a date is its first moment: ''2028-01-01'' for all of 2027. Example: SELECT muster.set_licence_validity(''example'', ''Device management'', now(), ''2028-01-01'');';

CREATE OR REPLACE FUNCTION muster.set_licence_pool(organization text, licence text, pool boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.licence l SET pool = muster.switch('pool', set_licence_pool.pool)
	 WHERE l.id = muster.licence_id(set_licence_pool.organization, set_licence_pool.licence);
	RETURN format('licence "%s": %s', set_licence_pool.licence,
		CASE WHEN pool THEN 'any account draws a seat at its first enrollment' ELSE 'seats are assigned by hand or to groups' END);
END
$$;
COMMENT ON FUNCTION muster.set_licence_pool(text, text, boolean) IS 'Let any account of the organization draw a seat at its first enrollment, or (false) only members of the licence''s groups. Example: SELECT muster.set_licence_pool(''example'', ''Device management'', true);';

CREATE OR REPLACE FUNCTION muster.set_licence_freeing(organization text, licence text, free_on_retirement boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.licence l SET free_on_retirement = muster.switch('free_on_retirement', set_licence_freeing.free_on_retirement)
	 WHERE l.id = muster.licence_id(set_licence_freeing.organization, set_licence_freeing.licence);
	RETURN format('licence "%s": a drawn seat %s when the account''s last device is retired', set_licence_freeing.licence,
		CASE WHEN free_on_retirement THEN 'is free again' ELSE 'stays the account''s' END);
END
$$;
COMMENT ON FUNCTION muster.set_licence_freeing(text, text, boolean) IS 'Say whether a drawn seat is free again when the account''s last living device is retired. Seats assigned by hand always stay. Example: SELECT muster.set_licence_freeing(''example'', ''Device management'', false);';

CREATE OR REPLACE FUNCTION muster.remove_licence(organization text, licence text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.licence_id(remove_licence.organization, remove_licence.licence);
BEGIN
	PERFORM muster.set_licence_seats(remove_licence.organization, remove_licence.licence, 0);
	DELETE FROM muster.licence_group x WHERE x.licence = its_id;
	DELETE FROM muster.licence l WHERE l.id = its_id;
	RETURN format('licence "%s" is removed', remove_licence.licence);
END
$$;
COMMENT ON FUNCTION muster.remove_licence(text, text) IS 'Remove a licence of which no seat is taken. Example: SELECT muster.remove_licence(''example'', ''Device management'');';

CREATE OR REPLACE FUNCTION muster.take_seat(p_account uuid, p_licence uuid, p_how text, p_wait boolean) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	candidate uuid;
	seat uuid;
BEGIN
	-- The caller holds the account's row and takes one seat last, and whoever waits for a seat holds none: so nobody
	-- waits in a circle. What is looked for with FOR UPDATE stays locked even if it proves to have been taken
	-- meanwhile, until the block is rolled back.
	LOOP
		BEGIN
			IF candidate IS NULL THEN
				SELECT s.id INTO seat FROM muster.licence_seat s
				 WHERE s.licence = p_licence AND s.account IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED;
			ELSE
				SELECT s.id INTO seat FROM muster.licence_seat s WHERE s.id = candidate AND s.account IS NULL FOR UPDATE;
			END IF;
			IF seat IS NULL THEN
				RAISE SQLSTATE 'MU001';
			END IF;
			EXIT;
		EXCEPTION WHEN SQLSTATE 'MU001' THEN
			NULL;
		END;
		EXIT WHEN NOT p_wait;
		-- What looks free is in somebody's hands, who may yet put it back: wait for him, then look again.
		SELECT s.id INTO candidate FROM muster.licence_seat s WHERE s.licence = p_licence AND s.account IS NULL LIMIT 1;
		EXIT WHEN NOT FOUND;
	END LOOP;
	UPDATE muster.licence_seat s SET account = p_account, how = p_how, assigned_at = now() WHERE s.id = seat;
	RETURN seat;
END
$$;
COMMENT ON FUNCTION muster.take_seat(uuid, uuid, text, boolean) IS 'Internal: give an account a free seat of a licence and return its id; NULL when none is free. Last argument true: waits for seats that others are just taking, and gets one that is put back. Example: see muster.assign_licence.';

CREATE OR REPLACE FUNCTION muster.assign_licence(upn text, licence text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.account_id(assign_licence.upn, assign_licence.organization);
	its_home text := muster.home_of(its_account);
	its_licence uuid := muster.licence_id(its_home, assign_licence.licence);
BEGIN
	-- The account first, then the seat: the order of enrolling.
	PERFORM FROM muster.account a WHERE a.id = its_account FOR NO KEY UPDATE;
	UPDATE muster.licence_seat s SET how = 'hand' WHERE s.account = its_account AND s.licence = its_licence;
	IF FOUND THEN
		RETURN format('account %s already had a seat of licence "%s"; it stays whatever becomes of its devices', assign_licence.upn, assign_licence.licence);
	END IF;
	IF muster.take_seat(its_account, its_licence, 'hand', true) IS NULL THEN
		RAISE EXCEPTION 'licence "%" has no free seat', assign_licence.licence
			USING ERRCODE = 'object_not_in_prerequisite_state',
			      HINT = format('More seats: SELECT muster.set_licence_seats(%L, %L, …); or take one back: SELECT muster.unassign_licence(upn, licence);', its_home, assign_licence.licence);
	END IF;
	RETURN format('account %s has a seat of licence "%s"', assign_licence.upn, assign_licence.licence);
END
$$;
COMMENT ON FUNCTION muster.assign_licence(text, text, text) IS 'Give an account a seat of a licence. It stays the account''s whatever becomes of its devices, until muster.unassign_licence. Example: SELECT muster.assign_licence(''ada@example.test'', ''Device management'');';

CREATE OR REPLACE FUNCTION muster.unassign_licence(upn text, licence text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_account uuid := muster.account_id(unassign_licence.upn, unassign_licence.organization);
	its_licence uuid := muster.licence_id(muster.home_of(its_account), unassign_licence.licence);
BEGIN
	PERFORM FROM muster.account a WHERE a.id = its_account FOR NO KEY UPDATE;
	UPDATE muster.licence_seat s SET account = NULL, how = NULL, assigned_at = NULL
	 WHERE s.account = its_account AND s.licence = its_licence;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'account % has no seat of licence "%"', unassign_licence.upn, unassign_licence.licence
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('It has seats of: ' || (SELECT string_agg(l.name, ', ' ORDER BY lower(l.name)) FROM muster.licence_seat s
				JOIN muster.licence l ON l.id = s.licence WHERE s.account = its_account), 'It has no seat of any.');
	END IF;
	RETURN format('account %s has no seat of licence "%s" any more; its devices stay', unassign_licence.upn, unassign_licence.licence);
END
$$;
COMMENT ON FUNCTION muster.unassign_licence(text, text, text) IS 'Take an account''s seat of a licence back. Its devices stay; enrolling another needs a seat again. Example: SELECT muster.unassign_licence(''ada@example.test'', ''Device management'');';

CREATE OR REPLACE FUNCTION muster.assign_licence_to_group(organization text, licence text, group_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO muster.licence_group (organization, licence, account_group)
	VALUES (muster.organization_id(assign_licence_to_group.organization),
		muster.licence_id(assign_licence_to_group.organization, assign_licence_to_group.licence),
		muster.group_id(assign_licence_to_group.organization, assign_licence_to_group.group_name))
	ON CONFLICT DO NOTHING;
	RETURN format('members of group "%s" draw a seat of licence "%s" at their first enrollment', assign_licence_to_group.group_name, assign_licence_to_group.licence);
END
$$;
COMMENT ON FUNCTION muster.assign_licence_to_group(text, text, text) IS 'Let a group''s members draw a seat of a licence at their first enrollment. Example: SELECT muster.assign_licence_to_group(''example'', ''Device management'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.unassign_licence_from_group(organization text, licence text, group_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_licence uuid := muster.licence_id(unassign_licence_from_group.organization, unassign_licence_from_group.licence);
BEGIN
	DELETE FROM muster.licence_group x
	 WHERE x.licence = its_licence
	   AND x.account_group = muster.group_id(unassign_licence_from_group.organization, unassign_licence_from_group.group_name);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'licence "%" is not assigned to group "%"', unassign_licence_from_group.licence, unassign_licence_from_group.group_name
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('It is assigned to: ' || (SELECT string_agg(g.name, ', ' ORDER BY lower(g.name)) FROM muster.licence_group x
				JOIN muster.account_group g ON g.id = x.account_group WHERE x.licence = its_licence), 'It is assigned to no group.');
	END IF;
	RETURN format('members of group "%s" draw no more seats of licence "%s"; those they have stay', unassign_licence_from_group.group_name, unassign_licence_from_group.licence);
END
$$;
COMMENT ON FUNCTION muster.unassign_licence_from_group(text, text, text) IS 'Stop a group''s members from drawing seats of a licence; seats they have stay. Example: SELECT muster.unassign_licence_from_group(''example'', ''Device management'', ''sales'');';

CREATE OR REPLACE FUNCTION muster.require_licence(organization text, required boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.organization o SET licence_required = muster.switch('required', require_licence.required)
	 WHERE o.id = muster.organization_id(require_licence.organization);
	RETURN format('organization %s: %s', require_licence.organization,
		CASE WHEN required THEN 'an account needs a seat of a valid licence' ELSE 'accounts need no licence' END);
END
$$;
COMMENT ON FUNCTION muster.require_licence(text, boolean) IS 'Let only accounts with a seat of a valid licence enroll, or that can draw one; or (false) every account. Example: SELECT muster.require_licence(''example'');';

CREATE OR REPLACE FUNCTION muster.licences_to_draw(p_candidate muster.candidate, p_at timestamptz)
RETURNS TABLE (licence uuid, name text, how text, valid boolean, valid_from timestamptz, valid_until timestamptz)
LANGUAGE sql STABLE AS $$
	SELECT l.id, l.name, CASE WHEN g.mine THEN 'group' ELSE 'pool' END,
	       l.valid_from <= p_at AND (l.valid_until IS NULL OR l.valid_until > p_at), l.valid_from, l.valid_until
	  FROM muster.licence l
	  CROSS JOIN LATERAL (SELECT cardinality(p_candidate.groups) > 0 AND EXISTS (
		SELECT FROM muster.licence_group x JOIN muster.account_group_member m ON m.account_group = x.account_group
		 WHERE x.licence = l.id AND m.account = p_candidate.account) AS mine) g
	 WHERE l.organization = p_candidate.organization AND (l.pool OR g.mine)
	 -- Its group's first, of those the one that ends soonest.
	 ORDER BY g.mine DESC, l.valid_until NULLS LAST, lower(l.name)
$$;
COMMENT ON FUNCTION muster.licences_to_draw(muster.candidate, timestamptz) IS 'Internal: the licences that an account may draw a seat of, in the order they are tried, and whether they are valid at a time. Example: SELECT * FROM muster.licences_to_draw(muster.candidate_of(muster.account_id(''ada@example.test''), NULL, NULL), now());';

CREATE OR REPLACE FUNCTION muster.licence_missing(p_candidate muster.candidate, p_at timestamptz) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	found_one record;
BEGIN
	SELECT d.licence, d.name INTO found_one FROM muster.licences_to_draw(p_candidate, p_at) d WHERE d.valid LIMIT 1;
	IF FOUND THEN
		RETURN muster.says('licence', 'UserLicense', format('licence "%s" is exhausted: none of its seats is free', found_one.name),
			jsonb_build_object('reason', 'exhausted', 'licence', found_one.licence, 'name', found_one.name));
	END IF;
	SELECT x.* INTO found_one FROM (
		SELECT 0 AS position, l.id AS licence, l.name, l.valid_from, l.valid_until
		  FROM muster.licence_seat s JOIN muster.licence l ON l.id = s.licence WHERE s.account = p_candidate.account
		UNION ALL
		SELECT 1, d.licence, d.name, d.valid_from, d.valid_until FROM muster.licences_to_draw(p_candidate, p_at) d) x
	 ORDER BY x.position, x.valid_until DESC NULLS FIRST LIMIT 1;
	IF NOT FOUND THEN
		RETURN muster.says('licence', 'UserLicense', format('account %s has no licence assigned, and none to draw from', p_candidate.upn),
			jsonb_build_object('reason', 'unassigned'));
	ELSIF found_one.valid_from > p_at THEN
		RETURN muster.says('licence', 'UserLicense', format('licence "%s" only begins on %s', found_one.name, muster.said_time(found_one.valid_from)),
			jsonb_build_object('reason', 'not yet valid', 'licence', found_one.licence, 'name', found_one.name));
	END IF;
	RETURN muster.says('licence', 'UserLicense', format('licence "%s" has expired on %s', found_one.name, muster.said_time(found_one.valid_until)),
		jsonb_build_object('reason', 'expired', 'licence', found_one.licence, 'name', found_one.name));
END
$$;
COMMENT ON FUNCTION muster.licence_missing(muster.candidate, timestamptz) IS 'Internal: why an account has no usable licence: exhausted, expired, not yet valid or unassigned. Example: SELECT muster.licence_missing(muster.candidate_of(id, NULL, NULL), now()) FROM muster.account;';

CREATE OR REPLACE FUNCTION muster.rule_licence(p_candidate muster.candidate, p_organization muster.organization) RETURNS muster.verdict
LANGUAGE plpgsql STABLE AS $$
DECLARE
	at timestamptz := clock_timestamp();
	found_one record;
BEGIN
	IF NOT p_organization.licence_required THEN
		RETURN muster.says('licence', 'OK', 'none is required');
	END IF;
	SELECT l.id, l.name INTO found_one FROM muster.licence_seat s JOIN muster.licence l ON l.id = s.licence
	 WHERE s.account = p_candidate.account AND l.valid_from <= at AND (l.valid_until IS NULL OR l.valid_until > at)
	 ORDER BY l.valid_until DESC NULLS FIRST LIMIT 1;
	IF FOUND THEN
		RETURN muster.says('licence', 'OK', format('has a seat of licence "%s"', found_one.name));
	END IF;
	SELECT d.licence, d.name, d.how INTO found_one FROM muster.licences_to_draw(p_candidate, at) d
	 WHERE d.valid AND EXISTS (SELECT FROM muster.licence_seat s WHERE s.licence = d.licence AND s.account IS NULL) LIMIT 1;
	IF FOUND THEN
		RETURN muster.says('licence', 'OK', format('would draw a seat of licence "%s" (%s)', found_one.name, found_one.how), '{"draw": true}');
	END IF;
	RETURN muster.licence_missing(p_candidate, at);
END
$$;
COMMENT ON FUNCTION muster.rule_licence(muster.candidate, muster.organization) IS 'Internal: rule: where a licence is required the account has a seat of a valid one, or a seat it can draw. Example: SELECT muster.rule_licence(muster.candidate_of(a.id, NULL, NULL), o) FROM muster.account a JOIN muster.organization o ON o.id = a.organization;';

CREATE OR REPLACE FUNCTION muster.draw_seat(p_candidate muster.candidate) RETURNS muster.verdict
LANGUAGE plpgsql AS $$
DECLARE
	at timestamptz := clock_timestamp();
	way record;
	wait boolean;
	seat uuid;
BEGIN
	-- What is free at once, of any licence, before what others have in their hands.
	FOREACH wait IN ARRAY ARRAY[false, true] LOOP
		FOR way IN SELECT d.licence, d.name, d.how FROM muster.licences_to_draw(p_candidate, at) d WHERE d.valid LOOP
			seat := muster.take_seat(p_candidate.account, way.licence, way.how, wait);
			CONTINUE WHEN seat IS NULL;
			RETURN muster.says('licence', 'OK', format('drew a seat of licence "%s" (%s)', way.name, way.how),
				jsonb_build_object('seat', seat, 'licence', way.licence, 'name', way.name, 'how', way.how));
		END LOOP;
	END LOOP;
	RETURN muster.licence_missing(p_candidate, at);
END
$$;
COMMENT ON FUNCTION muster.draw_seat(muster.candidate) IS 'Internal: draw a seat for an account whose row the caller holds, of the first licence that has one; its id is in the details. Otherwise why not. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.free_seats() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- muster.retire_device holds the account's row, as enrolling does: nobody counts its devices meanwhile.
	IF NOT EXISTS (SELECT FROM muster.device d WHERE d.account = NEW.account AND d.state = 'enrolled') THEN
		-- Seats of several licences always in the same order.
		PERFORM FROM muster.licence_seat s WHERE s.account = NEW.account ORDER BY s.licence FOR UPDATE;
		UPDATE muster.licence_seat s SET account = NULL, how = NULL, assigned_at = NULL
		  FROM muster.licence l
		 WHERE s.account = NEW.account AND s.how <> 'hand' AND l.id = s.licence AND l.free_on_retirement;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.free_seats() IS 'Internal: trigger that frees an account''s drawn seats when its last living device is retired, where the licence says so. Runs as its owner, since whoever may retire a device need not administer licences. Example: CREATE TRIGGER free_seats AFTER UPDATE OF state ON muster.device FOR EACH ROW EXECUTE FUNCTION muster.free_seats();';

CREATE OR REPLACE FUNCTION muster.audit_seats() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- One event for a statement: a licence may have a million seats.
	INSERT INTO muster.event (kind, organization, actor, actor_role, details)
	SELECT CASE TG_OP WHEN 'INSERT' THEN 'licence seats added' ELSE 'licence seats removed' END, t.organization, session_user, muster.actor_role(),
	       jsonb_build_object(CASE TG_OP WHEN 'INSERT' THEN 'after' ELSE 'before' END,
			jsonb_build_object('licence', t.licence, 'seats', count(*), 'taken', count(t.account)))
	  FROM touched t GROUP BY t.organization, t.licence;
	UPDATE muster.licence l SET seats = l.seats + CASE TG_OP WHEN 'INSERT' THEN t.number ELSE -t.number END
	  FROM (SELECT x.organization, x.licence, count(*) AS number FROM touched x GROUP BY 1, 2) t
	 WHERE l.organization = t.organization AND l.id = t.licence;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.audit_seats() IS 'Internal: trigger that writes an event when seats are added or removed, and keeps muster.licence.seats. Example: CREATE TRIGGER audit AFTER INSERT ON muster.licence_seat REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION muster.audit_seats();';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.licence
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
-- How many seats it has is told by the event of the seats.
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE OF organization, name, valid_from, valid_until, pool, free_on_retirement ON muster.licence
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.licence_group
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.licence_group
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_added AFTER INSERT ON muster.licence_seat
	REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION muster.audit_seats();
CREATE OR REPLACE TRIGGER audit_removed AFTER DELETE ON muster.licence_seat
	REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION muster.audit_seats();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.licence_seat
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER free_seats AFTER UPDATE OF state ON muster.device
	FOR EACH ROW WHEN (OLD.state = 'enrolled' AND NEW.state = 'retired') EXECUTE FUNCTION muster.free_seats();
