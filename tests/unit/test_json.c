/* JSON → message → JSON, JSON's errors, and the writer in its three styles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "sample.pb-c.h"
#include "schema/json.h"
#include "schema/yaml.h"

struct fixture {
    struct bl_arena arena;
    struct schema_problems problems;
    struct writer writer;
};

static void start(struct fixture *f)
{
    bl_arena_init(&f->arena, 1 << 12, JSON_ARENA_BYTES);
    schema_problems_init(&f->problems, &f->arena);
    writer_init(&f->writer, WRITER_JSON);
}

static void stop(struct fixture *f)
{
    writer_free(&f->writer);
    bl_arena_free(&f->arena);
}

static const struct json_options china = { .offset_minutes = 480 };

static const char *written(struct fixture *f)
{
    return bl_arena_text(&f->arena, (struct bl_text){ f->writer.at, f->writer.bytes });
}

/* --- read, pack, unpack, write --- */

struct round_trip {
    const char *name;
    const char *in;
    const char *out;  // NULL: the same
};

// clang-format off
static const struct round_trip round_trips[] = {
    { "nothing", "{}", NULL },
    { "a text", "{\"text\":\"营业执照 \\\"x\\\\\\n\"}", NULL },
    { "every integer", "{\"i32\":-5,\"s32\":-2147483648,\"sf32\":7,\"u32\":4294967295,\"f32\":1}",
      NULL },
    { "64 bits are strings", "{\"i64\":\"-9223372036854775808\",\"s64\":\"-1\","
      "\"u64\":\"18446744073709551615\",\"f64\":\"3\"}", NULL },
    { "64 bits are read as numbers too", "{\"i64\":5}", "{\"i64\":\"5\"}" },
    { "an instant has the hall's offset", "{\"at\":\"2026-11-30T09:30:00Z\"}",
      "{\"at\":\"2026-11-30T17:30:00+08:00\"}" },
    { "floating point is shortest", "{\"single\":0.1,\"number\":0.1}", NULL },
    { "large and small numbers", "{\"number\":1e+300}", NULL },
    { "what is no number", "{\"number\":\"NaN\"}", NULL },
    { "infinity", "{\"single\":\"-Infinity\"}", NULL },
    { "bytes are base64", "{\"data\":\"AAH/\"}", NULL },
    { "enum values are in lower case", "{\"kind\":\"yes_no\"}", NULL },
    { "a zero is left out", "{\"u32\":0,\"text\":\"\",\"flag\":false}", "{}" },
    { "null is absence", "{\"text\":null,\"part\":null}", "{}" },
    { "a message", "{\"part\":{\"department\":\"fire\",\"kind\":\"instant\"}}", NULL },
    { "a message that is empty but there", "{\"value\":null,\"form\":{}}", "{\"form\":{}}" },
    { "the zero of a oneof is there", "{\"count\":0}", NULL },
    { "an empty text of a oneof", "{\"word\":\"\"}", NULL },
    { "lists", "{\"words\":[\"a\",\"\"],\"counts\":[0,1],\"kinds\":[\"instant\",\"promised\"],"
      "\"flags\":[true,false],\"blobs\":[\"\",\"AA==\"]}", NULL },
    { "maps are objects in order", "{\"files\":{\"b\":\"1\",\"a\":\"2\",\"\":\"\"}}", NULL },
    { "keys are numbers", "{\"years\":{\"2026\":\"x\",\"-1\":\"y\"},\"by_id\":{\"18446744073709551615\":1}}",
      NULL },
    { "a map of messages", "{\"items\":{\"fire_check\":{\"department\":\"fire\","
      "\"columns\":{\"x\":{\"department\":\"y\"}}}}}", NULL },
    { "Struct is JSON itself", "{\"form\":{\"area\":320.5,\"n\":null,\"ok\":true,"
      "\"kinds\":[\"热食\",1,{\"a\":[]}],\"sub\":{\"b\":\"c\"}}}", NULL },
    { "Value and ListValue", "{\"value\":[1,\"2\"],\"list\":[true,{}]}", NULL },
    { "what bytes hold", "{\"held\":{\"name\":\"n\",\"form\":{\"x\":1}}}", NULL },
    { "short forms", "{\"part\":{\"department\":\"f\",\"title\":\"题\",\"needs\":[\"a\",\"b\"]}}",
      "{\"part\":{\"department\":\"f\",\"title\":{\"zh\":\"题\"},\"needs\":{\"of\":[\"a\",\"b\"]}}}" },
    { "a scalar takes the first field it fits",
      "{\"parts\":[{\"department\":\"f\",\"needs\":2},{\"department\":\"f\",\"needs\":true},"
      "{\"department\":\"f\",\"needs\":\"2\"}]}",
      "{\"parts\":[{\"department\":\"f\",\"needs\":{\"count\":2}},{\"department\":\"f\","
      "\"needs\":{\"sure\":true}},{\"department\":\"f\",\"needs\":{\"word\":\"2\"}}]}" },
};
// clang-format on

