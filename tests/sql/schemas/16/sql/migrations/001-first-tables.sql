-- The first tables: outcomes, configuration, organizations, accounts, authorities, devices,
-- certificates, events.

CREATE TABLE muster.outcome (
	name        text PRIMARY KEY CHECK (name ~ '^[A-Za-z]{2,30}$'),
	position    smallint NOT NULL UNIQUE,
	subcode     text,
	error_type  text,
	http_status smallint NOT NULL,
	hresult     text CHECK (hresult ~ '^0x[0-9A-F]{8}$'),
	constant    text,
	meaning     text NOT NULL,
	CHECK ((subcode IS NULL) = (hresult IS NULL) AND (subcode IS NULL) = (constant IS NULL)),
	CHECK (error_type IS NULL OR subcode = 's:Authorization')
);
COMMENT ON TABLE muster.outcome IS 'What a request can end in, with what the device is told and what its user sees. Fixed: the programs have the same list. Example: SELECT * FROM muster.outcome WHERE hresult = ''0x80180013'';';
COMMENT ON COLUMN muster.outcome.name IS 'The name in logs, events and functions.';
COMMENT ON COLUMN muster.outcome.position IS 'The order of the programs'' list.';
COMMENT ON COLUMN muster.outcome.subcode IS 'Subcode of the SOAP fault (MS-MDE2 2.2.10); NULL: not a fault.';
COMMENT ON COLUMN muster.outcome.error_type IS 'ErrorType in the fault''s detail (MS-MDE2 2.2.10); NULL: the subcode says it all.';
COMMENT ON COLUMN muster.outcome.http_status IS 'HTTP status of the answer. Faults are 500 because Windows demands it.';
COMMENT ON COLUMN muster.outcome.hresult IS 'The code on the device''s screen and in its event log.';
COMMENT ON COLUMN muster.outcome.constant IS 'Microsoft''s name of that code.';
COMMENT ON COLUMN muster.outcome.meaning IS 'In words.';

INSERT INTO muster.outcome (position, name, subcode, error_type, http_status, hresult, constant, meaning) VALUES
	( 0, 'OK', NULL, NULL, 200, NULL, NULL, 'done'),
	( 1, 'MessageFormat', 's:MessageFormat', NULL, 500, '0x80180001', 'MENROLL_E_DEVICE_MESSAGE_FORMAT_ERROR', 'the message could not be read'),
	( 2, 'Authentication', 's:Authentication', NULL, 500, '0x80180002', 'MENROLL_E_DEVICE_AUTHENTICATION_ERROR', 'the user was not recognised: unknown, or a wrong password'),
	( 3, 'Authorization', 's:Authorization', NULL, 500, '0x80180003', 'MENROLL_E_DEVICE_AUTHORIZATION_ERROR', 'the user may not enroll'),
	( 4, 'CertificateRequest', 's:CertificateRequest', NULL, 500, '0x80180004', 'MENROLL_E_DEVICE_CERTIFICATEREQUEST_ERROR', 'no certificate could be made: unusable request, or the signing key is away'),
	( 5, 'EnrollmentServer', 's:EnrollmentServer', NULL, 500, '0x80180005', 'MENROLL_E_DEVICE_CONFIGMGRSERVER_ERROR', 'something behind the server is missing: database away, configuration incomplete'),
	( 6, 'InternalServiceFault', 'a:InternalServiceFault', NULL, 500, '0x80180006', 'MENROLL_E_DEVICE_INTERNALSERVICE_ERROR', 'unexpected trouble in the server'),
	( 7, 'InvalidSecurity', 'a:InvalidSecurity', NULL, 500, '0x80180007', 'MENROLL_E_DEVICE_INVALIDSECURITY_ERROR', 'the credentials in the message could not be read, or are of a kind that is not offered'),
	( 8, 'DeviceCapReached', 's:Authorization', 'DeviceCapReached', 500, '0x80180013', 'MENROLL_E_DEVICECAPREACHED', 'the account has too many devices'),
	( 9, 'DeviceNotSupported', 's:Authorization', 'DeviceNotSupported', 500, '0x80180014', 'MENROLL_E_DEVICENOTSUPPORTED', 'the platform or its version is not supported'),
	(10, 'NotSupported', 's:Authorization', 'NotSupported', 500, '0x80180015', 'MENROLL_E_NOTSUPPORTED', 'this kind of enrollment is not supported'),
	(11, 'NotEligibleToRenew', 's:Authorization', 'NotEligibleToRenew', 500, '0x80180016', 'MENROLL_E_NOTELIGIBLETORENEW', 'the certificate cannot be renewed: enroll again'),
	(12, 'InMaintenance', 's:Authorization', 'InMaintenance', 500, '0x80180017', 'MENROLL_E_INMAINTENANCE', 'maintenance: try again later'),
	(13, 'UserLicense', 's:Authorization', 'UserLicense', 500, '0x80180018', 'MENROLL_E_USERLICENSE', 'the user has no valid licence'),
	(14, 'InvalidEnrollmentData', 's:Authorization', 'InvalidEnrollmentData', 500, '0x80180019', 'MENROLL_E_ENROLLMENTDATAINVALID', 'the enrollment data was rejected'),
	(15, 'CustomServerError', 's:Authorization', 'CustomServerError', 500, '0x80180032', 'MENROLL_E_CUSTOMSERVERERROR', 'refused with a text of the organization''s own'),
	(16, 'Forbidden', NULL, NULL, 403, NULL, NULL, 'this certificate opens nothing'),
	(17, 'NotFound', NULL, NULL, 404, NULL, NULL, 'no such path'),
	(18, 'MethodNotAllowed', NULL, NULL, 405, NULL, NULL, 'not this HTTP method'),
	(19, 'TooLarge', NULL, NULL, 413, NULL, NULL, 'the message is too long'),
	(20, 'UnsupportedMediaType', NULL, NULL, 415, NULL, NULL, 'not this content type'),
	(21, 'Unavailable', NULL, NULL, 503, NULL, NULL, 'too busy at the moment');

