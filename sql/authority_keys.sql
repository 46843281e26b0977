-- All that is encrypted under the passphrase, for muster-ca to look at and to encrypt anew.

CREATE OR REPLACE FUNCTION muster.keys_under_passphrase()
RETURNS TABLE (what text, id uuid, name text, sealed bytea, certificate bytea, public_key_sha256 bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM muster.tell('all keys read', '{}');
	RETURN QUERY
		SELECT 'authority', c.id, c.name, c.private_key, c.certificate, NULL::bytea FROM muster.authority c WHERE c.private_key IS NOT NULL
		UNION ALL
		SELECT 'request', r.id, r.name, r.private_key, NULL, r.public_key_sha256 FROM muster.authority_request r
		UNION ALL
		SELECT 'sealing key', NULL, NULL, c.sealing_key, NULL, NULL FROM muster.configuration c WHERE c.sealing_key IS NOT NULL
		ORDER BY 1, 2;
END
$$;
COMMENT ON FUNCTION muster.keys_under_passphrase() IS 'Everything that is encrypted under the passphrase, as it is stored: authorities'' keys, those that wait for their certificate, the sealing key; and what each must fit: its certificate, or the SHA-256 of its public key. For muster-ca doctor and passphrase; each use is an event. Example: SELECT what, name FROM muster.keys_under_passphrase();';

CREATE OR REPLACE FUNCTION muster.replace_key(what text, id uuid, earlier bytea, sealed bytea, sealing_key_sha256 bytea DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	CASE replace_key.what
	WHEN 'authority' THEN
		UPDATE muster.authority c SET private_key = replace_key.sealed WHERE c.id = replace_key.id AND sha256(c.private_key) = replace_key.earlier;
	WHEN 'request' THEN
		UPDATE muster.authority_request r SET private_key = replace_key.sealed WHERE r.id = replace_key.id AND sha256(r.private_key) = replace_key.earlier;
	WHEN 'sealing key' THEN
		UPDATE muster.configuration c SET sealing_key = replace_key.sealed, sealing_key_sha256 = replace_key.sealing_key_sha256
		 WHERE sha256(c.sealing_key) = replace_key.earlier;
	ELSE
		RAISE EXCEPTION 'a key is of an authority, a request, or the sealing key, not of "%"', coalesce(replace_key.what, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Keys are encrypted anew by: muster-ca passphrase';
	END CASE;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION muster.replace_key(text, uuid, bytea, bytea, bytea) IS 'Put a key that was encrypted anew in the place of what muster.keys_under_passphrase() gave: the SHA-256 of that (earlier) must still fit; muster-ca passphrase calls this, for all in one transaction. Returns whether it did. Example: SELECT muster.replace_key(''authority'', muster.authority_id(''Example issuing''), $1, $2);';

CREATE OR REPLACE FUNCTION muster.sealing_key_is_new() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	NEW.sealing_key_sha256 := NULL;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION muster.sealing_key_is_new() IS 'Internal: trigger that forgets the SHA-256 of the sealing key before, so that no issuer takes a new one for it. Example: CREATE TRIGGER sealing_key_is_new BEFORE UPDATE OF sealing_key ON muster.configuration FOR EACH ROW WHEN (OLD.sealing_key IS NULL OR NEW.sealing_key IS NULL) EXECUTE FUNCTION muster.sealing_key_is_new();';
CREATE OR REPLACE TRIGGER sealing_key_is_new BEFORE UPDATE OF sealing_key ON muster.configuration
	FOR EACH ROW WHEN (OLD.sealing_key IS NULL OR NEW.sealing_key IS NULL) EXECUTE FUNCTION muster.sealing_key_is_new();
