/* Why a server's certificate is not taken: the same handshake once more, by GnuTLS alone, which tells. */
#include "directory_server.h"

#include <arpa/inet.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

struct handshake {
	gnutls_session_t session;
	gnutls_certificate_credentials_t trusted;
};

static void
handshake_cleanup(struct handshake *handshake)
{
	if (handshake->session != NULL)
		gnutls_deinit(handshake->session);
	if (handshake->trusted != NULL)
		gnutls_certificate_free_credentials(handshake->trusted);
}

static bool
handshake_prepare(struct handshake *handshake, int fd, const char *host, const char *ca_path)
{
	if (gnutls_certificate_allocate_credentials(&handshake->trusted) < 0 ||
	    gnutls_certificate_set_x509_trust_file(handshake->trusted, ca_path, GNUTLS_X509_FMT_PEM) < 0 ||
	    gnutls_init(&handshake->session, GNUTLS_CLIENT) < 0 ||
	    gnutls_set_default_priority(handshake->session) < 0 ||
	    gnutls_credentials_set(handshake->session, GNUTLS_CRD_CERTIFICATE, handshake->trusted) < 0)
		return false;
	gnutls_session_set_verify_cert(handshake->session, host, 0);
	gnutls_transport_set_int(handshake->session, fd);
	return true;
}

/* A name or address as people write it; false for what is neither. */
static bool
name_text(unsigned type, const char *name, size_t length, char *text, size_t size)
{
	if (type == GNUTLS_SAN_DNSNAME)
		return snprintf(text, size, "%.*s", (int)length, name) > 0;
	return type == GNUTLS_SAN_IPADDRESS &&
	    inet_ntop(length == 4 ? AF_INET : AF_INET6, name, text, (socklen_t)size) != NULL;
}

static void
names_of(gnutls_x509_crt_t certificate, char *names, size_t size)
{
	size_t filled = 0;

	for (unsigned i = 0; i < 4; i++) {
		char name[256], text[256];
		size_t length = sizeof(name);
		int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &length, NULL);

		if (type < 0)
			break;
		if (name_text((unsigned)type, name, length, text, sizeof(text)) &&
		    filled + strlen(text) + 3 < size)
			filled += (size_t)snprintf(
			    names + filled, size - filled, "%s%s", filled > 0 ? ", " : "", text);
	}
}

/* The names in the certificate that was shown, for who has to correct the URL. */
static void
names_tell(gnutls_session_t session, char *names, size_t size)
{
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	gnutls_x509_crt_t certificate = NULL;

	(void)snprintf(names, size, "nobody");
	if (count == 0 || gnutls_x509_crt_init(&certificate) < 0)
		return;
	if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0)
		names_of(certificate, names, size);
	gnutls_x509_crt_deinit(certificate);
}

static void
certificate_tell(gnutls_session_t session, const char *host, const char *ca_path, struct why *why)
{
	unsigned status = gnutls_session_get_verify_cert_status(session);
	gnutls_datum_t text = { NULL, 0 };
	char names[256];

	if ((status & GNUTLS_CERT_UNEXPECTED_OWNER) != 0) {
		names_tell(session, names, sizeof(names));
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER,
		    "its certificate is not for '%s' but for '%s': name the server by a name in its "
		    "certificate",
		    host, names);
	} else if ((status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA)) != 0)
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER,
		    "its certificate is of no authority in %s: put its CA's certificate there", ca_path);
	else if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0)
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s", (const char *)text.data);
	gnutls_free(text.data);
}

static void
handshake_tell(struct handshake *handshake, const char *host, const char *ca_path, struct deadline deadline,
    struct why *why)
{
	int rc;

	do {
		gnutls_handshake_set_timeout(handshake->session, (unsigned)deadline_left_ms(deadline) + 1);
		rc = gnutls_handshake(handshake->session);
	} while (rc < 0 && gnutls_error_is_fatal(rc) == 0 && deadline_left_ms(deadline) > 0);
	if (rc == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		certificate_tell(handshake->session, host, ca_path, why);
	else if (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED || rc == GNUTLS_E_TIMEDOUT)
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "no answer in time");
	else if (rc < 0)
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s", gnutls_strerror(rc));
}

void
server_tls_reason(const struct server *server, const char *ca_path, struct deadline deadline, struct why *why)
{
	CLEANUP(handshake_cleanup) struct handshake handshake = { NULL, NULL };
	struct server again = *server;
	LDAPURLDesc *url = NULL;
	bool from_start = false;
	int fd = -1;

	if (ldap_url_parse(server->url, &url) != LDAP_URL_SUCCESS)
		return;
	if (server_connect(&again, deadline, &from_start, why) == SERVER_ANSWERED &&
	    (from_start || server_start_tls(&again, why) == SERVER_ANSWERED) &&
	    ldap_get_option(again.ldap, LDAP_OPT_DESC, &fd) == 0 &&
	    handshake_prepare(&handshake, fd, url->lud_host, ca_path))
		handshake_tell(&handshake, url->lud_host, ca_path, deadline, why);
	server_close(&again);
	ldap_free_urldesc(url);
}
