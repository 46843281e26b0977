/*
 * One connection to one server of a directory: TLS, binds, searches, each with a deadline. What a server
 * answered, and that it did not, are told apart: the latter is a matter for the next server.
 */
#ifndef MUSTER_CREDENTIALS_DIRECTORY_SERVER_H
#define MUSTER_CREDENTIALS_DIRECTORY_SERVER_H

#include <muster/credentials/directory.h>

#include <ldap.h>

/* What one answer of a server may have: an entry's few attributes are far smaller. */
#define ANSWER_MAX (256 * 1024)

struct server {
	const char *url;
	LDAP *ldap;
	struct arena *arena;
	struct deadline deadline; /* of everything */
	struct deadline step;	  /* of what is being waited for: see server_io */
	int answer_ms;		  /* of each answer */
};

/* How a step ended. */
enum server_end {
	SERVER_ANSWERED, /* with a result code (RFC 4511 appendix A) */
	SERVER_AWAY,	 /* no connection, no TLS, no answer in time; why tells */
};

/* A result as the server sent it; diagnostic in arena, never NULL. */
struct answer {
	int code;
	const char *diagnostic;
};

/*
 * Connect, and put TLS in place: at once for ldaps://, by StartTLS for ldap:// (RFC 4511 section 4.14). The
 * server's certificate must be the URL's host's and of the CA; TLS 1.2 or later. server_close() ends it,
 * also after a failure.
 *
 * ca_path  PEM file
 */
enum server_end server_open(struct server *, const char *ca_path, int connect_ms, struct why *);
void server_close(struct server *);

/* Simple bind (RFC 4513 section 5.1.3). Never called without a name and a password: see directory_prove(). */
enum server_end server_bind(
    struct server *, const char *who, const struct secret *password, struct answer *, struct why *);

/*
 * Search; of the entries that were found, references left out, at most two are asked for.
 *
 * scope    LDAP_SCOPE_BASE or LDAP_SCOPE_SUBTREE
 * entries  how many came: 0, 1, or 2 for more than one
 * found    the first; the caller frees the chain with ldap_msgfree(); NULL if there is none
 */
enum server_end server_search(struct server *, const char *base, int scope, const char *filter,
    const char *const *attributes, struct answer *, LDAPMessage **found, int *entries, struct why *);

/*
 * Why TLS with the server fails, in words: libldap has none. Makes a connection of its own.
 *
 * why  filled if there is a reason
 */
void server_tls_reason(const struct server *, const char *ca_path, struct deadline, struct why *);

/*
 * What libldap reads and writes by: the connection's socket, until server's step is over. libldap itself
 * would wait for a handshake without end (and at full speed, with GnuTLS).
 */
extern Sockbuf_IO server_io;

/* Wait until the socket can be read or written (POLLIN, POLLOUT); false when there is no more time. */
bool socket_wait(int fd, short events, struct deadline);

/* StartTLS up to the server's consent; secure() goes on. */
enum server_end server_start_tls(const struct server *, struct why *);

/*
 * Connect to the host of server's URL; *ldap is made of the connection. from_start: TLS begins at once.
 */
enum server_end server_connect(struct server *, struct deadline, bool *from_start, struct why *);

/*
 * Connect to a host, its addresses one after the other, within the deadline, the name's look-up included.
 *
 * fd  a connected socket that does not block
 */
bool host_connect(const char *host, int port, struct deadline, int *fd, struct why *);

#endif
