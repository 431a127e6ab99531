/* Major projects: binglian project open, track, milestone, close, list, show. */
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"

#define PAGE_MAX 200          // of a list, as the broker gives it
#define CLOSE_OF_DAY "17:30"  // of a milestone that is given as a date alone

static const char *text_of(const struct cli *cli, const char *option)
{
    const char *text = option_text(&cli->options, option);

    return text == NULL ? "" : text;
}

/* A moment as RFC 3339, or a date: then the close of that day. */
static int moment_of(struct cli *cli, const char *text, bl_time *at)
{
    struct bl_error e = { 0 };
    const char *whole;
    int status = connect_moment(cli, text, CLOSE_OF_DAY, &whole);

    if (status != 0) {
        return status;
    }
    return bl_time_parse(whole, at, &e) == BL_OK ? 0 : cli_fail(cli, &e);
}

/* --- what is done to one ------------------------------------------------------------------------
 */

static void print_done(struct cli *cli, const json_t *answer)
{
    (void)printf(cli_say(cli, "已记录，事件 %s\n", "on record as event %s\n"),
                 output_text(answer, "event"));
}

static int do_command(struct cli *cli, Bl__Command *command)
{
    struct bl_client *client = NULL;
    const Bl__Answer *answer = NULL;
    int status = connect_open(cli, &client);

    command->dry_run = option_flag(&cli->options, "dry-run");
    if (status == 0) {
        status = connect_do(cli, client, command, &answer);
    }
    if (status == 0) {
        status = output_value(cli, output_of(cli, &answer->base), print_done);
    }
    bl_client_close(&client);
    return status;
}

/* "land=2026-12-31 供地" is a milestone. */
static int read_milestone(struct cli *cli, const char *given, Bl__Milestone **milestone)
{
    size_t id = strcspn(given, "="), due = given[id] == '\0' ? 0 : strcspn(given + id + 1, " ");
    const char *title = given + id + 1 + due;

    if (id == 0 || due == 0) {
        return cli_fail_usage(cli, "--milestone ID=DATE[ TITLE]");
    }
    *milestone = bl_arena_new(&cli->arena, Bl__Milestone);
    bl__milestone__init(*milestone);
    (*milestone)->id = bl_arena_text(&cli->arena, (struct bl_text){ given, id });
    (*milestone)->title = bl_arena_string(&cli->arena, title + (*title == ' '));
    return moment_of(cli, bl_arena_text(&cli->arena, (struct bl_text){ given + id + 1, due }),
                     &(*milestone)->due_at);
}

static int read_milestones(struct cli *cli, Bl__OpenProject *open)
{
    size_t at = 0;
    int status = 0;

    for (const char *given = option_next(&cli->options, "milestone", &at);
         given != NULL && status == 0; given = option_next(&cli->options, "milestone", &at)) {
        Bl__Milestone *milestone = NULL;

        status = read_milestone(cli, given, &milestone);
        if (status == 0) {
            open->milestones =
                bl_arena_append(&cli->arena, open->milestones, open->n_milestones, milestone);
            open->n_milestones++;
        }
    }
    return status;
}

static int run_open(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__OpenProject open = BL__OPEN_PROJECT__INIT;
    int status = read_milestones(cli, &open);

    if (status != 0) {
        return status;
    }
    open.code = cli->options.arguments[0];
    open.title = text_of(cli, "title");
    open.owner = text_of(cli, "owner");
    open.tracker = text_of(cli, "tracker");
    open.tracker_name = text_of(cli, "name");
    command.what_case = BL__COMMAND__WHAT_OPEN_PROJECT;
    command.open_project = &open;
    return do_command(cli, &command);
}

static int run_track(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__TrackProject track = BL__TRACK_PROJECT__INIT;

    track.code = cli->options.arguments[0];
    track.tracker = cli->options.arguments[1];
    track.tracker_name = text_of(cli, "name");
    track.reason = text_of(cli, "reason");
    command.what_case = BL__COMMAND__WHAT_TRACK_PROJECT;
    command.track_project = &track;
    return do_command(cli, &command);
}

static int run_milestone(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__SetMilestone set = BL__SET_MILESTONE__INIT;
    Bl__Milestone milestone = BL__MILESTONE__INIT;
    const char *due = option_text(&cli->options, "due");
    int status = due == NULL ? 0 : moment_of(cli, due, &milestone.due_at);

    if (status != 0) {
        return status;
    }
    set.reached = option_flag(&cli->options, "reached");
    if (set.reached == (due != NULL)) {
        return cli_fail_usage(cli, "%s", cli_say(cli, "--due 或 --reached", "--due or --reached"));
    }
    milestone.id = cli->options.arguments[1];
    milestone.title = text_of(cli, "title");
    set.code = cli->options.arguments[0];
    set.milestone = &milestone;
    set.reason = text_of(cli, "reason");
    command.what_case = BL__COMMAND__WHAT_SET_MILESTONE;
    command.set_milestone = &set;
    return do_command(cli, &command);
}

