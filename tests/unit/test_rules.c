/* What binglian-worker makes of its rules, of a quoted program, of a length of time, and of the
 * JSON that programs give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "daemon/rules.h"
#include "daemon/span.h"
#include "daemon/split.h"
#include "daemon/task_json.h"
#include "google/protobuf/struct.pb-c.h"
#include "schema/json.h"
#include "schema/yaml.h"

#define V(verdict) BL__DECISION__VERDICT__##verdict
#define MEMORY (2 * YAML_ARENA_BYTES)

/* A task whose form is given as JSON. */
static Bl__Task *task_of(const char *json, struct bl_arena *arena)
{
    struct schema_problems problems;
    ProtobufCMessage *message = NULL;

    schema_problems_init(&problems, arena);
    assert_int_equal(
        json_read_message(json, strlen(json), &bl__task__descriptor, arena, &message, &problems),
        BL_OK);
    return (Bl__Task *)message;
}

/* --- rules --- */

struct decided {
    const char *name;
    const char *rules;
    const char *task;
    Bl__Decision__Verdict verdict;
    const char *reason;
    bl_span delay;  // 7: left alone
};

#define FIRE                                                                                       \
    "{\"item\":\"fire_check\",\"form\":{\"area\":320.5,\"decorated\":true,\"kinds\":[\"热食\"]}}"

// clang-format off
static const struct decided decided_rows[] = {
    { "a rule without a condition always applies",
      "rules:\n  - {decision: approve}\n", FIRE, V(APPROVE), "", 7 },
    { "the first that applies decides",
      "rules:\n  - {when: form.area > 300, decision: reject, reason: 太大}\n  - {decision: approve}\n",
      FIRE, V(REJECT), "太大", 7 },
    { "one that does not apply is passed over",
      "rules:\n  - {when: form.area > 400, decision: reject, reason: 太大}\n  - {decision: approve}\n",
      FIRE, V(APPROVE), "", 7 },
    { "an item has a name",
      "rules:\n  - {when: \"item == 'signboard'\", decision: approve}\n"
      "  - {when: \"item == 'fire_check' && form.decorated\", decision: reject, reason: 装修}\n",
      FIRE, V(REJECT), "装修", 7 },
    { "choices are a list",
      "rules:\n  - {when: \"'热食' in form.kinds\", decision: reject, reason: 热食}\n",
      FIRE, V(REJECT), "热食", 7 },
    { "a field may be missing",
      "rules:\n  - {when: has(form.sign_text), decision: approve}\n"
      "  - {decision: reject, reason: 无}\n", FIRE, V(REJECT), "无", 7 },
    { "it may fail the first time",
      "rules:\n  - {when: failures < 1, decision: fail, reason: 维护}\n  - {decision: approve}\n",
      FIRE, V(FAIL), "维护", 7 },
    { "and succeed the next",
      "rules:\n  - {when: failures < 1, decision: fail, reason: 维护}\n  - {decision: approve}\n",
      "{\"item\":\"fire_check\",\"failures\":1}", V(APPROVE), "", 7 },
    { "a rule may think for a while",
      "rules:\n  - {decision: approve, delay: 200ms}\n", FIRE, V(APPROVE), "",
      200 * MILLISECOND_US },
    { "or not at all",
      "rules:\n  - {decision: approve, delay: 0s}\n", FIRE, V(APPROVE), "", 0 },
    { "a condition over a missing field fails the task",
      "rules:\n  - {when: form.ares > 1, decision: approve}\n", FIRE, V(FAIL), "rule 1: ", 7 },
    { "a condition that is no question fails the task",
      "rules:\n  - {when: form.area, decision: approve}\n", FIRE, V(FAIL), "rule 1: ", 7 },
    { "without a rule that applies the task fails",
      "rules:\n  - {when: form.area > 400, decision: approve}\n", FIRE, V(FAIL),
      "no rule applies", 7 },
};
// clang-format on

static void decides(void **state)
{
    const struct decided *row = *state;
    struct bl_arena arena;
    struct schema_problems problems;
    const struct rules *rules = NULL;
    Bl__Decision decision = BL__DECISION__INIT;
    bl_span delay = 7;

    bl_arena_init(&arena, 4096, MEMORY);
    schema_problems_init(&problems, &arena);
    enum bl_err err =
        rules_load(row->rules, strlen(row->rules), "rules.yaml", &arena, &rules, &problems);
    schema_problems_print(stderr, &problems);
    assert_int_equal(err, BL_OK);
    rules_decide(rules, task_of(row->task, &arena), &arena, &decision, &delay);
    assert_int_equal(decision.decision, row->verdict);
    assert_memory_equal(decision.reason, row->reason, strlen(row->reason));
    assert_int_equal(delay, row->delay);
    bl_arena_free(&arena);
}

