/* Which item waits for which: the order in which they can be worked, or the circle in it. */
#include "definition/compile.h"

/* Whom a decision may set going: all whose needs name the item. A `when` uses only results that
 * its needs wait for. */
static void compile_dependents(struct compiler *compiler)
{
    struct definition *definition = compiler->definition;

    for (uint32_t i = 0; i < definition->item_count; i++) {
        uint32_t *dependents = bl_arena_array(compiler->arena, uint32_t, definition->item_count);
        struct definition_item *item = &compiler->items[i];

        for (uint32_t k = 0; k < definition->item_count; k++) {
            const struct definition_join *needs = &compiler->items[k].needs;

            for (size_t b = 0; b < needs->branch_count; b++) {
                if (needs->branches[b] == i) {
                    dependents[item->dependent_count++] = k;
                }
            }
        }
        item->dependents = dependents;
    }
}

/* Writes "a → b → a" of a cycle that goes through items not in order. */
static void report_cycle(struct compiler *compiler, const bool *ordered)
{
    size_t count = compiler->definition->item_count;
    uint32_t *seen_at = bl_arena_array(compiler->report.scratch, uint32_t, count);
    uint32_t *way = bl_arena_array(compiler->report.scratch, uint32_t, count + 1);
    uint32_t length = 0, at = 0;
    const char *text = "";

    while (ordered[at]) {
        at++;
    }
    while (seen_at[at] == 0) {  // an item out of order needs another one out of order
        const struct definition_join *needs = &compiler->items[at].needs;
        size_t branch = 0;

        way[length++] = at;
        seen_at[at] = length;
        while (ordered[needs->branches[branch]]) {
            branch++;
        }
        at = needs->branches[branch];
    }
    for (uint32_t i = seen_at[at] - 1; i < length; i++) {
        text =
            bl_arena_printf(compiler->report.scratch, "%s%s → ", text, compiler->items[way[i]].id);
    }
    report_add(&compiler->report, SCHEMA_ERROR, "E-CYCLE",
               report_path(&compiler->report, "items.%s.needs", compiler->items[at].id),
               "items need each other in a circle: %s%s; remove one of these needs", text,
               compiler->items[at].id);
}

void compile_order(struct compiler *compiler)
{
    struct definition *definition = compiler->definition;
    uint32_t *order = bl_arena_array(compiler->arena, uint32_t, definition->item_count);
    uint32_t *open = bl_arena_array(compiler->report.scratch, uint32_t, definition->item_count);
    bool *ordered = bl_arena_array(compiler->report.scratch, bool, definition->item_count);
    size_t count = 0;

    compile_dependents(compiler);
    for (uint32_t i = 0; i < definition->item_count; i++) {
        open[i] = (uint32_t)compiler->items[i].needs.branch_count;
        if (open[i] == 0) {
            order[count++] = i;
        }
    }
    for (size_t done = 0; done < count; done++) {
        const struct definition_item *item = &compiler->items[order[done]];

        ordered[item->index] = true;
        for (size_t k = 0; k < item->dependent_count; k++) {
            if (--open[item->dependents[k]] == 0) {
                order[count++] = item->dependents[k];
            }
        }
    }
    if (count < definition->item_count) {
        report_cycle(compiler, ordered);
        return;
    }
    definition->order = order;
}
