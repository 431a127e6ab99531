/* catalog.h — the definitions and calendars that the store holds, compiled and kept.
 * A version is immutable, so what was compiled once is shared by all threads until the store is
 * closed; it is compiled when it is first asked for, so a start costs nothing. */
#pragma once

#include "core/publication.h"
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

/* Finds a published version. Safe in any thread.
 *   errors  BL_NOT_FOUND, or what reading and compiling it gave */
MUST_CHECK enum bl_err catalog_find(struct catalog *catalog, const char *workflow, uint32_t version,
                                    struct catalog_version *found, struct bl_error *e);

/* The version that an application handed in `now` takes: the newest whose time has come and that is
 * not retired. */
MUST_CHECK enum bl_err catalog_current(struct catalog *catalog, const char *workflow, bl_time now,
                                       struct catalog_version *found, struct bl_error *e);

/* The newest calendar of an id. */
MUST_CHECK enum bl_err catalog_calendar(struct catalog *catalog, const char *id,
                                        const struct calendar **calendar, struct bl_error *e);

/* By which the hall itself counts, where no workflow says one: the calendar that departments.yaml
 * names, else "cn". NULL while it is not published. */
const struct calendar *catalog_hall_calendar(struct catalog *catalog);

/* The published departments; NULL while there are none. */
const Bl__DepartmentsFile *catalog_departments(struct catalog *catalog);

/* Something was published or retired: what is not compiled yet is looked up anew. What was given
 * out before stays valid until the catalog is closed. */
void catalog_refresh(struct catalog *catalog);

/* For processes that do not write: refreshes if the store's directory is another than before. One
 * look at its record's checksum. */
void catalog_follow(struct catalog *catalog);

/* What a file to be published may refer to; valid until the next refresh. */
struct publication_context catalog_context(struct catalog *catalog);
