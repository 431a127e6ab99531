/* One application and lists of them: binglian submit, show, list, events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/submission.h"
#include "cli/task_name.h"
#include "cli/tree.h"
#include "cli/watch.h"

// As they stand in the enum, from 1 on.
#define STATES                                                                                     \
    "submitted|correcting|accepted|in_progress|partly_done|completed|refused|withdrawn|returned|"  \
    "closed"
#define PAGE_MAX 200  // of a list, as the broker gives it
#define EVENTS_PAGE_MAX 1000
#define CLOCK_CHOICES                                                                              \
    "notify|correction|supplement|deliver|check|step|opinion"  // as ClockName.Kind

/* --- submit ----------------------------------------------------------------------------------- */

static void print_submitted(struct cli *cli, const json_t *answer)
{
    (void)printf(cli_say(cli, "%s  承诺 %s%s\n", "%s  promised %s%s\n"),
                 output_text(answer, "application"),
                 output_time(cli, output_text(answer, "promise_at")),
                 json_is_true(json_object_get(answer, "repeated"))
                     ? cli_say(cli, "（同一请求，先前已受理）", " (the same request, as before)")
                     : "");
}

static int run_submit(struct cli *cli)
{
    const char *key = option_text(&cli->options, "key");
    const char *window = option_text(&cli->options, "window");
    Bl__Command command = BL__COMMAND__INIT;
    struct bl_client *client = NULL;
    const Bl__Answer *answer = NULL;
    int status = submission_read(cli, cli->options.arguments[0], &command);

    if (status != 0) {
        return status;
    }
    command.request_id = key != NULL ? key : command.request_id;
    command.submit->window = window != NULL ? window : command.submit->window;
    command.submit->receive_only = option_flag(&cli->options, "receive-only");
    status = connect_open(cli, &client);
    if (status == 0) {
        status = connect_do(cli, client, &command, &answer);
    }
    if (status == 0) {
        const char *number = bl_arena_string(&cli->arena, answer->application);

        status = output_value(cli, output_of(cli, &answer->base), print_submitted);
        if (option_flag(&cli->options, "wait")) {
            (void)fflush(stdout);
            status = watch_until(cli, client, number, "completed");
        }
    }
    bl_client_close(&client);
    return status;
}

/* --- show and events -------------------------------------------------------------------------- */

/* The value that people see printed as a tree has the events, if they were asked for. */
static void print_application(struct cli *cli, const json_t *value)
{
    const json_t *events = json_object_get(value, "events");
    size_t index;
    json_t *event;

    (void)tree_print(cli, value, stdout);
    json_array_foreach(events, index, event)
    {
        tree_print_event(cli, event, value, false, stdout);
    }
}

static json_t *events_json(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *events = json_array();

    for (size_t i = 0; i < answer->n_events; i++) {
        json_array_append_new(events, output_of(cli, &answer->events[i]->base));
    }
    return events;
}

static int show_application(struct cli *cli, const Bl__QueryAnswer *answer)
{
    struct bl_error e = { 0 };

    if (answer->n_applications == 0) {
        (void)bl_error_set(&e, BL_NOT_FOUND, "%s", cli->options.arguments[0]);
        return cli_fail(cli, &e);
    }
    json_t *value = output_of(cli, &answer->applications[0]->base);
    if (option_flag(&cli->options, "events")) {
        json_object_set_new(value, "events", events_json(cli, answer));
    }
    return output_value(cli, value, print_application);
}

// clang-format off
static const struct column why_columns[] = {
    { "day",    { "日期", "DAY" },     COLUMN_TEXT },
    { "count",  { "第几天", "COUNT" }, COLUMN_TEXT },
    { "reason", { "说明", "WHY" },     COLUMN_WORD },
    { "detail", { "", "" },            COLUMN_TEXT },
};
// clang-format on
static const struct view why_view = { why_columns,
                                      BL_COUNT(why_columns),
                                      { "没有这个期限", "there is no such limit" } };

/* For people a day is a date, and one that does not count has no number. */
static void shorten_day(struct cli *cli, json_t *row)
{
    int64_t count = output_integer(row, "count");
    const char *text = count == 0 ? "" : bl_arena_printf(&cli->arena, "%d", (int)count);

    json_object_set_new(row, "day", json_stringn(output_text(row, "day"), 10));
    json_object_set_new(row, "count", json_string(text));
}

