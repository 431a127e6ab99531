#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "base/notify.h"
#include "schema/json.h"
#include "wire/attempt.h"

#define EVENTS_A_TURN 64  // of hands, before the broker is heard again
#define WAIT_MAX SECOND_US
#define FINISH_MAX (3500 * MILLISECOND_US)  // after SIGTERM: then what is not decided goes back
#define STOP_MAX (4 * SECOND_US)            // then we leave; closing takes at most a second more

TAILQ_HEAD(jobs, job);

struct daemon {
    struct bl_worker *worker;
    struct hand *hand;
    struct journal *journal;
    struct jobs jobs;  // in order of `due`
    struct bl_map by_attempt;
    uint32_t job_count, job_max;
    uint64_t last_act;  // ids of journal lines
    int epoll, signals;
    struct source on_signal, on_worker;
    bl_span stop_at;  // when SIGTERM came; BL_NEVER
    struct bl_arena scratch;
    struct bl_error failed;  // what ends the daemon
};

/* --- jobs --- */

/* Due moments mostly come in ascending order, so the place is near the end. */
static void insert(struct daemon *daemon, struct job *job)
{
    struct job *before = TAILQ_LAST(&daemon->jobs, jobs);

    while (before != NULL && before->due > job->due) {
        before = TAILQ_PREV(before, jobs, by_due);
    }
    if (before == NULL) {
        TAILQ_INSERT_HEAD(&daemon->jobs, job, by_due);
    } else {
        TAILQ_INSERT_AFTER(&daemon->jobs, before, job, by_due);
    }
}

void daemon_alarm(struct daemon *daemon, struct job *job, bl_span at)
{
    TAILQ_REMOVE(&daemon->jobs, job, by_due);
    job->due = at;
    insert(daemon, job);
}

static struct job *job_new(struct daemon *daemon, const Bl__Task *task)
{
    struct job *job = calloc(1, sizeof *job);

    CHECK(job != NULL);
    CHECK(attempt_parse(task->attempt, &job->attempt));
    job->task = task;
    job->due = BL_NEVER;
    insert(daemon, job);
    bl_map_put(&daemon->by_attempt, job->attempt, job);
    daemon->job_count++;
    return job;
}

static void job_free(struct daemon *daemon, struct job *job)
{
    TAILQ_REMOVE(&daemon->jobs, job, by_due);
    (void)bl_map_remove(&daemon->by_attempt, job->attempt);
    daemon->job_count--;
    free(job);
}

struct job *daemon_job(struct daemon *daemon, const char *attempt)
{
    uint64_t number;

    return attempt_parse(attempt, &number) && number != 0 ? bl_map_get(&daemon->by_attempt, number)
                                                          : NULL;
}

struct job *daemon_first_job(struct daemon *daemon)
{
    return TAILQ_FIRST(&daemon->jobs);
}

int32_t daemon_utc_offset(const struct daemon *daemon)
{
    return bl_worker_utc_offset(daemon->worker);
}

struct bl_arena *daemon_scratch(struct daemon *daemon)
{
    return &daemon->scratch;
}

void daemon_decide(struct daemon *daemon, struct job *job, const Bl__Decision *decision)
{
    struct bl_error e = { 0 };
    const Bl__Task *task = job->task;
    uint64_t id = ++daemon->last_act;

    enum bl_err err = bl_worker_decide(daemon->worker, task->attempt, decision, id, &e);
    if (err != BL_OK && err != BL_STALE) {
        daemon_fail(daemon, job, e.text);
        return;
    }
    Bl__Decision__Verdict verdict =
        decision->act == NULL ? decision->decision : BL__DECISION__VERDICT__VERDICT_UNSPECIFIED;
    if (err == BL_OK &&
        journal_invoke(daemon->journal, id, task, verdict, &daemon->failed) != BL_OK) {
        bl_worker_stop(daemon->worker);
    }
    job_free(daemon, job);
}

