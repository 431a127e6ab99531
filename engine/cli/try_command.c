/* A workflow seen before anybody files an application: binglian workflow graph, simulate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/moment.h"
#include "cli/output.h"
#include "cli/source.h"
#include "definition/graph.h"
#include "definition/simulate.h"

#define SETTINGS_MAX 256

/* A definition with what it was loaded beside. */
struct loaded {
    struct folder *folder;
    struct definition *definition;
};

static int load(struct cli *cli, struct loaded *loaded)
{
    const char *name = cli->options.arguments[0], *file;
    struct bl_text source;
    int status = source_read(cli, name, (uint32_t)option_number(&cli->options, "version", 0),
                             &source, &file);

    if (status != 0) {
        return status;
    }
    loaded->folder = bl_arena_new(&cli->arena, struct folder);
    folder_read(cli, folder_find(cli, source_is_file(name) ? name : NULL), loaded->folder, NULL);
    if (!source_is_file(name)) {
        status = source_calendars(cli, source, file, loaded->folder);
    }
    if (status != 0) {
        return status;
    }
    struct definition_context context = folder_context(cli, loaded->folder);
    return source_compile(cli, source, file, &context, &loaded->definition);
}

/* --- graph ------------------------------------------------------------------------------------ */

/* Colours the graph with how far an application is. */
static int read_live(struct cli *cli, const char *number, const struct definition *definition,
                     struct graph_live *live)
{
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;
    struct bl_client *client = NULL;
    const Bl__QueryAnswer *answer = NULL;
    int status = connect_open(cli, &client);

    get.number = number;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    if (status == 0) {
        status = connect_ask(cli, client, &query, &answer);
    }
    for (size_t i = 0; status == 0 && i < answer->applications[0]->n_items; i++) {
        const Bl__ItemView *item = answer->applications[0]->items[i];
        int index = definition_item_find(definition, item->id);
        const ProtobufCEnumValue *name =
            protobuf_c_enum_descriptor_get_value(&bl__item__state__descriptor, (int)item->state);

        if (index >= 0) {
            live[index] = (struct graph_live){ item->state, item->result, item->light,
                                               sentence_word(name->name, cli->language) };
        }
    }
    bl_client_close(&client);
    return status;
}

static int run_graph(struct cli *cli)
{
    const char *number = option_text(&cli->options, "live");
    const char *format = option_text(&cli->options, "format");
    struct loaded loaded = { 0 };
    struct graph_options options = { .language = cli->language };
    int status = load(cli, &loaded);

    if (status == 0 && number != NULL) {
        struct graph_live *live =
            bl_arena_array(&cli->arena, struct graph_live, loaded.definition->item_count);

        status = read_live(cli, number, loaded.definition, live);
        options.live = live;
    }
    if (status == 0) {
        options.departments = loaded.folder->departments;
        if (format != NULL && strcmp(format, "dot") == 0) {
            graph_dot(stdout, loaded.definition, &options);
        } else {
            graph_svg(stdout, loaded.definition, &options);
        }
    }
    definition_free(&loaded.definition);
    return status;
}

/* --- simulate --------------------------------------------------------------------------------- */

static enum bl_err read_accept(struct cli *cli, const struct calendar *calendar, bl_time *at,
                               struct bl_error *e)
{
    const char *text = option_text(&cli->options, "accept");

    if (text != NULL) {
        return moment_read(calendar, text, at, e);
    }
    *at = bl_time_now();
    return BL_OK;
}

static size_t gather(const struct cli *cli, const char *option, const char **values)
{
    size_t count = 0, at = 0;

    for (const char *value = option_next(&cli->options, option, &at);
         value != NULL && count < SETTINGS_MAX; value = option_next(&cli->options, option, &at)) {
        values[count++] = value;
    }
    return count;
}

