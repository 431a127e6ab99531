#include "core/directory.h"

#include <string.h>

#include "core/office.h"

#define Z85_KEY_CHARACTERS 40
#define KEYS_MAX 10000
#define PUBLICATIONS_MAX 10000
#define ABSENCES_MAX 10000

const Bl__Publication *directory_find(const Bl__Directory *directory, Bl__Publication__Kind kind,
                                      const char *id, uint32_t version)
{
    const Bl__Publication *found = NULL;

    for (size_t i = 0; i < directory->n_publications; i++) {
        const Bl__Publication *publication = directory->publications[i];

        if (publication->kind != kind || strcmp(publication->id, id) != 0) {
            continue;
        }
        if (version != 0 && publication->version == version) {
            return publication;
        }
        if (version == 0 && !publication->retired &&
            (found == NULL || publication->version > found->version)) {
            found = publication;
        }
    }
    return found;
}

const Bl__Publication *directory_current(const Bl__Directory *directory, const char *workflow,
                                         bl_time now)
{
    const Bl__Publication *found = NULL;

    for (size_t i = 0; i < directory->n_publications; i++) {
        const Bl__Publication *publication = directory->publications[i];

        if (publication->kind == BL__PUBLICATION__KIND__WORKFLOW && !publication->retired &&
            publication->effective_at <= now && strcmp(publication->id, workflow) == 0 &&
            (found == NULL || publication->version > found->version)) {
            found = publication;
        }
    }
    return found;
}

Bl__Publication__Standing directory_standing(const Bl__Directory *directory,
                                             const Bl__Publication *publication, bl_time now)
{
    const Bl__Publication *current =
        publication->kind == BL__PUBLICATION__KIND__WORKFLOW
            ? directory_current(directory, publication->id, now)
            : directory_find(directory, publication->kind, publication->id, 0);

    return publication->retired              ? BL__PUBLICATION__STANDING__RETIRED
           : publication->effective_at > now ? BL__PUBLICATION__STANDING__COMING
           : publication == current          ? BL__PUBLICATION__STANDING__CURRENT
                                             : BL__PUBLICATION__STANDING__EARLIER;
}

const Bl__Key *directory_key(const Bl__Directory *directory, const char *public_key)
{
    for (size_t i = 0; i < directory->n_keys; i++) {
        const Bl__Key *key = directory->keys[i];

        if (!key->revoked && strcmp(key->public_key, public_key) == 0) {
            return key;
        }
    }
    return NULL;
}

/* --- decide ------------------------------------------------------------------------------------
 */

static struct ruling published(const struct world *world, uint32_t version, bl_time effective_at,
                               struct bl_arena *arena)
{
    const struct publication_check *check = world->publication;
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_PUBLISHED);
    Bl__Publication *publication = bl_arena_new(arena, Bl__Publication);

    bl__publication__init(publication);
    publication->kind = check->kind;
    publication->id = check->id;
    publication->version = version;
    publication->hash.data = bl_arena_copy(arena, check->hash, sizeof check->hash);
    publication->hash.len = sizeof check->hash;
    publication->published_at = world->now;
    if (check->kind == BL__PUBLICATION__KIND__WORKFLOW && effective_at > world->now) {
        publication->effective_at = effective_at;
    }
    event->published = bl_arena_new(arena, Bl__Published);
    bl__published__init(event->published);
    event->published->publication = publication;
    return ruling_event(event);
}

/* Published versions are immutable: the same content again is fine and does nothing, other content
 * under the same version is refused. Calendars and departments are counted by themselves. */
static struct ruling decide_publish(const struct world *world, const Bl__Directory *directory,
                                    const Bl__Command *command, struct bl_arena *arena)
{
    const struct publication_check *check = world->publication;

    if (check->refusal != NULL) {
        return (struct ruling){ .refusal = check->refusal };
    }
    const Bl__Publication *there =
        directory_find(directory, check->kind, check->id, check->version);
    bool same = there != NULL && there->hash.len == sizeof check->hash &&
                memcmp(there->hash.data, check->hash, sizeof check->hash) == 0;
    if (same) {
        return (struct ruling){ 0 };  // neither event nor refusal: it is so already
    }
    if (there != NULL && check->kind == BL__PUBLICATION__KIND__WORKFLOW) {
        Bl__Refusal *refusal = refusal_new(arena, BL_EXISTS, "version-published", check->id);

        refusal_argument(arena, refusal, "version", bl_arena_printf(arena, "%u", check->version));
        return (struct ruling){ .refusal = refusal };
    }
    if (directory->n_publications >= PUBLICATIONS_MAX) {
        return ruling_refuse(arena, BL_TOO_LARGE, "too-many-publications", check->id);
    }
    uint32_t version = check->kind == BL__PUBLICATION__KIND__WORKFLOW ? check->version
                       : there == NULL                                ? 1
                                                                      : there->version + 1;
    return published(world, version, command->publish->effective_at, arena);
}

