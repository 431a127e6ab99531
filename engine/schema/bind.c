#include "schema/bind.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sodium.h>

#include "base/time.h"
#include "google/protobuf/struct.pb-c.h"
#include "schema/json.h"
#include "schema/reflect.h"

#define NUMBER_BYTES_MAX 40  // longer texts are no numbers of ours
#define SHOWN_BYTES_MAX 40   // of a wrong value in a message
#define POINTER_BYTES_MAX 512
#define PATTERN_STEPS_MAX 100000              // of PCRE2 on one text
#define EXACT_INTEGER_MAX 9007199254740992.0  // 2^53: beyond it doubles leave whole numbers out

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Struct__FieldsEntry StructEntry;
typedef Google__Protobuf__Value Value;
typedef Google__Protobuf__ListValue List;

/* Where we are: from a value up to the root. */
struct frame {
    const struct frame *up;
    const struct tree *node;
    struct bl_text name;  // field or key; empty at the root and for elements of lists
    uint32_t index;       // of an element
    bool element;         // of a list
    bool key;             // `name` is a key of a map, not a field
};

/* --- problems -----------------------------------------------------------------------------------
 */

static size_t put_pointer(char *to, size_t size, const struct frame *frame)
{
    size_t n = frame->up == NULL ? 0 : put_pointer(to, size, frame->up);
    int more = 0;

    if (frame->up == NULL) {
        to[0] = '\0';
    } else if (frame->element) {
        more = snprintf(to + n, size - n, "[%" PRIu32 "]", frame->index);
    } else {
        more = snprintf(to + n, size - n, "%s%.*s", n > 0 ? "." : "", (int)frame->name.bytes,
                        frame->name.at);
    }
    n += (size_t)more;
    return n < size ? n : size - 1;
}

/* Adds a problem at the value of `frame`, or with `at_key` at its key. */
__attribute__((format(printf, 5, 6))) static void problem(struct bind *bind,
                                                          const struct frame *frame, bool at_key,
                                                          const char *code, const char *format, ...)
{
    const struct tree *node = frame->node;
    char pointer[POINTER_BYTES_MAX], *text = NULL;
    va_list arguments;

    /* A value that is not there has no place; its key has. */
    if (node->kind == TREE_PLAIN && node->text.bytes == 0) {
        at_key = true;
    }
    at_key = at_key && node->key_line > 0;
    pointer[bl_text_cut(pointer, put_pointer(pointer, sizeof pointer, frame))] = '\0';
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    schema_problem_add(bind->problems, SCHEMA_ERROR, code, bind->file,
                       at_key ? node->key_line : node->line,
                       at_key ? node->key_column : node->column, pointer, "%s", text);
    free(text);
}

/* " in item fire_check": what holds the key, in the words of the file; empty at the root. */
static const char *holder(struct bind *bind, const struct frame *frame)
{
    const struct frame *up = frame->up;

    if (up == NULL) {
        return "";
    }
    if (!frame->key && !frame->element) {
        return bl_arena_printf(bind->arena, " in %.*s", (int)frame->name.bytes, frame->name.at);
    }
    int noun = (int)up->name.bytes;
    if (noun > 1 && up->name.at[noun - 1] == 's') {
        noun--;  // items → item
    }
    if (frame->element) {
        return bl_arena_printf(bind->arena, " in %.*s %" PRIu32, noun, up->name.at,
                               frame->index + 1);
    }
    return bl_arena_printf(bind->arena, " in %.*s %.*s", noun, up->name.at, (int)frame->name.bytes,
                           frame->name.at);
}

/* What a node is, for "found …". */
static const char *found(struct bind *bind, const struct tree *node)
{
    size_t bytes = node->text.bytes;
    const char *more = "";

    if (node->kind == TREE_LIST) {
        return "a list";
    }
    if (node->kind == TREE_MAP) {
        return "a mapping";
    }
    if (bytes == 0) {
        return "nothing";
    }
    if (bytes > SHOWN_BYTES_MAX) {
        bytes = bl_text_cut(node->text.at, SHOWN_BYTES_MAX);
        more = "…";
    }
    return bl_arena_printf(bind->arena, "\"%.*s%s\"", (int)bytes, node->text.at, more);
}

