/* Definitions: every file of tests/unit/definitions beside the messages that it gives, the
 * workflows that we ship, their JSON Schema, and what a compiled definition answers.
 * BINGLIAN_UPDATE=1 writes the expected messages and schemas anew; read the difference. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "definition/definition.h"
#include "definition/number.h"
#include "schema/json_schema.h"
#include "schema/problem.h"

#define FILES_MAX 400
#define FOLDER SOURCE_DIR "/tests/unit/definitions/"
#define WORKFLOWS SOURCE_DIR "/workflows/"

struct fixture {
    struct bl_arena arena;
    struct schema_problems problems;
    struct definition_context context;
    struct definition *definition;
};

static const char *const calendars[] = { "cn" };

/* The text of a file; NULL if there is none. */
static char *read_file(struct bl_arena *arena, const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *text = bl_arena_alloc(arena, 1 << 20);

    if (file == NULL) {
        return NULL;
    }
    *bytes = fread(text, 1, (1 << 20) - 1, file);
    text[*bytes] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

static void start(struct fixture *f, const char *departments)
{
    size_t bytes;
    char *text;

    memset(f, 0, sizeof *f);
    bl_arena_init(&f->arena, 1 << 16, (size_t)1 << 28);
    schema_problems_init(&f->problems, &f->arena);
    text = read_file(&f->arena, departments, &bytes);
    assert_non_null(text);
    assert_int_equal(definition_load_departments(text, bytes, "departments.yaml", &f->arena,
                                                 &f->context.departments, &f->problems),
                     BL_OK);
    f->context.calendars = calendars;
    f->context.calendar_count = BL_COUNT(calendars);
}

static void stop(struct fixture *f)
{
    definition_free(&f->definition);
    bl_arena_free(&f->arena);
}

/* Loads any kind of file as `binglian workflow validate` does. */
static enum bl_err load(struct fixture *f, const char *folder, const char *name)
{
    size_t bytes = 0;
    char *text = read_file(&f->arena, bl_arena_printf(&f->arena, "%s%s", folder, name), &bytes);
    const Bl__DepartmentsFile *departments;
    const Bl__Calendar *calendar;

    assert_non_null(text);
    switch (definition_file_kind(text, bytes)) {
    case DEFINITION_DEPARTMENTS:
        return definition_load_departments(text, bytes, name, &f->arena, &departments,
                                           &f->problems);
    case DEFINITION_CALENDAR:
        return definition_load_calendar(text, bytes, name, NULL, 0, &f->arena, &calendar,
                                        &f->problems);
    case DEFINITION_WORKFLOW:
    case DEFINITION_UNKNOWN:
        return definition_load(text, bytes, name, &f->context, &f->definition, &f->problems);
    }
    UNREACHABLE();
}

static const char *printed(struct fixture *f)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    const char *copy;

    schema_problems_print(out, &f->problems);
    assert_int_equal(fclose(out), 0);
    copy = bl_arena_string(&f->arena, text);
    free(text);
    return copy;
}

/* Compares with a file of the tree, or writes it when asked to. */
static void assert_file(struct bl_arena *arena, const char *path, const char *text)
{
    size_t bytes;
    const char *expected;

    if (getenv("BINGLIAN_UPDATE") != NULL) {
        FILE *out = fopen(path, "wb");

        assert_non_null(out);
        assert_int_equal(fputs(text, out) < 0, 0);
        assert_int_equal(fclose(out), 0);
    }
    expected = read_file(arena, path, &bytes);
    assert_non_null(expected);
    assert_string_equal(text, expected);
}

/* --- files with their messages --------------------------------------------------------------- */

static void test_file(void **state)
{
    const char *name = *state;
    struct fixture f;
    enum bl_err err;

    start(&f, FOLDER "departments.yaml");
    err = load(&f, FOLDER, name);
    assert_int_equal(err, f.problems.error_count == 0 ? BL_OK : BL_DEFINITION);
    assert_file(&f.arena,
                bl_arena_printf(&f.arena, FOLDER "%.*s.txt", (int)(strlen(name) - 5), name),
                printed(&f));
    stop(&f);
}

