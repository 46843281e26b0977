/* The request, and the schema of the response walked from top to bottom. */
#include "policies.h"

#include "element.h"
#include "finder.h"
#include "sequence.h"
#include "server_fault.h"

#define ACTION URI_POLICY "/IPolicy/GetPolicies"
#define PLATFORM "Microsoft Platform Crypto Provider"
#define SOFTWARE "Microsoft Software Key Storage Provider"
#define OIDS_MAX 64

struct oid_entry {
	uint32_t reference;
	const char *value;
};

/* What is gathered while the schema is walked. */
struct walk {
	struct arena *arena;
	const struct settings *settings;
	struct key_policy *policy;
	struct refusal *refusal;
	struct notes *notes;
	struct oid_entry oid[OIDS_MAX];
	size_t oid_count;
	bool has_hash;
	uint32_t hash_reference, oid_reference;
};

struct key_policy
key_policy_default(void)
{
	return (struct key_policy){ .bits = 2048, .sha1 = true, .provider = SOFTWARE };
}

static bool
deny_schema(struct walk *walk, const struct sequence *sequence)
{
	return deny(walk->refusal, HRESULT_UNKNOWN_ERROR, "GetPoliciesResponse breaks its schema: %s",
	    sequence->what[0] != '\0' ? sequence->what : "an element is missing");
}

/* List of one to n elements of one name. */
static bool
list_check(struct walk *walk, const xmlNode *list, const char *name)
{
	struct sequence sequence = sequence_of(list, URI_POLICY);

	if (list == NULL)
		return true;
	if (sequence_need(&sequence, name) != NULL)
		while (sequence_option(&sequence, name) != NULL)
			continue;
	return sequence_end(&sequence) || deny_schema(walk, &sequence);
}

static bool
providers_read(struct walk *walk, const xmlNode *list)
{
	bool software = false, platform = false;

	walk->policy->provider = SOFTWARE;
	if (list == NULL)
		return true;
	if (!list_check(walk, list, "provider"))
		return false;
	for (const xmlNode *node = xml_first(list); node != NULL; node = xml_next(node)) {
		const char *name = xml_text(walk->arena, node);

		software = software || strcmp(name, SOFTWARE) == 0;
		platform = platform || strcmp(name, PLATFORM) == 0;
	}
	walk->policy->platform_only = platform && !software;
	if (walk->policy->platform_only && !walk->settings->tpm)
		return deny(walk->refusal, HRESULT_KEY_CREATION,
		    "cryptoProviders lists only the %s, and this device has no TPM (--tpm gives it one)",
		    PLATFORM);
	if (!software && !platform)
		return deny(
		    walk->refusal, HRESULT_KEY_CREATION, "cryptoProviders lists no provider of this device");
	if (platform && walk->settings->tpm)
		walk->policy->provider = PLATFORM;
	return true;
}

static bool
key_attributes_read(struct walk *walk, const xmlNode *node)
{
	struct sequence sequence = sequence_of(node, URI_POLICY);
	const xmlNode *providers;

	walk->policy->bits = sequence_number(&sequence, walk->arena, "minimalKeyLength", 1);
	sequence_nillable(&sequence, "keySpec");
	sequence_nillable(&sequence, "keyUsageProperty");
	sequence_nillable(&sequence, "permissions");
	sequence_nillable(&sequence, "algorithmOIDReference");
	sequence_option(&sequence, "AttestationFailureBehavior");
	sequence_option(&sequence, "OperationTimeout");
	providers = sequence_nillable(&sequence, "cryptoProviders");
	if (!sequence_end(&sequence))
		return deny_schema(walk, &sequence);
	if (walk->policy->bits < 1024 || walk->policy->bits > 16384 || walk->policy->bits % 8 != 0)
		return deny(walk->refusal, HRESULT_KEY_CREATION, "no RSA key of %u bits can be made",
		    walk->policy->bits);
	return providers_read(walk, providers);
}

static bool
pair_check(struct walk *walk, const xmlNode *node, const char *first, uint32_t *one, const char *second,
    uint32_t *two, uint32_t lowest)
{
	struct sequence sequence = sequence_of(node, URI_POLICY);

	*one = sequence_number(&sequence, walk->arena, first, 1);
	*two = sequence_number(&sequence, walk->arena, second, lowest);
	return sequence_end(&sequence) || deny_schema(walk, &sequence);
}

static bool
permission_check(struct walk *walk, const xmlNode *node)
{
	struct sequence sequence = sequence_of(node, URI_POLICY);
	bool enroll = sequence_boolean(&sequence, walk->arena, "enroll");

	sequence_boolean(&sequence, walk->arena, "autoEnroll");
	if (!sequence_end(&sequence))
		return deny_schema(walk, &sequence);
	return enroll || deny(walk->refusal, HRESULT_AUTHORIZATION, "the policy does not permit to enroll");
}

