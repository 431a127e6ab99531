/* What applicants are told and has not left yet: binglian notice list. Those that could not be sent
 * are incidents. */
#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"

#define PAGE_MAX 200  // of a list, as the broker gives it

// clang-format off
static const struct column notice_columns[] = {
    { "task",            { "通知", "NOTICE" },    COLUMN_TEXT },
    { "notice.kind",     { "内容", "WHAT" },      COLUMN_WORD },
    { "notice.channel",  { "渠道", "CHANNEL" },   COLUMN_TEXT },
    { "notice.at",       { "起于", "SINCE" },     COLUMN_TIME },
    { "notice.failures", { "失败", "FAILURES" },  COLUMN_NUMBER },
    { "notice.retry_at", { "再发", "AGAIN" },     COLUMN_TIME },
};
// clang-format on
static const struct view notice_view = { notice_columns,
                                         BL_COUNT(notice_columns),
                                         { "没有待发的通知", "no notice waits" } };

static int show_notices(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_notices; i++) {
        json_array_append_new(rows, output_of(cli, &answer->notices[i]->base));
    }
    return output_list(cli, &notice_view, rows, answer->next);
}

static int run_notices(struct cli *cli)
{
    const char *channel = option_text(&cli->options, "channel");
    const char *after = option_text(&cli->options, "after");
    Bl__ListNotices list = BL__LIST_NOTICES__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.channel = channel == NULL ? "" : channel;
    list.limit = (uint32_t)option_number(&cli->options, "limit", PAGE_MAX);
    list.after = after == NULL ? "" : after;
    query.what_case = BL__QUERY__WHAT_NOTICES;
    query.notices = &list;
    return connect_show(cli, &query, show_notices);
}

// clang-format off
static const struct option_row notice_options[] = {
    ACT_TEXT_ROW("channel", "ID", "只看某渠道的，如 sms", "only of this channel, such as sms"),
    ACT_NUMBER_ROW("limit", "最多几行", "how many rows at most"),
    ACT_TEXT_ROW("after", "CURSOR", "从上一页的游标继续", "go on from the cursor of the page before"),
};

const struct command command_notice_list = {
    .name = "notice list", .arguments = "", .section = SECTION_TASKS,
    .summary = { "还没有发出的通知（短信、邮寄、邮件）", "what applicants are told and has not left yet" },
    COMMAND_OPTIONS(notice_options),
    .examples = "notice list --channel sms",
    .run = run_notices,
};
// clang-format on
