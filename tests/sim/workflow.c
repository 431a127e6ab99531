/* What the hall runs: small workflows made from the seed, and in some runs the real ones. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "schema/problem.h"
#include "sim.h"

#define YAML_BYTES_MAX 16384

const char *const sim_departments[SIM_DEPARTMENTS] = { "amr", "fire", "urban", "tax" };

const char sim_channel[] = "sms";

/* A calendar and departments that are read in no time; the real ones are in a run of every eight.
 */
static const char small_calendar[] =
    "calendar: cn\n"
    "utc_offset: \"+08:00\"\n"
    "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"
    "fixed: [01-01, 05-01..05-02, 10-01..10-03]\n"
    "years:\n";
static const char small_years[] =
    "  2026: {holidays: [01-01..01-03, 12-02], workdays: [12-05], source: 通知, reviewed: true}\n"
    "  2027: {holidays: [01-01..01-03, 02-05..02-11], workdays: [], source: 通知, reviewed: "
    "true}\n";

struct text {
    char *at;
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int bytes = vsnprintf(text->at + text->count, YAML_BYTES_MAX - text->count, format, arguments);
    va_end(arguments);
    CHECK(bytes >= 0 && text->count + (size_t)bytes < YAML_BYTES_MAX);
    text->count += (size_t)bytes;
}

static struct text text_new(void)
{
    struct text text = { malloc(YAML_BYTES_MAX), 0 };

    CHECK(text.at != NULL);
    return text;
}

/* Days of the winter in which a run takes place: holidays of which each may or may not be one, and
 * weekends that are worked. */
static char *make_calendar(struct sim *sim)
{
    struct text text = text_new();
    static const unsigned saturdays[] = { 5, 12, 19, 26 };

    add(&text, "%s  2026: {holidays: [01-01", small_calendar);
    for (unsigned day = 24; day <= 30; day++) {
        if (day != 28 && day != 29 && sim_chance(sim, 4) == 0) {
            add(&text, ", 11-%u", day);
        }
    }
    for (unsigned day = 1; day <= 31; day++) {
        if (day % 7 != 5 && day % 7 != 6 && sim_chance(sim, 6) == 0) {  // no weekend
            add(&text, ", 12-%02u", day);
        }
    }
    add(&text, "], workdays: [01-04");
    for (size_t i = 0; i < BL_COUNT(saturdays); i++) {
        if (sim_chance(sim, 3) == 0) {
            add(&text, ", 12-%02u", saturdays[i] + 1);
        }
    }
    add(&text,
        "], source: 通知, reviewed: true}\n"
        "  2027: {holidays: [01-01..01-03, 02-05..02-%02u], workdays: [], source: 通知, "
        "reviewed: true}\n",
        6 + (unsigned)sim_chance(sim, 8));
    return text.at;
}

static char *make_departments(void)
{
    struct text text = text_new();

    add(&text, "departments:\n");
    for (size_t i = 0; i < SIM_DEPARTMENTS; i++) {
        add(&text,
            "  %s:\n    title: {zh: 局, en: Office}\n    posts:\n"
            "      %s-01: {title: {zh: 岗, en: Post}, roles: [reviewer, decider], officer: "
            "王晓燕}\n"
            "      %s-02: {title: {zh: 岗, en: Post}, roles: [reviewer, decider], officer: "
            "刘建国}\n"
            "      %s-03: {title: {zh: 岗, en: Post}, roles: [section_head, organ_head, "
            "government], officer: 陈主任}\n",
            sim_departments[i], sim_departments[i], sim_departments[i], sim_departments[i]);
    }
    add(&text, "  %s:\n    title: {zh: 短信平台, en: Text messages}\n", sim_channel);
    return text.at;
}

static char *read_file(const char *name, size_t *count)
{
    char path[600];
    char *bytes = malloc(1 << 20);

    CHECK(bytes != NULL);
    (void)snprintf(path, sizeof path, "%s/%s", SOURCE_DIR, name);
    FILE *in = fopen(path, "r");
    CHECK(in != NULL);
    *count = fread(bytes, 1, (1 << 20) - 1, in);
    bytes[*count] = '\0';
    (void)fclose(in);
    return bytes;
}

