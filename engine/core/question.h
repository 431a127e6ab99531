/* question.h — one command about an application, as its decision sees it, and the answers that many
 * decisions give in one line. */
#pragma once

#include "core/aggregate.h"

/* One command, as its decision sees it. */
struct question {
    const struct world *world;
    const Bl__Application *application;  // NULL for a submission
    const Bl__Command *command;
    struct bl_arena *arena;
};

struct ruling question_refuse(const struct question *q, enum bl_err code, const char *rule,
                              const char *pointer);
/* Refuses because of the state that the item is in. */
struct ruling question_refuse_state(const struct question *q, uint32_t item, const char *rule);
/* Finds the item that a command names; refuses if there is none, or its department is another's. */
Bl__Refusal *question_item(const struct question *q, const char *id, uint32_t *index);
/* Does somebody of a department speak, rather than of the hall? */
bool question_is_department(const struct question *q);
Bl__Event *question_event(const struct question *q, Bl__Event__WhatCase what);
/* Refuses a reason that is too long, or missing where one is needed. */
Bl__Refusal *question_reason(const struct question *q, const char *reason, bool required);
bool question_is_longer(const char *text, size_t characters);
