/* A form half filled in: what it asks, which papers and departments it needs, what is due when.
 * Called while somebody types: it reads what is compiled already, and neither the store nor a log
 * sees the form. The core's own check of a submission says what is wrong, so that who is told
 * nothing here is told nothing when he files. */
#include <string.h>

#include "core/content.h"
#include "core/refusal.h"
#include "deadline/clock.h"
#include "definition/simulate.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"
#include "gateway/workflow.h"

struct evaluation {
    struct request *request;
    const Bl__Evaluate *asked;
    struct catalog_version version;
    bl_time accept;
    struct content content;
    struct simulation simulation;
    bool is_played;  // false: a condition erred on these answers
    bool *may_commit;
    Bl__Refusal *refusal;  // everything that stands against it
    Bl__Evaluation answer;
};

static const struct definition *definition_of(const struct evaluation *evaluation)
{
    return evaluation->version.definition;
}

/* --- what conditions may read ------------------------------------------------------------------
 */

/* Does a part have no value, because it was of the wrong kind? */
static bool is_broken(const struct cel_value *value)
{
    const struct cel_value *at = value->type == CEL_LIST ? value->list.at : value->map.at;
    size_t count = value->type == CEL_LIST  ? value->list.count
                   : value->type == CEL_MAP ? 2 * value->map.count
                                            : 0;

    for (size_t i = 0; i < count; i++) {
        if (is_broken(&at[i])) {
            return true;
        }
    }
    return value->type == CEL_DYN;
}

/* What could not be read counts as not yet answered. */
static void leave_out_broken(struct evaluation *evaluation)
{
    for (size_t i = 0; i < definition_of(evaluation)->field_count; i++) {
        struct form_value *value = &evaluation->content.values[i];

        value->present = value->present && !is_broken(&value->value);
    }
}

static struct simulate_assumption *commitments(struct evaluation *evaluation, size_t *count)
{
    const struct definition *definition = definition_of(evaluation);
    const Bl__Evaluate *asked = evaluation->asked;
    struct bl_arena *arena = &evaluation->request->arena;
    struct simulate_assumption *made =
        bl_arena_array(arena, struct simulate_assumption, asked->n_commitments + 1);

    *count = 0;
    for (size_t i = 0; i < asked->n_commitments; i++) {
        int item = definition_item_find(definition, asked->commitments[i]);

        if (item < 0 || !evaluation->may_commit[item]) {
            const char *pointer = bl_arena_printf(arena, "commitments[%zu]", i);

            evaluation->refusal =
                refusal_join(arena, evaluation->refusal,
                             refusal_new(arena, BL_REFUSED, "commitment-closed", pointer));
        } else {
            made[(*count)++] =
                (struct simulate_assumption){ .kind = ASSUME_COMMITTED, .index = (uint32_t)item };
        }
    }
    return made;
}

/* For which items a written promise is open to him. */
static void find_commitments(struct evaluation *evaluation)
{
    const struct definition *definition = definition_of(evaluation);
    struct form_scope scope = { .definition = definition, .values = evaluation->content.values };
    struct bl_arena *arena = &evaluation->request->arena;

    evaluation->may_commit = bl_arena_array(arena, bool, definition->item_count + 1);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];
        bool holds = false;

        evaluation->may_commit[i] =
            item->post_check.halves > 0 &&
            form_holds(item->commit_when, &scope, arena, &holds, NULL) == BL_OK && holds;
    }
}

/* --- what follows ------------------------------------------------------------------------------
 */

static void play(struct evaluation *evaluation)
{
    struct bl_arena *arena = &evaluation->request->arena;
    struct simulate_question question = { .definition = definition_of(evaluation),
                                          .calendar = evaluation->version.calendar,
                                          .accepted = evaluation->accept,
                                          .dates_only = true,
                                          .values = evaluation->content.values };
    struct bl_error e = { 0 };

    question.assumptions = commitments(evaluation, &question.assumption_count);
    evaluation->is_played = simulate(&question, arena, &evaluation->simulation, &e) == BL_OK;
    if (!evaluation->is_played) {
        Bl__Refusal *refusal =
            refusal_new(arena, BL_INVALID, "condition-error", bl_arena_string(arena, e.source));

        evaluation->refusal = refusal_join(
            arena, evaluation->refusal,
            refusal_argument(arena, refusal, "condition",
                             bl_arena_printf(arena, "%u:%u: %s", e.line, e.column, e.text)));
    }
}

static bool joins(const struct evaluation *evaluation, size_t item)
{
    return !evaluation->is_played ||
           evaluation->simulation.items[item].state != SIMULATE_NOT_NEEDED;
}

