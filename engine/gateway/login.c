/* Accounts, sessions and tokens. What hashes a password thinks beside the connections. */
#include <string.h>

#include "core/refusal.h"
#include "gateway/accounts.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/limiter.h"
#include "gateway/problem.h"

#define SESSION_HOURS 12
#define LOGINS_A_MINUTE 10  // of one name, besides its lockout: every check costs memory and time

/* What went wrong with an account, as a problem. */
static void refuse(struct request *request, enum bl_err code, const struct bl_error *e)
{
    if (code == BL_NOT_FOUND) {
        problem(request, code, "account-unknown", "name");
    } else if (code == BL_EXISTS) {
        problem(request, code, "account-exists", "account.name");
    } else if (code == BL_INVALID) {
        problem(request, code, bl_arena_string(&request->arena, e->source), "account");
    } else {
        problem_error(request, e);
    }
}

/* --- sessions --------------------------------------------------------------------------------- */

static void set_cookie(struct request *request, const char *secret, int64_t seconds)
{
    const char *secure = request->gateway->config->behind_proxy ? "; Secure" : "";

    response_header(request, "Set-Cookie",
                    bl_arena_printf(&request->arena,
                                    "binglian_session=%s; Path=/; Max-Age=%lld; HttpOnly; "
                                    "SameSite=Strict%s",
                                    secret, (long long)seconds, secure));
    response_header(request, "Cache-Control", "no-store");
}

static void show(struct request *request, unsigned status, Bl__Account *account, const char *secret,
                 bl_time expires_at)
{
    Bl__Session session = BL__SESSION__INIT;
    char csrf[ACCOUNT_SECRET_BYTES];

    session.account = account;
    session.expires_at = expires_at;
    if (secret != NULL) {
        accounts_csrf(request->gateway->accounts, secret, csrf);
        session.csrf = csrf;
    }
    response_message(request, status, &session.base, 0);
}

/* Runs in the pool. */
static void check_password(struct request *request)
{
    struct accounts *accounts = request->gateway->accounts;
    const Bl__GatewayConfig *config = request->gateway->config;
    char *secret = bl_arena_zero(&request->arena, ACCOUNT_SECRET_BYTES);
    Bl__StoredAccount *account;
    struct bl_error e = { 0 };
    Bl__Login *said = request->context;
    bl_time hours = config->session_hours == 0 ? SESSION_HOURS : config->session_hours;
    bl_time expires_at = request->now + hours * HOUR_US;
    enum bl_err err = accounts_check(accounts, said->name, said->password, request->now,
                                     &request->arena, &account, &e);

    if (err == BL_OK) {
        err = accounts_begin_session(accounts, account, request->now, expires_at, secret, &e);
    }
    if (err == BL_DENIED) {
        problem_status(request, 401, BL_DENIED, "password-wrong", "");
    } else if (err == BL_UNAVAILABLE) {
        problem_status(request, 429, BL_UNAVAILABLE, "account-locked", "");
    } else if (err != BL_OK) {
        problem_error(request, &e);
    } else {
        show(request, 200, account->account, secret, expires_at);
        set_cookie(request, secret, (int64_t)hours * 3600);
    }
}

void log_in(struct request *request)
{
    ProtobufCMessage *message;

    if (!request_read_body(request, &bl__login__descriptor, &message)) {
        return;
    }
    Bl__Login *said = (Bl__Login *)message;
    struct limit_state state = limiter_take(request->gateway->limiter, "login", said->name,
                                            LOGINS_A_MINUTE, request->begun);
    if (state.wait_ms > 0) {
        Bl__Refusal *refusal = refusal_new(&request->arena, BL_UNAVAILABLE, "rate", "");

        refusal->retry_after_ms = state.wait_ms;
        problem_status_refusal(request, 429, refusal);
        return;
    }
    request->context = said;
    request->job.think = check_password;
    request->job.kind = JOB_THINK;
}

void log_out(struct request *request)
{
    if (request->caller.by_session) {
        accounts_end_session(request->gateway->accounts, request->caller.session);
        set_cookie(request, "", 0);
    }
    response_empty(request, 204);
}

void show_session(struct request *request)
{
    Bl__StoredAccount *account;
    Bl__StoredSession *session = NULL;
    struct bl_error e = { 0 };
    const struct caller *caller = &request->caller;
    enum bl_err err = caller->by_session
                          ? accounts_session(request->gateway->accounts, caller->session,
                                             request->now, &request->arena, &account, &session, &e)
                          : accounts_find(request->gateway->accounts, caller->person.name,
                                          &request->arena, &account, &e);

    if (err != BL_OK) {
        refuse(request, err, &e);
        return;
    }
    show(request, 200, account->account, caller->by_session ? caller->session : NULL,
         session == NULL ? 0 : session->expires_at);
}

/* --- accounts --------------------------------------------------------------------------------- */

void list_accounts(struct request *request)
{
    Bl__Accounts list = BL__ACCOUNTS__INIT;
    struct bl_error e = { 0 };

    if (accounts_list(request->gateway->accounts, &request->arena, &list, &e) != BL_OK) {
        problem_error(request, &e);
    } else {
        response_message(request, 200, &list.base, 0);
    }
}

static void add_account(struct request *request)
{
    Bl__NewAccount *asked = request->context;
    struct bl_error e = { 0 };
    enum bl_err err =
        accounts_add(request->gateway->accounts, asked->account, asked->password, request->now, &e);

    if (err != BL_OK) {
        refuse(request, err, &e);
    } else {
        response_message(request, 201, &asked->account->base, 0);
    }
}

