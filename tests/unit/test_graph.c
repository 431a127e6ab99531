/* The drawing: nothing overlaps over random workflows, text is text, and the file stands alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "definition/graph.h"
#include "definition/graph_layout.h"
#include "definition/graph_text.h"
#include "workflow_fixture.h"

#define ARENA_BYTES ((size_t)1 << 28)
#define BOXES_MAX 200
#define LINES_MAX ((size_t)BOXES_MAX * BOXES_MAX / 2)
#define CLEARANCE 10  // pixels between boxes, and between a box and a line that passes it

/* --- layout ---------------------------------------------------------------------------------- */

struct layout_row {
    const char *name;
    uint32_t boxes, percent;  // how many, and how likely a line between two of them is
    uint32_t reach;           // lines go at most so many boxes further
    int runs;
};

static const struct layout_row layout_rows[] = {
    { "one box", 1, 0, 1, 1 },
    { "boxes without lines", 30, 0, 1, 2 },
    { "a chain", 40, 100, 1, 1 },
    { "few lines", 12, 12, 12, 200 },
    { "a usual workflow", 9, 25, 9, 200 },
    { "long lines", 25, 6, 25, 100 },
    { "dense", 30, 50, 30, 20 },
    { "two hundred", 200, 3, 30, 3 },
    { "two hundred, each after each", 200, 100, 200, 1 },
};

static size_t random_lines(const struct layout_row *row, unsigned *seed, struct layout_line *lines)
{
    size_t count = 0;

    for (uint32_t i = 0; i < row->boxes; i++) {
        for (uint32_t j = i + 1; j < row->boxes && j <= i + row->reach; j++) {
            if ((uint32_t)rand_r(seed) % 100 < row->percent) {
                lines[count++] = (struct layout_line){ i, j, rand_r(seed) % 5 == 0 };
            }
        }
    }
    return count;
}

static struct layout lay_out(const struct layout_row *row, unsigned seed,
                             const struct layout_line *lines, size_t count, struct bl_arena *arena)
{
    struct layout layout = { .boxes = bl_arena_array(arena, struct layout_box, row->boxes),
                             .box_count = row->boxes };

    for (uint32_t i = 0; i < row->boxes; i++) {
        layout.boxes[i].width = 100 + rand_r(&seed) % 200;
        layout.boxes[i].height = 40 + rand_r(&seed) % 150;
    }
    layout_make(&layout, lines, count, arena);
    return layout;
}

static bool overlap(int32_t first, int32_t end, int32_t other_first, int32_t other_end)
{
    return first < other_end && other_first < end;
}

static void assert_apart(const struct layout *layout)
{
    for (size_t i = 0; i < layout->box_count; i++) {
        const struct layout_box *a = &layout->boxes[i];

        assert_true(a->x >= 0 && a->x + a->width <= layout->width);
        assert_true(a->y >= 0 && a->y + a->height <= layout->height);
        for (size_t j = 0; j < i; j++) {
            const struct layout_box *b = &layout->boxes[j];

            assert_true(
                a->x + a->width + CLEARANCE <= b->x || b->x + b->width + CLEARANCE <= a->x ||
                a->y + a->height + CLEARANCE <= b->y || b->y + b->height + CLEARANCE <= a->y);
        }
    }
}

/* Does the curve touch a box that is not its own? It bends between two layers, and where it goes
 * straight on it passes a layer. */
static bool touches(const struct layout *layout, const struct layout_curve *curve, uint32_t index)
{
    const struct layout_box *box = &layout->boxes[index];
    uint32_t from = curve->from;

    if (index == curve->to || index == from) {
        return false;
    }
    if (overlap(curve->x2, curve->end, box->x, box->x + box->width)) {
        return overlap(curve->y2 - CLEARANCE, curve->y2 + CLEARANCE, box->y, box->y + box->height);
    }
    /* A box narrower than its layer leaves room at its sides to the lines of its neighbours. */
    return overlap(curve->x1, curve->x2, box->x, box->x + box->width) &&
           layout->boxes[curve->to].layer != box->layer &&
           (from == LAYOUT_NONE || layout->boxes[from].layer != box->layer);
}

static void assert_clear(const struct layout *layout)
{
    for (size_t i = 0; i < layout->curve_count; i++) {
        const struct layout_curve *curve = &layout->curves[i];

        assert_true(curve->x1 < curve->x2 && curve->x2 <= curve->end);
        for (uint32_t j = 0; j < layout->box_count; j++) {
            if (touches(layout, curve, j)) {
                fail_msg("curve %zu touches box %u", i, j);
            }
        }
    }
}