static int run_close(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__CloseProject close = BL__CLOSE_PROJECT__INIT;

    close.code = cli->options.arguments[0];
    close.reason = text_of(cli, "reason");
    command.what_case = BL__COMMAND__WHAT_CLOSE_PROJECT;
    command.close_project = &close;
    return do_command(cli, &command);
}

/* --- what is shown ------------------------------------------------------------------------------
 */

// clang-format off
static const struct column project_columns[] = {
    { "light",                { "灯", "LIGHT" },       COLUMN_LIGHT },
    { "project.code",         { "项目代码", "CODE" },   COLUMN_TEXT },
    { "project.title",        { "项目", "PROJECT" },   COLUMN_TEXT },
    { "project.tracker",      { "跟踪岗位", "TRACKER" }, COLUMN_TEXT },
    { "project.tracker_name", { "跟踪人", "NAME" },     COLUMN_TEXT },
    { "late",                 { "逾期", "LATE" },      COLUMN_NUMBER },
    { "project.opened_at",    { "设立", "OPENED" },    COLUMN_TIME },
    { "project.closed_at",    { "结束", "CLOSED" },    COLUMN_TIME },
};
// clang-format on
static const struct view project_view = { project_columns,
                                          BL_COUNT(project_columns),
                                          { "没有项目", "no projects" } };

static int show_projects(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_projects; i++) {
        json_array_append_new(rows, output_of(cli, &answer->projects[i]->base));
    }
    return output_list(cli, &project_view, rows, answer->next);
}

static int run_list(struct cli *cli)
{
    Bl__ListProjects list = BL__LIST_PROJECTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.tracker = text_of(cli, "tracker");
    list.open = option_flag(&cli->options, "open");
    list.limit = (uint32_t)option_number(&cli->options, "limit", PAGE_MAX);
    list.after = text_of(cli, "after");
    query.what_case = BL__QUERY__WHAT_PROJECTS;
    query.projects = &list;
    return connect_show(cli, &query, show_projects);
}

static void print_milestones(struct cli *cli, const json_t *value)
{
    size_t index;
    json_t *milestone;

    json_array_foreach(output_find(value, "project.milestones"), index, milestone)
    {
        const char *reached = output_text(milestone, "reached_at");

        (void)printf("  %s %s  %s %s%s%s\n",
                     reached[0] != '\0'                                ? "✓"
                     : json_is_true(output_find(milestone, "overdue")) ? "✗"
                                                                       : "·",
                     output_text(milestone, "id"), output_text(milestone, "title"),
                     output_time(cli, output_text(milestone, "due_at")),
                     reached[0] != '\0' ? " → " : "",
                     reached[0] != '\0' ? output_time(cli, reached) : "");
    }
}

static void print_lates(struct cli *cli, const json_t *value)
{
    size_t index;
    json_t *late;

    json_array_foreach(output_find(value, "lates"), index, late)
    {
        const char *milestone = output_text(late, "milestone");

        (void)printf(cli_say(cli, "  逾期 %s%s%s  %s  期限 %s\n", "  late %s%s%s  %s  due %s\n"),
                     milestone[0] != '\0' ? milestone : output_text(late, "application"),
                     milestone[0] != '\0' ? "" : ".", output_text(late, "item"),
                     milestone[0] != '\0' ? cli_say(cli, "跟踪人", "the tracker")
                                          : output_title(cli, late, "department_title"),
                     output_time(cli, output_text(late, "due_at")));
    }
}

static void print_applications(struct cli *cli, const json_t *value)
{
    size_t index;
    json_t *application;

    json_array_foreach(output_find(value, "applications"), index, application)
    {
        enum colour colour;

        (void)printf("  %s  %s  %s\n", output_text(application, "number"),
                     output_title(cli, application, "title"),
                     output_light(cli, application, &colour));
    }
}

static void print_project(struct cli *cli, const json_t *value)
{
    (void)printf(cli_say(cli, "%s  %s  跟踪：%s %s\n", "%s  %s  tracked by %s %s\n"),
                 output_text(value, "project.code"), output_text(value, "project.title"),
                 output_text(value, "project.tracker"), output_text(value, "project.tracker_name"));
    print_milestones(cli, value);
    print_applications(cli, value);
    print_lates(cli, value);
}

