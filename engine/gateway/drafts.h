/* drafts.h — what people are still typing, in the gateway's own store: DATA/gateway/drafts, an LMDB
 * environment apart, readable by the gateway's user alone. A draft is nothing that anybody has
 * received: it stands in no event, and it is gone for good when it is removed.
 *
 * A row is its owner's name, the moment at which his account was made, and the draft's id: who gets
 * an account of a name that was there before does not find the other's drafts. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/gateway.pb-c.h"

#define DRAFTS_OF_ONE_MAX 50  // more than a clerk has open on a long day
#define DRAFTS_MAX 10000      // of all
#define DRAFT_BYTES_MAX ((size_t)64 << 10)
#define DRAFT_AGE_MAX (30 * DAY_US)
#define DRAFT_ID_BYTES_MAX 64

struct drafts;

struct draft_owner {
    const char *name;
    bl_time since;  // when his account was made
};

/* Opens the store below DATA/gateway, which has to be there. BL_IO. */
MUST_CHECK enum bl_err drafts_open(const char *data, struct drafts **drafts, struct bl_error *e);
void drafts_close(struct drafts **drafts);

/* The owner's drafts without their content, the last saved first; in the arena. */
MUST_CHECK enum bl_err drafts_list(struct drafts *drafts, const struct draft_owner *owner,
                                   struct bl_arena *arena, Bl__Drafts *list, struct bl_error *e);
/* BL_NOT_FOUND */
MUST_CHECK enum bl_err drafts_find(struct drafts *drafts, const struct draft_owner *owner,
                                   const char *id, struct bl_arena *arena, Bl__Draft **draft,
                                   struct bl_error *e);
/* Saves one under its id, and sets its revision.
 *   revision  that the caller has read; 0: it is new
 *   errors    BL_STALE (another revision is there, or none), BL_FULL (too many, or the disk),
 *             BL_TOO_LARGE */
MUST_CHECK enum bl_err drafts_save(struct drafts *drafts, const struct draft_owner *owner,
                                   uint32_t revision, Bl__Draft *draft, struct bl_arena *arena,
                                   struct bl_error *e);
/* BL_NOT_FOUND */
MUST_CHECK enum bl_err drafts_remove(struct drafts *drafts, const struct draft_owner *owner,
                                     const char *id, struct bl_error *e);
/* Forgets those that nobody saved for DRAFT_AGE_MAX. */
void drafts_sweep(struct drafts *drafts, bl_time now);
