-- The pages that people see when they sign in: what an organization's look like, and what they say in which language.

CREATE TABLE muster.branding (
	organization uuid PRIMARY KEY REFERENCES muster.organization (id),
	color        text CONSTRAINT branding_color CHECK (color ~ '^#[0-9a-f]{6}$'),
	logo         bytea CONSTRAINT branding_logo CHECK (octet_length(logo) BETWEEN 1 AND 65536),
	changed_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE muster.branding IS 'An organization''s colour and logo on the pages that its people see; no row: Muster''s own colour, and the organization''s name instead of a logo. Change with muster.set_page_color and muster.set_page_logo. Example: SELECT o.key, b.color, octet_length(b.logo) FROM muster.branding b JOIN muster.organization o ON o.id = b.organization;';
COMMENT ON COLUMN muster.branding.organization IS 'Whose.';
COMMENT ON COLUMN muster.branding.color IS 'Of buttons and the page''s edge: #rrggbb. What is written on it is black or white, whichever is read better.';
COMMENT ON COLUMN muster.branding.logo IS 'A PNG, JPEG or GIF, at most 64 KiB: it travels in the page itself.';
COMMENT ON COLUMN muster.branding.changed_at IS 'When it was changed last.';

CREATE TABLE muster.page_text (
	language text NOT NULL CONSTRAINT page_text_language CHECK (language ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$'),
	key      text NOT NULL CONSTRAINT page_text_key CHECK (key ~ '^[a-z][A-Za-z_]{1,63}$'),
	standard text CHECK (length(standard) BETWEEN 1 AND 1000),
	own      text CHECK (length(own) BETWEEN 1 AND 1000),
	PRIMARY KEY (language, key),
	CONSTRAINT page_text_there CHECK (num_nonnulls(standard, own) > 0)
);
COMMENT ON TABLE muster.page_text IS 'What the pages say, in each language: Muster''s own texts, and what an administrator put in their place or added with muster.set_page_text. To look: muster.page_texts. Example: SELECT key, coalesce(own, standard) FROM muster.page_text WHERE language = ''de'';';
COMMENT ON COLUMN muster.page_text.language IS 'BCP 47: en, de, zh-Hans.';
COMMENT ON COLUMN muster.page_text.key IS 'Which text.';
COMMENT ON COLUMN muster.page_text.standard IS 'Muster''s own, replaced by an upgrade; NULL: Muster has none in this language.';
COMMENT ON COLUMN muster.page_text.own IS 'An administrator''s, which comes first; NULL: none.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.branding', 'organization');
END
$protect$;

INSERT INTO muster.schema_version (version, name) VALUES (10, 'sign-in');
