/* Lines and JSON. */
#include "report.h"

#include <muster/base/clock.h>

#include <jansson.h>

enum exit_status
report_status(const struct refusal *refusal)
{
	return refusal->by_server ? EXIT_SERVER_REFUSED : EXIT_DEVICE_REFUSED;
}

static void
line(const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		printf("  %-12s %s\n", name, value);
}

static void
cause_line(const struct refusal *refusal)
{
	if (refusal->cause != 0)
		printf("  %-12s 0x%08X %s\n", "cause", (unsigned)refusal->cause,
		    hresult_constant(refusal->cause));
}

void
report_refusal(const struct refusal *refusal)
{
	printf("refused at %s by the %s: 0x%08X %s", refusal->stage == NULL ? "?" : refusal->stage,
	    refusal->by_server ? "server" : "device", (unsigned)refusal->hresult,
	    hresult_constant(refusal->hresult));
	if (refusal->status != 0 && refusal->by_server)
		printf(" (HTTP %d)", refusal->status);
	printf("\n");
	line("what", refusal->what);
	cause_line(refusal);
	line("subcode", refusal->subcode);
	line("error type", refusal->error_type);
	line("message", refusal->message);
	line("language", refusal->language);
	line("trace id", refusal->trace);
}

/* Not asked for: no user signs in on a page where a password does. */
static bool
passed_over(const struct enrollment *enrollment, enum stage stage)
{
	return !enrollment->done[stage] && stage < enrollment->stage;
}

static void
stages_print(const struct enrollment *enrollment)
{
	printf("%-10s %12s  %s\n", "stage", "time", "what");
	for (enum stage stage = STAGE_PROBE; stage <= enrollment->stage; stage++) {
		if (!passed_over(enrollment, stage))
			printf("%-10s %9.1f ms  %s\n", stage_name(stage),
			    (double)enrollment->us[stage] / 1000,
			    enrollment->done[stage] ? enrollment->what[stage] : "refused");
	}
}

static void
notes_print(const struct notes *notes)
{
	for (size_t i = 0; i < notes->count && i < NOTES_MAX; i++)
		printf("note: %s\n", notes->text[i]);
	if (notes->count > NOTES_MAX)
		printf("note: and %zu more\n", notes->count - NOTES_MAX);
}

static json_t *
refusal_json(const struct refusal *refusal)
{
	char hresult[16], cause[16];
	json_t *root;

	snprintf(hresult, sizeof(hresult), "0x%08X", (unsigned)refusal->hresult);
	snprintf(cause, sizeof(cause), "0x%08X", (unsigned)refusal->cause);
	root = json_pack("{ss ss* ss ss ss si}", "by", refusal->by_server ? "server" : "device", "stage",
	    refusal->stage, "hresult", hresult, "constant", hresult_constant(refusal->hresult), "what",
	    refusal->what, "status", refusal->status);
	if (refusal->cause != 0)
		json_object_set_new(root, "cause", json_string(cause));
	if (refusal->subcode[0] != '\0')
		json_object_set_new(root, "subcode", json_string(refusal->subcode));
	if (refusal->error_type[0] != '\0')
		json_object_set_new(root, "errorType", json_string(refusal->error_type));
	if (refusal->reason[0] != '\0')
		json_object_set_new(root, "reason", json_string(refusal->reason));
	if (refusal->language[0] != '\0')
		json_object_set_new(root, "language", json_string(refusal->language));
	if (refusal->message[0] != '\0')
		json_object_set_new(root, "message", json_string(refusal->message));
	if (refusal->trace[0] != '\0')
		json_object_set_new(root, "traceId", json_string(refusal->trace));
	return root;
}

static json_t *
check_in_json(const struct check_in *answer)
{
	return json_pack("{ss* ss* ss* ss* ss* ss* ss*}", "url", answer->url, "device", answer->device,
	    "account", answer->account, "organization", answer->organization, "state", answer->state,
	    "notAfter", answer->not_after, "name", answer->name);
}

static void
json_print(json_t *root)
{
	json_dumpf(root, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(root);
}

void
report_refusal_json(const struct refusal *refusal)
{
	json_print(json_pack("{ss so}", "result", "refused", "refusal", refusal_json(refusal)));
}

static json_t *
stages_json(const struct enrollment *enrollment)
{
	json_t *list = json_array();

	for (enum stage stage = STAGE_PROBE; stage <= enrollment->stage; stage++) {
		if (!passed_over(enrollment, stage))
			json_array_append_new(list,
			    json_pack("{ss sb sf ss}", "stage", stage_name(stage), "done",
				(int)enrollment->done[stage], "ms", (double)enrollment->us[stage] / 1000,
				"what", enrollment->what[stage]));
	}
	return list;
}

static json_t *
notes_json(const struct notes *notes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < notes->count && i < NOTES_MAX; i++)
		json_array_append_new(list, json_string(notes->text[i]));
	return list;
}

