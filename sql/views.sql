-- Views for people. They run as the reader (security_invoker), so that what he may not see he does not see here
-- either. New columns are only ever added at the end.

CREATE OR REPLACE VIEW muster.organizations WITH (security_invoker = true) AS
SELECT o.key, o.name, o.enabled,
       (SELECT array_agg(d.domain ORDER BY d.domain) FROM muster.email_domain d WHERE d.organization = o.id) AS domains,
       o.enrollment_url, o.device_url, o.auth_policies, o.enrollment_version,
       o.provider_id, coalesce(o.provider_name, o.name) AS provider_name, o.management_url,
       c.name AS authority, c.not_after AS authority_ends,
       o.validity_days, o.renew_period_days, o.renew_retry_days,
       array_remove(ARRAY[
           CASE WHEN NOT EXISTS (SELECT FROM muster.email_domain d WHERE d.organization = o.id) THEN 'domain' END,
           CASE WHEN o.management_url IS NULL AND NOT EXISTS (SELECT FROM muster.dm_route r WHERE r.organization = o.id AND r.account_group IS NULL) THEN 'DM server' END,
           CASE WHEN o.authority IS NULL THEN 'authority' END,
           CASE WHEN NOT EXISTS (SELECT FROM muster.account a WHERE a.organization = o.id AND a.deleted_at IS NULL) AND NOT muster.makes_accounts(o) THEN 'account' END], NULL) AS missing,
       o.created_at, o.id
  FROM muster.organization o LEFT JOIN muster.authority c ON c.id = o.authority
 WHERE o.deleted_at IS NULL;
COMMENT ON VIEW muster.organizations IS 'Organizations (but those deleted) and what is set for them; "missing" names what nobody can enroll without. Example: SELECT key, domains, missing FROM muster.organizations;';

CREATE OR REPLACE VIEW muster.accounts WITH (security_invoker = true) AS
SELECT o.key AS organization, a.upn, a.display_name, a.kind, a.enabled, a.disabled_at, a.disabled_reason,
       a.has_password, a.password_set_at,
       (SELECT count(*) FROM muster.device d WHERE d.account = a.id AND d.state = 'enrolled') AS devices,
       a.created_at, a.id,
       -- Asked for each row that is shown, not for those that a LIMIT leaves out.
       a.may_enroll, (muster.effective_cap(a.id)).cap AS device_cap, (muster.effective_cap(a.id)).source AS device_cap_of
  FROM muster.account a JOIN muster.organization o ON o.id = a.organization
 WHERE a.deleted_at IS NULL;
COMMENT ON VIEW muster.accounts IS 'Accounts (but those deleted), whether a password is set, how many living devices each has, the device cap that holds for it and whose cap that is. Example: SELECT * FROM muster.accounts WHERE upn = ''ada@example.test'';';

CREATE OR REPLACE VIEW muster.devices WITH (security_invoker = true) AS
SELECT d.id, o.key AS organization, a.upn AS account, d.name, d.state, d.enrolled_at, d.first_contact_at,
       d.enrollment_type, d.device_type, d.os_version, d.os_edition, d.manufacturer, d.model, d.serial_number,
       d.device_id, d.hardware_id, d.application_version, d.request_version, d.locale,
       c.not_after AS certificate_ends,
       d.replaced_by, d.replaced_at, d.ended_at, d.retired_at, d.retired_reason,
       d.remote, d.trace, d.attempt, d.facts
  FROM muster.device d
  JOIN muster.account a ON a.id = d.account
  JOIN muster.organization o ON o.id = d.organization
  LEFT JOIN LATERAL (SELECT max(x.not_after) AS not_after FROM muster.certificate x WHERE x.device = d.id) c ON true;
COMMENT ON VIEW muster.devices IS 'Devices, living and past, with account and organization. Names, versions and ids are what the device said. Their certificates, renewed ones too: muster.certificates. The newest of one organization among very many: muster.device_page. Example: SELECT name, account, os_version, enrolled_at, first_contact_at FROM muster.devices WHERE state = ''enrolled'' ORDER BY id DESC LIMIT 20;';

CREATE OR REPLACE VIEW muster.certificates WITH (security_invoker = true) AS
SELECT encode(c.sha256, 'hex') AS sha256, encode(c.serial, 'hex') AS serial, o.key AS organization, a.upn AS account,
       c.device, d.name AS device_name, d.state AS device_state, t.name AS authority,
       c.not_before, c.not_after, c.issued_at, c.first_used_at, c.der,
       encode(c.renews, 'hex') AS renews, c.superseded_at, c.revoked_at, c.revocation_reason, c.revocation_note
  FROM muster.certificate c
  JOIN muster.device d ON d.id = c.device
  JOIN muster.account a ON a.id = d.account
  JOIN muster.organization o ON o.id = c.organization
  JOIN muster.authority t ON t.id = c.authority;
