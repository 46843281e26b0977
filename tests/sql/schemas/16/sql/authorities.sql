-- Authorities: what muster-ca stores and asks for. Keys come encrypted and never leave but by authority_key().

CREATE OR REPLACE FUNCTION muster.authority_id(authority text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid;
BEGIN
	SELECT c.id INTO id FROM muster.authority c
	 WHERE lower(c.name) = lower(btrim(authority_id.authority)) OR c.id::text = lower(btrim(authority_id.authority));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no authority "%"', coalesce(authority_id.authority, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Authorities: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT c.name FROM muster.authority c ORDER BY c.name LIMIT 20) s),
				'There is none yet: muster-ca init --organization KEY');
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.authority_id(text) IS 'The id of an authority by its name or id; an error that names those there are if there is none. Example: SELECT muster.authority_id(''Example issuing'');';

CREATE OR REPLACE FUNCTION muster.add_authority(kind text, name text, parent uuid, private_key bytea, certificate bytea,
	not_before timestamptz, not_after timestamptz, key_type text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
	parent_kind text;
	parent_end timestamptz;
	wrong text := CASE
		WHEN add_authority.kind IS NULL OR add_authority.kind NOT IN ('root', 'issuing') THEN 'an authority is of kind root or issuing'
		WHEN muster.cut(add_authority.name, 128) IS NULL THEN 'the authority needs a name'
		WHEN add_authority.kind = 'root' AND add_authority.parent IS NOT NULL THEN 'a root has no parent'
		WHEN add_authority.kind = 'issuing' AND add_authority.parent IS NULL THEN 'an issuing authority needs its root as parent'
		WHEN add_authority.kind = 'issuing' AND add_authority.private_key IS NULL THEN 'an issuing authority needs its key'
		WHEN add_authority.certificate IS NULL OR octet_length(add_authority.certificate) < 64 THEN 'the authority needs its certificate, as DER'
		WHEN position('\x06092a864886f70d01050d'::bytea IN substring(add_authority.private_key FROM 1 FOR 32)) = 0
			THEN 'the private key is not encrypted (PKCS#8 with PBES2, as DER)'
		WHEN add_authority.not_before IS NULL OR add_authority.not_after IS NULL OR add_authority.not_after <= add_authority.not_before
			THEN 'the certificate''s end must come after its beginning'
	END;
BEGIN
	IF wrong IS NULL AND add_authority.parent IS NOT NULL THEN
		SELECT c.kind, c.not_after INTO parent_kind, parent_end FROM muster.authority c WHERE c.id = add_authority.parent;
		wrong := CASE
			WHEN NOT FOUND THEN format('there is no authority %s to be the parent', add_authority.parent)
			WHEN parent_kind <> 'root' THEN 'the parent is not a root'
			WHEN add_authority.not_after > parent_end THEN 'it would outlive its root'
		END;
	END IF;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong USING ERRCODE = 'invalid_parameter_value', HINT = 'Authorities are made by: muster-ca init';
	END IF;
	INSERT INTO muster.authority (id, kind, name, parent, private_key, certificate, not_before, not_after, key_type)
	VALUES (made, add_authority.kind, muster.cut(add_authority.name, 128), add_authority.parent, add_authority.private_key,
		add_authority.certificate, add_authority.not_before, add_authority.not_after, muster.cut(add_authority.key_type, 32))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'authority "%" exists already', add_authority.name
			USING ERRCODE = 'unique_violation', HINT = 'Choose another name; muster-ca show lists them.';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_authority(text, text, uuid, bytea, bytea, timestamptz, timestamptz, text) IS 'Add an authority; muster-ca init calls this. Kind (root or issuing), name, the root''s id for an issuing one, private key (PKCS#8 encrypted with PBES2, DER; NULL for a root kept offline), certificate (DER) and its validity, kind of key. Returns its id. Example: SELECT muster.add_authority(''root'', ''Example root'', NULL, $1, $2, now(), now() + interval ''20 years'', ''ec-p256'');';

CREATE OR REPLACE FUNCTION muster.set_authority(organization text, authority text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	chosen uuid := muster.authority_id(set_authority.authority);
	chosen_name text;
	chosen_kind text;
	chosen_end timestamptz;
BEGIN
	SELECT c.name, c.kind, c.not_after INTO chosen_name, chosen_kind, chosen_end FROM muster.authority c WHERE c.id = chosen;
	IF chosen_kind <> 'issuing' OR chosen_end <= now() THEN
		RAISE EXCEPTION 'authority "%" %', chosen_name, CASE WHEN chosen_kind <> 'issuing' THEN 'is a root and signs no devices' ELSE 'has ended' END
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = coalesce('Issuing authorities: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT c.name FROM muster.authority c
				WHERE c.kind = 'issuing' AND c.not_after > now() ORDER BY c.name LIMIT 20) s), 'There is none: muster-ca init --organization KEY');
	END IF;
	UPDATE muster.organization o SET authority = chosen
	 WHERE o.id = muster.organization_id(set_authority.organization);
	RETURN format('organization %s: new certificates are signed by "%s"', set_authority.organization, chosen_name);
END
$$;
COMMENT ON FUNCTION muster.set_authority(text, text) IS 'Choose the issuing authority, by name or id, that signs an organization''s new certificates. Earlier ones stay valid. Example: SELECT muster.set_authority(''example'', ''Example issuing'');';

CREATE OR REPLACE FUNCTION muster.set_sealing_key(sealed bytea) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF sealed IS NULL OR octet_length(sealed) NOT BETWEEN 32 AND 4096 THEN
		RAISE EXCEPTION 'this is no sealing key' USING ERRCODE = 'invalid_parameter_value', HINT = 'It is made by: muster-ca init';
	END IF;
	UPDATE muster.configuration c SET sealing_key = sealed WHERE NOT c.has_sealing_key;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION muster.set_sealing_key(bytea) IS 'Store the key that seals devices'' secrets, encrypted under the passphrase, if there is none yet; muster-ca init calls this. Returns whether it was stored. Example: SELECT muster.set_sealing_key($1);';

CREATE OR REPLACE FUNCTION muster.authority_key(id uuid) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_key bytea;
	found_name text;
	taken text := current_setting('role');
BEGIN
	SELECT c.private_key, c.name INTO found_key, found_name FROM muster.authority c WHERE c.id = authority_key.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no authority %', coalesce(authority_key.id::text, 'NULL') USING ERRCODE = 'undefined_object', HINT = 'muster-ca show lists them.';
	END IF;
	INSERT INTO muster.event (kind, actor, actor_role, details)
	VALUES ('authority key read', session_user, CASE taken WHEN 'none' THEN session_user ELSE taken END,
		jsonb_build_object('authority', authority_key.id, 'name', found_name));
	RETURN found_key;
END
$$;
COMMENT ON FUNCTION muster.authority_key(uuid) IS 'An authority''s private key, encrypted under its passphrase, for muster-ca to sign with: the only way an administrator can read it, and each use is an event. NULL if the key is kept elsewhere. Example: SELECT muster.authority_key(muster.authority_id(''Example root''));';
