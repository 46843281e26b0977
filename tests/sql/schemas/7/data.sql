-- Rows for every table of schema 7: several organizations, accounts of both kinds, authorities with and without keys,
-- devices living, replaced, ended and retired, certificates, events over several months, and odd values: NULLs,
-- greatest lengths, other alphabets. Times are relative to now only where a decision depends on them.

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

-- An account and an organization that were deleted.
UPDATE muster.account SET enabled = false, may_enroll = false, display_name = NULL, password_hash = NULL, disabled_at = now(), upn = 'deleted-' || id || '@deleted.invalid', deleted_at = now() WHERE id = filled.id(26);

-- Sealed events, a legal hold, and a month aged out.
SET ROLE muster_owner;
SELECT count(*) FROM muster.seal_events() \g /dev/null
SELECT muster.hold_events('account', 'carl@example.test', 'a case', 'example') \g /dev/null
SELECT * FROM muster.age_events(interval '32 days') \g /dev/null
RESET ROLE;

DROP SCHEMA filled CASCADE;
