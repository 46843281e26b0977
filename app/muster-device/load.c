/* Threads that each take the next device until none is left. */
#include "load.h"

#include "password.h"
#include "statistics.h"

#include <muster/base/clock.h>

#include <errno.h>
#include <pthread.h>

struct login_list {
	const char **user;
	struct secret *password;
	size_t count;
};

struct load {
	const struct options *options;
	struct settings settings;
	struct login_list logins;
	struct secret token;  /* of all devices, instead of passwords; data NULL: none */
	struct signer signer; /* the same; key NULL: none */
	struct bytes *pool;   /* DER of RSA keys */
	struct arena *arena;
	FILE *out;
	pthread_mutex_t lock; /* over what follows */
	unsigned long next;
	struct statistics statistics;
	bool broken; /* a thread could not work at all */
};

static bool
login_add(struct login_list *list, struct arena *arena, const char *user, struct secret password)
{
	const char **users = realloc(list->user, (list->count + 1) * sizeof(*users));
	struct secret *passwords = realloc(list->password, (list->count + 1) * sizeof(*passwords));

	if (users != NULL)
		list->user = users;
	if (passwords != NULL)
		list->password = passwords;
	if (users == NULL || passwords == NULL)
		return false;
	list->user[list->count] = arena_strdup(arena, user);
	list->password[list->count++] = password;
	return true;
}

static void
logins_release(struct login_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		secret_release(&list->password[i]);
	free(list->password);
	free(list->user);
}

/* Lines of "UPN password"; lines without a password have the common one. */
static bool
accounts_read(struct load *load, const char *path, const struct secret *common)
{
	FILE *file = fopen(path, "re");
	char line[2048];
	bool ok = file != NULL;

	if (file == NULL)
		fprintf(stderr, "muster-device: %s: %s\n", path, strerror(errno));
	while (ok && fgets(line, sizeof(line), file) != NULL) {
		char *user = line + strspn(line, " \t"), *password;

		line[strcspn(line, "\r\n")] = '\0';
		password = user + strcspn(user, " \t");
		if (*user == '\0' || *user == '#')
			continue;
		if (*password != '\0')
			*password++ = '\0';
		password += strspn(password, " \t");
		ok = login_add(&load->logins, load->arena, user,
		    *password != '\0' ? secret_copy(password, strlen(password))
				      : secret_copy(common->data == NULL ? "" : common->data, common->size));
	}
	secret_wipe(line, sizeof(line));
	if (file != NULL)
		fclose(file);
	return ok;
}

static bool
logins_read(struct load *load)
{
	const struct options *options = load->options;
	CLEANUP(secret_release) struct secret common = { NULL, 0 };

	if (options->token_file != NULL && !token_file_read(options->token_file, &load->token))
		return false;
	if (options->certificate_file != NULL && !options_signer(load->arena, options, &load->signer))
		return false;
	if (options->token_file == NULL && options->certificate_file == NULL &&
	    (options->users > 0 || options->password_file != NULL || getenv("MUSTER_PASSWORD") != NULL) &&
	    !password_read(
		options->password_file, options->users > 0 ? options->user[0] : "all accounts", &common))
		return false;
	for (size_t i = 0; i < options->users; i++)
		if (!login_add(&load->logins, load->arena, options->user[i],
			secret_copy(common.data == NULL ? "" : common.data, common.size)))
			return false;
	if (options->accounts != NULL && !accounts_read(load, options->accounts, &common))
		return false;
	if (load->logins.count == 0)
		fprintf(stderr, "muster-device: no account to enroll with\n");
	return load->logins.count > 0;
}

/* RSA keys are dear (50 to 100 ms): a few are made before, so that the server is measured, not we. */
static bool
pool_make(struct load *load)
{
	load->pool = arena_alloc(load->arena, load->options->pool * sizeof(*load->pool));
	for (unsigned long i = 0; i < load->options->pool; i++) {
		struct refusal refusal;
		gnutls_x509_privkey_t key;
		gnutls_datum_t der = { NULL, 0 };
		bool ok;

		if (!keypair_new(2048, &key, &refusal))
			return false;
		ok = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0;
		if (ok)
			load->pool[i] = arena_copy(load->arena, der.data, der.size);
		gnutls_free(der.data);
		keypair_free(&key);
		if (!ok)
			return false;
	}
	return true;
}

/* A key of the pool as an object of this thread's own. */
static bool
pool_take(struct load *load, unsigned long index, gnutls_x509_privkey_t *key)
{
	struct bytes der = load->pool[index % load->options->pool];
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der.data, (unsigned)der.size };

	*key = NULL;
	if (gnutls_x509_privkey_init(key) == 0 &&
	    gnutls_x509_privkey_import(*key, &datum, GNUTLS_X509_FMT_DER) == 0)
		return true;
	keypair_free(key);
	return false;
}

