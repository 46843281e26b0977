/* APPLICATION, the w7 bootstrap of the DM account (w7 APPLICATION CSP). */
#include "provision.h"

static const struct parm_rule w7_rules[] = {
	{ .name = "APPID", .kind = PARM_TEXT },
	{ .name = "PROVIDER-ID", .kind = PARM_TEXT },
	{ .name = "NAME", .kind = PARM_TEXT },
	{ .name = "ADDR", .kind = PARM_TEXT },
	{ .name = "CONNRETRYFREQ", .kind = PARM_NUMBER, .highest = UINT32_MAX },
	{ .name = "INITIALBACKOFFTIME", .kind = PARM_NUMBER, .highest = UINT32_MAX },
	{ .name = "MAXBACKOFFTIME", .kind = PARM_NUMBER, .highest = UINT32_MAX },
	{ .name = "BACKCOMPATRETRYDISABLED", .kind = PARM_FLAG },
	{ .name = "USEHWDEVID", .kind = PARM_FLAG },
	{ .name = "DEFAULTENCODING", .kind = PARM_TEXT },
	{ .name = "SSLCLIENTCERTSEARCHCRITERIA", .kind = PARM_TEXT },
	{ .name = "PROTOVER", .kind = PARM_TEXT },
	{ .name = "TO-NAPID", .kind = PARM_TEXT },
	/* For operators' bootstrap only: the enterprise client sets ROLE itself, INIT fails. */
	{ .name = "INIT", .kind = PARM_REFUSED },
	{ .name = "ROLE", .kind = PARM_REFUSED },
};

static const struct parm_rule auth_rules[] = {
	{ .name = "AAUTHLEVEL", .kind = PARM_TEXT },
	{ .name = "AAUTHTYPE", .kind = PARM_TEXT },
	{ .name = "AAUTHNAME", .kind = PARM_TEXT },
	{ .name = "AAUTHSECRET", .kind = PARM_TEXT },
	{ .name = "AAUTHDATA", .kind = PARM_TEXT },
};

/* "" when it is not there. */
static const char *
text_of(const struct characteristic *characteristic, const char *name)
{
	const char *value = wap_value(characteristic, name);

	return value == NULL ? "" : value;
}

/* Without a nonce the whole enrollment failed on 25H2: 0x80070057 inside 0x80180023. */
static bool
nonce_check(struct arena *arena, const struct characteristic *auth, struct refusal *refusal)
{
	const char *data = text_of(auth, "AAUTHDATA");
	struct bytes nonce;

	if (data[0] == '\0')
		return deny_cause(refusal, HRESULT_PROV_UNKNOWN, HRESULT_INVALID_ARGUMENT,
		    "APPAUTH %s has AAUTHTYPE DIGEST but no AAUTHDATA", text_of(auth, "AAUTHLEVEL"));
	if (!bytes_from_base64(arena, data, &nonce))
		return deny_cause(refusal, HRESULT_PROV_UNKNOWN, HRESULT_INVALID_ARGUMENT,
		    "APPAUTH %s: AAUTHDATA is not base64", text_of(auth, "AAUTHLEVEL"));
	return true;
}

static bool
auth_check(struct arena *arena, const struct characteristic *auth, bool client, struct refusal *refusal)
{
	const char *type = text_of(auth, "AAUTHTYPE");
	bool digest = strcmp(type, "DIGEST") == 0;

	if (!wap_check(auth, "APPAUTH", auth_rules, ARRAY_SIZE(auth_rules), HRESULT_PROV_W7, refusal))
		return false;
	if (auth->children > 0)
		return deny(refusal, HRESULT_PROV_W7, "APPAUTH holds characteristics");
	if (!digest && (client || strcmp(type, "BASIC") != 0))
		return deny(refusal, HRESULT_PROV_W7, "AAUTHTYPE \"%.40s\" is not possible for %s", type,
		    text_of(auth, "AAUTHLEVEL"));
	if (text_of(auth, "AAUTHSECRET")[0] == '\0')
		return deny(
		    refusal, HRESULT_PROV_W7, "APPAUTH %s has no AAUTHSECRET", text_of(auth, "AAUTHLEVEL"));
	if (!client && text_of(auth, "AAUTHNAME")[0] == '\0')
		return deny(refusal, HRESULT_PROV_W7, "APPAUTH APPSRV has no AAUTHNAME");
	return !digest || nonce_check(arena, auth, refusal);
}

