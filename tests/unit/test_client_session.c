/* A client's session against a broker that is written down here in a few lines, over a network that
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
#include "client/session.h"

#define START (1000 * SECOND_US)
#define EPOCH INT64_C(1790000000000000)
#define PACKETS_MAX 512
#define REQUESTS_MAX 4096

/* --- a network --- */

struct packet {
    bl_span at;  // when it arrives
    bool to_broker;
    uint32_t dial;  // the connection it belongs to; it dies with it
    uint8_t *bytes;
    size_t count;
};

struct request {
    char id[REQUEST_ID_BYTES];
    uint64_t event;
};

struct hall {
    struct client_session *session;
    bl_span now;
    uint64_t random;
    uint32_t loss, repeat;  // of 100 frames
    bl_span delay_max;
    struct wire_frame frame;
    struct packet packets[PACKETS_MAX];
    size_t packet_count;
    uint32_t dial;
    /* The broker: */
    bool knows_us;
    uint32_t in_flight_max;
    struct request requests[REQUESTS_MAX];  // on disk, so they survive its restarts
    size_t request_count;
    uint64_t newest;
    uint64_t hidden;  // events up to this one are not for this client
    uint32_t hellos, commands, largest_frame;
    const char *refuse_hello, *refuse_command;
    bool mute;
    /* What the caller heard: */
    uint32_t ended, done, unknown, unsent, refused;
    uint8_t ends[REQUESTS_MAX];
    uint64_t events[REQUESTS_MAX];
};

static void post(struct hall *hall, bool to_broker, const uint8_t *bytes, size_t count)
{
    uint32_t copies = chance_next(&hall->random) % 100 < hall->repeat ? 2 : 1;

    if (chance_next(&hall->random) % 100 < hall->loss) {
        return;
    }
    for (uint32_t i = 0; i < copies && hall->packet_count < PACKETS_MAX; i++) {
        uint64_t delay = chance_next(&hall->random) % (uint64_t)(hall->delay_max + 1);
        struct packet *packet = &hall->packets[hall->packet_count++];
        *packet = (struct packet){ hall->now + (bl_span)delay, to_broker, hall->dial,
                                   malloc(count + 1), count };
        memcpy(packet->bytes, bytes, count);
    }
}

static void reply(struct hall *hall, const Bl__BrokerFrame *frame)
{
    size_t count = bl__broker_frame__get_packed_size(frame);
    uint8_t *bytes = malloc(count + 1);

    (void)bl__broker_frame__pack(frame, bytes);
    post(hall, false, bytes, count);
    free(bytes);
}

/* --- a broker --- */

static uint64_t broker_do(struct hall *hall, const char *id, bool *repeated)
{
    for (size_t i = 0; i < hall->request_count; i++) {
        if (strcmp(hall->requests[i].id, id) == 0) {
            *repeated = true;
            return hall->requests[i].event;
        }
    }
    assert_true(hall->request_count < REQUESTS_MAX);
    struct request *request = &hall->requests[hall->request_count++];
    bl_text_copy(request->id, sizeof(request->id), id);
    request->event = ++hall->newest;
    *repeated = false;
    return request->event;
}

static void broker_answer(struct hall *hall, const Bl__Command *command)
{
    Bl__BrokerFrame frame = BL__BROKER_FRAME__INIT;
    Bl__Answer answer = BL__ANSWER__INIT, *answers[] = { &answer };
    Bl__Refusal refusal = BL__REFUSAL__INIT;
    bool repeated = false;

    hall->commands++;
    answer.tag = command->tag;
    if (hall->refuse_command != NULL) {
        refusal.code = hall->refuse_command;
        answer.refusal = &refusal;
    } else {
        answer.event = broker_do(hall, command->request_id, &repeated);
        answer.repeated = repeated;
    }
    frame.answers = answers;
    frame.n_answers = 1;
    reply(hall, &frame);
}

