-- An authority's key may be in a PKCS#11 token (an HSM). Its row then says which one by URI (RFC 7512): what names the key,
-- never what opens the token (no query: no PIN, no file with one, no module).
ALTER TABLE muster.authority
	ADD COLUMN key_uri text CONSTRAINT key_uri_names_a_key CHECK (length(key_uri) <= 1024
		AND key_uri ~ '^pkcs11:[a-z-]+=([A-Za-z0-9._~!$''()*+,=&@:[\]-]|%[0-9A-Fa-f]{2})*(;[a-z-]+=([A-Za-z0-9._~!$''()*+,=&@:[\]-]|%[0-9A-Fa-f]{2})*)*$'
		AND key_uri ~ '[:;](token|serial)=[^;]' AND key_uri ~ '[:;](id|object)=[^;]' AND key_uri !~ '[:;]pin-'),
	ADD CONSTRAINT key_is_in_one_place CHECK (num_nonnulls(private_key, key_uri) <= 1),
	-- Whether it is the row's or a token's: no generated column can be told that later, so a trigger fills it.
	ALTER COLUMN has_key DROP EXPRESSION;
ALTER TABLE muster.authority ADD CONSTRAINT has_key_is_right CHECK (has_key = (num_nonnulls(private_key, key_uri) = 1));
COMMENT ON COLUMN muster.authority.private_key IS 'PKCS#8, encrypted under the passphrase (PBES2). NULL: the key is in a token (key_uri), or kept elsewhere, as an offline root''s.';
COMMENT ON COLUMN muster.authority.key_uri IS 'Which key of which PKCS#11 token it is (RFC 7512). NULL: it is in none.';
COMMENT ON COLUMN muster.authority.has_key IS 'Whether the key is here: in the row, or in a token that the issuers open.';

-- A function whose arguments or columns change: made anew, with the new ones at the end.
DROP FUNCTION IF EXISTS muster.add_authority(text, text, uuid, bytea, bytea, timestamptz, timestamptz, text);
DROP FUNCTION IF EXISTS muster_issuer.authorities();

INSERT INTO muster.schema_version (version, name) VALUES (19, 'keys');
