/*
 * The issuer's loop: the only place where authority and record meet. It has no network
 * input; it reads what its worker asks from the socket pair, builds the certificate itself, has SQL
 * record it, and only then hands it over.
 */
#ifndef MUSTER_ISSUER_ISSUER_H
#define MUSTER_ISSUER_ISSUER_H

#include <muster/base/meter.h>
#include <muster/authority/pkcs11.h>

#define ISSUER_READY 'i'

struct issuer_options {
	int fd;			     /* its end of the socket pair */
	int ready_fd;		     /* gets ISSUER_READY once the keys are open; closed then; 0 for none */
	const char *database;	     /* conninfo, role muster_issuer */
	const char *passphrase_file; /* of the authorities' keys */
	struct meter *meter;
	unsigned pair; /* its place in the pool */
	struct pkcs11 pkcs11;	     /* where their keys are in a token */
};

/*
 * Serve until the worker's end closes or *stop is set; returns the exit status. The passphrase is read
 * here, after the process has become the issuer's user, and wiped once the keys are open; it is
 * read again when the configuration changes. A token is opened here, too, and again once it was away. A
 * database that is away at the start is waited for: asks are answered with OUTCOME_ENROLLMENT_SERVER
 * meanwhile.
 */
int issuer_run(const struct issuer_options *, const volatile int *stop);

#endif
