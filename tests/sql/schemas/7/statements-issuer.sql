-- The statements that version 7's issuers send (app/store/issuer.c), letter by letter, as the role muster_issuer, with
-- parameters of no declared type as there (CALL, which cannot be prepared, with constants). Arguments fit data.sql.

PREPARE generation AS SELECT generation, sealing_key FROM muster_issuer.generation();
EXECUTE generation;
SELECT generation FROM muster_issuer.generation() \gset

PREPARE authorities AS SELECT id, name, private_key, certificate, root FROM muster_issuer.authorities();
EXECUTE authorities;

PREPARE profiles AS SELECT organization, authority, validity_seconds, backdate_seconds, minimum_key_length FROM muster_issuer.profiles();
EXECUTE profiles;

\set account 0190f0c2-0000-7000-8000-000000000015
\set authority 0190f0c2-0000-7000-8000-000000000003
\set begins 1700000000
\set ends 3000000000
SELECT ('\x30820000c001' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c001' || repeat('5a', 94))::bytea) AS sha256, sha256('key') AS key \gset

-- Ada's laptop again: replaces 103. Asked twice, as after a lost answer.
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c001', '0190f0c2-0000-7000-8000-00000000c101', '0190f0c2-0000-7000-8000-00000000c201', '192.0.2.8', 'example', :'account',
	:'authority', :generation, '\x4101', :'sha256', :'der', :'key', '\x0708', :begins, :ends,
	'{"DeviceID":"LAPTOP","HWDevID":"HW-1","EnrollmentType":"Full","DeviceName":"ADA-PC","OSVersion":"10.0.26100.1","MAC":["a","b"]}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c001', '0190f0c2-0000-7000-8000-00000000c102', NULL, '192.0.2.8', 'example', :'account',
	:'authority', :generation, '\x4101', :'sha256', :'der', :'key', '\x0708', :begins, :ends, '{}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- A bulk account's, of the hardware of its other clones and, by its id, of Ada's.
SELECT ('\x30820000c002' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c002' || repeat('5a', 94))::bytea) AS sha256 \gset
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c002', '0190f0c2-0000-7000-8000-00000000c103', NULL, NULL, 'example', '0190f0c2-0000-7000-8000-000000000019',
	:'authority', :generation, '\x4102', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"DeviceID":"clone-3","HWDevID":"hw-1","EnrollmentType":"Device"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- Refused: stale, disabled, of another organization, by another authority, impossible times, an unknown type.
SELECT ('\x30820000c003' || repeat('5a', 94))::bytea AS der, sha256(('\x30820000c003' || repeat('5a', 94))::bytea) AS sha256 \gset
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, NULL, 'example', :'account',
	:'authority', 1, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, NULL, 'example', '0190f0c2-0000-7000-8000-000000000017',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, NULL, 'closed', :'account',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, NULL, 'example', :'account',
	'0190f0c2-0000-7000-8000-000000000004', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, NULL, 'example', :'account',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :ends, :begins, '{}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CALL muster_issuer.record_read_committed('0190f0c2-0000-7000-8000-00000000c003', '0190f0c2-0000-7000-8000-00000000c104', NULL, NULL, 'example', :'account',
	:'authority', :generation, '\x4103', :'sha256', :'der', :'key', NULL, :begins, :ends, '{"EnrollmentType":"Quick"}',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL);
