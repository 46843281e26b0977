-- Levels between a root and issuing authorities, requests that wait for their certificate, keys encrypted anew.
SET search_path = test;
SELECT no_plan();

-- Levels.
SELECT is(try('boss', format('SELECT muster.add_authority(%s)', v)), 'ERROR: ' || message || ' HINT: Authorities are made by: muster-ca init', 'no authority: ' || message) FROM (VALUES
	('''intermediate'', ''A'', NULL, NULL, test.der(1), now(), now() + interval ''1 y''', 'an intermediate authority needs the one above it as parent'),
	('''intermediate'', ''A'', muster.authority_id(''Example root''), test.locked_key(), test.der(1), now(), now() + interval ''1 y''', 'an intermediate authority''s key is not kept here'),
	('''intermediate'', ''A'', muster.authority_id(''Example issuing''), NULL, test.der(1), now(), now() + interval ''1 y''', 'the parent signs devices, not authorities')) x (v, message);
SELECT matches(try('boss', $$SELECT muster.add_authority('intermediate', 'Policy', muster.authority_id('Example root'), NULL, test.der(900), now(), now() + interval '15 y')$$), '^[0-9a-f-]{36}$', 'a level between');
SELECT matches(try('boss', $$SELECT muster.add_authority('intermediate', 'Lower', muster.authority_id('policy'), NULL, test.der(901), now(), now() + interval '12 y')$$), '^[0-9a-f-]{36}$', 'and another');
SELECT is(try('boss', $$SELECT muster.add_authority('issuing', 'Deep', muster.authority_id('Lower'), test.locked_key(), test.der(902), now(), now() + interval '13 y')$$),
	'ERROR: it would outlive its parent HINT: Authorities are made by: muster-ca init', 'nothing outlives what certified it');
SELECT matches(try('boss', $$SELECT muster.add_authority('issuing', 'Deep', muster.authority_id('Lower'), test.locked_key(), test.der(902), now(), now() + interval '10 y')$$), '^[0-9a-f-]{36}$', 'an issuing one below them');
SELECT is(try('boss', $$SELECT muster.set_authority('example', 'Policy')$$), 'ERROR: authority "Policy" signs no devices HINT: Issuing authorities: Deep, Example issuing', 'only an issuing one signs devices');
SELECT results_eq($$SELECT place, name, kind FROM muster.authority_chain(muster.authority_id('Deep'))$$,
	$$VALUES (0, 'Deep', 'issuing'), (1, 'Lower', 'intermediate'), (2, 'Policy', 'intermediate'), (3, 'Example root', 'root')$$, 'authority_chain() goes up to the root');
SELECT results_eq($$SELECT name, root, parent, cardinality(chain), root_certificate = test.der(-1001) FROM muster.authorities WHERE name IN ('Deep', 'Example root', 'Example issuing') ORDER BY name$$,
	$$VALUES ('Deep', 'Example root', 'Lower', 4, true), ('Example issuing', 'Example root', 'Example root', 2, true), ('Example root', NULL, NULL, 1, true)$$, 'the view names root and parent');
SELECT matches(try('muster_issuer', test.record(50, 'ada@example.test')), '^OK', 'a device of another authority');
SELECT muster.set_authority('example', 'Deep') IS NULL;
SELECT is((SELECT root FROM muster_issuer.authorities() WHERE name = 'Deep'), test.der(-1001), 'issuers get the root at the top');
INSERT INTO muster.certificate (sha256, organization, device, authority, serial, public_key_sha256, der, not_before, not_after, renews)
SELECT sha256(test.der(950)), x.organization, x.device, muster.authority_id('Deep'), '\x51', sha256('k'), test.der(950), now(), now() + interval '1 y', x.sha256 FROM muster.certificate x WHERE x.device = test.id(50);
SELECT results_eq($$SELECT issuing, root FROM muster.renewal_chain(sha256(test.der(950)))$$, $$VALUES (test.der(902), NULL::bytea)$$, 'who renews under it gets it, and no root: that is the same');
SELECT throws_ok($$UPDATE muster.authority SET private_key = test.locked_key() WHERE name = 'Policy'$$, '23514', NULL, 'a foreign authority has no key here');