void make_account(struct request *request)
{
    ProtobufCMessage *message;

    if (request_read_body(request, &bl__new_account__descriptor, &message)) {
        request->context = message;
        request->job.think = add_account;
        request->job.kind = JOB_THINK;
    }
}

/* Runs in the pool: it waits for the disk. */
static void alter_account(struct request *request)
{
    const Bl__ChangeAccount *asked = request->context;
    Bl__Account account = BL__ACCOUNT__INIT;
    Bl__StoredAccount *changed;
    struct bl_error e = { 0 };

    account.name = request_parameter(request, "name");
    account.title = asked->title;
    account.role = asked->role;
    account.department = asked->department;
    account.post = asked->post;
    account.disabled = asked->disabled;
    enum bl_err err =
        accounts_change(request->gateway->accounts, &account, &request->arena, &changed, &e);
    if (err != BL_OK) {
        refuse(request, err, &e);
    } else {
        response_message(request, 200, &changed->account->base, 0);
    }
}

/* Nobody changes his own: a hall whose only administrator has disabled himself is locked. */
void change_account(struct request *request)
{
    ProtobufCMessage *message;

    if (strcmp(request_parameter(request, "name"), request->caller.person.name) == 0) {
        problem(request, BL_REFUSED, "account-own", "name");
    } else if (request_read_body(request, &bl__change_account__descriptor, &message)) {
        request->context = message;
        request->job.think = alter_account;
        request->job.kind = JOB_THINK;
    }
}

void remove_account(struct request *request)
{
    struct bl_error e = { 0 };
    enum bl_err err =
        accounts_remove(request->gateway->accounts, request_parameter(request, "name"), &e);

    if (err != BL_OK) {
        refuse(request, err, &e);
    } else {
        response_empty(request, 204);
    }
}

/* One's own wants the old one; an administrator sets anybody's. */
static void change_password(struct request *request)
{
    const char *name = request_parameter(request, "name");
    Bl__SetPassword *asked = request->context;
    Bl__StoredAccount *account;
    struct bl_error e = { 0 };
    enum bl_err err = BL_OK;

    if (strcmp(name, request->caller.person.name) == 0) {
        err = accounts_check(request->gateway->accounts, name, asked->old, request->now,
                             &request->arena, &account, &e);
    }
    if (err == BL_DENIED || err == BL_UNAVAILABLE) {
        problem(request, BL_DENIED, "password-wrong", "old");
        return;
    }
    err = err == BL_OK
              ? accounts_set_password(request->gateway->accounts, name, asked->password, &e)
              : err;
    if (err != BL_OK) {
        refuse(request, err, &e);
    } else {
        response_empty(request, 204);
    }
}

void set_password(struct request *request)
{
    const struct principal *person = &request->caller.person;
    ProtobufCMessage *message;

    if (person->role != BL__KEY__ROLE__ADMINISTRATOR &&
        strcmp(request_parameter(request, "name"), person->name) != 0) {
        problem(request, BL_DENIED, "role-may-not", "name");
    } else if (request_read_body(request, &bl__set_password__descriptor, &message)) {
        request->context = message;
        request->job.think = change_password;
        request->job.kind = JOB_THINK;
    }
}

/* --- tokens ----------------------------------------------------------------------------------- */

/* Whose tokens one may look at: one's own, or an administrator all. */
static const char *whose(const struct request *request)
{
    const struct principal *person = &request->caller.person;

    return person->role == BL__KEY__ROLE__ADMINISTRATOR ? NULL : person->name;
}

void list_tokens(struct request *request)
{
    Bl__Tokens list = BL__TOKENS__INIT;
    struct bl_error e = { 0 };

    if (accounts_tokens(request->gateway->accounts, whose(request), &request->arena, &list, &e) !=
        BL_OK) {
        problem_error(request, &e);
    } else {
        response_message(request, 200, &list.base, 0);
    }
}

void make_token(struct request *request)
{
    char *secret = bl_arena_zero(&request->arena, ACCOUNT_SECRET_BYTES);
    Bl__IssuedToken issued = BL__ISSUED_TOKEN__INIT;
    struct bl_error e = { 0 };
    ProtobufCMessage *message;

    if (!request_read_body(request, &bl__new_token__descriptor, &message)) {
        return;
    }
    Bl__NewToken *asked = (Bl__NewToken *)message;
    if (asked->account[0] == '\0') {
        asked->account = request->caller.person.name;
    } else if (whose(request) != NULL && strcmp(asked->account, whose(request)) != 0) {
        problem(request, BL_DENIED, "role-may-not", "account");
        return;
    }
    enum bl_err err = accounts_issue(request->gateway->accounts, asked, request->now,
                                     &request->arena, &issued.token, secret, &e);
    if (err != BL_OK) {
        refuse(request, err, &e);
        return;
    }
    issued.secret = secret;
    response_message(request, 201, &issued.base, 0);
    response_header(request, "Cache-Control", "no-store");
}

void remove_token(struct request *request)
{
    struct bl_error e = { 0 };
    enum bl_err err = accounts_revoke(request->gateway->accounts, request_parameter(request, "id"),
                                      whose(request), &e);

    if (err == BL_NOT_FOUND) {
        problem(request, BL_NOT_FOUND, "token-unknown", "id");
    } else if (err != BL_OK) {
        problem_error(request, &e);
    } else {
        response_empty(request, 204);
    }
}
