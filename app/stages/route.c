#include <muster/stages/route.h>

#include <muster/base/text.h>
#include <muster/protocol/namespaces.h>
#include <muster/stages/watch.h>
#include <muster/protocol/wstep.h>

#define KEY_MAX 40
#define SEGMENTS_MAX 7 /* EnrollmentServer, key, GUID, SignIn, three facts */

/* Organization keys are [a-z0-9-]{1,40}. */
static bool
is_key(const char *text)
{
	size_t size = strlen(text);

	return size >= 1 && size <= KEY_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

/* Split at '/' in place; the number of segments, 0 when there are too many or the path is relative. */
static size_t
path_split(char *path, char *segment[SEGMENTS_MAX])
{
	size_t count = 0;

	if (*path != '/')
		return 0;
	for (char *slash = path; slash != NULL; slash = strchr(slash, '/')) {
		*slash++ = '\0';
		if (count == SEGMENTS_MAX)
			return 0;
		segment[count++] = slash;
	}
	return count;
}

static enum service
service_named(const char *name)
{
	if (strcmp(name, "policy.svc") == 0)
		return SERVICE_POLICY;
	if (strcmp(name, "enrollment.svc") == 0)
		return SERVICE_ENROLLMENT;
	if (strcmp(name, "renewal.svc") == 0)
		return SERVICE_RENEWAL;
	if (strcmp(name, "terms") == 0)
		return SERVICE_TERMS;
	return SERVICE_NONE;
}

/* Below /muster. */
static enum service
service_of_muster(const char *name)
{
	if (strcmp(name, "device") == 0)
		return SERVICE_DEVICE;
	if (strcmp(name, "health") == 0)
		return SERVICE_HEALTH;
	if (strcmp(name, "ready") == 0)
		return SERVICE_READY;
	if (strcmp(name, "metrics") == 0)
		return SERVICE_METRICS;
	return SERVICE_NONE;
}

/* The facts that discovery put behind a page's path: hints, of which the first is kept. */
static bool
facts_read(char *const *segment, size_t count, struct route *route)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(segment[i]);

		if (size < 1 || size > FACT_SEGMENT_MAX ||
		    strspn(segment[i], FACT_SEGMENT_CHARACTERS) != size)
			return false;
	}
	if (count > 0 && strcmp(segment[0], "-") != 0)
		route->os_version = segment[0];
	return true;
}

/* The web server lets nobody in here who has not signed in: what it protects is this spelling, no other. */
static struct route
route_sso(struct arena *arena, const char *path)
{
	char *segment[SEGMENTS_MAX];
	size_t count = path_split(arena_strdup(arena, path), segment);
	struct route route = { .service = SERVICE_SINGLE_SIGN_ON };

	if (count < 4 || strcmp(segment[0], "muster") != 0 || strcmp(segment[1], "sso") != 0 ||
	    !is_key(segment[2]) || !guid_valid(segment[3]) || !facts_read(segment + 4, count - 4, &route))
		return (struct route){ .service = SERVICE_NONE };
	route.organization = segment[2];
	route.attempt = segment[3];
	return route;
}

/* Cut the ending off a file's name, after the last dot; "" when it has none. */
static const char *
ending_cut(char *name)
{
	char *dot = strrchr(name, '.');

	if (dot == NULL)
		return "";
	*dot = '\0';
	return dot + 1;
}

static bool
form_read(const char *ending, struct published_file *file)
{
	static const char *const form[] = { [FORM_DER] = "der", [FORM_PEM] = "pem", [FORM_P7C] = "p7c" };

	for (size_t i = 0; i < ARRAY_SIZE(form); i++)
		if (strcmp(ending, form[i]) == 0) {
			file->form = i;
			return true;
		}
	return false;
}

/* muster/crl/GUID.crl, muster/ca/KEY.der, muster/ca/KEY/root.der, and the like; SERVICE_NONE for another. */
static enum service
route_published(char *const *segment, size_t count, struct published_file *file)
{
	const char *ending;

	if (count < 3 || strcmp(segment[0], "muster") != 0)
		return SERVICE_NONE;
	ending = ending_cut(segment[count - 1]);
	file->key = segment[2];
	file->root = count == 4;
	if (strcmp(segment[1], "crl") == 0)
		return count == 3 && strcmp(ending, "crl") == 0 && guid_valid(file->key) ? SERVICE_CRL
											 : SERVICE_NONE;
	if (strcmp(segment[1], "ca") != 0 || count > 4 || !is_key(file->key) || !form_read(ending, file) ||
	    (file->root && strcmp(segment[3], "root") != 0))
		return SERVICE_NONE;
	return SERVICE_AUTHORITY;
}

/* EnrollmentServer/KEY/GUID/SignIn, and facts. */
static bool
is_sign_in(char *const *segment, size_t count)
{
	return count >= 4 && strcmp(segment[3], "signin") == 0;
}

