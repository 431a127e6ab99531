/* A simulation as a table for a terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "definition/simulate.h"
#include "definition/wording.h"

#define BAR_COLUMNS 32      // of the whole
#define HOLIDAYS_SHOWN 4    // runs of days off; more would not be read
#define VALUE_BYTES_MAX 40  // of an answer, shown with a condition

struct printer {
    FILE *out;
    const struct simulation *simulation;
    const struct definition *definition;
    const struct calendar *calendar;
    enum language language;
    bool minutes;       // instants are shown with their time of day
    int id_columns;     // of the longest id
    bl_span from, all;  // office time of the bars' beginning, and of all of it
};

static const char *say(const struct printer *printer, const char *zh, const char *en)
{
    return printer->language == LANGUAGE_ZH ? zh : en;
}

static void print_day(const struct printer *printer, bl_time at, bool minutes)
{
    char text[BL_TIME_TEXT];

    (void)bl_time_format(at, calendar_offset(printer->calendar), text);  // 2026-11-23T17:30:00…
    (void)fprintf(printer->out, minutes ? "%.10s %.5s" : "%.10s", text, text + 11);
}

static bool is_whole_days(struct limit limit)
{
    return (limit.unit == LIMIT_WD || limit.unit == LIMIT_ND) && limit.halves % 2 == 0;
}

/* --- the first lines ------------------------------------------------------------------------- */

/* Which working days of the week are off, and which weekends are worked: what a reader would
 * count wrongly. */
static void print_holidays(const struct printer *printer, bl_day first, bl_day last)
{
    unsigned shown = 0;

    for (bl_day day = first; day <= last && shown < HOLIDAYS_SHOWN; day++) {
        bool weekend = bl_weekday(day) >= 5;

        if (calendar_is_workday(printer->calendar, day) == weekend) {
            bl_day end = day;
            char a[BL_TIME_TEXT], b[BL_TIME_TEXT];

            while (!weekend && end < last && !calendar_is_workday(printer->calendar, end + 1)) {
                end++;
            }
            (void)fprintf(printer->out, shown == 0 ? ": %s %s" : ", %s %s",
                          weekend ? say(printer, "上班", "worked") : say(printer, "放假", "off"),
                          bl_day_format(day, a) + 5);
            if (end > day) {
                (void)fprintf(printer->out, "..%s", bl_day_format(end, b) + 5);
            }
            shown++;
            day = end;
        }
    }
    if (shown == 0) {
        (void)fputs(say(printer, "：期间无节假日", ", holidays: none in range"), printer->out);
    }
}

static void print_whole(const struct printer *printer)
{
    const struct simulation *simulation = printer->simulation;
    const struct definition *definition = printer->definition;
    bl_time last = simulation->finish != BL_NEVER && simulation->finish > simulation->promise
                       ? simulation->finish
                       : simulation->promise;
    char limit[WORDING_LIMIT];

    (void)fprintf(printer->out, "%s %s -> ", say(printer, "承诺", "promise"),
                  wording_limit(definition->promise, printer->language, limit));
    print_day(printer, simulation->promise, true);
    if (simulation->legal != BL_NEVER) {
        (void)fprintf(printer->out, "   %s %s -> ", say(printer, "法定", "legal"),
                      wording_limit(definition->legal, printer->language, limit));
        print_day(printer, simulation->legal, false);
    }
    (void)fprintf(printer->out, "   (%s", definition->calendar);
    print_holidays(printer, calendar_day(printer->calendar, simulation->question.accepted),
                   calendar_day(printer->calendar, last));
    (void)fprintf(printer->out, "%s)\n",
                  simulation->provisional ? say(printer, "；日期暂定，节假日通知尚未公布",
                                                "; provisional: a holiday notice is not out yet")
                                          : "");
}

/* --- why an item does not run ---------------------------------------------------------------- */

static void print_value(const struct printer *printer, const struct definition_field *field)
{
    const struct form_value *value = &printer->simulation->question.values[field->index];

    (void)fprintf(printer->out, "%s = ", field->name);
    if (!value->present) {
        (void)fputs(say(printer, "未填", "not given"), printer->out);
        return;
    }
    switch (value->value.type) {
    case CEL_BOOL:
        (void)fputs(value->value.boolean ? say(printer, "是", "yes") : say(printer, "否", "no"),
                    printer->out);
        break;
    case CEL_INT:
        (void)fprintf(printer->out, "%" PRId64, value->value.integer);
        break;
    case CEL_DOUBLE:
        (void)fprintf(printer->out, "%g", value->value.number);
        break;
    case CEL_STRING: {
        struct bl_text text = value->value.string;
        size_t bytes =
            text.bytes <= VALUE_BYTES_MAX ? text.bytes : bl_text_cut(text.at, VALUE_BYTES_MAX);

        (void)fprintf(printer->out, "%.*s%s", (int)bytes, text.at, bytes < text.bytes ? "…" : "");
        break;
    }
    case CEL_LIST:
        WORDING_PRINT(printer->out, printer->language, "%zu 项", "%zu entries",
                      value->value.list.count);
        break;
    case CEL_DYN:
    case CEL_NULL:
    case CEL_MAP:
        (void)fputs("…", printer->out);
        break;
    }
}

