/* How a workflow looks. A box says what, who, within which time, and on what condition; what is
 * not the rule (a join that is not "all", tacit consent, a clock that may stop) stands in it too.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "definition/graph.h"
#include "definition/graph_layout.h"
#include "definition/graph_text.h"
#include "definition/wording.h"

enum {
    BOX_WIDTH_ZH = 272,
    BOX_WIDTH_EN = 330,  // the same words are longer
    BOX_PADDING = 14,
    BAR_WIDTH = 5,  // at the box's left: its department, or its light
    TERMINAL_WIDTH = 76,
    TERMINAL_HEIGHT = 40,
    MARGIN = 32,
    HEAD_HEIGHT = 72,  // title and what holds for the whole
    FOOT_HEIGHT = 44,  // legend
    LINES_MAX = 32,    // of one box
    PALETTE = 8,       // colours of departments
    BADGE_HEIGHT = 18,
    ARROW = 7,
};

/* A line of text in a box. */
enum style {
    STYLE_TITLE,
    STYLE_SUBTITLE,
    STYLE_WHO,
    STYLE_LIMIT,
    STYLE_WHEN,
    STYLE_NOTE,
    STYLE_LABEL
};
static const struct {
    const char *class;
    int32_t size, leading;
} styles[] = {
    [STYLE_TITLE] = { "title", 16, 22 }, [STYLE_SUBTITLE] = { "sub", 11, 16 },
    [STYLE_WHO] = { "who", 12, 18 },     [STYLE_LIMIT] = { "limit", 12, 18 },
    [STYLE_WHEN] = { "when", 11, 16 },   [STYLE_NOTE] = { "note", 11, 16 },
    [STYLE_LABEL] = { "label", 12, 20 },
};

struct line {
    enum style style;
    struct bl_text text;
};

struct drawing {
    FILE *out;
    const struct definition *definition;
    const struct graph_options *options;
    struct bl_arena arena;
    struct layout layout;
    struct {
        struct line lines[LINES_MAX];
        size_t count;
    } * texts;  // of each item
};

/* Lines of these kinds do not share their way. */
enum { LINE_NEED, LINE_CONDITION };

static const char *say(const struct drawing *drawing, const char *zh, const char *en)
{
    return drawing->options->language == LANGUAGE_ZH ? zh : en;
}

static const char *other_text(const struct drawing *drawing, const Bl__Text *text)
{
    return text == NULL ? "" : drawing->options->language == LANGUAGE_ZH ? text->en : text->zh;
}

static int32_t box_width(const struct drawing *drawing)
{
    return drawing->options->language == LANGUAGE_ZH ? BOX_WIDTH_ZH : BOX_WIDTH_EN;
}

/* --- what a box says ------------------------------------------------------------------------- */

static void add(struct drawing *drawing, uint32_t item, enum style style, size_t most,
                const char *text)
{
    struct bl_text lines[LINES_MAX];
    int32_t width = box_width(drawing) - 2 * BOX_PADDING - BAR_WIDTH;
    size_t count = graph_text_wrap(text, width, styles[style].size, most, lines, &drawing->arena);

    for (size_t i = 0; i < count && drawing->texts[item].count < LINES_MAX; i++) {
        drawing->texts[item].lines[drawing->texts[item].count++] = (struct line){ style, lines[i] };
    }
}

static const char *department_title(const struct drawing *drawing, const char *id)
{
    const Bl__DepartmentsFile *file = drawing->options->departments;

    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        if (strcmp(file->departments[i]->key, id) == 0 && file->departments[i]->value != NULL) {
            return wording_text(file->departments[i]->value->title, drawing->options->language);
        }
    }
    return id;
}

/* "承诺 5 个工作日 · 法定 10 个工作日" */
static const char *limits_text(struct drawing *drawing, struct limit promise, struct limit legal)
{
    enum language language = drawing->options->language;
    char a[WORDING_LIMIT], b[WORDING_LIMIT];
    const char *text = bl_arena_printf(&drawing->arena, "%s %s", say(drawing, "承诺", "promise"),
                                       wording_limit(promise, language, a));

    if (legal.halves > 0) {
        text = bl_arena_printf(&drawing->arena, "%s · %s %s", text, say(drawing, "法定", "legal"),
                               wording_limit(legal, language, b));
    }
    return text;
}

