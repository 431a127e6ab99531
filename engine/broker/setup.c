#include "broker/setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/publication.h"
#include "store/read.h"

#define PATH_BYTES 4096
#define DIRECTORY_BYTES_MAX ((size_t)64 << 20)
#define FILES_MAX 1000  // of one folder

/* The engine itself, with the rights of an administrator. */
static const struct principal engine = { .role = BL__KEY__ROLE__ADMINISTRATOR };

static enum bl_err path_in(const char *folder, const char *name, char *path, struct bl_error *e)
{
    int bytes = snprintf(path, PATH_BYTES, "%s/%s", folder, name);

    return bytes < PATH_BYTES ? BL_OK : bl_error_at(e, BL_IO, folder, 0, 0, "the path is too long");
}

enum bl_err setup_identity(const struct setup *setup, struct identity *identity, struct bl_error *e)
{
    char path[PATH_BYTES];
    enum bl_err err = path_in(setup->data, "broker.identity", path, e);

    if (err != BL_OK) {
        return err;
    }
    if (access(path, F_OK) == 0) {
        return identity_load(path, identity, e);
    }
    err = identity_make("broker", NULL, identity, e);
    return err != BL_OK ? err : identity_save(identity, path, e);
}

static enum bl_err write_public(const char *data, const char *text, struct bl_error *e)
{
    char path[PATH_BYTES];
    enum bl_err err = path_in(data, "audit.pub", path, e);

    if (err != BL_OK || access(path, F_OK) == 0) {
        return err;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || dprintf(fd, "%s\n", text) < 0) {
        err = bl_error_at(e, BL_IO, path, 0, 0, "%s", strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

enum bl_err setup_audit(const char *data, struct checkpoint_key *key,
                        char public_text[SETUP_AUDIT_BYTES], struct bl_error *e)
{
    char path[PATH_BYTES];
    uint8_t seed[CHECKPOINT_KEY_BYTES];
    struct identity identity = { 0 };
    enum bl_err err = path_in(data, "audit.identity", path, e);

    if (err == BL_OK && access(path, F_OK) == 0) {
        err = identity_load(path, &identity, e);
    } else if (err == BL_OK) {
        err = identity_make_signing("audit", &identity, e);
        err = err != BL_OK ? err : identity_save(&identity, path, e);
    }
    if (err == BL_OK) {
        identity_key_bytes(identity.secret_key, seed);
        checkpoint_key_of(seed, key);
        (void)sodium_bin2hex(public_text, SETUP_AUDIT_BYTES, key->public_key,
                             sizeof key->public_key);
        err = write_public(data, public_text, e);
    }
    identity_forget(&identity);
    sodium_memzero(seed, sizeof seed);
    return err;
}

/* --- commands before anybody is connected -------------------------------------------------------
 */

/* Runs one command through the cycle; its refusal, if any, lies in the batch. */
static enum bl_err run(const struct setup *setup, struct batch *batch, const Bl__Command *command,
                       const Bl__Answer **answer, struct bl_error *e)
{
    struct batch_command *added = batch_add(batch, command, &engine);
    enum bl_err err = cycle_run(setup->cycle, batch, test_clock_now(setup->clock), e);

    *answer = &added->answer;
    return err;
}

static enum bl_err read_keys(const struct setup *setup, struct bl_arena *arena,
                             Bl__Directory **directory, struct bl_error *e)
{
    struct store_read *read = NULL;
    enum bl_err err = store_read_begin(setup->store, &read, e);

    if (err == BL_OK) {
        err = read_directory(read, arena, directory, e);
    }
    store_read_end(&read);
    return err;
}

enum bl_err setup_keyring(const struct setup *setup, struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__Directory *directory = NULL;

    bl_arena_init(&arena, 4096, DIRECTORY_BYTES_MAX);
    enum bl_err err = read_keys(setup, &arena, &directory, e);

    if (err == BL_OK) {
        keyring_rebuild(setup->keyring, directory);
    }
    return err;
}

static enum bl_err grant_administrator(const struct setup *setup, const struct identity *owner,
                                       struct bl_error *e)
{
    Bl__Key key = BL__KEY__INIT;
    Bl__GrantKey grant = BL__GRANT_KEY__INIT;
    Bl__Command command = BL__COMMAND__INIT;
    AUTO(batch_free) struct batch batch;
    const Bl__Answer *answer = NULL;

    key.name = owner->name;
    key.role = BL__KEY__ROLE__ADMINISTRATOR;
    key.public_key = owner->public_key;
    grant.key = &key;
    command.what_case = BL__COMMAND__WHAT_GRANT_KEY;
    command.grant_key = &grant;
    batch_init(&batch);
    enum bl_err err = run(setup, &batch, &command, &answer, e);

    if (err == BL_OK && answer->refusal != NULL) {
        err = bl_error_set(e, BL_FAILED, "no first administrator: %s %s", answer->refusal->code,
                           answer->refusal->rule);
    }
    return err != BL_OK ? err : setup_keyring(setup, e);
}

enum bl_err setup_administrator(const struct setup *setup, const struct identity *broker,
                                struct bl_error *e)
{
    char path[PATH_BYTES];
    struct identity owner = { 0 };
    enum bl_err err = path_in(setup->data, "admin.identity", path, e);

    if (err != BL_OK || keyring_has_administrator(setup->keyring)) {
        return err;
    }
    if (access(path, F_OK) == 0) {
        err = identity_load(path, &owner, e);
    } else {
        err = identity_make("admin", broker->public_key, &owner, e);
        err = err != BL_OK ? err : identity_save(&owner, path, e);
    }
    if (err == BL_OK) {
        err = grant_administrator(setup, &owner, e);
    }
    identity_forget(&owner);
    return err;
}

/* --- workflows ----------------------------------------------------------------------------------
 */

static void log_refusal(const char *file, const Bl__Refusal *refusal)
{
    const char *problem = refusal->n_arguments > 0 ? refusal->arguments[0]->value : "";

    bl_log(BL_LOG_ERROR, "publish.refused", "file=%s code=%s rule=%s at=%s problem=\"%s\"", file,
           refusal->code, refusal->rule, refusal->pointer, problem);
    for (size_t i = 0; i < refusal->n_others; i++) {
        log_refusal(file, refusal->others[i]);
    }
}

/* Is this very content published? Then nothing has to be read again. */
static bool is_published(const struct setup *setup, struct bl_text source)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__Directory *directory = NULL;
    uint8_t hash[PUBLICATION_HASH_BYTES];
    bool found = false;

    bl_arena_init(&arena, 4096, DIRECTORY_BYTES_MAX);
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)source.at, source.bytes,
                             NULL, 0);
    if (read_keys(setup, &arena, &directory, NULL) == BL_OK) {
        for (size_t i = 0; i < directory->n_publications; i++) {
            const ProtobufCBinaryData *there = &directory->publications[i]->hash;

            found |= there->len == sizeof hash && memcmp(there->data, hash, sizeof hash) == 0;
        }
    }
    return found;
}

