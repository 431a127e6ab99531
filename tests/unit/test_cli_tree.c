/* An application as people see it: why an item waits, and why it is not needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "binglian/v1/event.pb-c.h"
#include "cli/tree.h"

struct tree_case {
    const char *name;
    enum language language;
    const char *items;     // of the application, as JSON
    const char *expected;  // the end of its last line
};

#define LICENCE "{\"id\": \"licence\", \"title\": {\"zh\": \"营业执照\", \"en\": \"Licence\"}}"
#define STAMP "{\"id\": \"stamp\", \"title\": {\"zh\": \"刻章\"}}"

// clang-format off
static const struct tree_case tree_cases[] = {
    { "it waits for a title", LANGUAGE_ZH,
      "[" LICENCE ", {\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\"]}]",
      "等待 营业执照\n" },
    { "it waits for two", LANGUAGE_ZH,
      "[" LICENCE "," STAMP ", {\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\", \"stamp\"]}]",
      "等待 营业执照、刻章\n" },
    { "a title without English is Chinese", LANGUAGE_EN,
      "[" LICENCE "," STAMP ", {\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\", \"stamp\"]}]",
      "waits for Licence, 刻章\n" },
    { "an item that may not be seen has its id", LANGUAGE_ZH,
      "[{\"id\": \"food\", \"state\": \"pending\", \"needs\": [\"licence\"]}]",
      "等待 licence\n" },
    { "it is not needed", LANGUAGE_ZH,
      "[{\"id\": \"sign\", \"state\": \"not_needed\", \"condition\": \"form.sign != ''\"}]",
      "不适用：form.sign != '' 不成立\n" },
    { "it is not needed, in English", LANGUAGE_EN,
      "[{\"id\": \"sign\", \"state\": \"not_needed\", \"condition\": \"form.sign != ''\"}]",
      "not applicable: form.sign != '' does not hold\n" },
    { "what was revoked is not granted any more", LANGUAGE_EN,
      "[{\"id\": \"fire\", \"state\": \"revoked\", \"result\": \"granted\", \"light\": \"grey\"}]",
      "revoked  ○ grey    \n" },
};
// clang-format on

static void remarks_are_for_people(void **state)
{
    const struct tree_case *row = *state;
    struct cli cli = { .language = row->language, .offset_minutes = 480 };
    json_t *application = json_pack("{s:s, s:o}", "number", "CY-1", "items",
                                    json_loads(row->items, JSON_REJECT_DUPLICATES, NULL));
    char text[2048];
    FILE *out = fmemopen(text, sizeof text, "w");

    assert_non_null(application);
    assert_non_null(out);
    bl_arena_init(&cli.arena, 4096, (size_t)1 << 24);
    (void)tree_print(&cli, application, out);
    (void)fclose(out);
    assert_true(strlen(text) > strlen(row->expected));
    assert_string_equal(text + strlen(text) - strlen(row->expected), row->expected);
    bl_arena_free(&cli.arena);
    json_decref(application);
}

/* --- its course ------------------------------------------------------------------------------- */

struct course_case {
    const char *name;
    enum language language;
    const char *application;  // as JSON; its one item is `food`
    const char *expected;
};

#define FOOD                                                                                       \
    "\"items\": [{\"id\": \"food\", \"title\": {\"zh\": \"食品许可\", \"en\": \"Food permit\"}"
#define NOON "T12:00:00+08:00"

