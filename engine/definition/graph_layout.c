/* Layers, places for passing lines, order, height, curves: in this order, as Sugiyama, Tagawa and
 * Toda taught it. A vertex is a box or the place of a passing line in one layer. */
#include "definition/graph_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    ROUNDS = 16,      // of looking for a better order, each with other ties
    SWEEPS = 4,       // of each round
    EFFORT = 400000,  // segments looked at by all sweeps: a drawing nobody can read needs no more
    EXCHANGES = 8,    // passes over neighbours in a layer, in each sweep
    SETTLINGS = 16,   // sweeps over the heights
    BOX_GAP = 24,     // between boxes of a layer: a badge fits too
    LINE_GAP = 14,    // between a passing line and what is beside it
    COLUMN_GAP = 64,  // between layers, at least
    COLUMN_GAP_MAX = 200,  // where curves climb high
    CLIMB_PER_GAP = 4,     // a curve that climbs 4 px wants 1 px more of gap
    STRAIGHT_WEIGHT = 8,   // of a line that passes several layers: it should not wave
};

struct vertex {
    uint32_t box;     // or LAYOUT_NONE
    uint32_t target;  // of a passing line
    uint32_t layer;
    uint32_t place;  // within its layer
    int32_t height;
    double middle;  // of its height
    double wish;    // where its neighbours would like it
};

struct segment {
    uint32_t from, to;  // vertices of adjacent layers
    uint32_t kind;
};

/* Neighbours of all vertices on one side. */
struct side {
    uint32_t *first;  // of each vertex, and one more
    uint32_t *at;
};

struct maker {
    struct layout *layout;
    struct bl_arena *arena;
    struct vertex *vertices;
    size_t vertex_count;
    struct segment *segments;
    size_t segment_count;
    struct side left, right;
    uint32_t **layers;  // vertices in order
    uint32_t *layer_sizes;
    uint32_t layer_count;
    uint32_t *tree;  // for counting crossings
};

/* --- layers ---------------------------------------------------------------------------------- */

/* The longest way to each box. Every pass settles at least one more layer, so it ends. */
static void assign_layers(struct maker *maker, const struct layout_line *lines, size_t line_count)
{
    struct layout_box *boxes = maker->layout->boxes;
    bool changed = true;

    for (size_t i = 0; i < maker->layout->box_count; i++) {
        boxes[i].layer = 0;
    }
    for (size_t pass = 0; changed; pass++) {
        changed = false;
        CHECK(pass <= maker->layout->box_count);  // more than that is a cycle
        for (size_t i = 0; i < line_count; i++) {
            if (boxes[lines[i].to].layer <= boxes[lines[i].from].layer) {
                boxes[lines[i].to].layer = boxes[lines[i].from].layer + 1;
                changed = true;
            }
        }
    }
    maker->layer_count = 1;
    for (size_t i = 0; i < maker->layout->box_count; i++) {
        if (boxes[i].layer >= maker->layer_count) {
            maker->layer_count = boxes[i].layer + 1;
        }
    }
}

/* --- vertices and segments ------------------------------------------------------------------- */

static int compare_lines(const void *a, const void *b)
{
    const struct layout_line *x = a, *y = b;

    if (x->to != y->to) {
        return x->to < y->to ? -1 : 1;
    }
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    return (x->from > y->from) - (x->from < y->from);
}

static uint32_t add_vertex(struct maker *maker, struct vertex vertex)
{
    vertex.place = maker->layer_sizes[vertex.layer]++;
    maker->vertices[maker->vertex_count] = vertex;
    return (uint32_t)maker->vertex_count++;
}

