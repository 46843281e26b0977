#include "secrets.h"

#include <muster/authority/certificate.h>
#include <muster/base/json.h>
#include <muster/base/text.h>

#include "database.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE "500" /* devices a statement */

/* The columns of sealed_secrets(). */
enum { DEVICE, ORGANIZATION, CERTIFICATE, SEALING_KEY, SEALED };

struct reader {
	PGconn *conn;
	struct arena *arena;
	struct secret passphrase, key;
};

/* Where it goes: nobody may look over the shoulder. */
static enum outcome
check_stdout(struct why *why)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "stdout: %s", strerror(errno));
	if (isatty(STDOUT_FILENO) == 1)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "secrets are not shown on a terminal: give them to a program, muster-ca secrets … | "
		    "PROGRAM");
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the file that stdout is may be read by others: umask 077 before it is made, or chmod "
		    "600");
	return OUTCOME_OK;
}

/* The key is the same for all; opening it takes a moment. */
static enum outcome
key_open(struct reader *reader, const PGresult *result, int row, struct why *why)
{
	if (reader->key.data != NULL)
		return OUTCOME_OK;
	return sealing_key_open(
	    pg_bytes(reader->arena, result, row, SEALING_KEY), &reader->passphrase, &reader->key, why);
}

/* The device and its certificate beside what was sealed: {"client_secret": …, …}. */
static enum outcome
line_print(
    struct reader *reader, const PGresult *result, int row, const struct secret *plain, struct why *why)
{
	const char *device = PQgetvalue(result, row, DEVICE);
	CLEANUP(json_cleanup) json_t *object = json_loadb(plain->data, plain->size, 0, NULL);
	CLEANUP(json_cleanup)
	json_t *line =
	    json_pack("{s:s, s:s}", "device", device, "organization", PQgetvalue(result, row, ORGANIZATION));
	struct certificate_view view;
	enum outcome o;

	if ((o = certificate_view(
		 reader->arena, pg_bytes(reader->arena, result, row, CERTIFICATE), &view, why)) != OUTCOME_OK)
		return o;
	if (json_object_set_new(line, "certificate_sha1", json_string(view.sha1)) < 0 ||
	    json_object_set_new(
		line, "certificate_sha256", json_string(text_lower(reader->arena, view.sha256))) < 0 ||
	    json_object_update(line, object) < 0 ||
	    json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the secrets of device %s do not hold what they should, or could not be written", device);
	(void)putchar('\n');
	return OUTCOME_OK;
}

static enum outcome
row_print(struct reader *reader, const PGresult *result, int row, struct why *why)
{
	CLEANUP(secret_release) struct secret plain = { NULL, 0 };
	const char *device = PQgetvalue(result, row, DEVICE);
	enum outcome o;

	if ((o = key_open(reader, result, row, why)) != OUTCOME_OK)
		return o;
	if ((o = unseal(&reader->key, device, pg_bytes(reader->arena, result, row, SEALED), &plain, why)) !=
	    OUTCOME_OK)
		return refuse(why, o, "device %s: %s", device, arena_strdup(reader->arena, why->text));
	return line_print(reader, result, row, &plain, why);
}

/* One device, or the next page of all; *last is the last one of a page, *count how many came. */
static enum outcome
page_print(struct reader *reader, const char *device, char last[37], int *count, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(device), PG_TEXT(*last != '\0' ? last : NULL) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(reader->conn,
	    "SELECT id, organization, certificate, sealing_key, sealed"
	    "  FROM muster_dm.sealed_secrets($1::uuid, $2::uuid, " PAGE ")",
	    param, ARRAY_SIZE(param), &result, why);

	*count = 0;
	for (int row = 0; o == OUTCOME_OK && row < PQntuples(result); row++) {
		o = row_print(reader, result, row, why);
		(void)snprintf(last, 37, "%s", PQgetvalue(result, row, DEVICE));
		(*count)++;
	}
	arena_reset(reader->arena);
	return o;
}

static enum outcome
all_print(struct reader *reader, const char *device, struct why *why)
{
	char last[37] = "";
	enum outcome o;
	int count;

	do
		o = page_print(reader, device, last, &count, why);
	while (o == OUTCOME_OK && device == NULL && count > 0);
	if (o == OUTCOME_OK && *last == '\0')
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s",
		    device != NULL ? "the device has no secrets"
				   : "no living device of an organization that is delegated to this login");
	return o;
}

enum outcome
secrets_run(const struct options *options, struct why *why)
{
	struct reader reader = { .conn = NULL };
	enum outcome o;

	if ((o = check_stdout(why)) != OUTCOME_OK)
		return o;
	reader.arena = arena_new();
	if ((o = secret_read_file(options->passphrase_file, &reader.passphrase, why)) == OUTCOME_OK &&
	    (o = database_open(options->database, &reader.conn, why)) == OUTCOME_OK)
		o = all_print(&reader, options->all ? NULL : options->device, why);
	PQfinish(reader.conn);
	secret_release(&reader.key);
	secret_release(&reader.passphrase);
	arena_free(reader.arena);
	return o;
}
