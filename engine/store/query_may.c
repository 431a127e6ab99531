/* What somebody may do with an item now. */
#include "core/possible.h"
#include "store/query_state.h"

void query_may(const struct asking *a, const struct world *world,
               const Bl__Application *application, uint32_t index, Bl__TaskView *view)
{
    view->n_may = possible_acts(world, application, index, a->viewer.arena, &view->may);
}
