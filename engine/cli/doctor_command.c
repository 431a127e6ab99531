/* Is all well? binglian doctor. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/folder.h"
#include "cli/output.h"

#define CLOCK_APART_MAX (60 * SECOND_US)   // between this machine and the broker
#define DISK_FREE_MIN ((uint64_t)1 << 30)  // a day of a large hall
#define MAP_USED_MAX 90                    // percent
#define CALENDAR_AHEAD_DAYS 30             // the notice for the next year comes in autumn

struct doctor {
    struct cli *cli;
    json_t *rows;
    bool failed;
};

/* Adds a finding: fine, or not. */
static void find(struct doctor *doctor, const char *check, bool fine, const char *detail)
{
    doctor->failed = doctor->failed || !fine;
    json_array_append_new(
        doctor->rows, json_pack("{s:s, s:b, s:s}", "check", check, "ok", fine, "detail", detail));
}

/* --- this machine ----------------------------------------------------------------------------- */

static void look_at_definitions(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    const char *path = folder_find(cli, NULL);
    struct folder *folder = bl_arena_new(&cli->arena, struct folder);
    struct calendar *calendar = NULL;
    struct bl_error e = { 0 };

    if (path == NULL) {
        find(doctor, "workflows", true,
             cli_say(cli, "本机没有流程目录，只用已发布的",
                     "no folder here; the published ones count"));
        return;
    }
    folder_read(cli, path, folder, NULL);
    find(doctor, "departments", folder->departments != NULL,
         bl_arena_printf(&cli->arena, "%s/departments.yaml", path));
    if (folder_calendar(folder, "cn", &calendar, &e) != BL_OK) {
        find(doctor, "calendar", false, bl_arena_string(&cli->arena, e.text));
        return;
    }
    bl_day today = calendar_day(calendar, bl_time_now());
    find(doctor, "calendar", !calendar_is_provisional(calendar, today, today + CALENDAR_AHEAD_DAYS),
         bl_arena_printf(&cli->arena,
                         cli_say(cli, "cn：%d 天后的日期是否已有节假日安排",
                                 "cn: are the holidays of the next %d days published?"),
                         CALENDAR_AHEAD_DAYS));
    calendar_free(&calendar);
}

/* --- the broker ------------------------------------------------------------------------------- */

static void look_at_status(struct doctor *doctor, const Bl__Status *status)
{
    struct bl_arena *arena = &doctor->cli->arena;
    bl_time apart = bl_time_now() - status->now;
    uint64_t used = status->map_bytes == 0 ? 0 : 100 * status->store_bytes / status->map_bytes;

    find(doctor, "broker", true,
         bl_arena_printf(arena, "binglian %s, format %" PRIu64, status->version, status->format));
    find(doctor, "clock", llabs(apart) < CLOCK_APART_MAX,
         bl_arena_printf(arena, "%+.3f s", (double)apart / (double)SECOND_US));
    find(doctor, "disk", status->free_disk_bytes >= DISK_FREE_MIN,
         bl_arena_printf(arena, "%" PRIu64 " MiB", status->free_disk_bytes >> 20));
    find(doctor, "store", used < MAP_USED_MAX,
         bl_arena_printf(arena, "%" PRIu64 " MiB, %" PRIu64 "%%", status->store_bytes >> 20, used));
    find(doctor, "incidents", status->incidents == 0,
         bl_arena_printf(arena, "%" PRIu64, status->incidents));
    for (size_t i = 0; i < status->n_warnings; i++) {
        find(doctor, "warning", false, bl_arena_string(arena, status->warnings[i]));
    }
}

/* Each department that is to decide has somebody who does. */
static void look_at_departments(struct doctor *doctor, struct bl_client *client)
{
    struct cli *cli = doctor->cli;
    Bl__ListDepartments list = BL__LIST_DEPARTMENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    query.what_case = BL__QUERY__WHAT_DEPARTMENTS;
    query.departments = &list;
    if (connect_ask(cli, client, &query, &answer) != 0) {
        doctor->failed = true;
        return;
    }
    for (size_t i = 0; i < answer->n_departments; i++) {
        const Bl__DepartmentView *department = answer->departments[i];

        find(doctor, bl_arena_printf(&cli->arena, "department %s", department->id),
             department->workers > 0,
             bl_arena_printf(&cli->arena, cli_say(cli, "%u 个工作程序", "%u workers"),
                             department->workers));
    }
}

static void look_at_broker(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    Bl__GetStatus get = BL__GET_STATUS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    struct bl_client *client = NULL;
    const Bl__QueryAnswer *answer = NULL;
    struct bl_error e = { 0 };

    if (connect_endpoint(cli, &e) == NULL) {
        find(doctor, "broker", false, bl_arena_string(&cli->arena, e.text));
        return;
    }
    query.what_case = BL__QUERY__WHAT_STATUS;
    query.status = &get;
    if (connect_open(cli, &client) != 0 || connect_ask(cli, client, &query, &answer) != 0) {
        find(doctor, "broker", false, connect_endpoint(cli, &e));
    } else if (answer->status != NULL) {
        look_at_status(doctor, answer->status);
        if (!option_flag(&cli->options, "quick")) {
            look_at_departments(doctor, client);
        }
    }
    bl_client_close(&client);
}

// clang-format off
static const struct column columns[] = {
    { "ok",     { "正常", "OK" },     COLUMN_YES },
    { "check",  { "检查", "CHECK" },  COLUMN_TEXT },
    { "detail", { "情况", "DETAIL" }, COLUMN_TEXT },
};
// clang-format on
static const struct view view = { columns, BL_COUNT(columns), { "", "" } };

static int run_doctor(struct cli *cli)
{
    struct doctor doctor = { .cli = cli, .rows = json_array() };

    if (!option_flag(&cli->options, "quick")) {
        look_at_definitions(&doctor);
    }
    look_at_broker(&doctor);
    (void)output_list(cli, &view, doctor.rows, NULL);
    return doctor.failed ? bl_err_exit(BL_FAILED) : 0;
}

// clang-format off
static const struct option_row doctor_options[] = {
    { "quick", OPTION_FLAG, 0, NULL, { "只看服务是否正常", "only whether the broker is well" }, NULL },
};

const struct command command_doctor = {
    .name = "doctor", .arguments = "", .section = SECTION_HALL,
    .summary = { "体检：服务、磁盘、时钟、日历、各部门", "is all well? broker, disk, clock, calendar, departments" },
    .details = { "有一项不正常时退出状态为 1。", "Exit status 1 if anything is not." },
    COMMAND_OPTIONS(doctor_options),
    .examples = "doctor\ndoctor --quick --connect tcp://10.0.0.7:7701 --identity ops.identity",
    .run = run_doctor,
};
// clang-format on
