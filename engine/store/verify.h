/* verify.h — does the store agree with itself?
 * Folds every event from the first and compares the states with what is stored; computes the
 * projections again; checks each record's checksum, the numbers without gap, the hashes of the
 * contents and the chain. */
#pragma once

#include <stdio.h>

#include "store/store.h"

struct verify_result {
    uint64_t events, applications, batches;
    uint64_t problems;
};

/* Writes a line for each problem to `report` (NULL: nothing).
 *   returns  BL_OK if all agree, BL_CORRUPT if not, else why it could not be read */
MUST_CHECK enum bl_err verify_store(struct store *store, FILE *report, struct verify_result *result,
                                    struct bl_error *e);