CREATE TABLE muster.configuration (
	only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	generation      bigint NOT NULL DEFAULT 1,
	changed_at      timestamptz NOT NULL DEFAULT now(),
	sealing_key     bytea CHECK (octet_length(sealing_key) BETWEEN 32 AND 4096),
	has_sealing_key boolean NOT NULL GENERATED ALWAYS AS (sealing_key IS NOT NULL) STORED
);
COMMENT ON TABLE muster.configuration IS 'One row for the whole installation.';
COMMENT ON COLUMN muster.configuration.only_row IS 'Always true: there is one row.';
COMMENT ON COLUMN muster.configuration.generation IS 'Grows with every change of organizations, domains or authorities, by trigger: the programs see that what they remember is old.';
COMMENT ON COLUMN muster.configuration.changed_at IS 'When the generation last grew.';
COMMENT ON COLUMN muster.configuration.sealing_key IS 'The key that encrypts the devices'' DM secrets, itself encrypted under the passphrase. Written once by muster-ca, readable by no administrator.';
COMMENT ON COLUMN muster.configuration.has_sealing_key IS 'Whether there is one.';
INSERT INTO muster.configuration DEFAULT VALUES;

CREATE TABLE muster.authority (
	id          uuid PRIMARY KEY DEFAULT muster.new_id(),
	kind        text NOT NULL CHECK (kind IN ('root', 'issuing')),
	name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
	parent      uuid REFERENCES muster.authority (id),
	key_type    text CHECK (length(key_type) <= 32),
	private_key bytea CONSTRAINT private_key_is_encrypted CHECK (octet_length(private_key) <= 65536
		-- DER of EncryptedPrivateKeyInfo under PBES2 (RFC 5958, RFC 8018): a clear key is never stored
		AND position('\x06092a864886f70d01050d'::bytea IN substring(private_key FROM 1 FOR 32)) > 0),
	has_key     boolean NOT NULL GENERATED ALWAYS AS (private_key IS NOT NULL) STORED,
	certificate bytea NOT NULL CHECK (octet_length(certificate) BETWEEN 64 AND 65536),
	not_before  timestamptz NOT NULL,
	not_after   timestamptz NOT NULL,
	created_at  timestamptz NOT NULL DEFAULT now(),
	CHECK (not_after > not_before),
	CHECK (kind = 'root' OR parent IS NOT NULL),
	CHECK (kind = 'issuing' OR parent IS NULL),
	CHECK (parent <> id)
);
CREATE UNIQUE INDEX authority_name ON muster.authority (lower(name));
CREATE INDEX authority_parent ON muster.authority (parent);
COMMENT ON TABLE muster.authority IS 'Certification authorities: roots, and the issuing authorities that sign devices'' certificates. Made by muster-ca. To look at them use the view muster.authorities; the keys are readable by no administrator.';
COMMENT ON COLUMN muster.authority.id IS 'Key.';
COMMENT ON COLUMN muster.authority.kind IS 'root: signs issuing authorities only. issuing: signs devices.';
COMMENT ON COLUMN muster.authority.name IS 'Name, unique without case.';
COMMENT ON COLUMN muster.authority.parent IS 'The root that certified an issuing authority.';
COMMENT ON COLUMN muster.authority.key_type IS 'ec-p256, rsa-2048, ….';
COMMENT ON COLUMN muster.authority.private_key IS 'PKCS#8, encrypted under the passphrase (PBES2). NULL: the key is kept elsewhere, as an offline root''s.';
COMMENT ON COLUMN muster.authority.has_key IS 'Whether the key is here.';
COMMENT ON COLUMN muster.authority.certificate IS 'Its certificate, DER.';
COMMENT ON COLUMN muster.authority.not_before IS 'The certificate''s first moment.';
COMMENT ON COLUMN muster.authority.not_after IS 'The certificate''s end; no device''s certificate lives longer.';
COMMENT ON COLUMN muster.authority.created_at IS 'When it was added.';

