#include "core/project.h"

#include <string.h>

#include "core/application.h"
#include "core/office.h"
#include "core/question.h"

static const char code_characters[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

bool project_code_is_good(const char *code)
{
    size_t bytes = strlen(code);

    return bytes > 0 && bytes <= PROJECT_CODE_CHARACTERS_MAX &&
           strspn(code, code_characters) == bytes;
}

bool project_is_open(const Bl__Project *project)
{
    return project->closed_at == 0;
}

bool project_milestone_is_late(const Bl__Milestone *milestone, bl_time now)
{
    return milestone->reached_at == 0 && now > milestone->due_at;
}

/* --- decide ------------------------------------------------------------------------------------
 */

/* One command about a project, as its decision sees it. */
struct asked {
    const struct world *world;
    const Bl__Project *project;  // NULL: there is none of this code
    const Bl__Command *command;
    struct bl_arena *arena;
};

static Bl__Refusal *refuse(const struct asked *q, enum bl_err code, const char *rule,
                           const char *pointer)
{
    return refusal_new(q->arena, code, rule, pointer);
}

static Bl__Refusal *check_tracker(const struct asked *q, const char *tracker, const char *name)
{
    if (tracker[0] == '\0') {
        return refuse(q, BL_INVALID, "project-tracker-required", "tracker");
    }
    return question_is_longer(tracker, PROJECT_TRACKER_CHARACTERS_MAX) ||
                   question_is_longer(name, PROJECT_TRACKER_CHARACTERS_MAX)
               ? refuse(q, BL_INVALID, "project-text", "tracker")
               : NULL;
}

static Bl__Refusal *check_milestone(const struct asked *q, const Bl__Milestone *milestone)
{
    if (milestone == NULL || !project_code_is_good(milestone->id)) {
        return refuse(q, BL_INVALID, "milestone-id", "milestone");
    }
    const char *pointer = bl_arena_printf(q->arena, "milestones.%s", milestone->id);
    if (question_is_longer(milestone->title, PROJECT_TITLE_CHARACTERS_MAX)) {
        return refuse(q, BL_INVALID, "project-text", pointer);
    }
    return milestone->due_at <= 0 ? refuse(q, BL_INVALID, "milestone-due", pointer) : NULL;
}

static Bl__Refusal *check_milestones(const struct asked *q, const Bl__OpenProject *open)
{
    if (open->n_milestones > PROJECT_MILESTONES_MAX) {
        return refuse(q, BL_TOO_LARGE, "milestones-many", "milestones");
    }
    for (size_t i = 0; i < open->n_milestones; i++) {
        Bl__Refusal *refusal = check_milestone(q, open->milestones[i]);

        for (size_t k = 0; k < i && refusal == NULL; k++) {
            if (strcmp(open->milestones[k]->id, open->milestones[i]->id) == 0) {
                refusal = refuse(q, BL_INVALID, "milestone-twice", open->milestones[i]->id);
            }
        }
        if (refusal != NULL) {
            return refusal;
        }
    }
    return NULL;
}

static Bl__Refusal *check_open(const struct asked *q, const Bl__OpenProject *open)
{
    if (!project_code_is_good(open->code)) {
        return refuse(q, BL_INVALID, "project-code", "code");
    }
    if (q->project != NULL) {
        return refuse(q, BL_EXISTS, "project-exists", open->code);
    }
    if (open->title[0] == '\0' || question_is_longer(open->title, PROJECT_TITLE_CHARACTERS_MAX)) {
        return refuse(q, BL_INVALID, "project-text", "title");
    }
    if (question_is_longer(open->owner, PROJECT_OWNER_CHARACTERS_MAX)) {
        return refuse(q, BL_INVALID, "project-text", "owner");
    }
    Bl__Refusal *refusal = check_tracker(q, open->tracker, open->tracker_name);
    return refusal != NULL ? refusal : check_milestones(q, open);
}

/* Milestones as they begin: nobody has reached them. */
static Bl__Milestone **fresh_milestones(const struct asked *q, const Bl__OpenProject *open)
{
    Bl__Milestone **milestones = bl_arena_array(q->arena, Bl__Milestone *, open->n_milestones);

    for (size_t i = 0; i < open->n_milestones; i++) {
        milestones[i] = bl_arena_copy(q->arena, open->milestones[i], sizeof **milestones);
        milestones[i]->reached_at = 0;
        milestones[i]->overdue = false;
    }
    return milestones;
}

static struct ruling decide_open(const struct asked *q)
{
    const Bl__OpenProject *open = q->command->open_project;
    Bl__Refusal *refusal = check_open(q, open);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_PROJECT_OPENED);
    Bl__ProjectOpened *opened = bl_arena_new(q->arena, Bl__ProjectOpened);
    bl__project_opened__init(opened);
    event->project_opened = opened;
    opened->code = open->code;
    opened->title = open->title;
    opened->owner = open->owner;
    opened->tracker = open->tracker;
    opened->tracker_name = open->tracker_name;
    opened->milestones = fresh_milestones(q, open);
    opened->n_milestones = open->n_milestones;
    return ruling_event(event);
}

