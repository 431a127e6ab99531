/* The engine behind its sockets: what the front does, done one stage at a time. Cycle, store, desk,
 * dispatch and sessions are the engine's own. Between any two stages the process may die. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/backlog.h"
#include "broker/cycle.h"
#include "broker/desk.h"
#include "broker/dispatch.h"
#include "broker/said.h"
#include "broker/session.h"
#include "core/notice.h"
#include "core/refusal.h"
#include "faults.h"
#include "model.h"
#include "sim.h"
#include "wire/attempt.h"

#define MAP_BYTES ((size_t)64 << 20)
#define TIMERS_MAX 7     // small, so that more are due than one batch takes
#define RECOMPUTE_MAX 3  // so that a calendar takes many batches
#define CACHE_COUNT 16   // small, so that states are read again
#define RETRY_AFTER_MS 100

struct broker {
    struct sim *sim;
    bool is_up;
    bl_span up_at;
    uint64_t crashes;
    struct store *store;
    struct catalog *catalog;
    struct log log;
    struct cycle *cycle;
    struct desk desk;
    struct dispatch *dispatch;
    struct sessions sessions;
    struct bl_arena arena;  // of one frame
    struct task_scratch scratch;
    struct batch batches[2];
    struct batch *filling, *running, *done;
    enum bl_err outcome;
    bl_span commit_at, finish_at, tick_at, dispatch_at;
    bl_time next_timer;
    bool timers_due;
    bool was_full;          // a worker's socket was, in the last dispatch
    bl_time refused_until;  // refused decisions keep their tasks back until then
    uint64_t newest;
};

/* --- telling ---------------------------------------------------------------------------------- */

static void flush(struct broker *broker, struct session *session)
{
    int peer = network_peer(broker->sim->network, session->route);

    if (session->out.used > 0 && peer >= 0) {
        network_send(broker->sim->network, (uint32_t)peer, TO_PEER,
                     (struct bl_text){ (const char *)session->out.bytes, session->out.used });
    }
    wire_frame_clear(&session->out);
}

static void tell(struct broker *broker, struct session *session, uint32_t number,
                 const ProtobufCMessage *message)
{
    session_wait(&broker->sessions, session);
    CHECK(wire_frame_add(&session->out, number, message));
}

static void flush_all(struct broker *broker)
{
    for (struct session *session; (session = session_next_waiting(&broker->sessions)) != NULL;) {
        flush(broker, session);
    }
}

static void forget(struct broker *broker, struct session *session)
{
    if (broker->sim->options.bug != BUG_TWO_LEASES || session->side != SIDE_WORKER) {
        dispatch_leave(broker->dispatch, session->id, sim_wall(broker->sim));
        model_worker_gone(broker->sim->model, session->id);
    }
    session_end(&broker->sessions, &session);
}

static void turn_away(struct broker *broker, const struct arrival *arrival, enum bl_err code,
                      const char *reason)
{
    Bl__Disconnect disconnect = BL__DISCONNECT__INIT;
    struct wire_frame frame = { 0 };

    disconnect.code = bl_err_name(code);
    disconnect.reason = reason;
    CHECK(wire_frame_add(&frame,
                         arrival->side == SIDE_CLIENT ? (uint32_t)WIRE_BROKER_DISCONNECT
                                                      : (uint32_t)WIRE_TASK_DISCONNECT,
                         &disconnect.base));
    network_send(broker->sim->network, arrival->peer, TO_PEER,
                 (struct bl_text){ (const char *)frame.bytes, frame.used });
    wire_frame_free(&frame);
}

/* --- hello ------------------------------------------------------------------------------------ */

