-- Certificates that sign requests: whom to trust, whom they name, what was revoked, what was used already.

CREATE TABLE muster.signer_authority (
	id                 uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization       uuid NOT NULL REFERENCES muster.organization (id),
	name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
	certificate        bytea NOT NULL CHECK (octet_length(certificate) BETWEEN 64 AND 65536),
	certificate_sha256 bytea NOT NULL GENERATED ALWAYS AS (sha256(certificate)) STORED,
	subject            text NOT NULL CHECK (length(subject) <= 400),
	subject_sha256     bytea NOT NULL CHECK (octet_length(subject_sha256) = 32),
	not_before         timestamptz NOT NULL,
	not_after          timestamptz NOT NULL CHECK (not_after > not_before),
	names_by           text[] NOT NULL DEFAULT '{}' CONSTRAINT names_by_known CHECK (names_by <@ ARRAY['upn', 'email', 'common name']),
	own_devices        boolean NOT NULL DEFAULT false,
	crl_required       boolean NOT NULL DEFAULT false,
	crl_number         numeric,
	crl_made_at        timestamptz,
	crl_ends_at        timestamptz,
	added_at           timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organization, id),
	CONSTRAINT signer_authority_once UNIQUE (organization, certificate_sha256)
);
CREATE UNIQUE INDEX signer_authority_name ON muster.signer_authority (organization, lower(name));
CREATE INDEX signer_authority_subject ON muster.signer_authority (organization, subject_sha256);
COMMENT ON TABLE muster.signer_authority IS 'Authorities whose certificates may sign requests to enroll (AuthPolicy Certificate). Each is trusted by itself, be it a root or not; nothing is until it stands here. Added by muster-ca trust. Example: SELECT name, subject, not_after FROM muster.signer_authority;';
COMMENT ON COLUMN muster.signer_authority.id IS 'Key.';
COMMENT ON COLUMN muster.signer_authority.organization IS 'Who trusts it.';
COMMENT ON COLUMN muster.signer_authority.name IS 'Name for people, unique within the organization without case.';
COMMENT ON COLUMN muster.signer_authority.certificate IS 'Its certificate, DER.';
COMMENT ON COLUMN muster.signer_authority.certificate_sha256 IS 'SHA-256 of it.';
COMMENT ON COLUMN muster.signer_authority.subject IS 'Its subject, as RFC 4514 writes it.';
COMMENT ON COLUMN muster.signer_authority.subject_sha256 IS 'SHA-256 of its subject''s DER: what a certificate that it signed names as its issuer.';
COMMENT ON COLUMN muster.signer_authority.not_before IS 'Beginning of its validity.';
COMMENT ON COLUMN muster.signer_authority.not_after IS 'End of its validity.';
COMMENT ON COLUMN muster.signer_authority.names_by IS 'Which names in its certificates are accounts'' names, by priority: upn (user principal name), email, common name. None: only listed certificates name anybody.';
COMMENT ON COLUMN muster.signer_authority.own_devices IS 'It is an authority of ours: the certificates of living devices name their accounts.';
COMMENT ON COLUMN muster.signer_authority.crl_required IS 'Its certificates are refused when there is no list of revoked ones, or that has ended.';
COMMENT ON COLUMN muster.signer_authority.crl_number IS 'Number of the list that was loaded last.';
COMMENT ON COLUMN muster.signer_authority.crl_made_at IS 'When that list was made.';
COMMENT ON COLUMN muster.signer_authority.crl_ends_at IS 'When a newer list was promised for.';
COMMENT ON COLUMN muster.signer_authority.added_at IS 'When it was added.';

CREATE TABLE muster.revoked_signer (
	organization uuid NOT NULL,
	authority    uuid NOT NULL,
	serial       bytea NOT NULL CHECK (octet_length(serial) BETWEEN 1 AND 64),
	how          text NOT NULL CHECK (how IN ('list', 'hand')),
	revoked_at   timestamptz NOT NULL DEFAULT now(),
	reason       text CHECK (length(reason) <= 400),
	PRIMARY KEY (authority, serial, how),
	FOREIGN KEY (organization, authority) REFERENCES muster.signer_authority (organization, id) ON DELETE CASCADE
);
CREATE INDEX revoked_signer_organization ON muster.revoked_signer (organization, authority);
COMMENT ON TABLE muster.revoked_signer IS 'Certificates of trusted authorities that sign nothing any more: from their lists (muster-ca crl), or by hand (muster.revoke_signer). Example: SELECT encode(serial, ''hex''), how, revoked_at FROM muster.revoked_signer;';
COMMENT ON COLUMN muster.revoked_signer.organization IS 'Whose.';
COMMENT ON COLUMN muster.revoked_signer.authority IS 'Who signed it.';
COMMENT ON COLUMN muster.revoked_signer.serial IS 'Its serial number.';
COMMENT ON COLUMN muster.revoked_signer.how IS 'list: it stands in the authority''s list, and goes with the next that does not have it. hand: an administrator revoked it here.';
COMMENT ON COLUMN muster.revoked_signer.revoked_at IS 'Since when.';
COMMENT ON COLUMN muster.revoked_signer.reason IS 'Why.';

