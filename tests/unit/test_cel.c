/* Conditions: CEL's meaning case by case (after the specification's conformance suite), the checks
 * against a form, where errors point, and the bounds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "definition/cel.h"
#include "definition/cel_json.h"
#include "definition/cel_node.h"

/* ---- meaning: no types known before, as `workflow eval` has it ---- */

struct meaning_case {
    const char *source;
    const char *result;  // JSON, or "error: " and a part of the message
};

// clang-format off
static const struct meaning_case meaning_cases[] = {
    /* basic */
    { "0", "0" }, { "42", "42" }, { "-1", "-1" }, { "0x55555555", "1431655765" },
    { "-0x55555555", "-1431655765" },
    { "9223372036854775807", "9223372036854775807" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "9223372036854775808", "error: does not fit" },
    { "18446744073709551616", "error: does not fit" },
    { "0x10000000000000000", "error: does not fit" },
    { "0.0", "0.0" }, { "-2.3e+1", "-23.0" }, { "1e3", "1000.0" }, { ".5", "0.5" },
    { "1e999", "error: too large for a double" },
    { "''", "\"\"" }, { "\"\"", "\"\"" }, { "true", "true" }, { "false", "false" },
    { "null", "null" }, { "[]", "[]" }, { "[1, 'a', 2.5]", "[1, \"a\", 2.5]" }, { "[1,]", "[1]" },
    { "{}", "{}" }, { "{'k': 'v'}", "{\"k\": \"v\"}" }, { "{1: true, false: 2}", "{\"1\": true, \"false\": 2}" },
    { "1u", "error: unsigned" }, { "b'abc'", "error: bytes" },

    /* text and its escapes */
    { "'a\\n\\t\\\\\\'\\\"\\?\\`'", "\"a\\n\\t\\\\'\\\"?`\"" },
    { "'\\a\\b\\f\\v\\r'", "\"\\u0007\\b\\f\\u000B\\r\"" },
    { "'\\x41\\X42\\103'", "\"ABC\"" }, { "'\\xff' == 'ÿ'", "true" },
    { "'\\u4e2d\\U00006587' == '中文'", "true" }, { "'\\U0001F431' == '🐱'", "true" },
    { "r'a\\n'", "\"a\\\\n\"" }, { "R\"\\\"", "\"\\\\\"" },
    { "'''a\n'b'\n'''", "\"a\\n'b'\\n\"" }, { "\"\"\"say \"\"hi\"\" \"\"\"", "\"say \\\"\\\"hi\\\"\\\" \"" },
    { "r'''\\'''", "\"\\\\\"" }, { "''''''", "\"\"" },
    { "'\\ud800'", "error: no Unicode character" }, { "'\\U00110000'", "error: no Unicode character" },
    { "'\\q'", "error: unknown escape" }, { "'\\x4'", "error: unknown escape" },
    { "'\\400'", "error: unknown escape" },
    { "'abc", "error: does not end" }, { "'a\nb'", "error: does not end" }, { "'''a''", "error: does not end" },

    /* syntax and precedence */
    { "1 + 2 * 3 - 4 / 2 % 3", "5" }, { "(1 + 2) * 3", "9" }, { "10 - 4 - 3", "3" },
    { "-2 * -3", "6" }, { "--5", "5" }, { "- -5", "5" }, { "!!true", "true" }, { "-(1 + 1)", "-2" },
    { "1 < 2 == true", "true" }, { "true || false && false", "true" },
    { "false && false || true", "true" }, { "true ? 1 : false ? 2 : 3", "1" },
    { "false ? 1 : false ? 2 : 3", "3" }, { "(true ? false : true) ? 1 : 2", "2" },
    { "1 // the rest is no matter\n + 1", "2" }, { "1\f+\t1\r\n", "2" },
    { "[[1, 2], [3]][0][1]", "2" }, { "!true || true", "true" },
    { "1 in [1] && 2 in [2]", "true" }, { "((((((((((((((((((((((((1))))))))))))))))))))))))", "1" },
    { "1 +", "error: ends too early" }, { "1 2", "error: an operator should stand here" },
    { "(1", "error: ends too early" }, { "[1", "error: ends too early" }, { "1)", "error: unexpected \")\"" },
    { "a.", "error: ends too early" }, { "size(1,)", "error: argument should follow" },
    { "true ? 1", "error: ends too early" }, { "{1}", "error: needs \":\"" }, { "for", "error: reserved" },
    { "1 = 1", "error: write \"==\"" }, { "true & true", "error: write \"&&\"" },
    { "true and false", "error: write \"&&\"" }, { "not true", "error: unexpected" },
    { "form.a ＞ 3", "error: write \">\"" }, { "1 # 2", "error: unexpected character" },
    { "5WD", "error: a number ends" }, { "", "error: empty" }, { "  // nothing", "error: ends too early" },

    /* logic: errors are absorbed by the side that settles it, in either order */
    { "true && true", "true" }, { "true && false", "false" }, { "false || true", "true" },
    { "false && 1 / 0 > 0", "false" }, { "1 / 0 > 0 && false", "false" },
    { "true || 1 / 0 > 0", "true" }, { "1 / 0 > 0 || true", "true" },
    { "true && 1 / 0 > 0", "error: division by zero" }, { "1 / 0 > 0 && true", "error: division by zero" },
    { "false || 1 / 0 > 0", "error: division by zero" }, { "1 / 0 > 0 || false", "error: division by zero" },
    { "false && 32", "false" }, { "'horses' && false", "false" }, { "true || 24", "true" },
    { "'horses' || true", "true" }, { "true && 'text'", "error: does not work on string" },
    { "0 || 1", "error: does not work on int" }, { "!0", "error: does not work on int" },
    { "1 / 0 > 0 && 5", "error: division by zero" },
    { "true ? 1 : 1 / 0", "1" }, { "false ? 1 / 0 : 2", "2" }, { "1 / 0 > 0 ? 1 : 2", "error: division" },
    { "'a' ? 1 : 2", "error: does not work on string" },

    /* equality and order */
    { "1 == 1", "true" }, { "1 == 1.0", "true" }, { "1 != 1.5", "true" }, { "1 == 'a'", "false" },
    { "null == null", "true" }, { "null == 0", "false" }, { "true == 1", "false" },
    { "0.0 == -0.0", "true" }, { "0.0 / 0.0 == 0.0 / 0.0", "false" }, { "0.0 / 0.0 != 1", "true" },
    { "9007199254740993 == 9007199254740992.0", "false" },
    { "9007199254740993 > 9007199254740992.0", "true" },
    { "9223372036854775807 < 9223372036854775808.0", "true" },
    { "-9223372036854775808 == -9223372036854775808.0", "true" },
    { "-9223372036854775808 > -1e300", "true" }, { "1e300 > 9223372036854775807", "true" },
    { "-1 > -1.5", "true" }, { "-2 < -1.5", "true" }, { "1.5 >= 1", "true" },
    { "0.0 / 0.0 < 1", "false" }, { "0.0 / 0.0 >= 1", "false" }, { "1 <= 0.0 / 0.0", "false" },
    { "'a' < 'b'", "true" }, { "'a' < 'aa'", "true" }, { "'B' < 'a'", "true" }, { "'' < 'a'", "true" },
    { "'\\u00e9' > 'z'", "true" }, { "'\\uffff' < '\\U00010000'", "true" }, { "'abc' == 'abc'", "true" },
    { "false < true", "true" }, { "true <= true", "true" }, { "'2026-10-01' < '2026-10-12'", "true" },
    { "[1, 2.0] == [1.0, 2]", "true" }, { "[1] == [1, 1]", "false" }, { "[] == []", "true" },
    { "[1, 2] != [2, 1]", "true" }, { "[[1]] == [[1]]", "true" },
    { "{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1}", "true" }, { "{'a': 1} == {'a': 2}", "false" },
    { "{'a': 1} == {'b': 1}", "false" }, { "{} == []", "false" },
    { "1 < 'a'", "error: \"<\" does not work on int and string" }, { "null < null", "error: null and null" },
    { "[1] < [2]", "error: list and list" }, { "false < 1", "error: bool and int" },

    /* int */
    { "40 + 2", "42" }, { "42 - 12", "30" }, { "-5 * 5", "-25" }, { "-7 / 2", "-3" }, { "7 % -3", "1" },
    { "-7 % 3", "-1" }, { "9223372036854775807 + 1", "error: does not fit" },
    { "-9223372036854775808 - 1", "error: does not fit" }, { "5000000000 * 5000000000", "error: does not fit" },
    { "-9223372036854775808 * -1", "error: does not fit" }, { "-9223372036854775808 / -1", "error: does not fit" },
    { "-9223372036854775808 % -1", "error: does not fit" }, { "-(-9223372036854775808)", "error: does not fit" },
    { "1 / 0", "error: division by zero" }, { "1 % 0", "error: division by zero" },
    { "1 + 1.0", "error: int and double" }, { "-'a'", "error: does not work on string" },
    { "true + true", "error: bool and bool" }, { "null + null", "error: null and null" },

    /* double */
    { "1.5 + 2.25", "3.75" }, { "1.0 - 3.0", "-2.0" }, { "2.0 * 0.5", "1.0" }, { "-4.0 / 1.6", "-2.5" },
    { "1.0 / 0.0", "\"Infinity\"" }, { "-1.0 / 0.0", "\"-Infinity\"" }, { "0.0 / 0.0", "\"NaN\"" },
    { "1e300 * 1e300", "\"Infinity\"" }, { "-(4.2)", "-4.2" }, { "1.0 % 2.0", "error: double and double" },

    /* text */
    { "'he' + 'llo'", "\"hello\"" }, { "'' + ''", "\"\"" }, { "size('')", "0" }, { "size('热食')", "2" },
    { "'🐱🐱🐱'.size()", "3" }, { "'foobar'.startsWith('foo')", "true" }, { "'foobar'.startsWith('')", "true" },
    { "''.startsWith('foo')", "false" }, { "'foobar'.endsWith('bar')", "true" }, { "''.endsWith('')", "true" },
    { "'a'.endsWith('ba')", "false" }, { "'foobar'.contains('oba')", "true" }, { "'abc'.contains('')", "true" },
    { "''.contains('a')", "false" }, { "'中国人'.contains('国')", "true" }, { "'a'.contains(1)", "error: string and int" },
    { "1.0.startsWith('a')", "error: double and string" }, { "size(1)", "error: does not work on int" },
    { "'a' + 1", "error: string and int" },

    /* matches: RE2's meaning */
    { "'hubba'.matches('ubb')", "true" }, { "''.matches('foo|bar')", "false" }, { "'cows'.matches('')", "true" },
    { "matches('grey', 'gr(a|e)y')", "true" }, { "'banana'.matches('ba(na)*')", "true" },
    { "'mañana'.matches('a+ñ+a+')", "true" }, { "'🐱😀😀'.matches('(a|😀){2}')", "true" },
    { "'abc'.matches('^b')", "false" }, { "'13800000000'.matches(r'^1[3-9]\\d{9}$')", "true" },
    { "'a\\n'.matches('a$')", "false" }, { "'a\\nb'.matches('(?m)a$')", "true" }, { "'a\\n'.matches('(?m)^$')", "true" },
    { "'a\\nb'.matches('a.b')", "false" }, { "'a\\nb'.matches('(?s)a.b')", "true" }, { "'\\r'.matches('^.$')", "true" },
    { "'ABC'.matches('(?i)abc')", "true" }, { "'ABc'.matches('(?i:ab)c')", "true" },
    { "'\\v'.matches(r'^\\s$')", "false" }, { "'\\v'.matches(r'^\\S$')", "true" }, { "'\\v'.matches(r'^\\v$')", "true" },
    { "'\\n'.matches(r'^\\v$')", "false" }, { "'\\v'.matches(r'^[\\s]$')", "false" }, { "'\\v'.matches(r'^[\\S]$')", "true" },
    { "' '.matches(r'^[^\\s]$')", "false" }, { "'\\v'.matches(r'^[[:space:]]$')", "true" },
    { "'١'.matches(r'^\\d$')", "false" }, { "'中'.matches(r'^\\p{Han}$')", "true" }, { "'é'.matches(r'^\\w$')", "false" },
    { "']'.matches('^[]]$')", "true" }, { "'['.matches('^[[]$')", "true" }, { "'a{,2}'.matches('^a{,2}$')", "true" },
    { "'aa'.matches('^(?P<x>a){2}$')", "true" }, { "'a'.matches(r'^\\x61$')", "true" }, { "'a'.matches(r'^\\x{61}$')", "true" },
    { "'ab'.matches('a' + 'b')", "true" }, { "'a'.matches('a' + '(')", "error: " },
    { "'a'.matches('(')", "error: not a regular expression" }, { "'a'.matches('*')", "error: not a regular" },
    { "'aa'.matches(r'(a)\\1')", "error: reference back" }, { "'a'.matches('(?=a)')", "error: group" },
    { "'a'.matches('(?<!a)b')", "error: group" }, { "'a'.matches('(?>a)')", "error: group" },
    { "'a'.matches('(?P=x)')", "error: group" }, { "'a'.matches('(?R)')", "error: group" }, { "'a'.matches('(?#c)')", "error: group" },
    { "'a'.matches('(*UCP)a')", "error: repetition of nothing" }, { "'a'.matches('a++')", "error: repetition of a repetition" },
    { "'a'.matches('a{2}{3}')", "error: repetition of a repetition" }, { "'a'.matches('a{1001}')", "error: 1000 times" },
    { "'a'.matches(r'\\Ka')", "error: escape" }, { "'a'.matches(r'\\R')", "error: escape" }, { "'a'.matches(r'\\Z')", "error: escape" },
    { "'a'.matches(r'[\\b]')", "error: escape" }, { "'a'.matches(r'\\xZ(?=a)')", "error: hexadecimal" },
    { "'a'.matches('[[:a](?=b)[:]')", "error: group" }, { "'a'.matches('a\\\\')", "error: backslash" },

    /* lists and maps */
    { "[1, 2, 3][1]", "2" }, { "[1, 2][1.0]", "2" }, { "[1][1]", "error: outside" }, { "[1][-1]", "error: outside" },
    { "[1][0.5]", "error: outside" }, { "[1]['a']", "error: list and string" }, { "1[0]", "error: int and int" },
    { "[1] + [2, 3]", "[1, 2, 3]" }, { "[] + []", "[]" }, { "size([1, 2])", "2" }, { "[].size()", "0" },
    { "1 in [1, 2]", "true" }, { "1.0 in [1, 2]", "true" }, { "'a' in []", "false" }, { "'1' in [1]", "false" },
    { "[1] in [[1]]", "true" }, { "'a' in {'a': 1}", "true" }, { "2 in {1: 'a'}", "false" }, { "'a' in 'abc'", "error: string and string" },
    { "{'a': 7}.a", "7" }, { "{'a': 7}['a']", "7" }, { "{1: 'x'}[1.0]", "\"x\"" }, { "{'a': 1}.b", "error: no such key" },
    { "{'a': 1}['b']", "error: no such key" }, { "{'a': {'b': 3}}.a.b", "3" }, { "'x'.y", "error: does not work on string" },
    { "{'a': 1, 'a': 2}", "error: twice" }, { "{1.5: 1}", "error: a key of a map" }, { "size({'a': 1})", "1" },
    { "has({'a': 1}.a)", "true" }, { "has({'a': 1}.b)", "false" }, { "has({'a': 1}.b.c)", "error: no such key" },
    { "has({'a': null}.a)", "true" }, { "has(1)", "error: takes a field" },

    /* macros */
    { "[1, 2, 3].all(x, x > 0)", "true" }, { "[1, 2, 3].all(x, x > 1)", "false" }, { "[].all(x, x > 1)", "true" },
    { "[1, 0].all(x, 1 / x < 0)", "false" }, { "[0, 1].all(x, 1 / x < 0)", "false" },
    { "[0, 1].all(x, 1 / x > 0)", "error: division" }, { "[1].all(x, x)", "error: does not work on int" },
    { "[1, 2].exists(x, x == 2)", "true" }, { "[].exists(x, true)", "false" }, { "[0, 1].exists(x, 1 / x == 1)", "true" },
    { "[0, 1].exists(x, 1 / x == 2)", "error: division" }, { "{'a': 1, 'b': 2}.exists(k, k == 'b')", "true" },
    { "[1, 2, 1].exists_one(x, x == 1)", "false" }, { "[1, 2].exists_one(x, x == 1)", "true" },
    { "[].exists_one(x, true)", "false" }, { "[0, 1].exists_one(x, 1 / x == 1)", "error: division" },
    { "[1, 2, 3].filter(x, x > 1)", "[2, 3]" }, { "[].filter(x, true)", "[]" }, { "[1, 2].map(x, x * x)", "[1, 4]" },
    { "[1, 2, 3].map(x, x > 1, x * 10)", "[20, 30]" }, { "{'a': 1}.map(k, k + '!')", "[\"a!\"]" },
    { "[[1, 2], [3]].all(x, x.all(y, y > 0))", "true" }, { "[1, 2].all(x, [1, 2].exists(y, y == x))", "true" },
    { "[1].all(x, [2].all(x, x == 2) && x == 1)", "true" }, { "(1).all(x, true)", "error: does not work on int" }, { "[1].all(1, true)", "error: a name for the elements" },
    { "[1].all(x, y)", "error: unknown name" }, { "[1].all(x, true) && x", "error: unknown name" },

    /* conversions */
    { "int('42')", "42" }, { "int('-9223372036854775808')", "-9223372036854775808" }, { "int('9223372036854775808')", "error: converted" },
    { "int('')", "error: converted" }, { "int('-')", "error: converted" }, { "int(' 1')", "error: converted" }, { "int('1.5')", "error: converted" },
    { "int(1.9)", "1" }, { "int(-1.9)", "-1" }, { "int(9223372036854775808.0)", "error: does not fit" },
    { "int(-9223372036854775808.0)", "error: does not fit" }, { "int(0.0 / 0.0)", "error: does not fit" }, { "int(true)", "error: does not work on bool" },
    { "double(3)", "3.0" }, { "double('1.5e2')", "150.0" }, { "double('-.5')", "-0.5" }, { "double('NaN')", "\"NaN\"" }, { "double('-inf')", "\"-Infinity\"" },
    { "double('0x1p3')", "error: converted" }, { "double('1 ')", "error: converted" }, { "double('')", "error: converted" },
    { "double('1e999')", "error: converted" }, { "double('1-1')", "error: converted" },
    { "string(123)", "\"123\"" }, { "string(-1.5)", "\"-1.5\"" }, { "string(0.1)", "\"0.1\"" }, { "string(320.0)", "\"320\"" },
    { "string(0.1 + 0.2)", "\"0.30000000000000004\"" }, { "string(true)", "\"true\"" }, { "string('x')", "\"x\"" }, { "string([1])", "error: list" },
    { "bool('true')", "true" }, { "bool('F' + 'ALSE')", "false" }, { "bool('yes')", "error: converted" }, { "bool(1)", "error: does not work on int" },
    { "dyn(1) == dyn('1')", "false" },

    /* functions */
    { "'a'.startswith('a')", "error: did you mean \"startsWith\"?" }, { "now()", "error: unknown function \"now\"" },
    { "startsWith('a', 'b')", "error: write x.startsWith" }, { "'1'.int()", "error: write int(x)" },
    { "size()", "error: size takes 1 argument in" }, { "'a'.contains()", "error: contains takes 1 argument in" },
    { "int(1, 2)", "error: int takes 1 argument in" },

    /* the form, as JSON: {"a": {"b": 5}, "list": [{"n": 1}, {"n": 2}], "area": 320.5, "name": "老张面馆", "no": null} */
    { "form.area > 300 || form.decorated", "true" }, { "form.area < 300 || form.decorated", "error: no such key" },
    { "form.a.b + 1", "6" }, { "form['a']['b']", "5" }, { "form.list.all(row, row.n > 0)", "true" },
    { "form.list[1].n", "2" }, { "has(form.a.b)", "true" }, { "has(form.a.c)", "false" }, { "has(form.x.y)", "error: no such key" },
    { "form.no == null", "true" }, { "'area' in form", "true" }, { "size(form.name)", "4" }, { "form.name.b", "error: does not work on string" },
    { "fom.a", "error: did you mean \"form\"?" }, { "item.x.result == ''", "error: unknown name" },
};
// clang-format on

