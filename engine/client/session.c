#include "client/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/text.h"

#define HEAD_BYTES_MAX 20  // of one entry of a frame: number and length

/* A command or query that has not ended. Its bytes are packed once, and sent again as they are. */
struct call {
    uint32_t index;       // in session->calls
    uint32_t generation;  // of this use of the slot: an answer to an earlier use is not for us
    bool query;
    bool sent;     // at least once: from then on its outcome may be unknown
    bool again;    // more than once: an earlier copy may yet be done
    bool flying;   // in session->flying, else in session->waiting
    uint64_t tag;  // the caller's own
    bl_span expires_at, sent_at;
    union {
        bl_client_answered answered;
        bl_client_shown shown;
    } done;
    void *context;
    unsigned char *bytes;
    size_t byte_count, byte_capacity;
    TAILQ_ENTRY(call) by_state;  // waiting: as they leave; flying: as they were sent; or free
    TAILQ_ENTRY(call) by_age;    // as they were made, which is how they expire
};

TAILQ_HEAD(calls, call);

struct follow {
    bl_client_happened happened;  // NULL: nobody follows
    void *context;
    uint64_t after;  // the last event that was reported, or passed over
    uint64_t round;  // which follow an answer belongs to
    bool asking;
    bl_span ask_at;  // even if no newer number was heard of
};

struct client_session {
    struct link link;
    struct request_ids ids;
    bl_time epoch;
    bl_span timeout;
    char program[128], principal[64], publish[256];
    struct call **calls;  // every slot ever used
    uint32_t call_count, call_capacity;
    struct calls free, waiting, flying, all;
    uint32_t open_count, flying_count;
    uint32_t in_flight_max;
    size_t frame_bytes_max;
    uint64_t newest;
    int32_t utc_offset_minutes;
    struct follow follow;
    struct {
        bl_client_concluded concluded;  // NULL: nobody wants to hear
        void *context;
    } report;
    enum bl_err refusal;
    char reason[256];
};

/* --- calls --- */

static struct call *call_new(struct client_session *session)
{
    struct call *call = TAILQ_FIRST(&session->free);

    if (call != NULL) {
        TAILQ_REMOVE(&session->free, call, by_state);
        return call;
    }
    if (session->call_count == session->call_capacity) {
        uint32_t capacity = session->call_capacity == 0 ? 64 : session->call_capacity * 2;
        session->calls = realloc(session->calls, capacity * sizeof(struct call *));
        CHECK(session->calls != NULL);
        session->call_capacity = capacity;
    }
    call = calloc(1, sizeof(*call));
    CHECK(call != NULL);
    call->index = session->call_count;
    session->calls[session->call_count++] = call;
    return call;
}

static uint64_t call_tag(const struct call *call)
{
    return (uint64_t)call->generation << 32 | call->index;
}

/* The call that an answer's tag means; NULL if that one has ended. */
static struct call *call_of_tag(struct client_session *session, uint64_t tag, bool query)
{
    uint32_t index = (uint32_t)tag;

    if (index >= session->call_count) {
        return NULL;
    }
    struct call *call = session->calls[index];
    bool same = call->generation == (uint32_t)(tag >> 32) && call->query == query;
    return same && call->sent ? call : NULL;  // flying, or lined up to be sent again
}

static void call_pack(struct call *call, const ProtobufCMessage *message)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);

    if (bytes > call->byte_capacity) {
        free(call->bytes);
        call->bytes = malloc(bytes);
        CHECK(call->bytes != NULL);
        call->byte_capacity = bytes;
    }
    call->byte_count = protobuf_c_message_pack(message, call->bytes);
}

static void call_start(struct client_session *session, struct call *call, bl_span now)
{
    call->sent = call->again = call->flying = false;
    call->expires_at = now + session->timeout;
    TAILQ_INSERT_TAIL(&session->waiting, call, by_state);
    TAILQ_INSERT_TAIL(&session->all, call, by_age);
    session->open_count++;
}

static void call_depart(struct client_session *session, struct call *call, bl_span now)
{
    TAILQ_REMOVE(&session->waiting, call, by_state);
    TAILQ_INSERT_TAIL(&session->flying, call, by_state);
    call->sent = call->flying = true;
    call->sent_at = now;
    session->flying_count++;
}

