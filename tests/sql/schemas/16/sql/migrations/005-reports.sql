-- What reports need that cannot be counted when somebody looks: requests that leave no event, and clients seen first.

CREATE TABLE muster.daily_count (
	organization uuid NOT NULL REFERENCES muster.organization (id),
	day          date NOT NULL,
	stage        text NOT NULL CHECK (stage IN ('discovery', 'policy')),
	build        text NOT NULL CHECK (build ~ '^([0-9]{1,6}[.][0-9]{1,6}[.][0-9]{1,6}|unknown|other)$'),
	count        bigint NOT NULL CHECK (count > 0),
	PRIMARY KEY (organization, day, stage, build)
);
COMMENT ON TABLE muster.daily_count IS 'Requests that succeed without an event, counted by the programs and added up every minute. Look with muster.funnel. Example: SELECT * FROM muster.daily_count ORDER BY day DESC LIMIT 10;';
COMMENT ON COLUMN muster.daily_count.organization IS 'Whose devices asked.';
COMMENT ON COLUMN muster.daily_count.day IS 'The day (UTC) on which the count was carried over, at most two minutes after the request.';
COMMENT ON COLUMN muster.daily_count.stage IS 'discovery, policy.';
COMMENT ON COLUMN muster.daily_count.build IS 'Windows build, the first three numbers of what the client says; unknown: it does not say (GetPolicies never does); other: more builds than are kept apart in a day.';
COMMENT ON COLUMN muster.daily_count.count IS 'How many.';

CREATE TABLE muster.client_version (
	organization    uuid NOT NULL REFERENCES muster.organization (id),
	build           text NOT NULL CHECK (length(build) <= 32),
	request_version text NOT NULL CHECK (length(request_version) <= 64),
	first_seen_at   timestamptz NOT NULL DEFAULT now(),
	first_device    uuid NOT NULL,
	PRIMARY KEY (organization, build, request_version),
	FOREIGN KEY (organization, first_device) REFERENCES muster.device (organization, id)
);
CREATE INDEX client_version_device ON muster.client_version (organization, first_device);
COMMENT ON TABLE muster.client_version IS 'Every Windows build and enrollment version that enrolled, with its first device. Look with the view muster.client_versions.';
COMMENT ON COLUMN muster.client_version.organization IS 'Where it was seen.';
COMMENT ON COLUMN muster.client_version.build IS 'Windows build: the first three numbers of OSVersion; unknown: not said.';
COMMENT ON COLUMN muster.client_version.request_version IS 'Enrollment version that the client named (RequestVersion); empty: none.';
COMMENT ON COLUMN muster.client_version.first_seen_at IS 'When its first device enrolled.';
COMMENT ON COLUMN muster.client_version.first_device IS 'That device.';

-- What ends soon is looked up by day, for each organization.
CREATE INDEX certificate_organization_ends ON muster.certificate (organization, not_after);

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.daily_count', 'organization');
	PERFORM muster.protect_rows('muster.client_version', 'organization');
END
$protect$;

INSERT INTO muster.schema_version (version, name) VALUES (5, 'reports');
