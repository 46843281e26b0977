#include <muster/protocol/syncml.h>

#include <muster/base/text.h>
#include <muster/wire/xml_in.h>
#include <muster/wire/xml_out.h>

#define NS_SYNCML12 "SYNCML:SYNCML1.2"
#define NS_SYNCML11 "SYNCML:SYNCML1.1"

/* Of the alert by which a device takes its leave (MS-MDM 2.2.7.2). */
#define ALERT_GENERIC "1226"
#define TYPE_UNENROLL "com.microsoft:mdm.unenrollment.userrequest"

/* The commands of DM 1.2 (OMA-TS-DM_RepPro 6.2), and how they are answered. */
static const struct {
	const char *name;
	bool taken; /* a client may send it */
} known[] = {
	{ "Alert", true },
	{ "Replace", true },
	{ "Results", true },
	{ "Add", false },
	{ "Atomic", false },
	{ "Copy", false },
	{ "Delete", false },
	{ "Exec", false },
	{ "Get", false },
	{ "Sequence", false },
};

static int
known_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* --- reading --- */

/* The text of a child that must be there, of 1 to max bytes, on one line. */
static enum outcome
text_need(struct arena *arena, const xmlNode *parent, const char *name, size_t max, const char **text,
    struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o = xml_need(parent, NULL, name, &node, why);

	if (o != OUTCOME_OK)
		return o;
	*text = xml_text(arena, node);
	if (**text == '\0' || strlen(*text) > max || !text_is_plain(*text, strlen(*text)))
		return refuse(
		    why, OUTCOME_MESSAGE_FORMAT, "SyncML: %s is empty, or longer than %zu bytes", name, max);
	return OUTCOME_OK;
}

/* The LocURI of Target or Source. */
static enum outcome
uri_need(struct arena *arena, const xmlNode *header, const char *name, const char **uri, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o = xml_need(header, NULL, name, &node, why);

	return o == OUTCOME_OK ? text_need(arena, node, "LocURI", SYNCML_URI_MAX, uri, why) : o;
}

static enum outcome
flag_read(const xmlNode *parent, const char *name, bool *there, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o = xml_child(parent, NULL, name, &node, why);

	*there = node != NULL;
	return o;
}

static enum outcome
header_read(struct arena *arena, const xmlNode *header, struct syncml *message, struct why *why)
{
	const char *version = NULL, *protocol = NULL;
	enum outcome o;

	if ((o = text_need(arena, header, "VerDTD", SYNCML_ID_MAX, &version, why)) != OUTCOME_OK ||
	    (o = text_need(arena, header, "VerProto", SYNCML_ID_MAX, &protocol, why)) != OUTCOME_OK ||
	    (o = text_need(arena, header, "SessionID", SYNCML_ID_MAX, &message->session, why)) !=
		OUTCOME_OK ||
	    (o = text_need(arena, header, "MsgID", SYNCML_ID_MAX, &message->message, why)) != OUTCOME_OK ||
	    (o = uri_need(arena, header, "Target", &message->target, why)) != OUTCOME_OK ||
	    (o = uri_need(arena, header, "Source", &message->source, why)) != OUTCOME_OK ||
	    (o = flag_read(header, "NoResp", &message->silent, why)) != OUTCOME_OK)
		return o;
	if (strncmp(protocol, "DM/1.", 5) != 0 || strncmp(version, "1.", 2) != 0)
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "SyncML: VerDTD '%s', VerProto '%s': DM/1.2 expected", version, protocol);
	return OUTCOME_OK;
}

/* The text of a child that need not be there; "" when it is not. */
static enum outcome
text_read(struct arena *arena, const xmlNode *parent, const char *name, const char **text, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o = xml_child(parent, NULL, name, &node, why);

	*text = node == NULL ? "" : xml_text(arena, node);
	return o;
}

/* An item of a generic alert: is it the user's wish to end the management? */
static enum outcome
item_read(struct arena *arena, const xmlNode *item, bool *unenroll, struct why *why)
{
	const char *type = "", *data = "";
	xmlNode *meta = NULL;
	enum outcome o;

	if ((o = xml_child(item, NULL, "Meta", &meta, why)) != OUTCOME_OK || meta == NULL ||
	    (o = text_read(arena, meta, "Type", &type, why)) != OUTCOME_OK ||
	    (o = text_read(arena, item, "Data", &data, why)) != OUTCOME_OK)
		return o;
	if (text_equal_fold(type, TYPE_UNENROLL) && strcmp(data, "1") == 0)
		*unenroll = true;
	return OUTCOME_OK;
}

static enum outcome
alert_read(struct arena *arena, const xmlNode *alert, bool *unenroll, struct why *why)
{
	const char *code = "";
	enum outcome o = text_read(arena, alert, "Data", &code, why);

	if (o != OUTCOME_OK || strcmp(code, ALERT_GENERIC) != 0)
		return o;
	for (const xmlNode *item = xml_first(alert); o == OUTCOME_OK && item != NULL; item = xml_next(item))
		if (xml_is(item, NULL, "Item"))
			o = item_read(arena, item, unenroll, why);
	return o;
}

static enum outcome
command_read(
    struct arena *arena, const xmlNode *node, struct syncml_command *command, bool *unenroll, struct why *why)
{
	int place = known_find((const char *)node->name);
	enum outcome o;

