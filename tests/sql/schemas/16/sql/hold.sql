-- Before an upgrade changes anything it holds every table and view. Waiting for one while holding another could
-- end in a deadlock with the programs at work, and they would lose an enrollment by it. So it takes all within less
-- than half a second or lets go of everything, waits for the busy one alone, and tries again: the programs, which
-- wait up to four seconds, go on in between. Once all is held, they wait until the upgrade is committed, and it
-- waits for nobody.

DO $hold$
DECLARE
	until timestamptz := clock_timestamp() + interval '5 s';
	attempt_until timestamptz;
	relation record;
	hold text;
	holders text;
BEGIN
	LOOP
		attempt_until := clock_timestamp() + interval '400 ms';
		BEGIN
			-- Views before tables, as those who read them do.
			FOR relation IN
				SELECT c.oid::regclass AS name, c.relkind = 'v' AS is_view
				  FROM pg_class c
				 WHERE c.relnamespace = to_regnamespace('muster') AND c.relkind IN ('v', 'r', 'p') AND NOT c.relispartition
				   AND c.relowner = 'muster_owner'::regrole
				 ORDER BY is_view DESC, c.relname
			LOOP
				PERFORM set_config('lock_timeout',
					greatest(1, ceil(extract(epoch FROM attempt_until - clock_timestamp()) * 1000)::integer) || 'ms', true);
				-- LOCK TABLE of a view would lock the tables it reads, the catalog's among them. To give it to its owner
				-- changes nothing and locks it alone.
				hold := format(CASE WHEN relation.is_view THEN 'ALTER VIEW %s OWNER TO muster_owner'
					ELSE 'LOCK TABLE %s IN ACCESS EXCLUSIVE MODE' END, relation.name);
				EXECUTE hold;
			END LOOP;
			PERFORM set_config('lock_timeout', '5s', true);
			RETURN;
		EXCEPTION WHEN lock_not_available THEN
			NULL;
		END;
		IF clock_timestamp() > until THEN
			SELECT string_agg(DISTINCT format('%s (process %s)', coalesce(s.usename, '?'), l.pid), ', ') INTO holders
			  FROM pg_locks l LEFT JOIN pg_stat_activity s ON s.pid = l.pid
			 WHERE l.relation = relation.name AND l.granted AND l.pid <> pg_backend_pid()
			   AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
			RAISE EXCEPTION '% is in use: nothing was changed', coalesce(relation.name::text, 'schema muster')
				USING ERRCODE = 'lock_not_available',
				      DETAIL = format('It is held by %s.', coalesce(holders, 'one transaction after another')),
				      HINT = 'Let the transaction end, or end it with pg_terminate_backend(process); then run install.sql again.';
		END IF;
		-- Longer than deadlock_timeout, after which PostgreSQL sends an autovacuum away that is waited for. Then let go.
		BEGIN
			PERFORM set_config('lock_timeout', '1500ms', true);
			EXECUTE hold;
			RAISE EXCEPTION 'held';
		EXCEPTION WHEN lock_not_available OR raise_exception THEN
			NULL;
		END;
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$hold$;
