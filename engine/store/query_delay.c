/* Whose time a delay was, as its viewer may see it: the hall's people and the applicant the whole
 * path, a department its own part. */
#include <string.h>

#include "core/application.h"
#include "core/delay.h"
#include "store/history.h"
#include "store/query_state.h"
#include "store/sight.h"
#include "store/view_state.h"

static Bl__Title *title_of(const struct asking *a, const char *whose)
{
    static const struct {
        const char *whose, *zh, *en;
    } others[] = {
        { "hall", "大厅", "the hall" },
        { "applicant", "申请人", "the applicant" },
        { "special", "特别程序", "special procedures" },
    };

    for (size_t i = 0; i < BL_COUNT(others); i++) {
        if (strcmp(others[i].whose, whose) == 0) {
            Bl__Title *title = view_title(a->viewer.arena, NULL);

            title->zh = others[i].zh;
            title->en = others[i].en;
            return title;
        }
    }
    return view_department(&a->viewer, whose);
}

static void add_row(const struct asking *a, const struct delay *row, Bl__ApplicationView *view)
{
    Bl__DelayView *delay = bl_arena_new(a->viewer.arena, Bl__DelayView);

    bl__delay_view__init(delay);
    delay->whose = row->whose;
    delay->title = title_of(a, row->whose);
    delay->days = row->days;
    delay->over = row->over;
    delay->item = row->item;
    view->delays[view->n_delays++] = delay;
}

static void add_rows(const struct asking *a, const struct delay_question *question,
                     Bl__ApplicationView *view)
{
    const Bl__Application *application = question->application;
    struct delay **rows = NULL;
    size_t count = delay_attribute(question, a->viewer.arena, &rows);

    view->delays = bl_arena_array(a->viewer.arena, Bl__DelayView *, count);
    for (size_t i = 0; i < count; i++) {
        int item = application_item_find(application, rows[i]->item);

        if (item >= 0 && sight_item(a->viewer.principal, application->items[item])) {
            add_row(a, rows[i], view);
        }
    }
}

enum bl_err query_delays(const struct asking *a, const Bl__Application *application,
                         Bl__ApplicationView *view)
{
    struct catalog_version version = { 0 };
    Bl__Event **events = NULL;

    if (!delay_is_late(application) ||
        catalog_find(a->viewer.catalog, application->workflow, application->version, &version,
                     NULL) != BL_OK) {
        return BL_OK;  // its definition is damaged: what the state itself says is shown
    }
    enum bl_err err =
        history_read(a->read, BL__AGGREGATE__APPLICATION, application->id, application->last_event,
                     application->revision, a->viewer.arena, &events, a->e);

    if (err == BL_OK) {
        const struct delay_question question = { .application = application,
                                                 .definition = version.definition,
                                                 .calendar = version.calendar,
                                                 .events = events,
                                                 .event_count = application->revision,
                                                 .now = a->viewer.now };

        add_rows(a, &question, view);
    }
    return err;
}
