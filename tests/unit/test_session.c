/* Sessions: who may begin one, what it is told by, and what it bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/session.h"

#define ROLE(role) BL__KEY__ROLE__##role

/* --- routes ------------------------------------------------------------------------------------
 */

static void a_routers_own_id_is_a_route_and_back(void **state)
{
    static const uint8_t id[SESSION_ROUTE_BYTES] = { 0, 0xDE, 0xAD, 0xBE, 0xEF };
    uint8_t back[SESSION_ROUTE_BYTES];
    uint64_t client = session_route(SIDE_CLIENT, id, sizeof id);
    uint64_t worker = session_route(SIDE_WORKER, id, sizeof id);

    (void)state;
    assert_int_not_equal(client, 0);
    assert_int_not_equal(client, worker);
    session_route_id(client, back);
    assert_memory_equal(back, id, sizeof id);
    session_route_id(worker, back);
    assert_memory_equal(back, id, sizeof id);
}

static void an_id_that_a_peer_chose_is_no_route(void **state)
{
    (void)state;
    assert_int_equal(session_route(SIDE_CLIENT, "mine", 4), 0);
    assert_int_equal(session_route(SIDE_CLIENT, "mines", 5), 0);
    assert_int_equal(session_route(SIDE_CLIENT, "\0mines", 6), 0);
    assert_int_equal(session_route(SIDE_CLIENT, "", 0), 0);
}

/* --- claims, where there are no keys ------------------------------------------------------------
 */

struct claim_case {
    const char *name;
    const char *claim, *department;
    Bl__Key__Role role;
    const char *principal;
};

// clang-format off
static const struct claim_case claim_cases[] = {
    { "a role alone is a name too",            "clerk",      "",     ROLE(CLERK),         "clerk" },
    { "a role and a name",                     "clerk/anna", "",     ROLE(CLERK),         "anna" },
    { "any other name is an administrator's",  "anna",       "",     ROLE(ADMINISTRATOR), "anna" },
    { "no name is an administrator's",         "",           "",     ROLE(ADMINISTRATOR), "" },
    { "with a department it is a worker's",    "fire-1",     "fire", ROLE(WORKER),        "fire-1" },
    { "a supervisor of a department",          "supervisor/li", "fire", ROLE(SUPERVISOR), "li" },
    { "a gateway",                             "gateway",    "",     ROLE(GATEWAY),       "gateway" },
    { "a tracker",                             "tracker/x",  "",     ROLE(TRACKER),       "x" },
    { "a worker by role",                      "worker/w",   "tax",  ROLE(WORKER),        "w" },
};
// clang-format on

static void claim(void **state)
{
    const struct claim_case *row = *state;
    Bl__Hello hello = BL__HELLO__INIT;
    struct principal principal;

    hello.principal = row->claim;
    hello.department = row->department;
    session_claim(&hello, NULL, &principal);
    assert_int_equal(principal.role, row->role);
    assert_string_equal(principal.name, row->principal);
    assert_string_equal(principal.department, row->department);
}

static void a_key_of_that_name_says_who_it_is(void **state)
{
    const struct principal known = { ROLE(WORKER), "fire-1", "fire" };
    Bl__Hello hello = BL__HELLO__INIT;
    struct principal principal;

    (void)state;
    hello.principal = "fire-1";
    hello.department = "tax";
    session_claim(&hello, &known, &principal);
    assert_memory_equal(&principal, &known, sizeof known);
}

/* --- hello --------------------------------------------------------------------------------------
 */

struct hello_case {
    const char *name;
    enum session_side side;
    struct principal principal;
    uint32_t protocol_min, protocol_max;
    const char *department;
    enum bl_err expected;
};

// clang-format off
static const struct hello_case hello_cases[] = {
    { "a clerk on the clients' socket", SIDE_CLIENT, { ROLE(CLERK), "a", "" }, 1, 1, "", BL_OK },
    { "a later program that speaks ours", SIDE_CLIENT, { ROLE(CLERK), "a", "" }, 1, 9, "", BL_OK },
    { "a program that is too new", SIDE_CLIENT, { ROLE(CLERK), "a", "" }, 2, 9, "", BL_REFUSED },
    { "a program without a protocol", SIDE_CLIENT, { ROLE(CLERK), "a", "" }, 0, 0, "", BL_REFUSED },
    { "a worker asks the clients' socket where to go", SIDE_CLIENT,
      { ROLE(WORKER), "w", "fire" }, 1, 1, "fire", BL_OK },
    { "a worker", SIDE_WORKER, { ROLE(WORKER), "w", "fire" }, 1, 1, "fire", BL_OK },
    { "a worker whose key says its department", SIDE_WORKER,
      { ROLE(WORKER), "w", "fire" }, 1, 1, "", BL_OK },
    { "a worker of another department", SIDE_WORKER,
      { ROLE(WORKER), "w", "fire" }, 1, 1, "tax", BL_DENIED },
    { "a worker without a department", SIDE_WORKER, { ROLE(WORKER), "w", "" }, 1, 1, "", BL_DENIED },
    { "a clerk on the workers' socket", SIDE_WORKER, { ROLE(CLERK), "a", "" }, 1, 1, "", BL_DENIED },
    { "an administrator on the workers' socket", SIDE_WORKER,
      { ROLE(ADMINISTRATOR), "a", "" }, 1, 1, "", BL_DENIED },
    { "a clerk who claims a department", SIDE_CLIENT,
      { ROLE(CLERK), "a", "" }, 1, 1, "fire", BL_DENIED },
};
// clang-format on