/* Titles of the stations, in order. */
static void add_steps(struct drawing *drawing, const struct definition_item *item)
{
    const char *text = "";

    for (size_t i = 0; i < item->step_count; i++) {
        text =
            bl_arena_printf(&drawing->arena, "%s%s%s", text, i == 0 ? "" : " → ",
                            wording_text(item->steps[i].source->title, drawing->options->language));
    }
    add(drawing, item->index, STYLE_NOTE, 2, text);
}

static void add_special(struct drawing *drawing, const struct definition_item *item)
{
    enum language language = drawing->options->language;
    const char *text = "";

    for (size_t i = 0; i < item->special_count; i++) {
        const struct definition_special *special = &drawing->definition->special[item->special[i]];
        char limit[WORDING_LIMIT];

        text = bl_arena_printf(&drawing->arena, "%s%s%s ≤ %s", text,
                               i == 0 ? say(drawing, "可停表：", "may stop the clock: ") : "; ",
                               wording_text(special->source->title, language),
                               wording_limit(special->at_most, language, limit));
    }
    add(drawing, item->index, STYLE_NOTE, 3, text);
}

/* 上报件: the second leg below the first. */
static void add_upper(struct drawing *drawing, const struct definition_item *item)
{
    if (item->upper_department == NULL) {
        return;
    }
    add(drawing, item->index, STYLE_WHO, 2,
        bl_arena_printf(&drawing->arena, "%s → %s", say(drawing, "上报", "passed up"),
                        department_title(drawing, item->upper_department)));
    add(drawing, item->index, STYLE_LIMIT, 2,
        limits_text(drawing, item->upper_promise, item->upper_legal));
}

/* What one should know of an item before it begins: with whom it is visited, what it waits for. */
static void add_course(struct drawing *drawing, const struct definition_item *item)
{
    enum language language = drawing->options->language;
    const char *text = "";

    if (item->visit[0] != '\0') {
        text = bl_arena_printf(&drawing->arena, "%s %s", say(drawing, "联合踏勘", "joint visit"),
                               item->visit);
    }
    if (item->not_before >= 0) {
        const Bl__FieldDefinition *field = drawing->definition->fields[item->not_before].source;

        text = bl_arena_printf(&drawing->arena, "%s%s%s %s", text, text[0] == '\0' ? "" : " · ",
                               say(drawing, "不早于", "not before:"),
                               wording_text(field->label, language));
    }
    add(drawing, item->index, STYLE_NOTE, 2, text);
}

static void add_notes(struct drawing *drawing, const struct definition_item *item)
{
    const char *notes[7];
    const char *text = "";
    size_t count = 0;

    if (item->tacit) {
        notes[count++] = say(drawing, "超时默认", "tacit consent when overdue");
    }
    if (item->safety) {
        notes[count++] = say(drawing, "涉及安全", "safety");
    }
    if (item->source->notify_commit != NULL) {
        notes[count++] = say(drawing, "可告知承诺", "notify and commit");
    }
    if (item->kind == BL__ITEM_DEFINITION__KIND__INSTANT) {
        notes[count++] = say(drawing, "即办", "on the spot");
    }
    if (item->kind == BL__ITEM_DEFINITION__KIND__OPINION) {
        notes[count++] = say(drawing, "征求意见", "an opinion");
    }
    if (item->ordered) {
        notes[count++] = say(drawing, "按受理顺序", "rank by the order of acceptance");
    }
    if (item->four_eyes) {
        notes[count++] = say(drawing, "双人复核", "four eyes");
    }
    for (size_t i = 0; i < count; i++) {
        text = bl_arena_printf(&drawing->arena, "%s%s%s", text, i == 0 ? "" : " · ", notes[i]);
    }
    add(drawing, item->index, STYLE_NOTE, 2, text);
}

