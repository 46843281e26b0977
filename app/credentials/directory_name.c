#include "directory_name.h"

#include <muster/base/text.h>

#include <gnutls/crypto.h>
#include <ldap.h>

#define PLACE "{user}"

/* What the name of a Windows account cannot have, and would make another name of a template. */
#define NOT_IN_ACCOUNT "\"/\\[]:;|=,+*?<>@"

static bool
domain_known(const struct directory *directory, const char *domain)
{
	for (size_t i = 0; i < directory->netbios_domains; i++)
		if (text_equal_fold(directory->netbios_domain[i], domain))
			return true;
	return directory->netbios_domains == 0;
}

enum outcome
user_name_read(struct arena *arena, const struct directory *directory, const char *typed,
    struct user_name *name, struct why *why)
{
	const char *text = text_trim(arena, typed), *backslash, *at;

	*name = (struct user_name){ NULL, NULL };
	if (text == NULL || text[0] == '\0')
		return refuse(why, OUTCOME_AUTHENTICATION, "the name is empty");
	if (strlen(text) > USER_NAME_MAX || !text_is_plain(text, strlen(text)))
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "the name is longer than %d bytes, or has control characters", USER_NAME_MAX);
	if ((backslash = strchr(text, '\\')) != NULL) {
		const char *domain = arena_strndup(arena, text, (size_t)(backslash - text));

		if (!domain_known(directory, domain))
			return refuse(why, OUTCOME_AUTHENTICATION,
			    "the domain '%.60s' before the name is none of this directory's", domain);
		text = backslash + 1;
	}
	at = strrchr(text, '@');
	name->user = at != NULL ? arena_strndup(arena, text, (size_t)(at - text)) : text;
	name->whole = at != NULL ? text : NULL;
	if (name->user[0] == '\0')
		return refuse(why, OUTCOME_AUTHENTICATION, "the name is empty but for its domain");
	return OUTCOME_OK;
}

/* 16 random hexadecimal digits. */
static const char *
random_text(struct arena *arena)
{
	uint8_t random[8];

	if (gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof(random)) < 0)
		abort();
	return bytes_to_hex(arena, (struct bytes){ random, sizeof(random) });
}

struct user_name
user_name_nobody(struct arena *arena)
{
	const char *user = arena_printf(arena, "nobody-%s", random_text(arena));

	return (struct user_name){ user, arena_printf(arena, "%s@nobody.invalid", user) };
}

const char *
nobody_dn(struct arena *arena, const char *base)
{
	return arena_printf(arena, "cn=nobody-%s%s%s", random_text(arena), base[0] != '\0' ? "," : "", base);
}

/* libldap wants what it could write to. */
static struct berval
value_of(struct arena *arena, const char *text)
{
	return (struct berval){ strlen(text), arena_strdup(arena, text) };
}

const char *
filter_value(struct arena *arena, const char *value)
{
	struct berval in = value_of(arena, value), out = { 0, NULL };
	const char *escaped;

	if (ldap_bv2escaped_filter_value(&in, &out) != 0)
		arena_out_of_memory();
	escaped = arena_strndup(arena, out.bv_val, out.bv_len);
	ber_memfree(out.bv_val);
	return escaped;
}

const char *
user_name_filter(struct arena *arena, const struct directory *directory, const struct user_name *name)
{
	const char *value = filter_value(arena, name->whole != NULL ? name->whole : name->user), *names = "";

	if (name->whole == NULL)
		names = arena_printf(arena, "(%s=%s)", directory->short_name_attribute, value);
	else {
		for (size_t i = 0; i < directory->name_attributes; i++)
			names = arena_printf(arena, "%s(%s=%s)", names, directory->name_attribute[i], value);
		if (directory->name_attributes > 1)
			names = arena_printf(arena, "(|%s)", names);
	}
	return directory->filter != NULL ? arena_printf(arena, "(&%s%s)", directory->filter, names) : names;
}

static const char *
text_filled(struct arena *arena, const char *text, const char *user)
{
	const char *filled = "", *place;

	while ((place = strstr(text, PLACE)) != NULL) {
		filled = arena_printf(arena, "%s%.*s%s", filled, (int)(place - text), text, user);
		text = place + strlen(PLACE);
	}
	return arena_printf(arena, "%s%s", filled, text);
}

bool
template_is_dn(const char *bind_template)
{
	LDAPDN dn = NULL;
	bool is = ldap_str2dn(bind_template, &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && dn != NULL;

	ldap_dnfree(dn);
	return is;
}

/* The values of a DN, one after the other; NULL at the end. */
static LDAPAVA *
ava_next(LDAPDN dn, int *rdn, int *ava)
{
	while (dn[*rdn] != NULL) {
		if (dn[*rdn][*ava] != NULL)
			return dn[*rdn][(*ava)++];
		(*rdn)++;
		*ava = 0;
	}
	return NULL;
}

/*
 * The template is taken apart before the name is put in, and libldap escapes when it puts the DN together: a
 * name with a comma stays one value. The values put in are the arena's, those taken out are libldap's to
 * free.
 */
static const char *
dn_filled(struct arena *arena, const char *bind_template, const char *user)
{
	struct berval kept[32], out = { 0, NULL };
	LDAPDN dn = NULL;
	LDAPAVA *changed[ARRAY_SIZE(kept)], *one;
	const char *filled = NULL;
	size_t count = 0;

	if (ldap_str2dn(bind_template, &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || dn == NULL)
		return NULL;
	for (int rdn = 0, ava = 0; count < ARRAY_SIZE(kept) && (one = ava_next(dn, &rdn, &ava)) != NULL;) {
		changed[count] = one;
		kept[count++] = one->la_value;
		one->la_value = value_of(arena,
		    text_filled(
			arena, arena_strndup(arena, one->la_value.bv_val, one->la_value.bv_len), user));
	}
	if (ldap_dn2bv(dn, &out, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS)
		filled = arena_strndup(arena, out.bv_val, out.bv_len);
	for (size_t i = 0; i < count; i++)
		changed[i]->la_value = kept[i];
	ber_memfree(out.bv_val);
	ldap_dnfree(dn);
	return filled;
}

enum outcome
user_name_bind(struct arena *arena, const struct directory *directory, const struct user_name *name,
    const char **who, struct why *why)
{
	if (template_is_dn(directory->bind_template)) {
		*who = dn_filled(arena, directory->bind_template, name->user);
		if (*who == NULL)
			return refuse(why, OUTCOME_AUTHENTICATION, "the name cannot stand in a DN");
		return OUTCOME_OK;
	}
	if (strpbrk(name->user, NOT_IN_ACCOUNT) != NULL)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "the name has characters that no Windows account's name has: one of %s", NOT_IN_ACCOUNT);
	*who = text_filled(arena, directory->bind_template, name->user);
	return OUTCOME_OK;
}
