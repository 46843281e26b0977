-- The statements that version 16's workers send (app/store), letter by letter, as the role muster_worker, with
-- parameters of no declared type as there. Arguments fit data.sql.

-- Claims as the programs make them: tokens (good; consumed by the laptop; by a device that is retired; expired; bulk
-- tokens with a limit, without, revoked; unknown), …
\set password '{"kind":"password"}'
\set page '{"kind":"sign-in page"}'
\set token '{"kind":"token","sha256":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}'
\set consumed '{"kind":"token","sha256":"a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"}'
\set retired '{"kind":"token","sha256":"a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3"}'
\set expired '{"kind":"token","sha256":"a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4"}'
\set limited '{"kind":"token","sha256":"b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"}'
\set bulk '{"kind":"token","sha256":"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"}'
\set revoked '{"kind":"token","sha256":"b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3"}'
\set unknown '{"kind":"token","sha256":"0000000000000000000000000000000000000000000000000000000000000000"}'
-- … tokens of Entra ID (of an object that is an account; of one that is none yet, but of that name; that is nobody; of a
-- device; by keys that ended, were revoked, are unknown; of another tenant), …
\set jwt '{"kind":"jwt","issuer":"https://login.test/421/v2.0","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k1","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001af","user":"ada@example.test","audiences":["https://mdm.example.test"],"version":"2.0"}'
\set jwt_named '{"kind":"jwt","issuer":"https://sts.test/421/","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k1","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001b7","user":"twin@bücher.example.test","audiences":["https://mdm.example.test"],"version":"1.0"}'
\set jwt_new '{"kind":"jwt","issuer":"https://sts.test/421/","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k1","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001b2","user":"new@example.test","audiences":["https://mdm.example.test"],"version":"1.0"}'
\set jwt_taken '{"kind":"jwt","issuer":"https://sts.test/421/","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k1","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001b3","user":"ada@example.test","audiences":["https://mdm.example.test"],"version":"1.0"}'
\set jwt_device '{"kind":"jwt","issuer":"https://sts.test/421/","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k1","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001b4","user":null,"audiences":["https://mdm.example.test"],"version":"1.0","device":"0190f0c2-0000-7000-8000-0000000001b5"}'
\set jwt_ended '{"kind":"jwt","issuer":"https://sts.test/421/","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k2","algorithm":"ES256","subject":"0190f0c2-0000-7000-8000-0000000001af","user":"ada@example.test","audiences":["https://mdm.example.test"],"version":"1.0"}'
\set jwt_revoked '{"kind":"jwt","issuer":"https://sts.test/421/","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k3","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001af","user":"ada@example.test","audiences":["https://mdm.example.test"],"version":"1.0"}'
\set jwt_unknown '{"kind":"jwt","issuer":"https://sts.test/421/","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k9","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001af","user":"ada@example.test","audiences":["https://mdm.example.test"],"version":"1.0"}'
\set jwt_other '{"kind":"jwt","issuer":"https://sts.test/499/","tenant":"0190f0c2-0000-7000-8000-0000000001f3","key":"k1","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001af","user":"ada@example.test","audiences":["https://mdm.example.test"],"version":"1.0"}'
-- … and certificates (listed; by a name; with none; revoked; without a list; of the laptop; of an unknown authority).
\set listed '{"kind":"certificate","sha256":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","subject":"CN=Package","issuer":"CN=Whoever","issuer_sha256":"5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f","serial":"01","upn":[],"email":[],"common_name":["Package"],"not_after":"2085-01-01T00:00:00Z"}'
\set named '{"kind":"certificate","sha256":"c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2","subject":"CN=Ada","issuer":"CN=Partner","issuer_sha256":"5252525252525252525252525252525252525252525252525252525252525252","serial":"0b","upn":[],"email":["ada@example.test"],"common_name":["Ada"],"not_after":"2085-01-01T00:00:00Z"}'
\set nameless '{"kind":"certificate","sha256":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","subject":"O=Nobody","issuer":"CN=Partner","issuer_sha256":"5252525252525252525252525252525252525252525252525252525252525252","serial":"0c","upn":[],"email":[],"common_name":[],"not_after":"2085-01-01T00:00:00Z"}'
\set stolen '{"kind":"certificate","sha256":"c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4","subject":"CN=Ada","issuer":"CN=Partner","issuer_sha256":"5252525252525252525252525252525252525252525252525252525252525252","serial":"0a","upn":["ada@example.test"],"email":[],"common_name":[],"not_after":"2085-01-01T00:00:00Z"}'
\set without_list '{"kind":"certificate","sha256":"c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5","subject":"CN=Ada","issuer":"CN=No list","issuer_sha256":"5353535353535353535353535353535353535353535353535353535353535353","serial":"01","upn":["ada@example.test"],"email":[],"common_name":[],"not_after":"2085-01-01T00:00:00Z"}'
\set stranger '{"kind":"certificate","sha256":"c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6c6","subject":"CN=Ada","issuer":"CN=Stranger","issuer_sha256":"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e","serial":"01","upn":["ada@example.test"],"email":[],"common_name":[],"not_after":"2085-01-01T00:00:00Z"}'
SELECT jsonb_build_object('kind', 'certificate', 'sha256', encode(sha256('\x308200000067'::bytea || decode(repeat('5a', 294), 'hex')), 'hex'), 'subject', 'CN=Laptop', 'issuer', 'CN=Issuing', 'issuer_sha256', repeat('51', 32), 'serial', '03', 'upn', '[]'::jsonb, 'email', '[]'::jsonb, 'common_name', '[]'::jsonb, 'not_after', '2080-01-01T00:00:00Z') AS laptop \gset