/* One test for each file of the folder; the names live as long as the process. */
static size_t add_files(struct CMUnitTest *tests)
{
    struct dirent **entries;
    int count = scandir(FOLDER, &entries, NULL, alphasort);
    size_t added = 0;

    CHECK(count > 0 && count < FILES_MAX);
    for (int i = 0; i < count; i++) {
        const char *dot = strrchr(entries[i]->d_name, '.');

        if (dot != NULL && strcmp(dot, ".yaml") == 0) {
            char *name = strdup(entries[i]->d_name);

            tests[added++] =
                (struct CMUnitTest){ .name = name, .test_func = test_file, .initial_state = name };
        }
        free(entries[i]);
    }
    free(entries);
    return added;
}

/* --- what we ship ---------------------------------------------------------------------------- */

static void test_shipped(void **state)
{
    struct fixture f;
    enum bl_err err;

    start(&f, WORKFLOWS "departments.yaml");
    err = load(&f, WORKFLOWS, *state);
    assert_string_equal(printed(&f), "");
    assert_int_equal(err, BL_OK);
    stop(&f);
}

/* A document handed in at one stage of a project is not asked for again at another. */
static void test_papers_are_asked_once(void **state)
{
    static const char *const stages[] = { "construction_land.yaml", "construction_design.yaml",
                                          "construction_permit.yaml",
                                          "construction_acceptance.yaml" };
    struct fixture f[BL_COUNT(stages)];

    (void)state;
    for (size_t i = 0; i < BL_COUNT(stages); i++) {
        start(&f[i], WORKFLOWS "departments.yaml");
        assert_int_equal(load(&f[i], WORKFLOWS, stages[i]), BL_OK);
        assert_true(definition_field_find(f[i].definition, bl_text_of("project_code")) >= 0);
        for (size_t m = 0; m < f[i].definition->material_count; m++) {
            const struct definition_material *material = &f[i].definition->materials[m];

            for (size_t k = 0; k < i; k++) {
                for (size_t n = 0; n < f[k].definition->material_count; n++) {
                    const struct definition_material *earlier = &f[k].definition->materials[n];

                    assert_string_not_equal(material->id, earlier->id);
                    assert_string_not_equal(material->source->title->zh,
                                            earlier->source->title->zh);
                }
            }
        }
    }
    for (size_t i = 0; i < BL_COUNT(stages); i++) {
        stop(&f[i]);
    }
}

static void assert_schema(const char *path, const ProtobufCMessageDescriptor *message,
                          const char *id)
{
    struct bl_arena arena;
    struct writer writer;

    bl_arena_init(&arena, 1 << 16, (size_t)1 << 24);
    writer_init(&writer, WRITER_PRETTY);
    json_schema_write(&writer, message, id);
    assert_file(&arena, path, bl_arena_printf(&arena, "%.*s\n", (int)writer.bytes, writer.at));
    writer_free(&writer);
    bl_arena_free(&arena);
}

static void test_schema_is_current(void **state)
{
    (void)state;
    assert_schema(WORKFLOWS "schema/workflow.schema.json", &bl__workflow__descriptor,
                  "workflow.schema.json");
    assert_schema(WORKFLOWS "schema/departments.schema.json", &bl__departments_file__descriptor,
                  "departments.schema.json");
    assert_schema(WORKFLOWS "schema/calendar.schema.json", &bl__calendar__descriptor,
                  "calendar.schema.json");
}

/* --- codes ----------------------------------------------------------------------------------- */

static void test_codes_are_explained(void **state)
{
    size_t count;
    const struct definition_code *codes = definition_codes(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(definition_code_find(codes[i].code), &codes[i]);
        assert_true(codes[i].zh[0] != '\0' && codes[i].en[0] != '\0');
        assert_true(i == 0 || strcmp(codes[i - 1].code, codes[i].code) < 0);
    }
    assert_null(definition_code_find("E-NOTHING"));
}

/* Every code that the files of the folder provoke can be looked up, and every code that can be
 * looked up is provoked by one of them. */
