-- The sign-in page: colours, logos, languages, texts, and what workers are told of them.
SET search_path = test;
SELECT no_plan();

CREATE FUNCTION does(p_sql text) RETURNS text LANGUAGE sql AS $$ SELECT test.try('boss', p_sql) $$;
CREATE FUNCTION page(p_columns text, p_organization text DEFAULT 'example', p_languages text DEFAULT 'en') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT %s FROM muster_worker.page(%L, %L)', p_columns, p_organization, p_languages))
$$;

-- Colours: WCAG's own numbers, and black or white on each.
SELECT is(round(muster.luminance(c)::numeric, 4), l, 'luminance of ' || c) FROM (VALUES ('#000000', 0), ('#ffffff', 1), ('#ff0000', 0.2126), ('#00ff00', 0.7152), ('#0000ff', 0.0722), ('#808080', 0.2159)) v (c, l);
SELECT is(muster.contrast(a, b), c, format('contrast of %s and %s', a, b)) FROM (VALUES
	('#000000', '#ffffff', 21), ('#ffffff', '#000000', 21), ('#777777', '#ffffff', 4.48), ('#767676', '#ffffff', 4.54), ('#123456', '#123456', 1)) v (a, b, c);
SELECT is(muster.color_on(c), o, 'written on ' || c) FROM (VALUES ('#000000', '#ffffff'), ('#ffffff', '#000000'), ('#ffcc00', '#000000'), ('#0b57d0', '#ffffff'), ('#777777', '#000000'), ('#757575', '#ffffff')) v (c, o);
SELECT cmp_ok(min(muster.contrast(c, muster.color_on(c))), '>=', 4.5, 'every colour can be written on')
  FROM (SELECT format('#%s%s%s', lpad(to_hex(r), 2, '0'), lpad(to_hex(g), 2, '0'), lpad(to_hex(b), 2, '0')) FROM generate_series(0, 255, 15) r, generate_series(0, 255, 15) g, generate_series(0, 255, 15) b) x (c);
SELECT is(muster.color_on(NULL), NULL, 'no colour does not fail');

SELECT is(does($$SELECT muster.set_page_color('example', '#7B1FA2 ')$$), 'organization example: its pages have the colour #7b1fa2, with white on it (contrast 8.20 to 1)', 'a colour');
SELECT is(page('color, color_on'), '#7b1fa2|#ffffff', 'told to the worker');
SELECT is(does($$SELECT muster.set_page_color('EXAMPLE', '#ffcc00')$$), 'organization EXAMPLE: its pages have the colour #ffcc00, with black on it (contrast 13.89 to 1)', 'a light one');
SELECT is(does(format('SELECT muster.set_page_color(%L, %L)', 'example', c)), format('ERROR: not usable as a colour: %L HINT: Give red, green and blue as #rrggbb, for example #0b57d0.', c), 'no colour: ' || c)
  FROM unnest(ARRAY['red', '#fff', '#12345g', '#1234567', '', '#123456;}', 'url(x)']) c;
SELECT is(does($$SELECT muster.set_page_color('nowhere', '#000000')$$), 'ERROR: there is no organization "nowhere" HINT: Organizations: example, other', 'no organization');
SELECT throws_ok($$UPDATE muster.branding SET color = '#ABCDEF'$$, '23514', NULL, 'nor by hand');
SELECT is(does($$SELECT muster.set_page_color('example', NULL)$$), 'organization example: its pages have Muster''s own colour', 'no colour any more');
SELECT is(page('color, color_on'), '-|-', 'nor for the worker');

-- Logos: by what they begin with.
CREATE FUNCTION gif() RETURNS bytea LANGUAGE sql AS $$ SELECT decode('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64') $$;
SELECT is(muster.image_type(i), t, coalesce(t, 'nothing') || ': ' || encode(i, 'hex')) FROM (VALUES
	(gif(), 'image/gif'), ('GIF87a...'::bytea, 'image/gif'), ('\x89504e470d0a1a0a00'::bytea, 'image/png'), ('\xffd8ffe0'::bytea, 'image/jpeg'),
	('<svg xmlns="http://www.w3.org/2000/svg"/>'::bytea, NULL), ('<?xml version="1.0"?><svg/>'::bytea, NULL), ('RIFF....WEBP'::bytea, NULL), ('BM'::bytea, NULL), (''::bytea, NULL), ('GIF88a'::bytea, NULL), ('\x89504e47'::bytea, NULL)) v (i, t);
