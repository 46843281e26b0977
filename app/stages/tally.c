#include <muster/stages/tally.h>

#include <muster/base/json.h>

#include <stdatomic.h>
#include <sys/mman.h>

#define KEY_MAX 96 /* "stage\norganization\nbuild" */
#define BUILD_MAX 32
#define FOR_BUILDS (TALLY_SLOTS / 4 * 3)

enum state { SLOT_FREE, SLOT_CLAIMED, SLOT_READY };

/*
 * A slot's key is written once, by the process that claimed it, and never changes; a process that ends
 * between claiming and writing leaves a slot that nobody uses.
 */
struct slot {
	_Atomic int state;
	_Atomic uint64_t count;
	uint64_t taken; /* the one carrier's: between tally_take() and tally_return() */
	char key[KEY_MAX];
};

struct tally {
	_Atomic uint64_t waiting;
	_Atomic unsigned used;
	struct slot slot[TALLY_SLOTS];
};

struct tally *
tally_new(void)
{
	void *tally =
	    mmap(NULL, sizeof(struct tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return tally == MAP_FAILED ? NULL : tally;
}

/* The length of up to max digits at the start of text. */
static size_t
digits(const char *text, size_t max)
{
	size_t size = strspn(text, "0123456789");

	return size <= max ? size : 0;
}

/* "10.0.26200" of "10.0.26200.9279"; false when it does not look so. */
static bool
build_of(const char *os_version, char build[BUILD_MAX])
{
	const char *at = os_version == NULL ? "" : os_version;
	size_t size;

	for (int part = 0; part < 3; part++) {
		if (part > 0 && *at++ != '.')
			return false;
		if ((size = digits(at, 6)) == 0)
			return false;
		at += size;
	}
	if (*at != '\0' && *at != '.')
		return false;
	(void)snprintf(build, BUILD_MAX, "%.*s", (int)(at - os_version), os_version);
	return true;
}

/* FNV-1a: only spreads keys over slots. */
static size_t
place_of(const char *key)
{
	uint64_t hash = 14695981039346656037ULL;

	for (; *key != '\0'; key++)
		hash = (hash ^ (uint8_t)*key) * 1099511628211ULL;
	return (size_t)(hash % TALLY_SLOTS);
}

static bool
slot_claim(struct tally *tally, struct slot *slot, const char *key)
{
	int expected = SLOT_FREE;

	if (!atomic_compare_exchange_strong(&slot->state, &expected, SLOT_CLAIMED))
		return false;
	(void)atomic_fetch_add(&tally->used, 1);
	(void)snprintf(slot->key, sizeof(slot->key), "%s", key);
	atomic_store(&slot->state, SLOT_READY);
	return true;
}

static bool
slot_holds(const struct slot *slot, const char *key)
{
	return atomic_load(&slot->state) == SLOT_READY && strcmp(slot->key, key) == 0;
}

/*
 * A new key is let in while fewer than room are used, so that a free slot ends the search for one that is
 * not: keys are never taken out. NULL when there is no room.
 */
static struct slot *
slot_for(struct tally *tally, const char *key, unsigned room)
{
	size_t place = place_of(key);

	for (size_t i = 0; i < TALLY_SLOTS; i++) {
		struct slot *slot = &tally->slot[(place + i) % TALLY_SLOTS];

		if (slot_holds(slot, key))
			return slot;
		if (atomic_load(&slot->state) == SLOT_FREE && atomic_load(&tally->used) >= room)
			return NULL;
		if (slot_claim(tally, slot, key) || slot_holds(slot, key))
			return slot;
	}
	return NULL;
}

static struct slot *
slot_named(struct tally *tally, const char *stage, const char *organization, const char *build, unsigned room)
{
	char key[KEY_MAX];
	int size = snprintf(key, sizeof(key), "%s\n%s\n%s", stage, organization, build);

	return size < 0 || (size_t)size >= sizeof(key) ? NULL : slot_for(tally, key, room);
}

void
tally_add(struct tally *tally, const char *stage, const char *organization, const char *os_version)
{
	char build[BUILD_MAX];
	struct slot *slot;

	if (tally == NULL)
		return;
	slot = build_of(os_version, build) ? slot_named(tally, stage, organization, build, FOR_BUILDS)
					   : slot_named(tally, stage, organization, "unknown", TALLY_SLOTS);
	if (slot == NULL && (slot = slot_named(tally, stage, organization, "other", TALLY_SLOTS)) == NULL)
		return;
	(void)atomic_fetch_add(&slot->count, 1);
	(void)atomic_fetch_add(&tally->waiting, 1);
}

bool
tally_waits(const struct tally *tally)
{
	return tally != NULL && atomic_load(&tally->waiting) > 0;
}

static json_t *
slot_json(const struct slot *slot)
{
	const char *organization = strchr(slot->key, '\n') + 1, *build = strchr(organization, '\n') + 1;

	return json_pack("{s:s%, s:s%, s:s, s:I}", "stage", slot->key, (size_t)(organization - 1 - slot->key),
	    "organization", organization, (size_t)(build - 1 - organization), "build", build, "count",
	    (json_int_t)slot->taken);
}

const char *
tally_take(struct tally *tally, struct arena *arena)
{
	CLEANUP(json_cleanup) json_t *list = json_array();

	for (size_t i = 0; i < TALLY_SLOTS; i++) {
		struct slot *slot = &tally->slot[i];

		if (atomic_load(&slot->state) != SLOT_READY)
			continue;
		slot->taken = atomic_exchange(&slot->count, 0);
		(void)atomic_fetch_sub(&tally->waiting, slot->taken);
		if (slot->taken > 0)
			(void)json_array_append_new(list, slot_json(slot));
	}
	if (list == NULL)
		arena_out_of_memory();
	return json_text(arena, list);
}

void
tally_return(struct tally *tally)
{
	for (size_t i = 0; i < TALLY_SLOTS; i++) {
		struct slot *slot = &tally->slot[i];

		(void)atomic_fetch_add(&slot->count, slot->taken);
		(void)atomic_fetch_add(&tally->waiting, slot->taken);
		slot->taken = 0;
	}
}
