/* Who decides: workers on the SDK's own logic that fail, stall, die, answer late and answer twice;
 * and a liar, who speaks the protocol by hand and claims what others hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/session.h"
#include "model.h"
#include "sdk/worker_session.h"
#include "sim.h"
#include "wire/attempt.h"

#define JOBS_MAX 8
#define QUEUE_MAX 256  // frames that wait for a worker who stalls

/* One task in a worker's hands. */
struct job {
    const Bl__Task *task;  // NULL: free
    char attempt[ATTEMPT_TEXT_BYTES];
    bl_span done_at;
};

struct worker {
    struct peer peer;
    char department[32], name[32];
    struct worker_session *session;
    struct bl_worker_options options;
    struct bl_arena memory;
    struct wire_frame frame;
    struct job jobs[JOBS_MAX];
    bl_span stalled_until;
    struct bl_text queue[QUEUE_MAX];
    uint32_t queued;
    bool dies;  // at its next turn
};

static bl_span think(struct sim *sim)
{
    return 2000 + (bl_span)sim_chance(sim, sim->healed ? 50000 : 1500000);
}

/* --- what the session calls ------------------------------------------------------------------- */

static struct job *job_of(struct worker *worker, const Bl__Task *task)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (worker->jobs[i].task == task) {
            return &worker->jobs[i];
        }
    }
    return NULL;
}

/* A revoked task is dropped at once, or worked on all the same. */
static void revoked(void *context, const Bl__Task *task)
{
    struct worker *worker = context;
    struct job *job = job_of(worker, task);

    CHECK(job != NULL);
    if (sim_chance(worker->peer.sim, 2) == 0) {
        job->task = NULL;
        worker_session_give_back(worker->session, job->attempt);
    }
}

/* Says by hand the contrary of what is on disk: it has to be stale. */
static void contradict(struct worker *worker, const struct bl_worker_settled *settled)
{
    Bl__Decision decision = BL__DECISION__INIT;
    struct wire_frame frame = { 0 };

    decision.attempt = settled->attempt;
    decision.reason = "otherwise";
    decision.decision = settled->decision == BL__DECISION__VERDICT__APPROVE
                            ? BL__DECISION__VERDICT__REJECT
                            : BL__DECISION__VERDICT__APPROVE;
    CHECK(wire_frame_add(&frame, WIRE_WORKER_DECISIONS, &decision.base));
    network_send(worker->peer.sim->network, worker->peer.index, TO_BROKER,
                 (struct bl_text){ (const char *)frame.bytes, frame.used });
    wire_frame_free(&frame);
}

static void settled(void *context, const struct bl_worker_settled *settled)
{
    struct worker *worker = context;
    struct sim *sim = worker->peer.sim;

    sim_trace(sim, 0, "%s: the decision of %s under %s is %s", worker->name, settled->task->task,
              settled->attempt, bl_err_name(settled->code));
    if (settled->code == BL_OK) {
        model_decided(sim->model, settled->task->task, settled->attempt, settled->decision,
                      settled->event);
        if (sim_happens(sim, 500)) {
            contradict(worker, settled);
        }
    }
}

/* --- work ------------------------------------------------------------------------------------- */

static void decide(struct worker *worker, struct job *job)
{
    struct sim *sim = worker->peer.sim;
    Bl__Decision decision = BL__DECISION__INIT;
    uint64_t draw = sim_chance(sim, 100);
    char attempt[ATTEMPT_TEXT_BYTES];

    memcpy(attempt, job->attempt, sizeof attempt);
    job->task = NULL;
    if (sim_happens(sim, sim->weather.worker_fails / 2)) {
        worker_session_give_back(worker->session, attempt);
        return;
    }
    decision.decision = draw < 15 ? BL__DECISION__VERDICT__REJECT : BL__DECISION__VERDICT__APPROVE;
    decision.reason = "reason";
    if (sim_happens(sim, sim->weather.worker_fails)) {
        decision.decision = BL__DECISION__VERDICT__FAIL;
        decision.permanent = draw < 20;
    }
    enum bl_err err = worker_session_decide(worker->session, attempt, &decision, 0, NULL);

    CHECK(err == BL_OK || err == BL_STALE);  // revoked meanwhile
}

static void take_tasks(struct worker *worker)
{
    struct sim *sim = worker->peer.sim;

    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (worker->jobs[i].task != NULL) {
            continue;
        }
        const Bl__Task *task = worker_session_take(worker->session);

        if (task == NULL) {
            return;
        }
        model_received(sim->model, task->task, task->attempt);
        worker->jobs[i].task = task;
        (void)snprintf(worker->jobs[i].attempt, sizeof worker->jobs[i].attempt, "%s",
                       task->attempt);
        worker->jobs[i].done_at = sim->now + think(sim);
        if (sim_happens(sim, sim->weather.worker_dies)) {
            worker->dies = true;
        }
        if (sim_happens(sim, sim->weather.worker_stalls)) {
            worker->stalled_until = sim->now + (bl_span)sim_chance(sim, 20 * SECOND_US);
            sim_trace(sim, 0, "%s: stalls", worker->name);
        }
    }
}

