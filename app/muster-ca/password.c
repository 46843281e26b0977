#include "password.h"

#include <muster/base/text.h>
#include <muster/credentials/password.h>

#include "database.h"

static enum outcome
terminal_read(const struct options *options, struct secret *password, struct why *why)
{
	CLEANUP(secret_release) struct secret again = { NULL, 0 };
	char prompt[400];
	enum outcome o;

	(void)snprintf(prompt, sizeof(prompt), "new password of %.320s: ", options->upn);
	if ((o = secret_read_terminal(prompt, password, why)) != OUTCOME_OK ||
	    (o = secret_read_terminal("again: ", &again, why)) != OUTCOME_OK)
		return o;
	if (!secret_equal((struct bytes){ (const uint8_t *)password->data, password->size },
		(struct bytes){ (const uint8_t *)again.data, again.size }))
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the two passwords differ: nothing was changed");
	return OUTCOME_OK;
}

enum outcome
password_make(const struct options *options, char hash[PASSWORD_HASH_MAX], struct why *why)
{
	CLEANUP(secret_release) struct secret password = { NULL, 0 };
	enum outcome o;

	o = options->file != NULL ? secret_read_file(options->file, &password, why)
				  : terminal_read(options, &password, why);
	if (o != OUTCOME_OK)
		return o;
	/* Devices send UTF-8; nobody could ever type anything else. */
	if (!text_is_utf8(password.data, password.size))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the password is not UTF-8 text");
	return password_hash(&password, hash, PASSWORD_HASH_MAX, why);
}

enum outcome
password_store(PGconn *conn, const struct options *options, const char *hash, struct why *why)
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

/* No account or organization has these in its name; without them doubling the quotes is all a literal needs.
 */
static bool
literal_safe(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == '\\' || *c == 0x7f)
			return false;
	return text_is_utf8(text, strlen(text));
}

static void
print_literal(const char *text)
{
	(void)putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			(void)putchar('\'');
		(void)putchar(*text);
	}
	(void)putchar('\'');
}

enum outcome
password_print(const struct options *options, const char *hash, struct why *why)
{
	const char *argument[] = { options->upn, hash, options->organization };

	for (size_t i = 0; i < ARRAY_SIZE(argument) && argument[i] != NULL; i++)
		if (!literal_safe(argument[i]))
			return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
			    "no account or organization has backslashes or control characters in its name");
	(void)fputs("SELECT muster.set_password_hash(", stdout);
	for (size_t i = 0; i < ARRAY_SIZE(argument) && argument[i] != NULL; i++) {
		(void)fputs(i == 0 ? "" : ", ", stdout);
		print_literal(argument[i]);
	}
	(void)puts(");");
	return OUTCOME_OK;
}
