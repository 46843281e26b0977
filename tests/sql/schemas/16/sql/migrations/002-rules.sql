-- Who may enroll, as rows: groups, device caps, licences, maintenance, platforms, networks, blocked and expected
-- devices, collisions, custom rules, terms. Rules are read anew at each enrollment: no row here makes the
-- programs load their configuration again.

-- What the rules look at, and what they say.

CREATE TYPE muster.candidate AS (
	organization        uuid,
	organization_key    text,
	account             uuid,
	upn                 text,
	display_name        text,
	account_kind        text,
	account_enabled     boolean,
	groups              text[],
	remote              inet,
	device_id           text,
	hardware_id         text,
	serial_number       text,
	device_name         text,
	enrollment_type     text,
	flow                text,
	device_type         text,
	os_version          text,
	os_edition          text,
	application_version text,
	request_version     text,
	manufacturer        text,
	model               text,
	locale              text,
	enrollment_data     text,
	facts               jsonb
);
COMMENT ON TYPE muster.candidate IS 'Who wants to enroll, as the rules see it: one row with the account, its groups, the client''s address and what the device says of itself. A custom rule is a function of it. Example: CREATE FUNCTION rules.no_tablets(c muster.candidate) RETURNS jsonb ….';
COMMENT ON COLUMN muster.candidate.organization IS 'The organization''s id.';
COMMENT ON COLUMN muster.candidate.organization_key IS 'The organization''s key, as in URLs.';
COMMENT ON COLUMN muster.candidate.account IS 'The account''s id.';
COMMENT ON COLUMN muster.candidate.upn IS 'The account''s name, name@domain.';
COMMENT ON COLUMN muster.candidate.display_name IS 'The account''s name for people, or NULL.';
COMMENT ON COLUMN muster.candidate.account_kind IS 'person or bulk.';
COMMENT ON COLUMN muster.candidate.account_enabled IS 'Whether the account is enabled and may enroll.';
COMMENT ON COLUMN muster.candidate.groups IS 'Names of the account''s groups, sorted; empty: none.';
COMMENT ON COLUMN muster.candidate.remote IS 'Address the request came from; NULL: not told yet.';
COMMENT ON COLUMN muster.candidate.device_id IS 'DeviceID that the device asserts.';
COMMENT ON COLUMN muster.candidate.hardware_id IS 'HWDevID that the device asserts.';
COMMENT ON COLUMN muster.candidate.serial_number IS 'Serial number that the device asserts.';
COMMENT ON COLUMN muster.candidate.device_name IS 'Computer name.';
COMMENT ON COLUMN muster.candidate.enrollment_type IS 'EnrollmentType as sent; NULL: not sent, which means Full.';
COMMENT ON COLUMN muster.candidate.flow IS 'How the device came to enroll: user, automatic, bulk, autopilot, white glove, plug and forget, azure vm; NULL: facts not told yet.';
COMMENT ON COLUMN muster.candidate.device_type IS 'Client kind, e.g. CIMClient_Windows.';
COMMENT ON COLUMN muster.candidate.os_version IS 'Version of Windows, e.g. 10.0.19045.3803.';
COMMENT ON COLUMN muster.candidate.os_edition IS 'Edition of Windows, as its product number: 4 Enterprise, 48 Professional, 101 Home, ….';
COMMENT ON COLUMN muster.candidate.application_version IS 'Version of the enrollment client.';
COMMENT ON COLUMN muster.candidate.request_version IS 'Enrollment version that the client spoke.';
COMMENT ON COLUMN muster.candidate.manufacturer IS 'Manufacturer.';
COMMENT ON COLUMN muster.candidate.model IS 'Model.';
COMMENT ON COLUMN muster.candidate.locale IS 'Language of the device''s user interface, e.g. de-DE.';
COMMENT ON COLUMN muster.candidate.enrollment_data IS 'EnrollmentData, the token of the terms page. Custom rules see NULL.';
COMMENT ON COLUMN muster.candidate.facts IS 'Everything the device sent, by name; NULL: not told yet (GetPolicies comes before the facts).';

