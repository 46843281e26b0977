#include <muster/base/log.h>
#include <muster/muster/master.h>

#include <argp.h>
#include <unistd.h>

const char *argp_program_version = PACKAGE_STRING;
const char *argp_program_bug_address = NULL;

/*
 * With the right to change users, workers and issuers become two different ones, and the kernel keeps
 * them apart. Without, all are one user; then confinement alone does.
 */
static enum outcome
identities_find(const struct options *options, struct common *common, struct why *why)
{
	bool named = options->worker_user != NULL || options->issuer_user != NULL;
	enum outcome o;

	if (geteuid() != 0 && !named)
		return OUTCOME_OK;
	if (!identity_can_change())
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--worker-user and --issuer-user need root, or CAP_SETUID, CAP_SETGID and CAP_KILL: "
		    "leave "
		    "them out, or start as root");
	if ((o = identity_find(options->worker_user != NULL ? options->worker_user : "muster-worker",
		 &common->worker, why)) != OUTCOME_OK ||
	    (o = identity_find(options->issuer_user != NULL ? options->issuer_user : "muster-issuer",
		 &common->issuer, why)) != OUTCOME_OK)
		return o;
	if (common->worker.uid == common->issuer.uid)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "workers and issuers are both user '%s': the issuers' secrets need a user of their own",
		    common->worker.name);
	return OUTCOME_OK;
}

static enum outcome
common_open(const struct options *options, struct common *common, struct why *why)
{
	enum outcome o;

	*common = (struct common){ .options = options, .listener = { .fd = -1 } };
	if ((o = identities_find(options, common, why)) != OUTCOME_OK)
		return o;
	common->memo = memo_new();
	common->wrong = memo_new();
	common->turns = turns_new(options->pairs);
	common->budget = budget_new();
	common->tally = tally_new();
	common->meter = meter_new(options->pairs);
	common->outages = outages_new();
	common->pins = pins_new();
	if (common->memo == NULL || common->wrong == NULL || common->turns == NULL ||
	    common->budget == NULL || common->tally == NULL || common->meter == NULL ||
	    common->outages == NULL || common->pins == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "no memory to share between processes");
	return listen_open(
	    options->listen, options->socket_mode, options->socket_owner, &common->listener, why);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct common common;
	struct why why;
	int status;

	log_process("master");
	if (options_read(argc, argv, &options, &why) != OUTCOME_OK ||
	    common_open(&options, &common, &why) != OUTCOME_OK) {
		(void)fprintf(stderr, "muster: %s\n", why.text);
		return EXIT_FAILURE;
	}
	options_clear_environment();
	status = master_run(&common);
	listen_close(&common.listener);
	return status;
}
