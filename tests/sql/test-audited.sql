-- Every change by hand, too, of whatever an administrator may write, is an event.
SET search_path = test;
SET client_min_messages = warning;
SELECT no_plan();
SELECT is(try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "d1"}')), 'OK|-', 'a device');
INSERT INTO muster.event_hold (kind, subject, subject_name, reason) VALUES ('trace', id(1), 'x', 'x');

CREATE VIEW audited AS SELECT t.tgrelid, t.tgtype, t.tgattr FROM pg_trigger t WHERE t.tgfoid IN ('muster.audit'::regproc, 'muster.audit_seats'::regproc) AND t.tgenabled = 'O' AND (t.tgtype & 2) = 0;
CREATE VIEW writable AS SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'muster'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	-- what is only loaded changes nothing yet; what is imported of it is audited in its table
	AND c.relname <> 'import_row';
SELECT is_empty($$SELECT relname FROM writable w WHERE (has_table_privilege('muster_admin', oid, 'INSERT') OR has_any_column_privilege('muster_admin', oid, 'INSERT'))
	AND NOT EXISTS (SELECT FROM audited a WHERE a.tgrelid = w.oid AND (a.tgtype & 4) <> 0)$$, 'every table that administrators may add to is audited');
SELECT is_empty($$SELECT relname FROM writable w WHERE has_table_privilege('muster_admin', oid, 'DELETE') AND NOT EXISTS (SELECT FROM audited a WHERE a.tgrelid = w.oid AND (a.tgtype & 8) <> 0)$$, 'that they may delete from');
SELECT is_empty($$SELECT relname, t.attname FROM writable w JOIN pg_attribute t ON t.attrelid = w.oid AND t.attnum > 0 AND NOT t.attisdropped WHERE has_column_privilege('muster_admin', w.oid, t.attnum, 'UPDATE')
	AND NOT EXISTS (SELECT FROM audited a WHERE a.tgrelid = w.oid AND (a.tgtype & 16) <> 0 AND (a.tgattr::text = '' OR t.attnum = ANY (a.tgattr)))$$, 'every column that they may change');
SELECT is_empty($$SELECT relname FROM writable w WHERE has_table_privilege('muster_admin', oid, 'TRUNCATE')$$, 'none that they may truncate');

