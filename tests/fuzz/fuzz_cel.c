/* Any bytes as an expression: compiled strictly against a form and openly, then evaluated. Looks
 * for crashes, leaks, and for a compiler that disagrees with its own evaluator. */
#include <stdlib.h>
#include <string.h>

#include "definition/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const char *const options[] = { "granted", "denied" };

static const struct cel_variable variables[] = {
    { .name = "form.a", .type = CEL_DOUBLE },
    { .name = "form.b", .type = CEL_BOOL },
    { .name = "form.s", .type = CEL_STRING },
    { .name = "form.n", .type = CEL_INT },
    { .name = "form.l", .type = CEL_LIST, .element = CEL_STRING },
    { .name = "form.m", .type = CEL_MAP },
    { .name = "item.x.result", .type = CEL_STRING, .options = options, .option_count = 2 },
    { .name = "d", .type = CEL_DYN },
};

static const struct cel_value words[] = {
    { .type = CEL_STRING, .string = { "食品", 6 } },
    { .type = CEL_INT, .integer = INT64_MIN },
};

/* Every other variable has a value, of its type. */
static bool get(void *context, size_t slot, struct cel_value *value)
{
    (void)context;
    switch (variables[slot].type) {
    case CEL_DOUBLE:
        *value = (struct cel_value){ .type = CEL_DOUBLE, .number = 1e300 };
        return true;
    case CEL_STRING:
        *value = words[0];
        return true;
    case CEL_INT:
        *value = words[1];
        return true;
    case CEL_LIST:
        *value = (struct cel_value){ .type = CEL_LIST, .list = { words, 1 } };
        return true;
    case CEL_MAP:
        *value = (struct cel_value){ .type = CEL_MAP, .map = { words, 1 } };
        return true;
    case CEL_BOOL:
    case CEL_NULL:
    case CEL_DYN:
        return false;
    }
    UNREACHABLE();
}

/* Evaluates what was compiled; a type that the compiler promised must be the value's. */
static void evaluate(const struct cel *cel, bool open)
{
    static const struct cel_scope scope = { get, NULL };
    struct bl_arena scratch;
    struct bl_error e = { .code = BL_OK };
    struct cel_value value;

    bl_arena_init(&scratch, 4096, (size_t)1 << 22);
    enum bl_err err = cel_eval(cel, &scope, &scratch, &value, &e);
    CHECK((err == BL_OK) == (e.code == BL_OK));
    CHECK(err == BL_OK || (e.line > 0 && e.column > 0));
    if (err == BL_OK && !open && cel_type_of(cel) != CEL_DYN) {
        CHECK(value.type == cel_type_of(cel));
    }
    bl_arena_free(&scratch);
}

static void compile(const char *source, size_t bytes, bool open)
{
    const struct cel_schema schema = { variables, BL_COUNT(variables), open };
    struct bl_arena arena;
    struct bl_error e = { .code = BL_OK };
    const struct cel *cel;

    bl_arena_init(&arena, 4096, CEL_COMPILED_BYTES);
    if (cel_compile(source, bytes, &schema, &arena, &cel, &e) == BL_OK) {
        evaluate(cel, open);
    } else {
        CHECK(e.line > 0);
        CHECK(e.column > 0);
    }
    bl_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *source = malloc(bytes == 0 ? 1 : bytes);  // no longer, so that a read past it is seen

    CHECK(source != NULL);
    memcpy(source, data, bytes);
    compile(source, bytes, false);
    compile(source, bytes, true);
    free(source);
    return 0;
}
