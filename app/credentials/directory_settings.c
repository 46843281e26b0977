#include <muster/credentials/directory.h>

#include <muster/base/json.h>

#define CONNECT_MS_MAX 10000
#define ANSWER_MS_MAX 15000
#define TOTAL_MS_MAX 20000

static enum outcome
unusable(struct why *why, const char *what)
{
	return refuse(why, OUTCOME_ENROLLMENT_SERVER, "settings of the directory: %s", what);
}

static bool
copy_list(struct arena *arena, const json_t *list, const char **to, size_t max, size_t *count)
{
	*count = json_array_size(list);
	if (*count > max)
		return false;
	for (size_t i = 0; i < *count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text == NULL || text[0] == '\0')
			return false;
		to[i] = arena_strdup(arena, text);
	}
	return true;
}

static bool
group_from_name(const char *name, enum directory_group *group)
{
	static const char *const names[] = { [DIRECTORY_GROUP_MEMBER_OF] = "memberOf",
		[DIRECTORY_GROUP_NESTED] = "nested",
		[DIRECTORY_GROUP_MEMBER] = "member" };

	for (size_t i = DIRECTORY_GROUP_MEMBER_OF; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0) {
			*group = (enum directory_group)i;
			return true;
		}
	return false;
}

/* A file's name leads nowhere else. */
static bool
file_name_usable(const char *name)
{
	return name == NULL || (name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL);
}

static bool
server_usable(const char *server)
{
	return strncmp(server, "ldaps://", 8) == 0 || strncmp(server, "ldap://", 7) == 0;
}

static bool
times_usable(const struct directory *directory)
{
	return directory->connect_ms > 0 && directory->connect_ms <= CONNECT_MS_MAX &&
	    directory->answer_ms > 0 && directory->answer_ms <= ANSWER_MS_MAX && directory->total_ms > 0 &&
	    directory->total_ms <= TOTAL_MS_MAX;
}

/* SQL holds rows to all of this; it is asked again, since secrets depend on it. */
static enum outcome
check(const struct directory *directory, struct why *why)
{
	if (directory->servers == 0)
		return unusable(why, "there is no server");
	for (size_t i = 0; i < directory->servers; i++)
		if (!server_usable(directory->server[i]))
			return unusable(why, "a server's URL begins with neither ldaps:// nor ldap://");
	if (!file_name_usable(directory->ca_file) || !file_name_usable(directory->service_password))
		return unusable(why, "a file is named by more than its name");
	if ((directory->service_dn == NULL) != (directory->service_password == NULL))
		return unusable(why, "the service account has no password's file, or the file no account");
	if (directory->service_dn != NULL && directory->service_dn[0] == '\0')
		return unusable(why, "the service account has no name");
	if (directory->bind_template != NULL && strstr(directory->bind_template, "{user}") == NULL)
		return unusable(why, "the template has no {user}");
	if (directory->name_attributes == 0)
		return unusable(why, "no attribute holds names");
	if (!times_usable(directory))
		return unusable(why, "a time is out of bounds");
	return OUTCOME_OK;
}

/* Texts still belong to the JSON. */
static bool
texts_unpack(json_t *json, struct directory *d, const char **how, json_error_t *error)
{
	return json_unpack_ex(json, error, 0,
		   "{s:s, s?s, s?s, s?s, s?s, s:s, s?s, s:s, s:s, s?s, s?s, s?s, s?s}", "name", &d->name,
		   "ca_file", &d->ca_file, "service_dn", &d->service_dn, "service_password_file",
		   &d->service_password, "bind_template", &d->bind_template, "base", &d->base, "filter",
		   &d->filter, "short_name_attribute", &d->short_name_attribute, "upn_attribute",
		   &d->upn_attribute, "upn_domain", &d->upn_domain, "display_name_attribute",
		   &d->display_name_attribute, "group_dn", &d->group_dn, "group_check", how) == 0;
}

/* SQL keeps to int's range. */
static bool
numbers_unpack(json_t *json, struct directory *d, json_error_t *error)
{
	int remember = 0;
	bool done = json_unpack_ex(json, error, 0, "{s:i, s:i, s:i, s:b}", "connect_ms", &d->connect_ms,
			"answer_ms", &d->answer_ms, "total_ms", &d->total_ms, "remember", &remember) == 0;

	d->remember = remember != 0;
	return done;
}

static bool
lists_copy(struct arena *arena, json_t *json, struct directory *d)
{
	return copy_list(
		   arena, json_object_get(json, "servers"), d->server, DIRECTORY_SERVERS_MAX, &d->servers) &&
	    copy_list(arena, json_object_get(json, "name_attributes"), d->name_attribute, DIRECTORY_NAMES_MAX,
		&d->name_attributes) &&
	    copy_list(arena, json_object_get(json, "netbios_domains"), d->netbios_domain,
		DIRECTORY_DOMAINS_MAX, &d->netbios_domains);
}

static void
copy_texts(struct arena *arena, struct directory *d)
{
	const char **text[] = { &d->name, &d->ca_file, &d->service_dn, &d->service_password,
		&d->bind_template, &d->base, &d->filter, &d->short_name_attribute, &d->upn_attribute,
		&d->upn_domain, &d->display_name_attribute, &d->group_dn };

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		*text[i] = arena_strdup(arena, *text[i]);
}

static enum outcome
settings_read(struct arena *arena, json_t *json, struct directory *directory, struct why *why)
{
	const char *how = NULL;
	json_error_t error;

	if (!texts_unpack(json, directory, &how, &error) || !numbers_unpack(json, directory, &error))
		return unusable(why, error.text);
	if (!lists_copy(arena, json, directory))
		return unusable(why, "a list is too long, or holds what is no text");
	if (directory->group_dn != NULL && (how == NULL || !group_from_name(how, &directory->group)))
		return unusable(why, "how a group's members are told is unknown");
	copy_texts(arena, directory);
	return check(directory, why);
}

enum outcome
directory_read(struct arena *arena, const char *proof, const struct directory **directory, struct why *why)
{
	struct directory *read = arena_alloc(arena, sizeof(*read));
	CLEANUP(json_cleanup) json_t *json = NULL;
	json_error_t error;
	enum outcome o;

	*directory = NULL;
	if ((json = json_loads(proof, JSON_REJECT_DUPLICATES, &error)) == NULL)
		return unusable(why, error.text);
	if (json_object_get(json, "directory") == NULL)
		return OUTCOME_OK;
	if ((o = settings_read(arena, json_object_get(json, "directory"), read, why)) == OUTCOME_OK)
		*directory = read;
	return o;
}
