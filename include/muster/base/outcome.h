/*
 * What a step of a request can end in: one enumeration shared with SQL, where
 * the table muster.outcome has the same names (a test compares them).
 *
 * Below the stages nobody knows faults: a function that can refuse returns an
 * outcome and leaves one sentence for the log. protocol/fault.h turns an outcome
 * into what the device reads (MS-MDE2 2.2.10).
 */
#ifndef MUSTER_BASE_OUTCOME_H
#define MUSTER_BASE_OUTCOME_H

#include <muster/base/base.h>

enum outcome {
	OUTCOME_OK,
	/* SOAP subcodes, MS-MDE2 2.2.10, first table */
	OUTCOME_MESSAGE_FORMAT,
	OUTCOME_AUTHENTICATION,
	OUTCOME_AUTHORIZATION,
	OUTCOME_CERTIFICATE_REQUEST,
	OUTCOME_ENROLLMENT_SERVER,
	OUTCOME_INTERNAL_SERVICE_FAULT,
	OUTCOME_INVALID_SECURITY,
	/* error types, second table */
	OUTCOME_DEVICE_CAP_REACHED,
	OUTCOME_DEVICE_NOT_SUPPORTED,
	OUTCOME_NOT_SUPPORTED,
	OUTCOME_NOT_ELIGIBLE_TO_RENEW,
	OUTCOME_IN_MAINTENANCE,
	OUTCOME_USER_LICENSE,
	OUTCOME_INVALID_ENROLLMENT_DATA,
	OUTCOME_CUSTOM_SERVER_ERROR,
	/* plain HTTP, where no SOAP fits */
	OUTCOME_FORBIDDEN,		/* 403 */
	OUTCOME_NOT_FOUND,		/* 404 */
	OUTCOME_METHOD_NOT_ALLOWED,	/* 405 */
	OUTCOME_TOO_LARGE,		/* 413 */
	OUTCOME_UNSUPPORTED_MEDIA_TYPE, /* 415 */
	OUTCOME_UNAVAILABLE,		/* 503 */
};

#define OUTCOME_COUNT (OUTCOME_UNAVAILABLE + 1)

/* One sentence for the log and the record: starts small, no full stop, no secret. */
#define WHY_MAX 400

struct why {
	char text[WHY_MAX];
};

/*
 * Leave the reason and return the outcome, so that a refusal is one statement.
 * What does not fit is cut at a character's start; control characters and bytes
 * that are not UTF-8 become '?'. why may be NULL.
 */
enum outcome refuse(struct why *, enum outcome, const char *format, ...) PRINTF_LIKE(3, 4);

/* The name used in SQL and logs: "OK", "MessageFormat", "DeviceCapReached", ... */
const char *outcome_name(enum outcome);

/* The outcome of that exact name; false (and *outcome untouched) if there is none. */
bool outcome_from_name(const char *name, enum outcome *);

#endif