static void add_item(struct drawing *drawing, const struct definition_item *item)
{
    struct bl_arena *arena = &drawing->arena;
    const char *title = wording_text(item->source->title, drawing->options->language);
    const char *other = other_text(drawing, item->source->title);

    add(drawing, item->index, STYLE_TITLE, 3, title);
    if (strcmp(title, other) != 0) {
        add(drawing, item->index, STYLE_SUBTITLE, 2, other);
    }
    add(drawing, item->index, STYLE_WHO, 2, department_title(drawing, item->department));
    add(drawing, item->index, STYLE_LIMIT, 2, limits_text(drawing, item->promise, item->legal));
    add_steps(drawing, item);
    add_upper(drawing, item);
    if (item->when != NULL) {
        add(drawing, item->index, STYLE_WHEN, 4,
            bl_arena_printf(arena, "%s %s", say(drawing, "如果", "if"), item->source->when));
    }
    if (item->needs.kind == JOIN_EXPRESSION) {
        add(drawing, item->index, STYLE_WHEN, 4,
            bl_arena_printf(arena, "%s %s", say(drawing, "前置", "needs"),
                            item->source->needs->expression));
    }
    add_special(drawing, item);
    add_course(drawing, item);
    add_notes(drawing, item);
    if (drawing->options->live != NULL && drawing->options->live[item->index].label != NULL) {
        add(drawing, item->index, STYLE_LABEL, 2, drawing->options->live[item->index].label);
    }
}

static int32_t box_height(const struct drawing *drawing, uint32_t item)
{
    int32_t height = 2 * BOX_PADDING - 6;

    for (size_t i = 0; i < drawing->texts[item].count; i++) {
        height += styles[drawing->texts[item].lines[i].style].leading;
    }
    return height;
}

/* --- boxes and lines ------------------------------------------------------------------------- */

static uint32_t start_box(const struct drawing *drawing)
{
    return (uint32_t)drawing->definition->item_count;
}

static uint32_t end_box(const struct drawing *drawing)
{
    return (uint32_t)drawing->definition->item_count + 1;
}

static bool needs(const struct definition_item *item, uint32_t other)
{
    for (size_t i = 0; i < item->needs.branch_count; i++) {
        if (item->needs.branches[i] == other) {
            return true;
        }
    }
    return false;
}

/* From each item to those that need it, or whose condition reads its result. */
static size_t add_lines(struct drawing *drawing, struct layout_line *lines)
{
    const struct definition *definition = drawing->definition;
    bool *led_to = bl_arena_array(&drawing->arena, bool, definition->item_count);
    size_t count = 0;

    for (uint32_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        for (size_t j = 0; j < item->dependent_count; j++) {
            uint32_t to = item->dependents[j];

            lines[count++] = (struct layout_line){
                i, to, needs(&definition->items[to], i) ? LINE_NEED : LINE_CONDITION
            };
            led_to[to] = true;
        }
        if (item->dependent_count == 0) {
            lines[count++] = (struct layout_line){ i, end_box(drawing), LINE_NEED };
        }
    }
    for (uint32_t i = 0; i < definition->item_count; i++) {
        if (!led_to[i]) {
            lines[count++] = (struct layout_line){ start_box(drawing), i, LINE_NEED };
        }
    }
    return count;
}

static void lay_out(struct drawing *drawing)
{
    const struct definition *definition = drawing->definition;
    size_t boxes = definition->item_count + 2, line_count = 2 * definition->item_count;
    struct layout_line *lines;

    for (size_t i = 0; i < definition->item_count; i++) {
        line_count += definition->items[i].dependent_count;
    }
    lines = bl_arena_array(&drawing->arena, struct layout_line, line_count);
    drawing->layout.boxes = bl_arena_array(&drawing->arena, struct layout_box, boxes);
    drawing->layout.box_count = boxes;
    for (uint32_t i = 0; i < definition->item_count; i++) {
        drawing->layout.boxes[i] =
            (struct layout_box){ .width = box_width(drawing), .height = box_height(drawing, i) };
    }
    drawing->layout.boxes[start_box(drawing)] = drawing->layout.boxes[end_box(drawing)] =
        (struct layout_box){ .width = TERMINAL_WIDTH, .height = TERMINAL_HEIGHT };
    layout_make(&drawing->layout, lines, add_lines(drawing, lines), &drawing->arena);
}

