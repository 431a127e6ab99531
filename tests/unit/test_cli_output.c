/* Tables whose columns line up, values found by their path, lights in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "cli/output.h"

static struct cli cli_of(enum language language)
{
    struct cli cli = { .language = language, .offset_minutes = 480 };

    bl_arena_init(&cli.arena, 4096, (size_t)1 << 24);
    return cli;
}

/* --- grids ------------------------------------------------------------------------------------ */

struct grid_case {
    const char *name;
    const char *cells[4];  // two rows of two
    bool right, color;
    const char *expected;
};

// clang-format off
static const struct grid_case grid_cases[] = {
    { "columns of ASCII", { "a", "b", "long", "c" }, false, false,
      "a     b\nlong  c\n" },
    { "Chinese takes two columns", { "消防", "b", "abc", "c" }, false, false,
      "消防  b\nabc   c\n" },
    { "numbers stand to the right", { "7", "b", "100", "c" }, true, false,
      "  7  b\n100  c\n" },
    { "colours take no columns", { "a", "b", "long", "c" }, false, true,
      "\033[31ma\033[0m     b\nlong  c\n" },
    { "control characters are harmless", { "a\033[2J", "b", "x\ny", "c" }, false, false,
      "a?[2J  b\nx?y    c\n" },
    { "an empty cell keeps its place", { "", "b", "ab", "" }, false, false,
      "    b\nab  \n" },
};
// clang-format on

static void grids_line_up(void **state)
{
    const struct grid_case *row = *state;
    struct bl_arena arena;
    struct grid grid;
    char text[256];
    FILE *out = fmemopen(text, sizeof text, "w");

    assert_non_null(out);
    bl_arena_init(&arena, 4096, 1 << 20);
    grid_init(&grid, &arena, 2);
    grid.right[0] = row->right;
    for (size_t i = 0; i < 4; i++) {
        grid_add(&grid, i == 0 && row->color ? COLOUR_RED : COLOUR_NONE, row->cells[i]);
    }
    grid_print(&grid, out, row->color);
    (void)fclose(out);
    assert_string_equal(text, row->expected);
    bl_arena_free(&arena);
}

/* --- values ----------------------------------------------------------------------------------- */

static void values_are_found_by_path(void **state)
{
    struct cli cli = cli_of(LANGUAGE_EN);
    json_t *value =
        json_loads("{\"a\":{\"b\":\"x\",\"n\":\"12\",\"t\":{\"zh\":\"店\"}},\"m\":7}", 0, NULL);

    (void)state;
    assert_string_equal(output_text(value, "a.b"), "x");
    assert_string_equal(output_text(value, "a.c"), "");
    assert_string_equal(output_text(value, "a.b.c"), "");
    assert_int_equal(output_integer(value, "a.n"), 12);  // 64-bit numbers are strings
    assert_int_equal(output_integer(value, "m"), 7);
    assert_null(output_find(NULL, "a"));
    assert_string_equal(output_title(&cli, value, "a.t"), "店");  // there is no English
    assert_string_equal(output_time(&cli, "2026-11-30T09:30:00Z"), "2026-11-30 17:30");
    assert_string_equal(output_time(&cli, ""), "");
    json_decref(value);
    bl_arena_free(&cli.arena);
}

struct light_case {
    const char *json, *zh, *en;
};

#define DUE "\"due_at\":\"2026-11-30T17:30:00+08:00\""
// clang-format off
static const struct light_case light_cases[] = {
    { "{\"light\":\"green\",\"promise\":{" DUE ",\"remaining_days\":2}}", "● 绿 剩2个工作日", "● green 2 left" },
    { "{\"light\":\"yellow\",\"promise\":{" DUE "}}", "▲ 黄 今日到期", "▲ yellow due today" },
    { "{\"light\":\"red\",\"promise\":{" DUE ",\"remaining_days\":-1,\"overdue\":true}}", "■ 红 超期1天", "■ red 1 over" },
    { "{\"light\":\"red\",\"promise\":{" DUE ",\"overdue\":true}}", "■ 红 已超期", "■ red over" },
    { "{\"light\":\"blue\",\"promise\":{}}", "‖ 蓝 已暂停", "‖ blue stopped" },
    { "{\"light\":\"grey\"}", "○ 灰", "○ grey" },
    { "{\"light\":\"green\"}", "● 绿", "● green" },
    { "{}", "", "" },
};
// clang-format on

static void lights_have_shape_and_words(void **state)
{
    const struct light_case *row = *state;
    struct cli zh = cli_of(LANGUAGE_ZH), en = cli_of(LANGUAGE_EN);
    json_t *value = json_loads(row->json, 0, NULL);
    enum colour colour;

    assert_non_null(value);
    assert_string_equal(output_light(&zh, value, &colour), row->zh);
    assert_string_equal(output_light(&en, value, &colour), row->en);
    json_decref(value);
    bl_arena_free(&zh.arena);
    bl_arena_free(&en.arena);
}

/* What an applicant typed does not move the cursor of the officer who reads it. */
static void control_characters_are_harmless(void **state)
{
    struct bl_arena made;

    (void)state;
    bl_arena_init(&made, 1024, SIZE_MAX);
    assert_string_equal(grid_harmless(&made, "老\x1b[2J张\n\x7f"), "老?[2J张??");
    assert_string_equal(grid_harmless(&made, "老张面馆"), "老张面馆");
    bl_arena_free(&made);
}

int main(void)
{
    struct CMUnitTest tests[2 + BL_COUNT(grid_cases) + BL_COUNT(light_cases)] = {
        cmocka_unit_test(control_characters_are_harmless),
        cmocka_unit_test(values_are_found_by_path),
    };
    size_t count = 2;

    for (size_t i = 0; i < BL_COUNT(grid_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = grid_cases[i].name,
                                              .test_func = grids_line_up,
                                              .initial_state = (void *)&grid_cases[i] };
    }
    for (size_t i = 0; i < BL_COUNT(light_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = light_cases[i].json,
                                              .test_func = lights_have_shape_and_words,
                                              .initial_state = (void *)&light_cases[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
