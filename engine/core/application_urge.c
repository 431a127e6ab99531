/* 催办 督办 领导督办: somebody presses for an answer, and silence goes one level up (domain.md 5.4,
 * S16). An urging changes no state and stops no clock. */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/office.h"
#include "core/project.h"

#define L(level) BL__URGING__LEVEL__##level
#define ROLE(role) BL__KEY__ROLE__##role

#define URGINGS_MAX 20  // open ones of an application
#define URGING_TO_CHARACTERS_MAX 60
#define REPLY_LIMIT_DEFAULT "1 working day"
#define REPLY_DAYS_MAX 10

/* --- who may -----------------------------------------------------------------------------------
 */

/* The highest level that somebody may use. */
static Bl__Urging__Level level_of(Bl__Key__Role role)
{
    switch (role) {
    case ROLE(ADMINISTRATOR):
    case ROLE(GATEWAY):  // speaks for people whose rights it has looked up
        return L(ORDER);
    case ROLE(SUPERVISOR):
        return L(URGE);
    case ROLE(TRACKER):
    case ROLE(CLERK):
    case ROLE(MANAGER):
    case ROLE(OFFICER):
    case ROLE(WORKER):
        return L(REMIND);
    case ROLE(ROLE_UNSPECIFIED):
    case ROLE(APPLICANT):
        return L(LEVEL_UNSPECIFIED);
    }
    UNREACHABLE();
}

static const char *who_may(Bl__Urging__Level level)
{
    switch (level) {
    case L(LEVEL_UNSPECIFIED):
    case L(REMIND):
        return "the project's tracker, the lead department, clerk";
    case L(URGE):
        return "supervisor";
    case L(ORDER):
        return "leading group";
    }
    UNREACHABLE();
}

/* A tracker urges in the projects that he follows, a department in what it leads. */
static bool is_his(const struct question *q, const struct office_actor *actor)
{
    const Bl__Project *project = q->world->project;

    if (actor->role == ROLE(TRACKER)) {
        return project != NULL && (strcmp(actor->post, project->tracker) == 0 ||
                                   strcmp(actor->person, project->tracker) == 0);
    }
    if (actor->role == ROLE(OFFICER) || actor->role == ROLE(WORKER)) {
        return strcmp(actor->department, q->world->definition->source->lead) == 0;
    }
    return true;
}

static Bl__Refusal *check_rights(const struct question *q, const Bl__Urge *urge)
{
    struct office_actor actor = office_actor(q->world);

    if (urge->level == L(LEVEL_UNSPECIFIED)) {
        return refusal_new(q->arena, BL_INVALID, "urge-level", "level");
    }
    if (urge->level <= level_of(actor.role) && is_his(q, &actor)) {
        return NULL;
    }
    Bl__Refusal *refusal = refusal_new(q->arena, BL_DENIED, "urge-denied", "level");
    refusal->who_may = who_may(urge->level);
    return refusal;
}

/* --- urge --------------------------------------------------------------------------------------
 */

static bool is_settled(const Bl__Item *item)
{
    return join_item_is_settled((struct join_item){ item->state, item->result });
}

/* Who urges wants an answer soon (domain.md 5.4): one that may wait for weeks urges nobody. */
static bool is_late(const struct world *world, struct limit limit)
{
    bl_time start = calendar_effective(world->calendar, world->now);
    struct clock_question asked = { .start = start, .limit = limit };
    struct clock_question most = { .start = start, .limit = { 2 * REPLY_DAYS_MAX, LIMIT_WD } };

    return clock_due(world->calendar, &asked).due > clock_due(world->calendar, &most).due;
}

static Bl__Refusal *check_urge(const struct question *q, const Bl__Urge *urge, struct limit *limit)
{
    const char *text = urge->limit[0] == '\0' ? REPLY_LIMIT_DEFAULT : urge->limit;

    if (q->application->n_urgings >= URGINGS_MAX) {
        return refusal_new(q->arena, BL_TOO_LARGE, "urgings-many", "urge");
    }
    if (urge->text[0] == '\0' || question_is_longer(urge->text, OPINION_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_INVALID, "urge-text", "text");
    }
    if (question_is_longer(urge->to, URGING_TO_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_INVALID, "urge-text", "to");
    }
    if (limit_parse(text, limit, NULL) != BL_OK || limit->halves == 0) {
        return refusal_new(q->arena, BL_INVALID, "limit-malformed", "limit");
    }
    if (is_late(q->world, *limit)) {
        return refusal_argument(q->arena, refusal_new(q->arena, BL_INVALID, "urge-limit", "limit"),
                                "limit", bl_arena_printf(q->arena, "%d", REPLY_DAYS_MAX));
    }
    return check_rights(q, urge);
}

