#include "core/booking.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "core/content.h"
#include "core/question.h"

#define A(state) BL__APPOINTMENT__STATE__##state
#define DAY_MINUTES (24 * 60)
#define ZONE_DEFAULT 480  // minutes east of UTC, while no calendar is published

bool booking_window_is_good(const char *window)
{
    return window[0] != '\0' && !question_is_longer(window, BOOKING_WINDOW_CHARACTERS_MAX);
}

uint32_t booking_free(const Bl__Slot *slot)
{
    uint32_t taken = 0;

    for (size_t i = 0; i < slot->n_appointments; i++) {
        const Bl__Appointment *appointment = slot->appointments[i];

        taken += appointment->state == A(BOOKED) || appointment->state == A(ARRIVED);
    }
    return taken < slot->places ? slot->places - taken : 0;
}

const Bl__Slot *booking_first_free(const Bl__Booking *booking)
{
    for (size_t i = 0; i < booking->n_slots; i++) {
        if (booking_free(booking->slots[i]) > 0) {
            return booking->slots[i];
        }
    }
    return NULL;
}

/* --- decide ------------------------------------------------------------------------------------
 */

/* One command about a window's day, as its decision sees it. */
struct asked {
    const struct world *world;
    const Bl__Booking *booking;  // NULL: nothing is planned
    const Bl__Command *command;
    struct bl_arena *arena;
};

static Bl__Refusal *refuse(const struct asked *q, enum bl_err code, const char *rule,
                           const char *pointer)
{
    return refusal_new(q->arena, code, rule, pointer);
}

static bl_time moment(const struct asked *q, bl_day day, uint32_t minute)
{
    int32_t zone = q->world->calendar == NULL ? ZONE_DEFAULT : calendar_offset(q->world->calendar);

    return bl_day_start(day, zone) + (bl_time)minute * MINUTE_US;
}

static const char *clock_text(const struct asked *q, uint32_t minute)
{
    return bl_arena_printf(q->arena, "%02u:%02u", minute / 60, minute % 60);
}

static Bl__Refusal *check_slots(const struct asked *q, const Bl__PlanBookings *plan)
{
    uint32_t free_from = 0;

    if (plan->n_slots == 0 || plan->n_slots > BOOKING_SLOTS_MAX) {
        return refuse(q, BL_INVALID, "booking-slots", "slots");
    }
    for (size_t i = 0; i < plan->n_slots; i++) {
        const Bl__Slot *slot = plan->slots[i];

        if (slot->from_minute < free_from || slot->to_minute <= slot->from_minute ||
            slot->to_minute > DAY_MINUTES || slot->places == 0 ||
            slot->places > BOOKING_PLACES_MAX || slot->n_appointments > 0) {
            return refuse(q, BL_INVALID, "booking-slots", clock_text(q, slot->from_minute % 5999));
        }
        free_from = slot->to_minute;
    }
    return NULL;
}

static const Bl__Slot *slot_at(Bl__Slot *const *slots, size_t count, uint32_t from)
{
    for (size_t i = 0; i < count; i++) {
        if (slots[i]->from_minute == from) {
            return slots[i];
        }
    }
    return NULL;
}

/* A plan may grow; what somebody has booked stays where it is. */
static Bl__Refusal *check_kept(const struct asked *q, const Bl__PlanBookings *plan)
{
    for (size_t i = 0; q->booking != NULL && i < q->booking->n_slots; i++) {
        const Bl__Slot *slot = q->booking->slots[i];
        uint32_t taken = slot->places - booking_free(slot);
        const Bl__Slot *to = slot_at(plan->slots, plan->n_slots, slot->from_minute);

        if (taken > 0 && (to == NULL || to->places < taken || to->to_minute != slot->to_minute)) {
            return refuse(q, BL_REFUSED, "booking-taken", clock_text(q, slot->from_minute));
        }
    }
    return NULL;
}

static struct ruling decide_plan(const struct asked *q)
{
    const Bl__PlanBookings *plan = q->command->plan_bookings;
    bl_day day;
    Bl__Refusal *refusal = NULL;

    if (!booking_window_is_good(plan->window)) {
        refusal = refuse(q, BL_INVALID, "booking-window", "window");
    } else if (bl_day_parse(plan->date, &day, NULL) != BL_OK) {
        refusal = refuse(q, BL_INVALID, "booking-date", "date");
    } else if (moment(q, day, DAY_MINUTES) <= q->world->now) {
        refusal = refuse(q, BL_REFUSED, "booking-past", "date");
    } else {
        refusal = check_slots(q, plan);
    }
    if (refusal == NULL) {
        refusal = check_kept(q, plan);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_BOOKING_PLANNED);
    event->booking_planned = bl_arena_new(q->arena, Bl__BookingPlanned);
    bl__booking_planned__init(event->booking_planned);
    event->booking_planned->window = plan->window;
    event->booking_planned->day = day;
    event->booking_planned->slots = plan->slots;
    event->booking_planned->n_slots = plan->n_slots;
    return ruling_event(event);
}

