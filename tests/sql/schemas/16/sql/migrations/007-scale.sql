-- What people look for with a million accounts: by names as they stand there, which policies let an index find, and
-- in pages. None of these is touched by an enrollment but a device's name and serial number, whose indexes were there.

-- lower() may not be asked of rows that a policy hides, so that an index on it is not used by those whom policies
-- bind; a plain comparison may.
CREATE INDEX account_as_written ON muster.account (upn);
CREATE INDEX account_page ON muster.account (organization, upn);
DROP INDEX muster.device_name;
CREATE INDEX device_name ON muster.device (name);
DROP INDEX muster.device_serial_number;
CREATE INDEX device_serial_number ON muster.device (serial_number) WHERE serial_number IS NOT NULL;

-- The clients seen first of late.
CREATE INDEX client_version_first_seen ON muster.client_version (first_seen_at);

-- Seats are many, and counted once: free ones have an index of their own.
ALTER TABLE muster.licence ADD COLUMN seats bigint NOT NULL DEFAULT 0 CONSTRAINT licence_seats CHECK (seats >= 0);
COMMENT ON COLUMN muster.licence.seats IS 'How many rows of muster.licence_seat it has, kept by trigger. Set with muster.set_licence_seats.';
UPDATE muster.licence l SET seats = (SELECT count(*) FROM muster.licence_seat s WHERE s.organization = l.organization AND s.licence = l.id);

-- Policies ask this in every statement: planned once in a session, and without the settings that pg_roles looks up.
CREATE OR REPLACE FUNCTION muster.delegated(p_role name, p_duty text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d record;
BEGIN
	-- A role that has been dropped meanwhile delegates nothing.
	FOR d IN SELECT x.organization FROM muster.delegation x
		WHERE x.duty = p_duty AND pg_has_role(p_role, to_regrole(quote_ident(x.role)), 'USAGE') ORDER BY x.organization NULLS FIRST
	LOOP
		IF d.organization IS NULL THEN
			RETURN QUERY SELECT o.id FROM muster.organization o;
			RETURN;
		END IF;
		RETURN NEXT d.organization;
	END LOOP;
END
$$;

-- Its questions can be asked of one organization now.
DROP FUNCTION IF EXISTS muster.refusals_by_day(date, date);
DROP FUNCTION IF EXISTS muster.funnel(date, date);

INSERT INTO muster.schema_version (version, name) VALUES (7, 'scale');
