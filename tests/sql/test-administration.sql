-- Every administrator's function, as an administrator: what it does, what it says, every way it refuses.
SET search_path = test;
SELECT no_plan();

-- Organizations.
SELECT matches(try('boss', $$SELECT muster.add_organization('acme', 'Acme', 'https://Enroll.acme.test/', 'https://device.acme.test:444')$$), '^[0-9a-f-]{36}$', 'add_organization() returns an id');
SELECT results_eq($$SELECT key, name, enabled, enrollment_url, device_url, missing FROM muster.organizations WHERE key = 'acme'$$,
	$$VALUES ('acme', 'Acme', true, 'https://enroll.acme.test', 'https://device.acme.test:444', ARRAY['domain', 'DM server', 'authority', 'account'])$$, 'and makes the organization, which lacks everything');
SELECT is(try('boss', $$SELECT muster.add_organization('acme', 'Acme', 'https://a.test', 'https://b.test')$$),
	'ERROR: organization "acme" exists already HINT: Change it with muster.set_organization_name, muster.set_organization_urls, ….', 'a key is used once');
SELECT is(try('boss', format('SELECT muster.add_organization(%L, ''x'', ''https://a.test'', ''https://b.test'')', k)),
	format('ERROR: not usable as an organization''s key: %s HINT: Use 1 to 40 of a-z, 0-9 and hyphen: it stands in URLs.', coalesce(quote_literal(k), 'NULL')), 'no key: ' || coalesce(k, 'NULL'))
	FROM (VALUES ('Acme'), (''), ('a/b'), ('a b'), (repeat('a', 41)), (NULL)) v (k);
SELECT is(try('boss', $$SELECT muster.add_organization('nameless', ' ', 'https://a.test', 'https://b.test')$$), 'ERROR: the organization needs a name', 'an organization needs a name');
SELECT is(try('boss', format('SELECT muster.add_organization(''urls'', ''x'', ''https://a.test'', %L)', u)),
	format('ERROR: not usable as a host''s URL: %s HINT: Give https://host or https://host:port, without a path.', coalesce(quote_literal(u), 'NULL')), 'no host''s URL: ' || coalesce(u, 'NULL'))
	FROM (VALUES ('http://a.test'), ('a.test'), ('https://a.test/path'), ('https://user@a.test'), ('https://a b'), ('https://'), ('https://a.test:x'), (E'https://a.test\nb'), (''), (NULL)) v (u);
SELECT is(try('boss', $$SELECT muster.set_organization_name('acme', 'Acme plc')$$), 'organization acme is called Acme plc', 'set_organization_name()');
SELECT is(try('boss', $$SELECT muster.set_organization_name('acme', NULL)$$), 'ERROR: the organization needs a name', 'set_organization_name() needs one');
SELECT is(try('boss', $$SELECT muster.set_organization_urls('acme', 'https://e.acme.test', 'https://d.acme.test')$$),
	'organization acme: devices enroll at https://e.acme.test and show their certificates at https://d.acme.test', 'set_organization_urls()');
SELECT is(try('boss', $$SELECT muster.set_organization_urls('acme', 'ftp://e.acme.test', 'https://d.acme.test')$$),
	'ERROR: not usable as a host''s URL: ''ftp://e.acme.test'' HINT: Give https://host or https://host:port, without a path.', 'set_organization_urls() checks');
SELECT is(try('boss', $$SELECT muster.disable_organization('acme')$$), 'organization acme is disabled', 'disable_organization()');
SELECT is((SELECT enabled FROM muster.organizations WHERE key = 'acme'), false, 'disables it');
SELECT is(try('boss', $$SELECT muster.enable_organization('acme')$$), 'organization acme is enabled', 'enable_organization()');
SELECT is((SELECT enabled FROM muster.organizations WHERE key = 'acme'), true, 'enables it');

-- An unknown organization: the same message from all.
SELECT is(try('boss', 'SELECT muster.' || call), 'ERROR: there is no organization "nowhere" HINT: Organizations: acme, example, other', 'unknown organization: ' || call) FROM (VALUES
	('organization_id(''nowhere'')'), ('set_organization_name(''nowhere'', ''x'')'), ('set_organization_urls(''nowhere'', ''https://a.test'', ''https://b.test'')'),
	('enable_organization(''nowhere'')'), ('disable_organization(''nowhere'')'), ('add_domain(''nowhere'', ''x.test'')'), ('remove_domain(''nowhere'', ''x.test'')'),
	('set_dm_server(''nowhere'', ''X'', ''https://x.test'')'), ('set_poll_schedule(''nowhere'')'), ('set_enrollment_version(''nowhere'', ''4.0'')'), ('set_auth_policies(''nowhere'', ''{OnPremise}'')'), ('set_sign_in(''nowhere'', ''page'')'), ('set_renewal(''nowhere'')'),
	('set_validity(''nowhere'', 365)'), ('set_phone_applications(''nowhere'')'), ('set_authority(''nowhere'', ''Example issuing'')'),
	('add_account(''x@y.test'', organization => ''nowhere'')'), ('account_id(''ada@example.test'', ''nowhere'')')) v (call);