/* --- one workflow from the seed --------------------------------------------------------------- */

static const struct {
    const char *text;
    uint32_t days;  // rounded up
} limits[] = { { "0.5WD", 1 }, { "1WD", 1 }, { "2WD", 2 }, { "3WD", 3 },
               { "4WH", 1 },   { "1WH", 1 }, { "2NH", 1 }, { "3ND", 3 } };

/* Some of the items before `before`, at least one, as "a, b"; `chosen` gets which. */
static uint32_t add_some(struct sim *sim, struct text *text, uint32_t before, bool *chosen)
{
    uint32_t count = 0, always = (uint32_t)sim_chance(sim, before);

    for (uint32_t i = 0; i < before; i++) {
        chosen[i] = i == always || sim_chance(sim, 3) == 0;
        if (chosen[i]) {
            add(text, "%si%u", count > 0 ? ", " : "", i);
            count++;
        }
    }
    return count;
}

static void add_veto(struct sim *sim, struct text *text, const bool *chosen, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (chosen[i] && sim_chance(sim, 3) == 0) {
            add(text, ", veto: [i%u]", i);
            return;
        }
    }
}

static void add_rule(struct sim *sim, struct text *text, uint32_t branches)
{
    static const char *const late[] = { "", ", late: record", ", late: hold", ", late: cancel" };

    switch (sim_chance(sim, 3)) {
    case 0:
        add(text, "need: all");
        break;
    case 1:
        add(text, "need: any");
        break;
    default:
        add(text, "need: %u", 1 + (uint32_t)sim_chance(sim, branches));
        break;
    }
    add(text, "%s", late[sim_chance(sim, BL_COUNT(late))]);
}

static void add_needs(struct sim *sim, struct text *text, uint32_t index, bool *chosen)
{
    struct text list = text_new();
    uint32_t count = add_some(sim, &list, index, chosen);

    if (sim_chance(sim, 2) == 0) {
        add(text, ", needs: [%s]", list.at);
    } else {
        add(text, ", needs: {");
        add_rule(sim, text, count);
        add(text, ", of: [%s]", list.at);
        add_veto(sim, text, chosen, index);
        add(text, "}");
    }
    free(list.at);
}

/* Returns the days that the item takes. */
/* Internal circulation: people, machines, or both in turn. */
static void add_steps(struct sim *sim, struct text *text)
{
    static const char *const steps[] = {
        "{id: d, title: 决定, role: decider}",
        "{id: r, title: 审查, role: reviewer}, {id: d, title: 决定, role: decider}",
        "{id: r, title: 审查, role: reviewer, signers: {need: 2}}, {id: m, title: 核验, "
        "role: machine}, {id: n, title: 制证, role: machine}",
        "{id: m, title: 核验, role: machine}, {id: d, title: 决定, role: decider, "
        "signers: {need: all, in_order: true}}",
    };

    if (sim_chance(sim, 4) == 0) {
        add(text, ", steps: [%s]", steps[sim_chance(sim, BL_COUNT(steps))]);
    }
}

