#include "store/verify.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include <sodium.h>

#include "core/content.h"
#include "core/directory.h"
#include "schema/pack.h"
#include "schema/unpack.h"
#include "store/audit.h"
#include "store/environment.h"
#include "store/history.h"
#include "store/kind.h"
#include "store/read.h"
#include "store/record.h"

#define MOMENT_TRIES 100  // to begin two reads between the same commits
#define COUNTS_MAX 4096   // departments times kinds

/* One check of one store. */
struct verifying {
    struct store_read *read;
    FILE *report;
    struct verify_result *result;
    struct bl_arena arena;  // of one aggregate
    struct bl_arena counts_arena;
    struct projection_count counts[COUNTS_MAX];
    size_t count_count;
    const struct kind *kind;  // whose states are read
    uint64_t from, until;     // the ids of this share
    enum bl_err err;          // of the helper
    struct bl_error e;
    struct verifying *helper;    // reads the same moment in a thread of its own; may be NULL
    uint64_t rows[TABLE_COUNT];  // that there must be
    uint64_t revisions;          // events that states account for
};

static void problem(struct verifying *v, const char *where, uint64_t id, const char *what)
{
    v->result->problems++;
    if (v->report != NULL) {
        (void)fprintf(v->report, "%s %" PRIu64 ": %s\n", where, id, what);
    }
}

/* --- events and their chain --------------------------------------------------------------------
 */

static void chain_problem(void *context, const char *where, uint64_t id, const char *what)
{
    problem(context, where, id, what);
}

static enum bl_err verify_chain(struct verifying *v, struct bl_error *e)
{
    const struct audit_request request = { .problem = chain_problem, .context = v };
    struct audit_result result;
    enum bl_err err = audit_chain(v->read, &request, &result, e);

    v->result->events = result.events;
    v->result->batches = result.batches;
    return err == BL_CORRUPT && result.problems > 0 ? BL_OK : err;
}

/* --- states and what is derived from them ------------------------------------------------------
 */

/* Is it what the record's body holds? */
static bool same_body(struct verifying *v, struct bl_text body, const ProtobufCMessage *state)
{
    size_t bytes = protobuf_c_message_get_packed_size(state);

    if (bytes != body.bytes) {
        return false;
    }
    uint8_t *packed = bl_arena_alloc(&v->arena, bytes);
    (void)pack_message(state, packed);
    return memcmp(packed, body.at, bytes) == 0;
}

/* A state is made from its events here, so of what is stored only its bytes count, and these two
 * numbers: unpacking the rest would cost as much as the fold. */
static bool read_numbers(const struct aggregate *aggregate, struct bl_text body,
                         uint64_t *last_event, uint32_t *revision)
{
    uint64_t numbers[2] = { 0, 0 };

    if (!unpack_number(aggregate->state, body, aggregate->last_event_at, &numbers[0]) ||
        !unpack_number(aggregate->state, body, aggregate->revision_at, &numbers[1])) {
        return false;
    }
    *last_event = numbers[0];
    *revision = (uint32_t)numbers[1];
    return true;
}

static void sum_count(struct verifying *v, const struct projection_count *count)
{
    for (size_t i = 0; i < v->count_count; i++) {
        if (strcmp(v->counts[i].name, count->name) == 0 &&
            strcmp(v->counts[i].department, count->department) == 0) {
            v->counts[i].value += count->value;
            return;
        }
    }
    if (v->count_count == COUNTS_MAX) {
        problem(v, "counts", v->count_count, "are more than this program can compare");
        return;
    }
    v->counts[v->count_count++] = (struct projection_count){
        count->name, bl_arena_string(&v->counts_arena, count->department), count->value
    };
}

struct lookup {
    struct bl_text key;
    bool found, same;
    struct bl_text value;
};

static bool visit_row(void *context, struct bl_text key, struct bl_text value)
{
    struct lookup *lookup = context;
    struct bl_text body = { NULL, 0 };

    lookup->found = bl_text_equal(key, lookup->key);
    lookup->same = value.bytes == 0 ? lookup->value.bytes == 0
                                    : record_open(value, &body, NULL) == BL_OK &&
                                          bl_text_equal(body, lookup->value);
    return false;
}

