/* What the applicant is to be told, in the inbox of the channel whose workers send it; one that
 * could not be sent, among the incidents. */
#include "binglian/v1/store.pb-c.h"
#include "core/notice.h"
#include "store/projection.h"

static void add_ready(const Bl__Application *application, const Bl__Notice *notice,
                      struct projection *projection)
{
    struct projection_row *row = projection_row(projection, TABLE_INBOX);

    row->item = notice_task(notice->number);
    key_department(&row->key, notice->channel);
    key_u64(&row->key, (uint64_t)notice->at);
    key_u64(&row->key, application->id);
    key_u16(&row->key, (uint16_t)row->item);
    if (notice->retry_at != 0) {
        Bl__InboxRow value = BL__INBOX_ROW__INIT;

        value.not_before = notice->retry_at;
        projection_value(row, &value.base);
    }
}

static void add_incident(const Bl__Application *application, const Bl__Notice *notice,
                         struct projection *projection)
{
    struct projection_row *row = projection_row(projection, TABLE_INCIDENTS);

    row->item = notice_task(notice->number);
    key_u64(&row->key, application->id);
    key_u16(&row->key, (uint16_t)row->item);
    projection_count(projection, "incidents", notice->channel, 1);
}

void project_notices(const Bl__Application *application, struct projection *projection)
{
    for (size_t i = 0; i < application->n_notices; i++) {
        if (notice_is_ready(application->notices[i])) {
            add_ready(application, application->notices[i], projection);
        } else {
            add_incident(application, application->notices[i], projection);
        }
    }
}
