#include "definition/form.h"

#include <math.h>
#include <string.h>

#include "definition/check_digits.h"
#include "definition/form_wire.h"

#define INTEGER_MAX 9007199254740992.0  // 2^53: beyond it a JSON number is no exact integer
#define MONEY_MAX 1e13                  // keeps fen exact
#define QUOTED_BYTES_MAX 120            // of an answer that a message repeats

/* The form itself, or one row of a table. */
struct level {
    const struct definition_field *fields;
    size_t count;
    const struct definition_field *table;  // NULL: the form
    size_t row;
};

struct checker {
    const struct definition *definition;
    struct bl_arena *scratch;
    struct form_problems *problems;
    bl_day today;
};

/* --- problems -------------------------------------------------------------------------------- */

/* NULL past the bound: further problems are counted and not kept. */
static struct form_problem *report(struct checker *checker, const struct level *level,
                                   struct bl_text name, const char *rule)
{
    struct form_problems *problems = checker->problems;
    struct form_problem *problem;
    char part[4 * DEFINITION_ID_CHARACTERS_MAX + 1];

    problems->total++;
    if (problems->count == FORM_PROBLEMS_MAX) {
        return NULL;
    }
    if (name.bytes >= sizeof part) {
        name.bytes = bl_text_cut(name.at, sizeof part - 1);
    }
    memcpy(part, name.at, name.bytes);
    part[name.bytes] = '\0';
    problem = &problems->at[problems->count++];
    *problem = (struct form_problem){ .rule = rule };
    problem->pointer = level->table == NULL ? bl_arena_printf(checker->scratch, "form.%s", part)
                                            : bl_arena_printf(checker->scratch, "form.%s[%zu].%s",
                                                              level->table->name, level->row, part);
    return problem;
}

static void argue(struct form_problem *problem, const char *name, const char *value)
{
    if (problem != NULL) {
        CHECK(problem->argument_count < BL_COUNT(problem->arguments));
        problem->arguments[problem->argument_count].name = name;
        problem->arguments[problem->argument_count].value = value;
        problem->argument_count++;
    }
}

static struct form_problem *report_field(struct checker *checker, const struct level *level,
                                         const struct definition_field *field, const char *rule)
{
    struct bl_text name = { field->name, field->name_bytes };

    return report(checker, level, name, rule);
}

static void report_limit(struct checker *checker, const struct level *level,
                         const struct definition_field *field, const char *rule, double limit)
{
    struct form_problem *problem = report_field(checker, level, field, rule);

    if (problem != NULL) {
        argue(problem, "limit", bl_arena_printf(checker->scratch, "%.15g", limit));
    }
}

/* The options in one text: "热食、冷食". */
static const char *options_text(struct bl_arena *arena, const struct definition_field *field)
{
    static const char comma[] = "、";
    size_t bytes = 1, at = 0;
    char *text;

    for (size_t i = 0; i < field->option_count; i++) {
        bytes += strlen(field->options[i]) + sizeof comma;
    }
    text = bl_arena_alloc(arena, bytes);
    for (size_t i = 0; i < field->option_count; i++) {
        const char *parts[] = { i == 0 ? "" : comma, field->options[i] };

        for (size_t k = 0; k < BL_COUNT(parts); k++) {
            size_t part = strlen(parts[k]);

            memcpy(text + at, parts[k], part);
            at += part;
        }
    }
    text[at] = '\0';
    return text;
}

/* Says what would be allowed, and what was given unless the field is sensitive. */
static void report_option(struct checker *checker, const struct level *level,
                          const struct definition_field *field, struct bl_text given)
{
    struct form_problem *problem = report_field(checker, level, field, "form-option");

    if (problem == NULL) {
        return;
    }
    argue(problem, "options", options_text(checker->scratch, field));
    if (!field->sensitive && !(level->table != NULL && level->table->sensitive)) {
        if (given.bytes > QUOTED_BYTES_MAX) {
            given.bytes = bl_text_cut(given.at, QUOTED_BYTES_MAX);
        }
        argue(problem, "given", bl_arena_text(checker->scratch, given));
    }
}

static void report_type(struct checker *checker, const struct level *level,
                        const struct definition_field *field, const char *expected)
{
    argue(report_field(checker, level, field, "form-type"), "expected", expected);
}