SELECT is(does($$SELECT muster.set_page_logo('example', decode('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'))$$), 'organization example: its pages show a logo (image/gif, 42 bytes)', 'a logo');
SELECT is(page('logo'), 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'told to the worker as it goes into the page');
SELECT is(does($$SELECT muster.set_page_logo('example', '<svg/>')$$), 'ERROR: the logo is neither a PNG nor a JPEG nor a GIF HINT: It is shown 48 pixels high at most. In psql: \set logo `base64 -w0 logo.png` and then: SELECT muster.set_page_logo(organization, decode(:''logo'', ''base64''));', 'no SVG');
SELECT alike(does($$SELECT muster.set_page_logo('example', 'GIF89a'::bytea || decode(repeat('00', 65531), 'hex'))$$), 'ERROR: the logo has 65537 bytes, at most 65536 are kept HINT: %', 'not too large');
SELECT is(does($$SELECT muster.set_page_logo('example', 'GIF89a'::bytea || decode(repeat('00', 65530), 'hex'))$$), 'organization example: its pages show a logo (image/gif, 65536 bytes)', 'as large as may be');
SELECT unalike(page('logo'), E'%\n%', 'on one line');
SELECT is(does($$SELECT string_agg(setting || ': ' || value, ', ' ORDER BY setting) FROM muster.configuration_of('example') WHERE setting LIKE '% of pages'$$), 'colour of pages: Muster''s own, logo of pages: image/gif', 'shown among the settings');
SELECT is(does($$SELECT muster.set_page_logo('example', NULL)$$), 'organization example: its pages show its name instead of a logo', 'no logo any more');
SELECT is((SELECT string_agg(e.kind || ' ' || coalesce(e.details ->> 'also', '-') || ' ' || coalesce(e.details -> 'after' ->> 'color', '-'), ', ' ORDER BY e.id) FROM muster.event e WHERE e.kind LIKE 'branding%'),
	'branding added - #7b1fa2, branding changed - #ffcc00, branding changed - -, branding changed ["logo"] -, branding changed ["logo"] -, branding changed ["logo"] -', 'each an event, without the logo itself');

-- Languages: RFC 4647, lookup.
SELECT is(muster.page_language(string_to_array(r, ',')), l, 'for ' || coalesce(r, 'NULL') || ' ' || l) FROM (VALUES
	(NULL, 'en'), ('', 'en'), ('en', 'en'), ('de', 'de'), ('de-AT', 'de'), ('DE-at', 'de'), ('de-CH-1996', 'de'), ('fr-CA,de', 'fr'), ('nl,de', 'de'), ('nl', 'en'), ('xx,yy,es-419', 'es'),
	('ja-JP', 'ja'), ('zh', 'zh-Hans'), ('zh-CN', 'zh-Hans'), ('zh-SG', 'zh-Hans'), ('zh-Hans', 'zh-Hans'), ('zh-hans-cn', 'zh-Hans'), ('zh-TW,zh,en', 'zh-Hans'), ('zh-TW,en', 'en'), ('zh-Hant-HK,fr', 'fr'),
	('de-x-private', 'de'), ('dex', 'en'), ('d', 'en'), ('-', 'en'), ('de-', 'de'), ('*', 'en'), ('%', 'en'), ('_n', 'en')) v (r, l);

-- Texts: all there, in all six languages.
SELECT bag_eq($$SELECT DISTINCT language FROM muster.page_texts$$, $$VALUES ('de'), ('en'), ('es'), ('fr'), ('ja'), ('zh-Hans')$$, 'six languages');
SELECT is_empty($$SELECT language, key FROM muster.page_texts WHERE words IS NULL OR standard IS NULL$$, 'every text in each of them');
SELECT is_empty($$SELECT language, key FROM muster.page_text WHERE key NOT IN (SELECT key FROM muster.page_text WHERE language = 'en')$$, 'and none that English lacks');
SELECT is_empty($$SELECT o.name FROM muster.outcome o WHERE o.subcode IS NOT NULL AND NOT EXISTS (SELECT FROM muster.page_text t WHERE t.language = 'en' AND t.key = 'error_' || o.name)$$, 'a sentence for every outcome that is a fault');
SELECT is_empty($$SELECT e.language, e.key FROM muster.page_text e JOIN muster.page_text s ON s.language = 'en' AND s.key = e.key
	WHERE (strpos(e.standard, '{organization}') > 0) <> (strpos(s.standard, '{organization}') > 0) OR e.standard ~ '[<>]' OR e.standard <> btrim(e.standard)
		OR (e.standard = s.standard AND e.language <> 'en' AND e.key NOT IN ('direction', 'error_mark'))$$, 'translated, with the same places for names, without markup');
