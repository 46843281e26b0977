/* One document from the network. */
#ifndef MUSTER_CA_FETCH_H
#define MUSTER_CA_FETCH_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

/*
 * GET a document over https: at most max bytes, at most three redirects, all of them to https, half a minute
 * for everything, TLS 1.2 or later, a status of 200. libcurl's environment (HTTPS_PROXY, …) counts.
 *
 * ca_file   PEM of the roots to trust; NULL: the system's
 * document  in arena
 * OUTCOME_INTERNAL_SERVICE_FAULT  none came; why names the URL and says what happened
 */
enum outcome fetch(
    struct arena *, const char *url, const char *ca_file, size_t max, struct bytes *document, struct why *);

#endif