/* To the front of those that wait: it has waited longest. */
static void call_return(struct client_session *session, struct call *call)
{
    TAILQ_REMOVE(&session->flying, call, by_state);
    TAILQ_INSERT_HEAD(&session->waiting, call, by_state);
    call->flying = false;
    call->again = true;
    session->flying_count--;
}

/* Frees the slot before the callback runs, so that the callback may use it. */
static struct call call_end(struct client_session *session, struct call *call)
{
    struct call ended = *call;

    if (call->flying) {
        TAILQ_REMOVE(&session->flying, call, by_state);
        session->flying_count--;
    } else {
        TAILQ_REMOVE(&session->waiting, call, by_state);
    }
    TAILQ_REMOVE(&session->all, call, by_age);
    call->flying = false;
    call->generation++;
    TAILQ_INSERT_HEAD(&session->free, call, by_state);
    session->open_count--;
    return ended;
}

static void call_fail(struct client_session *session, struct call *call, enum bl_err code)
{
    struct call ended = call_end(session, call);

    if (ended.query && ended.done.shown != NULL) {
        ended.done.shown(ended.context, code, NULL);
    } else if (!ended.query && ended.done.answered != NULL) {
        ended.done.answered(ended.context, code, NULL);
    }
}

/* All that wait and were never sent: nothing has come of them, and nothing will. */
static void fail_unsent(struct client_session *session, enum bl_err code)
{
    struct call *call = TAILQ_FIRST(&session->waiting);

    for (uint32_t left = session->open_count; call != NULL && left > 0; left--) {
        struct call *next = TAILQ_NEXT(call, by_state);
        if (!call->sent) {
            call_fail(session, call, code);
        }
        call = next;
    }
}

/* --- a session --- */

struct client_session *client_session_new(const struct client_config *config, bl_span now)
{
    struct client_session *session = calloc(1, sizeof(*session));
    uint64_t seed = config->seed;

    CHECK(session != NULL);
    link_init(&session->link, seed, now);
    request_ids_init(&session->ids, ~seed);
    session->epoch = config->epoch;
    session->timeout = config->timeout;
    session->in_flight_max = CLIENT_IN_FLIGHT_DEFAULT;
    session->frame_bytes_max = WIRE_FRAME_BYTES_MAX;
    bl_text_copy(session->program, sizeof(session->program), config->program);
    if (config->principal != NULL) {
        bl_text_copy(session->principal, sizeof(session->principal), config->principal);
    }
    TAILQ_INIT(&session->free);
    TAILQ_INIT(&session->waiting);
    TAILQ_INIT(&session->flying);
    TAILQ_INIT(&session->all);
    return session;
}

void client_session_free(struct client_session **session)
{
    if (*session == NULL) {
        return;
    }
    for (uint32_t i = 0; i < (*session)->call_count; i++) {
        free((*session)->calls[i]->bytes);
        free((*session)->calls[i]);
    }
    free((*session)->calls);
    free(*session);
    *session = NULL;
}

struct link *client_session_link(struct client_session *session)
{
    return &session->link;
}

const char *client_session_publish(const struct client_session *session)
{
    return session->publish;
}

uint32_t client_session_open(const struct client_session *session)
{
    return session->open_count;
}

uint64_t client_session_newest(const struct client_session *session)
{
    return session->newest;
}

int32_t client_session_utc_offset(const struct client_session *session)
{
    return session->utc_offset_minutes;
}

enum bl_err client_session_refusal(const struct client_session *session, const char **reason)
{
    *reason = session->reason;
    return session->refusal;
}

void client_session_request_id(struct client_session *session, bl_span now, char *text)
{
    request_ids_next(&session->ids, session->epoch + now, text);
}

enum bl_err client_session_command(struct client_session *session, const Bl__Command *command,
                                   bl_client_answered done, void *context, bl_span now,
                                   struct bl_error *e)
{
    char request_id[REQUEST_ID_BYTES];
    Bl__Command sent = *command;

