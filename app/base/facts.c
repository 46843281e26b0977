#include <muster/base/arena.h>
#include <muster/base/facts.h>
#include <muster/base/text.h>

#include <jansson.h>

/* The spelling under which SQL looks an item up (MS-MDE2 3.4.4.1.1.1, and what current clients add). */
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

static const char *
known_spelling(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (text_equal_fold(known[i], name))
			return known[i];
	return name;
}

bool
facts_add(struct facts *facts, const char *name, const char *value)
{
	if (facts->count >= FACTS_MAX || *name == '\0' || strlen(name) > FACT_NAME_MAX ||
	    strlen(value) > FACT_VALUE_MAX)
		return false;
	facts->item[facts->count++] = (struct fact){ known_spelling(name), value };
	return true;
}

const char *
facts_get(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->count; i++)
		if (text_equal_fold(facts->item[i].name, name))
			return facts->item[i].value;
	return NULL;
}

/* Put one more value under a name: the second makes it an array. */
static bool
object_add(json_t *object, const char *name, const char *value)
{
	json_t *there = json_object_get(object, name), *array, *string = json_string(value);

	if (there == NULL)
		return json_object_set_new(object, name, string) == 0;
	if (json_is_array(there))
		return json_array_append_new(there, string) == 0;
	array = json_array();
	if (json_array_append(array, there) < 0 || json_array_append_new(array, string) < 0) {
		json_decref(array);
		return false;
	}
	return json_object_set_new(object, name, array) == 0;
}

char *
facts_json(struct arena *arena, const struct facts *facts)
{
	json_t *object = json_object();
	char *text = NULL, *copy;

	for (size_t i = 0; i < facts->count; i++)
		(void)object_add(object, facts->item[i].name, facts->item[i].value);
	text = json_dumps(object, JSON_COMPACT);
	copy = arena_strdup(arena, text != NULL ? text : "{}");
	free(text);
	json_decref(object);
	return copy;
}

static bool
add_json(struct arena *arena, struct facts *facts, const char *name, const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) == json_string_length(value) &&
	    facts_add(facts, arena_strdup(arena, name), arena_strdup(arena, text));
}

static bool
add_json_all(struct arena *arena, struct facts *facts, const char *name, const json_t *value)
{
	if (!json_is_array(value))
		return add_json(arena, facts, name, value);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!add_json(arena, facts, name, json_array_get(value, i)))
			return false;
	return true;
}

bool
facts_from_json(struct arena *arena, const char *json, struct facts *facts)
{
	json_error_t error;
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &error);
	bool good = json_is_object(object);

	facts->count = 0;
	if (good)
		for (void *i = json_object_iter(object); good && i != NULL;
		     i = json_object_iter_next(object, i))
			good = add_json_all(arena, facts, json_object_iter_key(i), json_object_iter_value(i));
	json_decref(object);
	return good;
}
