/* What is made of a text is a function of the text: a file that was read, a workflow that was
 * compiled, a calendar that was counted out. Within a run each is made once and kept, so that a
 * broker that comes back does not cost the time of its YAML; in one run of sixteen everything is
 * made anew. The linker puts these in place of the engine's (-Wl,--wrap). */
#include <stdlib.h>

#include "base/map.h"
#include "deadline/calendar.h"
#include "definition/definition.h"
#include "faults.h"
#include "schema/yaml.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum bl_err __real_definition_load(const char *source, size_t bytes, const char *file,
                                   const struct definition_context *context,
                                   struct definition **definition,
                                   struct schema_problems *problems);
void __real_definition_free(struct definition **definition);
enum bl_err __real_calendar_new(const Bl__Calendar *const *layers, size_t count,
                                struct calendar **calendar, struct bl_error *e);
enum bl_err __real_calendar_build(const Bl__Calendar *const *layers, size_t count,
                                  struct calendar **calendar, struct calendar_faults *faults);
void __real_calendar_free(struct calendar **calendar);

enum bl_err __real_yaml_load(const char *source, size_t bytes, const char *file,
                             const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena,
                             ProtobufCMessage **message, const struct yaml_document **document,
                             struct schema_problems *problems);

enum bl_err __wrap_yaml_load(const char *source, size_t bytes, const char *file,
                             const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena,
                             ProtobufCMessage **message, const struct yaml_document **document,
                             struct schema_problems *problems);
enum bl_err __wrap_definition_load(const char *source, size_t bytes, const char *file,
                                   const struct definition_context *context,
                                   struct definition **definition,
                                   struct schema_problems *problems);
void __wrap_definition_free(struct definition **definition);
enum bl_err __wrap_calendar_new(const Bl__Calendar *const *layers, size_t count,
                                struct calendar **calendar, struct bl_error *e);
enum bl_err __wrap_calendar_build(const Bl__Calendar *const *layers, size_t count,
                                  struct calendar **calendar, struct calendar_faults *faults);
void __wrap_calendar_free(struct calendar **calendar);

#define KEPT_MAX 64

static struct {
    bool keeps;
    struct bl_arena arena;                        // of the files
    struct bl_map files, definitions, calendars;  // hash of the text → what was made
    void *kept[KEPT_MAX];
    bool is_definition[KEPT_MAX];
    size_t count;
} memo;

static void keep(struct bl_map *map, uint64_t key, void *made, bool is_definition)
{
    if (memo.keeps && memo.count < KEPT_MAX) {
        bl_map_put(map, key, made);
        memo.is_definition[memo.count] = is_definition;
        memo.kept[memo.count++] = made;
    }
}

static bool is_kept(const void *made)
{
    for (size_t i = 0; i < memo.count; i++) {
        if (memo.kept[i] == made) {
            return true;
        }
    }
    return false;
}

void memo_begin(bool keeps)
{
    memo.keeps = keeps;
    bl_arena_init(&memo.arena, 1 << 16, (size_t)1 << 30);
}

void memo_end(void)
{
    for (size_t i = 0; i < memo.count; i++) {
        if (memo.is_definition[i]) {
            struct definition *definition = memo.kept[i];

            __real_definition_free(&definition);
        } else {
            struct calendar *calendar = memo.kept[i];

            __real_calendar_free(&calendar);
        }
    }
    memo.count = 0;
    bl_arena_free(&memo.arena);
    bl_map_free(&memo.files);
    bl_map_free(&memo.definitions);
    bl_map_free(&memo.calendars);
}

enum bl_err __wrap_yaml_load(const char *source, size_t bytes, const char *file,
                             const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena,
                             ProtobufCMessage **message, const struct yaml_document **document,
                             struct schema_problems *problems)
{
    uint64_t key = XXH3_64bits_withSeed(source, bytes, (uintptr_t)descriptor) | 1;
    ProtobufCMessage *known = bl_map_get(&memo.files, key);

    if (!memo.keeps || document != NULL) {
        return __real_yaml_load(source, bytes, file, descriptor, arena, message, document,
                                problems);
    }
    if (known != NULL) {
        *message = known;
        return BL_OK;
    }
    enum bl_err err =
        __real_yaml_load(source, bytes, file, descriptor, &memo.arena, message, document, problems);

    if (err == BL_OK) {
        bl_map_put(&memo.files, key, *message);
    }
    return err;
}

enum bl_err __wrap_definition_load(const char *source, size_t bytes, const char *file,
                                   const struct definition_context *context,
                                   struct definition **definition, struct schema_problems *problems)
{
    uint64_t key = XXH3_64bits(source, bytes) | 1;
    struct definition *known = bl_map_get(&memo.definitions, key);

    if (known != NULL) {
        *definition = known;
        return BL_OK;
    }
    enum bl_err err = __real_definition_load(source, bytes, file, context, definition, problems);

    if (err == BL_OK) {
        keep(&memo.definitions, key, *definition, true);
    }
    return err;
}

void __wrap_definition_free(struct definition **definition)
{
    if (*definition != NULL && is_kept(*definition)) {
        *definition = NULL;
    } else {
        __real_definition_free(definition);
    }
}

static uint64_t key_of(const Bl__Calendar *const *layers, size_t count)
{
    uint64_t key = count;

    for (size_t i = 0; i < count; i++) {
        size_t bytes = bl__calendar__get_packed_size(layers[i]);
        uint8_t *packed = malloc(bytes + 1);

        CHECK(packed != NULL);
        bl__calendar__pack(layers[i], packed);
        key = XXH3_64bits_withSeed(packed, bytes, key);
        free(packed);
    }
    return key | 1;
}

enum bl_err __wrap_calendar_new(const Bl__Calendar *const *layers, size_t count,
                                struct calendar **calendar, struct bl_error *e)
{
    uint64_t key = key_of(layers, count);
    struct calendar *known = bl_map_get(&memo.calendars, key);

    if (known != NULL) {
        *calendar = known;
        return BL_OK;
    }
    enum bl_err err = __real_calendar_new(layers, count, calendar, e);

    if (err == BL_OK) {
        keep(&memo.calendars, key, *calendar, false);
    }
    return err;
}

enum bl_err __wrap_calendar_build(const Bl__Calendar *const *layers, size_t count,
                                  struct calendar **calendar, struct calendar_faults *faults)
{
    uint64_t key = key_of(layers, count);
    struct calendar *known = bl_map_get(&memo.calendars, key);

    if (known != NULL) {
        faults->count = 0;
        *calendar = known;
        return BL_OK;
    }
    enum bl_err err = __real_calendar_build(layers, count, calendar, faults);

    if (err == BL_OK) {
        keep(&memo.calendars, key, *calendar, false);
    }
    return err;
}

void __wrap_calendar_free(struct calendar **calendar)
{
    if (*calendar != NULL && is_kept(*calendar)) {
        *calendar = NULL;
    } else {
        __real_calendar_free(calendar);
    }
}
