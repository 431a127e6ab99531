/* The one form: fields with their types, bounds and options. */
#include <math.h>
#include <string.h>

#include "definition/compile.h"

/* What a type may say besides its name, and what conditions see of it. */
static const struct field_type {
    const char *name;
    enum cel_type cel, element;
    bool bounded;  // min and max mean something
    bool options;
    bool columns;
} field_types[] = {
    // clang-format off
    [BL__FIELD_DEFINITION__TYPE__TEXT]      = { "text",      CEL_STRING, 0,          true,  false, false },
    [BL__FIELD_DEFINITION__TYPE__LONG_TEXT] = { "long_text", CEL_STRING, 0,          true,  false, false },
    [BL__FIELD_DEFINITION__TYPE__NUMBER]    = { "number",    CEL_DOUBLE, 0,          true,  false, false },
    [BL__FIELD_DEFINITION__TYPE__INTEGER]   = { "integer",   CEL_INT,    0,          true,  false, false },
    [BL__FIELD_DEFINITION__TYPE__MONEY]     = { "money",     CEL_DOUBLE, 0,          true,  false, false },
    [BL__FIELD_DEFINITION__TYPE__DATE]      = { "date",      CEL_STRING, 0,          false, false, false },
    [BL__FIELD_DEFINITION__TYPE__YES_NO]    = { "yes_no",    CEL_BOOL,   0,          false, false, false },
    [BL__FIELD_DEFINITION__TYPE__CHOICE]    = { "choice",    CEL_STRING, 0,          false, true,  false },
    [BL__FIELD_DEFINITION__TYPE__CHOICES]   = { "choices",   CEL_LIST,   CEL_STRING, true,  true,  false },
    [BL__FIELD_DEFINITION__TYPE__PHONE]     = { "phone",     CEL_STRING, 0,          false, false, false },
    [BL__FIELD_DEFINITION__TYPE__EMAIL]     = { "email",     CEL_STRING, 0,          true,  false, false },
    [BL__FIELD_DEFINITION__TYPE__CN_ID]     = { "cn_id",     CEL_STRING, 0,          false, false, false },
    [BL__FIELD_DEFINITION__TYPE__USCC]      = { "uscc",      CEL_STRING, 0,          false, false, false },
    [BL__FIELD_DEFINITION__TYPE__ADDRESS]   = { "address",   CEL_STRING, 0,          true,  false, false },
    [BL__FIELD_DEFINITION__TYPE__TABLE]     = { "table",     CEL_LIST,   CEL_MAP,    true,  false, true  },
    // clang-format on
};

/* Bounds that no answer could keep, or that the type does not have. */
static void check_bounds(struct compiler *compiler, const char *path, const struct field_type *type,
                         const struct definition_field *field)
{
    struct report *report = &compiler->report;

    if (!type->bounded && (field->has_min || field->has_max)) {
        report_add(report, SCHEMA_ERROR, "E-FIELD",
                   report_path(report, "%s.%s", path, field->has_min ? "min" : "max"),
                   "a field of type %s has no min and max; remove it", type->name);
    } else if (field->has_min && field->has_max && field->min > field->max) {
        report_add(report, SCHEMA_ERROR, "E-FIELD", report_path(report, "%s.min", path),
                   "min %g is greater than max %g; exchange them", field->min, field->max);
    } else if (field->has_max && type->cel != CEL_DOUBLE && type->cel != CEL_INT &&
               field->max < 1) {
        report_add(report, SCHEMA_ERROR, "E-FIELD", report_path(report, "%s.max", path),
                   "max %g leaves no answer; write 1 or more", field->max);
    }
}

static void compile_options(struct compiler *compiler, const char *path,
                            const struct field_type *type, struct definition_field *field)
{
    const Bl__FieldDefinition *source = field->source;
    const char **options = bl_arena_array(compiler->arena, const char *, source->n_options);
    struct names names = names_new(compiler->report.scratch, source->n_options);
    struct report *report = &compiler->report;

    if (type->options != (source->n_options > 0)) {
        report_add(report, SCHEMA_ERROR, "E-FIELD", path,
                   type->options ? "a field of type %s needs options; write options: [a, b]"
                                 : "a field of type %s has no options; remove them or write "
                                   "type: choice",
                   type->name);
    }
    for (size_t i = 0; i < source->n_options; i++) {
        const Bl__Option *option = source->options[i];

        options[i] = option->value[0] != '\0' ? option->value : option->zh;
        if (names_add(&names, options[i], 0) >= 0) {
            report_add(report, SCHEMA_ERROR, "E-TWICE",
                       report_path(report, "%s.options[%zu]", path, i),
                       "option \"%s\" is there twice; remove one", options[i]);
        }
    }
    field->options = options;
    field->option_count = source->n_options;
}

