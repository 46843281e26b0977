-- The page with terms of use: which text it shows, what an answer is, and that it is one answer.
SET search_path = test;
SELECT no_plan();

CREATE FUNCTION does(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('boss', p_sql) $$;
CREATE FUNCTION worker(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('muster_worker', p_sql) $$;
CREATE TABLE known AS SELECT a.id AS ada FROM muster.account a WHERE a.upn = 'ada@example.test';
CREATE FUNCTION ada() RETURNS uuid LANGUAGE sql SECURITY DEFINER AS $$ SELECT k.ada FROM test.known k $$;
CREATE FUNCTION show(p_form text, p_ownership text DEFAULT 'personal', p_languages text DEFAULT 'en', p_organization text DEFAULT 'example', p_columns text DEFAULT 'outcome, why, version, language, title') RETURNS text LANGUAGE sql AS $$
	SELECT test.worker(format('SELECT %s FROM muster_worker.show_terms(%L, %L, %L, %L, sha256(%L), ''ms-appx-web://ContosoMdm/ToUResponse'', ''018f3c5e-7b2a-7c11-9d0e-0123456789ab'', ''018f3c5e-7b2a-7c11-9d0e-0123456789ac'', ''192.0.2.7'')',
		p_columns, p_organization, test.ada(), p_ownership, p_languages, p_form))
$$;
CREATE FUNCTION answer(p_form text, p_accepted boolean, p_token text, p_organization text DEFAULT 'example') RETURNS text LANGUAGE sql AS $$
	SELECT test.worker(format('SELECT outcome, why, redirect_uri, request_id FROM muster_worker.answer_terms(%L, sha256(%L), %L, sha256(%L), ''018f3c5e-7b2a-7c11-9d0e-0123456789ad'', ''192.0.2.7'')',
		p_organization, p_form, p_accepted, p_token))
$$;

-- Publishing by ownership; the five arguments of before do what they did.
SELECT is(does($$SELECT muster.publish_terms('example', 1, 'en', 'Terms', 'Any.')$$), 'version 1 of the terms is published in en; to demand it: SELECT muster.require_terms(''example'', 1)', 'for any device, as before');
SELECT alike(does(format('SELECT muster.publish_terms(''example'', 1, %L, %L, ''x'', %L)', l, t, o)), 'version 1 of the terms is published in ' || l || ';%', format('%s, %s', l, o)) FROM (VALUES
	('de', 'Bedingungen', 'any'), ('en', 'Own', 'personal'), ('ja', 'Own ja', 'personal'), ('fr', 'Ours fr', 'organization')) v (l, t, o);
SELECT is(does($$SELECT muster.publish_terms('example', 1, 'en', 'Own', 'x', 'personal')$$), 'ERROR: version 1 of the terms exists already in en HINT: What was accepted is not changed: publish version 2.', 'each once');
SELECT alike(does(format('SELECT muster.publish_terms(''example'', 1, ''es'', ''x'', ''x'', %L)', o)), 'ERROR: not usable as an ownership: ' || coalesce(quote_literal(o), 'NULL') || '%', 'no ownership: ' || coalesce(o, 'NULL')) FROM unnest(ARRAY['ours', '', NULL]) o;
SELECT throws_ok($$UPDATE muster.terms SET ownership = 'ours'$$, '23514', NULL, 'nor by hand');

-- Nothing is required.
SELECT is(show('none'), 'OK|-|-|-|-', 'nothing to accept');
SELECT is_empty($$SELECT FROM muster.terms_visit$$, 'and no visit');
SELECT does($$SELECT muster.require_terms('example', 1)$$);

-- Which text: by ownership first, then by language.
SELECT is(show(format('%s %s', o, l), o, l), 'OK|-|1|' || expected, format('%s, for %s', o, l)) FROM (VALUES
	('personal', 'en', 'en|Own'), ('personal', 'de', 'en|Own'), ('personal', 'ja-JP,de', 'ja|Own ja'), ('personal', '', 'en|Own'),
	('organization', 'en', 'fr|Ours fr'), ('organization', 'fr-CA', 'fr|Ours fr')) v (o, l, expected);
SELECT does($$SELECT muster.publish_terms('example', 2, 'de', 'Zwei', 'x')$$), does($$SELECT muster.publish_terms('example', 2, 'en', 'Two', 'x')$$), does($$SELECT muster.require_terms('example', 2)$$);
SELECT is(show('any ' || l, 'organization', l), 'OK|-|2|' || expected, 'any, for ' || l) FROM (VALUES ('de-AT,en', 'de|Zwei'), ('nl', 'en|Two')) v (l, expected);
SELECT does($$SELECT muster.publish_terms('example', 3, 'de', 'Drei', 'x', 'personal')$$), does($$SELECT muster.require_terms('example', 3)$$);
SELECT is(show('lacking', 'organization'), 'EnrollmentServer|version 3 of the terms has no text for devices of this ownership: organization|-|-|-', 'a text that is missing');
SELECT is(does($$SELECT severity, finding FROM muster.check_configuration() WHERE organization_key = 'example' AND topic = 'terms'$$), 'error|the terms demanded have no text for devices of this ownership: organization', 'is found by the check');
SELECT is(show('other', p_organization => 'other'), 'Authorization|the account no longer exists in this organization|-|-|-', 'another organization''s account');
SELECT does($$SELECT muster.require_terms('example', 2)$$);

-- Answers.
SELECT is(show('one'), 'OK|-|2|en|Two', 'a page is opened');
SELECT is(answer('one', true, 'blob one'), 'OK|-|ms-appx-web://ContosoMdm/ToUResponse|018f3c5e-7b2a-7c11-9d0e-0123456789ab', 'accepted: where it goes');
SELECT alike(answer('one', true, 'blob again'), 'InvalidEnrollmentData|the form was answered already on %|-|-', 'once');
SELECT is(answer('nothing', true, 'x'), 'InvalidEnrollmentData|the form is none of a page with terms|-|-', 'no form of ours');
SELECT results_eq($$SELECT version, how, language, ownership, date_trunc('minute', expires_at - accepted_at) FROM muster.acceptance WHERE token_sha256 = sha256('blob one')$$, $$VALUES (2, 'page', 'en', 'personal', interval '1 day')$$, 'recorded');
SELECT is((SELECT count(*) FROM muster.acceptance WHERE how = 'page'), 1::bigint, 'once, too');
SELECT results_eq($$SELECT kind, trace, stage, outcome, host(remote), details FROM muster.event WHERE kind LIKE 'terms %ed' AND kind <> 'terms added'$$,
	$$VALUES ('terms accepted', '018f3c5e-7b2a-7c11-9d0e-0123456789ad'::uuid, 'terms', 'OK', '192.0.2.7', '{"version": 2, "language": "en", "ownership": "personal", "client_request_id": "018f3c5e-7b2a-7c11-9d0e-0123456789ab"}'::jsonb)$$, 'with an event');
SELECT is_empty($$SELECT FROM muster.event WHERE kind = 'acceptance added'$$, 'and not two');
SELECT show('declined'), show('joined', 'organization'), show('late'), show('foreign');
SELECT is(answer('declined', false, 'x'), 'OK|-|ms-appx-web://ContosoMdm/ToUResponse|018f3c5e-7b2a-7c11-9d0e-0123456789ab', 'declined');
SELECT is((SELECT count(*) FROM muster.acceptance WHERE how = 'page'), 1::bigint, 'and nothing is recorded as accepted');
SELECT is(answer('joined', false, 'x'), 'InvalidEnrollmentData|on a device of the organization terms are not declined|-|-', 'not on a device of the organization');
SELECT alike(answer('joined', true, 'blob joined'), 'OK|%', 'where they can be accepted still');
SELECT is(answer('foreign', true, 'x', 'other'), 'InvalidEnrollmentData|the form is of another organization''s page|-|-', 'another organization''s form');
UPDATE muster.terms_visit SET expires_at = now() - interval '1 second' WHERE sha256 = sha256('late');
SELECT alike(answer('late', true, 'x'), 'InvalidEnrollmentData|the form has expired on %|-|-', 'too late');
SELECT does($$SELECT muster.publish_terms('example', 4, 'en', 'Four', 'x')$$), does($$SELECT muster.require_terms('example', 4)$$);
SELECT is(answer('foreign', true, 'x'), 'InvalidEnrollmentData|the form is of version 2 of the terms, 4 is required|-|-', 'a newer version meanwhile');

-- What is over goes with the next one; an account that goes takes its visits along.
UPDATE muster.terms_visit SET expires_at = now() - interval '25 hours' WHERE sha256 = sha256('late');
SELECT is(show('next'), 'OK|-|4|en|Four', 'the next one');
SELECT is_empty($$SELECT FROM muster.terms_visit WHERE sha256 = sha256('late')$$, 'cleans up');
SELECT is(worker('SELECT FROM muster.terms_visit'), 'ERROR: permission denied for schema muster', 'workers read no table');
SELECT * FROM finish();
