/* SyncML: the first message of a session as Windows sends it, the answer byte for byte, and what is refused.
 */
#include "protocol_test.h"

#include <muster/protocol/syncml.h>

static struct arena *arena;

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

static void
windows11(void **state)
{
	struct syncml message;
	struct bytes answer;
	struct why why;

	(void)state;
	assert_int_equal(
	    syncml_read(arena, file_read(arena, "requests", "check-in-windows11.xml"), &message, &why),
	    OUTCOME_OK);
	assert_string_equal(message.session, "1");
	assert_string_equal(message.message, "1");
	assert_string_equal(message.source, "6A7B8C9D0E1F2A3B4C5D6E7F8A9B0C1D");
	assert_string_equal(message.target,
	    "https://devices.example.test/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA");
	assert_int_equal(message.commands, 3);
	assert_true(message.final);
	assert_false(message.unenroll);
	assert_true(syncml_write(arena, &message, &answer));
	golden_check(arena, "check-in.xml", answer);
}

static void
unenrollment(void **state)
{
	struct syncml message;
	struct why why;

	(void)state;
	assert_int_equal(
	    syncml_read(arena, file_read(arena, "requests", "check-in-unenroll.xml"), &message, &why),
	    OUTCOME_OK);
	assert_true(message.unenroll);
}

#define HEADER_OF(version, protocol, session, number, target, source, more) \
	"<SyncHdr><VerDTD>" version "</VerDTD><VerProto>" protocol "</VerProto><SessionID>" session \
	"</SessionID><MsgID>" number "</MsgID><Target><LocURI>" target \
	"</LocURI></Target><Source><LocURI>" source "</LocURI></Source>" more "</SyncHdr>"
#define HEADER HEADER_OF("1.2", "DM/1.2", "7", "2", "https://d.test/m", "DEV", "")
#define MESSAGE(header, body) \
	"<SyncML xmlns=\"SYNCML:SYNCML1.2\">" header "<SyncBody>" body "</SyncBody></SyncML>"
#define ALERT(code, type, data) \
	"<Alert><CmdID>1</CmdID><Data>" code "</Data><Item><Meta><Type xmlns=\"syncml:metinf\">" type \
	"</Type></Meta><Data>" data "</Data></Item></Alert>"
#define UNENROLL "com.microsoft:mdm.unenrollment.userrequest"

