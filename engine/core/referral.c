#include "core/referral.h"

#include <string.h>

#include "core/change.h"
#include "core/countdown.h"
#include "core/office.h"
#include "core/question.h"

bool referral_is_open(const Bl__Referral *referral)
{
    return referral->handed_at == 0;
}

Bl__Light referral_light(const Bl__Referral *referral, bl_time now)
{
    return referral_is_open(referral)
               ? clock_light(countdown_face(referral->limit), CLOCK_NONE, now)
               : BL__LIGHT__GREY;
}

/* --- decide ------------------------------------------------------------------------------------
 */

static bool is_department(const struct world *world, const char *id)
{
    for (size_t i = 0; world->departments != NULL && i < world->departments->n_departments; i++) {
        if (strcmp(world->departments->departments[i]->key, id) == 0) {
            return true;
        }
    }
    return world->departments == NULL && id[0] != '\0';
}

static Bl__Refusal *check_refer(const struct world *world, const Bl__Refer *refer,
                                struct limit *limit, struct bl_arena *arena)
{
    const char *text = refer->limit[0] == '\0' ? REFERRAL_LIMIT_DEFAULT : refer->limit;

    if (refer->asked_post[0] == '\0' ||
        question_is_longer(refer->asked_post, REFERRAL_POST_CHARACTERS_MAX)) {
        return refusal_new(arena, BL_INVALID, "referral-post", "asked_post");
    }
    if (question_is_longer(refer->to_post, REFERRAL_POST_CHARACTERS_MAX)) {
        return refusal_new(arena, BL_INVALID, "referral-post", "to_post");
    }
    if (!is_department(world, refer->to_department) ||
        strlen(refer->to_department) > DEFINITION_DEPARTMENT_CHARACTERS_MAX) {
        return refusal_new(arena, BL_NOT_FOUND, "department-unknown", refer->to_department);
    }
    if (refer->subject[0] == '\0' ||
        question_is_longer(refer->subject, REFERRAL_SUBJECT_CHARACTERS_MAX)) {
        return refusal_new(arena, BL_INVALID, "referral-subject", "subject");
    }
    if (world->calendar == NULL) {
        return refusal_new(arena, BL_NOT_FOUND, "calendar-unknown", "calendar");
    }
    return limit_parse(text, limit, NULL) == BL_OK && limit->halves > 0
               ? NULL
               : refusal_new(arena, BL_INVALID, "limit-malformed", "limit");
}

static struct ruling decide_refer(const struct world *world, const Bl__Referral *referral,
                                  const Bl__Command *command, struct bl_arena *arena)
{
    const Bl__Refer *refer = command->refer;
    struct limit limit = { 0, LIMIT_WD };
    Bl__Refusal *refusal = check_refer(world, refer, &limit, arena);

    CHECK(referral == NULL);
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_REFERRAL_MADE);
    Bl__Referral *made = bl_arena_new(arena, Bl__Referral);
    bl__referral__init(made);
    made->id = world->id;
    made->asked_post = refer->asked_post;
    made->to_department = refer->to_department;
    made->to_post = refer->to_post;
    made->subject = refer->subject;
    made->asked_at = world->now;
    made->limit = countdown_new(world->calendar, limit, 0,
                                calendar_effective(world->calendar, world->now), arena);
    event->referral_made = bl_arena_new(arena, Bl__ReferralMade);
    bl__referral_made__init(event->referral_made);
    event->referral_made->referral = made;
    return ruling_event(event);
}

/* Whoever took the person over confirms it, or who led him there. */
static Bl__Refusal *check_hand_over(const struct world *world, const Bl__Referral *referral,
                                    const Bl__HandOver *hand_over, struct bl_arena *arena)
{
    const char *pointer = bl_arena_printf(arena, "%llu", (unsigned long long)hand_over->referral);

    if (referral == NULL) {
        return refusal_new(arena, BL_NOT_FOUND, "referral-unknown", pointer);
    }
    struct office_actor actor = office_actor(world);
    bool of_department =
        actor.role == BL__KEY__ROLE__WORKER || actor.role == BL__KEY__ROLE__OFFICER;

    if (of_department && strcmp(actor.department, referral->to_department) != 0) {
        Bl__Refusal *refusal = refusal_new(arena, BL_DENIED, "other-department", pointer);

        refusal->who_may = bl_arena_string(arena, referral->to_department);
        return refusal;
    }
    if (!referral_is_open(referral)) {
        return refusal_new(arena, BL_REFUSED, "referral-handed", pointer);
    }
    return question_is_longer(hand_over->text, REFERRAL_SUBJECT_CHARACTERS_MAX)
               ? refusal_new(arena, BL_TOO_LARGE, "referral-subject", "text")
               : NULL;
}

