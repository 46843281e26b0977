#include <muster/protocol/xcep.h>

#include <muster/protocol/namespaces.h>

#include <inttypes.h>

#define KEY_LENGTH_TPM 2048 /* RSA bits that every TPM can make */

enum outcome
xcep_read(const struct soap *soap, struct why *why)
{
	xmlNode *client = NULL;

	return xml_need(soap->body, NULL, "client", &client, why);
}

/* An element that is present and nil: the schema wants it in its place. */
static void
nil(struct xml_out *out, const char *name)
{
	xml_start(out, NULL, name, NULL);
	xml_attr(out, "xsi:nil", "true");
	xml_end(out);
}

static void
number(struct arena *arena, struct xml_out *out, const char *name, int64_t value)
{
	xml_element(out, name, arena_printf(arena, "%" PRId64, value));
}

/* Renewal has to come before the end of validity, whatever was configured. */
static void
validity_write(struct arena *arena, struct xml_out *out, const struct enrollment_policy *policy)
{
	int64_t renewal = policy->renewal_seconds;

	if (renewal >= policy->validity_seconds)
		renewal = policy->validity_seconds / 2;
	xml_start(out, NULL, "certificateValidity", NULL);
	number(arena, out, "validityPeriodSeconds", policy->validity_seconds);
	number(arena, out, "renewalPeriodSeconds", renewal > 0 ? renewal : 1);
	xml_end(out);
}

static void
private_key_write(struct arena *arena, struct xml_out *out, int key_length)
{
	xml_start(out, NULL, "privateKeyAttributes", NULL);
	number(arena, out, "minimalKeyLength", key_length);
	nil(out, "keySpec");
	nil(out, "keyUsageProperty");
	nil(out, "permissions");
	nil(out, "algorithmOIDReference");
	xml_start(out, NULL, "cryptoProviders", NULL);
	if (key_length <= KEY_LENGTH_TPM)
		xml_element(out, "provider", "Microsoft Platform Crypto Provider");
	xml_element(out, "provider", "Microsoft Software Key Storage Provider");
	xml_end(out);
	xml_end(out);
}

static void
attributes_write(struct arena *arena, struct xml_out *out, const struct enrollment_policy *policy)
{
	xml_start(out, NULL, "attributes", NULL);
	xml_element(out, "commonName", "MDM device");
	xml_element(out, "policySchema", "3");
	validity_write(arena, out, policy);
	xml_start(out, NULL, "permission", NULL);
	xml_element(out, "enroll", "true");
	xml_element(out, "autoEnroll", "false");
	xml_end(out);
	private_key_write(arena, out, policy->minimum_key_length);
	xml_start(out, NULL, "revision", NULL);
	xml_element(out, "majorRevision", "101");
	xml_element(out, "minorRevision", "0");
	xml_end(out);
	nil(out, "supersededPolicies");
	nil(out, "privateKeyFlags");
	nil(out, "subjectNameFlags");
	nil(out, "enrollmentFlags");
	nil(out, "generalFlags");
	xml_element(out, "hashAlgorithmOIDReference", "0");
	nil(out, "rARequirements");
	nil(out, "keyArchivalAttributes");
	nil(out, "extensions");
	xml_end(out);
}

static void
response_write(struct arena *arena, struct xml_out *out, const struct enrollment_policy *policy)
{
	xml_start(out, NULL, "response", NULL);
	xml_element(out, "policyID", "");
	nil(out, "policyFriendlyName");
	nil(out, "nextUpdateHours");
	nil(out, "policiesNotChanged");
	xml_start(out, NULL, "policies", NULL);
	xml_start(out, NULL, "policy", NULL);
	xml_element(out, "policyOIDReference", "0");
	nil(out, "cAs");
	attributes_write(arena, out, policy);
	xml_end(out);
	xml_end(out);
	xml_end(out);
}

/*
 * The hash that the device signs its request with. By its definition SHA-256 belongs
 * to group 1; the servers that Windows is known to follow send 4.
 */
static void
oids_write(struct xml_out *out)
{
	xml_start(out, NULL, "oIDs", NULL);
	xml_start(out, NULL, "oID", NULL);
	xml_element(out, "value", "2.16.840.1.101.3.4.2.1");
	xml_element(out, "group", "4");
	xml_element(out, "oIDReferenceID", "0");
	xml_element(out, "defaultName", "szOID_NIST_sha256");
	xml_end(out);
	xml_end(out);
}

bool
xcep_write(struct arena *arena, const struct enrollment_policy *policy, const char *message_id,
    const char *activity, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	soap_begin(arena, out, ACTION_POLICIES_RESPONSE, message_id, activity, false);
	xml_start(out, NULL, "GetPoliciesResponse", NS_XCEP);
	xml_attr(out, "xmlns:xsi", NS_XSI);
	response_write(arena, out, policy);
	nil(out, "cAs");
	oids_write(out);
	xml_end(out);
	soap_end(out);
	return xml_out_finish(out, arena, bytes);
}
