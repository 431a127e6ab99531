/* Appointments: what each window has planned for the days asked about, and what is free. */
#include <string.h>

#include "core/booking.h"
#include "deadline/calendar.h"
#include "store/kind.h"
#include "store/query_state.h"
#include "store/record.h"
#include "store/sight.h"

#define DAYS_DEFAULT 7
#define BOOKINGS_MAX 500

struct listing {
    const struct asking *a;
    bl_day to;
};

static bool visit(void *context, struct bl_text key, struct bl_text value)
{
    struct listing *listing = context;
    const struct asking *a = listing->a;
    const char *window = a->query->bookings->window;
    struct bl_text name = { key.at + 4, key.bytes - 4 };
    struct bl_text body;
    void *booking;

    if ((bl_day)key_read_u32(key.at) > listing->to || a->answer->n_bookings == BOOKINGS_MAX ||
        query_is_large(a)) {
        return false;
    }
    if ((window[0] == '\0' || bl_text_is(name, window)) &&
        record_open(value, &body, NULL) == BL_OK && body.bytes == 8 &&
        kind_read(a->read, kind_find(BL__AGGREGATE__BOOKING), key_read_u64(body.at),
                  a->viewer.arena, &booking, NULL) == BL_OK) {
        a->answer->bookings[a->answer->n_bookings++] = booking;
    }
    return true;
}

/* A date, or so many days after `from` where none is given. */
static bool day_of(const char *text, bl_day from, bl_day *day)
{
    *day = from;
    return text[0] == '\0' || bl_day_parse(text, day, NULL) == BL_OK;
}

enum bl_err query_bookings(const struct asking *a)
{
    const Bl__ListBookings *what = a->query->bookings;
    const struct calendar *calendar = catalog_hall_calendar(a->viewer.catalog);
    bl_day today =
        calendar == NULL ? bl_time_day(a->viewer.now, 480) : calendar_day(calendar, a->viewer.now);
    struct listing listing = { .a = a };
    struct key key = { .count = 0 };
    bl_day from;

    if (!day_of(what->from, today, &from) ||
        !day_of(what->to, from + DAYS_DEFAULT - 1, &listing.to)) {
        return query_refuse(a, BL_INVALID, "booking-date", "from");
    }
    if (!sight_operation(a->viewer.principal)) {
        return query_refuse(a, BL_DENIED, "role-may-not", "bookings");
    }
    key_u32(&key, (uint32_t)from);
    a->answer->bookings = bl_arena_array(a->viewer.arena, Bl__Booking *, BOOKINGS_MAX);
    return read_scan(a->read, TABLE_DAYS, key_text(&key), visit, &listing, a->e);
}
