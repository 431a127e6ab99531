/* What stands around an item and around the whole: further clocks, stops, steps, opinions, papers,
 * urgings, visits, notices. Where there is nothing, nothing is printed. */
#include <inttypes.h>
#include <string.h>

#include "cli/tree.h"

/* Lines of one item, after its title. */
struct course {
    struct cli *cli;
    FILE *out;
    const char *title;  // printed before the first line
    uint32_t lines;
};

static void line(struct course *course, const char *text)
{
    if (course->title != NULL) {
        (void)fprintf(course->out, "%s\n", course->title);
        course->title = NULL;
        course->lines++;
    }
    (void)fprintf(course->out, "   %s\n", grid_harmless(&course->cli->arena, text));
    course->lines++;
}

static const char *listed(struct cli *cli, const json_t *list)
{
    const char *text = "";
    size_t index;
    json_t *value;

    json_array_foreach(list, index, value)
    {
        const char *one = json_string_value(value);

        text = bl_arena_printf(&cli->arena, "%s%s%s", text,
                               index == 0 ? "" : cli_say(cli, "、", ", "), one == NULL ? "" : one);
    }
    return text;
}

static const char *title_or(struct cli *cli, const json_t *value, const char *path,
                            const char *otherwise)
{
    const char *title = output_title(cli, value, path);

    return title[0] != '\0' ? title : otherwise;
}

// clang-format off
static const struct sentence clocks[] = {
    { "notify",     { "一次性告知", "notification" } },
    { "correction", { "申请人补正", "correction" } },
    { "supplement", { "补交容缺材料", "supplement" } },
    { "deliver",    { "送达", "delivery" } },
    { "check",      { "事后核查", "later check" } },
};
// clang-format on

static const char *overdue_text(struct cli *cli, const json_t *clock)
{
    return json_is_true(output_find(clock, "overdue")) ? cli_say(cli, "，已超期", ", overdue") : "";
}

static void print_clocks(struct course *course, const json_t *item)
{
    struct cli *cli = course->cli;

    for (size_t i = 0; i < BL_COUNT(clocks); i++) {
        const json_t *clock = output_find(item, clocks[i].rule);

        if (json_is_true(output_find(clock, "running"))) {
            line(course, bl_arena_printf(&cli->arena, cli_say(cli, "%s：截止 %s%s", "%s: due %s%s"),
                                         words_in(clocks[i].words, cli->language),
                                         output_time(cli, output_text(clock, "due_at")),
                                         overdue_text(cli, clock)));
        }
    }
}

/* Both countdowns: what is left of the stop, and of the case (domain.md 4.3). */
static const char *open_stop(struct cli *cli, const json_t *item, const json_t *stop,
                             const char *what)
{
    return bl_arena_printf(&cli->arena,
                           cli_say(cli,
                                   "暂停中（%s）：%s 起，至迟 %s 恢复；暂停还剩 %" PRId64
                                   " 个工作日，办理还剩 %" PRId64 " 个",
                                   "stopped (%s) since %s, until %s: %" PRId64
                                   " working days of the stop left, %" PRId64 " of the case"),
                           what, output_time(cli, output_text(stop, "from")),
                           output_time(cli, output_text(stop, "ends_at")),
                           output_integer(stop, "remaining_days"),
                           output_integer(item, "promise.remaining_days"));
}

static void print_stops(struct course *course, const json_t *item)
{
    struct cli *cli = course->cli;
    size_t index;
    json_t *stop;

    json_array_foreach(output_find(item, "stops"), index, stop)
    {
        const char *what = title_or(cli, stop, "title", output_text(stop, "kind"));
        const char *to = output_text(stop, "to");

        line(course,
             to[0] == '\0'
                 ? open_stop(cli, item, stop, what)
                 : bl_arena_printf(
                       &cli->arena,
                       cli_say(cli, "曾暂停（%s）：%s 至 %s", "was stopped (%s): %s to %s"), what,
                       output_time(cli, output_text(stop, "from")), output_time(cli, to)));
    }
}

/* "fire-01 准予、fire-02 不予". */
static const char *signed_text(struct cli *cli, const json_t *desk)
{
    const char *text = "";
    size_t index;
    json_t *signature;

    json_array_foreach(output_find(desk, "signatures"), index, signature)
    {
        text = bl_arena_printf(
            &cli->arena, "%s%s%s %s", text, index == 0 ? "" : cli_say(cli, "、", ", "),
            output_text(signature, "post"),
            sentence_word(json_is_true(output_find(signature, "approves")) ? "approve" : "reject",
                          cli->language));
    }
    return text;
}

