/* writer.h — the thread that commits.
 * Batches go round: the front fills one while the writer runs another through the cycle, so what
 * comes in during one commit makes the next (group commit). The writer never looks at a socket; it
 * wakes the front through a descriptor. */
#pragma once

#include "broker/cycle.h"
#include "broker/test_clock.h"

#define WRITER_BATCHES 3  // one is filled, one is committed, one is being sent

struct writer;

/* Starts the thread. `cycle` is the writer's alone until writer_stop. */
MUST_CHECK enum bl_err writer_start(struct cycle *cycle, const struct test_clock *clock,
                                    struct writer **writer, struct bl_error *e);
/* Finishes what was handed over and ends the thread; what was not taken back is freed. Takes NULL,
 * leaves NULL. */
void writer_stop(struct writer **writer);

/* Becomes readable when a batch is done. */
int writer_fd(const struct writer *writer);
/* An empty batch to fill, or NULL while all go round. */
struct batch *writer_batch(struct writer *writer);
/* Has it nothing to do? */
bool writer_is_idle(struct writer *writer);
/* Hands over a batch; it may be empty: then timers that are due are run. */
void writer_give(struct writer *writer, struct batch *batch);
/* The oldest batch that is done and was not taken back, or NULL.
 *   outcome  what cycle_run returned: BL_OK or BL_FULL. On anything else the process has ended
 *            (exit 74): the outcome is unknown, and nothing may be said to anybody. */
struct batch *writer_done(struct writer *writer, enum bl_err *outcome);
/* Gives a batch back that was taken with writer_done or writer_batch. */
void writer_return(struct writer *writer, struct batch *batch);
/* How long it has been busy with one batch; 0: it is idle. For the watchdog. */
bl_span writer_busy_for(struct writer *writer, bl_span now);
