/* Who may log in, and how often one may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/accounts.h"
#include "gateway/limiter.h"

#define NOW (INT64_C(1800000000) * SECOND_US)
#define PASSWORD "correct horse"

struct fixture {
    char folder[64];
    struct accounts *accounts;
    struct bl_arena arena;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct bl_error e = { 0 };
    Bl__Account account = BL__ACCOUNT__INIT;

    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/binglian-accounts-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    bl_arena_init(&fixture->arena, 1024, SIZE_MAX);
    assert_int_equal(accounts_open(fixture->folder, &fixture->accounts, &e), BL_OK);
    account.name = "anna";
    account.role = BL__KEY__ROLE__CLERK;
    assert_int_equal(accounts_add(fixture->accounts, &account, PASSWORD, NOW, &e), BL_OK);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[128];

    accounts_close(&fixture->accounts);
    bl_arena_free(&fixture->arena);
    (void)snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

static enum bl_err check(struct fixture *fixture, const char *name, const char *password,
                         bl_time now)
{
    Bl__StoredAccount *account;

    return accounts_check(fixture->accounts, name, password, now, &fixture->arena, &account, NULL);
}

static void test_lockout(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(check(fixture, "anna", PASSWORD, NOW), BL_OK);
    assert_int_equal(check(fixture, "nobody", PASSWORD, NOW), BL_DENIED);
    for (int i = 0; i < ACCOUNT_FAILURES_MAX - 1; i++) {
        assert_int_equal(check(fixture, "anna", "wrong", NOW), BL_DENIED);
    }
    assert_int_equal(check(fixture, "anna", PASSWORD, NOW), BL_OK);  // and counting begins anew
    for (int i = 0; i < ACCOUNT_FAILURES_MAX; i++) {
        assert_int_equal(check(fixture, "anna", "wrong", NOW), BL_DENIED);
    }
    assert_int_equal(check(fixture, "anna", PASSWORD, NOW + ACCOUNT_LOCK - 1), BL_UNAVAILABLE);
    assert_int_equal(check(fixture, "anna", PASSWORD, NOW + ACCOUNT_LOCK), BL_OK);
}

static enum bl_err session_of(struct fixture *fixture, const char *secret, bl_time now)
{
    Bl__StoredAccount *account;
    Bl__StoredSession *session;

    return accounts_session(fixture->accounts, secret, now, &fixture->arena, &account, &session,
                            NULL);
}

static void begin_session(struct fixture *fixture, char *secret)
{
    Bl__StoredAccount *account;

    assert_int_equal(accounts_find(fixture->accounts, "anna", &fixture->arena, &account, NULL),
                     BL_OK);
    assert_int_equal(
        accounts_begin_session(fixture->accounts, account, NOW, NOW + HOUR_US, secret, NULL),
        BL_OK);
}

static void test_sessions(void **state)
{
    struct fixture *fixture = *state;
    char secret[ACCOUNT_SECRET_BYTES], other[ACCOUNT_SECRET_BYTES];
    char csrf[ACCOUNT_SECRET_BYTES], csrf_other[ACCOUNT_SECRET_BYTES];

    begin_session(fixture, secret);
    begin_session(fixture, other);
    accounts_csrf(fixture->accounts, secret, csrf);
    accounts_csrf(fixture->accounts, other, csrf_other);
    assert_string_not_equal(secret, other);
    assert_string_not_equal(csrf, csrf_other);
    assert_string_not_equal(csrf, secret);
    assert_int_equal(session_of(fixture, secret, NOW + HOUR_US - 1), BL_OK);
    assert_int_equal(session_of(fixture, secret, NOW + HOUR_US), BL_NOT_FOUND);
    assert_int_equal(session_of(fixture, "", NOW), BL_NOT_FOUND);
    accounts_end_session(fixture->accounts, secret);
    assert_int_equal(session_of(fixture, secret, NOW), BL_NOT_FOUND);
    assert_int_equal(session_of(fixture, other, NOW), BL_OK);
    assert_int_equal(accounts_set_password(fixture->accounts, "anna", "another horse", NULL),
                     BL_OK);
    assert_int_equal(session_of(fixture, other, NOW), BL_NOT_FOUND);
    begin_session(fixture, other);
    accounts_sweep(fixture->accounts, NOW + HOUR_US);
    assert_int_equal(session_of(fixture, other, NOW), BL_NOT_FOUND);
}

static enum bl_err token_of(struct fixture *fixture, const char *secret, bl_time now)
{
    Bl__StoredAccount *account;
    Bl__Token *token;

    return accounts_token(fixture->accounts, secret, now, &fixture->arena, &account, &token, NULL);
}

static void test_tokens(void **state)
{
    struct fixture *fixture = *state;
    Bl__NewToken asked = BL__NEW_TOKEN__INIT;
    char secret[ACCOUNT_SECRET_BYTES];
    Bl__Token *token;

    asked.account = "nobody";
    asked.days = 1;
    assert_int_equal(
        accounts_issue(fixture->accounts, &asked, NOW, &fixture->arena, &token, secret, NULL),
        BL_NOT_FOUND);
    asked.account = "anna";
    assert_int_equal(
        accounts_issue(fixture->accounts, &asked, NOW, &fixture->arena, &token, secret, NULL),
        BL_OK);
    assert_int_equal(token_of(fixture, secret, NOW + DAY_US - 1), BL_OK);
    assert_int_equal(token_of(fixture, secret, NOW + DAY_US), BL_NOT_FOUND);
    assert_int_equal(accounts_revoke(fixture->accounts, token->id, "bert", NULL), BL_NOT_FOUND);
    assert_int_equal(token_of(fixture, secret, NOW), BL_OK);
    assert_int_equal(accounts_remove(fixture->accounts, "anna", NULL), BL_OK);
    assert_int_equal(token_of(fixture, secret, NOW), BL_NOT_FOUND);
    assert_int_equal(accounts_revoke(fixture->accounts, token->id, NULL, NULL), BL_NOT_FOUND);
}

/* Nothing that lets somebody in lies on the disk. */
static void test_nothing_is_kept_in_clear(void **state)
{
    struct fixture *fixture = *state;
    char secret[ACCOUNT_SECRET_BYTES], path[128], *text = malloc(1 << 20);

    begin_session(fixture, secret);
    (void)snprintf(path, sizeof path, "%s/gateway/data.mdb", fixture->folder);
    FILE *file = fopen(path, "r");
    size_t bytes = fread(text, 1, 1 << 20, file);
    (void)fclose(file);
    assert_non_null(memmem(text, bytes, "anna", 4));
    assert_null(memmem(text, bytes, secret, strlen(secret)));
    assert_null(memmem(text, bytes, PASSWORD, strlen(PASSWORD)));
    free(text);
}

