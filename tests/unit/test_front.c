/* The front with real sockets: what one peer sends that is refused costs nobody else anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

#include "broker/front.h"
#include "hall_fixture.h"
#include "store/query.h"
#include "wire/frame.h"

/* 2026-11-23 09:00 in the hall, a Monday. */
#define MONDAY_NINE INT64_C(1795395600000000)
#define ANSWER_MS 20000  // a sanitizer on a busy machine

struct served {
    struct hall hall;
    struct desk desk;
    struct query_context queries;
    struct keyring *keyring;
    struct committer *committer;
    struct front *front;
    void *zmq;
    int signals[2];  // a pipe in place of a signalfd
    pthread_t thread;
    void *peers[2];  // closed at the end, whatever failed
    size_t peer_count;
};

static void *serve(void *front)
{
    front_run(front);
    return NULL;
}

static int setup(void **state)
{
    struct served *served = calloc(1, sizeof *served);
    struct bl_error e = { 0 };

    assert_non_null(served);
    hall_open(&served->hall, MONDAY_NINE);
    desk_open(&served->desk, served->hall.store, served->hall.catalog);
    served->queries =
        (struct query_context){ served->hall.store, served->hall.catalog, MONDAY_NINE };
    served->keyring = keyring_new();
    served->zmq = zmq_ctx_new();
    assert_int_equal(pipe2(served->signals, O_NONBLOCK | O_CLOEXEC), 0);
    struct front_config config = {
        .zmq = served->zmq,
        .listen = "tcp://127.0.0.1:*",
        .workers = "",
        .publish = "",
        .workers_before = "",
        .publish_before = "",
        .start = 1,
        .next_timer = BL_NEVER,
        .keyring = served->keyring,
        .desk = &served->desk,
        .query = query_answer,
        .query_context = &served->queries,
        .signals = served->signals[0],
    };
    assert_int_equal(committer_start(served->hall.cycle, &config.clock, &served->committer, &e),
                     BL_OK);
    config.committer = served->committer;
    assert_int_equal(front_open(&config, &served->front, &e), BL_OK);
    assert_int_equal(pthread_create(&served->thread, NULL, serve, served->front), 0);
    *state = served;
    return 0;
}

static int teardown(void **state)
{
    struct served *served = *state;
    struct signalfd_siginfo stop = { .ssi_signo = SIGTERM };

    assert_int_equal(write(served->signals[1], &stop, sizeof stop), sizeof stop);
    (void)close(served->signals[1]);
    assert_int_equal(pthread_join(served->thread, NULL), 0);
    front_close(&served->front);
    committer_stop(&served->committer);
    while (served->peer_count > 0) {
        (void)zmq_close(served->peers[--served->peer_count]);
    }
    (void)zmq_ctx_term(served->zmq);
    (void)close(served->signals[0]);
    desk_close(&served->desk);
    keyring_free(&served->keyring);
    hall_close(&served->hall);
    free(served);
    return 0;
}

/* --- a client --------------------------------------------------------------------------------- */

static void send_frame(void *socket, const struct wire_frame *frame)
{
    assert_int_equal(zmq_send(socket, frame->bytes, frame->used, 0), frame->used);
}

/* The next frame in the arena. */
static Bl__BrokerFrame *receive(void *socket, struct bl_arena *arena)
{
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };
    zmq_msg_t body;

    (void)zmq_msg_init(&body);
    assert_true(zmq_msg_recv(&body, socket, 0) >= 0);
    struct bl_text bytes = { zmq_msg_data(&body), zmq_msg_size(&body) };
    bl_arena_reset(arena);
    assert_int_equal(wire_unpack(&bl__broker_frame__descriptor, bytes, arena, &message, &e), BL_OK);
    (void)zmq_msg_close(&body);
    return (Bl__BrokerFrame *)message;
}

