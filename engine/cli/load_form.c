#include "cli/load_form.h"

#include <math.h>
#include <string.h>

#include "cli/submission.h"
#include "definition/check_digits.h"
#include "google/protobuf/struct.pb-c.h"

#define DAYS_BACK 3650  // how old a date of a form may be
#define ROWS_MAX 3      // of a table, unless it asks for more
#define TEXT_CHARACTERS_MAX 12

typedef Google__Protobuf__Value Value;
typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Struct__FieldsEntry Entry;

/* What making one form needs. */
struct maker {
    struct chance *chance;
    struct bl_arena *arena;
    bl_day today;
};

uint64_t chance_below(struct chance *chance, uint64_t bound)
{
    // SplitMix64 (Steele, Lea, Flood 2014).
    uint64_t z = chance->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % bound;
}

static uint64_t below(struct maker *maker, uint64_t bound)
{
    return chance_below(maker->chance, bound);
}

/* --- values ----------------------------------------------------------------------------------- */

static Value *new_value(struct maker *maker, Google__Protobuf__Value__KindCase kind)
{
    Value *value = bl_arena_new(maker->arena, Value);

    google__protobuf__value__init(value);
    value->kind_case = kind;
    return value;
}

static Value *of_text(struct maker *maker, const char *text)
{
    Value *value = new_value(maker, GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE);

    value->string_value = (char *)text;  // the message of a library, which never writes to it
    return value;
}

static Value *of_number(struct maker *maker, double number)
{
    Value *value = new_value(maker, GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE);

    value->number_value = number;
    return value;
}