static void resume(struct broker *broker, const struct session *session, const Bl__Hello *hello,
                   Bl__Welcome *welcome)
{
    welcome->granted = bl_arena_array(&broker->arena, Bl__Granted *, hello->n_held + 1);
    for (size_t i = 0; i < hello->n_held; i++) {
        const Bl__Held *held = hello->held[i];
        uint64_t attempt =
            dispatch_resume(broker->dispatch, session->id, held->task, held->attempt);

        if (attempt == 0) {
            continue;
        }
        uint64_t old = 0;
        Bl__Granted *granted = bl_arena_new(&broker->arena, Bl__Granted);

        bl__granted__init(granted);
        granted->attempt = held->attempt;
        granted->now = attempt_format(attempt, bl_arena_alloc(&broker->arena, ATTEMPT_TEXT_BYTES));
        welcome->granted[welcome->n_granted++] = granted;
        CHECK(attempt_parse(held->attempt, &old));
        model_resume(broker->sim->model, held->task, old, attempt, session->id,
                     session->principal.name);
    }
}

static void welcome(struct broker *broker, struct session *session, const Bl__Hello *hello)
{
    Bl__Welcome welcome = BL__WELCOME__INIT;

    if (session->side == SIDE_WORKER) {
        dispatch_join(broker->dispatch, session->id, session->principal.department, session->items,
                      session->item_count, session->credit);
        resume(broker, session, hello, &welcome);
    }
    welcome.protocol = WIRE_PROTOCOL;
    welcome.workers = "workers";
    welcome.publish = "publish";
    welcome.heartbeat_ms = WIRE_HEARTBEAT_MS;
    welcome.newest_event = broker->newest;
    welcome.frame_bytes_max = (uint32_t)WIRE_FRAME_BYTES_MAX;
    welcome.in_flight_max = SESSION_IN_FLIGHT_MAX;
    tell(broker, session,
         session->side == SIDE_CLIENT ? (uint32_t)WIRE_BROKER_WELCOME : (uint32_t)WIRE_TASK_WELCOME,
         &welcome.base);
}

static struct session *hear_hello(struct broker *broker, const struct arrival *arrival,
                                  struct bl_text bytes)
{
    struct session *before = session_at(&broker->sessions, arrival->route, "");
    struct principal principal;
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };
    struct session *session = NULL;

    if (wire_unpack(&bl__hello__descriptor, bytes, &broker->arena, &message, &e) == BL_OK) {
        const Bl__Hello *hello = (const Bl__Hello *)message;

        session_claim(hello, NULL, &principal);
        if (session_check_hello((enum session_side)arrival->side, hello, &principal, &e) == BL_OK) {
            session =
                session_begin(&broker->sessions, (enum session_side)arrival->side, arrival->route,
                              "", &principal, hello, broker->sim->now, sim_wall(broker->sim));
            welcome(broker, session, hello);
        }
    }
    if (session == NULL) {
        turn_away(broker, arrival, e.code, e.text);
    }
    if (before != NULL) {
        forget(broker, before);
    }
    return session;
}

/* --- what clients and workers say ------------------------------------------------------------- */

static Bl__Refusal *overload(struct broker *broker)
{
    Bl__Refusal *refusal = refusal_new(&broker->arena, BL_UNAVAILABLE, "overload", "");

    refusal->retry_after_ms = RETRY_AFTER_MS;
    return refusal;
}

static bool has_room(struct broker *broker)
{
    return broker->filling != NULL && !batch_is_full(broker->filling) &&
           !sim_happens(broker->sim, 30);
}

static const struct principal *keep_principal(struct broker *broker, const struct session *session)
{
    return bl_arena_copy(&broker->filling->arena, &session->principal, sizeof session->principal);
}

/* Who acts: whoever speaks, or whom a gateway speaks for; NULL: nobody who may. */
static const struct principal *acting(struct broker *broker, const struct session *session,
                                      Bl__Command *command)
{
    if (session->principal.role != BL__KEY__ROLE__GATEWAY) {
        command->actor = NULL;
        return keep_principal(broker, session);
    }
    struct principal *person = bl_arena_new(&broker->filling->arena, struct principal);

    if (!principal_for(command->actor, person)) {
        return NULL;
    }
    command->actor->principal = bl_arena_string(&broker->filling->arena, session->principal.name);
    return person;
}

static Bl__Refusal *take_command(struct broker *broker, struct session *session,
                                 struct bl_text bytes, uint64_t *tag)
{
    ProtobufCMessage *message = NULL;
    struct bl_arena *arena = broker->filling == NULL ? &broker->arena : &broker->filling->arena;
    struct bl_error e = { 0 };