SELECT is(page($$language, name, words ->> 'sign_in_lead'$$, 'example', 'de-AT,en'), 'de|Example Ltd|Melden Sie sich bei Example Ltd an, um dieses Gerät zu verbinden.', 'a worker is told them with the name in it');
SELECT is(page($$language, words ->> 'sign_in_title'$$, 'example', 'ja,en'), 'ja|サインイン', 'in Japanese');
SELECT is((SELECT count(*) FROM muster_worker.page('example', 'fr') p, jsonb_object_keys(p.words)), (SELECT count(*) FROM muster.page_text WHERE language = 'en'), 'all of them');
SELECT is(page('outcome, why, organization'), 'OK|-|example', 'the organization');
SELECT is(page($$outcome, why, organization, name, language, words ->> 'error_title'$$, 'nowhere', 'de'), 'NotFound|there is no organization "nowhere"|-|-|de|Das hat nicht geklappt', 'no organization, and the texts to say so');
SELECT is(page('outcome, why', NULL), 'NotFound|neither the path nor the credential names an organization', 'none named');
SELECT is(does($$SELECT muster.disable_organization('other')$$), 'organization other is disabled', 'a disabled organization');
SELECT is(page($$outcome, why, name$$, 'other'), 'Authorization|organization other is disabled|Other plc', 'has no page but to say so');

-- An administrator's own texts.
SELECT is(does($$SELECT muster.set_page_text('nl', 'sign_in_title', ' Aanmelden ')$$), 'sign_in_title in nl: Aanmelden', 'a further language');
SELECT is(page($$language, words ->> 'sign_in_title', words ->> 'password_label'$$, 'example', 'nl-BE,de'), 'nl|Aanmelden|Password', 'what it lacks is English');
SELECT is(does($$SELECT count(*) FILTER (WHERE words IS NULL), count(*) FILTER (WHERE own) FROM muster.page_texts WHERE language = 'nl'$$), (SELECT count(*) - 1 FROM muster.page_text WHERE language = 'en') || '|1', 'the view shows what is missing');
SELECT is(does($$SELECT severity, finding FROM muster.check_configuration() WHERE topic = 'page text'$$), 'note|a language of the pages lacks texts, which are said in English instead: nl', 'and so does the check');
SELECT is(does($$SELECT muster.set_page_text('de', 'sign_in_lead', 'Servus bei {organization}!')$$), 'sign_in_lead in de: Servus bei {organization}!', 'another text');
SELECT is(page($$words ->> 'sign_in_lead'$$, 'example', 'de'), 'Servus bei Example Ltd!', 'comes first');
SELECT is(does($$SELECT muster.set_page_text('en', 'password_label', 'Passphrase')$$), 'password_label in en: Passphrase', 'another English one');
SELECT is(page($$words ->> 'password_label'$$, 'example', 'nl'), 'Passphrase', 'for what is missing elsewhere, too');
SELECT is(does($$SELECT muster.set_page_text('de', 'sign_in_lead', NULL)$$), 'sign_in_lead in de: Melden Sie sich bei {organization} an, um dieses Gerät zu verbinden.', 'back to Muster''s own');
SELECT is(does($$SELECT muster.set_page_text('nl', 'sign_in_title', '')$$), 'sign_in_title in nl: the English text', 'the language goes with its last text');
SELECT is(muster.page_language(ARRAY['nl']), 'en', 'and is not offered any more');
SELECT is(does(format('SELECT muster.set_page_text(%L, %L, %L)', l, k, w)), 'ERROR: ' || e, 'refused: ' || e) FROM (VALUES
	('deutsch!', 'sign_in_title', 'x', 'not usable as a language: ''deutsch!'' HINT: For example en, pt-BR or zh-Hant (BCP 47).'),
	(NULL, 'sign_in_title', 'x', 'not usable as a language: NULL HINT: For example en, pt-BR or zh-Hant (BCP 47).'),
	('de', 'greeting', 'x', 'no page has a text ''greeting'' HINT: To look: SELECT key, english FROM muster.page_texts WHERE language = ''en'';'),
	('de', NULL, 'x', 'no page has a text NULL HINT: To look: SELECT key, english FROM muster.page_texts WHERE language = ''en'';'),
	('de', 'sign_in_title', repeat('x', 1001), 'the text has 1001 characters, at most 1000 are kept')) v (l, k, w, e);
