-- Sealing and retention of events: the column that the sealer goes by, sealed batches, what was aged out, what
-- is under legal hold.

-- A constant for the rows that are there, so that none is rewritten: this migration is their transaction.
ALTER TABLE muster.event ADD COLUMN recorded_in bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint;
-- Every moment has its month, and a name for its partition.
ALTER TABLE muster.event ADD CONSTRAINT event_at_has_month CHECK (at >= '1970-01-01 00:00:00+00' AND at < '3000-01-01 00:00:00+00');
CREATE INDEX event_recorded ON muster.event (recorded_in, id);
COMMENT ON COLUMN muster.event.recorded_in IS 'The transaction that added it: what is sealed goes by this, since only a finished transaction''s events can be. Grows for ever, also when the database moves to another cluster (see muster.seal_epoch).';
DO $partitions$
DECLARE
	partition regclass;
BEGIN
	FOR partition IN SELECT i.inhrelid::regclass FROM pg_inherits i WHERE i.inhparent = 'muster.event'::regclass LOOP
		EXECUTE format('COMMENT ON COLUMN %s.recorded_in IS %L', partition, col_description('muster.event'::regclass,
			(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = 'muster.event'::regclass AND a.attname = 'recorded_in')));
	END LOOP;
END
$partitions$;

ALTER TABLE muster.configuration ADD COLUMN keep_events interval CONSTRAINT keep_events_long_enough CHECK (keep_events >= interval '30 days');
COMMENT ON COLUMN muster.configuration.keep_events IS 'Housekeeping ages out events older than this, a month at a time; NULL: events are kept for ever. Set with muster.set_event_retention.';

CREATE TABLE muster.seal_epoch (
	base         bigint PRIMARY KEY CHECK (base >= 0),
	cluster      bigint NOT NULL,
	strays_from  bigint,
	strays_until bigint,
	begun_at     timestamptz NOT NULL DEFAULT now(),
	CHECK ((strays_from IS NULL) = (strays_until IS NULL))
);
COMMENT ON TABLE muster.seal_epoch IS 'Transactions are numbered anew in every PostgreSQL cluster. When the sealer finds the database in another one (restored from a dump), it lifts the numbers in muster.event.recorded_in above all earlier ones, and notes it here. Example: SELECT * FROM muster.seal_epoch ORDER BY base;';
COMMENT ON COLUMN muster.seal_epoch.base IS 'Added to the cluster''s transaction number since then.';
COMMENT ON COLUMN muster.seal_epoch.cluster IS 'The cluster''s system identifier.';
COMMENT ON COLUMN muster.seal_epoch.strays_from IS 'Events may have been added in the new cluster before this was noticed: the lowest number they can have. NULL: none, this is the first cluster.';
COMMENT ON COLUMN muster.seal_epoch.strays_until IS 'And the highest.';
COMMENT ON COLUMN muster.seal_epoch.begun_at IS 'When it was noticed.';
INSERT INTO muster.seal_epoch (base, cluster) SELECT 0, c.system_identifier FROM pg_control_system() c;