ALTER TYPE muster.verdict ADD ATTRIBUTE language text, ADD ATTRIBUTE details jsonb;
COMMENT ON TYPE muster.verdict IS 'What one rule says of an enrollment: its name, the outcome (OK: nothing against it), the reason for the record, a text for the user (custom rules only) with its language, and details for the record: limit, count, devices counted, the row that decided.';

-- Settings of organizations and accounts.

ALTER TABLE muster.organization
	ADD COLUMN device_cap         integer CONSTRAINT organization_device_cap CHECK (device_cap BETWEEN 0 AND 1000000),
	ADD COLUMN group_required     boolean NOT NULL DEFAULT false,
	ADD COLUMN licence_required   boolean NOT NULL DEFAULT false,
	ADD COLUMN only_preregistered boolean NOT NULL DEFAULT false,
	ADD COLUMN collision_policy   text NOT NULL DEFAULT 'clone'
		CONSTRAINT organization_collision_policy CHECK (collision_policy IN ('clone', 'replace', 'refuse')),
	ADD COLUMN terms_version      integer CONSTRAINT organization_terms_version CHECK (terms_version > 0);
COMMENT ON COLUMN muster.organization.device_cap IS 'How many living devices a person''s account may have, where neither the account nor a group of its says otherwise; NULL: any number. Set by muster.set_device_cap.';
COMMENT ON COLUMN muster.organization.group_required IS 'True: only members of a group that may enroll do. Set by muster.require_group.';
COMMENT ON COLUMN muster.organization.licence_required IS 'True: an account needs a seat of a valid licence. Set by muster.require_licence.';
COMMENT ON COLUMN muster.organization.only_preregistered IS 'True: only devices in muster.expected_device enroll. Set by muster.require_preregistration.';
COMMENT ON COLUMN muster.organization.collision_policy IS 'When a living device of another account has the same hardware id: clone (admit both), replace (the other ends) or refuse. Set by muster.set_collision_policy.';
COMMENT ON COLUMN muster.organization.terms_version IS 'The version of the terms that must have been accepted; NULL: none. Set by muster.require_terms.';

ALTER TABLE muster.account
	ADD COLUMN device_cap integer CONSTRAINT account_device_cap CHECK (device_cap BETWEEN 0 AND 1000000),
	ADD COLUMN may_enroll boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN muster.account.device_cap IS 'How many living devices this account may have, above what its groups and organization say; NULL: as they say. Set by muster.set_account_cap.';
COMMENT ON COLUMN muster.account.may_enroll IS 'False: the account is in order but enrolls no devices. Set by muster.allow_account, muster.forbid_account.';

-- How many living devices an account has, and which, in the order they are locked.
CREATE INDEX device_living_account ON muster.device (account, id) WHERE state = 'enrolled';

-- Groups.

CREATE TABLE muster.account_group (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization uuid NOT NULL REFERENCES muster.organization (id),
	name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
	may_enroll   boolean NOT NULL DEFAULT true,
	device_cap   integer CHECK (device_cap BETWEEN 0 AND 1000000),
	created_at   timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organization, id)
);
CREATE UNIQUE INDEX account_group_name ON muster.account_group (organization, lower(name));
COMMENT ON TABLE muster.account_group IS 'Groups of accounts: caps, licences, networks and maintenance are set for a whole group. Made by muster.add_group. Example: SELECT name, device_cap FROM muster.account_group;';
COMMENT ON COLUMN muster.account_group.id IS 'Key.';
COMMENT ON COLUMN muster.account_group.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.account_group.name IS 'Name, unique without case within the organization.';
COMMENT ON COLUMN muster.account_group.may_enroll IS 'False: its members enroll no devices, whatever other groups they are in.';
COMMENT ON COLUMN muster.account_group.device_cap IS 'How many living devices each member may have; of several groups the highest counts. NULL: as the organization says.';
COMMENT ON COLUMN muster.account_group.created_at IS 'When it was added.';

