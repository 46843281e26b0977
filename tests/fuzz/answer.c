/*
 * What a worker reads from its issuer. The answer is put on the socket while the ask is sent, since what
 * lies there before is refused unread; what is taken comes back the same when answered again.
 */
#include "../../app/authority/message.h"
#include "fuzz.h"

#include <muster/authority/ask.h>

#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX (64 * 1024) /* what a socket pair holds without a reader */

/* The issuer's end, and what it answers: bytes, or an answer to write. */
static int issuer_fd;
static struct bytes input;
static const struct answer *written;

bool __real_message_write(int, struct bytes, struct deadline, struct why *);
bool __wrap_message_write(int, struct bytes, struct deadline, struct why *);

bool
__wrap_message_write(int fd, struct bytes message, struct deadline deadline, struct why *why)
{
	struct arena *arena;

	if (fd == issuer_fd)
		return __real_message_write(fd, message, deadline, why);
	if (written == NULL) {
		FUZZ_CHECK(send(issuer_fd, input.data, input.size, MSG_DONTWAIT) == (ssize_t)input.size);
	} else {
		arena = arena_new();
		FUZZ_CHECK(ask_reply(issuer_fd, arena, written, why) == OUTCOME_OK);
		arena_free(arena);
	}
	(void)shutdown(issuer_fd, SHUT_WR);
	return true;
}

static enum outcome
run(struct arena *arena, struct answer *answer, bool *lost, struct why *why)
{
	const struct ask ask = { .organization = "acme" };
	enum outcome o;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
		abort();
	issuer_fd = fd[1];
	o = issuer_ask(fd[0], arena, &ask, deadline_in_ms(5000), answer, lost, why);
	(void)close(fd[0]);
	(void)close(fd[1]);
	return o;
}

static void
again_check(struct arena *arena, const struct answer *answer)
{
	const struct issued *one = &answer->issued, *other;
	struct answer again = { 0 };
	struct why why = { "" };
	bool lost;

	written = answer;
	FUZZ_CHECK(run(arena, &again, &lost, &why) == answer->decision.outcome && !lost);
	other = &again.issued;
	FUZZ_CHECK(fuzz_same(answer->decision.why, again.decision.why));
	FUZZ_CHECK(fuzz_same(answer->decision.text, again.decision.text));
	FUZZ_CHECK(fuzz_same(answer->decision.language, again.decision.language));
	FUZZ_CHECK(fuzz_same(answer->decision.details, again.decision.details));
	FUZZ_CHECK(one->database_us == other->database_us && one->signature_us == other->signature_us);
	FUZZ_CHECK(fuzz_same(one->device, other->device) && bytes_equal(one->root, other->root));
	FUZZ_CHECK(bytes_equal(one->certificate, other->certificate));
	FUZZ_CHECK(bytes_equal(one->issuing, other->issuing));
	FUZZ_CHECK(fuzz_same(one->secrets.client_secret, other->secrets.client_secret));
	FUZZ_CHECK(fuzz_same(one->secrets.server_nonce, other->secrets.server_nonce));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct answer answer = { 0 };
	struct why why = { "" };
	bool lost;
	enum outcome o;

	input = (struct bytes){ data, size < INPUT_MAX ? size : INPUT_MAX };
	written = NULL;
	o = run(arena, &answer, &lost, &why);
	FUZZ_CHECK(fuzz_clean(why.text));
	FUZZ_CHECK(!lost || o == OUTCOME_CERTIFICATE_REQUEST);
	FUZZ_CHECK(lost || o == answer.decision.outcome);
	FUZZ_CHECK(o != OUTCOME_OK || (answer.issued.certificate.size > 0 && answer.issued.root.size > 0));
	if (!lost)
		again_check(arena, &answer);
	fuzz_accepted = !lost;
	arena_free(arena);
	return 0;
}
