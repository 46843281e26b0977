-- Deleting accounts and organizations.
--
-- Every certificate that was issued stays known, with the enrollment it belongs to, so the rows of accounts,
-- devices and organizations stay, too, without what tells of a person: names, ids, addresses, what the device said
-- of itself, secrets. Everything else goes. Events stay as they were written, names included, until they are
-- aged out: they are the record of who did what, and a record that can be edited is none.
--
-- The functions count, ask to be told, and lock; what deleting means is done by triggers on deleted_at, so that it is
-- the same and is on record however it was begun.

CREATE OR REPLACE FUNCTION muster.accounts_hold(p_accounts uuid[])
RETURNS TABLE (account uuid, living_devices bigint, past_devices bigint, certificates bigint, valid_certificates bigint, licence_seats bigint,
	group_memberships bigint, acceptances bigint, expected_devices bigint, bulk_tokens bigint, listed_signers bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT a.id,
	       (SELECT count(*) FROM muster.device d WHERE d.account = a.id AND d.state = 'enrolled'),
	       (SELECT count(*) FROM muster.device d WHERE d.account = a.id AND d.state <> 'enrolled'),
	       (SELECT count(*) FROM muster.device d JOIN muster.certificate c ON c.device = d.id WHERE d.account = a.id),
	       (SELECT count(*) FROM muster.device d JOIN muster.certificate c ON c.device = d.id WHERE d.account = a.id
			AND d.state <> 'retired' AND d.ended_at IS NULL AND c.not_after > now()),
	       (SELECT count(*) FROM muster.licence_seat s WHERE s.account = a.id),
	       (SELECT count(*) FROM muster.account_group_member m WHERE m.account = a.id),
	       (SELECT count(*) FROM muster.acceptance t WHERE t.organization = a.organization AND t.account = a.id),
	       (SELECT count(*) FROM muster.expected_device e WHERE e.organization = a.organization AND e.account = a.id),
	       (SELECT count(*) FROM muster.bulk_token b WHERE b.organization = a.organization AND b.account = a.id),
	       (SELECT count(*) FROM muster.listed_signer l WHERE l.organization = a.organization AND l.account = a.id)
	  FROM muster.account a WHERE a.id = ANY (p_accounts)
$$;
COMMENT ON FUNCTION muster.accounts_hold(uuid[]) IS 'Internal: what hangs on accounts, a row each: devices, certificates (valid: still accepted, of devices that are not retired or superseded), seats, memberships, …. Example: SELECT * FROM muster.accounts_hold(ARRAY[muster.account_id(''ada@example.test'')]);';

-- What an account's row becomes.
CREATE OR REPLACE FUNCTION muster.bury_account() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF OLD.deleted_at IS NOT NULL THEN
		RAISE EXCEPTION 'account % is deleted and stays as it is', OLD.id
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Add it anew: SELECT muster.add_account(upn);';
	END IF;
	NEW.upn := 'deleted-' || NEW.id || '@deleted.invalid';
	NEW.display_name := NULL;
	NEW.password_hash := NULL;
	NEW.password_set_at := NULL;
	NEW.device_cap := NULL;
	NEW.may_enroll := false;
	NEW.enabled := false;
	NEW.disabled_at := NEW.deleted_at;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.bury_account() IS 'Internal: trigger that takes name and password from the row of a deleted account, and keeps it so. Example: CREATE TRIGGER bury BEFORE UPDATE ON muster.account FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL OR NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION muster.bury_account();';

-- What becomes of all that hung on it. For a whole statement: an organization may have a hundred thousand.
CREATE OR REPLACE FUNCTION muster.forget_accounts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone uuid[] := ARRAY(SELECT n.id FROM after_it n JOIN before_it o ON o.id = n.id WHERE n.deleted_at IS NOT NULL AND o.deleted_at IS NULL);
BEGIN
	IF cardinality(gone) = 0 THEN
		RETURN NULL;
	ELSIF EXISTS (SELECT FROM muster.device d WHERE d.account = ANY (gone) AND d.state = 'enrolled') THEN
		RAISE EXCEPTION 'an account with living devices is not deleted'
			USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Use muster.delete_account, which tells of them: \df+ muster.delete_account';
	END IF;
	INSERT INTO muster.event (kind, organization, account, user_name, why, actor, actor_role, details)
	SELECT 'account deleted', o.organization, o.id, o.upn, n.disabled_reason, session_user, muster.actor_role(), jsonb_build_object('removed', to_jsonb(h) - 'account')
	  FROM muster.accounts_hold(gone) h JOIN before_it o ON o.id = h.account JOIN after_it n ON n.id = h.account;
	DELETE FROM muster.account_group_member m WHERE m.account = ANY (gone);
	DELETE FROM muster.known_network k WHERE k.account = ANY (gone);
	DELETE FROM muster.password_failure f USING after_it n
	 WHERE n.id = ANY (gone) AND f.kind = 'name' AND f.bucket = muster.name_bucket(n.organization, n.id, NULL);
	DELETE FROM muster.acceptance t USING muster.account a WHERE a.id = ANY (gone) AND t.organization = a.organization AND t.account = a.id;
	DELETE FROM muster.account_identity i USING muster.account a WHERE a.id = ANY (gone) AND i.organization = a.organization AND i.account = a.id;
	UPDATE muster.tenant t SET device_account = NULL FROM muster.account a WHERE a.id = ANY (gone) AND t.organization = a.organization AND t.device_account = a.id;
	-- Without its account a device would be expected from anybody.
	DELETE FROM muster.expected_device e USING muster.account a WHERE a.id = ANY (gone) AND e.organization = a.organization AND e.account = a.id;
	DELETE FROM muster.token t USING muster.account a WHERE a.id = ANY (gone) AND t.organization = a.organization AND t.account = a.id;
	DELETE FROM muster.bulk_enrollment e USING muster.bulk_token b, muster.account a
	 WHERE a.id = ANY (gone) AND b.organization = a.organization AND b.account = a.id AND e.bulk_token = b.id;
	DELETE FROM muster.bulk_token b USING muster.account a WHERE a.id = ANY (gone) AND b.organization = a.organization AND b.account = a.id;
	DELETE FROM muster.listed_signer l USING muster.account a WHERE a.id = ANY (gone) AND l.organization = a.organization AND l.account = a.id;
	UPDATE muster.licence_seat s SET account = NULL, how = NULL, assigned_at = NULL WHERE s.account = ANY (gone);
	UPDATE muster.device d SET device_id = NULL, hardware_id = NULL, serial_number = NULL, name = NULL, facts = '{}', remote = NULL, dm_secrets = NULL
	 WHERE d.account = ANY (gone);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.forget_accounts() IS 'Internal: trigger that removes what hung on deleted accounts, takes from their devices what tells of a person, and writes an event for each with the counts. Runs as its owner: nobody may do these things singly. Example: CREATE TRIGGER forget AFTER UPDATE ON muster.account REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION muster.forget_accounts();';

CREATE OR REPLACE TRIGGER bury BEFORE UPDATE ON muster.account
	FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL OR NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION muster.bury_account();
CREATE OR REPLACE TRIGGER forget AFTER UPDATE ON muster.account
	REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION muster.forget_accounts();

CREATE OR REPLACE FUNCTION muster.bury_organization() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF OLD.deleted_at IS NOT NULL THEN
		RAISE EXCEPTION 'organization % is deleted and stays as it is', OLD.id
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Add it anew: SELECT muster.add_organization(key, name, enrollment_url, device_url);';
	END IF;
	-- Its key is free for another, its authority for no one.
	NEW.key := 'deleted-' || replace(NEW.id::text, '-', '');
	NEW.enabled := false;
	NEW.authority := NULL;
	NEW.management_url := NULL;
	NEW.application_enterprise_id := NULL;
	NEW.application_token := NULL;
	NEW.hub_product_id := NULL;
	NEW.hub_uri := NULL;
	NEW.hub_name := NULL;
	NEW.terms_version := NULL;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.bury_organization() IS 'Internal: trigger that makes the row of a deleted organization good for nothing but what belonged to it, and keeps it so. Example: CREATE TRIGGER bury BEFORE UPDATE ON muster.organization FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL OR NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION muster.bury_organization();';

CREATE OR REPLACE FUNCTION muster.organization_holds(p_organization uuid) RETURNS TABLE (what text, number bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.what, c.number FROM (
		SELECT 1, 'accounts' AS what, count(*) AS number FROM muster.account x WHERE x.organization = p_organization AND x.deleted_at IS NULL
		UNION ALL SELECT 2, 'living devices', count(*) FROM muster.device x WHERE x.organization = p_organization AND x.state = 'enrolled'
		UNION ALL SELECT 3, 'past devices', count(*) FROM muster.device x WHERE x.organization = p_organization AND x.state <> 'enrolled'
		UNION ALL SELECT 4, 'certificates', count(*) FROM muster.certificate x WHERE x.organization = p_organization
		UNION ALL SELECT 5, 'valid certificates', count(*) FROM muster.certificate x JOIN muster.device d ON d.id = x.device
			WHERE x.organization = p_organization AND d.state <> 'retired' AND d.ended_at IS NULL AND x.not_after > now()
		UNION ALL SELECT 6, 'domains', count(*) FROM muster.email_domain x WHERE x.organization = p_organization
		UNION ALL SELECT 7, 'groups', count(*) FROM muster.account_group x WHERE x.organization = p_organization
		UNION ALL SELECT 8, 'group memberships', count(*) FROM muster.account_group_member x WHERE x.organization = p_organization
		UNION ALL SELECT 9, 'licences', count(*) FROM muster.licence x WHERE x.organization = p_organization
		UNION ALL SELECT 10, 'licence seats', count(*) FROM muster.licence_seat x WHERE x.organization = p_organization
		UNION ALL SELECT 11, 'maintenance windows', count(*) FROM muster.maintenance x WHERE x.organization = p_organization
		UNION ALL SELECT 12, 'platform rules', count(*) FROM muster.platform x WHERE x.organization = p_organization
		UNION ALL SELECT 13, 'allowed networks', count(*) FROM muster.allowed_network x WHERE x.organization = p_organization
		UNION ALL SELECT 14, 'blocked devices', count(*) FROM muster.blocked_device x WHERE x.organization = p_organization
		UNION ALL SELECT 15, 'expected devices', count(*) FROM muster.expected_device x WHERE x.organization = p_organization
		UNION ALL SELECT 16, 'custom rules', count(*) FROM muster.custom_rule x WHERE x.organization = p_organization
		UNION ALL SELECT 19, 'sign-ins by the web server', count(*) FROM muster.web_server_sign_in x WHERE x.organization = p_organization
		UNION ALL SELECT 20, 'groups of the identity provider', count(*) FROM muster.claim_group x WHERE x.organization = p_organization
		UNION ALL SELECT 17, 'texts of terms', count(*) FROM muster.terms x WHERE x.organization = p_organization
		UNION ALL SELECT 18, 'acceptances', count(*) FROM muster.acceptance x WHERE x.organization = p_organization
		UNION ALL SELECT 19, 'bulk tokens', count(*) FROM muster.bulk_token x WHERE x.organization = p_organization
		UNION ALL SELECT 20, 'tenants', count(*) FROM muster.tenant x WHERE x.organization = p_organization
		UNION ALL SELECT 21, 'identities in tenants', count(*) FROM muster.account_identity x WHERE x.organization = p_organization
		UNION ALL SELECT 22, 'trusted authorities', count(*) FROM muster.signer_authority x WHERE x.organization = p_organization
		UNION ALL SELECT 23, 'listed signers', count(*) FROM muster.listed_signer x WHERE x.organization = p_organization
		UNION ALL SELECT 24, 'directories', count(*) FROM muster.directory x WHERE x.organization = p_organization) c (place, what, number)
	 ORDER BY c.place
$$;
COMMENT ON FUNCTION muster.organization_holds(uuid) IS 'Internal: what hangs on an organization. Example: SELECT * FROM muster.organization_holds(muster.organization_id(''example''));';

CREATE OR REPLACE FUNCTION muster.forget_organization() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO muster.event (kind, organization, why, actor, actor_role, details)
	SELECT 'organization deleted', NEW.id, NEW.deleted_reason, session_user, muster.actor_role(),
	       jsonb_build_object('key', OLD.key, 'name', OLD.name, 'removed', jsonb_object_agg(replace(h.what, ' ', '_'), h.number))
	  FROM muster.organization_holds(NEW.id) h;
	UPDATE muster.account a SET deleted_at = NEW.deleted_at, disabled_reason = coalesce(NEW.deleted_reason, a.disabled_reason)
	 WHERE a.organization = NEW.id AND a.deleted_at IS NULL;
	DELETE FROM muster.tenant_key x WHERE x.organization = NEW.id;
	DELETE FROM muster.tenant x WHERE x.organization = NEW.id;
	DELETE FROM muster.email_domain x WHERE x.organization = NEW.id;
	DELETE FROM muster.delegation x WHERE x.organization = NEW.id;
	DELETE FROM muster.daily_count x WHERE x.organization = NEW.id;
	DELETE FROM muster.daily_refusal x WHERE x.organization = NEW.id;
	DELETE FROM muster.member_count x WHERE x.organization = NEW.id;
	DELETE FROM muster.licence_group x WHERE x.organization = NEW.id;
	DELETE FROM muster.licence_seat x WHERE x.organization = NEW.id;
	DELETE FROM muster.licence x WHERE x.organization = NEW.id;
	DELETE FROM muster.allowed_network x WHERE x.organization = NEW.id;
	DELETE FROM muster.claim_group x WHERE x.organization = NEW.id;
	DELETE FROM muster.sign_in_realm x WHERE x.organization = NEW.id;
	DELETE FROM muster.sign_in_condition x WHERE x.organization = NEW.id;
	DELETE FROM muster.web_server_sign_in x WHERE x.organization = NEW.id;
	DELETE FROM muster.directory x WHERE x.organization = NEW.id;
	DELETE FROM muster.account_group x WHERE x.organization = NEW.id;
	DELETE FROM muster.maintenance x WHERE x.organization = NEW.id;
	DELETE FROM muster.platform x WHERE x.organization = NEW.id;
	DELETE FROM muster.blocked_device x WHERE x.organization = NEW.id;
	DELETE FROM muster.expected_device x WHERE x.organization = NEW.id;
	DELETE FROM muster.custom_rule x WHERE x.organization = NEW.id;
	DELETE FROM muster.terms x WHERE x.organization = NEW.id;
	DELETE FROM muster.password_failure x WHERE x.organization = NEW.id;
	DELETE FROM muster.guessing_limit x WHERE x.organization = NEW.id;
	DELETE FROM muster.signer_authority x WHERE x.organization = NEW.id;
	DELETE FROM muster.signing x WHERE x.organization = NEW.id;
	DELETE FROM muster.branding x WHERE x.organization = NEW.id;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.forget_organization() IS 'Internal: trigger that deletes a deleted organization''s accounts, domains and rules, and writes an event with the counts. Runs as its owner. Example: CREATE TRIGGER forget AFTER UPDATE ON muster.organization FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION muster.forget_organization();';

CREATE OR REPLACE TRIGGER bury BEFORE UPDATE ON muster.organization
	FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL OR NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION muster.bury_organization();
CREATE OR REPLACE TRIGGER forget AFTER UPDATE ON muster.organization
	FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION muster.forget_organization();

-- What administrators call.

CREATE OR REPLACE FUNCTION muster.fate(p_what text, p_retire boolean) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE p_what
		WHEN 'living devices' THEN CASE WHEN p_retire THEN 'retired; then as past devices' ELSE 'stop the deletion: retire them, or say retire_devices => true' END
		WHEN 'valid certificates' THEN CASE WHEN p_retire THEN 'refused from now on' ELSE 'stop the deletion, as living devices do' END
		WHEN 'past devices' THEN 'stay, without names, ids, addresses and facts'
		WHEN 'certificates' THEN 'stay: what was issued stays known'
		WHEN 'accounts' THEN 'deleted; a row without name and password stays of each'
		WHEN 'events' THEN 'stay as they were written, until they age out'
		ELSE 'removed' END
$$;
COMMENT ON FUNCTION muster.fate(text, boolean) IS 'Internal: what a deletion makes of something. Example: SELECT muster.fate(''certificates'', false);';

CREATE OR REPLACE FUNCTION muster.retire_all(p_accounts uuid[], p_reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- The caller holds the accounts' rows. Superseded certificates that are still accepted end, too. In one order, as
	-- enrolling locks them.
	PERFORM FROM muster.device d WHERE d.account = ANY (p_accounts) AND d.state <> 'retired' AND d.ended_at IS NULL ORDER BY d.id FOR NO KEY UPDATE;
	UPDATE muster.device d SET state = 'retired', retired_at = now(), retired_reason = left(p_reason, 400)
	 WHERE d.account = ANY (p_accounts) AND d.state <> 'retired' AND d.ended_at IS NULL;
END
$$;
COMMENT ON FUNCTION muster.retire_all(uuid[], text) IS 'Internal: retire every device of accounts whose certificate may still be accepted. Example: see muster.delete_account.';

CREATE OR REPLACE FUNCTION muster.deletion_refused(p_what text, p_really boolean, p_retire boolean, p_reason text, p_living bigint, p_valid bigint) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM muster.switch('really', p_really), muster.switch('retire_devices', p_retire);
	IF p_really AND muster.cut(p_reason, 400) IS NULL THEN
		RAISE EXCEPTION 'deleting needs a reason' USING ERRCODE = 'invalid_parameter_value', HINT = 'Add, for the record: reason => ''…''.';
	ELSIF p_really AND NOT p_retire AND (p_living > 0 OR p_valid > 0) THEN
		RAISE EXCEPTION '% has % and %', p_what,
				p_living || CASE WHEN p_living = 1 THEN ' living device' ELSE ' living devices' END,
				p_valid || CASE WHEN p_valid = 1 THEN ' valid certificate' ELSE ' valid certificates' END
			USING ERRCODE = 'dependent_objects_still_exist',
			      HINT = 'Retire them first: SELECT muster.retire_device(id, reason); or with it: add retire_devices => true.';
	END IF;
END
$$;
COMMENT ON FUNCTION muster.deletion_refused(text, boolean, boolean, text, bigint, bigint) IS 'Internal: an error where a deletion lacks its reason, or living devices stand against it. Example: see muster.delete_account.';

CREATE OR REPLACE FUNCTION muster.delete_account(upn text, reason text DEFAULT NULL, really boolean DEFAULT false, retire_devices boolean DEFAULT false,
	organization text DEFAULT NULL) RETURNS TABLE (what text, number bigint, becomes text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.account_id(delete_account.upn, delete_account.organization);
	h record;
BEGIN
	-- The account first: no enrollment of its gets in between.
	IF really THEN
		PERFORM FROM muster.account a WHERE a.id = its_id FOR UPDATE;
	END IF;
	SELECT x.* INTO h FROM muster.accounts_hold(ARRAY[its_id]) x;
	PERFORM muster.deletion_refused('account ' || delete_account.upn, really, retire_devices, reason, h.living_devices, h.valid_certificates);
	IF really THEN
		PERFORM muster.retire_all(ARRAY[its_id], 'account deleted: ' || muster.cut(reason, 400));
		UPDATE muster.account a SET deleted_at = now(), disabled_reason = muster.cut(reason, 400) WHERE a.id = its_id;
	END IF;
	RETURN QUERY
		SELECT replace(k.key, '_', ' '), k.value::bigint, muster.fate(replace(k.key, '_', ' '), retire_devices)
		  FROM jsonb_each_text(to_jsonb(h) - 'account') WITH ORDINALITY k (key, value, place)
		 WHERE k.value::bigint > 0
		 ORDER BY array_position(ARRAY['living_devices', 'valid_certificates', 'past_devices', 'certificates'], k.key), k.key;
	RETURN QUERY VALUES ('events', NULL::bigint, muster.fate('events', retire_devices));
	RETURN QUERY SELECT CASE WHEN really THEN 'deleted' ELSE 'nothing deleted' END, NULL::bigint,
		CASE WHEN really THEN format('account %s is deleted', delete_account.upn)
			ELSE format('to do it: SELECT * FROM muster.delete_account(%L, reason => ''…'', really => true%s%s)', delete_account.upn,
				CASE WHEN h.living_devices > 0 OR h.valid_certificates > 0 THEN ', retire_devices => true' END,
				', organization => ' || quote_literal(delete_account.organization)) END;
END
$$;
COMMENT ON FUNCTION muster.delete_account(text, text, boolean, boolean, text) IS 'Delete an account, with the reason for the record. Without really => true it deletes nothing and tells what it would: what hangs on the account, and what becomes of it. Living devices and certificates that are still accepted stop it unless retire_devices => true. What was issued stays known: of account and devices a row remains without names, ids, addresses and secrets; events stay as they were written until they age out. To stop an account without deleting it: muster.disable_account. Example: SELECT * FROM muster.delete_account(''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.delete_organization(organization text, reason text DEFAULT NULL, really boolean DEFAULT false,
	retire_devices boolean DEFAULT false) RETURNS TABLE (what text, number bigint, becomes text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id uuid := muster.organization_id(delete_organization.organization);
	its_accounts uuid[];
	held jsonb;
BEGIN
	IF really THEN
		-- All accounts in one order, so that none enrolls: one that is enrolling may want the organization next. Then the
		-- organization, so that no account is added, and those that were added meanwhile.
		PERFORM FROM muster.account a WHERE a.organization = its_id AND a.deleted_at IS NULL ORDER BY a.id FOR UPDATE;
		PERFORM FROM muster.organization o WHERE o.id = its_id FOR UPDATE;
		its_accounts := ARRAY(SELECT a.id FROM muster.account a WHERE a.organization = its_id AND a.deleted_at IS NULL ORDER BY a.id FOR UPDATE);
	END IF;
	SELECT jsonb_object_agg(h.what, h.number) INTO held FROM muster.organization_holds(its_id) h;
	PERFORM muster.deletion_refused('organization ' || delete_organization.organization, really, retire_devices, reason,
		(held ->> 'living devices')::bigint, (held ->> 'valid certificates')::bigint);
	RETURN QUERY SELECT h.what, h.number, muster.fate(h.what, retire_devices) FROM muster.organization_holds(its_id) h WHERE h.number > 0;
	IF really THEN
		PERFORM muster.retire_all(its_accounts, 'organization deleted: ' || muster.cut(reason, 400));
		UPDATE muster.organization o SET deleted_at = now(), deleted_reason = muster.cut(reason, 400) WHERE o.id = its_id;
	END IF;
	RETURN QUERY VALUES ('events', NULL::bigint, muster.fate('events', retire_devices));
	RETURN QUERY SELECT CASE WHEN really THEN 'deleted' ELSE 'nothing deleted' END, NULL::bigint,
		CASE WHEN really THEN format('organization %s is deleted', delete_organization.organization)
			ELSE format('to do it: SELECT * FROM muster.delete_organization(%L, reason => ''…'', really => true%s)', delete_organization.organization,
				CASE WHEN (held ->> 'living devices')::bigint + (held ->> 'valid certificates')::bigint > 0 THEN ', retire_devices => true' END) END;
END
$$;
COMMENT ON FUNCTION muster.delete_organization(text, text, boolean, boolean) IS 'Delete an organization with its accounts, domains and rules, with the reason for the record. Without really => true it deletes nothing and tells what it would. Living devices and certificates that are still accepted stop it unless retire_devices => true. What was issued stays known, as muster.delete_account says; the organization''s name stays with it, its key is free for another. To shut one out without deleting it: muster.disable_organization. Example: SELECT * FROM muster.delete_organization(''example'');';
