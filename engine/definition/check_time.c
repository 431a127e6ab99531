/* Limits against each other: step, item, whole, law. */
#include <stdlib.h>
#include <string.h>

#include "definition/compile.h"

int64_t check_weight(struct limit limit)
{
    static const int64_t half[] = {
        [LIMIT_WD] = 4 * 210, [LIMIT_WH] = 4 * 30, [LIMIT_ND] = 4 * 150, [LIMIT_NH] = 25
    };

    return limit.halves == 0 ? 0 : limit.halves * half[limit.unit];
}

/* A weight in working days, for messages. */
static double days(int64_t quarters)
{
    return (double)quarters / (4 * 420);
}

void check_not_longer(struct compiler *compiler, const char *path, const char *code,
                      const char *what, struct limit limit, const char *bound_name,
                      struct limit bound)
{
    char limit_text[LIMIT_TEXT], bound_text[LIMIT_TEXT];

    if (limit.halves == 0 || bound.halves == 0 || check_weight(limit) <= check_weight(bound)) {
        return;
    }
    report_add(&compiler->report, SCHEMA_ERROR, code, path,
               "%s %s is longer than %s %s; shorten it", what, limit_format(limit, limit_text),
               bound_name, limit_format(bound, bound_text));
}

/* 行政许可法 第四十二条: 20 working days, or 45 where several departments answer together; 10 or 15
 * more. Another law may say otherwise, so a longer legal limit is only pointed out; without one
 * the promise has to fit this law. */
static void check_law(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;
    bool single = definition->handling == BL__WORKFLOW__HANDLING__SINGLE;
    struct limit law = { .halves = 2 * (single ? 20 : 45), .unit = LIMIT_WD };
    char text[LIMIT_TEXT];

    if (definition->handling == BL__WORKFLOW__HANDLING__HANDLING_UNSPECIFIED) {
        return;
    }
    if (definition->legal.halves == 0) {
        check_not_longer(compiler, "promise", "E-PROMISE", "promise", definition->promise,
                         "行政许可法 第四十二条,", law);
    } else if (check_weight(definition->legal) > check_weight(law)) {
        report_add(&compiler->report, SCHEMA_WARNING, "E-LEGAL", "legal",
                   "legal %s is longer than the %d working days of 行政许可法 第四十二条; name the "
                   "law that allows it in a comment, or shorten it",
                   limit_format(definition->legal, text), single ? 20 : 45);
    }
}

static void check_extension(struct compiler *compiler, const char *path, struct limit at_most,
                            Bl__Extension__Approver approver)
{
    bool head = approver == BL__EXTENSION__APPROVER__ORGAN_HEAD;
    struct limit law = { .halves = 2 * (head ? 10 : 15), .unit = LIMIT_WD };

    check_not_longer(compiler, report_path(&compiler->report, "%s.at_most", path), "E-EXTENSION",
                     "extension", at_most,
                     head ? "what the head of an organ may grant," : "what a government may grant,",
                     law);
}

/* An immediate item is done on the spot, or on the same day. */
static void check_kind(struct compiler *compiler, const char *path,
                       const struct definition_item *item)
{
    static const struct limit day = { .halves = 2, .unit = LIMIT_WD };

    if (item->kind == BL__ITEM_DEFINITION__KIND__INSTANT &&
        check_weight(item->promise) > check_weight(day)) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-KIND",
                   report_path(&compiler->report, "%s.kind", path),
                   "an instant item takes a working day at the most; write kind: promised or a "
                   "shorter promise");
    }
}

/* Stations follow each other, so together they fit what was promised. */
static void check_steps(struct compiler *compiler, const char *path,
                        const struct definition_item *item)
{
    int64_t sum = 0;
    char text[LIMIT_TEXT];

    for (size_t i = 0; i < item->step_count; i++) {
        sum += check_weight(item->steps[i].limit);
    }
    if (item->promise.halves > 0 && sum > check_weight(item->promise)) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-STEPS",
                   report_path(&compiler->report, "%s.steps", path),
                   "the steps take %g working days together, the item promises %s; shorten steps",
                   days(sum), limit_format(item->promise, text));
    }
}

