-- What the tables themselves refuse, whoever writes.
SET search_path = test;
SELECT no_plan();
SELECT is(try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "d1"}')), 'OK|-', 'a device');
SELECT is(try('muster_issuer', record(2, 'bob@example.test', '{"DeviceID": "d1"}')), 'OK|-', 'another');

CREATE FUNCTION refused_by(p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	EXECUTE p_sql;
	SET CONSTRAINTS ALL IMMEDIATE;
	RAISE EXCEPTION USING MESSAGE = 'accepted', ERRCODE = 'ZZZZZ';
EXCEPTION
	WHEN SQLSTATE 'ZZZZZ' THEN RETURN 'accepted';
	WHEN integrity_constraint_violation THEN
		GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
		RETURN 'refused';
END
$$;
SELECT is(refused_by('UPDATE muster.organization SET ' || s), expected, 'organization: ' || s) FROM (VALUES
	('key = ''A''', 'refused'), ('key = ''x/y''', 'refused'), ('name = ''''', 'refused'), (E'name = E''a\\nb''', 'refused'),
	('enrollment_url = ''http://x''', 'refused'), ('enrollment_url = ''https://x/''', 'refused'), ('enrollment_url = ''https://X''', 'refused'), ('device_url = ''https://x/y''', 'refused'), ('enrollment_url = ''https://x:8443''', 'accepted'),
	('auth_policies = ''{Federated}''', 'accepted'), ('auth_policies = ''{OnPremise,Certificate}''', 'accepted'), ('auth_policies = ''{}''', 'accepted'), ('auth_policies = ''{Smartcard}''', 'refused'), ('auth_policies = ''{Federated,OnPremise,Federated}''', 'refused'), ('auth_policies = ''{OnPremise,NULL}''', 'refused'), ('sign_in = ''web server''', 'accepted'), ('sign_in = ''door''', 'refused'), ('auth_policies = ''{OnPremise,OnPremise}''', 'refused'), ('auth_policies = ''{OnPremise}''', 'accepted'),
	('enrollment_version = ''4''', 'refused'), ('enrollment_version = ''9.0''', 'accepted'), ('validity_days = 0', 'refused'), ('backdate_minutes = -1', 'refused'), ('backdate_minutes = 1441', 'refused'),
	('minimum_key_length = 1024', 'refused'), ('minimum_key_length = 4096', 'accepted'), ('replaced_certificate_days = -1', 'refused'), ('replaced_certificate_days = 366', 'refused'), ('replaced_certificate_days = 0', 'accepted'),
	('renew_period_days = 365', 'refused'), ('renew_retry_days = 43', 'refused'), ('renew_retry_days = 0', 'refused'), ('renewal_url = ''ftp://x''', 'refused'), ('renewal_url = ''https://x/y?z''', 'accepted'),
	('provider_id = ''a b''', 'refused'), ('provider_id = ''''', 'refused'), ('provider_name = ''''', 'refused'), ('management_url = ''http://x''', 'refused'), ('management_url = ''https://x y''', 'refused'), ('management_url = ''https://x/"''', 'refused'),
	('first_retries = 0', 'refused'), ('first_interval = 0', 'refused'), ('second_interval = 0', 'refused'), ('second_retries = 0', 'refused'), ('second_retries = 0, remaining_interval = 0', 'accepted'), ('second_retries = 0, second_interval = 0', 'accepted'),
	('remaining_retries = 3, remaining_interval = 0', 'refused'), ('remaining_retries = -1', 'refused'),
	('application_token = ''AAAA''', 'refused'), ('application_token = ''AAAA'', application_enterprise_id = ''1''', 'accepted'), ('application_token = ''A A'', application_enterprise_id = ''1''', 'refused'), ('hub_name = ''x''', 'refused'),
	('hub_product_id = ''8a1d2f0e-4b5c-4d6e-8f70-112233445566'', hub_uri = ''https://x'', hub_name = ''x''', 'refused'), ('authority = test.id(1)', 'refused')) v (s, expected);
SELECT is(refused_by('UPDATE muster.account SET ' || s || ' WHERE upn = ''ada@example.test'''), expected, 'account: ' || s) FROM (VALUES
	('upn = ''ada''', 'refused'), ('upn = ''a b@c''', 'refused'), ('upn = ''BOB@example.test''', 'refused'), ('upn = ''x@example.test''', 'accepted'), ('kind = ''robot''', 'refused'), ('enabled = false', 'refused'), ('enabled = false, disabled_at = now()', 'accepted'),
	('disabled_reason = ''x''', 'refused'), ('password_hash = ''clear''', 'refused'), ('password_hash = ''$1$abcdefgh$abcdefgh''', 'refused'), ('organization = test.id(1)', 'refused'),
	('organization = (SELECT id FROM muster.organization WHERE key = ''other'')', 'refused')) v (s, expected);
SELECT is(refused_by('UPDATE muster.device SET ' || s || ' WHERE id = test.id(1)'), expected, 'device: ' || s) FROM (VALUES
	('state = ''gone''', 'refused'), ('state = ''replaced''', 'refused'), ('state = ''retired''', 'refused'), ('state = ''retired'', retired_at = now()', 'accepted'), ('retired_at = now()', 'refused'), ('replaced_by = test.id(2)', 'refused'),
	('state = ''replaced'', replaced_by = test.id(2), replaced_at = now()', 'accepted'), ('state = ''replaced'', replaced_by = test.id(3), replaced_at = now()', 'refused'), ('ended_at = now()', 'refused'),
	('enrollment_type = ''Lite''', 'refused'), ('facts = ''[]''', 'refused'), ('device_id = repeat(''x'', 129)', 'refused'), ('account = (SELECT id FROM muster.account WHERE upn = ''bob@example.test'')', 'refused'),
	('account = (SELECT id FROM muster.account WHERE upn = ''olga@other.test'')', 'refused'), ('organization = (SELECT id FROM muster.organization WHERE key = ''other'')', 'refused')) v (s, expected);
SELECT is(refused_by('UPDATE muster.certificate SET ' || s || ' WHERE device = test.id(1)'), expected, 'certificate: ' || s) FROM (VALUES
	('sha256 = sha256(''x'')', 'refused'), ('der = test.der(9)', 'refused'), ('der = test.der(9), sha256 = sha256(test.der(9))', 'accepted'), ('not_after = not_before', 'refused'), ('serial = ''\x00000002''', 'refused'), ('serial = ''''', 'refused'),
	('serial = decode(repeat(''01'', 21), ''hex'')', 'refused'), ('public_key_sha256 = ''\x00''', 'refused'), ('device = test.id(9)', 'refused'), ('organization = (SELECT id FROM muster.organization WHERE key = ''other'')', 'refused')) v (s, expected);
SELECT is(refused_by('UPDATE muster.authority SET ' || s || ' WHERE name = ''Example issuing'''), expected, 'authority: ' || s) FROM (VALUES
	('kind = ''leaf''', 'refused'), ('kind = ''root''', 'refused'), ('parent = NULL', 'refused'), ('parent = id', 'refused'), ('parent = test.id(1)', 'refused'), ('private_key = decode(repeat(''30'', 100), ''hex'')', 'refused'), ('private_key = NULL', 'accepted'),
	('has_key = false', 'accepted'), ('private_key = NULL, key_uri = ''pkcs11:token=muster;id=%01;type=private''', 'accepted'), ('key_uri = ''pkcs11:token=muster;id=%01''', 'refused'),
	('private_key = NULL, key_uri = ''pkcs11:token=m;id=%01?pin-value=1''', 'refused'), ('private_key = NULL, key_uri = ''pkcs11:token=m;id=%01;pin-value=1''', 'refused'), ('private_key = NULL, key_uri = ''file:///key''', 'refused'),
	('private_key = NULL, key_uri = ''pkcs11:token=m''', 'refused'), ('private_key = NULL, key_uri = ''pkcs11:id=%01''', 'refused'), ('private_key = NULL, key_uri = ''pkcs11:token=m;id=%zz''', 'refused'), ('private_key = NULL, key_uri = ''''', 'refused'),
	('not_after = not_before', 'refused'), ('name = ''EXAMPLE root''', 'refused'), ('name = '' x''', 'refused'), ('certificate = ''''', 'refused')) v (s, expected);
SELECT is(refused_by(s), expected, s) FROM (VALUES
	('INSERT INTO muster.configuration DEFAULT VALUES', 'refused'), ('INSERT INTO muster.configuration (only_row) VALUES (false)', 'refused'), ('UPDATE muster.configuration SET sealing_key = ''\x00''', 'refused'),
	('INSERT INTO muster.email_domain SELECT ''Example.test'', id FROM muster.organization WHERE key = ''other''', 'refused'), ('INSERT INTO muster.email_domain SELECT ''example.test'', id FROM muster.organization WHERE key = ''other''', 'refused'),
	('INSERT INTO muster.email_domain SELECT ''a@b.test'', id FROM muster.organization WHERE key = ''other''', 'refused'), ('INSERT INTO muster.email_domain VALUES (''x.test'', test.id(1))', 'refused'),
	('DELETE FROM muster.organization', 'refused'), ('DELETE FROM muster.account', 'refused'), ('DELETE FROM muster.device', 'refused'),
	('INSERT INTO muster.event (kind) VALUES (''Enrolled'')', 'refused'), ('INSERT INTO muster.event (kind, details) VALUES (''x y'', ''[]'')', 'refused'), ('INSERT INTO muster.event (kind, why) VALUES (''x y'', repeat(''w'', 401))', 'refused'),
	('INSERT INTO muster.outcome (name, position, http_status, meaning, error_type) VALUES (''X1'', 99, 500, ''x'', ''X'')', 'refused'), ('UPDATE muster.outcome SET hresult = ''0x8018xyz'' WHERE name = ''NotSupported''', 'refused')) v (s, expected);

SELECT * FROM finish();
