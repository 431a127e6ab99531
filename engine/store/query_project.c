/* Major projects: all applications over all stages, what is late and whose it is (domain.md S15).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/application.h"
#include "core/project.h"
#include "store/kind.h"
#include "store/query_state.h"
#include "store/record.h"
#include "store/sight.h"

/* One project as it is being looked at. */
struct looking {
    const struct asking *a;
    Bl__ProjectView *view;
    bool whole;  // with its applications
};

static Bl__LateView *add_late(struct looking *l)
{
    Bl__LateView *late = bl_arena_new(l->a->viewer.arena, Bl__LateView);

    bl__late_view__init(late);
    l->view->lates = bl_arena_append(l->a->viewer.arena, l->view->lates, l->view->n_lates, late);
    l->view->n_lates++;
    return late;
}

static bl_time late_since(const Bl__Item *item, bl_time now)
{
    bl_time due = application_item_due(item);

    if (item->legal != NULL && item->legal->due_at != 0 && item->legal->due_at < due) {
        due = item->legal->due_at;
    }
    return due < now ? due : 0;
}

/* What of an application is red, and which department has it. */
static void look_at_items(struct looking *l, const Bl__Application *application)
{
    const struct viewer *viewer = &l->a->viewer;

    for (size_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        if (application_item_light(item, viewer->now) != BL__LIGHT__RED) {
            continue;
        }
        l->view->late++;
        if (l->whole) {
            Bl__LateView *late = add_late(l);

            late->application = bl_arena_string(viewer->arena, application->number);
            late->item = bl_arena_string(viewer->arena, item->id);
            late->department = bl_arena_string(viewer->arena, item->department);
            late->department_title = view_department(viewer, late->department);
            late->due_at = late_since(item, viewer->now);
        }
    }
}

static void look_at_milestones(struct looking *l, const Bl__Project *project)
{
    bl_time now = l->a->viewer.now;

    for (size_t i = 0; i < project->n_milestones && project_is_open(project); i++) {
        const Bl__Milestone *milestone = project->milestones[i];

        if (!project_milestone_is_late(milestone, now)) {
            continue;
        }
        l->view->light = clock_light_worse(BL__LIGHT__RED, l->view->light);
        l->view->late++;
        if (l->whole) {
            Bl__LateView *late = add_late(l);

            late->milestone = milestone->id;
            late->due_at = milestone->due_at;
        }
    }
}

static void look_at_application(struct looking *l, uint64_t id)
{
    const struct asking *a = l->a;
    AUTO(bl_arena_free) struct bl_arena scratch = { 0 };
    Bl__Application *application;

    bl_arena_init(&scratch, 1 << 12, QUERY_BYTES_MAX);
    if (read_application(a->read, id, l->whole ? a->viewer.arena : &scratch, &application, NULL) !=
            BL_OK ||
        !sight_application(a->viewer.principal, application, l->view->project)) {
        return;
    }
    Bl__Light light = application_light(application, a->viewer.now);
    l->view->light = clock_light_worse(light, l->view->light);
    look_at_items(l, application);
    if (l->whole && !query_is_large(a)) {
        l->view->applications[l->view->n_applications++] =
            view_application(&a->viewer, application, query_applicant(a, application));
    }
}

static Bl__ProjectView *view_project(const struct asking *a, Bl__Project *project, bool whole)
{
    struct looking l = { .a = a, .whole = whole };

    l.view = bl_arena_new(a->viewer.arena, Bl__ProjectView);
    bl__project_view__init(l.view);
    l.view->project = project;
    l.view->light = project_is_open(project) ? BL__LIGHT__GREEN : BL__LIGHT__GREY;
    l.view->applications =
        bl_arena_array(a->viewer.arena, Bl__ApplicationView *, project->n_applications);
    look_at_milestones(&l, project);
    for (size_t i = 0; i < project->n_applications; i++) {
        look_at_application(&l, project->applications[i]);
    }
    return l.view;
}