static void check_item(struct compiler *compiler, const struct definition_item *item)
{
    struct report *report = &compiler->report;
    const char *path = report_path(report, "items.%s", item->id);

    check_not_longer(compiler, report_path(report, "%s.promise", path), "E-PROMISE", "promise",
                     item->promise, "legal", item->legal);
    check_not_longer(compiler, report_path(report, "%s.legal", path), "E-LEGAL", "legal",
                     item->legal, "legal of the whole,", compiler->definition->legal);
    check_not_longer(compiler, report_path(report, "%s.warn", path), "E-DURATION", "warn",
                     item->warn, "promise", item->promise);
    check_extension(compiler, report_path(report, "%s.extension", path), item->extend_at_most,
                    item->extend_approver);
    check_kind(compiler, path, item);
    check_steps(compiler, path, item);
}

/* --- the longest path ------------------------------------------------------------------------ */

struct path {
    int64_t *ends;       // of each item, from the beginning
    uint32_t *previous;  // which need made it wait longest; itself: none
};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* When a join is met at the latest, if all its branches are granted in time. */
static int64_t join_end(struct compiler *compiler, const struct path *path,
                        const struct definition_join *join)
{
    int64_t *ends = bl_arena_array(compiler->report.scratch, int64_t, join->branch_count);
    size_t wanted = join->kind == JOIN_ANY     ? 1
                    : join->kind == JOIN_COUNT ? join->need
                                               : join->branch_count;

    for (size_t i = 0; i < join->branch_count; i++) {
        ends[i] = path->ends[join->branches[i]];
    }
    qsort(ends, join->branch_count, sizeof *ends, compare);
    return wanted == 0 || join->branch_count == 0 ? 0 : ends[wanted - 1];
}

static void walk(struct compiler *compiler, const struct path *path,
                 const struct definition_item *item)
{
    int64_t start = join_end(compiler, path, &item->needs);

    path->previous[item->index] = item->index;
    for (size_t i = 0; i < item->needs.branch_count; i++) {
        if (path->ends[item->needs.branches[i]] == start) {
            path->previous[item->index] = item->needs.branches[i];
        }
    }
    path->ends[item->index] =
        start + check_weight(item->promise) + check_weight(item->upper_promise);
}

/* "a → b → c": the items that make the path, in time's order. */
static const char *path_text(struct compiler *compiler, const struct path *path, uint32_t last)
{
    struct bl_arena *scratch = compiler->report.scratch;
    const char *text = compiler->items[last].id;

    while (path->previous[last] != last) {
        last = path->previous[last];
        text = bl_arena_printf(scratch, "%s → %s", compiler->items[last].id, text);
    }
    return text;
}

/* The promise of the whole covers the longest chain of promises. */
static void check_path(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;
    struct bl_arena *scratch = compiler->report.scratch;
    struct path path = { bl_arena_array(scratch, int64_t, definition->item_count),
                         bl_arena_array(scratch, uint32_t, definition->item_count) };
    char text[LIMIT_TEXT];
    uint32_t last = 0;

    for (size_t i = 0; i < definition->item_count; i++) {
        walk(compiler, &path, &definition->items[definition->order[i]]);
    }
    for (uint32_t i = 0; i < definition->item_count; i++) {
        last = path.ends[i] > path.ends[last] ? i : last;
    }
    if (definition->item_count > 0 && definition->promise.halves > 0 &&
        path.ends[last] > check_weight(definition->promise)) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-PATH", "promise",
                   "promise %s is shorter than the longest path, %g working days: %s; lengthen it "
                   "or shorten an item",
                   limit_format(definition->promise, text), days(path.ends[last]),
                   path_text(compiler, &path, last));
    }
}

void check_time(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;

    check_not_longer(compiler, "promise", "E-PROMISE", "promise", definition->promise, "legal",
                     definition->legal);
    check_law(compiler);
    check_extension(compiler, "extension", definition->extend_at_most, definition->extend_approver);
    for (size_t i = 0; i < definition->item_count; i++) {
        check_item(compiler, &definition->items[i]);
    }
    if (definition->order != NULL) {
        check_path(compiler);
    }
}