    if (wire_unpack(&bl__command__descriptor, bytes, arena, &message, &e) != BL_OK) {
        return refusal_new(&broker->arena, e.code, "wire", "");
    }
    Bl__Command *command = (Bl__Command *)message;

    *tag = command->tag;
    if (!has_room(broker) || !session_admit(session)) {
        return overload(broker);
    }
    const struct principal *principal = acting(broker, session, command);
    if (principal == NULL || !principal_may(principal, command->what_case)) {
        session_answered(session);
        return refusal_new(&broker->arena, BL_DENIED, "role", "");
    }
    batch_add(broker->filling, command, principal)->session = session->id;
    return NULL;
}

static void send_answer(struct broker *broker, const struct batch_command *command)
{
    struct session *session = session_find(&broker->sessions, command->session);

    if (session != NULL) {
        session_answered(session);
        tell(broker, session, WIRE_BROKER_ANSWERS, &command->answer.base);
    }
}

static void hear_command(struct broker *broker, struct session *session, struct bl_text bytes)
{
    Bl__Answer answer = BL__ANSWER__INIT;

    answer.refusal = take_command(broker, session, bytes, &answer.tag);
    if (answer.refusal != NULL) {
        tell(broker, session, WIRE_BROKER_ANSWERS, &answer.base);
    }
}

/* The planted bug: what the worker says of the task is believed. */
static bool believe(struct broker *broker, struct session *session, const Bl__Decision *decision)
{
    struct backlog_row row = { 0 };

    if (broker->sim->options.bug != BUG_STALE_ATTEMPT || decision->task[0] == '\0' ||
        !desk_find(&broker->desk, session->principal.department, decision->task, &row)) {
        return false;
    }
    struct bl_arena *arena = &broker->filling->arena;
    struct lane *lane = bl_arena_new(arena, struct lane);
    struct task *task = bl_arena_new(arena, struct task);
    const struct principal *principal = keep_principal(broker, session);

    bl_text_copy(lane->item, sizeof lane->item, row.item);
    task->lane = lane;
    task->key = row.key;
    batch_add(broker->filling, said_command(arena, decision, task, principal), principal);
    return true;
}

static Bl__Refusal *take_decision(struct broker *broker, struct session *session,
                                  const Bl__Decision *decision)
{
    uint64_t attempt = 0;

    if (decision->decision == BL__DECISION__VERDICT__VERDICT_UNSPECIFIED) {
        return refusal_new(&broker->arena, BL_INVALID, "verdict", "decision");
    }
    if (!has_room(broker)) {
        return overload(broker);
    }
    const struct task *task = attempt_parse(decision->attempt, &attempt)
                                  ? dispatch_decide(broker->dispatch, session->id, attempt)
                                  : NULL;

    if (task == NULL) {
        return dispatch_is_deciding(broker->dispatch, session->id, attempt) ||
                       believe(broker, session, decision)
                   ? NULL
                   : refusal_new(&broker->arena, BL_STALE, "attempt", "attempt");
    }
    const struct principal *principal = keep_principal(broker, session);
    struct batch_command *added =
        batch_add(broker->filling, said_command(&broker->filling->arena, decision, task, principal),
                  principal);

    added->session = session->id;
    added->lease = attempt;
    model_deciding(broker->sim->model, attempt, true);
    return NULL;
}

static void acknowledge(struct broker *broker, struct session *session, const char *attempt,
                        uint64_t event, Bl__Refusal *refusal)
{
    Bl__Acknowledgement acknowledgement = BL__ACKNOWLEDGEMENT__INIT;

    acknowledgement.attempt = attempt;
    acknowledgement.event = event;
    acknowledgement.refusal = refusal;
    tell(broker, session, WIRE_TASK_ACKNOWLEDGEMENTS, &acknowledgement.base);
}

static void hear_decision(struct broker *broker, struct session *session, struct bl_text bytes)
{
    struct bl_arena *arena = broker->filling == NULL ? &broker->arena : &broker->filling->arena;
    ProtobufCMessage *message = NULL;

    CHECK(wire_unpack(&bl__decision__descriptor, bytes, arena, &message, NULL) == BL_OK);
    const Bl__Decision *decision = (const Bl__Decision *)message;
    Bl__Refusal *refusal = take_decision(broker, session, decision);

    if (refusal != NULL) {
        acknowledge(broker, session, decision->attempt, 0, refusal);
    }
}

