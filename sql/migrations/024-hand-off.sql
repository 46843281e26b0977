-- Hand-off to DM servers: which one a device is sent to, who may take it over, and how it ends.

ALTER TABLE muster.delegation DROP CONSTRAINT delegation_duty_check;
ALTER TABLE muster.delegation ADD CONSTRAINT delegation_duty_check CHECK (duty IN ('help desk', 'organization administrator', 'DM server'));
ALTER TABLE muster.delegation DROP CONSTRAINT delegation_to_all;
ALTER TABLE muster.delegation ADD CONSTRAINT delegation_to_all CHECK (organization IS NOT NULL OR duty IN ('help desk', 'DM server'));
COMMENT ON TABLE muster.delegation IS 'Which organizations a help desk, an organization''s own administrator or a DM server works for: one row beside GRANT muster_help_desk, GRANT muster_organization_admin or GRANT muster_dm. Change with muster.delegate and muster.end_delegation. Example: SELECT * FROM muster.delegation;';
COMMENT ON COLUMN muster.delegation.duty IS 'help desk: sees everything of the organization, retires devices. organization administrator: changes it, too. DM server: takes its devices over.';
COMMENT ON COLUMN muster.delegation.organization IS 'Which organization; NULL: all of them (not for an organization''s own administrator).';

CREATE TABLE muster.dm_server (
	id             uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization   uuid NOT NULL REFERENCES muster.organization (id),
	name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
	provider_id    text NOT NULL CHECK (provider_id ~ '^[A-Za-z0-9]{1,64}$'),
	provider_name  text CHECK (length(provider_name) BETWEEN 1 AND 256 AND provider_name !~ '[[:cntrl:]]'),
	management_url text NOT NULL CHECK (length(management_url) <= 2048 AND management_url ~ '^https://[^[:space:][:cntrl:]<>"@/]+(/[^[:space:][:cntrl:]<>"]*)?$'),
	created_at     timestamptz NOT NULL DEFAULT now(),
	UNIQUE (organization, id)
);
CREATE UNIQUE INDEX dm_server_name ON muster.dm_server (organization, lower(name));
COMMENT ON TABLE muster.dm_server IS 'DM servers beside the organization''s own default (muster.set_dm_server). Change with muster.add_dm_server and muster.remove_dm_server. Example: SELECT name, management_url FROM muster.dm_server;';
COMMENT ON COLUMN muster.dm_server.id IS 'Key.';
COMMENT ON COLUMN muster.dm_server.organization IS 'Whose devices may be sent there.';
COMMENT ON COLUMN muster.dm_server.name IS 'Its name for people, unique without case within the organization.';
COMMENT ON COLUMN muster.dm_server.provider_id IS 'Its identifier on the device: letters and digits, it becomes part of paths there.';
COMMENT ON COLUMN muster.dm_server.provider_name IS 'The DM account''s name, shown in the device''s settings; NULL: the organization''s.';
COMMENT ON COLUMN muster.dm_server.management_url IS 'Where it is.';
COMMENT ON COLUMN muster.dm_server.created_at IS 'When it was added.';

CREATE TABLE muster.dm_route (
	id            uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization  uuid NOT NULL REFERENCES muster.organization (id),
	account_group uuid,
	dm_server     uuid NOT NULL,
	priority      integer NOT NULL DEFAULT 100 CHECK (priority BETWEEN 1 AND 10000),
	created_at    timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT dm_route_once UNIQUE NULLS NOT DISTINCT (organization, account_group),
	FOREIGN KEY (organization, account_group) REFERENCES muster.account_group (organization, id),
	FOREIGN KEY (organization, dm_server) REFERENCES muster.dm_server (organization, id)
);
CREATE INDEX dm_route_server ON muster.dm_route (dm_server);
COMMENT ON TABLE muster.dm_route IS 'Which DM server new devices are sent to: those of a group''s members, or all of an organization; the lowest priority that fits counts, a group''s before all. Without a fitting row: the organization''s default. Change with muster.send_to_dm_server and muster.forget_dm_route. Example: SELECT * FROM muster.dm_route;';
COMMENT ON COLUMN muster.dm_route.id IS 'Key.';
COMMENT ON COLUMN muster.dm_route.organization IS 'Whose devices.';
COMMENT ON COLUMN muster.dm_route.account_group IS 'Devices of this group''s members; NULL: all.';
COMMENT ON COLUMN muster.dm_route.dm_server IS 'Where they go.';
COMMENT ON COLUMN muster.dm_route.priority IS 'Of several that fit, the lowest number counts.';
COMMENT ON COLUMN muster.dm_route.created_at IS 'When it was added.';

ALTER TABLE muster.device
	ADD COLUMN dm_server      text CHECK (length(dm_server) <= 128),
	ADD COLUMN provider_id    text CHECK (length(provider_id) <= 64),
	ADD COLUMN management_url text CHECK (length(management_url) <= 2048),
	ADD COLUMN auth_policy    text CHECK (auth_policy IN ('OnPremise', 'Federated', 'Certificate')),
	ADD COLUMN unenrolled_at  timestamptz,
	ADD CONSTRAINT unenrolled_is_retired CHECK (unenrolled_at IS NULL OR state = 'retired');
COMMENT ON COLUMN muster.device.state IS 'enrolled; replaced: the same device enrolled again; retired: ended by an administrator, or (unenrolled_at) by its user or DM server.';
COMMENT ON COLUMN muster.device.dm_server IS 'The DM server that it was sent to, by its name then; NULL: the organization''s default, or not known.';
COMMENT ON COLUMN muster.device.provider_id IS 'That DM server''s identifier on the device; NULL: not known, it enrolled before this was kept.';
COMMENT ON COLUMN muster.device.management_url IS 'That DM server''s address, as the device was told; NULL: not known.';
COMMENT ON COLUMN muster.device.auth_policy IS 'How its user was proven: OnPremise, Federated, Certificate; NULL: not known.';
COMMENT ON COLUMN muster.device.unenrolled_at IS 'When its user, or its DM server, disconnected it; NULL: nobody did.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.dm_server', 'organization');
	PERFORM muster.protect_rows('muster.dm_route', 'organization');
END
$protect$;

INSERT INTO muster.schema_version (version, name) VALUES (24, 'hand-off');