/* All lines of one kind to one box: from each source to the shared way, and the way itself. */
static void add_bundle(struct maker *maker, const struct layout_line *lines, size_t count)
{
    struct layout_box *boxes = maker->layout->boxes;
    uint32_t target = lines[0].to, end = boxes[target].layer, begin = end;
    uint32_t first;

    for (size_t i = 0; i < count; i++) {
        uint32_t next = boxes[lines[i].from].layer + 1;

        begin = next < begin ? next : begin;
    }
    first = (uint32_t)maker->vertex_count;
    for (uint32_t layer = begin; layer < end; layer++) {
        uint32_t vertex = add_vertex(
            maker, (struct vertex){ .box = LAYOUT_NONE, .target = target, .layer = layer });

        maker->segments[maker->segment_count++] =
            (struct segment){ vertex, layer + 1 == end ? target : vertex + 1, lines[0].kind };
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t next = boxes[lines[i].from].layer + 1;

        maker->segments[maker->segment_count++] =
            (struct segment){ lines[i].from, next == end ? target : first + (next - begin),
                              lines[0].kind };
    }
}

/* How many places passing lines need, at most: each bundle one in each layer. */
static size_t count_places(const struct maker *maker, const struct layout_line *lines, size_t count)
{
    size_t bundles = 0;

    for (size_t i = 0; i < count; i++) {
        bundles += i == 0 || lines[i].to != lines[i - 1].to || lines[i].kind != lines[i - 1].kind;
    }
    return bundles * maker->layer_count;
}

static void add_vertices(struct maker *maker, const struct layout_line *lines, size_t line_count)
{
    struct layout_line *sorted = bl_arena_copy(maker->arena, lines, line_count * sizeof *lines);
    size_t places;

    if (line_count > 0) {
        qsort(sorted, line_count, sizeof *sorted, compare_lines);
    }
    places = count_places(maker, sorted, line_count);
    maker->vertices =
        bl_arena_array(maker->arena, struct vertex, maker->layout->box_count + places);
    maker->segments = bl_arena_array(maker->arena, struct segment, line_count + places);
    maker->layer_sizes = bl_arena_array(maker->arena, uint32_t, maker->layer_count);
    for (uint32_t i = 0; i < maker->layout->box_count; i++) {
        const struct layout_box *box = &maker->layout->boxes[i];

        (void)add_vertex(
            maker,
            (struct vertex){ .box = i, .target = i, .layer = box->layer, .height = box->height });
    }
    for (size_t i = 0; i < line_count;) {
        size_t end = i;

        while (end < line_count && sorted[end].to == sorted[i].to &&
               sorted[end].kind == sorted[i].kind) {
            end++;
        }
        add_bundle(maker, sorted + i, end - i);
        i = end;
    }
}

/* Groups the segments by their vertices on one side. */
static struct side make_side(struct maker *maker, bool left)
{
    struct side side = {
        .first = bl_arena_array(maker->arena, uint32_t, maker->vertex_count + 1),
        .at = bl_arena_array(maker->arena, uint32_t, maker->segment_count),
    };
    uint32_t *next = bl_arena_array(maker->arena, uint32_t, maker->vertex_count + 1);

    for (size_t i = 0; i < maker->segment_count; i++) {
        side.first[(left ? maker->segments[i].to : maker->segments[i].from) + 1]++;
    }
    for (size_t i = 0; i < maker->vertex_count; i++) {
        side.first[i + 1] += side.first[i];
    }
    memcpy(next, side.first, (maker->vertex_count + 1) * sizeof *next);
    for (size_t i = 0; i < maker->segment_count; i++) {
        const struct segment *segment = &maker->segments[i];

        side.at[next[left ? segment->to : segment->from]++] = left ? segment->from : segment->to;
    }
    return side;
}

static void fill_layers(struct maker *maker)
{
    maker->layers = bl_arena_array(maker->arena, uint32_t *, maker->layer_count);
    for (uint32_t layer = 0; layer < maker->layer_count; layer++) {
        maker->layers[layer] = bl_arena_array(maker->arena, uint32_t, maker->layer_sizes[layer]);
    }
    for (uint32_t i = 0; i < maker->vertex_count; i++) {
        maker->layers[maker->vertices[i].layer][maker->vertices[i].place] = i;
    }
}

/* --- crossings ------------------------------------------------------------------------------- */

static void sort_by_place(const struct maker *maker, uint32_t *at, size_t count)
{
    for (size_t i = 1; i < count; i++) {  // nearly sorted from the last time
        uint32_t vertex = at[i];
        size_t j = i;

        while (j > 0 && maker->vertices[at[j - 1]].place > maker->vertices[vertex].place) {
            at[j] = at[j - 1];
            j--;
        }
        at[j] = vertex;
    }
}