static void test_limiter(void **state)
{
    struct limiter *limiter = limiter_new();

    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        struct limit_state left = limiter_take(limiter, "a", "anna", 6, 0);

        assert_int_equal(left.wait_ms, 0);
        assert_int_equal(left.remaining, 5 - i);
    }
    assert_in_range(limiter_take(limiter, "a", "anna", 6, 0).wait_ms, 9000, 10001);
    assert_int_equal(limiter_take(limiter, "b", "anna", 6, 0).wait_ms, 0);
    assert_int_equal(limiter_take(limiter, "a", "bert", 6, 0).wait_ms, 0);
    assert_int_equal(limiter_take(limiter, "a", "anna", 6, 10 * SECOND_US).wait_ms, 0);
    assert_int_not_equal(limiter_take(limiter, "a", "anna", 6, 10 * SECOND_US).wait_ms, 0);
    assert_int_equal(limiter_take(limiter, "a", "anna", 6, HOUR_US).remaining, 5);  // no more
    for (uint32_t i = 0; i < 200000; i++) {  // more than it can hold
        char name[16];

        (void)snprintf(name, sizeof name, "%u", i);
        assert_int_equal(limiter_take(limiter, "c", name, 6, HOUR_US).wait_ms, 0);
    }
    limiter_free(&limiter);
    assert_null(limiter);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_lockout),
        T(test_sessions),
        T(test_tokens),
        T(test_nothing_is_kept_in_clear),
        cmocka_unit_test(test_limiter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