#define FORM_JSON                                                                                  \
    "{\"a\": {\"b\": 5}, \"list\": [{\"n\": 1}, {\"n\": 2}], \"area\": 320.5, "                    \
    "\"name\": \"老张面馆\", \"no\": null}"

static bool get_form(void *context, size_t slot, struct cel_value *value)
{
    assert_int_equal(slot, 0);
    *value = *(struct cel_value *)context;
    return true;
}

static void check_result(const char *wanted, enum bl_err err, const struct cel_value *value,
                         const struct bl_error *e)
{
    static const char error[] = "error: ";

    if (strncmp(wanted, error, strlen(error)) == 0) {
        assert_int_not_equal(err, BL_OK);
        assert_int_not_equal(e->line, 0);
        if (strstr(e->text, wanted + strlen(error)) == NULL) {
            fail_msg("\"%s\" instead of \"%s\"", e->text, wanted);
        }
        return;
    }
    if (err != BL_OK) {
        fail_msg("%u:%u: %s", e->line, e->column, e->text);
    }
    json_t *json = cel_to_json(value);
    char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    assert_string_equal(text, wanted);
    free(text);
    json_decref(json);
}

static void test_meaning(void **state)
{
    const struct meaning_case *row = *state;
    const struct cel_variable variable = { .name = "form", .type = CEL_DYN };
    const struct cel_schema open = { &variable, 1, true };
    struct bl_arena arena;
    struct bl_error e = { .code = BL_OK };
    struct cel_value form, value;
    const struct cel *cel;
    json_t *json = json_loads(FORM_JSON, 0, NULL);

    bl_arena_init(&arena, 4096, 2 * CEL_COMPILED_BYTES);
    cel_of_json(json, &arena, &form);
    const struct cel_scope scope = { get_form, &form };
    enum bl_err err = cel_compile(row->source, strlen(row->source), &open, &arena, &cel, &e);
    if (err == BL_OK) {
        err = cel_eval(cel, &scope, &arena, &value, &e);
    }
    check_result(row->result, err, &value, &e);
    json_decref(json);
    bl_arena_free(&arena);
}

