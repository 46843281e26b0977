-- Who may do what. Everything not granted here is closed.

REVOKE ALL ON SCHEMA muster, muster_worker, muster_issuer FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA muster FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA muster, muster_worker, muster_issuer FROM PUBLIC;
REVOKE ALL ON TYPE muster.verdict FROM PUBLIC;

-- The programs: their schema's functions, nothing else. They run as their owner.
GRANT USAGE ON SCHEMA muster_worker TO muster_worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA muster_worker TO muster_worker;
GRANT USAGE ON SCHEMA muster_issuer TO muster_issuer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA muster_issuer TO muster_issuer;

-- People read everything but secrets: no password_hash, private_key, sealing_key, dm_secrets.
GRANT USAGE ON SCHEMA muster TO muster_admin, muster_auditor;
GRANT SELECT ON muster.schema_version, muster.outcome, muster.organization, muster.email_domain, muster.certificate, muster.event,
	muster.organizations, muster.accounts, muster.devices, muster.certificates, muster.authorities, muster.refusals
	TO muster_admin, muster_auditor;
GRANT SELECT (only_row, generation, changed_at, has_sealing_key) ON muster.configuration TO muster_admin, muster_auditor;
GRANT SELECT (id, kind, name, parent, key_type, has_key, certificate, not_before, not_after, created_at)
	ON muster.authority TO muster_admin, muster_auditor;
GRANT SELECT (id, organization, upn, display_name, kind, enabled, disabled_at, disabled_reason, has_password, password_set_at, created_at)
	ON muster.account TO muster_admin, muster_auditor;
GRANT SELECT (id, organization, account, device_id, hardware_id, name, enrollment_type, device_type, os_version, os_edition,
	application_version, request_version, serial_number, manufacturer, model, locale, facts, state, enrolled_at, first_contact_at,
	replaced_by, replaced_at, ended_at, retired_at, retired_reason, trace, attempt, remote)
	ON muster.device TO muster_admin, muster_auditor;
GRANT EXECUTE ON FUNCTION muster.id_time(uuid), muster.trace(uuid), muster.devices_of(text, text), muster.account_id(text, text),
	muster.organization_id(text), muster.authority_id(text)
	TO muster_admin, muster_auditor;

-- Administrators change what they administer. Their functions run as they themselves, so they need what
-- those do; every change is an event by trigger, however it was made.
GRANT INSERT, UPDATE ON muster.organization TO muster_admin;
GRANT INSERT, DELETE ON muster.email_domain TO muster_admin;
GRANT INSERT (id, organization, upn, display_name, kind, password_hash),
	UPDATE (upn, display_name, kind, enabled, disabled_at, disabled_reason, password_hash) ON muster.account TO muster_admin;
GRANT INSERT ON muster.authority TO muster_admin;
GRANT UPDATE (sealing_key) ON muster.configuration TO muster_admin;
GRANT UPDATE (state, retired_at, retired_reason) ON muster.device TO muster_admin;
GRANT EXECUTE ON FUNCTION
	muster.new_id(), muster.cut(text, integer), muster.host_url(text), muster.page_url(text),
	muster.add_organization(text, text, text, text), muster.set_organization_name(text, text),
	muster.set_organization_urls(text, text, text), muster.enable_organization(text), muster.disable_organization(text),
	muster.add_domain(text, text), muster.remove_domain(text, text), muster.set_dm_server(text, text, text, text),
	muster.set_poll_schedule(text, integer, integer, integer, integer, integer, integer, boolean, boolean),
	muster.set_enrollment_version(text, text), muster.set_renewal(text, integer, integer, text), muster.set_validity(text, integer),
	muster.set_phone_applications(text, text, text, text, text, text),
	muster.add_account(text, text, text, text), muster.disable_account(text, text, text), muster.enable_account(text, text),
	muster.set_account_name(text, text, text), muster.set_password_hash(text, text, text), muster.remove_password(text, text),
	muster.add_authority(text, text, uuid, bytea, bytea, timestamptz, timestamptz, text), muster.set_authority(text, text),
	muster.set_sealing_key(bytea), muster.authority_key(uuid),
	muster.retire_device(uuid, text)
	TO muster_admin;
