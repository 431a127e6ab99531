/* application_intake.h — what the decisions before acceptance share: who acts on which items, and
 * what an item still waits for. Included by the files of the application only. */
#pragma once

#include "core/application_state.h"
#include "core/content.h"

/* The items that a command is about: indexes, ascending. */
struct chosen {
    uint32_t *items;
    size_t count;
};

/* Is a command meant for an item as it is? */
typedef bool (*chosen_test)(const Bl__Item *item);
bool item_is_received(const Bl__Item *item);
bool item_is_correcting(const Bl__Item *item);
bool item_waits(const Bl__Item *item);    // one of the two
bool item_is_open(const Bl__Item *item);  // not settled
bool item_has_gap(const Bl__Item *item);  // and may still close it

/* The item that is named, or with an empty id all that the test is true of; refused by `rule` if
 * there is none. */
Bl__Refusal *chosen_find(const struct question *q, const char *id, chosen_test test,
                         const char *rule, struct chosen *chosen);
/* The same for acts before acceptance: the window's, or of each department on its own item where
 * it accepts its own (domain.md 9.2). */
Bl__Refusal *chosen_for_intake(const struct question *q, const char *id, chosen_test test,
                               const char *rule, struct chosen *chosen);

/* Lists of texts. */
bool intake_has(const char *const *texts, size_t count, const char *text);
/* Is a text missing, or longer than a reason may be? */
Bl__Refusal *intake_check_text(const struct question *q, const char *text, bool required,
                               const char *rule, const char *pointer);
/* As it is written in Item.missing: "form.area". */
const char *intake_field(struct bl_arena *arena, const char *field);

/* Ends the chosen items in `state`; *changes get that and what follows from it. Returns whether
 * the whole is complete. */
bool intake_end(const struct question *q, const struct chosen *chosen, Bl__Item__State state,
                Bl__ItemChange ***changes, size_t *count);

/* Folding: the item has got what is in the lists. Returns whether it waits for nothing more. */
bool missing_take(Bl__Item *item, const char *const *materials, size_t material_count,
                  const char *const *fields, size_t field_count);