struct route
route_of(struct arena *arena, const char *path)
{
	char *segment[SEGMENTS_MAX];
	size_t count = path_split(text_lower(arena, path), segment);
	struct route route = { .service = SERVICE_NONE };
	const struct route none = route;

	if (count < 2)
		return none;
	if (strcmp(segment[0], "muster") == 0 && strcmp(segment[1], "sso") == 0)
		return route_sso(arena, path);
	if (count == 2 && strcmp(segment[0], "muster") == 0)
		route.service = service_of_muster(segment[1]);
	else if (count > 2)
		route.service = route_published(segment, count, &route.file);
	if (count == 2 && strcmp(segment[0], "managementserver") == 0 && strcmp(segment[1], "mdm.svc") == 0)
		route.service = SERVICE_CHECK_IN;
	if (strcmp(segment[0], "enrollmentserver") != 0)
		return route;
	if (count == 2 && strcmp(segment[1], "discovery.svc") == 0) {
		route.service = SERVICE_DISCOVERY;
		return route;
	}
	route.service = is_sign_in(segment, count) ? SERVICE_SIGN_IN : service_named(segment[count - 1]);
	if (count > 2)
		route.organization = segment[1];
	if (count > 3)
		route.attempt = segment[2];
	if (route.service == SERVICE_SIGN_IN ? !facts_read(segment + 4, count - 4, &route) : count > 4)
		return none;
	if (route.service == SERVICE_TERMS && count != 3)
		return none;
	if ((route.organization != NULL && !is_key(route.organization)) ||
	    (route.attempt != NULL && !guid_valid(route.attempt)))
		return none;
	return route;
}

const char *
route_allow(enum service service)
{
	switch (service) {
	case SERVICE_NONE: break;
	case SERVICE_DISCOVERY: return "GET, HEAD, POST";
	case SERVICE_POLICY:
	case SERVICE_ENROLLMENT:
	case SERVICE_RENEWAL:
	case SERVICE_CHECK_IN: return "POST";
	case SERVICE_DEVICE:
	case SERVICE_SINGLE_SIGN_ON:
	case SERVICE_HEALTH:
	case SERVICE_READY:
	case SERVICE_METRICS:
	case SERVICE_CRL:
	case SERVICE_AUTHORITY: return "GET, HEAD";
	case SERVICE_SIGN_IN:
	case SERVICE_TERMS: return "GET, HEAD, POST";
	}
	return "";
}

static bool
is_get(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

bool
route_allows(enum service service, const char *method)
{
	switch (service) {
	case SERVICE_NONE: break;
	case SERVICE_DISCOVERY:
	case SERVICE_SIGN_IN:
	case SERVICE_TERMS: return is_get(method) || strcmp(method, "POST") == 0;
	case SERVICE_POLICY:
	case SERVICE_ENROLLMENT:
	case SERVICE_RENEWAL:
	case SERVICE_CHECK_IN: return strcmp(method, "POST") == 0;
	case SERVICE_DEVICE:
	case SERVICE_SINGLE_SIGN_ON:
	case SERVICE_HEALTH:
	case SERVICE_READY:
	case SERVICE_METRICS:
	case SERVICE_CRL:
	case SERVICE_AUTHORITY: return is_get(method);
	}
	return false;
}

bool
route_accepts(const char *content_type)
{
	static const char *const type[] = { "application/soap+xml", "text/xml", "application/xml" };

	if (content_type[strspn(content_type, " \t")] == '\0')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
		size_t size = strlen(type[i]);

		if (strncasecmp(content_type, type[i], size) == 0 &&
		    (content_type[size] == '\0' || strchr("; \t", content_type[size]) != NULL))
			return true;
	}
	return false;
}

/* The names of a service in log, record and fault. */
static const struct {
	const char *stage, *action;
} names[] = {
	[SERVICE_NONE] = { "none", ACTION_DISCOVER_RESPONSE },
	[SERVICE_DISCOVERY] = { "discovery", ACTION_DISCOVER_RESPONSE },
	[SERVICE_POLICY] = { "policy", ACTION_POLICIES_RESPONSE },
	[SERVICE_ENROLLMENT] = { "enrollment", ACTION_RSTRC },
	[SERVICE_RENEWAL] = { "renewal", ACTION_RSTRC },
	[SERVICE_DEVICE] = { "device", ACTION_DISCOVER_RESPONSE },
	[SERVICE_SIGN_IN] = { "sign-in", ACTION_DISCOVER_RESPONSE },
	[SERVICE_SINGLE_SIGN_ON] = { "single sign-on", ACTION_DISCOVER_RESPONSE },
	[SERVICE_TERMS] = { "terms", ACTION_DISCOVER_RESPONSE },
	[SERVICE_HEALTH] = { "health", ACTION_DISCOVER_RESPONSE },
	[SERVICE_READY] = { "ready", ACTION_DISCOVER_RESPONSE },
	[SERVICE_METRICS] = { "metrics", ACTION_DISCOVER_RESPONSE },
	[SERVICE_CRL] = { "crl", ACTION_DISCOVER_RESPONSE },
	[SERVICE_AUTHORITY] = { "authority", ACTION_DISCOVER_RESPONSE },
	[SERVICE_CHECK_IN] = { "check-in", ACTION_DISCOVER_RESPONSE },
};

