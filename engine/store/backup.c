#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binglian/v1/store.pb-c.h"
#include "schema/json.h"
#include "store/copy.h"
#include "store/environment.h"
#include "store/migrate.h"
#include "store/record.h"

#define MANIFEST "manifest.jsonl"
#define MANIFEST_FORMAT 1
#define STORE_FILE "data.mdb"
#define RESTORED_STARTS 1000  // a broker is not started so often between two copies

/* One copy being made, read or brought back. */
struct job {
    const char *from, *to;
    struct pace pace;
    struct backup *backup;
    crypto_generichash_state hash;  // of the manifest's lines
    FILE *manifest;
    struct writer line;
    struct bl_arena arena;  // of one line
};

static void job_open(struct job *job, const char *from, const char *to, struct backup *backup)
{
    *job = (struct job){ .from = from, .to = to, .backup = backup };
    CHECK(sodium_init() >= 0);
    job->pace.began = bl_time_monotonic();
    *backup = (struct backup){ 0 };
    bl_arena_init(&job->arena, 1 << 14, 2 * JSON_ARENA_BYTES);
    writer_init(&job->line, WRITER_JSON);
    CHECK(crypto_generichash_init(&job->hash, NULL, 0, COPY_HASH_BYTES) == 0);
}

static void job_close(struct job *job)
{
    if (job->manifest != NULL) {
        (void)fclose(job->manifest);
    }
    bl_arena_free(&job->arena);
    writer_free(&job->line);
}

static bool is_environment(const char *name)
{
    size_t bytes = strlen(name), tail = sizeof STORE_FILE - 1;

    return bytes >= tail && strcmp(name + bytes - tail, STORE_FILE) == 0 &&
           (bytes == tail || name[bytes - tail - 1] == '/');
}

/* --- where a store ends ----------------------------------------------------------------------- */

/* The last row of a table, if there is one. */
static int last_row(MDB_txn *txn, enum table table, MDB_val *key, MDB_val *value)
{
    MDB_cursor *cursor;
    MDB_dbi dbi;
    int rc = mdb_dbi_open(txn, table_name(table), 0, &dbi);

    rc = rc != 0 ? rc : mdb_cursor_open(txn, dbi, &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, key, value, MDB_LAST);
        mdb_cursor_close(cursor);
    }
    return rc;
}

/* The newest event and its batch's hash. */
static enum bl_err read_last(MDB_txn *txn, struct backup *backup, struct bl_arena *arena,
                             struct bl_error *e)
{
    MDB_val key, value;
    ProtobufCMessage *message;
    int rc = last_row(txn, TABLE_EVENTS, &key, &value);

    if (rc == MDB_NOTFOUND) {
        return BL_OK;  // nothing has happened yet
    }
    backup->event = rc == 0 && key.mv_size == 8 ? key_read_u64(key.mv_data) : 0;
    rc = rc != 0 ? rc : last_row(txn, TABLE_CHAIN, &key, &value);
    if (rc != 0) {
        return environment_error(e, rc, "read where the store ends");
    }
    enum bl_err err =
        record_unpack(environment_text(value), &bl__chain_entry__descriptor, arena, &message, e);
    const Bl__ChainEntry *head = err == BL_OK ? (const Bl__ChainEntry *)message : NULL;
    if (head != NULL && (head->last != backup->event || head->hash.len != COPY_HASH_BYTES)) {
        return bl_error_set(e, BL_CORRUPT, "the chain does not end at the last event");
    }
    if (head != NULL) {
        (void)sodium_bin2hex(backup->chain, sizeof backup->chain, head->hash.data, head->hash.len);
    }
    return err;
}

static enum bl_err check_format(MDB_txn *txn, const char *folder, struct bl_error *e)
{
    struct bl_text value;
    MDB_dbi dbi;
    uint32_t format = 0;
    enum bl_err err = BL_CORRUPT;

