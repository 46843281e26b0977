-- Certificates that sign requests (AuthPolicy Certificate): whom a certificate names, who is trusted, what is revoked.
-- C verifies signature and certificate against what identify_certificate() says proves it; names and serials that it
-- read from the certificate are a claim until then.

CREATE OR REPLACE FUNCTION muster.claimed_bytes(p_claim jsonb, p_name text) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN p_claim ->> p_name ~ '^([0-9A-Fa-f]{2}){1,64}$' THEN decode(p_claim ->> p_name, 'hex') END
$$;
COMMENT ON FUNCTION muster.claimed_bytes(jsonb, text) IS 'Internal: bytes of a claim, which are hexadecimal there; NULL if they are not. Example: SELECT muster.claimed_bytes(''{"serial": "0a1b"}'', ''serial'');';

CREATE OR REPLACE FUNCTION muster.plain_serial(p_serial bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
	-- DER puts a zero before a number whose first bit is set; people and other programs don't.
	SELECT coalesce(nullif(ltrim(p_serial, '\x00'::bytea), ''), '\x00')
$$;
COMMENT ON FUNCTION muster.plain_serial(bytea) IS 'Internal: a serial number without leading zeros, as it is compared. Example: SELECT muster.plain_serial(''\x00ff'');';

CREATE OR REPLACE FUNCTION muster.signing_of(p_organization uuid) RETURNS muster.signing
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s muster.signing;
BEGIN
	SELECT x.* INTO s FROM muster.signing x WHERE x.organization = p_organization;
	IF NOT FOUND THEN
		s := (p_organization, true, 300, false, false, true);
	END IF;
	RETURN s;
END
$$;
COMMENT ON FUNCTION muster.signing_of(uuid) IS 'Internal: how an organization''s signed requests are to be, the defaults where nothing was set. Example: SELECT s.* FROM muster.organization o, muster.signing_of(o.id) s;';

CREATE OR REPLACE FUNCTION muster.signer_names(p_claim jsonb, p_names_by text[], OUT kind text, OUT names text[])
LANGUAGE sql IMMUTABLE AS $$
	-- The first kind that the certificate has decides, so that nobody is looked for under a lesser one.
	SELECT k.kind, k.names
	  FROM (SELECT b.kind, b.n, ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(p_claim -> replace(b.kind, ' ', '_'))
				WHEN 'array' THEN p_claim -> replace(b.kind, ' ', '_') ELSE '[]' END)) AS names
	          FROM unnest(p_names_by) WITH ORDINALITY b (kind, n)) k
	 WHERE cardinality(k.names) > 0 ORDER BY k.n LIMIT 1
$$;
COMMENT ON FUNCTION muster.signer_names(jsonb, text[]) IS 'Internal: the names in a certificate that are accounts'' names: of the first of the kinds given that it has. Example: SELECT * FROM muster.signer_names(''{"upn": ["ada@example.test"]}'', ''{upn,email}'');';

