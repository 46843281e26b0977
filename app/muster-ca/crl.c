/* Lists of revoked certificates (RFC 5280 section 5) of authorities whose certificates sign requests. */
#include "trust.h"

#include <muster/base/clock.h>

#include <gnutls/x509.h>

#include "database.h"

#define SERIAL_MAX 64
#define ENTRY_TEXT 160 /* a serial or a moment in an array, at most */

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

static void
crl_free(gnutls_x509_crl_t *crl)
{
	if (*crl != NULL)
		gnutls_x509_crl_deinit(*crl);
}

static enum outcome
crl_load(const char *path, gnutls_x509_crl_t *crl, struct why *why)
{
	CLEANUP(datum_free) gnutls_datum_t file = { NULL, 0 };
	int rc = gnutls_x509_crl_init(crl);

	if (gnutls_load_file(path, &file) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: cannot be read", path);
	if (rc >= 0 && gnutls_x509_crl_import(*crl, &file, GNUTLS_X509_FMT_PEM) < 0)
		rc = gnutls_x509_crl_import(*crl, &file, GNUTLS_X509_FMT_DER);
	if (rc < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: no list of revoked certificates, neither PEM nor DER: %s", path,
		    gnutls_strerror(rc));
	return OUTCOME_OK;
}

/* Signed by that authority. Its times are not looked at: SQL does, when it is used. */
static bool
signed_by(gnutls_x509_crl_t crl, struct bytes certificate)
{
	CLEANUP(certificate_free) gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t der = { (unsigned char *)(uintptr_t)certificate.data, (unsigned)certificate.size };
	unsigned status = GNUTLS_CERT_INVALID;

	return gnutls_x509_crt_init(&crt) >= 0 &&
	    gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) >= 0 &&
	    gnutls_x509_crl_verify(crl, &crt, 1, GNUTLS_VERIFY_DISABLE_CRL_CHECKS, &status) >= 0 &&
	    (status &
		~(unsigned)(GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
		    GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE)) == 0;
}

static enum outcome
issuer_find(PGconn *conn, struct arena *arena, const struct options *options, gnutls_x509_crl_t crl,
    const char **authority, struct why *why)
{
	static const char sql[] =
	    "SELECT a.id, a.certificate FROM muster.signer_authority a "
	    "WHERE a.organization = muster.organization_id($1) ORDER BY a.not_before DESC";
	const struct pg_param param[] = { PG_TEXT(options->organization) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why);

	if (o != OUTCOME_OK)
		return o;
	for (int row = 0; row < PQntuples(result); row++) {
		if (!signed_by(crl, pg_bytes(arena, result, row, 1)))
			continue;
		*authority = pg_text(arena, result, row, 0);
		return OUTCOME_OK;
	}
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    "%s: not signed by an authority that organization %s trusts", options->trusted,
	    options->organization);
}

/* Serials and moments as SQL writes arrays. */
struct entries {
	char *serials, *moments;
};

static enum outcome
entries_read(struct arena *arena, gnutls_x509_crl_t crl, struct entries *to, struct why *why)
{
	int count = gnutls_x509_crl_get_crt_count(crl);
	size_t room = (size_t)(count > 0 ? count : 0) * ENTRY_TEXT + 3, serials = 1, moments = 1;
	gnutls_x509_crl_iter_t iterator = NULL;
	int rc = 0;

	to->serials = arena_alloc(arena, room);
	to->moments = arena_alloc(arena, room);
	to->serials[0] = to->moments[0] = '{';
	for (int i = 0; i < count; i++) {
		const char *comma = i > 0 ? "," : "";
		uint8_t serial[SERIAL_MAX];
		size_t size = sizeof(serial);
		time_t at = 0;

		if ((rc = gnutls_x509_crl_iter_crt_serial(crl, &iterator, serial, &size, &at)) < 0)
			break;
		serials += (size_t)snprintf(to->serials + serials, room - serials, "%s\"\\\\x%s\"", comma,
		    bytes_to_hex(arena, (struct bytes){ serial, size }));
		moments += (size_t)snprintf(to->moments + moments, room - moments, "%s%s", comma,
		    clock_text(arena, (int64_t)at * 1000));
	}
	gnutls_x509_crl_iter_deinit(iterator);
	to->serials[serials] = to->moments[moments] = '}';
	if (rc < 0 && rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the list of revoked certificates is unreadable: %s", gnutls_strerror(rc));
	return OUTCOME_OK;
}

/* As a decimal number; NULL when it has none, or one beyond 64 bits. */
static const char *
crl_number(struct arena *arena, gnutls_x509_crl_t crl)
{
	uint8_t number[8];
	size_t size = sizeof(number);
	uint64_t value = 0;

	if (gnutls_x509_crl_get_number(crl, number, &size, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | number[i];
	return arena_printf(arena, "%llu", (unsigned long long)value);
}

static enum outcome
crl_store(
    PGconn *conn, struct arena *arena, const struct options *options, gnutls_x509_crl_t crl, struct why *why)
{
	time_t next = gnutls_x509_crl_get_next_update(crl);
	const char *authority = NULL;
	struct entries entries;
	enum outcome o;

	if ((o = issuer_find(conn, arena, options, crl, &authority, why)) != OUTCOME_OK ||
	    (o = entries_read(arena, crl, &entries, why)) != OUTCOME_OK)
		return o;

	const struct pg_param param[] = { PG_TEXT(options->organization), PG_TEXT(authority),
		PG_TEXT(crl_number(arena, crl)),
		PG_TEXT(clock_text(arena, (int64_t)gnutls_x509_crl_get_this_update(crl) * 1000)),
		PG_TEXT(next == (time_t)-1 ? NULL : clock_text(arena, (int64_t)next * 1000)),
		PG_TEXT(entries.serials), PG_TEXT(entries.moments) };
	CLEANUP(pg_result_free) PGresult *result = NULL;

	if ((o = database_query(conn, "SELECT muster.load_signer_crl($1, $2, $3, $4, $5, $6, $7)", param,
		 ARRAY_SIZE(param), &result, why)) == OUTCOME_OK)
		(void)printf("%s\n", pg_text(arena, result, 0, 0));
	return o;
}

enum outcome
crl_run(const struct options *options, struct why *why)
{
	CLEANUP(crl_free) gnutls_x509_crl_t crl = NULL;
	struct arena *arena = arena_new();
	PGconn *conn = NULL;
	enum outcome o;

	if ((o = crl_load(options->trusted, &crl, why)) == OUTCOME_OK &&
	    (o = database_open(options->database, &conn, why)) == OUTCOME_OK)
		o = crl_store(conn, arena, options, crl, why);
	PQfinish(conn);
	arena_free(arena);
	return o;
}