/* Is there a project of this code that goes on? */
static Bl__Refusal *check_there(const struct asked *q, const char *code)
{
    if (q->project == NULL) {
        return refuse(q, BL_NOT_FOUND, "project-unknown", code);
    }
    return project_is_open(q->project) ? NULL : refuse(q, BL_REFUSED, "project-closed", code);
}

static Bl__Refusal *check_reason(const struct asked *q, const char *reason, bool required)
{
    if (required && reason[0] == '\0') {
        return refuse(q, BL_INVALID, "reason-required", "reason");
    }
    return question_is_longer(reason, REASON_CHARACTERS_MAX)
               ? refuse(q, BL_TOO_LARGE, "reason-long", "reason")
               : NULL;
}

/* There is exactly one tracker at a time; who he was before is in the events. */
static struct ruling decide_track(const struct asked *q)
{
    const Bl__TrackProject *track = q->command->track_project;
    Bl__Refusal *refusal = check_there(q, track->code);

    if (refusal == NULL) {
        refusal = check_tracker(q, track->tracker, track->tracker_name);
    }
    if (refusal == NULL && strcmp(track->tracker, q->project->tracker) == 0 &&
        strcmp(track->tracker_name, q->project->tracker_name) == 0) {
        refusal = refuse(q, BL_REFUSED, "project-tracker-same", track->tracker);
    }
    if (refusal == NULL) {
        refusal = check_reason(q, track->reason, true);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_PROJECT_TRACKED);
    event->project_tracked = bl_arena_new(q->arena, Bl__ProjectTracked);
    bl__project_tracked__init(event->project_tracked);
    event->project_tracked->tracker = track->tracker;
    event->project_tracked->tracker_name = track->tracker_name;
    event->project_tracked->reason = track->reason;
    return ruling_event(event);
}

static Bl__Milestone *find_milestone(const Bl__Project *project, const char *id)
{
    for (size_t i = 0; i < project->n_milestones; i++) {
        if (strcmp(project->milestones[i]->id, id) == 0) {
            return project->milestones[i];
        }
    }
    return NULL;
}

/* A tracker has his own projects and no others. */
static Bl__Refusal *check_own(const struct asked *q)
{
    struct office_actor actor = office_actor(q->world);

    if (actor.role != BL__KEY__ROLE__TRACKER || strcmp(actor.post, q->project->tracker) == 0 ||
        strcmp(actor.person, q->project->tracker) == 0) {
        return NULL;
    }
    Bl__Refusal *refusal =
        refuse(q, BL_DENIED, "project-other-tracker", bl_arena_string(q->arena, q->project->code));
    refusal->who_may = bl_arena_string(q->arena, q->project->tracker);
    return refusal;
}

/* A milestone that is there: reached, or moved to another day. */
static Bl__Refusal *check_known(const struct asked *q, const Bl__Milestone *is)
{
    const Bl__SetMilestone *set = q->command->set_milestone;

    if (is->reached_at != 0) {
        return refuse(q, BL_REFUSED, "milestone-reached", set->milestone->id);
    }
    return set->reached ? NULL : check_milestone(q, set->milestone);
}

static Bl__Refusal *check_new(const struct asked *q)
{
    const Bl__SetMilestone *set = q->command->set_milestone;

    if (set->reached) {
        return refuse(q, BL_NOT_FOUND, "milestone-unknown", set->milestone->id);
    }
    return q->project->n_milestones >= PROJECT_MILESTONES_MAX
               ? refuse(q, BL_TOO_LARGE, "milestones-many", set->milestone->id)
               : check_milestone(q, set->milestone);
}

static Bl__Refusal *check_set_milestone(const struct asked *q, const Bl__SetMilestone *set)
{
    Bl__Refusal *refusal = check_there(q, set->code);

    if (refusal == NULL) {
        refusal = check_own(q);
    }
    if (refusal == NULL && (set->milestone == NULL || !project_code_is_good(set->milestone->id))) {
        refusal = refuse(q, BL_INVALID, "milestone-id", "milestone");
    }
    if (refusal != NULL) {
        return refusal;
    }
    const Bl__Milestone *is = find_milestone(q->project, set->milestone->id);
    refusal = is == NULL ? check_new(q) : check_known(q, is);
    return refusal != NULL ? refusal : check_reason(q, set->reason, is != NULL && !set->reached);
}

