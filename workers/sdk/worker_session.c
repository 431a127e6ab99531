#include "sdk/worker_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/text.h"
#include "client/copy.h"
#include "wire/attempt.h"

#define TASK_BYTES_FIRST 1024                        // of a task's memory: an item's fields
#define TASK_BYTES_MAX (WIRE_MESSAGE_BYTES_MAX * 4)  // unpacked, of the largest message there is
#define HEAD_BYTES_MAX 20                            // of one entry of a frame: number and length

/* A task on its way through the worker. */
enum work_state {
    WORK_FRESH,     // came, not taken
    WORK_TAKEN,     // its caller works on it
    WORK_OVER,      // taken and revoked: waits for its caller to let go
    WORK_DECIDED,   // the decision is to be sent
    WORK_SENT,      // the decision was sent on this connection
    WORK_RETURNED,  // given back, to be told
};
#define WORK_STATES (WORK_RETURNED + 1)

struct work {
    enum work_state state;
    uint64_t given, now;   // its attempt as the caller knows it, and as the broker does
    const Bl__Task *task;  // in `memory`
    struct bl_arena memory;
    uint64_t tag;
    Bl__Decision__Verdict verdict;
    uint32_t sends;  // under this attempt: after two, "stale" may mean our own first one
    bool granted;    // by the last welcome
    bl_span act_at;  // DECIDED: not before; SENT: send again
    uint8_t *bytes;  // the packed decision
    size_t byte_count, byte_capacity;
    TAILQ_ENTRY(work) by_state;  // or free
};

TAILQ_HEAD(works, work);

struct worker_session {
    struct link link;
    bool looking;  // the next welcome comes from the front and says where to go
    bool stopping, goodbye_said;
    char *department, *program, *principal;
    const char **items;
    size_t item_count;
    uint32_t credit;
    char workers[256];  // the workers' endpoint, as the front announced it
    struct works free, works[WORK_STATES];
    uint32_t work_count, work_max;
    struct bl_map by_given, by_now;  // attempt → work
    size_t frame_bytes_max;
    int32_t utc_offset_minutes;
    struct bl_worker_options options;  // for its callbacks only
};

/* --- works --- */

static struct work *work_by(const struct bl_map *map, const char *text)
{
    uint64_t attempt;

    return attempt_parse(text, &attempt) && attempt != 0 ? bl_map_get(map, attempt) : NULL;
}

/* What the caller has taken and not let go, by the attempt that he was given. */
static struct work *work_taken(const struct worker_session *session, const char *text)
{
    struct work *work = work_by(&session->by_given, text);

    return work != NULL && (work->state == WORK_TAKEN || work->state == WORK_OVER) ? work : NULL;
}

static void work_move(struct worker_session *session, struct work *work, enum work_state state)
{
    TAILQ_REMOVE(&session->works[work->state], work, by_state);
    work->state = state;
    TAILQ_INSERT_TAIL(&session->works[state], work, by_state);
}

static void work_end(struct worker_session *session, struct work *work)
{
    TAILQ_REMOVE(&session->works[work->state], work, by_state);
    (void)bl_map_remove(&session->by_given, work->given);
    (void)bl_map_remove(&session->by_now, work->now);
    bl_arena_reset(&work->memory);
    work->task = NULL;
    TAILQ_INSERT_HEAD(&session->free, work, by_state);
    session->work_count--;
}

static struct work *work_new(struct worker_session *session)
{
    struct work *work = TAILQ_FIRST(&session->free);

    if (work != NULL) {
        TAILQ_REMOVE(&session->free, work, by_state);
        return work;
    }
    work = calloc(1, sizeof(*work));
    CHECK(work != NULL);
    bl_arena_init(&work->memory, TASK_BYTES_FIRST, TASK_BYTES_MAX);
    return work;
}

static struct work *work_start(struct worker_session *session, const Bl__Task *task,
                               uint64_t attempt)
{
    struct work *work = work_new(session);

    work->task = (const Bl__Task *)message_copy(&task->base, &work->memory);
    CHECK(work->task != NULL);  // it came in a frame, whose size is bounded
    work->given = work->now = attempt;
    work->sends = 0;
    work->granted = true;
    work->state = WORK_FRESH;
    TAILQ_INSERT_TAIL(&session->works[WORK_FRESH], work, by_state);
    bl_map_put(&session->by_given, attempt, work);
    bl_map_put(&session->by_now, attempt, work);
    session->work_count++;
    return work;
}

