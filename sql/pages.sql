-- Pages: what is too long to be read at once, a piece at a time, each asked for by where the last one ended. Every
-- page is cut from an index before anything is looked up for its rows. They run as the caller. Where a page begins is
-- a plain variable: beside a policy an index is not asked for an expression, which might tell what the policy hides.

CREATE OR REPLACE FUNCTION muster.page_length(number integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF number IS NULL OR number NOT BETWEEN 1 AND 1000 THEN
		RAISE EXCEPTION 'not usable as the length of a page: %', coalesce(number::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 to 1000.';
	END IF;
	RETURN number;
END
$$;
COMMENT ON FUNCTION muster.page_length(integer) IS 'Internal: a page''s length, or an error. Example: SELECT muster.page_length(50);';

CREATE OR REPLACE FUNCTION muster.account_page(organization text, after text DEFAULT '', number integer DEFAULT 50) RETURNS SETOF muster.accounts
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(account_page.organization);
	after_name text := coalesce(account_page.after, '');
	ids uuid[];
BEGIN
	ids := ARRAY(SELECT a.id FROM muster.account a WHERE a.organization = owner_id AND a.upn > after_name
		ORDER BY a.upn LIMIT muster.page_length(account_page.number));
	-- Joined, not ANY: a plan that is kept must not walk an index of names to find them.
	RETURN QUERY SELECT v.* FROM unnest(ids) i (id) JOIN muster.accounts v ON v.id = i.id ORDER BY v.upn;
END
$$;
COMMENT ON FUNCTION muster.account_page(text, text, integer) IS 'An organization''s accounts by name, a page of at most 1000: those after a name. The next page comes after this one''s last name. Example: SELECT upn, devices, device_cap FROM muster.account_page(''example'', after => ''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.device_page(organization text, before uuid DEFAULT NULL, number integer DEFAULT 50) RETURNS SETOF muster.devices
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(device_page.organization);
	before_id uuid := coalesce(device_page.before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
	ids uuid[];
BEGIN
	-- Ids follow the time of enrolling.
	ids := ARRAY(SELECT d.id FROM muster.device d WHERE d.organization = owner_id AND d.id < before_id
		ORDER BY d.id DESC LIMIT muster.page_length(device_page.number));
	RETURN QUERY SELECT v.* FROM unnest(ids) i (id) JOIN muster.devices v ON v.id = i.id ORDER BY v.id DESC;
END
$$;
COMMENT ON FUNCTION muster.device_page(text, uuid, integer) IS 'An organization''s devices, living and past, the newest first, a page of at most 1000: those enrolled before one. The next page comes before this one''s last id. Example: SELECT id, name, account, state FROM muster.device_page(''example'', number => 20);';

CREATE OR REPLACE FUNCTION muster.refusal_page(organization text, before timestamptz DEFAULT now(), number integer DEFAULT 50) RETURNS SETOF muster.refusals
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(refusal_page.organization);
	ids uuid[];
	earliest timestamptz;
	latest timestamptz;
BEGIN
	SELECT array_agg(s.id), min(s.at), max(s.at) INTO ids, earliest, latest
	  FROM (SELECT e.id, e.at FROM muster.event e WHERE e.kind = 'refused' AND e.organization = owner_id AND e.at < refusal_page.before
		ORDER BY e.at DESC LIMIT muster.page_length(refusal_page.number)) s;
	RETURN QUERY SELECT v.* FROM muster.refusals v WHERE v.id = ANY (ids) AND v.at BETWEEN earliest AND latest ORDER BY v.at DESC;
END
$$;
COMMENT ON FUNCTION muster.refusal_page(text, timestamptz, integer) IS 'An organization''s refusals, the latest first, a page of at most 1000: those before a time. The next page comes before this one''s last time. Example: SELECT at, account, outcome, why, hresult FROM muster.refusal_page(''example'', number => 20);';

CREATE OR REPLACE FUNCTION muster.refusals_of(upn text, organization text DEFAULT NULL, number integer DEFAULT 50) RETURNS SETOF muster.refusals
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.account_id(refusals_of.upn, refusals_of.organization);
	ids uuid[];
	earliest timestamptz;
	latest timestamptz;
BEGIN
	SELECT array_agg(s.id), min(s.at), max(s.at) INTO ids, earliest, latest
	  FROM (SELECT e.id, e.at FROM muster.event e WHERE e.kind = 'refused' AND e.account = its_id
		ORDER BY e.at DESC LIMIT muster.page_length(refusals_of.number)) s;
	RETURN QUERY SELECT v.* FROM muster.refusals v WHERE v.id = ANY (ids) AND v.at BETWEEN earliest AND latest ORDER BY v.at DESC;
END
$$;
COMMENT ON FUNCTION muster.refusals_of(text, text, integer) IS 'Why an account was refused: its latest refusals, at most 1000. Example: SELECT at, outcome, why, hresult, trace FROM muster.refusals_of(''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.member_page(organization text, group_name text, after text DEFAULT NULL, number integer DEFAULT 50) RETURNS SETOF muster.group_members
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(member_page.organization);
	its_id uuid := muster.group_id(member_page.organization, member_page.group_name);
	after_id uuid := coalesce(CASE WHEN member_page.after IS NOT NULL THEN muster.account_id(member_page.after, member_page.organization) END,
		'00000000-0000-0000-0000-000000000000');
BEGIN
	RETURN QUERY SELECT o.key, g.name, a.upn, s.added_at, s.how
		  FROM (SELECT m.account, m.added_at, m.how FROM muster.account_group_member m
			 WHERE m.organization = owner_id AND m.account_group = its_id AND m.account > after_id
			 ORDER BY m.account LIMIT muster.page_length(member_page.number)) s
		  JOIN muster.account a ON a.id = s.account JOIN muster.account_group g ON g.id = its_id JOIN muster.organization o ON o.id = owner_id
		 ORDER BY s.account;
END
$$;
COMMENT ON FUNCTION muster.member_page(text, text, text, integer) IS 'A group''s members in the order in which their accounts were added, a page of at most 1000: those after an account. The next page comes after this one''s last. Example: SELECT account FROM muster.member_page(''example'', ''sales'', after => ''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.holder_page(organization text, licence text, after text DEFAULT NULL, number integer DEFAULT 50) RETURNS SETOF muster.licence_holders
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(holder_page.organization);
	its_id uuid := muster.licence_id(holder_page.organization, holder_page.licence);
	after_id uuid := coalesce(CASE WHEN holder_page.after IS NOT NULL THEN muster.account_id(holder_page.after, holder_page.organization) END,
		'00000000-0000-0000-0000-000000000000');
BEGIN
	RETURN QUERY SELECT o.key, l.name, a.upn, s.how, s.assigned_at, l.valid_until
		  FROM (SELECT x.account, x.how, x.assigned_at FROM muster.licence_seat x
			 WHERE x.organization = owner_id AND x.licence = its_id AND x.account > after_id
			 ORDER BY x.account LIMIT muster.page_length(holder_page.number)) s
		  JOIN muster.account a ON a.id = s.account JOIN muster.licence l ON l.id = its_id JOIN muster.organization o ON o.id = owner_id
		 ORDER BY s.account;
END
$$;
COMMENT ON FUNCTION muster.holder_page(text, text, text, integer) IS 'Who holds a seat of a licence, in the order in which the accounts were added, a page of at most 1000: those after an account. The next page comes after this one''s last. Example: SELECT account, how FROM muster.holder_page(''example'', ''Device management'', number => 100);';

CREATE OR REPLACE FUNCTION muster.certificate_page(organization text, after text DEFAULT NULL, number integer DEFAULT 50) RETURNS SETOF muster.certificates
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(certificate_page.organization);
	after_sha256 bytea := '';
	after_end timestamptz := now();
	ids bytea[];
BEGIN
	IF certificate_page.after IS NOT NULL THEN
		SELECT c.sha256, c.not_after INTO after_sha256, after_end FROM muster.certificate c
		 WHERE c.organization = owner_id AND c.sha256 = CASE WHEN certificate_page.after ~ '^[0-9A-Fa-f]{64}$' THEN decode(certificate_page.after, 'hex') END;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'there is no certificate of SHA-256 "%"', left(certificate_page.after, 70)
				USING ERRCODE = 'undefined_object', HINT = 'A page begins after the last certificate of the page before: give its sha256.';
		END IF;
	END IF;
	ids := ARRAY(SELECT c.sha256 FROM muster.certificate c WHERE c.organization = owner_id AND (c.not_after, c.sha256) > (after_end, after_sha256)
		ORDER BY c.not_after, c.sha256 LIMIT muster.page_length(certificate_page.number));
	RETURN QUERY SELECT encode(c.sha256, 'hex'), encode(c.serial, 'hex'), o.key, a.upn, c.device, d.name, d.state, t.name,
			c.not_before, c.not_after, c.issued_at, c.first_used_at, c.der, encode(c.renews, 'hex'), c.superseded_at, c.revoked_at, c.revocation_reason, c.revocation_note
		  FROM unnest(ids) i (sha256) JOIN muster.certificate c ON c.sha256 = i.sha256
		  JOIN muster.device d ON d.id = c.device JOIN muster.account a ON a.id = d.account
		  JOIN muster.organization o ON o.id = c.organization JOIN muster.authority t ON t.id = c.authority
		 ORDER BY c.not_after, c.sha256;
END
$$;
COMMENT ON FUNCTION muster.certificate_page(text, text, integer) IS 'An organization''s certificates that have not ended, the next to end first, a page of at most 1000: those after one, by its SHA-256. Example: SELECT account, device_name, device_state, not_after FROM muster.certificate_page(''example'', number => 20);';

CREATE OR REPLACE FUNCTION muster.change_page(organization text, before timestamptz DEFAULT now(), number integer DEFAULT 50) RETURNS SETOF muster.changes
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(change_page.organization);
	ids uuid[];
	earliest timestamptz;
	latest timestamptz;
BEGIN
	SELECT array_agg(s.id), min(s.at), max(s.at) INTO ids, earliest, latest
	  FROM (SELECT e.id, e.at FROM muster.event e WHERE e.actor_role IS NOT NULL AND e.organization = owner_id AND e.at < change_page.before
		ORDER BY e.at DESC LIMIT muster.page_length(change_page.number)) s;
	RETURN QUERY SELECT v.* FROM muster.changes v WHERE v.id = ANY (ids) AND v.at BETWEEN earliest AND latest ORDER BY v.at DESC;
END
$$;
COMMENT ON FUNCTION muster.change_page(text, timestamptz, integer) IS 'Who changed what of an organization, the latest first, a page of at most 1000: changes before a time. The next page comes before this one''s last time. Example: SELECT at, actor, kind, subject, account FROM muster.change_page(''example'', number => 20);';
