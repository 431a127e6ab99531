/* The broker of the floor: drain, store, commit, send. */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "floor.h"
#include "floor_wire.h"

#define MAP_BYTES ((size_t)16 << 30)  // of address space: ten million applications
#define ANSWERS_CAP 100000            // completions that one cycle takes
#define DEPARTMENT_BITS 3             // of an answer's key, below the application's id

_Static_assert(FLOOR_WORKERS <= 1 << DEPARTMENT_BITS, "a department fits its bits");

/* What may be said of one application once the batch is on disk. */
struct fact {
    uint64_t id, submitted_ns;
    Bench__Filing__Stage stage;
};

struct broker {
    const struct floor_options *options;
    void *front, *back;
    struct floor_out client, workers[FLOOR_WORKERS];
    struct bl_arena arena;
    zmq_msg_t message;
    MDB_env *env;
    MDB_dbi applications, answers;
    MDB_txn *txn;         // NULL until the cycle stores something
    unsigned char *open;  // of each application: answers still to come
    struct fact *facts;   // of this cycle
    size_t fact_count, fact_room;
    uint64_t commits;
    bool over;
};

/* --- the store ------------------------------------------------------------------------------- */

static void store_open(struct broker *broker)
{
    MDB_txn *txn;

    floor_check(mdb_env_create(&broker->env), "make the store");
    floor_check(mdb_env_set_mapsize(broker->env, MAP_BYTES), "map the store");
    floor_check(mdb_env_set_maxdbs(broker->env, 2), "make tables");
    floor_check(mdb_env_open(broker->env, broker->options->data, MDB_NOTLS, 0600),
                "open the store");
    floor_check(mdb_txn_begin(broker->env, NULL, 0, &txn), "begin");
    floor_check(
        mdb_dbi_open(txn, "applications", MDB_CREATE | MDB_INTEGERKEY, &broker->applications),
        "make a table");
    floor_check(mdb_dbi_open(txn, "answers", MDB_CREATE | MDB_INTEGERKEY, &broker->answers),
                "make a table");
    floor_check(mdb_txn_commit(txn), "commit");
}

static void put(struct broker *broker, MDB_dbi table, uint64_t id, MDB_val *value, unsigned flags)
{
    MDB_val key = { .mv_size = sizeof id, .mv_data = &id };

    if (broker->txn == NULL) {
        floor_check(mdb_txn_begin(broker->env, NULL, 0, &broker->txn), "begin");
    }
    floor_check(mdb_put(broker->txn, table, &key, value, flags), "put");
}

/* Stores the bytes as they came. */
static void put_received(struct broker *broker, MDB_dbi table, uint64_t id,
                         const struct floor_reader *reader, unsigned flags)
{
    MDB_val value = { .mv_size = reader->packed_bytes,
                      .mv_data = (void *)(uintptr_t)reader->packed };

    put(broker, table, id, &value, flags);
}

/* Stores the final record over the first one, packed into its place. */
static void put_final(struct broker *broker, const Bench__Filing *filing)
{
    MDB_val value = { .mv_size = bench__filing__get_packed_size(filing) };

    put(broker, broker->applications, filing->id, &value, MDB_RESERVE);
    (void)bench__filing__pack(filing, value.mv_data);
}

static void commit(struct broker *broker)
{
    if (broker->txn != NULL) {
        floor_check(mdb_txn_commit(broker->txn), "commit");
        broker->txn = NULL;
        broker->commits++;
    }
}

/* --- one cycle ------------------------------------------------------------------------------- */

static void note(struct broker *broker, const Bench__Filing *filing, Bench__Filing__Stage stage)
{
    if (broker->fact_count == broker->fact_room) {
        broker->fact_room = broker->fact_room == 0 ? 4096 : 2 * broker->fact_room;
        broker->facts = realloc(broker->facts, broker->fact_room * sizeof *broker->facts);
        floor_must(broker->facts != NULL, "take memory");
    }
    broker->facts[broker->fact_count++] =
        (struct fact){ .id = filing->id, .submitted_ns = filing->submitted_ns, .stage = stage };
}

static void take_answers(struct broker *broker)
{
    struct floor_peer peer;
    Bench__Filing *answer;

    while (broker->fact_count < ANSWERS_CAP &&
           floor_receive(broker->back, &peer, &broker->message, ZMQ_DONTWAIT)) {
        struct floor_reader reader = floor_read(&broker->message);

        while ((answer = floor_next(&reader, &broker->arena)) != NULL) {
            put_received(broker, broker->answers,
                         answer->id << DEPARTMENT_BITS | answer->department, &reader, 0);
            if (--broker->open[answer->id] == 0) {
                answer->stage = BENCH__FILING__STAGE__COMPLETED;
                put_final(broker, answer);
                note(broker, answer, BENCH__FILING__STAGE__COMPLETED);
            }
        }
    }
}

static void take_submissions(struct broker *broker)
{
    struct floor_peer peer;
    Bench__Filing *filing;
    uint64_t taken = 0;

    while (taken < broker->options->cap &&
           floor_receive(broker->front, &peer, &broker->message, ZMQ_DONTWAIT)) {
        struct floor_reader reader = floor_read(&broker->message);

        broker->over = reader.at == reader.end;
        while ((filing = floor_next(&reader, &broker->arena)) != NULL) {
            put_received(broker, broker->applications, filing->id, &reader, MDB_APPEND);
            broker->open[filing->id] = FLOOR_WORKERS;
            note(broker, filing, BENCH__FILING__STAGE__ACCEPTED);
            taken++;
        }
    }
}

