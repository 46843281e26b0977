-- Pages: what is too long to be read at once, a piece at a time, each asked for by where the last one ended. Every
-- page is cut from an index before anything is looked up for its rows. They run as the caller.

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
	ids uuid[];
BEGIN
	ids := ARRAY(SELECT a.id FROM muster.account a WHERE a.organization = owner_id AND a.upn > coalesce(account_page.after, '')
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
	ids uuid[];
BEGIN
	-- Ids follow the time of enrolling.
	ids := ARRAY(SELECT d.id FROM muster.device d
		WHERE d.organization = owner_id AND d.id < coalesce(device_page.before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
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
