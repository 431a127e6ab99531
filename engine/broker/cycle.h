/* cycle.h — order, decide, evolve, project, commit: one batch becomes events on disk.
 * The cycle knows no socket and no thread; the committer runs it, and so does the simulator. */
#pragma once

#include "broker/batch.h"
#include "log/log.h"
#include "store/catalog.h"
#include "store/checkpoint.h"
#include "store/store.h"

struct cycle;

struct cycle_config {
    uint32_t cache_count;  // applications kept unpacked between batches; 0: 4096
    uint32_t timers_max;   // applications that one batch wakes; 0: 2000
    /* Where salts come from; NULL: the system. The simulator gives its seed's. */
    void (*random)(void *context, void *buffer, size_t bytes);
    void *random_context;
    const struct checkpoint_key *audit;  // signs checkpoints, outlives the cycle; NULL: none are
    uint32_t recompute_max;  // applications that one batch counts again; 0, or more: 100
};

/* Opens the cycle over a store; `store`, `catalog` and `log` outlive it. Reads the directory and
 * the newest numbers, scans nothing; sets the log to the newest batch. */
MUST_CHECK enum bl_err cycle_open(const struct cycle_config *config, struct store *store,
                                  struct catalog *catalog, struct log *log, struct cycle **cycle,
                                  struct bl_error *e);
void cycle_close(struct cycle **cycle);

/* Runs one batch. Commands that are refused have the refusal in their answer; the batch goes on.
 *   returns  BL_OK: all of it is on disk, answers and effects may leave.
 *            BL_FULL: disk or map full; what was not written is refused. Commands up to one that
 *            changed the directory may be on disk, with their answers and effects.
 *            anything else: the outcome is unknown. Say nothing to anybody and stop (exit 74). */
MUST_CHECK enum bl_err cycle_run(struct cycle *cycle, struct batch *batch, bl_time now,
                                 struct bl_error *e);

/* The next moment at which an application changes by itself; BL_NEVER if there is none. */
bl_time cycle_next_timer(const struct cycle *cycle);
