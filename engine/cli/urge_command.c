/* 催办: binglian urge, reply. */
#include "cli/act.h"

// clang-format off
static const struct act urge_act = { .what = "urge", .required = "text" };
static const struct act reply_act = { .what = "reply", .required = "number" };

static const struct option_row urge_options[] = {
    ACT_CHOICE_ROW("level", "催办、督办、领导督办", "remind: tracker or lead department; urge: supervisor; order: leading group", "remind|urge|order"),
    ACT_TEXT_ROW("to", "POST|DEPARTMENT|ROLE", "发给谁，默认承办部门", "whom it is meant for; the item's department"),
    ACT_TEXT_ROW("text", "TEXT|@FILE", "内容", "what is asked"),
    ACT_TEXT_ROW("limit", "LIMIT", "答复时限，默认 1 个工作日", "to answer in; 1 working day unless it says so"),
    ACT_DRY_ROW,
};
static const struct option_row reply_options[] = {
    ACT_NUMBER_ROW("number", "催办的编号", "number of the urging"),
    ACT_TEXT_ROW("text", "TEXT|@FILE", "答复", "the answer"),
    ACT_TEXT_ROW("result", "TEXT", "结果", "what has come of it"),
    ACT_DRY_ROW,
};

const struct command command_urge = {
    .name = "urge", .arguments = "NUMBER[.ITEM]...", .arguments_min = 1, .arguments_max = ARGUMENTS_MAX, .section = SECTION_APPLICATIONS,
    .summary = { "催办、督办；到期未答复自动升级", "press for an answer; silence goes one level up" },
    COMMAND_OPTIONS(urge_options),
    .examples = "urge CY-20261123-0001 --level remind --text 请尽快办理\nurge CY-20261123-0001.fire_check --level urge --text 请说明 --limit '4 working hours'",
    .act = &urge_act,
    .run = act_run,
};

const struct command command_reply = {
    .name = "reply", .arguments = "NUMBER", .arguments_min = 1, .arguments_max = 1, .section = SECTION_APPLICATIONS,
    .summary = { "答复催办", "answer an urging" },
    COMMAND_OPTIONS(reply_options),
    .examples = "reply CY-20261123-0001 --number 1 --text 今日办结",
    .act = &reply_act,
    .run = act_run,
};
// clang-format on