/* --- values ---------------------------------------------------------------------------------- */

/* Does a measure (a value, or how many of something) keep the field's bounds? */
static void check_bounds(struct checker *checker, const struct level *level,
                         const struct definition_field *field, double measure, const char *below,
                         const char *above)
{
    if (field->has_min && measure < field->min) {
        report_limit(checker, level, field, below, field->min);
    }
    if (field->has_max && measure > field->max) {
        report_limit(checker, level, field, above, field->max);
    }
}

static void check_length(struct checker *checker, const struct level *level,
                         const struct definition_field *field, struct bl_text text)
{
    double most = field->has_max ? field->max : FORM_CHARACTERS_MAX;
    size_t characters;

    if (bl_text_has_control(text, field->type == BL__FIELD_DEFINITION__TYPE__LONG_TEXT)) {
        (void)report_field(checker, level, field, "form-control");
    }

    /* A character has one to four bytes: most texts need no counting. */
    if ((double)text.bytes <= most && (!field->has_min || (double)text.bytes >= 4 * field->min)) {
        return;
    }
    characters = bl_text_characters(text.at, text.bytes);
    if (field->has_min && (double)characters < field->min) {
        report_limit(checker, level, field, "form-too-short", field->min);
    }
    if ((double)characters > most) {
        report_limit(checker, level, field, "form-too-long", most);
    }
}

/* A date that exists, as 2026-11-23. */
static bool is_date(struct bl_text text)
{
    static const char pattern[] = "0000-00-00";
    int32_t parts[3] = { 0 };
    size_t part = 0;

    if (text.bytes != sizeof pattern - 1) {
        return false;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (pattern[i] == '-') {
            if (c != '-') {
                return false;
            }
            part++;
        } else if (c < '0' || c > '9') {
            return false;
        } else {
            parts[part] = 10 * parts[part] + (c - '0');
        }
    }
    return bl_date_is_valid((struct bl_date){ parts[0], parts[1], parts[2] });
}

/* How a text of this type is to be written: the rule's name, and what breaks it. */
static enum digits_fault text_fault(const struct checker *checker, Bl__FieldDefinition__Type type,
                                    struct bl_text text, const char **rule)
{
    switch (type) {
    case BL__FIELD_DEFINITION__TYPE__DATE:
        *rule = "form-date";
        return is_date(text) ? DIGITS_OK : DIGITS_DATE;
    case BL__FIELD_DEFINITION__TYPE__PHONE:
        *rule = "form-phone";
        return digits_check_phone(text);
    case BL__FIELD_DEFINITION__TYPE__EMAIL:
        *rule = "form-email";
        return digits_check_email(text);
    case BL__FIELD_DEFINITION__TYPE__CN_ID:
        *rule = "form-cn-id";
        return digits_check_cn_id(text, checker->today);
    case BL__FIELD_DEFINITION__TYPE__USCC:
        *rule = "form-uscc";
        return digits_check_uscc(text);
    case BL__FIELD_DEFINITION__TYPE__TEXT:
    case BL__FIELD_DEFINITION__TYPE__LONG_TEXT:
    case BL__FIELD_DEFINITION__TYPE__ADDRESS:
        return DIGITS_OK;
    case BL__FIELD_DEFINITION__TYPE__TYPE_UNSPECIFIED:
    case BL__FIELD_DEFINITION__TYPE__NUMBER:
    case BL__FIELD_DEFINITION__TYPE__INTEGER:
    case BL__FIELD_DEFINITION__TYPE__MONEY:
    case BL__FIELD_DEFINITION__TYPE__YES_NO:
    case BL__FIELD_DEFINITION__TYPE__CHOICE:
    case BL__FIELD_DEFINITION__TYPE__CHOICES:
    case BL__FIELD_DEFINITION__TYPE__TABLE:
        break;
    }
    UNREACHABLE();
}

static bool is_option(const struct definition_field *field, struct bl_text text)
{
    for (size_t i = 0; i < field->option_count; i++) {
        if (bl_text_is(text, field->options[i])) {
            return true;
        }
    }
    return false;
}

static void check_text(struct checker *checker, const struct level *level,
                       const struct definition_field *field, const struct form_wire_value *wire,
                       struct cel_value *value)
{
    struct bl_text text = form_text_of(wire->inside);
    enum digits_fault fault;
    const char *rule = "";