/* The condition, and the answers that made it false. */
static void print_not_needed(const struct printer *printer, const struct definition_item *item)
{
    size_t count;
    const uint32_t *slots = cel_slots(item->when, &count);

    (void)fprintf(printer->out, "%s: %s (", say(printer, "不需要", "not applicable"),
                  item->source->when);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(i == 0 ? "" : ", ", printer->out);
        if (slots[i] < printer->definition->field_count) {
            print_value(printer, &printer->definition->fields[slots[i]]);
        } else {
            static const struct words states[] = {
                [SIMULATE_RUNS] = { "通过", "granted" },
                [SIMULATE_NOT_NEEDED] = { "不需要", "not_needed" },
                [SIMULATE_BLOCKED] = { "不能办理", "blocked" },
            };
            uint32_t other = slots[i] - (uint32_t)printer->definition->field_count;

            (void)fprintf(
                printer->out, "%s: %s", printer->definition->items[other].id,
                words_in(states[printer->simulation->items[other].state], printer->language));
        }
    }
    (void)fputs(")\n", printer->out);
}

/* --- bars ------------------------------------------------------------------------------------ */

static int column(const struct printer *printer, bl_time at)
{
    bl_span worked = calendar_worked(printer->calendar, at) - printer->from;

    return printer->all == 0 ? 0 : (int)((worked * BAR_COLUMNS + printer->all / 2) / printer->all);
}

static void print_bar(const struct printer *printer, const struct simulate_item *item)
{
    int first = column(printer, item->start), end = column(printer, item->due);

    first = first < BAR_COLUMNS ? first : BAR_COLUMNS - 1;
    if (end <= first) {
        end = first + 1;  // what takes a moment is seen too
    }
    for (int i = 0; i < end; i++) {
        (void)fputc(i < first ? ' ' : '#', printer->out);
    }
    if (item->critical) {
        (void)fprintf(printer->out, "%*s  %s", BAR_COLUMNS - end, "",
                      say(printer, "关键", "critical"));
    }
}

static void print_slack(const struct printer *printer, const struct simulate_item *item)
{
    (void)fprintf(printer->out, "   %s ", say(printer, "余量", "slack"));
    if (item->slack >= SIMULATE_SLACK_MAX) {
        (void)fprintf(printer->out, "%3s   ", "-");
    } else {
        (void)fprintf(printer->out, "%3d   ", item->slack);
    }
}

static void print_item(const struct printer *printer, const struct definition_item *item)
{
    const struct simulate_item *played = &printer->simulation->items[item->index];

    (void)fprintf(printer->out, "%-*s  ", printer->id_columns, item->id);
    switch (played->state) {
    case SIMULATE_NOT_NEEDED:
        print_not_needed(printer, item);
        return;
    case SIMULATE_BLOCKED:
        (void)fprintf(printer->out, "%s\n",
                      say(printer, "不能办理：前置事项无法满足",
                          "blocked: what it needs cannot be granted with these answers"));
        return;
    case SIMULATE_RUNS:
        break;
    }
    print_day(printer, played->start, printer->minutes);
    (void)fputs(" -> ", printer->out);
    print_day(printer, played->due, printer->minutes);
    print_slack(printer, played);
    print_bar(printer, played);
    (void)fputc('\n', printer->out);
}

/* --- the end --------------------------------------------------------------------------------- */

static void print_margin(const struct printer *printer)
{
    const struct simulation *simulation = printer->simulation;
    char days[WORDING_LIMIT];

    (void)wording_days(abs(simulation->margin), printer->language, days);
    if (simulation->finish > simulation->promise && simulation->margin == 0) {
        (void)fputs(say(printer, "当天超过承诺时间", "later than the promise on its last day"),
                    printer->out);
    } else if (simulation->margin < 0) {
        WORDING_PRINT(printer->out, printer->language, "超过承诺 %s", "%s after the promise", days);
    } else if (simulation->margin == 0) {
        (void)fputs(say(printer, "承诺期限的最后一天", "on the last day of the promise"),
                    printer->out);
    } else {
        WORDING_PRINT(printer->out, printer->language, "比承诺提前 %s", "%s inside the promise",
                      days);
    }
    if (simulation->legal != BL_NEVER && simulation->finish > simulation->legal) {
        (void)fputs(say(printer, "，超过法定期限", ", after the legal limit"), printer->out);
    }
}

