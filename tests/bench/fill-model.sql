-- The model that tests/bench/fill writes down: accounts and devices by number, in a schema of their own that is
-- dropped at the end. All that is told of one of them follows from its number, so that devices, certificates and
-- events agree; it is worked out here once, in steps.
--
-- Of :n accounts two fifths are the big organization's (0), two fifths ten middle ones' (1 to 10), the rest many
-- small ones'. Devices 1 to 2n enroll evenly over the year from :begins to :ends; d and d + n are one account's.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET work_mem = '256MB';
CREATE SCHEMA rehearsal;

-- STABLE as what it calls, so that the planner opens it up. UUID version 7, as muster.new_id makes them.
CREATE FUNCTION rehearsal.id(p_kind text, p_number bigint, p_at timestamptz) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT overlay(overlay(md5(p_kind || p_number)
		PLACING lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || '7' FROM 1 FOR 13)
		PLACING 'a' FROM 17 FOR 1)::uuid
$$;
-- As long as a certificate of an RSA key of 2048 bits under an authority on P-256; nothing reads it.
CREATE FUNCTION rehearsal.der(p_number bigint) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT '\x308202fc'::bytea || decode(repeat(md5('certificate' || p_number), 48), 'hex')
$$;

CREATE UNLOGGED TABLE rehearsal.organization AS
SELECT o, rehearsal.id('organization', o, '2020-01-01 00:00:00+00') AS id,
       CASE WHEN o = 0 THEN 'big' WHEN o <= 10 THEN 'middle-' || o ELSE 'small-' || (o - 10) END AS key,
       -- The first account of one that is not small is for its provisioning packages.
       CASE WHEN o = 0 THEN 1 WHEN o <= 10 THEN :n * 2 / 5 + (o - 1) * (:n / 25) + 1 END AS bulk,
       CASE WHEN o = 0 THEN 40 WHEN o <= 10 THEN 10 ELSE 2 END AS groups
  FROM generate_series(0::bigint, 10 + greatest(5, :n / 1000)) o;
ANALYZE rehearsal.organization;

CREATE UNLOGGED TABLE rehearsal.account AS
SELECT s.k, s.o, o.id AS organization, o.key, o.groups, s.k IS NOT DISTINCT FROM o.bulk AS bulk,
       rehearsal.id('account', s.k, '2020-01-02 00:00:00+00'::timestamptz + s.k * interval '1 second') AS id,
       'user' || s.k || '@' || o.key || '.test' AS upn
  FROM (SELECT k, CASE WHEN k <= :n * 2 / 5 THEN 0 WHEN k <= :n * 4 / 5 THEN 1 + (k - :n * 2 / 5 - 1) / (:n / 25)
		ELSE 11 + (k - :n * 4 / 5 - 1) * greatest(5, :n / 1000) / (:n / 5) END AS o
	  FROM generate_series(1::bigint, :n) k OFFSET 0) s
  JOIN rehearsal.organization o ON o.o = s.o;
ANALYZE rehearsal.account;

CREATE UNLOGGED TABLE rehearsal.device AS
SELECT s.d, s.joined AS joins, j.id AS joined, j.upn AS joined_upn, j.organization AS joined_organization, j.key AS joined_key, j.o <= 10 AS joined_licensed,
       a.k, a.id AS account, a.upn, a.organization, a.key, s.fate, s.machine, s.at, s.next_at,
       rehearsal.id('grant', s.d, s.at) AS id,
       CASE WHEN s.d <= :n THEN rehearsal.id('grant', s.d + :n, s.next_at) END AS next_id,
       CASE WHEN s.d > :n THEN rehearsal.id('grant', s.d - :n, s.previous_at) END AS previous_id,
       s.hardware_id, s.os_version, s.has_called,
       '{"DeviceID": "' || upper(md5('device' || s.machine)) || '", "HWDevID": "' || s.hardware_id || '", "DeviceName": "PC-' || s.machine
		|| '", "OSVersion": "' || s.os_version || '", "SerialNumber": "SN' || lpad(s.machine::text, 8, '0')
		|| '", "MAC": ["' || substring(md5('mac' || s.machine) FROM 1 FOR 12) || '"], "Locale": "' || CASE s.d % 3 WHEN 0 THEN 'de-DE' ELSE 'en-GB' END
		|| '", "OSEdition": "4", "DeviceType": "CIMClient_Windows", "EnrollmentType": "' || CASE WHEN s.d % 50 = 0 THEN 'Device' ELSE 'Full' END
		|| '", "Manufacturer": "Example", "DeviceModel": "Model ' || s.d % 7 || '", "RequestVersion": "4.0", "ApplicationVersion": "' || s.os_version
		|| '", "UXInitiated": "true", "NotInOobe": "true"}' AS facts
  FROM (SELECT r.*,
	       -- One device in fifty comes by a provisioning package; one account in twenty never enrolls.
	       CASE WHEN r.d % 50 = 0 AND j.bulk IS NOT NULL THEN j.bulk WHEN r.joined % 20 = 7 THEN r.joined + 1 ELSE r.joined END AS k,
	       -- An image in a thousand was cloned with its hardware id in it.
	       CASE WHEN r.d % 1000 = 1 THEN 'IMAGE' || r.d / 20000 ELSE upper(md5('hardware' || r.machine) || md5('module' || r.machine)) END AS hardware_id,
	       -- Each build has its time; old ones do not go away.
	       '10.0.' || (ARRAY['19044.3086', '19045.3930', '22000.2538', '22621.3155', '22631.4317', '26100.2314'])[least(6, 1 + r.d * 5 / (2 * :n) + r.d % 2)] AS os_version
	  FROM (SELECT q.*, CASE WHEN q.d > :n AND q.fate = 'replaced' THEN q.d - :n ELSE q.d END AS machine
		  FROM (SELECT p.*,
			       -- Of a pair the second replaces the first, or the first was retired when the second came, or both live.
			       CASE WHEN p.d % 50 = 0 THEN 'enrolled' WHEN p.joined % 5 = 0 THEN 'replaced' WHEN p.joined % 13 = 3 THEN 'retired' ELSE 'enrolled' END AS fate,
			       timestamptz :'begins' + (p.d - 1) * p.step AS at, timestamptz :'begins' + (p.d + :n - 1) * p.step AS next_at,
			       timestamptz :'begins' + (p.d - :n - 1) * p.step AS previous_at, p.d % 40 <> 1 AS has_called
			  FROM (SELECT d, d * 7368787 % :n + 1 AS joined, (timestamptz :'ends' - timestamptz :'begins') / (2 * :n) AS step
				  FROM generate_series(1::bigint, 2 * :n) d OFFSET 0) p OFFSET 0) q OFFSET 0) r
	  JOIN (SELECT a.k, o.bulk FROM rehearsal.account a JOIN rehearsal.organization o ON o.o = a.o) j ON j.k = r.joined OFFSET 0) s
  JOIN rehearsal.account j ON j.k = s.joined
  JOIN rehearsal.account a ON a.k = s.k
 ORDER BY s.d;
CREATE INDEX device_at ON rehearsal.device (at);
ANALYZE rehearsal.device;
