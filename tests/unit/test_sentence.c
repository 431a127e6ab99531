/* Every rule that the sources refuse by has a sentence in both languages, and sentences are filled
 * with their arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>
#include <glob.h>

#include "core/refusal.h"
#include "core/sentence.h"
#include "definition/definition.h"

/* What looks like a rule in the sources and is none. */
static const char *const no_rules[] = { "broker-key", "test-clock", "own-routing-id",
                                        "does-not-read" };

static bool is_known(const char *word)
{
    for (size_t i = 0; i < BL_COUNT(no_rules); i++) {
        if (strcmp(no_rules[i], word) == 0) {
            return true;
        }
    }
    return sentence_find(word) != NULL || sentence_word(word, LANGUAGE_ZH) != word;
}

/* Is it kebab-case with at least one hyphen, as all rules are but those named like a code? */
static bool is_kebab(const char *word)
{
    return word[0] >= 'a' && word[0] <= 'z' && strchr(word, '-') != NULL &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyz-")] == '\0' &&
           word[strlen(word) - 1] != '-';
}

/* Does a literal at this place follow an error code, as a rule does: BL_DENIED, "role"? */
static bool follows_code(const char *text, const char *quote)
{
    const char *at = quote;

    while (at > text && (at[-1] == ' ' || at[-1] == '\n')) {
        at--;
    }
    if (at == text || at[-1] != ',') {
        return false;
    }
    const char *end = --at;
    while (at > text && (at[-1] == '_' || (at[-1] >= 'A' && at[-1] <= 'Z'))) {
        at--;
    }
    return end - at > 3 && strncmp(at, "BL_", 3) == 0;
}

typedef void (*visit)(const char *path, const char *literal, bool after_code);

/* Calls `each` for every string literal of a C source that has no escapes. */
static void literals(const char *path, visit each)
{
    static char text[1 << 20], literal[256];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    for (const char *at = strchr(text, '"'); at != NULL; at = strchr(at, '"')) {
        bool after_code = follows_code(text, at);
        size_t length = strcspn(++at, "\"\n");

        if (length < sizeof literal) {
            memcpy(literal, at, length);
            literal[length] = '\0';
            each(path, literal, after_code);
        }
        at += length + (at[length] != '\0');
    }
}

static size_t seen, missing;

static void check_rule(const char *path, const char *literal, bool after_code)
{
    bool is_word =
        literal[0] != '\0' && literal[strspn(literal, "abcdefghijklmnopqrstuvwxyz")] == '\0';

    if (!is_kebab(literal) && !(after_code && is_word)) {
        return;
    }
    seen++;
    if (!is_known(literal)) {
        print_error("%s refuses by \"%s\", which has no sentence in core/sentence.c\n", path,
                    literal);
        missing++;
    }
}

