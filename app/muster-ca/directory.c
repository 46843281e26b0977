#include "directory.h"

#include <muster/credentials/directory.h>

#include "database.h"

/* Longer than a device would wait: an administrator looks. */
#define PATIENCE_MS (60 * 1000)

static enum outcome
settings_load(PGconn *conn, struct arena *arena, const struct options *options,
    const struct directory **directory, struct why *why)
{
	static const char sql[] =
	    "SELECT d.id IS NOT NULL, jsonb_build_object('directory', muster.directory_settings(d)) FROM "
	    "muster.directory_for(muster.organization_id($1), $2) d";
	const struct pg_param param[] = { PG_TEXT(options->organization), PG_TEXT(options->upn) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why);

	if (o != OUTCOME_OK)
		return o;
	if (PQntuples(result) != 1 || strcmp(PQgetvalue(result, 0, 0), "t") != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "organization %s asks no directory for the name '%s': SELECT * FROM muster.directories;",
		    options->organization, options->upn);
	return directory_read(arena, PQgetvalue(result, 0, 1), directory, why);
}

static enum outcome
password_read(const struct options *options, struct secret *password, struct why *why)
{
	char prompt[400];

	if (options->file != NULL)
		return secret_read_file(options->file, password, why);
	(void)snprintf(prompt, sizeof(prompt), "password of %.320s: ", options->upn);
	return secret_read_terminal(prompt, password, why);
}

static void
step_print(void *context, const char *step)
{
	(void)fprintf(context, "%s\n", step);
	(void)fflush(context);
}

static enum outcome
prove(PGconn *conn, struct arena *arena, const struct options *options, struct why *why)
{
	CLEANUP(secret_release) struct secret password = { NULL, 0 };
	struct directory_question question = { .arena = arena,
		.secrets_dir = options->secrets_dir,
		.organization = options->organization,
		.user = options->upn,
		.password = &password,
		.tell = step_print,
		.context = stdout };
	struct person person;
	enum outcome o;

	if ((o = settings_load(conn, arena, options, &question.directory, why)) != OUTCOME_OK ||
	    (o = password_read(options, &password, why)) != OUTCOME_OK)
		return o;
	question.deadline = deadline_in_ms(PATIENCE_MS);
	if ((o = directory_prove(&question, &person, why)) != OUTCOME_OK)
		return o;
	(void)printf("directory %s proves '%s': account %s%s%s\n", question.directory->name, options->upn,
	    person.upn, person.display_name != NULL ? ", " : "",
	    person.display_name != NULL ? person.display_name : "");
	return OUTCOME_OK;
}

enum outcome
directory_run(const struct options *options, struct why *why)
{
	struct arena *arena = arena_new();
	PGconn *conn = NULL;
	enum outcome o = database_open(options->database, &conn, why);

	if (o == OUTCOME_OK)
		o = prove(conn, arena, options, why);
	PQfinish(conn);
	arena_free(arena);
	return o;
}
