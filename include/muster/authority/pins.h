/*
 * What processes that log in to one PKCS#11 token tell each other: which PIN was wrong. A token locks after a
 * few wrong ones, and every issuer would try its own first. So they open it one after the other, and a PIN
 * that was wrong once is not tried again by anybody until another stands in the file.
 */
#ifndef MUSTER_AUTHORITY_PINS_H
#define MUSTER_AUTHORITY_PINS_H

#include <muster/base/secret.h>

#define PIN_DIGEST_SIZE 32

struct pins;

/*
 * Memory that is shared with processes forked later; NULL when there is none. It holds no PIN: only salted
 * digests of those that were wrong.
 */
struct pins *pins_new(void);

/* Unmap it here; the others keep it. NULL is allowed. */
void pins_free(struct pins *);

/* What a PIN of a token is known by in here. NULL pins: of this process alone. */
void pins_digest(
    const struct pins *, const char *token, const struct secret *pin, uint8_t digest[PIN_DIGEST_SIZE]);

/*
 * Take the turn to open a token; false when nobody gave it up within some seconds. A process that died with
 * it has given it up. NULL pins: it is always free.
 */
bool pins_take(struct pins *);
void pins_give(struct pins *);

/* Only who has the turn asks and tells. NULL pins: nothing is known, nothing is kept. */
bool pins_is_wrong(const struct pins *, const uint8_t digest[PIN_DIGEST_SIZE]);
void pins_set_wrong(struct pins *, const uint8_t digest[PIN_DIGEST_SIZE]);

#endif
