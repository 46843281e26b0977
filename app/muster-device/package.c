#include "package.h"

#include <muster/base/text.h>
#include <muster/wire/xml_in.h>
#include <muster/wire/xml_out.h>

#define NS "SYNCML:SYNCML1.2"
#define NS_META "syncml:metinf"
#define FIRST_ID 2 /* as the capture has it */

/* --- writing --- */

static void
uri_write(struct xml_out *out, const char *name, const char *uri)
{
	xml_start(out, NULL, name, NULL);
	xml_element(out, "LocURI", uri);
	xml_end(out);
}

static void
begin(struct arena *arena, struct xml_out *out, const struct package *package)
{
	xml_start(out, NULL, "SyncML", NS);
	xml_start(out, NULL, "SyncHdr", NULL);
	xml_element(out, "VerDTD", "1.2");
	xml_element(out, "VerProto", "DM/1.2");
	xml_element(out, "SessionID", package->session);
	xml_element(out, "MsgID", arena_printf(arena, "%u", package->number));
	uri_write(out, "Target", package->target);
	uri_write(out, "Source", package->source);
	xml_end(out);
	xml_start(out, NULL, "SyncBody", NULL);
}

static bool
end(struct arena *arena, struct xml_out *out, struct bytes *bytes)
{
	xml_start(out, NULL, "Final", NULL);
	xml_end(out);
	xml_end(out);
	xml_end(out);
	return xml_out_finish(out, arena, bytes);
}

/* Open a command and remember it. */
static void
command_begin(struct arena *arena, struct xml_out *out, struct package *package, const char *name)
{
	struct package_command *command = &package->command[package->commands++];

	*command =
	    (struct package_command){ arena_printf(arena, "%zu", package->commands - 1 + FIRST_ID), name };
	xml_start(out, NULL, name, NULL);
	xml_element(out, "CmdID", command->id);
}

static void
meta_write(struct xml_out *out, const char *name, const char *text)
{
	xml_start(out, NULL, name, NS_META);
	xml_chars(out, text);
	xml_end(out);
}

/* type NULL: an alert without an item. */
static void
alert_write(struct arena *arena, struct xml_out *out, struct package *package, const char *code,
    const char *type, bool critical, const char *data)
{
	command_begin(arena, out, package, "Alert");
	xml_element(out, "Data", code);
	if (type != NULL) {
		xml_start(out, NULL, "Item", NULL);
		xml_start(out, NULL, "Meta", NULL);
		meta_write(out, "Type", type);
		if (critical) {
			meta_write(out, "Format", "int");
			meta_write(out, "Mark", "critical");
		}
		xml_end(out);
		xml_element(out, "Data", data);
		xml_end(out);
	}
	xml_end(out);
}

static void
info_write(struct xml_out *out, const char *node, const char *data)
{
	xml_start(out, NULL, "Item", NULL);
	uri_write(out, "Source", node);
	xml_element(out, "Data", data);
	xml_end(out);
}

bool
package_open(struct arena *arena, struct package *package, const struct package_device *device, bool leaves,
    struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	package->commands = 0;
	begin(arena, out, package);
	alert_write(arena, out, package, "1201", NULL, false, NULL);
	alert_write(arena, out, package, "1224", "com.microsoft/MDM/LoginStatus", false, "user");
	if (leaves)
		alert_write(
		    arena, out, package, "1226", "com.microsoft:mdm.unenrollment.userrequest", true, "1");
	command_begin(arena, out, package, "Replace");
	info_write(out, "./DevInfo/DevId", package->source);
	info_write(out, "./DevInfo/Man", device->manufacturer);
	info_write(out, "./DevInfo/Mod", device->model);
	info_write(out, "./DevInfo/DmV", "1.3");
	info_write(out, "./DevInfo/Lang", device->language);
	xml_end(out);
	return end(arena, out, bytes);
}

