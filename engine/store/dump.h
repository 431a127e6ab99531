/* dump.h — the whole store as JSON lines, for checkers that trust nobody.
 * A format of its own: numbers are JSON numbers, moments milliseconds; see `binglian help dump`. */
#pragma once

#include <stdio.h>

#include "store/store.h"

MUST_CHECK enum bl_err dump_store(struct store *store, FILE *out, struct bl_error *e);
/* The chain alone, from the batch on that holds this event: what an outside auditor needs. */
MUST_CHECK enum bl_err dump_chain(struct store *store, uint64_t from, FILE *out,
                                  struct bl_error *e);
