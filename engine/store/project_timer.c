/* The next moment at which an application changes by itself: one row each, so a million open
 * deadlines cost nothing until they are due. */
#include "store/projection.h"

void project_timer(const Bl__Application *application, struct projection *projection)
{
    bl_time at = application_aggregate.next(application);

    if (at == BL_NEVER) {
        return;
    }
    struct projection_row *row = projection_row(projection, TABLE_TIMERS);
    key_u64(&row->key, (uint64_t)at);
    key_u16(&row->key, BL__AGGREGATE__APPLICATION);
    key_u64(&row->key, application->id);
}