static struct ruling decide_retire(const struct world *world, const Bl__Directory *directory,
                                   const Bl__Command *command, struct bl_arena *arena)
{
    const Bl__Retire *retire = command->retire;
    const Bl__Publication *there = directory_find(directory, BL__PUBLICATION__KIND__WORKFLOW,
                                                  retire->workflow, retire->version);

    if (there == NULL || there->retired) {
        return ruling_refuse(arena, BL_NOT_FOUND, "workflow-unknown", retire->workflow);
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_RETIRED);
    event->retired = bl_arena_new(arena, Bl__Retired);
    bl__retired__init(event->retired);
    event->retired->workflow = there->id;
    event->retired->version = there->version;
    return ruling_event(event);
}

static const Bl__Key *key_named(const Bl__Directory *directory, const char *name)
{
    for (size_t i = 0; i < directory->n_keys; i++) {
        if (!directory->keys[i]->revoked && strcmp(directory->keys[i]->name, name) == 0) {
            return directory->keys[i];
        }
    }
    return NULL;
}

/* Z85 is 85 printable characters: five of them hold four bytes. */
static bool is_z85_key(const char *text)
{
    static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              ".-:+=^!/*?&<>()[]{}@%$#";

    return strlen(text) == Z85_KEY_CHARACTERS && strspn(text, z85) == Z85_KEY_CHARACTERS;
}

static struct ruling decide_grant_key(const struct world *world, const Bl__Directory *directory,
                                      const Bl__Command *command, struct bl_arena *arena)
{
    const Bl__Key *key = command->grant_key->key;

    if (key == NULL || key->name[0] == '\0' || strlen(key->name) > KEY_NAME_BYTES_MAX) {
        return ruling_refuse(arena, BL_INVALID, "key-name", "key.name");
    }
    if (!is_z85_key(key->public_key)) {
        return ruling_refuse(arena, BL_INVALID, "key-malformed", "key.public_key");
    }
    if (key->role == BL__KEY__ROLE__ROLE_UNSPECIFIED) {
        return ruling_refuse(arena, BL_INVALID, "key-role", "key.role");
    }
    bool officer = key->role == BL__KEY__ROLE__OFFICER;
    if ((key->role == BL__KEY__ROLE__WORKER || officer) != (key->department[0] != '\0') ||
        strlen(key->department) > DEFINITION_DEPARTMENT_CHARACTERS_MAX) {
        return ruling_refuse(arena, BL_INVALID, "key-department", "key.department");
    }
    if (officer != (key->post[0] != '\0') || strlen(key->post) > POST_BYTES_MAX) {
        return ruling_refuse(arena, BL_INVALID, "key-post", "key.post");
    }
    if (key_named(directory, key->name) != NULL ||
        directory_key(directory, key->public_key) != NULL) {
        return ruling_refuse(arena, BL_EXISTS, "key-exists", key->name);
    }
    if (directory->n_keys >= KEYS_MAX) {
        return ruling_refuse(arena, BL_TOO_LARGE, "too-many-keys", key->name);
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_KEY_GRANTED);
    event->key_granted = bl_arena_new(arena, Bl__KeyGranted);
    bl__key_granted__init(event->key_granted);
    event->key_granted->key = (Bl__Key *)key;
    return ruling_event(event);
}

static struct ruling decide_revoke_key(const struct world *world, const Bl__Directory *directory,
                                       const Bl__Command *command, struct bl_arena *arena)
{
    const char *name = command->revoke_key->name;

    if (key_named(directory, name) == NULL) {
        return ruling_refuse(arena, BL_NOT_FOUND, "key-unknown", name);
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_KEY_REVOKED);
    event->key_revoked = bl_arena_new(arena, Bl__KeyRevoked);
    bl__key_revoked__init(event->key_revoked);
    event->key_revoked->name = name;
    return ruling_event(event);
}

/* Who may say that a post is vacant: the hall, the post itself, the head of its section. */
static Bl__Refusal *check_absent(const struct world *world, const char *department,
                                 const char *post, struct bl_arena *arena)
{
    bool officer = office_actor(world).role == BL__KEY__ROLE__OFFICER;

    if (office_post(world, department, post) == NULL) {
        return refusal_new(arena, BL_NOT_FOUND, "post-unknown", post);
    }
    if (officer && !office_may_as(world, department, post) &&
        !office_may(world, department, "section_head", NULL) &&
        !office_may(world, department, "organ_head", NULL)) {
        return office_refuse(world, department, "section_head", "absence-not-yours", post, arena);
    }
    return NULL;
}