static Value *of_list(struct maker *maker, Value **values, size_t count)
{
    Value *value = new_value(maker, GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE);
    Google__Protobuf__ListValue *list = bl_arena_new(maker->arena, Google__Protobuf__ListValue);

    google__protobuf__list_value__init(list);
    list->values = values;
    list->n_values = count;
    value->list_value = list;
    return value;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* Replaces the last character until the check digit fits: one of `candidates` always does. */
static const char *with_check(struct maker *maker, char *text, const char *candidates)
{
    size_t last = strlen(text) - 1;
    bool citizen = strlen(candidates) == 11;

    for (const char *at = candidates; *at != '\0'; at++) {
        text[last] = *at;
        struct bl_text whole = bl_text_of(text);
        if ((citizen ? digits_check_cn_id(whole, maker->today) : digits_check_uscc(whole)) ==
            DIGITS_OK) {
            return text;
        }
    }
    UNREACHABLE();
}

static const char *make_cn_id(struct maker *maker)
{
    struct bl_date born = bl_date_of(maker->today - 20 * 366 - (bl_day)below(maker, 40 * 365));

    return with_check(maker,
                      bl_arena_printf(maker->arena, "110105%04d%02d%02d%03d0", born.year,
                                      born.month, born.day, (int)below(maker, 1000)),
                      "0123456789X");
}

static const char *make_uscc(struct maker *maker)
{
    return with_check(
        maker, bl_arena_printf(maker->arena, "91110105MA%07u0", (unsigned)below(maker, 10000000)),
        "0123456789ABCDEFGHJKLMNPQRTUWXY");
}

static const char *make_phone(struct maker *maker)
{
    return bl_arena_printf(maker->arena, "139%08u", (unsigned)below(maker, 100000000));
}

static const char *make_name(struct maker *maker)
{
    static const char *const families[] = { "张", "王", "李", "赵", "刘", "陈", "杨", "黄" };
    static const char *const given[] = { "伟", "芳", "秀英", "敏", "静", "强", "磊", "洋", "艳" };

    return bl_arena_printf(maker->arena, "%s%s", families[below(maker, BL_COUNT(families))],
                           given[below(maker, BL_COUNT(given))]);
}

/* As many characters as the field's bounds want, a short word where they do not care. */
static const char *make_words(struct maker *maker, const struct definition_field *field)
{
    static const char *const syllables[] = { "老", "新", "东", "南", "长", "安", "福", "和",
                                             "兴", "隆", "面", "馆", "茶", "楼", "街", "号" };
    size_t least = field->has_min ? (size_t)field->min : 1;
    size_t most = field->has_max ? (size_t)field->max : TEXT_CHARACTERS_MAX;
    size_t count = least < 1 ? 1 : least;
    const char *text = "";

    most = most < TEXT_CHARACTERS_MAX ? most : TEXT_CHARACTERS_MAX;
    if (most > count) {
        count += below(maker, most - count + 1);
    }
    for (size_t i = 0; i < count; i++) {
        text = bl_arena_printf(maker->arena, "%s%s", text,
                               syllables[below(maker, BL_COUNT(syllables))]);
    }
    return text;
}

static const char *make_date(struct maker *maker)
{
    char text[BL_TIME_TEXT];

    return bl_arena_string(maker->arena,
                           bl_day_format(maker->today - (bl_day)below(maker, DAYS_BACK), text));
}

/* --- fields ----------------------------------------------------------------------------------- */

static double make_number(struct maker *maker, const struct definition_field *field)
{
    double least = ceil(field->has_min ? field->min : field->has_max ? field->max - 1000 : 1);
    double most = floor(field->has_max ? field->max : least + 1000);

    least = !field->has_min && least < 0 && most >= 0 ? 0 : least;
    if (most < least) {  // no whole number lies between: the bound itself does
        return field->has_min ? field->min : field->max;
    }
    return least + (double)below(maker, (uint64_t)(most - least) + 1);
}

/* The first options from a random one on, so that none is chosen twice. */
static Value *make_choices(struct maker *maker, const struct definition_field *field)
{
    size_t least = field->has_min && field->min >= 1 ? (size_t)field->min : 1;
    size_t most = field->has_max && field->max < (double)field->option_count ? (size_t)field->max
                                                                             : field->option_count;
    size_t first = below(maker, field->option_count);
    size_t count = least < most ? least + below(maker, most - least + 1) : most;
    Value **values = bl_arena_array(maker->arena, Value *, count + 1);

    for (size_t i = 0; i < count; i++) {
        values[i] = of_text(maker, field->options[(first + i) % field->option_count]);
    }
    return of_list(maker, values, count);
}

static Struct *make_fields(struct maker *maker, const struct definition_field *fields,
                           size_t count);

static Value *make_table(struct maker *maker, const struct definition_field *field)
{
    size_t least = field->has_min && field->min >= 1 ? (size_t)field->min : 1;
    size_t most = field->has_max && field->max < (double)ROWS_MAX ? (size_t)field->max : ROWS_MAX;
    size_t count = least < most ? least + below(maker, most - least + 1) : least;
    Value **rows = bl_arena_array(maker->arena, Value *, count);

    for (size_t i = 0; i < count; i++) {
        rows[i] = new_value(maker, GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE);
        rows[i]->struct_value = make_fields(maker, field->columns, field->column_count);
    }
    return of_list(maker, rows, count);
}

static Value *make_field(struct maker *maker, const struct definition_field *field)
{
    Value *value;

    switch (field->type) {
    case BL__FIELD_DEFINITION__TYPE__TEXT:
    case BL__FIELD_DEFINITION__TYPE__LONG_TEXT:
    case BL__FIELD_DEFINITION__TYPE__ADDRESS:
        return of_text(maker, make_words(maker, field));
    case BL__FIELD_DEFINITION__TYPE__NUMBER:
    case BL__FIELD_DEFINITION__TYPE__INTEGER:
    case BL__FIELD_DEFINITION__TYPE__MONEY:
        return of_number(maker, make_number(maker, field));
    case BL__FIELD_DEFINITION__TYPE__DATE:
        return of_text(maker, make_date(maker));
    case BL__FIELD_DEFINITION__TYPE__YES_NO:
        value = new_value(maker, GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE);
        value->bool_value = (protobuf_c_boolean)below(maker, 2);
        return value;
    case BL__FIELD_DEFINITION__TYPE__CHOICE:
        return of_text(maker, field->options[below(maker, field->option_count)]);
    case BL__FIELD_DEFINITION__TYPE__CHOICES:
        return make_choices(maker, field);
    case BL__FIELD_DEFINITION__TYPE__PHONE:
        return of_text(maker, make_phone(maker));
    case BL__FIELD_DEFINITION__TYPE__EMAIL:
        return of_text(maker, bl_arena_printf(maker->arena, "u%u@example.com",
                                              (unsigned)below(maker, 1000000)));
    case BL__FIELD_DEFINITION__TYPE__CN_ID:
        return of_text(maker, make_cn_id(maker));
    case BL__FIELD_DEFINITION__TYPE__USCC:
        return of_text(maker, make_uscc(maker));
    case BL__FIELD_DEFINITION__TYPE__TABLE:
        return make_table(maker, field);
    case BL__FIELD_DEFINITION__TYPE__TYPE_UNSPECIFIED:
        break;
    }
    UNREACHABLE();
}

static Struct *make_fields(struct maker *maker, const struct definition_field *fields, size_t count)
{
    Struct *made = bl_arena_new(maker->arena, Struct);

    google__protobuf__struct__init(made);
    made->fields = bl_arena_array(maker->arena, Entry *, count + 1);
    made->n_fields = count;
    for (size_t i = 0; i < count; i++) {
        Entry *entry = bl_arena_new(maker->arena, Entry);

        google__protobuf__struct__fields_entry__init(entry);
        entry->key = (char *)fields[i].name;
        entry->value = make_field(maker, &fields[i]);
        made->fields[i] = entry;
    }
    return made;
}

/* --- the whole -------------------------------------------------------------------------------- */

static Bl__Material **make_materials(struct maker *maker, const struct definition *definition,
                                     size_t *count)
{
    Bl__Material **materials =
        bl_arena_array(maker->arena, Bl__Material *, definition->material_count + 1);

    *count = 0;
    for (size_t i = 0; i < definition->material_count; i++) {
        if (definition->materials[i].essential) {
            Bl__Material *material = bl_arena_new(maker->arena, Bl__Material);

            bl__material__init(material);
            material->id = definition->materials[i].id;
            material->file = bl_arena_printf(maker->arena, "%s.pdf", material->id);
            materials[(*count)++] = material;
        }
    }
    return materials;
}

Bl__Submit *load_form_make(const struct definition *definition, bl_day today, struct chance *chance,
                           struct bl_arena *arena)
{
    struct maker maker = { chance, arena, today };
    Struct *form = make_fields(&maker, definition->fields, definition->field_count);
    size_t bytes = google__protobuf__struct__get_packed_size(form), materials_count;
    uint8_t *packed = bl_arena_alloc(arena, bytes + 1);
    Bl__Applicant *applicant = bl_arena_new(arena, Bl__Applicant);
    Bl__Material **materials = make_materials(&maker, definition, &materials_count);
    Bl__Content content = BL__CONTENT__INIT;

    bl__applicant__init(applicant);
    applicant->name = make_name(&maker);
    applicant->id = make_cn_id(&maker);
    applicant->phone = make_phone(&maker);
    (void)google__protobuf__struct__pack(form, packed);
    content.applicant = applicant;
    content.form = (ProtobufCBinaryData){ bytes, packed };
    content.materials = materials;
    content.n_materials = materials_count;
    return submission_make(arena, definition->workflow, definition->version, &content);
}