// clang-format off
static const struct course_case course_cases[] = {
    { "where there is nothing, nothing is printed", LANGUAGE_ZH, "{" FOOD "}], \"mode\": \"counter\"}", "" },
    { "a clock that runs, and one that is over", LANGUAGE_ZH,
      "{" FOOD ", \"correction\": {\"running\": true, \"overdue\": true, \"due_at\": \"2026-12-01" NOON "\"},"
      " \"notify\": {\"due_at\": \"2026-12-02" NOON "\"}}]}",
      "食品许可\n   申请人补正：截止 2026-12-01 12:00，已超期\n" },
    { "both countdowns of a stop", LANGUAGE_ZH,
      "{" FOOD ", \"promise\": {\"remaining_days\": 4}, \"stops\": [{\"kind\": \"expert_review\", \"title\": {\"zh\": \"专家评审\"},"
      " \"from\": \"2026-12-01" NOON "\", \"ends_at\": \"2026-12-08" NOON "\", \"remaining_days\": 5}]}]}",
      "食品许可\n   暂停中（专家评审）：2026-12-01 12:00 起，至迟 2026-12-08 12:00 恢复；暂停还剩 5 个工作日，办理还剩 4 个\n" },
    { "a stop that is over", LANGUAGE_EN,
      "{" FOOD ", \"stops\": [{\"kind\": \"test\", \"from\": \"2026-12-01" NOON "\", \"to\": \"2026-12-03" NOON "\"}]}]}",
      "Food permit\n   was stopped (test): 2026-12-01 12:00 to 2026-12-03 12:00\n" },
    { "a step with its officer and signatures", LANGUAGE_ZH,
      "{" FOOD ", \"promise\": {\"running\": true}, \"desk\": {\"personal\": true, \"title\": {\"zh\": \"会签\"}, \"post\": \"amr-01\","
      " \"officer\": \"李文静\", \"round\": 2, \"needed\": 2, \"signatures\": [{\"post\": \"amr-02\", \"approves\": true}]}}]}",
      "食品许可\n   环节 会签：amr-01 李文静，第 2 轮\n   已签 1/2：amr-02 准予\n" },
    { "a step that nobody has claimed", LANGUAGE_EN,
      "{" FOOD ", \"promise\": {\"running\": true}, \"desk\": {\"personal\": true, \"step\": \"visit\", \"role\": \"inspector\", \"round\": 1}}]}",
      "Food permit\n   step visit: not claimed (inspector)\n" },
    { "opinions", LANGUAGE_ZH,
      "{" FOOD ", \"consultations\": [{\"department\": \"water\", \"limit\": {\"due_at\": \"2026-12-01" NOON "\"}},"
      " {\"department\": \"eco\", \"answered_at\": \"2026-12-01" NOON "\", \"tacit\": true, \"consents\": true},"
      " {\"department\": \"dnr\", \"answered_at\": \"2026-12-01" NOON "\"}]}]}",
      "食品许可\n   征求water意见：待答复，截止 2026-12-01 12:00\n   征求eco意见：逾期视为同意\n   征求dnr意见：不同意\n" },
    { "missing papers and an extension", LANGUAGE_EN,
      "{" FOOD ", \"missing\": [\"plan\", \"lease\"], \"extended\": \"5 working days\"}]}",
      "Food permit\n   missing: plan, lease\n   extended by 5 working days\n" },
    { "how it came", LANGUAGE_ZH, "{\"project\": \"P-1\", \"mode\": \"door_to_door\", \"paper\": true}",
      "项目 P-1  方式 上门  系统停用时纸质收件\n" },
    { "around the whole", LANGUAGE_ZH,
      "{\"visits\": [{\"at\": \"2026-12-05" NOON "\", \"place\": \"中街1号\", \"officers\": [\"a\", \"b\"], \"confirmed\": true}],"
      " \"urgings\": [{\"level\": \"order\", \"to\": \"fire\", \"reply_by\": \"2026-12-04" NOON "\"}],"
      " \"notices\": [{\"kind\": \"decision\", \"channel\": \"sms\", \"incident\": true}]}",
      "整体\n   现场勘验 2026-12-05 12:00 中街1号（a、b），申请人已确认\n"
      "   领导督办：fire 须答复，最迟 2026-12-04 12:00\n   待发通知：决定（sms），发送异常\n" },
    { "whose time a delay was", LANGUAGE_ZH,
      "{\"delays\": [{\"whose\": \"amr\", \"title\": {\"zh\": \"市场监管局\"}, \"days\": 8.0, \"item\": \"food\", \"over\": 3},"
      " {\"whose\": \"special\", \"days\": 2.0, \"item\": \"food\"}]}",
      "整体\n   用时：市场监管局 8 个工作日（food），其中超出承诺 3 个\n   用时：special 2 个工作日（food）\n" },
    { "next: a department with its post at a step", LANGUAGE_ZH,
      "{\"next\": {\"what\": \"decide\", \"who\": \"fire\", \"post\": \"fire-01\", \"who_title\": {\"zh\": \"消防大队\"}, \"step\": {\"zh\": \"技术审查\"},"
      " \"item_title\": {\"zh\": \"消防检查\"}, \"by\": \"2026-12-07" NOON "\"}}",
      "下一步：消防大队 fire-01正在办理消防检查的技术审查，最迟 2026-12-07 12:00\n" },
    { "next: the applicant, in English", LANGUAGE_EN,
      "{\"next\": {\"what\": \"correct\", \"who\": \"applicant\", \"who_title\": {\"zh\": \"申请人\", \"en\": \"the applicant\"}, \"item_title\": {\"zh\": \"检查\"}}}",
      "next: the applicant has to correct 检查\n" },
    { "next: the stop has the workflow's title", LANGUAGE_ZH,
      "{\"next\": {\"what\": \"resume\", \"who\": \"fire\", \"who_title\": {\"zh\": \"fire\"}, \"item\": \"food\", \"detail\": \"expert_review\"}}",
      "下一步：food暂停中（expert_review），待fire恢复\n" },
    { "next: what a newer broker says", LANGUAGE_EN, "{\"next\": {\"what\": \"hear\", \"who\": \"fire\", \"item\": \"food\"}}",
      "next: fire has to act on food\n" },
};
// clang-format on