/* Crossings between a layer and the next: pairs out of order, counted with a Fenwick tree. */
static uint64_t layer_crossings(struct maker *maker, uint32_t layer)
{
    uint32_t size = maker->layer_sizes[layer + 1];
    uint64_t crossings = 0, seen = 0;

    memset(maker->tree, 0, (size + 1) * sizeof *maker->tree);
    for (uint32_t i = 0; i < maker->layer_sizes[layer]; i++) {
        uint32_t vertex = maker->layers[layer][i];
        uint32_t first = maker->right.first[vertex], end = maker->right.first[vertex + 1];

        for (uint32_t j = first; j < end; j++) {
            uint64_t before = 0;

            for (uint32_t k = maker->vertices[maker->right.at[j]].place + 1; k > 0; k &= k - 1) {
                before += maker->tree[k];
            }
            crossings += seen - before;
        }
        for (uint32_t j = first; j < end; j++) {
            for (uint32_t k = maker->vertices[maker->right.at[j]].place + 1; k <= size;
                 k += k & -k) {
                maker->tree[k]++;
            }
            seen++;
        }
    }
    return crossings;
}

static uint64_t all_crossings(struct maker *maker)
{
    uint64_t crossings = 0;

    for (uint32_t layer = 0; layer + 1 < maker->layer_count; layer++) {
        crossings += layer_crossings(maker, layer);
    }
    return crossings;
}

/* --- order ----------------------------------------------------------------------------------- */

static double mean_place(const struct maker *maker, const struct side *side, uint32_t vertex)
{
    uint32_t first = side->first[vertex], end = side->first[vertex + 1];
    double sum = 0;

    if (first == end) {
        return maker->vertices[vertex].place;
    }
    for (uint32_t i = first; i < end; i++) {
        sum += maker->vertices[side->at[i]].place;
    }
    return sum / (end - first);
}

static void replace(struct maker *maker, uint32_t layer)
{
    for (uint32_t i = 0; i < maker->layer_sizes[layer]; i++) {
        maker->vertices[maker->layers[layer][i]].place = i;
    }
}

/* A number that has nothing to do with the vertex's place, another one in each round. */
static uint32_t lot(uint32_t vertex, uint32_t round)
{
    uint32_t mixed = (vertex + 1) * 0x9E3779B1U ^ round * 0x85EBCA77U;

    mixed = (mixed ^ mixed >> 15) * 0xC2B2AE3DU;
    return mixed ^ mixed >> 13;
}

static bool goes_after(const struct maker *maker, uint32_t a, uint32_t b, uint32_t round)
{
    const struct vertex *x = &maker->vertices[a], *y = &maker->vertices[b];

    if (x->wish > y->wish) {
        return true;
    }
    return round > 0 && x->wish >= y->wish && lot(a, round) > lot(b, round);
}

/* Sorts a layer by the mean place of its neighbours on one side. Equals keep their order in round
 * 0; later rounds cast lots, for what one side leaves open the other one may care for. */
static void sort_layer(struct maker *maker, uint32_t layer, const struct side *side, uint32_t round)
{
    uint32_t *at = maker->layers[layer];

    for (uint32_t i = 0; i < maker->layer_sizes[layer]; i++) {
        maker->vertices[at[i]].wish = mean_place(maker, side, at[i]);
    }
    for (uint32_t i = 1; i < maker->layer_sizes[layer]; i++) {
        uint32_t vertex = at[i], j = i;

        while (j > 0 && goes_after(maker, at[j - 1], vertex, round)) {
            at[j] = at[j - 1];
            j--;
        }
        at[j] = vertex;
    }
    replace(maker, layer);
}

