-- Delegation: what a help desk and an organization's own administrator see and can do, over every table, view and
-- function; and that nobody reaches another organization's rows.
SET search_path = test;
SELECT no_plan();

CREATE ROLE hedy LOGIN IN ROLE muster_help_desk;
CREATE ROLE desk NOLOGIN;
GRANT muster_help_desk TO desk;
CREATE ROLE hal LOGIN IN ROLE desk;
CREATE ROLE oscar LOGIN IN ROLE muster_organization_admin;
CREATE ROLE nobody LOGIN IN ROLE muster_organization_admin, muster_help_desk;
CREATE ROLE double LOGIN IN ROLE muster_organization_admin, muster_help_desk;

-- Rows of both organizations in every table.
SELECT muster.add_group(k, 'Staff'), muster.add_licence(k, 'Seats', 3), muster.schedule_maintenance(k, now() + interval '1 day', now() + interval '2 days', 'disks'),
	muster.set_platform(k, '10.0'), muster.allow_network(k, '192.0.2.0/24'), muster.block_device(k, 'serial number', 'S-1', 'stolen'),
	muster.expect_device(k, 'serial number', 'S-2'), muster.publish_terms(k, 1, 'en', 'Terms', 'Be good.'), muster.set_page_color(k, '#7b1fa2'), muster.require_group(k, false)
	FROM unnest(ARRAY['example', 'other']) k;
SELECT muster.add_directory(o, 'corp', ARRAY['ldaps://dc1.example.test'], 'dc=' || o) FROM unnest(ARRAY['example', 'other']) o;
SELECT muster.add_dm_server(o, 'more', 'More', 'https://more.test/dm') IS NULL, muster.send_to_dm_server(o, 'more') IS NULL FROM unnest(ARRAY['example', 'other']) o;
SELECT muster.add_to_group(u, 'Staff'), muster.assign_licence(u, 'Seats'), muster.record_acceptance(u, 1, 'on paper') FROM unnest(ARRAY['bob@example.test', 'olga@other.test']) u;
SELECT muster.assign_licence_to_group(k, 'Seats', 'Staff') FROM unnest(ARRAY['example', 'other']) k;
SELECT muster.use_web_server_sign_in(k, 'Negotiate'), muster.require_sign_in_variable(k, 'GSS_NAME', 'x'), muster.map_realm(k, 'REALM', k || '.test'), muster.map_claim(k, 'everybody', 'Staff')
	FROM unnest(ARRAY['example', 'other']) k;
SELECT muster.set_sign_in(k, 'page') FROM unnest(ARRAY['example', 'other']) k;
INSERT INTO muster.daily_refusal (day, organization, stage, outcome, refusals, accounts) SELECT '2026-01-01', o.id, 'policy', 'Authentication', 1, 1 FROM muster.organization o;
SELECT muster.hold_events('organization', k, 'a case') FROM unnest(ARRAY['example', 'other']) k;
SELECT muster.add_tenant(k, id(90)::text, ARRAY['app'], 'Contoso') FROM unnest(ARRAY['example', 'other']) k;
SELECT is(try('muster_keys', format('SELECT change FROM muster_keys.refresh(%L, ''Contoso'', %L)', k,
	jsonb_build_array(jsonb_build_object('kid', 'k1', 'algorithm', 'RS256', 'public_key', encode(der(90), 'base64'))))), 'added', 'a tenant''s key of ' || k)
	FROM unnest(ARRAY['example', 'other']) k;
