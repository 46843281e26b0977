/*
 * The page that a Federated device opens for its user (MS-MDE2 3.2): asked for, it shows the form; sent back,
 * it proves the password as GetPolicies does and gives the device a token for the calls to come.
 */
#include <muster/stages/pages.h>

#include <muster/base/text.h>
#include <muster/stages/decide.h>
#include <muster/wire/form.h>

/* What the form brought. */
struct answer {
	const char *user, *password, *token;
};

/* Filled in once more, or for the first time. */
static enum outcome
show_form(struct exchange *ex, const char *user, const char *problem)
{
	const struct sign_in_form form = { .user = user, .csrf = stage_form_token(ex), .problem = problem };
	struct bytes body = { NULL, 0 };
	bool written = page_sign_in(ex->request->arena, ex->page, &form, &body);

	return stage_page_reply(ex, written, body);
}

/* A refusal that the user mends in the same form. */
static enum outcome
ask_again(struct exchange *ex, const char *problem, enum outcome outcome)
{
	if (show_form(ex, ex->user, problem) == OUTCOME_OK)
		ex->answered = true;
	return outcome;
}

/* The client's word for who wants to sign in; a hint that cannot be one is none. */
static enum outcome
show_first(struct exchange *ex)
{
	const char *hint = NULL;
	enum outcome o =
	    form_value(ex->request->arena, bytes_of(ex->request->query), "login_hint", &hint, &ex->why);

	if (o != OUTCOME_OK)
		return o;
	if (hint != NULL && strlen(hint) <= CREDENTIAL_USER_MAX)
		ex->user = hint;
	return show_form(ex, ex->user, NULL);
}

static enum outcome
read_answer(struct exchange *ex, struct answer *answer)
{
	struct arena *arena = ex->request->arena;
	struct bytes body = ex->request->body;
	enum outcome o;

	if ((o = form_value(arena, body, PAGE_FIELD_USER, &answer->user, &ex->why)) != OUTCOME_OK ||
	    (o = form_value(arena, body, PAGE_FIELD_PASSWORD, &answer->password, &ex->why)) != OUTCOME_OK ||
	    (o = form_value(arena, body, PAGE_FIELD_CSRF, &answer->token, &ex->why)) != OUTCOME_OK)
		return o;
	answer->user = answer->user != NULL ? text_trim(arena, answer->user) : "";
	if (strlen(answer->user) > CREDENTIAL_USER_MAX)
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT,
		    "the user name has %zu bytes, at most %d are taken", strlen(answer->user),
		    CREDENTIAL_USER_MAX);
	ex->user = answer->user;
	return OUTCOME_OK;
}

static enum outcome
check_answer(struct exchange *ex, const struct answer *answer)
{
	if (!stage_form_token_check(ex, answer->token))
		return ask_again(ex, "page_expired",
		    refuse(&ex->why, OUTCOME_MESSAGE_FORMAT,
			"the form is not the one of the cookie, or more than %d minutes old",
			FORM_TOKEN_SECONDS / 60));
	if (*answer->user == '\0' || answer->password == NULL || *answer->password == '\0' ||
	    strlen(answer->password) > CREDENTIAL_PASSWORD_MAX)
		return ask_again(ex, "fields_missing",
		    refuse(&ex->why, OUTCOME_AUTHENTICATION,
			"the user name or the password is empty, or the password has more than %d bytes",
			CREDENTIAL_PASSWORD_MAX));
	return OUTCOME_OK;
}

/* The password's proof, and only then what SQL says of the account. */
static enum outcome
prove(struct exchange *ex, const struct answer *answer, struct account *account)
{
	struct claim claim = { .user = answer->user, .json = "{\"kind\":\"sign-in page\"}" };
	struct credential credential = { .kind = CREDENTIAL_PASSWORD, .user = answer->user };
	struct enrollment_policy policy = { .minimum_key_length = 0 };
	const struct question question = { stage_ask_policy, &policy, &policy.account, &policy.decision };
	enum outcome o;

	credential.password = secret_copy(answer->password, strlen(answer->password));
	o = stage_identify(ex, &credential, &claim, &question);
	secret_release(&credential.password);
	*account = policy.account;
	return o == OUTCOME_AUTHENTICATION && !ex->proven ? ask_again(ex, "wrong_password", o) : o;
}

enum outcome
stage_sign_in(struct exchange *ex)
{
	struct answer answer = { NULL, NULL, NULL };
	struct account account = { .id = NULL };
	const char *appru = NULL;
	enum outcome o;

	if ((o = stage_page(ex)) != OUTCOME_OK || (o = stage_appru(ex, &appru)) != OUTCOME_OK)
		return o;
	if (strcmp(ex->request->method, "POST") != 0)
		return show_first(ex);
	if ((o = stage_check_form(ex)) != OUTCOME_OK || (o = read_answer(ex, &answer)) != OUTCOME_OK ||
	    (o = check_answer(ex, &answer)) != OUTCOME_OK || (o = prove(ex, &answer, &account)) != OUTCOME_OK)
		return o;
	return stage_give_token(ex, &account, appru, "sign-in page");
}
