-- Authorities: what muster-ca stores and asks for. Keys come encrypted and never leave but by authority_key(); one in a
-- PKCS#11 token is named by a URI.

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

CREATE OR REPLACE FUNCTION muster.key_present() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	NEW.has_key := num_nonnulls(NEW.private_key, NEW.key_uri) = 1;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.key_present() IS 'Internal: trigger that notes whether an authority''s key is here, in its row or in a token. Example: CREATE TRIGGER key_present BEFORE INSERT OR UPDATE ON muster.authority FOR EACH ROW EXECUTE FUNCTION muster.key_present();';
CREATE OR REPLACE TRIGGER key_present BEFORE INSERT OR UPDATE ON muster.authority
	FOR EACH ROW EXECUTE FUNCTION muster.key_present();

CREATE OR REPLACE FUNCTION muster.key_uri_wrong(uri text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	-- What the table's constraint refuses, in words; NULL is no URI and not wrong.
	SELECT CASE
		WHEN length(uri) > 1024 THEN 'the key''s URI is longer than 1024 characters'
		WHEN uri !~ '^pkcs11:' THEN 'the key''s URI does not begin with pkcs11:'
		WHEN position('?' IN uri) > 0 OR uri ~ '[:;]pin-' THEN 'the key''s URI says how to open the token: no PIN, file or module belongs into the database'
		WHEN uri !~ '^pkcs11:[a-z-]+=([A-Za-z0-9._~!$''()*+,=&@:[\]-]|%[0-9A-Fa-f]{2})*(;[a-z-]+=([A-Za-z0-9._~!$''()*+,=&@:[\]-]|%[0-9A-Fa-f]{2})*)*$'
			THEN 'the key''s URI is none (RFC 7512)'
		WHEN uri !~ '[:;](token|serial)=[^;]' THEN 'the key''s URI names no token (token= or serial=)'
		WHEN uri !~ '[:;](id|object)=[^;]' THEN 'the key''s URI names no key in the token (id= or object=)'
	END
$$;
COMMENT ON FUNCTION muster.key_uri_wrong(text) IS 'Internal: what keeps a text from being the PKCS#11 URI (RFC 7512) of an authority''s key; NULL if nothing does. Example: SELECT muster.key_uri_wrong(''pkcs11:token=muster;object=issuing'');';

CREATE OR REPLACE FUNCTION muster.authority_chain(authority uuid)
RETURNS TABLE (place integer, id uuid, name text, kind text, certificate bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE chain AS (
		SELECT 0 AS place, c.id, c.name, c.kind, c.certificate, c.parent FROM muster.authority c WHERE c.id = authority_chain.authority
		UNION ALL
		SELECT t.place + 1, c.id, c.name, c.kind, c.certificate, c.parent FROM chain t JOIN muster.authority c ON c.id = t.parent WHERE t.place < 16
	)
	SELECT t.place, t.id, t.name, t.kind, t.certificate FROM chain t ORDER BY t.place
$$;
COMMENT ON FUNCTION muster.authority_chain(uuid) IS 'An authority (place 0) and those above it, up to its root, with their certificates (DER). Example: SELECT place, kind, name FROM muster.authority_chain(muster.authority_id(''Example issuing''));';

CREATE OR REPLACE FUNCTION muster.add_authority(kind text, name text, parent uuid, private_key bytea, certificate bytea,
	not_before timestamptz, not_after timestamptz, key_type text DEFAULT NULL, key_uri text DEFAULT NULL, id uuid DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := coalesce(add_authority.id, muster.new_id());
	parent_kind text;
	parent_end timestamptz;
	wrong text := CASE
		WHEN add_authority.kind IS NULL OR add_authority.kind NOT IN ('root', 'intermediate', 'issuing') THEN 'an authority is of kind root, intermediate or issuing'
		WHEN muster.cut(add_authority.name, 128) IS NULL THEN 'the authority needs a name'
		WHEN add_authority.kind = 'root' AND add_authority.parent IS NOT NULL THEN 'a root has no parent'
		WHEN add_authority.kind = 'issuing' AND add_authority.parent IS NULL THEN 'an issuing authority needs its root as parent'
		WHEN num_nonnulls(add_authority.private_key, add_authority.key_uri) > 1 THEN 'the key is either here or in a token'
		WHEN add_authority.kind = 'intermediate' AND add_authority.parent IS NULL THEN 'an intermediate authority needs the one above it as parent'
		WHEN add_authority.kind = 'intermediate' AND num_nonnulls(add_authority.private_key, add_authority.key_uri) > 0 THEN 'an intermediate authority''s key is not kept here'
		WHEN add_authority.kind = 'issuing' AND num_nonnulls(add_authority.private_key, add_authority.key_uri) = 0 THEN 'an issuing authority needs its key'
		WHEN add_authority.certificate IS NULL OR octet_length(add_authority.certificate) < 64 THEN 'the authority needs its certificate, as DER'
		WHEN position('\x06092a864886f70d01050d'::bytea IN substring(add_authority.private_key FROM 1 FOR 32)) = 0
			THEN 'the private key is not encrypted (PKCS#8 with PBES2, as DER)'
		WHEN muster.key_uri_wrong(add_authority.key_uri) IS NOT NULL THEN muster.key_uri_wrong(add_authority.key_uri)
		WHEN add_authority.not_before IS NULL OR add_authority.not_after IS NULL OR add_authority.not_after <= add_authority.not_before
			THEN 'the certificate''s end must come after its beginning'
	END;
BEGIN
	IF wrong IS NULL AND add_authority.parent IS NOT NULL THEN
		SELECT c.kind, c.not_after INTO parent_kind, parent_end FROM muster.authority c WHERE c.id = add_authority.parent;
		wrong := CASE
			WHEN NOT FOUND THEN format('there is no authority %s to be the parent', add_authority.parent)
			WHEN parent_kind = 'issuing' THEN 'the parent signs devices, not authorities'
			WHEN add_authority.not_after > parent_end THEN format('it would outlive its %s', CASE parent_kind WHEN 'root' THEN 'root' ELSE 'parent' END)
		END;
	END IF;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong USING ERRCODE = 'invalid_parameter_value', HINT = 'Authorities are made by: muster-ca init';
	END IF;
	INSERT INTO muster.authority (id, kind, name, parent, private_key, certificate, not_before, not_after, key_type, key_uri)
	VALUES (made, add_authority.kind, muster.cut(add_authority.name, 128), add_authority.parent, add_authority.private_key,
		add_authority.certificate, add_authority.not_before, add_authority.not_after, muster.cut(add_authority.key_type, 32), add_authority.key_uri)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'authority "%" exists already', add_authority.name
			USING ERRCODE = 'unique_violation', HINT = 'Choose another name; muster-ca show lists them.';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_authority(text, text, uuid, bytea, bytea, timestamptz, timestamptz, text, text, uuid) IS 'Add an authority; muster-ca init and import call this. Kind (root, intermediate or issuing), name, the id of the one above (a root or an intermediate one), private key (PKCS#8 encrypted with PBES2, DER; NULL for one in a token, a root kept offline and intermediate ones), certificate (DER) and its validity, kind of key, the PKCS#11 URI of a key in a token, and its id where certificates that it has signed name it already. Returns its id. Example: SELECT muster.add_authority(''root'', ''Example root'', NULL, $1, $2, now(), now() + interval ''20 years'', ''ec-p256'');';

CREATE OR REPLACE FUNCTION muster.set_authority(organization text, authority text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	chosen uuid := muster.authority_id(set_authority.authority);
	chosen_name text;
	chosen_kind text;
	chosen_end timestamptz;
	chosen_revoked boolean;
BEGIN
	SELECT c.name, c.kind, c.not_after, c.revoked_at IS NOT NULL INTO chosen_name, chosen_kind, chosen_end, chosen_revoked FROM muster.authority c WHERE c.id = chosen;
	IF chosen_kind <> 'issuing' OR chosen_end <= now() OR chosen_revoked THEN
		RAISE EXCEPTION 'authority "%" %', chosen_name, CASE WHEN chosen_kind = 'root' THEN 'is a root and signs no devices'
				WHEN chosen_kind <> 'issuing' THEN 'signs no devices' WHEN chosen_revoked THEN 'is revoked' ELSE 'has ended' END
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = coalesce('Issuing authorities: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT c.name FROM muster.authority c
				WHERE c.kind = 'issuing' AND c.not_after > now() AND c.revoked_at IS NULL ORDER BY c.name LIMIT 20) s), 'There is none: muster-ca init --organization KEY');
	END IF;
	UPDATE muster.organization o SET authority = chosen
	 WHERE o.id = muster.organization_id(set_authority.organization);
	RETURN format('organization %s: new certificates are signed by "%s"', set_authority.organization, chosen_name);
END
$$;
COMMENT ON FUNCTION muster.set_authority(text, text) IS 'Choose the issuing authority, by name or id, that signs an organization''s new certificates. Earlier ones stay valid. Example: SELECT muster.set_authority(''example'', ''Example issuing'');';

CREATE OR REPLACE FUNCTION muster.set_authority_key(authority text, key_uri text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	moved uuid := muster.authority_id(set_authority_key.authority);
	wrong text := CASE WHEN set_authority_key.key_uri IS NULL THEN 'the key''s URI is missing' ELSE muster.key_uri_wrong(set_authority_key.key_uri) END;
	moved_name text;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong USING ERRCODE = 'invalid_parameter_value', HINT = 'Keys are moved by: muster-ca move AUTHORITY --pkcs11 URI';
	END IF;
	UPDATE muster.authority c SET private_key = NULL, key_uri = set_authority_key.key_uri WHERE c.id = moved RETURNING c.name INTO moved_name;
	RETURN format('authority "%s": its key is %s', moved_name, set_authority_key.key_uri);
END
$$;
COMMENT ON FUNCTION muster.set_authority_key(text, text) IS 'Say in which PKCS#11 token an authority''s key is (RFC 7512), and take it out of the database; an event tells it. muster-ca move calls this once it has signed with that key. Issuers change over by themselves; backups of the database still hold the key that was taken out. Example: SELECT muster.set_authority_key(''Example issuing'', ''pkcs11:token=muster;object=issuing'');';

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
COMMENT ON FUNCTION muster.authority_key(uuid) IS 'An authority''s private key, encrypted under its passphrase, for muster-ca to sign with: the only way an administrator can read it, and each use is an event. NULL if the key is in a token or kept elsewhere. Example: SELECT muster.authority_key(muster.authority_id(''Example root''));';
