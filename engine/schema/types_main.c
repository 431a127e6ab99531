/* types_main.c — the build's own program: protoc's descriptor set in, the table of types.h out.
 *   types_generator SET.binpb TABLE.c
 * It fails with a sentence when an option names a field or message that is not there, so a wrong
 * (rule) or (shape) is an error of the build. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "binglian/v1/rule.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "schema/types.h"

#define OPTION_TAG 50001    // (rule), (shape): rule_options.proto
#define PB_C_FILE_TAG 1019  // (pb_c_file): protobuf-c.proto
#define NO_GENERATE_TAG 1
#define C_PACKAGE_TAG 6
#define MESSAGES_MAX 1000
#define NAME_BYTES_MAX 256
#define FIELD_NUMBER_MAX 1000  // by_id is an array
#define SET_BYTES_MAX (16 << 20)

typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;
typedef Google__Protobuf__FileDescriptorProto File;

struct entry {
    const Message *message;
    const File *file;
    char name[NAME_BYTES_MAX];    // "binglian.v1.Clock"
    char symbol[NAME_BYTES_MAX];  // "bl__clock"
    int32_t path[16];             // of SourceCodeInfo
    size_t path_count;
};

struct generator {
    struct bl_arena arena;
    struct entry entries[MESSAGES_MAX];
    size_t count;
    FILE *out;
};

__attribute__((noreturn, format(printf, 1, 2))) static void give_up(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("types_generator: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

/* --- options: extensions are unknown fields to protobuf-c ---------------------------------------
 */

/* The bytes of a length-prefixed unknown field, or NULL. protobuf-c keeps the prefix in the data.
 */
static const uint8_t *extension(const ProtobufCMessage *options, uint32_t tag, size_t *bytes)
{
    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *unknown = &options->unknown_fields[i];
        size_t prefix = 0;

        if (unknown->tag != tag || unknown->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            continue;
        }
        while ((unknown->data[prefix] & 0x80) != 0) {
            prefix++;
        }
        *bytes = unknown->len - prefix - 1;
        return unknown->data + prefix + 1;
    }
    return NULL;
}

static const Bl__Rule *rule_of(struct generator *g, const Field *field)
{
    size_t bytes = 0;
    const ProtobufCMessage *options = field->options == NULL ? NULL : &field->options->base;
    const uint8_t *data = extension(options, OPTION_TAG, &bytes);
    const Bl__Rule *rule = bl__rule__unpack(&g->arena.allocator, bytes, data);

    if (rule == NULL) {
        give_up("(rule) of %s cannot be read", field->name);
    }
    return rule;
}

static const Bl__Shape *shape_of(struct generator *g, const Message *message)
{
    size_t bytes = 0;
    const ProtobufCMessage *options = message->options == NULL ? NULL : &message->options->base;
    const uint8_t *data = extension(options, OPTION_TAG, &bytes);
    const Bl__Shape *shape = bl__shape__unpack(&g->arena.allocator, bytes, data);

    if (shape == NULL) {
        give_up("(shape) of %s cannot be read", message->name);
    }
    return shape;
}

struct file_options {
    bool no_generate;
    char c_package[NAME_BYTES_MAX];  // empty: the package itself
};

/* (pb_c_file) has no generated code: bools as one-byte varints and one string. */
static struct file_options file_options_of(const File *file)
{
    struct file_options options = { 0 };
    size_t bytes = 0;
    const uint8_t *data =
        extension(file->options == NULL ? NULL : &file->options->base, PB_C_FILE_TAG, &bytes);

    for (size_t i = 0; i + 1 < bytes;) {
        uint32_t tag = data[i] >> 3;

        if ((data[i] & 7) == PROTOBUF_C_WIRE_TYPE_VARINT) {
            options.no_generate |= tag == NO_GENERATE_TAG && data[i + 1] != 0;
            i += 2;
            continue;
        }
        if (tag == C_PACKAGE_TAG) {
            snprintf(options.c_package, sizeof options.c_package, "%.*s", (int)data[i + 1],
                     (const char *)data + i + 2);
        }
        i += 2 + (size_t)data[i + 1];
    }
    return options;
}

/* --- messages: found, named as protobuf-c names them, sorted ------------------------------------
 */

/* protobuf-c's CamelToLower: an underscore before a capital that follows no capital. */
static void append_lower(char *symbol, const char *part)
{
    size_t n = strlen(symbol);
    bool was_upper = true;

    if (n > 0) {
        symbol[n++] = '_';
        symbol[n++] = '_';
    }
    for (; *part != '\0' && n + 2 < NAME_BYTES_MAX; part++) {
        bool upper = *part >= 'A' && *part <= 'Z';

        if (upper && !was_upper) {
            symbol[n++] = '_';
        }
        symbol[n++] = (char)(upper ? *part - 'A' + 'a' : *part);
        was_upper = upper;
    }
    symbol[n] = '\0';
}