/* What may become of an item besides a decision. Returns the days that it takes above. */
static uint32_t add_course(struct sim *sim, struct text *text, uint64_t department, bool tolerant)
{
    static const char *const ends[] = {
        "", ", outcome: {document: 证, deliver: [window, post], limit: 2WD}",
        ", outcome: {document: 证, deliver: [e_licence]}"
    };

    uint32_t above = 0;

    add(text, ", materials: [lease, photo]");
    add(text, "%s", ends[sim_chance(sim, BL_COUNT(ends))]);
    if (sim_chance(sim, 4) != 0) {
        add(text, ", special: [hearing, test], stops_max: %u", 1 + (uint32_t)sim_chance(sim, 4));
    }
    if (sim_chance(sim, 4) == 0) {
        add(text, ", on_overdue: {action: tacit}");
    } else if (sim_chance(sim, 4) == 0) {
        add(text, ", safety: true");
    }
    if (sim_chance(sim, 4) == 0) {
        add(text, ", extension: {at_most: 3 working days, approver: organ_head}");
    }
    if (sim_chance(sim, 6) == 0) {
        add(text, ", acceptance: department");
    }
    if (sim_chance(sim, 6) == 0) {
        add(text, ", correction: 2WD");
    }
    if (sim_chance(sim, 6) == 0) {
        add(text, ", notify_commit: {post_check: 3WD, when: form.area < 300.0}");
    } else if (sim_chance(sim, 6) == 0) {
        above = 2;
        add(text, ", kind: upward, upper: {department: %s, promise: 2WD%s}",
            sim_departments[(department + 1 + sim_chance(sim, SIM_DEPARTMENTS - 1)) %
                            SIM_DEPARTMENTS],
            sim_chance(sim, 2) == 0 ? ", legal: 5WD" : "");
    }
    if (sim_chance(sim, 6) == 0) {
        add(text, ", not_before: opens");
    }
    if (tolerant && sim_chance(sim, 3) == 0) {
        add(text, ", issue_with_gap: true");
    }
    add(text, "%s%s", sim_chance(sim, 4) == 0 ? ", visit: site" : "",
        sim_chance(sim, 6) == 0 ? ", ordered: true" : "");
    return above;
}

static uint32_t add_item(struct sim *sim, struct sim_workflow *workflow, struct text *text,
                         uint32_t index, uint64_t limit, bool tolerant)
{
    uint64_t department = sim_chance(sim, SIM_DEPARTMENTS);
    bool chosen[SIM_ITEMS_MAX] = { 0 };
    uint64_t kind = sim_chance(sim, 10);

    add(text,
        "  i%u: {title: {zh: 项, en: Item}, department: %s, promise: %s, fields: [name, area]",
        index, sim_departments[department], limits[limit].text);
    if (sim_chance(sim, 2) == 0) {
        add(text, ", legal: 6WD");
    }
    if (index > 0 && sim_chance(sim, 5) < 3) {
        add_needs(sim, text, index, chosen);
    }
    if (kind < 3) {
        workflow->area_over[index] = (double)(100 * (1 + sim_chance(sim, 5)));
        add(text, ", when: \"form.area > %.0f\"", workflow->area_over[index]);
    } else if (kind == 3) {
        for (uint32_t i = 0; i < index; i++) {
            if (chosen[i]) {
                add(text, ", when: \"item.i%u.result == 'granted'\"", i);
                break;
            }
        }
    }
    add_steps(sim, text);
    uint32_t above = add_course(sim, text, department, tolerant);
    add(text, "}\n");
    return limits[limit].days + above;
}

static void add_whole(struct sim *sim, struct text *text, uint32_t items)
{
    if (sim_chance(sim, 3) == 0) {
        add(text, "join: {need: all, on_reject: %s}\n",
            sim_chance(sim, 2) == 0 ? "stop_others" : "finish_others");
    } else {
        bool all[SIM_ITEMS_MAX];

        memset(all, true, sizeof all);
        add(text, "join: {");
        add_rule(sim, text, items);
        add_veto(sim, text, all, items);
        add(text, "}\n");
    }
}

static void add_tolerance(struct sim *sim, struct text *text, const char *limit)
{
    static const char *const late[] = { "return", "deny", "wait" };

    add(text, "tolerant: {supplement: %s, on_late: %s}\n", limit,
        late[sim_chance(sim, BL_COUNT(late))]);
}

