/* What the stages that speak to people share: the organization's page, and forms that only our page can send.
 */
#ifndef MUSTER_STAGES_PAGES_H
#define MUSTER_STAGES_PAGES_H

#include <muster/protocol/page.h>
#include <muster/stages/stages.h>

/*
 * Load what the pages of the organization look like, in the reader's language, into ex->page: what
 * stage_page_error() shows from then on.
 *
 * OUTCOME_NOT_FOUND      there is no such organization
 * OUTCOME_AUTHORIZATION  it is disabled
 */
enum outcome stage_page(struct exchange *);

/* The page is the reply, if it was written. */
enum outcome stage_page_reply(struct exchange *, bool written, struct bytes body);

/* Make a page of a refusal the reply: ex->why stays ours, the reader gets the sentence of the outcome and the
 * trace id. Before ex->page is loaded, or without a database, it is in English. */
void stage_page_error(struct exchange *, enum outcome);

/*
 * Where the result goes: the query's appru (MS-MDE2 3.2).
 * OUTCOME_MESSAGE_FORMAT  it is missing, or no ms-app URI
 */
enum outcome stage_appru(struct exchange *, const char **appru);

/*
 * Somebody has signed in: make a token, keep it, and make the page that hands it over the reply.
 *
 * how  "sign-in page", "web server"
 */
enum outcome stage_give_token(struct exchange *, const struct account *, const char *appru, const char *how);

/*
 * A request that sends one of our forms: application/x-www-form-urlencoded, whole, at most FORM_MAX bytes.
 * OUTCOME_UNSUPPORTED_MEDIA_TYPE, OUTCOME_TOO_LARGE, OUTCOME_MESSAGE_FORMAT  it is not
 */
#define FORM_MAX (16 * 1024)
enum outcome stage_check_form(struct exchange *);

/*
 * Against forms that other sites send in a user's name: a random text that stands both in the form and in a
 * cookie, which no other site can set (RFC 6265bis 4.1.3.2, "__Host-") or read. Nothing is kept, so that it
 * is good at every worker and host.
 *
 * stage_form_token() gives the one for a form, and sets the cookie; the one that the browser has stays, so
 * that two windows do not disturb each other.
 * stage_form_token_check(): what the form brought is what the cookie says, and at most FORM_TOKEN_SECONDS old
 */
#define FORM_TOKEN_SECONDS (60 * 60)
const char *stage_form_token(struct exchange *);
bool stage_form_token_check(struct exchange *, const char *token);

#endif
