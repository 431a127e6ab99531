#include "core/office.h"

#include <string.h>

static const Bl__Department *department_of(const struct world *world, const char *id)
{
    const Bl__DepartmentsFile *file = world->departments;

    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        if (strcmp(file->departments[i]->key, id) == 0) {
            return file->departments[i]->value;
        }
    }
    return NULL;
}

const Bl__Post *office_post(const struct world *world, const char *department, const char *post)
{
    if (post[0] == '\0') {
        return NULL;  // a machine's: it acts too often to be looked for
    }
    const Bl__Department *is = department_of(world, department);

    for (size_t i = 0; is != NULL && i < is->n_posts; i++) {
        if (strcmp(is->posts[i]->key, post) == 0) {
            return is->posts[i]->value;
        }
    }
    return NULL;
}

bool office_post_holds(const Bl__Post *post, const char *role)
{
    for (size_t i = 0; post != NULL && i < post->n_roles; i++) {
        if (strcmp(post->roles[i], role) == 0) {
            return true;
        }
    }
    return false;
}

size_t office_holders(const struct world *world, const char *department, const char *role,
                      const char **posts, size_t most)
{
    const Bl__Department *is = department_of(world, department);
    size_t count = 0;

    for (size_t i = 0; is != NULL && i < is->n_posts; i++) {
        if (office_post_holds(is->posts[i]->value, role)) {
            if (count < most) {
                posts[count] = is->posts[i]->key;
            }
            count++;
        }
    }
    return count;
}

struct office_actor office_actor(const struct world *world)
{
    const struct principal *principal = world->principal;
    const Bl__Actor *said = world->actor;
    struct office_actor actor = { .department = "", .post = "", .person = "" };

    if (principal == NULL) {
        return actor;  // time alone
    }
    if (principal->role == BL__KEY__ROLE__GATEWAY && said != NULL &&
        said->role != BL__KEY__ROLE__ROLE_UNSPECIFIED) {
        actor =
            (struct office_actor){ said->role, said->department, said->post, said->on_behalf_of };
    } else {
        actor = (struct office_actor){ principal->role, principal->department, principal->post,
                                       said != NULL ? said->on_behalf_of : "" };
    }
    const Bl__Post *post = office_post(world, actor.department, actor.post);
    if (actor.person[0] == '\0') {
        actor.person = post != NULL && post->officer[0] != '\0' ? post->officer : principal->name;
    }
    return actor;
}

const char *office_author(const Bl__Actor *actor)
{
    return actor == NULL                    ? ""
           : actor->on_behalf_of[0] != '\0' ? actor->on_behalf_of
           : actor->post[0] != '\0'         ? actor->post
                                            : actor->principal;
}

const char *office_author_now(const struct world *world)
{
    if (world->actor != NULL) {
        return office_author(world->actor);
    }
    return world->principal == NULL            ? ""
           : world->principal->post[0] != '\0' ? world->principal->post
                                               : world->principal->name;
}

static const Bl__Absence *absence_of(const struct world *world, const char *department,
                                     const char *post)
{
    const Bl__Directory *directory = world->directory;

    for (size_t i = 0; directory != NULL && i < directory->n_absences; i++) {
        const Bl__Absence *absence = directory->absences[i];

        if (absence->from <= world->now && world->now < absence->to &&
            strcmp(absence->department, department) == 0 && strcmp(absence->post, post) == 0) {
            return absence;
        }
    }
    return NULL;
}

const char *office_deputy(const struct world *world, const char *department, const char *post)
{
    const Bl__Absence *absence = absence_of(world, department, post);

    if (absence == NULL || absence->deputy[0] != '\0') {
        return absence == NULL ? NULL : absence->deputy;
    }
    const Bl__Post *is = office_post(world, department, post);
    return is != NULL && is->deputy[0] != '\0' ? is->deputy : NULL;
}

static bool stands_in(const struct world *world, const struct office_actor *actor, const char *post)
{
    const char *deputy = office_deputy(world, actor->department, post);

    return deputy != NULL && strcmp(deputy, actor->post) == 0;
}

static bool is_of(const struct office_actor *actor, const char *department)
{
    return actor->role == BL__KEY__ROLE__OFFICER && actor->post[0] != '\0' &&
           strcmp(actor->department, department) == 0;
}

