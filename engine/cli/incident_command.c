/* Tasks that failed too often and wait for somebody: binglian incident list. What an operator does
 * about them is in act_table.c. */
#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"

#define PAGE_MAX 200  // of a list, as the broker gives it

// clang-format off
static const struct column incident_columns[] = {
    { "task",       { "任务", "TASK" },       COLUMN_TEXT },
    { "department", { "部门", "DEPARTMENT" }, COLUMN_TEXT },
    { "failures",   { "失败", "FAILURES" },   COLUMN_NUMBER },
    { "since",      { "起于", "SINCE" },      COLUMN_TIME },
    { "reason",     { "原因", "REASON" },     COLUMN_WORD },
    { "record",     { "记录", "RECORD" },     COLUMN_TEXT },
};
// clang-format on
static const struct view incident_view = { incident_columns,
                                           BL_COUNT(incident_columns),
                                           { "没有异常", "no incidents" } };

static int show_incidents(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_incidents; i++) {
        json_array_append_new(rows, output_of(cli, &answer->incidents[i]->base));
    }
    return output_list(cli, &incident_view, rows, answer->next);
}

static int run_incidents(struct cli *cli)
{
    const char *after = option_text(&cli->options, "after");
    Bl__ListIncidents list = BL__LIST_INCIDENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.limit = (uint32_t)option_number(&cli->options, "limit", PAGE_MAX);
    list.after = after == NULL ? "" : after;
    query.what_case = BL__QUERY__WHAT_INCIDENTS;
    query.incidents = &list;
    return connect_show(cli, &query, show_incidents);
}

// clang-format off
static const struct option_row incident_options[] = {
    ACT_NUMBER_ROW("limit", "最多几行", "how many rows at most"),
    ACT_TEXT_ROW("after", "CURSOR", "从上一页的游标继续", "go on from the cursor of the page before"),
};

const struct command command_incident_list = {
    .name = "incident list", .arguments = "", .section = SECTION_TASKS,
    .summary = { "反复失败、待人处理的任务", "tasks that failed too often and wait for somebody" },
    COMMAND_OPTIONS(incident_options),
    .examples = "incident list\nincident list -o jsonl",
    .run = run_incidents,
};
// clang-format on