static void add_messages(struct generator *g, const File *file, const struct entry *parent,
                         Message **messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(g->count < MESSAGES_MAX);
        struct entry *entry = &g->entries[g->count++];

        *entry = *parent;
        entry->message = messages[i];
        entry->file = file;
        CHECK(entry->path_count + 2 <= BL_COUNT(entry->path));
        entry->path[entry->path_count++] = parent->message == NULL ? 4 : 3;
        entry->path[entry->path_count++] = (int32_t)i;
        snprintf(entry->name, sizeof entry->name, "%.120s.%.120s", parent->name, messages[i]->name);
        append_lower(entry->symbol, messages[i]->name);
        struct entry here = *entry;
        add_messages(g, file, &here, messages[i]->nested_type, messages[i]->n_nested_type);
    }
}

static void add_file(struct generator *g, const File *file)
{
    struct file_options options = file_options_of(file);
    struct entry root = { .file = file };
    char package[NAME_BYTES_MAX];
    char *rest = package;

    if (options.no_generate || strcmp(file->name, "google/protobuf/descriptor.proto") == 0) {
        return;
    }
    fprintf(g->out, "#include \"%.*s.pb-c.h\"\n", (int)(strlen(file->name) - strlen(".proto")),
            file->name);
    snprintf(root.name, sizeof root.name, "%s", file->package);
    snprintf(package, sizeof package, "%s",
             options.c_package[0] != '\0' ? options.c_package : file->package);
    for (char *part = strsep(&rest, "."); part != NULL; part = strsep(&rest, ".")) {
        append_lower(root.symbol, part);
    }
    add_messages(g, file, &root, file->message_type, file->n_message_type);
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* The place of a message in the table; `name` may begin with a dot. */
static size_t find_message(const struct generator *g, const char *name, const char *user)
{
    name += *name == '.';
    for (size_t i = 0; i < g->count; i++) {
        if (strcmp(g->entries[i].name, name) == 0) {
            return i;
        }
    }
    give_up("%s names %s, which is no message", user, name);
}

/* protobuf-c sorts the fields of a descriptor by number. */
static int compare_fields(const void *a, const void *b)
{
    int32_t x = (*(Field *const *)a)->number, y = (*(Field *const *)b)->number;

    return (x > y) - (x < y);
}

static uint32_t find_field(const struct entry *entry, const char *name)
{
    for (uint32_t i = 0; i < entry->message->n_field; i++) {
        if (strcmp(entry->message->field[i]->name, name) == 0) {
            return i;
        }
    }
    give_up("(shape) of %s names the field %s, which it does not have", entry->name, name);
}

/* --- comments ----------------------------------------------------------------------------------
 */

/* The comment at a path of the file as one line, or NULL. */
static const char *comment(struct generator *g, const struct entry *entry, const Field *field,
                           int32_t declared)
{
    const Google__Protobuf__SourceCodeInfo *info = entry->file->source_code_info;
    int32_t path[18];
    size_t count = entry->path_count;

    memcpy(path, entry->path, sizeof entry->path);
    if (field != NULL) {
        path[count++] = 2;
        path[count++] = declared;
    }
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *at = info->location[i];
        const char *text = at->leading_comments != NULL && *at->leading_comments != '\0'
                               ? at->leading_comments
                               : at->trailing_comments;

        if (at->n_path != count || memcmp(at->path, path, count * sizeof path[0]) != 0 ||
            text == NULL || *text == '\0') {
            continue;
        }
        char *line = bl_arena_string(&g->arena, text);
        size_t n = 0;
        for (const char *c = line; *c != '\0'; c++) {
            bool space = *c == ' ' || *c == '\n';

            if (!space) {
                line[n++] = *c;
            } else if (n > 0 && line[n - 1] != ' ') {
                line[n++] = ' ';
            }
        }
        line[n > 0 && line[n - 1] == ' ' ? n - 1 : n] = '\0';
        return line;
    }
    return NULL;
}

/* --- the table ---------------------------------------------------------------------------------
 */

static void put_string(FILE *out, const char *string)
{
    if (string == NULL || *string == '\0') {
        fputs("NULL", out);
        return;
    }
    fputc('"', out);
    for (; *string != '\0'; string++) {
        if (*string == '"' || *string == '\\') {
            fputc('\\', out);
        }
        fputc(*string, out);
    }
    fputc('"', out);
}

