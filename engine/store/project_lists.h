/* project_lists.h — how an application stands in the indexes of lists.
 * A list is found by what was asked for: of one workflow, window, project, state. Its rows carry a
 * face, so that a walk passes over what another filter leaves out without opening the record. Rows
 * come with a submission and hardly ever move: states that a case only passes through have none,
 * for `open` is walked for them. Applicants stand on shelves of SHELF_IDS applications, under the
 * keyed hash that the state has: the newest shelf is the only one that is written to, and a search
 * looks at each. */
#pragma once

#include "store/projection.h"

enum list {
    LIST_WORKFLOW = 1,  // moment: due moment of the whole, BL_NEVER without one
    LIST_WINDOW,        // of the further ones it is 0
    LIST_PROJECT,
    LIST_STATE,
};

#define LIST_PREFIX_BYTES 10  // list, hash; then moment and id
#define FACE_BYTES 16
#define SHELF_BITS 12
#define SHELF_IDS (UINT64_C(1) << SHELF_BITS)

/* What can be told of an application without its record. */
struct face {
    bl_time warns;                       // the first yellow moment of its clocks; only in `open`
    uint16_t workflow, window, project;  // hashes; 0: none
    uint8_t state;                       // only in `open`
    bool stands;                         // one of its clocks does; only in `open`
};

uint16_t face_hash(const char *text);
void face_write(const struct face *face, struct projection_row *row);
/* False for a row that is not one of ours. */
bool face_read(struct bl_text body, struct face *face);
struct face face_of(const Bl__Application *application);

/* Has this state a list of its own? */
bool list_has_state(Bl__Application__State state);
void list_key(struct key *key, enum list list, const char *text);
void list_key_of_state(struct key *key, Bl__Application__State state);
void shelf_key(struct key *key, uint64_t id, uint64_t twin);
