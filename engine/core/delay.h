/* delay.h — whose time a delay was (domain.md 9.4).
 * Of an application that is late, or has an item that is, the critical path is followed backwards:
 * from what ended last (or is still open), over the needed item that ended last before it began, to
 * the receipt. Each working day of the path is put to the hall, a department, the applicant or a
 * special procedure; what lies beside the path had no part in the delay and is not blamed. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/event.pb-c.h"
#include "deadline/calendar.h"
#include "definition/definition.h"

struct delay_question {
    const Bl__Application *application;
    const struct definition *definition;
    const struct calendar *calendar;
    // Its history, oldest first: who had to act before acceptance, and when a task was an incident.
    Bl__Event *const *events;
    size_t event_count;
    bl_time now;
};

struct delay {
    const char *whose;  // "hall", "applicant", "special", or a department
    const char *item;   // of the path; borrowed from the application
    int32_t days;       // working days, as law counts them: the first is not counted
    int32_t over;       // of the item: working days beyond its own promise
};

/* Is it late, or one of its items: open or ended? */
bool delay_is_late(const Bl__Application *application);

/* Who had how much of it, in the order of the path.
 *   rows     in the arena; written only where it is late
 *   returns  how many; 0 where nothing is late */
size_t delay_attribute(const struct delay_question *question, struct bl_arena *arena,
                       struct delay ***rows);
