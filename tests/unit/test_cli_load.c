/* The load generator's forms: accepted by the definitions they are made for, and the same for the
 * same seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "cli/load_form.h"
#include "definition/form.h"
#include "schema/problem.h"

#define SEEDS 200  // forms of each workflow

/* Fields of every type, with bounds that a careless maker would break. */
static const char awkward[] =
    "workflow: awkward\nversion: 1\ntitle: {zh: 难, en: Awkward}\ncalendar: cn\nhandling: single\n"
    "lead: amr\npromise: 5 working days\nlegal: 20 working days\nnumber: \"A-{seq}\"\ntrial: true\n"
    "form:\n  - section: {zh: 一, en: One}\n    fields:\n"
    "      a: {type: text, label: {zh: 甲, en: A}, min: 20, max: 20, required: true}\n"
    "      b: {type: number, label: {zh: 乙, en: B}, min: 0.2, max: 0.4}\n"
    "      c: {type: integer, label: {zh: 丙, en: C}, min: -3, max: -3}\n"
    "      d: {type: money, label: {zh: 丁, en: D}, max: 5}\n"
    "      e: {type: choice, label: {zh: 戊, en: E}, options: [x]}\n"
    "      f: {type: choices, label: {zh: 己, en: F}, options: [x, y, z], min: 2, max: 2}\n"
    "      g: {type: email, label: {zh: 庚, en: G}}\n"
    "      h: {type: uscc, label: {zh: 辛, en: H}}\n"
    "      i: {type: table, label: {zh: 壬, en: I}, min: 2, columns: {p: {type: cn_id, label: {zh: "
    "子, en: P}, required: true}, q: {type: yes_no, label: {zh: 丑, en: Q}}}}\n"
    "      j: {type: date, label: {zh: 癸, en: J}}\n"
    "items:\n  one:\n    title: {zh: 一, en: One}\n    department: amr\n    promise: 5 working "
    "days\n"
    "    legal: 20 working days\n    fields: [a, b, c, d, e, f, g, h, i, j]\n";

struct workflow_case {
    const char *file;  // NULL: the awkward one
};

static const struct workflow_case workflow_cases[] = {
    { "workflows/restaurant.yaml" },
    { "workflows/company_startup.yaml" },
    { "workflows/newborn.yaml" },
    { "workflows/construction_land.yaml" },
    { "workflows/construction_design.yaml" },
    { "workflows/construction_permit.yaml" },
    { "workflows/construction_acceptance.yaml" },
    { "workflows/house_transfer.yaml" },
    { "workflows/hiring.yaml" },
    { "workflows/retirement.yaml" },
    { NULL },
};

static struct definition *load(const struct workflow_case *row, struct bl_arena *arena)
{
    static char text[1 << 20];
    struct schema_problems *problems = bl_arena_new(arena, struct schema_problems);
    struct definition *definition = NULL;
    const char *source = awkward;
    size_t bytes = sizeof awkward - 1;

    if (row->file != NULL) {
        char path[512];

        (void)snprintf(path, sizeof path, "%s/%s", SOURCE_DIR, row->file);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        bytes = fread(text, 1, sizeof text, file);
        (void)fclose(file);
        source = text;
    }
    schema_problems_init(problems, arena);
    if (definition_load(source, bytes, row->file == NULL ? "awkward" : row->file, NULL, &definition,
                        problems) != BL_OK) {
        schema_problems_print(stderr, problems);
        fail_msg("does not load");
    }
    return definition;
}

static void check_form(const struct definition *definition, uint64_t seed, bl_day today,
                       struct bl_arena *arena)
{
    struct chance chance = { seed };
    struct form_problems problems = { 0 };
    struct form_value *values =
        bl_arena_array(arena, struct form_value, definition->field_count + 1);
    Bl__Submit *submit = load_form_make(definition, today, &chance, arena);
    Bl__Content *content =
        bl__content__unpack(&arena->allocator, submit->content.len, submit->content.data);
    struct bl_error e = { 0 };

    assert_non_null(content);
    struct bl_text form = { (const char *)content->form.data, content->form.len };
    if (form_check(definition, form, today, arena, values, &problems, &e) != BL_OK) {
        fail_msg("seed %u: %s %s %s", (unsigned)seed, problems.at[0].rule, problems.at[0].pointer,
                 e.text);
    }
    for (size_t i = 0; i < definition->field_count; i++) {
        assert_true(values[i].present);
    }
}

static void forms_are_valid(void **state)
{
    struct bl_arena arena, form;
    struct definition *definition;
    bl_day today = bl_day_of((struct bl_date){ 2026, 11, 23 });

    bl_arena_init(&arena, 4096, (size_t)1 << 28);
    bl_arena_init(&form, 4096, (size_t)1 << 28);
    definition = load(*state, &arena);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        bl_arena_reset(&form);
        check_form(definition, seed, today, &form);
    }
    definition_free(&definition);
    bl_arena_free(&form);
    bl_arena_free(&arena);
}

static void the_same_seed_gives_the_same_form(void **state)
{
    struct bl_arena arena;
    struct chance one = { 7 }, same = { 7 }, other = { 8 };

    (void)state;
    bl_arena_init(&arena, 4096, (size_t)1 << 28);
    struct definition *definition = load(&workflow_cases[0], &arena);
    Bl__Submit *a = load_form_make(definition, 20000, &one, &arena);
    Bl__Submit *b = load_form_make(definition, 20000, &same, &arena);
    Bl__Submit *c = load_form_make(definition, 20000, &other, &arena);
    assert_int_equal(a->content.len, b->content.len);
    assert_memory_equal(a->content.data, b->content.data, a->content.len);
    assert_false(a->content.len == c->content.len &&
                 memcmp(a->content.data, c->content.data, a->content.len) == 0);
    definition_free(&definition);
    bl_arena_free(&arena);
}

int main(void)
{
    struct CMUnitTest tests[1 + BL_COUNT(workflow_cases)] = {
        cmocka_unit_test(the_same_seed_gives_the_same_form),
    };

    for (size_t i = 0; i < BL_COUNT(workflow_cases); i++) {
        tests[1 + i] =
            (struct CMUnitTest){ .name = workflow_cases[i].file == NULL ? "awkward bounds"
                                                                        : workflow_cases[i].file,
                                 .test_func = forms_are_valid,
                                 .initial_state = (void *)&workflow_cases[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
