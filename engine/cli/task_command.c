/* What people have to do, and what they do about it: binglian task … */
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"

#define PAGE_MAX 200  // of a list, as the broker gives it

/* --- list and show ---------------------------------------------------------------------------- */

// clang-format off
static const struct column task_columns[] = {
    { "light",          { "灯", "LIGHT" },        COLUMN_LIGHT },
    { "task",           { "任务", "TASK" },       COLUMN_TEXT },
    { "title",          { "事项", "ITEM" },       COLUMN_TITLE },
    { "kind",           { "要做的事", "TO DO" },  COLUMN_WORD },
    { "desk.title",     { "环节", "STEP" },       COLUMN_TITLE },
    { "desk.post",      { "岗位", "POST" },       COLUMN_TEXT },
    { "applicant",      { "申请人", "APPLICANT" }, COLUMN_TEXT },
    { "promise.due_at", { "承诺", "PROMISED" },   COLUMN_TIME },
};
// clang-format on
static const struct view task_view = { task_columns,
                                       BL_COUNT(task_columns),
                                       { "没有待办任务", "nothing to do" } };

static json_t *tasks_json(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_tasks; i++) {
        json_array_append_new(rows, output_of(cli, &answer->tasks[i]->base));
    }
    return rows;
}

static int show_tasks(struct cli *cli, const Bl__QueryAnswer *answer)
{
    return output_list(cli, &task_view, tasks_json(cli, answer), answer->next);
}

static const char *text_or_empty(const struct cli *cli, const char *option)
{
    const char *text = option_text(&cli->options, option);

    return text == NULL ? "" : text;
}

static int run_list(struct cli *cli)
{
    Bl__ListTasks list = BL__LIST_TASKS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.department = text_or_empty(cli, "department");
    list.post = text_or_empty(cli, "post");
    list.claimed = option_flag(&cli->options, "claimed");
    list.limit = (uint32_t)option_number(&cli->options, "limit", PAGE_MAX);
    list.after = text_or_empty(cli, "after");
    query.what_case = BL__QUERY__WHAT_TASKS;
    query.tasks = &list;
    return connect_show(cli, &query, show_tasks);
}

static void print_line(struct cli *cli, const char *zh, const char *en, const char *text)
{
    if (text[0] != '\0') {
        (void)printf("%s%s%s\n", cli_say(cli, zh, en), cli_say(cli, "：", ": "), text);
    }
}

/* "a, b" of a list of texts, or of what they have under `key`. */
static const char *joined(struct cli *cli, const json_t *list, const char *key, bool words)
{
    const char *text = "";
    size_t index;
    json_t *value;

    json_array_foreach(list, index, value)
    {
        const char *one =
            json_is_string(value) ? json_string_value(value) : output_text(value, key);

        text =
            bl_arena_printf(&cli->arena, "%s%s%s", text, index == 0 ? "" : cli_say(cli, "、", ", "),
                            words ? sentence_word(one, cli->language) : one);
    }
    return text;
}

static void print_form(const json_t *form)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)form, key, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

        (void)printf("  %s: %s\n", key, json_is_string(value) ? json_string_value(value) : text);
        free(text);
    }
}

static void print_task(struct cli *cli, const json_t *task)
{
    enum colour colour;
    const char *light = output_light(cli, task, &colour);

    (void)printf("%s%s%s  %s  %s%s%s  %s\n", colour_begin(COLOUR_BOLD, cli->color_out),
                 output_text(task, "task"), colour_end(COLOUR_BOLD, cli->color_out),
                 output_title(cli, task, "title"), colour_begin(colour, cli->color_out), light,
                 colour_end(colour, cli->color_out), output_text(task, "applicant"));
    print_line(cli, "要做的事", "to do", sentence_word(output_text(task, "kind"), cli->language));
    print_line(cli, "环节", "step", output_title(cli, task, "desk.title"));
    print_line(cli, "岗位", "post", output_text(task, "desk.post"));
    print_line(cli, "承诺", "promised", output_time(cli, output_text(task, "promise.due_at")));
    print_line(cli, "法定", "legal", output_time(cli, output_text(task, "legal.due_at")));
    print_line(cli, "征求意见", "asked for an opinion", output_text(task, "question"));
    print_line(cli, "材料", "materials", joined(cli, output_find(task, "materials"), "id", false));
    print_line(cli, "尚缺", "missing", joined(cli, output_find(task, "missing"), "", false));
    print_line(cli, "可以", "possible", joined(cli, output_find(task, "may"), "", true));
    print_form(output_find(task, "form"));
}

