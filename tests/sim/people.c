/* Everybody who has to do with a case while it lives: clerks, applicants, officers and their heads,
 * supervisors. One gateway speaks for all of them. They do what may be done in a state, and now and
 * then what may not; each act is sent again, as people do who wait for an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/session.h"
#include "client/session.h"
#include "core/application.h"
#include "model.h"
#include "sim.h"

#define CALL_TIMEOUT (20 * SECOND_US)
#define ACTS_IN_TURN 3
#define OFTEN 9                     // of ten acts one is tried in whatever state
#define REPEAT_WITHIN (4 * DAY_US)  // request ids are kept for a week
#define RECENT 16                   // acts that may be sent once more

#define S(state) (1U << BL__ITEM__STATE__##state)
#define RUNNING (S(ACCEPTED) | S(REVIEWING) | S(SUSPENDED) | S(UPPER_REVIEW))
#define DONE (S(DECIDED) | S(DELIVERING) | S(DELIVERED))
#define OPEN (RUNNING | S(PENDING) | S(RECEIVED) | S(CORRECTING))
#define ANY (~0U)
#define WHAT(what) BL__COMMAND__WHAT_##what

enum who { CLERK, APPLICANT, POST, HEAD, ASKED, SUPERVISOR, WHO_COUNT };

/* One act, until it is answered and as long as it may be repeated. */
struct deed {
    struct people *people;
    uint64_t number;  // stands in its reason or text, and in its request id
    Bl__Command *command;
    bl_time first_at;
};

/* It is said once. */
struct call {
    struct deed *deed;
    uint64_t newest;  // event that was there before
};

struct people {
    struct peer peer;
    struct client_session *session;
    struct bl_arena memory;  // of one frame, or of one act
    struct bl_arena kept;
    struct wire_frame frame;
    bl_span act_at;
    uint64_t deeds;
    struct deed *recent[RECENT];
};

/* What an act is made of. */
struct scene {
    struct people *people;
    struct sim *sim;
    const Bl__Application *application;
    const Bl__Item *item;
    struct bl_arena *arena;
    const char *token;  // its reason
    Bl__Command *command;
};

/* --- acts --------------------------------------------------------------------------------------
 */

/* Makes the message of an act and puts it into the command. */
#define ACT(type, init, field)                                                                     \
    Bl__##type *act = bl_arena_new(scene->arena, Bl__##type);                                      \
    bl__##init##__init(act);                                                                       \
    scene->command->field = act

static const char *some(struct scene *scene, const char *a, const char *b)
{
    return sim_chance(scene->sim, 2) == 0 ? a : b;
}

static const char *some_post(struct scene *scene, const char *department)
{
    return bl_arena_printf(scene->arena, "%s-0%u", department,
                           1 + (unsigned)sim_chance(scene->sim, 3));
}

/* Of the window: everything that waits, or one item. */
static const char *one_or_all(struct scene *scene)
{
    return some(scene, scene->item->id, "");
}

static void accept(struct scene *scene)
{
    ACT(Accept, accept, accept);
    act->item = one_or_all(scene);
    act->gap = sim_chance(scene->sim, 2) == 0;
    act->reason = scene->token;
}

static void refuse(struct scene *scene)
{
    ACT(Refuse, refuse, refuse);
    act->item = one_or_all(scene);
    act->reason = (Bl__Refused__Reason)(1 + sim_chance(scene->sim, 6));
    act->text = scene->token;
    act->redirect_to = act->reason == BL__REFUSED__REASON__WRONG_ORGAN ? "tax" : "";
}

static void notify(struct scene *scene)
{
    ACT(Notify, notify, notify);
    act->item = one_or_all(scene);
    act->n_materials = 1;
    act->materials = bl_arena_array(scene->arena, const char *, 1);
    act->materials[0] = some(scene, "lease", "photo");
    act->text = scene->token;
}

static Bl__Material **handed_in(struct scene *scene, size_t *count)
{
    Bl__Material **materials = bl_arena_array(scene->arena, Bl__Material *, 2);

    *count = 2;
    for (size_t i = 0; i < *count; i++) {
        materials[i] = bl_arena_new(scene->arena, Bl__Material);
        bl__material__init(materials[i]);
        materials[i]->id = i == 0 ? "lease" : "photo";
        materials[i]->file = "b.pdf";
    }
    return materials;
}

