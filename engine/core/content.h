/* content.h — what an applicant handed in, checked against the definition.
 * Everything that is wrong is told at once (一次性告知 is a courtesy of the form too). No value of
 * a sensitive field enters a refusal. */
#pragma once

#include "core/aggregate.h"
#include "definition/form.h"

#define CONTENT_HASH_BYTES 32
#define APPLICANT_NAME_CHARACTERS_MAX 100
#define APPLICANT_ID_CHARACTERS_MAX 30
#define MATERIAL_FILE_CHARACTERS_MAX 200

struct content {
    const Bl__Content *message;
    struct form_value *values;  // one for each field of the definition
    bool form_is_valid;         // so conditions can be evaluated
};

/* Checks applicant and form of a submission's encoded Content. Returns NULL, or a refusal; if that
 * is BL_MALFORMED, *content holds nothing. */
Bl__Refusal *content_check(const struct world *world, struct bl_text bytes, struct bl_arena *arena,
                           struct content *content);

/* Checks the materials: known, once each, and the essential ones there that some item asks for.
 *   needed   for each material of the definition: does an item that applies list it?
 *   first    problems found before, or NULL
 *   returns  all problems joined, or NULL */
Bl__Refusal *content_check_materials(const struct definition *definition,
                                     const struct content *content, const bool *needed,
                                     struct bl_arena *arena, Bl__Refusal *first);

/* A content that was checked before; all NULL where there is none in hand. */
void content_read(const struct world *world, struct bl_arena *arena, struct content *content);
/* The encoded next version: materials of the same id take the place of the old ones, fields of
 * `form` that of the fields before.
 *   form  an encoded google.protobuf.Struct, checked with the rest by content_check */
struct bl_text content_merge(const Bl__Content *before, Bl__Material **materials, size_t count,
                             struct bl_text form, struct bl_arena *arena);
/* The names of the fields that differ. */
const char **content_changed(const struct definition *definition, const struct form_value *before,
                             const struct form_value *after, struct bl_arena *arena, size_t *count);

/* The views of a form that was checked before; NULL where there is no content. */
const struct form_value *content_values(const struct world *world, struct bl_arena *arena);

/* BLAKE2b-256 of salt and content: stands in the event, so that the content can be erased after
 * its retention without breaking the chain, and cannot be guessed from the hash. */
void content_hash(const struct world *world, struct bl_text bytes,
                  uint8_t hash[CONTENT_HASH_BYTES]);
