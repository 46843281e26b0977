-- Who may do what. Everything not granted here is closed. Which organizations' rows, the policies decide (delegation.sql
-- and its migration): all for muster_admin and muster_auditor, the delegated ones for the others.

-- Who reads, and who changes an organization's own affairs.
\set readers 'muster_admin, muster_auditor, muster_help_desk, muster_organization_admin'
\set changers 'muster_admin, muster_organization_admin'

REVOKE ALL ON SCHEMA muster, muster_worker, muster_issuer, muster_keys FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA muster FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA muster, muster_worker, muster_issuer, muster_keys FROM PUBLIC;
-- What an earlier version granted and this one does not.
REVOKE ALL ON ALL TABLES IN SCHEMA muster FROM :readers, muster_worker, muster_issuer, muster_keys;
REVOKE ALL ON ALL ROUTINES IN SCHEMA muster, muster_worker, muster_issuer, muster_keys FROM :readers, muster_worker, muster_issuer, muster_keys;
REVOKE ALL ON TYPE muster.verdict, muster.identity, muster.found_token, muster.held_token FROM PUBLIC;

-- The programs: their schema's functions, nothing else. They run as their owner.
GRANT USAGE ON SCHEMA muster_worker TO muster_worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA muster_worker TO muster_worker;
GRANT USAGE ON SCHEMA muster_issuer TO muster_issuer;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA muster_issuer TO muster_issuer;

-- muster-ca keys from a timer; an administrator runs it by hand, too.
GRANT USAGE ON SCHEMA muster_keys TO muster_keys, muster_admin;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA muster_keys TO muster_keys, muster_admin;

-- People read everything but secrets: no password_hash, private_key, sealing_key, dm_secrets.
GRANT USAGE ON SCHEMA muster TO :readers;
GRANT SELECT ON muster.schema_version, muster.outcome, muster.organization, muster.email_domain, muster.certificate, muster.event,
	muster.event_hold, muster.held_event, muster.events, muster.event_holds,
	muster.organizations, muster.accounts, muster.devices, muster.certificates, muster.authorities, muster.refusals
	TO :readers;
GRANT SELECT ON muster.account_group, muster.account_group_member, muster.licence, muster.licence_group, muster.licence_seat,
	muster.maintenance, muster.platform, muster.allowed_network, muster.blocked_device, muster.expected_device, muster.custom_rule,
	muster.terms, muster.acceptance, muster.delegation, muster.daily_count, muster.daily_refusal, muster.closed_day, muster.member_count, muster.client_version,
	muster.web_server_sign_in, muster.sign_in_condition, muster.sign_in_realm, muster.claim_group, muster.web_server_sign_ins, muster.claim_groups,
	muster.licences, muster.licence_holders, muster.groups, muster.group_members, muster.maintenances, muster.expiring,
	muster.client_versions, muster.delegations
	TO :readers;
GRANT SELECT ON muster.changes, muster.blocked_devices, muster.expected_devices, muster.allowed_networks, muster.custom_rules, muster.acceptances,
	muster.help,
	muster.tenant, muster.tenant_key, muster.account_identity, muster.tenants, muster.tenant_keys, muster.account_identities
	TO :readers;
-- Bulk tokens, but not what they are known by.
GRANT SELECT (id, organization, account, name, created_at, created_by, expires_at, device_limit, networks, note, devices,
	revoked_at, revoked_by, revoked_reason) ON muster.bulk_token TO :readers;
GRANT SELECT ON muster.bulk_enrollment, muster.bulk_tokens, muster.bulk_token_devices TO :readers;
GRANT EXECUTE ON FUNCTION muster.bulk_token_id(text, text) TO :readers;
GRANT SELECT ON muster.signer_authority, muster.revoked_signer, muster.listed_signer, muster.signing, muster.used_signature,
	muster.signer_authorities, muster.listed_signers, muster.revoked_signers
	TO :readers;
GRANT EXECUTE ON FUNCTION muster.signer_authority_id(text, text) TO :readers;
GRANT SELECT ON muster.branding, muster.page_text, muster.page_texts TO :readers;
GRANT EXECUTE ON FUNCTION muster.contrast(text, text), muster.luminance(text), muster.color_on(text), muster.image_type(bytea), muster.page_language(text[]),
	muster.page_words(text, text)
	TO :readers;
