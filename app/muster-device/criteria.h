/*
 * SSLCLIENTCERTSEARCHCRITERIA (w7 APPLICATION, MS-MDE2 2.2.9.5): by what the device finds the
 * certificate it presents.
 */
#ifndef MUSTER_DEVICE_CRITERIA_H
#define MUSTER_DEVICE_CRITERIA_H

#include "certificate.h"

#define CRITERIA_MAX 8 /* alternatives of one value */

enum certificate_store { STORE_ROOT_SYSTEM, STORE_CA_SYSTEM, STORE_MY_USER, STORE_MY_SYSTEM };

struct criteria {
	struct subject_name subject[CRITERIA_MAX]; /* alternatives; none: any subject */
	size_t subjects;
	enum certificate_store store[CRITERIA_MAX]; /* alternatives; none: both */
	size_t stores;
};

/*
 * Parse "Subject=CN%3D…&Stores=MY%5CUser": names as spelled here, values escaped once as in RFC
 * 2396, alternatives separated by U+F000.
 *
 * HRESULT_PROV_NOT_FOUND  anything else, double escaping included
 */
bool criteria_parse(struct arena *, const char *text, struct criteria *, struct refusal *);

/* Does a certificate with that subject, kept in that store, meet the criteria? */
bool criteria_match(const struct criteria *, const struct subject_name *, enum certificate_store);

#endif