/* The same without folding, so that the evaluator agrees with it. */
static void test_unfolded(void **state)
{
    const struct meaning_case *row = *state;
    const struct cel_variable variable = { .name = "form", .type = CEL_DYN };
    const struct cel_schema open = { &variable, 1, true };
    struct bl_arena arena;
    struct bl_error e = { .code = BL_OK };
    struct cel_value form, value;
    struct cel_node *root;
    bool used;
    json_t *json = json_loads(FORM_JSON, 0, NULL);
    struct cel_source source = { row->source, strlen(row->source), &arena, 100000, &e };

    bl_arena_init(&arena, 4096, 2 * CEL_COMPILED_BYTES);
    cel_of_json(json, &arena, &form);
    const struct cel_scope scope = { get_form, &form };
    struct cel_run run = { .scope = &scope, .scratch = &arena, .steps_left = CEL_STEPS_MAX };
    bool ok = cel_parse(&source, &root) == BL_OK &&
              cel_check(&source, &open, root, &used) == BL_OK && cel_run_node(&run, root, &value);
    if (ok) {
        check_result(row->result, BL_OK, &value, &e);
    } else {
        assert_memory_equal(row->result, "error", 5);  // which one is in the table above
    }
    json_decref(json);
    bl_arena_free(&arena);
}

