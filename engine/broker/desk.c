#include "broker/desk.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/application.h"
#include "core/notice.h"
#include "store/read.h"

#define SCRATCH_FIRST ((size_t)64 << 10)
#define SCRATCH_BOUND ((size_t)64 << 20)
#define NUMBER_BYTES_MAX 256

/* Of a row of the inbox: department, due, application, item. */
#define DUE_AT DEPARTMENT_KEY_BYTES
#define APPLICATION_AT (DUE_AT + 8)
#define ITEM_AT (APPLICATION_AT + 8)
#define INBOX_KEY_BYTES (ITEM_AT + 2)

void desk_open(struct desk *desk, struct store *store, struct catalog *catalog)
{
    desk->store = store;
    desk->catalog = catalog;
    bl_arena_init(&desk->scratch, SCRATCH_FIRST, SCRATCH_BOUND);
}

void desk_close(struct desk *desk)
{
    bl_arena_free(&desk->scratch);
}

/* A missing record is an answer; anything else an operator should know. */
static void tell(const char *what, enum bl_err err, const struct bl_error *e)
{
    if (err != BL_OK && err != BL_NOT_FOUND) {
        bl_log(BL_LOG_ERROR, "store.read", "what=%s code=%s text=\"%s\"", what, bl_err_name(err),
               e->text);
    }
}

static struct store_read *begin(struct desk *desk)
{
    struct store_read *read = NULL;
    struct bl_error e = { 0 };

    bl_arena_reset(&desk->scratch);
    tell("transaction", store_read_begin(desk->store, &read, &e), &e);
    return read;
}

/* --- the inbox -------------------------------------------------------------------------------- */

struct scan {
    struct key department;
    struct backlog_row *rows;
    size_t count, capacity;
};

static bool visit(void *context, struct bl_text key, struct bl_text value)
{
    struct scan *scan = context;

    (void)value;
    if (key.bytes != INBOX_KEY_BYTES || scan->count == scan->capacity ||
        memcmp(key.at, scan->department.bytes, DEPARTMENT_KEY_BYTES) != 0) {
        return false;
    }
    scan->rows[scan->count++] = (struct backlog_row){
        .key = { .when = (bl_time)key_read_u64(key.at + DUE_AT),
                 .application = key_read_u64(key.at + APPLICATION_AT),
                 .item = key_read_u16(key.at + ITEM_AT) },
    };
    return true;
}

static struct key inbox_key(const char *department, struct edf_key from)
{
    struct key key = { .count = 0 };

    key_department(&key, department);
    key_u64(&key, from.when < 0 ? 0 : (uint64_t)from.when);
    key_u64(&key, from.application);
    key_u16(&key, (uint16_t)from.item);
    return key;
}

/* The item of an application if its department has something to do; NULL else. */
static const Bl__Item *open_item(struct desk *desk, struct store_read *read, uint64_t id,
                                 uint32_t item, const Bl__Application **application)
{
    struct bl_error e = { 0 };
    Bl__Application *found = NULL;
    enum bl_err err = read_application(read, id, &desk->scratch, &found, &e);

    tell("application", err, &e);
    if (err != BL_OK || item >= found->n_items || !application_item_is_ready(found->items[item])) {
        return NULL;
    }
    *application = found;
    return found->items[item];
}

/* The notice that a task is about, if its channel has something to do; NULL else. */
static const Bl__Notice *open_notice(struct desk *desk, struct store_read *read, uint64_t id,
                                     uint32_t task, const Bl__Application **application)
{
    struct bl_error e = { 0 };
    Bl__Application *found = NULL;
    enum bl_err err = read_application(read, id, &desk->scratch, &found, &e);
    const Bl__Notice *notice = err == BL_OK ? notice_find(found, notice_of_task(task)) : NULL;

    tell("application", err, &e);
    *application = found;
    return notice != NULL && notice_is_ready(notice) ? notice : NULL;
}

static bl_time due_of(const Bl__Clock *clock)
{
    return clock == NULL ? 0 : clock->due_at;
}

