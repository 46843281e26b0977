/* Names as people type them, and what a directory is asked by: filters (RFC 4515) and names to bind as. */
#ifndef MUSTER_CREDENTIALS_DIRECTORY_NAME_H
#define MUSTER_CREDENTIALS_DIRECTORY_NAME_H

#include <muster/credentials/directory.h>

#define USER_NAME_MAX 320

/* A typed name taken apart; strings in arena. */
struct user_name {
	const char *user;  /* without domain */
	const char *whole; /* name@domain; NULL when it was typed without */
};

/*
 * Take a typed name apart: name@domain, DOMAIN\name, name. White space at the ends falls away.
 * OUTCOME_AUTHENTICATION  empty, too long, with control characters, or DOMAIN is none of the directory's
 */
enum outcome user_name_read(
    struct arena *, const struct directory *, const char *typed, struct user_name *, struct why *);

/* A name that is nobody's: random, of the form of a typed one with a domain. */
struct user_name user_name_nobody(struct arena *);

/* A value as it stands in a filter, in arena. */
const char *filter_value(struct arena *, const char *value);

/* The filter that finds the person, in arena. */
const char *user_name_filter(struct arena *, const struct directory *, const struct user_name *);

/* The name that the template makes of it is a DN (RFC 4514), not an Active Directory's user@domain or
 * DOMAIN\user. */
bool template_is_dn(const char *bind_template);

/*
 * What to bind as by the template, in arena: a DN whose values are escaped, or the template's text.
 * OUTCOME_AUTHENTICATION  the name has characters that no Windows account's name has
 */
enum outcome user_name_bind(
    struct arena *, const struct directory *, const struct user_name *, const char **who, struct why *);

/* The DN of an entry below base that does not exist, in arena. */
const char *nobody_dn(struct arena *, const char *base);

#endif
