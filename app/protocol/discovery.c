#include <muster/protocol/discovery.h>

#include <muster/base/text.h>
#include <muster/protocol/namespaces.h>

#include <ctype.h>

#define VERSION_LOWEST 3 /* EnrollmentVersion 3.0: Windows 10 */
#define VERSION_DEFAULT 4
#define VERSION_HIGHEST 9999 /* keeps the arithmetic small; nothing is refused */

static const struct {
	const char *name;
	unsigned bit;
} policies[] = {
	{ "OnPremise", POLICY_ON_PREMISE },
	{ "Federated", POLICY_FEDERATED },
	{ "Certificate", POLICY_CERTIFICATE },
};

/* The next word of a list separated by commas or white space; NULL at its end. */
static char *
word_next(struct arena *arena, const char **list)
{
	const char *start = *list + strspn(*list, "," XML_SPACE);
	size_t size = strcspn(start, "," XML_SPACE);

	*list = start + size;
	return size > 0 ? arena_strndup(arena, start, size) : NULL;
}

/* Add the policies of a list to *set; false when the list is empty. */
static bool
policies_add(struct arena *arena, const char *list, unsigned *set)
{
	const char *word;
	bool any = false;

	while ((word = word_next(arena, &list)) != NULL) {
		any = true;
		for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
			if (text_equal_fold(word, policies[i].name))
				*set |= policies[i].bit;
		}
	}
	return any;
}

/*
 * Nested (AuthPolicies/AuthPolicy), flat (one sample has the policy as text) or
 * missing. Who lists only policies that we don't know offers none.
 */
static void
policies_read(struct arena *arena, const xmlNode *list, struct discover *discover)
{
	bool any = false;

	if (list != NULL) {
		any = policies_add(arena, xml_text(arena, list), &discover->policies);
		for (const xmlNode *node = xml_first(list); node != NULL; node = xml_next(node)) {
			if (xml_is(node, NULL, "AuthPolicy") &&
			    policies_add(arena, xml_text(arena, node), &discover->policies))
				any = true;
		}
	}
	discover->first_version = !any && *discover->device_type == '\0';
	if (discover->first_version)
		discover->policies = POLICY_FEDERATED;
	else if (!any)
		discover->policies = POLICY_ON_PREMISE | POLICY_FEDERATED;
}

static enum outcome
field_read(struct arena *arena, const xmlNode *request, const char *name, const char **value, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o;

	if ((o = xml_child(request, NULL, name, &node, why)) != OUTCOME_OK)
		return o;
	*value = node != NULL ? text_cut(arena, xml_text(arena, node), DISCOVER_FIELD_MAX) : "";
	return OUTCOME_OK;
}

/* A hint only: it need not be an address, and is never a reason to refuse. */
static enum outcome
email_read(struct arena *arena, const xmlNode *request, struct discover *discover, struct why *why)
{
	xmlNode *node = NULL;
	const char *at;
	enum outcome o;

	discover->email = discover->domain = "";
	if ((o = xml_child(request, NULL, "EmailAddress", &node, why)) != OUTCOME_OK || node == NULL)
		return o;

	const char *email = xml_text(arena, node);

	if (strlen(email) > DISCOVER_EMAIL_MAX)
		return OUTCOME_OK;
	discover->email = email;
	if ((at = strrchr(email, '@')) != NULL)
		discover->domain = text_lower(arena, at + 1);
	return OUTCOME_OK;
}

enum outcome
discover_read(struct arena *arena, const struct soap *soap, struct discover *discover, struct why *why)
{
	xmlNode *request = NULL, *list = NULL;
	enum outcome o;

	*discover = (struct discover){ .policies = 0 };
	if ((o = xml_need(soap->body, NULL, "request", &request, why)) != OUTCOME_OK ||
	    (o = email_read(arena, request, discover, why)) != OUTCOME_OK ||
	    (o = field_read(arena, request, "RequestVersion", &discover->request_version, why)) !=
		OUTCOME_OK ||
	    (o = field_read(arena, request, "DeviceType", &discover->device_type, why)) != OUTCOME_OK ||
	    (o = field_read(arena, request, "ApplicationVersion", &discover->application_version, why)) !=
		OUTCOME_OK ||
	    (o = field_read(arena, request, "OSEdition", &discover->os_edition, why)) != OUTCOME_OK ||
	    (o = field_read(arena, request, "OSVersion", &discover->os_version, why)) != OUTCOME_OK ||
	    (o = xml_child(request, NULL, "AuthPolicies", &list, why)) != OUTCOME_OK)
		return o;
	policies_read(arena, list, discover);
	return OUTCOME_OK;
}

/* The whole part of a decimal such as "9.0", " 3 " or "+4."; -1 when it is none. */
static int
version_whole(const char *text)
{
	int whole = 0;
	bool digits = false;

	text += strspn(text, XML_SPACE);
	if (*text == '+')
		text++;
	for (; isdigit((unsigned char)*text); text++, digits = true) {
		if (whole < VERSION_HIGHEST)
			whole = whole * 10 + (*text - '0');
	}
	if (*text == '.') {
		for (text++; isdigit((unsigned char)*text); text++)
			digits = true;
	}
	text += strspn(text, XML_SPACE);
	return digits && *text == '\0' ? whole : -1;
}

const char *
discover_version(struct arena *arena, const struct discover *discover, const char *ceiling)
{
	int client = version_whole(discover->request_version);
	int most = ceiling != NULL ? version_whole(ceiling) : -1;

	if (discover->first_version && client < VERSION_LOWEST)
		return NULL;
	if (most < 0)
		most = VERSION_DEFAULT;
	if (client > most)
		client = most;
	if (client < VERSION_LOWEST)
		client = VERSION_LOWEST;
	return arena_printf(arena, "%d.0", client);
}

const char *
discover_policy(struct arena *arena, const struct discover *discover, const char *configured)
{
	const char *list = configured != NULL ? configured : "";
	const char *word;

	while ((word = word_next(arena, &list)) != NULL) {
		for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
			if (text_equal_fold(word, policies[i].name) &&
			    (discover->policies & policies[i].bit) != 0)
				return policies[i].name;
		}
	}
	return NULL;
}

const char *
discover_offered(struct arena *arena, const struct discover *discover)
{
	const char *offered = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if ((discover->policies & policies[i].bit) != 0)
			offered = offered == NULL ? policies[i].name
						  : arena_printf(arena, "%s, %s", offered, policies[i].name);
	}
	return offered != NULL ? offered : "none that is known";
}

bool
discover_write(struct arena *arena, const struct discover_result *result, const char *message_id,
    const char *activity, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	soap_begin(arena, out, ACTION_DISCOVER_RESPONSE, message_id, activity, false);
	xml_start(out, NULL, "DiscoverResponse", NS_DISCOVERY);
	xml_start(out, NULL, "DiscoverResult", NULL);
	xml_element(out, "AuthPolicy", result->auth_policy);
	if (result->enrollment_version != NULL)
		xml_element(out, "EnrollmentVersion", result->enrollment_version);
	xml_element(out, "EnrollmentPolicyServiceUrl", result->policy_url);
	xml_element(out, "EnrollmentServiceUrl", result->enrollment_url);
	if (result->authentication_url != NULL)
		xml_element(out, "AuthenticationServiceUrl", result->authentication_url);
	xml_end(out);
	xml_end(out);
	soap_end(out);
	return xml_out_finish(out, arena, bytes);
}