static void
status_write(struct arena *arena, struct xml_out *out, size_t number, const struct package *answer,
    const char *reference, const char *name, const char *data)
{
	xml_start(out, NULL, "Status", NULL);
	xml_element(out, "CmdID", arena_printf(arena, "%zu", number));
	xml_element(out, "MsgRef", arena_printf(arena, "%u", answer->number));
	xml_element(out, "CmdRef", reference);
	xml_element(out, "Cmd", name);
	xml_element(out, "Data", data);
	xml_end(out);
}

bool
package_obey(struct arena *arena, struct package *package, const struct package *answer, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	package->commands = 0;
	begin(arena, out, package);
	status_write(arena, out, FIRST_ID, answer, "0", "SyncHdr", "200");
	for (size_t i = 0; i < answer->commands; i++) {
		const struct package_command *command = &answer->command[i];

		/* It has no nodes to read. */
		status_write(arena, out, FIRST_ID + 1 + i, answer, command->id, command->name,
		    strcmp(command->name, "Get") == 0 ? "404" : "200");
	}
	return end(arena, out, bytes);
}

/* --- reading --- */

struct reading {
	struct arena *arena;
	const struct package *sent;
	struct package *answer;
	bool header_told, told[PACKAGE_COMMANDS_MAX]; /* that have their Status */
	const char *seen[2 * PACKAGE_COMMANDS_MAX];   /* CmdIDs of the answer */
	size_t count;
	struct refusal *refusal;
	struct notes *notes;
};

static bool
wrong(struct reading *in, const char *what, const char *text)
{
	return deny(
	    in->refusal, HRESULT_UNKNOWN_ERROR, "the management server's answer: %s%.100s", what, text);
}

/* The text of an element's only child of that name; NULL after a refusal. */
static const char *
text_of(struct reading *in, const xmlNode *parent, const char *name)
{
	xmlNode *node = NULL;
	struct why why;

	if (xml_need(parent, NS, name, &node, &why) != OUTCOME_OK) {
		(void)wrong(in, "", why.text);
		return NULL;
	}
	return xml_text(in->arena, node);
}

static bool
text_is(struct reading *in, const xmlNode *parent, const char *name, const char *expected)
{
	const char *text = text_of(in, parent, name);

	if (text == NULL)
		return false;
	return strcmp(text, expected) == 0 || wrong(in, arena_printf(in->arena, "%s is ", name), text);
}

static const char *
uri_of(struct reading *in, const xmlNode *header, const char *name)
{
	xmlNode *node = NULL;
	struct why why;

	if (xml_need(header, NS, name, &node, &why) != OUTCOME_OK) {
		(void)wrong(in, "", why.text);
		return NULL;
	}
	return text_of(in, node, "LocURI");
}

static bool
header_read(struct reading *in, const xmlNode *header)
{
	const char *number, *target, *source;

	if (!text_is(in, header, "VerDTD", "1.2") || !text_is(in, header, "VerProto", "DM/1.2") ||
	    !text_is(in, header, "SessionID", in->sent->session) ||
	    (number = text_of(in, header, "MsgID")) == NULL ||
	    (target = uri_of(in, header, "Target")) == NULL ||
	    (source = uri_of(in, header, "Source")) == NULL)
		return false;
	in->answer->number = (unsigned)strtoul(number, NULL, 10);
	if (in->answer->number == 0)
		return wrong(in, "MsgID is ", number);
	if (strcmp(target, in->sent->source) != 0)
		return wrong(in, "it is for another device: ", target);
	if (strcmp(source, in->sent->target) != 0)
		note(in->notes, "the answer's Source is not the URL it was asked at: %.100s", source);
	return true;
}

static bool
is_success(const char *data)
{
	return data[0] == '2' && strlen(data) == 3;
}

/* A Status of the header; without success there is no session. */
static bool
header_status(struct reading *in, const char *name, const char *data)
{
	if (strcmp(name, "SyncHdr") != 0 || in->header_told)
		return wrong(in, "a second Status of the header, or one of ", name);
	in->header_told = true;
	return is_success(data) || wrong(in, "it does not take the message, Status ", data);
}