SELECT is((SELECT string_agg(concat_ws(' ', e.kind, coalesce(e.details -> 'of' ->> 'language', e.details -> 'after' ->> 'language', e.details -> 'before' ->> 'language'), e.actor_role), ', ' ORDER BY e.id) FROM muster.event e WHERE e.kind LIKE 'page text%'),
	'page text added nl boss, page text changed de boss, page text changed en boss, page text changed de boss, page text removed nl boss', 'each an event, with its language; an installation''s own are none');
SELECT is(muster.page_words('de', 'A & <b>') ->> 'sign_in_lead', 'Melden Sie sich bei A & <b> an, um dieses Gerät zu verbinden.', 'a name goes in as it is');

-- Whom a typed name means, and where passwords are taken at all.
CREATE FUNCTION typed(p_user text, p_organization text DEFAULT 'example') RETURNS text LANGUAGE sql AS $$
	SELECT test.try('muster_worker', format('SELECT outcome, why, upn FROM muster_worker.policy(%L, %L, NULL, ''{"kind": "sign-in page"}'')', p_organization, p_user))
$$;
SELECT is(typed('ada'), 'InvalidSecurity|organization example does not accept this kind of credential: sign-in page|-', 'not where no token would be taken');
SELECT isnt(does($$SELECT muster.set_auth_policies('example', '{Federated}')$$), NULL, 'Federated alone');
SELECT is(typed(u), 'OK|-|ada@example.test', 'typed: ' || u) FROM unnest(ARRAY['ada', 'ADA@Example.test', 'CORP\ada']) u;
SELECT is(typed('nemo'), 'Authentication|organization example has no account "nemo", or more than one of that short name|-', 'nobody');
SELECT is(typed('ada', 'nowhere'), 'Authentication|there is no organization "nowhere"|-', 'no organization');
SELECT is(test.try('muster_worker', $$SELECT outcome FROM muster_worker.policy('example', 'ada', NULL, '{"kind": "password"}')$$), 'InvalidSecurity', 'its password opens the page, not the envelope');
SELECT isnt(does($$SELECT muster.disable_account('bob@example.test', 'left')$$), NULL, 'a disabled account');
SELECT alike(typed('bob'), 'Authorization|account bob@example.test is disabled since % left|bob@example.test', 'is found, for its password to be proven first');
SELECT isnt(does($$SELECT muster.set_sign_in('example', 'web server')$$), NULL, 'sign-in through the web server');
SELECT is(typed('ada'), 'InvalidSecurity|organization example has its users sign in through the web server, not on the page|-', 'then the page takes no password');

-- Whose it is.
CREATE ROLE wanda LOGIN IN ROLE muster_organization_admin;
SELECT is(does($$SELECT muster.delegate('wanda', 'organization administrator', 'example')$$), 'wanda is organization administrator for organization example', 'an organization''s own administrator');
SELECT is(try('wanda', $$SELECT muster.set_page_color('example', '#004488')$$), 'organization example: its pages have the colour #004488, with white on it (contrast 9.62 to 1)', 'sets its colour');
SELECT alike(try('wanda', $$SELECT muster.set_page_color('other', '#004488')$$), 'ERROR: there is no organization "other"%', 'no other''s');
SELECT is(try('wanda', $$SELECT muster.set_page_text('de', 'sign_in_title', 'x')$$), 'ERROR: permission denied for function set_page_text', 'and no text, which is everybody''s');
SELECT is(try('audrey', $$SELECT words FROM muster.page_texts WHERE language = 'es' AND key = 'password_label'$$), 'Contraseña', 'an auditor looks');
SELECT is(try('audrey', $$SELECT muster.set_page_logo('example', NULL)$$), 'ERROR: permission denied for function set_page_logo', 'and changes nothing');

-- A deleted organization keeps none of it.
SELECT is(does($$SELECT muster.set_page_color('other', '#004488')$$), 'organization other: its pages have the colour #004488, with white on it (contrast 9.62 to 1)', 'another one''s');
SELECT isnt(does($$SELECT what FROM muster.delete_organization('other', reason => 'gone', really => true, retire_devices => true)$$), NULL, 'is deleted');
SELECT is(does($$SELECT muster.set_page_color('example', '#004489')$$), 'organization example: its pages have the colour #004489, with white on it (contrast 9.60 to 1)', 'the other one stays');
SELECT is_empty($$SELECT FROM muster.branding b JOIN muster.organization o ON o.id = b.organization WHERE o.deleted_at IS NOT NULL$$, 'without colour and logo');

SELECT * FROM finish();
