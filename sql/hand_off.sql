-- Hand-off: what a DM server needs to take devices over. Schema muster_dm is all that the role muster_dm sees, and of it
-- only devices of the organizations that are delegated to the login (muster.delegate(login, 'DM server', organization)).

CREATE OR REPLACE FUNCTION muster_dm.organizations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	who text := muster.actor_role();
BEGIN
	IF pg_has_role(who, 'muster_dm', 'USAGE') THEN
		RETURN QUERY SELECT muster.delegated(who::name, 'DM server');
	END IF;
END
$$;
COMMENT ON FUNCTION muster_dm.organizations() IS 'The ids of the organizations that are delegated to this DM server. Example: SELECT muster_dm.organizations();';

CREATE OR REPLACE VIEW muster_dm.devices WITH (security_barrier = true) AS
SELECT d.id, d.device_id, d.hardware_id, o.key AS organization, a.id AS account, a.upn, a.display_name, a.enabled AS account_enabled,
       d.state, d.enrolled_at, d.first_contact_at, d.replaced_by, d.replaced_at, d.ended_at, d.retired_at, d.retired_reason, d.unenrolled_at,
       d.dm_server, d.provider_id, d.management_url, d.auth_policy, d.enrollment_type,
       CASE d.enrollment_type WHEN 'Device' THEN 'My/System' ELSE 'My/User' END AS certificate_store,
       c.sha256 AS certificate_sha256, c.serial AS certificate_serial, c.der AS certificate, c.not_before, c.not_after, c.issued_at,
       c.first_used_at, c.revoked_at, c.revocation_reason, c.refused,
       d.name, d.device_type, d.os_version, d.os_edition, d.application_version, d.request_version, d.manufacturer, d.model, d.serial_number,
       d.locale, d.facts, d.remote, d.trace
  FROM muster.device d
  JOIN muster.account a ON a.id = d.account
  JOIN muster.organization o ON o.id = d.organization
  LEFT JOIN LATERAL (
       -- The newest; one that it renews is as good until the device uses this one: muster_dm.identify tells of any.
       SELECT encode(x.sha256, 'hex') AS sha256, encode(x.serial, 'hex') AS serial, x.der, x.not_before, x.not_after, x.issued_at, x.first_used_at,
              x.revoked_at, x.revocation_reason, muster.certificate_bars(x, d, o) AS refused
         FROM muster.certificate x WHERE x.device = d.id ORDER BY x.issued_at DESC, x.not_after DESC LIMIT 1) c ON true
 WHERE d.organization = ANY (ARRAY(SELECT muster_dm.organizations()));
COMMENT ON VIEW muster_dm.devices IS 'The devices of the organizations that are delegated to this DM server, living and past, each with its newest certificate. id is the enrollment''s: EntDMID on the device, common name of its certificate. refused: why that certificate opens no door; NULL: it does. Names, versions and facts are what the device said. Example: SELECT id, upn, name, state, certificate_sha256, management_url FROM muster_dm.devices WHERE id = ''0198f0c2-0000-7000-8000-000000000000'';';