static void test_codes_are_provoked(void **state)
{
    const struct CMUnitTest *files = *state;
    bool seen[100] = { 0 };
    size_t count;
    const struct definition_code *codes = definition_codes(&count);

    assert_true(count < BL_COUNT(seen));
    for (; files->test_func == test_file; files++) {
        struct fixture f;

        start(&f, FOLDER "departments.yaml");
        (void)!load(&f, FOLDER, files->initial_state);
        for (uint32_t i = 0; i < f.problems.count; i++) {
            const struct definition_code *code = definition_code_find(f.problems.problems[i].code);

            assert_non_null(code);
            seen[code - codes] = true;
        }
        stop(&f);
    }
    for (size_t i = 0; i < count; i++) {
        if (!seen[i] && strcmp(codes[i].code, "E-CONTEXT") != 0 &&  // test_nothing_is_known
            strcmp(codes[i].code, "E-CHOICE") != 0 &&               // no oneof in these files
            strcmp(codes[i].code, "E-FILE") != 0 &&                 // of a submission
            strcmp(codes[i].code, "E-JSON") != 0) {                 // test_json
            fail_msg("no file provokes %s", codes[i].code);
        }
    }
}

/* --- the compiled form ----------------------------------------------------------------------- */

static void assert_indexes(const uint32_t *indexes, size_t count, const char *expected)
{
    char text[256] = "";

    for (size_t i = 0; i < count; i++) {
        size_t at = strlen(text);

        (void)snprintf(text + at, sizeof text - at, "%s%u", i == 0 ? "" : " ", indexes[i]);
    }
    assert_string_equal(text, expected);
}

static void test_restaurant(void **state)
{
    const struct definition_item *item;
    const struct definition *d;
    struct fixture f;

    (void)state;
    start(&f, WORKFLOWS "departments.yaml");
    assert_int_equal(load(&f, WORKFLOWS, "restaurant.yaml"), BL_OK);
    d = f.definition;
    assert_string_equal(d->workflow, "restaurant");
    assert_string_equal(d->calendar, "cn");
    assert_int_equal(d->promise.halves, 20);
    assert_int_equal(d->promise.unit, LIMIT_WD);
    assert_int_equal(d->join.kind, JOIN_ALL);
    assert_int_equal(d->join.branch_count, d->item_count);
    assert_int_equal(d->join.late, LATE_RECORD);
    assert_int_equal(definition_item_find(d, "food_permit"), 1);
    assert_int_equal(definition_item_find(d, "food"), -1);
    assert_int_equal(definition_field_find(d, bl_text_of("area")), 6);
    assert_int_equal(definition_material_find(d, "layout_plan"), 1);
    item = &d->items[1];
    assert_int_equal(item->needs.kind, JOIN_ALL);
    assert_indexes(item->needs.branches, item->needs.branch_count, "0");
    assert_indexes(item->materials, item->material_count, "1 2");
    assert_indexes(d->items[0].dependents, d->items[0].dependent_count, "1 7");
    assert_int_equal(item->step_count, 3);
    assert_int_equal(item->steps[1].signers, 2);
    item = &d->items[3];
    assert_true(item->safety && !item->tacit && !item->when_needs_items);
    assert_non_null(item->when);
    assert_true(d->special[item->special[0]].stops_legal);
    assert_true(d->items[4].tacit);
    assert_int_equal(d->items[5].kind, BL__ITEM_DEFINITION__KIND__INSTANT);
    stop(&f);
}

