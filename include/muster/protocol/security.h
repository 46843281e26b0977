/*
 * The WS-Security header: whom the sender claims to be, and the proof. Reading it
 * never refuses by itself; what is wrong is kept until somebody asks for the
 * credential (discovery carries none, renewal ignores it).
 */
#ifndef MUSTER_PROTOCOL_SECURITY_H
#define MUSTER_PROTOCOL_SECURITY_H

#include <muster/base/arena.h>
#include <muster/base/secret.h>
#include <muster/wire/xml_in.h>

enum credential_kind {
	CREDENTIAL_NONE,	/* no Security header, or an empty one */
	CREDENTIAL_PASSWORD,	/* UsernameToken */
	CREDENTIAL_TOKEN,	/* BinarySecurityToken with an opaque text */
	CREDENTIAL_JWT,		/* BinarySecurityToken with a JWT */
	CREDENTIAL_CERTIFICATE, /* BinarySecurityToken with an X.509 certificate, ds:Signature */
};

#define CREDENTIAL_USER_MAX 320	     /* bytes */
#define CREDENTIAL_PASSWORD_MAX 1024 /* bytes */
#define CREDENTIAL_TOKEN_MAX 16384   /* bytes, decoded; a certificate's, too */

struct credential {
	enum credential_kind kind;
	const char *user;	/* trimmed, at most CREDENTIAL_USER_MAX, in arena; NULL if there is none */
	struct secret password; /* exactly as sent; secret_release() is due */
	struct secret token;	/* TOKEN, JWT: its text; secret_release() is due */
	/* CERTIFICATE: in arena, DER or what claims to be; empty when a signature comes without one. */
	struct bytes certificate;
	const xmlNode *security;  /* CERTIFICATE: the Security element, in the envelope's tree */
	const xmlNode *signature; /* CERTIFICATE: its Signature; NULL if there is none */
	const char *problem;	  /* why the header cannot be used; NULL if it can */
	enum outcome refusal;	  /* with a problem: what to answer */
};

/*
 * Read the Security element among the header's children into *credential. Elements
 * are found by local name; namespaces are not compared (clients re-declare or drop them).
 *
 * header  the envelope's Header; NULL counts as empty
 */
void security_read(struct arena *, const xmlNode *header, struct credential *);

/*
 * Overwrite the text of every Password element of the tree, wherever it stands, and of every
 * BinarySecurityToken in a Security element. (libxml2 shares texts of up to three bytes between nodes;
 * those stay.)
 *
 * keep_tokens  leave the latter: a certificate is no secret, and its signature is still to be verified
 */
void security_wipe(xmlNode *root, bool keep_tokens);

/* Wipe and free what a credential holds. */
void credential_release(struct credential *);

#endif
