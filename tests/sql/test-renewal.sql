-- Renewing certificates: the rules one by one, what is recorded, asked again, and two at once.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION sha(n integer) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256(test.der(n)) $$;
CREATE FUNCTION hex(n integer) RETURNS text LANGUAGE sql AS $$ SELECT encode(test.sha(n), 'hex') $$;
-- Enroll device n with certificate n, which is due.
CREATE FUNCTION enroll(n integer, p_upn text, p_facts text DEFAULT '{}', p_ends timestamptz DEFAULT now() + interval '20 days') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_issuer', test.record(n, p_upn, p_facts, p_ends => p_ends))
$$;
-- The claim of a connection made with certificate n.
CREATE FUNCTION claim(n integer) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('kind', 'renewal', 'tls', 'verified', 'tls_sha256', test.hex(n)) $$;
CREATE FUNCTION considered(n integer, p_claim jsonb DEFAULT NULL, p_columns text DEFAULT 'outcome, why', p_organization text DEFAULT NULL, p_remote text DEFAULT '192.0.2.7') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT %s FROM muster_worker.consider_renewal(%L, %L, %L, %L)', p_columns, p_organization,
		(SELECT serial FROM muster.certificate WHERE sha256 = test.sha(n)), coalesce(p_claim, test.claim(n)), p_remote))
$$;
-- The call that records certificate m for the device whose certificate n is; whatever is not given is right.
CREATE FUNCTION renewal(n integer, m integer, p_key integer DEFAULT NULL, p_claim jsonb DEFAULT NULL, p_columns text DEFAULT 'outcome, why', p_device uuid DEFAULT NULL,
	p_account uuid DEFAULT NULL, p_organization text DEFAULT NULL, p_generation bigint DEFAULT NULL, p_authority uuid DEFAULT NULL, p_ends timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT %s FROM muster_issuer.renew(%L, %L, %L, NULL, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L)', p_columns,
		coalesce(p_device, d.id), test.sha(n), test.id(3000000 + m), '192.0.2.7', coalesce(p_organization, o.key), coalesce(p_account, d.account),
		coalesce(p_authority, o.authority), coalesce(p_generation, (SELECT generation FROM muster.configuration)),
		decode(lpad(to_hex(m), 8, '0'), 'hex'), test.sha(m), test.der(m), sha256(test.der(-coalesce(p_key, m))),
		extract(epoch FROM now() - interval '10 min')::bigint, extract(epoch FROM coalesce(p_ends, now() + interval '300 days'))::bigint, coalesce(p_claim, test.claim(n)))
	  FROM muster.certificate x JOIN muster.device d ON d.id = x.device JOIN muster.organization o ON o.id = x.organization WHERE x.sha256 = test.sha(n)
