/* What text.h promises: only well-formed UTF-8 passes, nothing is cut inside a character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/text.h"

struct valid_case {
    const char *name, *text;
    size_t bytes;
    bool valid;
};

#define T(literal) literal, sizeof(literal) - 1

// clang-format off
static const struct valid_case valid_cases[] = {
    { "valid: nothing",                    T(""),                          true },
    { "valid: letters",                    T("abc"),                       true },
    { "valid: eight letters at once",      T("abcdefghijklmnop"),          true },
    { "valid: Chinese",                    T("老张面馆"),                  true },
    { "valid: a rare name of four bytes",  T("\xF0\xA0\xAE\xB7"),          true },
    { "valid: U+0080",                     T("\xC2\x80"),                  true },
    { "valid: U+0800",                     T("\xE0\xA0\x80"),              true },
    { "valid: U+D7FF",                     T("\xED\x9F\xBF"),              true },
    { "valid: U+E000",                     T("\xEE\x80\x80"),              true },
    { "valid: U+10000",                    T("\xF0\x90\x80\x80"),          true },
    { "valid: U+10FFFF",                   T("\xF4\x8F\xBF\xBF"),          true },
    { "bad: NUL",                          T("a\0b"),                      false },
    { "bad: NUL among eight",              T("abc\0efgh"),                 false },
    { "bad: NUL in the eighth place",      T("abcdefg\0"),                 false },
    { "bad: a lone continuation",          T("\x80"),                      false },
    { "bad: overlong of two",              T("\xC0\xAF"),                  false },
    { "bad: overlong of two, C1",          T("\xC1\xBF"),                  false },
    { "bad: overlong of three",            T("\xE0\x9F\xBF"),              false },
    { "bad: overlong of four",             T("\xF0\x8F\xBF\xBF"),          false },
    { "bad: the first surrogate",          T("\xED\xA0\x80"),              false },
    { "bad: the last surrogate",           T("\xED\xBF\xBF"),              false },
    { "bad: beyond U+10FFFF",              T("\xF4\x90\x80\x80"),          false },
    { "bad: lead F5",                      T("\xF5\x80\x80\x80"),          false },
    { "bad: byte FF",                      T("\xFF"),                      false },
    { "bad: two of three bytes",           T("\xE8\x80"),                  false },
    { "bad: three of four bytes",          T("\xF0\xA0\xAE"),              false },
    { "bad: third byte is a letter",       T("\xE8\x80" "a"),              false },
    { "bad: second byte is a letter",      T("\xE8" "a\x80"),              false },
    { "bad: at the end of much that is fine", T("abcdefghijklmnop老\x80"), false },
};
// clang-format on

static void test_valid(void **state)
{
    const struct valid_case *row = *state;

    assert_int_equal(bl_text_is_valid(row->text, row->bytes), row->valid);
}

/* Every code point, so that the shortcuts agree with the table. */
static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char text[4];
        size_t bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

        for (size_t i = bytes - 1; i > 0; i--) {
            text[i] = (char)(0x80 | (c >> (6 * (bytes - 1 - i)) & 0x3F));
        }
        static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
        text[0] = (char)(lead[bytes] | c >> (6 * (bytes - 1)));
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (bl_text_is_valid(text, bytes) == surrogate) {
            fail_msg("U+%04X", c);
        }
        if (bytes > 1 && bl_text_is_valid(text, bytes - 1)) {
            fail_msg("U+%04X cut", c);
        }
    }
}

static void test_characters(void **state)
{
    (void)state;
    assert_int_equal(bl_text_characters("", 0), 0);
    assert_int_equal(bl_text_characters(T("abc")), 3);
    assert_int_equal(bl_text_characters(T("老张a\xF0\xA0\xAE\xB7")), 4);
}

static void test_cut_between_characters(void **state)
{
    static const char text[] = "a老\xF0\xA0\xAE\xB7";  // characters begin at 0, 1, 4
    static const size_t cuts[] = { 0, 1, 1, 1, 4, 4, 4, 4 };

    (void)state;
    for (size_t bytes = 0; bytes < BL_COUNT(cuts); bytes++) {
        assert_int_equal(bl_text_cut(text, bytes), cuts[bytes]);
    }
}

