#include "directory_server.h"

#include <openldap.h>
#include <unistd.h>

#define FAREWELL_MS 100

/* A question begins. */
static void
step_begin(struct server *server)
{
	server->step = deadline_min(server->deadline, deadline_in_ms(server->answer_ms));
}

/* What is left of it; none at all would be a mistake to libldap. */
static struct timeval
step_left(const struct server *server)
{
	int ms = deadline_left_ms(server->step);

	return (struct timeval){ ms / 1000, ms == 0 ? 1 : ms % 1000 * 1000 };
}

static enum server_end
away(struct why *why, const char *what, const char *text)
{
	(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s: %s", what, text);
	return SERVER_AWAY;
}

/* libldap's reason: its own text for the code, and what TLS or the connection said. */
static enum server_end
away_by(const struct server *server, struct why *why, const char *what, int code)
{
	char *said = NULL;

	if (server->ldap != NULL)
		(void)ldap_get_option(server->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s: %s%s%s", what, ldap_err2string(code),
	    said != NULL && said[0] != '\0' ? ": " : "", said != NULL ? said : "");
	ldap_memfree(said);
	return SERVER_AWAY;
}

/* Nothing is taken from ldap.conf or the environment: all that matters is said here. */
static bool
options_set(const struct server *server, const char *ca_path)
{
	const int hard = LDAP_OPT_X_TLS_HARD, client = 0;
	const int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, dereference = LDAP_DEREF_NEVER;
	LDAP *ldap = server->ldap;

	return ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
	    ldap_set_option(ldap, LDAP_OPT_RESTART, LDAP_OPT_OFF) == 0 &&
	    ldap_set_option(ldap, LDAP_OPT_DEREF, &dereference) == 0 &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, ca_path) == 0 &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &hard) == 0 &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) == 0 &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client) == 0;
}

/* The answer to a message, or that there is none. *reply is the caller's to free. */
static enum server_end
await(
    const struct server *server, int message, int all, LDAPMessage **reply, const char *what, struct why *why)
{
	struct timeval time = step_left(server);
	int rc = ldap_result(server->ldap, message, all, &time, reply), code = LDAP_SERVER_DOWN;

	if (rc > 0)
		return SERVER_ANSWERED;
	if (rc == 0)
		return away(why, what, "no answer in time");
	(void)ldap_get_option(server->ldap, LDAP_OPT_RESULT_CODE, &code);
	return away_by(server, why, what, code);
}

/* What a server says when it cannot work now is as good as silence. */
static enum server_end
take_answer(
    const struct server *server, LDAPMessage *reply, struct answer *answer, const char *what, struct why *why)
{
	char *diagnostic = NULL;
	int rc = ldap_parse_result(server->ldap, reply, &answer->code, NULL, &diagnostic, NULL, NULL, 0);

	answer->diagnostic = arena_strdup(server->arena, diagnostic != NULL ? diagnostic : "");
	ldap_memfree(diagnostic);
	if (rc != LDAP_SUCCESS)
		return away_by(server, why, what, rc);
	if (answer->code == LDAP_BUSY || answer->code == LDAP_UNAVAILABLE)
		return away(why, what, ldap_err2string(answer->code));
	return SERVER_ANSWERED;
}

enum server_end
server_start_tls(const struct server *server, struct why *why)
{
	LDAPMessage *reply = NULL;
	struct answer answer;
	enum server_end end;
	int message, rc;

	if ((rc = ldap_start_tls(server->ldap, NULL, NULL, &message)) != LDAP_SUCCESS)
		return away_by(server, why, "StartTLS", rc);
	end = await(server, message, LDAP_MSG_ALL, &reply, "StartTLS", why);
	if (end == SERVER_ANSWERED)
		end = take_answer(server, reply, &answer, "StartTLS", why);
	(void)ldap_msgfree(reply);
	if (end == SERVER_ANSWERED && answer.code != LDAP_SUCCESS)
		return away(why, "StartTLS is refused", ldap_err2string(answer.code));
	return end;
}