static void work_decide(struct worker_session *session, struct work *work,
                        const Bl__Decision *decision)
{
    char attempt[ATTEMPT_TEXT_BYTES];
    Bl__Decision sent = *decision;

    sent.task = (char *)"";  // the attempt says it
    sent.attempt = attempt_format(work->now, attempt);
    size_t bytes = bl__decision__get_packed_size(&sent);
    if (bytes > work->byte_capacity) {
        free(work->bytes);
        work->bytes = malloc(bytes);
        CHECK(work->bytes != NULL);
        work->byte_capacity = bytes;
    }
    work->byte_count = bl__decision__pack(&sent, work->bytes);
    work->verdict =
        decision->act != NULL ? BL__DECISION__VERDICT__VERDICT_UNSPECIFIED : decision->decision;
    work->act_at = 0;
    work_move(session, work, WORK_DECIDED);
}

/* It goes on under a new attempt, and a decision that is kept has to name that. */
static void work_grant(struct worker_session *session, struct work *work, uint64_t attempt)
{
    (void)bl_map_remove(&session->by_now, work->now);
    work->now = attempt;
    work->granted = true;
    work->sends = 0;  // what was sent before has come to nothing, or it would not be granted
    bl_map_put(&session->by_now, attempt, work);
    if (work->state == WORK_DECIDED) {
        Bl__Decision *kept = bl__decision__unpack(NULL, work->byte_count, work->bytes);
        CHECK(kept != NULL);
        work_decide(session, work, kept);
        bl__decision__free_unpacked(kept, NULL);
    }
}

static void work_settle(struct worker_session *session, struct work *work, enum bl_err code,
                        uint64_t event)
{
    char attempt[ATTEMPT_TEXT_BYTES];
    const struct bl_worker_settled settled = {
        .task = work->task,
        .attempt = attempt_format(work->now, attempt),
        .decision = work->verdict,
        .tag = work->tag,
        .code = code,
        .event = event,
    };

    if (session->options.settled != NULL) {
        session->options.settled(session->options.context, &settled);
    }
}

/* Somebody else has it, or nobody needs it any more. */
static void work_revoke(struct worker_session *session, struct work *work)
{
    switch (work->state) {
    case WORK_FRESH:
    case WORK_RETURNED:
        work_end(session, work);
        break;
    case WORK_TAKEN:
        work_move(session, work, WORK_OVER);
        if (session->options.revoked != NULL) {
            session->options.revoked(session->options.context, work->task);
        }
        break;
    case WORK_DECIDED:
    case WORK_SENT:  // the answer to the decision tells more
    case WORK_OVER:
        break;
    }
}

/* --- a session --- */

static char *copy(const char *text)
{
    char *made = strdup(text == NULL ? "" : text);

    CHECK(made != NULL);
    return made;
}

struct worker_session *worker_session_new(const struct bl_worker_options *options, uint64_t seed,
                                          bl_span now)
{
    struct worker_session *session = calloc(1, sizeof(*session));

    CHECK(session != NULL);
    CHECK(options->item_count <= WORKER_ITEMS_MAX);
    link_init(&session->link, seed, now);
    session->looking = true;
    session->options = *options;
    session->department = copy(options->department);
    session->program = copy(options->program);
    session->principal = copy(options->principal);
    session->item_count = options->item_count;
    session->items = calloc(options->item_count + 1, sizeof(const char *));
    CHECK(session->items != NULL);
    for (size_t i = 0; i < options->item_count; i++) {
        session->items[i] = copy(options->items[i]);
    }
    session->credit = options->concurrency == 0 ? 1 : options->concurrency;
    // Beside what the broker counts there is work that it no longer does: revoked, not let go.
    session->work_max = 2 * session->credit;
    session->frame_bytes_max = WIRE_FRAME_BYTES_MAX;
    TAILQ_INIT(&session->free);
    for (size_t i = 0; i < WORK_STATES; i++) {
        TAILQ_INIT(&session->works[i]);
    }
    return session;
}

