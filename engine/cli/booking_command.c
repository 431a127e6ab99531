/* Appointments: binglian booking plan, book, change, list. */
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"

#define MODES "counter|appointment|door_to_door|agent|overtime"
#define STATES "arrived|cancelled|missed"
#define SLOTS_MAX 100

static const char *text_of(const struct cli *cli, const char *option)
{
    const char *text = option_text(&cli->options, option);

    return text == NULL ? "" : text;
}

static void print_done(struct cli *cli, const json_t *answer)
{
    if (strcmp(cli->command->name, "booking book") == 0 && !option_flag(&cli->options, "dry-run")) {
        (void)printf(cli_say(cli, "预约 %s 号\n", "appointment %s\n"), output_text(answer, "id"));
        return;
    }
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

/* "09:00-10:00=3" is a slot of three places. */
static int read_slot(struct cli *cli, const char *given, Bl__Slot **slot)
{
    unsigned from_hour, from_minute, to_hour, to_minute, places;
    char end;

    if (sscanf(given, "%2u:%2u-%2u:%2u=%u%c", &from_hour, &from_minute, &to_hour, &to_minute,
               &places, &end) != 5 ||
        from_minute > 59 || to_minute > 59 || from_hour > 24 || to_hour > 24) {
        return cli_fail_usage(cli, "--slot 09:00-10:00=3");
    }
    *slot = bl_arena_new(&cli->arena, Bl__Slot);
    bl__slot__init(*slot);
    (*slot)->from_minute = from_hour * 60 + from_minute;
    (*slot)->to_minute = to_hour * 60 + to_minute;
    (*slot)->places = places;
    return 0;
}

static int run_plan(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__PlanBookings plan = BL__PLAN_BOOKINGS__INIT;
    size_t at = 0;
    int status = 0;

    plan.slots = bl_arena_array(&cli->arena, Bl__Slot *, SLOTS_MAX);
    for (const char *given = option_next(&cli->options, "slot", &at);
         given != NULL && plan.n_slots < SLOTS_MAX && status == 0;
         given = option_next(&cli->options, "slot", &at)) {
        status = read_slot(cli, given, &plan.slots[plan.n_slots]);
        plan.n_slots += status == 0;
    }
    if (status != 0) {
        return status;
    }
    plan.window = cli->options.arguments[0];
    plan.date = cli->options.arguments[1];
    command.what_case = BL__COMMAND__WHAT_PLAN_BOOKINGS;
    command.plan_bookings = &plan;
    return do_command(cli, &command);
}

static Bl__Application__ServiceMode mode_of(const char *text)
{
    static const Bl__Application__ServiceMode modes[] = {
        BL__APPLICATION__SERVICE_MODE__COUNTER,      BL__APPLICATION__SERVICE_MODE__APPOINTMENT,
        BL__APPLICATION__SERVICE_MODE__DOOR_TO_DOOR, BL__APPLICATION__SERVICE_MODE__AGENT,
        BL__APPLICATION__SERVICE_MODE__OVERTIME,
    };

    return text == NULL ? BL__APPLICATION__SERVICE_MODE__SERVICE_MODE_UNSPECIFIED
                        : modes[option_choice(MODES, text)];
}

static int run_book(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Book book = BL__BOOK__INIT;
    Bl__Applicant applicant = BL__APPLICANT__INIT;

    applicant.name = text_of(cli, "name");
    applicant.id = text_of(cli, "id");
    applicant.phone = text_of(cli, "phone");
    book.window = cli->options.arguments[0];
    book.date = cli->options.arguments[1];
    book.from = cli->options.arguments[2];
    book.mode = mode_of(option_text(&cli->options, "mode"));
    book.applicant = &applicant;
    book.workflow = text_of(cli, "workflow");
    book.application = text_of(cli, "application");
    command.what_case = BL__COMMAND__WHAT_BOOK;
    command.book = &book;
    return do_command(cli, &command);
}

static int run_change(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__ChangeBooking change = BL__CHANGE_BOOKING__INIT;
    int state = option_choice(STATES, cli->options.arguments[3]);
    char end;

    if (state < 0 || sscanf(cli->options.arguments[2], "%u%c", &change.number, &end) != 1) {
        return cli_fail_usage(cli, "booking change WINDOW DATE NUMBER " STATES);
    }
    change.window = cli->options.arguments[0];
    change.date = cli->options.arguments[1];
    change.state = (Bl__Appointment__State)((int)BL__APPOINTMENT__STATE__ARRIVED + state);
    change.reason = text_of(cli, "reason");
    command.what_case = BL__COMMAND__WHAT_CHANGE_BOOKING;
    command.change_booking = &change;
    return do_command(cli, &command);
}

/* --- list: a row for each slot ------------------------------------------------------------------
 */

// clang-format off
static const struct column columns[] = {
    { "date",    { "日期", "DATE" },    COLUMN_TEXT },
    { "window",  { "窗口", "WINDOW" },  COLUMN_TEXT },
    { "from",    { "开始", "FROM" },    COLUMN_TEXT },
    { "to",      { "结束", "TO" },      COLUMN_TEXT },
    { "places",  { "名额", "PLACES" },  COLUMN_NUMBER },
    { "free",    { "空余", "FREE" },    COLUMN_NUMBER },
    { "numbers", { "预约", "APPOINTMENTS" }, COLUMN_TEXT },
};
// clang-format on
static const struct view slot_view = { columns,
                                       BL_COUNT(columns),
                                       { "没有安排预约", "nothing is planned" } };

static const char *clock_text(struct cli *cli, uint32_t minute)
{
    return bl_arena_printf(&cli->arena, "%02u:%02u", minute / 60, minute % 60);
}

/* "1, 3": who is expected. */
static const char *numbers(struct cli *cli, const Bl__Slot *slot, uint32_t *taken)
{
    const char *text = "";

    *taken = 0;
    for (size_t i = 0; i < slot->n_appointments; i++) {
        const Bl__Appointment *appointment = slot->appointments[i];

        if (appointment->state == BL__APPOINTMENT__STATE__BOOKED ||
            appointment->state == BL__APPOINTMENT__STATE__ARRIVED) {
            text = bl_arena_printf(&cli->arena, "%s%s%u", text, *taken > 0 ? ", " : "",
                                   appointment->number);
            (*taken)++;
        }
    }
    return text;
}

static json_t *slot_row(struct cli *cli, const Bl__Booking *booking, const Bl__Slot *slot)
{
    char day[BL_TIME_TEXT];
    uint32_t taken;
    json_t *row = json_object();

    json_object_set_new(row, "date", json_string(bl_day_format(booking->day, day)));
    json_object_set_new(row, "window", json_string(booking->window));
    json_object_set_new(row, "from", json_string(clock_text(cli, slot->from_minute)));
    json_object_set_new(row, "to", json_string(clock_text(cli, slot->to_minute)));
    json_object_set_new(row, "places", json_integer(slot->places));
    json_object_set_new(row, "numbers", json_string(numbers(cli, slot, &taken)));
    json_object_set_new(row, "free", json_integer(taken < slot->places ? slot->places - taken : 0));
    return row;
}

static int show_bookings(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_bookings; i++) {
        const Bl__Booking *booking = answer->bookings[i];

        for (size_t k = 0; k < booking->n_slots; k++) {
            json_t *row = slot_row(cli, booking, booking->slots[k]);

            if (option_flag(&cli->options, "free") &&
                json_integer_value(json_object_get(row, "free")) == 0) {
                json_decref(row);
                continue;
            }
            json_array_append_new(rows, row);
        }
    }
    return output_list(cli, &slot_view, rows, answer->next);
}

