/* What an issuer reads from its worker; what it takes comes back the same when asked again. */
#include "fuzz.h"

#include <muster/authority/ask.h>

#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX (64 * 1024) /* what a socket pair holds without a reader */

static void
pair_open(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
		abort();
}

static void
pair_close(const int fd[2])
{
	(void)close(fd[0]);
	(void)close(fd[1]);
}

/* A deadline that has passed: the ask is sent, and no answer waited for. */
static void
again_check(struct arena *arena, const struct ask *ask)
{
	struct ask again;
	struct answer answer;
	struct why why;
	bool lost;
	int fd[2];

	pair_open(fd);
	FUZZ_CHECK(issuer_ask(fd[0], arena, ask, (struct deadline){ 0 }, &answer, &lost, &why) ==
		OUTCOME_CERTIFICATE_REQUEST &&
	    lost);
	FUZZ_CHECK(ask_receive(fd[1], arena, &again, &why) == ASK_READY);
	pair_close(fd);
	FUZZ_CHECK(fuzz_same(ask->organization, again.organization));
	FUZZ_CHECK(fuzz_same(ask->account, again.account) && fuzz_same(ask->trace, again.trace));
	FUZZ_CHECK(fuzz_same(ask->attempt, again.attempt) && fuzz_same(ask->remote, again.remote));
	FUZZ_CHECK(fuzz_same(ask->claim, again.claim));
	FUZZ_CHECK(fuzz_same(ask->renews, again.renews) && fuzz_same(ask->device, again.device));
	FUZZ_CHECK(fuzz_same(ask->facts, again.facts) && bytes_equal(ask->public_key, again.public_key));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct why why = { "" };
	struct ask ask;
	enum ask_end end;
	int fd[2];

	if (size > INPUT_MAX)
		size = INPUT_MAX;
	pair_open(fd);
	FUZZ_CHECK(send(fd[0], data, size, MSG_DONTWAIT) == (ssize_t)size);
	(void)shutdown(fd[0], SHUT_WR);
	end = ask_receive(fd[1], arena, &ask, &why);
	pair_close(fd);
	FUZZ_CHECK(fuzz_clean(why.text));
	FUZZ_CHECK(end == ASK_READY || end == ASK_BROKEN || (end == ASK_CLOSED && size == 0));
	FUZZ_CHECK(end != ASK_BROKEN || why.text[0] != '\0');
	if (end == ASK_READY)
		again_check(arena, &ask);
	fuzz_accepted = end == ASK_READY;
	arena_free(arena);
	return 0;
}