static void broker_show(struct hall *hall, const Bl__Query *query)
{
    Bl__BrokerFrame frame = BL__BROKER_FRAME__INIT;
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT, *answers[] = { &answer };
    Bl__Event events[8];
    Bl__EventView views[8], *view_at[8];
    uint64_t seq = query->events->after + 1, end = seq + BL_COUNT(views);
    char next[24];

    answer.tag = query->tag;
    answer.newest_event = hall->newest;
    answer.events = view_at;
    assert_int_equal(query->what_case, BL__QUERY__WHAT_EVENTS);
    // Every third event is one that this client may not see.
    for (; seq <= hall->newest && seq < end; seq++) {
        if (seq % 3 != 0 && seq > hall->hidden) {
            size_t i = answer.n_events++;
            bl__event__init(&events[i]);
            bl__event_view__init(&views[i]);
            events[i].seq = seq;
            views[i].event = &events[i];
            view_at[i] = &views[i];
        }
    }
    if (seq <= hall->newest) {
        (void)snprintf(next, sizeof(next), "%llu", (unsigned long long)seq - 1);
        answer.next = next;
    }
    frame.query_answers = answers;
    frame.n_query_answers = 1;
    reply(hall, &frame);
}

static void broker_disconnect(struct hall *hall, const char *code)
{
    Bl__BrokerFrame frame = BL__BROKER_FRAME__INIT;
    Bl__Disconnect disconnect = BL__DISCONNECT__INIT;

    disconnect.code = code;
    disconnect.reason = "as the test wants it";
    frame.disconnect = &disconnect;
    reply(hall, &frame);
}

static void broker_welcome(struct hall *hall)
{
    Bl__BrokerFrame frame = BL__BROKER_FRAME__INIT;
    Bl__Welcome welcome = BL__WELCOME__INIT;

    hall->hellos++;
    if (hall->refuse_hello != NULL) {
        broker_disconnect(hall, hall->refuse_hello);
        return;
    }
    hall->knows_us = true;
    welcome.heartbeat_ms = 1000;
    welcome.in_flight_max = hall->in_flight_max;
    welcome.newest_event = hall->newest;
    welcome.publish = "tcp://*:7703";
    frame.welcome = &welcome;
    reply(hall, &frame);
}

static void broker_hear(struct hall *hall, const Bl__ClientFrame *frame)
{
    if (frame->hello != NULL) {
        broker_welcome(hall);
        return;
    }
    if (!hall->knows_us) {
        broker_disconnect(hall, "unavailable");
        return;
    }
    if (frame->n_commands > hall->largest_frame) {
        hall->largest_frame = (uint32_t)frame->n_commands;
    }
    for (size_t i = 0; i < frame->n_commands; i++) {
        broker_answer(hall, frame->commands[i]);
    }
    for (size_t i = 0; i < frame->n_queries; i++) {
        broker_show(hall, frame->queries[i]);
    }
    if (frame->ping) {
        Bl__BrokerFrame pong = BL__BROKER_FRAME__INIT;
        pong.pong = true;
        reply(hall, &pong);
    }
}

static void broker_restart(struct hall *hall)
{
    hall->knows_us = false;
}

/* --- time --- */

static void deliver(struct hall *hall, struct packet packet)
{
    if (packet.dial != hall->dial) {
        return;
    }
    if (packet.to_broker && !hall->mute) {
        Bl__ClientFrame *frame = bl__client_frame__unpack(NULL, packet.count, packet.bytes);
        assert_non_null(frame);
        broker_hear(hall, frame);
        bl__client_frame__free_unpacked(frame, NULL);
    } else if (!packet.to_broker) {
        Bl__BrokerFrame *frame = bl__broker_frame__unpack(NULL, packet.count, packet.bytes);
        assert_non_null(frame);
        client_session_hear(hall->session, frame, hall->now);
        bl__broker_frame__free_unpacked(frame, NULL);
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
        deliver(hall, packet);
        free(packet.bytes);
    }
}

