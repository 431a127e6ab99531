/* What an applicant handed in, against the form of a definition: values, problems, conditions, and
 * bytes that are no form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "definition/form.h"
#include "google/protobuf/struct.pb-c.h"
#include "schema/json.h"
#include "schema/problem.h"

#define SECRET "secret-"  // no problem may repeat it

static const char workflow[] =
    "workflow: forms\nversion: 1\ntitle: t\ncalendar: cn\nhandling: joint\nlead: a\n"
    "promise: 5WD\nlegal: 45WD\nnumber: '{seq}'\ntrial: true\n"
    "form:\n"
    "  - section: s\n"
    "    fields:\n"
    "      name: {type: text, label: n, required: true, min: 2, max: 4}\n"
    "      area: {type: number, label: n, min: 1, max: 1000}\n"
    "      seats: {type: integer, label: n}\n"
    "      capital: {type: money, label: n}\n"
    "      opening: {type: date, label: n}\n"
    "      decorated: {type: yes_no, label: n}\n"
    "      use: {type: choice, label: n, options: [{value: shop, zh: 店}, 学校]}\n"
    "      kinds: {type: choices, label: n, options: [热食, 冷食, 生食], max: 2}\n"
    "      phone: {type: phone, label: n}\n"
    "      mail: {type: email, label: n}\n"
    "      id: {type: cn_id, label: n, sensitive: true}\n"
    "      code: {type: uscc, label: n}\n"
    "      secret: {type: choice, label: n, options: [a, b], sensitive: true}\n"
    "  - section: t\n"
    "    fields:\n"
    "      notes: {type: long_text, label: n}\n"
    "      where: {type: address, label: n, max: 10}\n"
    "      owners:\n"
    "        type: table\n"
    "        label: n\n"
    "        max: 3\n"
    "        columns:\n"
    "          who: {type: text, label: n, required: true}\n"
    "          share: {type: number, label: n, max: 100}\n"
    "items:\n"
    "  first: {title: i, department: a, promise: 1WD, fields: [name]}\n"
    "  second:\n"
    "    title: i\n"
    "    department: a\n"
    "    promise: 1WD\n"
    "    needs: {need: any, of: [first]}\n"
    "    when: \"form.area > 300 && item.first.result == 'granted'\"\n"
    "  third:\n"
    "    title: i\n"
    "    department: a\n"
    "    promise: 1WD\n"
    "    when: \"form.owners.exists(o, o.share > 50)\"\n"
    "  fourth:\n"
    "    title: i\n"
    "    department: a\n"
    "    promise: 1WD\n"
    "    when: \"'生食' in form.kinds || !has(form.opening)\"\n";

static struct definition *definition;

static int load(void **state)
{
    struct schema_problems *problems = malloc(sizeof *problems);
    struct bl_arena arena;
    enum bl_err err;

    (void)state;
    bl_arena_init(&arena, 1 << 12, 1 << 24);
    schema_problems_init(problems, &arena);
    err = definition_load(workflow, sizeof workflow - 1, "forms.yaml", NULL, &definition, problems);
    if (err != BL_OK) {
        schema_problems_print(stderr, problems);
    }
    bl_arena_free(&arena);
    free(problems);
    return err == BL_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    definition_free(&definition);
    return 0;
}

struct fixture {
    struct bl_arena arena;
    struct bl_text bytes;  // an encoded Struct
    struct form_value values[20];
    struct form_problems problems;
    struct bl_error e;
};

/* Encodes a form that is written as JSON. */
static void start(struct fixture *f, const char *json)
{
    struct schema_problems *problems = malloc(sizeof *problems);
    ProtobufCMessage *message = NULL;
    uint8_t *packed;

    memset(f, 0, sizeof *f);
    bl_arena_init(&f->arena, 1 << 12, JSON_ARENA_BYTES);
    schema_problems_init(problems, &f->arena);
    assert_int_equal(json_read_message(json, strlen(json), &google__protobuf__struct__descriptor,
                                       &f->arena, &message, problems),
                     BL_OK);
    free(problems);
    packed = bl_arena_alloc(&f->arena, protobuf_c_message_get_packed_size(message) + 1);
    f->bytes = (struct bl_text){ (const char *)packed, protobuf_c_message_pack(message, packed) };
}

