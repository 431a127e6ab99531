/* Who submits, and who keeps the hall going: clients on the library's own logic. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/session.h"
#include "client/session.h"
#include "core/application.h"
#include "model.h"
#include "sim.h"

#define CALL_TIMEOUT (20 * SECOND_US)
#define FLYING_MAX 6                // submissions of one clerk without an answer
#define REPEAT_WITHIN (4 * DAY_US)  // request ids are kept for a week
#define LOOK_AT 40                  // applications that the operator looks at in one turn

/* One application that a clerk has to hand in, until it is acknowledged. */
struct submission {
    uint64_t serial;
    const struct sim_workflow *workflow;
    char request_id[REQUEST_ID_BYTES];
    struct bl_text content[2];  // as it is, and otherwise under the same request id
    bool newest_version;
    bool is_flying, is_acknowledged, was_sent;
    uint64_t application;
    bl_span again_at;
    bl_time first_at;
};

struct client {
    struct peer peer;
    struct client_session *session;
    struct bl_arena memory;  // of one frame
    struct bl_arena kept;
    struct wire_frame frame;
    bl_span act_at;
    /* A clerk: */
    struct request_ids ids;
    struct submission *submissions;
    uint32_t count, acknowledged, flying;
    /* The operator: */
    uint32_t published;  // calendar, departments, workflows
    uint64_t cursor, requests;
};

/* What a call was about. */
struct call_of {
    struct client *client;
    struct submission *submission;
    uint32_t variant;
};

/* --- the connection --------------------------------------------------------------------------- */

static void speak(struct client *client)
{
    struct sim *sim = client->peer.sim;
    struct link *link = client_session_link(client->session);

    client_session_tick(client->session, sim->now);
    if (link_must_dial(link, sim->now)) {
        network_dial(sim->network, client->peer.index, SIDE_CLIENT);
        link_dialled(link, sim->now);
    }
    while (client_session_say(client->session, &client->frame, sim->now)) {
        network_send(sim->network, client->peer.index, TO_BROKER,
                     (struct bl_text){ (const char *)client->frame.bytes, client->frame.used });
        wire_frame_clear(&client->frame);
    }
    client_session_check(client->session);
}

static void client_hear(struct peer *peer, struct bl_text bytes)
{
    struct client *client = (struct client *)peer;
    ProtobufCMessage *frame = NULL;

    bl_arena_reset(&client->memory);
    CHECK(wire_unpack(&bl__broker_frame__descriptor, bytes, &client->memory, &frame, NULL) ==
          BL_OK);
    client_session_hear(client->session, (Bl__BrokerFrame *)frame, peer->sim->now);
    speak(client);
}

static bl_span client_next(const struct peer *peer)
{
    const struct client *client = (const struct client *)peer;
    bl_span wake = client_session_wake_at(client->session);

    return wake < client->act_at ? wake : client->act_at;
}

static void client_free(struct peer *peer)
{
    struct client *client = (struct client *)peer;

    client_session_free(&client->session);
    bl_arena_free(&client->memory);
    bl_arena_free(&client->kept);
    wire_frame_free(&client->frame);
    free(client);
}

static struct client *client_new(struct sim *sim, uint32_t index, const char *principal)
{
    struct client *client = calloc(1, sizeof *client);
    struct client_config config = { .program = "sim",
                                    .principal = principal,
                                    .timeout = CALL_TIMEOUT,
                                    .epoch = sim->wall_from,
                                    .seed = chance_next(&sim->random) };

    CHECK(client != NULL);
    client->peer = (struct peer){
        .sim = sim, .index = index, .next = client_next, .hear = client_hear, .free = client_free
    };
    client->session = client_session_new(&config, sim->now);
    bl_arena_init(&client->memory, 1 << 14, (size_t)1 << 28);
    bl_arena_init(&client->kept, 1 << 14, (size_t)1 << 28);
    request_ids_init(&client->ids, config.seed);
    client->act_at = sim->now;
    return client;
}

/* --- clerks ----------------------------------------------------------------------------------- */

static void acknowledged(struct client *clerk, struct submission *submission, uint32_t variant,
                         const Bl__Answer *answer)
{
    model_acknowledged(clerk->peer.sim->model, submission->serial, variant, answer->application_id,
                       answer->event);
    if (submission->is_acknowledged && submission->application != 0 &&
        submission->application != answer->application_id) {
        sim_fail(clerk->peer.sim, answer->application_id,
                 "submission %llu was answered with two applications",
                 (unsigned long long)submission->serial);
    }
    clerk->acknowledged += !submission->is_acknowledged;
    submission->is_acknowledged = true;
    submission->application = answer->application_id;
}

