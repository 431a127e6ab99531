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
        (void)printf("%s%s%s\n", cli_say(cli, zh, en), cli_say(cli, "：", ": "),
                     grid_harmless(&cli->arena, text));
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

static void print_form(struct cli *cli, const json_t *form)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)form, key, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

        (void)printf(
            "  %s: %s\n", key,
            grid_harmless(&cli->arena, json_is_string(value) ? json_string_value(value) : text));
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
    print_line(cli, "有更正", "corrected since",
               joined(cli, output_find(task, "changed"), "", false));
    print_line(cli, "可以", "possible", joined(cli, output_find(task, "may"), "", true));
    print_form(cli, output_find(task, "form"));
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

// clang-format off
static const struct option_row list_options[] = {
    ACT_TEXT_ROW("department", "ID", "只看某部门的", "only of this department"),
    ACT_TEXT_ROW("post", "POST", "只看某岗位能办的，含其代理的", "only what this post may work on, as deputy too"),
    ACT_FLAG_ROW("claimed", "只看该岗位已领的", "only what the post has claimed"),
    ACT_NUMBER_ROW("limit", "最多几行", "how many rows at most"),
    ACT_TEXT_ROW("after", "CURSOR", "从上一页的游标继续", "go on from the cursor of the page before"),
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
// clang-format on
