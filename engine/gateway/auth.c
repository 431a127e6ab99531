#include "gateway/auth.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "gateway/accounts.h"
#include "gateway/gateway.h"
#include "gateway/problem.h"
#include "gateway/route.h"

#define COOKIE "binglian_session="

static void become(struct caller *caller, const Bl__Account *account)
{
    caller->person.role = account->role;
    bl_text_copy(caller->person.name, sizeof caller->person.name, account->name);
    bl_text_copy(caller->person.department, sizeof caller->person.department, account->department);
    bl_text_copy(caller->person.post, sizeof caller->person.post, account->post);
}

/* The session's secret in the Cookie header; false: there is none. */
static bool read_cookie(const struct request *request, char *secret, size_t size)
{
    const char *cookies = request_header(request, "cookie");
    const char *at = cookies == NULL ? NULL : strstr(cookies, COOKIE);

    if (at == NULL || (at != cookies && at[-1] != ' ' && at[-1] != ';')) {
        return false;
    }
    at += sizeof COOKIE - 1;
    size_t bytes = strcspn(at, "; ");
    if (bytes == 0 || bytes >= size) {
        return false;
    }
    memcpy(secret, at, bytes);
    secret[bytes] = '\0';
    return true;
}

static enum bl_err by_token(struct request *request, const char *secret)
{
    Bl__StoredAccount *account;
    Bl__Token *token;
    enum bl_err err = accounts_token(request->gateway->accounts, secret, request->now,
                                     &request->arena, &account, &token, NULL);

    if (err == BL_OK) {
        become(&request->caller, account->account);
        request->caller.read_only = token->read_only;
    }
    return err;
}

static enum bl_err by_session(struct request *request, const char *secret)
{
    Bl__StoredAccount *account;
    Bl__StoredSession *session;
    enum bl_err err = accounts_session(request->gateway->accounts, secret, request->now,
                                       &request->arena, &account, &session, NULL);

    if (err == BL_OK) {
        become(&request->caller, account->account);
        request->caller.by_session = true;
        bl_text_copy(request->caller.session, sizeof request->caller.session, secret);
    }
    return err;
}

static void unauthorized(struct request *request, const char *rule)
{
    problem_status(request, 401, BL_DENIED, rule, "");
    response_header(request, "WWW-Authenticate", "Bearer realm=\"binglian\"");
}

bool auth_read(struct request *request)
{
    const char *authorization = request_header(request, "authorization");
    char secret[ACCOUNT_SECRET_BYTES];
    enum bl_err err = BL_OK;

    if (authorization != NULL) {
        err = strncasecmp(authorization, "Bearer ", 7) == 0 &&
                      strlen(authorization + 7) < ACCOUNT_SECRET_BYTES
                  ? by_token(request, authorization + 7)
                  : BL_NOT_FOUND;
        if (err == BL_NOT_FOUND) {
            unauthorized(request, "token-unknown");
            return false;
        }
    } else if (read_cookie(request, secret, sizeof secret)) {
        err = by_session(request, secret);
        err = err == BL_NOT_FOUND ? BL_OK : err;  // one that is over is none
    }
    if (err != BL_OK) {
        problem(request, BL_UNAVAILABLE, "unavailable", "");
    }
    return err == BL_OK;
}

static bool is_safe(const struct request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* What comes with a cookie may have been sent by any page: the session's own page shows that it is
 * the one. */
static bool is_own_page(const struct request *request)
{
    const char *shown = request_header(request, "x-csrf-token");
    char csrf[ACCOUNT_SECRET_BYTES];

    if (!request->caller.by_session || is_safe(request)) {
        return true;
    }
    accounts_csrf(request->gateway->accounts, request->caller.session, csrf);
    return shown != NULL && strlen(shown) == strlen(csrf) &&
           sodium_memcmp(shown, csrf, strlen(csrf)) == 0;
}

bool auth_check(struct request *request)
{
    const struct caller *caller = &request->caller;
    bool nobody = caller->person.role == BL__KEY__ROLE__ROLE_UNSPECIFIED;

    if ((request->route->flags & ROUTE_PUBLIC) != 0) {
        return true;
    }
    if (nobody) {
        unauthorized(request, "login-required");
    } else if (!is_own_page(request)) {
        problem(request, BL_DENIED, "csrf", "X-CSRF-Token");
    } else if (caller->read_only && !is_safe(request)) {
        problem(request, BL_DENIED, "token-read-only", "");
    } else if (!route_may(request->route, caller->person.role)) {
        problem(request, BL_DENIED, "role-may-not", "");
    } else {
        return true;
    }
    return false;
}

bool auth_is_current(struct request *request, bl_time now)
{
    struct principal before = request->caller.person;
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__StoredAccount *account;
    enum bl_err err;

    bl_arena_init(&arena, 1024, SIZE_MAX);
    if (request->caller.by_session) {
        Bl__StoredSession *session;

        err = accounts_session(request->gateway->accounts, request->caller.session, now, &arena,
                               &account, &session, NULL);
    } else {
        const char *authorization = request_header(request, "authorization");
        Bl__Token *token;

        err = authorization == NULL ? BL_NOT_FOUND
                                    : accounts_token(request->gateway->accounts, authorization + 7,
                                                     now, &arena, &account, &token, NULL);
    }
    return err == BL_OK && account->account->role == before.role &&
           strcmp(account->account->department, before.department) == 0;
}