static Bl__Refusal *check_absence(const struct world *world, const Bl__Directory *directory,
                                  const Bl__Absence *absence, struct bl_arena *arena)
{
    const Bl__Post *post = office_post(world, absence->department, absence->post);
    const char *deputy = absence->deputy[0] != '\0' ? absence->deputy : post->deputy;

    if (strcmp(deputy, absence->post) == 0 ||
        office_post(world, absence->department, deputy) == NULL) {
        return refusal_new(arena, BL_INVALID, "absence-deputy", "absence.deputy");
    }
    if (absence->from >= absence->to || absence->to <= world->now) {
        return refusal_new(arena, BL_INVALID, "absence-dates", "absence.to");
    }
    return directory->n_absences >= ABSENCES_MAX
               ? refusal_new(arena, BL_TOO_LARGE, "absences-many", absence->post)
               : NULL;
}

static struct ruling decide_set_absence(const struct world *world, const Bl__Directory *directory,
                                        const Bl__Command *command, struct bl_arena *arena)
{
    const Bl__Absence *absence = command->set_absence->absence;

    if (absence == NULL) {
        return ruling_refuse(arena, BL_NOT_FOUND, "post-unknown", "absence");
    }
    Bl__Refusal *refusal = check_absent(world, absence->department, absence->post, arena);
    if (refusal == NULL) {
        refusal = check_absence(world, directory, absence, arena);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_ABSENCE_SET);
    event->absence_set = bl_arena_new(arena, Bl__AbsenceSet);
    bl__absence_set__init(event->absence_set);
    event->absence_set->absence = (Bl__Absence *)absence;
    return ruling_event(event);
}

static bool is_absence_of(const Bl__Absence *absence, const char *department, const char *post)
{
    return strcmp(absence->department, department) == 0 && strcmp(absence->post, post) == 0;
}

static struct ruling decide_end_absence(const struct world *world, const Bl__Directory *directory,
                                        const Bl__Command *command, struct bl_arena *arena)
{
    const Bl__EndAbsence *end = command->end_absence;
    Bl__Refusal *refusal = check_absent(world, end->department, end->post, arena);
    bool found = false;

    for (size_t i = 0; i < directory->n_absences; i++) {
        found |= is_absence_of(directory->absences[i], end->department, end->post);
    }
    if (refusal == NULL && !found) {
        refusal = refusal_new(arena, BL_NOT_FOUND, "absence-unknown", end->post);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_ABSENCE_ENDED);
    event->absence_ended = bl_arena_new(arena, Bl__AbsenceEnded);
    bl__absence_ended__init(event->absence_ended);
    event->absence_ended->department = end->department;
    event->absence_ended->post = end->post;
    return ruling_event(event);
}

// clang-format off
static struct ruling (*const decisions[])(const struct world *, const Bl__Directory *,
                                          const Bl__Command *, struct bl_arena *) = {
    [BL__COMMAND__WHAT_PUBLISH]    = decide_publish,
    [BL__COMMAND__WHAT_RETIRE]     = decide_retire,
    [BL__COMMAND__WHAT_GRANT_KEY]  = decide_grant_key,
    [BL__COMMAND__WHAT_REVOKE_KEY] = decide_revoke_key,
    [BL__COMMAND__WHAT_SET_ABSENCE] = decide_set_absence,
    [BL__COMMAND__WHAT_END_ABSENCE] = decide_end_absence,
};
// clang-format on

static bool takes(Bl__Command__WhatCase what)
{
    return (size_t)what < BL_COUNT(decisions) && decisions[what] != NULL;
}

static struct ruling decide(const struct world *world, const void *state,
                            const Bl__Command *command, struct bl_arena *arena)
{
    CHECK(takes(command->what_case));
    return decisions[command->what_case](world, state, command, arena);
}

/* --- evolve ------------------------------------------------------------------------------------
 */

static void evolve_published(Bl__Directory *directory, const Bl__Event *event,
                             struct bl_arena *arena)
{
    const Bl__Publication *from = event->published->publication;
    Bl__Publication *publication = bl_arena_copy(arena, from, sizeof *from);

    publication->id = bl_arena_string(arena, from->id);
    publication->hash.data = bl_arena_copy(arena, from->hash.data, from->hash.len);
    directory->publications =
        bl_arena_append(arena, directory->publications, directory->n_publications, publication);
    directory->n_publications++;
}

