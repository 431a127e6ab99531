/* notice.h — what the applicant is told (domain.md 9.5), on its way out.
 * An event of which the applicant is told carries a notice for each channel of its workflow. They
 * wait in the application until a worker of the channel says that it has sent them: a channel (SMS,
 * post, mail) is a department whose workers send. Its tasks are NUMBER.notice-N. */
#pragma once

#include "core/aggregate.h"

// That wait, of one application: a channel is down for long. The last that has a place is an
// incident from the beginning, so that those after it are not lost in silence.
#define NOTICES_MAX 200
#define NOTICE_LANE "notice"    // what a worker that serves only some items calls them
#define NOTICE_NUMBER_MAX 4095  // of one application in its life: they have a place among its tasks

/* Adds to an event what the applicant is told of it; `application` is as it was before, NULL for a
 * submission. Costs nothing where the workflow has no channels. */
void notice_announce(const struct world *world, const Bl__Application *application,
                     Bl__Event *event, struct bl_arena *arena);
/* Folds them in. */
void notice_take(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);

/* One that waits, by its number; NULL if there is none. */
Bl__Notice *notice_find(const Bl__Application *application, uint32_t number);
/* The number in "notice-3"; 0 if it is no such name. */
uint32_t notice_number(const char *name);
/* Its place among the tasks of the application, beside the indexes of items, and back; 0: it is
 * none. */
uint32_t notice_task(uint32_t number);
uint32_t notice_of_task(uint32_t task);
/* May a worker of its channel send it, now or from retry_at on? */
bool notice_is_ready(const Bl__Notice *notice);
