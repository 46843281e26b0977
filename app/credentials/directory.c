/* The steps of a proof. Each ends in how it ended; what a server did not answer, the next one is asked. */
#include <muster/credentials/directory.h>

#include <muster/base/text.h>

#include <limits.h>
#include <unistd.h>

#include "directory_name.h"
#include "directory_reason.h"

#define UPN_MAX 320
#define DISPLAY_NAME_MAX 256

/* Active Directory follows groups within groups by this rule (LDAP_MATCHING_RULE_IN_CHAIN,
 * MS-ADTS 3.1.1.3.4.4.3). */
#define IN_CHAIN "1.2.840.113556.1.4.1941"

/* No attributes (RFC 4511 section 4.5.1.8). */
static const char *const no_attributes[] = { LDAP_NO_ATTRS, NULL };

/* Where distributions keep the certificates that everybody trusts. */
static const char *const system_ca[] = { "/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt", NULL };

/* What is known of the one who wants to prove himself, on the way. */
struct search {
	const struct directory_question *question;
	const struct directory *directory;
	struct arena *arena;
	struct server server;
	struct user_name name;
	struct secret password; /* as it is sent */
	struct why trouble;	/* why nobody can be meant; empty: somebody may be */
	struct person person;
	bool in_group;
	struct why *why;
};

/* How asking one server ended: with an outcome, or with nothing, then the next is asked. */
struct verdict {
	int away_ms; /* more than 0: nothing, and the server is let alone for so long */
	enum outcome outcome;
};

/* Each try with a wrong password could lock the service account. */
#define SERVICE_REFUSED_MS (120 * 1000)

static const struct verdict away = { OUTAGE_MS, OUTCOME_ENROLLMENT_SERVER };
static const struct verdict go_on = { 0, OUTCOME_OK };

static void PRINTF_LIKE(2, 3) tell(const struct search *search, const char *format, ...)
{
	va_list list;

	if (search->question->tell == NULL)
		return;
	va_start(list, format);
	search->question->tell(search->question->context, arena_vprintf(search->arena, format, list));
	va_end(list);
}

static struct verdict PRINTF_LIKE(3, 4)
    end(struct search *search, enum outcome outcome, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	(void)refuse(search->why, outcome, "directory %s: %s", search->directory->name,
	    arena_vprintf(search->arena, format, list));
	va_end(list);
	return (struct verdict){ 0, outcome };
}

/* Nobody is meant from now on: the steps go on with names that do not exist. */
static void
becomes_nobody(struct search *search, const char *reason)
{
	if (search->trouble.text[0] == '\0')
		(void)refuse(&search->trouble, OUTCOME_AUTHENTICATION, "%s", reason);
	search->person = (struct person){ .dn = nobody_dn(search->arena, search->directory->base) };
}

/* --- files --- */

/* Each organization's files are in its own folder: its settings cannot name another's. */
static bool
file_path(const struct search *search, const char *name, char *path, size_t size, struct why *why)
{
	const struct directory_question *question = search->question;
	int written;

	if (question->secrets_dir == NULL || question->organization == NULL) {
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER,
		    "the file '%s' is needed: start muster with --secrets-dir", name);
		return false;
	}
	written = snprintf(path, size, "%s/%s/%s", question->secrets_dir, question->organization, name);
	if (written < 0 || (size_t)written >= size) {
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "the path of the file '%s' is too long", name);
		return false;
	}
	return true;
}

/* The PEM file of those whom the server's certificate may be of. */
static bool
ca_path(const struct search *search, char *path, size_t size, struct why *why)
{
	if (search->directory->ca_file == NULL) {
		for (size_t i = 0; system_ca[i] != NULL; i++)
			if (access(system_ca[i], R_OK) == 0) {
				(void)snprintf(path, size, "%s", system_ca[i]);
				return true;
			}
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER,
		    "this system trusts no authority (%s): install ca-certificates, or name a CA's file",
		    system_ca[0]);
		return false;
	}
	if (!file_path(search, search->directory->ca_file, path, size, why))
		return false;
	if (access(path, R_OK) == 0)
		return true;
	(void)refuse(why, OUTCOME_ENROLLMENT_SERVER,
	    "%s cannot be read: put the CA's certificate there (PEM), for "
	    "the workers' user to read",
	    path);
	return false;
}

