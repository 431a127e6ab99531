/* Workflows: their definition, form and drawing, and trying them out before anybody files. */
#include <stdlib.h>
#include <string.h>

#include "core/refusal.h"
#include "core/sentence.h"
#include "definition/form_schema.h"
#include "definition/graph.h"
#include "definition/simulate.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"
#include "gateway/read.h"
#include "gateway/workflow.h"

/* --- a version -------------------------------------------------------------------------------- */

bool workflow_find(struct request *request, const char *workflow, uint32_t version,
                   struct catalog_version *found)
{
    struct bl_error e = { 0 };
    struct catalog *catalog = request->gateway->catalog;
    enum bl_err err = version == 0 ? catalog_current(catalog, workflow, request->now, found, &e)
                                   : catalog_find(catalog, workflow, version, found, &e);

    if (err == BL_NOT_FOUND) {
        problem(request, err, "workflow-unknown", bl_arena_string(&request->arena, workflow));
    } else if (err != BL_OK) {
        problem_error(request, &e);
    }
    return err == BL_OK;
}

/* The version that the path names; `latest` is the one that new applications take. */
static bool find_by_path(struct request *request, struct catalog_version *found)
{
    const char *version = request_parameter(request, "version");
    size_t bytes = strlen(version);
    bool latest = strcmp(version, "latest") == 0;

    if (!latest && (bytes == 0 || bytes > 9 || strspn(version, "0123456789") != bytes)) {
        problem(request, BL_NOT_FOUND, "workflow-unknown", version);
        return false;
    }
    return workflow_find(request, request_parameter(request, "id"),
                         latest ? 0 : (uint32_t)strtoul(version, NULL, 10), found);
}

void workflow_definition(struct request *request)
{
    struct catalog_version found;

    if (find_by_path(request, &found)) {
        response_message(request, 200, &found.definition->source->base, 0);
    }
}

void workflow_form(struct request *request)
{
    struct catalog_version found;

    if (find_by_path(request, &found)) {
        response_json(request, 200);
        request->response.type = "application/schema+json";
        form_schema_write(&request->response.body, found.definition);
        response_json_end(request, 0);
    }
}

/* --- drawings --------------------------------------------------------------------------------- */

static void draw(struct request *request, const struct definition *definition,
                 const struct graph_live *live)
{
    struct graph_options options = { .language = request->language,
                                     .departments = catalog_departments(request->gateway->catalog),
                                     .live = live };
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    CHECK(out != NULL);
    graph_svg(out, definition, &options);
    CHECK(fclose(out) == 0);
    response_text(request, 200, "image/svg+xml", (struct bl_text){ text, bytes });
    free(text);
}

void workflow_graph(struct request *request)
{
    struct catalog_version found;

    if (find_by_path(request, &found)) {
        draw(request, found.definition, NULL);
    }
}

void workflow_bpmn(struct request *request)
{
    struct graph_options options = { .language = request->language,
                                     .departments =
                                         catalog_departments(request->gateway->catalog) };
    struct catalog_version found;
    char *text = NULL;
    size_t bytes = 0;

    if (!find_by_path(request, &found)) {
        return;
    }
    FILE *out = open_memstream(&text, &bytes);
    CHECK(out != NULL);
    graph_bpmn(out, found.definition, &options);
    CHECK(fclose(out) == 0);
    response_text(request, 200, "application/xml", (struct bl_text){ text, bytes });
    free(text);
}

/* How far each item is; those that the caller may not see stay as they are in the definition. */
static const struct graph_live *live_of(struct request *request,
                                        const struct definition *definition,
                                        const Bl__ApplicationView *view)
{
    struct graph_live *live =
        bl_arena_array(&request->arena, struct graph_live, definition->item_count + 1);

    for (size_t i = 0; i < view->n_items; i++) {
        const Bl__ItemView *item = view->items[i];
        int index = definition_item_find(definition, item->id);
        const ProtobufCEnumValue *name =
            protobuf_c_enum_descriptor_get_value(&bl__item__state__descriptor, (int)item->state);

        if (index >= 0 && name != NULL) {
            live[index] = (struct graph_live){ item->state, item->result, item->light,
                                               sentence_word(name->name, request->language) };
        }
    }
    return live;
}

void application_graph(struct request *request)
{
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer answer;
    struct catalog_version found;
    struct bl_error e = { 0 };

    get.number = request_parameter(request, "number");
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    if (read_ask(request, &request->caller.person, &query, &answer, &e) != BL_OK) {
        problem_error(request, &e);
    } else if (answer.refusal != NULL) {
        problem_refusal(request, answer.refusal);
    } else if (workflow_find(request, answer.applications[0]->workflow,
                             answer.applications[0]->version, &found)) {
        draw(request, found.definition, live_of(request, found.definition, answer.applications[0]));
    }
}

/* --- a file ----------------------------------------------------------------------------------- */

static Bl__Remark *remark_of(struct request *request, const struct schema_problem *problem)
{
    Bl__Remark *remark = bl_arena_new(&request->arena, Bl__Remark);

    bl__remark__init(remark);
    remark->severity = problem->severity == SCHEMA_ERROR ? "error" : "warning";
    remark->code = problem->code;
    remark->line = problem->line;
    remark->column = problem->column;
    remark->pointer = problem->pointer == NULL ? "" : problem->pointer;
    remark->text = problem->text;
    return remark;
}