static enum bl_err publish_source(const struct setup *setup, const char *file,
                                  struct bl_text source, struct bl_error *e)
{
    Bl__Publish publish = BL__PUBLISH__INIT;
    Bl__Command command = BL__COMMAND__INIT;
    AUTO(batch_free) struct batch batch;
    const Bl__Answer *answer = NULL;

    publish.file = file;
    publish.source.data = (uint8_t *)(uintptr_t)source.at;
    publish.source.len = source.bytes;
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &publish;
    batch_init(&batch);
    enum bl_err err = run(setup, &batch, &command, &answer, e);

    if (err == BL_OK && answer->refusal != NULL) {
        log_refusal(file, answer->refusal);
    } else if (err == BL_OK && answer->event != 0) {
        bl_log(BL_LOG_INFO, "publish.done", "file=%s event=%llu", file,
               (unsigned long long)answer->event);
    }
    return err;
}

/* Reads a file as it is; bytes 0 and a line in the log if it cannot be. */
static struct bl_text read_yaml(const char *path, char *buffer)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? -1 : read(fd, buffer, PUBLICATION_BYTES_MAX);

    if (bytes < 0) {
        bl_log(BL_LOG_ERROR, "publish.refused", "file=%s code=io problem=\"%s\"", path,
               strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return (struct bl_text){ buffer, bytes > 0 ? (size_t)bytes : 0 };
}

static enum bl_err publish_file(const struct setup *setup, const char *path, struct bl_error *e)
{
    char *buffer = malloc(PUBLICATION_BYTES_MAX);

    CHECK(buffer != NULL);
    struct bl_text source = read_yaml(path, buffer);
    enum bl_err err = source.bytes == 0 || is_published(setup, source)
                          ? BL_OK
                          : publish_source(setup, path, source, e);

    free(buffer);
    return err;
}

static int is_yaml(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

static bool is_departments(const char *name)
{
    return strcmp(name, "departments.yaml") == 0;
}

/* Publishes the YAML files of a folder in the order of their names: departments.yaml, or all but
 * it. */
static enum bl_err publish_folder(const struct setup *setup, const char *folder, bool departments,
                                  struct bl_error *e)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_yaml, alphasort);
    enum bl_err err = BL_OK;

    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];

        if (err == BL_OK && i < FILES_MAX && is_departments(entries[i]->d_name) == departments &&
            path_in(folder, entries[i]->d_name, path, NULL) == BL_OK) {
            err = publish_file(setup, path, e);
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

enum bl_err setup_publish(const struct setup *setup, const char *folder, struct bl_error *e)
{
    char calendars[PATH_BYTES];
    enum bl_err err = path_in(folder, "calendars", calendars, e);

    if (err == BL_OK && access(folder, R_OK | X_OK) != 0) {
        return bl_error_at(e, BL_INVALID, folder, 0, 0, "no workflows: %s", strerror(errno));
    }

    // What others refer to comes first; calendars stand on each other in the order of their names.
    if (err == BL_OK) {
        err = publish_folder(setup, calendars, false, e);
    }
    if (err == BL_OK) {
        err = publish_folder(setup, folder, true, e);
    }
    return err != BL_OK ? err : publish_folder(setup, folder, false, e);
}
