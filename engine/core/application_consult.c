/* Between departments: another one is asked for its opinion (征求意见). It has a limit of its own;
 * over it silence is consent. */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/desk.h"

#define CONSULTATIONS_MAX 20  // of one item
#define QUESTION_CHARACTERS_MAX 500
#define LIMIT_DEFAULT ((struct limit){ 10, LIMIT_WD })

/* Whoever works on the item: its workers, or whom the step is for. */
static Bl__Refusal *check_asker(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    const struct definition_item *definition = &q->world->definition->items[index];
    struct office_seat seat;

    if (!application_item_is_running(item)) {
        return question_refuse_state(q, index, "item-not-open").refusal;
    }
    return item->desk == NULL || !item->desk->personal
               ? NULL
               : desk_seat(q->world, definition, item->department, item->desk, &seat, q->arena);
}

static bool is_department(const struct world *world, const char *id)
{
    const Bl__DepartmentsFile *file = world->departments;

    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        if (strcmp(file->departments[i]->key, id) == 0) {
            return true;
        }
    }
    return false;
}

static const Bl__Consultation *open_one(const Bl__Item *item, const char *department,
                                        uint32_t number)
{
    for (size_t i = 0; i < item->n_consultations; i++) {
        const Bl__Consultation *asked = item->consultations[i];

        if (countdown_is_open(asked->limit) && strcmp(asked->department, department) == 0 &&
            (number == 0 || asked->number == number)) {
            return asked;
        }
    }
    return NULL;
}

static bl_time due_of(const struct question *q, struct limit limit)
{
    struct clock_question question = { .start = routing_effective(q->world, q->world->now),
                                       .limit = limit };

    return clock_due(q->world->calendar, &question).due;
}

/* Waiting for an opinion stops no clock: nobody may be asked to answer when the item has to be
 * decided already. Where less is left than is usual to answer in, as long as is usual. */
static Bl__Refusal *check_limit(const struct question *q, const Bl__Item *item, struct limit limit)
{
    bl_time latest = due_of(q, LIMIT_DEFAULT);
    char text[BL_TIME_TEXT];

    if (item->promise != NULL && item->promise->due_at > latest) {
        latest = item->promise->due_at;
    }
    return due_of(q, limit) <= latest
               ? NULL
               : refusal_argument(
                     q->arena, refusal_new(q->arena, BL_INVALID, "consult-limit-late", "limit"),
                     "limit",
                     bl_arena_string(
                         q->arena,
                         bl_time_format(latest, calendar_offset(q->world->calendar), text)));
}

static Bl__Refusal *check_consult(const struct question *q, uint32_t index, struct limit *limit)
{
    const Bl__Consult *consult = q->command->consult;
    const Bl__Item *item = q->application->items[index];
    struct bl_error e = { 0 };

    *limit = LIMIT_DEFAULT;
    if (!is_department(q->world, consult->department) ||
        strcmp(consult->department, item->department) == 0) {
        return question_refuse(q, BL_INVALID, "consult-whom", consult->department).refusal;
    }
    if (open_one(item, consult->department, 0) != NULL) {
        return question_refuse(q, BL_REFUSED, "consulted-already", consult->department).refusal;
    }
    if (item->n_consultations >= CONSULTATIONS_MAX) {
        return question_refuse_state(q, index, "consultations-many").refusal;
    }
    if (consult->question[0] == '\0' ||
        question_is_longer(consult->question, QUESTION_CHARACTERS_MAX)) {
        return question_refuse(q, BL_INVALID, "consult-question", "question").refusal;
    }
    if (consult->limit[0] != '\0' &&
        (limit_parse(consult->limit, limit, &e) != BL_OK || limit->halves == 0)) {
        return question_refuse(q, BL_INVALID, "consult-limit", "limit").refusal;
    }
    return consult->limit[0] == '\0' ? NULL : check_limit(q, item, *limit);
}

struct ruling decide_consult(const struct question *q)
{
    const Bl__Consult *consult = q->command->consult;
    struct limit limit;
    uint32_t index;
    Bl__Refusal *refusal = question_item(q, consult->item, &index);

    if (refusal == NULL) {
        refusal = check_asker(q, index);
    }
    if (refusal == NULL) {
        refusal = check_consult(q, index, &limit);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_CONSULTED);
    event->consulted = bl_arena_new(q->arena, Bl__Consulted);
    bl__consulted__init(event->consulted);
    event->consulted->item = index;
    event->consulted->number = (uint32_t)q->application->items[index]->n_consultations + 1;
    event->consulted->department = consult->department;
    event->consulted->question = consult->question;
    event->consulted->limit = countdown_new(q->world->calendar, limit, 0,
                                            routing_effective(q->world, q->world->now), q->arena);
    event->consulted->within = limit_new(limit, q->arena);
    return ruling_event(event);
}

/* The department that was asked answers: the item is another's. */
struct ruling decide_opine(const struct question *q)
{
    const Bl__Opine *opine = q->command->opine;
    const struct office_actor actor = office_actor(q->world);
    int found = application_item_find(q->application, opine->item);

    if (found < 0) {
        return question_refuse(q, BL_NOT_FOUND, "item-unknown", opine->item);
    }
    uint32_t index = (uint32_t)found;
    const Bl__Item *item = q->application->items[index];
    const Bl__Consultation *asked = open_one(item, actor.department, opine->number);
    bool may = actor.role == BL__KEY__ROLE__WORKER ||
               (actor.role == BL__KEY__ROLE__OFFICER &&
                office_post(q->world, actor.department, actor.post) != NULL);
    if (asked == NULL || !may || !application_item_is_running(item)) {
        return question_refuse_state(q, index, "not-consulted");
    }
    if (question_is_longer(opine->text, OPINION_CHARACTERS_MAX)) {
        return question_refuse(q, BL_TOO_LARGE, "opinion-long", "text");
    }
    if (!opine->consents && opine->text[0] == '\0') {
        return question_refuse(q, BL_INVALID, "reason-required", "text");
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_OPINED);
    event->opined = bl_arena_new(q->arena, Bl__Opined);
    bl__opined__init(event->opined);
    event->opined->item = index;
    event->opined->number = asked->number;
    event->opined->consents = opine->consents;
    event->opined->text = opine->text;
    return ruling_event(event);
}

/* --- it has happened --------------------------------------------------------------------------
 */

void evolve_consulted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Consulted *consulted = event->consulted;
    Bl__Consultation *asked = bl_arena_new(arena, Bl__Consultation);

    CHECK(consulted->item < application->n_items);
    Bl__Item *item = application->items[consulted->item];
    bl__consultation__init(asked);
    asked->number = consulted->number;
    asked->department = bl_arena_string(arena, consulted->department);
    asked->question = bl_arena_string(arena, consulted->question);
    asked->asked_by = bl_arena_string(arena, item->department);
    asked->limit = clock_copy(consulted->limit, arena);
    asked->within = limit_copy(consulted->within, arena);
    asked->asked_at = event->at;
    item->consultations = bl_arena_append(arena, item->consultations, item->n_consultations, asked);
    item->n_consultations++;
    desk_first_act(item, event->at);
}

void evolve_opined(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Opined *opined = event->opined;
    const Bl__Item *item = application->items[opined->item];

    (void)arena;
    for (size_t i = 0; i < item->n_consultations; i++) {
        Bl__Consultation *asked = item->consultations[i];

        if (asked->number == opined->number) {
            asked->answered_at = event->at;
            asked->consents = opined->consents;
            countdown_stop(asked->limit);
        }
    }
}