static enum bl_err verify_projection(struct verifying *v, const struct kind *kind, uint64_t id,
                                     const void *state, struct bl_error *e)
{
    struct projection projection = kind->project(state, &v->arena);

    for (size_t i = 0; i < projection.row_count; i++) {
        const struct projection_row *row = &projection.rows[i];
        struct lookup lookup = {
            .key = key_text(&row->key),
            .value = { (const char *)row->value, row->value_bytes },
        };
        enum bl_err err = read_scan(v->read, row->table, lookup.key, visit_row, &lookup, e);

        if (err != BL_OK) {
            return err;
        }
        if (!lookup.found || !lookup.same) {
            problem(v, table_name(row->table), id,
                    lookup.found ? "has another value" : "row is missing");
        }
        v->rows[row->table]++;
    }
    for (size_t i = 0; i < projection.count_count; i++) {
        sum_count(v, &projection.counts[i]);
    }
    return BL_OK;
}

/* One version of what was handed in; those of before a retention's end may be erased. */
static void verify_version(struct verifying *v, uint64_t id, uint32_t version,
                           ProtobufCBinaryData expected)
{
    Bl__StoredContent *stored;
    uint8_t hash[CONTENT_HASH_BYTES];
    enum bl_err err = read_content(v->read, id, version, &v->arena, &stored, NULL);

    if (err == BL_NOT_FOUND) {
        return;  // erased after its retention: the chain stands without it
    }
    v->rows[TABLE_CONTENTS]++;
    if (err != BL_OK || stored->salt.len != WORLD_SALT_BYTES) {
        problem(v, "content", id, "fails its checksum");
        return;
    }
    struct world world = { .salt = stored->salt.data };
    content_hash(&world,
                 (struct bl_text){ (const char *)stored->content.data, stored->content.len }, hash);
    if (expected.len != CONTENT_HASH_BYTES ||
        memcmp(expected.data, hash, CONTENT_HASH_BYTES) != 0) {
        problem(v, "content", id, "is not what was handed in");
    }
}

static void verify_content(struct verifying *v, const Bl__Application *application,
                           Bl__Event *const *events)
{
    uint32_t version = 0;

    for (size_t i = 0; i < application->revision; i++) {
        if (events[i]->what_case == BL__EVENT__WHAT_SUBMITTED) {
            verify_version(v, application->id, ++version, events[i]->submitted->content_hash);
        } else if (events[i]->what_case == BL__EVENT__WHAT_CORRECTED) {
            verify_version(v, application->id, ++version, events[i]->corrected->content_hash);
        } else if (events[i]->what_case == BL__EVENT__WHAT_SUPPLEMENTED) {
            verify_version(v, application->id, ++version, events[i]->supplemented->content_hash);
        }
    }
    if (version != application->contents) {
        problem(v, "content", application->id, "has other versions than its events say");
    }
}

/* What only an application has: a number and a content. */
static void verify_submission(struct verifying *v, const Bl__Application *application,
                              Bl__Event *const *events)
{
    uint64_t named;

    if (read_number(v->read, application->number, &named, NULL) != BL_OK ||
        named != application->id) {
        problem(v, "application", application->id, "its number leads elsewhere");
    }
    v->rows[TABLE_NUMBERS]++;
    verify_content(v, application, events);
}

static void verify_state(struct verifying *v, uint64_t id, struct bl_text record)
{
    const struct kind *kind = v->kind;
    const struct aggregate *aggregate = aggregate_find(kind->kind);
    bool is_application = kind->kind == BL__AGGREGATE__APPLICATION;
    struct bl_text body;
    uint64_t last_event;
    uint32_t revision;
    struct bl_error e = { 0 };
    Bl__Event **events;

    if (record_open(record, &body, NULL) != BL_OK ||
        !read_numbers(aggregate, body, &last_event, &revision)) {
        problem(v, kind->name, id, "fails its checksum");
        return;
    }
    v->revisions += revision;
    if (history_read(v->read, kind->kind, id, last_event, revision, &v->arena, &events, &e) !=
            BL_OK ||
        revision == 0 || (is_application && events[0]->what_case != BL__EVENT__WHAT_SUBMITTED)) {
        problem(v, kind->name, id, e.code != BL_OK ? e.text : "does not begin");
        return;
    }
    void *folded = history_fold(kind->kind, id, events, revision, &v->arena);
    if (!same_body(v, body, folded)) {
        problem(v, kind->name, id, "the state is not the fold of its events");
    }
    if (is_application) {
        verify_submission(v, folded, events);
    }
    if (verify_projection(v, kind, id, folded, &e) != BL_OK) {
        problem(v, kind->name, id, e.text);
    }
}