CREATE TABLE muster.organization (
	id                            uuid PRIMARY KEY DEFAULT muster.new_id(),
	key                           text NOT NULL CONSTRAINT organization_key UNIQUE CHECK (key ~ '^[a-z0-9-]{1,40}$'),
	name                          text NOT NULL CHECK (length(name) BETWEEN 1 AND 256 AND name !~ '[[:cntrl:]]'),
	enabled                       boolean NOT NULL DEFAULT true,
	enrollment_url                text NOT NULL CHECK (enrollment_url ~ '^https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$'),
	device_url                    text NOT NULL CHECK (device_url ~ '^https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$'),
	auth_policies                 text[] NOT NULL DEFAULT '{OnPremise}'
		CONSTRAINT auth_policies_are_implemented CHECK (auth_policies <@ ARRAY['OnPremise'] AND cardinality(auth_policies) = 1),
	enrollment_version            text NOT NULL DEFAULT '4.0' CHECK (enrollment_version ~ '^[3-9][.]0$'),
	authority                     uuid REFERENCES muster.authority (id),
	-- certificates
	validity_days                 integer NOT NULL DEFAULT 365 CHECK (validity_days BETWEEN 1 AND 3650),
	backdate_minutes              integer NOT NULL DEFAULT 10 CHECK (backdate_minutes BETWEEN 0 AND 1440),
	minimum_key_length            integer NOT NULL DEFAULT 2048 CHECK (minimum_key_length IN (2048, 3072, 4096)),
	allow_sha1                    boolean NOT NULL DEFAULT false,
	replaced_certificate_days     integer NOT NULL DEFAULT 7 CHECK (replaced_certificate_days BETWEEN 0 AND 365),
	renewal_url                   text CHECK (length(renewal_url) <= 2048 AND renewal_url ~ '^https://[^[:space:][:cntrl:]<>"@/]+(/[^[:space:][:cntrl:]<>"]*)?$'),
	renew_period_days             integer NOT NULL DEFAULT 42 CHECK (renew_period_days BETWEEN 1 AND 1000),
	renew_retry_days              integer NOT NULL DEFAULT 5 CHECK (renew_retry_days BETWEEN 1 AND 1000),
	-- device management
	provider_id                   text NOT NULL DEFAULT 'Muster' CHECK (provider_id ~ '^[A-Za-z0-9]{1,64}$'),
	provider_name                 text CHECK (length(provider_name) BETWEEN 1 AND 256 AND provider_name !~ '[[:cntrl:]]'),
	management_url                text CHECK (length(management_url) <= 2048 AND management_url ~ '^https://[^[:space:][:cntrl:]<>"@/]+(/[^[:space:][:cntrl:]<>"]*)?$'),
	first_retries                 integer NOT NULL DEFAULT 5,
	first_interval                integer NOT NULL DEFAULT 15,
	second_retries                integer NOT NULL DEFAULT 10,
	second_interval               integer NOT NULL DEFAULT 60,
	remaining_retries             integer NOT NULL DEFAULT 0,
	remaining_interval            integer NOT NULL DEFAULT 1440,
	poll_on_login                 boolean NOT NULL DEFAULT true,
	all_users_poll_on_first_login boolean NOT NULL DEFAULT false,
	-- phones
	application_enterprise_id     text CHECK (application_enterprise_id ~ '^[A-Za-z0-9._-]{1,64}$'),
	application_token             text CHECK (length(application_token) <= 65536 AND application_token ~ '^[A-Za-z0-9+/]+={0,2}$'),
	hub_product_id                text CHECK (hub_product_id ~ '^[{]?[0-9A-Fa-f-]{36}[}]?$'),
	hub_uri                       text CHECK (length(hub_uri) <= 2048 AND hub_uri ~ '^https?://[^[:space:][:cntrl:]<>"]+$'),
	hub_name                      text CHECK (length(hub_name) BETWEEN 1 AND 256 AND hub_name !~ '[[:cntrl:]]'),
	created_at                    timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT renewal_fits CHECK (renew_retry_days <= renew_period_days AND renew_period_days < validity_days),
	CONSTRAINT poll_first CHECK (first_retries BETWEEN 1 AND 100000 AND first_interval BETWEEN 1 AND 525600),
	CONSTRAINT poll_second CHECK (second_retries BETWEEN 0 AND 100000 AND second_interval BETWEEN 0 AND 525600
		AND (second_interval > 0 OR second_retries = 0)),
	CONSTRAINT poll_remaining CHECK (remaining_retries BETWEEN 0 AND 100000 AND remaining_interval BETWEEN 0 AND 525600
		AND (remaining_interval > 0 OR remaining_retries = 0)),
	CONSTRAINT poll_one_endless CHECK (NOT (second_retries = 0 AND second_interval > 0) OR remaining_interval = 0),
	CONSTRAINT application_is_whole CHECK ((application_enterprise_id IS NULL) = (application_token IS NULL)),
	CONSTRAINT hub_is_whole CHECK (num_nulls(hub_product_id, hub_uri, hub_name) IN (0, 3)
		AND (hub_product_id IS NULL OR application_token IS NOT NULL))
);
CREATE INDEX organization_authority ON muster.organization (authority);
COMMENT ON TABLE muster.organization IS 'Who uses this server: each organization has its own domains, accounts, URLs, DM server and authority. Change it with the functions muster.add_organization, muster.set_…; look at it with the view muster.organizations.';
COMMENT ON COLUMN muster.organization.id IS 'Key.';
COMMENT ON COLUMN muster.organization.key IS 'Short name, as it stands in URLs: a-z, 0-9 and hyphen.';
COMMENT ON COLUMN muster.organization.name IS 'Name for people.';
COMMENT ON COLUMN muster.organization.enabled IS 'False: nobody enrolls, and its devices'' certificates are refused at the device endpoint.';
COMMENT ON COLUMN muster.organization.enrollment_url IS 'https://host[:port] that devices enroll at, as discovery tells them.';
COMMENT ON COLUMN muster.organization.device_url IS 'https://host[:port] that asks for client certificates (/muster/device).';
COMMENT ON COLUMN muster.organization.auth_policies IS 'Authentication policies by priority; only those the server implements.';
COMMENT ON COLUMN muster.organization.enrollment_version IS 'The highest enrollment version that discovery answers.';
COMMENT ON COLUMN muster.organization.authority IS 'The issuing authority that signs its devices'' certificates.';
COMMENT ON COLUMN muster.organization.validity_days IS 'Life of a device''s certificate, never beyond its authority''s.';
COMMENT ON COLUMN muster.organization.backdate_minutes IS 'Certificates begin this much earlier, for devices whose clocks are slow.';
COMMENT ON COLUMN muster.organization.minimum_key_length IS 'RSA bits that a device''s key needs at least.';
COMMENT ON COLUMN muster.organization.allow_sha1 IS 'Accept requests signed with SHA-1, from old clients.';
COMMENT ON COLUMN muster.organization.replaced_certificate_days IS 'When a device enrolls again, its old certificate is accepted until the new one is first used, but no longer than this.';
COMMENT ON COLUMN muster.organization.renewal_url IS 'Where devices renew; NULL: where they enrolled.';
COMMENT ON COLUMN muster.organization.renew_period_days IS 'Devices begin to renew this many days before the end (MS-MDE2: 40 to 60 recommended).';
COMMENT ON COLUMN muster.organization.renew_retry_days IS 'Days between their tries (4 or 5 recommended).';
COMMENT ON COLUMN muster.organization.provider_id IS 'The DM server''s identifier on the device: letters and digits, it becomes part of paths there.';
COMMENT ON COLUMN muster.organization.provider_name IS 'The DM account''s name, shown in the device''s settings; NULL: the organization''s.';
COMMENT ON COLUMN muster.organization.management_url IS 'The DM server. Nobody can enroll without one.';
COMMENT ON COLUMN muster.organization.first_retries IS 'First poll schedule after enrollment: how many times.';
COMMENT ON COLUMN muster.organization.first_interval IS 'First poll schedule: minutes between two.';
COMMENT ON COLUMN muster.organization.second_retries IS 'Second poll schedule: how many times; 0 with an interval is endless.';
COMMENT ON COLUMN muster.organization.second_interval IS 'Second poll schedule: minutes between two; 0: none.';
COMMENT ON COLUMN muster.organization.remaining_retries IS 'Poll schedule from then on: how many times; 0 with an interval is endless.';
COMMENT ON COLUMN muster.organization.remaining_interval IS 'Poll schedule from then on: minutes between two; 0: none.';
COMMENT ON COLUMN muster.organization.poll_on_login IS 'Poll at each user''s login, too.';
COMMENT ON COLUMN muster.organization.all_users_poll_on_first_login IS 'Poll at the first login of each user of the device.';
COMMENT ON COLUMN muster.organization.application_enterprise_id IS 'Phones only: enterprise id of the application token.';
COMMENT ON COLUMN muster.organization.application_token IS 'Phones only: the application enrollment token, base64.';
COMMENT ON COLUMN muster.organization.hub_product_id IS 'Phones only: product id of the Company Hub application.';
COMMENT ON COLUMN muster.organization.hub_uri IS 'Phones only: where the Company Hub application is.';
COMMENT ON COLUMN muster.organization.hub_name IS 'Phones only: the Company Hub application''s name.';
COMMENT ON COLUMN muster.organization.created_at IS 'When it was added.';