/* --- the head -------------------------------------------------------------------------------- */

static const char style_sheet[] =
    ".workflow{font-family:'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',"
    "'WenQuanYi Zen Hei','Hiragino Sans GB',system-ui,sans-serif}"
    ".workflow text{fill:#1b2430}"
    ".workflow .paper{fill:#f6f7f9}"
    ".workflow .box{fill:#fff;stroke:#c3cbd6;stroke-width:1.2}"
    ".workflow .conditional .box{stroke:#8794a6;stroke-dasharray:6 4}"
    ".workflow .title{font-size:16px;font-weight:600}"
    ".workflow .sub{font-size:11px;fill:#6a7686}"
    ".workflow .who{font-size:12px;fill:#3d4a5c}"
    ".workflow .limit{font-size:12px;fill:#3d4a5c}"
    ".workflow .when{font-size:11px;fill:#8a5a00}"
    ".workflow .note{font-size:11px;fill:#6a7686}"
    ".workflow .name{font-size:20px;font-weight:600}"
    ".workflow .about{font-size:13px;fill:#5b6675}"
    ".workflow .edge{fill:none;stroke:#93a0b2;stroke-width:1.6}"
    ".workflow .by-condition{stroke-dasharray:3 4}"
    ".workflow .arrow{fill:#93a0b2}"
    ".workflow .terminal{fill:#33415a}"
    ".workflow .terminal-text{font-size:14px;font-weight:600;fill:#fff}"
    ".workflow .badge{fill:#fff3d6;stroke:#c98a12;stroke-width:1}"
    ".workflow .badge-text{font-size:11px;fill:#7a4d00}"
    ".workflow .bar{fill:#8794a6}"
    ".workflow .dept-0{fill:#3f6fb5}.workflow .dept-1{fill:#2f8f83}.workflow .dept-2{fill:#a8642a}"
    ".workflow .dept-3{fill:#7a5aa8}.workflow .dept-4{fill:#5f8a34}.workflow .dept-5{fill:#b24a6a}"
    ".workflow .dept-6{fill:#4a7f9c}.workflow .dept-7{fill:#8a7a2c}"
    ".workflow .label{font-size:12px;font-weight:600}"
    ".workflow .light-green .bar{fill:#2e9e5b}.workflow .light-yellow .bar{fill:#dc9a00}"
    ".workflow .light-red .bar{fill:#d43838}.workflow .light-blue .bar{fill:#3b7ddd}"
    ".workflow .light-grey .bar{fill:#8a929e}"
    ".workflow .light-green .box{stroke:#2e9e5b}.workflow .light-yellow .box{stroke:#dc9a00}"
    ".workflow .light-red .box{stroke:#d43838;stroke-width:2}"
    ".workflow .light-blue .box{stroke:#3b7ddd}"
    ".workflow .state-decided .box{fill:#eef7f1}"
    ".workflow .result-denied .box{fill:#fdeeee}"
    ".workflow .state-not_needed,.workflow .state-blocked{opacity:.55}"
    "@media (prefers-color-scheme:dark){"
    ".workflow text{fill:#e6eaf0}"
    ".workflow .paper{fill:#14181f}"
    ".workflow .box{fill:#1e2530;stroke:#465264}"
    ".workflow .conditional .box{stroke:#7d8a9c}"
    ".workflow .sub,.workflow .note{fill:#98a4b5}"
    ".workflow .who,.workflow .limit{fill:#c3ccd8}"
    ".workflow .when{fill:#e3b55c}"
    ".workflow .about{fill:#98a4b5}"
    ".workflow .edge{stroke:#66748a}.workflow .arrow{fill:#66748a}"
    ".workflow .terminal{fill:#c3ccd8}.workflow .terminal-text{fill:#14181f}"
    ".workflow .badge{fill:#3a2f14;stroke:#c98a12}.workflow .badge-text{fill:#f0cf8a}"
    ".workflow .state-decided .box{fill:#1b2b23}.workflow .result-denied .box{fill:#331d20}"
    "}";

