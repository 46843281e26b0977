/*
 * What a worker may ask of its issuer, over the socket pair of the two: "issue for this
 * account, this public key, these facts, under this trace id". A message is a length (4 bytes,
 * network order) and a JSON object (jansson), bounded by ASK_MAX. The issuer trusts nothing in it.
 */
#ifndef MUSTER_AUTHORITY_ASK_H
#define MUSTER_AUTHORITY_ASK_H

#include <muster/base/arena.h>
#include <muster/base/clock.h>
#include <muster/base/nouns.h>

#define ASK_MAX (1024 * 1024)

struct ask {
	const char *organization;    /* key */
	const char *account;	     /* GUID */
	const char *trace, *attempt; /* GUIDs; attempt may be NULL */
	const char *remote;	     /* client address; may be NULL */
	const char *facts;	     /* JSON object of facts_json() */
	const char *claim;	     /* JSON object: by what the account was proven */
	struct bytes public_key;     /* SubjectPublicKeyInfo */
	/* Of a renewal; NULL: a first issue. */
	const char *renews;  /* SHA-256 of the certificate that is renewed, 64 hexadecimal digits */
	const char *device;  /* GUID: its subject, which stays */
	int64_t patience_ms; /* how long the worker will wait; set by issuer_ask() */
};

/* What comes back: a decision, and the certificate if it is OK; of a renewal without secrets, and with
 * issuing and root only where they are others than before. */
struct answer {
	struct decision decision;
	struct issued issued;
};

/*
 * The worker's side: ask and wait.
 *
 * OUTCOME_CERTIFICATE_REQUEST  the issuer is gone or did not answer by the deadline; the
 *                              worker must end then (*lost is set), since a late answer would
 *                              be taken for the next request's
 * OUTCOME_MESSAGE_FORMAT       the facts are too many for one message; nothing was sent
 * otherwise the decision's own outcome; why is its reason
 */
enum outcome issuer_ask(
    int fd, struct arena *, const struct ask *, struct deadline, struct answer *, bool *lost, struct why *);

/* How waiting for an ask ends. */
enum ask_end {
	ASK_READY,
	ASK_CLOSED, /* the worker's end is closed, between two messages */
	ASK_BROKEN, /* no message of ours, or not whole within ASK_PATIENCE_MS; why says more */
};

#define ASK_PATIENCE_MS 5000

/*
 * The issuer's side. ask_receive() blocks until something comes; the strings it gives are UTF-8 but
 * otherwise as the worker wrote them. After ASK_BROKEN, or ask_reply() with another outcome than OK,
 * the connection is of no use any more.
 */
enum ask_end ask_receive(int fd, struct arena *, struct ask *, struct why *);
enum outcome ask_reply(int fd, struct arena *, const struct answer *, struct why *);

#endif
