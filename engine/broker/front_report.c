/* Tells clients that an application has ended which they had asked to hear of. Kept in memory and
 * bounded: it is a courtesy, whoever loses it asks. */
#include "base/check.h"
#include "broker/front_state.h"

#define REPORTS_MAX (1U << 17)  // 2 MB; those of sessions that are gone make room first

/* Only after somebody has gone: with 131,072 open applications of one client it would find nothing
 * at each of its next ones. */
static void forget_gone(struct front *front)
{
    struct bl_map kept = { 0 };
    uint64_t gone = front->sessions.last_id - front->sessions.by_id.count;

    if (gone == front->reports_gone) {
        return;
    }
    front->reports_gone = gone;

    for (size_t i = 0; i < front->reports.capacity; i++) {
        const struct bl_map_slot *slot = &front->reports.slots[i];

        if (slot->key != 0 && session_find(&front->sessions, (uintptr_t)slot->value) != NULL) {
            bl_map_put(&kept, slot->key, slot->value);
        }
    }
    bl_map_free(&front->reports);
    front->reports = kept;
}

void front_report_begin(struct front *front, const struct batch_command *command)
{
    const Bl__Command *what = command->command;

    if (what->what_case != BL__COMMAND__WHAT_SUBMIT || !what->submit->report_end ||
        command->answer.refusal != NULL) {
        return;
    }
    if (front->reports.count >= REPORTS_MAX) {
        forget_gone(front);
    }
    if (front->reports.count < REPORTS_MAX) {
        bl_map_put(&front->reports, command->answer.application_id,
                   (void *)(uintptr_t)command->session);
    }
}

void front_report(struct front *front, const struct batch *batch)
{
    for (size_t i = 0; i < batch->effect_count && front->reports.count > 0; i++) {
        const struct effect *effect = &batch->effects[i];
        Bl__Concluded concluded = BL__CONCLUDED__INIT;

        if (effect->kind != EFFECT_CONCLUDED) {
            continue;
        }
        uint64_t id = (uintptr_t)bl_map_remove(&front->reports, effect->application);
        struct session *session = id == 0 ? NULL : session_find(&front->sessions, id);
        if (session != NULL) {
            concluded.application_id = effect->application;
            concluded.application = effect->number;
            concluded.event = effect->event;
            (void)front_tell(front, session, WIRE_BROKER_CONCLUDED, &concluded.base);
        }
    }
}
