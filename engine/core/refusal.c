#include "core/refusal.h"

#include <string.h>

Bl__Refusal *refusal_new(struct bl_arena *arena, enum bl_err code, const char *rule,
                         const char *pointer)
{
    Bl__Refusal *refusal = bl_arena_new(arena, Bl__Refusal);

    bl__refusal__init(refusal);
    refusal->code = bl_err_name(code);
    refusal->rule = rule;
    refusal->pointer = bl_arena_string(arena, pointer);
    return refusal;
}

Bl__Refusal *refusal_argument(struct bl_arena *arena, Bl__Refusal *refusal, const char *name,
                              const char *value)
{
    Bl__Argument *argument = bl_arena_new(arena, Bl__Argument);

    bl__argument__init(argument);
    argument->name = name;
    argument->value = bl_arena_string(arena, value);
    refusal->arguments = bl_arena_append(arena, refusal->arguments, refusal->n_arguments, argument);
    refusal->n_arguments++;
    return refusal;
}

Bl__Refusal *refusal_join(struct bl_arena *arena, Bl__Refusal *first, Bl__Refusal *further)
{
    if (first == NULL) {
        return further;
    }
    first->others = bl_arena_append(arena, first->others, first->n_others, further);
    first->n_others++;
    return first;
}
