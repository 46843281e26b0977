#include <muster/issuer/issuer.h>

#include <muster/base/log.h>

#include <poll.h>
#include <unistd.h>

#include "issue.h"
#include "publish.h"

/* How often a waiting issuer looks up: for the stop flag, and for a database that was away at the start. */
#define LOOK_UP_MS 5000
#define LOOK_UP_UNLOADED_MS 1000
#define LOAD_MS 5000

/* Something to read, or the end of the worker, within the time. */
static bool
ask_waits(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) > 0;
}

/* The master waits for this before it lets a new pair take an old one's place. */
static void
tell_ready(struct issuer *issuer)
{
	static const char ready = ISSUER_READY;

	if (issuer->ready_fd <= 0)
		return;
	(void)!write(issuer->ready_fd, &ready, 1);
	(void)close(issuer->ready_fd);
	issuer->ready_fd = 0;
}

static void
configuration_load(struct issuer *issuer, bool first)
{
	struct why why = { "" };

	if (keyring_load(&issuer->keyring, issuer->pg, deadline_in_ms(LOAD_MS), &why) == OUTCOME_OK) {
		if (keyring_warm(&issuer->keyring))
			tell_ready(issuer);
		log_message(LOG_INFO_LEVEL, "configuration %lld: %zu authorities for %zu organizations",
		    (long long)issuer->keyring.configuration.generation,
		    issuer->keyring.configuration.authorities, issuer->keyring.configuration.profiles);
	} else if (first) {
		log_message(LOG_WARNING_LEVEL, "no configuration yet, will try again: %s", why.text);
	}
}

/* One ask; false when the connection is of no use any more, with the exit status. */
static bool
ask_serve(struct issuer *issuer, int fd, struct arena *arena, int *status)
{
	struct answer answer;
	struct why why = { "" };
	struct ask ask;
	enum ask_end end = ask_receive(fd, arena, &ask, &why);

	*status = end == ASK_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
	if (end == ASK_BROKEN)
		log_message(LOG_ERROR_LEVEL, "%s", why.text);
	if (end != ASK_READY)
		return false;
	issue(issuer, arena, &ask, &answer);
	if (ask_reply(fd, arena, &answer, &why) == OUTCOME_OK)
		return true;
	log_message(
	    LOG_WARNING_LEVEL, "trace %s: the worker did not take its answer: %s", ask.trace, why.text);
	return false;
}

static int
asks_serve(struct issuer *issuer, const struct issuer_options *options, const volatile int *stop)
{
	struct arena *arena = arena_new();
	int status = EXIT_SUCCESS;
	bool open = true;

	while (open && !*stop) {
		bool loaded = issuer->keyring.arena != NULL;

		meter_ready(options->meter, options->pair, keyring_is_ready(&issuer->keyring));
		if (ask_waits(options->fd, loaded ? LOOK_UP_MS : LOOK_UP_UNLOADED_MS)) {
			open = ask_serve(issuer, options->fd, arena, &status);
			arena_reset(arena);
		} else if (!loaded) {
			configuration_load(issuer, false);
		}
		/* However busy it is. */
		if (open && !*stop && issuer->keyring.arena != NULL)
			publish_due(issuer);
	}
	arena_free(arena);
	return status;
}

int
issuer_run(const struct issuer_options *options, const volatile int *stop)
{
	struct issuer issuer = {
		.ready_fd = options->ready_fd,
		.pg = pg_new(options->database, "muster issuer"),
		.keyring = { .passphrase_file = options->passphrase_file, .pkcs11 = &options->pkcs11 },
	};
	int status;

	pkcs11_bound();
	configuration_load(&issuer, true);
	status = asks_serve(&issuer, options, stop);
	keyring_release(&issuer.keyring);
	pkcs11_close();
	pg_free(issuer.pg);
	return status;
}
