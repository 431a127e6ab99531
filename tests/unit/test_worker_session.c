/* A worker's session against a broker that is written down here in a few lines, over a network that
 * may lose, repeat and delay whole frames, and with a broker that restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/chance.h"
#include "sdk/worker_session.h"
#include "wire/attempt.h"

#define START (1000 * SECOND_US)
#define PACKETS_MAX 512
#define TASKS_MAX 400
#define CREDIT 5

/* --- a network --- */

struct packet {
    bl_span at;  // when it arrives
    bool to_broker;
    uint32_t dial;  // the connection it belongs to; it dies with it
    bool front;     // to or from the address that the worker was given
    uint8_t *bytes;
    size_t count;
};

/* A task on the broker's disk, and its lease in the broker's memory. */
struct row {
    uint64_t attempt;  // 0: nobody has it
    uint32_t decided;  // how often it was: never more than once
    uint64_t event;
};

struct hall {
    struct worker_session *session;
    bl_span now;
    uint64_t random;
    uint32_t loss, repeat;  // of 100 frames
    bl_span delay_max;
    struct wire_frame frame;
    struct packet packets[PACKETS_MAX];
    size_t packet_count;
    uint32_t dial;
    /* The broker: */
    struct row rows[TASKS_MAX];
    size_t row_count;
    bool knows_us, draining;
    bl_span heard_at;
    uint64_t start, counter, newest;
    uint32_t credit, held, credit_passed, hellos, given_back, largest_frame;
    const char *refuse_hello, *refuse_decision;
    bool mute;
    /* The caller: */
    uint32_t settled_count, done, unknown, stale, revoked, connected, lost, refused;
    uint8_t settled[TASKS_MAX];
    char last_attempt[ATTEMPT_TEXT_BYTES];
    char revoked_attempt[ATTEMPT_TEXT_BYTES];
};

static void post(struct hall *hall, bool to_broker, bool front, const uint8_t *bytes, size_t count)
{
    uint32_t copies = chance_next(&hall->random) % 100 < hall->repeat ? 2 : 1;

    if (chance_next(&hall->random) % 100 < hall->loss) {
        return;
    }
    for (uint32_t i = 0; i < copies && hall->packet_count < PACKETS_MAX; i++) {
        uint64_t delay = chance_next(&hall->random) % (uint64_t)(hall->delay_max + 1);
        struct packet *packet = &hall->packets[hall->packet_count++];
        *packet = (struct packet){ hall->now + (bl_span)delay, to_broker, hall->dial, front,
                                   malloc(count + 1),          count };
        memcpy(packet->bytes, bytes, count);
    }
}

static void reply(struct hall *hall, bool front, const ProtobufCMessage *frame)
{
    size_t count = protobuf_c_message_get_packed_size(frame);
    uint8_t *bytes = malloc(count + 1);

    (void)protobuf_c_message_pack(frame, bytes);
    post(hall, false, front, bytes, count);
    free(bytes);
}

/* --- a broker --- */

static struct row *row_of_attempt(struct hall *hall, const char *text)
{
    uint64_t attempt;

    for (size_t i = 0; attempt_parse(text, &attempt) && i < hall->row_count; i++) {
        if (hall->rows[i].attempt == attempt && attempt != 0) {
            return &hall->rows[i];
        }
    }
    return NULL;
}

static uint64_t lease(struct hall *hall, struct row *row)
{
    row->attempt = hall->start << 32 | ++hall->counter;
    hall->held++;
    return row->attempt;
}

static void release(struct hall *hall, struct row *row)
{
    row->attempt = 0;
    hall->held--;
}

static void task_message(Bl__Task *task, size_t number, const char *attempt, char *name)
{
    bl__task__init(task);
    (void)snprintf(name, 32, "N-%zu.check", number);
    task->task = name;
    task->attempt = attempt;
    task->application = "N";
    task->item = "check";
}

