/* route.h — everything that can be asked over HTTP, in one table.
 * From it come the router, the check of roles, /openapi.json and the test that walks every route
 * with every role. A read is a member of Query and one of QueryAnswer, a write a member of Command:
 * what the engine learns appears here as a row. Read next: routes.c, the table itself. */
#pragma once

#include "gateway/request.h"

#define ROLES(role) (UINT32_C(1) << BL__KEY__ROLE__##role)
#define ROLES_HALL                                                                                 \
    (ROLES(CLERK) | ROLES(TRACKER) | ROLES(SUPERVISOR) | ROLES(ADMINISTRATOR) | ROLES(MANAGER))
#define ROLES_ALL (ROLES_HALL | ROLES(OFFICER))

enum route_flag {
    ROUTE_PUBLIC = 1,      // nobody has to log in
    ROUTE_KEY = 2,         // makes something: Idempotency-Key is required
    ROUTE_MATCH = 4,       // decides on what was read: If-Match is required
    ROUTE_LIST = 8,        // {items, next}
    ROUTE_BROKER = 16,     // only the broker knows all of it
    ROUTE_YAML = 32,       // the body is a YAML file
    ROUTE_TASK = 64,       // {task} is NUMBER.item[.step]
    ROUTE_INTERNAL = 128,  // monitors ask as often as they like
    ROUTE_SHOWN = 256,     // one application: shown again while it is the same
};

struct route {
    const char *method, *path, *tag;
    request_step handle;
    const char *member;  // of Query or Command; NULL: the handler's own
    const char *answer;  // member of QueryAnswer that is shown
    const char *preset;  // "result=granted": a member of the command that the verb stands for
    const ProtobufCMessageDescriptor *takes, *gives;  // where no member says it
    const char *type;                                 // of the answer where it is not JSON
    uint32_t roles;                                   // of a read, or of what is the gateway's own
    uint32_t flags;
    struct words summary;
};

extern const struct route routes[];
extern const size_t route_count;

/* Finds the route of a request and fills its parameters.
 *   allowed  becomes the methods that the path has, for 405; "" where there is no such path
 *   returns  NULL: none */
const struct route *route_find(const char *method, const char *path, struct pair *parameters,
                               size_t *parameter_count, struct bl_arena *arena,
                               const char **allowed);
/* May somebody in this role ask this? Of a command core/principal says it. */
bool route_may(const struct route *route, Bl__Key__Role role);

/* What the body and the answer are; NULL: none. */
const ProtobufCMessageDescriptor *route_takes(const struct route *route);
const ProtobufCMessageDescriptor *route_gives(const struct route *route);
/* The member of the command or query, by the route's name for it. */
const ProtobufCFieldDescriptor *route_member(const struct route *route);
bool route_is_command(const struct route *route);
