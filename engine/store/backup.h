/* backup.h — a copy of a data folder, made while its broker runs, and the way back.
 * A copy is a folder: the store as it was at one event, whatever else the data folder holds (keys,
 * attached files), and a manifest, written last, that names each file with its size and hash and
 * the event and the chain's hash that the store ends with. Without a manifest it is no copy. It
 * holds the hall's secret keys: keep it as you keep the data folder.
 *
 * The copy is one long read: pages that are freed meanwhile are used again only after it. */
#pragma once

#include "base/error.h"
#include "base/time.h"

#define BACKUP_HASH_TEXT 65  // 32 bytes in hex, and NUL

struct backup {
    bl_time at;
    uint64_t event;                // the newest that it holds; 0: none
    char chain[BACKUP_HASH_TEXT];  // the chain's hash at that event
    uint64_t files, bytes;
};

/* Copies the data folder `from` to `to`, which is made, or empty. All of it is on disk at the end.
 *   bytes_per_second  at most; 0: as fast as it goes
 *   errors  BL_NOT_FOUND no store; BL_EXISTS `to` is not empty; BL_INVALID it lies in `from`;
 * BL_FULL, BL_IO; BL_CORRUPT. Nothing is left in `to` */
MUST_CHECK enum bl_err backup_make(const char *from, const char *to, uint64_t bytes_per_second,
                                   bl_time now, struct backup *backup, struct bl_error *e);
/* Reads a copy through: is each file what the manifest says, and does the store end where it says?
 *   errors  BL_NOT_FOUND no manifest, so no complete copy; BL_CORRUPT; BL_FORMAT made by a newer
 *           program; BL_IO */
MUST_CHECK enum bl_err backup_check(const char *from, struct backup *backup, struct bl_error *e);
/* Makes a data folder of a copy in `to`, which is made, or empty. The restored broker will never
 * give an attempt that the lost one may have given.
 *   errors  as backup_check and backup_make; nothing is left in `to` */
MUST_CHECK enum bl_err backup_restore(const char *from, const char *to, struct backup *backup,
                                      struct bl_error *e);
