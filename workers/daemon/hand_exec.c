#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/process.h"
#include "daemon/task_json.h"

struct exec_hand {
    struct hand hand;
    const struct words *words;
    bl_span limit;
    struct writer line;  // the task that is being handed over
};

/* One task and its process. */
struct run {
    struct source output, ended;
    struct process process;
    struct job *job;
    bool too_long;     // it said more than DECISION_BYTES_MAX
    bool output_over;  // nothing more will come, or nobody will listen
    size_t bytes;
    char text[DECISION_BYTES_MAX];
};

static struct run *run_of_output(struct source *source)
{
    return (struct run *)(void *)((char *)source - offsetof(struct run, output));
}

static struct run *run_of_ended(struct source *source)
{
    return (struct run *)(void *)((char *)source - offsetof(struct run, ended));
}

static bool is_ready(struct hand *hand)
{
    (void)hand;
    return true;
}

/* Takes what the process has said so far. */
static void listen_to(struct run *run, struct daemon *daemon)
{
    char excess;

    while (!run->output_over) {
        bool full = run->bytes == sizeof run->text;
        ssize_t got = read(run->process.output, full ? &excess : run->text + run->bytes,
                           full ? 1 : sizeof run->text - run->bytes);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got > 0 && !full) {
            run->bytes += (size_t)got;
            continue;
        }
        run->too_long = got > 0;
        run->output_over = true;
        daemon_unwatch(daemon, run->process.output);
        if (run->too_long) {
            process_kill(&run->process);
        }
    }
}

/* Ends the process whatever it does, and forgets it. True if it had ended well by itself. */
static bool run_end(struct run *run, struct daemon *daemon)
{
    if (!run->output_over) {
        daemon_unwatch(daemon, run->process.output);
    }
    daemon_unwatch(daemon, run->process.ended);
    process_kill(&run->process);  // what it started and left behind; itself, if it still runs
    return process_reap(&run->process);
}

static void heard(struct source *source, struct daemon *daemon)
{
    listen_to(run_of_output(source), daemon);
}

static void ended(struct source *source, struct daemon *daemon)
{
    struct run *run = run_of_ended(source);
    struct bl_arena *scratch = daemon_scratch(daemon);
    struct bl_error e = { 0 };
    Bl__Decision *decision;

    listen_to(run, daemon);
    bool well = run_end(run, daemon);
    bl_arena_reset(scratch);
    if (run->too_long) {
        daemon_fail(daemon, run->job, "the program said too much");
    } else if (!well) {
        daemon_fail(daemon, run->job, "the program failed");
    } else if (task_json_read(run->text, run->bytes, scratch, &decision, &e) != BL_OK) {
        daemon_fail(daemon, run->job, bl_arena_printf(scratch, "no decision: %s", e.text));
    } else {
        daemon_decide(daemon, run->job, decision);
    }
    free(run);
}

/* The task as a file without a name: the process may read it when it likes. */
static int task_file(struct exec_hand *own, const Bl__Task *task)
{
    int fd = memfd_create("task", MFD_CLOEXEC);

    writer_reset(&own->line);
    task_json_write(&own->line, task, daemon_utc_offset(own->hand.daemon));
    if (fd >= 0 && (write(fd, own->line.at, own->line.bytes) != (ssize_t)own->line.bytes ||
                    lseek(fd, 0, SEEK_SET) != 0)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static enum bl_err run_start(struct exec_hand *own, struct run *run, struct bl_error *e)
{
    struct daemon *daemon = own->hand.daemon;
    int input = task_file(own, run->job->task);

    if (input < 0) {
        return bl_error_set(e, BL_IO, "cannot hand the task over: %s", strerror(errno));
    }
    enum bl_err err = process_start(own->words, input, &run->process, e);
    (void)close(input);
    if (err != BL_OK) {
        return err;
    }
    err = daemon_watch(daemon, run->process.output, EPOLLIN, &run->output, e);
    if (err == BL_OK) {
        err = daemon_watch(daemon, run->process.ended, EPOLLIN, &run->ended, e);
    }
    if (err != BL_OK) {
        process_kill(&run->process);
        (void)process_reap(&run->process);
    }
    return err;
}

static void start(struct hand *hand, struct job *job)
{
    struct exec_hand *own = (struct exec_hand *)hand;
    struct run *run = malloc(sizeof *run);
    struct bl_error e = { 0 };

    CHECK(run != NULL);
    memset(run, 0, offsetof(struct run, text));
    run->output.ready = heard;
    run->ended.ready = ended;
    run->job = job;
    job->work = run;
    if (run_start(own, run, &e) != BL_OK) {
        bl_log(BL_LOG_ERROR, "exec.failed", "task=%s error=\"%s\"", job->task->task, e.text);
        daemon_fail(hand->daemon, job, e.text);
        free(run);
        return;
    }
    daemon_alarm(hand->daemon, job, own->limit > 0 ? bl_time_monotonic() + own->limit : BL_NEVER);
}

static void drop(struct hand *hand, struct job *job)
{
    struct run *run = job->work;

    (void)run_end(run, hand->daemon);
    free(run);
}

static void due(struct hand *hand, struct job *job)
{
    drop(hand, job);
    daemon_fail(hand->daemon, job, "the program took too long");
}

static void close_hand(struct hand *hand)
{
    struct exec_hand *own = (struct exec_hand *)hand;

    writer_free(&own->line);
    free(own);
}

static const struct hand_kind kind = {
    .is_ready = is_ready,
    .start = start,
    .due = due,
    .drop = drop,
    .close = close_hand,
};

struct hand *hand_exec(struct daemon *daemon, const struct words *words, bl_span limit)
{
    struct exec_hand *own = calloc(1, sizeof *own);

    CHECK(own != NULL);
    own->hand = (struct hand){ &kind, daemon };
    own->words = words;
    own->limit = limit;
    writer_init(&own->line, WRITER_JSON);
    return &own->hand;
}