static void
enrollment_json(struct arena *arena, const char *user, const struct enrollment *enrollment, bool enrolled)
{
	const struct provision *provision = &enrollment->provision;
	json_t *root = json_pack("{ss ss so so}", "result", enrolled ? "enrolled" : "refused", "user", user,
	    "stages", stages_json(enrollment), "notes", notes_json(&enrollment->notes));

	if (!enrolled)
		json_object_set_new(root, "refusal", refusal_json(&enrollment->refusal));
	if (enrollment->done[STAGE_INSTALL]) {
		time_t until = certificate_not_after(provision->leaf);

		json_object_set_new(root, "device", json_string(provision->device_id));
		json_object_set_new(root, "upn", json_string(provision->upn == NULL ? "" : provision->upn));
		json_object_set_new(
		    root, "store", json_string(provision->system_store ? "My/System" : "My/User"));
		json_object_set_new(root, "sha1", json_string(certificate_sha1(arena, provision->leaf)));
		json_object_set_new(root, "sha256", json_string(certificate_sha256(arena, provision->leaf)));
		json_object_set_new(root, "notAfter", json_string(clock_text(arena, (int64_t)until * 1000)));
		json_object_set_new(root, "address", json_string(provision->address));
	}
	if (enrollment->done[STAGE_CONNECT])
		json_object_set_new(root, "connect", check_in_json(&enrollment->answer));
	json_print(root);
}

enum exit_status
report_enrollment(struct arena *arena, const struct settings *settings, const char *user,
    const struct enrollment *enrollment)
{
	const struct provision *provision = &enrollment->provision;
	bool enrolled = enrollment->refusal.stage == NULL;

	if (settings->json) {
		enrollment_json(arena, user, enrollment, enrolled);
		return enrolled ? EXIT_ENROLLED : report_status(&enrollment->refusal);
	}
	stages_print(enrollment);
	notes_print(&enrollment->notes);
	if (!enrolled) {
		report_refusal(&enrollment->refusal);
		return report_status(&enrollment->refusal);
	}
	printf("enrolled: device %s as %s, certificate until %s\n", provision->device_id,
	    provision->upn == NULL ? user : provision->upn,
	    clock_text(arena, (int64_t)certificate_not_after(provision->leaf) * 1000));
	return EXIT_ENROLLED;
}

void
report_check_in(
    const struct settings *settings, const struct check_in *answer, const struct state_login *login)
{
	if (settings->json) {
		json_print(json_pack("{ss so}", "result", "known", "connect", check_in_json(answer)));
		return;
	}
	printf("%s %s presented to %s\n", login->store, login->thumbprint, answer->url);
	line("device", answer->device);
	line("name", answer->name);
	line("account", answer->account);
	line("organization", answer->organization);
	line("state", answer->state);
	line("until", answer->not_after);
}

static void
renewal_json(struct arena *arena, const struct renewal *renewal)
{
	static const char *const words[] = { "renewed", "not due", "refused" };
	const struct provision *provision = &renewal->provision;
	json_t *root = json_pack("{ss ss* ss* ss* sb so}", "result", words[renewal->end], "device",
	    renewal->from.device, "before", renewal->from.thumbprint, "url", renewal->url, "again",
	    (int)renewal->again, "notes", notes_json(&renewal->notes));

	if (renewal->due > 0)
		json_object_set_new(
		    root, "due", json_string(clock_text(arena, (int64_t)renewal->due * 1000)));
	if (renewal->end == RENEWAL_REFUSED)
		json_object_set_new(root, "refusal", refusal_json(&renewal->refusal));
	if (renewal->end == RENEWAL_DONE) {
		time_t until = certificate_not_after(provision->leaf);

		json_object_set_new(root, "others", json_integer(renewal->others));
		json_object_set_new(root, "store", json_string(renewal->from.store));
		json_object_set_new(root, "sha1", json_string(certificate_sha1(arena, provision->leaf)));
		json_object_set_new(root, "sha256", json_string(certificate_sha256(arena, provision->leaf)));
		json_object_set_new(root, "notAfter", json_string(clock_text(arena, (int64_t)until * 1000)));
	}
	json_print(root);
}

enum exit_status
report_renewal(struct arena *arena, const struct settings *settings, const struct renewal *renewal)
{
	if (settings->json)
		renewal_json(arena, renewal);
	if (renewal->end == RENEWAL_REFUSED && !settings->json) {
		notes_print(&renewal->notes);
		report_refusal(&renewal->refusal);
	}
	if (renewal->end == RENEWAL_REFUSED)
		return report_status(&renewal->refusal);
	if (settings->json)
		return EXIT_ENROLLED;
	notes_print(&renewal->notes);
	if (renewal->end == RENEWAL_NOT_DUE)
		printf("not due: device %s renews from %s on\n", renewal->from.device,
		    clock_text(arena, (int64_t)renewal->due * 1000));
	else
		printf("renewed: device %s, %s %s, certificate until %s\n", renewal->from.device,
		    renewal->from.store, certificate_sha1(arena, renewal->provision.leaf),
		    clock_text(arena, (int64_t)certificate_not_after(renewal->provision.leaf) * 1000));
	return EXIT_ENROLLED;
}

void
report_session(const struct settings *settings, const struct session *session,
    const struct state_login *login, bool leaves, const struct notes *notes)
{
	if (settings->json) {
		json_print(json_pack("{ss ss si si so}", "result", leaves ? "unenrolled" : "managed", "url",
		    session->url, "messages", (int)session->messages, "obeyed", (int)session->obeyed, "notes",
		    notes_json(notes)));
		return;
	}
	printf("%s %s presented to %s\n", login->store, login->thumbprint, session->url);
	printf("  %-12s %u, commands obeyed: %u\n", "messages", session->messages, session->obeyed);
	notes_print(notes);
	printf("%s\n",
	    leaves ? "unenrolled: the DM server took it, and the device has forgotten it"
		   : "managed: the session has ended");
}
