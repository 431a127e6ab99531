/* Numbers of the dashboards: never counted by scanning. */
#include "store/projection.h"

/* Ends without a grant: different in law, and never mixed (domain.md 3). NULL: none of them. */
static const char *end_of(const Bl__Item *item)
{
    switch ((int)item->state) {
    case BL__ITEM__STATE__REFUSED:
        return "refused";
    case BL__ITEM__STATE__RETURNED:
        return "returned";
    case BL__ITEM__STATE__WITHDRAWN:
        return "withdrawn";
    case BL__ITEM__STATE__TERMINATED:
        return "terminated";
    case BL__ITEM__STATE__REVOKED:
        return "revoked";
    case BL__ITEM__STATE__DECIDED:
        return item->result == BL__ITEM__RESULT__DENIED ? "denied" : NULL;
    default:
        return NULL;
    }
}

void project_counts(const Bl__Application *application, struct projection *projection)
{
    projection_count(projection, "applications", "", 1);
    projection_count(projection, "open", "", application_is_open(application));
    for (size_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        if (application_item_is_running(item)) {
            projection_count(projection, "items", item->department, 1);
        }
        if (end_of(item) != NULL) {
            projection_count(projection, end_of(item), item->department, 1);
        }
        if (item->incident) {
            projection_count(projection, "incidents", item->department, 1);
        }
    }
}
