#include "schema/yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/text.h"
#include "schema/bind.h"
#include "schema/tree.h"
#include "schema/types.h"

struct yaml_document {
    const char *file;
    const struct tree *root;
    const struct bind_place *places;
};

/* --- events → tree ------------------------------------------------------------------------------
 */

struct reader {
    yaml_parser_t parser;
    struct bl_arena *arena;
    struct schema_problems *problems;
    const char *file;
    struct tree *open[SCHEMA_DEPTH_MAX];  // lists and maps that have not ended, outermost first
    uint32_t depth;
    struct tree key;  // of the next value: key, key_line, key_column
    bool has_key;
    struct tree *root;
    uint32_t nodes;
};

static void problem_at(struct reader *reader, const yaml_mark_t *mark, const char *code,
                       const char *text)
{
    schema_problem_add(reader->problems, SCHEMA_ERROR, code, reader->file, (uint32_t)mark->line + 1,
                       (uint32_t)mark->column + 1, NULL, "%s", text);
}

/* The place of a byte, as an editor counts. */
static yaml_mark_t mark_of(const char *source, size_t offset)
{
    yaml_mark_t mark = { .index = offset };
    const char *line = source;

    for (const char *c = source; c < source + offset; c++) {
        if (*c == '\n') {
            mark.line++;
            line = c + 1;
        }
    }
    mark.column = bl_text_characters(line, (size_t)(source + offset - line));
    return mark;
}

static struct bl_text copy_text(struct reader *reader, const yaml_char_t *at, size_t bytes)
{
    return (struct bl_text){ bl_arena_copy(reader->arena, at, bytes), bytes };
}

static bool is_key_next(const struct reader *reader)
{
    return reader->depth > 0 && reader->open[reader->depth - 1]->kind == TREE_MAP &&
           !reader->has_key;
}

/* Puts a new node where the file has it: into the innermost list or map, or at the root. */
static struct tree *add_node(struct reader *reader, enum tree_kind kind, const yaml_mark_t *mark)
{
    struct tree *node = bl_arena_new(reader->arena, struct tree);

    if (reader->has_key) {
        *node = reader->key;
        reader->has_key = false;
    }
    node->kind = kind;
    node->line = (uint32_t)mark->line + 1;
    node->column = (uint32_t)mark->column + 1;
    if (reader->depth == 0) {
        reader->root = node;
    } else {
        tree_add(reader->open[reader->depth - 1], node);
    }
    return node;
}

static bool open_node(struct reader *reader, enum tree_kind kind, const yaml_mark_t *mark)
{
    if (is_key_next(reader)) {
        problem_at(reader, mark, "E-YAML", "a key is one word, no list or mapping");
        return false;
    }
    if (reader->depth == SCHEMA_DEPTH_MAX) {
        problem_at(reader, mark, "E-YAML", "lists and mappings are nested more than 32 deep");
        return false;
    }
    struct tree *node = add_node(reader, kind, mark);
    reader->open[reader->depth++] = node;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const struct tree *x = *(struct tree *const *)a, *y = *(struct tree *const *)b;
    size_t shorter = x->key.bytes < y->key.bytes ? x->key.bytes : y->key.bytes;
    int order = memcmp(x->key.at, y->key.at, shorter);

    if (order != 0 || x->key.bytes != y->key.bytes) {
        return order != 0 ? order : (x->key.bytes > y->key.bytes) - (x->key.bytes < y->key.bytes);
    }
    if (x->key_line != y->key_line) {
        return x->key_line > y->key_line ? 1 : -1;
    }
    return (x->key_column > y->key_column) - (x->key_column < y->key_column);
}