static void turn(struct hall *hall)
{
    struct link *link = client_session_link(hall->session);

    deliver_due(hall);
    client_session_tick(hall->session, hall->now);
    if (link_must_dial(link, hall->now)) {
        hall->dial++;
        link_dialled(link, hall->now);
    }
    while (client_session_say(hall->session, &hall->frame, hall->now)) {
        post(hall, true, hall->frame.bytes, hall->frame.used);
        wire_frame_clear(&hall->frame);
    }
    client_session_check(hall->session);
}

static void pass(struct hall *hall, bl_span span)
{
    for (bl_span end = hall->now + span; hall->now < end; hall->now += 10 * MILLISECOND_US) {
        turn(hall);
    }
}

static int open_hall(void **state)
{
    struct hall *hall = calloc(1, sizeof(*hall));
    const struct client_config config = {
        .program = "test", .timeout = 10 * SECOND_US, .epoch = EPOCH, .seed = 7
    };

    hall->now = START;
    hall->random = 42;
    hall->in_flight_max = 100;
    hall->session = client_session_new(&config, START);
    *state = hall;
    return 0;
}

static int close_hall(void **state)
{
    struct hall *hall = *state;

    for (size_t i = 0; i < hall->packet_count; i++) {
        free(hall->packets[i].bytes);
    }
    client_session_free(&hall->session);
    assert_null(hall->session);
    wire_frame_free(&hall->frame);
    free(hall);
    return 0;
}

/* --- a caller --- */

static struct hall *caller;  // of the callbacks: what they get as context is the number of the call

static void answered(void *context, enum bl_err code, const Bl__Answer *answer)
{
    size_t number = (size_t)(uintptr_t)context;

    caller->ended++;
    caller->ends[number]++;
    caller->done += code == BL_OK;
    caller->unknown += code == BL_TIMEOUT;
    caller->unsent += code == BL_CANNOT_CONNECT;
    caller->refused += answer != NULL && answer->refusal != NULL;
    if (code == BL_OK) {
        assert_int_equal(answer->tag, 5000 + number);
        caller->events[number] = answer->event;
    }
}

static void command(struct hall *hall, size_t number)
{
    Bl__Command made = BL__COMMAND__INIT;
    Bl__Retry retry = BL__RETRY__INIT;

    made.tag = 5000 + number;
    made.what_case = BL__COMMAND__WHAT_RETRY;
    made.retry = &retry;
    caller = hall;
    assert_int_equal(client_session_command(hall->session, &made, answered,
                                            (void *)(uintptr_t)number, hall->now, NULL),
                     BL_OK);
}

static void answers_once(void **state)
{
    struct hall *hall = *state;

    command(hall, 1);
    pass(hall, SECOND_US);
    assert_int_equal(hall->done, 1);
    assert_int_equal(hall->events[1], 1);
    assert_int_equal(client_session_open(hall->session), 0);
}

static void many_in_one_frame(void **state)
{
    struct hall *hall = *state;

    pass(hall, SECOND_US);
    for (size_t i = 0; i < 50; i++) {
        command(hall, i);
    }
    pass(hall, SECOND_US);
    assert_int_equal(hall->done, 50);
    assert_int_equal(hall->largest_frame, 50);
    for (size_t i = 1; i < 50; i++) {
        assert_true(strcmp(hall->requests[i - 1].id, hall->requests[i].id) < 0);
    }
}

static void never_more_in_flight_than_welcome(void **state)
{
    struct hall *hall = *state;

    hall->in_flight_max = 10;
    pass(hall, SECOND_US);
    hall->mute = true;
    for (size_t i = 0; i < 50; i++) {
        command(hall, i);
    }
    turn(hall);
    assert_int_equal(hall->packet_count, 1);
    Bl__ClientFrame *frame =
        bl__client_frame__unpack(NULL, hall->packets[0].count, hall->packets[0].bytes);
    assert_int_equal(frame->n_commands, 10);
    bl__client_frame__free_unpacked(frame, NULL);
}