/* It is on disk: now it may be said. */
static void tell(struct broker *broker, Bench__Filing *filing)
{
    for (size_t i = 0; i < broker->fact_count; i++) {
        const struct fact *fact = &broker->facts[i];

        filing->id = fact->id;
        filing->submitted_ns = fact->submitted_ns;
        filing->stage = fact->stage;
        filing->department = 0;
        floor_out_add(&broker->client, filing);
        for (uint32_t d = 0; fact->stage == BENCH__FILING__STAGE__ACCEPTED && d < FLOOR_WORKERS;
             d++) {
            filing->department = d;
            floor_out_add(&broker->workers[d], filing);
        }
    }
    broker->fact_count = 0;
    floor_out_send(&broker->client);
    for (uint32_t d = 0; d < FLOOR_WORKERS; d++) {
        floor_out_send(&broker->workers[d]);
    }
}

static void serve(struct broker *broker)
{
    zmq_pollitem_t sockets[] = { { .socket = broker->back, .events = ZMQ_POLLIN },
                                 { .socket = broker->front, .events = ZMQ_POLLIN } };
    Bench__Filing filing = floor_sample();

    while (!broker->over) {
        floor_must(zmq_poll(sockets, 2, -1) >= 0, "poll");
        take_answers(broker);
        take_submissions(broker);
        commit(broker);
        tell(broker, &filing);
    }
}

/* --- from the first hello to the last goodbye --------------------------------------------------
 */

/* Listens where nobody else does, and says where. */
static void listen_at(const struct broker *broker, int endpoints_fd)
{
    struct floor_endpoints endpoints = { "tcp://127.0.0.1:*", "tcp://127.0.0.1:*" };
    size_t bytes = sizeof endpoints.front;

    if (!broker->options->tcp) {  // names without files
        (void)snprintf(endpoints.front, bytes, "ipc://@bench-floor-%d-front", (int)getpid());
        (void)snprintf(endpoints.back, bytes, "ipc://@bench-floor-%d-back", (int)getpid());
    }
    floor_check(zmq_bind(broker->front, endpoints.front), "bind");
    floor_check(zmq_bind(broker->back, endpoints.back), "bind");
    if (broker->options->tcp) {
        floor_check(zmq_getsockopt(broker->front, ZMQ_LAST_ENDPOINT, endpoints.front, &bytes),
                    "ZMQ_LAST_ENDPOINT");
        bytes = sizeof endpoints.back;
        floor_check(zmq_getsockopt(broker->back, ZMQ_LAST_ENDPOINT, endpoints.back, &bytes),
                    "ZMQ_LAST_ENDPOINT");
    }
    floor_must(write(endpoints_fd, &endpoints, sizeof endpoints) == sizeof endpoints, "write");
}

/* Learns the peers from their hellos, then lets the client begin. */
static void greet(struct broker *broker)
{
    struct floor_peer peer;

    for (uint32_t d = 0; d < FLOOR_WORKERS; d++) {
        struct floor_reader reader;
        Bench__Filing *hello;

        (void)floor_receive(broker->back, &peer, &broker->message, 0);
        reader = floor_read(&broker->message);
        hello = floor_next(&reader, &broker->arena);
        floor_must(hello != NULL && hello->department < FLOOR_WORKERS, "read a hello");
        broker->workers[hello->department] = floor_out_new(broker->back, &peer);
    }
    (void)floor_receive(broker->front, &peer, &broker->message, 0);
    broker->client = floor_out_new(broker->front, &peer);
    floor_out_signal(&broker->client);
}

/* What this process has written: the store, for sockets are not counted. */
static uint64_t bytes_written(void)
{
    char line[128];
    unsigned long long bytes = 0;
    FILE *file = fopen("/proc/self/io", "re");

    floor_must(file != NULL, "open /proc/self/io");
    while (fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "wchar: %llu", &bytes);
    }
    (void)fclose(file);
    return bytes;
}

static void close_all(struct broker *broker, void *context)
{
    for (uint32_t d = 0; d < FLOOR_WORKERS; d++) {
        floor_out_signal(&broker->workers[d]);
        free(broker->workers[d].frame);
    }
    free(broker->client.frame);
    (void)zmq_msg_close(&broker->message);
    (void)zmq_close(broker->front);
    (void)zmq_close(broker->back);
    (void)zmq_ctx_term(context);
    mdb_env_close(broker->env);
    bl_arena_free(&broker->arena);
    free(broker->facts);
    free(broker->open);
}

void floor_broker(const struct floor_options *options, int endpoints_fd,
                  struct floor_results *results)
{
    void *context = zmq_ctx_new();
    struct broker broker = { .options = options };
    uint64_t before;

    store_open(&broker);
    broker.open = calloc(options->applications, 1);
    floor_must(broker.open != NULL, "take memory");
    bl_arena_init(&broker.arena, 4096, 65536);
    (void)zmq_msg_init(&broker.message);
    broker.front = floor_socket(context, ZMQ_ROUTER);
    broker.back = floor_socket(context, ZMQ_ROUTER);
    listen_at(&broker, endpoints_fd);
    greet(&broker);

    before = bytes_written();
    serve(&broker);
    results->commits = broker.commits;
    results->bytes_written = bytes_written() - before;
    close_all(&broker, context);
}