GRANT SELECT ON muster.directory, muster.directories TO :readers;
GRANT EXECUTE ON FUNCTION muster.directory_id(text, text), muster.directory_for(uuid, text), muster.directory_settings(muster.directory),
	muster.check_directories(muster.organization) TO :readers;
GRANT EXECUTE ON FUNCTION muster.find_devices(text), muster.devices_called(text), muster.devices_known_as(text), muster.enrolled_as(uuid, text, text),
	muster.platform_refuses(muster.platform), muster.platform_refuses_all(muster.platform), muster.tasks(), muster.help(text)
	TO :readers;
GRANT SELECT (only_row, generation, changed_at, has_sealing_key, keep_events) ON muster.configuration TO :readers;
-- Seals are of all events, whoever's; the default partition stands outside the policies.
GRANT SELECT ON muster.seal, muster.seal_epoch, muster.aging, muster.aged_batch, muster.event_default, muster.seals, muster.audit_head
	TO muster_admin, muster_auditor;
GRANT SELECT (id, kind, name, parent, key_type, has_key, certificate, not_before, not_after, created_at)
	ON muster.authority TO :readers;
GRANT SELECT (id, organization, upn, display_name, kind, enabled, disabled_at, disabled_reason, has_password, password_set_at, created_at,
	device_cap, may_enroll, deleted_at)
	ON muster.account TO :readers;
GRANT SELECT (id, organization, account, device_id, hardware_id, name, enrollment_type, device_type, os_version, os_edition,
	application_version, request_version, serial_number, manufacturer, model, locale, facts, state, enrolled_at, first_contact_at,
	replaced_by, replaced_at, ended_at, retired_at, retired_reason, trace, attempt, remote)
	ON muster.device TO :readers;
GRANT SELECT (id, organization, account, how, issued_at, expires_at, issued_remote, trace, attempt, consumed_at, device) ON muster.token TO :readers;
GRANT EXECUTE ON FUNCTION muster.id_time(uuid), muster.trace(uuid), muster.devices_of(text, text), muster.account_id(text, text), muster.accounts_called(text),
	muster.organization_id(text), muster.authority_id(text), muster.group_id(text, text), muster.licence_id(text, text),
	muster.custom_rule_id(text, text), muster.effective_cap(uuid), muster.cap_of(integer, text, boolean, uuid, integer, text),
	muster.explain_enrollment(text, jsonb, inet, text, text), muster.explain_device(uuid),
	muster.page_length(integer), muster.account_page(text, text, integer), muster.device_page(text, uuid, integer),
	muster.member_page(text, text, text, integer), muster.holder_page(text, text, text, integer),
	muster.certificate_page(text, text, integer), muster.change_page(text, timestamptz, integer),
	muster.refusal_page(text, timestamptz, integer), muster.refusals_of(text, text, integer),
	muster.refusals_by_day(date, date, text), muster.funnel(date, date, text), muster.span(date, date), muster.build_of(text),
	muster.check_configuration(text), muster.check_installation(), muster.check_organization(muster.organization),
	muster.configuration_of(text), muster.signing_of(uuid), muster.delegated(name, text),
	muster.to_guid(text), muster.tenant_id(text, text), muster.check_tenants(muster.organization), muster.said_time(timestamptz),
	muster.sign_in_variables(uuid), muster.sign_in_unused(muster.organization), muster.makes_accounts(muster.organization),
	muster.untrusted_sign_in(muster.web_server_sign_in, jsonb),
	muster.signed_in_upn(uuid, text), muster.signed_in_as(muster.organization, jsonb), muster.claimed_groups(uuid, jsonb),
	muster.explain_sign_in(text, jsonb),
	muster.open_days(date, date), muster.refusals_of_day(date, uuid), muster.enrollments_of_day(date, uuid)
	TO :readers;
GRANT EXECUTE ON FUNCTION muster.delegated_everywhere(name, text) TO :readers;

