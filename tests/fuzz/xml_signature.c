/* A signed envelope: its signature is read and verified with its own token's certificate, whoever signed
 * that. */
#include "envelope.h"

#include <muster/credentials/client_certificate.h>
#include <muster/credentials/signed_time.h>
#include <muster/credentials/xml_signature.h>

/* What is used is outside of the signature, and inside of what it is over. */
static void
used_check(const struct soap *soap, const struct xml_signature *signature)
{
	const struct credential *credential = &soap->credential;

	FUZZ_CHECK(signature->root == xmlDocGetRootElement(soap->doc));
	FUZZ_CHECK(signature->element == credential->signature);
	FUZZ_CHECK(signature->element->parent == credential->security);
	FUZZ_CHECK(credential->security->parent->parent == signature->root);
	FUZZ_CHECK(!xml_is_inside(soap->body, signature->element));
	FUZZ_CHECK(xml_is_inside(soap->body, signature->root));
	FUZZ_CHECK(signature->digest.size > 0 && signature->value.size > 0);
}

static bool
verified(struct arena *arena, const struct soap *soap)
{
	const struct xml_signature_rules all = { true, true };
	const struct credential *credential = &soap->credential;
	struct client_certificate certificate;
	struct xml_signature signature;
	struct signed_time time;
	struct why why;
	enum outcome o = client_certificate_read(arena, credential->certificate, &certificate, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_INVALID_SECURITY);
	o = signed_time_read(arena, credential->security, &time, &why);
	FUZZ_OUTCOME(o, &why, OUTCOME_INVALID_SECURITY);
	o = xml_signature_read(arena, credential->signature, &signature, &why);
	FUZZ_OUTCOME(o, &why, OUTCOME_INVALID_SECURITY);
	if (o != OUTCOME_OK)
		return false;
	used_check(soap, &signature);
	FUZZ_CHECK(strlen(xml_signature_once(arena, &signature, soap->message_id)) == 64);
	o = xml_signature_verify(arena, &signature, credential->certificate, &all, &why);
	FUZZ_OUTCOME(o, &why, OUTCOME_INVALID_SECURITY, OUTCOME_AUTHENTICATION, OUTCOME_MESSAGE_FORMAT);
	return o == OUTCOME_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct soap soap;

	fuzz_accepted = envelope_read(arena, (struct bytes){ data, size }, &soap) &&
	    soap.credential.problem == NULL && soap.credential.kind == CREDENTIAL_CERTIFICATE &&
	    soap.credential.signature != NULL && verified(arena, &soap);
	soap_release(&soap);
	arena_free(arena);
	return 0;
}