CREATE OR REPLACE FUNCTION muster_dm.identify(certificate_sha256 text)
RETURNS TABLE (device uuid, organization text, upn text, device_id text, state text, refused text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT d.id, o.key, a.upn, d.device_id, d.state, muster.certificate_bars(x, d, o)
	  FROM muster.certificate x
	  JOIN muster.device d ON d.id = x.device
	  JOIN muster.account a ON a.id = d.account
	  JOIN muster.organization o ON o.id = d.organization
	 WHERE x.sha256 = CASE WHEN identify.certificate_sha256 ~ '^[0-9A-Fa-f]{64}$' THEN decode(identify.certificate_sha256, 'hex') END
	   AND d.organization = ANY (ARRAY(SELECT muster_dm.organizations()))
$$;
COMMENT ON FUNCTION muster_dm.identify(text) IS 'Whose client certificate this is, by SHA-256 of its DER as 64 hexadecimal digits, and why it opens no door (refused; NULL: it does); no row: none of ours, or of an organization that is not delegated. To be asked at each session. Example: SELECT device, refused FROM muster_dm.identify(''00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'');';

CREATE OR REPLACE FUNCTION muster.revoke_unenrolled(p_device uuid) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	UPDATE muster.certificate x SET revoked_at = now(), revocation_reason = 'cessationOfOperation', revocation_note = 'the device is unenrolled'
	 WHERE x.device = p_device AND x.revoked_at IS NULL AND x.not_after > now()
$$;
COMMENT ON FUNCTION muster.revoke_unenrolled(uuid) IS 'Internal: revoke the certificates of a device that is unenrolled. Example: see muster.unenroll.';

CREATE OR REPLACE FUNCTION muster.unenroll(p_device uuid, p_why text, p_stage text, p_trace uuid, p_remote inet) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d muster.device;
BEGIN
	-- The account first, then the device: the order of enrolling.
	PERFORM FROM muster.account a JOIN muster.device x ON x.account = a.id WHERE x.id = p_device FOR NO KEY UPDATE OF a;
	SELECT x.* INTO d FROM muster.device x WHERE x.id = p_device FOR NO KEY UPDATE;
	IF d.state = 'retired' THEN
		RETURN false;
	END IF;
	UPDATE muster.device x SET state = 'retired', retired_at = now(), retired_reason = p_why, unenrolled_at = now() WHERE x.id = p_device;
	PERFORM muster.revoke_unenrolled(p_device);
	INSERT INTO muster.event (kind, organization, account, device, trace, stage, why, remote, actor, actor_role, details)
	VALUES ('unenrolled', d.organization, d.account, p_device, p_trace, p_stage, p_why, p_remote, session_user, muster.actor_role(),
		jsonb_build_object('state', d.state));
	RETURN true;
END
$$;
COMMENT ON FUNCTION muster.unenroll(uuid, text, text, uuid, inet) IS 'Internal: end a device''s enrollment because its user or DM server disconnected it: it is retired, its seat freed as its licence says, its certificates revoked, an event written. False: it was retired already. Example: see muster_dm.unenrolled.';

CREATE OR REPLACE FUNCTION muster.dm_device(p_device uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM muster.device d WHERE d.id = p_device AND d.organization IN (SELECT muster_dm.organizations())) THEN
		RAISE EXCEPTION 'there is no device %', coalesce(p_device::text, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = 'SELECT id FROM muster_dm.devices; shows those of the organizations that are delegated to this login.';
	END IF;
	RETURN p_device;
END
$$;
COMMENT ON FUNCTION muster.dm_device(uuid) IS 'Internal: the device, or an error where it is not of an organization delegated to the DM server. Example: see muster_dm.unenrolled.';

CREATE OR REPLACE FUNCTION muster_dm.first_contact(device uuid, certificate_sha256 text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.dm_device(first_contact.device);
	c record;
BEGIN
	SELECT x.sha256, x.first_used_at, muster.certificate_bars(x, d, o) AS bars INTO c
	  FROM muster.certificate x JOIN muster.device d ON d.id = x.device JOIN muster.organization o ON o.id = d.organization
	 WHERE x.device = its_id AND (first_contact.certificate_sha256 IS NULL OR encode(x.sha256, 'hex') = lower(first_contact.certificate_sha256))
	 ORDER BY x.issued_at DESC, x.not_after DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'device % has no certificate %', its_id, first_contact.certificate_sha256
			USING ERRCODE = 'undefined_object', HINT = 'Give the SHA-256 of the client certificate''s DER, or leave it out: the newest.';
	ELSIF c.bars IS NOT NULL THEN
		RAISE EXCEPTION 'device % was not to be let in: %', its_id, c.bars
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Ask muster_dm.identify before each session, and answer 403.';
	ELSIF c.first_used_at IS NOT NULL THEN
		RETURN format('device %s was seen before', its_id);
	END IF;
	PERFORM muster.first_use(c.sha256, its_id, NULL);
	RETURN format('device %s is seen for the first time with this certificate', its_id);
END
$$;
COMMENT ON FUNCTION muster_dm.first_contact(uuid, text) IS 'Say that a device has come, with which certificate (SHA-256 of its DER; NULL: its newest): the enrollment is confirmed, and what this certificate replaces or renews ends. Called again it changes nothing. Example: SELECT muster_dm.first_contact(''0198f0c2-0000-7000-8000-000000000000'');';

CREATE OR REPLACE FUNCTION muster_dm.unenrolled(device uuid, why text DEFAULT 'unenrolled by its user') RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.dm_device(unenrolled.device);
	reason text := muster.cut(unenrolled.why, 400);
BEGIN
	IF reason IS NULL THEN
		RAISE EXCEPTION 'unenrolling a device needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave it out where its user disconnected it, or say who did and why.';
	END IF;
	IF NOT muster.unenroll(its_id, reason, 'DM server', NULL, NULL) THEN
		RETURN format('device %s was retired already', its_id);
	END IF;
	RETURN format('device %s is unenrolled; its certificate is refused from now on', its_id);
END
$$;
COMMENT ON FUNCTION muster_dm.unenrolled(uuid, text) IS 'Say that a device''s management has ended, by its user (alert com.microsoft:mdm.unenrollment.userrequest, answered first) or by the DM server (Exec of Unenroll): it is retired, its seat freed as its licence says, its certificates revoked. Called again it changes nothing. Example: SELECT muster_dm.unenrolled(''0198f0c2-0000-7000-8000-000000000000'', ''unenrolled by its user'');';

CREATE OR REPLACE FUNCTION muster_dm.sealed_secrets(device uuid, after uuid DEFAULT NULL, most integer DEFAULT 100)
RETURNS TABLE (id uuid, organization text, certificate bytea, sealing_key bytea, sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	mine uuid[] := ARRAY(SELECT muster_dm.organizations());
	its_id uuid := CASE WHEN sealed_secrets.device IS NOT NULL THEN muster.dm_device(sealed_secrets.device) END;
BEGIN
	RETURN QUERY
		WITH asked AS (
			SELECT d.id, d.organization, d.account, d.dm_secrets FROM muster.device d
			 WHERE d.id = its_id AND d.dm_secrets IS NOT NULL
			UNION ALL (
			SELECT d.id, d.organization, d.account, d.dm_secrets FROM muster.device d
			 WHERE its_id IS NULL AND d.organization = ANY (mine) AND d.state = 'enrolled' AND d.dm_secrets IS NOT NULL
			   AND (sealed_secrets.after IS NULL OR d.id > sealed_secrets.after)
			 ORDER BY d.id LIMIT least(greatest(sealed_secrets.most, 1), 1000))
		), told AS (
			INSERT INTO muster.event (kind, organization, account, device, actor, actor_role)
			SELECT 'secrets read', q.organization, q.account, q.id, session_user, muster.actor_role() FROM asked q
		)
		SELECT q.id, o.key, (SELECT x.der FROM muster.certificate x WHERE x.device = q.id ORDER BY x.issued_at DESC, x.not_after DESC LIMIT 1),
		       g.sealing_key, q.dm_secrets
		  FROM asked q JOIN muster.organization o ON o.id = q.organization CROSS JOIN muster.configuration g ORDER BY q.id;
END
$$;
COMMENT ON FUNCTION muster_dm.sealed_secrets(uuid, uuid, integer) IS 'For muster-ca secrets, which opens them with the passphrase: a device''s DM account secrets, encrypted under the sealing key, and that key, encrypted under the passphrase; device NULL: those of living devices with ids above after, so many at most. Each reading is an event. Example: SELECT id FROM muster_dm.sealed_secrets(''0198f0c2-0000-7000-8000-000000000000'');';

-- The feed. Which events are finished is told as for the sealer (sealing.sql): what transactions below the snapshot's
-- xmin did is seen, and none of them is still to come. The cursor is a place in the order of (recorded_in, id), with the
-- epoch it was in: when the database moved to another cluster, numbers that were added there before the sealer knew lie
-- among the old ones, and the feed begins again where these may be.

CREATE OR REPLACE FUNCTION muster.feed_place(p_cursor text, OUT base bigint, OUT recorded bigint, OUT id uuid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	part text[] := regexp_match(p_cursor, '^([0-9]{1,18})[.]([0-9]{1,18})[.]([0-9a-f]{32})$');
	now_base bigint := (muster.epoch()).base;
	last bigint := now_base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
BEGIN
	IF p_cursor IS NULL THEN
		base := now_base;
		recorded := 0;
		id := '00000000-0000-0000-0000-000000000000';
		RETURN;
	ELSIF part IS NULL THEN
		RAISE EXCEPTION 'not a cursor of the feed: %', quote_literal(left(p_cursor, 80))
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give back the cursor of the last row as it came; NULL begins with the oldest event.';
	END IF;
	base := part[1]::bigint;
	recorded := part[2]::bigint;
	id := part[3]::uuid;
	IF base > now_base OR recorded > last THEN
		RAISE EXCEPTION 'the feed''s cursor is ahead of the database, which may have been restored from a backup'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Load muster_dm.devices anew, and begin the feed again with NULL.';
	ELSIF base < now_base THEN
		recorded := least(recorded, (SELECT min(e.strays_from) FROM muster.seal_epoch e WHERE e.base > feed_place.base));
		id := '00000000-0000-0000-0000-000000000000';
		base := now_base;
	END IF;
END
$$;
COMMENT ON FUNCTION muster.feed_place(text) IS 'Internal: the place after which the feed goes on. Example: SELECT * FROM muster.feed_place(NULL);';

CREATE OR REPLACE FUNCTION muster_dm.feed(after text DEFAULT NULL, most integer DEFAULT 100)
RETURNS TABLE (cursor text, id uuid, at timestamptz, kind text, organization text, device uuid, upn text, why text, details jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
	mine uuid[] := ARRAY(SELECT muster_dm.organizations());
	wanted integer := least(greatest(coalesce(feed.most, 100), 1), 1000);
	place record := muster.feed_place(feed.after);
	finished bigint := (muster.epoch()).base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
	given integer;
BEGIN
	IF muster.cluster_changed() THEN
		-- The numbers of what is added now are not to be relied on until the sealer has noted it.
		RETURN QUERY SELECT feed.after, NULL::uuid, NULL::timestamptz, NULL, NULL, NULL::uuid, NULL, NULL, NULL::jsonb;
		RETURN;
	END IF;
	RETURN QUERY
		SELECT format('%s.%s.%s', place.base, e.recorded_in, replace(e.id::text, '-', '')), e.id, e.at, e.kind,
		       (SELECT o.key FROM muster.organization o WHERE o.id = e.organization), e.device,
		       (SELECT a.upn FROM muster.account a WHERE a.id = e.account), e.why, e.details
		  FROM (SELECT x.* FROM muster.event x
		         WHERE (x.recorded_in, x.id) > (place.recorded, place.id) AND x.recorded_in < finished
		           AND x.organization = ANY (mine) AND x.kind IN ('enrolled', 'sent again', 'first contact', 'renewed', 'renewal used', 'replaced', 'retired', 'certificate revoked',
		               'unenrolled', 'account disabled', 'account enabled', 'organization disabled', 'organization enabled')
		         ORDER BY x.recorded_in, x.id LIMIT wanted) e
		 ORDER BY e.recorded_in, e.id;
	GET DIAGNOSTICS given = ROW_COUNT;
	IF given < wanted THEN
		-- All that is finished was looked through.
		RETURN QUERY SELECT format('%s.%s.%s', place.base, greatest(finished, place.recorded), repeat('0', 32)),
			NULL::uuid, NULL::timestamptz, NULL, NULL, NULL::uuid, NULL, NULL, NULL::jsonb
		 WHERE finished > place.recorded;
	END IF;
END
$$;
COMMENT ON FUNCTION muster_dm.feed(text, integer) IS 'What happened to devices since a cursor, in a fixed order (what one transaction did, in any), at most so many events (1 to 1000): enrolled, sent again, first contact, renewed, renewal used, replaced, retired, certificate revoked, unenrolled, account disabled and enabled, organization disabled and enabled. Keep the cursor of the last row and give it the next time; NULL begins with the oldest event. A last row without id only moves the cursor on: there is no more now. None is left out, though transactions end in another order than they began; an event comes as soon as every transaction that was open when it was written has ended. After the database was moved events may come again, with the same id. Example: SELECT cursor, id, kind, device FROM muster_dm.feed(NULL, 100);';