static int show_why(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_why; i++) {
        json_t *row = output_of(cli, &answer->why[i]->base);

        if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_CSV) {
            shorten_day(cli, row);
        }
        json_array_append_new(rows, row);
    }
    return output_list(cli, &why_view, rows, answer->next);
}

/* How a due moment came about, day by day: of the whole, or of the item that is named. */
static int run_why(struct cli *cli, const char *item)
{
    const char *kind = option_text(&cli->options, "clock");
    Bl__ClockName clock = BL__CLOCK_NAME__INIT;
    Bl__GetWhy get = BL__GET_WHY__INIT;
    Bl__Query query = BL__QUERY__INIT;

    clock.whole = item[0] == '\0';
    clock.legal = option_flag(&cli->options, "legal");
    if (kind != NULL) {
        clock.kind = (Bl__ClockName__Kind)(option_choice(CLOCK_CHOICES, kind) +
                                           BL__CLOCK_NAME__KIND__NOTIFY);
    }
    get.number = task_name_of(&cli->arena, cli->options.arguments[0]).number;
    get.item = item;
    get.clock = &clock;
    query.what_case = BL__QUERY__WHAT_WHY;
    query.why = &get;
    return connect_show(cli, &query, show_why);
}

static int run_show(struct cli *cli)
{
    const struct options *options = &cli->options;
    const char *item = options->argument_count > 1
                           ? options->arguments[1]
                           : task_name_of(&cli->arena, options->arguments[0]).item;

    if (option_flag(options, "why-due")) {
        return run_why(cli, item);
    }
    if (item[0] != '\0' || option_flag(options, "legal") || option_text(options, "clock") != NULL) {
        return cli_fail_usage(cli, "%s",
                              cli_say(cli, "事项、--legal 和 --clock 只与 --why-due 同用",
                                      "an item, --legal and --clock go with --why-due"));
    }
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;

    get.number = cli->options.arguments[0];
    get.events = option_flag(&cli->options, "events");
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    return connect_show(cli, &query, show_application);
}

// clang-format off
static const struct column event_columns[] = {
    { "event.seq",   { "事件", "EVENT" },     COLUMN_NUMBER },
    { "event.at",    { "时间", "TIME" },      COLUMN_TIME },
    { "application", { "办件", "APPLICATION" }, COLUMN_TEXT },
    { "item",        { "事项", "ITEM" },      COLUMN_TEXT },
    { "words",       { "内容", "WHAT" },      COLUMN_TEXT },
};
// clang-format on
static const struct view event_view = { event_columns,
                                        BL_COUNT(event_columns),
                                        { "没有事件", "no events" } };

static int show_events(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = events_json(cli, answer);
    size_t index;
    json_t *row;

    json_array_foreach(rows, index, row)
    {
        if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_CSV) {
            json_object_set_new(row, "words", json_string(tree_event(cli, row, NULL)));
        }
    }
    return output_list(cli, &event_view, rows, answer->next);
}

static int run_events(struct cli *cli)
{
    Bl__GetEvents get = BL__GET_EVENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    get.number = cli->options.argument_count > 0 ? cli->options.arguments[0] : "";
    get.after = option_number(&cli->options, "after", 0);
    get.limit = (uint32_t)option_number(&cli->options, "limit", EVENTS_PAGE_MAX);
    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &get;
    return connect_show(cli, &query, show_events);
}

/* --- list ------------------------------------------------------------------------------------- */

// clang-format off
static const struct column application_columns[] = {
    { "light",        { "灯", "LIGHT" },        COLUMN_LIGHT },
    { "number",       { "编号", "NUMBER" },     COLUMN_TEXT },
    { "title",        { "事项", "WORKFLOW" },   COLUMN_TITLE },
    { "applicant",    { "申请人", "APPLICANT" }, COLUMN_TEXT },
    { "state",        { "状态", "STATE" },      COLUMN_WORD },
    { "promise.due_at", { "承诺", "PROMISED" }, COLUMN_TIME },
    { "now_at",       { "现在", "NOW AT" },     COLUMN_TEXT },
};
// clang-format on
static const struct view application_view = { application_columns,
                                              BL_COUNT(application_columns),
                                              { "没有办件", "no applications" } };

