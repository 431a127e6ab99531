/* Definitions: binglian workflow validate, eval, publish, list, show, diff, retire. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/folder.h"
#include "cli/output.h"
#include "cli/publish.h"
#include "cli/source.h"
#include "cli/validate.h"
#include "definition/cel.h"
#include "definition/cel_json.h"
#include "definition/diff.h"

/* --- eval ------------------------------------------------------------------------------------- */

static bool get_form(void *context, size_t slot, struct cel_value *value)
{
    const struct cel_value *form = context;

    (void)slot;
    *value = *form;
    return true;
}

/* {"value": …} or {"error": "…"}. */
static json_t *evaluate(struct cli *cli, const char *source, const json_t *form)
{
    static const struct cel_variable variables[] = { { .name = "form", .type = CEL_DYN } };
    static const struct cel_schema schema = { variables, BL_COUNT(variables), true };
    struct cel_value bound, value;
    struct cel_scope scope = { get_form, &bound };
    struct bl_error e = { 0 };
    const struct cel *cel;

    cel_of_json(form, &cli->arena, &bound);
    if (cel_compile(source, strlen(source), &schema, &cli->arena, &cel, &e) != BL_OK ||
        cel_eval(cel, &scope, &cli->arena, &value, &e) != BL_OK) {
        return json_pack("{s:s, s:I, s:I}", "error", e.text, "line", (json_int_t)e.line, "column",
                         (json_int_t)e.column);
    }
    return json_pack("{s:o}", "value", cel_to_json(&value));
}

static void print_eval(struct cli *cli, const json_t *result)
{
    const json_t *value = json_object_get(result, "value");

    if (value == NULL) {
        cli_note(cli, "%d:%d: %s", (int)output_integer(result, "line"),
                 (int)output_integer(result, "column"), output_text(result, "error"));
        return;
    }
    (void)json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
    (void)fputc('\n', stdout);
}