static bool
status_read(struct reading *in, const xmlNode *status)
{
	const char *number = arena_printf(in->arena, "%u", in->sent->number), *reference, *name, *data;

	if (!text_is(in, status, "MsgRef", number) || (reference = text_of(in, status, "CmdRef")) == NULL ||
	    (name = text_of(in, status, "Cmd")) == NULL || (data = text_of(in, status, "Data")) == NULL)
		return false;
	if (strcmp(reference, "0") == 0)
		return header_status(in, name, data);
	for (size_t i = 0; i < in->sent->commands; i++) {
		const struct package_command *command = &in->sent->command[i];

		if (strcmp(command->id, reference) != 0)
			continue;
		if (strcmp(command->name, name) != 0 || in->told[i])
			return wrong(in, "a second Status of a command, or one of another: ", name);
		in->told[i] = true;
		if (!is_success(data))
			note(in->notes, "%s: Status %.20s", name, data);
		return true;
	}
	return wrong(in, "a Status of a command that was not sent: ", reference);
}

/* Each CmdID once in a message. */
static bool
id_take(struct reading *in, const char *id)
{
	for (size_t i = 0; i < in->count; i++)
		if (strcmp(in->seen[i], id) == 0)
			return wrong(in, "a CmdID twice: ", id);
	if (in->count == ARRAY_SIZE(in->seen))
		return wrong(in, "too many commands", "");
	in->seen[in->count++] = id;
	return true;
}

static bool
command_read(struct reading *in, const xmlNode *node)
{
	static const char *const known[] = { "Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get",
		"Replace", "Results", "Sequence", "Status" };
	const char *id = text_of(in, node, "CmdID");

	if (id == NULL || !id_take(in, id))
		return false;
	if (xml_is(node, NS, "Status"))
		return status_read(in, node);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!xml_is(node, NS, known[i]))
			continue;
		if (in->answer->commands == PACKAGE_COMMANDS_MAX)
			return wrong(in, "too many commands", "");
		in->answer->command[in->answer->commands++] = (struct package_command){ id, known[i] };
		return true;
	}
	return wrong(in, "an unknown command: ", (const char *)node->name);
}

static bool
body_read(struct reading *in, const xmlNode *body)
{
	bool final = false;

	for (const xmlNode *node = xml_first(body); node != NULL; node = xml_next(node)) {
		if (final)
			return wrong(in, "something behind Final: ", (const char *)node->name);
		final = xml_is(node, NS, "Final");
		if (!final && !command_read(in, node))
			return false;
	}
	if (!final)
		return wrong(in, "no Final", "");
	if (!in->header_told)
		return wrong(in, "no Status of the header", "");
	for (size_t i = 0; i < in->sent->commands; i++)
		if (!in->told[i])
			return wrong(in, "no Status of ", in->sent->command[i].name);
	return true;
}

bool
package_read(struct arena *arena, struct bytes bytes, const struct package *sent, struct package *answer,
    struct refusal *refusal, struct notes *notes)
{
	struct reading in = {
		.arena = arena, .sent = sent, .answer = answer, .refusal = refusal, .notes = notes
	};
	CLEANUP(xml_free) xmlDoc *doc = NULL;
	xmlNode *root, *header = NULL, *body = NULL;
	struct why why;

	*answer =
	    (struct package){ .session = sent->session, .source = sent->target, .target = sent->source };
	if (xml_read(arena, bytes, &doc, &why) != OUTCOME_OK)
		return wrong(&in, "", why.text);
	root = xmlDocGetRootElement(doc);
	if (!xml_is(root, NS, "SyncML"))
		return wrong(&in, "its root is ", (const char *)root->name);
	if (xml_need(root, NS, "SyncHdr", &header, &why) != OUTCOME_OK ||
	    xml_need(root, NS, "SyncBody", &body, &why) != OUTCOME_OK)
		return wrong(&in, "", why.text);
	return header_read(&in, header) && body_read(&in, body);
}