static void correct(struct scene *scene)
{
    ACT(Correct, correct, correct);
    act->item = one_or_all(scene);
    act->materials = handed_in(scene, &act->n_materials);
    if (sim_chance(scene->sim, 2) == 0) {
        workflow_fields(scene->sim, workflow_of(scene->sim, scene->application), &act->form,
                        scene->arena);
    }
}

static void return_papers(struct scene *scene)
{
    ACT(ReturnPapers, return_papers, return_papers);
    act->item = scene->item->id;
    act->reason = scene->token;
}

static void withdraw(struct scene *scene)
{
    ACT(Withdraw, withdraw, withdraw);
    act->item = scene->item->id;
    act->reason = scene->token;
    act->consent = "paper 1";
}

static void supplement(struct scene *scene)
{
    ACT(Supplement, supplement, supplement);
    act->materials = handed_in(scene, &act->n_materials);
    act->n_materials = 1;
    act->materials[0] = act->materials[1];
}

static void check(struct scene *scene)
{
    ACT(Check, check, check);
    act->item = scene->item->id;
    act->ok = sim_chance(scene->sim, 2) == 0;
    act->text = scene->token;
}

static void claim(struct scene *scene)
{
    ACT(Claim, claim, claim);
    act->item = scene->item->id;
}

static void unclaim(struct scene *scene)
{
    ACT(Unclaim, unclaim, unclaim);
    act->item = scene->item->id;
    act->reason = scene->token;
}

static void transfer(struct scene *scene)
{
    ACT(Transfer, transfer, transfer);
    act->item = scene->item->id;
    act->to_post = some_post(scene, scene->item->department);
    act->reason = scene->token;
}

static void change_signers(struct scene *scene)
{
    ACT(ChangeSigners, change_signers, change_signers);
    act->item = scene->item->id;
    act->n_add = 1;
    act->add = bl_arena_array(scene->arena, const char *, 1);
    act->add[0] = some_post(scene, scene->item->department);
    act->reason = scene->token;
}

static void send_back(struct scene *scene)
{
    ACT(SendBack, send_back, send_back);
    act->item = scene->item->id;
    act->reason = scene->token;
}

static void recall(struct scene *scene)
{
    ACT(Recall, recall, recall);
    act->item = scene->item->id;
    act->reason = scene->token;
}

static void consult(struct scene *scene)
{
    ACT(Consult, consult, consult);
    act->item = scene->item->id;
    act->department = sim_departments[sim_chance(scene->sim, SIM_DEPARTMENTS)];
    act->question = scene->token;
    act->limit = some(scene, "", "1WD");
}

static void opine(struct scene *scene)
{
    ACT(Opine, opine, opine);
    act->item = scene->item->id;
    act->consents = sim_chance(scene->sim, 2) == 0;
    act->text = scene->token;
}

static void set_visit(struct scene *scene)
{
    ACT(SetVisit, set_visit, set_visit);
    act->n_items = 1;
    act->items = bl_arena_array(scene->arena, const char *, 1);
    act->items[0] = scene->item->id;
    act->at = sim_wall(scene->sim) + (bl_span)sim_chance(scene->sim, (uint64_t)(3 * DAY_US));
    act->place = scene->token;
    act->n_officers = 2;
    act->officers = bl_arena_array(scene->arena, const char *, 2);
    act->officers[0] = bl_arena_printf(scene->arena, "%s-01", scene->item->department);
    act->officers[1] = bl_arena_printf(scene->arena, "%s-02", scene->item->department);
    if (scene->application->n_visits > 0 && sim_chance(scene->sim, 2) == 0) {
        act->number = scene->application->visits[0]->number;
    }
}

static void end_visit(struct scene *scene)
{
    ACT(EndVisit, end_visit, end_visit);
    act->number = scene->application->n_visits == 0 ? 1 : scene->application->visits[0]->number;
    act->end = (Bl__VisitEnded__End)(1 + sim_chance(scene->sim, 3));
    act->text = scene->token;
}

