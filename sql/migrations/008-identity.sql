-- Every way to prove who one is: several policies of an organization, opaque tokens, and functions that take a claim.

ALTER TABLE muster.organization
	DROP CONSTRAINT auth_policies_are_implemented,
	ADD CONSTRAINT auth_policies_known CHECK (auth_policies <@ ARRAY['OnPremise', 'Federated', 'Certificate']
		AND cardinality(auth_policies) <= 3
		AND cardinality(auth_policies) = cardinality(array_remove(auth_policies, 'OnPremise')) + ('OnPremise' = ANY (auth_policies))::integer
		AND cardinality(auth_policies) = cardinality(array_remove(auth_policies, 'Federated')) + ('Federated' = ANY (auth_policies))::integer
		AND cardinality(auth_policies) = cardinality(array_remove(auth_policies, 'Certificate')) + ('Certificate' = ANY (auth_policies))::integer),
	ADD COLUMN sign_in text NOT NULL DEFAULT 'page' CONSTRAINT sign_in_known CHECK (sign_in IN ('page', 'web server'));
COMMENT ON COLUMN muster.organization.auth_policies IS 'Authentication policies by priority: OnPremise (password), Federated (token of the sign-in page, of a provisioning package, of Entra ID), Certificate (signed by one). None: nobody enrolls. Set with muster.set_auth_policies.';
COMMENT ON COLUMN muster.organization.sign_in IS 'Where Federated devices sign in. page: our page, with the account''s password. web server: a path that the web server''s own module protects (OpenID Connect, Kerberos, SAML). Set with muster.set_sign_in.';

CREATE TABLE muster.token (
	id            uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization  uuid NOT NULL REFERENCES muster.organization (id),
	account       uuid NOT NULL,
	sha256        bytea NOT NULL CONSTRAINT token_sha256 UNIQUE CHECK (octet_length(sha256) = 32),
	how           text NOT NULL CHECK (how IN ('sign-in page', 'web server', 'bulk')),
	issued_at     timestamptz NOT NULL DEFAULT now(),
	expires_at    timestamptz NOT NULL,
	issued_remote inet,
	trace         uuid,
	attempt       uuid,
	consumed_at   timestamptz,
	consumed_key  bytea CHECK (octet_length(consumed_key) = 32),
	device        uuid,
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	FOREIGN KEY (organization, device) REFERENCES muster.device (organization, id),
	CONSTRAINT token_ends CHECK (expires_at > issued_at),
	CONSTRAINT token_consumed CHECK (num_nulls(consumed_at, consumed_key, device) IN (0, 3))
);
CREATE INDEX token_account ON muster.token (organization, account);
CREATE INDEX token_device ON muster.token (organization, device);
CREATE INDEX token_expires ON muster.token (expires_at);
COMMENT ON TABLE muster.token IS 'Opaque tokens that a device brings as a BinarySecurityToken: random, kept as their SHA-256 only, for minutes. Made by the programs when somebody signed in. Example: SELECT how, issued_at, expires_at, consumed_at FROM muster.token ORDER BY id DESC LIMIT 10;';
COMMENT ON COLUMN muster.token.id IS 'Key.';
COMMENT ON COLUMN muster.token.organization IS 'Where it is good.';
COMMENT ON COLUMN muster.token.account IS 'Whom it proves.';
COMMENT ON COLUMN muster.token.sha256 IS 'SHA-256 of its text.';
COMMENT ON COLUMN muster.token.how IS 'sign-in page: a password was checked there. web server: its own module had somebody sign in. bulk: an administrator''s, for a provisioning package.';
COMMENT ON COLUMN muster.token.issued_at IS 'When it was made.';
COMMENT ON COLUMN muster.token.expires_at IS 'Its end.';
COMMENT ON COLUMN muster.token.issued_remote IS 'Where from the sign-in came.';
COMMENT ON COLUMN muster.token.trace IS 'Trace id of the request that made it.';
COMMENT ON COLUMN muster.token.attempt IS 'The attempt it belongs to, as discovery named it.';
COMMENT ON COLUMN muster.token.consumed_at IS 'When an enrollment by it succeeded.';
COMMENT ON COLUMN muster.token.consumed_key IS 'SHA-256 of that enrollment''s public key.';
COMMENT ON COLUMN muster.token.device IS 'That enrollment.';

CREATE TYPE muster.identity AS (
	organization     uuid,
	organization_key text,
	account          uuid,
	outcome          text,
	why              text,
	proof            jsonb,
	welcome          boolean
);
COMMENT ON TYPE muster.identity IS 'Whom a credential names, before the proof. Example: SELECT * FROM muster.identify(''example'', ''ada'', NULL);';
COMMENT ON COLUMN muster.identity.organization IS 'The organization; NULL if there is none of that key or domain.';
COMMENT ON COLUMN muster.identity.organization_key IS 'Its key.';
COMMENT ON COLUMN muster.identity.account IS 'The account; NULL if the credential names none.';
COMMENT ON COLUMN muster.identity.outcome IS 'OK, or why it is refused already.';
COMMENT ON COLUMN muster.identity.why IS 'The reason of a refusal.';
COMMENT ON COLUMN muster.identity.proof IS 'What proves it, by the kind of credential: for the programs.';
COMMENT ON COLUMN muster.identity.welcome IS 'True: nobody yet, but to be made an account of once it is proven.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.token', 'organization');
END
$protect$;

-- Functions whose arguments or columns change: made anew, with the new ones at the end.
DROP FUNCTION IF EXISTS muster_worker.discover(text);
DROP FUNCTION IF EXISTS muster_worker.policy(text, text, text);
DROP FUNCTION IF EXISTS muster_worker.consider(text, text, jsonb, text);
DROP FUNCTION IF EXISTS muster_issuer.record(uuid, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bytea, bigint, bigint, jsonb);

INSERT INTO muster.schema_version (version, name) VALUES (8, 'identity');
