#include "store/catalog.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "schema/yaml.h"
#include "store/read.h"
#include "store/record.h"

#define HALL_CALENDAR_DEFAULT "cn"

struct version {
    struct version *next;
    struct definition *definition;
};

/* A compiled calendar. It holds for one snapshot only: a layer that it stands on may have changed
 * while it itself has not. */
struct day_table {
    struct day_table *next;
    const struct snapshot *snapshot;
    const char *id;
    struct calendar *calendar;
};

/* What the store says is published, read once after each change. Old ones are kept, since others
 * may still look at them; they are few. */
struct snapshot {
    struct snapshot *next;
    struct bl_arena arena;
    Bl__Directory *directory;
    const Bl__DepartmentsFile *departments;
    const char **calendars;  // ids
    const Bl__Calendar **layers;
    size_t calendar_count;
};

struct catalog {
    struct store *store;
    pthread_mutex_t lock;
    struct version *versions;
    struct day_table *calendars;
    struct snapshot *snapshots;  // newest first
    bool is_stale;
    uint8_t seal[RECORD_HEAD_BYTES];  // of the directory that was last followed
};

void catalog_open(struct store *store, struct catalog **catalog)
{
    *catalog = calloc(1, sizeof **catalog);
    CHECK(*catalog != NULL);
    (*catalog)->store = store;
    (*catalog)->is_stale = true;
    CHECK(pthread_mutex_init(&(*catalog)->lock, NULL) == 0);
}

static void free_snapshots(struct snapshot *snapshot)
{
    while (snapshot != NULL) {
        struct snapshot *next = snapshot->next;

        bl_arena_free(&snapshot->arena);
        free(snapshot);
        snapshot = next;
    }
}

void catalog_close(struct catalog **catalog)
{
    if (*catalog == NULL) {
        return;
    }
    while ((*catalog)->versions != NULL) {
        struct version *version = (*catalog)->versions;

        (*catalog)->versions = version->next;
        definition_free(&version->definition);
        free(version);
    }
    while ((*catalog)->calendars != NULL) {
        struct day_table *table = (*catalog)->calendars;

        (*catalog)->calendars = table->next;
        calendar_free(&table->calendar);
        free(table);
    }
    free_snapshots((*catalog)->snapshots);
    CHECK(pthread_mutex_destroy(&(*catalog)->lock) == 0);
    free(*catalog);
    *catalog = NULL;
}

void catalog_refresh(struct catalog *catalog)
{
    CHECK(pthread_mutex_lock(&catalog->lock) == 0);
    catalog->is_stale = true;
    CHECK(pthread_mutex_unlock(&catalog->lock) == 0);
}

void catalog_follow(struct catalog *catalog)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    struct bl_text record;

    if (store_read_begin(catalog->store, &read, NULL) != BL_OK ||
        read_directory_record(read, &record, NULL) != BL_OK) {
        return;
    }
    CHECK(pthread_mutex_lock(&catalog->lock) == 0);
    if (memcmp(catalog->seal, record.at, sizeof catalog->seal) != 0) {
        memcpy(catalog->seal, record.at, sizeof catalog->seal);
        catalog->is_stale = true;
    }
    CHECK(pthread_mutex_unlock(&catalog->lock) == 0);
}

/* --- what is published -------------------------------------------------------------------------
 */

/* Reads a published file as a message: it was checked when it was published. */
static const ProtobufCMessage *read_yaml(struct store_read *read, struct snapshot *snapshot,
                                         const Bl__Publication *publication,
                                         const ProtobufCMessageDescriptor *descriptor)
{
    struct schema_problems *problems = bl_arena_new(&snapshot->arena, struct schema_problems);
    ProtobufCMessage *message = NULL;
    struct bl_text source;

    schema_problems_init(problems, &snapshot->arena);
    if (read_source(read, publication->kind, publication->id, publication->version, &source,
                    NULL) != BL_OK ||
        yaml_load(source.at, source.bytes, publication->id, descriptor, &snapshot->arena, &message,
                  NULL, problems) != BL_OK) {
        return NULL;
    }
    return message;
}