static void hear_given_back(struct broker *broker, const struct session *session,
                            struct bl_text bytes)
{
    uint64_t attempt = 0;
    char *text = bl_arena_text(&broker->arena, bytes);

    if (attempt_parse(text, &attempt) &&
        dispatch_give_back(broker->dispatch, session->id, attempt, sim_wall(broker->sim))) {
        model_lease_over(broker->sim->model, attempt);
    }
}

static void hear_field(struct broker *broker, struct session *session,
                       const struct wire_field *field)
{
    bool client = session->side == SIDE_CLIENT;

    if (client && field->number == WIRE_CLIENT_COMMANDS) {
        hear_command(broker, session, field->bytes);
    } else if (!client && field->number == WIRE_WORKER_DECISIONS) {
        hear_decision(broker, session, field->bytes);
    } else if (!client && field->number == WIRE_WORKER_GIVEN_BACK) {
        hear_given_back(broker, session, field->bytes);
    } else if (!client && field->number == WIRE_WORKER_GOODBYE) {
        dispatch_drain(broker->dispatch, session->id);
    } else if (field->number ==
               (client ? (uint32_t)WIRE_CLIENT_PING : (uint32_t)WIRE_WORKER_PING)) {
        session_wait(&broker->sessions, session);
        CHECK(wire_frame_add_true(&session->out,
                                  client ? (uint32_t)WIRE_BROKER_PONG : (uint32_t)WIRE_TASK_PONG));
    }
}

static void dispatch_now(struct broker *broker);

void broker_hear(struct broker *broker, const struct arrival *arrival)
{
    struct session *session = session_at(&broker->sessions, arrival->route, "");
    struct wire_reader reader = wire_reader_of(arrival->bytes, arrival->count);
    struct wire_field field;

    if (!broker->is_up) {
        return;
    }
    bl_arena_reset(&broker->arena);
    while (wire_read(&reader, &field)) {
        if (field.number == WIRE_CLIENT_HELLO) {
            session = hear_hello(broker, arrival, field.bytes);
        } else if (session == NULL) {
            turn_away(broker, arrival, BL_REFUSED, "say hello first");
        } else {
            hear_field(broker, session, &field);
        }
        if (session == NULL) {
            return;
        }
    }
    session_heard(session, broker->sim->now, sim_wall(broker->sim));
    dispatch_now(broker);
}

/* --- dispatch --------------------------------------------------------------------------------- */

static size_t scan(void *context, const char *department, struct edf_key from,
                   struct backlog_row *rows, size_t capacity)
{
    return desk_scan(&((struct broker *)context)->desk, department, from, rows, capacity, NULL,
                     NULL);
}

static bool find(void *context, const char *department, const char *task, struct backlog_row *row)
{
    return desk_find(&((struct broker *)context)->desk, department, task, row);
}

/* The contents of a task that waits: once its batch is gone they are read no more. */
struct body {
    size_t count;
    char bytes[];
};

static void forget_body(void *context, void *body)
{
    (void)context;
    free(body);
}

static bool source_of(const struct effect *effect, struct task_source *source)
{
    if (effect == NULL || effect->content.at == NULL) {
        return false;
    }
    *source = (struct task_source){ .definition = effect->definition,
                                    .item = effect->item,
                                    .number = effect->number,
                                    .promise_due = effect->promise_due,
                                    .legal_due = effect->legal_due,
                                    .failures = effect->failures,
                                    .content = effect->content,
                                    .step = effect->step,
                                    .round = effect->round,
                                    .needs = effect->needs,
                                    .need_count = effect->need_count };
    return true;
}

