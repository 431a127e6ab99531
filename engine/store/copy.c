#include "store/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/environment.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define SYNC_BYTES ((uint64_t)16 << 20)  // a small flush now and then, not a large one at the end
#define DEPTH_MAX 6                      // of folders in a data folder
#define DESCRIPTORS_MAX 16

static enum bl_err io_error(struct bl_error *e, const char *path)
{
    enum bl_err code = errno == ENOENT                      ? BL_NOT_FOUND
                       : errno == EEXIST                    ? BL_EXISTS
                       : errno == ENOSPC || errno == EDQUOT ? BL_FULL
                                                            : BL_IO;

    return bl_error_at(e, code, path, 0, 0, "%s", strerror(errno));
}

/* --- folders ---------------------------------------------------------------------------------- */

enum bl_err copy_path(char path[COPY_PATH_BYTES], const char *folder, const char *name,
                      struct bl_error *e)
{
    int bytes = snprintf(path, COPY_PATH_BYTES, "%s/%s", folder, name);

    return bytes < COPY_PATH_BYTES ? BL_OK
                                   : bl_error_at(e, BL_IO, folder, 0, 0, "the path is too long");
}

enum bl_err copy_open_folder(const char *path, mode_t mode, struct bl_error *e)
{
    struct dirent **entries = NULL;

    if (mkdir(path, mode) == 0) {
        return BL_OK;
    }
    if (errno != EEXIST) {
        return io_error(e, path);
    }
    int count = scandir(path, &entries, NULL, NULL);
    if (count < 0) {
        return io_error(e, path);
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return count <= 2 ? BL_OK : bl_error_at(e, BL_EXISTS, path, 0, 0, "the folder is not empty");
}

bool copy_is_within(const char *path, const char *folder)
{
    char inner[PATH_MAX], outer[PATH_MAX];

    if (realpath(path, inner) == NULL || realpath(folder, outer) == NULL) {
        return false;
    }
    size_t bytes = strlen(outer);
    return strncmp(inner, outer, bytes) == 0 && (inner[bytes] == '/' || inner[bytes] == '\0');
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    if (at->level > 0) {
        (void)remove(path);
    }
    return 0;
}

void copy_empty_folder(const char *path)
{
    (void)nftw(path, remove_one, DESCRIPTORS_MAX, FTW_DEPTH | FTW_PHYS);
}

enum bl_err copy_sync_folder(const char *path, struct bl_error *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return io_error(e, path);
    }
    enum bl_err err = fsync(fd) == 0 ? BL_OK : io_error(e, path);
    (void)close(fd);
    return err;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void keep_pace(struct pace *pace, size_t bytes)
{
    pace->bytes += bytes;
    if (pace->bytes_per_second == 0) {
        return;
    }
    bl_span due = pace->began + (bl_span)((double)pace->bytes * (double)SECOND_US /
                                          (double)pace->bytes_per_second);
    bl_span wait = due - bl_time_monotonic();

    if (wait > 0) {
        struct timespec span = { wait / SECOND_US, wait % SECOND_US * 1000 };

        (void)nanosleep(&span, NULL);
    }
}

static bool write_all(int fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);

        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes += written > 0 ? written : 0;
        count -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* Reads to the end, hashes, and writes (`out` -1: does not). */
static enum bl_err pour(int in, int out, const char *path, struct pace *pace, struct copied *copied,
                        struct bl_error *e)
{
    uint8_t hash[COPY_HASH_BYTES], *chunk = malloc(CHUNK_BYTES);
    crypto_generichash_state state;
    enum bl_err err = BL_OK;
    ssize_t got = 0;

    CHECK(chunk != NULL);
    CHECK(crypto_generichash_init(&state, NULL, 0, sizeof hash) == 0);
    copied->bytes = 0;
    while (err == BL_OK && (got = read(in, chunk, CHUNK_BYTES)) > 0) {
        uint64_t before = copied->bytes;

        CHECK(crypto_generichash_update(&state, chunk, (unsigned long long)got) == 0);
        copied->bytes += (uint64_t)got;
        if (out >= 0 &&
            (!write_all(out, chunk, (size_t)got) ||
             (copied->bytes / SYNC_BYTES != before / SYNC_BYTES && fdatasync(out) != 0))) {
            err = io_error(e, path);
        }
        keep_pace(pace, (size_t)got);
    }
    if (err == BL_OK && (got < 0 || (out >= 0 && fsync(out) != 0))) {
        err = io_error(e, path);
    }
    CHECK(crypto_generichash_final(&state, hash, sizeof hash) == 0);
    (void)sodium_bin2hex(copied->hash, sizeof copied->hash, hash, sizeof hash);
    free(chunk);
    return err;
}

static enum bl_err pour_to_file(int in, const char *to, mode_t mode, struct pace *pace,
                                struct copied *copied, struct bl_error *e)
{
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (out < 0) {
        return io_error(e, to);
    }
    enum bl_err err = pour(in, out, to, pace, copied, e);
    if (close(out) != 0 && err == BL_OK) {
        err = io_error(e, to);
    }
    return err;
}

enum bl_err copy_file(const char *from, const char *to, struct pace *pace, struct copied *copied,
                      struct bl_error *e)
{
    struct stat status;
    int in = open(from, O_RDONLY | O_CLOEXEC);