CREATE TABLE muster.listed_signer (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization uuid NOT NULL REFERENCES muster.organization (id),
	account      uuid NOT NULL,
	sha256       bytea NOT NULL CHECK (octet_length(sha256) = 32),
	subject      text CHECK (length(subject) <= 400),
	not_after    timestamptz,
	note         text CHECK (length(note) <= 400),
	added_at     timestamptz NOT NULL DEFAULT now(),
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	CONSTRAINT listed_signer_once UNIQUE (organization, sha256)
);
CREATE INDEX listed_signer_account ON muster.listed_signer (organization, account);
COMMENT ON TABLE muster.listed_signer IS 'Certificates that sign for an account, one by one, whoever signed them: those of provisioning packages. Example: SELECT encode(sha256, ''hex''), subject, note FROM muster.listed_signer;';
COMMENT ON COLUMN muster.listed_signer.id IS 'Key.';
COMMENT ON COLUMN muster.listed_signer.organization IS 'Where it signs.';
COMMENT ON COLUMN muster.listed_signer.account IS 'For whom.';
COMMENT ON COLUMN muster.listed_signer.sha256 IS 'SHA-256 of its DER.';
COMMENT ON COLUMN muster.listed_signer.subject IS 'Its subject; NULL: only the SHA-256 was given.';
COMMENT ON COLUMN muster.listed_signer.not_after IS 'End of its validity; NULL: only the SHA-256 was given.';
COMMENT ON COLUMN muster.listed_signer.note IS 'What it is for.';
COMMENT ON COLUMN muster.listed_signer.added_at IS 'When it was listed.';

CREATE TABLE muster.signing (
	organization      uuid PRIMARY KEY REFERENCES muster.organization (id),
	timestamps        boolean NOT NULL DEFAULT true,
	skew_seconds      integer NOT NULL DEFAULT 300 CHECK (skew_seconds BETWEEN 0 AND 604800),
	sha1              boolean NOT NULL DEFAULT false,
	old_uris          boolean NOT NULL DEFAULT false,
	policies_unsigned boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE muster.signing IS 'How an organization''s signed requests are to be; without a row, as the defaults are. Set with muster.set_signing. Example: SELECT * FROM muster.signing;';
COMMENT ON COLUMN muster.signing.organization IS 'Whose requests.';
COMMENT ON COLUMN muster.signing.timestamps IS 'A request must have a Timestamp that is of now. False where devices'' clocks are wrong while they are provisioned; each request is good once all the same.';
COMMENT ON COLUMN muster.signing.skew_seconds IS 'How far the clocks of device and server may lie apart.';
COMMENT ON COLUMN muster.signing.sha1 IS 'SHA-1 in signature and digest is accepted.';
COMMENT ON COLUMN muster.signing.old_uris IS 'SHA-256 is accepted under the URIs of 2000/09, as published samples spell it.';
COMMENT ON COLUMN muster.signing.policies_unsigned IS 'GetPolicies is answered to a trusted certificate without a signature: what kind of key to make is no secret. To enroll, the request is signed in any case.';

CREATE TABLE muster.used_signature (
	sha256       bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
	organization uuid NOT NULL REFERENCES muster.organization (id),
	device       uuid NOT NULL,
	until        timestamptz NOT NULL,
	FOREIGN KEY (organization, device) REFERENCES muster.device (organization, id)
);
CREATE INDEX used_signature_until ON muster.used_signature (until);
CREATE INDEX used_signature_device ON muster.used_signature (organization, device);
COMMENT ON TABLE muster.used_signature IS 'Signed requests that enrolled a device, so that none does so twice, at no host and in no organization. Housekeeping removes them when their certificate has ended. Example: SELECT count(*) FROM muster.used_signature;';
COMMENT ON COLUMN muster.used_signature.sha256 IS 'SHA-256 of MessageID and DigestValue.';
COMMENT ON COLUMN muster.used_signature.organization IS 'Where.';
COMMENT ON COLUMN muster.used_signature.device IS 'The enrollment.';
COMMENT ON COLUMN muster.used_signature.until IS 'Until when the request could be taken for a new one: the end of its certificate.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows(format('muster.%I', t)::regclass, 'organization')
	   FROM unnest(ARRAY['signer_authority', 'revoked_signer', 'listed_signer', 'signing', 'used_signature']) t;
END
$protect$;

INSERT INTO muster.schema_version (version, name) VALUES (13, 'signers');