$$;
CREATE FUNCTION renewed(n integer, m integer, p_key integer DEFAULT NULL, p_claim jsonb DEFAULT NULL, p_columns text DEFAULT 'outcome, why') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_issuer', test.renewal(n, m, p_key, p_claim, p_columns))
$$;
CREATE FUNCTION door(n integer) RETURNS text LANGUAGE sql AS $$ SELECT test.try('muster_worker', test.device(n)) $$;
-- Both decide the same.
CREATE FUNCTION each_says(n integer, m integer, p_claim jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	a text := test.considered(n, p_claim);
	b text := test.renewed(n, m, p_claim => p_claim);
BEGIN
	RETURN CASE WHEN a = b THEN a ELSE a || ' BUT ' || b END;
END
$$;

-- What a worker is told.
SELECT is(enroll(1, 'ada@example.test', '{"DeviceID": "d1", "HWDevID": "hw1", "SerialNumber": "sn1", "DeviceName": "PC", "EnrollmentType": "Device"}'), 'OK|-', 'a device whose certificate is due');
SELECT is(considered(1, p_columns => 'outcome, organization, upn, device, sha256, certificate, minimum_key_length, allow_sha1, provider_id, renewal_url, renew_period_days, renew_retry_days, device_enrollment'),
	format('OK|example|ada@example.test|%s|%s|%s|2048|false|ExampleMDM|https://device.example.test/EnrollmentServer/example/Renewal.svc|42|5|true', id(1), sha(1), der(1)), 'consider_renewal(): the certificate on record and what its document needs');
SELECT is(considered(1, p_organization => 'EXAMPLE'), 'OK|-', 'the organization of the path, in any case');
SELECT is(considered(1, p_organization => 'other'), 'NotEligibleToRenew|the certificate is one of organization example, the request came to other', 'another organization''s path');
SELECT is(considered(99, p_columns => 'outcome, why, device, certificate'), 'NotEligibleToRenew|the request is signed by a certificate that is not on record, serial number NULL|-|-', 'unknown');
SELECT is(try('muster_worker', $$SELECT outcome, why FROM muster_worker.consider_renewal('example', '\x0badc0de', NULL, NULL)$$), 'NotEligibleToRenew|the request is signed by a certificate that is not on record, serial number 0badc0de', 'an unknown serial number');
SELECT is(try('muster_worker', 'SELECT renewal_url FROM muster_worker.consider(''example'', ''ada'', ''{}'')'), 'https://device.example.test/EnrollmentServer/example/Renewal.svc', 'where a device is told to renew from the beginning');
SELECT is(muster.set_renewal('example', 42, 5, 'https://renew.example.test/x'), 'organization example: new devices renew 42 days before the end, trying every 5 days, at https://renew.example.test/x', 'or elsewhere');
SELECT is(considered(1, p_columns => 'renewal_url'), 'https://renew.example.test/x', 'which it is told at the next renewal');
SELECT muster.set_renewal('example', 42, 5) IS NULL;

-- The record.
SELECT is(renewed(1, 2, p_columns => 'outcome, why, stale, certificate, device, issuing, root'), format('OK|-|false|%s|%s|-|-', der(2), id(1)), 'renew(): the new certificate; no authority that the device has');
SELECT results_eq($$SELECT device, renews, first_used_at IS NULL, superseded_at, renew_period_days FROM muster.certificate WHERE sha256 = test.sha(2)$$, $$VALUES (test.id(1), test.sha(1), true, NULL::timestamptz, 42)$$, 'the certificate, and what it renews');
SELECT results_eq($$SELECT kind, stage, outcome, user_name, device, host(remote), details ->> 'renews', details ->> 'key', details ->> 'tls' FROM muster.event WHERE trace = test.id(3000002) AND kind = 'renewed'$$,
	$$VALUES ('renewed', 'renewal', 'OK', 'ada@example.test', test.id(1), '192.0.2.7', test.hex(1), 'new', 'verified')$$, 'the event');
SELECT results_eq($$SELECT kind FROM muster.trace(test.id(3000002)) ORDER BY at$$, $$VALUES ('first contact'), ('renewed')$$, 'the story: to sign with a certificate is to use it');
SELECT results_eq($$SELECT certificate_ends > now() + interval '299 days', EXISTS (SELECT FROM muster.certificates c WHERE c.device = d.id AND c.sha256 = test.hex(2) AND c.renews IS NOT NULL) FROM muster.devices d WHERE id = test.id(1)$$, $$VALUES (true, true)$$, 'the device shows the newest certificate');
SELECT results_eq($$SELECT sha256, renews FROM muster.certificates WHERE device = test.id(1) ORDER BY issued_at, renews NULLS FIRST$$, $$VALUES (test.hex(1), NULL), (test.hex(2), test.hex(1))$$, 'the certificates show what renews what');
SELECT is(door(1), 'OK|-', 'the old one is good until the new one is used');
SELECT is(door(2), 'OK|-', 'which it is');
SELECT is(door(1), 'Forbidden|certificate is superseded: the device has used a newer one', 'and ends the old one');
SELECT results_eq($$SELECT stage, device, details ->> 'ends' FROM muster.event WHERE kind = 'renewal used'$$, $$VALUES ('device', test.id(1), test.hex(1))$$, 'with an event of its own');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'first contact' AND device = id(1)), 1::bigint, 'a first contact is only the first');
SELECT is((SELECT dm_secrets FROM muster.device WHERE id = id(1)), '\x0102', 'the DM account''s secrets stay');
SELECT is((SELECT superseded_at FROM muster.certificates WHERE sha256 = hex(2)), NULL, 'the new one has not ended');

