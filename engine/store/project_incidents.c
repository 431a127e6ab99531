/* Tasks that failed too often: an operator has to look. */
#include "store/projection.h"

void project_incidents(const Bl__Application *application, struct projection *projection)
{
    for (uint32_t i = 0; i < application->n_items; i++) {
        if (application->items[i]->incident) {
            struct projection_row *row = projection_row(projection, TABLE_INCIDENTS);

            row->item = i;
            key_u64(&row->key, application->id);
            key_u16(&row->key, (uint16_t)i);
        }
    }
}
