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

bool
password_read(const char *file, const char *user, struct secret *password)
{
	char *environment = getenv("MUSTER_PASSWORD");
	struct why why;

	if (file != NULL) {
		if (secret_read_file(file, password, &why) == OUTCOME_OK)
			return true;
		fprintf(stderr, "muster-device: %s\n", why.text);
		return false;
	}
	if (environment == NULL)
		return terminal_read(user, password);
	*password = secret_copy(environment, strlen(environment));
	secret_wipe(environment, strlen(environment));
	return true;
}
