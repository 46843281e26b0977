#include "ocsp.h"

#include <muster/authority/certificate.h>
#include <muster/authority/csr.h>
#include <muster/base/clock.h>

#include <gnutls/x509.h>

#include "authorities.h"
#include "database.h"
#include "opening.h"
#include "whole.h"

#define PAGE 10000
#define REQUEST_MAX (64 * 1024)
#define DAY (24 * 3600)

/* Slow clocks of those who ask. */
#define BACKDATE 3600

static enum outcome
authority_load(PGconn *conn, struct arena *arena, const struct options *options,
    const struct authority **authority, struct why *why)
{
	struct authorities *all = arena_alloc(arena, sizeof(*all));
	enum outcome o = authorities_load(conn, arena, NULL, all, why);

	if (o != OUTCOME_OK)
		return o;
	if ((*authority = authorities_find(all, options->authority)) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is no authority \"%s\": muster-ca show lists them", options->authority);
	return OUTCOME_OK;
}

/* --- index --- */

struct index {
	PGconn *conn;
	struct arena *arena;
	const char *authority;
	struct bytes after; /* the last serial number that was read */
	FILE *to;
};

/* A page of lines; *rows is how many there were. SQL writes them: times as ASN.1 has them are its format. */
static enum outcome
page_write(struct index *index, int *rows, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(index->authority), PG_BYTES(index->after) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(index->conn, "SELECT line, serial FROM muster.ocsp_index($1, $2)",
	    param, ARRAY_SIZE(param), &result, why);

	if (o != OUTCOME_OK)
		return o;
	*rows = PQntuples(result);
	for (int row = 0; row < *rows; row++)
		(void)fprintf(index->to, "%s\n", PQgetvalue(result, row, 0));
	if (*rows > 0)
		index->after = pg_bytes(index->arena, result, *rows - 1, 1);
	return OUTCOME_OK;
}

static enum outcome
index_text(struct index *index, char **text, size_t *size, struct why *why)
{
	int rows = PAGE;
	enum outcome o = OUTCOME_OK;

	if ((index->to = open_memstream(text, size)) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "no memory for the index");
	while (o == OUTCOME_OK && rows == PAGE)
		o = page_write(index, &rows, why);
	if (fclose(index->to) != 0 && o == OUTCOME_OK)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "no memory for the index");
	return o;
}

static void
text_free(char **text)
{
	free(*text);
}

static enum outcome
index_write(PGconn *conn, struct arena *arena, const struct options *options, struct why *why)
{
	struct index index = { .conn = conn, .arena = arena };
	const struct authority *authority;
	CLEANUP(text_free) char *text = NULL;
	size_t size = 0;
	bool changed;
	enum outcome o;

	if ((o = authority_load(conn, arena, options, &authority, why)) != OUTCOME_OK)
		return o;
	index.authority = authority->id;
	if ((o = index_text(&index, &text, &size, why)) != OUTCOME_OK)
		return o;
	o = whole_replace(arena, options->file, (struct bytes){ (const uint8_t *)text, size }, &changed, why);
	if (o == OUTCOME_OK && changed)
		(void)printf("%s\n", options->file);
	return o;
}

/* --- responder --- */

static enum outcome
request_load(struct arena *arena, const struct options *options, struct csr *csr, struct why *why)
{
	const struct csr_policy policy = { .minimum_key_length = 2048 };
	struct bytes file;
	gnutls_datum_t in, out = { NULL, 0 };
	enum outcome o;

	if ((o = whole_load(arena, options->request, REQUEST_MAX, &file, why)) != OUTCOME_OK)
		return o;
	in = (gnutls_datum_t){ (unsigned char *)(uintptr_t)file.data, (unsigned)file.size };
	if (gnutls_pem_base64_decode2("CERTIFICATE REQUEST", &in, &out) >= 0) {
		file = arena_copy(arena, out.data, out.size);
		gnutls_free(out.data);
	}
	if ((o = csr_check(arena, file, &policy, csr, why)) != OUTCOME_OK)
		return refuse(why, o, "%s: %s", options->request, arena_strdup(arena, why->text));
	return OUTCOME_OK;
}

/* Never beyond its authority's own end. */
static enum outcome
certificate_make(struct arena *arena, const struct signer *signer, const struct options *options,
    const struct csr *csr, struct bytes *der, struct why *why)
{
	int64_t now = clock_now_ms() / 1000, end = now + (int64_t)options->days * DAY;
	const struct certificate_request request = {
		.common_name = "ocsp",
		.public_key = csr->public_key,
		.not_before = now - BACKDATE,
		.not_after = end < signer_not_after(signer) ? end : signer_not_after(signer),
	};
	uint8_t serial[SERIAL_SIZE];

	return certificate_sign_responder(arena, signer, &request, serial, der, why);
}

static enum outcome
record(PGconn *conn, const struct authority *authority, struct bytes der, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(authority->id), PG_BYTES(der) };
	CLEANUP(pg_result_free) PGresult *result = NULL;

	return database_query(
	    conn, "SELECT muster.tell_responder($1, $2)", param, ARRAY_SIZE(param), &result, why);
}

static enum outcome
responder_make(PGconn *conn, struct arena *arena, const struct options *options, struct why *why)
{
	CLEANUP(signer_release) struct signer signer = { NULL, NULL };
	const struct authority *authority;
	struct bytes der;
	struct csr csr;
	char *pem;
	enum outcome o;

	if ((o = request_load(arena, options, &csr, why)) != OUTCOME_OK ||
	    (o = authority_load(conn, arena, options, &authority, why)) != OUTCOME_OK ||
	    (o = opening_signer(conn, arena, authority, options, &signer, why)) != OUTCOME_OK ||
	    (o = certificate_make(arena, &signer, options, &csr, &der, why)) != OUTCOME_OK ||
	    (o = record(conn, authority, der, why)) != OUTCOME_OK ||
	    (o = certificate_to_pem(arena, der, &pem, why)) != OUTCOME_OK)
		return o;
	(void)fputs(pem, stdout);
	return OUTCOME_OK;
}

typedef enum outcome (*step)(PGconn *, struct arena *, const struct options *, struct why *);

static enum outcome
with_database(const struct options *options, step run, struct why *why)
{
	struct arena *arena = arena_new();
	PGconn *conn = NULL;
	enum outcome o = database_open(options->database, &conn, why);

	if (o == OUTCOME_OK)
		o = run(conn, arena, options, why);
	PQfinish(conn);
	arena_free(arena);
	return o;
}

enum outcome
index_run(const struct options *options, struct why *why)
{
	return with_database(options, index_write, why);
}

enum outcome
responder_run(const struct options *options, struct why *why)
{
	return with_database(options, responder_make, why);
}
