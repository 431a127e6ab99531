/* The next moment at which an application changes by itself: one row each, so a million open
 * deadlines cost nothing until they are due. */
#include "store/projection.h"

void project_timer(const Bl__Application *application, struct projection *projection)
{
    projection_timer(projection, BL__AGGREGATE__APPLICATION, application->id,
                     application_aggregate.next(application));
}
