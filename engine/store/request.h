/* request.h — request ids: sent again at will, done once.
 * A UUIDv7 that comes when it was made is its own key, so ids that ascend are appended; other texts
 * are hashed, under the week in which they came. Both are kept a week at least. */
#pragma once

#include "base/time.h"
#include "store/read.h"
#include "store/write.h"

#define REQUEST_ID_CHARACTERS_MAX 255
#define REQUEST_KEEP (7 * DAY_US)
/* A client's clock may be ahead by so much. */
#define REQUEST_AHEAD_MAX DAY_US
/* A UUIDv7 that was made earlier is a text like any other: as its own key it would be forgotten
 * before its week is over. */
#define REQUEST_FRESH DAY_US

/* The keys under which an id may stand: where it is put, and where it may have been put before. */
struct request_key {
    struct key at;
    struct key before[2];
    size_t before_count;
};

/* Makes the keys of an id.
 *   returns  BL_OK; BL_INVALID if it is too long; BL_REFUSED for a UUIDv7 of the future: it would
 *            stand in the way of those that are forgotten by their time */
MUST_CHECK enum bl_err request_key(const char *id, bl_time now, struct request_key *key,
                                   struct bl_error *e);

/* What the id made; BL_NOT_FOUND if it is new. */
MUST_CHECK enum bl_err request_find(struct store_read *read, const struct request_key *key,
                                    struct bl_arena *arena, Bl__StoredRequest **request,
                                    struct bl_error *e);

/* Removes some rows that are older than is kept, so that they never heap up. */
MUST_CHECK enum bl_err request_forget(struct store_write *write, bl_time now,
                                      struct bl_arena *arena, struct bl_error *e);
