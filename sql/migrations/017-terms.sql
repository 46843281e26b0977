-- Terms of use on a page: texts by who owns the device, and who is looking at them.

-- The texts.
ALTER TABLE muster.terms ADD COLUMN ownership text NOT NULL DEFAULT 'any' CONSTRAINT terms_ownership CHECK (ownership IN ('any', 'organization', 'personal'));
COMMENT ON COLUMN muster.terms.ownership IS 'Whose devices it is for: any, or only the organization''s (joined to Entra ID), or only personal ones (a work account added).';
ALTER TABLE muster.terms DROP CONSTRAINT terms_pkey;
ALTER TABLE muster.terms ADD PRIMARY KEY (organization, version, ownership, language);
DROP INDEX muster.terms_language;
CREATE UNIQUE INDEX terms_language ON muster.terms (organization, version, ownership, lower(language));

-- Made anew, with the ownership at the end.
DROP FUNCTION IF EXISTS muster.publish_terms(text, integer, text, text, text);

-- What was accepted, as it was shown.
ALTER TABLE muster.acceptance
	ADD COLUMN language  text,
	ADD COLUMN ownership text CHECK (ownership IN ('organization', 'personal'));
COMMENT ON COLUMN muster.acceptance.language IS 'In which language the page showed them; NULL: recorded by hand.';
COMMENT ON COLUMN muster.acceptance.ownership IS 'For whose device the page was shown: the organization''s, or a personal one; NULL: recorded by hand.';

-- Pages that are open.
CREATE TABLE muster.terms_visit (
	sha256       bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
	organization uuid NOT NULL REFERENCES muster.organization (id),
	account      uuid NOT NULL,
	version      integer NOT NULL CHECK (version > 0),
	language     text NOT NULL,
	ownership    text NOT NULL CHECK (ownership IN ('organization', 'personal')),
	redirect_uri text NOT NULL CHECK (redirect_uri ~* '^ms-appx-web://' AND length(redirect_uri) <= 1024),
	request_id   uuid,
	trace        uuid,
	opened_at    timestamptz NOT NULL DEFAULT now(),
	expires_at   timestamptz NOT NULL,
	answered_at  timestamptz,
	FOREIGN KEY (organization, account) REFERENCES muster.account (organization, id)
);
CREATE INDEX terms_visit_end ON muster.terms_visit (expires_at);
CREATE INDEX terms_visit_account ON muster.terms_visit (organization, account);
COMMENT ON TABLE muster.terms_visit IS 'Pages with terms of use that are open: what an answer is about, whoever serves it. Each is answered once; a day after its end it is removed. Example: SELECT a.upn, v.version, v.opened_at, v.answered_at FROM muster.terms_visit v JOIN muster.account a ON a.id = v.account;';
COMMENT ON COLUMN muster.terms_visit.sha256 IS 'SHA-256 of the random text that the page''s form holds.';
COMMENT ON COLUMN muster.terms_visit.organization IS 'Whose terms they are.';
COMMENT ON COLUMN muster.terms_visit.account IS 'Who looks at them, proven by a token of Entra ID.';
COMMENT ON COLUMN muster.terms_visit.version IS 'The version shown.';
COMMENT ON COLUMN muster.terms_visit.language IS 'The language shown.';
COMMENT ON COLUMN muster.terms_visit.ownership IS 'organization: the device is being joined to Entra ID. personal: a work account is being added.';
COMMENT ON COLUMN muster.terms_visit.redirect_uri IS 'Where Windows waits for the answer.';
COMMENT ON COLUMN muster.terms_visit.request_id IS 'Windows'' own number of the request (client-request-id), sent back with the answer.';
COMMENT ON COLUMN muster.terms_visit.trace IS 'Trace id of the request that opened the page.';
COMMENT ON COLUMN muster.terms_visit.opened_at IS 'When the page was shown.';
COMMENT ON COLUMN muster.terms_visit.expires_at IS 'Until when it may be answered.';
COMMENT ON COLUMN muster.terms_visit.answered_at IS 'When it was; NULL: not yet.';

DO $protect$
BEGIN
	PERFORM muster.protect_rows('muster.terms_visit', 'organization');
END
$protect$;

-- Since directories prove passwords, the page does not ask for the account's own alone.
COMMENT ON COLUMN muster.organization.sign_in IS 'Where Federated devices sign in. page: our page, with the account''s password or its directory''s. web server: a path that the web server''s own module protects (OpenID Connect, Kerberos, SAML). Set with muster.set_sign_in.';

INSERT INTO muster.schema_version (version, name) VALUES (17, 'terms');
