#include "gateway/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "gateway/problem.h"

#define THREADS 2
#define WAITING_MAX 64  // a hash takes a tenth of a second: nobody waits longer than some

struct pool {
    void (*resume)(struct request *request);
    pthread_t threads[THREADS];
    pthread_mutex_t lock;
    pthread_cond_t posted;
    struct request *first, *last;
    size_t waiting;
    bool stopping;
};

static struct request *take(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->stopping) {
        (void)pthread_cond_wait(&pool->posted, &pool->lock);
    }
    struct request *request = pool->stopping ? NULL : pool->first;

    if (request != NULL) {
        pool->first = request->job.next;
        pool->last = pool->first == NULL ? NULL : pool->last;
        pool->waiting--;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return request;
}

static void *run(void *context)
{
    struct pool *pool = context;

    for (struct request *request; (request = take(pool)) != NULL;) {
        request->job.think(request);
        pool->resume(request);
    }
    return NULL;
}

struct pool *pool_new(void (*resume)(struct request *request))
{
    struct pool *pool = calloc(1, sizeof *pool);

    CHECK(pool != NULL && pthread_mutex_init(&pool->lock, NULL) == 0 &&
          pthread_cond_init(&pool->posted, NULL) == 0);
    pool->resume = resume;
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&pool->threads[i], NULL, run, pool) == 0);
    }
    return pool;
}

void pool_stop(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->posted);
    (void)pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(pool->threads[i], NULL);
    }
    for (struct request *request = pool->first, *next; request != NULL; request = next) {
        next = request->job.next;
        problem(request, BL_UNAVAILABLE, "unavailable", "");
        pool->resume(request);
    }
    pool->first = pool->last = NULL;
}

void pool_free(struct pool **pool)
{
    if (*pool != NULL) {
        (void)pthread_cond_destroy(&(*pool)->posted);
        (void)pthread_mutex_destroy(&(*pool)->lock);
        free(*pool);
        *pool = NULL;
    }
}

bool pool_post(struct pool *pool, struct request *request)
{
    request->job.next = NULL;
    (void)pthread_mutex_lock(&pool->lock);
    bool taken = !pool->stopping && pool->waiting < WAITING_MAX;

    if (taken) {
        if (pool->last == NULL) {
            pool->first = request;
        } else {
            pool->last->job.next = request;
        }
        pool->last = request;
        pool->waiting++;
        (void)pthread_cond_signal(&pool->posted);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return taken;
}
