/* One exchange with a body from a file. */
#include "raw.h"

#include "finder.h"
#include "server_fault.h"

#include <errno.h>

#define FILE_MAX_SIZE (64u * 1024 * 1024)

static bool
file_read(struct arena *arena, const char *path, struct bytes *bytes)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t room = 65536, size = 0, got;
	char *data = malloc(room);

	if (file == NULL || data == NULL) {
		fprintf(stderr, "muster-device: %s: %s\n", path, strerror(errno));
		free(data);
		return false;
	}
	while ((got = fread(data + size, 1, room - size, file)) > 0 && size < FILE_MAX_SIZE) {
		size += got;
		if (size == room) {
			char *grown = realloc(data, room * 2);

			if (grown == NULL)
				break;
			data = grown;
			room *= 2;
		}
	}
	if (file != stdin)
		fclose(file);
	*bytes = arena_copy(arena, data, size);
	free(data);
	return true;
}

/* The URL of --url or --to; NULL with the reason in *refusal. */
static const char *
target_find(struct http *http, struct arena *arena, const struct options *options, struct refusal *refusal,
    struct notes *notes)
{
	const struct settings *settings = &options->settings;
	struct services services;
	const char *urls[2];

	if (options->raw_url != NULL)
		return options->raw_url;
	if (finder_candidates(arena, settings, urls, refusal) == 0)
		return NULL;
	if (strcmp(options->raw_to, "discovery") == 0)
		return urls[0];
	if (!finder_discover(http, arena, settings, settings->user == NULL ? "" : settings->user, urls[0],
		&services, refusal, notes))
		return NULL;
	if (strcmp(options->raw_to, "policy") == 0)
		return services.policy_url;
	if (strcmp(options->raw_to, "enrollment") == 0)
		return services.enrollment_url;
	(void)deny(refusal, HRESULT_CONNECTIVITY, "--to \"%s\" is none of discovery, policy, enrollment",
	    options->raw_to);
	return NULL;
}

static enum exit_status
answer_print(const struct settings *settings, const struct http_reply *reply, struct refusal *refusal,
    struct notes *notes)
{
	bool fault = memmem(reply->body.data, reply->body.size, "Fault", 5) != NULL;

	if (!settings->json) {
		printf("HTTP %d, %zu bytes, %.1f ms\n%s", reply->status, reply->body.size,
		    (double)reply->us / 1000, reply->headers);
		fwrite(reply->body.data, 1, reply->body.size, stdout);
		printf("\n");
	}
	if (reply->status == 200 && !fault)
		return EXIT_ENROLLED;
	server_fault_read(reply->body, reply->status, refusal, notes);
	refusal->stage = "raw";
	if (settings->json)
		report_refusal_json(refusal);
	else
		report_refusal(refusal);
	return EXIT_SERVER_REFUSED;
}

enum exit_status
raw_run(const struct options *options)
{
	struct http *http = http_new(&options->settings);
	struct arena *arena = arena_new();
	struct refusal refusal = { .stage = "raw" };
	struct notes notes = { .count = 0 };
	struct http_request request = { .method = options->raw_method, .content_type = options->raw_type };
	struct http_reply reply;
	enum exit_status status = EXIT_DEVICE_REFUSED;

	if (request.method == NULL)
		request.method = "POST";
	if (request.content_type == NULL)
		request.content_type = "application/soap+xml; charset=utf-8";
	if (http == NULL || !file_read(arena, options->raw_file, &request.body))
		status = EXIT_USAGE;
	else if ((request.url = target_find(http, arena, options, &refusal, &notes)) == NULL ||
	    !http_send(http, arena, &request, &reply, &refusal))
		report_refusal(&refusal);
	else
		status = answer_print(&options->settings, &reply, &refusal, &notes);
	arena_free(arena);
	http_free(http);
	return status;
}
