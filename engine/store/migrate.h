/* migrate.h — a store of an older format becomes one of this: numbered steps, each from one format to
 * the next.
 * Events are never touched. What is folded and derived from them is made anew by this program: the
 * states, then the rows and counts that they stand for. While that is under way the store has its
 * new format and a mark, so no older program opens it, and a start after a crash begins again. */
#pragma once

#include "store/store.h"

#define STORE_FORMAT UINT32_C(3)

/* Brings a store that was opened to write from `format` to STORE_FORMAT. */
MUST_CHECK enum bl_err migrate_store(struct store *store, uint32_t format, struct bl_error *e);
