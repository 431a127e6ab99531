/* 不予受理: not accepted, and why (行政许可法 第三十二条). */
#include <string.h>

#include "core/application_intake.h"
#include "core/change.h"

#define S(state) BL__ITEM__STATE__##state
#define REASON(reason) BL__REFUSED__REASON__##reason

static bool is_department(const struct world *world, const char *id)
{
    const Bl__DepartmentsFile *file = world->departments;

    if (file == NULL) {  // none is published: it is taken as written
        return strlen(id) <= DEFINITION_DEPARTMENT_CHARACTERS_MAX;
    }
    for (size_t i = 0; i < file->n_departments; i++) {
        if (strcmp(file->departments[i]->key, id) == 0) {
            return true;
        }
    }
    return false;
}

static Bl__Refusal *invalid(const struct question *q, const char *rule, const char *pointer)
{
    return refusal_new(q->arena, BL_INVALID, rule, pointer);
}

/* The right organ is named where it is another's duty, and only there. */
static Bl__Refusal *check_redirect(const struct question *q, const Bl__Refuse *refuse)
{
    bool wrong_organ = refuse->reason == REASON(WRONG_ORGAN);

    if (!wrong_organ) {
        return refuse->redirect_to[0] == '\0' ? NULL
                                              : invalid(q, "redirect-unasked", "redirect_to");
    }
    if (refuse->redirect_to[0] == '\0') {
        return invalid(q, "redirect-required", "redirect_to");
    }
    return is_department(q->world, refuse->redirect_to)
               ? NULL
               : invalid(q, "department-unknown", refuse->redirect_to);
}

/* Incomplete papers are no reason before the applicant was told and had his time. */
static Bl__Refusal *check_incomplete(const struct question *q, const struct chosen *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        if (!item_is_correcting(q->application->items[chosen->items[i]])) {
            return question_refuse_state(q, chosen->items[i], "notify-first").refusal;
        }
    }
    return NULL;
}

static Bl__Refusal *check_refuse(const struct question *q, const struct chosen *chosen)
{
    const Bl__Refuse *refuse = q->command->refuse;
    Bl__Refusal *refusal = refuse->reason == REASON(REASON_UNSPECIFIED)
                               ? invalid(q, "refuse-reason", "reason")
                               : intake_check_text(q, refuse->text, true, "text-required", "text");

    if (refusal == NULL) {
        refusal = check_redirect(q, refuse);
    }
    if (refusal == NULL && refuse->reason == REASON(INCOMPLETE)) {
        refusal = check_incomplete(q, chosen);
    }
    return refusal;
}

struct ruling decide_refuse(const struct question *q)
{
    const Bl__Refuse *refuse = q->command->refuse;
    struct chosen chosen;
    Bl__Refusal *refusal =
        chosen_for_intake(q, refuse->item, item_waits, "nothing-to-refuse", &chosen);

    if (refusal == NULL) {
        refusal = check_refuse(q, &chosen);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_REFUSED);
    Bl__Refused *refused = bl_arena_new(q->arena, Bl__Refused);
    bl__refused__init(refused);
    event->refused = refused;
    refused->reason = refuse->reason;
    refused->text = refuse->text;
    refused->redirect_to = refuse->redirect_to;
    refused->completed = intake_end(q, &chosen, S(REFUSED), &refused->changes, &refused->n_changes);
    return ruling_event(event);
}

void evolve_refused(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    change_items(application, event->refused->changes, event->refused->n_changes, event, arena);
    change_completed(application, event->refused->completed, event->at);
}
