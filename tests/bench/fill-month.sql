-- One month of events, ten for each device that enrolled in it. Variables: n, month (its first day, UTC). The partition is filled before it is attached, so that muster.event itself is only ever added to.
\set ON_ERROR_STOP on

SELECT 'event_' || to_char(:'month'::date, 'YYYY_MM') AS partition, :'month'::date::timestamp AT TIME ZONE 'UTC' AS month_begins,
       (:'month'::date + interval '1 month') AT TIME ZONE 'UTC' AS month_ends \gset

BEGIN;
SET LOCAL ROLE muster_owner;
-- The running month's partition was made by installing, and is empty.
DROP TABLE IF EXISTS muster.:partition;
CREATE TABLE muster.:partition (LIKE muster.event INCLUDING ALL EXCLUDING INDEXES);
SELECT format('COMMENT ON TABLE muster.%I IS %L', :'partition', 'Events of ' || to_char(:'month'::date, 'YYYY-MM') || ' (UTC). Read them through muster.event.') \gexec
ALTER TABLE muster.:partition ADD CONSTRAINT of_month CHECK (at >= :'month_begins' AND at < :'month_ends');
COMMIT;

SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
INSERT INTO muster.:partition (id, at, kind, organization, account, device, trace, attempt, stage, outcome, why, user_name, remote, actor, actor_role, details)
SELECT rehearsal.id('event' || e.slot || '/', e.d, t.at), t.at, e.kind, e.whose, CASE WHEN e.refusal = 'unknown' THEN NULL ELSE e.who END,
       CASE WHEN e.kind IN ('enrolled', 'first contact') THEN e.id WHEN e.kind IN ('replaced', 'retired') THEN e.previous_id END,
       CASE WHEN e.kind IN ('enrolled', 'replaced') THEN md5('trace' || e.d)::uuid
            WHEN e.kind IN ('first contact', 'refused') THEN md5('trace' || e.slot || '/' || e.d)::uuid END,
       CASE WHEN e.kind IN ('enrolled', 'first contact', 'replaced') THEN md5('attempt' || e.d)::uuid
            WHEN e.kind = 'refused' THEN md5('attempt' || e.slot || '/' || e.d)::uuid END,
       CASE e.kind WHEN 'enrolled' THEN 'enrollment' WHEN 'replaced' THEN 'enrollment' WHEN 'first contact' THEN 'device'
            WHEN 'refused' THEN CASE WHEN e.refusal IN ('unknown', 'password') THEN 'policy' ELSE 'enrollment' END END,
       CASE WHEN e.kind IN ('enrolled', 'first contact') THEN 'OK'
            ELSE CASE e.refusal WHEN 'unknown' THEN 'Authentication' WHEN 'password' THEN 'Authentication' WHEN 'device cap' THEN 'DeviceCapReached'
		WHEN 'licence' THEN 'UserLicense' WHEN 'platform' THEN 'DeviceNotSupported' END END,
       CASE e.refusal WHEN 'unknown' THEN 'organization ' || e.whose_key || ' has no account "guest' || e.d % 1000 || '", or more than one of that short name'
            WHEN 'password' THEN 'wrong password' WHEN 'device cap' THEN 'account ' || e.name || ' has 5 living devices and may have 5 by organization ' || e.whose_key
            WHEN 'licence' THEN 'licence "Device management" is exhausted: none of its seats is free'
            WHEN 'platform' THEN 'OS version 10.0.18363.418 is below 10.0.19041' ELSE CASE e.kind WHEN 'retired' THEN 'returned' END END,
       CASE WHEN e.refusal = 'unknown' THEN 'guest' || e.d % 1000 WHEN e.kind IN ('first contact', 'licence seat changed', 'account group member added') THEN NULL ELSE e.name END,
       CASE WHEN e.kind IN ('enrolled', 'refused') THEN inet '10.0.0.0' + e.d % 16000000 END,
       CASE WHEN e.kind = 'enrolled' THEN 'muster_issuer' WHEN e.kind IN ('first contact', 'replaced', 'refused') THEN 'muster_worker' ELSE 'rehearsal' END,
       CASE WHEN e.kind IN ('enrolled', 'first contact', 'replaced', 'refused') THEN NULL ELSE 'muster_admin' END,
       CASE e.kind
            WHEN 'enrolled' THEN '{"serial": "' || md5('serial' || e.d) || '", "sha256": "' || md5('one' || e.d) || md5('two' || e.d) || '"}'
            WHEN 'replaced' THEN '{"by": "' || e.id || '"}'
            WHEN 'refused' THEN CASE WHEN e.refusal IN ('unknown', 'password') THEN '{}'
		ELSE '{"facts": ' || e.facts || ', "decision": {"rule": "' || e.refusal || '"}}' END
            WHEN 'account changed' THEN '{"before": {"display_name": "User"}, "after": {"display_name": "User ' || e.k || '"}}'
            WHEN 'retired' THEN '{"before": {"state": "enrolled"}, "after": {"state": "retired", "retired_reason": "returned"}}'
            ELSE '{"after": {"upn": "' || e.name || '"}}' END::jsonb
  FROM (SELECT s.*,
	       CASE WHEN s.kind = 'refused' THEN CASE WHEN s.k % 100 < 15 THEN 'unknown' WHEN s.d % 100 < 70 THEN 'password' WHEN s.d % 100 < 85 THEN 'device cap'
			WHEN s.d % 100 < 95 THEN 'licence' ELSE 'platform' END END AS refusal
	  FROM (SELECT d.*, slot,
		       CASE WHEN d.d <= :n AND slot <= 5 THEN d.joined ELSE d.account END AS who,
		       CASE WHEN d.d <= :n AND slot <= 5 THEN d.joined_upn ELSE d.upn END AS name,
		       CASE WHEN d.d <= :n AND slot <= 5 THEN d.joined_organization ELSE d.organization END AS whose,
		       CASE WHEN d.d <= :n AND slot <= 5 THEN d.joined_key ELSE d.key END AS whose_key,
		       CASE WHEN d.d <= :n THEN CASE slot WHEN 1 THEN 'account added' WHEN 2 THEN 'password set' WHEN 3 THEN 'account group member added'
				WHEN 4 THEN 'account changed' WHEN 5 THEN CASE WHEN d.joined_licensed THEN 'licence seat changed' ELSE 'account changed' END
				WHEN 6 THEN 'enrolled' WHEN 7 THEN CASE WHEN d.has_called THEN 'first contact' ELSE 'refused' END
				WHEN 8 THEN 'refused' WHEN 9 THEN 'refused' ELSE 'account changed' END
			ELSE CASE slot WHEN 1 THEN 'enrolled' WHEN 2 THEN CASE WHEN d.has_called THEN 'first contact' ELSE 'refused' END
				WHEN 3 THEN CASE d.fate WHEN 'enrolled' THEN 'account changed' ELSE d.fate END
				WHEN 4 THEN 'refused' WHEN 5 THEN 'refused' ELSE 'account changed' END END AS kind
		  FROM rehearsal.device d, generate_series(1, 10) slot
		 WHERE d.at >= :'month_begins' AND d.at < :'month_ends' OFFSET 0) s OFFSET 0) e
 -- Within the month, in the order of the slots: what precedes an enrollment before it, the rest after it.
 CROSS JOIN LATERAL (SELECT greatest(:'month_begins'::timestamptz, least(:'month_ends'::timestamptz - interval '1 second', e.at
	+ CASE WHEN e.kind = 'enrolled' THEN interval '0' WHEN e.kind = 'first contact' THEN interval '2 minutes'
		WHEN e.d <= :n AND e.slot < 6 THEN (e.slot - 13) * interval '5 minutes' ELSE e.slot * interval '1 minute' END)) AS at OFFSET 0) t;

-- Its own key first; then the same indexes as the table it becomes a part of.
SELECT format('ALTER TABLE muster.%I ADD %s', :'partition', pg_get_constraintdef(c.oid)) FROM pg_constraint c WHERE c.conrelid = 'muster.event'::regclass AND c.contype = 'p' \gexec
SELECT replace(regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \S+ ', ' INDEX '), ' ON ONLY muster.event USING', format(' ON muster.%I USING', :'partition'))
  FROM pg_index i WHERE i.indrelid = 'muster.event'::regclass AND NOT i.indisprimary \gexec
VACUUM (ANALYZE) muster.:partition;

BEGIN;
-- Those who fill other months take turns.
SELECT pg_advisory_xact_lock(hashtext('fill')) IS NULL AS taken \gset
SET LOCAL ROLE muster_owner;
ALTER TABLE muster.event ATTACH PARTITION muster.:partition FOR VALUES FROM (:'month_begins') TO (:'month_ends');
ALTER TABLE muster.:partition DROP CONSTRAINT of_month;
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON muster.:partition FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_change();
COMMIT;
