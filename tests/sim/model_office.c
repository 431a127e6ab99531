/* The promises about posts: a step is signed in the name of a post that has to, by its holder, or
 * while it is vacant by whoever stands in for it; no post signs twice. */
#include <stdio.h>
#include <string.h>

#include "model_state.h"

static void forget(struct absences *absences, const char *department, const char *post)
{
    size_t kept = 0;

    for (size_t i = 0; i < absences->count; i++) {
        if (strcmp(absences->of[i].department, department) != 0 ||
            strcmp(absences->of[i].post, post) != 0) {
            absences->of[kept++] = absences->of[i];
        }
    }
    absences->count = kept;
}

void office_take(struct model *model, const Bl__Event *event)
{
    struct absences *absences = &model->absences;

    if (event->what_case == BL__EVENT__WHAT_ABSENCE_ENDED) {
        forget(absences, event->absence_ended->department, event->absence_ended->post);
    } else if (event->what_case == BL__EVENT__WHAT_ABSENCE_SET) {
        const Bl__Absence *set = event->absence_set->absence;

        forget(absences, set->department, set->post);
        CHECK(absences->count < ABSENCES_MAX);
        struct absence *absence = &absences->of[absences->count++];
        (void)snprintf(absence->department, sizeof absence->department, "%s", set->department);
        (void)snprintf(absence->post, sizeof absence->post, "%s", set->post);
        (void)snprintf(absence->deputy, sizeof absence->deputy, "%s", set->deputy);
        absence->from = set->from;
        absence->to = set->to;
    }
}

const char *model_deputy(const struct model *model, const char *department, const char *post,
                         bl_time now)
{
    for (size_t i = 0; i < model->absences.count; i++) {
        const struct absence *absence = &model->absences.of[i];

        if (strcmp(absence->department, department) == 0 && strcmp(absence->post, post) == 0 &&
            absence->from <= now && now < absence->to) {
            return absence->deputy;
        }
    }
    return NULL;
}

static bool has_signed(const Bl__Desk *desk, const char *post)
{
    for (size_t i = 0; i < desk->n_signatures; i++) {
        if (strcmp(desk->signatures[i]->post, post) == 0) {
            return true;
        }
    }
    return false;
}

/* In whose name: the signature that the event adds, or where the step is passed, its own word. */
static const char *signer(const Bl__Event *event, const Bl__Desk *before, const Bl__Desk *after)
{
    if (event->what_case == BL__EVENT__WHAT_STEP_SIGNED) {
        return event->step_signed->post;
    }
    for (size_t i = 0; after != NULL && i < after->n_signatures; i++) {
        if (!has_signed(before, after->signatures[i]->post)) {
            return after->signatures[i]->post;
        }
    }
    return NULL;
}

void office_check_signer(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                         uint32_t item, const Bl__Desk *after)
{
    const Bl__Item *is = mirror->state->items[item];
    const char *post = signer(event, is->desk, after);

    if (post == NULL || has_signed(is->desk, post)) {
        FAIL(model, mirror->state->id, "a step of item %s is signed twice by %s", is->id,
             post == NULL ? event->actor->post : post);
    }
    const char *deputy = model_deputy(model, is->department, post, event->at);
    if (strcmp(event->actor->post, post) != 0 &&
        (deputy == NULL || strcmp(deputy, event->actor->post) != 0)) {
        FAIL(model, mirror->state->id, "%s signs item %s for %s, who is not away",
             event->actor->post, is->id, post);
    }
}