/* Messages that are taken, and the statuses of the answer, as "CmdRef Cmd Data" with commas. */
static const struct {
	const char *name, *text;
	bool unenroll;
	const char *answer;
} exchange[] = {
	{ "only statuses",
	    MESSAGE(HEADER,
		"<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef>"
		"<Cmd>SyncHdr</Cmd><Data>200</Data></Status><Final/>"),
	    false, "0 SyncHdr 200,Final" },
	{ "nothing", MESSAGE(HEADER, "<Final/>"), false, "0 SyncHdr 200,Final" },
	{ "SyncML 1.1", "<SyncML xmlns=\"SYNCML:SYNCML1.1\">" HEADER "<SyncBody><Final/></SyncBody></SyncML>",
	    false, "0 SyncHdr 200,Final" },
	{ "prefixes",
	    "<y:SyncML xmlns:y=\"SYNCML:SYNCML1.2\"><y:SyncHdr><y:VerDTD>1.2</y:VerDTD><y:VerProto>"
	    "DM/1.2</y:VerProto><y:SessionID>a</y:SessionID><y:MsgID>1</y:MsgID><y:Target><y:LocURI>t"
	    "</y:LocURI></y:Target><y:Source><y:LocURI>s</y:LocURI></y:Source></"
	    "y:SyncHdr><y:SyncBody>"
	    "<y:Final/></y:SyncBody></y:SyncML>",
	    false, "0 SyncHdr 200,Final" },
	{ "white space", MESSAGE("\n " HEADER "\n ", "\n <Final/>\n "), false, "0 SyncHdr 200,Final" },
	{ "credentials",
	    MESSAGE(HEADER_OF("1.2", "DM/1.2", "1", "1", "t", "s",
			"<Cred><Meta><Type>syncml:auth-md5</Type></Meta><Data>eA==</Data></Cred>"),
		"<Final/>"),
	    false, "0 SyncHdr 200,Final" },
	{ "keep-alive",
	    MESSAGE(HEADER,
		ALERT("1224", "Reversed-Domain-Name:com.microsoft.mdm.requestpending", "1") "<Final/>"),
	    false, "0 SyncHdr 200,1 Alert 200,Final" },
	{ "results", MESSAGE(HEADER, "<Results><CmdID>9</CmdID></Results><Final/>"), false,
	    "0 SyncHdr 200,9 Results 200,Final" },
	{ "a server's commands",
	    MESSAGE(HEADER,
		"<Get><CmdID>1</CmdID></Get><Exec><CmdID>2</CmdID></Exec>"
		"<Atomic><CmdID>3</CmdID><Add><CmdID>4</CmdID></Add></Atomic><Final/>"),
	    false, "0 SyncHdr 200,1 Get 405,2 Exec 405,3 Atomic 405,Final" },
	{ "no response wanted",
	    MESSAGE(HEADER,
		"<Alert><CmdID>1</CmdID><NoResp/><Data>1201</Data></Alert>"
		"<Replace><CmdID>2</CmdID></Replace><Final/>"),
	    false, "0 SyncHdr 200,2 Replace 200,Final" },
	{ "none at all",
	    MESSAGE(HEADER_OF("1.2", "DM/1.2", "1", "1", "t", "s", "<NoResp/>"),
		"<Replace><CmdID>2</CmdID></Replace><Final/>"),
	    false, "Final" },
	{ "the package goes on", MESSAGE(HEADER, "<Alert><CmdID>1</CmdID><Data>1201</Data></Alert>"), false,
	    "0 SyncHdr 200,1 Alert 200,1222" },
	{ "unenrolls", MESSAGE(HEADER, ALERT("1226", UNENROLL, "1") "<Final/>"), true,
	    "0 SyncHdr 200,1 Alert 200,Final" },
	{ "as samples print it", MESSAGE(HEADER, ALERT(" 1226\n", " " UNENROLL " ", " 1 ") "<Final/>"), true,
	    "0 SyncHdr 200,1 Alert 200,Final" },
	{ "its second item",
	    MESSAGE(HEADER,
		"<Alert><CmdID>1</CmdID><Data>1226</Data><Item><Data>1</Data></Item>"
		"<Item><Meta><Type>" UNENROLL "</Type></Meta><Data>1</Data></Item></Alert>"
		"<Final/>"),
	    true, "0 SyncHdr 200,1 Alert 200,Final" },
	{ "another generic alert", MESSAGE(HEADER, ALERT("1226", "com.microsoft:mdm.other", "1") "<Final/>"),
	    false, "0 SyncHdr 200,1 Alert 200,Final" },
	{ "not 1", MESSAGE(HEADER, ALERT("1226", UNENROLL, "0") "<Final/>"), false,
	    "0 SyncHdr 200,1 Alert 200,Final" },
	{ "another alert", MESSAGE(HEADER, ALERT("1224", UNENROLL, "1") "<Final/>"), false,
	    "0 SyncHdr 200,1 Alert 200,Final" },
	{ "in a Replace",
	    MESSAGE(HEADER,
		"<Replace><CmdID>1</CmdID><Data>1226</Data><Item><Meta><Type>" UNENROLL
		"</Type></Meta><Data>1</Data></Item></Replace><Final/>"),
	    false, "0 SyncHdr 200,1 Replace 200,Final" },
	{ "hidden in an Atomic",
	    MESSAGE(HEADER, "<Atomic><CmdID>5</CmdID>" ALERT("1226", UNENROLL, "1") "</Atomic><Final/>"),
	    false, "0 SyncHdr 200,5 Atomic 405,Final" },
};

