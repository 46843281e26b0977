-- What workers are told: discover, policy, consider; every rule both ways.
SET search_path = test;
SELECT no_plan();

-- Discover.
SELECT is(try('muster_worker', $$SELECT * FROM muster_worker.discover('example.test')$$), 'OK|-|example|https://enroll.example.test:8443|OnPremise|4.0|page', 'discover: an organization by its domain');
SELECT is(try('muster_worker', $$SELECT outcome, organization FROM muster_worker.discover('EXAMPLE.Test.')$$), 'OK|example', 'discover: case and a last dot do not matter');
SELECT is(try('muster_worker', $$SELECT outcome, organization FROM muster_worker.discover('sub.example.test')$$), 'OK|example', 'discover: a second domain');
SELECT is(try('muster_worker', $$SELECT outcome, organization FROM muster_worker.discover('other.test')$$), 'OK|other', 'discover: another organization');
SELECT is(try('muster_worker', format('SELECT outcome, organization, enrollment_url FROM muster_worker.discover(%L)', d)), 'Authorization|-|-', 'discover: nobody''s: ' || coalesce(left(d, 30), 'NULL'))
	FROM (VALUES ('nowhere.test'), (''), (NULL), ('xample.test'), ('evil.example.test'), ('%'), (repeat('x', 70000)), (E'a\nb')) v (d);
SELECT is(try('muster_worker', $$SELECT why FROM muster_worker.discover('nowhere.test')$$), 'no organization has the domain "nowhere.test"', 'discover: why');
SELECT try('boss', $$SELECT muster.disable_organization('other')$$) IS NULL;
SELECT is(try('muster_worker', $$SELECT outcome, why, organization FROM muster_worker.discover('other.test')$$), 'Authorization|organization other is disabled|-', 'discover: a disabled organization');

