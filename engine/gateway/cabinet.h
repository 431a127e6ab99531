/* cabinet.h — an LMDB environment of the gateway's own, beside the broker's store: accounts,
 * drafts. */
#pragma once

#include <lmdb.h>

#include "base/error.h"

/* Opens DATA/gateway[/NAME], made where it is not there yet, readable by nobody else, and frees the
 * slots of readers that died.
 *   name     NULL: gateway/ itself, in which all others lie
 *   bytes    of address space, the most that it can hold
 *   tables   named ones; 0: only the one without a name
 *   env      the caller's to close, also after an error; NULL before it was made
 *   errors   BL_NOT_FOUND: there is no such data folder; BL_FULL; BL_IO */
enum bl_err cabinet_open(const char *data, const char *name, size_t bytes, unsigned tables,
                         MDB_env **env, struct bl_error *e);

/* An error of LMDB or the system, while `doing`. */
enum bl_err cabinet_error(struct bl_error *e, int rc, const char *doing);
