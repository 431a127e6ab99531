/* What a refusal offers instead: what the same person may do with the item as it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "clocks_fixture.h"

static bool offers(const Bl__Refusal *refusal, const char *act)
{
    for (size_t i = 0; i < refusal->n_instead; i++) {
        if (strcmp(refusal->instead[i], act) == 0) {
            return true;
        }
    }
    return false;
}

/* A decision on an item that stands: resume it; once it is decided, no decision is offered. */
static void test_what_the_state_allows(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "paper", clocks_time("2026-03-02 10:00"));
    assert_null(clocks_suspend(&clocks, "expert_review", "10WD")->refusal);
    const Bl__Refusal *refusal = clocks_decide(&clocks)->refusal;
    assert_non_null(refusal);
    assert_true(refusal->who_may[0] != '\0');
    assert_true(offers(refusal, "resume"));
    assert_false(offers(refusal, "decide"));
    assert_false(offers(refusal, "accept"));
    assert_null(clocks_resume(&clocks, 0, false)->refusal);
    refusal = clocks_resume(&clocks, 0, false)->refusal;
    assert_non_null(refusal);
    assert_true(offers(refusal, "decide"));
    assert_false(offers(refusal, "resume"));
    assert_null(clocks_decide(&clocks)->refusal);
    refusal = clocks_suspend(&clocks, "expert_review", "10WD")->refusal;
    assert_non_null(refusal);
    assert_true(offers(refusal, "deliver"));
    assert_false(offers(refusal, "decide"));
    clocks_close(&clocks);
}

/* What is wrong in the words of an act is put right: nothing else is offered. */
static void test_wrong_words(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "d10", clocks_time("2026-03-02 10:00"));
    const Bl__Refusal *refusal = clocks_suspend(&clocks, "expert_review", "for ever")->refusal;
    assert_non_null(refusal);
    assert_string_equal(refusal->code, "invalid");
    assert_int_equal(refusal->n_instead, 0);
    clocks.item = "nothing";
    refusal = clocks_resume(&clocks, 0, false)->refusal;
    assert_non_null(refusal);
    assert_int_equal(refusal->n_instead, 0);
    clocks_close(&clocks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_state_allows),
        cmocka_unit_test(test_wrong_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
