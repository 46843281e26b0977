#include "message.h"

#include <muster/authority/ask.h>
#include <muster/base/secret.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define PREFIX_SIZE 4

/* Wait for events until the deadline; false when it has passed or the wait failed. */
static bool
ready_by(int fd, short events, struct deadline deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int left = deadline_left_ms(deadline);
		int n = poll(&p, 1, left);

		if (n > 0)
			return true;
		if (n == 0 && left == 0)
			return false;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

void
message_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

/* Read exactly size bytes; *done says how far it came. */
static bool
read_whole(int fd, uint8_t *data, size_t size, struct deadline deadline, size_t *done, struct why *why)
{
	*done = 0;
	while (*done < size) {
		ssize_t n = recv(fd, data + *done, size - *done, MSG_DONTWAIT);

		if (n > 0) {
			*done += (size_t)n;
		} else if (n == 0) {
			(void)refuse(
			    why, OUTCOME_CERTIFICATE_REQUEST, "the socket pair's other end was closed");
			return false;
		} else if (errno != EAGAIN && errno != EINTR) {
			(void)refuse(why, OUTCOME_CERTIFICATE_REQUEST, "socket pair: %s", strerror(errno));
			return false;
		} else if (!ready_by(fd, POLLIN, deadline)) {
			(void)refuse(why, OUTCOME_CERTIFICATE_REQUEST,
			    "nothing more came over the socket pair in time");
			return false;
		}
	}
	return true;
}

bool
message_write(int fd, struct bytes message, struct deadline deadline, struct why *why)
{
	size_t done = 0;

	while (done < message.size) {
		ssize_t n = send(fd, message.data + done, message.size - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			(void)refuse(why, OUTCOME_CERTIFICATE_REQUEST, "socket pair: %s", strerror(errno));
			return false;
		} else if (!ready_by(fd, POLLOUT, deadline)) {
			(void)refuse(why, OUTCOME_CERTIFICATE_REQUEST,
			    "the socket pair's other end took nothing in time");
			return false;
		}
	}
	return true;
}

static enum message_end
broken(struct why *why, const char *what)
{
	(void)refuse(why, OUTCOME_CERTIFICATE_REQUEST, "message on the socket pair: %s", what);
	return MESSAGE_BROKEN;
}

static enum message_end
object_parse(const uint8_t *data, size_t size, json_t **object, struct why *why)
{
	json_error_t error;

	*object = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
	if (*object == NULL)
		return broken(why, error.text);
	if (!json_is_object(*object)) {
		json_cleanup(object);
		return broken(why, "not an object");
	}
	return MESSAGE_WHOLE;
}

enum message_end
message_read(int fd, struct arena *arena, struct deadline deadline, json_t **object, struct why *why)
{
	uint8_t *data;
	uint32_t length;
	size_t done;

	*object = NULL;
	if (!read_whole(fd, (uint8_t *)&length, PREFIX_SIZE, deadline, &done, why))
		return done == 0 ? MESSAGE_CLOSED : MESSAGE_BROKEN;
	length = ntohl(length);
	if (length == 0 || length > ASK_MAX)
		return broken(why, "its length is out of bounds");
	data = arena_alloc(arena, length);
	if (!read_whole(fd, data, length, deadline, &done, why))
		return MESSAGE_BROKEN;
	return object_parse(data, length, object, why);
}

bool
message_pack(struct arena *arena, json_t *object, struct bytes *message)
{
	size_t size = json_dumpb(object, NULL, 0, JSON_COMPACT);
	uint32_t length = htonl((uint32_t)size);
	char *data;

	if (size == 0 || size > ASK_MAX)
		return false;
	data = arena_alloc(arena, PREFIX_SIZE + size);
	memcpy(data, &length, PREFIX_SIZE);
	if (json_dumpb(object, data + PREFIX_SIZE, size, JSON_COMPACT) != size)
		return false;
	*message = (struct bytes){ (const uint8_t *)data, PREFIX_SIZE + size };
	return true;
}