static bool
hash_read(struct walk *walk, const xmlNode *node)
{
	walk->has_hash = node != NULL;
	if (node == NULL || number_read(xml_text(walk->arena, node), &walk->hash_reference))
		return true;
	return deny(walk->refusal, HRESULT_UNKNOWN_ERROR, "hashAlgorithmOIDReference is not a number");
}

/* The elements of attributes in the order of MS-XCEP 2.2; node variables are looked into afterwards. */
static bool
attributes_read(struct walk *walk, const xmlNode *attributes)
{
	struct sequence sequence = sequence_of(attributes, URI_POLICY);
	const xmlNode *validity, *permission, *key, *revision, *hash;
	uint32_t major, minor;

	sequence_need(&sequence, "commonName");
	if (sequence_number(&sequence, walk->arena, "policySchema", 1) != 3)
		note(walk->notes, "policySchema is not 3");
	validity = sequence_need(&sequence, "certificateValidity");
	permission = sequence_need(&sequence, "permission");
	key = sequence_need(&sequence, "privateKeyAttributes");
	revision = sequence_need(&sequence, "revision");
	sequence_nillable(&sequence, "supersededPolicies");
	sequence_nillable(&sequence, "privateKeyFlags");
	sequence_nillable(&sequence, "subjectNameFlags");
	sequence_nillable(&sequence, "enrollmentFlags");
	sequence_nillable(&sequence, "generalFlags");
	hash = sequence_nillable(&sequence, "hashAlgorithmOIDReference");
	sequence_nillable(&sequence, "rARequirements");
	sequence_nillable(&sequence, "keyArchivalAttributes");
	sequence_nillable(&sequence, "extensions");
	sequence_option(&sequence, "attestation");
	if (!sequence_end(&sequence))
		return deny_schema(walk, &sequence);
	return pair_check(walk, validity, "validityPeriodSeconds", &walk->policy->validity_seconds,
		   "renewalPeriodSeconds", &walk->policy->renewal_seconds, 1) &&
	    permission_check(walk, permission) && key_attributes_read(walk, key) &&
	    pair_check(walk, revision, "majorRevision", &major, "minorRevision", &minor, 0) &&
	    hash_read(walk, hash);
}

static bool
policy_read(struct walk *walk, const xmlNode *policies)
{
	const xmlNode *policy = xml_first(policies), *attributes;
	struct sequence sequence;

	if (policy == NULL || !xml_is(policy, URI_POLICY, "policy"))
		return deny(walk->refusal, HRESULT_UNKNOWN_ERROR, "GetPoliciesResponse holds no policy");
	if (xml_next(policy) != NULL)
		note(walk->notes, "more than one policy: the first is taken");
	sequence = sequence_of(policy, URI_POLICY);
	walk->oid_reference = sequence_number(&sequence, walk->arena, "policyOIDReference", 0);
	sequence_nillable(&sequence, "cAs");
	attributes = sequence_need(&sequence, "attributes");
	if (!sequence_end(&sequence))
		return deny_schema(walk, &sequence);
	return attributes_read(walk, attributes);
}

static bool
oid_read(struct walk *walk, const xmlNode *node)
{
	struct sequence sequence = sequence_of(node, URI_POLICY);
	struct oid_entry entry = { 0 };
	const xmlNode *value = sequence_need(&sequence, "value");
	uint32_t group = sequence_number(&sequence, walk->arena, "group", 1);

	entry.reference = sequence_number(&sequence, walk->arena, "oIDReferenceID", 0);
	sequence_need(&sequence, "defaultName");
	if (!sequence_end(&sequence))
		return deny_schema(walk, &sequence);
	if (group > 9 || walk->oid_count == OIDS_MAX)
		return deny(walk->refusal, HRESULT_UNKNOWN_ERROR, "an OID group above 9, or too many OIDs");
	for (size_t i = 0; i < walk->oid_count; i++)
		if (walk->oid[i].reference == entry.reference)
			return deny(walk->refusal, HRESULT_UNKNOWN_ERROR, "two OIDs have the reference %u",
			    entry.reference);
	entry.value = xml_text(walk->arena, value);
	walk->oid[walk->oid_count++] = entry;
	return true;
}

static bool
oids_read(struct walk *walk, const xmlNode *list)
{
	if (list == NULL)
		return true;
	if (!list_check(walk, list, "oID"))
		return false;
	for (const xmlNode *node = xml_first(list); node != NULL; node = xml_next(node))
		if (!oid_read(walk, node))
			return false;
	return true;
}