static enum bl_err check(struct fixture *f)
{
    CHECK(definition->field_count < BL_COUNT(f->values));
    return form_check(definition, f->bytes, bl_day_of((struct bl_date){ 2026, 11, 23 }), &f->arena,
                      f->values, &f->problems, &f->e);
}

static void stop(struct fixture *f)
{
    bl_arena_free(&f->arena);
}

static const struct form_value *value_of(const struct fixture *f, const char *name)
{
    int index = definition_field_find(definition, bl_text_of(name));

    assert_true(index >= 0);
    return &f->values[index];
}

/* --- problems -------------------------------------------------------------------------------- */

struct form_case {
    const char *name;
    const char *json;
    const char *expected;  // "rule pointer name=value…", a line each
};

// clang-format off
static const struct form_case form_cases[] = {
    { "all is well", "{\"name\":\"老张面馆\",\"area\":320.5,\"seats\":12,\"capital\":0.1,\"opening\":\"2028-02-29\","
      "\"decorated\":false,\"use\":\"shop\",\"kinds\":[\"热食\",\"生食\"],\"phone\":\"13800000000\",\"mail\":\"a@b.cn\","
      "\"id\":\"11010519491231002X\",\"code\":\"91350100M000100Y43\",\"notes\":\"a\\nb\",\"where\":\"x\","
      "\"owners\":[{\"who\":\"张三\",\"share\":100}]}", "" },
    { "only what is required", "{\"name\":\"老张\"}", "" },
    { "nothing", "{}", "form-required form.name\n" },
    { "null is nothing", "{\"name\":null}", "form-required form.name\n" },
    { "an empty text is nothing", "{\"name\":\"\",\"phone\":\"\",\"use\":\"\"}", "form-required form.name\n" },
    { "an empty list is nothing", "{\"name\":\"老张\",\"kinds\":[],\"owners\":[]}", "" },
    { "an unknown field", "{\"name\":\"老张\",\"aera\":1}", "form-unknown form.aera nearest=area\n" },
    { "an unknown field far from all", "{\"name\":\"老张\",\"zzzzzzzz\":1}", "form-unknown form.zzzzzzzz\n" },
    { "one character is too short", "{\"name\":\"张\"}", "form-too-short form.name limit=2\n" },
    { "characters are counted, not bytes", "{\"name\":\"𠮷𠮷𠮷𠮷\"}", "" },
    { "five characters are too long", "{\"name\":\"老张老张店\"}", "form-too-long form.name limit=4\n" },
    { "a number for a text", "{\"name\":5}", "form-type form.name expected=text\n" },
    { "a text for a number", "{\"name\":\"老张\",\"area\":\"5\"}", "form-type form.area expected=number\n" },
    { "below min", "{\"name\":\"老张\",\"area\":0.5}", "form-too-small form.area limit=1\n" },
    { "min itself", "{\"name\":\"老张\",\"area\":1}", "" },
    { "above max", "{\"name\":\"老张\",\"area\":1000.5}", "form-too-large form.area limit=1000\n" },
    { "half a seat", "{\"name\":\"老张\",\"seats\":1.5}", "form-type form.seats expected=integer\n" },
    { "a seat beyond 2^53", "{\"name\":\"老张\",\"seats\":1e17}", "form-type form.seats expected=integer\n" },
    { "three decimals of money", "{\"name\":\"老张\",\"capital\":1.005}", "form-decimals form.capital\n" },
    { "much money", "{\"name\":\"老张\",\"capital\":123456789.99}", "" },
    { "too much money", "{\"name\":\"老张\",\"capital\":1e14}", "form-too-large form.capital limit=10000000000000\n" },
    { "no such day", "{\"name\":\"老张\",\"opening\":\"2026-02-29\"}", "form-date form.opening fault=date\n" },
    { "a date in words", "{\"name\":\"老张\",\"opening\":\"2026/2/28\"}", "form-date form.opening fault=date\n" },
    { "yes in a text", "{\"name\":\"老张\",\"decorated\":\"yes\"}", "form-type form.decorated expected=yes-no\n" },
    { "none of the options", "{\"name\":\"老张\",\"use\":\"店\"}", "form-option form.use options=shop、学校 given=店\n" },
    { "none of the options, and sensitive", "{\"name\":\"老张\",\"secret\":\"" SECRET "\"}", "form-option form.secret options=a、b\n" },
    { "one choice is none", "{\"name\":\"老张\",\"kinds\":[\"热食\",\"热菜\"]}", "form-option form.kinds options=热食、冷食、生食 given=热菜\n" },
    { "too many choices", "{\"name\":\"老张\",\"kinds\":[\"热食\",\"冷食\",\"生食\"]}", "form-too-many form.kinds limit=2\n" },
    { "a choice that is a number", "{\"name\":\"老张\",\"kinds\":[1]}", "form-type form.kinds expected=choices\n" },
    { "one choice without its list", "{\"name\":\"老张\",\"kinds\":\"热食\"}", "form-type form.kinds expected=choices\n" },
    { "a phone", "{\"name\":\"老张\",\"phone\":\"12345\"}", "form-phone form.phone fault=length\n" },
    { "a mail address", "{\"name\":\"老张\",\"mail\":\"a@b\"}", "form-email form.mail fault=character\n" },
    { "an identity number", "{\"name\":\"老张\",\"id\":\"110105194912310021\"}", "form-cn-id form.id fault=check-digit\n" },
    { "a credit code", "{\"name\":\"老张\",\"code\":\"91350100M000100Y44\"}", "form-uscc form.code fault=check-digit\n" },
    { "a row without its name", "{\"name\":\"老张\",\"owners\":[{\"who\":\"a\"},{\"share\":5}]}", "form-required form.owners[1].who\n" },
    { "a share too large", "{\"name\":\"老张\",\"owners\":[{\"who\":\"a\",\"share\":101}]}", "form-too-large form.owners[0].share limit=100\n" },
    { "an unknown column", "{\"name\":\"老张\",\"owners\":[{\"who\":\"a\",\"shard\":1}]}", "form-unknown form.owners[0].shard nearest=share\n" },
    { "a row that is a text", "{\"name\":\"老张\",\"owners\":[\"a\"]}", "form-type form.owners expected=table\n" },
    { "too many rows", "{\"name\":\"老张\",\"owners\":[{\"who\":\"a\"},{\"who\":\"a\"},{\"who\":\"a\"},{\"who\":\"a\"}]}",
      "form-too-many form.owners limit=3\n" },
    { "all problems at once", "{\"aera\":1,\"seats\":1.5,\"mail\":\"x\"}",
      "form-unknown form.aera nearest=area\nform-type form.seats expected=integer\n"
      "form-email form.mail fault=length\nform-required form.name\n" },
};
// clang-format on

