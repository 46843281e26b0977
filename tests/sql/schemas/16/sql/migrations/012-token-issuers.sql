-- Entra ID: whose tokens an organization takes, by which keys, and which account stands for which object of a tenant.

CREATE TABLE muster.tenant (
	organization    uuid NOT NULL REFERENCES muster.organization (id),
	tenant          uuid NOT NULL,
	name            text CHECK (length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]'),
	issuer_v1       text CHECK (length(issuer_v1) <= 256 AND issuer_v1 ~ '^https://[^[:space:][:cntrl:]<>"]+$'),
	issuer_v2       text CHECK (length(issuer_v2) <= 256 AND issuer_v2 ~ '^https://[^[:space:][:cntrl:]<>"]+$'),
	audiences       text[] NOT NULL CHECK (cardinality(audiences) BETWEEN 1 AND 16 AND array_position(audiences, NULL) IS NULL),
	keys_url        text NOT NULL CHECK (length(keys_url) <= 2048 AND keys_url ~ '^https://[^[:space:][:cntrl:]<>"@]+$'),
	keep_days       integer NOT NULL DEFAULT 7 CHECK (keep_days BETWEEN 1 AND 90),
	create_accounts boolean NOT NULL DEFAULT false,
	link_by_name    boolean NOT NULL DEFAULT false,
	device_account  uuid,
	scope           text CHECK (scope ~ '^[!#-[\]-~]{1,128}$'),
	mfa             boolean NOT NULL DEFAULT false,
	added_at        timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (organization, tenant),
	FOREIGN KEY (organization, device_account) REFERENCES muster.account (organization, id),
	CONSTRAINT tenant_has_an_issuer CHECK (num_nonnulls(issuer_v1, issuer_v2) > 0)
);
CREATE INDEX tenant_device_account ON muster.tenant (organization, device_account) WHERE device_account IS NOT NULL;
COMMENT ON TABLE muster.tenant IS 'Tenants of Entra ID whose tokens an organization takes. None: no JWT is taken. Changed by muster.add_tenant, muster.remove_tenant, muster.set_tenant_audiences, …. Example: SELECT tenant, audiences FROM muster.tenant;';
COMMENT ON COLUMN muster.tenant.organization IS 'Whose devices it is for.';
COMMENT ON COLUMN muster.tenant.tenant IS 'The tenant''s id (tid in its tokens).';
COMMENT ON COLUMN muster.tenant.name IS 'What people call it.';
COMMENT ON COLUMN muster.tenant.issuer_v1 IS 'The issuer (iss) of its tokens of version 1.0; NULL: these are not taken.';
COMMENT ON COLUMN muster.tenant.issuer_v2 IS 'The issuer (iss) of its tokens of version 2.0; NULL: these are not taken.';
COMMENT ON COLUMN muster.tenant.audiences IS 'Whom a token must be for (aud): the application''s id in the tenant, its App ID URI.';
COMMENT ON COLUMN muster.tenant.keys_url IS 'Where muster-ca keys fetches the issuer''s keys: a JWK Set, or an openid-configuration that names one. Workers fetch nothing.';
COMMENT ON COLUMN muster.tenant.keep_days IS 'How long a key is good that is no longer published.';
COMMENT ON COLUMN muster.tenant.create_accounts IS 'True: a user who is seen for the first time gets an account.';
COMMENT ON COLUMN muster.tenant.link_by_name IS 'True: an account that has the user''s name, in a domain of the organization, and no object of the tenant yet, becomes his.';
COMMENT ON COLUMN muster.tenant.device_account IS 'Whom tokens enroll that name a device and no user; NULL: they are not taken.';
COMMENT ON COLUMN muster.tenant.scope IS 'What scp or roles must have; NULL: nothing in particular.';
COMMENT ON COLUMN muster.tenant.mfa IS 'True: the token must say that the user signed in with several factors (mfa in amr).';
COMMENT ON COLUMN muster.tenant.added_at IS 'Since when it is taken.';