CREATE TABLE muster.account_group_member (
	organization  uuid NOT NULL,
	account_group uuid NOT NULL,
	account       uuid NOT NULL,
	added_at      timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (account, account_group),
	FOREIGN KEY (organization, account_group) REFERENCES muster.account_group (organization, id),
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id)
);
CREATE INDEX account_group_member_group ON muster.account_group_member (organization, account_group, account);
COMMENT ON TABLE muster.account_group_member IS 'Which accounts are in which groups. Changed by muster.add_to_group and muster.remove_from_group. Example: SELECT g.name, a.upn FROM muster.account_group_member m JOIN muster.account_group g ON g.id = m.account_group JOIN muster.account a ON a.id = m.account;';
COMMENT ON COLUMN muster.account_group_member.organization IS 'Whose group and account they are: always the same organization''s.';
COMMENT ON COLUMN muster.account_group_member.account_group IS 'The group.';
COMMENT ON COLUMN muster.account_group_member.account IS 'The member.';
COMMENT ON COLUMN muster.account_group_member.added_at IS 'Since when.';

-- Licences.

CREATE TABLE muster.licence (
	id                 uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization       uuid NOT NULL REFERENCES muster.organization (id),
	name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
	valid_from         timestamptz NOT NULL DEFAULT now(),
	valid_until        timestamptz,
	pool               boolean NOT NULL DEFAULT false,
	free_on_retirement boolean NOT NULL DEFAULT true,
	created_at         timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organization, id),
	CONSTRAINT licence_times CHECK (valid_until > valid_from)
);
CREATE UNIQUE INDEX licence_name ON muster.licence (organization, lower(name));
COMMENT ON TABLE muster.licence IS 'Products with seats and a time of validity. An account that needs a licence holds one of its seats. Made by muster.add_licence. Example: SELECT name, valid_until FROM muster.licence;';
COMMENT ON COLUMN muster.licence.id IS 'Key.';
COMMENT ON COLUMN muster.licence.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.licence.name IS 'The product''s name, unique without case within the organization.';
COMMENT ON COLUMN muster.licence.valid_from IS 'When it begins.';
COMMENT ON COLUMN muster.licence.valid_until IS 'When it ends; NULL: never.';
COMMENT ON COLUMN muster.licence.pool IS 'True: any account of the organization draws a seat at its first enrollment.';
COMMENT ON COLUMN muster.licence.free_on_retirement IS 'True: a seat that was drawn (not one assigned by hand) is free again when the account''s last living device is retired.';
COMMENT ON COLUMN muster.licence.created_at IS 'When it was added.';

CREATE TABLE muster.licence_group (
	organization  uuid NOT NULL,
	licence       uuid NOT NULL,
	account_group uuid NOT NULL,
	added_at      timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (licence, account_group),
	FOREIGN KEY (organization, licence) REFERENCES muster.licence (organization, id),
	FOREIGN KEY (organization, account_group) REFERENCES muster.account_group (organization, id)
);
CREATE INDEX licence_group_group ON muster.licence_group (organization, account_group);
COMMENT ON TABLE muster.licence_group IS 'Groups whose members draw a seat of a licence at their first enrollment. Changed by muster.assign_licence_to_group and muster.unassign_licence_from_group. Example: SELECT l.name, g.name FROM muster.licence_group x JOIN muster.licence l ON l.id = x.licence JOIN muster.account_group g ON g.id = x.account_group;';
COMMENT ON COLUMN muster.licence_group.organization IS 'Whose licence and group they are: always the same organization''s.';
COMMENT ON COLUMN muster.licence_group.licence IS 'The licence.';
COMMENT ON COLUMN muster.licence_group.account_group IS 'The group.';
COMMENT ON COLUMN muster.licence_group.added_at IS 'Since when.';

