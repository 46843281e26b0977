#include <muster/credentials/directory.h>

#include <stdatomic.h>
#include <sys/mman.h>

#include <gnutls/crypto.h>

/* Two servers in one slot disturb each other a little, and do no harm. */
#define SLOTS 256

struct slot {
	_Atomic uint64_t server;
	_Atomic int64_t until_us; /* clock_steady_us(); 0: it is not away */
};

struct outages {
	struct slot slot[SLOTS];
};

struct outages *
outages_new(void)
{
	struct outages *outages =
	    mmap(NULL, sizeof(*outages), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return outages == MAP_FAILED ? NULL : outages;
}

static uint64_t
name_of(const char *key)
{
	uint64_t digest[4] = { 0 };

	(void)gnutls_hash_fast(GNUTLS_DIG_SHA256, key, strlen(key), digest);
	return digest[0];
}

bool
outages_allow(struct outages *outages, const char *key)
{
	uint64_t name = name_of(key);
	int64_t now = clock_steady_us(), until;
	struct slot *slot;

	if (outages == NULL)
		return true;
	slot = &outages->slot[name % SLOTS];
	if (atomic_load(&slot->server) != name || (until = atomic_load(&slot->until_us)) == 0)
		return true;
	/* Its time is over: who comes first tries it, for the others it stays away until he knows. */
	return until <= now &&
	    atomic_compare_exchange_strong(&slot->until_us, &until, now + (int64_t)OUTAGE_MS * 1000);
}

void
outages_note(struct outages *outages, const char *key, int away_ms)
{
	uint64_t name = name_of(key);
	struct slot *slot;

	if (outages == NULL)
		return;
	slot = &outages->slot[name % SLOTS];
	if (away_ms > 0) {
		atomic_store(&slot->server, name);
		atomic_store(&slot->until_us, clock_steady_us() + (int64_t)away_ms * 1000);
	} else if (atomic_load(&slot->server) == name)
		atomic_store(&slot->until_us, 0);
}
