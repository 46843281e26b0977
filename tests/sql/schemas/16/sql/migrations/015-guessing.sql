-- Guessing of passwords: what is counted, where accounts are known from, and the limits. The rules are in guessing.sql.

-- Bounded whatever strangers send: so many buckets of either kind, and a row is made at the first failure in its bucket.
CREATE TABLE muster.password_failure (
	kind          text NOT NULL CHECK (kind IN ('name', 'network')),
	bucket        integer NOT NULL CHECK (bucket BETWEEN 0 AND 131071),
	organization  uuid REFERENCES muster.organization (id),
	account       uuid,
	networks      cidr[] NOT NULL CHECK (cardinality(networks) <= 8),
	failures      integer NOT NULL CHECK (failures >= 0),
	refused       bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
	first_at      timestamptz NOT NULL DEFAULT now(),
	last_at       timestamptz NOT NULL DEFAULT now(),
	refused_until timestamptz,
	PRIMARY KEY (kind, bucket)
) WITH (fillfactor = 50);
CREATE INDEX password_failure_organization ON muster.password_failure (organization);
COMMENT ON TABLE muster.password_failure IS 'Wrong passwords, counted by the name they were for and by the network they came from, names of accounts and names that are nobody''s alike. Rows are buckets of a hash, so that there are never more than 131072 of a kind: rarely two names share one. Look with muster.lockouts and muster.password_failures. Example: SELECT * FROM muster.password_failure ORDER BY last_at DESC LIMIT 10;';
COMMENT ON COLUMN muster.password_failure.kind IS 'name: for one account or name, from wherever it is not known from. network: from one network, for whatever names.';
COMMENT ON COLUMN muster.password_failure.bucket IS 'Hash of the account or folded name, or of the network, within the organization.';
COMMENT ON COLUMN muster.password_failure.organization IS 'Where they were tried; NULL: in none that exists.';
COMMENT ON COLUMN muster.password_failure.account IS 'The account that the latest one was for; NULL: for a name that is no account''s.';
COMMENT ON COLUMN muster.password_failure.networks IS 'The latest networks that they came from, the latest first, at most eight.';
COMMENT ON COLUMN muster.password_failure.failures IS 'How many were wrong; halved in quiet times, see muster.failures_left.';
COMMENT ON COLUMN muster.password_failure.refused IS 'How many more were not looked at, about: since they were refused for the first time.';
COMMENT ON COLUMN muster.password_failure.first_at IS 'When the first of those that count came.';
COMMENT ON COLUMN muster.password_failure.last_at IS 'When the latest came.';
COMMENT ON COLUMN muster.password_failure.refused_until IS 'Until then none is looked at; NULL: there were never enough.';

CREATE TABLE muster.known_network (
	organization  uuid NOT NULL,
	account       uuid NOT NULL,
	network       cidr NOT NULL,
	first_at      timestamptz NOT NULL DEFAULT now(),
	last_at       timestamptz NOT NULL DEFAULT now(),
	failures      integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
	refused       bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
	failed_first_at timestamptz,
	failed_at     timestamptz,
	refused_until timestamptz,
	PRIMARY KEY (account, network),
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id)
);
CREATE INDEX known_network_organization ON muster.known_network (organization, account);
CREATE INDEX known_network_last ON muster.known_network (last_at);
CREATE INDEX known_network_failed ON muster.known_network (failed_at) WHERE failed_at IS NOT NULL;
COMMENT ON TABLE muster.known_network IS 'The networks that an account has proven itself from, by enrolling or signing in, at most twenty of each: what others do elsewhere does not keep its owner out there. Example: SELECT network, last_at FROM muster.known_network ORDER BY last_at DESC LIMIT 10;';
COMMENT ON COLUMN muster.known_network.organization IS 'The account''s organization.';
COMMENT ON COLUMN muster.known_network.account IS 'The account.';
COMMENT ON COLUMN muster.known_network.network IS 'An IPv4 address, or 64 bits of an IPv6 address.';
COMMENT ON COLUMN muster.known_network.first_at IS 'When it was the first time.';
COMMENT ON COLUMN muster.known_network.last_at IS 'When it was the last time, to the hour.';
COMMENT ON COLUMN muster.known_network.failures IS 'Wrong passwords for the account from there since; halved in quiet times, see muster.failures_left.';
COMMENT ON COLUMN muster.known_network.refused IS 'How many more were not looked at, about.';
COMMENT ON COLUMN muster.known_network.failed_first_at IS 'When the first of those that count came.';
COMMENT ON COLUMN muster.known_network.failed_at IS 'When the latest came.';
COMMENT ON COLUMN muster.known_network.refused_until IS 'Until then none is looked at from there; NULL: there were never enough.';

