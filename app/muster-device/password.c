#include "password.h"

static bool
terminal_read(const char *user, struct secret *password)
{
	char prompt[400];
	struct why why;

	(void)snprintf(prompt, sizeof(prompt), "password of %.320s: ", user);
	if (secret_read_terminal(prompt, password, &why) == OUTCOME_OK)
		return true;
	fprintf(stderr, "muster-device: no password: %s: give --password-file FILE or set MUSTER_PASSWORD\n",
	    why.text);
	return false;
}

static bool
file_read(const char *file, struct secret *secret)
{
	struct why why;

	if (secret_read_file(file, secret, &why) == OUTCOME_OK)
		return true;
	fprintf(stderr, "muster-device: %s\n", why.text);
	return false;
}

bool
token_file_read(const char *file, struct secret *token)
{
	return file_read(file, token);
}

bool
password_read(const char *file, const char *user, struct secret *password)
{
	char *environment = getenv("MUSTER_PASSWORD");

	if (file != NULL)
		return file_read(file, password);
	if (environment == NULL)
		return terminal_read(user, password);
	*password = secret_copy(environment, strlen(environment));
	secret_wipe(environment, strlen(environment));
	return true;
}