static int show_task(struct cli *cli, const Bl__QueryAnswer *answer)
{
    struct bl_error e = { 0 };

    if (answer->n_tasks == 0) {
        (void)bl_error_set(&e, BL_NOT_FOUND, "%s", cli->options.arguments[0]);
        return cli_fail(cli, &e);
    }
    return output_value(cli, output_of(cli, &answer->tasks[0]->base), print_task);
}

static int run_show(struct cli *cli)
{
    Bl__ListTasks list = BL__LIST_TASKS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.task = cli->options.arguments[0];
    query.what_case = BL__QUERY__WHAT_TASKS;
    query.tasks = &list;
    return connect_show(cli, &query, show_task);
}

/* --- the table -------------------------------------------------------------------------------- */

// clang-format off
#define TEXT_ROW(name, value, zh, en) { name, OPTION_TEXT, 0, value, { zh, en }, NULL }
#define CHOICE_ROW(name, zh, en, choices) { name, OPTION_TEXT, 0, "CHOICE", { zh, en }, choices }
#define FLAG_ROW(name, zh, en) { name, OPTION_FLAG, 0, NULL, { zh, en }, NULL }
#define NUMBER_ROW(name, zh, en) { name, OPTION_NUMBER, 0, "N", { zh, en }, NULL }
#define OPINION_ROW TEXT_ROW("opinion", "TEXT|@FILE", "意见", "the opinion")
#define APPROVER_ROW TEXT_ROW("approver", "POST", "批准人的岗位", "post of the approver")