static void wrong_type(struct bind *bind, const struct frame *frame, const char *expected)
{
    if (frame->node->kind == TREE_PLAIN && frame->node->text.bytes == 0) {
        problem(bind, frame, true, "E-TYPE", "no value; write %s, or remove the key", expected);
        return;
    }
    problem(bind, frame, false, "E-TYPE", "expected %s, found %s", expected,
            found(bind, frame->node));
}

/* How far from each other two names may be to be meant for one another: a slip of the keys in a
 * short one (titel, title), more in a long one. */
static uint32_t near(const char *name)
{
    size_t bytes = strlen(name);

    return bytes < 4 ? 1 : bytes < 9 ? 2 : 3;
}

/* --- scalars ------------------------------------------------------------------------------------
 */

/* Copies a scalar that may be a number or the like; false if it is too long for one. */
static bool short_text(const struct tree *node, char text[NUMBER_BYTES_MAX])
{
    if (!tree_is_scalar(node) || node->text.bytes == 0 || node->text.bytes >= NUMBER_BYTES_MAX) {
        return false;
    }
    memcpy(text, node->text.at, node->text.bytes);
    text[node->text.bytes] = '\0';
    return true;
}

static const char *digits(const char *text)
{
    while (*text >= '0' && *text <= '9') {
        text++;
    }
    return text;
}

/* JSON's grammar of numbers: no plus sign, no leading zero, no bare point. */
static bool is_number(const char *text, bool *whole)
{
    const char *first = text + (*text == '-');
    const char *at = digits(first);

    if (at == first || (*first == '0' && at != first + 1)) {
        return false;
    }
    *whole = *at == '\0';
    if (*at == '.') {
        const char *fraction = at + 1;
        at = digits(fraction);
        if (at == fraction) {
            return false;
        }
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        const char *exponent = at;
        at = digits(exponent);
        if (at == exponent) {
            return false;
        }
    }
    return *at == '\0';
}

static bool is_integer(const char *text)
{
    bool whole = false;

    return is_number(text, &whole) && whole;
}

/* Does a value keep its rule's bounds? `what` is empty, or says what was counted. */
static bool in_bounds(struct bind *bind, const struct schema_field *rule, const struct frame *frame,
                      double value, const char *what)
{
    if (value < rule->min) {
        problem(bind, frame, false, "E-RANGE", "%.15g%s is less than %.15g", value, what,
                rule->min);
        return false;
    }
    if (value > rule->max) {
        problem(bind, frame, false, "E-RANGE", "%.15g%s is more than %.15g", value, what,
                rule->max);
        return false;
    }
    return true;
}

static bool bind_signed(struct bind *bind, const struct schema_field *rule, int64_t min,
                        int64_t max, const struct frame *frame, int64_t *value)
{
    char text[NUMBER_BYTES_MAX];

    if (!short_text(frame->node, text) || !is_integer(text)) {
        wrong_type(bind, frame, "a whole number");
        return false;
    }
    errno = 0;
    *value = strtoll(text, NULL, 10);
    if (errno != 0 || *value < min || *value > max) {
        problem(bind, frame, false, "E-RANGE", "%s is not between %" PRId64 " and %" PRId64, text,
                min, max);
        return false;
    }
    return in_bounds(bind, rule, frame, (double)*value, "");
}

static bool bind_unsigned(struct bind *bind, const struct schema_field *rule, uint64_t max,
                          const struct frame *frame, uint64_t *value)
{
    char text[NUMBER_BYTES_MAX];

    if (!short_text(frame->node, text) || !is_integer(text)) {
        wrong_type(bind, frame, "a whole number");
        return false;
    }
    errno = 0;
    *value = strtoull(text, NULL, 10);
    if (errno != 0 || text[0] == '-' || *value > max) {
        problem(bind, frame, false, "E-RANGE", "%s is not between 0 and %" PRIu64, text, max);
        return false;
    }
    return in_bounds(bind, rule, frame, (double)*value, "");
}