static void check_code(const char *path, const char *literal, bool after_code)
{
    (void)after_code;
    if (strncmp(literal, "E-", 2) != 0 ||
        literal[2 + strspn(literal + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")] != '\0') {
        return;
    }
    seen++;
    if (definition_code_find(literal) == NULL) {
        print_error("%s reports %s, which definition/codes.c does not explain\n", path, literal);
        missing++;
    }
}

/* Adds to `seen` and `missing`. */
static void check_files(const char *pattern, visit each)
{
    char full[512];
    glob_t found;

    (void)snprintf(full, sizeof full, "%s/%s", SOURCE_DIR, pattern);
    assert_int_equal(glob(full, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        literals(found.gl_pathv[i], each);
    }
    globfree(&found);
}

static void every_rule_has_a_sentence(void **state)
{
    (void)state;
    seen = missing = 0;
    check_files("engine/core/[!s]*.c", check_rule);
    check_files("engine/definition/form.c", check_rule);
    check_files("engine/broker/*.c", check_rule);
    check_files("engine/store/*.c", check_rule);
    check_files("engine/cli/options.c", check_rule);
    assert_int_equal(missing, 0);
    assert_true(seen > 60);  // else the search has gone blind
}

static void every_definition_code_is_explained(void **state)
{
    (void)state;
    seen = missing = 0;
    check_files("engine/definition/*.c", check_code);
    check_files("engine/schema/*.c", check_code);
    check_files("engine/core/*.c", check_code);
    check_files("engine/cli/*.c", check_code);
    assert_int_equal(missing, 0);
    assert_true(seen > 60);
}

static void every_error_code_has_a_sentence(void **state)
{
    (void)state;
#define X(code, name, http, exit) assert_non_null(sentence_find(name));
    BL_ERRORS(X)
#undef X
}

static void the_tables_are_in_order(void **state)
{
    size_t count;
    const struct sentence *rows = sentences(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(rows[i - 1].rule, rows[i].rule) < 0);
        assert_ptr_equal(sentence_find(rows[i].rule), &rows[i]);
        assert_true(rows[i].words.zh[0] != '\0' && rows[i].words.en[0] != '\0');
    }
    const struct definition_code *codes = definition_codes(&count);
    for (size_t i = 1; i < count; i++) {
        assert_true(strcmp(codes[i - 1].code, codes[i].code) < 0);
    }
    assert_null(definition_code_find("E-NOTHING"));
}

struct fill_case {
    const char *rule, *pointer, *name, *value, *who;
    const char *zh, *en;
};

// clang-format off
static const struct fill_case fill_cases[] = {
    { "form-required", "form.area", NULL, NULL, "",
      "“form.area”必填", "form.area is missing" },
    { "form-type", "form.area", "expected", "number", "",
      "“form.area”的类型不对，应为数字", "form.area has the wrong type; it is to be a number" },
    { "form-unknown", "form.aera", "nearest", "area", "",
      "表单没有“form.aera”这一栏；是不是“area”？", "the form has no field form.aera; did you mean area?" },
    { "form-unknown", "form.x", NULL, NULL, "",
      "表单没有“form.x”这一栏", "the form has no field form.x" },
    { "form-unknown", "form.txet", "nearest", "text", "",
      "表单没有“form.txet”这一栏；是不是“text”？", "the form has no field form.txet; did you mean text?" },
    { "denied", "", NULL, NULL, "clerk",
      "没有权限；可由窗口人员办理", "you may not do this; clerk may" },
    { "denied", "", NULL, NULL, "", "没有权限", "you may not do this" },
    { "item-not-open", "fire", "state", "DECIDED", "",
      "事项“fire”现为“已决定”，不能这样操作", "item fire is decided: this cannot be done now" },
    { "of-a-newer-broker", "x", NULL, NULL, "",
      "内容不符合要求：x (of-a-newer-broker)", "a value breaks its rule: x (of-a-newer-broker)" },
};
// clang-format on

static void sentences_are_filled(void **state)
{
    const struct fill_case *row = *state;
    struct bl_arena arena;
    Bl__Refusal *refusal;

    bl_arena_init(&arena, 4096, 1 << 20);
    refusal = refusal_new(&arena, BL_INVALID, row->rule, row->pointer);
    if (row->name != NULL) {
        refusal_argument(&arena, refusal, row->name, row->value);
    }
    refusal->who_may = bl_arena_string(&arena, row->who);
    assert_string_equal(sentence_make(refusal, LANGUAGE_ZH, &arena), row->zh);
    assert_string_equal(sentence_make(refusal, LANGUAGE_EN, &arena), row->en);
    bl_arena_free(&arena);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(fill_cases) + 4] = {
        cmocka_unit_test(every_rule_has_a_sentence),
        cmocka_unit_test(every_definition_code_is_explained),
        cmocka_unit_test(every_error_code_has_a_sentence),
        cmocka_unit_test(the_tables_are_in_order),
    };

    for (size_t i = 0; i < BL_COUNT(fill_cases); i++) {
        tests[4 + i] = (struct CMUnitTest){ .name = fill_cases[i].en,
                                            .test_func = sentences_are_filled,
                                            .initial_state = (void *)&fill_cases[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
