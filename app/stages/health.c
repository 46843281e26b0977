/*
 * For load balancers. /muster/health: this process answers. /muster/ready: a device could enroll here; what
 * keeps it from that is told to those whom the web server lets see it, and in the log.
 */
#include <muster/stages/watch.h>

#include <muster/base/json.h>
#include <muster/stages/decide.h>
#include <muster/store/watch.h>

bool
stage_is_watch(enum service service)
{
	return service == SERVICE_HEALTH || service == SERVICE_READY || service == SERVICE_METRICS;
}

bool
stage_may_watch(const struct exchange *ex)
{
	const char *watch = request_variable(ex->request, "MUSTER_WATCH");

	return ex->service == SERVICE_HEALTH || (watch != NULL && strcmp(watch, "on") == 0);
}

enum outcome
stage_health(struct exchange *ex)
{
	ex->reply->body = bytes_of("ok\n");
	return OUTCOME_OK;
}

/* What of the database keeps a device from enrolling; NULL: nothing. */
static const char *
database_lacks(struct arena *arena, const struct readiness *readiness)
{
	if (readiness->schema < SCHEMA_VERSION)
		return arena_printf(arena, "has schema %d, this program needs %d: run sql/install.sql",
		    readiness->schema, SCHEMA_VERSION);
	if (!readiness->has_organizations)
		return "has no enabled organization with an authority: muster-ca init --organization KEY";
	return NULL;
}

static const char *
issuers_lack(struct arena *arena, const struct meter_reading *reading)
{
	if (reading->ready > 0)
		return NULL;
	return arena_printf(
	    arena, "none of %u has its authorities' keys open: see their lines in the log", reading->pairs);
}

/* A standby answers discovery, and everything else is refused until it is promoted: that is still worth being
 * asked for, and who watches is told. */
static enum outcome
write_state(struct exchange *ex, const char *database, const char *issuers, bool read_only)
{
	bool ready = database == NULL && issuers == NULL;
	CLEANUP(json_cleanup)
	json_t *json = json_pack("{s:b, s:s, s:s}", "ready", ready, "database",
	    database != NULL ? database
		: read_only  ? "read-only: a standby"
			     : "ok",
	    "issuers", issuers != NULL ? issuers : "ok");
	const char *text = json_text(ex->request->arena, json);

	if (text == NULL)
		return refuse(&ex->why, OUTCOME_UNAVAILABLE, "the reply could not be written");
	ex->reply->status = ready ? 200 : 503;
	ex->reply->content_type = "application/json";
	ex->reply->body = bytes_of(arena_printf(ex->request->arena, "%s\n", text));
	ex->answered = true;
	if (ready)
		return OUTCOME_OK;
	return refuse(&ex->why, OUTCOME_UNAVAILABLE, "not ready: %s %s",
	    database != NULL ? "the database" : "of the issuers", database != NULL ? database : issuers);
}

enum outcome
stage_ready(struct exchange *ex)
{
	struct arena *arena = ex->request->arena;
	struct meter_reading *reading = arena_alloc(arena, sizeof(*reading));
	struct readiness readiness = { 0 };
	const char *database;

	stage_limit_database(ex);
	meter_read(ex->worker->meter, reading);
	database = store_readiness(&ex->worker->store, arena, &readiness, &ex->why) == OUTCOME_OK
	    ? database_lacks(arena, &readiness)
	    : arena_strdup(arena, ex->why.text);
	return write_state(ex, database, issuers_lack(arena, reading), readiness.read_only);
}