/* A read that fails leaves the snapshot empty: whoever asks then hears "not found". */
static void fill(struct snapshot *snapshot, struct store_read *read)
{
    if (read_directory(read, &snapshot->arena, &snapshot->directory, NULL) != BL_OK) {
        snapshot->directory = bl_arena_new(&snapshot->arena, Bl__Directory);
        bl__directory__init(snapshot->directory);
    }
    size_t count = snapshot->directory->n_publications;
    snapshot->calendars = bl_arena_array(&snapshot->arena, const char *, count + 1);
    snapshot->layers = bl_arena_array(&snapshot->arena, const Bl__Calendar *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const Bl__Publication *publication = snapshot->directory->publications[i];

        if (publication->kind == BL__PUBLICATION__KIND__WORKFLOW ||
            directory_find(snapshot->directory, publication->kind, publication->id, 0) !=
                publication) {
            continue;
        }
        if (publication->kind == BL__PUBLICATION__KIND__DEPARTMENTS) {
            snapshot->departments = (const Bl__DepartmentsFile *)read_yaml(
                read, snapshot, publication, &bl__departments_file__descriptor);
            continue;
        }
        const ProtobufCMessage *layer =
            read_yaml(read, snapshot, publication, &bl__calendar__descriptor);
        if (layer != NULL) {
            snapshot->calendars[snapshot->calendar_count] = publication->id;
            snapshot->layers[snapshot->calendar_count++] = (const Bl__Calendar *)layer;
        }
    }
}

/* The newest snapshot; the caller holds the lock. */
static struct snapshot *snapshot_now(struct catalog *catalog)
{
    struct store_read *read;

    if (!catalog->is_stale) {
        return catalog->snapshots;
    }
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    CHECK(snapshot != NULL);
    bl_arena_init(&snapshot->arena, 1 << 14, SIZE_MAX);
    snapshot->next = catalog->snapshots;
    catalog->snapshots = snapshot;
    if (store_read_begin(catalog->store, &read, NULL) == BL_OK) {
        fill(snapshot, read);
        store_read_end(&read);
        catalog->is_stale = false;
    } else {
        snapshot->directory = bl_arena_new(&snapshot->arena, Bl__Directory);
        bl__directory__init(snapshot->directory);
    }
    return snapshot;
}

static const Bl__Calendar *find_layer(void *context, const char *id)
{
    const struct snapshot *snapshot = context;

    for (size_t i = 0; i < snapshot->calendar_count; i++) {
        if (strcmp(snapshot->calendars[i], id) == 0) {
            return snapshot->layers[i];
        }
    }
    return NULL;
}

static struct publication_context context_of(struct snapshot *snapshot)
{
    return (struct publication_context){
        .definitions = { snapshot->departments, snapshot->calendars, snapshot->calendar_count },
        .calendar = find_layer,
        .context = snapshot,
    };
}

struct publication_context catalog_context(struct catalog *catalog)
{
    CHECK(pthread_mutex_lock(&catalog->lock) == 0);
    struct publication_context context = context_of(snapshot_now(catalog));
    CHECK(pthread_mutex_unlock(&catalog->lock) == 0);
    return context;
}

const Bl__DepartmentsFile *catalog_departments(struct catalog *catalog)
{
    CHECK(pthread_mutex_lock(&catalog->lock) == 0);
    const Bl__DepartmentsFile *departments = snapshot_now(catalog)->departments;
    CHECK(pthread_mutex_unlock(&catalog->lock) == 0);
    return departments;
}

/* --- what is compiled --------------------------------------------------------------------------
 */

static enum bl_err find_calendar(struct catalog *catalog, struct snapshot *snapshot, const char *id,
                                 const struct calendar **calendar, struct bl_error *e)
{
    const Bl__Publication *publication =
        directory_find(snapshot->directory, BL__PUBLICATION__KIND__CALENDAR, id, 0);
    const Bl__Calendar *layer = find_layer(snapshot, id);

    if (publication == NULL || layer == NULL) {
        return bl_error_set(e, BL_NOT_FOUND, "calendar %s is not published", id);
    }
    for (const struct day_table *table = catalog->calendars; table != NULL; table = table->next) {
        if (table->snapshot == snapshot && strcmp(table->id, id) == 0) {
            *calendar = table->calendar;
            return BL_OK;
        }
    }
    struct day_table *table = calloc(1, sizeof *table);
    CHECK(table != NULL);
    struct publication_context context = context_of(snapshot);
    enum bl_err err = publication_calendar(layer, &context, &table->calendar, e);
    if (err != BL_OK) {
        free(table);
        return err;
    }
    table->snapshot = snapshot;
    table->id = publication->id;
    table->next = catalog->calendars;
    catalog->calendars = table;
    *calendar = table->calendar;
    return BL_OK;
}