static void check_hello(void **state)
{
    const struct hello_case *row = *state;
    Bl__Hello hello = BL__HELLO__INIT;
    struct bl_error e = { 0 };

    hello.protocol_min = row->protocol_min;
    hello.protocol_max = row->protocol_max;
    hello.department = row->department;
    assert_int_equal(session_check_hello(row->side, &hello, &row->principal, &e), row->expected);
    assert_int_equal(e.code, row->expected);
}

static void too_many_items_are_too_large(void **state)
{
    const struct principal principal = { ROLE(WORKER), "w", "fire" };
    Bl__Hello hello = BL__HELLO__INIT;

    (void)state;
    hello.protocol_min = hello.protocol_max = 1;
    hello.n_items = SIZE_MAX;
    assert_int_equal(session_check_hello(SIDE_WORKER, &hello, &principal, NULL), BL_TOO_LARGE);
    hello.n_items = 0;
    hello.n_held = SIZE_MAX;
    assert_int_equal(session_check_hello(SIDE_WORKER, &hello, &principal, NULL), BL_TOO_LARGE);
}

static void an_item_id_has_a_bound(void **state)
{
    const struct principal principal = { ROLE(WORKER), "w", "fire" };
    const char *item = "0123456789012345678901234567890123456789012345678901234567890123";
    Bl__Hello hello = BL__HELLO__INIT;

    (void)state;
    hello.protocol_min = hello.protocol_max = 1;
    hello.n_items = 1;
    hello.items = &item;
    assert_int_equal(session_check_hello(SIDE_WORKER, &hello, &principal, NULL), BL_INVALID);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static const struct principal clerk = { ROLE(CLERK), "anna", "" };

static struct session *begin(struct sessions *sessions, uint64_t route, const char *key)
{
    Bl__Hello hello = BL__HELLO__INIT;
    struct session *session =
        session_begin(sessions, SIDE_CLIENT, route, key, &clerk, &hello, 100, 200);

    assert_non_null(session);
    sessions_check(sessions);
    return session;
}

static void a_session_is_its_route_and_its_key(void **state)
{
    struct sessions sessions = { 0 };
    struct session *session = begin(&sessions, 5, "key-a");

    (void)state;
    assert_ptr_equal(session_at(&sessions, 5, "key-a"), session);
    assert_null(session_at(&sessions, 5, "key-b"));  // somebody else on a route that was ours
    assert_null(session_at(&sessions, 7, "key-a"));
    assert_ptr_equal(session_find(&sessions, session->id), session);
    session_end(&sessions, &session);
    assert_null(session);
    assert_null(session_at(&sessions, 5, "key-a"));
    sessions_check(&sessions);
    sessions_free(&sessions);
}

static void a_second_hello_takes_the_route_over(void **state)
{
    struct sessions sessions = { 0 };
    struct session *first = begin(&sessions, 5, "key");
    struct session *second = begin(&sessions, 5, "key");

    (void)state;
    assert_ptr_equal(session_at(&sessions, 5, "key"), second);
    session_end(&sessions, &first);
    assert_ptr_equal(session_at(&sessions, 5, "key"), second);
    sessions_check(&sessions);
    sessions_free(&sessions);
}

static void silence_ends_it(void **state)
{
    struct sessions sessions = { 0 };
    struct session *session = begin(&sessions, 5, "");

    (void)state;
    assert_false(session_is_over(session, 100 + WIRE_SILENCE_US));
    assert_true(session_is_over(session, 100 + WIRE_SILENCE_US + 1));
    session_heard(session, 1000, 2000);
    assert_false(session_is_over(session, 100 + WIRE_SILENCE_US + 1));
    sessions_free(&sessions);
}

static void commands_in_flight_are_bounded(void **state)
{
    struct sessions sessions = { 0 };
    struct session *session = begin(&sessions, 5, "");

    (void)state;
    for (uint32_t i = 0; i < SESSION_IN_FLIGHT_MAX; i++) {
        assert_true(session_admit(session));
    }
    assert_false(session_admit(session));
    session_answered(session);
    assert_true(session_admit(session));
    sessions_free(&sessions);
}

static void sessions_are_bounded(void **state)
{
    struct sessions sessions = { 0 };
    Bl__Hello hello = BL__HELLO__INIT;

    (void)state;
    for (uint64_t i = 1; i <= SESSIONS_MAX; i++) {
        assert_non_null(session_begin(&sessions, SIDE_CLIENT, i, "", &clerk, &hello, 0, 0));
    }
    assert_null(session_begin(&sessions, SIDE_CLIENT, SESSIONS_MAX + 1, "", &clerk, &hello, 0, 0));
    sessions_check(&sessions);
    sessions_free(&sessions);
}

static void who_waits_is_found_once(void **state)
{
    struct sessions sessions = { 0 };
    struct session *first = begin(&sessions, 5, "");
    struct session *second = begin(&sessions, 6, "");
    struct session *third = begin(&sessions, 7, "");

    (void)state;
    session_wait(&sessions, first);
    session_wait(&sessions, second);
    session_wait(&sessions, first);
    session_wait(&sessions, third);
    session_end(&sessions, &second);
    assert_ptr_equal(session_next_waiting(&sessions), third);
    assert_ptr_equal(session_next_waiting(&sessions), first);
    assert_null(session_next_waiting(&sessions));
    sessions_free(&sessions);
}

/* --- rights to ask at all ------------------------------------------------------------------------
 */

struct right_case {
    const char *name;
    Bl__Key__Role role;
    Bl__Command__WhatCase what;
    bool expected;
};

// clang-format off
static const struct right_case right_cases[] = {
    { "a clerk submits",                ROLE(CLERK),   BL__COMMAND__WHAT_SUBMIT,    true },
    { "a tracker submits nothing",      ROLE(TRACKER), BL__COMMAND__WHAT_SUBMIT,    false },
    { "a clerk publishes nothing",      ROLE(CLERK),   BL__COMMAND__WHAT_PUBLISH,   false },
    { "a clerk grants no key",          ROLE(CLERK),   BL__COMMAND__WHAT_GRANT_KEY, false },
    { "an administrator publishes",     ROLE(ADMINISTRATOR), BL__COMMAND__WHAT_PUBLISH, true },
    { "a worker decides under a lease only", ROLE(WORKER), BL__COMMAND__WHAT_DECIDE, false },
    { "a worker fails under a lease only",   ROLE(WORKER), BL__COMMAND__WHAT_FAIL,   false },
    { "a gateway decides for a person", ROLE(GATEWAY), BL__COMMAND__WHAT_DECIDE,    true },
    { "nobody sends nothing",           ROLE(ADMINISTRATOR), BL__COMMAND__WHAT__NOT_SET, false },
};
// clang-format on

static void right(void **state)
{
    const struct right_case *row = *state;
    const struct session session = { .principal = { .role = row->role } };

    assert_int_equal(session_may(&session, row->what), row->expected);
}

#define ROWS(cases, function)                                                                      \
    for (size_t i = 0; i < BL_COUNT(cases); i++) {                                                 \
        tests[count++] = (struct CMUnitTest){ .name = (cases)[i].name,                             \
                                              .test_func = function,                               \
                                              .initial_state = (void *)(uintptr_t) & (cases)[i] }; \
    }

int main(void)
{
    static const struct CMUnitTest single[] = {
        cmocka_unit_test(a_routers_own_id_is_a_route_and_back),
        cmocka_unit_test(an_id_that_a_peer_chose_is_no_route),
        cmocka_unit_test(a_key_of_that_name_says_who_it_is),
        cmocka_unit_test(too_many_items_are_too_large),
        cmocka_unit_test(an_item_id_has_a_bound),
        cmocka_unit_test(a_session_is_its_route_and_its_key),
        cmocka_unit_test(a_second_hello_takes_the_route_over),
        cmocka_unit_test(silence_ends_it),
        cmocka_unit_test(commands_in_flight_are_bounded),
        cmocka_unit_test(sessions_are_bounded),
        cmocka_unit_test(who_waits_is_found_once),
    };
    struct CMUnitTest tests[BL_COUNT(single) + BL_COUNT(claim_cases) + BL_COUNT(hello_cases) +
                            BL_COUNT(right_cases)];
    size_t count = 0;

    for (; count < BL_COUNT(single); count++) {
        tests[count] = single[count];
    }
    ROWS(claim_cases, claim)
    ROWS(hello_cases, check_hello)
    ROWS(right_cases, right)
    return _cmocka_run_group_tests("session", tests, count, NULL, NULL);
}
