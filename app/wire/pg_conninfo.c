#include <muster/wire/pg.h>

static bool
is_secret(const char *keyword)
{
	return strcmp(keyword, "password") == 0 || strcmp(keyword, "sslpassword") == 0;
}

/*
 * libpq's message without its line end. It quotes what it cannot parse: a password, or a URI
 * with one in it.
 */
static enum outcome
refuse_unreadable(const char *option, const char *conninfo, const char *error, struct why *why)
{
	if (error == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: out of memory", option);
	if (strstr(conninfo, "password") != NULL || strstr(conninfo, "://") != NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s cannot be parsed, and is not shown since it may hold a password: give a conninfo "
		    "such as 'host=/run/postgresql dbname=muster user=muster_…'",
		    option);
	return refuse(
	    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %.*s", option, (int)strcspn(error, "\n"), error);
}

enum outcome
pg_conninfo_check(const char *option, const char *conninfo, struct why *why)
{
	char *error = NULL;
	PQconninfoOption *parsed = PQconninfoParse(conninfo, &error);
	enum outcome o = OUTCOME_OK;

	if (parsed == NULL) {
		o = refuse_unreadable(option, conninfo, error, why);
		PQfreemem(error);
		return o;
	}
	for (PQconninfoOption *p = parsed; p->keyword != NULL; p++)
		if (p->val != NULL && is_secret(p->keyword))
			o = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
			    "%s holds a %s, which everybody on this machine can read: put it in a file and "
			    "name that with passfile=",
			    option, p->keyword);
	PQconninfoFree(parsed);
	return o;
}
