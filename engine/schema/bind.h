/* bind.h — from a tree to a message, by the rules of types.h.
 * Used by yaml.c and json.c only. Everything wrong is added to the problems, with the position of
 * the node and a pointer such as "items.fire_check.steps[1].limit". */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "schema/problem.h"
#include "schema/tree.h"
#include "schema/types.h"

/* Which node a message was made of. */
struct bind_place {
    const struct bind_place *next;
    const void *message;
    const struct tree *node;
};

struct bind {
    struct bl_arena *arena;
    struct schema_problems *problems;
    const char *file;                 // of problems; may be NULL
    const struct bind_place *places;  // out: of every message, newest first
};

/* Makes the message; it is well-formed also when problems were added. */
ProtobufCMessage *bind_message(struct bind *bind, const struct schema_type *type,
                               const struct tree *root);