SELECT muster.link_account(u, 'Contoso', id(91)::text) FROM unnest(ARRAY['bob@example.test', 'olga@other.test']) u;
SELECT muster.schedule_maintenance(NULL, now() + interval '3 days', now() + interval '4 days', 'everybody''s');
CREATE SCHEMA rules;
CREATE ROLE rule_owner;
GRANT USAGE ON SCHEMA rules TO muster_owner;
GRANT USAGE ON SCHEMA muster TO rule_owner;
CREATE FUNCTION rules.no(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$SELECT '{"reason": "never", "en": "No."}'::jsonb$$;
ALTER FUNCTION rules.no(muster.candidate) OWNER TO rule_owner;
SELECT muster.register_custom_rule(k, 'Never', 'rules.no') FROM unnest(ARRAY['example', 'other']) k;
SELECT muster.disable_custom_rule(k, 'Never') FROM unnest(ARRAY['example', 'other']) k;
SELECT is(try('muster_issuer', record(1, 'bob@example.test', '{"DeviceID": "b", "OSVersion": "10.0.26200.1"}')), 'OK|-', 'a device of the one');
SELECT is(try('muster_issuer', record(2, 'olga@other.test', '{"DeviceID": "o", "OSVersion": "10.0.26200.1"}')), 'OK|-', 'a device of the other');
SELECT is(try('muster_issuer', record(n, u, format('{"DeviceID": "revoked %s", "OSVersion": "10.0.26200.1"}', n))), 'OK|-', 'a device whose certificate is revoked, of ' || u)
	FROM (VALUES (3, 'bob@example.test'), (4, 'olga@other.test')) v (n, u);
SELECT muster.revoke_certificate(encode(sha256(der(n)), 'hex'), 'keyCompromise', 'copied') FROM unnest(ARRAY[3, 4]) n;
SELECT muster.add_account('package@other.test', kind => 'bulk') IS NULL;
SELECT muster.add_bulk_token('package@' || k || '.test', 'Package', encode(sha256(k::bytea), 'hex')) IS NULL FROM unnest(ARRAY['example', 'other']) k;
INSERT INTO muster.bulk_enrollment (device, organization, bulk_token, public_key_sha256, counted)
	SELECT d.id, d.organization, b.id, sha256(''), true FROM muster.device d JOIN muster.bulk_token b USING (organization);
SELECT muster.trust_signer_authority(k, 'Signers', der(500), 'CN=S', sha256('CN=S'), now(), now() + interval '1 year', '{upn}'), muster.revoke_signer(k, 'Signers', '01', 'stolen'),
	muster.set_signing(k) FROM unnest(ARRAY['example', 'other']) k;
SELECT muster.list_signer(k, u, repeat('0a', 32)) FROM (VALUES ('example', 'bob@example.test'), ('other', 'olga@other.test')) v (k, u);
INSERT INTO muster.used_signature (sha256, organization, device, until) SELECT sha256(d.id::text::bytea), d.organization, d.id, now() FROM muster.device d;
INSERT INTO muster.terms_visit (sha256, organization, account, version, language, ownership, redirect_uri, expires_at) SELECT sha256(a.id::text::bytea), a.organization, a.id, 1, 'en', 'personal', 'ms-appx-web://a/', now() FROM muster.account a;
SELECT is(try('muster_worker', $$SELECT * FROM muster_worker.count('[{"organization": "example", "stage": "discovery", "build": "10.0.26200", "count": 2}, {"organization": "other", "stage": "discovery", "build": "10.0.26200", "count": 5}]')$$), 'true', 'counts of both');
SELECT is(try('muster_worker', format($$SELECT outcome FROM muster_worker.make_token(%L, %L, sha256(%L), 'sign-in page', %L, NULL, '192.0.2.9')$$, 'other', a.id, a.upn, id(60))), 'Authorization', 'no token in another organization')
	FROM muster.account a WHERE a.upn = 'bob@example.test';
SELECT is(try('muster_worker', format($$SELECT outcome FROM muster_worker.make_token(%L, %L, sha256(%L), 'sign-in page', %L, NULL, '192.0.2.9')$$, o.key, a.id, a.upn, id(60))), 'OK', 'a token of ' || o.key)
	FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.upn IN ('bob@example.test', 'olga@other.test');
SELECT is(try('muster_worker', $$SELECT * FROM muster_worker.refuse(muster.new_id(), NULL, 'policy', 'Authentication', 'wrong password', 'other', 'olga', NULL, '192.0.2.9', NULL)$$), 'ERROR: permission denied for schema muster', 'a worker makes no ids');
SELECT is(try('muster_worker', format($$SELECT * FROM muster_worker.refuse(%L, NULL, 'policy', 'Authentication', 'wrong password', 'other', 'olga', NULL, '192.0.2.9', NULL)$$, id(50))), 'true', 'a refusal of the other');
SELECT muster.set_guessing_limits(k, account_failures => 1) FROM unnest(ARRAY['example', 'other']) k;
SELECT is(try('muster_worker', format('SELECT * FROM muster_worker.count_password(%L, ''nemo'', NULL, ''192.0.2.9'', true, %L)', k, id(51))), 'true', 'a wrong password at ' || k) FROM unnest(ARRAY['example', 'other']) k;

-- Delegating.
SELECT is(try('boss', format('SELECT muster.delegate(%s)', v)), 'ERROR: ' || message, 'not delegated: ' || message) FROM (VALUES
	($$'hedy', 'boss', 'example'$$, 'there is no duty ''boss'' HINT: Duties: help desk, organization administrator, DM server.'),
	($$'hedy', NULL, 'example'$$, 'there is no duty NULL HINT: Duties: help desk, organization administrator, DM server.'),
	($$'nemo', 'help desk', 'example'$$, 'there is no role "nemo" HINT: As one who may create roles: CREATE ROLE nemo LOGIN IN ROLE muster_help_desk;'),
	($$'eve', 'help desk', 'example'$$, 'role "eve" is not a member of muster_help_desk HINT: As one who may: GRANT muster_help_desk TO eve;'),
	($$'hedy', 'organization administrator', 'example'$$, 'role "hedy" is not a member of muster_organization_admin HINT: As one who may: GRANT muster_organization_admin TO hedy;'),
	($$'oscar', 'organization administrator', '*'$$, 'an administrator of all organizations is a muster_admin HINT: As one who may: GRANT muster_admin TO oscar;'),
	($$'oscar', 'organization administrator', 'nowhere'$$, 'there is no organization "nowhere" HINT: Organizations: example, other')) x (v, message);
SELECT is(try('boss', $$SELECT muster.delegate('hedy', 'help desk', 'example')$$), 'hedy is help desk for organization example', 'a help desk');
SELECT is(try('boss', $$SELECT muster.delegate('hedy', 'help desk', 'example')$$), 'hedy is help desk for organization example', 'twice is once');
SELECT is(try('boss', $$SELECT muster.delegate('desk', 'help desk', '*')$$), 'desk is help desk for all organizations', 'a help desk of all');
SELECT is(try('boss', $$SELECT muster.delegate('oscar', 'organization administrator', 'example')$$), 'oscar is organization administrator for organization example', 'an organization''s own administrator');
SELECT is(try('boss', $$SELECT muster.delegate('double', 'organization administrator', 'example')$$), 'double is organization administrator for organization example', 'one with two duties');
SELECT is(try('boss', $$SELECT muster.delegate('double', 'help desk', 'other')$$), 'double is help desk for organization other', 'in two organizations');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'delegation added'), 5::bigint, 'each an event');
SELECT is(try('oscar', $$SELECT muster.delegate('oscar', 'organization administrator', 'other')$$), 'ERROR: permission denied for function delegate', 'nobody delegates to himself');
SELECT is(try('oscar', $$INSERT INTO muster.delegation (role, duty, organization) SELECT 'oscar', 'organization administrator', id FROM muster.organization$$), 'ERROR: permission denied for table delegation', 'nor by hand');
SELECT is(try('boss', $$SELECT string_agg(role || ' ' || duty || ' ' || organization || ' ' || state, ', ' ORDER BY role, duty) FROM muster.delegations$$),
	'desk help desk * in force, double help desk other in force, double organization administrator example in force, hedy help desk example in force, oscar organization administrator example in force', 'the view tells');

