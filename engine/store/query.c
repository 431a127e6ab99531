#include "store/query_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <sodium.h>

#include "core/application.h"
#include "core/directory.h"
#include "core/notice.h"
#include "core/refusal.h"
#include "store/environment.h"
#include "store/kind.h"
#include "store/projection.h"
#include "store/read.h"
#include "store/record.h"
#include "store/sight.h"
#include "store/view.h"

enum bl_err query_refuse(const struct asking *a, enum bl_err code, const char *rule,
                         const char *pointer)
{
    a->answer->refusal = refusal_new(a->viewer.arena, code, rule, pointer);
    return BL_OK;
}

const char *query_applicant(const struct asking *a, const Bl__Application *application)
{
    Bl__StoredContent *stored;

    if (read_content(a->read, application->id, application->contents, a->viewer.arena, &stored,
                     NULL) != BL_OK) {
        return NULL;
    }
    Bl__Content *content =
        bl__content__unpack(&a->viewer.arena->allocator, stored->content.len, stored->content.data);
    return content == NULL || content->applicant == NULL ? NULL : content->applicant->name;
}

/* --- one application ---------------------------------------------------------------------------
 */

enum bl_err query_find(const struct asking *a, const char *number, Bl__Application **application)
{
    struct bl_error e = { 0 };
    uint64_t id;
    enum bl_err err = read_number(a->read, number, &id, &e);

    *application = NULL;
    if (err == BL_OK) {
        err = read_application(a->read, id, a->viewer.arena, application, &e);
    }
    if (err == BL_CORRUPT) {
        return query_refuse(a, BL_CORRUPT, "record-damaged", number);
    }
    if (err != BL_OK || !sight_application(a->viewer.principal, *application,
                                           query_project_of(a, *application, NULL))) {
        *application = NULL;  // what may not be seen is not there
        return query_refuse(a, BL_NOT_FOUND, "application-unknown", number);
    }
    return BL_OK;
}

bool query_is_large(const struct asking *a)
{
    return a->viewer.arena->used_bytes > QUERY_BYTES_MAX;
}

static enum bl_err history_error(const struct asking *a, const Bl__Application *application,
                                 enum bl_err err)
{
    return err == BL_CORRUPT || err == BL_NOT_FOUND
               ? query_refuse(a, BL_CORRUPT, "record-damaged", application->number)
               : err;
}

/* The numbers of an application's events behind `after`, oldest first, at the end of `seqs`, which
 * has room for all. The walk goes backwards and keeps nothing else.
 *   returns  what history_error makes of what cannot be read; *count is then 0 */
static enum bl_err list_history(const struct asking *a, const Bl__Application *application,
                                uint64_t after, uint64_t *seqs, size_t *count)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    size_t first = application->revision;

    *count = 0;
    bl_arena_init(&arena, 1 << 12, QUERY_BYTES_MAX);
    for (uint64_t seq = application->last_event; seq > after && first > 0;) {
        Bl__Event *event;

        bl_arena_reset(&arena);
        enum bl_err err = read_event(a->read, seq, &arena, &event, a->e);
        if (err != BL_OK) {
            return history_error(a, application, err);
        }
        seqs[--first] = seq;
        seq = event->previous;
    }
    *count = application->revision - first;
    return BL_OK;
}

/* Puts an event on the page, if the principal may see it. */
static void add_event(const struct asking *a, const Bl__Application *application, Bl__Event *event)
{
    const Bl__Application *then = view_then(&a->viewer, application, event);

    if (sight_event(a->viewer.principal, then, query_project_of(a, application, event), event)) {
        a->answer->events[a->answer->n_events++] = view_event(&a->viewer, then, event);
    }
}

