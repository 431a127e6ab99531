/* Questions to calendars, answered on this machine: binglian calendar explain, show, check. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/folder.h"
#include "cli/moment.h"
#include "cli/output.h"
#include "cli/publish.h"
#include "cli/validate.h"
#include "deadline/clock.h"

#define STOPS_MAX 64  // suspensions of one question

/* A question with the room it needs. */
struct question {
    const struct calendar *calendar;
    struct clock_question clock;
    struct clock_stop stops[STOPS_MAX];
};

/* Adds a suspension; `to` NULL or "" is open, `cap` NULL has none. */
static enum bl_err add_stop(struct question *question, const char *from, const char *to,
                            const char *cap, struct bl_error *e)
{
    struct clock_stop stop = { .to = BL_NEVER };
    enum bl_err err = moment_read(question->calendar, from, &stop.from, e);

    if (question->clock.stop_count == STOPS_MAX) {
        return bl_error_set(e, BL_TOO_LARGE, "more than %d suspensions", STOPS_MAX);
    }
    if (err == BL_OK && to != NULL && to[0] != '\0') {
        err = moment_read(question->calendar, to, &stop.to, e);
    }
    if (err == BL_OK && cap != NULL) {
        err = limit_parse(cap, &stop.cap, e);
    }
    if (err == BL_OK && stop.to < stop.from) {
        err = bl_error_set(e, BL_INVALID, "the suspension %s..%s ends before it begins", from, to);
    }
    question->stops[question->clock.stop_count++] = stop;
    return err;
}

/* "2025-09-26..2025-10-09", "2025-09-26.." or either with "/10WD" behind it. */
static enum bl_err read_stop(struct cli *cli, struct question *question, const char *text,
                             struct bl_error *e)
{
    char *from = bl_arena_string(&cli->arena, text);
    char *to = strstr(from, "..");
    char *cap = strchr(from, '/');

    if (to == NULL) {
        return bl_error_set(e, BL_INVALID, "\"%s\" is no suspension; write 2025-09-26..2025-10-09",
                            text);
    }
    *to = '\0';
    if (cap != NULL) {
        *cap++ = '\0';
    }
    return add_stop(question, from, to + 2, cap, e);
}

static json_t *day_json(bl_day day)
{
    char text[BL_TIME_TEXT];

    return json_string(bl_day_format(day, text));
}

static json_t *answer_json(const struct question *question)
{
    const struct calendar *calendar = question->calendar;
    struct clock_answer answer = clock_due(calendar, &question->clock);
    char due[BL_TIME_TEXT];
    json_t *value = json_object(), *days = json_array();

    size_t count = clock_explain(calendar, &question->clock, NULL, 0);
    bl_day *counted = calloc(count + 1, sizeof *counted);
    CHECK(counted != NULL);
    (void)clock_explain(calendar, &question->clock, counted, count);
    (void)bl_time_format(answer.due, calendar_offset(calendar), due);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(days, day_json(counted[i]));
    }
    free(counted);
    json_object_set_new(value, "due", answer.due == BL_NEVER ? json_null() : json_string(due));
    json_object_set_new(value, "day0", day_json(calendar_day(calendar, question->clock.start)));
    json_object_set_new(value, "counted", days);
    json_object_set_new(value, "shift", json_integer(answer.shift));
    json_object_set_new(value, "provisional", json_boolean(answer.provisional));
    if (answer.stopped) {
        json_object_set_new(value, "stopped", json_true());
        json_object_set_new(value, "left", json_integer(answer.left));
    }
    return value;
}

/* --- a batch ---------------------------------------------------------------------------------- */

/* One part of ["2025-09-26", "2025-10-09", "10WD"]: a text; NULL where the list ends before it. */
static enum bl_err stop_part(const json_t *stop, size_t index, const char **text,
                             struct bl_error *e)
{
    const json_t *part = json_array_get(stop, index);

    *text = json_string_value(part);
    if (part == NULL || json_is_null(part) || *text != NULL) {
        return BL_OK;
    }
    return bl_error_set(e, BL_INVALID, "a suspension is a list of texts: [from, to]");
}

