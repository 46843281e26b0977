-- Where to begin: what there is to do, and the functions and views for it.

CREATE OR REPLACE FUNCTION muster.tasks() RETURNS TABLE ("position" integer, task text, names text[], words text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	-- Words: what else people call it.
	SELECT t.* FROM (VALUES
		(1, 'find your way', ARRAY['help', 'check_configuration', 'configuration_of', 'organizations'], 'start begin missing settings status health'),
		(2, 'organizations and domains', ARRAY['organizations', 'add_organization', 'set_organization_name', 'set_organization_urls', 'enable_organization', 'disable_organization',
			'add_domain', 'remove_domain', 'organization_id'], 'tenant customer company host e-mail discovery'),
		(3, 'what devices are told', ARRAY['set_dm_server', 'set_poll_schedule', 'set_enrollment_version', 'set_phone_applications'], 'management server mdm provider poll provisioning'),
		(4, 'authorities and certificates', ARRAY['authorities', 'certificates', 'set_authority', 'set_validity', 'set_renewal', 'add_authority', 'authority_key', 'authority_id', 'set_sealing_key', 'expiring', 'certificate_page'],
			'ca key sign pki renew expiry'),
		(5, 'accounts and passwords', ARRAY['accounts', 'add_account', 'set_account_name', 'set_password_hash', 'remove_password', 'disable_account', 'enable_account',
			'forbid_account', 'allow_account', 'account_id', 'account_page'], 'user person login leaver remove delete'),
		(6, 'how users prove who they are', ARRAY['configuration_of', 'set_auth_policies', 'set_sign_in'], 'authentication sign in login password token web page federated certificate sso'),
		(7, 'groups', ARRAY['groups', 'group_members', 'add_group', 'set_group_name', 'remove_group', 'add_to_group', 'remove_from_group', 'require_group', 'allow_group', 'forbid_group', 'group_id', 'member_page'],
			'team department member'),
		(8, 'how many devices', ARRAY['accounts', 'set_device_cap', 'set_group_cap', 'set_account_cap', 'effective_cap'], 'limit cap quota maximum number'),
		(9, 'licences', ARRAY['licences', 'licence_holders', 'add_licence', 'set_licence_seats', 'set_licence_validity', 'set_licence_pool', 'set_licence_freeing', 'remove_licence',
			'assign_licence', 'unassign_licence', 'assign_licence_to_group', 'unassign_licence_from_group', 'require_licence', 'licence_id', 'holder_page'], 'license product seat subscription'),
		(10, 'maintenance', ARRAY['maintenances', 'schedule_maintenance', 'begin_maintenance', 'end_maintenance', 'cancel_maintenance'], 'window downtime pilot stop pause'),
		(11, 'what is admitted', ARRAY['configuration_of', 'set_platform', 'clear_platform', 'allowed_networks', 'allow_network', 'disallow_network', 'set_collision_policy'],
			'platform version build windows 10 11 phone edition flow address ip hardware clone'),
		(12, 'blocked and expected devices', ARRAY['blocked_devices', 'block_device', 'unblock_device', 'expected_devices', 'expect_device', 'forget_device', 'require_preregistration'],
			'stolen lost ban allow list serial pre-register'),
		(13, 'devices', ARRAY['devices', 'find_devices', 'devices_of', 'device_page', 'retire_device', 'id_time', 'new_id'], 'stolen lost laptop wipe revoke remove delete serial enrollment'),
		(14, 'terms of use', ARRAY['acceptances', 'publish_terms', 'require_terms', 'record_acceptance'], 'accept agreement'),
		(15, 'rules of your own', ARRAY['custom_rules', 'register_custom_rule', 'enable_custom_rule', 'disable_custom_rule', 'remove_custom_rule', 'custom_rule_id'], 'policy function hook'),
		(16, 'why a device is refused', ARRAY['trace', 'refusals', 'refusals_of', 'refusal_page', 'explain_enrollment', 'explain_device', 'refusals_by_day'], 'error reason screen support rehearse what if test simulate dry run'),
		(17, 'reports', ARRAY['funnel', 'refusals_by_day', 'client_versions', 'expiring'], 'count statistics'),
		(18, 'who works for whom', ARRAY['delegations', 'delegate', 'end_delegation'], 'help desk delegation role right permission'),
		(19, 'who did what', ARRAY['changes', 'change_page', 'events', 'certificates', 'audit_head', 'seals', 'verify_audit', 'seal_events'], 'audit auditor log tampered proof history'),
		(20, 'how long events are kept', ARRAY['set_event_retention', 'age_events', 'event_holds', 'hold_events', 'release_events', 'move_stray_events'], 'retention legal hold partition housekeeping'),
		(21, 'lists from spreadsheets', ARRAY['accounts_csv', 'import_accounts', 'export_accounts', 'groups_csv', 'import_groups', 'export_groups',
			'group_members_csv', 'import_group_members', 'export_group_members', 'licences_csv', 'import_licences', 'export_licences',
			'licence_assignments_csv', 'import_licence_assignments', 'export_licence_assignments', 'expected_devices_csv', 'import_expected_devices',
			'export_expected_devices', 'blocked_devices_csv', 'import_blocked_devices', 'export_blocked_devices', 'discard_import'], 'csv copy bulk load import export excel'),
		(22, 'deleting', ARRAY['delete_account', 'delete_organization'], 'remove erase forget privacy gdpr leaver'),
		(23, 'bulk enrollment', ARRAY['bulk_tokens', 'bulk_token_devices', 'add_bulk_token', 'revoke_bulk_token', 'set_bulk_token_end', 'set_bulk_token_limit', 'set_bulk_token_networks',
			'bulk_token_id'], 'provisioning package ppkg token classroom kiosk mass'),
		(24, 'tenants of Entra ID', ARRAY['tenants', 'add_tenant', 'remove_tenant', 'set_tenant_audiences', 'set_tenant_accounts', 'set_tenant_devices', 'set_tenant_demands',
			'set_tenant_issuers', 'set_tenant_keys', 'tenant_keys', 'revoke_tenant_key', 'remove_tenant_key', 'account_identities', 'link_account', 'unlink_account', 'tenant_id'],
			'azure ad jwt token issuer audience jwks kid federated cloud'),
		(25, 'guessed passwords', ARRAY['lockouts', 'password_failures', 'clear_lockout', 'set_guessing_limits'], 'brute force attack wrong password locked out throttle unlock'),
		(26, 'certificates that sign', ARRAY['signer_authorities', 'distrust_signer_authority', 'set_signer_names', 'listed_signers', 'list_signer', 'unlist_signer',
			'revoked_signers', 'revoke_signer', 'unrevoke_signer', 'require_signer_crl', 'set_signing', 'trust_signer_authority', 'load_signer_crl'],
			'certificate policy xml signature thumbprint provisioning package crl revocation clock skew timestamp'),
		(27, 'the sign-in page', ARRAY['page_texts', 'set_page_color', 'set_page_logo', 'set_page_text', 'page_language', 'contrast'], 'branding colour color logo language translation text federated broker'),
		(28, 'sign-in by the web server', ARRAY['web_server_sign_ins', 'use_web_server_sign_in', 'require_sign_in_variable', 'forget_sign_in_variable', 'map_realm', 'unmap_realm',
			'claim_groups', 'map_claim', 'unmap_claim', 'explain_sign_in'], 'single sign-on sso openid connect oidc saml kerberos remote_user provider federated'),
		(29, 'directories', ARRAY['directories', 'add_directory', 'set_directory_servers', 'set_directory_account', 'set_directory_template', 'set_directory_search',
			'set_directory_domains', 'require_directory_group', 'set_directory_times', 'welcome_from_directory', 'remember_directory_passwords', 'remove_directory', 'directory_id'],
			'ldap active directory domain controller password authentication sign in')
		) t (position, task, names, words)
$$;
COMMENT ON FUNCTION muster.tasks() IS 'Internal: what there is to do, the functions and views for it, and other words for it. Example: SELECT task, names FROM muster.tasks() ORDER BY position;';

CREATE OR REPLACE FUNCTION muster.help(about text)
RETURNS TABLE (task text, name text, what text, example text, arguments text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	wanted text := lower(regexp_replace(btrim(help.about), '^muster[.]', ''));
BEGIN
	RETURN QUERY
		SELECT s.task, s.name, split_part(s.told, ' Example: ', 1), split_part(s.told, ' Example: ', 2), s.arguments FROM (
			SELECT t.position, n.nr, t.task, p.proname::text AS name, pg_get_function_arguments(p.oid) AS arguments, obj_description(p.oid, 'pg_proc') AS told, t.words
			  FROM muster.tasks() t CROSS JOIN LATERAL unnest(t.names) WITH ORDINALITY n (name, nr)
			  JOIN pg_proc p ON p.proname = n.name AND p.pronamespace = 'muster'::regnamespace AND has_function_privilege(p.oid, 'EXECUTE')
			UNION ALL
			SELECT t.position, n.nr, t.task, c.relname::text, 'view', obj_description(c.oid, 'pg_class'), t.words
			  FROM muster.tasks() t CROSS JOIN LATERAL unnest(t.names) WITH ORDINALITY n (name, nr)
			  JOIN pg_class c ON c.relname = n.name AND c.relnamespace = 'muster'::regnamespace AND c.relkind = 'v' AND has_table_privilege(c.oid, 'SELECT')) s
		 WHERE wanted IS NULL OR strpos(lower(concat_ws(' ', s.task, s.words, s.name, replace(s.name, '_', ' '))), wanted) > 0
		 ORDER BY s.position, s.nr, s.arguments = 'view' DESC;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'nothing that you may do is about "%"', left(help.about, 60)
			USING ERRCODE = 'undefined_object', HINT = 'There is: ' || (SELECT string_agg(h.task, ', ') FROM muster.help h);
	END IF;
END
$$;
COMMENT ON FUNCTION muster.help(text) IS 'The functions and views for a task, of those that you may use: what each does, an example, its arguments. Give a word of the task, a name or a part of one; NULL: all. Wide: \x makes it readable. Example: SELECT name, example FROM muster.help(''licence'');';

CREATE OR REPLACE VIEW muster.help WITH (security_invoker = true) AS
SELECT t.task,
       (SELECT string_agg(c.relname, ', ' ORDER BY n.nr) FROM unnest(t.names) WITH ORDINALITY n (name, nr)
	  JOIN pg_class c ON c.relname = n.name AND c.relnamespace = 'muster'::regnamespace AND c.relkind = 'v'
	 WHERE has_table_privilege(c.oid, 'SELECT')) AS views,
       -- Three on a line, that all tasks fit on few screens.
       string_agg(f.name, CASE f.nr % 3 WHEN 1 THEN E',\n' ELSE ', ' END ORDER BY f.nr) AS functions
  FROM muster.tasks() t
 LEFT JOIN LATERAL (SELECT p.proname AS name, row_number() OVER (ORDER BY n.nr) AS nr FROM unnest(t.names) WITH ORDINALITY n (name, nr)
	  JOIN pg_proc p ON p.proname = n.name AND p.pronamespace = 'muster'::regnamespace WHERE has_function_privilege(p.oid, 'EXECUTE')) f ON true
 GROUP BY t.position, t.task, t.names
HAVING count(f.name) > 0 OR EXISTS (SELECT FROM unnest(t.names) n (name) JOIN pg_class c ON c.relname = n.name AND c.relnamespace = 'muster'::regnamespace AND c.relkind = 'v')
 ORDER BY t.position;
COMMENT ON VIEW muster.help IS 'Begin here: what there is to do, and the views and functions for it that you may use. What they do, with examples: SELECT name, example FROM muster.help(''licences''); Example: SELECT * FROM muster.help;';
