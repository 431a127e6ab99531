/* copy.h — files and environments copied at a pace, hashed on the way, on disk at the end.
 * What a backup is made of (backup.h); nobody outside the folder includes it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <sodium.h>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

#define COPY_HASH_BYTES 32
#define COPY_HASH_TEXT (2 * COPY_HASH_BYTES + 1)
#define COPY_PATH_BYTES 4096

/* How much may pass in a second; all the files of one copy share it. */
struct pace {
    uint64_t bytes_per_second;  // 0: any
    uint64_t bytes;
    bl_span began;
};

struct copied {
    uint64_t bytes;
    char hash[COPY_HASH_TEXT];
};

/* folder + "/" + name. BL_IO if that is too long. */
MUST_CHECK enum bl_err copy_path(char path[COPY_PATH_BYTES], const char *folder, const char *name,
                                 struct bl_error *e);
/* Makes the folder with this mode, or finds it empty. BL_EXISTS if it is not. */
MUST_CHECK enum bl_err copy_open_folder(const char *path, mode_t mode, struct bl_error *e);
/* Does `path` lie within `folder`? Both are there. */
bool copy_is_within(const char *path, const char *folder);
/* Removes what is in a folder. */
void copy_empty_folder(const char *path);
/* What was written to the folder's list of names is on disk. */
MUST_CHECK enum bl_err copy_sync_folder(const char *path, struct bl_error *e);

/* Copies one file. `to` NULL: it is only read. Its mode is kept.
 *   errors  BL_NOT_FOUND, BL_EXISTS, BL_FULL, BL_IO */
MUST_CHECK enum bl_err copy_file(const char *from, const char *to, struct pace *pace,
                                 struct copied *copied, struct bl_error *e);
/* Copies the LMDB environment in a folder, as it is at one moment, to a file of the same mode. */
MUST_CHECK enum bl_err copy_environment(const char *folder, const char *to, struct pace *pace,
                                        struct copied *copied, struct bl_error *e);

/* Visits the regular files of a folder and of those in it, in the order of their names, but for
 * locks, endpoints and files that are being written.
 *   name  from the folder on */
typedef enum bl_err (*copy_visit)(void *context, const char *name, struct bl_error *e);
MUST_CHECK enum bl_err copy_walk(const char *folder, copy_visit visit, void *context,
                                 struct bl_error *e);