-- Every table of organizations' rows is protected, and every policy is there.
CREATE VIEW tenant AS
	SELECT c.oid, c.relname, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = CASE c.relname WHEN 'organization' THEN 'id' ELSE 'organization' END) AS key
	  FROM pg_class c WHERE c.relnamespace = 'muster'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('schema_version', 'outcome', 'configuration', 'authority', 'authority_request', 'seal', 'seal_epoch', 'aging', 'aged_batch',
	-- what pages say they say to everybody
	'page_text',
	-- what one loads only he himself sees
	'import_row',
	-- days that are over are so for all
	'closed_day',
	-- published: anybody's to read
	'crl');
SELECT is_empty($$SELECT relname FROM tenant WHERE key IS NULL$$, 'every other table knows its organization');
SELECT is_empty($$SELECT t.relname FROM tenant t JOIN pg_class c ON c.oid = t.oid WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)$$, 'every table of theirs has row level security, for its owner, too');
SELECT is_empty($$SELECT t.relname, p FROM tenant t, unnest(ARRAY['programs', 'administrators', 'auditors', 'help_desk', 'own']) p
	WHERE NOT EXISTS (SELECT FROM pg_policy x WHERE x.polrelid = t.oid AND x.polname = p)$$, 'every one has each policy');
SELECT is_empty($$SELECT x.polrelid::regclass, x.polname, e FROM pg_policy x, unnest(ARRAY[pg_get_expr(x.polqual, x.polrelid), pg_get_expr(x.polwithcheck, x.polrelid)]) e
	WHERE 'muster_help_desk'::regrole = ANY (x.polroles) AND e !~ '\( SELECT muster\.delegated_everywhere\(CURRENT_USER, ''help desk''::text\) AS '$$, 'who works for all organizations is asked once a statement by each of the help desk''s');

