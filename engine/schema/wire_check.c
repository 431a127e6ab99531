#include "schema/wire_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define PATH_BYTES_MAX 192
/* Of a tag or a length: protobuf-c reads no more, zeros that only fill up included. */
#define SHORT_VARINT_BYTES_MAX 5

struct walk {
    const ProtobufCFieldDescriptor *path[WIRE_DEPTH_MAX];  // the field that each level is at
    uint32_t depth;     // levels entered; kept where a problem was found
    uint32_t elements;  // how many may still come
    uint32_t unknown;   // number of the unknown field, or 0
};

/* What is left of the message at hand. */
struct span {
    const uint8_t *at, *end;
};

/* The functions below return NULL, or what is wrong. */
static const char *check_message(struct walk *walk, const struct schema_type *type,
                                 struct span span);

static __attribute__((noinline)) bool take_long_varint(struct span *span, uint64_t *value)
{
    uint64_t result = 0;
    const uint8_t *at = span->at;

    for (unsigned shift = 0; shift < 64 && at < span->end; shift += 7) {
        uint64_t byte = *at++;

        if (shift == 63 && byte > 1) {
            return false;
        }
        result |= (byte & 0x7F) << shift;
        if (byte < 0x80) {
            span->at = at;
            *value = result;
            return true;
        }
    }
    return false;
}

/* Nearly all tags and lengths are one byte. */
static inline bool take_varint(struct span *span, uint64_t *value)
{
    if (span->at < span->end && *span->at < 0x80) {
        *value = *span->at++;
        return true;
    }
    return take_long_varint(span, value);
}

static inline bool take_bytes(struct span *span, struct span *taken)
{
    const uint8_t *begin = span->at;
    uint64_t length;

    if (!take_varint(span, &length) || span->at - begin > SHORT_VARINT_BYTES_MAX ||
        length > (uint64_t)(span->end - span->at)) {
        return false;
    }
    *taken = (struct span){ span->at, span->at + length };
    span->at += length;
    return true;
}

static const char *check_varint(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    int64_t number;

    memcpy(&number, &value, sizeof number);
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return value <= 1 ? NULL : "not a bool";
    case PROTOBUF_C_TYPE_ENUM:
        return number >= INT32_MIN && number <= INT32_MAX &&
                       protobuf_c_enum_descriptor_get_value(field->descriptor, (int)number) != NULL
                   ? NULL
                   : "unknown enum value";
    case PROTOBUF_C_TYPE_INT32:
        return number >= INT32_MIN && number <= INT32_MAX ? NULL : "number out of range";
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
        return value <= UINT32_MAX ? NULL : "number out of range";
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return NULL;
}

static const char *check_text(const struct schema_field *rule, struct span text)
{
    const char *at = (const char *)text.at;
    size_t bytes = (size_t)(text.end - text.at);

    if (!bl_text_is_valid(at, bytes)) {
        return "not UTF-8, or a NUL";
    }
    if ((double)bytes > rule->max && (double)bl_text_characters(at, bytes) > rule->max) {
        return "text too long";
    }
    return NULL;
}

/* One value of a scalar type, alone or in a packed list. */
static const char *check_scalar(const struct schema_type *type,
                                const ProtobufCFieldDescriptor *field, uint32_t wire,
                                struct span *span)
{
    size_t width = wire == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
    uint64_t value;
    double number;

    if (wire == PROTOBUF_C_WIRE_TYPE_VARINT) {
        return take_varint(span, &value) ? check_varint(field, value) : "cut short";
    }
    if ((size_t)(span->end - span->at) < width) {
        return "cut short";
    }
    if (type->form == SCHEMA_VALUE) {
        memcpy(&number, span->at, sizeof number);  // number_value: all the fixed ones in a Value
        if (!isfinite(number)) {
            return "not a finite number";
        }
    }
    span->at += width;
    return NULL;
}

static const char *check_packed(struct walk *walk, const struct schema_type *type,
                                const ProtobufCFieldDescriptor *field, uint32_t wire,
                                struct span packed, uint32_t *count)
{
    while (packed.at < packed.end) {
        const char *problem = check_scalar(type, field, wire, &packed);

        if (problem != NULL) {
            return problem;
        }
        if (walk->elements-- == 0) {
            return "too many elements";
        }
        ++*count;
    }
    return NULL;
}

static const char *check_bytes(struct walk *walk, const ProtobufCFieldDescriptor *field,
                               const struct schema_field *rule, struct span taken)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return check_text(rule, taken);
    }
    return rule->type == NULL ? NULL : check_message(walk, rule->type, taken);
}

static const uint8_t wire_types[] = {
    [PROTOBUF_C_TYPE_INT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SFIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_INT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SFIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_UINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_FIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_UINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_FIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_FLOAT] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_DOUBLE] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_BOOL] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_ENUM] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_STRING] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    [PROTOBUF_C_TYPE_BYTES] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    [PROTOBUF_C_TYPE_MESSAGE] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
};