/* Who approves what an officer asks for: the head, or somebody who may not. */
static const char *approver(struct scene *scene)
{
    return sim_chance(scene->sim, 8) == 0
               ? some_post(scene, scene->item->department)
               : bl_arena_printf(scene->arena, "%s-03", scene->item->department);
}

static void suspend(struct scene *scene)
{
    static const char *const lengths[] = { "", "1WD", "4NH", "1ND" };

    ACT(Suspend, suspend, suspend);
    act->item = scene->item->id;
    act->kind = some(scene, "hearing", "test");
    act->at_most = lengths[sim_chance(scene->sim, BL_COUNT(lengths))];
    act->notice = "notice 1";
    act->approver = approver(scene);
    act->reason = scene->token;
}

/* The applicant asks to be heard, or is told the day. */
static void arrange_hearing(struct scene *scene)
{
    ACT(ArrangeHearing, arrange_hearing, arrange_hearing);
    act->item = scene->item->id;
}

static void set_hearing(struct scene *scene)
{
    arrange_hearing(scene);
    scene->command->arrange_hearing->at =
        sim_wall(scene->sim) + (bl_span)(sim_chance(scene->sim, 30) + 1) * DAY_US;
    scene->command->arrange_hearing->place = "hall 1";
}

/* A post is vacant for some hours or days. */
static void set_absence(struct scene *scene)
{
    ACT(SetAbsence, set_absence, set_absence);
    Bl__Absence *absence = bl_arena_new(scene->arena, Bl__Absence);
    bl_time from = sim_wall(scene->sim) + (bl_span)sim_chance(scene->sim, 3) * HOUR_US - HOUR_US;

    bl__absence__init(absence);
    absence->department = scene->item->department;
    absence->post = some_post(scene, absence->department);
    absence->deputy = some_post(scene, absence->department);
    absence->from = from;
    absence->to = from + (bl_span)(1 + sim_chance(scene->sim, 72)) * HOUR_US;
    act->absence = absence;
    scene->command->application_id = 0;
}

static void end_absence(struct scene *scene)
{
    ACT(EndAbsence, end_absence, end_absence);
    act->department = scene->item->department;
    act->post = some_post(scene, act->department);
    scene->command->application_id = 0;
}

static void resume(struct scene *scene)
{
    ACT(Resume, resume, resume);
    act->item = scene->item->id;
    act->number =
        scene->item->n_stops == 0 ? 0 : 1 + (uint32_t)sim_chance(scene->sim, scene->item->n_stops);
    act->annul = sim_chance(scene->sim, 5) == 0;
    act->reason = scene->token;
}

static void extend(struct scene *scene)
{
    ACT(Extend, extend, extend);
    act->item = sim_chance(scene->sim, 4) == 0 ? "" : scene->item->id;
    act->by = some(scene, "", "1WD");
    act->approver = approver(scene);
    act->reason = scene->token;
}

static void deliver(struct scene *scene)
{
    ACT(Deliver, deliver, deliver);
    act->item = scene->item->id;
    act->way = BL__OUTCOME_DEFINITION__DELIVERY__WINDOW;
    act->ready = sim_chance(scene->sim, 2) == 0;
    act->receipt = scene->token;
}

static void revoke(struct scene *scene)
{
    ACT(Revoke, revoke, revoke);
    act->item = scene->item->id;
    act->reason = scene->token;
    act->basis = "行政许可法 第六十九条";
}

static void reopen(struct scene *scene)
{
    ACT(Reopen, reopen, reopen);
    act->item = scene->item->id;
    act->reason = scene->token;
}

static void urge(struct scene *scene)
{
    ACT(Urge, urge, urge);
    act->item = one_or_all(scene);
    act->level = (Bl__Urging__Level)(1 + sim_chance(scene->sim, 3));
    act->text = scene->token;
    act->limit = some(scene, "", "2WH");
}

static void reply(struct scene *scene)
{
    ACT(Reply, reply, reply);
    act->number =
        scene->application->n_urgings == 0
            ? 1
            : scene->application->urgings[sim_chance(scene->sim, scene->application->n_urgings)]
                  ->number;
    act->text = scene->token;
}