struct wrong {
    const char *name;
    const char *rules;
    const char *code;
    uint32_t line;
};

// clang-format off
static const struct wrong wrong_rows[] = {
    { "no rules",             "rules: []\n",                                          "E-RANGE",   1 },
    { "no decision",          "rules:\n  - {when: 'true'}\n",                         "E-MISSING",   2 },
    { "an unknown decision",  "rules:\n  - {decision: maybe}\n",                      "E-VALUE",     2 },
    { "an unknown key",       "rules:\n  - {decision: approve, then: 1}\n",           "E-KEY",       2 },
    { "no condition",         "rules:\n  - {decision: approve}\n  - {when: 'area >', decision: approve}\n",
                                                                                      "E-CONDITION", 3 },
    { "an unknown name",      "rules:\n  - {when: area > 3, decision: approve}\n",    "E-CONDITION", 2 },
    { "no reason",            "rules:\n  - {decision: reject}\n",                     "E-MISSING",   2 },
    { "no length of time",    "rules:\n  - {decision: approve, delay: soon}\n",       "E-VALUE",     2 },
};
// clang-format on

static void is_wrong(void **state)
{
    const struct wrong *row = *state;
    struct bl_arena arena;
    struct schema_problems problems;
    const struct rules *rules = NULL;

    bl_arena_init(&arena, 4096, MEMORY);
    schema_problems_init(&problems, &arena);
    assert_int_equal(
        rules_load(row->rules, strlen(row->rules), "rules.yaml", &arena, &rules, &problems),
        BL_DEFINITION);
    assert_true(problems.count > 0);
    assert_string_equal(problems.problems[0].code, row->code);
    assert_int_equal(problems.problems[0].line, row->line);
    bl_arena_free(&arena);
}

/* --- a quoted program --- */

struct split_case {
    const char *name, *line;
    const char *words[5];  // {NULL}: refused
};

// clang-format off
static const struct split_case split_rows[] = {
    { "one word",                    "check",                       { "check" } },
    { "blanks part",                 "  check \t --strict  ",       { "check", "--strict" } },
    { "single quotes keep all",      "sh -c 'a \"b\" \\ $c'",       { "sh", "-c", "a \"b\" \\ $c" } },
    { "double quotes may escape",    "a \"b \\\" \\\\ \\n\"",       { "a", "b \" \\ \\n" } },
    { "a backslash keeps a blank",   "a b\\ c",                     { "a", "b c" } },
    { "quotes join",                 "a'b'\"c\"d",                  { "abcd" } },
    { "a word may be empty",         "a '' b",                      { "a", "", "b" } },
    { "nothing is expanded",         "echo $HOME *; ls",            { "echo", "$HOME", "*;", "ls" } },
    { "no word",                     "  ",                          { NULL } },
    { "an open quote",               "a 'b",                        { NULL } },
    { "an open double quote",        "a \"b\\\"",                   { NULL } },
};
// clang-format on

static void splits(void **state)
{
    const struct split_case *row = *state;
    struct words words;
    struct bl_error e = { 0 };
    size_t i = 0;

    if (row->words[0] == NULL) {
        assert_int_equal(words_split(row->line, &words, &e), BL_INVALID);
        return;
    }
    assert_int_equal(words_split(row->line, &words, &e), BL_OK);
    for (; row->words[i] != NULL; i++) {
        assert_string_equal(words.at[i], row->words[i]);
    }
    assert_null(words.at[i]);
}

static void too_many_words(void **state)
{
    static char line[2 * (SPLIT_WORDS_MAX + 1) + 1], long_line[SPLIT_BYTES_MAX + 1];
    struct words words;

    (void)state;
    for (size_t i = 0; i < SPLIT_WORDS_MAX + 1; i++) {
        memcpy(line + 2 * i, "a ", 2);
    }
    assert_int_equal(words_split(line, &words, NULL), BL_TOO_LARGE);
    line[2 * SPLIT_WORDS_MAX] = '\0';
    assert_int_equal(words_split(line, &words, NULL), BL_OK);
    memset(long_line, 'a', SPLIT_BYTES_MAX);
    assert_int_equal(words_split(long_line, &words, NULL), BL_TOO_LARGE);
}

/* --- a length of time --- */

struct span_case {
    const char *name;  // the text itself
    bl_span span;      // -1: refused
};

