/* principal.h — who speaks, and what he may ask for.
 * `core/` is what decides: decide, evolve and wake of each aggregate are functions of what they are
 * given, know no clock, socket, file or random number, and never log. Read aggregate.h next. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "binglian/v1/command.pb-c.h"
#include "binglian/v1/state.pb-c.h"

/* Resolved from the connection's key, constant while it is connected. */
struct principal {
    Bl__Key__Role role;
    char name[64];
    char department[64];
    char post[64];  // of an officer
};

#define ACTOR_BYTES_MAX 200  // of each text by which a gateway says for whom it speaks

/* For whom a gateway speaks: who `actor` says it is, by his name or that of his post, with his own
 * role and no right of the gateway's.
 *   returns  false where it names nobody, or a role that no person has; *person is then unchanged */
bool principal_for(const Bl__Actor *actor, struct principal *person);

/* May somebody in this role send this kind of command at all? What he may do to this application
 * is for its decide. */
bool principal_may(const struct principal *principal, Bl__Command__WhatCase what);
/* The same of a role alone: a gateway says in which one the person acts for whom it speaks. */
bool principal_role_may(Bl__Key__Role role, Bl__Command__WhatCase what);
/* Who may, as words: "clerk, administrator". */
const char *principal_who_may(Bl__Command__WhatCase what);
