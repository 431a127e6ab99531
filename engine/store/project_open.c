/* Applications that are not concluded, the most urgent first. */
#include "store/project_lists.h"

void project_open(const Bl__Application *application, struct projection *projection)
{
    if (!application_is_open(application)) {
        return;
    }
    struct projection_row *row = projection_row(projection, TABLE_OPEN);
    const struct face face = face_of(application);

    key_u64(&row->key, (uint64_t)application_urgency(application));
    key_u64(&row->key, application->id);
    face_write(&face, row);
}
