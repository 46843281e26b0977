/* What a worker asks of the database when the web server's own module has somebody sign in. */
#ifndef MUSTER_STORE_SINGLE_SIGN_ON_H
#define MUSTER_STORE_SINGLE_SIGN_ON_H

#include <muster/store/worker.h>

/* What an organization wants to know of the web server's module. */
struct sign_in_wanted {
	const char *variables; /* names, with blanks between */
	const char *user;      /* that of them which holds the user's name */
	struct decision decision;
};

/*
 * muster_worker.sign_in_variables: the variables that decide whose account it is. The decision is
 * OUTCOME_NOT_FOUND where the organization does not have the web server sign people in.
 */
enum outcome store_sign_in_variables(
    struct store *, struct arena *, const char *organization, struct sign_in_wanted *, struct why *);

/* What the web server's module said. */
struct sign_in {
	const char *organization; /* key */
	const char *variables;	  /* JSON: {"REMOTE_USER": …} */
	const char *trace;
	const char *remote; /* may be NULL */
};

/*
 * muster_worker.sign_in: find or make the account, keep its groups, and decide.
 *
 * account  its id is NULL when what the module says is nobody's
 */
enum outcome store_sign_in(struct store *, struct arena *, const struct sign_in *, struct account *,
    struct decision *, struct why *);

#endif