/* Each line can be followed from its beginning to its end. */
static void assert_led(const struct layout *layout, const struct layout_line *line)
{
    int32_t x = -1, y = 0;

    for (size_t i = 0; i < layout->curve_count; i++) {
        const struct layout_curve *curve = &layout->curves[i];

        if (curve->from == line->from && curve->to == line->to && curve->kind == line->kind) {
            x = curve->end;
            y = curve->y2;
        }
    }
    assert_true(x >= 0);
    for (size_t step = 0; x != layout->boxes[line->to].x && step <= layout->box_count; step++) {
        for (size_t i = 0; i < layout->curve_count; i++) {
            const struct layout_curve *curve = &layout->curves[i];

            if (curve->x1 == x && curve->y1 == y && curve->to == line->to &&
                curve->kind == line->kind && curve->from == LAYOUT_NONE) {
                x = curve->end;
                y = curve->y2;
                break;
            }
        }
    }
    assert_int_equal(x, layout->boxes[line->to].x);
    assert_true(y > layout->boxes[line->to].y &&
                y < layout->boxes[line->to].y + layout->boxes[line->to].height);
}

static void test_layout(void **state)
{
    static struct layout_line lines[LINES_MAX];
    const struct layout_row *row = *state;

    for (int run = 0; run < row->runs; run++) {
        unsigned seed = (unsigned)run + 1, same = seed;
        size_t count = random_lines(row, &seed, lines);
        struct bl_arena arena;

        bl_arena_init(&arena, 1 << 16, ARENA_BYTES);
        struct layout layout = lay_out(row, same, lines, count, &arena);
        struct layout again = lay_out(row, same, lines, count, &arena);
        assert_apart(&layout);
        assert_clear(&layout);
        for (size_t i = 0; i < count && count < 1000; i++) {
            assert_led(&layout, &lines[i]);
        }
        assert_memory_equal(layout.boxes, again.boxes, row->boxes * sizeof *layout.boxes);
        assert_memory_equal(layout.curves, again.curves,
                            layout.curve_count * sizeof *layout.curves);
        bl_arena_free(&arena);
    }
}

/* A tree can be drawn without a crossing, so it is. */
static void test_trees(void **state)
{
    static const struct layout_row row = { "tree", 40, 0, 0, 0 };
    struct layout_line lines[40];

    (void)state;
    for (unsigned run = 1; run <= 50; run++) {
        unsigned seed = run;
        struct bl_arena arena;

        for (uint32_t i = 1; i < row.boxes; i++) {
            lines[i - 1] = (struct layout_line){ (uint32_t)rand_r(&seed) % i, i, 0 };
        }
        bl_arena_init(&arena, 1 << 16, ARENA_BYTES);
        assert_int_equal(lay_out(&row, run, lines, row.boxes - 1, &arena).crossings, 0);
        bl_arena_free(&arena);
    }
}

/* --- text ------------------------------------------------------------------------------------ */

struct wrap_row {
    const char *name, *text;
    int32_t width;
    size_t most, count;
    const char *first, *last;
};

static const struct wrap_row wrap_rows[] = {
    { "fits", "fire check", 200, 3, 1, "fire check", "fire check" },
    { "breaks at a space", "fire check", 40, 3, 2, "fire", "check" },
    { "breaks between characters", "公众聚集场所", 48, 3, 2, "公众聚集", "场所" },
    { "no line begins with a comma", "公众聚集，场所", 48, 3, 2, "公众聚", "集，场所" },
    { "a word that does not fit is cut", "aaaaaaaaaaaaaaaaaaaa", 60, 3, 3, "aaaaaaaa", "aaaa" },
    { "what is too much ends in dots", "公众聚集场所投入使用", 48, 2, 2, "公众聚集", "场所投…" },
    { "nothing", "  ", 48, 2, 0, NULL, NULL },
};

static void test_wrap(void **state)
{
    const struct wrap_row *row = *state;
    struct bl_text lines[8];
    struct bl_arena arena;

    bl_arena_init(&arena, 1 << 10, 1 << 16);
    assert_int_equal(graph_text_wrap(row->text, row->width, 12, row->most, lines, &arena),
                     row->count);
    for (size_t i = 0; i < row->count; i++) {
        assert_true(graph_text_width(lines[i], 12) <= row->width);
    }
    if (row->count > 0) {
        assert_true(bl_text_is(lines[0], row->first));
        assert_true(bl_text_is(lines[row->count - 1], row->last));
    }
    bl_arena_free(&arena);
}

