-- Accounts: functions for administrators. They run as the caller. None takes a clear password: statements are logged.

CREATE OR REPLACE FUNCTION muster.accounts_called(p_upn text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- For one whom policies bind, no index on lower(upn) is used: what it hides must not be told. So it is looked up
	-- past the policies, and told to those who may see it.
	RETURN QUERY SELECT a.id FROM muster.account a
		WHERE lower(a.upn) = lower(btrim(p_upn)) AND muster.may_see(a.organization, muster.actor_role());
END
$$;
COMMENT ON FUNCTION muster.accounts_called(text) IS 'Internal: the accounts of this name, without case, of the organizations that the session''s role may see. Example: SELECT muster.accounts_called(''Ada@Example.test'');';

CREATE OR REPLACE FUNCTION muster.account_id(upn text, organization text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted text := lower(btrim(account_id.upn));
	owner_id uuid := CASE WHEN account_id.organization IS NOT NULL THEN muster.organization_id(account_id.organization) END;
	ids uuid[];
	keys text;
BEGIN
	SELECT array_agg(a.id), string_agg(o.key, ', ' ORDER BY o.key) INTO ids, keys
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization
	 WHERE (a.id = ANY (ARRAY(SELECT muster.accounts_called(wanted))) OR a.upn = btrim(account_id.upn))
	   AND (owner_id IS NULL OR a.organization = owner_id) AND a.deleted_at IS NULL;
	IF ids IS NULL THEN
		RAISE EXCEPTION 'there is no account "%"%', coalesce(account_id.upn, 'NULL'), coalesce(' in organization "' || account_id.organization || '"', '')
			USING ERRCODE = 'undefined_object',
			      HINT = 'Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;';
	ELSIF cardinality(ids) > 1 THEN
		RAISE EXCEPTION 'account "%" exists in several organizations: %', account_id.upn, keys
			USING ERRCODE = 'ambiguous_parameter', HINT = 'Say which: add organization => ''…''.';
	END IF;
	RETURN ids[1];
END
$$;
COMMENT ON FUNCTION muster.account_id(text, text) IS 'The id of an account by its whole name, without case; the organization is needed only where several have that name. Example: SELECT muster.account_id(''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.add_account(upn text, display_name text DEFAULT NULL, organization text DEFAULT NULL, kind text DEFAULT 'person') RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := btrim(add_account.upn);
	its_domain text := lower(btrim(split_part(clean, '@', 2), '.'));
	owner_id uuid;
	made uuid := muster.new_id();
BEGIN
	IF clean IS NULL OR length(clean) > 320 OR clean !~ '^[^@\\[:space:][:cntrl:]]+@[^@\\[:space:][:cntrl:]]+$' THEN
		RAISE EXCEPTION 'not usable as an account''s name: %', coalesce(quote_literal(left(add_account.upn, 330)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a user principal name: name@domain, without blanks, at most 320 characters.';
	END IF;
	IF add_account.kind IS NULL OR add_account.kind NOT IN ('person', 'bulk') THEN
		RAISE EXCEPTION 'an account is of kind person or bulk, not %', coalesce(quote_literal(left(add_account.kind, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'bulk is for provisioning packages, person for everybody else.';
	END IF;
	IF add_account.organization IS NOT NULL THEN
		owner_id := muster.organization_id(add_account.organization);
	ELSE
		SELECT d.organization INTO owner_id FROM muster.email_domain d WHERE d.domain = its_domain;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'no organization has the domain %', its_domain
				USING ERRCODE = 'undefined_object',
				      HINT = format('Add it: SELECT muster.add_domain(organization, %L); or say whose account it is: organization => ''…''.', its_domain);
		END IF;
	END IF;
	INSERT INTO muster.account (id, organization, upn, display_name, kind)
	VALUES (made, owner_id, clean, muster.cut(add_account.display_name, 256), add_account.kind)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'account "%" exists already', clean
			USING ERRCODE = 'unique_violation', HINT = 'To set its password: muster-ca password UPN. To let it enroll again: SELECT muster.enable_account(upn);';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_account(text, text, text, text) IS 'Add an account: its name (name@domain), its name for people, its organization (default: the one that has the domain), its kind (person, or bulk for provisioning packages). Then set its password: muster-ca password UPN. Returns its id. Example: SELECT muster.add_account(''ada@example.test'', ''Ada Lovelace'');';

CREATE OR REPLACE FUNCTION muster.disable_account(upn text, reason text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF muster.cut(disable_account.reason, 400) IS NULL THEN
		RAISE EXCEPTION 'disabling an account needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT muster.disable_account(''ada@example.test'', ''left the company'');';
	END IF;
	UPDATE muster.account a
	   SET enabled = false, disabled_at = coalesce(a.disabled_at, now()), disabled_reason = muster.cut(disable_account.reason, 400)
	 WHERE a.id = muster.account_id(disable_account.upn, disable_account.organization);
	RETURN format('account %s is disabled; its devices stay until they are retired', disable_account.upn);
END
$$;
COMMENT ON FUNCTION muster.disable_account(text, text, text) IS 'Stop an account from enrolling, with the reason for the record. Devices enrolled earlier stay managed: see muster.devices_of and muster.retire_device. Example: SELECT muster.disable_account(''ada@example.test'', ''left the company'');';

CREATE OR REPLACE FUNCTION muster.enable_account(upn text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account a SET enabled = true, disabled_at = NULL, disabled_reason = NULL
	 WHERE a.id = muster.account_id(enable_account.upn, enable_account.organization);
	RETURN format('account %s is enabled', enable_account.upn);
END
$$;
COMMENT ON FUNCTION muster.enable_account(text, text) IS 'Let a disabled account enroll again. Example: SELECT muster.enable_account(''ada@example.test'');';

CREATE OR REPLACE FUNCTION muster.set_account_name(upn text, display_name text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account a SET display_name = muster.cut(set_account_name.display_name, 256)
	 WHERE a.id = muster.account_id(set_account_name.upn, set_account_name.organization);
	RETURN format('account %s is called %s', set_account_name.upn, coalesce(muster.cut(set_account_name.display_name, 256), 'nothing else'));
END
$$;
COMMENT ON FUNCTION muster.set_account_name(text, text, text) IS 'Give an account another name for people. Example: SELECT muster.set_account_name(''ada@example.test'', ''Ada King'');';

CREATE OR REPLACE FUNCTION muster.set_password_hash(upn text, hash text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF set_password_hash.hash IS NULL THEN
		RAISE EXCEPTION 'the hash is NULL'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'To take the password away: SELECT muster.remove_password(upn);';
	END IF;
	-- What is not a hash is refused by a trigger, which does not quote it.
	UPDATE muster.account a SET password_hash = set_password_hash.hash
	 WHERE a.id = muster.account_id(set_password_hash.upn, set_password_hash.organization);
	RETURN format('password of %s set', set_password_hash.upn);
END
$$;
COMMENT ON FUNCTION muster.set_password_hash(text, text, text) IS 'Store the hash of an account''s password: yescrypt, scrypt, bcrypt or SHA-512 crypt. Never give a clear password to SQL, the server logs statements: "muster-ca password UPN" reads it and calls this. Example: SELECT muster.set_password_hash(''ada@example.test'', ''$y$j9T$…'');';

CREATE OR REPLACE FUNCTION muster.remove_password(upn text, organization text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.account a SET password_hash = NULL
	 WHERE a.id = muster.account_id(remove_password.upn, remove_password.organization);
	RETURN format('account %s has no password', remove_password.upn);
END
$$;
COMMENT ON FUNCTION muster.remove_password(text, text) IS 'Take an account''s password away: it cannot enroll with one until another is set. Example: SELECT muster.remove_password(''ada@example.test'');';
