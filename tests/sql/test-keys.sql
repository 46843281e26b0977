-- Where authorities' keys are: in their row, in a PKCS#11 token, or elsewhere.
SET search_path = test;
SELECT no_plan();

-- The URI of a key.
SELECT is(muster.key_uri_wrong(u), w, 'key_uri_wrong: ' || coalesce(left(u, 80), 'NULL')) FROM (VALUES
	(NULL, NULL), ('pkcs11:token=muster;id=%01%ff', NULL), ('pkcs11:serial=2ec1;object=Example%20issuing;type=private', NULL),
	('pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=2ec111d57cc300cc;token=exp;id=%01;object=a-b_c.d~e;type=private', NULL),
	('', 'the key''s URI does not begin with pkcs11:'), ('PKCS11:token=m;id=1', 'the key''s URI does not begin with pkcs11:'), ('file:/k', 'the key''s URI does not begin with pkcs11:'),
	('pkcs11:token=m;id=1?pin-value=1234', 'the key''s URI says how to open the token: no PIN, file or module belongs into the database'),
	('pkcs11:token=m;id=1?pin-source=file:/x', 'the key''s URI says how to open the token: no PIN, file or module belongs into the database'),
	('pkcs11:token=m;id=1?module-path=/x.so', 'the key''s URI says how to open the token: no PIN, file or module belongs into the database'),
	('pkcs11:token=m;pin-value=1;id=1', 'the key''s URI says how to open the token: no PIN, file or module belongs into the database'),
	('pkcs11:token=m;id=%0', 'the key''s URI is none (RFC 7512)'), ('pkcs11:token=m;id=a b', 'the key''s URI is none (RFC 7512)'), (E'pkcs11:token=m;id=a\n', 'the key''s URI is none (RFC 7512)'),
	('pkcs11:token=m;;id=1', 'the key''s URI is none (RFC 7512)'), ('pkcs11:', 'the key''s URI is none (RFC 7512)'),
	('pkcs11:object=k;id=1', 'the key''s URI names no token (token= or serial=)'), ('pkcs11:token=;id=1', 'the key''s URI names no token (token= or serial=)'),
	('pkcs11:token=m', 'the key''s URI names no key in the token (id= or object=)'), ('pkcs11:token=m;id=', 'the key''s URI names no key in the token (id= or object=)'),
	('pkcs11:token=m;id=' || repeat('a', 1024), 'the key''s URI is longer than 1024 characters')) v (u, w);
-- The table's own constraint says the same.
BEGIN;
SELECT is(try('postgres', format('UPDATE muster.authority SET private_key = NULL, key_uri = %L WHERE name = ''Example issuing''', u)),
	CASE WHEN muster.key_uri_wrong(u) IS NULL THEN 'done 1' ELSE 'ERROR: new row for relation "authority" violates check constraint "key_uri_names_a_key"' END,
	'the constraint agrees: ' || left(u, 80)) FROM (VALUES
	('pkcs11:token=muster;id=%01%ff'), ('pkcs11:serial=2ec1;object=Example%20issuing;type=private'), (''), ('file:/k'), ('pkcs11:token=m;id=1?pin-value=1234'), ('pkcs11:token=m;id=1?module-path=/x.so'),
	('pkcs11:token=m;pin-value=1;id=1'), ('pkcs11:token=m;id=%0'), ('pkcs11:token=m;id=a b'), (E'pkcs11:token=m;id=a\n'), ('pkcs11:token=m;;id=1'), ('pkcs11:object=k;id=1'), ('pkcs11:token=m'),
	('pkcs11:token=m;id=' || repeat('a', 1024))) v (u);
ROLLBACK;

-- Adding.
SELECT is(try('boss', format('SELECT muster.add_authority(''issuing'', ''In a token'', muster.authority_id(''Example root''), %s, test.der(7), now(), now() + interval ''1 y'', ''ec-p256'', %L)', k, u)),
	'ERROR: ' || message || ' HINT: Authorities are made by: muster-ca init', message) FROM (VALUES
	('test.locked_key()', 'pkcs11:token=m;id=1', 'the key is either here or in a token'), ('NULL', NULL, 'an issuing authority needs its key'),
	('NULL', 'pkcs11:token=m;id=1?pin-value=1', 'the key''s URI says how to open the token: no PIN, file or module belongs into the database')) v (k, u, message);
SELECT matches(try('boss', $$SELECT muster.add_authority('issuing', 'In a token', muster.authority_id('Example root'), NULL, test.der(7), now(), now() + interval '1 y', 'ec-p256', 'pkcs11:token=m;id=%01')$$),
	'^[0-9a-f-]{36}$', 'a key may be in a token');
