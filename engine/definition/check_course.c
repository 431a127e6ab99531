/* How cases take their course, against the law and against itself: before acceptance, in the hands
 * of officers, above, and after the decision. */
#include <string.h>

#include "definition/compile.h"

#define CORRECTION_USUAL 30  // working days; halls give ten to thirty (domain.md 4.3)
#define POST_CHECK_USUAL 60  // working days (domain.md 3, notify-and-commit)
#define RECALL_USUAL 1       // working day: after it papers have left the house

static const char *item_path(struct compiler *compiler, const struct definition_item *item,
                             const char *key)
{
    return report_path(&compiler->report, "items.%s%s%s", item->id, key[0] == '\0' ? "" : ".", key);
}

static struct limit working_days(int32_t days)
{
    return (struct limit){ .halves = 2 * days, .unit = LIMIT_WD };
}

/* What no law forbids and no hall does. */
static void check_usual(struct compiler *compiler, const char *path, const char *what,
                        struct limit limit, int32_t days)
{
    char text[LIMIT_TEXT];

    if (check_weight(limit) > check_weight(working_days(days))) {
        report_add(&compiler->report, SCHEMA_WARNING, "E-LAW", path,
                   "%s %s is longer than the %d working day%s that halls give; shorten it", what,
                   limit_format(limit, text), days, days == 1 ? "" : "s");
    }
}

/* --- before acceptance ----------------------------------------------------------------------- */

/* 行政许可法 第三十二条: what is missing is told at once or within five days, once. */
static void check_intake(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;

    check_not_longer(compiler, "notify", "E-LAW", "notify", definition->notify,
                     "行政许可法 第三十二条,", working_days(5));
    check_usual(compiler, "correction", "correction", definition->correction, CORRECTION_USUAL);
    check_usual(compiler, "recall", "recall", definition->recall, RECALL_USUAL);
}

static bool has_deferrable(const struct definition *definition, const struct definition_item *item)
{
    for (size_t i = 0; i < item->material_count; i++) {
        if (definition->materials[item->materials[i]].deferrable) {
            return true;
        }
    }
    return false;
}

/* 容缺受理: somebody must be able to use the time, and no item waits for it longer than it
 * promises; a shorter item cuts it to its own promise. */
static void check_tolerance(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;
    struct limit longest = { 0, LIMIT_WD };
    bool gap = false;

    if (definition->source->tolerant == NULL) {
        return;
    }
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        if (has_deferrable(definition, item)) {
            gap = true;
            longest = check_weight(item->promise) > check_weight(longest) ? item->promise : longest;
        }
    }
    if (!gap) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-TOLERANCE", "tolerant",
                   "no item has a material that may come later; write deferrable: true at one, or "
                   "remove tolerant");
        return;
    }
    check_not_longer(compiler, "tolerant.supplement", "E-TOLERANCE", "supplement",
                     definition->supplement, "the longest promise of an item with such a material,",
                     longest);
}

static void check_gap(struct compiler *compiler, const struct definition_item *item)
{
    const struct definition *definition = compiler->definition;

    if (item->issue_with_gap &&
        (definition->source->tolerant == NULL || !has_deferrable(definition, item))) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-TOLERANCE",
                   item_path(compiler, item, "issue_with_gap"),
                   "item %s is never accepted with a gap: %s", item->id,
                   definition->source->tolerant == NULL
                       ? "the workflow has no tolerant; add it or remove issue_with_gap"
                       : "none of its materials is deferrable; make one so or remove "
                         "issue_with_gap");
    }
}

/* --- inside a department --------------------------------------------------------------------- */

/* Can all earlier steps be done by others than this post? */
static bool can_leave_out(const Bl__Department *department, const struct definition_item *item,
                          const Bl__Post *decider)
{
    for (size_t i = 0; i + 1 < item->step_count; i++) {
        const struct definition_step *step = &item->steps[i];
        size_t others = 0, wanted = step->signers == 0 ? 1 : step->signers;

        for (size_t k = 0; k < department->n_posts; k++) {
            const Bl__Post *post = department->posts[k]->value;

            others += post != decider && compile_post_has_role(post, step->role);
        }
        if (others < wanted && strcmp(step->role, "machine") != 0) {
            return false;
        }
    }
    return true;
}

/* 双人复核: a decider is left who has not worked on an earlier step. */
static void check_four_eyes(struct compiler *compiler, const struct definition_item *item)
{
    const Bl__Department *department = compile_department_find(compiler->context, item->department);
    const char *at = item_path(compiler, item, "four_eyes");
    const char *role;

    if (!item->four_eyes) {
        return;
    }
    if (item->step_count < 2) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-STEPS", at,
                   "four eyes need two steps, item %s has %zu; add a step before the decision or "
                   "remove four_eyes",
                   item->id, item->step_count);
        return;
    }
    role = item->steps[item->step_count - 1].role;
    for (size_t i = 0; department != NULL && i < department->n_posts; i++) {
        const Bl__Post *post = department->posts[i]->value;

        if (compile_post_has_role(post, role) && can_leave_out(department, item, post)) {
            return;
        }
    }
    if (department != NULL && strcmp(role, "machine") != 0) {
        report_add(
            &compiler->report, SCHEMA_ERROR, "E-ROLE", at,
            "whoever decides would have worked on an earlier step: department %s has too few "
            "posts with these roles; add the role %s to another post in departments.yaml",
            item->department, role);
    }
}