static void lost_answer_is_asked_for_again(void **state)
{
    struct hall *hall = *state;

    pass(hall, SECOND_US);
    command(hall, 1);
    turn(hall);
    hall->loss = 100;
    deliver_due(hall);  // the broker has done it, and nobody hears
    hall->loss = 0;
    assert_int_equal(hall->request_count, 1);
    assert_int_equal(hall->done, 0);
    pass(hall, CLIENT_RESEND_AFTER + SECOND_US);
    assert_int_equal(hall->done, 1);
    assert_int_equal(hall->commands, 2);
    assert_int_equal(hall->request_count, 1);
}

static void goes_on_after_a_restart(void **state)
{
    struct hall *hall = *state;

    pass(hall, SECOND_US);
    broker_restart(hall);
    command(hall, 1);
    pass(hall, SECOND_US);
    assert_int_equal(hall->done, 1);
    assert_int_equal(hall->hellos, 2);
    assert_int_equal(hall->dial, 2);
}

static void silence_is_noticed(void **state)
{
    struct hall *hall = *state;

    pass(hall, SECOND_US);
    hall->mute = true;
    pass(hall, 4 * SECOND_US);
    assert_int_not_equal(client_session_link(hall->session)->state, LINK_UP);
    hall->mute = false;
    pass(hall, 11 * SECOND_US);
    assert_int_equal(client_session_link(hall->session)->state, LINK_UP);
}

static void heartbeats_keep_it_up(void **state)
{
    struct hall *hall = *state;

    pass(hall, 60 * SECOND_US);
    assert_int_equal(hall->dial, 1);
    assert_int_equal(client_session_link(hall->session)->state, LINK_UP);
}

static void gives_up_with_an_unknown_outcome(void **state)
{
    struct hall *hall = *state;

    pass(hall, SECOND_US);
    hall->mute = true;
    command(hall, 1);
    pass(hall, 11 * SECOND_US);
    assert_int_equal(hall->unknown, 1);
    assert_int_equal(hall->ended, 1);
    hall->mute = false;
    pass(hall, 20 * SECOND_US);
    assert_int_equal(hall->ended, 1);
}

static void never_sent_is_known_to_be_undone(void **state)
{
    struct hall *hall = *state;

    hall->mute = true;
    command(hall, 1);
    pass(hall, 11 * SECOND_US);
    assert_int_equal(hall->unsent, 1);
}

static void refused_hello_ends_waiting_calls(void **state)
{
    struct hall *hall = *state;
    const char *reason;

    hall->refuse_hello = "denied";
    command(hall, 1);
    pass(hall, SECOND_US);
    assert_int_equal(hall->ended, 1);
    assert_int_equal(client_session_refusal(hall->session, &reason), BL_DENIED);
    assert_string_equal(reason, "as the test wants it");
}

static void busy_broker_is_waited_for(void **state)
{
    struct hall *hall = *state;

    hall->refuse_hello = "unavailable";
    command(hall, 1);
    pass(hall, 2 * SECOND_US);
    assert_int_equal(hall->ended, 0);
    hall->refuse_hello = NULL;
    pass(hall, 6 * SECOND_US);
    assert_int_equal(hall->done, 1);
}

static void refusal_is_an_answer(void **state)
{
    struct hall *hall = *state;

    hall->refuse_command = "not-found";
    command(hall, 1);
    pass(hall, SECOND_US);
    assert_int_equal(hall->refused, 1);
    assert_int_equal(hall->ended, 1);
    assert_int_equal(hall->done, 0);
}