/* What files say of the course of a case, and what holds where they say nothing. */
static void test_course(void **state)
{
    const struct definition_item *item;
    const struct definition *d;
    struct fixture f;

    (void)state;
    start(&f, FOLDER "departments.yaml");
    assert_int_equal(load(&f, FOLDER, "course_said.yaml"), BL_OK);
    d = f.definition;
    assert_int_equal(d->notify.halves, 6);
    assert_int_equal(d->correction.halves, 40);
    assert_int_equal(d->recall.halves, 4);
    assert_int_equal(d->recall.unit, LIMIT_WH);
    assert_true(d->after_hours_count && !d->acceptance_by_department);
    assert_int_equal(d->on_late, BL__TOLERANCE__ON_LATE__WAIT);
    assert_int_equal(d->ladder_count, 2);
    assert_int_equal(d->ladder[0].after.halves, 0);
    assert_true(d->ladder[1].on_legal && d->ladder[1].reply.halves == 2);
    assert_string_equal(d->channels[0], "fire");
    assert_int_equal(d->supplement.halves, 10);
    assert_int_equal(d->items[0].stops_max, 3);
    assert_int_equal(d->items[0].not_before, -1);
    item = &d->items[1];
    assert_string_equal(item->upper_department, "fire");
    assert_int_equal(item->upper_promise.halves, 10);
    assert_int_equal(item->upper_legal.halves, 40);
    assert_int_equal(item->stops_max, 1);
    assert_true(item->issue_with_gap && item->ordered && item->acceptance_by_department);
    assert_int_equal(item->not_before, definition_field_find(d, bl_text_of("opening")));
    assert_string_equal(item->visit, d->items[2].visit);
    assert_int_equal(item->correction.halves, 20);
    assert_int_equal(item->deliver.halves, 10);
    assert_true(item->delivers_itself);
    assert_false(d->special[item->special[0]].stops_legal);  // a hold stops the promise alone
    assert_int_equal(d->items[2].post_check.halves, 60);
    assert_int_equal(d->items[2].correction.halves, 40);
    stop(&f);
    start(&f, FOLDER "departments.yaml");
    assert_int_equal(load(&f, FOLDER, "good.yaml"), BL_OK);
    d = f.definition;
    assert_int_equal(d->notify.halves, 10);     // 行政许可法 第三十二条
    assert_int_equal(d->supplement.halves, 0);  // no gap is tolerated
    assert_int_equal(d->ladder_count, 4);
    assert_null(d->items[0].upper_department);
    stop(&f);
}

/* Each item stands after all that it needs. */
static void test_order(void **state)
{
    struct fixture f;
    bool seen[DEFINITION_ITEMS_MAX] = { 0 };

    start(&f, WORKFLOWS "departments.yaml");
    assert_int_equal(load(&f, WORKFLOWS, *state), BL_OK);
    for (size_t i = 0; i < f.definition->item_count; i++) {
        const struct definition_item *item = &f.definition->items[f.definition->order[i]];

        for (size_t k = 0; k < item->needs.branch_count; k++) {
            assert_true(seen[item->needs.branches[k]]);
        }
        assert_false(seen[item->index]);
        seen[item->index] = true;
    }
    stop(&f);
}

static void test_nothing_is_known(void **state)
{
    size_t bytes;
    struct fixture f;
    char *text;

    (void)state;
    start(&f, FOLDER "departments.yaml");
    text = read_file(&f.arena, FOLDER "good.yaml", &bytes);
    assert_int_equal(definition_load(text, bytes, "good.yaml", NULL, &f.definition, &f.problems),
                     BL_OK);
    assert_int_equal(f.problems.error_count, 0);
    assert_int_equal(f.problems.warning_count, 2);
    assert_string_equal(f.problems.problems[0].code, "E-CONTEXT");
    stop(&f);
}

/* --- numbers --------------------------------------------------------------------------------- */

struct number_case {
    const char *name;
    const char *format;
    uint64_t seq;
    const char *expected;  // NULL: the format is refused
    uint32_t period;
};

