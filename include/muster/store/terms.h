/* What the terms page asks of the database; all as muster/store/worker.h says. */
#ifndef MUSTER_STORE_TERMS_H
#define MUSTER_STORE_TERMS_H

#include <muster/store/worker.h>

/* Somebody who is proven looks at the terms. */
struct terms_visit {
	const char *organization; /* key */
	const char *account;	  /* GUID */
	const char *ownership;	  /* "organization", "personal" */
	const char *languages;	  /* "de-AT,de,en" */
	struct bytes sha256;	  /* of the form's random text */
	const char *redirect_uri;
	const char *request_id; /* GUID; NULL: none */
	const char *trace, *remote;
};

/* What he is to accept. */
struct terms {
	struct decision decision;
	const char *version; /* NULL: nothing needs to be accepted */
	const char *language, *title, *body;
};

/* muster_worker.show_terms: the terms, and a note that they are shown. */
enum outcome store_show_terms(
    struct store *, struct arena *, const struct terms_visit *, struct terms *, struct why *);

/* What he answered. */
struct terms_answer {
	const char *organization; /* key */
	struct bytes sha256;	  /* of the form's random text */
	bool accepted;
	struct bytes token_sha256; /* of what the device is to bring */
	const char *trace, *remote;
};

/* Whose answer it was, and where it goes. */
struct terms_answered {
	struct decision decision;
	const char *account;	  /* NULL where the form is nobody's */
	const char *redirect_uri; /* only where the decision is OK */
	const char *request_id;	  /* NULL: none */
};

/* muster_worker.answer_terms: what was accepted is recorded, once. */
enum outcome store_answer_terms(
    struct store *, struct arena *, const struct terms_answer *, struct terms_answered *, struct why *);

#endif
