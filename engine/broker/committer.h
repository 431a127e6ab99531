/* committer.h — the thread that commits.
 * Batches go round: the front fills one while the committer runs another through the cycle, so what
 * comes in during one commit makes the next (group commit). The committer never looks at a socket; it
 * wakes the front through a descriptor. */
#pragma once

#include "broker/cycle.h"
#include "broker/test_clock.h"

#define COMMITTER_BATCHES 3  // one is filled, one is committed, one is being sent

struct committer;

/* Starts the thread. `cycle` is the committer's alone until committer_stop. */
MUST_CHECK enum bl_err committer_start(struct cycle *cycle, const struct test_clock *clock,
                                       struct committer **committer, struct bl_error *e);
/* Finishes what was handed over and ends the thread; what was not taken back is freed. Takes NULL,
 * leaves NULL. */
void committer_stop(struct committer **committer);

/* Becomes readable when a batch is done. */
int committer_fd(const struct committer *committer);
/* An empty batch to fill, or NULL while all go round. */
struct batch *committer_batch(struct committer *committer);
/* Has it nothing to do? */
bool committer_is_idle(struct committer *committer);
/* Hands over a batch; it may be empty: then timers that are due are run. */
void committer_give(struct committer *committer, struct batch *batch);
/* The oldest batch that is done and was not taken back, or NULL.
 *   outcome  what cycle_run returned: BL_OK or BL_FULL. On anything else the process has ended
 *            (exit 74): the outcome is unknown, and nothing may be said to anybody. */
struct batch *committer_done(struct committer *committer, enum bl_err *outcome);
/* Gives a batch back that was taken with committer_done or committer_batch. */
void committer_return(struct committer *committer, struct batch *batch);
/* How long it has been busy with one batch; 0: it is idle. For the watchdog. */
bl_span committer_busy_for(struct committer *committer, bl_span now);
