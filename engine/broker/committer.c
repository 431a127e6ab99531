#include "broker/committer.h"

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
    } at[COMMITTER_BATCHES];
    size_t first, count;
};

struct committer {
    struct cycle *cycle;
    struct test_clock clock;
    struct batch batches[COMMITTER_BATCHES];
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
    size_t at = (queue->first + queue->count) % COMMITTER_BATCHES;

    CHECK(queue->count < COMMITTER_BATCHES);
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
    queue->first = (queue->first + 1) % COMMITTER_BATCHES;
    queue->count--;
    return batch;
}

static void lock(struct committer *committer)
{
    CHECK(pthread_mutex_lock(&committer->lock) == 0);
}

static void unlock(struct committer *committer)
{
    CHECK(pthread_mutex_unlock(&committer->lock) == 0);
}

/* Runs one batch outside the lock. */
static enum bl_err commit(struct committer *committer, struct batch *batch)
{
    struct bl_error e = { 0 };
    enum bl_err err = cycle_run(committer->cycle, batch, test_clock_now(&committer->clock), &e);

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

static void wake_front(const struct committer *committer)
{
    uint64_t one = 1;

    CHECK(write(committer->fd, &one, sizeof one) == sizeof one);
}

static void *run(void *argument)
{
    struct committer *committer = argument;

    lock(committer);
    for (;;) {
        struct batch *batch = queue_take(&committer->todo, NULL);

        if (batch == NULL && committer->stopping) {
            break;
        }
        if (batch == NULL) {
            CHECK(pthread_cond_wait(&committer->given, &committer->lock) == 0);
            continue;
        }
        committer->busy_since = bl_time_monotonic();
        unlock(committer);
        enum bl_err outcome = commit(committer, batch);

        lock(committer);
        committer->busy_since = 0;
        queue_put(&committer->done, batch, outcome);
        wake_front(committer);
    }
    unlock(committer);
    return NULL;
}

enum bl_err committer_start(struct cycle *cycle, const struct test_clock *clock,
                            struct committer **committer, struct bl_error *e)
{
    struct committer *own = calloc(1, sizeof *own);

    CHECK(own != NULL);
    own->cycle = cycle;
    own->clock = *clock;
    own->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(pthread_mutex_init(&own->lock, NULL) == 0);
    CHECK(pthread_cond_init(&own->given, NULL) == 0);
    for (size_t i = 0; i < COMMITTER_BATCHES; i++) {
        batch_init(&own->batches[i]);
        queue_put(&own->free, &own->batches[i], BL_OK);
    }
    if (own->fd < 0 || pthread_create(&own->thread, NULL, run, own) != 0) {
        free(own);
        return bl_error_set(e, BL_FAILED, "cannot start the committer");
    }
    *committer = own;
    return BL_OK;
}

void committer_stop(struct committer **committer)
{
    struct committer *own = *committer;

    if (own == NULL) {
        return;
    }
    lock(own);
    own->stopping = true;
    CHECK(pthread_cond_signal(&own->given) == 0);
    unlock(own);
    CHECK(pthread_join(own->thread, NULL) == 0);
    for (size_t i = 0; i < COMMITTER_BATCHES; i++) {
        batch_free(&own->batches[i]);
    }
    (void)close(own->fd);
    (void)pthread_cond_destroy(&own->given);
    (void)pthread_mutex_destroy(&own->lock);
    free(own);
    *committer = NULL;
}

int committer_fd(const struct committer *committer)
{
    return committer->fd;
}

struct batch *committer_batch(struct committer *committer)
{
    lock(committer);
    struct batch *batch = queue_take(&committer->free, NULL);

    unlock(committer);
    return batch;
}

bool committer_is_idle(struct committer *committer)
{
    lock(committer);
    bool idle = committer->busy_since == 0 && committer->todo.count == 0;

    unlock(committer);
    return idle;
}

void committer_give(struct committer *committer, struct batch *batch)
{
    lock(committer);
    queue_put(&committer->todo, batch, BL_OK);
    CHECK(pthread_cond_signal(&committer->given) == 0);
    unlock(committer);
}

struct batch *committer_done(struct committer *committer, enum bl_err *outcome)
{
    uint64_t count;

    if (read(committer->fd, &count, sizeof count) < 0) {
        CHECK(errno == EAGAIN || errno == EINTR);
    }
    lock(committer);
    struct batch *batch = queue_take(&committer->done, outcome);

    unlock(committer);
    return batch;
}

void committer_return(struct committer *committer, struct batch *batch)
{
    batch_reset(batch);
    lock(committer);
    queue_put(&committer->free, batch, BL_OK);
    unlock(committer);
}

bl_span committer_busy_for(struct committer *committer, bl_span now)
{
    lock(committer);
    bl_span busy = committer->busy_since == 0 ? 0 : now - committer->busy_since;

    unlock(committer);
    return busy;
}
