-- A certificate's life: which one it renews, and how it ends before its time.
ALTER TABLE muster.certificate
	ADD COLUMN renews bytea REFERENCES muster.certificate (sha256),
	ADD COLUMN superseded_at timestamptz,
	ADD COLUMN revoked_at timestamptz,
	ADD COLUMN revocation_reason text CONSTRAINT revocation_reason_known CHECK (revocation_reason IN
		('unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn')),
	ADD COLUMN revocation_note text CHECK (length(revocation_note) <= 400),
	ADD CONSTRAINT revocation_has_a_reason CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)
		AND (revoked_at IS NOT NULL OR revocation_note IS NULL));
CREATE INDEX certificate_renews ON muster.certificate (renews) WHERE renews IS NOT NULL;
CREATE INDEX certificate_revoked ON muster.certificate (authority, not_after) WHERE revoked_at IS NOT NULL;
COMMENT ON COLUMN muster.certificate.renews IS 'The device''s certificate that asked for this one; NULL: it came with an enrollment.';
COMMENT ON COLUMN muster.certificate.superseded_at IS 'When the certificate that renews it was first used, which ended it; NULL: it was not.';
COMMENT ON COLUMN muster.certificate.revoked_at IS 'When it was revoked; NULL: it was not.';
COMMENT ON COLUMN muster.certificate.revocation_reason IS 'Why, in the words of RFC 5280 (CRLReason). NULL: not revoked.';
COMMENT ON COLUMN muster.certificate.revocation_note IS 'Why, in the administrator''s words.';

INSERT INTO muster.schema_version (version, name) VALUES (18, 'life');