/* What holds for the whole. */
static void add_rules(struct sim *sim, struct text *text)
{
    if (sim_chance(sim, 2) == 0) {
        add(text, "notify: %u working days\ncorrection: %u working days\n",
            1 + (uint32_t)sim_chance(sim, 4), 1 + (uint32_t)sim_chance(sim, 4));
    }
    if (sim_chance(sim, 3) == 0) {
        add(text, "recall: 1 working day\n");
    }
    if (sim_chance(sim, 2) == 0) {
        add(text, "notices: [%s]\n", sim_channel);
    }
    if (sim_chance(sim, 3) == 0) {
        add(text, "extension: {at_most: 5 working days, approver: government}\n");
    }
    if (sim_chance(sim, 3) == 0) {
        add(text, "escalation: [{to: head}, {after: 1WD, to: office, reply: 1WD, on_legal: true}, "
                  "{after: 2WD, to: county}]\n");
    }
}

static void make_yaml(struct sim *sim, struct sim_workflow *workflow)
{
    struct text text = text_new(), items = text_new();
    uint32_t count = 1 + (uint32_t)sim_chance(sim, 6), days = 1;

    uint64_t first = sim_chance(sim, BL_COUNT(limits));
    bool tolerant = sim_chance(sim, 2) == 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t limit = i == 0 ? first : sim_chance(sim, BL_COUNT(limits));

        days += add_item(sim, workflow, &items, i, limit, tolerant);
    }
    add(&text, "workflow: %s\nversion: %u\ntitle: {zh: 流程, en: Flow}\ncalendar: cn\n",
        workflow->id, workflow->version);
    add(&text, "handling: joint\nlead: amr\npromise: %u working days\nlegal: 45 working days\n",
        days);
    add(&text, "number: \"%c-{date}-{seq:4}\"\n%s", 'A' + (int)sim_chance(sim, 3),
        sim_chance(sim, 7) == 0 ? "acceptance: department\n" : "");
    if (tolerant) {  // never longer than the longest promise
        add_tolerance(sim, &text, limits[first].text);
    }
    add_rules(sim, &text);
    add(&text,
        "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"
        "      area: {type: number, label: {zh: 面积, en: Area}, required: true, min: 1}\n"
        "      name: {type: text, label: {zh: 名, en: Name}, required: true, max: 60}\n"
        "      opens: {type: date, label: {zh: 日, en: Day}}\n"
        "materials:\n"
        "  lease: {title: 合同, formats: [pdf], essential: true}\n"
        "  photo: {title: 照片, formats: [pdf], deferrable: true}\n"
        "special:\n"
        "  hearing: {title: {zh: 听证, en: Hearing}, at_most: %uWD}\n"
        "  test: {title: {zh: 检验, en: Test}, at_most: 2WD}\n"
        "items:\n%s",
        sim_chance(sim, 2) == 0 ? 3U : 40U, items.at);
    add_whole(sim, &text, count);
    add(&text, "trial: true\n");
    free(items.at);
    workflow->yaml = text.at;
    workflow->yaml_bytes = text.count;
}

/* Loads it as the broker will; a workflow that is refused here is a bug of the maker's. */
static void load(struct sim *sim, struct sim_workflow *workflow)
{
    struct bl_arena scratch;
    struct schema_problems problems;

    bl_arena_init(&scratch, 1 << 14, 1 << 26);
    schema_problems_init(&problems, &scratch);
    if (definition_load(workflow->yaml, workflow->yaml_bytes, workflow->id, NULL,
                        &workflow->definition, &problems) != BL_OK) {
        for (uint32_t i = 0; i < problems.count; i++) {
            (void)fprintf(stderr, "%u:%u: %s\n", problems.problems[i].line,
                          problems.problems[i].column, problems.problems[i].text);
        }
        (void)fprintf(stderr, "%s\n", workflow->yaml);
        sim_fail(sim, 0, "the simulation has made a workflow that cannot be loaded");
    }
    CHECK(workflow->definition->item_count <= SIM_ITEMS_MAX);
    bl_arena_free(&scratch);
}

static void publish(struct sim *sim, Bl__Publication__Kind kind, const char *file,
                    const char *source)
{
    CHECK(sim->publication_count < SIM_PUBLICATIONS_MAX);
    sim->publications[sim->publication_count++] = (struct sim_publication){ kind, file, source };
}