/* --- SVG ------------------------------------------------------------------------------------- */

typedef void (*drawer)(FILE *out, const struct definition *definition,
                       const struct graph_options *options);

/* What was drawn; the caller frees it. */
static char *drawn(drawer draw, const struct definition *definition,
                   const struct graph_options *options)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    assert_non_null(out);
    draw(out, definition, options);
    (void)fclose(out);
    assert_true(bl_text_is_valid(text, bytes));
    return text;
}

/* Every tag is closed in order, and no < or & stands outside. */
static void assert_well_formed(const char *svg)
{
    char open[32][32];
    size_t depth = 0;

    for (const char *at = svg; *at != '\0'; at++) {
        char name[32];
        size_t bytes = strcspn(at + 1, " >/");

        if (*at == '&') {
            assert_true(strcspn(at, ";") <= 6);
        }
        if (*at != '<') {
            continue;
        }
        const char *end = strchr(at, '>');
        assert_non_null(end);
        if (at[1] == '/') {
            assert_true(depth > 0);
            depth--;
            assert_int_equal(strncmp(at + 2, open[depth], strlen(open[depth])), 0);
        } else if (end[-1] != '/') {
            assert_true(bytes > 0 && bytes < sizeof name && depth < BL_COUNT(open));
            (void)snprintf(open[depth++], sizeof open[0], "%.*s", (int)bytes, at + 1);
        }
        at = end;
    }
    assert_int_equal(depth, 0);
}

static void assert_says(const char *text, const char *expected)
{
    if (strstr(text, expected) == NULL) {
        fail_msg("no \"%s\" in %s", expected, text);
    }
}

static void assert_never_says(const char *text, const char *unexpected)
{
    if (strstr(text, unexpected) != NULL) {
        fail_msg("\"%s\" in %s", unexpected, text);
    }
}

static const char markup[] =
    "  a: {title: {zh: '<script>alert(1)</script>', en: 'A & \"B\"'}, department: d, promise: "
    "5WD}\n"
    "  b: {title: B, department: d, promise: 2WD}\n"
    "  c: {title: C, department: d, promise: 5WD, when: \"form.area < 3 && form.open\", "
    "needs: {need: any, of: [a, b]}}\n";

