#include "password.h"

#include <muster/base/text.h>
#include <muster/credentials/password.h>

#include "database.h"

static enum outcome
terminal_read(const struct options *options, struct secret *password, struct why *why)
{
	CLEANUP(secret_release) struct secret again = { NULL, 0 };
	char prompt[400];
	struct why reason;
	enum outcome o;

	(void)snprintf(prompt, sizeof(prompt), "new password of %.320s: ", options->upn);
	if ((o = secret_read_terminal(prompt, password, &reason)) != OUTCOME_OK ||
	    (o = secret_read_terminal("again: ", &again, &reason)) != OUTCOME_OK)
		return refuse(why, o, "the password: %s (or give --file FILE)", reason.text);
	if (!secret_equal((struct bytes){ (const uint8_t *)password->data, password->size },
		(struct bytes){ (const uint8_t *)again.data, again.size }))
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the two passwords differ: nothing was changed");
	return OUTCOME_OK;
}

/* What no device could ever send, XML 1.0 section 2.2, is a mistake here already. */
static enum outcome
sendable_check(const struct secret *password, struct why *why)
{
	if (memchr(password->data, '\0', password->size) != NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the password has a NUL byte in it");
	if (!text_is_utf8(password->data, password->size))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the password is not UTF-8, and devices send nothing else: save or type it as UTF-8");
	if (!text_is_plain(password->data, password->size))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the password has a control character in it, which nobody can type on a device");
	return OUTCOME_OK;
}

enum outcome
password_make(const struct options *options, char hash[PASSWORD_HASH_MAX], struct why *why)
{
	CLEANUP(secret_release) struct secret password = { NULL, 0 };
	enum outcome o;

	o = options->file != NULL ? secret_read_file(options->file, &password, why)
				  : terminal_read(options, &password, why);
	if (o != OUTCOME_OK || (o = sendable_check(&password, why)) != OUTCOME_OK)
		return o;
	return password_hash(&password, hash, PASSWORD_HASH_MAX, why);
}

static enum outcome
account_check(PGconn *conn, const struct options *options, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(options->upn), PG_TEXT(options->organization) };
	CLEANUP(pg_result_free) PGresult *result = NULL;

	return database_query(
	    conn, "SELECT muster.account_id($1, $2)", param, ARRAY_SIZE(param), &result, why);
}

static enum outcome
hash_store(PGconn *conn, const struct options *options, const char *hash, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(options->upn), PG_TEXT(hash),
		PG_TEXT(options->organization) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(
	    conn, "SELECT muster.set_password_hash($1, $2, $3)", param, ARRAY_SIZE(param), &result, why);

	if (o == OUTCOME_OK)
		(void)printf("%s\n", PQgetvalue(result, 0, 0));
	return o;
}

static enum outcome
password_set(PGconn *conn, const struct options *options, struct why *why)
{
	char hash[PASSWORD_HASH_MAX];
	enum outcome o;

	if ((o = account_check(conn, options, why)) != OUTCOME_OK ||
	    (o = password_make(options, hash, why)) != OUTCOME_OK)
		return o;
	return hash_store(conn, options, hash, why);
}

enum outcome
password_run(const struct options *options, struct why *why)
{
	PGconn *conn = NULL;
	enum outcome o = database_open(options->database, &conn, why);

	if (o == OUTCOME_OK)
		o = password_set(conn, options, why);
	PQfinish(conn);
	return o;
}

static enum outcome
statement_print(
    FILE *out, struct arena *arena, const struct options *options, const char *hash, struct why *why)
{
	const char *upn = database_literal(arena, options->upn);
	const char *key = options->organization == NULL ? "" : database_literal(arena, options->organization);

	if (upn == NULL || key == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "no account or organization has backslashes or control characters in its name");
	(void)fprintf(out, "SELECT muster.set_password_hash(%s, %s%s%s)", upn, database_literal(arena, hash),
	    key[0] != '\0' ? ", " : "", key);
	(void)fputs(";\n", out);
	return OUTCOME_OK;
}

enum outcome
password_print(FILE *out, const struct options *options, const char *hash, struct why *why)
{
	struct arena *arena = arena_new();
	enum outcome o = statement_print(out, arena, options, hash, why);

	arena_free(arena);
	return o;
}