static enum bl_err add_history(const struct asking *a, const Bl__Application *application,
                               uint64_t after, size_t limit)
{
    uint64_t *seqs = bl_arena_array(a->viewer.arena, uint64_t, (size_t)application->revision + 1);
    size_t count, i = 0;
    enum bl_err err = list_history(a, application, after, seqs, &count);

    a->answer->events = bl_arena_array(a->viewer.arena, Bl__EventView *, limit);
    seqs += application->revision - count;
    for (;
         err == BL_OK && i < count && a->answer->n_events < limit && (i == 0 || !query_is_large(a));
         i++) {
        Bl__Event *event;

        err = read_event(a->read, seqs[i], a->viewer.arena, &event, a->e);
        if (err != BL_OK) {
            return history_error(a, application, err);
        }
        add_event(a, application, event);
    }
    if (err == BL_OK && i < count) {
        a->answer->next = bl_arena_printf(a->viewer.arena, "%" PRIu64, seqs[i - 1]);
    }
    return err;
}

static enum bl_err get_application(const struct asking *a)
{
    Bl__Application *application;
    enum bl_err err = query_find(a, a->query->application->number, &application);

    if (err != BL_OK || application == NULL) {
        return err;
    }
    a->answer->applications = bl_arena_array(a->viewer.arena, Bl__ApplicationView *, 1);
    a->answer->applications[0] =
        view_application(&a->viewer, application, query_applicant(a, application));
    a->answer->n_applications = 1;
    err = query_delays(a, application, a->answer->applications[0]);
    if (err != BL_OK) {
        return err;
    }
    if (sight_query_code(a->viewer.principal)) {
        char *code = bl_arena_alloc(a->viewer.arena, STORE_CODE_BYTES);

        store_query_code(a->context->store, application->number, code);
        a->answer->applications[0]->query_code = code;
    }
    return a->query->application->events ? add_history(a, application, 0, QUERY_EVENTS_MAX) : BL_OK;
}

/* --- events of all -----------------------------------------------------------------------------
 */

size_t query_bounded(uint32_t asked, size_t otherwise, size_t most)
{
    return asked == 0 ? otherwise : asked > most ? most : asked;
}

/* Is this event one of the project that was asked about, or of one of its applications? */
static bool is_of_project(const struct asking *a, const Bl__Application *application,
                          const Bl__Event *event, uint64_t project)
{
    const char *code = a->query->events->project;

    return code[0] == '\0' ||
           (event->aggregate == BL__AGGREGATE__PROJECT && event->id == project) ||
           (application != NULL && strcmp(application->project, code) == 0);
}

static enum bl_err list_all_events(const struct asking *a, uint64_t after, size_t limit,
                                   uint64_t project)
{
    uint64_t newest = 0;
    enum bl_err err = read_newest_event(a->read, &newest, a->e);
    uint64_t seq = after < newest ? after + 1 : newest + 1;

    a->answer->events = bl_arena_array(a->viewer.arena, Bl__EventView *, limit);
    for (uint32_t looked = 0; err == BL_OK && seq <= newest && a->answer->n_events < limit &&
                              looked < QUERY_ROWS_MAX && !query_is_large(a);
         seq++, looked++) {
        Bl__Application *application = NULL;
        Bl__Event *event;

        if (read_event(a->read, seq, a->viewer.arena, &event, NULL) != BL_OK ||
            (event->aggregate == BL__AGGREGATE__APPLICATION &&
             read_application(a->read, event->id, a->viewer.arena, &application, NULL) != BL_OK)) {
            continue;  // damaged: `store verify` names it, the others are still to be seen
        }
        if (is_of_project(a, application, event, project)) {
            add_event(a, application, event);
        }
    }
    if (err == BL_OK && seq <= newest) {
        a->answer->next = bl_arena_printf(a->viewer.arena, "%" PRIu64, seq - 1);
    }
    return err;
}

/* Every event of a project and of its applications, in the one order that all events have: who goes
 * on after the last he was given misses none. */
static enum bl_err list_project_events(const struct asking *a, size_t limit)
{
    const Bl__GetEvents *what = a->query->events;
    Bl__Project *project;
    enum bl_err err = query_find_project(a, what->project, &project);