static void test_copy(void **state)
{
    char to[6];

    (void)state;
    bl_text_copy(to, sizeof to, "abc");
    assert_string_equal(to, "abc");
    bl_text_copy(to, sizeof to, "abcde");
    assert_string_equal(to, "abcde");
    bl_text_copy(to, sizeof to, "abcdef");
    assert_string_equal(to, "abcde");
    bl_text_copy(to, sizeof to, "老张");
    assert_string_equal(to, "老");
    bl_text_copy(to, 1, "老");
    assert_string_equal(to, "");
}

static void test_equal(void **state)
{
    struct bl_text nothing = { NULL, 0 };

    (void)state;
    assert_true(bl_text_equal(nothing, bl_text_of("")));
    assert_false(bl_text_equal(nothing, bl_text_of("a")));
    assert_true(bl_text_is((struct bl_text){ "fire!", 4 }, "fire"));
    assert_false(bl_text_is((struct bl_text){ "fire!", 5 }, "fire"));
    assert_false(bl_text_is(bl_text_of("fire"), "file"));
}

struct distance_case {
    const char *a, *b;
    uint32_t limit, distance;
};

static const struct distance_case distance_cases[] = {
    { "promise", "promise", 2, 0 },
    { "promise", "promis", 2, 1 },
    { "promise", "promises", 2, 1 },
    { "promise", "pronise", 2, 1 },
    { "promise", "promsie", 2, 2 },
    { "promise", "legal", 2, 3 },  // the limit and one
    { "", "abc", 5, 3 },
    { "abc", "", 5, 3 },
    { "", "", 0, 0 },
    { "123456789012345678901234567890123456789012345678901234567890123",
      "123456789012345678901234567890123456789012345678901234567890123", 2, 0 },
    { "1234567890123456789012345678901234567890123456789012345678901234",
      "1234567890123456789012345678901234567890123456789012345678901234", 2, 3 },  // too long
};

static void test_distance(void **state)
{
    (void)state;
    for (size_t i = 0; i < BL_COUNT(distance_cases); i++) {
        const struct distance_case *row = &distance_cases[i];

        assert_int_equal(bl_text_distance(row->a, row->b, row->limit), row->distance);
        assert_int_equal(bl_text_distance(row->b, row->a, row->limit), row->distance);
    }
}

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(bl_text_columns(""), 0);
    assert_int_equal(bl_text_columns("abc"), 3);
    assert_int_equal(bl_text_columns("老张"), 4);
    assert_int_equal(bl_text_columns("老a（b）"), 8);
    assert_int_equal(bl_text_columns("e\xCC\x81"), 1);  // an accent of its own takes no column
}

static struct CMUnitTest tests[BL_COUNT(valid_cases) + 8];

static void test_control_characters(void **state)
{
    static const struct {
        const char *text;
        bool alone, with_lines;  // is there one, where line breaks count, and where they do not
    } rows[] = {
        { "", false, false },
        { "老张面馆 320㎡", false, false },
        { "一\n二\t三\r\n", true, false },
        { "\033[2J", true, true },
        { "a\bb", true, true },
        { "\x7f", true, true },
        { "\xc2\x9b", true, true },
        { "\xc2\xa0", false, false },
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        assert_int_equal(bl_text_has_control(bl_text_of(rows[i].text), false), rows[i].alone);
        assert_int_equal(bl_text_has_control(bl_text_of(rows[i].text), true), rows[i].with_lines);
    }
}

int main(void)
{
    size_t count = 0;

    for (; count < BL_COUNT(valid_cases); count++) {
        tests[count] =
            (struct CMUnitTest){ .name = valid_cases[count].name,
                                 .test_func = test_valid,
                                 .initial_state = (void *)(uintptr_t)&valid_cases[count] };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_control_characters);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_every_code_point);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_characters);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_cut_between_characters);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_copy);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_equal);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_distance);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_columns);
    return _cmocka_run_group_tests("text", tests, count, NULL, NULL);
}