CREATE TABLE muster.email_domain (
	domain       text PRIMARY KEY CHECK (length(domain) <= 253 AND domain = lower(domain)
		AND domain ~ '^[^[:space:][:cntrl:]@/\\"''<>.]+([.][^[:space:][:cntrl:]@/\\"''<>.]+)*$'),
	organization uuid NOT NULL REFERENCES muster.organization (id),
	added_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX email_domain_organization ON muster.email_domain (organization);
COMMENT ON TABLE muster.email_domain IS 'E-mail domains: how discovery finds a user''s organization. Change with muster.add_domain and muster.remove_domain.';
COMMENT ON COLUMN muster.email_domain.domain IS 'The part after the @, lower case.';
COMMENT ON COLUMN muster.email_domain.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.email_domain.added_at IS 'When it was added.';

CREATE TABLE muster.account (
	id              uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization    uuid NOT NULL REFERENCES muster.organization (id),
	upn             text NOT NULL CHECK (length(upn) <= 320 AND upn ~ '^[^@\\[:space:][:cntrl:]]+@[^@\\[:space:][:cntrl:]]+$'),
	display_name    text CHECK (length(display_name) BETWEEN 1 AND 256 AND display_name !~ '[[:cntrl:]]'),
	kind            text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'bulk')),
	enabled         boolean NOT NULL DEFAULT true,
	disabled_at     timestamptz,
	disabled_reason text CHECK (length(disabled_reason) <= 400),
	password_hash   text CONSTRAINT password_hash_scheme CHECK (length(password_hash) <= 384
		AND password_hash ~ '^[$](y|gy|7|2a|2b|2y|6)[$][./A-Za-z0-9$=,]{8,}$'),
	has_password    boolean NOT NULL GENERATED ALWAYS AS (password_hash IS NOT NULL) STORED,
	password_set_at timestamptz,
	created_at      timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organization, id),
	CHECK (enabled OR disabled_at IS NOT NULL),
	CHECK (NOT enabled OR (disabled_at IS NULL AND disabled_reason IS NULL))
);
CREATE UNIQUE INDEX account_upn ON muster.account (lower(upn), organization);
CREATE INDEX account_short_name ON muster.account (organization, lower(split_part(upn, '@', 1)));
COMMENT ON TABLE muster.account IS 'Who may enroll devices. Change with muster.add_account, muster.disable_account, …; look with the view muster.accounts. The column password_hash is readable by no administrator.';
COMMENT ON COLUMN muster.account.id IS 'Key.';
COMMENT ON COLUMN muster.account.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.account.upn IS 'User principal name, name@domain; unique without case within the organization.';
COMMENT ON COLUMN muster.account.display_name IS 'Name for people.';
COMMENT ON COLUMN muster.account.kind IS 'person, or bulk: an account that provisioning packages enroll with.';
COMMENT ON COLUMN muster.account.enabled IS 'False: no new enrollment. Devices enrolled earlier stay, so that they can still be managed; see muster.retire_device.';
COMMENT ON COLUMN muster.account.disabled_at IS 'Since when it is disabled.';
COMMENT ON COLUMN muster.account.disabled_reason IS 'Why it is disabled.';
COMMENT ON COLUMN muster.account.password_hash IS 'crypt(5) hash (yescrypt, scrypt, bcrypt, SHA-512). Only the workers see it, through their functions.';
COMMENT ON COLUMN muster.account.has_password IS 'Whether a password is set.';
COMMENT ON COLUMN muster.account.password_set_at IS 'When it was last set.';
COMMENT ON COLUMN muster.account.created_at IS 'When it was added.';

