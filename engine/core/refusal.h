/* refusal.h — why not: what a person caused leaves the core as data.
 * A refusal has a code of the one list, the rule that was broken, what it is about and the rule's
 * named arguments; the sentences in Chinese and English are made from it in sentence.h. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "binglian/v1/command.pb-c.h"

/* Makes a refusal in `arena`; `rule` is borrowed, `pointer` is copied: it may stand in a state that
 * is gone before the answer leaves. */
Bl__Refusal *refusal_new(struct bl_arena *arena, enum bl_err code, const char *rule,
                         const char *pointer);
/* Adds a named argument; `name` is borrowed, `value` is copied. Returns the refusal. */
Bl__Refusal *refusal_argument(struct bl_arena *arena, Bl__Refusal *refusal, const char *name,
                              const char *value);
/* Adds a further problem of the same request: the first of all says the code. `first` may be NULL.
 * Returns the first. */
Bl__Refusal *refusal_join(struct bl_arena *arena, Bl__Refusal *first, Bl__Refusal *further);