-- Tried: what changes a row makes an event with the role, and tells before and after, or the column.
CREATE FUNCTION other(p_type text, p_column text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN p_column = 'state' THEN '''replaced''' WHEN p_column = 'password_hash' THEN '''$6$abcdefgh$abcdefgh''' WHEN p_column = 'kind' THEN '''bulk''' WHEN p_column = 'enrollment_version' THEN '''5.0'''
		WHEN p_column LIKE '%\_url' THEN '''https://changed.example.test''' WHEN p_column = 'hub_uri' THEN '''https://hub.example.test''' WHEN p_column = 'upn' THEN '''changed@example.test'''
		WHEN p_column = 'provider_id' THEN '''Changed''' WHEN p_column = 'minimum_key_length' THEN '3072'
		WHEN p_type = 'text' THEN '''changed''' WHEN p_type = 'boolean' THEN format('NOT %I', p_column) WHEN p_type IN ('integer', 'bigint', 'smallint') THEN format('coalesce(%I, 0) + 1', p_column)
		WHEN p_type LIKE 'timestamp%' THEN 'now() + interval ''1 second''' WHEN p_type = 'interval' THEN 'interval ''400 days''' WHEN p_type = 'uuid' THEN 'muster.new_id()' WHEN p_type = 'bytea' THEN 'sha256(''changed'')' END
$$;
CREATE FUNCTION changed_by_hand() RETURNS TABLE (what text, told text) LANGUAGE plpgsql AS $$
DECLARE
	c record;
	answer text;
	before bigint;
	e record;
BEGIN
	FOR c IN SELECT w.relname, t.attname, format_type(t.atttypid, NULL) AS type FROM test.writable w JOIN pg_attribute t ON t.attrelid = w.oid
	          WHERE t.attnum > 0 AND NOT t.attisdropped AND t.attgenerated = '' AND has_column_privilege('muster_admin', w.oid, t.attnum, 'UPDATE') AND test.other(format_type(t.atttypid, NULL), t.attname) IS NOT NULL
	LOOP
		SELECT count(*) INTO before FROM muster.event;
		BEGIN
			answer := test.try('boss', format('UPDATE muster.%1$I SET %2$I = %3$s WHERE %4$s', c.relname, c.attname, test.other(c.type, c.attname),
				CASE c.relname WHEN 'organization' THEN 'key = ''example''' WHEN 'account' THEN 'upn = ''ada@example.test''' ELSE 'true' END));
			SELECT x.kind, x.actor_role, x.details INTO e FROM muster.event x WHERE x.actor_role = 'boss' ORDER BY x.id DESC LIMIT 1;
			what := c.relname || '.' || c.attname;
			told := CASE
				WHEN answer LIKE 'ERROR%' OR answer = 'done 0' THEN 'not changed: ' || answer
				WHEN (SELECT count(*) FROM muster.event) = before THEN 'no event'
				WHEN e.details -> 'before' -> c.attname IS DISTINCT FROM e.details -> 'after' -> c.attname THEN 'before and after'
				WHEN e.details -> 'also' ? c.attname OR e.kind IN ('password set', 'sealing key set') THEN 'the column'
				ELSE 'nothing' END;
			RAISE EXCEPTION USING ERRCODE = 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
			RETURN NEXT;
		END;
	END LOOP;
END
$$;
CREATE TABLE tried AS SELECT * FROM changed_by_hand();
SELECT is_empty($$SELECT what, told FROM tried WHERE told IN ('no event', 'nothing')$$, 'no change by hand is without event, and none without its column');
SELECT cmp_ok((SELECT count(*) FROM tried WHERE told IN ('before and after', 'the column')), '>', 25::bigint, 'and many columns could be changed');
SELECT bag_has((SELECT 'SELECT what FROM tried WHERE told = ''before and after'''), $$VALUES ('device.retired_reason'), ('account.kind'), ('configuration.keep_events')$$, 'of devices, accounts, configuration');
SELECT bag_has((SELECT 'SELECT what FROM tried WHERE told = ''the column'''), $$VALUES ('account.password_hash'), ('configuration.sealing_key')$$, 'secrets by the column''s name or a word of their own');
-- What the programs do is not told twice.
SELECT is((SELECT count(*) FROM muster.event WHERE device = id(1)), 1::bigint, 'an enrollment is one event');
SELECT is(try('muster_worker', device(1)), 'OK|-', 'first contact');
SELECT is((SELECT string_agg(kind, ', ' ORDER BY at) FROM muster.event WHERE device = id(1)), 'enrolled, first contact', 'is another one');
-- And what an owner or a superuser does to devices and certificates by hand.
UPDATE muster.device SET name = 'changed' WHERE id = id(1);
UPDATE muster.certificate SET first_used_at = NULL WHERE device = id(1);
SELECT results_eq($$SELECT kind, actor_role, device, details -> 'after' FROM muster.event WHERE kind IN ('device changed', 'certificate changed') ORDER BY at$$, $$VALUES ('device changed', 'postgres', test.id(1), '{"name": "changed"}'::jsonb), ('certificate changed', 'postgres', test.id(1), '{"first_used_at": null}')$$, 'by hand: an event each');
-- A retired device that was replaced before, brought back by hand.
SELECT is(try('muster_issuer', record(2, 'ada@example.test', '{"DeviceID": "d1"}')), 'OK|-', 'enrolled again');
SELECT muster.retire_device(id(1), 'lost') IS NULL;
SELECT is(try('boss', format('UPDATE muster.device SET state = ''replaced'', retired_at = NULL, retired_reason = NULL WHERE id = %L', id(1))), 'done 1', 'un-retired by hand');
SELECT is((SELECT string_agg(kind || coalesce(' ' || actor_role, ''), ', ' ORDER BY at) FROM muster.event WHERE device = id(1) AND kind <> 'certificate changed'),
	'enrolled, first contact, device changed postgres, replaced, retired postgres, certificate revoked postgres, device changed boss', 'is told');
SELECT is_empty($$SELECT id FROM muster.event WHERE details::text ~ 'der"|facts"|dm_secrets"'$$, 'without bulk and secrets');

SELECT * FROM finish();
