/* What changed between two versions: each kind of change, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "definition/diff.h"
#include "workflow_fixture.h"

#define A "  a: {title: {zh: 甲, en: A}, department: d, promise: 5 working days"
#define B "  b: {title: 乙, department: d, promise: 2WD}\n"
#define TEST "special: {test: {title: 检测, at_most: 4WD, basis: 行政许可法 第四十五条}}\n"
#define PAPER(more) "materials: {paper: {title: 平面图, formats: [pdf" more "]}}\n"

struct row {
    const char *name;
    const char *items[2], *tail[2];
    const char *zh, *en;  // all sentences, each with its mark and path
};

// clang-format off
static const struct row rows[] = {
    { "nothing", { A "}\n", A "}\n" }, { "", "" }, "", "" },
    { "another spelling of a limit, another order", { A "}\n" B, B "  a: {department: d, promise: 5WD, title: {zh: 甲, en: A}}\n" }, { "", "" }, "", "" },
    { "an item is new", { A "}\n", A "}\n" B }, { "", "" },
      "+items.b 事项 b：新增 乙;", "+items.b item b: 乙 added;" },
    { "an item is gone", { A "}\n" B, A "}\n" }, { "", "" },
      "-items.b 事项 b：取消 乙;", "-items.b item b: 乙 removed;" },
    { "a limit", { A "}\n", A ", legal: 9WD}\n" }, { "", "" },
      "+items.a.legal 事项 a 法定时限：新增 9 个工作日;", "+items.a.legal item a legal limit: 9 working days added;" },
    { "a shorter promise", { "  a: {title: 甲, department: d, promise: 5WD}\n", "  a: {title: 甲, department: d, promise: 4 working hours}\n" }, { "", "" },
      "~items.a.promise 事项 a 承诺时限：5 个工作日 → 4 个工作小时;", "~items.a.promise item a promise: 5 working days → 4 working hours;" },
    { "what a department sees", { A ", fields: [area, use]}\n", A ", fields: [use, open]}\n" }, { "", "" },
      "-items.a.fields 事项 a 字段：取消 area;+items.a.fields 事项 a 字段：新增 open;",
      "-items.a.fields item a field: area removed;+items.a.fields item a field: open added;" },
    { "needs", { A "}\n" B, A ", needs: [b]}\n" B }, { "", "" },
      "+items.a.needs.of 事项 a 前置事项：新增 b;", "+items.a.needs.of item a needs: b added;" },
    { "how many are needed", { A "}\n" B "  c: {title: C, department: d, promise: 1WD, needs: [a, b]}\n", A "}\n" B "  c: {title: C, department: d, promise: 1WD, needs: {need: any, of: [b, a]}}\n" }, { "", "" },
      "+items.c.needs.need 事项 c 前置事项 需要：新增 any;", "+items.c.needs.need item c needs need: any added;" },
    { "a condition", { A ", when: form.open}\n", A ", when: form.area > 3}\n" }, { "", "" },
      "~items.a.when 事项 a 条件：form.open → form.area > 3;", "~items.a.when item a condition: form.open → form.area > 3;" },
    { "a step", { A ", steps: [{id: s, title: 审查, role: machine, limit: 3WD}]}\n", A ", steps: [{id: s, title: 审查, role: machine, limit: 2WD}, {id: t, title: 决定, role: machine}]}\n" }, { "", "" },
      "~items.a.steps.s.limit 事项 a 环节 s 时限：3 个工作日 → 2 个工作日;+items.a.steps.t 事项 a 环节 t：新增 决定;",
      "~items.a.steps.s.limit item a step s limit: 3 working days → 2 working days;+items.a.steps.t item a step t: 决定 added;" },
    { "safety", { A "}\n", A ", safety: true}\n" }, { "", "" },
      "~items.a.safety 事项 a 涉及安全：否 → 是;", "~items.a.safety item a safety: no → yes;" },
    { "a special procedure", { A "}\n", A ", special: [test]}\n" }, { "", TEST },
      "+items.a.special 事项 a 特别程序：新增 test;+special.test 特别程序 test：新增 检测;",
      "+items.a.special item a special procedure: test added;+special.test special procedure test: 检测 added;" },
    { "a material", { A ", materials: [paper]}\n", A ", materials: [paper]}\n" }, { PAPER(""), PAPER(", jpg") },
      "+materials.paper.formats 材料 paper 格式：新增 jpg;", "+materials.paper.formats material paper format: jpg added;" },
    { "the join of the whole", { A "}\n", A "}\n" }, { "", "join: {on_reject: stop_others}\n" },
      "+join.on_reject 汇合 不通过时：新增 stop_others;", "+join.on_reject join on reject: stop_others added;" },
    { "an authority above", { A ", kind: upward, upper: {department: e, promise: 3WD}}\n", A ", kind: upward, upper: {department: e, promise: 2WD}}\n" }, { "", "" },
      "~items.a.upper.promise 事项 a 上级决定 承诺时限：3 个工作日 → 2 个工作日;",
      "~items.a.upper.promise item a decision above promise: 3 working days → 2 working days;" },
    { "a visit, an order, a day to wait for", { A "}\n", A ", visit: site, ordered: true, stops_max: 2}\n" }, { "", "" },
      "~items.a.ordered 事项 a 按受理顺序：否 → 是;+items.a.visit 事项 a 联合踏勘：新增 site;+items.a.stops_max 事项 a 停表次数上限：新增 2;",
      "~items.a.ordered item a order of acceptance: no → yes;+items.a.visit item a joint visit: site added;+items.a.stops_max item a stops at most: 2 added;" },
    { "what is told, and when", { A "}\n", A "}\n" }, { "notify: 5WD\n", "notify: 3WD\ncorrection: 10WD\n" },
      "~notify 一次性告知期限：5 个工作日 → 3 个工作日;+correction 补正期限：新增 10 个工作日;",
      "~notify time to notify: 5 working days → 3 working days;+correction time to correct: 10 working days added;" },
    { "a ladder, rung by rung", { A "}\n", A "}\n" },
      { "escalation: [{to: head}, {after: 2WD, to: office}]\n", "escalation: [{to: head}, {after: 1WD, to: office, reply: 1WD}, {after: 3WD, to: county}]\n" },
      "~escalation.2.after 逾期升级 2 逾期后：2 个工作日 → 1 个工作日;+escalation.2.reply 逾期升级 2 答复期限：新增 1 个工作日;+escalation.3 逾期升级 3：新增;",
      "~escalation.2.after escalation 2 after: 2 working days → 1 working day;+escalation.2.reply escalation 2 time to reply: 1 working day added;+escalation.3 escalation 3 added;" },
    { "publicity", { A "}\n", A "}\n" }, { "", "publicity: {a: {fee: {amount: 0, basis: 不收费}}}\n" },
      "+publicity.a 公示 a：新增;", "+publicity.a publicity a added;" },
};
// clang-format on

static const char *const marks[] = {
    [DIFF_ADDED] = "+", [DIFF_REMOVED] = "-", [DIFF_CHANGED] = "~"
};

/* "+items.b …;": all changes in one text. */
static const char *summary(const struct diff *diff, enum language language, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");

    for (size_t i = 0; i < diff->count; i++) {
        (void)fprintf(out, "%s%s %s;", marks[diff->changes[i].action], diff->changes[i].path,
                      words_in(diff->changes[i].text, language));
    }
    (void)fputc('\0', out);
    (void)fclose(out);
    return text;
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct definition *before = fixture_workflow("20WD", row->items[0], row->tail[0]);
    struct definition *after = fixture_workflow("20WD", row->items[1], row->tail[1]);
    struct bl_arena arena;
    char text[1024];

    bl_arena_init(&arena, 1 << 14, 1 << 24);
    struct diff diff = diff_make(before, after, &arena);
    assert_string_equal(summary(&diff, LANGUAGE_ZH, text, sizeof text), row->zh);
    assert_string_equal(summary(&diff, LANGUAGE_EN, text, sizeof text), row->en);
    bl_arena_free(&arena);
    definition_free(&before);
    definition_free(&after);
}

