-- Reports for people: what was refused, how far devices come, who calls, what ends soon, what is configured. Views
-- run as the reader; what could be large is asked for a span of days.

CREATE OR REPLACE FUNCTION muster.span(first date, last date) RETURNS tstzrange
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF first IS NULL OR last IS NULL OR last < first OR last - first > 400 THEN
		RAISE EXCEPTION 'not a span of days: % to %', coalesce(first::text, 'NULL'), coalesce(last::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the first and the last day (UTC), at most 400 days apart.';
	END IF;
	RETURN tstzrange(first::timestamp AT TIME ZONE 'UTC', (last + 1)::timestamp AT TIME ZONE 'UTC');
END
$$;
COMMENT ON FUNCTION muster.span(date, date) IS 'Internal: the time from the first day''s beginning to the last day''s end (UTC), or an error. Example: SELECT muster.span(''2027-01-01'', ''2027-01-31'');';

CREATE OR REPLACE FUNCTION muster.refusals_by_day(first date DEFAULT (now() AT TIME ZONE 'UTC')::date - 13, last date DEFAULT (now() AT TIME ZONE 'UTC')::date,
	of_organization text DEFAULT NULL)
RETURNS TABLE (day date, organization text, stage text, outcome text, rule text, hresult text, refusals bigint, accounts bigint, latest_why text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	only_one uuid := CASE WHEN of_organization IS NOT NULL THEN muster.organization_id(of_organization) END;
BEGIN
	PERFORM muster.span(first, last);
	RETURN QUERY
		SELECT r.day, o.key, r.stage, r.outcome, r.rule, x.hresult, r.refusals, r.accounts, r.latest_why
		  FROM (SELECT c.* FROM muster.daily_refusal c WHERE only_one IS NULL AND c.day BETWEEN first AND last
			UNION ALL
			SELECT c.* FROM muster.daily_refusal c WHERE c.organization = only_one AND c.day BETWEEN first AND last
			UNION ALL
			SELECT c.* FROM muster.open_days(first, last) d (day), muster.refusals_of_day(d.day, only_one) c) r
		  LEFT JOIN muster.organization o ON o.id = r.organization
		  LEFT JOIN muster.outcome x ON x.name = r.outcome
		 ORDER BY r.day DESC, r.refusals DESC, o.key, r.outcome;
END
$$;
COMMENT ON FUNCTION muster.refusals_by_day(date, date, text) IS 'Refusals by day (UTC), organization, stage, outcome and rule: how many, of how many users, and the latest reason; the last two weeks, or from a first to a last day; of all organizations, or of one. Example: SELECT day, outcome, rule, refusals, latest_why FROM muster.refusals_by_day();';

CREATE OR REPLACE FUNCTION muster.funnel(first date DEFAULT (now() AT TIME ZONE 'UTC')::date - 13, last date DEFAULT (now() AT TIME ZONE 'UTC')::date,
	of_organization text DEFAULT NULL)
RETURNS TABLE (day date, organization text, build text, discovered bigint, policy bigint, issued bigint, first_contact bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	only_one uuid := CASE WHEN of_organization IS NOT NULL THEN muster.organization_id(of_organization) END;
BEGIN
	PERFORM muster.span(first, last);
	RETURN QUERY
		SELECT s.day, o.key, s.build, sum(s.discovered)::bigint, sum(s.policy)::bigint, sum(s.issued)::bigint, sum(s.first_contact)::bigint
		  FROM (SELECT c.organization, c.day, c.build, CASE c.stage WHEN 'discovery' THEN c.count ELSE 0 END AS discovered,
			       CASE c.stage WHEN 'policy' THEN c.count ELSE 0 END AS policy, CASE c.stage WHEN 'issued' THEN c.count ELSE 0 END AS issued,
			       CASE c.stage WHEN 'first contact' THEN c.count ELSE 0 END AS first_contact
			  FROM (SELECT y.* FROM muster.daily_count y WHERE only_one IS NULL AND y.day BETWEEN first AND last
				UNION ALL
				SELECT y.* FROM muster.daily_count y WHERE y.organization = only_one AND y.day BETWEEN first AND last) c
			UNION ALL
			SELECT e.organization, d.day, e.build, 0, 0, e.issued, e.first_contact
			  FROM muster.open_days(first, last) d (day), muster.enrollments_of_day(d.day, only_one) e) s
		  JOIN muster.organization o ON o.id = s.organization
		 GROUP BY s.day, o.key, s.build
		 ORDER BY s.day DESC, o.key, s.build;
END
$$;
COMMENT ON FUNCTION muster.funnel(date, date, text) IS 'How far devices come, by day (UTC), organization and Windows build: asked discovery, got the policy, got a certificate, and of those how many were seen at the device endpoint since. Devices ask for the policy without saying their build: it counts as unknown. Discovery and policy are counted by the programs, at most two minutes behind; the rest is exact. The last two weeks, or from a first to a last day; of all organizations, or of one. Example: SELECT day, sum(discovered), sum(policy), sum(issued), sum(first_contact) FROM muster.funnel() GROUP BY day ORDER BY day DESC;';

CREATE OR REPLACE VIEW muster.client_versions WITH (security_invoker = true) AS
SELECT o.key AS organization, c.build, c.request_version, c.first_seen_at, c.first_device, d.name AS device_name, a.upn AS account
  FROM muster.client_version c
  JOIN muster.organization o ON o.id = c.organization
  JOIN muster.device d ON d.id = c.first_device
  JOIN muster.account a ON a.id = d.account;
COMMENT ON VIEW muster.client_versions IS 'Windows builds and enrollment versions that enrolled, when each was first seen and by which device: a new RequestVersion shows on its first day. Example: SELECT build, request_version, first_seen_at, device_name FROM muster.client_versions ORDER BY first_seen_at DESC LIMIT 10;';

CREATE OR REPLACE VIEW muster.licences WITH (security_invoker = true) AS
SELECT o.key AS organization, l.name, l.valid_from, l.valid_until,
       CASE WHEN now() < l.valid_from THEN 'not yet valid' WHEN now() >= l.valid_until THEN 'expired' ELSE 'valid' END AS state,
       l.seats, l.seats - s.free AS taken, s.free, l.pool, l.free_on_retirement,
       ARRAY(SELECT g.name FROM muster.licence_group x JOIN muster.account_group g ON g.id = x.account_group
              WHERE x.licence = l.id ORDER BY lower(g.name)) AS groups,
       o.licence_required AS required, l.created_at, l.id
  FROM muster.licence l
  JOIN muster.organization o ON o.id = l.organization
 CROSS JOIN LATERAL (SELECT count(*) AS free FROM muster.licence_seat x WHERE x.licence = l.id AND x.account IS NULL) s;
COMMENT ON VIEW muster.licences IS 'Licences with their seats: how many there are, are taken, are free; who may draw one; whether the organization demands a licence. Example: SELECT organization, name, state, seats, taken, free FROM muster.licences;';

CREATE OR REPLACE VIEW muster.licence_holders WITH (security_invoker = true) AS
SELECT o.key AS organization, l.name AS licence, a.upn AS account, s.how, s.assigned_at, l.valid_until
  FROM muster.licence_seat s
  JOIN muster.licence l ON l.id = s.licence
  JOIN muster.organization o ON o.id = s.organization
  JOIN muster.account a ON a.id = s.account;
COMMENT ON VIEW muster.licence_holders IS 'Who holds a seat of which licence, and how it was assigned: by hand, or drawn by group or from the pool. Among very many: muster.holder_page. Example: SELECT account, how, assigned_at FROM muster.licence_holders WHERE licence = ''Device management'' ORDER BY assigned_at DESC LIMIT 20;';

CREATE OR REPLACE VIEW muster.groups WITH (security_invoker = true) AS
SELECT o.key AS organization, g.name, g.may_enroll, g.device_cap,
       g.members + coalesce((SELECT sum(c.change) FROM muster.member_count c WHERE c.organization = g.organization AND c.account_group = g.id), 0)::bigint AS members,
       ARRAY(SELECT l.name FROM muster.licence_group x JOIN muster.licence l ON l.id = x.licence WHERE x.organization = g.organization AND x.account_group = g.id ORDER BY lower(l.name)) AS licences,
       o.group_required AS required, g.created_at, g.id
  FROM muster.account_group g JOIN muster.organization o ON o.id = g.organization;
COMMENT ON VIEW muster.groups IS 'Groups of accounts: whether members may enroll, their device cap, how many they are, which licences they may draw. Example: SELECT name, members, device_cap FROM muster.groups WHERE organization = ''example'';';

CREATE OR REPLACE VIEW muster.group_members WITH (security_invoker = true) AS
SELECT o.key AS organization, g.name AS group_name, a.upn AS account, m.added_at, m.how
  FROM muster.account_group_member m
  JOIN muster.account_group g ON g.id = m.account_group
  JOIN muster.organization o ON o.id = m.organization
  JOIN muster.account a ON a.id = m.account;
COMMENT ON VIEW muster.group_members IS 'Who is in which group, and whether by hand or by what the identity provider says (claim). Among very many: muster.member_page. Example: SELECT account FROM muster.group_members WHERE group_name = ''Engineers'' ORDER BY account;';

CREATE OR REPLACE VIEW muster.expiring WITH (security_invoker = true) AS
SELECT s.what, s.organization, s.name, s.ends, (s.ends - now()) AS left_over, s.number
  FROM (
	SELECT 'authority' AS what, NULL AS organization, c.name, c.not_after AS ends, NULL::bigint AS number
	  FROM muster.authority c WHERE c.not_after < now() + interval '1 year'
	UNION ALL
	SELECT 'licence', o.key, l.name, l.valid_until, l.seats - (SELECT count(*) FROM muster.licence_seat x WHERE x.licence = l.id AND x.account IS NULL)
	  FROM muster.licence l JOIN muster.organization o ON o.id = l.organization
	 WHERE l.valid_until BETWEEN now() - interval '30 days' AND now() + interval '90 days'
	UNION ALL
	SELECT 'bulk token', o.key, b.name, b.expires_at, (SELECT count(*) FROM muster.bulk_enrollment e WHERE e.bulk_token = b.id AND e.counted)
	  FROM muster.bulk_token b JOIN muster.organization o ON o.id = b.organization
	 WHERE b.expires_at BETWEEN now() - interval '30 days' AND now() + interval '90 days' AND b.revoked_at IS NULL
	UNION ALL
	SELECT 'maintenance', o.key, m.reason, m.ends, NULL
	  FROM muster.maintenance m LEFT JOIN muster.organization o ON o.id = m.organization
	 WHERE m.ends BETWEEN now() AND now() + interval '90 days'
	UNION ALL
	SELECT 'certificates', o.key, 'of devices, by day', c.day, c.number
	  FROM muster.organization o
	 -- Each day is counted from the index; nothing is sorted.
	 CROSS JOIN LATERAL (SELECT d.day, (SELECT count(*) FROM muster.certificate x WHERE x.organization = o.id
			AND x.not_after >= greatest(d.day, now()) AND x.not_after < least(d.day + interval '1 day', now() + interval '30 days')) AS number
		FROM generate_series(date_trunc('day', now(), 'UTC'), now() + interval '30 days', interval '1 day') d (day)) c
	 WHERE c.number > 0) s;
COMMENT ON VIEW muster.expiring IS 'What ends soon: authorities within a year, licences (with the seats taken), bulk tokens (with the devices that came by them) and maintenance within 90 days, devices'' certificates within 30 days, counted by day. Example: SELECT * FROM muster.expiring ORDER BY ends LIMIT 20;';

CREATE OR REPLACE VIEW muster.maintenances WITH (security_invoker = true) AS
SELECT m.id, coalesce(o.key, 'all') AS organization, m.begins, m.ends,
       CASE WHEN m.ends <= now() THEN 'over' WHEN m.begins > now() THEN 'scheduled' ELSE 'now' END AS state,
       m.reason, m.pilot_group, m.created_at
  FROM muster.maintenance m LEFT JOIN muster.organization o ON o.id = m.organization;
COMMENT ON VIEW muster.maintenances IS 'Maintenance: whose, from when to when, why, and which group is let through. Example: SELECT * FROM muster.maintenances WHERE state <> ''over'' ORDER BY begins;';