static int run_eval(struct cli *cli)
{
    const char *path = option_text(&cli->options, "form");
    struct bl_text text = { "{}", 2 };
    struct bl_error e = { 0 };
    json_error_t where;

    if (path != NULL && file_read(cli, path, &text, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    json_t *form = json_loadb(text.at, text.bytes, JSON_REJECT_DUPLICATES, &where);
    if (form == NULL) {
        (void)bl_error_at(&e, BL_INVALID, path, (uint32_t)where.line, (uint32_t)where.column, "%s",
                          where.text);
        return cli_fail(cli, &e);
    }
    json_t *result = evaluate(cli, cli->options.arguments[0], form);
    bool failed = json_object_get(result, "error") != NULL;
    (void)output_value(cli, result, print_eval);
    json_decref(form);
    return failed ? bl_err_exit(BL_INVALID) : 0;
}

/* --- what is published ------------------------------------------------------------------------ */

// clang-format off
static const struct column publication_columns[] = {
    { "kind",         { "类别", "KIND" },         COLUMN_WORD },
    { "id",           { "名称", "ID" },           COLUMN_TEXT },
    { "version",      { "版本", "VERSION" },      COLUMN_NUMBER },
    { "published_at", { "发布时间", "PUBLISHED" }, COLUMN_TIME },
    { "effective_at", { "启用时间", "EFFECTIVE" }, COLUMN_TIME },
    { "standing",     { "状态", "STANDING" },     COLUMN_WORD },
};
// clang-format on
static const struct view publication_view = { publication_columns,
                                              BL_COUNT(publication_columns),
                                              { "还没有发布任何流程", "nothing is published" } };

static int show_publications(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_publications; i++) {
        json_array_append_new(rows, output_of(cli, &answer->publications[i]->base));
    }
    return output_list(cli, &publication_view, rows, answer->next);
}

static int run_list(struct cli *cli)
{
    Bl__ListPublications list = BL__LIST_PUBLICATIONS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    if (!option_flag(&cli->options, "all")) {
        list.kind = BL__PUBLICATION__KIND__WORKFLOW;
    }
    query.what_case = BL__QUERY__WHAT_PUBLICATIONS;
    query.publications = &list;
    return connect_show(cli, &query, show_publications);
}

/* --- one of them ------------------------------------------------------------------------------ */

static void print_source(struct cli *cli, const json_t *value)
{
    (void)cli;
    (void)fputs(output_text(value, "source"), stdout);
}

static int run_show(struct cli *cli)
{
    struct bl_text source;
    const char *name;
    int status = source_read(cli, cli->options.arguments[0],
                             (uint32_t)option_number(&cli->options, "version", 0), &source, &name);

    if (status != 0 || cli->format == OUTPUT_TABLE) {
        return status != 0
                   ? status
                   : output_value(cli, json_pack("{s:s%}", "source", source.at, source.bytes),
                                  print_source);
    }
    const Bl__Workflow *workflow = source_parse(cli, source, name);
    return workflow == NULL ? bl_err_exit(BL_DEFINITION)
                            : output_value(cli, output_of(cli, &workflow->base), print_source);
}

static int run_retire(struct cli *cli)
{
    Bl__Retire retire = BL__RETIRE__INIT;
    Bl__Command command = BL__COMMAND__INIT;
    struct bl_client *client = NULL;
    const Bl__Answer *answer = NULL;
    int status = connect_open(cli, &client);

    retire.workflow = cli->options.arguments[0];
    retire.version = (uint32_t)option_number(&cli->options, "version", 0);
    command.what_case = BL__COMMAND__WHAT_RETIRE;
    command.retire = &retire;
    if (status == 0) {
        status = connect_do(cli, client, &command, &answer);
    }
    if (status == 0) {
        cli_note(cli, cli_say(cli, "流程 %s 不再受理新的申请", "%s takes no new applications"),
                 retire.workflow);
    }
    bl_client_close(&client);
    return status;
}

static int read_definition(struct cli *cli, const char *name, const char *version,
                           struct definition **definition)
{
    struct bl_text source;
    const char *file;
    int status = source_read(cli, name, (uint32_t)strtoul(version, NULL, 10), &source, &file);

    if (status != 0 || option_text(&cli->options, "workflows") == NULL) {
        return status != 0 ? status : source_compile(cli, source, file, NULL, definition);
    }
    struct folder *folder = bl_arena_new(&cli->arena, struct folder);
    folder_read(cli, folder_find(cli, NULL), folder, NULL);
    struct definition_context context = folder_context(cli, folder);
    return source_compile(cli, source, file, &context, definition);
}

// clang-format off
static const struct column change_columns[] = {
    { "action", { "变化", "CHANGE" }, COLUMN_TEXT },
    { "path",   { "位置", "PATH" },   COLUMN_TEXT },
    { "before", { "原为", "BEFORE" }, COLUMN_TITLE },
    { "after",  { "现为", "AFTER" },  COLUMN_TITLE },
    { "text",   { "说明", "TEXT" },   COLUMN_TITLE },
};
// clang-format on
static const struct view change_view = { change_columns,
                                         BL_COUNT(change_columns),
                                         { "没有差别", "no difference" } };

static int show_changes(struct cli *cli, const struct diff *diff)
{
    static const char *const actions[] = {
        [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed"
    };
    json_t *rows = json_array();

    for (size_t i = 0; i < diff->count; i++) {
        const struct diff_change *change = &diff->changes[i];

        json_array_append_new(rows,
                              json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s, s:s}}",
                                        "action", actions[change->action], "path", change->path,
                                        "before", "zh", change->before.zh, "en", change->before.en,
                                        "after", "zh", change->after.zh, "en", change->after.en,
                                        "text", "zh", change->text.zh, "en", change->text.en));
    }
    return output_list(cli, &change_view, rows, NULL);
}

/* `diff FILE FILE`, or `diff WORKFLOW 2 3`. */
static int run_diff(struct cli *cli)
{
    char **arguments = cli->options.arguments;
    bool versions = cli->options.argument_count == 3;
    struct definition *before = NULL, *after = NULL;
    int status = read_definition(cli, arguments[0], versions ? arguments[1] : "0", &before);

    if (status == 0) {
        status = read_definition(cli, arguments[versions ? 0 : 1], versions ? arguments[2] : "0",
                                 &after);
    }
    if (status == 0) {
        struct diff diff = diff_make(before, after, &cli->arena);

        if (cli->format == OUTPUT_TABLE) {
            diff_print(stdout, &diff, cli->language);
        } else {
            status = show_changes(cli, &diff);
        }
    }
    definition_free(&before);
    definition_free(&after);
    return status;
}

// clang-format off
#define WORKFLOWS_ROW { "workflows", OPTION_TEXT, 0, "DIR", { "departments.yaml 和 calendars/ 所在目录，默认在文件旁", "where departments.yaml and calendars/ are; default beside the file" }, NULL }
#define VERSION_ROW { "version", OPTION_NUMBER, 0, "N", { "版本，默认为新申请现在所用的", "version; default the one that new applications take" }, NULL }

