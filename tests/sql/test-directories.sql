-- Directories: which one is asked for a name, whom the names mean that it has, and the administrator's functions.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION step(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('boss', 'SELECT muster.' || p_sql) $$;
CREATE ROLE dirk LOGIN IN ROLE muster_organization_admin;
SELECT muster.delegate('dirk', 'organization administrator', 'example');

-- A statement and what it answers, in order; 'id' stands for any id.
CREATE TABLE steps (n serial, statement text, answer text);
INSERT INTO steps (statement, answer) VALUES
	($$directory_id('example', 'corp')$$, $$ERROR: organization example has no directory "corp" HINT: It has none: SELECT muster.add_directory('example', name, servers, base);$$),
	($$add_directory('example', 'corp', ARRAY['ldaps://dc1.example.test', ' ldap://dc2.example.test:389'], 'dc=example,dc=test')$$, 'id'),
	($$add_directory('example', 'CORP', ARRAY['ldaps://x'], 'dc=x')$$, 'ERROR: organization example has a directory "CORP" already HINT: Change it with muster.set_directory_servers, muster.set_directory_search, …, or remove it: muster.remove_directory.'),
	($$add_directory('example', 'a b', ARRAY['ldaps://x'], 'dc=x')$$, 'ERROR: not usable as a directory''s name: ''a b'' HINT: Use 1 to 40 letters, digits, dots, hyphens and underscores.'),
	($$add_directory('example', 'x', ARRAY['ldaps://x'], 'dc=x', 'novell')$$, 'ERROR: a directory is of kind active directory or ldap, not ''novell'' HINT: It is only what attributes it begins with: muster.set_directory_search changes them.'),
	($$add_directory('example', 'x', ARRAY['ldaps://x'], ' ')$$, 'ERROR: the directory needs a base HINT: Below which entry people are: dc=example,dc=test.'),
	($$add_directory('example', 'x', '{}', 'dc=x')$$, 'ERROR: a directory has 1 to 8 servers HINT: For example: ARRAY[''ldaps://dc1.example.test'', ''ldaps://dc2.example.test''].'),
	($$add_directory('example', 'x', ARRAY['ldaps://x', 'http://x'], 'dc=x')$$, 'ERROR: not usable as a directory''s server: ''http://x'' HINT: Give ldaps://host[:port], or ldap://host[:port] for StartTLS; the host as its certificate names it, without a path. Passwords never go without TLS.'),
	($$add_directory('example', 'x', ARRAY['ldaps://x/dc=x'], 'dc=x')$$, 'ERROR: not usable as a directory''s server: ''ldaps://x/dc=x'' HINT: Give ldaps://host[:port], or ldap://host[:port] for StartTLS; the host as its certificate names it, without a path. Passwords never go without TLS.'),
	($$add_directory('example', 'x', ARRAY['ldaps://x'], 'dc=x', ca_file => '../x')$$, 'ERROR: not usable as a file''s name: ''../x'' HINT: Give the name alone, of letters, digits, dots, hyphens and underscores. The file is in the organization''s folder below muster''s --secrets-dir.'),
	($$add_directory('example', 'unix', ARRAY['ldaps://[2001:db8::1]:636'], 'dc=unix', 'ldap', 'unix-ca.pem')$$, 'id'),
	($$directory_id('example', 'x')$$, 'ERROR: organization example has no directory "x" HINT: It has: corp, unix'),
	($$set_directory_servers('example', 'corp', ARRAY['ldaps://dc1.example.test'], 'corp-ca.pem')$$, 'directory corp: ldaps://dc1.example.test, certificates of the CA in corp-ca.pem'),
	($$set_directory_account('example', 'corp', 'cn=muster,dc=example,dc=test')$$, $$ERROR: a service account is a name and the file of its password HINT: For example: SELECT muster.set_directory_account('example', 'corp', 'cn=muster,dc=example,dc=test', 'corp.password'); without both, searches are anonymous.$$),
	($$set_directory_account('example', 'corp', 'cn=muster,dc=example,dc=test', 'corp.password')$$, 'directory corp: searched as cn=muster,dc=example,dc=test, whose password is in the file corp.password'),
	($$set_directory_template('example', 'corp', 'EXAMPLE\{user}')$$, $$ERROR: directory corp has a service account HINT: People are searched for with it, or bind by template: SELECT muster.set_directory_account('example', 'corp', NULL);$$),
	($$set_directory_template('example', 'unix', 'uid=%s,dc=unix')$$, 'ERROR: not usable as a template: ''uid=%s,dc=unix'' HINT: It has {user} where the typed name goes: uid={user},ou=people,dc=example,dc=test; for an Active Directory EXAMPLE\{user} or {user}@example.test.'),
	($$set_directory_template('example', 'unix', 'uid={user},dc=unix')$$, 'directory unix: people bind as uid={user},dc=unix'),
	($$set_directory_account('example', 'unix', 'cn=m', 'm.password')$$, 'directory unix: searched as cn=m, whose password is in the file m.password'),
	($$set_directory_account('example', 'unix', NULL)$$, 'directory unix: searched anonymously, or not before a bind by template'),
	($$set_directory_template('example', 'unix', NULL)$$, 'directory unix: people are searched for'),
	($$set_directory_search('example', 'unix', 'ou=people,dc=unix', 'x', ARRAY['mail'], 'uid', 'mail')$$, 'ERROR: not usable as a filter: ''x'' HINT: It stands in parentheses: (objectClass=person). What the person typed is added by itself.'),
	($$set_directory_search('example', 'unix', 'ou=people,dc=unix', NULL, ARRAY['mail', 'a=b'], 'uid', 'mail')$$, 'ERROR: not usable as an attribute: ''a=b'' HINT: Attributes are called mail, userPrincipalName, uid, ….'),
	($$set_directory_search('example', 'unix', 'ou=people,dc=unix', NULL, '{}', 'uid', 'mail')$$, 'ERROR: names are looked for in 1 to 8 attributes HINT: Attributes are called mail, userPrincipalName, uid, ….'),
	($$set_directory_search('example', 'unix', 'ou=people,dc=unix', '(objectClass=inetOrgPerson)', ARRAY['mail', 'alias'], 'uid', 'uid', '@Unix.test', 'cn')$$, 'directory unix: name@domain is looked for in mail, alias, a short name in uid; accounts are called by uid'),
	($$set_directory_domains('example', 'corp', ARRAY['Example.test'], ARRAY['Example'])$$, 'directory corp is asked for names of example.test, and of EXAMPLE'),
	($$set_directory_domains('example', 'corp', ARRAY['a b'])$$, 'ERROR: not usable as a domain: ''a b'' HINT: What stands behind the @: example.test.'),
	($$set_directory_domains('example', 'corp', '{}', ARRAY['A\B'])$$, 'ERROR: not usable as a Windows domain: E''A\\B'' HINT: What stands before the backslash, at most 15 characters: EXAMPLE.'),
	($$require_directory_group('example', 'corp', 'cn=g', 'all')$$, 'ERROR: members are told by memberOf, nested or member, not by ''all'' HINT: memberOf: the person''s attribute. nested: also through groups in groups (Active Directory). member: the group''s own attributes (OpenLDAP).'),
	($$require_directory_group('example', 'corp', 'cn=g', 'nested')$$, 'directory corp: only members of cn=g enroll'),
	($$require_directory_group('example', 'corp', NULL)$$, 'directory corp: nobody needs to be in a group'),
	($$set_directory_times('example', 'corp', 1, 1, 1)$$, 'ERROR: not usable as a directory''s times: 1 ms to connect, 1 ms for an answer, 1 ms in all HINT: At least 100 each; at most 10000, 15000 and 20000. A device waits 30 s at most.'),
	($$set_directory_times('example', 'corp', 1000, 2000, 5000)$$, 'directory corp: 1000 ms to connect, 2000 ms for an answer, 5000 ms in all'),
	($$welcome_from_directory('example', 'corp')$$, 'directory corp: who proves himself for the first time gets an account'),
	($$welcome_from_directory('example', 'corp', NULL)$$, 'ERROR: welcome is NULL HINT: Say true or false.'),
	($$remember_directory_passwords('example', 'corp')$$, 'directory corp: a password that was proven is good for five minutes without asking'),
	($$remember_directory_passwords('example', 'corp', false)$$, 'directory corp: each password is asked for');
