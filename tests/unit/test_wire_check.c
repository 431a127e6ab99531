/* Bytes that protobuf-c would take, and we do not. Tags: number << 3 | wire type, low seven bits
 * first. */
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
#include "schema/wire_check.h"

struct wire_case {
    const char *name;
    const char *bytes;
    size_t count;
    const char *problem;  // NULL: none
};

// clang-format off
#define B(literal) literal, sizeof literal - 1
static const struct wire_case cases[] = {
    { "nothing", B(""), NULL },
    { "a text", B("\x0a\x03\xe5\xa5\xbd"), NULL },
    { "a text that is not UTF-8", B("\x0a\x02\xe5\xa5"), "text: not UTF-8, or a NUL" },
    { "a NUL in a text", B("\x0a\x03" "a\0b"), "text: not UTF-8, or a NUL" },
    { "a NUL in bytes", B("\x12\x03" "a\0b"), NULL },
    { "a text of exactly its length", B("\x8a\x01\x0c\x0a\x0a" "0123456789"), NULL },
    { "characters are counted, not bytes",
      B("\x8a\x01\x14\x0a\x12\xe5\xa5\xbd\xe5\xa5\xbd\xe5\xa5\xbd\xe5\xa5\xbd\xe5\xa5\xbd\xe5\xa5\xbd"), NULL },
    { "a text that is too long", B("\x8a\x01\x0d\x0a\x0b" "0123456789a"),
      "part.department: text too long" },
    { "an unknown field", B("\xf8\x07\x01"), "unknown field 127" },
    { "an unknown field inside", B("\x8a\x01\x02\x78\x01"), "part: unknown field 15" },
    { "field 0", B("\x00\x01"), "unknown field" },
    { "a number of 62 bits", B("\xf8\xff\xff\xff\xff\xff\xff\xff\x7f\x01"),
      "unknown field 4294967295" },
    { "a wrong wire type", B("\x08\x01"), "text: wrong wire type" },
    { "a packed single field", B("\x22\x01\x01"), "i32: wrong wire type" },
    { "a group", B("\x0b\x0c"), "text: wrong wire type" },
    { "a length over the end", B("\x0a\x05" "abc"), "text: longer than what holds it" },
    { "a length over its message", B("\x8a\x01\x02\x0a\x05" "abcde"),
      "part.department: longer than what holds it" },
    { "a length of 2^64 - 1", B("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" "abc"),
      "text: longer than what holds it" },
    { "a varint without end", B("\x20\xff"), "i32: cut short" },
    { "a varint of 11 bytes", B("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
      "i32: cut short" },
    { "a varint over 64 bits", B("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
      "i32: cut short" },
    { "a tag cut short", B("\x80"), "cut short" },
    { "64 bits cut short", B("\x61\x01\x02\x03"), "f64: cut short" },
    { "32 bits cut short", B("\x45\x01\x02\x03"), "f32: cut short" },
    { "-1 in 32 bits", B("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), NULL },
    { "over 32 bits", B("\x38\x80\x80\x80\x80\x10"), "u32: number out of range" },
    { "a signed one over 32 bits", B("\x20\x80\x80\x80\x80\x08"), "i32: number out of range" },
    { "a bool of 2", B("\x18\x02"), "flag: not a bool" },
    { "a known enum value", B("\x80\x01\x09"), NULL },
    { "an unknown enum value", B("\x80\x01\x08"), "kind: unknown enum value" },
    { "a huge enum value", B("\x80\x01\x81\x80\x80\x80\x10"), "kind: unknown enum value" },
    { "packed enum values", B("\xba\x01\x02\x01\x05"), "kinds: unknown enum value" },
    { "packed and single elements", B("\xb2\x01\x02\x01\x02\xb0\x01\x03"), NULL },
    { "too many elements", B("\xb2\x01\x04\x01\x02\x03\x04\xb0\x01\x05"),
      "counts: too many elements" },
    { "too many texts", B("\xaa\x01\x00\xaa\x01\x00\xaa\x01\x00\xaa\x01\x00"),
      "words: too many elements" },
    { "each message counts for itself", B("\xaa\x01\x00\xaa\x01\x00\xaa\x01\x00\xb0\x01\x05"), NULL },
    { "a single field twice", B("\x18\x01\x18\x01"), "flag: there twice" },
    { "a map", B("\xca\x01\x05\x0a\x01" "a\x12\x00"), NULL },
    { "a map entry without a message", B("\xca\x01\x03\x0a\x01" "a"),
      "items: an entry without a value" },
    { "a Value", B("\xea\x01\x02\x20\x01"), NULL },
    { "a Value of no kind", B("\xea\x01\x00"), "value: a value of no kind" },
    { "a Value that is not finite", B("\xea\x01\x09\x11\0\0\0\0\0\0\xf0\x7f"),
      "value.number_value: not a finite number" },
    { "a double that is not finite", B("\x79\0\0\0\0\0\0\xf0\x7f"), NULL },
    { "what bytes hold", B("\xfa\x01\x03\x0a\x01" "a"), NULL },
    { "what bytes hold is checked", B("\xfa\x01\x03\x0a\x01\xff"), "held.name: not UTF-8, or a NUL" },
    { "and what these hold", B("\xfa\x01\x04\x12\x02\x0a\x00"), "held.form.fields: an entry without a value" },
};
// clang-format on

static void test_case(void **state)
{
    const struct wire_case *row = *state;
    struct bl_error e = { 0 };
    enum bl_err code = wire_check(&sample__sample__descriptor, row->bytes, row->count, &e);

    assert_string_equal(e.text, row->problem == NULL ? "" : row->problem);
    assert_int_equal(code, row->problem == NULL ? BL_OK : BL_MALFORMED);
}

/* A message in a message in a message …: `levels` in all. */
static size_t nest(uint8_t *bytes, size_t size, int levels)
{
    size_t at = size;

    for (int i = 1; i < levels; i++) {
        size_t length = size - at;

        if (length >= 128) {
            bytes[--at] = (uint8_t)(length >> 7);
            bytes[--at] = (uint8_t)(length | 0x80);
        } else {
            bytes[--at] = (uint8_t)length;
        }
        bytes[--at] = 0x2a;  // Part.parts
    }
    return at;
}

static void test_depth(void **state)
{
    static uint8_t bytes[1000];
    struct bl_error e = { 0 };
    size_t at = nest(bytes, sizeof bytes, WIRE_DEPTH_MAX);

    (void)state;
    assert_int_equal(wire_check(&sample__part__descriptor, bytes + at, sizeof bytes - at, NULL),
                     BL_OK);
    at = nest(bytes, sizeof bytes, WIRE_DEPTH_MAX + 1);
    assert_int_equal(wire_check(&sample__part__descriptor, bytes + at, sizeof bytes - at, &e),
                     BL_MALFORMED);
    assert_non_null(strstr(e.text, "nested too deep"));
}

static void test_elements(void **state)
{
    struct bl_error e = { 0 };
    size_t count = WIRE_ELEMENTS_MAX;
    uint8_t *bytes = calloc(count, 3);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + 3 * i, "\xc2\x01\x00", 3);  // an empty Part in `parts`
    }
    assert_int_equal(wire_check(&sample__sample__descriptor, bytes, 3 * count, NULL), BL_OK);
    bytes = realloc(bytes, 3 * (count + 1));
    memcpy(bytes + 3 * count, "\xc2\x01\x00", 3);
    assert_int_equal(wire_check(&sample__sample__descriptor, bytes, 3 * (count + 1), &e),
                     BL_MALFORMED);
    assert_string_equal(e.text, "parts: too many elements");
    free(bytes);
}

/* Whatever JSON can say passes, at the depth that JSON allows; every cut of it is refused or is
 * itself a message that protobuf-c takes. */
static void test_json_passes(void **state)
{
    static const char head[] = "{\"text\":\"好\",\"i64\":\"-1\",\"kinds\":[\"instant\"],\"items\":"
                               "{\"a\":{\"department\":\"x\"}},\"held\":{\"form\":{\"a\":";
    char text[400];
    struct bl_arena arena;
    struct schema_problems problems;
    ProtobufCMessage *message;

    (void)state;
    (void)snprintf(text, sizeof text, "%s%.*s%.*s}}}", head, 29, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                   29, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    bl_arena_init(&arena, 1 << 12, JSON_ARENA_BYTES);
    schema_problems_init(&problems, &arena);
    assert_int_equal(json_read_message(text, strlen(text), &sample__sample__descriptor, &arena,
                                       &message, &problems),
                     BL_OK);
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = bl_arena_alloc(&arena, size);
    protobuf_c_message_pack(message, bytes);
    assert_int_equal(wire_check(&sample__sample__descriptor, bytes, size, NULL), BL_OK);
    for (size_t cut = 0; cut < size; cut++) {
        if (wire_check(&sample__sample__descriptor, bytes, cut, NULL) == BL_OK) {
            assert_non_null(protobuf_c_message_unpack(&sample__sample__descriptor, &arena.allocator,
                                                      cut, bytes));
        }
    }
    bl_arena_free(&arena);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(cases) + 3] = {
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_json_passes),
    };

    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        tests[i + 3] = (struct CMUnitTest){ .name = cases[i].name,
                                            .test_func = test_case,
                                            .initial_state = (void *)(uintptr_t)&cases[i] };
    }
    return _cmocka_run_group_tests("wire_check", tests, BL_COUNT(tests), NULL, NULL);
}
