/* The departments' people: a gateway speaks for whoever may sign the step that an item is at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/session.h"
#include "client/session.h"
#include "core/application.h"
#include "core/desk.h"
#include "model.h"
#include "schema/problem.h"
#include "sim.h"

#define CALL_TIMEOUT (20 * SECOND_US)
#define LOOK_AT 40  // applications in one turn

struct office {
    struct peer peer;
    struct client_session *session;
    struct bl_arena memory;  // of one frame
    struct bl_arena kept;
    struct wire_frame frame;
    const Bl__DepartmentsFile *departments;
    bl_span act_at;
    uint64_t cursor, requests;
};

static void speak(struct office *office)
{
    struct sim *sim = office->peer.sim;
    struct link *link = client_session_link(office->session);

    client_session_tick(office->session, sim->now);
    if (link_must_dial(link, sim->now)) {
        network_dial(sim->network, office->peer.index, SIDE_CLIENT);
        link_dialled(link, sim->now);
    }
    while (client_session_say(office->session, &office->frame, sim->now)) {
        network_send(sim->network, office->peer.index, TO_BROKER,
                     (struct bl_text){ (const char *)office->frame.bytes, office->frame.used });
        wire_frame_clear(&office->frame);
    }
}

static void hear(struct peer *peer, struct bl_text bytes)
{
    struct office *office = (struct office *)peer;
    ProtobufCMessage *frame = NULL;

    bl_arena_reset(&office->memory);
    CHECK(wire_unpack(&bl__broker_frame__descriptor, bytes, &office->memory, &frame, NULL) ==
          BL_OK);
    client_session_hear(office->session, (Bl__BrokerFrame *)frame, peer->sim->now);
    speak(office);
}

static void signed_(void *context, enum bl_err code, const Bl__Answer *answer)
{
    const struct office *office = context;

    if (code == BL_OK && answer->event > model_newest(office->peer.sim->model)) {
        sim_fail(office->peer.sim, answer->application_id,
                 "an officer was told of event %llu, which is not there",
                 (unsigned long long)answer->event);
    } else if (answer != NULL && answer->refusal != NULL) {
        sim_trace(office->peer.sim, 0, "officer: %s %s", answer->refusal->rule,
                  answer->refusal->pointer);
    }
}

static bool is_signer(const struct desk_signers *signers, const char *post)
{
    for (uint32_t i = 0; i < signers->count; i++) {
        if (strcmp(signers->posts[i], post) == 0) {
            return true;
        }
    }
    return false;
}

/* Some post of a department. */
static const char *any_post(const struct office *office, const char *department)
{
    for (size_t i = 0; i < office->departments->n_departments; i++) {
        const Bl__DepartmentsFile__DepartmentsEntry *of = office->departments->departments[i];

        if (strcmp(of->key, department) == 0) {
            return of->value->posts[sim_chance(office->peer.sim, of->value->n_posts)]->key;
        }
    }
    UNREACHABLE();
}

/* Whose hand it is: his whose post it is, mostly that of whoever stands in while it is vacant, or
 * now and then anybody's. Whoever signs for another cannot sign for himself, so he who has to does
 * not stand in. */
static const char *hand_of(const struct office *office, const char *department,
                           const struct desk_signers *signers)
{
    struct sim *sim = office->peer.sim;
    const char *post = signers->posts[sim_chance(sim, signers->count)];
    const char *hand = sim_happens(sim, 600)
                           ? any_post(office, department)
                           : model_deputy(sim->model, department, post, sim_wall(sim));

    return hand != NULL && !is_signer(signers, hand) && sim_chance(sim, 4) != 0 ? hand : post;
}

