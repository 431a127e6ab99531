/* view.h — a state as people see it: titles, lights, days left. */
#pragma once

#include "binglian/v1/query.pb-c.h"
#include "core/principal.h"
#include "store/catalog.h"

/* What stands behind every view of one answer. */
struct viewer {
    struct catalog *catalog;
    const Bl__DepartmentsFile *departments;  // may be NULL
    const struct principal *principal;
    bl_time now;
    struct bl_arena *arena;
};

/* The application as the viewer's principal may see it; borrows from `application`.
 *   applicant  the full name, shown masked; NULL: not shown */
Bl__ApplicationView *view_application(const struct viewer *viewer,
                                      const Bl__Application *application, const char *applicant);
/* Fills in a task what its item says: titles, clocks, desk. */
void view_task(const struct viewer *viewer, const struct catalog_version *version,
               const Bl__Application *application, uint32_t index, Bl__TaskView *view);
/* The application as an event counts its items: before a migration those of the version of then,
 * with the departments that they had. NULL stays NULL. */
const Bl__Application *view_then(const struct viewer *viewer, const Bl__Application *application,
                                 const Bl__Event *event);
/* An event with the names that its numbers stand for.
 *   application  as view_then gives it */
Bl__EventView *view_event(const struct viewer *viewer, const Bl__Application *application,
                          Bl__Event *event);
/* The title of a department; its id where it is not known. */
Bl__Title *view_department(const struct viewer *viewer, const char *id);
/* 张三丰 → 张**: what somebody without a right to names sees. */
const char *view_masked(struct bl_arena *arena, const char *name);