/* Crossings between the lines of two vertices, the first standing above the second. */
static uint64_t pair_crossings(const struct maker *maker, const struct side *side, uint32_t upper,
                               uint32_t lower)
{
    uint64_t crossings = 0;
    uint32_t j = side->first[lower], end = side->first[lower + 1];
    uint32_t below = 0;  // of the lower one's neighbours, those above the upper one's current one

    for (uint32_t i = side->first[upper]; i < side->first[upper + 1]; i++) {
        uint32_t place = maker->vertices[side->at[i]].place;

        while (j < end && maker->vertices[side->at[j]].place < place) {
            j++;
            below++;
        }
        crossings += below;
    }
    return crossings;
}

static void sort_sides(struct maker *maker, uint32_t layer)
{
    for (uint32_t i = 0; i < maker->layer_sizes[layer]; i++) {
        uint32_t vertex = maker->layers[layer][i];

        sort_by_place(maker, maker->left.at + maker->left.first[vertex],
                      maker->left.first[vertex + 1] - maker->left.first[vertex]);
        sort_by_place(maker, maker->right.at + maker->right.first[vertex],
                      maker->right.first[vertex + 1] - maker->right.first[vertex]);
    }
}

/* Exchanges neighbours in a layer where that takes crossings away. */
static bool exchange(struct maker *maker, uint32_t layer)
{
    uint32_t *at = maker->layers[layer];
    bool better = false;

    sort_sides(maker, layer);
    for (uint32_t i = 0; i + 1 < maker->layer_sizes[layer]; i++) {
        uint64_t now = pair_crossings(maker, &maker->left, at[i], at[i + 1]) +
                       pair_crossings(maker, &maker->right, at[i], at[i + 1]);
        uint64_t then = pair_crossings(maker, &maker->left, at[i + 1], at[i]) +
                        pair_crossings(maker, &maker->right, at[i + 1], at[i]);

        if (then < now) {
            uint32_t vertex = at[i];

            at[i] = at[i + 1];
            at[i + 1] = vertex;
            better = true;
        }
    }
    replace(maker, layer);
    return better;
}

static void keep(const struct maker *maker, uint32_t *places)
{
    for (size_t i = 0; i < maker->vertex_count; i++) {
        places[i] = maker->vertices[i].place;
    }
}

static void restore(struct maker *maker, const uint32_t *places)
{
    for (uint32_t i = 0; i < maker->vertex_count; i++) {
        maker->vertices[i].place = places[i];
        maker->layers[maker->vertices[i].layer][places[i]] = i;
    }
}

static void sweep(struct maker *maker, bool rightwards, uint32_t round)
{
    bool better = true;

    for (uint32_t i = 1; i < maker->layer_count; i++) {
        if (rightwards) {
            sort_layer(maker, i, &maker->left, round);
        } else {
            sort_layer(maker, maker->layer_count - 1 - i, &maker->right, round);
        }
    }
    for (int pass = 0; pass < EXCHANGES && better; pass++) {
        better = false;
        for (uint32_t layer = 0; layer < maker->layer_count; layer++) {
            better |= exchange(maker, layer);
        }
    }
}

/* Every round begins with the best order so far, shaken a little. */
static void order(struct maker *maker)
{
    uint32_t *best = bl_arena_array(maker->arena, uint32_t, maker->vertex_count);
    size_t sweeps = EFFORT / (maker->segment_count + 1) + SWEEPS;
    uint64_t crossings;

    sweeps = sweeps < ROUNDS * SWEEPS ? sweeps : ROUNDS * SWEEPS;
    keep(maker, best);
    maker->layout->crossings = all_crossings(maker);
    for (uint32_t i = 0; i < sweeps && maker->layout->crossings > 0; i++) {
        uint32_t round = i / SWEEPS, step = i % SWEEPS;

        if (step == 0) {
            restore(maker, best);
        }
        sweep(maker, (round + step) % 2 == 0, step == 0 ? round : 0);
        crossings = all_crossings(maker);
        if (crossings < maker->layout->crossings) {
            maker->layout->crossings = crossings;
            keep(maker, best);
        }
    }
    restore(maker, best);
}

/* --- heights --------------------------------------------------------------------------------- */

/* How far apart the middles of two vertices must be. */
static double distance(const struct vertex *a, const struct vertex *b)
{
    bool boxes = a->box != LAYOUT_NONE && b->box != LAYOUT_NONE;

    return (a->height + b->height) / 2.0 + (boxes ? BOX_GAP : LINE_GAP);
}