static void free_works(struct works *works)
{
    struct work *work;

    while ((work = TAILQ_FIRST(works)) != NULL) {
        TAILQ_REMOVE(works, work, by_state);
        bl_arena_free(&work->memory);
        free(work->bytes);
        free(work);
    }
}

void worker_session_free(struct worker_session **held)
{
    struct worker_session *session = *held;

    if (session == NULL) {
        return;
    }
    free_works(&session->free);
    for (size_t i = 0; i < WORK_STATES; i++) {
        free_works(&session->works[i]);
    }
    for (size_t i = 0; i < session->item_count; i++) {
        free((char *)session->items[i]);
    }
    free(session->items);
    free(session->department);
    free(session->program);
    free(session->principal);
    bl_map_free(&session->by_given);
    bl_map_free(&session->by_now);
    free(session);
    *held = NULL;
}

struct link *worker_session_link(struct worker_session *session)
{
    return &session->link;
}

const char *worker_session_endpoint(const struct worker_session *session)
{
    return session->looking ? NULL : session->workers;
}

uint32_t worker_session_held(const struct worker_session *session)
{
    return session->work_count;
}

int32_t worker_session_utc_offset(const struct worker_session *session)
{
    return session->utc_offset_minutes;
}

/* --- what the caller does --- */

const Bl__Task *worker_session_take(struct worker_session *session)
{
    struct work *work = TAILQ_FIRST(&session->works[WORK_FRESH]);

    if (work == NULL) {
        return NULL;
    }
    work_move(session, work, WORK_TAKEN);
    return work->task;
}

enum bl_err worker_session_decide(struct worker_session *session, const char *attempt,
                                  const Bl__Decision *decision, uint64_t tag, struct bl_error *e)
{
    struct work *work = work_taken(session, attempt);
    bool acts = decision->act != NULL;
    bool rejects = !acts && decision->decision == BL__DECISION__VERDICT__REJECT;

    if (work == NULL) {
        return bl_error_set(e, BL_STALE, "attempt %s is not held", attempt);
    }
    if (work->state == WORK_OVER) {
        work_end(session, work);
        return bl_error_set(e, BL_STALE, "attempt %s was revoked", attempt);
    }
    if (!acts && decision->decision == BL__DECISION__VERDICT__VERDICT_UNSPECIFIED) {
        return bl_error_set(e, BL_INVALID, "a decision needs a verdict");
    }
    if (rejects && decision->reason[0] == '\0') {
        return bl_error_set(e, BL_INVALID, "a rejection needs a reason");
    }
    if (bl__decision__get_packed_size(decision) + HEAD_BYTES_MAX + ATTEMPT_TEXT_BYTES >
        session->frame_bytes_max) {
        return bl_error_set(e, BL_TOO_LARGE, "a decision holds at most %zu bytes",
                            session->frame_bytes_max);
    }
    work->tag = tag;
    work_decide(session, work, decision);
    return BL_OK;
}

void worker_session_give_back(struct worker_session *session, const char *attempt)
{
    struct work *work = work_taken(session, attempt);

    if (work == NULL) {
        return;
    }
    if (work->state == WORK_OVER) {
        work_end(session, work);
    } else {
        work_move(session, work, WORK_RETURNED);
    }
}

static void return_all(struct worker_session *session, enum work_state state)
{
    struct work *work;

    while ((work = TAILQ_FIRST(&session->works[state])) != NULL) {
        work_move(session, work, WORK_RETURNED);
    }
}

void worker_session_stop(struct worker_session *session)
{
    if (!session->stopping) {
        session->stopping = true;
        return_all(session, WORK_FRESH);
    }
}

void worker_session_abandon(struct worker_session *session)
{
    struct work *work;

    return_all(session, WORK_FRESH);
    return_all(session, WORK_TAKEN);
    while ((work = TAILQ_FIRST(&session->works[WORK_OVER])) != NULL) {
        work_end(session, work);
    }
}

bool worker_session_is_done(const struct worker_session *session)
{
    bool told = session->goodbye_said || session->link.state != LINK_UP || session->looking;

    return session->stopping && session->work_count == 0 && told;
}

