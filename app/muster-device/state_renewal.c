/* Renewals in the state directory: what was begun, and the exchange of the certificate. */
#include "state_parts.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

enum windows_status { WINDOWS_BEGUN = 1, WINDOWS_SUCCEEDED = 2, WINDOWS_FAILED = 3 };

static const char *
pending_path(struct arena *arena, const char *directory, const char *name)
{
	return arena_printf(arena, "%s/renewal/%s", directory, name);
}

void
state_pending(struct arena *arena, const char *directory, const struct state_login *login,
    struct state_pending *pending)
{
	json_t *root = json_load_file(pending_path(arena, directory, "status.json"), 0, NULL);
	const char *whose = json_string_value(json_object_get(root, "CertThumbprint"));
	const char *key = pending_path(arena, directory, "key.pem");

	*pending = (struct state_pending){ 0 };
	if (whose != NULL && strcmp(whose, login->thumbprint) == 0) {
		pending->last_attempt =
		    (time_t)json_integer_value(json_object_get(root, "LastRenewalAttemptTime"));
		if (access(key, R_OK) == 0 &&
		    state_file_read(arena, pending_path(arena, directory, "request.der"), &pending->request))
			pending->key = key;
	}
	json_decref(root);
}

static bool
status_write(struct arena *arena, const char *directory, const struct state_login *login, time_t at,
    enum windows_status status, enum hresult hresult)
{
	json_t *root = json_pack("{ss si ss sI}", "CertThumbprint", login->thumbprint, "Status", (int)status,
	    "ErrorCode", arena_printf(arena, "0x%08X", (unsigned)hresult), "LastRenewalAttemptTime",
	    (json_int_t)at);
	bool ok = root != NULL &&
	    json_dump_file(root, pending_path(arena, directory, "status.json"), JSON_INDENT(1)) == 0;

	json_decref(root);
	return ok;
}

bool
state_keep(struct arena *arena, const char *directory, const struct state_login *login,
    gnutls_x509_privkey_t key, struct bytes request, struct refusal *refusal)
{
	CLEANUP(secret_release) struct secret pem = { NULL, 0 };
	const char *place = arena_printf(arena, "%s/renewal", directory);

	state_remove(place);
	if (keypair_pem(key, &pem) && mkdir(place, 0700) == 0 &&
	    state_file_write(pending_path(arena, directory, "key.pem"), 0600,
		(struct bytes){ (const uint8_t *)pem.data, pem.size }) &&
	    state_file_write(pending_path(arena, directory, "request.der"), 0600, request) &&
	    status_write(arena, directory, login, 0, WINDOWS_BEGUN, 0))
		return true;
	return deny(
	    refusal, HRESULT_PLATFORM_UNKNOWN, "cannot keep the request in %s: %s", place, strerror(errno));
}

void
state_attempted(struct arena *arena, const char *directory, const struct state_login *login, time_t at,
    enum hresult hresult)
{
	if (hresult == 0) {
		(void)remove(pending_path(arena, directory, "key.pem"));
		(void)remove(pending_path(arena, directory, "request.der"));
	}
	(void)mkdir(arena_printf(arena, "%s/renewal", directory), 0700);
	(void)status_write(
	    arena, directory, login, at, hresult == 0 ? WINDOWS_SUCCEEDED : WINDOWS_FAILED, hresult);
}

/* The files of a directory, but those that are written anew, are in another one, too. */
static bool
files_link(struct arena *arena, const char *from, const char *to)
{
	static const char *const anew[] = { "settings.json", "trust.pem", "renewal.xml" };
	DIR *directory = opendir(from);
	struct dirent *entry;
	bool ok = true;

	while (ok && directory != NULL && (entry = readdir(directory)) != NULL) {
		const char *path = arena_printf(arena, "%s/%s", from, entry->d_name);
		struct stat st;
		bool skip = lstat(path, &st) < 0 || !S_ISREG(st.st_mode);

		for (size_t i = 0; i < ARRAY_SIZE(anew); i++)
			skip = skip || strcmp(entry->d_name, anew[i]) == 0;
		ok = skip || link(path, arena_printf(arena, "%s/%s", to, entry->d_name)) == 0;
	}
	if (directory != NULL)
		closedir(directory);
	return ok;
}