static void compile_columns(struct compiler *compiler, const char *path,
                            const struct field_type *type, struct definition_field *field);

static void compile_field(struct compiler *compiler, const char *path, const char *name,
                          const Bl__FieldDefinition *source, struct definition_field *field)
{
    const struct field_type *type = &field_types[source->type];

    *field = (struct definition_field){
        .name = name,
        .index = field->index,
        .name_bytes = (uint32_t)strlen(name),
        .type = source->type,
        .required = source->required,
        .sensitive = source->sensitive,
        .has_min = source->least_case == BL__FIELD_DEFINITION__LEAST_MIN,
        .has_max = source->most_case == BL__FIELD_DEFINITION__MOST_MAX,
        .min = source->least_case == BL__FIELD_DEFINITION__LEAST_MIN ? source->min : 0,
        .max = source->most_case == BL__FIELD_DEFINITION__MOST_MAX ? source->max : 0,
        .source = source,
    };
    (void)compile_id(&compiler->report, path, "field", name, false);
    if (type->name == NULL) {
        return;  // no type, or none that we know: said already
    }
    check_bounds(compiler, path, type, field);
    compile_options(compiler, path, type, field);
    compile_columns(compiler, path, type, field);
}

static void compile_columns(struct compiler *compiler, const char *path,
                            const struct field_type *type, struct definition_field *field)
{
    const Bl__FieldDefinition *source = field->source;
    struct definition_field *columns =
        bl_arena_array(compiler->arena, struct definition_field, source->n_columns);
    struct report *report = &compiler->report;

    if (type->columns != (source->n_columns > 0)) {
        report_add(report, SCHEMA_ERROR, "E-FIELD", path,
                   type->columns ? "a field of type %s needs columns; write columns: {name: …}"
                                 : "a field of type %s has no columns; remove them or write "
                                   "type: table",
                   type->name);
    }
    for (size_t i = 0; i < source->n_columns; i++) {
        const Bl__FieldDefinition__ColumnsEntry *entry = source->columns[i];
        const char *at = report_path(report, "%s.columns.%s", path, entry->key);

        columns[i].index = (uint32_t)i;
        if (entry->value == NULL) {
            continue;
        }
        if (entry->value->type == BL__FIELD_DEFINITION__TYPE__TABLE) {
            report_add(report, SCHEMA_ERROR, "E-FIELD", at,
                       "a table cannot have a table inside; write its columns as fields");
            continue;
        }
        compile_field(compiler, at, entry->key, entry->value, &columns[i]);
    }
    field->columns = columns;
    field->column_count = source->n_columns;
}

static struct cel_variable variable_of(struct compiler *compiler,
                                       const struct definition_field *field)
{
    const struct field_type *type = &field_types[field->type];

    return (struct cel_variable){
        .name = bl_arena_printf(compiler->arena, "form.%s", field->name),
        .type = type->cel,
        .element = type->element,
        .options = field->options,
        .option_count = field->option_count,
    };
}

void compile_form(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct definition_index *index = (struct definition_index *)compiler->definition->index;
    struct report *report = &compiler->report;
    uint32_t count = 0;

    for (size_t s = 0; s < source->n_form; s++) {
        const Bl__Section *section = source->form[s];

        for (size_t i = 0; i < section->n_fields; i++) {
            const Bl__Section__FieldsEntry *entry = section->fields[i];
            const char *path = report_path(report, "form[%zu].fields.%s", s, entry->key);

            if (entry->value == NULL) {
                continue;
            }
            if (names_add(&index->fields, entry->key, count) >= 0) {
                report_add(report, SCHEMA_ERROR, "E-TWICE", path,
                           "field \"%s\" stands in another section already; give it another name",
                           entry->key);
                continue;
            }
            compiler->fields[count].index = count;
            compile_field(compiler, path, entry->key, entry->value, &compiler->fields[count]);
            compiler->variables[count] = variable_of(compiler, &compiler->fields[count]);
            count++;
        }
    }
    compiler->definition->fields = compiler->fields;
    compiler->definition->field_count = count;
    compiler->variable_count = count;
}