/* --- hearing --- */

/* What was said on a connection that is gone is to be said again; what was given back is not named
 * again, and so is not ours any more. */
void worker_session_lose(struct worker_session *session, bl_span now)
{
    struct work *work;

    if (session->link.state != LINK_DOWN) {
        link_lose(&session->link, now);
    }
    session->looking = true;
    session->goodbye_said = false;
    while ((work = TAILQ_FIRST(&session->works[WORK_SENT])) != NULL) {
        work->act_at = 0;
        work_move(session, work, WORK_DECIDED);
    }
    while ((work = TAILQ_FIRST(&session->works[WORK_RETURNED])) != NULL) {
        work_end(session, work);
    }
}

static void notice(struct worker_session *session, enum bl_worker_notice what, const char *text)
{
    if (session->options.notice != NULL) {
        session->options.notice(session->options.context, what, text);
    }
}

static void hear_disconnect(struct worker_session *session, const Bl__Disconnect *disconnect,
                            bl_span now)
{
    bool greeting = session->link.state == LINK_GREETING;
    char text[256];

    (void)snprintf(text, sizeof(text), "%.60s: %.180s", disconnect->code, disconnect->reason);
    worker_session_lose(session, now);
    notice(session, greeting ? BL_WORKER_REFUSED : BL_WORKER_LOST, text);
}

void worker_session_hear_front(struct worker_session *session, const Bl__BrokerFrame *frame,
                               bl_span now)
{
    if (!session->looking || session->link.state != LINK_GREETING) {
        return;
    }
    if (frame->welcome != NULL) {
        bl_text_copy(session->workers, sizeof(session->workers), frame->welcome->workers);
        session->looking = false;
        link_move(&session->link, now);
    } else if (frame->disconnect != NULL) {
        hear_disconnect(session, frame->disconnect, now);
    }
}

static struct work *first_not_granted(const struct works *works)
{
    struct work *work;

    TAILQ_FOREACH(work, works, by_state)
    {
        if (!work->granted) {
            return work;
        }
    }
    return NULL;
}

/* Grants what goes on; the rest is over, but for decisions: each is sent all the same and the
 * broker's answer settles it, for it may be on disk already. */
static void regrant(struct worker_session *session, const Bl__Welcome *welcome)
{
    static const enum work_state undecided[] = { WORK_FRESH, WORK_TAKEN };
    struct work *work;

    for (size_t i = 0; i < WORK_STATES; i++) {
        TAILQ_FOREACH(work, &session->works[i], by_state)
        {
            work->granted = false;
        }
    }
    for (size_t i = 0; i < welcome->n_granted; i++) {
        uint64_t attempt;
        work = work_by(&session->by_now, welcome->granted[i]->attempt);
        if (work != NULL && attempt_parse(welcome->granted[i]->now, &attempt) &&
            (attempt == work->now || bl_map_get(&session->by_now, attempt) == NULL)) {
            work_grant(session, work, attempt);
        }
    }
    for (size_t i = 0; i < BL_COUNT(undecided); i++) {  // a callback may move works: look anew
        while ((work = first_not_granted(&session->works[undecided[i]])) != NULL) {
            work_revoke(session, work);
        }
    }
}

static void hear_welcome(struct worker_session *session, const Bl__Welcome *welcome, bl_span now)
{
    if (session->link.state != LINK_GREETING) {
        return;  // repeated
    }
    link_welcomed(&session->link, welcome->heartbeat_ms, now);
    if (welcome->frame_bytes_max > 0 && welcome->frame_bytes_max < WIRE_FRAME_BYTES_MAX) {
        session->frame_bytes_max = welcome->frame_bytes_max;
    }
    session->utc_offset_minutes = welcome->utc_offset_minutes;
    regrant(session, welcome);
    notice(session, BL_WORKER_CONNECTED, session->workers);
}

