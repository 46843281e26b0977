/* Management messages of the simulated device: what it writes byte for byte, and which answers it refuses. */
#include "../../app/muster-device/package.h"
#include "protocol_test.h"

#include <muster/protocol/syncml.h>

#define SOURCE "6A7B8C9D0E1F2A3B4C5D6E7F8A9B0C1D"
#define TARGET "https://d.test/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"

static struct arena *arena;
static const struct package_device device = { "Simulated Hardware", "Muster Device", "en-US" };

static int
arena_start(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
arena_stop(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct package
package_new(void)
{
	return (struct package){ .session = "1", .number = 1, .source = SOURCE, .target = TARGET };
}

/* What the server's side makes of a message. */
static struct syncml
served(struct bytes message, struct bytes *answer)
{
	struct syncml syncml;
	struct why why;

	if (syncml_read(arena, message, &syncml, &why) != OUTCOME_OK)
		fail_msg("the server refuses it: %s", why.text);
	assert_true(syncml_write(arena, &syncml, answer));
	return syncml;
}

static void
opens(void **state)
{
	struct package sent = package_new(), answer;
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct bytes message, back;

	(void)state;
	assert_true(package_open(arena, &sent, &device, false, &message));
	golden_check(arena, "device-package.xml", message);
	assert_int_equal(sent.commands, 3);
	assert_false(served(message, &back).unenroll);
	assert_true(package_read(arena, back, &sent, &answer, &refusal, &notes));
	assert_int_equal(answer.commands, 0);
	assert_int_equal(notes.count, 0);
}

static void
leaves(void **state)
{
	struct package sent = package_new(), answer;
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct bytes message, back;

	(void)state;
	assert_true(package_open(arena, &sent, &device, true, &message));
	golden_check(arena, "device-package-leaves.xml", message);
	assert_true(served(message, &back).unenroll);
	assert_true(package_read(arena, back, &sent, &answer, &refusal, &notes));
}

#define STATUS(id, message, reference, name, data) \
	"<Status><CmdID>" id "</CmdID><MsgRef>" message "</MsgRef><CmdRef>" reference "</CmdRef><Cmd>" name \
	"</Cmd><Data>" data "</Data></Status>"
#define HEADER_STATUS STATUS("1", "1", "0", "SyncHdr", "200")
#define STATUSES \
	STATUS("2", "1", "2", "Alert", "200") \
	STATUS("3", "1", "3", "Alert", "200") STATUS("4", "1", "4", "Replace", "200")
#define HEADER_OF(version, protocol, session, number, target) \
	"<SyncHdr><VerDTD>" version "</VerDTD><VerProto>" protocol "</VerProto><SessionID>" session \
	"</SessionID><MsgID>" number "</MsgID><Target><LocURI>" target "</LocURI></Target><Source><LocURI>" \
	"https://d.test/ManagementServer/MDM.svc?mode=Maintenance&amp;Platform=WoA</LocURI></Source></" \
	"SyncHdr>"
#define HEADER HEADER_OF("1.2", "DM/1.2", "1", "1", SOURCE)
#define ANSWER(header, body) \
	"<SyncML xmlns=\"SYNCML:SYNCML1.2\">" header "<SyncBody>" body "</SyncBody></SyncML>"

/* What a server may answer to the first package of a session, and what the device makes of it. */
static const struct {
	const char *name, *text;
	const char *why; /* NULL: taken */
	size_t commands, notes;
} reply[] = {
	{ "as it should be", ANSWER(HEADER, HEADER_STATUS STATUSES "<Final/>"), NULL, 0, 0 },
	{ "a session authenticated",
	    ANSWER(HEADER, STATUS("1", "1", "0", "SyncHdr", "212") STATUSES "<Final/>"), NULL, 0, 0 },
	{ "a command not taken",
	    ANSWER(HEADER,
		HEADER_STATUS STATUS("2", "1", "2", "Alert", "500") STATUS("3", "1", "3", "Alert", "200")
		    STATUS("4", "1", "4", "Replace", "200") "<Final/>"),
	    NULL, 0, 1 },
	{ "commands",
	    ANSWER(HEADER,
		HEADER_STATUS STATUSES "<Get><CmdID>5</CmdID></Get><Exec><CmdID>6</CmdID></Exec><Final/>"),
	    NULL, 2, 0 },
	{ "another Source",
	    "<SyncML "
	    "xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>"
	    "<SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>" SOURCE "</LocURI></Target><Source>"
	    "<LocURI>https://e.test</LocURI></Source></SyncHdr><SyncBody>" HEADER_STATUS STATUSES
	    "<Final/></SyncBody></SyncML>",
	    NULL, 0, 1 },
	{ "nothing", "", "empty", 0, 0 },
	{ "HTML", "<html/>", "its root is html", 0, 0 },
	{ "no namespace", "<SyncML>" HEADER "<SyncBody/></SyncML>", "its root is SyncML", 0, 0 },
	{ "SyncML 1.1", "<SyncML xmlns=\"SYNCML:SYNCML1.1\">" HEADER "<SyncBody/></SyncML>",
	    "its root is SyncML", 0, 0 },
	{ "no header", ANSWER("", HEADER_STATUS STATUSES "<Final/>"), "SyncHdr", 0, 0 },
	{ "another version",
	    ANSWER(HEADER_OF("1.1", "DM/1.1", "1", "1", SOURCE), HEADER_STATUS STATUSES "<Final/>"),
	    "VerDTD is 1.1", 0, 0 },
	{ "another session",
	    ANSWER(HEADER_OF("1.2", "DM/1.2", "2", "1", SOURCE), HEADER_STATUS STATUSES "<Final/>"),
	    "SessionID is 2", 0, 0 },
	{ "no number",
	    ANSWER(HEADER_OF("1.2", "DM/1.2", "1", "x", SOURCE), HEADER_STATUS STATUSES "<Final/>"),
	    "MsgID is x", 0, 0 },
	{ "another device",
	    ANSWER(HEADER_OF("1.2", "DM/1.2", "1", "1", "other"), HEADER_STATUS STATUSES "<Final/>"),
	    "for another device: other", 0, 0 },
	{ "no Final", ANSWER(HEADER, HEADER_STATUS STATUSES), "no Final", 0, 0 },
	{ "behind Final", ANSWER(HEADER, HEADER_STATUS STATUSES "<Final/><Get><CmdID>9</CmdID></Get>"),
	    "behind Final", 0, 0 },
	{ "no Status of the header", ANSWER(HEADER, STATUSES "<Final/>"), "no Status of the header", 0, 0 },
	{ "two of them",
	    ANSWER(HEADER, HEADER_STATUS STATUS("9", "1", "0", "SyncHdr", "200") STATUSES "<Final/>"),
	    "second Status of the header", 0, 0 },
	{ "credentials asked for",
	    ANSWER(HEADER, STATUS("1", "1", "0", "SyncHdr", "407") STATUSES "<Final/>"), "Status 407", 0, 0 },
	{ "a Status missing",
	    ANSWER(HEADER,
		HEADER_STATUS STATUS("2", "1", "2", "Alert", "200")
		    STATUS("3", "1", "3", "Alert", "200") "<Final/>"),
	    "no Status of Replace", 0, 0 },
	{ "twice", ANSWER(HEADER, HEADER_STATUS STATUSES STATUS("9", "1", "4", "Replace", "200") "<Final/>"),
	    "second Status", 0, 0 },
	{ "of another command",
	    ANSWER(HEADER, HEADER_STATUS STATUS("2", "1", "2", "Replace", "200") "<Final/>"),
	    "one of another: Replace", 0, 0 },
	{ "of none that was sent",
	    ANSWER(HEADER, HEADER_STATUS STATUSES STATUS("9", "1", "9", "Alert", "200") "<Final/>"),
	    "not sent: 9", 0, 0 },
	{ "of another message", ANSWER(HEADER, STATUS("1", "2", "0", "SyncHdr", "200") STATUSES "<Final/>"),
	    "MsgRef is 2", 0, 0 },
	{ "no Data",
	    ANSWER(HEADER,
		"<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd></"
		"Status><Final/>"),
	    "Data", 0, 0 },
	{ "a CmdID twice", ANSWER(HEADER, HEADER_STATUS STATUSES "<Get><CmdID>4</CmdID></Get><Final/>"),
	    "CmdID twice: 4", 0, 0 },
	{ "no CmdID", ANSWER(HEADER, HEADER_STATUS STATUSES "<Get/><Final/>"), "CmdID", 0, 0 },
	{ "an unknown command",
	    ANSWER(HEADER, HEADER_STATUS STATUSES "<Obey><CmdID>9</CmdID></Obey><Final/>"),
	    "unknown command: Obey", 0, 0 },
};

static void
answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reply); i++) {
		struct package sent = package_new(), answer;
		struct refusal refusal = { 0 };
		struct notes notes = { 0 };
		struct bytes message;
		bool taken;

		assert_true(package_open(arena, &sent, &device, false, &message));
		taken = package_read(arena, bytes_of(reply[i].text), &sent, &answer, &refusal, &notes);
		if (taken != (reply[i].why == NULL) || (!taken && strstr(refusal.what, reply[i].why) == NULL))
			fail_msg("%s: %s", reply[i].name, taken ? "taken" : refusal.what);
		if (taken && (answer.commands != reply[i].commands || notes.count != reply[i].notes))
			fail_msg("%s: %zu commands, %zu notes", reply[i].name, answer.commands, notes.count);
		assert_true(taken || refusal.hresult == HRESULT_UNKNOWN_ERROR);
	}
}

