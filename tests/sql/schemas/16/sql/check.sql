-- What is configured, what is missing, and what contradicts itself.

CREATE OR REPLACE FUNCTION muster.check_organization(o muster.organization)
RETURNS TABLE (severity text, topic text, finding text, next_step text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.severity, c.topic, c.finding, c.next_step FROM (VALUES
		('error', 'organization', NOT o.enabled, 'it is disabled: nobody enrolls and no device is let in', format('SELECT muster.enable_organization(%L);', o.key)),
		('error', 'domain', NOT EXISTS (SELECT FROM muster.email_domain d WHERE d.organization = o.id),
			'no e-mail domain leads to it: discovery never finds it', format('SELECT muster.add_domain(%L, ''example.test'');', o.key)),
		('error', 'DM server', o.management_url IS NULL, 'devices have no management server to go to', format('SELECT muster.set_dm_server(%L, provider_id, url);', o.key)),
		('error', 'authority', o.authority IS NULL, 'nothing signs its devices'' certificates', format('muster-ca init --organization %s', o.key)),
		('error', 'authority', EXISTS (SELECT FROM muster.authority c WHERE c.id = o.authority AND c.not_after <= now()), 'its authority has ended',
			format('muster-ca init --organization %s --another', o.key)),
		('warning', 'authority', EXISTS (SELECT FROM muster.authority c WHERE c.id = o.authority AND c.not_after > now()
			AND c.not_after < now() + make_interval(days => o.validity_days)), 'its authority ends before a certificate issued today would: certificates are cut short',
			format('muster-ca init --organization %s --another', o.key)),
		('error', 'authority', EXISTS (SELECT FROM muster.authority c WHERE c.id = o.authority AND NOT c.has_key), 'its authority''s key is not here', 'muster-ca show'),
		('error', 'account', NOT EXISTS (SELECT FROM muster.account a WHERE a.organization = o.id AND a.deleted_at IS NULL)
			AND NOT EXISTS (SELECT FROM muster.tenant t WHERE t.organization = o.id AND t.create_accounts) AND NOT muster.makes_accounts(o)
			AND NOT EXISTS (SELECT FROM muster.directory d WHERE d.organization = o.id AND d.welcome), 'there is no account', 'SELECT muster.add_account(upn); then: muster-ca password UPN'),
		('error', 'authentication', cardinality(o.auth_policies) = 0, 'it has no AuthPolicy: nobody enrolls', format('SELECT muster.set_auth_policies(%L, ''{OnPremise}'');', o.key)),
		('error', 'account', 'OnPremise' = ANY (o.auth_policies) AND EXISTS (SELECT FROM muster.account a WHERE a.organization = o.id AND a.deleted_at IS NULL)
			AND NOT EXISTS (SELECT FROM muster.account a WHERE a.organization = o.id AND a.enabled AND a.may_enroll AND a.has_password)
			AND muster.sign_in_unused(o) IS NOT NULL AND NOT EXISTS (SELECT FROM muster.directory d WHERE d.organization = o.id),
			'no account that may enroll has a password', 'muster-ca password UPN'),
		('error', 'sign-in', o.sign_in = 'web server' AND 'Federated' = ANY (o.auth_policies) AND NOT EXISTS (SELECT FROM muster.web_server_sign_in w WHERE w.organization = o.id),
			'the web server signs people in, and nothing says how', format('SELECT muster.use_web_server_sign_in(%L, auth_type);', o.key)),
		('warning', 'sign-in', o.sign_in = 'web server' AND NOT 'Federated' = ANY (o.auth_policies),
			'the web server signs people in, but no device is sent there: Federated is none of its AuthPolicies', format('SELECT muster.set_auth_policies(%L, ''{Federated}'');', o.key)),
		('warning', 'sign-in', muster.sign_in_unused(o) IS NULL AND NOT EXISTS (SELECT FROM muster.sign_in_condition c WHERE c.organization = o.id)
			AND EXISTS (SELECT FROM muster.web_server_sign_in w JOIN muster.web_server_sign_in x ON lower(x.auth_type) = lower(w.auth_type) AND x.organization <> w.organization
				JOIN muster.organization y ON y.id = x.organization WHERE w.organization = o.id AND muster.sign_in_unused(y) IS NULL),
			'another organization''s people come by the same kind of module, and nothing tells their identity providers apart',
			format('SELECT muster.require_sign_in_variable(%L, ''OIDC_CLAIM_iss'', issuer);', o.key)),
		('warning', 'sign-in', muster.makes_accounts(o) AND EXISTS (SELECT FROM muster.sign_in_realm r WHERE r.organization = o.id
			AND NOT EXISTS (SELECT FROM muster.email_domain d WHERE d.organization = o.id AND d.domain = lower(r.domain))),
			'a realm stands for a domain that is not its own: no account is made for people of that realm', format('SELECT muster.add_domain(%L, domain); or: SELECT muster.unmap_realm(%L, realm);', o.key, o.key)),
		('note', 'sign-in', EXISTS (SELECT FROM muster.claim_group c WHERE c.organization = o.id)
			AND NOT EXISTS (SELECT FROM muster.web_server_sign_in w WHERE w.organization = o.id AND w.groups_variable IS NOT NULL),
			'groups of the identity provider are mapped, and no variable tells them', format('SELECT muster.use_web_server_sign_in(%L, …, groups_variable => ''OIDC_CLAIM_groups'');', o.key)),
		('warning', 'URLs', o.enrollment_url = o.device_url, 'devices enroll at the host that asks for client certificates: Windows prompts its user for one',
			format('SELECT muster.set_organization_urls(%L, enrollment_url, device_url);', o.key)),
		('error', 'group', o.group_required AND NOT EXISTS (SELECT FROM muster.account_group g WHERE g.organization = o.id AND g.may_enroll),
			'only members of groups may enroll, and no group may', format('SELECT muster.add_group(%L, name); or: SELECT muster.require_group(%L, false);', o.key, o.key)),
		('warning', 'group', o.group_required AND EXISTS (SELECT FROM muster.account_group g WHERE g.organization = o.id AND g.may_enroll)
			AND NOT EXISTS (SELECT FROM muster.account_group g JOIN muster.account_group_member m ON m.organization = g.organization AND m.account_group = g.id
				WHERE g.organization = o.id AND g.may_enroll),
			'only members of groups may enroll, and the groups that may have none', 'SELECT muster.add_to_group(upn, group);'),
		('error', 'licence', o.licence_required AND NOT EXISTS (SELECT FROM muster.licence l WHERE l.organization = o.id AND l.valid_from <= now()
			AND (l.valid_until IS NULL OR l.valid_until > now())), 'a licence is demanded, and none is valid now',
			format('SELECT muster.add_licence(%L, name, seats, pool => true);', o.key)),
		('warning', 'licence', o.licence_required AND EXISTS (SELECT FROM muster.licence l WHERE l.organization = o.id AND l.valid_from <= now() AND (l.valid_until IS NULL OR l.valid_until > now()))
			AND NOT EXISTS (SELECT FROM muster.licence l JOIN muster.licence_seat s ON s.licence = l.id AND s.account IS NULL
				WHERE l.organization = o.id AND l.valid_from <= now() AND (l.valid_until IS NULL OR l.valid_until > now())),
			'no seat of a valid licence is free: only accounts that hold one enroll', format('SELECT muster.set_licence_seats(%L, licence, seats);', o.key)),
		('note', 'licence', NOT o.licence_required AND EXISTS (SELECT FROM muster.licence l WHERE l.organization = o.id),
			'there are licences, and nobody needs one', format('SELECT muster.require_licence(%L);', o.key)),
		('note', 'device cap', o.device_cap = 0, 'the device cap is 0: persons enroll only where a group or account has a cap of its own', format('SELECT muster.set_device_cap(%L, 5);', o.key)),
		('warning', 'expected device', o.only_preregistered AND NOT EXISTS (SELECT FROM muster.expected_device e WHERE e.organization = o.id AND e.device IS NULL),
			'only expected devices may enroll, and none is expected any more', format('SELECT muster.expect_device(%L, ''serial number'', value);', o.key)),
		('error', 'terms', o.terms_version IS NOT NULL AND NOT EXISTS (SELECT FROM muster.terms t WHERE t.organization = o.id AND t.version = o.terms_version),
			'terms are demanded in a version that is not published', format('SELECT muster.publish_terms(%L, %s, ''en'', title, body);', o.key, o.terms_version)),
		('error', 'platform', EXISTS (SELECT FROM muster.platform p WHERE p.organization = o.id AND p.minimum_os_version IS NOT NULL
			AND NOT muster.version_at_most(muster.version_numbers(p.minimum_os_version), muster.version_numbers(p.maximum_os_version))),
			'its lowest OS version is above its highest: no device fits', format('SELECT muster.set_platform(%L, …);', o.key)),
		('warning', 'platform', EXISTS (SELECT FROM muster.platform p WHERE p.organization = o.id AND muster.platform_refuses_all(p)),
			'none of its newest living devices could enroll again: its platform refuses them all', format('SELECT muster.set_platform(%L, …); or: SELECT muster.clear_platform(%L);', o.key, o.key)),
		('warning', 'maintenance', EXISTS (SELECT FROM muster.maintenance m WHERE (m.organization = o.id OR m.organization IS NULL) AND m.begins <= now() - interval '1 day' AND m.ends IS NULL),
			'maintenance has been open for more than a day', format('SELECT muster.end_maintenance(%L);', o.key)),
		('error', 'bulk token', NOT 'Federated' = ANY (o.auth_policies) AND EXISTS (SELECT FROM muster.bulk_token b WHERE b.organization = o.id AND b.revoked_at IS NULL AND b.expires_at > now()),
			'it has bulk tokens, and does not accept tokens', format('SELECT muster.set_auth_policies(%L, %L); or revoke them', o.key, o.auth_policies || 'Federated'::text)),
		('warning', 'bulk token', EXISTS (SELECT FROM muster.bulk_token b JOIN muster.account a ON a.id = b.account WHERE b.organization = o.id AND b.revoked_at IS NULL AND b.expires_at > now() AND NOT (a.enabled AND a.may_enroll)),
			'it has bulk tokens of accounts that may not enroll', 'SELECT name, account FROM muster.bulk_tokens WHERE state = ''good'';'),
		('warning', 'guessing', (SELECT l.account_failures > 100 FROM muster.guessing_limit l WHERE l.organization = o.id), 'more than 100 wrong passwords for an account are borne before any is refused',
			format('SELECT muster.set_guessing_limits(%L);', o.key)),
		('warning', 'guessing', EXISTS (SELECT FROM muster.lockouts l WHERE l.organization = o.key AND l.what = 'network'
			AND (SELECT count(*) FROM (SELECT FROM muster.known_network k WHERE k.organization = o.id AND k.network = l.network LIMIT 3) s) = 3),
			'a network is refused that several accounts are known from: is it a proxy that does not tell the clients'' addresses?', 'SELECT * FROM muster.lockouts;'),
		('note', 'guessing', EXISTS (SELECT FROM muster.lockouts l WHERE l.organization = o.key), 'passwords are refused, because too many were wrong', 'SELECT * FROM muster.lockouts;'),
		('error', 'signer', 'Certificate' = ANY (o.auth_policies) AND NOT EXISTS (SELECT FROM muster.listed_signer l WHERE l.organization = o.id)
			AND NOT EXISTS (SELECT FROM muster.signer_authority a WHERE a.organization = o.id),
			'requests may be signed by certificates, and none is listed, no authority trusted', format('muster-ca trust FILE --organization %s', o.key)),
		('error', 'signer', EXISTS (SELECT FROM muster.signer_authority a WHERE a.organization = o.id)
			AND NOT EXISTS (SELECT FROM muster.signer_authority a WHERE a.organization = o.id AND (a.own_devices OR cardinality(a.names_by) > 0))
			AND NOT EXISTS (SELECT FROM muster.listed_signer l WHERE l.organization = o.id),
			'authorities are trusted, but their certificates name nobody', format('SELECT muster.set_signer_names(%L, authority, ''{upn}'');', o.key)),
		('warning', 'signer', NOT 'Certificate' = ANY (o.auth_policies) AND (EXISTS (SELECT FROM muster.listed_signer l WHERE l.organization = o.id)
			OR EXISTS (SELECT FROM muster.signer_authority a WHERE a.organization = o.id)),
			'certificates are listed or authorities trusted, but its AuthPolicies do not have Certificate', format('SELECT muster.set_auth_policies(%L, ''{%s}'');', o.key,
				array_to_string(o.auth_policies || ARRAY['Certificate'], ','))),
		('warning', 'signer', EXISTS (SELECT FROM muster.signer_authority a WHERE a.organization = o.id AND a.not_after < now() + interval '30 days'),
			'a trusted authority ends within 30 days, or has', 'SELECT name, not_after FROM muster.signer_authorities; its successor: muster-ca trust'),
		('error', 'signer', EXISTS (SELECT FROM muster.signer_authority a WHERE a.organization = o.id AND a.crl_required AND coalesce(a.crl_ends_at, '-infinity') <= now()),
			'a list of revoked certificates is demanded of a trusted authority, and none that is good is loaded', format('muster-ca crl FILE --organization %s', o.key)),
		('note', 'signer', EXISTS (SELECT FROM muster.signing s WHERE s.organization = o.id AND s.sha1),
			'requests signed with SHA-1 are accepted', format('SELECT muster.set_signing(%L);', o.key)),
		('note', 'SHA-1', o.allow_sha1, 'certificate requests signed with SHA-1 are accepted', 'UPDATE muster.organization SET allow_sha1 = false WHERE key = ''' || o.key || ''';')
		) c (severity, topic, found, finding, next_step)
	 WHERE c.found
	UNION ALL
	SELECT * FROM muster.check_directories(o)
	UNION ALL
	SELECT 'error', 'custom rule', format('rule "%s" refuses everybody: %s', r.name, muster.rule_function_wrong(r.function)),
	       format('SELECT muster.disable_custom_rule(%L, %L); or mend its function', o.key, r.name)
	  FROM muster.custom_rule r WHERE r.organization = o.id AND r.enabled AND muster.rule_function_wrong(r.function) IS NOT NULL
	UNION ALL
	SELECT c.severity, c.topic, c.finding, c.next_step FROM muster.check_tenants(o) c
$$;
COMMENT ON FUNCTION muster.check_organization(muster.organization) IS 'Internal: what is missing or contradictory in one organization''s configuration. Example: SELECT c.* FROM muster.organization o, muster.check_organization(o) c;';

CREATE OR REPLACE FUNCTION muster.check_installation() RETURNS TABLE (severity text, topic text, finding text, next_step text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.severity, c.topic, c.finding, c.next_step FROM (VALUES
		('error', 'organization', NOT EXISTS (SELECT FROM muster.organization o WHERE o.deleted_at IS NULL), 'there is no organization', 'SELECT muster.add_organization(key, name, enrollment_url, device_url);'),
		('error', 'sealing key', NOT (SELECT x.has_sealing_key FROM muster.configuration x), 'there is no key to seal devices'' secrets with', 'muster-ca init --organization KEY'),
		('warning', 'events', EXISTS (SELECT FROM muster.event e WHERE e.tableoid = 'muster.event_default'::regclass), 'events are in the default partition: housekeeping did not make a month''s partition in time',
			'look for "housekeeping" in muster''s log'),
		('note', 'page text', EXISTS (SELECT FROM muster.page_texts t WHERE t.words IS NULL), 'a language of the pages lacks texts, which are said in English instead: '
			|| (SELECT string_agg(DISTINCT t.language, ', ') FROM muster.page_texts t WHERE t.words IS NULL), 'SELECT language, key, english FROM muster.page_texts WHERE words IS NULL;')
		) c (severity, topic, found, finding, next_step)
	 WHERE c.found
	UNION ALL
	SELECT 'warning', 'role', format('role %s has no %s: a statement of its may wait for ever', r.rolname, s.setting),
	       format('ALTER ROLE %I SET %I = ''5s'';', r.rolname, s.setting)
	  FROM pg_roles r CROSS JOIN (VALUES ('statement_timeout'), ('lock_timeout')) s (setting)
	 WHERE r.rolname IN ('muster_worker', 'muster_issuer') AND NOT EXISTS (
		SELECT FROM pg_db_role_setting d, unnest(d.setconfig) u (setting)
		 WHERE d.setrole = r.oid AND u.setting LIKE s.setting || '=%'
		   AND d.setdatabase IN (0, (SELECT b.oid FROM pg_database b WHERE b.datname = current_database())))
$$;
COMMENT ON FUNCTION muster.check_installation() IS 'Internal: what is missing in the whole installation. Example: SELECT * FROM muster.check_installation();';

CREATE OR REPLACE FUNCTION muster.check_configuration(organization text DEFAULT NULL)
RETURNS TABLE (organization_key text, severity text, topic text, finding text, next_step text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	only_one uuid := CASE WHEN check_configuration.organization IS NOT NULL THEN muster.organization_id(check_configuration.organization) END;
BEGIN
	RETURN QUERY
		SELECT s.key, s.severity, s.topic, s.finding, s.next_step FROM (
			SELECT NULL AS key, c.* FROM muster.check_installation() c WHERE only_one IS NULL
			UNION ALL
			SELECT o.key, c.* FROM muster.organization o CROSS JOIN LATERAL muster.check_organization(o) c WHERE CASE WHEN only_one IS NULL THEN o.deleted_at IS NULL ELSE o.id = only_one END) s
		 ORDER BY s.key NULLS FIRST, array_position(ARRAY['error', 'warning', 'note'], s.severity), lower(s.topic), s.finding;
END
$$;
COMMENT ON FUNCTION muster.check_configuration(text) IS 'What is missing or contradictory in the configuration, of one organization or of all and the installation: errors first (nobody, or not all, can enroll), then warnings and notes, each with what to do. Nothing found is no row. Example: SELECT severity, topic, finding, next_step FROM muster.check_configuration(''example'');';

CREATE OR REPLACE FUNCTION muster.configuration_of(organization text) RETURNS TABLE (setting text, value text, change_with text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization;
	p muster.platform;
BEGIN
	SELECT x.* INTO o FROM muster.organization x WHERE x.id = muster.organization_id(configuration_of.organization);
	SELECT x.* INTO p FROM muster.platform x WHERE x.organization = o.id;
	RETURN QUERY SELECT v.setting, v.value, v.change_with FROM (VALUES
		('name', o.name, 'muster.set_organization_name'),
		('enabled', o.enabled::text, 'muster.enable_organization, muster.disable_organization'),
		('domains', (SELECT string_agg(d.domain, ', ' ORDER BY d.domain) FROM muster.email_domain d WHERE d.organization = o.id), 'muster.add_domain, muster.remove_domain'),
		('enrollment URL', o.enrollment_url, 'muster.set_organization_urls'),
		('device URL', o.device_url, 'muster.set_organization_urls'),
		('authentication', coalesce(nullif(array_to_string(o.auth_policies, ', '), ''), 'none'), 'muster.set_auth_policies'),
		('directories', coalesce((SELECT string_agg(format('%s (%s)', d.name, array_to_string(d.servers, ', ')), '; ' ORDER BY d.name) FROM muster.directory d WHERE d.organization = o.id), 'none'),
			'muster.add_directory, muster.set_directory_…, muster.remove_directory'),
		('tenants', coalesce((SELECT string_agg(coalesce(t.name, t.tenant::text), ', ' ORDER BY t.added_at) FROM muster.tenant t WHERE t.organization = o.id), 'none'), 'muster.add_tenant, muster.remove_tenant'),
		('signed requests', (SELECT concat_ws(', ', CASE WHEN s.timestamps THEN format('of now, give or take %s s', s.skew_seconds) ELSE 'of any time' END,
				CASE WHEN s.sha1 THEN 'also SHA-1' END, CASE WHEN s.old_uris THEN 'also old URIs' END,
				CASE WHEN s.policies_unsigned THEN 'GetPolicies also unsigned' END) FROM muster.signing_of(o.id) s), 'muster.set_signing'),
		('trusted authorities', coalesce((SELECT string_agg(a.name || CASE WHEN a.own_devices THEN ' (our devices)' ELSE coalesce(format(' (%s)', nullif(array_to_string(a.names_by, ', '), '')), '') END,
				', ' ORDER BY a.name) FROM muster.signer_authority a WHERE a.organization = o.id), 'none'), 'muster-ca trust, muster.distrust_signer_authority'),
		('colour of pages', coalesce((SELECT b.color FROM muster.branding b WHERE b.organization = o.id), 'Muster''s own'), 'muster.set_page_color'),
		('logo of pages', coalesce((SELECT muster.image_type(b.logo) FROM muster.branding b WHERE b.organization = o.id), 'none'), 'muster.set_page_logo'),
		('sign-in', o.sign_in || CASE o.sign_in WHEN 'web server' THEN coalesce((SELECT format(': %s, the name in %s, %s', w.auth_type, w.user_variable,
			CASE WHEN w.create_accounts THEN 'accounts are made' ELSE 'no account is made' END) FROM muster.web_server_sign_in w WHERE w.organization = o.id), '') ELSE '' END,
			'muster.set_sign_in, muster.use_web_server_sign_in'),
		('enrollment version', o.enrollment_version, 'muster.set_enrollment_version'),
		('authority', (SELECT format('%s, until %s', c.name, to_char(c.not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD')) FROM muster.authority c WHERE c.id = o.authority), 'muster.set_authority, muster-ca init'),
		('certificates', format('%s days, renewed from %s days before the end, every %s days', o.validity_days, o.renew_period_days, o.renew_retry_days), 'muster.set_validity, muster.set_renewal'),
		('DM server', o.management_url, 'muster.set_dm_server'),
		('provider', format('%s, shown as %s', o.provider_id, coalesce(o.provider_name, o.name)), 'muster.set_dm_server'),
		('poll schedule', format('%s × %s, %s × %s, %s × %s minutes', o.first_retries, o.first_interval, o.second_retries, o.second_interval, o.remaining_retries, o.remaining_interval), 'muster.set_poll_schedule'),
		('device cap', coalesce(o.device_cap::text, 'none'), 'muster.set_device_cap'),
		('same hardware under another account', o.collision_policy, 'muster.set_collision_policy'),
		('group required', o.group_required::text, 'muster.require_group'),
		('licence required', o.licence_required::text, 'muster.require_licence'),
		('only expected devices', o.only_preregistered::text, 'muster.require_preregistration'),
		('terms required', coalesce('version ' || o.terms_version, 'none'), 'muster.require_terms'),
		('OS versions', CASE WHEN p.minimum_os_version IS NULL AND p.maximum_os_version IS NULL THEN 'any'
			ELSE format('%s to %s', coalesce(p.minimum_os_version, 'any'), coalesce(p.maximum_os_version, 'any')) END, 'muster.set_platform'),
		('editions', coalesce(array_to_string(p.editions, ', '), 'any'), 'muster.set_platform'),
		('device types', coalesce(array_to_string(p.device_types, ', '), 'any'), 'muster.set_platform'),
		('enrollment types', coalesce(array_to_string(p.enrollment_types, ', '), 'any'), 'muster.set_platform'),
		('flows', coalesce(array_to_string(p.flows, ', '), 'any'), 'muster.set_platform'),
		('networks', coalesce((SELECT string_agg(n.network || coalesce(' (' || g.name || ')', ''), ', ' ORDER BY n.network)
			FROM muster.allowed_network n LEFT JOIN muster.account_group g ON g.id = n.account_group WHERE n.organization = o.id), 'any'), 'muster.allow_network, muster.disallow_network'),
		('maintenance', coalesce((SELECT string_agg(format('%s: %s', m.state, m.reason), '; ' ORDER BY m.begins) FROM muster.maintenances m
			WHERE m.state <> 'over' AND m.organization IN (o.key, 'all')), 'none'), 'muster.begin_maintenance, muster.schedule_maintenance, muster.end_maintenance'),
		('guessing', muster.guessing_told(muster.guessing_limit_of(o.id)), 'muster.set_guessing_limits'),
		('custom rules', coalesce((SELECT string_agg(format('%s (%s)%s', r.name, r.function, CASE WHEN r.enabled THEN '' ELSE ', disabled' END), ', ' ORDER BY r.priority, r.name)
			FROM muster.custom_rule r WHERE r.organization = o.id), 'none'), 'muster.register_custom_rule, muster.remove_custom_rule')
		) v (setting, value, change_with);
END
$$;
COMMENT ON FUNCTION muster.configuration_of(text) IS 'Everything that is set for an organization, and the function that changes it. What is missing or contradictory: muster.check_configuration. Example: SELECT * FROM muster.configuration_of(''example'');';
