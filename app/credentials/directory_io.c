/* Reading and writing with a deadline, below libldap and its TLS (lber-sockbuf(3)). */
#include "directory_server.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

bool
socket_wait(int fd, short events, struct deadline deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int left, ready;

	do {
		left = deadline_left_ms(deadline);
		ready = left == 0 ? 0 : poll(&poll_fd, 1, left);
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static int
socket_of(Sockbuf_IO_Desc *io)
{
	int fd = -1;

	(void)ber_sockbuf_ctrl(io->sbiod_sb, LBER_SB_OPT_GET_FD, &fd);
	return fd;
}

static int
io_setup(Sockbuf_IO_Desc *io, void *server)
{
	io->sbiod_pvt = server;
	return 0;
}

static int
io_remove(Sockbuf_IO_Desc *io)
{
	io->sbiod_pvt = NULL;
	return 0;
}

static int
io_control(Sockbuf_IO_Desc *io, int option, void *value)
{
	(void)io, (void)option, (void)value;
	return 0;
}

/* EAGAIN would be tried again by whoever is above. */
static bool
io_wait(Sockbuf_IO_Desc *io, short events)
{
	const struct server *server = io->sbiod_pvt;

	if (socket_wait(socket_of(io), events, server->step))
		return true;
	errno = ETIMEDOUT;
	return false;
}

static ber_slen_t
io_read(Sockbuf_IO_Desc *io, void *data, ber_len_t size)
{
	ssize_t got;

	do
		got = io_wait(io, POLLIN) ? read(socket_of(io), data, size) : -1;
	while (got < 0 && (errno == EAGAIN || errno == EINTR));
	return got;
}

static ber_slen_t
io_write(Sockbuf_IO_Desc *io, void *data, ber_len_t size)
{
	ssize_t put;

	do
		put = io_wait(io, POLLOUT) ? write(socket_of(io), data, size) : -1;
	while (put < 0 && (errno == EAGAIN || errno == EINTR));
	return put;
}

static int
io_close(Sockbuf_IO_Desc *io)
{
	int fd = socket_of(io);

	return fd >= 0 ? close(fd) : 0;
}

Sockbuf_IO server_io = { io_setup, io_remove, io_control, io_read, io_write, io_close };
