/* project.h — a major project: its applications over all stages, its milestones, and the one
 * officer who follows it (重大项目专人跟踪, domain.md S15). The applications stay on their own; the
 * project knows only which they are. An application that is submitted with the project's code joins
 * it in the same batch (policy.h). */
#pragma once

#include "core/aggregate.h"

extern const struct aggregate project_aggregate;

#define PROJECT_CODE_CHARACTERS_MAX 40  // 2017-350102-48-03-012345
#define PROJECT_TITLE_CHARACTERS_MAX 100
#define PROJECT_OWNER_CHARACTERS_MAX 100
#define PROJECT_TRACKER_CHARACTERS_MAX 60
#define PROJECT_MILESTONES_MAX 50
#define PROJECT_APPLICATIONS_MAX 1000

/* Letters, digits, '-' and '_': as it is registered, and short enough for a key. */
bool project_code_is_good(const char *code);
bool project_is_open(const Bl__Project *project);
/* Is this moment after a milestone's that was not reached? */
bool project_milestone_is_late(const Bl__Milestone *milestone, bl_time now);
/* May an application join it? NULL: it may. `project` NULL: there is none of this code. */
Bl__Refusal *project_may_join(const Bl__Project *project, const char *code, struct bl_arena *arena);