    if (wire->tag != VALUE_STRING) {
        report_type(checker, level, field, "text");
        return;
    }
    *value = (struct cel_value){ .type = CEL_STRING, .string = text };
    if (field->type == BL__FIELD_DEFINITION__TYPE__CHOICE) {
        if (!is_option(field, text)) {
            report_option(checker, level, field, text);
        }
        return;
    }
    fault = text_fault(checker, field->type, text, &rule);
    if (fault != DIGITS_OK) {
        argue(report_field(checker, level, field, rule), "fault", digits_fault_name(fault));
    }
    check_length(checker, level, field, text);
}

static void check_number(struct checker *checker, const struct level *level,
                         const struct definition_field *field, const struct form_wire_value *wire,
                         struct cel_value *value)
{
    double number = wire->number;

    if (wire->tag != VALUE_NUMBER || !isfinite(number)) {
        report_type(checker, level, field, "number");
        return;
    }
    *value = (struct cel_value){ .type = CEL_DOUBLE, .number = number };
    if (field->type == BL__FIELD_DEFINITION__TYPE__INTEGER) {
        if (floor(number) != number || fabs(number) > INTEGER_MAX) {
            report_type(checker, level, field, "integer");
            return;
        }
        *value = (struct cel_value){ .type = CEL_INT, .integer = (int64_t)number };
    } else if (field->type == BL__FIELD_DEFINITION__TYPE__MONEY) {
        if (fabs(number) > MONEY_MAX) {
            report_limit(checker, level, field, "form-too-large", MONEY_MAX);
        } else if (round(number * 100) / 100 != number) {
            (void)report_field(checker, level, field, "form-decimals");
        }
    }
    check_bounds(checker, level, field, number, "form-too-small", "form-too-large");
}

static void check_yes_no(struct checker *checker, const struct level *level,
                         const struct definition_field *field, const struct form_wire_value *wire,
                         struct cel_value *value)
{
    if (wire->tag != VALUE_BOOL) {
        report_type(checker, level, field, "yes-no");
        return;
    }
    *value = (struct cel_value){ .type = CEL_BOOL, .boolean = wire->boolean };
}

static bool check_choices(struct checker *checker, const struct level *level,
                          const struct definition_field *field, struct form_reader list,
                          size_t count, struct cel_value *value)
{
    struct cel_value *elements = bl_arena_try(checker->scratch, count * sizeof *elements);
    struct form_wire_value wire;

    if (elements == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!form_read_element(&list, &wire)) {
            return false;
        }
        elements[i] = (struct cel_value){ .type = CEL_STRING, .string = form_text_of(wire.inside) };
        if (wire.tag != VALUE_STRING) {
            report_type(checker, level, field, "choices");
            return true;
        }
        if (!is_option(field, elements[i].string)) {
            report_option(checker, level, field, elements[i].string);
        }
    }
    *value = (struct cel_value){ .type = CEL_LIST, .list = { elements, count } };
    return true;
}

static bool check_level(struct checker *checker, const struct level *level,
                        struct form_reader bytes, struct form_value *values);

/* What conditions see of a row: a map of the columns that are there. */
static struct cel_value row_value(const struct definition_field *table,
                                  const struct form_value *cells, struct cel_value *pairs)
{
    size_t count = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        if (cells[i].present) {
            pairs[2 * count] = (struct cel_value){
                .type = CEL_STRING,
                .string = { table->columns[i].name, table->columns[i].name_bytes },
            };
            pairs[2 * count + 1] = cells[i].value;
            count++;
        }
    }
    return (struct cel_value){ .type = CEL_MAP, .map = { pairs, count } };
}

static bool check_rows(struct checker *checker, const struct level *level,
                       const struct definition_field *table, struct form_reader list, size_t count,
                       struct cel_value *value)
{
    size_t width = 2 * table->column_count;
    struct cel_value *rows = bl_arena_try(checker->scratch, count * (1 + width) * sizeof *rows);
    struct form_value *cells = bl_arena_try(checker->scratch, table->column_count * sizeof *cells);
    struct form_wire_value wire;