/* Hands out what is open, up to the credit. */
static void broker_dispatch(struct hall *hall)
{
    Bl__TaskFrame frame = BL__TASK_FRAME__INIT;
    Bl__Task tasks[CREDIT], *task_at[CREDIT];
    char names[CREDIT][32], attempts[CREDIT][ATTEMPT_TEXT_BYTES];

    frame.tasks = task_at;
    for (size_t i = 0; i < hall->row_count && hall->knows_us && !hall->draining; i++) {
        struct row *row = &hall->rows[i];
        if (row->decided > 0 || row->attempt != 0 || hall->held >= hall->credit) {
            continue;
        }
        size_t n = frame.n_tasks++;
        task_message(&tasks[n], i, attempt_format(lease(hall, row), attempts[n]), names[n]);
        task_at[n] = &tasks[n];
    }
    if (frame.n_tasks > 0) {
        reply(hall, false, &frame.base);
    }
}

static void broker_disconnect(struct hall *hall, bool front, const char *code)
{
    Bl__Disconnect disconnect = BL__DISCONNECT__INIT;
    Bl__BrokerFrame client = BL__BROKER_FRAME__INIT;
    Bl__TaskFrame worker = BL__TASK_FRAME__INIT;

    disconnect.code = code;
    client.disconnect = worker.disconnect = &disconnect;
    reply(hall, front, front ? &client.base : &worker.base);
}

static void broker_forget_worker(struct hall *hall)
{
    for (size_t i = 0; i < hall->row_count; i++) {
        hall->rows[i].attempt = 0;
    }
    hall->held = 0;
    hall->knows_us = false;
}

/* What a worker still has goes on under a new attempt, if it is not decided. */
static void broker_regrant(struct hall *hall, const Bl__Hello *hello, Bl__Welcome *welcome,
                           Bl__Granted *granted, Bl__Granted **granted_at,
                           char (*attempts)[ATTEMPT_TEXT_BYTES])
{
    welcome->granted = granted_at;
    for (size_t i = 0; i < hello->n_held; i++) {
        size_t number;
        assert_int_equal(sscanf(hello->held[i]->task, "N-%zu.check", &number), 1);
        struct row *row = &hall->rows[number];
        if (row->decided > 0 || row->attempt != 0) {
            continue;
        }
        size_t n = welcome->n_granted++;
        bl__granted__init(&granted[n]);
        granted[n].attempt = hello->held[i]->attempt;
        granted[n].now = attempt_format(lease(hall, row), attempts[n]);
        granted_at[n] = &granted[n];
    }
}

static void broker_hello(struct hall *hall, const Bl__Hello *hello)
{
    Bl__TaskFrame frame = BL__TASK_FRAME__INIT;
    Bl__Welcome welcome = BL__WELCOME__INIT;
    Bl__Granted granted[2 * CREDIT], *granted_at[2 * CREDIT];
    char attempts[2 * CREDIT][ATTEMPT_TEXT_BYTES];

    hall->hellos++;
    if (hall->refuse_hello != NULL) {
        broker_disconnect(hall, false, hall->refuse_hello);
        return;
    }
    assert_string_equal(hello->department, "fire");
    assert_int_equal(hello->credit, CREDIT);
    broker_forget_worker(hall);
    hall->knows_us = true;
    hall->draining = false;
    hall->credit = hello->credit;
    welcome.heartbeat_ms = 1000;
    broker_regrant(hall, hello, &welcome, granted, granted_at, attempts);
    frame.welcome = &welcome;
    reply(hall, false, &frame.base);
}

static void broker_decision(struct hall *hall, const Bl__Decision *decision)
{
    Bl__TaskFrame frame = BL__TASK_FRAME__INIT;
    Bl__Acknowledgement ack = BL__ACKNOWLEDGEMENT__INIT, *acks[] = { &ack };
    Bl__Refusal refusal = BL__REFUSAL__INIT;
    struct row *row = row_of_attempt(hall, decision->attempt);

    ack.attempt = decision->attempt;
    if (row == NULL) {
        refusal.code = "stale";
        ack.refusal = &refusal;
    } else if (hall->refuse_decision != NULL) {
        refusal.code = hall->refuse_decision;
        refusal.retry_after_ms = 100;
        ack.refusal = &refusal;
    } else {
        row->decided++;
        row->event = ++hall->newest;
        release(hall, row);
        ack.event = row->event;
    }
    frame.acknowledgements = acks;
    frame.n_acknowledgements = 1;
    reply(hall, false, &frame.base);
}