static const struct span_case span_rows[] = {
    { "200ms", 200 * MILLISECOND_US },
    { "1.5s", 1500 * MILLISECOND_US },
    { "0s", 0 },
    { "2m", 2 * MINUTE_US },
    { "24h", DAY_US },
    { "25h", -1 },
    { "200", -1 },
    { "-1s", -1 },
    { "s", -1 },
    { "", -1 },
    { "1e9h", -1 },
    { "1 s", -1 },
};

static void reads_span(void **state)
{
    const struct span_case *row = *state;
    bl_span span = -1;

    assert_int_equal(span_parse(row->name, &span, NULL), row->span < 0 ? BL_INVALID : BL_OK);
    assert_int_equal(span, row->span);
}

/* --- JSON --- */

struct answer {
    const char *name, *json;
    enum bl_err err;
    Bl__Decision__Verdict verdict;
};

// clang-format off
static const struct answer answer_rows[] = {
    { "an approval",            " {\"attempt\":\"7-1042\",\"decision\":\"approve\",\"opinion\":\"同意\"}\n",
      BL_OK, V(APPROVE) },
    { "a rejection",            "{\"decision\":\"reject\",\"reason\":\"间距不足\"}", BL_OK, V(REJECT) },
    { "a failure",              "{\"decision\":\"fail\",\"reason\":\"database\",\"permanent\":true}",
      BL_OK, V(FAIL) },
    { "a document",             "{\"decision\":\"approve\",\"outcome\":{\"number\":\"X-1\"}}",
      BL_OK, V(APPROVE) },
    { "no reason to reject",    "{\"decision\":\"reject\"}",     BL_INVALID,   0 },
    { "no decision",            "{\"opinion\":\"同意\"}",        BL_INVALID,   0 },
    { "an unknown decision",    "{\"decision\":\"perhaps\"}",    BL_INVALID,   0 },
    { "an unknown field",       "{\"decision\":\"approve\",\"x\":1}", BL_INVALID, 0 },
    { "no JSON",                "approve",                       BL_MALFORMED, 0 },
    { "nothing",                "",                              BL_MALFORMED, 0 },
    { "two answers",            "{\"decision\":\"approve\"}{}",  BL_MALFORMED, 0 },
};
// clang-format on

static void reads_answer(void **state)
{
    const struct answer *row = *state;
    struct bl_arena arena;
    struct bl_error e = { 0 };
    Bl__Decision *decision = NULL;

    bl_arena_init(&arena, 4096, 2 * JSON_ARENA_BYTES);
    assert_int_equal(task_json_read(row->json, strlen(row->json), &arena, &decision, &e), row->err);
    if (row->err == BL_OK) {
        assert_int_equal(decision->decision, row->verdict);
    } else {
        assert_null(decision);
        assert_true(e.text[0] != '\0');
    }
    bl_arena_free(&arena);
}

/* As interfaces say, byte for byte: programs of others depend on it. */
static void writes_task(void **state)
{
    static const char json[] =
        "{\"task\":\"CY-20261123-0001.fire_check\",\"attempt\":\"7-1042\","
        "\"application\":\"CY-20261123-0001\",\"workflow\":\"restaurant\",\"item\":\"fire_check\","
        "\"step\":\"machine\",\"form\":{\"shop_name\":\"老张面馆\",\"area\":320.5},"
        "\"materials\":[{\"id\":\"lease\",\"file\":\"lease.pdf\"}],"
        "\"promise_due\":\"2026-11-30T17:30:00+08:00\",\"legal_due\":\"2026-12-07T17:30:00+08:00\"}"
        "\n";
    struct bl_arena arena;
    struct writer writer;

    (void)state;
    bl_arena_init(&arena, 4096, 2 * JSON_ARENA_BYTES);
    writer_init(&writer, WRITER_JSON);
    task_json_write(&writer, task_of(json, &arena), 8 * 60);
    assert_int_equal(writer.bytes, sizeof json - 1);
    assert_memory_equal(writer.at, json, sizeof json - 1);
    writer_free(&writer);
    bl_arena_free(&arena);
}

#define ROWS(rows, function)                                                                       \
    for (size_t i = 0; i < BL_COUNT(rows); i++) {                                                  \
        tests[count++] = (struct CMUnitTest){ .name = rows[i].name,                                \
                                              .test_func = function,                               \
                                              .initial_state = (void *)&rows[i] };                 \
    }

int main(void)
{
    struct CMUnitTest tests[100] = {
        cmocka_unit_test(too_many_words),
        cmocka_unit_test(writes_task),
    };
    size_t count = 2;

    ROWS(decided_rows, decides)
    ROWS(wrong_rows, is_wrong)
    ROWS(split_rows, splits)
    ROWS(span_rows, reads_span)
    ROWS(answer_rows, reads_answer)
    return _cmocka_run_group_tests("rules", tests, count, NULL, NULL);
}