static const char *holder_text(struct cli *cli, const json_t *desk)
{
    const char *post = output_text(desk, "post"), *officer = output_text(desk, "officer");

    if (post[0] == '\0') {
        return bl_arena_printf(&cli->arena, cli_say(cli, "待%s领取", "not claimed (%s)"),
                               sentence_word(output_text(desk, "role"), cli->language));
    }
    return officer[0] == '\0' || strcmp(officer, post) == 0
               ? post
               : bl_arena_printf(&cli->arena, "%s %s", post, officer);
}

static void print_desk(struct course *course, const json_t *item)
{
    struct cli *cli = course->cli;
    const json_t *desk = output_find(item, "desk");
    const char *due = output_text(desk, "limit.due_at");
    int64_t round = output_integer(desk, "round");

    if (!json_is_true(output_find(desk, "personal")) ||
        !json_is_true(output_find(item, "promise.running"))) {
        return;
    }
    const char *text = bl_arena_printf(&cli->arena, cli_say(cli, "环节 %s：%s", "step %s: %s"),
                                       title_or(cli, desk, "title", output_text(desk, "step")),
                                       holder_text(cli, desk));
    if (round > 1) {
        text = bl_arena_printf(
            &cli->arena, cli_say(cli, "%s，第 %" PRId64 " 轮", "%s, round %" PRId64), text, round);
    }
    if (due[0] != '\0') {
        text =
            bl_arena_printf(&cli->arena, cli_say(cli, "%s，截止 %s%s", "%s, due %s%s"), text,
                            output_time(cli, due), overdue_text(cli, output_find(desk, "limit")));
    }
    line(course, text);
    if (json_array_size(output_find(desk, "signatures")) > 0) {
        line(course, bl_arena_printf(
                         &cli->arena,
                         cli_say(cli, "已签 %zu/%" PRId64 "：%s", "signed %zu of %" PRId64 ": %s"),
                         json_array_size(output_find(desk, "signatures")),
                         output_integer(desk, "needed"), signed_text(cli, desk)));
    }
}

static const char *opinion_text(struct cli *cli, const json_t *asked)
{
    if (output_text(asked, "answered_at")[0] == '\0') {
        return bl_arena_printf(&cli->arena, cli_say(cli, "待答复，截止 %s", "not answered, due %s"),
                               output_time(cli, output_text(asked, "limit.due_at")));
    }
    if (json_is_true(output_find(asked, "tacit"))) {
        return cli_say(cli, "逾期视为同意", "consent by silence");
    }
    return json_is_true(output_find(asked, "consents")) ? cli_say(cli, "同意", "consents")
                                                        : cli_say(cli, "不同意", "objects");
}

static void print_opinions(struct course *course, const json_t *item)
{
    struct cli *cli = course->cli;
    size_t index;
    json_t *asked;

    json_array_foreach(output_find(item, "consultations"), index, asked)
    {
        line(course,
             bl_arena_printf(&cli->arena, cli_say(cli, "征求%s意见：%s", "opinion of %s: %s"),
                             title_or(cli, asked, "title", output_text(asked, "department")),
                             opinion_text(cli, asked)));
    }
}

static uint32_t print_item(struct cli *cli, const json_t *application, const json_t *item,
                           FILE *out)
{
    const char *id = output_text(item, "id"), *extended = output_text(item, "extended");
    struct course course = { cli, out, tree_item_title(cli, application, id), 0 };

    print_desk(&course, item);
    print_clocks(&course, item);
    print_stops(&course, item);
    print_opinions(&course, item);
    if (json_array_size(output_find(item, "missing")) > 0) {
        line(&course, bl_arena_printf(&cli->arena, cli_say(cli, "尚缺：%s", "missing: %s"),
                                      listed(cli, output_find(item, "missing"))));
    }
    if (extended[0] != '\0') {
        line(&course,
             bl_arena_printf(&cli->arena, cli_say(cli, "已延长 %s", "extended by %s"), extended));
    }
    return course.lines;
}

