#include "cli/grid.h"

#include <string.h>

#include "base/check.h"
#include "base/text.h"

#define GAP 2  // columns between two cells

void grid_init(struct grid *grid, struct bl_arena *arena, size_t columns)
{
    CHECK(columns <= GRID_COLUMNS_MAX);
    *grid = (struct grid){ .arena = arena, .columns = columns };
}

const char *grid_harmless(struct bl_arena *arena, const char *text)
{
    char *copy = NULL;

    for (size_t i = 0; text[i] != '\0'; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            copy = copy == NULL ? bl_arena_string(arena, text) : copy;
            copy[i] = '?';
        }
    }
    return copy == NULL ? text : copy;
}

void grid_add(struct grid *grid, enum colour colour, const char *text)
{
    if (grid->count == grid->capacity) {
        size_t capacity = grid->capacity == 0 ? 64 : 2 * grid->capacity;
        struct grid_cell *cells = bl_arena_array(grid->arena, struct grid_cell, capacity);

        if (grid->count > 0) {
            memcpy(cells, grid->cells, grid->count * sizeof *cells);
        }
        grid->cells = cells;
        grid->capacity = capacity;
    }
    grid->cells[grid->count++] = (struct grid_cell){ grid_harmless(grid->arena, text), colour };
}

const char *colour_begin(enum colour colour, bool color)
{
    static const char *const escapes[] = {
        [COLOUR_NONE] = "",          [COLOUR_BOLD] = "\033[1m",    [COLOUR_DIM] = "\033[2m",
        [COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m", [COLOUR_RED] = "\033[31m",
        [COLOUR_BLUE] = "\033[34m",  [COLOUR_GREY] = "\033[90m",
    };

    return color ? escapes[colour] : "";
}

const char *colour_end(enum colour colour, bool color)
{
    return color && colour != COLOUR_NONE ? "\033[0m" : "";
}

static void print_cell(FILE *out, const struct grid_cell *cell, uint32_t width, bool right,
                       bool last, bool color)
{
    int blanks = (int)(width - bl_text_columns(cell->text));

    (void)fprintf(out, "%*s%s%s%s%*s", right ? blanks : 0, "", colour_begin(cell->colour, color),
                  cell->text, colour_end(cell->colour, color), right || last ? 0 : blanks, "");
    (void)fprintf(out, "%*s", last ? 0 : GAP, "");
}

void grid_print(const struct grid *grid, FILE *out, bool color)
{
    uint32_t widths[GRID_COLUMNS_MAX] = { 0 };

    CHECK(grid->count % grid->columns == 0);
    for (size_t i = 0; i < grid->count; i++) {
        uint32_t columns = bl_text_columns(grid->cells[i].text);
        uint32_t *width = &widths[i % grid->columns];

        *width = columns > *width ? columns : *width;
    }
    for (size_t i = 0; i < grid->count; i++) {
        size_t column = i % grid->columns;
        bool last = column + 1 == grid->columns;

        print_cell(out, &grid->cells[i], widths[column], grid->right[column], last, color);
        if (last) {
            (void)fputc('\n', out);
        }
    }
}
