-- Installs Muster's schemas into the database psql is connected to, or upgrades them.
--
--     psql -X -d muster -f sql/install.sql
--
-- Run it as a superuser, or as a member of the role muster_owner when the roles are there
-- already (or the user may create roles). It is one transaction: it happens whole or not at all. Run twice it
-- changes nothing. Tables are changed by numbered migrations, each applied once and recorded in
-- muster.schema_version; functions and views are defined once each, below, and replaced.

\set ON_ERROR_STOP on
\set QUIET on
\set VERBOSITY default
\pset tuples_only on
\pset format unaligned

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '5s';
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL check_function_bodies = on;

-- Two installations at once take turns.
SELECT pg_advisory_xact_lock(7816370911) AS locked \gset

\ir roles.sql

-- From here on everything made is muster_owner's.
SET LOCAL ROLE muster_owner;

\ir hold.sql
\ir foundation.sql

-- The newest migration below. A script older than the database would put old functions back.
\set newest 16
SELECT coalesce(max(version), 0) > :newest AS too_old FROM muster.schema_version \gset
\if :too_old
DO $$ BEGIN RAISE EXCEPTION 'this install.sql is older than the schema in the database'
	USING HINT = 'Install with the sql/ of the newest program. Programs of the version before keep working with it.'; END $$;
\endif

-- Migrations: append only. A landed file is never edited; a change is a new file and a new line here.
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 1) AS due \gset
\if :due
\ir migrations/001-first-tables.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 2) AS due \gset
\if :due
\ir migrations/002-rules.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 3) AS due \gset
\if :due
\ir migrations/003-audit.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 4) AS due \gset
\if :due
\ir migrations/004-delegation.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 5) AS due \gset
\if :due
\ir migrations/005-reports.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 6) AS due \gset
\if :due
\ir migrations/006-bulk.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 7) AS due \gset
\if :due
\ir migrations/007-scale.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 8) AS due \gset
\if :due
\ir migrations/008-identity.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 9) AS due \gset
\if :due
\ir migrations/009-tokens.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 10) AS due \gset
\if :due
\ir migrations/010-sign-in.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 11) AS due \gset
\if :due
\ir migrations/011-single-sign-on.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 12) AS due \gset
\if :due
\ir migrations/012-token-issuers.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 13) AS due \gset
\if :due
\ir migrations/013-signers.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 14) AS due \gset
\if :due
\ir migrations/014-directories.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 15) AS due \gset
\if :due
\ir migrations/015-guessing.sql
\endif
SELECT NOT EXISTS (SELECT FROM muster.schema_version WHERE version = 16) AS due \gset
\if :due
\ir migrations/016-more-scale.sql
\endif

-- One file per concern, lowest first.
\ir events.sql
\ir partitions.sql
\ir sealing.sql
\ir retention.sql
\ir verification.sql
\ir decisions.sql
\ir tokens.sql
\ir directories.sql
\ir issuers.sql
\ir identity.sql
\ir groups.sql
\ir caps.sql
\ir licences.sql
\ir maintenance.sql
\ir platform.sql
\ir networks.sql
\ir known_devices.sql
\ir collisions.sql
\ir custom_rules.sql
\ir terms.sql
\ir organizations.sql
\ir accounts.sql
\ir bulk_tokens.sql
\ir authorities.sql
\ir tenants.sql
\ir tenant_keys.sql
\ir signers.sql
\ir devices.sql
\ir counts.sql
\ir single_sign_on.sql
\ir guessing.sql
\ir days.sql
\ir worker.sql
\ir sign_in.sql
\ir page_texts.sql
\ir issuer.sql
\ir under_way.sql
\ir views.sql
\ir reports.sql
\ir delegation.sql
\ir explain.sql
\ir deletion.sql
\ir bulk.sql
\ir bulk_lists.sql
\ir bulk_export.sql
\ir check.sql
\ir lookups.sql
\ir pages.sql
\ir help.sql
\ir grants.sql

SELECT muster.make_event_partitions(3) AS partitions \gset

COMMIT;
