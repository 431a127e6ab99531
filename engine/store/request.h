/* request.h — request ids: sent again at will, done once.
 * A UUIDv7 is its own key, so ids that ascend are appended; other texts are hashed, under the week
 * in which they came. Both are kept a week at least. */
#pragma once

#include "base/time.h"
#include "store/read.h"
#include "store/write.h"

#define REQUEST_ID_CHARACTERS_MAX 255
#define REQUEST_KEEP (7 * DAY_US)
/* A client's clock may be ahead by so much. */
#define REQUEST_AHEAD_MAX DAY_US

/* The keys under which an id may stand: where it is put, and for a text also the week before. */
struct request_key {
    struct key at, before;  // before.count 0: there is none
};

/* Makes the keys of an id.
 *   returns  BL_OK; BL_INVALID if it is too long; BL_REFUSED for a UUIDv7 whose time is so old that
 *            its record may be gone, or lies in the future */
MUST_CHECK enum bl_err request_key(const char *id, bl_time now, struct request_key *key,
                                   struct bl_error *e);

/* What the id made; BL_NOT_FOUND if it is new. */
MUST_CHECK enum bl_err request_find(struct store_read *read, const struct request_key *key,
                                    struct bl_arena *arena, Bl__StoredRequest **request,
                                    struct bl_error *e);

/* Removes some rows that are older than is kept, so that they never heap up. */
MUST_CHECK enum bl_err request_forget(struct store_write *write, bl_time now,
                                      struct bl_arena *arena, struct bl_error *e);
