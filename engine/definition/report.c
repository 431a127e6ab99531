#include "definition/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "schema/reflect.h"

#define NEAR_EDITS_MAX 2  // further apart it is another word

/* What a path leads to: a field of a message, or an element of it. */
struct target {
    const ProtobufCMessage *message;
    const char *field;
    size_t element;
    bool keyed;  // a mapping or an entry of one: its key is the better place
};

/* Takes the next part off a path: a key, or what stands between brackets. */
static bool next_part(const char **path, struct bl_text *part)
{
    const char *at = *path;

    at += *at == ']';
    at += *at == '.' || *at == '[';
    *part = (struct bl_text){ at, strcspn(at, ".[]") };
    *path = at + part->bytes;
    return part->bytes > 0;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message,
                                                struct bl_text name)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        if (bl_text_is(name, message->descriptor->fields[i].name)) {
            return &message->descriptor->fields[i];
        }
    }
    return NULL;
}

static const ProtobufCMessage *message_at(const ProtobufCMessage *message,
                                          const ProtobufCFieldDescriptor *field, size_t element)
{
    return *(const ProtobufCMessage *const *)reflect_at(message, field, element);
}

/* Is the field a map? Its entries are a key and a value. */
static bool is_map(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;

    return field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE &&
           entry->n_fields == 2 && strcmp(entry->fields[0].name, "key") == 0;
}

/* The element of a map or list that a part names; as many as there are if there is none. */
static size_t element_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                         struct bl_text part)
{
    size_t count = reflect_count(message, field), index = strtoul(part.at, NULL, 10);

    if (!is_map(field)) {
        return index < count ? index : count;
    }
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *entry = message_at(message, field, i);
        const char *const *key = reflect_single(entry, &entry->descriptor->fields[0]);

        if (bl_text_is(part, *key)) {
            return i;
        }
    }
    return count;
}

/* The message inside the target, to go on from; NULL if it is a scalar or absent. */
static const ProtobufCMessage *enter(const struct target *target,
                                     const ProtobufCFieldDescriptor *field)
{
    size_t element = target->element == YAML_WHOLE ? 0 : target->element;
    const ProtobufCMessage *message;

    if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
        reflect_count(target->message, field) <= element) {
        return NULL;
    }
    message = message_at(target->message, field, element);
    return is_map(field) ? message_at(message, &message->descriptor->fields[1], 0) : message;
}

static struct target target_of(const ProtobufCMessage *root, const char *path)
{
    struct target target = { root, NULL, YAML_WHOLE, true };
    const ProtobufCMessage *message = root;
    struct bl_text part;

    while (message != NULL && next_part(&path, &part)) {
        const ProtobufCFieldDescriptor *field = field_of(message, part);
        bool mapping;

        if (field == NULL) {
            return target;
        }
        mapping = field->type == PROTOBUF_C_TYPE_MESSAGE;
        target = (struct target){ message, field->name, YAML_WHOLE, mapping };
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t element;

            if (!next_part(&path, &part)) {
                return target;
            }
            element = element_of(message, field, part);
            if (element == reflect_count(message, field)) {
                return target;
            }
            target.element = element;
            target.keyed = is_map(field);
        }
        message = enter(&target, field);
    }
    return target;
}

static struct yaml_position place_of(const struct report *report, const char *path)
{
    struct target target = target_of(report->root, path);

    if (target.keyed && target.field != NULL) {
        return yaml_key_position(report->document, target.message, target.field, target.element);
    }
    return yaml_position(report->document, target.message, target.field, target.element);
}

__attribute__((format(printf, 2, 0))) static const char *
text_of(struct report *report, const char *format, va_list arguments)
{
    char *text = NULL;
    const char *copy;

    CHECK(vasprintf(&text, format, arguments) >= 0);
    copy = bl_arena_string(report->scratch, text);
    free(text);
    return copy;
}

const char *report_path(struct report *report, const char *format, ...)
{
    va_list arguments;
    const char *path;

    va_start(arguments, format);
    path = text_of(report, format, arguments);
    va_end(arguments);
    return path;
}

void report_add(struct report *report, enum schema_severity severity, const char *code,
                const char *path, const char *format, ...)
{
    struct yaml_position place = place_of(report, path);
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = text_of(report, format, arguments);
    va_end(arguments);
    schema_problem_add(report->problems, severity, code, report->file, place.line, place.column,
                       path, "%s", text);
}

/* The text of the file from a place on; empty past its end. */
static struct bl_text text_at(struct bl_text source, struct yaml_position place)
{
    const char *at = source.at, *end = source.at + source.bytes;

    for (uint32_t line = 1; line < place.line && at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        at = newline == NULL ? end : newline + 1;
    }
    for (uint32_t column = 1; column < place.column && at < end; column++) {
        do {
            at++;
        } while (at < end && ((unsigned char)*at & 0xC0) == 0x80);
    }
    return (struct bl_text){ at, (size_t)(end - at) };
}

/* The bytes of the first `count` characters. */
static size_t leading_bytes(const char *text, uint32_t count)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < count && text[bytes] != '\0'; i++) {
        do {
            bytes++;
        } while (((unsigned char)text[bytes] & 0xC0) == 0x80);
    }
    return bytes;
}

/* How many columns from the beginning of a scalar to an error in its text: known if the file has
 * the text there as it is, not folded over lines and without escapes before the error. */
static uint32_t columns_inside(const struct report *report, struct yaml_position place,
                               const char *text, const struct bl_error *e)
{
    struct bl_text rest = text_at(report->source, place);
    uint32_t quote = rest.bytes > 0 && (*rest.at == '"' || *rest.at == '\'');
    uint32_t before = e->column > 0 ? e->column - 1 : 0;
    size_t bytes = leading_bytes(text, before);

    if (e->line > 1 || rest.bytes < bytes + quote || memcmp(rest.at + quote, text, bytes) != 0) {
        return 0;
    }
    return before + quote;
}

void report_add_inside(struct report *report, const char *code, const char *path, const char *text,
                       const struct bl_error *e)
{
    struct yaml_position place = place_of(report, path);

    if (place.line > 0) {
        place.column += columns_inside(report, place, text, e);
    }
    schema_problem_add(report->problems, SCHEMA_ERROR, code, report->file, place.line, place.column,
                       path, "%s", e->text);
}

void report_unknown(struct report *report, const char *path, const char *kind, const char *name,
                    const char *const *names, size_t count)
{
    uint32_t nearest = NEAR_EDITS_MAX + 1;
    const char *meant = NULL;

    for (size_t i = 0; i < count; i++) {
        uint32_t distance = bl_text_distance(name, names[i], NEAR_EDITS_MAX);

        if (distance < nearest) {
            nearest = distance;
            meant = names[i];
        }
    }
    if (meant != NULL) {
        report_add(report, SCHEMA_ERROR, "E-REFERENCE", path,
                   "there is no %s \"%s\"; did you mean \"%s\"?", kind, name, meant);
    } else {
        report_add(report, SCHEMA_ERROR, "E-REFERENCE", path,
                   "there is no %s \"%s\"; add it or correct the name", kind, name);
    }
}