static void comment(struct scene *scene)
{
    ACT(Comment, comment, comment);
    act->item = one_or_all(scene);
    act->text = scene->token;
    act->internal = sim_chance(scene->sim, 2) == 0;
}

static const struct act {
    Bl__Command__WhatCase what;
    uint32_t states;  // of an item in which it is done, else only tried
    enum who who;
    void (*fill)(struct scene *scene);
    uint32_t one_in;  // so seldom; 0: as often as the others
} acts[] = {
    { WHAT(ACCEPT), S(RECEIVED) | S(CORRECTING), CLERK, accept, 0 },
    { WHAT(ACCEPT), S(RECEIVED), POST, accept, 0 },
    { WHAT(REFUSE), S(RECEIVED) | S(CORRECTING), CLERK, refuse, 3 },
    { WHAT(NOTIFY), S(RECEIVED), CLERK, notify, 0 },
    { WHAT(NOTIFY), S(RECEIVED), POST, notify, 0 },
    { WHAT(CORRECT), S(CORRECTING), APPLICANT, correct, 0 },
    { WHAT(CORRECT), S(PENDING) | RUNNING, APPLICANT, correct, 6 },
    { WHAT(RETURN_PAPERS), S(CORRECTING), CLERK, return_papers, 0 },
    { WHAT(WITHDRAW), OPEN, APPLICANT, withdraw, 12 },
    { WHAT(SUPPLEMENT), RUNNING | DONE, APPLICANT, supplement, 3 },
    { WHAT(CHECK), DONE, POST, check, 3 },
    { WHAT(CLAIM), RUNNING, POST, claim, 0 },
    { WHAT(UNCLAIM), S(REVIEWING), POST, unclaim, 0 },
    { WHAT(TRANSFER), RUNNING, POST, transfer, 0 },
    { WHAT(CHANGE_SIGNERS), RUNNING, POST, change_signers, 4 },
    { WHAT(SEND_BACK), S(REVIEWING), POST, send_back, 0 },
    { WHAT(RECALL), RUNNING | DONE, POST, recall, 0 },
    { WHAT(RECALL), S(ACCEPTED), CLERK, recall, 3 },
    { WHAT(CONSULT), RUNNING, POST, consult, 0 },
    { WHAT(OPINE), RUNNING, ASKED, opine, 0 },
    { WHAT(SET_VISIT), RUNNING, POST, set_visit, 3 },
    { WHAT(END_VISIT), RUNNING, POST, end_visit, 3 },
    { WHAT(SUSPEND), RUNNING, POST, suspend, 0 },
    { WHAT(SUSPEND), RUNNING, POST, suspend, 0 },
    { WHAT(ARRANGE_HEARING), S(SUSPENDED), APPLICANT, arrange_hearing, 0 },
    { WHAT(ARRANGE_HEARING), S(SUSPENDED), POST, set_hearing, 0 },
    { WHAT(SET_ABSENCE), ANY, HEAD, set_absence, 3 },
    { WHAT(END_ABSENCE), ANY, HEAD, end_absence, 9 },
    { WHAT(RESUME), S(SUSPENDED), POST, resume, 0 },
    { WHAT(EXTEND), RUNNING, POST, extend, 0 },
    { WHAT(DELIVER), DONE, CLERK, deliver, 0 },
    { WHAT(REVOKE), DONE, HEAD, revoke, 6 },
    { WHAT(REOPEN), DONE | S(REFUSED) | S(RETURNED) | S(TERMINATED), HEAD, reopen, 2 },
    { WHAT(URGE), OPEN, SUPERVISOR, urge, 2 },
    { WHAT(REPLY), OPEN, SUPERVISOR, reply, 2 },
    { WHAT(COMMENT), ANY, CLERK, comment, 3 },
};

/* --- who ---------------------------------------------------------------------------------------
 */

/* The department that is asked for its opinion, or any. */
static const char *asked(struct scene *scene)
{
    const Bl__Item *item = scene->item;

    return item->n_consultations > 0
               ? item->consultations[sim_chance(scene->sim, item->n_consultations)]->department
               : sim_departments[sim_chance(scene->sim, SIM_DEPARTMENTS)];
}

