#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/process.h"
#include "daemon/task_json.h"

#define PAUSE_FIRST (100 * MILLISECOND_US)  // before a program that ended is started again
#define PAUSE_MAX (10 * SECOND_US)

struct pipe_hand {
    struct hand hand;
    const struct words *words;
    bl_span limit;
    struct process process;
    struct source output, input, ended;
    struct writer lines;  // tasks that are to be written
    size_t written;       // of them
    bool input_watched;   // the pipe was full
    bl_span start_at, pause;
    size_t bytes;
    char text[DECISION_BYTES_MAX];  // the beginning of a line
};

static struct pipe_hand *of_output(struct source *source)
{
    return (struct pipe_hand *)(void *)((char *)source - offsetof(struct pipe_hand, output));
}

static struct pipe_hand *of_input(struct source *source)
{
    return (struct pipe_hand *)(void *)((char *)source - offsetof(struct pipe_hand, input));
}

static struct pipe_hand *of_ended(struct source *source)
{
    return (struct pipe_hand *)(void *)((char *)source - offsetof(struct pipe_hand, ended));
}

/* --- the program --- */

/* Puts the next start off, longer each time; a decision makes the pause short again. */
static void put_off(struct pipe_hand *own)
{
    own->start_at = bl_time_monotonic() + own->pause;
    own->pause = own->pause * 2 < PAUSE_MAX ? own->pause * 2 : PAUSE_MAX;
}

static void stop(struct pipe_hand *own)
{
    struct daemon *daemon = own->hand.daemon;

    if (own->process.pid == 0) {
        return;
    }
    daemon_unwatch(daemon, own->process.output);
    daemon_unwatch(daemon, own->process.ended);
    if (own->input_watched) {
        daemon_unwatch(daemon, own->process.input);
    }
    process_kill(&own->process);
    (void)process_reap(&own->process);
    own->input_watched = false;
    own->bytes = own->written = 0;
    writer_reset(&own->lines);
}

/* It has ended, or makes no sense: what it had not decided goes to others. */
static void give_up(struct pipe_hand *own, const char *why)
{
    struct job *job;

    if (own->process.pid == 0) {
        return;
    }
    bl_log(BL_LOG_WARN, "pipe.ended", "program=%s why=\"%s\"", own->words->at[0], why);
    stop(own);
    put_off(own);
    while ((job = daemon_first_job(own->hand.daemon)) != NULL) {
        daemon_give_back(own->hand.daemon, job);
    }
}

static enum bl_err run(struct pipe_hand *own, struct bl_error *e)
{
    struct daemon *daemon = own->hand.daemon;
    enum bl_err err = process_start(own->words, -1, &own->process, e);

    if (err == BL_OK) {
        err = daemon_watch(daemon, own->process.output, EPOLLIN, &own->output, e);
    }
    if (err == BL_OK) {
        err = daemon_watch(daemon, own->process.ended, EPOLLIN, &own->ended, e);
    }
    return err;
}

static bl_span tick(struct hand *hand, bl_span now)
{
    struct pipe_hand *own = (struct pipe_hand *)hand;
    struct bl_error e = { 0 };

    if (own->process.pid != 0) {
        return BL_NEVER;
    }
    if (now >= own->start_at && run(own, &e) != BL_OK) {
        bl_log(BL_LOG_ERROR, "pipe.failed", "error=\"%s\"", e.text);
        stop(own);
        put_off(own);
    }
    return own->process.pid != 0 ? BL_NEVER : own->start_at;
}

static bool is_ready(struct hand *hand)
{
    return ((struct pipe_hand *)hand)->process.pid != 0;
}

/* --- tasks to it --- */