Bl__Urging *urging_new(const struct question *q, struct limit limit)
{
    const struct world *world = q->world;
    Bl__Urging *urging = bl_arena_new(q->arena, Bl__Urging);
    Bl__Clock clock;

    bl__urging__init(urging);
    countdown_start(world->calendar, limit, 0, calendar_effective(world->calendar, world->now),
                    &clock);
    urging->number = q->application->urging_count + 1;
    urging->at = world->now;
    urging->reply_by = clock.due_at;
    urging->within = limit_new(limit, q->arena);
    return urging;
}

static struct ruling urged(const struct question *q, Bl__Urging *urging, const char *text)
{
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_URGED);

    event->urged = bl_arena_new(q->arena, Bl__Urged);
    bl__urged__init(event->urged);
    event->urged->urging = urging;
    event->urged->text = text;
    return ruling_event(event);
}

/* Whom it is meant for where nobody is named: the item's department, of the whole the lead. */
static const char *addressee(const struct question *q, const Bl__Urge *urge, uint32_t item)
{
    if (urge->to[0] != '\0') {
        return urge->to;
    }
    return urge->item[0] == '\0'
               ? q->world->definition->source->lead
               : bl_arena_string(q->arena, q->application->items[item]->department);
}

struct ruling decide_urge(const struct question *q)
{
    const Bl__Urge *urge = q->command->urge;
    struct limit limit = { 0, LIMIT_WD };
    uint32_t item = 0;
    Bl__Refusal *refusal = check_urge(q, urge, &limit);

    if (refusal == NULL && urge->item[0] != '\0') {
        int found = application_item_find(q->application, urge->item);

        item = found < 0 ? 0 : (uint32_t)found;
        refusal =
            found < 0 ? refusal_new(q->arena, BL_NOT_FOUND, "item-unknown", urge->item) : NULL;
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (urge->item[0] != '\0' && is_settled(q->application->items[item])) {
        return question_refuse_state(q, item, "item-not-open");
    }
    if (!application_is_open(q->application)) {
        return question_refuse(q, BL_REFUSED, "application-ended", "application");
    }
    Bl__Urging *urging = urging_new(q, limit);
    urging->level = urge->level;
    urging->item = item;
    urging->whole = urge->item[0] == '\0';
    urging->to = addressee(q, urge, item);
    return urged(q, urging, urge->text);
}

/* --- reply -------------------------------------------------------------------------------------
 */

static Bl__Urging *find_urging(const Bl__Application *application, uint32_t number)
{
    for (size_t i = 0; i < application->n_urgings; i++) {
        if (application->urgings[i]->number == number) {
            return application->urgings[i];
        }
    }
    return NULL;
}

/* A department answers what is meant for it, for one of its posts, or about its item. */
static bool may_reply(const struct question *q, const Bl__Urging *urging)
{
    struct office_actor actor = office_actor(q->world);

    if (actor.role != ROLE(WORKER) && actor.role != ROLE(OFFICER)) {
        return true;
    }
    return strcmp(actor.department, urging->to) == 0 ||
           (actor.post[0] != '\0' && strcmp(actor.post, urging->to) == 0) ||
           (urging->whole
                ? strcmp(actor.department, q->world->definition->source->lead) == 0
                : strcmp(actor.department, q->application->items[urging->item]->department) == 0);
}

struct ruling decide_reply(const struct question *q)
{
    const Bl__Reply *reply = q->command->reply;
    const char *pointer = bl_arena_printf(q->arena, "%u", reply->number);
    const Bl__Urging *urging = find_urging(q->application, reply->number);

