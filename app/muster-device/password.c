/* Without echo. */
#include "password.h"

#include <termios.h>
#include <unistd.h>

static bool
terminal_read(const char *user, struct secret *password)
{
	struct termios before, quiet;
	char line[1024];
	FILE *terminal = fopen("/dev/tty", "r+e");
	bool ok = false;

	if (terminal == NULL || tcgetattr(fileno(terminal), &before) < 0) {
		fprintf(
		    stderr, "muster-device: no password: give --password-file FILE or set MUSTER_PASSWORD\n");
	} else {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		fprintf(terminal, "password of %s: ", user);
		fflush(terminal);
		(void)tcsetattr(fileno(terminal), TCSAFLUSH, &quiet);
		ok = fgets(line, sizeof(line), terminal) != NULL;
		(void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
		fprintf(terminal, "\n");
		if (ok)
			*password = secret_copy(line, strcspn(line, "\r\n"));
		secret_wipe(line, sizeof(line));
	}
	if (terminal != NULL)
		fclose(terminal);
	return ok;
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
