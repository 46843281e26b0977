-- Custom rules: registering them, what they see, what they say, and what becomes of those that fail.
SET search_path = test;
SELECT no_plan();

CREATE ROLE ruler;
CREATE SCHEMA rules AUTHORIZATION ruler;
GRANT USAGE ON SCHEMA rules TO PUBLIC;
GRANT USAGE ON SCHEMA muster TO ruler;
SET ROLE ruler;
CREATE FUNCTION rules.versions(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ SELECT CASE WHEN c.os_version LIKE '6.%' THEN '{"reason": "old Windows", "en": "Too old.", "de": "Zu alt.", "pt-BR": "Velho."}'::jsonb END $$;
CREATE FUNCTION rules.names(c muster.candidate) RETURNS jsonb LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ SELECT (c.facts ->> 'Answer')::jsonb $$;
CREATE FUNCTION rules.sees(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ SELECT jsonb_build_object('reason', concat_ws(' ', current_user, c.upn, c.groups::text, host(c.remote), c.enrollment_data, c.facts ->> 'EnrollmentData', c.facts ->> 'DeviceName')) $$;
CREATE FUNCTION rules.sleeps(c muster.candidate) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
CREATE FUNCTION rules.swallows(c muster.candidate) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ BEGIN PERFORM 1 / (length(c.upn) - length(c.upn)); RETURN NULL; END $$;
CREATE FUNCTION rules.reads(c muster.candidate) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ BEGIN PERFORM FROM muster.account; RETURN NULL; END $$;
CREATE FUNCTION rules.writes(c muster.candidate) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$ BEGIN CREATE TABLE rules.t (); RETURN NULL; END $$;
CREATE FUNCTION rules.volatile(c muster.candidate) RETURNS jsonb LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
CREATE FUNCTION rules.invoker(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
CREATE FUNCTION rules.loose(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER AS $$ SELECT NULL::jsonb $$;
CREATE FUNCTION rules.texts(c muster.candidate) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::text $$;
CREATE FUNCTION rules.many(c muster.candidate) RETURNS SETOF jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
CREATE FUNCTION rules.other(c text) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
CREATE FUNCTION rules.closed(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
REVOKE ALL ON FUNCTION rules.closed(muster.candidate) FROM PUBLIC;
RESET ROLE;
CREATE FUNCTION rules.supers(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
CREATE FUNCTION rules.ours(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
ALTER FUNCTION rules.ours(muster.candidate) OWNER TO muster_owner;
CREATE FUNCTION rules.members(c muster.candidate) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT NULL::jsonb $$;
ALTER FUNCTION rules.members(muster.candidate) OWNER TO boss;

-- Registering.
CREATE FUNCTION message(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT split_part(test.try('boss', p_sql), ' HINT: ', 1) $$;
SELECT is(message(format('SELECT muster.register_custom_rule(%L, %L, %L)', 'example', 'r', f)), 'ERROR: ' || expected, 'register: ' || expected) FROM (VALUES
	('rules.nothing', 'there is no function rules.nothing(muster.candidate)'), ('rules.other', 'there is no function rules.other(muster.candidate)'), ('versions', 'there is no function versions(muster.candidate)'),
	('a.b.c', 'there is no function a.b.c(muster.candidate)'), ('x; DROP TABLE y', 'there is no function x; DROP TABLE y(muster.candidate)'), (NULL, 'the rule needs a function'),
	('rules.volatile', 'rules.volatile is VOLATILE: a rule only looks'), ('rules.invoker', 'rules.invoker is not SECURITY DEFINER: a rule runs as its owner'),
	('rules.loose', 'rules.loose has no search_path of its own'), ('rules.texts', 'rules.texts does not return one jsonb'), ('rules.many', 'rules.many does not return one jsonb'),
	('rules.closed', 'muster_owner may not call rules.closed'), ('rules.supers', 'rules.supers is owned by the superuser postgres'), ('rules.ours', 'rules.ours is owned by muster_owner'),
	('rules.members', 'rules.members is owned by boss, a member of muster_admin')) v (f, expected);
SELECT matches(try('boss', $$SELECT muster.register_custom_rule('example', 'r', 'rules.nothing')$$), 'HINT: As a role of its own that has USAGE on schema muster: CREATE FUNCTION', 'register: the hint shows how');
SELECT is(message($$SELECT muster.register_custom_rule('example', ' ', 'rules.versions')$$), 'ERROR: the rule needs a name', 'register: a name is needed');
SELECT is(message($$SELECT muster.register_custom_rule('example', 'r', 'rules.versions', 10001)$$), 'ERROR: a priority is 0 to 10000, not 10001', 'register: a priority out of bounds');
SELECT is(message($$SELECT muster.register_custom_rule('nowhere', 'r', 'rules.versions')$$), 'ERROR: there is no organization "nowhere"', 'register: no such organization');
SELECT is(message($$SELECT muster.register_custom_rule('example', 'versions', 'Rules.Versions', 10)$$), 'rule "versions" of organization example asks Rules.Versions at every enrollment', 'register');
SELECT is(message($$SELECT muster.register_custom_rule('example', 'VERSIONS', 'rules.versions')$$), 'ERROR: rule "VERSIONS" exists already', 'register: a name twice');
SELECT results_eq($$SELECT name, priority, function, enabled, registered_by FROM muster.custom_rule$$, $$VALUES ('versions', 10, 'rules.versions', true, 'postgres')$$, 'the rule is there');
SELECT is((SELECT details #>> '{after,function}' FROM muster.event WHERE kind = 'custom rule added'), 'rules.versions', 'with an event');
SELECT is(try('boss', format('SELECT muster.%s(%L, %L)', f, 'example', 'nix')), 'ERROR: organization example has no rule "nix" HINT: Rules: versions', f || ': no such rule') FROM unnest(ARRAY['enable_custom_rule', 'disable_custom_rule', 'remove_custom_rule']) f;
SELECT is(try('boss', $$SELECT muster.custom_rule_id('other', 'nix')$$), 'ERROR: organization other has no rule "nix" HINT: There is none yet: SELECT muster.register_custom_rule(''other'', rule, function);', 'none yet');

-- What they say. Only the record asks: strangers must not run them.
CREATE SEQUENCE numbers START 100;
CREATE FUNCTION recorded(p_facts text, p_columns text DEFAULT 'outcome, why, text, language', p_user text DEFAULT 'ada@example.test') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_issuer', test.record(nextval('test.numbers')::integer, p_user, p_facts, p_columns => p_columns))
$$;
SELECT is(recorded('{"OSVersion": "10.0"}'), 'OK|-|-|-', 'a rule has nothing against it');
SELECT is(recorded('{"OSVersion": "6.1", "Locale": "de-DE"}'), 'CustomServerError|rule "versions": old Windows|Zu alt.|de', 'a rule refuses, in the device''s language');
SELECT is(recorded('{"OSVersion": "6.1"}', 'details - ''custom_rule'''), '{"rule": "custom rule \"versions\"", "function": "rules.versions"}', 'details name it');
SELECT is(try('muster_worker', $$SELECT outcome FROM muster_worker.consider('example', 'ada', '{"OSVersion": "6.1"}')$$), 'OK', 'consider asks none');
SELECT is(recorded('{"OSVersion": "6.1"}', 'outcome', 'olga@other.test'), 'OK', 'another organization''s are not asked');
SELECT is(try('boss', $$SELECT muster.disable_custom_rule('example', 'Versions')$$), 'rule "Versions" is not asked any more', 'disable');
SELECT is(recorded('{"OSVersion": "6.1"}', 'outcome'), 'OK', 'a disabled one is not asked');
SELECT is(try('boss', $$SELECT muster.enable_custom_rule('example', 'versions')$$), 'rule "versions" is asked at every enrollment', 'enable');
SELECT is(t.text || '|' || t.language, expected, 'locale ' || coalesce(l, 'NULL')) FROM (VALUES ('de-DE', 'Zu alt.|de'), ('DE', 'Zu alt.|de'), ('pt-br', 'Velho.|pt-BR'), ('pt-PT', 'Too old.|en'), ('en-US', 'Too old.|en'), ('fr-FR', 'Too old.|en'), (NULL, 'Too old.|en'), ('', 'Too old.|en')) v (l, expected),
	muster.text_for('{"reason": "r", "en": "Too old.", "de": "Zu alt.", "pt-BR": "Velho."}', l) t;
SELECT is((SELECT t.text || '|' || t.language FROM muster.text_for('{"reason": "r", "fr": "Non", "it": "No"}', 'de') t), 'Non|fr', 'without English the first');
SELECT is((SELECT coalesce(t.text, '-') || '|' || coalesce(t.language, '-') FROM muster.text_for('{"reason": "r", "en": 7, "de": " ", "not a language": "x"}', 'de') t), '-|-', 'texts that are none are not told');
SELECT is((SELECT length(t.text) FROM muster.text_for(jsonb_build_object('en', repeat('x', 5000)), NULL) t), 1000, 'a text is cut');
SELECT is((SELECT t.text FROM muster.text_for(jsonb_build_object('en', E'a\uFFFE\n\tb'), NULL) t), 'a b', 'and has no characters that a fault cannot hold');
SELECT is(try('boss', $$SELECT muster.register_custom_rule('example', 'names', 'rules.names', 20)$$), 'rule "names" of organization example asks rules.names at every enrollment', 'an IMMUTABLE one');
SELECT is(recorded(json_build_object('Answer', a)::text), expected, 'answer: ' || a) FROM (VALUES ('null', 'OK|-|-|-'), ('{}', 'CustomServerError|rule "names": no reason given|-|-'), ('{"reason": "r"}', 'CustomServerError|rule "names": r|-|-'),
	('{"en": "t"}', 'CustomServerError|rule "names": no reason given|t|en'), ('true', 'EnrollmentServer|rule "names" answered a boolean, not NULL or an object|-|-'), ('[{"reason": "r"}]', 'EnrollmentServer|rule "names" answered a array, not NULL or an object|-|-'),
	('nonsense', 'EnrollmentServer|rule "names" failed: SQLSTATE 22P02: invalid input syntax for type json|-|-')) v (a, expected);
SELECT is(recorded('{"OSVersion": "6.1", "Answer": "true"}', 'outcome'), 'CustomServerError', 'the lower priority number speaks first');
SELECT is(try('boss', $$SELECT muster.remove_custom_rule('example', 'names')$$), 'rule "names" is removed; its function stays', 'remove');

-- The other rules come first in what is told, but nothing of theirs runs a custom rule's risk.
SELECT muster.disable_account('bob@example.test', 'gone') IS NULL;
SELECT is(recorded('{"OSVersion": "6.1"}', 'outcome', 'bob@example.test'), 'Authorization', 'what the account''s rule says comes first');

-- What they see, and as whom they run.
SELECT muster.register_custom_rule('other', 'sees', 'rules.sees') IS NULL;
SELECT is(recorded('{"DeviceName": "PC", "EnrollmentData": "secret"}', 'why', 'olga@other.test'), 'rule "sees": ruler olga@other.test {} 192.0.2.7 PC', 'a rule sees the candidate, not the terms'' token, and runs as its owner');
SELECT muster.remove_custom_rule('other', 'sees') IS NULL;

-- What fails refuses, and ends the evaluation.
CREATE FUNCTION fails(p_function text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	PERFORM muster.register_custom_rule('other', 'first', p_function, 1), muster.register_custom_rule('other', 'second', 'rules.sees', 2);
	said := test.recorded('{}', 'outcome, why', 'olga@other.test') || ' ' || (SELECT count(*) FROM muster.custom_verdicts(muster.candidate_of(muster.account_id('olga@other.test'), NULL, '{}'), true));
	PERFORM muster.remove_custom_rule('other', 'first'), muster.remove_custom_rule('other', 'second');
	RETURN said;
END
$$;
SELECT is(fails('rules.swallows'), 'EnrollmentServer|rule "first" failed: SQLSTATE 22012: division by zero 1', 'an error refuses');
SELECT is(fails('rules.reads'), 'EnrollmentServer|rule "first" failed: SQLSTATE 42501: permission denied for table account 1', 'a rule may not read what its owner may not');
SELECT is(fails('rules.writes'), 'EnrollmentServer|rule "first" failed: SQLSTATE 0A000: CREATE TABLE is not allowed in a non-volatile function 1', 'a rule may not write');
SELECT muster.register_custom_rule('other', 'changed', 'rules.swallows') IS NULL;
ALTER FUNCTION rules.swallows(muster.candidate) SECURITY INVOKER;
SELECT is(recorded('{}', 'outcome, why', 'olga@other.test'), 'EnrollmentServer|rule "changed" was not asked: rules.swallows is not SECURITY DEFINER: a rule runs as its owner', 'a rule changed for the worse refuses');
DROP FUNCTION rules.swallows(muster.candidate);
SELECT is(recorded('{}', 'outcome, why', 'olga@other.test'), 'EnrollmentServer|rule "changed" was not asked: there is no function rules.swallows(muster.candidate)', 'a rule whose function is gone refuses');
SELECT muster.remove_custom_rule('other', 'changed') IS NULL;

-- One that runs too long: the role's statement_timeout ends it, before anything is locked.
SELECT muster.register_custom_rule('other', 'sleeps', 'rules.sleeps', 1), muster.register_custom_rule('other', 'sees', 'rules.sees', 2) \g /dev/null
DO $$ BEGIN EXECUTE format('ALTER ROLE muster_issuer IN DATABASE %I SET statement_timeout = %L', current_database(), '700ms'); END $$;
SELECT is(dblink_connect('a', connection('muster_issuer')) || dblink_connect('b', connection('postgres')), 'OKOK', 'an issuer with less time');
SELECT is(dblink_send_query('a', record(90, 'olga@other.test', '{}', p_columns => 'outcome, why, details ->> ''function''')), 1, 'asks');
SELECT pg_sleep(0.3) IS NULL;
SELECT is(n, 1, 'meanwhile the account is not locked') FROM dblink('b', $$SELECT 1 FROM (SELECT FROM muster.account WHERE upn = 'olga@other.test' FOR UPDATE NOWAIT) x$$) t (n integer);
SELECT results_eq($$SELECT * FROM dblink_get_result('a') t (outcome text, why text, function text)$$, $$VALUES ('EnrollmentServer', 'rule "sleeps" ran too long', 'rules.sleeps')$$, 'and is refused: ran too long');
SELECT is((SELECT count(*) FROM muster.device WHERE account = muster.account_id('olga@other.test')), 1::bigint, 'nothing of it is recorded');

SELECT * FROM finish();