static bool bind_double(struct bind *bind, const struct schema_field *rule, double largest,
                        const struct frame *frame, double *value)
{
    static const struct {
        const char *name;
        double value;
    } specials[] = { { "NaN", NAN }, { "Infinity", INFINITY }, { "-Infinity", -INFINITY } };
    char text[NUMBER_BYTES_MAX];
    bool whole;

    for (size_t i = 0; frame->node->kind == TREE_TEXT && i < BL_COUNT(specials); i++) {
        if (bl_text_is(frame->node->text, specials[i].name)) {
            *value = specials[i].value;
            return in_bounds(bind, rule, frame, *value, "");
        }
    }
    if (!short_text(frame->node, text) || !is_number(text, &whole)) {
        wrong_type(bind, frame, "a number");
        return false;
    }
    *value = strtod(text, NULL);
    if (fabs(*value) > largest) {
        problem(bind, frame, false, "E-RANGE", "%s is too large", text);
        return false;
    }
    return in_bounds(bind, rule, frame, *value, "");
}

static bool bind_bool(struct bind *bind, const struct frame *frame, protobuf_c_boolean *value)
{
    const struct tree *node = frame->node;

    if (node->kind != TREE_PLAIN && node->kind != TREE_BOOL) {
        wrong_type(bind, frame, "true or false");
        return false;
    }
    *value = bl_text_is(node->text, "true");
    if (!*value && !bl_text_is(node->text, "false")) {
        wrong_type(bind, frame, "true or false");
        return false;
    }
    return true;
}

static char *lower(struct bl_arena *arena, const char *name)
{
    char *copy = bl_arena_string(arena, name);

    for (char *c = copy; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    return copy;
}

static void unknown_value(struct bind *bind, const struct frame *frame,
                          const ProtobufCEnumDescriptor *enumeration)
{
    const char *given = bl_arena_text(bind->arena, frame->node->text);
    const char *list = "", *best = NULL;
    uint32_t limit = near(given), distance = limit + 1;

    for (unsigned i = 0; i < enumeration->n_values; i++) {
        if (json_enum_is_unspecified(&enumeration->values[i])) {
            continue;
        }
        const char *name = lower(bind->arena, enumeration->values[i].name);
        uint32_t here = bl_text_distance(given, name, limit);
        list = bl_arena_printf(bind->arena, "%s%s%s", list, *list == '\0' ? "" : ", ", name);
        if (here < distance) {
            distance = here;
            best = name;
        }
    }
    if (best != NULL) {
        problem(bind, frame, false, "E-VALUE", "unknown value %s; did you mean \"%s\"?",
                found(bind, frame->node), best);
    } else {
        problem(bind, frame, false, "E-VALUE", "unknown value %s; write one of %s",
                found(bind, frame->node), list);
    }
}

static bool bind_enum(struct bind *bind, const struct frame *frame,
                      const ProtobufCEnumDescriptor *enumeration, int *value)
{
    const struct tree *node = frame->node;

    if ((node->kind != TREE_PLAIN && node->kind != TREE_TEXT) || node->text.bytes == 0) {
        wrong_type(bind, frame, "a word");
        return false;
    }
    for (unsigned i = 0; i < enumeration->n_values; i++) {
        const ProtobufCEnumValue *candidate = &enumeration->values[i];

        if (!json_enum_is_unspecified(candidate) &&
            bl_text_is(node->text, lower(bind->arena, candidate->name))) {
            *value = candidate->value;
            return true;
        }
    }
    unknown_value(bind, frame, enumeration);
    return false;
}

/* Does the whole text match? Patterns are ours, so one that does not compile is our mistake. */
static bool matches(const char *pattern, struct bl_text text)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code, &offset, NULL);
    CHECK(regex != NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);

    pcre2_set_match_limit(context, PATTERN_STEPS_MAX);
    int result = pcre2_match(regex, (PCRE2_SPTR)text.at, text.bytes, 0, 0, data, context);
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_code_free(regex);
    return result >= 0;
}