static void check_materials(struct evaluation *evaluation)
{
    const struct definition *definition = definition_of(evaluation);
    bool needed[DEFINITION_MATERIALS_MAX] = { 0 };

    for (size_t i = 0; i < definition->item_count; i++) {
        for (size_t k = 0; k < definition->items[i].material_count; k++) {
            needed[definition->items[i].materials[k]] |= joins(evaluation, i);
        }
    }
    evaluation->refusal = content_check_materials(definition, &evaluation->content, needed,
                                                  &evaluation->request->arena, evaluation->refusal);
}

/* --- the answer --------------------------------------------------------------------------------
 */

static bl_time moment_of(bl_time at)
{
    return at == BL_NEVER ? 0 : at;
}

static void mark_read(const struct definition *definition, const struct cel *cel, bool *read)
{
    size_t count = 0;
    const uint32_t *slots = cel == NULL ? NULL : cel_slots(cel, &count);

    for (size_t i = 0; i < count; i++) {
        if (slots[i] < definition->field_count) {
            read[slots[i]] = true;
        }
    }
}

/* The fields that are asked: those that conditions read, those of items that join, and those that
 * no item lists, for nobody says that they are not wanted. */
static bool *asked_fields(const struct evaluation *evaluation)
{
    const struct definition *definition = definition_of(evaluation);
    struct bl_arena *arena = &evaluation->request->arena;
    bool *asked = bl_arena_array(arena, bool, definition->field_count + 1);
    bool *listed = bl_arena_array(arena, bool, definition->field_count + 1);

    mark_read(definition, definition->join.expression, asked);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        mark_read(definition, item->when, asked);
        mark_read(definition, item->commit_when, asked);
        mark_read(definition, item->needs.expression, asked);
        if (item->not_before >= 0) {
            asked[item->not_before] |= joins(evaluation, i);
        }
        for (size_t k = 0; k < item->field_count; k++) {
            listed[item->fields[k]] = true;
            asked[item->fields[k]] |= joins(evaluation, i);
        }
    }
    for (size_t i = 0; i < definition->field_count; i++) {
        asked[i] |= definition->fields[i].required || !listed[i];
    }
    return asked;
}

static void show_fields(struct evaluation *evaluation)
{
    const struct definition *definition = definition_of(evaluation);
    struct bl_arena *arena = &evaluation->request->arena;
    Bl__Evaluation *answer = &evaluation->answer;
    const bool *asked = asked_fields(evaluation);

    answer->fields = bl_arena_array(arena, Bl__EvaluatedField *, definition->field_count + 1);
    for (size_t i = 0; i < definition->field_count; i++) {
        Bl__EvaluatedField *field = bl_arena_new(arena, Bl__EvaluatedField);

        bl__evaluated_field__init(field);
        field->name = definition->fields[i].name;
        field->asked = asked[i];
        field->required = definition->fields[i].required;
        field->given = evaluation->content.values[i].present;
        answer->fields[answer->n_fields++] = field;
    }
}

static const Bl__Material *given_material(const struct evaluation *evaluation, const char *id)
{
    const Bl__Content *content = evaluation->content.message;

    for (size_t i = 0; i < content->n_materials; i++) {
        if (strcmp(content->materials[i]->id, id) == 0) {
            return content->materials[i];
        }
    }
    return NULL;
}

/* The items that join and list this material. */
static void show_readers(const struct evaluation *evaluation, uint32_t index,
                         Bl__EvaluatedMaterial *material)
{
    const struct definition *definition = definition_of(evaluation);

    material->items =
        bl_arena_array(&evaluation->request->arena, const char *, definition->item_count + 1);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        for (size_t k = 0; k < item->material_count && joins(evaluation, i); k++) {
            if (item->materials[k] == index) {
                material->items[material->n_items++] = item->id;
            }
        }
    }
}

static void show_materials(struct evaluation *evaluation)
{
    const struct definition *definition = definition_of(evaluation);
    struct bl_arena *arena = &evaluation->request->arena;
    Bl__Evaluation *answer = &evaluation->answer;

    answer->materials =
        bl_arena_array(arena, Bl__EvaluatedMaterial *, definition->material_count + 1);
    for (uint32_t i = 0; i < definition->material_count; i++) {
        const struct definition_material *known = &definition->materials[i];
        const Bl__Material *given = given_material(evaluation, known->id);
        Bl__EvaluatedMaterial *material = bl_arena_new(arena, Bl__EvaluatedMaterial);

        bl__evaluated_material__init(material);
        material->id = known->id;
        show_readers(evaluation, i, material);
        material->required = known->essential && material->n_items > 0;
        material->deferrable = known->deferrable && definition->supplement.halves > 0;
        material->given = given != NULL && !given->later;
        material->later = given != NULL && given->later;
        answer->materials[answer->n_materials++] = material;
    }
}

static bool is_committed(const struct simulate_question *question, size_t item)
{
    for (size_t i = 0; i < question->assumption_count; i++) {
        if (question->assumptions[i].index == item) {
            return true;
        }
    }
    return false;
}

