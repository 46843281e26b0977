#include "doctor.h"

#include <muster/authority/path.h>

#include "authorities.h"
#include "database.h"
#include "sealed.h"

#define DAY (24 * 3600)

/* Time enough to make a successor, have it certified and let devices renew. */
#define SOON_DAYS 90

#define CLOCK_OFF_MAX_MS 30000

struct doctor {
	PGconn *conn;
	const struct options *options;
	struct arena *arena;
	struct secret passphrase;
	struct authorities all;
	int64_t now; /* seconds since 1970 */
	int findings;
};

static void PRINTF_LIKE(4, 5)
    finding(struct doctor *doctor, const char *what, const char *step, const char *format, ...)
{
	va_list list;

	(void)printf("%s: ", what);
	va_start(list, format);
	(void)vprintf(format, list);
	va_end(list);
	(void)printf(": %s\n", step);
	doctor->findings++;
}

/* --- the clock --- */

static enum outcome
clock_look(struct doctor *doctor, struct why *why)
{
	static const char sql[] = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM muster.configuration";
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(doctor->conn, sql, NULL, 0, &result, why);
	int64_t off;

	if (o != OUTCOME_OK)
		return o;
	off = clock_now_ms() - pg_number(result, 0, 0, 0);
	if (off > CLOCK_OFF_MAX_MS || off < -CLOCK_OFF_MAX_MS)
		finding(doctor, "clock", "set both by NTP: certificates begin and end by them",
		    "this machine's is %lld s %s the database's", (long long)(off < 0 ? -off : off) / 1000,
		    off < 0 ? "behind" : "ahead of");
	return OUTCOME_OK;
}

/* --- keys --- */

static enum outcome
keys_look(struct doctor *doctor, struct why *why)
{
	struct sealed_keys keys;
	struct why reason;
	enum outcome o = sealed_keys_load(doctor->conn, doctor->arena, &keys, why);

	for (size_t i = 0; o == OUTCOME_OK && i < keys.count; i++)
		if (sealed_key_try(&keys.list[i], &doctor->passphrase, &reason) != OUTCOME_OK)
			finding(doctor, sealed_key_words(doctor->arena, &keys.list[i]),
			    "give the passphrase that muster has, or bring the key back from a backup",
			    "with the passphrase in %s: %s", doctor->options->passphrase_file, reason.text);
	return o;
}

/* --- certificates --- */

static const struct authority *
by_id(const struct authorities *all, const char *id)
{
	for (size_t i = 0; id != NULL && i < all->count; i++)
		if (strcmp(all->list[i].id, id) == 0)
			return &all->list[i];
	return NULL;
}

static const char *
words(struct doctor *doctor, const struct authority *authority)
{
	return arena_printf(doctor->arena, "%s \"%s\"",
	    authority->root		  ? "root"
		: authority->intermediate ? "intermediate authority"
					  : "authority",
	    authority->name);
}

/* The row says when it ends, and SQL goes by it: it must be what the certificate says. */
static void
row_look(struct doctor *doctor, const struct authority *authority, const struct certificate_view *view)
{
	if (authority->not_before != view->not_before || authority->not_after != view->not_after)
		finding(doctor, words(doctor, authority),
		    "it was changed by hand: set not_before and not_after in muster.authority right",
		    "its certificate is valid until %s, its row says %s",
		    clock_text(doctor->arena, view->not_after * 1000),
		    clock_text(doctor->arena, authority->not_after * 1000));
}

static const char *
successor(const struct authority *authority)
{
	if (authority->root)
		return "make a root and an issuing authority that take over: muster-ca init --another";
	if (authority->intermediate)
		return "ask its owner for its successor, and have an issuing authority certified below it: "
		       "muster-ca request";
	return "make one that takes over: muster-ca init --another, or request";
}

/* One that signs nothing any more may end. */
static bool
is_needed(const struct doctor *doctor, const struct authority *authority)
{
	for (size_t i = 0; i < doctor->all.count; i++) {
		const struct authority *one = &doctor->all.list[i];

		if (one->organizations == NULL)
			continue;
		for (const struct authority *up = one; up != NULL; up = by_id(&doctor->all, up->parent))
			if (up == authority)
				return true;
	}
	return false;
}

