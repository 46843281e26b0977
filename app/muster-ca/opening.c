#include "opening.h"

static enum outcome
open_stored(PGconn *conn, struct arena *arena, const struct authority *authority, const char *file,
    struct signer *signer, struct why *why)
{
	CLEANUP(secret_release) struct secret passphrase = { NULL, 0 };
	struct bytes pkcs8;
	struct why reason;
	enum outcome o;

	if ((o = secret_read_file(file, &passphrase, why)) != OUTCOME_OK ||
	    (o = authority_key_read(conn, arena, authority, &pkcs8, why)) != OUTCOME_OK)
		return o;
	if ((o = signer_open(authority->certificate, pkcs8, &passphrase, signer, &reason)) != OUTCOME_OK)
		return refuse(why, o, "authority \"%s\", with the passphrase in %s: %s", authority->name,
		    file, reason.text);
	return OUTCOME_OK;
}

enum outcome
opening_signer(PGconn *conn, struct arena *arena, const struct authority *authority,
    const struct options *options, struct signer *signer, struct why *why)
{
	struct why reason;
	enum outcome o;

	if (!authority->has_key)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "authority \"%s\": its key is not in the database: sign where it is", authority->name);
	if (authority->key_uri == NULL && options->passphrase_file == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--passphrase-file is missing: name the file whose first line opens the key");
	if (authority->key_uri == NULL)
		return open_stored(conn, arena, authority, options->passphrase_file, signer, why);
	if ((o = signer_open_token(authority->certificate, &options->pkcs11, authority->key_uri, signer,
		 &reason)) != OUTCOME_OK)
		return refuse(why, o, "authority \"%s\": %s", authority->name, reason.text);
	return OUTCOME_OK;
}