/* The same request id with other content: only if the other was really taken. */
static void reused(struct client *clerk, struct submission *submission, uint32_t variant)
{
    int taken = model_variant(clerk->peer.sim->model, submission->serial);

    if (taken < 0 || (uint32_t)taken == variant) {
        sim_fail(clerk->peer.sim, 0, "submission %llu is refused as reused, and it is not",
                 (unsigned long long)submission->serial);
    }
    clerk->acknowledged += !submission->is_acknowledged;
    submission->is_acknowledged = true;
}

static void answered(void *context, enum bl_err code, const Bl__Answer *answer)
{
    struct call_of *call = context;
    struct client *clerk = call->client;
    struct submission *submission = call->submission;
    struct sim *sim = clerk->peer.sim;

    clerk->flying--;
    submission->is_flying = false;
    submission->again_at = sim->now + (bl_span)sim_chance(sim, 2 * SECOND_US);
    sim_trace(sim, answer == NULL ? 0 : answer->application_id, "clerk: submission %llu-%u is %s",
              (unsigned long long)submission->serial, call->variant, bl_err_name(code));
    if (answer == NULL || code == BL_UNAVAILABLE || code == BL_FULL) {
        return;
    }
    if (code == BL_OK) {
        acknowledged(clerk, submission, call->variant, answer);
    } else if (code == BL_REUSED) {
        reused(clerk, submission, call->variant);
    } else if (code != BL_NOT_FOUND || submission->workflow->is_published) {
        sim_fail(sim, 0, "a valid submission to %s is refused: %s %s", submission->workflow->id,
                 answer->refusal->rule, answer->refusal->pointer);
    }
}

static void submit(struct client *clerk, struct submission *submission, uint32_t variant)
{
    struct sim *sim = clerk->peer.sim;
    struct call_of *call = bl_arena_new(&clerk->kept, struct call_of);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Submit what = BL__SUBMIT__INIT;
    struct bl_text content = submission->content[variant];

    *call = (struct call_of){ clerk, submission, variant };
    if (!submission->was_sent) {
        submission->was_sent = true;
        submission->first_at = sim_wall(sim);
        if (submission->serial % 2 == 0) {
            request_ids_next(&clerk->ids, sim_wall(sim), submission->request_id);
        }
    }
    command.request_id = submission->request_id;
    command.what_case = BL__COMMAND__WHAT_SUBMIT;
    command.submit = &what;
    what.workflow = submission->workflow->id;
    what.version = submission->newest_version ? 0 : submission->workflow->version;
    what.receive_only = submission->serial % 4 == 0;
    what.content.data = (uint8_t *)content.at;
    what.content.len = content.bytes;
    CHECK(client_session_command(clerk->session, &command, answered, call, sim->now, NULL) ==
          BL_OK);
    submission->is_flying = true;
    clerk->flying++;
}

static bool has_yet_to_go(const struct client *clerk, const struct submission *submission)
{
    return !submission->is_flying && !submission->is_acknowledged &&
           submission->workflow->is_published && submission->again_at <= clerk->peer.sim->now;
}

/* Sends one that is known already once more, as it was or otherwise. */
static void repeat_one(struct client *clerk)
{
    struct sim *sim = clerk->peer.sim;
    struct submission *submission = &clerk->submissions[sim_chance(sim, clerk->count)];

    if (submission->is_acknowledged && !submission->is_flying &&
        sim_wall(sim) - submission->first_at < REPEAT_WITHIN) {
        submit(clerk, submission, (uint32_t)sim_chance(sim, 2));
    }
}

static void clerk_turn(struct peer *peer)
{
    struct client *clerk = (struct client *)peer;
    struct sim *sim = peer->sim;

    if (clerk->act_at <= sim->now) {
        clerk->act_at =
            sim->now + 10000 + (bl_span)sim_chance(sim, sim->healed ? SECOND_US : 2 * SECOND_US);
        for (uint32_t i = 0; i < clerk->count && clerk->flying < FLYING_MAX; i++) {
            if (has_yet_to_go(clerk, &clerk->submissions[i])) {
                submit(clerk, &clerk->submissions[i], !sim->healed && sim_chance(sim, 30) == 0);
            }
        }
        if (!sim->healed && sim_chance(sim, 4) == 0) {
            repeat_one(clerk);
        }
    }
    speak(clerk);
}

