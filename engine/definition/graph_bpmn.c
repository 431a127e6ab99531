/* The workflow as BPMN 2.0, for modelling tools: what runs beside what and who does it, with a
 * lane for each department. A condition is a gateway before its item that may lead past it, a
 * counted join a complex gateway; steps are a subprocess. What BPMN has no word for (limits,
 * special procedures, silence) stays in the documentation of each node. */
#include <stdlib.h>
#include <string.h>

#include "definition/graph.h"
#include "definition/graph_text.h"
#include "definition/wording.h"

#define FLOWS_OF_ITEM 6  // besides one for each need: into its gateway, past it, and out

struct flow {
    const char *from, *to;  // ids of nodes
    const char *condition;  // NULL: none
};

struct bpmn {
    FILE *out;
    const struct definition *definition;
    const struct graph_options *options;
    struct bl_arena arena;
    struct flow *flows;
    size_t flow_count;
};

static const char *words_of(const struct bpmn *bpmn, const Bl__Text *text)
{
    return wording_text(text, bpmn->options->language);
}

static void put_text(const struct bpmn *bpmn, const char *text)
{
    graph_text_xml(bpmn->out, bl_text_of(text));
}

/* --- ids: of an item's own node, and of the gateways before and behind it ----------------------
 */

static const char *id_of(struct bpmn *bpmn, const char *kind, const char *id)
{
    return bl_arena_printf(&bpmn->arena, "%s_%s", kind, id);
}

static bool has_join(const struct definition_item *item)
{
    return item->needs.branch_count > 1;
}

/* Where flows into an item go, and where its own come from. */
static const char *entry_of(struct bpmn *bpmn, const struct definition_item *item)
{
    return id_of(bpmn, has_join(item) ? "join" : item->when != NULL ? "if" : "item", item->id);
}

static const char *exit_of(struct bpmn *bpmn, const struct definition_item *item)
{
    return id_of(bpmn, item->when != NULL ? "fi" : "item", item->id);
}

/* --- flows ------------------------------------------------------------------------------------ */

static void add_flow(struct bpmn *bpmn, const char *from, const char *to, const char *condition)
{
    bpmn->flows[bpmn->flow_count++] = (struct flow){ from, to, condition };
}

static void add_inner_flows(struct bpmn *bpmn, const struct definition_item *item)
{
    const char *own = id_of(bpmn, "item", item->id), *gate = id_of(bpmn, "if", item->id);

    if (has_join(item)) {
        add_flow(bpmn, id_of(bpmn, "join", item->id), item->when != NULL ? gate : own, NULL);
    }
    if (item->when != NULL) {
        add_flow(bpmn, gate, own, item->source->when);
        add_flow(bpmn, gate, exit_of(bpmn, item), NULL);
        add_flow(bpmn, own, exit_of(bpmn, item), NULL);
    }
}

static void add_flows(struct bpmn *bpmn)
{
    const struct definition *definition = bpmn->definition;
    size_t most = 1;

    for (size_t i = 0; i < definition->item_count; i++) {
        most += FLOWS_OF_ITEM + definition->items[i].needs.branch_count;
    }
    bpmn->flows = bl_arena_array(&bpmn->arena, struct flow, most);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        for (size_t j = 0; j < item->needs.branch_count; j++) {
            add_flow(bpmn, exit_of(bpmn, &definition->items[item->needs.branches[j]]),
                     entry_of(bpmn, item), NULL);
        }
        if (item->needs.branch_count == 0) {
            add_flow(bpmn, "start", entry_of(bpmn, item), NULL);
        }
        add_inner_flows(bpmn, item);
        add_flow(bpmn, exit_of(bpmn, item), "join", NULL);
    }
    add_flow(bpmn, "join", "end", NULL);
}

/* Which flows a node has; BPMN wants them named at both ends. */
static void put_flows_of(const struct bpmn *bpmn, const char *node)
{
    for (size_t i = 0; i < bpmn->flow_count; i++) {
        if (strcmp(bpmn->flows[i].to, node) == 0) {
            (void)fprintf(bpmn->out, "      <incoming>flow_%zu</incoming>\n", i);
        }
    }
    for (size_t i = 0; i < bpmn->flow_count; i++) {
        if (strcmp(bpmn->flows[i].from, node) == 0) {
            (void)fprintf(bpmn->out, "      <outgoing>flow_%zu</outgoing>\n", i);
        }
    }
}

