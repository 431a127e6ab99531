#include "definition/definition.h"

#include <stdlib.h>

#include "definition/compile.h"

void definition_free(struct definition **definition)
{
    if (*definition != NULL) {
        struct bl_arena *arena = (*definition)->arena;

        *definition = NULL;
        bl_arena_free(arena);
        free(arena);
    }
}

int definition_item_find(const struct definition *definition, const char *id)
{
    return names_find(&definition->index->items, bl_text_of(id));
}

int definition_field_find(const struct definition *definition, struct bl_text name)
{
    return names_find(&definition->index->fields, name);
}

int definition_material_find(const struct definition *definition, const char *id)
{
    return names_find(&definition->index->materials, bl_text_of(id));
}