-- Asked again.
SELECT is(enroll(10, 'ada@example.test', '{"DeviceID": "d10"}'), 'OK|-', 'another device');
SELECT is(renewed(10, 11), 'OK|-', 'renews');
SELECT is(renewed(10, 11, p_columns => 'outcome, why, certificate'), 'OK|recorded by an earlier call|' || der(11)::text, 'its issuer asks again: the same');
SELECT is(renewed(10, 12, 11, p_columns => 'outcome, why, certificate, device'), format('OK|recorded by an earlier call|%s|%s', der(11), id(10)), 'it asks again with the same key: the same, not the one made anew');
SELECT is((SELECT count(*) FROM muster.certificate WHERE device = id(10)), 2::bigint, 'one was recorded');
SELECT results_eq($$SELECT kind, stage, device FROM muster.event WHERE trace = test.id(3000012)$$, $$VALUES ('sent again', 'renewal', test.id(10))$$, 'an answer sent again is told, a COMMIT asked again is not');
SELECT is(try('muster_issuer', renewal(10, 13, 11, p_generation => 1, p_columns => 'outcome, stale, certificate')), 'OK|false|' || der(11)::text, 'also after a change of the configuration');
SELECT is(renewed(10, 14, p_columns => 'outcome, certificate'), 'OK|' || der(14)::text, 'with another key, its first one lost: another certificate');
SELECT is(door(11), 'OK|-', 'the first is used all the same');
SELECT is(door(10) || ', ' || door(14), 'Forbidden|certificate is superseded: the device has used a newer one, Forbidden|certificate is superseded: the device has used a newer one', 'which ends the old one and the one that got lost');
SELECT is(each_says(10, 11), 'NotEligibleToRenew|certificate is superseded: the device has used a newer one', 'a replay after that is refused');
SELECT is(renewed(10, 15, 11), 'NotEligibleToRenew|certificate is superseded: the device has used a newer one', 'with any certificate');
SELECT is((SELECT count(*) FROM muster.certificate WHERE device = id(10)), 3::bigint, 'and does no harm');

-- What is checked.
SELECT is(enroll(20, 'bob@example.test', '{"DeviceID": "d20"}'), 'OK|-', 'bob''s device');
SELECT is(try('muster_issuer', renewal(20, 21, p_device => id(1))), 'NotEligibleToRenew|the certificate to renew is not this device''s, account''s and organization''s', 'another device''s name');
SELECT is(try('muster_issuer', renewal(20, 21, p_account => muster.account_id('ada@example.test'))), 'NotEligibleToRenew|the certificate to renew is not this device''s, account''s and organization''s', 'another account');
SELECT is(try('muster_issuer', renewal(20, 21, p_organization => 'other')), 'NotEligibleToRenew|the certificate to renew is not this device''s, account''s and organization''s', 'another organization');
SELECT is(try('muster_issuer', replace(renewal(20, 21), quote_literal(sha(20)), quote_literal(sha(98)))), 'NotEligibleToRenew|the certificate to renew is not this device''s, account''s and organization''s', 'no certificate');
SELECT is(try('muster_issuer', renewal(20, 21, p_generation => 1, p_columns => 'outcome, stale, certificate')), 'EnrollmentServer|true|-', 'stale');
SELECT is(try('muster_issuer', renewal(20, 21, p_authority => muster.authority_id('Example root'))), 'InternalServiceFault|signed by another authority than the organization''s', 'another authority');
SELECT is(try('muster_issuer', renewal(20, 21, p_ends => now() + interval '11 years')), 'InternalServiceFault|the certificate would outlive its authority', 'beyond the authority''s end');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(try('muster_issuer', renewal(20, 21)), 'ERROR: renew needs the isolation level read committed, this is repeatable read HINT: CALL muster_issuer.renew_read_committed(…), or: ALTER ROLE muster_issuer RESET default_transaction_isolation;', 'another isolation level is refused');
COMMIT;
SELECT is((SELECT count(*) FROM muster.certificate WHERE device = id(20)), 1::bigint, 'none of these left anything');

-- The client certificate.
SELECT is(each_says(20, 21, claim(1)), format('NotEligibleToRenew|the connection was made with another certificate (SHA-256 %s) than the one that signs', hex(1)), 'a connection made with another certificate');
SELECT is(each_says(20, 21, c), w, 'tls ' || (c ->> 'tls')) FROM (VALUES
	('{"tls": "none"}'::jsonb, 'NotEligibleToRenew|no client certificate came with it: devices renew at https://device.example.test/EnrollmentServer/example/Renewal.svc; to let the signature count alone: SELECT muster.set_renewal_rules(''example'', client_certificate => false)'),
	('{"tls": "verified"}', 'NotEligibleToRenew|no client certificate came with it: devices renew at https://device.example.test/EnrollmentServer/example/Renewal.svc; to let the signature count alone: SELECT muster.set_renewal_rules(''example'', client_certificate => false)'),
	('{"tls": "failed"}', 'NotEligibleToRenew|the web server did not verify the client certificate'),
	('{"tls": "expired"}', 'NotEligibleToRenew|the web server did not verify the client certificate')) v (c, w);
