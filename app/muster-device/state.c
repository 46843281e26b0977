/* Stores as directories, installed by one rename. */
#include "state_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#define FILE_MAX_SIZE (1024 * 1024)

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void
state_remove(const char *directory)
{
	(void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

bool
state_enrolled(const char *directory)
{
	char path[4096];

	return snprintf(path, sizeof(path), "%s/enrolled", directory) < (int)sizeof(path) &&
	    access(path, F_OK) == 0;
}

bool
state_file_write(const char *path, mode_t mode, struct bytes bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size;
	return close(fd) == 0 && ok;
}

static bool
directories_make(struct arena *arena, const char *top, const char *outer, const char *inner)
{
	const char *one = arena_printf(arena, "%s/%s", top, outer);
	const char *two = arena_printf(arena, "%s/%s", one, inner);

	return (mkdir(one, 0700) == 0 || errno == EEXIST) && (mkdir(two, 0700) == 0 || errno == EEXIST);
}

/* A certificate into its store; behind follows its issuer, as TLS sends them. */
bool
state_certificate_install(struct arena *arena, const char *top, const char *outer, const char *inner,
    struct bytes der, struct bytes behind)
{
	const char *pem, *issuer = "";

	if (der.size == 0)
		return true;
	pem = certificate_pem(arena, der);
	if (behind.size > 0)
		issuer = certificate_pem(arena, behind);
	if (pem == NULL || issuer == NULL || !directories_make(arena, top, outer, inner))
		return false;
	return state_file_write(
	    arena_printf(arena, "%s/%s/%s/%s.pem", top, outer, inner, certificate_sha1(arena, der)), 0600,
	    bytes_of(arena_printf(arena, "%s%s", pem, issuer)));
}

bool
state_file_read(struct arena *arena, const char *path, struct bytes *bytes)
{
	FILE *file = fopen(path, "re");
	char *data;

	if (file == NULL)
		return false;
	data = arena_alloc(arena, FILE_MAX_SIZE);
	bytes->size = fread(data, 1, FILE_MAX_SIZE - 1, file);
	bytes->data = (const uint8_t *)data;
	fclose(file);
	return bytes->size > 0;
}

/* Whom the device trusts from now on: the delivered root, and what it trusted before (--ca-file). */
static bool
trust_install(struct arena *arena, const struct settings *settings, const char *top, struct bytes root)
{
	const char *pem = root.size == 0 ? "" : certificate_pem(arena, root);
	struct bytes before = { NULL, 0 };

	if (settings->ca_file != NULL && !state_file_read(arena, settings->ca_file, &before))
		return false;
	return state_file_write(arena_printf(arena, "%s/trust.pem", top), 0600,
	    bytes_of(arena_printf(arena, "%s%.*s", pem, (int)before.size,
		before.data == NULL ? "" : (const char *)before.data)));
}

static bool
settings_install(const char *path, const struct settings *settings, const struct provision *provision)
{
	json_t *root = json_pack("{ss*ss*ss*ss*ss*ss*ss*sisi}", "user", settings->user, "provider",
	    provision->provider_id, "address", provision->address, "criteria", provision->criteria, "device",
	    provision->device_id, "deviceName", provision->device_name, "renewUrl", provision->renew_url,
	    "renewPeriod", (int)provision->renew_period, "renewRetry", (int)provision->renew_retry);
	bool ok = root != NULL && json_dump_file(root, path, JSON_INDENT(1)) == 0;

	json_decref(root);
	return ok;
}

bool
state_key_install(
    struct arena *arena, const char *top, const char *inner, struct bytes leaf, gnutls_x509_privkey_t key)
{
	CLEANUP(secret_release) struct secret pem = { NULL, 0 };

	return keypair_pem(key, &pem) &&
	    state_file_write(
		arena_printf(arena, "%s/My/%s/%s.key", top, inner, certificate_sha1(arena, leaf)), 0600,
		(struct bytes){ (const uint8_t *)pem.data, pem.size });
}

static bool
all_install(struct arena *arena, const struct settings *settings, const char *top,
    const struct provision *provision, struct bytes document, gnutls_x509_privkey_t key)
{
	const char *inner = provision->system_store ? "System" : "User";
	struct bytes none = { NULL, 0 };

	return mkdir(top, 0700) == 0 &&
	    state_certificate_install(arena, top, "Root", "System", provision->root, none) &&
	    state_certificate_install(arena, top, "CA", "System", provision->issuing, none) &&
	    state_certificate_install(arena, top, "My", inner, provision->leaf, provision->issuing) &&
	    state_key_install(arena, top, inner, provision->leaf, key) &&
	    trust_install(arena, settings, top, provision->root) &&
	    state_file_write(arena_printf(arena, "%s/document.xml", top), 0600, document) &&
	    settings_install(arena_printf(arena, "%s/settings.json", top), settings, provision);
}

/* By two renames; what was there is back when the second fails. */
bool
state_put_in_place(const char *fresh, const char *place, const char *old, struct refusal *refusal)
{
	if (rename(place, old) < 0 && errno != ENOENT) {
		state_remove(fresh);
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "%s: %s", place, strerror(errno));
	}
	if (rename(fresh, place) < 0) {
		int error = errno;

		(void)rename(old, place);
		state_remove(fresh);
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "%s: %s", place, strerror(error));
	}
	state_remove(old);
	return true;
}