static int run_list(struct cli *cli)
{
    Bl__ListBookings list = BL__LIST_BOOKINGS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    list.window = text_of(cli, "window");
    list.from = text_of(cli, "from");
    list.to = text_of(cli, "to");
    query.what_case = BL__QUERY__WHAT_BOOKINGS;
    query.bookings = &list;
    return connect_show(cli, &query, show_bookings);
}

// clang-format off
static const struct option_row plan_options[] = {
    ACT_TEXT_ROW("slot", "09:00-10:00=3", "时段和名额，可多次", "a slot and its places; may be repeated"),
    ACT_DRY_ROW,
};
static const struct option_row book_options[] = {
    ACT_TEXT_ROW("name", "TEXT", "预约人姓名；只存摘要", "who comes; only a hash is kept"),
    ACT_TEXT_ROW("id", "TEXT", "证件号码；只存摘要", "his id; only a hash is kept"),
    ACT_TEXT_ROW("phone", "TEXT", "手机；只存摘要", "his telephone; only a hash is kept"),
    ACT_CHOICE_ROW("mode", "服务方式", "mode of service", MODES),
    ACT_TEXT_ROW("workflow", "ID", "要办的事", "what he comes for"),
    ACT_TEXT_ROW("application", "NUMBER", "办件编号", "the application that it is about"),
    ACT_DRY_ROW,
};
static const struct option_row change_options[] = {
    ACT_REASON_ROW,
    ACT_DRY_ROW,
};
static const struct option_row list_options[] = {
    ACT_TEXT_ROW("window", "NAME", "只看某窗口", "only of this window"),
    ACT_TEXT_ROW("from", "DATE", "从哪天起，默认今天", "from this day on; today"),
    ACT_TEXT_ROW("to", "DATE", "到哪天止，默认一周", "to this day; a week"),
    ACT_FLAG_ROW("free", "只看有空位的", "only what has a free place"),
};

const struct command command_booking_plan = {
    .name = "booking plan", .arguments = "WINDOW DATE", .arguments_min = 2, .arguments_max = 2, .section = SECTION_HALL,
    .summary = { "安排某窗口某天的预约时段；周末和节假日都可以", "slots of a window on a day, weekends and holidays too" },
    .details = { "开放的周末不因此成为工作日，期限不变。", "A weekend on which the hall opens is no working day for that: no deadline moves." },
    COMMAND_OPTIONS(plan_options),
    .examples = "booking plan w3 2026-11-28 --slot 09:00-10:00=3 --slot 10:00-11:00=3",
    .run = run_plan,
};

const struct command command_booking_book = {
    .name = "booking book", .arguments = "WINDOW DATE FROM", .arguments_min = 3, .arguments_max = 3, .section = SECTION_HALL,
    .summary = { "预约一个时段", "take a place in a slot" },
    COMMAND_OPTIONS(book_options),
    .examples = "booking book w3 2026-11-28 09:00 --name 张三 --mode door_to_door",
    .run = run_book,
};

const struct command command_booking_change = {
    .name = "booking change", .arguments = "WINDOW DATE NUMBER " STATES, .arguments_min = 4, .arguments_max = 4, .section = SECTION_HALL,
    .summary = { "到场、取消、爽约", "he arrived, cancelled, or did not come" },
    COMMAND_OPTIONS(change_options),
    .examples = "booking change w3 2026-11-28 2 arrived",
    .run = run_change,
};

const struct command command_booking_list = {
    .name = "booking list", .arguments = "", .section = SECTION_HALL,
    .summary = { "预约时段和空位", "slots, and what is free" },
    COMMAND_OPTIONS(list_options),
    .examples = "booking list --window w3 --free",
    .run = run_list,
};
// clang-format on
