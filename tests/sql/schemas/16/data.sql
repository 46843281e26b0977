-- Rows for every table of schema 16: several organizations, accounts of both kinds, authorities with and without keys,
-- devices living, replaced, ended and retired, certificates, events over several months, every way to prove who one
-- is, and odd values: NULLs, greatest lengths, other alphabets. Times are relative to now only where a decision depends on them.

-- The month before last had a partition, made by its own housekeeping; the one before that had none in time.
DO $$
DECLARE
	month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC') - interval '2 months';
	name text := 'event_' || to_char(month, 'YYYY_MM');
BEGIN
	SET LOCAL ROLE muster_owner;
	EXECUTE format('CREATE TABLE muster.%I (LIKE muster.event INCLUDING ALL)', name);
	EXECUTE format('ALTER TABLE muster.event ATTACH PARTITION muster.%I FOR VALUES FROM (%L) TO (%L)', name,
		month || '+00', month + interval '1 month' || '+00');
	EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON muster.%I FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change()', name);
	EXECUTE format('COMMENT ON TABLE muster.%I IS %L', name, 'Events of ' || to_char(month, 'YYYY-MM') || ' (UTC). Read them through muster.event.');
END
$$;

-- An id, a certificate and an encrypted key for each number.
CREATE SCHEMA filled;
CREATE FUNCTION filled.id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT ('0190f0c2-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
$$;
CREATE FUNCTION filled.der(n integer, size integer DEFAULT 200) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT '\x3082'::bytea || decode(lpad(to_hex(n), 8, '0'), 'hex') || decode(repeat('5a', size - 6), 'hex')
$$;
CREATE FUNCTION filled.key(size integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT '\x308201d3305706092a864886f70d01050d'::bytea || decode(repeat('00', size - 17), 'hex')
$$;

INSERT INTO muster.authority (id, kind, name, parent, key_type, private_key, certificate, not_before, not_after, created_at) VALUES
	(filled.id(1), 'root', 'Root of all', NULL, 'ec-p256', filled.key(300), filled.der(1), '2020-01-01', '2090-01-01', '2020-01-01'),
	(filled.id(2), 'root', 'Offline root', NULL, NULL, NULL, filled.der(2, 65536), '2020-01-01', '2090-01-01', '2020-01-02'),
	(filled.id(3), 'issuing', 'Issuing', filled.id(1), 'ec-p256', filled.key(300), filled.der(3), '2020-01-01', '2085-01-01', '2020-01-03'),
	(filled.id(4), 'issuing', repeat('Ü', 128), filled.id(2), repeat('k', 32), filled.key(65536), filled.der(4), '2020-01-01', '2085-01-01', '2020-01-04'),
	(filled.id(5), 'issuing', 'Over', filled.id(1), 'rsa-2048', filled.key(1000), filled.der(5), '2020-01-01', '2021-01-01', '2020-01-05');

INSERT INTO muster.organization (id, key, name, enrollment_url, device_url, authority, provider_id, provider_name, management_url, created_at)
VALUES (filled.id(11), 'example', 'Example Ltd', 'https://enroll.example.test:8443', 'https://device.example.test', filled.id(3),
	'ExampleMDM', 'Example management', 'https://mdm.example.test/ManagementServer/MDM.svc', '2024-01-01');
-- All that can be set is set, as long as it can be.
INSERT INTO muster.organization (id, key, name, enabled, enrollment_url, device_url, enrollment_version, authority, validity_days, backdate_minutes,
	minimum_key_length, allow_sha1, replaced_certificate_days, renewal_url, renew_period_days, renew_retry_days, provider_id, provider_name,
	management_url, first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval, poll_on_login,
	all_users_poll_on_first_login, application_enterprise_id, application_token, hub_product_id, hub_uri, hub_name, created_at)
VALUES (filled.id(12), repeat('z', 40), repeat('株', 256), true, 'https://' || repeat('a', 253) || ':65535', 'https://' || repeat('b', 253) || ':1', '5.0',
	filled.id(4), 3650, 1440, 4096, true, 365, 'https://renew.test/' || repeat('r', 2029), 1000, 1000, repeat('P', 64), repeat('ё', 256),
	'https://dm.test/' || repeat('d', 2032), 100000, 525600, 0, 525600, 0, 0, false, true, repeat('e', 64), repeat('A', 65536),
	'{01234567-89ab-cdef-0123-456789abcdef}', 'http://hub.test/' || repeat('h', 2032), repeat('א', 256), '2024-02-29');
INSERT INTO muster.organization (id, key, name, enabled, enrollment_url, device_url, authority, management_url, created_at) VALUES
	(filled.id(13), 'closed', 'Closed "down" <& gone>', false, 'https://enroll.closed.test', 'https://device.closed.test', filled.id(3), 'https://mdm.closed.test/', '2024-03-01'),
	(filled.id(14), 'empty', 'Only just added', true, 'https://enroll.empty.test', 'https://device.empty.test', NULL, NULL, '2024-04-01'),
	(filled.id(15), 'expired', 'Its authority is over', true, 'https://enroll.expired.test', 'https://device.expired.test', filled.id(5), 'https://mdm.expired.test', '2024-05-01');
INSERT INTO muster.email_domain (domain, organization, added_at) VALUES
	('example.test', filled.id(11), '2024-01-01'), ('bücher.example.test', filled.id(11), '2024-01-02'),
	(rtrim(repeat(repeat('z', 62) || '.', 4), '.') || 'z', filled.id(12), '2024-02-29'), ('closed.test', filled.id(13), '2024-03-01'),
	('empty.test', filled.id(14), '2024-04-01'), ('expired.test', filled.id(15), '2024-05-01');
UPDATE muster.configuration SET sealing_key = filled.key(4096);

INSERT INTO muster.account (id, organization, upn, display_name, kind, enabled, disabled_at, disabled_reason, password_hash, created_at) VALUES
	(filled.id(21), filled.id(11), 'ada@example.test', 'Ada Lovelace', 'person', true, NULL, NULL, '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', '2024-01-01'),
	(filled.id(22), filled.id(11), 'Bob@example.test', NULL, 'person', true, NULL, NULL, NULL, '2024-01-02'),
	(filled.id(23), filled.id(11), 'carl@example.test', 'Carl', 'person', false, '2024-06-01', repeat('ß', 400), '$6$saltsalt$' || repeat('x', 86), '2024-01-03'),
	(filled.id(24), filled.id(11), 'dora@example.test', 'Dora', 'person', false, '2024-06-01', NULL, NULL, '2024-01-04'),
	(filled.id(25), filled.id(11), 'package@example.test', 'Autumn laptops', 'bulk', true, NULL, NULL, '$2b$05$' || repeat('c', 53), '2024-01-05'),
	(filled.id(26), filled.id(11), 'twin@example.test', 'Twin', 'person', true, NULL, NULL, '$y$' || repeat('y', 381), '2024-01-06'),
	(filled.id(27), filled.id(11), 'twin@bücher.example.test', 'Zwilling', 'person', true, NULL, NULL, NULL, '2024-01-07'),
	(filled.id(28), filled.id(12), repeat('u', 313) || '@z.test', repeat('𝄞', 256), 'person', true, NULL, NULL, NULL, '2024-02-29'),
	(filled.id(29), filled.id(13), 'erin@closed.test', 'Erin', 'person', true, NULL, NULL, NULL, '2024-03-01'),
	(filled.id(30), filled.id(14), 'first@empty.test', 'First', 'person', true, NULL, NULL, NULL, '2024-04-01'),
	(filled.id(31), filled.id(15), 'late@expired.test', 'Late', 'person', true, NULL, NULL, NULL, '2024-05-01'),
	(filled.id(32), filled.id(12), 'ada@example.test', 'Another Ada', 'person', true, NULL, NULL, NULL, '2024-05-02');

-- Ada's laptop: first enrollment, replaced and ended; second, replaced and not ended; third, living. Then others.
BEGIN;
INSERT INTO muster.device (id, organization, account, device_id, hardware_id, name, enrollment_type, device_type, os_version, os_edition, application_version,
	request_version, serial_number, manufacturer, model, locale, facts, state, enrolled_at, first_contact_at, replaced_by, replaced_at, ended_at, retired_at,
	retired_reason, trace, attempt, remote, dm_secrets) VALUES
	(filled.id(101), filled.id(11), filled.id(21), 'LAPTOP', 'HW-1', 'ADA-PC', 'Full', 'CIMClient_Windows', '10.0.19045.3803', '4', '10.0.19045.3803', '4.0', 'SN 1',
		'Contoso', 'Model 1', 'de-DE', '{"DeviceID":"LAPTOP","MAC":["00-11-22-33-44-55","66-77-88-99-aa-bb"]}', 'replaced', '2024-06-01', '2024-06-02',
		filled.id(102), '2024-07-01', '2024-07-02', NULL, NULL, filled.id(901), filled.id(902), '192.0.2.7', '\x0102'),
	(filled.id(102), filled.id(11), filled.id(21), 'laptop', 'hw-1', 'ADA-PC', 'Full', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'replaced',
		now() - interval '30 days', now() - interval '29 days', filled.id(103), now() - interval '2 days', NULL, NULL, NULL, NULL, NULL, '2001:db8::7', NULL),
	(filled.id(103), filled.id(11), filled.id(21), 'Laptop', 'hw-1', 'ADA-PC', 'Full', 'CIMClient_Windows', '10.0.22631.1', '48', '10.0.22631.1', '5.0', 'SN 1',
		'Contoso', 'Model 1', 'de-DE', '{"DeviceID":"Laptop"}', 'enrolled', now() - interval '2 days', NULL, NULL, NULL, NULL, NULL, NULL,
		filled.id(903), filled.id(904), '192.0.2.7', '\x0304'),
	(filled.id(104), filled.id(11), filled.id(21), NULL, NULL, NULL, 'Device', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'enrolled',
		'2024-08-01', '2024-08-02', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(filled.id(105), filled.id(11), filled.id(22), 'lost', 'HW-5', 'LOST', 'Full', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'retired',
		'2024-08-01', NULL, NULL, NULL, NULL, '2024-09-01', repeat('失', 400), NULL, NULL, NULL, NULL),
	(filled.id(106), filled.id(11), filled.id(22), 'gone', 'HW-6', 'GONE', 'Full', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'retired',
		'2024-08-01', NULL, filled.id(105), '2024-08-02', '2024-08-03', '2024-09-01', NULL, NULL, NULL, NULL, NULL),
	(filled.id(107), filled.id(11), filled.id(25), 'clone-1', 'HW-image', 'CLONE-1', 'Device', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'enrolled',
		'2024-08-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '10.0.0.1', NULL),
	(filled.id(108), filled.id(11), filled.id(25), 'clone-2', 'HW-image', 'CLONE-2', 'Device', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'enrolled',
		'2024-08-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '10.0.0.2', NULL),
	(filled.id(109), filled.id(12), filled.id(28), repeat('D', 128), repeat('H', 128), repeat('名', 256), 'Full', repeat('t', 64), repeat('v', 64), repeat('e', 64),
		repeat('a', 64), repeat('r', 64), repeat('s', 128), repeat('ü', 128), repeat('型', 128), repeat('l', 64),
		jsonb_build_object('Long', repeat('ж', 100000), 'muster:cut', true), 'enrolled', '2024-09-01', '2024-09-01', NULL, NULL, NULL, NULL, NULL,
		filled.id(905), filled.id(906), 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', decode(repeat('ee', 65536), 'hex')),
	(filled.id(110), filled.id(13), filled.id(29), 'erin', 'HW-1', 'ERIN', 'Full', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'enrolled',
		'2024-09-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(filled.id(111), filled.id(11), filled.id(23), 'carls', 'HW-11', 'CARLS', 'Full', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'enrolled',
		'2024-05-01', '2024-05-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
COMMIT;

-- One certificate a device, 8 of them long over, 4 used already.
INSERT INTO muster.certificate (sha256, organization, device, authority, serial, public_key_sha256, der, not_before, not_after, issued_at, first_used_at)
SELECT sha256(x.der), d.organization, d.id, coalesce(o.authority, filled.id(3)), x.serial, sha256('\x00'::bytea || x.der), x.der, d.enrolled_at - interval '10 min',
	CASE WHEN n = 8 THEN d.enrolled_at + interval '1 day' ELSE timestamptz '2080-01-01' END, d.enrolled_at, d.first_contact_at
  FROM generate_series(1, 11) n
  JOIN muster.device d ON d.id = filled.id(100 + n)
  JOIN muster.organization o ON o.id = d.organization
 CROSS JOIN LATERAL (SELECT filled.der(100 + n, CASE WHEN n = 9 THEN 65536 ELSE 300 END) AS der,
	CASE WHEN n = 9 THEN decode(repeat('7f', 20), 'hex') ELSE decode(lpad(to_hex(n), 2, '0'), 'hex') END AS serial) x;

-- Events of this month and the months before, some where the partition was not made in time.
INSERT INTO muster.event (id, at, kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote, actor, actor_role, details)
SELECT filled.id(1000 + n), date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - make_interval(months => n % 5) + make_interval(secs => n),
	(ARRAY['enrolled', 'refused', 'first contact', 'replaced', 'hardware collision'])[1 + n % 5], filled.id(11 + n % 3), filled.id(21 + n % 5),
	CASE WHEN n % 5 <> 1 THEN filled.id(101 + n % 11) END, filled.id(2000 + n), CASE WHEN n % 2 = 0 THEN filled.id(3000 + n) END,
	(ARRAY['enrollment', 'policy', 'device', 'enrollment', 'enrollment'])[1 + n % 5], CASE WHEN n % 5 = 1 THEN 'Authentication' ELSE 'OK' END,
	CASE WHEN n % 5 = 1 THEN 'wrong password' END, 'user ' || n, ('192.0.2.' || n)::inet, 'muster_worker', NULL, jsonb_build_object('n', n)
  FROM generate_series(1, 200) n;
INSERT INTO muster.event (id, at, kind, organization, stage, outcome, why, user_name, remote, actor, actor_role, details) VALUES
	(filled.id(1501), now(), rpad('a', 40, 'b'), NULL, repeat('s', 32), repeat('O', 32), repeat('理', 400), repeat('ü', 320), '::', repeat('a', 63), repeat('r', 63),
		jsonb_build_object('long', repeat('ж', 50000), 'quotes', '"''\<&>' || chr(1))),
	(filled.id(1502), now(), 'refused', NULL, NULL, NULL, NULL, NULL, NULL, 'muster_worker', NULL, '{}'),
	(filled.id(1503), '1999-12-31', 'refused', NULL, NULL, NULL, NULL, NULL, NULL, 'muster_worker', NULL, '{}');

-- The rules' rows: of two organizations, as short and as long as they can be.
INSERT INTO muster.account_group (id, organization, name, may_enroll, device_cap, created_at) VALUES
	(filled.id(201), filled.id(11), 'Sales', true, 5, '2024-02-01'), (filled.id(202), filled.id(11), repeat('Ä', 64), false, NULL, '2024-02-02'),
	(filled.id(203), filled.id(12), 'Sales', true, 0, '2024-02-03');
INSERT INTO muster.account_group_member (organization, account_group, account) VALUES
	(filled.id(11), filled.id(201), filled.id(21)), (filled.id(11), filled.id(201), filled.id(22)), (filled.id(11), filled.id(202), filled.id(24)), (filled.id(12), filled.id(203), filled.id(28));
INSERT INTO muster.licence (id, organization, name, valid_from, valid_until, pool, free_on_retirement) VALUES
	(filled.id(211), filled.id(11), 'Device management', '2024-01-01', NULL, true, true), (filled.id(212), filled.id(11), 'Over', '2020-01-01', '2021-01-01', false, false),
	(filled.id(213), filled.id(12), repeat('席', 64), '2024-01-01', '2080-01-01', true, false);
INSERT INTO muster.licence_group (organization, licence, account_group) VALUES (filled.id(11), filled.id(212), filled.id(201));
INSERT INTO muster.licence_seat (id, organization, licence, account, how, assigned_at) VALUES
	(filled.id(221), filled.id(11), filled.id(211), filled.id(21), 'pool', '2024-06-01'), (filled.id(222), filled.id(11), filled.id(211), NULL, NULL, NULL),
	(filled.id(223), filled.id(11), filled.id(212), filled.id(22), 'group', '2020-06-01'), (filled.id(224), filled.id(12), filled.id(213), filled.id(28), 'hand', '2024-06-01');
INSERT INTO muster.maintenance (id, organization, begins, ends, reason, pilot_group) VALUES
	(filled.id(231), NULL, '2024-01-01', '2024-01-02', 'all at once', NULL), (filled.id(232), filled.id(15), '2024-01-01', NULL, repeat('m', 400), NULL),
	(filled.id(233), filled.id(11), '2079-01-01', '2079-01-02', 'disks', filled.id(201));
INSERT INTO muster.platform (organization, minimum_os_version, maximum_os_version, editions, device_types, enrollment_types, flows) VALUES
	(filled.id(12), '10.0.19041', '10.0', ARRAY['4', '48'], ARRAY['CIMClient_Windows'], ARRAY['Full', 'Device'], NULL);
INSERT INTO muster.allowed_network (id, organization, account_group, network, note) VALUES
	(filled.id(241), filled.id(11), NULL, '192.0.2.0/24', 'the office'), (filled.id(242), filled.id(11), filled.id(201), '2001:db8::/32', NULL), (filled.id(243), filled.id(11), NULL, '10.0.0.0/8', NULL);
INSERT INTO muster.blocked_device (id, organization, kind, value, reason, blocked_at, blocked_by) VALUES
	(filled.id(251), filled.id(11), 'serial number', 'stolen-1', 'stolen', '2024-07-01', 'somebody'), (filled.id(252), filled.id(12), 'hardware id', repeat('b', 128), repeat('r', 400), '2024-07-02', 'somebody');
INSERT INTO muster.expected_device (id, organization, kind, value, account, note, device, arrived_at) VALUES
	(filled.id(261), filled.id(11), 'device id', 'laptop', filled.id(21), 'Ada''s', filled.id(103), '2024-08-01'), (filled.id(262), filled.id(11), 'serial number', 'sn-new', NULL, NULL, NULL, NULL);
INSERT INTO muster.custom_rule (id, organization, name, priority, function, enabled, registered_at, registered_by) VALUES
	(filled.id(271), filled.id(11), 'Not on Fridays', 0, 'rules.fridays', false, '2024-07-01', 'somebody');
INSERT INTO muster.terms (organization, version, language, title, body, published_at, published_by) VALUES
	(filled.id(11), 1, 'en', 'Terms', 'Be good.', '2024-01-01', 'somebody'), (filled.id(11), 1, 'zh-Hans', repeat('条', 256), repeat('款', 100000), '2024-01-01', 'somebody');
INSERT INTO muster.acceptance (id, organization, account, version, accepted_at, how, token_sha256, expires_at, note, recorded_by) VALUES
	(filled.id(281), filled.id(11), filled.id(21), 1, '2024-06-01', 'hand', NULL, NULL, 'on paper', 'somebody'),
	(filled.id(282), filled.id(11), filled.id(22), 1, '2024-06-01', 'page', sha256('token'), '2080-01-01', NULL, 'muster_worker');
UPDATE muster.account SET device_cap = 3, may_enroll = false WHERE id = filled.id(24);
UPDATE muster.organization SET device_cap = 1000000, group_required = true, licence_required = true, only_preregistered = true, collision_policy = 'refuse', terms_version = 2147483647
 WHERE id = filled.id(12);

-- Delegation, counts, clients, rows on their way in.
DO $$ BEGIN IF to_regrole('filled_desk') IS NULL THEN CREATE ROLE filled_desk IN ROLE muster_help_desk; END IF; END $$;
INSERT INTO muster.delegation (id, role, duty, organization, created_at, created_by) VALUES
	(filled.id(291), 'filled_desk', 'help desk', filled.id(11), '2024-01-01', 'somebody'), (filled.id(292), 'gone', 'organization administrator', filled.id(12), '2024-01-01', 'somebody'),
	(filled.id(293), 'filled_desk', 'help desk', NULL, '2024-01-01', 'somebody');
INSERT INTO muster.daily_count (organization, day, stage, build, count) VALUES
	(filled.id(11), '2024-06-01', 'discovery', '10.0.19045', 9223372036854775807), (filled.id(11), '2024-06-01', 'policy', 'unknown', 1);
INSERT INTO muster.client_version (organization, build, request_version, first_seen_at, first_device) VALUES
	(filled.id(11), '10.0.19045', '4.0', '2024-06-01', filled.id(101)), (filled.id(12), repeat('9', 32), repeat('v', 64), '2024-09-01', filled.id(109));
INSERT INTO muster.import_row (list, line, upn, display_name) VALUES ('accounts', 2, 'new@example.test', 'New'), ('accounts', 3, repeat('x', 400), NULL);

-- Ways to prove who one is: all of them, in one order and another; the web server's alone; none. And one that is gone.
INSERT INTO muster.organization (id, key, name, enrollment_url, device_url, authority, management_url, auth_policies, sign_in, created_at) VALUES
	(filled.id(16), 'sso', 'Signs in elsewhere', 'https://enroll.sso.test', 'https://device.sso.test', filled.id(3), 'https://mdm.sso.test', '{Federated}', 'web server', '2024-06-01'),
	(filled.id(17), 'shut', 'Nobody enrolls', 'https://enroll.shut.test', 'https://device.shut.test', filled.id(3), 'https://mdm.shut.test', '{}', 'page', '2024-07-01'),
	(filled.id(18), 'gone', 'Deleted', 'https://enroll.gone.test', 'https://device.gone.test', NULL, NULL, '{OnPremise}', 'page', '2024-08-01');
INSERT INTO muster.email_domain (domain, organization, added_at) VALUES ('sso.test', filled.id(16), '2024-06-01'), ('shut.test', filled.id(17), '2024-07-01');
UPDATE muster.organization SET auth_policies = '{OnPremise,Federated,Certificate}' WHERE id = filled.id(11);
UPDATE muster.organization SET auth_policies = '{Certificate,Federated,OnPremise}', sign_in = 'web server' WHERE id = filled.id(12);
UPDATE muster.organization SET enabled = false, deleted_at = '2024-09-01' WHERE id = filled.id(18);
INSERT INTO muster.account (id, organization, upn, display_name, kind, created_at) VALUES
	(filled.id(33), filled.id(12), 'package@z.test', NULL, 'bulk', '2024-06-01'), (filled.id(34), filled.id(16), 'grace@sso.test', 'Grace', 'person', '2024-06-01'),
	(filled.id(35), filled.id(11), 'limited@example.test', 'Only so many', 'bulk', '2024-06-01'), (filled.id(36), filled.id(17), 'nobody@shut.test', NULL, 'person', '2024-07-01');

-- Tokens: good, consumed (by the key of the laptop; by that of a device that is retired since), expired.
INSERT INTO muster.token (id, organization, account, sha256, how, issued_at, expires_at, issued_remote, trace, attempt, consumed_at, consumed_key, device) VALUES
	(filled.id(401), filled.id(11), filled.id(21), decode(repeat('a1', 32), 'hex'), 'sign-in page', '2024-06-01', '2090-01-01', '192.0.2.7', filled.id(911), filled.id(912), NULL, NULL, NULL),
	(filled.id(402), filled.id(11), filled.id(21), decode(repeat('a2', 32), 'hex'), 'sign-in page', '2024-06-01', '2090-01-01', '2001:db8::7', NULL, NULL, now() - interval '2 days',
		sha256('\x00'::bytea || filled.der(103, 300)), filled.id(103)),
	(filled.id(403), filled.id(11), filled.id(22), decode(repeat('a3', 32), 'hex'), 'web server', '2024-08-01', '2090-01-01', NULL, NULL, NULL, '2024-08-01',
		sha256('\x00'::bytea || filled.der(105, 300)), filled.id(105)),
	(filled.id(404), filled.id(12), filled.id(28), decode(repeat('a4', 32), 'hex'), 'web server', '2024-06-01 12:00', '2024-06-01 12:10', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO muster.bulk_token (id, organization, account, name, token_sha256, created_at, created_by, expires_at, device_limit, networks, note, devices,
	revoked_at, revoked_by, revoked_reason) VALUES
	(filled.id(411), filled.id(11), filled.id(35), 'Classroom', decode(repeat('b1', 32), 'hex'), '2024-06-01', 'somebody', '2090-01-01', 2, '{192.0.2.0/24,2001:db8::/32}', 'the tablets', 1, NULL, NULL, NULL),
	(filled.id(412), filled.id(11), filled.id(25), 'Any number', decode(repeat('b2', 32), 'hex'), '2024-06-01', 'somebody', '2090-01-01', NULL, '{}', NULL, 0, NULL, NULL, NULL),
	(filled.id(413), filled.id(11), filled.id(35), 'Lost', decode(repeat('b3', 32), 'hex'), '2024-06-01', 'somebody', '2090-01-01', 10000000, '{}', repeat('失', 400), 0, now() - interval '9 days', 'somebody', repeat('r', 400)),
	(filled.id(414), filled.id(12), filled.id(33), repeat('束', 128), decode(repeat('b4', 32), 'hex'), '2024-06-01', repeat('s', 63), now() - interval '30 days', NULL,
		ARRAY(SELECT ('10.0.' || n || '.0/24')::cidr FROM generate_series(1, 64) n), NULL, 0, NULL, NULL, NULL);
INSERT INTO muster.bulk_enrollment (device, organization, bulk_token, public_key_sha256, counted) VALUES
	(filled.id(107), filled.id(11), filled.id(412), sha256('\x00'::bytea || filled.der(107, 300)), true),
	(filled.id(108), filled.id(11), filled.id(412), sha256('\x00'::bytea || filled.der(108, 300)), false);

-- Pages: a colour, a logo, neither; texts in another's place, in a further language, as long as they can be.
INSERT INTO muster.branding (organization, color, logo, changed_at) VALUES
	(filled.id(11), '#7b1fa2', decode('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'), '2024-06-01'),
	(filled.id(12), NULL, '\x89504e470d0a1a0a'::bytea || decode(repeat('00', 65528), 'hex'), '2024-06-01'), (filled.id(13), '#ffffff', NULL, '2024-06-01');
UPDATE muster.page_text SET own = 'Anmelden bei {organization}' WHERE language = 'de' AND key = 'sign_in_title';
INSERT INTO muster.page_text (language, key, own) VALUES
	('nl', 'sign_in_title', 'Aanmelden'), ('abcdefgh-12345678-abcdefgh-12345678-abcdefgh', 'a' || repeat('z', 63), repeat('ü', 1000));

-- Sign-in by the web server's module.
INSERT INTO muster.web_server_sign_in (organization, auth_type, user_variable, name_variable, groups_variable, groups_separator, create_accounts) VALUES
	(filled.id(11), repeat('N', 64), 'REMOTE_USER', NULL, NULL, ',', false), (filled.id(12), 'openid-connect', 'OIDC_CLAIM_upn', 'OIDC_CLAIM_name', 'OIDC_CLAIM_groups', '||||||||', false),
	(filled.id(16), 'Negotiate', 'REMOTE_USER', 'DISPLAY_NAME', 'MEMBER_OF', ';', true);
INSERT INTO muster.sign_in_condition (organization, variable, value) VALUES
	(filled.id(11), repeat('V', 64), repeat('値', 1000)), (filled.id(12), 'OIDC_CLAIM_email_verified', '1'), (filled.id(16), 'AUTH_LEVEL', 'high');
INSERT INTO muster.sign_in_realm (organization, realm, domain) VALUES
	(filled.id(12), repeat('R', 253), 'z.test'), (filled.id(16), 'SSO.EXAMPLE', 'sso.test'), (filled.id(16), '', 'sso.test');
INSERT INTO muster.account_group (id, organization, name, may_enroll, device_cap, created_at) VALUES (filled.id(204), filled.id(16), 'Staff', true, 5, '2024-06-01');
INSERT INTO muster.claim_group (organization, value, account_group) VALUES
	(filled.id(11), '0f7c2a11-5c0d-4c39-8f6e-6f0d6a1e2b3c', filled.id(201)), (filled.id(12), repeat('群', 400), filled.id(203)), (filled.id(16), 'staff', filled.id(204));

-- Members that are added up, and some that came since.
SET ROLE muster_owner;
SELECT muster.keep_members() \g /dev/null
RESET ROLE;
INSERT INTO muster.account_group_member (organization, account_group, account, how) VALUES
	(filled.id(16), filled.id(204), filled.id(34), 'claim'), (filled.id(11), filled.id(201), filled.id(27), 'hand');

-- Tenants: one with all that can be demanded; one as long as can be; one whose organization is closed.
INSERT INTO muster.tenant (organization, tenant, name, issuer_v1, issuer_v2, audiences, keys_url, keep_days, create_accounts, link_by_name, device_account, scope, mfa, added_at) VALUES
	(filled.id(11), filled.id(421), 'Contoso', 'https://sts.test/421/', 'https://login.test/421/v2.0', '{2b3c4d5e-0000-4000-8000-00000000000a,https://mdm.example.test}',
		'https://login.test/421/keys', 7, true, true, filled.id(25), 'mdm_delegation', true, '2024-06-01'),
	(filled.id(12), filled.id(422), repeat('租', 128), NULL, 'https://login.test/' || repeat('i', 237), ARRAY(SELECT lpad(n::text, 256, 'a') FROM generate_series(1, 16) n),
		'https://login.test/' || repeat('k', 2029), 90, false, false, NULL, repeat('~', 128), false, '2024-06-01'),
	(filled.id(13), filled.id(423), NULL, 'https://sts.test/423/', NULL, '{https://mdm.closed.test}', 'https://login.test/423/keys', 1, false, false, NULL, NULL, false, '2024-06-01');
INSERT INTO muster.tenant_key (organization, tenant, kid, algorithm, public_key, first_seen_at, last_seen_at, ends_at, revoked_at, revoked_reason) VALUES
	(filled.id(11), filled.id(421), 'k1', 'RS256', filled.key(294), '2024-06-01', '2024-09-01', NULL, NULL, NULL),
	(filled.id(11), filled.id(421), 'k2', 'ES256', filled.key(91), '2024-06-01', '2024-07-01', '2024-07-08', NULL, NULL),
	(filled.id(11), filled.id(421), 'k3', 'RS256', filled.key(64), '2024-06-01', '2024-07-01', NULL, '2024-07-02', repeat('盗', 400)),
	(filled.id(12), filled.id(422), repeat('k', 256), 'RS256', filled.key(2048), '2024-06-01', '2024-07-01', '2090-01-01', NULL, NULL);
INSERT INTO muster.account_identity (organization, account, tenant, subject, how, linked_at) VALUES
	(filled.id(11), filled.id(21), filled.id(421), filled.id(431), 'hand', '2024-06-01'), (filled.id(11), filled.id(23), filled.id(421), filled.id(432), 'name', '2024-06-02'),
	(filled.id(12), filled.id(28), filled.id(422), filled.id(433), 'first sight', '2024-06-03');

-- Certificates that sign requests: of our own devices, by names, with and without a list of revoked ones, ended.
INSERT INTO muster.signer_authority (id, organization, name, certificate, subject, subject_sha256, not_before, not_after, names_by, own_devices, crl_required,
	crl_number, crl_made_at, crl_ends_at, added_at) VALUES
	(filled.id(441), filled.id(11), 'Our own', filled.der(3), 'CN=Issuing', decode(repeat('51', 32), 'hex'), '2020-01-01', '2085-01-01', '{}', true, false, NULL, NULL, NULL, '2024-06-01'),
	(filled.id(442), filled.id(11), 'Partner', filled.der(442), 'CN=Partner', decode(repeat('52', 32), 'hex'), '2020-01-01', '2085-01-01', '{upn,email,"common name"}', false, true,
		18446744073709551616, '2024-06-01', '2085-01-01', '2024-06-01'),
	(filled.id(443), filled.id(11), 'No list', filled.der(443), 'CN=No list', decode(repeat('53', 32), 'hex'), '2020-01-01', '2085-01-01', '{upn}', false, true, NULL, NULL, NULL, '2024-06-01'),
	(filled.id(444), filled.id(12), repeat('署', 128), filled.der(444, 65536), repeat('S', 400), decode(repeat('52', 32), 'hex'), '2020-01-01', '2021-01-01', '{email}', false, false, NULL, NULL, NULL, '2024-06-01');
INSERT INTO muster.revoked_signer (organization, authority, serial, how, revoked_at, reason) VALUES
	(filled.id(11), filled.id(442), '\x0a', 'list', '2024-06-01', NULL), (filled.id(11), filled.id(442), '\x0a', 'hand', '2024-06-02', 'stolen'),
	(filled.id(12), filled.id(444), decode(repeat('7f', 64), 'hex'), 'hand', '2024-06-02', repeat('失', 400));
INSERT INTO muster.listed_signer (id, organization, account, sha256, subject, not_after, note, added_at) VALUES
	(filled.id(451), filled.id(11), filled.id(25), decode(repeat('c1', 32), 'hex'), 'CN=Package', '2085-01-01', 'Autumn laptops', '2024-06-01'),
	(filled.id(452), filled.id(12), filled.id(33), decode(repeat('c1', 32), 'hex'), NULL, NULL, NULL, '2024-06-01');
INSERT INTO muster.signing (organization, timestamps, skew_seconds, sha1, old_uris, policies_unsigned) VALUES
	(filled.id(11), true, 0, false, false, true), (filled.id(12), false, 604800, true, true, false);
INSERT INTO muster.used_signature (sha256, organization, device, until) VALUES
	(decode(repeat('e1', 32), 'hex'), filled.id(11), filled.id(103), '2085-01-01'), (decode(repeat('e2', 32), 'hex'), filled.id(12), filled.id(109), '2021-01-01');

-- Directories: one that is searched, one that is bound to at once, one with nothing but what it needs.
INSERT INTO muster.directory (id, organization, name, servers, ca_file, service_dn, service_password_file, bind_template, base, filter, name_attributes,
	short_name_attribute, upn_attribute, upn_domain, display_name_attribute, domains, netbios_domains, group_dn, group_check, connect_ms, answer_ms, total_ms,
	welcome, remember, added_at) VALUES
	(filled.id(461), filled.id(11), 'corp', '{ldaps://dc1.example.test,ldap://[2001:db8::7]:389}', 'corp.pem', 'cn=muster,dc=example,dc=test', 'corp.password', NULL, 'dc=example,dc=test',
		'(objectClass=user)', '{userPrincipalName,mail}', 'sAMAccountName', 'userPrincipalName', NULL, 'displayName', '{example.test}', '{CORP,СКЛАД}',
		'cn=mdm,dc=example,dc=test', 'nested', 100, 100, 100, true, true, '2024-06-01'),
	(filled.id(462), filled.id(12), repeat('d', 40), ARRAY(SELECT 'ldaps://dc' || n || '.z.test' FROM generate_series(1, 8) n), NULL, NULL, NULL, repeat('ü', 994) || '{user}',
		repeat('b', 1000), '(' || repeat('f', 998) || ')', ARRAY(SELECT 'a' || repeat('t', 98) || n FROM generate_series(1, 8) n), repeat('s', 100), repeat('u', 100),
		repeat('d', 253), NULL, ARRAY(SELECT 'd' || n || '.test' FROM generate_series(1, 32) n), ARRAY(SELECT 'WINDOWS-' || n FROM generate_series(1, 32) n), NULL, NULL,
		10000, 15000, 20000, false, false, '2024-06-01'),
	(filled.id(463), filled.id(13), 'x', '{ldap://dc.closed.test:389}', NULL, NULL, NULL, NULL, '', NULL, '{mail}', 'uid', 'mail', NULL, NULL, '{}', '{}', NULL, NULL, 2000, 3000, 10000,
		false, false, '2024-06-01');

-- Wrong passwords: Bob's are refused but where he is known from, Ada's suspected; a name that is nobody's; networks.
INSERT INTO muster.guessing_limit (organization, account_failures, network_failures, quiet, first_refusal, longest_refusal, known_for) VALUES
	(filled.id(12), 1, NULL, '1 minute', '1 second', '1 day', '0'), (filled.id(15), 1000, 1000000, '1 day', '1 day', '1 day', '366 days');
INSERT INTO muster.password_failure (kind, bucket, organization, account, networks, failures, refused, first_at, last_at, refused_until) VALUES
	('name', muster.name_bucket(filled.id(11), filled.id(22), NULL), filled.id(11), filled.id(22), '{192.0.2.7/32,2001:db8::/64}', 12, 9223372036854775806, '2024-06-01', now(), '2085-01-01'),
	('name', muster.name_bucket(filled.id(11), filled.id(21), NULL), filled.id(11), filled.id(21), '{198.51.100.1/32}', 7, 0, now(), now(), NULL),
	('name', muster.name_bucket(filled.id(11), NULL, 'nemo'), filled.id(11), NULL, '{}', 2147483647, 0, '2024-06-01', '2024-06-01', NULL),
	('network', muster.network_bucket(filled.id(11), '203.0.113.9'), filled.id(11), filled.id(21), '{203.0.113.9/32}', 100, 1, '2024-06-01', now(), '2085-01-01'),
	('network', muster.network_bucket(NULL, '203.0.113.10'), NULL, NULL, ARRAY(SELECT ('2001:db8:' || n || '::/64')::cidr FROM generate_series(1, 8) n), 1, 0, now(), now(), NULL);
INSERT INTO muster.known_network (organization, account, network, first_at, last_at, failures, refused, failed_first_at, failed_at, refused_until) VALUES
	(filled.id(11), filled.id(21), '192.0.2.7/32', '2024-06-01', now(), 0, 0, NULL, NULL, NULL), (filled.id(11), filled.id(22), '198.51.100.7/32', '2024-06-01', now(), 3, 0, now(), now(), NULL),
	(filled.id(11), filled.id(22), '2001:db8:7::/64', '2024-06-01', now(), 10, 9223372036854775806, '2024-06-01', now(), '2085-01-01'),
	(filled.id(12), filled.id(28), '10.0.0.1/32', '2024-06-01', '2024-06-01', 0, 0, NULL, NULL, NULL);

-- Days that are over, and events to be kept for longer than there are any.
INSERT INTO muster.closed_day (day, closed_at) VALUES ('2024-06-01', '2024-06-02'), ('2024-06-02', '2024-06-03');
INSERT INTO muster.daily_refusal (day, organization, stage, outcome, rule, refusals, accounts, latest_why) VALUES
	('2024-06-01', filled.id(11), 'policy', 'Authentication', NULL, 9223372036854775807, 1, 'wrong password'), ('2024-06-01', NULL, NULL, NULL, NULL, 1, 0, NULL),
	('2024-06-02', filled.id(12), repeat('s', 32), repeat('O', 32), repeat('規', 64), 1, 1, repeat('理', 400));
INSERT INTO muster.daily_count (organization, day, stage, build, count) VALUES
	(filled.id(11), '2024-06-01', 'issued', '10.0.19045', 1), (filled.id(11), '2024-06-01', 'first contact', '10.0.19045', 1);
UPDATE muster.configuration SET keep_events = '40 years';

-- An account that was deleted.
UPDATE muster.account SET enabled = false, may_enroll = false, display_name = NULL, password_hash = NULL, disabled_at = now(), upn = 'deleted-' || id || '@deleted.invalid', deleted_at = now() WHERE id = filled.id(26);

-- Sealed events, a legal hold, and a month aged out.
SET ROLE muster_owner;
SELECT count(*) FROM muster.seal_events() \g /dev/null
SELECT muster.hold_events('account', 'carl@example.test', 'a case', 'example') \g /dev/null
SELECT * FROM muster.age_events(interval '32 days') \g /dev/null
RESET ROLE;

DROP SCHEMA filled CASCADE;