/* Reads the file as what it is, and keeps nothing. */
static enum bl_err check_file(struct request *request, struct schema_problems *problems)
{
    struct publication_context context = catalog_context(request->gateway->catalog);
    const char *at = request->body.at;
    size_t bytes = request->body.bytes;
    struct definition *definition = NULL;
    const Bl__DepartmentsFile *departments;
    const Bl__Calendar *calendar;
    enum bl_err err = BL_DEFINITION;

    switch (definition_file_kind(at, bytes)) {
    case DEFINITION_UNKNOWN:
    case DEFINITION_WORKFLOW:
        err = definition_load(at, bytes, "body", &context.definitions, &definition, problems);
        definition_free(&definition);
        break;
    case DEFINITION_DEPARTMENTS:
        err =
            definition_load_departments(at, bytes, "body", &request->arena, &departments, problems);
        break;
    case DEFINITION_CALENDAR:
        err = definition_load_calendar(at, bytes, "body", NULL, 0, &request->arena, &calendar,
                                       problems);
        break;
    }
    return err;
}

void workflow_validate(struct request *request)
{
    struct schema_problems *problems = bl_arena_new(&request->arena, struct schema_problems);
    Bl__Validation validation = BL__VALIDATION__INIT;

    schema_problems_init(problems, &request->arena);
    validation.ok = check_file(request, problems) == BL_OK;
    validation.remarks = bl_arena_array(&request->arena, Bl__Remark *, problems->count + 1);
    for (uint32_t i = 0; i < problems->count; i++) {
        validation.remarks[validation.n_remarks++] = remark_of(request, &problems->problems[i]);
    }
    response_message(request, 200, &validation.base, 0);
}

/* --- what if ---------------------------------------------------------------------------------- */

static bl_time moment_of(bl_time at)
{
    return at == BL_NEVER ? 0 : at;
}

static Bl__TrialItem *trial_item(struct request *request, const struct simulation *simulation,
                                 size_t index)
{
    static const char *const states[] = { [SIMULATE_RUNS] = "runs",
                                          [SIMULATE_NOT_NEEDED] = "not_needed",
                                          [SIMULATE_BLOCKED] = "blocked" };
    const struct simulate_item *item = &simulation->items[index];
    Bl__TrialItem *shown = bl_arena_new(&request->arena, Bl__TrialItem);

    bl__trial_item__init(shown);
    shown->item = simulation->question.definition->items[index].id;
    shown->state = states[item->state];
    shown->start = moment_of(item->start);
    shown->due = moment_of(item->due);
    shown->legal = moment_of(item->legal);
    shown->slack = item->slack;
    shown->paused = item->paused;
    shown->critical = item->critical;
    return shown;
}

static void show_trial(struct request *request, const struct simulation *simulation)
{
    Bl__TrialResult result = BL__TRIAL_RESULT__INIT;
    size_t count = simulation->question.definition->item_count;

    result.accepted = simulation->question.accepted;
    result.promise = moment_of(simulation->promise);
    result.legal = moment_of(simulation->legal);
    result.finish = moment_of(simulation->finish);
    result.margin = simulation->margin;
    result.paused = simulation->paused;
    result.provisional = simulation->provisional;
    result.items = bl_arena_array(&request->arena, Bl__TrialItem *, count + 1);
    for (size_t i = 0; i < count; i++) {
        result.items[result.n_items++] = trial_item(request, simulation, i);
    }
    response_message(request, 200, &result.base, 0);
}

/* Plays it; what is wrong with the question is in `e`, under the name of the rule. */
static enum bl_err play(struct request *request, const Bl__Trial *trial,
                        const struct catalog_version *found, struct simulation *simulation,
                        const char **rule, struct bl_error *e)
{
    struct simulate_assumption *assumed = bl_arena_new(&request->arena, struct simulate_assumption);
    struct form_value *values =
        bl_arena_array(&request->arena, struct form_value, found->definition->field_count + 1);
    struct simulate_question question = { .definition = found->definition,
                                          .calendar = found->calendar,
                                          .accepted =
                                              trial->accept == 0 ? request->now : trial->accept,
                                          .values = values };
    bl_day today = calendar_day(found->calendar, question.accepted);

    *rule = "value-set";
    enum bl_err err = simulate_form(found->definition, (const char *const *)trial->set,
                                    trial->n_set, today, &request->arena, values, e);
    if (err == BL_OK && trial->what_if[0] != '\0') {
        *rule = "value-what-if";
        err = simulate_assume(found->definition, trial->what_if, &request->arena, assumed, e);
        question.assumptions = assumed;
        question.assumption_count = 1;
    }
    if (err != BL_OK) {
        return err;
    }
    *rule = "invalid";
    return simulate(&question, &request->arena, simulation, e);
}

void workflow_simulate(struct request *request)
{
    ProtobufCMessage *message;
    struct catalog_version found;
    struct simulation simulation;
    struct bl_error e = { 0 };
    const char *rule;

    if (!request_read_body(request, &bl__trial__descriptor, &message)) {
        return;
    }
    const Bl__Trial *trial = (const Bl__Trial *)message;
    if (!workflow_find(request, trial->workflow, trial->version, &found)) {
        return;
    }
    if (play(request, trial, &found, &simulation, &rule, &e) != BL_OK) {
        Bl__Refusal *refusal = refusal_new(&request->arena, BL_INVALID, rule,
                                           bl_arena_string(&request->arena, e.source));

        problem_refusal(request, refusal_argument(&request->arena, refusal, "problem",
                                                  bl_arena_string(&request->arena, e.text)));
    } else {
        show_trial(request, &simulation);
    }
}
