#include "store/project_lists.h"

#define XXH_INLINE_ALL
#include <endian.h>
#include <string.h>
#include <xxhash.h>

#include "core/countdown.h"

uint16_t face_hash(const char *text)
{
    return text[0] == '\0' ? 0 : (uint16_t)(XXH3_64bits(text, strlen(text)) | 1);
}

static bl_time earlier_warning(bl_time first, const Bl__Clock *clock)
{
    return countdown_is_open(clock) && clock->warn_at < first ? clock->warn_at : first;
}

static bool stands(const Bl__Clock *clock)
{
    return clock != NULL && clock->phase == BL__CLOCK__PHASE__STANDING;
}

struct face face_of(const Bl__Application *application)
{
    bl_time warns =
        earlier_warning(earlier_warning(BL_NEVER, application->promise), application->legal);
    struct face face = {
        .workflow = face_hash(application->workflow),
        .window = face_hash(application->window),
        .project = face_hash(application->project),
        .state = (uint8_t)application_state(application),
        .stands = stands(application->promise) || stands(application->legal),
    };

    for (size_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        warns = earlier_warning(earlier_warning(warns, item->promise), item->legal);
        face.stands = face.stands || stands(item->promise) || stands(item->legal);
    }
    face.warns = warns;
    return face;
}

void face_write(const struct face *face, struct projection_row *row)
{
    _Static_assert(sizeof row->value >= FACE_BYTES, "a face fits into a row");
    const uint64_t warns = htobe64((uint64_t)face->warns);
    const uint16_t hashes[] = { htobe16(face->workflow), htobe16(face->window),
                                htobe16(face->project) };

    memcpy(row->value, &warns, sizeof warns);
    memcpy(row->value + sizeof warns, hashes, sizeof hashes);
    row->value[14] = face->state;
    row->value[15] = face->stands;
    row->value_bytes = FACE_BYTES;
}

bool face_read(struct bl_text body, struct face *face)
{
    if (body.bytes != FACE_BYTES) {
        return false;
    }
    *face = (struct face){ .warns = (bl_time)key_read_u64(body.at),
                           .workflow = key_read_u16(body.at + 8),
                           .window = key_read_u16(body.at + 10),
                           .project = key_read_u16(body.at + 12),
                           .state = (uint8_t)body.at[14],
                           .stands = body.at[15] != 0 };
    return true;
}

bool list_has_state(Bl__Application__State state)
{
    return state != BL__APPLICATION__STATE__ACCEPTED &&
           state != BL__APPLICATION__STATE__IN_PROGRESS &&
           state != BL__APPLICATION__STATE__PARTLY_DONE;
}

void list_key(struct key *key, enum list list, const char *text)
{
    key_u16(key, (uint16_t)list);
    key_u64(key, XXH3_64bits(text, strlen(text)));
}

void list_key_of_state(struct key *key, Bl__Application__State state)
{
    key_u16(key, LIST_STATE);
    key_u64(key, (uint64_t)state);
}

void shelf_key(struct key *key, uint64_t id, uint64_t twin)
{
    key_u32(key, (uint32_t)(id >> SHELF_BITS));
    key_u64(key, twin);
}

/* The rows' faces say only what never changes, or the rows would be written again and again. */
static struct projection_row *add(struct projection *projection, const struct face *face)
{
    struct projection_row *row = projection_row(projection, TABLE_LISTS);

    face_write(face, row);
    return row;
}

static void end(struct projection_row *row, bl_time moment, uint64_t id)
{
    key_u64(&row->key, (uint64_t)moment);
    key_u64(&row->key, id);
}

static void add_text(struct projection *projection, const struct face *face, enum list list,
                     const char *text, uint64_t id)
{
    if (text[0] != '\0') {
        struct projection_row *row = add(projection, face);

        list_key(&row->key, list, text);
        end(row, 0, id);
    }
}

void project_lists(const Bl__Application *application, struct projection *projection)
{
    const Bl__Clock *promise = application->promise;
    const struct face face = { .workflow = face_hash(application->workflow),
                               .window = face_hash(application->window),
                               .project = face_hash(application->project) };
    Bl__Application__State state = application_state(application);
    struct projection_row *row = add(projection, &face);

    list_key(&row->key, LIST_WORKFLOW, application->workflow);
    end(row, promise == NULL || promise->due_at == 0 ? BL_NEVER : promise->due_at, application->id);
    add_text(projection, &face, LIST_WINDOW, application->window, application->id);
    add_text(projection, &face, LIST_PROJECT, application->project, application->id);
    if (list_has_state(state)) {
        row = add(projection, &face);
        list_key_of_state(&row->key, state);
        end(row, 0, application->id);
    }
    if (application->twin != 0) {
        row = projection_row(projection, TABLE_APPLICANTS);
        shelf_key(&row->key, application->id, application->twin);
        key_u64(&row->key, application->id);
    }
}