static const struct number_case number_cases[] = {
    { "number: the date and four digits", "CY-{date}-{seq:4}", 1, "CY-20261123-0001", 20261123 },
    { "number: past its width", "CY-{date}-{seq:4}", 12345, "CY-20261123-12345", 20261123 },
    { "number: by month", "{month}{seq:3}", 7, "202611007", 202611 },
    { "number: by year, sequence first", "A{seq}_{year}", 9, "A9_2026", 2026 },
    { "number: for ever", "{seq:12}", 42, "000000000042", 0 },
    { "number: the greatest", "ABCDEFGHIJKLMNOPQRSTUVWX{date}{seq}", UINT64_MAX,
      "ABCDEFGHIJKLMNOPQRSTUVWX2026112318446744073709551615", 20261123 },
    { "number: no sequence", "CY-{date}", 1, NULL, 0 },
    { "number: two sequences", "{seq}{seq}", 1, NULL, 0 },
    { "number: two dates", "{date}{year}{seq}", 1, NULL, 0 },
    { "number: a width of 0", "{seq:0}", 1, NULL, 0 },
    { "number: a width of 13", "{seq:13}", 1, NULL, 0 },
    { "number: a date has no width", "{date:8}{seq}", 1, NULL, 0 },
    { "number: no width after the colon", "{seq:}", 1, NULL, 0 },
    { "number: no closing brace", "CY-{seq", 1, NULL, 0 },
    { "number: an unknown word", "{day}{seq}", 1, NULL, 0 },
    { "number: a dot", "CY.{seq}", 1, NULL, 0 },
    { "number: Chinese", "餐{seq}", 1, NULL, 0 },
    { "number: too much text", "ABCDEFGHIJKLMNOPQRSTUVWXY{seq}", 1, NULL, 0 },
    { "number: too many parts", "A{seq}B{seq}C{seq}D{seq}E{seq}F{seq}G{seq}H{seq}I{seq}", 1, NULL,
      0 },
};

static void test_number(void **state)
{
    const struct number_case *row = *state;
    struct definition definition = { 0 };
    char text[DEFINITION_NUMBER_BYTES_MAX];
    struct bl_arena arena;
    struct bl_error e = { 0 };
    enum bl_err err;
    bl_day day = bl_day_of((struct bl_date){ 2026, 11, 23 });

    bl_arena_init(&arena, 1 << 10, 1 << 16);
    err = number_compile(row->format, &arena, &definition.number, &definition.number_count,
                         &definition.number_period, &e);
    if (row->expected == NULL) {
        assert_int_equal(err, BL_DEFINITION);
        assert_true(e.text[0] != '\0');
    } else {
        assert_int_equal(err, BL_OK);
        assert_int_equal(definition_number(&definition, day, row->seq, text, sizeof text),
                         strlen(row->expected));
        assert_string_equal(text, row->expected);
        assert_int_equal(definition_number_period(&definition, day), row->period);
    }
    bl_arena_free(&arena);
}

static const char *const shipped[] = {
    "restaurant.yaml",          "company_startup.yaml", "newborn.yaml",
    "construction_land.yaml",   "hiring.yaml",          "retirement.yaml",
    "construction_design.yaml", "house_transfer.yaml",  "construction_permit.yaml",
    "departments.yaml",         "calendars/cn.yaml",    "construction_acceptance.yaml",
};

static void add(struct CMUnitTest *tests, size_t *count, const char *name,
                CMUnitTestFunction function, const void *row)
{
    tests[(*count)++] = (struct CMUnitTest){ .name = name,
                                             .test_func = function,
                                             .initial_state = (void *)(uintptr_t)row };
}

int main(void)
{
    static struct CMUnitTest tests[2 * FILES_MAX];
    size_t count = add_files(tests);

    add(tests, &count, "codes are provoked", test_codes_are_provoked, tests);
    for (size_t i = 0; i < BL_COUNT(shipped); i++) {
        add(tests, &count, shipped[i], test_shipped, shipped[i]);
    }
    add(tests, &count, "restaurant compiled", test_restaurant, NULL);
    add(tests, &count, "the course of a case compiled", test_course, NULL);
    add(tests, &count, "order of company start-up", test_order, "company_startup.yaml");
    add(tests, &count, "order of newborn", test_order, "newborn.yaml");
    add(tests, &count, "papers are asked once", test_papers_are_asked_once, NULL);
    add(tests, &count, "without departments and calendars", test_nothing_is_known, NULL);
    add(tests, &count, "JSON Schema is current", test_schema_is_current, NULL);
    add(tests, &count, "codes are explained", test_codes_are_explained, NULL);
    for (size_t i = 0; i < BL_COUNT(number_cases); i++) {
        add(tests, &count, number_cases[i].name, test_number, &number_cases[i]);
    }
    return _cmocka_run_group_tests("definition", tests, count, NULL, NULL);
}