SELECT is(regexp_replace(step(statement), '^[0-9a-f-]{36}$', 'id'), answer, statement) FROM (SELECT * FROM steps ORDER BY n) s;
SELECT results_eq($$SELECT name, binds, ca_file, upn_attribute, welcome FROM muster.directories WHERE organization = 'example' ORDER BY name$$,
	$$VALUES ('corp', 'after a search as cn=muster,dc=example,dc=test', 'corp-ca.pem', 'userPrincipalName', true), ('unix', 'after an anonymous search', 'unix-ca.pem', 'uid', false)$$, 'the view tells how they are asked');
SELECT is((SELECT muster.directory_settings(d) - 'filter' FROM muster.directory d WHERE name = 'corp'), '{"name": "corp", "base": "dc=example,dc=test", "ca_file": "corp-ca.pem", "servers": ["ldaps://dc1.example.test"], "service_dn": "cn=muster,dc=example,dc=test", "service_password_file": "corp.password",
	"name_attributes": ["userPrincipalName"], "short_name_attribute": "sAMAccountName", "upn_attribute": "userPrincipalName", "display_name_attribute": "displayName", "netbios_domains": ["EXAMPLE"],
	"connect_ms": 1000, "answer_ms": 2000, "total_ms": 5000, "remember": false}'::jsonb, 'what the programs get');

