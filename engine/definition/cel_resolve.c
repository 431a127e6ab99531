/* What the names of an expression mean: slots of the schema, variables of macros, options. */
#include <stdio.h>
#include <string.h>

#include "definition/cel_checker.h"

#define NAME_BYTES_MAX 256   // of a dotted name such as item.fire_check.result
#define NAME_DISTANCE_MAX 3  // edits between what was written and what was perhaps meant

/* ---- names ---- */

/* The part of a dotted name at `at`: up to the next dot. */
static size_t segment_bytes(const char *name)
{
    return strcspn(name, ".");
}

/* Is `name` the whole `path`, or does it go on behind it with a dot? */
static bool is_below(const char *name, const char *path, size_t bytes)
{
    return strncmp(name, path, bytes) == 0 && (name[bytes] == '.' || name[bytes] == '\0');
}

/* The known name nearest to `written` among those behind the first `prefix` bytes of `path`. */
static bool nearest_segment(const struct cel_schema *schema, const char *path, size_t prefix,
                            const char *written, char nearest[NAME_BYTES_MAX])
{
    uint32_t best = NAME_DISTANCE_MAX + 1;
    size_t skip = prefix == 0 ? 0 : prefix + 1;

    for (size_t i = 0; i < schema->count; i++) {
        const char *name = schema->variables[i].name;
        char segment[NAME_BYTES_MAX];
        if (prefix > 0 && (!is_below(name, path, prefix) || name[prefix] != '.')) {
            continue;
        }
        (void)snprintf(segment, sizeof segment, "%.*s", (int)segment_bytes(name + skip),
                       name + skip);
        uint32_t distance = bl_text_distance(written, segment, NAME_DISTANCE_MAX);
        if (distance < best) {
            best = distance;
            memcpy(nearest, segment, sizeof segment);
        }
    }
    return best <= NAME_DISTANCE_MAX && best < strlen(written);
}

/* A whole name whose last part is `written`: somebody left out the "form.". */
static const char *name_ending_with(const struct cel_schema *schema, const char *written)
{
    for (size_t i = 0; i < schema->count; i++) {
        const char *dot = strrchr(schema->variables[i].name, '.');
        if (dot != NULL && strcmp(dot + 1, written) == 0) {
            return schema->variables[i].name;
        }
    }
    return NULL;
}

/* `node` names `written` behind the first `prefix` bytes of `path`, and there is no such name. */
static enum bl_err unknown_name(const struct cel_checker *checker, const struct cel_node *node,
                                const char *path, size_t prefix)
{
    char written[NAME_BYTES_MAX], nearest[NAME_BYTES_MAX], what[2 * NAME_BYTES_MAX];
    const char *whole = NULL;

    (void)snprintf(written, sizeof written, "%.*s", (int)node->name.bytes, node->name.at);
    if (prefix == 0) {
        (void)snprintf(what, sizeof what, "unknown name \"%.100s\"", written);
        whole = name_ending_with(checker->schema, written);
    } else {
        (void)snprintf(what, sizeof what, "\"%.*s\" has no \"%.100s\"",
                       (int)(prefix < 100 ? prefix : 100), path, written);
    }
    if (whole == NULL && nearest_segment(checker->schema, path, prefix, written, nearest)) {
        whole = nearest;
    }
    return whole == NULL ? check_error(checker, node, "%s", what)
                         : check_error(checker, node, "%s; did you mean \"%.100s\"?", what, whole);
}

/* The variable of this dotted path, or else the first whose name begins with it, or NULL. */
static const struct cel_variable *find_path(const struct cel_schema *schema, const char *path,
                                            size_t bytes)
{
    const struct cel_variable *below = NULL;

    for (size_t i = 0; i < schema->count; i++) {
        const struct cel_variable *variable = &schema->variables[i];
        if (is_below(variable->name, path, bytes)) {
            if (variable->name[bytes] == '\0') {
                return variable;
            }
            below = below == NULL ? variable : below;
        }
    }
    return below;
}

static void become_slot(struct cel_checker *checker, struct cel_node *node,
                        const struct cel_variable *variable)
{
    node->op = OP_SLOT;
    node->a = NULL;
    node->index = (uint32_t)(variable - checker->schema->variables);
    node->type = variable->type;
    node->element = variable->element;
    node->value.type = variable->type == CEL_DYN ? CEL_NULL : variable->type;
    if (variable->type == CEL_STRING) {
        node->value.string = (struct bl_text){ "", 0 };
    }
    checker->used[node->index] = true;
}

