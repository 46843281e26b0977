/*
 * Keys in a PKCS#11 token, an HSM: found by URI (RFC 7512), made there, imported, signed with there. GnuTLS
 * does it, with the one module that the administrator names; p11-kit's configuration is not read.
 *
 * The module is loaded at the first need, in the process that needs it: PKCS#11 does not survive fork(2).
 * State is GnuTLS's and the process's own, so there is nothing to hold but keys. Not for threads.
 *
 * Everything here refuses with OUTCOME_CERTIFICATE_REQUEST; why tells the administrator what to do. The PIN
 * is read from its file when the token asks, is wiped at once, and is given once: a wrong one is not tried
 * again.
 */
#ifndef MUSTER_AUTHORITY_PKCS11_H
#define MUSTER_AUTHORITY_PKCS11_H

#include <muster/authority/keystore.h>
#include <muster/authority/pins.h>

#define PKCS11_URI_MAX 1024

/* How tokens are reached. Strings belong to the options. */
struct pkcs11 {
	const char *module;   /* the library's path; NULL: not told */
	const char *pin_file; /* for secret_read_file(); NULL: not told */
	struct pins *pins;    /* shared with others at the same token; NULL: nobody is */
};

/* What a URI must name. */
enum pkcs11_names {
	PKCS11_TOKEN, /* a token, and no key in it */
	PKCS11_KEY,   /* one key (id= or object=) of a token */
	PKCS11_EITHER,
};

/*
 * A PKCS#11 URI (RFC 7512) that may be stored: a token by token= or serial=, and no query, which would say
 * how to open it (a PIN, a file, a module). The database holds it against the same rules.
 *
 * names_key  whether it names a key; may be NULL
 */
enum outcome pkcs11_uri_check(const char *uri, enum pkcs11_names, bool *names_key, struct why *);

/*
 * Open a private key; the caller deinits it. Exactly one token must match. The key may sign until it is
 * closed, the token is away, or pkcs11_close().
 */
enum outcome pkcs11_key_open(const struct pkcs11 *, const char *uri, gnutls_privkey_t *, struct why *);

/*
 * Make a key in the token that uri names: it cannot be read (CKA_SENSITIVE) nor leave (not CKA_EXTRACTABLE),
 * and has a random CKA_ID. Its public half is put beside it.
 *
 * label    CKA_LABEL
 * key_uri  which it is: uri with id and label, in arena; set as soon as the key is there, whatever fails then
 * key      opened; the caller deinits it
 */
enum outcome pkcs11_key_generate(struct arena *, const struct pkcs11 *, const char *uri, enum key_type,
    const char *label, const char **key_uri, gnutls_privkey_t *key, struct why *);

/* Put a copy of a key into the token, in the same way; key can be exported. It is not opened there. */
enum outcome pkcs11_key_import(struct arena *, const struct pkcs11 *, const char *uri, gnutls_privkey_t key,
    const char *label, const char **key_uri, struct why *);

/* Remove a key and its public half from the token. */
enum outcome pkcs11_key_delete(const struct pkcs11 *, const char *key_uri, struct why *);

/*
 * From here on calls into the module are bounded, in a process that may end and be replaced, as an issuer:
 * what waits for more than some seconds is interrupted (SIGALRM), and fails; what goes on waiting ends the
 * process with a line in the log.
 */
void pkcs11_bound(void);

/*
 * Finalize and unload the module. Keys that are open are of no use any more: deinit them before. What is
 * opened next begins anew: a token that was away and is back is seen only then by some modules.
 */
void pkcs11_close(void);

#endif