static bool visit_state(void *context, struct bl_text key, struct bl_text value)
{
    struct verifying *v = context;

    if (key_read_u64(key.at) > v->until) {
        return false;
    }
    bl_arena_reset(&v->arena);
    v->result->applications += v->kind->kind == BL__AGGREGATE__APPLICATION;
    verify_state(v, key_read_u64(key.at), value);
    return true;
}

/* --- two threads: states are independent of each other ------------------------------------------
 */

static void *verify_upper_half(void *context)
{
    struct verifying *helper = context;
    struct key from = key_of_id(helper->from);

    helper->err = read_scan(helper->read, helper->kind->states, key_text(&from), visit_state,
                            helper, &helper->e);
    return NULL;
}

static void take_over(struct verifying *v, const struct verifying *helper)
{
    v->result->applications += helper->result->applications;
    v->result->problems += helper->result->problems;
    v->revisions += helper->revisions;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        v->rows[i] += helper->rows[i];
    }
    for (size_t i = 0; i < helper->count_count; i++) {
        sum_count(v, &helper->counts[i]);
    }
}

/* The helper has the ids after the middle. */
static enum bl_err verify_halves(struct verifying *v, uint64_t newest, struct bl_error *e)
{
    struct verifying *helper = v->helper;
    pthread_t thread;

    v->until = newest / 2;
    helper->kind = v->kind;
    helper->from = v->until + 1;
    CHECK(pthread_create(&thread, NULL, verify_upper_half, helper) == 0);
    enum bl_err err =
        read_scan(v->read, v->kind->states, (struct bl_text){ NULL, 0 }, visit_state, v, e);
    CHECK(pthread_join(thread, NULL) == 0);
    v->until = UINT64_MAX;
    take_over(v, helper);
    return err != BL_OK           ? err
           : helper->err != BL_OK ? bl_error_set(e, helper->err, "%s", helper->e.text)
                                  : BL_OK;
}

static enum bl_err verify_applications(struct verifying *v, struct bl_error *e)
{
    uint64_t newest;
    enum bl_err err = read_newest_application(v->read, &newest, e);

    if (err == BL_OK && v->helper != NULL && newest > 1) {
        return verify_halves(v, newest, e);
    }
    return err != BL_OK ? err
                        : read_scan(v->read, v->kind->states, (struct bl_text){ NULL, 0 },
                                    visit_state, v, e);
}

static enum bl_err verify_states(struct verifying *v, struct bl_error *e)
{
    enum bl_err err = BL_OK;

    for (size_t i = 0; i < AGGREGATE_COUNT && err == BL_OK; i++) {
        v->kind = kind_find((Bl__Aggregate)i);
        if (v->kind != NULL && v->kind->kind == BL__AGGREGATE__APPLICATION) {
            err = verify_applications(v, e);
        } else if (v->kind != NULL) {
            err =
                read_scan(v->read, v->kind->states, (struct bl_text){ NULL, 0 }, visit_state, v, e);
        }
    }
    return err;
}

static enum bl_err verify_directory(struct verifying *v, struct bl_error *e)
{
    Bl__Directory *directory;
    Bl__Event **events;
    struct bl_error found = { 0 };

