-- Rows of spreadsheets on their way into the tables, and what remains of deleted accounts and organizations.

CREATE TABLE muster.import_row (
	list               text NOT NULL CONSTRAINT import_row_list CHECK (list IN ('accounts', 'groups', 'group_members', 'licences',
		'licence_assignments', 'expected_devices', 'blocked_devices')),
	line               integer NOT NULL CHECK (line > 0),
	loaded_by          text NOT NULL DEFAULT session_user,
	loaded_at          timestamptz NOT NULL DEFAULT now(),
	upn                text,
	display_name       text,
	kind               text,
	enabled            text,
	disabled_reason    text,
	may_enroll         text,
	device_cap         text,
	password_hash      text,
	group_name         text,
	licence            text,
	seats              text,
	valid_from         text,
	valid_until        text,
	pool               text,
	free_on_retirement text,
	value              text,
	note               text,
	reason             text,
	PRIMARY KEY (loaded_by, list, line)
);
COMMENT ON TABLE muster.import_row IS 'Rows loaded from CSV files and not imported yet, as texts: loaded with \copy into the views muster.…_csv, imported by muster.import_…, which leaves here what it could not take. Everybody sees only what he loaded himself. Wrong cells are corrected here, or the rows thrown away by muster.discard_import. Example: UPDATE muster.import_row SET upn = ''ada@example.test'' WHERE list = ''accounts'' AND line = 3;';
COMMENT ON COLUMN muster.import_row.list IS 'What it is a list of: accounts, groups, group_members, licences, licence_assignments, expected_devices, blocked_devices.';
COMMENT ON COLUMN muster.import_row.line IS 'Row in the spreadsheet, whose row 1 is the header.';
COMMENT ON COLUMN muster.import_row.loaded_by IS 'The database user who loaded it.';
COMMENT ON COLUMN muster.import_row.loaded_at IS 'When it was loaded.';
COMMENT ON COLUMN muster.import_row.upn IS 'An account''s name, name@domain. For an expected device: the only account that may enroll it, or none.';
COMMENT ON COLUMN muster.import_row.display_name IS 'Accounts: name for people.';
COMMENT ON COLUMN muster.import_row.kind IS 'Accounts: person or bulk. Devices: hardware id, device id or serial number.';
COMMENT ON COLUMN muster.import_row.enabled IS 'Accounts: true or false.';
COMMENT ON COLUMN muster.import_row.disabled_reason IS 'Accounts: why one is disabled.';
COMMENT ON COLUMN muster.import_row.may_enroll IS 'Accounts and groups: true or false.';
COMMENT ON COLUMN muster.import_row.device_cap IS 'Accounts and groups: how many living devices, or none for no cap of its own.';
COMMENT ON COLUMN muster.import_row.password_hash IS 'Accounts: hash of the password (yescrypt, scrypt, bcrypt, SHA-512 crypt). What is no hash is never kept: "(not kept)" stands here instead.';
COMMENT ON COLUMN muster.import_row.group_name IS 'A group''s name.';
COMMENT ON COLUMN muster.import_row.licence IS 'A licence''s name.';
COMMENT ON COLUMN muster.import_row.seats IS 'Licences: number of seats.';
COMMENT ON COLUMN muster.import_row.valid_from IS 'Licences: since when, as 2027-01-01 or 2027-01-01 00:00:00+00.';
COMMENT ON COLUMN muster.import_row.valid_until IS 'Licences: until when, or none for no end.';
COMMENT ON COLUMN muster.import_row.pool IS 'Licences: true or false, see muster.set_licence_pool.';
COMMENT ON COLUMN muster.import_row.free_on_retirement IS 'Licences: true or false, see muster.set_licence_freeing.';
COMMENT ON COLUMN muster.import_row.value IS 'Devices: the id.';
COMMENT ON COLUMN muster.import_row.note IS 'Expected devices: what it is.';
COMMENT ON COLUMN muster.import_row.reason IS 'Blocked devices: why.';

-- A row belongs to nobody's organization before it is imported: it is seen by whoever loaded it, and by no other
-- administrator, since it may hold a password's hash. (COPY does not write to such a table, hence the views.)
ALTER TABLE muster.import_row ENABLE ROW LEVEL SECURITY;
ALTER TABLE muster.import_row FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON muster.import_row USING (loaded_by = session_user) WITH CHECK (loaded_by = session_user);

CREATE TYPE muster.import_line AS (
	line     integer,
	"column" text,
	value    text,
	told     text
);
COMMENT ON TYPE muster.import_line IS 'What importing has to say of one cell of a spreadsheet: its row, its column, what stands there, what is wrong with it; without a row, the result. Example: SELECT * FROM muster.import_accounts(''example'');';
COMMENT ON COLUMN muster.import_line.line IS 'Row in the spreadsheet, whose row 1 is the header; NULL: all of them.';
COMMENT ON COLUMN muster.import_line."column" IS 'The column.';
COMMENT ON COLUMN muster.import_line.value IS 'What stands there, cut; never a password or its hash.';
COMMENT ON COLUMN muster.import_line.told IS 'What is wrong, or what was done.';

-- Deleted accounts and organizations keep their row, as what devices and certificates belong to.
ALTER TABLE muster.account
	ADD COLUMN deleted_at timestamptz,
	ADD CONSTRAINT account_deleted CHECK (deleted_at IS NULL OR
		(NOT enabled AND NOT may_enroll AND num_nonnulls(display_name, password_hash, password_set_at, device_cap) = 0 AND upn = 'deleted-' || id || '@deleted.invalid'));
COMMENT ON COLUMN muster.account.deleted_at IS 'When it was deleted. What remains is this row without name and password, so that every certificate that was issued belongs to something; NULL: it lives. Set by muster.delete_account.';

ALTER TABLE muster.organization
	ADD COLUMN deleted_at     timestamptz,
	ADD COLUMN deleted_reason text CHECK (length(deleted_reason) <= 400),
	ADD CONSTRAINT organization_deleted CHECK (deleted_at IS NULL OR
		(NOT enabled AND num_nonnulls(authority, management_url, application_token) = 0 AND key = 'deleted-' || replace(id::text, '-', '')));
COMMENT ON COLUMN muster.organization.deleted_at IS 'When it was deleted. What remains is this row, so that every certificate that was issued belongs to something; NULL: it lives. Set by muster.delete_organization.';
COMMENT ON COLUMN muster.organization.deleted_reason IS 'Why it was deleted.';

INSERT INTO muster.schema_version (version, name) VALUES (6, 'bulk');