bool office_may_as(const struct world *world, const char *department, const char *post)
{
    const struct office_actor actor = office_actor(world);

    return is_of(&actor, department) &&
           (strcmp(actor.post, post) == 0 || stands_in(world, &actor, post));
}

bool office_may(const struct world *world, const char *department, const char *role,
                const char **post)
{
    const struct office_actor actor = office_actor(world);
    const Bl__Department *is = department_of(world, department);

    if (!is_of(&actor, department) || is == NULL) {
        return false;
    }
    if (office_post_holds(office_post(world, department, actor.post), role)) {
        if (post != NULL) {
            *post = actor.post;
        }
        return true;
    }
    for (size_t i = 0; i < is->n_posts; i++) {
        if (office_post_holds(is->posts[i]->value, role) &&
            stands_in(world, &actor, is->posts[i]->key)) {
            if (post != NULL) {
                *post = is->posts[i]->key;
            }
            return true;
        }
    }
    return false;
}

Bl__Refusal *office_refuse(const struct world *world, const char *department, const char *role,
                           const char *rule, const char *pointer, struct bl_arena *arena)
{
    Bl__Refusal *refusal = refusal_new(arena, BL_DENIED, rule, bl_arena_string(arena, pointer));
    const char *posts[3];
    size_t count = office_holders(world, department, role, posts, BL_COUNT(posts));
    const char *who = bl_arena_printf(arena, "%s/%s", department, role);

    for (size_t i = 0; i < count && i < BL_COUNT(posts); i++) {
        who = bl_arena_printf(arena, "%s%s%s", who, i == 0 ? ": " : ", ", posts[i]);
    }
    refusal->who_may = who;
    return refusal_argument(arena, refusal, "role", bl_arena_string(arena, role));
}

/* Does the post hold the role in this department, or stand in for one that does? */
static bool is_approver(const struct world *world, const Bl__DepartmentsFile__DepartmentsEntry *of,
                        const char *role, const char *post)
{
    for (size_t i = 0; i < of->value->n_posts; i++) {
        const char *id = of->value->posts[i]->key;
        const char *deputy = NULL;

        if (office_post_holds(of->value->posts[i]->value, role)) {
            deputy = office_deputy(world, of->key, id);
            if (strcmp(id, post) == 0 || (deputy != NULL && strcmp(deputy, post) == 0)) {
                return true;
            }
        }
    }
    return false;
}

/* Those that hold the role, in words. */
static const char *approvers(const struct world *world, const char *department, const char *role,
                             struct bl_arena *arena)
{
    const Bl__DepartmentsFile *file = world->departments;
    const char *who = bl_arena_string(arena, role), *between = ": ";

    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        const char *posts[3];
        const char *id = file->departments[i]->key;
        size_t count = department == NULL || strcmp(department, id) == 0
                           ? office_holders(world, id, role, posts, BL_COUNT(posts))
                           : 0;

        for (size_t k = 0; k < count && k < BL_COUNT(posts); k++) {
            who = bl_arena_printf(arena, "%s%s%s", who, between, posts[k]);
            between = ", ";
        }
    }
    return who;
}

Bl__Refusal *office_approve(const struct world *world, const char *department, const char *role,
                            const char *named, const char **approver, struct bl_arena *arena)
{
    const Bl__DepartmentsFile *file = world->departments;
    const struct office_actor actor = office_actor(world);

    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        const char *id = file->departments[i]->key;

        if (department != NULL && strcmp(department, id) != 0) {
            continue;
        }
        if (named[0] == '\0' && strcmp(actor.department, id) == 0 &&
            office_may(world, id, role, approver)) {
            return NULL;
        }
        if (named[0] != '\0' && is_approver(world, file->departments[i], role, named)) {
            *approver = named;
            return NULL;
        }
    }
    Bl__Refusal *refusal =
        named[0] == '\0'
            ? refusal_new(arena, BL_INVALID, "approver-required", "approver")
            : refusal_new(arena, BL_DENIED, "approver-may-not", bl_arena_string(arena, named));
    refusal->who_may = approvers(world, department, role, arena);
    return refusal;
}