/* JSON carries what the loader of YAML refuses, since it would act on the terminal that lists it.
 */
static const struct round_trip control = { NULL, "{\"text\":\"\\u0001\"}", NULL };

static void test_round_trip(void **state)
{
    const struct round_trip *row = *state;
    struct fixture f;
    ProtobufCMessage *message;

    start(&f);
    enum bl_err code = json_read_message(row->in, strlen(row->in), &sample__sample__descriptor,
                                         &f.arena, &message, &f.problems);
    schema_problems_print(stderr, &f.problems);
    assert_int_equal(code, BL_OK);
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = bl_arena_alloc(&f.arena, bytes);
    protobuf_c_message_pack(message, packed);
    message =
        protobuf_c_message_unpack(&sample__sample__descriptor, &f.arena.allocator, bytes, packed);
    assert_non_null(message);
    json_write_message(&f.writer, message, china);
    assert_string_equal(written(&f), row->out == NULL ? row->in : row->out);
    stop(&f);
}

/* The same as YAML, which the loader of YAML must understand. */
static void test_yaml_round_trip(void **state)
{
    const struct round_trip *row = *state;
    struct fixture f;
    ProtobufCMessage *message, *again;

    start(&f);
    assert_int_equal(json_read_message(row->in, strlen(row->in), &sample__sample__descriptor,
                                       &f.arena, &message, &f.problems),
                     BL_OK);
    writer_init(&f.writer, WRITER_YAML);
    json_write_message(&f.writer, message, china);
    enum bl_err code = yaml_load(f.writer.at, f.writer.bytes, "round trip",
                                 &sample__sample__descriptor, &f.arena, &again, NULL, &f.problems);
    schema_problems_print(stderr, &f.problems);
    assert_int_equal(code, BL_OK);
    writer_free(&f.writer);
    writer_init(&f.writer, WRITER_JSON);
    json_write_message(&f.writer, again, china);
    assert_string_equal(written(&f), row->out == NULL ? row->in : row->out);
    stop(&f);
}

/* --- what is wrong --- */

struct wrong {
    const char *name;
    const char *in;
    enum bl_err code;
    const char *problem;  // as printed
};