void daemon_fail(struct daemon *daemon, struct job *job, const char *reason)
{
    Bl__Decision failure = BL__DECISION__INIT;

    failure.decision = BL__DECISION__VERDICT__FAIL;
    failure.reason = reason;
    bl_log(BL_LOG_WARN, "task.failed", "task=%s attempt=%s", job->task->task, job->task->attempt);
    if (bl_worker_decide(daemon->worker, job->task->attempt, &failure, 0, NULL) != BL_OK) {
        bl_worker_give_back(daemon->worker, job->task->attempt);
    }
    job_free(daemon, job);
}

void daemon_give_back(struct daemon *daemon, struct job *job)
{
    bl_worker_give_back(daemon->worker, job->task->attempt);
    job_free(daemon, job);
}

static void drop_all(struct daemon *daemon)
{
    struct job *job;

    while ((job = TAILQ_FIRST(&daemon->jobs)) != NULL) {
        bl_log(BL_LOG_WARN, "task.unfinished", "task=%s attempt=%s", job->task->task,
               job->task->attempt);
        daemon->hand->kind->drop(daemon->hand, job);
        daemon_give_back(daemon, job);
    }
}

/* --- what the SDK says --- */

static void settled(void *context, const struct bl_worker_settled *settled)
{
    struct daemon *daemon = context;

    if (settled->code != BL_OK) {
        bl_log(BL_LOG_WARN, "decision.refused", "task=%s attempt=%s code=%s", settled->task->task,
               settled->attempt, bl_err_name(settled->code));
    }
    if (journal_settled(daemon->journal, settled, &daemon->failed) != BL_OK) {
        bl_worker_stop(daemon->worker);
    }
}

static void revoked(void *context, const Bl__Task *task)
{
    struct daemon *daemon = context;
    struct job *job = daemon_job(daemon, task->attempt);

    bl_log(BL_LOG_INFO, "task.revoked", "task=%s attempt=%s", task->task, task->attempt);
    if (job != NULL) {
        daemon->hand->kind->drop(daemon->hand, job);
        daemon_give_back(daemon, job);
    }
}

static void notice(void *context, enum bl_worker_notice notice, const char *text)
{
    (void)context;
    switch (notice) {
    case BL_WORKER_CONNECTED:
        bl_log(BL_LOG_INFO, "broker.connected", "endpoint=%s", text);
        break;
    case BL_WORKER_LOST:
        bl_log(BL_LOG_WARN, "broker.lost", "why=\"%s\"", text);
        break;
    case BL_WORKER_REFUSED:
        bl_log(BL_LOG_ERROR, "broker.refused", "why=\"%s\"", text);
        break;
    }
}

/* --- descriptors --- */

enum bl_err daemon_watch(struct daemon *daemon, int fd, uint32_t events, struct source *source,
                         struct bl_error *e)
{
    struct epoll_event event = { .events = events, .data.ptr = source };

    if (epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        return bl_error_set(e, BL_IO, "cannot wait for a descriptor: %s", strerror(errno));
    }
    return BL_OK;
}

