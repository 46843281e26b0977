/*
 * The secrets in an answer pass through jansson's buffers, which nobody wipes: they are those of
 * one device, both ends hold them anyway (the worker writes them into the reply), and no key is among them.
 * What is ours of it is in the request's arena, which is wiped after each.
 */
#include <muster/authority/ask.h>

#include "message.h"

#include <poll.h>

/* Add a member unless it is NULL. */
static bool
text_add(json_t *object, const char *key, const char *text)
{
	return text == NULL || json_object_set_new(object, key, json_string(text)) == 0;
}

static bool
bytes_add(json_t *object, const char *key, struct arena *arena, struct bytes bytes)
{
	return bytes.size == 0 || text_add(object, key, bytes_to_base64(arena, bytes));
}

static bool
number_add(json_t *object, const char *key, int64_t number)
{
	return json_object_set_new(object, key, json_integer(number)) == 0;
}

/*
 * A reader takes members one by one and counts: an unknown one is left over at the end. A member
 * of another type than expected makes it fail for good.
 */
struct reader {
	struct arena *arena;
	const json_t *object;
	size_t taken;
	bool failed;
};

static const char *
text_take(struct reader *reader, const char *key)
{
	const json_t *value = json_object_get(reader->object, key);

	if (value == NULL)
		return NULL;
	reader->taken++;
	if (!json_is_string(value)) {
		reader->failed = true;
		return NULL;
	}
	return arena_strdup(reader->arena, json_string_value(value));
}

static const char *
text_take_needed(struct reader *reader, const char *key)
{
	const char *text = text_take(reader, key);

	if (text == NULL)
		reader->failed = true;
	return text;
}

static struct bytes
bytes_take(struct reader *reader, const char *key)
{
	const char *text = text_take(reader, key);
	struct bytes bytes = { NULL, 0 };

	if (text != NULL && !bytes_from_base64(reader->arena, text, &bytes))
		reader->failed = true;
	return bytes;
}

static struct bytes
bytes_take_needed(struct reader *reader, const char *key)
{
	struct bytes bytes = bytes_take(reader, key);

	if (bytes.size == 0)
		reader->failed = true;
	return bytes;
}

static int64_t
number_take(struct reader *reader, const char *key)
{
	const json_t *value = json_object_get(reader->object, key);

	reader->taken++;
	if (!json_is_integer(value)) {
		reader->failed = true;
		return 0;
	}
	return json_integer_value(value);
}

static bool
reader_succeeded(const struct reader *reader)
{
	return !reader->failed && reader->taken == json_object_size(reader->object);
}

/* --- worker --- */

static bool
ask_write(json_t *object, struct arena *arena, const struct ask *ask, struct deadline deadline)
{
	return object != NULL && text_add(object, "organization", ask->organization) &&
	    text_add(object, "account", ask->account) && text_add(object, "trace", ask->trace) &&
	    text_add(object, "attempt", ask->attempt) && text_add(object, "remote", ask->remote) &&
	    text_add(object, "facts", ask->facts) && text_add(object, "claim", ask->claim) &&
	    bytes_add(object, "public_key", arena, ask->public_key) &&
	    text_add(object, "renews", ask->renews) && text_add(object, "device", ask->device) &&
	    number_add(object, "patience_ms", deadline_left_ms(deadline));
}

static void
issued_read(struct reader *reader, bool renewal, struct issued *issued)
{
	issued->device = text_take_needed(reader, "device");
	issued->certificate = bytes_take_needed(reader, "certificate");
	issued->issuing = bytes_take(reader, "issuing");
	issued->root = renewal ? bytes_take(reader, "root") : bytes_take_needed(reader, "root");
	if (renewal)
		return;
	issued->secrets = (struct dm_secrets){
		.client_secret = text_take_needed(reader, "client_secret"),
		.client_nonce = text_take_needed(reader, "client_nonce"),
		.server_name = text_take_needed(reader, "server_name"),
		.server_secret = text_take_needed(reader, "server_secret"),
		.server_nonce = text_take_needed(reader, "server_nonce"),
	};
}

static bool
answer_read(struct arena *arena, const json_t *object, bool renewal, struct answer *answer)
{
	struct reader reader = { arena, object, 0, false };
	const char *name = text_take_needed(&reader, "outcome");

	memset(answer, 0, sizeof(*answer));
	if (name == NULL || !outcome_from_name(name, &answer->decision.outcome))
		return false;
	answer->decision.why = text_take(&reader, "why");
	answer->decision.text = text_take(&reader, "text");
	answer->decision.language = text_take(&reader, "language");
	answer->decision.details = text_take(&reader, "details");
	answer->issued.database_us = number_take(&reader, "database_us");
	answer->issued.signature_us = number_take(&reader, "signature_us");
	if (answer->decision.outcome == OUTCOME_OK)
		issued_read(&reader, renewal, &answer->issued);
	return reader_succeeded(&reader);
}

/* Something to read before anything was asked: the end of the issuer, or an answer to nobody. */
static bool
issuer_quiet(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static enum outcome
lost_because(bool *lost, struct why *why, const char *reason)
{
	*lost = true;
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "issuer: %s", reason);
}