bool
state_install(struct arena *arena, const struct settings *settings, const char *directory,
    const struct provision *provision, struct bytes document, gnutls_x509_privkey_t key,
    struct refusal *refusal)
{
	const char *fresh = arena_printf(arena, "%s/.new-%ld", directory, (long)getpid());
	const char *old = arena_printf(arena, "%s/.old-%ld", directory, (long)getpid());
	const char *place = arena_printf(arena, "%s/enrolled", directory);

	state_remove(fresh);
	state_remove(old);
	if (!all_install(arena, settings, fresh, provision, document, key)) {
		int error = errno;

		state_remove(fresh);
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "cannot install into %s: %s", directory,
		    strerror(error));
	}
	return state_put_in_place(fresh, place, old, refusal);
}

/* The first certificate of a PEM file as DER. */
static bool
pem_read(struct arena *arena, const char *path, struct bytes *der)
{
	struct bytes pem;
	gnutls_datum_t in, out = { NULL, 0 };

	if (!state_file_read(arena, path, &pem))
		return false;
	in.data = (unsigned char *)(uintptr_t)pem.data;
	in.size = (unsigned)pem.size;
	if (gnutls_pem_base64_decode2("CERTIFICATE", &in, &out) < 0)
		return false;
	*der = arena_copy(arena, out.data, out.size);
	gnutls_free(out.data);
	return true;
}

/* Look through one store; every certificate that the criteria fit is counted, the last one kept. */
static size_t
store_search(struct arena *arena, const char *top, const char *name, enum certificate_store store,
    const struct criteria *criteria, struct state_login *login)
{
	const char *path = arena_printf(arena, "%s/%s", top, name);
	DIR *directory = opendir(path);
	struct dirent *entry;
	size_t found = 0;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);
		struct subject_name subject;
		struct bytes der;

		if (length != 44 || strcmp(entry->d_name + 40, ".pem") != 0 ||
		    !pem_read(arena, arena_printf(arena, "%s/%s", path, entry->d_name), &der) ||
		    !certificate_subject(arena, der, &subject) || !criteria_match(criteria, &subject, store))
			continue;
		found++;
		login->store = name;
		login->thumbprint = arena_strndup(arena, entry->d_name, 40);
		login->certificate = arena_printf(arena, "%s/%s.pem", path, login->thumbprint);
		login->key = arena_printf(arena, "%s/%s.key", path, login->thumbprint);
	}
	if (directory != NULL)
		closedir(directory);
	return found;
}

static bool
settings_read(struct arena *arena, const char *top, struct state_login *login, const char **criteria)
{
	json_t *root = json_load_file(arena_printf(arena, "%s/settings.json", top), 0, NULL);

	login->address = arena_strdup(arena, json_string_value(json_object_get(root, "address")));
	login->device = arena_strdup(arena, json_string_value(json_object_get(root, "device")));
	login->user = arena_strdup(arena, json_string_value(json_object_get(root, "user")));
	login->provider = arena_strdup(arena, json_string_value(json_object_get(root, "provider")));
	login->renew_url = arena_strdup(arena, json_string_value(json_object_get(root, "renewUrl")));
	login->renew_period = (uint32_t)json_integer_value(json_object_get(root, "renewPeriod"));
	login->renew_retry = (uint32_t)json_integer_value(json_object_get(root, "renewRetry"));
	*criteria = arena_strdup(arena, json_string_value(json_object_get(root, "criteria")));
	json_decref(root);
	return login->address != NULL && *criteria != NULL;
}

/* The file of a store that was written last; empty when there is none. */
static struct bytes
newest_read(struct arena *arena, const char *path)
{
	struct bytes newest = { NULL, 0 }, der;
	DIR *directory = opendir(path);
	struct dirent *entry;
	struct timespec at = { 0, 0 };
	struct stat st;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		const char *file = arena_printf(arena, "%s/%s", path, entry->d_name);

		if (stat(file, &st) < 0 || !S_ISREG(st.st_mode) || !pem_read(arena, file, &der))
			continue;
		if (newest.size > 0 &&
		    (st.st_mtim.tv_sec < at.tv_sec ||
			(st.st_mtim.tv_sec == at.tv_sec && st.st_mtim.tv_nsec < at.tv_nsec)))
			continue;
		newest = der;
		at = st.st_mtim;
	}
	if (directory != NULL)
		closedir(directory);
	return newest;
}

static void
authorities_read(struct arena *arena, const char *top, struct state_login *login)
{
	login->root = newest_read(arena, arena_printf(arena, "%s/Root/System", top));
	login->issuing = newest_read(arena, arena_printf(arena, "%s/CA/System", top));
}

bool
state_find(struct arena *arena, const char *directory, struct state_login *login, struct refusal *refusal)
{
	const char *top = arena_printf(arena, "%s/enrolled", directory), *text;
	struct criteria criteria;
	size_t found;

	*login = (struct state_login){ .roots = arena_printf(arena, "%s/trust.pem", top) };
	if (!settings_read(arena, top, login, &text))
		return deny(refusal, HRESULT_NOT_ENROLLED, "%s holds no enrollment", directory);
	authorities_read(arena, top, login);
	if (!criteria_parse(arena, text, &criteria, refusal))
		return false;
	found = store_search(arena, top, "My/User", STORE_MY_USER, &criteria, login) +
	    store_search(arena, top, "My/System", STORE_MY_SYSTEM, &criteria, login);
	return found == 1 ||
	    deny(
		refusal, HRESULT_PROV_NOT_FOUND, "\"%.200s\" finds %zu certificates in %s", text, found, top);
}