/* --- entries --- */

/* The only value of an attribute, in arena; NULL when it has none, several, or one that is no clean text. */
static const char *
only_value(const struct search *search, LDAPMessage *entry, const char *attribute, size_t max)
{
	struct berval **values;
	const char *value = NULL;

	if (attribute == NULL)
		return NULL;
	values = ldap_get_values_len(search->server.ldap, entry, attribute);
	if (values != NULL && ldap_count_values_len(values) == 1 && values[0]->bv_len > 0 &&
	    values[0]->bv_len <= max && text_is_plain(values[0]->bv_val, values[0]->bv_len))
		value = arena_strndup(search->arena, values[0]->bv_val, values[0]->bv_len);
	ldap_value_free_len(values);
	return value;
}

static void
person_take(struct search *search, LDAPMessage *entry)
{
	const struct directory *directory = search->directory;
	char *dn = ldap_get_dn(search->server.ldap, entry);

	search->person.dn = arena_strdup(search->arena, dn);
	ldap_memfree(dn);
	search->person.upn = only_value(search, entry, directory->upn_attribute, UPN_MAX);
	if (search->person.upn != NULL && strchr(search->person.upn, '@') == NULL)
		search->person.upn = directory->upn_domain == NULL
		    ? NULL
		    : arena_printf(search->arena, "%s@%s", search->person.upn, directory->upn_domain);
	search->person.display_name =
	    only_value(search, entry, directory->display_name_attribute, DISPLAY_NAME_MAX);
}

/* Where and by what a search failed for everybody, not just for this name. */
static struct verdict
search_failed(struct search *search, const char *base, const struct answer *answer)
{
	const char *step = answer->code == LDAP_NO_SUCH_OBJECT ? ": correct the search base"
	    : answer->code == LDAP_FILTER_ERROR		       ? ": correct the filter"
	    : answer->code == LDAP_REFERRAL		       ? ": the base is another server's"
	    : answer->code == LDAP_OPERATIONS_ERROR || answer->code == LDAP_INSUFFICIENT_ACCESS
	    ? ": it lets nobody search without an account; set a service account"
	    : "";

	return end(search, OUTCOME_ENROLLMENT_SERVER, "%s: searching below '%s': %s (LDAP %d)%s",
	    search->server.url, base, ldap_err2string(answer->code), answer->code, step);
}

/* The one entry of a name, or nobody. outcome OK: go on. */
static struct verdict
entry_find(struct search *search, const char *base, int scope, const char *filter)
{
	const struct directory *directory = search->directory;
	const char *attributes[3] = { directory->upn_attribute, directory->display_name_attribute, NULL };
	struct answer answer;
	LDAPMessage *found;
	int entries;

	if (server_search(&search->server, base, scope, filter, attributes, &answer, &found, &entries,
		search->why) == SERVER_AWAY) {
		(void)ldap_msgfree(found);
		return away;
	}
	if (answer.code != LDAP_SUCCESS && answer.code != LDAP_SIZELIMIT_EXCEEDED) {
		(void)ldap_msgfree(found);
		return search_failed(search, base, &answer);
	}
	if (entries == 1 && answer.code == LDAP_SUCCESS)
		person_take(search, ldap_first_entry(search->server.ldap, found));
	(void)ldap_msgfree(found);
	if (entries == 0)
		becomes_nobody(search, "nobody has that name");
	else if (entries > 1 || answer.code != LDAP_SUCCESS)
		becomes_nobody(search, "more than one entry has that name");
	else if (search->person.dn == NULL || search->person.dn[0] == '\0')
		becomes_nobody(search, "the entry has no name");
	tell(search, "searched below '%s' by %s: %s", base, filter,
	    search->trouble.text[0] != '\0' ? search->trouble.text : search->person.dn);
	return go_on;
}

