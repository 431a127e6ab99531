/* The appointments of a window: found by day and window. */
#include "core/booking.h"
#include "store/projection.h"

#define ROWS_MAX 1

struct projection projection_of_booking(const void *state, struct bl_arena *arena)
{
    const Bl__Booking *booking = state;
    struct projection projection = projection_empty(ROWS_MAX, arena);
    struct projection_row *row = projection_row(&projection, TABLE_DAYS);

    key_u32(&row->key, (uint32_t)booking->day);
    key_string(&row->key, booking->window);
    projection_id(row, booking->id);
    return projection;
}
