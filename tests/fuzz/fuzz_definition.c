/* Any bytes as a definition, as departments, as a calendar and as somebody's form. Looks for
 * crashes and leaks; what loads must answer for itself, and a projection of a form that was taken
 * must be taken again. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "definition/form.h"
#include "schema/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define ARENA_BYTES ((size_t)1 << 28)

static const char form_workflow[] =
    "workflow: f\nversion: 1\ntitle: t\ncalendar: cn\nhandling: joint\nlead: a\npromise: 5WD\n"
    "number: '{seq}'\ntrial: true\nform:\n  - section: s\n    fields:\n"
    "      a: {type: text, label: n, max: 9}\n      b: {type: integer, label: n}\n"
    "      c: {type: choices, label: n, options: [x, y]}\n      d: {type: date, label: n}\n"
    "      e: {type: yes_no, label: n}\n      f: {type: money, label: n}\n"
    "      g: {type: cn_id, label: n}\n      h: {type: phone, label: n}\n"
    "      i: {type: table, label: n, columns: {a: {type: email, label: n}, b: {type: uscc, label: "
    "n}}}\n"
    "items:\n  x: {title: i, department: a, promise: 1WD, when: \"form.i.exists(r, r.a != '')\"}\n";

/* The definition's parts point at each other. */
static void check_definition(const struct definition *definition)
{
    char number[DEFINITION_NUMBER_BYTES_MAX];

    CHECK(definition_number(definition, 20000, UINT64_MAX, number, sizeof number) < sizeof number);
    CHECK(definition->order != NULL);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        CHECK(definition->order[i] < definition->item_count);
        CHECK(definition_item_find(definition, item->id) == (int)i);
        CHECK(!(item->safety && item->tacit));
        CHECK(item->needs.need <= item->needs.branch_count);
    }
    for (size_t i = 0; i < definition->field_count; i++) {
        CHECK(definition_field_find(definition, bl_text_of(definition->fields[i].name)) == (int)i);
    }
}

static void load(const char *source, size_t bytes)
{
    struct schema_problems problems;
    struct definition *definition = NULL;
    const Bl__DepartmentsFile *departments = NULL;
    const Bl__Calendar *calendar;
    struct bl_arena arena;

    bl_arena_init(&arena, 1 << 12, ARENA_BYTES);
    schema_problems_init(&problems, &arena);
    (void)definition_file_kind(source, bytes);
    if (definition_load(source, bytes, "fuzz.yaml", NULL, &definition, &problems) == BL_OK) {
        check_definition(definition);
    } else {
        CHECK(definition == NULL && problems.error_count > 0);
    }
    definition_free(&definition);
    if (definition_load_departments(source, bytes, "fuzz.yaml", &arena, &departments, &problems) ==
        BL_OK) {
        const struct definition_context context = { departments, NULL, 0 };

        CHECK(definition_load(form_workflow, sizeof form_workflow - 1, "f", &context, &definition,
                              &problems) == BL_OK ||
              problems.error_count > 0);
        definition_free(&definition);
    }
    (void)!definition_load_calendar(source, bytes, "fuzz.yaml", NULL, 0, &arena, &calendar,
                                    &problems);
    bl_arena_free(&arena);
}

/* Cuts out every field that is there, in the order of the definition, and checks that again. */
static void project(const struct definition *definition, const struct form_value *values,
                    size_t bytes, struct bl_arena *scratch)
{
    struct form_value again[16];
    struct form_problems problems;
    struct form_scope scope = { definition, again, NULL, NULL };
    char *part = bl_arena_alloc(scratch, bytes + 1);
    size_t at = 0;
    bool holds;

    for (size_t i = 0; i < definition->field_count; i++) {
        if (values[i].raw.bytes > 0) {
            memcpy(part + at, values[i].raw.at, values[i].raw.bytes);
            at += values[i].raw.bytes;
        }
    }
    CHECK(at == bytes);
    CHECK(form_check(definition, (struct bl_text){ part, at }, 20000, scratch, again, &problems,
                     NULL) == BL_OK);
    CHECK(form_holds(definition->items[0].when, &scope, scratch, &holds, NULL) == BL_OK);
}

static void check_form(const char *source, size_t bytes)
{
    static struct definition *definition;  // one for all inputs
    struct form_value values[16];
    struct form_problems problems;
    struct bl_arena scratch;
    enum bl_err err;

    bl_arena_init(&scratch, 1 << 12, ARENA_BYTES);
    if (definition == NULL) {
        struct schema_problems *ignored = bl_arena_alloc(&scratch, sizeof *ignored);

        schema_problems_init(ignored, &scratch);
        CHECK(definition_load(form_workflow, sizeof form_workflow - 1, "f", NULL, &definition,
                              ignored) == BL_OK);
        CHECK(definition->field_count <= BL_COUNT(values));
    }
    err = form_check(definition, (struct bl_text){ source, bytes }, 20000, &scratch, values,
                     &problems, NULL);
    CHECK((err == BL_INVALID) == (problems.total > 0 && err != BL_MALFORMED));
    if (err == BL_OK) {
        project(definition, values, bytes, &scratch);
    }
    bl_arena_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *source = malloc(bytes == 0 ? 1 : bytes);  // no longer, so that a read past it is seen

    CHECK(source != NULL);
    memcpy(source, data, bytes);
    load(source, bytes);
    check_form(source, bytes);
    free(source);
    return 0;
}
