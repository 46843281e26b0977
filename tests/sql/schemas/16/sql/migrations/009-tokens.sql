-- Tokens' life, and tokens for bulk enrollment: an administrator's, in provisioning packages, good for many devices.

-- What somebody's sign-in made lives there; what an administrator made, here.
ALTER TABLE muster.token
	DROP CONSTRAINT token_how_check,
	ADD CONSTRAINT token_how CHECK (how IN ('sign-in page', 'web server'));
COMMENT ON TABLE muster.token IS 'Opaque tokens that a device brings as a BinarySecurityToken: random, kept as their SHA-256 only, for minutes. Made by the programs when somebody signed in; consumed by the first enrollment that succeeds, and then good only for that enrollment''s key, which gets its certificate again. Removed by housekeeping a week after their end. Those of provisioning packages are in muster.bulk_token. Example: SELECT how, issued_at, expires_at, consumed_at FROM muster.token ORDER BY id DESC LIMIT 10;';
COMMENT ON COLUMN muster.token.how IS 'sign-in page: a password was checked there. web server: its own module had somebody sign in.';

CREATE TABLE muster.bulk_token (
	id             uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization   uuid NOT NULL REFERENCES muster.organization (id),
	account        uuid NOT NULL,
	name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
	token_sha256   bytea NOT NULL CONSTRAINT bulk_token_sha256 UNIQUE CHECK (octet_length(token_sha256) = 32),
	created_at     timestamptz NOT NULL DEFAULT now(),
	created_by     text NOT NULL DEFAULT session_user,
	expires_at     timestamptz NOT NULL,
	device_limit   integer CHECK (device_limit BETWEEN 1 AND 10000000),
	networks       cidr[] NOT NULL DEFAULT '{}' CHECK (cardinality(networks) <= 64 AND array_position(networks, NULL) IS NULL),
	note           text CHECK (length(note) <= 400),
	devices        integer NOT NULL DEFAULT 0 CHECK (devices >= 0),
	revoked_at     timestamptz,
	revoked_by     text,
	revoked_reason text CHECK (length(revoked_reason) <= 400),
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	UNIQUE (organization, id),
	CONSTRAINT bulk_token_revoked CHECK (num_nulls(revoked_at, revoked_by, revoked_reason) IN (0, 3))
);
CREATE UNIQUE INDEX bulk_token_name ON muster.bulk_token (organization, lower(name));
CREATE INDEX bulk_token_account ON muster.bulk_token (organization, account);
COMMENT ON TABLE muster.bulk_token IS 'Tokens for provisioning packages (AuthPolicy Federated): each is good for any number of devices until its end, within its limits, for one account of kind bulk. Made by "muster-ca token", kept as the SHA-256 only. Example: SELECT * FROM muster.bulk_tokens;';
COMMENT ON COLUMN muster.bulk_token.id IS 'Key.';
COMMENT ON COLUMN muster.bulk_token.organization IS 'Where it is good.';
COMMENT ON COLUMN muster.bulk_token.account IS 'Whose devices they become: an account of kind bulk.';
COMMENT ON COLUMN muster.bulk_token.name IS 'What it is called, unique without case within the organization.';
COMMENT ON COLUMN muster.bulk_token.token_sha256 IS 'SHA-256 of its text. Nobody reads it.';
COMMENT ON COLUMN muster.bulk_token.created_at IS 'When it was added.';
COMMENT ON COLUMN muster.bulk_token.created_by IS 'Who added it.';
COMMENT ON COLUMN muster.bulk_token.expires_at IS 'Its end. Set by muster.set_bulk_token_end.';
COMMENT ON COLUMN muster.bulk_token.device_limit IS 'How many devices may come by it; NULL: any number. Set by muster.set_bulk_token_limit.';
COMMENT ON COLUMN muster.bulk_token.networks IS 'Networks that it is good from, beside what muster.allowed_network says; none: any. Set by muster.set_bulk_token_networks.';
COMMENT ON COLUMN muster.bulk_token.note IS 'What it is for.';
COMMENT ON COLUMN muster.bulk_token.devices IS 'How many devices came by it; one that enrolls again is one. Counted only while it has a limit, since enrollments that count together take turns; muster.bulk_tokens tells always.';
COMMENT ON COLUMN muster.bulk_token.revoked_at IS 'Since when it is good for nothing. Set by muster.revoke_bulk_token.';
COMMENT ON COLUMN muster.bulk_token.revoked_by IS 'Who revoked it.';
COMMENT ON COLUMN muster.bulk_token.revoked_reason IS 'Why.';

