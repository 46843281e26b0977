-- Directories (LDAP): which one proves a password, and functions for administrators. They run as the caller.

CREATE OR REPLACE FUNCTION muster.directory_settings(d muster.directory) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_strip_nulls(to_jsonb(d) - ARRAY['id', 'organization', 'domains', 'welcome', 'added_at'])
$$;
COMMENT ON FUNCTION muster.directory_settings(muster.directory) IS 'Internal: what the programs need to ask a directory. Example: SELECT muster.directory_settings(d) FROM muster.directory d;';

CREATE OR REPLACE FUNCTION muster.directory_for(p_organization uuid, p_user text) RETURNS muster.directory
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	-- DOMAIN\ada, ada@example.test, ada. One that is meant by the domain goes before one that is for all.
	SELECT d.* FROM muster.directory d
	  CROSS JOIN LATERAL (SELECT CASE
		WHEN p_user ~ '\\' THEN CASE WHEN cardinality(d.netbios_domains) = 0 THEN 1
			WHEN upper(btrim(split_part(p_user, '\', 1))) IN (SELECT upper(n) FROM unnest(d.netbios_domains) n) THEN 0 END
		WHEN p_user ~ '@' THEN CASE WHEN cardinality(d.domains) = 0 THEN 1
			WHEN lower(btrim(substring(p_user FROM '@([^@]*)$'), ' .')) = ANY (d.domains) THEN 0 END
		ELSE CASE WHEN cardinality(d.domains) = 0 THEN 0 ELSE 1 END END) r (rank)
	 WHERE d.organization = p_organization AND r.rank IS NOT NULL
	 ORDER BY r.rank, d.id LIMIT 1
$$;
COMMENT ON FUNCTION muster.directory_for(uuid, text) IS 'Internal: the directory that is asked for a typed name; all NULL if there is none. A name without a domain goes to the first that is for all domains, or the first. Example: SELECT (muster.directory_for(id, ''ada'')).name FROM muster.organization;';

CREATE OR REPLACE FUNCTION muster.identify_proven(o muster.organization, p_user text, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	its_upn text := btrim(p_claim ->> 'upn');
	i muster.identity;
	d muster.directory;
	has_hash boolean;
	found_as text;
BEGIN
	SELECT x.* INTO d FROM muster.directory x WHERE x.organization = o.id AND x.name = p_claim ->> 'directory';
	SELECT a.id, a.password_hash IS NOT NULL INTO i.account, has_hash
	  FROM muster.account a WHERE a.organization = o.id AND lower(a.upn) = lower(its_upn) AND a.deleted_at IS NULL;
	found_as := format('directory %s knows "%s" as %s', p_claim ->> 'directory', muster.cut(p_user, 100), muster.cut(its_upn, 100));
	i.why := CASE
		WHEN d.id IS NULL THEN 'the directory was removed meanwhile'
		WHEN has_hash THEN found_as || ', an account that has a password of its own here'
		WHEN i.account IS NOT NULL THEN NULL
		WHEN NOT d.welcome THEN found_as || ', who has no account, and the directory''s people do not get one by themselves'
		WHEN EXISTS (SELECT FROM muster.email_domain e WHERE e.domain = lower(btrim(substring(its_upn FROM '@([^@]*)$'), '.')) AND e.organization <> o.id)
			THEN found_as || ', whose domain is another organization''s'
	END;
	IF i.why IS NOT NULL THEN
		i.account := NULL;
		i.outcome := 'Authorization';
	END IF;
	i.welcome := i.why IS NULL AND i.account IS NULL;
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.identify_proven(muster.organization, text, jsonb) IS 'Internal: whom somebody is whom a directory has proven, by the name that it has for him: it counts, not the one he typed. Example: SELECT muster.identify_proven(o, ''ada'', ''{"directory": "corp", "upn": "ada@example.test"}'') FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.identify_password(o muster.organization, p_user text, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	i muster.identity;
	d muster.directory;
BEGIN
	IF p_claim ? 'upn' THEN
		RETURN muster.identify_proven(o, p_user, p_claim);
	END IF;
	i.account := (muster.account_for(o.id, p_user)).id;
	d := muster.directory_for(o.id, p_user);
	IF d.id IS NOT NULL THEN
		i.proof := jsonb_build_object('directory', muster.directory_settings(d));
	END IF;
	IF i.account IS NULL THEN
		i.outcome := 'Authentication';
		i.why := muster.nobody(o, o.key, p_user);
	END IF;
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.identify_password(muster.organization, text, jsonb) IS 'Internal: whom a typed name means. The proof is the account''s hash; who has none is proven by the directory, if there is one for the name. Example: SELECT muster.identify_password(o, ''ada'', NULL) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.welcome_password(o muster.organization, p_claim jsonb, p_details jsonb, p_trace uuid, p_remote inet) RETURNS muster.identity
LANGUAGE plpgsql AS $$
DECLARE
	i muster.identity;
BEGIN
	i.account := muster.welcome_account(o.id, p_claim ->> 'upn', p_details ->> 'name', format('by directory %s', p_claim ->> 'directory'), p_trace, p_remote);
	IF i.account IS NULL THEN
		i.outcome := 'Authorization';
		i.why := format('what directory %s has as a name can be no account''s: "%s"', p_claim ->> 'directory', muster.cut(p_claim ->> 'upn', 100));
	END IF;
	RETURN i;
END
$$;
COMMENT ON FUNCTION muster.welcome_password(muster.organization, jsonb, jsonb, uuid, inet) IS 'Internal: an account for somebody whom a directory has proven and who has none. Example: see muster_worker.welcome.';

-- Administrators.

CREATE OR REPLACE FUNCTION muster.directory_id(organization text, name text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(directory_id.organization);
	its_id uuid;
BEGIN
	SELECT d.id INTO its_id FROM muster.directory d WHERE d.organization = owner_id AND lower(d.name) = lower(btrim(directory_id.name));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has no directory "%"', directory_id.organization, coalesce(directory_id.name, 'NULL')
			USING ERRCODE = 'undefined_object',
			      HINT = coalesce('It has: ' || (SELECT string_agg(d.name, ', ' ORDER BY d.name) FROM muster.directory d WHERE d.organization = owner_id),
				format('It has none: SELECT muster.add_directory(%L, name, servers, base);', directory_id.organization));
	END IF;
	RETURN its_id;
END
$$;
COMMENT ON FUNCTION muster.directory_id(text, text) IS 'The id of an organization''s directory by its name; an error that names those there are if there is none. Example: SELECT muster.directory_id(''example'', ''corp'');';

CREATE OR REPLACE FUNCTION muster.directory_words(words text[], what text, pattern text, step text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text[] := ARRAY(SELECT btrim(w) FROM unnest(words) w);
	wrong text;
BEGIN
	SELECT coalesce(w, 'NULL') INTO wrong FROM unnest(clean) w WHERE w IS NULL OR w !~ pattern LIMIT 1;
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'not usable as %: %', what, quote_literal(left(wrong, 100)) USING ERRCODE = 'invalid_parameter_value', HINT = step;
	END IF;
	RETURN clean;
END
$$;
COMMENT ON FUNCTION muster.directory_words(text[], text, text, text) IS 'Internal: texts of a form, without blanks around them, or an error that quotes the first that is not. Example: SELECT muster.directory_words(ARRAY['' mail ''], ''an attribute'', ''^[a-z]+$'', ''…'');';

CREATE OR REPLACE FUNCTION muster.directory_servers(servers text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(cardinality(servers), 0) NOT BETWEEN 1 AND 8 THEN
		RAISE EXCEPTION 'a directory has 1 to 8 servers' USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: ARRAY[''ldaps://dc1.example.test'', ''ldaps://dc2.example.test''].';
	END IF;
	RETURN muster.directory_words(servers, 'a directory''s server', '^ldaps?://([A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(:[1-9][0-9]{0,4})?$',
		'Give ldaps://host[:port], or ldap://host[:port] for StartTLS; the host as its certificate names it, without a path. Passwords never go without TLS.');
END
$$;
COMMENT ON FUNCTION muster.directory_servers(text[]) IS 'Internal: usable URLs of a directory''s servers, or an error. Example: SELECT muster.directory_servers(ARRAY[''ldaps://dc1.example.test'']);';

CREATE OR REPLACE FUNCTION muster.directory_file(file text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF file IS NOT NULL AND file !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' THEN
		RAISE EXCEPTION 'not usable as a file''s name: %', quote_literal(left(file, 60))
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'Give the name alone, of letters, digits, dots, hyphens and underscores. The file is in the organization''s folder below muster''s --secrets-dir.';
	END IF;
	RETURN file;
END
$$;
COMMENT ON FUNCTION muster.directory_file(text) IS 'Internal: the usable name of a file, or an error. Example: SELECT muster.directory_file(''corp.password'');';

CREATE OR REPLACE FUNCTION muster.add_directory(organization text, name text, servers text[], base text, kind text DEFAULT 'active directory', ca_file text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(add_directory.organization);
	windows boolean := add_directory.kind = 'active directory';
	made uuid := muster.new_id();
BEGIN
	IF add_directory.kind IS NULL OR add_directory.kind NOT IN ('active directory', 'ldap') THEN
		RAISE EXCEPTION 'a directory is of kind active directory or ldap, not %', coalesce(quote_literal(left(add_directory.kind, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is only what attributes it begins with: muster.set_directory_search changes them.';
	ELSIF add_directory.name IS NULL OR add_directory.name !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$' THEN
		RAISE EXCEPTION 'not usable as a directory''s name: %', coalesce(quote_literal(left(add_directory.name, 60)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Use 1 to 40 letters, digits, dots, hyphens and underscores.';
	ELSIF muster.cut(add_directory.base, 1000) IS NULL THEN
		RAISE EXCEPTION 'the directory needs a base' USING ERRCODE = 'invalid_parameter_value', HINT = 'Below which entry people are: dc=example,dc=test.';
	END IF;
	INSERT INTO muster.directory (id, organization, name, servers, ca_file, base, filter, name_attributes, short_name_attribute, upn_attribute, display_name_attribute)
	VALUES (made, owner_id, add_directory.name, muster.directory_servers(add_directory.servers), muster.directory_file(add_directory.ca_file), muster.cut(add_directory.base, 1000),
		CASE WHEN windows THEN '(&(objectCategory=person)(objectClass=user))' ELSE '(objectClass=person)' END,
		CASE WHEN windows THEN ARRAY['userPrincipalName'] ELSE ARRAY['mail'] END,
		CASE WHEN windows THEN 'sAMAccountName' ELSE 'uid' END,
		CASE WHEN windows THEN 'userPrincipalName' ELSE 'mail' END,
		CASE WHEN windows THEN 'displayName' ELSE 'cn' END)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'organization % has a directory "%" already', add_directory.organization, add_directory.name
			USING ERRCODE = 'unique_violation', HINT = 'Change it with muster.set_directory_servers, muster.set_directory_search, …, or remove it: muster.remove_directory.';
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION muster.add_directory(text, text, text[], text, text, text) IS 'Have an organization''s people proven by a directory: its name, its servers in order (ldaps://…, or ldap://… for StartTLS), the entry below which people are, its kind (active directory, or ldap: only which attributes it begins with), and the file of its CA if the system does not trust it. Accounts that have a password here go on with it. Then: muster.set_directory_account or muster.set_directory_template; to try it: muster-ca directory. Returns its id. Example: SELECT muster.add_directory(''example'', ''corp'', ARRAY[''ldaps://dc1.example.test'', ''ldaps://dc2.example.test''], ''dc=example,dc=test'');';

CREATE OR REPLACE FUNCTION muster.remove_directory(organization text, name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM muster.directory d WHERE d.id = muster.directory_id(remove_directory.organization, remove_directory.name);
	RETURN format('directory %s is removed; accounts without a password of their own cannot prove themselves by it any more', remove_directory.name);
END
$$;
COMMENT ON FUNCTION muster.remove_directory(text, text) IS 'Ask a directory no more. Accounts stay. Example: SELECT muster.remove_directory(''example'', ''corp'');';

CREATE OR REPLACE FUNCTION muster.set_directory_servers(organization text, name text, servers text[], ca_file text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.directory d SET servers = muster.directory_servers(set_directory_servers.servers), ca_file = muster.directory_file(set_directory_servers.ca_file)
	 WHERE d.id = muster.directory_id(set_directory_servers.organization, set_directory_servers.name);
	RETURN format('directory %s: %s, certificates of %s', set_directory_servers.name, array_to_string(set_directory_servers.servers, ', '),
		coalesce('the CA in ' || set_directory_servers.ca_file, 'whom the system trusts'));
END
$$;
COMMENT ON FUNCTION muster.set_directory_servers(text, text, text[], text) IS 'Set a directory''s servers, in order, and the file of their CA in the organization''s folder below muster''s --secrets-dir (none: whom the system trusts). Example: SELECT muster.set_directory_servers(''example'', ''corp'', ARRAY[''ldaps://dc1.example.test''], ''corp-ca.pem'');';

CREATE OR REPLACE FUNCTION muster.set_directory_account(organization text, name text, dn text, password_file text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := muster.cut(set_directory_account.dn, 1000);
BEGIN
	IF (clean IS NULL) <> (set_directory_account.password_file IS NULL) THEN
		RAISE EXCEPTION 'a service account is a name and the file of its password'
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'For example: SELECT muster.set_directory_account(''example'', ''corp'', ''cn=muster,dc=example,dc=test'', ''corp.password''); without both, searches are anonymous.';
	END IF;
	UPDATE muster.directory d SET service_dn = clean, service_password_file = muster.directory_file(set_directory_account.password_file),
	       bind_template = CASE WHEN clean IS NULL THEN d.bind_template END
	 WHERE d.id = muster.directory_id(set_directory_account.organization, set_directory_account.name);
	RETURN format('directory %s: %s', set_directory_account.name, coalesce('searched as ' || clean || ', whose password is in the file ' || set_directory_account.password_file,
		'searched anonymously, or not before a bind by template'));
END
$$;
COMMENT ON FUNCTION muster.set_directory_account(text, text, text, text) IS 'Search a directory with a service account: its DN, and the file in the organization''s folder below muster''s --secrets-dir whose first line is its password; never give the password to SQL, statements are logged. Both NULL: anonymously. Example: SELECT muster.set_directory_account(''example'', ''corp'', ''cn=muster,ou=services,dc=example,dc=test'', ''corp.password'');';

CREATE OR REPLACE FUNCTION muster.set_directory_template(organization text, name text, template text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := muster.cut(set_directory_template.template, 1000);
BEGIN
	IF clean IS NOT NULL AND position('{user}' IN clean) = 0 THEN
		RAISE EXCEPTION 'not usable as a template: %', quote_literal(left(clean, 100))
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'It has {user} where the typed name goes: uid={user},ou=people,dc=example,dc=test; for an Active Directory EXAMPLE\{user} or {user}@example.test.';
	ELSIF clean IS NOT NULL AND EXISTS (SELECT FROM muster.directory d
		WHERE d.id = muster.directory_id(set_directory_template.organization, set_directory_template.name) AND d.service_dn IS NOT NULL) THEN
		RAISE EXCEPTION 'directory % has a service account', set_directory_template.name
			USING ERRCODE = 'object_not_in_prerequisite_state',
			      HINT = format('People are searched for with it, or bind by template: SELECT muster.set_directory_account(%L, %L, NULL);', set_directory_template.organization, set_directory_template.name);
	END IF;
	UPDATE muster.directory d SET bind_template = clean
	 WHERE d.id = muster.directory_id(set_directory_template.organization, set_directory_template.name);
	RETURN format('directory %s: %s', set_directory_template.name, coalesce('people bind as ' || clean, 'people are searched for'));
END
$$;
COMMENT ON FUNCTION muster.set_directory_template(text, text, text) IS 'Have people bind by a template instead of searching for them first: {user} is the typed name without its domain, escaped. Their entry is read afterwards, by themselves. NULL: search first. Example: SELECT muster.set_directory_template(''example'', ''corp'', ''uid={user},ou=people,dc=example,dc=test'');';

CREATE OR REPLACE FUNCTION muster.set_directory_search(organization text, name text, base text, filter text, name_attributes text[], short_name_attribute text,
	upn_attribute text, upn_domain text DEFAULT NULL, display_name_attribute text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attribute constant text := '^[A-Za-z][A-Za-z0-9-]{0,99}$';
	step constant text := 'Attributes are called mail, userPrincipalName, uid, ….';
	names text[] := muster.directory_words(name_attributes, 'an attribute', attribute, step);
	others text[] := muster.directory_words(ARRAY[short_name_attribute, upn_attribute, coalesce(display_name_attribute, 'cn')], 'an attribute', attribute, step);
BEGIN
	IF muster.cut(set_directory_search.base, 1000) IS NULL THEN
		RAISE EXCEPTION 'the directory needs a base' USING ERRCODE = 'invalid_parameter_value', HINT = 'Below which entry people are: dc=example,dc=test.';
	ELSIF coalesce(cardinality(names), 0) NOT BETWEEN 1 AND 8 THEN
		RAISE EXCEPTION 'names are looked for in 1 to 8 attributes' USING ERRCODE = 'invalid_parameter_value', HINT = step;
	ELSIF set_directory_search.filter IS NOT NULL AND btrim(set_directory_search.filter) !~ '^\(.+\)$' THEN
		RAISE EXCEPTION 'not usable as a filter: %', quote_literal(left(set_directory_search.filter, 100))
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It stands in parentheses: (objectClass=person). What the person typed is added by itself.';
	END IF;
	UPDATE muster.directory d SET base = muster.cut(set_directory_search.base, 1000), filter = btrim(set_directory_search.filter), name_attributes = names,
	       short_name_attribute = others[1], upn_attribute = others[2], upn_domain = lower(btrim(set_directory_search.upn_domain, ' .@')),
	       display_name_attribute = CASE WHEN set_directory_search.display_name_attribute IS NOT NULL THEN others[3] END
	 WHERE d.id = muster.directory_id(set_directory_search.organization, set_directory_search.name);
	RETURN format('directory %s: name@domain is looked for in %s, a short name in %s; accounts are called by %s', set_directory_search.name,
		array_to_string(names, ', '), others[1], others[2]);
END
$$;
COMMENT ON FUNCTION muster.set_directory_search(text, text, text, text, text[], text, text, text, text) IS 'How people are found in a directory: below which entry, by which filter besides their name (NULL: none), in which attributes names of the form name@domain stand and in which short ones; which attribute is the account''s name here, the domain to add to it where it has none, and which is its name for people. Example: SELECT muster.set_directory_search(''example'', ''corp'', ''ou=people,dc=example,dc=test'', ''(objectClass=inetOrgPerson)'', ARRAY[''mail''], ''uid'', ''mail'', display_name_attribute => ''cn'');';

CREATE OR REPLACE FUNCTION muster.set_directory_domains(organization text, name text, domains text[] DEFAULT '{}', netbios_domains text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	dns text[] := ARRAY(SELECT lower(w) FROM unnest(muster.directory_words(coalesce(domains, '{}'), 'a domain', '^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$', 'What stands behind the @: example.test.')) w);
	netbios text[] := ARRAY(SELECT upper(w) FROM unnest(muster.directory_words(coalesce(netbios_domains, '{}'), 'a Windows domain', '^[^\\/@:*?"<>|[:cntrl:] ]{1,15}$', 'What stands before the backslash, at most 15 characters: EXAMPLE.')) w);
BEGIN
	UPDATE muster.directory d SET domains = dns, netbios_domains = netbios
	 WHERE d.id = muster.directory_id(set_directory_domains.organization, set_directory_domains.name);
	RETURN format('directory %s is asked for names of %s, and of %s', set_directory_domains.name,
		coalesce(nullif(array_to_string(dns, ', '), ''), 'all domains'), coalesce(nullif(array_to_string(netbios, ', '), ''), 'all Windows domains'));
END
$$;
COMMENT ON FUNCTION muster.set_directory_domains(text, text, text[], text[]) IS 'Which typed names a directory is asked for: name@domain of these domains, DOMAIN\name of these Windows domains; none: all. Where an organization has several directories, this chooses. Example: SELECT muster.set_directory_domains(''example'', ''corp'', ARRAY[''example.test''], ARRAY[''EXAMPLE'']);';

CREATE OR REPLACE FUNCTION muster.require_directory_group(organization text, name text, group_dn text, how text DEFAULT 'memberOf') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := muster.cut(require_directory_group.group_dn, 1000);
BEGIN
	IF clean IS NOT NULL AND (require_directory_group.how IS NULL OR require_directory_group.how NOT IN ('memberOf', 'nested', 'member')) THEN
		RAISE EXCEPTION 'members are told by memberOf, nested or member, not by %', coalesce(quote_literal(left(require_directory_group.how, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'memberOf: the person''s attribute. nested: also through groups in groups (Active Directory). member: the group''s own attributes (OpenLDAP).';
	END IF;
	UPDATE muster.directory d SET group_dn = clean, group_check = CASE WHEN clean IS NOT NULL THEN require_directory_group.how END
	 WHERE d.id = muster.directory_id(require_directory_group.organization, require_directory_group.name);
	RETURN format('directory %s: %s', require_directory_group.name, coalesce('only members of ' || clean || ' enroll', 'nobody needs to be in a group'));
END
$$;
COMMENT ON FUNCTION muster.require_directory_group(text, text, text, text) IS 'Let only members of a directory''s group enroll: its DN, and how members are told (memberOf; nested, which follows groups in groups in an Active Directory; member, by the group''s own attributes). NULL: everybody. An Active Directory''s primary group, mostly Domain Users, is in no memberOf. Example: SELECT muster.require_directory_group(''example'', ''corp'', ''cn=enrollers,ou=groups,dc=example,dc=test'', ''nested'');';

CREATE OR REPLACE FUNCTION muster.set_directory_times(organization text, name text, connect_ms integer, answer_ms integer, total_ms integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT coalesce(connect_ms BETWEEN 100 AND 10000 AND answer_ms BETWEEN 100 AND 15000 AND total_ms BETWEEN 100 AND 20000, false) THEN
		RAISE EXCEPTION 'not usable as a directory''s times: % ms to connect, % ms for an answer, % ms in all', coalesce(connect_ms::text, 'NULL'), coalesce(answer_ms::text, 'NULL'), coalesce(total_ms::text, 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'At least 100 each; at most 10000, 15000 and 20000. A device waits 30 s at most.';
	END IF;
	UPDATE muster.directory d SET connect_ms = set_directory_times.connect_ms, answer_ms = set_directory_times.answer_ms, total_ms = set_directory_times.total_ms
	 WHERE d.id = muster.directory_id(set_directory_times.organization, set_directory_times.name);
	RETURN format('directory %s: %s ms to connect, %s ms for an answer, %s ms in all', set_directory_times.name, connect_ms, answer_ms, total_ms);
END
$$;
COMMENT ON FUNCTION muster.set_directory_times(text, text, integer, integer, integer) IS 'How long a directory''s servers may take, in milliseconds: to connect, for each answer, and for one password in all, whatever servers are tried (2000, 3000, 10000). Example: SELECT muster.set_directory_times(''example'', ''corp'', 2000, 3000, 10000);';

CREATE OR REPLACE FUNCTION muster.welcome_from_directory(organization text, name text, welcome boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.directory d SET welcome = muster.switch('welcome', welcome_from_directory.welcome)
	 WHERE d.id = muster.directory_id(welcome_from_directory.organization, welcome_from_directory.name);
	RETURN format('directory %s: %s', welcome_from_directory.name, CASE WHEN welcome_from_directory.welcome
		THEN 'who proves himself for the first time gets an account' ELSE 'only who has an account enrolls' END);
END
$$;
COMMENT ON FUNCTION muster.welcome_from_directory(text, text, boolean) IS 'Whether somebody whom a directory knows gets an account when he first proves himself; else accounts are added by hand or from lists. Example: SELECT muster.welcome_from_directory(''example'', ''corp'');';

CREATE OR REPLACE FUNCTION muster.remember_directory_passwords(organization text, name text, remember boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE muster.directory d SET remember = muster.switch('remember', remember_directory_passwords.remember)
	 WHERE d.id = muster.directory_id(remember_directory_passwords.organization, remember_directory_passwords.name);
	RETURN format('directory %s: %s', remember_directory_passwords.name, CASE WHEN remember_directory_passwords.remember
		THEN 'a password that was proven is good for five minutes without asking' ELSE 'each password is asked for' END);
END
$$;
COMMENT ON FUNCTION muster.remember_directory_passwords(text, text, boolean) IS 'Whether the two requests of one enrollment cost one bind instead of two: a proven password is then good for five minutes on the same host, also if the directory locks the account or changes the password meanwhile. Off unless set. Example: SELECT muster.remember_directory_passwords(''example'', ''corp'');';

CREATE OR REPLACE VIEW muster.directories WITH (security_invoker = true) AS
SELECT o.key AS organization, d.name, d.servers, coalesce(d.ca_file, '(the system''s)') AS ca_file,
       CASE WHEN d.bind_template IS NOT NULL THEN 'as ' || d.bind_template
            WHEN d.service_dn IS NOT NULL THEN 'after a search as ' || d.service_dn
            ELSE 'after an anonymous search' END AS binds,
       d.base, d.filter, d.name_attributes, d.short_name_attribute, d.upn_attribute, d.domains, d.netbios_domains, d.group_dn, d.group_check,
       d.welcome, d.remember, d.connect_ms, d.answer_ms, d.total_ms, d.added_at, d.id
  FROM muster.directory d JOIN muster.organization o ON o.id = d.organization;
COMMENT ON VIEW muster.directories IS 'Directories (LDAP) that prove passwords, and how they are asked. Example: SELECT organization, name, servers, binds, group_dn FROM muster.directories;';

CREATE OR REPLACE FUNCTION muster.check_directories(o muster.organization) RETURNS TABLE (severity text, topic text, finding text, next_step text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.severity, 'directory', format('directory %s: %s', d.name, c.finding), c.next_step
	  FROM muster.directory d CROSS JOIN LATERAL (VALUES
		('error', NOT 'OnPremise' = ANY (o.auth_policies) AND NOT 'Federated' = ANY (o.auth_policies), 'its organization accepts no passwords',
			format('SELECT muster.remove_directory(%L, %L); or let passwords be accepted', o.key, d.name)),
		('warning', d.service_dn IS NULL AND d.bind_template IS NULL, 'it is searched anonymously, which an Active Directory lets nobody do',
			format('SELECT muster.set_directory_account(%L, %L, dn, password_file);', o.key, d.name)),
		('warning', cardinality(d.servers) = 1, 'it has one server: while that is away, nobody proves himself', format('SELECT muster.set_directory_servers(%L, %L, servers);', o.key, d.name)),
		('note', EXISTS (SELECT FROM muster.account a WHERE a.organization = o.id AND a.kind = 'person' AND a.enabled AND a.has_password),
			'persons have a password of their own here, and are not asked for in the directory', 'SELECT muster.remove_password(upn);'),
		('note', d.remember, 'proven passwords are good for five minutes without asking', format('SELECT muster.remember_directory_passwords(%L, %L, false);', o.key, d.name))
		) c (severity, found, finding, next_step)
	 WHERE d.organization = o.id AND c.found
$$;
COMMENT ON FUNCTION muster.check_directories(muster.organization) IS 'Internal: what is missing or noteworthy in an organization''s directories. Example: SELECT c.* FROM muster.organization o, muster.check_directories(o) c;';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.directory
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.directory
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