	if (place < 0)
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "SyncML: an unknown command '%.40s'",
		    (const char *)node->name);
	*command = (struct syncml_command){ .name = known[place].name };
	if ((o = text_need(arena, node, "CmdID", SYNCML_ID_MAX, &command->id, why)) != OUTCOME_OK ||
	    (o = flag_read(node, "NoResp", &command->silent, why)) != OUTCOME_OK)
		return o;
	return strcmp(command->name, "Alert") == 0 ? alert_read(arena, node, unenroll, why) : OUTCOME_OK;
}

static enum outcome
body_read(struct arena *arena, const xmlNode *body, struct syncml *message, struct why *why)
{
	struct syncml_command *command = arena_alloc(arena, SYNCML_COMMANDS_MAX * sizeof(*command));
	enum outcome o = OUTCOME_OK;

	message->command = command;
	for (const xmlNode *node = xml_first(body); o == OUTCOME_OK && node != NULL; node = xml_next(node)) {
		if (message->final)
			return refuse(why, OUTCOME_MESSAGE_FORMAT, "SyncML: '%.40s' behind Final",
			    (const char *)node->name);
		if (xml_is(node, NULL, "Final"))
			message->final = true;
		else if (message->commands == SYNCML_COMMANDS_MAX)
			return refuse(why, OUTCOME_MESSAGE_FORMAT, "SyncML: more than %d commands",
			    SYNCML_COMMANDS_MAX);
		else if (!xml_is(node, NULL, "Status"))
			o = command_read(arena, node, &command[message->commands++], &message->unenroll, why);
	}
	return o;
}

static enum outcome
message_read(struct arena *arena, const xmlNode *root, struct syncml *message, struct why *why)
{
	xmlNode *header = NULL, *body = NULL;
	enum outcome o;

	if (!xml_is(root, NS_SYNCML12, "SyncML") && !xml_is(root, NS_SYNCML11, "SyncML"))
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "the root element is '%.40s', SyncML of 1.2 expected", (const char *)root->name);
	if ((o = xml_need(root, NULL, "SyncHdr", &header, why)) != OUTCOME_OK ||
	    (o = xml_need(root, NULL, "SyncBody", &body, why)) != OUTCOME_OK ||
	    (o = header_read(arena, header, message, why)) != OUTCOME_OK)
		return o;
	return body_read(arena, body, message, why);
}

enum outcome
syncml_read(struct arena *arena, struct bytes bytes, struct syncml *message, struct why *why)
{
	CLEANUP(xml_free) xmlDoc *doc = NULL;
	enum outcome o;

	*message = (struct syncml){ 0 };
	if ((o = xml_read(arena, bytes, &doc, why)) != OUTCOME_OK)
		return o;
	return message_read(arena, xmlDocGetRootElement(doc), message, why);
}

/* --- writing --- */

static void
uri_write(struct xml_out *out, const char *name, const char *uri)
{
	xml_start(out, NULL, name, NULL);
	xml_element(out, "LocURI", uri);
	xml_end(out);
}

static void
header_write(struct xml_out *out, const struct syncml *message)
{
	xml_start(out, NULL, "SyncHdr", NULL);
	xml_element(out, "VerDTD", "1.2");
	xml_element(out, "VerProto", "DM/1.2");
	xml_element(out, "SessionID", message->session);
	xml_element(out, "MsgID", message->message);
	uri_write(out, "Target", message->source);
	uri_write(out, "Source", message->target);
	xml_end(out);
}

/* In the order of the DTD. */
static void
status_write(struct arena *arena, struct xml_out *out, unsigned number, const struct syncml *message,
    const char *reference, const char *name, const char *data)
{
	xml_start(out, NULL, "Status", NULL);
	xml_element(out, "CmdID", arena_printf(arena, "%u", number));
	xml_element(out, "MsgRef", message->message);
	xml_element(out, "CmdRef", reference);
	xml_element(out, "Cmd", name);
	xml_element(out, "Data", data);
	xml_end(out);
}

static unsigned
statuses_write(struct arena *arena, struct xml_out *out, const struct syncml *message)
{
	unsigned number = 0;

	if (message->silent)
		return number;
	status_write(arena, out, ++number, message, "0", "SyncHdr", "200");
	for (size_t i = 0; i < message->commands; i++) {
		const struct syncml_command *command = &message->command[i];

		if (!command->silent)
			status_write(arena, out, ++number, message, command->id, command->name,
			    known[known_find(command->name)].taken ? "200" : "405");
	}
	return number;
}

/* The package goes on: its next message is asked for (OMA-TS-DM_Protocol 1.2.1, 6). */
static void
next_write(struct arena *arena, struct xml_out *out, unsigned number)
{
	xml_start(out, NULL, "Alert", NULL);
	xml_element(out, "CmdID", arena_printf(arena, "%u", number));
	xml_element(out, "Data", "1222");
	xml_end(out);
}

bool
syncml_write(struct arena *arena, const struct syncml *message, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	unsigned number;

	xml_start(out, NULL, "SyncML", NS_SYNCML12);
	header_write(out, message);
	xml_start(out, NULL, "SyncBody", NULL);
	number = statuses_write(arena, out, message);
	if (message->final) {
		xml_start(out, NULL, "Final", NULL);
		xml_end(out);
	} else {
		next_write(arena, out, number + 1);
	}
	xml_end(out);
	xml_end(out);
	return xml_out_finish(out, arena, bytes);
}
