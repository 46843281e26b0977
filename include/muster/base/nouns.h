/*
 * The nouns that rooms exchange through the stages. Strings belong to the arena of
 * the request; NULL means "not there".
 */
#ifndef MUSTER_BASE_NOUNS_H
#define MUSTER_BASE_NOUNS_H

#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

/* What SQL said: the decision, and its reason for our record (why, details) and for the user (text in
 * language, custom rules only). */
struct decision {
	enum outcome outcome;
	const char *why;
	const char *text;
	const char *language; /* of text, BCP 47: "de" */
	const char *details;  /* JSON object: the rule, limit and count, the row that decided */
};

/* The organization's answer to Discover. */
struct directions {
	struct decision decision;
	const char *organization;	/* key, as it stands in URLs */
	const char *enrollment_url;	/* https://host[:port], no slash at the end */
	const char *auth_policies;	/* "OnPremise", comma-separated by priority */
	const char *enrollment_version; /* ceiling: "4.0" */
	bool web_server_signs_in;	/* for Federated: where the user signs in */
};

/* Whom a credential says it is, before anything is proven. */
struct claim {
	const char *user; /* as typed, or as the credential names its user; NULL when it names nobody */
	const char *json; /* for SQL: {"kind": "password" | "token" | …, …}; never the credential itself */
};

/* Whom SQL finds behind a claim: still a claim until the proof. */
struct account {
	const char *organization; /* key */
	const char *id;		  /* GUID; NULL when there is no such account */
	const char *upn;
	const char *password_hash; /* crypt(5); NULL when the account has none */
	const char *proof;	   /* JSON, by the kind of credential: what proves it; NULL mostly */
	bool welcome;		   /* no id yet: to be made once it is proven */
	/* Of a password, by the wrong ones before it, also where there is no such account. */
	bool suspected;	     /* there were so many that it comes after others */
	const char *refused; /* why it is not looked at; NULL: it is */
	const char
	    *decoy; /* without password_hash: a setting of crypt(5) to spend the time with; may be NULL */
};

/* One text of a page's language. */
struct page_text {
	const char *key, *text;
};

/* What an organization's pages look like and say. */
struct presentation {
	struct decision decision; /* whether there is such an organization, and it is open */
	const char *organization; /* key */
	const char *name;	  /* for people */
	const char *color,
	    *color_on;	      /* "#rrggbb": its own, and what is written on it; NULL: none of its own */
	const char *logo;     /* data: URI; NULL: none */
	const char *language; /* of the texts, BCP 47 */
	const struct page_text *texts; /* by key, with the name in them */
	size_t text_count;
};

/* What GetPolicies tells (MS-XCEP 3.1.4.1.3). */
struct enrollment_policy {
	struct account account;
	struct decision decision;
	int minimum_key_length; /* RSA bits */
	int64_t validity_seconds;
	int64_t renewal_seconds;
};

/* What the provisioning document needs to know of the organization. */
struct provisioning {
	const char *provider_id;
	const char *provider_name;
	const char *management_url;
	const char *renewal_url; /* NULL: the device discovers again */
	int renew_period_days;
	int renew_retry_days;
	int first_retries, first_interval; /* polls, minutes between them */
	int second_retries, second_interval;
	int remaining_retries, remaining_interval;
	bool poll_on_login;
	bool all_users_poll_on_first_login;
	/* Phones only: desktop Windows refuses them. NULL: not configured. */
	const char *application_enterprise_id;
	const char *application_token; /* base64 of the enrollment token */
	const char *hub_product_id;
	const char *hub_uri;
	const char *hub_name;
};

/* SQL's answer to consider(): the claim, the decision so far, what will be needed. */
struct grant {
	struct account account;
	struct decision decision;
	int minimum_key_length;
	bool allow_sha1;
	struct provisioning provisioning;
};

/* Secrets of the DM account, made by the issuer, recorded encrypted (MS-MDE2 2.2.9.5). Base64 or safe ASCII.
 */
struct dm_secrets {
	const char *client_secret, *client_nonce;		/* the server proves itself to the client */
	const char *server_name, *server_secret, *server_nonce; /* the client proves itself to the server */
};

/* A recorded certificate and what belongs to it. */
struct issued {
	const char *device;	  /* enrollment id: GUID = EntDMID = common name of the subject */
	struct bytes certificate; /* DER */
	struct bytes issuing;	  /* DER of the issuing CA; empty when the root signs */
	struct bytes root;	  /* DER */
	struct dm_secrets secrets;
	int64_t database_us, signature_us;
};

/* Who a client certificate is, for the device endpoint. */
struct device_status {
	struct decision decision; /* OK or FORBIDDEN with its one-line reason */
	const char *device, *account, *organization, *state, *name;
	const char *not_after; /* RFC 3339 */
	const char *device_id; /* of a check-in: the DeviceID it enrolled with; NULL: none, or not asked */
};

/* What a list of revoked certificates says of one (RFC 5280 section 5.1). */
struct crl_entry {
	struct bytes serial; /* as the certificate has it, without leading zeros */
	int64_t revoked_at;  /* seconds since 1970 */
};

#endif