-- Requests.
SELECT is(try('boss', format('SELECT muster.add_authority_request(%s)', v)), 'ERROR: ' || message || ' HINT: Requests are made by: muster-ca request', 'no request: ' || message) FROM (VALUES
	(''' '', test.locked_key(), sha256(''a''), test.der(1)', 'the authority needs a name'),
	('''A'', decode(repeat(''30'', 100), ''hex''), sha256(''a''), test.der(1)', 'the private key is not encrypted (PKCS#8 with PBES2, as DER)'),
	('''A'', NULL, sha256(''a''), test.der(1)', 'the private key is not encrypted (PKCS#8 with PBES2, as DER)'),
	('''A'', test.locked_key(), ''\x00'', test.der(1)', 'the SHA-256 of the public key is missing'),
	('''A'', test.locked_key(), sha256(''a''), NULL', 'the request is missing, as DER')) x (v, message);
SELECT matches(try('boss', $$SELECT muster.add_authority_request('Waiting', test.locked_key(), sha256('w'), test.der(910), 'ec-p384')$$), '^[0-9a-f-]{36}$', 'add_authority_request()');
SELECT is(try('boss', format('SELECT muster.add_authority_request(%L, test.locked_key(), sha256(%L), test.der(911))', name, key)),
	format('ERROR: authority "%s" exists already, or waits for its certificate HINT: Choose another name; muster-ca show lists authorities, muster.authority_requests those that wait.', name), 'taken: ' || name || ' ' || key)
	FROM (VALUES ('waiting', 'x'), ('example ISSUING', 'x'), ('Other key', 'w')) x (name, key);
SELECT results_eq($$SELECT name, key_type, request, public_key_sha256 FROM muster.authority_requests$$, $$VALUES ('Waiting', 'ec-p384', test.der(910), encode(sha256('w'), 'hex'))$$, 'the view shows those that wait');
SELECT is(try('audrey', 'SELECT name FROM muster.authority_requests'), 'Waiting', 'an auditor looks');
SELECT is(try('boss', 'SELECT private_key FROM muster.authority_request'), 'ERROR: permission denied for table authority_request', 'an administrator reads no waiting key');
SELECT is(try('audrey', $$SELECT muster.withdraw_authority_request('Waiting')$$), 'ERROR: permission denied for function withdraw_authority_request', 'an auditor withdraws none');
SELECT is(try('boss', $$SELECT muster.authority_request_id('nothing')$$), 'ERROR: no request "nothing" waits for its certificate HINT: Waiting: Waiting', 'unknown request');
SELECT is(try('boss', $$SELECT muster.complete_authority_request(muster.authority_request_id('Waiting'), muster.authority_id('Example issuing'), test.der(912), now(), now() + interval '5 y')$$),
	'ERROR: the parent signs devices, not authorities HINT: Authorities are made by: muster-ca init', 'it is completed as an authority is added');
SELECT is((SELECT count(*) FROM muster.authority_request), 1::bigint, 'or stays');
SELECT matches(try('boss', $$SELECT muster.complete_authority_request(muster.authority_request_id('Waiting'), muster.authority_id('Lower'), test.der(912), now(), now() + interval '5 y')$$), '^[0-9a-f-]{36}$', 'complete_authority_request()');
SELECT results_eq($$SELECT kind, key_type, private_key, certificate FROM muster.authority WHERE name = 'Waiting'$$, $$VALUES ('issuing', 'ec-p384', test.locked_key(), test.der(912))$$, 'its key has moved');
SELECT is(try('boss', $$SELECT muster.complete_authority_request(test.id(1), muster.authority_id('Lower'), test.der(912), now(), now() + interval '5 y')$$),
	'ERROR: no request 0198f0c2-0000-7000-8000-000000000001 waits for its certificate HINT: To look: SELECT * FROM muster.authority_requests;', 'once only');
SELECT muster.add_authority_request('Given up', test.locked_key(), sha256('g'), test.der(913)) IS NULL;
SELECT is(try('boss', $$SELECT muster.withdraw_authority_request('given UP')$$), 'the key that waited for a certificate as "Given up" is gone: a certificate that comes for it is of no use', 'withdraw_authority_request()');
SELECT is(try('boss', $$SELECT muster.withdraw_authority_request('given up')$$), 'ERROR: no request "given up" waits for its certificate HINT: None waits: muster-ca request --organization KEY --request FILE makes one', 'is done once');
SELECT bag_has($$SELECT kind FROM muster.event$$, $$VALUES ('authority request added'), ('authority request removed')$$, 'each is an event');
INSERT INTO muster.authority_request (name, private_key, public_key_sha256, request, made_at) VALUES ('Old', test.locked_key(), sha256('o'), test.der(914), now() - interval '31 days');
SELECT is((SELECT finding FROM muster.check_installation() WHERE topic = 'authority'), 'a request has waited for its certificate for more than 30 days', 'one that waits long is told');

-- Keys.
SELECT is(try('boss', $$SELECT count(*) FILTER (WHERE what = 'authority' AND certificate IS NOT NULL) || ' ' || count(*) FILTER (WHERE what = 'request' AND public_key_sha256 IS NOT NULL) || ' ' || count(*) FILTER (WHERE what = 'sealing key') FROM muster.keys_under_passphrase()$$),
	(SELECT count(*) FROM muster.authority WHERE has_key) || ' 1 1', 'keys_under_passphrase() has all');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'all keys read' AND actor_role = 'boss'), 1::bigint, 'reading them is an event');
SELECT is(try('audrey', 'SELECT what FROM muster.keys_under_passphrase()'), 'ERROR: permission denied for function keys_under_passphrase', 'an auditor gets none');
CREATE FUNCTION other_key() RETURNS bytea LANGUAGE sql AS $$SELECT test.locked_key() || '\x00'::bytea$$;
SELECT is(try('boss', $$SELECT muster.replace_key('authority', muster.authority_id('Example root'), sha256('other'), test.other_key())$$), 'false', 'what changed meanwhile is not replaced');
SELECT is(try('boss', $$SELECT muster.replace_key('authority', muster.authority_id('Example root'), sha256(test.locked_key()), test.other_key())$$), 'true', 'an authority''s key is replaced');
SELECT is(try('boss', $$SELECT muster.replace_key('request', muster.authority_request_id('Old'), sha256(test.locked_key()), test.other_key())$$), 'true', 'and one that waits');
SELECT is(try('boss', $$SELECT muster.replace_key('sealing key', NULL, sha256(sha256('sealing key')), sha256('anew'), sha256('the key'))$$), 'true', 'and the sealing key');
SELECT is((SELECT c.private_key FROM muster.authority c WHERE c.name = 'Example root'), other_key(), 'as it was given');
SELECT results_eq('SELECT sealing_key, sealing_key_sha256 FROM muster_issuer.generation()', $$VALUES (sha256('anew'), sha256('the key'))$$, 'issuers get both');
SELECT is(try('boss', $$SELECT muster.replace_key('authority', muster.authority_id('Example issuing'), sha256(test.locked_key()), test.der(1))$$),
	'ERROR: new row for relation "authority" violates check constraint "private_key_is_encrypted"', 'a clear key is never stored');
SELECT is(try('boss', $$SELECT muster.replace_key('password', NULL, '\x00', '\x00')$$), 'ERROR: a key is of an authority, a request, or the sealing key, not of "password" HINT: Keys are encrypted anew by: muster-ca passphrase', 'nothing else is a key');
UPDATE muster.configuration SET sealing_key = NULL;
SELECT is(try('boss', $$SELECT muster.set_sealing_key(sha256('a new one'))$$), 'true', 'a sealing key that is new');
SELECT results_eq('SELECT sealing_key, sealing_key_sha256 FROM muster_issuer.generation()', $$VALUES (sha256('a new one'), NULL::bytea)$$, 'is not taken for the one before');
SELECT is((SELECT details -> 'also' FROM muster.event WHERE kind = 'authority changed' ORDER BY at DESC LIMIT 1), '["private_key"]', 'that a key changed is an event');
SELECT is_empty($$SELECT details FROM muster.event WHERE details::text LIKE '%' || encode(test.locked_key(), 'hex') || '%' OR details::text LIKE '%' || encode(sha256('anew'), 'hex') || '%'$$, 'and no key is in it');

SELECT * FROM finish();