CREATE TABLE muster.device (
	id                  uuid PRIMARY KEY,
	organization        uuid NOT NULL,
	account             uuid NOT NULL,
	device_id           text CHECK (length(device_id) <= 128),
	hardware_id         text CHECK (length(hardware_id) <= 128),
	name                text CHECK (length(name) <= 256),
	enrollment_type     text NOT NULL CHECK (enrollment_type IN ('Full', 'Device')),
	device_type         text CHECK (length(device_type) <= 64),
	os_version          text CHECK (length(os_version) <= 64),
	os_edition          text CHECK (length(os_edition) <= 64),
	application_version text CHECK (length(application_version) <= 64),
	request_version     text CHECK (length(request_version) <= 64),
	serial_number       text CHECK (length(serial_number) <= 128),
	manufacturer        text CHECK (length(manufacturer) <= 128),
	model               text CHECK (length(model) <= 128),
	locale              text CHECK (length(locale) <= 64),
	facts               jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(facts) = 'object'),
	state               text NOT NULL DEFAULT 'enrolled' CHECK (state IN ('enrolled', 'replaced', 'retired')),
	enrolled_at         timestamptz NOT NULL DEFAULT now(),
	first_contact_at    timestamptz,
	replaced_by         uuid REFERENCES muster.device (id) DEFERRABLE INITIALLY DEFERRED,
	replaced_at         timestamptz,
	ended_at            timestamptz,
	retired_at          timestamptz,
	retired_reason      text CHECK (length(retired_reason) <= 400),
	trace               uuid,
	attempt             uuid,
	remote              inet,
	dm_secrets          bytea CHECK (octet_length(dm_secrets) <= 65536),
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	UNIQUE (organization, id),
	CHECK ((state = 'replaced') = (replaced_by IS NOT NULL) OR state = 'retired'),
	CHECK ((replaced_by IS NULL) = (replaced_at IS NULL)),
	CHECK ((state = 'retired') = (retired_at IS NOT NULL)),
	CHECK (ended_at IS NULL OR replaced_by IS NOT NULL)
);
-- One living enrollment of a device; missing ids never match.
CREATE UNIQUE INDEX device_living ON muster.device (account, lower(device_id)) WHERE state = 'enrolled' AND device_id IS NOT NULL;
CREATE INDEX device_living_hardware ON muster.device (organization, lower(hardware_id), account) WHERE state = 'enrolled' AND hardware_id IS NOT NULL;
CREATE INDEX device_account ON muster.device (account, enrolled_at);
CREATE INDEX device_organization ON muster.device (organization, enrolled_at);
CREATE INDEX device_replaced_by ON muster.device (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX device_name ON muster.device (organization, lower(name));
CREATE INDEX device_serial_number ON muster.device (lower(serial_number)) WHERE serial_number IS NOT NULL;
COMMENT ON TABLE muster.device IS 'Enrollments of devices, living and past. What a device says of itself (names, versions, ids) is asserted by it, not proven. Look with the view muster.devices; end one with muster.retire_device.';
COMMENT ON COLUMN muster.device.id IS 'Enrollment id: the same GUID is EntDMID on the device and common name of its certificate.';
COMMENT ON COLUMN muster.device.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.device.account IS 'Who enrolled it.';
COMMENT ON COLUMN muster.device.device_id IS 'DeviceID that Windows sends. The same account and DeviceID is the same device.';
COMMENT ON COLUMN muster.device.hardware_id IS 'HWDevID that Windows sends; cloned images share one.';
COMMENT ON COLUMN muster.device.name IS 'Computer name at enrollment.';
COMMENT ON COLUMN muster.device.enrollment_type IS 'Full: for a user. Device: for the machine.';
COMMENT ON COLUMN muster.device.device_type IS 'Client kind, e.g. CIMClient_Windows.';
COMMENT ON COLUMN muster.device.os_version IS 'Version of Windows at enrollment.';
COMMENT ON COLUMN muster.device.os_edition IS 'Edition of Windows, as its product number.';
COMMENT ON COLUMN muster.device.application_version IS 'Version of the enrollment client.';
COMMENT ON COLUMN muster.device.request_version IS 'Enrollment version that the client spoke, where it said so.';
COMMENT ON COLUMN muster.device.serial_number IS 'Serial number, where Windows sends it.';
COMMENT ON COLUMN muster.device.manufacturer IS 'Manufacturer, where Windows sends it.';
COMMENT ON COLUMN muster.device.model IS 'Model, where Windows sends it.';
COMMENT ON COLUMN muster.device.locale IS 'Language of the device''s user interface.';
COMMENT ON COLUMN muster.device.facts IS 'Everything the device sent, by name.';
COMMENT ON COLUMN muster.device.state IS 'enrolled; replaced: the same device enrolled again; retired: ended by an administrator.';
COMMENT ON COLUMN muster.device.enrolled_at IS 'When it enrolled.';
COMMENT ON COLUMN muster.device.first_contact_at IS 'When its certificate was first seen at the device endpoint; NULL: never, the device may not have received it.';
COMMENT ON COLUMN muster.device.replaced_by IS 'The enrollment that replaced this one.';
COMMENT ON COLUMN muster.device.replaced_at IS 'When it was replaced. Its certificate is accepted until ended_at, but at most the organization''s replaced_certificate_days longer.';
COMMENT ON COLUMN muster.device.ended_at IS 'When the successor''s certificate was first used, which ended this one''s.';
COMMENT ON COLUMN muster.device.retired_at IS 'When it was retired.';
COMMENT ON COLUMN muster.device.retired_reason IS 'Why it was retired.';
COMMENT ON COLUMN muster.device.trace IS 'Trace id of the request that enrolled it.';
COMMENT ON COLUMN muster.device.attempt IS 'Attempt id that discovery gave it, if it came that way.';
COMMENT ON COLUMN muster.device.remote IS 'Address it enrolled from.';
COMMENT ON COLUMN muster.device.dm_secrets IS 'Secrets of its DM account, encrypted under the sealing key. Readable by no administrator.';

CREATE TABLE muster.certificate (
	sha256            bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
	organization      uuid NOT NULL,
	device            uuid NOT NULL,
	authority         uuid NOT NULL,
	serial            bytea NOT NULL CHECK (octet_length(serial) BETWEEN 1 AND 20),
	public_key_sha256 bytea NOT NULL CHECK (octet_length(public_key_sha256) = 32),
	der               bytea NOT NULL CHECK (octet_length(der) BETWEEN 64 AND 65536),
	not_before        timestamptz NOT NULL,
	not_after         timestamptz NOT NULL,
	issued_at         timestamptz NOT NULL DEFAULT now(),
	first_used_at     timestamptz,
	-- No foreign key to authority: its check would lock that one row in every enrollment of an
	-- organization. Authorities are never deleted (a trigger says so), and record() has looked at it.
	FOREIGN KEY (organization, device) REFERENCES muster.device (organization, id),
	CONSTRAINT certificate_serial UNIQUE (authority, serial),
	CHECK (not_after > not_before),
	CHECK (sha256 = pg_catalog.sha256(der))
);
CREATE INDEX certificate_device ON muster.certificate (device);
CREATE INDEX certificate_ends ON muster.certificate (not_after);
COMMENT ON TABLE muster.certificate IS 'Every certificate that was issued to a device: none exists that is not here. Look with the view muster.certificates.';
COMMENT ON COLUMN muster.certificate.sha256 IS 'SHA-256 of the DER, the certificate''s fingerprint.';
COMMENT ON COLUMN muster.certificate.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.certificate.device IS 'The enrollment it belongs to.';
COMMENT ON COLUMN muster.certificate.authority IS 'The issuing authority that signed it.';
COMMENT ON COLUMN muster.certificate.serial IS 'Serial number, unique for the authority.';
COMMENT ON COLUMN muster.certificate.public_key_sha256 IS 'SHA-256 of its SubjectPublicKeyInfo.';
COMMENT ON COLUMN muster.certificate.der IS 'The certificate, DER.';
COMMENT ON COLUMN muster.certificate.not_before IS 'Its first moment.';
COMMENT ON COLUMN muster.certificate.not_after IS 'Its end.';
COMMENT ON COLUMN muster.certificate.issued_at IS 'When it was recorded.';
COMMENT ON COLUMN muster.certificate.first_used_at IS 'When it was first seen at the device endpoint.';

CREATE TABLE muster.event (
	id           uuid NOT NULL DEFAULT muster.new_id(),
	at           timestamptz NOT NULL DEFAULT clock_timestamp(),
	kind         text NOT NULL CHECK (kind ~ '^[a-z][a-z ]{1,39}$'),
	organization uuid,
	account      uuid,
	device       uuid,
	trace        uuid,
	attempt      uuid,
	stage        text CHECK (length(stage) <= 32),
	outcome      text CHECK (length(outcome) <= 32),
	why          text CHECK (length(why) <= 400),
	user_name    text CHECK (length(user_name) <= 320),
	remote       inet,
	actor        text NOT NULL DEFAULT session_user,
	actor_role   text,
	details      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
	PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
-- No foreign keys: an event outlives what it tells of.
CREATE INDEX event_at ON muster.event (at);
CREATE INDEX event_trace ON muster.event (trace) WHERE trace IS NOT NULL;
CREATE INDEX event_attempt ON muster.event (attempt) WHERE attempt IS NOT NULL;
CREATE INDEX event_account ON muster.event (account, at) WHERE account IS NOT NULL;
CREATE INDEX event_device ON muster.event (device, at) WHERE device IS NOT NULL;
CREATE INDEX event_refused ON muster.event (organization, at) WHERE kind = 'refused';
CREATE INDEX event_administration ON muster.event (at) WHERE actor_role IS NOT NULL;
COMMENT ON TABLE muster.event IS 'What happened: enrollments, refusals, first contacts, every administrative change. Rows are only ever added; changing or deleting one is refused for everybody. One partition a month (UTC). Example: SELECT at, kind, user_name, outcome, why FROM muster.event ORDER BY at DESC LIMIT 20;';
COMMENT ON COLUMN muster.event.id IS 'Key.';
COMMENT ON COLUMN muster.event.at IS 'When.';
COMMENT ON COLUMN muster.event.kind IS 'enrolled, replaced, refused, first contact, hardware collision, retired, organization added, account changed, ….';
COMMENT ON COLUMN muster.event.organization IS 'Whose event it is; NULL: nobody''s, such as a stranger''s refusal.';
COMMENT ON COLUMN muster.event.account IS 'The account concerned.';
COMMENT ON COLUMN muster.event.device IS 'The enrollment concerned.';
COMMENT ON COLUMN muster.event.trace IS 'Trace id of the request: in the log, in the fault, on the device''s screen. See muster.trace.';
COMMENT ON COLUMN muster.event.attempt IS 'Attempt id: joins the requests of one enrollment. Comes from the URL the device called, so it is a hint, not evidence.';
COMMENT ON COLUMN muster.event.stage IS 'discovery, policy, enrollment, device, ….';
COMMENT ON COLUMN muster.event.outcome IS 'See muster.outcome; NULL for administrative changes.';
COMMENT ON COLUMN muster.event.why IS 'The reason in one line.';
COMMENT ON COLUMN muster.event.user_name IS 'The user''s name as it was typed.';
COMMENT ON COLUMN muster.event.remote IS 'Address the request came from.';
COMMENT ON COLUMN muster.event.actor IS 'The database user who did it (session user).';
COMMENT ON COLUMN muster.event.actor_role IS 'For administrative changes: the role that user had taken, or the user itself. NULL for what the programs did.';
COMMENT ON COLUMN muster.event.details IS 'More, by name: before and after of a change, the facts of a refused device.';

CREATE TABLE muster.event_default (LIKE muster.event INCLUDING ALL);
ALTER TABLE muster.event ATTACH PARTITION muster.event_default DEFAULT;
COMMENT ON TABLE muster.event_default IS 'Events of a month without a partition. Should stay empty: housekeeping makes partitions ahead.';

CREATE TYPE muster.verdict AS (
	rule    text,
	outcome text,
	why     text,
	text    text
);
COMMENT ON TYPE muster.verdict IS 'What one rule says of an enrollment: its name, the outcome (OK: nothing against it), the reason for the record, a text for the user (custom rules only).';

INSERT INTO muster.schema_version (version, name) VALUES (1, 'first tables');