CREATE TABLE muster.guessing_limit (
	organization     uuid PRIMARY KEY REFERENCES muster.organization (id),
	account_failures integer NOT NULL CHECK (account_failures BETWEEN 1 AND 1000),
	network_failures integer CHECK (network_failures BETWEEN 1 AND 1000000),
	quiet            interval NOT NULL CHECK (quiet BETWEEN interval '1 minute' AND interval '1 day'),
	first_refusal    interval NOT NULL CHECK (first_refusal BETWEEN interval '1 second' AND interval '1 day'),
	longest_refusal  interval NOT NULL CHECK (longest_refusal BETWEEN interval '1 second' AND interval '1 day'),
	known_for        interval NOT NULL CHECK (known_for BETWEEN interval '0' AND interval '366 days'),
	CONSTRAINT guessing_limit_grows CHECK (first_refusal <= longest_refusal)
);
COMMENT ON TABLE muster.guessing_limit IS 'How many wrong passwords an organization bears; without a row, the defaults of muster.set_guessing_limits. Example: SELECT * FROM muster.guessing_limit;';
COMMENT ON COLUMN muster.guessing_limit.organization IS 'Whose limits.';
COMMENT ON COLUMN muster.guessing_limit.account_failures IS 'Wrong passwords for one account or name until none is looked at for a while.';
COMMENT ON COLUMN muster.guessing_limit.network_failures IS 'Wrong passwords from one network until none is looked at for a while; NULL: no network is refused.';
COMMENT ON COLUMN muster.guessing_limit.quiet IS 'Without wrong passwords for so long, half of them are forgotten.';
COMMENT ON COLUMN muster.guessing_limit.first_refusal IS 'How long none is looked at; twice as long after each further wrong one.';
COMMENT ON COLUMN muster.guessing_limit.longest_refusal IS 'But no longer than that.';
COMMENT ON COLUMN muster.guessing_limit.known_for IS 'For how long an account is known from a network that it has enrolled or signed in from.';

CREATE TYPE muster.guessing AS (
	suspected boolean,
	refused   text,
	decoy     text
);
COMMENT ON TYPE muster.guessing IS 'What wrong passwords before it mean for one more. Example: SELECT g.* FROM muster.account a, muster.guessing_of(a.organization, a.id, NULL, ''192.0.2.7'') g LIMIT 1;';
COMMENT ON COLUMN muster.guessing.suspected IS 'There were so many that it comes after others.';
COMMENT ON COLUMN muster.guessing.refused IS 'Why it is not looked at; NULL: it is.';
COMMENT ON COLUMN muster.guessing.decoy IS 'Where there is no password to compare it with: the setting of another account''s hash, so that it takes as long.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.password_failure', 'organization');
	PERFORM muster.protect_rows('muster.known_network', 'organization');
	PERFORM muster.protect_rows('muster.guessing_limit', 'organization');
END
$protect$;
CREATE POLICY help_desk_clears ON muster.password_failure FOR DELETE TO muster_help_desk
	USING (organization = ANY (ARRAY(SELECT muster.delegated(current_user, 'help desk'))));
CREATE POLICY help_desk_clears ON muster.known_network FOR UPDATE TO muster_help_desk
	USING (organization = ANY (ARRAY(SELECT muster.delegated(current_user, 'help desk'))))
	WITH CHECK (organization = ANY (ARRAY(SELECT muster.delegated(current_user, 'help desk'))));

-- Three columns more at their ends.
DROP FUNCTION IF EXISTS muster_worker.policy(text, text, text, jsonb);
DROP FUNCTION IF EXISTS muster_worker.consider(text, text, jsonb, text, jsonb);

INSERT INTO muster.schema_version (version, name) VALUES (15, 'guessing');
