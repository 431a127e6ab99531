/* A calendar's file: what it says alone is the loader's business, whether its days and hours make
 * a calendar is deadline/'s. */
#include "deadline/calendar.h"
#include "definition/definition.h"
#include "schema/yaml.h"

/* Makes the calendar for a try. */
static void check_calendar(const Bl__Calendar *const *below, size_t below_count,
                           const Bl__Calendar *message, const struct yaml_document *document,
                           const char *file, struct schema_problems *problems)
{
    const Bl__Calendar *layers[CALENDAR_LAYERS_MAX];
    struct calendar_faults faults;
    struct calendar *calendar = NULL;

    CHECK(below_count < CALENDAR_LAYERS_MAX);
    for (size_t i = 0; i < below_count; i++) {
        layers[i] = below[i];
    }
    layers[below_count] = message;
    if (calendar_build(layers, below_count + 1, &calendar, &faults) != BL_OK) {
        for (size_t i = 0; i < faults.count; i++) {
            const struct calendar_fault *fault = &faults.at[i];
            struct yaml_position at = { 0, 0 };

            if (fault->layer == below_count) {
                at = yaml_position(document, fault->message, fault->field, fault->element);
            }
            schema_problem_add(problems, SCHEMA_ERROR, "E-CALENDAR", file, at.line, at.column,
                               fault->field, "%s", fault->text);
        }
    }
    calendar_free(&calendar);
}

enum bl_err definition_load_calendar(const char *source, size_t bytes, const char *file,
                                     const Bl__Calendar *const *below, size_t below_count,
                                     struct bl_arena *arena, const Bl__Calendar **calendar,
                                     struct schema_problems *problems)
{
    uint32_t errors_before = problems->error_count;
    const struct yaml_document *document;
    ProtobufCMessage *message = NULL;
    enum bl_err read;

    file = bl_arena_string(problems->arena, file);
    read = yaml_load(source, bytes, file, &bl__calendar__descriptor, arena, &message, &document,
                     problems);
    if (read == BL_OK) {
        const Bl__Calendar *made = (const Bl__Calendar *)message;

        if (made->base[0] == '\0' || below_count > 0) {
            check_calendar(below, below_count, made, document, file, problems);
        }
    }
    schema_problems_sort(problems);
    if (read != BL_OK || problems->error_count > errors_before) {
        return BL_DEFINITION;
    }
    *calendar = (const Bl__Calendar *)message;
    return BL_OK;
}