static void hear_task(struct worker_session *session, const Bl__Task *task)
{
    struct work *work;
    uint64_t attempt;

    if (!attempt_parse(task->attempt, &attempt) || attempt == 0) {
        return;  // nobody could answer it
    }
    if (bl_map_get(&session->by_given, attempt) != NULL ||
        bl_map_get(&session->by_now, attempt) != NULL) {
        return;  // repeated
    }
    bool full = session->work_count >= session->work_max;
    work = work_start(session, task, attempt);
    if (full || session->stopping) {
        work_move(session, work, WORK_RETURNED);
    }
}

/* With its refusal the attempt is over; if the task is still open, the broker offers it again. */
static void hear_refusal(struct worker_session *session, struct work *work,
                         const Bl__Refusal *refusal, bl_span now)
{
    enum bl_err code = bl_err_from_name(refusal->code);

    if (code == BL_UNAVAILABLE || code == BL_FULL) {
        bl_span wish = refusal->retry_after_ms * MILLISECOND_US;
        work_move(session, work, WORK_DECIDED);
        work->act_at = now + (wish > 0 ? wish : WORKER_RETRY_AFTER);
        return;
    }
    work_settle(session, work, code == BL_STALE && work->sends > 1 ? BL_TIMEOUT : code, 0);
    work_end(session, work);
}

static void hear_acknowledgement(struct worker_session *session, const Bl__Acknowledgement *ack,
                                 bl_span now)
{
    struct work *work = work_by(&session->by_now, ack->attempt);

    if (work == NULL || work->sends == 0) {
        return;  // settled before
    }
    if (ack->refusal != NULL) {
        hear_refusal(session, work, ack->refusal, now);
        return;
    }
    work_settle(session, work, BL_OK, ack->event);
    work_end(session, work);
}

void worker_session_hear(struct worker_session *session, const Bl__TaskFrame *frame, bl_span now)
{
    if (session->looking || session->link.state == LINK_DOWN) {
        return;  // from a connection that was given up
    }
    link_heard(&session->link, now);
    if (frame->welcome != NULL) {
        hear_welcome(session, frame->welcome, now);
    }
    for (size_t i = 0; i < frame->n_revoked; i++) {
        struct work *work = work_by(&session->by_now, frame->revoked[i]);
        if (work != NULL) {
            work_revoke(session, work);
        }
    }
    for (size_t i = 0; i < frame->n_acknowledgements; i++) {
        hear_acknowledgement(session, frame->acknowledgements[i], now);
    }
    for (size_t i = 0; i < frame->n_tasks; i++) {
        hear_task(session, frame->tasks[i]);
    }
    if (frame->disconnect != NULL) {
        hear_disconnect(session, frame->disconnect, now);
    }
}

/* --- time --- */

void worker_session_tick(struct worker_session *session, bl_span now)
{
    struct work *work;
    bool greeting = session->link.state == LINK_GREETING;

    if (link_lapse(&session->link, now)) {
        worker_session_lose(session, now);
        notice(session, BL_WORKER_LOST, greeting ? "no welcome" : "silence");
    }
    while ((work = TAILQ_FIRST(&session->works[WORK_SENT])) != NULL && now >= work->act_at) {
        work->act_at = 0;
        work_move(session, work, WORK_DECIDED);
    }
}

bl_span worker_session_wake_at(const struct worker_session *session)
{
    const struct work *work = TAILQ_FIRST(&session->works[WORK_SENT]);
    bl_span wake = link_wake_at(&session->link);

    if (session->link.state != LINK_UP) {
        return wake;  // what is to be sent waits for the connection, however late it is
    }
    if (work != NULL && work->act_at < wake) {
        wake = work->act_at;
    }
    TAILQ_FOREACH(work, &session->works[WORK_DECIDED], by_state)
    {
        if (work->act_at > 0 && work->act_at < wake) {
            wake = work->act_at;
        }
    }
    return wake;
}

/* --- saying --- */

static void name_held(const struct worker_session *session, Bl__Hello *hello,
                      struct bl_arena *scratch)
{
    static const enum work_state named[] = { WORK_FRESH, WORK_TAKEN, WORK_DECIDED };
    const struct work *work;