static void show_items(struct evaluation *evaluation)
{
    static const char *const states[] = { [SIMULATE_RUNS] = "runs",
                                          [SIMULATE_NOT_NEEDED] = "not_needed",
                                          [SIMULATE_BLOCKED] = "blocked" };
    const struct definition *definition = definition_of(evaluation);
    struct bl_arena *arena = &evaluation->request->arena;
    Bl__Evaluation *answer = &evaluation->answer;

    answer->items = bl_arena_array(arena, Bl__EvaluatedItem *, definition->item_count + 1);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct simulate_item *played = &evaluation->simulation.items[i];
        Bl__EvaluatedItem *item = bl_arena_new(arena, Bl__EvaluatedItem);

        bl__evaluated_item__init(item);
        item->item = definition->items[i].id;
        item->department = definition->items[i].department;
        item->state = states[played->state];
        item->start = moment_of(played->start);
        item->due = moment_of(played->due);
        item->legal = moment_of(played->legal);
        item->may_commit = evaluation->may_commit[i];
        item->committed = is_committed(&evaluation->simulation.question, i);
        answer->items[answer->n_items++] = item;
    }
}

static void show_dates(struct evaluation *evaluation)
{
    const struct simulation *simulation = &evaluation->simulation;
    Bl__Evaluation *answer = &evaluation->answer;
    struct clock_question gap = { .start = simulation->question.accepted,
                                  .limit = definition_of(evaluation)->supplement };

    answer->accepted = simulation->question.accepted;
    answer->promise = moment_of(simulation->promise);
    answer->legal = moment_of(simulation->legal);
    answer->finish = moment_of(simulation->finish);
    answer->provisional = simulation->provisional;
    if (gap.limit.halves > 0) {
        answer->supplement = clock_due(evaluation->version.calendar, &gap).due;
    }
}

static bool is_absence(const char *rule)
{
    static const char *const rules[] = { "form-required", "applicant-required",
                                         "material-required" };

    for (size_t i = 0; i < BL_COUNT(rules); i++) {
        if (strcmp(rule, rules[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What is there and wrong is told apart from what has yet to come. */
static void show_problems(struct evaluation *evaluation)
{
    struct bl_arena *arena = &evaluation->request->arena;
    Bl__Evaluation *answer = &evaluation->answer;

    answer->complete = evaluation->refusal == NULL;
    if (answer->complete) {
        return;
    }
    Bl__Problem *found = problem_of(evaluation->request, evaluation->refusal);
    answer->errors = bl_arena_array(arena, Bl__ProblemError *, found->n_errors);
    answer->missing = bl_arena_array(arena, Bl__ProblemError *, found->n_errors);
    for (size_t i = 0; i < found->n_errors; i++) {
        Bl__ProblemError *error = found->errors[i];

        if (strncmp(error->pointer, "/commitments", 12) != 0) {
            error->pointer = bl_arena_printf(arena, "/content%s", error->pointer);
        }
        if (is_absence(error->code)) {
            answer->missing[answer->n_missing++] = error;
        } else {
            answer->errors[answer->n_errors++] = error;
        }
    }
}

/* --- the question ------------------------------------------------------------------------------
 */

/* Checks what is there; false after it was answered that it is no content. */
static bool check(struct evaluation *evaluation)
{
    struct request *request = evaluation->request;
    const struct world world = { .now = evaluation->accept,
                                 .definition = evaluation->version.definition,
                                 .calendar = evaluation->version.calendar };
    struct bl_text bytes = { (const char *)evaluation->asked->content.data,
                             evaluation->asked->content.len };

    evaluation->refusal = content_check(&world, bytes, &request->arena, &evaluation->content);
    if (evaluation->refusal == NULL || bl_err_from_name(evaluation->refusal->code) == BL_INVALID) {
        return true;
    }
    problem_refusal(request, evaluation->refusal);
    return false;
}

void workflow_evaluate(struct request *request)
{
    struct evaluation evaluation = { .request = request };
    ProtobufCMessage *message;

    if (!request_read_body(request, &bl__evaluate__descriptor, &message)) {
        return;
    }
    evaluation.asked = (const Bl__Evaluate *)message;
    evaluation.accept = evaluation.asked->accept == 0 ? request->now : evaluation.asked->accept;
    if (!workflow_find(request, evaluation.asked->workflow, evaluation.asked->version,
                       &evaluation.version) ||
        !check(&evaluation)) {
        return;
    }
    bl__evaluation__init(&evaluation.answer);
    evaluation.answer.version = evaluation.version.definition->version;
    leave_out_broken(&evaluation);
    find_commitments(&evaluation);
    play(&evaluation);
    check_materials(&evaluation);
    show_fields(&evaluation);
    show_materials(&evaluation);
    if (evaluation.is_played) {
        show_items(&evaluation);
        show_dates(&evaluation);
    }
    show_problems(&evaluation);
    response_message(request, 200, &evaluation.answer.base, 0);
}
