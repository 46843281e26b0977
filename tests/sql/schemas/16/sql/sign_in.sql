-- The pages that people see when they sign in: whom they name, colour, logo, languages, and what the programs ask of them.

CREATE OR REPLACE FUNCTION muster.identify_sign_in(o muster.organization, p_user text, p_claim jsonb) RETURNS muster.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
	i muster.identity;
BEGIN
	IF o.sign_in <> 'page' THEN
		i.outcome := 'InvalidSecurity';
		i.why := format('organization %s has its users sign in through the web server, not on the page', o.key);
		RETURN i;
	END IF;
	RETURN muster.identify_password(o, p_user, p_claim);
END
$$;
COMMENT ON FUNCTION muster.identify_sign_in(muster.organization, text, jsonb) IS 'Internal: whom a name typed on the sign-in page means; what proves it is what proves a password elsewhere. Example: SELECT muster.identify_sign_in(o, ''ada'', NULL) FROM muster.organization o;';

CREATE OR REPLACE FUNCTION muster.luminance(color text) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
	-- WCAG 2.2, "relative luminance".
	SELECT sum(w.weight * CASE WHEN s.part <= 0.04045 THEN s.part / 12.92 ELSE power((s.part + 0.055) / 1.055, 2.4) END)
	  FROM (VALUES (0, 0.2126::double precision), (1, 0.7152), (2, 0.0722)) w (place, weight)
	 CROSS JOIN LATERAL (SELECT get_byte(decode(substring(luminance.color FROM 2), 'hex'), w.place) / 255.0::double precision) s (part)
$$;
COMMENT ON FUNCTION muster.luminance(text) IS 'Internal: how light a colour #rrggbb is, 0 (black) to 1 (white). Example: SELECT muster.luminance(''#0b57d0'');';

CREATE OR REPLACE FUNCTION muster.contrast(one text, other text) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
	SELECT round(((greatest(l.one, l.other) + 0.05) / (least(l.one, l.other) + 0.05))::numeric, 2)
	  FROM (SELECT muster.luminance(contrast.one), muster.luminance(contrast.other)) l (one, other)
$$;
COMMENT ON FUNCTION muster.contrast(text, text) IS 'The contrast of two colours #rrggbb, 1 to 21 (WCAG 2.2: at least 4.5 for text). Example: SELECT muster.contrast(''#0b57d0'', ''#ffffff'');';