    if (session->open_count >= CLIENT_CALLS_MAX) {
        return bl_error_set(e, BL_UNAVAILABLE, "%d calls are open", CLIENT_CALLS_MAX);
    }
    struct call *call = call_new(session);
    call->query = false;
    call->tag = command->tag;
    call->done.answered = done;
    call->context = context;
    sent.tag = call_tag(call);
    if (sent.request_id[0] == '\0') {
        client_session_request_id(session, now, request_id);
        sent.request_id = request_id;
    }
    call_pack(call, &sent.base);
    call_start(session, call, now);
    return BL_OK;
}

enum bl_err client_session_query(struct client_session *session, const Bl__Query *query,
                                 bl_client_shown done, void *context, bl_span now,
                                 struct bl_error *e)
{
    Bl__Query sent = *query;

    if (session->open_count >= CLIENT_CALLS_MAX) {
        return bl_error_set(e, BL_UNAVAILABLE, "%d calls are open", CLIENT_CALLS_MAX);
    }
    struct call *call = call_new(session);
    call->query = true;
    call->tag = query->tag;
    call->done.shown = done;
    call->context = context;
    sent.tag = call_tag(call);
    call_pack(call, &sent.base);
    call_start(session, call, now);
    return BL_OK;
}

/* --- following the events --- */

void client_session_report(struct client_session *session, bl_client_concluded concluded,
                           void *context)
{
    session->report.concluded = concluded;
    session->report.context = context;
}

void client_session_follow(struct client_session *session, uint64_t after,
                           bl_client_happened happened, void *context)
{
    session->follow = (struct follow){
        .happened = happened,
        .context = context,
        .after = after,
        .round = session->follow.round + 1,
    };
}

/* A page of events came. Events that this client may not see leave holes in the numbers: we go on
 * where a page was cut, and after an empty one behind all that the answer was true of. */
static void follow_shown(void *context, enum bl_err code, const Bl__QueryAnswer *answer)
{
    struct client_session *session = context;
    struct follow *follow = &session->follow;

    if (answer != NULL && answer->tag != follow->round) {
        return;  // of a follow that was replaced
    }
    follow->asking = false;
    if (code != BL_OK) {
        return;
    }
    for (size_t i = 0; i < answer->n_events && answer->tag == follow->round; i++) {
        const Bl__EventView *view = answer->events[i];
        if (view->event != NULL && view->event->seq > follow->after) {
            follow->after = view->event->seq;
            follow->happened(follow->context, view);
        }
    }
    uint64_t seen = follow->after;
    if (answer->next[0] != '\0') {
        seen = strtoull(answer->next, NULL, 10);
    } else if (answer->n_events == 0) {
        seen = answer->newest_event;
    }
    if (answer->tag == follow->round && seen > follow->after) {
        follow->after = seen;
    }
}

static void follow_ask(struct client_session *session, bl_span now)
{
    struct follow *follow = &session->follow;
    Bl__GetEvents events = BL__GET_EVENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    bool newer = session->newest > follow->after;

    if (follow->happened == NULL || follow->asking || session->link.state != LINK_UP ||
        (!newer && now < follow->ask_at)) {
        return;
    }
    events.after = follow->after;
    events.limit = CLIENT_FOLLOW_PAGE;
    query.tag = follow->round;
    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &events;
    follow->asking =
        client_session_query(session, &query, follow_shown, session, now, NULL) == BL_OK;
    follow->ask_at = now + CLIENT_FOLLOW_IDLE;
}

void client_session_hear_newest(struct client_session *session, uint64_t newest)
{
    if (newest > session->newest) {
        session->newest = newest;
    }
}

/* --- hearing --- */

void client_session_lose(struct client_session *session, bl_span now)
{
    struct call *call;

    if (session->link.state != LINK_DOWN) {
        link_lose(&session->link, now);
    }
    while ((call = TAILQ_LAST(&session->flying, calls)) != NULL) {
        call_return(session, call);
    }
}

