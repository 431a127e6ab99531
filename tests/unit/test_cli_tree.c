/* An application as people see it: why an item waits, and why it is not needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "cli/tree.h"

struct tree_case {
    const char *name;
    enum language language;
    const char *items;     // of the application, as JSON
    const char *expected;  // the end of its last line
};

#define LICENCE "{\"id\": \"licence\", \"title\": {\"zh\": \"营业执照\", \"en\": \"Licence\"}}"
#define STAMP "{\"id\": \"stamp\", \"title\": {\"zh\": \"刻章\"}}"

// clang-format off
static const struct tree_case tree_cases[] = {
    { "it waits for a title", LANGUAGE_ZH,
      "[" LICENCE ", {\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\"]}]",
      "等待 营业执照\n" },
    { "it waits for two", LANGUAGE_ZH,
      "[" LICENCE "," STAMP ", {\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\", \"stamp\"]}]",
      "等待 营业执照、刻章\n" },
    { "a title without English is Chinese", LANGUAGE_EN,
      "[" LICENCE "," STAMP ", {\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\", \"stamp\"]}]",
      "waits for Licence, 刻章\n" },
    { "an item that may not be seen has its id", LANGUAGE_ZH,
      "[{\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\"]}]",
      "等待 licence\n" },
    { "it is not needed", LANGUAGE_ZH,
      "[{\"id\": \"sign\", \"state\": \"not_needed\", \"condition\": \"form.sign != ''\"}]",
      "不适用：form.sign != '' 不成立\n" },
    { "it is not needed, in English", LANGUAGE_EN,
      "[{\"id\": \"sign\", \"state\": \"not_needed\", \"condition\": \"form.sign != ''\"}]",
      "not applicable: form.sign != '' does not hold\n" },
};
// clang-format on

static void remarks_are_for_people(void **state)
{
    const struct tree_case *row = *state;
    struct cli cli = { .language = row->language, .offset_minutes = 480 };
    json_t *application = json_pack("{s:s, s:o}", "number", "CY-1", "items",
                                    json_loads(row->items, JSON_REJECT_DUPLICATES, NULL));
    char text[2048];
    FILE *out = fmemopen(text, sizeof text, "w");

    assert_non_null(application);
    assert_non_null(out);
    bl_arena_init(&cli.arena, 4096, (size_t)1 << 24);
    (void)tree_print(&cli, application, out);
    (void)fclose(out);
    assert_true(strlen(text) > strlen(row->expected));
    assert_string_equal(text + strlen(text) - strlen(row->expected), row->expected);
    bl_arena_free(&cli.arena);
    json_decref(application);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(tree_cases)];

    for (size_t i = 0; i < BL_COUNT(tree_cases); i++) {
        tests[i] = (struct CMUnitTest){ .name = tree_cases[i].name,
                                        .test_func = remarks_are_for_people,
                                        .initial_state = (void *)&tree_cases[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
