/* store.h — what remembers: one LMDB environment.
 * `store/` holds the tables, the transactions, the projections (one file each), the queries and
 * the backup. It never decides anything: core/ does. Read table.h for what is stored where,
 * projection.h for what is derived from a state.
 *
 * Commits are durable and no setting makes them otherwise. An LMDB environment is opened once in a
 * process; readers take short transactions and never block the writer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/time.h"

struct store;
struct store_read;  // one read transaction: a consistent moment

struct store_config {
    const char *path;  // folder, made if it is not there and the store is opened to write
    size_t map_bytes;  // address space; 0: 256 GiB, in builds with sanitizers 8 GiB
    bool read_only;    // gateway, CLI, verify
    uint64_t restored; // starts to pass over: a copy's broker may have given attempts after it
};

/* Opens a store. Writers take its lock.
 *   errors  BL_LOCKED another broker holds it; BL_FORMAT a newer format; BL_CORRUPT not ours or
 *           damaged; BL_NOT_FOUND no store to read, no folder to write in; BL_IO cannot be read or
 *           written, or lies on a network file system */
MUST_CHECK enum bl_err store_open(const struct store_config *config, struct store **store,
                                  struct bl_error *e);
void store_close(struct store **store);

/* How often a broker has opened it: never the same twice, so it stamps the attempts of a start. */
uint64_t store_start(const struct store *store);
/* 16 bytes that only this store knows: they key hashes of persons and requests. */
const uint8_t *store_secret(const struct store *store);
/* What an applicant shows beside his number to see how far it is: eight letters and digits that
 * only this store can make. */
#define STORE_CODE_BYTES 9
void store_query_code(const struct store *store, const char *number, char *code);
const char *store_path(const struct store *store);

/* Begins and ends a read; keep it short. NULL store_read is fine to end. */
MUST_CHECK enum bl_err store_read_begin(struct store *store, struct store_read **read,
                                        struct bl_error *e);
void store_read_end(struct store_read **read);