static bool parse_clock(const char *text, uint32_t *minute)
{
    unsigned hour, minutes;
    char end;

    if (sscanf(text, "%2u:%2u%c", &hour, &minutes, &end) != 2 || hour > 23 || minutes > 59) {
        return false;
    }
    *minute = hour * 60 + minutes;
    return true;
}

/* The same person has the same hash in this hall, and nobody outside can guess it. */
static const char *person_hash(const struct asked *q, const Bl__Applicant *applicant)
{
    crypto_generichash_state state;
    uint8_t hash[BOOKING_HASH_BYTES];
    char *text = bl_arena_alloc(q->arena, 2 * sizeof hash + 1);

    CHECK(q->world->secret != NULL);
    CHECK(crypto_generichash_init(&state, q->world->secret, WORLD_SECRET_BYTES, sizeof hash) == 0);
    const char *const parts[] = { applicant->name, applicant->id, applicant->phone };
    for (size_t i = 0; i < BL_COUNT(parts); i++) {
        CHECK(crypto_generichash_update(&state, (const unsigned char *)parts[i],
                                        strlen(parts[i]) + 1) == 0);
    }
    CHECK(crypto_generichash_final(&state, hash, sizeof hash) == 0);
    return sodium_bin2hex(text, 2 * sizeof hash + 1, hash, sizeof hash);
}

static bool mode_is_bookable(Bl__Application__ServiceMode mode)
{
    switch (mode) {
    case BL__APPLICATION__SERVICE_MODE__SERVICE_MODE_UNSPECIFIED:  // an appointment
    case BL__APPLICATION__SERVICE_MODE__COUNTER:
    case BL__APPLICATION__SERVICE_MODE__APPOINTMENT:
    case BL__APPLICATION__SERVICE_MODE__DOOR_TO_DOOR:
    case BL__APPLICATION__SERVICE_MODE__AGENT:
    case BL__APPLICATION__SERVICE_MODE__OVERTIME:
        return true;
    case BL__APPLICATION__SERVICE_MODE__ONLINE:
    case BL__APPLICATION__SERVICE_MODE__TRACKED:
    case BL__APPLICATION__SERVICE_MODE__EXPRESS:
        return false;
    }
    UNREACHABLE();
}

static Bl__Refusal *check_book(const struct asked *q, const Bl__Book *book)
{
    if (!mode_is_bookable(book->mode)) {
        return refuse(q, BL_INVALID, "booking-mode", "mode");
    }
    if (book->applicant == NULL || book->applicant->name[0] == '\0') {
        return refuse(q, BL_INVALID, "applicant-required", "applicant.name");
    }
    if (question_is_longer(book->applicant->name, APPLICANT_NAME_CHARACTERS_MAX)) {
        return refuse(q, BL_INVALID, "applicant-name-long", "applicant.name");
    }
    if (question_is_longer(book->workflow, BOOKING_TEXT_CHARACTERS_MAX) ||
        question_is_longer(book->application, BOOKING_TEXT_CHARACTERS_MAX)) {
        return refuse(q, BL_INVALID, "booking-text", "application");
    }
    return NULL;
}

/* Full: which other slot of the day is free? */
static Bl__Refusal *refuse_full(const struct asked *q, uint32_t index)
{
    const Bl__Booking *booking = q->booking;
    Bl__Refusal *refusal =
        refuse(q, BL_REFUSED, "booking-full", clock_text(q, booking->slots[index]->from_minute));

    for (size_t k = 1; k < booking->n_slots; k++) {
        const Bl__Slot *slot = booking->slots[(index + k) % booking->n_slots];

        if (booking_free(slot) > 0 && moment(q, booking->day, slot->from_minute) > q->world->now) {
            return refusal_argument(q->arena, refusal, "next", clock_text(q, slot->from_minute));
        }
    }
    return refusal;
}

static Bl__Refusal *check_slot(const struct asked *q, uint32_t index, const char *person)
{
    const Bl__Slot *slot = q->booking->slots[index];

    if (moment(q, q->booking->day, slot->to_minute) <= q->world->now) {
        return refuse(q, BL_REFUSED, "booking-past", clock_text(q, slot->from_minute));
    }
    for (size_t i = 0; i < slot->n_appointments; i++) {
        if (slot->appointments[i]->state == A(BOOKED) &&
            strcmp(slot->appointments[i]->applicant, person) == 0) {
            return refuse(q, BL_EXISTS, "booking-twice", clock_text(q, slot->from_minute));
        }
    }
    return booking_free(slot) == 0 ? refuse_full(q, index) : NULL;
}

