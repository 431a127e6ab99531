/* daemon.h — the loop of binglian-worker(1): takes tasks as long as its hand takes them, hands the
 * decisions to the SDK, and stops within five seconds of SIGTERM. */
#pragma once

#include <stdint.h>

#include "daemon/hand.h"
#include "daemon/journal.h"
#include "schema/writer.h"
#include "sdk/worker.h"

struct daemon;

struct daemon_config {
    struct bl_worker_options worker;  // without its callbacks
    const char *journal;              // file, or NULL
    /* One of them: */
    const char *decide;
    const struct words *exec, *pipe;
    bl_span delay;  // of `decide`
    bl_span limit;  // of `exec` and `pipe`; 0: none
};

/* Opens it, with signals blocked that the loop wants to hear of.
 *   errors  as bl_worker_open, journal_open, hand_rules */
MUST_CHECK enum bl_err daemon_open(const struct daemon_config *config, struct daemon **daemon,
                                   struct bl_error *e);
/* Runs until SIGTERM or SIGINT.
 *   returns  BL_OK, or BL_IO if sockets or the journal fail */
MUST_CHECK enum bl_err daemon_run(struct daemon *daemon, struct bl_error *e);
/* Takes NULL, leaves NULL. */
void daemon_close(struct daemon **daemon);

/* --- for hands --- */

/* The job has ended and is gone: with a decision, a failure, or undecided. */
void daemon_decide(struct daemon *daemon, struct job *job, const Bl__Decision *decision);
void daemon_fail(struct daemon *daemon, struct job *job, const char *reason);
void daemon_give_back(struct daemon *daemon, struct job *job);
/* The job of an attempt as it was given; NULL. */
struct job *daemon_job(struct daemon *daemon, const char *attempt);
/* All jobs, for a hand that has to end them; the first in order of `due`. NULL: none. */
struct job *daemon_first_job(struct daemon *daemon);
/* The hand is asked again about this job at this moment; BL_NEVER: not. */
void daemon_alarm(struct daemon *daemon, struct job *job, bl_span at);
/* Calls the source when the descriptor is ready. `events` as of epoll(7). */
MUST_CHECK enum bl_err daemon_watch(struct daemon *daemon, int fd, uint32_t events,
                                    struct source *source, struct bl_error *e);
void daemon_unwatch(struct daemon *daemon, int fd);
/* Minutes east of UTC: how instants are written. */
int32_t daemon_utc_offset(const struct daemon *daemon);
/* Memory for one call; reset by the one who begins to use it. */
struct bl_arena *daemon_scratch(struct daemon *daemon);