static void test_form(void **state)
{
    const struct form_case *row = *state;
    char text[2048] = "";
    struct fixture f;
    enum bl_err err;

    start(&f, row->json);
    err = check(&f);
    for (size_t i = 0; i < f.problems.count; i++) {
        const struct form_problem *problem = &f.problems.at[i];
        size_t at = strlen(text);

        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s %s", problem->rule, problem->pointer);
        for (size_t k = 0; k < problem->argument_count; k++) {
            at += (size_t)snprintf(text + at, sizeof text - at, " %s=%s",
                                   problem->arguments[k].name, problem->arguments[k].value);
        }
        (void)snprintf(text + at, sizeof text - at, "\n");
    }
    assert_string_equal(text, row->expected);
    assert_int_equal(err, row->expected[0] == '\0' ? BL_OK : BL_INVALID);
    assert_null(strstr(text, SECRET));
    stop(&f);
}

/* --- values ---------------------------------------------------------------------------------- */

static void test_values(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, form_cases[0].json);
    assert_int_equal(check(&f), BL_OK);
    assert_int_equal(value_of(&f, "name")->value.type, CEL_STRING);
    assert_true(bl_text_is(value_of(&f, "name")->value.string, "老张面馆"));
    assert_true(value_of(&f, "area")->value.number == 320.5);
    assert_int_equal(value_of(&f, "seats")->value.type, CEL_INT);
    assert_int_equal(value_of(&f, "seats")->value.integer, 12);
    assert_true(value_of(&f, "decorated")->present);
    assert_int_equal(value_of(&f, "decorated")->value.type, CEL_BOOL);
    assert_false(value_of(&f, "decorated")->value.boolean);
    assert_int_equal(value_of(&f, "kinds")->value.list.count, 2);
    assert_true(bl_text_is(value_of(&f, "kinds")->value.list.at[1].string, "生食"));
    assert_int_equal(value_of(&f, "owners")->value.list.at[0].map.count, 2);
    assert_false(value_of(&f, "secret")->present);
    assert_null(value_of(&f, "secret")->raw.at);
    stop(&f);
}