static enum bl_err read_batch_stop(struct question *question, const json_t *stop,
                                   struct bl_error *e)
{
    const char *from, *to, *cap;

    if (stop_part(stop, 0, &from, e) != BL_OK || stop_part(stop, 1, &to, e) != BL_OK ||
        stop_part(stop, 2, &cap, e) != BL_OK) {
        return e->code;
    }
    if (from == NULL || json_array_size(stop) > 3) {
        return bl_error_set(e, BL_INVALID, "a suspension is [from, to]");
    }
    return add_stop(question, from, to, cap, e);
}

static enum bl_err read_batch_stops(struct question *question, const json_t *stops,
                                    struct bl_error *e)
{
    enum bl_err err = BL_OK;
    size_t index;
    json_t *stop;

    if (stops != NULL && !json_is_array(stops)) {
        return bl_error_set(e, BL_INVALID, "suspensions is no list of [from, to]");
    }
    json_array_foreach(stops, index, stop)
    {
        err = read_batch_stop(question, stop, e);
        if (err != BL_OK) {
            break;
        }
    }
    return err;
}

/* `days`, or any limit as `limit`. */
static enum bl_err read_batch_limit(const json_t *days, const char *text, struct limit *limit,
                                    struct bl_error *e)
{
    double halves = 2 * json_number_value(days);

    if (days != NULL && text != NULL) {
        return bl_error_set(e, BL_INVALID, "\"days\" and \"limit\" exclude each other");
    }
    if (text != NULL) {
        return limit_parse(text, limit, e);
    }
    if (!json_is_number(days) || halves < 0 || halves > LIMIT_HALVES_MAX ||
        halves != (double)(int32_t)halves) {
        return bl_error_set(e, BL_INVALID, "\"days\" is to be whole or half days, up to %d",
                            LIMIT_HALVES_MAX / 2);
    }
    *limit = (struct limit){ (int32_t)halves, LIMIT_WD };
    return BL_OK;
}

/* A key that is not known is an error: a misspelt suspension would give a wrong date in silence. */
static enum bl_err read_batch_line(json_t *line, struct question *question, struct bl_error *e)
{
    const char *start = NULL, *text = NULL, *extend = NULL;
    json_t *days = NULL, *stops = NULL;
    json_error_t where;

    if (json_unpack_ex(line, &where, 0, "{s:s, s?o, s?s, s?s, s?o !}", "start", &start, "days",
                       &days, "limit", &text, "extend", &extend, "suspensions", &stops) != 0) {
        return bl_error_set(e, BL_INVALID, "%s", where.text);
    }
    enum bl_err err = moment_read(question->calendar, start, &question->clock.start, e);
    if (err == BL_OK) {
        err = read_batch_limit(days, text, &question->clock.limit, e);
    }
    if (err == BL_OK && extend != NULL) {
        err = limit_parse(extend, &question->clock.extension, e);
    }
    return err != BL_OK ? err : read_batch_stops(question, stops, e);
}

/* The answer of one line, or {"error": …}, so that answers stay beside their questions. */
static json_t *batch_answer(const struct calendar *calendar, const char *text, size_t bytes)
{
    struct question question = { .calendar = calendar };
    struct bl_error e = { 0 };
    json_error_t where;
    json_t *line = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where), *answer;

    question.clock.stops = question.stops;
    if (line == NULL) {
        return json_pack("{s:s}", "error", where.text);
    }
    answer = read_batch_line(line, &question, &e) == BL_OK ? answer_json(&question)
                                                           : json_pack("{s:s}", "error", e.text);
    json_decref(line);
    return answer;
}

