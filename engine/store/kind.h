/* kind.h — how each kind of aggregate is kept: where its states are, what they stand for, and how
 * the one that a command is about is found. An aggregate is one file in core/ and one row here. */
#pragma once

#include "core/aggregate.h"
#include "store/projection.h"
#include "store/read.h"

/* Whom a command is about: an id, or the key of the index; neither is a new one. */
struct kind_target {
    uint64_t id;
    struct key key;  // count 0: none
};

struct kind {
    Bl__Aggregate kind;
    const char *name;   // "project"
    enum table states;  // id → state
    enum table index;   // key → id; TABLE_META: it has none
    /* Rows and counts that a state stands for. */
    struct projection (*project)(const void *state, struct bl_arena *arena);
    void (*target)(const Bl__Command *command, struct kind_target *target);
};

/* The row of an aggregate that has states of its own; the directory has none. NULL: not kept. */
const struct kind *kind_find(Bl__Aggregate kind);

/* Reads the state of one.
 *   errors  BL_NOT_FOUND, BL_CORRUPT */
MUST_CHECK enum bl_err kind_read(struct store_read *read, const struct kind *kind, uint64_t id,
                                 struct bl_arena *arena, void **state, struct bl_error *e);
/* The id that an index gives for a key; BL_NOT_FOUND where there is none. */
MUST_CHECK enum bl_err kind_look_up(struct store_read *read, const struct kind *kind,
                                    const struct key *key, uint64_t *id, struct bl_error *e);
/* The newest id of a kind; 0: there is none. */
MUST_CHECK enum bl_err kind_newest(struct store_read *read, const struct kind *kind, uint64_t *id,
                                   struct bl_error *e);

/* The keys of the indexes; false if no row can have such a key. */
bool kind_key_of_project(const char *code, struct key *key);
bool kind_key_of_booking(bl_day day, const char *window, struct key *key);
