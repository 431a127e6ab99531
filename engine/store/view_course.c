/* What stands around an item and around the whole: opinions asked for, papers that are missing,
 * visits, notices that wait, and what happens next. */
#include "store/next.h"
#include "store/sight.h"
#include "store/view_state.h"

static Bl__ConsultationView *view_consultation(const struct viewer *viewer,
                                               const struct catalog_version *version,
                                               const Bl__Consultation *consultation)
{
    Bl__ConsultationView *view = bl_arena_new(viewer->arena, Bl__ConsultationView);

    bl__consultation_view__init(view);
    view->number = consultation->number;
    view->department = consultation->department;
    view->title = view_department(viewer, consultation->department);
    view->limit =
        view_clock(viewer, version->calendar, consultation->limit, (struct limit){ 0, LIMIT_WD });
    view->asked_at = consultation->asked_at;
    view->answered_at = consultation->answered_at;
    view->consents = consultation->consents;
    view->tacit = consultation->tacit;
    return view;
}

void view_item_course(const struct viewer *viewer, const struct catalog_version *version,
                      const Bl__Item *item, Bl__ItemView *view)
{
    view->n_consultations = item->n_consultations;
    view->consultations =
        bl_arena_array(viewer->arena, Bl__ConsultationView *, item->n_consultations);
    for (size_t i = 0; i < item->n_consultations; i++) {
        view->consultations[i] = view_consultation(viewer, version, item->consultations[i]);
    }
    view->missing = item->missing;
    view->n_missing = item->n_missing;
    view->committed = item->committed;
    view->gap = item->gap;
    view->accepted_event = item->accepted_event;
}

/* A visit belongs to all whose items it is for. */
static bool sees_visit(const struct viewer *viewer, const Bl__Application *application,
                       const Bl__Visit *visit)
{
    for (size_t i = 0; i < visit->n_items; i++) {
        if (visit->items[i] < application->n_items &&
            sight_item(viewer->principal, application->items[visit->items[i]])) {
            return true;
        }
    }
    return false;
}

/* Notices that wait are the hall's business: they name channels and failures. */
void view_application_course(const struct viewer *viewer, const struct catalog_version *version,
                             const Bl__Application *application, Bl__ApplicationView *view)
{
    view->paper = application->paper;
    view->visits = bl_arena_array(viewer->arena, Bl__Visit *, application->n_visits);
    for (size_t i = 0; i < application->n_visits; i++) {
        if (sees_visit(viewer, application, application->visits[i])) {
            view->visits[view->n_visits++] = application->visits[i];
        }
    }
    if (sight_operation(viewer->principal)) {
        view->notices = application->notices;
        view->n_notices = application->n_notices;
    }
    view->next = next_of(viewer, application, version->definition);
}
