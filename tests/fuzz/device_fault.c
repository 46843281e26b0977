/* What the simulated device makes of an answer that is not a success; the first byte chooses the status. */
#include "../../app/muster-device/server_fault.h"
#include "answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int status[] = { 500, 200, 403, 503 };
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	bool fault;

	if (size == 0)
		return 0;
	server_fault_read(
	    (struct bytes){ data + 1, size - 1 }, status[data[0] % ARRAY_SIZE(status)], &refusal, &notes);
	refusal_check(&refusal, &notes, false);
	fault = refusal.subcode[0] != '\0' || refusal.error_type[0] != '\0';
	FUZZ_CHECK(refusal.by_server && fault == (((unsigned)refusal.hresult >> 16) != 0x8019));
	fuzz_accepted = fault && refusal.hresult != HRESULT_UNKNOWN_ERROR;
	return 0;
}