// clang-format off
static const struct wrong wrongs[] = {
    { "no JSON", "{\"text\": }", BL_MALFORMED, "1:10: error: unexpected token near '}' [E-JSON]" },
    { "more than one value", "{} {}", BL_MALFORMED,
      "1:4: error: end of file expected near '{' [E-JSON]" },
    { "a duplicate key", "{\"text\":\"\",\n\"text\":\"\"}", BL_MALFORMED,
      "2:6: error: duplicate object key near '\"text\"' [E-JSON]" },
    { "not UTF-8", "{\"text\":\"\xff\"}", BL_MALFORMED,
      "1:9: error: unable to decode byte 0xff near '\"' [E-JSON]" },
    { "a NUL", "{\"text\":\"\\u0000\"}", BL_MALFORMED,
      "1:16: error: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"\\u0000\"' [E-JSON]" },
    { "an unknown key", "{\"txet\":1}", BL_INVALID,
      "txet: error: unknown key \"txet\"; did you mean \"text\"? [E-KEY]" },
    { "a wrong type", "{\"text\":1}", BL_INVALID,
      "text: error: expected a text, found \"1\" [E-TYPE]" },
    { "deep inside", "{\"items\":{\"a\":{\"department\":\"f\",\"parts\":[{\"department\":true}]}}}",
      BL_INVALID,
      "items.a.parts[0].department: error: expected a text, found \"true\" [E-TYPE]" },
    { "missing", "{\"part\":{}}", BL_INVALID,
      "part: error: missing key \"department\" in part [E-MISSING]" },
    { "out of range", "{\"u32\":4294967296}", BL_INVALID,
      "u32: error: 4294967296 is not between 0 and 4294967295 [E-RANGE]" },
    { "negative", "{\"u64\":\"-1\"}", BL_INVALID,
      "u64: error: -1 is not between 0 and 18446744073709551615 [E-RANGE]" },
    { "over 64 bits", "{\"i64\":\"9223372036854775808\"}", BL_INVALID,
      "i64: error: 9223372036854775808 is not between -9223372036854775808 and "
      "9223372036854775807 [E-RANGE]" },
    { "over its rule", "{\"i32\":101}", BL_INVALID,
      "i32: error: 101 is more than 100 [E-RANGE]" },
    { "a fraction", "{\"i32\":1.5}", BL_INVALID,
      "i32: error: expected a whole number, found \"1.5\" [E-TYPE]" },
    { "an enum value in capitals", "{\"kind\":\"INSTANT\"}", BL_INVALID,
      "kind: error: unknown value \"INSTANT\"; write one of promised, instant, yes_no [E-VALUE]" },
    { "what means nothing", "{\"kind\":\"kind_unspecified\"}", BL_INVALID,
      "kind: error: unknown value \"kind_unspecified\"; write one of promised, instant, yes_no "
      "[E-VALUE]" },
    { "bad base64", "{\"data\":\"A\"}", BL_INVALID,
      "data: error: expected bytes in base64, found \"A\" [E-TYPE]" },
    { "no instant", "{\"at\":\"2026-11-30\"}", BL_INVALID,
      "at: error: expected a moment such as 2026-11-30T17:30:00+08:00, found \"2026-11-30\" "
      "[E-TYPE]" },
    { "two of a oneof", "{\"count\":1,\"word\":\"x\"}", BL_INVALID,
      "word: error: \"count\" and \"word\" exclude each other; keep one [E-CHOICE]" },
    { "a number that a double would change", "{\"form\":{\"id\":110105194912310021}}", BL_INVALID,
      "form.id: error: \"110105194912310021\" cannot be kept exactly; write it in quotes "
      "[E-RANGE]" },
    { "a key that is no number", "{\"years\":{\"x\":\"\"}}", BL_INVALID,
      "years.x: error: expected a whole number, found \"x\" [E-TYPE]" },
    { "too many entries", "{\"words\":[\"a\",\"b\",\"c\",\"d\"]}", BL_INVALID,
      "words: error: 4 entries are too many; at most 3 [E-RANGE]" },
    { "a pattern", "{\"part\":{\"department\":\"f\",\"code\":\"ab1x\"}}", BL_INVALID,
      "part.code: error: \"ab1x\" does not match [a-z]{2}[0-9]+ [E-PATTERN]" },
    { "no object", "[]", BL_INVALID, " error: expected a mapping, found a list [E-TYPE]" },
};
// clang-format on