/* The copy that was refused may not be the first: then nobody knows yet what has become of it. */
static void busy_answer_to_a_second_copy_is_none(void **state)
{
    struct hall *hall = *state;

    pass(hall, SECOND_US);
    hall->mute = true;
    command(hall, 1);
    pass(hall, SECOND_US);
    hall->mute = false;
    hall->refuse_command = "unavailable";
    pass(hall, 5 * SECOND_US);
    assert_int_equal(hall->commands, 1);
    assert_int_equal(hall->ended, 0);
    hall->refuse_command = NULL;
    pass(hall, 5 * SECOND_US);
    assert_int_equal(hall->ended, 1);
    assert_int_equal(hall->unknown, 1);
}

static void too_many_calls_are_refused(void **state)
{
    struct hall *hall = *state;
    Bl__Command made = BL__COMMAND__INIT;

    for (uint32_t i = 0; i < CLIENT_CALLS_MAX; i++) {
        assert_int_equal(client_session_command(hall->session, &made, NULL, NULL, hall->now, NULL),
                         BL_OK);
    }
    assert_int_equal(client_session_command(hall->session, &made, NULL, NULL, hall->now, NULL),
                     BL_UNAVAILABLE);
}

static void too_large_for_a_frame(void **state)
{
    struct hall *hall = *state;
    Bl__Command made = BL__COMMAND__INIT;
    Bl__Publish publish = BL__PUBLISH__INIT;

    publish.source.len = WIRE_FRAME_BYTES_MAX;
    publish.source.data = calloc(1, WIRE_FRAME_BYTES_MAX);
    made.what_case = BL__COMMAND__WHAT_PUBLISH;
    made.publish = &publish;
    caller = hall;
    assert_int_equal(client_session_command(hall->session, &made, answered, NULL, hall->now, NULL),
                     BL_OK);
    pass(hall, SECOND_US);
    assert_int_equal(hall->ended, 1);
    assert_int_equal(hall->commands, 0);
    free(publish.source.data);
}

static void happened(void *context, const Bl__EventView *view)
{
    uint64_t *last = context;
    uint64_t next = *last + 1;

    if (next % 3 == 0) {  // not for our eyes
        next++;
    }
    assert_int_equal(view->event->seq, next);
    *last = next;
}

static void follows_without_a_gap(void **state)
{
    struct hall *hall = *state;
    uint64_t last = 4;

    hall->newest = 50;
    hall->repeat = 30;
    hall->loss = 10;
    hall->delay_max = 30 * MILLISECOND_US;
    client_session_follow(hall->session, 4, happened, &last);
    pass(hall, 120 * SECOND_US);
    assert_int_equal(last, 50);
    hall->newest = 100;
    client_session_hear_newest(hall->session, 100);
    pass(hall, 120 * SECOND_US);
    assert_int_equal(last, 100);
}

static void follows_past_pages_of_others(void **state)
{
    struct hall *hall = *state;
    uint64_t last = 40;  // the first that is shown is 41

    hall->newest = 50;
    hall->hidden = 40;  // five empty pages
    client_session_follow(hall->session, 0, happened, &last);
    pass(hall, 60 * SECOND_US);
    assert_int_equal(last, 50);
}

/* --- any network --- */

struct weather {
    const char *name;
    uint64_t seed;
    uint32_t loss, repeat, restarts;
    bl_span delay_max;
};

// clang-format off
static const struct weather weathers[] = {
    { "calm",                        1,  0,  0, 0, 0 },
    { "late and out of order",       2,  0,  0, 0, 400 * MILLISECOND_US },
    { "repeated",                    3,  0, 60, 0, 100 * MILLISECOND_US },
    { "lost",                        4, 20,  0, 0, 20 * MILLISECOND_US },
    { "a broker that restarts",      5,  0,  0, 9, 50 * MILLISECOND_US },
    { "all at once",                 6, 15, 30, 9, 300 * MILLISECOND_US },
    { "all at once, another seed",   7, 15, 30, 9, 300 * MILLISECOND_US },
    { "a storm",                     8, 60, 30, 9, 900 * MILLISECOND_US },
};
// clang-format on

