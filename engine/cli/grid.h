/* grid.h — a table of text whose columns line up, also where the text is Chinese. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

enum colour {
    COLOUR_NONE,
    COLOUR_BOLD,
    COLOUR_DIM,
    COLOUR_GREEN,
    COLOUR_YELLOW,
    COLOUR_RED,
    COLOUR_BLUE,
    COLOUR_GREY
};

#define GRID_COLUMNS_MAX 16

struct grid_cell {
    const char *text;
    enum colour colour;
};

struct grid {
    struct bl_arena *arena;
    size_t columns;
    bool right[GRID_COLUMNS_MAX];  // aligned to the right: numbers
    struct grid_cell *cells;       // row by row
    size_t count, capacity;
};

void grid_init(struct grid *grid, struct bl_arena *arena, size_t columns);
/* The text with control characters as '?': what people typed into a form must not move the cursor
 * of whoever reads it. */
const char *grid_harmless(struct bl_arena *arena, const char *text);
/* Adds the next cell, made harmless; `text` is kept by pointer. */
void grid_add(struct grid *grid, enum colour colour, const char *text);
void grid_print(const struct grid *grid, FILE *out, bool color);

/* The escape that begins a colour, or "" where there are no colours. */
const char *colour_begin(enum colour colour, bool color);
const char *colour_end(enum colour colour, bool color);
