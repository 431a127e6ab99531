/* load_form.h — forms that a definition accepts, made from a seed: for the load generator. */
#pragma once

#include "binglian/v1/command.pb-c.h"
#include "definition/definition.h"

/* A stream of chance: the same seed gives the same forms. */
struct chance {
    uint64_t state;
};

/* A number from 0 to `bound` - 1. */
uint64_t chance_below(struct chance *chance, uint64_t bound);

/* Makes one application's Submit with every field answered and every essential material named, in
 * `arena`.
 *   today  dates of birth and of the form lie before it */
Bl__Submit *load_form_make(const struct definition *definition, bl_day today, struct chance *chance,
                           struct bl_arena *arena);