static bool is_map_entry(const Message *message)
{
    return message->options != NULL && message->options->map_entry;
}

static void check_rule(const struct entry *entry, const Field *field, const Bl__Rule *rule)
{
    bool repeated = field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    bool bytes = field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
    bool string = field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING;

    if (!repeated && (rule->min_items > 0 || rule->max_items > 0)) {
        give_up("%s.%s is no list: it has no items to count", entry->name, field->name);
    }
    if (rule->holds[0] != '\0' && !bytes) {
        give_up("%s.%s: only bytes hold a message", entry->name, field->name);
    }
    if (rule->pattern[0] != '\0' && !string) {
        give_up("%s.%s: only a text has a pattern", entry->name, field->name);
    }
    if (rule->keys[0] != '\0' && !repeated) {
        give_up("%s.%s: only a map has keys", entry->name, field->name);
    }
}

static void put_field(struct generator *g, const struct entry *entry, const Field *field,
                      int32_t declared, uint32_t *counters)
{
    const Bl__Rule *rule = rule_of(g, field);
    const char *named = rule->holds[0] != '\0' ? rule->holds : NULL;
    bool message = field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
    FILE *out = g->out;

    check_rule(entry, field, rule);
    fprintf(out, "    { .min = %s", rule->least_case != 0 ? "" : "-INFINITY");
    if (rule->least_case != 0) {
        fprintf(out, "%.17g", rule->min);
    }
    if (rule->most_case != 0) {
        fprintf(out, ", .max = %.17g", rule->max);
    } else {
        fputs(", .max = INFINITY", out);
    }
    if (message || named != NULL) {
        size_t type = find_message(g, message ? field->type_name : named, entry->name);

        fprintf(out, ", .type = &schema_types[%zu], .map = %d", type,
                message && is_map_entry(g->entries[type].message));
    }
    if (rule->max_items > 0) {
        fprintf(out, ", .counter = %" PRIu32, ++*counters);
    }
    fprintf(out, ", .min_items = %" PRIu32 ", .max_items = %" PRIu32 ", .required = %d",
            rule->min_items, rule->max_items, rule->required);
    fputs(", .pattern = ", out);
    put_string(out, rule->pattern);
    fputs(", .keys = ", out);
    put_string(out, rule->keys);
    fputs(", .text_zh = ", out);
    put_string(out, rule->text_zh);
    fputs(", .text_en = ", out);
    put_string(out, rule->text_en[0] != '\0' ? rule->text_en : comment(g, entry, field, declared));
    fputs(", .oneof = ", out);
    put_string(out, field->has_oneof_index ? entry->message->oneof_decl[field->oneof_index]->name
                                           : NULL);
    fputs(" },\n", out);
}

static void put_fields(struct generator *g, size_t place)
{
    const struct entry *entry = &g->entries[place];
    const Message *message = entry->message;
    int32_t *declared = bl_arena_array(&g->arena, int32_t, FIELD_NUMBER_MAX + 1);
    uint32_t counters = 0;

    if (message->n_field > SCHEMA_FIELDS_MAX) {
        give_up("%s has more than %d fields", entry->name, SCHEMA_FIELDS_MAX);
    }
    for (size_t i = 0; i < message->n_field; i++) {
        if (message->field[i]->number > FIELD_NUMBER_MAX) {
            give_up("%s.%s has a number over %d", entry->name, message->field[i]->name,
                    FIELD_NUMBER_MAX);
        }
        declared[message->field[i]->number] = (int32_t)i;
    }
    if (message->n_field == 0) {
        return;
    }
    qsort(message->field, message->n_field, sizeof message->field[0], compare_fields);
    fprintf(g->out, "static const struct schema_field fields_%zu[] = {\n", place);
    for (size_t i = 0; i < message->n_field; i++) {
        put_field(g, entry, message->field[i], declared[message->field[i]->number], &counters);
    }
    fprintf(g->out, "};\nstatic const uint8_t by_id_%zu[] = {", place);
    for (size_t i = 0; i < message->n_field; i++) {
        fprintf(g->out, " [%d] = %zu,", message->field[i]->number, i + 1);
    }
    fputs(" };\n", g->out);
    if (counters > SCHEMA_COUNTERS_MAX) {
        give_up("%s has more than %d fields with max_items", entry->name, SCHEMA_COUNTERS_MAX);
    }
}