-- The rules, for explaining: they run as who asks.
DO $grant$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN
		SELECT p.oid FROM pg_proc p
		 WHERE p.pronamespace = 'muster'::regnamespace AND NOT p.prosecdef
		   AND (p.proname LIKE 'rule\_%' OR p.proname IN ('candidate_of', 'candidate_device', 'candidate_account', 'fact', 'cut', 'flow', 'is_true',
			'says', 'said_time', 'verdicts', 'version_numbers', 'version_at_least', 'version_at_most', 'version_refused', 'licences_to_draw',
			'licence_missing', 'expected_as', 'accepted_by_hand', 'hardware_elsewhere', 'same_devices', 'devices_counted', 'effective_cap',
			'custom_verdicts', 'text_for', 'custom_answer', 'explain_token', 'token_wrong'))
	LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO muster_admin, muster_auditor, muster_help_desk, muster_organization_admin', f);
	END LOOP;
END
$grant$;
GRANT EXECUTE ON FUNCTION muster.explain_custom(uuid, inet, jsonb) TO :readers;
GRANT USAGE ON TYPE muster.verdict TO :readers;
-- Verifying needs to see every event.
GRANT EXECUTE ON FUNCTION muster.verify_audit(bigint, text, bigint) TO muster_admin, muster_auditor;
-- What verifying is made of.
GRANT EXECUTE ON FUNCTION muster.micros(timestamptz), muster.event_form(muster.event, integer), muster.event_digest(muster.event, integer),
	muster.seal_head(muster.seal), muster.epoch(), muster.sealed_until(), muster.unsealed(), muster.cluster_changed(), muster.verify_chain(muster.seal),
	muster.aged_positions(bigint), muster.held_digest(uuid, integer), muster.stray_of_cluster(uuid, bigint), muster.verify_events(muster.seal),
	muster.verify_batch(bigint), muster.digest_of(bytea[], int4multirange), muster.verify_agings(), muster.guards()
	TO muster_admin, muster_auditor;

-- Administrators change what they administer. Their functions run as they themselves, so they need what
-- those do; every change is an event by trigger, however it was made.
GRANT INSERT, UPDATE ON muster.organization TO muster_admin;
GRANT INSERT, DELETE ON muster.delegation TO muster_admin;
GRANT INSERT, DELETE ON muster.email_domain TO muster_admin;
GRANT INSERT (id, organization, upn, display_name, kind, password_hash, enabled, disabled_at, disabled_reason, device_cap, may_enroll),
	UPDATE (upn, display_name, kind, enabled, disabled_at, disabled_reason, password_hash, device_cap, may_enroll, deleted_at) ON muster.account TO :changers;
GRANT INSERT ON muster.authority TO muster_admin;
GRANT UPDATE (sealing_key, keep_events) ON muster.configuration TO muster_admin;
GRANT INSERT (id, organization, kind, subject, subject_name, reason), UPDATE (released_at, released_by, released_reason)
	ON muster.event_hold TO muster_admin;
GRANT UPDATE (state, retired_at, retired_reason) ON muster.device TO :changers, muster_help_desk;
GRANT EXECUTE ON FUNCTION
	muster.add_organization(text, text, text, text), muster.set_organization_urls(text, text, text),
	muster.enable_organization(text), muster.disable_organization(text),
	muster.add_domain(text, text), muster.remove_domain(text, text), muster.host_url(text),
	muster.add_authority(text, text, uuid, bytea, bytea, timestamptz, timestamptz, text), muster.set_authority(text, text),
	muster.set_sealing_key(bytea), muster.authority_key(uuid),
	muster.delegate(text, text, text), muster.end_delegation(text, text, text)
	TO muster_admin;
GRANT EXECUTE ON FUNCTION
	muster.new_id(), muster.cut(text, integer), muster.page_url(text), muster.set_organization_name(text, text),
	muster.set_dm_server(text, text, text, text),
	muster.set_poll_schedule(text, integer, integer, integer, integer, integer, integer, boolean, boolean),
	muster.set_auth_policies(text, text[]), muster.set_sign_in(text, text),
	muster.set_enrollment_version(text, text), muster.set_renewal(text, integer, integer, text), muster.set_validity(text, integer),
	muster.set_phone_applications(text, text, text, text, text, text),
	muster.add_account(text, text, text, text), muster.disable_account(text, text, text), muster.enable_account(text, text),
	muster.set_account_name(text, text, text), muster.set_password_hash(text, text, text), muster.remove_password(text, text)
	TO :changers;