SELECT is(try('boss', 'SELECT muster.organization_id(NULL)'), 'ERROR: no organization is given HINT: Organizations: acme, example, other', 'NULL is no organization');
SELECT is(try('boss', 'SELECT muster.organization_id(''Sub.Example.test'')'), 'ERROR: there is no organization "Sub.Example.test" HINT: It is known by its key: example has the domain sub.example.test. Organizations: acme, example, other', 'nor is a domain, which tells whose it is');
SELECT is(try('boss', 'SELECT muster.organization_id('' EXAMPLE '')')::uuid, (SELECT id FROM muster.organization WHERE key = 'example'), 'case and blanks do not matter');

-- Domains.
SELECT is(try('boss', $$SELECT muster.add_domain('acme', 'Acme.Test.')$$), 'domain acme.test belongs to organization acme', 'add_domain()');
SELECT is(try('boss', $$SELECT muster.add_domain('acme', 'acme.test')$$), 'domain acme.test belongs to organization acme', 'add_domain() twice is well');
SELECT is(try('boss', $$SELECT muster.add_domain('other', 'acme.test')$$),
	'ERROR: domain acme.test belongs to organization "acme" HINT: First: SELECT muster.remove_domain(''acme'', ''acme.test'');', 'a domain is one organization''s');
SELECT is(try('boss', format('SELECT muster.add_domain(''acme'', %L)', d)),
	format('ERROR: not an e-mail domain: %s HINT: Give the part after the @, for example example.test.', coalesce(quote_literal(d), 'NULL')), 'no domain: ' || coalesce(d, 'NULL'))
	FROM (VALUES ('ada@acme.test'), (''), ('a..b'), ('a b.test'), ('<a>'), (NULL)) v (d);
SELECT is(try('boss', $$SELECT muster.remove_domain('acme', 'example.test')$$), 'ERROR: organization "acme" has no domain ''example.test'' HINT: Its domains: acme.test', 'remove_domain() only takes one''s own');
SELECT is(try('boss', $$SELECT muster.remove_domain('acme', 'ACME.test')$$), 'domain acme.test no longer belongs to organization acme', 'remove_domain()');
SELECT is(try('boss', $$SELECT muster.remove_domain('acme', 'acme.test')$$), 'ERROR: organization "acme" has no domain ''acme.test'' HINT: It has no domain.', 'remove_domain() of none');

-- DM server.
SELECT is(try('boss', $$SELECT muster.set_dm_server('acme', 'AcmeMDM', ' https://mdm.acme.test/dm?x=1 ', 'Acme')$$), 'organization acme: new devices are managed by https://mdm.acme.test/dm?x=1 (AcmeMDM)', 'set_dm_server()');
SELECT results_eq($$SELECT provider_id, provider_name, management_url FROM muster.organizations WHERE key = 'acme'$$, $$VALUES ('AcmeMDM', 'Acme', 'https://mdm.acme.test/dm?x=1')$$, 'sets it');
SELECT is(try('boss', format('SELECT muster.set_dm_server(''acme'', %L, ''https://x.test/'')', p)),
	format('ERROR: not usable as a provider id: %s HINT: Use 1 to 64 letters and digits, nothing else: it becomes part of paths on the device.', coalesce(quote_literal(p), 'NULL')), 'no provider id: ' || coalesce(p, 'NULL'))
	FROM (VALUES (''), ('a b'), ('a/b'), ('a.b'), (repeat('a', 65)), (NULL)) v (p);
SELECT is(try('boss', format('SELECT muster.set_dm_server(''acme'', ''X'', %L)', u)),
	format('ERROR: not usable as a URL: %s HINT: Give https://host[:port]/path without blanks, user name or quotes.', coalesce(quote_literal(u), 'NULL')), 'no URL: ' || coalesce(u, 'NULL'))
	FROM (VALUES (''), ('http://x.test'), ('https://x.test/a b'), ('https://u:p@x.test/'), ('https://x.test/"'), (NULL)) v (u);

-- Poll schedule.
SELECT is(try('boss', $$SELECT muster.set_poll_schedule('acme', 8, 15, 5, 3, 0, 1560, false, true)$$), 'organization acme: new devices poll 8 × 15, 5 × 3, then 0 × 1560 minutes', 'set_poll_schedule()');
SELECT results_eq($$SELECT first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval, poll_on_login, all_users_poll_on_first_login FROM muster.organization WHERE key = 'acme'$$,
	$$VALUES (8, 15, 5, 3, 0, 1560, false, true)$$, 'sets it');