CREATE TABLE muster.licence_seat (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization uuid NOT NULL,
	licence      uuid NOT NULL,
	account      uuid,
	how          text CHECK (how IN ('hand', 'group', 'pool')),
	assigned_at  timestamptz,
	FOREIGN KEY (organization, licence) REFERENCES muster.licence (organization, id),
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	CONSTRAINT licence_seat_is_whole CHECK (num_nulls(account, how, assigned_at) IN (0, 3))
);
CREATE UNIQUE INDEX licence_seat_account ON muster.licence_seat (account, licence) WHERE account IS NOT NULL;
CREATE INDEX licence_seat_free ON muster.licence_seat (licence, id) WHERE account IS NULL;
CREATE INDEX licence_seat_licence ON muster.licence_seat (organization, licence, account);
COMMENT ON TABLE muster.licence_seat IS 'Seats of licences, a row each, free or taken by one account; rows, not a counter, so that enrollments of different accounts do not wait for one another. Changed by muster.set_licence_seats, muster.assign_licence, muster.unassign_licence, and by enrolling. Example: SELECT count(*), count(account) AS taken FROM muster.licence_seat;';
COMMENT ON COLUMN muster.licence_seat.id IS 'Key.';
COMMENT ON COLUMN muster.licence_seat.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.licence_seat.licence IS 'The licence it is a seat of.';
COMMENT ON COLUMN muster.licence_seat.account IS 'The account that has it; NULL: free. An account has at most one seat of a licence.';
COMMENT ON COLUMN muster.licence_seat.how IS 'How the account came by it: hand (muster.assign_licence), group or pool (drawn at an enrollment).';
COMMENT ON COLUMN muster.licence_seat.assigned_at IS 'Since when the account has it.';

-- Maintenance.

CREATE TABLE muster.maintenance (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization uuid REFERENCES muster.organization (id),
	begins       timestamptz NOT NULL DEFAULT now(),
	ends         timestamptz,
	reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 400 AND reason !~ '[[:cntrl:]]'),
	pilot_group  text CHECK (length(pilot_group) BETWEEN 1 AND 128),
	created_at   timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT maintenance_times CHECK (ends >= begins)
);
-- Windows that are over are not walked through.
CREATE INDEX maintenance_window ON muster.maintenance (organization, (coalesce(ends, 'infinity'::timestamptz)));
COMMENT ON TABLE muster.maintenance IS 'Maintenance: times in which nobody enrolls but a pilot group. Made by muster.begin_maintenance and muster.schedule_maintenance, ended by muster.end_maintenance. Example: SELECT * FROM muster.maintenance WHERE ends IS NULL OR ends > now();';
COMMENT ON COLUMN muster.maintenance.id IS 'Key.';
COMMENT ON COLUMN muster.maintenance.organization IS 'Whose maintenance it is; NULL: every organization''s.';
COMMENT ON COLUMN muster.maintenance.begins IS 'From when.';
COMMENT ON COLUMN muster.maintenance.ends IS 'Until when; NULL: until somebody ends it.';
COMMENT ON COLUMN muster.maintenance.reason IS 'Why, for the record.';
COMMENT ON COLUMN muster.maintenance.pilot_group IS 'Name of the group that enrolls all the same: of the organization, or of every organization that has a group of this name. NULL: nobody.';
COMMENT ON COLUMN muster.maintenance.created_at IS 'When it was announced.';

-- Platforms and networks.

CREATE TABLE muster.platform (
	organization       uuid PRIMARY KEY REFERENCES muster.organization (id),
	minimum_os_version text CHECK (minimum_os_version ~ '^[0-9]{1,9}([.][0-9]{1,9}){0,3}$'),
	maximum_os_version text CHECK (maximum_os_version ~ '^[0-9]{1,9}([.][0-9]{1,9}){0,3}$'),
	editions           text[] CHECK (cardinality(editions) BETWEEN 1 AND 100 AND array_position(editions, NULL) IS NULL),
	device_types       text[] CHECK (cardinality(device_types) BETWEEN 1 AND 100 AND array_position(device_types, NULL) IS NULL),
	enrollment_types   text[] CHECK (cardinality(enrollment_types) > 0 AND enrollment_types <@ ARRAY['Full', 'Device']),
	flows              text[] CHECK (cardinality(flows) > 0 AND flows <@
		ARRAY['user', 'automatic', 'bulk', 'autopilot', 'white glove', 'plug and forget', 'azure vm'])
);
COMMENT ON TABLE muster.platform IS 'What devices an organization admits; a column that is NULL admits any, as no row does. Set by muster.set_platform and muster.clear_platform. Example: SELECT o.key, p.* FROM muster.platform p JOIN muster.organization o ON o.id = p.organization;';
COMMENT ON COLUMN muster.platform.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.platform.minimum_os_version IS 'Lowest version of Windows: 10.0.19045 means 10.0.19045.0.';
COMMENT ON COLUMN muster.platform.maximum_os_version IS 'Highest version of Windows: 10.0 covers every 10.0.x.y.';
COMMENT ON COLUMN muster.platform.editions IS 'Editions by their product number: 4 Enterprise, 48 Professional, ….';
COMMENT ON COLUMN muster.platform.device_types IS 'Client kinds, e.g. CIMClient_Windows; without case.';
COMMENT ON COLUMN muster.platform.enrollment_types IS 'Full, Device.';
COMMENT ON COLUMN muster.platform.flows IS 'Ways of enrolling: user, automatic, bulk, autopilot, white glove, plug and forget, azure vm.';

