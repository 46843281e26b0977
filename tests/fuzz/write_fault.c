/*
 * A fault with any text in it: the byte that chooses the outcome, then the fields MessageID, text,
 * language. It is well-formed, reads back as it was written, and says the same to the client.
 */
#include "../../app/muster-device/element.h"
#include "../../app/muster-device/server_fault.h"
#include "fuzz.h"

#include <muster/protocol/fault.h>
#include <muster/protocol/namespaces.h>

#define XML_NS "http://www.w3.org/XML/1998/namespace"
#define TRACE "01938f3e-7d2a-7c41-9a55-0f1e2d3c4b5a"

static enum hresult
hresult_of(struct bytes fault)
{
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };

	server_fault_read(fault, 500, &refusal, &notes);
	FUZZ_CHECK(notes.count == 0 && strcmp(refusal.trace, TRACE) == 0);
	return refusal.hresult;
}

static bool
blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static void
texts_check(struct arena *arena, const xmlDoc *doc, const char *id, const char *text, const char *language)
{
	const xmlNode *relates = ELEMENT_FIND(doc, { URI_SOAP, "Header" }, { URI_ADDRESSING, "RelatesTo" });
	const xmlNode *reason = ELEMENT_FIND(doc, { URI_SOAP, "Reason" }, { URI_SOAP, "Text" });
	const xmlNode *message = ELEMENT_FIND(doc, { URI_SOAP, "Detail" }, { URI_ENROLLMENT, "Message" });
	const char *told = xml_text_raw(arena, reason);

	FUZZ_CHECK(strcmp(xml_text_raw(arena, relates), fuzz_carried(arena, id)) == 0);
	FUZZ_CHECK(told[0] != '\0' && !fault_names_code(told));
	FUZZ_CHECK(strcmp(told, xml_text_raw(arena, message)) == 0);
	if (blank(text) || fault_names_code(text))
		return;
	FUZZ_CHECK(strcmp(told, fuzz_carried(arena, text)) == 0);
	FUZZ_CHECK(strcmp(xml_attribute(arena, reason, XML_NS, "lang"),
		       blank(language) ? "en-US" : fuzz_carried(arena, language)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size }, with, without;
	enum outcome outcome = OUTCOME_INTERNAL_SERVICE_FAULT;
	const char *id, *text, *language;
	xmlDoc *doc = NULL;

	if (size > 0) {
		outcome = (enum outcome)(data[0] % (OUTCOME_CUSTOM_SERVER_ERROR + 1));
		rest = (struct bytes){ data + 1, size - 1 };
	}
	id = fuzz_field(arena, &rest);
	text = fuzz_field(arena, &rest);
	language = fuzz_field(arena, &rest);
	FUZZ_CHECK(fault_write(arena, outcome, ACTION_RSTRC, id, TRACE, text, language, &with));
	FUZZ_CHECK(fault_write(arena, outcome, ACTION_RSTRC, NULL, TRACE, NULL, NULL, &without));
	FUZZ_CHECK(hresult_of(with) == hresult_of(without));
	FUZZ_CHECK(xml_read(arena, with, &doc, NULL) == OUTCOME_OK);
	texts_check(arena, doc, id, text, language);
	fuzz_accepted = true;
	xml_free(&doc);
	arena_free(arena);
	return 0;
}
