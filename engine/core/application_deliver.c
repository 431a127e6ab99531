/* 送达: a clock of its own, from the decision until the outcome is with the applicant, or waits for
 * him and he was told (行政许可法 第四十四条; domain.md 4.3). */
#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "schema/json.h"

#define S(state) BL__ITEM__STATE__##state

/* Has it an outcome that somebody has to hand over? */
static bool waits(const Bl__Item *item)
{
    return item->state == S(DELIVERING) ||
           (item->state == S(DECIDED) && item->result != BL__ITEM__RESULT__DENIED &&
            item->deliver != NULL);
}

static const char *way_words(const struct question *q, const Bl__OutcomeDefinition *outcome)
{
    const char *words = "";

    for (size_t i = 0; i < outcome->n_deliver; i++) {
        char way[JSON_ENUM_BYTES_MAX];

        words = bl_arena_printf(q->arena, "%s%s%s", words, i == 0 ? "" : ", ",
                                json_enum_name(&bl__outcome_definition__delivery__descriptor,
                                               (int)outcome->deliver[i], way));
    }
    return words;
}

/* The way in which it goes to the applicant: one of those that the workflow gives it. */
static Bl__Refusal *read_way(const struct question *q, uint32_t index,
                             Bl__OutcomeDefinition__Delivery *way)
{
    const Bl__OutcomeDefinition *outcome = q->world->definition->items[index].source->outcome;

    *way = q->command->deliver->way;
    if (outcome == NULL || outcome->n_deliver == 0) {
        return NULL;
    }
    if (*way == BL__OUTCOME_DEFINITION__DELIVERY__DELIVERY_UNSPECIFIED && outcome->n_deliver == 1) {
        *way = outcome->deliver[0];
    }
    for (size_t i = 0; i < outcome->n_deliver; i++) {
        if (outcome->deliver[i] == *way) {
            return NULL;
        }
    }
    return refusal_argument(q->arena, refusal_new(q->arena, BL_INVALID, "delivery-way", "way"),
                            "options", way_words(q, outcome));
}

/* Once this item is delivered, is all that was granted? */
static bool is_last(const Bl__Application *application, uint32_t index)
{
    for (uint32_t i = 0; i < application->n_items; i++) {
        if (i != index && waits(application->items[i])) {
            return false;
        }
    }
    return application->ended_at != 0;
}

static Bl__Event *delivered_event(const struct question *q, uint32_t index,
                                  Bl__OutcomeDefinition__Delivery way)
{
    const Bl__Deliver *deliver = q->command->deliver;
    const Bl__Item *item = q->application->items[index];
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_DELIVERED);
    Bl__Delivered *delivered = bl_arena_new(q->arena, Bl__Delivered);
    Bl__ItemChange *change = bl_arena_new(q->arena, Bl__ItemChange);

    bl__delivered__init(delivered);
    bl__item_change__init(change);
    event->delivered = delivered;
    delivered->item = index;
    delivered->way = way;
    delivered->ready = deliver->ready;
    delivered->receipt = deliver->receipt;
    delivered->all = !deliver->ready && is_last(q->application, index);
    change->item = index;
    change->state = deliver->ready ? S(DELIVERING) : S(DELIVERED);
    change->deliver = clock_copy(item->deliver, q->arena);
    countdown_stop(change->deliver);
    delivered->n_changes = 1;
    delivered->changes = bl_arena_copy(q->arena, &change, sizeof change);
    return event;
}

struct ruling decide_deliver(const struct question *q)
{
    const Bl__Deliver *deliver = q->command->deliver;
    Bl__OutcomeDefinition__Delivery way;
    uint32_t index;
    Bl__Refusal *refusal = question_item(q, deliver->item, &index);

    if (refusal == NULL && question_is_longer(deliver->receipt, DOCUMENT_CHARACTERS_MAX)) {
        refusal = refusal_new(q->arena, BL_TOO_LARGE, "document-long", "receipt");
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Item *item = q->application->items[index];
    if (!waits(item) || (deliver->ready && item->state == S(DELIVERING))) {
        return question_refuse_state(q, index, "nothing-to-deliver");
    }
    if (!application_item_may_issue(item, &q->world->definition->items[index])) {
        return question_refuse(q, BL_REFUSED, "gap-open", bl_arena_string(q->arena, item->id));
    }
    refusal = read_way(q, index, &way);
    return refusal != NULL ? (struct ruling){ .refusal = refusal }
                           : ruling_event(delivered_event(q, index, way));
}

void evolve_delivered(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Delivered *delivered = event->delivered;

    CHECK(delivered->item < application->n_items);
    Bl__Item *item = application->items[delivered->item];
    if (item->state == S(DECIDED)) {
        item->decided_at = item->since;
    }
    change_items(application, delivered->changes, delivered->n_changes, event, arena);
}

void deliver_settle(Bl__Application *application, bl_time at)
{
    bool delivered = false;

    for (size_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        if (waits(item)) {
            return;
        }
        delivered |= item->state == S(DELIVERED);
    }
    if (delivered) {
        application->delivered_at = at;
    }
}