/* ---- against a form ---- */

static const char *const results[] = { "granted", "denied", "tacit", "not_needed", "blocked" };
static const char *const kinds[] = { "热食", "冷食", "生食", "饮品" };

// clang-format off
static const struct cel_variable variables[] = {
    { .name = "form.area", .type = CEL_DOUBLE },
    { .name = "form.decorated", .type = CEL_BOOL },
    { .name = "form.sign_text", .type = CEL_STRING },
    { .name = "form.floors", .type = CEL_INT },
    { .name = "form.kinds", .type = CEL_LIST, .element = CEL_STRING, .options = kinds, .option_count = BL_COUNT(kinds) },
    { .name = "form.rows", .type = CEL_LIST },
    { .name = "item.fire_check.result", .type = CEL_STRING, .options = results, .option_count = BL_COUNT(results) },
    { .name = "form.address", .type = CEL_MAP },
};
enum slot { AREA, DECORATED, SIGN_TEXT, FLOORS, KINDS, ROWS, FIRE_CHECK, ADDRESS };
// clang-format on

static const struct cel_schema schema = { variables, BL_COUNT(variables), false };

struct typed_case {
    const char *source;
    enum cel_type type;
    uint32_t slots;  // a bit for each
    bool constant;
};

#define SLOT(slot) (1U << (slot))