SELECT is(try('muster_worker', format('SELECT outcome FROM muster_worker.consider_renewal(NULL, (SELECT serial FROM muster.certificate WHERE sha256 = %L), NULL, NULL)', sha(20))), 'ERROR: permission denied for schema muster', 'a worker reads no table');
SELECT is(considered(20, '{}'), considered(20, '{"tls": "none"}'), 'no claim is none');
SELECT is(muster.set_renewal_rules('example', client_certificate => false), 'organization example: certificates are renewed from the renewal period on, until they end; a key may be kept; by their signature alone', 'behind a proxy');
SELECT is(considered(20, '{"tls": "none"}'), 'OK|-', 'the signature counts alone');
SELECT muster.set_renewal_rules('example') IS NULL;

-- Account, maintenance, block, organization.
SELECT muster.disable_account('bob@example.test', 'left') IS NULL;
SELECT is(each_says(20, 21), 'Authorization|account bob@example.test is disabled since ' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ': left', 'a disabled account');
SELECT is(door(20), 'OK|-', 'whose device is still let in, so that it can be wiped');
SELECT muster.enable_account('bob@example.test') IS NULL;
SELECT muster.forbid_account('bob@example.test') IS NULL;
SELECT is(considered(20), 'OK|-', 'one that may not enroll keeps what it has');
SELECT muster.allow_account('bob@example.test') IS NULL;
SELECT muster.begin_maintenance('example', 'new disks') IS NULL;
SELECT is(each_says(20, 21), 'InMaintenance|maintenance until it is ended: new disks', 'maintenance');
SELECT muster.end_maintenance('example') IS NULL;
SELECT muster.block_device('example', 'device id', 'D20', 'stolen') IS NULL;
SELECT is(each_says(20, 21), 'Authorization|device id D20 is blocked since ' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ': stolen', 'a blocked device');
SELECT muster.unblock_device('example', 'device id', 'd20') IS NULL;
SELECT muster.disable_organization('example') IS NULL;
SELECT is(each_says(20, 21), 'Authorization|organization example is disabled', 'a disabled organization');
SELECT muster.enable_organization('example') IS NULL;
SELECT muster.set_device_cap('example', 1) IS NULL;
SELECT muster.add_licence('example', 'few', 0) IS NULL;
SELECT muster.require_licence('example') IS NULL;
SELECT make_rule() IS NULL;
SELECT is(renewed(20, 22), 'OK|-', 'caps, licences and custom rules are for who enrolls');
SELECT muster.disable_custom_rule('example', 'none') IS NULL;
SELECT muster.require_licence('example', false) IS NULL;
SELECT muster.set_device_cap('example', NULL) IS NULL;

-- Revoked, retired, enrolled again.
UPDATE muster.certificate SET revoked_at = now(), revocation_reason = 'keyCompromise' WHERE sha256 = sha(20);
SELECT is(each_says(20, 23), 'NotEligibleToRenew|certificate is revoked (keyCompromise)', 'revoked');
SELECT is(renewed(20, 24, 22), 'NotEligibleToRenew|certificate is revoked (keyCompromise)', 'also for who asks again');
UPDATE muster.certificate SET revoked_at = NULL, revocation_reason = NULL WHERE sha256 = sha(20);
SELECT is(enroll(25, 'bob@example.test', '{"DeviceID": "d20"}'), 'OK|-', 'the device enrolls again');
SELECT is(door(20), 'OK|-', 'its old certificate is let in for a while');
SELECT is(each_says(20, 23), 'NotEligibleToRenew|the device has enrolled again as ' || id(25), 'but is not renewed');
SELECT muster.retire_device(id(25), 'sold') IS NULL;
SELECT is(each_says(25, 26), 'NotEligibleToRenew|device is retired: sold', 'retired');

