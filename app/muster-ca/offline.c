#include "offline.h"

#include <muster/authority/path.h>
#include <muster/authority/request.h>

#include <sys/stat.h>

#include <errno.h>
#include <unistd.h>

#include "authorities.h"
#include "chain.h"
#include "files.h"
#include "names.h"

#define KEY_LABEL "ENCRYPTED PRIVATE KEY"

/* --- the passphrase --- */

/* From the file, or the terminal: twice where it is a new one. */
static enum outcome
passphrase_read(const struct options *options, bool is_new, struct secret *passphrase, struct why *why)
{
	CLEANUP(secret_release) struct secret again = { NULL, 0 };
	struct why reason;
	enum outcome o;

	if (options->passphrase_file != NULL)
		return secret_read_file(options->passphrase_file, passphrase, why);
	if ((o = secret_read_terminal(
		 is_new ? "new passphrase of the root's key: " : "passphrase of the root's key: ", passphrase,
		 &reason)) != OUTCOME_OK ||
	    (is_new && (o = secret_read_terminal("again: ", &again, &reason)) != OUTCOME_OK))
		return refuse(why, o, "the passphrase: %s (or give --passphrase-file FILE)", reason.text);
	if (is_new &&
	    !secret_equal((struct bytes){ (const uint8_t *)passphrase->data, passphrase->size },
		(struct bytes){ (const uint8_t *)again.data, again.size }))
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the two passphrases differ: nothing was made");
	return OUTCOME_OK;
}

/* --- a root --- */

static enum outcome
directory_make(const char *path, struct why *why)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return OUTCOME_OK;
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "--out-dir %s: %s", path, strerror(errno));
}

static enum outcome
root_write(struct arena *arena, const char *directory, const struct made *root, struct why *why)
{
	const char *key = arena_printf(arena, "%s/root.key", directory);
	const char *certificate = arena_printf(arena, "%s/root.pem", directory);
	enum outcome o;

	if ((o = directory_make(directory, why)) != OUTCOME_OK ||
	    (o = file_write_pem(key, KEY_LABEL, root->pkcs8, 0600, why)) != OUTCOME_OK)
		return o;
	if ((o = file_write_pem(certificate, "CERTIFICATE", root->certificate, 0644, why)) != OUTCOME_OK)
		(void)unlink(key);
	return o;
}

static enum outcome
root_tell(struct arena *arena, const char *directory, const struct made *root, struct why *why)
{
	const struct authority authority = {
		.name = root->name, .root = true, .certificate = root->certificate
	};
	enum outcome o = authority_print(stdout, arena, &authority, why);

	(void)printf("\nits key is in %s/root.key, its certificate in %s/root.pem\n"
		     "next: certify requests: muster-ca certify REQUEST --root-key %s/root.key "
		     "--root-certificate %s/root.pem --out FILE\n",
	    directory, directory, directory, directory);
	return o;
}

static enum outcome
root_make(struct arena *arena, const struct options *options, struct made *root, struct why *why)
{
	CLEANUP(secret_release) struct secret passphrase = { NULL, 0 };
	const struct authorities nobody = { NULL, 0 };
	struct signer signer = { NULL, NULL };
	struct names names;
	struct making making = { .key = options->key, .years = options->root_years, .form = &options->form };
	enum outcome o;

	if ((o = names_choose(arena, &nobody, options->name, NULL, true, &names, why)) != OUTCOME_OK ||
	    (o = passphrase_read(options, true, &passphrase, why)) != OUTCOME_OK)
		return o;
	making.name = names.root;
	making.organization = names.organization;
	making.passphrase = &passphrase;
	if ((o = chain_make(arena, &making, NULL, clock_now_ms() / 1000, root, why)) != OUTCOME_OK)
		return o;
	/* As it will be read back: the passphrase opens what was encrypted under it. */
	o = signer_open(root->certificate, root->pkcs8, &passphrase, &signer, why);
	signer_release(&signer);
	return o;
}

enum outcome
offline_root_run(const struct options *options, struct why *why)
{
	struct arena *arena = arena_new();
	struct made root;
	enum outcome o;

	if ((o = root_make(arena, options, &root, why)) == OUTCOME_OK &&
	    (o = root_write(arena, options->out_dir, &root, why)) == OUTCOME_OK)
		o = root_tell(arena, options->out_dir, &root, why);
	arena_free(arena);
	return o;
}

/* --- what it certifies --- */

struct certifying {
	const struct options *options;
	struct arena *arena;
	struct bytes request, root, made;
	struct request_view view;
	struct certificate_view root_view;
	struct signer signer; /* the root's */
};