// clang-format off
static const struct typed_case typed_cases[] = {
    { "form.area > 300 || form.decorated", CEL_BOOL, SLOT(AREA) | SLOT(DECORATED), false },
    { "form.sign_text != ''", CEL_BOOL, SLOT(SIGN_TEXT), false },
    { "item.fire_check.result in ['granted', 'tacit', 'not_needed']", CEL_BOOL, SLOT(FIRE_CHECK), false },
    { "item.fire_check.result == 'granted' && form.area > 5", CEL_BOOL, SLOT(FIRE_CHECK) | SLOT(AREA), false },
    { "item.fire_check.result == ''", CEL_BOOL, SLOT(FIRE_CHECK), false },
    { "'热食' in form.kinds", CEL_BOOL, SLOT(KINDS), false },
    { "form.kinds.exists(k, k == '冷食')", CEL_BOOL, SLOT(KINDS), false },
    { "form.kinds == ['冷食']", CEL_BOOL, SLOT(KINDS), false },
    { "size(form.kinds) > form.floors", CEL_BOOL, SLOT(KINDS) | SLOT(FLOORS), false },
    { "form.floors + 1", CEL_INT, SLOT(FLOORS), false },
    { "form.area * 2.0", CEL_DOUBLE, SLOT(AREA), false },
    { "form.floors == form.area", CEL_BOOL, SLOT(FLOORS) | SLOT(AREA), false },
    { "form.decorated ? form.sign_text : 'no'", CEL_STRING, SLOT(SIGN_TEXT) | SLOT(DECORATED), false },
    { "form.rows.all(r, r.n > 3)", CEL_BOOL, SLOT(ROWS), false },
    { "form.rows[0]", CEL_DYN, SLOT(ROWS), false },
    { "form.address.street", CEL_DYN, SLOT(ADDRESS), false },
    { "has(form.address.street)", CEL_BOOL, SLOT(ADDRESS), false },
    { "has(form.area)", CEL_BOOL, SLOT(AREA), false },
    { "form.kinds.map(k, size(k))", CEL_LIST, SLOT(KINDS), false },
    { "[1].all(form, form == 1)", CEL_BOOL, 0, true },
    { "form.area > 1 || true", CEL_BOOL, SLOT(AREA), true },
    { "false && form.area > 1", CEL_BOOL, SLOT(AREA), true },
    { "1 + 1 == 2", CEL_BOOL, 0, true },
    { "[0, 1].exists(x, 1 / x == form.floors)", CEL_BOOL, SLOT(FLOORS), false },  // may be absorbed
    { "[1, 2].all(x, [3].exists(y, y > x))", CEL_BOOL, 0, true },
    { "[1, 2].all(x, [3.0].exists(y, y > form.area))", CEL_BOOL, SLOT(AREA), false },
    { "true ? 1 : form.floors", CEL_INT, SLOT(FLOORS), true },
};
// clang-format on

