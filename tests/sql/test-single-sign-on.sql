-- Sign-in by the web server's own module: what counts, whose account it is, groups by claim, and who sets it.
SET search_path = test;
SELECT no_plan();
CREATE FUNCTION step(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('boss', 'SELECT muster.' || p_sql) $$;
-- Somebody comes: what the programs hear.
CREATE FUNCTION comes(p_variables text, n integer DEFAULT 1, p_organization text DEFAULT 'example') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT outcome, why, upn FROM muster_worker.sign_in(%L, %L, %L, %L)',
		p_organization, p_variables, test.id(5000 + n), '192.0.2.7'))
$$;
CREATE FUNCTION wanted(p_organization text) RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT * FROM muster_worker.sign_in_variables(%L)', p_organization))
$$;
CREATE FUNCTION members(p_upn text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(g.name || ' ' || m.how, ', ' ORDER BY g.name), 'none') FROM muster.account_group_member m JOIN muster.account_group g ON g.id = m.account_group
	  JOIN muster.account a ON a.id = m.account WHERE a.upn = p_upn
$$;

-- Nothing is set.
SELECT is(wanted('example'), 'NotFound|organization example does not have the web server sign people in|-|-', 'not used: not found');
SELECT is(wanted('nowhere'), 'NotFound|there is no such organization|-|-', 'nor is an organization that there is not');
SELECT is(wanted(NULL), 'NotFound|there is no such organization|-|-', 'nor none at all');
SELECT is(comes('{"AUTH_TYPE": "Negotiate", "REMOTE_USER": "ada@example.test"}'), 'NotFound|organization example does not have the web server sign people in|-', 'and nobody signs in');