    return err != BL_OK || project == NULL ? err
                                           : list_all_events(a, what->after, limit, project->id);
}

static enum bl_err get_events(const struct asking *a)
{
    const Bl__GetEvents *what = a->query->events;
    size_t limit = query_bounded(what->limit, QUERY_EVENTS_DEFAULT, QUERY_EVENTS_MAX);
    Bl__Application *application;

    if (what->project[0] != '\0') {
        return list_project_events(a, limit);
    }
    if (what->number[0] == '\0') {
        return list_all_events(a, what->after, limit, 0);
    }
    enum bl_err err = query_find(a, what->number, &application);
    return err != BL_OK || application == NULL ? err
                                               : add_history(a, application, what->after, limit);
}

/* --- cursors -----------------------------------------------------------------------------------
 */

const char *query_cursor(struct bl_arena *arena, struct bl_text key)
{
    size_t characters = key.bytes * 2;
    char *text = bl_arena_alloc(arena, characters + 1);

    return sodium_bin2hex(text, characters + 1, (const unsigned char *)key.at, key.bytes);
}

bool query_read_cursor(struct bl_arena *arena, const char *text, struct bl_text *key)
{
    unsigned char *at = bl_arena_alloc(arena, STORE_KEY_BYTES_MAX);
    size_t bytes;

    if (sodium_hex2bin(at, STORE_KEY_BYTES_MAX, text, strlen(text), NULL, &bytes, NULL) != 0) {
        return false;
    }
    *key = (struct bl_text){ (const char *)at, bytes };
    return true;
}

/* --- what is published, keys, incidents, status ------------------------------------------------
 */

static enum bl_err list_publications(const struct asking *a)
{
    const Bl__ListPublications *what = a->query->publications;
    Bl__Directory *directory;
    enum bl_err err = read_directory(a->read, a->viewer.arena, &directory, a->e);

    if (err != BL_OK) {
        return err;
    }
    a->answer->publications =
        bl_arena_array(a->viewer.arena, Bl__Publication *, directory->n_publications + 1);
    for (size_t i = 0; i < directory->n_publications; i++) {
        Bl__Publication *publication = directory->publications[i];

        publication->standing = directory_standing(directory, publication, a->viewer.now);
        if ((what->kind == BL__PUBLICATION__KIND__KIND_UNSPECIFIED ||
             what->kind == publication->kind) &&
            (what->id[0] == '\0' || strcmp(what->id, publication->id) == 0)) {
            a->answer->publications[a->answer->n_publications++] = publication;
        }
    }
    return BL_OK;
}

/* Without a version: of a workflow the one that new applications take, and where its time has not
 * come yet, the one that is coming. */
static const Bl__Publication *
find_publication(const struct asking *a, const Bl__Directory *directory, const Bl__GetSource *what)
{
    const Bl__Publication *current =
        what->version == 0 && what->kind == BL__PUBLICATION__KIND__WORKFLOW
            ? directory_current(directory, what->id, a->viewer.now)
            : NULL;

    return current != NULL ? current
                           : directory_find(directory, what->kind, what->id, what->version);
}

static enum bl_err get_source(const struct asking *a)
{
    const Bl__GetSource *what = a->query->source;
    const Bl__Publication *publication;
    struct bl_text source;
    Bl__Directory *directory;
    enum bl_err err = read_directory(a->read, a->viewer.arena, &directory, a->e);

    if (err != BL_OK) {
        return err;
    }
    publication = find_publication(a, directory, what);
    if (publication == NULL) {
        return query_refuse(a, BL_NOT_FOUND, "publication-not-found", what->id);
    }
    err = read_source(a->read, publication->kind, publication->id, publication->version, &source,
                      a->e);
    if (err == BL_OK) {
        a->answer->source.data = bl_arena_copy(a->viewer.arena, source.at, source.bytes);
        a->answer->source.len = source.bytes;
    }
    return err;
}