GRANT EXECUTE ON FUNCTION muster.retire_device(uuid, text), muster.lock_account(uuid), muster.cut(text, integer), muster.device_words(text, text, text, text)
	TO :changers, muster_help_desk;

GRANT EXECUTE ON FUNCTION
	muster.seal_events(), muster.move_stray_events(), muster.age_events(interval), muster.set_event_retention(interval),
	muster.hold_events(text, text, text, text), muster.hold_subject(text, text, text), muster.release_events(uuid, text)
	TO muster_admin;

-- An organization's own administrator sets what is his: not its hosts, its domains, its authority or whether it is let in.
GRANT UPDATE (name, auth_policies, sign_in, enrollment_version, validity_days, backdate_minutes, minimum_key_length, allow_sha1, replaced_certificate_days,
	renewal_url, renew_period_days, renew_retry_days, provider_id, provider_name, management_url, first_retries, first_interval,
	second_retries, second_interval, remaining_retries, remaining_interval, poll_on_login, all_users_poll_on_first_login,
	application_enterprise_id, application_token, hub_product_id, hub_uri, hub_name, device_cap, group_required, licence_required,
	only_preregistered, collision_policy, terms_version) ON muster.organization TO muster_organization_admin;

-- The rules' rows, and the functions that change them.
GRANT INSERT (id, organization, name, may_enroll, device_cap), UPDATE (name, may_enroll, device_cap), DELETE ON muster.account_group TO :changers;
GRANT INSERT, DELETE ON muster.account_group_member, muster.licence_group TO :changers;
GRANT UPDATE (how) ON muster.account_group_member TO :changers;
GRANT INSERT, UPDATE (auth_type, user_variable, name_variable, groups_variable, groups_separator, create_accounts)
	ON muster.web_server_sign_in TO :changers;
GRANT INSERT, UPDATE (value), DELETE ON muster.sign_in_condition TO :changers;
GRANT INSERT, UPDATE (domain), DELETE ON muster.sign_in_realm TO :changers;
GRANT INSERT, DELETE ON muster.claim_group TO :changers;
-- Not its seats, which are counted by trigger, as a group's members are.
GRANT INSERT (id, organization, name, valid_from, valid_until, pool, free_on_retirement),
	UPDATE (name, valid_from, valid_until, pool, free_on_retirement), DELETE ON muster.licence TO :changers;
