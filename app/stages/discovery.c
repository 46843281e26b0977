/* Discover (MS-MDE2 3.1.4.1): where to go and how to prove oneself, for an e-mail domain. */
#include <muster/stages/decide.h>

#include <muster/protocol/discovery.h>
#include <muster/stages/route.h>

/* Which of the organization's ways to prove oneself the device offers, too. */
static enum outcome
choose_policy(struct exchange *ex, const struct discover *discover, const struct directions *directions,
    struct discover_result *result)
{
	result->auth_policy = discover_policy(ex->request->arena, discover, directions->auth_policies);
	if (result->auth_policy == NULL)
		return refuse(&ex->why, OUTCOME_ENROLLMENT_SERVER,
		    "no common AuthPolicy: the organization has %s, the device offers %s",
		    *directions->auth_policies != '\0' ? directions->auth_policies : "none",
		    discover_offered(ex->request->arena, discover));
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

/* Newer clients name both; that of the enrollment client is the system's in practice (MS-MDE2 3.1.4.1). */
static const char *
os_version(const struct discover *discover)
{
	return discover->os_version[0] != '\0' ? discover->os_version : discover->application_version;
}

/*
 * What discovery learnt stands in the path of the page, which no device's facts reach otherwise: clients
 * add parameters of their own, and not all of them see that there is a query already.
 */
static const char *
fact_segment(const char *fact)
{
	size_t size = strlen(fact);

	return size >= 1 && size <= FACT_SEGMENT_MAX && strspn(fact, FACT_SEGMENT_CHARACTERS) == size ? fact
												      : "-";
}

static const char *
authentication_url(struct exchange *ex, const struct directions *directions, const struct discover *discover)
{
	struct arena *arena = ex->request->arena;
	const char *place = directions->web_server_signs_in
	    ? arena_printf(arena, "muster/sso/%s/%s", directions->organization, ex->attempt)
	    : arena_printf(arena, "EnrollmentServer/%s/%s/SignIn", directions->organization, ex->attempt);

	return arena_printf(arena, "%s/%s/%s/%s/%s", directions->enrollment_url, place,
	    fact_segment(os_version(discover)), fact_segment(discover->os_edition),
	    fact_segment(discover->device_type));
}

static enum outcome
write_directions(struct exchange *ex, const struct directions *directions, const struct discover *discover,
    struct discover_result *result)
{
	struct arena *arena = ex->request->arena;
	struct guid attempt = guid_new();

	ex->organization = directions->organization;
	ex->attempt = arena_strdup(arena, attempt.text);
	result->policy_url = service_url(ex, directions, "Policy.svc");
	result->enrollment_url = service_url(ex, directions, "Enrollment.svc");
	if (strcmp(result->auth_policy, "Federated") == 0)
		result->authentication_url = authentication_url(ex, directions, discover);
	return stage_reply(ex,
	    discover_write(arena, result, ex->soap.message_id, ex->request->trace.text, &ex->reply->body));
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
	if ((o = write_directions(ex, &directions, &discover, &result)) == OUTCOME_OK)
		tally_add(ex->worker->tally, "discovery", ex->organization, os_version(&discover));
	return o;
}