static void publish_calendar(struct sim *sim, char *source)
{
    CHECK(source != NULL && sim->calendar_count < SIM_CALENDARS_MAX);
    sim->calendars[sim->calendar_count++] = source;
    publish(sim, BL__PUBLICATION__KIND__CALENDAR, "cn.yaml", source);
}

void calendars_add(struct sim *sim)
{
    if (sim->calendar_count < SIM_CALENDARS_MAX) {
        publish_calendar(sim, make_calendar(sim));
    }
}

static struct sim_workflow *workflow_new(struct sim *sim)
{
    CHECK(sim->workflow_count < SIM_WORKFLOWS_MAX);
    struct sim_workflow *workflow = &sim->workflows[sim->workflow_count++];

    memset(workflow, 0, sizeof *workflow);
    return workflow;
}

static void make_ours(struct sim *sim, const char *id, uint32_t version)
{
    struct sim_workflow *workflow = workflow_new(sim);

    (void)snprintf(workflow->id, sizeof workflow->id, "%s", id);
    workflow->version = version;
    workflow->is_ours = true;
    make_yaml(sim, workflow);
    load(sim, workflow);
    publish(sim, BL__PUBLICATION__KIND__WORKFLOW, "workflow.yaml", workflow->yaml);
}

void workflows_add(struct sim *sim)
{
    if (sim->workflow_count == SIM_WORKFLOWS_MAX) {
        return;
    }
    const struct sim_workflow *like = &sim->workflows[sim_chance(sim, sim->workflow_count)];
    char id[sizeof like->id];
    uint32_t version = 1;

    (void)snprintf(id, sizeof id, "%s", like->is_ours ? like->id : "w0");
    for (uint32_t i = 0; i < sim->workflow_count; i++) {
        if (strcmp(sim->workflows[i].id, id) == 0 && sim->workflows[i].version >= version) {
            version = sim->workflows[i].version + 1;
        }
    }
    make_ours(sim, id, version);
}

static void load_real(struct sim *sim, const char *name)
{
    struct sim_workflow *workflow = workflow_new(sim);
    char path[128];

    (void)snprintf(path, sizeof path, "workflows/%s.yaml", name);
    (void)snprintf(workflow->id, sizeof workflow->id, "%s", name);
    workflow->version = 1;
    workflow->yaml = read_file(path, &workflow->yaml_bytes);
    load(sim, workflow);
    publish(sim, BL__PUBLICATION__KIND__WORKFLOW, "workflow.yaml", workflow->yaml);
}

static char *first_calendar(void)
{
    struct text text = text_new();

    add(&text, "%s%s", small_calendar, small_years);
    return text.at;
}

void workflows_make(struct sim *sim)
{
    bool real = sim->options.seed % 8 == 0;
    uint32_t ours = 1 + (uint32_t)sim_chance(sim, 3);
    size_t bytes;

    publish_calendar(sim,
                     real ? read_file("workflows/calendars/cn.yaml", &bytes) : first_calendar());
    sim->departments = real ? read_file("workflows/departments.yaml", &bytes) : make_departments();
    publish(sim, BL__PUBLICATION__KIND__DEPARTMENTS, "departments.yaml", sim->departments);
    for (uint32_t i = 0; i < ours; i++) {
        char id[16];

        (void)snprintf(id, sizeof id, "w%u", i);
        make_ours(sim, id, 1);
    }
    if (real) {
        load_real(sim, "restaurant");
        load_real(sim, "company_startup");
        load_real(sim, "newborn");
    }
}

void workflows_free(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->workflow_count; i++) {
        free(sim->workflows[i].yaml);
        definition_free(&sim->workflows[i].definition);
    }
    for (uint32_t i = 0; i < sim->calendar_count; i++) {
        free(sim->calendars[i]);
    }
    free(sim->departments);
}

/* --- a form ----------------------------------------------------------------------------------- */

static Google__Protobuf__Struct *fill_fields(struct sim *sim, const struct definition_field *fields,
                                             size_t count, double area, struct bl_arena *arena);

