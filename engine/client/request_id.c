#include "client/request_id.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/chance.h"

#define TAIL_BITS 62
#define TAIL_MASK ((UINT64_C(1) << TAIL_BITS) - 1)
#define MIDDLE_MASK 0xfffu
#define MILLISECONDS_MASK ((UINT64_C(1) << 48) - 1)
#define STEP_MASK ((UINT64_C(1) << 40) - 1)  // 62 + 12 bits hold 2^33 such steps in a millisecond

void request_ids_init(struct request_ids *ids, uint64_t seed)
{
    *ids = (struct request_ids){ .random = seed };
}

/* A new millisecond starts anywhere in the lower half, so that steps have room. */
static void start_millisecond(struct request_ids *ids, uint64_t milliseconds)
{
    ids->milliseconds = milliseconds;
    ids->middle = (uint32_t)chance_next(&ids->random) & (MIDDLE_MASK >> 1);
    ids->tail = chance_next(&ids->random) & TAIL_MASK;
}

static void step(struct request_ids *ids)
{
    ids->tail += 1 + (chance_next(&ids->random) & STEP_MASK);
    if (ids->tail > TAIL_MASK) {
        ids->tail &= TAIL_MASK;
        ids->middle++;
    }
    if (ids->middle > MIDDLE_MASK) {  // borrow from the next millisecond
        start_millisecond(ids, ids->milliseconds + 1);
    }
}

void request_ids_next(struct request_ids *ids, bl_time at, char *text)
{
    uint64_t milliseconds = at > 0 ? (uint64_t)(at / MILLISECOND_US) : 0;

    if (milliseconds > ids->milliseconds) {
        start_millisecond(ids, milliseconds);
    } else {
        step(ids);
    }
    uint64_t stamp = ids->milliseconds & MILLISECONDS_MASK;
    (void)snprintf(text, REQUEST_ID_BYTES,
                   "%08" PRIx64 "-%04" PRIx64 "-7%03" PRIx32 "-%04" PRIx64 "-%012" PRIx64,
                   stamp >> 16, stamp & 0xffff, ids->middle, 0x8000 | (ids->tail >> 48),
                   ids->tail & ((UINT64_C(1) << 48) - 1));
}