static void test_wrong(void **state)
{
    const struct wrong *row = *state;
    struct fixture f;
    ProtobufCMessage *message;
    char *text = NULL;
    size_t size;

    start(&f);
    enum bl_err code = json_read_message(row->in, strlen(row->in), &sample__sample__descriptor,
                                         &f.arena, &message, &f.problems);
    assert_int_equal(f.problems.error_count, 1);
    FILE *out = open_memstream(&text, &size);
    schema_problem_print(out, &f.problems.problems[0]);
    fclose(out);
    assert_string_equal(text, row->problem);
    assert_int_equal(code, row->code);
    assert_true((message == NULL) == (code == BL_MALFORMED));
    struct bl_error e = { 0 };
    assert_int_equal(schema_problems_error(&f.problems, code, &e), code);
    assert_int_equal(e.code, code);
    free(text);
    stop(&f);
}

static void test_bounds(void **state)
{
    static char deep[200], many[200000], large[JSON_BYTES_MAX + 1];
    struct fixture f;
    ProtobufCMessage *message;
    int n = snprintf(deep, sizeof deep, "{\"value\":");

    (void)state;
    memset(deep + n, '[', 33);
    memset(deep + n + 33, ']', 33);
    deep[n + 66] = '}';
    start(&f);
    assert_int_equal(json_read_message(deep, (size_t)n + 67, &sample__sample__descriptor, &f.arena,
                                       &message, &f.problems),
                     BL_TOO_LARGE);
    n = snprintf(many, sizeof many, "{\"list\":[0");
    for (int i = 0; i < 60000; i++) {
        n += snprintf(many + n, 3, ",0");
    }
    n += snprintf(many + n, 3, "]}");
    assert_int_equal(json_read_message(many, (size_t)n, &sample__sample__descriptor, &f.arena,
                                       &message, &f.problems),
                     BL_TOO_LARGE);
    assert_int_equal(json_read_message(large, sizeof large, &sample__sample__descriptor, &f.arena,
                                       &message, &f.problems),
                     BL_TOO_LARGE);
    stop(&f);
}

/* A long key is not shown whole a hundred times. */
static void test_long_key(void **state)
{
    static char text[JSON_BYTES_MAX];
    struct fixture f;
    ProtobufCMessage *message;
    size_t n = (size_t)snprintf(text, sizeof text, "{\"items\":{\"");

    (void)state;
    memset(text + n, 'k', 900000);
    n += 900000;
    n += (size_t)snprintf(text + n, sizeof text - n, "\":{\"zebra0\":0");
    for (int i = 1; i < 200; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, ",\"zebra%d\":0", i);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "}}}");
    start(&f);
    assert_int_equal(
        json_read_message(text, n, &sample__sample__descriptor, &f.arena, &message, &f.problems),
        BL_INVALID);
    assert_int_equal(f.problems.error_count, 201);
    stop(&f);
}

static void test_defaults(void **state)
{
    Sample__Part part = SAMPLE__PART__INIT;
    struct fixture f;

    (void)state;
    start(&f);
    json_write_message(&f.writer, &part.base, china);
    assert_string_equal(written(&f), "{\"department\":\"\"}");  // required
    writer_reset(&f.writer);
    json_write_message(&f.writer, &part.base, (struct json_options){ .defaults = true });
    assert_string_equal(written(&f),
                        "{\"department\":\"\",\"parts\":[],\"columns\":{},\"code\":\"\"}");
    stop(&f);
}

/* Bytes that are not what they should hold are shown, not lost. */
static void test_held_broken(void **state)
{
    Sample__Sample sample = SAMPLE__SAMPLE__INIT;
    struct fixture f;

    (void)state;
    start(&f);
    sample.held = (ProtobufCBinaryData){ 2, (uint8_t *)"\xff\xff" };
    json_write_message(&f.writer, &sample.base, china);
    assert_string_equal(written(&f), "{\"held\":\"//8=\"}");
    stop(&f);
}

/* --- the writer --- */