static void
device_record(struct load *load, struct arena *arena, const struct enrollment *enrollment, int64_t us)
{
	pthread_mutex_lock(&load->lock);
	statistics_add(&load->statistics, enrollment, us);
	if (load->out != NULL && enrollment->refusal.stage == NULL)
		fprintf(load->out, "%s %s\n", enrollment->provision.device_id,
		    certificate_sha256(arena, enrollment->provision.leaf));
	pthread_mutex_unlock(&load->lock);
}

static void
device_enroll(struct load *load, struct http *http, struct arena *arena, struct enrollment *enrollment,
    unsigned long index)
{
	size_t login = index % load->logins.count;
	struct settings settings = load->settings;
	struct identity identity;
	struct enrollee who;
	int64_t start;

	settings.user = load->logins.user[login];
	who = (struct enrollee){ .settings = &settings,
		.http = http,
		.identity = &identity,
		.login = { .user = settings.user, .password = &load->logins.password[login] } };
	if (load->signer.key != NULL)
		who.login.signer = &load->signer;
	if (load->token.data != NULL) {
		who.login.token = &load->token;
		who.login.token_type = load->options->token_is_jwt ? TOKEN_TYPE_JWT : TOKEN_TYPE_OPAQUE;
	}
	identity_new(&identity);
	if (!load->options->fresh_keys && !pool_take(load, index, &who.key))
		return;
	start = clock_steady_us();
	(void)enrollment_run(arena, &who, enrollment);
	device_record(load, arena, enrollment, clock_steady_us() - start);
	keypair_free(&who.key);
}

static void *
thread_run(void *opaque)
{
	struct load *load = opaque;
	struct http *http = http_new(&load->settings);
	struct arena *arena = arena_new();
	struct enrollment *enrollment = malloc(sizeof(*enrollment));

	while (http != NULL && enrollment != NULL) {
		unsigned long index;

		pthread_mutex_lock(&load->lock);
		index = load->next++;
		pthread_mutex_unlock(&load->lock);
		if (index >= load->options->devices)
			break;
		device_enroll(load, http, arena, enrollment, index);
		arena_reset(arena);
	}
	if (http == NULL || enrollment == NULL)
		load->broken = true;
	free(enrollment);
	arena_free(arena);
	http_free(http);
	return NULL;
}

static double
threads_run(struct load *load)
{
	pthread_t *thread = arena_alloc(load->arena, load->options->concurrent * sizeof(*thread));
	unsigned long started = 0;
	int64_t start = clock_steady_us();

	while (started < load->options->concurrent &&
	    pthread_create(&thread[started], NULL, thread_run, load) == 0)
		started++;
	load->broken = load->broken || started < load->options->concurrent;
	for (unsigned long i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	return (double)(clock_steady_us() - start) / 1e6;
}

static void
result_print(struct load *load, double seconds)
{
	const struct options *options = load->options;
	size_t enrolled = load->statistics.count[STAGE_COUNT];

	if (options->settings.json) {
		statistics_print_json(&load->statistics, options->devices, (unsigned)options->concurrent,
		    seconds, !options->settings.new_connections);
		return;
	}
	statistics_print(&load->statistics);
	printf("%lu devices, %lu at once, %s connections, %zu account%s: %zu enrolled in %.1f s, %.1f/s, "
	       "%zu failures\n",
	    options->devices, options->concurrent, options->settings.new_connections ? "new" : "kept",
	    load->logins.count, load->logins.count == 1 ? "" : "s", enrolled, seconds,
	    (double)enrolled / seconds, options->devices - enrolled);
}

static bool
load_begin(struct load *load)
{
	const struct options *options = load->options;

	if (!logins_read(load) || !statistics_new(&load->statistics, options->devices))
		return false;
	if (options->out != NULL && (load->out = fopen(options->out, "we")) == NULL) {
		fprintf(stderr, "muster-device: %s: %s\n", options->out, strerror(errno));
		return false;
	}
	if (!options->settings.json)
		printf(options->fresh_keys ? "every device makes its own RSA key, as real ones do\n"
					   : "%lu RSA-2048 keys made before and shared by all devices "
					     "(--fresh-keys makes one each)\n",
		    options->pool);
	return options->fresh_keys || pool_make(load);
}

enum exit_status
load_run(const struct options *options)
{
	struct load load = { .options = options, .settings = options->settings, .arena = arena_new() };
	enum exit_status status = EXIT_USAGE;

	pthread_mutex_init(&load.lock, NULL);
	if (load_begin(&load)) {
		double seconds = threads_run(&load);

		result_print(&load, seconds);
		status = load.statistics.count[STAGE_COUNT] == options->devices && !load.broken
		    ? EXIT_ENROLLED
		    : EXIT_SERVER_REFUSED;
	}
	if (load.out != NULL && fclose(load.out) != 0)
		status = EXIT_USAGE;
	statistics_release(&load.statistics);
	logins_release(&load.logins);
	secret_release(&load.token);
	signer_release(&load.signer);
	pthread_mutex_destroy(&load.lock);
	arena_free(load.arena);
	return status;
}
