/* office.h — posts (岗位), the roles that they hold, and who stands in for whom (AB 岗).
 * Duties belong to the post, not to the person (domain.md S23): departments.yaml says which post
 * has which roles, the directory which posts are vacant for some days and who stands in. Every act
 * is recorded with the person and the post in whose name he acted. */
#pragma once

#include "core/aggregate.h"

/* Who acts: by his key, or whom a gateway speaks for. */
struct office_actor {
    Bl__Key__Role role;
    const char *department, *post;  // "" where there is none
    const char *person;             // his name if it is known, else that of his key
};

/* In whose name somebody acts. */
struct office_seat {
    const char *post;  // the one that has the right: his own, or that of one who is absent
    const char *by;    // his own
    const char *person;
};

struct office_actor office_actor(const struct world *world);

/* Whose act an event is, in one name: the person's, else the post's, else the key's. */
const char *office_author(const Bl__Actor *actor);
/* The same of whoever acts now. */
const char *office_author_now(const struct world *world);

/* A post of a department as published; NULL if there is none. */
const Bl__Post *office_post(const struct world *world, const char *department, const char *post);
bool office_post_holds(const Bl__Post *post, const char *role);
/* The posts of a department that hold a role, in the order of departments.yaml.
 *   posts  gets at most `most` ids
 *   returns  how many there are */
size_t office_holders(const struct world *world, const char *department, const char *role,
                      const char **posts, size_t most);

/* Who stands in for a post now; NULL while its holder is there. */
const char *office_deputy(const struct world *world, const char *department, const char *post);

/* May whoever acts do so for this very post: is it his own, or does he stand in for it? */
bool office_may_as(const struct world *world, const char *department, const char *post);
/* May he act in this role of a department: with his own post, or for one who is absent?
 *   post  gets the post in whose name; NULL: nobody asks */
bool office_may(const struct world *world, const char *department, const char *role,
                const char **post);

/* The refusal of an act that only a role of a department may do. */
Bl__Refusal *office_refuse(const struct world *world, const char *department, const char *role,
                           const char *rule, const char *pointer, struct bl_arena *arena);

/* Whose approval (批准) an act rests on that somebody else may send: a post that holds the role, or
 * the one that stands in for it while it is vacant.
 *   department  whose post; NULL: of any department, as the government's (行政许可法 第四十二条)
 *   named       that post; empty: whoever acts approves it himself
 *   approver    gets the post
 *   returns     why not, or NULL */
Bl__Refusal *office_approve(const struct world *world, const char *department, const char *role,
                            const char *named, const char **approver, struct bl_arena *arena);
