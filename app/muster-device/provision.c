/* The document as a whole: which blocks may stand in it, and whether they agree. */
#include "provision.h"

/*
 * Desktop Windows takes three blocks; another one makes the whole enrollment fail (seen with
 * RootCATrustedCertificates on 25H2). Phones know the enterprise token, too.
 */
static bool
blocks_check(const struct characteristic *root, bool phone, struct refusal *refusal)
{
	if (root->parms > 0)
		return deny(refusal, HRESULT_PROV_UNKNOWN, "a parm stands outside any characteristic");
	for (size_t i = 0; i < root->children; i++) {
		const char *type = root->child[i].type;

		if (strcmp(type, "CertificateStore") == 0 || strcmp(type, "APPLICATION") == 0 ||
		    strcmp(type, "DMClient") == 0 || (phone && strcmp(type, "EnterpriseAppManagement") == 0))
			continue;
		return deny_cause(refusal, HRESULT_PROV_MISC, HRESULT_UNKNOWN_BLOCK,
		    "the document has a block %.80s, which is refused at enrollment", type);
	}
	return true;
}

/* The hub's values stand beside the token or in a characteristic of their own. */
static const struct parm_rule token_rules[] = {
	{ .name = "EnrollmentToken", .kind = PARM_TEXT },
	{ .name = "ProductID", .kind = PARM_TEXT },
	{ .name = "StoreProductID", .kind = PARM_TEXT },
	{ .name = "StoreUri", .kind = PARM_TEXT },
	{ .name = "StoreURI", .kind = PARM_TEXT },
	{ .name = "StoreName", .kind = PARM_TEXT },
	{ .name = "CertificateSearchCriteria", .kind = PARM_TEXT },
	{ .name = "CRLCheck", .kind = PARM_TEXT },
};

/* The enterprise's application token and its company hub (phones). */
static bool
applications_check(struct arena *arena, const struct characteristic *root, struct refusal *refusal)
{
	for (size_t i = 0; i < root->children; i++) {
		const struct characteristic *enterprise = root->child[i].child;
		struct bytes token;

		if (strcmp(root->child[i].type, "EnterpriseAppManagement") != 0)
			continue;
		if (root->child[i].children != 1 || root->child[i].parms > 0)
			return deny(refusal, HRESULT_PROV_APPLICATIONS,
			    "EnterpriseAppManagement needs one enterprise and nothing else");
		if (!wap_check(enterprise, "EnterpriseAppManagement", token_rules, ARRAY_SIZE(token_rules),
			HRESULT_PROV_APPLICATIONS, refusal))
			return false;
		if (!bytes_from_base64(arena,
			wap_has(enterprise, "EnrollmentToken") ? wap_value(enterprise, "EnrollmentToken")
							       : "",
			&token))
			return deny(
			    refusal, HRESULT_PROV_APPLICATIONS, "EnrollmentToken is missing or not base64");
		for (size_t j = 0; j < enterprise->children; j++)
			if (!wap_check(&enterprise->child[j], "Company Hub", token_rules,
				ARRAY_SIZE(token_rules), HRESULT_PROV_APPLICATIONS, refusal))
				return false;
	}
	return true;
}

/* The certificate must be the one that the device would present. */
static bool
search_check(struct arena *arena, const struct provision *provision, struct refusal *refusal)
{
	enum certificate_store store = provision->system_store ? STORE_MY_SYSTEM : STORE_MY_USER;
	struct subject_name subject;

	if (!certificate_subject(arena, provision->leaf, &subject))
		return deny(
		    refusal, HRESULT_PROV_CERTIFICATES, "the client certificate's subject cannot be read");
	if (criteria_match(&provision->search, &subject, store))
		return true;
	return deny(refusal, HRESULT_PROV_NOT_FOUND,
	    "no certificate is found by \"%.160s\": the client certificate is in My/%s and begins with "
	    "%s=%.80s",
	    provision->criteria, provision->system_store ? "System" : "User",
	    subject.count > 0 ? subject.part[0].type : "", subject.count > 0 ? subject.part[0].value : "");
}

bool
provision_read(struct arena *arena, struct bytes document, const struct provision_expected *expected,
    struct provision *provision, struct refusal *refusal, struct notes *notes)
{
	struct characteristic root;

	*provision = (struct provision){ .renew_period = 42, .renew_retry = 7 };
	return wap_read(arena, document, &root, refusal) && blocks_check(&root, expected->phone, refusal) &&
	    provision_certificates(arena, &root, expected, provision, refusal, notes) &&
	    provision_application(arena, &root, provision, refusal, notes) &&
	    provision_dmclient(&root, provision, refusal, notes) &&
	    applications_check(arena, &root, refusal) && search_check(arena, provision, refusal);
}

/* MS-MDE2 3.5: these two blocks; what else a document brought would change the account. */
static bool
renewal_blocks_check(const struct characteristic *root, struct refusal *refusal, struct notes *notes)
{
	if (root->parms > 0)
		return deny(refusal, HRESULT_PROV_UNKNOWN, "a parm stands outside any characteristic");
	for (size_t i = 0; i < root->children; i++) {
		const char *type = root->child[i].type;

		if (strcmp(type, "DMClient") == 0)
			note(notes, "a renewal's document has a block DMClient, which stays as it is");
		else if (strcmp(type, "CertificateStore") != 0 && strcmp(type, "APPLICATION") != 0)
			return deny_cause(refusal, HRESULT_PROV_MISC, HRESULT_UNKNOWN_BLOCK,
			    "the document has a block %.80s, which is refused at renewal", type);
	}
	return true;
}

static bool
subject_equals(const struct subject_name *one, const struct subject_name *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (strcmp(one->part[i].type, other->part[i].type) != 0 ||
		    strcmp(one->part[i].value, other->part[i].value) != 0)
			return false;
	return true;
}

/* What searches for the certificate looks for its subject. */
static bool
successor_check(struct arena *arena, const struct provision_expected *expected,
    const struct provision *provision, struct refusal *refusal, struct notes *notes)
{
	struct subject_name old, new;

	if (bytes_equal(expected->renews, provision->leaf))
		return deny(
		    refusal, HRESULT_PROV_CERTIFICATES, "the renewed certificate is the old one again");
	if (!certificate_subject(arena, expected->renews, &old) ||
	    !certificate_subject(arena, provision->leaf, &new) || !subject_equals(&old, &new))
		return deny(refusal, HRESULT_PROV_NOT_FOUND,
		    "the renewed certificate has another subject: what searches for it finds it no more");
	if (certificate_not_after(provision->leaf) <= certificate_not_after(expected->renews))
		note(notes, "the renewed certificate ends no later than the old one");
	return true;
}

bool
provision_read_renewal(struct arena *arena, struct bytes document, const struct provision_expected *expected,
    struct provision *provision, struct refusal *refusal, struct notes *notes)
{
	struct characteristic root;

	*provision = (struct provision){ 0 };
	return wap_read(arena, document, &root, refusal) && renewal_blocks_check(&root, refusal, notes) &&
	    provision_certificates(arena, &root, expected, provision, refusal, notes) &&
	    provision_application_renewed(&root, expected, provision, refusal, notes) &&
	    successor_check(arena, expected, provision, refusal, notes);
}