SELECT is(try('boss', format('SELECT muster.set_poll_schedule(''acme'', %s)', v)), 'ERROR: ' || message || ' HINT: Recommended: 5 times every 15 minutes, 10 times every 60, then endlessly (0) every 1440.', 'no poll schedule: ' || v) FROM (VALUES
	('NULL', 'no part of a poll schedule may be NULL'),
	('0, 15', 'the first schedule needs at least 1 retry and 1 minute: with 0 the device may poll for ever or not at all'),
	('5, 0', 'the first schedule needs at least 1 retry and 1 minute: with 0 the device may poll for ever or not at all'),
	('0, 0, 0, 0, 0, 0', 'the first schedule needs at least 1 retry and 1 minute: with 0 the device may poll for ever or not at all'),
	('5, 15, -1', 'counts and minutes cannot be negative'),
	('5, 15, 10, 60, 0, -1', 'counts and minutes cannot be negative'),
	('100001', 'more than 100000 retries: use 0, endless'),
	('5, 525601', 'an interval is longer than a year (525600 minutes)'),
	('5, 15, 10, 0', 'retries need an interval of at least 1 minute'),
	('5, 15, 10, 60, 3, 0', 'retries need an interval of at least 1 minute'),
	('5, 15, 0, 60, 0, 1440', 'only one schedule can be endless: the second is, so the remaining one would never begin')) x (v, message);
SELECT is(try('boss', format('SELECT muster.set_poll_schedule(''acme'', %s)', v)) ~ '^organization acme', true, 'a poll schedule: ' || v)
	FROM (VALUES ('5, 15, 0, 60, 0, 0'), ('5, 15, 0, 0, 0, 1440'), ('5, 15, 0, 0, 0, 0'), ('5, 15, 10, 60, 3, 1440')) x (v);
SELECT is(try('boss', $$SELECT muster.set_poll_schedule('acme')$$), 'organization acme: new devices poll 5 × 15, 10 × 60, then 0 × 1440 minutes', 'without numbers the recommended schedule');

-- How users prove who they are.
SELECT is(try('boss', $$SELECT muster.set_auth_policies('acme', '{federated, ONPREMISE}')$$), 'organization acme: devices prove who they are by Federated, else OnPremise', 'set_auth_policies()');
SELECT is((SELECT o.auth_policies FROM muster.organization o WHERE o.key = 'acme'), '{Federated,OnPremise}', 'in the order given, spelled as devices do');
SELECT is(try('boss', $$SELECT muster.set_auth_policies('acme', '{}')$$), 'organization acme: nobody can enroll', 'none at all');
SELECT is((SELECT string_agg(next_step, ' ') FROM muster.check_configuration('acme') WHERE topic = 'authentication'), 'SELECT muster.set_auth_policies(''acme'', ''{OnPremise}'');', 'which check_configuration() finds');
SELECT is(try('boss', format('SELECT muster.set_auth_policies(''acme'', %L)', v)), 'ERROR: ' || message, 'no policies: ' || coalesce(v, 'NULL')) FROM (VALUES
	('{Smartcard}', 'there is no AuthPolicy ''Smartcard'' HINT: OnPremise: a password. Federated: sign-in on a web page, tokens. Certificate: signed by a certificate.'),
	('{OnPremise,NULL}', 'there is no AuthPolicy NULL HINT: OnPremise: a password. Federated: sign-in on a web page, tokens. Certificate: signed by a certificate.'),
	('{OnPremise,onpremise}', 'an AuthPolicy is listed twice HINT: Each once, by priority.'),
	(NULL, 'the policies are missing HINT: By priority: SELECT muster.set_auth_policies(organization, ''{Federated,OnPremise}''); with ''{}'' nobody enrolls.')) x (v, message);
SELECT is(try('boss', $$SELECT muster.set_auth_policies('acme', '{OnPremise}')$$), 'organization acme: devices prove who they are by OnPremise', 'one');
SELECT is(try('boss', $$SELECT muster.set_sign_in('acme', 'web server')$$), 'organization acme: where Federated is offered, users sign in by the web server''s own module, at /muster/sso', 'set_sign_in(), by the web server');
SELECT is(try('boss', $$SELECT muster.set_sign_in('acme', 'page')$$), 'organization acme: where Federated is offered, users sign in on our page', 'set_sign_in(), on the page');
SELECT is(try('boss', format('SELECT muster.set_sign_in(''acme'', %L)', v)), format('ERROR: users sign in on our page or by the web server, not %s HINT: page: with the account''s password. web server: its own module (OpenID Connect, Kerberos, SAML) has them sign in.', coalesce(quote_literal(v), 'NULL')), 'no sign-in: ' || coalesce(v, 'NULL'))
	FROM (VALUES ('door'), (NULL)) x (v);