static enum outcome
exchange_run(int fd, struct arena *arena, struct bytes message, bool renewal, struct deadline deadline,
    struct answer *answer, bool *lost, struct why *why)
{
	CLEANUP(json_cleanup) json_t *object = NULL;
	struct why reason = { "" };

	if (!issuer_quiet(fd))
		return lost_because(lost, why, "it has ended");
	if (!message_write(fd, message, deadline, &reason) ||
	    message_read(fd, arena, deadline, &object, &reason) != MESSAGE_WHOLE)
		return lost_because(lost, why, reason.text);
	if (!answer_read(arena, object, renewal, answer))
		return lost_because(lost, why, "its answer is not one");
	if (answer->decision.outcome != OUTCOME_OK)
		return refuse(why, answer->decision.outcome, "%s",
		    answer->decision.why == NULL ? "no reason given" : answer->decision.why);
	return OUTCOME_OK;
}

enum outcome
issuer_ask(int fd, struct arena *arena, const struct ask *ask, struct deadline deadline,
    struct answer *answer, bool *lost, struct why *why)
{
	CLEANUP(json_cleanup) json_t *object = json_object();
	struct bytes message;

	*lost = false;
	if (!ask_write(object, arena, ask, deadline))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "what to ask the issuer is not UTF-8");
	if (!message_pack(arena, object, &message))
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "MS-MDE2 3.4.4.1.1.1: the context items are too long together");
	return exchange_run(fd, arena, message, ask->renews != NULL, deadline, answer, lost, why);
}

/* --- issuer --- */

static bool
ask_read(struct arena *arena, const json_t *object, struct ask *ask)
{
	struct reader reader = { arena, object, 0, false };

	*ask = (struct ask){
		.organization = text_take_needed(&reader, "organization"),
		.account = text_take_needed(&reader, "account"),
		.trace = text_take_needed(&reader, "trace"),
		.attempt = text_take(&reader, "attempt"),
		.remote = text_take(&reader, "remote"),
		.facts = text_take_needed(&reader, "facts"),
		.claim = text_take_needed(&reader, "claim"),
		.public_key = bytes_take_needed(&reader, "public_key"),
		.renews = text_take(&reader, "renews"),
		.device = text_take(&reader, "device"),
		.patience_ms = number_take(&reader, "patience_ms"),
	};
	return reader_succeeded(&reader) && (ask->renews == NULL) == (ask->device == NULL);
}

enum ask_end
ask_receive(int fd, struct arena *arena, struct ask *ask, struct why *why)
{
	CLEANUP(json_cleanup) json_t *object = NULL;
	enum message_end end;

	message_wait(fd);
	end = message_read(fd, arena, deadline_in_ms(ASK_PATIENCE_MS), &object, why);
	if (end == MESSAGE_CLOSED)
		return ASK_CLOSED;
	if (end == MESSAGE_BROKEN)
		return ASK_BROKEN;
	if (ask_read(arena, object, ask))
		return ASK_READY;
	(void)refuse(why, OUTCOME_CERTIFICATE_REQUEST, "message on the socket pair: not an ask");
	return ASK_BROKEN;
}

static bool
issued_write(json_t *object, struct arena *arena, const struct issued *issued)
{
	const struct dm_secrets *secrets = &issued->secrets;

	return text_add(object, "device", issued->device) &&
	    bytes_add(object, "certificate", arena, issued->certificate) &&
	    bytes_add(object, "issuing", arena, issued->issuing) &&
	    bytes_add(object, "root", arena, issued->root) &&
	    text_add(object, "client_secret", secrets->client_secret) &&
	    text_add(object, "client_nonce", secrets->client_nonce) &&
	    text_add(object, "server_name", secrets->server_name) &&
	    text_add(object, "server_secret", secrets->server_secret) &&
	    text_add(object, "server_nonce", secrets->server_nonce);
}

static bool
answer_write(json_t *object, struct arena *arena, const struct answer *answer)
{
	const struct decision *decision = &answer->decision;

	return object != NULL && text_add(object, "outcome", outcome_name(decision->outcome)) &&
	    text_add(object, "why", decision->why) && text_add(object, "text", decision->text) &&
	    text_add(object, "language", decision->language) &&
	    text_add(object, "details", decision->details) &&
	    number_add(object, "database_us", answer->issued.database_us) &&
	    number_add(object, "signature_us", answer->issued.signature_us) &&
	    (decision->outcome != OUTCOME_OK || issued_write(object, arena, &answer->issued));
}

enum outcome
ask_reply(int fd, struct arena *arena, const struct answer *answer, struct why *why)
{
	CLEANUP(json_cleanup) json_t *object = json_object();
	struct bytes message;

	if (!answer_write(object, arena, answer) || !message_pack(arena, object, &message))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "an answer that no message can hold");
	if (!message_write(fd, message, deadline_in_ms(ASK_PATIENCE_MS), why))
		return OUTCOME_CERTIFICATE_REQUEST;
	return OUTCOME_OK;
}