-- The administrator's functions: what each says, and every error with its next step.
CREATE TABLE steps (n serial, statement text, answer text);
INSERT INTO steps (statement, answer) VALUES
	($$use_web_server_sign_in('nowhere', 'Negotiate')$$, 'ERROR: there is no organization "nowhere" HINT: Organizations: example, other'),
	($$use_web_server_sign_in('example', NULL)$$, 'ERROR: not usable as an AUTH_TYPE: NULL HINT: Give what stands behind AuthType in the web server''s configuration: openid-connect, Mellon; for GSSAPI it is Negotiate.'),
	($$use_web_server_sign_in('example', 'two words')$$, 'ERROR: not usable as an AUTH_TYPE: ''two words'' HINT: Give what stands behind AuthType in the web server''s configuration: openid-connect, Mellon; for GSSAPI it is Negotiate.'),
	($$use_web_server_sign_in('example', 'Negotiate', create_accounts => NULL)$$, 'ERROR: create_accounts is NULL HINT: Say true or false.'),
	($$use_web_server_sign_in('example', 'Negotiate', groups_separator => '')$$, 'ERROR: not usable between groups: '''' HINT: Give 1 to 8 characters that no group''s name holds, as OIDCClaimDelimiter has them.'),
	($$use_web_server_sign_in('example', 'Negotiate')$$, 'organization example: the web server signs people in (Negotiate, the name in REMOTE_USER); they need an account already. Devices are not told yet: SELECT muster.set_auth_policies(organization, ''{Federated,OnPremise}'');'),
	($$set_auth_policies('example', '{Federated,OnPremise}')$$, 'organization example: devices prove who they are by Federated, else OnPremise'),
	($$use_web_server_sign_in('example', 'openid-connect', 'REMOTE_USER', true, 'OIDC_CLAIM_name', 'OIDC_CLAIM_groups', '|')$$, 'organization example: the web server signs people in (openid-connect, the name in REMOTE_USER); accounts are made at the first sign-in'),
	($$require_sign_in_variable('example', 'OIDC_CLAIM_iss', NULL)$$, 'ERROR: variable OIDC_CLAIM_iss must have some value HINT: Give it as the module sets it, case included: 1 to 1000 characters. To take the condition away: SELECT muster.forget_sign_in_variable(organization, variable);'),
	($$forget_sign_in_variable('example', 'OIDC_CLAIM_iss')$$, 'ERROR: organization "example" has no condition for the variable ''OIDC_CLAIM_iss'' HINT: It has no condition.'),
	($$require_sign_in_variable('example', 'OIDC_CLAIM_iss', 'https://login.example.test')$$, 'organization example: a sign-in counts only where OIDC_CLAIM_iss is "https://login.example.test"'),
	($$forget_sign_in_variable('example', 'x')$$, 'ERROR: organization "example" has no condition for the variable ''x'' HINT: There is one for: OIDC_CLAIM_iss'),
	($$map_realm('example', 'CORP', NULL)$$, 'ERROR: not a domain: NULL HINT: Give what stands behind the @ of accounts'' names, for example example.test.'),
	($$map_realm('example', 'a@b', 'example.test')$$, 'ERROR: not usable as a realm: ''a@b'' HINT: Give what stands behind the @ (EXAMPLE.TEST) or before the backslash (EXAMPLE), case included; '''' for names without either.'),
	($$map_realm('example', NULL, 'example.test')$$, 'ERROR: not usable as a realm: NULL HINT: Give what stands behind the @ (EXAMPLE.TEST) or before the backslash (EXAMPLE), case included; '''' for names without either.'),
	($$unmap_realm('example', 'CORP')$$, 'ERROR: organization "example" has no domain for the realm ''CORP'' HINT: It has no realm.'),
	($$map_realm('example', 'CORP', 'Example.test.')$$, 'organization example: realm CORP means …@example.test'),
	($$map_realm('example', '', 'example.test')$$, 'organization example: a name without a realm means …@example.test'),
	($$unmap_realm('example', 'corp')$$, 'ERROR: organization "example" has no domain for the realm ''corp'' HINT: Its realms: '''', ''CORP'''),
	($$unmap_realm('example', '')$$, 'organization example: realm '''' means no domain any more'),
	($$add_group('example', 'sales') IS NOT NULL$$, 'true'),
	($$add_group('example', 'staff') IS NOT NULL$$, 'true'),
	($$map_claim('example', 'dept-sales', 'nobody')$$, 'ERROR: organization example has no group "nobody" HINT: Groups: sales, staff'),
	($$map_claim('example', ' ', 'sales')$$, 'ERROR: not usable as a group of the identity provider: '' '' HINT: Give it as the web server''s module tells it, case included: 1 to 400 characters.'),
	($$map_claim('example', 'a|b', 'sales')$$, 'ERROR: the value ''a|b'' holds ''|'', which stands between values HINT: Let the module put something else between them (OIDCClaimDelimiter), and say so: SELECT muster.use_web_server_sign_in(…, groups_separator => ''…'');'),
	($$map_claim('example', ' dept-sales ', 'Sales')$$, 'organization example: who comes with "dept-sales" is in group "Sales" from the next sign-in on'),
	($$map_claim('example', 'everybody', 'staff')$$, 'organization example: who comes with "everybody" is in group "staff" from the next sign-in on'),
	($$map_claim('example', 'dept-sales', 'staff')$$, 'organization example: who comes with "dept-sales" is in group "staff" from the next sign-in on'),
	($$unmap_claim('example', 'dept-sales', 'staff')$$, 'organization example: "dept-sales" no longer leads into group "staff"; who came by it leaves at his next sign-in'),
	($$unmap_claim('example', 'x', 'staff')$$, 'ERROR: nobody comes into group "staff" by ''x'' HINT: Into it lead: everybody'),
	($$remove_group('example', 'staff')$$, 'ERROR: group "staff" is in use: the identity provider''s group "everybody" HINT: Take that away first: muster.unassign_licence_from_group, muster.unmap_claim, muster.disallow_network, muster.forget_dm_route, muster.end_maintenance.');
DO $$
DECLARE
	s record;
	said text;
BEGIN
	FOR s IN SELECT * FROM test.steps ORDER BY n LOOP
		said := test.step(s.statement);
		UPDATE test.steps x SET answer = CASE WHEN said = s.answer THEN 'ok' ELSE format('%s: %s, not %s', s.statement, said, s.answer) END WHERE x.n = s.n;
	END LOOP;
END
$$;
SELECT is(answer, 'ok', 'muster.' || statement) FROM steps ORDER BY n;

-- No variable that a client can set is ever looked at.
SELECT alike(step(format('use_web_server_sign_in(%L, %L, %L)', 'example', 'openid-connect', v)), 'ERROR: %', v || ' is no variable for a name')
	FROM unnest(ARRAY['HTTP_REMOTE_USER', 'http_remote_user', 'Http_X', ' HTTP_OIDC_CLAIM_email', 'QUERY_STRING', 'REQUEST_URI', 'PATH_INFO', 'SCRIPT_NAME', 'CONTENT_TYPE', 'SERVER_NAME',
		'REDIRECT_REMOTE_USER', 'SSL_CLIENT_S_DN_CN', 'REMOTE_ADDR', 'remote_ident', 'DOCUMENT_URI', 'A=B', 'A B', '', '1A', repeat('A', 65), 'É']) v;
SELECT alike(step(format('use_web_server_sign_in(%L, %L, name_variable => %L)', 'example', 'openid-connect', 'HTTP_X')), 'ERROR: the variable ''HTTP_X'' comes from the client''s headers%', 'nor for a name for people');
SELECT alike(step(format('use_web_server_sign_in(%L, %L, groups_variable => %L)', 'example', 'openid-connect', 'HTTP_X')), 'ERROR: the variable ''HTTP_X'' comes from the client''s headers%', 'nor for groups');
SELECT alike(step(format('require_sign_in_variable(%L, %L, %L)', 'example', 'HTTP_X', 'x')), 'ERROR: the variable ''HTTP_X'' comes from the client''s headers%', 'nor for a condition');
SELECT alike(try('boss', $$INSERT INTO muster.web_server_sign_in (organization, auth_type, user_variable) SELECT id, 'x', 'HTTP_X' FROM muster.organization WHERE key = 'other'$$),
	'ERROR: %web_server_sign_in_variables%', 'nor by hand');
SELECT ok(muster.is_web_server_variable(v), v || ' is one') FROM unnest(ARRAY['REMOTE_USER', 'OIDC_CLAIM_preferred_username', 'MELLON_mail', 'AUTHENTICATE_displayName', 'GSS_NAME', 'httpd_user']) v;

SELECT is(wanted('example'), 'OK|-|AUTH_TYPE OIDC_CLAIM_groups OIDC_CLAIM_iss OIDC_CLAIM_name REMOTE_USER|REMOTE_USER', 'what the programs are to ask for');

-- What counts as a sign-in, and whose account it is.
CREATE TABLE sayings (n serial, variables jsonb, answer text);
INSERT INTO sayings (variables, answer) VALUES
	('{}', 'Authentication|AUTH_TYPE is absent: no module of the web server signed anybody in at this path; protect the location /muster/sso/|-'),
	('{"REMOTE_USER": "ada@example.test"}', 'Authentication|AUTH_TYPE is absent: no module of the web server signed anybody in at this path; protect the location /muster/sso/|-'),
	('{"AUTH_TYPE": "", "REMOTE_USER": "ada@example.test"}', 'Authentication|AUTH_TYPE is absent: no module of the web server signed anybody in at this path; protect the location /muster/sso/|-'),
	('{"AUTH_TYPE": "Basic", "REMOTE_USER": "ada@example.test", "OIDC_CLAIM_iss": "https://login.example.test"}', 'Authentication|AUTH_TYPE is "Basic", the organization expects "openid-connect"|-'),
	('{"AUTH_TYPE": "openid-connect", "OIDC_CLAIM_iss": "https://login.example.test"}', 'Authentication|REMOTE_USER is absent: the web server''s module does not say who signed in|-'),
	('{"AUTH_TYPE": "openid-connect", "REMOTE_USER": "", "OIDC_CLAIM_iss": "https://login.example.test"}', 'Authentication|REMOTE_USER is absent: the web server''s module does not say who signed in|-'),
	('{"AUTH_TYPE": "openid-connect", "REMOTE_USER": "ada@example.test"}', 'Authentication|OIDC_CLAIM_iss is absent, the organization demands "https://login.example.test"|-'),
	('{"AUTH_TYPE": "openid-connect", "REMOTE_USER": "ada@example.test", "OIDC_CLAIM_iss": "https://LOGIN.example.test"}', 'Authentication|OIDC_CLAIM_iss is "https://LOGIN.example.test", the organization demands "https://login.example.test"|-');
INSERT INTO sayings (variables, answer)
SELECT jsonb_build_object('AUTH_TYPE', 'OpenID-Connect', 'OIDC_CLAIM_iss', 'https://login.example.test', 'REMOTE_USER', v.name), v.answer FROM (VALUES
	('ADA@Example.Test', 'OK|-|ada@example.test'),
	('ada@CORP', 'OK|-|ada@example.test'),
	('CORP\ada', 'OK|-|ada@example.test'),
	('CORP\ada@CORP', 'Authorization|REMOTE_USER "CORP\ada@CORP" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(''example'', realm, domain)|-'),
	('ELSE\ada', 'Authorization|REMOTE_USER "ELSE\ada" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(''example'', realm, domain)|-'),
	('ada', 'Authorization|REMOTE_USER "ada" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(''example'', realm, domain)|-'),
	('ada/admin@CORP', 'Authorization|REMOTE_USER "ada/admin@CORP" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(''example'', realm, domain)|-'),
	('ada@corp', 'Authorization|no account is made for "ada@corp": its domain is none of organization example|ada@corp'),
	('a b@example.test', 'Authorization|REMOTE_USER "a b@example.test" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(''example'', realm, domain)|-'),
	('ada@x@example.test', 'Authorization|REMOTE_USER "ada@x@example.test" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(''example'', realm, domain)|-'),
	('olga@other.test', 'Authorization|no account is made for "olga@other.test": its domain is none of organization example|olga@other.test'),
	('package@example.test', 'Authorization|account package@example.test is for provisioning packages: nobody signs in as it|package@example.test'),
	('shared@third.test', 'OK|-|shared@third.test'),
	(repeat('a', 330) || '@example.test', 'Authorization|REMOTE_USER "' || repeat('a', 120) || '" is not an account''s name; where it has no domain or a realm: SELECT muster.map_realm(''example'', realm, domain)|-')) v (name, answer);
SELECT is(comes(variables::text, n), answer, coalesce(variables ->> 'REMOTE_USER', 'nobody') || ': ' || left(answer, 40)) FROM sayings ORDER BY n;
SELECT is((SELECT o.key || ' ' || s.organization FROM muster_worker.sign_in('example', '{"AUTH_TYPE": "openid-connect", "OIDC_CLAIM_iss": "https://login.example.test", "REMOTE_USER": "shared@third.test"}', test.id(1), NULL) s
	JOIN muster.account a ON a.id = s.account JOIN muster.organization o ON o.id = a.organization), 'example example', 'of two accounts of that name it is this organization''s');
SELECT is((SELECT count(*)::text FROM muster.account WHERE upn ~ 'corp|elsewhere' OR upn LIKE 'olga@%' AND organization = muster.organization_id('example')), '0', 'nobody else got an account');

-- An account at the first sign-in.
CREATE FUNCTION grace(p_groups text) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_build_object('AUTH_TYPE', 'openid-connect', 'OIDC_CLAIM_iss', 'https://login.example.test', 'REMOTE_USER', 'Grace@Sub.example.test', 'OIDC_CLAIM_name', E' Grace\tHopper ', 'OIDC_CLAIM_groups', p_groups)::text
$$;
SELECT is(comes(grace('everybody|dept-sales|strange'), 100), 'OK|-|Grace@Sub.example.test', 'somebody of the organization''s domain comes for the first time');
SELECT is((SELECT a.display_name || ' ' || a.kind FROM muster.account a WHERE a.upn = 'Grace@Sub.example.test'), 'Grace Hopper person', 'and has an account');
SELECT is((SELECT e.why FROM muster.event e WHERE e.kind = 'account welcomed' AND e.trace = test.id(5100)), 'signed in by the web server''s module', 'as the record tells');
SELECT is(members('Grace@Sub.example.test'), 'sales claim, staff claim', 'in the groups that her claims lead to');
SELECT is(step($$add_to_group('grace@sub.example.test', 'sales')$$), 'account grace@sub.example.test is in group "sales"', 'one of them is made hers by hand');
SELECT is(comes(grace(' dept-sales '), 101), 'OK|-|Grace@Sub.example.test', 'she comes again, with fewer');
SELECT is(members('Grace@Sub.example.test'), 'sales hand', 'what came by claim goes by claim, what was made by hand stays');
SELECT is(comes(grace('everybody'), 102), 'OK|-|Grace@Sub.example.test', 'and with others');
SELECT is(members('Grace@Sub.example.test'), 'sales hand, staff claim', 'which are added');
SELECT is(comes(grace('EVERYBODY'), 103), 'OK|-|Grace@Sub.example.test', 'values are compared with their case');
SELECT is(members('Grace@Sub.example.test'), 'sales hand', 'so these are none');
SELECT is((SELECT count(*)::text FROM muster.event e JOIN muster.account a ON a.id = e.account WHERE a.upn = 'Grace@Sub.example.test' AND e.kind LIKE 'account group member %'), '6', 'every change of her groups is an event');
SELECT is((SELECT members_by_claim::text FROM muster.claim_groups WHERE value = 'everybody'), '0', 'the view counts who is there by claim');

-- The decision is SQL's, after the groups.
SELECT is(step($$forbid_group('example', 'staff')$$), 'members of group "staff" may not enroll, whatever other groups they are in', 'a group is forbidden');
SELECT is(comes(grace('everybody'), 104), 'Authorization|group "staff" may not enroll|Grace@Sub.example.test', 'whose claims lead there hears it');
SELECT is(members('Grace@Sub.example.test'), 'sales hand, staff claim', 'and is in it all the same');
SELECT is(comes(grace(''), 105), 'OK|-|Grace@Sub.example.test', 'without the claim');

-- Who is not to be made.
SELECT is(step($$use_web_server_sign_in('example', 'openid-connect', 'REMOTE_USER', false, 'OIDC_CLAIM_name', 'OIDC_CLAIM_groups', '|')$$),
	'organization example: the web server signs people in (openid-connect, the name in REMOTE_USER); they need an account already', 'accounts are no longer made');
SELECT is(comes('{"AUTH_TYPE": "openid-connect", "OIDC_CLAIM_iss": "https://login.example.test", "REMOTE_USER": "new@example.test"}', 110),
	'Authorization|organization example has no account "new@example.test", and makes none at the first sign-in|new@example.test', 'somebody new hears no');

SELECT is(step($$use_web_server_sign_in('example', 'openid-connect', create_accounts => true, groups_variable => 'OIDC_CLAIM_groups')$$),
	'organization example: the web server signs people in (openid-connect, the name in REMOTE_USER); accounts are made at the first sign-in', 'accounts are made again');

-- What explains it.
SELECT results_eq($$SELECT step, outcome, why FROM muster.explain_sign_in('example', '{"AUTH_TYPE": "openid-connect", "OIDC_CLAIM_iss": "https://login.example.test", "REMOTE_USER": "new@example.test", "OIDC_CLAIM_groups": "everybody,x"}')$$,
	$$VALUES ('variables', 'OK', 'looked at: AUTH_TYPE, OIDC_CLAIM_groups, OIDC_CLAIM_iss, REMOTE_USER'), ('account', 'OK', 'new@example.test: an account is made'), ('groups', 'OK', 'by claim: staff')$$, 'explained, without doing it');
SELECT is((SELECT count(*)::text FROM muster.account WHERE upn = 'new@example.test'), '0', 'nothing was done');
SELECT is((SELECT string_agg(step || ' ' || outcome, ', ') FROM (SELECT * FROM muster.explain_sign_in('example', '{"AUTH_TYPE": "openid-connect", "OIDC_CLAIM_iss": "https://login.example.test", "REMOTE_USER": "ada@example.test"}') LIMIT 5) s),
	'variables OK, account OK, groups OK, organization OK, account OK', 'with the rules for who has an account');
SELECT is((SELECT why FROM muster.explain_sign_in('example', '{}') WHERE step = 'account'), 'AUTH_TYPE is absent: no module of the web server signed anybody in at this path; protect the location /muster/sso/', 'and why one does not count');
SELECT is((SELECT outcome || why FROM muster.explain_sign_in('other', '{}')), 'NotFoundorganization other does not have the web server sign people in', 'or where nobody signs in so');
SELECT alike(step($$explain_sign_in('example', '[]')$$), 'ERROR: the variables are a JSON object HINT: For example: %', 'variables are an object');
SELECT is(try('audrey', $$SELECT outcome FROM muster.explain_sign_in('example', '{}') WHERE step = 'variables'$$), 'OK', 'an auditor may ask, too');

SELECT is((SELECT count(*)::text FROM muster.explain_enrollment('grace@sub.example.test') WHERE rule = 'password'), '0', 'who signs in there needs no password');

-- What the configuration's check finds.
SELECT is((SELECT value FROM muster.configuration_of('example') WHERE setting = 'sign-in'), 'web server: openid-connect, the name in REMOTE_USER, accounts are made', 'the configuration tells it');
CREATE TABLE findings (n serial, what text, change text, finding text, found text);
INSERT INTO findings (what, change, finding) VALUES
	('nothing', 'SELECT 1', NULL),
	('another organization''s people by the same module', $$SELECT muster.forget_sign_in_variable('example', 'OIDC_CLAIM_iss'), muster.use_web_server_sign_in('other', 'OpenID-Connect'), muster.set_auth_policies('other', '{Federated}')$$,
		'another organization''s people come by the same kind of module, and nothing tells their identity providers apart'),
	('a condition again', $$SELECT muster.require_sign_in_variable('example', 'OIDC_CLAIM_iss', 'https://login.example.test')$$, NULL),
	('a realm elsewhere', $$SELECT muster.map_realm('example', 'ELSE', 'elsewhere.test')$$, 'a realm stands for a domain that is not its own: no account is made for people of that realm'),
	('it is its own', $$SELECT muster.add_domain('example', 'elsewhere.test')$$, NULL),
	('no variable for groups', $$SELECT muster.use_web_server_sign_in('example', 'Negotiate')$$, 'groups of the identity provider are mapped, and no variable tells them'),
	('it is back', $$SELECT muster.use_web_server_sign_in('example', 'openid-connect', create_accounts => true, groups_variable => 'OIDC_CLAIM_groups')$$, NULL),
	('nobody is sent there', $$SELECT muster.set_auth_policies('example', '{OnPremise}')$$, 'the web server signs people in, but no device is sent there: Federated is none of its AuthPolicies'),
	('they are', $$SELECT muster.set_auth_policies('example', '{Federated}')$$, NULL);
DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT * FROM test.findings ORDER BY n LOOP
		PERFORM test.try('boss', f.change);
		UPDATE test.findings x SET found = (SELECT string_agg(c.finding, '; ') FROM muster.check_configuration('example') c WHERE c.topic = 'sign-in') WHERE x.n = f.n;
	END LOOP;
END
$$;
SELECT is(found, finding, 'found: ' || what) FROM findings ORDER BY n;
SELECT is((SELECT string_agg(c.finding, '; ') FROM muster.check_configuration('other') c WHERE c.topic = 'sign-in'),
	'another organization''s people come by the same kind of module, and nothing tells their identity providers apart', 'of the other one, too');
SELECT is(step($$set_sign_in('other', 'web server')$$) IS NOT NULL, true, 'set by itself');
DELETE FROM muster.web_server_sign_in w USING muster.organization o WHERE o.id = w.organization AND o.key = 'other';
SELECT is((SELECT c.severity || ' ' || c.finding FROM muster.check_configuration('other') c WHERE c.topic = 'sign-in'), 'error the web server signs people in, and nothing says how', 'and how is missing');
SELECT is((SELECT string_agg(c.finding, '; ') FROM muster.check_configuration('example') c WHERE c.topic = 'account'), NULL, 'where accounts are made, none need be there');
SELECT is(step($$use_web_server_sign_in('other', 'Negotiate')$$) IS NOT NULL, true, 'the other one again');
UPDATE muster.account SET password_hash = NULL WHERE organization = muster.organization_id('example');
SELECT is((SELECT string_agg(c.finding, '; ') FROM muster.check_configuration('example') c WHERE c.topic = 'account'), NULL, 'nor a password');
SELECT is(step($$set_sign_in('example', 'page')$$), 'organization example: where Federated is offered, users sign in on our page', 'on the page again');
SELECT is((SELECT outcome FROM muster.explain_enrollment('grace@sub.example.test') WHERE rule = 'password'), 'Authentication', 'she would need a password');
SELECT is(step($$set_sign_in('example', 'web server')$$), 'organization example: where Federated is offered, users sign in by the web server''s own module, at /muster/sso', 'and back');
SELECT is(step($$set_sign_in('other', 'page')$$), 'organization other: where Federated is offered, users sign in on our page', 'back to the page');
SELECT is(wanted('other'), 'NotFound|organization other does not have the web server sign people in|-|-', 'where the web server signs nobody in any more');
SELECT is((SELECT in_use::text FROM muster.web_server_sign_ins WHERE organization = 'other'), 'false', 'its settings are kept, not in use');
SELECT is(step($$disable_organization('example')$$) IS NOT NULL, true, 'an organization is disabled');
SELECT is(wanted('example'), 'NotFound|organization example is disabled|-|-', 'nobody signs in there');

-- Whose they are, and what happens to them.
CREATE ROLE own LOGIN IN ROLE muster_organization_admin;
SELECT is(step($$delegate('own', 'organization administrator', 'other')$$) IS NOT NULL, true, 'an organization''s own administrator');
SELECT is(try('own', 'SELECT string_agg(organization, '','') FROM muster.web_server_sign_ins'), 'other', 'sees his own');
SELECT is(try('own', $$SELECT muster.use_web_server_sign_in('other', 'Mellon', 'MELLON_mail')$$),
	'organization other: the web server signs people in (Mellon, the name in MELLON_mail); they need an account already', 'and sets it');
SELECT is(try('own', $$SELECT muster.use_web_server_sign_in('example', 'Mellon', 'MELLON_mail')$$), 'ERROR: there is no organization "example" HINT: Organizations: other', 'no other''s');
SELECT is(try('audrey', $$SELECT muster.map_realm('other', 'X', 'other.test')$$), 'ERROR: permission denied for function map_realm', 'an auditor sets nothing');
SELECT is((SELECT string_agg(kind || ' by ' || actor_role, ', ' ORDER BY id DESC) FROM (SELECT * FROM muster.changes WHERE kind LIKE 'web server sign in %' ORDER BY id DESC LIMIT 2) c),
	'web server sign in changed by own, web server sign in added by boss', 'every change is an event with its doer');
SELECT is((SELECT string_agg(kind, ', ' ORDER BY kind) FROM (SELECT DISTINCT kind FROM muster.changes WHERE kind ~ '^(sign in|claim)') k),
	'claim group added, claim group removed, sign in condition added, sign in condition removed, sign in realm added, sign in realm removed', 'of every kind');
SELECT is(step(format('require_sign_in_variable(%L, %L, %L)', 'example', 'OIDC_CLAIM_hd', v)) || step(format('map_realm(%L, %L, %L)', 'example', 'THIRD', v)) LIKE '%ERROR%', false, 'set to ' || v)
	FROM (VALUES (1, 'one.test'), (2, 'two.test')) x (n, v) ORDER BY n;
SELECT is((SELECT string_agg((details -> 'of' ->> k), ', ') FROM (VALUES ('sign in condition changed', 'variable'), ('sign in realm changed', 'realm')) x (kind, k) JOIN muster.event USING (kind)),
	'OIDC_CLAIM_hd, THIRD', 'a change says which variable or realm');
SELECT is(try('boss', $$SELECT * FROM muster.delete_organization('example', 'sold', true, true)$$) IS NOT NULL, true, 'the organization is deleted');
SELECT is((SELECT count(*)::text FROM muster.web_server_sign_in w JOIN muster.organization o ON o.id = w.organization WHERE o.key <> 'other'), '0', 'and with it how its people signed in');
SELECT is((SELECT (SELECT count(*) FROM muster.claim_group) + (SELECT count(*) FROM muster.sign_in_condition) + (SELECT count(*) FROM muster.sign_in_realm))::text, '0', 'and what belonged to that');
SELECT * FROM finish();