static const struct option_row validate_options[] = { WORKFLOWS_ROW };
static const struct option_row diff_options[] = {
    { "workflows", OPTION_TEXT, 0, "DIR", { "按此目录的 departments.yaml 和 calendars/ 核对名称，默认不核对", "check names against departments.yaml and calendars/ there; default as written" }, NULL },
};
static const struct option_row eval_options[] = {
    { "form", OPTION_TEXT, 0, "FILE", { "表单的 JSON 文件，- 为标准输入", "JSON file of the form; - is stdin" }, NULL },
};
static const struct option_row publish_options[] = {
    { "effective-at", OPTION_TEXT, 0, "DATE", { "从哪天起新申请用这一版；默认立即", "from this day on new applications take it; at once" }, NULL },
};
static const struct option_row list_options[] = {
    { "all", OPTION_FLAG, 0, NULL, { "也列出日历和部门", "calendars and departments too" }, NULL },
};
static const struct option_row version_options[] = { VERSION_ROW };

const struct command command_workflow_validate = {
    .name = "workflow validate", .arguments = "FILE...", .arguments_min = 1, .arguments_max = ARGUMENTS_MAX, .section = SECTION_DEFINITIONS,
    .summary = { "检查流程、部门和日历文件，一次说出全部问题", "check workflows, departments and calendars: all problems at once" },
    .details = { "证明引用存在、没有循环等待、汇合能够满足、条件类型正确、最长路径在承诺之内、承诺在法定期限之内。有错误时退出状态为 6。",
                 "Proves that references exist, needs have no cycle, joins can be met, conditions are typed, the longest path fits the promise and the promise fits the law. Exit status 6 on an error." },
    COMMAND_OPTIONS(validate_options),
    .examples = "workflow validate workflows/*.yaml\nworkflow validate mine.yaml --workflows /etc/binglian/workflows -o json",
    .run = validate_run,
};

const struct command command_workflow_eval = {
    .name = "workflow eval", .arguments = "EXPRESSION", .arguments_min = 1, .arguments_max = 1, .section = SECTION_DEFINITIONS,
    .summary = { "试算一个条件表达式（CEL）", "try out a condition (CEL)" },
    .details = { "以减号和字母开头的表达式写在 -- 之后。", "An expression that begins with a minus and a letter stands behind --." },
    COMMAND_OPTIONS(eval_options),
    .examples = "workflow eval 'form.area > 300 || form.decorated' --form form.json -o json\nworkflow eval \"['热食', '冷食'].exists(k, k.startsWith('热'))\"",
    .run = run_eval,
};

const struct command command_workflow_publish = {
    .name = "workflow publish", .arguments = "FILE...", .arguments_min = 1, .arguments_max = ARGUMENTS_MAX, .section = SECTION_DEFINITIONS,
    .summary = { "发布流程、部门和日历文件", "publish workflows, departments and calendars" },
    .details = { "先日历，再部门，后流程。已发布的版本不能改；内容改变须增加 version。",
                 "Calendars first, then departments, then workflows. A published version never changes: raise `version` for other content." },
    COMMAND_OPTIONS(publish_options),
    .examples = "workflow publish workflows/calendars/cn.yaml workflows/*.yaml\nworkflow publish restaurant-2.yaml --effective-at 2027-01-01",
    .run = publish_run,
};

const struct command command_workflow_list = {
    .name = "workflow list", .arguments = "", .section = SECTION_DEFINITIONS,
    .summary = { "已发布的流程", "the published workflows" },
    COMMAND_OPTIONS(list_options),
    .examples = "workflow list\nworkflow list --all -o json",
    .run = run_list,
};

const struct command command_workflow_show = {
    .name = "workflow show", .arguments = "WORKFLOW|FILE", .arguments_min = 1, .arguments_max = 1, .section = SECTION_DEFINITIONS,
    .summary = { "一个流程的定义", "the definition of a workflow" },
    .details = { "默认原样给出 YAML；-o json 给出按 proto 解读后的内容。", "The YAML as it was published; with -o json as it was understood." },
    COMMAND_OPTIONS(version_options),
    .examples = "workflow show restaurant\nworkflow show restaurant --version 1 -o json",
    .run = run_show,
};

const struct command command_workflow_diff = {
    .name = "workflow diff", .arguments = "WORKFLOW VERSION VERSION | FILE FILE", .arguments_min = 2, .arguments_max = 3, .section = SECTION_DEFINITIONS,
    .summary = { "两个版本的差别，逐项说明", "what changed between two versions" },
    COMMAND_OPTIONS(diff_options),
    .examples = "workflow diff restaurant 1 2\nworkflow diff old.yaml workflows/restaurant.yaml",
    .run = run_diff,
};

const struct command command_workflow_retire = {
    .name = "workflow retire", .arguments = "WORKFLOW", .arguments_min = 1, .arguments_max = 1, .section = SECTION_DEFINITIONS,
    .summary = { "停用一个版本：不再受理新申请", "take no new applications for a version" },
    COMMAND_OPTIONS(version_options),
    .examples = "workflow retire restaurant --version 1",
    .run = run_retire,
};
// clang-format on
