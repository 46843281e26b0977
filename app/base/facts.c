#include <muster/base/facts.h>

#include <muster/base/arena.h>
#include <muster/base/json.h>
#include <muster/base/text.h>

/* MS-MDE2 3.4.4.1.1.1, and what Windows sends beyond it. */
static const char *const known[] = {
	"AADPub",
	"AIKAlgorithm",
	"AIKAttestationClaim",
	"AIKCert",
	"AIKPub",
	"AadAIKAttestationClaim",
	"ApplicationVersion",
	"AttestationStatus",
	"AttestationStatusHResult",
	"AzVMIAMExtensionJoin",
	"AzureAttestationBlob",
	"AzureAttestationCorrelationVector",
	"BootstrapDomainJoin",
	"BulkAADJ",
	"DeviceID",
	"DeviceModel",
	"DeviceName",
	"DeviceType",
	"DomainName",
	"EmmDeviceId",
	"EnrollmentData",
	"EnrollmentOnBehalfOfUser",
	"EnrollmentType",
	"ExternalMgmtAgentHint",
	"HWDevID",
	"IMEI",
	"Locale",
	"MAC",
	"MACAddress",
	"Manufacturer",
	"NotInOobe",
	"OSEdition",
	"OSPlatform",
	"OSVersion",
	"OfflineAutoPilotEnrollmentCorrelator",
	"PlugAndForget",
	"RequestVersion",
	"SerialNumber",
	"TargetedUserLoggedIn",
	"UXInitiated",
	"WhiteGlove",
	"WhiteGloveHybridJoin",
	"ZeroTouchProvisioning",
};

/* The known spelling, else that of the first item so called, so that one name is one key. */
static const char *
spelling(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (text_equal_fold(known[i], name))
			return known[i];
	}
	for (size_t i = 0; i < facts->count; i++) {
		if (text_equal_fold(facts->item[i].name, name))
			return facts->item[i].name;
	}
	return name;
}

bool
facts_add(struct facts *facts, const char *name, const char *value)
{
	size_t name_size = strlen(name), value_size = strlen(value);

	if (facts->count >= FACTS_MAX || name_size == 0 || name_size > FACT_NAME_MAX ||
	    value_size > FACT_VALUE_MAX || !text_is_utf8(name, name_size) || !text_is_utf8(value, value_size))
		return false;
	name = spelling(facts, name);
	facts->item[facts->count++] = (struct fact){ name, value };
	return true;
}

const char *
facts_get(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (text_equal_fold(facts->item[i].name, name))
			return facts->item[i].value;
	}
	return NULL;
}

/* Add value under name; the second of a name turns the first into an array. False when memory ends. */
static bool
json_add(json_t *object, const char *name, const char *value)
{
	json_t *present = json_object_get(object, name), *list;

	if (present == NULL)
		return json_object_set_new(object, name, json_string(value)) == 0;
	if (json_is_array(present))
		return json_array_append_new(present, json_string(value)) == 0;
	list = json_array();
	return json_array_append(list, present) == 0 &&
	    json_array_append_new(list, json_string(value)) == 0 &&
	    json_object_set_new(object, name, list) == 0;
}

char *
facts_json(struct arena *arena, const struct facts *facts)
{
	CLEANUP(json_cleanup) json_t *object = json_object();

	for (size_t i = 0; i < facts->count; i++) {
		if (!json_add(object, facts->item[i].name, facts->item[i].value))
			arena_out_of_memory();
	}
	return json_text(arena, object);
}

static bool
take_value(struct arena *arena, struct facts *facts, const char *name, const json_t *value)
{
	return json_is_string(value) &&
	    facts_add(facts, arena_strdup(arena, name), arena_strdup(arena, json_string_value(value)));
}

static bool
take_member(struct arena *arena, struct facts *facts, const char *name, const json_t *value)
{
	if (!json_is_array(value))
		return take_value(arena, facts, name, value);
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!take_value(arena, facts, name, json_array_get(value, i)))
			return false;
	}
	return json_array_size(value) > 0;
}

bool
facts_from_json(struct arena *arena, const char *json, struct facts *facts)
{
	CLEANUP(json_cleanup) json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	const char *name;
	json_t *value;

	facts->count = 0;
	if (!json_is_object(object))
		return false;
	json_object_foreach(object, name, value)
	{
		if (!take_member(arena, facts, name, value))
			return false;
	}
	return true;
}
