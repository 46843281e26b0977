#include "trust.h"

#include <muster/base/clock.h>
#include <muster/credentials/client_certificate.h>

#include <gnutls/x509.h>

#include "database.h"

static void
datum_free(gnutls_datum_t *datum)
{
	gnutls_free(datum->data);
}

static void
certificate_free(gnutls_x509_crt_t *crt)
{
	if (*crt != NULL)
		gnutls_x509_crt_deinit(*crt);
}

/* One certificate, as PEM or DER; of several in a file the first. */
static enum outcome
certificate_load(struct arena *arena, const char *path, struct client_certificate *to, struct why *why)
{
	CLEANUP(datum_free) gnutls_datum_t file = { NULL, 0 }, der = { NULL, 0 };
	CLEANUP(certificate_free) gnutls_x509_crt_t crt = NULL;
	int rc = gnutls_x509_crt_init(&crt);

	if (gnutls_load_file(path, &file) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: cannot be read", path);
	if (rc >= 0 && gnutls_x509_crt_import(crt, &file, GNUTLS_X509_FMT_PEM) < 0)
		rc = gnutls_x509_crt_import(crt, &file, GNUTLS_X509_FMT_DER);
	if (rc < 0 || (rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der)) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: no certificate, neither PEM nor DER: %s", path, gnutls_strerror(rc));
	return client_certificate_read(arena, arena_copy(arena, der.data, der.size), to, why);
}

/* What SQL answers, for people. */
static enum outcome
told(PGconn *conn, struct arena *arena, const char *sql, const struct pg_param *param, int parameters,
    struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn, sql, param, parameters, &result, why);

	if (o == OUTCOME_OK)
		(void)printf("%s\n", pg_text(arena, result, 0, 0));
	return o;
}

static struct bytes
bytes_of_hex(struct arena *arena, const char *hex)
{
	struct bytes bytes = { NULL, 0 };

	(void)bytes_from_hex(arena, hex, &bytes);
	return bytes;
}

/* "upn,email" as SQL writes an array; SQL says what is wrong with it. */
static const char *
names_array(struct arena *arena, const char *names)
{
	return names == NULL ? "{}" : arena_printf(arena, "{%s}", names);
}

static enum outcome
authority_trust(PGconn *conn, struct arena *arena, const struct options *options,
    const struct client_certificate *certificate, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(options->organization),
		PG_TEXT(options->name != NULL ? options->name : certificate->subject),
		PG_BYTES(certificate->der), PG_TEXT(certificate->subject),
		PG_BYTES(bytes_of_hex(arena, certificate->subject_sha256)),
		PG_TEXT(clock_text(arena, certificate->not_before * 1000)),
		PG_TEXT(clock_text(arena, certificate->not_after * 1000)),
		PG_TEXT(names_array(arena, options->names_by)),
		PG_TEXT(options->devices ? "true" : "false") };

	if (!certificate->is_authority)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: no authority's certificate (to list it for an account: --account UPN)",
		    options->trusted);
	return told(conn, arena, "SELECT muster.trust_signer_authority($1, $2, $3, $4, $5, $6, $7, $8, $9)",
	    param, ARRAY_SIZE(param), why);
}

static enum outcome
certificate_list(PGconn *conn, struct arena *arena, const struct options *options,
    const struct client_certificate *certificate, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(options->organization), PG_TEXT(options->account),
		PG_TEXT(certificate->sha256), PG_TEXT(options->note), PG_TEXT(certificate->subject),
		PG_TEXT(clock_text(arena, certificate->not_after * 1000)) };
	enum outcome o;

	if (options->names_by != NULL || options->devices || options->name != NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--name, --names-by and --devices are for authorities, not for an account's certificate");
	if ((o = client_certificate_usable(arena, certificate, clock_now_ms() / 1000, why)) != OUTCOME_OK)
		return o;
	return told(
	    conn, arena, "SELECT muster.list_signer($1, $2, $3, $4, $5, $6)", param, ARRAY_SIZE(param), why);
}

enum outcome
trust_run(const struct options *options, struct why *why)
{
	struct arena *arena = arena_new();
	struct client_certificate certificate = { 0 };
	PGconn *conn = NULL;
	enum outcome o;

	if ((o = certificate_load(arena, options->trusted, &certificate, why)) == OUTCOME_OK &&
	    (o = database_open(options->database, &conn, why)) == OUTCOME_OK)
		o = (options->account != NULL ? certificate_list : authority_trust)(
		    conn, arena, options, &certificate, why);
	PQfinish(conn);
	arena_free(arena);
	return o;
}
