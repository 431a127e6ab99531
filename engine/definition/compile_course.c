/* How cases take their course where the file says nothing: the law's own limits, the ladder of all
 * halls; and what the file says otherwise. */
#include <string.h>

#include "definition/compile.h"

#define WD(days) ((struct limit){ 2 * (days), LIMIT_WD })
#define WH(hours) ((struct limit){ 2 * (hours), LIMIT_WH })
#define NOTIFY_DEFAULT WD(5)       // 行政许可法 第三十二条
#define CORRECTION_DEFAULT WD(15)  // no law says; halls give ten to thirty
#define DELIVER_DEFAULT WD(10)     // 行政许可法 第四十四条
#define RECALL_DEFAULT WH(4)       // a wrong button is noticed within the day
#define STOPS_DEFAULT 3            // of one item: more is a way to hide delay

/* domain.md 5.2. */
static const struct definition_rung ladder[] = {
    { .to = "section_head" },
    { .after = { 2, LIMIT_WD }, .to = "department_head", .reply = { 2, LIMIT_WD } },
    { .after = { 6, LIMIT_WD }, .to = "supervision", .reply = { 2, LIMIT_WD } },
    { .after = { 10, LIMIT_WD }, .to = "accountability", .on_legal = true },
};

/* A limit, or what holds where the file gives none. */
static struct limit limit_or(struct compiler *compiler, const char *path, const char *text,
                             struct limit otherwise)
{
    struct limit limit = { 0 };

    return compile_limit(compiler, path, text, &limit) && limit.halves > 0 ? limit : otherwise;
}

