/* repair.h — what a start mends by itself, and what it leaves to people.
 * The directory is the fold of its events, which the chain holds: a damaged record of it is folded
 * anew, and the damage stays on record as an incident. What the store says of itself, and the
 * newest entry of the chain, follow from nothing else that is signed: whoever made them anew would
 * make a forged tail good too. There a start refuses, and a backup is the way back. */
#pragma once

#include "store/write.h"

/* Folds the directory anew if its record fails its check.
 *   returns  BL_OK also where there is nothing to mend; BL_CORRUPT if an event is damaged too */
MUST_CHECK enum bl_err repair_directory(struct store_write *write, struct bl_error *e);