    if (urging == NULL) {
        return question_refuse(q, BL_NOT_FOUND, "urging-unknown", pointer);
    }
    if (!may_reply(q, urging)) {
        struct ruling ruling = question_refuse(q, BL_DENIED, "reply-denied", pointer);

        ruling.refusal->who_may = bl_arena_string(q->arena, urging->to);
        return ruling;
    }
    if (reply->text[0] == '\0' || question_is_longer(reply->text, OPINION_CHARACTERS_MAX) ||
        question_is_longer(reply->result, REASON_CHARACTERS_MAX)) {
        return question_refuse(q, BL_INVALID, "urge-text", "text");
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_REPLIED);
    event->replied = bl_arena_new(q->arena, Bl__Replied);
    bl__replied__init(event->replied);
    event->replied->number = reply->number;
    event->replied->text = reply->text;
    event->replied->result = reply->result;
    return ruling_event(event);
}

/* --- evolve ------------------------------------------------------------------------------------
 */

static void drop(Bl__Application *application, uint32_t number)
{
    size_t kept = 0;

    for (size_t i = 0; i < application->n_urgings; i++) {
        if (application->urgings[i]->number != number) {
            application->urgings[kept++] = application->urgings[i];
        }
    }
    application->n_urgings = kept;
}

void urge_open(Bl__Application *application, const Bl__Urging *from, struct bl_arena *arena)
{
    Bl__Urging *urging = bl_arena_copy(arena, from, sizeof *from);

    urging->to = bl_arena_string(arena, from->to);
    urging->within = limit_copy(from->within, arena);
    application->urgings =
        bl_arena_append(arena, application->urgings, application->n_urgings, urging);
    application->n_urgings++;
    if (urging->number > application->urging_count) {
        application->urging_count = urging->number;
    }
}

void evolve_urged(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    drop(application, event->urged->urging->number);  // an order that is over: it says so
    drop(application, event->urged->raised_from);
    urge_open(application, event->urged->urging, arena);
}

void evolve_replied(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    CHECK(find_urging(application, event->replied->number) != NULL);
    drop(application, event->replied->number);
}

/* What an urging pressed for has come: nobody waits for an answer any more. */
void urge_settle(Bl__Application *application)
{
    size_t kept = 0;

    for (size_t i = 0; i < application->n_urgings; i++) {
        Bl__Urging *urging = application->urgings[i];
        bool over = !application_is_open(application) ||
                    (!urging->whole && is_settled(application->items[urging->item]));

        if (!over) {
            application->urgings[kept++] = urging;
        }
    }
    application->n_urgings = kept;
}

/* --- wake: silence goes one level up -----------------------------------------------------------
 */

static const Bl__Urging *first_unanswered(const Bl__Application *application)
{
    const Bl__Urging *first = NULL;

    for (size_t i = 0; i < application->n_urgings; i++) {
        const Bl__Urging *urging = application->urgings[i];

        if (!urging->overdue && (first == NULL || urging->reply_by < first->reply_by)) {
            first = urging;
        }
    }
    return first;
}

bl_time urge_next(const Bl__Application *application)
{
    const Bl__Urging *first = first_unanswered(application);

    return first == NULL ? BL_NEVER : first->reply_by + 1;  // overdue is now > due
}

/* Whom the next level is meant for: roles of the ladder (domain.md 5.2). */
static void raise_level(const struct question *q, const Bl__Urging *from, Bl__Urging *urging)
{
    urging->item = from->item;
    urging->whole = from->whole;
    switch (from->level) {
    case L(LEVEL_UNSPECIFIED):
    case L(REMIND):
        urging->level = L(URGE);
        urging->to = "department_head";
        return;
    case L(URGE):
        urging->level = L(ORDER);
        urging->to = "supervision";
        return;
    case L(ORDER):  // there is nobody above: it stays, and is over
        *urging = *from;
        urging->to = bl_arena_string(q->arena, from->to);
        urging->within = limit_copy(from->within, q->arena);
        urging->overdue = true;
        return;
    }
    UNREACHABLE();
}

Bl__Event *urge_wake(const struct world *world, const Bl__Application *application,
                     struct bl_arena *arena)
{
    const Bl__Urging *first = first_unanswered(application);
    struct world then = *world;
    const struct question q = { &then, application, NULL, arena };
    struct limit limit;

    then.now = first->reply_by;
    then.principal = NULL;
    then.actor = NULL;
    CHECK(limit_parse(REPLY_LIMIT_DEFAULT, &limit, NULL) == BL_OK);
    Bl__Urging *urging = urging_new(&q, limit);
    raise_level(&q, first, urging);
    Bl__Event *event = urged(&q, urging, "").event;
    event->urged->raised_from = first->level == L(ORDER) ? 0 : first->number;
    return event;
}