static void keep_bodies(struct broker *broker, const struct batch *batch)
{
    for (size_t i = 0; i < batch->effect_count; i++) {
        const struct effect *effect = &batch->effects[i];
        struct task_source source;

        if (effect->kind == EFFECT_TASK_READY &&
            dispatch_wants_body(broker->dispatch, effect->application, effect->item) &&
            source_of(effect, &source)) {
            struct bl_text made = task_body(&source, &broker->scratch);
            struct body *body = malloc(sizeof *body + made.bytes);

            CHECK(made.at != NULL && body != NULL);
            body->count = made.bytes;
            memcpy(body->bytes, made.at, made.bytes);
            dispatch_keep(broker->dispatch, effect->application, effect->item, body);
        }
    }
}

/* at = NULL: nobody has to work on it any more. */
static struct bl_text body_of(struct broker *broker, const struct dispatch_grant *grant)
{
    const struct body *kept = grant->body;
    struct task_source source;

    if (kept != NULL) {
        return (struct bl_text){ kept->bytes, kept->count };
    }
    if (!source_of(grant->hint, &source) &&
        !desk_task(&broker->desk, grant->application, grant->item, &source)) {
        return (struct bl_text){ NULL, 0 };
    }
    struct bl_text made = task_body(&source, &broker->scratch);

    CHECK(made.at != NULL);
    return made;
}

static enum dispatch_sent send_task(void *context, const struct dispatch_grant *grant)
{
    struct broker *broker = context;
    struct session *session = session_find(&broker->sessions, grant->worker);
    struct bl_text body = body_of(broker, grant);

    if (session == NULL) {
        CHECK(broker->sim->options.bug == BUG_TWO_LEASES);
        return DISPATCH_SENT;
    }
    if (body.at == NULL) {
        return DISPATCH_OVER;
    }
    broker->sim->counts.tasks++;
    if (sim_happens(broker->sim, 20)) {
        broker->was_full = true;
        return DISPATCH_FULL;
    }
    model_lease(broker->sim->model, grant->application, grant->item, grant->attempt, grant->worker,
                session->principal.name);
    if (broker->sim->options.bug == BUG_LOST_TASK && grant->attempt % 16 == 0) {
        return DISPATCH_SENT;
    }
    session_wait(&broker->sessions, session);
    CHECK(task_add(&session->out, body, grant->attempt, &broker->scratch));
    return DISPATCH_SENT;
}

static void revoke_task(void *context, uint64_t worker, uint64_t attempt)
{
    struct broker *broker = context;
    struct session *session = session_find(&broker->sessions, worker);
    char text[ATTEMPT_TEXT_BYTES];

    model_lease_over(broker->sim->model, attempt);
    broker->sim->counts.tasks++;
    if (session != NULL) {
        session_wait(&broker->sessions, session);
        CHECK(wire_frame_add_text(&session->out, WIRE_TASK_REVOKED, attempt_format(attempt, text)));
    }
}

/* Whoever is free and serves a department gets what waits for it: no other department, and no
 * earlier fault, may stand in the way. */
static void check_nobody_waits(struct broker *broker)
{
    bl_time now = sim_wall(broker->sim);

    if (broker->was_full || now <= broker->refused_until || broker->running != NULL ||
        broker->done != NULL || broker->filling->command_count > 0 || broker->timers_due) {
        return;
    }
    for (const struct session *session = broker->sessions.first; session != NULL;
         session = session->next) {
        if (session->side != SIDE_WORKER || session->item_count > 0 || session->is_waiting ||
            dispatch_held(broker->dispatch, session->id) >= session->credit) {
            continue;
        }
        uint32_t idle = model_idle_tasks(broker->sim->model, session->principal.department, now);

        if (idle > 0) {
            sim_fail(broker->sim, 0, "%u tasks of %s wait beside a worker who is free", idle,
                     session->principal.department);
        }
    }
}

static void unpause(struct broker *broker)
{
    for (const struct session *session = broker->sessions.first; session != NULL;
         session = session->next) {
        if (session->side == SIDE_WORKER) {
            dispatch_pause(broker->dispatch, session->id, false);
        }
    }
}

static void dispatch_now(struct broker *broker)
{
    bl_time now = sim_wall(broker->sim);
    uint32_t turns = 0;

    broker->was_full = false;
    unpause(broker);
    while (dispatch_run(broker->dispatch, now)) {
        if (++turns > 1000) {
            sim_fail(broker->sim, 0, "dispatch has always more to do");
        }
    }
    if (!broker->sim->options.bare) {
        dispatch_check(broker->dispatch);
        sessions_check(&broker->sessions);
    }
    flush_all(broker);
}