void daemon_unwatch(struct daemon *daemon, int fd)
{
    (void)epoll_ctl(daemon->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void reload(struct daemon *daemon)
{
    notify_reloading();
    if (daemon->hand->kind->reload != NULL) {
        daemon->hand->kind->reload(daemon->hand);
    }
    notify("READY=1");
}

static void signalled(struct source *source, struct daemon *daemon)
{
    struct signalfd_siginfo info;

    (void)source;
    if (read(daemon->signals, &info, sizeof info) != (ssize_t)sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGHUP) {
        reload(daemon);
        return;
    }
    notify("STOPPING=1");
    bl_log(BL_LOG_INFO, "worker.stopping", "held=%u", bl_worker_held(daemon->worker));
    bl_worker_stop(daemon->worker);
}

/* The broker is heard at the next turn anyway. */
static void worker_ready(struct source *source, struct daemon *daemon)
{
    (void)source;
    (void)daemon;
}

static enum bl_err watch_signals(struct daemon *daemon, struct bl_error *e)
{
    sigset_t mask;

    CHECK(sigemptyset(&mask) == 0);
    CHECK(sigaddset(&mask, SIGTERM) == 0);
    CHECK(sigaddset(&mask, SIGINT) == 0);
    CHECK(sigaddset(&mask, SIGHUP) == 0);
    CHECK(sigprocmask(SIG_BLOCK, &mask, NULL) == 0);
    (void)signal(SIGPIPE, SIG_IGN);  // a program that ended tells so by its descriptor
    daemon->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (daemon->signals < 0 || daemon->epoll < 0) {
        return bl_error_set(e, BL_IO, "cannot wait for signals: %s", strerror(errno));
    }
    daemon->on_signal.ready = signalled;
    return daemon_watch(daemon, daemon->signals, EPOLLIN, &daemon->on_signal, e);
}

/* --- opening --- */

static enum bl_err open_journal(struct daemon *daemon, const struct daemon_config *config,
                                struct bl_error *e)
{
    char process[96];

    if (config->journal == NULL) {
        return BL_OK;
    }
    (void)snprintf(process, sizeof process, "worker-%.63s-%ld", config->worker.department,
                   (long)getpid());
    return journal_open(config->journal, process, &daemon->journal, e);
}

static enum bl_err open_hand(struct daemon *daemon, const struct daemon_config *config,
                             struct bl_error *e)
{
    if (config->decide != NULL) {
        return hand_rules(daemon, config->decide, config->delay, &daemon->hand, e);
    }
    daemon->hand = config->exec != NULL ? hand_exec(daemon, config->exec, config->limit)
                                        : hand_pipe(daemon, config->pipe, config->limit);
    return BL_OK;
}

static enum bl_err open_worker(struct daemon *daemon, const struct daemon_config *config,
                               struct bl_error *e)
{
    struct bl_worker_options options = config->worker;

    options.settled = settled;
    options.revoked = revoked;
    options.notice = notice;
    options.context = daemon;
    daemon->job_max = options.concurrency == 0 ? 1 : options.concurrency;
    enum bl_err err = bl_worker_open(&options, &daemon->worker, e);
    if (err == BL_OK) {
        daemon->on_worker.ready = worker_ready;
        err = daemon_watch(daemon, bl_worker_fd(daemon->worker), EPOLLIN, &daemon->on_worker, e);
    }
    return err;
}

enum bl_err daemon_open(const struct daemon_config *config, struct daemon **opened,
                        struct bl_error *e)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);

    CHECK(daemon != NULL);
    TAILQ_INIT(&daemon->jobs);
    daemon->stop_at = BL_NEVER;
    daemon->epoll = daemon->signals = -1;
    bl_arena_init(&daemon->scratch, 16 * 1024, 2 * JSON_ARENA_BYTES);
    enum bl_err err = watch_signals(daemon, e);
    if (err == BL_OK) {
        err = open_hand(daemon, config, e);
    }
    if (err == BL_OK) {
        err = open_journal(daemon, config, e);
    }
    if (err == BL_OK) {
        err = open_worker(daemon, config, e);
    }
    if (err != BL_OK) {
        daemon_close(&daemon);
        return err;
    }
    *opened = daemon;
    return BL_OK;
}

void daemon_close(struct daemon **closed)
{
    struct daemon *daemon = *closed;

    if (daemon == NULL) {
        return;
    }
    if (daemon->worker != NULL) {
        drop_all(daemon);
    }
    if (daemon->hand != NULL) {
        daemon->hand->kind->close(daemon->hand);
    }
    bl_worker_close(&daemon->worker);
    journal_close(&daemon->journal);
    bl_map_free(&daemon->by_attempt);
    bl_arena_free(&daemon->scratch);
    if (daemon->epoll >= 0) {
        (void)close(daemon->epoll);
    }
    if (daemon->signals >= 0) {
        (void)close(daemon->signals);
    }
    free(daemon);
    *closed = NULL;
}

