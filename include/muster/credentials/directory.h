/*
 * Passwords against a directory: LDAPv3 (RFC 4511) by libldap, over TLS only, as OpenLDAP and Active
 * Directory speak it. The proof is a simple bind as the user, once, with what he typed; where a template
 * makes another name than a DN, once more as the entry that is found.
 *
 * What is looked for, and where, are settings of the organization, from SQL. Secrets are not among them: a
 * service account's password and a CA's certificate are files of the host.
 */
#ifndef MUSTER_CREDENTIALS_DIRECTORY_H
#define MUSTER_CREDENTIALS_DIRECTORY_H

#include <muster/base/arena.h>
#include <muster/base/clock.h>
#include <muster/base/outcome.h>
#include <muster/base/secret.h>

#define DIRECTORY_SERVERS_MAX 8
#define DIRECTORY_NAMES_MAX 8
#define DIRECTORY_DOMAINS_MAX 32

/* How a group's members are told. */
enum directory_group {
	DIRECTORY_GROUP_NONE,	   /* nobody needs to be in a group */
	DIRECTORY_GROUP_MEMBER_OF, /* "memberOf": the person's attribute */
	DIRECTORY_GROUP_NESTED,	   /* "nested": groups within groups, too, as Active Directory follows them */
	DIRECTORY_GROUP_MEMBER,	   /* "member": the group's member, uniqueMember or memberUid */
};

/* A directory of an organization. Strings live in the arena of directory_read(); NULL means "not set". */
struct directory {
	const char *name;
	const char
	    *server[DIRECTORY_SERVERS_MAX]; /* ldaps://host[:port], or ldap://… with StartTLS; in order */
	size_t servers;
	const char *ca_file; /* below the secrets' directory; NULL: the system's */
	const char *service_dn,
	    *service_password;	   /* who searches, and the file of its password; NULL: nobody */
	const char *bind_template; /* bind so at once, without a search before; {user} is the name */
	const char *base, *filter; /* filter may be NULL */
	const char *name_attribute[DIRECTORY_NAMES_MAX]; /* of names with an '@' */
	size_t name_attributes;
	const char *short_name_attribute;		   /* of names without */
	const char *netbios_domain[DIRECTORY_DOMAINS_MAX]; /* of DOMAIN\name; none: any is taken */
	size_t netbios_domains;
	const char *upn_attribute, *upn_domain; /* the domain is put to a value that has none; may be NULL */
	const char *display_name_attribute;	/* may be NULL */
	enum directory_group group;
	const char *group_dn;
	int connect_ms, answer_ms, total_ms; /* until TLS stands, each answer, all of it */
	bool remember;			     /* a proven password may be taken as proven for a while */
};

/*
 * Read the settings of the directory that proves somebody, if one does.
 *
 * proof      JSON: {"directory": {"name": …, "servers": [ … ], …}} with what muster.directory_settings() has
 * directory  in arena; NULL when the proof has none
 * OUTCOME_ENROLLMENT_SERVER  they cannot be used; why says what is wrong
 */
enum outcome directory_read(
    struct arena *, const char *proof, const struct directory **directory, struct why *);

/*
 * What the workers of a pool share: which servers are away, in shared memory. One that could not be used is
 * left out for a time, so that it costs each request nothing; then one request tries it for all.
 */
struct outages;

/* How long, mostly. */
#define OUTAGE_MS (15 * 1000)

/* NULL when there is no memory. Lives as long as the processes that share it. */
struct outages *outages_new(void);

/* The server that is meant by this text may be tried. outages NULL: always. */
bool outages_allow(struct outages *, const char *key);

/* How trying it went: away for so many milliseconds, or 0. */
void outages_note(struct outages *, const char *key, int away_ms);

/* Somebody who has proven himself, as the directory knows him; strings in the arena. */
struct person {
	const char *dn;
	const char *upn;
	const char *display_name; /* may be NULL */
};

/* What directory_prove() is asked. */
struct directory_question {
	struct arena *arena;
	const struct directory *directory;
	struct outages *outages;  /* may be NULL */
	const char *secrets_dir;  /* has a folder for each organization; NULL: there are no files */
	const char *organization; /* key: its folder */
	const char *user;	  /* as typed: name@domain, DOMAIN\name, name; NULL: nobody */
	const struct secret *password;
	struct deadline deadline; /* all of it ends by then, and by the directory's total_ms */
	/* Told of each step as it ends, for an administrator's eyes; may be NULL. */
	void (*tell)(void *context, const char *step);
	void *context;
};

/*
 * Ask the directory whether the password is the user's: find the entry (with the service account, or by
 * binding as the template says), look whether it is in the group, bind as it. Names that are nobody's take
 * the same steps and end in a bind, too, as an entry that does not exist: nobody's counter of wrong passwords
 * moves. An empty password, which servers take for an anonymous bind (RFC 4513 section 5.1.2), is never sent.
 *
 * The password goes as it is, but white space at both ends falls away if a line's end is part of it
 * (pretty-printed clients): a second try would count as a second wrong password.
 *
 * Several servers are tried in order, those known to be away left out. Names of hosts are looked up within
 * connect_ms, too.
 *
 * person  filled when OUTCOME_OK, and as far as known when OUTCOME_AUTHORIZATION
 * OUTCOME_AUTHENTICATION     not proven; why tells what the directory said: unknown, ambiguous, wrong
 * password, disabled, expired, locked … OUTCOME_AUTHORIZATION      proven, but not in the group
 * OUTCOME_ENROLLMENT_SERVER  no server can be used, or the settings or files are wrong
 */
enum outcome directory_prove(const struct directory_question *, struct person *, struct why *);

#endif