/* The value after a tag with this wire type. `count` is how many elements the field has then. */
static const char *check_field(struct walk *walk, const struct schema_type *type, uint32_t index,
                               uint32_t wire, struct span *span, uint32_t *count)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    uint32_t expected = wire_types[field->type];
    struct span taken;

    if (walk->elements-- == 0) {
        return "too many elements";
    }
    if (wire == expected && wire != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
        ++*count;
        return check_scalar(type, field, wire, span);
    }
    if (wire != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED ||
        (wire != expected && field->label != PROTOBUF_C_LABEL_REPEATED)) {
        return "wrong wire type";
    }
    if (!take_bytes(span, &taken)) {
        return "longer than what holds it";
    }
    if (wire != expected) {
        return check_packed(walk, type, field, expected, taken, count);
    }
    ++*count;
    return check_bytes(walk, field, &type->fields[index], taken);
}

/* What must be there at the end of a message for our code to rely on it. */
static const char *check_whole(const struct schema_type *type, const struct schema_set *seen)
{
    if (type->form == SCHEMA_VALUE && seen->words[0] == 0) {
        return "a value of no kind";
    }
    if (type->form == SCHEMA_MAP_ENTRY && !schema_set_has(seen, 1) &&
        type->message->fields[1].type == PROTOBUF_C_TYPE_MESSAGE) {
        return "an entry without a value";
    }
    return NULL;
}

static const char *check_fields(struct walk *walk, const struct schema_type *type, struct span span)
{
    const ProtobufCFieldDescriptor **here = &walk->path[walk->depth - 1];
    uint32_t counts[SCHEMA_COUNTERS_MAX + 1] = { 0 };  // the first for all without a bound
    struct schema_set seen = { { 0 } };
    uint64_t tag;

    while (span.at < span.end) {
        *here = NULL;
        const uint8_t *begin = span.at;

        if (!take_varint(&span, &tag)) {
            return "cut short";
        }
        uint64_t id = tag >> 3;
        if (id == 0 || id > type->id_max || type->by_id[id] == 0) {
            walk->unknown = id > UINT32_MAX ? UINT32_MAX : (uint32_t)id;
            return "unknown field";
        }
        if (span.at - begin > SHORT_VARINT_BYTES_MAX) {
            return "longer than a tag";
        }
        uint32_t index = type->by_id[id] - 1u;
        const struct schema_field *rule = &type->fields[index];
        uint32_t *count = &counts[rule->counter];
        *here = &type->message->fields[index];
        if (schema_set_has(&seen, index) && (*here)->label != PROTOBUF_C_LABEL_REPEATED) {
            return "there twice";
        }
        schema_set_add(&seen, index);
        const char *problem = check_field(walk, type, index, tag & 7, &span, count);
        if (problem != NULL) {
            return problem;
        }
        if (rule->counter > 0 && *count > rule->max_items) {
            return "too many elements";
        }
    }
    *here = NULL;
    return check_whole(type, &seen);
}

static const char *check_message(struct walk *walk, const struct schema_type *type,
                                 struct span span)
{
    if (walk->depth == WIRE_DEPTH_MAX) {
        return "nested too deep";
    }
    walk->depth++;
    const char *problem = check_fields(walk, type, span);
    if (problem == NULL) {
        walk->depth--;
    }
    return problem;
}

static enum bl_err report(const struct walk *walk, const char *problem, struct bl_error *e)
{
    char path[PATH_BYTES_MAX] = "";
    size_t n = 0;

    for (uint32_t i = 0; i < walk->depth && walk->path[i] != NULL; i++) {
        int more =
            snprintf(path + n, sizeof path - n, "%s%s", i > 0 ? "." : "", walk->path[i]->name);

        n += (size_t)more;
        if (n >= sizeof path) {
            break;
        }
    }
    if (walk->unknown > 0) {
        return bl_error_set(e, BL_MALFORMED, "%s%s%s %" PRIu32, path, n > 0 ? ": " : "", problem,
                            walk->unknown);
    }
    return bl_error_set(e, BL_MALFORMED, "%s%s%s", path, n > 0 ? ": " : "", problem);
}

enum bl_err wire_check_type(const struct schema_type *type, const void *bytes, size_t size,
                            struct bl_error *e)
{
    static const uint8_t nothing[1];
    const uint8_t *at = size == 0 ? nothing : bytes;
    struct walk walk;

    /* Not cleared as a whole: only levels that were entered are read. */
    walk.depth = 0;
    walk.elements = WIRE_ELEMENTS_MAX;
    walk.unknown = 0;
    const char *problem = check_message(&walk, type, (struct span){ at, at + size });
    return problem == NULL ? BL_OK : report(&walk, problem, e);
}

enum bl_err wire_check(const ProtobufCMessageDescriptor *message, const void *bytes, size_t size,
                       struct bl_error *e)
{
    return wire_check_type(schema_type_of(message), bytes, size, e);
}