static void evolve_retired(Bl__Directory *directory, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    for (size_t i = 0; i < directory->n_publications; i++) {
        Bl__Publication *publication = directory->publications[i];

        if (publication->kind == BL__PUBLICATION__KIND__WORKFLOW &&
            publication->version == event->retired->version &&
            strcmp(publication->id, event->retired->workflow) == 0) {
            publication->retired = true;
        }
    }
}

static void evolve_key_granted(Bl__Directory *directory, const Bl__Event *event,
                               struct bl_arena *arena)
{
    const Bl__Key *from = event->key_granted->key;
    Bl__Key *key = bl_arena_copy(arena, from, sizeof *from);

    key->name = bl_arena_string(arena, from->name);
    key->department = bl_arena_string(arena, from->department);
    key->public_key = bl_arena_string(arena, from->public_key);
    key->post = bl_arena_string(arena, from->post);
    directory->keys = bl_arena_append(arena, directory->keys, directory->n_keys, key);
    directory->n_keys++;
}

static void evolve_key_revoked(Bl__Directory *directory, const Bl__Event *event,
                               struct bl_arena *arena)
{
    (void)arena;
    for (size_t i = 0; i < directory->n_keys; i++) {
        if (strcmp(directory->keys[i]->name, event->key_revoked->name) == 0) {
            directory->keys[i]->revoked = true;
        }
    }
}

/* Takes away a post's absence, and those that are over. */
static void remove_absence(Bl__Directory *directory, const char *department, const char *post,
                           bl_time now)
{
    size_t kept = 0;

    for (size_t i = 0; i < directory->n_absences; i++) {
        Bl__Absence *absence = directory->absences[i];

        if (absence->to > now && !is_absence_of(absence, department, post)) {
            directory->absences[kept++] = absence;
        }
    }
    directory->n_absences = kept;
}

static void evolve_absence_set(Bl__Directory *directory, const Bl__Event *event,
                               struct bl_arena *arena)
{
    const Bl__Absence *from = event->absence_set->absence;
    Bl__Absence *absence = bl_arena_copy(arena, from, sizeof *from);

    absence->department = bl_arena_string(arena, from->department);
    absence->post = bl_arena_string(arena, from->post);
    absence->deputy = bl_arena_string(arena, from->deputy);
    remove_absence(directory, from->department, from->post, event->at);
    directory->absences =
        bl_arena_append(arena, directory->absences, directory->n_absences, absence);
    directory->n_absences++;
}

static void evolve_absence_ended(Bl__Directory *directory, const Bl__Event *event,
                                 struct bl_arena *arena)
{
    (void)arena;
    remove_absence(directory, event->absence_ended->department, event->absence_ended->post,
                   event->at);
}

static void evolve(void *state, const Bl__Event *event, struct bl_arena *arena)
{
    // clang-format off
    static void (*const evolutions[])(Bl__Directory *, const Bl__Event *, struct bl_arena *) = {
        [BL__EVENT__WHAT_PUBLISHED]   = evolve_published,
        [BL__EVENT__WHAT_RETIRED]     = evolve_retired,
        [BL__EVENT__WHAT_KEY_GRANTED] = evolve_key_granted,
        [BL__EVENT__WHAT_KEY_REVOKED] = evolve_key_revoked,
        [BL__EVENT__WHAT_ABSENCE_SET] = evolve_absence_set,
        [BL__EVENT__WHAT_ABSENCE_ENDED] = evolve_absence_ended,
    };
    // clang-format on
    Bl__Directory *directory = state;

    CHECK((size_t)event->what_case < BL_COUNT(evolutions) && evolutions[event->what_case] != NULL);
    CHECK(event->previous == directory->last_event);
    evolutions[event->what_case](directory, event, arena);
    directory->last_event = event->seq;
    directory->revision++;
}

/* --- time makes no event here ------------------------------------------------------------------
 */

static void *create(struct bl_arena *arena, uint64_t id)
{
    Bl__Directory *directory = bl_arena_new(arena, Bl__Directory);

    (void)id;
    bl__directory__init(directory);
    return directory;
}

static bl_time next(const void *state)
{
    (void)state;
    return BL_NEVER;
}

static Bl__Event *wake(const struct world *world, const void *state, struct bl_arena *arena)
{
    (void)world;
    (void)state;
    (void)arena;
    return NULL;
}

const struct aggregate directory_aggregate = {
    .kind = BL__AGGREGATE__DIRECTORY,
    .state = &bl__directory__descriptor,
    .create = create,
    .takes = takes,
    .decide = decide,
    .evolve = evolve,
    .next = next,
    .wake = wake,
    .last_event_at = offsetof(Bl__Directory, last_event),
    .revision_at = offsetof(Bl__Directory, revision),
};
