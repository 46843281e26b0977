-- Entra ID: tenants and their keys, whom a token names, what becomes of users who are seen for the first time.
SET search_path = test;
SELECT no_plan();

CREATE FUNCTION contoso() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '72f988bf-86f1-41af-91ab-2d7cd011db47' $$;
CREATE FUNCTION fabrikam() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '11111111-2222-4333-8444-555555555555' $$;
CREATE FUNCTION object(n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '0f7c2a11-0000-4000-8000-' || lpad(to_hex(n), 12, '0') $$;
-- A key as muster-ca keys hands it over.
CREATE FUNCTION published(p_kid text, p_material text DEFAULT NULL, p_issuer text DEFAULT NULL, p_algorithm text DEFAULT 'RS256') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('kid', p_kid, 'algorithm', p_algorithm, 'issuer', p_issuer,
		'public_key', translate(encode(sha256(coalesce(p_material, p_kid)::bytea) || sha256('b') || sha256('c'), 'base64'), E'\n', ''))
$$;
CREATE FUNCTION claim(p_subject text, p_user text, p_changes jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('kind', 'jwt', 'issuer', 'x', 'tenant', contoso(), 'key', 'k1', 'algorithm', 'RS256', 'subject', p_subject,
		'user', p_user, 'audiences', '["a"]'::jsonb, 'version', '2.0', 'device', NULL) || p_changes
$$;
CREATE FUNCTION asks(p_claim jsonb, p_columns text DEFAULT 'outcome, why, upn, welcome', p_organization text DEFAULT 'example') RETURNS text LANGUAGE sql AS $$
	SELECT try('muster_worker', format('SELECT %s FROM muster_worker.policy(%L, %L, NULL, %L)', p_columns, p_organization, p_claim ->> 'user', p_claim))
$$;
CREATE FUNCTION comes(p_claim jsonb, p_details jsonb DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT try('muster_worker', format('SELECT outcome, why, account IS NOT NULL AS there FROM muster_worker.welcome(''example'', %L, %L, %L, %L, ''192.0.2.7'')', p_claim ->> 'user', p_claim, p_details, id(77)))
$$;

-- Tenants: errors say what to do.
SELECT is(try('boss', 'SELECT muster.' || call), said, call) FROM (VALUES
	($$add_tenant('nope', contoso(), ARRAY['a'])$$, 'ERROR: there is no organization "nope" HINT: Organizations: example, other'),
	($$add_tenant('example', 'common', ARRAY['a'])$$, 'ERROR: not a tenant''s id: ''common'' HINT: Give the GUID that the tenant''s overview shows. "common" and "organizations" are no tenants: they would let everybody''s in.'),
	($$add_tenant('example', NULL, ARRAY['a'])$$, 'ERROR: not a tenant''s id: NULL HINT: Give the GUID that the tenant''s overview shows. "common" and "organizations" are no tenants: they would let everybody''s in.'),
	($$add_tenant('example', contoso(), ARRAY['a'], cloud => 'moon')$$, 'ERROR: there is no cloud ''moon'' HINT: Clouds: global, us government, china.'),
	($$add_tenant('example', contoso(), NULL)$$, 'ERROR: a tenant has 1 to 16 audiences, not 0 HINT: Without one, tokens for any application of the tenant would do. Give its application''s id and its App ID URI: ARRAY[''2b3c4d5e-…'', ''https://mdm.example.test''].'),
	($$add_tenant('example', contoso(), '{}')$$, 'ERROR: a tenant has 1 to 16 audiences, not 0 HINT: Without one, tokens for any application of the tenant would do. Give its application''s id and its App ID URI: ARRAY[''2b3c4d5e-…'', ''https://mdm.example.test''].'),
	($$add_tenant('example', contoso(), ARRAY['a', 'b c'])$$, 'ERROR: not usable as an audience: ''b c'' HINT: Give it as it stands in aud, exactly: an application''s id, or its App ID URI.'),
	($$add_tenant('example', contoso(), ARRAY['a', NULL])$$, 'ERROR: not usable as an audience: NULL HINT: Give it as it stands in aud, exactly: an application''s id, or its App ID URI.'),
	($$tenant_id('example', 'Contoso')$$, 'ERROR: organization example has no tenant "Contoso" HINT: There is none yet: SELECT muster.add_tenant(''example'', tenant, ARRAY[audience]);'),
	($$add_tenant('example', upper(contoso()), ARRAY['app', 'https://mdm.example.test'], 'Contoso')$$, 'organization example takes tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 once its keys are here: muster-ca keys --organization example'),
	($$add_tenant('example', contoso(), ARRAY['a'])$$, 'ERROR: organization example has tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 already HINT: Change it with muster.set_tenant_audiences, muster.set_tenant_accounts, ….'),
	($$add_tenant('example', fabrikam(), ARRAY['a'], cloud => 'china')$$, 'organization example takes tokens of tenant 11111111-2222-4333-8444-555555555555 once its keys are here: muster-ca keys --organization example'),
	($$tenant_id('example', 'contoso')$$, '72f988bf-86f1-41af-91ab-2d7cd011db47'),
	($$tenant_id('example', 'x')$$, 'ERROR: organization example has no tenant "x" HINT: Tenants: 11111111-2222-4333-8444-555555555555, 72f988bf-86f1-41af-91ab-2d7cd011db47 (Contoso)'),
	($$set_tenant_audiences('example', 'Contoso', ARRAY['app'])$$, 'tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 must be for app'),
	($$set_tenant_audiences('example', 'Contoso', '{}')$$, 'ERROR: a tenant has 1 to 16 audiences, not 0 HINT: Without one, tokens for any application of the tenant would do. Give its application''s id and its App ID URI: ARRAY[''2b3c4d5e-…'', ''https://mdm.example.test''].'),
	($$set_tenant_issuers('example', 'Contoso', NULL, NULL)$$, 'ERROR: not usable as an issuer: NULL HINT: Give what stands in iss, exactly, a slash at the end included; NULL for a version that is not to be taken, but not for both.'),
	($$set_tenant_issuers('example', 'Contoso', 'http://x/', NULL)$$, 'ERROR: not usable as an issuer: ''http://x/'' HINT: Give what stands in iss, exactly, a slash at the end included; NULL for a version that is not to be taken, but not for both.'),
	($$set_tenant_issuers('example', 'Contoso', NULL, 'https://x/v2.0')$$, 'tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47: version 1.0 by nobody, version 2.0 by https://x/v2.0'),
	($$set_tenant_keys('example', 'Contoso', 'http://x/')$$, 'ERROR: not usable as a URL: ''http://x/'' HINT: Give https://host[:port]/path without blanks, user name or quotes.'),
	($$set_tenant_keys('example', 'Contoso', keep_days => 0)$$, 'ERROR: keys that are no longer published are kept 1 to 90 days, not 0 HINT: Longer than the longest token lives, and than muster-ca keys may fail: 7 is usual. To stop a key at once: SELECT muster.revoke_tenant_key(organization, tenant, kid, reason);'),
	($$set_tenant_keys('example', 'Contoso', 'https://x/keys', 2)$$, 'keys of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 come from https://x/keys and are good for 2 days after they are gone from there'),
	($$set_tenant_keys('example', 'Contoso')$$, 'keys of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 come from https://x/keys and are good for 2 days after they are gone from there'),
	($$set_tenant_demands('example', 'Contoso', 'two words')$$, 'ERROR: not usable as a scope: ''two words'' HINT: Give one name as it stands in scp or roles, for example mdm_delegation.'),
	($$set_tenant_demands('example', 'Contoso', 'mdm_delegation', true)$$, 'tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 need mdm_delegation in scp or roles, and a sign-in with several factors'),
	($$set_tenant_demands('example', 'Contoso')$$, 'tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 need nothing in particular in scp or roles, and any sign-in'),
	($$set_tenant_devices('example', 'Contoso', 'nobody@example.test')$$, 'ERROR: there is no account "nobody@example.test" in organization "example" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;'),
	($$set_tenant_devices('example', 'Contoso', 'package@example.test')$$, 'tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 that name a device and no user enroll it for package@example.test'),
	($$set_tenant_devices('example', 'Contoso', NULL)$$, 'tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 that name a device and no user are not taken'),
	($$set_tenant_accounts('example', 'Contoso', false, true)$$, 'users of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 who are seen for the first time: an account of their name becomes theirs, if it is nobody''s yet; without one they do not enroll'),
	($$set_tenant_accounts('example', 'Contoso', false)$$, 'users of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 who are seen for the first time: an account of their name is not theirs until it is linked; without one they do not enroll'),
	($$revoke_tenant_key('example', 'Contoso', 'k1', 'x')$$, 'ERROR: tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 has no key "k1" HINT: There are none yet: muster-ca keys --organization example'),
	($$revoke_tenant_key('example', 'Contoso', 'k1', '')$$, 'ERROR: revoking a key needs a reason HINT: For example: SELECT muster.revoke_tenant_key(organization, tenant, kid, ''stolen, says the issuer'');'),
	($$remove_tenant_key('example', 'Contoso', 'k1')$$, 'ERROR: tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 has no key "k1" HINT: There are none yet: muster-ca keys --organization example')) v (call, said);
SELECT results_eq($$SELECT issuer_v1, issuer_v2, keys_url FROM muster.tenants WHERE tenant = fabrikam()::uuid$$,
	$$VALUES ('https://sts.chinacloudapi.cn/' || fabrikam() || '/', 'https://login.partner.microsoftonline.cn/' || fabrikam() || '/v2.0', 'https://login.partner.microsoftonline.cn/' || fabrikam() || '/discovery/v2.0/keys')$$, 'a cloud has its own issuers');
SELECT is(try('boss', $$UPDATE muster.tenant SET issuer_v1 = NULL, issuer_v2 = NULL$$) LIKE '%tenant_has_an_issuer%', true, 'nor by hand is a tenant without an issuer');
SELECT results_eq($$SELECT topic, severity, finding FROM muster.check_configuration('example') WHERE topic = 'tenant' AND finding LIKE '%' || contoso() || '%'$$,
	$$VALUES ('tenant', 'error', 'tenant 72f988bf-86f1-41af-91ab-2d7cd011db47: there are no keys of it: none of its tokens is taken'),
		('tenant', 'error', 'tenant 72f988bf-86f1-41af-91ab-2d7cd011db47: tokens are taken where Federated is among the policies, and it is not'),
		('tenant', 'warning', 'tenant 72f988bf-86f1-41af-91ab-2d7cd011db47: nobody of it has an account, and nobody gets one')$$, 'what is missing is told');

-- Whom a token names, as long as it may not be taken.
SELECT is(asks(claim(object(1), 'ada@example.test')), 'InvalidSecurity|organization example does not accept this kind of credential: jwt|-|false', 'a policy of its own');
UPDATE muster.organization SET auth_policies = '{OnPremise,Federated}' WHERE key IN ('example', 'other');
SELECT is(asks(claim(object(1), 'ada@example.test')), 'Authentication|there are no keys of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47: muster-ca keys --organization example|-|false', 'no keys yet');

-- Keys: as the role that fetches them.
CREATE FUNCTION refreshes(VARIADIC p_keys jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT try('muster_keys', format('SELECT string_agg(kid || '': '' || change, ''; '' ORDER BY kid) FROM muster_keys.refresh(''example'', %L, %L)', contoso(), to_jsonb(p_keys)))
$$;
SELECT is(try('muster_keys', 'SELECT count(*) FROM muster_keys.sources()'), '2', 'where to fetch them: all');
SELECT is(try('muster_keys', $$SELECT * FROM muster_keys.sources('example', 'contoso')$$), 'example|72f988bf-86f1-41af-91ab-2d7cd011db47|https://x/keys|-|https://x/v2.0', 'of one');
SELECT is(try('muster_keys', 'SELECT * FROM muster_keys.' || call), said, call) FROM (VALUES
	($$sources('nope')$$, 'ERROR: there is no organization "nope" HINT: Organizations: example, other'),
	($$sources('other')$$, 'ERROR: organization other has no tenant HINT: SELECT muster.add_tenant(''other'', tenant, ARRAY[audience]);'),
	($$sources('example', 'x')$$, 'ERROR: organization example has no tenant "x" HINT: Tenants: 11111111-2222-4333-8444-555555555555, 72f988bf-86f1-41af-91ab-2d7cd011db47 (Contoso)'),
	($$refresh('example', 'x', '[]')$$, 'ERROR: organization example has no tenant "x" HINT: Tenants: 11111111-2222-4333-8444-555555555555, 72f988bf-86f1-41af-91ab-2d7cd011db47 (Contoso)'),
	($$refresh('example', 'contoso', '[]')$$, 'ERROR: the document has no key for tenant 72f988bf-86f1-41af-91ab-2d7cd011db47: nothing is changed HINT: Is it the right one? SELECT tenant, keys_url, issuer_v2 FROM muster.tenants;')) v (call, said);
SELECT is(refreshes(published('k1'), published('k2')), 'k1: added; k2: added', 'first keys');
SELECT is(refreshes(published('k1'), published('k2')), 'k1: unchanged; k2: unchanged', 'once more');
SELECT is(refreshes(published('k2'), published('k3')) ~ '^k1: is gone: good until [0-9-]{10} [0-9:]{5} UTC; k2: unchanged; k3: added$', true, 'rollover: what is gone stays for a time');
SELECT ok((SELECT ends_at - now() BETWEEN interval '47 hours' AND interval '48 hours' FROM muster.tenant_key WHERE kid = 'k1'), 'that of the tenant');
SELECT is(refreshes(published('k1'), published('k2'), published('k3')), 'k1: is back; k2: unchanged; k3: unchanged', 'published again it stays');
SELECT is(refreshes(published('k1', 'other material')), 'ERROR: key "k1" of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 is another key in the document: nothing is changed HINT: Issuers do not use a kid again. If this one means it: SELECT muster.remove_tenant_key(''example'', ''72f988bf-86f1-41af-91ab-2d7cd011db47'', ''k1'');', 'a known kid for another key');
SELECT is(refreshes(published('k1', p_algorithm => 'ES256')) LIKE 'ERROR: key "k1"%', true, 'or another algorithm');
SELECT is(refreshes(published('m', p_issuer => 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0')) LIKE 'ERROR: the document has no key for tenant%', true, 'only others'' keys');
SELECT is((SELECT count(*) FROM muster.tenant_keys WHERE state = 'good'), 3::bigint, 'nothing was changed by any of them');
SELECT is(refreshes(published('k1', p_issuer => 'https://x/v2.0'), published('k2'), published('k3'), published('m', p_issuer => 'https://y/{tenantid}/v2.0')),
	'k1: unchanged; k2: unchanged; k3: unchanged; m: left out: it signs tokens of https://y/{tenantid}/v2.0', 'a key says whose tokens it signs');
SELECT is(try('boss', $$SELECT muster.revoke_tenant_key('example', 'contoso', 'k3', 'stolen')$$), 'tokens signed with key k3 of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 are refused from now on, though it be published', 'revoked');
SELECT is(refreshes(published('k1'), published('k2'), published('k3')), 'k1: unchanged; k2: unchanged; k3: is published, and stays revoked', 'and stays so');
SELECT is(try('boss', $$SELECT muster.revoke_tenant_key('example', 'contoso', 'x', 'x')$$), 'ERROR: tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 has no key "x" HINT: Keys: k1, k2, k3', 'a key that it has not');
SELECT is(refreshes(published('k1'), published('k3')) LIKE 'k1: unchanged; k2: is gone%', true, 'k2 goes');
UPDATE muster.tenant_key SET ends_at = now() - interval '31 days' WHERE kid = 'k2';
SELECT is(refreshes(published('k1'), published('k3')), 'k1: unchanged; k2: ended long ago: forgotten; k3: is published, and stays revoked', 'and is forgotten at last');
SELECT is(try('muster_keys', 'SELECT * FROM muster.tenant_key'), 'ERROR: permission denied for schema muster', 'who fetches keys reads no table');
SELECT is(try('muster_worker', 'SELECT * FROM muster_keys.sources()'), 'ERROR: permission denied for schema muster_keys', 'and nobody else fetches them');
SELECT is((SELECT string_agg(details::text, ' ' ORDER BY at) FROM muster.event WHERE kind = 'tenant keys refreshed' AND details #>> '{keys,k3}' IS NOT NULL) ~ '^.*"k3": "added".*$', true, 'changes are events');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'tenant keys refreshed'), 5::bigint, 'and only changes');
SELECT is((SELECT details #>> '{of,kid}' FROM muster.event WHERE kind = 'tenant key changed' AND actor_role = 'boss'), 'k3', 'as is a revocation');

-- Whom a token names.
SELECT is(asks(c), said, name) FROM (VALUES
	('another tenant', claim(object(1), 'ada@example.test', jsonb_build_object('tenant', object(9))), 'Authentication|organization example takes no tokens of tenant ' || object(9) || '|-|false'),
	('no GUID as a tenant', claim(object(1), 'ada@example.test', '{"tenant": "x''; DROP TABLE"}'), 'Authentication|organization example takes no tokens of tenant x''; DROP TABLE|-|false'),
	('no tenant', claim(object(1), 'ada@example.test', '{"tenant": null}'), 'Authentication|organization example takes no tokens of tenant NULL|-|false'),
	('an unknown version', claim(object(1), 'ada@example.test', '{"version": "3.0"}'), 'Authentication|tokens of version 3.0 are unknown|-|false'),
	('a version that is not taken', claim(object(1), 'ada@example.test', '{"version": "1.0"}'), 'Authentication|tokens of version 1.0 are not taken of tenant ' || contoso() || '|-|false'),
	('an unknown key', claim(object(1), 'ada@example.test', '{"key": "k9"}'), 'Authentication|key "k9" is none of tenant ' || contoso() || '''s: if it is new, muster-ca keys --organization example|-|false'),
	('no object', claim('me', 'ada@example.test'), 'Authentication|the token names no object of its tenant (oid)|-|false'),
	('a user without an account', claim(object(1), 'new@example.test'), 'Authorization|object ' || object(1) || ' of tenant ' || contoso() || ', "new@example.test", has no account|-|false'),
	('an account that is not linked', claim(object(1), 'ada@example.test'), 'Authorization|account ada@example.test is not linked to object ' || object(1) || ' of tenant ' || contoso() || '|-|false'),
	('neither user nor device', claim(object(1), NULL), 'Authorization|the token names neither a user nor a device|-|false'),
	('a device', claim(object(1), NULL, jsonb_build_object('device', object(2))), 'Authorization|tokens of devices without a user are not taken of tenant ' || contoso() || '|-|false')) v (name, c, said);
SELECT is(asks(claim(object(1), 'nobody@example.test'), 'proof ->> ''key'''), published('k1') ->> 'public_key', 'whoever it names, it is to be proven first');
SELECT is(asks(claim(object(1), 'ada@example.test', '{"key": "k9"}'), 'proof'), '-', 'if there is anything to prove it by');
SELECT is(asks(claim(object(1), 'ada@example.test', '{"key": "k3"}')) ~ '^Authentication\|key "k3" of tenant .* is revoked since .* UTC: stolen\|-\|false$', true, 'a revoked key');
UPDATE muster.tenant_key SET ends_at = now() WHERE kid = 'k1';
SELECT is(asks(claim(object(1), 'ada@example.test')) ~ '^Authentication\|key "k1" of tenant .* was good until .* UTC\|-\|false$', true, 'a key that has ended');
SELECT is((SELECT finding FROM muster.check_configuration('example') WHERE topic = 'tenant' AND severity = 'error' AND finding LIKE '%' || contoso() || '%'),
	'tenant 72f988bf-86f1-41af-91ab-2d7cd011db47: all its keys have ended or are revoked: none of its tokens is taken', 'which is told');
UPDATE muster.tenant_key SET ends_at = NULL, last_seen_at = now() - interval '4 days' WHERE kid IN ('k1', 'k3');
SELECT is((SELECT count(*) FROM muster.check_configuration('example') WHERE topic = 'tenant' AND finding LIKE '%its keys were last fetched on%'), 1::bigint, 'keys that nobody fetches any more are told');

-- Linked by hand: tenant and object count, the name does not.
SELECT is(try('boss', 'SELECT muster.' || call), said, call) FROM (VALUES
	($$link_account('ada@example.test', 'contoso', 'x')$$, 'ERROR: not an object''s id: ''x'' HINT: Give the GUID that the tenant shows as the user''s object id.'),
	($$link_account('ada@example.test', 'x', object(1))$$, 'ERROR: organization example has no tenant "x" HINT: Tenants: 11111111-2222-4333-8444-555555555555, 72f988bf-86f1-41af-91ab-2d7cd011db47 (Contoso)'),
	($$unlink_account('ada@example.test', 'contoso')$$, 'ERROR: account "ada@example.test" is linked to no object of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 HINT: To look: SELECT account, tenant, subject FROM muster.account_identities;'),
	($$link_account('ada@example.test', 'contoso', upper(object(1)))$$, 'account ada@example.test is object ' || object(1) || ' of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47'),
	($$link_account('ada@example.test', 'contoso', object(1))$$, 'account ada@example.test is object ' || object(1) || ' of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47'),
	($$link_account('ada@example.test', 'contoso', object(2))$$, 'ERROR: account "ada@example.test" is linked to another object of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 HINT: First: SELECT muster.unlink_account(''ada@example.test'', ''72f988bf-86f1-41af-91ab-2d7cd011db47'', ''example'');'),
	($$link_account('bob@example.test', 'contoso', object(1))$$, 'ERROR: object ' || object(1) || ' is linked to account "ada@example.test" HINT: First: SELECT muster.unlink_account(''ada@example.test'', ''72f988bf-86f1-41af-91ab-2d7cd011db47'', ''example'');'),
	($$link_account('olga@other.test', 'contoso', object(1))$$, 'ERROR: organization other has no tenant "contoso" HINT: There is none yet: SELECT muster.add_tenant(''other'', tenant, ARRAY[audience]);')) v (call, said);
SELECT is(asks(claim(object(1), 'married@example.test')), 'OK|-|ada@example.test|false', 'an object is its account whatever it is called');
SELECT is(asks(claim(object(1), NULL)), 'OK|-|ada@example.test|false', 'or not called at all');
SELECT is(asks(claim(object(1), 'ada@example.test'), 'proof - ''key'''), json_build_object('mfa', false, 'issuer', 'https://x/v2.0', 'tenant', contoso(), 'subject', object(1), 'version', '2.0', 'algorithm', 'RS256', 'audiences', '{app}'::text[])::jsonb::text, 'what proves it')
	FROM (SELECT) s;
SELECT is(asks(claim(object(1), 'ada@example.test'), 'proof ->> ''key'''), published('k1') ->> 'public_key', 'with the key');
SELECT is(asks(claim(object(1), 'ada@example.test'), 'outcome, why, upn', 'other'), 'Authentication|organization other takes no tokens of tenant ' || contoso() || '|-', 'in another organization it is nobody');
SELECT is(asks(claim(object(2), 'ada@example.test')), 'Authorization|account ada@example.test is another object of tenant ' || contoso() || ' than ' || object(2) || ': the name may have been given to somebody else|-|false', 'a name that was given away is not its account');

-- First sight.
SELECT is(comes(claim(object(5), 'new@example.test')), 'Authorization|object ' || object(5) || ' of tenant ' || contoso() || ', "new@example.test", has no account|false', 'nobody is welcome unless the tenant says so');
SELECT is(try('boss', $$SELECT muster.set_tenant_accounts('example', 'contoso', true)$$) LIKE '%without one they get one', true, 'it does');
SELECT is(asks(claim(object(5), 'New@example.test')), 'OK|-|-|true', 'welcome: nobody yet');
SELECT is(asks(claim(object(5), 'New@example.test'), 'proof ->> ''subject'''), object(5), 'with what is to be proven');
SELECT is((SELECT count(*) FROM muster.account WHERE lower(upn) = 'new@example.test'), 0::bigint, 'asking makes no account');
SELECT is(comes(claim(object(5), 'New@example.test'), '{"name": "New Name"}'), 'OK|-|true', 'proven: an account');
SELECT is(comes(claim(object(5), 'New@example.test'), '{"name": "New Name"}'), 'OK|-|true', 'once');
SELECT results_eq($$SELECT account, how, display_name FROM muster.account_identities JOIN muster.account ON upn = account WHERE subject = object(5)::uuid$$, $$VALUES ('New@example.test', 'first sight', 'New Name')$$, 'linked, with its name for people');
SELECT results_eq($$SELECT kind, user_name, why, trace FROM muster.event WHERE kind = 'account welcomed'$$, $$VALUES ('account welcomed', 'New@example.test', 'first token of object ' || object(5) || ' of tenant ' || contoso(), id(77))$$, 'as an event');
SELECT is(asks(claim(object(5), 'new@example.test')), 'OK|-|New@example.test|false', 'and known from then on');
SELECT is(asks(claim(object(6), 'New@Other.test')), 'Authorization|no account is made for object ' || object(6) || ' of tenant ' || contoso() || ': the domain of "New@Other.test" is another organization''s|-|false', 'a name in another organization''s domain is not welcome');
SELECT is(comes(claim(object(6), 'New@Other.test')) LIKE 'Authorization|no account is made%|false', true, 'nor is an account made of it');
SELECT muster.disable_organization('example') IS NULL;
SELECT is(comes(claim(object(6), 'late@example.test')), 'Authorization|organization example is disabled|false', 'nor of anybody in a disabled organization');
SELECT is((SELECT count(*) FROM muster.account WHERE lower(upn) IN ('new@other.test', 'late@example.test')), 0::bigint, 'there is none');
SELECT muster.enable_organization('example') IS NULL;
SELECT is(comes(claim(object(6), 'no name')), 'Authorization|"no name" cannot be an account''s name|false', 'what cannot be an account''s name makes none');
SELECT is(asks(claim(object(6), 'new@example.test')) LIKE 'Authorization|account new@example.test is another object of tenant%', true, 'another object of that name is not welcome');
SELECT is(asks(claim(object(7), 'bob@example.test')), 'Authorization|account bob@example.test is not linked to object ' || object(7) || ' of tenant ' || contoso() || '|-|false', 'nor does an account that was there become anybody''s by its name');

-- An organization that begins with nothing but a tenant.
SELECT muster.add_organization('young', 'Young', 'https://enroll.young.test', 'https://device.young.test'), muster.add_tenant('young', fabrikam(), ARRAY['a']);
SELECT is((SELECT count(*) FROM muster.check_configuration('young') WHERE finding = 'there is no account'), 1::bigint, 'without accounts nobody enrolls');
SELECT muster.set_tenant_accounts('young', fabrikam(), true);
SELECT is((SELECT count(*) FROM muster.check_configuration('young') WHERE finding = 'there is no account'), 0::bigint, 'unless a tenant brings them');

-- By name, where the tenant says so.
SELECT is(try('boss', $$SELECT muster.set_tenant_accounts('example', 'contoso', false, true)$$) LIKE '%becomes theirs%', true, 'names may be trusted');
SELECT is(asks(claim(object(7), 'BOB@example.test')), 'OK|-|-|true', 'welcome');
SELECT is(comes(claim(object(7), 'BOB@example.test'), '{"name": null}'), 'OK|-|true', 'linked');
SELECT results_eq($$SELECT account, how FROM muster.account_identities WHERE subject = object(7)::uuid$$, $$VALUES ('bob@example.test', 'name')$$, 'by its name');
SELECT is((SELECT details FROM muster.event WHERE kind = 'account linked'), jsonb_build_object('tenant', contoso(), 'subject', object(7)), 'as an event');
SELECT is(asks(claim(object(8), 'bob@example.test')) LIKE 'Authorization|account bob@example.test is another object%', true, 'once: the next of that name is refused');
SELECT is(asks(claim(object(8), 'shared@third.test')), 'Authorization|account shared@third.test is not linked by its name: third.test is no domain of organization example|-|false', 'and not by a name of a foreign domain');
SELECT is(asks(claim(object(8), 'nobody@example.test')) LIKE '%has no account%', true, 'nobody is made');
SELECT is((SELECT count(*) FROM muster.check_configuration('example') WHERE topic = 'tenant' AND severity = 'note'), 1::bigint, 'it is noted that names are trusted');
SELECT is(try('boss', $$SELECT muster.unlink_account('bob@example.test', 'contoso')$$), 'account bob@example.test is no object of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 any more', 'unlinked');

-- Devices without a user.
SELECT is(try('boss', $$SELECT muster.set_tenant_devices('example', 'contoso', 'package@example.test')$$) LIKE '%enroll it for package@example.test', true, 'a device''s token');
SELECT is(asks(claim(object(20), NULL, jsonb_build_object('device', object(21)))), 'OK|-|package@example.test|false', 'enrolls it for that account');
SELECT is(asks(claim(object(20), NULL)), 'Authorization|the token names neither a user nor a device|-|false', 'but nobody''s does not');
SELECT is(try('boss', $$SELECT muster.disable_account('package@example.test', 'x')$$), 'account package@example.test is disabled; its devices stay until they are retired', 'disabled');
SELECT is(asks(claim(object(20), NULL, jsonb_build_object('device', object(21))), 'outcome'), 'Authorization', 'it may not');
SELECT is((SELECT count(*) FROM muster.check_configuration('example') WHERE finding LIKE '%devices without a user enroll for package@example.test, who may not enroll'), 1::bigint, 'which is told');

-- The same person for the first time twice at once: one account.
UPDATE muster.tenant SET create_accounts = true;
SELECT dblink_connect(n, connection('muster_worker')) FROM unnest(ARRAY['left', 'right']) n;
CREATE FUNCTION at_once(p_subject text, p_user text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT outcome FROM muster_worker.welcome(''example'', %L, %L, NULL, %L, NULL)', p_user, claim(p_subject, p_user), id(78))
$$;
CREATE FUNCTION waits(p_name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 200 LOOP
		IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'muster_worker' AND wait_event_type = 'Lock') THEN
			RETURN test.dblink_is_busy(p_name) = 1;
		END IF;
		PERFORM pg_sleep(0.01);
		PERFORM pg_stat_clear_snapshot();
	END LOOP;
	RETURN false;
END
$$;
SELECT dblink_exec('left', 'BEGIN');
SELECT is((SELECT x FROM dblink('left', at_once(object(30), 'twice@example.test')) t (x text)), 'OK', 'the first');
SELECT dblink_send_query('right', at_once(object(30), 'twice@example.test'));
SELECT ok(waits('right'), 'the second waits for it');
SELECT dblink_exec('left', 'COMMIT');
SELECT is((SELECT x FROM dblink_get_result('right') t (x text)), 'OK', 'and finds what it made');
SELECT x FROM dblink_get_result('right') t (x text);
SELECT is((SELECT count(*) FROM muster.account_identities WHERE account = 'twice@example.test'), 1::bigint, 'one account, one link');
-- Another object of that name at the same time does not get into it.
SELECT dblink_exec('left', 'BEGIN');
SELECT is((SELECT x FROM dblink('left', at_once(object(31), 'both@example.test')) t (x text)), 'OK', 'the first of two with one name');
SELECT dblink_send_query('right', at_once(object(32), 'both@example.test'));
SELECT ok(waits('right'), 'the second waits again');
SELECT dblink_exec('left', 'COMMIT');
SELECT is((SELECT x FROM dblink_get_result('right') t (x text)), 'Authorization', 'the other is refused');
SELECT x FROM dblink_get_result('right') t (x text);
SELECT is((SELECT subject::text FROM muster.account_identities WHERE account = 'both@example.test'), object(31), 'the account is the first one''s');
SELECT dblink_disconnect(n) FROM unnest(ARRAY['left', 'right']) n;

-- Delegated: an organization's own administrator, and nobody else's.
SELECT is(try('audrey', $$SELECT muster.add_tenant('example', object(40), ARRAY['a'])$$), 'ERROR: permission denied for function add_tenant', 'an auditor adds no tenant');
SELECT is(try('audrey', $$SELECT count(*) FROM muster.tenant_keys$$), '2', 'but sees keys');
SELECT is(try('boss', $$INSERT INTO muster.tenant_key (organization, tenant, kid, algorithm, public_key) SELECT organization, tenant, 'x', 'RS256', public_key FROM muster.tenant_key LIMIT 1$$), 'ERROR: permission denied for table tenant_key', 'nobody puts a key in by hand');
CREATE ROLE otto IN ROLE muster_organization_admin;
SELECT muster.delegate('otto', 'organization administrator', 'other');
SELECT is(try('otto', $$SELECT count(*) FROM muster.tenants$$), '0', 'another organization''s administrator sees none');
SELECT is(try('otto', $$SELECT muster.add_tenant('other', contoso(), ARRAY['a'])$$) LIKE 'organization other takes tokens%', true, 'and adds his own, of the same tenant even');
SELECT is(try('otto', $$SELECT muster.remove_tenant('example', contoso())$$) LIKE 'ERROR: there is no organization "example"%', true, 'and removes no other');
SELECT is(try('otto', $$DELETE FROM muster.tenant_key$$), 'done 0', 'nor by hand');

-- Deleting.
SELECT is(try('boss', $$SELECT muster.remove_tenant('example', 'contoso')$$), 'organization example takes no tokens of tenant 72f988bf-86f1-41af-91ab-2d7cd011db47 any more; accounts stay, 4 of them are linked to it no longer', 'a tenant goes with its keys and links');
SELECT is((SELECT count(*) FROM muster.account WHERE lower(upn) = 'new@example.test'), 1::bigint, 'accounts stay');
SELECT muster.link_account('bob@example.test', fabrikam(), object(50)), muster.set_tenant_devices('example', fabrikam(), 'bob@example.test');
SELECT is(try('boss', $$SELECT count(*) FROM muster.delete_account('bob@example.test', 'left', really => true)$$) NOT LIKE 'ERROR%', true, 'an account that is linked, and that devices enroll for, can be deleted');
SELECT is((SELECT count(*) FROM muster.account_identity) + (SELECT count(*) FROM muster.tenant WHERE device_account IS NOT NULL), 0::bigint, 'and is neither any more');
SELECT is(try('boss', $$SELECT count(*) FROM muster.delete_organization('other', 'closed', really => true)$$) NOT LIKE 'ERROR%', true, 'an organization that has tenants, too');
SELECT is((SELECT count(*) FROM muster.tenant WHERE tenant = contoso()::uuid), 0::bigint, 'they go with it');

SELECT * FROM finish();