static Google__Protobuf__Value *value_new(struct bl_arena *arena,
                                          Google__Protobuf__Value__KindCase kind)
{
    Google__Protobuf__Value *value = bl_arena_new(arena, Google__Protobuf__Value);

    google__protobuf__value__init(value);
    value->kind_case = kind;
    return value;
}

static Google__Protobuf__Value *text_value(struct bl_arena *arena, const char *text)
{
    Google__Protobuf__Value *value = value_new(arena, GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE);

    value->string_value = (char *)text;
    return value;
}

static Google__Protobuf__Value *number_value(struct bl_arena *arena, double number)
{
    Google__Protobuf__Value *value = value_new(arena, GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE);

    value->number_value = number;
    return value;
}

/* A list of `count` values; the caller fills them. */
static Google__Protobuf__Value *list_value(struct bl_arena *arena, size_t count)
{
    Google__Protobuf__Value *value = value_new(arena, GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE);

    value->list_value = bl_arena_new(arena, Google__Protobuf__ListValue);
    google__protobuf__list_value__init(value->list_value);
    value->list_value->n_values = count;
    value->list_value->values = bl_arena_array(arena, Google__Protobuf__Value *, count + 1);
    return value;
}

static Google__Protobuf__Value *some_text(const struct definition_field *field,
                                          struct bl_arena *arena)
{
    uint32_t characters = field->has_min && field->min > 2 ? (uint32_t)field->min : 2;
    char *text = bl_arena_zero(arena, 3 * characters + 1);

    for (uint32_t i = 0; i < characters; i++) {
        memcpy(text + (size_t)3 * i, "面", 3);
    }
    return text_value(arena, text);
}

static Google__Protobuf__Value *some_rows(struct sim *sim, const struct definition_field *field,
                                          struct bl_arena *arena)
{
    Google__Protobuf__Value *list = list_value(arena, 1 + sim_chance(sim, 2));

    for (size_t i = 0; i < list->list_value->n_values; i++) {
        Google__Protobuf__Value *row = value_new(arena, GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE);

        row->struct_value = fill_fields(sim, field->columns, field->column_count, 1, arena);
        list->list_value->values[i] = row;
    }
    return list;
}

/* A valid answer to one question. */
static Google__Protobuf__Value *fill(struct sim *sim, const struct definition_field *field,
                                     double area, struct bl_arena *arena)
{
    Google__Protobuf__Value *value;

    switch (field->type) {
    case BL__FIELD_DEFINITION__TYPE__TEXT:
    case BL__FIELD_DEFINITION__TYPE__LONG_TEXT:
    case BL__FIELD_DEFINITION__TYPE__ADDRESS:
        return some_text(field, arena);
    case BL__FIELD_DEFINITION__TYPE__NUMBER:
    case BL__FIELD_DEFINITION__TYPE__INTEGER:
    case BL__FIELD_DEFINITION__TYPE__MONEY:
        return number_value(arena, field->has_max && area > field->max   ? field->max
                                   : field->has_min && area < field->min ? field->min
                                                                         : area);
    case BL__FIELD_DEFINITION__TYPE__DATE:
        return text_value(
            arena, bl_arena_printf(arena, "2026-11-%02u", (unsigned)(20 + sim_chance(sim, 9))));
    case BL__FIELD_DEFINITION__TYPE__YES_NO:
        value = value_new(arena, GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE);
        value->bool_value = sim_chance(sim, 2) == 0;
        return value;
    case BL__FIELD_DEFINITION__TYPE__CHOICE:
        return text_value(arena, field->options[sim_chance(sim, field->option_count)]);
    case BL__FIELD_DEFINITION__TYPE__CHOICES:
        value = list_value(arena, 1);
        value->list_value->values[0] =
            text_value(arena, field->options[sim_chance(sim, field->option_count)]);
        return value;
    case BL__FIELD_DEFINITION__TYPE__PHONE:
        return text_value(arena, "13800000000");
    case BL__FIELD_DEFINITION__TYPE__EMAIL:
        return text_value(arena, "zhang@example.cn");
    case BL__FIELD_DEFINITION__TYPE__CN_ID:
        return text_value(arena, "11010519491231002X");
    case BL__FIELD_DEFINITION__TYPE__USCC:
        return text_value(arena, "91350100M000100Y43");
    case BL__FIELD_DEFINITION__TYPE__TABLE:
        return some_rows(sim, field, arena);
    case BL__FIELD_DEFINITION__TYPE__TYPE_UNSPECIFIED:
        break;
    }
    UNREACHABLE();
}

