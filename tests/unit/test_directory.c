/* What the hall runs: versions are immutable and counted, keys are granted once and revoked for
 * good, and each refusal has its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/directory.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct bl_arena arena;
static Bl__Directory *directory;

static int setup(void **state)
{
    (void)state;
    bl_arena_init(&arena, 4096, SIZE_MAX);
    directory = directory_aggregate.create(&arena, DIRECTORY_ID);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bl_arena_free(&arena);
    return 0;
}

/* Decides and, where there is an event, folds it. */
static struct ruling run(const Bl__Command *command, const struct publication_check *check)
{
    const struct world world = { .now = 1000, .publication = check };
    struct ruling ruling = directory_aggregate.decide(&world, directory, command, &arena);

    if (ruling.event != NULL) {
        ruling.event->seq = directory->last_event + 3;
        ruling.event->previous = directory->last_event;
        directory_aggregate.evolve(directory, ruling.event, &arena);
    }
    return ruling;
}

/* --- publications ----------------------------------------------------------------------------- */

static struct ruling publish(Bl__Publication__Kind kind, const char *id, uint32_t version,
                             uint8_t content)
{
    struct publication_check *check = bl_arena_new(&arena, struct publication_check);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Publish what = BL__PUBLISH__INIT;

    check->kind = kind;
    check->id = id;
    check->version = version;
    memset(check->hash, content, sizeof check->hash);
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &what;
    return run(&command, check);
}

static struct ruling retire(const char *id, uint32_t version)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Retire what = BL__RETIRE__INIT;

    what.workflow = id;
    what.version = version;
    command.what_case = BL__COMMAND__WHAT_RETIRE;
    command.retire = &what;
    return run(&command, NULL);
}

static uint32_t newest(Bl__Publication__Kind kind, const char *id)
{
    const Bl__Publication *found = directory_find(directory, kind, id, 0);

    return found == NULL ? 0 : found->version;
}

#define WORKFLOW BL__PUBLICATION__KIND__WORKFLOW
#define CALENDAR BL__PUBLICATION__KIND__CALENDAR

static void test_versions_are_immutable(void **state)
{
    (void)state;
    assert_non_null(publish(WORKFLOW, "shop", 1, 'a').event);
    struct ruling again = publish(WORKFLOW, "shop", 1, 'a');
    assert_null(again.event);
    assert_null(again.refusal);  // it is so already
    struct ruling other = publish(WORKFLOW, "shop", 1, 'b');
    assert_string_equal(other.refusal->code, "exists");
    assert_string_equal(other.refusal->rule, "version-published");
    assert_int_equal(directory->n_publications, 1);
}

static void test_the_newest_version_is_found(void **state)
{
    (void)state;
    assert_int_equal(newest(WORKFLOW, "shop"), 0);
    (void)publish(WORKFLOW, "shop", 2, 'b');
    (void)publish(WORKFLOW, "shop", 1, 'a');  // published later, and not newer
    (void)publish(WORKFLOW, "inn", 7, 'c');
    assert_int_equal(newest(WORKFLOW, "shop"), 2);
    assert_int_equal(directory_find(directory, WORKFLOW, "shop", 1)->version, 1);
    assert_null(directory_find(directory, WORKFLOW, "shop", 3));
    assert_null(directory_find(directory, CALENDAR, "shop", 0));
}

static void test_retired_ones_are_not_the_newest(void **state)
{
    (void)state;
    (void)publish(WORKFLOW, "shop", 1, 'a');
    (void)publish(WORKFLOW, "shop", 2, 'b');
    assert_non_null(retire("shop", 0).event);  // the newest
    assert_int_equal(newest(WORKFLOW, "shop"), 1);
    assert_true(directory_find(directory, WORKFLOW, "shop", 2)->retired);
    assert_string_equal(retire("shop", 2).refusal->rule, "workflow-unknown");
    assert_string_equal(retire("inn", 0).refusal->code, "not-found");
    assert_non_null(retire("shop", 1).event);
    assert_int_equal(newest(WORKFLOW, "shop"), 0);
}

static void test_calendars_are_counted(void **state)
{
    (void)state;
    (void)publish(CALENDAR, "cn", 0, 'a');
    assert_int_equal(newest(CALENDAR, "cn"), 1);
    assert_null(publish(CALENDAR, "cn", 0, 'a').event);
    (void)publish(CALENDAR, "cn", 0, 'b');
    assert_int_equal(newest(CALENDAR, "cn"), 2);
    assert_non_null(publish(CALENDAR, "cn", 0, 'a').event);  // back to what it was: a third
    assert_int_equal(newest(CALENDAR, "cn"), 3);
}

static void test_what_cannot_be_read_is_not_published(void **state)
{
    struct publication_check check = { .kind = WORKFLOW, .id = "shop", .version = 1 };
    Bl__Command command = BL__COMMAND__INIT;

    (void)state;
    check.refusal = refusal_new(&arena, BL_DEFINITION, "definition-problem", "shop.yaml:1:1");
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    struct ruling ruling = run(&command, &check);
    assert_null(ruling.event);
    assert_ptr_equal(ruling.refusal, check.refusal);
}

