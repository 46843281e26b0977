/* A device's SyncML message; what is made of it is a message again, with as many statuses as it has commands.
 */
#include "fuzz.h"

#include <muster/protocol/syncml.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct syncml message, again;
	struct bytes answer;
	struct why why;
	enum outcome o = syncml_read(arena, (struct bytes){ data, size }, &message, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_MESSAGE_FORMAT);
	if (o == OUTCOME_OK) {
		FUZZ_CHECK(message.commands <= SYNCML_COMMANDS_MAX);
		FUZZ_CHECK(syncml_write(arena, &message, &answer));
		FUZZ_CHECK(answer.size <= 4096 + 4 * size + SYNCML_COMMANDS_MAX * 1024);
		FUZZ_CHECK(syncml_read(arena, answer, &again, &why) == OUTCOME_OK);
		FUZZ_CHECK(
		    fuzz_same(again.source, message.target) && fuzz_same(again.target, message.source));
		FUZZ_CHECK(fuzz_same(again.session, message.session) && again.final == message.final &&
		    !again.unenroll);
	}
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