/* A Status for every command of the server's. */
static void
obeys(void **state)
{
	struct package sent = package_new(), answer;
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct reply_doc doc;
	struct bytes message;

	(void)state;
	assert_true(package_open(arena, &sent, &device, false, &message));
	assert_true(package_read(arena,
	    bytes_of(ANSWER(HEADER,
		HEADER_STATUS STATUSES "<Get><CmdID>5</CmdID></Get><Exec><CmdID>6</CmdID></Exec><Final/>")),
	    &sent, &answer, &refusal, &notes));
	sent.number = 2;
	assert_true(package_obey(arena, &sent, &answer, &message));
	doc = reply_parse(message);
	assert_int_equal(xpath_count(arena, &doc, "//*[local-name()='Status']"), 3);
	assert_string_equal(
	    xpath_text(arena, &doc, "//*[local-name()='Status'][2]/*[local-name()='Data']"), "404");
	assert_string_equal(
	    xpath_text(arena, &doc, "//*[local-name()='Status'][3]/*[local-name()='CmdRef']"), "6");
	assert_string_equal(xpath_text(arena, &doc, "//*[local-name()='MsgID']"), "2");
	reply_free(&doc);
	/* It wants a Status of its header only. */
	assert_true(package_read(arena,
	    bytes_of("<SyncML xmlns=\"SYNCML:SYNCML1.2\">" HEADER_OF("1.2", "DM/1.2", "1", "2",
		SOURCE) "<SyncBody>" STATUS("1", "2", "0", "SyncHdr", "200") "<Final/></SyncBody></SyncML>"),
	    &sent, &answer, &refusal, &notes));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
		cmocka_unit_test(leaves),
		cmocka_unit_test(answers),
		cmocka_unit_test(obeys),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_stop);
}
