/*
 * The stages of the protocol. A stage reads as the specification reads: read,
 * authenticate, decide, act, answer. It returns an outcome; stages/finish.c makes the reply of a
 * refusal, records it, and writes the one log line.
 */
#ifndef MUSTER_STAGES_STAGES_H
#define MUSTER_STAGES_STAGES_H

#include <muster/base/meter.h>
#include <muster/credentials/directory.h>
#include <muster/credentials/memo.h>
#include <muster/protocol/page.h>
#include <muster/protocol/soap.h>
#include <muster/stages/tally.h>
#include <muster/stages/turns.h>
#include <muster/store/worker.h>
#include <muster/wire/request.h>

/* How many refusals of strangers the pool may write to the database: shared between workers. */
struct budget;
struct budget *budget_new(void);
bool budget_take(struct budget *);

/* What a worker has, for all its requests. */
struct worker {
	struct store store;
	struct memo *memo;  /* passwords that were right */
	struct memo *wrong; /* and that were not */
	struct turns *turns;
	struct budget *budget;
	struct tally *tally;
	struct meter *meter;
	unsigned pair; /* its place in the pool */
	struct outages *outages;
	const char *secrets_dir; /* of directories' files; NULL: there is none */
	int issuer_fd;
	bool issuer_lost; /* the worker ends after this request */
};

/* What a request is for: by its path first, then by its operation, which is authoritative. */
enum service {
	SERVICE_NONE,
	SERVICE_DISCOVERY,
	SERVICE_POLICY,
	SERVICE_ENROLLMENT,
	SERVICE_RENEWAL,
	SERVICE_DEVICE,
	SERVICE_SIGN_IN,
	SERVICE_SINGLE_SIGN_ON,
	SERVICE_TERMS,
	SERVICE_HEALTH,
	SERVICE_READY,
	SERVICE_METRICS,
	SERVICE_CRL,
	SERVICE_AUTHORITY,
	SERVICE_CHECK_IN,
};

#define SERVICE_COUNT (SERVICE_CHECK_IN + 1)

/* What is published, by its path. */
struct published_file {
	const char *key; /* an authority's id (GUID), or of certificates an organization's key */
	bool root;	 /* of the chain only the root */
	enum { FORM_DER, FORM_PEM, FORM_P7C } form;
};

/* One request on its way; everything in it lives until the reply is written. */
struct exchange {
	struct worker *worker;
	struct request *request;
	struct reply *reply;
	struct soap soap;
	struct why why;
	enum service service;
	const char *stage;  /* "discovery", "policy", "enrollment", "renewal", ...: for log and record */
	const char *action; /* of the response, for a fault */
	/* From the path: untrusted hints. */
	const char *organization; /* key; NULL if the path has none */
	const char *attempt;	  /* GUID; NULL if the path has none */
	const char *os_version;	  /* NULL if the path has none */
	struct published_file file;
	/* Known as the request proceeds, for log and record. */
	const char *user, *account, *device, *facts;
	const char *text, *language; /* custom text for the user; NULL mostly */
	const char *details;	     /* of the decision, JSON, for the record; may be NULL */
	bool proven;		     /* the credential was verified */
	const char *person;	     /* what the proof tells of its user, JSON: {"name": …}; NULL mostly */
	/* By which name a directory knows him, and the claim that says so; NULL mostly. */
	const char *known_as, *known_claim;
	struct turn turn;	 /* of a password, until its answer is written */
	bool shown;		 /* it was not, but is enough for what is no secret: no decision is told */
	bool recorded;		 /* what succeeded stands in the database already */
	bool answered;		 /* a refusal's reply is made */
	bool framed;		 /* Windows shows this stage's pages in a frame */
	const struct page *page; /* the organization's, for people; NULL until it is loaded */
	int64_t signature_us, issuer_database_us;
};

enum outcome stage_discovery(struct exchange *);
enum outcome stage_policy(struct exchange *);
enum outcome stage_enrollment(struct exchange *);
enum outcome stage_renewal(struct exchange *);
enum outcome stage_device(struct exchange *);
enum outcome stage_sign_in(struct exchange *);
enum outcome stage_single_sign_on(struct exchange *);
enum outcome stage_terms(struct exchange *);
enum outcome stage_crl(struct exchange *);
enum outcome stage_authority(struct exchange *);
enum outcome stage_check_in(struct exchange *);

/*
 * Whom the credential says it is, for SQL to look up. Nothing is proven yet.
 * OUTCOME_AUTHENTICATION, OUTCOME_INVALID_SECURITY  it cannot be anybody's
 */
enum outcome stage_claim(struct exchange *, const struct credential *, struct claim *);

/*
 * The proof: that the credential is what SQL says proves the claim. The decision is only read for why the
 * claim is nobody's.
 * OUTCOME_AUTHENTICATION, OUTCOME_INVALID_SECURITY  it is not; why says what is wrong with it
 */
enum outcome stage_authenticate(
    struct exchange *, const struct credential *, const struct account *, const struct decision *);

/*
 * The proof of one kind each, for stage_authenticate(); passwords also for the sign-in page.
 *
 * A password's takes the same time and has the same answer for a stranger, for a wrong one and for one that
 * is not looked at, because too many were wrong before it: ex->turn keeps the answer back until
 * stages_serve() ends it. The memo saves the second hash of an enrollment. OUTCOME_UNAVAILABLE  too many
 * passwords at once
 */
enum outcome stage_prove_password(
    struct exchange *, const struct secret *password, const struct account *, const struct decision *);
enum outcome stage_prove_directory(
    struct exchange *, const struct secret *password, const struct account *, const struct directory *);
enum outcome stage_prove_token(struct exchange *, const struct account *, const struct decision *);
enum outcome stage_prove_jwt(
    struct exchange *, const struct secret *token, const struct account *, const struct decision *);
enum outcome stage_prove_certificate(
    struct exchange *, const struct credential *, const struct account *, const struct decision *);

/* One of SQL's functions that say whom a claim names, and where its answer is. */
struct question {
	enum outcome (*ask)(struct exchange *, const struct claim *, void *answer);
	void *answer;
	const struct account *account;	 /* in answer */
	const struct decision *decision; /* in answer */
};

/*
 * Whose request it is. SQL is asked about the claim, the credential proven, and only then SQL's decision told
 * (not that of what is only shown). Where the proof told another name than the account's, SQL is asked again,
 * and *claim says so: that name counts, not the one that was typed. Who is welcome and nobody yet gets an
 * account. After OUTCOME_OK there is one, and answer is about it.
 *
 * The exchange says with proven whether a refusal is the proof's or came after it.
 */
enum outcome stage_identify(
    struct exchange *, const struct credential *, struct claim *, const struct question *);

/* The question of GetPolicies: policy is a struct enrollment_policy. */
enum outcome stage_ask_policy(struct exchange *, const struct claim *, void *policy);

/*
 * Serve one request: route it, run its stage, make the reply whatever happens, record a refusal,
 * log one line. The reply's bytes live in the request's arena.
 */
void stages_serve(struct worker *, struct request *, struct reply *);

#endif
