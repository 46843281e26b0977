#include <muster/stages/stages.h>

static enum outcome
prove(struct exchange *ex, const struct credential *credential, const struct account *account,
    const struct decision *decision)
{
	switch (credential->kind) {
	case CREDENTIAL_PASSWORD: return stage_prove_password(ex, &credential->password, account, decision);
	case CREDENTIAL_TOKEN: return stage_prove_token(ex, account, decision);
	case CREDENTIAL_JWT: return stage_prove_jwt(ex, &credential->token, account, decision);
	case CREDENTIAL_CERTIFICATE: return stage_prove_certificate(ex, credential, account, decision);
	case CREDENTIAL_NONE: break;
	}
	return refuse(&ex->why, OUTCOME_INVALID_SECURITY, "this kind of credential is not offered");
}

/* An organization that does not take this kind of credential says so: discovery tells as much. */
static bool
kind_is_refused(const struct account *account, const struct decision *decision)
{
	return account->id == NULL && decision->outcome == OUTCOME_INVALID_SECURITY;
}

enum outcome
stage_authenticate(struct exchange *ex, const struct credential *credential, const struct account *account,
    const struct decision *decision)
{
	enum outcome o;

	if (account->organization != NULL)
		ex->organization = account->organization;
	ex->account = account->id;
	if (ex->user == NULL)
		ex->user = account->upn;
	if (kind_is_refused(account, decision))
		return refuse(&ex->why, decision->outcome, "%s",
		    decision->why != NULL ? decision->why : "this kind of credential is not accepted");
	o = prove(ex, credential, account, decision);
	ex->proven = o == OUTCOME_OK && !ex->shown;
	return o;
}
