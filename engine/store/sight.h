/* sight.h — rights to see: who may look at what, decided here and nowhere else.
 * The hall's own people see every application; a tracker those of the projects that he follows; a
 * department those with an item of its own, of them its own items, and no other department's
 * events. */
#pragma once

#include "binglian/v1/event.pb-c.h"
#include "binglian/v1/state.pb-c.h"
#include "core/principal.h"

/* An applicant, named by his number, sees that one application; a tracker those of his projects.
 *   project  that it belongs to; NULL: to none, or nobody has to know */
bool sight_application(const struct principal *principal, const Bl__Application *application,
                       const Bl__Project *project);
/* Does it depend on the project whether somebody sees one of its applications? */
bool sight_asks_project(const struct principal *principal);
/* Who is asked for an opinion sees the application, and of the item the question. */
bool sight_department(const struct principal *principal, const char *department);
/* Whoever passed an item up to the authority above goes on seeing it. */
bool sight_item(const struct principal *principal, const Bl__Item *item);
/*   application  the event's, as it was counted then (view_then); NULL: it is of something else
 *   project      the application's, or the event's own; NULL as above */
bool sight_event(const struct principal *principal, const Bl__Application *application,
                 const Bl__Project *project, const Bl__Event *event);
/* A tracker sees the projects that he follows. */
bool sight_project(const struct principal *principal, const Bl__Project *project);
/* A department sees what leads to it. */
bool sight_referral(const struct principal *principal, const Bl__Referral *referral);
/* Keys, stored records' state, other departments' workers. */
bool sight_operation(const struct principal *principal);
/* The code with which an applicant asks: those at the windows give it to him. */
bool sight_query_code(const struct principal *principal);