/* Which departments have it now: for people, who ask that first. */
static const char *now_at(struct cli *cli, const json_t *application)
{
    const json_t *items = output_find(application, "items");
    const char *text = "";
    size_t index;
    json_t *item;

    json_array_foreach(items, index, item)
    {
        const char *state = output_text(item, "state");
        const char *department = output_title(cli, item, "department_title");

        department = department[0] != '\0' ? department : output_text(item, "department");
        if ((strcmp(state, "accepted") == 0 || strcmp(state, "received") == 0) &&
            strstr(text, department) == NULL) {
            text = bl_arena_printf(&cli->arena, "%s%s%s", text, text[0] != '\0' ? " " : "",
                                   department);
        }
    }
    return text;
}

static void add_applications(struct cli *cli, const Bl__QueryAnswer *answer, json_t *rows)
{
    for (size_t i = 0; i < answer->n_applications; i++) {
        json_t *row = output_of(cli, &answer->applications[i]->base);

        if (cli->format == OUTPUT_TABLE || cli->format == OUTPUT_CSV) {
            json_object_set_new(row, "now_at", json_string(now_at(cli, row)));
        }
        json_array_append_new(rows, row);
    }
}

/* As many pages as the limit takes. */
static int list_pages(struct cli *cli, struct bl_client *client, Bl__Query *query, json_t *rows,
                      const char **next)
{
    uint64_t left = option_number(&cli->options, "limit", 50);
    const Bl__QueryAnswer *answer = NULL;
    int status = 0;

    while (left > 0 && status == 0) {
        query->applications->limit = (uint32_t)(left < PAGE_MAX ? left : PAGE_MAX);
        status = connect_ask(cli, client, query, &answer);
        if (status == 0) {
            add_applications(cli, answer, rows);
            left -= answer->n_applications < left ? answer->n_applications : left;
            *next = bl_arena_string(&cli->arena, answer->next);
            query->applications->after = *next;
        }
        if (status != 0 || (*next)[0] == '\0') {
            break;
        }
    }
    return status;
}

static int run_list(struct cli *cli)
{
    const struct options *options = &cli->options;
    const char *light = option_text(options, "light"), *next = "";
    const char *state = option_text(options, "state");
    Bl__ListApplications list = BL__LIST_APPLICATIONS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    struct bl_client *client = NULL;
    json_t *rows = json_array();
    int status = connect_open(cli, &client);

    list.workflow =
        option_text(options, "workflow") != NULL ? option_text(options, "workflow") : "";
    list.department =
        option_text(options, "department") != NULL ? option_text(options, "department") : "";
    list.window = option_text(options, "window") != NULL ? option_text(options, "window") : "";
    list.project = option_text(options, "project") != NULL ? option_text(options, "project") : "";
    list.applicant =
        option_text(options, "applicant") != NULL ? option_text(options, "applicant") : "";
    list.state = state == NULL ? BL__APPLICATION__STATE__STATE_UNSPECIFIED
                               : (Bl__Application__State)(option_choice(STATES, state) + 1);
    list.after = option_text(options, "after") != NULL ? option_text(options, "after") : "";
    list.light = light == NULL
                     ? BL__LIGHT__LIGHT_UNSPECIFIED
                     : (Bl__Light)(option_choice("green|yellow|red|blue|grey", light) + 1);
    list.overdue = option_flag(options, "overdue");
    list.open = option_flag(options, "open");
    query.what_case = BL__QUERY__WHAT_APPLICATIONS;
    query.applications = &list;
    if (status == 0) {
        status = list_pages(cli, client, &query, rows, &next);
    }
    bl_client_close(&client);
    if (status != 0) {
        json_decref(rows);
        return status;
    }
    return output_list(cli, &application_view, rows, next);
}

// clang-format off
#define LIMIT_ROW { "limit", OPTION_NUMBER, 0, "N", { "最多几行", "how many rows at most" }, NULL }
#define AFTER_ROW { "after", OPTION_TEXT, 0, "CURSOR", { "从上一页的游标继续", "go on from the cursor of the page before" }, NULL }