static void test_escape(void **state)
{
    struct definition *definition = fixture_workflow("20WD", markup, "");
    struct graph_options options = { .language = LANGUAGE_ZH };
    char *svg = drawn(graph_svg, definition, &options);
    char *dot = drawn(graph_dot, definition, &options);

    (void)state;
    assert_well_formed(svg);
    assert_says(svg, "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_says(svg, "A &amp; &quot;B&quot;");
    assert_says(svg, "form.area &lt; 3 &amp;&amp; form.open");
    assert_says(svg, "任一");
    assert_never_says(svg, "<script");
    assert_says(dot, "\"a\" -> \"c\" [label=\"任一\"]");
    assert_says(dot, "\"c\" -> end;");
    free(svg);
    free(dot);
    definition_free(&definition);
}

static void test_live(void **state)
{
    static const struct graph_live live[] = {
        { BL__ITEM__STATE__DECIDED, BL__ITEM__RESULT__DENIED, BL__LIGHT__GREY, "不予许可" },
        { BL__ITEM__STATE__ACCEPTED, 0, BL__LIGHT__RED, "超期 <2> 天" },
        { BL__ITEM__STATE__PENDING, 0, 0, NULL },
    };
    struct definition *definition = fixture_workflow("20WD", markup, "");
    struct graph_options options = { .language = LANGUAGE_EN, .live = live };
    char *svg = drawn(graph_svg, definition, &options);

    (void)state;
    assert_well_formed(svg);
    assert_says(svg, "class=\"item item-a state-decided result-denied light-grey\"");
    assert_says(svg, "class=\"item item-b state-accepted light-red\"");
    assert_says(svg, "class=\"item item-c conditional state-pending\"");
    assert_says(svg, "超期 &lt;2&gt; 天");
    free(svg);
    definition_free(&definition);
}

static void test_joins(void **state)
{
    struct definition *definition = fixture_workflow(
        "30WD",
        "  a: {title: A, department: d, promise: 1WD}\n  b: {title: B, department: d, promise: "
        "1WD}\n"
        "  c: {title: C, department: d, promise: 1WD}\n"
        "  e: {title: E, department: d, promise: 1WD, needs: {need: 2, of: [a, b, c], veto: [a]}}\n"
        "  f: {title: F, department: d, promise: 1WD, needs: {of: [a], expression: "
        "\"item.a.result == 'granted'\"}}\n",
        "join: {need: 2}\n");
    struct graph_options options = { .language = LANGUAGE_EN };
    char *svg = drawn(graph_svg, definition, &options);

    (void)state;
    assert_says(svg, ">2 of 3 · veto<");
    assert_says(svg, ">by rule<");
    assert_says(svg, ">2 of 5<");
    assert_says(svg, "needs item.a.result");
    free(svg);
    definition_free(&definition);
}

/* Second legs, opinions, visits, days that are waited for: in both kinds of drawing. */
static void test_course(void **state)
{
    static const struct {
        const char *svg, *dot;
    } said[] = {
        { ">passed up → x<", "passed up to x" },
        { ">promise 3 working days<", "promise 3 working days" },
        { "joint visit site", "joint visit site" },
        { "an opinion", "an opinion; silence is consent" },
        { "not before: 起始日", "not before from" },
        { "notify and commit", "check within 30 working days" },
        { "rank by the order of acceptance", "may stop for test ≤ 4 working days" },
    };
    struct definition *definition = fixture_workflow(
        "30WD",
        "  a: {title: A, department: d, promise: 5WD, kind: upward, visit: site, upper: "
        "{department: x, promise: 3WD}}\n"
        "  b: {title: B, department: d, promise: 3WD, kind: opinion, visit: site, on_overdue: "
        "{action: tacit}}\n"
        "  c: {title: C, department: d, promise: 1WD, not_before: from, ordered: true, special: "
        "[test], notify_commit: {post_check: 30WD}}\n",
        "special: {test: {title: 检测, at_most: 4WD, basis: 行政许可法 第四十五条}}\n");
    struct graph_options options = { .language = LANGUAGE_EN };
    char *svg = drawn(graph_svg, definition, &options);
    char *dot = drawn(graph_dot, definition, &options);

    (void)state;
    assert_well_formed(svg);
    for (size_t i = 0; i < BL_COUNT(said); i++) {
        assert_says(svg, said[i].svg);
        assert_says(dot, said[i].dot);
    }
    free(svg);
    free(dot);
    definition_free(&definition);
}

/* Each real workflow, in both languages: whole, and in need of nothing from elsewhere. */
static void test_real_workflows(void **state)
{
    static const char *const files[] = {
        "restaurant.yaml",        "company_startup.yaml",         "newborn.yaml",
        "construction_land.yaml", "construction_design.yaml",     "construction_permit.yaml",
        "house_transfer.yaml",    "construction_acceptance.yaml", "hiring.yaml",
        "retirement.yaml",
    };
    static const char *const foreign[] = { "http://", "https://", "url(", "@font-face",
                                           "<script", "<image",   " id=", "href" };

    (void)state;
    for (size_t i = 0; i < 2 * BL_COUNT(files); i++) {
        struct definition *definition = fixture_file(files[i / 2]);
        struct graph_options options = { .language = i % 2 == 0 ? LANGUAGE_ZH : LANGUAGE_EN };
        char *svg = drawn(graph_svg, definition, &options);
        char *again = drawn(graph_svg, definition, &options);
        const char *body = strchr(svg, '>');

        assert_well_formed(svg);
        assert_string_equal(svg, again);
        for (size_t j = 0; j < BL_COUNT(foreign); j++) {
            assert_never_says(body, foreign[j]);
        }
        for (size_t j = 0; j < definition->item_count; j++) {
            char class[128];

            (void)snprintf(class, sizeof class, "class=\"item item-%s", definition->items[j].id);
            assert_says(svg, class);
        }
        free(svg);
        free(again);
        definition_free(&definition);
    }
}

int main(void)
{
    static struct CMUnitTest tests[BL_COUNT(layout_rows) + BL_COUNT(wrap_rows) + 6];
    size_t count = 0;

    for (size_t i = 0; i < BL_COUNT(layout_rows); i++) {
        tests[count++] = (struct CMUnitTest){ .name = layout_rows[i].name,
                                              .test_func = test_layout,
                                              .initial_state = (void *)(uintptr_t)&layout_rows[i] };
    }
    for (size_t i = 0; i < BL_COUNT(wrap_rows); i++) {
        tests[count++] = (struct CMUnitTest){ .name = wrap_rows[i].name,
                                              .test_func = test_wrap,
                                              .initial_state = (void *)(uintptr_t)&wrap_rows[i] };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_trees);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_escape);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_live);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_joins);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_course);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_real_workflows);
    return _cmocka_run_group_tests("graph", tests, count, NULL, NULL);
}
