-- The device endpoint: whose certificate, and whether it opens the door.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION enroll(n integer, p_upn text, p_facts text DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	said text := test.try('muster_issuer', test.record(n, p_upn, p_facts));
BEGIN
	IF said <> 'OK|-' THEN RAISE EXCEPTION '%', said; END IF;
END
$$;
CREATE FUNCTION door(n integer, p_columns text DEFAULT 'outcome, why') RETURNS text LANGUAGE sql AS $$ SELECT test.try('muster_worker', test.device(n, p_columns)) $$;
CREATE FUNCTION writes() RETURNS text LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM muster.event) || ' ' || (SELECT coalesce(sum(xmin::text::bigint), 0) FROM muster.certificate) || ' ' || (SELECT coalesce(sum(xmin::text::bigint), 0) FROM muster.device)
$$;

SELECT enroll(1, 'ada@example.test', '{"DeviceID": "d1", "DeviceName": "PC"}');
SELECT is(door(99, '*'), 'Forbidden|unknown certificate|-|-|-|-|-|-', 'an unknown certificate');
SELECT is(try('muster_worker', 'SELECT outcome FROM muster_worker.device(' || s || ', NULL)'), 'Forbidden', 'no fingerprint: ' || s) FROM (VALUES ('NULL'), ('''\x'''), ('''\x00''')) v (s);
SELECT matches(door(1, '*'), '^OK\|-\|' || id(1) || '\|ada@example.test\|example\|enrolled\|PC\|20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$', 'an enrolled device''s');
SELECT is(door(1, 'not_after'), (SELECT to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM muster.certificate), 'its end, in UTC');
SELECT is((SELECT first_used_at IS NOT NULL FROM muster.certificate), true, 'the first use is recorded with the certificate');
SELECT is((SELECT first_contact_at IS NOT NULL FROM muster.device), true, 'and with the device');
SELECT results_eq($$SELECT trace, stage, device, outcome FROM muster.event WHERE kind = 'first contact'$$, $$VALUES (test.id(2000001), 'device', test.id(1), 'OK')$$, 'and as an event');
CREATE TEMP TABLE before AS SELECT writes();
SELECT is(door(1), 'OK|-', 'a later use');
SELECT is(writes(), (SELECT writes FROM before), 'writes nothing');

-- Replaced: good until the successor's is used.
SELECT enroll(2, 'ada@example.test', '{"DeviceID": "d1"}');
SELECT is(door(1, 'outcome, why, state'), 'OK|-|replaced', 'replaced: still good while the new one was not used');
SELECT is(door(2), 'OK|-', 'the new one');
SELECT is(door(1, 'outcome, why, state'), 'Forbidden|certificate is superseded: the device has used a newer one|replaced', 'ends the old one');
SELECT is((SELECT ended_at IS NOT NULL FROM muster.device WHERE id = id(1)), true, 'with its time');

-- Replaced several times, replies lost: the first use of the last ends all.
SELECT enroll(3, 'ada@example.test', '{"DeviceID": "d1"}');
SELECT enroll(4, 'ada@example.test', '{"DeviceID": "d1"}');
SELECT is(door(2) || ', ' || door(4), 'OK|-, OK|-', 'before and at the first use of the last');
SELECT is(door(2) || ', ' || door(3), 'Forbidden|certificate is superseded: the device has used a newer one, Forbidden|certificate is superseded: the device has used a newer one', 'all before it end');
SELECT is((SELECT first_used_at FROM muster.certificate WHERE device = id(3)), NULL, 'a refused one was not used');

-- The bounded time.
SELECT enroll(5, 'bob@example.test', '{"DeviceID": "d5"}');
SELECT enroll(6, 'bob@example.test', '{"DeviceID": "d5"}');
UPDATE muster.device SET replaced_at = now() - interval '7 days' + interval '1 minute' WHERE id = id(5);
SELECT is(door(5), 'OK|-', 'just inside the time for the change');
UPDATE muster.device SET replaced_at = now() - interval '7 days 1 second' WHERE id = id(5);
SELECT is(door(5), 'Forbidden|certificate is superseded: the device enrolled again and the time for the change is over', 'just after it');
UPDATE muster.organization SET replaced_certificate_days = 8 WHERE key = 'example';
SELECT is(door(5), 'OK|-', 'the organization sets it');
UPDATE muster.organization SET replaced_certificate_days = 0 WHERE key = 'example';
SELECT enroll(7, 'bob@example.test', '{"DeviceID": "d5"}');
SELECT is(door(6), 'Forbidden|certificate is superseded: the device enrolled again and the time for the change is over', 'none: the old one ends at once');

-- Retired, expired, account, organization.
SELECT muster.retire_device(id(7), 'stolen') IS NULL;
SELECT is(door(7, 'outcome, why, state'), 'Forbidden|device is retired: stolen|retired', 'retired');
SELECT enroll(8, 'olga@other.test', '{"DeviceID": "d8"}');
SELECT muster.disable_account('olga@other.test', 'left') IS NULL;
SELECT is(door(8), 'OK|-', 'a disabled account''s device stays, so that it can be wiped');
SELECT muster.disable_organization('other') IS NULL;
SELECT is(door(8), 'Forbidden|organization is disabled', 'a disabled organization''s does not');
SELECT muster.enable_organization('other') IS NULL;
SELECT is(door(8), 'OK|-', 'enabled again');
UPDATE muster.certificate SET not_before = now() - interval '2 d', not_after = now() - interval '1 s' WHERE device = id(8);
SELECT is(door(8), 'Forbidden|certificate has expired', 'expired');

-- Read-only: the answer without the record.
SELECT enroll(9, 'ada@example.test', '{"DeviceID": "d9"}');
BEGIN TRANSACTION READ ONLY;
SELECT is(door(9), 'OK|-', 'read-only: answers');
COMMIT;
SELECT is((SELECT first_used_at FROM muster.certificate WHERE device = id(9)), NULL, 'and records nothing');
SELECT is(door(9), 'OK|-', 'later');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'first contact' AND device = id(9)), 1::bigint, 'it is recorded, once');

-- By index, whatever the size.
SET enable_seqscan = off;
SELECT matches(plan, 'certificate_pkey', 'found by index') FROM (SELECT string_agg(x, ' ') AS plan FROM (
	SELECT dblink AS x FROM dblink(connection('postgres'), 'EXPLAIN SELECT d.id FROM muster.certificate x JOIN muster.device d ON d.id = x.device WHERE x.sha256 = ''\x00''') t (dblink text)) s) p;

SELECT * FROM finish();
