/* One message on the socket pair: 4 bytes of length in network order, then that many bytes of JSON. */
#ifndef MUSTER_APP_AUTHORITY_MESSAGE_H
#define MUSTER_APP_AUTHORITY_MESSAGE_H

#include <muster/base/clock.h>
#include <muster/base/json.h>
#include <muster/base/outcome.h>

enum message_end { MESSAGE_WHOLE, MESSAGE_CLOSED, MESSAGE_BROKEN };

/* Wait without end for the first byte of a message, or the end. */
void message_wait(int fd);

/* Read one message as a JSON object, which the caller releases. CLOSED only before its first byte. */
enum message_end message_read(int fd, struct arena *, struct deadline, json_t **, struct why *);

/* The bytes of a message, in arena; false when it is longer than ASK_MAX. */
bool message_pack(struct arena *, json_t *, struct bytes *);

/* Write all of it. */
bool message_write(int fd, struct bytes, struct deadline, struct why *);

#endif
