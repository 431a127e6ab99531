/* Lists of applications. Every list is a walk along one index, or along several at once where each
 * holds a part in the same order; what the rest of the filters leave out is passed over by the
 * rows' faces, without opening a record. A page has a budget: where little is found it is short,
 * and its cursor goes on. */
#include <stdlib.h>
#include <string.h>

#include "core/application.h"
#include "core/notice.h"
#include "store/environment.h"
#include "store/project_lists.h"
#include "store/query_state.h"
#include "store/record.h"
#include "store/sight.h"

#define HEADS_MAX 512  // parts of one walk: workflows, projects of a tracker
/* What one page may cost: a row passed over is 1. A page of nothing else takes some 5 ms. */
#define BUDGET 30000
#define RECORD_COST 60  // to open a record
#define SEEK_COST 5

/* One index of a walk: the rows that begin with a prefix. */
struct head {
    struct read_cursor cursor;
    struct key prefix;
};

struct listing {
    const struct asking *a;
    const Bl__ListApplications *what;
    struct face wanted;  // 0 in what was not asked for
    size_t limit;
    int64_t budget;
    bool back;      // from the last row to the first
    size_t id_at;   // where the id stands behind the prefix
    bl_time from;   // moments of the rows: the first
    bl_time until;  // and the last
    struct head *heads;
    size_t head_count;
    struct bl_text start, end;  // behind the prefix: where the page begins, and where it ended
    bool of_department;
    struct bl_arena scratch;
};

/* --- does a case fit? --------------------------------------------------------------------------
 */

static bool is_text_of(const char *wanted, const char *text)
{
    return wanted[0] == '\0' || strcmp(wanted, text) == 0;
}

/* Is the promise of the whole due in the range? What has no promise is due never. */
static bool is_due_within(const Bl__ListApplications *what, const Bl__Application *application)
{
    bl_time due = application->promise == NULL || application->promise->due_at == 0
                      ? BL_NEVER
                      : application->promise->due_at;

    return (what->due_from == 0 || due >= what->due_from) &&
           (what->due_to == 0 || due < what->due_to);
}

static bool is_applicants(const struct asking *a, const Bl__Application *application)
{
    const char *applicant = a->query->applications->applicant;

    return applicant[0] == '\0' ||
           (application->twin != 0 &&
            application->twin == application_twin(store_secret(a->context->store),
                                                  application->workflow, applicant,
                                                  a->viewer.arena));
}

static bool matches(const struct listing *listing, const Bl__Application *application)
{
    const Bl__ListApplications *what = listing->what;
    Bl__Light light = application_light(application, listing->a->viewer.now);

    return is_text_of(what->workflow, application->workflow) &&
           is_text_of(what->project, application->project) &&
           is_text_of(what->window, application->window) && is_due_within(what, application) &&
           (what->state == BL__APPLICATION__STATE__STATE_UNSPECIFIED ||
            what->state == application_state(application)) &&
           (what->light == BL__LIGHT__LIGHT_UNSPECIFIED || what->light == light) &&
           (!what->overdue || light == BL__LIGHT__RED) &&
           (!what->open || application_is_open(application)) &&
           is_applicants(listing->a, application) &&
           sight_application(listing->a->viewer.principal, application,
                             query_project_of(listing->a, application, NULL));
}

/* May the light be that one? Of what the face does not say it may. */
static bool may_shine(const struct listing *listing, const struct face *face)
{
    switch (listing->what->light) {
    case BL__LIGHT__YELLOW:
        return face->warns <= listing->a->viewer.now;
    case BL__LIGHT__GREEN:
        return face->warns > listing->a->viewer.now;
    case BL__LIGHT__BLUE:
        return face->stands;
    case BL__LIGHT__LIGHT_UNSPECIFIED:
    case BL__LIGHT__RED:
    case BL__LIGHT__GREY:
        return true;
    }
    UNREACHABLE();
}

/* What a row says before its record is opened; true: it may fit. */
static bool may_match(const struct listing *listing, struct bl_text value)
{
    const struct face *wanted = &listing->wanted;
    struct bl_text body;
    struct face face;

    if (value.bytes != RECORD_HEAD_BYTES + FACE_BYTES || record_open(value, &body, NULL) != BL_OK ||
        !face_read(body, &face)) {
        return true;
    }
    if ((wanted->workflow != 0 && wanted->workflow != face.workflow) ||
        (wanted->window != 0 && wanted->window != face.window) ||
        (wanted->project != 0 && wanted->project != face.project)) {
        return false;
    }
    return face.state == 0 ||
           ((wanted->state == 0 || wanted->state == face.state) && may_shine(listing, &face));
}

