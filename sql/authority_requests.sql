-- Authorities whose certificate somebody else makes: a key waits here until its certificate comes.

CREATE OR REPLACE FUNCTION muster.authority_request_id(name text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid;
BEGIN
	SELECT r.id INTO id FROM muster.authority_request r
	 WHERE lower(r.name) = lower(btrim(authority_request_id.name)) OR r.id::text = lower(btrim(authority_request_id.name));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no request "%" waits for its certificate', coalesce(authority_request_id.name, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Waiting: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT r.name FROM muster.authority_request r ORDER BY r.name LIMIT 20) s),
				'None waits: muster-ca request --organization KEY --request FILE makes one');
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.authority_request_id(text) IS 'The id of a request that waits for its certificate, by the authority''s name or the request''s id; an error that names those that wait if there is none. Example: SELECT muster.authority_request_id(''Example issuing'');';

CREATE OR REPLACE FUNCTION muster.add_authority_request(name text, private_key bytea, public_key_sha256 bytea, request bytea,
	key_type text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
	wrong text := CASE
		WHEN muster.cut(add_authority_request.name, 128) IS NULL THEN 'the authority needs a name'
		WHEN add_authority_request.private_key IS NULL
			OR position('\x06092a864886f70d01050d'::bytea IN substring(add_authority_request.private_key FROM 1 FOR 32)) = 0
			THEN 'the private key is not encrypted (PKCS#8 with PBES2, as DER)'
		WHEN octet_length(add_authority_request.public_key_sha256) IS DISTINCT FROM 32 THEN 'the SHA-256 of the public key is missing'
		WHEN coalesce(octet_length(add_authority_request.request), 0) < 64 THEN 'the request is missing, as DER'
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong USING ERRCODE = 'invalid_parameter_value', HINT = 'Requests are made by: muster-ca request';
	END IF;
	IF NOT EXISTS (SELECT FROM muster.authority c WHERE lower(c.name) = lower(muster.cut(add_authority_request.name, 128))) THEN
		INSERT INTO muster.authority_request (id, name, key_type, private_key, public_key_sha256, request)
		VALUES (made, muster.cut(add_authority_request.name, 128), muster.cut(add_authority_request.key_type, 32),
			add_authority_request.private_key, add_authority_request.public_key_sha256, add_authority_request.request)
		ON CONFLICT DO NOTHING;
	END IF;
	IF NOT EXISTS (SELECT FROM muster.authority_request r WHERE r.id = made) THEN
		RAISE EXCEPTION 'authority "%" exists already, or waits for its certificate', add_authority_request.name
			USING ERRCODE = 'unique_violation', HINT = 'Choose another name; muster-ca show lists authorities, muster.authority_requests those that wait.';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_authority_request(text, bytea, bytea, bytea, text) IS 'Keep the key of an issuing authority until its certificate comes; muster-ca request calls this. Name, private key (PKCS#8 encrypted with PBES2, DER), SHA-256 of the public key, request (PKCS#10, DER), kind of key. Returns its id. Example: SELECT muster.add_authority_request(''Example issuing'', $1, $2, $3, ''ec-p256'');';

CREATE OR REPLACE FUNCTION muster.complete_authority_request(request uuid, parent uuid, certificate bytea, not_before timestamptz,
	not_after timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r muster.authority_request;
BEGIN
	DELETE FROM muster.authority_request x WHERE x.id = complete_authority_request.request RETURNING x.* INTO r;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no request % waits for its certificate', coalesce(complete_authority_request.request::text, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT * FROM muster.authority_requests;';
	END IF;
	RETURN muster.add_authority('issuing', r.name, complete_authority_request.parent, r.private_key, complete_authority_request.certificate,
		complete_authority_request.not_before, complete_authority_request.not_after, r.key_type);
END
$$;
COMMENT ON FUNCTION muster.complete_authority_request(uuid, uuid, bytea, timestamptz, timestamptz) IS 'Make an issuing authority of a request whose certificate has come: its key moves, the request ends; muster-ca import calls this once it has verified the chain. Request, the authority above, certificate (DER) and its validity. Returns the authority''s id. Example: SELECT muster.complete_authority_request(muster.authority_request_id(''Example issuing''), muster.authority_id(''Example root''), $1, $2, $3);';

CREATE OR REPLACE FUNCTION muster.withdraw_authority_request(name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone text;
BEGIN
	DELETE FROM muster.authority_request r WHERE r.id = muster.authority_request_id(withdraw_authority_request.name) RETURNING r.name INTO gone;
	RETURN format('the key that waited for a certificate as "%s" is gone: a certificate that comes for it is of no use', gone);
END
$$;
COMMENT ON FUNCTION muster.withdraw_authority_request(text) IS 'Give up a request that waits for its certificate: its key is deleted. Example: SELECT muster.withdraw_authority_request(''Example issuing'');';

CREATE OR REPLACE VIEW muster.authority_requests WITH (security_invoker = true) AS
SELECT r.name, r.key_type, r.made_at, (now() - r.made_at) AS waiting, encode(r.public_key_sha256, 'hex') AS public_key_sha256, r.request, r.id
  FROM muster.authority_request r;
COMMENT ON VIEW muster.authority_requests IS 'Issuing authorities that wait for their certificate: made by muster-ca request, ended by muster-ca import or muster.withdraw_authority_request. The key is not shown. Example: SELECT name, key_type, waiting FROM muster.authority_requests;';