static void courses_are_for_people(void **state)
{
    const struct course_case *row = *state;
    struct cli cli = { .language = row->language, .offset_minutes = 480 };
    json_t *application = json_loads(row->application, JSON_REJECT_DUPLICATES, NULL);
    char text[2048] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    uint32_t lines = 0;

    assert_non_null(application);
    assert_non_null(out);
    bl_arena_init(&cli.arena, 4096, (size_t)1 << 24);
    uint32_t said = tree_print_course(&cli, application, out);
    (void)fclose(out);
    assert_string_equal(text, row->expected);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(said, lines);
    bl_arena_free(&cli.arena);
    json_decref(application);
}

/* --- events ----------------------------------------------------------------------------------- */

struct event_case {
    const char *event;  // of an EventView, as JSON
    const char *zh, *en;
};

// clang-format off
static const struct event_case event_cases[] = {
    { "{\"decided\": {\"result\": \"denied\", \"reason\": \"疏散通道被占\", \"basis\": \"第十五条\", \"completed\": true}}",
      "不予：疏散通道被占（依据：第十五条），全部办结", "denied: 疏散通道被占 (第十五条), all completed" },
    { "{\"overdue\": {\"clock\": {\"whole\": true, \"legal\": true}}}", "整体法定超过时限", "legal limit of the whole overdue" },
    { "{\"overdue\": {\"clock\": {\"kind\": \"notify\"}, \"follows\": \"deemed\"}}",
      "一次性告知超过时限，视为受理", "notification overdue, accepted by silence" },
    { "{\"suspended\": {\"stop\": {\"kind\": \"expert_review\", \"cap\": {\"halves\": 30, \"unit\": \"wd\"}}}}",
      "暂停计时（expert_review），至多 15个工作日", "clock stopped (expert_review), 15 working days at the most" },
    { "{\"notified\": {\"materials\": [\"plan\", \"lease\"], \"breach\": true}}",
      "一次性告知须补正：plan、lease（第二次告知，违规）", "told what is missing: plan, lease (the second time: a breach)" },
    { "{\"checked\": {\"text\": \"未见承诺设备\"}}", "事后核查不合格：未见承诺设备", "checked afterwards: failed: 未见承诺设备" },
    { "{\"visit_set\": {\"visit\": {\"at\": \"2026-12-05T09:30:00+08:00\", \"officers\": [\"a\", \"b\"]}}}",
      "现场勘验定于 2026-12-05 09:30，前往 a、b", "site visit set for 2026-12-05 09:30, by a, b" },
    { "{\"recomputed\": {\"calendar\": \"cn\", \"moves\": [{\"clock\": {}, \"was\": \"2026-12-05T17:30:00+08:00\", \"is\": \"2026-12-06T17:30:00+08:00\"}]}}",
      "日历 cn 变更，期限重算：承诺 2026-12-05 17:30 → 2026-12-06 17:30",
      "calendar cn has changed, limits counted again: promise 2026-12-05 17:30 → 2026-12-06 17:30" },
    { "{\"extended\": {\"by\": {\"halves\": 5, \"unit\": \"wd\"}, \"approver\": \"fire-02\"}}",
      "延长 2.5个工作日，fire-02 批准", "extended by 2.5 working days, approved by fire-02" },
};
// clang-format on

