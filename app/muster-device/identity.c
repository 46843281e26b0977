/* Random hardware, kept in the state directory so that a second enrollment is the same machine. */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <jansson.h>

static void
random_bytes(void *data, size_t size)
{
	if (gnutls_rnd(GNUTLS_RND_NONCE, data, size) < 0)
		abort();
}

/* digits upper-case hexadecimal digits and a NUL. */
static void
random_hex(char *text, size_t digits)
{
	uint8_t bytes[64];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < digits; i++)
		text[i] = "0123456789ABCDEF"[bytes[i % sizeof(bytes)] & 15];
	text[digits] = '\0';
}

void
identity_new(struct identity *identity)
{
	char digits[65];

	random_hex(identity->device_id, 32);
	random_hex(identity->hardware_id, 64);
	random_hex(digits, 7);
	snprintf(identity->name, sizeof(identity->name), "DESKTOP-%.7s", digits);
	random_hex(identity->serial, 12);
	for (size_t i = 0; i < IDENTITY_ADAPTERS; i++) {
		random_hex(digits, 10);
		/* 02: locally administered, so that nobody's real address is claimed. */
		snprintf(identity->adapter[i], sizeof(identity->adapter[i]), "02-%.2s-%.2s-%.2s-%.2s-%.2s",
		    digits, digits + 2, digits + 4, digits + 6, digits + 8);
	}
}

struct identity_guid
identity_guid(void)
{
	struct identity_guid guid;
	uint8_t b[16];

	random_bytes(b, sizeof(b));
	b[6] = (uint8_t)(0x40 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	snprintf(guid.text, sizeof(guid.text),
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return guid;
}

static bool
copy_string(const json_t *root, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(root, key));

	return text != NULL && (size_t)snprintf(to, size, "%s", text) < size;
}

static bool
identity_from_json(const json_t *root, struct identity *identity)
{
	const json_t *adapters = json_object_get(root, "adapters");

	if (!copy_string(root, "DeviceID", identity->device_id, sizeof(identity->device_id)) ||
	    !copy_string(root, "HWDevID", identity->hardware_id, sizeof(identity->hardware_id)) ||
	    !copy_string(root, "DeviceName", identity->name, sizeof(identity->name)) ||
	    !copy_string(root, "SerialNumber", identity->serial, sizeof(identity->serial)) ||
	    json_array_size(adapters) != IDENTITY_ADAPTERS)
		return false;
	for (size_t i = 0; i < IDENTITY_ADAPTERS; i++) {
		const char *text = json_string_value(json_array_get(adapters, i));

		if (text == NULL || strlen(text) != 17)
			return false;
		memcpy(identity->adapter[i], text, 18);
	}
	return true;
}

static bool
identity_save(const char *path, const struct identity *identity)
{
	json_t *root = json_pack("{ssssssss}", "DeviceID", identity->device_id, "HWDevID",
	    identity->hardware_id, "DeviceName", identity->name, "SerialNumber", identity->serial);
	json_t *adapters = json_array();
	bool ok;

	for (size_t i = 0; i < IDENTITY_ADAPTERS; i++)
		json_array_append_new(adapters, json_string(identity->adapter[i]));
	json_object_set_new(root, "adapters", adapters);
	ok = json_dump_file(root, path, JSON_INDENT(1)) == 0;
	json_decref(root);
	return ok;
}

bool
identity_load(const char *directory, struct identity *identity, char *error, size_t size)
{
	char path[4096];
	json_t *root;
	bool ok;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
		snprintf(error, size, "%s: %s", directory, strerror(errno));
		return false;
	}
	if (snprintf(path, sizeof(path), "%s/identity.json", directory) >= (int)sizeof(path)) {
		snprintf(error, size, "%.200s: name too long", directory);
		return false;
	}
	if (access(path, F_OK) < 0) {
		identity_new(identity);
		ok = identity_save(path, identity);
	} else {
		root = json_load_file(path, 0, NULL);
		ok = identity_from_json(root, identity);
		json_decref(root);
	}
	if (!ok)
		snprintf(error, size, "%s: cannot be written or is not an identity", path);
	return ok;
}

const char *
identity_os_version(enum windows windows)
{
	return windows == WINDOWS_11 ? "10.0.26200.9278" : "10.0.19045.5131";
}

const char *
identity_client_version(enum windows windows)
{
	return windows == WINDOWS_11 ? "10.0.26200.9279" : "10.0.19045.5131";
}

const char *
identity_request_version(const struct settings *settings)
{
	if (settings->version != NULL)
		return settings->version;
	return settings->windows == WINDOWS_11 ? "9.0" : "4.0";
}