    if (mdb_dbi_open(txn, table_name(TABLE_META), 0, &dbi) != 0 ||
        !environment_get(txn, dbi, bl_text_of("format"), &value, &err, e) ||
        value.bytes != sizeof format) {
        return bl_error_at(e, BL_CORRUPT, folder, 0, 0, "it is no store of ours");
    }
    memcpy(&format, value.at, sizeof format);
    return format <= STORE_FORMAT ? BL_OK
                                  : bl_error_at(e, BL_FORMAT, folder, 0, 0,
                                                "the store has format %u; this program knows %u",
                                                format, STORE_FORMAT);
}

/* Where the store of a copy ends, which nobody else writes: of this format or an older one. */
static enum bl_err read_end(const char *folder, struct backup *backup, struct bl_arena *arena,
                            struct bl_error *e)
{
    MDB_env *env;
    MDB_txn *txn;

    CHECK(mdb_env_create(&env) == 0);
    CHECK(mdb_env_set_maxdbs(env, TABLE_COUNT) == 0);
    int rc = mdb_env_open(env, folder, MDB_RDONLY | MDB_NOTLS | MDB_NOLOCK, 0);
    rc = rc != 0 ? rc : mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    enum bl_err err = rc == 0 ? check_format(txn, folder, e) : environment_error(e, rc, folder);
    err = err != BL_OK ? err : read_last(txn, backup, arena, e);
    if (rc == 0) {
        mdb_txn_abort(txn);
    }
    mdb_env_close(env);
    return err;
}

/* --- making one ------------------------------------------------------------------------------- */

static enum bl_err write_line(struct job *job, const ProtobufCMessage *message, struct bl_error *e)
{
    writer_reset(&job->line);
    json_write_message(&job->line, message, (struct json_options){ .defaults = true });
    writer_line(&job->line);
    CHECK(crypto_generichash_update(&job->hash, (const uint8_t *)job->line.at, job->line.bytes) ==
          0);
    return fwrite(job->line.at, 1, job->line.bytes, job->manifest) == job->line.bytes
               ? BL_OK
               : bl_error_at(e, errno == ENOSPC ? BL_FULL : BL_IO, job->to, 0, 0, "manifest: %s",
                             strerror(errno));
}

/* Makes the folders that a name within `to` needs; who may enter `to` may enter them. */
static enum bl_err make_folders(const char *to, const char *name, struct bl_error *e)
{
    char path[COPY_PATH_BYTES];

    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        int bytes = snprintf(path, sizeof path, "%s/%.*s", to, (int)(slash - name), name);

        if (bytes >= COPY_PATH_BYTES || (mkdir(path, 0750) != 0 && errno != EEXIST)) {
            return bl_error_at(e, BL_IO, to, 0, 0, "%s: %s", name, strerror(errno));
        }
    }
    return BL_OK;
}

static enum bl_err back_up_file(void *context, const char *name, struct bl_error *e)
{
    struct job *job = context;
    Bl__BackupFile file = BL__BACKUP_FILE__INIT;
    char from[COPY_PATH_BYTES], to[COPY_PATH_BYTES];
    struct copied copied;
    enum bl_err err = copy_path(from, job->from, name, e);

    err = err != BL_OK ? err : copy_path(to, job->to, name, e);
    err = err != BL_OK ? err : make_folders(job->to, name, e);
    if (err == BL_OK && is_environment(name)) {
        *strrchr(from, '/') = '\0';
        err = copy_environment(from, to, &job->pace, &copied, e);
    } else if (err == BL_OK) {
        err = copy_file(from, to, &job->pace, &copied, e);
    }
    if (err != BL_OK) {
        return err;
    }
    file.name = name;
    file.bytes = copied.bytes;
    file.hash = copied.hash;
    job->backup->files++;
    job->backup->bytes += copied.bytes;
    return write_line(job, &file.base, e);
}