static enum outcome
signer_load(struct certifying *certifying, struct why *why)
{
	CLEANUP(secret_release) struct secret passphrase = { NULL, 0 };
	const struct options *options = certifying->options;
	struct arena *arena = certifying->arena;
	struct why reason;
	struct bytes pkcs8;
	enum outcome o;

	if ((o = file_load_der(arena, options->root_certificate, "CERTIFICATE", &certifying->root, why)) !=
		OUTCOME_OK ||
	    (o = file_load_der(arena, options->root_key, KEY_LABEL, &pkcs8, why)) != OUTCOME_OK ||
	    (o = passphrase_read(options, false, &passphrase, why)) != OUTCOME_OK)
		return o;
	if ((o = signer_open(certifying->root, pkcs8, &passphrase, &certifying->signer, &reason)) !=
		OUTCOME_OK ||
	    (o = certificate_view(arena, certifying->root, &certifying->root_view, &reason)) != OUTCOME_OK)
		return refuse(
		    why, o, "%s, %s: %s", options->root_certificate, options->root_key, reason.text);
	return OUTCOME_OK;
}

static enum outcome
room_check(const struct certifying *certifying, int64_t now, struct why *why)
{
	int room = certifying->root_view.path_length, wanted = certifying->options->form.path_length;

	if (certifying->root_view.not_after <= now)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s: the root has ended",
		    certifying->options->root_certificate);
	if (room >= 0 && wanted >= room)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "%s: its path length %d leaves no room for an authority of path length %d",
		    certifying->options->root_certificate, room, wanted);
	return OUTCOME_OK;
}

/* The whole, as it will be verified where it is imported. A root that is somebody's intermediate is not. */
static enum outcome
result_check(const struct certifying *certifying, int64_t now, struct why *why)
{
	struct certification_path path = { { certifying->made, certifying->root }, 2 };

	if (strcmp(certifying->root_view.subject, certifying->root_view.issuer) != 0)
		return OUTCOME_OK;
	return certification_path_verify(certifying->arena, &path, now, why);
}

static enum outcome
certify(struct certifying *certifying, struct why *why)
{
	const struct options *options = certifying->options;
	int64_t now = clock_now_ms() / 1000, not_after = years_later(now, options->years);
	struct why reason;
	enum outcome o;

	if ((o = file_load_der(certifying->arena, options->certify, "CERTIFICATE REQUEST",
		 &certifying->request, why)) != OUTCOME_OK)
		return o;
	if ((o = request_read(certifying->arena, certifying->request, &certifying->view, &reason)) !=
	    OUTCOME_OK)
		return refuse(why, o, "%s: %s", options->certify, reason.text);
	if ((o = signer_load(certifying, why)) != OUTCOME_OK ||
	    (o = room_check(certifying, now, why)) != OUTCOME_OK)
		return o;
	if (not_after > certifying->root_view.not_after)
		not_after = certifying->root_view.not_after;
	if ((o = certificate_sign_request(certifying->arena, &certifying->signer, certifying->request,
		 &options->form, now - BACKDATE, not_after, &certifying->made, why)) != OUTCOME_OK)
		return o;
	return result_check(certifying, now, why);
}

static enum outcome
certified_write(const struct certifying *certifying, struct why *why)
{
	const char *path = certifying->options->out;
	enum outcome o = file_write_pem(path, "CERTIFICATE", certifying->made, 0644, why);

	if (o != OUTCOME_OK)
		return o;
	if ((o = file_write_pem(path, "CERTIFICATE", certifying->root, 0, why)) != OUTCOME_OK)
		(void)unlink(path);
	return o;
}

static enum outcome
certified_tell(const struct certifying *certifying, struct why *why)
{
	struct certificate_view view;
	enum outcome o = certificate_view(certifying->arena, certifying->made, &view, why);
	struct authority authority = { .name = view.common_name, .certificate = certifying->made };

	if (o == OUTCOME_OK)
		o = authority_print(stdout, certifying->arena, &authority, why);
	(void)printf(
	    "  public key   SHA-256 %s\n"
	    "\ncompare the public key with what muster-ca request has said; the certificate and its root "
	    "are in %s\n"
	    "next: where the database is: muster-ca import FILE --organization KEY\n",
	    certifying->view.public_key_sha256, certifying->options->out);
	return o;
}

enum outcome
offline_certify_run(const struct options *options, struct why *why)
{
	struct certifying certifying = { .options = options, .arena = arena_new() };
	enum outcome o;

	if ((o = certify(&certifying, why)) == OUTCOME_OK &&
	    (o = certified_write(&certifying, why)) == OUTCOME_OK)
		o = certified_tell(&certifying, why);
	signer_release(&certifying.signer);
	arena_free(certifying.arena);
	return o;
}
