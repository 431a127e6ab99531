/* journal.h — what this worker did and was told, as JSON lines for checkers that trust nobody.
 *   {"t":..,"proc":"worker-fire-4711","id":9,"op":"decide","phase":"invoke","app":"CY-20261123-0001",
 *    "item":"fire_check","lease":"7-1042","decision":"approve"}
 * Then one line with the same id and the phase ok (with "seq", the number of the last event), fail
 * (nothing came of it) or info (nobody knows). `t` is CLOCK_MONOTONIC in ns. Failures and tasks
 * that go back decide nothing and are not written. Each line is one write. */
#pragma once

#include "base/time.h"
#include "sdk/worker.h"

struct journal;

/* Appends to a file. BL_IO if it cannot be opened. */
MUST_CHECK enum bl_err journal_open(const char *file, const char *process, struct journal **journal,
                                    struct bl_error *e);
/* Takes NULL, leaves NULL. */
void journal_close(struct journal **journal);

/* The decision is about to leave. `journal` may be NULL here and below: then nothing is written.
 *   returns  BL_IO if the line could not be written */
MUST_CHECK enum bl_err journal_invoke(struct journal *journal, uint64_t id, const Bl__Task *task,
                                      Bl__Decision__Verdict decision, struct bl_error *e);
/* What became of it; its id is the tag. */
MUST_CHECK enum bl_err journal_settled(struct journal *journal,
                                       const struct bl_worker_settled *settled, struct bl_error *e);