static void hear_welcome(struct client_session *session, const Bl__Welcome *welcome, bl_span now)
{
    if (session->link.state != LINK_GREETING) {
        return;  // repeated
    }
    link_welcomed(&session->link, welcome->heartbeat_ms, now);
    session->refusal = BL_OK;
    bl_text_copy(session->publish, sizeof(session->publish), welcome->publish);
    if (welcome->in_flight_max > 0) {
        session->in_flight_max = welcome->in_flight_max;
    }
    if (welcome->frame_bytes_max > 0 && welcome->frame_bytes_max < WIRE_FRAME_BYTES_MAX) {
        session->frame_bytes_max = welcome->frame_bytes_max;
    }
    session->utc_offset_minutes = welcome->utc_offset_minutes;
    client_session_hear_newest(session, welcome->newest_event);
}

/* A broker that does not know us (it was restarted, or we were silent) wants a new hello. One that
 * refuses us will refuse us again: whoever waits is told at once, and the dialling goes on slowly.
 */
static void hear_disconnect(struct client_session *session, const Bl__Disconnect *disconnect,
                            bl_span now)
{
    bool greeting = session->link.state == LINK_GREETING;
    enum bl_err code = bl_err_from_name(disconnect->code);

    client_session_lose(session, now);
    session->refusal = code;
    bl_text_copy(session->reason, sizeof(session->reason), disconnect->reason);
    if (greeting && code != BL_UNAVAILABLE) {
        fail_unsent(session, code);
    }
}

static enum bl_err refusal_code(const Bl__Refusal *refusal)
{
    return refusal == NULL ? BL_OK : bl_err_from_name(refusal->code);
}

static void hear_answer(struct client_session *session, Bl__Answer *answer)
{
    struct call *call = call_of_tag(session, answer->tag, false);
    enum bl_err code = refusal_code(answer->refusal);

    if (call == NULL) {
        return;  // answered before, or given up
    }
    if (call->again && (code == BL_UNAVAILABLE || code == BL_FULL)) {
        return;  // this copy was not done, but one before it may be: it is sent once more
    }
    struct call ended = call_end(session, call);
    answer->tag = ended.tag;
    if (ended.done.answered != NULL) {
        ended.done.answered(ended.context, code, answer);
    }
}

static void hear_concluded(const struct client_session *session, const Bl__Concluded *concluded)
{
    if (session->report.concluded != NULL) {
        session->report.concluded(session->report.context, concluded);
    }
}

static void hear_query_answer(struct client_session *session, Bl__QueryAnswer *answer)
{
    struct call *call = call_of_tag(session, answer->tag, true);

    client_session_hear_newest(session, answer->newest_event);
    if (call == NULL) {
        return;
    }
    struct call ended = call_end(session, call);
    answer->tag = ended.tag;
    if (ended.done.shown != NULL) {
        ended.done.shown(ended.context, refusal_code(answer->refusal), answer);
    }
}

void client_session_hear(struct client_session *session, Bl__BrokerFrame *frame, bl_span now)
{
    if (session->link.state == LINK_DOWN) {
        return;  // from a connection that was given up
    }
    link_heard(&session->link, now);
    if (frame->welcome != NULL) {
        hear_welcome(session, frame->welcome, now);
    }
    for (size_t i = 0; i < frame->n_answers; i++) {
        hear_answer(session, frame->answers[i]);
    }
    for (size_t i = 0; i < frame->n_query_answers; i++) {
        hear_query_answer(session, frame->query_answers[i]);
    }
    for (size_t i = 0; i < frame->n_concluded; i++) {
        hear_concluded(session, frame->concluded[i]);
    }
    if (frame->disconnect != NULL) {
        hear_disconnect(session, frame->disconnect, now);
    }
}

/* --- time --- */

static void expire(struct client_session *session, bl_span now)
{
    struct call *call;

    while ((call = TAILQ_FIRST(&session->all)) != NULL && now >= call->expires_at) {
        enum bl_err unsent = session->refusal != BL_OK ? session->refusal : BL_CANNOT_CONNECT;
        call_fail(session, call, call->sent ? BL_TIMEOUT : unsent);
    }
}

