/* request_id.h — ids for requests that ascend: UUIDv7 (RFC 9562).
 * The broker keeps a request's id for a week in a table ordered by it; ids that ascend append to
 * that table, random ones cost ten times more. Within one millisecond, or while the clock stands
 * or steps back, an id is the one before plus a random step, so one source never repeats and never
 * descends. Chance comes in as a seed: a simulation gives its own. */
#pragma once

#include <stdint.h>

#include "base/time.h"

#define REQUEST_ID_BYTES 37  // "0193a3c2-7d10-7c5e-9b1f-5f0e8f6a2b11" and its NUL

struct request_ids {
    uint64_t milliseconds;  // of the newest id
    uint64_t tail;          // its lower 62 bits
    uint32_t middle;        // its 12 bits between version and variant
    uint64_t random;
};

void request_ids_init(struct request_ids *ids, uint64_t seed);
/* Writes the next id for the moment `at` (wall clock) into REQUEST_ID_BYTES bytes. */
void request_ids_next(struct request_ids *ids, bl_time at, char *text);
