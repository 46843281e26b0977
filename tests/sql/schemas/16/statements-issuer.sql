-- The statements that version 16's issuers send (app/store/issuer.c), letter by letter, as the role muster_issuer, with
-- parameters of no declared type as there (CALL, which cannot be prepared, with constants). Arguments fit data.sql.

PREPARE generation AS SELECT generation, sealing_key FROM muster_issuer.generation();
EXECUTE generation;
SELECT generation FROM muster_issuer.generation() \gset

PREPARE authorities AS SELECT id, name, private_key, certificate, root FROM muster_issuer.authorities();
EXECUTE authorities;

PREPARE profiles AS SELECT organization, authority, validity_seconds, backdate_seconds, minimum_key_length FROM muster_issuer.profiles();
EXECUTE profiles;

\set password '{"kind":"password"}'
\set account 0190f0c2-0000-7000-8000-000000000015
\set authority 0190f0c2-0000-7000-8000-000000000003
\set begins 1700000000
\set ends 3000000000
SELECT ('\x30820000c001' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c001' || repeat('5a', 94))::bytea) AS sha256, sha256('key') AS key \gset

-- Ada's laptop again: replaces 103. Asked twice, as after a lost answer.
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c001', '0190f0c2-0000-7000-8000-00000000c101', '0190f0c2-0000-7000-8000-00000000c201', '192.0.2.8', 'example', :'account',
	:'authority', :generation, '\x4101', :'sha256', :'der', :'key', '\x0708', :begins, :ends,
	'{"DeviceID":"LAPTOP","HWDevID":"HW-1","EnrollmentType":"Full","DeviceName":"ADA-PC","OSVersion":"10.0.26100.1","MAC":["a","b"]}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c001', '0190f0c2-0000-7000-8000-00000000c102', NULL, '192.0.2.8', 'example', :'account',
	:'authority', :generation, '\x4101', :'sha256', :'der', :'key', '\x0708', :begins, :ends, '{}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- A bulk account's, of the hardware of its other clones and, by its id, of Ada's.
SELECT ('\x30820000c002' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c002' || repeat('5a', 94))::bytea) AS sha256 \gset
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c002', '0190f0c2-0000-7000-8000-00000000c103', NULL, '192.0.2.8', 'example', '0190f0c2-0000-7000-8000-000000000019',
	:'authority', :generation, '\x4102', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"clone-3","HWDevID":"hw-1","EnrollmentType":"Device"}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- Refused: stale, disabled, of another organization, by another authority, impossible times, an unknown type.
SELECT ('\x30820000c003' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c003' || repeat('5a', 94))::bytea) AS sha256 \gset
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, '192.0.2.8', 'example', :'account',
	:'authority', 1, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, '192.0.2.8', 'example', '0190f0c2-0000-7000-8000-000000000017',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, '192.0.2.8', 'closed', :'account',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, '192.0.2.8', 'example', :'account',
	'0190f0c2-0000-7000-8000-000000000004', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, '192.0.2.8', 'example', :'account',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :ends, :begins, '{}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, '192.0.2.8', 'example', :'account',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"EnrollmentType":"Quick"}', :'password',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- By a token: consumed; by the same key again, which gets the same answer; by another key. One of the laptop's, one of a
-- retired device, one that is expired.
\set token '{"kind":"token","sha256":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}'
SELECT ('\x30820000c004' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c004' || repeat('5a', 94))::bytea) AS sha256, sha256('another key') AS other_key, sha256('\x00308200000067'::bytea || decode(repeat('5a', 294), 'hex')) AS laptop_key \gset
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c004', '0190f0c2-0000-7000-8000-00000000c105', NULL, '192.0.2.7', 'example', :'account',
	:'authority', :generation, '\x4104', :'sha256', :'der', :'key', '\x0a0b', :begins, :ends, '{"DeviceID":"tablet","EnrollmentType":"Full"}', :'token',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c005', '0190f0c2-0000-7000-8000-00000000c106', NULL, '192.0.2.7', 'example', :'account',
	:'authority', 1, '\x4105', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"tablet","EnrollmentType":"Full"}', :'token',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c005', '0190f0c2-0000-7000-8000-00000000c107', NULL, '192.0.2.7', 'example', :'account',
	:'authority', :generation, '\x4105', :'sha256', :'der', :'other_key', NULL, :begins, :ends, '{"DeviceID":"tablet","EnrollmentType":"Full"}', :'token',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c005', '0190f0c2-0000-7000-8000-00000000c108', '0190f0c2-0000-7000-8000-00000000c208', '192.0.2.7', 'example', :'account',
	:'authority', :generation, '\x4105', :'sha256', :'der', :'laptop_key', NULL, :begins, :ends, '{"DeviceID":"Laptop"}', '{"kind":"token","sha256":"a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c005', '0190f0c2-0000-7000-8000-00000000c109', NULL, '192.0.2.7', 'example', '0190f0c2-0000-7000-8000-000000000016',
	:'authority', :generation, '\x4105', :'sha256', :'der', sha256('\x00308200000069'::bytea || decode(repeat('5a', 294), 'hex')), NULL, :begins, :ends, '{"DeviceID":"lost"}', '{"kind":"token","sha256":"a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c005', '0190f0c2-0000-7000-8000-00000000c10a', NULL, '192.0.2.7', repeat('z', 40), '0190f0c2-0000-7000-8000-00000000001c',
	'0190f0c2-0000-7000-8000-000000000004', :generation, '\x4105', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}', '{"kind":"token","sha256":"a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- By bulk tokens: without a limit, one of two and the second, which is one too many, of a network that is not theirs.
SELECT ('\x30820000c006' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c006' || repeat('5a', 94))::bytea) AS sha256 \gset
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c006', '0190f0c2-0000-7000-8000-00000000c10b', NULL, '192.0.2.8', 'example', '0190f0c2-0000-7000-8000-000000000019',
	:'authority', :generation, '\x4106', :'sha256', :'der', :'key', '\x0c', :begins, :ends, '{"DeviceID":"kiosk","EnrollmentType":"Device"}', '{"kind":"token","sha256":"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT ('\x30820000c007' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c007' || repeat('5a', 94))::bytea) AS sha256 \gset
\set limited '{"kind":"token","sha256":"b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"}'
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c007', '0190f0c2-0000-7000-8000-00000000c10c', NULL, '192.0.2.7', 'example', '0190f0c2-0000-7000-8000-000000000023',
	:'authority', :generation, '\x4107', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"tablet-1","EnrollmentType":"Device"}', :'limited',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c008', '0190f0c2-0000-7000-8000-00000000c10d', NULL, '192.0.2.7', 'example', '0190f0c2-0000-7000-8000-000000000023',
	:'authority', :generation, '\x4108', :'sha256', :'der', :'other_key', NULL, :begins, :ends, '{"DeviceID":"tablet-2","EnrollmentType":"Device"}', :'limited',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c008', '0190f0c2-0000-7000-8000-00000000c10e', NULL, '203.0.113.1', 'example', '0190f0c2-0000-7000-8000-000000000023',
	:'authority', :generation, '\x4108', :'sha256', :'der', :'other_key', NULL, :begins, :ends, '{"DeviceID":"tablet-2","EnrollmentType":"Device"}', :'limited',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- By a token of Entra ID; by a signed request, which enrolls once; by one that is not signed; by a revoked certificate.