-- The renewal period.
SELECT is(enroll(30, 'bob@example.test', '{"DeviceID": "d30"}', now() + interval '43 days 1 minute'), 'OK|-', 'a young certificate');
SELECT matches(each_says(30, 31), '^NotEligibleToRenew\|too early: the certificate ends on 20.* UTC and is renewed from 20.* UTC on$', 'too early');
SELECT results_eq($$SELECT split_part(considered, '|', 2)::timestamptz = x.not_after - interval '42 days' FROM muster.certificate x, considered(30, p_columns => 'outcome, details ->> ''from''') WHERE x.sha256 = test.sha(30)$$, $$VALUES (true)$$, 'with the date in the details');
UPDATE muster.certificate SET not_after = now() + interval '42 days 23 hours' WHERE sha256 = sha(30);
SELECT is(considered(30), 'OK|-', 'a day of grace for clocks');
UPDATE muster.certificate SET not_after = now() + interval '50 days' WHERE sha256 = sha(30);
SELECT muster.set_renewal('example', 60, 5) IS NULL;
SELECT is(considered(30), 'OK|-', 'a longer period');
SELECT muster.set_renewal('example', 10, 5) IS NULL;
UPDATE muster.certificate SET not_after = now() + interval '40 days' WHERE sha256 = sha(30);
SELECT is(considered(30), 'OK|-', 'a shorter one: what the device was told counts');
SELECT muster.set_renewal('example', 42, 5) IS NULL;
UPDATE muster.certificate SET not_after = now() + interval '90 days' WHERE sha256 = sha(30);
SELECT is(muster.set_renewal_rules('example', early => true, grace_days => 3, same_key => false), 'organization example: certificates are renewed at any time, until 3 days after they ended; each time with a new key; over a connection made with the certificate', 'at any time');
SELECT is(considered(30), 'OK|-', 'early');

-- The grace.
UPDATE muster.certificate SET not_before = now() - interval '9 days', not_after = now() - interval '2 days' WHERE sha256 = sha(30);
SELECT is(door(30), 'Forbidden|certificate has expired', 'expired: lets in nowhere');
SELECT is(considered(30, '{"tls": "expired"}'), 'OK|-', 'but is renewed within the grace, although the web server does not let it in');
SELECT is(considered(30, claim(30)), 'OK|-', 'or does');
SELECT is(each_says(30, 31, claim(1) || '{"tls": "expired"}'), format('NotEligibleToRenew|the connection was made with another certificate (SHA-256 %s) than the one that signs', hex(1)), 'another expired one is another');
SELECT is(each_says(30, 31, '{"tls": "failed"}'), 'NotEligibleToRenew|the web server did not verify the client certificate', 'what failed for another reason failed');
UPDATE muster.certificate SET not_after = now() - interval '3 days 1 second' WHERE sha256 = sha(30);
SELECT matches(each_says(30, 31, '{"tls": "expired"}'), '^NotEligibleToRenew\|certificate has expired: it ended on 20.* UTC, and the grace of 3 days is over$', 'after it');
SELECT muster.set_renewal_rules('example', early => true, same_key => false) IS NULL;
SELECT matches(considered(30, '{"tls": "expired"}'), '^NotEligibleToRenew\|certificate has expired: it ended on 20.* UTC$', 'without grace');
UPDATE muster.certificate SET not_after = now() + interval '3 days' WHERE sha256 = sha(30);

-- The key.
SELECT is(renewed(30, 31, 30), 'CertificateRequest|the certificate request has the same key as before, which the organization does not allow', 'the same key, not allowed');
SELECT muster.set_renewal_rules('example') IS NULL;
SELECT is(renewed(30, 31, 30), 'OK|-', 'allowed');
SELECT is((SELECT details ->> 'key' FROM muster.event WHERE trace = id(3000031) AND kind = 'renewed'), 'kept', 'and told');
-- Twenty lost keys.
SELECT is((SELECT string_agg(DISTINCT renewed(30, n), ', ') FROM generate_series(32, 50) n), 'OK|-', 'one new key after another');
SELECT is(renewed(30, 51), 'NotEligibleToRenew|20 certificates were issued for it, and none was used', 'until nobody believes it');
SELECT is(renewed(30, 52, 50, p_columns => 'outcome, certificate'), 'OK|' || der(50)::text, 'who asks again still gets his');
SELECT is(door(50), 'OK|-', 'and uses it');
SELECT is((SELECT count(*) FROM muster.certificate WHERE device = id(30) AND superseded_at IS NULL), 1::bigint, 'which ends all others');

