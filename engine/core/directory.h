/* directory.h — what the hall runs: definitions, calendars, departments and keys. There is one. */
#pragma once

#include "core/aggregate.h"
#include "core/publication.h"

extern const struct aggregate directory_aggregate;

#define DIRECTORY_ID 1
#define KEY_NAME_BYTES_MAX 63  // struct principal holds it whole, and the next
#define POST_BYTES_MAX 63

/* The publication of this id: of a workflow the version (0: the newest that is not retired), of a
 * calendar or the departments the newest. NULL if there is none. */
const Bl__Publication *directory_find(const Bl__Directory *directory, Bl__Publication__Kind kind,
                                      const char *id, uint32_t version);
/* The version of a workflow that new applications take: the newest whose time has come and that is
 * not retired; NULL if there is none. */
const Bl__Publication *directory_current(const Bl__Directory *directory, const char *workflow,
                                         bl_time now);
/* What a publication of this directory is worth at a moment. */
Bl__Publication__Standing directory_standing(const Bl__Directory *directory,
                                             const Bl__Publication *publication, bl_time now);
/* The key with this Z85 text that is not revoked, or NULL. */
const Bl__Key *directory_key(const Bl__Directory *directory, const char *public_key);