static const char *form_of(const struct entry *entry)
{
    static const char *const forms[][2] = {
        { "google.protobuf.Struct", "SCHEMA_STRUCT" },
        { "google.protobuf.Value", "SCHEMA_VALUE" },
        { "google.protobuf.ListValue", "SCHEMA_LIST" },
    };

    for (size_t i = 0; i < BL_COUNT(forms); i++) {
        if (strcmp(entry->name, forms[i][0]) == 0) {
            return forms[i][1];
        }
    }
    return is_map_entry(entry->message) ? "SCHEMA_MAP_ENTRY" : "SCHEMA_MESSAGE";
}

/* A scalar that stood for a message could stand for itself for ever. */
static void check_shape(const struct entry *entry, const Bl__Shape *shape)
{
    for (size_t i = 0; i < shape->n_scalar; i++) {
        const Field *field = entry->message->field[find_field(entry, shape->scalar[i])];

        if (field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE ||
            field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED) {
            give_up("%s: a scalar cannot stand for %s", entry->name, field->name);
        }
    }
    if (shape->list[0] != '\0' &&
        entry->message->field[find_field(entry, shape->list)]->label !=
            GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED) {
        give_up("%s: a list cannot stand for %s", entry->name, shape->list);
    }
}

static void put_shape_arrays(struct generator *g, size_t place)
{
    const struct entry *entry = &g->entries[place];
    const Bl__Shape *shape = shape_of(g, entry->message);

    check_shape(entry, shape);
    if (shape->n_scalar > 0) {
        fprintf(g->out, "static const uint8_t scalars_%zu[] = {", place);
        for (size_t i = 0; i < shape->n_scalar; i++) {
            fprintf(g->out, " %" PRIu32 ",", find_field(entry, shape->scalar[i]));
        }
        fputs(" };\n", g->out);
    }
}

static void put_type(struct generator *g, size_t place)
{
    const struct entry *entry = &g->entries[place];
    const Message *message = entry->message;
    const Bl__Shape *shape = shape_of(g, message);
    FILE *out = g->out;

    fprintf(out, "    { .name = \"%s\", .message = &%s__descriptor, .form = %s", entry->name,
            entry->symbol, form_of(entry));
    if (message->n_field > 0) {
        fprintf(out, ", .fields = fields_%zu, .by_id = by_id_%zu, .id_max = %d", place, place,
                message->field[message->n_field - 1]->number);
    }
    if (shape->n_scalar > 0) {
        fprintf(out, ", .scalars = scalars_%zu, .scalar_count = %zu", place, shape->n_scalar);
    }
    fprintf(out, ", .list = %" PRId32,
            shape->list[0] != '\0' ? (int32_t)find_field(entry, shape->list) : -1);
    fputs(", .text_zh = ", out);
    put_string(out, shape->text_zh);
    fputs(", .text_en = ", out);
    put_string(out, shape->text_en[0] != '\0' ? shape->text_en : comment(g, entry, NULL, 0));
    fputs(" },\n", out);
}

static const Google__Protobuf__FileDescriptorSet *read_set(struct generator *g, const char *path)
{
    uint8_t *bytes = bl_arena_alloc(&g->arena, SET_BYTES_MAX);
    FILE *in = fopen(path, "rb");
    size_t count = in == NULL ? 0 : fread(bytes, 1, SET_BYTES_MAX, in);
    const Google__Protobuf__FileDescriptorSet *set =
        google__protobuf__file_descriptor_set__unpack(&g->arena.allocator, count, bytes);

    if (in == NULL || set == NULL || set->n_file == 0) {
        give_up("%s is no descriptor set", path);
    }
    fclose(in);
    return set;
}

int main(int argc, char **argv)
{
    static struct generator g;

    if (argc != 3) {
        give_up("usage: types_generator SET.binpb TABLE.c");
    }
    bl_arena_init(&g.arena, 1 << 20, 256 << 20);
    const Google__Protobuf__FileDescriptorSet *set = read_set(&g, argv[1]);
    g.out = fopen(argv[2], "w");
    if (g.out == NULL) {
        give_up("%s cannot be written", argv[2]);
    }
    fputs("/* Made from the descriptor set by types_generator. */\n#include <math.h>\n", g.out);
    fputs("#include \"schema/types.h\"\n", g.out);
    for (size_t i = 0; i < set->n_file; i++) {
        add_file(&g, set->file[i]);
    }
    qsort(g.entries, g.count, sizeof g.entries[0], compare_entries);
    for (size_t i = 0; i < g.count; i++) {
        put_fields(&g, i);
        put_shape_arrays(&g, i);
    }
    fputs("const struct schema_type schema_types[] = {\n", g.out);
    for (size_t i = 0; i < g.count; i++) {
        put_type(&g, i);
    }
    fprintf(g.out, "};\nconst uint32_t schema_type_count = %zu;\n", g.count);
    bl_arena_free(&g.arena);
    return fclose(g.out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
