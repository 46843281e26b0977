/*
 * Renewing the certificate by itself, as the scheduled task of Windows does (MS-MDE2 3.5, CertificateStore
 * CSP): from RenewPeriod days before the end, then every RetryInterval days until it succeeds or the
 * certificate ends.
 */
#ifndef MUSTER_DEVICE_RENEWAL_H
#define MUSTER_DEVICE_RENEWAL_H

#include "finder.h"
#include "state.h"

enum renewal_end {
	RENEWAL_DONE,
	RENEWAL_NOT_DUE,
	RENEWAL_REFUSED,
};

struct renewal {
	enum renewal_end end;
	struct refusal refusal;
	struct notes notes;
	/* In the arena. */
	time_t due;		 /* from when on it would have asked, or would ask again */
	const char *url;	 /* where it asked; NULL: nowhere */
	bool again;		 /* with the key and the request of an earlier try, whose answer was lost */
	unsigned others;	 /* of requests sent again: how many answers differed */
	struct state_login from; /* what it had */
	struct provision provision;
};

/*
 * One run of the task. What it has stays as it is until the new certificate is checked and installed. Key and
 * request are made once and kept until then, so that a lost answer can be asked for again.
 *
 * habits    enum signer_habit
 * at_once   do not ask whether it is due
 * url       instead of ServerURL; NULL: that, or what Discover says
 */
void renewal_run(struct arena *, const struct settings *, unsigned habits, bool at_once, const char *url,
    struct renewal *);

#endif