/* --- the loop --- */

/* Takes as many tasks as the hand may work on at once. */
static enum bl_err take_tasks(struct daemon *daemon, struct bl_error *e)
{
    const struct hand_kind *kind = daemon->hand->kind;

    while (daemon->job_count < daemon->job_max && kind->is_ready(daemon->hand)) {
        const Bl__Task *task;
        enum bl_err err = bl_worker_next(daemon->worker, 0, &task, e);
        if (err != BL_OK || task == NULL) {
            return err;
        }
        kind->start(daemon->hand, job_new(daemon, task));
    }
    return BL_OK;
}

static void ring_alarms(struct daemon *daemon)
{
    bl_span now = bl_time_monotonic();
    struct job *job;

    while ((job = TAILQ_FIRST(&daemon->jobs)) != NULL && job->due <= now) {
        daemon_alarm(daemon, job, BL_NEVER);  // a hand that keeps it sets it anew
        daemon->hand->kind->due(daemon->hand, job);
    }
}

static bl_span wait_span(const struct daemon *daemon, bl_span hand_at)
{
    const struct job *first = TAILQ_FIRST(&daemon->jobs);
    bl_span now = bl_time_monotonic();
    bl_span wait = bl_worker_wake_after(daemon->worker);

    if (first != NULL && first->due != BL_NEVER && first->due - now < wait) {
        wait = first->due - now;
    }
    if (hand_at != BL_NEVER && hand_at - now < wait) {
        wait = hand_at - now;
    }
    return wait < 0 ? 0 : wait > WAIT_MAX ? WAIT_MAX : wait;
}

/* One event at a time: what it calls may end the source of another. */
static void hear_events(struct daemon *daemon, bl_span wait)
{
    struct epoll_event event;
    int milliseconds = (int)((wait + MILLISECOND_US - 1) / MILLISECOND_US);

    for (int i = 0; i < EVENTS_A_TURN; i++) {
        if (epoll_wait(daemon->epoll, &event, 1, i == 0 ? milliseconds : 0) != 1) {
            return;
        }
        struct source *source = event.data.ptr;
        source->ready(source, daemon);
        if (source == &daemon->on_worker) {
            return;
        }
    }
}

/* After SIGTERM: what has begun is finished, then acknowledged; both have their time. */
static bool is_over(struct daemon *daemon)
{
    bl_span now = bl_time_monotonic();

    if (!bl_worker_is_stopping(daemon->worker)) {
        return false;
    }
    if (daemon->stop_at == BL_NEVER) {
        daemon->stop_at = now;
    }
    if (now - daemon->stop_at >= FINISH_MAX) {
        drop_all(daemon);
    }
    return bl_worker_is_done(daemon->worker) || now - daemon->stop_at >= STOP_MAX;
}

enum bl_err daemon_run(struct daemon *daemon, struct bl_error *e)
{
    struct hand *hand = daemon->hand;
    enum bl_err err = BL_OK;

    notify("READY=1");
    while (err == BL_OK && !is_over(daemon)) {
        bl_span hand_at =
            hand->kind->tick != NULL ? hand->kind->tick(hand, bl_time_monotonic()) : BL_NEVER;
        err = bl_worker_poll(daemon->worker, 0, e);
        if (err == BL_OK) {
            err = take_tasks(daemon, e);
        }
        ring_alarms(daemon);
        if (err == BL_OK) {
            err = bl_worker_poll(daemon->worker, 0, e);
        }
        if (err == BL_OK) {
            hear_events(daemon, wait_span(daemon, hand_at));
        }
    }
    if (err == BL_OK && daemon->failed.code != BL_OK) {
        *e = daemon->failed;
        err = daemon->failed.code;
    }
    return err;
}