SELECT ('\x30820000c009' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c009' || repeat('5a', 94))::bytea) AS sha256 \gset
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c009', '0190f0c2-0000-7000-8000-00000000c10f', NULL, '192.0.2.7', 'example', :'account',
	:'authority', :generation, '\x4109', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"joined","EnrollmentType":"Full"}',
	'{"kind":"jwt","issuer":"https://login.test/421/v2.0","tenant":"0190f0c2-0000-7000-8000-0000000001a5","key":"k1","algorithm":"RS256","subject":"0190f0c2-0000-7000-8000-0000000001af","user":"ada@example.test","audiences":["https://mdm.example.test"],"version":"2.0"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT ('\x30820000c00a' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c00a' || repeat('5a', 94))::bytea) AS sha256 \gset
\set signed '{"kind":"certificate","sha256":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","subject":"CN=Package","issuer":"CN=Whoever","issuer_sha256":"5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f","serial":"01","upn":[],"email":[],"common_name":["Package"],"not_after":"2085-01-01T00:00:00Z","signed":true,"replay":"e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9e9"}'
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c00a', '0190f0c2-0000-7000-8000-00000000c110', NULL, '192.0.2.7', 'example', '0190f0c2-0000-7000-8000-000000000019',
	:'authority', :generation, '\x410a', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"signed","EnrollmentType":"Device"}', :'signed',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c00b', '0190f0c2-0000-7000-8000-00000000c111', NULL, '192.0.2.7', 'example', '0190f0c2-0000-7000-8000-000000000019',
	:'authority', :generation, '\x410b', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"signed","EnrollmentType":"Device"}', :'signed',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c00b', '0190f0c2-0000-7000-8000-00000000c112', NULL, '192.0.2.7', 'example', :'account',
	:'authority', :generation, '\x410b', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"signed"}',
	'{"kind":"certificate","sha256":"c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2","subject":"CN=Ada","issuer":"CN=Partner","issuer_sha256":"5252525252525252525252525252525252525252525252525252525252525252","serial":"0b","upn":[],"email":["ada@example.test"],"common_name":["Ada"],"not_after":"2085-01-01T00:00:00Z"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c00b', '0190f0c2-0000-7000-8000-00000000c113', NULL, '192.0.2.7', 'example', :'account',
	:'authority', :generation, '\x410b', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"signed"}',
	'{"kind":"certificate","sha256":"c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4","subject":"CN=Ada","issuer":"CN=Partner","issuer_sha256":"5252525252525252525252525252525252525252525252525252525252525252","serial":"0a","upn":["ada@example.test"],"email":[],"common_name":[],"not_after":"2085-01-01T00:00:00Z","signed":true,"replay":"eaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaea"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
