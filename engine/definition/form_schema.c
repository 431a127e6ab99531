#include "definition/form_schema.h"

#include "schema/json.h"

static void put(struct writer *writer, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        writer_key(writer, key);
        writer_string(writer, value);
    }
}

/* A text in both languages; the English one under a name of ours. */
static void put_text(struct writer *writer, const char *key, const char *key_en,
                     const Bl__Text *text)
{
    if (text != NULL) {
        put(writer, key, text->zh);
        put(writer, key_en, text->en);
    }
}

static void put_bounds(struct writer *writer, const struct definition_field *field, const char *min,
                       const char *max)
{
    if (field->has_min) {
        writer_key(writer, min);
        writer_number(writer, field->min);
    }
    if (field->has_max) {
        writer_key(writer, max);
        writer_number(writer, field->max);
    }
}

static void put_options(struct writer *writer, const struct definition_field *field)
{
    writer_key(writer, "enum");
    writer_open_list(writer);
    for (size_t i = 0; i < field->option_count; i++) {
        writer_string(writer, field->options[i]);
    }
    writer_close(writer);
}

static void put_fields(struct writer *writer, const struct definition_field *fields, size_t count);

static void put_list(struct writer *writer, const struct definition_field *field)
{
    put(writer, "type", "array");
    put_bounds(writer, field, "minItems", "maxItems");
    writer_key(writer, "items");
    writer_open_object(writer);
    if (field->type == BL__FIELD_DEFINITION__TYPE__TABLE) {
        put_fields(writer, field->columns, field->column_count);
    } else {
        put_options(writer, field);
    }
    writer_close(writer);
}

static void put_number(struct writer *writer, const struct definition_field *field,
                       const char *type)
{
    put(writer, "type", type);
    put_bounds(writer, field, "minimum", "maximum");
}

static void put_string(struct writer *writer, const struct definition_field *field,
                       const char *format)
{
    put(writer, "type", "string");
    put(writer, "format", format);
    put_bounds(writer, field, "minLength", "maxLength");
}

static void put_type(struct writer *writer, const struct definition_field *field)
{
    switch (field->type) {
    case BL__FIELD_DEFINITION__TYPE__NUMBER:
    case BL__FIELD_DEFINITION__TYPE__MONEY:
        put_number(writer, field, "number");
        break;
    case BL__FIELD_DEFINITION__TYPE__INTEGER:
        put_number(writer, field, "integer");
        break;
    case BL__FIELD_DEFINITION__TYPE__YES_NO:
        put(writer, "type", "boolean");
        break;
    case BL__FIELD_DEFINITION__TYPE__CHOICE:
        put_options(writer, field);
        break;
    case BL__FIELD_DEFINITION__TYPE__CHOICES:
    case BL__FIELD_DEFINITION__TYPE__TABLE:
        put_list(writer, field);
        break;
    case BL__FIELD_DEFINITION__TYPE__DATE:
        put_string(writer, field, "date");
        break;
    case BL__FIELD_DEFINITION__TYPE__EMAIL:
        put_string(writer, field, "email");
        break;
    case BL__FIELD_DEFINITION__TYPE__TEXT:
    case BL__FIELD_DEFINITION__TYPE__LONG_TEXT:
    case BL__FIELD_DEFINITION__TYPE__PHONE:
    case BL__FIELD_DEFINITION__TYPE__CN_ID:
    case BL__FIELD_DEFINITION__TYPE__USCC:
    case BL__FIELD_DEFINITION__TYPE__ADDRESS:
    case BL__FIELD_DEFINITION__TYPE__TYPE_UNSPECIFIED:
        put_string(writer, field, NULL);
        break;
    }
}

/* The name of our type, for builders that know phone numbers and the like. */
static const char *type_name(const struct definition_field *field)
{
    static const char *const names[] = { "",        "text",    "long_text", "number",
                                         "integer", "money",   "date",      "yes_no",
                                         "choice",  "choices", "phone",     "email",
                                         "cn_id",   "uscc",    "address",   "table" };

    _Static_assert(BL_COUNT(names) == BL__FIELD_DEFINITION__TYPE__TABLE + 1, "a name for each");
    return names[field->type];
}

static void put_field(struct writer *writer, const struct definition_field *field)
{
    writer_key(writer, field->name);
    writer_open_object(writer);
    put_text(writer, "title", "x-title-en", field->source->label);
    put_text(writer, "description", "x-description-en", field->source->help);
    put(writer, "x-type", type_name(field));
    if (field->sensitive) {
        writer_key(writer, "x-sensitive");
        writer_bool(writer, true);
    }
    put_type(writer, field);
    writer_close(writer);
}

static void put_fields(struct writer *writer, const struct definition_field *fields, size_t count)
{
    put(writer, "type", "object");
    writer_key(writer, "properties");
    writer_open_object(writer);
    for (size_t i = 0; i < count; i++) {
        put_field(writer, &fields[i]);
    }
    writer_close(writer);
    writer_key(writer, "required");
    writer_open_list(writer);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required) {
            writer_string(writer, fields[i].name);
        }
    }
    writer_close(writer);
    writer_key(writer, "additionalProperties");
    writer_bool(writer, false);
}

static void put_sections(struct writer *writer, const Bl__Workflow *workflow)
{
    writer_key(writer, "x-sections");
    writer_open_list(writer);
    for (size_t i = 0; i < workflow->n_form; i++) {
        const Bl__Section *section = workflow->form[i];

        writer_open_object(writer);
        put_text(writer, "title", "x-title-en", section->section);
        writer_key(writer, "fields");
        writer_open_list(writer);
        for (size_t j = 0; j < section->n_fields; j++) {
            writer_string(writer, section->fields[j]->key);
        }
        writer_close(writer);
        writer_close(writer);
    }
    writer_close(writer);
}

static void put_materials(struct writer *writer, const struct definition *definition)
{
    writer_key(writer, "x-materials");
    writer_open_list(writer);
    for (size_t i = 0; i < definition->material_count; i++) {
        const struct definition_material *material = &definition->materials[i];

        writer_open_object(writer);
        put(writer, "id", material->id);
        put_text(writer, "title", "x-title-en", material->source->title);
        writer_key(writer, "essential");
        writer_bool(writer, material->essential);
        writer_key(writer, "deferrable");
        writer_bool(writer, material->deferrable);
        writer_key(writer, "formats");
        writer_open_list(writer);
        for (size_t j = 0; j < material->source->n_formats; j++) {
            char name[JSON_ENUM_BYTES_MAX];

            writer_string(writer, json_enum_name(&bl__material_definition__format__descriptor,
                                                 (int)material->source->formats[j], name));
        }
        writer_close(writer);
        writer_close(writer);
    }
    writer_close(writer);
}

void form_schema_write(struct writer *writer, const struct definition *definition)
{
    writer_open_object(writer);
    put(writer, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_text(writer, "title", "x-title-en", definition->source->title);
    put_fields(writer, definition->fields, definition->field_count);
    put_sections(writer, definition->source);
    put_materials(writer, definition);
    writer_close(writer);
}
