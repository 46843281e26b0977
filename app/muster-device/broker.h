/*
 * The Web Authentication Broker (MS-MDE2 3.2): the window in which Windows has the user sign in, and which
 * takes the token out of the page that comes at the end. Its user is a name and a password.
 */
#ifndef MUSTER_DEVICE_BROKER_H
#define MUSTER_DEVICE_BROKER_H

#include "envelope.h"
#include "html_page.h"
#include "http.h"

/* What Windows' settings ask their result to be sent to. */
#define BROKER_APPRU "ms-app://windows.immersivecontrolpanel"

#define BROKER_TOKEN_MAX (8 * 1024) /* bytes; more is noted: what Windows takes is not written anywhere */

/*
 * Open AuthenticationServiceUrl, fill in the forms that ask for a name and a password, follow redirects to
 * https, and take wresult from the form that posts to appru. Cookies are kept until it returns.
 *
 * token  the caller's to secret_release()
 * HRESULT_WEB_SIGN_IN        the page ends in an error, asks again, or is none that Windows accepts
 * HRESULT_INSECURE_REDIRECT  it leads to what is not https
 */
bool broker_sign_in(struct arena *, const struct settings *, const struct login *, const char *url,
    struct secret *token, struct refusal *, struct notes *);

/* A page of the broker's, after it is read: another form to send, or the end. */
enum broker_step { BROKER_REFUSED, BROKER_FORM, BROKER_TOKEN };

/*
 * What the broker makes of a page.
 *
 * answered  the password has been sent already
 * form      BROKER_FORM: to be filled in; BROKER_TOKEN: holds wresult
 */
enum broker_step broker_look(
    const struct html_page *, bool answered, const struct html_form **form, struct refusal *, struct notes *);

#endif
