/* What one types: settings of a form, and assumptions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "definition/simulate.h"
#include "google/protobuf/struct.pb-c.h"

#define NAME_DISTANCE_MAX 3  // edits after which a name is another one

/* The nearest known name, as ", did you mean …?", or nothing. */
static const char *suggestion(const char *nearest, struct bl_arena *arena)
{
    return nearest == NULL ? "" : bl_arena_printf(arena, "; did you mean %s?", nearest);
}

/* --- settings -------------------------------------------------------------------------------- */

static const char *nearest_field(const struct definition *definition, const char *name)
{
    const char *nearest = NULL;
    uint32_t best = NAME_DISTANCE_MAX + 1;

    for (size_t i = 0; i < definition->field_count; i++) {
        uint32_t distance = bl_text_distance(name, definition->fields[i].name, best);

        if (distance < best) {
            best = distance;
            nearest = definition->fields[i].name;
        }
    }
    return nearest;
}

static Google__Protobuf__Value *value_new(struct bl_arena *arena)
{
    Google__Protobuf__Value *value = bl_arena_new(arena, Google__Protobuf__Value);

    google__protobuf__value__init(value);
    return value;
}

static bool read_number(const char *text, Google__Protobuf__Value *value)
{
    char *end;

    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    value->number_value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(value->number_value);
}

static bool read_yes_no(const char *text, Google__Protobuf__Value *value)
{
    static const char *const words[] = { "no", "yes", "false", "true", "否", "是" };

    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
    for (size_t i = 0; i < BL_COUNT(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            value->bool_value = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static Google__Protobuf__ListValue *list_new(Google__Protobuf__Value *value, size_t room,
                                             struct bl_arena *arena)
{
    Google__Protobuf__ListValue *list = bl_arena_new(arena, Google__Protobuf__ListValue);

    google__protobuf__list_value__init(list);
    list->values = bl_arena_array(arena, Google__Protobuf__Value *, room);
    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    value->list_value = list;
    return list;
}

static bool read_choices(const char *text, Google__Protobuf__Value *value, struct bl_arena *arena)
{
    Google__Protobuf__ListValue *list = list_new(value, strlen(text) + 1, arena);

    while (*text != '\0') {
        size_t bytes = strcspn(text, ",");
        Google__Protobuf__Value *choice = value_new(arena);

        choice->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
        choice->string_value = bl_arena_text(arena, (struct bl_text){ text, bytes });
        list->values[list->n_values++] = choice;
        text += bytes + (text[bytes] == ',');
    }
    return true;
}

/* So many rows with nothing in them: enough for conditions on how many there are. */
static bool read_rows(const char *text, Google__Protobuf__Value *value, struct bl_arena *arena)
{
    Google__Protobuf__ListValue *list;
    char *end;
    unsigned long rows = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || rows > FORM_ROWS_MAX) {
        return false;
    }
    list = list_new(value, rows, arena);
    for (; list->n_values < rows; list->n_values++) {
        Google__Protobuf__Value *row = value_new(arena);

        row->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
        row->struct_value = bl_arena_new(arena, Google__Protobuf__Struct);
        google__protobuf__struct__init(row->struct_value);
        list->values[list->n_values] = row;
    }
    return true;
}

#define T(type) BL__FIELD_DEFINITION__TYPE__##type

/* NULL, or what to write instead. */
static const char *read_value(Bl__FieldDefinition__Type type, const char *text,
                              Google__Protobuf__Value *value, struct bl_arena *arena)
{
    switch (type) {
    case T(NUMBER):
    case T(INTEGER):
    case T(MONEY):
        return read_number(text, value) ? NULL : "a number";
    case T(YES_NO):
        return read_yes_no(text, value) ? NULL : "yes or no";
    case T(CHOICES):
        return read_choices(text, value, arena) ? NULL : "options, separated by commas";
    case T(TABLE):
        return read_rows(text, value, arena) ? NULL : "a number of rows";
    case T(TYPE_UNSPECIFIED):
    case T(TEXT):
    case T(LONG_TEXT):
    case T(DATE):
    case T(CHOICE):
    case T(PHONE):
    case T(EMAIL):
    case T(CN_ID):
    case T(USCC):
    case T(ADDRESS):
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
        value->string_value = bl_arena_string(arena, text);
        return NULL;
    }
    UNREACHABLE();
}

/* Adds one setting to the form; a later one of the same name replaces it. */
static enum bl_err add_setting(const struct definition *definition, const char *setting,
                               Google__Protobuf__Struct *form, struct bl_arena *arena,
                               struct bl_error *e)
{
    size_t bytes = strcspn(setting, "=");
    struct bl_text name = { setting, bytes };
    int field = definition_field_find(definition, name);
    Google__Protobuf__Struct__FieldsEntry *entry;
    const char *expected;
    size_t at = 0;

    if (setting[bytes] != '=') {
        return bl_error_at(e, BL_INVALID, setting, 0, 0, "\"%s\" sets nothing; write name=value",
                           setting);
    }
    if (field < 0) {
        const char *text = bl_arena_text(arena, name);

        return bl_error_at(e, BL_INVALID, setting, 0, 0, "the form has no field %s%s", text,
                           suggestion(nearest_field(definition, text), arena));
    }
    entry = bl_arena_new(arena, Google__Protobuf__Struct__FieldsEntry);
    google__protobuf__struct__fields_entry__init(entry);
    entry->key = bl_arena_text(arena, name);
    entry->value = value_new(arena);
    expected = read_value(definition->fields[field].type, setting + bytes + 1, entry->value, arena);
    if (expected != NULL) {
        return bl_error_at(e, BL_INVALID, setting, 0, 0, "%s takes %s, not \"%s\"", entry->key,
                           expected, setting + bytes + 1);
    }
    while (at < form->n_fields && strcmp(form->fields[at]->key, entry->key) != 0) {
        at++;
    }
    form->fields[at] = entry;
    form->n_fields += at == form->n_fields;
    return BL_OK;
}

/* The first thing that is wrong and not just missing. */
static enum bl_err judge(const struct form_problems *problems, struct bl_error *e)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct form_problem *problem = &problems->at[i];

        if (strcmp(problem->rule, "form-required") != 0) {
            bool explained = problem->argument_count > 0;

            return bl_error_at(e, BL_INVALID, problem->pointer, 0, 0,
                               "%s breaks the rule %s%s%s%s%s", problem->pointer, problem->rule,
                               explained ? ": " : "", explained ? problem->arguments[0].name : "",
                               explained ? " " : "", explained ? problem->arguments[0].value : "");
        }
    }
    return BL_OK;
}