static struct ruling decide_hand_over(const struct world *world, const Bl__Referral *referral,
                                      const Bl__Command *command, struct bl_arena *arena)
{
    Bl__Refusal *refusal = check_hand_over(world, referral, command->hand_over, arena);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    struct office_actor actor = office_actor(world);
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_REFERRAL_HANDED);
    event->referral_handed = bl_arena_new(arena, Bl__ReferralHanded);
    bl__referral_handed__init(event->referral_handed);
    event->referral_handed->by_post = actor.post[0] != '\0' ? actor.post : actor.person;
    event->referral_handed->text = command->hand_over->text;
    return ruling_event(event);
}

static bool takes(Bl__Command__WhatCase what)
{
    return what == BL__COMMAND__WHAT_REFER || what == BL__COMMAND__WHAT_HAND_OVER;
}

static struct ruling decide(const struct world *world, const void *state,
                            const Bl__Command *command, struct bl_arena *arena)
{
    CHECK(takes(command->what_case));
    return command->what_case == BL__COMMAND__WHAT_REFER
               ? decide_refer(world, state, command, arena)
               : decide_hand_over(world, state, command, arena);
}

/* --- evolve ------------------------------------------------------------------------------------
 */

static void evolve_made(Bl__Referral *referral, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Referral *made = event->referral_made->referral;

    referral->asked_post = bl_arena_string(arena, made->asked_post);
    referral->to_department = bl_arena_string(arena, made->to_department);
    referral->to_post = bl_arena_string(arena, made->to_post);
    referral->subject = bl_arena_string(arena, made->subject);
    referral->limit = clock_copy(made->limit, arena);
    referral->asked_at = made->asked_at;
}

static void evolve_handed(Bl__Referral *referral, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    CHECK(referral_is_open(referral));
    referral->handed_at = event->at;
    countdown_stop(referral->limit);
}

static void evolve_warned(Bl__Referral *referral, const Bl__Event *event, struct bl_arena *arena)
{
    (void)event;
    (void)arena;
    referral->limit->phase = BL__CLOCK__PHASE__WARNED;
}

static void evolve_overdue(Bl__Referral *referral, const Bl__Event *event, struct bl_arena *arena)
{
    (void)event;
    (void)arena;
    referral->limit->phase = BL__CLOCK__PHASE__OVERDUE;
}

static void evolve(void *state, const Bl__Event *event, struct bl_arena *arena)
{
    // clang-format off
    static void (*const evolutions[])(Bl__Referral *, const Bl__Event *, struct bl_arena *) = {
        [BL__EVENT__WHAT_REFERRAL_MADE]   = evolve_made,
        [BL__EVENT__WHAT_REFERRAL_HANDED] = evolve_handed,
        [BL__EVENT__WHAT_WARNED]          = evolve_warned,
        [BL__EVENT__WHAT_OVERDUE]         = evolve_overdue,
    };
    // clang-format on
    Bl__Referral *referral = state;

    CHECK((size_t)event->what_case < BL_COUNT(evolutions) && evolutions[event->what_case] != NULL);
    CHECK(event->previous == referral->last_event);
    evolutions[event->what_case](referral, event, arena);
    referral->last_event = event->seq;
    referral->revision++;
}

/* --- wake --------------------------------------------------------------------------------------
 */

static bl_time next(const void *state)
{
    return countdown_next(((const Bl__Referral *)state)->limit);
}

static Bl__Event *wake(const struct world *world, const void *state, struct bl_arena *arena)
{
    const Bl__Clock *limit = ((const Bl__Referral *)state)->limit;
    Bl__ClockName *name;

    if (countdown_next(limit) > world->now) {
        return NULL;
    }
    bool warns =
        limit->phase == BL__CLOCK__PHASE__RUNNING && countdown_next(limit) == limit->warn_at;
    struct world engine = { .now = warns ? limit->warn_at : limit->due_at };
    Bl__Event *event =
        event_new(arena, &engine, warns ? BL__EVENT__WHAT_WARNED : BL__EVENT__WHAT_OVERDUE);
    name = bl_arena_new(arena, Bl__ClockName);
    bl__clock_name__init(name);
    name->whole = true;
    if (warns) {
        event->warned = bl_arena_new(arena, Bl__Warned);
        bl__warned__init(event->warned);
        event->warned->clock = name;
    } else {
        event->overdue = bl_arena_new(arena, Bl__Overdue);
        bl__overdue__init(event->overdue);
        event->overdue->clock = name;
    }
    return event;
}

static void *create(struct bl_arena *arena, uint64_t id)
{
    Bl__Referral *referral = bl_arena_new(arena, Bl__Referral);

    bl__referral__init(referral);
    referral->id = id;
    return referral;
}

const struct aggregate referral_aggregate = {
    .kind = BL__AGGREGATE__REFERRAL,
    .state = &bl__referral__descriptor,
    .create = create,
    .takes = takes,
    .decide = decide,
    .evolve = evolve,
    .next = next,
    .wake = wake,
    .last_event_at = offsetof(Bl__Referral, last_event),
    .revision_at = offsetof(Bl__Referral, revision),
};