-- Whom a name means.
CREATE FUNCTION whom(p_organization text, p_user text) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT outcome, organization, upn FROM muster_worker.policy(%L, %L)', p_organization, p_user))
$$;
SELECT is(whom(o, u), expected, format('%s in %s', coalesce(u, 'NULL'), coalesce(o, 'no organization'))) FROM (VALUES
	('example', 'ada@example.test', 'OK|example|ada@example.test'), ('example', 'ADA@Example.TEST', 'OK|example|ada@example.test'), ('example', ' ada@example.test ', 'OK|example|ada@example.test'),
	('EXAMPLE', 'ada', 'OK|example|ada@example.test'), ('example', 'Ada', 'OK|example|ada@example.test'), ('example', 'EXAMPLE\ada', 'OK|example|ada@example.test'),
	('example', 'X\ada@example.test', 'OK|example|ada@example.test'), ('example', 'twin@example.test', 'OK|example|Twin@example.test'),
	(NULL, 'ada@example.test', 'OK|example|ada@example.test'), (NULL, 'ada@EXAMPLE.test.', 'Authentication|example|-'),
	('example', 'twin', 'Authentication|example|-'), ('example', 'X\twin', 'Authentication|example|-'),
	('example', 'olga', 'Authentication|example|-'), ('example', 'olga@other.test', 'Authentication|example|-'), ('other', 'ada@example.test', 'Authentication|other|-'), ('other', 'ada', 'Authentication|other|-'),
	('nowhere', 'ada@example.test', 'Authentication|-|-'), (NULL, 'ada', 'Authentication|-|-'), (NULL, 'ada@nowhere.test', 'Authentication|-|-'), (NULL, NULL, 'Authentication|-|-'),
	('example', NULL, 'Authentication|example|-'), ('example', '', 'Authentication|example|-'), ('example', '\', 'Authentication|example|-'), ('example', '@', 'Authentication|example|-'),
	('example', 'ada%', 'Authentication|example|-'), ('example', '''; DROP TABLE muster.account; --', 'Authentication|example|-'), ('example', 'a_a', 'Authentication|example|-'),
	('example', repeat('ada', 200), 'Authentication|example|-')) v (o, u, expected);
SELECT is(try('muster_worker', format('SELECT why FROM muster_worker.policy(%L, %L)', o, u)), expected, 'why: ' || expected) FROM (VALUES
	('example', 'nobody', 'organization example has no account "nobody", or more than one of that short name'), ('nowhere', 'x', 'there is no organization "nowhere"'),
	(NULL, 'x@nowhere.test', 'no organization has the domain of "x@nowhere.test"')) v (o, u, expected);

-- What policy and consider answer.
SELECT is(try('muster_worker', $$SELECT outcome, why, text, organization, account = test_id, upn, password_hash, minimum_key_length, validity_seconds, renewal_seconds
	FROM muster_worker.policy('example', 'ada'), (SELECT $$ || quote_literal(id) || $$::uuid AS test_id) x$$),
	'OK|-|-|example|true|ada@example.test|$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7|2048|31536000|3628800', 'policy answers all')
	FROM muster.account WHERE upn = 'ada@example.test';
SELECT is(try('muster_worker', $$SELECT password_hash, account IS NOT NULL FROM muster_worker.policy('example', 'bob')$$), '-|true', 'policy: an account without password');
SELECT is(try('muster_worker', $$SELECT minimum_key_length, allow_sha1, provider_id, provider_name, management_url, renewal_url, renew_period_days, renew_retry_days,
	first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval, poll_on_login, all_users_poll_on_first_login,
	application_enterprise_id, application_token, hub_product_id, hub_uri, hub_name FROM muster_worker.consider('example', 'ada', '{}')$$),
	'2048|false|ExampleMDM|Example management|https://mdm.example.test/ManagementServer/MDM.svc|https://device.example.test/EnrollmentServer/example/Renewal.svc|42|5|5|15|10|60|0|1440|true|false|-|-|-|-|-', 'consider answers what the provisioning document needs');
SELECT is(try('muster_worker', $$SELECT provider_name FROM muster_worker.consider('other', 'olga', '{}')$$), 'Other plc', 'consider: the DM account is called as the organization where nothing else is set');
SELECT is(try('muster_worker', $$SELECT outcome, account, password_hash, management_url FROM muster_worker.consider('example', 'nobody', '{}')$$), 'Authentication|-|-|-', 'consider: nobody learns nothing');

-- The rules, in policy (no facts) and consider.
CREATE FUNCTION said(p_user text, p_facts text DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT outcome, why FROM muster_worker.consider(NULL, %L, %L)', p_user, p_facts))
$$;
SELECT is(said('ada@example.test'), 'OK|-', 'rule: all is well');
SELECT is(said('olga@other.test'), 'Authorization|organization other is disabled', 'rule: organization disabled');
SELECT is(try('muster_worker', $$SELECT outcome, account IS NOT NULL, password_hash FROM muster_worker.policy('other', 'olga')$$), 'Authorization|true|-', 'a refusal comes with the account, so that it can wait for the proof');
SELECT try('boss', $$SELECT muster.enable_organization('other')$$) IS NULL;
SELECT is(said('olga@other.test'), 'OK|-', 'rule: organization enabled again');
SELECT try('boss', $$SELECT muster.disable_account('bob@example.test', 'on leave')$$) IS NULL;
SELECT is(said('bob@example.test'), 'Authorization|account bob@example.test is disabled since ' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ': on leave', 'rule: account disabled');
SELECT try('boss', $$SELECT muster.enable_account('bob@example.test')$$) IS NULL;
SELECT is(said('bob@example.test'), 'OK|-', 'rule: account enabled again');
SELECT is(said('bob@example.test', f), expected, 'rule: enrollment type ' || f) FROM (VALUES
	('{"EnrollmentType": "Full"}', 'OK|-'), ('{"EnrollmentType": "Device"}', 'OK|-'), ('{"EnrollmentType": "Lite"}', 'OK|-'), ('{"EnrollmentType": "FULL"}', 'OK|-'), ('{"EnrollmentType": " device "}', 'OK|-'), ('{"EnrollmentType": ""}', 'OK|-'), ('{}', 'OK|-'), ('[]', 'OK|-'), ('{"EnrollmentType": ["Device"]}', 'OK|-'),
	('{"EnrollmentType": "AppManagement"}', 'NotSupported|enrollment type "AppManagement" is not supported, only Full and Device'), ('{"EnrollmentType": 7}', 'NotSupported|enrollment type "7" is not supported, only Full and Device')) v (f, expected);
SELECT is(try('muster_worker', $$SELECT outcome FROM muster_worker.consider('example', 'bob', NULL)$$), 'OK', 'no facts at all');
SELECT matches(said('bob@example.test', json_build_object('EnrollmentType', repeat('x', 60000))::text), '^NotSupported', 'an enrollment type of 60,000 characters');

SELECT try('boss', $$SELECT muster.add_organization('bare', 'Bare', 'https://e.bare.test', 'https://d.bare.test'), muster.add_domain('bare', 'bare.test'), muster.add_account('zoe@bare.test')$$) IS NULL;
SELECT is(said('zoe@bare.test'), 'EnrollmentServer|organization bare has no authority: muster-ca init --organization bare', 'rule: no authority');
UPDATE muster.organization SET authority = muster.authority_id('Example issuing') WHERE key = 'bare';
SELECT is(said('zoe@bare.test'), 'EnrollmentServer|organization bare has no DM server: SELECT muster.set_dm_server(''bare'', …)', 'rule: no DM server');
SELECT muster.set_dm_server('bare', 'Bare', 'https://mdm.bare.test') IS NULL;
SELECT is(said('zoe@bare.test'), 'OK|-', 'rule: all is set');
UPDATE muster.organization SET authority = muster.add_authority('issuing', 'Ended', muster.authority_id('Example root'), test.locked_key(), test.der(3), '2020-01-01 00:00+00', '2021-01-01 00:00+00') WHERE key = 'bare';
SELECT is(said('zoe@bare.test'), 'EnrollmentServer|authority "Ended" is only valid from 2020-01-01 00:00 to 2021-01-01 00:00', 'rule: authority ended');
UPDATE muster.organization SET authority = muster.add_authority('issuing', 'Early', muster.authority_id('Example root'), test.locked_key(), test.der(4), now() + interval '1 day', now() + interval '1 year') WHERE key = 'bare';
SELECT matches(said('zoe@bare.test'), '^EnrollmentServer\|authority "Early" is only valid from ', 'rule: authority not yet valid');

-- Several reasons at once: the first rule speaks. All together, in order:
UPDATE muster.organization SET enabled = false, management_url = NULL WHERE key = 'bare';
SELECT muster.disable_account('zoe@bare.test', 'gone') IS NULL;
SELECT is(said('zoe@bare.test', '{"EnrollmentType": "AppManagement"}'), 'Authorization|organization bare is disabled', 'the first refusal decides');
SELECT results_eq($$SELECT v.rule, v.outcome FROM muster.account a, muster.verdicts(muster.candidate_of(a.id, NULL, '{"EnrollmentType": "AppManagement"}'), true) v WHERE a.upn = 'zoe@bare.test' AND v.outcome <> 'OK'$$,
	$$VALUES ('organization', 'Authorization'), ('account', 'Authorization'), ('enrollment type', 'NotSupported'), ('authority', 'EnrollmentServer'), ('DM server', 'EnrollmentServer')$$, 'every refusal can be asked, in order');
SELECT results_eq($$SELECT v.rule, v.outcome FROM muster.account a, muster.verdicts(muster.candidate_of(a.id, NULL, '{}'), true) v WHERE a.upn = 'ada@example.test'$$,
	$$SELECT r, 'OK' FROM unnest(ARRAY['organization', 'account', 'maintenance', 'network', 'group', 'licence', 'enrollment type', 'flow', 'platform', 'blocked device', 'expected device', 'terms', 'collision', 'device cap', 'authority', 'DM server']) WITH ORDINALITY x (r, n) ORDER BY n$$, 'all rules in order say OK where nothing is against it');
SELECT is_empty($$SELECT v.rule FROM muster.account a, (VALUES (NULL), ('{}')) f (facts), muster.verdicts(muster.candidate_of(a.id, NULL, f.facts::jsonb), true) v WHERE v.why IS NULL OR NOT EXISTS (SELECT FROM muster.outcome x WHERE x.name = v.outcome)$$,
	'every verdict has a reason and a known outcome');

-- Asking writes nothing, and works read-only.
BEGIN TRANSACTION READ ONLY;
SELECT is(said('ada@example.test'), 'OK|-', 'consider works in a read-only transaction');
SELECT is(whom('example', 'ada'), 'OK|example|ada@example.test', 'policy does');
SELECT is(try('muster_worker', $$SELECT outcome FROM muster_worker.discover('example.test')$$), 'OK', 'discover does');
SELECT is(try('muster_worker', $$SELECT recorded FROM muster_worker.refuse(NULL, NULL, 'policy', 'OK', NULL, NULL, NULL, NULL, NULL, NULL)$$), 'false', 'refuse says that it recorded nothing');
SELECT is(try('muster_worker', $$SELECT summary FROM muster_worker.housekeeping()$$), 'nothing done: the database is read-only', 'housekeeping says that it did nothing');
COMMIT;

SELECT * FROM finish();