CREATE TABLE muster.seal (
	number         bigint PRIMARY KEY CHECK (number > 0),
	form           smallint NOT NULL,
	strays_of      bigint REFERENCES muster.seal_epoch (base),
	after_recorded bigint NOT NULL,
	after_id       uuid NOT NULL,
	until_recorded bigint NOT NULL,
	until_id       uuid NOT NULL,
	events         integer NOT NULL CHECK (events = cardinality(ids) AND events = cardinality(digests)),
	first_at       timestamptz,
	last_at        timestamptz,
	ids            uuid[] NOT NULL,
	digests        bytea[] NOT NULL,
	previous       bytea NOT NULL CHECK (octet_length(previous) = 32),
	head           bytea NOT NULL CHECK (octet_length(head) = 32),
	sealed_at      timestamptz NOT NULL,
	sealed_by      text NOT NULL
);
-- Digests do not compress.
ALTER TABLE muster.seal ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN digests SET STORAGE EXTERNAL;
CREATE INDEX seal_until ON muster.seal (until_recorded, until_id);
CREATE INDEX seal_strays ON muster.seal (strays_of) WHERE strays_of IS NOT NULL;
COMMENT ON TABLE muster.seal IS 'Sealed batches of events: each holds the digests of its events and the head of the batch before, so that nothing sealed can be removed, altered or added to unnoticed. Rows are only ever added. To look at them use the view muster.seals, to check them muster.verify_audit. Example: SELECT number, events, encode(head, ''hex'') FROM muster.seal ORDER BY number DESC LIMIT 5;';
COMMENT ON COLUMN muster.seal.number IS 'Batches are numbered without gaps from 1.';
COMMENT ON COLUMN muster.seal.form IS 'Which form of an event the digests are of (see muster.event_form).';
COMMENT ON COLUMN muster.seal.strays_of IS 'NULL: all events between after and until. Otherwise single events that were added in a new cluster before the sealer knew of it: the epoch''s base.';
COMMENT ON COLUMN muster.seal.after_recorded IS 'The batch begins after the event of this transaction (recorded_in) …';
COMMENT ON COLUMN muster.seal.after_id IS '… and this id.';
COMMENT ON COLUMN muster.seal.until_recorded IS 'It ends with the event of this transaction …';
COMMENT ON COLUMN muster.seal.until_id IS '… and this id.';
COMMENT ON COLUMN muster.seal.events IS 'How many events.';
COMMENT ON COLUMN muster.seal.first_at IS 'The earliest event''s time.';
COMMENT ON COLUMN muster.seal.last_at IS 'The latest event''s time.';
COMMENT ON COLUMN muster.seal.ids IS 'The events, in the order of (recorded_in, id).';
COMMENT ON COLUMN muster.seal.digests IS 'Their digests (muster.event_digest), in the same order.';
COMMENT ON COLUMN muster.seal.previous IS 'Head of the batch before; 32 zero bytes in the first.';
COMMENT ON COLUMN muster.seal.head IS 'SHA-256 over all of the above (muster.seal_head).';
COMMENT ON COLUMN muster.seal.sealed_at IS 'When it was sealed.';
COMMENT ON COLUMN muster.seal.sealed_by IS 'The database user whose call sealed it.';