static int explain_batch(struct cli *cli, const struct calendar *calendar, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    struct bl_error e = { 0 };
    size_t room = 0;
    char *line = NULL;
    ssize_t bytes;
    int status = 0;

    if (file == NULL) {
        (void)bl_error_at(&e, errno == ENOENT ? BL_NOT_FOUND : BL_IO, path, 0, 0, "%s",
                          strerror(errno));
        return cli_fail(cli, &e);
    }
    while ((bytes = getline(&line, &room, file)) > 0) {
        if (line[strspn(line, " \t\r\n")] == '\0') {
            continue;
        }
        json_t *answer = batch_answer(calendar, line, (size_t)bytes);

        if (json_object_get(answer, "error") != NULL) {
            status = bl_err_exit(BL_INVALID);
        }
        (void)json_dumpf(answer, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(answer);
    }
    free(line);
    if (file != stdin) {
        (void)fclose(file);
    }
    return status;
}

/* --- one question ----------------------------------------------------------------------------- */

static void print_answer(struct cli *cli, const json_t *value)
{
    const json_t *counted = json_object_get(value, "counted");
    const char *due = output_text(value, "due");
    const char *last = "";
    size_t index;
    json_t *day;

    if (due[0] == '\0') {
        (void)printf(cli_say(cli, "时钟已停，恢复后还剩 %d 个工作日\n",
                             "stopped; %d working days left when it resumes\n"),
                     (int)output_integer(value, "left"));
    } else {
        (void)printf(cli_say(cli, "到期 %s%s\n", "due %s%s\n"), output_time(cli, due),
                     json_is_true(json_object_get(value, "provisional"))
                         ? cli_say(cli, "（暂定：节假日安排尚未公布）",
                                   " (provisional: the holidays are not published)")
                         : "");
    }
    const char *day0 = output_text(value, "day0");
    const char *first = json_string_value(json_array_get(counted, 0));
    (void)printf(cli_say(cli, "受理 %s%s\n", "day 0 is %s%s\n"), day0,
                 first != NULL && strcmp(first, day0) == 0
                     ? ""  // hours and half days count from the moment
                     : cli_say(cli, "，当日不计", " and does not count"));
    if (output_integer(value, "shift") != 0) {
        (void)printf(cli_say(cli, "暂停顺延 %d\n", "moved by suspensions: %d\n"),
                     (int)output_integer(value, "shift"));
    }
    (void)printf(cli_say(cli, "计入 %zu 天：", "%zu days counted:"), json_array_size(counted));
    json_array_foreach(counted, index, day)
    {
        const char *text = json_string_value(day);

        // The year is said once, so that the days stay readable.
        (void)printf(" %s", strncmp(text, last, 4) == 0 ? text + 5 : text);
        last = text;
    }
    (void)printf("\n");
}

/* Reads --suspend, as often as it is there. */
static int read_stops(struct cli *cli, struct question *question)
{
    struct bl_error e = { 0 };
    size_t at = 0;

    for (const char *stop = option_next(&cli->options, "suspend", &at); stop != NULL;
         stop = option_next(&cli->options, "suspend", &at)) {
        if (read_stop(cli, question, stop, &e) != BL_OK) {
            return cli_fail_value(cli, "value-suspension", stop, &e);
        }
    }
    return 0;
}

static int read_question(struct cli *cli, struct question *question)
{
    const char *accept = option_text(&cli->options, "accept");
    const char *limit = option_text(&cli->options, "limit");
    const char *extend = option_text(&cli->options, "extend");
    struct bl_error e = { 0 };

    if (accept == NULL || limit == NULL) {
        return cli_fail_usage(cli, cli_say(cli, "缺少：%s", "missing: %s"),
                              "--accept DATE, --limit '10 working days'");
    }
    if (moment_read(question->calendar, accept, &question->clock.start, &e) != BL_OK) {
        return cli_fail_value(cli, "value-date", accept, &e);
    }
    if (limit_parse(limit, &question->clock.limit, &e) != BL_OK) {
        return cli_fail_value(cli, "value-limit", limit, &e);
    }
    if (extend != NULL && limit_parse(extend, &question->clock.extension, &e) != BL_OK) {
        return cli_fail_value(cli, "value-limit", extend, &e);
    }
    question->clock.roll = option_flag(&cli->options, "roll");
    return read_stops(cli, question);
}

static int explain(struct cli *cli, const struct calendar *calendar)
{
    struct question question = { .calendar = calendar };
    const char *batch = option_text(&cli->options, "batch");

    question.clock.stops = question.stops;
    cli->offset_minutes = calendar_offset(calendar);
    if (batch != NULL) {
        return explain_batch(cli, calendar, batch);
    }
    int status = read_question(cli, &question);
    return status != 0 ? status : output_value(cli, answer_json(&question), print_answer);
}

/* Opens --calendar and answers by it. */
static int with_calendar(struct cli *cli, int (*answer)(struct cli *, const struct calendar *))
{
    const char *name = option_text(&cli->options, "calendar");
    struct calendar *calendar = NULL;
    struct folder *folder = bl_arena_new(&cli->arena, struct folder);
    struct bl_error e = { 0 };

    folder_read(cli, folder_find(cli, NULL), folder, NULL);
    if (folder_calendar(folder, name == NULL ? "cn" : name, &calendar, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    int status = answer(cli, calendar);
    calendar_free(&calendar);
    return status;
}

static int run_explain(struct cli *cli)
{
    return with_calendar(cli, explain);
}

/* --- a year ----------------------------------------------------------------------------------- */

/* What is not as the week would have it, and how many days are worked. */
static json_t *year_json(const struct calendar *calendar, int32_t year)
{
    json_t *holidays = json_array(), *workdays = json_array(), *months = json_array();
    bl_day first = bl_day_of((struct bl_date){ year, 1, 1 });
    bl_day last = bl_day_of((struct bl_date){ year, 12, 31 });
    bl_day month_begin = first;

    for (bl_day day = first; day <= last; day++) {
        bool weekend = bl_weekday(day) >= 5, worked = calendar_is_workday(calendar, day);

        if (weekend == worked) {
            json_array_append_new(weekend ? workdays : holidays, day_json(day));
        }
        if (bl_date_of(day + 1).day == 1) {
            json_array_append_new(months,
                                  json_integer(calendar_between(calendar, month_begin - 1, day)));
            month_begin = day + 1;
        }
    }
    return json_pack("{s:i, s:i, s:b, s:o, s:o, s:o}", "year", year, "working_days",
                     calendar_between(calendar, first - 1, last), "provisional",
                     calendar_is_provisional(calendar, first, last), "months", months, "holidays",
                     holidays, "workdays", workdays);
}

static void print_days(const char *title, const json_t *days)
{
    size_t index;
    json_t *day;

    (void)printf("%s", title);
    json_array_foreach(days, index, day)
    {
        (void)printf(" %s", json_string_value(day) + strlen("2026-"));
    }
    (void)printf("\n");
}

static void print_year(struct cli *cli, const json_t *value)
{
    const json_t *months = json_object_get(value, "months");

    (void)printf(cli_say(cli, "%d 年：%d 个工作日%s\n", "%d: %d working days%s\n"),
                 (int)output_integer(value, "year"), (int)output_integer(value, "working_days"),
                 json_is_true(json_object_get(value, "provisional"))
                     ? cli_say(cli, "（暂定）", " (provisional)")
                     : "");
    print_days(cli_say(cli, "周一至周五放假：", "days off from Monday to Friday:"),
               json_object_get(value, "holidays"));
    print_days(cli_say(cli, "周末上班：", "worked weekend days:"),
               json_object_get(value, "workdays"));
    (void)printf("%s", cli_say(cli, "各月工作日：", "by month:"));
    for (size_t i = 0; i < json_array_size(months); i++) {
        (void)printf(" %d", (int)json_integer_value(json_array_get(months, i)));
    }
    (void)printf("\n");
}

static int show(struct cli *cli, const struct calendar *calendar)
{
    int32_t year = bl_date_of(calendar_day(calendar, bl_time_now())).year;

    if (cli->options.argument_count > 0) {
        year = (int32_t)strtol(cli->options.arguments[0], NULL, 10);
    }
    if (year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR) {
        return cli_fail_usage(cli, cli_say(cli, "年份须在 %d 至 %d 之间", "a year from %d to %d"),
                              CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR);
    }
    return output_value(cli, year_json(calendar, year), print_year);
}

static int run_show(struct cli *cli)
{
    return with_calendar(cli, show);
}

// clang-format off
#define CALENDAR_ROW { "calendar", OPTION_TEXT, 0, "NAME", { "日历，默认 cn", "calendar; default cn" }, NULL }
#define WORKFLOWS_ROW { "workflows", OPTION_TEXT, 0, "DIR", { "定义所在目录，默认 BINGLIAN_WORKFLOWS 或 ./workflows", "folder of definitions; default BINGLIAN_WORKFLOWS or ./workflows" }, NULL }

static const struct option_row explain_options[] = {
    CALENDAR_ROW,
    WORKFLOWS_ROW,
    { "accept", OPTION_TEXT, 0, "DATE", { "受理日期，或带时刻的收件时间", "the date of acceptance, or a moment of receipt" }, NULL },
    { "limit", OPTION_TEXT, 0, "LIMIT", { "期限，如 '10 working days'", "the limit, such as '10 working days'" }, NULL },
    { "suspend", OPTION_TEXT, 0, "FROM..TO[/CAP]", { "暂停区间，可多次", "a suspension; may be repeated" }, NULL },
    { "extend", OPTION_TEXT, 0, "LIMIT", { "延长", "an extension" }, NULL },
    { "roll", OPTION_FLAG, 0, NULL, { "自然日到期遇非工作日顺延", "calendar days that end on a day off move on" }, NULL },
    { "batch", OPTION_TEXT, 0, "FILE", { "逐行读取 JSON 问题，- 为标准输入", "read questions as JSON lines; - is stdin" }, NULL },
};

static const struct option_row show_options[] = { CALENDAR_ROW, WORKFLOWS_ROW };
static const struct option_row check_options[] = { WORKFLOWS_ROW };

const struct command command_calendar_explain = {
    .name = "calendar explain", .arguments = "", .section = SECTION_DEFINITIONS,
    .summary = { "算出到期时刻，并列出计入的每一天", "when a limit runs out, and every day that counted" },
    .details = { "日期指当日受理；带时刻的按有效收件时间计（办公时间外顺延到下一次开门）。\n批量问题每行一个：{\"start\":\"2025-09-24\",\"days\":10,\"suspensions\":[[\"2025-09-26\",\"2025-10-09\"]]}，答案也是每行一个。",
                 "A date is the day of acceptance itself; a moment outside office hours counts from the next opening.\nQuestions of a batch are lines such as {\"start\":\"2025-09-24\",\"days\":10,\"suspensions\":[[\"2025-09-26\",\"2025-10-09\"]]}, and so are its answers." },
    COMMAND_OPTIONS(explain_options),
    .examples = "calendar explain --accept 2025-09-24 --limit '10 working days'\ncalendar explain --calendar cn --accept 2026-09-14 --limit 10WD --suspend 2026-09-18..2026-10-12 -o json\ncalendar explain --batch questions.jsonl",
    .run = run_explain,
};

const struct command command_calendar_show = {
    .name = "calendar show", .arguments = "[YEAR]", .arguments_max = 1, .section = SECTION_DEFINITIONS,
    .summary = { "一年的放假和调休", "the holidays and made-up days of a year" },
    COMMAND_OPTIONS(show_options),
    .examples = "calendar show 2026\ncalendar show 2026 --calendar cn -o json",
    .run = run_show,
};

const struct command command_calendar_check = {
    .name = "calendar check", .arguments = "FILE...", .arguments_min = 1, .arguments_max = ARGUMENTS_MAX, .section = SECTION_DEFINITIONS,
    .summary = { "检查日历文件", "check calendar files" },
    COMMAND_OPTIONS(check_options),
    .examples = "calendar check workflows/calendars/cn.yaml",
    .run = validate_run,
};

const struct command command_calendar_publish = {
    .name = "calendar publish", .arguments = "FILE...", .arguments_min = 1, .arguments_max = ARGUMENTS_MAX, .section = SECTION_DEFINITIONS,
    .summary = { "发布日历文件", "publish calendar files" },
    .examples = "calendar publish workflows/calendars/cn.yaml",
    .run = publish_run,
};
// clang-format on