static void each_call_ends_once(void **state)
{
    const struct weather *weather = *state;
    void *made = NULL;

    (void)open_hall(&made);
    struct hall *hall = made;
    hall->random = weather->seed;
    hall->loss = weather->loss;
    hall->repeat = weather->repeat;
    hall->delay_max = weather->delay_max;
    for (size_t i = 0; i < 1000; i++) {
        command(hall, i);
        pass(hall, 10 * MILLISECOND_US * (bl_span)(chance_next(&hall->random) % 10));
        if (chance_next(&hall->random) % 1000 < weather->restarts) {
            broker_restart(hall);
        }
    }
    pass(hall, 11 * SECOND_US);
    assert_int_equal(hall->ended, 1000);
    assert_int_equal(client_session_open(hall->session), 0);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(hall->ends[i], 1);
        for (size_t j = 0; j < i && hall->events[i] > 0; j++) {
            assert_int_not_equal(hall->events[i], hall->events[j]);
        }
    }
    assert_true(hall->request_count >= hall->done);
    assert_true(hall->request_count <= hall->done + hall->unknown);
    if (weather->loss == 0) {
        assert_int_equal(hall->done, 1000);
    }
    (void)close_hall(&made);
}

static void ids_ascend(void **state)
{
    struct request_ids ids;
    char before[REQUEST_ID_BYTES] = "", id[REQUEST_ID_BYTES];

    (void)state;
    request_ids_init(&ids, 1);
    for (int i = 0; i < 100000; i++) {
        bl_time at = EPOCH + (i % 1000 == 0 ? -5 * SECOND_US : i * 3);  // the clock steps back
        request_ids_next(&ids, at, id);
        assert_true(strcmp(before, id) < 0);
        assert_int_equal(strlen(id), 36);
        assert_int_equal(id[14], '7');
        assert_non_null(strchr("89ab", id[19]));
        memcpy(before, id, sizeof(id));
    }
}

static void pauses_double(void **state)
{
    struct link link;
    bl_span now = START, longest = 0;

    (void)state;
    link_init(&link, 1, now);
    for (int i = 0; i < 12; i++) {
        assert_true(link_must_dial(&link, now));
        link_dialled(&link, now);
        link_lose(&link, now);
        bl_span pause = link_wake_at(&link) - now;
        bl_span whole = LINK_PAUSE_FIRST << (i < 7 ? i : 7);
        whole = whole < LINK_PAUSE_MAX ? whole : LINK_PAUSE_MAX;
        assert_in_range(pause, whole / 2, whole);
        longest = pause > longest ? pause : longest;
        now += pause;
    }
    assert_in_range(longest, LINK_PAUSE_MAX / 2, LINK_PAUSE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, open_hall, close_hall)
        T(answers_once),
        T(many_in_one_frame),
        T(never_more_in_flight_than_welcome),
        T(lost_answer_is_asked_for_again),
        T(goes_on_after_a_restart),
        T(silence_is_noticed),
        T(heartbeats_keep_it_up),
        T(gives_up_with_an_unknown_outcome),
        T(never_sent_is_known_to_be_undone),
        T(refused_hello_ends_waiting_calls),
        T(busy_broker_is_waited_for),
        T(refusal_is_an_answer),
        T(too_many_calls_are_refused),
        T(too_large_for_a_frame),
        T(follows_without_a_gap),
        T(follows_past_pages_of_others),
        T(busy_answer_to_a_second_copy_is_none),
#undef T
        cmocka_unit_test(ids_ascend),
        cmocka_unit_test(pauses_double),
    };
    struct CMUnitTest rows[BL_COUNT(weathers)];

    for (size_t i = 0; i < BL_COUNT(weathers); i++) {
        rows[i] = (struct CMUnitTest){ .name = weathers[i].name,
                                       .test_func = each_call_ends_once,
                                       .initial_state = (void *)&weathers[i] };
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("any network", rows, NULL, NULL);
}