COMMENT ON VIEW muster.certificates IS 'Certificates issued to devices, with the one that each renews and when its own successor was first used. Of one organization among very many: muster.certificate_page. Example: SELECT account, device_name, not_after FROM muster.certificates WHERE not_after < now() + interval ''30 days'' AND device_state = ''enrolled'' ORDER BY not_after LIMIT 50;';

CREATE OR REPLACE VIEW muster.authorities WITH (security_invoker = true) AS
SELECT c.id, c.name, c.kind, CASE WHEN c.kind <> 'root' THEN r.name END AS root, c.key_type, c.has_key, c.not_before, c.not_after,
       (SELECT array_agg(o.key ORDER BY o.key) FROM muster.organization o WHERE o.authority = c.id) AS organizations,
       c.certificate, r.certificate AS root_certificate, c.created_at, c.key_uri,
       (SELECT p.name FROM muster.authority p WHERE p.id = c.parent) AS parent,
       ARRAY(SELECT t.id FROM muster.authority_chain(c.id) t ORDER BY t.place) AS chain, c.revoked_at, c.revocation_reason, c.revocation_note
  FROM muster.authority c
 CROSS JOIN LATERAL (SELECT t.name, t.certificate FROM muster.authority_chain(c.id) t ORDER BY t.place DESC LIMIT 1) r;
COMMENT ON VIEW muster.authorities IS 'Certification authorities, whose certificates they sign, their own certificates (DER), and which token''s key theirs is (key_uri; NULL with has_key: it is in the database); keys are not shown. parent certified it; chain has the ids from itself up to its root. Example: SELECT name, kind, root, not_after, organizations FROM muster.authorities;';

CREATE OR REPLACE VIEW muster.refusals WITH (security_invoker = true) AS
SELECT e.at, o.key AS organization, coalesce(a.upn, e.user_name) AS account, e.stage, e.outcome, e.why,
       x.hresult, x.constant, e.details #>> '{facts,DeviceName}' AS device_name, e.details #>> '{facts,OSVersion}' AS os_version,
       e.remote, e.trace, e.attempt, e.user_name, e.details, e.details #>> '{decision,rule}' AS rule, e.id
  FROM muster.events e
  LEFT JOIN muster.organization o ON o.id = e.organization
  LEFT JOIN muster.account a ON a.id = e.account
  LEFT JOIN muster.outcome x ON x.name = e.outcome
 WHERE e.kind = 'refused';
COMMENT ON VIEW muster.refusals IS 'Who was refused, why, by which rule (NULL: by none, as for a wrong password), and the code on the screen. Of one organization among very many: muster.refusal_page. Example: SELECT at, account, outcome, rule, why, hresult FROM muster.refusals ORDER BY at DESC LIMIT 20;';

CREATE OR REPLACE FUNCTION muster.trace(id uuid)
RETURNS TABLE (at timestamptz, stage text, kind text, outcome text, why text, account text, device uuid, trace uuid, attempt uuid, remote inet, details jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT e.at, e.stage, e.kind, e.outcome, e.why, coalesce(a.upn, e.user_name), e.device, e.trace, e.attempt, e.remote, e.details
	  FROM muster.events e LEFT JOIN muster.account a ON a.id = e.account
	 WHERE e.trace = $1 OR e.attempt = $1
	 ORDER BY e.at, e.id
$$;
COMMENT ON FUNCTION muster.trace(uuid) IS 'The story of one attempt to enroll, by the trace id that the device shows, or by the attempt id that joins its requests. No row: mistyped, aged out, of an organization that you do not see, or of a request that went well before enrolling; to look by account: muster.refusals. Example: SELECT at, stage, outcome, why, account FROM muster.trace(''0198f0c2-0000-7000-8000-000000000000'');';

CREATE OR REPLACE FUNCTION muster.devices_of(upn text, organization text DEFAULT NULL) RETURNS SETOF muster.devices
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.account_id(devices_of.upn, devices_of.organization);
BEGIN
	RETURN QUERY SELECT v.* FROM muster.devices v JOIN muster.device d ON d.id = v.id
		WHERE d.account = owner_id ORDER BY d.enrolled_at DESC;
END
$$;
COMMENT ON FUNCTION muster.devices_of(text, text) IS 'The devices of an account, living and past, the newest first. Example: SELECT id, name, state, enrolled_at FROM muster.devices_of(''ada@example.test'');';