static enum bl_err list_keys(const struct asking *a)
{
    Bl__Directory *directory;
    enum bl_err err;

    if (a->viewer.principal->role != BL__KEY__ROLE__ADMINISTRATOR) {
        return query_refuse(a, BL_DENIED, "role-may-not", "keys");
    }
    err = read_directory(a->read, a->viewer.arena, &directory, a->e);
    if (err == BL_OK) {
        a->answer->keys = directory->keys;
        a->answer->n_keys = directory->n_keys;
    }
    return err;
}

static const char *last_failure(const struct asking *a, const Bl__Application *application,
                                uint32_t item)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    uint64_t seq = application->last_event;
    Bl__Event *event;

    bl_arena_init(&arena, 1 << 12, QUERY_BYTES_MAX);
    for (uint32_t i = 0; i < application->revision && seq != 0; i++) {
        bl_arena_reset(&arena);
        if (read_event(a->read, seq, &arena, &event, NULL) != BL_OK) {
            break;
        }
        if (event->what_case == BL__EVENT__WHAT_FAILED && event->failed->item == item) {
            return bl_arena_string(a->viewer.arena, event->failed->reason);
        }
        if (event->what_case == BL__EVENT__WHAT_NOTICE_FAILED &&
            notice_task(event->notice_failed->number) == item) {
            return bl_arena_string(a->viewer.arena, event->notice_failed->reason);
        }
        seq = event->previous;
    }
    return "";
}

/* A damaged record that is no application. */
static Bl__IncidentView *view_other_incident(const struct asking *a, struct bl_text key)
{
    Bl__IncidentView *view = bl_arena_new(a->viewer.arena, Bl__IncidentView);
    Bl__Aggregate aggregate = (Bl__Aggregate)key_read_u16(key.at + 10);
    const struct kind *kind = kind_find(aggregate);

    bl__incident_view__init(view);
    view->record =
        bl_arena_printf(a->viewer.arena, "%s/%" PRIu64,
                        kind != NULL                            ? table_name(kind->states)
                        : aggregate == BL__AGGREGATE__DIRECTORY ? table_name(TABLE_DIRECTORY)
                                                                : "unknown",
                        key_read_u64(key.at));
    return sight_operation(a->viewer.principal) ? view : NULL;
}

/* A notice that could not be sent. */
static Bl__IncidentView *view_notice_incident(const struct asking *a, uint64_t id, uint32_t task)
{
    const Bl__NoticeView *notice = query_notice_view(a, id, task);
    Bl__Application *application;

    if (notice == NULL ||
        read_application(a->read, id, a->viewer.arena, &application, NULL) != BL_OK) {
        return NULL;
    }
    Bl__IncidentView *view = bl_arena_new(a->viewer.arena, Bl__IncidentView);
    bl__incident_view__init(view);
    view->task = notice->task;
    view->department = notice->notice->channel;
    view->failures = notice->notice->failures;
    view->reason = notice->notice->failures == 0 ? "notices-full"  // nobody has tried it yet
                                                 : last_failure(a, application, task);
    view->since = notice->notice->at;
    return view;
}

static Bl__IncidentView *view_incident(const struct asking *a, struct bl_text key)
{
    Bl__IncidentView *view = bl_arena_new(a->viewer.arena, Bl__IncidentView);
    uint64_t id = key_read_u64(key.at);
    uint32_t index = key_read_u16(key.at + 8);
    Bl__Application *application;

    bl__incident_view__init(view);
    if (index != INCIDENT_RECORD && notice_of_task(index) != 0) {
        return view_notice_incident(a, id, index);
    }
    if (read_application(a->read, id, a->viewer.arena, &application, NULL) != BL_OK ||
        index >= application->n_items) {
        view->record = bl_arena_printf(a->viewer.arena, "applications/%" PRIu64, id);
        return sight_operation(a->viewer.principal) ? view : NULL;
    }
    const Bl__Item *item = application->items[index];
    if (!sight_item(a->viewer.principal, item)) {
        return NULL;
    }
    view->task = bl_arena_printf(a->viewer.arena, "%s.%s", application->number, item->id);
    view->department = item->department;
    view->failures = item->failures;
    view->reason = last_failure(a, application, index);
    view->since = item->since;
    return view;
}

