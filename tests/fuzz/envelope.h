/* What the targets share that read a SOAP envelope, and what must be so of each. */
#ifndef MUSTER_TESTS_FUZZ_ENVELOPE_H
#define MUSTER_TESTS_FUZZ_ENVELOPE_H

#include "fuzz.h"

#include <muster/protocol/soap.h>

#include <libxml/dict.h>

/* No text of a Password element is left; libxml2 shares the short ones, which stay. */
static inline void
wiped_check(const xmlNode *node)
{
	for (; node != NULL; node = node->next) {
		if (node->type == XML_ELEMENT_NODE)
			wiped_check(node->children);
		else if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) &&
		    node->content != NULL && xml_is(node->parent, NULL, "Password"))
			FUZZ_CHECK(*node->content == '\0' || xmlDictOwns(node->doc->dict, node->content));
	}
}

static inline void
credential_check(const struct credential *credential)
{
	FUZZ_CHECK(credential->kind != CREDENTIAL_NONE && credential->problem == NULL);
	if (credential->kind == CREDENTIAL_CERTIFICATE) {
		FUZZ_CHECK(credential->certificate.size > 0 && credential->security != NULL);
		FUZZ_CHECK(
		    credential->certificate.size <= CREDENTIAL_TOKEN_MAX && credential->token.data == NULL);
		return;
	}
	if (credential->kind != CREDENTIAL_PASSWORD) {
		FUZZ_CHECK(credential->token.size > 0 && credential->token.size <= CREDENTIAL_TOKEN_MAX);
		FUZZ_CHECK(strlen(credential->token.data) == credential->token.size);
		return;
	}
	FUZZ_CHECK(credential->user != NULL && credential->user[0] != '\0');
	FUZZ_CHECK(strlen(credential->user) <= CREDENTIAL_USER_MAX);
	FUZZ_CHECK(credential->password.size > 0 && credential->password.size <= CREDENTIAL_PASSWORD_MAX);
	FUZZ_CHECK(strlen(credential->password.data) == credential->password.size);
}

/* Read an envelope; true when it was taken. soap_release() is due in any case. */
static inline bool
envelope_read(struct arena *arena, struct bytes input, struct soap *soap)
{
	struct why why;
	enum outcome o = soap_read(arena, input, soap, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_MESSAGE_FORMAT);
	FUZZ_CHECK(soap->message_id == NULL || strlen(soap->message_id) <= 1024);
	FUZZ_CHECK(soap->action == NULL || soap->action[0] != '\0');
	if (soap->doc != NULL)
		wiped_check(xmlDocGetRootElement(soap->doc));
	if (o == OUTCOME_OK)
		FUZZ_CHECK(soap->operation != OPERATION_NONE && soap->body != NULL);
	return o == OUTCOME_OK;
}

#endif
