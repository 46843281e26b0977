-- Everything but events: organizations with their rules, accounts, groups, licences, devices, certificates, counts.
-- Variables: n (accounts), begins, password_hash. Run by tests/bench/fill as a superuser.
\set ON_ERROR_STOP on

BEGIN;
-- The rows are whole and consistent by construction, and the events that triggers would write of them are written by
-- fill-month.sql with the times of the story. So no trigger fires here and no foreign key is asked.
SET LOCAL session_replication_role = replica;
SET LOCAL maintenance_work_mem = '256MB';
SET LOCAL synchronous_commit = off;
SET LOCAL work_mem = '256MB';

-- Indexes are sorted at the end, not grown row by row; constraints' stay.
CREATE TEMPORARY TABLE later ON COMMIT DROP AS
SELECT pg_get_indexdef(i.indexrelid) AS definition, i.indexrelid::regclass::text AS name
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE c.oid IN ('muster.account'::regclass, 'muster.device'::regclass, 'muster.certificate'::regclass, 'muster.licence_seat'::regclass,
		'muster.account_group_member'::regclass)
   AND NOT EXISTS (SELECT FROM pg_constraint x WHERE x.conindid = i.indexrelid);
SELECT format('DROP INDEX %s', l.name) FROM later l \gexec

INSERT INTO muster.authority (id, kind, name, parent, key_type, certificate, not_before, not_after)
VALUES (rehearsal.id('authority', 0, '2020-01-01'), 'root', 'Rehearsal root', NULL, 'ec-p256', rehearsal.der(-1), now() - interval '2 years', now() + interval '20 years'),
	(rehearsal.id('authority', 1, '2020-01-01'), 'issuing', 'Rehearsal issuing', rehearsal.id('authority', 0, '2020-01-01'), 'ec-p256', rehearsal.der(-2),
		now() - interval '2 years', now() + interval '10 years');

INSERT INTO muster.organization (id, key, name, enrollment_url, device_url, authority, provider_id, management_url, device_cap, licence_required, terms_version, created_at)
SELECT id, key, initcap(key) || ' Ltd', 'https://enroll.' || key || '.test', 'https://device.' || key || '.test', rehearsal.id('authority', 1, '2020-01-01'),
       'RehearsalMDM', 'https://mdm.' || key || '.test/dm', CASE WHEN o = 0 THEN 5 WHEN o <= 10 THEN 10 END, o = 0 OR o IN (1, 3, 5, 7, 9),
       CASE o WHEN 4 THEN 1 END, timestamptz :'begins' - interval '1 day'
  FROM rehearsal.organization;
INSERT INTO muster.email_domain (domain, organization, added_at) SELECT key || '.test', id, timestamptz :'begins' - interval '1 day' FROM rehearsal.organization;
INSERT INTO muster.platform (organization, minimum_os_version) SELECT id, '10.0.19041' FROM rehearsal.organization WHERE o <= 5;
INSERT INTO muster.terms (organization, version, language, title, body) SELECT id, 1, 'en', 'Terms of use', 'Take care.' FROM rehearsal.organization WHERE o = 4;
INSERT INTO muster.maintenance (organization, begins, ends, reason)
SELECT o.id, timestamptz :'begins' + w * interval '1 week', timestamptz :'begins' + w * interval '1 week' + interval '2 hours', 'weekly updates'
  FROM rehearsal.organization o, generate_series(0, 50) w WHERE o.o = 0;

-- Accounts join with their first device, an hour before it.
INSERT INTO muster.account (id, organization, upn, display_name, kind, password_hash, password_set_at, created_at)
SELECT a.id, a.organization, a.upn, 'User ' || a.k, CASE WHEN a.bulk THEN 'bulk' ELSE 'person' END, :'password_hash',
       d.at - interval '59 minutes', d.at - interval '1 hour'
  FROM rehearsal.device d JOIN rehearsal.account a ON a.k = d.joins WHERE d.d <= :n ORDER BY d.d;