static void work(struct worker *worker)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (worker->jobs[i].task != NULL && worker->jobs[i].done_at <= worker->peer.sim->now) {
            decide(worker, &worker->jobs[i]);
        }
    }
    take_tasks(worker);
}

/* --- the connection --------------------------------------------------------------------------- */

static void begin(struct worker *worker)
{
    struct sim *sim = worker->peer.sim;

    memset(worker->jobs, 0, sizeof worker->jobs);
    worker->session = worker_session_new(&worker->options, chance_next(&sim->random), sim->now);
}

static void drop_queue(struct worker *worker)
{
    while (worker->queued > 0) {
        free((char *)(uintptr_t)worker->queue[--worker->queued].at);
    }
}

static void die(struct worker *worker)
{
    sim_trace(worker->peer.sim, 0, "%s: dies and begins anew", worker->name);
    worker->dies = false;
    worker->stalled_until = 0;
    drop_queue(worker);
    worker_session_free(&worker->session);
    network_hang_up(worker->peer.sim->network, worker->peer.index);
    begin(worker);
}

static void dial(struct worker *worker)
{
    struct sim *sim = worker->peer.sim;
    struct link *link = worker_session_link(worker->session);

    if (link_must_dial(link, sim->now)) {
        network_dial(sim->network, worker->peer.index,
                     worker_session_endpoint(worker->session) == NULL ? SIDE_CLIENT : SIDE_WORKER);
        link_dialled(link, sim->now);
    }
}

static void hear_now(struct worker *worker, struct bl_text bytes)
{
    bool front = worker_session_endpoint(worker->session) == NULL;
    ProtobufCMessage *frame = NULL;

    if (worker_session_link(worker->session)->state == LINK_DOWN) {
        return;
    }
    bl_arena_reset(&worker->memory);
    CHECK(wire_unpack(front ? &bl__broker_frame__descriptor : &bl__task_frame__descriptor, bytes,
                      &worker->memory, &frame, NULL) == BL_OK);
    if (front) {
        worker_session_hear_front(worker->session, (Bl__BrokerFrame *)frame, worker->peer.sim->now);
    } else {
        worker_session_hear(worker->session, (Bl__TaskFrame *)frame, worker->peer.sim->now);
    }
}

static void speak(struct worker *worker)
{
    struct sim *sim = worker->peer.sim;

    worker_session_tick(worker->session, sim->now);
    work(worker);
    dial(worker);
    while (worker_session_say(worker->session, &worker->frame, sim->now)) {
        network_send(sim->network, worker->peer.index, TO_BROKER,
                     (struct bl_text){ (const char *)worker->frame.bytes, worker->frame.used });
        wire_frame_clear(&worker->frame);
    }
    worker_session_check(worker->session);
}

static bool is_stalled(const struct worker *worker)
{
    return worker->stalled_until > worker->peer.sim->now && !worker->peer.sim->healed;
}

static void worker_turn(struct peer *peer)
{
    struct worker *worker = (struct worker *)peer;

    if (worker->dies) {
        die(worker);
    }
    if (is_stalled(worker)) {
        return;
    }
    for (uint32_t i = 0; i < worker->queued; i++) {
        hear_now(worker, worker->queue[i]);
    }
    drop_queue(worker);
    speak(worker);
}

static void worker_hear(struct peer *peer, struct bl_text bytes)
{
    struct worker *worker = (struct worker *)peer;
    uint64_t route = network_route(peer->sim->network, peer->index);

    if (!is_stalled(worker)) {
        worker_turn(peer);
        if (route == network_route(peer->sim->network, peer->index)) {  // else it was another's
            hear_now(worker, bytes);
            speak(worker);
        }
    } else if (worker->queued < QUEUE_MAX) {
        char *kept = malloc(bytes.bytes + 1);

        CHECK(kept != NULL);
        memcpy(kept, bytes.at, bytes.bytes);
        worker->queue[worker->queued++] = (struct bl_text){ kept, bytes.bytes };
    }
}

static bl_span worker_next(const struct peer *peer)
{
    const struct worker *worker = (const struct worker *)peer;
    bl_span next = worker_session_wake_at(worker->session);

    if (is_stalled(worker)) {
        return worker->stalled_until;
    }
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (worker->jobs[i].task != NULL && worker->jobs[i].done_at < next) {
            next = worker->jobs[i].done_at;
        }
    }
    return next;
}