-- Enrollment version, renewal, validity.
SELECT is(try('boss', $$SELECT muster.set_enrollment_version('acme', '5.0')$$), 'organization acme: discovery answers enrollment version 5.0 at most', 'set_enrollment_version()');
SELECT is(try('boss', format('SELECT muster.set_enrollment_version(''acme'', %L)', v)), format('ERROR: not an enrollment version: %s HINT: Use 3.0, 4.0 (recommended), 5.0, … 9.0.', coalesce(quote_literal(v), 'NULL')), 'no version: ' || coalesce(v, 'NULL'))
	FROM (VALUES ('4'), ('2.0'), ('10.0'), ('x'), (NULL)) x (v);
SELECT is(try('boss', $$SELECT muster.set_renewal('acme', 60, 4, 'https://renew.acme.test/x')$$), 'organization acme: new devices renew 60 days before the end, trying every 4 days, at https://renew.acme.test/x', 'set_renewal()');
SELECT is(try('boss', $$SELECT muster.set_renewal('acme')$$), 'organization acme: new devices renew 42 days before the end, trying every 5 days', 'without numbers the recommended ones');
SELECT is(try('boss', format('SELECT muster.set_renewal(''acme'', %s)', v)), 'ERROR: the renewal period must be 1 to 1000 days and the retry interval no longer than it HINT: Recommended: a period of 42 days and tries every 5 days.', 'no renewal: ' || v)
	FROM (VALUES ('0'), ('1001'), ('10, 11'), ('10, 0'), ('NULL')) x (v);
SELECT is(try('boss', $$SELECT muster.set_renewal('acme', 365)$$), 'ERROR: a renewal period of 365 days does not fit into certificates of 365 days HINT: Shorten the period, or lengthen the certificates with muster.set_validity.', 'a renewal period must fit');
SELECT is(try('boss', $$SELECT muster.set_renewal('acme', 42, 5, 'http://x.test')$$), 'ERROR: not usable as a URL: ''http://x.test'' HINT: Give https://host[:port]/path without blanks, user name or quotes.', 'set_renewal() checks the URL');
SELECT is(try('boss', $$SELECT muster.set_validity('acme', 730)$$), 'organization acme: new certificates live 730 days', 'set_validity()');
SELECT is(try('boss', $$SELECT muster.set_validity('acme', 42)$$), 'ERROR: certificates of 42 days leave no room for a renewal period of 42 days HINT: Shorten the period first, with muster.set_renewal.', 'certificates outlive their renewal period');
SELECT is(try('boss', format('SELECT muster.set_validity(''acme'', %s)', v)), 'ERROR: certificates live 1 to 3650 days HINT: Usual: 365.', 'no validity: ' || v) FROM (VALUES ('0'), ('3651'), ('NULL')) x (v);

-- Phones.
SELECT is(try('boss', $$SELECT muster.set_phone_applications('acme', '123', 'UEsDBBQ=')$$), 'organization acme: phones get the application token', 'set_phone_applications(): token');
SELECT is(try('boss', $$SELECT muster.set_phone_applications('acme', '123', 'UEsDBBQ=', '{8a1d2f0e-4b5c-4d6e-8f70-112233445566}', 'https://acme.test/hub.xap', 'Hub')$$), 'organization acme: phones get the application token and the Company Hub', 'set_phone_applications(): hub');
SELECT results_eq($$SELECT application_enterprise_id, application_token, hub_product_id, hub_uri, hub_name FROM muster.organization WHERE key = 'acme'$$,
	$$VALUES ('123', 'UEsDBBQ=', '{8a1d2f0e-4b5c-4d6e-8f70-112233445566}', 'https://acme.test/hub.xap', 'Hub')$$, 'sets them');
SELECT is(try('boss', format('SELECT muster.set_phone_applications(''acme'', %s)', v)), 'ERROR: ' || message || ' HINT: \df+ muster.set_phone_applications shows an example.', 'no phone applications: ' || v) FROM (VALUES
	('''1''', 'enterprise id and token go together'), ('NULL, ''AAAA''', 'enterprise id and token go together'),
	('''a b'', ''AAAA''', 'the enterprise id is 1 to 64 letters, digits, dots, hyphens and underscores'), ('''1'', ''A B''', 'the token is not base64 on one line'),
	('''1'', ''AAAA'', ''8a1d2f0e-4b5c-4d6e-8f70-112233445566''', 'the Company Hub needs product id, URI and name'),
	('NULL, NULL, ''8a1d2f0e-4b5c-4d6e-8f70-112233445566'', ''https://x.test'', ''n''', 'the Company Hub needs the application token'),
	('''1'', ''AAAA'', ''x'', ''https://x.test'', ''n''', 'the Company Hub''s product id is not a GUID'),
	('''1'', ''AAAA'', ''8a1d2f0e-4b5c-4d6e-8f70-112233445566'', ''javascript:x'', ''n''', 'the Company Hub''s URI is not one of http or https')) x (v, message);
SELECT is(try('boss', $$SELECT muster.set_phone_applications('acme')$$), 'organization acme: phones get no application token', 'set_phone_applications(): none');

