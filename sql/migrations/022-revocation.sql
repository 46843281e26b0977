-- Revocation: lists of revoked certificates, where they are published, and what ends a certificate besides.

ALTER TABLE muster.configuration ADD COLUMN publication_url text CHECK (publication_url ~ '^http://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$');
COMMENT ON COLUMN muster.configuration.publication_url IS 'http://host[:port] where lists of revoked certificates and authorities'' certificates can be fetched, as new certificates say; NULL: they say nothing.';

ALTER TABLE muster.authority
	ADD COLUMN revoked_at timestamptz,
	ADD COLUMN revocation_reason text CONSTRAINT revocation_reason_known CHECK (revocation_reason IN
		('unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn')),
	ADD COLUMN revocation_note text CHECK (length(revocation_note) <= 400),
	ADD COLUMN crl_url text CHECK (length(crl_url) <= 1024),
	ADD COLUMN ca_url text CHECK (length(ca_url) <= 1024),
	ADD COLUMN ocsp_url text CHECK (length(ocsp_url) <= 1024),
	ADD COLUMN crl_delay interval CHECK (crl_delay BETWEEN interval '0' AND interval '1 day'),
	ADD COLUMN crl_lifetime interval CHECK (crl_lifetime BETWEEN interval '10 minutes' AND interval '3 years'),
	ADD COLUMN crl_overlap interval CHECK (crl_overlap >= interval '0'),
	ADD COLUMN crl_limit integer CHECK (crl_limit > 0),
	ADD CONSTRAINT revocation_has_a_reason CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)
		AND (revoked_at IS NOT NULL OR revocation_note IS NULL)),
	ADD CONSTRAINT root_is_not_revoked CHECK (revoked_at IS NULL OR parent IS NOT NULL);
COMMENT ON COLUMN muster.authority.revoked_at IS 'When its certificate was revoked; NULL: it was not.';
COMMENT ON COLUMN muster.authority.revocation_reason IS 'Why, in the words of RFC 5280 (CRLReason). NULL: not revoked.';
COMMENT ON COLUMN muster.authority.revocation_note IS 'Why, in the administrator''s words.';
COMMENT ON COLUMN muster.authority.crl_url IS 'Where new certificates say that its list of revoked certificates is; NULL: at the installation''s publication_url.';
COMMENT ON COLUMN muster.authority.ca_url IS 'Where new certificates say that its certificate is; NULL: at the installation''s publication_url.';
COMMENT ON COLUMN muster.authority.ocsp_url IS 'Where new certificates say that an OCSP responder answers for it; NULL: nowhere.';
COMMENT ON COLUMN muster.authority.crl_delay IS 'How long after a revocation its next list is made; NULL: 1 minute.';
COMMENT ON COLUMN muster.authority.crl_lifetime IS 'How long a list of its is good; NULL: 7 days, of a root a year.';
COMMENT ON COLUMN muster.authority.crl_overlap IS 'How long before a list ends the next one is made; NULL: 3 days, of a root 60.';
COMMENT ON COLUMN muster.authority.crl_limit IS 'With more entries than this in its list, new devices should go to a further authority; NULL: 5000.';

CREATE TABLE muster.crl (
	authority   uuid PRIMARY KEY REFERENCES muster.authority (id),
	number      bigint NOT NULL CHECK (number > 0),
	der         bytea NOT NULL CHECK (octet_length(der) BETWEEN 64 AND 67108864),
	sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),
	entries     integer NOT NULL CHECK (entries >= 0),
	this_update timestamptz NOT NULL,
	next_update timestamptz NOT NULL,
	made_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
	CHECK (next_update > this_update),
	CHECK (sha256 = pg_catalog.sha256(der))
);
-- Read in pieces, and serial numbers are random: compressing would cost much and gain little.
ALTER TABLE muster.crl ALTER COLUMN der SET STORAGE EXTERNAL;
COMMENT ON TABLE muster.crl IS 'Each authority''s newest list of revoked certificates (RFC 5280 section 5): issuers make those of issuing authorities, muster-ca publish those of roots. Look with the view muster.crls.';
COMMENT ON COLUMN muster.crl.authority IS 'Whose it is.';
COMMENT ON COLUMN muster.crl.number IS 'Its number (CRLNumber), one more with each list.';
COMMENT ON COLUMN muster.crl.der IS 'The list, DER.';
COMMENT ON COLUMN muster.crl.sha256 IS 'SHA-256 of it.';
COMMENT ON COLUMN muster.crl.entries IS 'How many certificates it revokes.';
COMMENT ON COLUMN muster.crl.this_update IS 'Its first moment (thisUpdate).';
COMMENT ON COLUMN muster.crl.next_update IS 'Its end (nextUpdate): verifiers refuse every certificate when they have no newer one then.';
COMMENT ON COLUMN muster.crl.made_at IS 'When it was stored.';

ALTER TABLE muster.certificate ADD COLUMN crl_number bigint CHECK (crl_number > 0);
COMMENT ON COLUMN muster.certificate.crl_number IS 'Number of the first list of its authority that revokes it; NULL: none does yet.';
CREATE INDEX certificate_unlisted ON muster.certificate (authority, revoked_at) WHERE revoked_at IS NOT NULL AND crl_number IS NULL;
-- By serial number, as the list is read.
CREATE INDEX certificate_listed ON muster.certificate (authority, serial) WHERE revoked_at IS NOT NULL;

ALTER TABLE muster.device ADD COLUMN revocation_reason text CONSTRAINT revocation_reason_known CHECK (revocation_reason IN
		('unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn'));
COMMENT ON COLUMN muster.device.revocation_reason IS 'What its certificates were revoked for when it was retired, in the words of RFC 5280; NULL: cessationOfOperation.';
CREATE INDEX device_replaced_at ON muster.device (replaced_at) WHERE state = 'replaced' AND ended_at IS NULL;

-- What was ended before stands in no list yet.
UPDATE muster.certificate x
   SET revoked_at = coalesce(d.retired_at, d.ended_at), revocation_reason = CASE d.state WHEN 'retired' THEN 'cessationOfOperation' ELSE 'superseded' END,
       revocation_note = CASE d.state WHEN 'retired' THEN d.retired_reason END
  FROM muster.device d
 WHERE d.id = x.device AND (d.state = 'retired' OR d.ended_at IS NOT NULL) AND x.not_after > now() AND x.revoked_at IS NULL;

-- Made anew, with more to say.
DROP FUNCTION IF EXISTS muster.add_authority(text, text, uuid, bytea, bytea, timestamptz, timestamptz, text);
DROP FUNCTION IF EXISTS muster.retire_device(uuid, text);

INSERT INTO muster.schema_version (version, name) VALUES (22, 'revocation');
