/* The socket on which the web server speaks FastCGI to the workers. */
#ifndef MUSTER_MUSTER_LISTEN_H
#define MUSTER_MUSTER_LISTEN_H

#include <muster/base/outcome.h>

#include <sys/types.h>

/*
 * How many connections may wait for a worker. Beyond it the web server is refused at once and answers 503
 * by itself, which a device understands better than a silence of minutes.
 */
#define LISTEN_BACKLOG 512

struct listener {
	int fd;		/* close-on-exec, non-blocking, never 0 to 2 */
	char path[108]; /* of the socket we made; "" for TCP and inherited ones */
	dev_t device;	/* of that socket, so that only ours is ever removed */
	ino_t inode;
	struct timespec changed; /* an inode's number is soon given to another */
	char described[160];	 /* for the log */
};

/*
 * Open the socket.
 *
 * address  "/run/muster/muster.sock", "unix:PATH", "HOST:PORT", "[::1]:9000"; NULL takes the inherited
 *          one: LISTEN_FDS of a service manager (LISTEN_PID must be ours), else descriptor 0 as
 *          spawn-fcgi and lighttpd hand it over
 * mode     of a path; it has that mode before anybody can connect
 * owner    "USER", "USER:GROUP", ":GROUP" of a path; NULL leaves it
 * A socket left behind by a dead process is removed; one that answers is not.
 * OUTCOME_INTERNAL_SERVICE_FAULT with the next step in why
 */
enum outcome listen_open(
    const char *address, mode_t mode, const char *owner, struct listener *, struct why *);

/* Close it, and remove its path if that still is the socket we made. */
void listen_close(struct listener *);

#endif
