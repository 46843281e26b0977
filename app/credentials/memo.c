#include <muster/credentials/memo.h>

#include <muster/base/clock.h>

#include <stdatomic.h>
#include <sys/mman.h>

#include <gnutls/crypto.h>

#define KEY_SIZE 32
#define TAG_SIZE 32
#define TAG_WORDS (TAG_SIZE / sizeof(uint64_t))
#define SETS 2048 /* a power of two */
#define WAYS 4

/*
 * Written without a lock. A writer clears until, writes the tag, sets until; a reader wants the
 * same until before and after it read the tag. Who reads between two writers sees words of two
 * tags: as an HMAC of its own that is a miss.
 */
struct entry {
	_Atomic int64_t until_us; /* clock_steady_us(); 0 is empty */
	_Atomic uint64_t tag[TAG_WORDS];
};

struct memo {
	uint8_t key[KEY_SIZE];
	struct entry entry[SETS][WAYS];
};

struct tag {
	uint64_t word[TAG_WORDS];
};

struct memo *
memo_new(void)
{
	struct memo *memo =
	    mmap(NULL, sizeof(*memo), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memo == MAP_FAILED)
		return NULL;
	(void)madvise(memo, sizeof(*memo), MADV_DONTDUMP);
	if (gnutls_rnd(GNUTLS_RND_KEY, memo->key, sizeof(memo->key)) < 0) {
		(void)munmap(memo, sizeof(*memo));
		return NULL;
	}
	return memo;
}

/* HMAC over account NUL hash NUL password: the first two hold no NUL, so no two triples look alike. */
static bool
tag_make(const struct memo *memo, const char *account, const char *hash, const struct secret *password,
    struct tag *tag)
{
	gnutls_hmac_hd_t hmac;

	if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, memo->key, sizeof(memo->key)) < 0)
		return false;
	if (gnutls_hmac(hmac, account, strlen(account) + 1) < 0 ||
	    gnutls_hmac(hmac, hash, strlen(hash) + 1) < 0 ||
	    gnutls_hmac(hmac, password->data, password->size) < 0) {
		gnutls_hmac_deinit(hmac, NULL);
		return false;
	}
	gnutls_hmac_deinit(hmac, tag->word);
	return true;
}

static struct entry *
set_of(struct memo *memo, const struct tag *tag)
{
	return memo->entry[tag->word[0] & (SETS - 1)];
}

/* until of an entry that holds the tag, 0 of any other. */
static int64_t
entry_until(struct entry *entry, const struct tag *tag)
{
	int64_t until = atomic_load_explicit(&entry->until_us, memory_order_acquire);
	struct tag found;

	for (size_t i = 0; i < TAG_WORDS; i++)
		found.word[i] = atomic_load_explicit(&entry->tag[i], memory_order_acquire);
	if (atomic_load_explicit(&entry->until_us, memory_order_relaxed) != until)
		return 0;
	return gnutls_memcmp(&found, tag, sizeof(found)) == 0 ? until : 0;
}

bool
memo_knows(struct memo *memo, const char *account, const char *hash, const struct secret *password)
{
	struct tag tag;
	struct entry *set;
	int64_t now = clock_steady_us();

	if (memo == NULL || account == NULL || hash == NULL || password->data == NULL ||
	    !tag_make(memo, account, hash, password, &tag))
		return false;
	set = set_of(memo, &tag);
	for (size_t i = 0; i < WAYS; i++)
		if (entry_until(&set[i], &tag) > now)
			return true;
	return false;
}

/* The entry to write: its own if there is one, else the one that ends first. */
static struct entry *
entry_choose(struct entry *set, const struct tag *tag)
{
	struct entry *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (entry_until(&set[i], tag) != 0)
			return &set[i];
		if (atomic_load_explicit(&set[i].until_us, memory_order_relaxed) <
		    atomic_load_explicit(&oldest->until_us, memory_order_relaxed))
			oldest = &set[i];
	}
	return oldest;
}

void
memo_remember(struct memo *memo, const char *account, const char *hash, const struct secret *password)
{
	struct tag tag;
	struct entry *entry;

	if (memo == NULL || account == NULL || hash == NULL || password->data == NULL ||
	    !tag_make(memo, account, hash, password, &tag))
		return;
	entry = entry_choose(set_of(memo, &tag), &tag);
	atomic_store(&entry->until_us, 0);
	for (size_t i = 0; i < TAG_WORDS; i++)
		atomic_store(&entry->tag[i], tag.word[i]);
	atomic_store(&entry->until_us, clock_steady_us() + (int64_t)MEMO_LIFETIME_MS * 1000);
}
