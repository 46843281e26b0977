/*
 * A directory's settings, as a worker gets them from SQL, and a name that somebody typed: settings NUL name.
 * What is taken keeps to its bounds, and no name breaks out of a filter (RFC 4515) or a DN (RFC 4514).
 */
#include "fuzz.h"

#include "../../app/credentials/directory_name.h"

#include <ldap.h>

/* A value with what is special in it escaped. */
static void
value_check(const char *value)
{
	for (; *value != '\0'; value++) {
		FUZZ_CHECK(strchr("()*", *value) == NULL);
		if (*value == '\\')
			FUZZ_CHECK(strspn(value + 1, "0123456789abcdefABCDEF") >= 2);
	}
}

static void
name_check(struct arena *arena, const struct directory *directory, const char *typed)
{
	struct user_name name;
	const char *who = NULL;
	struct why why;
	LDAPDN dn = NULL;

	if (user_name_read(arena, directory, typed, &name, &why) != OUTCOME_OK)
		return;
	value_check(filter_value(arena, name.whole != NULL ? name.whole : name.user));
	(void)user_name_filter(arena, directory, &name);
	if (directory->bind_template == NULL ||
	    user_name_bind(arena, directory, &name, &who, &why) != OUTCOME_OK)
		return;
	if (template_is_dn(directory->bind_template)) {
		FUZZ_CHECK(ldap_str2dn(who, &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS);
		ldap_dnfree(dn);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	const char *proof = fuzz_field(arena, &rest), *typed = fuzz_field(arena, &rest);
	const struct directory *directory;
	struct why why;
	enum outcome o = directory_read(arena, proof, &directory, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_ENROLLMENT_SERVER);
	FUZZ_CHECK(o == OUTCOME_OK || directory == NULL);
	fuzz_accepted = directory != NULL;
	if (directory != NULL) {
		FUZZ_CHECK(directory->servers >= 1 && directory->servers <= DIRECTORY_SERVERS_MAX);
		FUZZ_CHECK(
		    directory->name_attributes >= 1 && directory->name_attributes <= DIRECTORY_NAMES_MAX);
		FUZZ_CHECK(directory->ca_file == NULL || strchr(directory->ca_file, '/') == NULL);
		FUZZ_CHECK(
		    directory->service_password == NULL || strchr(directory->service_password, '/') == NULL);
		name_check(arena, directory, typed);
	}
	arena_free(arena);
	return 0;
}