static void put_flows(const struct bpmn *bpmn)
{
    for (size_t i = 0; i < bpmn->flow_count; i++) {
        const struct flow *flow = &bpmn->flows[i];

        (void)fprintf(bpmn->out,
                      "    <sequenceFlow id=\"flow_%zu\" sourceRef=\"%s\" targetRef=\"%s\"", i,
                      flow->from, flow->to);
        if (flow->condition == NULL) {
            (void)fputs("/>\n", bpmn->out);
            continue;
        }
        (void)fputs(">\n      <conditionExpression xsi:type=\"tFormalExpression\" "
                    "language=\"https://cel.dev\">",
                    bpmn->out);
        put_text(bpmn, flow->condition);
        (void)fputs("</conditionExpression>\n    </sequenceFlow>\n", bpmn->out);
    }
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void open_node(const struct bpmn *bpmn, const char *element, const char *id,
                      const char *name)
{
    (void)fprintf(bpmn->out, "    <%s id=\"%s\" name=\"", element, id);
    put_text(bpmn, name);
    (void)fputc('"', bpmn->out);
}

static void put_documentation(const struct bpmn *bpmn, const struct definition_item *item)
{
    char limit[WORDING_LIMIT];
    enum language language = bpmn->options->language;
    bool zh = language == LANGUAGE_ZH;

    (void)fprintf(bpmn->out, "      <documentation>%s %s", zh ? "承诺" : "promise",
                  wording_limit(item->promise, language, limit));
    if (item->legal.halves > 0) {
        (void)fprintf(bpmn->out, "; %s %s", zh ? "法定" : "legal",
                      wording_limit(item->legal, language, limit));
    }
    for (size_t i = 0; i < item->special_count; i++) {
        (void)fprintf(bpmn->out, "; %s ", zh ? "可停表" : "may stop for");
        put_text(bpmn, bpmn->definition->special[item->special[i]].id);
    }
    if (item->tacit) {
        (void)fputs(zh ? "; 逾期视为同意" : "; silence is consent", bpmn->out);
    }
    (void)fputs("</documentation>\n", bpmn->out);
}

/* Internal circulation: its own start, a user task for each step, its own end. */
static void put_steps(const struct bpmn *bpmn, const struct definition_item *item)
{
    (void)fprintf(bpmn->out, "      <startEvent id=\"begin_%s\"/>\n", item->id);
    for (size_t i = 0; i < item->step_count; i++) {
        const struct definition_step *step = &item->steps[i];
        bool machine = strcmp(step->role, "machine") == 0;

        (void)fprintf(bpmn->out, "      <%s id=\"step_%s_%s\" name=\"",
                      machine ? "serviceTask" : "userTask", item->id, step->id);
        put_text(bpmn, words_of(bpmn, step->source->title));
        (void)fputs("\"/>\n", bpmn->out);
    }
    (void)fprintf(bpmn->out, "      <endEvent id=\"done_%s\"/>\n", item->id);
    for (size_t i = 0; i <= item->step_count; i++) {
        (void)fprintf(bpmn->out, "      <sequenceFlow id=\"inner_%s_%zu\" sourceRef=\"%s_%s%s%s\" ",
                      item->id, i, i == 0 ? "begin" : "step", item->id, i == 0 ? "" : "_",
                      i == 0 ? "" : item->steps[i - 1].id);
        (void)fprintf(bpmn->out, "targetRef=\"%s_%s%s%s\"/>\n",
                      i == item->step_count ? "done" : "step", item->id,
                      i == item->step_count ? "" : "_",
                      i == item->step_count ? "" : item->steps[i].id);
    }
}

static void put_item(struct bpmn *bpmn, const struct definition_item *item)
{
    const char *element = item->step_count > 0 ? "subProcess" : "serviceTask";
    const char *id = id_of(bpmn, "item", item->id);

    open_node(bpmn, element, id, words_of(bpmn, item->source->title));
    (void)fputs(">\n", bpmn->out);
    put_documentation(bpmn, item);
    put_flows_of(bpmn, id);
    if (item->step_count > 0) {
        put_steps(bpmn, item);
    }
    (void)fprintf(bpmn->out, "    </%s>\n", element);
}

static void put_join(struct bpmn *bpmn, const struct definition_join *join, const char *id)
{
    bool all = join->kind == JOIN_ALL;
    const char *element = all ? "parallelGateway" : "complexGateway";
    const char *name = all                      ? ""
                       : join->kind == JOIN_ANY ? "1"
                       : join->kind == JOIN_COUNT
                           ? bl_arena_printf(&bpmn->arena, "%u/%zu", join->need, join->branch_count)
                           : "=";

    open_node(bpmn, element, id, name);
    (void)fputs(" gatewayDirection=\"Converging\">\n", bpmn->out);
    put_flows_of(bpmn, id);
    (void)fprintf(bpmn->out, "    </%s>\n", element);
}

/* The flow that leads past the item is the default of its gateway. */
static size_t default_of(const struct bpmn *bpmn, const char *gate)
{
    size_t i = 0;

    while (strcmp(bpmn->flows[i].from, gate) != 0 || bpmn->flows[i].condition != NULL) {
        i++;
        CHECK(i < bpmn->flow_count);
    }
    return i;
}

static void put_gateways(struct bpmn *bpmn, const struct definition_item *item)
{
    const char *gate = id_of(bpmn, "if", item->id), *merge = id_of(bpmn, "fi", item->id);

    if (has_join(item)) {
        put_join(bpmn, &item->needs, id_of(bpmn, "join", item->id));
    }
    if (item->when == NULL) {
        return;
    }
    open_node(bpmn, "exclusiveGateway", gate, "");
    (void)fprintf(bpmn->out, " gatewayDirection=\"Diverging\" default=\"flow_%zu\">\n",
                  default_of(bpmn, gate));
    put_flows_of(bpmn, gate);
    (void)fputs("    </exclusiveGateway>\n", bpmn->out);
    open_node(bpmn, "exclusiveGateway", merge, "");
    (void)fputs(" gatewayDirection=\"Converging\">\n", bpmn->out);
    put_flows_of(bpmn, merge);
    (void)fputs("    </exclusiveGateway>\n", bpmn->out);
}

static void put_event(const struct bpmn *bpmn, const char *element, const char *id,
                      const char *name)
{
    open_node(bpmn, element, id, name);
    (void)fputs(">\n", bpmn->out);
    put_flows_of(bpmn, id);
    (void)fprintf(bpmn->out, "    </%s>\n", element);
}

/* --- lanes ------------------------------------------------------------------------------------ */

static bool is_first_of_department(const struct definition *definition, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(definition->items[i].department, definition->items[index].department) == 0) {
            return false;
        }
    }
    return true;
}