/* A store of authorities as it is, and the one that was delivered, if any. */
static bool
store_carry(
    struct arena *arena, const char *before, const char *top, const char *name, struct bytes delivered)
{
	const char *from = arena_printf(arena, "%s/%s/System", before, name);
	const char *outer = arena_printf(arena, "%s/%s", top, name);
	const char *to = arena_printf(arena, "%s/System", outer);
	struct bytes none = { NULL, 0 };

	if (mkdir(outer, 0700) < 0 || mkdir(to, 0700) < 0 || !files_link(arena, from, to))
		return false;
	return state_certificate_install(arena, top, name, "System", delivered, none) || errno == EEXIST;
}

static bool
trust_carry(struct arena *arena, const char *before, const char *top, struct bytes root)
{
	const char *pem = root.size == 0 ? "" : certificate_pem(arena, root);
	struct bytes trusted = { NULL, 0 };

	(void)state_file_read(arena, arena_printf(arena, "%s/trust.pem", before), &trusted);
	return pem != NULL &&
	    state_file_write(arena_printf(arena, "%s/trust.pem", top), 0600,
		bytes_of(arena_printf(arena, "%s%.*s", pem, (int)trusted.size,
		    trusted.data == NULL ? "" : (const char *)trusted.data)));
}

/* The schedule may be altered by the document; everything else stays. */
static bool
settings_carry(struct arena *arena, const char *before, const char *top, const struct provision *provision)
{
	json_t *root = json_load_file(arena_printf(arena, "%s/settings.json", before), 0, NULL);
	bool ok = root != NULL;

	if (ok && provision->renew_period > 0) {
		ok = json_object_set_new(root, "renewPeriod", json_integer(provision->renew_period)) == 0 &&
		    json_object_set_new(root, "renewRetry", json_integer(provision->renew_retry)) == 0;
		if (ok && provision->renew_url != NULL)
			ok = json_object_set_new(root, "renewUrl", json_string(provision->renew_url)) == 0;
	}
	ok = ok && json_dump_file(root, arena_printf(arena, "%s/settings.json", top), JSON_INDENT(1)) == 0;
	json_decref(root);
	return ok;
}

static bool
all_carry(struct arena *arena, const char *before, const char *top, const struct state_login *login,
    const struct provision *provision, struct bytes document, gnutls_x509_privkey_t key)
{
	const char *inner = provision->system_store ? "System" : "User";
	struct bytes issuing = provision->issuing.size > 0 ? provision->issuing : login->issuing;

	return mkdir(top, 0700) == 0 && files_link(arena, before, top) &&
	    store_carry(arena, before, top, "Root", provision->root) &&
	    store_carry(arena, before, top, "CA", provision->issuing) &&
	    state_certificate_install(arena, top, "My", inner, provision->leaf, issuing) &&
	    state_key_install(arena, top, inner, provision->leaf, key) &&
	    trust_carry(arena, before, top, provision->root) &&
	    state_file_write(arena_printf(arena, "%s/renewal.xml", top), 0600, document) &&
	    settings_carry(arena, before, top, provision);
}

bool
state_renew(struct arena *arena, const char *directory, const struct state_login *login,
    const struct provision *provision, struct bytes document, gnutls_x509_privkey_t key,
    struct refusal *refusal)
{
	const char *fresh = arena_printf(arena, "%s/.new-%ld", directory, (long)getpid());
	const char *old = arena_printf(arena, "%s/.old-%ld", directory, (long)getpid());
	const char *place = arena_printf(arena, "%s/enrolled", directory);

	state_remove(fresh);
	state_remove(old);
	if (all_carry(arena, place, fresh, login, provision, document, key))
		return state_put_in_place(fresh, place, old, refusal);

	int error = errno;

	state_remove(fresh);
	return deny(
	    refusal, HRESULT_PLATFORM_UNKNOWN, "cannot install into %s: %s", directory, strerror(error));
}
