/* One enrollment from name to certificate. */
#ifndef MUSTER_DEVICE_ENROLLMENT_H
#define MUSTER_DEVICE_ENROLLMENT_H

#include "check_in.h"
#include "context.h"
#include "finder.h"
#include "policies.h"

enum stage {
	STAGE_PROBE,
	STAGE_DISCOVER,
	STAGE_SIGN_IN, /* Federated only: the page of AuthenticationServiceUrl */
	STAGE_POLICIES,
	STAGE_KEY,     /* key and certificate request */
	STAGE_ENROLL,  /* RequestSecurityToken and its answer */
	STAGE_INSTALL, /* the document is read, checked, installed */
	STAGE_CONNECT,
};

#define STAGE_COUNT (STAGE_CONNECT + 1)

/* "probe", "discover", … */
const char *stage_name(enum stage);

/* Who enrolls, with what. */
struct enrollee {
	const struct settings *settings;
	struct http *http;
	const struct identity *identity;
	struct login login;
	gnutls_x509_privkey_t key; /* NULL: made; of another size than the policy's: made, too */
	const char *directory;	   /* where to install; NULL: nothing is installed, no connection made */
};

struct enrollment {
	bool done[STAGE_COUNT];
	int64_t us[STAGE_COUNT];
	char what[STAGE_COUNT][240]; /* what was decided, for the table */
	struct refusal refusal;
	struct notes notes;
	/* In the arena. */
	struct services services;
	struct key_policy policy;
	struct provision provision;
	struct bytes document;
	struct check_in answer;
	enum stage stage; /* where it ended */
};

/* Run the stages in their order until one refuses; true when all passed. */
bool enrollment_run(struct arena *, const struct enrollee *, struct enrollment *);

#endif