/* --- start and crash -------------------------------------------------------------------------- */

static void random_bytes(void *context, void *buffer, size_t bytes)
{
    struct broker *broker = context;
    uint8_t *at = buffer;

    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)sim_chance(broker->sim, 256);
    }
}

static void open_cycle(struct broker *broker)
{
    struct cycle_config config = { CACHE_COUNT,
                                   TIMERS_MAX,
                                   random_bytes,
                                   broker,
                                   broker->sim->options.bare ? NULL : &broker->sim->audit,
                                   RECOMPUTE_MAX };
    struct bl_error e = { 0 };

    catalog_open(broker->store, &broker->catalog);
    mutants_start(broker->sim->options.bug);
    if (cycle_open(&config, broker->store, broker->catalog, &broker->log, &broker->cycle, &e) !=
        BL_OK) {
        sim_fail(broker->sim, 0, "the cycle cannot be opened again: %s", e.text);
    }
}

static void start(struct broker *broker)
{
    struct store_config config = { .path = broker->sim->options.folder, .map_bytes = MAP_BYTES };
    struct dispatch_port port = { .context = broker,
                                  .scan = scan,
                                  .find = find,
                                  .send = send_task,
                                  .forget = forget_body,
                                  .revoke = revoke_task };
    struct bl_error e = { 0 };

    if (store_open(&config, &broker->store, &e) != BL_OK) {
        sim_fail(broker->sim, 0, "the store cannot be opened again: %s", e.text);
    }
    open_cycle(broker);
    broker->next_timer = cycle_next_timer(broker->cycle);
    desk_open(&broker->desk, broker->store, broker->catalog);
    if (broker->dispatch == NULL) {
        broker->dispatch = dispatch_new((uint32_t)store_start(broker->store), &port);
    }
    bl_arena_init(&broker->arena, 1 << 14, (size_t)1 << 28);
    for (size_t i = 0; i < BL_COUNT(broker->batches); i++) {
        batch_init(&broker->batches[i]);
    }
    broker->filling = &broker->batches[0];
    broker->running = broker->done = NULL;
    broker->timers_due = false;
    broker->commit_at = broker->finish_at = BL_NEVER;
    broker->tick_at = broker->dispatch_at = broker->sim->now;
    broker->is_up = true;
}

static void stop(struct broker *broker)
{
    if (broker->sim->options.bug != BUG_STALE_MEMORY || !broker->is_up) {
        dispatch_free(&broker->dispatch);
        sessions_free(&broker->sessions);
    }
    desk_close(&broker->desk);
    task_scratch_free(&broker->scratch);
    broker->scratch = (struct task_scratch){ 0 };
    for (size_t i = 0; i < BL_COUNT(broker->batches); i++) {
        batch_free(&broker->batches[i]);
    }
    bl_arena_free(&broker->arena);
    cycle_close(&broker->cycle);
    catalog_close(&broker->catalog);
    store_close(&broker->store);
    broker->is_up = false;
}

/* Everything in memory is gone; the store is opened again at once, to look at what it has kept, and
 * serves after a while. */
static void crash(struct broker *broker, const char *when)
{
    sim_trace(broker->sim, 0, "broker: dies %s", when);
    broker->crashes++;
    stop(broker);
    start(broker);
    broker->is_up = false;
    model_check(broker->sim->model, broker->store, 0, true);
    model_leases_forget(broker->sim->model);
    if (broker->sim->options.bug != BUG_EARLY_ANSWER) {  // there its answers are on their way
        network_break_all(broker->sim->network);
    }
    broker->up_at = broker->sim->now + (bl_span)sim_chance(broker->sim, 3 * SECOND_US);
}

struct store *broker_store(struct broker *broker)
{
    return broker->store;
}

uint64_t broker_crashes(const struct broker *broker)
{
    return broker->crashes;
}

/* --- the stages ------------------------------------------------------------------------------- */