/* The store comes first: files that it names were there before it named them. */
static enum bl_err back_up_other(void *context, const char *name, struct bl_error *e)
{
    return strcmp(name, STORE_FILE) == 0 ? BL_OK : back_up_file(context, name, e);
}

/* The hash of the lines so far and of the last one without its hash. */
static void summarize(const struct job *job, Bl__Backup *last, char hash[COPY_HASH_TEXT])
{
    crypto_generichash_state state = job->hash;
    uint8_t bytes[512], sum[COPY_HASH_BYTES];

    last->hash = "";
    CHECK(bl__backup__get_packed_size(last) <= sizeof bytes);
    CHECK(crypto_generichash_update(&state, bytes, bl__backup__pack(last, bytes)) == 0);
    CHECK(crypto_generichash_final(&state, sum, sizeof sum) == 0);
    (void)sodium_bin2hex(hash, COPY_HASH_TEXT, sum, sizeof sum);
}

static enum bl_err write_summary(struct job *job, struct bl_error *e)
{
    Bl__Backup last = BL__BACKUP__INIT;
    char hash[COPY_HASH_TEXT];

    last.format = MANIFEST_FORMAT;
    last.version = BINGLIAN_VERSION;
    last.at = job->backup->at;
    last.event = job->backup->event;
    last.chain = job->backup->chain;
    last.files = job->backup->files;
    last.bytes = job->backup->bytes;
    summarize(job, &last, hash);
    last.hash = hash;
    return write_line(job, &last.base, e);
}

/* Renamed into place when all of it, and all that it names, is on disk. */
static enum bl_err finish_manifest(struct job *job, const char *fresh, struct bl_error *e)
{
    char path[COPY_PATH_BYTES];
    enum bl_err err = copy_path(path, job->to, MANIFEST, e);

    if (err == BL_OK && (fflush(job->manifest) != 0 || fsync(fileno(job->manifest)) != 0)) {
        err = bl_error_at(e, errno == ENOSPC ? BL_FULL : BL_IO, job->to, 0, 0, "manifest: %s",
                          strerror(errno));
    }
    err = err != BL_OK ? err : copy_sync_folder(job->to, e);
    if (err == BL_OK && rename(fresh, path) != 0) {
        err = bl_error_at(e, BL_IO, path, 0, 0, "%s", strerror(errno));
    }
    return err != BL_OK ? err : copy_sync_folder(job->to, e);
}

static enum bl_err fill(struct job *job, struct bl_error *e)
{
    char fresh[COPY_PATH_BYTES];
    enum bl_err err = copy_path(fresh, job->to, MANIFEST ".new", e);

    job->manifest = err == BL_OK ? fopen(fresh, "wxe") : NULL;
    if (job->manifest == NULL) {
        return err != BL_OK ? err : bl_error_at(e, BL_IO, fresh, 0, 0, "%s", strerror(errno));
    }
    err = back_up_file(job, STORE_FILE, e);
    err = err != BL_OK ? err : read_end(job->to, job->backup, &job->arena, e);
    err = err != BL_OK ? err : copy_walk(job->from, back_up_other, job, e);
    err = err != BL_OK ? err : write_summary(job, e);
    return err != BL_OK ? err : finish_manifest(job, fresh, e);
}

enum bl_err backup_make(const char *from, const char *to, uint64_t bytes_per_second, bl_time now,
                        struct backup *backup, struct bl_error *e)
{
    struct job job;
    enum bl_err err = copy_open_folder(to, 0700, e);

    if (err == BL_OK && copy_is_within(to, from)) {
        (void)rmdir(to);
        err = bl_error_at(e, BL_INVALID, to, 0, 0, "the copy would lie in what is copied");
    }
    if (err != BL_OK) {
        return err;
    }
    job_open(&job, from, to, backup);
    job.pace.bytes_per_second = bytes_per_second;
    backup->at = now;
    err = fill(&job, e);
    job_close(&job);
    if (err != BL_OK) {
        copy_empty_folder(to);
    }
    return err;
}