PREPARE discover AS SELECT outcome, why, organization, enrollment_url, auth_policies, enrollment_version, sign_in FROM muster_worker.discover($1);
EXECUTE discover('example.test');
EXECUTE discover('BÜCHER.example.test.');
EXECUTE discover('sso.test');
EXECUTE discover('shut.test');
EXECUTE discover('closed.test');
EXECUTE discover('nowhere.test');
EXECUTE discover(NULL);

PREPARE policy AS SELECT outcome, why, text, organization, account, upn, password_hash, minimum_key_length, validity_seconds, renewal_seconds, language, details, proof, welcome, suspected, refused, decoy FROM muster_worker.policy($1, $2, $3, $4);
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'password');
EXECUTE policy(NULL, 'Ada@Example.test', '198.51.100.1', :'password');
EXECUTE policy('example', 'CORP\bob', '192.0.2.7', :'password');
EXECUTE policy('example', 'Bob@example.test', '198.51.100.7', :'password');
EXECUTE policy('example', 'bob', '2001:db8:7::1', :'page');
EXECUTE policy('example', 'nemo', '203.0.113.9', :'password');
EXECUTE policy('example', 'somebody@example.test', NULL, '{"kind":"password","directory":"corp","upn":"welcome@example.test"}');
EXECUTE policy('example', 'twin', '192.0.2.7', :'password');
EXECUTE policy('example', 'carl', '192.0.2.7', :'password');
EXECUTE policy('example', 'dora', '192.0.2.7', NULL);
EXECUTE policy('closed', 'erin', '192.0.2.7', :'password');
EXECUTE policy('empty', 'first', '192.0.2.7', :'password');
EXECUTE policy('expired', 'late', '192.0.2.7', :'password');
EXECUTE policy('sso', 'grace', '192.0.2.7', :'password');
EXECUTE policy('shut', 'nobody', '192.0.2.7', :'password');
EXECUTE policy('gone', 'nobody', '192.0.2.7', :'password');
EXECUTE policy('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'ada@example.test', '192.0.2.7', :'page');
EXECUTE policy('nowhere', 'ada', '192.0.2.7', :'password');
EXECUTE policy(NULL, 'nobody@nowhere.test', '192.0.2.7', :'password');
EXECUTE policy('example', NULL, '192.0.2.7', :'token');
EXECUTE policy('example', NULL, '192.0.2.7', :'unknown');
EXECUTE policy('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', NULL, NULL, :'expired');
EXECUTE policy('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', NULL, NULL, :'token');
EXECUTE policy('example', NULL, '203.0.113.1', :'limited');
EXECUTE policy('example', NULL, '203.0.113.1', :'revoked');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'jwt');
EXECUTE policy('example', 'new@example.test', '192.0.2.7', :'jwt_new');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'jwt_ended');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'jwt_revoked');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'jwt_unknown');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'jwt_other');
EXECUTE policy('example', 'Package', '192.0.2.7', :'listed');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'named');
EXECUTE policy('example', 'O=Nobody', '192.0.2.7', :'nameless');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'stolen');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'without_list');
EXECUTE policy('example', 'ada@example.test', '192.0.2.7', :'stranger');
EXECUTE policy('example', 'CN=Laptop', '192.0.2.7', :'laptop');
EXECUTE policy('sso', 'ada@example.test', '192.0.2.7', :'named');