GRANT INSERT, UPDATE (account, how, assigned_at), DELETE ON muster.licence_seat TO :changers;
GRANT INSERT, UPDATE (begins, ends, reason, pilot_group), DELETE ON muster.maintenance TO :changers;
GRANT INSERT, UPDATE, DELETE ON muster.platform TO :changers;
GRANT INSERT, UPDATE (network, note), DELETE ON muster.allowed_network TO :changers;
GRANT INSERT (organization, kind, value, reason), UPDATE (reason), DELETE ON muster.blocked_device TO :changers;
GRANT INSERT (organization, kind, value, account, note), UPDATE (account, note), DELETE ON muster.expected_device TO :changers;
GRANT INSERT (organization, name, priority, function, enabled), UPDATE (name, priority, enabled), DELETE ON muster.custom_rule TO :changers;
GRANT INSERT (organization, version, language, title, body) ON muster.terms TO :changers;
GRANT INSERT (organization, color, logo), UPDATE (color, logo, changed_at) ON muster.branding TO :changers;
GRANT EXECUTE ON FUNCTION muster.set_page_color(text, text), muster.set_page_logo(text, bytea) TO :changers;
-- What pages say they say to everybody.
GRANT INSERT (language, key, own), UPDATE (own), DELETE ON muster.page_text TO muster_admin;
GRANT EXECUTE ON FUNCTION muster.set_page_text(text, text, text) TO muster_admin;
GRANT INSERT (id, organization, account, version, how, note) ON muster.acceptance TO :changers;
GRANT EXECUTE ON FUNCTION
	muster.switch(text, boolean), muster.home_of(uuid), muster.group_users(uuid),
	muster.add_group(text, text, integer, boolean), muster.set_group_name(text, text, text), muster.remove_group(text, text),
	muster.allow_group(text, text), muster.forbid_group(text, text),
	muster.add_to_group(text, text, text), muster.remove_from_group(text, text, text), muster.require_group(text, boolean),
	muster.allow_account(text, text), muster.forbid_account(text, text),
	muster.cap(integer), muster.set_device_cap(text, integer), muster.set_group_cap(text, text, integer), muster.set_account_cap(text, integer, text),
	muster.licence_validity(timestamptz, timestamptz), muster.seat_number(integer), muster.take_seats_away(uuid, bigint),
	muster.take_seat(uuid, uuid, text, boolean),
	muster.add_licence(text, text, integer, timestamptz, timestamptz, boolean, boolean), muster.set_licence_seats(text, text, integer),
	muster.set_licence_validity(text, text, timestamptz, timestamptz), muster.set_licence_pool(text, text, boolean),
	muster.set_licence_freeing(text, text, boolean), muster.remove_licence(text, text),
	muster.assign_licence(text, text, text), muster.unassign_licence(text, text, text),
	muster.assign_licence_to_group(text, text, text), muster.unassign_licence_from_group(text, text, text), muster.require_licence(text, boolean),
	muster.pilots(uuid, text), muster.schedule_maintenance(text, timestamptz, timestamptz, text, text), muster.begin_maintenance(text, text, text),
	muster.end_maintenance(text), muster.cancel_maintenance(uuid),
	muster.os_version(text), muster.platform_told(muster.platform), muster.words(text, text[], text[]), muster.version_numbers(text), muster.version_at_most(bigint[], bigint[]),
	muster.set_platform(text, text, text, text[], text[], text[], text[]), muster.clear_platform(text),
	muster.network(text), muster.allow_network(text, text, text, text), muster.disallow_network(text, text, text),
	muster.id_kind(text), muster.id_value(text, text),
	muster.block_device(text, text, text, text), muster.unblock_device(text, text, text),
	muster.expect_device(text, text, text, text, text), muster.forget_device(text, text, text), muster.require_preregistration(text, boolean),
	muster.set_collision_policy(text, text),
	muster.rule_function(text), muster.rule_function_wrong(text), muster.register_custom_rule(text, text, text, integer),
	muster.enable_custom_rule(text, text), muster.disable_custom_rule(text, text), muster.remove_custom_rule(text, text),
	muster.terms_version(integer), muster.publish_terms(text, integer, text, text, text), muster.require_terms(text, integer),
	muster.record_acceptance(text, integer, text, text),
	muster.is_web_server_variable(text), muster.web_server_variable(text),
	muster.use_web_server_sign_in(text, text, text, boolean, text, text, text),
	muster.require_sign_in_variable(text, text, text), muster.forget_sign_in_variable(text, text),
	muster.map_realm(text, text, text), muster.unmap_realm(text, text), muster.map_claim(text, text, text), muster.unmap_claim(text, text, text)
	TO :changers;
GRANT INSERT (id, organization, account, name, token_sha256, expires_at, device_limit, networks, note),
	UPDATE (name, expires_at, device_limit, networks, note, revoked_at, revoked_by, revoked_reason) ON muster.bulk_token TO :changers;
GRANT EXECUTE ON FUNCTION
	muster.token_networks(text[]), muster.token_end(timestamptz), muster.token_limit(integer), muster.bulk_account_id(text, text), muster.bulk_token_refused(uuid),
	muster.add_bulk_token(text, text, text, timestamptz, integer, text[], text, text), muster.revoke_bulk_token(text, text, text),
	muster.set_bulk_token_end(text, text, timestamptz), muster.set_bulk_token_limit(text, text, integer), muster.set_bulk_token_networks(text, text, text[])
	TO :changers;

-- Directories. Where passwords go, and whom the host trusts and with which secret, is not the organization's own administrator's to say.
GRANT INSERT, DELETE, UPDATE (servers, ca_file, service_dn, service_password_file) ON muster.directory TO muster_admin;
GRANT UPDATE (bind_template, base, filter, name_attributes, short_name_attribute, upn_attribute, upn_domain, display_name_attribute, domains,
	netbios_domains, group_dn, group_check, connect_ms, answer_ms, total_ms, welcome, remember) ON muster.directory TO :changers;
