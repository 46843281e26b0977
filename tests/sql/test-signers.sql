-- Certificates that sign requests: whom they name, which authorities are trusted, what is revoked, and that a request
-- enrolls once.
SET search_path = test;
SET client_min_messages = warning;
SELECT no_plan();

UPDATE muster.organization SET auth_policies = ARRAY['OnPremise', 'Certificate'] WHERE key IN ('example', 'other');
CREATE FUNCTION does(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('boss', p_sql) $$;
CREATE FUNCTION name_hash(p_name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT encode(sha256(p_name::bytea), 'hex') $$;
-- The claim of a certificate: number, issuer, what else it says; signed, request number r.
CREATE FUNCTION claim(n integer, p_issuer text, p_more text DEFAULT '{}', r integer DEFAULT NULL) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('kind', 'certificate', 'sha256', encode(sha256(test.der(n)), 'hex'), 'issuer', p_issuer, 'issuer_sha256', test.name_hash(p_issuer),
		'serial', lpad(to_hex(n), 8, '0'), 'not_after', '2099-01-01T00:00:00.000Z') || p_more::jsonb
		|| CASE WHEN r IS NOT NULL THEN jsonb_build_object('signed', true, 'replay', test.name_hash(r::text)) ELSE '{}' END
$$;
CREATE FUNCTION ask(p_claim jsonb, p_columns text DEFAULT 'outcome, why, upn', p_organization text DEFAULT 'example') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT %s FROM muster_worker.consider(%L, NULL, ''{}'', NULL, %L)', p_columns, p_organization, p_claim))
$$;
CREATE FUNCTION come(n integer, p_claim jsonb, p_upn text DEFAULT 'ada@example.test') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_issuer', left(test.record(n, p_upn), -1) || format(', %L)', p_claim))
$$;
CREATE FUNCTION trust(p_name text, n integer, p_names text DEFAULT '{}', p_organization text DEFAULT 'example', p_own boolean DEFAULT false, p_subject text DEFAULT NULL, p_begins interval DEFAULT '-1 day', p_ends interval DEFAULT '1 year')
RETURNS text LANGUAGE sql AS $$
	SELECT test.does(format('SELECT muster.trust_signer_authority(%L, %L, %L, %L, %L, %L, %L, %L, %L)', p_organization, p_name, test.der(n), coalesce(p_subject, p_name),
		sha256(coalesce(p_subject, p_name)::bytea), now() + p_begins, now() + p_ends, p_names, p_own))
$$;

-- Nobody is trusted unasked.
SELECT is(ask(claim(1, 'CN=A')), 'Authentication|organization example trusts no authority "CN=A", who signed the certificate|-', 'no authority');
SELECT is((SELECT string_agg(severity || ': ' || next_step, ' ') FROM muster.check_configuration('example') WHERE topic = 'signer'), 'error: muster-ca trust FILE --organization example', 'which is a finding');
SELECT is(ask(claim(1, 'CN=A'), p_organization => 'nowhere'), 'Authentication|there is no organization "nowhere"|-', 'no organization');
SELECT is(ask(c::jsonb, 'outcome'), 'Authentication', 'a claim that is none: ' || c) FROM unnest(ARRAY['{"kind": "certificate"}', '{"kind": "certificate", "sha256": "zz", "issuer_sha256": null, "serial": []}',
	'{"kind": "certificate", "sha256": {"a": 1}, "upn": "ada@example.test"}']) c;
UPDATE muster.organization SET auth_policies = '{OnPremise}' WHERE key = 'example';
SELECT is(ask(claim(1, 'CN=A')), 'InvalidSecurity|organization example does not accept this kind of credential: certificate|-', 'not offered');
UPDATE muster.organization SET auth_policies = '{OnPremise,Certificate}' WHERE key = 'example';

-- Trusting.
SELECT is(trust('A', 100, p_subject => 'CN=A'), 'organization example trusts authority "A", whose certificates name nobody, unless they are listed', 'an authority');
SELECT is(trust(v.name, v.n, v.names, p_own => v.own, p_ends => v.ends::interval), 'ERROR: ' || v.message, 'not trusted: ' || v.message) FROM (VALUES
	('A', 101, '{}', false, '1 year', 'organization example trusts this authority already, or another one by the name "A" HINT: To look: SELECT name, subject, names_by FROM muster.signer_authorities; another name: muster-ca trust --name NAME; its rules: muster.set_signer_names.'),
	('B', 100, '{}', false, '1 year', 'organization example trusts this authority already, or another one by the name "B" HINT: To look: SELECT name, subject, names_by FROM muster.signer_authorities; another name: muster-ca trust --name NAME; its rules: muster.set_signer_names.'),
	(' ', 101, '{}', false, '1 year', 'the authority needs a name HINT: See: muster-ca trust --help (--devices for our own).'),
	('B', 101, '{}', true, '1 year', 'this is none of our own authorities, so that it has no devices HINT: See: muster-ca trust --help (--devices for our own).'),
	('B', -1002, '{}', false, '1 year', 'this is one of our own authorities: with it every enrolled device could sign HINT: See: muster-ca trust --help (--devices for our own).'),
	('B', -1002, '{upn}', true, '1 year', 'a device''s certificate names its account, not the names in it HINT: See: muster-ca trust --help (--devices for our own).'),
	('B', 101, '{dns}', false, '1 year', 'accounts are named by upn, email or common name, each once, not by ''dns'' HINT: By priority: ''{upn,email}''; with ''{}'' only listed certificates name anybody.'),
	('B', 101, '{upn,UPN}', false, '1 year', 'accounts are named by upn, email or common name, each once, not by ''upn, UPN'' HINT: By priority: ''{upn,email}''; with ''{}'' only listed certificates name anybody.')) v (name, n, names, own, ends, message);
SELECT alike(trust('B', 101, p_begins => '-2 days', p_ends => '-1 day'), 'ERROR: the authority ended on %', 'not trusted: ended');

-- Names.
SELECT is(ask(claim(1, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|the certificate is not listed for an account, and its authority''s names are not taken for accounts''|-', 'names are not taken unasked');
SELECT is((SELECT string_agg(finding, ' ') FROM muster.check_configuration('example') WHERE topic = 'signer'), 'authorities are trusted, but their certificates name nobody', 'which is a finding');
SELECT is(does($$SELECT muster.set_signer_names('example', 'a', '{upn, E-Mail}')$$), 'ERROR: accounts are named by upn, email or common name, each once, not by ''upn, E-Mail'' HINT: By priority: ''{upn,email}''; with ''{}'' only listed certificates name anybody.', 'set_signer_names(): a wrong one');
SELECT is(does($$SELECT muster.set_signer_names('example', 'a', '{upn,Email,Common_Name}')$$), 'certificates of "a" name accounts by their upn, else email, else common name', 'set_signer_names()');
SELECT is(does($$SELECT muster.set_signer_names('example', 'Z', '{upn}')$$), 'ERROR: organization example trusts no authority "Z" HINT: It trusts: A', 'set_signer_names(): of nobody');
SELECT is(does($$SELECT muster.distrust_signer_authority('other', 'Z')$$), 'ERROR: organization other trusts no authority "Z" HINT: It trusts none: muster-ca trust FILE --organization other', 'distrust_signer_authority(): of nobody');
SELECT is(ask(claim(1, 'CN=A', v.names)), v.said, 'named by ' || v.names) FROM (VALUES
	('{"upn": ["ada@example.test"]}', 'OK|-|ada@example.test'), ('{"upn": ["ADA@Example.test"]}', 'OK|-|ada@example.test'),
	('{"upn": ["ada@example.test"], "email": ["bob@example.test"]}', 'OK|-|ada@example.test'),
	('{"email": ["bob@example.test"], "common_name": ["Ada"]}', 'OK|-|bob@example.test'), ('{"common_name": ["bob"]}', 'OK|-|bob@example.test'),
	('{"upn": [], "email": ["bob@example.test"]}', 'OK|-|bob@example.test'),
	('{"upn": ["nobody@example.test"], "email": ["bob@example.test"]}', 'Authentication|organization example has no account "nobody@example.test", or more than one of that short name|-'),
	('{"upn": ["ada@example.test", "bob@example.test"]}', 'Authentication|the certificate has 2 names of kind upn, one is needed|-'),
	('{"upn": ["olga@other.test"]}', 'Authentication|organization example has no account "olga@other.test", or more than one of that short name|-'),
	('{"upn": "ada@example.test"}', 'Authentication|the certificate is not listed for an account, and has no upn, email, common name|-'),
	('{}', 'Authentication|the certificate is not listed for an account, and has no upn, email, common name|-')) v (names, said);
SELECT is(ask(claim(1, 'CN=A', '{"upn": ["olga@other.test"]}'), p_organization => 'other'), 'Authentication|organization other trusts no authority "CN=A", who signed the certificate|-', 'another organization trusts on its own');
SELECT is(ask(claim(1, 'CN=A', '{"upn": ["ada@example.test"]}'), 'proof'), (SELECT jsonb_build_object('sha1', false, 'listed', false, 'old_uris', false, 'timestamps', true, 'authorities',
	jsonb_build_array(translate(encode(der(100), 'base64'), E'\n', '')), 'skew_seconds', 300, 'policies_unsigned', true)::text), 'what proves it');

-- One name, several keys: the newest one's rules count.
SELECT is(trust('A2', 102, '{email}', p_subject => 'CN=A', p_begins => '-1 hour'), 'organization example trusts authority "A2", whose certificates name accounts by their email', 'a second key of the same name');
SELECT is(ask(claim(1, 'CN=A', '{"upn": ["ada@example.test"], "email": ["bob@example.test"]}'), 'upn, jsonb_array_length(proof -> ''authorities'') AS n'), 'bob@example.test|1', 'the newer one''s rules, and it alone');
SELECT is(does($$SELECT muster.set_signer_names('example', 'A2', '{upn,email,common name}')$$), 'certificates of "A2" name accounts by their upn, else email, else common name', 'the same rules');
SELECT is(ask(claim(1, 'CN=A', '{"upn": ["ada@example.test"]}'), 'upn, jsonb_array_length(proof -> ''authorities'') AS n'), 'ada@example.test|2', 'either may have signed');
SELECT is(does($$SELECT muster.distrust_signer_authority('example', 'A2')$$), 'organization example trusts authority "A2" no more; devices that enrolled by its certificates stay', 'distrust_signer_authority()');

-- Listed ones.
SELECT is(does(format($$SELECT muster.list_signer('example', 'package@example.test', %L, 'autumn')$$, encode(sha256(der(5)), 'hex'))), format('certificate %s signs for account package@example.test', encode(sha256(der(5)), 'hex')), 'list_signer()');
SELECT is(ask(claim(5, 'CN=Whoever', '{"upn": ["ada@example.test"]}'), 'outcome, upn, proof ->> ''listed'' AS listed, proof ->> ''authorities'' AS authorities'), 'OK|package@example.test|true|[]', 'a listed certificate is its account''s, whoever signed it and whatever it says');
SELECT is(ask(claim(5, 'CN=Whoever'), 'outcome', 'other'), 'Authentication', 'elsewhere it is nobody''s');
SELECT is(does(format('SELECT muster.list_signer(%s)', v)), 'ERROR: ' || message, 'not listed: ' || message) FROM (VALUES
	($$'example', 'package@example.test', '0A'$$, 'not usable as the SHA-256 of a certificate: ''0A'' HINT: Give 64 hexadecimal digits: openssl x509 -in FILE -noout -fingerprint -sha256. (What Windows shows as thumbprint is its SHA-1.) Or: muster-ca trust FILE --account UPN'),
	($$'example', 'package@example.test', repeat('0a', 32), NULL, NULL, '2001-01-01 00:00+00'$$, 'the certificate ended on 2001-01-01 00:00 UTC HINT: List its successor.')) v (v, message);
SELECT alike(does($$SELECT muster.list_signer('example', 'nobody@example.test', repeat('0a', 32))$$), 'ERROR: there is no account%', 'not listed: for nobody');
SELECT is(does($$SELECT muster.list_signer('example', 'ada@example.test', 'AA:' || repeat('0a:', 30) || 'bb')$$), format('certificate aa%sbb signs for account ada@example.test', repeat('0a', 30)), 'with colons');
SELECT is(does($$SELECT muster.unlist_signer('example', 'AA:' || repeat('0a:', 30) || 'bb')$$), format('certificate aa%sbb is not listed any more', repeat('0a', 30)), 'unlist_signer()');
SELECT is(does($$SELECT muster.unlist_signer('example', repeat('0a', 32))$$), format('ERROR: organization example has not listed certificate %s HINT: To look: SELECT sha256, account, subject, note FROM muster.listed_signers;', repeat('0a', 32)), 'unlist_signer(): none');
SELECT is((SELECT string_agg(concat_ws(' ', organization, account, note), ', ') FROM muster.listed_signers), 'example package@example.test autumn', 'listed_signers');

-- Revoked ones.
SELECT is(does($$SELECT muster.revoke_signer('example', 'A', '00:00:00:01', ' ')$$), 'ERROR: revoking a certificate needs a reason HINT: For example: SELECT muster.revoke_signer(''example'', ''Example provisioning'', ''0A1B'', ''laptop stolen'');', 'revoke_signer(): no reason');
SELECT is(does($$SELECT muster.revoke_signer('example', 'A', 'one', 'x')$$), 'ERROR: not usable as a serial number: ''one'' HINT: Give it as hexadecimal digits: openssl x509 -in FILE -noout -serial', 'revoke_signer(): no serial');
SELECT is(does($$SELECT muster.revoke_signer('example', 'A', '1', 'stolen')$$), 'certificate 01 of "A" signs nothing any more; devices that enrolled by it stay', 'revoke_signer()');
SELECT alike(ask(claim(1, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|the certificate was revoked on %: stolen|-', 'revoked, however many zeros are before the number');
SELECT is(ask(claim(2, 'CN=A', '{"upn": ["ada@example.test"]}'), 'outcome'), 'OK', 'another is not');
SELECT is(does($$SELECT muster.unrevoke_signer('example', 'A', '0001')$$), 'certificate 01 of "A" may sign again', 'unrevoke_signer()');
SELECT is(ask(claim(1, 'CN=A', '{"upn": ["ada@example.test"]}'), 'outcome'), 'OK', 'it may sign again');
SELECT is(does($$SELECT muster.unrevoke_signer('example', 'A', '0001')$$), 'ERROR: certificate 01 of "A" was not revoked here HINT: To look: SELECT authority, serial, how, reason FROM muster.revoked_signers; what the authority itself revoked stays so until its next list.', 'unrevoke_signer(): none');
SELECT is(does(format($$SELECT muster.list_signer('example', 'bob@example.test', %L)$$, encode(sha256(der(3)), 'hex'))) IS NOT NULL, does($$SELECT muster.revoke_signer('example', 'A', '3', 'x')$$) IS NOT NULL, 'a listed one of a trusted authority');
SELECT alike(ask(claim(3, 'CN=A')), 'Authentication|the certificate was revoked on %', 'revoked counts before listed');

-- Their lists.
SELECT is(does($$SELECT muster.load_signer_crl('example', 'A', 7, now() - interval '1 hour', now() + interval '7 days', '{"\\x0004","\\x05","\\x05"}', ARRAY[now(), now(), now()])$$) LIKE 'authority "A": 3 certificates are revoked by its list of %, which is good until %', true, 'load_signer_crl()');
SELECT is((SELECT string_agg(serial || ' ' || how, ', ' ORDER BY serial, how) FROM muster.revoked_signers), '03 hand, 04 list, 05 list', 'revoked_signers');
SELECT alike(ask(claim(4, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|the certificate was revoked on %', 'in the list');
SELECT alike(does($$SELECT muster.load_signer_crl('example', 'A', 6, now(), NULL, '{}', '{}')$$), 'ERROR: this list of "A" is older than the one that is loaded: number 6, of %', 'an older number');
SELECT alike(does($$SELECT muster.load_signer_crl('example', 'A', NULL, now() - interval '1 day', NULL, '{}', '{}')$$), 'ERROR: this list of "A" is older than the one that is loaded: number unknown, of %', 'an older time');
SELECT is(does($$SELECT muster.load_signer_crl('example', 'A', 8, now(), NULL, '{"\\x01"}', '{}')$$), 'ERROR: a part of the list is missing HINT: Load it with: muster-ca crl FILE', 'half a list');
SELECT alike(does($$SELECT muster.load_signer_crl('example', 'A', 8, now(), now() + interval '7 days', '{"\\x05"}', ARRAY[now()])$$), 'authority "A": 1 certificates%', 'a newer one');
SELECT is((SELECT string_agg(serial || ' ' || how, ', ' ORDER BY serial, how) FROM muster.revoked_signers), '03 hand, 05 list', 'takes its place; what was done by hand stays');
SELECT bag_eq($$SELECT kind, actor_role, (details ->> 'certificates')::integer FROM muster.event WHERE kind LIKE 'revoked signers%'$$,
	$$VALUES ('revoked signers listed', 'boss', 2), ('revoked signers unlisted', 'boss', 2), ('revoked signers listed', 'boss', 1)$$, 'one event for a whole list');
SELECT is(does($$SELECT muster.require_signer_crl('example', 'A')$$), 'authority "A": its certificates are refused without a list of revoked ones that is good', 'require_signer_crl()');
SELECT is(ask(claim(2, 'CN=A', '{"upn": ["ada@example.test"]}'), 'outcome'), 'OK', 'the list is good');
UPDATE muster.signer_authority SET crl_ends_at = now() - interval '1 minute';
SELECT alike(ask(claim(2, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|the list of revoked certificates of authority "A" ended on %', 'it has ended');
SELECT is((SELECT string_agg(state, ' ') FROM muster.signer_authorities), 'without a list of revoked certificates', 'signer_authorities says so');
SELECT is((SELECT string_agg(severity, ' ') FROM muster.check_configuration('example') WHERE topic = 'signer'), 'error', 'and check_configuration()');
UPDATE muster.signer_authority SET crl_ends_at = NULL;
SELECT is(ask(claim(2, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|no list of revoked certificates of authority "A" is loaded|-', 'there is none');
SELECT is(does($$SELECT muster.require_signer_crl('example', 'A', false)$$), 'authority "A": its certificates are accepted also without a list of revoked ones', 'not demanded');
UPDATE muster.signer_authority SET not_before = now() - interval '2 days', not_after = now() - interval '1 minute';
SELECT alike(ask(claim(2, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|its authority "A" ended on %', 'the authority has ended');
UPDATE muster.signer_authority SET not_before = now() + interval '1 day', not_after = now() + interval '1 year';
SELECT alike(ask(claim(2, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|its authority "A" begins on %', 'it has not begun');
UPDATE muster.signer_authority SET not_before = now() - interval '1 day';

-- Signed requests enroll once.
SELECT is(come(1, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}')), 'Authentication|the request is not signed', 'not signed');
SELECT is(come(1, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}', 1) || '{"signed": "true"}'), 'Authentication|the request is not signed', 'not signed either');
SELECT is(come(1, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}', 1) || '{"not_after": "soon"}'), 'Authentication|the request is not signed', 'without its certificate''s end');
SELECT is(come(1, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}', 1)), 'OK|-', 'signed');
SELECT is((SELECT details ->> 'credential' FROM muster.event WHERE kind = 'enrolled' AND device = id(1)), 'certificate', 'the event says by what');
SELECT is(come(1, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}', 1)), 'OK|recorded by an earlier call', 'the issuer asks again after a lost COMMIT');
SELECT is(come(2, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}', 1)), 'Authentication|this very request has enrolled a device already: a retry is signed anew', 'the same request again');
SELECT is(come(2, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}', 2)), 'OK|-', 'signed anew');
SELECT is(come(3, claim(2, 'CN=A', '{"upn": ["bob@example.test"]}', 3)), 'Authentication|the certificate names another account by now', 'the claim is asked again');
SELECT is(does($$SELECT muster.revoke_signer('example', 'A', '2', 'just now')$$) IS NOT NULL, true, 'revoked meanwhile');
SELECT alike(come(3, claim(2, 'CN=A', '{"upn": ["ada@example.test"]}', 3)), 'Authentication|the certificate was revoked on %: just now', 'is refused at the last moment');
UPDATE muster.organization SET auth_policies = '{OnPremise}' WHERE key = 'example';
SELECT is(come(3, claim(5, 'CN=Whoever', '{}', 3), 'package@example.test'), 'Authentication|certificates are not accepted any more', 'as when the policy changed');
UPDATE muster.organization SET auth_policies = '{OnPremise,Certificate}' WHERE key = 'example';
-- Housekeeping.
SELECT is((SELECT count(*) FROM muster.used_signature), 2::bigint, 'what was used is remembered');
SELECT is(muster.keep_signatures(), NULL, 'until the certificate ends');
UPDATE muster.used_signature SET until = now() - interval '2 hours' WHERE device = id(1);
SELECT is(muster.keep_signatures(), '1 signed requests forgotten, whose certificates have ended', 'then it goes');

-- Our own devices'.
SELECT is(trust('Own', -1002, p_own => true, p_subject => 'CN=Example issuing'), 'organization example trusts authority "Own", whose certificates name the account of the device they were issued to', 'an authority of ours');
SELECT is(ask(claim(1, 'CN=Example issuing', '{"upn": ["bob@example.test"]}')), 'OK|-|ada@example.test', 'a device signs for its account, whatever its certificate says');
SELECT is(ask(claim(77, 'CN=Example issuing')), 'Authentication|the certificate names one of our authorities, which did not record it|-', 'one that was not recorded');
SELECT is(trust('Own', -1002, p_organization => 'other', p_own => true, p_subject => 'CN=Example issuing') IS NOT NULL, true, 'also trusted by another organization');
SELECT is(ask(claim(1, 'CN=Example issuing'), p_organization => 'other'), 'Authentication|the certificate is that of another organization''s device|-', 'whose device it is not');
SELECT muster.retire_device(id(1), 'lost') IS NULL;
SELECT is(ask(claim(1, 'CN=Example issuing')), format('Authentication|the certificate is that of device %s, which is retired|-', id(1)), 'a retired one');
SELECT is(does($$SELECT muster.set_signer_names('example', 'Own', '{upn}')$$), 'ERROR: a device''s certificate names its account, not the names in it HINT: Trust it anew: SELECT muster.distrust_signer_authority(''example'', ''Own'');', 'no names of a device');

-- How requests are to be.
SELECT is(does($$SELECT muster.set_signing('example', false, 60, true, true, false)$$), 'organization example: signed requests may be of any time; SHA-1 is accepted; GetPolicies also signed', 'set_signing()');
SELECT is(ask(claim(5, 'CN=Whoever'), 'proof - ''authorities'' - ''listed'' AS p'), '{"sha1": true, "old_uris": true, "timestamps": false, "skew_seconds": 60, "policies_unsigned": false}', 'the programs are told');
SELECT is((SELECT value FROM muster.configuration_of('example') WHERE setting = 'signed requests'), 'of any time, also SHA-1, also old URIs', 'configuration_of()');
SELECT is(does($$SELECT muster.set_signing('example')$$), 'organization example: signed requests are of now, give or take 300 s; GetPolicies also without a signature', 'the defaults');
SELECT is(does($$SELECT muster.set_signing('example', skew_seconds => 604801)$$), 'ERROR: clocks may lie 0 to 604800 seconds apart, not 604801 HINT: 300 are usual; where clocks are wrong while devices are provisioned: timestamps => false.', 'too far apart');
SELECT is(does($$SELECT muster.set_signing('example', sha1 => NULL)$$) LIKE 'ERROR: %sha1%', true, 'NULL is no switch');

-- Deleting.
SELECT is(ask(claim(5, 'CN=Whoever'), 'outcome'), 'OK', 'a listed certificate');
SELECT is(does($$SELECT muster.delete_account('package@example.test', really => true, reason => 'gone') IS NULL$$) LIKE 'ERROR%', false, 'its account is deleted');
SELECT is(ask(claim(5, 'CN=Whoever')), 'Authentication|organization example trusts no authority "CN=Whoever", who signed the certificate|-', 'the certificate is listed no more');
SELECT * FROM finish();
