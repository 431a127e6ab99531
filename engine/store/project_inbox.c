/* What each department's workers may work on now, the earliest deadline first. */
#include "binglian/v1/store.pb-c.h"
#include "store/projection.h"

void project_inbox(const Bl__Application *application, struct projection *projection)
{
    for (uint32_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        if (!application_item_is_ready(item)) {
            continue;
        }
        struct projection_row *row = projection_row(projection, TABLE_INBOX);
        row->item = i;
        key_department(&row->key, item->department);
        key_u64(&row->key, (uint64_t)application_item_due(item));
        key_u64(&row->key, application->id);
        key_u16(&row->key, (uint16_t)i);
        if (item->retry_at != 0 || item->desk != NULL) {
            Bl__InboxRow value = BL__INBOX_ROW__INIT;

            value.not_before = item->retry_at;
            value.step = item->desk == NULL ? 0 : item->desk->step;
            value.round = item->desk == NULL ? 0 : item->desk->round;
            projection_value(row, &value.base);
        }
    }
}