/* Writes what the pipe takes; waits for room only when there is something left. */
static void write_lines(struct pipe_hand *own)
{
    struct daemon *daemon = own->hand.daemon;

    while (own->written < own->lines.bytes) {
        ssize_t put = write(own->process.input, own->lines.at + own->written,
                            own->lines.bytes - own->written);
        if (put > 0) {
            own->written += (size_t)put;
        } else if (put < 0 && errno != EINTR) {
            break;  // full; or it has ended, which its descriptor will tell
        }
    }
    bool left = own->written < own->lines.bytes;
    own->lines.bytes -= own->written;  // what is written needs no room any more
    memmove(own->lines.at, own->lines.at + own->written, own->lines.bytes);
    own->written = 0;
    if (left != own->input_watched) {
        if (!left) {
            daemon_unwatch(daemon, own->process.input);
        } else if (daemon_watch(daemon, own->process.input, EPOLLOUT, &own->input, NULL) != BL_OK) {
            return;  // the next task tries again
        }
        own->input_watched = left;
    }
}

static void has_room(struct source *source, struct daemon *daemon)
{
    (void)daemon;
    write_lines(of_input(source));
}

static void start(struct hand *hand, struct job *job)
{
    struct pipe_hand *own = (struct pipe_hand *)hand;

    daemon_alarm(hand->daemon, job, own->limit > 0 ? bl_time_monotonic() + own->limit : BL_NEVER);
    task_json_write(&own->lines, job->task, daemon_utc_offset(hand->daemon));
    if (!own->input_watched) {
        write_lines(own);
    }
}

/* --- decisions from it --- */

static void take_line(struct pipe_hand *own, const char *line, size_t bytes)
{
    struct daemon *daemon = own->hand.daemon;
    struct bl_arena *scratch = daemon_scratch(daemon);
    struct bl_error e = { 0 };
    Bl__Decision *decision;

    bl_arena_reset(scratch);
    if (task_json_read(line, bytes, scratch, &decision, &e) != BL_OK) {
        bl_log(BL_LOG_WARN, "pipe.nonsense", "error=\"%s\"", e.text);
        return;  // whose task it was cannot be told; that one's time will run out
    }
    own->pause = PAUSE_FIRST;
    struct job *job = daemon_job(daemon, decision->attempt);
    if (job != NULL) {  // else it was revoked meanwhile
        daemon_decide(daemon, job, decision);
    }
}

static void take_lines(struct pipe_hand *own)
{
    char *line = own->text, *end = own->text + own->bytes, *newline;

    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        if (newline > line) {
            take_line(own, line, (size_t)(newline - line));
        }
        line = newline + 1;
    }
    own->bytes = (size_t)(end - line);
    memmove(own->text, line, own->bytes);
}

static void heard(struct source *source, struct daemon *daemon)
{
    struct pipe_hand *own = of_output(source);

    (void)daemon;
    ssize_t got = read(own->process.output, own->text + own->bytes, sizeof own->text - own->bytes);
    if (got > 0) {
        own->bytes += (size_t)got;
        take_lines(own);
        if (own->bytes == sizeof own->text) {
            give_up(own, "a line that is too long");
        }
    } else if (got == 0) {
        give_up(own, "it closed its output");
    }
}

static void ended(struct source *source, struct daemon *daemon)
{
    (void)daemon;
    give_up(of_ended(source), "it ended");
}

static void due(struct hand *hand, struct job *job)
{
    daemon_fail(hand->daemon, job, "the program took too long");
}

static void drop(struct hand *hand, struct job *job)
{
    (void)hand;  // its decision will find no job
    (void)job;
}

static void close_hand(struct hand *hand)
{
    struct pipe_hand *own = (struct pipe_hand *)hand;

    stop(own);
    writer_free(&own->lines);
    free(own);
}

static const struct hand_kind kind = {
    .is_ready = is_ready,
    .start = start,
    .due = due,
    .drop = drop,
    .tick = tick,
    .close = close_hand,
};

struct hand *hand_pipe(struct daemon *daemon, const struct words *words, bl_span limit)
{
    struct pipe_hand *own = calloc(1, sizeof *own);

    CHECK(own != NULL);
    own->hand = (struct hand){ &kind, daemon };
    own->words = words;
    own->limit = limit;
    own->pause = PAUSE_FIRST;
    own->output.ready = heard;
    own->input.ready = has_room;
    own->ended.ready = ended;
    writer_init(&own->lines, WRITER_JSON);
    return &own->hand;
}
