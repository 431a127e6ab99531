#include "core/desk.h"

#include <string.h>

#include "core/change.h"
#include "core/countdown.h"
#include "core/routing.h"

bool desk_step_is_personal(const struct definition_step *step)
{
    return step->role[0] != '\0' && strcmp(step->role, "machine") != 0;
}

Bl__Desk *desk_begin(const struct world *world, const struct definition_item *item, uint32_t step,
                     uint32_t round, bl_time start, struct bl_arena *arena)
{
    Bl__Desk *desk = bl_arena_new(arena, Bl__Desk);

    CHECK(step < item->step_count);
    bl__desk__init(desk);
    desk->step = step;
    desk->round = round;
    desk->since = world->now;
    desk->personal = desk_step_is_personal(&item->steps[step]);
    desk->limit = countdown_new(world->calendar, item->steps[step].limit, 0, start, arena);
    return desk;
}

static void add_hand(Bl__Desk *desk, const char *hand, struct bl_arena *arena)
{
    for (size_t i = 0; i < desk->n_hands; i++) {
        if (strcmp(desk->hands[i], hand) == 0) {
            return;
        }
    }
    if (hand[0] != '\0' && desk->n_hands < DESK_HANDS_MAX) {
        desk->hands = bl_arena_append(arena, desk->hands, desk->n_hands, (void *)hand);
        desk->n_hands++;
    }
}

Bl__Desk *desk_pass(const struct world *world, const struct definition_item *item,
                    const Bl__Desk *desk, struct bl_arena *arena)
{
    Bl__Desk *next = desk_begin(world, item, desk->step + 1, desk->round,
                                routing_effective(world, world->now), arena);

    for (size_t i = 0; i < desk->n_hands; i++) {
        add_hand(next, desk->hands[i], arena);
    }
    for (size_t i = 0; i < desk->n_signatures; i++) {
        add_hand(next, desk->signatures[i]->post, arena);
        add_hand(next, desk->signatures[i]->officer, arena);
    }
    next->passed_at = world->now;
    if (desk->personal) {
        next->before = desk_copy(desk, arena);
        next->before->before = NULL;
    }
    next->forwarded = desk->forwarded;
    return next;
}

/* --- who signs --------------------------------------------------------------------------------
 */

static bool is_among(const char *const *posts, size_t count, const char *post)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(posts[i], post) == 0) {
            return true;
        }
    }
    return false;
}

/* Where the signers are not named, whoever holds the role may come, and as many as the step needs
 * are its branches: the verdict of a single officer is a verdict, for or against. Named ones are
 * branches each. */
struct desk_signers desk_signers(const struct world *world, const struct definition_item *item,
                                 const char *department, const Bl__Desk *desk)
{
    const struct definition_step *step = &item->steps[desk->step];
    struct desk_signers signers = { .in_order = step->in_order };

    if (desk->n_signers > 0) {
        for (size_t i = 0; i < desk->n_signers && i < DESK_SIGNERS_MAX; i++) {
            signers.posts[signers.count++] = desk->signers[i];
        }
        signers.of = signers.count;
        signers.need =
            desk->needed == 0 || desk->needed > signers.count ? signers.count : desk->needed;
        return signers;
    }
    size_t held = office_holders(world, department, step->role, signers.posts, DESK_SIGNERS_MAX);
    signers.count = (uint32_t)(held < DESK_SIGNERS_MAX ? held : DESK_SIGNERS_MAX);
    signers.of = step->signers == 0 ? signers.count : step->signers;
    signers.need = signers.of;
    return signers;
}

enum join_outcome desk_outcome(const Bl__Desk *desk, const struct desk_signers *signers)
{
    uint32_t approvals = 0, rejections = 0;

    for (size_t i = 0; i < desk->n_signatures; i++) {
        approvals += desk->signatures[i]->approves ? 1 : 0;
        rejections += desk->signatures[i]->approves ? 0 : 1;
    }
    return approvals >= signers->need                 ? JOIN_SATISFIED
           : rejections > signers->of - signers->need ? JOIN_FAILED
                                                      : JOIN_OPEN;
}

