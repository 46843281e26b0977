/* CertificateStore (MS-MDE2 2.2.9.2). */
#include "provision.h"

#include <muster/base/text.h>

/* Seen while the block is walked. */
struct found {
	struct arena *arena;
	const struct provision_expected *expected;
	struct provision *provision;
	struct refusal *refusal;
	struct notes *notes;
	bool leaf, container;
};

static const struct parm_rule certificate_rules[] = {
	{ .name = "EncodedCertificate", .kind = PARM_TEXT },
};

static const struct parm_rule renew_rules[] = {
	{ .name = "ROBOSupport", .kind = PARM_BOOLEAN, .typed = true },
	{ .name = "RenewPeriod", .kind = PARM_NUMBER, .typed = true, .lowest = 1, .highest = 1000 },
	{ .name = "RetryInterval", .kind = PARM_NUMBER, .typed = true, .lowest = 1, .highest = 1000 },
	{ .name = "ServerURL", .kind = PARM_TEXT },
};

/* PrivateKeyContainer as MS-MDE version 1 has it, inside the certificate. */
static const struct parm_rule container_rules[] = {
	{ .name = "KeySpec", .kind = PARM_TEXT },
	{ .name = "ContainerName", .kind = PARM_TEXT },
	{ .name = "ProviderType", .kind = PARM_TEXT },
};

static bool
is_thumbprint(const char *text)
{
	return strlen(text) == 40 && strspn(text, "0123456789ABCDEFabcdef") == 40;
}

static bool
container_check(struct found *found, const struct characteristic *container)
{
	if (container->children > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "PrivateKeyContainer is not empty");
	if (!wap_check(container, "PrivateKeyContainer", container_rules, ARRAY_SIZE(container_rules),
		HRESULT_PROV_CERTIFICATES, found->refusal))
		return false;
	found->container = true;
	return true;
}

/* One <thumbprint> with its EncodedCertificate. */
static bool
certificate_read(
    struct found *found, const struct characteristic *entry, const char *store, struct bytes *der)
{
	const char *text;

	if (!is_thumbprint(entry->type))
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES,
		    "%s holds \"%.60s\", which is no SHA-1 thumbprint", store, entry->type);
	if (!wap_check(entry, store, certificate_rules, ARRAY_SIZE(certificate_rules),
		HRESULT_PROV_CERTIFICATES, found->refusal))
		return false;
	text = wap_value(entry, "EncodedCertificate");
	if (text == NULL || text[strcspn(text, XML_SPACE)] != '\0' ||
	    !bytes_from_base64(found->arena, text, der))
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES,
		    "%s: EncodedCertificate is missing, broken into lines or not base64", store);
	if (!text_equal_fold(entry->type, certificate_sha1(found->arena, *der)))
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES,
		    "%s: the certificate's SHA-1 is not its name %s", store, entry->type);
	if (entry->type[strcspn(entry->type, "abcdef")] != '\0')
		note(found->notes, "%s: the thumbprint is in lower case", store);
	return true;
}

/* Root/System and CA/System: at most one certificate each. */
static bool
authority_read(struct found *found, const struct characteristic *store, const char *name, struct bytes *der)
{
	const struct characteristic *system = store->child;

	if (store->parms > 0 || store->children != 1 || strcmp(system->type, "System") != 0 ||
	    system->parms > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "%s needs System and nothing else",
		    store->type);
	if (system->children != 1 || der->size > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES,
		    "%s holds %zu certificates instead of one", name,
		    system->children + (der->size > 0 ? 1 : 0));
	if (system->child->children > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "%s: a certificate holds more", name);
	return certificate_read(found, system->child, name, der);
}

static bool
leaf_read(struct found *found, const struct characteristic *entry, const char *store)
{
	if (found->leaf)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "there are two client certificates");
	found->leaf = true;
	found->provision->system_store = strcmp(store, "My/System") == 0;
	for (size_t i = 0; i < entry->children; i++) {
		if (strcmp(entry->child[i].type, "PrivateKeyContainer") != 0)
			return deny(found->refusal, HRESULT_PROV_CERTIFICATES,
			    "%s: unknown %.60s in a certificate", store, entry->child[i].type);
		if (!container_check(found, &entry->child[i]))
			return false;
	}
	return certificate_read(found, entry, store, &found->provision->leaf);
}

