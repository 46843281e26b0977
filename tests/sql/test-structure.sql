-- What the catalog must say: a comment on everything, everything closed but what is granted, pinned paths.
SET search_path = test;
SELECT no_plan();

CREATE VIEW ours_functions AS
	SELECT p.*, n.nspname, p.oid::regprocedure::text AS signature, obj_description(p.oid, 'pg_proc') AS told
	  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('muster', 'muster_worker', 'muster_issuer', 'muster_keys', 'muster_dm');
CREATE VIEW ours_relations AS
	SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	 WHERE n.nspname IN ('muster', 'muster_worker', 'muster_issuer', 'muster_keys', 'muster_dm');

-- Comments.
SELECT is_empty($$SELECT nspname FROM pg_namespace WHERE nspname LIKE 'muster%' AND obj_description(oid, 'pg_namespace') IS NULL$$, 'every schema has a comment');
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname LIKE 'muster%' AND shobj_description(oid, 'pg_authid') IS NULL$$, 'every role has a comment');
SELECT is_empty($$SELECT relname FROM ours_relations WHERE relkind IN ('r', 'p', 'v') AND obj_description(oid, 'pg_class') IS NULL$$, 'every table and view has a comment');
SELECT is_empty($$SELECT c.relname, a.attname FROM ours_relations c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL$$, 'every column of a table has a comment');
SELECT is_empty($$SELECT signature FROM ours_functions WHERE told IS NULL$$, 'every function has a comment');
SELECT is_empty($$SELECT signature FROM ours_functions WHERE told !~ 'Example: .'$$, 'every function''s comment has an example');
SELECT is_empty($$SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname LIKE 'muster%' AND t.typtype = 'c'
	AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c') AND obj_description(t.oid, 'pg_type') IS NULL$$, 'every type has a comment');
SELECT is_empty($$SELECT relname FROM ours_relations WHERE relkind = 'v' AND obj_description(oid, 'pg_class') !~ 'Example: SELECT'$$, 'every view''s comment has an example');

-- Owners and paths.
SELECT is_empty($$SELECT relname FROM ours_relations WHERE relowner <> 'muster_owner'::regrole$$, 'every relation is muster_owner''s');
SELECT is_empty($$SELECT signature FROM ours_functions WHERE proowner <> 'muster_owner'::regrole$$, 'every function is muster_owner''s');
SELECT is_empty($$SELECT signature FROM ours_functions WHERE prosecdef AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']$$,
	'every SECURITY DEFINER function has a pinned search_path');
SELECT bag_eq($$SELECT proname::text FROM ours_functions WHERE nspname <> 'muster' AND NOT prosecdef$$, $$VALUES ('record_read_committed'), ('record_read_committed'), ('renew_read_committed')$$,
	'the programs'' functions are SECURITY DEFINER, but for the procedures that end a transaction');
SELECT bag_eq($$SELECT proname::text FROM ours_functions WHERE nspname = 'muster' AND prosecdef$$, $$VALUES ('audit'), ('audit_seats'), ('audit_list'), ('configuration_moved'), ('certificate_bars'), ('end_certificate'), ('end_certificates'), ('begin_crl'), ('store_crl'), ('tell_responder'), ('free_seats'), ('authority_key'), ('keys_under_passphrase'), ('replace_key'), ('complete_authority_request'), ('delegated'), ('explain_custom'), ('lock_account'), ('has_password_hash'), ('forget_accounts'), ('forget_organization'), ('seal_events'), ('age_events'), ('move_stray_events'), ('accounts_called'),
		('devices_called'), ('devices_known_as'), ('delegated_everywhere'), ('count_members'), ('explain_renewal')$$,
	'of the people''s functions only these are SECURITY DEFINER');
SELECT is_empty($$SELECT signature FROM ours_functions WHERE nspname = 'muster' AND has_function_privilege('muster_admin', oid, 'EXECUTE')
	AND told NOT LIKE 'Internal%' AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp'] AND proname NOT IN ('new_id', 'id_time')$$,
	'every administrator''s function has a pinned search_path');
SELECT bag_eq($$SELECT oid::regclass::text FROM ours_relations WHERE relkind = 'v' AND NOT coalesce(reloptions, '{}') @> ARRAY['security_invoker=true']$$, $$VALUES ('muster_dm.devices')$$,
	'every view runs as its reader, but the DM servers'', who read nothing else');
SELECT bag_eq($$SELECT proname::text, provolatile::text FROM ours_functions WHERE nspname = 'muster_worker'$$,
	$$VALUES ('discover', 's'), ('count_password', 'v'), ('policy', 's'), ('consider', 's'), ('refuse', 'v'), ('device', 'v'), ('check_in', 'v'), ('count', 'v'), ('housekeeping', 'v'), ('make_token', 'v'), ('welcome', 'v'), ('page', 's'),
		('sign_in_variables', 's'), ('sign_in', 'v'), ('show_terms', 'v'), ('answer_terms', 'v'), ('readiness', 's'), ('gauges', 's'), ('consider_renewal', 's'), ('crl', 's'), ('crl_piece', 's'), ('chain', 's')$$, 'what workers only ask is STABLE');

-- PUBLIC gets nothing.
SELECT is_empty($$SELECT signature FROM ours_functions WHERE has_function_privilege('eve', oid, 'EXECUTE')$$, 'a stranger may call no function');
SELECT is_empty($$SELECT relname FROM ours_relations WHERE relkind IN ('r', 'p', 'v', 'S') AND (has_any_column_privilege('eve', oid, 'SELECT, INSERT, UPDATE, REFERENCES')
	OR has_table_privilege('eve', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))$$, 'a stranger may touch no table or view');
SELECT is_empty($$SELECT s FROM unnest(ARRAY['muster', 'muster_worker', 'muster_issuer', 'muster_keys', 'muster_dm']) s WHERE has_schema_privilege('eve', s, 'USAGE, CREATE')$$, 'a stranger may not look into the schemas');

-- The programs' roles: their functions, nothing else.
SELECT is_empty(format($$SELECT relname FROM ours_relations WHERE relkind IN ('r', 'p', 'v', 'S') AND (has_any_column_privilege(%1$L, oid, 'SELECT, INSERT, UPDATE, REFERENCES')
	OR has_table_privilege(%1$L, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))$$, r), r || ' may touch no table or view')
	FROM unnest(ARRAY['muster_worker', 'muster_issuer', 'muster_keys']) r;
SELECT set_eq(format($$SELECT signature FROM ours_functions WHERE has_function_privilege(%L, oid, 'EXECUTE')$$, r),
	format($$SELECT signature FROM ours_functions WHERE nspname = %L$$, r), r || ' may call all functions of its schema, and no other') FROM unnest(ARRAY['muster_worker', 'muster_issuer', 'muster_keys']) r;
SELECT bag_eq(format($$SELECT s FROM unnest(ARRAY['muster', 'muster_worker', 'muster_issuer', 'muster_keys', 'muster_dm']) s WHERE has_schema_privilege(%L, s, 'USAGE')$$, r),
	format('VALUES (%L)', r), r || ' may look into its own schema only') FROM unnest(ARRAY['muster_worker', 'muster_issuer', 'muster_keys']) r;
SELECT is((SELECT array_agg(c ORDER BY c) FROM pg_roles, unnest(rolconfig) c WHERE rolname = r),
	ARRAY['idle_in_transaction_session_timeout=10s', 'lock_timeout=4s', 'statement_timeout=5s'], r || ' has its deadlines') FROM unnest(ARRAY['muster_worker', 'muster_issuer', 'muster_keys']) r;
SELECT bag_eq($$SELECT rolname::text, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname LIKE 'muster%'$$,
	$$VALUES ('muster_owner', false, false), ('muster_worker', true, false), ('muster_issuer', true, false), ('muster_keys', true, false), ('muster_admin', false, false), ('muster_auditor', false, false), ('muster_help_desk', false, false), ('muster_organization_admin', false, false), ('muster_dm', false, false)$$,
	'the roles can log in or not, and have no power of their own');

-- A DM server's role: one view, its schema's functions, and what the view calls.
SELECT bag_eq($$SELECT oid::regclass::text FROM ours_relations WHERE relkind IN ('r', 'p', 'v', 'S') AND (has_any_column_privilege('muster_dm', oid, 'SELECT, INSERT, UPDATE, REFERENCES')
	OR has_table_privilege('muster_dm', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))$$, $$VALUES ('muster_dm.devices')$$, 'muster_dm may touch one view');
SELECT is_empty($$SELECT 1 WHERE has_table_privilege('muster_dm', 'muster_dm.devices', 'INSERT, UPDATE, DELETE, TRUNCATE')$$, 'and only read it');
SELECT set_eq($$SELECT signature FROM ours_functions WHERE has_function_privilege('muster_dm', oid, 'EXECUTE')$$,
	$$SELECT signature FROM ours_functions WHERE nspname = 'muster_dm' OR proname = 'certificate_bars'$$, 'muster_dm may call all functions of its schema, and what its view calls');
SELECT bag_eq($$SELECT s FROM unnest(ARRAY['muster', 'muster_worker', 'muster_issuer', 'muster_keys', 'muster_dm']) s WHERE has_schema_privilege('muster_dm', s, 'USAGE')$$,
	$$VALUES ('muster_dm')$$, 'muster_dm may look into its own schema only');

-- People: no secret is readable, nothing is writable that nobody administers.
SELECT is_empty(format($$SELECT c.relname, a.attname FROM ours_relations c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE a.attname IN ('password_hash', 'private_key', 'sealing_key', 'dm_secrets') AND has_column_privilege(%L, c.oid, a.attnum, 'SELECT')
	AND c.relname NOT IN ('import_row', 'accounts_csv')$$, r), r || ' reads no secret, but for what he loads himself')
	FROM unnest(ARRAY['muster_admin', 'muster_auditor', 'muster_help_desk', 'muster_organization_admin']) r;
SELECT is((SELECT count(*) FROM ours_relations c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'r'
	AND c.relname <> 'import_row' AND a.attname IN ('password_hash', 'private_key', 'sealing_key', 'dm_secrets')), 5::bigint, 'these five columns are the secrets there are');
SELECT bag_eq($$SELECT c.relname::text, a.attname::text FROM ours_relations c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'import_row' AND a.attnum > 0 AND NOT has_column_privilege('muster_auditor', c.oid, a.attnum, 'SELECT')$$,
	$$VALUES ('account', 'password_hash'), ('authority', 'private_key'), ('authority_request', 'private_key'), ('configuration', 'sealing_key'), ('device', 'dm_secrets'), ('token', 'sha256'), ('token', 'consumed_key'), ('bulk_token', 'token_sha256'), ('terms_visit', 'sha256')$$, 'an auditor reads everything else');
SELECT is_empty($$SELECT relname FROM ours_relations WHERE relkind IN ('r', 'p', 'v') AND (has_any_column_privilege('muster_auditor', oid, 'INSERT, UPDATE')
	OR has_table_privilege('muster_auditor', oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER'))$$, 'an auditor changes nothing');
SELECT is_empty($$SELECT signature FROM ours_functions WHERE has_function_privilege('muster_auditor', oid, 'EXECUTE') AND provolatile = 'v'$$, 'an auditor calls what only looks');
SELECT bag_eq($$SELECT proname::text FROM ours_functions WHERE prosecdef AND has_function_privilege('muster_auditor', oid, 'EXECUTE')$$, $$VALUES ('delegated'), ('delegated_everywhere'), ('explain_custom'), ('explain_renewal'), ('accounts_called'), ('devices_called'), ('devices_known_as')$$, 'and of what runs as its owner only what looks who asks');
SELECT is_empty(format($$SELECT signature FROM ours_functions WHERE has_function_privilege('muster_auditor', oid, 'EXECUTE') AND NOT has_function_privilege(%L, oid, 'EXECUTE')$$, r), r || ' calls all that an auditor does')
	FROM unnest(ARRAY['muster_admin']) r;
SELECT bag_eq($$SELECT proname::text FROM ours_functions WHERE has_function_privilege('muster_help_desk', oid, 'EXECUTE') AND provolatile = 'v'$$, $$VALUES ('retire_device'), ('retire_account_devices'), ('retire_all'), ('lock_account'), ('clear_lockout'), ('clear_network')$$, 'a help desk changes nothing but retires devices and clears lockouts');
SELECT bag_eq($$SELECT proname::text FROM ours_functions WHERE has_function_privilege('muster_admin', oid, 'EXECUTE') AND NOT has_function_privilege('muster_organization_admin', oid, 'EXECUTE')$$,
	$$VALUES ('add_organization'), ('set_organization_urls'), ('enable_organization'), ('disable_organization'), ('add_domain'), ('remove_domain'), ('host_url'),
		('revoke_authority'), ('set_publication_url'), ('http_url'), ('set_authority_urls'), ('set_crl'), ('begin_crl'), ('crl_entries'), ('store_crl'), ('tell_responder'),
		('add_authority'), ('set_authority'), ('set_authority_key'), ('key_uri_wrong'), ('set_sealing_key'), ('add_directory'), ('remove_directory'), ('directory_servers'), ('directory_file'), ('set_directory_servers'), ('set_directory_account'), ('authority_key'), ('add_authority_request'), ('withdraw_authority_request'), ('complete_authority_request'), ('keys_under_passphrase'), ('replace_key'), ('delegate'), ('end_delegation'), ('delete_organization'), ('seal_events'), ('move_stray_events'), ('age_events'), ('set_event_retention'), ('hold_events'), ('hold_subject'), ('release_events'),
		('sources'), ('refresh'), ('verify_audit'), ('micros'), ('event_form'), ('event_digest'), ('seal_head'), ('epoch'), ('sealed_until'), ('unsealed'), ('cluster_changed'), ('verify_chain'), ('aged_positions'),
		('held_digest'), ('stray_of_cluster'), ('verify_events'), ('verify_batch'), ('digest_of'), ('verify_agings'), ('guards'), ('set_page_text')$$, 'what concerns all is not an organization''s own administrator''s');
SELECT is_empty($$SELECT relname FROM ours_relations WHERE relkind IN ('r', 'p', 'v') AND (has_table_privilege('muster_admin', oid, 'TRUNCATE, TRIGGER')
	OR (has_table_privilege('muster_admin', oid, 'DELETE') AND relname NOT IN ('email_domain', 'account_group', 'account_group_member', 'licence', 'licence_group', 'licence_seat',
		'maintenance', 'platform', 'allowed_network', 'blocked_device', 'expected_device', 'custom_rule', 'delegation', 'import_row', 'tenant', 'tenant_key', 'account_identity', 'password_failure', 'signer_authority', 'revoked_signer', 'listed_signer', 'signing', 'page_text',
		'directory', 'authority_request', 'sign_in_condition', 'sign_in_realm', 'claim_group', 'dm_server', 'dm_route')))$$, 'an administrator deletes nothing but domains, DM servers, tenants, signers, rules, texts, wrong passwords and what he loaded');
SELECT is_empty($$SELECT relname FROM ours_relations WHERE relname IN ('event', 'certificate', 'outcome', 'schema_version', 'seal', 'seal_epoch', 'aging', 'aged_batch', 'held_event') AND has_any_column_privilege('muster_admin', oid, 'INSERT, UPDATE')$$,
	'an administrator forges no event and no certificate');
SELECT is_empty($$SELECT signature FROM ours_functions WHERE nspname = 'muster' AND told NOT LIKE 'Internal%' AND NOT has_function_privilege('muster_admin', oid, 'EXECUTE')$$,
	'an administrator may call everything that is not internal');

-- As the roles themselves.
SELECT is(try('muster_worker', 'SELECT * FROM muster.account'), 'ERROR: permission denied for schema muster', 'a worker''s connection reads no account');
SELECT is(try('muster_worker', 'SELECT * FROM muster_issuer.authorities()'), 'ERROR: permission denied for schema muster_issuer', 'a worker''s connection gets no key');
SELECT is(try('muster_issuer', 'SELECT * FROM muster_worker.policy(NULL, ''ada@example.test'')'), 'ERROR: permission denied for schema muster_worker', 'an issuer''s connection gets no password hash');
SELECT is(try('boss', 'SELECT password_hash FROM muster.account'), 'ERROR: permission denied for table account', 'an administrator reads no password hash');
SELECT is(try('boss', 'SELECT private_key FROM muster.authority'), 'ERROR: permission denied for table authority', 'an administrator reads no key');
SELECT is(try('boss', 'SELECT sealing_key FROM muster.configuration'), 'ERROR: permission denied for table configuration', 'an administrator reads no sealing key');
SELECT is(try('boss', 'SELECT dm_secrets FROM muster.device'), 'ERROR: permission denied for table device', 'an administrator reads no device''s secrets');
SELECT is(try('boss', 'INSERT INTO muster.event (kind) VALUES (''enrolled'')'), 'ERROR: permission denied for table event', 'an administrator writes no event himself');
SELECT is(try('audrey', 'SELECT muster.disable_organization(''example'')'), 'ERROR: permission denied for function disable_organization', 'an auditor calls no administrator''s function');
SELECT is(try('audrey', 'SELECT muster.authority_key(id) FROM muster.authority'), 'ERROR: permission denied for function authority_key', 'an auditor gets no key');
SELECT is(try('audrey', 'SELECT upn FROM muster.accounts WHERE upn LIKE ''ada%'''), 'ada@example.test', 'an auditor reads views');
SELECT is(try('eve', 'SELECT * FROM muster.accounts'), 'ERROR: permission denied for schema muster', 'a stranger reads no view');
SELECT is(split_part(dblink_fetch, '|', 1), 'muster_worker', 'a worker logs in as itself')
	FROM (SELECT x AS dblink_fetch FROM dblink(connection('muster_worker'), 'SELECT session_user::text') t (x text)) s;
SELECT throws_ok($$SELECT * FROM dblink(connection('muster_worker'), 'SELECT 1 FROM muster.device') t (x int)$$, 'permission denied for schema muster');
SELECT throws_ok($$SELECT * FROM dblink(connection('muster_issuer'), 'SELECT muster.authority_key(NULL)') t (x bytea)$$, 'permission denied for schema muster');

-- Every foreign key has an index, so that no check walks a table.
SELECT is_empty($$SELECT c.conrelid::regclass, c.conname FROM pg_constraint c JOIN ours_relations r ON r.oid = c.conrelid
	WHERE c.contype = 'f' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = ANY (c.conkey))$$, 'every foreign key has an index');

SELECT * FROM finish();