static bool worker_is_done(const struct peer *peer)
{
    return worker_session_held(((const struct worker *)peer)->session) == 0;
}

static void worker_free(struct peer *peer)
{
    struct worker *worker = (struct worker *)peer;

    drop_queue(worker);
    worker_session_free(&worker->session);
    bl_arena_free(&worker->memory);
    wire_frame_free(&worker->frame);
    free(worker);
}

struct peer *worker_new(struct sim *sim, uint32_t index, const char *department, bl_span from)
{
    struct worker *worker = calloc(1, sizeof *worker);

    CHECK(worker != NULL);
    worker->peer = (struct peer){ sim,         index,       worker_next,   worker_turn,
                                  worker_hear, worker_free, worker_is_done };
    (void)snprintf(worker->department, sizeof worker->department, "%s", department);
    (void)snprintf(worker->name, sizeof worker->name, "worker-%u", index);
    worker->options = (struct bl_worker_options){
        .department = worker->department,
        .concurrency = 1 + (uint32_t)sim_chance(sim, 5),
        .principal = worker->name,
        .program = "sim",
        .settled = settled,
        .revoked = revoked,
        .context = worker,
    };
    bl_arena_init(&worker->memory, 1 << 14, (size_t)1 << 28);
    begin(worker);
    worker->stalled_until = from;
    return &worker->peer;
}

/* --- the liar --------------------------------------------------------------------------------- */

struct liar {
    struct peer peer;
    bl_span act_at;
};

static void say(struct liar *liar, uint32_t field, const ProtobufCMessage *message)
{
    struct wire_frame frame = { 0 };

    CHECK(wire_frame_add(&frame, field, message));
    network_send(liar->peer.sim->network, liar->peer.index, TO_BROKER,
                 (struct bl_text){ (const char *)frame.bytes, frame.used });
    wire_frame_free(&frame);
}

/* Claims to hold what somebody else holds, under the right attempt or another. */
static void claim(struct liar *liar)
{
    struct sim *sim = liar->peer.sim;
    Bl__Hello hello = BL__HELLO__INIT;
    Bl__Held held = BL__HELD__INIT, *list[] = { &held };
    char task[160], attempt[ATTEMPT_TEXT_BYTES];
    uint64_t lease = model_some_lease(sim->model, task, sizeof task);

    network_dial(sim->network, liar->peer.index, SIDE_WORKER);
    hello.protocol_min = hello.protocol_max = WIRE_PROTOCOL;
    hello.principal = "liar";
    hello.department = sim_departments[sim_chance(sim, SIM_DEPARTMENTS)];
    hello.credit = (uint32_t)sim_chance(sim, 3);
    if (lease != 0) {
        held.task = task;
        held.attempt = attempt_format(lease + sim_chance(sim, 2), attempt);
        hello.held = list;
        hello.n_held = 1;
    }
    say(liar, WIRE_WORKER_HELLO, &hello.base);
}

/* Decides what somebody else holds. */
static void decide_for_another(struct liar *liar)
{
    struct sim *sim = liar->peer.sim;
    Bl__Decision decision = BL__DECISION__INIT;
    char task[160], attempt[ATTEMPT_TEXT_BYTES];
    uint64_t lease = model_some_lease(sim->model, task, sizeof task);

    if (lease != 0) {
        decision.task = task;
        decision.attempt = attempt_format(lease, attempt);
        decision.decision = BL__DECISION__VERDICT__APPROVE;
        say(liar, WIRE_WORKER_DECISIONS, &decision.base);
    }
}

static bl_span liar_next(const struct peer *peer)
{
    return peer->sim->healed ? BL_NEVER : ((const struct liar *)peer)->act_at;
}

static void liar_turn(struct peer *peer)
{
    struct liar *liar = (struct liar *)peer;
    struct sim *sim = peer->sim;

    if (liar->act_at > sim->now || sim->healed) {
        return;
    }
    liar->act_at = sim->now + (bl_span)sim_chance(sim, 4 * SECOND_US);
    if (sim_chance(sim, 4) == 0) {
        claim(liar);
    } else {
        decide_for_another(liar);
    }
}

static void liar_hear(struct peer *peer, struct bl_text bytes)
{
    (void)peer;
    (void)bytes;
}

static bool liar_is_done(const struct peer *peer)
{
    (void)peer;
    return true;
}

static void liar_free(struct peer *peer)
{
    free(peer);
}

struct peer *liar_new(struct sim *sim, uint32_t index)
{
    struct liar *liar = calloc(1, sizeof *liar);

    CHECK(liar != NULL);
    liar->peer =
        (struct peer){ sim, index, liar_next, liar_turn, liar_hear, liar_free, liar_is_done };
    return &liar->peer;
}