-- Accounts.
SELECT is(try('boss', $$SELECT muster.add_account('grace@nowhere.test')$$),
	'ERROR: no organization has the domain nowhere.test HINT: Add it: SELECT muster.add_domain(organization, ''nowhere.test''); or say whose account it is: organization => ''…''.', 'an account without organization');
SELECT matches(try('boss', $$SELECT muster.add_account('Grace@Example.test', 'Grace')$$), '^[0-9a-f-]{36}$', 'add_account() finds the organization by domain');
SELECT results_eq($$SELECT organization, upn, display_name, kind, enabled, has_password, devices FROM muster.accounts WHERE upn = 'Grace@Example.test'$$, $$VALUES ('example', 'Grace@Example.test', 'Grace', 'person', true, false, 0::bigint)$$, 'and makes the account');
SELECT is(try('boss', $$SELECT muster.add_account('GRACE@example.test')$$), 'ERROR: account "GRACE@example.test" exists already HINT: To set its password: muster-ca password UPN. To let it enroll again: SELECT muster.enable_account(upn);', 'a name is used once, whatever the case');
SELECT matches(try('boss', $$SELECT muster.add_account('grace@nowhere.test', organization => 'acme')$$), '^[0-9a-f-]{36}$', 'add_account() with an organization needs no domain');
SELECT is(try('boss', format('SELECT muster.add_account(%L)', u)), format('ERROR: not usable as an account''s name: %s HINT: Give a user principal name: name@domain, without blanks, at most 320 characters.', coalesce(quote_literal(u), 'NULL')), 'no account''s name: ' || coalesce(u, 'NULL'))
	FROM (VALUES ('ada'), ('@example.test'), ('ada@'), ('a b@example.test'), ('a@b@example.test'), ('DOM\ada@example.test'), (''), (NULL)) v (u);
SELECT is(try('boss', $$SELECT muster.add_account('x@example.test', kind => 'robot')$$), 'ERROR: an account is of kind person or bulk, not ''robot'' HINT: bulk is for provisioning packages, person for everybody else.', 'kinds are two');
SELECT is(try('boss', $$SELECT muster.set_account_name('grace@example.test', 'Grace Hopper')$$), 'account grace@example.test is called Grace Hopper', 'set_account_name()');
SELECT is(try('boss', $$SELECT muster.disable_account('grace@example.test', 'left the company')$$), 'account grace@example.test is disabled; its devices stay until they are retired', 'disable_account()');
SELECT results_eq($$SELECT enabled, disabled_reason, disabled_at > now() - interval '1 min' FROM muster.accounts WHERE upn = 'Grace@Example.test'$$, $$VALUES (false, 'left the company', true)$$, 'disables it, with reason and time');
SELECT is(try('boss', $$SELECT muster.disable_account('grace@example.test', ' ')$$), 'ERROR: disabling an account needs a reason HINT: For example: SELECT muster.disable_account(''ada@example.test'', ''left the company'');', 'disable_account() needs a reason');
SELECT is(try('boss', $$SELECT muster.enable_account('grace@example.test')$$), 'account grace@example.test is enabled', 'enable_account()');
SELECT results_eq($$SELECT enabled, disabled_reason, disabled_at FROM muster.accounts WHERE upn = 'Grace@Example.test'$$, $$VALUES (true, NULL::text, NULL::timestamptz)$$, 'enables it and forgets why it was not');
SELECT is(try('boss', 'SELECT muster.' || call), 'ERROR: there is no account "nobody@example.test" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;', 'unknown account: ' || call) FROM (VALUES
	('account_id(''nobody@example.test'')'), ('disable_account(''nobody@example.test'', ''x'')'), ('enable_account(''nobody@example.test'')'), ('set_account_name(''nobody@example.test'', ''x'')'),
	('set_password_hash(''nobody@example.test'', ''$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'')'), ('remove_password(''nobody@example.test'')'), ('devices_of(''nobody@example.test'')')) v (call);
SELECT is(try('boss', $$SELECT muster.enable_account('ada@example.test', 'other')$$), 'ERROR: there is no account "ada@example.test" in organization "other" HINT: Give the whole name, as name@domain. To look: SELECT organization, upn FROM muster.accounts ORDER BY upn;', 'unknown in that organization');
SELECT is(try('boss', $$SELECT muster.enable_account('shared@third.test')$$), 'ERROR: account "shared@third.test" exists in several organizations: example, other HINT: Say which: add organization => ''…''.', 'a name in two organizations');
SELECT is(try('boss', $$SELECT muster.enable_account('shared@third.test', 'other')$$), 'account shared@third.test is enabled', 'said which');