static Bl__Refusal *find_slot(const struct asked *q, const char *from, uint32_t *index)
{
    uint32_t minute;

    if (q->booking == NULL) {
        return refuse(q, BL_NOT_FOUND, "booking-unknown", "date");
    }
    if (!parse_clock(from, &minute)) {
        return refuse(q, BL_INVALID, "booking-time", "from");
    }
    for (uint32_t i = 0; i < q->booking->n_slots; i++) {
        if (q->booking->slots[i]->from_minute == minute) {
            *index = i;
            return NULL;
        }
    }
    return refuse(q, BL_NOT_FOUND, "booking-slot-unknown", from);
}

static Bl__Appointment *appointment_new(const struct asked *q, const char *person)
{
    const Bl__Book *book = q->command->book;
    Bl__Appointment *appointment = bl_arena_new(q->arena, Bl__Appointment);

    bl__appointment__init(appointment);
    appointment->number = q->booking->count + 1;
    appointment->state = A(BOOKED);
    appointment->mode = book->mode == BL__APPLICATION__SERVICE_MODE__SERVICE_MODE_UNSPECIFIED
                            ? BL__APPLICATION__SERVICE_MODE__APPOINTMENT
                            : book->mode;
    appointment->applicant = person;
    appointment->workflow = book->workflow;
    appointment->application = book->application;
    return appointment;
}

static struct ruling decide_book(const struct asked *q)
{
    const Bl__Book *book = q->command->book;
    uint32_t index = 0;
    const char *person = NULL;
    Bl__Refusal *refusal = check_book(q, book);

    if (refusal == NULL) {
        refusal = find_slot(q, book->from, &index);
    }
    if (refusal == NULL) {
        person = person_hash(q, book->applicant);
        refusal = check_slot(q, index, person);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_BOOKED);
    event->booked = bl_arena_new(q->arena, Bl__Booked);
    bl__booked__init(event->booked);
    event->booked->slot = index;
    event->booked->appointment = appointment_new(q, person);
    return ruling_event(event);
}

static const Bl__Appointment *find_appointment(const Bl__Booking *booking, uint32_t number,
                                               uint32_t *index)
{
    for (uint32_t i = 0; booking != NULL && i < booking->n_slots; i++) {
        for (size_t k = 0; k < booking->slots[i]->n_appointments; k++) {
            if (booking->slots[i]->appointments[k]->number == number) {
                *index = i;
                return booking->slots[i]->appointments[k];
            }
        }
    }
    return NULL;
}

static Bl__Refusal *check_change(const struct asked *q, const Bl__ChangeBooking *change,
                                 uint32_t *index)
{
    const char *pointer = bl_arena_printf(q->arena, "%u", change->number);
    const Bl__Appointment *appointment = find_appointment(q->booking, change->number, index);

    if (appointment == NULL) {
        return refuse(q, BL_NOT_FOUND, "appointment-unknown", pointer);
    }
    if (change->state != A(ARRIVED) && change->state != A(CANCELLED) &&
        change->state != A(MISSED)) {
        return refuse(q, BL_INVALID, "appointment-state", "state");
    }
    if (appointment->state != A(BOOKED)) {
        return refuse(q, BL_REFUSED, "appointment-over", pointer);
    }
    uint32_t from = q->booking->slots[*index]->from_minute;
    if (change->state == A(MISSED) && moment(q, q->booking->day, from) > q->world->now) {
        return refuse(q, BL_REFUSED, "appointment-early", pointer);
    }
    return question_is_longer(change->reason, BOOKING_TEXT_CHARACTERS_MAX)
               ? refuse(q, BL_TOO_LARGE, "reason-long", "reason")
               : NULL;
}

static struct ruling decide_change(const struct asked *q)
{
    const Bl__ChangeBooking *change = q->command->change_booking;
    uint32_t index = 0;
    Bl__Refusal *refusal = check_change(q, change, &index);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_BOOKING_CHANGED);
    event->booking_changed = bl_arena_new(q->arena, Bl__BookingChanged);
    bl__booking_changed__init(event->booking_changed);
    event->booking_changed->slot = index;
    event->booking_changed->number = change->number;
    event->booking_changed->state = change->state;
    event->booking_changed->reason = change->reason;
    return ruling_event(event);
}