CREATE TABLE muster.allowed_network (
	id            uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization  uuid NOT NULL REFERENCES muster.organization (id),
	account_group uuid,
	network       cidr NOT NULL,
	note          text CHECK (length(note) <= 400),
	added_at      timestamptz NOT NULL DEFAULT now(),
	FOREIGN KEY (organization, account_group) REFERENCES muster.account_group (organization, id),
	CONSTRAINT allowed_network_once UNIQUE NULLS NOT DISTINCT (organization, account_group, network)
);
COMMENT ON TABLE muster.allowed_network IS 'Networks that devices may enroll from. No row: anywhere. Rows of a group bind its members, and add to the organization''s. Changed by muster.allow_network and muster.disallow_network. Example: SELECT network, note FROM muster.allowed_network;';
COMMENT ON COLUMN muster.allowed_network.id IS 'Key.';
COMMENT ON COLUMN muster.allowed_network.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.allowed_network.account_group IS 'The group it is for; NULL: everybody of the organization.';
COMMENT ON COLUMN muster.allowed_network.network IS 'The network, e.g. 192.0.2.0/24 or 2001:db8::/32.';
COMMENT ON COLUMN muster.allowed_network.note IS 'What it is.';
COMMENT ON COLUMN muster.allowed_network.added_at IS 'When it was added.';

-- Devices known by an id: blocked, expected.

CREATE TABLE muster.blocked_device (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization uuid NOT NULL REFERENCES muster.organization (id),
	kind         text NOT NULL CHECK (kind IN ('hardware id', 'device id', 'serial number')),
	value        text NOT NULL CHECK (length(value) BETWEEN 1 AND 128 AND value !~ '[[:cntrl:]]' AND value = btrim(value)),
	reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 400),
	blocked_at   timestamptz NOT NULL DEFAULT now(),
	blocked_by   text NOT NULL DEFAULT session_user
);
CREATE UNIQUE INDEX blocked_device_value ON muster.blocked_device (organization, kind, lower(value));
COMMENT ON TABLE muster.blocked_device IS 'Devices that never enroll, by an id. Changed by muster.block_device and muster.unblock_device. Example: SELECT kind, value, reason, blocked_at FROM muster.blocked_device;';
COMMENT ON COLUMN muster.blocked_device.id IS 'Key.';
COMMENT ON COLUMN muster.blocked_device.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.blocked_device.kind IS 'What the value is: hardware id, device id or serial number.';
COMMENT ON COLUMN muster.blocked_device.value IS 'The value, compared without case.';
COMMENT ON COLUMN muster.blocked_device.reason IS 'Why, for the record.';
COMMENT ON COLUMN muster.blocked_device.blocked_at IS 'Since when.';
COMMENT ON COLUMN muster.blocked_device.blocked_by IS 'The database user who blocked it.';