/* --- the group --- */

static const char *
group_filter(const struct search *search)
{
	const struct directory *directory = search->directory;
	struct arena *arena = search->arena;
	const char *group = filter_value(arena, directory->group_dn);
	const char *dn = filter_value(arena, search->person.dn),
		   *user = filter_value(arena, search->name.user);

	switch (directory->group) {
	case DIRECTORY_GROUP_MEMBER_OF: return arena_printf(arena, "(memberOf=%s)", group);
	case DIRECTORY_GROUP_NESTED: return arena_printf(arena, "(memberOf:" IN_CHAIN ":=%s)", group);
	case DIRECTORY_GROUP_MEMBER:
		return arena_printf(arena, "(|(member=%s)(uniqueMember=%s)(memberUid=%s))", dn, dn, user);
	case DIRECTORY_GROUP_NONE: break;
	}
	return "(objectClass=*)";
}

/* Whether the entry is in the group: an answer that is told only once the password is proven. */
static struct verdict
group_look(struct search *search)
{
	const struct directory *directory = search->directory;
	const char *base =
	    directory->group == DIRECTORY_GROUP_MEMBER ? directory->group_dn : search->person.dn;
	struct answer answer;
	LDAPMessage *found;
	int entries;

	search->in_group = directory->group == DIRECTORY_GROUP_NONE;
	if (search->in_group)
		return go_on;
	if (server_search(&search->server, base, LDAP_SCOPE_BASE, group_filter(search), no_attributes,
		&answer, &found, &entries, search->why) == SERVER_AWAY) {
		(void)ldap_msgfree(found);
		return away;
	}
	(void)ldap_msgfree(found);
	search->in_group = answer.code == LDAP_SUCCESS && entries == 1;
	tell(search, "looked for the group '%s' (%s): %s", directory->group_dn, ldap_err2string(answer.code),
	    search->in_group ? "is in it" : "is not in it");
	return go_on;
}

/* --- binds --- */

static struct verdict
service_bind(struct search *search)
{
	CLEANUP(secret_release) struct secret password = { NULL, 0 };
	const struct directory *directory = search->directory;
	char path[PATH_MAX];
	struct answer answer;
	struct why why;

	if (directory->service_dn == NULL)
		return go_on;
	if (!file_path(search, directory->service_password, path, sizeof(path), &why) ||
	    secret_read_file(path, &password, &why) != OUTCOME_OK)
		return end(search, OUTCOME_ENROLLMENT_SERVER, "the service account's password: %s", why.text);
	if (server_bind(&search->server, directory->service_dn, &password, &answer, search->why) ==
	    SERVER_AWAY)
		return away;
	tell(search, "bound as the service account '%s': %s", directory->service_dn,
	    answer.code == LDAP_SUCCESS ? "accepted" : bind_reason(search->arena, &answer));
	if (answer.code == LDAP_SUCCESS)
		return go_on;
	(void)refuse(search->why, OUTCOME_ENROLLMENT_SERVER, "the service account '%s' is refused: %s",
	    directory->service_dn, bind_reason(search->arena, &answer));
	return (struct verdict){ SERVICE_REFUSED_MS, OUTCOME_ENROLLMENT_SERVER };
}

