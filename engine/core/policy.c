#include "core/policy.h"

/* An application that was submitted with a project's code joins it. */
static const Bl__Command *join_project(const Bl__Application *application, const Bl__Event *event,
                                       struct bl_arena *arena)
{
    if (event->submitted->project[0] == '\0') {
        return NULL;
    }
    Bl__Command *command = bl_arena_new(arena, Bl__Command);
    bl__command__init(command);
    command->what_case = BL__COMMAND__WHAT_JOIN_PROJECT;
    command->join_project = bl_arena_new(arena, Bl__JoinProject);
    bl__join_project__init(command->join_project);
    command->join_project->code = event->submitted->project;
    command->join_project->application = application->id;
    command->join_project->number = event->submitted->number;
    return command;
}

const Bl__Command *policy_command(const Bl__Application *application, const Bl__Event *event,
                                  struct bl_arena *arena)
{
    // clang-format off
    static const Bl__Command *(*const policies[])(const Bl__Application *, const Bl__Event *,
                                                  struct bl_arena *) = {
        [BL__EVENT__WHAT_SUBMITTED] = join_project,
    };
    // clang-format on

    return (size_t)event->what_case < BL_COUNT(policies) && policies[event->what_case] != NULL
               ? policies[event->what_case](application, event, arena)
               : NULL;
}
