/* Prometheus' text exposition format, version 0.0.4. */
#include <muster/stages/watch.h>

#include <muster/base/json.h>
#include <muster/stages/decide.h>
#include <muster/store/watch.h>

#include <inttypes.h>
#include <stdio.h>

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define US 1e6

/* What stands before the values of a name. */
static void
head(FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: names of organizations and authorities are the administrators' own. */
static void
label(FILE *out, const char *name, const char *value, const char *before)
{
	(void)fprintf(out, "%s%s=\"", before, name);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			(void)fputc('\\', out);
		if (*value == '\n')
			(void)fputs("\\n", out);
		else
			(void)fputc(*value, out);
	}
	(void)fputc('"', out);
}

static void
gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "gauge", help);
	(void)fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* name and its labels, either of which may be "". */
static void
sample(FILE *out, const char *name, const char *suffix, const char *labels, const char *more)
{
	const char *comma = *labels != '\0' && *more != '\0' ? "," : "";

	(void)fprintf(out, "%s%s", name, suffix);
	if (*labels != '\0' || *more != '\0')
		(void)fprintf(out, "{%s%s%s}", labels, comma, more);
}

/* The lines of one histogram; one without values has none. */
static void
histogram(FILE *out, const char *name, const char *labels, const struct meter_histogram *from)
{
	char bound[32] = "";
	uint64_t count = 0;

	for (size_t i = 0; i <= METER_BUCKETS; i++)
		count += from->bucket[i];
	if (count == 0)
		return;
	count = 0;
	for (size_t i = 0; i <= METER_BUCKETS; i++) {
		count += from->bucket[i];
		if (i < METER_BUCKETS)
			(void)snprintf(bound, sizeof(bound), "le=\"%g\"", (double)meter_bound_us[i] / US);
		else
			(void)snprintf(bound, sizeof(bound), "le=\"+Inf\"");
		sample(out, name, "_bucket", labels, bound);
		(void)fprintf(out, " %" PRIu64 "\n", count);
	}
	sample(out, name, "_sum", labels, "");
	(void)fprintf(out, " %.6f\n", (double)from->sum_us / US);
	sample(out, name, "_count", labels, "");
	(void)fprintf(out, " %" PRIu64 "\n", count);
}

static void
write_requests(FILE *out, struct arena *arena, const struct meter_reading *reading)
{
	head(out, "muster_requests_total", "counter", "Requests by stage and outcome.");
	for (unsigned stage = 0; stage < SERVICE_COUNT; stage++)
		for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
			if (reading->request[stage][outcome] > 0)
				(void)fprintf(out,
				    "muster_requests_total{stage=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
				    stage_name((enum service)stage), outcome_name((enum outcome)outcome),
				    reading->request[stage][outcome]);
	head(out, "muster_request_seconds", "histogram", "From a request's first byte to its reply.");
	for (unsigned stage = 0; stage < SERVICE_COUNT; stage++)
		histogram(out, "muster_request_seconds",
		    arena_printf(arena, "stage=\"%s\"", stage_name((enum service)stage)),
		    &reading->total[stage]);
}

static void
write_pool(FILE *out, const struct meter_reading *reading)
{
	head(out, "muster_database_seconds", "histogram", "Of a request: waiting for the database.");
	histogram(out, "muster_database_seconds", "", &reading->database);
	head(out, "muster_signature_seconds", "histogram", "Of a request: signing its certificate.");
	histogram(out, "muster_signature_seconds", "", &reading->signature);
	gauge(out, "muster_workers", "Pairs of a worker and its issuer.", reading->pairs);
	gauge(out, "muster_workers_busy", "Workers with a request in hand.", reading->busy);
	gauge(out, "muster_issuers_ready", "Issuers that could sign: their authorities' keys are open.",
	    reading->ready);
}

static void
write_value(FILE *out, const char *name, const json_t *row)
{
	const char *before = "{", *key;
	json_t *labels = json_object_get(row, "labels"), *value;

	(void)fputs(name, out);
	json_object_foreach(labels, key, value)
	{
		label(out, key, json_string_value(value) != NULL ? json_string_value(value) : "", before);
		before = ",";
	}
	(void)fprintf(
	    out, "%s %.15g\n", *before == ',' ? "}" : "", json_number_value(json_object_get(row, "value")));
}

/* What the database tells; values of one name stand together. */
static void
write_gauges(FILE *out, const json_t *rows)
{
	const char *last = "";
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));

		if (name == NULL)
			continue;
		if (strcmp(name, last) != 0)
			head(out, name, "gauge", json_string_value(json_object_get(row, "help")));
		last = name;
		write_value(out, name, row);
	}
}

static void
write_all(struct exchange *ex, FILE *out)
{
	struct arena *arena = ex->request->arena;
	struct meter_reading *reading = arena_alloc(arena, sizeof(*reading));
	CLEANUP(json_cleanup) json_t *rows = NULL;
	const char *text = NULL;
	struct why why;

	meter_read(ex->worker->meter, reading);
	write_requests(out, arena, reading);
	write_pool(out, reading);
	stage_limit_database(ex);
	if (store_gauges(&ex->worker->store, arena, &text, &why) == OUTCOME_OK && text != NULL)
		rows = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	gauge(out, "muster_database_up", "The database answers.", rows != NULL);
	write_gauges(out, rows);
}

enum outcome
stage_metrics(struct exchange *ex)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool written;

	if (out == NULL)
		return refuse(&ex->why, OUTCOME_UNAVAILABLE, "no memory for the figures");
	write_all(ex, out);
	written = ferror(out) == 0;
	written = fclose(out) == 0 && written;
	if (written)
		ex->reply->body = arena_copy(ex->request->arena, text, size);
	free(text);
	ex->reply->content_type = CONTENT_TYPE;
	return written ? OUTCOME_OK : refuse(&ex->why, OUTCOME_UNAVAILABLE, "no memory for the figures");
}
