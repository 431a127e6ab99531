/* faults.h — what becomes of the next commit. The linker gives store_write_commit no context of
 * ours, so this is the one thing that all of the simulation shares. */
#pragma once

#include "sim.h"

enum commit_fate { COMMIT_FINE, COMMIT_FULL, COMMIT_CRASH_BEFORE, COMMIT_CRASH_AFTER };

/* A run begins: what it forgets is counted from here. */
void faults_begin(void);
void faults_set(enum sim_bug bug, enum commit_fate fate);

/* memo.c: workflows and calendars are made once in a run, or each time anew. */
void memo_begin(bool keeps);
void memo_end(void);

/* mutants.c: the engine's own functions go wrong between these two, and at a start. */
void mutants_enter(enum sim_bug bug);
void mutants_leave(void);
void mutants_start(enum sim_bug bug);
