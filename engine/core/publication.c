#include "core/publication.h"

#include <string.h>

#include <sodium.h>

#include "core/refusal.h"
#include "deadline/calendar.h"
#include "schema/yaml.h"

/* What yaml_load may take, and as much again for what is compiled. */
#define READ_BYTES_MAX (2 * YAML_ARENA_BYTES)

/* One file on its way to being checked. */
struct reading {
    const Bl__Publish *publish;
    const struct publication_context *context;
    struct bl_arena *arena;  // of the batch: what is kept
    struct bl_arena scratch;
    struct schema_problems *problems;
    struct publication_check check;
};

static const char *source_text(const struct reading *r)
{
    return (const char *)r->publish->source.data;
}

static void read_workflow(struct reading *r)
{
    struct definition *definition = NULL;

    if (definition_load(source_text(r), r->publish->source.len, r->publish->file,
                        &r->context->definitions, &definition, r->problems) == BL_OK) {
        r->check.id = bl_arena_string(r->arena, definition->workflow);
        r->check.version = definition->version;
    }
    definition_free(&definition);
}

static void read_departments(struct reading *r)
{
    const Bl__DepartmentsFile *departments;

    if (definition_load_departments(source_text(r), r->publish->source.len, r->publish->file,
                                    &r->scratch, &departments, r->problems) == BL_OK) {
        r->check.id = "departments";
    }
}

static void read_calendar(struct reading *r)
{
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };

    if (yaml_load(source_text(r), r->publish->source.len, r->publish->file,
                  &bl__calendar__descriptor, &r->scratch, &message, NULL, r->problems) != BL_OK) {
        return;
    }
    const Bl__Calendar *layer = (const Bl__Calendar *)message;
    struct calendar *calendar = NULL;
    if (publication_calendar(layer, r->context, &calendar, &e) != BL_OK) {
        schema_problem_add(r->problems, SCHEMA_ERROR, "E-CALENDAR", r->publish->file, e.line,
                           e.column, NULL, "%s", e.text);
        return;
    }
    calendar_free(&calendar);
    r->check.id = bl_arena_string(r->arena, layer->calendar);
}

enum bl_err publication_calendar(const Bl__Calendar *top, const struct publication_context *context,
                                 struct calendar **calendar, struct bl_error *e)
{
    const Bl__Calendar *layers[CALENDAR_LAYERS_MAX];
    size_t first = CALENDAR_LAYERS_MAX;  // filled from the end: the national one is first

    for (const Bl__Calendar *layer = top;;) {
        if (first == 0) {
            return bl_error_set(e, BL_DEFINITION, "more than %d calendars stand on each other",
                                CALENDAR_LAYERS_MAX);
        }
        layers[--first] = layer;
        if (layer->base[0] == '\0') {
            break;
        }
        const Bl__Calendar *below = context->calendar(context->context, layer->base);
        if (below == NULL) {
            return bl_error_set(e, BL_DEFINITION,
                                "calendar \"%s\" stands on \"%s\", which is not published",
                                layer->calendar, layer->base);
        }
        layer = below;
    }
    return calendar_new(layers + first, CALENDAR_LAYERS_MAX - first, calendar, e);
}

/* Each problem of the file with its place, the first one first. */
static Bl__Refusal *problems_refusal(const struct reading *r)
{
    Bl__Refusal *first = NULL;

    schema_problems_sort(r->problems);
    for (uint32_t i = 0; i < r->problems->count; i++) {
        const struct schema_problem *problem = &r->problems->problems[i];

        if (problem->severity != SCHEMA_ERROR) {
            continue;
        }
        const char *place =
            bl_arena_printf(r->arena, "%s:%u:%u", r->publish->file, problem->line, problem->column);
        Bl__Refusal *refusal = refusal_new(r->arena, BL_DEFINITION, "definition-problem", place);
        refusal_argument(r->arena, refusal, "problem", bl_arena_string(r->arena, problem->text));
        refusal_argument(r->arena, refusal, "code", bl_arena_string(r->arena, problem->code));
        first = refusal_join(r->arena, first, refusal);
    }
    return first;
}

static Bl__Publication__Kind kind_of(const Bl__Publish *publish)
{
    if (publish->kind != BL__PUBLICATION__KIND__KIND_UNSPECIFIED) {
        return publish->kind;
    }
    switch (definition_file_kind((const char *)publish->source.data, publish->source.len)) {
    case DEFINITION_WORKFLOW:
        return BL__PUBLICATION__KIND__WORKFLOW;
    case DEFINITION_DEPARTMENTS:
        return BL__PUBLICATION__KIND__DEPARTMENTS;
    case DEFINITION_CALENDAR:
        return BL__PUBLICATION__KIND__CALENDAR;
    case DEFINITION_UNKNOWN:
        return BL__PUBLICATION__KIND__KIND_UNSPECIFIED;
    }
    UNREACHABLE();
}

static void read_file(struct reading *r)
{
    switch (r->check.kind) {
    case BL__PUBLICATION__KIND__WORKFLOW:
        read_workflow(r);
        return;
    case BL__PUBLICATION__KIND__DEPARTMENTS:
        read_departments(r);
        return;
    case BL__PUBLICATION__KIND__CALENDAR:
        read_calendar(r);
        return;
    case BL__PUBLICATION__KIND__KIND_UNSPECIFIED:
        r->check.refusal =
            refusal_new(r->arena, BL_DEFINITION, "publication-unknown", r->publish->file);
        return;
    }
    UNREACHABLE();
}

struct publication_check publication_read(const Bl__Publish *publish,
                                          const struct publication_context *context,
                                          struct bl_arena *arena)
{
    struct reading r = { .publish = publish, .context = context, .arena = arena };

    if (publish->source.len > PUBLICATION_BYTES_MAX) {
        r.check.refusal = refusal_new(arena, BL_TOO_LARGE, "publication-large", publish->file);
        return r.check;
    }
    bl_arena_init(&r.scratch, 1 << 16, READ_BYTES_MAX);
    r.problems = bl_arena_new(&r.scratch, struct schema_problems);
    schema_problems_init(r.problems, &r.scratch);
    CHECK(crypto_generichash(r.check.hash, sizeof r.check.hash, publish->source.data,
                             publish->source.len, NULL, 0) == 0);
    r.check.kind = kind_of(publish);
    read_file(&r);
    if (r.check.refusal == NULL && r.problems->error_count > 0) {
        r.check.refusal = problems_refusal(&r);
    }
    bl_arena_free(&r.scratch);
    return r.check;
}