/* Plays the case, under an assumption or as it is (NULL). Returns an exit status. */
static int play(struct cli *cli, const struct loaded *loaded, const struct calendar *calendar,
                const char *assumption, struct simulation *simulation)
{
    const char *settings[SETTINGS_MAX];
    size_t count = gather(cli, "set", settings);
    // In the arena, for the simulation keeps its question.
    struct simulate_assumption *assumed = bl_arena_new(&cli->arena, struct simulate_assumption);
    struct form_value *values =
        bl_arena_array(&cli->arena, struct form_value, loaded->definition->field_count + 1);
    struct simulate_question question = { .definition = loaded->definition,
                                          .calendar = calendar,
                                          .values = values };
    struct bl_error e = { 0 };

    if (read_accept(cli, calendar, &question.accepted, &e) != BL_OK) {
        return cli_fail_value(cli, "value-date", option_text(&cli->options, "accept"), &e);
    }
    bl_day today = calendar_day(calendar, question.accepted);
    if (simulate_form(loaded->definition, settings, count, today, &cli->arena, values, &e) !=
        BL_OK) {
        return cli_fail_value(cli, "value-set", e.source, &e);
    }
    if (assumption != NULL) {
        if (simulate_assume(loaded->definition, assumption, &cli->arena, assumed, &e) != BL_OK) {
            return cli_fail_value(cli, "value-what-if", assumption, &e);
        }
        question.assumptions = assumed;
        question.assumption_count = 1;
    }
    return simulate(&question, &cli->arena, simulation, &e) == BL_OK ? 0 : cli_fail(cli, &e);
}

static json_t *moment_json(const struct cli *cli, bl_time at)
{
    char text[BL_TIME_TEXT];

    return at == BL_NEVER ? json_null()
                          : json_string(bl_time_format(at, cli->offset_minutes, text));
}

static json_t *item_json(const struct cli *cli, const struct simulation *simulation, size_t index)
{
    static const char *const states[] = { [SIMULATE_RUNS] = "runs",
                                          [SIMULATE_NOT_NEEDED] = "not_needed",
                                          [SIMULATE_BLOCKED] = "blocked" };
    const struct simulate_item *item = &simulation->items[index];

    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:b}", "item",
                     simulation->question.definition->items[index].id, "state", states[item->state],
                     "start", moment_json(cli, item->start), "due", moment_json(cli, item->due),
                     "legal", moment_json(cli, item->legal), "passed_up",
                     moment_json(cli, item->passed_up == 0 ? BL_NEVER : item->passed_up), "slack",
                     item->slack, "paused", item->paused, "critical", item->critical);
}

static json_t *simulation_json(const struct cli *cli, const struct simulation *simulation)
{
    json_t *items = json_array();

    for (size_t i = 0; i < simulation->question.definition->item_count; i++) {
        json_array_append_new(items, item_json(cli, simulation, i));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:i, s:i, s:b, s:o}", "accepted",
                     moment_json(cli, simulation->question.accepted), "promise",
                     moment_json(cli, simulation->promise), "legal",
                     moment_json(cli, simulation->legal), "finish",
                     moment_json(cli, simulation->finish), "margin", simulation->margin, "paused",
                     simulation->paused, "provisional", simulation->provisional, "items", items);
}

static void print_simulations(const struct cli *cli, const struct simulation *simulations,
                              size_t count)
{
    simulate_print(stdout, &simulations[0], cli->language);
    for (size_t i = 1; i < count; i++) {
        simulate_print_what_if(stdout, &simulations[i], cli->language);
    }
}

/* The first with the others in it. */
static json_t *simulations_json(const struct cli *cli, const struct simulation *simulations,
                                const char *const *assumptions, size_t count)
{
    json_t *value = simulation_json(cli, &simulations[0]), *what_if = json_array();

    for (size_t i = 1; i < count; i++) {
        json_t *other = simulation_json(cli, &simulations[i]);

        json_object_set_new(other, "assumption", json_string(assumptions[i]));
        json_array_append_new(what_if, other);
    }
    json_object_set_new(value, "what_if", what_if);
    return value;
}

