-- Renewal: what an organization allows, and what a device was told with its certificate.
ALTER TABLE muster.organization
	ADD COLUMN renewal_grace_days integer NOT NULL DEFAULT 0 CHECK (renewal_grace_days BETWEEN 0 AND 365),
	ADD COLUMN renews_early boolean NOT NULL DEFAULT false,
	ADD COLUMN renews_same_key boolean NOT NULL DEFAULT true,
	ADD COLUMN renewal_needs_client_certificate boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN muster.organization.renewal_grace_days IS 'How many days after its end a certificate is still good to ask for the next; it opens nothing else.';
COMMENT ON COLUMN muster.organization.renews_early IS 'Devices may renew before the renewal period begins.';
COMMENT ON COLUMN muster.organization.renews_same_key IS 'A renewal may keep the key of the certificate that it renews.';
COMMENT ON COLUMN muster.organization.renewal_needs_client_certificate IS 'The connection of a renewal must be made with the certificate that signs it. False: the signature counts alone, as behind a proxy that ends TLS and hands on no certificate.';

ALTER TABLE muster.certificate ADD COLUMN renew_period_days integer CHECK (renew_period_days BETWEEN 1 AND 1000);
COMMENT ON COLUMN muster.certificate.renew_period_days IS 'How many days before its end the device was told to renew it; NULL: issued before that was kept.';

-- With the device that was refused, as its last argument.
DROP FUNCTION IF EXISTS muster_worker.refuse(uuid, uuid, text, text, text, text, text, uuid, text, jsonb, jsonb);

INSERT INTO muster.schema_version (version, name) VALUES (21, 'renewal');