/* libyaml lets duplicate keys pass. Sorting finds them, however many keys there are. */
static void refuse_duplicates(struct reader *reader, const struct tree *map)
{
    struct tree **children = bl_arena_array(reader->arena, struct tree *, map->count);
    uint32_t count = 0, first = 0;

    for (struct tree *child = map->first; child != NULL; child = child->next) {
        children[count++] = child;
    }
    qsort(children, count, sizeof children[0], compare_keys);
    for (uint32_t i = 1; i < count; i++) {
        if (!bl_text_equal(children[first]->key, children[i]->key)) {
            first = i;
            continue;
        }
        children[i]->kind = TREE_BROKEN;
        schema_problem_add(reader->problems, SCHEMA_ERROR, "E-DUPLICATE", reader->file,
                           children[i]->key_line, children[i]->key_column, NULL,
                           "duplicate key \"%.*s\"; the first is at %u:%u",
                           (int)children[i]->key.bytes, children[i]->key.at,
                           children[first]->key_line, children[first]->key_column);
    }
}

/* Does a text hold a control character, written as "\x1b"? In a terminal it would act, in a list of
 * problems break the line; a value may have tabs and line breaks, a key not even these. */
static bool has_control(struct bl_text text, bool is_key)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        bool c1 = byte == 0xC2 && i + 1 < text.bytes && (unsigned char)text.at[i + 1] < 0xA0;

        if (c1 || byte == 0x7F || (byte < 0x20 && (is_key || (byte != '\n' && byte != '\t')))) {
            return true;
        }
    }
    return false;
}

static void read_key(struct reader *reader, const yaml_event_t *event)
{
    struct bl_text text = copy_text(reader, event->data.scalar.value, event->data.scalar.length);

    reader->key = (struct tree){
        .key = text,
        .key_line = (uint32_t)event->start_mark.line + 1,
        .key_column = (uint32_t)event->start_mark.column + 1,
    };
    reader->has_key = true;
    if (bl_text_is(text, "<<") && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        problem_at(reader, &event->start_mark, "E-YAML",
                   "merge keys are not taken; write the keys out");
        reader->key.refused = true;
    } else if (!bl_text_is_valid(text.at, text.bytes)) {
        problem_at(reader, &event->start_mark, "E-YAML", "a key holds a NUL character");
        reader->key.refused = true;
    } else if (has_control(text, true)) {
        problem_at(reader, &event->start_mark, "E-YAML", "a key holds a control character");
        reader->key.refused = true;
    }
}

static void read_scalar(struct reader *reader, const yaml_event_t *event)
{
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (is_key_next(reader)) {
        read_key(reader, event);
        return;
    }
    struct tree *node = add_node(reader, plain ? TREE_PLAIN : TREE_TEXT, &event->start_mark);
    node->text = copy_text(reader, event->data.scalar.value, event->data.scalar.length);
    if (!bl_text_is_valid(node->text.at, node->text.bytes)) {
        node->refused = true;
        problem_at(reader, &event->start_mark, "E-YAML", "a text holds a NUL character");
    } else if (has_control(node->text, false)) {
        node->refused = true;
        problem_at(reader, &event->start_mark, "E-YAML", "a text holds a control character");
    }
    node->kind = node->refused ? TREE_BROKEN : node->kind;
}

static void read_alias(struct reader *reader, const yaml_event_t *event)
{
    problem_at(reader, &event->start_mark, "E-YAML", "aliases are not taken; write the value out");
    if (is_key_next(reader)) {
        reader->key = (struct tree){ .key = bl_text_of("*"), .refused = true };
        reader->has_key = true;
    } else {
        (void)add_node(reader, TREE_BROKEN, &event->start_mark);
    }
}

static void refuse_properties(struct reader *reader, const yaml_mark_t *mark, const void *anchor,
                              const void *tag)
{
    if (anchor != NULL) {
        problem_at(reader, mark, "E-YAML",
                   "anchors are not taken; write the value where it is used");
    }
    if (tag != NULL) {
        problem_at(reader, mark, "E-YAML", "tags are not taken; the schema knows the type");
    }
}

static void close_node(struct reader *reader)
{
    struct tree *node = reader->open[--reader->depth];

    if (node->kind == TREE_MAP) {
        refuse_duplicates(reader, node);
    }
    node->kind = node->refused ? TREE_BROKEN : node->kind;
}