static void broker_hear(struct hall *hall, const Bl__WorkerFrame *frame)
{
    Bl__TaskFrame pong = BL__TASK_FRAME__INIT;

    hall->heard_at = hall->now;
    if (frame->hello != NULL) {
        broker_hello(hall, frame->hello);
        return;
    }
    if (!hall->knows_us) {
        broker_disconnect(hall, false, "unavailable");
        return;
    }
    if (frame->n_decisions > hall->largest_frame) {
        hall->largest_frame = (uint32_t)frame->n_decisions;
    }
    for (size_t i = 0; i < frame->n_decisions; i++) {
        broker_decision(hall, frame->decisions[i]);
    }
    for (size_t i = 0; i < frame->n_given_back; i++) {
        struct row *row = row_of_attempt(hall, frame->given_back[i]);
        if (row != NULL) {
            release(hall, row);
        }
        hall->given_back++;
    }
    hall->draining = hall->draining || frame->goodbye;
    if (frame->ping) {
        pong.pong = true;
        reply(hall, false, &pong.base);
    }
}

static void broker_welcome_front(struct hall *hall)
{
    Bl__BrokerFrame frame = BL__BROKER_FRAME__INIT;
    Bl__Welcome welcome = BL__WELCOME__INIT;

    welcome.workers = "tcp://*:7702";
    frame.welcome = &welcome;
    reply(hall, true, &frame.base);
}

static void broker_revoke(struct hall *hall, size_t number)
{
    Bl__TaskFrame frame = BL__TASK_FRAME__INIT;
    char attempt[ATTEMPT_TEXT_BYTES];
    const char *revoked[] = { attempt_format(hall->rows[number].attempt, attempt) };

    release(hall, &hall->rows[number]);
    hall->rows[number].decided = 1;  // somebody else's decision
    frame.revoked = revoked;
    frame.n_revoked = 1;
    reply(hall, false, &frame.base);
}

static void broker_restart(struct hall *hall)
{
    broker_forget_worker(hall);
    hall->start++;
    hall->counter = 0;
}

/* --- time --- */

static void deliver_to_broker(struct hall *hall, const struct packet *packet)
{
    if (packet->front) {
        broker_welcome_front(hall);
        return;
    }
    Bl__WorkerFrame *frame = bl__worker_frame__unpack(NULL, packet->count, packet->bytes);
    assert_non_null(frame);
    broker_hear(hall, frame);
    bl__worker_frame__free_unpacked(frame, NULL);
}

static void deliver_to_worker(struct hall *hall, const struct packet *packet)
{
    if (packet->front) {
        Bl__BrokerFrame *frame = bl__broker_frame__unpack(NULL, packet->count, packet->bytes);
        assert_non_null(frame);
        worker_session_hear_front(hall->session, frame, hall->now);
        bl__broker_frame__free_unpacked(frame, NULL);
    } else {
        Bl__TaskFrame *frame = bl__task_frame__unpack(NULL, packet->count, packet->bytes);
        assert_non_null(frame);
        worker_session_hear(hall->session, frame, hall->now);
        bl__task_frame__free_unpacked(frame, NULL);
    }
}

static void deliver_due(struct hall *hall)
{
    for (size_t i = 0; i < hall->packet_count;) {
        if (hall->packets[i].at > hall->now) {
            i++;
            continue;
        }
        struct packet packet = hall->packets[i];
        hall->packets[i] = hall->packets[--hall->packet_count];
        if (packet.dial == hall->dial && packet.to_broker && !hall->mute) {
            deliver_to_broker(hall, &packet);
        } else if (packet.dial == hall->dial && !packet.to_broker) {
            deliver_to_worker(hall, &packet);
        }
        free(packet.bytes);
    }
}