-- Passwords: hashes of known schemes only, and no message quotes what is none.
SELECT is(try('boss', format('SELECT muster.set_password_hash(''grace@example.test'', %L)', h)), 'password of grace@example.test set', 'a hash: ' || left(h, 8)) FROM (VALUES
	('$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'), ('$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'),
	('$7$CU..../....2Q9obwLhin8qvQl6sisAO/$E1HizYWxBmnIH4sdPkKcYmHk'), ('$2b$05$WApznUPhDubN0oeveSXHp.W8/ijpKT9P1BZdCsyFSDcFhT9pjvCru'), ('$2a$05$WApznUPhDubN0oeveSXHp.W8/ijpKT9P1BZdCsyFSDcFhT9pjvCru'),
	('$2y$05$WApznUPhDubN0oeveSXHp.W8/ijpKT9P1BZdCsyFSDcFhT9pjvCru'), ('$6$rounds=50000$saltstring$OwOKuqdiR2y7hzWFR1u8fM9Fkz1hXvOxhTA7Pvt5'), ('$6$saltstring$OwOKuqdiR2y7hzWFR1u8fM9Fkz1hXvOxhTA7Pvt5')) v (h);
SELECT is((SELECT has_password AND password_set_at > now() - interval '1 min' FROM muster.accounts WHERE upn = 'Grace@Example.test'), true, 'a password is set now');
SELECT is(try('boss', format('SELECT muster.set_password_hash(''grace@example.test'', %L)', h)), 'ERROR: this is not a password hash of a known scheme (yescrypt, scrypt, bcrypt or SHA-512 crypt) HINT: Set passwords with: muster-ca password UPN. If this was a clear password, choose another: the server''s log may hold it.', 'no hash: case ' || n)
	FROM (VALUES (1, 'hunter2'), (2, ''), (3, '$1$salt$Gcm6FsVtF/Qa77ZKD.iwsJ'), (4, '$5$saltsalt$abcdefghijklmnop'), (5, 'abJnggxhB/yWI'), (6, '$y$'), (7, '$y$j9T$with blank$abcdefgh'), (8, '$y$' || repeat('a', 400)), (9, '{SSHA}abcdefghijkl'), (10, E'$y$j9T$abcdefghijk\n')) v (n, h);
SELECT is(try('boss', $$UPDATE muster.account SET password_hash = 'hunter2' WHERE upn = 'ada@example.test'$$), 'ERROR: this is not a password hash of a known scheme (yescrypt, scrypt, bcrypt or SHA-512 crypt) HINT: Set passwords with: muster-ca password UPN. If this was a clear password, choose another: the server''s log may hold it.', 'nor by hand');
SELECT is(try('boss', $$SELECT muster.set_password_hash('grace@example.test', NULL)$$), 'ERROR: the hash is NULL HINT: To take the password away: SELECT muster.remove_password(upn);', 'NULL is no hash');
SELECT is(try('boss', $$SELECT muster.remove_password('grace@example.test')$$), 'account grace@example.test has no password', 'remove_password()');
SELECT results_eq($$SELECT has_password, password_set_at FROM muster.accounts WHERE upn = 'Grace@Example.test'$$, $$VALUES (false, NULL::timestamptz)$$, 'takes it away');

