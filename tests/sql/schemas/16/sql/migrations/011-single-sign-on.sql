-- Sign-in by the web server's own module: what it says of who signed in, and whose account that is.

CREATE TABLE muster.web_server_sign_in (
	organization     uuid PRIMARY KEY REFERENCES muster.organization (id),
	auth_type        text NOT NULL CHECK (auth_type ~ '^[A-Za-z0-9._-]{1,64}$'),
	user_variable    text NOT NULL DEFAULT 'REMOTE_USER',
	name_variable    text,
	groups_variable  text,
	groups_separator text NOT NULL DEFAULT ',' CHECK (length(groups_separator) BETWEEN 1 AND 8),
	create_accounts  boolean NOT NULL DEFAULT false,
	CONSTRAINT web_server_sign_in_variables CHECK (NOT (user_variable || ',' || coalesce(name_variable, '') || ',' || coalesce(groups_variable, '')) ~* '(^|,)HTTP_')
);
COMMENT ON TABLE muster.web_server_sign_in IS 'How the web server''s own module tells who signed in, one row an organization that uses it. Set with muster.use_web_server_sign_in. Example: SELECT auth_type, user_variable, create_accounts FROM muster.web_server_sign_in;';
COMMENT ON COLUMN muster.web_server_sign_in.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.web_server_sign_in.auth_type IS 'What AUTH_TYPE must say, without case: the module''s AuthType: openid-connect, Negotiate, Mellon.';
COMMENT ON COLUMN muster.web_server_sign_in.user_variable IS 'The variable that holds the user''s name.';
COMMENT ON COLUMN muster.web_server_sign_in.name_variable IS 'The variable that holds the name for people of an account that is made; NULL: none.';
COMMENT ON COLUMN muster.web_server_sign_in.groups_variable IS 'The variable whose values muster.claim_group maps to groups; NULL: none.';
COMMENT ON COLUMN muster.web_server_sign_in.groups_separator IS 'What stands between its values.';
COMMENT ON COLUMN muster.web_server_sign_in.create_accounts IS 'True: who signs in for the first time, with a name in one of the organization''s domains, gets an account.';

CREATE TABLE muster.sign_in_condition (
	organization uuid NOT NULL REFERENCES muster.organization (id),
	variable     text NOT NULL CHECK (variable !~* '^HTTP_'),
	value        text NOT NULL CHECK (length(value) BETWEEN 1 AND 1000),
	PRIMARY KEY (organization, variable)
);
COMMENT ON TABLE muster.sign_in_condition IS 'What variables of the web server''s module must say for a sign-in to count, each exactly. Changed by muster.require_sign_in_variable and muster.forget_sign_in_variable. Example: SELECT variable, value FROM muster.sign_in_condition;';
COMMENT ON COLUMN muster.sign_in_condition.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.sign_in_condition.variable IS 'The variable.';
COMMENT ON COLUMN muster.sign_in_condition.value IS 'What it must be, case included.';

CREATE TABLE muster.sign_in_realm (
	organization uuid NOT NULL REFERENCES muster.organization (id),
	realm        text NOT NULL CHECK (realm ~ '^[^@\\[:space:][:cntrl:]]*$' AND length(realm) <= 253),
	domain       text NOT NULL CHECK (domain ~ '^[^@\\[:space:][:cntrl:]]+$' AND length(domain) <= 253),
	PRIMARY KEY (organization, realm)
);
COMMENT ON TABLE muster.sign_in_realm IS 'Realms of the names that the web server''s module tells, and the domain that stands for each in accounts'' names. Changed by muster.map_realm and muster.unmap_realm. Example: SELECT realm, domain FROM muster.sign_in_realm;';
COMMENT ON COLUMN muster.sign_in_realm.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.sign_in_realm.realm IS 'What stands behind the @ (a Kerberos realm) or before the backslash (a Windows domain); empty: names without either.';
COMMENT ON COLUMN muster.sign_in_realm.domain IS 'What stands behind the @ of the account''s name.';

CREATE TABLE muster.claim_group (
	organization  uuid NOT NULL REFERENCES muster.organization (id),
	value         text NOT NULL CHECK (length(value) BETWEEN 1 AND 400 AND value = btrim(value)),
	account_group uuid NOT NULL,
	PRIMARY KEY (organization, value, account_group),
	FOREIGN KEY (organization, account_group) REFERENCES muster.account_group (organization, id)
);
CREATE INDEX claim_group_group ON muster.claim_group (organization, account_group);
COMMENT ON TABLE muster.claim_group IS 'Which group stands for a value of the groups that the web server''s module tells. Changed by muster.map_claim and muster.unmap_claim. Example: SELECT value, account_group FROM muster.claim_group;';
COMMENT ON COLUMN muster.claim_group.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.claim_group.value IS 'The value, case included: a group''s name or id at the identity provider.';
COMMENT ON COLUMN muster.claim_group.account_group IS 'The group.';

ALTER TABLE muster.account_group_member
	ADD COLUMN how text NOT NULL DEFAULT 'hand' CONSTRAINT account_group_member_how CHECK (how IN ('hand', 'claim'));
COMMENT ON COLUMN muster.account_group_member.how IS 'hand: an administrator''s doing, which sign-ins leave alone. claim: by what the identity provider said at the last sign-in; the next one may end it.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows(format('muster.%I', t)::regclass, 'organization')
	   FROM unnest(ARRAY['web_server_sign_in', 'sign_in_condition', 'sign_in_realm', 'claim_group']) t;
END
$protect$;

INSERT INTO muster.schema_version (version, name) VALUES (11, 'single sign-on');