/* Adds what the neighbours on one side wish. */
static void add_wishes(const struct maker *maker, const struct side *side, uint32_t vertex,
                       double *sum, double *weight)
{
    const struct vertex *vertices = maker->vertices;

    for (uint32_t i = side->first[vertex]; i < side->first[vertex + 1]; i++) {
        const struct vertex *other = &vertices[side->at[i]];
        bool passing = vertices[vertex].box == LAYOUT_NONE && other->box == LAYOUT_NONE;
        double w = passing ? STRAIGHT_WEIGHT : 1;

        *sum += w * other->middle;
        *weight += w;
    }
}

/* Neighbours that have been pushed together and move as one. */
struct block {
    double mean, weight;
    uint32_t count;
};

/* Puts a layer's vertices as near as possible (least squares) to where the given sides wish them,
 * in order and at their distances: isotonic regression by pooling adjacent violators. */
static void settle_layer(struct maker *maker, uint32_t layer, bool by_left, bool by_right,
                         struct block *blocks)
{
    const uint32_t *at = maker->layers[layer];
    size_t count = 0;
    double offset = 0;

    for (uint32_t i = 0; i < maker->layer_sizes[layer]; i++) {
        struct vertex *vertex = &maker->vertices[at[i]];
        double sum = 0, weight = 0;

        if (by_left) {
            add_wishes(maker, &maker->left, at[i], &sum, &weight);
        }
        if (by_right) {
            add_wishes(maker, &maker->right, at[i], &sum, &weight);
        }
        offset += i == 0 ? 0 : distance(&maker->vertices[at[i - 1]], vertex);
        blocks[count++] = (struct block){
            .mean = (weight > 0 ? sum / weight : vertex->middle) - offset,
            .weight = weight > 0 ? weight : 0.1,
            .count = 1,
        };
        while (count > 1 && blocks[count - 2].mean > blocks[count - 1].mean) {
            struct block *a = &blocks[count - 2], *b = &blocks[count - 1];

            a->mean = (a->mean * a->weight + b->mean * b->weight) / (a->weight + b->weight);
            a->weight += b->weight;
            a->count += b->count;
            count--;
        }
    }
    offset = 0;
    for (uint32_t i = 0, block = 0, left = blocks[0].count; i < maker->layer_sizes[layer]; i++) {
        offset += i == 0 ? 0 : distance(&maker->vertices[at[i - 1]], &maker->vertices[at[i]]);
        if (left == 0) {
            left = blocks[++block].count;
        }
        maker->vertices[at[i]].middle = blocks[block].mean + offset;
        left--;
    }
}

static void settle(struct maker *maker)
{
    struct block *blocks = bl_arena_array(maker->arena, struct block, maker->vertex_count);

    for (uint32_t layer = 0; layer < maker->layer_count; layer++) {
        settle_layer(maker, layer, false, false, blocks);
    }
    for (int i = 0; i < SETTLINGS; i++) {
        bool both = i >= SETTLINGS / 2;

        for (uint32_t layer = 0; layer < maker->layer_count; layer++) {
            settle_layer(maker, layer, true, both, blocks);
        }
        for (uint32_t layer = maker->layer_count; layer-- > 0;) {
            settle_layer(maker, layer, both, true, blocks);
        }
    }
}

/* --- coordinates ----------------------------------------------------------------------------- */

static double top_of(const struct vertex *vertex)
{
    return vertex->middle - vertex->height / 2.0;
}

/* The drawing begins at 0, and whole pixels keep lines sharp. */
static void place_boxes_down(struct maker *maker)
{
    double top = top_of(&maker->vertices[0]);

    for (size_t i = 1; i < maker->vertex_count; i++) {
        top = top_of(&maker->vertices[i]) < top ? top_of(&maker->vertices[i]) : top;
    }
    maker->layout->height = 0;
    for (size_t i = 0; i < maker->vertex_count; i++) {
        struct vertex *vertex = &maker->vertices[i];
        int32_t bottom;

        vertex->middle = (double)(int32_t)(vertex->middle - top + 0.5);
        bottom = (int32_t)vertex->middle + (vertex->height + 1) / 2;
        maker->layout->height = bottom > maker->layout->height ? bottom : maker->layout->height;
        if (vertex->box != LAYOUT_NONE) {
            maker->layout->boxes[vertex->box].y = (int32_t)vertex->middle - vertex->height / 2;
        }
    }
}