static const char *title_of(const struct bpmn *bpmn, const char *department)
{
    const Bl__DepartmentsFile *departments = bpmn->options->departments;

    for (size_t i = 0; departments != NULL && i < departments->n_departments; i++) {
        if (strcmp(departments->departments[i]->key, department) == 0) {
            return words_of(bpmn, departments->departments[i]->value->title);
        }
    }
    return department;
}

static void put_lane(const struct bpmn *bpmn, const char *department)
{
    const struct definition *definition = bpmn->definition;

    (void)fprintf(bpmn->out, "      <lane id=\"lane_%s\" name=\"", department);
    put_text(bpmn, title_of(bpmn, department));
    (void)fputs("\">\n", bpmn->out);
    for (size_t i = 0; i < definition->item_count; i++) {
        if (strcmp(definition->items[i].department, department) == 0) {
            (void)fprintf(bpmn->out, "        <flowNodeRef>item_%s</flowNodeRef>\n",
                          definition->items[i].id);
        }
    }
    (void)fputs("      </lane>\n", bpmn->out);
}

static void put_lanes(const struct bpmn *bpmn)
{
    (void)fputs("    <laneSet id=\"lanes\">\n", bpmn->out);
    for (size_t i = 0; i < bpmn->definition->item_count; i++) {
        if (is_first_of_department(bpmn->definition, i)) {
            put_lane(bpmn, bpmn->definition->items[i].department);
        }
    }
    (void)fputs("    </laneSet>\n", bpmn->out);
}

/* --- all of it -------------------------------------------------------------------------------- */

static void put_process(struct bpmn *bpmn)
{
    const struct definition *definition = bpmn->definition;
    bool zh = bpmn->options->language == LANGUAGE_ZH;

    (void)fprintf(bpmn->out, "  <process id=\"workflow_%s\" isExecutable=\"false\" name=\"",
                  definition->workflow);
    put_text(bpmn, words_of(bpmn, definition->source->title));
    (void)fputs("\">\n", bpmn->out);
    put_lanes(bpmn);
    put_event(bpmn, "startEvent", "start", zh ? "受理" : "accept");
    for (size_t i = 0; i < definition->item_count; i++) {
        put_gateways(bpmn, &definition->items[i]);
        put_item(bpmn, &definition->items[i]);
    }
    put_join(bpmn, &definition->join, "join");
    put_event(bpmn, "endEvent", "end", zh ? "办结" : "end");
    put_flows(bpmn);
    (void)fputs("  </process>\n", bpmn->out);
}

void graph_bpmn(FILE *out, const struct definition *definition, const struct graph_options *options)
{
    struct bpmn bpmn = { .out = out, .definition = definition, .options = options };

    bl_arena_init(&bpmn.arena, 1 << 12, SIZE_MAX);
    add_flows(&bpmn);
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "
                "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                "targetNamespace=\"urn:binglian\">\n",
                out);
    put_process(&bpmn);
    (void)fputs("</definitions>\n", out);
    bl_arena_free(&bpmn.arena);
}
