/* write.h — one batch's transaction: rows are collected, then applied table by table in key order,
 * then committed with one fsync.
 * Reads inside see the store as it was before the batch. Only one thread writes. */
#pragma once

#include "store/store.h"
#include "store/table.h"

struct store_write;

/* Makes the writer of a store; its memory is kept between batches. */
void store_write_new(struct store *store, struct store_write **write);
void store_write_free(struct store_write **write);

/* Begins a transaction. */
MUST_CHECK enum bl_err store_write_begin(struct store_write *write, struct bl_error *e);
/* Ends it and writes nothing; fine when none is begun. */
void store_write_abort(struct store_write *write);

/* The transaction as a read: what was stored before the batch. */
struct store_read *store_write_read(struct store_write *write);

/* Collects a row; key and value are borrowed until the commit. One batch puts or removes a key at
 * most once. */
void store_write_put(struct store_write *write, enum table table, struct bl_text key,
                     struct bl_text value);
void store_write_remove(struct store_write *write, enum table table, struct bl_text key);

/* Applies all rows and commits. The transaction is over, whatever comes back:
 * BL_FULL wrote nothing; any other failure leaves the outcome unknown. */
MUST_CHECK enum bl_err store_write_commit(struct store_write *write, struct bl_error *e);