/* What fprintf would print, but every argument is text of somebody else: {} takes the next one. */
static void put(const struct drawing *drawing, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (const char *at = format; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] == '}') {
            graph_text_xml(drawing->out, bl_text_of(va_arg(arguments, const char *)));
            at++;
        } else {
            (void)fputc(*at, drawing->out);
        }
    }
    va_end(arguments);
}

static void put_text(const struct drawing *drawing, int32_t x, int32_t y, const char *class,
                     struct bl_text text)
{
    (void)fprintf(drawing->out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
    graph_text_xml(drawing->out, text);
    (void)fputs("</text>\n", drawing->out);
}

/* What holds for the whole, in a line. */
static const char *about(struct drawing *drawing)
{
    const struct definition *definition = drawing->definition;

    return bl_arena_printf(&drawing->arena, "%s · %s · %s%s · %s %u", definition->workflow,
                           limits_text(drawing, definition->promise, definition->legal),
                           say(drawing, "牵头：", "lead: "),
                           department_title(drawing, definition->lead),
                           say(drawing, "版本", "version"), definition->version);
}

static int32_t least_width(struct drawing *drawing)
{
    struct bl_text title =
        bl_text_of(wording_text(drawing->definition->source->title, drawing->options->language));
    int32_t a = graph_text_width(title, 20), b = graph_text_width(bl_text_of(about(drawing)), 13);
    int32_t text = a > b ? a : b;

    return text > drawing->layout.width ? text : drawing->layout.width;
}

static void draw_head(struct drawing *drawing)
{
    const struct definition *definition = drawing->definition;
    const char *title = wording_text(definition->source->title, drawing->options->language);
    int32_t width = least_width(drawing) + 2 * MARGIN;
    int32_t height = drawing->layout.height + HEAD_HEIGHT + FOOT_HEIGHT + 2 * MARGIN;

    (void)fprintf(drawing->out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"workflow\" role=\"img\" "
                  "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" lang=\"%s\">\n",
                  width, height, width, height, say(drawing, "zh-CN", "en"));
    put(drawing, "<title>{}</title>\n<desc>{}</desc>\n", title, about(drawing));
    (void)fprintf(drawing->out, "<style>%s</style>\n", style_sheet);
    (void)fprintf(drawing->out, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", width,
                  height);
    put_text(drawing, MARGIN, MARGIN + 16, "name", bl_text_of(title));
    put_text(drawing, MARGIN, MARGIN + 42, "about", bl_text_of(about(drawing)));
}

static void draw_foot(const struct drawing *drawing)
{
    const char *texts[] = {
        say(drawing, "虚线框：符合条件才办理", "dashed box: only on its condition"),
        say(drawing, "箭头：前者通过后才开始；无箭头相连的并联办理",
            "arrow: starts when the one before is granted; all else runs in parallel"),
    };
    int32_t x = MARGIN, y = MARGIN + HEAD_HEIGHT + drawing->layout.height + FOOT_HEIGHT - 4;

    for (size_t i = 0; i < BL_COUNT(texts); i++) {
        put_text(drawing, x, y, "sub", bl_text_of(texts[i]));
        x += graph_text_width(bl_text_of(texts[i]), 11) + 28;
    }
}

/* --- curves ---------------------------------------------------------------------------------- */

static const char *box_name(const struct drawing *drawing, uint32_t box)
{
    return box == start_box(drawing) ? "start"
           : box == end_box(drawing) ? "end"
                                     : drawing->definition->items[box].id;
}

static void draw_curve(const struct drawing *drawing, const struct layout_curve *curve)
{
    bool arrives = curve->end == curve->x2;
    int32_t end = arrives ? curve->x2 - ARROW : curve->x2, bend = (end - curve->x1) / 2;

    (void)fprintf(drawing->out, "<path class=\"edge to-%s%s", box_name(drawing, curve->to),
                  curve->kind == LINE_CONDITION ? " by-condition" : "");
    if (curve->from != LAYOUT_NONE) {
        (void)fprintf(drawing->out, " from-%s", box_name(drawing, curve->from));
    }
    (void)fprintf(drawing->out, "\" d=\"M%d %dC%d %d %d %d %d %d", curve->x1, curve->y1,
                  curve->x1 + bend, curve->y1, end - bend, curve->y2, end, curve->y2);
    if (!arrives) {
        (void)fprintf(drawing->out, "H%d", curve->end);
    }
    (void)fputs("\"/>\n", drawing->out);
    if (arrives) {
        (void)fprintf(drawing->out, "<path class=\"arrow\" d=\"M%d %dl-%d -4.5v9z\"/>\n", curve->x2,
                      curve->y2, ARROW + 2);
    }
}

/* --- joins ----------------------------------------------------------------------------------- */

/* What a join asks for, where it is not simply all; NULL where it is. */
static const char *join_text(struct drawing *drawing, const struct definition_join *join)
{
    const char *text = NULL;

    switch (join->kind) {
    case JOIN_ALL:
        break;
    case JOIN_ANY:
        text = say(drawing, "任一", "any");
        break;
    case JOIN_COUNT:
        text = drawing->options->language == LANGUAGE_ZH
                   ? bl_arena_printf(&drawing->arena, "%zu 项取 %u", join->branch_count, join->need)
                   : bl_arena_printf(&drawing->arena, "%u of %zu", join->need, join->branch_count);
        break;
    case JOIN_EXPRESSION:
        text = say(drawing, "按条件", "by rule");
        break;
    }
    if (join->veto_count > 0) {
        text = bl_arena_printf(&drawing->arena, "%s · %s",
                               text == NULL ? say(drawing, "全部", "all") : text,
                               say(drawing, "一票否决", "veto"));
    }
    return text;
}

/* On the upper edge of a box, near where the lines arrive. */
static void draw_badge(struct drawing *drawing, const struct layout_box *box,
                       const struct definition_join *join)
{
    const char *text = join_text(drawing, join);
    int32_t width;

    if (text == NULL) {
        return;
    }
    width = graph_text_width(bl_text_of(text), 11) + 14;
    (void)fprintf(drawing->out,
                  "<rect class=\"badge\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"9\"/>\n",
                  box->x - 6, box->y - BADGE_HEIGHT / 2, width, BADGE_HEIGHT);
    put_text(drawing, box->x + 1, box->y - BADGE_HEIGHT / 2 + 13, "badge-text", bl_text_of(text));
}

/* --- boxes ----------------------------------------------------------------------------------- */

/* Departments get colours in the order in which they appear. */
static uint32_t colour(const struct drawing *drawing, const struct definition_item *item)
{
    const struct definition *definition = drawing->definition;
    uint32_t colours = 0;

    for (uint32_t i = 0; i < definition->item_count; i++) {
        bool first = true;

        if (strcmp(definition->items[i].department, item->department) == 0) {
            break;
        }
        for (uint32_t j = 0; j < i; j++) {
            first &= strcmp(definition->items[j].department, definition->items[i].department) != 0;
        }
        colours += first;
    }
    return colours % PALETTE;
}

/* " state-accepted": the value's name in lower case. */
static void put_class(const struct drawing *drawing, const char *what,
                      const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);