static void *dial(struct served *served, const char *who, struct bl_arena *arena)
{
    Bl__Hello hello = BL__HELLO__INIT;
    struct wire_frame frame = { 0 };
    int wait_ms = ANSWER_MS, linger = 0;
    void *socket = zmq_socket(served->zmq, ZMQ_DEALER);

    assert_non_null(socket);
    assert_true(served->peer_count < BL_COUNT(served->peers));
    served->peers[served->peer_count++] = socket;
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    assert_int_equal(zmq_connect(socket, front_listen(served->front)), 0);
    hello.protocol_min = hello.protocol_max = WIRE_PROTOCOL;
    hello.principal = who;
    assert_true(wire_frame_add(&frame, WIRE_CLIENT_HELLO, &hello.base));
    send_frame(socket, &frame);
    wire_frame_free(&frame);
    assert_non_null(receive(socket, arena)->welcome);
    return socket;
}

/* A clerk asks for a workflow that is not there: whoever serves says so. */
static void assert_serves(struct served *served, struct bl_arena *arena)
{
    void *clerk = dial(served, "clerk/anna", arena);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Submit submit = BL__SUBMIT__INIT;
    struct wire_frame frame = { 0 };

    submit.workflow = "none";
    command.request_id = "r-1";
    command.what_case = BL__COMMAND__WHAT_SUBMIT;
    command.submit = &submit;
    assert_true(wire_frame_add(&frame, WIRE_CLIENT_COMMANDS, &command.base));
    send_frame(clerk, &frame);
    wire_frame_free(&frame);
    const Bl__BrokerFrame *reply = receive(clerk, arena);
    assert_int_equal(reply->n_answers, 1);
    assert_string_equal(reply->answers[0]->refusal->rule, "workflow-unknown");
}

/* --- what happens ----------------------------------------------------------------------------- */

/* More bytes than a batch holds, none of which makes a command. */
static void test_refused_commands_fill_no_batch(void **state)
{
    static uint8_t source[1000000];
    struct served *served = *state;
    struct bl_arena arena AUTO(bl_arena_free) = { 0 };
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Publish publish = BL__PUBLISH__INIT;
    struct wire_frame frame = { 0 };

    bl_arena_init(&arena, 4096, SIZE_MAX);
    void *tracker = dial(served, "tracker/t", &arena);
    publish.source.data = source;
    publish.source.len = sizeof source;
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &publish;
    assert_true(wire_frame_add(&frame, WIRE_CLIENT_COMMANDS, &command.base));
    for (size_t i = 0; i <= BATCH_BYTES_MAX / sizeof source; i++) {
        send_frame(tracker, &frame);
        assert_string_equal(receive(tracker, &arena)->answers[0]->refusal->code, "denied");
    }
    wire_frame_free(&frame);
    assert_serves(served, &arena);
}

/* As many questions as a frame can hold: those past the bound are told to come later. */
static void test_questions_of_one_frame_are_bounded(void **state)
{
    struct served *served = *state;
    struct bl_arena arena AUTO(bl_arena_free) = { 0 };
    Bl__Query query = BL__QUERY__INIT;
    Bl__ListPublications publications = BL__LIST_PUBLICATIONS__INIT;
    struct wire_frame frame = { 0 };
    size_t sent = 0, heard = 0, later = 0;

    bl_arena_init(&arena, 4096, SIZE_MAX);
    void *tracker = dial(served, "tracker/t", &arena);
    query.what_case = BL__QUERY__WHAT_PUBLICATIONS;
    query.publications = &publications;
    while (sent < 20000) {
        assert_true(wire_frame_add(&frame, WIRE_CLIENT_QUERIES, &query.base));
        sent++;
    }
    send_frame(tracker, &frame);
    wire_frame_free(&frame);
    while (heard < sent) {
        const Bl__BrokerFrame *reply = receive(tracker, &arena);

        heard += reply->n_query_answers;
        for (size_t i = 0; i < reply->n_query_answers; i++) {
            const Bl__Refusal *refusal = reply->query_answers[i]->refusal;

            later += refusal != NULL && strcmp(refusal->rule, "in-flight") == 0;
        }
    }
    assert_int_equal(later, sent - WIRE_FRAME_QUERIES_MAX);
    assert_serves(served, &arena);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_refused_commands_fill_no_batch),
        T(test_questions_of_one_frame_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