/* What the answer says to each command, written as in the table above. */
static const char *
statuses_of(struct bytes answer)
{
	struct reply_doc reply = reply_parse(answer);
	int count = xpath_count(arena, &reply, "/*/*[2]/*[local-name()='Status']");
	char *said = arena_strdup(arena, "");

	for (int n = 1; n <= count; n++) {
		const char *field[] = { "CmdRef", "Cmd", "Data" };

		for (size_t i = 0; i < ARRAY_SIZE(field); i++)
			said = arena_printf(arena, "%s%s%c", said,
			    xpath_text(arena, &reply,
				arena_printf(arena, "/*/*[2]/*[%d]/*[local-name()='%s']", n, field[i])),
			    i + 1 < ARRAY_SIZE(field) ? ' ' : ',');
	}
	said = arena_printf(arena, "%s%s%s", said,
	    xpath_count(arena, &reply, "/*/*[2]/*[last()][local-name()='Final']") == 1 ? "Final" : "",
	    xpath_text(arena, &reply, "/*/*[2]/*[last()][local-name()='Alert']/*[local-name()='Data']"));
	reply_free(&reply);
	return said;
}

static void
taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(exchange); i++) {
		struct syncml message;
		struct bytes answer;
		struct why why;
		const char *said;

		if (syncml_read(arena, bytes_of(exchange[i].text), &message, &why) != OUTCOME_OK)
			fail_msg("%s: %s", exchange[i].name, why.text);
		if (message.unenroll != exchange[i].unenroll)
			fail_msg("%s: unenrolls: %d", exchange[i].name, message.unenroll);
		assert_true(syncml_write(arena, &message, &answer));
		said = statuses_of(answer);
		if (strcmp(said, exchange[i].answer) != 0)
			fail_msg("%s: answered %s", exchange[i].name, said);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char *name, *text, *why;
	} row[] = {
		{ "nothing", "", "empty" },
		{ "no XML", "hello", "XML" },
		{ "cut", "<SyncML xmlns=\"SYNCML:SYNCML1.2\">" HEADER, "XML" },
		{ "DOCTYPE", "<!DOCTYPE x [<!ENTITY a \"b\">]>" MESSAGE(HEADER, "<Final/>"), "DOCTYPE" },
		{ "WBXML", "\x02\xa4\x01\x6a\x00", "XML" },
		{ "another root", "<Envelope/>", "SyncML of 1.2 expected" },
		{ "another namespace", "<SyncML>" HEADER "<SyncBody><Final/></SyncBody></SyncML>",
		    "SyncML of 1.2 expected" },
		{ "no header", "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncBody/></SyncML>", "SyncHdr" },
		{ "two headers", MESSAGE(HEADER HEADER, "<Final/>"), "SyncHdr" },
		{ "no body", "<SyncML xmlns=\"SYNCML:SYNCML1.2\">" HEADER "</SyncML>", "SyncBody" },
		{ "two bodies", MESSAGE(HEADER, "<Final/></SyncBody><SyncBody>"), "SyncBody" },
		{ "no Source",
		    "<SyncML "
		    "xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>"
		    "<SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>t</LocURI></Target></SyncHdr>"
		    "<SyncBody/></SyncML>",
		    "Source" },
		{ "DS protocol", MESSAGE(HEADER_OF("1.2", "SyncML/1.2", "1", "1", "t", "s", ""), "<Final/>"),
		    "DM/1.2 expected" },
		{ "protocol 2", MESSAGE(HEADER_OF("2.0", "DM/2.0", "1", "1", "t", "s", ""), "<Final/>"),
		    "DM/1.2 expected" },
		{ "no session", MESSAGE(HEADER_OF("1.2", "DM/1.2", "", "1", "t", "s", ""), "<Final/>"),
		    "SessionID" },
		{ "long session",
		    MESSAGE(HEADER_OF("1.2", "DM/1.2",
				"12345678901234567890123456789012345678901234567890123456789012345", "1", "t",
				"s", ""),
			"<Final/>"),
		    "SessionID" },
		{ "two lines", MESSAGE(HEADER_OF("1.2", "DM/1.2", "1", "1", "t", "a&#10;b", ""), "<Final/>"),
		    "LocURI" },
		{ "two message ids",
		    MESSAGE(HEADER_OF("1.2", "DM/1.2", "1", "1", "t", "s", "<MsgID>2</MsgID>"), "<Final/>"),
		    "MsgID" },
		{ "unknown command", MESSAGE(HEADER, "<Obey><CmdID>1</CmdID></Obey><Final/>"),
		    "unknown command 'Obey'" },
		{ "no CmdID", MESSAGE(HEADER, "<Alert><Data>1201</Data></Alert><Final/>"), "CmdID" },
		{ "two CmdIDs", MESSAGE(HEADER, "<Alert><CmdID>1</CmdID><CmdID>2</CmdID></Alert><Final/>"),
		    "CmdID" },
		{ "behind Final", MESSAGE(HEADER, "<Final/><Alert><CmdID>1</CmdID></Alert>"),
		    "'Alert' behind Final" },
		{ "two Finals", MESSAGE(HEADER, "<Final/><Final/>"), "'Final' behind Final" },
		{ "two alert codes",
		    MESSAGE(
			HEADER, "<Alert><CmdID>1</CmdID><Data>1226</Data><Data>1201</Data></Alert><Final/>"),
		    "Data" },
		{ "two types",
		    MESSAGE(HEADER,
			"<Alert><CmdID>1</CmdID><Data>1226</Data><Item><Meta><Type>a</Type><Type>" UNENROLL
			"</Type></Meta><Data>1</Data></Item></Alert><Final/>"),
		    "Type" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct syncml message;
		struct why why;

		if (syncml_read(arena, bytes_of(row[i].text), &message, &why) != OUTCOME_MESSAGE_FORMAT)
			fail_msg("%s: taken", row[i].name);
		if (strstr(why.text, row[i].why) == NULL)
			fail_msg("%s: %s", row[i].name, why.text);
	}
}

