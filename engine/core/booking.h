/* booking.h — the appointments of one window on one day (预约, domain.md S12-S14).
 * Any day will do: an evening, a Saturday, a holiday. That the hall opens then does not make it a
 * working day; no calendar is touched and no deadline moves. Who comes stands here only as a keyed
 * hash, so that one person takes no slot twice. */
#pragma once

#include "core/aggregate.h"

extern const struct aggregate booking_aggregate;

/* Day and window make the key of a row; a character takes four bytes at the most. */
#define BOOKING_WINDOW_CHARACTERS_MAX 15
#define BOOKING_SLOTS_MAX 100
#define BOOKING_PLACES_MAX 200
#define BOOKING_TEXT_CHARACTERS_MAX 100
#define BOOKING_HASH_BYTES 16

bool booking_window_is_good(const char *window);
/* Places of a slot that nobody has taken. */
uint32_t booking_free(const Bl__Slot *slot);
/* The first slot of the day with a place left; NULL: the day is full. */
const Bl__Slot *booking_first_free(const Bl__Booking *booking);
