/* graph_layout.h — where boxes and lines go: a layered drawing from left to right.
 * Each box stands one layer right of the last one it follows. A line that passes layers gets a
 * place of its own in each, shared by all lines to the same box, so that no line crosses a box and
 * what arrives together travels together. The order within layers is found by barycentres, the
 * height by least squares under the distances that keep things apart. Deterministic, bounded:
 * 200 boxes with a line between any two take a fraction of a second. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define LAYOUT_NONE UINT32_MAX

struct layout_box {
    int32_t width, height;  // given, in pixels, positive
    int32_t x, y;           // found: left and top
    uint32_t layer;         // found
};

struct layout_line {
    uint32_t from, to;  // indexes of boxes; no cycles
    uint32_t kind;      // lines of different kinds do not share their way
};

/* A part of a line: a curve through the gap between two layers, and then straight on through a
 * layer where it passes one. */
struct layout_curve {
    int32_t x1, y1, x2, y2;
    int32_t end;    // x to which it goes on at y2; x2 where it arrives
    uint32_t from;  // the box that it leaves, or LAYOUT_NONE
    uint32_t to;    // the box to which it leads, here or later
    uint32_t kind;
};

struct layout {
    struct layout_box *boxes;
    size_t box_count;
    struct layout_curve *curves;
    size_t curve_count;
    int32_t width, height;
    uint64_t crossings;  // of curves that do not share an end
};

/* Lays out `layout->boxes`; the curves lie in the arena. */
void layout_make(struct layout *layout, const struct layout_line *lines, size_t line_count,
                 struct bl_arena *arena);
