#include "token.h"

#include <muster/credentials/token.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "database.h"

/* write(2), so that no buffer of stdio keeps it. */
static bool
line_write(int fd, const struct secret *token)
{
	return write(fd, token->data, token->size) == (ssize_t)token->size && write(fd, "\n", 1) == 1;
}

enum outcome
token_write(const char *file, const struct secret *token, struct why *why)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool written;
	int error;

	if (fd < 0 && errno == EEXIST)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: is there already: name a new file", file);
	if (fd < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", file, strerror(errno));
	written = line_write(fd, token) && fsync(fd) == 0;
	error = errno;
	if (close(fd) == 0 && written)
		return OUTCOME_OK;
	(void)unlink(file);
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", file, strerror(error));
}

/* --- the statement, for psql --- */

/* NAME => 'VALUE', or nothing for a value that is not given; false when it is no literal. */
static bool
argument_print(FILE *out, struct arena *arena, const char *name, const char *value)
{
	const char *literal = value == NULL ? "" : database_literal(arena, value);

	if (value != NULL && literal != NULL)
		(void)fprintf(out, ", %s => %s", name, literal);
	return literal != NULL;
}

static bool
networks_print(FILE *out, struct arena *arena, const struct options *options)
{
	for (size_t i = 0; i < options->networks; i++) {
		const char *literal = database_literal(arena, options->network[i]);

		if (literal == NULL)
			return false;
		(void)fprintf(out, "%s%s", i == 0 ? ", networks => ARRAY[" : ", ", literal);
	}
	if (options->networks > 0)
		(void)fputs("]", out);
	return true;
}

static enum outcome
statement_print(
    FILE *out, struct arena *arena, const struct options *options, const char *sha256, struct why *why)
{
	const char *upn = database_literal(arena, options->upn);
	const char *name = database_literal(arena, options->token_name);
	bool ok = upn != NULL && name != NULL;

	if (ok)
		(void)fprintf(out, "SELECT muster.add_bulk_token(%s, %s, '%s', now() + interval '%d days'",
		    upn, name, sha256, options->days);
	if (ok && options->limit > 0)
		(void)fprintf(out, ", device_limit => %d", options->limit);
	if (!ok || !networks_print(out, arena, options) ||
	    !argument_print(out, arena, "note", options->note) ||
	    !argument_print(out, arena, "organization", options->organization))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "no account, token, network, note or organization has backslashes or control characters "
		    "in it");
	(void)fputs(");\n", out);
	return OUTCOME_OK;
}

enum outcome
token_print(FILE *out, const struct options *options, const char *sha256, struct why *why)
{
	struct arena *arena = arena_new();
	enum outcome o = statement_print(out, arena, options, sha256, why);

	arena_free(arena);
	return o;
}

/* --- the database --- */

static const char *
networks_joined(struct arena *arena, const struct options *options)
{
	const char *joined = NULL;

	for (size_t i = 0; i < options->networks; i++)
		joined = joined == NULL ? options->network[i]
					: arena_printf(arena, "%s,%s", joined, options->network[i]);
	return joined;
}

static enum outcome
hash_store(
    PGconn *conn, struct arena *arena, const struct options *options, const char *sha256, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(options->upn), PG_TEXT(options->token_name),
		PG_TEXT(sha256), PG_TEXT(arena_printf(arena, "%d", options->days)),
		PG_TEXT(options->limit > 0 ? arena_printf(arena, "%d", options->limit) : NULL),
		PG_TEXT(networks_joined(arena, options)), PG_TEXT(options->note),
		PG_TEXT(options->organization) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn,
	    "SELECT muster.add_bulk_token($1, $2, $3, now() + make_interval(days => $4::integer), "
	    "$5::integer,"
	    " string_to_array($6, ','), $7, $8)",
	    param, ARRAY_SIZE(param), &result, why);

	if (o == OUTCOME_OK)
		(void)printf("%s\n", PQgetvalue(result, 0, 0));
	return o;
}

static enum outcome
token_store(struct arena *arena, const struct options *options, const char *sha256, struct why *why)
{
	PGconn *conn = NULL;
	enum outcome o;

	if (options->print)
		return token_print(stdout, options, sha256, why);
	if ((o = database_open(options->database, &conn, why)) == OUTCOME_OK)
		o = hash_store(conn, arena, options, sha256, why);
	PQfinish(conn);
	return o;
}

/* --- the token --- */

static enum outcome
token_show(const struct secret *token, struct why *why)
{
	(void)puts("the Secret of the provisioning package, which is not shown again:");
	if (fflush(stdout) == 0 && line_write(STDOUT_FILENO, token))
		return OUTCOME_OK;
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    "the token could not be shown: revoke it, and make another: muster.revoke_bulk_token");
}

/* The file first: a token that is good and that nobody has is of no use. */
static enum outcome
token_deliver(struct arena *arena, const struct options *options, const struct secret *token, struct why *why)
{
	uint8_t digest[TOKEN_SHA256_SIZE];
	const char *sha256;
	enum outcome o;

	token_sha256(token, digest);
	sha256 = bytes_to_hex(arena, (struct bytes){ digest, sizeof(digest) });
	if (options->token_file != NULL && (o = token_write(options->token_file, token, why)) != OUTCOME_OK)
		return o;
	if ((o = token_store(arena, options, sha256, why)) != OUTCOME_OK) {
		if (options->token_file != NULL)
			(void)unlink(options->token_file);
		return o;
	}
	return options->token_file != NULL ? OUTCOME_OK : token_show(token, why);
}

enum outcome
token_run(const struct options *options, struct why *why)
{
	CLEANUP(secret_release) struct secret token = { NULL, 0 };
	struct arena *arena;
	enum outcome o;

	if (options->token_file == NULL && (options->print || isatty(STDOUT_FILENO) == 0))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "a token is shown on a terminal only: give --token-file FILE, a new file that it is "
		    "written to");
	arena = arena_new();
	token = token_make();
	o = token_deliver(arena, options, &token, why);
	arena_free(arena);
	return o;
}