static bool bind_string(struct bind *bind, const struct schema_field *rule,
                        const struct frame *frame, const char **value)
{
    const struct tree *node = frame->node;

    *value = (const char *)protobuf_c_empty_string;
    if ((node->kind != TREE_PLAIN && node->kind != TREE_TEXT) ||
        (node->kind == TREE_PLAIN && node->text.bytes == 0)) {
        wrong_type(bind, frame, "a text");
        return false;
    }
    if (rule->required && node->text.bytes == 0) {
        problem(bind, frame, false, "E-MISSING", "the text is empty");
        return false;
    }
    if (!in_bounds(bind, rule, frame, (double)bl_text_characters(node->text.at, node->text.bytes),
                   " characters")) {
        return false;
    }
    if (rule->pattern != NULL && !matches(rule->pattern, node->text)) {
        problem(bind, frame, false, "E-PATTERN", "%s does not match %s", found(bind, node),
                rule->pattern);
        return false;
    }
    *value = bl_arena_text(bind->arena, node->text);
    return true;
}

static bool bind_instant(struct bind *bind, const struct frame *frame, int64_t *value)
{
    char text[NUMBER_BYTES_MAX];

    if (!short_text(frame->node, text) || bl_time_parse(text, value, NULL) != BL_OK) {
        wrong_type(bind, frame, "a moment such as 2026-11-30T17:30:00+08:00");
        return false;
    }
    return true;
}

static bool bind_base64(struct bind *bind, const struct frame *frame, ProtobufCBinaryData *value)
{
    const struct tree *node = frame->node;
    size_t bytes = 0;

    if (node->kind != TREE_PLAIN && node->kind != TREE_TEXT) {
        wrong_type(bind, frame, "bytes in base64");
        return false;
    }
    value->data = bl_arena_alloc(bind->arena, node->text.bytes + 1);
    if (sodium_base642bin(value->data, node->text.bytes + 1, node->text.at, node->text.bytes, NULL,
                          &bytes, NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        wrong_type(bind, frame, "bytes in base64");
        return false;
    }
    value->len = bytes;
    return true;
}

/* --- google.protobuf.Struct: as it looks --------------------------------------------------------
 */

static Value *bind_value(struct bind *bind, const struct frame *frame);

static Struct *bind_struct(struct bind *bind, const struct frame *frame)
{
    Struct *made = (Struct *)reflect_new(&google__protobuf__struct__descriptor, bind->arena);

    if (frame->node->kind != TREE_MAP) {
        wrong_type(bind, frame, "a mapping");
        return made;
    }
    made->fields = bl_arena_array(bind->arena, StructEntry *, frame->node->count);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct frame child = { .up = frame, .node = at, .name = at->key, .key = true };

        if (at->kind == TREE_BROKEN) {
            continue;
        }
        StructEntry *entry = (StructEntry *)reflect_new(
            &google__protobuf__struct__fields_entry__descriptor, bind->arena);
        entry->key = bl_arena_text(bind->arena, at->key);
        entry->value = bind_value(bind, &child);
        made->fields[made->n_fields++] = entry;
    }
    return made;
}

static List *bind_values(struct bind *bind, const struct frame *frame)
{
    List *made = (List *)reflect_new(&google__protobuf__list_value__descriptor, bind->arena);
    uint32_t index = 0;

    if (frame->node->kind != TREE_LIST) {
        wrong_type(bind, frame, "a list");
        return made;
    }
    made->values = bl_arena_array(bind->arena, Value *, frame->node->count);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct frame child = { .up = frame, .node = at, .element = true, .index = index++ };

        made->values[made->n_values++] = bind_value(bind, &child);
    }
    return made;
}

static void set_text(struct bind *bind, Value *value, struct bl_text text)
{
    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
    value->string_value = bl_arena_text(bind->arena, text);
}

static void set_number(struct bind *bind, const struct frame *frame, Value *value)
{
    char text[NUMBER_BYTES_MAX];
    bool whole = false;
    bool exact = short_text(frame->node, text) && is_number(text, &whole);
    double number = exact ? strtod(text, NULL) : 0;

    exact = exact && isfinite(number) && (!whole || fabs(number) <= EXACT_INTEGER_MAX);
    if (!exact && frame->node->kind == TREE_NUMBER) {
        problem(bind, frame, false, "E-RANGE", "%s cannot be kept exactly; write it in quotes",
                found(bind, frame->node));
    }
    if (!exact) {
        set_text(bind, value, frame->node->text);
        return;
    }
    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    value->number_value = number;
}

