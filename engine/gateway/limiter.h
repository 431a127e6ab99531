/* limiter.h — how often one caller may ask: a bucket of tokens that fills evenly.
 * The table is bounded: where it is full, whoever asked longest ago is forgotten, which favours
 * nobody who asks often. */
#pragma once

#include <stdint.h>

#include "base/time.h"

struct limiter;

struct limit_state {
    uint32_t rate;       // in a minute
    uint32_t remaining;  // whole requests that are left
    uint32_t wait_ms;    // until the next; 0: this one may pass
};

struct limiter *limiter_new(void);
void limiter_free(struct limiter **limiter);
/* Takes one from the bucket of `who`; `kind` tells apart what is counted apart. Any thread.
 *   rate  in a minute, at least 1; so many may come at once */
struct limit_state limiter_take(struct limiter *limiter, const char *kind, const char *who,
                                uint32_t rate, bl_span now);