-- Which one is asked.
SELECT is((muster.directory_for((SELECT id FROM muster.organization WHERE key = 'example'), typed)).name, directory, 'asked for ' || typed) FROM (VALUES
	('ada@example.test', 'corp'), ('ada@EXAMPLE.test ', 'corp'), ('EXAMPLE\ada', 'corp'), ('example\ada@elsewhere.test', 'corp'), ('OTHER\ada', 'unix'), ('ada@unix.test', 'unix'), ('ada', 'unix')) v (typed, directory);
SELECT is((muster.directory_for((SELECT id FROM muster.organization WHERE key = 'other'), 'ada')).name, NULL, 'another organization''s is not');
SELECT is(step($$set_directory_domains('example', 'unix', ARRAY['unix.test'], ARRAY['UNIX'])$$), 'directory unix is asked for names of unix.test, and of UNIX', 'set_directory_domains()');
SELECT is((muster.directory_for((SELECT id FROM muster.organization WHERE key = 'example'), typed)).name, directory, 'with domains for each: ' || typed) FROM (VALUES
	('OTHER\ada', NULL), ('ada@else.test', NULL), ('ada', 'corp'), ('a\b\c', NULL), ('', 'corp')) v (typed, directory);

-- Whom it means, before and after the proof.
SELECT is((SELECT account IS NOT NULL || '|' || outcome || '|' || (proof -> 'directory' ->> 'name') || '|' || welcome FROM muster.identify('example', 'ada@example.test', NULL)), 'true|OK|corp|false', 'a known name: its account and its directory');
SELECT is((SELECT password_hash IS NOT NULL FROM muster_worker.policy('example', 'ada@example.test', NULL, '{"kind": "password"}')), true, 'and its own hash, which goes before');
SELECT is((SELECT (account IS NULL) || '|' || outcome || '|' || (proof -> 'directory' ->> 'name') || '|' || welcome FROM muster.identify('example', 'nobody@example.test', '{"kind": "password"}')), 'true|Authentication|corp|false', 'an unknown name: the directory all the same');
SELECT is((SELECT coalesce(proof::text, 'none') FROM muster.identify('other', 'olga', NULL)), 'none', 'where there is no directory, there is no proof but the hash');
CREATE FUNCTION proven(p_user text, p_upn text, p_organization text DEFAULT 'example', p_directory text DEFAULT 'corp') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('|', coalesce((SELECT a.upn FROM muster.account a WHERE a.id = i.account), '-'), i.outcome, i.why, i.welcome)
	  FROM muster.identify(p_organization, p_user, jsonb_build_object('kind', 'password', 'directory', p_directory, 'upn', p_upn)) i $$;
SELECT is(proven('EXAMPLE\robert', 'BOB@example.test'), 'bob@example.test|OK|f', 'the name that the directory has counts');
SELECT is(proven('twin', 'twin@sub.example.test'), 'twin@sub.example.test|OK|f', 'also where a short one is two people''s');
SELECT is(proven('x', 'ada@example.test'), '-|Authorization|directory corp knows "x" as ada@example.test, an account that has a password of its own here|f', 'not where the account has a password of its own');
SELECT is(proven('x', 'new@example.test'), '-|OK|t', 'nobody yet, but welcome');
SELECT is(proven('x', 'new@other.test'), '-|Authorization|directory corp knows "x" as new@other.test, whose domain is another organization''s|f', 'not with another organization''s domain');
SELECT is(proven('x', 'new@unix.test', p_directory => 'unix'), '-|Authorization|directory unix knows "x" as new@unix.test, who has no account, and the directory''s people do not get one by themselves|f', 'not where accounts are made by hand');
SELECT is(proven('x', 'bob@example.test', p_directory => 'gone'), '-|Authorization|the directory was removed meanwhile|f', 'not by a directory that is none');
SELECT is(proven('x', 'bob@example.test', 'other'), '-|Authorization|the directory was removed meanwhile|f', 'nor by another organization''s');