struct incidents {
    const struct asking *a;
    size_t limit;
    struct bl_text end;
};

static bool visit_incident(void *context, struct bl_text key, struct bl_text value)
{
    struct incidents *incidents = context;
    Bl__QueryAnswer *answer = incidents->a->answer;

    (void)value;
    if (answer->n_incidents == incidents->limit || query_is_large(incidents->a)) {
        incidents->end =
            (struct bl_text){ bl_arena_copy(incidents->a->viewer.arena, key.at, key.bytes),
                              key.bytes };
        return false;
    }
    Bl__IncidentView *view = key.bytes > INCIDENT_KEY_BYTES ? view_other_incident(incidents->a, key)
                                                            : view_incident(incidents->a, key);
    if (view != NULL) {
        answer->incidents[answer->n_incidents++] = view;
    }
    return true;
}

static enum bl_err list_incidents(const struct asking *a)
{
    const Bl__ListIncidents *what = a->query->incidents;
    struct incidents incidents = { a,
                                   query_bounded(what->limit, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX),
                                   { NULL, 0 } };
    struct bl_text from = { NULL, 0 };

    if (what->after[0] != '\0' && !query_read_cursor(a->viewer.arena, what->after, &from)) {
        return query_refuse(a, BL_INVALID, "cursor-malformed", "after");
    }
    a->answer->incidents = bl_arena_array(a->viewer.arena, Bl__IncidentView *, incidents.limit);
    enum bl_err err = read_scan(a->read, TABLE_INCIDENTS, from, visit_incident, &incidents, a->e);
    if (err == BL_OK && incidents.end.at != NULL) {
        a->answer->next = query_cursor(a->viewer.arena, incidents.end);
    }
    return err;
}

struct summing {
    struct bl_arena *arena;
    struct bl_text prefix;
    int64_t sum;
};

static bool visit_count(void *context, struct bl_text key, struct bl_text value)
{
    struct summing *summing = context;
    ProtobufCMessage *count;

    if (key.bytes < summing->prefix.bytes ||
        memcmp(key.at, summing->prefix.at, summing->prefix.bytes) != 0) {
        return false;
    }
    if (record_unpack(value, &bl__count__descriptor, summing->arena, &count, NULL) == BL_OK) {
        summing->sum += ((const Bl__Count *)count)->value;
    }
    return true;
}

/* The sum of a count over the hall and all departments, also those that are published no more. */
static uint64_t count_all(const struct asking *a, const char *name)
{
    struct summing summing = { a->viewer.arena, key_of_count(name, "", a->viewer.arena), 0 };

    return read_scan(a->read, TABLE_COUNTS, summing.prefix, visit_count, &summing, NULL) == BL_OK
               ? (uint64_t)summing.sum
               : 0;
}

