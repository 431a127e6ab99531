/* retry.h — what is offered again after it failed: 5 s, 10 s, 20 s … 10 min later; then an operator
 * has to look. */
#pragma once

#include "base/time.h"

#define RETRY_FIRST (5 * SECOND_US)
#define RETRY_MAX (10 * MINUTE_US)
#define FAILURES_MAX 8

/* How long after so many failures before this one. */
static inline bl_span retry_after(uint32_t failures)
{
    bl_span after = RETRY_FIRST;

    for (uint32_t i = 0; i < failures && after < RETRY_MAX; i++) {
        after *= 2;
    }
    return after < RETRY_MAX ? after : RETRY_MAX;
}