/* The proof itself. Who is nobody gets here, too. */
static struct verdict
user_bind(struct search *search, const char *who)
{
	struct answer answer;

	if (server_bind(&search->server, who, &search->password, &answer, search->why) == SERVER_AWAY)
		return away;
	if (search->trouble.text[0] != '\0')
		return end(search, OUTCOME_AUTHENTICATION, "%s", search->trouble.text);
	tell(search, "bound as '%s': %s", who,
	    answer.code == LDAP_SUCCESS ? "accepted" : bind_reason(search->arena, &answer));
	if (answer.code == LDAP_SUCCESS)
		return go_on;
	if (bind_code_is_misconfigured(answer.code))
		return end(search, OUTCOME_ENROLLMENT_SERVER, "%s: bind: %s", search->server.url,
		    bind_reason(search->arena, &answer));
	return end(search, OUTCOME_AUTHENTICATION, "%s", bind_reason(search->arena, &answer));
}

/* --- the two ways --- */

static bool
goes_on(const struct verdict *verdict)
{
	return verdict->away_ms == 0 && verdict->outcome == OUTCOME_OK;
}

/* Search, look, bind: the order tells nobody who is in the group. */
static struct verdict
search_then_bind(struct search *search)
{
	const struct directory *directory = search->directory;
	struct verdict verdict = service_bind(search);

	if (goes_on(&verdict))
		verdict = entry_find(search, directory->base, LDAP_SCOPE_SUBTREE,
		    user_name_filter(search->arena, directory, &search->name));
	if (goes_on(&verdict))
		verdict = group_look(search);
	return goes_on(&verdict) ? user_bind(search, search->person.dn) : verdict;
}

/*
 * Whom a server knows by user@domain or DOMAIN\user, and whom the search finds by the name as it was typed,
 * can be two: then the entry has to take the password, too. A DN is the entry's own.
 */
static struct verdict
bind_then_search(struct search *search)
{
	const struct directory *directory = search->directory;
	bool by_dn = template_is_dn(directory->bind_template);
	struct verdict verdict;
	const char *who = NULL;

	if (user_name_bind(search->arena, directory, &search->name, &who, &search->trouble) != OUTCOME_OK) {
		struct user_name nobody = user_name_nobody(search->arena);

		(void)user_name_bind(search->arena, directory, &nobody, &who, NULL);
	}
	verdict = user_bind(search, who);
	if (goes_on(&verdict))
		verdict = by_dn ? entry_find(search, who, LDAP_SCOPE_BASE, "(objectClass=*)")
				: entry_find(search, directory->base, LDAP_SCOPE_SUBTREE,
				      user_name_filter(search->arena, directory, &search->name));
	if (goes_on(&verdict) && search->trouble.text[0] != '\0')
		verdict = end(search, OUTCOME_ENROLLMENT_SERVER,
		    "the bind as '%s' is accepted, but its entry is not found: %s", who,
		    search->trouble.text);
	if (goes_on(&verdict) && !by_dn)
		verdict = user_bind(search, search->person.dn);
	return goes_on(&verdict) ? group_look(search) : verdict;
}

static struct verdict
proven(struct search *search)
{
	const struct directory *directory = search->directory;

	if (search->person.upn == NULL)
		return end(search, OUTCOME_ENROLLMENT_SERVER,
		    "'%s' has no single %s that could be an account's name (name@domain): name another "
		    "attribute",
		    search->person.dn, directory->upn_attribute);
	if (!search->in_group)
		return end(search, OUTCOME_AUTHORIZATION, "'%s' is not in the group '%s'", search->person.dn,
		    directory->group_dn);
	return go_on;
}

static struct verdict
server_ask(struct search *search, const char *url)
{
	const struct directory *directory = search->directory;
	struct verdict verdict = away;
	char path[PATH_MAX];
	struct why why;

	search->server = (struct server){ .url = url,
		.arena = search->arena,
		.deadline = deadline_min(search->question->deadline, search->server.deadline),
		.answer_ms = directory->answer_ms };
	if (!ca_path(search, path, sizeof(path), &why))
		return end(search, OUTCOME_ENROLLMENT_SERVER, "%s", why.text);
	if (server_open(&search->server, path, directory->connect_ms, search->why) == SERVER_ANSWERED) {
		tell(search, "connected to %s, its certificate is good", url);
		verdict =
		    directory->bind_template != NULL ? bind_then_search(search) : search_then_bind(search);
		if (goes_on(&verdict))
			verdict = proven(search);
	}
	server_close(&search->server);
	return verdict;
}

