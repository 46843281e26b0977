-- Organizations and their settings: functions for administrators. They run as the caller.

CREATE OR REPLACE FUNCTION muster.organization_id(organization text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid;
BEGIN
	SELECT o.id INTO id FROM muster.organization o WHERE o.key = lower(btrim(organization_id.organization)) AND o.deleted_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION '%', coalesce('there is no organization "' || organization_id.organization || '"', 'no organization is given')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce((SELECT format('It is known by its key: %s has the domain %s. ', o.key, d.domain) FROM muster.email_domain d JOIN muster.organization o ON o.id = d.organization
					WHERE d.domain = lower(btrim(organization_id.organization))), '')
				|| coalesce('Organizations: ' || (SELECT string_agg(s.key, ', ') FROM (SELECT o.key FROM muster.organization o WHERE o.deleted_at IS NULL ORDER BY o.key LIMIT 20) s),
				'There is none yet: SELECT muster.add_organization(key, name, enrollment_url, device_url);');
	END IF;
	RETURN id;
END
$$;
COMMENT ON FUNCTION muster.organization_id(text) IS 'The id of an organization by its key; an error that names those there are if there is none. Example: SELECT muster.organization_id(''example'');';

CREATE OR REPLACE FUNCTION muster.host_url(url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := lower(rtrim(btrim(url), '/'));
BEGIN
	IF clean IS NULL OR clean !~ '^https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$' THEN
		RAISE EXCEPTION 'not usable as a host''s URL: %', coalesce(quote_literal(url), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give https://host or https://host:port, without a path.';
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.host_url(text) IS 'Internal: https://host[:port] in lower case without a slash at the end, or an error. Example: SELECT muster.host_url(''https://Enroll.example.test/'');';

CREATE OR REPLACE FUNCTION muster.page_url(url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF url IS NULL OR length(url) > 2048 OR btrim(url) !~ '^https://[^[:space:][:cntrl:]<>"@/]+(/[^[:space:][:cntrl:]<>"]*)?$' THEN
		RAISE EXCEPTION 'not usable as a URL: %', coalesce(quote_literal(left(url, 200)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give https://host[:port]/path without blanks, user name or quotes.';
	END IF;
	RETURN btrim(url);
END
$$;
COMMENT ON FUNCTION muster.page_url(text) IS 'Internal: an https URL that devices can be sent to, or an error. Example: SELECT muster.page_url(''https://mdm.example.test/ManagementServer/MDM.svc'');';

CREATE OR REPLACE FUNCTION muster.add_organization(key text, name text, enrollment_url text, device_url text) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made uuid := muster.new_id();
BEGIN
	IF add_organization.key IS NULL OR add_organization.key !~ '^[a-z0-9-]{1,40}$' THEN
		RAISE EXCEPTION 'not usable as an organization''s key: %', coalesce(quote_literal(add_organization.key), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Use 1 to 40 of a-z, 0-9 and hyphen: it stands in URLs.';
	END IF;
	IF muster.cut(add_organization.name, 256) IS NULL THEN
		RAISE EXCEPTION 'the organization needs a name' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO muster.organization (id, key, name, enrollment_url, device_url)
	VALUES (made, add_organization.key, muster.cut(add_organization.name, 256),
		muster.host_url(add_organization.enrollment_url), muster.host_url(add_organization.device_url))
	ON CONFLICT ON CONSTRAINT organization_key DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization "%" exists already', add_organization.key
			USING ERRCODE = 'unique_violation', HINT = 'Change it with muster.set_organization_name, muster.set_organization_urls, ….';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_organization(text, text, text, text) IS 'Add an organization: its key in URLs, its name, the URL of the host that devices enroll at and of the host that asks for client certificates. Then: muster.add_domain, muster.set_dm_server, muster-ca init, muster.add_account. Returns its id. Example: SELECT muster.add_organization(''example'', ''Example Ltd'', ''https://enroll.example.test'', ''https://device.example.test'');';

CREATE OR REPLACE FUNCTION muster.set_organization_name(organization text, name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF muster.cut(set_organization_name.name, 256) IS NULL THEN
		RAISE EXCEPTION 'the organization needs a name' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	UPDATE muster.organization o SET name = muster.cut(set_organization_name.name, 256)
	 WHERE o.id = muster.organization_id(set_organization_name.organization);
	RETURN format('organization %s is called %s', set_organization_name.organization, muster.cut(set_organization_name.name, 256));
END
$$;
COMMENT ON FUNCTION muster.set_organization_name(text, text) IS 'Give an organization another name for people. Its key stays. Example: SELECT muster.set_organization_name(''example'', ''Example plc'');';

CREATE OR REPLACE FUNCTION muster.set_organization_urls(organization text, enrollment_url text, device_url text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	enrollment text := muster.host_url(set_organization_urls.enrollment_url);
	device text := muster.host_url(set_organization_urls.device_url);
BEGIN
	UPDATE muster.organization o SET enrollment_url = enrollment, device_url = device
	 WHERE o.id = muster.organization_id(set_organization_urls.organization);
	RETURN format('organization %s: devices enroll at %s and show their certificates at %s', set_organization_urls.organization, enrollment, device);
END
$$;
COMMENT ON FUNCTION muster.set_organization_urls(text, text, text) IS 'Set the hosts an organization''s devices enroll at and show their certificates at. Example: SELECT muster.set_organization_urls(''example'', ''https://enroll.example.test'', ''https://device.example.test'');';

CREATE OR REPLACE FUNCTION muster.enable_organization(organization text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.organization o SET enabled = true
	 WHERE o.id = muster.organization_id(enable_organization.organization);
	RETURN format('organization %s is enabled', enable_organization.organization);
END
$$;
COMMENT ON FUNCTION muster.enable_organization(text) IS 'Let a disabled organization enroll again and its devices in. Example: SELECT muster.enable_organization(''example'');';

CREATE OR REPLACE FUNCTION muster.disable_organization(organization text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.organization o SET enabled = false
	 WHERE o.id = muster.organization_id(disable_organization.organization);
	RETURN format('organization %s is disabled', disable_organization.organization);
END
$$;
COMMENT ON FUNCTION muster.disable_organization(text) IS 'Shut an organization out: nobody enrolls, and its devices'' certificates are refused until it is enabled again. Example: SELECT muster.disable_organization(''example'');';

CREATE OR REPLACE FUNCTION muster.add_domain(organization text, domain text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.organization_id(add_domain.organization);
	clean text := lower(btrim(add_domain.domain, ' .'));
	owner_key text;
BEGIN
	IF clean IS NULL OR length(clean) > 253 OR clean !~ '^[^[:space:][:cntrl:]@/\\"''<>.]+([.][^[:space:][:cntrl:]@/\\"''<>.]+)*$' THEN
		RAISE EXCEPTION 'not an e-mail domain: %', coalesce(quote_literal(left(add_domain.domain, 300)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the part after the @, for example example.test.';
	END IF;
	SELECT o.key INTO owner_key FROM muster.email_domain d JOIN muster.organization o ON o.id = d.organization WHERE d.domain = clean;
	IF FOUND AND owner_key <> lower(btrim(add_domain.organization)) THEN
		RAISE EXCEPTION 'domain % belongs to organization "%"', clean, owner_key
			USING ERRCODE = 'unique_violation', HINT = format('First: SELECT muster.remove_domain(%L, %L);', owner_key, clean);
	ELSIF NOT FOUND THEN
		INSERT INTO muster.email_domain (domain, organization) VALUES (clean, id);
	END IF;
	RETURN format('domain %s belongs to organization %s', clean, lower(btrim(add_domain.organization)));
END
$$;
COMMENT ON FUNCTION muster.add_domain(text, text) IS 'Let an e-mail domain''s users find an organization. Windows asks at https://enterpriseenrollment.DOMAIN: that name must lead to the enrollment host. Example: SELECT muster.add_domain(''example'', ''example.test'');';

CREATE OR REPLACE FUNCTION muster.remove_domain(organization text, domain text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	id uuid := muster.organization_id(remove_domain.organization);
	clean text := lower(btrim(remove_domain.domain, ' .'));
BEGIN
	DELETE FROM muster.email_domain d WHERE d.domain = clean AND d.organization = id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization "%" has no domain %', remove_domain.organization, coalesce(quote_literal(left(remove_domain.domain, 300)), 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('Its domains: ' || (SELECT string_agg(d.domain, ', ' ORDER BY d.domain) FROM muster.email_domain d WHERE d.organization = id), 'It has no domain.');
	END IF;
	RETURN format('domain %s no longer belongs to organization %s', clean, remove_domain.organization);
END
$$;
COMMENT ON FUNCTION muster.remove_domain(text, text) IS 'Take an e-mail domain from an organization: discovery no longer finds it. Accounts and devices stay. Example: SELECT muster.remove_domain(''example'', ''example.test'');';

CREATE OR REPLACE FUNCTION muster.set_dm_server(organization text, provider_id text, url text, name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := muster.page_url(set_dm_server.url);
BEGIN
	IF set_dm_server.provider_id IS NULL OR set_dm_server.provider_id !~ '^[A-Za-z0-9]{1,64}$' THEN
		RAISE EXCEPTION 'not usable as a provider id: %', coalesce(quote_literal(left(set_dm_server.provider_id, 200)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Use 1 to 64 letters and digits, nothing else: it becomes part of paths on the device.';
	END IF;
	UPDATE muster.organization o
	   SET provider_id = set_dm_server.provider_id, management_url = clean, provider_name = muster.cut(set_dm_server.name, 256)
	 WHERE o.id = muster.organization_id(set_dm_server.organization);
	RETURN format('organization %s: new devices are managed by %s (%s)', set_dm_server.organization, clean, set_dm_server.provider_id);
END
$$;
COMMENT ON FUNCTION muster.set_dm_server(text, text, text, text) IS 'Set the device management server that an organization''s new devices are sent to: its identifier (letters and digits), its URL, the name that the device''s settings show (default: the organization''s). Example: SELECT muster.set_dm_server(''example'', ''ExampleMDM'', ''https://mdm.example.test/ManagementServer/MDM.svc'', ''Example management'');';

CREATE OR REPLACE FUNCTION muster.set_poll_schedule(organization text,
	first_retries integer DEFAULT 5, first_interval integer DEFAULT 15,
	second_retries integer DEFAULT 10, second_interval integer DEFAULT 60,
	remaining_retries integer DEFAULT 0, remaining_interval integer DEFAULT 1440,
	poll_on_login boolean DEFAULT true, all_users_poll_on_first_login boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	wrong text := CASE
		WHEN num_nulls(first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval,
			poll_on_login, all_users_poll_on_first_login) > 0 THEN 'no part of a poll schedule may be NULL'
		WHEN first_retries < 1 OR first_interval < 1 THEN 'the first schedule needs at least 1 retry and 1 minute: with 0 the device may poll for ever or not at all'
		WHEN least(second_retries, second_interval, remaining_retries, remaining_interval) < 0 THEN 'counts and minutes cannot be negative'
		WHEN greatest(first_retries, second_retries, remaining_retries) > 100000 THEN 'more than 100000 retries: use 0, endless'
		WHEN greatest(first_interval, second_interval, remaining_interval) > 525600 THEN 'an interval is longer than a year (525600 minutes)'
		WHEN (second_retries > 0 AND second_interval = 0) OR (remaining_retries > 0 AND remaining_interval = 0) THEN 'retries need an interval of at least 1 minute'
		WHEN second_retries = 0 AND second_interval > 0 AND remaining_interval > 0 THEN 'only one schedule can be endless: the second is, so the remaining one would never begin'
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Recommended: 5 times every 15 minutes, 10 times every 60, then endlessly (0) every 1440.';
	END IF;
	UPDATE muster.organization o
	   SET first_retries = first_retries, first_interval = first_interval,
	       second_retries = second_retries, second_interval = second_interval,
	       remaining_retries = remaining_retries, remaining_interval = remaining_interval,
	       poll_on_login = poll_on_login, all_users_poll_on_first_login = all_users_poll_on_first_login
	 WHERE o.id = muster.organization_id(organization);
	RETURN format('organization %s: new devices poll %s × %s, %s × %s, then %s × %s minutes', organization,
		first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval);
END
$$;
COMMENT ON FUNCTION muster.set_poll_schedule(text, integer, integer, integer, integer, integer, integer, boolean, boolean) IS 'How often an organization''s new devices ask their DM server: three schedules one after another, each a number of times (0: endless) and minutes between; whether also at each login, and at each user''s first. Without arguments after the organization: the recommended schedule. Example: SELECT muster.set_poll_schedule(''example'', 5, 15, 10, 60, 0, 1440);';

CREATE OR REPLACE FUNCTION muster.set_enrollment_version(organization text, version text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF set_enrollment_version.version IS NULL OR set_enrollment_version.version !~ '^[3-9][.]0$' THEN
		RAISE EXCEPTION 'not an enrollment version: %', coalesce(quote_literal(left(set_enrollment_version.version, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Use 3.0, 4.0 (recommended), 5.0, … 9.0.';
	END IF;
	UPDATE muster.organization o SET enrollment_version = set_enrollment_version.version
	 WHERE o.id = muster.organization_id(set_enrollment_version.organization);
	RETURN format('organization %s: discovery answers enrollment version %s at most', set_enrollment_version.organization, set_enrollment_version.version);
END
$$;
COMMENT ON FUNCTION muster.set_enrollment_version(text, text) IS 'Set the highest enrollment version that discovery answers; a device that asks for less gets less. Devices of any version may enroll. Example: SELECT muster.set_enrollment_version(''example'', ''4.0'');';

CREATE OR REPLACE FUNCTION muster.set_auth_policies(organization text, policies text[]) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known CONSTANT text[] := ARRAY['OnPremise', 'Federated', 'Certificate'];
	clean text[] := ARRAY(SELECT coalesce((SELECT k FROM unnest(known) k WHERE lower(k) = lower(btrim(p.name))), p.name)
		FROM unnest(set_auth_policies.policies) WITH ORDINALITY p (name, n) ORDER BY p.n);
	wrong text;
BEGIN
	IF set_auth_policies.policies IS NULL THEN
		RAISE EXCEPTION 'the policies are missing'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'By priority: SELECT muster.set_auth_policies(organization, ''{Federated,OnPremise}''); with ''{}'' nobody enrolls.';
	END IF;
	SELECT coalesce(quote_literal(left(p, 40)), 'NULL') INTO wrong FROM unnest(clean) p WHERE p IS NULL OR p <> ALL (known) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there is no AuthPolicy %', wrong
			USING ERRCODE = 'invalid_parameter_value', HINT = 'OnPremise: a password. Federated: sign-in on a web page, tokens. Certificate: signed by a certificate.';
	ELSIF cardinality(clean) > (SELECT count(DISTINCT p) FROM unnest(clean) p) THEN
		RAISE EXCEPTION 'an AuthPolicy is listed twice' USING ERRCODE = 'invalid_parameter_value', HINT = 'Each once, by priority.';
	END IF;
	UPDATE muster.organization o SET auth_policies = clean WHERE o.id = muster.organization_id(set_auth_policies.organization);
	RETURN CASE WHEN cardinality(clean) = 0 THEN format('organization %s: nobody can enroll', set_auth_policies.organization)
		ELSE format('organization %s: devices prove who they are by %s', set_auth_policies.organization, array_to_string(clean, ', else ')) END;
END
$$;
COMMENT ON FUNCTION muster.set_auth_policies(text, text[]) IS 'How an organization''s users prove who they are, by priority: OnPremise (a password typed into Windows), Federated (sign-in on a web page; tokens of provisioning packages and of Entra ID), Certificate (a certificate that signs the request). Discovery answers the first that the device can do, and no other kind of credential is accepted. Example: SELECT muster.set_auth_policies(''example'', ''{Federated,OnPremise}'');';

CREATE OR REPLACE FUNCTION muster.set_sign_in(organization text, sign_in text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF set_sign_in.sign_in IS NULL OR set_sign_in.sign_in NOT IN ('page', 'web server') THEN
		RAISE EXCEPTION 'users sign in on our page or by the web server, not %', coalesce(quote_literal(left(set_sign_in.sign_in, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'page: with the account''s password. web server: its own module (OpenID Connect, Kerberos, SAML) has them sign in.';
	END IF;
	UPDATE muster.organization o SET sign_in = set_sign_in.sign_in WHERE o.id = muster.organization_id(set_sign_in.organization);
	RETURN format('organization %s: where Federated is offered, users sign in %s', set_sign_in.organization,
		CASE set_sign_in.sign_in WHEN 'page' THEN 'on our page' ELSE 'by the web server''s own module, at /muster/sso' END);
END
$$;
COMMENT ON FUNCTION muster.set_sign_in(text, text) IS 'Where an organization''s users sign in when the AuthPolicy is Federated: page (ours, with the account''s password) or web server (its own module protects /muster/sso). Example: SELECT muster.set_sign_in(''example'', ''page'');';

CREATE OR REPLACE FUNCTION muster.set_renewal(organization text, period_days integer DEFAULT 42, retry_days integer DEFAULT 5, url text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := CASE WHEN set_renewal.url IS NOT NULL THEN muster.page_url(set_renewal.url) END;
	validity integer := (SELECT o.validity_days FROM muster.organization o WHERE o.id = muster.organization_id(set_renewal.organization));
BEGIN
	IF set_renewal.period_days IS NULL OR set_renewal.retry_days IS NULL
	   OR set_renewal.period_days NOT BETWEEN 1 AND 1000 OR set_renewal.retry_days NOT BETWEEN 1 AND set_renewal.period_days THEN
		RAISE EXCEPTION 'the renewal period must be 1 to 1000 days and the retry interval no longer than it'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Recommended: a period of 42 days and tries every 5 days.';
	END IF;
	IF set_renewal.period_days >= validity THEN
		RAISE EXCEPTION 'a renewal period of % days does not fit into certificates of % days', set_renewal.period_days, validity
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Shorten the period, or lengthen the certificates with muster.set_validity.';
	END IF;
	UPDATE muster.organization o
	   SET renew_period_days = set_renewal.period_days, renew_retry_days = set_renewal.retry_days, renewal_url = clean
	 WHERE o.id = muster.organization_id(set_renewal.organization);
	RETURN format('organization %s: new devices renew %s days before the end, trying every %s days%s', set_renewal.organization,
		set_renewal.period_days, set_renewal.retry_days, ', at ' || clean);
END
$$;
COMMENT ON FUNCTION muster.set_renewal(text, integer, integer, text) IS 'When an organization''s new devices begin to renew their certificates (days before the end), how many days lie between their tries, and where (NULL: where they enrolled). Example: SELECT muster.set_renewal(''example'', 42, 5);';

CREATE OR REPLACE FUNCTION muster.set_validity(organization text, days integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	period integer := (SELECT o.renew_period_days FROM muster.organization o WHERE o.id = muster.organization_id(set_validity.organization));
BEGIN
	IF set_validity.days IS NULL OR set_validity.days NOT BETWEEN 1 AND 3650 THEN
		RAISE EXCEPTION 'certificates live 1 to 3650 days' USING ERRCODE = 'invalid_parameter_value', HINT = 'Usual: 365.';
	END IF;
	IF set_validity.days <= period THEN
		RAISE EXCEPTION 'certificates of % days leave no room for a renewal period of % days', set_validity.days, period
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Shorten the period first, with muster.set_renewal.';
	END IF;
	UPDATE muster.organization o SET validity_days = set_validity.days
	 WHERE o.id = muster.organization_id(set_validity.organization);
	RETURN format('organization %s: new certificates live %s days', set_validity.organization, set_validity.days);
END
$$;
COMMENT ON FUNCTION muster.set_validity(text, integer) IS 'How many days an organization''s new device certificates live; never longer than their authority. Example: SELECT muster.set_validity(''example'', 365);';

CREATE OR REPLACE FUNCTION muster.set_phone_applications(organization text, enterprise_id text DEFAULT NULL, token text DEFAULT NULL,
	hub_product_id text DEFAULT NULL, hub_uri text DEFAULT NULL, hub_name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	wrong text := CASE
		WHEN (enterprise_id IS NULL) <> (token IS NULL) THEN 'enterprise id and token go together'
		WHEN enterprise_id !~ '^[A-Za-z0-9._-]{1,64}$' THEN 'the enterprise id is 1 to 64 letters, digits, dots, hyphens and underscores'
		WHEN length(token) > 65536 OR token !~ '^[A-Za-z0-9+/]+={0,2}$' THEN 'the token is not base64 on one line'
		WHEN num_nulls(hub_product_id, hub_uri, hub_name) NOT IN (0, 3) THEN 'the Company Hub needs product id, URI and name'
		WHEN hub_product_id IS NOT NULL AND token IS NULL THEN 'the Company Hub needs the application token'
		WHEN hub_product_id !~ '^[{]?[0-9A-Fa-f-]{36}[}]?$' THEN 'the Company Hub''s product id is not a GUID'
		WHEN length(hub_uri) > 2048 OR hub_uri !~ '^https?://[^[:space:][:cntrl:]<>"]+$' THEN 'the Company Hub''s URI is not one of http or https'
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong USING ERRCODE = 'invalid_parameter_value', HINT = '\df+ muster.set_phone_applications shows an example.';
	END IF;
	UPDATE muster.organization o
	   SET application_enterprise_id = enterprise_id, application_token = token,
	       hub_product_id = hub_product_id, hub_uri = hub_uri, hub_name = muster.cut(hub_name, 256)
	 WHERE o.id = muster.organization_id(organization);
	RETURN format('organization %s: phones %s', organization, CASE WHEN token IS NULL THEN 'get no application token'
		WHEN hub_product_id IS NULL THEN 'get the application token' ELSE 'get the application token and the Company Hub' END);
END
$$;
COMMENT ON FUNCTION muster.set_phone_applications(text, text, text, text, text, text) IS 'The application enrollment token and Company Hub that an organization''s phones get (desktop Windows never does). Without arguments after the organization: none. Example: SELECT muster.set_phone_applications(''example'', ''1234567'', ''UEsDBBQ='', ''{8a1d2f0e-4b5c-4d6e-8f70-112233445566}'', ''https://example.test/hub.xap'', ''Example Hub'');';
