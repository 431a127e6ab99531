/* What a department's people have to do, the earliest deadline first: steps of theirs, items that
 * they have to accept or to check afterwards, opinions that others ask for. */
#include "core/countdown.h"
#include "store/projection.h"

static void add(struct projection *projection, const Bl__Application *application, uint32_t item,
                const char *department, bl_time due, uint32_t consultation)
{
    struct projection_row *row = projection_row(projection, TABLE_DESKS);

    row->item = item;
    key_department(&row->key, department);
    key_u64(&row->key, (uint64_t)due);
    key_u64(&row->key, application->id);
    key_u16(&row->key, (uint16_t)item);
    key_u16(&row->key, (uint16_t)consultation);
}

static bl_time due_of(const Bl__Clock *clock)
{
    return clock != NULL && clock->due_at != 0 ? clock->due_at : BL_NEVER;
}

/* When a person has to have done his part of it; 0: nobody has one. */
static bl_time own_due(const Bl__Item *item)
{
    if (item->state == BL__ITEM__STATE__RECEIVED) {
        return due_of(item->notify);
    }
    if (item->desk != NULL && item->desk->personal && application_item_is_running(item)) {
        return application_item_due(item);
    }
    return countdown_is_open(item->check) ? due_of(item->check) : 0;
}

void project_desk(const Bl__Application *application, struct projection *projection)
{
    for (uint32_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];
        bl_time due = own_due(item);

        if (due != 0) {
            add(projection, application, i, item->department, due, 0);
        }
        for (size_t k = 0; k < item->n_consultations; k++) {
            const Bl__Consultation *asked = item->consultations[k];

            if (asked->answered_at == 0 && application_item_is_running(item)) {
                add(projection, application, i, asked->department, due_of(asked->limit),
                    asked->number);
            }
        }
    }
}