/* --- reading one ------------------------------------------------------------------------------ */

/* A name that leads out of the folder is no name of ours. */
static bool is_within(const char *name)
{
    return name[0] != '\0' && name[0] != '/' && strncmp(name, "../", 3) != 0 &&
           strstr(name, "/../") == NULL && strlen(name) < COPY_PATH_BYTES / 2;
}

static enum bl_err damaged(const struct job *job, struct bl_error *e, const char *what)
{
    return bl_error_at(e, BL_CORRUPT, job->from, 0, 0, "the copy is damaged: %s", what);
}

static enum bl_err check_summary(struct job *job, Bl__Backup *last, struct bl_error *e)
{
    char hash[COPY_HASH_TEXT];
    const char *told = last->hash;

    if (last->format != MANIFEST_FORMAT || strlen(last->version) > 64 ||
        strlen(last->chain) >= BACKUP_HASH_TEXT) {
        return damaged(job, e, "the manifest's last line");
    }
    summarize(job, last, hash);
    if (strcmp(told, hash) != 0 || last->files != job->backup->files ||
        last->bytes != job->backup->bytes) {
        return damaged(job, e, "the manifest is not as it was written");
    }
    job->backup->at = last->at;
    job->backup->event = last->event;
    bl_text_copy(job->backup->chain, sizeof job->backup->chain, last->chain);
    return BL_OK;
}

/* A store that is not all there must not look like one. */
static const char *restored_name(const char *name)
{
    return strcmp(name, STORE_FILE) == 0 ? STORE_FILE ".new" : name;
}

/* Reads one file, and copies it where the copy goes back to. */
static enum bl_err check_file(struct job *job, const Bl__BackupFile *file, struct bl_error *e)
{
    char from[COPY_PATH_BYTES], to[COPY_PATH_BYTES];
    struct copied copied;
    struct bl_error own = { 0 };
    enum bl_err err = BL_OK;

    if (!is_within(file->name)) {
        return damaged(job, e, "a file's name leads elsewhere");
    }
    err = copy_path(from, job->from, file->name, e);
    if (err == BL_OK && job->to != NULL) {
        err = copy_path(to, job->to, restored_name(file->name), e);
        err = err != BL_OK ? err : make_folders(job->to, file->name, e);
    }
    if (err != BL_OK) {
        return err;
    }
    err = copy_file(from, job->to != NULL ? to : NULL, &job->pace, &copied, &own);
    if (err == BL_NOT_FOUND) {
        return damaged(job, e, "a file is missing");
    }
    if (err != BL_OK) {
        return bl_error_at(e, err, own.source, 0, 0, "%s", own.text);
    }
    if (copied.bytes != file->bytes || strcmp(copied.hash, file->hash) != 0) {
        return damaged(job, e, file->name);
    }
    job->backup->files++;
    job->backup->bytes += file->bytes;
    return BL_OK;
}

/* Reads a line as either kind; the last one has a format. */
static enum bl_err read_line(struct job *job, char *line, size_t bytes, bool *is_last,
                             struct bl_error *e)
{
    struct schema_problems problems;
    ProtobufCMessage *message = NULL;

    bl_arena_reset(&job->arena);
    schema_problems_init(&problems, &job->arena);
    *is_last = strncmp(line, "{\"format\":", 10) == 0;
    if (*is_last && strtoul(line + 10, NULL, 10) > MANIFEST_FORMAT) {  // the rest may be anything
        return bl_error_at(e, BL_FORMAT, job->from, 0, 0,
                           "the copy is of a newer format; this program knows %d", MANIFEST_FORMAT);
    }
    if (json_read_message(line, bytes,
                          *is_last ? &bl__backup__descriptor : &bl__backup_file__descriptor,
                          &job->arena, &message, &problems) != BL_OK) {
        return damaged(job, e, "a line of the manifest");
    }
    if (*is_last) {
        return check_summary(job, (Bl__Backup *)message, e);
    }
    CHECK(crypto_generichash_update(&job->hash, (const uint8_t *)line, bytes) == 0);
    return check_file(job, (const Bl__BackupFile *)message, e);
}