/* What the task of an application is made from, whatever it is about. */
static bool fill_common(struct desk *desk, struct store_read *read,
                        const Bl__Application *application, struct task_source *source)
{
    struct bl_error e = { 0 };
    struct catalog_version version;
    Bl__StoredContent *content = NULL;
    enum bl_err err =
        catalog_find(desk->catalog, application->workflow, application->version, &version, &e);

    if (err == BL_OK && application->contents > 0) {
        err = read_content(read, application->id, application->contents, &desk->scratch, &content,
                           &e);
    }
    tell("task", err, &e);
    if (err != BL_OK) {
        return false;
    }
    *source =
        (struct task_source){ .definition = version.definition, .number = application->number };
    if (content != NULL) {
        source->content =
            (struct bl_text){ (const char *)content->content.data, content->content.len };
    }
    return true;
}

static bool fill_source(struct desk *desk, struct store_read *read,
                        const Bl__Application *application, uint32_t index,
                        struct task_source *source)
{
    const Bl__Item *item = application->items[index];

    if (!fill_common(desk, read, application, source) || index >= source->definition->item_count) {
        return false;
    }
    source->item = index;
    source->promise_due = due_of(item->promise);
    source->legal_due = due_of(item->legal);
    source->failures = item->failures;
    source->step = item->desk == NULL ? 0 : item->desk->step;
    source->round = item->desk == NULL ? 0 : item->desk->round;
    source->need_count =
        task_needs(&source->definition->items[index], application, &source->needs, &desk->scratch);
    return true;
}

static void fill_row(struct backlog_row *row, const Bl__Item *item)
{
    row->not_before = item->retry_at;
    bl_text_copy(row->item, sizeof row->item, item->id);
}

static void fill_notice_row(struct backlog_row *row, const Bl__Notice *notice)
{
    row->not_before = notice->retry_at;
    bl_text_copy(row->item, sizeof row->item, NOTICE_LANE);
}

/* What makes the rows more than keys. Those that cannot be read keep their place without a name, so
 * that the caller knows how far the inbox was read; nobody can be sent their task. */
static void fill_rows(struct desk *desk, struct store_read *read, const struct scan *scan,
                      desk_body body, void *context)
{
    for (size_t i = 0; i < scan->count; i++) {
        struct backlog_row *row = &scan->rows[i];
        const Bl__Application *application = NULL;
        struct task_source source;

        if (notice_of_task(row->key.item) != 0) {
            const Bl__Notice *notice =
                open_notice(desk, read, row->key.application, row->key.item, &application);

            if (notice != NULL) {
                fill_notice_row(row, notice);
            }
            continue;
        }
        const Bl__Item *item =
            open_item(desk, read, row->key.application, row->key.item, &application);

        if (item != NULL) {
            fill_row(row, item);
        }
        if (item != NULL && body != NULL &&
            fill_source(desk, read, application, row->key.item, &source)) {
            row->body = body(context, &source);
        }
    }
}

size_t desk_scan(struct desk *desk, const char *department, struct edf_key from,
                 struct backlog_row *rows, size_t capacity, desk_body body, void *context)
{
    struct scan scan = { .rows = rows, .capacity = capacity };
    struct key key = inbox_key(department, from);
    struct bl_error e = { 0 };
    struct store_read *read = begin(desk);

    if (read == NULL) {
        return 0;
    }
    key_department(&scan.department, department);
    tell("inbox", read_scan(read, TABLE_INBOX, key_text(&key), visit, &scan, &e), &e);
    fill_rows(desk, read, &scan, body, context);
    store_read_end(&read);
    return scan.count;
}

/* "NUMBER.item.step" in its parts; the last is "" where the item has no steps. */
struct task_parts {
    char text[NUMBER_BYTES_MAX];
    const char *number, *item, *step;
};