static struct ruling decide_milestone(const struct asked *q)
{
    const Bl__SetMilestone *set = q->command->set_milestone;
    Bl__Refusal *refusal = check_set_milestone(q, set);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Milestone *is = find_milestone(q->project, set->milestone->id);
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_PROJECT_MILESTONE);
    Bl__Milestone *milestone =
        bl_arena_copy(q->arena, set->reached ? is : set->milestone, sizeof *milestone);
    milestone->id = set->milestone->id;
    milestone->title = bl_arena_string(q->arena, is != NULL && set->milestone->title[0] == '\0'
                                                     ? is->title
                                                     : set->milestone->title);
    milestone->reached_at = set->reached ? q->world->now : 0;
    milestone->overdue = set->reached && is->overdue;
    event->project_milestone = bl_arena_new(q->arena, Bl__ProjectMilestone);
    bl__project_milestone__init(event->project_milestone);
    event->project_milestone->milestone = milestone;
    event->project_milestone->reason = set->reason;
    return ruling_event(event);
}

static struct ruling decide_join(const struct asked *q)
{
    const Bl__JoinProject *join = q->command->join_project;
    Bl__Refusal *refusal = project_may_join(q->project, join->code, q->arena);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_PROJECT_JOINED);
    event->project_joined = bl_arena_new(q->arena, Bl__ProjectJoined);
    bl__project_joined__init(event->project_joined);
    event->project_joined->application = join->application;
    event->project_joined->number = join->number;
    return ruling_event(event);
}

Bl__Refusal *project_may_join(const Bl__Project *project, const char *code, struct bl_arena *arena)
{
    if (project == NULL) {
        return refusal_new(arena, BL_NOT_FOUND, "project-unknown", code);
    }
    if (!project_is_open(project)) {
        return refusal_new(arena, BL_REFUSED, "project-closed", code);
    }
    return project->n_applications >= PROJECT_APPLICATIONS_MAX
               ? refusal_new(arena, BL_TOO_LARGE, "project-applications-many", code)
               : NULL;
}

/* Applications that are open do not end with their project; who closes it says why all the same. */
static struct ruling decide_close(const struct asked *q)
{
    const Bl__CloseProject *close = q->command->close_project;
    Bl__Refusal *refusal = check_there(q, close->code);