CREATE TABLE muster.aging (
	id            uuid PRIMARY KEY,
	partition     text NOT NULL,
	older_than    timestamptz NOT NULL,
	events        bigint NOT NULL,
	first_at      timestamptz,
	last_at       timestamptz,
	first_batch   bigint,
	last_batch    bigint,
	held          bigint NOT NULL,
	digest        bytea NOT NULL,
	event         uuid NOT NULL,
	aged_at       timestamptz NOT NULL DEFAULT now(),
	aged_by       text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE muster.aging IS 'Which events were aged out, when and by whom. Rows are only ever added, by muster.age_events. Example: SELECT partition, events, held, aged_at, aged_by FROM muster.aging ORDER BY aged_at;';
COMMENT ON COLUMN muster.aging.id IS 'Key.';
COMMENT ON COLUMN muster.aging.partition IS 'The partition that was dropped; held_event: copies whose holds were released.';
COMMENT ON COLUMN muster.aging.older_than IS 'What was older than this was to go.';
COMMENT ON COLUMN muster.aging.events IS 'How many events went.';
COMMENT ON COLUMN muster.aging.first_at IS 'The earliest one''s time.';
COMMENT ON COLUMN muster.aging.last_at IS 'The latest one''s time.';
COMMENT ON COLUMN muster.aging.first_batch IS 'The first batch that had any of them.';
COMMENT ON COLUMN muster.aging.last_batch IS 'The last one.';
COMMENT ON COLUMN muster.aging.held IS 'How many of them were copied to muster.held_event before.';
COMMENT ON COLUMN muster.aging.digest IS 'SHA-256 over the digests in muster.aged_batch, by batch.';
COMMENT ON COLUMN muster.aging.event IS 'The event that tells of it.';
COMMENT ON COLUMN muster.aging.aged_at IS 'When.';
COMMENT ON COLUMN muster.aging.aged_by IS 'The database user whose call it was.';

CREATE TABLE muster.aged_batch (
	aging     uuid NOT NULL,
	batch     bigint NOT NULL REFERENCES muster.seal (number),
	partition text NOT NULL,
	positions int4multirange NOT NULL,
	kept      int4multirange NOT NULL DEFAULT '{}',
	digest    bytea NOT NULL,
	holds     uuid[] NOT NULL,
	PRIMARY KEY (aging, batch)
);
CREATE INDEX aged_batch_batch ON muster.aged_batch (batch);
COMMENT ON TABLE muster.aged_batch IS 'Which events of a sealed batch were aged out. Rows whose aging is not in muster.aging are preparations: what was verified so far. Example: SELECT * FROM muster.aged_batch WHERE batch = 17;';
COMMENT ON COLUMN muster.aged_batch.aging IS 'See muster.aging.';
COMMENT ON COLUMN muster.aged_batch.batch IS 'The batch.';
COMMENT ON COLUMN muster.aged_batch.partition IS 'The partition they were in.';
COMMENT ON COLUMN muster.aged_batch.positions IS 'Their places in the batch, counted from 1.';
COMMENT ON COLUMN muster.aged_batch.kept IS 'Those of them that are kept, in muster.held_event.';
COMMENT ON COLUMN muster.aged_batch.digest IS 'SHA-256 over their digests, in order.';
COMMENT ON COLUMN muster.aged_batch.holds IS 'The legal holds that were looked at for that.';

CREATE TABLE muster.event_hold (
	id              uuid PRIMARY KEY DEFAULT muster.new_id(),
	organization    uuid,
	kind            text NOT NULL CHECK (kind IN ('account', 'device', 'organization', 'trace')),
	subject         uuid NOT NULL,
	subject_name    text NOT NULL CHECK (length(subject_name) BETWEEN 1 AND 320),
	reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 400),
	held_at         timestamptz NOT NULL DEFAULT now(),
	held_by         text NOT NULL DEFAULT session_user,
	released_at     timestamptz,
	released_by     text,
	released_reason text CHECK (length(released_reason) BETWEEN 1 AND 400),
	CHECK (num_nulls(released_at, released_by, released_reason) IN (0, 3))
);
-- No foreign keys: a hold outlives what it is about.
CREATE INDEX event_hold_subject ON muster.event_hold (subject) WHERE released_at IS NULL;
COMMENT ON TABLE muster.event_hold IS 'Legal holds: events of an account, device, organization or trace that outlive their retention. Change with muster.hold_events and muster.release_events, look with the view muster.event_holds. Example: SELECT kind, subject_name, reason FROM muster.event_hold WHERE released_at IS NULL;';
COMMENT ON COLUMN muster.event_hold.id IS 'Key.';
COMMENT ON COLUMN muster.event_hold.organization IS 'Whose events they are, as far as that is known.';
COMMENT ON COLUMN muster.event_hold.kind IS 'What subject is: account, device, organization, or trace (a trace or attempt id).';
COMMENT ON COLUMN muster.event_hold.subject IS 'Its id.';
COMMENT ON COLUMN muster.event_hold.subject_name IS 'Its name when it was put on hold.';
COMMENT ON COLUMN muster.event_hold.reason IS 'Why, for instance the case number.';
COMMENT ON COLUMN muster.event_hold.held_at IS 'Since when.';
COMMENT ON COLUMN muster.event_hold.held_by IS 'The database user who put it on hold.';
COMMENT ON COLUMN muster.event_hold.released_at IS 'Until when; NULL: still held.';
COMMENT ON COLUMN muster.event_hold.released_by IS 'The database user who released it.';
COMMENT ON COLUMN muster.event_hold.released_reason IS 'Why it was released.';

CREATE TABLE muster.held_event (LIKE muster.event INCLUDING COMMENTS, held_since timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id));
CREATE INDEX held_event_at ON muster.held_event (at);
CREATE INDEX held_event_trace ON muster.held_event (trace) WHERE trace IS NOT NULL;
CREATE INDEX held_event_attempt ON muster.held_event (attempt) WHERE attempt IS NOT NULL;
CREATE INDEX held_event_recorded ON muster.held_event (recorded_in, id);
COMMENT ON TABLE muster.held_event IS 'Events that were under legal hold when their partition was aged out, and the events that tell of aging, which are kept for good. Read them through the view muster.events. Example: SELECT at, kind, why FROM muster.held_event ORDER BY at DESC LIMIT 20;';
COMMENT ON COLUMN muster.held_event.held_since IS 'When it was copied here.';

-- Its result has grown: worker.sql makes it anew.
DROP FUNCTION IF EXISTS muster_worker.housekeeping();

INSERT INTO muster.schema_version (version, name) VALUES (3, 'audit');
