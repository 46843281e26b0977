-- Opaque tokens: whom they name, what consumes them, who gets the same answer again, and why others are refused.
SET search_path = test;
SET client_min_messages = warning;
SELECT no_plan();

UPDATE muster.organization SET auth_policies = ARRAY['OnPremise', 'Federated'] WHERE key IN ('example', 'other');
CREATE FUNCTION claim(p_token text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_build_object('kind', 'token', 'sha256', encode(sha256(p_token::bytea), 'hex')) $$;
CREATE FUNCTION sign_in(p_token text, p_upn text, p_how text DEFAULT 'sign-in page') RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT outcome, why FROM muster_worker.make_token(%L, %L, %L, %L, NULL, NULL, %L)', o.key, a.id, sha256(p_token::bytea), p_how, '192.0.2.7')
	  FROM muster.account a JOIN muster.organization o ON o.id = a.organization WHERE a.upn = p_upn
$$;
CREATE FUNCTION ask(p_organization text, p_token text, p_columns text DEFAULT 'outcome, why, upn', p_remote text DEFAULT NULL) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT format('SELECT %s FROM muster_worker.policy(%L, NULL, %L, %L)', p_columns, p_organization, p_remote, test.claim(p_token))
$$;
CREATE FUNCTION look(p_organization text, p_token text, p_columns text DEFAULT 'outcome, why, upn', p_facts text DEFAULT '{}', p_remote text DEFAULT NULL) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT format('SELECT %s FROM muster_worker.consider(%L, NULL, %L, %L, %L)', p_columns, p_organization, p_facts, p_remote, test.claim(p_token))
$$;
-- record() by a token, for key number k.
CREATE FUNCTION come(n integer, p_token text, k integer, p_upn text DEFAULT 'ada@example.test', p_facts text DEFAULT '{}', p_columns text DEFAULT 'outcome, why, device', p_remote text DEFAULT '192.0.2.7') RETURNS text LANGUAGE sql AS $$
	SELECT left(replace(test.record(n, p_upn, p_facts, p_columns => p_columns, p_remote => p_remote), sha256(test.der(-n))::text, sha256(test.der(-k))::text), -1) || format(', %L)', test.claim(p_token))
$$;
CREATE FUNCTION retried(n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'OK|recorded for the same token and key|' || test.id(n) $$;
CREATE FUNCTION living(p_upn text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM muster.device d JOIN muster.account a ON a.id = d.account WHERE a.upn = p_upn AND d.state = 'enrolled' $$;

-- A sign-in's.
SELECT is(try('muster_worker', sign_in('t1', 'ada@example.test')), 'OK|-', 'somebody signs in');
SELECT is(try('muster_worker', sign_in('x', 'ada@example.test', 'bulk')), 'InternalServiceFault|workers make no token of kind bulk', 'workers make no bulk tokens');
SELECT is(try('muster_worker', ask('example', 't1')), 'OK|-|ada@example.test', 'GetPolicies: it names its account');
SELECT is(try('muster_worker', ask('example', 't1')), 'OK|-|ada@example.test', 'again, too');
SELECT is(try('muster_worker', look('example', 't1', 'outcome, why, upn, proof')), 'OK|-|ada@example.test|{}', 'RequestSecurityToken: as well');
SELECT is(try('muster_worker', ask('example', 't2')), 'Authentication|unknown token|-', 'an unknown one');
SELECT is(try('muster_worker', ask('other', 't1')), 'Authentication|a token of another organization|-', 'in another organization');
SELECT is(try('muster_worker', format('SELECT outcome, why FROM muster_worker.policy(''example'', NULL, NULL, %L)', c)), 'Authentication|unknown token', 'a claim that is none: ' || c)
	FROM unnest(ARRAY['{"kind": "token"}', '{"kind": "token", "sha256": "00"}', '{"kind": "token", "sha256": null}', '{"kind": "token", "sha256": ["x"]}', '{"kind": "token", "sha256": {"a": 1}}']) c;

-- Consumed by the first success; then good for its key.
SELECT is(try('muster_issuer', come(1, 't1', 1, p_facts => '{"DeviceID": "d1"}')), 'OK|-|' || id(1), 'the first enrollment by it');
SELECT results_eq($$SELECT consumed_key, device FROM muster.token WHERE sha256 = sha256('t1')$$, $$VALUES (sha256(test.der(-1)), test.id(1))$$, 'consumes it');
SELECT is((SELECT details ->> 'credential' FROM muster.event WHERE kind = 'enrolled' AND device = id(1)), 'token', 'and is told with it');
SELECT is(try('muster_issuer', come(2, 't1', 1, p_facts => '{"DeviceID": "d1"}')), retried(1), 'the same key gets its certificate again');
SELECT is(try('muster_issuer', come(3, 't1', 1, p_columns => 'certificate, dm_secrets, issuing, root')), (SELECT concat_ws('|', der(1), '\x0102'::bytea, der(-1002), der(-1001))), 'with its sealed secrets, authority and root');
SELECT is((SELECT count(*) FROM muster.device), 1::bigint, 'and no device is made');
SELECT results_eq($$SELECT kind, device, outcome FROM muster.event WHERE trace = test.id(1000002)$$, $$VALUES ('sent again', test.id(1), 'OK')$$, 'that it was sent again is told');
SELECT is(try('muster_issuer', come(4, 't1', 4)), format('Authentication|the token is consumed: device %s came by it, with another key|-', id(1)), 'another key');
SELECT is(try('muster_worker', ask('example', 't1')), 'OK|-|ada@example.test', 'GetPolicies goes on');
SELECT is(try('muster_worker', look('example', 't1', 'outcome, why, proof')), format('OK|-|{"consumed_by": "%s"}', id(1)), 'and RequestSecurityToken is record()''s to judge');
SELECT is(try('muster_issuer', come(5, 't1', 1, 'bob@example.test')), 'Authentication|a token of another account|-', 'another account, with the right key');
SELECT is(try('muster_issuer', come(6, 't1', 1, 'olga@other.test')), 'Authentication|a token of another organization|-', 'another organization, with the right key');
SELECT is(try('muster_issuer', come(7, 't9', 7)), 'Authentication|unknown token|-', 'an unknown one, recorded');

-- Rules that changed meanwhile take nothing from a retry; they bind the first success.
SELECT muster.set_device_cap('example', 1) IS NULL;
SELECT is(try('muster_worker', look('example', 't1', p_facts => '{}')), 'OK|-|ada@example.test', 'a cap that its own device fills');
SELECT is(try('muster_issuer', come(8, 't1', 1)), retried(1), 'is none for it');
SELECT is(try('muster_worker', sign_in('t3', 'ada@example.test')), 'OK|-', 'another sign-in');
SELECT is(try('muster_worker', look('example', 't3', 'outcome')), 'DeviceCapReached', 'binds others');
SELECT is(try('muster_issuer', come(9, 't3', 9, p_columns => 'outcome')), 'DeviceCapReached', 'when they are recorded, too');
SELECT is((SELECT consumed_at FROM muster.token WHERE sha256 = sha256('t3')), NULL, 'a refusal consumes nothing');
SELECT muster.set_device_cap('example', NULL) IS NULL;
SELECT is(try('muster_issuer', come(9, 't3', 9)), 'OK|-|' || id(9), 'so that it enrolls later');
-- The grant's own repetition is answered as ever.
SELECT is(try('muster_issuer', come(9, 't3', 9)), 'OK|recorded by an earlier call|' || id(9), 'a call that repeats one whose COMMIT got lost');
-- Signed by an authority that has been followed by another.
SELECT muster.set_authority('example', 'New') IS NULL FROM (SELECT muster.add_authority('issuing', 'New', (SELECT id FROM muster.authority WHERE kind = 'root'), locked_key(), der(-1003), now() - interval '1 hour', now() + interval '9 years', 'ec-p256')) x;
SELECT is(try('muster_issuer', come(10, 't1', 1, p_columns => 'certificate, issuing')), concat_ws('|', der(1), der(-1002)), 'a retry after a rollover tells who signed then');

-- Replaced meanwhile: the same answer; retired: none.
SELECT is(try('muster_issuer', record(11, 'ada@example.test', '{"DeviceID": "d1"}')), 'OK|-', 'the device enrolls again otherwise');
SELECT is(try('muster_issuer', come(12, 't1', 1)), retried(1), 'its token still gives what it gave');
SELECT muster.retire_device(id(1), 'lost') IS NULL;
SELECT is(try('muster_issuer', come(13, 't1', 1)), format('Authentication|the token is consumed: device %s came by it, and is retired since|-', id(1)), 'but not of a retired device');
-- Not after its end, whoever asks.
UPDATE muster.token SET issued_at = now() - interval '20 minutes', expires_at = now() - interval '1 second';
SELECT is(try('muster_worker', ask('example', 't3', 'outcome, why')), (SELECT 'Authentication|the token has expired on ' || muster.said_time(expires_at) FROM muster.token WHERE sha256 = sha256('t3')), 'after its end');
SELECT is(try('muster_issuer', come(14, 't3', 9, p_columns => 'outcome, why')), (SELECT 'Authentication|the token has expired on ' || muster.said_time(expires_at) FROM muster.token WHERE sha256 = sha256('t3')), 'with its own key, too');
-- An organization that takes none.
UPDATE muster.token SET expires_at = now() + interval '5 minutes';
UPDATE muster.organization SET auth_policies = ARRAY['OnPremise'] WHERE key = 'example';
SELECT is(try('muster_worker', ask('example', 't3', 'outcome, why')), 'InvalidSecurity|organization example does not accept this kind of credential: token', 'not accepted');
SELECT is(try('muster_issuer', come(15, 't3', 9, p_columns => 'outcome, why')), 'InvalidSecurity|organization example does not accept this kind of credential: token', 'by record() neither');
UPDATE muster.organization SET auth_policies = ARRAY['OnPremise', 'Federated'] WHERE key = 'example';
SELECT is(try('muster_issuer', come(16, 't3', 9)), retried(9), 'accepted again');

-- Bulk tokens: added.
CREATE FUNCTION hash(p_token text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT encode(sha256(p_token::bytea), 'hex') $$;
SELECT is(try('boss', format($$SELECT muster.add_bulk_token('package@example.test', ' Classroom 3 ', %L, expires_at => '2099-01-01 00:00+00')$$, hash('b1'))),
	'ERROR: not usable as the end of a bulk token: 2099-01-01 00:00 UTC HINT: Give a time to come, at most ten years ahead; to end it now: SELECT muster.revoke_bulk_token(organization, name, reason);', 'too long a life');
SELECT is(try('boss', format(q, hash('b1'))), 'ERROR: ' || said, said) FROM (VALUES
	($$SELECT muster.add_bulk_token('package@example.test', 'x', 'b1-the-token-itself')$$, 'the third argument is no SHA-256 of a token: 64 hexadecimal digits HINT: Never give a token to SQL, the server logs statements: "muster-ca token UPN NAME" makes one and calls this.'),
	($$SELECT muster.add_bulk_token('package@example.test', 'x', NULL)$$, 'the third argument is no SHA-256 of a token: 64 hexadecimal digits HINT: Never give a token to SQL, the server logs statements: "muster-ca token UPN NAME" makes one and calls this.'),
	($$SELECT muster.add_bulk_token('package@example.test', ' ', %L)$$, 'not usable as a bulk token''s name: '' '' HINT: Give 1 to 128 characters, such as ''classroom 3''.'),
	($$SELECT muster.add_bulk_token('package@example.test', NULL, %L)$$, 'not usable as a bulk token''s name: NULL HINT: Give 1 to 128 characters, such as ''classroom 3''.'),
	($$SELECT muster.add_bulk_token('ada@example.test', 'x', %L)$$, 'account ada@example.test is a person''s, and bulk tokens are for accounts of kind bulk HINT: Add one for the package: SELECT muster.add_account(''package@example.test'', kind => ''bulk'');'),
	($$SELECT muster.add_bulk_token('nobody@example.test', 'x', %L)$$, 'there is no account "nobody@example.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;'),
	($$SELECT muster.add_bulk_token('package@example.test', 'x', %L, device_limit => 0)$$, 'not usable as a number of devices: 0 HINT: Give 1 to 10000000, or NULL for any number.'),
	($$SELECT muster.add_bulk_token('package@example.test', 'x', %L, '2020-01-01 00:00+00')$$, 'not usable as the end of a bulk token: 2020-01-01 00:00 UTC HINT: Give a time to come, at most ten years ahead; to end it now: SELECT muster.revoke_bulk_token(organization, name, reason);'),
	($$SELECT muster.add_bulk_token('package@example.test', 'x', %L, networks => ARRAY['here'])$$, 'not usable as a network: ''here'' HINT: Give it as 192.0.2.0/24 or 2001:db8::/32; one address as 192.0.2.7.'),
	($$SELECT muster.add_bulk_token('package@example.test', 'x', %L, networks => ARRAY[NULL])$$, 'a network is NULL HINT: For example: ARRAY[''192.0.2.0/24'', ''2001:db8::/32''].'),
	($$SELECT muster.add_bulk_token('package@example.test', 'x', %L, networks => ARRAY(SELECT '10.0.' || i || '.0/24' FROM generate_series(1, 65) i))$$, 'a bulk token has at most 64 networks, these are 65 HINT: Networks of the whole organization: SELECT muster.allow_network(organization, network);')) v (q, said);
SELECT is((SELECT count(*) FROM muster.bulk_token), 0::bigint, 'nothing was added');
SELECT is(try('boss', format($$SELECT muster.add_bulk_token('package@example.test', ' Classroom 3 ', %L, '2027-06-30 12:00+00', 2, ARRAY['192.0.2.0/24', '192.0.2.9/24', '2001:db8::/32'], 'Autumn')$$, hash('b1'))),
	'bulk token "Classroom 3" of package@example.test is good until 2027-06-30 12:00 UTC', 'added');
SELECT results_eq($$SELECT organization, name, account, state, devices, device_limit, networks, note, created_by FROM muster.bulk_tokens$$,
	$$VALUES ('example', 'Classroom 3', 'package@example.test', 'good', 0, 2, '{192.0.2.0/24,2001:db8::/32}'::cidr[], 'Autumn', 'postgres')$$, 'and listed');
SELECT is(try('boss', format($$SELECT muster.add_bulk_token('package@example.test', 'CLASSROOM 3', %L)$$, hash('b2'))),
	'ERROR: there is a bulk token "CLASSROOM 3" already HINT: Take another name, for one that was revoked, too: each is on record under its own. To look: SELECT * FROM muster.bulk_tokens;', 'the same name');
SELECT is(try('boss', format($$SELECT muster.add_bulk_token('package@example.test', 'x', %L)$$, hash('b1'))), 'ERROR: this token is there already HINT: Make another: muster-ca token UPN NAME', 'the same token');
SELECT results_eq($$SELECT kind, actor_role, details -> 'after' ->> 'name' FROM muster.event WHERE kind LIKE 'bulk token%'$$, $$VALUES ('bulk token added', 'boss', 'Classroom 3')$$, 'an event tells it');
SELECT is_empty(format($$SELECT id FROM muster.event WHERE details::text ~ %L$$, hash('b1')), 'without the hash');

-- Good for many devices, within its limits.
SELECT is(try('muster_worker', ask('example', 'b1')), 'OK|-|package@example.test', 'GetPolicies, the address not told');
SELECT is(try('muster_worker', ask('example', 'b1', 'outcome, why, details', '198.51.100.7')), 'Authorization|address 198.51.100.7 is in no network of bulk token "Classroom 3"|{"rule": "token network", "remote": "198.51.100.7", "bulk_token": "Classroom 3"}', 'from elsewhere');
SELECT is(try('muster_worker', ask('example', 'b1', 'outcome, why', '2001:db8::7')), 'OK|-', 'from one of its networks');
SELECT is(try('muster_issuer', come(20, 'b1', 20, 'package@example.test', '{"DeviceID": "p1"}', 'outcome, why', '198.51.100.7')), 'Authorization|address 198.51.100.7 is in no network of bulk token "Classroom 3"', 'recorded from elsewhere');
SELECT is(try('muster_issuer', come(20, 'b1', 20, 'package@example.test', '{"DeviceID": "p1"}', 'outcome, why', 'unix:')), 'Authorization|the client''s address is not known, and bulk token "Classroom 3" is good from some networks only', 'from an unknown address');
SELECT is(try('muster_issuer', come(20, 'b1', 20, 'package@example.test', '{"DeviceID": "p1", "DeviceName": "one"}')), 'OK|-|' || id(20), 'a first device');
SELECT is(try('muster_issuer', come(21, 'b1', 21, 'package@example.test', '{"DeviceID": "p2", "DeviceName": "two"}')), 'OK|-|' || id(21), 'a second');
SELECT results_eq($$SELECT devices, state, first_used_at IS NOT NULL, last_used_at >= first_used_at FROM muster.bulk_tokens$$, $$VALUES (2, 'used up', true, true)$$, 'both are counted');
SELECT is(try('muster_worker', ask('example', 'b1', 'outcome', '192.0.2.7')), 'OK', 'GetPolicies does not know the device');
SELECT is(try('muster_worker', look('example', 'b1', 'outcome, why, details', '{"DeviceID": "p3"}', '192.0.2.7')),
	'DeviceCapReached|2 devices came by bulk token "Classroom 3", and no more may|{"rule": "token limit", "count": 2, "limit": 2, "bulk_token": "Classroom 3"}', 'a third is one too many');
SELECT is(try('muster_issuer', come(22, 'b1', 22, 'package@example.test', '{"DeviceID": "p3"}', 'outcome')), 'DeviceCapReached', 'when it is recorded, too');
SELECT is(try('muster_issuer', come(23, 'b1', 20, 'package@example.test', '{"DeviceID": "P1"}')), retried(20), 'a retry with the same key gets its certificate again');
SELECT is(try('muster_issuer', come(23, 'b1', 20, 'package@example.test', '{"DeviceID": "p3"}', 'outcome')), 'DeviceCapReached', 'a clone with the same key is another device');
SELECT is(try('muster_worker', look('example', 'b1', 'outcome', '{"DeviceID": "p2"}', '192.0.2.7')), 'OK', 'one of its devices may enroll again');
SELECT is(try('muster_issuer', come(24, 'b1', 24, 'package@example.test', '{"DeviceID": "p2", "DeviceName": "two again"}')), 'OK|-|' || id(24), 'and does, with another key');
SELECT results_eq($$SELECT name, state, counted FROM muster.bulk_token_devices WHERE bulk_token = 'Classroom 3' ORDER BY device$$, $$VALUES ('one', 'enrolled', true), ('two', 'replaced', true), ('two again', 'enrolled', false)$$, 'which is counted once');
SELECT is((SELECT devices FROM muster.bulk_tokens), 2, 'so there are two');
SELECT is(try('muster_issuer', come(25, 'b1', 21, 'package@example.test', '{"DeviceID": "p2"}')), retried(21), 'a late retry of the earlier enrollment gets what it got');
SELECT is(living('package@example.test'), 2::bigint, 'and makes nothing');
SELECT is((SELECT details ->> 'bulk_token' FROM muster.event WHERE kind = 'enrolled' AND device = id(20)), 'Classroom 3', 'an enrollment''s event names the token');
SELECT is((SELECT count(*) FROM muster.event WHERE kind LIKE 'bulk token%'), 1::bigint, 'what is counted is no change by somebody');
SELECT is(try('muster_issuer', come(26, 'b1', 26, 'bob@example.test', '{}', 'outcome, why')), 'Authentication|a token of another account', 'not for another account');
SELECT is(try('muster_worker', ask('other', 'b1', 'outcome, why')), 'Authentication|a token of another organization', 'nor in another organization');
-- A password of the same account goes on, without its limits.
SELECT is(try('muster_issuer', record(27, 'package@example.test', '{"DeviceID": "p4"}', p_remote => '198.51.100.7')), 'OK|-', 'by password');
SELECT is((SELECT devices FROM muster.bulk_tokens), 2, 'which is none of its devices');

-- Changed and revoked.
SELECT is(try('boss', q), said, said) FROM (VALUES
	($$SELECT muster.set_bulk_token_limit('example', 'classroom 3', 3)$$, 'bulk token "classroom 3": 3 devices may come by it, 2 so far'),
	($$SELECT muster.set_bulk_token_limit('example', 'classroom 3', NULL)$$, 'bulk token "classroom 3": any number of devices may come by it, 2 so far'),
	($$SELECT muster.set_bulk_token_limit('example', 'classroom 3', -1)$$, 'ERROR: not usable as a number of devices: -1 HINT: Give 1 to 10000000, or NULL for any number.'),
	($$SELECT muster.set_bulk_token_networks('example', 'classroom 3', ARRAY['10.0.0.0/8'])$$, 'bulk token "classroom 3" is good from 10.0.0.0/8'),
	($$SELECT muster.set_bulk_token_networks('example', 'classroom 3', NULL)$$, 'bulk token "classroom 3" is good from any network'),
	($$SELECT muster.set_bulk_token_end('example', 'classroom 3', '2027-07-31 12:00+00')$$, 'bulk token "classroom 3" is good until 2027-07-31 12:00 UTC'),
	($$SELECT muster.set_bulk_token_end('example', 'classroom 3', NULL)$$, 'ERROR: not usable as the end of a bulk token: NULL HINT: Give a time to come, at most ten years ahead; to end it now: SELECT muster.revoke_bulk_token(organization, name, reason);'),
	($$SELECT muster.set_bulk_token_limit('example', 'classroom 4', 3)$$, 'ERROR: there is no bulk token "classroom 4" in organization example HINT: There are: Classroom 3'),
	($$SELECT muster.revoke_bulk_token('other', 'classroom 3', 'x')$$, 'ERROR: there is no bulk token "classroom 3" in organization other HINT: It has none; to make one: muster-ca token UPN NAME'),
	($$SELECT muster.revoke_bulk_token('example', 'classroom 3', ' ')$$, 'ERROR: revoking a bulk token needs a reason HINT: For example: SELECT muster.revoke_bulk_token(''example'', ''classroom 3'', ''the package was found on the internet'');')) v (q, said);
SELECT is(try('muster_issuer', come(30, 'b1', 30, 'package@example.test', '{"DeviceID": "p5"}', 'outcome, why', '198.51.100.7')), 'OK|-', 'without limits: any device from anywhere');
SELECT is(try('boss', $$SELECT muster.revoke_bulk_token('example', 'classroom 3', 'found on the internet')$$), 'bulk token "Classroom 3" is revoked; the 3 devices that came by it stay: SELECT * FROM muster.bulk_token_devices WHERE bulk_token = ''Classroom 3'';', 'revoked');
SELECT is(try('boss', $$SELECT muster.revoke_bulk_token('example', 'classroom 3', 'again')$$), 'bulk token "classroom 3" was revoked before', 'once');
SELECT results_eq($$SELECT state, revoked_by, revoked_reason FROM muster.bulk_tokens$$, $$VALUES ('revoked', 'postgres', 'found on the internet')$$, 'with who and why');
CREATE FUNCTION revoked() RETURNS text LANGUAGE sql AS $$ SELECT format('Authentication|bulk token "Classroom 3" was revoked on %s: found on the internet', muster.said_time(revoked_at)) FROM muster.bulk_token $$;
SELECT is(try('muster_worker', ask('example', 'b1', 'outcome, why')), revoked(), 'then it names nobody');
SELECT is(try('muster_issuer', come(31, 'b1', 20, 'package@example.test', '{"DeviceID": "p1"}', 'outcome, why')), revoked(), 'with a key that it knows neither');
SELECT is((SELECT string_agg(kind || ' ' || actor_role, ', ' ORDER BY at) FROM muster.event WHERE kind LIKE 'bulk token%'), 'bulk token added boss' || repeat(', bulk token changed boss', 6), 'each change is an event');
-- Its end comes by itself.
SELECT is(try('boss', format($$SELECT muster.add_bulk_token('package@example.test', 'short', %L)$$, hash('b3'))), format('bulk token "short" of package@example.test is good until %s', muster.said_time(now() + interval '180 days')), 'half a year, if nothing else is said');
UPDATE muster.bulk_token SET expires_at = now() WHERE name = 'short';
SELECT is(try('muster_worker', ask('example', 'b3', 'outcome, why')), (SELECT format('Authentication|bulk token "short" has expired on %s', muster.said_time(expires_at)) FROM muster.bulk_token WHERE name = 'short'), 'expired');
SELECT is((SELECT state FROM muster.bulk_tokens WHERE name = 'short'), 'expired', 'as the list says');
-- A retired device's key is no retry: the token enrolls it anew.
SELECT is(try('boss', format($$SELECT muster.add_bulk_token('package@example.test', 'long', %L, device_limit => 5)$$, hash('b4'))) LIKE 'bulk token "long"%', true, 'another');
SELECT is(try('muster_issuer', come(40, 'b4', 40, 'package@example.test', '{"DeviceID": "q1"}')), 'OK|-|' || id(40), 'a device');
SELECT muster.retire_device(id(40), 'wiped') IS NULL;
SELECT is(try('muster_issuer', come(41, 'b4', 40, 'package@example.test', '{"DeviceID": "q1"}')), 'OK|-|' || id(41), 'retired, with the same key: a new one');
SELECT is((SELECT devices FROM muster.bulk_tokens WHERE name = 'long'), 2, 'and counted');
SELECT is(try('muster_issuer', come(42, 'b4', 42, 'package@example.test', '{}')), 'OK|-|' || id(42), 'one without DeviceID');
SELECT is(try('muster_issuer', come(43, 'b4', 42, 'package@example.test', '{}')), retried(42), 'is known by its key alone');
-- Nor is one whose certificate opens no door any more.
UPDATE muster.certificate SET not_before = now() - interval '2 years', not_after = now() - interval '1 day' WHERE device = id(42);
SELECT is(try('muster_issuer', come(44, 'b4', 42, 'package@example.test', '{}')), 'OK|-|' || id(44), 'its certificate has ended, with the same key: a new one');
SELECT is(try('muster_issuer', come(45, 'b4', 42, 'package@example.test', '{}')), retried(44), 'which is what a retry gets then');
UPDATE muster.device SET state = 'replaced', replaced_by = id(41), replaced_at = now(), ended_at = now() WHERE id = id(44);
SELECT is(try('muster_issuer', come(46, 'b4', 42, 'package@example.test', '{}')), 'OK|-|' || id(46), 'superseded, with the same key: a new one');
SELECT muster.set_bulk_token_limit('example', 'long', 8) IS NULL;

-- Explained.
SELECT is(try('boss', $$SELECT string_agg(rule || ' ' || outcome, ', ' ORDER BY step) FROM muster.explain_enrollment('package@example.test', '{"DeviceID": "n"}', '192.0.2.7', bulk_token => 'LONG') WHERE rule LIKE 'token%' OR rule = 'password'$$),
	'token OK, token network OK, token limit OK', 'what a bulk token means to an enrollment');
SELECT is(try('boss', $$SELECT why FROM muster.explain_enrollment('package@example.test', '{"DeviceID": "n"}', bulk_token => 'long') WHERE rule = 'token limit'$$), '5 of 8 devices by bulk token "long"', 'counted');
SELECT is(try('boss', $$SELECT outcome, why FROM muster.explain_enrollment('package@example.test', bulk_token => 'classroom 3') WHERE decides$$), revoked(), 'revoked');
SELECT is(try('boss', $$SELECT outcome, why FROM muster.explain_enrollment('bob@example.test', bulk_token => 'long') WHERE decides$$), 'Authentication|a token of another account', 'another account''s');
SELECT is(try('boss', $$SELECT count(*) FROM muster.explain_enrollment('ada@example.test') WHERE rule LIKE 'token%'$$), '0', 'without one nothing is said of it');
SELECT is(try('boss', $$SELECT count(*) FROM muster.explain_enrollment('package@example.test') WHERE rule = 'password'$$), '0', 'an account that has a good one needs no password');
SELECT is(try('boss', format($$SELECT why FROM muster.explain_device(%L) WHERE rule = 'token limit'$$, id(42))), '5 of 8 devices by bulk token "long"', 'a device is explained with the one that it came by');
SELECT is(try('boss', format($$SELECT string_agg(rule, ', ') FROM muster.explain_device(%L) WHERE decides$$, id(21))), 'token', 'which may be revoked since');
SELECT is(try('audrey', $$SELECT why FROM muster.explain_enrollment('package@example.test', bulk_token => 'long') WHERE rule = 'token'$$), (SELECT format('bulk token "long" is good until %s', muster.said_time(expires_at)) FROM muster.bulk_token WHERE name = 'long'), 'an auditor may ask');
UPDATE muster.organization SET auth_policies = ARRAY['OnPremise'] WHERE key = 'example';
SELECT is(try('boss', $$SELECT why FROM muster.explain_enrollment('package@example.test', bulk_token => 'long') WHERE rule = 'token'$$), 'organization example does not accept this kind of credential: token', 'one that its organization does not accept');
SELECT is(try('boss', $$SELECT severity, finding FROM muster.check_configuration('example') WHERE topic = 'bulk token'$$), 'error|it has bulk tokens, and does not accept tokens', 'which is a mistake in its configuration');
SELECT is(try('boss', format($$SELECT muster.add_bulk_token('package@example.test', 'vain', %L, '2027-06-30 12:00+00')$$, hash('b5'))),
	'bulk token "vain" of package@example.test is good until 2027-06-30 12:00 UTC; but organization example does not accept tokens: SELECT muster.set_auth_policies(''example'', ''{OnPremise,Federated}'');', 'and told when one is added');
UPDATE muster.organization SET auth_policies = ARRAY['OnPremise', 'Federated'] WHERE key = 'example';
SELECT muster.disable_account('package@example.test', 'x') IS NULL;
SELECT is(try('boss', $$SELECT severity, finding FROM muster.check_configuration('example') WHERE topic = 'bulk token'$$), 'warning|it has bulk tokens of accounts that may not enroll', 'one of an account that may not enroll');
SELECT is(try('muster_worker', ask('example', 'b4', 'outcome')), 'Authorization', 'whose rules it is under');
SELECT muster.enable_account('package@example.test') IS NULL;
SELECT is((SELECT string_agg(name || ' ' || number, ', ') FROM muster.expiring WHERE what = 'bulk token'), 'short 0', 'what ended of late is told');

-- Who may look and change.
SELECT is(try(r, 'SELECT token_sha256 FROM muster.bulk_token'), 'ERROR: permission denied for table bulk_token', r || ' reads no hash') FROM unnest(ARRAY['boss', 'audrey']) r;
SELECT is(try(r, 'SELECT sha256 FROM muster.token'), 'ERROR: permission denied for table token', r || ' reads no sign-in''s') FROM unnest(ARRAY['boss', 'audrey']) r;
SELECT is(try('boss', q), 'ERROR: permission denied for table ' || t, 'not for administrators: ' || q) FROM (VALUES
	('UPDATE muster.bulk_token SET devices = 0', 'bulk_token'), ('UPDATE muster.bulk_token SET token_sha256 = sha256(''x'')', 'bulk_token'), ('UPDATE muster.bulk_token SET account = NULL', 'bulk_token'), ('DELETE FROM muster.bulk_token', 'bulk_token'),
	('DELETE FROM muster.bulk_enrollment', 'bulk_enrollment'), ('INSERT INTO muster.token DEFAULT VALUES', 'token')) v (q, t);
SELECT is(try('audrey', $$SELECT count(*) > 0 FROM muster.bulk_tokens$$), 'true', 'an auditor sees the list');
SELECT is(try('audrey', $$SELECT muster.revoke_bulk_token('example', 'long', 'x')$$), 'ERROR: permission denied for function revoke_bulk_token', 'and changes nothing');

-- Housekeeping, in pieces.
INSERT INTO muster.token (organization, account, sha256, how, issued_at, expires_at)
SELECT a.organization, a.id, sha256(i::text::bytea), 'sign-in page', now() - interval '9 days', now() - interval '8 days' FROM muster.account a, generate_series(1, 5001) i WHERE a.upn = 'ada@example.test';
SELECT is((SELECT count(*) FROM muster.token), 5003::bigint, 'many tokens that have ended');
SELECT is(try('muster_owner', 'SELECT * FROM muster.keep_tokens()'), '5000 tokens removed|true', 'are removed in pieces');
SELECT is(try('muster_owner', 'SELECT * FROM muster.keep_tokens()'), '1 tokens removed|false', 'to the last one');
SELECT is(try('muster_owner', 'SELECT * FROM muster.keep_tokens()'), '-|false', 'others stay');
UPDATE muster.bulk_token SET created_at = now() - interval '3 years', expires_at = now() - interval '401 days' WHERE name = 'short';
UPDATE muster.bulk_token SET created_at = now() - interval '3 years', revoked_at = now() - interval '401 days' WHERE name = 'Classroom 3';
UPDATE muster.bulk_token SET created_at = now() - interval '3 years', expires_at = now() - interval '399 days' WHERE name = 'vain';
SELECT is(try('muster_owner', 'SELECT * FROM muster.keep_tokens()'), '2 bulk tokens removed|false', 'bulk tokens long after their end');
SELECT is((SELECT string_agg(name, ', ' ORDER BY name) FROM muster.bulk_tokens), 'long, vain', 'not before');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'bulk token removed'), 2::bigint, 'which is told');
SELECT is((SELECT state FROM muster.device WHERE id = id(20)), 'enrolled', 'their devices stay');
SELECT matches((SELECT summary FROM dblink(connection('muster_worker'), 'SELECT * FROM muster_worker.housekeeping()') t (summary text, more boolean)), 'event partitions until', 'the hourly round does it, too');

-- Deleting an account takes its tokens away.
SELECT is(try('boss', $$SELECT string_agg(what || ' ' || number, ', ') FROM muster.delete_account('package@example.test') WHERE what = 'bulk tokens'$$), 'bulk tokens 2', 'deleting an account tells of its bulk tokens');
SELECT is(try('boss', $$SELECT count(*) > 0 FROM muster.delete_account('package@example.test', 'x', true, true)$$), 'true', 'it is deleted');
SELECT is((SELECT count(*) FROM muster.bulk_token) + (SELECT count(*) FROM muster.bulk_enrollment), 0::bigint, 'and its bulk tokens');
SELECT is(try('boss', $$SELECT count(*) > 0 FROM muster.delete_account('ada@example.test', 'x', true, true)$$), 'true', 'another');
SELECT is((SELECT count(*) FROM muster.token), 0::bigint, 'and its tokens');

SELECT * FROM finish();
