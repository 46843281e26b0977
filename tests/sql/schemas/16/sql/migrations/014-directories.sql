-- Directories (LDAP) that prove passwords.

CREATE TABLE muster.directory (
	id                     uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization           uuid NOT NULL REFERENCES muster.organization (id),
	name                   text NOT NULL CONSTRAINT directory_name_usable CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
	servers                text[] NOT NULL,
	ca_file                text CONSTRAINT directory_ca_file CHECK (ca_file ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
	service_dn             text CHECK (length(service_dn) BETWEEN 1 AND 1000),
	service_password_file  text CONSTRAINT directory_password_file CHECK (service_password_file ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
	bind_template          text CONSTRAINT directory_template CHECK (position('{user}' IN bind_template) > 0 AND length(bind_template) <= 1000),
	base                   text NOT NULL CHECK (length(base) <= 1000),
	filter                 text CONSTRAINT directory_filter CHECK (filter ~ '^\(.+\)$' AND length(filter) <= 1000),
	name_attributes        text[] NOT NULL,
	short_name_attribute   text NOT NULL,
	upn_attribute          text NOT NULL,
	upn_domain             text CONSTRAINT directory_upn_domain CHECK (upn_domain ~ '^[^@\\[:space:][:cntrl:]]{1,253}$'),
	display_name_attribute text,
	domains                text[] NOT NULL DEFAULT '{}',
	netbios_domains        text[] NOT NULL DEFAULT '{}',
	group_dn               text CHECK (length(group_dn) BETWEEN 1 AND 1000),
	group_check            text CONSTRAINT directory_group_check CHECK (group_check IN ('memberOf', 'nested', 'member')),
	connect_ms             integer NOT NULL DEFAULT 2000 CHECK (connect_ms BETWEEN 100 AND 10000),
	answer_ms              integer NOT NULL DEFAULT 3000 CHECK (answer_ms BETWEEN 100 AND 15000),
	total_ms               integer NOT NULL DEFAULT 10000 CHECK (total_ms BETWEEN 100 AND 20000),
	welcome                boolean NOT NULL DEFAULT false,
	remember               boolean NOT NULL DEFAULT false,
	added_at               timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT directory_servers CHECK (cardinality(servers) BETWEEN 1 AND 8 AND array_position(servers, NULL) IS NULL
		AND array_to_string(servers, ' ') ~ '^ldaps?://([A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(:[1-9][0-9]{0,4})?( ldaps?://([A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(:[1-9][0-9]{0,4})?)*$'),
	CONSTRAINT directory_attributes CHECK (cardinality(name_attributes) BETWEEN 1 AND 8 AND array_position(name_attributes, NULL) IS NULL
		AND array_to_string(name_attributes || short_name_attribute || upn_attribute || coalesce(display_name_attribute, 'cn'), ' ')
			~ '^[A-Za-z][A-Za-z0-9-]{0,99}( [A-Za-z][A-Za-z0-9-]{0,99})*$'),
	CONSTRAINT directory_domains CHECK (cardinality(domains) <= 32 AND array_position(domains, NULL) IS NULL
		AND array_to_string(domains, ' ') ~ '^([a-z0-9][a-z0-9.-]{0,252}( [a-z0-9][a-z0-9.-]{0,252})*)?$'),
	CONSTRAINT directory_netbios CHECK (cardinality(netbios_domains) <= 32 AND array_position(netbios_domains, NULL) IS NULL
		AND array_to_string(netbios_domains, ' ') !~ '[\\@[:cntrl:]]' AND '' <> ALL (netbios_domains)),
	CONSTRAINT directory_service CHECK (num_nulls(service_dn, service_password_file) IN (0, 2)),
	CONSTRAINT directory_group CHECK (num_nulls(group_dn, group_check) IN (0, 2)),
	CONSTRAINT directory_one_way CHECK (service_dn IS NULL OR bind_template IS NULL)
);
CREATE UNIQUE INDEX directory_name ON muster.directory (organization, lower(name));
COMMENT ON TABLE muster.directory IS 'Directories (LDAP) that an organization''s people prove their passwords to. No secret stands here: a service account''s password is a file of each host that serves. Change with muster.add_directory, muster.set_directory_servers, …. Example: SELECT name, servers, base FROM muster.directory;';
COMMENT ON COLUMN muster.directory.id IS 'Key.';
COMMENT ON COLUMN muster.directory.organization IS 'Whose people.';
COMMENT ON COLUMN muster.directory.name IS 'What it is called in logs and functions.';
COMMENT ON COLUMN muster.directory.servers IS 'Its servers, asked in this order: ldaps://host[:port], or ldap://host[:port], which begins with StartTLS. Never without TLS.';
COMMENT ON COLUMN muster.directory.ca_file IS 'File with the CA''s certificates (PEM) in the organization''s folder below muster''s --secrets-dir; NULL: whom the system trusts.';
COMMENT ON COLUMN muster.directory.service_dn IS 'Who searches; NULL: nobody needs to bind for it.';
COMMENT ON COLUMN muster.directory.service_password_file IS 'File whose first line is that account''s password, in the same folder.';
COMMENT ON COLUMN muster.directory.bind_template IS 'Bind so instead of searching first, {user} being the typed name without its domain: uid={user},ou=people,dc=example,dc=test, EXAMPLE\{user}, {user}@example.test. NULL: search first.';
COMMENT ON COLUMN muster.directory.base IS 'Below which entry people are.';
COMMENT ON COLUMN muster.directory.filter IS 'What an entry must be, besides being called so (RFC 4515).';
COMMENT ON COLUMN muster.directory.name_attributes IS 'Attributes that hold names of the form name@domain, as people type them.';
COMMENT ON COLUMN muster.directory.short_name_attribute IS 'Attribute that holds names without a domain, also of DOMAIN\name.';
COMMENT ON COLUMN muster.directory.upn_attribute IS 'Attribute that is the account''s name here (name@domain).';
COMMENT ON COLUMN muster.directory.upn_domain IS 'Put after a value of that attribute that has no domain.';
COMMENT ON COLUMN muster.directory.display_name_attribute IS 'Attribute that is a new account''s name for people; NULL: none.';
COMMENT ON COLUMN muster.directory.domains IS 'Domains of the typed names that it is asked for; none: all.';
COMMENT ON COLUMN muster.directory.netbios_domains IS 'Windows domains, as in DOMAIN\name, that it is asked for; none: all.';
COMMENT ON COLUMN muster.directory.group_dn IS 'Only members of this group enroll; NULL: everybody.';
COMMENT ON COLUMN muster.directory.group_check IS 'How members are told. memberOf: the person''s attribute. nested: also through groups in groups (Active Directory only). member: the group''s attributes member, uniqueMember or memberUid.';
COMMENT ON COLUMN muster.directory.connect_ms IS 'Milliseconds until a server''s TLS must stand; then the next one is asked.';
COMMENT ON COLUMN muster.directory.answer_ms IS 'Milliseconds for each of its answers.';
COMMENT ON COLUMN muster.directory.total_ms IS 'Milliseconds for one password, all servers together.';
COMMENT ON COLUMN muster.directory.welcome IS 'Whether somebody whom it knows and we do not gets an account when he has proven himself.';
COMMENT ON COLUMN muster.directory.remember IS 'Whether a password that was proven is taken as proven for five minutes more by the same host, without asking.';
COMMENT ON COLUMN muster.directory.added_at IS 'Since when.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.directory', 'organization');
END
$protect$;

DROP FUNCTION IF EXISTS muster.identify_password(muster.organization, text);
DROP FUNCTION IF EXISTS muster.identify_sign_in(muster.organization, text);

INSERT INTO muster.schema_version (version, name) VALUES (14, 'directories');