/* A number has no dot. */
static bool split_task(const char *task, struct task_parts *parts)
{
    bl_text_copy(parts->text, sizeof parts->text, task);
    char *item = strchr(parts->text, '.');

    if (item == NULL || item == parts->text || strlen(task) >= sizeof parts->text) {
        return false;
    }
    *item++ = '\0';
    char *step = strchr(item, '.');
    if (step != NULL) {
        *step++ = '\0';
    }
    parts->number = parts->text;
    parts->item = item;
    parts->step = step == NULL ? "" : step;
    return true;
}

/* Is the item at this step? */
static bool is_at(struct desk *desk, const Bl__Application *application, uint32_t index,
                  const char *step)
{
    const Bl__Item *item = application->items[index];
    struct catalog_version version;

    if (item->desk == NULL) {
        return step[0] == '\0';
    }
    return catalog_find(desk->catalog, application->workflow, application->version, &version,
                        NULL) == BL_OK &&
           index < version.definition->item_count &&
           strcmp(version.definition->items[index].steps[item->desk->step].id, step) == 0;
}

static bool find_in(struct desk *desk, struct store_read *read, const char *department,
                    const struct task_parts *parts, struct backlog_row *row)
{
    struct bl_error e = { 0 };
    uint64_t id = 0;
    Bl__Application *application = NULL;

    if (read_number(read, parts->number, &id, &e) != BL_OK ||
        read_application(read, id, &desk->scratch, &application, &e) != BL_OK) {
        return false;
    }
    const Bl__Notice *notice = notice_find(application, notice_number(parts->item));
    if (notice != NULL && notice_is_ready(notice) && strcmp(notice->channel, department) == 0) {
        row->key = (struct edf_key){ notice->at, id, notice_task(notice->number) };
        fill_notice_row(row, notice);
        return true;
    }
    int index = application_item_find(application, parts->item);
    const Bl__Item *item = index < 0 ? NULL : application->items[index];

    if (item == NULL || !application_item_is_ready(item) ||
        strcmp(item->department, department) != 0 ||
        !is_at(desk, application, (uint32_t)index, parts->step)) {
        return false;
    }
    row->key = (struct edf_key){ application_item_due(item), id, (uint32_t)index };
    fill_row(row, item);
    return true;
}

bool desk_find(void *context, const char *department, const char *task, struct backlog_row *row)
{
    struct desk *desk = context;
    struct task_parts parts;
    struct store_read *read = split_task(task, &parts) ? begin(desk) : NULL;
    bool found = read != NULL && find_in(desk, read, department, &parts, row);

    store_read_end(&read);
    return found;
}

/* --- one task --------------------------------------------------------------------------------- */

static bool fill_notice(struct desk *desk, struct store_read *read, uint64_t id, uint32_t task,
                        struct task_source *source)
{
    const Bl__Application *application = NULL;
    const Bl__Notice *notice = open_notice(desk, read, id, task, &application);

    if (notice == NULL || !fill_common(desk, read, application, source) ||
        notice->item >= application->n_items) {
        return false;
    }
    source->notice = notice;
    source->notice_item = application->items[notice->item]->id;
    return true;
}

static bool fill_item(struct desk *desk, struct store_read *read, uint64_t id, uint32_t item,
                      struct task_source *source)
{
    const Bl__Application *application = NULL;

    return open_item(desk, read, id, item, &application) != NULL &&
           fill_source(desk, read, application, item, source);
}

bool desk_task(struct desk *desk, uint64_t id, uint32_t item, struct task_source *source)
{
    struct store_read *read = begin(desk);
    bool found =
        read != NULL && (notice_of_task(item) != 0 ? fill_notice(desk, read, id, item, source)
                                                   : fill_item(desk, read, id, item, source));

    store_read_end(&read);
    return found;
}

const Bl__Directory *desk_directory(struct desk *desk, struct bl_arena *arena)
{
    struct bl_error e = { 0 };
    Bl__Directory *directory = NULL;
    struct store_read *read = begin(desk);

    if (read != NULL) {
        tell("directory", read_directory(read, arena, &directory, &e), &e);
    }
    store_read_end(&read);
    return directory;
}