static bool clerk_is_done(const struct peer *peer)
{
    const struct client *clerk = (const struct client *)peer;

    return clerk->acknowledged == clerk->count && client_session_open(clerk->session) == 0;
}

/* How long the oldest of its requests has been under way: their ids are known for a week. */
static bl_time clerk_waits_since(const struct client *clerk)
{
    bl_time since = BL_NEVER;

    for (uint32_t i = 0; i < clerk->count; i++) {
        const struct submission *submission = &clerk->submissions[i];

        if (submission->was_sent && (submission->is_flying || !submission->is_acknowledged) &&
            submission->first_at < since) {
            since = submission->first_at;
        }
    }
    return since;
}

bl_time clerks_wait_since(const struct sim *sim)
{
    bl_time since = BL_NEVER;

    for (uint32_t i = 0; i < sim->peer_count; i++) {
        if (sim->peers[i] != NULL && sim->peers[i]->turn == clerk_turn) {
            bl_time own = clerk_waits_since((const struct client *)sim->peers[i]);

            since = own < since ? own : since;
        }
    }
    return since;
}

static void plan(struct client *clerk, struct submission *submission, uint64_t serial)
{
    struct sim *sim = clerk->peer.sim;
    double area = (double)(1 + sim_chance(sim, 600));

    *submission = (struct submission){
        .serial = serial,
        .workflow = &sim->workflows[sim_chance(sim, sim->workflow_count)],
    };
    submission->newest_version = submission->workflow->is_ours && sim_chance(sim, 2) == 0;
    submission->again_at = sim->now + (bl_span)sim_chance(sim, 40 * SECOND_US);
    (void)snprintf(submission->request_id, sizeof submission->request_id, "r-%llu",
                   (unsigned long long)serial);
    for (uint32_t i = 0; i < 2; i++) {
        submission->content[i] =
            workflow_content(sim, submission->workflow, serial, i, area + i, &clerk->kept);
    }
}

struct peer *clerk_new(struct sim *sim, uint32_t index, uint32_t items)
{
    struct client *clerk = client_new(sim, index, "clerk/c");
    uint32_t left = items, capacity = items + 1;

    clerk->peer.turn = clerk_turn;
    clerk->peer.is_done = clerk_is_done;
    clerk->submissions = bl_arena_array(&clerk->kept, struct submission, capacity);
    while (left > 0) {
        struct submission *submission = &clerk->submissions[clerk->count];

        plan(clerk, submission, (uint64_t)index * 1000000 + clerk->count);
        clerk->count++;
        uint32_t own = (uint32_t)submission->workflow->definition->item_count;
        left -= own < left ? own : left;
    }
    return &clerk->peer;
}

/* --- the operator ----------------------------------------------------------------------------- */

static void operated(void *context, enum bl_err code, const Bl__Answer *answer)
{
    struct client *operator= context;

    if (code == BL_OK && answer->event > model_newest(operator->peer.sim->model)) {
        sim_fail(operator->peer.sim, answer->application_id,
                 "an operator was told of event %llu, "
                 "which is not there",
                 (unsigned long long)answer->event);
    }
}

static void published(void *context, enum bl_err code, const Bl__Answer *answer)
{
    struct client *operator= context;

    operator->flying = 0;
    if (code == BL_OK) {
        operator->published++;
    } else if (answer != NULL && code != BL_UNAVAILABLE && code != BL_FULL) {
        sim_fail(operator->peer.sim, 0, "publication %u is refused: %s", operator->published,
                 answer->refusal->n_arguments > 0 ? answer->refusal->arguments[0]->value
                                                  : answer->refusal->rule);
    }
}

static void command(struct client *operator, Bl__Command * what, bl_client_answered done)
{
    struct sim *sim = operator->peer.sim;
    char id[REQUEST_ID_BYTES];

    (void)snprintf(id, sizeof id, "op-%llu", (unsigned long long)++operator->requests);
    what->request_id = id;
    CHECK(client_session_command(operator->session, what, done, operator, sim->now, NULL) == BL_OK);
}