static void
end_look(struct doctor *doctor, const struct authority *authority, const struct certificate_view *view)
{
	int64_t left = view->not_after - doctor->now;

	if (!is_needed(doctor, authority) || left >= (int64_t)SOON_DAYS * DAY)
		return;
	if (left <= 0)
		finding(doctor, words(doctor, authority), successor(authority), "it ended at %s",
		    clock_text(doctor->arena, view->not_after * 1000));
	else
		finding(doctor, words(doctor, authority), successor(authority), "it ends in %lld days, at %s",
		    (long long)(left / DAY), clock_text(doctor->arena, view->not_after * 1000));
}

/* From an issuing authority to its root, as they stand in the database. */
static void
chain_look(struct doctor *doctor, const struct authority *authority)
{
	struct certification_path path = { .count = 0 };
	struct why reason;

	for (const struct authority *up = authority; up != NULL && path.count < CERTIFICATION_PATH_MAX;
	     up = by_id(&doctor->all, up->parent))
		path.certificate[path.count++] = up->certificate;
	if (certification_path_verify(doctor->arena, &path, doctor->now, &reason) != OUTCOME_OK)
		finding(doctor, words(doctor, authority),
		    "devices' certificates do not verify: muster-ca show", "its chain: %s", reason.text);
}

static void
authority_look(struct doctor *doctor, const struct authority *authority)
{
	struct certificate_view view;
	struct why reason;

	if (certificate_view(doctor->arena, authority->certificate, &view, &reason) != OUTCOME_OK) {
		finding(
		    doctor, words(doctor, authority), "bring its row back from a backup", "%s", reason.text);
		return;
	}
	row_look(doctor, authority, &view);
	end_look(doctor, authority, &view);
	if (!authority->root && !authority->intermediate && view.not_after > doctor->now)
		chain_look(doctor, authority);
}

/* --- what SQL finds --- */

static enum outcome
configuration_look(struct doctor *doctor, struct why *why)
{
	static const char sql[] =
	    "SELECT coalesce('organization ' || organization_key, 'database'), finding,"
	    "       next_step"
	    "  FROM muster.check_configuration()"
	    " WHERE topic IN ('authority', 'sealing key', 'revocation') AND severity <> 'note'";
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(doctor->conn, sql, NULL, 0, &result, why);

	for (int row = 0; o == OUTCOME_OK && row < PQntuples(result); row++)
		finding(doctor, pg_text(doctor->arena, result, row, 0),
		    pg_text(doctor->arena, result, row, 2), "%s", pg_text(doctor->arena, result, row, 1));
	return o;
}

static enum outcome
look(struct doctor *doctor, struct why *why)
{
	enum outcome o;

	if ((o = secret_read_file(doctor->options->passphrase_file, &doctor->passphrase, why)) !=
		OUTCOME_OK ||
	    (o = database_open(doctor->options->database, &doctor->conn, why)) != OUTCOME_OK ||
	    (o = authorities_load(doctor->conn, doctor->arena, NULL, &doctor->all, why)) != OUTCOME_OK ||
	    (o = clock_look(doctor, why)) != OUTCOME_OK || (o = keys_look(doctor, why)) != OUTCOME_OK)
		return o;
	for (size_t i = 0; i < doctor->all.count; i++)
		authority_look(doctor, &doctor->all.list[i]);
	return configuration_look(doctor, why);
}

enum outcome
doctor_run(const struct options *options, struct why *why)
{
	struct doctor doctor = { .options = options, .arena = arena_new(), .now = clock_now_ms() / 1000 };
	enum outcome o = look(&doctor, why);

	/* Before the sum of them, which goes to stderr. */
	(void)fflush(stdout);
	if (o == OUTCOME_OK && doctor.findings > 0)
		o = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%d %s: see above", doctor.findings,
		    doctor.findings == 1 ? "finding" : "findings");
	else if (o == OUTCOME_OK)
		(void)printf("%zu %s: keys open and fit, chains verify, nothing ends within %d days\n",
		    doctor.all.count, doctor.all.count == 1 ? "authority" : "authorities", SOON_DAYS);
	PQfinish(doctor.conn);
	secret_release(&doctor.passphrase);
	arena_free(doctor.arena);
	return o;
}