static const struct option_row list_options[] = {
    TEXT_ROW("department", "ID", "只看某部门的", "only of this department"),
    TEXT_ROW("post", "POST", "只看某岗位能办的，含其代理的", "only what this post may work on, as deputy too"),
    FLAG_ROW("claimed", "只看该岗位已领的", "only what the post has claimed"),
    NUMBER_ROW("limit", "最多几行", "how many rows at most"),
    TEXT_ROW("after", "CURSOR", "从上一页的游标继续", "go on from the cursor of the page before"),
};
static const struct option_row approve_options[] = {
    OPINION_ROW,
    TEXT_ROW("document", "NUMBER", "结果文书编号", "number of the outcome document"),
    ACT_DRY_ROW,
};
static const struct option_row reject_options[] = {
    ACT_REASON_ROW,
    TEXT_ROW("basis", "CLAUSE", "所依据的条款", "the clause it rests on"),
    OPINION_ROW,
    ACT_DRY_ROW,
};
static const struct option_row claim_options[] = {
    TEXT_ROW("post", "POST", "以哪个岗位的身份", "for which post"),
    ACT_DRY_ROW,
};
static const struct option_row reason_options[] = { ACT_REASON_ROW, ACT_DRY_ROW };
static const struct option_row transfer_options[] = {
    TEXT_ROW("to", "POST", "转给哪个岗位", "to which post"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row return_options[] = {
    TEXT_ROW("step", "ID", "退到哪一环节；默认前一环节", "to which step; the one before if left out"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row sign_options[] = {
    TEXT_ROW("add", "POST,...", "加签的岗位", "posts that are to sign too"),
    TEXT_ROW("remove", "POST,...", "减签的岗位", "posts that need not sign any more"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row suspend_options[] = {
    TEXT_ROW("kind", "KIND", "特别程序，如 expert_review", "which special procedure, such as expert_review"),
    TEXT_ROW("at-most", "LIMIT", "最长多久，如 15WD", "for how long at the most: 15WD"),
    TEXT_ROW("notice", "NUMBER", "书面通知的文号", "number of the written notice to the applicant"),
    APPROVER_ROW, ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row resume_options[] = {
    NUMBER_ROW("number", "第几次暂停；只有一次时可不写", "which stop, where there are several"),
    FLAG_ROW("annul", "此次暂停作废，如同未曾开始", "it was for nothing and counts as never begun"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row extend_options[] = {
    TEXT_ROW("by", "LIMIT", "延长多久；默认按流程最长", "by how much; as long as the workflow allows if left out"),
    APPROVER_ROW, ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row consult_options[] = {
    TEXT_ROW("department", "ID", "征求哪个部门的意见", "which department is asked"),
    TEXT_ROW("question", "TEXT|@FILE", "问题", "the question"),
    TEXT_ROW("limit", "LIMIT", "答复期限，默认 5WD", "to answer in; default 5WD"),
    ACT_DRY_ROW,
};
static const struct option_row opine_options[] = {
    CHOICE_ROW("consent", "同意与否", "does the department consent?", "yes|no"),
    TEXT_ROW("opinion", "TEXT|@FILE", "意见内容", "what it says"),
    NUMBER_ROW("number", "第几次征求；只有一次时可不写", "which question, where there are several"),
    ACT_DRY_ROW,
};
static const struct option_row check_options[] = {
    CHOICE_ROW("passed", "核查是否合格", "did it pass?", "yes|no"),
    TEXT_ROW("opinion", "TEXT|@FILE", "核查情况；不合格须写", "what was found; required where it did not pass"),
    ACT_DRY_ROW,
};
static const struct option_row deliver_options[] = {
    CHOICE_ROW("way", "送达方式", "how it is handed over", "window|post|self_service|e_licence"),
    FLAG_ROW("ready", "结果已备好并已通知申请人", "it waits for the applicant, who was told"),
    TEXT_ROW("receipt", "NUMBER", "签收或运单编号", "number of the receipt"),
    ACT_DRY_ROW,
};
static const struct option_row accept_options[] = {
    FLAG_ROW("gap", "容缺受理，申请人已承诺补交", "although deferrable materials are missing: the applicant has committed"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row refuse_options[] = {
    CHOICE_ROW("reason", "不予受理的情形", "which case of the law", "not_required|wrong_organ|incomplete|conditions|negative_list|cancelled"),
    TEXT_ROW("text", "TEXT|@FILE", "说明", "in words"),
    TEXT_ROW("redirect-to", "ORGAN", "应由哪个机关办理", "the right organ"),
    ACT_DRY_ROW,
};
static const struct option_row notify_options[] = {
    TEXT_ROW("material", "ID,...", "须补正的材料，只能是公布过的", "materials that are missing, of the published list only"),
    TEXT_ROW("field", "ID,...", "须更正的表单栏目", "fields of the form that are to be corrected"),
    TEXT_ROW("text", "TEXT|@FILE", "须补正什么", "what has to be corrected in them"),
    ACT_DRY_ROW,
};

const struct command command_task_list = {
    .name = "task list", .arguments = "", .section = SECTION_WORK,
    .summary = { "待办任务，最急的在前", "what people have to do, the most urgent first" },
    COMMAND_OPTIONS(list_options),
    .examples = "task list --department fire\ntask list --post fire-01 --claimed -o json",
    .run = run_list,
};

const struct command command_task_show = {
    .name = "task show", .arguments = "TASK", .arguments_min = 1, .arguments_max = 1, .section = SECTION_WORK,
    .summary = { "一个任务：能看的表单栏目、材料和可办的操作", "one task: the fields that may be seen, materials, what is possible" },
    .examples = "task show CY-20261123-0001.fire_check",
    .run = run_show,
};

/* A command that is one act on tasks. */
#define ACT(symbol, word, zh, en, rows, example, ...)                                              \
    static const struct act act_##symbol = { __VA_ARGS__ };                                        \
    const struct command command_task_##symbol = {                                                 \
        .name = "task " word, .arguments = "TASK...", .arguments_min = 1,                          \
        .arguments_max = ARGUMENTS_MAX, .section = SECTION_WORK, .summary = { zh, en },            \
        COMMAND_OPTIONS(rows), .examples = "task " word " CY-20261123-0001.fire_check" example,    \
        .act = &act_##symbol, .run = act_run,                                                      \
    };

ACT(approve, "approve", "准予，或在本环节签同意", "approve, or sign the step", approve_options,
    " --opinion 符合要求\ntask approve CY-20261123-0001.fire_check CY-20261123-0002.fire_check --dry-run",
    .what = "decide", .preset = "result=granted", .step = true)
ACT(reject, "reject", "不予，须有理由和条款", "reject; needs a reason and the clause", reject_options,
    " --reason 疏散通道被占 --basis 消防法第十五条", .what = "decide", .preset = "result=denied", .step = true)
ACT(claim, "claim", "领取任务", "claim it for a post", claim_options, " --post fire-01", .what = "claim")
ACT(unclaim, "unclaim", "放回任务", "give it back to all", reason_options, "", .what = "unclaim")
ACT(transfer, "transfer", "转给另一岗位", "hand it to another post", transfer_options,
    " --to fire-02 --reason 回避", .what = "transfer", .fields = "to=to_post", .required = "to")
ACT(return, "return", "退回先前的环节，另起一轮", "send it back to an earlier step, as a new round", return_options,
    " --step review --reason 现场照片不清", .what = "send_back")
ACT(recall, "recall", "收回刚办错的一步", "take back a wrong button, in time", reason_options,
    " --reason 点错", .what = "recall")
ACT(sign, "sign", "加签或减签", "add or remove signers", sign_options, " --add fire-02", .what = "change_signers")
ACT(suspend, "suspend", "因特别程序暂停计时", "stop the clock for a special procedure", suspend_options,
    " --kind expert_review --at-most 15WD --notice 特告2026-7 --approver fire-02", .what = "suspend", .required = "kind")
ACT(resume, "resume", "恢复计时", "let the clock run again", resume_options, " --reason 评审结束", .what = "resume")
ACT(extend, "extend", "延长期限，只能一次", "extend the limit, once", extend_options,
    " --by 5WD --approver fire-02 --reason 案情复杂", .what = "extend")
ACT(consult, "consult", "向另一部门征求意见", "ask another department for its opinion", consult_options,
    " --department urban --question 是否符合规划", .what = "consult", .required = "department")
ACT(opine, "opine", "答复征求意见", "answer a question of another department", opine_options,
    ".opinion-1 --consent yes --opinion 符合", .what = "opine", .fields = "consent=consents opinion=text", .required = "consent")
ACT(check, "check", "告知承诺的事后核查", "the later check of a grant on a written promise", check_options,
    " --passed yes", .what = "check", .fields = "passed=ok opinion=text", .required = "passed")
ACT(deliver, "deliver", "送达结果", "hand the outcome over", deliver_options, " --way window --receipt QS-7", .what = "deliver")
ACT(accept, "accept", "部门受理", "accept the item", accept_options, "", .what = "accept")
ACT(refuse, "refuse", "不予受理", "refuse to accept", refuse_options,
    " --reason wrong_organ --redirect-to 市住建局", .what = "refuse", .required = "reason")
ACT(notify, "notify", "一次性告知须补正的全部内容", "tell once all that is missing", notify_options,
    " --material layout_plan --text 图纸缺疏散标识", .what = "notify", .fields = "material=materials field=fields")
// clang-format on