bool desk_has_signed(const Bl__Desk *desk, const char *post)
{
    for (size_t i = 0; i < desk->n_signatures; i++) {
        if (strcmp(desk->signatures[i]->post, post) == 0) {
            return true;
        }
    }
    return false;
}

static bool person_has_signed(const Bl__Desk *desk, const char *person)
{
    for (size_t i = 0; i < desk->n_signatures; i++) {
        if (strcmp(desk->signatures[i]->officer, person) == 0) {
            return true;
        }
    }
    return false;
}

/* The first post of the signers for which the actor may sign and that has not signed. */
static const char *free_post(const struct world *world, const char *department,
                             const Bl__Desk *desk, const struct desk_signers *signers, bool *any)
{
    const char *own = office_actor(world).post;

    *any = is_among(signers->posts, signers->count, own);
    if (*any && !desk_has_signed(desk, own)) {
        return own;
    }
    for (uint32_t i = 0; i < signers->count; i++) {
        if (office_may_as(world, department, signers->posts[i])) {
            *any = true;
            if (!desk_has_signed(desk, signers->posts[i])) {
                return signers->posts[i];
            }
        }
    }
    return NULL;
}

const char *desk_next_in_order(const Bl__Desk *desk, const struct desk_signers *signers)
{
    for (uint32_t i = 0; i < signers->count; i++) {
        if (!desk_has_signed(desk, signers->posts[i])) {
            return signers->posts[i];
        }
    }
    return "";
}

static Bl__Refusal *refuse_for(struct bl_arena *arena, const char *rule, const char *pointer,
                               const char *post)
{
    Bl__Refusal *refusal = refusal_new(arena, BL_DENIED, rule, bl_arena_string(arena, pointer));

    refusal->who_may = bl_arena_string(arena, post);
    return refusal;
}

Bl__Refusal *desk_seat(const struct world *world, const struct definition_item *item,
                       const char *department, const Bl__Desk *desk, struct office_seat *seat,
                       struct bl_arena *arena)
{
    const struct office_actor actor = office_actor(world);
    struct desk_signers signers = desk_signers(world, item, department, desk);
    bool any;
    const char *post = actor.role == BL__KEY__ROLE__OFFICER
                           ? free_post(world, department, desk, &signers, &any)
                           : (any = false, NULL);

    if (!any || strcmp(actor.department, department) != 0) {
        return office_refuse(world, department, item->steps[desk->step].role, "post-may-not",
                             item->id, arena);
    }
    if (post == NULL || person_has_signed(desk, actor.person)) {
        return refusal_new(arena, BL_REFUSED, "signed-already", bl_arena_string(arena, item->id));
    }
    if (desk->post[0] != '\0' && !office_may_as(world, department, desk->post)) {
        return refuse_for(arena, "claimed", item->id, desk->post);
    }
    if (signers.in_order && strcmp(desk_next_in_order(desk, &signers), post) != 0) {
        return refuse_for(arena, "signers-in-order", item->id, desk_next_in_order(desk, &signers));
    }
    *seat = (struct office_seat){ post, actor.post, actor.person };
    return NULL;
}

bool desk_has_hand(const Bl__Desk *desk, const struct office_seat *seat)
{
    return is_among(desk->hands, desk->n_hands, seat->post) ||
           is_among(desk->hands, desk->n_hands, seat->by) ||
           is_among(desk->hands, desk->n_hands, seat->person);
}

Bl__Desk *desk_sign(const Bl__Desk *desk, const struct office_seat *seat, bool approves, bl_time at,
                    struct bl_arena *arena)
{
    Bl__Desk *next = desk_copy(desk, arena);
    Bl__Signature *signature = bl_arena_new(arena, Bl__Signature);

    bl__signature__init(signature);
    signature->post = seat->post;
    signature->officer = seat->person;
    signature->approves = approves;
    signature->at = at;
    next->signatures = bl_arena_append(arena, next->signatures, next->n_signatures, signature);
    next->n_signatures++;
    next->post = "";
    next->officer = "";
    next->before = NULL;
    return next;
}
