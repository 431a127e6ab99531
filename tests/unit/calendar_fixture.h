/* calendar_fixture.h — calendars for tests: real files through the loader, and their lists read in
 * the plainest way, to compare with. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "deadline/calendar.h"
#include "schema/yaml.h"

static struct bl_arena fixture_arena;

/* A layer from YAML text; its places are in *document, which may be NULL. */
static inline const Bl__Calendar *fixture_read(const char *text, size_t bytes, const char *name,
                                        const struct yaml_document **document)
{
    ProtobufCMessage *message = NULL;
    struct schema_problems *problems;

    if (fixture_arena.bound_bytes == 0) {
        bl_arena_init(&fixture_arena, 1 << 16, 2 * YAML_ARENA_BYTES);
    }
    problems = bl_arena_new(&fixture_arena, struct schema_problems);
    schema_problems_init(problems, &fixture_arena);
    if (yaml_load(text, bytes, name, &bl__calendar__descriptor, &fixture_arena, &message, document,
                  problems) != BL_OK) {
        schema_problems_print(stderr, problems);
        fail_msg("%s does not load", name);
    }
    return (const Bl__Calendar *)message;
}

/* A layer from a file of the source tree. */
static inline const Bl__Calendar *fixture_layer(const char *name)
{
    static char text[YAML_BYTES_MAX];
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    size_t bytes = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    return fixture_read(text, bytes, name, NULL);
}

static inline void fixture_end(void)
{
    bl_arena_free(&fixture_arena);
}

/* A calendar of layers that must be right. */
static inline struct calendar *fixture_calendar(const Bl__Calendar *const *layers, size_t count)
{
    struct calendar *calendar = NULL;
    struct bl_error e = { 0 };

    if (calendar_new(layers, count, &calendar, &e) != BL_OK) {
        fail_msg("%s: %s", e.source, e.text);
    }
    return calendar;
}

static inline bool fixture_lists(const char *const *list, size_t count, bl_day day)
{
    struct bl_date date = bl_date_of(day);
    int32_t of_year = date.month * 100 + date.day;

    for (size_t i = 0; i < count; i++) {
        int month, last_month, first, last;

        if (sscanf(list[i], "%d-%d..%d-%d", &month, &first, &last_month, &last) != 4) {
            last_month = month;
            last = first;
        }
        if (of_year >= month * 100 + first && of_year <= last_month * 100 + last) {
            return true;
        }
    }
    return false;
}

/* Is the day worked, read from one layer's lists and nothing else? */
__attribute__((unused)) static bool fixture_is_workday(const Bl__Calendar *layer, bl_day day)
{
    bool weekend = bl_weekday(day) >= 5;

    for (size_t i = 0; i < layer->n_years; i++) {
        const Bl__Calendar__Year *year = layer->years[i]->value;

        if (layer->years[i]->key == bl_date_of(day).year) {
            return weekend ? fixture_lists(year->workdays, year->n_workdays, day)
                           : !fixture_lists(year->holidays, year->n_holidays, day);
        }
    }
    return !weekend && !fixture_lists(layer->fixed, layer->n_fixed, day);
}
