/* batch.h — what travels through the broker's cycle.
 * `broker/` is the one process that writes: front.c owns the sockets, session.c knows who is
 * connected, dispatch.c which worker has which task, cycle.c turns a batch of commands into
 * events on disk, committer.c runs the cycle in its own thread. Read cycle.h next.
 *
 * A batch is filled by the front (commands), run by the cycle (answers and effects) and sent by
 * the front. Two or three of them go round, so the next is filled while one is being synced.
 * Everything in it lives in its arena until batch_reset. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/command.pb-c.h"
#include "core/principal.h"

struct definition;
struct task_need;

struct batch_command {
    const Bl__Command *command;
    const struct principal *principal;
    uint64_t session;   // where the answer goes: the front's business
    uint64_t lease;     // of a worker's decision: the attempt; 0 otherwise
    Bl__Answer answer;  // written by the cycle
};

/* What has to happen because the batch is on disk. */
struct effect {
    enum effect_kind {
        EFFECT_TASK_READY,  // a department may work on this item from `not_before` on
        EFFECT_TASK_GONE,   // nobody needs to any more: decided, ended or held
        EFFECT_CONCLUDED,   // an application has ended
        EFFECT_DIRECTORY,   // keys or publications have changed
    } kind;
    uint64_t application;
    uint32_t item;
    uint64_t event;      // that concluded it
    bl_time due;         // promise, or legal where there is none: earliest deadline first
    bl_time not_before;  // 0: now
    /* Of a ready task, so that it can be sent without reading the store: */
    const struct definition *definition;
    const char *department;  // where it is now
    uint32_t step, round;    // round 0: the item has no steps
    const struct task_need *needs;
    size_t need_count;
    const char *number;
    bl_time promise_due, legal_due;
    uint32_t failures;
    struct bl_text content;  // the encoded Content, if this batch had it in hand; else at = NULL
};

struct batch {
    struct bl_arena arena;
    struct batch_command *commands;
    size_t command_count, command_capacity;
    struct effect *effects;
    size_t effect_count, effect_capacity;
    bl_time time;           // as the log stamped it
    uint64_t newest_event;  // after it
    uint32_t timers_due;    // more were due than one batch takes: run again at once
    bl_time next_timer;     // BL_NEVER: none
};

/* Bounds of one batch. */
#define BATCH_COMMANDS_MAX 16384
#define BATCH_BYTES_MAX ((size_t)64 << 20)

void batch_init(struct batch *batch);
void batch_reset(struct batch *batch);
void batch_free(struct batch *batch);
bool batch_is_full(const struct batch *batch);
/* Adds a command; CHECKs that the batch is not full. All pointers live at least until reset. */
struct batch_command *batch_add(struct batch *batch, const Bl__Command *command,
                                const struct principal *principal);
struct effect *batch_effect(struct batch *batch, enum effect_kind kind);