    if (value != 0 && found != NULL) {
        (void)fprintf(drawing->out, " %s-", what);
        for (const char *at = found->name; *at != '\0'; at++) {
            (void)fputc(tolower((unsigned char)*at), drawing->out);
        }
    }
}

static void draw_live(const struct drawing *drawing, const struct definition_item *item)
{
    const struct graph_live *live = &drawing->options->live[item->index];

    put_class(drawing, "state", &bl__item__state__descriptor, (int)live->state);
    put_class(drawing, "result", &bl__item__result__descriptor, (int)live->result);
    put_class(drawing, "light", &bl__light__descriptor, (int)live->light);
}

static void draw_lines(const struct drawing *drawing, const struct layout_box *box, uint32_t item)
{
    int32_t y = box->y + BOX_PADDING - 3;

    for (size_t i = 0; i < drawing->texts[item].count; i++) {
        const struct line *line = &drawing->texts[item].lines[i];

        y += styles[line->style].leading;
        put_text(drawing, box->x + BAR_WIDTH + BOX_PADDING,
                 y - (styles[line->style].leading - styles[line->style].size) / 2 - 2,
                 styles[line->style].class, line->text);
    }
}

static void draw_item(struct drawing *drawing, const struct definition_item *item)
{
    const struct layout_box *box = &drawing->layout.boxes[item->index];
    const struct graph_live *live = drawing->options->live;
    const char *label = live == NULL ? NULL : live[item->index].label;

    (void)fprintf(drawing->out, "<g class=\"item item-%s%s", item->id,
                  item->when == NULL ? "" : " conditional");
    if (live != NULL) {
        draw_live(drawing, item);
    }
    put(drawing, "\">\n<title>{}{}{}</title>\n",
        wording_text(item->source->title, drawing->options->language), label == NULL ? "" : ": ",
        label == NULL ? "" : label);
    put(drawing, "<desc>{} ({}), {}{}{}</desc>\n", department_title(drawing, item->department),
        item->department, limits_text(drawing, item->promise, item->legal),
        item->when == NULL ? "" : say(drawing, "，如果 ", ", if "), item->source->when);
    (void)fprintf(drawing->out,
                  "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"7\"/>\n",
                  box->x, box->y, box->width, box->height);
    (void)fprintf(drawing->out,
                  "<rect class=\"bar dept-%u\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                  "rx=\"2.5\"/>\n",
                  colour(drawing, item), box->x + 6, box->y + 10, BAR_WIDTH, box->height - 20);
    draw_lines(drawing, box, item->index);
    draw_badge(drawing, box, &item->needs);
    (void)fputs("</g>\n", drawing->out);
}