CREATE TABLE muster.expected_device (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization uuid NOT NULL REFERENCES muster.organization (id),
	kind         text NOT NULL CHECK (kind IN ('hardware id', 'device id', 'serial number')),
	value        text NOT NULL CHECK (length(value) BETWEEN 1 AND 128 AND value !~ '[[:cntrl:]]' AND value = btrim(value)),
	account      uuid,
	note         text CHECK (length(note) <= 400),
	added_at     timestamptz NOT NULL DEFAULT now(),
	device       uuid,
	arrived_at   timestamptz,
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	FOREIGN KEY (organization, device) REFERENCES muster.device (organization, id),
	CONSTRAINT expected_device_arrival CHECK ((device IS NULL) = (arrived_at IS NULL))
);
CREATE UNIQUE INDEX expected_device_value ON muster.expected_device (organization, kind, lower(value));
CREATE INDEX expected_device_account ON muster.expected_device (organization, account) WHERE account IS NOT NULL;
CREATE INDEX expected_device_device ON muster.expected_device (organization, device) WHERE device IS NOT NULL;
COMMENT ON TABLE muster.expected_device IS 'Devices registered before they enroll, by an id; where the organization admits only these, no other enrolls. Changed by muster.expect_device and muster.forget_device. Example: SELECT kind, value, note FROM muster.expected_device WHERE arrived_at IS NULL;';
COMMENT ON COLUMN muster.expected_device.id IS 'Key.';
COMMENT ON COLUMN muster.expected_device.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.expected_device.kind IS 'What the value is: hardware id, device id or serial number.';
COMMENT ON COLUMN muster.expected_device.value IS 'The value, compared without case.';
COMMENT ON COLUMN muster.expected_device.account IS 'The only account that may enroll it; NULL: any of the organization.';
COMMENT ON COLUMN muster.expected_device.note IS 'What it is: order number, place, ….';
COMMENT ON COLUMN muster.expected_device.added_at IS 'When it was registered.';
COMMENT ON COLUMN muster.expected_device.device IS 'The latest enrollment of it; NULL: it has not come yet.';
COMMENT ON COLUMN muster.expected_device.arrived_at IS 'When that enrollment was.';

-- Rules of the administrator's own.

CREATE TABLE muster.custom_rule (
	id            uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization  uuid NOT NULL REFERENCES muster.organization (id),
	name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 64 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
	priority      integer NOT NULL DEFAULT 100 CHECK (priority BETWEEN 0 AND 10000),
	function      text NOT NULL CHECK (length(function) <= 200),
	enabled       boolean NOT NULL DEFAULT true,
	registered_at timestamptz NOT NULL DEFAULT now(),
	registered_by text NOT NULL DEFAULT session_user
);
CREATE UNIQUE INDEX custom_rule_name ON muster.custom_rule (organization, lower(name));
COMMENT ON TABLE muster.custom_rule IS 'Rules of the administrator''s own: functions of muster.candidate that may refuse with a text for the user. Changed by muster.register_custom_rule, muster.enable_custom_rule, muster.disable_custom_rule, muster.remove_custom_rule. Example: SELECT name, priority, function, enabled FROM muster.custom_rule ORDER BY priority, name;';
COMMENT ON COLUMN muster.custom_rule.id IS 'Key.';
COMMENT ON COLUMN muster.custom_rule.organization IS 'Whose it is.';
COMMENT ON COLUMN muster.custom_rule.name IS 'Name in the record, unique without case within the organization.';
COMMENT ON COLUMN muster.custom_rule.priority IS 'Low numbers run first; of equal ones the name decides.';
COMMENT ON COLUMN muster.custom_rule.function IS 'The function, as schema.name: takes a muster.candidate, returns jsonb.';
COMMENT ON COLUMN muster.custom_rule.enabled IS 'False: it does not run.';
COMMENT ON COLUMN muster.custom_rule.registered_at IS 'When it was registered.';
COMMENT ON COLUMN muster.custom_rule.registered_by IS 'The database user who registered it.';

-- Terms of use.

