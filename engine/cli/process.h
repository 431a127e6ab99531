/* process.h — the hall's other programs as children of this one. */
#pragma once

#include <sys/types.h>

#include "cli/cli.h"

/* Where a program of ours is: beside this one, or on the path. In the arena. */
const char *process_find(struct cli *cli, const char *name);

/* Starts a program whose output goes to the file `log`. It gets no signals of the terminal, and
 * ends when this process does, however that ends.
 *   words  ended by NULL, the program first
 *   errors BL_IO */
MUST_CHECK enum bl_err process_start(const char *const *words, const char *log, pid_t *pid,
                                     struct bl_error *e);
/* Asks each to stop, and makes those that have not after `patience` microseconds. */
void process_stop(pid_t *pids, size_t count, int64_t patience);
