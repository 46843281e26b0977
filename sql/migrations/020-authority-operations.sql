-- Authorities' own life: levels between a root and the authorities that sign devices, requests that wait for their
-- certificate, and what tells a sealing key that was only encrypted anew from another one.

ALTER TABLE muster.authority DROP CONSTRAINT authority_kind_check;
ALTER TABLE muster.authority DROP CONSTRAINT authority_check2;
ALTER TABLE muster.authority
	ADD CONSTRAINT authority_kind CHECK (kind IN ('root', 'intermediate', 'issuing')),
	ADD CONSTRAINT root_has_no_parent CHECK (kind <> 'root' OR parent IS NULL),
	ADD CONSTRAINT intermediate_has_no_key CHECK (kind <> 'intermediate' OR private_key IS NULL);
COMMENT ON COLUMN muster.authority.kind IS 'root: self-signed, signs authorities only. intermediate: of somebody else''s PKI, between a root and an issuing one. issuing: signs devices.';
COMMENT ON COLUMN muster.authority.parent IS 'Who certified it: a root, or an intermediate authority.';

CREATE TABLE muster.authority_request (
	id                uuid PRIMARY KEY DEFAULT muster.new_id(),
	name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
	key_type          text CHECK (length(key_type) <= 32),
	private_key       bytea NOT NULL CONSTRAINT private_key_is_encrypted CHECK (octet_length(private_key) <= 65536
		AND position('\x06092a864886f70d01050d'::bytea IN substring(private_key FROM 1 FOR 32)) > 0),
	public_key_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(public_key_sha256) = 32),
	request           bytea NOT NULL CHECK (octet_length(request) BETWEEN 64 AND 65536),
	made_at           timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX authority_request_name ON muster.authority_request (lower(name));
COMMENT ON TABLE muster.authority_request IS 'Keys of issuing authorities that wait for their certificate: muster-ca request makes them, muster-ca import takes them from here. To look at them: the view muster.authority_requests.';
COMMENT ON COLUMN muster.authority_request.id IS 'Key.';
COMMENT ON COLUMN muster.authority_request.name IS 'What the authority will be called, unique without case.';
COMMENT ON COLUMN muster.authority_request.key_type IS 'ec-p256, rsa-2048, ….';
COMMENT ON COLUMN muster.authority_request.private_key IS 'PKCS#8, encrypted under the passphrase (PBES2).';
COMMENT ON COLUMN muster.authority_request.public_key_sha256 IS 'SHA-256 of the public key (SubjectPublicKeyInfo, DER), by which the certificate is known when it comes.';
COMMENT ON COLUMN muster.authority_request.request IS 'The request (PKCS#10, DER), as it was given out.';
COMMENT ON COLUMN muster.authority_request.made_at IS 'When it was made.';

ALTER TABLE muster.configuration ADD COLUMN sealing_key_sha256 bytea CHECK (octet_length(sealing_key_sha256) = 32);
COMMENT ON COLUMN muster.configuration.sealing_key_sha256 IS 'SHA-256 of the sealing key itself, which is random: issuers that have it open know that it is the same one under another passphrase. NULL: the passphrase was never changed.';

-- Made anew, with one column more.
DROP FUNCTION IF EXISTS muster_issuer.generation();

INSERT INTO muster.schema_version (version, name) VALUES (20, 'authority operations');
