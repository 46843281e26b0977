/* DMClient (MS-MDE2 2.2.9.3, DMClient CSP). */
#include "provision.h"

#define NUMBER(node) \
	{ \
		.name = (node), .kind = PARM_NUMBER, .typed = true, .highest = INT32_MAX \
	}
#define BOOLEAN(node) \
	{ \
		.name = (node), .kind = PARM_BOOLEAN, .typed = true \
	}
#define TEXT(node) \
	{ \
		.name = (node), .kind = PARM_TEXT \
	}

static const struct parm_rule provider_rules[] = {
	TEXT("UPN"),
	TEXT("EntDeviceName"),
	TEXT("EntDMID"),
	TEXT("SyncApplicationVersion"),
	TEXT("AADResourceID"),
	TEXT("ManagementServiceAddress"),
	TEXT("ManagementServerAddressList"),
	TEXT("HelpPhoneNumber"),
	TEXT("HelpWebsite"),
	TEXT("HelpEmailAddress"),
	TEXT("CommercialID"),
	TEXT("PublisherDeviceID"),
	BOOLEAN("EnableOmaDmKeepAliveMessage"),
	BOOLEAN("RequireMessageSigning"),
	BOOLEAN("AADSendDeviceToken"),
	NUMBER("NumberOfDaysAfterLostContactToUnenroll"),
	/* Read-only, or to be set by SyncML only. */
	{ .name = "MaxSyncApplicationVersion", .kind = PARM_REFUSED },
	{ .name = "AADDeviceID", .kind = PARM_REFUSED },
	{ .name = "EnrollmentType", .kind = PARM_REFUSED },
	{ .name = "HWDevID", .kind = PARM_REFUSED },
	{ .name = "ExchangeID", .kind = PARM_REFUSED },
	{ .name = "SignedEntDMID", .kind = PARM_REFUSED },
	{ .name = "CertRenewTimeStamp", .kind = PARM_REFUSED },
	{ .name = "Unenroll", .kind = PARM_REFUSED },
};

static const struct parm_rule poll_rules[] = {
	NUMBER("NumberOfFirstRetries"),
	NUMBER("IntervalForFirstSetOfRetries"),
	NUMBER("NumberOfSecondRetries"),
	NUMBER("IntervalForSecondSetOfRetries"),
	NUMBER("NumberOfRemainingScheduledRetries"),
	NUMBER("IntervalForRemainingScheduledRetries"),
	BOOLEAN("PollOnLogin"),
	BOOLEAN("AllUsersPollOnFirstLogin"),
};

/* The six numbers, with the defaults of what is left out. */
static bool
schedule_check(const struct characteristic *poll, struct refusal *refusal, struct notes *notes)
{
	uint32_t first = wap_number(poll, "NumberOfFirstRetries", 10);
	uint32_t first_interval = wap_number(poll, "IntervalForFirstSetOfRetries", 15);
	uint32_t second = wap_number(poll, "NumberOfSecondRetries", 0);
	uint32_t second_interval = wap_number(poll, "IntervalForSecondSetOfRetries", 0);
	uint32_t remaining = wap_number(poll, "NumberOfRemainingScheduledRetries", 0);
	uint32_t remaining_interval = wap_number(poll, "IntervalForRemainingScheduledRetries", 0);

	if (first == 0 && second == 0 && remaining == 0)
		return deny(refusal, HRESULT_PROV_DMCLIENT,
		    "Poll: all three numbers of retries are 0, so that no session is scheduled%s",
		    first_interval == 0 && second_interval == 0 && remaining_interval == 0
			? " (nor has any an interval)"
			: "");
	if (first == 0 && first_interval > 0)
		note(notes, "Poll: the first schedule is infinite, every %u minutes; the others are disabled",
		    first_interval);
	return true;
}

static bool
poll_check(const struct characteristic *provider, struct refusal *refusal, struct notes *notes)
{
	const struct characteristic *poll = wap_child(provider, "Poll");

	if (poll == NULL) {
		note(notes, "DMClient has no Poll: defaults apply");
		return true;
	}
	if (poll->children > 0)
		return deny(refusal, HRESULT_PROV_DMCLIENT, "Poll holds characteristics");
	return wap_check(poll, "Poll", poll_rules, ARRAY_SIZE(poll_rules), HRESULT_PROV_DMCLIENT, refusal) &&
	    schedule_check(poll, refusal, notes);
}

/* SyncApplicationVersion: a digit, perhaps a digit and a point before it. */
static bool
version_check(const char *text)
{
	size_t at = 0;

	if (text == NULL)
		return true;
	if (text[0] >= '0' && text[0] <= '9' && text[1] == '.')
		at = 2;
	return text[at] >= '0' && text[at] <= '9' && text[at + 1] == '\0';
}

static bool
provider_check(const struct characteristic *provider, struct refusal *refusal, struct notes *notes)
{
	const char *id = wap_value(provider, "EntDMID");

	if (!wap_check(provider, "DMClient", provider_rules, ARRAY_SIZE(provider_rules),
		HRESULT_PROV_DMCLIENT, refusal))
		return false;
	for (size_t i = 0; i < provider->children; i++)
		if (strcmp(provider->child[i].type, "Poll") != 0)
			return deny(refusal, HRESULT_PROV_DMCLIENT,
			    "DMClient: %.60s cannot be set at enrollment", provider->child[i].type);
		else if (&provider->child[i] != wap_child(provider, "Poll"))
			return deny(refusal, HRESULT_PROV_DMCLIENT, "Poll is there twice");
	if (id == NULL || id[0] == '\0')
		return deny(refusal, HRESULT_PROV_DMCLIENT,
		    "EntDMID is not set: the certificate could not be renewed");
	if (!version_check(wap_value(provider, "SyncApplicationVersion")))
		return deny(refusal, HRESULT_PROV_DMCLIENT, "SyncApplicationVersion \"%.20s\" is no version",
		    wap_value(provider, "SyncApplicationVersion"));
	return poll_check(provider, refusal, notes);
}

bool
provision_dmclient(const struct characteristic *root, struct provision *provision, struct refusal *refusal,
    struct notes *notes)
{
	const struct characteristic *client = wap_child(root, "DMClient");
	const struct characteristic *list = client == NULL ? NULL : wap_child(client, "Provider");
	const struct characteristic *provider;

	if (list == NULL || client->children != 1 || client->parms > 0 || list->children != 1 ||
	    list->parms > 0)
		return deny(refusal, HRESULT_PROV_DMCLIENT,
		    "the document needs DMClient/Provider with one provider, exactly once");
	provider = &list->child[0];
	if (strcmp(provider->type, provision->provider_id) != 0)
		return deny(refusal, HRESULT_PROV_DMCLIENT,
		    "DMClient configures the provider \"%.60s\", APPLICATION has PROVIDER-ID \"%.60s\"",
		    provider->type, provision->provider_id);
	provision->upn = wap_value(provider, "UPN");
	provision->device_id = wap_value(provider, "EntDMID");
	provision->device_name = wap_value(provider, "EntDeviceName");
	return provider_check(provider, refusal, notes);
}
