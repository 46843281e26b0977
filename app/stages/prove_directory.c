#include <muster/stages/stages.h>

#include <muster/base/json.h>
#include <muster/base/text.h>

/* What the rest of a request needs at least, when the directory has taken its time. */
#define REST_MS (8 * 1000)

/* The name that the directory has for him, for SQL to find or make his account by. */
static enum outcome
note_person(struct exchange *ex, const struct directory *directory, const struct person *person)
{
	CLEANUP(json_cleanup)
	json_t *claim =
	    json_pack("{s:s, s:s, s:s}", "kind", ex->service == SERVICE_SIGN_IN ? "sign-in page" : "password",
		"directory", directory->name, "upn", person->upn);
	CLEANUP(json_cleanup) json_t *name = json_pack("{s:s?}", "name", person->display_name);

	ex->known_as = person->upn;
	ex->known_claim = json_text(ex->request->arena, claim);
	ex->person = json_text(ex->request->arena, name);
	if (ex->known_claim == NULL || ex->person == NULL)
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the directory's name for the user is unusable");
	return OUTCOME_OK;
}

/* As long as there are more than REST_MS left. */
static struct deadline
deadline_of(const struct exchange *ex)
{
	int left = deadline_left_ms(ex->request->deadline);

	return deadline_in_ms(left > REST_MS ? left - REST_MS : 0);
}

/*
 * What the memo knows a password of a directory by: its settings, so that what was proven under others is
 * forgotten.
 */
static bool
remembered(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct directory *directory)
{
	return directory->remember && account->id != NULL && account->password_hash == NULL &&
	    memo_knows(ex->worker->memo, account->id, account->proof, password);
}

enum outcome
stage_prove_directory(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct directory *directory)
{
	struct directory_question question = { .arena = ex->request->arena,
		.directory = directory,
		.outages = ex->worker->outages,
		.secrets_dir = ex->worker->secrets_dir,
		.organization = account->organization,
		/* Who has a password of his own is nobody to the directory. */
		.user = account->password_hash == NULL ? ex->user : NULL,
		.password = password,
		.deadline = deadline_of(ex) };
	struct person person;
	enum outcome o;

	if (remembered(ex, password, account, directory))
		return OUTCOME_OK;
	if ((o = directory_prove(&question, &person, &ex->why)) != OUTCOME_OK)
		return o;
	if (directory->remember && account->id != NULL && text_equal_fold(account->upn, person.upn))
		memo_remember(ex->worker->memo, account->id, account->proof, password);
	return note_person(ex, directory, &person);
}
