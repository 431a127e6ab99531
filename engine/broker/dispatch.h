/* dispatch.h — which worker has which task.
 * Workers pull: each says what it serves and how many tasks it takes at once (credit), and gets
 * the earliest deadlines of its department, never more than that. A task that was handed over is
 * leased under an attempt; when its worker falls silent it goes to another under a new one, and a
 * decision for the old one is stale. While a decision is in a batch nobody can take the lease away.
 * Leases live in memory: after a start workers say what they still hold and get it anew.
 *
 * Functions of (state, input, now), without socket, store or clock: what it needs of them comes
 * through a port, so the simulator runs it as it is. Departments share nothing, so a slow one never
 * slows another. Read next: backlog.h, what waits for one department. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "broker/backlog.h"

#define DISPATCH_CREDIT_MAX 10000              // tasks that one worker may hold
#define DISPATCH_ITEMS_MAX 1000                // item ids that one worker may name
#define DISPATCH_AGAIN_AFTER (30 * SECOND_US)  // a refused decision, or an act: offered again
#define DISPATCH_READS_MAX 4                   // of the inbox, for one department in one run

struct dispatch;

struct dispatch_grant {
    uint64_t worker;
    uint64_t attempt;
    const char *department;
    uint64_t application;
    uint32_t item;
    const void *hint;  // of the dispatch_ready in the same round; else NULL
    const void *body;  // what dispatch_keep was given; borrowed; else NULL
};

enum dispatch_sent {
    DISPATCH_SENT,
    DISPATCH_OVER,  // nobody has to work on it any more: forget it
    DISPATCH_FULL   // this worker can take nothing now: dispatch_pause is in force
};

/* What it needs of the world. */
struct dispatch_port {
    void *context;
    backlog_scan scan;
    /* Finds an open task of a department by its name, "NUMBER.item". */
    bool (*find)(void *context, const char *department, const char *task, struct backlog_row *row);
    /* Hands a task to its worker. Calls nothing of dispatch. */
    enum dispatch_sent (*send)(void *context, const struct dispatch_grant *grant);
    /* Frees a body. */
    void (*forget)(void *context, void *body);
    /* Tells a worker that an attempt is over. May call dispatch_leave for it. */
    void (*revoke)(void *context, uint64_t worker, uint64_t attempt);
};

/* `start` is this start's number, never used before on this store. The port is copied. */
struct dispatch *dispatch_new(uint32_t start, const struct dispatch_port *port);
/* Takes NULL, leaves NULL. */
void dispatch_free(struct dispatch **dispatch);

/* A department may work on an item from `not_before` on. For a department without workers nothing
 * is kept: the store's inbox has it.
 *   id    of the item
 *   hint  handed back in a grant that is made before the next dispatch_round; may be NULL */
void dispatch_ready(struct dispatch *dispatch, const char *department, const char *id,
                    struct edf_key key, bl_time not_before, const void *hint, bl_time now);
/* Nobody needs to work on it any more. */
void dispatch_gone(struct dispatch *dispatch, uint64_t application, uint32_t item);
/* Would a body help? The task waits, and what it was hinted at is about to be gone. */
bool dispatch_wants_body(const struct dispatch *dispatch, uint64_t application, uint32_t item);
/* Gives it the contents to keep while it waits: dispatch's own, until it is handed out. */
void dispatch_keep(struct dispatch *dispatch, uint64_t application, uint32_t item, void *body);
/* Hints given until now are void. */
void dispatch_round(struct dispatch *dispatch);

/* A worker is here. `worker` is a number never used before, not 0.
 *   items    ids that it serves; none: all of its department
 *   credit   cut to DISPATCH_CREDIT_MAX */
void dispatch_join(struct dispatch *dispatch, uint64_t worker, const char *department,
                   const char *const *items, size_t item_count, uint32_t credit);
/* What the worker held before: granted anew if it is still open, of its department, within its
 * credit, and no other's since. A lease that was this very one moves from the connection that was.
 *   returns  the new attempt; 0: it is over */
uint64_t dispatch_resume(struct dispatch *dispatch, uint64_t worker, const char *task,
                         const char *attempt);
/* No new tasks; what it has it may still decide. */
void dispatch_drain(struct dispatch *dispatch, uint64_t worker);
/* It is gone: what it had is offered to others. Unknown workers are fine. */
void dispatch_leave(struct dispatch *dispatch, uint64_t worker, bl_time now);
/* Its socket is full, or is not any more. */
void dispatch_pause(struct dispatch *dispatch, uint64_t worker, bool paused);
/* It will not decide this one. False: it does not have it. */
bool dispatch_give_back(struct dispatch *dispatch, uint64_t worker, uint64_t attempt, bl_time now);

/* A decision has come and goes into a batch.
 *   returns  the task, borrowed until the next call; NULL if this worker does not hold the attempt:
 *            the decision is stale */
const struct task *dispatch_decide(struct dispatch *dispatch, uint64_t worker, uint64_t attempt);
/* Is a decision of this worker's for this attempt in a batch already? One that is sent again then
 * is not stale: its answer is on the way. */
bool dispatch_is_deciding(const struct dispatch *dispatch, uint64_t worker, uint64_t attempt);

/* What the batch said of a decision. */
enum dispatch_outcome {
    OUTCOME_DONE,       // it is on disk
    OUTCOME_ACTED,      // an act is on disk; what it left open is offered again, not at once
    OUTCOME_REFUSED,    // the attempt is over; if the task is still open it is offered again
    OUTCOME_NOT_TAKEN,  // overload, disk full: the lease goes on, the decision may come again
};
/* After the effects of the same batch. */
void dispatch_settle(struct dispatch *dispatch, uint64_t attempt, enum dispatch_outcome outcome,
                     bl_time now);

/* Hands out what can be handed out.
 *   returns  whether there is more to do at once */
bool dispatch_run(struct dispatch *dispatch, bl_time now);
/* When dispatch_run has to be called though nothing came; BL_NEVER. */
bl_time dispatch_next(const struct dispatch *dispatch);

/* For people: tasks that a worker holds; workers of a department, and tasks with them. */
uint32_t dispatch_held(const struct dispatch *dispatch, uint64_t worker);
void dispatch_department(const struct dispatch *dispatch, const char *department, uint32_t *workers,
                         uint32_t *held);

/* CHECKs that everything agrees; for simulations and tests. */
void dispatch_check(const struct dispatch *dispatch);