static void
bounds(void **state)
{
	struct syncml message;
	struct why why;

	(void)state;
	for (int count = SYNCML_COMMANDS_MAX; count <= SYNCML_COMMANDS_MAX + 1; count++) {
		char *body = arena_alloc(arena, 64 * 1024), *at = body;

		for (int i = 0; i < count; i++)
			at += snprintf(at, 64, "<Get><CmdID>%d</CmdID></Get>", i);
		assert_int_equal(syncml_read(arena,
				     bytes_of(arena_printf(arena, "%s%s%s",
					 "<SyncML xmlns=\"SYNCML:SYNCML1.2\">" HEADER "<SyncBody>", body,
					 "<Final/></SyncBody></SyncML>")),
				     &message, &why),
		    count > SYNCML_COMMANDS_MAX ? OUTCOME_MESSAGE_FORMAT : OUTCOME_OK);
	}
}

/* What comes back out of a message is text again. */
static void
echoes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		const struct syncml sent = {
			.session = "1", .message = "1", .target = nasty[i], .source = nasty[i], .final = true
		};
		struct syncml message;
		struct bytes bytes;
		struct why why;

		assert_true(syncml_write(arena, &sent, &bytes));
		assert_int_equal(syncml_read(arena, bytes, &message, &why), OUTCOME_OK);
		assert_string_equal(message.source, nasty[i]);
		assert_string_equal(message.target, nasty[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows11),
		cmocka_unit_test(unenrollment),
		cmocka_unit_test(taken),
		cmocka_unit_test(refused),
		cmocka_unit_test(bounds),
		cmocka_unit_test(echoes),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_stop);
}