static void print_finish(const struct printer *printer)
{
    if (printer->simulation->finish == BL_NEVER) {
        (void)fprintf(printer->out, "%s\n",
                      say(printer, "按这些填报内容无法办结",
                          "with these answers the whole cannot be granted"));
        return;
    }
    (void)fprintf(printer->out, "%s ", say(printer, "办结", "finish"));
    print_day(printer, printer->simulation->finish, printer->minutes);
    (void)fputs(say(printer, "，", ", "), printer->out);
    print_margin(printer);
    (void)fputc('\n', printer->out);
}

/* --- what one should know of them ------------------------------------------------------------ */

static void begin_note(const struct printer *printer, const struct definition_item *item)
{
    (void)fprintf(printer->out, "  %s%s", item->id, say(printer, "：", ": "));
}

/* 行政许可法 第四十三条: who decides, and when the papers go there. */
static void note_upper(const struct printer *printer, const struct definition_item *item,
                       const struct simulate_item *played)
{
    if (played->passed_up == 0) {
        return;
    }
    begin_note(printer, item);
    (void)fputs(say(printer, "初审后 ", "passed up on "), printer->out);
    print_day(printer, played->passed_up, printer->minutes);
    WORDING_PRINT(printer->out, printer->language, " 上报 %s 决定\n", ", decided by %s\n",
                  item->upper_department);
}

static void note_opinion(const struct printer *printer, const struct definition_item *item)
{
    if (item->kind == BL__ITEM_DEFINITION__KIND__OPINION || item->tacit) {
        begin_note(printer, item);
        (void)fprintf(printer->out, "%s%s\n",
                      item->kind == BL__ITEM_DEFINITION__KIND__OPINION
                          ? say(printer, "征求意见", "an opinion")
                          : say(printer, "决定", "a decision"),
                      item->tacit ? say(printer, "，逾期视为同意", "; silence is consent")
                                  : say(printer, "，逾期催办", "; who is silent is pressed"));
    }
}

static void note_special(const struct printer *printer, const struct definition_item *item)
{
    char limit[WORDING_LIMIT];

    if (item->special_count == 0) {
        return;
    }
    begin_note(printer, item);
    (void)fputs(say(printer, "可停表 ", "clock may stop for "), printer->out);
    for (size_t i = 0; i < item->special_count; i++) {
        const struct definition_special *special = &printer->definition->special[item->special[i]];

        (void)fprintf(printer->out, "%s%s (%s %s%s)", i == 0 ? "" : say(printer, "、", ", "),
                      special->id, say(printer, "至多", "at most"),
                      wording_limit(special->at_most, printer->language, limit),
                      special->stops_legal
                          ? ""
                          : say(printer, "，法定时限不停", "; the legal limit runs on"));
    }
    (void)fputc('\n', printer->out);
}

static void note_course(const struct printer *printer, const struct definition_item *item)
{
    char limit[WORDING_LIMIT];

    if (item->not_before >= 0) {
        begin_note(printer, item);
        (void)fputs(say(printer, "不早于 ", "not before "), printer->out);
        print_value(printer, &printer->definition->fields[item->not_before]);
        (void)fputc('\n', printer->out);
    }
    if (item->post_check.halves > 0) {
        begin_note(printer, item);
        WORDING_PRINT(printer->out, printer->language, "可告知承诺当场准予，%s内核查\n",
                      "may be granted at once on a written promise, checked within %s\n",
                      wording_limit(item->post_check, printer->language, limit));
    }
}

/* Items that are visited together, once for each name. */
static void note_visit(const struct printer *printer, uint32_t first)
{
    const struct definition *definition = printer->definition;
    const char *visit = definition->items[first].visit;
    size_t visitors = 0;

    for (uint32_t i = 0; visit[0] != '\0' && i < definition->item_count; i++) {
        if (strcmp(definition->items[i].visit, visit) != 0 ||
            printer->simulation->items[i].state != SIMULATE_RUNS) {
            continue;
        }
        if (visitors == 0 && i < first) {
            return;  // said at the first of them
        }
        if (visitors++ == 0) {
            (void)fprintf(printer->out, "  %s %s%s", say(printer, "联合踏勘", "joint visit"), visit,
                          say(printer, "：", ": "));
        }
        (void)fprintf(printer->out, "%s%s", visitors == 1 ? "" : say(printer, "、", ", "),
                      definition->items[i].id);
    }
    if (visitors > 0) {
        (void)fputc('\n', printer->out);
    }
}

