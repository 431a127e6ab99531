/* For whom a gateway may speak: people, with their own rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/principal.h"

#define ROLE(role) BL__KEY__ROLE__##role
#define LONG "0123456789012345678901234567890123456789012345678901234567890123"  // 64

static const struct actor_case {
    const char *name, *person, *department, *post;
    Bl__Key__Role role;
    bool may;
} actor_cases[] = {
    { "a clerk", "anna", "", "", ROLE(CLERK), true },
    { "an officer of a post", "lin", "fire", "fire-01", ROLE(OFFICER), true },
    { "an applicant", "CY-20261123-0001", "", "", ROLE(APPLICANT), true },
    { "an administrator", "root", "", "", ROLE(ADMINISTRATOR), true },
    { "nobody", "", "", "", ROLE(CLERK), false },
    { "no role", "anna", "", "", ROLE(ROLE_UNSPECIFIED), false },
    { "a gateway is no person", "gateway", "", "", ROLE(GATEWAY), false },
    { "nor is a worker", "fire-1", "fire", "", ROLE(WORKER), false },
    { "a name that would be cut", LONG, "", "", ROLE(CLERK), false },
    { "a department that would be cut", "lin", LONG, "", ROLE(OFFICER), false },
    { "a post that would be cut", "lin", "fire", LONG, ROLE(OFFICER), false },
};

static void test_actor(void **state)
{
    const struct actor_case *row = *state;
    struct principal person = { .role = ROLE(GATEWAY), .name = "before" };
    Bl__Actor actor = BL__ACTOR__INIT;

    actor.on_behalf_of = row->person;
    actor.department = row->department;
    actor.post = row->post;
    actor.role = row->role;
    assert_int_equal(principal_for(&actor, &person), row->may);
    assert_int_equal(person.role, row->may ? row->role : ROLE(GATEWAY));
    assert_string_equal(person.name, row->may ? row->person : "before");
    assert_string_equal(person.post, row->may ? row->post : "");
}

static void test_nobody(void **state)
{
    struct principal person;

    (void)state;
    assert_false(principal_for(NULL, &person));
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(actor_cases) + 1] = { cmocka_unit_test(test_nobody) };

    for (size_t i = 0; i < BL_COUNT(actor_cases); i++) {
        tests[i + 1] = (struct CMUnitTest){ .name = actor_cases[i].name,
                                            .test_func = test_actor,
                                            .initial_state = (void *)&actor_cases[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