GRANT EXECUTE ON FUNCTION
	muster.add_directory(text, text, text[], text, text, text), muster.remove_directory(text, text), muster.directory_servers(text[]), muster.directory_file(text),
	muster.set_directory_servers(text, text, text[], text), muster.set_directory_account(text, text, text, text)
	TO muster_admin;
GRANT EXECUTE ON FUNCTION
	muster.directory_words(text[], text, text, text), muster.set_directory_template(text, text, text),
	muster.set_directory_search(text, text, text, text, text[], text, text, text, text), muster.set_directory_domains(text, text, text[], text[]),
	muster.require_directory_group(text, text, text, text), muster.set_directory_times(text, text, integer, integer, integer),
	muster.welcome_from_directory(text, text, boolean), muster.remember_directory_passwords(text, text, boolean)
	TO :changers;

-- Guessed passwords: everybody looks, help desks clear, administrators set the limits.
GRANT SELECT ON muster.password_failure, muster.known_network, muster.guessing_limit, muster.password_failures, muster.lockouts TO :readers;
GRANT EXECUTE ON FUNCTION muster.home_network(inet), muster.failure_bucket(text), muster.name_bucket(uuid, uuid, text), muster.network_bucket(uuid, cidr),
	muster.failures_left(integer, timestamptz, interval), muster.guessing_limit_of(uuid), muster.guessing_of(uuid, uuid, text, inet),
	muster.span_told(interval), muster.guessing_told(muster.guessing_limit)
	TO :readers;
GRANT DELETE ON muster.password_failure TO :changers, muster_help_desk;
GRANT UPDATE (failures, refused, failed_first_at, failed_at, refused_until) ON muster.known_network TO :changers, muster_help_desk;
GRANT EXECUTE ON FUNCTION muster.clear_lockout(text, text, text), muster.clear_network(text, uuid), muster.network(text) TO :changers, muster_help_desk;
GRANT INSERT, UPDATE ON muster.guessing_limit TO :changers;
GRANT EXECUTE ON FUNCTION muster.limit_between(text, interval, interval, interval),
	muster.set_guessing_limits(text, integer, integer, interval, interval, interval, interval)
	TO :changers;

-- Who may sign requests to enroll.
GRANT INSERT (organization, name, certificate, subject, subject_sha256, not_before, not_after, names_by, own_devices),
	UPDATE (names_by, crl_required, crl_number, crl_made_at, crl_ends_at), DELETE ON muster.signer_authority TO :changers;
GRANT INSERT (organization, authority, serial, how, revoked_at, reason), UPDATE (reason), DELETE ON muster.revoked_signer TO :changers;
GRANT INSERT (organization, account, sha256, subject, not_after, note), UPDATE (account, subject, not_after, note), DELETE ON muster.listed_signer TO :changers;
GRANT INSERT, UPDATE, DELETE ON muster.signing TO :changers;
GRANT EXECUTE ON FUNCTION
	muster.names_by(text[]), muster.thumbprint(text), muster.plain_serial(bytea), muster.serial_number(text),
	muster.trust_signer_authority(text, text, bytea, text, bytea, timestamptz, timestamptz, text[], boolean), muster.distrust_signer_authority(text, text),
	muster.set_signer_names(text, text, text[]), muster.list_signer(text, text, text, text, text, timestamptz), muster.unlist_signer(text, text),
	muster.revoke_signer(text, text, text, text), muster.unrevoke_signer(text, text, text),
	muster.load_signer_crl(text, text, numeric, timestamptz, timestamptz, bytea[], timestamptz[]), muster.require_signer_crl(text, text, boolean),
	muster.set_signing(text, boolean, integer, boolean, boolean, boolean)
	TO :changers;

-- Lists from spreadsheets. What an administrator loads only he himself sees, by row level security.
GRANT SELECT, INSERT, UPDATE, DELETE ON muster.import_row TO :changers;
GRANT SELECT, INSERT ON muster.accounts_csv, muster.groups_csv, muster.group_members_csv, muster.licences_csv, muster.licence_assignments_csv,
	muster.expected_devices_csv, muster.blocked_devices_csv
	TO :changers;
