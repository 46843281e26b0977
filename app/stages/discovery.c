/* Discover (MS-MDE2 3.1.4.1): where to go and how to prove oneself, for an e-mail domain. */
#include <muster/stages/decide.h>

#include <muster/protocol/discovery.h>

/* What the later stages accept today; nothing else may be advertised. */
#define POLICIES_SERVED POLICY_ON_PREMISE

/* Which of the organization's ways to prove oneself the device offers, too. */
static enum outcome
choose_policy(struct exchange *ex, struct discover *discover, const struct directions *directions,
    struct discover_result *result)
{
	discover->policies &= POLICIES_SERVED;
	result->auth_policy = discover_policy(ex->request->arena, discover, directions->auth_policies);
	if (result->auth_policy == NULL)
		return refuse(&ex->why, OUTCOME_ENROLLMENT_SERVER,
		    "no common AuthPolicy: the organization has %s, served is OnPremise",
		    directions->auth_policies);
	return OUTCOME_OK;
}

/*
 * GetPolicies and RST carry no e-mail address: their URLs carry the organization, and a hint that
 * joins the story of one attempt.
 */
static const char *
service_url(struct exchange *ex, const struct directions *directions, const char *service)
{
	return arena_printf(ex->request->arena, "%s/EnrollmentServer/%s/%s/%s", directions->enrollment_url,
	    directions->organization, ex->attempt, service);
}

static enum outcome
write_directions(struct exchange *ex, const struct directions *directions, struct discover_result *result)
{
	struct arena *arena = ex->request->arena;
	struct guid attempt = guid_new();

	ex->organization = directions->organization;
	ex->attempt = arena_strdup(arena, attempt.text);
	result->policy_url = service_url(ex, directions, "Policy.svc");
	result->enrollment_url = service_url(ex, directions, "Enrollment.svc");
	return stage_reply(ex,
	    discover_write(arena, result, ex->soap.message_id, ex->request->trace.text, &ex->reply->body));
}

/* Newer clients name both; that of the enrollment client is the system's in practice (MS-MDE2 3.1.4.1). */
static const char *
os_version(const struct discover *discover)
{
	return discover->os_version[0] != '\0' ? discover->os_version : discover->application_version;
}

enum outcome
stage_discovery(struct exchange *ex)
{
	struct arena *arena = ex->request->arena;
	struct directions directions = { 0 };
	struct discover_result result = { 0 };
	struct discover discover = { 0 };
	enum outcome o;

	stage_limit_database(ex);
	if ((o = discover_read(arena, &ex->soap, &discover, &ex->why)) != OUTCOME_OK)
		return o;
	ex->user = discover.email;
	if ((o = store_discover(&ex->worker->store, arena, discover.domain, &directions, &ex->why)) !=
		OUTCOME_OK ||
	    (o = stage_decide(ex, &directions.decision)) != OUTCOME_OK ||
	    (o = choose_policy(ex, &discover, &directions, &result)) != OUTCOME_OK)
		return o;
	result.enrollment_version = discover_version(arena, &discover, directions.enrollment_version);
	if ((o = write_directions(ex, &directions, &result)) == OUTCOME_OK)
		tally_add(ex->worker->tally, "discovery", ex->organization, os_version(&discover));
	return o;
}