_Static_assert(ARRAY_SIZE(names) == SERVICE_COUNT && SERVICE_COUNT <= METER_STAGES,
    "every service is named and counted");

const char *
stage_name(enum service service)
{
	return names[service].stage;
}

static void
exchange_name(struct exchange *ex, enum service service)
{
	ex->service = service;
	ex->stage = names[service].stage;
	ex->action = names[service].action;
}

/* The probe before Discover (MS-MDE2 3.1.4.1): something that speaks enrollment is here. */
static enum outcome
answer_probe(struct exchange *ex)
{
	ex->reply->content_type = "text/html";
	return OUTCOME_OK;
}

/* What HTTP alone can refuse of a SOAP request. */
static enum outcome
check_post(struct exchange *ex)
{
	const struct request *request = ex->request;

	if (!route_accepts(request->content_type))
		return refuse(&ex->why, OUTCOME_UNSUPPORTED_MEDIA_TYPE,
		    "Content-Type '%s': send application/soap+xml", request->content_type);
	if (request->too_large)
		return refuse(&ex->why, OUTCOME_TOO_LARGE, "the body has more than %d bytes", BODY_MAX);
	if (request->truncated)
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "the body ended before its Content-Length");
	return OUTCOME_OK;
}

/* RequestType decides; a device that was told no other URL renews where it enrolled. */
static enum outcome
run_token(struct exchange *ex)
{
	bool renewal = wstep_is_renewal(ex->request->arena, &ex->soap);

	exchange_name(ex, renewal ? SERVICE_RENEWAL : SERVICE_ENROLLMENT);
	return renewal ? stage_renewal(ex) : stage_enrollment(ex);
}

/* One endpoint serves all operations; the Body's element decides, not the URL. */
static enum outcome
run_operation(struct exchange *ex)
{
	enum operation operation = ex->soap.operation;

	if (operation != OPERATION_RST && ex->request->body.size > BODY_SMALL_MAX)
		return refuse(&ex->why, OUTCOME_TOO_LARGE, "the body has %zu bytes, of %d for this operation",
		    ex->request->body.size, BODY_SMALL_MAX);
	switch (operation) {
	case OPERATION_NONE: break;
	case OPERATION_DISCOVER: exchange_name(ex, SERVICE_DISCOVERY); return stage_discovery(ex);
	case OPERATION_POLICIES: exchange_name(ex, SERVICE_POLICY); return stage_policy(ex);
	case OPERATION_RST: return run_token(ex);
	}
	return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "the Body holds no operation");
}

enum outcome
route_run(struct exchange *ex)
{
	struct request *request = ex->request;
	struct route route = route_of(request->arena, request->path);
	enum outcome o;

	ex->organization = route.organization;
	ex->attempt = route.attempt;
	ex->os_version = route.os_version;
	ex->file = route.file;
	exchange_name(ex, route.service);
	if (route.service == SERVICE_NONE ||
	    ((route.service == SERVICE_DEVICE || route.service == SERVICE_CHECK_IN) &&
		request->client_verify == NULL && request->client_certificate == NULL) ||
	    (stage_is_watch(route.service) && !stage_may_watch(ex)))
		return refuse(&ex->why, OUTCOME_NOT_FOUND, "no service at '%s'", request->path);
	if (!route_allows(route.service, request->method)) {
		reply_header(request, ex->reply, "Allow", route_allow(route.service));
		return refuse(&ex->why, OUTCOME_METHOD_NOT_ALLOWED, "method '%s'", request->method);
	}
	if (route.service == SERVICE_DEVICE)
		return stage_device(ex);
	if (route.service == SERVICE_CHECK_IN)
		return stage_check_in(ex);
	if (route.service == SERVICE_SIGN_IN)
		return stage_sign_in(ex);
	if (route.service == SERVICE_SINGLE_SIGN_ON)
		return stage_single_sign_on(ex);
	if (route.service == SERVICE_TERMS)
		return stage_terms(ex);
	if (route.service == SERVICE_HEALTH)
		return stage_health(ex);
	if (route.service == SERVICE_READY)
		return stage_ready(ex);
	if (route.service == SERVICE_METRICS)
		return stage_metrics(ex);
	if (route.service == SERVICE_CRL)
		return stage_crl(ex);
	if (route.service == SERVICE_AUTHORITY)
		return stage_authority(ex);
	if (is_get(request->method))
		return answer_probe(ex);
	if ((o = check_post(ex)) != OUTCOME_OK ||
	    (o = soap_read(request->arena, request->body, &ex->soap, &ex->why)) != OUTCOME_OK)
		return o;
	return run_operation(ex);
}