CREATE TABLE muster.bulk_enrollment (
	device            uuid PRIMARY KEY,
	organization      uuid NOT NULL,
	bulk_token        uuid NOT NULL,
	public_key_sha256 bytea NOT NULL CHECK (octet_length(public_key_sha256) = 32),
	counted           boolean NOT NULL,
	FOREIGN KEY (organization, device) REFERENCES muster.device (organization, id),
	FOREIGN KEY (organization, bulk_token) REFERENCES muster.bulk_token (organization, id)
);
CREATE INDEX bulk_enrollment_key ON muster.bulk_enrollment (bulk_token, public_key_sha256);
CREATE INDEX bulk_enrollment_order ON muster.bulk_enrollment (bulk_token, device);
COMMENT ON TABLE muster.bulk_enrollment IS 'Which enrollments came by which bulk token, written by the programs. Example: SELECT * FROM muster.bulk_token_devices LIMIT 10;';
COMMENT ON COLUMN muster.bulk_enrollment.device IS 'The enrollment.';
COMMENT ON COLUMN muster.bulk_enrollment.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.bulk_enrollment.bulk_token IS 'The token.';
COMMENT ON COLUMN muster.bulk_enrollment.public_key_sha256 IS 'SHA-256 of its public key: the same device with the same key gets the recorded certificate again.';
COMMENT ON COLUMN muster.bulk_enrollment.counted IS 'False: it replaced another by the same token, which had been counted.';

CREATE TYPE muster.found_token AS (
	token          uuid,
	bulk_token     uuid,
	name           text,
	organization   uuid,
	account        uuid,
	expires_at     timestamptz,
	revoked_at     timestamptz,
	revoked_reason text,
	consumed_key   bytea,
	device         uuid
);
COMMENT ON TYPE muster.found_token IS 'An opaque token, a sign-in''s or a bulk token, as it stands. Example: SELECT (muster.find_token(sha256(''not random''))).expires_at;';
COMMENT ON COLUMN muster.found_token.token IS 'Of a sign-in: its id.';
COMMENT ON COLUMN muster.found_token.bulk_token IS 'Of a provisioning package: its id.';
COMMENT ON COLUMN muster.found_token.name IS 'A bulk token''s name.';
COMMENT ON COLUMN muster.found_token.organization IS 'Where it is good.';
COMMENT ON COLUMN muster.found_token.account IS 'Whom it proves.';
COMMENT ON COLUMN muster.found_token.expires_at IS 'Its end.';
COMMENT ON COLUMN muster.found_token.revoked_at IS 'Since when it is revoked.';
COMMENT ON COLUMN muster.found_token.revoked_reason IS 'Why.';
COMMENT ON COLUMN muster.found_token.consumed_key IS 'SHA-256 of the public key that consumed it; a bulk token is never consumed.';
COMMENT ON COLUMN muster.found_token.device IS 'The enrollment that did.';

CREATE TYPE muster.held_token AS (
	outcome    text,
	why        text,
	token      uuid,
	bulk_token uuid,
	device     uuid
);
COMMENT ON TYPE muster.held_token IS 'What a token means to an enrollment that is about to be recorded, its row locked. Example: see muster.hold_token.';
COMMENT ON COLUMN muster.held_token.outcome IS 'OK, or why it is refused.';
COMMENT ON COLUMN muster.held_token.why IS 'The reason of a refusal.';
COMMENT ON COLUMN muster.held_token.token IS 'The token of a sign-in, to be consumed.';
COMMENT ON COLUMN muster.held_token.bulk_token IS 'The bulk token, to be counted.';
COMMENT ON COLUMN muster.held_token.device IS 'The enrollment that the same key made already: its certificate is the answer.';

ALTER TYPE muster.candidate ADD ATTRIBUTE bulk_token uuid;
COMMENT ON COLUMN muster.candidate.bulk_token IS 'The bulk token that it brings; NULL: none, or not told yet.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows(format('muster.%I', t)::regclass, 'organization') FROM unnest(ARRAY['bulk_token', 'bulk_enrollment']) t;
END
$protect$;

-- It can be asked about a bulk token now; and deleting tells of bulk tokens.
DROP FUNCTION IF EXISTS muster.explain_enrollment(text, jsonb, inet, text);
DROP FUNCTION IF EXISTS muster.accounts_hold(uuid[]);

INSERT INTO muster.schema_version (version, name) VALUES (9, 'tokens');