/* My/User or My/System. */
static bool
personal_read(struct found *found, const struct characteristic *store)
{
	const char *name = strcmp(store->type, "System") == 0 ? "My/System" : "My/User";

	if (store->parms > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "%s has parameters", name);
	for (size_t i = 0; i < store->children; i++)
		if (strcmp(store->child[i].type, "PrivateKeyContainer") == 0
			? !container_check(found, &store->child[i])
			: !leaf_read(found, &store->child[i], name))
			return false;
	return true;
}

static bool
renew_read(struct found *found, const struct characteristic *wstep)
{
	const struct characteristic *renew = wap_child(wstep, "Renew");
	struct provision *provision = found->provision;

	if (renew == NULL || wstep->children != 1 || wstep->parms > 0 || renew->children > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "WSTEP needs Renew and nothing else");
	if (!wap_check(renew, "WSTEP/Renew", renew_rules, ARRAY_SIZE(renew_rules), HRESULT_PROV_CERTIFICATES,
		found->refusal))
		return false;
	provision->renew_period = wap_number(renew, "RenewPeriod", 42);
	provision->renew_retry = wap_number(renew, "RetryInterval", 7);
	provision->renew_url = wap_value(renew, "ServerURL");
	if (provision->renew_retry > provision->renew_period)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES,
		    "RetryInterval %u exceeds RenewPeriod %u", provision->renew_retry,
		    provision->renew_period);
	if (provision->renew_url != NULL && strncmp(provision->renew_url, "https://", 8) != 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "ServerURL \"%.120s\" is not https",
		    provision->renew_url);
	return true;
}

static bool
my_read(struct found *found, const struct characteristic *my)
{
	if (my->parms > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "My has parameters");
	for (size_t i = 0; i < my->children; i++) {
		const struct characteristic *child = &my->child[i];
		bool ok;

		if (strcmp(child->type, "User") == 0 || strcmp(child->type, "System") == 0)
			ok = personal_read(found, child);
		else if (strcmp(child->type, "WSTEP") == 0)
			ok = renew_read(found, child);
		else
			ok = deny(
			    found->refusal, HRESULT_PROV_CERTIFICATES, "My has no store %.60s", child->type);
		if (!ok)
			return false;
	}
	return true;
}

static bool
stores_read(struct found *found, const struct characteristic *block)
{
	if (block->parms > 0)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "CertificateStore has parameters");
	for (size_t i = 0; i < block->children; i++) {
		const struct characteristic *child = &block->child[i];
		bool ok;

		if (strcmp(child->type, "Root") == 0)
			ok = authority_read(found, child, "Root/System", &found->provision->root);
		else if (strcmp(child->type, "CA") == 0)
			ok = authority_read(found, child, "CA/System", &found->provision->issuing);
		else if (strcmp(child->type, "My") == 0)
			ok = my_read(found, child);
		else
			ok = deny(found->refusal, HRESULT_PROV_CERTIFICATES,
			    "CertificateStore has no store %.60s", child->type);
		if (!ok)
			return false;
	}
	return true;
}

/* What holds only when everything was seen. */
static bool
whole_check(struct found *found)
{
	struct provision *provision = found->provision;
	bool delivered = provision->root.size > 0 || provision->issuing.size > 0;
	struct bytes root = provision->root, issuing = provision->issuing;

	/* A renewal brings only what has changed. */
	if (root.size == 0)
		root = found->expected->root;
	if (issuing.size == 0 && (!delivered || provision->root.size == 0))
		issuing = found->expected->issuing;
	if (!found->leaf)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "there is no client certificate");
	if (!found->container)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "PrivateKeyContainer is missing");
	if (provision->system_store != found->expected->system_store)
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES,
		    "EnrollmentType is %s, but the client certificate is for My/%s",
		    found->expected->system_store ? "Device" : "Full",
		    provision->system_store ? "System" : "User");
	if (provision->root.size > 0 && !certificate_is_root(provision->root))
		return deny(found->refusal, HRESULT_PROV_CERTIFICATES, "Root/System holds what is no root");
	if (root.size == 0)
		note(found->notes, "no root certificate was delivered");
	return certificate_check(
	    provision->leaf, issuing, root, found->expected->public_key, found->refusal, found->notes);
}

bool
provision_certificates(struct arena *arena, const struct characteristic *root,
    const struct provision_expected *expected, struct provision *provision, struct refusal *refusal,
    struct notes *notes)
{
	struct found found = { .arena = arena,
		.expected = expected,
		.provision = provision,
		.refusal = refusal,
		.notes = notes };

	for (size_t i = 0; i < root->children; i++)
		if (strcmp(root->child[i].type, "CertificateStore") == 0 &&
		    !stores_read(&found, &root->child[i]))
			return false;
	return whole_check(&found);
}
