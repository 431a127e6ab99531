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

bool definition_item_lists_field(const struct definition *definition,
                                 const struct definition_item *item, const char *name)
{
    int field = definition_field_find(definition, bl_text_of(name));

    for (size_t i = 0; field >= 0 && i < item->field_count; i++) {
        if (item->fields[i] == (uint32_t)field) {
            return true;
        }
    }
    return false;
}

bool definition_item_lists_material(const struct definition *definition,
                                    const struct definition_item *item, const char *id)
{
    int material = definition_material_find(definition, id);

    for (size_t i = 0; material >= 0 && i < item->material_count; i++) {
        if (item->materials[i] == (uint32_t)material) {
            return true;
        }
    }
    return false;
}