static void test_typed(void **state)
{
    const struct typed_case *row = *state;
    struct bl_arena arena;
    struct bl_error e = { .code = BL_OK };
    const struct cel *cel;
    uint32_t used = 0, listed = 0;
    size_t count;

    bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
    if (cel_compile(row->source, strlen(row->source), &schema, &arena, &cel, &e) != BL_OK) {
        fail_msg("%u:%u: %s", e.line, e.column, e.text);
    }
    assert_int_equal(cel_type_of(cel), row->type);
    assert_int_equal(cel_is_constant(cel), row->constant);
    for (size_t i = 0; i < BL_COUNT(variables); i++) {
        used |= cel_uses(cel, i) ? SLOT(i) : 0;
    }
    const uint32_t *slots = cel_slots(cel, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || slots[i - 1] < slots[i]);
        listed |= SLOT(slots[i]);
    }
    assert_int_equal(used, row->slots);
    assert_int_equal(listed, row->slots);
    bl_arena_free(&arena);
}

/* ---- errors and where they point ---- */

struct error_case {
    const char *source;
    uint32_t line, column;
    const char *text;
};

// clang-format off
static const struct error_case error_cases[] = {
    { "form.aera > 300", 1, 6, "\"form\" has no \"aera\"; did you mean \"area\"?" },
    { "form.area > 300 ||\n  form.decoratd", 2, 8, "\"form\" has no \"decoratd\"; did you mean \"decorated\"?" },
    { "'热食' in form.kind", 1, 14, "\"form\" has no \"kind\"; did you mean \"kinds\"?" },
    { "item.fire_chek.result == 'granted'", 1, 6, "\"item\" has no \"fire_chek\"; did you mean \"fire_check\"?" },
    { "item.fire_check.reslt == 'granted'", 1, 17, "\"item.fire_check\" has no \"reslt\"; did you mean \"result\"?" },
    { "item.fire_check == 'granted'", 1, 6, "\"item.fire_check\" is no value by itself; write a field of it, such as \"item.fire_check.result\"" },
    { "form == 1", 1, 1, "\"form\" is no value by itself; write a field of it, such as \"form.area\"" },
    { "1 / 0 == 1", 1, 3, "division by zero, whatever is answered" },
    { "form.decorated ||\n 1 / 0 > form.floors", 2, 4, "division by zero, whatever is answered" },
    { "form.rows.all(r, r.n > int('x'))", 1, 24, "the text cannot be converted, whatever is answered" },
    { "[1, 2][2] > form.floors", 1, 7, "the index is outside the list, whatever is answered" },
    { "fom.area > 3", 1, 1, "unknown name \"fom\"; did you mean \"form\"?" },
    { "area > 3", 1, 1, "unknown name \"area\"; did you mean \"form.area\"?" },
    { "form.zzzzzzzz", 1, 6, "\"form\" has no \"zzzzzzzz\"" },
    { "has(form.aera)", 1, 10, "\"form\" has no \"aera\"; did you mean \"area\"?" },
    { "item.fire_check.result == 'grantd'", 1, 27, "item.fire_check.result is never \"grantd\"; did you mean \"granted\"?" },
    { "'完全' == item.fire_check.result", 1, 1, "item.fire_check.result is never \"完全\"" },
    { "item.fire_check.result in ['granted', 'tacid']", 1, 39, "item.fire_check.result is never \"tacid\"; did you mean \"tacit\"?" },
    { "'热水' in form.kinds", 1, 1, "form.kinds is never \"热水\"; did you mean \"热食\"?" },
    { "form.kinds.all(k, k != '热水')", 1, 24, "form.kinds is never \"热水\"; did you mean \"热食\"?" },
    { "form.area", 0, 0, NULL },
    { "form.sign_text == 3", 1, 16, "string and int are never equal" },
    { "form.decorated == 'yes'", 1, 16, "bool and string are never equal" },
    { "form.area == null", 1, 11, "double and null are never equal; write has() to ask for a field" },
    { "form.kinds == [1]", 1, 12, "lists of string and of int are never equal" },
    { "form.area > '300'", 1, 11, "\">\" cannot compare double with string" },
    { "form.kinds > form.kinds", 1, 12, "\">\" cannot compare list with list" },
    { "form.area + 1", 1, 11, "\"+\" cannot join double and int; write 1.0 instead of 1, or double(…)" },
    { "form.decorated + form.decorated", 1, 16, "\"+\" does not work on bool" },
    { "form.area % 2.0", 1, 11, "\"%\" does not work on double" },
    { "-form.sign_text", 1, 1, "\"-\" does not work on string" },
    { "form.area && true", 1, 11, "\"&&\" joins conditions; double is none, write a comparison" },
    { "!form.area", 1, 1, "\"!\" joins conditions; double is none, write a comparison" },
    { "form.area ? 1 : 2", 1, 11, "what stands before \"?\" is double, not a condition" },
    { "form.decorated ? 1 : 'a'", 1, 16, "\"? :\" gives int or string; both values must have one type" },
    { "form.floors in form.kinds", 1, 13, "a list of string never has int in it" },
    { "'a' in form.sign_text", 1, 5, "\"in\" looks into a list or map, not into string; write text.contains(part)" },
    { "form.area.size()", 1, 11, "size() does not take double" },
    { "form.area.startsWith('3')", 1, 11, "startsWith() does not take double" },
    { "form.area.unit", 1, 11, "a value of type double has no field \"unit\"" },
    { "form.kinds['a']", 1, 11, "a list is indexed by int, not by string" },
    { "form.area[0]", 1, 10, "a value of type double cannot be indexed" },
    { "int(form.decorated)", 1, 1, "int() does not take bool" },
    { "bool(form.area)", 1, 1, "bool() does not take double" },
    { "{1.5: 1}", 1, 2, "a map has no keys of type double" },
    { "form.area.all(x, true)", 1, 11, "all() runs over a list or map, not over double" },
    { "form.kinds.all(x, size(x))", 1, 12, "all() needs a condition, not int" },
    { "form.sign_text.matches('[')", 1, 24, "the pattern is not a regular expression: missing terminating ] for character class (byte 1)" },
    { "form.sign_text.matches('中(?=a)')", 1, 24, "the pattern has a group of a kind that RE2 does not know at its character 2" },
    { "  form.area >", 1, 14, "the expression ends too early: a value should stand here" },
    { "form.area ≥ 300", 1, 11, "unexpected \"≥\"; write \">=\"" },
    { "not form.decorated", 1, 1, "unexpected \"not\"; write \"!\"" },
    { "'\xff'", 1, 1, "the expression is not UTF-8 text" },
};
// clang-format on

