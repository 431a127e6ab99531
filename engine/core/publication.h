/* publication.h — reads what an administrator wants to publish: a workflow, a calendar or the list
 * of departments. What is wrong with it becomes a refusal whose parts have a line and a column. */
#pragma once

#include "base/arena.h"
#include "binglian/v1/command.pb-c.h"
#include "deadline/calendar.h"
#include "definition/definition.h"

#define PUBLICATION_HASH_BYTES 32
#define PUBLICATION_BYTES_MAX ((size_t)1 << 20)
#define CALENDAR_LAYERS_MAX 8

/* What it may refer to: what is published already. */
struct publication_context {
    struct definition_context definitions;
    /* The newest calendar of this id, or NULL. */
    const Bl__Calendar *(*calendar)(void *context, const char *id);
    void *context;
};

/* A file that was read: fine, or a refusal. */
struct publication_check {
    Bl__Publication__Kind kind;
    const char *id;
    uint32_t version;  // of a workflow; 0: counted
    uint8_t hash[PUBLICATION_HASH_BYTES];
    Bl__Refusal *refusal;
};

/* Reads the file; a kind that is unspecified is found out. All in `arena`. */
struct publication_check publication_read(const Bl__Publish *publish,
                                          const struct publication_context *context,
                                          struct bl_arena *arena);

/* Makes a calendar of a published layer and all that it stands on.
 *   errors  BL_DEFINITION: a base is unknown, or the layers do not fit */
MUST_CHECK enum bl_err publication_calendar(const Bl__Calendar *top,
                                            const struct publication_context *context,
                                            struct calendar **calendar, struct bl_error *e);