CREATE OR REPLACE FUNCTION muster.signer_account(o muster.organization, p_claim jsonb, p_names_by text[], OUT account uuid, OUT why text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	n record;
BEGIN
	SELECT x.kind, x.names INTO n FROM muster.signer_names(p_claim, p_names_by) x;
	IF n.kind IS NULL THEN
		why := CASE WHEN cardinality(p_names_by) = 0 THEN 'the certificate is not listed for an account, and its authority''s names are not taken for accounts'''
			ELSE format('the certificate is not listed for an account, and has no %s', array_to_string(p_names_by, ', ')) END;
	ELSIF cardinality(n.names) > 1 THEN
		why := format('the certificate has %s names of kind %s, one is needed', cardinality(n.names), n.kind);
	ELSE
		account := (muster.account_for(o.id, n.names[1])).id;
		why := CASE WHEN account IS NULL THEN muster.nobody(o, o.key, n.names[1]) END;
	END IF;
END
$$;
COMMENT ON FUNCTION muster.signer_account(muster.organization, jsonb, text[]) IS 'Internal: the account that a certificate''s names mean, or why none. Example: SELECT s.* FROM muster.organization o, muster.signer_account(o, ''{"upn": ["ada@example.test"]}'', ''{upn}'') s;';

CREATE OR REPLACE FUNCTION muster.signer_device(o muster.organization, p_sha256 bytea, OUT account uuid, OUT why text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	d record;
BEGIN
	SELECT x.id, x.organization, x.account, x.state, x.ended_at INTO d FROM muster.certificate c JOIN muster.device x ON x.id = c.device WHERE c.sha256 = p_sha256;
	why := CASE
		WHEN NOT FOUND THEN 'the certificate names one of our authorities, which did not record it'
		WHEN d.organization <> o.id THEN 'the certificate is that of another organization''s device'
		WHEN d.state <> 'enrolled' OR d.ended_at IS NOT NULL THEN format('the certificate is that of device %s, which is %s', d.id, CASE d.state WHEN 'enrolled' THEN 'superseded' ELSE d.state END)
	END;
	account := CASE WHEN why IS NULL THEN d.account END;
END
$$;
COMMENT ON FUNCTION muster.signer_device(muster.organization, bytea) IS 'Internal: the account of the living device whose certificate this is, or why none. Example: SELECT s.* FROM muster.organization o, muster.signer_device(o, sha256(''no certificate'')) s;';

CREATE OR REPLACE FUNCTION muster.signer_authority_wrong(a muster.signer_authority, p_serial bytea) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	r record;
BEGIN
	SELECT x.revoked_at, x.reason INTO r FROM muster.revoked_signer x WHERE x.authority = a.id AND x.serial = muster.plain_serial(p_serial) ORDER BY x.revoked_at LIMIT 1;
	RETURN CASE
		WHEN FOUND THEN format('the certificate was revoked on %s', muster.said_time(r.revoked_at)) || coalesce(': ' || r.reason, '')
		WHEN a.not_after <= now() THEN format('its authority "%s" ended on %s', a.name, muster.said_time(a.not_after))
		WHEN a.not_before > now() THEN format('its authority "%s" begins on %s', a.name, muster.said_time(a.not_before))
		WHEN a.crl_required AND a.crl_ends_at IS NULL THEN format('no list of revoked certificates of authority "%s" is loaded', a.name)
		WHEN a.crl_required AND a.crl_ends_at <= now() THEN format('the list of revoked certificates of authority "%s" ended on %s', a.name, muster.said_time(a.crl_ends_at))
	END;
END
$$;
COMMENT ON FUNCTION muster.signer_authority_wrong(muster.signer_authority, bytea) IS 'Internal: why a certificate of this serial is not accepted from a trusted authority; NULL if it is. Example: SELECT muster.signer_authority_wrong(a, ''\x01'') FROM muster.signer_authority a;';

CREATE OR REPLACE FUNCTION muster.identify_certificate(o muster.organization, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	i muster.identity;
	s muster.signing := muster.signing_of(o.id);
	a muster.signer_authority;
	newest muster.signer_authority;
	anchors jsonb := '[]';
	hash bytea := muster.claimed_bytes(p_claim, 'sha256');
	wrong text;
	listed uuid;
BEGIN
	i.outcome := 'Authentication';
	SELECT l.account INTO listed FROM muster.listed_signer l WHERE l.organization = o.id AND l.sha256 = hash;
	-- Several of one name are one authority with several keys; the newest one's rules count, and those that share them.
	FOR a IN SELECT x.* FROM muster.signer_authority x
		WHERE x.organization = o.id AND x.subject_sha256 = muster.claimed_bytes(p_claim, 'issuer_sha256') ORDER BY x.not_before DESC, x.added_at DESC, x.id
	LOOP
		wrong := muster.signer_authority_wrong(a, muster.claimed_bytes(p_claim, 'serial'));
		i.why := coalesce(i.why, wrong);
		IF wrong LIKE 'the certificate was revoked%' THEN
			i.why := wrong;
			RETURN i;
		ELSIF wrong IS NULL AND (newest.id IS NULL OR (newest.names_by, newest.own_devices) = (a.names_by, a.own_devices)) THEN
			newest := CASE WHEN newest.id IS NULL THEN a ELSE newest END;
			anchors := anchors || to_jsonb(translate(encode(a.certificate, 'base64'), E'\n', ''));
		END IF;
	END LOOP;
	IF listed IS NOT NULL THEN
		i.account := listed;
	ELSIF newest.id IS NULL THEN
		i.why := coalesce(i.why, format('organization %s trusts no authority "%s", who signed the certificate', o.key, muster.cut(p_claim ->> 'issuer', 150)));
		RETURN i;
	ELSIF newest.own_devices THEN
		SELECT x.account, x.why INTO i.account, i.why FROM muster.signer_device(o, hash) x;
	ELSE
		SELECT x.account, x.why INTO i.account, i.why FROM muster.signer_account(o, p_claim, newest.names_by) x;
	END IF;
	IF i.account IS NOT NULL THEN
		i.outcome := 'OK';
		i.why := NULL;
		i.proof := jsonb_build_object('listed', listed IS NOT NULL, 'authorities', anchors, 'timestamps', s.timestamps, 'skew_seconds', s.skew_seconds,
			'sha1', s.sha1, 'old_uris', s.old_uris, 'policies_unsigned', s.policies_unsigned);
	END IF;
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.identify_certificate(muster.organization, jsonb) IS 'Internal: whom a certificate names, and what proves it: that it is listed, or signed by one of these authorities (base64 of DER), and how its signature is to be. Example: SELECT i.* FROM muster.organization o, muster.identify_certificate(o, ''{"kind": "certificate", "sha256": "00"}'') i;';

CREATE OR REPLACE FUNCTION muster.signed_until(p_claim jsonb) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
	-- Not the Timestamp's end: whoever lets clocks lie further apart, or looks at no Timestamp any more, must not make
	-- old requests new.
	RETURN (p_claim ->> 'not_after')::timestamptz;
EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.signed_until(jsonb) IS 'Internal: until when a signed request could be taken for a new one: the end of its certificate. Example: SELECT muster.signed_until(''{"not_after": "2027-01-01T00:00:00Z"}'');';

CREATE OR REPLACE FUNCTION muster.signature_wrong(o muster.organization, p_account uuid, p_claim jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	i muster.identity;
	hash bytea := muster.claimed_bytes(p_claim, 'replay');
BEGIN
	IF p_claim ->> 'kind' IS DISTINCT FROM 'certificate' THEN
		RETURN NULL;
	END IF;
	-- Asked anew: it may have been revoked while the request was on its way.
	i := muster.identify_certificate(o, p_claim);
	RETURN CASE
		WHEN NOT 'Certificate' = ANY (o.auth_policies) THEN 'certificates are not accepted any more'
		WHEN i.account IS DISTINCT FROM p_account THEN coalesce(i.why, 'the certificate names another account by now')
		WHEN p_claim -> 'signed' IS DISTINCT FROM 'true' OR octet_length(hash) IS DISTINCT FROM 32
			OR muster.signed_until(p_claim) IS NULL THEN 'the request is not signed'
		WHEN EXISTS (SELECT FROM muster.used_signature u WHERE u.sha256 = hash) THEN 'this very request has enrolled a device already: a retry is signed anew'
	END;
END
$$;
COMMENT ON FUNCTION muster.signature_wrong(muster.organization, uuid, jsonb) IS 'Internal: in the transaction that records an enrollment, with the account''s row held: why its signed request is not accepted any more, NULL if it is or none was signed. A request enrolls once. (Its repetition is not answered with what was recorded, as a token''s is: the answer has secrets, and who kept a copy of the bytes has proven nothing. A device that lost the answer signs anew, and replaces that enrollment.) Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.use_signature(o muster.organization, p_claim jsonb, p_grant uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Two of the same for one account have waited for its row. Of two for different organizations, one fails here.
	INSERT INTO muster.used_signature (sha256, organization, device, until)
	SELECT muster.claimed_bytes(p_claim, 'replay'), o.id, p_grant, muster.signed_until(p_claim)
	 WHERE p_claim ->> 'kind' = 'certificate';
END
$$;
COMMENT ON FUNCTION muster.use_signature(muster.organization, jsonb, uuid) IS 'Internal: note that a signed request has enrolled a device. Example: see muster_issuer.record.';

CREATE OR REPLACE FUNCTION muster.keep_signatures() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone bigint;
BEGIN
	DELETE FROM muster.used_signature u WHERE u.sha256 IN (SELECT x.sha256 FROM muster.used_signature x WHERE x.until < now() - interval '1 hour' ORDER BY x.until LIMIT 5000);
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN CASE WHEN gone > 0 THEN format('%s signed requests forgotten, whose certificates have ended', gone) END;
END
$$;
COMMENT ON FUNCTION muster.keep_signatures() IS 'Internal: housekeeping''s part about signed requests: removes those whose certificate has ended; returns a line for the log, NULL if there was none. Example: SELECT muster.keep_signatures();';

-- What administrators call.

CREATE OR REPLACE FUNCTION muster.signer_authority_id(organization text, authority text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid;
BEGIN
	SELECT a.id INTO id FROM muster.signer_authority a
	 WHERE a.organization = muster.organization_id(signer_authority_id.organization)
	   AND (lower(a.name) = lower(btrim(signer_authority_id.authority)) OR a.id::text = lower(btrim(signer_authority_id.authority)));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % trusts no authority "%"', signer_authority_id.organization, coalesce(signer_authority_id.authority, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('It trusts: ' || (SELECT string_agg(s.name, ', ') FROM (SELECT a.name FROM muster.signer_authority a
				WHERE a.organization = muster.organization_id(signer_authority_id.organization) ORDER BY a.name LIMIT 20) s),
				format('It trusts none: muster-ca trust FILE --organization %s', signer_authority_id.organization));
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.signer_authority_id(text, text) IS 'Internal: the id of an authority that an organization trusts, by its name or id; an error that names those there are if there is none. Example: SELECT muster.signer_authority_id(''example'', ''Example provisioning'');';

CREATE OR REPLACE FUNCTION muster.names_by(names text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text[] := ARRAY(SELECT lower(btrim(regexp_replace(n.name, '[_ -]+', ' ', 'g'))) FROM unnest(names_by.names) WITH ORDINALITY n (name, nr) ORDER BY n.nr);
BEGIN
	IF names_by.names IS NULL OR NOT clean <@ ARRAY['upn', 'email', 'common name'] OR cardinality(clean) <> (SELECT count(DISTINCT c) FROM unnest(clean) c) THEN
		RAISE EXCEPTION 'accounts are named by upn, email or common name, each once, not by %', coalesce(quote_literal(left(array_to_string(names_by.names, ', '), 60)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'By priority: ''{upn,email}''; with ''{}'' only listed certificates name anybody.';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.names_by(text[]) IS 'Internal: kinds of names in a certificate, or an error. Example: SELECT muster.names_by(''{upn,email}'');';

CREATE OR REPLACE FUNCTION muster.trust_signer_authority(organization text, name text, certificate bytea, subject text, subject_sha256 bytea,
	not_before timestamptz, not_after timestamptz, names_by text[] DEFAULT '{}', own_devices boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(trust_signer_authority.organization);
	clean text := muster.cut(trust_signer_authority.name, 128);
	kinds text[] := muster.names_by(trust_signer_authority.names_by);
	ours boolean := EXISTS (SELECT FROM muster.authority a WHERE sha256(a.certificate) = sha256(trust_signer_authority.certificate));
	wrong text := CASE
		WHEN clean IS NULL THEN 'the authority needs a name'
		WHEN num_nulls(certificate, subject, subject_sha256, not_before, not_after) > 0 THEN 'a part of what is to be known of the authority is missing'
		WHEN trust_signer_authority.not_after <= now() THEN format('the authority ended on %s', muster.said_time(trust_signer_authority.not_after))
		WHEN ours AND NOT trust_signer_authority.own_devices THEN 'this is one of our own authorities: with it every enrolled device could sign'
		WHEN trust_signer_authority.own_devices AND NOT ours THEN 'this is none of our own authorities, so that it has no devices'
		WHEN trust_signer_authority.own_devices AND cardinality(kinds) > 0 THEN 'a device''s certificate names its account, not the names in it'
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong USING ERRCODE = 'invalid_parameter_value', HINT = 'See: muster-ca trust --help (--devices for our own).';
	END IF;
	INSERT INTO muster.signer_authority AS a (organization, name, certificate, subject, subject_sha256, not_before, not_after, names_by, own_devices)
	VALUES (owner_id, clean, trust_signer_authority.certificate, muster.cut(trust_signer_authority.subject, 400), trust_signer_authority.subject_sha256,
		trust_signer_authority.not_before, trust_signer_authority.not_after, kinds, trust_signer_authority.own_devices)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % trusts this authority already, or another one by the name "%"', trust_signer_authority.organization, clean
			USING ERRCODE = 'unique_violation', HINT = 'To look: SELECT name, subject, names_by FROM muster.signer_authorities; another name: muster-ca trust --name NAME; its rules: muster.set_signer_names.';
	END IF;
	RETURN format('organization %s trusts authority "%s", whose certificates name %s', trust_signer_authority.organization, clean,
		CASE WHEN trust_signer_authority.own_devices THEN 'the account of the device they were issued to'
			WHEN cardinality(kinds) = 0 THEN 'nobody, unless they are listed'
			ELSE 'accounts by their ' || array_to_string(kinds, ', else ') END);
END
$$;
COMMENT ON FUNCTION muster.trust_signer_authority(text, text, bytea, text, bytea, timestamptz, timestamptz, text[], boolean) IS 'Trust an authority''s certificates to sign requests to enroll; muster-ca trust calls this with what it reads from the certificate. The organization, a name, certificate (DER), its subject and the SHA-256 of the subject''s DER, its validity, which names are accounts'' names (upn, email, common name, by priority; none: only listed certificates), whether it is an authority of ours whose devices sign. Example: SELECT muster.trust_signer_authority(''example'', ''Example provisioning'', $1, ''CN=Example'', $2, now(), now() + interval ''1 year'', ''{upn}'');';

CREATE OR REPLACE FUNCTION muster.distrust_signer_authority(organization text, authority text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	gone text;
BEGIN
	DELETE FROM muster.signer_authority a WHERE a.id = muster.signer_authority_id(distrust_signer_authority.organization, distrust_signer_authority.authority) RETURNING a.name INTO gone;
	RETURN format('organization %s trusts authority "%s" no more; devices that enrolled by its certificates stay', distrust_signer_authority.organization, gone);
END
$$;
COMMENT ON FUNCTION muster.distrust_signer_authority(text, text) IS 'Trust an authority''s certificates no more; what is known of revoked ones goes, too. Listed certificates stay listed. Example: SELECT muster.distrust_signer_authority(''example'', ''Example provisioning'');';

CREATE OR REPLACE FUNCTION muster.set_signer_names(organization text, authority text, names_by text[]) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kinds text[] := muster.names_by(set_signer_names.names_by);
	its_id uuid := muster.signer_authority_id(set_signer_names.organization, set_signer_names.authority);
BEGIN
	IF (SELECT a.own_devices FROM muster.signer_authority a WHERE a.id = its_id) THEN
		RAISE EXCEPTION 'a device''s certificate names its account, not the names in it' USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Trust it anew: SELECT muster.distrust_signer_authority(%L, %L);', set_signer_names.organization, set_signer_names.authority);
	END IF;
	UPDATE muster.signer_authority a SET names_by = kinds WHERE a.id = its_id;
	RETURN CASE WHEN cardinality(kinds) = 0 THEN format('certificates of "%s" name nobody, unless they are listed', set_signer_names.authority)
		ELSE format('certificates of "%s" name accounts by their %s', set_signer_names.authority, array_to_string(kinds, ', else ')) END;
END
$$;
COMMENT ON FUNCTION muster.set_signer_names(text, text, text[]) IS 'Which names in a trusted authority''s certificates are accounts'' names, by priority: upn (user principal name), email, common name. The first kind that a certificate has decides; it must have one name of it. None: only listed certificates name anybody. Example: SELECT muster.set_signer_names(''example'', ''Example provisioning'', ''{upn,email}'');';

CREATE OR REPLACE FUNCTION muster.thumbprint(sha256 text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := regexp_replace(thumbprint.sha256, '[: ]', '', 'g');
BEGIN
	IF clean IS NULL OR clean !~ '^[0-9A-Fa-f]{64}$' THEN
		RAISE EXCEPTION 'not usable as the SHA-256 of a certificate: %', coalesce(quote_literal(left(thumbprint.sha256, 100)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 64 hexadecimal digits: openssl x509 -in FILE -noout -fingerprint -sha256. (What Windows shows as thumbprint is its SHA-1.) Or: muster-ca trust FILE --account UPN';
	END IF;
	RETURN decode(clean, 'hex');
END
$$;
COMMENT ON FUNCTION muster.thumbprint(text) IS 'Internal: the SHA-256 of a certificate, or an error. Example: SELECT muster.thumbprint(repeat(''0a'', 32));';

CREATE OR REPLACE FUNCTION muster.list_signer(organization text, upn text, sha256 text, note text DEFAULT NULL, subject text DEFAULT NULL, not_after timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	owner_id uuid := muster.organization_id(list_signer.organization);
	hash bytea := muster.thumbprint(list_signer.sha256);
	for_whom uuid := muster.account_id(list_signer.upn, list_signer.organization);
BEGIN
	IF list_signer.not_after <= now() THEN
		RAISE EXCEPTION 'the certificate ended on %', muster.said_time(list_signer.not_after) USING ERRCODE = 'invalid_parameter_value', HINT = 'List its successor.';
	END IF;
	INSERT INTO muster.listed_signer AS l (organization, account, sha256, subject, not_after, note)
	VALUES (owner_id, for_whom, hash, muster.cut(list_signer.subject, 400), list_signer.not_after, muster.cut(list_signer.note, 400))
	ON CONFLICT (organization, sha256) DO UPDATE SET account = excluded.account, subject = coalesce(excluded.subject, l.subject),
		not_after = coalesce(excluded.not_after, l.not_after), note = coalesce(excluded.note, l.note);
	RETURN format('certificate %s signs for account %s', encode(hash, 'hex'), list_signer.upn);
END
$$;
COMMENT ON FUNCTION muster.list_signer(text, text, text, text, text, timestamptz) IS 'Let one certificate sign for an account, whoever issued it: the organization, the account, the certificate''s SHA-256, a note; subject and end are what muster-ca trust --account reads from it. For provisioning packages, whose certificate is the same on all devices. Example: SELECT muster.list_signer(''example'', ''package@example.test'', repeat(''0a'', 32), ''autumn laptops'');';

CREATE OR REPLACE FUNCTION muster.unlist_signer(organization text, sha256 text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	hash bytea := muster.thumbprint(unlist_signer.sha256);
BEGIN
	DELETE FROM muster.listed_signer l WHERE l.organization = muster.organization_id(unlist_signer.organization) AND l.sha256 = hash;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has not listed certificate %', unlist_signer.organization, encode(hash, 'hex')
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT sha256, account, subject, note FROM muster.listed_signers;';
	END IF;
	RETURN format('certificate %s is not listed any more', encode(hash, 'hex'));
END
$$;
COMMENT ON FUNCTION muster.unlist_signer(text, text) IS 'Take a certificate out of those that sign for an account. Devices that enrolled by it stay. Example: SELECT muster.unlist_signer(''example'', repeat(''0a'', 32));';

CREATE OR REPLACE FUNCTION muster.serial_number(serial text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := regexp_replace(serial_number.serial, '[: ]', '', 'g');
BEGIN
	IF clean IS NULL OR clean !~ '^[0-9A-Fa-f]{1,128}$' THEN
		RAISE EXCEPTION 'not usable as a serial number: %', coalesce(quote_literal(left(serial_number.serial, 60)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give it as hexadecimal digits: openssl x509 -in FILE -noout -serial';
	END IF;
	RETURN muster.plain_serial(decode(repeat('0', length(clean) % 2) || clean, 'hex'));
END
$$;
COMMENT ON FUNCTION muster.serial_number(text) IS 'Internal: a certificate''s serial number, or an error. Example: SELECT muster.serial_number(''0A1B'');';

CREATE OR REPLACE FUNCTION muster.revoke_signer(organization text, authority text, serial text, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	number bytea := muster.serial_number(revoke_signer.serial);
	its_reason text := muster.cut(revoke_signer.reason, 400);
	its_id uuid := muster.signer_authority_id(revoke_signer.organization, revoke_signer.authority);
BEGIN
	IF its_reason IS NULL THEN
		RAISE EXCEPTION 'revoking a certificate needs a reason' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT muster.revoke_signer(''example'', ''Example provisioning'', ''0A1B'', ''laptop stolen'');';
	END IF;
	INSERT INTO muster.revoked_signer (organization, authority, serial, how, reason)
	VALUES (muster.organization_id(revoke_signer.organization), its_id, number, 'hand', its_reason)
	ON CONFLICT (authority, serial, how) DO UPDATE SET reason = excluded.reason;
	RETURN format('certificate %s of "%s" signs nothing any more; devices that enrolled by it stay', encode(number, 'hex'), revoke_signer.authority);
END
$$;
COMMENT ON FUNCTION muster.revoke_signer(text, text, text, text) IS 'Refuse one certificate of a trusted authority from now on, whatever the authority''s own list says, also if it is listed for an account: the organization, the authority, the serial number (hexadecimal), the reason. Example: SELECT muster.revoke_signer(''example'', ''Example provisioning'', ''0A1B'', ''laptop stolen'');';

CREATE OR REPLACE FUNCTION muster.unrevoke_signer(organization text, authority text, serial text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	number bytea := muster.serial_number(unrevoke_signer.serial);
BEGIN
	DELETE FROM muster.revoked_signer r
	 WHERE r.authority = muster.signer_authority_id(unrevoke_signer.organization, unrevoke_signer.authority) AND r.serial = number AND r.how = 'hand';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'certificate % of "%" was not revoked here', encode(number, 'hex'), unrevoke_signer.authority
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT authority, serial, how, reason FROM muster.revoked_signers; what the authority itself revoked stays so until its next list.';
	END IF;
	RETURN format('certificate %s of "%s" may sign again', encode(number, 'hex'), unrevoke_signer.authority);
END
$$;
COMMENT ON FUNCTION muster.unrevoke_signer(text, text, text) IS 'Accept a certificate again that muster.revoke_signer revoked. Example: SELECT muster.unrevoke_signer(''example'', ''Example provisioning'', ''0A1B'');';

CREATE OR REPLACE FUNCTION muster.load_signer_crl(organization text, authority text, number numeric, made_at timestamptz, ends_at timestamptz,
	serials bytea[], revoked_at timestamptz[]) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	a record;
	owner_id uuid := muster.organization_id(load_signer_crl.organization);
BEGIN
	SELECT x.id, x.name, x.crl_number, x.crl_made_at INTO a FROM muster.signer_authority x
	 WHERE x.id = muster.signer_authority_id(load_signer_crl.organization, load_signer_crl.authority) FOR NO KEY UPDATE;
	IF load_signer_crl.made_at IS NULL OR cardinality(serials) IS DISTINCT FROM cardinality(load_signer_crl.revoked_at) THEN
		RAISE EXCEPTION 'a part of the list is missing' USING ERRCODE = 'invalid_parameter_value', HINT = 'Load it with: muster-ca crl FILE';
	ELSIF a.crl_made_at > load_signer_crl.made_at OR a.crl_number > load_signer_crl.number THEN
		RAISE EXCEPTION 'this list of "%" is older than the one that is loaded: number %, of %', a.name, coalesce(load_signer_crl.number::text, 'unknown'), muster.said_time(load_signer_crl.made_at)
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('Loaded is number %s, of %s.', coalesce(a.crl_number::text, 'unknown'), muster.said_time(a.crl_made_at));
	END IF;
	DELETE FROM muster.revoked_signer r WHERE r.authority = a.id AND r.how = 'list';
	INSERT INTO muster.revoked_signer (organization, authority, serial, how, revoked_at)
	SELECT owner_id, a.id, muster.plain_serial(n.serial), 'list', min(n.at) FROM unnest(serials, load_signer_crl.revoked_at) n (serial, at) GROUP BY 3;
	UPDATE muster.signer_authority x SET crl_number = load_signer_crl.number, crl_made_at = load_signer_crl.made_at, crl_ends_at = load_signer_crl.ends_at WHERE x.id = a.id;
	RETURN format('authority "%s": %s certificates are revoked by its list of %s', a.name, cardinality(serials), muster.said_time(load_signer_crl.made_at))
		|| coalesce(', which is good until ' || muster.said_time(load_signer_crl.ends_at), '');
END
$$;
COMMENT ON FUNCTION muster.load_signer_crl(text, text, numeric, timestamptz, timestamptz, bytea[], timestamptz[]) IS 'Replace what a trusted authority''s list of revoked certificates says by a newer one; muster-ca crl calls this, having verified the list''s signature. The organization, the authority, the list''s number, when it was made, when the next is due, the serials and since when each is revoked. Example: SELECT muster.load_signer_crl(''example'', ''Example provisioning'', 7, now(), now() + interval ''7 days'', ''{}'', ''{}'');';

CREATE OR REPLACE FUNCTION muster.require_signer_crl(organization text, authority text, required boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.signer_authority a SET crl_required = muster.switch('required', require_signer_crl.required)
	 WHERE a.id = muster.signer_authority_id(require_signer_crl.organization, require_signer_crl.authority);
	RETURN format('authority "%s": %s', require_signer_crl.authority, CASE WHEN required
		THEN 'its certificates are refused without a list of revoked ones that is good' ELSE 'its certificates are accepted also without a list of revoked ones' END);
END
$$;
COMMENT ON FUNCTION muster.require_signer_crl(text, text, boolean) IS 'Refuse a trusted authority''s certificates when no list of revoked ones is loaded or the one loaded has ended, or (false) accept them all the same. Lists are loaded by muster-ca crl. Example: SELECT muster.require_signer_crl(''example'', ''Example provisioning'');';

CREATE OR REPLACE FUNCTION muster.set_signing(organization text, timestamps boolean DEFAULT true, skew_seconds integer DEFAULT 300, sha1 boolean DEFAULT false,
	old_uris boolean DEFAULT false, policies_unsigned boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	IF set_signing.skew_seconds IS NULL OR set_signing.skew_seconds NOT BETWEEN 0 AND 604800 THEN
		RAISE EXCEPTION 'clocks may lie 0 to 604800 seconds apart, not %', coalesce(set_signing.skew_seconds::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = '300 are usual; where clocks are wrong while devices are provisioned: timestamps => false.';
	END IF;
	INSERT INTO muster.signing (organization, timestamps, skew_seconds, sha1, old_uris, policies_unsigned)
	VALUES (muster.organization_id(set_signing.organization), muster.switch('timestamps', set_signing.timestamps), set_signing.skew_seconds,
		muster.switch('sha1', set_signing.sha1), muster.switch('old_uris', set_signing.old_uris), muster.switch('policies_unsigned', set_signing.policies_unsigned))
	ON CONFLICT (organization) DO UPDATE SET timestamps = excluded.timestamps, skew_seconds = excluded.skew_seconds, sha1 = excluded.sha1,
		old_uris = excluded.old_uris, policies_unsigned = excluded.policies_unsigned;
	RETURN format('organization %s: signed requests %s%s%s', set_signing.organization,
		CASE WHEN set_signing.timestamps THEN format('are of now, give or take %s s', set_signing.skew_seconds) ELSE 'may be of any time' END,
		CASE WHEN set_signing.sha1 THEN '; SHA-1 is accepted' ELSE '' END,
		CASE WHEN set_signing.policies_unsigned THEN '; GetPolicies also without a signature' ELSE '; GetPolicies also signed' END);
END
$$;
COMMENT ON FUNCTION muster.set_signing(text, boolean, integer, boolean, boolean, boolean) IS 'How an organization''s signed requests are to be; what is not given takes its default: whether their Timestamp must be of now, how many seconds clocks may lie apart, whether SHA-1 is accepted, whether SHA-256 under the misspelled URIs of published samples, whether GetPolicies is answered to a certificate without a signature. Example: SELECT muster.set_signing(''example'', skew_seconds => 900);';

CREATE OR REPLACE VIEW muster.signer_authorities WITH (security_invoker = true) AS
SELECT o.key AS organization, a.name, a.subject, array_to_string(a.names_by, ', ') AS names_by, a.own_devices, a.not_before, a.not_after,
       CASE WHEN a.not_after <= now() THEN 'ended' WHEN a.not_before > now() THEN 'not yet valid'
            WHEN a.crl_required AND coalesce(a.crl_ends_at, '-infinity') <= now() THEN 'without a list of revoked certificates' ELSE 'trusted' END AS state,
       a.crl_required, a.crl_number, a.crl_made_at, a.crl_ends_at,
       (SELECT count(*) FROM muster.revoked_signer r WHERE r.organization = a.organization AND r.authority = a.id) AS revoked,
       encode(a.certificate_sha256, 'hex') AS sha256, a.added_at, a.id
  FROM muster.signer_authority a JOIN muster.organization o ON o.id = a.organization;
COMMENT ON VIEW muster.signer_authorities IS 'Authorities whose certificates may sign requests to enroll, and what is known of their lists of revoked certificates. Example: SELECT organization, name, names_by, state, not_after FROM muster.signer_authorities;';

CREATE OR REPLACE VIEW muster.listed_signers WITH (security_invoker = true) AS
SELECT o.key AS organization, a.upn AS account, encode(l.sha256, 'hex') AS sha256, l.subject, l.not_after, l.note, l.added_at
  FROM muster.listed_signer l JOIN muster.organization o ON o.id = l.organization JOIN muster.account a ON a.id = l.account;
COMMENT ON VIEW muster.listed_signers IS 'Certificates that sign for an account, one by one. Example: SELECT account, sha256, subject, not_after FROM muster.listed_signers;';

CREATE OR REPLACE VIEW muster.revoked_signers WITH (security_invoker = true) AS
SELECT o.key AS organization, a.name AS authority, encode(r.serial, 'hex') AS serial, r.how, r.revoked_at, r.reason
  FROM muster.revoked_signer r JOIN muster.signer_authority a ON a.id = r.authority JOIN muster.organization o ON o.id = r.organization;
COMMENT ON VIEW muster.revoked_signers IS 'Certificates of trusted authorities that are refused: by the authority''s list, or by hand. Example: SELECT authority, serial, how, reason FROM muster.revoked_signers;';

-- A list may have many thousands: one event for all of them.
CREATE OR REPLACE FUNCTION muster.audit_list() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO muster.event (kind, organization, actor, actor_role, details)
	SELECT CASE TG_OP WHEN 'INSERT' THEN 'revoked signers listed' ELSE 'revoked signers unlisted' END, r.organization, session_user, muster.actor_role(),
	       jsonb_build_object('authority', r.authority, 'certificates', count(*))
	  FROM those r WHERE r.how = 'list' GROUP BY r.organization, r.authority;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION muster.audit_list() IS 'Internal: trigger that writes one event for the certificates that a list revoked, or no longer does. Example: CREATE TRIGGER audit_listed AFTER INSERT ON muster.revoked_signer REFERENCING NEW TABLE AS those FOR EACH STATEMENT EXECUTE FUNCTION muster.audit_list();';

CREATE OR REPLACE TRIGGER audit_listed AFTER INSERT ON muster.revoked_signer
	REFERENCING NEW TABLE AS those FOR EACH STATEMENT EXECUTE FUNCTION muster.audit_list();
CREATE OR REPLACE TRIGGER audit_unlisted AFTER DELETE ON muster.revoked_signer
	REFERENCING OLD TABLE AS those FOR EACH STATEMENT EXECUTE FUNCTION muster.audit_list();
CREATE OR REPLACE TRIGGER audit AFTER INSERT ON muster.revoked_signer
	FOR EACH ROW WHEN (NEW.how = 'hand') EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_removed AFTER DELETE ON muster.revoked_signer
	FOR EACH ROW WHEN (OLD.how = 'hand') EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.revoked_signer
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.signer_authority
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.signer_authority
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.listed_signer
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.listed_signer
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.signing
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.signing
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