static const struct definition *find_compiled(const struct catalog *catalog, const char *workflow,
                                              uint32_t version)
{
    for (const struct version *v = catalog->versions; v != NULL; v = v->next) {
        if (v->definition->version == version && strcmp(v->definition->workflow, workflow) == 0) {
            return v->definition;
        }
    }
    return NULL;
}

static enum bl_err compile(struct catalog *catalog, struct snapshot *snapshot, const char *workflow,
                           uint32_t version, const struct definition **definition,
                           struct bl_error *e)
{
    struct bl_arena arena AUTO(bl_arena_free);
    struct store_read *read AUTO(store_read_end) = NULL;
    struct version *compiled;
    struct bl_text source;

    enum bl_err err = store_read_begin(catalog->store, &read, e);
    if (err == BL_OK) {
        err = read_source(read, BL__PUBLICATION__KIND__WORKFLOW, workflow, version, &source, e);
    }
    bl_arena_init(&arena, 1 << 14, SIZE_MAX);
    if (err != BL_OK) {
        return err;
    }
    compiled = calloc(1, sizeof *compiled);
    CHECK(compiled != NULL);
    struct schema_problems *problems = bl_arena_new(&arena, struct schema_problems);
    schema_problems_init(problems, &arena);
    struct definition_context context = context_of(snapshot).definitions;
    err = definition_load(source.at, source.bytes, workflow, &context, &compiled->definition,
                          problems);
    if (err != BL_OK) {
        free(compiled);
        return schema_problems_error(problems, err, e);
    }
    compiled->next = catalog->versions;
    catalog->versions = compiled;
    *definition = compiled->definition;
    return BL_OK;
}

static enum bl_err find(struct catalog *catalog, struct snapshot *snapshot, const char *workflow,
                        uint32_t version, struct catalog_version *found, struct bl_error *e)
{
    found->definition = find_compiled(catalog, workflow, version);
    if (found->definition == NULL) {
        enum bl_err err = compile(catalog, snapshot, workflow, version, &found->definition, e);

        if (err != BL_OK) {
            return err;
        }
    }
    return find_calendar(catalog, snapshot, found->definition->calendar, &found->calendar, e);
}

enum bl_err catalog_find(struct catalog *catalog, const char *workflow, uint32_t version,
                         struct catalog_version *found, struct bl_error *e)
{
    CHECK(pthread_mutex_lock(&catalog->lock) == 0);
    enum bl_err err = find(catalog, snapshot_now(catalog), workflow, version, found, e);
    CHECK(pthread_mutex_unlock(&catalog->lock) == 0);
    return err;
}

enum bl_err catalog_current(struct catalog *catalog, const char *workflow, bl_time now,
                            struct catalog_version *found, struct bl_error *e)
{
    CHECK(pthread_mutex_lock(&catalog->lock) == 0);
    struct snapshot *snapshot = snapshot_now(catalog);
    const Bl__Publication *current = directory_current(snapshot->directory, workflow, now);
    enum bl_err err = current == NULL
                          ? bl_error_set(e, BL_NOT_FOUND, "workflow %s is not published", workflow)
                          : find(catalog, snapshot, workflow, current->version, found, e);
    CHECK(pthread_mutex_unlock(&catalog->lock) == 0);
    return err;
}

enum bl_err catalog_calendar(struct catalog *catalog, const char *id,
                             const struct calendar **calendar, struct bl_error *e)
{
    CHECK(pthread_mutex_lock(&catalog->lock) == 0);
    enum bl_err err = find_calendar(catalog, snapshot_now(catalog), id, calendar, e);
    CHECK(pthread_mutex_unlock(&catalog->lock) == 0);
    return err;
}

const struct calendar *catalog_hall_calendar(struct catalog *catalog)
{
    const Bl__DepartmentsFile *departments = catalog_departments(catalog);
    const struct calendar *calendar = NULL;
    const char *id = departments == NULL || departments->calendar[0] == '\0'
                         ? HALL_CALENDAR_DEFAULT
                         : departments->calendar;

    return catalog_calendar(catalog, id, &calendar, NULL) == BL_OK ? calendar : NULL;
}
