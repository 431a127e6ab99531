#include "store/projection.h"

#include <string.h>

static void (*const projections[])(const Bl__Application *, struct projection *) = {
    project_timer, project_inbox, project_open,    project_counts, project_incidents,
    project_desk,  project_twins, project_notices, project_lists,
};

static size_t most_rows(const Bl__Application *application)
{
    size_t most = 3 * application->n_items + application->n_notices + 10;

    for (size_t i = 0; i < application->n_items; i++) {
        most += application->items[i]->n_consultations;
    }
    return most;
}

struct projection projection_of(const Bl__Application *application, struct bl_arena *arena)
{
    struct projection projection = { 0 };

    if (application == NULL) {
        return projection;
    }
    size_t most = most_rows(application);
    projection.counts = bl_arena_alloc(arena, most * sizeof *projection.counts);
    projection.rows = bl_arena_reserve(arena, most * sizeof *projection.rows);
    for (size_t i = 0; i < BL_COUNT(projections); i++) {
        projections[i](application, &projection);
    }
    CHECK(projection.row_count <= most);
    CHECK(projection.count_count <= most);
    bl_arena_keep(arena, projection.row_count * sizeof *projection.rows);
    return projection;
}

struct projection projection_empty(size_t rows_max, struct bl_arena *arena)
{
    return (struct projection){
        .rows = bl_arena_alloc(arena, rows_max * sizeof(struct projection_row)),
        .counts = bl_arena_alloc(arena, rows_max * sizeof(struct projection_count)),
    };
}

struct projection_row *projection_row(struct projection *projection, enum table table)
{
    struct projection_row *row = &projection->rows[projection->row_count++];

    row->table = table;
    row->item = 0;
    row->key.count = 0;
    row->value_bytes = 0;
    return row;
}

void projection_value(struct projection_row *row, const ProtobufCMessage *message)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);

    CHECK(bytes <= sizeof row->value);
    row->value_bytes = protobuf_c_message_pack(message, row->value);
}

void projection_id(struct projection_row *row, uint64_t id)
{
    for (size_t i = 0; i < 8; i++) {
        row->value[i] = (uint8_t)(id >> 8 * (7 - i));
    }
    row->value_bytes = 8;
}

void projection_timer(struct projection *projection, Bl__Aggregate kind, uint64_t id, bl_time at)
{
    if (at == BL_NEVER) {
        return;
    }
    struct projection_row *row = projection_row(projection, TABLE_TIMERS);
    key_u64(&row->key, (uint64_t)at);
    key_u16(&row->key, (uint16_t)kind);
    key_u64(&row->key, id);
}

void projection_count(struct projection *projection, const char *name, const char *department,
                      int64_t value)
{
    projection->counts[projection->count_count++] =
        (struct projection_count){ name, department, value };
}

static bool same_key(const struct projection_row *a, const struct projection_row *b)
{
    return a->table == b->table && a->item == b->item && a->key.count == b->key.count &&
           memcmp(a->key.bytes, b->key.bytes, a->key.count) == 0;
}

static bool same_value(const struct projection_row *a, const struct projection_row *b)
{
    return a->value_bytes == b->value_bytes && memcmp(a->value, b->value, a->value_bytes) == 0;
}

/* Where `rows` has this key. Rows stand in the order of items on both sides, so the search nearly
 * always ends at once. */
static const struct projection_row *find(const struct projection *in,
                                         const struct projection_row *row, size_t from)
{
    size_t at = from < in->row_count ? from : 0;

    for (size_t i = 0; i < in->row_count; i++) {
        if (same_key(&in->rows[at], row)) {
            return &in->rows[at];
        }
        at = at + 1 < in->row_count ? at + 1 : 0;
    }
    return NULL;
}

void projection_diff(const struct projection *before, const struct projection *after,
                     projection_change change, void *context)
{
    for (size_t i = 0; i < before->row_count; i++) {
        if (find(after, &before->rows[i], i) == NULL) {
            change(context, &before->rows[i], NULL);
        }
    }
    for (size_t i = 0; i < after->row_count; i++) {
        const struct projection_row *was = find(before, &after->rows[i], i);

        if (was == NULL || !same_value(was, &after->rows[i])) {
            change(context, was, &after->rows[i]);
        }
    }
}