    bl_arena_reset(&v->arena);
    enum bl_err err = read_directory(v->read, &v->arena, &directory, e);
    if (err == BL_CORRUPT || err == BL_FORMAT) {
        problem(v, "directory", DIRECTORY_ID, "fails its checksum");
        return BL_OK;
    }
    if (err != BL_OK) {
        return err;
    }
    v->revisions += directory->revision;
    if (history_read(v->read, BL__AGGREGATE__DIRECTORY, DIRECTORY_ID, directory->last_event,
                     directory->revision, &v->arena, &events, &found) != BL_OK) {
        problem(v, "directory", DIRECTORY_ID, found.text);
        return BL_OK;
    }
    const Bl__Directory *folded = history_fold(BL__AGGREGATE__DIRECTORY, DIRECTORY_ID, events,
                                               directory->revision, &v->arena);
    if (!bl_text_equal(record_seal_message(&directory->base, &v->arena),
                       record_seal_message(&folded->base, &v->arena))) {
        problem(v, "directory", DIRECTORY_ID, "the state is not the fold of its events");
    }
    for (size_t i = 0; i < directory->n_publications; i++) {
        const Bl__Publication *publication = directory->publications[i];
        uint8_t hash[PUBLICATION_HASH_BYTES];
        struct bl_text source;

        if (read_source(v->read, publication->kind, publication->id, publication->version, &source,
                        NULL) != BL_OK) {
            problem(v, "source", i, "is missing or fails its checksum");
            continue;
        }
        v->rows[TABLE_SOURCES]++;
        CHECK(crypto_generichash(hash, sizeof hash, (const uint8_t *)source.at, source.bytes, NULL,
                                 0) == 0);
        if (publication->hash.len != sizeof hash ||
            memcmp(publication->hash.data, hash, sizeof hash) != 0) {
            problem(v, "source", i, "is not what was published");
        }
    }
    return BL_OK;
}

/* --- what is left over -------------------------------------------------------------------------
 */

/* The incident of a damaged record has no state that it could stand for. */
static bool visit_incident(void *context, struct bl_text key, struct bl_text value)
{
    struct verifying *v = context;

    (void)value;
    v->rows[TABLE_INCIDENTS] +=
        key.bytes >= INCIDENT_KEY_BYTES && key_read_u16(key.at + 8) == INCIDENT_RECORD;
    return true;
}

/* Rows that no state stands for. Contents may be erased, so there may be fewer of those, which
 * verify_content allows. */
static enum bl_err verify_rows(struct verifying *v, struct bl_error *e)
{
    static const enum table tables[] = { TABLE_TIMERS,    TABLE_INBOX,     TABLE_OPEN,
                                         TABLE_NUMBERS,   TABLE_CONTENTS,  TABLE_SOURCES,
                                         TABLE_INCIDENTS, TABLE_CODES,     TABLE_HANDOVERS,
                                         TABLE_DAYS,      TABLE_DESKS,     TABLE_TWINS,
                                         TABLE_LISTS,     TABLE_APPLICANTS };
    enum bl_err err =
        read_scan(v->read, TABLE_INCIDENTS, (struct bl_text){ NULL, 0 }, visit_incident, v, e);

    for (size_t i = 0; i < BL_COUNT(tables) && err == BL_OK; i++) {
        uint64_t rows;

        err = read_rows(v->read, tables[i], &rows, e);

        if (err != BL_OK) {
            return err;
        }
        if (rows != v->rows[tables[i]]) {
            problem(v, table_name(tables[i]), rows, "rows, of which some stand for nothing");
        }
    }
    return err;
}

static bool is_summed(const struct verifying *v, struct bl_text key, struct bl_arena *arena)
{
    for (size_t i = 0; i < v->count_count; i++) {
        if (bl_text_equal(key, key_of_count(v->counts[i].name, v->counts[i].department, arena))) {
            return true;
        }
    }
    return false;
}

/* A count that no state adds to has to be nothing. */
static bool visit_count(void *context, struct bl_text key, struct bl_text value)
{
    struct verifying *v = context;
    ProtobufCMessage *message;

    bl_arena_reset(&v->arena);
    if (!is_summed(v, key, &v->arena) &&
        (record_unpack(value, &bl__count__descriptor, &v->arena, &message, NULL) != BL_OK ||
         ((const Bl__Count *)message)->value != 0)) {
        problem(v, bl_arena_text(&v->arena, key), 0, "is counted otherwise");
    }
    return true;
}

static enum bl_err verify_counts(struct verifying *v, struct bl_error *e)
{
    for (size_t i = 0; i < v->count_count; i++) {
        int64_t value;
        enum bl_err err =
            read_count(v->read, v->counts[i].name, v->counts[i].department, &value, NULL);

        if (err != BL_OK && err != BL_CORRUPT) {
            return bl_error_set(e, err, "read counts");
        }
        if (err == BL_CORRUPT || value != v->counts[i].value) {
            problem(v, v->counts[i].name, (uint64_t)v->counts[i].value, "is counted otherwise");
        }
    }
    if (v->revisions != v->result->events) {
        problem(v, "events", v->revisions, "are accounted for by states, others by none");
    }
    return BL_OK;
}