CREATE TABLE muster.terms (
	organization uuid NOT NULL REFERENCES muster.organization (id),
	version      integer NOT NULL CHECK (version > 0),
	language     text NOT NULL CHECK (language ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$'),
	title        text NOT NULL CHECK (length(title) BETWEEN 1 AND 256 AND title !~ '[[:cntrl:]]'),
	body         text NOT NULL CHECK (length(body) BETWEEN 1 AND 1000000),
	published_at timestamptz NOT NULL DEFAULT now(),
	published_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (organization, version, language)
);
CREATE UNIQUE INDEX terms_language ON muster.terms (organization, version, lower(language));
COMMENT ON TABLE muster.terms IS 'Terms of use, in versions and languages. Published by muster.publish_terms; muster.require_terms demands them. Example: SELECT version, language, title, published_at FROM muster.terms;';
COMMENT ON COLUMN muster.terms.organization IS 'Whose they are.';
COMMENT ON COLUMN muster.terms.version IS 'Their number: 1, 2, ….';
COMMENT ON COLUMN muster.terms.language IS 'Language of the text: en, de, pt-BR, ….';
COMMENT ON COLUMN muster.terms.title IS 'Heading.';
COMMENT ON COLUMN muster.terms.body IS 'The text.';
COMMENT ON COLUMN muster.terms.published_at IS 'When they were published.';
COMMENT ON COLUMN muster.terms.published_by IS 'The database user who published them.';

CREATE TABLE muster.acceptance (
	id           uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization uuid NOT NULL,
	account      uuid NOT NULL,
	version      integer NOT NULL CHECK (version > 0),
	accepted_at  timestamptz NOT NULL DEFAULT now(),
	how          text NOT NULL CHECK (how IN ('page', 'hand')),
	token_sha256 bytea CONSTRAINT acceptance_token UNIQUE CHECK (octet_length(token_sha256) = 32),
	expires_at   timestamptz,
	note         text CHECK (length(note) <= 400),
	recorded_by  text NOT NULL DEFAULT session_user,
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id),
	CONSTRAINT acceptance_is_whole CHECK ((how = 'page') = (token_sha256 IS NOT NULL) AND (how = 'page') = (expires_at IS NOT NULL))
);
CREATE INDEX acceptance_account ON muster.acceptance (organization, account, version);
COMMENT ON TABLE muster.acceptance IS 'Who accepted which version of the terms, when and how. Example: SELECT a.upn, x.version, x.accepted_at, x.how FROM muster.acceptance x JOIN muster.account a ON a.id = x.account;';
COMMENT ON COLUMN muster.acceptance.id IS 'Key.';
COMMENT ON COLUMN muster.acceptance.organization IS 'Whose terms they are.';
COMMENT ON COLUMN muster.acceptance.account IS 'Who accepted.';
COMMENT ON COLUMN muster.acceptance.version IS 'The version accepted.';
COMMENT ON COLUMN muster.acceptance.accepted_at IS 'When.';
COMMENT ON COLUMN muster.acceptance.how IS 'page: on the terms page, whose token the device brings as EnrollmentData. hand: recorded by an administrator, as for a signature on paper.';
COMMENT ON COLUMN muster.acceptance.token_sha256 IS 'SHA-256 of the page''s token.';
COMMENT ON COLUMN muster.acceptance.expires_at IS 'When the token ends; the acceptance itself stays on record.';
COMMENT ON COLUMN muster.acceptance.note IS 'Where the proof is, for those recorded by hand.';
COMMENT ON COLUMN muster.acceptance.recorded_by IS 'The database user who recorded it.';

-- Functions whose arguments or columns change: made anew, with the new ones at the end.
DROP FUNCTION IF EXISTS muster.decide(muster.account, muster.organization, jsonb);
DROP FUNCTION IF EXISTS muster.verdicts(muster.account, muster.organization, jsonb, boolean);
DROP FUNCTION IF EXISTS muster.rule_account(muster.account);
DROP FUNCTION IF EXISTS muster.rule_enrollment_type(jsonb);
DROP FUNCTION IF EXISTS muster.replace_earlier(muster.account, uuid, text, text);
DROP FUNCTION IF EXISTS muster_worker.policy(text, text);
DROP FUNCTION IF EXISTS muster_worker.consider(text, text, jsonb);
DROP FUNCTION IF EXISTS muster_worker.refuse(uuid, uuid, text, text, text, text, text, uuid, text, jsonb);
DROP FUNCTION IF EXISTS muster_issuer.record(uuid, uuid, uuid, text, text, uuid, uuid, bigint, bytea, bytea, bytea, bytea, bytea, bigint, bigint, jsonb);

INSERT INTO muster.schema_version (version, name) VALUES (2, 'rules');