static void speak_as(struct scene *scene, enum who who, Bl__Actor *actor)
{
    switch (who) {
    case CLERK:
        actor->role = BL__KEY__ROLE__CLERK;
        actor->on_behalf_of = "clerk";
        return;
    case APPLICANT:
        actor->role = BL__KEY__ROLE__APPLICANT;
        actor->on_behalf_of = "applicant";
        return;
    case POST:
    case ASKED:
        actor->role = BL__KEY__ROLE__OFFICER;
        actor->department = who == POST ? scene->item->department : asked(scene);
        actor->post = some_post(scene, actor->department);
        return;
    case HEAD:
        actor->role = BL__KEY__ROLE__OFFICER;
        actor->department = scene->item->department;
        actor->post = bl_arena_printf(scene->arena, "%s-03", actor->department);
        return;
    case SUPERVISOR:
        actor->role = some(scene, "a", "b")[0] == 'a' ? BL__KEY__ROLE__SUPERVISOR
                                                      : BL__KEY__ROLE__ADMINISTRATOR;
        actor->on_behalf_of = "supervisor";
        return;
    case WHO_COUNT:
        break;
    }
    UNREACHABLE();
}

/* --- the connection ----------------------------------------------------------------------------
 */

static void speak(struct people *people)
{
    struct sim *sim = people->peer.sim;
    struct link *link = client_session_link(people->session);

    client_session_tick(people->session, sim->now);
    if (link_must_dial(link, sim->now)) {
        network_dial(sim->network, people->peer.index, SIDE_CLIENT);
        link_dialled(link, sim->now);
    }
    while (client_session_say(people->session, &people->frame, sim->now)) {
        network_send(sim->network, people->peer.index, TO_BROKER,
                     (struct bl_text){ (const char *)people->frame.bytes, people->frame.used });
        wire_frame_clear(&people->frame);
    }
}

static void hear(struct peer *peer, struct bl_text bytes)
{
    struct people *people = (struct people *)peer;
    ProtobufCMessage *frame = NULL;

    bl_arena_reset(&people->memory);
    CHECK(wire_unpack(&bl__broker_frame__descriptor, bytes, &people->memory, &frame, NULL) ==
          BL_OK);
    client_session_hear(people->session, (Bl__BrokerFrame *)frame, peer->sim->now);
    speak(people);
}

/* --- doing -------------------------------------------------------------------------------------
 */

static void answered(void *context, enum bl_err code, const Bl__Answer *answer)
{
    const struct call *call = context;
    const struct deed *deed = call->deed;
    struct model *model = deed->people->peer.sim->model;

    if (answer == NULL || code == BL_UNAVAILABLE || code == BL_FULL) {
        return;
    }
    if (code == BL_OK) {
        model_done(model, deed->number, deed->command, answer->event);
    } else {
        model_refused(model, deed->number, deed->command, answer->refusal, call->newest);
    }
}

static void send(struct deed *deed)
{
    struct people *people = deed->people;
    struct call *call = bl_arena_new(&people->kept, struct call);

    *call = (struct call){ deed, model_newest(people->peer.sim->model) };
    CHECK(client_session_command(people->session, deed->command, answered, call,
                                 people->peer.sim->now, NULL) == BL_OK);
}

static Bl__Command *keep(struct people *people, const Bl__Command *command)
{
    size_t bytes = bl__command__get_packed_size(command);
    uint8_t *packed = bl_arena_alloc(&people->kept, bytes);

    bl__command__pack(command, packed);
    Bl__Command *kept = bl__command__unpack(&people->kept.allocator, bytes, packed);
    CHECK(kept != NULL);
    return kept;
}

