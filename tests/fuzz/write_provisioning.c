/*
 * A provisioning document with any text in it: the fields provider id, provider name, management and
 * renewal URL, UPN, DeviceName, MessageID and hub name. Out of its RSTRC the simulated device takes the
 * same document, which is well-formed and reads back as it was written.
 */
#include "../../app/muster-device/token.h"
#include "../../app/muster-device/wap.h"
#include "certificates.h"
#include "fuzz.h"

#include <muster/base/text.h>
#include <muster/protocol/provisioning.h>
#include <muster/protocol/wstep.h>

#define TRACE "01938f3e-7d2a-7c41-9a55-0f1e2d3c4b5a"

static const struct characteristic *
child(const struct characteristic *parent, const char *type)
{
	const struct characteristic *found = wap_child(parent, type);

	FUZZ_CHECK(found != NULL);
	return found;
}

static void
value_check(
    struct arena *arena, const struct characteristic *characteristic, const char *name, const char *written)
{
	FUZZ_CHECK(fuzz_same(wap_value(characteristic, name), fuzz_carried(arena, written)));
}

/* Another name is sent in place of such a one. */
static bool
has_control(const char *text)
{
	while (*text != '\0' && (unsigned char)*text >= 0x20 && *text != 0x7f)
		text++;
	return *text != '\0';
}

static void
document_check(struct arena *arena, struct bytes document, const struct provisioning *settings,
    const char *upn, const char *device_name)
{
	const struct characteristic *application, *client, *hub, *renew;
	struct characteristic root;
	struct refusal refusal = { 0 };

	FUZZ_CHECK(wap_read(arena, document, &root, &refusal));
	application = child(&root, "APPLICATION");
	value_check(arena, application, "PROVIDER-ID", settings->provider_id);
	value_check(arena, application, "NAME", settings->provider_name);
	value_check(arena, application, "ADDR", settings->management_url);
	client =
	    child(child(child(&root, "DMClient"), "Provider"), fuzz_carried(arena, settings->provider_id));
	value_check(arena, client, "UPN", upn);
	value_check(arena, client, "EntDMID", FUZZ_DEVICE);
	if (device_name[0] != '\0' && !has_control(device_name))
		value_check(arena, client, "EntDeviceName", text_cut(arena, device_name, 64));
	renew = child(child(child(child(&root, "CertificateStore"), "My"), "WSTEP"), "Renew");
	value_check(arena, renew, "ServerURL", settings->renewal_url);
	hub = child(child(&root, "EnterpriseAppManagement"), "LC01");
	value_check(arena, hub, "StoreName", settings->hub_name);
}

static void
token_check(struct arena *arena, struct bytes document, const char *id)
{
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct bytes answer, again;

	FUZZ_CHECK(wstep_write(arena, document, id, TRACE, &answer));
	FUZZ_CHECK(token_read(arena, answer, fuzz_carried(arena, id), &again, &refusal, &notes));
	FUZZ_CHECK(bytes_equal(document, again) && notes.count == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct facts *facts = arena_alloc(arena, sizeof(*facts));
	struct provisioning settings = { .application_enterprise_id = "LC01",
		.application_token = "dG9rZW4=",
		.hub_product_id = "hub",
		.hub_uri = "https://hub.example.test/" };
	const struct issued issued = fuzz_issued(arena, FUZZ_DEVICE);
	struct bytes rest = { data, size }, document;
	const char *upn, *device_name, *id;

	/* The database admits no empty one. */
	settings.provider_id = arena_printf(arena, "p%s", fuzz_field(arena, &rest));
	settings.provider_name = fuzz_field(arena, &rest);
	settings.management_url = fuzz_field(arena, &rest);
	settings.renewal_url = fuzz_field(arena, &rest);
	upn = fuzz_field(arena, &rest);
	device_name = fuzz_field(arena, &rest);
	id = fuzz_field(arena, &rest);
	settings.hub_name = fuzz_field(arena, &rest);
	if (!facts_add(facts, "DeviceName", device_name))
		device_name = "";
	(void)facts_add(facts, "DeviceType", "WindowsPhone");
	FUZZ_CHECK(provisioning_write(arena, &settings, &issued, facts, upn, false, &document));
	document_check(arena, document, &settings, upn, device_name);
	token_check(arena, document, id);
	fuzz_accepted = true;
	arena_free(arena);
	return 0;
}