/* The case as it is, then once for each --what-if; all before anything is shown. */
static int play_all(struct cli *cli, const struct loaded *loaded, const struct calendar *calendar)
{
    const char *assumptions[1 + SETTINGS_MAX] = { NULL };
    size_t count = 1 + gather(cli, "what-if", assumptions + 1);
    struct simulation *simulations = bl_arena_array(&cli->arena, struct simulation, count);
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        status = play(cli, loaded, calendar, assumptions[i], &simulations[i]);
    }
    if (status != 0) {
        return status;
    }
    if (cli->format == OUTPUT_TABLE) {
        print_simulations(cli, simulations, count);
        return 0;
    }
    return output_value(cli, simulations_json(cli, simulations, assumptions, count), NULL);
}

static int run_simulate(struct cli *cli)
{
    struct loaded loaded = { 0 };
    struct calendar *calendar = NULL;
    struct bl_error e = { 0 };
    int status = load(cli, &loaded);

    if (status == 0 &&
        folder_calendar(loaded.folder, loaded.definition->calendar, &calendar, &e) != BL_OK) {
        status = cli_fail(cli, &e);
    }
    if (status == 0) {
        cli->offset_minutes = calendar_offset(calendar);
        status = play_all(cli, &loaded, calendar);
    }
    calendar_free(&calendar);
    definition_free(&loaded.definition);
    return status;
}

// clang-format off
#define WORKFLOWS_ROW { "workflows", OPTION_TEXT, 0, "DIR", { "departments.yaml 和 calendars/ 所在目录，默认在文件旁", "where departments.yaml and calendars/ are; default beside the file" }, NULL }
#define VERSION_ROW { "version", OPTION_NUMBER, 0, "N", { "版本，默认最新", "version; default the newest" }, NULL }

static const struct option_row graph_options[] = {
    { "format", OPTION_TEXT, 0, "FORMAT", { "图的格式，默认 svg", "format; default svg" }, "svg|dot" },
    { "live", OPTION_TEXT, 0, "NUMBER", { "按一个办件的进度着色", "coloured by how far an application is" }, NULL },
    WORKFLOWS_ROW,
    VERSION_ROW,
};
static const struct option_row simulate_options[] = {
    { "accept", OPTION_TEXT, 0, "DATE", { "受理日期，默认现在", "the date of acceptance; default now" }, NULL },
    { "set", OPTION_TEXT, 0, "FIELD=VALUE", { "表单的一栏，可多次", "an answer of the form; may be repeated" }, NULL },
    { "what-if", OPTION_TEXT, 0, "WHAT", { "假如：ITEM=3WD、ITEM=commit（告知承诺）、特别程序名、DEPARTMENT+3，可多次", "what if: ITEM=3WD, ITEM=commit (on a promise), a special procedure, DEPARTMENT+3; may be repeated" }, NULL },
    WORKFLOWS_ROW,
    VERSION_ROW,
};

const struct command command_workflow_graph = {
    .name = "workflow graph", .arguments = "FILE|WORKFLOW", .arguments_min = 1, .arguments_max = 1, .section = SECTION_DEFINITIONS,
    .summary = { "画出流程：谁与谁并行，各需几天", "draw a workflow: what runs beside what, and how long" },
    COMMAND_OPTIONS(graph_options),
    .examples = "workflow graph workflows/restaurant.yaml > restaurant.svg\nworkflow graph restaurant --live CY-20261123-0001 > now.svg\nworkflow graph workflows/restaurant.yaml --format dot | dot -Tpng > restaurant.png",
    .run = run_graph,
};

const struct command command_workflow_simulate = {
    .name = "workflow simulate", .arguments = "FILE|WORKFLOW", .arguments_min = 1, .arguments_max = 1, .section = SECTION_DEFINITIONS,
    .summary = { "推演：各事项起止、余量、关键路径和办结日", "play it against dates: starts, slack, the critical path, the end" },
    COMMAND_OPTIONS(simulate_options),
    .examples = "workflow simulate workflows/restaurant.yaml --accept 2026-11-23 --set area=320 --set sign_text=老张面馆\nworkflow simulate workflows/restaurant.yaml --what-if fire+3 --what-if expert_review -o json",
    .run = run_simulate,
};
// clang-format on