/* Project, way of service, paper entry: one line of what there is. */
static void print_circumstances(struct course *course, const json_t *application)
{
    struct cli *cli = course->cli;
    const char *mode = output_text(application, "mode"), *text = "";
    const char *project = output_text(application, "project");
    const char *extended = output_text(application, "extended");

    if (project[0] != '\0') {
        text = bl_arena_printf(&cli->arena, cli_say(cli, "  项目 %s", "  project %s"), project);
    }
    if (mode[0] != '\0' && strcmp(mode, "counter") != 0) {
        text = bl_arena_printf(&cli->arena, cli_say(cli, "%s  方式 %s", "%s  service %s"), text,
                               sentence_word(mode, cli->language));
    }
    if (json_is_true(output_find(application, "paper"))) {
        text = bl_arena_printf(&cli->arena, "%s  %s", text,
                               cli_say(cli, "系统停用时纸质收件", "taken on paper"));
    }
    if (extended[0] != '\0') {
        text = bl_arena_printf(&cli->arena, cli_say(cli, "%s  整体延长 %s", "%s  extended by %s"),
                               text, extended);
    }
    if (text[0] != '\0') {
        (void)fprintf(course->out, "%s\n", text + 2);
        course->lines++;
    }
}

static const char *visit_text(struct cli *cli, const json_t *visit)
{
    return bl_arena_printf(&cli->arena,
                           cli_say(cli, "现场勘验 %s %s（%s）%s", "site visit %s %s (%s)%s"),
                           output_time(cli, output_text(visit, "at")), output_text(visit, "place"),
                           listed(cli, output_find(visit, "officers")),
                           json_is_true(output_find(visit, "confirmed"))
                               ? cli_say(cli, "，申请人已确认", ", confirmed")
                               : "");
}

static const char *urging_text(struct cli *cli, const json_t *urging)
{
    const char *by = output_text(urging, "reply_by");

    return bl_arena_printf(
        &cli->arena, cli_say(cli, "%s：%s 须答复%s%s%s", "%s: %s has to answer%s%s%s"),
        sentence_word(output_text(urging, "level"), cli->language), output_text(urging, "to"),
        by[0] == '\0' ? "" : cli_say(cli, "，最迟 ", " by "), output_time(cli, by),
        overdue_text(cli, urging));
}

static const char *notice_text(struct cli *cli, const json_t *notice)
{
    return bl_arena_printf(
        &cli->arena, cli_say(cli, "待发通知：%s（%s）%s", "notice waits: %s (%s)%s"),
        sentence_word(output_text(notice, "kind"), cli->language), output_text(notice, "channel"),
        json_is_true(output_find(notice, "incident")) ? cli_say(cli, "，发送异常", ", an incident")
                                                      : "");
}

/* Of one that is late: whose time it was, along the critical path. */
static const char *delay_text(struct cli *cli, const json_t *delay)
{
    int64_t over = output_integer(delay, "over");
    const json_t *days = output_find(delay, "days");
    const char *beyond = over <= 0
                             ? ""
                             : bl_arena_printf(&cli->arena,
                                               cli_say(cli, "，其中超出承诺 %" PRId64 " 个",
                                                       ", %" PRId64 " of them beyond its promise"),
                                               over);

    return bl_arena_printf(
        &cli->arena,
        cli_say(cli, "用时：%s %g 个工作日（%s）%s", "taken: %s %g working days (%s)%s"),
        title_or(cli, delay, "title", output_text(delay, "whose")), json_number_value(days),
        output_text(delay, "item"), beyond);
}

static void print_each(struct course *course, const json_t *application, const char *list,
                       const char *(*text)(struct cli *, const json_t *))
{
    size_t index;
    json_t *value;

    json_array_foreach(output_find(application, list), index, value)
    {
        line(course, text(course->cli, value));
    }
}

uint32_t tree_print_course(struct cli *cli, const json_t *application, FILE *out)
{
    struct course course = { cli, out, NULL, 0 };
    const char *next = tree_next(cli, application);
    size_t index;
    json_t *item;

    json_array_foreach(output_find(application, "items"), index, item)
    {
        course.lines += print_item(cli, application, item, out);
    }
    print_circumstances(&course, application);
    course.title = cli_say(cli, "整体", "the whole");
    print_each(&course, application, "visits", visit_text);
    print_each(&course, application, "urgings", urging_text);
    print_each(&course, application, "notices", notice_text);
    print_each(&course, application, "delays", delay_text);
    if (next[0] != '\0') {
        (void)fprintf(out, "%s%s%s%s\n", colour_begin(COLOUR_BOLD, cli->color_out),
                      cli_say(cli, "下一步：", "next: "), next,
                      colour_end(COLOUR_BOLD, cli->color_out));
        course.lines++;
    }
    return course.lines;
}
