#include "gateway/limiter.h"

#define XXH_INLINE_ALL
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/check.h"

#define BUCKETS 65536
#define PROBES 8

struct bucket {
    uint64_t who;  // 0: nobody yet
    bl_span at;    // when it was last looked at
    double left;
};

struct limiter {
    pthread_mutex_t lock;
    uint64_t seed;
    struct bucket buckets[BUCKETS];
};

struct limiter *limiter_new(void)
{
    struct limiter *limiter = calloc(1, sizeof *limiter);

    CHECK(limiter != NULL && pthread_mutex_init(&limiter->lock, NULL) == 0);
    limiter->seed = (uint64_t)(uintptr_t)limiter ^ (uint64_t)bl_time_monotonic();
    return limiter;
}

void limiter_free(struct limiter **limiter)
{
    if (*limiter != NULL) {
        (void)pthread_mutex_destroy(&(*limiter)->lock);
        free(*limiter);
        *limiter = NULL;
    }
}

/* The caller's bucket, or of those where it may stand the one that was idle longest. */
static struct bucket *find(struct limiter *limiter, uint64_t who)
{
    struct bucket *oldest = NULL;

    for (size_t i = 0; i < PROBES; i++) {
        struct bucket *bucket = &limiter->buckets[(who + i) % BUCKETS];

        if (bucket->who == who) {
            return bucket;
        }
        if (oldest == NULL || bucket->at < oldest->at) {
            oldest = bucket;
        }
    }
    oldest->who = 0;
    return oldest;
}

static struct limit_state take(struct bucket *bucket, uint64_t who, uint32_t rate, bl_span now)
{
    double every = (double)MINUTE_US / rate;  // one more after so long

    if (bucket->who == 0) {
        *bucket = (struct bucket){ .who = who, .at = now, .left = rate };
    }
    bucket->left += (double)(now - bucket->at) / every;
    bucket->left = bucket->left > rate ? rate : bucket->left;
    bucket->at = now;
    if (bucket->left < 1) {
        return (struct limit_state){
            .rate = rate, .wait_ms = 1 + (uint32_t)((1 - bucket->left) * every / MILLISECOND_US)
        };
    }
    bucket->left -= 1;
    return (struct limit_state){ .rate = rate, .remaining = (uint32_t)bucket->left };
}

struct limit_state limiter_take(struct limiter *limiter, const char *kind, const char *who,
                                uint32_t rate, bl_span now)
{
    uint64_t hash =
        XXH3_64bits_withSeed(who, strlen(who), limiter->seed ^ XXH3_64bits(kind, strlen(kind)));

    (void)pthread_mutex_lock(&limiter->lock);
    hash += hash == 0;
    struct limit_state state = take(find(limiter, hash), hash, rate, now);
    (void)pthread_mutex_unlock(&limiter->lock);
    return state;
}