static void turn(struct hall *hall)
{
    struct link *link = worker_session_link(hall->session);

    deliver_due(hall);
    if (hall->knows_us && hall->now - hall->heard_at > 3 * SECOND_US) {
        broker_forget_worker(hall);
    }
    broker_dispatch(hall);
    worker_session_tick(hall->session, hall->now);
    if (link_must_dial(link, hall->now)) {
        hall->dial++;
        link_dialled(link, hall->now);
    }
    bool front = worker_session_endpoint(hall->session) == NULL;
    while (worker_session_say(hall->session, &hall->frame, hall->now)) {
        post(hall, true, front, hall->frame.bytes, hall->frame.used);
        wire_frame_clear(&hall->frame);
    }
    worker_session_check(hall->session);
    assert_true(worker_session_held(hall->session) <= 2 * CREDIT + 1);
}

static void pass(struct hall *hall, bl_span span)
{
    for (bl_span end = hall->now + span; hall->now < end; hall->now += 10 * MILLISECOND_US) {
        turn(hall);
    }
}

/* --- a caller --- */

static void settled(void *context, const struct bl_worker_settled *settled)
{
    struct hall *hall = context;

    hall->settled_count++;
    hall->settled[settled->tag]++;
    hall->done += settled->code == BL_OK;
    hall->unknown += settled->code == BL_TIMEOUT;
    hall->stale += settled->code == BL_STALE;
    bl_text_copy(hall->last_attempt, sizeof hall->last_attempt, settled->attempt);
    if (settled->code == BL_OK) {
        assert_true(settled->event > 0);
    }
}

static void revoked(void *context, const Bl__Task *task)
{
    struct hall *hall = context;

    hall->revoked++;
    bl_text_copy(hall->revoked_attempt, sizeof hall->revoked_attempt, task->attempt);
}

static void notice(void *context, enum bl_worker_notice notice, const char *text)
{
    struct hall *hall = context;

    assert_non_null(text);
    hall->connected += notice == BL_WORKER_CONNECTED;
    hall->lost += notice == BL_WORKER_LOST;
    hall->refused += notice == BL_WORKER_REFUSED;
}

static int open_hall(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);
    const struct bl_worker_options options = {
        .department = "fire",
        .concurrency = CREDIT,
        .program = "test",
        .settled = settled,
        .revoked = revoked,
        .notice = notice,
        .context = hall,
    };

    hall->now = START;
    hall->random = 42;
    hall->start = 1;
    hall->session = worker_session_new(&options, 7, START);
    *state = hall;
    return 0;
}

static int close_hall(void **state)
{
    struct hall *hall = *state;

    for (size_t i = 0; i < hall->packet_count; i++) {
        free(hall->packets[i].bytes);
    }
    worker_session_free(&hall->session);
    assert_null(hall->session);
    wire_frame_free(&hall->frame);
    free(hall);
    return 0;
}

static size_t number_of(const Bl__Task *task)
{
    size_t number;

    assert_int_equal(sscanf(task->task, "N-%zu.check", &number), 1);
    return number;
}

static enum bl_err approve(struct hall *hall, const Bl__Task *task)
{
    Bl__Decision decision = BL__DECISION__INIT;

    decision.decision = BL__DECISION__VERDICT__APPROVE;
    return worker_session_decide(hall->session, task->attempt, &decision, number_of(task), NULL);
}

static const Bl__Task *take(struct hall *hall)
{
    const Bl__Task *task = worker_session_take(hall->session);

    assert_non_null(task);
    return task;
}

static void finds_its_socket_and_gets_work(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 3;
    pass(hall, SECOND_US);
    assert_int_equal(hall->dial, 2);
    assert_string_equal(worker_session_endpoint(hall->session), "tcp://*:7702");
    assert_int_equal(hall->connected, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(approve(hall, take(hall)), BL_OK);
    }
    pass(hall, SECOND_US);
    assert_int_equal(hall->done, 3);
    assert_int_equal(hall->largest_frame, 3);
    assert_int_equal(worker_session_held(hall->session), 0);
}

static void never_more_than_its_credit(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 20;
    pass(hall, SECOND_US);
    assert_int_equal(worker_session_held(hall->session), CREDIT);
}

