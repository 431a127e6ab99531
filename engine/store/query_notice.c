/* What applicants are told and has not left yet: of a channel, or of all. */
#include <string.h>

#include "core/application.h"
#include "core/notice.h"
#include "store/query_state.h"
#include "store/sight.h"

/* Of a row of the inbox: department, due, application, item. */
#define APPLICATION_AT (DEPARTMENT_KEY_BYTES + 8)
#define ITEM_AT (APPLICATION_AT + 8)

struct listing {
    const struct asking *a;
    struct key prefix;
    size_t limit, rows;
    struct bl_text end;
};

Bl__NoticeView *query_notice_view(const struct asking *a, uint64_t id, uint32_t task)
{
    Bl__NoticeView *view = bl_arena_new(a->viewer.arena, Bl__NoticeView);
    Bl__Application *application;

    if (read_application(a->read, id, a->viewer.arena, &application, NULL) != BL_OK) {
        return NULL;
    }
    Bl__Notice *notice = notice_find(application, notice_of_task(task));
    if (notice == NULL || !sight_department(a->viewer.principal, notice->channel)) {
        return NULL;
    }
    bl__notice_view__init(view);
    view->notice = notice;
    view->application = application->number;
    view->task =
        bl_arena_printf(a->viewer.arena, "%s.notice-%u", application->number, notice->number);
    return view;
}

static void add(const struct listing *listing, struct bl_text key)
{
    Bl__QueryAnswer *answer = listing->a->answer;
    uint32_t task = key_read_u16(key.at + ITEM_AT);

    if (notice_of_task(task) != 0) {
        Bl__NoticeView *view =
            query_notice_view(listing->a, key_read_u64(key.at + APPLICATION_AT), task);

        if (view != NULL) {
            answer->notices[answer->n_notices++] = view;
        }
    }
}

static bool visit(void *context, struct bl_text key, struct bl_text value)
{
    struct listing *listing = context;

    (void)value;
    if (key.bytes < listing->prefix.count ||
        memcmp(key.at, listing->prefix.bytes, listing->prefix.count) != 0) {
        return false;
    }
    if (listing->a->answer->n_notices == listing->limit || listing->rows == QUERY_ROWS_MAX ||
        query_is_large(listing->a)) {
        listing->end = (struct bl_text){ bl_arena_copy(listing->a->viewer.arena, key.at, key.bytes),
                                         key.bytes };
        return false;
    }
    listing->rows++;
    add(listing, key);
    return true;
}

enum bl_err query_notices(const struct asking *a)
{
    const Bl__ListNotices *what = a->query->notices;
    struct listing listing = {
        .a = a,
        .limit = query_bounded(what->limit, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX),
    };

    if (what->channel[0] != '\0') {
        key_department(&listing.prefix, what->channel);
    }
    struct bl_text from = key_text(&listing.prefix);
    if (what->after[0] != '\0' && !query_read_cursor(a->viewer.arena, what->after, &from)) {
        return query_refuse(a, BL_INVALID, "cursor-malformed", "after");
    }
    a->answer->notices = bl_arena_array(a->viewer.arena, Bl__NoticeView *, listing.limit);
    enum bl_err err = read_scan(a->read, TABLE_INBOX, from, visit, &listing, a->e);
    if (err == BL_OK && listing.end.at != NULL) {
        a->answer->next = query_cursor(a->viewer.arena, listing.end);
    }
    return err;
}