-- Another authority takes over.
SELECT is(enroll(60, 'ada@example.test', '{"DeviceID": "d60"}'), 'OK|-', 'a device of the old authority');
SELECT muster.add_authority('issuing', 'Second issuing', muster.authority_id('Example root'), locked_key(), der(-2002), now() - interval '1 hour', now() + interval '10 years', 'ec-p256') IS NULL;
SELECT muster.set_authority('example', 'Second issuing') IS NULL;
SELECT is(renewed(60, 61, p_columns => 'outcome, issuing, root'), format('OK|%s|-', der(-2002)), 'renews under the new one, which it is sent; not the root it has');
SELECT muster.add_authority('issuing', 'Third issuing', muster.add_authority('root', 'New root', NULL, locked_key(), der(-3001), now() - interval '1 hour', now() + interval '20 years', 'ec-p256'),
	locked_key(), der(-3002), now() - interval '1 hour', now() + interval '10 years', 'ec-p256') IS NULL;
SELECT muster.set_authority('example', 'Third issuing') IS NULL;
SELECT is(door(61), 'OK|-', 'the renewed one is used');
UPDATE muster.certificate SET not_after = now() + interval '9 days' WHERE sha256 = sha(61);
SELECT is(renewed(61, 62, p_columns => 'outcome, issuing, root'), format('OK|%s|%s', der(-3002), der(-3001)), 'under another root: both');
SELECT is(renewed(61, 63, 62, p_columns => 'outcome, issuing, root'), format('OK|%s|%s', der(-3002), der(-3001)), 'also when asked again');
SELECT muster.set_authority('example', 'Example issuing') IS NULL;

