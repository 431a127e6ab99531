/* hand.h — what does the work of a daemon: rules, a process for each task, or one for all.
 * `daemon/` is binglian-worker(1): options.h says what it is asked, daemon.h is the loop between
 * the SDK (sdk/worker.h) and one hand, journal.h writes down what happened. Hands decide; they
 * never speak to the broker. */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "base/time.h"
#include "binglian/v1/task.pb-c.h"
#include "daemon/split.h"

struct daemon;
struct hand;

/* A task that a hand works on. */
struct job {
    const Bl__Task *task;
    uint64_t attempt;  // as it was given
    bl_span due;       // when the hand wants to be asked again; BL_NEVER
    void *work;        // the hand's own
    TAILQ_ENTRY(job) by_due;
};

/* Something with a descriptor that the loop waits for. */
struct source {
    void (*ready)(struct source *source, struct daemon *daemon);
};

struct hand_kind {
    /* May it be given a job now? */
    bool (*is_ready)(struct hand *hand);
    /* Begins a job. It ends with daemon_decide, daemon_fail or daemon_give_back, now or later. */
    void (*start)(struct hand *hand, struct job *job);
    /* job->due has come. */
    void (*due)(struct hand *hand, struct job *job);
    /* The job is over for us: revoked, or there is no more time. The daemon forgets it after. */
    void (*drop)(struct hand *hand, struct job *job);
    /* Time has passed: may be NULL. Returns when it wants to be asked again; BL_NEVER. */
    bl_span (*tick)(struct hand *hand, bl_span now);
    /* SIGHUP: reads its files again; may be NULL. */
    void (*reload)(struct hand *hand);
    void (*close)(struct hand *hand);
};

/* The first member of each hand. */
struct hand {
    const struct hand_kind *kind;
    struct daemon *daemon;
};

/* Decides by rules, after `delay` unless the rule says another.
 *   decide  approve, reject, or a file
 *   errors  BL_DEFINITION after printing what is wrong with the file; BL_IO */
MUST_CHECK enum bl_err hand_rules(struct daemon *daemon, const char *decide, bl_span delay,
                                  struct hand **hand, struct bl_error *e);
/* One process for each task: the task on its standard input, the decision on its standard output;
 * another exit status than 0 is a failure.
 *   limit  a process that runs longer is ended and its task has failed; 0: none */
struct hand *hand_exec(struct daemon *daemon, const struct words *words, bl_span limit);
/* One process for all tasks, a line for each task and each decision, in any order. If it ends it is
 * started again after a pause, and what it had not decided is given back.
 *   limit  a task without a decision for longer has failed; 0: none */
struct hand *hand_pipe(struct daemon *daemon, const struct words *words, bl_span limit);
