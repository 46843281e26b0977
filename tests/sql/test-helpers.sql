-- Small functions: ids, and what is taken from texts that strangers sent.
SET search_path = test;
SELECT no_plan();

SELECT matches(muster.new_id()::text, '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', 'new_id() has the version 7 layout');
SELECT is((SELECT count(DISTINCT muster.new_id()) FROM generate_series(1, 10000)), 10000::bigint, 'ten thousand of them differ');
SELECT ok(abs(extract(epoch FROM muster.id_time(muster.new_id()) - clock_timestamp())) < 1, 'id_time() reads the time back');
SELECT is(muster.id_time('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'), '2022-02-22 19:22:22+00'::timestamptz, 'id_time() of the example in RFC 9562');

SELECT is(muster.cut(input, 8), expected, 'cut(): ' || what) FROM (VALUES
	('short', 'short', 'a short text stays'),
	('0123456789', '01234567', 'a long one is cut'),
	(E' \t\r\n', NULL, 'white space alone is nothing'),
	('', NULL, 'nothing is nothing'),
	(NULL, NULL, 'NULL is nothing'),
	(E' a\n', 'a', 'ends are trimmed'),
	(E'a\x01\x1b[31mb', 'a [31mb', 'control characters become blanks'),
	('äöüßéèêëx', 'äöüßéèêë', 'characters are counted, not bytes')) v (input, expected, what);
SELECT is(length(muster.cut(repeat('x', 1000000), 128)), 128, 'cut(): a megabyte');

SELECT is(muster.fact(facts::jsonb, 'N', 8), expected, 'fact(): ' || coalesce(facts, 'NULL')) FROM (VALUES
	('{"N": "text"}', 'text'), ('{"N": " text\n"}', 'text'), ('{"N": ""}', NULL), ('{"N": null}', NULL), ('{"M": "x"}', NULL),
	('{"N": ["a", "b"]}', 'a'), ('{"N": []}', NULL), ('{"N": [[1]]}', NULL), ('{"N": [null, "b"]}', NULL), ('{"N": 12}', '12'), ('{"N": true}', 'true'),
	('{"N": {"x": 1}}', NULL), ('[1]', NULL), ('"N"', NULL), ('3', NULL), ('null', NULL), (NULL, NULL)) v (facts, expected);

SELECT is(muster.kept_facts('{"a": 1}', 100), '{"a": 1}', 'kept_facts(): small facts whole');
SELECT is(muster.kept_facts(f::jsonb, 100), '{}', 'kept_facts(): no object is none: ' || coalesce(f, 'NULL')) FROM (VALUES ('[1]'), ('7'), (NULL), ('null')) v (f);
SELECT is(muster.kept_facts(jsonb_build_object('DeviceName', repeat('n', 300), 'Blob', repeat('b', 5000), 'OSVersion', '10.0'), 1000),
	jsonb_build_object('DeviceName', repeat('n', 200), 'OSVersion', '10.0', 'muster:cut', true), 'kept_facts(): of too much the known ones, cut');

SELECT is(muster.to_inet(input), expected::inet, 'to_inet(): ' || coalesce(input, 'NULL')) FROM (VALUES
	('192.0.2.7', '192.0.2.7'), ('2001:db8::1', '2001:db8::1'), ('::1', '::1'), ('999.1.1.1', NULL), ('1.2.3', NULL), ('fe80::1%eth0', NULL),
	('unix:', NULL), ('', NULL), (NULL, NULL), ('192.0.2.7; DROP', NULL), (':::', NULL)) v (input, expected);

SELECT * FROM finish();