/* The space right of a layer: wider where curves climb. */
static int32_t gap_after(const struct maker *maker, uint32_t layer)
{
    double climb = 0;

    for (size_t i = 0; i < maker->segment_count; i++) {
        const struct vertex *from = &maker->vertices[maker->segments[i].from];
        const struct vertex *to = &maker->vertices[maker->segments[i].to];

        if (from->layer == layer) {
            double rise =
                from->middle > to->middle ? from->middle - to->middle : to->middle - from->middle;

            climb = rise > climb ? rise : climb;
        }
    }
    return climb / CLIMB_PER_GAP < COLUMN_GAP       ? COLUMN_GAP
           : climb / CLIMB_PER_GAP > COLUMN_GAP_MAX ? COLUMN_GAP_MAX
                                                    : (int32_t)(climb / CLIMB_PER_GAP);
}

/* Left and right end of each layer. */
struct column {
    int32_t left, right;
};

static struct column *place_boxes_across(struct maker *maker)
{
    struct column *columns = bl_arena_array(maker->arena, struct column, maker->layer_count);
    struct layout *layout = maker->layout;
    int32_t x = 0;

    for (uint32_t layer = 0; layer < maker->layer_count; layer++) {
        int32_t width = 0;

        for (size_t i = 0; i < layout->box_count; i++) {
            if (layout->boxes[i].layer == layer) {
                width = layout->boxes[i].width > width ? layout->boxes[i].width : width;
            }
        }
        columns[layer] = (struct column){ .left = x, .right = x + width };
        for (size_t i = 0; i < layout->box_count; i++) {
            if (layout->boxes[i].layer == layer) {
                layout->boxes[i].x = x + (width - layout->boxes[i].width) / 2;
            }
        }
        layout->width = x + width;
        x += width + gap_after(maker, layer);
    }
    return columns;
}

static void make_curves(struct maker *maker, const struct column *columns)
{
    struct layout *layout = maker->layout;

    layout->curves = bl_arena_array(maker->arena, struct layout_curve, maker->segment_count);
    layout->curve_count = maker->segment_count;
    for (size_t i = 0; i < maker->segment_count; i++) {
        const struct vertex *from = &maker->vertices[maker->segments[i].from];
        const struct vertex *to = &maker->vertices[maker->segments[i].to];
        struct layout_curve *curve = &layout->curves[i];

        *curve = (struct layout_curve){ .x1 = columns[from->layer].right,
                                        .y1 = (int32_t)from->middle,
                                        .x2 = columns[to->layer].left,
                                        .y2 = (int32_t)to->middle,
                                        .end = columns[to->layer].right,
                                        .from = from->box,
                                        .to = to->target,
                                        .kind = maker->segments[i].kind };
        if (from->box != LAYOUT_NONE) {
            curve->x1 = layout->boxes[from->box].x + layout->boxes[from->box].width;
        }
        if (to->box != LAYOUT_NONE) {
            curve->x2 = curve->end = layout->boxes[to->box].x;
        }
    }
}

void layout_make(struct layout *layout, const struct layout_line *lines, size_t line_count,
                 struct bl_arena *arena)
{
    struct maker maker = { .layout = layout, .arena = arena };

    CHECK(layout->box_count > 0);
    assign_layers(&maker, lines, line_count);
    add_vertices(&maker, lines, line_count);
    maker.left = make_side(&maker, true);
    maker.right = make_side(&maker, false);
    fill_layers(&maker);
    maker.tree = bl_arena_array(arena, uint32_t, maker.vertex_count + 2);
    order(&maker);
    settle(&maker);
    place_boxes_down(&maker);
    make_curves(&maker, place_boxes_across(&maker));
}