static void resend(struct client_session *session, bl_span now)
{
    struct call *call, *last = NULL;

    TAILQ_FOREACH(call, &session->flying, by_state)
    {
        if (now - call->sent_at < CLIENT_RESEND_AFTER) {
            break;
        }
        last = call;
    }
    for (call = last; call != NULL;
         call = last) {  // the newest first, so that they keep their order
        last = TAILQ_PREV(call, calls, by_state);
        call_return(session, call);
    }
}

void client_session_tick(struct client_session *session, bl_span now)
{
    if (link_lapse(&session->link, now)) {
        client_session_lose(session, now);
    }
    expire(session, now);
    resend(session, now);
    follow_ask(session, now);
}

bl_span client_session_wake_at(const struct client_session *session)
{
    bl_span wake = link_wake_at(&session->link);
    const struct call *oldest = TAILQ_FIRST(&session->all);
    const struct call *first = TAILQ_FIRST(&session->flying);

    if (oldest != NULL && oldest->expires_at < wake) {
        wake = oldest->expires_at;
    }
    if (first != NULL && first->sent_at + CLIENT_RESEND_AFTER < wake) {
        wake = first->sent_at + CLIENT_RESEND_AFTER;
    }
    if (session->follow.happened != NULL && session->follow.ask_at < wake &&
        session->link.state == LINK_UP) {
        wake = session->follow.ask_at;
    }
    return wake;
}

/* --- saying --- */

static void say_hello(struct client_session *session, struct wire_frame *frame, bl_span now)
{
    Bl__Hello hello = BL__HELLO__INIT;

    hello.protocol_min = hello.protocol_max = WIRE_PROTOCOL;
    hello.program = session->program;
    hello.principal = session->principal;
    CHECK(wire_frame_add(frame, WIRE_CLIENT_HELLO, &hello.base));
    link_said_hello(&session->link, now);
}

/* As many calls as fit into one frame and into what the broker takes from one client. */
static bool say_calls(struct client_session *session, struct wire_frame *frame, bl_span now)
{
    struct call *call;
    uint32_t queries = 0;

    while (session->flying_count < session->in_flight_max && queries < WIRE_FRAME_QUERIES_MAX &&
           frame->used < WIRE_FRAME_BYTES_GOOD && (call = TAILQ_FIRST(&session->waiting)) != NULL) {
        struct bl_text bytes = { (const char *)call->bytes, call->byte_count };
        if (bytes.bytes + HEAD_BYTES_MAX > session->frame_bytes_max) {
            call_fail(session, call, BL_TOO_LARGE);
            continue;
        }
        if (frame->used + bytes.bytes + HEAD_BYTES_MAX > session->frame_bytes_max) {
            break;
        }
        CHECK(wire_frame_add_bytes(frame, call->query ? WIRE_CLIENT_QUERIES : WIRE_CLIENT_COMMANDS,
                                   bytes));
        queries += call->query;
        call_depart(session, call, now);
    }
    return frame->used > 0;
}

bool client_session_say(struct client_session *session, struct wire_frame *frame, bl_span now)
{
    if (link_hello_is_due(&session->link)) {
        say_hello(session, frame, now);
        return true;
    }
    if (session->link.state != LINK_UP) {
        return false;
    }
    if (!say_calls(session, frame, now)) {
        if (!link_ping_is_due(&session->link, now)) {
            return false;
        }
        CHECK(wire_frame_add_true(frame, WIRE_CLIENT_PING));
    }
    link_said(&session->link, now);
    return true;
}

void client_session_check(const struct client_session *session)
{
    const struct call *call;
    uint32_t waiting = 0, flying = 0, all = 0;

    TAILQ_FOREACH(call, &session->waiting, by_state)
    {
        CHECK(!call->flying);
        waiting++;
    }
    TAILQ_FOREACH(call, &session->flying, by_state)
    {
        CHECK(call->flying && call->sent);
        flying++;
    }
    TAILQ_FOREACH(call, &session->all, by_age)
    {
        const struct call *next = TAILQ_NEXT(call, by_age);
        CHECK(next == NULL || next->expires_at >= call->expires_at);
        all++;
    }
    CHECK(flying == session->flying_count);
    CHECK(flying == 0 || session->link.state == LINK_UP);
    CHECK(all == session->open_count);
    CHECK(waiting + flying == all);
}
