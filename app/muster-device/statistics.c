/* Percentiles and counts. */
#include "statistics.h"

#include <jansson.h>

bool
statistics_new(struct statistics *statistics, size_t devices)
{
	memset(statistics, 0, sizeof(*statistics));
	for (size_t i = 0; i <= STAGE_COUNT; i++)
		if ((statistics->us[i] = calloc(devices, sizeof(int64_t))) == NULL)
			return false;
	return true;
}

void
statistics_release(struct statistics *statistics)
{
	for (size_t i = 0; i <= STAGE_COUNT; i++)
		free(statistics->us[i]);
}

static void
kind_count(struct statistics *statistics, const struct refusal *refusal)
{
	struct failure_kind *kind = statistics->kind;

	statistics->failures++;
	for (size_t i = 0; i < statistics->kinds; i++, kind++)
		if (kind->hresult == refusal->hresult && kind->stage == refusal->stage) {
			kind->count++;
			return;
		}
	if (statistics->kinds == KINDS_MAX)
		return;
	statistics->kinds++;
	*kind = (struct failure_kind){ .stage = refusal->stage, .hresult = refusal->hresult, .count = 1 };
	snprintf(kind->what, sizeof(kind->what), "%.255s", refusal->what);
	snprintf(kind->trace, sizeof(kind->trace), "%s", refusal->trace);
}

void
statistics_add(struct statistics *statistics, const struct enrollment *enrollment, int64_t us)
{
	for (enum stage stage = STAGE_PROBE; stage < STAGE_COUNT; stage++)
		if (enrollment->done[stage])
			statistics->us[stage][statistics->count[stage]++] = enrollment->us[stage];
	if (enrollment->notes.count > 0 && statistics->notes == 0)
		memcpy(statistics->first_note, enrollment->notes.text[0], sizeof(statistics->first_note));
	statistics->notes += enrollment->notes.count;
	if (enrollment->refusal.stage != NULL)
		kind_count(statistics, &enrollment->refusal);
	else
		statistics->us[STAGE_COUNT][statistics->count[STAGE_COUNT]++] = us;
}

static int
compare(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

int64_t
statistics_percentile(const int64_t *sorted, size_t count, unsigned percent)
{
	size_t rank = (count * percent + 99) / 100;

	return count == 0 ? 0 : sorted[rank == 0 ? 0 : rank - 1];
}

static const char *
row_name(size_t row)
{
	return row == STAGE_COUNT ? "whole" : stage_name((enum stage)row);
}

static double
row_percentile(const struct statistics *statistics, size_t row, unsigned percent)
{
	return (double)statistics_percentile(statistics->us[row], statistics->count[row], percent) / 1000;
}

static void
rows_sort(struct statistics *statistics)
{
	for (size_t row = 0; row <= STAGE_COUNT; row++)
		qsort(statistics->us[row], statistics->count[row], sizeof(int64_t), compare);
}

void
statistics_print(struct statistics *statistics)
{
	rows_sort(statistics);
	printf("%-10s %8s %9s %9s %9s %9s\n", "stage", "done", "p50 ms", "p95 ms", "p99 ms", "max ms");
	for (size_t row = 0; row <= STAGE_COUNT; row++)
		if (statistics->count[row] > 0)
			printf("%-10s %8zu %9.1f %9.1f %9.1f %9.1f\n", row_name(row), statistics->count[row],
			    row_percentile(statistics, row, 50), row_percentile(statistics, row, 95),
			    row_percentile(statistics, row, 99), row_percentile(statistics, row, 100));
	for (size_t i = 0; i < statistics->kinds; i++) {
		const struct failure_kind *kind = &statistics->kind[i];

		printf("%zu failed at %s: 0x%08X %s\n  first: %s%s%s\n", kind->count, kind->stage,
		    (unsigned)kind->hresult, hresult_constant(kind->hresult), kind->what,
		    kind->trace[0] == '\0' ? "" : ", trace id ", kind->trace);
	}
	if (statistics->notes > 0)
		printf("%zu notes, first: %s\n", statistics->notes, statistics->first_note);
}

static json_t *
kinds_json(const struct statistics *statistics)
{
	json_t *list = json_array();

	for (size_t i = 0; i < statistics->kinds; i++) {
		const struct failure_kind *kind = &statistics->kind[i];
		char hresult[16];

		snprintf(hresult, sizeof(hresult), "0x%08X", (unsigned)kind->hresult);
		json_array_append_new(list,
		    json_pack("{ss ss ss sI ss ss}", "stage", kind->stage, "hresult", hresult, "constant",
			hresult_constant(kind->hresult), "count", (json_int_t)kind->count, "first",
			kind->what, "traceId", kind->trace));
	}
	return list;
}

void
statistics_print_json(
    struct statistics *statistics, size_t devices, unsigned concurrent, double seconds, bool kept)
{
	json_t *stages = json_object(), *root;

	rows_sort(statistics);
	for (size_t row = 0; row <= STAGE_COUNT; row++)
		json_object_set_new(stages, row_name(row),
		    json_pack("{sI sf sf sf}", "done", (json_int_t)statistics->count[row], "p50",
			row_percentile(statistics, row, 50), "p95", row_percentile(statistics, row, 95),
			"p99", row_percentile(statistics, row, 99)));
	root = json_pack("{sI si sb sf sf sI sI so so}", "devices", (json_int_t)devices, "concurrent",
	    (int)concurrent, "keptConnections", (int)kept, "seconds", seconds, "perSecond",
	    seconds > 0 ? (double)statistics->count[STAGE_COUNT] / seconds : 0.0, "failures",
	    (json_int_t)statistics->failures, "notes", (json_int_t)statistics->notes, "stages", stages,
	    "kinds", kinds_json(statistics));
	json_dumpf(root, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(root);
}