/* What a department gets: the entries of its fields, one behind the other, are a Struct again. */
static void test_projection(void **state)
{
    static const char *const names[] = { "decorated", "name", "owners" };
    Google__Protobuf__Struct *part;
    uint8_t bytes[1024];
    size_t at = 0;
    struct fixture f;

    (void)state;
    start(&f, form_cases[0].json);
    assert_int_equal(check(&f), BL_OK);
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        struct bl_text raw = value_of(&f, names[i])->raw;

        memcpy(bytes + at, raw.at, raw.bytes);
        at += raw.bytes;
    }
    part = google__protobuf__struct__unpack(NULL, at, bytes);
    assert_non_null(part);
    assert_int_equal(part->n_fields, BL_COUNT(names));
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        assert_string_equal(part->fields[i]->key, names[i]);
    }
    assert_int_equal(part->fields[0]->value->kind_case, GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE);
    google__protobuf__struct__free_unpacked(part, NULL);
    stop(&f);
}

/* --- bytes ----------------------------------------------------------------------------------- */

struct bytes_case {
    const char *name;
    struct bl_text bytes;
    enum bl_err expected;
};

#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
#define NAME                                                                                       \
    "\x0a\x0e\x0a\x04name\x12\x06\x1a\x04"                                                         \
    "abcd"

static const struct bytes_case bytes_cases[] = {
    // clang-format off
    { "the name", BYTES(NAME), BL_OK },
    { "twice the name", BYTES(NAME NAME), BL_INVALID },
    { "value before key", BYTES("\x0a\x0e\x12\x06\x1a\x04" "abcd\x0a\x04name"), BL_OK },
    { "two keys", BYTES("\x0a\x14\x0a\x04name\x0a\x04name\x12\x06\x1a\x04" "abcd"), BL_MALFORMED },
    { "two values in one", BYTES("\x0a\x10\x0a\x04name\x12\x08\x1a\x04" "abcd\x20\x01"), BL_MALFORMED },
    { "no value", BYTES("\x0a\x06\x0a\x04name"), BL_MALFORMED },
    { "no key", BYTES("\x0a\x08\x12\x06\x1a\x04" "abcd"), BL_MALFORMED },
    { "an empty value", BYTES("\x0a\x08\x0a\x04name\x12\x00"), BL_MALFORMED },
    { "another field of Struct", BYTES("\x12\x0e\x0a\x04name\x12\x06\x1a\x04" "abcd"), BL_MALFORMED },
    { "an unknown kind", BYTES("\x0a\x0a\x0a\x04name\x12\x02\x38\x01"), BL_MALFORMED },
    { "half a number", BYTES("\x0a\x0d\x0a\x04" "area\x12\x05\x11\x00\x00\x00\x00"), BL_MALFORMED },
    { "infinity", BYTES(NAME "\x0a\x11\x0a\x04" "area\x12\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x7f"), BL_INVALID },
    { "no number", BYTES(NAME "\x0a\x11\x0a\x04" "area\x12\x09\x11\x00\x00\x00\x00\x00\x00\xf8\x7f"), BL_INVALID },
    { "a NUL in a text", BYTES("\x0a\x0e\x0a\x04name\x12\x06\x1a\x04" "a\0cd"), BL_MALFORMED },
    { "no UTF-8", BYTES("\x0a\x0e\x0a\x04name\x12\x06\x1a\x04" "a\xff" "cd"), BL_MALFORMED },
    { "a key that is no UTF-8", BYTES("\x0a\x0e\x0a\x04" "na\xff" "e\x12\x06\x1a\x04" "abcd"), BL_MALFORMED },
    { "a length without end", BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), BL_MALFORMED },
    { "a length past the end", BYTES("\x0a\x7f\x0a\x04name"), BL_MALFORMED },
    { "a list that is none", BYTES(NAME "\x0a\x0d\x0a\x05kinds\x12\x04\x32\x02\x12\x00"), BL_MALFORMED },
    // clang-format on
};

static void test_bytes(void **state)
{
    const struct bytes_case *row = *state;
    struct fixture f;

    start(&f, "{}");
    f.bytes = row->bytes;
    assert_int_equal(check(&f), row->expected);
    stop(&f);
}

