/* Major projects: found by their code, counted, woken when a milestone is over. */
#include "core/project.h"
#include "store/projection.h"

#define ROWS_MAX 2

struct projection projection_of_project(const void *state, struct bl_arena *arena)
{
    const Bl__Project *project = state;
    struct projection projection = projection_empty(ROWS_MAX, arena);
    struct projection_row *row = projection_row(&projection, TABLE_CODES);

    key_string(&row->key, project->code);
    projection_id(row, project->id);
    projection_timer(&projection, BL__AGGREGATE__PROJECT, project->id,
                     project_aggregate.next(project));
    projection_count(&projection, "projects", "", project_is_open(project));
    return projection;
}
