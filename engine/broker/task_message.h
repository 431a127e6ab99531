/* task_message.h — a task as its department's workers see it.
 * Of the form and the materials it holds those that the item lists, and no more. Nothing is decoded
 * for it: what goes out is cut from the bytes that the applicant handed in. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/state.pb-c.h"
#include "definition/definition.h"
#include "wire/frame.h"

/* The outcome of an item that the task's item needs. */
struct task_need {
    const char *item, *document;
};

/* The documents of the items that item `index` needs, copied into `arena`.
 *   returns  how many there are */
size_t task_needs(const struct definition_item *item, const Bl__Application *application,
                  const struct task_need **needs, struct bl_arena *arena);

/* Where a task's contents come from. */
struct task_source {
    const struct definition *definition;
    uint32_t item;
    const char *number;              // of the application
    bl_time promise_due, legal_due;  // 0: none
    uint32_t failures;
    struct bl_text content;  // an encoded Content
    uint32_t step, round;    // round 0: the item has no steps
    const struct task_need *needs;
    size_t need_count;
    const Bl__Notice *notice;  // it is to be told to the applicant; NULL: it is an item's
    const char *notice_item;   // id of the item that it is about; a migration may have removed it
};

/* Room that is used again for each task. All zero at first. */
struct task_scratch {
    struct wire_frame body, form, attempt;
};

void task_scratch_free(struct task_scratch *scratch);

/* Writes the encoded Task without its attempt: the same however often it is handed out.
 *   returns  borrowed from `scratch` until the next call; at = NULL if it is larger than a frame */
struct bl_text task_body(const struct task_source *source, struct task_scratch *scratch);
/* Adds a body and its attempt as a task to a frame; false if it is full. */
MUST_CHECK bool task_add(struct wire_frame *frame, struct bl_text body, uint64_t attempt,
                         struct task_scratch *scratch);
