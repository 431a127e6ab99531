/* Numbers of the dashboards: never counted by scanning. */
#include "store/projection.h"

void project_counts(const Bl__Application *application, struct projection *projection)
{
    projection_count(projection, "applications", "", 1);
    projection_count(projection, "open", "", application_is_open(application));
    for (size_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        if (item->state == BL__ITEM__STATE__ACCEPTED) {
            projection_count(projection, "items", item->department, 1);
        }
        if (item->incident) {
            projection_count(projection, "incidents", item->department, 1);
        }
    }
}
