/* application_state.h — what the files of the application share; nobody else includes it.
 * application.c has the tables: which command is decided where, which event is folded by what.
 * Decisions: application_intake.c up to acceptance, application_review.c from then on. Folding:
 * application_evolve.c. What time alone makes: application_wake.c. */
#pragma once

#include "core/application.h"
#include "core/question.h"
#include "core/routing.h"

struct ruling decide_submit(const struct question *q);
struct ruling decide_accept(const struct question *q);
struct ruling decide_decide(const struct question *q);
/* decide_decide, of an item at a desk. */
struct ruling decide_at_desk(const struct question *q, uint32_t item);
/* The event that decides an item, with all that follows from it. */
Bl__Event *review_decided(const struct question *q, uint32_t item, Bl__Item__Result result,
                          Bl__Desk *desk);
struct ruling decide_fail(const struct question *q);
struct ruling decide_retry(const struct question *q);
struct ruling decide_release(const struct question *q);
struct ruling decide_terminate(const struct question *q);

void evolve_submitted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_accepted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_decided(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_step_signed(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena);
void evolve_warned(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_overdue(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_failed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_retried(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_released(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_terminated(Bl__Application *application, const Bl__Event *event,
                       struct bl_arena *arena);

/* The first act of an officer: from then on it is reviewed. */
void desk_first_act(Bl__Item *item, bl_time at);

/* As in aggregate.h. */
bl_time application_next(const void *state);
Bl__Event *application_wake(const struct world *world, const void *state, struct bl_arena *arena);