-- What each sees, of every table and view: some of his own, none of the other's. Renewals are due.
UPDATE muster.certificate SET not_after = now() + interval '20 days';
CREATE FUNCTION seen(p_role text, p_relation text, p_organization text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	key text;
BEGIN
	SELECT CASE WHEN a.atttypid = 'uuid'::regtype THEN format('%I = %L', a.attname, (SELECT id FROM muster.organization WHERE organization.key = p_organization))
		ELSE format('%I = %L', a.attname, p_organization) END INTO key
	  FROM pg_attribute a WHERE a.attrelid = ('muster.' || quote_ident(p_relation))::regclass AND a.attname = CASE p_relation WHEN 'organization' THEN 'id' WHEN 'organizations' THEN 'key' ELSE 'organization' END;
	RETURN test.try(p_role, format('SELECT count(*) FROM muster.%I WHERE %s', p_relation, key));
END
$$;
CREATE TABLE looked AS SELECT relname::text FROM tenant WHERE relname NOT IN ('delegation', 'held_event');
INSERT INTO looked SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('organization', 'key')
	WHERE c.relnamespace = 'muster'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('delegations', 'authorities', 'expiring', 'refusals', 'page_texts');
GRANT SELECT ON looked TO PUBLIC;
SELECT is(seen(r, l.relname, 'other'), '0', r || ' sees nothing of another organization in ' || l.relname) FROM looked l, unnest(ARRAY['hedy', 'oscar']) r ORDER BY 1;
SELECT isnt(seen(r, l.relname, 'example'), '0', r || ' sees his own in ' || l.relname) FROM looked l, unnest(ARRAY['hedy', 'oscar', 'double']) r ORDER BY 1;
SELECT isnt(seen(r, l.relname, 'other'), '0', r || ' sees both in ' || l.relname) FROM looked l, unnest(ARRAY['hal', 'double', 'boss', 'audrey']) r ORDER BY 1;
SELECT is(seen('nobody', l.relname, 'example'), '0', 'without a row of delegation nobody sees anything in ' || l.relname) FROM looked l ORDER BY 1;
SELECT is(try(r, 'SELECT count(*) FROM muster.maintenance WHERE organization IS NULL'), '1', r || ' sees maintenance that concerns all') FROM unnest(ARRAY['hedy', 'oscar']) r;
SELECT is(try(r, 'SELECT count(*) FROM muster.event WHERE organization IS NULL'), '0', r || ' sees no events of nobody''s') FROM unnest(ARRAY['hedy', 'oscar']) r;
SELECT is(try('oscar', format('SELECT count(*) FROM muster.trace(%L)', id(50))), '0', 'nor traces another''s');
SELECT is(try('hal', format('SELECT count(*) FROM muster.trace(%L)', id(50))), '1', 'a help desk of all does');
SELECT is(try(r, $$SELECT string_agg(organization, ',') FROM muster.refusals$$), expected, r || ' in the refusals') FROM (VALUES ('hedy', '-'), ('hal', 'other'), ('oscar', '-'), ('audrey', 'other')) x (r, expected);

-- Changing, by hand, in every table: another's rows are out of reach.
CREATE FUNCTION changed(p_role text, p_table text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	row_column text;
	result text;
BEGIN
	SELECT a.attname INTO row_column FROM pg_attribute a WHERE a.attrelid = ('muster.' || p_table)::regclass AND a.attnum > 0
		AND has_column_privilege(p_role, a.attrelid, a.attnum, 'UPDATE') ORDER BY a.attnum LIMIT 1;
	IF row_column IS NULL THEN
		RETURN 'done 0';
	END IF;
	RETURN test.try(p_role, format('UPDATE muster.%I SET %I = %I WHERE %s = %L', p_table, row_column, row_column,
		CASE p_table WHEN 'organization' THEN 'id' ELSE 'organization' END, (SELECT id FROM muster.organization WHERE key = 'other')));
END
$$;
SELECT is(changed(r, t.relname), 'done 0', r || ' changes nothing of another''s in ' || t.relname) FROM tenant t, unnest(ARRAY['hedy', 'oscar', 'nobody']) r ORDER BY 1;
SELECT is(try('oscar', format('INSERT INTO muster.blocked_device (organization, kind, value, reason) SELECT %L, ''serial number'', ''x'', ''y''', id)),
	'ERROR: new row violates row-level security policy for table "blocked_device"', 'oscar adds nothing to another''s') FROM muster.organization WHERE key = 'other';
SELECT is(try('oscar', format('UPDATE muster.account_group SET organization = %L', id)), 'ERROR: permission denied for table account_group', 'nor moves anything there') FROM muster.organization WHERE key = 'other';

-- By functions: his own, yes; another's is as if it were not there.
SELECT is(try('oscar', s), said, 'oscar: ' || s) FROM (VALUES
	($$SELECT muster.set_device_cap('example', 3)$$, 'organization example: an account may have 3 living devices'),
	($$SELECT muster.set_device_cap('other', 3)$$, 'ERROR: there is no organization "other" HINT: Organizations: example'),
	($$SELECT muster.disable_account('bob@example.test', 'left')$$, 'account bob@example.test is disabled; its devices stay until they are retired'),
	($$SELECT muster.enable_account('bob@example.test')$$, 'account bob@example.test is enabled'),
	($$SELECT muster.disable_account('olga@other.test', 'left')$$, 'ERROR: there is no account "olga@other.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;'),
	($$SELECT muster.disable_organization('example')$$, 'ERROR: permission denied for function disable_organization'),
	($$SELECT muster.add_domain('example', 'gmail.test')$$, 'ERROR: permission denied for function add_domain'),
	($$SELECT muster.set_authority('example', 'Example issuing')$$, 'ERROR: permission denied for function set_authority'),
	($$SELECT muster.authority_key(id) FROM muster.authority$$, 'ERROR: permission denied for function authority_key'),
	($$SELECT muster.begin_maintenance(NULL, 'all mine')$$, 'ERROR: new row violates row-level security policy for table "maintenance"'),
	($$SELECT muster.unblock_device('other', 'serial number', 'S-1')$$, 'ERROR: there is no organization "other" HINT: Organizations: example'),
	($$SELECT rule || ' ' || outcome FROM muster.explain_enrollment('bob@example.test') WHERE rule <> 'password' LIMIT 1$$, 'organization OK')) x (s, said);
SELECT matches(try(r, format('SELECT muster.retire_device(%L, ''lost'')', id(2))), '^ERROR: there is no device ', r || ' retires no device of another''s') FROM unnest(ARRAY['hedy', 'oscar', 'nobody']) r;
SELECT is(try('hedy', format('SELECT muster.retire_device(%L, ''lost'')', id(1))), format('device %s is retired; its certificate is refused from now on', id(1)), 'a help desk retires a device');
SELECT is((SELECT string_agg(actor || ' ' || kind, ', ' ORDER BY id) FROM muster.event WHERE device = id(1) AND kind NOT IN ('enrolled', 'certificate changed')), session_user || ' retired, ' || session_user || ' certificate revoked', 'which is an event');
SELECT is(try('hedy', s), 'ERROR: permission denied for ' || what, 'hedy: ' || s) FROM (VALUES
	($$SELECT muster.disable_account('bob@example.test', 'x')$$, 'function disable_account'),
	($$UPDATE muster.account SET enabled = false$$, 'table account'),
	($$UPDATE muster.device SET account = account$$, 'table device'),
	($$INSERT INTO muster.event (kind) VALUES ('enrolled')$$, 'table event'),
	($$SELECT password_hash FROM muster.account$$, 'table account'),
	($$SELECT dm_secrets FROM muster.device$$, 'table device')) x (s, what);
-- With a duty in each: administrator of the one is not administrator of the other.
SELECT is((SELECT enabled FROM muster.account WHERE upn = 'olga@other.test'), true, 'the other''s account is enabled');
SELECT is(try('double', $$UPDATE muster.account SET enabled = enabled WHERE upn = 'olga@other.test'$$), 'done 0', 'an administrator here changes nothing where he is help desk');
SELECT is(try('double', $$UPDATE muster.account SET enabled = enabled WHERE upn = 'bob@example.test'$$), 'done 1', 'but here');
SELECT is(try('double', format('SELECT muster.retire_device(%L, ''lost'')', id(2))), format('device %s is retired; its certificate is refused from now on', id(2)), 'and retires devices there');

-- Custom rules in explanations: only to who may see the organization.
SELECT muster.enable_custom_rule(k, 'Never') FROM unnest(ARRAY['example', 'other']) k;
SELECT is(try(r, $$SELECT string_agg(why, ',') FROM muster.explain_enrollment('bob@example.test') WHERE rule LIKE '%Never%'$$), expected, r || ' is told what a custom rule says')
	FROM (VALUES ('hedy', 'rule "Never": never'), ('oscar', 'rule "Never": never'), ('hal', 'rule "Never": never'), ('boss', 'rule "Never": never'), ('audrey', 'rule "Never": never')) x (r, expected);
SELECT is(try('oscar', format('SELECT count(*) FROM muster.explain_custom(%L, NULL, NULL)', (SELECT id FROM muster.account WHERE upn = 'olga@other.test'))), '0', 'nothing of another''s');

-- How many seats a licence has is counted, not said.
SELECT is(try(r, format('INSERT INTO muster.licence (organization, name, seats) VALUES (%L, ''Forged'', 500)', (SELECT id FROM muster.organization WHERE key = 'example'))),
	'ERROR: permission denied for table licence', r || ' says no number of seats') FROM unnest(ARRAY['boss', 'oscar']) r;

-- A duty without the role that it is for shows nothing, to functions that run as their owner neither.
SELECT is(try('double', $$SELECT count(*) FROM muster.accounts_called('OLGA@other.test')$$), '1', 'a help desk finds an account without case');
REVOKE muster_help_desk FROM double;
SELECT is(try('double', $$SELECT count(*) FROM muster.accounts_called('OLGA@other.test')$$), '0', 'but not without the role, though its duty''s row is there');
SELECT is(try('double', $$SELECT count(*) FROM muster.accounts_called('BOB@example.test')$$), '1', 'where it still has both it does');
SELECT is(try('muster_owner', $$SELECT count(*) FROM muster.accounts_called('OLGA@other.test')$$), '1', 'and the owner finds all');

-- The end of it.
SELECT is(try('boss', $$SELECT muster.end_delegation('hedy', 'help desk', 'other')$$), 'ERROR: role "hedy" is not help desk for other HINT: To look: SELECT * FROM muster.delegations;', 'what is not there cannot end');
SELECT is(try('boss', $$SELECT muster.end_delegation('hedy', 'help desk', 'example')$$), 'hedy is no longer help desk for organization example', 'a duty ends');
SELECT is(try('boss', $$SELECT muster.end_delegation('desk', 'help desk', '*')$$), 'desk is no longer help desk for all organizations', 'that for all, too');
SELECT is(try(r, 'SELECT count(*) FROM muster.device'), '0', r || ' sees nothing any more') FROM unnest(ARRAY['hedy', 'hal']) r;

SELECT * FROM finish();
