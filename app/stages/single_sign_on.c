/*
 * Single sign-on: AuthenticationServiceUrl (MS-MDE2 3.2) leads to a path where the web server's own module
 * has people sign in, with OpenID Connect, Kerberos or SAML. Here, and nowhere else, its word counts:
 * AUTH_TYPE, REMOTE_USER and the variables that the organization names. A client sets none of them: its
 * headers arrive as HTTP_….
 */
#include <muster/stages/pages.h>

#include <muster/base/json.h>
#include <muster/base/text.h>
#include <muster/stages/decide.h>
#include <muster/store/single_sign_on.h>

/* The web server sent the variable, in whatever number and length. */
static bool
variable_sent(const struct request *request, const char *name)
{
	size_t size = strlen(name);

	for (char *const *v = request->variables; v != NULL && *v != NULL; v++)
		if (strncmp(*v, name, size) == 0 && (*v)[size] == '=')
			return true;
	return false;
}

/* One variable into the object; one that is absent is not in it. */
static enum outcome
variable_read(struct exchange *ex, const char *name, json_t *variables)
{
	const char *value = request_variable(ex->request, name);

	if (strncasecmp(name, "HTTP_", 5) == 0)
		return refuse(&ex->why, OUTCOME_ENROLLMENT_SERVER,
		    "the variable %s comes from the client's headers", name);
	if (value == NULL && variable_sent(ex->request, name))
		return refuse(&ex->why, OUTCOME_AUTHENTICATION,
		    "the variable %s is there twice, or has more than %d bytes", name, REQUEST_VARIABLE_MAX);
	if (value == NULL)
		return OUTCOME_OK;
	if (!text_is_plain(value, strlen(value)))
		return refuse(&ex->why, OUTCOME_AUTHENTICATION,
		    "the variable %s holds control characters or is not UTF-8", name);
	if (json_object_set_new(variables, name, json_string(value)) < 0)
		arena_out_of_memory();
	return OUTCOME_OK;
}

/* All that the organization wants to know, as JSON in arena. */
static enum outcome
variables_read(struct exchange *ex, const struct sign_in_wanted *wanted, const char **json)
{
	CLEANUP(json_cleanup) json_t *variables = json_object();
	struct arena *arena = ex->request->arena;
	enum outcome o = OUTCOME_OK;

	for (const char *name = wanted->variables; o == OUTCOME_OK && *name != '\0';) {
		size_t size = strcspn(name, " ");

		o = variable_read(ex, arena_strndup(arena, name, size), variables);
		name += size + strspn(name + size, " ");
	}
	*json = o == OUTCOME_OK ? json_text(arena, variables) : NULL;
	return o;
}

/* The user as the module names it, for log and record. */
static enum outcome
look_at_module(struct exchange *ex, const char **variables)
{
	struct request *request = ex->request;
	struct sign_in_wanted wanted = { 0 };
	const char *user;
	enum outcome o;

	stage_limit_database(ex);
	if ((o = store_sign_in_variables(
		 &ex->worker->store, request->arena, ex->organization, &wanted, &ex->why)) != OUTCOME_OK ||
	    (o = stage_decide(ex, &wanted.decision)) != OUTCOME_OK ||
	    (o = variables_read(ex, &wanted, variables)) != OUTCOME_OK)
		return o;
	user = request_variable(request, wanted.user);
	ex->user = user != NULL && *user != '\0' ? text_cut(request->arena, user, 320) : NULL;
	return OUTCOME_OK;
}

/* Whose account that is, and SQL's decision about it. */
static enum outcome
find_account(struct exchange *ex, const char *variables, struct account *account)
{
	struct request *request = ex->request;
	const struct sign_in said = { .organization = ex->organization,
		.variables = variables,
		.trace = request->trace.text,
		.remote = stage_remote(ex) };
	struct decision decision = { 0 };
	enum outcome o;

	stage_limit_database(ex);
	o = store_sign_in(&ex->worker->store, request->arena, &said, account, &decision, &ex->why);
	if (o != OUTCOME_OK)
		return o;
	ex->account = account->id;
	ex->proven = account->id != NULL;
	return stage_decide(ex, &decision);
}

enum outcome
stage_single_sign_on(struct exchange *ex)
{
	struct account account = { .id = NULL };
	const char *variables = NULL, *appru = NULL;
	enum outcome o;

	if ((o = stage_page(ex)) != OUTCOME_OK || (o = look_at_module(ex, &variables)) != OUTCOME_OK ||
	    (o = stage_appru(ex, &appru)) != OUTCOME_OK)
		return o;
	/* Whoever only asks whether something is here gets no token. */
	if (strcmp(ex->request->method, "HEAD") == 0)
		return OUTCOME_OK;
	if ((o = find_account(ex, variables, &account)) != OUTCOME_OK)
		return o;
	return stage_give_token(ex, &account, appru, "web server");
}
