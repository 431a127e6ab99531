/* When a join is settled, and how: a row of the table for each rule, then every state of up to
 * four branches against a search through all the ways in which the open ones may end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/join.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result
#define BRANCHES_MAX 8

/* Branches as letters: p r a open, g granted, t tacit, d denied, n not needed, b blocked, x
 * terminated. */
static struct join_item branch(char letter)
{
    switch (letter) {
    case 'p':
        return (struct join_item){ S(PENDING), R(RESULT_UNSPECIFIED) };
    case 'r':
        return (struct join_item){ S(RECEIVED), R(RESULT_UNSPECIFIED) };
    case 'a':
        return (struct join_item){ S(ACCEPTED), R(RESULT_UNSPECIFIED) };
    case 'g':
        return (struct join_item){ S(DECIDED), R(GRANTED) };
    case 't':
        return (struct join_item){ S(DECIDED), R(TACIT) };
    case 'd':
        return (struct join_item){ S(DECIDED), R(DENIED) };
    case 'n':
        return (struct join_item){ S(NOT_NEEDED), R(RESULT_UNSPECIFIED) };
    case 'b':
        return (struct join_item){ S(BLOCKED), R(RESULT_UNSPECIFIED) };
    default:
        return (struct join_item){ S(TERMINATED), R(RESULT_UNSPECIFIED) };
    }
}

static const uint32_t indexes[BRANCHES_MAX] = { 0, 1, 2, 3, 4, 5, 6, 7 };

static enum join_outcome settle(enum definition_join_kind kind, uint32_t need, const char *branches,
                                size_t veto_count)
{
    struct join_item items[BRANCHES_MAX];
    struct bl_arena scratch;
    struct definition_join join = { .kind = kind,
                                    .need = need,
                                    .branches = indexes,
                                    .branch_count = strlen(branches),
                                    .veto = indexes,  // the first ones
                                    .veto_count = veto_count };

    for (size_t i = 0; i < join.branch_count; i++) {
        items[i] = branch(branches[i]);
    }
    bl_arena_init(&scratch, 1024, 1 << 16);
    enum join_outcome outcome = join_settle(&join, items, NULL, &scratch);
    bl_arena_free(&scratch);
    return outcome;
}

struct join_case {
    const char *name;
    enum definition_join_kind kind;
    uint32_t need;
    const char *branches;
    size_t veto_count;
    enum join_outcome outcome;
};

// clang-format off
static const struct join_case join_cases[] = {
    { "no branch: nothing to wait for",                JOIN_ALL,   0, "",     0, JOIN_SATISFIED },
    { "all: one is pending",                           JOIN_ALL,   0, "ggp",  0, JOIN_OPEN },
    { "all: one is received",                          JOIN_ALL,   0, "ggr",  0, JOIN_OPEN },
    { "all: one is worked on",                         JOIN_ALL,   0, "gga",  0, JOIN_OPEN },
    { "all: each granted",                             JOIN_ALL,   0, "ggg",  0, JOIN_SATISFIED },
    { "all: tacit consent counts for",                 JOIN_ALL,   0, "gtt",  0, JOIN_SATISFIED },
    { "all: of those that are needed",                 JOIN_ALL,   0, "gnn",  0, JOIN_SATISFIED },
    { "all: none is needed",                           JOIN_ALL,   0, "nnn",  0, JOIN_SATISFIED },
    { "all: a denial fails it while others are open",  JOIN_ALL,   0, "dpa",  0, JOIN_FAILED },
    { "all: a blocked one counts against",             JOIN_ALL,   0, "gbg",  0, JOIN_FAILED },
    { "all: a terminated one counts against",          JOIN_ALL,   0, "ggx",  0, JOIN_FAILED },
    { "any: the first grant is enough",                JOIN_ANY,   0, "gpa",  0, JOIN_SATISFIED },
    { "any: denials leave hope",                       JOIN_ANY,   0, "dda",  0, JOIN_OPEN },
    { "any: every branch ended otherwise",             JOIN_ANY,   0, "dbx",  0, JOIN_FAILED },
    { "any: skipped ones do not help the denied",      JOIN_ANY,   0, "dnn",  0, JOIN_FAILED },
    { "any: none is needed",                           JOIN_ANY,   0, "nn",   0, JOIN_SATISFIED },
    { "two: one is there, one may come",               JOIN_COUNT, 2, "gda",  0, JOIN_OPEN },
    { "two: reached, others go on",                    JOIN_COUNT, 2, "gapg", 0, JOIN_SATISFIED },
    { "two: cannot be reached any more",               JOIN_COUNT, 2, "gdd",  0, JOIN_FAILED },
    { "two: one open branch is too few",               JOIN_COUNT, 2, "dda",  0, JOIN_FAILED },
    { "two: a skipped one is not counted",             JOIN_COUNT, 2, "gna",  0, JOIN_OPEN },
    { "veto: a denial fails what is satisfied else",   JOIN_ANY,   0, "dgg",  1, JOIN_FAILED },
    { "veto: a denial fails it while others are open", JOIN_ANY,   0, "dpp",  1, JOIN_FAILED },
    { "veto: another's denial is no veto",             JOIN_ANY,   0, "gdp",  1, JOIN_SATISFIED },
    { "veto: blocked is not denied",                   JOIN_ANY,   0, "bgp",  1, JOIN_SATISFIED },
    { "veto: terminated is not denied",                JOIN_ANY,   0, "xgp",  1, JOIN_SATISFIED },
    { "veto: not yet decided is no veto",              JOIN_ANY,   0, "ag",   1, JOIN_SATISFIED },
};
// clang-format on