static void print_notes(const struct printer *printer)
{
    for (uint32_t i = 0; i < printer->definition->item_count; i++) {
        const struct definition_item *item = &printer->definition->items[i];
        const struct simulate_item *played = &printer->simulation->items[i];

        if (played->state == SIMULATE_RUNS) {
            note_upper(printer, item, played);
            note_opinion(printer, item);
            note_special(printer, item);
            note_course(printer, item);
            note_visit(printer, i);
        }
    }
}

static struct printer printer_of(FILE *out, const struct simulation *simulation,
                                 enum language language)
{
    struct printer printer = { .out = out,
                               .simulation = simulation,
                               .definition = simulation->question.definition,
                               .calendar = simulation->question.calendar,
                               .language = language };
    bl_time last = simulation->promise;

    for (size_t i = 0; i < printer.definition->item_count; i++) {
        const struct definition_item *item = &printer.definition->items[i];
        int columns = (int)bl_text_columns(item->id);

        if (simulation->items[i].state == SIMULATE_RUNS) {
            printer.minutes |= !is_whole_days(item->promise);
            last = simulation->items[i].due > last ? simulation->items[i].due : last;
        }
        printer.id_columns = columns > printer.id_columns ? columns : printer.id_columns;
    }
    printer.from = calendar_worked(printer.calendar, simulation->question.accepted);
    printer.all = calendar_worked(printer.calendar, last) - printer.from;
    return printer;
}

void simulate_print(FILE *out, const struct simulation *simulation, enum language language)
{
    struct printer printer = printer_of(out, simulation, language);

    print_whole(&printer);
    for (size_t i = 0; i < printer.definition->item_count; i++) {
        print_item(&printer, &printer.definition->items[i]);
    }
    print_finish(&printer);
    print_notes(&printer);
}

static void print_assumption(const struct printer *printer,
                             const struct simulate_assumption *assumption)
{
    const struct definition *definition = printer->definition;
    const struct definition_special *special;
    char text[WORDING_LIMIT];

    switch (assumption->kind) {
    case ASSUME_ITEM_TAKES:
        WORDING_PRINT(printer->out, printer->language, "%s 用 %s", "%s takes %s",
                      definition->items[assumption->index].id,
                      wording_limit(assumption->limit, printer->language, text));
        return;
    case ASSUME_SPECIAL_USED:
        special = &definition->special[assumption->index];
        WORDING_PRINT(printer->out, printer->language, "%s 用满 %s", "%s uses its full %s",
                      special->id, wording_limit(special->at_most, printer->language, text));
        return;
    case ASSUME_COMMITTED:
        WORDING_PRINT(printer->out, printer->language, "%s 告知承诺", "%s is granted on a promise",
                      definition->items[assumption->index].id);
        return;
    case ASSUME_DEPARTMENT_LATE:
        WORDING_PRINT(printer->out, printer->language, "%s 迟 %s", "%s is %s late",
                      assumption->department,
                      wording_days(assumption->days, printer->language, text));
        return;
    }
    UNREACHABLE();
}

void simulate_print_what_if(FILE *out, const struct simulation *simulation, enum language language)
{
    struct printer printer = printer_of(out, simulation, language);
    bool on_time = simulation->finish <= simulation->promise;
    char days[WORDING_LIMIT];

    (void)fputs(say(&printer, "假如 ", "what if "), out);
    for (size_t i = 0; i < simulation->question.assumption_count; i++) {
        (void)fputs(i == 0 ? "" : say(&printer, "、", " and "), out);
        print_assumption(&printer, &simulation->question.assumptions[i]);
    }
    if (simulation->finish == BL_NEVER) {
        (void)fputs(say(&printer, "：无法办结\n", ": the whole cannot be granted\n"), out);
        return;
    }
    (void)fputs(say(&printer, "：办结 ", ": finish "), out);
    print_day(&printer, simulation->finish, printer.minutes);
    if (simulation->paused > 0) {
        WORDING_PRINT(out, language, "，停表 %s", ", clock paused %s",
                      wording_days(simulation->paused, language, days));
    }
    (void)fputs(on_time ? say(&printer, "，仍按时", ", still on time") : say(&printer, "，", ", "),
                out);
    if (!on_time) {
        print_margin(&printer);
    }
    (void)fputc('\n', out);
}