static const char *
oid_by_reference(const struct walk *walk, uint32_t reference)
{
	for (size_t i = 0; i < walk->oid_count; i++)
		if (walk->oid[i].reference == reference)
			return walk->oid[i].value;
	return NULL;
}

static bool
references_check(struct walk *walk)
{
	const char *hash = oid_by_reference(walk, walk->hash_reference);

	if (oid_by_reference(walk, walk->oid_reference) == NULL)
		return deny(walk->refusal, HRESULT_UNKNOWN_ERROR, "policyOIDReference %u names no OID",
		    walk->oid_reference);
	walk->policy->sha1 = !walk->has_hash;
	if (!walk->has_hash)
		return true;
	if (hash == NULL)
		return deny(walk->refusal, HRESULT_UNKNOWN_ERROR, "hashAlgorithmOIDReference %u names no OID",
		    walk->hash_reference);
	walk->policy->sha1 = strcmp(hash, "1.3.14.3.2.26") == 0 || strcmp(hash, "1.3.14.3.2.29") == 0;
	if (!walk->policy->sha1 && strcmp(hash, "2.16.840.1.101.3.4.2.1") != 0)
		return deny(walk->refusal, HRESULT_KEY_CREATION, "hash algorithm %s is not available", hash);
	return true;
}

static bool
response_walk(struct walk *walk, const xmlNode *root)
{
	struct sequence sequence = sequence_of(root, URI_POLICY), inner;
	const xmlNode *response, *policies, *oids;

	response = sequence_need(&sequence, "response");
	sequence_nillable(&sequence, "cAs");
	oids = sequence_nillable(&sequence, "oIDs");
	if (!sequence_end(&sequence))
		return deny_schema(walk, &sequence);
	inner = sequence_of(response, URI_POLICY);
	sequence_need(&inner, "policyID");
	sequence_nillable(&inner, "policyFriendlyName");
	sequence_nillable(&inner, "nextUpdateHours");
	sequence_nillable(&inner, "policiesNotChanged");
	policies = sequence_need(&inner, "policies");
	if (!sequence_end(&inner))
		return deny_schema(walk, &inner);
	return policy_read(walk, policies) && oids_read(walk, oids) && references_check(walk);
}

bool
policies_read(struct arena *arena, const struct settings *settings, struct bytes body, const char *message_id,
    struct key_policy *policy, struct refusal *refusal, struct notes *notes)
{
	CLEANUP(xml_free) xmlDoc *doc = NULL;
	struct walk walk = {
		.arena = arena, .settings = settings, .policy = policy, .refusal = refusal, .notes = notes
	};
	const xmlNode *root = NULL;

	*policy = key_policy_default();
	if (xml_read(arena, body, &doc, NULL) == OUTCOME_OK)
		root = ELEMENT_FIND(doc, { URI_POLICY, "GetPoliciesResponse" });
	if (root == NULL) {
		server_fault_read(body, 200, refusal, notes);
		return false;
	}
	finder_check_relation(arena, doc, message_id, ACTION "Response", notes);
	return response_walk(&walk, root);
}

static void
nil_write(struct xml_out *out, const char *name)
{
	xml_start(out, NULL, name, NULL);
	xml_attr(out, "xsi:nil", "true");
	xml_end(out);
}

static bool
policies_write(struct arena *arena, const struct settings *settings, const struct login *login,
    const char *url, const char **message_id, struct bytes *envelope)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	*message_id = envelope_begin(out, arena, settings, ACTION, url, login);
	xml_start(out, NULL, "GetPolicies", URI_POLICY);
	xml_attr(out, "xmlns:xsi", URI_INSTANCE);
	xml_start(out, NULL, "client", NULL);
	nil_write(out, "lastUpdate");
	nil_write(out, "preferredLanguage");
	if (settings->tpm) {
		envelope_value(out, settings, "TPMManufacturer", "SIMU");
		envelope_value(out, settings, "TPMFirmwareVersion", "1.2.3.4");
	}
	xml_end(out);
	nil_write(out, "requestFilter");
	xml_end(out);
	return envelope_end(out, arena, login, true, envelope);
}

bool
policies_ask(struct http *http, struct arena *arena, const struct settings *settings,
    const struct login *login, const char *url, struct key_policy *policy, struct refusal *refusal,
    struct notes *notes)
{
	struct http_reply reply;
	struct bytes envelope;
	const char *message_id;

	if (!policies_write(arena, settings, login, url, &message_id, &envelope))
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "cannot write the GetPolicies request");
	if (!http_post_soap(http, arena, url, envelope, false, &reply, refusal, notes))
		return false;
	return policies_read(arena, settings, reply.body, message_id, policy, refusal, notes);
}