static void publish(struct client *operator)
{
    const struct sim *sim = operator->peer.sim;
    const struct sim_publication *publication = &sim->publications[operator->published];
    Bl__Command what = BL__COMMAND__INIT;
    Bl__Publish publish = BL__PUBLISH__INIT;

    publish.source.data = (uint8_t *)publication->source;
    publish.source.len = strlen(publication->source);
    publish.file = publication->file;
    publish.kind = publication->kind;
    what.what_case = BL__COMMAND__WHAT_PUBLISH;
    what.publish = &publish;
    operator->flying = 1;
    command(operator, & what, published);
}

/* Does what an item waits for, if it waits for somebody like us. */
static void help(struct client *operator, const Bl__Application * application, const Bl__Item *item)
{
    struct sim *sim = operator->peer.sim;
    Bl__Command what = BL__COMMAND__INIT;
    Bl__Accept accept = BL__ACCEPT__INIT;
    Bl__Retry retry = BL__RETRY__INIT;
    Bl__Release release = BL__RELEASE__INIT;
    Bl__Terminate terminate = BL__TERMINATE__INIT;
    bool open =
        item->state != BL__ITEM__STATE__DECIDED && item->state < BL__ITEM__STATE__TERMINATED;

    what.application_id = application->id;
    if (open && ((item->held && sim_chance(sim, 2) == 0) || sim_happens(sim, 20))) {
        what.what_case = BL__COMMAND__WHAT_TERMINATE;
        what.terminate = &terminate;
        terminate.item = item->id;
        terminate.reason = "reason";
    } else if (open && item->held) {
        what.what_case = BL__COMMAND__WHAT_RELEASE;
        what.release = &release;
        release.item = item->id;
    } else if (item->state == BL__ITEM__STATE__RECEIVED) {
        what.what_case = BL__COMMAND__WHAT_ACCEPT;
        what.accept = &accept;
        accept.item =
            workflow_of(sim, application)->definition->acceptance_by_department ? item->id : "";
    } else if (item->incident) {
        what.what_case = BL__COMMAND__WHAT_RETRY;
        what.retry = &retry;
        retry.item = item->id;
    } else {
        return;
    }
    if (sim->healed || sim_chance(sim, 3) == 0) {
        command(operator, & what, operated);
    }
}

/* A notice that could not be sent. */
static void send_again(struct client *operator, const Bl__Application * application)
{
    Bl__Command what = BL__COMMAND__INIT;
    Bl__Retry retry = BL__RETRY__INIT;
    char name[32];

    for (size_t i = 0; i < application->n_notices; i++) {
        if (application->notices[i]->incident &&
            (operator->peer.sim->healed || sim_chance(operator->peer.sim, 3) == 0)) {
            (void)snprintf(name, sizeof name, "notice-%u", application->notices[i]->number);
            what.application_id = application->id;
            what.what_case = BL__COMMAND__WHAT_RETRY;
            what.retry = &retry;
            retry.item = name;
            command(operator, & what, operated);
        }
    }
}

static void look_around(struct client *operator)
{
    const struct model *model = operator->peer.sim->model;

    for (uint32_t i = 0; i < LOOK_AT && i < model_applications(model); i++) {
        operator->cursor = operator->cursor % model_applications(model) + 1;
        const Bl__Application *application = model_application(model, operator->cursor);

        send_again(operator, application);
        for (size_t k = 0; k < application->n_items && application->ended_at == 0; k++) {
            help(operator, application, application->items[k]);
        }
    }
}

static void operator_turn(struct peer *peer)
{
    struct client *operator=(struct client *) peer;
    struct sim *sim = peer->sim;

    if (operator->act_at <= sim->now) {
        operator->act_at = sim->now + 300000 +(bl_span) sim_chance(sim, SECOND_US);
        if (operator->flying == 0 && operator->published<sim->publication_count) {
            publish(operator);
            operator->act_at = sim->now + 50000;
        } else if (operator->flying == 0 && sim_happens(sim, 300)) {
            workflows_add(sim);
        } else if (operator->flying == 0 && sim_happens(sim, 400)) {
            calendars_add(sim);
        }
        look_around(operator);
    }
    speak(operator);
}

static bool operator_is_done(const struct peer *peer)
{
    const struct client *operator=(const struct client *) peer;

    return operator->published == peer->sim->publication_count;
}

struct peer *operator_new(struct sim *sim, uint32_t index)
{
    struct client *operator= client_new(sim, index, "administrator/op");

    operator->peer.turn = operator_turn;
    operator->peer.is_done = operator_is_done;
    return &operator->peer;
}