enum server_end
server_connect(struct server *server, struct deadline deadline, bool *from_start, struct why *why)
{
	const int version = LDAP_VERSION3;
	ber_len_t answer_max = ANSWER_MAX;
	Sockbuf *sockbuf = NULL;
	LDAPURLDesc *url = NULL;
	bool connected;
	int fd;

	/* Before libldap looks: there is no ldap.conf for us, and no LDAPTLS_REQCERT in the environment. */
	(void)setenv("LDAPNOINIT", "1", 1);
	server->ldap = NULL;
	if (ldap_url_parse(server->url, &url) != LDAP_URL_SUCCESS)
		return away(why, "its URL", "cannot be read");
	*from_start = strcmp(url->lud_scheme, "ldaps") == 0;
	connected = host_connect(url->lud_host, url->lud_port, deadline, &fd, why);
	ldap_free_urldesc(url);
	if (!connected)
		return SERVER_AWAY;
	if (ldap_init_fd(fd, LDAP_PROTO_EXT, server->url, &server->ldap) != LDAP_SUCCESS) {
		server->ldap = NULL;
		(void)close(fd);
		return away(why, "libldap", "does not take the connection");
	}
	server->step = deadline;
	if (ldap_get_option(server->ldap, LDAP_OPT_SOCKBUF, &sockbuf) != 0 ||
	    ber_sockbuf_add_io(sockbuf, &server_io, LBER_SBIOD_LEVEL_PROVIDER, server) != 0 ||
	    ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &answer_max) < 1 ||
	    ldap_set_option(server->ldap, LDAP_OPT_PROTOCOL_VERSION, &version) != 0)
		return away(why, "libldap", "does not take the connection");
	return SERVER_ANSWERED;
}

/* Whatever libldap found, nothing goes out without TLS. */
static enum server_end
secure(const struct server *server, bool from_start, const char *ca_path, struct deadline deadline,
    struct why *why)
{
	enum server_end end = from_start ? SERVER_ANSWERED : server_start_tls(server, why);
	struct why reason = { "" };

	if (end != SERVER_ANSWERED)
		return end;
	if (ldap_install_tls(server->ldap) == LDAP_SUCCESS && ldap_tls_inplace(server->ldap))
		return SERVER_ANSWERED;
	if (deadline_left_ms(deadline) == 0)
		return away(why, "TLS", "no answer in time");
	server_tls_reason(server, ca_path, deadline, &reason);
	return away(why, "TLS", reason.text[0] != '\0' ? reason.text : "the handshake fails");
}

enum server_end
server_open(struct server *server, const char *ca_path, int connect_ms, struct why *why)
{
	struct deadline deadline = deadline_min(server->deadline, deadline_in_ms(connect_ms));
	bool from_start = false;
	enum server_end end = server_connect(server, deadline, &from_start, why);

	if (end != SERVER_ANSWERED)
		return end;
	if (!options_set(server, ca_path))
		return away(why, "libldap", "an option cannot be set");
	return secure(server, from_start, ca_path, deadline, why);
}

void
server_close(struct server *server)
{
	/* A farewell that does not go out at once goes to nobody. */
	server->step = deadline_in_ms(FAREWELL_MS);
	if (server->ldap != NULL)
		(void)ldap_unbind_ext_s(server->ldap, NULL, NULL);
	server->ldap = NULL;
}

enum server_end
server_bind(struct server *server, const char *who, const struct secret *password, struct answer *answer,
    struct why *why)
{
	struct berval credential = { password->size, password->data };
	LDAPMessage *reply = NULL;
	enum server_end end;
	int message, rc;

	step_begin(server);
	rc = ldap_sasl_bind(server->ldap, who, LDAP_SASL_SIMPLE, &credential, NULL, NULL, &message);
	if (rc != LDAP_SUCCESS)
		return away_by(server, why, "bind", rc);
	end = await(server, message, LDAP_MSG_ALL, &reply, "bind", why);
	if (end == SERVER_ANSWERED)
		end = take_answer(server, reply, answer, "bind", why);
	(void)ldap_msgfree(reply);
	return end;
}

static int
count_at_most_two(LDAP *ldap, LDAPMessage *chain)
{
	int count = ldap_count_entries(ldap, chain);

	return count < 0 ? 0 : count > 2 ? 2 : count;
}

enum server_end
server_search(struct server *server, const char *base, int scope, const char *filter,
    const char *const *attributes, struct answer *answer, LDAPMessage **found, int *entries, struct why *why)
{
	struct timeval time;
	char **wanted = arena_alloc(server->arena, (DIRECTORY_NAMES_MAX + 1) * sizeof(*wanted));
	enum server_end end;
	int message, rc;

	step_begin(server);
	time = step_left(server);
	*found = NULL;
	*entries = 0;
	for (size_t i = 0; i < DIRECTORY_NAMES_MAX && attributes[i] != NULL; i++)
		wanted[i] = arena_strdup(server->arena, attributes[i]);
	rc = ldap_search_ext(server->ldap, base, scope, filter, wanted, 0, NULL, NULL, &time, 2, &message);
	if (rc == LDAP_FILTER_ERROR) {
		/* The request was not sent; nothing is wrong with the server. */
		*answer = (struct answer){ rc, "" };
		return SERVER_ANSWERED;
	}
	if (rc != LDAP_SUCCESS)
		return away_by(server, why, "search", rc);
	end = await(server, message, LDAP_MSG_ALL, found, "search", why);
	if (end == SERVER_ANSWERED)
		end = take_answer(server, *found, answer, "search", why);
	*entries = end == SERVER_ANSWERED ? count_at_most_two(server->ldap, *found) : 0;
	return end;
}