static void keeps_a_decision_until_it_is_on_disk(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 1;
    pass(hall, SECOND_US);
    hall->loss = 100;
    assert_int_equal(approve(hall, take(hall)), BL_OK);
    turn(hall);
    hall->loss = 0;
    assert_int_equal(hall->rows[0].decided, 0);
    pass(hall, WORKER_RESEND_AFTER + SECOND_US);
    assert_int_equal(hall->done, 1);
    assert_int_equal(hall->rows[0].decided, 1);
}

static void lost_acknowledgement_leaves_it_unknown(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 1;
    pass(hall, SECOND_US);
    assert_int_equal(approve(hall, take(hall)), BL_OK);
    turn(hall);
    hall->loss = 100;
    deliver_due(hall);
    hall->loss = 0;
    assert_int_equal(hall->rows[0].decided, 1);
    pass(hall, WORKER_RESEND_AFTER + SECOND_US);
    assert_int_equal(hall->unknown, 1);
    assert_int_equal(hall->rows[0].decided, 1);
}

static void full_disk_is_waited_for(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 1;
    hall->refuse_decision = "full";
    pass(hall, SECOND_US);
    assert_int_equal(approve(hall, take(hall)), BL_OK);
    pass(hall, SECOND_US);
    assert_int_equal(hall->settled_count, 0);
    hall->refuse_decision = NULL;
    pass(hall, SECOND_US);
    assert_int_equal(hall->done, 1);
}

static void what_waits_for_the_connection_wakes_nobody(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 1;
    hall->refuse_decision = "full";  // so that the decision is to be sent a little later
    pass(hall, SECOND_US);
    assert_int_equal(approve(hall, take(hall)), BL_OK);
    struct link *link = worker_session_link(hall->session);
    while (worker_session_wake_at(hall->session) == link_wake_at(link)) {
        pass(hall, 10 * MILLISECOND_US);  // until the refusal is heard
    }
    worker_session_lose(hall->session, hall->now);
    link->wake_at = hall->now + 10 * SECOND_US;
    assert_int_equal(worker_session_wake_at(hall->session), link->wake_at);
}

static void refusal_settles_it(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 1;
    hall->refuse_decision = "invalid";
    pass(hall, SECOND_US);
    assert_int_equal(approve(hall, take(hall)), BL_OK);
    pass(hall, SECOND_US);
    assert_int_equal(hall->settled_count, 1);
    assert_int_equal(hall->done, 0);
}

static void goes_on_after_a_restart(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 3;
    pass(hall, SECOND_US);
    const Bl__Task *first = take(hall);
    const Bl__Task *second = take(hall);
    broker_restart(hall);
    assert_int_equal(approve(hall, first), BL_OK);
    pass(hall, 2 * SECOND_US);
    assert_int_equal(hall->done, 1);
    assert_memory_equal(hall->last_attempt, "2-", 2);
    assert_int_equal(approve(hall, second), BL_OK);
    assert_int_equal(approve(hall, take(hall)), BL_OK);
    pass(hall, 2 * SECOND_US);
    assert_int_equal(hall->done, 3);
    assert_int_equal(hall->revoked, 0);
    assert_int_equal(hall->connected, 2);
}

static void what_others_decided_meanwhile_is_over(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 2;
    pass(hall, SECOND_US);
    const Bl__Task *taken = take(hall);
    size_t number = number_of(taken);
    broker_restart(hall);
    hall->rows[0].decided = hall->rows[1].decided = 1;
    pass(hall, 2 * SECOND_US);
    assert_int_equal(hall->revoked, 1);
    assert_null(worker_session_take(hall->session));
    assert_int_equal(approve(hall, taken), BL_STALE);
    assert_int_equal(worker_session_held(hall->session), 0);
    assert_int_equal(hall->rows[number].decided, 1);
}

static void revoked_task_is_dropped(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 2;
    pass(hall, SECOND_US);
    const Bl__Task *taken = take(hall);
    broker_revoke(hall, number_of(taken));
    broker_revoke(hall, 1 - number_of(taken));
    pass(hall, SECOND_US);
    assert_int_equal(hall->revoked, 1);
    assert_string_equal(hall->revoked_attempt, taken->attempt);
    assert_null(worker_session_take(hall->session));
    worker_session_give_back(hall->session, taken->attempt);
    assert_int_equal(worker_session_held(hall->session), 0);
}