SELECT matches(try('boss', $$SELECT muster.add_authority('root', 'Offline', NULL, NULL, test.der(8), now(), now() + interval '1 y')$$), '^[0-9a-f-]{36}$', 'or nowhere here');
SELECT results_eq($$SELECT name, has_key, key_uri FROM muster.authorities ORDER BY name$$, $$VALUES ('Example issuing', true, NULL), ('Example root', true, NULL),
	('In a token', true, 'pkcs11:token=m;id=%01'), ('Offline', false, NULL)$$, 'the view says where keys are');
SELECT is(try('boss', $$SELECT muster.authority_key(muster.authority_id('In a token'))$$), '-', 'a token''s key cannot be read');
SELECT is(try('audrey', $$SELECT key_uri FROM muster.authorities WHERE name = 'In a token'$$), 'pkcs11:token=m;id=%01', 'an auditor sees which token''s');

-- Moving.
SELECT is(try('boss', format('SELECT muster.set_authority_key(%L, %L)', a, u)), 'ERROR: ' || message, message) FROM (VALUES
	('nobody', 'pkcs11:token=m;id=1', 'there is no authority "nobody" HINT: Authorities: Example issuing, Example root, In a token, Offline'),
	('Example issuing', NULL, 'the key''s URI is missing HINT: Keys are moved by: muster-ca move AUTHORITY --pkcs11 URI'),
	('Example issuing', 'pkcs11:token=m', 'the key''s URI names no key in the token (id= or object=) HINT: Keys are moved by: muster-ca move AUTHORITY --pkcs11 URI')) v (a, u, message);
SELECT is(try('audrey', $$SELECT muster.set_authority_key('Example issuing', 'pkcs11:token=m;id=1')$$), 'ERROR: permission denied for function set_authority_key', 'an auditor moves no key');
SELECT generation AS before FROM muster.configuration \gset
SELECT results_eq($$SELECT name, private_key, key_uri FROM muster_issuer.authorities() WHERE name = 'Example issuing'$$, $$VALUES ('Example issuing', test.locked_key(), NULL::text)$$, 'issuers get the key');
SELECT is(try('boss', $$SELECT muster.set_authority_key('example ISSUING', 'pkcs11:token=m;object=x')$$), 'authority "Example issuing": its key is pkcs11:token=m;object=x', 'set_authority_key()');
SELECT results_eq($$SELECT private_key, has_key, key_uri FROM muster.authority WHERE name = 'Example issuing'$$, $$VALUES (NULL::bytea, true, 'pkcs11:token=m;object=x')$$, 'takes the key out of the row');
SELECT results_eq($$SELECT name, private_key, key_uri FROM muster_issuer.authorities() WHERE name = 'Example issuing'$$, $$VALUES ('Example issuing', NULL::bytea, 'pkcs11:token=m;object=x')$$, 'issuers learn where it is');
SELECT ok((SELECT generation FROM muster.configuration) > :before, 'and that it moved');
SELECT results_eq($$SELECT actor_role, details #>> '{before,key_uri}', details #>> '{after,key_uri}', details #>> '{of,name}', details -> 'also' FROM muster.event WHERE kind = 'authority key moved'$$,
	$$VALUES ('boss', NULL, 'pkcs11:token=m;object=x', 'Example issuing', '["private_key"]'::jsonb)$$, 'an event tells who moved which key where');
SELECT is_empty($$SELECT details FROM muster.event WHERE details::text LIKE '%06092a864886f70d01050d%'$$, 'but not the key');
SELECT is(try('boss', $$SELECT muster.set_authority_key('Example issuing', 'pkcs11:token=n;object=x')$$), 'authority "Example issuing": its key is pkcs11:token=n;object=x', 'from one token to another');
SELECT is(try('boss', $$SELECT muster.set_authority_key('Offline', 'pkcs11:token=n;object=r')$$), 'authority "Offline": its key is pkcs11:token=n;object=r', 'and from elsewhere');

-- Whether it is here is nobody's to say.
UPDATE muster.authority SET has_key = false WHERE name = 'Example issuing';
SELECT is((SELECT has_key FROM muster.authority WHERE name = 'Example issuing'), true, 'has_key follows the key');
UPDATE muster.authority SET key_uri = NULL WHERE name = 'Offline';
SELECT is((SELECT has_key FROM muster.authority WHERE name = 'Offline'), false, 'and its absence');
ALTER TABLE muster.authority DISABLE TRIGGER key_present;
SELECT is(try('postgres', $$UPDATE muster.authority SET has_key = NOT has_key$$), 'ERROR: new row for relation "authority" violates check constraint "has_key_is_right"', 'without the trigger it cannot be wrong, either');

SELECT * FROM finish();
