-- What those who watch the server ask, through the workers: whether it could enroll, and the figures that only the
-- database knows. They ask every few seconds: nothing here costs more with more devices.

CREATE OR REPLACE FUNCTION muster_worker.readiness()
RETURNS TABLE (schema integer, read_only boolean, has_organizations boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT (SELECT max(v.version) FROM muster.schema_version v), pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
	       EXISTS (SELECT FROM muster.organization o JOIN muster.authority a ON a.id = o.authority WHERE o.enabled AND a.not_after > now())
$$;
COMMENT ON FUNCTION muster_worker.readiness() IS 'The schema''s version, whether nothing can be written (a standby), whether an enabled organization has an authority that has not ended. For /muster/ready. Example: SELECT * FROM muster_worker.readiness();';

CREATE OR REPLACE FUNCTION muster.gauge(name text, help text, value numeric, labels jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('name', name, 'help', help, 'value', coalesce(value, 0), 'labels', labels)
$$;
COMMENT ON FUNCTION muster.gauge(text, text, numeric, jsonb) IS 'Internal: one figure for who watches, and what it is. Example: SELECT muster.gauge(''muster_lockouts'', ''Whose passwords are not looked at now.'', 0);';

CREATE OR REPLACE FUNCTION muster.licence_gauges() RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $$
	-- Who has more free seats than can be counted in passing needs no warning.
	SELECT x.gauge
	  FROM (SELECT l.*, o.key FROM muster.licence l JOIN muster.organization o ON o.id = l.organization
	         WHERE o.enabled AND l.valid_from <= now() AND coalesce(l.valid_until, 'infinity') > now() ORDER BY o.key, l.name LIMIT 200) l
	 CROSS JOIN LATERAL (SELECT count(*) AS free FROM (SELECT FROM muster.licence_seat s WHERE s.licence = l.id AND s.account IS NULL LIMIT 1000) f) s
	 CROSS JOIN LATERAL (VALUES (muster.gauge('muster_licence_seats', 'Seats of a valid licence.', l.seats, jsonb_build_object('organization', l.key, 'licence', l.name))),
		(muster.gauge('muster_licence_seats_free', 'Free seats of a valid licence, 1000 at most.', s.free, jsonb_build_object('organization', l.key, 'licence', l.name)))) x (gauge)
$$;
COMMENT ON FUNCTION muster.licence_gauges() IS 'Internal: seats of licences that are valid now, and how many are free (1000 stands for as many or more); of 200 licences at most. Example: SELECT muster.licence_gauges();';

CREATE OR REPLACE FUNCTION muster.authority_gauges() RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $$
	SELECT muster.gauge('muster_authority_not_after_seconds', 'When an authority''s certificate ends, in seconds since 1970.', floor(extract(epoch FROM a.not_after)), jsonb_build_object('authority', a.name, 'kind', a.kind))
	  FROM muster.authority a
	 WHERE a.id IN (SELECT t.id FROM (SELECT DISTINCT o.authority FROM muster.organization o WHERE o.enabled) i, muster.authority_chain(i.authority) t)
	 ORDER BY a.not_after LIMIT 200
$$;
COMMENT ON FUNCTION muster.authority_gauges() IS 'Internal: when the certificates of authorities that sign for an enabled organization end, and of those above them, in seconds since 1970; those that end first, 200 at most. Example: SELECT muster.authority_gauges();';

CREATE OR REPLACE FUNCTION muster_worker.gauges() RETURNS TABLE (gauges jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_agg(g.gauge ORDER BY g.gauge ->> 'name')
	  FROM (SELECT muster.gauge('muster_schema_version', 'The database''s schema.', r.schema) AS gauge FROM muster_worker.readiness() r
		UNION ALL SELECT muster.gauge('muster_database_read_only', 'The database is a standby.', r.read_only::integer) FROM muster_worker.readiness() r
		UNION ALL SELECT muster.gauge('muster_configuration_generation', 'Changes of the configuration.', c.generation) FROM muster.configuration c
		UNION ALL SELECT muster.gauge('muster_lockouts', 'Accounts, names and networks whose passwords are not looked at now, 1000 at most.', count(*)) FROM (SELECT FROM muster.password_failure f WHERE f.refused_until > now() LIMIT 1000) l
		UNION ALL SELECT muster.authority_gauges()
		UNION ALL SELECT muster.licence_gauges()) g
$$;
COMMENT ON FUNCTION muster_worker.gauges() IS 'Figures for /muster/metrics that only the database knows: a JSON array of {"name", "help", "value", "labels"}, in the order of names. Example: SELECT g ->> ''name'', g ->> ''value'' FROM muster_worker.gauges(), jsonb_array_elements(gauges) g;';