static void test_row(void **state)
{
    const struct join_case *row = *state;

    assert_int_equal(settle(row->kind, row->need, row->branches, row->veto_count), row->outcome);
}

/* --- every state against a search ------------------------------------------------------------- */

static bool is_open(char letter)
{
    return letter == 'p' || letter == 'r' || letter == 'a';
}

/* The rule over branches that have all ended. */
static bool holds(enum definition_join_kind kind, uint32_t need, const char *branches)
{
    uint32_t counted = 0, in_favour = 0;

    for (const char *b = branches; *b != '\0'; b++) {
        counted += *b != 'n';
        in_favour += *b == 'g' || *b == 't';
    }
    return counted == 0 || in_favour >= (kind == JOIN_ALL ? counted : kind == JOIN_ANY ? 1 : need);
}

/* Ends the open branches in every way, granted or terminated; counts how often the rule holds. */
static void search(enum definition_join_kind kind, uint32_t need, char *branches, uint32_t *ways,
                   uint32_t *good)
{
    char *open = branches;

    while (*open != '\0' && !is_open(*open)) {
        open++;
    }
    if (*open == '\0') {
        ++*ways;
        *good += holds(kind, need, branches);
        return;
    }
    char was = *open;
    for (const char *end = "gx"; *end != '\0'; end++) {
        *open = *end;
        search(kind, need, branches, ways, good);
    }
    *open = was;
}

static enum join_outcome expected(enum definition_join_kind kind, uint32_t need, char *branches)
{
    uint32_t ways = 0, good = 0;

    search(kind, need, branches, &ways, &good);
    return good == ways ? JOIN_SATISFIED : good == 0 ? JOIN_FAILED : JOIN_OPEN;
}

/* A veto overrides all of it, and only a denial is one. */
static void compare(enum definition_join_kind kind, uint32_t need, char *branches)
{
    enum join_outcome without = expected(kind, need, branches);

    assert_int_equal(settle(kind, need, branches, 0), without);
    assert_int_equal(settle(kind, need, branches, 1), branches[0] == 'd' ? JOIN_FAILED : without);
}

static void test_every_state(void **state)
{
    static const char letters[] = "pragtdnbx";
    size_t combinations = 1;

    (void)state;
    for (size_t count = 1; count <= 4; count++) {
        combinations *= sizeof letters - 1;
        for (size_t code = 0; code < combinations; code++) {
            char branches[BRANCHES_MAX] = "";

            for (size_t i = 0, rest = code; i < count; i++, rest /= sizeof letters - 1) {
                branches[i] = letters[rest % (sizeof letters - 1)];
            }
            compare(JOIN_ALL, 0, branches);
            compare(JOIN_ANY, 0, branches);
            for (uint32_t need = 1; need <= count; need++) {
                compare(JOIN_COUNT, need, branches);
            }
        }
    }
}

static void test_results_as_conditions_read_them(void **state)
{
    static const struct {
        char letter;
        const char *result;
    } results[] = { { 'p', "" },           { 'r', "" },        { 'a', "" },
                    { 'g', "granted" },    { 't', "tacit" },   { 'd', "denied" },
                    { 'n', "not_needed" }, { 'b', "blocked" }, { 'x', "terminated" } };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(results); i++) {
        struct join_item item = branch(results[i].letter);

        assert_true(bl_text_is(join_item_result(item), results[i].result));
        assert_int_equal(join_item_is_settled(item), !is_open(results[i].letter));
    }
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(join_cases) + 2] = {
        cmocka_unit_test(test_every_state),
        cmocka_unit_test(test_results_as_conditions_read_them),
    };

    for (size_t i = 0; i < BL_COUNT(join_cases); i++) {
        tests[2 + i] = (struct CMUnitTest){ .name = join_cases[i].name,
                                            .test_func = test_row,
                                            .initial_state = (void *)(uintptr_t)&join_cases[i] };
    }
    return _cmocka_run_group_tests("join", tests, BL_COUNT(tests), NULL, NULL);
}
