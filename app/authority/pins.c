#include <muster/authority/pins.h>

#include <errno.h>
#include <gnutls/crypto.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

/* Tokens times mistakes; the oldest is forgotten for the next. */
#define WRONG_MAX 64

/* Opening a token takes milliseconds, one over the network perhaps a second. */
#define TURN_SECONDS 5

#define SALT_SIZE 16

struct pins {
	pthread_mutex_t turn; /* robust, between processes */
	uint8_t salt[SALT_SIZE];
	unsigned next;
	uint8_t wrong[WRONG_MAX][PIN_DIGEST_SIZE];
};

static bool
mutex_init(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;
	bool done;

	if (pthread_mutexattr_init(&attributes) != 0)
		return false;
	done = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
	    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
	    pthread_mutex_init(mutex, &attributes) == 0;
	(void)pthread_mutexattr_destroy(&attributes);
	return done;
}

struct pins *
pins_new(void)
{
	struct pins *pins =
	    mmap(NULL, sizeof(*pins), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (pins == MAP_FAILED)
		return NULL;
	if (!mutex_init(&pins->turn) || gnutls_rnd(GNUTLS_RND_NONCE, pins->salt, SALT_SIZE) < 0) {
		pins_free(pins);
		return NULL;
	}
	return pins;
}

void
pins_free(struct pins *pins)
{
	if (pins != NULL)
		(void)munmap(pins, sizeof(*pins));
}

void
pins_digest(
    const struct pins *pins, const char *token, const struct secret *pin, uint8_t digest[PIN_DIGEST_SIZE])
{
	static const uint8_t none[SALT_SIZE];
	gnutls_hmac_hd_t hmac = NULL;

	if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, pins == NULL ? none : pins->salt, SALT_SIZE) < 0 ||
	    gnutls_hmac(hmac, token, strlen(token) + 1) < 0 || gnutls_hmac(hmac, pin->data, pin->size) < 0)
		abort(); /* not without a broken library */
	gnutls_hmac_deinit(hmac, digest);
}

bool
pins_take(struct pins *pins)
{
	struct timespec until;
	int rc;

	if (pins == NULL)
		return true;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TURN_SECONDS;
	rc = pthread_mutex_clocklock(&pins->turn, CLOCK_MONOTONIC, &until);
	return rc == 0 || (rc == EOWNERDEAD && pthread_mutex_consistent(&pins->turn) == 0);
}

void
pins_give(struct pins *pins)
{
	if (pins != NULL)
		(void)pthread_mutex_unlock(&pins->turn);
}

bool
pins_is_wrong(const struct pins *pins, const uint8_t digest[PIN_DIGEST_SIZE])
{
	for (unsigned i = 0; pins != NULL && i < WRONG_MAX; i++)
		if (memcmp(pins->wrong[i], digest, PIN_DIGEST_SIZE) == 0)
			return true;
	return false;
}

void
pins_set_wrong(struct pins *pins, const uint8_t digest[PIN_DIGEST_SIZE])
{
	if (pins == NULL || pins_is_wrong(pins, digest))
		return;
	memcpy(pins->wrong[pins->next % WRONG_MAX], digest, PIN_DIGEST_SIZE);
	pins->next++;
}