PREPARE consider AS SELECT outcome, why, text, organization, account, upn, password_hash, minimum_key_length, allow_sha1, provider_id, provider_name, management_url, renewal_url, renew_period_days, renew_retry_days, first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval, poll_on_login, all_users_poll_on_first_login, application_enterprise_id, application_token, hub_product_id, hub_uri, hub_name, language, details, proof, welcome, suspected, refused, decoy FROM muster_worker.consider($1, $2, $3, $4, $5);
EXECUTE consider('example', 'ada@example.test', '{"DeviceID":"Laptop","HWDevID":"hw-1","EnrollmentType":"Full","OSVersion":"10.0.22631.1"}', '192.0.2.7', :'password');
EXECUTE consider('example', 'package', '{"DeviceID":"clone-3","HWDevID":"HW-image","EnrollmentType":"Device"}', '192.0.2.7', :'password');
EXECUTE consider('example', 'ada', NULL, '192.0.2.7', :'password');
EXECUTE consider('example', 'ada', '{"EnrollmentType":"Quick"}', '192.0.2.7', :'password');
EXECUTE consider('example', 'CORP\bob', '{}', '192.0.2.7', :'password');
EXECUTE consider('example', 'carl', '{}', '192.0.2.7', :'password');
EXECUTE consider('closed', 'erin', '{}', '192.0.2.7', :'password');
EXECUTE consider('empty', 'first', '{}', '192.0.2.7', :'password');
EXECUTE consider('expired', 'late', '{}', '192.0.2.7', :'password');
EXECUTE consider('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'ada', '{"DeviceName":["a","b"],"DeviceType":{"x":1}}', '192.0.2.7', :'password');
EXECUTE consider('example', 'nobody', '{}', '192.0.2.7', :'password');
EXECUTE consider('nowhere', 'ada', '{}', '192.0.2.7', :'password');
EXECUTE consider('example', NULL, '{"DeviceID":"Laptop","HWDevID":"hw-1"}', '192.0.2.7', :'token');
EXECUTE consider('example', NULL, '{"DeviceID":"Laptop","HWDevID":"hw-1"}', '192.0.2.7', :'consumed');
EXECUTE consider('example', NULL, '{"DeviceID":"lost"}', '192.0.2.7', :'retired');
EXECUTE consider('example', NULL, '{"DeviceID":"tablet-2"}', '192.0.2.7', :'limited');
EXECUTE consider('example', NULL, '{"DeviceID":"tablet-2"}', '203.0.113.1', :'limited');
EXECUTE consider('example', NULL, '{"DeviceID":"tablet-2"}', NULL, :'bulk');
EXECUTE consider('sso', NULL, '{}', '192.0.2.7', :'token');
EXECUTE consider('example', 'ada@example.test', '{}', '192.0.2.7', :'jwt');
EXECUTE consider('example', 'twin@bücher.example.test', '{}', '192.0.2.7', :'jwt_named');
EXECUTE consider('example', 'ada@example.test', '{}', '192.0.2.7', :'jwt_taken');
EXECUTE consider('example', NULL, '{"EnrollmentType":"Device"}', '192.0.2.7', :'jwt_device');
EXECUTE consider('example', 'Package', '{"EnrollmentType":"Device"}', '192.0.2.7', :'listed');
EXECUTE consider('example', 'CN=Laptop', '{"DeviceID":"Laptop"}', '192.0.2.7', :'laptop');

PREPARE refuse AS SELECT recorded FROM muster_worker.refuse($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
EXECUTE refuse('0190f0c2-0000-7000-8000-00000000f001', '0190f0c2-0000-7000-8000-00000000f002', 'policy', 'Authentication', 'wrong password', 'example', 'ada',
	'0190f0c2-0000-7000-8000-000000000015', '192.0.2.7', '{"DeviceID":"Laptop","DeviceName":"ADA-PC"}', '{"rule":"collision","policy":"refuse"}');
EXECUTE refuse('0190f0c2-0000-7000-8000-00000000f003', NULL, 'enrollment', 'MessageFormat', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
EXECUTE refuse('0190f0c2-0000-7000-8000-00000000f004', NULL, 'discovery', 'Authorization', 'odd', 'no such key', 'x@nowhere.test', NULL, 'not an address', '[1,2]', NULL);

-- Of the devices 103 (its first use ends 102), 102 after that, 101, 104, 105, 108, 110, 111, and of none.
PREPARE device AS SELECT outcome, why, device, account, organization, state, name, not_after FROM muster_worker.device($1, $2);
EXECUTE device(sha256('\x308200000067'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f011');
EXECUTE device(sha256('\x308200000066'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f012');
EXECUTE device(sha256('\x308200000065'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f013');
EXECUTE device(sha256('\x308200000068'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f014');
EXECUTE device(sha256('\x308200000069'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f015');
EXECUTE device(sha256('\x30820000006c'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f016');
EXECUTE device(sha256('\x30820000006e'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f017');
EXECUTE device(sha256('\x30820000006f'::bytea || decode(repeat('5a', 294), 'hex')), '0190f0c2-0000-7000-8000-00000000f018');
EXECUTE device(sha256('\x00'), '0190f0c2-0000-7000-8000-00000000f019');

PREPARE make_token AS SELECT outcome, why FROM muster_worker.make_token($1, $2, $3, $4, $5, $6, $7);
EXECUTE make_token('example', '0190f0c2-0000-7000-8000-000000000015', sha256('new'), 'sign-in page', '0190f0c2-0000-7000-8000-00000000f021', '0190f0c2-0000-7000-8000-00000000f022', '192.0.2.9');
EXECUTE make_token('sso', '0190f0c2-0000-7000-8000-000000000022', sha256('newer'), 'web server', '0190f0c2-0000-7000-8000-00000000f023', NULL, NULL);
EXECUTE make_token('sso', '0190f0c2-0000-7000-8000-000000000015', sha256('newest'), 'web server', '0190f0c2-0000-7000-8000-00000000f024', NULL, NULL);
EXECUTE make_token('example', '0190f0c2-0000-7000-8000-000000000015', sha256('newest'), 'bulk', '0190f0c2-0000-7000-8000-00000000f025', NULL, NULL);

-- Made, found, linked by the name, refused, and by a directory.
PREPARE welcome AS SELECT outcome, why FROM muster_worker.welcome($1, $2, $3, $4, $5, $6);
EXECUTE welcome('example', 'new@example.test', :'jwt_new', '{"name":"新しい人"}', '0190f0c2-0000-7000-8000-00000000f031', '192.0.2.7');
EXECUTE welcome('example', 'new@example.test', :'jwt_new', NULL, '0190f0c2-0000-7000-8000-00000000f032', '192.0.2.7');
EXECUTE welcome('example', 'twin@bücher.example.test', :'jwt_named', NULL, '0190f0c2-0000-7000-8000-00000000f033', NULL);
EXECUTE welcome('example', 'ada@example.test', :'jwt_taken', NULL, '0190f0c2-0000-7000-8000-00000000f034', NULL);
EXECUTE welcome('example', 'welcome', '{"kind":"password","directory":"corp","upn":"welcome@example.test"}', '{"name":"Welcome"}', '0190f0c2-0000-7000-8000-00000000f035', '192.0.2.7');
EXECUTE welcome('example', 'ada', '{"kind":"sign-in page","directory":"corp","upn":"ada@example.test"}', '{}', '0190f0c2-0000-7000-8000-00000000f036', '192.0.2.7');
EXECUTE welcome('example', 'x', '{"kind":"sign-in page","directory":"removed","upn":"x@example.test"}', '{}', '0190f0c2-0000-7000-8000-00000000f037', '192.0.2.7');

-- Of an account where it is not known from and where it is, of one that is refused, of nobody's name, of no organization.
PREPARE count_password AS SELECT counted FROM muster_worker.count_password($1, $2, $3, $4, $5, $6);
EXECUTE count_password('example', 'ada', '0190f0c2-0000-7000-8000-000000000015', '198.51.100.2', 't', '0190f0c2-0000-7000-8000-00000000f041');
EXECUTE count_password('example', 'bob', '0190f0c2-0000-7000-8000-000000000016', '198.51.100.7', 't', '0190f0c2-0000-7000-8000-00000000f042');
EXECUTE count_password('example', 'bob', '0190f0c2-0000-7000-8000-000000000016', '198.51.100.2', 'f', '0190f0c2-0000-7000-8000-00000000f043');
EXECUTE count_password('example', 'nemo', NULL, '2001:db8::9', 't', '0190f0c2-0000-7000-8000-00000000f044');
EXECUTE count_password(NULL, repeat('u', 313) || '@' || rtrim(repeat(repeat('z', 62) || '.', 4), '.') || 'z', '0190f0c2-0000-7000-8000-00000000001c', '10.0.0.1', 't', '0190f0c2-0000-7000-8000-00000000f045');
EXECUTE count_password(NULL, 'x@nowhere.test', NULL, NULL, 't', '0190f0c2-0000-7000-8000-00000000f046');

-- Texts of the pages may be added and said better: all that there were are there, and an administrator's own stay.
PREPARE page AS SELECT outcome, why, organization, name, color, color_on, logo, language, words FROM muster_worker.page($1, $2);
EXECUTE page('example', 'de-AT,en') \gset page_
\echo :page_outcome :page_why :page_organization :page_name :page_color :page_color_on :page_logo :page_language
SELECT key, CASE key WHEN 'sign_in_title' THEN value END AS own FROM jsonb_each_text(:'page_words') WHERE key = ANY ('{direction,error_Authentication,error_Authorization,error_CertificateRequest,error_CustomServerError,error_DeviceCapReached,error_DeviceNotSupported,error_EnrollmentServer,error_InMaintenance,error_InternalServiceFault,error_InvalidEnrollmentData,error_InvalidSecurity,error_MessageFormat,error_NotEligibleToRenew,error_NotSupported,error_UserLicense,error_hint,error_mark,error_title,fields_missing,page_expired,password_label,result_button,result_lead,result_title,sign_in_button,sign_in_lead,sign_in_title,trace_id,user_label,wrong_password}') ORDER BY key;
EXECUTE page('closed', 'nl,de') \gset page_
\echo :page_outcome :page_why :page_organization :page_name :page_color :page_color_on :page_language
SELECT :'page_words'::jsonb -> 'sign_in_title' AS own;
EXECUTE page('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'abcdefgh-12345678-abcdefgh-12345678-abcdefgh') \gset page_
\echo :page_outcome :page_why :page_organization :page_name :page_logo :page_language
EXECUTE page('gone', NULL) \gset page_
\echo :page_outcome :page_why :page_language

PREPARE sign_in_variables AS SELECT outcome, why, variables, user_variable FROM muster_worker.sign_in_variables($1);
EXECUTE sign_in_variables('sso');
EXECUTE sign_in_variables('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz');
EXECUTE sign_in_variables('example');
EXECUTE sign_in_variables('nowhere');

-- Somebody who is known and in a group, whose groups go, whose realm is mapped, who does not fulfil a condition; somebody
-- new, whose account has an id that nobody knows before; a name that is none; where a licence is demanded; where it is off.
PREPARE sign_in AS SELECT outcome, why, text, language, details, organization, account, upn FROM muster_worker.sign_in($1, $2, $3, $4);
EXECUTE sign_in('sso', '{"AUTH_TYPE":"Negotiate","REMOTE_USER":"grace@SSO.EXAMPLE","AUTH_LEVEL":"high","MEMBER_OF":"others; staff"}', '0190f0c2-0000-7000-8000-00000000f051', '192.0.2.7');
EXECUTE sign_in('sso', '{"AUTH_TYPE":"negotiate","REMOTE_USER":"Grace","AUTH_LEVEL":"high"}', '0190f0c2-0000-7000-8000-00000000f052', '192.0.2.7');
EXECUTE sign_in('sso', '{"AUTH_TYPE":"Negotiate","REMOTE_USER":"grace@SSO.EXAMPLE","AUTH_LEVEL":"low"}', '0190f0c2-0000-7000-8000-00000000f053', '192.0.2.7');
EXECUTE sign_in('sso', '{"AUTH_TYPE":"Negotiate","REMOTE_USER":"henry@sso.test","AUTH_LEVEL":"high","DISPLAY_NAME":"Henry Ж","MEMBER_OF":"staff"}', '0190f0c2-0000-7000-8000-00000000f054', NULL) \gset new_
\echo :new_outcome :new_why :new_organization :new_upn
EXECUTE sign_in('sso', '{"AUTH_TYPE":"Negotiate","REMOTE_USER":"HTTP/host@SSO.EXAMPLE","AUTH_LEVEL":"high"}', '0190f0c2-0000-7000-8000-00000000f055', NULL);
EXECUTE sign_in('sso', '{}', '0190f0c2-0000-7000-8000-00000000f056', NULL);
EXECUTE sign_in('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', '{"AUTH_TYPE":"openid-connect","OIDC_CLAIM_upn":"ada@example.test","OIDC_CLAIM_email_verified":"1"}', '0190f0c2-0000-7000-8000-00000000f057', '10.0.0.1');
EXECUTE sign_in('example', '{"AUTH_TYPE":"Negotiate"}', '0190f0c2-0000-7000-8000-00000000f058', NULL);

PREPARE count AS SELECT counted FROM muster_worker.count($1);
EXECUTE count('[{"organization": "example", "stage": "policy", "build": "10.0.26100", "count": 3}]');

PREPARE housekeeping AS SELECT summary, more FROM muster_worker.housekeeping();
EXECUTE housekeeping;
