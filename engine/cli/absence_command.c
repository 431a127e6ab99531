/* Who is away and who stands in: binglian absence set, end, list. */
#include <string.h>

#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"

#define START_OF_DAY "00:00"

/* "fire/fire-01" in its parts; false after the reason was said. */
static bool read_post(struct cli *cli, const char **department, const char **post)
{
    const char *text = cli->options.arguments[0], *slash = strchr(text, '/');

    if (slash == NULL || slash == text || slash[1] == '\0') {
        return false;
    }
    *department = bl_arena_text(&cli->arena, (struct bl_text){ text, (size_t)(slash - text) });
    *post = slash + 1;
    return true;
}

static int usage(struct cli *cli)
{
    return cli_fail_usage(cli, "%s",
                          cli_say(cli, "岗位写作 部门/岗位，如 fire/fire-01",
                                  "a post is DEPARTMENT/POST, such as fire/fire-01"));
}

static int read_moment(struct cli *cli, const char *option, bl_time *at)
{
    const char *text = option_text(&cli->options, option), *whole;
    struct bl_error e = { 0 };

    if (text == NULL) {
        return cli_fail_usage(cli, "--%s", option);
    }
    int status = connect_moment(cli, text, START_OF_DAY, &whole);
    if (status != 0) {
        return status;
    }
    return bl_time_parse(whole, at, &e) == BL_OK ? 0 : cli_fail(cli, &e);
}

static int run_set(struct cli *cli)
{
    const char *deputy = option_text(&cli->options, "deputy");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__SetAbsence set = BL__SET_ABSENCE__INIT;
    Bl__Absence absence = BL__ABSENCE__INIT;

    if (!read_post(cli, &absence.department, &absence.post)) {
        return usage(cli);
    }
    int status = read_moment(cli, "from", &absence.from);
    if (status == 0) {
        status = read_moment(cli, "to", &absence.to);
    }
    if (status != 0) {
        return status;
    }
    absence.deputy = deputy == NULL ? "" : deputy;
    set.absence = &absence;
    command.what_case = BL__COMMAND__WHAT_SET_ABSENCE;
    command.set_absence = &set;
    return act_do(cli, &command);
}

static int run_end(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__EndAbsence end = BL__END_ABSENCE__INIT;

    if (!read_post(cli, &end.department, &end.post)) {
        return usage(cli);
    }
    command.what_case = BL__COMMAND__WHAT_END_ABSENCE;
    command.end_absence = &end;
    return act_do(cli, &command);
}

// clang-format off
static const struct column columns[] = {
    { "department", { "部门", "DEPARTMENT" },  COLUMN_TEXT },
    { "post",       { "岗位", "POST" },        COLUMN_TEXT },
    { "deputy",     { "代理", "STANDS IN" },   COLUMN_TEXT },
    { "from",       { "自", "FROM" },          COLUMN_TIME },
    { "to",         { "至", "UNTIL" },         COLUMN_TIME },
};
// clang-format on
static const struct view absence_view = { columns,
                                          BL_COUNT(columns),
                                          { "无人外出", "nobody is away" } };

static int show_absences(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_absences; i++) {
        json_array_append_new(rows, output_of(cli, &answer->absences[i]->base));
    }
    return output_list(cli, &absence_view, rows, answer->next);
}

static int run_list(struct cli *cli)
{
    const char *department = option_text(&cli->options, "department");
    Bl__ListAbsences list = BL__LIST_ABSENCES__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.department = department == NULL ? "" : department;
    query.what_case = BL__QUERY__WHAT_ABSENCES;
    query.absences = &list;
    return connect_show(cli, &query, show_absences);
}

// clang-format off
static const struct option_row set_options[] = {
    ACT_TEXT_ROW("from", "DATE", "自何日，或何时", "from which day, or moment"),
    ACT_TEXT_ROW("to", "DATE", "何日返岗，或何时", "the day, or moment, of the return"),
    ACT_TEXT_ROW("deputy", "POST", "由谁代理，默认为岗位的 B 角", "who stands in; the post's deputy unless it says so"),
};
static const struct option_row list_options[] = {
    ACT_TEXT_ROW("department", "ID", "只看某部门", "of this department only"),
};

const struct command command_absence_set = {
    .name = "absence set", .arguments = "DEPARTMENT/POST", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "岗位外出，由他岗代理", "a post is away, another stands in" },
    COMMAND_OPTIONS(set_options),
    .examples = "absence set fire/fire-01 --from 2026-12-07 --to 2026-12-12 --deputy fire-02",
    .run = run_set,
};

const struct command command_absence_end = {
    .name = "absence end", .arguments = "DEPARTMENT/POST", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "提前返岗", "back before the day" },
    .examples = "absence end fire/fire-01",
    .run = run_end,
};

const struct command command_absence_list = {
    .name = "absence list", .arguments = "", .section = SECTION_HALL,
    .summary = { "谁外出，由谁代理", "who is away, and who stands in" },
    COMMAND_OPTIONS(list_options),
    .examples = "absence list --department fire",
    .run = run_list,
};
// clang-format on