/* Resolves a chain root.field.field… whose root is a name: its longest beginning that is a
 * variable becomes a slot; fields behind it stay selections. */
static enum bl_err resolve_chain(struct cel_checker *checker, struct cel_node *const *chain,
                                 size_t count)
{
    char path[NAME_BYTES_MAX];
    size_t bytes = 0, end = 0;
    const struct cel_variable *variable = NULL, *found = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t before = bytes;
        if (bytes + chain[i]->name.bytes + 2 > sizeof path) {
            return check_error(checker, chain[i], "the name is longer than %d bytes",
                               NAME_BYTES_MAX - 2);
        }
        bytes += (size_t)snprintf(path + bytes, sizeof path - bytes, "%s%.*s", i == 0 ? "" : ".",
                                  (int)chain[i]->name.bytes, chain[i]->name.at);
        variable = find_path(checker->schema, path, bytes);
        if (variable == NULL && found == NULL) {
            return unknown_name(checker, chain[i], path, before);
        }
        if (variable == NULL) {
            break;
        }
        if (variable->name[bytes] == '\0') {
            found = variable;
            end = i;
        }
    }
    if (found == NULL) {
        return check_error(
            checker, chain[count - 1],
            "\"%.100s\" is no value by itself; write a field of it, such as \"%.100s\"", path,
            variable->name);
    }
    become_slot(checker, chain[end], found);
    return BL_OK;
}

static bool find_local(const struct cel_checker *checker, struct bl_text name, uint32_t *index)
{
    for (uint32_t i = checker->local_count; i > 0; i--) {
        if (bl_text_equal(checker->locals[i - 1].name, name)) {
            *index = i - 1;
            return true;
        }
    }
    return false;
}

enum bl_err cel_resolve(struct cel_checker *checker, struct cel_node *node)
{
    struct cel_node *chain[CEL_DEPTH_MAX];
    size_t count = node->depth, at = count;

    for (struct cel_node *step = node; step != NULL; step = step->a) {
        chain[--at] = step;
        if (step->op == OP_NAME) {
            break;
        }
        if (step->op != OP_SELECT) {
            return BL_OK;
        }
    }
    struct cel_node *root = chain[at];
    if (find_local(checker, root->name, &root->index)) {
        root->op = OP_LOCAL;
        root->type = checker->locals[root->index].type;
        return BL_OK;
    }
    return resolve_chain(checker, chain + at, count - at);
}

/* ---- options ---- */

const struct cel_variable *cel_options_of(const struct cel_checker *checker,
                                          const struct cel_node *node)
{
    const struct cel_variable *variable = NULL;

    if (node->op == OP_SLOT) {
        variable = &checker->schema->variables[node->index];
    } else if (node->op == OP_LOCAL) {
        variable = checker->locals[node->index].elements_of;
    }
    return variable != NULL && variable->option_count > 0 ? variable : NULL;
}

static enum bl_err check_option(const struct cel_checker *checker,
                                const struct cel_variable *variable, const struct cel_node *literal)
{
    char written[NAME_BYTES_MAX];
    const char *nearest = NULL;
    uint32_t best = NAME_DISTANCE_MAX + 1;

    if (literal->op != OP_LITERAL || literal->value.type != CEL_STRING ||
        literal->value.string.bytes == 0) {
        return BL_OK;
    }
    (void)snprintf(written, sizeof written, "%.*s", cel_shown_bytes(literal->value.string, 80),
                   literal->value.string.at);
    for (size_t i = 0; i < variable->option_count; i++) {
        if (bl_text_is(literal->value.string, variable->options[i])) {
            return BL_OK;
        }
        uint32_t distance = bl_text_distance(written, variable->options[i], NAME_DISTANCE_MAX);
        if (distance < best) {
            best = distance;
            nearest = variable->options[i];
        }
    }
    if (nearest == NULL) {
        return check_error(checker, literal, "%.80s is never \"%s\"", variable->name, written);
    }
    return check_error(checker, literal, "%.80s is never \"%s\"; did you mean \"%.*s\"?",
                       variable->name, written, cel_shown_bytes(bl_text_of(nearest), 60), nearest);
}

enum bl_err cel_check_options(const struct cel_checker *checker, const struct cel_node *node,
                              const struct cel_node *other)
{
    const struct cel_variable *variable = cel_options_of(checker, node);
    enum bl_err err = BL_OK;

    if (variable == NULL) {
        return BL_OK;
    }
    for (uint32_t i = 0; i < other->count && err == BL_OK; i++) {
        err = check_option(checker, variable, other->items[i]);
    }
    return err == BL_OK ? check_option(checker, variable, other) : err;
}