static const char *say(struct cli *cli, const char *event, enum language language)
{
    json_t *view = json_pack("{s:o}", "event", json_loads(event, 0, NULL));

    assert_non_null(view);
    cli->language = language;
    const char *words = tree_event(cli, view, NULL);
    json_decref(view);
    return words;
}

static void events_are_for_people(void **state)
{
    const struct event_case *row = *state;
    struct cli cli = { .offset_minutes = 480 };

    bl_arena_init(&cli.arena, 4096, (size_t)1 << 24);
    assert_string_equal(say(&cli, row->event, LANGUAGE_ZH), row->zh);
    assert_string_equal(say(&cli, row->event, LANGUAGE_EN), row->en);
    bl_arena_free(&cli.arena);
}

/* A new event without words is a bug. */
static void every_event_has_words(void **state)
{
    const ProtobufCMessageDescriptor *event = &bl__event__descriptor;
    struct cli cli = { .offset_minutes = 480 };
    uint32_t seen = 0;

    (void)state;
    bl_arena_init(&cli.arena, 4096, (size_t)1 << 24);
    for (unsigned i = 0; i < event->n_fields; i++) {
        char text[160];

        if ((event->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) {
            continue;
        }
        (void)snprintf(
            text, sizeof text,
            "{\"%s\": {\"result\": \"granted\", \"added\": [\"a\"], \"urging\": {\"level\": "
            "\"urge\"}}}",
            event->fields[i].name);
        assert_string_not_equal(say(&cli, text, LANGUAGE_ZH), "");
        assert_string_not_equal(say(&cli, text, LANGUAGE_EN), "");
        seen++;
    }
    assert_true(seen > 50);
    bl_arena_free(&cli.arena);
}

int main(void)
{
    struct CMUnitTest
        tests[BL_COUNT(tree_cases) + BL_COUNT(course_cases) + BL_COUNT(event_cases) + 1];
    size_t count = 0;

    for (size_t i = 0; i < BL_COUNT(tree_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = tree_cases[i].name,
                                              .test_func = remarks_are_for_people,
                                              .initial_state = (void *)&tree_cases[i] };
    }
    for (size_t i = 0; i < BL_COUNT(course_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = course_cases[i].name,
                                              .test_func = courses_are_for_people,
                                              .initial_state = (void *)&course_cases[i] };
    }
    for (size_t i = 0; i < BL_COUNT(event_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = event_cases[i].zh,
                                              .test_func = events_are_for_people,
                                              .initial_state = (void *)&event_cases[i] };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_event_has_words);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