static void given_back_goes_to_others(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 1;
    pass(hall, SECOND_US);
    worker_session_give_back(hall->session, take(hall)->attempt);
    turn(hall);
    hall->now += MILLISECOND_US;
    deliver_due(hall);
    assert_int_equal(hall->given_back, 1);
    assert_int_equal(hall->held, 0);
}

static void stops_after_what_it_has_begun(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 4;
    pass(hall, SECOND_US);
    const Bl__Task *taken = take(hall);
    worker_session_stop(hall->session);
    pass(hall, SECOND_US);
    assert_true(hall->draining);
    assert_int_equal(hall->given_back, 3);
    assert_false(worker_session_is_done(hall->session));
    assert_int_equal(approve(hall, taken), BL_OK);
    pass(hall, SECOND_US);
    assert_int_equal(hall->done, 1);
    assert_true(worker_session_is_done(hall->session));
}

static void abandons_what_it_cannot_finish(void **state)
{
    struct hall *hall = *state;

    hall->row_count = 2;
    pass(hall, SECOND_US);
    (void)take(hall);
    worker_session_stop(hall->session);
    worker_session_abandon(hall->session);
    pass(hall, SECOND_US);
    assert_int_equal(hall->given_back, 2);
    assert_true(worker_session_is_done(hall->session));
}

static void refused_worker_asks_again(void **state)
{
    struct hall *hall = *state;

    hall->refuse_hello = "denied";
    pass(hall, 20 * SECOND_US);
    assert_true(hall->refused >= 3);
    assert_int_equal(hall->connected, 0);
    hall->refuse_hello = NULL;
    pass(hall, 20 * SECOND_US);
    assert_int_equal(hall->connected, 1);
}

static void heartbeats_keep_it_up(void **state)
{
    struct hall *hall = *state;

    pass(hall, 60 * SECOND_US);
    assert_int_equal(hall->connected, 1);
    assert_int_equal(hall->lost, 0);
}

static void silence_is_noticed(void **state)
{
    struct hall *hall = *state;

    pass(hall, SECOND_US);
    hall->mute = true;
    pass(hall, 4 * SECOND_US);
    assert_int_equal(hall->lost, 1);
    hall->mute = false;
    pass(hall, 20 * SECOND_US);
    assert_int_equal(hall->connected, 2);
}

static void incomplete_decisions_are_refused(void **state)
{
    struct hall *hall = *state;
    Bl__Decision decision = BL__DECISION__INIT;

    hall->row_count = 1;
    pass(hall, SECOND_US);
    const char *attempt = take(hall)->attempt;
    assert_int_equal(worker_session_decide(hall->session, attempt, &decision, 0, NULL), BL_INVALID);
    decision.decision = BL__DECISION__VERDICT__REJECT;
    assert_int_equal(worker_session_decide(hall->session, attempt, &decision, 0, NULL), BL_INVALID);
    decision.reason = "the law";
    assert_int_equal(worker_session_decide(hall->session, attempt, &decision, 0, NULL), BL_OK);
    assert_int_equal(worker_session_decide(hall->session, attempt, &decision, 0, NULL), BL_STALE);
    assert_int_equal(worker_session_decide(hall->session, "nonsense", &decision, 0, NULL),
                     BL_STALE);
}

static void an_act_needs_no_verdict(void **state)
{
    struct hall *hall = *state;
    Bl__Decision decision = BL__DECISION__INIT;
    Bl__Command act = BL__COMMAND__INIT;

    hall->row_count = 1;
    pass(hall, SECOND_US);
    const char *attempt = take(hall)->attempt;
    decision.act = &act;
    assert_int_equal(worker_session_decide(hall->session, attempt, &decision, 0, NULL), BL_OK);
    assert_int_equal(worker_session_decide(hall->session, attempt, &decision, 0, NULL), BL_STALE);
}

/* --- any network --- */

struct weather {
    const char *name;
    uint64_t seed;
    uint32_t loss, repeat, restarts;  // restarts: of 1000 turns
    bl_span delay_max;
};

