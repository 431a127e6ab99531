#include "cli/submission.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "binglian/v1/submission.pb-c.h"
#include "schema/json.h"
#include "schema/yaml.h"

#define HASH_BYTES 32
#define READ_BYTES ((size_t)64 << 10)

static ProtobufCBinaryData pack(struct bl_arena *arena, const ProtobufCMessage *message)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = bl_arena_alloc(arena, bytes + 1);

    return (ProtobufCBinaryData){ protobuf_c_message_pack(message, data), data };
}

Bl__Submit *submission_make(struct bl_arena *arena, const char *workflow, uint32_t version,
                            Bl__Applicant *applicant, ProtobufCBinaryData form,
                            Bl__Material **materials, size_t material_count)
{
    Bl__Submit *submit = bl_arena_new(arena, Bl__Submit);
    Bl__Content content = BL__CONTENT__INIT;

    bl__submit__init(submit);
    content.applicant = applicant;
    content.form = form;
    content.materials = materials;
    content.n_materials = material_count;
    submit->workflow = workflow;
    submit->version = version;
    submit->content = pack(arena, &content.base);
    return submit;
}

/* --- materials -------------------------------------------------------------------------------- */

/* Size and BLAKE2b-256 of a file that is there; without them the paper is only named. */
static void measure(struct bl_arena *arena, const char *path, Bl__Material *material)
{
    uint8_t *buffer = bl_arena_alloc(arena, READ_BYTES);
    crypto_generichash_state state;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (descriptor < 0) {
        return;
    }
    (void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    while ((got = read(descriptor, buffer, READ_BYTES)) > 0) {
        (void)crypto_generichash_update(&state, buffer, (unsigned long long)got);
        material->bytes += (uint64_t)got;
    }
    (void)close(descriptor);
    if (got == 0) {
        material->hash.data = bl_arena_alloc(arena, HASH_BYTES);
        material->hash.len = HASH_BYTES;
        (void)crypto_generichash_final(&state, material->hash.data, HASH_BYTES);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* Files stand as the submission's own place sees them. */
static const char *beside(struct cli *cli, const char *submission, const char *file)
{
    const char *slash = strrchr(submission, '/');

    if (file[0] == '/' || slash == NULL) {
        return file;
    }
    return bl_arena_printf(&cli->arena, "%.*s/%s", (int)(slash - submission), submission, file);
}

static Bl__Material *make_material(struct cli *cli, const char *path, const char *id,
                                   const char *file)
{
    Bl__Material *material = bl_arena_new(&cli->arena, Bl__Material);

    bl__material__init(material);
    material->id = id;
    material->later = strcmp(file, "later") == 0;
    if (!material->later) {
        material->file = base_name(file);
        measure(&cli->arena, beside(cli, path, file), material);
    }
    return material;
}

static Bl__Material **make_materials(struct cli *cli, const char *path,
                                     const Bl__Submission *submission)
{
    Bl__Material **materials =
        bl_arena_array(&cli->arena, Bl__Material *, submission->n_materials + 1);

    for (size_t i = 0; i < submission->n_materials; i++) {
        materials[i] = make_material(cli, path, submission->materials[i]->key,
                                     submission->materials[i]->value);
    }
    return materials;
}

/* --- the file --------------------------------------------------------------------------------- */

static const Bl__Submission *parse(struct cli *cli, const char *path, struct bl_text text,
                                   struct schema_problems *problems)
{
    const ProtobufCMessageDescriptor *descriptor = &bl__submission__descriptor;
    ProtobufCMessage *message = NULL;
    bool is_json = text.at[strspn(text.at, " \t\r\n")] == '{';
    enum bl_err err = is_json ? json_read_message(text.at, text.bytes, descriptor, &cli->arena,
                                                  &message, problems)
                              : yaml_load(text.at, text.bytes, path, descriptor, &cli->arena,
                                          &message, NULL, problems);

    if (err != BL_OK && problems->error_count == 0) {
        schema_problem_add(problems, SCHEMA_ERROR, "E-YAML", path, 0, 0, NULL, "%s",
                           bl_err_name(err));
    }
    for (uint32_t i = 0; is_json && i < problems->count; i++) {
        problems->problems[i].file = path;  // the reader of JSON knows a text, no file
    }
    return problems->error_count > 0 ? NULL : (const Bl__Submission *)message;
}

int submission_read(struct cli *cli, const char *path, Bl__Command *command)
{
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);
    struct bl_text text;
    struct bl_error e = { 0 };

    if (file_read(cli, path, &text, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    schema_problems_init(problems, &cli->arena);
    const Bl__Submission *submission = parse(cli, path, text, problems);
    if (submission == NULL) {
        schema_problems_sort(problems);
        schema_problems_print(stderr, problems);
        return bl_err_exit(BL_INVALID);
    }
    ProtobufCBinaryData form = { 0 };
    if (submission->form != NULL) {
        form = pack(&cli->arena, &submission->form->base);
    }
    Bl__Submit *submit = submission_make(
        &cli->arena, submission->workflow, submission->version, submission->applicant, form,
        make_materials(cli, path, submission), submission->n_materials);
    submit->window = submission->window;
    command->request_id = submission->key;
    command->what_case = BL__COMMAND__WHAT_SUBMIT;
    command->submit = submit;
    return 0;
}