/* Somebody in the house has to hear of it. */
static void compile_rung_role(struct compiler *compiler, const char *path, const char *role)
{
    const Bl__DepartmentsFile *file = compiler->context->departments;

    if (file == NULL || role[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < file->n_departments; i++) {
        const Bl__Department *department = file->departments[i]->value;

        for (size_t k = 0; department != NULL && k < department->n_posts; k++) {
            if (compile_post_has_role(department->posts[k]->value, role)) {
                return;
            }
        }
    }
    report_add(
        &compiler->report, SCHEMA_WARNING, "E-ROLE", path,
        "no post of any department has the role %s, so nobody would hear of it; add the role "
        "to posts in departments.yaml",
        role);
}

static void compile_ladder(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct definition *definition = compiler->definition;
    struct definition_rung *rungs =
        bl_arena_array(compiler->arena, struct definition_rung, source->n_escalation);

    for (size_t i = 0; i < source->n_escalation; i++) {
        const Bl__Rung *rung = source->escalation[i];

        rungs[i] = (struct definition_rung){ .to = rung->to, .on_legal = rung->on_legal };
        compile_rung_role(compiler, report_path(&compiler->report, "escalation[%zu].to", i),
                          rung->to);
        (void)compile_limit(compiler, report_path(&compiler->report, "escalation[%zu].after", i),
                            rung->after, &rungs[i].after);
        (void)compile_limit(compiler, report_path(&compiler->report, "escalation[%zu].reply", i),
                            rung->reply, &rungs[i].reply);
    }
    definition->ladder = source->n_escalation > 0 ? rungs : ladder;
    definition->ladder_count = source->n_escalation > 0 ? source->n_escalation : BL_COUNT(ladder);
}

static void compile_tolerance(struct compiler *compiler)
{
    const Bl__Tolerance *source = compiler->source->tolerant;
    struct definition *definition = compiler->definition;

    definition->on_late = BL__TOLERANCE__ON_LATE__RETURN;
    if (source == NULL) {
        return;
    }
    (void)compile_limit(compiler, "tolerant.supplement", source->supplement,
                        &definition->supplement);
    if (source->on_late != BL__TOLERANCE__ON_LATE__ON_LATE_UNSPECIFIED) {
        definition->on_late = source->on_late;
    }
}

static void compile_channels(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct names names = names_new(compiler->report.scratch, source->n_notices);

    for (size_t i = 0; i < source->n_notices; i++) {
        const char *at = report_path(&compiler->report, "notices[%zu]", i);

        compile_department(compiler, at, source->notices[i]);
        if (names_add(&names, source->notices[i], 0) >= 0) {
            report_add(&compiler->report, SCHEMA_ERROR, "E-TWICE", at,
                       "applicants would be told twice through %s; remove one", source->notices[i]);
        }
    }
    compiler->definition->channels = (const char *const *)source->notices;
    compiler->definition->channel_count = source->n_notices;
}

void compile_course(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct definition *definition = compiler->definition;

    definition->after_hours_count = source->after_hours == BL__WORKFLOW__AFTER_HOURS__SAME_DAY;
    definition->notify = limit_or(compiler, "notify", source->notify, NOTIFY_DEFAULT);
    definition->correction =
        limit_or(compiler, "correction", source->correction, CORRECTION_DEFAULT);
    definition->recall = limit_or(compiler, "recall", source->recall, RECALL_DEFAULT);
    compile_tolerance(compiler);
    compile_ladder(compiler);
    compile_channels(compiler);
}

static void compile_delivery(struct compiler *compiler, const char *path,
                             struct definition_item *item)
{
    const Bl__OutcomeDefinition *outcome = item->source->outcome;

    if (outcome == NULL) {
        return;
    }
    item->deliver = limit_or(compiler, report_path(&compiler->report, "%s.outcome.limit", path),
                             outcome->limit, DELIVER_DEFAULT);
    item->delivers_itself = outcome->n_deliver == 1 &&
                            outcome->deliver[0] == BL__OUTCOME_DEFINITION__DELIVERY__E_LICENCE;
}

static void compile_upper(struct compiler *compiler, const char *path, struct definition_item *item)
{
    const Bl__Upper *upper = item->source->upper;
    struct report *report = &compiler->report;
    bool upward = item->kind == BL__ITEM_DEFINITION__KIND__UPWARD;

    if (upper == NULL || !upward) {
        if (upward || upper != NULL) {
            report_add(report, SCHEMA_ERROR, "E-UPPER",
                       upward ? path : report_path(report, "%s.upper", path),
                       upward ? "an upward item says who decides above; add "
                                "\"upper: {department: …, promise: …}\""
                              : "only an upward item has a second leg; write \"kind: upward\" or "
                                "remove upper");
        }
        return;
    }
    compile_department(compiler, report_path(report, "%s.upper.department", path),
                       upper->department);
    item->upper_department = upper->department;
    (void)compile_limit(compiler, report_path(report, "%s.upper.promise", path), upper->promise,
                        &item->upper_promise);
    (void)compile_limit(compiler, report_path(report, "%s.upper.legal", path), upper->legal,
                        &item->upper_legal);
}

static void compile_not_before(struct compiler *compiler, const char *path,
                               struct definition_item *item)
{
    const char *name = item->source->not_before;
    const char *at = report_path(&compiler->report, "%s.not_before", path);

    item->not_before = -1;
    if (name[0] == '\0') {
        return;
    }
    item->not_before = compile_reference(compiler, at, "field", name);
    if (item->not_before >= 0 &&
        compiler->fields[item->not_before].type != BL__FIELD_DEFINITION__TYPE__DATE) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-FIELD", at,
                   "%s is no date; name a field of type date", name);
    }
    if (item->not_before >= 0) {
        compiler->field_used[item->not_before] = true;
    }
}

void compile_item_course(struct compiler *compiler, const char *path, struct definition_item *item)
{
    const Bl__ItemDefinition *source = item->source;

    item->acceptance_by_department =
        source->acceptance == BL__WORKFLOW__ACCEPTANCE__ACCEPTANCE_UNSPECIFIED
            ? compiler->definition->acceptance_by_department
            : source->acceptance == BL__WORKFLOW__ACCEPTANCE__DEPARTMENT;
    item->four_eyes = source->four_eyes;
    item->issue_with_gap = source->issue_with_gap;
    item->ordered = source->ordered;
    item->visit = source->visit;
    item->stops_max = source->stops_max != 0 ? source->stops_max : STOPS_DEFAULT;
    item->correction = limit_or(compiler, report_path(&compiler->report, "%s.correction", path),
                                source->correction, compiler->definition->correction);
    compile_not_before(compiler, path, item);
    compile_delivery(compiler, path, item);
    compile_upper(compiler, path, item);
}