/* A plain YAML scalar without a schema: what JSON would see, and otherwise text. */
static void set_plain(struct bind *bind, const struct frame *frame, Value *value)
{
    struct bl_text text = frame->node->text;

    if (bl_text_is(text, "true") || bl_text_is(text, "false")) {
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
        value->bool_value = bl_text_is(text, "true");
    } else if (text.bytes == 0 || bl_text_is(text, "null")) {
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
    } else {
        set_number(bind, frame, value);
    }
}

static Value *bind_value(struct bind *bind, const struct frame *frame)
{
    Value *value = (Value *)reflect_new(&google__protobuf__value__descriptor, bind->arena);

    switch (frame->node->kind) {
    case TREE_PLAIN:
        set_plain(bind, frame, value);
        break;
    case TREE_TEXT:
        set_text(bind, value, frame->node->text);
        break;
    case TREE_NULL:
    case TREE_BROKEN:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
        break;
    case TREE_BOOL:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
        value->bool_value = bl_text_is(frame->node->text, "true");
        break;
    case TREE_NUMBER:
        set_number(bind, frame, value);
        break;
    case TREE_LIST:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
        value->list_value = bind_values(bind, frame);
        break;
    case TREE_MAP:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
        value->struct_value = bind_struct(bind, frame);
        break;
    }
    return value;
}

/* --- messages -----------------------------------------------------------------------------------
 */

static ProtobufCMessage *bind_any(struct bind *bind, const struct schema_type *type,
                                  const struct frame *frame);

static void remember(struct bind *bind, const ProtobufCMessage *message, const struct tree *node)
{
    struct bind_place *place = bl_arena_new(bind->arena, struct bind_place);

    *place = (struct bind_place){ bind->places, message, node };
    bind->places = place;
}

static void bind_held(struct bind *bind, const struct schema_type *type, const struct frame *frame,
                      ProtobufCBinaryData *value)
{
    ProtobufCMessage *message = bind_any(bind, type, frame);

    value->data = bl_arena_alloc(bind->arena, protobuf_c_message_get_packed_size(message) + 1);
    value->len = protobuf_c_message_pack(message, value->data);
}