static Google__Protobuf__Struct *fill_fields(struct sim *sim, const struct definition_field *fields,
                                             size_t count, double area, struct bl_arena *arena)
{
    Google__Protobuf__Struct *message = bl_arena_new(arena, Google__Protobuf__Struct);

    google__protobuf__struct__init(message);
    message->fields = bl_arena_array(arena, Google__Protobuf__Struct__FieldsEntry *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!fields[i].required && sim_chance(sim, 3) == 0) {
            continue;
        }
        Google__Protobuf__Struct__FieldsEntry *entry =
            bl_arena_new(arena, Google__Protobuf__Struct__FieldsEntry);
        google__protobuf__struct__fields_entry__init(entry);
        entry->key = (char *)fields[i].name;
        entry->value = fill(sim, &fields[i], area, arena);
        message->fields[message->n_fields++] = entry;
    }
    return message;
}

static void fill_materials(const struct definition *definition, Bl__Content *content,
                           struct bl_arena *arena)
{
    content->materials = bl_arena_array(arena, Bl__Material *, definition->material_count + 1);
    for (size_t i = 0; i < definition->material_count; i++) {
        if (definition->materials[i].essential) {
            Bl__Material *material = bl_arena_new(arena, Bl__Material);

            bl__material__init(material);
            material->id = definition->materials[i].id;
            material->file = "a.pdf";
            content->materials[content->n_materials++] = material;
        }
    }
}

const struct sim_workflow *workflow_of(const struct sim *sim, const Bl__Application *application)
{
    for (uint32_t i = 0; i < sim->workflow_count; i++) {
        if (strcmp(sim->workflows[i].id, application->workflow) == 0 &&
            sim->workflows[i].version == application->version) {
            return &sim->workflows[i];
        }
    }
    UNREACHABLE();
}

static void pack_form(const Google__Protobuf__Struct *form, ProtobufCBinaryData *to,
                      struct bl_arena *arena)
{
    to->len = google__protobuf__struct__get_packed_size(form);
    to->data = bl_arena_alloc(arena, to->len + 1);
    google__protobuf__struct__pack(form, to->data);
}

void workflow_fields(struct sim *sim, const struct sim_workflow *workflow, ProtobufCBinaryData *to,
                     struct bl_arena *arena)
{
    const struct definition *definition = workflow->definition;

    if (definition->field_count > 0) {
        const struct definition_field *field =
            &definition->fields[sim_chance(sim, definition->field_count)];

        pack_form(fill_fields(sim, field, 1, (double)(1 + sim_chance(sim, 600)), arena), to, arena);
    }
}

struct bl_text workflow_content(struct sim *sim, const struct sim_workflow *workflow,
                                uint64_t serial, uint32_t variant, double area,
                                struct bl_arena *arena)
{
    const struct definition *definition = workflow->definition;
    Bl__Content content = BL__CONTENT__INIT;
    Bl__Applicant applicant = BL__APPLICANT__INIT;
    Google__Protobuf__Struct *form =
        fill_fields(sim, definition->fields, definition->field_count, area, arena);

    applicant.name =
        bl_arena_printf(arena, "%llu-%u-%.0f", (unsigned long long)serial, variant, area);
    content.applicant = &applicant;
    pack_form(form, &content.form, arena);
    fill_materials(definition, &content, arena);
    size_t bytes = bl__content__get_packed_size(&content);
    uint8_t *packed = bl_arena_alloc(arena, bytes);
    bl__content__pack(&content, packed);
    return (struct bl_text){ (const char *)packed, bytes };
}
