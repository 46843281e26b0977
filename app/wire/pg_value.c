#include <muster/wire/pg.h>

#include <errno.h>

#define BYTEA_OID 17

void
pg_bind(const struct pg_param *param, int parameters, struct pg_bound *bound)
{
	if (parameters > PG_PARAMETERS_MAX)
		abort();
	for (int i = 0; i < parameters; i++) {
		bool binary = param[i].text == NULL && param[i].bytes.data != NULL;

		bound->value[i] = binary ? (const char *)param[i].bytes.data : param[i].text;
		bound->size[i] = binary ? (int)param[i].bytes.size : 0;
		bound->format[i] = binary ? 1 : 0;
		bound->type[i] = binary ? BYTEA_OID : 0;
	}
}

char *
pg_text(struct arena *arena, const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : arena_strdup(arena, PQgetvalue(result, row, column));
}

struct bytes
pg_bytes(struct arena *arena, const PGresult *result, int row, int column)
{
	unsigned char *raw;
	struct bytes bytes;
	size_t size;

	if (PQgetisnull(result, row, column))
		return (struct bytes){ NULL, 0 };
	raw = PQunescapeBytea((const unsigned char *)PQgetvalue(result, row, column), &size);
	if (raw == NULL)
		arena_out_of_memory();
	bytes = arena_copy(arena, raw, size);
	explicit_bzero(raw, size);
	PQfreemem(raw);
	return bytes;
}

int64_t
pg_number(const PGresult *result, int row, int column, int64_t fallback)
{
	const char *text = PQgetvalue(result, row, column);
	long long number;
	char *end;

	if (PQgetisnull(result, row, column))
		return fallback;
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' ? (int64_t)number : fallback;
}

bool
pg_bool(const PGresult *result, int row, int column)
{
	return !PQgetisnull(result, row, column) && strcmp(PQgetvalue(result, row, column), "t") == 0;
}