CREATE TABLE muster.tenant_key (
	organization   uuid NOT NULL,
	tenant         uuid NOT NULL,
	kid            text NOT NULL CHECK (length(kid) BETWEEN 1 AND 256 AND kid !~ '[[:cntrl:]]'),
	algorithm      text NOT NULL CHECK (algorithm IN ('RS256', 'ES256')),
	public_key     bytea NOT NULL CHECK (octet_length(public_key) BETWEEN 64 AND 2048),
	first_seen_at  timestamptz NOT NULL DEFAULT now(),
	last_seen_at   timestamptz NOT NULL DEFAULT now(),
	ends_at        timestamptz,
	revoked_at     timestamptz,
	revoked_reason text CHECK (length(revoked_reason) BETWEEN 1 AND 400),
	PRIMARY KEY (organization, tenant, kid),
	FOREIGN KEY (organization, tenant) REFERENCES muster.tenant (organization, tenant),
	CONSTRAINT tenant_key_revoked CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
COMMENT ON TABLE muster.tenant_key IS 'The keys that a tenant''s tokens are signed with. Kept by muster-ca keys; stopped by muster.revoke_tenant_key. Example: SELECT kid, algorithm, last_seen_at, ends_at FROM muster.tenant_key;';
COMMENT ON COLUMN muster.tenant_key.organization IS 'The tenant''s organization here.';
COMMENT ON COLUMN muster.tenant_key.tenant IS 'The tenant.';
COMMENT ON COLUMN muster.tenant_key.kid IS 'What a token''s header calls it.';
COMMENT ON COLUMN muster.tenant_key.algorithm IS 'The one algorithm that it verifies: RS256, ES256.';
COMMENT ON COLUMN muster.tenant_key.public_key IS 'The key: SubjectPublicKeyInfo, DER.';
COMMENT ON COLUMN muster.tenant_key.first_seen_at IS 'When it was first published.';
COMMENT ON COLUMN muster.tenant_key.last_seen_at IS 'When it was last seen among those published.';
COMMENT ON COLUMN muster.tenant_key.ends_at IS 'Until when it is good; NULL: while it is published.';
COMMENT ON COLUMN muster.tenant_key.revoked_at IS 'When somebody stopped it; NULL: nobody did.';
COMMENT ON COLUMN muster.tenant_key.revoked_reason IS 'Why, for the record.';

CREATE TABLE muster.account_identity (
	organization uuid NOT NULL,
	account      uuid NOT NULL,
	tenant       uuid NOT NULL,
	subject      uuid NOT NULL,
	how          text NOT NULL DEFAULT 'hand' CHECK (how IN ('first sight', 'name', 'hand')),
	linked_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (organization, tenant, subject),
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	FOREIGN KEY (organization, tenant) REFERENCES muster.tenant (organization, tenant),
	CONSTRAINT account_identity_once UNIQUE (organization, account, tenant)
);
COMMENT ON TABLE muster.account_identity IS 'Which object of a tenant (oid in its tokens) an account is. An object''s id is never used again, as a name is. Changed by muster.link_account and muster.unlink_account, and by the first token of a user where the tenant says so. Example: SELECT a.upn, i.subject FROM muster.account_identity i JOIN muster.account a ON a.id = i.account;';
COMMENT ON COLUMN muster.account_identity.organization IS 'The account''s organization.';
COMMENT ON COLUMN muster.account_identity.account IS 'The account; it has one object of a tenant.';
COMMENT ON COLUMN muster.account_identity.tenant IS 'The tenant.';
COMMENT ON COLUMN muster.account_identity.subject IS 'The object''s id in the tenant (oid).';
COMMENT ON COLUMN muster.account_identity.how IS 'first sight: the account was made for it. name: the account had the name of its user. hand: an administrator linked them.';
COMMENT ON COLUMN muster.account_identity.linked_at IS 'Since when.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows(format('muster.%I', t)::regclass, 'organization') FROM unnest(ARRAY['tenant', 'tenant_key', 'account_identity']) t;
END
$protect$;

INSERT INTO muster.schema_version (version, name) VALUES (12, 'token issuers');
