/* Items in captured order. */
#include "context.h"

#include <muster/base/bytes.h>
#include <muster/base/text.h>

#include <strings.h>

#include <gnutls/crypto.h>

static void
add(struct context *context, const char *name, const char *value)
{
	if (context->count < CONTEXT_MAX) {
		context->item[context->count].name = name;
		context->item[context->count].value = value;
		context->count++;
	}
}

static char *
random_base64(struct arena *arena, size_t size)
{
	uint8_t *data = arena_alloc(arena, size);

	if (gnutls_rnd(GNUTLS_RND_NONCE, data, size) < 0)
		abort();
	return bytes_to_base64(arena, (struct bytes){ data, size });
}

/* Seen with EnrollmentVersion 5.0 only: blobs of the observed size. */
static void
add_attestation(struct context *context, struct arena *arena)
{
	add(context, "AIKPub", random_base64(arena, 285));
	add(context, "AIKAttestationClaim", random_base64(arena, 1200));
}

/*
 * RequestVersion as observed: an advertised 5.0 is repeated, anything else gets the highest the
 * client speaks, whatever was advertised. Older clients send it from 5.0 on.
 */
static const char *
version_told(const struct settings *settings, double advertised)
{
	if (advertised >= 5.0 && advertised < 6.0)
		return "5.0";
	if (settings->windows == WINDOWS_10 && advertised < 5.0)
		return NULL;
	return identity_request_version(settings);
}

static void
add_system(struct context *context, const struct settings *settings, const struct identity *identity)
{
	add(context, "UXInitiated", "true");
	add(context, "HWDevID", identity->hardware_id);
	add(context, "Locale", "en-US");
	add(context, "TargetedUserLoggedIn", "true");
	add(context, "OSEdition", settings->windows == WINDOWS_11 ? "48" : "4");
	add(context, "DeviceName", identity->name);
	for (size_t i = 0; i < IDENTITY_ADAPTERS; i++)
		add(context, "MAC", identity->adapter[i]);
	add(context, "DeviceID", identity->device_id);
	add(context, "EnrollmentType", settings->device_type ? "Device" : "Full");
	add(context, "DeviceType", "CIMClient_Windows");
	add(context, "OSVersion", identity_os_version(settings->windows));
	add(context, "ApplicationVersion", identity_client_version(settings->windows));
	add(context, "NotInOobe", "true");
}

static void
apply_override(struct context *context, struct arena *arena, const char *override, bool first)
{
	const char *equals = strchr(override, '=');
	size_t length = equals == NULL ? strlen(override) : (size_t)(equals - override);
	const char *name = arena_strndup(arena, override, length);
	size_t kept = 0;
	bool placed = equals == NULL;

	for (size_t i = 0; first && i < context->count; i++) {
		if (!text_equal_fold(context->item[i].name, name)) {
			context->item[kept++] = context->item[i];
		} else if (!placed) {
			context->item[kept].name = name;
			context->item[kept++].value = equals + 1;
			placed = true;
		}
	}
	if (first)
		context->count = kept;
	if (!placed)
		add(context, name, equals + 1);
}

/* Is this the first override of its name? A second one adds, for names that repeat. */
static bool
override_is_first(const struct settings *settings, size_t index)
{
	size_t length = strcspn(settings->override[index], "=");

	for (size_t i = 0; i < index; i++)
		if (strcspn(settings->override[i], "=") == length &&
		    strncasecmp(settings->override[i], settings->override[index], length) == 0)
			return false;
	return true;
}

void
context_fill(struct context *context, struct arena *arena, const struct settings *settings,
    const struct identity *identity, const char *version)
{
	double advertised = version == NULL ? 0 : strtod(version, NULL);
	const char *told = version_told(settings, advertised);

	context->count = 0;
	if (advertised >= 5.0 && advertised < 6.0)
		add_attestation(context, arena);
	add_system(context, settings, identity);
	if (settings->windows == WINDOWS_11) {
		add(context, "Manufacturer", "Simulated Hardware");
		add(context, "DeviceModel", "Muster Device");
		add(context, "SerialNumber", identity->serial);
	}
	if (told != NULL)
		add(context, "RequestVersion", told);
	if (told != NULL && strtod(told, NULL) >= 7.0) {
		add(context, "AttestationStatus",
		    "Status=AttestationResultNoAttestation;AttestationErrorMsg=No AIK algorithms provided");
		add(context, "AttestationStatusHResult", "0x80070057");
	}
	for (size_t i = 0; i < settings->override_count; i++)
		apply_override(context, arena, settings->override[i], override_is_first(settings, i));
}

const char *
context_get(const struct context *context, const char *name)
{
	for (size_t i = 0; i < context->count; i++)
		if (text_equal_fold(context->item[i].name, name))
			return context->item[i].value;
	return NULL;
}

bool
context_is_device(const struct context *context)
{
	return text_equal_fold(context_get(context, "EnrollmentType"), "Device");
}

bool
context_is_phone(const struct context *context)
{
	const char *type = context_get(context, "DeviceType");

	return text_equal_fold(type, "WindowsPhone") || text_equal_fold(type, "WindowsHandheld");
}