/* Says yes, or sometimes no, for some post that may sign. */
static void sign(struct office *office, const Bl__Application *application, size_t index)
{
    struct sim *sim = office->peer.sim;
    const Bl__Item *item = application->items[index];
    const struct definition_item *definition =
        &workflow_of(sim, application)->definition->items[index];
    const struct world world = { .departments = office->departments };
    struct desk_signers signers = desk_signers(&world, definition, item->department, item->desk);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide decide = BL__DECIDE__INIT;
    Bl__Actor actor = BL__ACTOR__INIT;
    char id[REQUEST_ID_BYTES];

    if (signers.count == 0) {
        sim_fail(sim, application->id, "nobody may sign item %s", item->id);
    }
    actor.role = BL__KEY__ROLE__OFFICER;
    actor.department = item->department;
    actor.post = hand_of(office, item->department, &signers);
    decide.item = item->id;
    decide.step = definition->steps[item->desk->step].id;
    decide.result = sim_chance(sim, 8) == 0 ? BL__ITEM__RESULT__DENIED : BL__ITEM__RESULT__GRANTED;
    decide.reason = "reason";
    (void)snprintf(id, sizeof id, "sign-%llu", (unsigned long long)++office->requests);
    command.request_id = id;
    command.application_id = application->id;
    command.actor = &actor;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decide;
    CHECK(client_session_command(office->session, &command, signed_, office, sim->now, NULL) ==
          BL_OK);
}

static void look_around(struct office *office)
{
    struct sim *sim = office->peer.sim;
    const struct model *model = sim->model;

    for (uint32_t i = 0; i < LOOK_AT && i < model_applications(model); i++) {
        office->cursor = office->cursor % model_applications(model) + 1;
        const Bl__Application *application = model_application(model, office->cursor);

        for (size_t k = 0; k < application->n_items; k++) {
            const Bl__Item *item = application->items[k];

            if (item->desk != NULL && item->desk->personal && application_item_is_worked_on(item) &&
                (sim->healed || sim_chance(sim, 3) == 0)) {
                sign(office, application, k);
            }
        }
    }
}

static void turn(struct peer *peer)
{
    struct office *office = (struct office *)peer;
    struct sim *sim = peer->sim;

    if (office->act_at <= sim->now) {
        office->act_at = sim->now + 300000 + (bl_span)sim_chance(sim, SECOND_US);
        look_around(office);
    }
    speak(office);
}

static bl_span next(const struct peer *peer)
{
    const struct office *office = (const struct office *)peer;
    bl_span wake = client_session_wake_at(office->session);

    return wake < office->act_at ? wake : office->act_at;
}

static void office_free(struct peer *peer)
{
    struct office *office = (struct office *)peer;

    client_session_free(&office->session);
    bl_arena_free(&office->memory);
    bl_arena_free(&office->kept);
    wire_frame_free(&office->frame);
    free(office);
}

static bool is_done(const struct peer *peer)
{
    (void)peer;  // its work is done when the applications are
    return true;
}

static void read_departments(struct office *office, const char *yaml)
{
    struct schema_problems *problems = bl_arena_new(&office->kept, struct schema_problems);

    schema_problems_init(problems, &office->kept);
    CHECK(definition_load_departments(yaml, strlen(yaml), "departments.yaml", &office->kept,
                                      &office->departments, problems) == BL_OK);
}

struct peer *officer_new(struct sim *sim, uint32_t index)
{
    struct office *office = calloc(1, sizeof *office);
    struct client_config config = { .program = "sim",
                                    .principal = "gateway/inbox",
                                    .timeout = CALL_TIMEOUT,
                                    .epoch = sim->wall_from,
                                    .seed = chance_next(&sim->random) };

    CHECK(office != NULL);
    office->peer = (struct peer){ .sim = sim,
                                  .index = index,
                                  .next = next,
                                  .turn = turn,
                                  .hear = hear,
                                  .free = office_free,
                                  .is_done = is_done };
    office->session = client_session_new(&config, sim->now);
    bl_arena_init(&office->memory, 1 << 14, (size_t)1 << 28);
    bl_arena_init(&office->kept, 1 << 14, (size_t)1 << 28);
    read_departments(office, sim->departments);
    office->act_at = sim->now;
    return &office->peer;
}
