#include "cli/submission.h"

#include <errno.h>
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
#define MATERIAL_BYTES_MAX ((uint64_t)1 << 30)  // of one file: a scanned set of drawings is 100 MiB

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

static enum bl_err read_error(struct bl_error *e)
{
    return bl_error_set(e, errno == ENOENT ? BL_NOT_FOUND : BL_IO, "%s", strerror(errno));
}

/* Opens a file to read; a pipe or a device has no size and might never end. */
static enum bl_err open_file(const char *path, int *descriptor, struct bl_error *e)
{
    struct stat status;

    *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe would wait for a writer
    if (*descriptor < 0 || fstat(*descriptor, &status) != 0) {
        return read_error(e);
    }
    return S_ISREG(status.st_mode) ? BL_OK : bl_error_set(e, BL_INVALID, "this is no file");
}

/* Size and BLAKE2b-256 of what can be read. */
static enum bl_err hash_file(int descriptor, struct bl_arena *arena, Bl__Material *material,
                             struct bl_error *e)
{
    uint8_t *buffer = bl_arena_alloc(arena, READ_BYTES);
    crypto_generichash_state state;
    ssize_t got;

    (void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    while ((got = read(descriptor, buffer, READ_BYTES)) > 0) {
        (void)crypto_generichash_update(&state, buffer, (unsigned long long)got);
        material->bytes += (uint64_t)got;
        if (material->bytes > MATERIAL_BYTES_MAX) {
            return bl_error_set(e, BL_TOO_LARGE, "the file is larger than 1 GiB");
        }
    }
    if (got < 0) {
        return read_error(e);
    }
    material->hash.data = bl_arena_alloc(arena, HASH_BYTES);
    material->hash.len = HASH_BYTES;
    (void)crypto_generichash_final(&state, material->hash.data, HASH_BYTES);
    return BL_OK;
}

static enum bl_err measure(struct bl_arena *arena, const char *path, Bl__Material *material,
                           struct bl_error *e)
{
    int descriptor;
    enum bl_err err = open_file(path, &descriptor, e);

    if (err == BL_OK) {
        err = hash_file(descriptor, arena, material, e);
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return err;
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

static enum bl_err make_material(struct cli *cli, const char *path, const char *id,
                                 const char *file, Bl__Material **made, struct bl_error *e)
{
    Bl__Material *material = bl_arena_new(&cli->arena, Bl__Material);

    bl__material__init(material);
    *made = material;
    material->id = id;
    material->later = strcmp(file, "later") == 0;
    if (material->later) {
        return BL_OK;
    }
    material->file = base_name(file);
    return measure(&cli->arena, beside(cli, path, file), material, e);
}

/* Adds a problem for each file that cannot be read. One that is not there may lie on the counter as
 * paper: it is taken by its name, with a warning.
 *   document  where the submission stands in its YAML; NULL: it is JSON */
static Bl__Material **make_materials(struct cli *cli, const char *path,
                                     const Bl__Submission *submission,
                                     const struct yaml_document *document,
                                     struct schema_problems *problems)
{
    Bl__Material **materials =
        bl_arena_array(&cli->arena, Bl__Material *, submission->n_materials + 1);

    for (size_t i = 0; i < submission->n_materials; i++) {
        const char *id = submission->materials[i]->key, *file = submission->materials[i]->value;
        struct bl_error e = { 0 };

        enum bl_err err = make_material(cli, path, id, file, &materials[i], &e);
        if (err != BL_OK) {
            struct yaml_position at = { 0, 0 };

            if (document != NULL) {
                at = yaml_position(document, submission, "materials", i);
            }
            schema_problem_add(problems, err == BL_NOT_FOUND ? SCHEMA_WARNING : SCHEMA_ERROR,
                               "E-FILE", path, at.line, at.column,
                               bl_arena_printf(&cli->arena, "materials.%s", id),
                               "material %s: %s: %s%s", id, beside(cli, path, file), e.text,
                               err == BL_NOT_FOUND ? "; it is taken as paper" : "");
        }
    }
    return materials;
}

/* --- the file --------------------------------------------------------------------------------- */

/* The submission, or NULL; *document becomes where it stands, of YAML. */
static const Bl__Submission *parse(struct cli *cli, const char *path, struct bl_text text,
                                   const struct yaml_document **document,
                                   struct schema_problems *problems)
{
    const ProtobufCMessageDescriptor *descriptor = &bl__submission__descriptor;
    ProtobufCMessage *message = NULL;
    bool is_json = text.at[strspn(text.at, " \t\r\n")] == '{';
    enum bl_err err = is_json ? json_read_message(text.at, text.bytes, descriptor, &cli->arena,
                                                  &message, problems)
                              : yaml_load(text.at, text.bytes, path, descriptor, &cli->arena,
                                          &message, document, problems);

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
    const struct yaml_document *document = NULL;
    struct bl_text text;
    struct bl_error e = { 0 };

    if (file_read(cli, path, &text, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    schema_problems_init(problems, &cli->arena);
    const Bl__Submission *submission = parse(cli, path, text, &document, problems);
    Bl__Material **materials = NULL;
    if (submission != NULL) {
        materials = make_materials(cli, path, submission, document, problems);
    }
    schema_problems_sort(problems);
    schema_problems_print(stderr, problems);
    if (problems->error_count > 0) {
        return bl_err_exit(BL_INVALID);
    }
    ProtobufCBinaryData form = { 0 };
    if (submission->form != NULL) {
        form = pack(&cli->arena, &submission->form->base);
    }
    Bl__Submit *submit =
        submission_make(&cli->arena, submission->workflow, submission->version,
                        submission->applicant, form, materials, submission->n_materials);
    submit->window = submission->window;
    command->request_id = submission->key;
    command->what_case = BL__COMMAND__WHAT_SUBMIT;
    command->submit = submit;
    return 0;
}