// clang-format off
static const struct weather weathers[] = {
    { "calm",                        1,  0,  0, 0, 0 },
    { "late and out of order",       2,  0,  0, 0, 400 * MILLISECOND_US },
    { "repeated",                    3,  0, 60, 0, 100 * MILLISECOND_US },
    { "a broker that restarts",      4,  0,  0, 5, 50 * MILLISECOND_US },
    { "lost decisions",              5, 10,  0, 5, 20 * MILLISECOND_US },
    { "all at once",                 6, 10, 30, 5, 200 * MILLISECOND_US },
    { "all at once, another seed",   7, 10, 30, 5, 200 * MILLISECOND_US },
};
// clang-format on

/* The caller of one turn: takes, and decides some of what it has. */
static void work(struct hall *hall, const Bl__Task **taken)
{
    for (size_t i = 0; i < 2 * CREDIT; i++) {
        if (taken[i] == NULL) {
            taken[i] = worker_session_take(hall->session);
        }
        if (taken[i] != NULL && chance_next(&hall->random) % 10 == 0) {
            (void)approve(hall, taken[i]);
            taken[i] = NULL;
        }
    }
}

/* A lost frame of tasks leaves them leased to a worker who has never heard of them. A real
 * connection loses frames only by ending; where frames are lost here, the broker restarts now and
 * then. */
static void each_task_is_decided_once(void **state)
{
    const struct weather *weather = *state;
    const Bl__Task *taken[2 * CREDIT] = { NULL };
    uint32_t decided = 0, turns = 0;
    void *made = NULL;

    (void)open_hall(&made);
    struct hall *hall = made;
    hall->random = weather->seed;
    hall->loss = weather->loss;
    hall->repeat = weather->repeat;
    hall->delay_max = weather->delay_max;
    hall->row_count = TASKS_MAX;
    while (decided < TASKS_MAX && turns++ < 100000) {
        work(hall, taken);
        pass(hall, 10 * MILLISECOND_US);
        if (chance_next(&hall->random) % 1000 < weather->restarts) {
            broker_restart(hall);
        }
        decided = 0;
        for (size_t i = 0; i < TASKS_MAX; i++) {
            assert_in_range(hall->rows[i].decided, 0, 1);
            decided += hall->rows[i].decided;
        }
    }
    hall->loss = 0;
    pass(hall, 30 * SECOND_US);
    assert_int_equal(decided, TASKS_MAX);
    // Of a decision that arrived twice the refusal of the second may be heard first.
    uint32_t unsure = hall->unknown + (weather->repeat > 0 ? hall->stale : 0);
    assert_in_range(hall->done, decided - unsure, decided);
    if (weather->restarts == 0 && weather->loss == 0 && weather->repeat == 0) {
        assert_int_equal(hall->done, TASKS_MAX);
    }
    (void)close_hall(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, open_hall, close_hall)
        T(finds_its_socket_and_gets_work),
        T(never_more_than_its_credit),
        T(keeps_a_decision_until_it_is_on_disk),
        T(lost_acknowledgement_leaves_it_unknown),
        T(full_disk_is_waited_for),
        T(what_waits_for_the_connection_wakes_nobody),
        T(refusal_settles_it),
        T(goes_on_after_a_restart),
        T(what_others_decided_meanwhile_is_over),
        T(revoked_task_is_dropped),
        T(given_back_goes_to_others),
        T(stops_after_what_it_has_begun),
        T(abandons_what_it_cannot_finish),
        T(refused_worker_asks_again),
        T(heartbeats_keep_it_up),
        T(silence_is_noticed),
        T(incomplete_decisions_are_refused),
        T(an_act_needs_no_verdict),
#undef T
    };
    struct CMUnitTest rows[BL_COUNT(weathers)];

    for (size_t i = 0; i < BL_COUNT(weathers); i++) {
        rows[i] = (struct CMUnitTest){ .name = weathers[i].name,
                                       .test_func = each_task_is_decided_once,
                                       .initial_state = (void *)&weathers[i] };
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("any network", rows, NULL, NULL);
}
