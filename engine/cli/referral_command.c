/* 首问负责制: binglian referral make, hand-over, list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"

#define PAGE_MAX 200  // of a list, as the broker gives it

static const char *text_of(const struct cli *cli, const char *option)
{
    const char *text = option_text(&cli->options, option);

    return text == NULL ? "" : text;
}

static void print_done(struct cli *cli, const json_t *answer)
{
    (void)printf(cli_say(cli, "引导 %s\n", "referral %s\n"), output_text(answer, "id"));
}

static int do_command(struct cli *cli, Bl__Command *command)
{
    struct bl_client *client = NULL;
    const Bl__Answer *answer = NULL;
    int status = connect_open(cli, &client);

    if (status == 0) {
        status = connect_do(cli, client, command, &answer);
    }
    if (status == 0) {
        status = output_value(cli, output_of(cli, &answer->base), print_done);
    }
    bl_client_close(&client);
    return status;
}

static int run_make(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Refer refer = BL__REFER__INIT;

    refer.to_department = cli->options.arguments[0];
    refer.subject = cli->options.arguments[1];
    refer.asked_post = text_of(cli, "asked");
    refer.to_post = text_of(cli, "post");
    refer.limit = text_of(cli, "limit");
    command.what_case = BL__COMMAND__WHAT_REFER;
    command.refer = &refer;
    return do_command(cli, &command);
}

static int run_hand_over(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__HandOver hand_over = BL__HAND_OVER__INIT;
    char *end;

    hand_over.referral = strtoull(cli->options.arguments[0], &end, 10);
    if (*end != '\0' || hand_over.referral == 0) {
        return cli_fail_usage(cli, "referral hand-over ID");
    }
    hand_over.text = text_of(cli, "text");
    command.what_case = BL__COMMAND__WHAT_HAND_OVER;
    command.hand_over = &hand_over;
    return do_command(cli, &command);
}

// clang-format off
static const struct column columns[] = {
    { "id",            { "编号", "ID" },             COLUMN_NUMBER },
    { "asked_post",    { "首问岗位", "ASKED" },      COLUMN_TEXT },
    { "to_department", { "引导至", "TO" },           COLUMN_TEXT },
    { "to_post",       { "岗位", "POST" },           COLUMN_TEXT },
    { "subject",       { "事由", "SUBJECT" },        COLUMN_TEXT },
    { "asked_at",      { "询问时间", "ASKED AT" },   COLUMN_TIME },
    { "limit.due_at",  { "交接期限", "DUE" },        COLUMN_TIME },
    { "handed_at",     { "交接时间", "HANDED OVER" }, COLUMN_TIME },
};
// clang-format on
static const struct view referral_view = { columns,
                                           BL_COUNT(columns),
                                           { "没有引导记录", "no referrals" } };

static int show_referrals(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_referrals; i++) {
        json_array_append_new(rows, output_of(cli, &answer->referrals[i]->base));
    }
    return output_list(cli, &referral_view, rows, answer->next);
}

static int run_list(struct cli *cli)
{
    Bl__ListReferrals list = BL__LIST_REFERRALS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.department = text_of(cli, "department");
    list.open = !option_flag(&cli->options, "all");
    list.limit = (uint32_t)option_number(&cli->options, "limit", PAGE_MAX);
    list.after = text_of(cli, "after");
    query.what_case = BL__QUERY__WHAT_REFERRALS;
    query.referrals = &list;
    return connect_show(cli, &query, show_referrals);
}

// clang-format off
static const struct option_row make_options[] = {
    ACT_TEXT_ROW("asked", "POST", "首问岗位", "post that was asked first"),
    ACT_TEXT_ROW("post", "POST", "引导到的岗位", "the post he is led to"),
    ACT_TEXT_ROW("limit", "LIMIT", "交接时限，默认 1 个工作日", "until the hand-over; 1 working day unless it says so"),
};
static const struct option_row hand_over_options[] = {
    ACT_TEXT_ROW("text", "TEXT", "说明", "what there is to say"),
};
static const struct option_row list_options[] = {
    ACT_TEXT_ROW("department", "ID", "只看引导至某部门的", "only to this department"),
    ACT_FLAG_ROW("all", "已交接的也看，新的在前", "those that are handed over too, the newest first"),
    ACT_NUMBER_ROW("limit", "最多几行", "how many rows at most"),
    ACT_TEXT_ROW("after", "CURSOR", "从上一页的游标继续", "go on from the cursor of the page before"),
};

const struct command command_referral_make = {
    .name = "referral make", .arguments = "DEPARTMENT SUBJECT", .arguments_min = 2, .arguments_max = 2, .section = SECTION_HALL,
    .summary = { "首问负责：引导到该去的岗位", "whoever is asked first leads to the right post" },
    COMMAND_OPTIONS(make_options),
    .examples = "referral make fire 询问消防检查手续 --asked hall-03 --post fire-01",
    .run = run_make,
};

const struct command command_referral_hand_over = {
    .name = "referral hand-over", .arguments = "ID", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "确认已经交接", "the person has arrived" },
    COMMAND_OPTIONS(hand_over_options),
    .examples = "referral hand-over 12 --text 已接待",
    .run = run_hand_over,
};

const struct command command_referral_list = {
    .name = "referral list", .arguments = "", .section = SECTION_HALL,
    .summary = { "还没有交接的引导，最急的在前", "referrals that nobody has taken over, the most urgent first" },
    COMMAND_OPTIONS(list_options),
    .examples = "referral list --department fire\nreferral list --all",
    .run = run_list,
};
// clang-format on
