/* RequestSecurityToken, and the provisioning document out of its answer (MS-WSTEP, MS-MDE2 3.4). */
#ifndef MUSTER_DEVICE_TOKEN_H
#define MUSTER_DEVICE_TOKEN_H

#include "context.h"
#include "envelope.h"
#include "http.h"

/* What a RequestSecurityToken asks for, and with what. */
struct token_request {
	const char *type;	/* RequestType */
	const char *value_type; /* of the token in its body */
	const char *text;	/* of that, base64 */
	const struct context *context;
};

/*
 * POST the request, and again as often as settings say, as if each answer but the last had been lost.
 *
 * document  of the last answer: the decoded wap-provisioningdoc, in arena
 * others    how many of the answers before held another document
 */
bool token_send(struct http *, struct arena *, const struct settings *, const struct login *, const char *url,
    const struct token_request *, struct bytes *document, unsigned *others, struct refusal *, struct notes *);

/* The same for a first certificate, with a PKCS#10. */
bool token_ask(struct http *, struct arena *, const struct settings *, const struct login *, const char *url,
    struct bytes csr, const struct context *, struct bytes *document, unsigned *others, struct refusal *,
    struct notes *);

/*
 * Read a RequestSecurityTokenResponseCollection by the client's path:
 * //Collection//Response//RequestedSecurityToken//BinarySecurityToken. An answer without it is read
 * as a fault with status 200.
 */
bool token_read(struct arena *, struct bytes body, const char *message_id, struct bytes *document,
    struct refusal *, struct notes *);

#endif
