/* Who works: binglian department list, worker list. */
#include "cli/command.h"
#include "cli/connect.h"
#include "cli/output.h"

// clang-format off
static const struct column department_columns[] = {
    { "id",      { "部门", "DEPARTMENT" },   COLUMN_TEXT },
    { "title",   { "名称", "TITLE" },        COLUMN_TITLE },
    { "workers", { "工作程序", "WORKERS" },  COLUMN_NUMBER },
    { "held",    { "在办任务", "TASKS" },    COLUMN_NUMBER },
    { "known",   { "在册", "KNOWN" },        COLUMN_YES },
};
static const struct column worker_columns[] = {
    { "department",   { "部门", "DEPARTMENT" },  COLUMN_TEXT },
    { "name",         { "密钥", "KEY" },         COLUMN_TEXT },
    { "program",      { "程序", "PROGRAM" },     COLUMN_TEXT },
    { "held",         { "在办", "HELD" },        COLUMN_NUMBER },
    { "credit",       { "同时可办", "CREDIT" },  COLUMN_NUMBER },
    { "items",        { "事项", "ITEMS" },       COLUMN_TEXT },
    { "connected_at", { "连接于", "CONNECTED" }, COLUMN_TIME },
    { "heard_at",     { "最近", "HEARD" },       COLUMN_TIME },
};
// clang-format on
static const struct view department_view = { department_columns,
                                             BL_COUNT(department_columns),
                                             { "没有部门", "no departments" } };
static const struct view worker_view = { worker_columns,
                                         BL_COUNT(worker_columns),
                                         { "没有工作程序在线", "no worker is connected" } };

static int show_departments(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_departments; i++) {
        json_array_append_new(rows, output_of(cli, &answer->departments[i]->base));
    }
    return output_list(cli, &department_view, rows, answer->next);
}

static int run_departments(struct cli *cli)
{
    Bl__ListDepartments list = BL__LIST_DEPARTMENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    query.what_case = BL__QUERY__WHAT_DEPARTMENTS;
    query.departments = &list;
    return connect_show(cli, &query, show_departments);
}

static int show_workers(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_workers; i++) {
        json_array_append_new(rows, output_of(cli, &answer->workers[i]->base));
    }
    return output_list(cli, &worker_view, rows, answer->next);
}

static int run_workers(struct cli *cli)
{
    const char *department = option_text(&cli->options, "department");
    Bl__ListWorkers list = BL__LIST_WORKERS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.department = department == NULL ? "" : department;
    query.what_case = BL__QUERY__WHAT_WORKERS;
    query.workers = &list;
    return connect_show(cli, &query, show_workers);
}

// clang-format off
static const struct option_row worker_options[] = {
    { "department", OPTION_TEXT, 0, "ID", { "只看某部门的", "only of this department" }, NULL },
};

const struct command command_department_list = {
    .name = "department list", .arguments = "", .section = SECTION_HALL,
    .summary = { "各部门和它们的工作程序", "the departments and their workers" },
    .examples = "department list\ndepartment list -o json",
    .run = run_departments,
};

const struct command command_worker_list = {
    .name = "worker list", .arguments = "", .section = SECTION_HALL,
    .summary = { "在线的工作程序", "the workers that are connected" },
    COMMAND_OPTIONS(worker_options),
    .examples = "worker list --department fire",
    .run = run_workers,
};
// clang-format on