static bool dies(struct broker *broker, const char *when)
{
    if (!sim_happens(broker->sim, broker->sim->weather.crash)) {
        return false;
    }
    crash(broker, when);
    return true;
}

static void give(struct broker *broker)
{
    broker->running = broker->filling;
    broker->filling =
        broker->running == &broker->batches[0] ? &broker->batches[1] : &broker->batches[0];
    broker->commit_at = broker->sim->now + 100 + (bl_span)sim_chance(broker->sim, 3000);
    (void)dies(broker, "after it has received");
}

static enum commit_fate draw_fate(struct broker *broker)
{
    const struct sim_weather *weather = &broker->sim->weather;

    return sim_happens(broker->sim, weather->full)        ? COMMIT_FULL
           : sim_happens(broker->sim, weather->crash / 2) ? COMMIT_CRASH_BEFORE
           : sim_happens(broker->sim, weather->crash / 2) ? COMMIT_CRASH_AFTER
                                                          : COMMIT_FINE;
}

static void trace_batch(struct broker *broker, const struct batch *batch)
{
    sim_trace(broker->sim, 0, "broker: a batch of %zu commands, %zu effects: %s, newest event %llu",
              batch->command_count, batch->effect_count, bl_err_name(broker->outcome),
              (unsigned long long)batch->newest_event);
}

static void say_early(struct broker *broker)
{
    for (size_t i = 0; i < broker->running->command_count; i++) {
        struct batch_command *command = &broker->running->commands[i];

        if (command->lease == 0 && command->command->what_case == BL__COMMAND__WHAT_SUBMIT) {
            send_answer(broker, command);
            command->session = 0;
        }
    }
    flush_all(broker);
}

static void run(struct broker *broker)
{
    struct batch *batch = broker->running;
    struct bl_error e = { 0 };
    enum commit_fate fate = draw_fate(broker);
    enum sim_bug bug = broker->sim->options.bug;

    faults_set(bug, fate);
    mutants_enter(bug);
    broker->outcome = cycle_run(broker->cycle, batch, sim_wall(broker->sim), &e);
    mutants_leave();
    faults_set(bug, COMMIT_FINE);
    broker->commit_at = BL_NEVER;
    trace_batch(broker, batch);
    if (broker->outcome != BL_OK && broker->outcome != BL_FULL) {
        if (fate != COMMIT_CRASH_BEFORE && fate != COMMIT_CRASH_AFTER) {
            sim_fail(broker->sim, 0, "a batch failed by itself: %s", e.text);
        }
        if (bug == BUG_EARLY_ANSWER) {
            say_early(broker);
        }
        crash(broker, e.text);
        return;
    }
    broker->running = NULL;
    broker->done = batch;
    broker->timers_due = broker->outcome == BL_OK && batch->timers_due >= TIMERS_MAX;
    broker->next_timer =
        broker->outcome == BL_OK ? batch->next_timer : sim_wall(broker->sim) + SECOND_US;
    broker->newest = batch->newest_event;
    model_check(broker->sim->model, broker->store, batch->time,
                broker->timers_due || broker->outcome != BL_OK);
    broker->finish_at = broker->sim->now + (bl_span)sim_chance(broker->sim, 500);
    (void)dies(broker, "after the commit, before it has answered");
}

static void apply_effects(struct broker *broker, const struct batch *batch)
{
    bl_time now = sim_wall(broker->sim);

    for (size_t i = 0; i < batch->effect_count && broker->outcome == BL_OK; i++) {
        const struct effect *effect = &batch->effects[i];
        struct edf_key key = { effect->due, effect->application, effect->item };

        bool deaf = broker->sim->options.bug == BUG_DEAF_RETRY && effect->failures > 0;

        if (effect->kind == EFFECT_TASK_GONE || (effect->kind == EFFECT_TASK_READY && deaf)) {
            dispatch_gone(broker->dispatch, effect->application, effect->item);
        } else if (effect->kind == EFFECT_TASK_READY) {
            const char *lane = notice_of_task(effect->item) != 0
                                   ? NOTICE_LANE
                                   : effect->definition->items[effect->item].id;

            dispatch_ready(broker->dispatch, effect->department, lane, key, effect->not_before,
                           effect, now);
        }
    }
}