    if (rows == NULL || cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct level row = { table->columns, table->column_count, table, i };

        if (!form_read_element(&list, &wire)) {
            return false;
        }
        if (wire.tag != VALUE_STRUCT) {
            report_type(checker, level, table, "table");
            return true;
        }
        if (!check_level(checker, &row, wire.inside, cells)) {
            return false;
        }
        rows[i] = row_value(table, cells, rows + count + i * width);
    }
    *value = (struct cel_value){ .type = CEL_LIST, .list = { rows, count } };
    return true;
}

/* Choices and tables. False if the bytes are no list. */
static bool check_list(struct checker *checker, const struct level *level,
                       const struct definition_field *field, const struct form_wire_value *wire,
                       struct form_value *to)
{
    bool is_table = field->type == BL__FIELD_DEFINITION__TYPE__TABLE;
    int64_t count;

    if (wire->tag != VALUE_LIST) {
        report_type(checker, level, field, is_table ? "table" : "choices");
        return true;
    }
    count = form_list_count(wire->inside);
    if (count < 0) {
        return false;
    }
    if (count == 0) {
        to->present = false;  // an empty list answers nothing: `required` asks for more
        return true;
    }
    check_bounds(checker, level, field, (double)count, "form-too-few", "form-too-many");
    if (count > FORM_ROWS_MAX) {
        report_limit(checker, level, field, "form-too-many", FORM_ROWS_MAX);
        return true;
    }
    return is_table ? check_rows(checker, level, field, wire->inside, (size_t)count, &to->value)
                    : check_choices(checker, level, field, wire->inside, (size_t)count, &to->value);
}

static bool check_value(struct checker *checker, const struct level *level,
                        const struct definition_field *field, const struct form_wire_value *wire,
                        struct form_value *to)
{
    to->present = wire->tag != VALUE_NULL &&
                  !(wire->tag == VALUE_STRING && wire->inside.at == wire->inside.end);
    if (!to->present) {
        return true;
    }
    switch (field->type) {
    case BL__FIELD_DEFINITION__TYPE__TEXT:
    case BL__FIELD_DEFINITION__TYPE__LONG_TEXT:
    case BL__FIELD_DEFINITION__TYPE__ADDRESS:
    case BL__FIELD_DEFINITION__TYPE__DATE:
    case BL__FIELD_DEFINITION__TYPE__PHONE:
    case BL__FIELD_DEFINITION__TYPE__EMAIL:
    case BL__FIELD_DEFINITION__TYPE__CN_ID:
    case BL__FIELD_DEFINITION__TYPE__USCC:
    case BL__FIELD_DEFINITION__TYPE__CHOICE:
        check_text(checker, level, field, wire, &to->value);
        return true;
    case BL__FIELD_DEFINITION__TYPE__NUMBER:
    case BL__FIELD_DEFINITION__TYPE__INTEGER:
    case BL__FIELD_DEFINITION__TYPE__MONEY:
        check_number(checker, level, field, wire, &to->value);
        return true;
    case BL__FIELD_DEFINITION__TYPE__YES_NO:
        check_yes_no(checker, level, field, wire, &to->value);
        return true;
    case BL__FIELD_DEFINITION__TYPE__CHOICES:
    case BL__FIELD_DEFINITION__TYPE__TABLE:
        return check_list(checker, level, field, wire, to);
    case BL__FIELD_DEFINITION__TYPE__TYPE_UNSPECIFIED:
        break;
    }
    UNREACHABLE();
}

/* --- the form -------------------------------------------------------------------------------- */

static bool is_named(const struct definition_field *field, struct bl_text name)
{
    return field->name_bytes == name.bytes && memcmp(field->name, name.at, name.bytes) == 0;
}

/* Programs send fields in the order of the form, so the one after the last is tried first. */
static const struct definition_field *find(const struct checker *checker, const struct level *level,
                                           struct bl_text name, size_t next)
{
    int index;

    if (next < level->count && is_named(&level->fields[next], name)) {
        return &level->fields[next];
    }
    if (level->table == NULL) {
        index = definition_field_find(checker->definition, name);
        return index < 0 ? NULL : &level->fields[index];
    }
    for (size_t i = 0; i < level->count; i++) {
        if (is_named(&level->fields[i], name)) {
            return &level->fields[i];
        }
    }
    return NULL;
}