static int show_project(struct cli *cli, const Bl__QueryAnswer *answer)
{
    struct bl_error e = { 0 };

    if (answer->n_projects == 0) {
        (void)bl_error_set(&e, BL_NOT_FOUND, "%s", cli->options.arguments[0]);
        return cli_fail(cli, &e);
    }
    return output_value(cli, output_of(cli, &answer->projects[0]->base), print_project);
}

static int run_show(struct cli *cli)
{
    Bl__ListProjects list = BL__LIST_PROJECTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.code = cli->options.arguments[0];
    query.what_case = BL__QUERY__WHAT_PROJECTS;
    query.projects = &list;
    return connect_show(cli, &query, show_project);
}

// clang-format off
static const struct option_row open_options[] = {
    ACT_TEXT_ROW("title", "TEXT", "项目名称", "name of the project"),
    ACT_TEXT_ROW("owner", "TEXT", "投资单位", "the investing firm"),
    ACT_TEXT_ROW("tracker", "POST", "跟踪岗位：有且只有一个", "post of the one officer who follows it"),
    ACT_TEXT_ROW("name", "TEXT", "跟踪人姓名", "the officer's name"),
    ACT_TEXT_ROW("milestone", "ID=DATE[ TITLE]", "节点和期限，可多次", "a milestone and when it is due; may be repeated"),
    ACT_DRY_ROW,
};
static const struct option_row track_options[] = {
    ACT_TEXT_ROW("name", "TEXT", "跟踪人姓名", "the officer's name"),
    ACT_REASON_ROW,
    ACT_DRY_ROW,
};
static const struct option_row milestone_options[] = {
    ACT_TEXT_ROW("due", "DATE", "新设或改定的期限；改定须写明理由", "when it is due, or now is due; to move one takes a reason"),
    ACT_FLAG_ROW("reached", "已经完成", "it is reached"),
    ACT_TEXT_ROW("title", "TEXT", "节点名称", "what it is"),
    ACT_REASON_ROW,
    ACT_DRY_ROW,
};
static const struct option_row close_options[] = {
    ACT_REASON_ROW,
    ACT_DRY_ROW,
};
static const struct option_row list_options[] = {
    ACT_TEXT_ROW("tracker", "POST", "只看某岗位跟踪的", "only of this tracker"),
    ACT_FLAG_ROW("open", "只看未结束的", "only what goes on"),
    ACT_NUMBER_ROW("limit", "最多几行", "how many rows at most"),
    ACT_TEXT_ROW("after", "CURSOR", "从上一页的游标继续", "go on from the cursor of the page before"),
};

const struct command command_project_open = {
    .name = "project open", .arguments = "CODE", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "设立重大项目，专人跟踪", "a major project, with the one officer who follows it" },
    COMMAND_OPTIONS(open_options),
    .examples = "project open 2026-350102-48 --title 滨江产业园 --tracker dr-01 --milestone 'land=2026-12-31 供地'",
    .run = run_open,
};

const struct command command_project_track = {
    .name = "project track", .arguments = "CODE POST", .arguments_min = 2, .arguments_max = 2, .section = SECTION_HALL,
    .summary = { "更换跟踪人", "another officer follows it from now on" },
    COMMAND_OPTIONS(track_options),
    .examples = "project track 2026-350102-48 dr-02 --name 林 --reason 调动",
    .run = run_track,
};

const struct command command_project_milestone = {
    .name = "project milestone", .arguments = "CODE ID", .arguments_min = 2, .arguments_max = 2, .section = SECTION_HALL,
    .summary = { "节点：设定、改定、完成", "a milestone: set, moved or reached" },
    COMMAND_OPTIONS(milestone_options),
    .examples = "project milestone 2026-350102-48 land --due 2026-12-31\nproject milestone 2026-350102-48 land --reached",
    .run = run_milestone,
};

const struct command command_project_close = {
    .name = "project close", .arguments = "CODE", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "结束项目；还有在办件时须写明理由", "the project is over; while applications are open give a reason" },
    COMMAND_OPTIONS(close_options),
    .examples = "project close 2026-350102-48",
    .run = run_close,
};

const struct command command_project_list = {
    .name = "project list", .arguments = "", .section = SECTION_HALL,
    .summary = { "重大项目和逾期数", "major projects, and how much of each is late" },
    COMMAND_OPTIONS(list_options),
    .examples = "project list --open\nproject list --tracker dr-01",
    .run = run_list,
};

const struct command command_project_show = {
    .name = "project show", .arguments = "CODE", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "一个项目：各阶段的办件、节点，何处逾期", "one project: its applications over all stages, milestones, what is late and by whom" },
    .examples = "project show 2026-350102-48",
    .run = run_show,
};
// clang-format on
