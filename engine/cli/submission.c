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
                            const Bl__Content *content)
{
    Bl__Submit *submit = bl_arena_new(arena, Bl__Submit);

    bl__submit__init(submit);
    submit->workflow = workflow;
    submit->version = version;
    submit->content = pack(arena, &content->base);
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

/* A file that names materials. */
struct papers {
    const char *path;
    const struct yaml_document *document;  // NULL: it is JSON
    const ProtobufCMessage *message;       // whose `materials` they are
    struct schema_problems *problems;
    Bl__Material **made;
    size_t count;
};

/* Adds one, and a problem if its file cannot be read. One that is not there may lie on the counter
 * as paper: it is taken by its name, with a warning. */
static void add_paper(struct cli *cli, struct papers *papers, const char *id, const char *file)
{
    struct bl_error e = { 0 };
    Bl__Material **made = &papers->made[papers->count];
    enum bl_err err = make_material(cli, papers->path, id, file, made, &e);

    if (err != BL_OK) {
        struct yaml_position at = { 0, 0 };

        if (papers->document != NULL) {
            at = yaml_position(papers->document, papers->message, "materials", papers->count);
        }
        schema_problem_add(papers->problems, err == BL_NOT_FOUND ? SCHEMA_WARNING : SCHEMA_ERROR,
                           "E-FILE", papers->path, at.line, at.column,
                           bl_arena_printf(&cli->arena, "materials.%s", id),
                           "material %s: %s: %s%s", id, beside(cli, papers->path, file), e.text,
                           err == BL_NOT_FOUND ? "; it is taken as paper" : "");
    }
    papers->count++;
}

/* --- the file --------------------------------------------------------------------------------- */

/* Reads the message; NULL where its problems let nothing be made of it.
 *   returns  0, or the exit status after it was said that there is no such file */
static int parse(struct cli *cli, const char *path, const ProtobufCMessageDescriptor *descriptor,
                 struct papers *papers)
{
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);
    ProtobufCMessage *message = NULL;
    struct bl_text text;
    struct bl_error e = { 0 };

    if (file_read(cli, path, &text, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    schema_problems_init(problems, &cli->arena);
    *papers = (struct papers){ .path = path, .problems = problems };
    bool is_json = text.at[strspn(text.at, " \t\r\n")] == '{';
    enum bl_err err = is_json ? json_read_message(text.at, text.bytes, descriptor, &cli->arena,
                                                  &message, problems)
                              : yaml_load(text.at, text.bytes, path, descriptor, &cli->arena,
                                          &message, &papers->document, problems);

    if (err != BL_OK && problems->error_count == 0) {
        schema_problem_add(problems, SCHEMA_ERROR, "E-YAML", path, 0, 0, NULL, "%s",
                           bl_err_name(err));
    }
    for (uint32_t i = 0; is_json && i < problems->count; i++) {
        problems->problems[i].file = path;  // the reader of JSON knows a text, no file
    }
    papers->message = problems->error_count > 0 ? NULL : message;
    return 0;
}

/* Says all that is wrong; the exit status. */
static int say_problems(struct papers *papers)
{
    schema_problems_sort(papers->problems);
    schema_problems_print(stderr, papers->problems);
    return papers->problems->error_count > 0 ? bl_err_exit(BL_INVALID) : 0;
}

static ProtobufCBinaryData pack_form(struct cli *cli, const Google__Protobuf__Struct *form)
{
    return form == NULL ? (ProtobufCBinaryData){ 0 } : pack(&cli->arena, &form->base);
}

static void make_submit(struct cli *cli, const Bl__Submission *submission,
                        const struct papers *papers, Bl__Command *command)
{
    Bl__Content content = BL__CONTENT__INIT;

    content.applicant = submission->applicant;
    content.agent = submission->agent;
    content.form = pack_form(cli, submission->form);
    content.materials = papers->made;
    content.n_materials = papers->count;
    Bl__Submit *submit =
        submission_make(&cli->arena, submission->workflow, submission->version, &content);
    submit->window = submission->window;
    submit->mode = submission->mode;
    submit->project = submission->project;
    submit->stated_receipt = submission->stated_receipt;
    submit->commitments = submission->commitments;
    submit->n_commitments = submission->n_commitments;
    command->request_id = submission->key;
    command->what_case = BL__COMMAND__WHAT_SUBMIT;
    command->submit = submit;
}

int submission_read(struct cli *cli, const char *path, Bl__Command *command)
{
    struct papers papers;
    int status = parse(cli, path, &bl__submission__descriptor, &papers);

    if (status != 0) {
        return status;
    }
    const Bl__Submission *submission = (const Bl__Submission *)papers.message;
    if (submission != NULL) {
        papers.made = bl_arena_array(&cli->arena, Bl__Material *, submission->n_materials + 1);
        for (size_t i = 0; i < submission->n_materials; i++) {
            add_paper(cli, &papers, submission->materials[i]->key, submission->materials[i]->value);
        }
    }
    status = say_problems(&papers);
    if (status == 0) {
        make_submit(cli, submission, &papers, command);
    }
    return status;
}

int addition_read(struct cli *cli, const char *path, struct addition *addition)
{
    struct papers papers;
    int status = parse(cli, path, &bl__addition__descriptor, &papers);

    if (status != 0) {
        return status;
    }
    const Bl__Addition *read = (const Bl__Addition *)papers.message;
    if (read != NULL) {
        papers.made = bl_arena_array(&cli->arena, Bl__Material *, read->n_materials + 1);
        for (size_t i = 0; i < read->n_materials; i++) {
            add_paper(cli, &papers, read->materials[i]->key, read->materials[i]->value);
        }
        addition->form = pack_form(cli, read->form);
        addition->materials = papers.made;
        addition->material_count = papers.count;
    }
    return say_problems(&papers);
}

int addition_paper(struct cli *cli, const char *id, const char *file, Bl__Material **made)
{
    struct bl_error e = { 0 };
    enum bl_err err = make_material(cli, "", id, file, made, &e);

    if (err == BL_NOT_FOUND) {
        cli_note(cli,
                 cli_say(cli, "注意：没有文件 %s，按纸质材料登记",
                         "note: no file %s; it is taken as paper"),
                 file);
        return 0;
    }
    return err == BL_OK ? 0 : cli_fail(cli, &e);
}