GRANT EXECUTE ON FUNCTION
	muster.csv_cell(text), muster.csv_moment(timestamptz), muster.export_accounts(text), muster.export_groups(text), muster.export_group_members(text),
	muster.export_licences(text), muster.export_licence_assignments(text), muster.export_expected_devices(text), muster.export_blocked_devices(text)
	TO :readers;
GRANT EXECUTE ON FUNCTION
	muster.csv_value(text), muster.csv_boolean(text), muster.csv_number(text), muster.csv_time(text), muster.csv_cap(text, integer), muster.csv_id_kind(text),
	muster.text_wrong(text, integer, boolean), muster.boolean_wrong(text), muster.cap_wrong(text), muster.device_kind_wrong(text),
	muster.loaded_rows(text), muster.lines_told(muster.import_line[], text), muster.discard_import(text), muster.import_list(text, text, text), muster.import_summary(text, text, text, bigint, muster.import_line[]),
	muster.import_whole(bigint, muster.import_line[], text), muster.merged_accounts(uuid), muster.merged_licences(uuid),
	muster.has_password_hash(uuid, text), muster.take_seats(uuid, uuid[]),
	muster.import_accounts(text, text), muster.look_at_accounts(uuid), muster.apply_accounts(uuid, muster.import_line[]),
	muster.import_groups(text, text), muster.look_at_groups(uuid), muster.apply_groups(uuid, muster.import_line[]),
	muster.import_group_members(text, text), muster.look_at_group_members(uuid), muster.apply_group_members(uuid, muster.import_line[]),
	muster.import_licences(text, text), muster.look_at_licences(uuid), muster.apply_licences(uuid, muster.import_line[]),
	muster.import_licence_assignments(text, text), muster.look_at_licence_assignments(uuid), muster.apply_licence_assignments(uuid, muster.import_line[]),
	muster.import_expected_devices(text, text), muster.look_at_expected_devices(uuid), muster.apply_expected_devices(uuid, muster.import_line[]),
	muster.import_blocked_devices(text, text), muster.look_at_blocked_devices(uuid), muster.apply_blocked_devices(uuid, muster.import_line[])
	TO :changers;

-- Deleting: telling what would go, and marking the row; the rest is done by triggers.
GRANT EXECUTE ON FUNCTION
	muster.accounts_hold(uuid[]), muster.organization_holds(uuid), muster.fate(text, boolean), muster.retire_all(uuid[], text),
	muster.deletion_refused(text, boolean, boolean, text, bigint, bigint),
	muster.delete_account(text, text, boolean, boolean, text)
	TO :changers;
GRANT EXECUTE ON FUNCTION muster.delete_organization(text, text, boolean, boolean) TO muster_admin;

-- Tenants of Entra ID; their keys are added by muster-ca keys only.
GRANT INSERT, UPDATE (name, issuer_v1, issuer_v2, audiences, keys_url, keep_days, create_accounts, link_by_name, device_account, scope, mfa), DELETE
	ON muster.tenant TO :changers;
GRANT UPDATE (revoked_at, revoked_reason), DELETE ON muster.tenant_key TO :changers;
GRANT INSERT (organization, account, tenant, subject), DELETE ON muster.account_identity TO :changers;
GRANT EXECUTE ON FUNCTION
	muster.tenant_audiences(text[]), muster.add_tenant(text, text, text[], text, text), muster.remove_tenant(text, text),
	muster.set_tenant_audiences(text, text, text[]), muster.set_tenant_issuers(text, text, text, text),
	muster.set_tenant_keys(text, text, text, integer), muster.set_tenant_accounts(text, text, boolean, boolean),
	muster.set_tenant_devices(text, text, text), muster.set_tenant_demands(text, text, text, boolean),
	muster.link_account(text, text, text, text), muster.unlink_account(text, text, text),
	muster.revoke_tenant_key(text, text, text, text), muster.remove_tenant_key(text, text, text), muster.no_tenant_key(text, uuid, text)
	TO :changers;
