#include "keys.h"

#include <muster/base/json.h>
#include <muster/base/text.h>
#include <muster/credentials/jwks.h>

#include <curl/curl.h>

#include <errno.h>

#include "database.h"
#include "fetch.h"

/* A tenant whose keys are wanted; strings in arena. */
struct source {
	const char *organization, *tenant, *url;
	const char *issuer_v1, *issuer_v2; /* one may be NULL */
};

static enum outcome
file_read(struct arena *arena, const char *path, struct bytes *document, struct why *why)
{
	uint8_t *data = arena_alloc(arena, JWKS_MAX + 1);
	FILE *file = fopen(path, "rb");
	size_t size;
	bool failed;

	if (file == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
	size = fread(data, 1, JWKS_MAX + 1, file);
	failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: cannot be read", path);
	*document = (struct bytes){ data, size };
	return OUTCOME_OK;
}

/* The issuer's own word on where its keys are, if it is our issuer. */
static enum outcome
configuration_follow(struct arena *arena, const struct source *source, const struct options *options,
    struct bytes *document, struct why *why)
{
	const char *uri, *issuer;

	jwks_locate(arena, *document, &uri, &issuer);
	if (uri == NULL)
		return OUTCOME_OK;
	if (issuer == NULL ||
	    ((source->issuer_v1 == NULL || strcmp(issuer, source->issuer_v1) != 0) &&
		(source->issuer_v2 == NULL || strcmp(issuer, source->issuer_v2) != 0)))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the openid-configuration is of issuer \"%.200s\", which is not the tenant's",
		    issuer != NULL ? issuer : "");
	return fetch(arena, uri, options->ca_file, JWKS_MAX, document, why);
}

static enum outcome
document_get(struct arena *arena, const struct source *source, const struct options *options,
    struct bytes *document, struct why *why)
{
	const char *url = options->url != NULL ? options->url : source->url;
	enum outcome o = options->jwks != NULL ? file_read(arena, options->jwks, document, why)
					       : fetch(arena, url, options->ca_file, JWKS_MAX, document, why);

	return o == OUTCOME_OK ? configuration_follow(arena, source, options, document, why) : o;
}

/* The keys as muster_keys.refresh takes them. */
static const char *
keys_json(struct arena *arena, const struct jwks *set)
{
	CLEANUP(json_cleanup) json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:s?}", "kid", set->key[i].kid, "algorithm",
			set->key[i].algorithm, "public_key", bytes_to_base64(arena, set->key[i].public_key),
			"issuer", set->key[i].issuer));
	if (list == NULL || json_array_size(list) != set->count)
		arena_out_of_memory();
	return json_text(arena, list);
}

/* What changed, a line each; what did not, in one. Names are a stranger's word. */
static void
changes_print(
    struct arena *arena, const struct source *source, const struct jwks *set, const PGresult *result)
{
	int unchanged = 0;

	for (size_t i = 0; i < set->skips; i++) {
		char *line = arena_strdup(arena, set->skipped[i]);

		text_make_clean(line);
		(void)printf("%s %s: %s\n", source->organization, source->tenant, line);
	}
	for (int i = 0; i < PQntuples(result); i++) {
		char *kid = pg_text(arena, result, i, 0), *change = pg_text(arena, result, i, 1);

		if (strcmp(change, "unchanged") == 0) {
			unchanged++;
			continue;
		}
		text_make_clean(kid);
		text_make_clean(change);
		(void)printf("%s %s: key \"%s\" %s\n", source->organization, source->tenant, kid, change);
	}
	(void)printf("%s %s: %d %s unchanged\n", source->organization, source->tenant, unchanged,
	    unchanged == 1 ? "key" : "keys");
}

static enum outcome
tenant_refresh(PGconn *conn, struct arena *arena, const struct source *source, const struct options *options,
    struct why *why)
{
	struct jwks *set = arena_alloc(arena, sizeof(*set));
	struct bytes document = { NULL, 0 };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = document_get(arena, source, options, &document, why)) != OUTCOME_OK ||
	    (o = jwks_read(arena, document, set, why)) != OUTCOME_OK)
		return o;

	const struct pg_param param[] = { PG_TEXT(source->organization), PG_TEXT(source->tenant),
		PG_TEXT(keys_json(arena, set)) };

	if ((o = database_query(conn, "SELECT kid, change FROM muster_keys.refresh($1, $2, $3)", param,
		 ARRAY_SIZE(param), &result, why)) == OUTCOME_OK)
		changes_print(arena, source, set, result);
	return o;
}

static struct source
source_read(struct arena *arena, const PGresult *result, int row)
{
	return (struct source){ pg_text(arena, result, row, 0), pg_text(arena, result, row, 1),
		pg_text(arena, result, row, 2), pg_text(arena, result, row, 3),
		pg_text(arena, result, row, 4) };
}

/* One after the other; a tenant that fails is told and does not keep the others from theirs. */
static enum outcome
tenants_refresh(PGconn *conn, const PGresult *sources, const struct options *options, struct why *why)
{
	int count = PQntuples(sources), failed = 0;
	enum outcome o = OUTCOME_OK;

	for (int i = 0; i < count; i++) {
		struct arena *arena = arena_new();
		struct source source = source_read(arena, sources, i);
		struct why reason = { "" };
		enum outcome one = tenant_refresh(conn, arena, &source, options, &reason);

		if (one != OUTCOME_OK) {
			(void)fprintf(stderr, "muster-ca: %s %s: %s\n", source.organization, source.tenant,
			    reason.text);
			failed++;
			o = one;
		}
		arena_free(arena);
	}
	if (o != OUTCOME_OK)
		return refuse(why, o, "of %d %s, %d failed: the keys there are as they were", count,
		    count == 1 ? "tenant" : "tenants", failed);
	return OUTCOME_OK;
}

static enum outcome
keys(PGconn *conn, const struct options *options, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(options->organization), PG_TEXT(options->tenant) };
	CLEANUP(pg_result_free) PGresult *sources = NULL;
	enum outcome o = database_query(conn,
	    "SELECT organization, tenant, keys_url, issuer_v1, issuer_v2 FROM muster_keys.sources($1, $2)",
	    param, ARRAY_SIZE(param), &sources, why);

	if (o != OUTCOME_OK)
		return o;
	if ((options->url != NULL || options->jwks != NULL) && PQntuples(sources) != 1)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "whose keys? there are %d tenants: name one with --tenant ID", PQntuples(sources));
	return tenants_refresh(conn, sources, options, why);
}

enum outcome
keys_run(const struct options *options, struct why *why)
{
	PGconn *conn = NULL;
	enum outcome o;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "libcurl does not start");
	if ((o = database_open(options->database, &conn, why)) == OUTCOME_OK)
		o = keys(conn, options, why);
	PQfinish(conn);
	curl_global_cleanup();
	return o;
}
