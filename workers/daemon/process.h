/* process.h — a program that runs beside us, in a process group of its own, without a shell. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/split.h"

struct process {
    pid_t pid;   // 0: none
    int ended;   // readable once it has ended
    int input;   // we write, it reads; -1: it was given a file
    int output;  // it writes, we read; does not block
};

/* Starts a program; its standard error is ours.
 *   input   a descriptor for its standard input, or -1 to make a pipe
 *   errors  BL_IO: no such program, too many processes */
MUST_CHECK enum bl_err process_start(const struct words *words, int input, struct process *process,
                                     struct bl_error *e);
/* Ends it and all that it started. It is still to be reaped. */
void process_kill(const struct process *process);
/* Waits for a process that has ended or was killed, and closes what belongs to it.
 *   returns  whether it ended with status 0 */
bool process_reap(struct process *process);