    if (refusal == NULL && q->world->open_count > 0 && close->reason[0] == '\0') {
        refusal = refuse(q, BL_REFUSED, "project-has-open", close->code);
        refusal_argument(q->arena, refusal, "count",
                         bl_arena_printf(q->arena, "%u", q->world->open_count));
    }
    if (refusal == NULL) {
        refusal = check_reason(q, close->reason, false);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(q->arena, q->world, BL__EVENT__WHAT_PROJECT_CLOSED);
    event->project_closed = bl_arena_new(q->arena, Bl__ProjectClosed);
    bl__project_closed__init(event->project_closed);
    event->project_closed->reason = close->reason;
    return ruling_event(event);
}

// clang-format off
static struct ruling (*const decisions[])(const struct asked *) = {
    [BL__COMMAND__WHAT_OPEN_PROJECT]  = decide_open,
    [BL__COMMAND__WHAT_TRACK_PROJECT] = decide_track,
    [BL__COMMAND__WHAT_SET_MILESTONE] = decide_milestone,
    [BL__COMMAND__WHAT_JOIN_PROJECT]  = decide_join,
    [BL__COMMAND__WHAT_CLOSE_PROJECT] = decide_close,
};
// clang-format on

static bool takes(Bl__Command__WhatCase what)
{
    return (size_t)what < BL_COUNT(decisions) && decisions[what] != NULL;
}

static struct ruling decide(const struct world *world, const void *state,
                            const Bl__Command *command, struct bl_arena *arena)
{
    const struct asked asked = { world, state, command, arena };

    CHECK(takes(command->what_case));
    return decisions[command->what_case](&asked);
}

/* --- evolve ------------------------------------------------------------------------------------
 */

static Bl__Milestone *milestone_copy(const Bl__Milestone *from, struct bl_arena *arena)
{
    Bl__Milestone *milestone = bl_arena_copy(arena, from, sizeof *from);

    milestone->id = bl_arena_string(arena, from->id);
    milestone->title = bl_arena_string(arena, from->title);
    return milestone;
}

static void evolve_opened(Bl__Project *project, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__ProjectOpened *opened = event->project_opened;

    project->code = bl_arena_string(arena, opened->code);
    project->title = bl_arena_string(arena, opened->title);
    project->owner = bl_arena_string(arena, opened->owner);
    project->tracker = bl_arena_string(arena, opened->tracker);
    project->tracker_name = bl_arena_string(arena, opened->tracker_name);
    project->tracked_since = event->at;
    project->opened_at = event->at;
    project->n_milestones = opened->n_milestones;
    project->milestones = bl_arena_array(arena, Bl__Milestone *, opened->n_milestones);
    for (size_t i = 0; i < opened->n_milestones; i++) {
        project->milestones[i] = milestone_copy(opened->milestones[i], arena);
    }
}

static void evolve_tracked(Bl__Project *project, const Bl__Event *event, struct bl_arena *arena)
{
    project->tracker = bl_arena_string(arena, event->project_tracked->tracker);
    project->tracker_name = bl_arena_string(arena, event->project_tracked->tracker_name);
    project->tracked_since = event->at;
}

static void evolve_milestone(Bl__Project *project, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Milestone *milestone = milestone_copy(event->project_milestone->milestone, arena);

    for (size_t i = 0; i < project->n_milestones; i++) {
        if (strcmp(project->milestones[i]->id, milestone->id) == 0) {
            project->milestones[i] = milestone;
            return;
        }
    }
    project->milestones =
        bl_arena_append(arena, project->milestones, project->n_milestones, milestone);
    project->n_milestones++;
}

static void evolve_joined(Bl__Project *project, const Bl__Event *event, struct bl_arena *arena)
{
    uint64_t *grown = bl_arena_array(arena, uint64_t, project->n_applications + 1);

    CHECK(project_is_open(project));
    if (project->n_applications > 0) {
        memcpy(grown, project->applications, project->n_applications * sizeof *grown);
    }
    grown[project->n_applications++] = event->project_joined->application;
    project->applications = grown;
}

static void evolve_closed(Bl__Project *project, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    project->closed_at = event->at;
}

static void evolve(void *state, const Bl__Event *event, struct bl_arena *arena)
{
    // clang-format off
    static void (*const evolutions[])(Bl__Project *, const Bl__Event *, struct bl_arena *) = {
        [BL__EVENT__WHAT_PROJECT_OPENED]    = evolve_opened,
        [BL__EVENT__WHAT_PROJECT_TRACKED]   = evolve_tracked,
        [BL__EVENT__WHAT_PROJECT_MILESTONE] = evolve_milestone,
        [BL__EVENT__WHAT_PROJECT_JOINED]    = evolve_joined,
        [BL__EVENT__WHAT_PROJECT_CLOSED]    = evolve_closed,
    };
    // clang-format on
    Bl__Project *project = state;

    CHECK((size_t)event->what_case < BL_COUNT(evolutions) && evolutions[event->what_case] != NULL);
    CHECK(event->previous == project->last_event);
    evolutions[event->what_case](project, event, arena);
    project->last_event = event->seq;
    project->revision++;
}

/* --- wake: a milestone that is over -------------------------------------------------------------
 */

static const Bl__Milestone *first_due(const Bl__Project *project)
{
    const Bl__Milestone *first = NULL;

    for (size_t i = 0; i < project->n_milestones && project_is_open(project); i++) {
        const Bl__Milestone *milestone = project->milestones[i];

        if (milestone->reached_at == 0 && !milestone->overdue &&
            (first == NULL || milestone->due_at < first->due_at)) {
            first = milestone;
        }
    }
    return first;
}

static bl_time next(const void *state)
{
    const Bl__Milestone *first = first_due(state);

    return first == NULL ? BL_NEVER : first->due_at + 1;  // overdue is now > due
}

static Bl__Event *wake(const struct world *world, const void *state, struct bl_arena *arena)
{
    const Bl__Milestone *first = first_due(state);

    if (first == NULL || first->due_at >= world->now) {
        return NULL;
    }
    struct world engine = { .now = first->due_at };
    Bl__Event *event = event_new(arena, &engine, BL__EVENT__WHAT_PROJECT_MILESTONE);
    event->project_milestone = bl_arena_new(arena, Bl__ProjectMilestone);
    bl__project_milestone__init(event->project_milestone);
    event->project_milestone->milestone = milestone_copy(first, arena);
    event->project_milestone->milestone->overdue = true;
    return event;
}

static void *create(struct bl_arena *arena, uint64_t id)
{
    Bl__Project *project = bl_arena_new(arena, Bl__Project);

    bl__project__init(project);
    project->id = id;
    return project;
}

const struct aggregate project_aggregate = {
    .kind = BL__AGGREGATE__PROJECT,
    .state = &bl__project__descriptor,
    .create = create,
    .takes = takes,
    .decide = decide,
    .evolve = evolve,
    .next = next,
    .wake = wake,
    .last_event_at = offsetof(Bl__Project, last_event),
    .revision_at = offsetof(Bl__Project, revision),
};
