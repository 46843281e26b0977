#include <muster/stages/pages.h>

#include <muster/credentials/token.h>
#include <muster/wire/cookie.h>

#include <inttypes.h>

#define COOKIE "__Host-muster-form"
#define DIGITS "0123456789"
#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Seconds since 1970, a dot, and 32 random bytes. */
static bool
is_token(const char *token)
{
	size_t digits = token != NULL ? strspn(token, DIGITS) : 0;

	return digits >= 1 && digits <= 12 && token[digits] == '.' &&
	    strspn(token + digits + 1, ALPHABET) == TOKEN_TEXT_SIZE &&
	    token[digits + 1 + TOKEN_TEXT_SIZE] == '\0';
}

/* Its age in seconds; a clock that went back makes it negative. */
static int64_t
age(const char *token)
{
	return clock_now_ms() / 1000 - strtoll(token, NULL, 10);
}

/* The browser's; NULL when it has none that is one. */
static const char *
in_cookie(struct exchange *ex)
{
	const char *token =
	    cookie_value(ex->request->arena, request_variable(ex->request, "HTTP_COOKIE"), COOKIE);

	return is_token(token) ? token : NULL;
}

const char *
stage_form_token(struct exchange *ex)
{
	struct arena *arena = ex->request->arena;
	const char *token = in_cookie(ex);

	/* Half of its time is left for typing. */
	if (token == NULL || age(token) < 0 || age(token) > FORM_TOKEN_SECONDS / 2) {
		CLEANUP(secret_release) struct secret random = token_make();

		token = arena_printf(arena, "%" PRId64 ".%s", clock_now_ms() / 1000, random.data);
	}
	reply_header(ex->request, ex->reply, "Set-Cookie",
	    arena_printf(arena, COOKIE "=%s; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=Strict", token,
		FORM_TOKEN_SECONDS));
	return token;
}

bool
stage_form_token_check(struct exchange *ex, const char *token)
{
	const char *cookie = in_cookie(ex);

	return cookie != NULL && token != NULL && secret_equal(bytes_of(cookie), bytes_of(token)) &&
	    age(cookie) <= FORM_TOKEN_SECONDS;
}