static void check_stops(struct compiler *compiler, const struct definition_item *item)
{
    if (item->source->stops_max > 0 && item->special_count == 0) {
        report_add(&compiler->report, SCHEMA_WARNING, "E-UNUSED",
                   item_path(compiler, item, "stops_max"),
                   "nothing may stop the clock of item %s, so stops_max says nothing; name special "
                   "procedures or remove it",
                   item->id);
    }
}

/* --- between departments --------------------------------------------------------------------- */

/* A visit of one item is its own business. */
static void check_visit(struct compiler *compiler, const struct definition_item *item)
{
    const struct definition *definition = compiler->definition;
    size_t visitors = 0;

    if (item->visit[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < definition->item_count; i++) {
        visitors += strcmp(definition->items[i].visit, item->visit) == 0;
    }
    if (visitors == 1) {
        report_add(&compiler->report, SCHEMA_WARNING, "E-VISIT", item_path(compiler, item, "visit"),
                   "no other item is visited under the name %s; give the same name to the items "
                   "that go together, or remove it",
                   item->visit);
    }
}

/* Above, the last step is done once more: by somebody of that department. */
static void check_upper_role(struct compiler *compiler, const struct definition_item *item)
{
    const Bl__Department *department =
        compile_department_find(compiler->context, item->upper_department);
    const struct definition_step *last =
        item->step_count == 0 ? NULL : &item->steps[item->step_count - 1];
    size_t held = 0;

    if (department == NULL || last == NULL || last->role[0] == '\0' ||
        strcmp(last->role, "machine") == 0) {
        return;
    }
    for (size_t i = 0; i < department->n_posts; i++) {
        held += compile_post_has_role(department->posts[i]->value, last->role);
    }
    if (held == 0 || held < last->signers) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-ROLE",
                   item_path(compiler, item, "upper.department"),
                   "step %s is done again above, by %u post%s with the role %s, and department %s "
                   "has %zu; add the role to a post in departments.yaml",
                   last->id, last->signers == 0 ? 1 : last->signers, last->signers > 1 ? "s" : "",
                   last->role, item->upper_department, held);
    }
}

/* 行政许可法 第四十三条: two legs, each with its own owner and limit. */
static void check_upper(struct compiler *compiler, const struct definition_item *item)
{
    if (item->upper_department == NULL) {
        return;
    }
    if (strcmp(item->upper_department, item->department) == 0) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-UPPER",
                   item_path(compiler, item, "upper.department"),
                   "%s examines the item already; name the higher authority that decides",
                   item->department);
    }
    check_upper_role(compiler, item);
    check_not_longer(compiler, item_path(compiler, item, "upper.promise"), "E-PROMISE",
                     "promise above", item->upper_promise, "legal above,", item->upper_legal);
}

/* --- on a written promise, and after the decision -------------------------------------------- */

/* 告知承诺: granted at once by the department itself. */
static void check_commit(struct compiler *compiler, const struct definition_item *item)
{
    const char *at = item_path(compiler, item, "notify_commit");

    if (item->source->notify_commit == NULL) {
        return;
    }
    if (item->kind == BL__ITEM_DEFINITION__KIND__UPWARD ||
        item->kind == BL__ITEM_DEFINITION__KIND__OPINION) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-COMMIT", at,
                   item->kind == BL__ITEM_DEFINITION__KIND__UPWARD
                       ? "item %s is decided above and cannot be granted on a promise here; remove "
                         "notify_commit"
                       : "item %s is an opinion, nothing that an applicant could promise; remove "
                         "notify_commit",
                   item->id);
    }
    check_usual(compiler, report_path(&compiler->report, "%s.post_check", at), "post_check",
                item->post_check, POST_CHECK_USUAL);
}

/* 行政许可法 第四十四条: ten days from the decision to the hand-over. */
static void check_delivery(struct compiler *compiler, const struct definition_item *item)
{
    check_not_longer(compiler, item_path(compiler, item, "outcome.limit"), "E-LAW",
                     "limit to deliver", item->deliver, "行政许可法 第四十四条,", working_days(10));
}

/* Each rung of the ladder is later than the one before it. */
static void check_ladder(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;

    for (size_t i = 1; i < definition->ladder_count; i++) {
        struct limit after = definition->ladder[i].after, before = definition->ladder[i - 1].after;
        char text[LIMIT_TEXT], bound[LIMIT_TEXT];

        if (check_weight(after) <= check_weight(before)) {
            report_add(&compiler->report, SCHEMA_ERROR, "E-LADDER",
                       report_path(&compiler->report, "escalation[%zu].after", i),
                       "%s is not later than %s of the rung before; order the rungs by their time",
                       after.halves == 0 ? "at once" : limit_format(after, text),
                       before.halves == 0 ? "at once" : limit_format(before, bound));
        }
    }
}

void check_course(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;

    check_intake(compiler);
    check_tolerance(compiler);
    check_ladder(compiler);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        if (item->source->correction[0] != '\0') {
            check_usual(compiler, item_path(compiler, item, "correction"), "correction",
                        item->correction, CORRECTION_USUAL);
        }
        check_gap(compiler, item);
        check_four_eyes(compiler, item);
        check_stops(compiler, item);
        check_visit(compiler, item);
        check_upper(compiler, item);
        check_commit(compiler, item);
        check_delivery(compiler, item);
    }
}