static void write_all(struct writer *writer)
{
    writer_open_object(writer);
    writer_key(writer, "名");
    writer_string(writer, "张三");
    writer_key(writer, "id");
    writer_string(writer, "0755");
    writer_key(writer, "no");
    writer_bool(writer, true);
    writer_key(writer, "empty");
    writer_open_object(writer);
    writer_close(writer);
    writer_key(writer, "list");
    writer_open_list(writer);
    writer_integer(writer, -1);
    writer_open_list(writer);
    writer_null(writer);
    writer_string(writer, "a: b\xE2\x80\xA8");
    writer_close(writer);
    writer_open_object(writer);
    writer_key(writer, "x");
    writer_number(writer, 1.5);
    writer_key(writer, "y");
    writer_open_list(writer);
    writer_close(writer);
    writer_close(writer);
    writer_open_object(writer);
    writer_close(writer);
    writer_close(writer);
    writer_close(writer);
}

struct style {
    const char *name;
    enum writer_style style;
    const char *text;
};

static const struct style styles[] = {
    { "compact", WRITER_JSON,
      "{\"名\":\"张三\",\"id\":\"0755\",\"no\":true,\"empty\":{},\"list\":[-1,[null,\"a: "
      "b\xE2\x80\xA8\"],{\"x\":1.5,\"y\":[]},{}]}" },
    { "pretty", WRITER_PRETTY,
      "{\n  \"名\": \"张三\",\n  \"id\": \"0755\",\n  \"no\": true,\n  \"empty\": {},\n"
      "  \"list\": [\n    -1,\n    [\n      null,\n      \"a: b\xE2\x80\xA8\"\n    ],\n    {\n"
      "      \"x\": 1.5,\n      \"y\": []\n    },\n    {}\n  ]\n}" },
    { "yaml", WRITER_YAML,
      "名: 张三\nid: \"0755\"\n\"no\": true\nempty: {}\nlist:\n  - -1\n  - - null\n"
      "    - \"a: b\\u2028\"\n  - x: 1.5\n    \"y\": []\n  - {}\n" },
};

static void test_style(void **state)
{
    const struct style *row = *state;
    struct fixture f;

    start(&f);
    f.writer.style = row->style;
    write_all(&f.writer);
    assert_string_equal(written(&f), row->text);
    writer_reset(&f.writer);
    write_all(&f.writer);
    assert_string_equal(written(&f), row->text);
    stop(&f);
}

static size_t add(struct CMUnitTest *tests, const char *name, CMUnitTestFunction function,
                  const void *row)
{
    *tests = (struct CMUnitTest){ .name = name,
                                  .test_func = function,
                                  .initial_state = (void *)(uintptr_t)row };
    return 1;
}

int main(void)
{
    struct CMUnitTest tests[2 * BL_COUNT(round_trips) + BL_COUNT(wrongs) + BL_COUNT(styles) + 5];
    size_t n = 0;

    for (size_t i = 0; i < BL_COUNT(round_trips); i++) {
        n += add(&tests[n], round_trips[i].name, test_round_trip, &round_trips[i]);
        n += add(&tests[n], round_trips[i].name, test_yaml_round_trip, &round_trips[i]);
    }
    for (size_t i = 0; i < BL_COUNT(wrongs); i++) {
        n += add(&tests[n], wrongs[i].name, test_wrong, &wrongs[i]);
    }
    for (size_t i = 0; i < BL_COUNT(styles); i++) {
        n += add(&tests[n], styles[i].name, test_style, &styles[i]);
    }
    n += add(&tests[n], "a control character, in JSON", test_round_trip, &control);
    n += add(&tests[n], "depth, count and size are bounded", test_bounds, NULL);
    n += add(&tests[n], "a long key", test_long_key, NULL);
    n += add(&tests[n], "defaults when asked for", test_defaults, NULL);
    n += add(&tests[n], "held bytes that are no message", test_held_broken, NULL);
    CHECK(n == BL_COUNT(tests));
    return _cmocka_run_group_tests("json", tests, n, NULL, NULL);
}
