#include "core/content.h"

#include <string.h>

#include <sodium.h>

#include "definition/check_digits.h"

static Bl__Refusal *invalid(struct bl_arena *arena, Bl__Refusal *first, const char *rule,
                            const char *pointer)
{
    return refusal_join(arena, first, refusal_new(arena, BL_INVALID, rule, pointer));
}

static size_t characters(const char *text)
{
    return bl_text_characters(text, strlen(text));
}

/* Firms have a credit code of 18 characters, residents a number of 18; other papers (passports,
 * residence permits) are taken as they are. */
static bool applicant_id_is_wrong(const char *id, bl_day today)
{
    size_t length = characters(id);

    if (length != 18) {
        return length > APPLICANT_ID_CHARACTERS_MAX;
    }
    return digits_check_cn_id(bl_text_of(id), today) != DIGITS_OK &&
           digits_check_uscc(bl_text_of(id)) != DIGITS_OK;
}

static Bl__Refusal *check_applicant(const Bl__Applicant *applicant, bl_day today,
                                    struct bl_arena *arena, Bl__Refusal *first)
{
    if (applicant == NULL || applicant->name[0] == '\0') {
        return invalid(arena, first, "applicant-required", "applicant.name");
    }
    if (characters(applicant->name) > APPLICANT_NAME_CHARACTERS_MAX) {
        first = invalid(arena, first, "applicant-name-long", "applicant.name");
    }
    if (applicant_id_is_wrong(applicant->id, today)) {
        first = invalid(arena, first, "applicant-id", "applicant.id");
    }
    if (applicant->phone[0] != '\0' &&
        digits_check_phone(bl_text_of(applicant->phone)) != DIGITS_OK) {
        first = invalid(arena, first, "applicant-phone", "applicant.phone");
    }
    return first;
}

static const char *material_pointer(struct bl_arena *arena, const char *id)
{
    return bl_arena_printf(arena, "materials.%s", id);
}

static Bl__Refusal *check_material(const struct definition *definition,
                                   const Bl__Material *material, bool *given,
                                   struct bl_arena *arena, Bl__Refusal *first)
{
    int index = definition_material_find(definition, material->id);
    const char *pointer = material_pointer(arena, material->id);

    if (index < 0) {
        return invalid(arena, first, "material-unknown", pointer);
    }
    if (given[index]) {
        return invalid(arena, first, "material-twice", pointer);
    }
    given[index] = true;
    if (material->later) {
        return invalid(arena, first, "material-later", pointer);
    }
    if (characters(material->file) > MATERIAL_FILE_CHARACTERS_MAX ||
        (material->hash.len != 0 && material->hash.len != CONTENT_HASH_BYTES)) {
        return invalid(arena, first, "material-malformed", pointer);
    }
    return first;
}

Bl__Refusal *content_check_materials(const struct definition *definition,
                                     const struct content *content, const bool *needed,
                                     struct bl_arena *arena, Bl__Refusal *first)
{
    bool given[DEFINITION_MATERIALS_MAX] = { 0 };

    for (size_t i = 0; i < content->message->n_materials; i++) {
        first = check_material(definition, content->message->materials[i], given, arena, first);
    }
    for (size_t i = 0; i < definition->material_count; i++) {
        const struct definition_material *material = &definition->materials[i];

        if (material->essential && needed[i] && !given[i]) {
            first =
                invalid(arena, first, "material-required", material_pointer(arena, material->id));
        }
    }
    return first;
}

static Bl__Refusal *form_refusal(const struct form_problems *problems, struct bl_arena *arena)
{
    Bl__Refusal *first = NULL;

    for (size_t i = 0; i < problems->count; i++) {
        const struct form_problem *problem = &problems->at[i];
        Bl__Refusal *refusal = refusal_new(arena, BL_INVALID, problem->rule, problem->pointer);

        for (size_t k = 0; k < problem->argument_count; k++) {
            refusal_argument(arena, refusal, problem->arguments[k].name,
                             problem->arguments[k].value);
        }
        first = refusal_join(arena, first, refusal);
    }
    return first;
}

static Bl__Refusal *check_form(const struct world *world, struct bl_text form,
                               struct bl_arena *arena, struct content *content)
{
    struct form_problems *problems = bl_arena_new(arena, struct form_problems);
    struct bl_error e = { 0 };

    content->values = bl_arena_array(arena, struct form_value, world->definition->field_count + 1);
    bl_day today = calendar_day(world->calendar, world->now);
    enum bl_err err =
        form_check(world->definition, form, today, arena, content->values, problems, &e);
    if (err == BL_OK) {
        return NULL;
    }
    return err == BL_INVALID ? form_refusal(problems, arena)
                             : refusal_new(arena, err, "form-malformed", "form");
}

Bl__Refusal *content_check(const struct world *world, struct bl_text bytes, struct bl_arena *arena,
                           struct content *content)
{
    Bl__Content *message =
        bl__content__unpack(&arena->allocator, bytes.bytes, (const uint8_t *)bytes.at);

    if (message == NULL) {
        return refusal_new(arena, BL_MALFORMED, "content-malformed", "content");
    }
    struct bl_text form = { (const char *)message->form.data, message->form.len };
    Bl__Refusal *refusal = check_form(world, form, arena, content);
    content->message = message;
    content->form_is_valid = refusal == NULL;
    return check_applicant(message->applicant, calendar_day(world->calendar, world->now), arena,
                           refusal);
}

const struct form_value *content_values(const struct world *world, struct bl_arena *arena)
{
    struct content content = { 0 };

    if (world->content.at == NULL) {
        return NULL;
    }
    Bl__Content *message = bl__content__unpack(&arena->allocator, world->content.bytes,
                                               (const uint8_t *)world->content.at);
    CHECK(message != NULL);  // it was unpacked when it was handed in
    struct bl_text form = { (const char *)message->form.data, message->form.len };
    (void)check_form(world, form, arena, &content);
    return content.values;
}

void content_hash(const struct world *world, struct bl_text bytes, uint8_t hash[CONTENT_HASH_BYTES])
{
    crypto_generichash_state state;

    CHECK(crypto_generichash_init(&state, NULL, 0, CONTENT_HASH_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, world->salt, WORLD_SALT_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, (const unsigned char *)bytes.at, bytes.bytes) == 0);
    CHECK(crypto_generichash_final(&state, hash, CONTENT_HASH_BYTES) == 0);
}