static void perform(struct scene *scene, const struct act *act, enum who who)
{
    struct people *people = scene->people;
    struct deed *deed = bl_arena_new(&people->kept, struct deed);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Actor actor = BL__ACTOR__INIT;

    *deed = (struct deed){ .people = people, .number = ++people->deeds };
    scene->token = bl_arena_printf(scene->arena, "deed %llu", (unsigned long long)deed->number);
    scene->command = &command;
    speak_as(scene, who, &actor);
    command.request_id = scene->token;
    command.application_id = scene->application->id;
    command.actor = &actor;
    command.what_case = act->what;
    act->fill(scene);
    deed->command = keep(people, &command);
    deed->first_at = sim_wall(scene->sim);
    people->recent[deed->number % RECENT] = deed;
    send(deed);
}

/* An act that fits the item's state, or now and then any. */
static const struct act *choose(struct scene *scene)
{
    bool fits = sim_chance(scene->sim, 10) < OFTEN;

    for (int tries = 0; tries < 40; tries++) {
        const struct act *act = &acts[sim_chance(scene->sim, BL_COUNT(acts))];

        if ((!fits || (act->states & 1U << scene->item->state) != 0) &&
            (act->one_in == 0 || sim_chance(scene->sim, act->one_in) == 0)) {
            return act;
        }
    }
    return NULL;
}

static void act_once(struct people *people)
{
    struct sim *sim = people->peer.sim;
    uint64_t count = model_applications(sim->model);
    struct scene scene = { .people = people, .sim = sim, .arena = &people->memory };

    bl_arena_reset(&people->memory);
    if (count == 0) {
        return;
    }
    for (int tries = 0; tries < 8; tries++) {  // mostly one that is still open
        scene.application = model_application(sim->model, 1 + sim_chance(sim, count));
        if (scene.application->ended_at == 0) {
            break;
        }
    }
    scene.item = scene.application->items[sim_chance(sim, scene.application->n_items)];
    const struct act *act = choose(&scene);
    if (act != NULL) {
        perform(&scene, act,
                sim_chance(sim, 12) == 0 ? (enum who)sim_chance(sim, WHO_COUNT) : act->who);
    }
}

/* As people do who are not sure that they were heard. */
static void repeat_one(struct people *people)
{
    struct sim *sim = people->peer.sim;
    struct deed *deed = people->recent[sim_chance(sim, RECENT)];

    if (deed != NULL && sim_wall(sim) - deed->first_at < REPEAT_WITHIN) {
        send(deed);
    }
}

static void turn(struct peer *peer)
{
    struct people *people = (struct people *)peer;
    struct sim *sim = peer->sim;

    if (people->act_at <= sim->now && !sim->healed) {
        people->act_at = sim->now + 300000 + (bl_span)sim_chance(sim, SECOND_US);
        for (int i = 0; i < ACTS_IN_TURN; i++) {
            act_once(people);
        }
        repeat_one(people);
    }
    speak(people);
}

static bl_span next(const struct peer *peer)
{
    const struct people *people = (const struct people *)peer;
    bl_span wake = client_session_wake_at(people->session);

    return wake < people->act_at || peer->sim->healed ? wake : people->act_at;
}

static void people_free(struct peer *peer)
{
    struct people *people = (struct people *)peer;

    client_session_free(&people->session);
    bl_arena_free(&people->memory);
    bl_arena_free(&people->kept);
    wire_frame_free(&people->frame);
    free(people);
}

static bool is_done(const struct peer *peer)
{
    (void)peer;  // the cases come to their end without them
    return true;
}

struct peer *people_new(struct sim *sim, uint32_t index)
{
    struct people *people = calloc(1, sizeof *people);
    struct client_config config = { .program = "sim",
                                    .principal = "gateway/people",
                                    .timeout = CALL_TIMEOUT,
                                    .epoch = sim->wall_from,
                                    .seed = chance_next(&sim->random) };

    CHECK(people != NULL);
    people->peer = (struct peer){ .sim = sim,
                                  .index = index,
                                  .next = next,
                                  .turn = turn,
                                  .hear = hear,
                                  .free = people_free,
                                  .is_done = is_done };
    people->session = client_session_new(&config, sim->now);
    bl_arena_init(&people->memory, 1 << 14, (size_t)1 << 28);
    bl_arena_init(&people->kept, 1 << 14, (size_t)1 << 28);
    people->act_at = sim->now;
    return &people->peer;
}