static enum bl_err read_project(const struct asking *a, const char *code, void **project)
{
    const struct kind *kind = kind_find(BL__AGGREGATE__PROJECT);
    struct key key;
    uint64_t id;
    enum bl_err err = kind_key_of_project(code, &key) ? kind_look_up(a->read, kind, &key, &id, a->e)
                                                      : BL_NOT_FOUND;

    *project = NULL;
    return err == BL_OK ? kind_read(a->read, kind, id, a->viewer.arena, project, a->e) : err;
}

const Bl__Project *query_project_of(const struct asking *a, const Bl__Application *application,
                                    const Bl__Event *event)
{
    void *project = NULL;
    enum bl_err err = BL_NOT_FOUND;

    if (!sight_asks_project(a->viewer.principal)) {
        return NULL;
    }
    if (application != NULL) {
        err =
            application->project[0] == '\0' ? err : read_project(a, application->project, &project);
    } else if (event->aggregate == BL__AGGREGATE__PROJECT) {
        err = kind_read(a->read, kind_find(BL__AGGREGATE__PROJECT), event->id, a->viewer.arena,
                        &project, NULL);
    }
    return err == BL_OK ? project : NULL;
}

enum bl_err query_find_project(const struct asking *a, const char *code, Bl__Project **project)
{
    void *found = NULL;
    enum bl_err err = read_project(a, code, &found);

    *project = NULL;
    if (err == BL_CORRUPT) {
        return query_refuse(a, BL_CORRUPT, "record-damaged", code);
    }
    if (err == BL_NOT_FOUND || (err == BL_OK && !sight_project(a->viewer.principal, found))) {
        return query_refuse(a, BL_NOT_FOUND, "project-unknown", code);
    }
    *project = found;
    return err;
}

static enum bl_err get_project(const struct asking *a)
{
    Bl__Project *project;
    enum bl_err err = query_find_project(a, a->query->projects->code, &project);

    if (err == BL_OK && project != NULL) {
        a->answer->projects = bl_arena_array(a->viewer.arena, Bl__ProjectView *, 1);
        a->answer->projects[a->answer->n_projects++] = view_project(a, project, true);
    }
    return err;
}

/* A walk from the newest project on. */
struct listing {
    const struct asking *a;
    size_t limit, rows;
};

static bool matches(const struct asking *a, const Bl__Project *project)
{
    const Bl__ListProjects *what = a->query->projects;

    return (what->tracker[0] == '\0' || strcmp(what->tracker, project->tracker) == 0) &&
           (!what->open || project_is_open(project)) && sight_project(a->viewer.principal, project);
}

static bool visit(void *context, struct bl_text key, struct bl_text value)
{
    struct listing *listing = context;
    const struct asking *a = listing->a;
    ProtobufCMessage *message;

    if (a->answer->n_projects == listing->limit || listing->rows == QUERY_ROWS_MAX ||
        query_is_large(a)) {
        a->answer->next = bl_arena_printf(a->viewer.arena, "%" PRIu64, key_read_u64(key.at));
        return false;
    }
    listing->rows++;
    if (record_unpack(value, &bl__project__descriptor, a->viewer.arena, &message, NULL) == BL_OK &&
        matches(a, (const Bl__Project *)message)) {
        a->answer->projects[a->answer->n_projects++] =
            view_project(a, (Bl__Project *)message, false);
    }
    return true;
}

enum bl_err query_projects(const struct asking *a)
{
    const Bl__ListProjects *what = a->query->projects;
    struct listing listing = { a, query_bounded(what->limit, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX),
                               0 };
    struct bl_text from = { NULL, 0 };
    struct key key;

    if (what->code[0] != '\0') {
        return get_project(a);
    }
    if (what->after[0] != '\0') {
        key = key_of_id(strtoull(what->after, NULL, 10));
        from = key_text(&key);
    }
    a->answer->projects = bl_arena_array(a->viewer.arena, Bl__ProjectView *, listing.limit);
    return read_scan_back(a->read, TABLE_PROJECTS, from, visit, &listing, a->e);
}
