/* view_state.h — what the files of views share; nobody else includes it. */
#pragma once

#include "deadline/limit.h"
#include "store/view.h"

/* Empty where `text` is NULL. */
Bl__Title *view_title(struct bl_arena *arena, const Bl__Text *text);
/* NULL where it has not started. `limit` is what it counts down; 0 halves: not said. */
Bl__ClockView *view_clock(const struct viewer *viewer, const struct calendar *calendar,
                          const Bl__Clock *clock, struct limit limit);

/* view_course.c: what stands around an item, and around the whole. */
void view_item_course(const struct viewer *viewer, const struct catalog_version *version,
                      const Bl__Item *item, Bl__ItemView *view);
void view_application_course(const struct viewer *viewer, const struct catalog_version *version,
                             const Bl__Application *application, Bl__ApplicationView *view);