/* --- a department's work -----------------------------------------------------------------------
 */

/* As LMDB orders them. */
static int compare_keys(struct bl_text a, struct bl_text b)
{
    int order = memcmp(a.at, b.at, a.bytes < b.bytes ? a.bytes : b.bytes);

    return order != 0 ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

/* Is the row work of that department? What its window accepts is not. */
static bool is_work(const struct asking *a, const Bl__Application *application, uint32_t item)
{
    struct catalog_version version;

    return application->items[item]->state != BL__ITEM__STATE__RECEIVED ||
           (catalog_find(a->viewer.catalog, application->workflow, application->version, &version,
                         NULL) == BL_OK &&
            version.definition->items[item].acceptance_by_department);
}

/* A department may have several rows of one application, at its workers and at its people: the
 * first stands for the application. */
static bool is_first_row(struct listing *listing, const Bl__Application *application,
                         struct bl_text key)
{
    struct bl_text prefix = key_text(&listing->heads[0].prefix);
    struct projection rows;
    size_t most = 2 * application->n_items;

    for (size_t i = 0; i < application->n_items; i++) {
        most += application->items[i]->n_consultations;
    }
    bl_arena_reset(&listing->scratch);
    rows = projection_empty(most, &listing->scratch);
    project_inbox(application, &rows);
    project_desk(application, &rows);
    for (size_t i = 0; i < rows.row_count; i++) {
        const struct bl_text row = key_text(&rows.rows[i].key);

        if (memcmp(row.at, prefix.at, prefix.bytes) == 0 && compare_keys(row, key) < 0 &&
            is_work(listing->a, application, rows.rows[i].item)) {
            return false;
        }
    }
    return is_work(listing->a, application, key_read_u16(key.at + prefix.bytes + 16));
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void add_application(struct listing *listing, uint64_t id, struct bl_text key)
{
    const struct asking *a = listing->a;
    Bl__Application *application;

    listing->budget -= RECORD_COST;
    if (read_application(a->read, id, a->viewer.arena, &application, NULL) == BL_OK &&
        matches(listing, application) &&
        (!listing->of_department || is_first_row(listing, application, key))) {
        a->answer->applications[a->answer->n_applications++] =
            view_application(&a->viewer, application, query_applicant(a, application));
    }
}

static bool is_full(const struct listing *listing)
{
    return listing->a->answer->n_applications == listing->limit || listing->budget <= 0 ||
           query_is_large(listing->a);
}

static void visit(struct listing *listing, const struct head *head)
{
    struct bl_text key = head->cursor.key;
    const char *id = key.at + head->prefix.count + listing->id_at;

    listing->budget--;
    if (listing->of_department && notice_of_task(key_read_u16(id + 8)) != 0) {
        return;  // it is told, not decided
    }
    if (may_match(listing, head->cursor.value)) {
        add_application(listing, key_read_u64(id), key);
    }
}

/* Behind the prefix; NULL: the head is through. */
static struct bl_text rest_of(const struct head *head)
{
    const struct read_cursor *cursor = &head->cursor;

    if (!cursor->there || cursor->key.bytes < head->prefix.count ||
        memcmp(cursor->key.at, head->prefix.bytes, head->prefix.count) != 0) {
        return (struct bl_text){ NULL, 0 };
    }
    return (struct bl_text){ cursor->key.at + head->prefix.count,
                             cursor->key.bytes - head->prefix.count };
}

static bool is_beyond(const struct listing *listing, struct bl_text rest)
{
    return listing->id_at >= 8 && (bl_time)key_read_u64(rest.at) > listing->until;
}

/* The head whose row comes next; NULL: all are through. */
static struct head *next_head(struct listing *listing, struct bl_text *rest)
{
    struct head *next = NULL;

    for (size_t i = 0; i < listing->head_count; i++) {
        struct bl_text own = rest_of(&listing->heads[i]);

        if (own.at == NULL) {
            continue;
        }
        int order = next == NULL ? 0 : compare_keys(own, *rest);

        if (next == NULL || (listing->back ? order > 0 : order < 0)) {
            next = &listing->heads[i];
            *rest = own;
        }
    }
    listing->budget -= (int64_t)(listing->head_count / 8);
    return next;
}

static void drop_through(struct listing *listing)
{
    size_t kept = 0;

    for (size_t i = 0; i < listing->head_count; i++) {
        if (rest_of(&listing->heads[i]).at != NULL) {
            listing->heads[kept++] = listing->heads[i];
        } else {
            read_cursor_close(&listing->heads[i].cursor);
        }
    }
    listing->head_count = kept;
}

static enum bl_err walk(struct listing *listing)
{
    enum bl_err err = BL_OK;
    struct bl_text rest;
    struct head *head;

    if (!listing->of_department) {
        drop_through(listing);
    }
    while (err == BL_OK && (head = next_head(listing, &rest)) != NULL &&
           !(is_beyond(listing, rest) && !listing->back)) {
        if (is_full(listing)) {
            listing->end =
                (struct bl_text){ bl_arena_copy(listing->a->viewer.arena, rest.at, rest.bytes),
                                  rest.bytes };
            break;
        }
        visit(listing, head);
        err = read_cursor_step(&head->cursor, listing->a->e);
    }
    return err;
}

/* --- which index -------------------------------------------------------------------------------
 */

/* Opens a head where the page begins. */
static enum bl_err add_head(struct listing *listing, enum table table, const struct key *prefix)
{
    struct head *head = &listing->heads[listing->head_count];
    uint8_t key[STORE_TEXT_KEY_BYTES_MAX];
    size_t bytes = prefix->count;

    if (listing->head_count == HEADS_MAX) {
        return bl_error_set(listing->a->e, BL_FAILED, "more than %d parts of a list", HEADS_MAX);
    }
    head->prefix = *prefix;
    memcpy(key, prefix->bytes, bytes);
    if (listing->start.at != NULL) {
        memcpy(key + bytes, listing->start.at, listing->start.bytes);
        bytes += listing->start.bytes;
    } else if (listing->back) {
        memset(key + bytes, 0xFF, STORE_KEY_BYTES_MAX);
        bytes += STORE_KEY_BYTES_MAX;
    }
    listing->head_count++;
    listing->budget -= SEEK_COST;
    return read_cursor_open(listing->a->read, table, listing->back,
                            (struct bl_text){ (const char *)key, bytes }, &head->cursor,
                            listing->a->e);
}

static enum bl_err add_list(struct listing *listing, enum list list, const char *text)
{
    struct key prefix = { .count = 0 };

    list_key(&prefix, list, text);
    return add_head(listing, TABLE_LISTS, &prefix);
}

static enum bl_err add_state(struct listing *listing, Bl__Application__State state)
{
    struct key prefix = { .count = 0 };

    list_key_of_state(&prefix, state);
    return add_head(listing, TABLE_LISTS, &prefix);
}

static enum bl_err add_ended(struct listing *listing)
{
    enum bl_err err = BL_OK;

    for (int state = BL__APPLICATION__STATE__COMPLETED;
         protobuf_c_enum_descriptor_get_value(&bl__application__state__descriptor, state) != NULL &&
         err == BL_OK;
         state++) {
        err = add_state(listing, (Bl__Application__State)state);
    }
    return err;
}

static enum bl_err add_work(struct listing *listing)
{
    struct key prefix = { .count = 0 };

    key_department(&prefix, listing->what->department);
    enum bl_err err = add_head(listing, TABLE_INBOX, &prefix);
    return err == BL_OK ? add_head(listing, TABLE_DESKS, &prefix) : err;
}

/* The workflows that there have ever been; each once. */
static enum bl_err find_workflows(const struct asking *a, const char ***ids, size_t *count)
{
    Bl__Directory *directory;
    enum bl_err err = read_directory(a->read, a->viewer.arena, &directory, a->e);

    *count = 0;
    if (err != BL_OK) {
        return err;
    }
    *ids = bl_arena_array(a->viewer.arena, const char *, directory->n_publications + 1);
    for (size_t i = 0; i < directory->n_publications; i++) {
        const Bl__Publication *publication = directory->publications[i];
        size_t k = 0;

        while (k < *count && strcmp((*ids)[k], publication->id) != 0) {
            k++;
        }
        if (k == *count && publication->kind == BL__PUBLICATION__KIND__WORKFLOW) {
            (*ids)[(*count)++] = publication->id;
        }
    }
    return BL_OK;
}

/* Every case, the newest first. */
static enum bl_err add_all(struct listing *listing)
{
    const struct key none = { .count = 0 };

    listing->back = true;
    listing->id_at = 0;
    listing->start = listing->start.bytes == 8 ? listing->start : (struct bl_text){ NULL, 0 };
    return add_head(listing, TABLE_APPLICATIONS, &none);
}

static enum bl_err add_workflows(struct listing *listing)
{
    const char **ids;
    size_t count;
    enum bl_err err = find_workflows(listing->a, &ids, &count);

    if (err == BL_OK && count > HEADS_MAX) {
        return add_all(listing);
    }
    for (size_t i = 0; i < count && err == BL_OK; i++) {
        err = add_list(listing, LIST_WORKFLOW, ids[i]);
    }
    return err;
}

/* Where a page of a walk in the order of due moments begins. */
static void start_at(struct listing *listing, struct key *start)
{
    key_u64(start, (uint64_t)listing->from);
    if (listing->start.at == NULL && listing->from > 0) {
        listing->start = key_text(start);
    }
}

static bool is_urgent(const Bl__ListApplications *what)
{
    return what->overdue || what->light == BL__LIGHT__RED;
}

/* Cases that are not concluded, by urgency: how far a question reaches there. */
static bool is_open_list(const Bl__ListApplications *what)
{
    return is_urgent(what) || what->open || what->light == BL__LIGHT__YELLOW ||
           what->light == BL__LIGHT__GREEN || what->light == BL__LIGHT__BLUE ||
           (what->state != BL__APPLICATION__STATE__STATE_UNSPECIFIED &&
            !list_has_state(what->state));
}

static void bound_open(struct listing *listing)
{
    const Bl__ListApplications *what = listing->what;
    bl_time now = listing->a->viewer.now;

    if (what->light == BL__LIGHT__YELLOW || what->light == BL__LIGHT__GREEN) {
        listing->from = now;  // what is due before is red
    }
    if (is_urgent(what)) {
        listing->until = now;
    }
    if (what->due_to != 0 && what->due_to < listing->until) {
        listing->until = what->due_to;  // no case is more urgent than its whole is due
    }
}

static enum bl_err choose(struct listing *listing, struct key *start)
{
    const Bl__ListApplications *what = listing->what;
    const struct key none = { .count = 0 };

    listing->id_at = 8;
    if (what->department[0] != '\0') {
        listing->of_department = true;
        listing->until = is_urgent(what) ? listing->a->viewer.now : BL_NEVER;
        return add_work(listing);
    }
    listing->back = true;
    if (what->project[0] != '\0') {
        return add_list(listing, LIST_PROJECT, what->project);
    }
    if (what->state != BL__APPLICATION__STATE__STATE_UNSPECIFIED && list_has_state(what->state)) {
        return add_state(listing, what->state);
    }
    if (is_open_list(what)) {
        listing->back = false;
        bound_open(listing);
        start_at(listing, start);
        return add_head(listing, TABLE_OPEN, &none);
    }
    if (what->light == BL__LIGHT__GREY) {
        return add_ended(listing);
    }
    if (what->due_from != 0 || what->due_to != 0) {
        listing->back = false;
        listing->from = what->due_from;
        listing->until = what->due_to == 0 ? BL_NEVER : what->due_to - 1;
        start_at(listing, start);
        return what->workflow[0] != '\0' ? add_list(listing, LIST_WORKFLOW, what->workflow)
                                         : add_workflows(listing);
    }
    if (what->window[0] != '\0') {
        return add_list(listing, LIST_WINDOW, what->window);
    }
    if (what->workflow[0] != '\0') {
        return add_list(listing, LIST_WORKFLOW, what->workflow);
    }
    return add_all(listing);
}

/* --- an applicant's ----------------------------------------------------------------------------
 */

static int compare_ids(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

    return (one < other) - (one > other);
}

/* What a shelf has of him, newest first. */
static enum bl_err look_at_shelf(struct listing *listing, struct read_cursor *cursor,
                                 uint64_t newest, const uint64_t *twins, size_t twin_count,
                                 uint64_t *ids, size_t *count)
{
    enum bl_err err = BL_OK;

    *count = 0;
    for (size_t i = 0; i < twin_count && err == BL_OK; i++) {
        struct key key = { .count = 0 };

        shelf_key(&key, newest, twins[i]);
        listing->budget -= SEEK_COST;
        err = read_cursor_seek(cursor, key_text(&key), listing->a->e);
        while (err == BL_OK && cursor->there && cursor->key.bytes == key.count + 8 &&
               memcmp(cursor->key.at, key.bytes, key.count) == 0) {
            uint64_t id = key_read_u64(cursor->key.at + key.count);

            if (id <= newest) {
                ids[(*count)++] = id;
            }
            err = read_cursor_step(cursor, listing->a->e);
        }
    }
    qsort(ids, *count, sizeof *ids, compare_ids);
    return err;
}

static enum bl_err make_twins(struct listing *listing, uint64_t **twins, size_t *count)
{
    const struct asking *a = listing->a;
    const char *own = listing->what->workflow, **ids = &own;
    enum bl_err err = BL_OK;

    *count = 1;
    if (own[0] == '\0') {
        err = find_workflows(a, &ids, count);
    }
    *twins = bl_arena_array(a->viewer.arena, uint64_t, *count + 1);
    for (size_t i = 0; i < *count && err == BL_OK; i++) {
        (*twins)[i] = application_twin(store_secret(a->context->store), ids[i],
                                       listing->what->applicant, a->viewer.arena);
    }
    return err;
}

static void end_at(struct listing *listing, uint64_t id)
{
    struct key key = key_of_id(id);

    listing->end = key_keep(&key, listing->a->viewer.arena);
}

/* From the newest shelf to the first. */
static enum bl_err walk_applicant(struct listing *listing)
{
    const struct asking *a = listing->a;
    uint64_t *ids = bl_arena_array(a->viewer.arena, uint64_t, SHELF_IDS), *twins, newest = 0;
    size_t twin_count, count;
    struct read_cursor cursor = { 0 };
    enum bl_err err = make_twins(listing, &twins, &twin_count);

    err = err == BL_OK ? read_newest_application(a->read, &newest, a->e) : err;
    if (listing->start.bytes == 8) {
        newest = key_read_u64(listing->start.at);
    }
    err = err == BL_OK ? read_cursor_open(a->read, TABLE_APPLICANTS, false,
                                          (struct bl_text){ NULL, 0 }, &cursor, a->e)
                       : err;
    while (err == BL_OK && newest > 0 && listing->end.at == NULL) {
        if (is_full(listing)) {
            end_at(listing, newest);
            break;
        }
        err = look_at_shelf(listing, &cursor, newest, twins, twin_count, ids, &count);
        for (size_t i = 0; i < count && err == BL_OK && listing->end.at == NULL; i++) {
            if (is_full(listing)) {
                end_at(listing, ids[i]);
            } else {
                add_application(listing, ids[i], (struct bl_text){ NULL, 0 });
            }
        }
        newest = newest < SHELF_IDS ? 0 : newest / SHELF_IDS * SHELF_IDS - 1;
    }
    read_cursor_close(&cursor);
    return err;
}

/* --- a page ------------------------------------------------------------------------------------
 */

static enum bl_err walk_lists(struct listing *listing)
{
    struct key start = { .count = 0 };

    listing->heads = bl_arena_array(listing->a->viewer.arena, struct head, HEADS_MAX);
    memset(listing->heads, 0, HEADS_MAX * sizeof *listing->heads);
    bl_arena_init(&listing->scratch, 1 << 14, SIZE_MAX);
    enum bl_err err = choose(listing, &start);
    err = err == BL_OK ? walk(listing) : err;
    for (size_t i = 0; i < listing->head_count; i++) {
        read_cursor_close(&listing->heads[i].cursor);
    }
    bl_arena_free(&listing->scratch);
    return err;
}

enum bl_err query_applications(const struct asking *a)
{
    const Bl__ListApplications *what = a->query->applications;
    struct listing listing = {
        .a = a,
        .what = what,
        .wanted = { .workflow = face_hash(what->workflow),
                    .window = face_hash(what->window),
                    .project = face_hash(what->project),
                    .state = (uint8_t)what->state },
        .limit = query_bounded(what->limit, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX),
        .budget = BUDGET,
        .until = BL_NEVER,
    };

    if (what->after[0] != '\0' &&
        (!query_read_cursor(a->viewer.arena, what->after, &listing.start) ||
         listing.start.bytes < 8)) {
        return query_refuse(a, BL_INVALID, "cursor-malformed", "after");
    }
    a->answer->applications = bl_arena_array(a->viewer.arena, Bl__ApplicationView *, listing.limit);
    enum bl_err err = what->applicant[0] != '\0' && what->department[0] == '\0'
                          ? walk_applicant(&listing)
                          : walk_lists(&listing);
    if (err == BL_OK && listing.end.at != NULL) {
        a->answer->next = query_cursor(a->viewer.arena, listing.end);
    }
    return err;
}