static void settle(struct broker *broker, const struct batch_command *command)
{
    struct session *session = session_find(&broker->sessions, command->session);
    bool full = broker->outcome == BL_FULL;
    const Bl__Answer *answer = &command->answer;

    if (full && session != NULL) {
        model_deciding(broker->sim->model, command->lease, false);
    } else {
        model_lease_over(broker->sim->model, command->lease);
    }
    if (!full && answer->refusal != NULL) {
        sim_trace(broker->sim, command->command->application_id, "a decision is refused: %s",
                  answer->refusal->rule);
        broker->refused_until = sim_wall(broker->sim) + DISPATCH_AGAIN_AFTER;
    }
    dispatch_settle(broker->dispatch, command->lease,
                    full                      ? OUTCOME_NOT_TAKEN
                    : answer->refusal == NULL ? OUTCOME_DONE
                                              : OUTCOME_REFUSED,
                    sim_wall(broker->sim));
    if (session != NULL) {
        char text[ATTEMPT_TEXT_BYTES];

        acknowledge(broker, session, attempt_format(command->lease, text), answer->event,
                    answer->refusal);
    }
}

static void finish(struct broker *broker)
{
    struct batch *batch = broker->done;

    broker->finish_at = BL_NEVER;
    broker->sim->counts.commands += batch->command_count;
    apply_effects(broker, batch);
    for (size_t i = 0; i < batch->command_count; i++) {
        if (batch->commands[i].lease != 0) {
            settle(broker, &batch->commands[i]);
        } else {
            send_answer(broker, &batch->commands[i]);
        }
    }
    broker->done = NULL;
    dispatch_now(broker);
    keep_bodies(broker, batch);
    dispatch_round(broker->dispatch);  // the effects that tasks point to go with the batch
    batch_reset(batch);
    (void)dies(broker, "after it has answered");
}

/* --- turns ------------------------------------------------------------------------------------ */

static bool wants_batch(const struct broker *broker)
{
    return broker->running == NULL && broker->done == NULL &&
           (broker->filling->command_count > 0 || broker->timers_due ||
            broker->next_timer <= sim_wall(broker->sim));
}

bl_span broker_next(const struct broker *broker)
{
    bl_span next = broker->tick_at;

    if (!broker->is_up) {
        return broker->up_at;
    }
    if (wants_batch(broker)) {
        return broker->sim->now;
    }
    next = broker->commit_at < next ? broker->commit_at : next;
    return broker->finish_at < next ? broker->finish_at : next;
}

/* Once a second: who is silent, and which delayed tasks have become ready. */
static void tick(struct broker *broker)
{
    struct sim *sim = broker->sim;

    broker->tick_at = sim->now + SECOND_US;
    for (struct session *session = broker->sessions.first, *next; session != NULL; session = next) {
        next = session->next;
        if (session_is_over(session, sim->now)) {
            sim_trace(sim, 0, "broker: %s is silent", session->principal.name);
            forget(broker, session);
        }
    }
    dispatch_now(broker);
    if (!broker->sim->options.bare) {
        check_nobody_waits(broker);
    }
}

void broker_turn(struct broker *broker)
{
    bl_span now = broker->sim->now;

    if (!broker->is_up) {
        if (broker->up_at <= now) {
            broker->is_up = true;
            broker->tick_at = now;
            sim_trace(broker->sim, 0, "broker: serves again");
        }
    } else if (broker->commit_at <= now) {
        run(broker);
    } else if (broker->finish_at <= now) {
        finish(broker);
    } else if (wants_batch(broker)) {
        give(broker);
    } else if (broker->tick_at <= now) {
        tick(broker);
    }
}

struct broker *broker_new(struct sim *sim)
{
    struct broker *broker = calloc(1, sizeof *broker);

    CHECK(broker != NULL);
    broker->sim = sim;
    faults_begin();
    start(broker);
    return broker;
}

void broker_free(struct broker **broker)
{
    (*broker)->is_up = false;
    stop(*broker);
    free(*broker);
    *broker = NULL;
}