-- For people.
SELECT is(muster.set_renewal_rules('example', early => true) IS NOT NULL, true, 'rules');
SELECT is(try('boss', 'SELECT value FROM muster.configuration_of(''example'') WHERE setting = ''renewals'''), 'at https://device.example.test/EnrollmentServer/example/Renewal.svc, at any time', 'are shown');
SELECT is(try('boss', 'SELECT muster.set_renewal_rules(''example'', grace_days => 366)'), 'ERROR: the grace is 0 to 365 days, and no rule of renewing may be NULL HINT: For example: SELECT muster.set_renewal_rules(''example'', grace_days => 14);', 'a grace too long');
SELECT is(try('boss', 'SELECT muster.set_renewal_rules(''example'', early => NULL)'), 'ERROR: the grace is 0 to 365 days, and no rule of renewing may be NULL HINT: For example: SELECT muster.set_renewal_rules(''example'', grace_days => 14);', 'NULL');
SELECT muster.set_renewal_rules('example') IS NULL;
SELECT is(try('boss', 'SELECT array_agg(rule ORDER BY step), string_agg(why, ''; '' ORDER BY step) FILTER (WHERE outcome <> ''OK''), bool_or(decides) FROM muster.explain_renewal(''' || id(60) || ''')'),
	'["organization","certificate","client certificate","account","maintenance","blocked device","renewal period","key","unused renewals","authority"]|-|false', 'explain_renewal(): each rule');
SELECT muster.disable_account('ada@example.test', 'gone') IS NULL;
SELECT is(try('audrey', 'SELECT rule, outcome, hresult FROM muster.explain_renewal(''' || id(60) || ''') WHERE decides'), 'account|Authorization|0x80180003', 'and which decides');
SELECT muster.enable_account('ada@example.test') IS NULL;
SELECT matches(try('boss', 'SELECT * FROM muster.explain_renewal(''' || id(9999) || ''')'), '^ERROR: there is no device .* HINT: To look', 'no such device');
SELECT is(try('muster_worker', 'SELECT recorded FROM muster_worker.refuse(NULL, NULL, ''renewal'', ''InMaintenance'', ''later'', ''example'', NULL, NULL, NULL, NULL, NULL, ''' || id(60) || ''')'), 'true', 'a refusal of a device''s');
SELECT is(try('muster_worker', 'SELECT recorded FROM muster_worker.refuse(NULL, NULL, ''renewal'', ''InMaintenance'', ''later'', ''example'', NULL, NULL, NULL, NULL)'), 'true', 'and as the programs of the version before record it');
SELECT is((SELECT device FROM muster.event WHERE why = 'later' AND device IS NOT NULL), id(60), 'is found by it');
UPDATE muster.certificate SET superseded_at = NULL WHERE sha256 = sha(61);
SELECT is(try('audrey', 'SELECT state, due_since < now(), renewed_at IS NOT NULL, outcome, why FROM muster.renewals_due WHERE device = ''' || id(60) || ''' AND certificate_ends < now() + interval ''10 days'''), 'renewed, not used yet|true|true|InMaintenance|later', 'renewals_due: renewed, not used');
SELECT is(enroll(70, 'ada@example.test', '{"DeviceID": "d70"}'), 'OK|-', 'one that is due');
SELECT is((SELECT state || coalesce(why, ', did not ask') FROM muster.renewals_due WHERE device = id(70)), 'due, did not ask', 'due');
UPDATE muster.certificate SET not_before = now() - interval '9 days', not_after = now() - interval '2 days' WHERE sha256 = sha(70);
SELECT is((SELECT state FROM muster.renewals_due WHERE device = id(70)), 'too late: it has to enroll again', 'too late');
SELECT muster.set_renewal_rules('example', grace_days => 3) IS NULL;
SELECT is((SELECT state FROM muster.renewals_due WHERE device = id(70)), 'ended, still renewed', 'in the grace');
SELECT muster.set_renewal_rules('example') IS NULL;
SELECT muster.retire_device(id(70), 'sold') IS NULL;
SELECT is_empty($$SELECT * FROM muster.renewals_due WHERE device = test.id(70)$$, 'retired devices renew nothing');
SELECT is_empty($$SELECT * FROM muster.renewals_due WHERE device = test.id(1)$$, 'nor those whose certificate is young');
SELECT is_empty($$SELECT finding FROM muster.check_configuration('example') WHERE topic = 'renewal'$$, 'nothing wrong');
SELECT muster.set_renewal('example', 42, 5, 'https://enroll.example.test:8443/EnrollmentServer/example/Renewal.svc') IS NULL;
SELECT results_eq($$SELECT severity, next_step FROM muster.check_configuration('example') WHERE topic = 'renewal'$$, $$VALUES ('error', 'SELECT muster.set_renewal(''example'', 42, 5);')$$, 'the host that asks for no certificate is the wrong one');
SELECT muster.set_renewal_rules('example', client_certificate => false) IS NULL;
SELECT is_empty($$SELECT finding FROM muster.check_configuration('example') WHERE topic = 'renewal'$$, 'unless the signature counts alone');
SELECT muster.set_renewal('example', 42, 5) IS NULL, muster.set_renewal_rules('example') IS NULL;

