/* 告知承诺: granted on a written promise, checked afterwards, taken back if it was false. */
#include "core/application_intake.h"
#include "core/change.h"
#include "core/countdown.h"

#define S(state) BL__ITEM__STATE__##state

/* May the applicant promise this instead of showing it? */
static Bl__Refusal *check_commitment(struct routing *routing, const char *id, uint32_t *index)
{
    const struct definition *definition = routing->world->definition;
    int found = definition_item_find(definition, id);
    struct bl_error e = { 0 };
    bool holds = true;

    if (found < 0) {
        return refusal_new(routing->arena, BL_NOT_FOUND, "item-unknown", id);
    }
    const struct definition_item *item = &definition->items[found];
    if (item->post_check.halves == 0) {
        return refusal_new(routing->arena, BL_REFUSED, "commitment-none", id);
    }
    if (item->commit_when != NULL &&
        (form_holds(item->commit_when, &routing->scope, routing->arena, &holds, &e) != BL_OK ||
         !holds)) {
        return refusal_new(routing->arena, BL_REFUSED, "commitment-closed", id);
    }
    *index = (uint32_t)found;
    return NULL;
}

Bl__Refusal *application_commit(struct routing *routing, const Bl__Submit *submit)
{
    Bl__Refusal *first = NULL;

    if (submit->n_commitments > routing->count) {
        return refusal_new(routing->arena, BL_TOO_LARGE, "commitments-many", "commitments");
    }
    for (size_t i = 0; i < submit->n_commitments; i++) {
        uint32_t index = 0;
        Bl__Refusal *refusal = check_commitment(routing, submit->commitments[i], &index);

        if (refusal != NULL) {
            first = refusal_join(routing->arena, first, refusal);
        } else {
            routing_mark(routing, &routing->committed)[index] = true;
        }
    }
    return first;
}

static bool is_to_be_checked(const Bl__Item *item)
{
    return item->committed && countdown_is_open(item->check) && item->state != S(REVOKED);
}

/* The later check: the promise was kept, or what was granted is taken back. */
struct ruling decide_check(const struct question *q)
{
    const Bl__Check *check = q->command->check;
    struct chosen chosen = { 0 };
    uint32_t index;
    Bl__Refusal *refusal = question_item(q, check->item, &index);

    if (refusal == NULL && !is_to_be_checked(q->application->items[index])) {
        return question_refuse_state(q, index, "nothing-to-check");
    }
    if (refusal == NULL) {
        refusal = intake_check_text(q, check->text, !check->ok, "text-required", "text");
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_CHECKED);
    Bl__Checked *checked = bl_arena_new(q->arena, Bl__Checked);
    bl__checked__init(checked);
    event->checked = checked;
    checked->item = index;
    checked->ok = check->ok;
    checked->text = check->text;
    if (!check->ok) {
        chosen = (struct chosen){ &index, 1 };
        checked->completed =
            intake_end(q, &chosen, S(REVOKED), &checked->changes, &checked->n_changes) &&
            application_is_open(q->application);
    }
    return ruling_event(event);
}

void evolve_checked(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Checked *checked = event->checked;

    CHECK(checked->item < application->n_items);
    countdown_stop(application->items[checked->item]->check);
    change_items(application, checked->changes, checked->n_changes, event, arena);
    change_completed(application, checked->completed && application_is_open(application),
                     event->at);
}
