/* From the text of a file to a definition, or to all that is wrong with it. */
#include <stdlib.h>
#include <string.h>

#include "definition/compile.h"
#include "schema/yaml.h"

/* What a definition may take: its YAML, and the conditions of DEFINITION_ITEMS_MAX items. */
#define ARENA_FIRST_BYTES ((size_t)64 << 10)
#define ARENA_BYTES_MAX (YAML_ARENA_BYTES + DEFINITION_ITEMS_MAX * 3 * CEL_COMPILED_BYTES)
#define SCRATCH_BYTES_MAX ((size_t)256 << 20)

enum definition_file definition_file_kind(const char *source, size_t bytes)
{
    /* A workflow names its calendar too, so the order matters. */
    if (yaml_has_key(source, bytes, "workflow")) {
        return DEFINITION_WORKFLOW;
    }
    if (yaml_has_key(source, bytes, "departments")) {
        return DEFINITION_DEPARTMENTS;
    }
    return yaml_has_key(source, bytes, "calendar") ? DEFINITION_CALENDAR : DEFINITION_UNKNOWN;
}

static struct bl_arena *arena_new(void)
{
    struct bl_arena *arena = malloc(sizeof *arena);

    CHECK(arena != NULL);
    bl_arena_init(arena, ARENA_FIRST_BYTES, ARENA_BYTES_MAX);
    return arena;
}

/* Compiles and checks what the YAML says, as far as it could be read. */
static void compile_and_check(struct compiler *compiler)
{
    bl_arena_init(compiler->report.scratch, ARENA_FIRST_BYTES, SCRATCH_BYTES_MAX);
    compile_workflow(compiler);
    if (compiler->definition->index != NULL) {
        check_workflow(compiler);
    }
    bl_arena_free(compiler->report.scratch);
}

enum bl_err definition_load(const char *source, size_t bytes, const char *file,
                            const struct definition_context *context,
                            struct definition **definition, struct schema_problems *problems)
{
    static const struct definition_context unknown;
    struct bl_arena *arena = arena_new(), scratch;
    uint32_t errors_before = problems->error_count;
    const struct yaml_document *document;
    ProtobufCMessage *message = NULL;
    enum bl_err read;
    struct definition *made = bl_arena_new(arena, struct definition);

    made->arena = arena;
    file = bl_arena_string(problems->arena, file);
    read = yaml_load(source, bytes, file, &bl__workflow__descriptor, arena, &message, &document,
                     problems);
    if (message != NULL) {
        struct compiler compiler = {
            .report = { problems,
                        errors_before,
                        &scratch,
                        file,
                        { source, bytes },
                        message,
                        document },
            .arena = arena,
            .source = (const Bl__Workflow *)message,
            .context = context == NULL ? &unknown : context,
            .definition = made,
        };

        made->source = compiler.source;
        compile_and_check(&compiler);
    }
    schema_problems_sort(problems);
    if (read != BL_OK || problems->error_count > errors_before) {
        definition_free(&made);
        return BL_DEFINITION;
    }
    *definition = made;
    return BL_OK;
}
