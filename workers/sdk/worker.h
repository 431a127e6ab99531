/* worker.h — libbinglian-worker: do a department's work.
 *
 *     static void check(void *context, const Bl__Task *task, Bl__Decision *decision)
 *     {
 *         decision->decision = BL__DECISION__VERDICT__APPROVE;
 *     }
 *     …
 *     bl_worker_open(&options, &worker, &e);
 *     bl_worker_run(worker, check, NULL, &e);  // until bl_worker_stop, from a signal handler
 *     bl_worker_close(&worker);
 *
 * A worker tells the broker how many tasks it takes at once and gets no more than that. Each task
 * is decided once, or given back. A decision is kept and sent again until the broker says that it
 * is on disk; over a lost connection or a restarted broker the worker goes on with what it held.
 * It reconnects for ever.
 *
 * Threads: a worker belongs to one thread at a time, but for bl_worker_stop. Callbacks run inside
 * bl_worker_next, _poll and _run, in that thread; they may decide and give back, not poll or close.
 * examples/hello_worker.c is a whole worker; worker_session.h is the logic without a socket. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/time.h"
#include "binglian/v1/task.pb-c.h"

#define BL_WORKER_CONCURRENCY_MAX 4096  // tasks at once; the broker may take fewer

struct bl_worker;

enum bl_worker_notice {
    BL_WORKER_CONNECTED,  // welcomed; text: the endpoint
    BL_WORKER_LOST,       // the connection is gone; it is made again; text: why
    BL_WORKER_REFUSED,    // the broker does not take us; we go on asking; text: code and reason
};

/* What became of a decision. */
struct bl_worker_settled {
    const Bl__Task *task;  // as it was given, until the callback returns
    const char *attempt;   // under which it was decided: a new one after a restart of the broker
    Bl__Decision__Verdict decision;  // UNSPECIFIED: it was an act
    uint64_t tag;                    // as it was given to bl_worker_decide
    /* BL_OK: on disk. BL_TIMEOUT: it was sent, and nobody knows. Else: refused, and if the task is
     * still open, the broker offers it again. */
    enum bl_err code;
    uint64_t event;  // of BL_OK: the last event that it made
};

struct bl_worker_options {
    const char *connect;       // the broker's --listen address
    const char *department;    // whose tasks
    const char *const *items;  // only these items; NULL: all of the department
    size_t item_count;
    uint32_t concurrency;   // tasks at once, 1 to BL_WORKER_CONCURRENCY_MAX; 0: 1
    const char *identity;   // file of `binglian key new`; NULL: plain, to loopback and ipc only
    const char *program;    // name and version, for operators; NULL: "libbinglian-worker VERSION"
    const char *principal;  // whom to claim to be where the broker runs --plain; may be NULL
    /* All may be NULL; `context` is handed to each. */
    void (*settled)(void *context, const struct bl_worker_settled *settled);
    void (*revoked)(void *context, const Bl__Task *task);  // taken and over: drop it, give it back
    void (*notice)(void *context, enum bl_worker_notice notice, const char *text);
    void *context;
};

/* Opens a worker; all of `options` is copied. The connection is made when it is polled.
 *   returns  BL_OK; BL_INVALID for a wrong endpoint, number or identity file; BL_DENIED for a plain
 *            connection that would leave this machine; BL_IO if a socket cannot be made */
MUST_CHECK enum bl_err bl_worker_open(const struct bl_worker_options *options,
                                      struct bl_worker **worker, struct bl_error *e);
/* Gives back what was neither decided nor given back, and forgets unacknowledged decisions. Blocks
 * at most a second, to let written frames leave. Takes NULL, leaves NULL. */
void bl_worker_close(struct bl_worker **worker);

/* Takes the next task, waiting up to `timeout` for one; meanwhile decisions leave and are settled.
 *   task     NULL if there is none. It is the worker's, and lives until its decision is settled or
 *            it was given back.
 *   returns  BL_OK; BL_IO if the sockets fail */
MUST_CHECK enum bl_err bl_worker_next(struct bl_worker *worker, bl_span timeout,
                                      const Bl__Task **task, struct bl_error *e);

/* Decides a task that was taken. It leaves at the next poll.
 *   attempt   of the task, as it was given
 *   decision  `task` and `attempt` are filled in here; the rest is copied. A rejection has a
 *             reason; with an `act` the verdict is not looked at
 *   tag       comes back in `settled`
 *   returns   BL_OK: it will be settled. BL_STALE: the attempt is over (revoked, or decided
 *             already), and the task is gone. BL_INVALID: no verdict, or a rejection without a
 *             reason; the task is still to be decided. */
MUST_CHECK enum bl_err bl_worker_decide(struct bl_worker *worker, const char *attempt,
                                        const Bl__Decision *decision, uint64_t tag,
                                        struct bl_error *e);
/* Does an act on a task that was taken, instead of deciding it: suspend, notify, consult… The task
 * is over then; when the act lets it, it is offered again under a new attempt.
 *   act      its application, and where it is empty its item, are filled in by the broker; copied
 *   returns  as bl_worker_decide */
MUST_CHECK enum bl_err bl_worker_act(struct bl_worker *worker, const char *attempt,
                                     const Bl__Command *act, uint64_t tag, struct bl_error *e);
/* Gives a taken task back undecided: somebody else gets it. Nothing if the attempt is over. */
void bl_worker_give_back(struct bl_worker *worker, const char *attempt);

/* Says what is to be said, hears what has come, calls callbacks; waits up to `timeout` for
 * something to do if there was nothing. bl_worker_next does this too. */
MUST_CHECK enum bl_err bl_worker_poll(struct bl_worker *worker, bl_span timeout,
                                      struct bl_error *e);
/* For event loops: poll with timeout 0 when this descriptor becomes readable and at least every
 * bl_worker_wake_after microseconds. It is edge-triggered: poll before you wait on it. */
int bl_worker_fd(const struct bl_worker *worker);
bl_span bl_worker_wake_after(const struct bl_worker *worker);

/* Asks the worker to stop: no new tasks; those not taken yet go back at once. The only function
 * that may be called from a signal handler or another thread. */
void bl_worker_stop(struct bl_worker *worker);
bool bl_worker_is_stopping(const struct bl_worker *worker);
/* After a stop: is every task settled or given back, and the broker told? */
bool bl_worker_is_done(const struct bl_worker *worker);
/* How many tasks have neither been settled nor given back. */
uint32_t bl_worker_held(const struct bl_worker *worker);
/* The hall's zone as the broker told it, in minutes east of UTC: for bl_time_format. 0 before. */
int32_t bl_worker_utc_offset(const struct bl_worker *worker);

/* Fills in a decision that comes initialised, with the verdict `fail`. It may point to static
 * memory, or to memory that lives until its next call. */
typedef void (*bl_worker_work)(void *context, const Bl__Task *task, Bl__Decision *decision);
/* Works task by task until it is stopped and done, at most five seconds after the stop.
 *   returns  BL_OK after a stop; BL_IO if the sockets fail */
MUST_CHECK enum bl_err bl_worker_run(struct bl_worker *worker, bl_worker_work work, void *context,
                                     struct bl_error *e);
