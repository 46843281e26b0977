#include "show.h"

#include <muster/authority/certificate.h>

#include "database.h"

static enum outcome
pem_print(FILE *out, struct arena *arena, const struct authority *authority, struct why *why)
{
	char *pem = NULL;
	enum outcome o = certificate_to_pem(arena, authority->certificate, &pem, why);

	if (o == OUTCOME_OK)
		(void)fputs(pem, out);
	return o;
}

enum outcome
show_list(FILE *out, struct arena *arena, const struct authorities *all, bool pem, struct why *why)
{
	enum outcome o = OUTCOME_OK;

	for (size_t i = 0; i < all->count && o == OUTCOME_OK; i++) {
		if (i > 0 && !pem)
			(void)fputc('\n', out);
		o = (pem ? pem_print : authority_print)(out, arena, &all->list[i], why);
	}
	return o;
}

static enum outcome
refuse_nothing(const char *organization, struct why *why)
{
	if (organization == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is no authority yet: muster-ca init --organization KEY makes one");
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    "organization %s has no authority: muster-ca init --organization %s makes one", organization,
	    organization);
}

static enum outcome
show(PGconn *conn, struct arena *arena, const struct options *options, struct why *why)
{
	struct organization organization = { NULL, NULL, NULL };
	struct authorities all;
	enum outcome o;

	if ((options->organization != NULL &&
		(o = organization_load(conn, arena, options->organization, &organization, why)) !=
		    OUTCOME_OK) ||
	    (o = authorities_load(conn, arena, organization.key, &all, why)) != OUTCOME_OK)
		return o;
	if (all.count == 0)
		return refuse_nothing(organization.key, why);
	return show_list(stdout, arena, &all, options->pem, why);
}

enum outcome
show_run(const struct options *options, struct why *why)
{
	struct arena *arena = arena_new();
	PGconn *conn = NULL;
	enum outcome o = database_open(options->database, &conn, why);

	if (o == OUTCOME_OK)
		o = show(conn, arena, options, why);
	PQfinish(conn);
	arena_free(arena);
	return o;
}
