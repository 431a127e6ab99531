/* catalog.h — the definitions and calendars that the store holds, compiled and kept.
 * A version is immutable, so what was compiled once is shared by all threads until the store is
 * closed; it is compiled when it is first asked for, so a start costs nothing. */
#pragma once

#include "definition/definition.h"
#include "store/store.h"

struct catalog;

/* A version of a workflow with the calendar it counts by. */
struct catalog_version {
    const struct definition *definition;
    const struct calendar *calendar;
};

void catalog_open(struct store *store, struct catalog **catalog);
void catalog_close(struct catalog **catalog);

/* Finds a published version; `version` 0 is the newest that is not retired. Safe in any thread.
 *   errors  BL_NOT_FOUND, BL_CORRUPT */
MUST_CHECK enum bl_err catalog_find(struct catalog *catalog, const char *workflow,
                                    uint32_t version, struct catalog_version *found,
                                    struct bl_error *e);
