#include "broker/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

/* A bounded first-in-first-out of batches. */
struct queue {
    struct {
        struct batch *batch;
        enum bl_err outcome;
    } at[WRITER_BATCHES];
    size_t first, count;
};

struct writer {
    struct cycle *cycle;
    struct test_clock clock;
    struct batch batches[WRITER_BATCHES];
    pthread_mutex_t lock;
    pthread_cond_t given;
    pthread_t thread;
    int fd;
    bool stopping;
    bl_span busy_since;  // 0: idle
    struct queue free, todo, done;
};

static void queue_put(struct queue *queue, struct batch *batch, enum bl_err outcome)
{
    size_t at = (queue->first + queue->count) % WRITER_BATCHES;

    CHECK(queue->count < WRITER_BATCHES);
    queue->at[at].batch = batch;
    queue->at[at].outcome = outcome;
    queue->count++;
}

static struct batch *queue_take(struct queue *queue, enum bl_err *outcome)
{
    if (queue->count == 0) {
        return NULL;
    }
    struct batch *batch = queue->at[queue->first].batch;

    if (outcome != NULL) {
        *outcome = queue->at[queue->first].outcome;
    }
    queue->first = (queue->first + 1) % WRITER_BATCHES;
    queue->count--;
    return batch;
}

static void lock(struct writer *writer)
{
    CHECK(pthread_mutex_lock(&writer->lock) == 0);
}

static void unlock(struct writer *writer)
{
    CHECK(pthread_mutex_unlock(&writer->lock) == 0);
}

/* Runs one batch outside the lock. */
static enum bl_err commit(struct writer *writer, struct batch *batch)
{
    struct bl_error e = { 0 };
    enum bl_err err = cycle_run(writer->cycle, batch, test_clock_now(&writer->clock), &e);

    if (err != BL_OK && err != BL_FULL) {
        bl_log(BL_LOG_ERROR, "commit.unknown", "code=%s text=\"%s\"", bl_err_name(err), e.text);
        _exit(EX_IOERR);  // 74: nothing is said to anybody; a start recovers what is on disk
    }
    if (err == BL_FULL) {
        bl_log(BL_LOG_ERROR, "commit.full", "commands=%zu text=\"%s\"", batch->command_count,
               e.text);
    }
    return err;
}

static void wake_front(const struct writer *writer)
{
    uint64_t one = 1;

    CHECK(write(writer->fd, &one, sizeof one) == sizeof one);
}

static void *run(void *argument)
{
    struct writer *writer = argument;

    lock(writer);
    for (;;) {
        struct batch *batch = queue_take(&writer->todo, NULL);

        if (batch == NULL && writer->stopping) {
            break;
        }
        if (batch == NULL) {
            CHECK(pthread_cond_wait(&writer->given, &writer->lock) == 0);
            continue;
        }
        writer->busy_since = bl_time_monotonic();
        unlock(writer);
        enum bl_err outcome = commit(writer, batch);

        lock(writer);
        writer->busy_since = 0;
        queue_put(&writer->done, batch, outcome);
        wake_front(writer);
    }
    unlock(writer);
    return NULL;
}

enum bl_err writer_start(struct cycle *cycle, const struct test_clock *clock,
                         struct writer **writer, struct bl_error *e)
{
    struct writer *own = calloc(1, sizeof *own);

    CHECK(own != NULL);
    own->cycle = cycle;
    own->clock = *clock;
    own->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(pthread_mutex_init(&own->lock, NULL) == 0);
    CHECK(pthread_cond_init(&own->given, NULL) == 0);
    for (size_t i = 0; i < WRITER_BATCHES; i++) {
        batch_init(&own->batches[i]);
        queue_put(&own->free, &own->batches[i], BL_OK);
    }
    if (own->fd < 0 || pthread_create(&own->thread, NULL, run, own) != 0) {
        free(own);
        return bl_error_set(e, BL_FAILED, "cannot start the writer");
    }
    *writer = own;
    return BL_OK;
}

void writer_stop(struct writer **writer)
{
    struct writer *own = *writer;

    if (own == NULL) {
        return;
    }
    lock(own);
    own->stopping = true;
    CHECK(pthread_cond_signal(&own->given) == 0);
    unlock(own);
    CHECK(pthread_join(own->thread, NULL) == 0);
    for (size_t i = 0; i < WRITER_BATCHES; i++) {
        batch_free(&own->batches[i]);
    }
    (void)close(own->fd);
    (void)pthread_cond_destroy(&own->given);
    (void)pthread_mutex_destroy(&own->lock);
    free(own);
    *writer = NULL;
}

int writer_fd(const struct writer *writer)
{
    return writer->fd;
}

struct batch *writer_batch(struct writer *writer)
{
    lock(writer);
    struct batch *batch = queue_take(&writer->free, NULL);

    unlock(writer);
    return batch;
}

bool writer_is_idle(struct writer *writer)
{
    lock(writer);
    bool idle = writer->busy_since == 0 && writer->todo.count == 0;

    unlock(writer);
    return idle;
}

void writer_give(struct writer *writer, struct batch *batch)
{
    lock(writer);
    queue_put(&writer->todo, batch, BL_OK);
    CHECK(pthread_cond_signal(&writer->given) == 0);
    unlock(writer);
}

struct batch *writer_done(struct writer *writer, enum bl_err *outcome)
{
    uint64_t count;

    if (read(writer->fd, &count, sizeof count) < 0) {
        CHECK(errno == EAGAIN || errno == EINTR);
    }
    lock(writer);
    struct batch *batch = queue_take(&writer->done, outcome);

    unlock(writer);
    return batch;
}

void writer_return(struct writer *writer, struct batch *batch)
{
    batch_reset(batch);
    lock(writer);
    queue_put(&writer->free, batch, BL_OK);
    unlock(writer);
}

bl_span writer_busy_for(struct writer *writer, bl_span now)
{
    lock(writer);
    bl_span busy = writer->busy_since == 0 ? 0 : now - writer->busy_since;

    unlock(writer);
    return busy;
}