/* Bytes that the store takes of the disk: pages in use. */
static uint64_t store_bytes(const struct store *store)
{
    MDB_envinfo info;
    MDB_stat stat;

    if (mdb_env_info(store->env, &info) != 0 || mdb_env_stat(store->env, &stat) != 0) {
        return 0;
    }
    return (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
}

static enum bl_err get_status(const struct asking *a)
{
    const struct store *store = a->context->store;
    Bl__Status *status = bl_arena_new(a->viewer.arena, Bl__Status);
    struct statvfs disk;
    bl_time next;

    bl__status__init(status);
    a->answer->status = status;
    status->version = BINGLIAN_VERSION;
    status->newest_event = a->answer->newest_event;
    status->applications = count_all(a, "applications");
    status->applications_open = count_all(a, "open");
    status->items_open = count_all(a, "items");
    status->incidents = count_all(a, "incidents");
    status->store_bytes = store_bytes(store);
    status->map_bytes = store->map_bytes;
    if (statvfs(store->path, &disk) == 0) {
        status->free_disk_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    }
    status->started_at = a->context->started_at;
    status->now = a->viewer.now;
    status->format = RECORD_FORMAT;
    enum bl_err err = read_next_timer(a->read, &next, a->e);
    status->next_timer_at = next == BL_NEVER ? 0 : next;
    return err;
}

/* What a hall has: the published departments, and whoever else has items. */
static enum bl_err list_departments(const struct asking *a)
{
    const Bl__DepartmentsFile *departments = a->viewer.departments;
    size_t count = departments == NULL ? 0 : departments->n_departments;

    a->answer->departments = bl_arena_array(a->viewer.arena, Bl__DepartmentView *, count + 1);
    for (size_t i = 0; i < count; i++) {
        Bl__DepartmentView *view = bl_arena_new(a->viewer.arena, Bl__DepartmentView);

        bl__department_view__init(view);
        view->id = departments->departments[i]->key;
        view->title = view_department(&a->viewer, view->id);
        view->known = true;
        a->answer->departments[a->answer->n_departments++] = view;
    }
    return BL_OK;
}

/* Only the broker's front knows who is connected, and adds it. */
static enum bl_err list_workers(const struct asking *a)
{
    (void)a;
    return BL_OK;
}

static enum bl_err answer_what(const struct asking *a)
{
    // clang-format off
    static enum bl_err (*const answers[])(const struct asking *) = {
        [BL__QUERY__WHAT_APPLICATION]  = get_application,
        [BL__QUERY__WHAT_APPLICATIONS] = query_applications,
        [BL__QUERY__WHAT_EVENTS]       = get_events,
        [BL__QUERY__WHAT_PUBLICATIONS] = list_publications,
        [BL__QUERY__WHAT_SOURCE]       = get_source,
        [BL__QUERY__WHAT_STATUS]       = get_status,
        [BL__QUERY__WHAT_KEYS]         = list_keys,
        [BL__QUERY__WHAT_INCIDENTS]    = list_incidents,
        [BL__QUERY__WHAT_DEPARTMENTS]  = list_departments,
        [BL__QUERY__WHAT_WORKERS]      = list_workers,
        [BL__QUERY__WHAT_PROJECTS]     = query_projects,
        [BL__QUERY__WHAT_REFERRALS]    = query_referrals,
        [BL__QUERY__WHAT_BOOKINGS]     = query_bookings,
        [BL__QUERY__WHAT_NOTICES]      = query_notices,
        [BL__QUERY__WHAT_TASKS]        = query_tasks,
        [BL__QUERY__WHAT_ABSENCES]     = query_absences,
        [BL__QUERY__WHAT_WHY]          = query_why,
    };
    // clang-format on
    size_t what = (size_t)a->query->what_case;

    return what < BL_COUNT(answers) && answers[what] != NULL
               ? answers[what](a)
               : query_refuse(a, BL_MALFORMED, "query-unknown", "");
}

enum bl_err query_answer(void *context, const Bl__Query *query, const struct principal *principal,
                         bl_time now, struct bl_arena *arena, Bl__QueryAnswer *answer,
                         struct bl_error *e)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    struct query_context *of = context;
    struct asking asking = {
        .context = of,
        .query = query,
        .viewer = { of->catalog, catalog_departments(of->catalog), principal, now, arena },
        .answer = answer,
        .e = e,
    };
    enum bl_err err = store_read_begin(of->store, &read, e);

    if (err != BL_OK) {
        return err;
    }
    asking.read = read;
    err = read_newest_event(read, &answer->newest_event, e);
    return err == BL_OK ? answer_what(&asking) : err;
}