-- Welcome.
CREATE FUNCTION welcomed(p_upn text, p_directory text DEFAULT 'corp') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('|', outcome, why, account IS NOT NULL) FROM muster_worker.welcome('example', 'EXAMPLE\new', jsonb_build_object('kind', 'password', 'directory', p_directory, 'upn', p_upn), '{"name": "New Person"}', test.id(77), '192.0.2.7') $$;
SELECT is(welcomed('New@example.test'), 'OK|t', 'who is welcome gets an account');
SELECT is((SELECT upn || '|' || display_name || '|' || kind FROM muster.account WHERE upn = 'New@example.test'), 'New@example.test|New Person|person', 'with the directory''s names');
SELECT is((SELECT why FROM muster.event WHERE kind = 'account welcomed' AND trace = test.id(77)), 'by directory corp', 'and an event says how');
SELECT is(welcomed('new@example.test'), 'OK|t', 'twice is once');
SELECT is((SELECT count(*) FROM muster.account WHERE lower(upn) = 'new@example.test'), 1::bigint, 'one account');
SELECT is(welcomed('no name'), 'Authorization|what directory corp has as a name can be no account''s: "no name"|f', 'what cannot be a name is none');
SELECT is(welcomed('else@unix.test', 'unix'), 'Authorization|directory unix knows "EXAMPLE\new" as else@unix.test, who has no account, and the directory''s people do not get one by themselves|f', 'who is not welcome gets none');
SELECT is((SELECT outcome || '|' || upn FROM muster_worker.policy('example', 'EXAMPLE\new', NULL, '{"kind": "password", "directory": "corp", "upn": "new@example.test"}')), 'OK|New@example.test', 'policy() knows him then');

-- Explained and checked.
SELECT is((SELECT string_agg(rule, ',') FROM muster.explain_enrollment('bob@example.test') WHERE outcome <> 'OK'), NULL, 'explain_enrollment() does not miss a password where a directory proves');
SELECT results_eq($$SELECT severity, finding FROM muster.check_configuration('example') WHERE topic = 'directory'$$, $$VALUES
	('warning', 'directory corp: it has one server: while that is away, nobody proves himself'), ('warning', 'directory unix: it has one server: while that is away, nobody proves himself'),
	('warning', 'directory unix: it is searched anonymously, which an Active Directory lets nobody do'),
	('note', 'directory corp: persons have a password of their own here, and are not asked for in the directory'), ('note', 'directory unix: persons have a password of their own here, and are not asked for in the directory')$$, 'check_configuration()');
SELECT is((SELECT value FROM muster.configuration_of('example') WHERE setting = 'directories'), 'corp (ldaps://dc1.example.test); unix (ldaps://[2001:db8::1]:636)', 'configuration_of()');

-- Whose it is to change.
SELECT is(try('dirk', $$SELECT muster.require_directory_group('example', 'corp', 'cn=g')$$), 'directory corp: only members of cn=g enroll', 'an organization''s administrator sets its group');
SELECT is(try('dirk', $$SELECT muster.set_directory_servers('example', 'corp', ARRAY['ldaps://evil.test'])$$), 'ERROR: permission denied for function set_directory_servers', 'but not where passwords go');
SELECT is(try('dirk', $$UPDATE muster.directory SET servers = ARRAY['ldaps://evil.test']$$), 'ERROR: permission denied for table directory', 'nor by hand');
SELECT is(try('dirk', $$UPDATE muster.directory SET service_password_file = 'other.password'$$), 'ERROR: permission denied for table directory', 'nor whose password is taken');
SELECT is(try('audrey', $$SELECT muster.remove_directory('example', 'corp')$$), 'ERROR: permission denied for function remove_directory', 'an auditor removes none');
SELECT matches(try('boss', 'UPDATE muster.directory SET ' || s), e, s) FROM (VALUES
	($$servers = ARRAY['ldap://x', 'ldapi://x']$$, 'directory_servers'), ($$servers = '{}'$$, 'directory_servers'), ($$servers = ARRAY['ldaps://x', NULL]$$, 'directory_servers'), ($$servers = ARRAY['ldaps://x ldaps://y/z']$$, 'directory_servers'),
	($$ca_file = '/etc/shadow'$$, 'directory_ca_file'), ($$service_password_file = '..'$$, 'directory_password_file'), ($$service_dn = NULL WHERE name = 'corp'$$, 'directory_service'),
	($$bind_template = 'x'$$, 'directory_template'), ($$bind_template = '{user}' WHERE name = 'corp'$$, 'directory_one_way'), ($$filter = 'x'$$, 'directory_filter'), ($$name_attributes = '{}'$$, 'directory_attributes'),
	($$upn_attribute = 'a)(b'$$, 'directory_attributes'), ($$domains = ARRAY['A']$$, 'directory_domains'), ($$netbios_domains = ARRAY['A\B']$$, 'directory_netbios'), ($$group_dn = 'x', group_check = NULL$$, 'directory_group'),
	($$group_check = 'x'$$, 'directory_group'), ($$total_ms = 60000$$, 'total_ms')) v (s, e);
SELECT is(step($$remove_directory('example', 'unix')$$), 'directory unix is removed; accounts without a password of their own cannot prove themselves by it any more', 'remove_directory()');
SELECT set_eq($$SELECT kind FROM muster.event WHERE kind LIKE 'directory%'$$, $$VALUES ('directory added'), ('directory changed'), ('directory removed')$$, 'every change is an event');

SELECT * FROM finish();