/* --- several servers --- */

/*
 * What is remembered of a server, it is remembered of as it was asked: of no use to one organization, whose
 * CA may be the wrong one, it is no less to others, and one that is asked otherwise now is asked anew.
 */
static const char *
key_of(const struct search *search, const char *url)
{
	const struct directory *d = search->directory;
	const char *part[] = { search->question->organization, d->name, d->ca_file, d->service_dn,
		d->service_password, url };
	const char *key = "";

	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		key = arena_printf(search->arena, "%s %s", key, part[i] != NULL ? part[i] : "");
	return key;
}

/* The reason why a server is of no use now; NULL when it has an outcome. */
static const char *
server_try(struct search *search, const char *url, enum outcome *outcome)
{
	struct outages *outages = search->question->outages;
	const char *key = key_of(search, url);
	struct verdict verdict;

	if (deadline_left_ms(search->server.deadline) == 0)
		return "no time is left for it";
	if (!outages_allow(outages, key))
		return "was of no use moments ago";
	verdict = server_ask(search, url);
	outages_note(outages, key, verdict.away_ms);
	*outcome = verdict.outcome;
	return verdict.away_ms == 0 ? NULL : arena_strdup(search->arena, search->why->text);
}

static enum outcome
servers_ask(struct search *search)
{
	const struct directory *directory = search->directory;
	const struct why trouble = search->trouble;
	const char *reason, *reasons = "";
	enum outcome o;

	for (size_t i = 0; i < directory->servers; i++) {
		search->trouble = trouble;
		search->person = (struct person){ NULL, NULL, NULL };
		if ((reason = server_try(search, directory->server[i], &o)) == NULL)
			return o;
		tell(search, "%s: %s", directory->server[i], reason);
		reasons = arena_printf(
		    search->arena, "%s%s%s: %s", reasons, i > 0 ? "; " : "", directory->server[i], reason);
	}
	return refuse(search->why, OUTCOME_ENROLLMENT_SERVER, "directory %s: no server can be used: %s",
	    directory->name, reasons);
}

/* Nobody can type a line's end: a password that has one at an end was pretty-printed. */
static struct secret
password_sent(const struct secret *password)
{
	const char *start = password->data, *last = password->data + password->size;
	size_t size = password->size;

	if (size > 0 && (strpbrk(start, "\r\n") != NULL)) {
		while (start < last && text_is_space(*start))
			start++;
		while (last > start && text_is_space(last[-1]))
			last--;
		size = (size_t)(last - start);
	}
	return secret_copy(start, size);
}

enum outcome
directory_prove(const struct directory_question *question, struct person *person, struct why *why)
{
	const struct directory *directory = question->directory;
	struct search search = {
		.question = question, .directory = directory, .arena = question->arena, .why = why
	};
	enum outcome o;

	*person = (struct person){ NULL, NULL, NULL };
	if (question->password->data == NULL || strlen(question->password->data) != question->password->size)
		return refuse(why, OUTCOME_AUTHENTICATION, "the password is empty, or holds a NUL");
	search.password = password_sent(question->password);
	if (search.password.size == 0) {
		secret_release(&search.password);
		return refuse(why, OUTCOME_AUTHENTICATION, "the password is empty");
	}
	search.server.deadline = deadline_min(question->deadline, deadline_in_ms(directory->total_ms));
	if (user_name_read(question->arena, directory, question->user, &search.name, &search.trouble) !=
	    OUTCOME_OK)
		search.name = user_name_nobody(question->arena);
	else
		search.trouble.text[0] = '\0';
	o = servers_ask(&search);
	secret_release(&search.password);
	if (o == OUTCOME_OK || o == OUTCOME_AUTHORIZATION)
		*person = search.person;
	return o;
}
