#include <muster/stages/claim.h>

#include <muster/credentials/jwt.h>
#include <muster/credentials/token.h>

enum outcome
stage_claim(struct exchange *ex, const struct credential *credential, struct claim *claim)
{
	struct arena *arena = ex->request->arena;
	enum outcome o;

	*claim = (struct claim){ NULL, NULL };
	switch (credential->kind) {
	case CREDENTIAL_NONE: break;
	case CREDENTIAL_PASSWORD:
		*claim = (struct claim){ credential->user, "{\"kind\":\"password\"}" };
		break;
	case CREDENTIAL_TOKEN: claim->json = token_claim(arena, &credential->token); break;
	case CREDENTIAL_JWT:
		if ((o = jwt_claim(arena, &credential->token, claim, &ex->why)) != OUTCOME_OK)
			return o;
		break;
	case CREDENTIAL_CERTIFICATE: return stage_claim_certificate(ex, credential, claim);
	}
	ex->user = claim->user;
	if (claim->json == NULL)
		return refuse(&ex->why, OUTCOME_INVALID_SECURITY, "this kind of credential is not offered");
	return OUTCOME_OK;
}
