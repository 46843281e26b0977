/* The secrets of a DM account (MS-MDE2 2.2.9.5): made here, kept in the database under the sealing key. */
#ifndef MUSTER_APP_ISSUER_SECRETS_H
#define MUSTER_APP_ISSUER_SECRETS_H

#include <muster/authority/keystore.h>
#include <muster/base/nouns.h>

/* New random ones, as base64; the server's name towards the device is the device's id. */
enum outcome secrets_make(struct arena *, const char *device, struct dm_secrets *, struct why *);

/*
 * As they are stored: a JSON object with the members client_secret, client_nonce, server_name,
 * server_secret and server_nonce, sealed with the device's id as context.
 */
enum outcome secrets_seal(struct arena *, const struct secret *sealing_key, const char *device,
    const struct dm_secrets *, struct bytes *sealed, struct why *);

/*
 * The reverse; strings in arena.
 *
 * OUTCOME_CERTIFICATE_REQUEST  it does not open, or holds something else
 */
enum outcome secrets_open(struct arena *, const struct secret *sealing_key, const char *device,
    struct bytes sealed, struct dm_secrets *, struct why *);

#endif