INSERT INTO muster.acceptance (organization, account, version, how, note) SELECT organization, id, 1, 'hand', 'on paper' FROM rehearsal.account WHERE o = 4;

-- Groups; an account is in one or two.
INSERT INTO muster.account_group (id, organization, name, device_cap, created_at)
SELECT rehearsal.id('group', o.o * 100 + g, '2020-01-01'), o.id, 'Group ' || g, CASE WHEN g % 4 = 0 THEN 6 + g % 5 END, timestamptz :'begins' - interval '1 day'
  FROM rehearsal.organization o, generate_series(0, o.groups - 1) g;
INSERT INTO muster.account_group_member (organization, account_group, account, added_at)
SELECT a.organization, rehearsal.id('group', a.o * 100 + (a.k + m * 7) % a.groups, '2020-01-01'), a.id, timestamptz :'begins'
  FROM rehearsal.account a, generate_series(0, a.k % 2) m;

UPDATE muster.account_group g SET members = n.number
  FROM (SELECT m.account_group, count(*) AS number FROM muster.account_group_member m GROUP BY 1) n WHERE n.account_group = g.id;

-- Licences of all but the small organizations. Every account that enrolls has a seat; of the big one's seats a tenth
-- is free, of each middle one's 400.
INSERT INTO muster.licence (id, organization, name, valid_from, valid_until, pool, created_at)
SELECT rehearsal.id('licence', o, '2020-01-01'), id, 'Device management', timestamptz :'begins' - interval '1 day',
       CASE WHEN o % 2 = 0 THEN now() + (o + 1) * interval '40 days' END, o = 0 OR o % 2 = 1, timestamptz :'begins' - interval '1 day'
  FROM rehearsal.organization WHERE o <= 10;
INSERT INTO muster.licence_group (organization, licence, account_group)
SELECT o.id, rehearsal.id('licence', o.o, '2020-01-01'), rehearsal.id('group', o.o * 100 + g, '2020-01-01') FROM rehearsal.organization o, generate_series(0, 2) g WHERE o.o <= 10;
INSERT INTO muster.licence_seat (organization, licence, account, how, assigned_at)
SELECT organization, rehearsal.id('licence', o, '2020-01-01'), id,
       CASE WHEN k % 10 = 1 THEN 'hand' WHEN k % 3 = 0 THEN 'group' ELSE 'pool' END, timestamptz :'begins' + interval '1 day'
  FROM rehearsal.account WHERE o <= 10 AND k % 20 <> 7
UNION ALL
SELECT o.id, rehearsal.id('licence', o.o, '2020-01-01'), NULL, NULL, NULL
  FROM rehearsal.organization o, generate_series(1, CASE WHEN o.o = 0 THEN greatest(400, :n / 25) ELSE 400 END) WHERE o.o <= 10;

UPDATE muster.licence l SET seats = (SELECT count(*) FROM muster.licence_seat s WHERE s.licence = l.id);

-- Known devices.
INSERT INTO muster.blocked_device (organization, kind, value, reason, blocked_by)
SELECT o.id, (ARRAY['hardware id', 'device id', 'serial number'])[1 + b % 3], 'STOLEN' || b, 'stolen', 'rehearsal'
  FROM generate_series(1, :n / 200) b JOIN rehearsal.organization o ON o.o = b % 11;
INSERT INTO muster.expected_device (organization, kind, value)
SELECT o.id, 'serial number', 'NEW' || e FROM rehearsal.organization o, generate_series(1, :n / 10) e WHERE o.o = 2;

INSERT INTO muster.device (id, organization, account, device_id, hardware_id, name, enrollment_type, device_type, os_version, os_edition,
	application_version, request_version, serial_number, manufacturer, model, locale, facts, state, enrolled_at, first_contact_at,
	replaced_by, replaced_at, ended_at, retired_at, retired_reason, trace, attempt, remote, dm_secrets)