    if (in < 0) {
        return io_error(e, from);
    }
    enum bl_err err = fstat(in, &status) != 0 ? io_error(e, from)
                      : to == NULL            ? pour(in, -1, from, pace, copied, e)
                                   : pour_to_file(in, to, status.st_mode & 0777, pace, copied, e);
    (void)close(in);
    return err;
}

/* --- environments ----------------------------------------------------------------------------- */

struct spring {
    MDB_env *env;
    int fd;
    unsigned flags;
    int rc;
};

static void *flow(void *argument)
{
    struct spring *spring = argument;

    spring->rc = mdb_env_copyfd2(spring->env, spring->fd, spring->flags);
    (void)close(spring->fd);
    return NULL;
}

/* Of the environment's file: who may read it may read what comes back, too. */
static mode_t mode_of(MDB_env *env)
{
    struct stat status;
    mdb_filehandle_t fd;

    return mdb_env_get_fd(env, &fd) == 0 && fstat(fd, &status) == 0 ? status.st_mode & 0777 : 0600;
}

/* LMDB writes into a pipe as fast as we read from it: so the copy keeps its pace. */
static enum bl_err copy_through_pipe(MDB_env *env, unsigned flags, const char *to,
                                     struct pace *pace, struct copied *copied, int *rc,
                                     struct bl_error *e)
{
    int ends[2];
    pthread_t thread;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return io_error(e, to);
    }
    struct spring spring = { env, ends[1], flags, 0 };
    CHECK(pthread_create(&thread, NULL, flow, &spring) == 0);
    enum bl_err err = pour_to_file(ends[0], to, mode_of(env), pace, copied, e);
    (void)close(ends[0]);
    CHECK(pthread_join(thread, NULL) == 0);
    *rc = spring.rc;
    return err != BL_OK || spring.rc == 0 ? err : environment_error(e, spring.rc, to);
}

static enum bl_err open_source(const char *folder, MDB_env **env, struct bl_error *e)
{
    int rc = mdb_env_create(env);

    CHECK(rc == 0);
    rc = mdb_env_open(*env, folder, MDB_RDONLY | MDB_NOTLS | MDB_NORDAHEAD, 0);
    if (rc == 0) {
        return BL_OK;
    }
    mdb_env_close(*env);
    return rc == ENOENT ? bl_error_set(e, BL_NOT_FOUND, "there is no store in %s", folder)
                        : environment_error(e, rc, folder);
}

enum bl_err copy_environment(const char *folder, const char *to, struct pace *pace,
                             struct copied *copied, struct bl_error *e)
{
    struct bl_error compact = { 0 };
    MDB_env *env;
    int rc = 0;
    enum bl_err err = open_source(folder, &env, e);

    if (err != BL_OK) {
        return err;
    }
    err = copy_through_pipe(env, MDB_CP_COMPACT, to, pace, copied, &rc, &compact);
    if (rc == MDB_INCOMPATIBLE) {  // pages that nobody owns, which do no harm: then all are copied
        (void)unlink(to);
        err = copy_through_pipe(env, 0, to, pace, copied, &rc, e);
    } else if (err != BL_OK && e != NULL) {
        *e = compact;
    }
    mdb_env_close(env);
    return err;
}

/* --- what is there ---------------------------------------------------------------------------- */

/* A file that is this process's own matter: locks, where it listens, what is half written. */
static bool is_passing(const char *name)
{
    static const char *const names[] = { "lock.mdb", "broker.lock", "endpoint", "endpoint.workers",
                                         "endpoint.publish" };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; i < BL_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return name[0] == '.' ||
           (dot != NULL && (strcmp(dot, ".new") == 0 || strcmp(dot, ".tmp") == 0));
}

static enum bl_err walk(const char *folder, const char *within, int depth, copy_visit visit,
                        void *context, struct bl_error *e);

static enum bl_err walk_entry(const char *folder, const char *within, const char *entry, int depth,
                              copy_visit visit, void *context, struct bl_error *e)
{
    char name[COPY_PATH_BYTES], path[COPY_PATH_BYTES];
    struct stat status;
    enum bl_err err = BL_OK;

    if (is_passing(entry)) {
        return BL_OK;
    }
    if (within[0] == '\0') {
        bl_text_copy(name, sizeof name, entry);
    } else {
        err = copy_path(name, within, entry, e);
    }
    err = err != BL_OK ? err : copy_path(path, folder, name, e);
    if (err != BL_OK || lstat(path, &status) != 0) {
        return err;  // gone meanwhile
    }
    if (S_ISDIR(status.st_mode)) {
        return walk(folder, name, depth + 1, visit, context, e);
    }
    return S_ISREG(status.st_mode) ? visit(context, name, e) : BL_OK;
}

static enum bl_err walk(const char *folder, const char *within, int depth, copy_visit visit,
                        void *context, struct bl_error *e)
{
    char path[COPY_PATH_BYTES];
    struct dirent **entries = NULL;
    enum bl_err err = copy_path(path, folder, within, e);

    if (err == BL_OK && depth > DEPTH_MAX) {
        err = bl_error_at(e, BL_IO, path, 0, 0, "folders in folders in folders");
    }
    int count = err == BL_OK ? scandir(path, &entries, NULL, alphasort) : 0;
    if (count < 0) {
        return io_error(e, path);
    }
    for (int i = 0; i < count; i++) {
        err = err != BL_OK
                  ? err
                  : walk_entry(folder, within, entries[i]->d_name, depth, visit, context, e);
        free(entries[i]);
    }
    free(entries);
    return err;
}

enum bl_err copy_walk(const char *folder, copy_visit visit, void *context, struct bl_error *e)
{
    return walk(folder, "", 0, visit, context, e);
}