static void draw_terminal(struct drawing *drawing, uint32_t index, const char *class,
                          const char *text)
{
    const struct layout_box *box = &drawing->layout.boxes[index];
    int32_t width = graph_text_width(bl_text_of(text), 14);

    (void)fprintf(drawing->out,
                  "<g class=\"%s\">\n<rect class=\"terminal\" x=\"%d\" y=\"%d\" width=\"%d\" "
                  "height=\"%d\" rx=\"%d\"/>\n",
                  class, box->x, box->y, box->width, box->height, box->height / 2);
    put_text(drawing, box->x + (box->width - width) / 2, box->y + box->height / 2 + 5,
             "terminal-text", bl_text_of(text));
    (void)fputs("</g>\n", drawing->out);
}

void graph_svg(FILE *out, const struct definition *definition, const struct graph_options *options)
{
    struct drawing drawing = { .out = out, .definition = definition, .options = options };

    bl_arena_init(&drawing.arena, 1 << 16, (size_t)1 << 30);
    drawing.texts = bl_arena_zero(&drawing.arena, definition->item_count * sizeof *drawing.texts);
    for (size_t i = 0; i < definition->item_count; i++) {
        add_item(&drawing, &definition->items[i]);
    }
    lay_out(&drawing);
    draw_head(&drawing);
    (void)fprintf(out, "<g transform=\"translate(%d %d)\">\n", MARGIN, MARGIN + HEAD_HEIGHT);
    for (size_t i = 0; i < drawing.layout.curve_count; i++) {
        draw_curve(&drawing, &drawing.layout.curves[i]);
    }
    draw_terminal(&drawing, start_box(&drawing), "start", say(&drawing, "受理", "accept"));
    draw_terminal(&drawing, end_box(&drawing), "end", say(&drawing, "办结", "end"));
    draw_badge(&drawing, &drawing.layout.boxes[end_box(&drawing)], &definition->join);
    for (size_t i = 0; i < definition->item_count; i++) {
        draw_item(&drawing, &definition->items[i]);
    }
    (void)fputs("</g>\n", out);
    draw_foot(&drawing);
    (void)fputs("</svg>\n", out);
    bl_arena_free(&drawing.arena);
}