/* A form that was cut anywhere is never taken, unless it was cut between fields. */
static void test_every_cut(void **state)
{
    size_t whole, taken = 0;
    struct fixture f;

    (void)state;
    start(&f, form_cases[0].json);
    whole = f.bytes.bytes;
    for (size_t cut = 0; cut < whole; cut++) {
        char *copy = malloc(cut + 1);  // so that a read past the end is seen

        memcpy(copy, f.bytes.at, cut);
        struct fixture part = f;

        part.bytes = (struct bl_text){ copy, cut };
        bl_arena_init(&part.arena, 1 << 12, 1 << 20);
        taken += check(&part) == BL_OK;
        bl_arena_free(&part.arena);
        free(copy);
    }
    assert_int_equal(taken, 14);  // fifteen fields, the required one first
    stop(&f);
}

static void test_too_large(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "{}");
    f.bytes.bytes = FORM_BYTES_MAX + 1;
    assert_int_equal(check(&f), BL_TOO_LARGE);
    stop(&f);
}

/* Past the bound problems are counted and not kept. */
static void test_many_problems(void **state)
{
    char json[4096] = "{";
    struct fixture f;

    (void)state;
    for (int i = 0; i < 50; i++) {
        size_t at = strlen(json);

        (void)snprintf(json + at, sizeof json - at, "%s\"x%d\":1", i == 0 ? "" : ",", i);
    }
    strncat(json, "}", sizeof json - strlen(json) - 1);
    start(&f, json);
    assert_int_equal(check(&f), BL_INVALID);
    assert_int_equal(f.problems.count, FORM_PROBLEMS_MAX);
    assert_int_equal(f.problems.total, 51);
    stop(&f);
}

/* --- conditions ------------------------------------------------------------------------------ */

struct condition_case {
    const char *name;
    const char *item;
    const char *json;
    const char *result;  // of `first`
    bool expected;
};

static const struct condition_case condition_cases[] = {
    { "no condition holds", "first", "{\"name\":\"老张\"}", "", true },
    { "field and result", "second", "{\"name\":\"老张\",\"area\":301}", "granted", true },
    { "the limit itself is not above", "second", "{\"name\":\"老张\",\"area\":300}", "granted",
      false },
    { "another result", "second", "{\"name\":\"老张\",\"area\":301}", "denied", false },
    { "no result yet", "second", "{\"name\":\"老张\",\"area\":301}", "", false },
    { "an absent number is 0", "second", "{\"name\":\"老张\"}", "granted", false },
    { "a row", "third", "{\"name\":\"老张\",\"owners\":[{\"who\":\"a\",\"share\":60}]}", "", true },
    { "no rows", "third", "{\"name\":\"老张\"}", "", false },
    { "in a list", "fourth", "{\"name\":\"老张\",\"kinds\":[\"生食\"],\"opening\":\"2026-12-01\"}",
      "", true },
    { "not in a list", "fourth",
      "{\"name\":\"老张\",\"kinds\":[\"热食\"],\"opening\":\"2026-12-01\"}", "", false },
    { "an absent date", "fourth", "{\"name\":\"老张\"}", "", true },
};

static struct bl_text result_of(const void *context, uint32_t item)
{
    return bl_text_of(item == 0 ? context : "");
}

static void test_condition(void **state)
{
    const struct condition_case *row = *state;
    struct form_scope scope;
    struct fixture f;
    bool holds = !row->expected;
    int item = definition_item_find(definition, row->item);

    assert_true(item >= 0);
    start(&f, row->json);
    assert_int_equal(check(&f), BL_OK);
    scope = (struct form_scope){ definition, f.values, result_of, row->result };
    assert_int_equal(form_holds(definition->items[item].when, &scope, &f.arena, &holds, &f.e),
                     BL_OK);
    assert_int_equal(holds, row->expected);
    stop(&f);
}

int main(void)
{
    static struct CMUnitTest tests[200];
    size_t count = 0;

#define ROWS(rows, function)                                                                       \
    for (size_t i = 0; i < BL_COUNT(rows); i++) {                                                  \
        tests[count++] = (struct CMUnitTest){ .name = (rows)[i].name,                              \
                                              .test_func = function,                               \
                                              .initial_state = (void *)(uintptr_t) & (rows)[i] };  \
    }
    ROWS(form_cases, test_form)
    ROWS(bytes_cases, test_bytes)
    ROWS(condition_cases, test_condition)
#undef ROWS
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_values);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_projection);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_every_cut);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_too_large);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_many_problems);
    return _cmocka_run_group_tests("form", tests, count, load, unload);
}