    hello->held = bl_arena_array(scratch, Bl__Held *, session->work_count + 1);
    for (size_t i = 0; i < BL_COUNT(named); i++) {
        TAILQ_FOREACH(work, &session->works[named[i]], by_state)
        {
            Bl__Held *held = bl_arena_new(scratch, Bl__Held);
            bl__held__init(held);
            held->task = work->task->task;
            held->attempt = attempt_format(work->now, bl_arena_alloc(scratch, ATTEMPT_TEXT_BYTES));
            hello->held[hello->n_held++] = held;
        }
    }
}

/* The front gets the same hello without what is only the workers' socket's business. */
_Static_assert((int)WIRE_CLIENT_HELLO == (int)WIRE_WORKER_HELLO, "one hello for both sockets");

static void say_hello(struct worker_session *session, struct wire_frame *frame, bl_span now)
{
    struct bl_arena scratch;
    Bl__Hello hello = BL__HELLO__INIT;

    bl_arena_init(&scratch, 4096, WIRE_MESSAGE_BYTES_MAX);
    hello.protocol_min = hello.protocol_max = WIRE_PROTOCOL;
    hello.program = session->program;
    hello.principal = session->principal;
    hello.department = session->department;
    if (!session->looking) {
        hello.items = session->items;
        hello.n_items = session->item_count;
        hello.credit = session->credit;
        name_held(session, &hello, &scratch);
    }
    CHECK(wire_frame_add(frame, WIRE_WORKER_HELLO, &hello.base));
    bl_arena_free(&scratch);
    link_said_hello(&session->link, now);
}

static void say_decisions(struct worker_session *session, struct wire_frame *frame, bl_span now)
{
    struct work *next, *work = TAILQ_FIRST(&session->works[WORK_DECIDED]);

    for (; work != NULL && frame->used < WIRE_FRAME_BYTES_GOOD; work = next) {
        struct bl_text bytes = { (const char *)work->bytes, work->byte_count };
        next = TAILQ_NEXT(work, by_state);
        if (work->act_at > now) {
            continue;  // the broker had no room
        }
        if (frame->used + bytes.bytes + HEAD_BYTES_MAX > session->frame_bytes_max) {
            break;
        }
        CHECK(wire_frame_add_bytes(frame, WIRE_WORKER_DECISIONS, bytes));
        work->sends++;
        work->act_at = now + WORKER_RESEND_AFTER;
        work_move(session, work, WORK_SENT);
    }
}

static void say_returned(struct worker_session *session, struct wire_frame *frame)
{
    char attempt[ATTEMPT_TEXT_BYTES];
    struct work *work;

    while ((work = TAILQ_FIRST(&session->works[WORK_RETURNED])) != NULL &&
           frame->used + ATTEMPT_TEXT_BYTES + HEAD_BYTES_MAX <= session->frame_bytes_max) {
        CHECK(
            wire_frame_add_text(frame, WIRE_WORKER_GIVEN_BACK, attempt_format(work->now, attempt)));
        work_end(session, work);
    }
}

bool worker_session_say(struct worker_session *session, struct wire_frame *frame, bl_span now)
{
    if (link_hello_is_due(&session->link)) {
        say_hello(session, frame, now);
        return true;
    }
    if (session->link.state != LINK_UP) {
        return false;
    }
    say_decisions(session, frame, now);
    say_returned(session, frame);
    if (session->stopping && !session->goodbye_said) {
        session->goodbye_said = wire_frame_add_true(frame, WIRE_WORKER_GOODBYE);
    }
    if (frame->used == 0 && link_ping_is_due(&session->link, now)) {
        CHECK(wire_frame_add_true(frame, WIRE_WORKER_PING));
    }
    if (frame->used > 0) {
        link_said(&session->link, now);
    }
    return frame->used > 0;
}

void worker_session_check(const struct worker_session *session)
{
    const struct work *work;
    uint32_t count = 0;

    for (size_t i = 0; i < WORK_STATES; i++) {
        TAILQ_FOREACH(work, &session->works[i], by_state)
        {
            CHECK((size_t)work->state == i);
            CHECK(work->task != NULL);
            CHECK(i != WORK_SENT || work->sends > 0);
            count++;
        }
    }
    CHECK(count == session->work_count);
    CHECK(TAILQ_EMPTY(&session->works[WORK_SENT]) || session->link.state == LINK_UP);
    CHECK(!session->looking || session->link.state != LINK_UP);
}