enum bl_err simulate_form(const struct definition *definition, const char *const *settings,
                          size_t count, bl_day today, struct bl_arena *arena,
                          struct form_value *values, struct bl_error *e)
{
    Google__Protobuf__Struct form = GOOGLE__PROTOBUF__STRUCT__INIT;
    struct form_problems *problems = bl_arena_new(arena, struct form_problems);
    uint8_t *packed;
    size_t bytes;
    enum bl_err err = BL_OK;

    form.fields = bl_arena_array(arena, Google__Protobuf__Struct__FieldsEntry *, count);
    for (size_t i = 0; i < count && err == BL_OK; i++) {
        err = add_setting(definition, settings[i], &form, arena, e);
    }
    if (err != BL_OK) {
        return err;
    }
    bytes = google__protobuf__struct__get_packed_size(&form);
    packed = bl_arena_alloc(arena, bytes);
    (void)google__protobuf__struct__pack(&form, packed);
    err = form_check(definition, (struct bl_text){ (const char *)packed, bytes }, today, arena,
                     values, problems, e);
    return err == BL_INVALID ? judge(problems, e) : err;
}

/* --- assumptions ----------------------------------------------------------------------------- */

static enum bl_err assume_duration(const struct definition *definition, const char *name,
                                   const char *duration, struct simulate_assumption *assumption,
                                   struct bl_error *e)
{
    int item = definition_item_find(definition, name);

    if (item < 0) {
        return bl_error_set(e, BL_INVALID, "there is no item %s", name);
    }
    assumption->index = (uint32_t)item;
    if (strcmp(duration, "commit") == 0) {
        assumption->kind = ASSUME_COMMITTED;
        return definition->items[item].post_check.halves > 0
                   ? BL_OK
                   : bl_error_set(e, BL_INVALID, "item %s is not granted on a written promise",
                                  name);
    }
    assumption->kind = ASSUME_ITEM_TAKES;
    return limit_parse(duration, &assumption->limit, e);
}

static enum bl_err assume_late(const struct definition *definition, const char *name,
                               const char *days, struct simulate_assumption *assumption,
                               struct bl_error *e)
{
    char *end;
    unsigned long late = strtoul(days, &end, 10);

    if (days[0] < '0' || days[0] > '9' || *end != '\0' || late > SIMULATE_SLACK_MAX) {
        return bl_error_set(e, BL_INVALID,
                            "\"%s\" is no number of working days; write %s+3, up to %d", days, name,
                            SIMULATE_SLACK_MAX);
    }
    for (size_t i = 0; i < definition->item_count; i++) {
        if (strcmp(definition->items[i].department, name) == 0) {
            assumption->kind = ASSUME_DEPARTMENT_LATE;
            assumption->department = definition->items[i].department;
            assumption->days = (int32_t)late;
            return BL_OK;
        }
    }
    return bl_error_set(e, BL_INVALID, "department %s has no item here", name);
}

enum bl_err simulate_assume(const struct definition *definition, const char *text,
                            struct bl_arena *arena, struct simulate_assumption *assumption,
                            struct bl_error *e)
{
    size_t bytes = strcspn(text, "=+");
    const char *name = bl_arena_text(arena, (struct bl_text){ text, bytes });

    *assumption = (struct simulate_assumption){ 0 };
    if (text[bytes] == '=') {
        return assume_duration(definition, name, text + bytes + 1, assumption, e);
    }
    if (text[bytes] == '+') {
        return assume_late(definition, name, text + bytes + 1, assumption, e);
    }
    for (uint32_t i = 0; i < definition->special_count; i++) {
        if (strcmp(definition->special[i].id, name) == 0) {
            assumption->kind = ASSUME_SPECIAL_USED;
            assumption->index = i;
            return BL_OK;
        }
    }
    return bl_error_set(e, BL_INVALID,
                        "there is no special procedure %s; write ITEM=3 working days, DEPARTMENT+3 "
                        "or the id of a special procedure",
                        name);
}