/* Fields are compared across sections: moving one to another section is no change of it. */
static void test_form(void **state)
{
    static const char yaml[] =
        "workflow: w\nversion: %d\ntitle: W\ncalendar: cn\nhandling: single\nlead: d\n"
        "promise: 5WD\nnumber: \"T-{seq:4}\"\ntrial: true\nform:\n%sitems:\n"
        "  a: {title: A, department: d, promise: 5WD}\n";
    static const char *const forms[] = {
        "  - {section: 一, fields: {x: {type: number, label: 面积, max: 60}, y: {type: text, "
        "label: "
        "店名}}}\n",
        "  - {section: 二, fields: {y: {type: text, label: 店名, required: true}}}\n"
        "  - {section: 三, fields: {x: {type: number, label: 面积, max: 80}, z: {type: date, "
        "label: "
        "日期}}}\n",
    };
    struct definition *versions[2];
    struct bl_arena arena;
    char text[2048];

    (void)state;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(text, sizeof text, yaml, i + 1, forms[i]);
        versions[i] = fixture_definition(text, "w.yaml");
    }
    bl_arena_init(&arena, 1 << 14, 1 << 24);
    struct diff diff = diff_make(versions[0], versions[1], &arena);
    assert_string_equal(summary(&diff, LANGUAGE_EN, text, sizeof text),
                        "~fields.y.required field y required: no → yes;"
                        "~fields.x.max field x max: 60 → 80;+fields.z field z: 日期 added;");
    bl_arena_free(&arena);
    definition_free(&versions[0]);
    definition_free(&versions[1]);
}

