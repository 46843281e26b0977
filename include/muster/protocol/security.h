/*
 * The WS-Security header: whom the sender claims to be, and the proof. Reading it
 * never refuses by itself; what is wrong is kept until somebody asks for the
 * credential (discovery carries none, renewal ignores it).
 */
#ifndef MUSTER_PROTOCOL_SECURITY_H
#define MUSTER_PROTOCOL_SECURITY_H

#include <muster/base/secret.h>
#include <muster/wire/xml_in.h>

enum credential_kind {
	CREDENTIAL_NONE,      /* no Security header, or an empty one */
	CREDENTIAL_PASSWORD,  /* UsernameToken */
	CREDENTIAL_TOKEN,     /* BinarySecurityToken: not yet accepted */
	CREDENTIAL_SIGNATURE, /* X.509 and ds:Signature: not yet accepted */
};

#define CREDENTIAL_USER_MAX 320	     /* bytes */
#define CREDENTIAL_PASSWORD_MAX 1024 /* bytes */

struct credential {
	enum credential_kind kind;
	const char *user;	/* trimmed, at most CREDENTIAL_USER_MAX, in arena; NULL if there is none */
	struct secret password; /* exactly as sent; secret_release() is due */
	const char *problem;	/* why the header cannot be used; NULL if it can */
	enum outcome refusal;	/* with a problem: what to answer */
};

/*
 * Read the Security element among the header's children into *credential. Elements
 * are found by local name; namespaces are not compared (clients re-declare or drop them).
 *
 * header  the envelope's Header; NULL counts as empty
 */
void security_read(struct arena *, const xmlNode *header, struct credential *);

/*
 * Overwrite the text of every Password element of the tree, wherever it stands. (libxml2
 * shares texts of up to three bytes between nodes; those stay.)
 */
void security_wipe(xmlNode *root);

#endif