static void report_unknown(struct checker *checker, const struct level *level, struct bl_text name)
{
    struct form_problem *problem = report(checker, level, name, "form-unknown");
    char given[64];
    uint32_t nearest = 3;  // more edits than this are another word

    if (problem == NULL || name.bytes >= sizeof given) {
        return;
    }
    memcpy(given, name.at, name.bytes);
    given[name.bytes] = '\0';
    for (size_t i = 0; i < level->count; i++) {
        uint32_t distance = bl_text_distance(given, level->fields[i].name, nearest);

        if (distance < nearest) {
            nearest = distance;
            problem->argument_count = 0;
            argue(problem, "nearest", level->fields[i].name);
        }
    }
}

/* Checks one Struct against its fields. False if the bytes are no Struct. */
static bool check_level(struct checker *checker, const struct level *level,
                        struct form_reader bytes, struct form_value *values)
{
    size_t next = 0;

    memset(values, 0, level->count * sizeof *values);
    while (bytes.at < bytes.end) {
        const unsigned char *start = bytes.at;
        const struct definition_field *field;
        struct form_wire_value wire;
        struct bl_text name;

        if (!form_read_entry(&bytes, &name, &wire)) {
            return false;
        }
        field = find(checker, level, name, next);
        if (field == NULL) {
            report_unknown(checker, level, name);
            continue;
        }
        next = field->index + 1;
        if (values[field->index].raw.at != NULL) {
            (void)report_field(checker, level, field, "form-repeated");
            continue;
        }
        values[field->index].raw =
            (struct bl_text){ (const char *)start, (size_t)(bytes.at - start) };
        if (!check_value(checker, level, field, &wire, &values[field->index])) {
            return false;
        }
    }
    for (size_t i = 0; i < level->count; i++) {
        if (level->fields[i].required && !values[i].present) {
            (void)report_field(checker, level, &level->fields[i], "form-required");
        }
    }
    return true;
}

enum bl_err form_check(const struct definition *definition, struct bl_text bytes, bl_day today,
                       struct bl_arena *scratch, struct form_value *values,
                       struct form_problems *problems, struct bl_error *e)
{
    struct checker checker = { definition, scratch, problems, today };
    struct level form = { definition->fields, definition->field_count, NULL, 0 };
    struct form_reader reader = { (const unsigned char *)bytes.at,
                                  (const unsigned char *)bytes.at + bytes.bytes };

    problems->count = problems->total = 0;
    if (bytes.bytes > FORM_BYTES_MAX) {
        return bl_error_set(e, BL_TOO_LARGE, "form of %zu bytes; at most %zu", bytes.bytes,
                            FORM_BYTES_MAX);
    }
    if (!check_level(&checker, &form, reader, values)) {
        return bl_error_set(e, BL_MALFORMED, "form is no google.protobuf.Struct");
    }
    return problems->total == 0 ? BL_OK : BL_INVALID;
}

/* --- conditions ------------------------------------------------------------------------------ */

static bool scope_get(void *context, size_t slot, struct cel_value *value)
{
    const struct form_scope *scope = context;
    size_t field_count = scope->definition->field_count;

    if (slot < field_count) {
        const struct form_value *field = &scope->values[slot];

        if (field->present) {
            *value = field->value;
        }
        return field->present;
    }
    if (scope->result == NULL) {
        return false;
    }
    *value = (struct cel_value){
        .type = CEL_STRING,
        .string = scope->result(scope->context, (uint32_t)(slot - field_count)),
    };
    return value->string.bytes != 0;
}

struct cel_scope form_scope(struct form_scope *scope)
{
    return (struct cel_scope){ scope_get, scope };
}

enum bl_err form_holds(const struct cel *when, struct form_scope *scope, struct bl_arena *scratch,
                       bool *holds, struct bl_error *e)
{
    struct cel_scope cel_scope = form_scope(scope);
    struct cel_value value;
    enum bl_err err;

    if (when == NULL) {
        *holds = true;
        return BL_OK;
    }
    err = cel_eval(when, &cel_scope, scratch, &value, e);
    if (err != BL_OK) {
        return err;
    }
    if (value.type != CEL_BOOL) {
        return bl_error_set(e, BL_INVALID, "the condition gives %s and not true or false",
                            cel_type_name(value.type));
    }
    *holds = value.boolean;
    return BL_OK;
}
