/* aggregate.h — decide, evolve, wake: what every aggregate is made of.
 *
 *   decide  may this command happen now? One event, or a refusal. Reads the state, never changes
 * it. evolve  it has happened: folds the event into the state. Cannot fail, since decide said yes
 *           before the event was written; sees neither calendar nor definition.
 *   wake    the next event that time alone makes, up to a moment: overdue, warned.
 *
 * An aggregate is one file and one row of the table in aggregate.c. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/event.pb-c.h"
#include "core/principal.h"
#include "core/refusal.h"
#include "deadline/calendar.h"
#include "definition/definition.h"

#define WORLD_SALT_BYTES 16
#define WORLD_SECRET_BYTES 16

/* All that decide may know besides state and command: read-only, fixed by the batch. */
struct world {
    bl_time now;
    const struct principal *principal;
    const Bl__Actor *actor;               // for whom he speaks; NULL: for himself
    const struct definition *definition;  // of the application's version; NULL for others
    const struct calendar *calendar;
    const Bl__DepartmentsFile *departments;  // as published; NULL while there are none
    const Bl__Directory *directory;          // keys and absences; NULL where nobody needs it
    uint64_t id;                             // that a new aggregate gets
    const char *number;                      // business number that a new application gets
    struct bl_text content;  // the encoded Content, where late conditions may read it
    const uint8_t *salt;     // WORLD_SALT_BYTES, for the content's hash
    const struct publication_check *publication;  // of a Publish: publication.h
    const struct definition *target;              // of a Migrate: the version it goes to
    const struct calendar *target_calendar;       // by which that one counts
    const uint8_t *secret;       // WORLD_SECRET_BYTES of the hall: keys hashes of persons
    const Bl__Project *project;  // that a submission names; NULL: there is none
    uint32_t open_count;         // of a CloseProject: its applications that have not ended
};

/* Nothing in it points into the state, which may be gone before the answer is sent.
 * One of the two; neither, when it is so already and there is nothing to do. */
struct ruling {
    Bl__Event *event;
    Bl__Refusal *refusal;
    /* With an event: */
    struct bl_text content;  // the next version of what was handed in, under the world's salt
    Bl__Refusal **warnings;  // it was done, and somebody should know this
    size_t warning_count;
};

struct aggregate {
    Bl__Aggregate kind;
    const ProtobufCMessageDescriptor *state;
    void *(*create)(struct bl_arena *arena, uint64_t id);
    /* Is this command one of its own? */
    bool (*takes)(Bl__Command__WhatCase what);
    struct ruling (*decide)(const struct world *world, const void *state,
                            const Bl__Command *command, struct bl_arena *arena);
    void (*evolve)(void *state, const Bl__Event *event, struct bl_arena *arena);
    /* The earliest moment at which it changes by itself; BL_NEVER if it does not. */
    bl_time (*next)(const void *state);
    /* The event of that moment if it is not after the world's time, else NULL. */
    Bl__Event *(*wake)(const struct world *world, const void *state, struct bl_arena *arena);
    size_t last_event_at, revision_at;  // where a state has its newest event and how many it had
};

static inline uint64_t aggregate_last_event(const struct aggregate *aggregate, const void *state)
{
    return *(const uint64_t *)((const char *)state + aggregate->last_event_at);
}

static inline uint32_t aggregate_revision(const struct aggregate *aggregate, const void *state)
{
    return *(const uint32_t *)((const char *)state + aggregate->revision_at);
}

/* The sizes of a table that has a row for each kind. */
#define AGGREGATE_COUNT (BL__AGGREGATE__BOOKING + 1)

const struct aggregate *aggregate_find(Bl__Aggregate kind);
/* Whose command it is; NULL: nobody's. */
const struct aggregate *aggregate_of_command(Bl__Command__WhatCase what);

/* An event of `what` that takes effect now, by the world's principal; `what` points into `arena`.
 */
Bl__Event *event_new(struct bl_arena *arena, const struct world *world,
                     Bl__Event__WhatCase what_case);

/* Rulings in one line. */
struct ruling ruling_event(Bl__Event *event);
struct ruling ruling_refuse(struct bl_arena *arena, enum bl_err code, const char *rule,
                            const char *pointer);