static enum bl_err read_manifest(struct job *job, struct bl_error *e)
{
    char path[COPY_PATH_BYTES], *line = NULL;
    size_t size = 0;
    ssize_t bytes;
    bool is_last = false;
    enum bl_err err = copy_path(path, job->from, MANIFEST, e);

    job->manifest = err == BL_OK ? fopen(path, "re") : NULL;
    if (job->manifest == NULL) {
        return err != BL_OK
                   ? err
                   : bl_error_at(e, errno == ENOENT ? BL_NOT_FOUND : BL_IO, job->from, 0, 0,
                                 errno == ENOENT ? "no complete copy: it has no " MANIFEST
                                                 : "its " MANIFEST " cannot be read");
    }
    while (err == BL_OK && !is_last && (bytes = getline(&line, &size, job->manifest)) > 0) {
        err = read_line(job, line, (size_t)bytes, &is_last, e);
    }
    if (err == BL_OK && (!is_last || fgetc(job->manifest) != EOF)) {
        err = damaged(job, e, "the manifest does not end as it should");
    }
    free(line);
    return err;
}

/* Does the store in a folder end where the manifest says? */
static enum bl_err check_end(struct job *job, const char *folder, struct bl_error *e)
{
    struct backup found = { 0 };
    enum bl_err err = read_end(folder, &found, &job->arena, e);

    if (err == BL_OK &&
        (found.event != job->backup->event || strcmp(found.chain, job->backup->chain) != 0)) {
        err = damaged(job, e, "the store does not end where the manifest says");
    }
    return err;
}

enum bl_err backup_check(const char *from, struct backup *backup, struct bl_error *e)
{
    struct job job;

    job_open(&job, from, NULL, backup);
    enum bl_err err = read_manifest(&job, e);
    err = err != BL_OK ? err : check_end(&job, from, e);
    job_close(&job);
    return err;
}

/* --- bringing one back ------------------------------------------------------------------------ */

/* All is there: from now on it is a store. */
static enum bl_err name_store(const char *folder, struct bl_error *e)
{
    char fresh[COPY_PATH_BYTES], path[COPY_PATH_BYTES];
    enum bl_err err = copy_path(fresh, folder, STORE_FILE ".new", e);

    err = err != BL_OK ? err : copy_path(path, folder, STORE_FILE, e);
    if (err == BL_OK && rename(fresh, path) != 0) {
        err =
            bl_error_at(e, errno == ENOENT ? BL_CORRUPT : BL_IO, path, 0, 0, "%s", strerror(errno));
    }
    return err;
}

static enum bl_err pass_over_starts(const char *folder, struct bl_error *e)
{
    const struct store_config config = { .path = folder, .restored = RESTORED_STARTS };
    struct store *store = NULL;
    enum bl_err err = store_open(&config, &store, e);

    store_close(&store);
    return err;
}

enum bl_err backup_restore(const char *from, const char *to, struct backup *backup,
                           struct bl_error *e)
{
    struct job job;
    enum bl_err err = copy_open_folder(to, 0750, e);  // as a broker makes it: its group may read

    if (err != BL_OK) {
        return err;
    }
    job_open(&job, from, to, backup);
    err = read_manifest(&job, e);
    err = err != BL_OK ? err : name_store(to, e);
    err = err != BL_OK ? err : check_end(&job, to, e);
    err = err != BL_OK ? err : pass_over_starts(to, e);
    err = err != BL_OK ? err : copy_sync_folder(to, e);
    job_close(&job);
    if (err != BL_OK) {
        copy_empty_folder(to);
    }
    return err;
}