static bool
auths_check(struct arena *arena, const struct characteristic *application, struct refusal *refusal)
{
	unsigned client = 0, server = 0;

	for (size_t i = 0; i < application->children; i++) {
		const struct characteristic *child = &application->child[i];
		const char *level = text_of(child, "AAUTHLEVEL");

		if (strcmp(child->type, "APPAUTH") != 0)
			return deny(
			    refusal, HRESULT_PROV_W7, "APPLICATION has no characteristic %.60s", child->type);
		if (strcmp(level, "CLIENT") == 0)
			client++;
		else if (strcmp(level, "APPSRV") == 0)
			server++;
		else
			return deny(refusal, HRESULT_PROV_W7,
			    "AAUTHLEVEL \"%.40s\" is neither CLIENT nor APPSRV", level);
		if (!auth_check(arena, child, strcmp(level, "CLIENT") == 0, refusal))
			return false;
	}
	if (client != 1 || server != 1)
		return deny(refusal, HRESULT_PROV_W7,
		    "APPAUTH is needed once for CLIENT and once for APPSRV, there are %u and %u", client,
		    server);
	return true;
}

static bool
values_check(const struct characteristic *application, struct refusal *refusal, struct notes *notes)
{
	const char *id = text_of(application, "PROVIDER-ID"), *address = text_of(application, "ADDR");
	const char *encoding = wap_value(application, "DEFAULTENCODING");
	const char *version = wap_value(application, "PROTOVER");

	if (strcmp(text_of(application, "APPID"), "w7") != 0)
		return deny(refusal, HRESULT_PROV_W7, "APPID is \"%.40s\" instead of w7",
		    text_of(application, "APPID"));
	if (id[0] == '\0' || strchr(id, '/') != NULL)
		return deny(refusal, HRESULT_PROV_W7, "PROVIDER-ID \"%.60s\" cannot be a node's name", id);
	if (id[strcspn(id, " .")] != '\0')
		note(notes, "PROVIDER-ID \"%.60s\" has a blank or dot, which needs escaping in URIs", id);
	if (strncmp(address, "https://", 8) != 0 || address[8] == '\0')
		return deny(refusal, HRESULT_PROV_W7, "ADDR \"%.120s\" is not an https URL", address);
	if (encoding != NULL && strcmp(encoding, "application/vnd.syncml.dm+xml") != 0 &&
	    strcmp(encoding, "application/vnd.syncml.dm+wbxml") != 0)
		return deny(refusal, HRESULT_PROV_W7, "DEFAULTENCODING \"%.60s\" is unknown", encoding);
	if (version != NULL && strcmp(version, "1.1") != 0 && strcmp(version, "1.2") != 0)
		return deny(refusal, HRESULT_PROV_W7, "PROTOVER \"%.20s\" is neither 1.1 nor 1.2", version);
	return true;
}

static bool
one_block(
    const struct characteristic *root, const struct characteristic **application, struct refusal *refusal)
{
	*application = wap_child(root, "APPLICATION");
	return *application != NULL ||
	    deny(refusal, HRESULT_PROV_W7, "the document needs APPLICATION, exactly once");
}

bool
provision_application(struct arena *arena, const struct characteristic *root, struct provision *provision,
    struct refusal *refusal, struct notes *notes)
{
	const struct characteristic *application;

	if (!one_block(root, &application, refusal) ||
	    !wap_check(
		application, "APPLICATION", w7_rules, ARRAY_SIZE(w7_rules), HRESULT_PROV_W7, refusal) ||
	    !values_check(application, refusal, notes) || !auths_check(arena, application, refusal))
		return false;
	provision->provider_id = wap_value(application, "PROVIDER-ID");
	provision->provider_name = wap_value(application, "NAME");
	provision->address = wap_value(application, "ADDR");
	provision->criteria = wap_value(application, "SSLCLIENTCERTSEARCHCRITERIA");
	if (provision->criteria == NULL)
		return deny(refusal, HRESULT_PROV_NOT_FOUND,
		    "SSLCLIENTCERTSEARCHCRITERIA is missing: no certificate would be presented");
	return criteria_parse(arena, provision->criteria, &provision->search, refusal);
}

bool
provision_application_renewed(const struct characteristic *root, const struct provision_expected *expected,
    struct provision *provision, struct refusal *refusal, struct notes *notes)
{
	const struct characteristic *application;

	if (!one_block(root, &application, refusal))
		return false;
	provision->provider_id = wap_value(application, "PROVIDER-ID");
	if (provision->provider_id == NULL || expected->provider_id == NULL ||
	    strcmp(provision->provider_id, expected->provider_id) != 0)
		return deny(refusal, HRESULT_PROV_W7,
		    "PROVIDER-ID is \"%.60s\", the account that is renewed is \"%.60s\"",
		    provision->provider_id == NULL ? "" : provision->provider_id,
		    expected->provider_id == NULL ? "" : expected->provider_id);
	if (application->parms != 1 || application->children > 0)
		note(notes, "a renewal's APPLICATION has more than PROVIDER-ID");
	return true;
}