static const struct option_row submit_options[] = {
    { "key", OPTION_TEXT, 0, "ID", { "请求编号，重复提交只办一次", "request id: the same is done once" }, NULL },
    { "wait", OPTION_FLAG, 0, NULL, { "一直看到办结", "watch until it is completed" }, NULL },
    { "receive-only", OPTION_FLAG, 0, NULL, { "只收件，不受理", "take the papers, do not accept yet" }, NULL },
    { "window", OPTION_TEXT, 0, "NAME", { "窗口", "at which window" }, NULL },
};
static const struct option_row show_options[] = {
    { "events", OPTION_FLAG, 0, NULL, { "附上全部经过", "with its history" }, NULL },
    { "why-due", OPTION_FLAG, 0, NULL, { "逐日说明期限怎么算出来的", "how the due date came about, day by day" }, NULL },
    { "legal", OPTION_FLAG, 0, NULL, { "配合 --why-due：法定时限", "with --why-due: the legal limit" }, NULL },
    { "clock", OPTION_TEXT, 0, "CLOCK", { "配合 --why-due：事项的其他时限", "with --why-due: another limit of the item" }, CLOCK_CHOICES },
};
static const struct option_row list_options[] = {
    { "light", OPTION_TEXT, 0, "LIGHT", { "只看某种灯色，最急的在前", "only of this light, the most urgent first" }, "green|yellow|red|blue|grey" },
    { "department", OPTION_TEXT, 0, "ID", { "只看某部门参与的", "only those that this department is part of" }, NULL },
    { "workflow", OPTION_TEXT, 0, "ID", { "只看某流程的", "only of this workflow" }, NULL },
    { "state", OPTION_TEXT, 0, "STATE", { "只看某种状态的", "only in this state" }, STATES },
    { "window", OPTION_TEXT, 0, "ID", { "只看某窗口收的", "only those that this window took" }, NULL },
    { "project", OPTION_TEXT, 0, "CODE", { "只看某重点项目的", "only of this major project" }, NULL },
    { "applicant", OPTION_TEXT, 0, "ID-NUMBER", { "只看此证件号码的申请人的", "only of whoever has papers of this number" }, NULL },
    { "overdue", OPTION_FLAG, 0, NULL, { "只看超期的，最急的在前", "only what is overdue, the most urgent first" }, NULL },
    { "open", OPTION_FLAG, 0, NULL, { "只看未办结的", "only what is not completed" }, NULL },
    LIMIT_ROW,
    AFTER_ROW,
};
static const struct option_row events_options[] = {
    { "after", OPTION_NUMBER, 0, "EVENT", { "从这个事件之后", "only after this event number" }, NULL },
    LIMIT_ROW,
};

const struct command command_submit = {
    .name = "submit", .arguments = "FILE.yaml|FILE.json|-", .arguments_min = 1, .arguments_max = 1, .section = SECTION_APPLICATIONS,
    .summary = { "提交一份申请，得到编号和承诺日期", "submit one application; prints its number and promised date" },
    .details = { "文件写法见 binglian help submission。答复表示已写入磁盘。", "For the file see binglian help submission. The answer means that it is on disk." },
    COMMAND_OPTIONS(submit_options),
    .examples = "submit application.yaml --wait\nsubmit application.json --key 0193a3c2-7d10-7c5e-9b1f-5f0e8f6a2b11 -o json\nsubmit - < application.yaml",
    .run = run_submit,
};

const struct command command_show = {
    .name = "show", .arguments = "NUMBER [ITEM]", .arguments_min = 1, .arguments_max = 2, .section = SECTION_APPLICATIONS,
    .summary = { "一个办件：各部门的进度、灯色和期限", "one application: its departments, lights and limits" },
    COMMAND_OPTIONS(show_options),
    .examples = "show CY-20261123-0001\nshow CY-20261123-0001 --events -o json\nshow CY-20261123-0001 fire_check --why-due --legal",
    .run = run_show,
};

const struct command command_list = {
    .name = "list", .arguments = "", .section = SECTION_APPLICATIONS,
    .summary = { "办件列表", "applications" },
    COMMAND_OPTIONS(list_options),
    .examples = "list --open\nlist --light red --department fire\nlist --overdue --limit 200 -o csv",
    .run = run_list,
};

const struct command command_events = {
    .name = "events", .arguments = "[NUMBER]", .arguments_max = 1, .section = SECTION_APPLICATIONS,
    .summary = { "一个办件的经过；不带编号为全部", "the history of one application, or of all" },
    COMMAND_OPTIONS(events_options),
    .examples = "events CY-20261123-0001\nevents --after 1000 -o jsonl",
    .run = run_events,
};

// clang-format on
