/* Open applications by workflow and applicant, so that a second one of the same person is noticed:
 * under a keyed hash, which is nobody's number (domain.md 10, trap 13). */
#include "store/projection.h"

void project_twins(const Bl__Application *application, struct projection *projection)
{
    if (application->twin == 0 || !application_is_open(application)) {
        return;
    }
    struct projection_row *row = projection_row(projection, TABLE_TWINS);
    key_u64(&row->key, application->twin);
    key_u64(&row->key, application->id);
}