SELECT d.id, d.organization, d.account, upper(md5('device' || d.machine)), d.hardware_id, 'PC-' || d.machine,
       CASE WHEN d.d % 50 = 0 THEN 'Device' ELSE 'Full' END, 'CIMClient_Windows', d.os_version, '4', d.os_version, '4.0',
       'SN' || lpad(d.machine::text, 8, '0'), 'Example', 'Model ' || d.d % 7, CASE d.d % 3 WHEN 0 THEN 'de-DE' ELSE 'en-GB' END, d.facts::jsonb,
       CASE WHEN d.d > :n THEN 'enrolled' ELSE d.fate END, d.at, CASE WHEN d.has_called THEN d.at + interval '2 minutes' END,
       CASE WHEN d.fate = 'replaced' THEN d.next_id END, CASE WHEN d.fate = 'replaced' AND d.d <= :n THEN d.next_at END,
       CASE WHEN d.fate = 'replaced' AND d.d <= :n AND (d.d + :n) % 40 <> 1 THEN d.next_at + interval '2 minutes' END,
       CASE WHEN d.fate = 'retired' AND d.d <= :n THEN d.next_at END, CASE WHEN d.fate = 'retired' AND d.d <= :n THEN 'returned' END,
       md5('trace' || d.d)::uuid, md5('attempt' || d.d)::uuid, inet '10.0.0.0' + d.d % 16000000, decode(repeat(md5('secrets' || d.d), 6), 'hex')
  FROM rehearsal.device d ORDER BY d.at;

INSERT INTO muster.certificate (sha256, organization, device, authority, serial, public_key_sha256, der, not_before, not_after, issued_at, first_used_at)
SELECT sha256(s.der), s.organization, s.id, rehearsal.id('authority', 1, '2020-01-01'), decode(md5('serial' || s.d), 'hex'), sha256(decode(md5('key' || s.d), 'hex')), s.der,
       s.at - interval '10 minutes', s.at + interval '365 days', s.at, CASE WHEN s.has_called THEN s.at + interval '2 minutes' END
  FROM (SELECT d.*, rehearsal.der(d.d) AS der FROM rehearsal.device d OFFSET 0) s;

-- What the programs would have counted, and the clients they saw first.
INSERT INTO muster.daily_count (organization, day, stage, build, count)
SELECT o.id, d.day, s.stage, CASE s.stage WHEN 'policy' THEN 'unknown' ELSE d.build END, greatest(1, CASE WHEN o.o = 0 THEN :n / 1200 WHEN o.o <= 10 THEN :n / 12000 ELSE 1 END)
  FROM rehearsal.organization o,
       (SELECT (d.at AT TIME ZONE 'UTC')::date AS day, muster.build_of(d.os_version) AS build, row_number() OVER (PARTITION BY (d.at AT TIME ZONE 'UTC')::date) AS nth
	  FROM rehearsal.device d GROUP BY 1, 2) d,
       unnest(ARRAY['discovery', 'policy']) s (stage)
 WHERE d.nth = 1 OR (o.o <= 10 AND s.stage = 'discovery');
INSERT INTO muster.client_version (organization, build, request_version, first_device, first_seen_at)
SELECT DISTINCT ON (d.organization, muster.build_of(d.os_version)) d.organization, muster.build_of(d.os_version), '4.0', d.id, d.enrolled_at
  FROM muster.device d ORDER BY d.organization, muster.build_of(d.os_version), d.enrolled_at;

SELECT l.definition FROM later l \gexec
COMMIT;
VACUUM (ANALYZE) muster.organization, muster.email_domain, muster.account, muster.account_group, muster.account_group_member, muster.licence,
	muster.licence_seat, muster.device, muster.certificate, muster.blocked_device, muster.expected_device, muster.acceptance, muster.daily_count,
	muster.client_version, muster.maintenance, muster.platform;
