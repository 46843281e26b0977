/* The management server's answer, as the simulated device reads it. */
#include "../../app/muster-device/package.h"
#include "answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct package_device device = { "Maker", "Model", "en-US" };
	struct arena *arena = arena_new();
	struct package sent = {
		.session = "1", .number = 1, .source = "DEVICE", .target = "https://d.test/m"
	};
	struct package answer = { 0 };
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct bytes message;

	FUZZ_CHECK(package_open(arena, &sent, &device, false, &message));
	fuzz_accepted = package_read(arena, (struct bytes){ data, size }, &sent, &answer, &refusal, &notes);
	refusal_check(&refusal, &notes, fuzz_accepted);
	if (fuzz_accepted)
		FUZZ_CHECK(
		    answer.commands <= PACKAGE_COMMANDS_MAX && package_obey(arena, &sent, &answer, &message));
	arena_free(arena);
	return 0;
}