/* Every key of the language has words in both. */
static void assert_labels(const ProtobufCMessageDescriptor *message, unsigned depth)
{
    static const char *const ours[] = { "zh",      "en",       "key",     "value", "id",
                                        "section", "workflow", "version", "fields" };

    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        bool named = false;

        for (size_t k = 0; k < BL_COUNT(ours); k++) {
            named |= strcmp(ours[k], field->name) == 0;
        }
        if (!named && diff_label(field->name).zh == field->name) {
            fail_msg("the key %s of %s has no words", field->name, message->name);
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && depth > 0) {
            assert_labels(field->descriptor, depth - 1);
        }
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_labels(&bl__workflow__descriptor, 6);
}

/* The ledger of process re-engineering. */
static void test_print(void **state)
{
    static const char expected[] = "trial 第 1 版 → 第 1 版\n"
                                   "- 事项 b：取消 乙\n"
                                   "- 事项 a 环节 s：取消 审查\n"
                                   "~ 事项 a 环节 t 时限：2 个工作日 → 1 个工作日\n"
                                   "  事项      2 → 1  (-1)\n"
                                   "  环节      3 → 1  (-2)\n"
                                   "  表单字段  6 → 6\n"
                                   "  材料      0 → 0\n"
                                   "  天数合计  7 → 5  (-2)\n"
                                   "  承诺天数  20 → 20\n";
    struct definition *before = fixture_workflow(
        "20WD",
        A
        ", steps: [{id: s, title: 审查, role: machine}, {id: t, title: 决定, role: machine, limit: "
        "2WD}]}\n" B,
        "");
    struct definition *after = fixture_workflow(
        "20WD", A ", steps: [{id: t, title: 决定, role: machine, limit: 1WD}]}\n", "");
    struct bl_arena arena;
    char text[2048];
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    bl_arena_init(&arena, 1 << 14, 1 << 24);
    struct diff diff = diff_make(before, after, &arena);
    diff_print(out, &diff, LANGUAGE_ZH);
    (void)fclose(out);
    assert_string_equal(text, expected);
    bl_arena_free(&arena);
    definition_free(&before);
    definition_free(&after);
}

/* A definition does not differ from itself, and two real ones differ in something. */
static void test_real_workflows(void **state)
{
    struct definition *restaurant = fixture_file("restaurant.yaml");
    struct definition *newborn = fixture_file("newborn.yaml");
    struct bl_arena arena;

    (void)state;
    bl_arena_init(&arena, 1 << 14, 1 << 24);
    assert_int_equal(diff_make(restaurant, restaurant, &arena).count, 0);
    assert_true(diff_make(restaurant, newborn, &arena).count > 20);
    bl_arena_free(&arena);
    definition_free(&restaurant);
    definition_free(&newborn);
}

int main(void)
{
    static struct CMUnitTest tests[BL_COUNT(rows) + 4];
    size_t count = 0;

    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        tests[count++] = (struct CMUnitTest){ .name = rows[i].name,
                                              .test_func = test_row,
                                              .initial_state = (void *)(uintptr_t)&rows[i] };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_form);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_words);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_print);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_real_workflows);
    return _cmocka_run_group_tests("diff", tests, count, NULL, NULL);
}