-- Authorities.
SELECT is(try('boss', format('SELECT muster.add_authority(%s)', v)), 'ERROR: ' || message || ' HINT: Authorities are made by: muster-ca init', 'no authority: ' || message) FROM (VALUES
	('''leaf'', ''A'', NULL, NULL, test.der(1), now(), now() + interval ''1 y''', 'an authority is of kind root, intermediate or issuing'),
	('''root'', '' '', NULL, NULL, test.der(1), now(), now() + interval ''1 y''', 'the authority needs a name'),
	('''root'', ''A'', test.id(1), NULL, test.der(1), now(), now() + interval ''1 y''', 'a root has no parent'),
	('''issuing'', ''A'', NULL, test.locked_key(), test.der(1), now(), now() + interval ''1 y''', 'an issuing authority needs its root as parent'),
	('''issuing'', ''A'', test.id(1), NULL, test.der(1), now(), now() + interval ''1 y''', 'an issuing authority needs its key'),
	('''root'', ''A'', NULL, NULL, ''\x30'', now(), now() + interval ''1 y''', 'the authority needs its certificate, as DER'),
	('''root'', ''A'', NULL, decode(repeat(''30'', 100), ''hex''), test.der(1), now(), now() + interval ''1 y''', 'the private key is not encrypted (PKCS#8 with PBES2, as DER)'),
	('''root'', ''A'', NULL, NULL, test.der(1), now(), now()', 'the certificate''s end must come after its beginning'),
	('''issuing'', ''A'', test.id(1), test.locked_key(), test.der(1), now(), now() + interval ''1 y''', 'there is no authority 0198f0c2-0000-7000-8000-000000000001 to be the parent'),
	('''issuing'', ''A'', muster.authority_id(''Example issuing''), test.locked_key(), test.der(1), now(), now() + interval ''1 y''', 'the parent signs devices, not authorities'),
	('''issuing'', ''A'', muster.authority_id(''Example root''), test.locked_key(), test.der(1), now(), now() + interval ''21 y''', 'it would outlive its root')) x (v, message);
SELECT is(try('boss', $$SELECT muster.add_authority('root', 'example ROOT', NULL, NULL, test.der(1), now(), now() + interval '1 y')$$), 'ERROR: authority "example ROOT" exists already HINT: Choose another name; muster-ca show lists them.', 'an authority''s name is used once, whatever the case');
SELECT matches(try('boss', $$SELECT muster.add_authority('root', 'Offline root', NULL, NULL, test.der(1), now(), now() + interval '1 y', 'rsa-4096')$$), '^[0-9a-f-]{36}$', 'a root may keep its key elsewhere');
SELECT matches(try('boss', $$SELECT muster.add_authority('issuing', 'Old issuing', muster.authority_id('Example root'), test.locked_key(), test.der(2), now() - interval '2 y', now() - interval '1 y')$$), '^[0-9a-f-]{36}$', 'add_authority() returns an id');
SELECT results_eq($$SELECT name, kind, root, key_type, has_key, organizations FROM muster.authorities ORDER BY name$$,
	$$VALUES ('Example issuing', 'issuing', 'Example root', 'ec-p256', true, ARRAY['example', 'other']), ('Example root', 'root', NULL, 'ec-p256', true, NULL),
	('Offline root', 'root', NULL, 'rsa-4096', false, NULL), ('Old issuing', 'issuing', 'Example root', NULL, true, NULL)$$, 'the view shows them');
SELECT is(try('boss', $$SELECT muster.authority_id('nothing')$$), 'ERROR: there is no authority "nothing" HINT: Authorities: Example issuing, Example root, Offline root, Old issuing', 'unknown authority');
SELECT is(try('boss', $$SELECT muster.authority_id(muster.authority_id('EXAMPLE issuing')::text)$$)::uuid, (SELECT id FROM muster.authority WHERE name = 'Example issuing'), 'an authority is found by name or id');
SELECT is(try('boss', $$SELECT muster.set_authority('acme', 'Example root')$$), 'ERROR: authority "Example root" is a root and signs no devices HINT: Issuing authorities: Example issuing', 'a root signs no devices');
SELECT is(try('boss', $$SELECT muster.set_authority('acme', 'Old issuing')$$), 'ERROR: authority "Old issuing" has ended HINT: Issuing authorities: Example issuing', 'nor does an authority that ended');
SELECT is(try('boss', $$SELECT muster.set_authority('acme', 'example issuing')$$), 'organization acme: new certificates are signed by "Example issuing"', 'set_authority()');
SELECT is((SELECT missing FROM muster.organizations WHERE key = 'acme'), ARRAY['domain'], 'now only the domain is missing');
SELECT is(try('boss', $$DELETE FROM muster.authority$$), 'ERROR: permission denied for table authority', 'an administrator deletes no authority');
SELECT is(try('postgres', $$DELETE FROM muster.authority WHERE name = 'Offline root'$$), 'ERROR: authorities are never deleted: certificates refer to them HINT: Give its organizations another one: SELECT muster.set_authority(organization, authority);', 'nor does anybody');
SELECT is(try('boss', $$SELECT muster.set_sealing_key('\x00')$$), 'ERROR: this is no sealing key HINT: It is made by: muster-ca init', 'a sealing key has its size');
SELECT is(try('boss', $$SELECT muster.set_sealing_key(sha256('another'))$$), 'false', 'a sealing key is set once');
SELECT is((SELECT sealing_key FROM muster.configuration), sha256('sealing key'), 'and stays');
SELECT is(try('boss', $$SELECT muster.authority_key(muster.authority_id('Example root'))$$), test.locked_key()::text, 'authority_key() hands out the encrypted key');
SELECT is(try('boss', $$SELECT muster.authority_key(muster.authority_id('Offline root'))$$), '-', 'none if it is elsewhere');
SELECT is(try('boss', $$SELECT muster.authority_key(test.id(1))$$), 'ERROR: there is no authority 0198f0c2-0000-7000-8000-000000000001 HINT: muster-ca show lists them.', 'unknown authority''s key');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'authority key read' AND actor_role = 'boss' AND details ->> 'name' = 'Example root'), 1::bigint, 'each handing out is an event');

-- Devices.
SELECT is(try('muster_issuer', record(1, 'ada@example.test', '{"DeviceID": "d1", "DeviceName": "PC-1"}')), 'OK|-', 'a device');
SELECT is(try('boss', $$SELECT muster.retire_device(test.id(9), 'x')$$), 'ERROR: there is no device 0198f0c2-0000-7000-8000-000000000009 HINT: To look, by name, serial number or account: SELECT id, name, state FROM muster.find_devices(''…'');', 'unknown device');
SELECT is(try('boss', $$SELECT muster.retire_device(test.id(1), '')$$), 'ERROR: retiring a device needs a reason HINT: For example: SELECT muster.retire_device(''…'', ''lost on the train'');', 'retiring needs a reason');
SELECT is(try('boss', $$SELECT muster.retire_device(test.id(1), 'lost on the train')$$), 'device PC-1 is retired; its certificate is refused from now on', 'retire_device()');
SELECT is(try('boss', $$SELECT muster.retire_device(test.id(1), 'again')$$), 'device PC-1 was retired already', 'twice changes nothing');
SELECT results_eq($$SELECT state, retired_reason, retired_at > now() - interval '1 min' FROM muster.devices WHERE id = test.id(1)$$, $$VALUES ('retired', 'lost on the train', true)$$, 'with reason and time');
SELECT is(try('audrey', $$SELECT id, state FROM muster.devices_of('ADA@example.test')$$), test.id(1) || '|retired', 'devices_of()');

-- Administration is told as events: who, what, before and after; never a hash or key.
SELECT results_eq($$SELECT kind, user_name, actor, actor_role, why FROM muster.event WHERE device = test.id(1) AND kind = 'retired'$$, $$VALUES ('retired', NULL::text, 'postgres', 'boss', 'lost on the train')$$, 'retiring is an event, once');
SELECT is((SELECT details FROM muster.event WHERE kind = 'organization changed' AND details -> 'after' ? 'management_url' ORDER BY at DESC LIMIT 1),
	'{"before": {"management_url": null, "provider_id": "Muster", "provider_name": null}, "after": {"management_url": "https://mdm.acme.test/dm?x=1", "provider_id": "AcmeMDM", "provider_name": "Acme"}}', 'a change tells before and after');
SELECT bag_has($$SELECT kind FROM muster.event WHERE actor_role = 'boss'$$, $$VALUES ('organization added'), ('organization changed'), ('organization disabled'), ('organization enabled'), ('domain added'), ('domain removed'),
	('account added'), ('account changed'), ('account disabled'), ('account enabled'), ('password set'), ('password removed'), ('authority added'), ('authority key read'), ('retired')$$, 'every kind of change is told');
SELECT is((SELECT count(*) FROM muster.event WHERE kind = 'domain added' AND details #>> '{after,domain}' = 'acme.test'), 1::bigint, 'what changes nothing is no event');
SELECT is((SELECT why FROM muster.event WHERE kind = 'account disabled'), 'left the company', 'a reason is told');
SELECT is_empty($$SELECT details FROM muster.event WHERE details::text ~ '[$](y|6|2b)[$]|password_hash|private_key|UEsDBBQ|06092a864886f70d01050d|dm_secrets'
	OR details::text LIKE '%' || encode(sha256('sealing key'), 'hex') || '%'$$, 'no event holds a hash, key or secret');
SELECT is(try('boss', $$UPDATE muster.organization SET name = 'By hand' WHERE key = 'acme'$$), 'done 1', 'a change by hand');
SELECT is((SELECT details FROM muster.event ORDER BY at DESC LIMIT 1), '{"before": {"name": "Acme plc"}, "after": {"name": "By hand"}}', 'is an event, too');
SELECT muster.add_group('acme', 'Staff');
SELECT muster.set_group_cap('acme', 'Staff', 4);
SELECT is((SELECT details - 'of' || jsonb_build_object('of', details #> '{of,name}') FROM muster.event WHERE kind = 'account group changed' ORDER BY at DESC LIMIT 1),
	'{"before": {"device_cap": null}, "after": {"device_cap": 4}, "of": "Staff"}', 'a changed row is named');

-- The configuration's generation moves with what the programs remember, and with nothing else.
CREATE FUNCTION moves(p_sql text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint := (SELECT generation FROM muster.configuration);
	said text := test.try('boss', p_sql);
BEGIN
	IF said LIKE 'ERROR%' THEN RAISE EXCEPTION '%', said; END IF;
	RETURN (SELECT generation FROM muster.configuration) - before;
END
$$;
SELECT ok(moves(s) > 0, 'moves the generation: ' || s) FROM (VALUES ('SELECT muster.set_organization_name(''acme'', ''Z'')'), ('SELECT muster.add_domain(''acme'', ''z.test'')'), ('SELECT muster.remove_domain(''acme'', ''z.test'')'),
	('SELECT muster.set_authority(''acme'', ''Example issuing'') FROM muster.set_validity(''acme'', 100)'), ('SELECT muster.add_organization(''g'', ''G'', ''https://g.test'', ''https://g.test'')'), ('SELECT muster.disable_organization(''g'')'),
	('SELECT muster.add_authority(''root'', ''G'', NULL, NULL, test.der(7), now(), now() + interval ''1 y'')')) v (s);
SELECT is(moves(s), 0::bigint, 'leaves the generation: ' || s) FROM (VALUES ('SELECT muster.add_account(''g@example.test'')'), ('SELECT muster.disable_account(''g@example.test'', ''x'')'), ('SELECT muster.set_organization_name(''acme'', ''Z'')'),
	('SELECT muster.disable_organization(''g'')'), ('SELECT muster.add_domain(''example'', ''example.test'')')) v (s);

SELECT * FROM finish();