static bool visit_counter(void *context, struct bl_text key, struct bl_text value)
{
    struct verifying *v = context;
    ProtobufCMessage *message;

    (void)key;
    bl_arena_reset(&v->arena);
    if (record_unpack(value, &bl__counter__descriptor, &v->arena, &message, NULL) != BL_OK) {
        problem(v, "counter", 0, "fails its checksum");
    }
    return true;
}

static bool visit_request(void *context, struct bl_text key, struct bl_text value)
{
    struct verifying *v = context;
    ProtobufCMessage *message;

    (void)key;
    bl_arena_reset(&v->arena);
    if (record_unpack(value, &bl__stored_request__descriptor, &v->arena, &message, NULL) != BL_OK) {
        problem(v, "request", 0, "fails its checksum");
        return true;
    }
    const Bl__StoredRequest *request = (const Bl__StoredRequest *)message;
    if (request->event > v->result->events) {
        problem(v, "request", request->event, "names an event that is not there");
    }
    return true;
}

static enum bl_err verify_all(struct verifying *v, struct bl_error *e)
{
    struct bl_text start = { NULL, 0 };
    enum bl_err err = verify_chain(v, e);

    if (err == BL_OK) {
        err = verify_directory(v, e);
    }
    if (err == BL_OK) {
        err = verify_states(v, e);
    }
    if (err == BL_OK) {
        err = read_scan(v->read, TABLE_REQUESTS, start, visit_request, v, e);
    }
    if (err == BL_OK) {
        err = read_scan(v->read, TABLE_COUNTERS, start, visit_counter, v, e);
    }
    if (err == BL_OK) {
        err = verify_rows(v, e);
    }
    if (err == BL_OK) {
        err = read_scan(v->read, TABLE_COUNTS, start, visit_count, v, e);
    }
    return err == BL_OK ? verify_counts(v, e) : err;
}

/* Two reads of one moment. Where commits keep coming between there is only the first. */
static enum bl_err begin_reads(struct store *store, struct store_read **read,
                               struct store_read **beside, struct bl_error *e)
{
    enum bl_err err = BL_OK;

    for (int i = 0; i < MOMENT_TRIES && err == BL_OK; i++) {
        store_read_end(read);
        store_read_end(beside);
        err = store_read_begin(store, read, e);
        err = err != BL_OK ? err : store_read_begin(store, beside, e);
        if (err == BL_OK && mdb_txn_id((*read)->txn) == mdb_txn_id((*beside)->txn)) {
            return BL_OK;
        }
    }
    store_read_end(beside);
    return err;
}

static struct verifying *verifying_new(struct bl_arena *own, struct store_read *read, FILE *report,
                                       struct verify_result *result)
{
    struct verifying *v = bl_arena_new(own, struct verifying);

    v->read = read;
    v->report = report;
    v->result = result;
    v->until = UINT64_MAX;
    bl_arena_init(&v->arena, 1 << 14, SIZE_MAX);
    bl_arena_init(&v->counts_arena, 1 << 12, SIZE_MAX);
    return v;
}

static void verifying_free(struct verifying *v)
{
    bl_arena_free(&v->arena);
    bl_arena_free(&v->counts_arena);
}

enum bl_err verify_store(struct store *store, FILE *report, struct verify_result *result,
                         struct bl_error *e)
{
    static const struct verify_result none;
    struct verify_result helped = none;
    struct bl_arena own AUTO(bl_arena_free);
    struct store_read *read AUTO(store_read_end) = NULL;
    struct store_read *beside AUTO(store_read_end) = NULL;

    bl_arena_init(&own, 2 * sizeof(struct verifying), SIZE_MAX);
    enum bl_err err = begin_reads(store, &read, &beside, e);
    if (err != BL_OK) {
        return err;
    }
    *result = none;
    struct verifying *v = verifying_new(&own, read, report, result);
    v->helper = beside == NULL ? NULL : verifying_new(&own, beside, report, &helped);
    err = verify_all(v, e);
    verifying_free(v);
    if (v->helper != NULL) {
        verifying_free(v->helper);
    }
    if (err == BL_OK && result->problems > 0) {
        err = bl_error_set(e, BL_CORRUPT, "%" PRIu64 " problems", result->problems);
    }
    return err;
}