static void test_error(void **state)
{
    const struct error_case *row = *state;
    struct bl_arena arena;
    struct bl_error e = { .code = BL_OK };
    const struct cel *cel = NULL;

    bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
    enum bl_err err = cel_compile(row->source, strlen(row->source), &schema, &arena, &cel, &e);
    assert_string_equal(e.text, row->text == NULL ? "" : row->text);
    assert_int_equal(err, row->text == NULL ? BL_OK : BL_DEFINITION);
    assert_int_equal(e.line, row->line);
    assert_int_equal(e.column, row->column);
    assert_true((cel == NULL) == (row->text != NULL));
    bl_arena_free(&arena);
}

/* ---- evaluation on a form ---- */

static const struct cel *compile(const char *source, struct bl_arena *arena)
{
    struct bl_error e = { .code = BL_OK };
    const struct cel *cel;

    if (cel_compile(source, strlen(source), &schema, arena, &cel, &e) != BL_OK) {
        fail_msg("%u:%u: %s", e.line, e.column, e.text);
    }
    return cel;
}

static void test_absent_is_empty(void **state)
{
    static const char *const sources[] = {
        "form.area == 0",          "form.decorated == false",
        "form.sign_text == ''",    "form.floors == 0",
        "form.kinds == []",        "item.fire_check.result == ''",
        "size(form.address) == 0", "!has(form.area)",
        "!has(form.kinds)",        "!has(form.address.street)",
    };
    struct bl_arena arena;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(sources); i++) {
        struct cel_value value;
        bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
        assert_int_equal(cel_eval(compile(sources[i], &arena), NULL, &arena, &value, NULL), BL_OK);
        assert_int_equal(value.type, CEL_BOOL);
        assert_true(value.boolean);
        bl_arena_free(&arena);
    }
}

static bool get_area(void *context, size_t slot, struct cel_value *value)
{
    if (slot != AREA) {
        return false;
    }
    *value = (struct cel_value){ .type = CEL_DOUBLE, .number = *(double *)context };
    return true;
}

static void test_logic_takes_no_memory(void **state)
{
    struct bl_arena arena, none;
    double area = 320.5;
    const struct cel_scope scope = { get_area, &area };
    struct cel_value value;

    (void)state;
    bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
    bl_arena_init(&none, 1, 0);
    const struct cel *cel = compile("has(form.area) && (form.area > 300 || form.decorated) && "
                                    "!(form.sign_text in ['学校', '医院'])",
                                    &arena);
    assert_int_equal(cel_eval(cel, &scope, &none, &value, NULL), BL_OK);
    assert_true(value.boolean);
    area = 300;
    assert_int_equal(cel_eval(cel, &scope, &none, &value, NULL), BL_OK);
    assert_false(value.boolean);
    assert_int_equal(none.used_bytes, 0);
    bl_arena_free(&arena);
}

static void test_error_has_position(void **state)
{
    struct bl_arena arena;
    struct bl_error e = { .code = BL_OK };
    struct cel_value value;

    (void)state;
    bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
    const struct cel *cel = compile("form.decorated ||\n 10 / form.floors > 2", &arena);
    assert_int_equal(cel_eval(cel, NULL, &arena, &value, &e), BL_INVALID);
    assert_int_equal(e.line, 2);
    assert_int_equal(e.column, 5);
    assert_string_equal(e.text, "division by zero");
    bl_arena_free(&arena);
}

/* ---- bounds ---- */

/* `times` × `part` between `head` and `tail`. */
static char *repeat(const char *head, const char *part, size_t times, const char *tail)
{
    size_t bytes = strlen(head) + strlen(part) * times + strlen(tail) + 1;
    char *text = calloc(1, bytes), *at = stpcpy(text, head);

    for (size_t i = 0; i < times; i++) {
        at = stpcpy(at, part);
    }
    (void)stpcpy(at, tail);
    return text;
}

struct bound_case {
    const char *name, *head, *part;
    size_t times;
    const char *tail, *text;  // what the error says; NULL: there is none
};

