/* task_json.h — tasks and decisions as programs of --exec and --pipe see them: one JSON object on
 * one line, by the mapping of schema/json.h. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "binglian/v1/task.pb-c.h"
#include "schema/writer.h"

#define DECISION_BYTES_MAX ((size_t)64 * 1024)  // what a program may answer to one task

/* Appends the task and a newline. */
void task_json_write(struct writer *writer, const Bl__Task *task, int32_t offset_minutes);
/* Reads a decision; blanks around it are fine. A rejection without a reason is BL_INVALID too.
 *   arena  gets it; its bound is at least JSON_ARENA_BYTES
 *   task, attempt  of the decision may be empty */
MUST_CHECK enum bl_err task_json_read(const char *text, size_t bytes, struct bl_arena *arena,
                                      Bl__Decision **decision, struct bl_error *e);
