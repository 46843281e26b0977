/* Files that authorities come and go by: requests, certificates, encrypted keys. */
#ifndef MUSTER_CA_FILES_H
#define MUSTER_CA_FILES_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

#define FILE_BYTES_MAX (256 * 1024)

/*
 * The whole of a file, at most FILE_BYTES_MAX bytes, in arena.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  it cannot be read, is empty or larger; why names it
 */
enum outcome file_load(struct arena *, const char *path, struct bytes *, struct why *);

/*
 * What a file holds, as DER: the first PEM block of that label ("CERTIFICATE"), or all of it when there is no
 * PEM in it. Not looked into.
 */
enum outcome file_load_der(
    struct arena *, const char *path, const char *label, struct bytes *der, struct why *);

/*
 * Write DER as PEM of that label to a file that is not there yet, or behind what such a call has written.
 *
 * mode  permissions of the new file; 0: append
 * OUTCOME_INTERNAL_SERVICE_FAULT  there is a file of that name, or it cannot be written
 */
enum outcome file_write_pem(
    const char *path, const char *label, struct bytes der, unsigned mode, struct why *);

#endif
