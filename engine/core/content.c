#include "core/content.h"

#include <string.h>

#include <sodium.h>

#include "core/plain.h"
#include "definition/check_digits.h"
#include "definition/form_wire.h"

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

static Bl__Refusal *check_agent(const Bl__Agent *agent, bl_day today, struct bl_arena *arena,
                                Bl__Refusal *first)
{
    if (agent == NULL) {
        return first;
    }
    if (agent->name[0] == '\0' || characters(agent->name) > APPLICANT_NAME_CHARACTERS_MAX ||
        applicant_id_is_wrong(agent->id, today) ||
        (agent->phone[0] != '\0' && digits_check_phone(bl_text_of(agent->phone)) != DIGITS_OK)) {
        first = invalid(arena, first, "agent", "agent");
    }
    return agent->mandate[0] == '\0' || characters(agent->mandate) > MATERIAL_FILE_CHARACTERS_MAX
               ? invalid(arena, first, "agent-mandate", "agent.mandate")
               : first;
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
    if (material->later &&
        (definition->supplement.halves == 0 || !definition->materials[index].deferrable)) {
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
    const char *offender = plain_offender_in(&message->base);
    if (offender != NULL) {
        return refusal_new(arena, BL_INVALID, "control-character", offender);
    }
    struct bl_text form = { (const char *)message->form.data, message->form.len };
    Bl__Refusal *refusal = check_form(world, form, arena, content);
    content->message = message;
    content->form_is_valid = refusal == NULL;
    bl_day today = calendar_day(world->calendar, world->now);
    return check_agent(message->agent, today, arena,
                       check_applicant(message->applicant, today, arena, refusal));
}

void content_read(const struct world *world, struct bl_arena *arena, struct content *content)
{
    *content = (struct content){ 0 };
    if (world->content.at == NULL) {
        return;
    }
    Bl__Content *message = bl__content__unpack(&arena->allocator, world->content.bytes,
                                               (const uint8_t *)world->content.at);
    CHECK(message != NULL);  // it was unpacked when it was handed in
    struct bl_text form = { (const char *)message->form.data, message->form.len };
    content->form_is_valid = check_form(world, form, arena, content) == NULL;
    content->message = message;
}

const struct form_value *content_values(const struct world *world, struct bl_arena *arena)
{
    struct content content;

    content_read(world, arena, &content);
    return content.values;
}

/* Does the form name this field? */
static bool form_names(struct bl_text form, struct bl_text name)
{
    struct form_reader reader = { (const unsigned char *)form.at,
                                  (const unsigned char *)form.at + form.bytes };
    struct form_wire_value value;
    struct bl_text key;

    while (reader.at < reader.end && form_read_entry(&reader, &key, &value)) {
        if (bl_text_equal(key, name)) {
            return true;
        }
    }
    return false;
}

/* The old form's entries that the new one does not name, then the new one's. */
static ProtobufCBinaryData merge_forms(ProtobufCBinaryData before, struct bl_text form,
                                       struct bl_arena *arena)
{
    ProtobufCBinaryData merged = { 0, bl_arena_alloc(arena, before.len + form.bytes + 1) };
    struct form_reader reader = { before.data, before.data + before.len };
    struct form_wire_value value;
    struct bl_text key;

    while (reader.at < reader.end) {
        const unsigned char *entry = reader.at;

        if (!form_read_entry(&reader, &key, &value)) {
            break;  // never: it was checked when it was handed in
        }
        if (!form_names(form, key)) {
            memcpy(merged.data + merged.len, entry, (size_t)(reader.at - entry));
            merged.len += (size_t)(reader.at - entry);
        }
    }
    if (form.bytes > 0) {
        memcpy(merged.data + merged.len, form.at, form.bytes);
        merged.len += form.bytes;
    }
    return merged;
}

static bool has_material(Bl__Material **materials, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(materials[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

struct bl_text content_merge(const Bl__Content *before, Bl__Material **materials, size_t count,
                             struct bl_text form, struct bl_arena *arena)
{
    Bl__Content merged = *before;

    merged.form = merge_forms(before->form, form, arena);
    merged.materials = bl_arena_array(arena, Bl__Material *, before->n_materials + count + 1);
    merged.n_materials = 0;
    for (size_t i = 0; i < before->n_materials; i++) {
        if (!has_material(materials, count, before->materials[i]->id)) {
            merged.materials[merged.n_materials++] = before->materials[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        merged.materials[merged.n_materials++] = materials[i];
    }
    uint8_t *bytes = bl_arena_alloc(arena, bl__content__get_packed_size(&merged) + 1);
    return (struct bl_text){ (const char *)bytes, bl__content__pack(&merged, bytes) };
}

const char **content_changed(const struct definition *definition, const struct form_value *before,
                             const struct form_value *after, struct bl_arena *arena, size_t *count)
{
    const char **names = bl_arena_array(arena, const char *, definition->field_count + 1);

    *count = 0;
    for (size_t i = 0; i < definition->field_count; i++) {
        bool same = before[i].present == after[i].present &&
                    (!after[i].present || bl_text_equal(before[i].raw, after[i].raw));

        if (!same) {
            names[(*count)++] = definition->fields[i].name;
        }
    }
    return names;
}

void content_hash(const struct world *world, struct bl_text bytes, uint8_t hash[CONTENT_HASH_BYTES])
{
    crypto_generichash_state state;

    CHECK(crypto_generichash_init(&state, NULL, 0, CONTENT_HASH_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, world->salt, WORLD_SALT_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, (const unsigned char *)bytes.at, bytes.bytes) == 0);
    CHECK(crypto_generichash_final(&state, hash, CONTENT_HASH_BYTES) == 0);
}