/* --- keys ------------------------------------------------------------------------------------- */

static struct ruling grant(const char *name, Bl__Key__Role role, const char *department,
                           const char *public_key)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__GrantKey what = BL__GRANT_KEY__INIT;
    Bl__Key key = BL__KEY__INIT;

    key.name = name;
    key.role = role;
    key.department = department;
    key.public_key = public_key;
    what.key = &key;
    command.what_case = BL__COMMAND__WHAT_GRANT_KEY;
    command.grant_key = &what;
    return run(&command, NULL);
}

static struct ruling revoke(const char *name)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__RevokeKey what = BL__REVOKE_KEY__INIT;

    what.name = name;
    command.what_case = BL__COMMAND__WHAT_REVOKE_KEY;
    command.revoke_key = &what;
    return run(&command, NULL);
}

#define ROLE(role) BL__KEY__ROLE__##role
#define NAME_OF_64                                                                                 \
    "0123456789012345678901234567890123456789012345678901234567890123"
#define DEPARTMENT_OF_17 "abcdefghijklmnopq"

struct grant_case {
    const char *title;
    const char *name;
    Bl__Key__Role role;
    const char *department, *public_key;
    const char *rule;  // NULL: it is granted
};

// clang-format off
static const struct grant_case grant_cases[] = {
    { "a clerk",                       "anna",     ROLE(CLERK),            "",     KEY_B, NULL },
    { "a worker of a department",      "fire-1",   ROLE(WORKER),           "fire", KEY_B, NULL },
    { "no name",                       "",         ROLE(CLERK),            "",     KEY_B, "key-name" },
    { "a name of 64 bytes",            NAME_OF_64, ROLE(CLERK),            "",     KEY_B, "key-name" },
    { "a key that is too short",       "anna",     ROLE(CLERK),            "",     "abc", "key-malformed" },
    { "a key that is no Z85",          "anna",     ROLE(CLERK),            "",     "012345678901234567890123456789012345678_", "key-malformed" },
    { "a department that no file has", "fire-1",   ROLE(WORKER),           DEPARTMENT_OF_17, KEY_B, "key-department" },
    { "no role",                       "anna",     ROLE(ROLE_UNSPECIFIED), "",     KEY_B, "key-role" },
    { "a worker of nobody",            "fire-1",   ROLE(WORKER),           "",     KEY_B, "key-department" },
    { "a clerk of a department",       "anna",     ROLE(CLERK),            "fire", KEY_B, "key-department" },
    { "a name that is taken",          "there",    ROLE(CLERK),            "",     KEY_B, "key-exists" },
    { "a key that somebody else has",  "anna",     ROLE(CLERK),            "",     KEY_A, "key-exists" },
};
// clang-format on

static void test_grant(void **state)
{
    const struct grant_case *row = *state;

    assert_non_null(grant("there", ROLE(CLERK), "", KEY_A).event);
    struct ruling ruling = grant(row->name, row->role, row->department, row->public_key);
    assert_int_equal(ruling.event != NULL, row->rule == NULL);
    if (row->rule != NULL) {
        assert_string_equal(ruling.refusal->rule, row->rule);
        assert_int_equal(directory->n_keys, 1);
    } else {
        assert_string_equal(directory_key(directory, row->public_key)->name, row->name);
    }
}

static int setup_row(void **state)
{
    void *row = *state;

    (void)setup(state);
    *state = row;
    return 0;
}

static void test_revoked_keys_are_no_keys(void **state)
{
    (void)state;
    (void)grant("anna", ROLE(CLERK), "", KEY_A);
    assert_non_null(revoke("anna").event);
    assert_null(directory_key(directory, KEY_A));
    assert_string_equal(revoke("anna").refusal->rule, "key-unknown");
    assert_string_equal(revoke("nobody").refusal->code, "not-found");
    assert_non_null(grant("anna", ROLE(CLERK), "", KEY_B).event);  // the name is free again
    assert_string_equal(directory_key(directory, KEY_B)->name, "anna");
    assert_null(directory_key(directory, KEY_A));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest others[] = {
        T(test_versions_are_immutable),
        T(test_the_newest_version_is_found),
        T(test_retired_ones_are_not_the_newest),
        T(test_calendars_are_counted),
        T(test_what_cannot_be_read_is_not_published),
        T(test_revoked_keys_are_no_keys),
    };
    struct CMUnitTest tests[BL_COUNT(others) + BL_COUNT(grant_cases)];

    memcpy(tests, others, sizeof others);
    for (size_t i = 0; i < BL_COUNT(grant_cases); i++) {
        tests[BL_COUNT(others) + i] =
            (struct CMUnitTest){ .name = grant_cases[i].title,
                                 .test_func = test_grant,
                                 .setup_func = setup_row,
                                 .teardown_func = teardown,
                                 .initial_state = (void *)(uintptr_t)&grant_cases[i] };
    }
    return _cmocka_run_group_tests("directory", tests, BL_COUNT(tests), NULL, NULL);
}