/* One value into its place, which stays zero (and a string empty) if the value is wrong. */
static void bind_element(struct bind *bind, const struct schema_type *type, uint32_t index,
                         const struct frame *frame, void *place)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const struct schema_field *rule = &type->fields[index];

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: {
        int64_t value;
        if (bind_signed(bind, rule, INT32_MIN, INT32_MAX, frame, &value)) {
            *(int32_t *)place = (int32_t)value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64: {
        int64_t value;
        if (bind_signed(bind, rule, INT64_MIN, INT64_MAX, frame, &value)) {
            *(int64_t *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: {
        uint64_t value;
        if (bind_unsigned(bind, rule, UINT32_MAX, frame, &value)) {
            *(uint32_t *)place = (uint32_t)value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: {
        uint64_t value;
        if (bind_unsigned(bind, rule, UINT64_MAX, frame, &value)) {
            *(uint64_t *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_SFIXED64: {
        int64_t value;
        if (bind_instant(bind, frame, &value)) {
            *(int64_t *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_FLOAT: {
        double value;
        if (bind_double(bind, rule, FLT_MAX, frame, &value)) {
            *(float *)place = (float)value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_DOUBLE: {
        double value;
        if (bind_double(bind, rule, DBL_MAX, frame, &value)) {
            *(double *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_BOOL:
        (void)bind_bool(bind, frame, place);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        (void)bind_enum(bind, frame, field->descriptor, place);
        break;
    case PROTOBUF_C_TYPE_STRING:
        (void)bind_string(bind, rule, frame, place);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        if (rule->type != NULL) {
            bind_held(bind, rule->type, frame, place);
        } else {
            (void)bind_base64(bind, frame, place);
        }
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)place = bind_any(bind, rule->type, frame);
        break;
    }
}

static bool count_fits(struct bind *bind, const struct schema_field *rule,
                       const struct frame *frame)
{
    uint32_t count = frame->node->count;
    uint32_t least = rule->required && rule->min_items == 0 ? 1 : rule->min_items;

    if (count < least) {
        problem(bind, frame, false, "E-RANGE", "%" PRIu32 " entries are too few; at least %" PRIu32,
                count, least);
    } else if (rule->max_items > 0 && count > rule->max_items) {
        problem(bind, frame, false, "E-RANGE", "%" PRIu32 " entries are too many; at most %" PRIu32,
                count, rule->max_items);
        return false;
    }
    return true;
}

static void bind_list(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                      uint32_t index, const struct frame *frame)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    uint32_t done = 0;

    if (frame->node->kind != TREE_LIST) {
        wrong_type(bind, frame, "a list");
        return;
    }
    if (!count_fits(bind, &type->fields[index], frame)) {
        return;
    }
    unsigned char *to = reflect_resize(message, field, frame->node->count, bind->arena);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct frame child = { .up = frame, .node = at, .element = true, .index = done++ };

        if (at->kind == TREE_BROKEN && field->type == PROTOBUF_C_TYPE_STRING) {
            *(const char **)(void *)to = (const char *)protobuf_c_empty_string;
        } else if (at->kind == TREE_BROKEN && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            *(ProtobufCMessage **)(void *)to = reflect_new(field->descriptor, bind->arena);
        } else if (at->kind != TREE_BROKEN) {
            bind_element(bind, type, index, &child, to);
        }
        to += reflect_element_bytes(field);
    }
}

/* The key of a map entry: text as it is, or the number that it must be. */
static void bind_key(struct bind *bind, const struct schema_type *entry, const struct frame *frame,
                     ProtobufCMessage *message)
{
    struct tree key = {
        .kind = frame->node->key.bytes == 0 ? TREE_TEXT : TREE_PLAIN,  // an empty key is a key
        .line = frame->node->key_line,
        .column = frame->node->key_column,
        .key_line = frame->node->key_line,
        .key_column = frame->node->key_column,
        .text = frame->node->key,
    };
    struct frame here = *frame;

    here.node = &key;
    bind_element(bind, entry, 0, &here, reflect_choose(message, &entry->message->fields[0]));
}

static void bind_map(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                     uint32_t index, const struct frame *frame)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const struct schema_type *entry = type->fields[index].type;
    size_t count = 0;

    if (frame->node->kind != TREE_MAP) {
        wrong_type(bind, frame, "a mapping");
        return;
    }
    if (!count_fits(bind, &type->fields[index], frame)) {
        return;
    }
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        count += at->kind != TREE_BROKEN;
    }
    ProtobufCMessage **to = reflect_resize(message, field, count, bind->arena);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct frame child = { .up = frame, .node = at, .name = at->key, .key = true };

        if (at->kind == TREE_BROKEN) {
            continue;
        }
        *to = reflect_new(entry->message, bind->arena);
        remember(bind, *to, at);
        bind_key(bind, entry, &child, *to);
        bind_element(bind, entry, 1, &child, reflect_choose(*to, &entry->message->fields[1]));
        to++;
    }
}

static void bind_field(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                       uint32_t index, const struct frame *frame)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const ProtobufCFieldDescriptor *chosen = reflect_chosen(message, field);

    if (type->fields[index].map) {
        bind_map(bind, message, type, index, frame);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        bind_list(bind, message, type, index, frame);
    } else if (chosen != NULL) {
        problem(bind, frame, true, "E-CHOICE", "\"%s\" and \"%s\" exclude each other; keep one",
                chosen->name, field->name);
    } else {
        void *place = reflect_choose(message, field);

        if (field->type == PROTOBUF_C_TYPE_STRING) {
            *(const char **)place = (const char *)protobuf_c_empty_string;
        }
        bind_element(bind, type, index, frame, place);
    }
}

/* Returns the field that was probably meant, as a set. */
static uint64_t unknown_key(struct bind *bind, const struct schema_type *type,
                            const struct frame *holds, const struct frame *frame)
{
    const char *key = bl_arena_text(bind->arena, frame->name);
    uint32_t limit = near(key), distance = limit + 1;
    unsigned best = 0;

    for (unsigned i = 0; i < type->message->n_fields; i++) {
        uint32_t here = bl_text_distance(key, type->message->fields[i].name, limit);

        if (here < distance) {
            distance = here;
            best = i;
        }
    }
    if (distance > limit) {
        problem(bind, frame, true, "E-KEY", "unknown key \"%s\"%s", key, holder(bind, holds));
        return 0;
    }
    problem(bind, frame, true, "E-KEY", "unknown key \"%s\"%s; did you mean \"%s\"?", key,
            holder(bind, holds), type->message->fields[best].name);
    return UINT64_C(1) << best;
}

static int32_t find_field(const struct schema_type *type, struct bl_text name)
{
    for (unsigned i = 0; i < type->message->n_fields; i++) {
        if (bl_text_is(name, type->message->fields[i].name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

static void bind_fields(struct bind *bind, ProtobufCMessage *message,
                        const struct schema_type *type, const struct frame *frame)
{
    uint64_t seen = 0;

    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct frame child = { .up = frame, .node = at, .name = at->key };
        int32_t index = find_field(type, at->key);

        if (index < 0) {
            seen |= at->kind == TREE_BROKEN ? 0 : unknown_key(bind, type, frame, &child);
            continue;
        }
        if (at->kind == TREE_NULL) {  // JSON's way to leave a field out
            continue;
        }
        seen |= UINT64_C(1) << index;
        if (at->kind != TREE_BROKEN) {
            bind_field(bind, message, type, (uint32_t)index, &child);
        }
    }
    for (unsigned i = 0; i < type->message->n_fields; i++) {
        if (type->fields[i].required && (seen >> i & 1) == 0) {
            problem(bind, frame, true, "E-MISSING", "missing key \"%s\"%s",
                    type->message->fields[i].name, holder(bind, frame));
        }
    }
}

/* Could a scalar be written into this field? */
static bool fits(const struct tree *node, const ProtobufCFieldDescriptor *field)
{
    char text[NUMBER_BYTES_MAX];
    bool whole = false;
    bool number = node->kind != TREE_TEXT && short_text(node, text) && is_number(text, &whole);

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return number && whole;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return number;
    case PROTOBUF_C_TYPE_BOOL:
        return node->kind != TREE_TEXT &&
               (bl_text_is(node->text, "true") || bl_text_is(node->text, "false"));
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return node->kind == TREE_PLAIN || node->kind == TREE_TEXT;
    }
    UNREACHABLE();
}

static const char *expected_message(struct bind *bind, const struct schema_type *type)
{
    return bl_arena_printf(bind->arena, "%s%sa mapping",
                           type->scalar_count > 0 ? "a value or " : "",
                           type->list >= 0 ? "a list or " : "");
}

static void bind_forms(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                       const struct frame *frame)
{
    const struct tree *node = frame->node;
    bool empty = node->kind == TREE_PLAIN && node->text.bytes == 0;

    if (node->kind == TREE_MAP) {
        bind_fields(bind, message, type, frame);
        return;
    }
    if (node->kind == TREE_LIST && type->list >= 0) {
        bind_field(bind, message, type, (uint32_t)type->list, frame);
        return;
    }
    for (uint32_t i = 0; tree_is_scalar(node) && !empty && i < type->scalar_count; i++) {
        if (i + 1 == type->scalar_count || fits(node, &type->message->fields[type->scalars[i]])) {
            bind_field(bind, message, type, type->scalars[i], frame);
            return;
        }
    }
    wrong_type(bind, frame, expected_message(bind, type));
}

/* A message of any form; never NULL. */
static ProtobufCMessage *bind_any(struct bind *bind, const struct schema_type *type,
                                  const struct frame *frame)
{
    switch (type->form) {
    case SCHEMA_STRUCT:
        return &bind_struct(bind, frame)->base;
    case SCHEMA_VALUE:
        return &bind_value(bind, frame)->base;
    case SCHEMA_LIST:
        return &bind_values(bind, frame)->base;
    case SCHEMA_MESSAGE:
    case SCHEMA_MAP_ENTRY:
        break;
    }
    ProtobufCMessage *message = reflect_new(type->message, bind->arena);

    remember(bind, message, frame->node);
    if (frame->node->kind != TREE_BROKEN) {
        bind_forms(bind, message, type, frame);
    }
    return message;
}

ProtobufCMessage *bind_message(struct bind *bind, const struct schema_type *type,
                               const struct tree *root)
{
    struct frame frame = { .node = root };

    return bind_any(bind, type, &frame);
}