-- Two at once, on connections of the issuer's own role.
CREATE FUNCTION issuer(p_name text) RETURNS text LANGUAGE sql AS $$ SELECT test.dblink_connect(p_name, test.connection('muster_issuer')) $$;
CREATE FUNCTION ask(p_name text, p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT t.outcome || '|' || coalesce(t.why, '-') FROM test.dblink(p_name, p_sql) t (outcome text, why text) $$;
CREATE FUNCTION answer(p_name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	SELECT t.outcome || '|' || coalesce(t.why, '-') INTO said FROM test.dblink_get_result(p_name) t (outcome text, why text);
	PERFORM * FROM test.dblink_get_result(p_name) t (outcome text, why text);
	RETURN said;
EXCEPTION WHEN OTHERS THEN
	RETURN 'ERROR: ' || SQLERRM;
END
$$;
CREATE FUNCTION waits(p_name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 200 LOOP
		IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename LIKE 'muster\_%' AND wait_event_type = 'Lock') THEN
			RETURN test.dblink_is_busy(p_name) = 1;
		END IF;
		PERFORM pg_sleep(0.01);
		PERFORM pg_stat_clear_snapshot();
	END LOOP;
	RETURN false;
END
$$;
SELECT is(enroll(80, 'ada@example.test', '{"DeviceID": "d80"}') || ' ' || enroll(90, 'ada@example.test', '{"DeviceID": "d90"}'), 'OK|- OK|-', 'two devices of one account');
SELECT is(issuer('a') || issuer('b'), 'OKOK', 'two issuers');
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', renewal(80, 81)), 'BEGIN OK|-', 'renewed, not yet committed');
SELECT is(ask('b', renewal(90, 91)), 'OK|-', 'the account''s other device does not wait');
SELECT is(dblink_send_query('b', renewal(80, 82, 81)), 1, 'the same request at the other issuer');
SELECT ok(waits('b'), 'waits');
SELECT is(dblink_exec('a', 'COMMIT') || ' ' || answer('b'), 'COMMIT OK|recorded by an earlier call', 'and gets the same');
SELECT is((SELECT count(*) FROM muster.certificate WHERE device = id(80)), 2::bigint, 'one new certificate');
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', renewal(80, 83)), 'BEGIN OK|-', 'another key, not yet committed');
SELECT is(dblink_disconnect('a'), 'OK', 'the connection is lost');
SELECT is(ask('b', renewal(80, 83)), 'OK|-', 'asked again: recorded');
SELECT is((SELECT count(*) FROM muster.certificate WHERE sha256 = sha(83)), 1::bigint, 'once');
-- The first use of the old certificate at the door, while it signs a renewal.
SELECT is(enroll(84, 'ada@example.test', '{"DeviceID": "d84"}'), 'OK|-', 'a device that was never seen');
SELECT is(issuer('a') || dblink_connect('w', connection('muster_worker')), 'OKOK', 'an issuer and a worker');
SELECT is(dblink_exec('a', 'BEGIN') || ' ' || ask('a', renewal(84, 85)), 'BEGIN OK|-', 'it renews, not yet committed');
SELECT is(dblink_send_query('w', device(84)), 1, 'and is seen at the door');
SELECT ok(waits('w'), 'where it waits');
SELECT is(dblink_exec('a', 'COMMIT') || ' ' || answer('w'), 'COMMIT OK|-', 'and is let in');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'first contact' AND device = id(84)), 1::bigint, 'first seen once');
-- Retired and disabled meanwhile.
SELECT is(dblink_connect('admin', connection('boss')) || dblink_exec('admin', 'BEGIN'), 'OKBEGIN', 'an administrator');
SELECT matches(said, 'is retired', 'retires it, not yet committed') FROM dblink('admin', format('SELECT muster.retire_device(%L, %L)', id(84), 'lost')) t (said text);
SELECT is(dblink_send_query('b', renewal(84, 86)), 1, 'while it renews');
SELECT ok(waits('b'), 'which waits');
SELECT is(dblink_exec('admin', 'COMMIT') || ' ' || answer('b'), 'COMMIT NotEligibleToRenew|device is retired: lost', 'and is refused');
SELECT is(dblink_exec('admin', 'BEGIN'), 'BEGIN', 'an administrator');
SELECT is(count(said), 1::bigint, 'disables the account, not yet committed') FROM dblink('admin', $$SELECT muster.disable_account('ada@example.test', 'gone')$$) t (said text);
SELECT is(dblink_send_query('b', renewal(80, 87)), 1, 'while a device renews');
SELECT ok(waits('b'), 'which waits');
SELECT matches(dblink_exec('admin', 'COMMIT') || ' ' || answer('b'), '^COMMIT Authorization\|account ada@example.test is disabled', 'and is refused');
SELECT muster.enable_account('ada@example.test') IS NULL;

-- Under another isolation level, by the procedure.
SELECT issuers_are('serializable') IS NULL;
SELECT is(dblink_disconnect('b') || issuer('b'), 'OKOK', 'an issuer whose role has another isolation level');
SELECT matches(dblink, '^OK', 'the procedure does') FROM dblink('b', regexp_replace(regexp_replace(renewal(80, 88), '^SELECT .* FROM muster_issuer.renew\(', 'CALL muster_issuer.renew_read_committed('), '\)$', repeat(', NULL', 10) || ')')) t (dblink text, why text, text text, stale boolean, certificate bytea, language text, details jsonb, device uuid, issuing bytea, root bytea);

-- By index, whatever the size.
SET enable_seqscan = off;
SELECT matches(plan, 'certificate_serial', 'found by index') FROM (SELECT string_agg(x, ' ') AS plan FROM (
	SELECT dblink AS x FROM dblink(connection('postgres'), 'SET enable_seqscan = off; EXPLAIN SELECT y.* FROM muster.authority c JOIN muster.certificate y ON y.authority = c.id AND y.serial = ''\x00'' LIMIT 1') t (dblink text)) s) p;

SELECT * FROM finish();