// clang-format off
static struct ruling (*const decisions[])(const struct asked *) = {
    [BL__COMMAND__WHAT_PLAN_BOOKINGS]  = decide_plan,
    [BL__COMMAND__WHAT_BOOK]           = decide_book,
    [BL__COMMAND__WHAT_CHANGE_BOOKING] = decide_change,
};
// clang-format on

static bool takes(Bl__Command__WhatCase what)
{
    return (size_t)what < BL_COUNT(decisions) && decisions[what] != NULL;
}

static struct ruling decide(const struct world *world, const void *state,
                            const Bl__Command *command, struct bl_arena *arena)
{
    const struct asked asked = { world, state, command, arena };

    CHECK(takes(command->what_case));
    return decisions[command->what_case](&asked);
}

/* --- evolve ------------------------------------------------------------------------------------
 */

static Bl__Slot *slot_new(const Bl__Slot *from, const Bl__Slot *before, struct bl_arena *arena)
{
    Bl__Slot *slot = bl_arena_copy(arena, from, sizeof *from);

    slot->n_appointments = before == NULL ? 0 : before->n_appointments;
    slot->appointments = before == NULL ? NULL : before->appointments;
    return slot;
}

static void evolve_planned(Bl__Booking *booking, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__BookingPlanned *planned = event->booking_planned;
    Bl__Slot **slots = bl_arena_array(arena, Bl__Slot *, planned->n_slots);

    booking->window = bl_arena_string(arena, planned->window);
    booking->day = planned->day;
    for (size_t i = 0; i < planned->n_slots; i++) {
        const Bl__Slot *from = planned->slots[i];

        slots[i] =
            slot_new(from, slot_at(booking->slots, booking->n_slots, from->from_minute), arena);
    }
    booking->slots = slots;
    booking->n_slots = planned->n_slots;
}

static void evolve_booked(Bl__Booking *booking, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Appointment *from = event->booked->appointment;
    Bl__Appointment *appointment = bl_arena_copy(arena, from, sizeof *from);

    CHECK(event->booked->slot < booking->n_slots);
    Bl__Slot *slot = booking->slots[event->booked->slot];
    appointment->applicant = bl_arena_string(arena, from->applicant);
    appointment->workflow = bl_arena_string(arena, from->workflow);
    appointment->application = bl_arena_string(arena, from->application);
    slot->appointments =
        bl_arena_append(arena, slot->appointments, slot->n_appointments, appointment);
    slot->n_appointments++;
    booking->count = from->number;
}

static void evolve_changed(Bl__Booking *booking, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__BookingChanged *changed = event->booking_changed;

    (void)arena;
    CHECK(changed->slot < booking->n_slots);
    Bl__Slot *slot = booking->slots[changed->slot];
    for (size_t i = 0; i < slot->n_appointments; i++) {
        if (slot->appointments[i]->number == changed->number) {
            slot->appointments[i]->state = changed->state;
        }
    }
}

static void evolve(void *state, const Bl__Event *event, struct bl_arena *arena)
{
    // clang-format off
    static void (*const evolutions[])(Bl__Booking *, const Bl__Event *, struct bl_arena *) = {
        [BL__EVENT__WHAT_BOOKING_PLANNED] = evolve_planned,
        [BL__EVENT__WHAT_BOOKED]          = evolve_booked,
        [BL__EVENT__WHAT_BOOKING_CHANGED] = evolve_changed,
    };
    // clang-format on
    Bl__Booking *booking = state;

    CHECK((size_t)event->what_case < BL_COUNT(evolutions) && evolutions[event->what_case] != NULL);
    CHECK(event->previous == booking->last_event);
    evolutions[event->what_case](booking, event, arena);
    booking->last_event = event->seq;
    booking->revision++;
}

/* --- time makes no event here: whoever did not come is marked by the window ---------------------
 */

static bl_time next(const void *state)
{
    (void)state;
    return BL_NEVER;
}

static Bl__Event *wake(const struct world *world, const void *state, struct bl_arena *arena)
{
    (void)world;
    (void)state;
    (void)arena;
    return NULL;
}

static void *create(struct bl_arena *arena, uint64_t id)
{
    Bl__Booking *booking = bl_arena_new(arena, Bl__Booking);

    bl__booking__init(booking);
    booking->id = id;
    return booking;
}

const struct aggregate booking_aggregate = {
    .kind = BL__AGGREGATE__BOOKING,
    .state = &bl__booking__descriptor,
    .create = create,
    .takes = takes,
    .decide = decide,
    .evolve = evolve,
    .next = next,
    .wake = wake,
    .last_event_at = offsetof(Bl__Booking, last_event),
    .revision_at = offsetof(Bl__Booking, revision),
};
