/* What must hold of a compiled workflow as a whole. */
#include <string.h>

#include "definition/compile.h"
#include "schema/reflect.h"

/* Silence never grants what is about safety. */
static void check_safety(struct compiler *compiler, const struct definition_item *item)
{
    if (item->safety && item->tacit) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-SAFETY",
                   report_path(&compiler->report, "items.%s.on_overdue", item->id),
                   "item %s is about safety and cannot be granted by silence; write action: "
                   "escalate",
                   item->id);
    }
}

/* A count over branches of which some may not be needed might not be reached. */
static void check_count(struct compiler *compiler, const char *path,
                        const struct definition_join *join)
{
    size_t certain = 0;

    for (size_t i = 0; i < join->branch_count; i++) {
        certain += compiler->items[join->branches[i]].source->when[0] == '\0';
    }
    if (join->kind == JOIN_COUNT && join->need > certain) {
        report_add(&compiler->report, SCHEMA_WARNING, "E-JOIN", path,
                   "the join needs %u items and only %zu of them are always needed; it fails where "
                   "conditions leave out the others",
                   join->need, certain);
    }
}

/* --- what nobody reads ----------------------------------------------------------------------- */

static void check_use(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;
    struct report *report = &compiler->report;
    const Bl__Workflow *source = compiler->source;

    for (size_t s = 0; s < source->n_form; s++) {
        for (size_t i = 0; i < source->form[s]->n_fields; i++) {
            const char *name = source->form[s]->fields[i]->key;
            int index = definition_field_find(definition, bl_text_of(name));

            if (index >= 0 && !compiler->field_used[index]) {
                report_add(report, SCHEMA_WARNING, "E-UNUSED",
                           report_path(report, "form[%zu].fields.%s", s, name),
                           "no item sees field %s and no condition asks for it; add it to the "
                           "fields of an item or remove it",
                           name);
            }
        }
    }
    for (size_t i = 0; i < definition->material_count; i++) {
        if (!compiler->material_used[i]) {
            report_add(report, SCHEMA_WARNING, "E-UNUSED",
                       report_path(report, "materials.%s", definition->materials[i].id),
                       "no item asks for material %s; add it to the materials of an item or remove "
                       "it: 行政许可法 第三十一条",
                       definition->materials[i].id);
        }
    }
    for (size_t i = 0; i < definition->special_count; i++) {
        if (!compiler->special_used[i]) {
            report_add(report, SCHEMA_WARNING, "E-UNUSED",
                       report_path(report, "special.%s", definition->special[i].id),
                       "no item may be stopped by %s; add it to special of an item or remove it",
                       definition->special[i].id);
        }
    }
}

/* --- both languages -------------------------------------------------------------------------- */

struct missing {
    size_t count;
    const char *first;  // its path
};

static void find_missing(struct report *report, const ProtobufCMessage *message, const char *path,
                         struct missing *missing);

/* Goes into one element of a field of messages. */
static void enter_element(struct report *report, const ProtobufCMessage *message,
                          const ProtobufCFieldDescriptor *field, size_t index, const char *path,
                          struct missing *missing)
{
    const ProtobufCMessage *child =
        *(const ProtobufCMessage *const *)reflect_at(message, field, index);
    const ProtobufCMessageDescriptor *type = field->descriptor;
    const char *dot = path[0] == '\0' ? "" : ".";

    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        path = report_path(report, "%s%s%s", path, dot, field->name);
    } else if (type->n_fields == 2 && strcmp(type->fields[0].name, "key") == 0) {
        const char *const *key = reflect_single(child, &type->fields[0]);

        path = report_path(report, "%s%s%s.%s", path, dot, field->name, *key);
        child = *(const ProtobufCMessage *const *)reflect_single(child, &type->fields[1]);
    } else {
        path = report_path(report, "%s%s%s[%zu]", path, dot, field->name, index);
    }
    if (child != NULL) {
        find_missing(report, child, path, missing);
    }
}

/* Texts and options with Chinese and no English, anywhere in the message. */
static void find_missing(struct report *report, const ProtobufCMessage *message, const char *path,
                         struct missing *missing)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *zh = "", *en = "x";

    if (type == &bl__text__descriptor) {
        zh = ((const Bl__Text *)message)->zh;
        en = ((const Bl__Text *)message)->en;
    } else if (type == &bl__option__descriptor) {
        zh = ((const Bl__Option *)message)->zh;
        en = ((const Bl__Option *)message)->en;
    }
    if (zh[0] != '\0' && en[0] == '\0' && missing->count++ == 0) {
        missing->first = path;
    }
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            size_t count = reflect_count(message, &type->fields[i]);

            for (size_t k = 0; k < count; k++) {
                enter_element(report, message, &type->fields[i], k, path, missing);
            }
        }
    }
}

/* One warning for the file: a hall that has no English yet knows it. */
static void check_languages(struct report *report)
{
    struct missing missing = { 0 };

    find_missing(report, report->root, "", &missing);
    if (missing.count > 0) {
        report_add(report, SCHEMA_WARNING, "E-LANGUAGE", missing.first,
                   "%zu text%s no English, the first here; write {zh: …, en: …}", missing.count,
                   missing.count == 1 ? " has" : "s have");
    }
}

/* --- all ------------------------------------------------------------------------------------- */

static void check_context(struct compiler *compiler)
{
    if (compiler->context->departments == NULL) {
        report_add(&compiler->report, SCHEMA_WARNING, "E-CONTEXT", "items",
                   "there is no departments.yaml: departments, posts and roles are taken as "
                   "written");
    }
    if (compiler->context->calendars == NULL) {
        report_add(&compiler->report, SCHEMA_WARNING, "E-CONTEXT", "calendar",
                   "there are no calendars: the calendar's name is taken as written");
    }
}

void check_workflow(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;

    check_context(compiler);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        check_safety(compiler, item);
        check_count(compiler, report_path(&compiler->report, "items.%s.needs", item->id),
                    &item->needs);
    }
    check_count(compiler, "join", &definition->join);
    check_conditions(compiler);
    check_time(compiler);
    check_course(compiler);
    check_publicity(compiler);
    if (compiler->report.problems->error_count == compiler->report.errors_before) {
        /* Beside errors these would only follow from them. */
        check_use(compiler);
        check_languages(&compiler->report);
    }
}