CREATE OR REPLACE FUNCTION muster.color_on(color text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
	-- One of the two always has a contrast of 4.58 at least.
	SELECT CASE WHEN muster.contrast(color_on.color, '#ffffff') >= muster.contrast(color_on.color, '#000000') THEN '#ffffff' ELSE '#000000' END
$$;
COMMENT ON FUNCTION muster.color_on(text) IS 'Internal: black or white, whichever is read better on a colour #rrggbb. Example: SELECT muster.color_on(''#ffcc00'');';

CREATE OR REPLACE FUNCTION muster.set_page_color(organization text, color text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(set_page_color.organization);
	clean text := lower(btrim(set_page_color.color));
BEGIN
	IF clean !~ '^#[0-9a-f]{6}$' THEN
		RAISE EXCEPTION 'not usable as a colour: %', quote_literal(left(set_page_color.color, 40))
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give red, green and blue as #rrggbb, for example #0b57d0.';
	END IF;
	INSERT INTO muster.branding AS b (organization, color) VALUES (owner_id, clean)
	ON CONFLICT ON CONSTRAINT branding_pkey DO UPDATE SET color = excluded.color, changed_at = now();
	RETURN format('organization %s: %s', set_page_color.organization,
		CASE WHEN clean IS NULL THEN 'its pages have Muster''s own colour'
			ELSE format('its pages have the colour %s, with %s on it (contrast %s to 1)', clean,
				CASE muster.color_on(clean) WHEN '#ffffff' THEN 'white' ELSE 'black' END, muster.contrast(clean, muster.color_on(clean))) END);
END
$$;
COMMENT ON FUNCTION muster.set_page_color(text, text) IS 'Set the colour of an organization''s pages, #rrggbb: of buttons, and of the page''s edge; black or white is written on it, whichever is read better. NULL: Muster''s own. Example: SELECT muster.set_page_color(''example'', ''#7b1fa2'');';

CREATE OR REPLACE FUNCTION muster.image_type(image bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
	-- By what it begins with. No SVG: it is a document that can hold scripts.
	SELECT CASE
		WHEN substring(image FROM 1 FOR 8) = '\x89504e470d0a1a0a' THEN 'image/png'
		WHEN substring(image FROM 1 FOR 3) = '\xffd8ff' THEN 'image/jpeg'
		WHEN substring(image FROM 1 FOR 6) IN ('GIF87a'::bytea, 'GIF89a'::bytea) THEN 'image/gif'
	END
$$;
COMMENT ON FUNCTION muster.image_type(bytea) IS 'Internal: the media type of a PNG, JPEG or GIF; NULL for anything else. Example: SELECT muster.image_type(logo) FROM muster.branding;';

CREATE OR REPLACE FUNCTION muster.set_page_logo(organization text, logo bytea) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id uuid := muster.organization_id(set_page_logo.organization);
	wrong text := CASE
		WHEN octet_length(set_page_logo.logo) > 65536 THEN format('the logo has %s bytes, at most 65536 are kept', octet_length(set_page_logo.logo))
		WHEN set_page_logo.logo IS NOT NULL AND muster.image_type(set_page_logo.logo) IS NULL THEN 'the logo is neither a PNG nor a JPEG nor a GIF'
	END;
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION '%', wrong
			USING ERRCODE = 'invalid_parameter_value',
			      HINT = 'It is shown 48 pixels high at most. In psql: \set logo `base64 -w0 logo.png` and then: SELECT muster.set_page_logo(organization, decode(:''logo'', ''base64''));';
	END IF;
	INSERT INTO muster.branding AS b (organization, logo) VALUES (owner_id, set_page_logo.logo)
	ON CONFLICT ON CONSTRAINT branding_pkey DO UPDATE SET logo = excluded.logo, changed_at = now();
	RETURN format('organization %s: %s', set_page_logo.organization,
		CASE WHEN set_page_logo.logo IS NULL THEN 'its pages show its name instead of a logo'
			ELSE format('its pages show a logo (%s, %s bytes)', muster.image_type(set_page_logo.logo), octet_length(set_page_logo.logo)) END);
END
$$;
COMMENT ON FUNCTION muster.set_page_logo(text, bytea) IS 'Set the logo of an organization''s pages: a PNG, JPEG or GIF of at most 64 KiB, shown 48 pixels high at most, on white. NULL: its name instead. In psql: \set logo `base64 -w0 logo.png` and then: Example: SELECT muster.set_page_logo(''example'', decode(''R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'', ''base64''));';

CREATE OR REPLACE FUNCTION muster.set_page_text(language text, key text, words text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	clean text := nullif(btrim(set_page_text.words), '');
BEGIN
	IF set_page_text.language IS NULL OR set_page_text.language !~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$' THEN
		RAISE EXCEPTION 'not usable as a language: %', coalesce(quote_literal(left(set_page_text.language, 40)), 'NULL')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example en, pt-BR or zh-Hant (BCP 47).';
	ELSIF NOT EXISTS (SELECT FROM muster.page_text t WHERE t.language = 'en' AND t.key = set_page_text.key AND t.standard IS NOT NULL) THEN
		RAISE EXCEPTION 'no page has a text %', coalesce(quote_literal(left(set_page_text.key, 64)), 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'To look: SELECT key, english FROM muster.page_texts WHERE language = ''en'';';
	ELSIF length(clean) > 1000 THEN
		RAISE EXCEPTION 'the text has % characters, at most 1000 are kept', length(clean) USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF clean IS NULL THEN
		DELETE FROM muster.page_text t WHERE t.language = set_page_text.language AND t.key = set_page_text.key AND t.standard IS NULL;
		UPDATE muster.page_text t SET own = NULL WHERE t.language = set_page_text.language AND t.key = set_page_text.key AND t.own IS NOT NULL;
		RETURN format('%s in %s: %s', set_page_text.key, set_page_text.language,
			coalesce((SELECT t.standard FROM muster.page_text t WHERE t.language = set_page_text.language AND t.key = set_page_text.key), 'the English text'));
	END IF;
	INSERT INTO muster.page_text (language, key, own) VALUES (set_page_text.language, set_page_text.key, clean)
	ON CONFLICT ON CONSTRAINT page_text_pkey DO UPDATE SET own = excluded.own;
	RETURN format('%s in %s: %s', set_page_text.key, set_page_text.language, clean);
END
$$;
COMMENT ON FUNCTION muster.set_page_text(text, text, text) IS 'Put another text in place of one of the pages'' own, or add a language text by text; what a language lacks is said in English. {organization} stands for the organization''s name. NULL: Muster''s own text again. For all organizations. Example: SELECT muster.set_page_text(''nl'', ''sign_in_title'', ''Aanmelden'');';

CREATE OR REPLACE VIEW muster.page_texts WITH (security_invoker = true) AS
SELECT l.language, e.key, e.standard AS english, coalesce(t.own, t.standard) AS words, t.own IS NOT NULL AS own, t.standard
  FROM (SELECT DISTINCT x.language FROM muster.page_text x) l
 CROSS JOIN (SELECT x.key, x.standard FROM muster.page_text x WHERE x.language = 'en' AND x.standard IS NOT NULL) e
  LEFT JOIN muster.page_text t ON t.language = l.language AND t.key = e.key;
COMMENT ON VIEW muster.page_texts IS 'What the pages say in each language there is (words; NULL: missing, English is said instead), whether an administrator put it there (own), and Muster''s own English. Example: SELECT key, english FROM muster.page_texts WHERE language = ''de'' AND words IS NULL;';

CREATE OR REPLACE FUNCTION muster.page_language(ranges text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	there text[] := ARRAY(SELECT DISTINCT t.language FROM muster.page_text t ORDER BY 1);
	wanted text;
	found text;
BEGIN
	FOREACH wanted IN ARRAY coalesce(ranges, '{}') LOOP
		-- Chinese is asked for by region, and written in two scripts (CLDR, likely subtags).
		wanted := CASE WHEN wanted ~* '^zh-(tw|hk|mo)\y' THEN 'zh-Hant' WHEN wanted ~* '^zh(-(cn|sg)\y|$)' THEN 'zh-Hans' ELSE wanted END;
		-- RFC 4647 section 3.4: shorter and shorter; a single letter before the end goes with it.
		WHILE wanted <> '' LOOP
			SELECT l INTO found FROM unnest(there) l WHERE lower(l) = lower(wanted);
			IF found IS NOT NULL THEN
				RETURN found;
			END IF;
			EXIT WHEN position('-' IN wanted) = 0;
			wanted := regexp_replace(wanted, '(-[^-])?-[^-]*$', '');
		END LOOP;
		-- Rather another country's than another language: pt-BR for pt-PT. Not another script: zh-Hans for zh-Hant.
		SELECT l INTO found FROM unnest(there) l WHERE lower(l) LIKE lower(wanted) || '-__' ORDER BY 1 LIMIT 1;
		IF found IS NOT NULL THEN
			RETURN found;
		END IF;
	END LOOP;
	RETURN 'en';
END
$$;
COMMENT ON FUNCTION muster.page_language(text[]) IS 'The language of the pages that suits best what somebody reads (BCP 47 ranges, the best first): RFC 4647, lookup; English if none does. Example: SELECT muster.page_language(ARRAY[''de-AT'', ''en'']);';

CREATE OR REPLACE FUNCTION muster.page_words(p_language text, p_organization text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_object_agg(e.key, replace(coalesce(t.own, t.standard, e.own, e.standard), '{organization}', coalesce(p_organization, '')))
	  FROM muster.page_text e LEFT JOIN muster.page_text t ON t.language = p_language AND t.key = e.key
	 WHERE e.language = 'en'
$$;
COMMENT ON FUNCTION muster.page_words(text, text) IS 'Internal: all that the pages say in a language, by key, with an organization''s name in it. Example: SELECT muster.page_words(''de'', ''Example Ltd'');';

CREATE OR REPLACE FUNCTION muster_worker.page(p_organization text, p_languages text)
RETURNS TABLE (outcome text, why text, organization text, name text, color text, color_on text, logo text, language text, words jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	o muster.organization := muster.organization_for(p_organization, NULL);
	b muster.branding;
	v muster.verdict := muster.rule_organization(o);
BEGIN
	SELECT x.* INTO b FROM muster.branding x WHERE x.organization = o.id;
	outcome := CASE WHEN o.id IS NULL THEN 'NotFound' ELSE v.outcome END;
	why := CASE WHEN o.id IS NULL THEN muster.nobody(o, p_organization, NULL) WHEN v.outcome <> 'OK' THEN v.why END;
	organization := o.key;
	name := o.name;
	color := b.color;
	color_on := muster.color_on(b.color);
	logo := 'data:' || muster.image_type(b.logo) || ';base64,' || replace(encode(b.logo, 'base64'), E'\n', '');
	language := muster.page_language(string_to_array(p_languages, ','));
	words := muster.page_words(language, o.name);
	RETURN NEXT;
END
$$;
COMMENT ON FUNCTION muster_worker.page(text, text) IS 'What an organization''s pages look like and say: organization by key; what the reader reads, the best first, with commas. Example: SELECT * FROM muster_worker.page(''example'', ''de-AT,en'');';

CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE ON muster.branding
	FOR EACH ROW EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.branding
	FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION muster.audit();
-- An upgrade's own texts are nobody's doing.
CREATE OR REPLACE TRIGGER audit AFTER INSERT ON muster.page_text
	FOR EACH ROW WHEN (NEW.own IS NOT NULL) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_removal AFTER DELETE ON muster.page_text
	FOR EACH ROW WHEN (OLD.own IS NOT NULL) EXECUTE FUNCTION muster.audit();
CREATE OR REPLACE TRIGGER audit_change AFTER UPDATE ON muster.page_text
	FOR EACH ROW WHEN (OLD.own IS DISTINCT FROM NEW.own) EXECUTE FUNCTION muster.audit();