// clang-format off
static const struct bound_case bound_cases[] = {
    { "32 operands", "true", " && true", 31, "", NULL },
    { "90 operands", "true", " || true", 89, "", NULL },
    { "chain", "true", " || true", 110, "", "deeper than" },
    { "parentheses", "", "(", 200, "", "deeper than" },
    { "signs", "", "!", 200, "true", "deeper than" },
    { "indexes", "[1]", "[0]", 200, "", "deeper than" },
    { "conditionals", "", "true ? 1 : ", 200, "2", "deeper than" },
    { "parts", "[", "1,", 1001, "]", "more than 1000 parts" },
    { "parts that fit", "[", "1,", 999, "]", NULL },
    { "bytes", "'", "x", 4095, "'", "4096 bytes" },
    { "pattern", "'a'.matches('", "x", 513, "')", "512 bytes" },
    { "pattern's size", "'a'.matches('", "((ab){99}){9}", 30, "')", "too large" },
    { "macros in macros", "", "[1].all(x, ", 9, "true", "nested deeper than 8" },
    { "name", "a", ".abcdefghijklmnop", 20, "", "unknown name" },
};
// clang-format on

static void test_bound(void **state)
{
    const struct bound_case *row = *state;
    struct bl_arena arena;
    struct bl_error e = { .code = BL_OK };
    const struct cel *cel;
    char *source = repeat(row->head, row->part, row->times, row->tail);

    if (strstr(row->part, ".all") != NULL) {
        char *closed = repeat(source, ")", row->times, "");
        free(source);
        source = closed;
    }
    bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
    enum bl_err err = cel_compile(source, strlen(source), &schema, &arena, &cel, &e);
    assert_int_equal(err == BL_OK, row->text == NULL);
    if (row->text != NULL && strstr(e.text, row->text) == NULL) {
        fail_msg("\"%s\" instead of \"%s\"", e.text, row->text);
    }
    free(source);
    bl_arena_free(&arena);
}

struct effort_case {
    const char *source, *text;
};

// clang-format off
static const struct effort_case effort_cases[] = {
    { "form.rows.all(a, form.rows.all(b, form.rows.all(c, a + b + c >= 0)))", "takes too long" },
    { "true || form.rows.all(a, form.rows.all(b, form.rows.all(c, a + b + c >= 0)))", NULL },
    { "form.rows.all(a, form.rows.all(b, form.rows.all(c, a + b + c >= 0))) || !form.decorated", "takes too long" },
    { "form.rows.map(a, form.sign_text).exists(t, t.matches('(x+x+)+y'))", "takes too long" },
    { "form.sign_text.matches('^(x|xx)*[ab]$')", "takes too long" },
    { "form.rows.map(a, form.sign_text + form.sign_text + form.sign_text).size() > 0", "too" },
    { "form.sign_text.matches(form.sign_text + form.sign_text)", "too much memory" },
};
// clang-format on

static struct cel_value ones[200];
static char xs[400];

static bool get_large(void *context, size_t slot, struct cel_value *value)
{
    (void)context;
    if (slot == ROWS) {
        *value = (struct cel_value){ .type = CEL_LIST, .list = { ones, BL_COUNT(ones) } };
    } else {
        *value = (struct cel_value){ .type = CEL_STRING, .string = { xs, sizeof xs } };
    }
    return slot == ROWS || slot == SIGN_TEXT;
}

static void test_effort(void **state)
{
    const struct effort_case *row = *state;
    const struct cel_scope scope = { get_large, NULL };
    struct bl_arena arena, scratch;
    struct bl_error e = { .code = BL_OK };
    struct cel_value value;

    memset(xs, 'x', sizeof xs);
    for (size_t i = 0; i < BL_COUNT(ones); i++) {
        ones[i] = (struct cel_value){ .type = CEL_INT, .integer = 1 };
    }
    bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
    bl_arena_init(&scratch, 4096, 100000);
    enum bl_err err = cel_eval(compile(row->source, &arena), &scope, &scratch, &value, &e);
    assert_int_equal(err, row->text == NULL ? BL_OK : BL_TOO_LARGE);
    if (row->text != NULL && strstr(e.text, row->text) == NULL) {
        fail_msg("\"%s\" instead of \"%s\"", e.text, row->text);
    }
    bl_arena_free(&scratch);
    bl_arena_free(&arena);
}

/* ---- all rows ---- */

static struct CMUnitTest tests[4 * BL_COUNT(meaning_cases)];
static size_t test_count;

static void add(const char *name, CMUnitTestFunction test, const void *row)
{
    assert_true(test_count < BL_COUNT(tests));
    tests[test_count++] = (struct CMUnitTest){ .name = name,
                                               .test_func = test,
                                               .initial_state = (void *)(uintptr_t)row };
}

#define ADD_TABLE(table, name, test)                                                               \
    for (size_t i = 0; i < BL_COUNT(table); i++) {                                                 \
        add(table[i].name, test, &table[i]);                                                       \
    }

int main(void)
{
    ADD_TABLE(meaning_cases, source, test_meaning)
    ADD_TABLE(meaning_cases, source, test_unfolded)
    ADD_TABLE(typed_cases, source, test_typed)
    ADD_TABLE(error_cases, source, test_error)
    ADD_TABLE(bound_cases, name, test_bound)
    ADD_TABLE(effort_cases, source, test_effort)
    add("an absent field is the empty value of its type", test_absent_is_empty, NULL);
    add("logic takes no memory", test_logic_takes_no_memory, NULL);
    add("an evaluation error has a position", test_error_has_position, NULL);
    return _cmocka_run_group_tests("cel", tests, test_count, NULL, NULL);
}