/* Takes one event; false: reading has to stop. */
static bool read_event(struct reader *reader, const yaml_event_t *event)
{
    if (++reader->nodes > TREE_NODES_MAX) {
        problem_at(reader, &event->start_mark, "E-YAML", "the file has too many values");
        return false;
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        refuse_properties(reader, &event->start_mark, event->data.scalar.anchor,
                          event->data.scalar.tag);
        read_scalar(reader, event);
        return true;
    case YAML_SEQUENCE_START_EVENT:
        refuse_properties(reader, &event->start_mark, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        return open_node(reader, TREE_LIST, &event->start_mark);
    case YAML_MAPPING_START_EVENT:
        refuse_properties(reader, &event->start_mark, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        return open_node(reader, TREE_MAP, &event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(reader);
        return true;
    case YAML_ALIAS_EVENT:
        read_alias(reader, event);
        return true;
    case YAML_DOCUMENT_START_EVENT:
        if (reader->root != NULL) {
            problem_at(reader, &event->start_mark, "E-YAML",
                       "a second document begins here; a file holds one");
        }
        return reader->root == NULL;
    case YAML_STREAM_END_EVENT:
        return false;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return true;
}

/* What libyaml found wrong, in its words; it gives bytes, not a mark, for a bad character. */
static void parser_problem(struct reader *reader, const char *source)
{
    const yaml_parser_t *parser = &reader->parser;
    yaml_mark_t mark = parser->problem_mark;
    const char *context = parser->context == NULL ? "" : parser->context;

    if (parser->error == YAML_READER_ERROR) {
        mark = mark_of(source, parser->problem_offset);
    }
    schema_problem_add(reader->problems, SCHEMA_ERROR, "E-YAML", reader->file,
                       (uint32_t)mark.line + 1, (uint32_t)mark.column + 1, NULL, "%s%s%s",
                       parser->problem == NULL ? "not YAML" : parser->problem,
                       *context == '\0' ? "" : " ", context);
}

/* How many bytes at the beginning are valid text. */
static size_t valid_bytes(const char *source, size_t bytes)
{
    size_t at = 0;

    for (;;) {
        size_t length = 1;

        while (length <= 4 && at + length <= bytes && !bl_text_is_valid(source + at, length)) {
            length++;
        }
        if (length > 4 || at + length > bytes) {
            return at;
        }
        at += length;
    }
}

/* What can be seen without a parser. */
static bool check_source(struct reader *reader, const char *source, size_t bytes)
{
    const char *tab;

    if (bytes > YAML_BYTES_MAX) {
        problem_at(reader, &(yaml_mark_t){ 0 }, "E-YAML", "the file is larger than 1 MiB");
        return false;
    }
    if (!bl_text_is_valid(source, bytes)) {
        yaml_mark_t mark = mark_of(source, valid_bytes(source, bytes));
        problem_at(reader, &mark, "E-YAML", "this is not UTF-8, or a NUL character");
        return false;
    }
    tab = bytes == 0 ? NULL : memchr(source, '\t', bytes);
    if (tab != NULL) {
        yaml_mark_t mark = mark_of(source, (size_t)(tab - source));
        problem_at(reader, &mark, "E-YAML", "a tab; write spaces, or \"\\t\" within a text");
        return false;
    }
    return true;
}

/* The tree of a file, or NULL; problems are added either way. */
static struct tree *read_tree(const char *source, size_t bytes, const char *file,
                              struct bl_arena *arena, struct schema_problems *problems)
{
    struct reader reader = { .arena = arena, .problems = problems, .file = file };
    uint32_t errors = problems->error_count;
    bool more = true;

    if (!check_source(&reader, source, bytes)) {
        return NULL;
    }
    CHECK(yaml_parser_initialize(&reader.parser));
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)source, bytes);
    while (more) {
        yaml_event_t event;

        if (!yaml_parser_parse(&reader.parser, &event)) {
            parser_problem(&reader, source);
            reader.root = NULL;
            break;
        }
        more = read_event(&reader, &event);
        yaml_event_delete(&event);
    }
    if (reader.depth > 0) {
        reader.root = NULL;
    }
    if (reader.root == NULL && problems->error_count == errors) {
        problem_at(&reader, &(yaml_mark_t){ 0 }, "E-YAML", "the file is empty");
    }
    yaml_parser_delete(&reader.parser);
    return reader.root;
}

/* --- loading ------------------------------------------------------------------------------------
 */

enum bl_err yaml_load(const char *source, size_t bytes, const char *file,
                      const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena,
                      ProtobufCMessage **message, const struct yaml_document **document,
                      struct schema_problems *problems)
{
    uint32_t errors = problems->error_count;
    struct yaml_document *made = bl_arena_new(arena, struct yaml_document);
    struct bind bind = { .arena = arena, .problems = problems, .file = file };

    made->file = file;
    made->root = read_tree(source, bytes, file, arena, problems);
    *message = NULL;
    if (made->root != NULL) {
        *message = bind_message(&bind, schema_type_of(descriptor), made->root);
        made->places = bind.places;
    }
    if (document != NULL) {
        *document = made;
    }
    return problems->error_count == errors ? BL_OK : BL_DEFINITION;
}

bool yaml_has_key(const char *source, size_t bytes, const char *key)
{
    AUTO(bl_arena_free) struct bl_arena arena;
    struct schema_problems *problems;

    bl_arena_init(&arena, 1 << 16, YAML_ARENA_BYTES);
    problems = bl_arena_new(&arena, struct schema_problems);
    schema_problems_init(problems, &arena);
    const struct tree *root = read_tree(source, bytes, NULL, &arena, problems);
    return root != NULL && tree_find(root, key) != NULL;
}

/* --- places -------------------------------------------------------------------------------------
 */

static const struct tree *node_of(const struct yaml_document *document, const void *message)
{
    for (const struct bind_place *at = document->places; at != NULL; at = at->next) {
        if (at->message == message) {
            return at->node;
        }
    }
    return document->root;
}

static bool is_map_entry(const ProtobufCMessage *message)
{
    return schema_type_of(message->descriptor)->form == SCHEMA_MAP_ENTRY;
}

static const struct tree *find_node(const struct yaml_document *document, const void *message,
                                    const char *field, size_t element)
{
    const struct tree *node = node_of(document, message);
    const struct tree *child = NULL;

    if (field != NULL && node != NULL && !is_map_entry(message)) {
        child = tree_find(node, field);
    }
    /* A message in short form is its own field, and a map entry its own value. */
    node = child != NULL ? child : node;
    if (element == YAML_WHOLE || node == NULL || tree_is_scalar(node)) {
        return node;
    }
    child = node->first;
    while (child != NULL && element-- > 0) {
        child = child->next;
    }
    return child != NULL ? child : node;
}

struct yaml_position yaml_key_position(const struct yaml_document *document, const void *message,
                                       const char *field, size_t element)
{
    const struct tree *node = find_node(document, message, field, element);

    if (node == NULL) {
        return (struct yaml_position){ 0, 0 };
    }
    return node->key_line > 0 ? (struct yaml_position){ node->key_line, node->key_column }
                              : (struct yaml_position){ node->line, node->column };
}

struct yaml_position yaml_position(const struct yaml_document *document, const void *message,
                                   const char *field, size_t element)
{
    const struct tree *node = find_node(document, message, field, element);

    /* A mapping's value begins at its first key, which would point at the wrong one. */
    if (node == NULL || node->kind == TREE_MAP) {
        return yaml_key_position(document, message, field, element);
    }
    return (struct yaml_position){ node->line, node->column };
}

void yaml_problem(struct schema_problems *problems, const struct yaml_document *document,
                  enum schema_severity severity, const char *code, const void *message,
                  const char *field, size_t element, const char *format, ...)
{
    struct yaml_position at = yaml_position(document, message, field, element);
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    schema_problem_add(problems, severity, code, document->file, at.line, at.column, field, "%s",
                       text);
    free(text);
}
