/* model.h — the promises, checked: what the store says after each batch against what everybody was
 * told, and against the rules computed another way. */
#pragma once

#include "sim.h"
#include "store/store.h"

struct model *model_new(struct sim *sim);
void model_free(struct model **model);

/* Reads what is new in the store and checks all that must hold of it.
 *   timers_left  more timers were due than the batch took */
void model_check(struct model *model, struct store *store, bl_time batch_time, bool timers_left);
/* At the end: all of it once more, from the first event. */
void model_check_all(struct model *model, struct store *store);

/* Leases as the broker gives them. `worker` is the session's number. */
void model_lease(struct model *model, uint64_t application, uint32_t item, uint64_t attempt,
                 uint64_t worker, const char *principal);
/* The same by the old attempt, or else the task's name: it goes on after a reconnect. */
void model_resume(struct model *model, const char *task, uint64_t old, uint64_t attempt,
                  uint64_t worker, const char *principal);
/* Its decision is in a batch, or is not any more: then nobody can take it away. */
void model_deciding(struct model *model, uint64_t attempt, bool deciding);
void model_lease_over(struct model *model, uint64_t attempt);
void model_worker_gone(struct model *model, uint64_t worker);
void model_leases_forget(struct model *model);
/* Some lease of anybody's, for those who lie: its attempt, and its task's name; 0: there is none.
 */
uint64_t model_some_lease(struct model *model, char *task, size_t size);
/* A worker has a task: what it says must be what was leased under its attempt. */
void model_received(struct model *model, const char *task, const char *attempt);
/* Every ready task of a department whose time has come has to be with somebody: returns how many
 * are with nobody. */
uint32_t model_idle_tasks(struct model *model, const char *department, bl_time now);

/* Who stands in for a post now; NULL while its holder is there. */
const char *model_deputy(const struct model *model, const char *department, const char *post,
                         bl_time now);

/* What people were told. Fails if it is not so. */
void model_acknowledged(struct model *model, uint64_t serial, uint32_t variant,
                        uint64_t application, uint64_t event);
void model_decided(struct model *model, const char *task, const char *attempt,
                   Bl__Decision__Verdict verdict, uint64_t event);
/* An act of somebody's, by its number, which stands in it as "deed 7": it was done, or refused.
 *   newest  event that was there before it was asked for */
void model_done(struct model *model, uint64_t deed, const Bl__Command *command, uint64_t event);
void model_refused(struct model *model, uint64_t deed, const Bl__Command *command,
                   const Bl__Refusal *refusal, uint64_t newest);
/* Was a submission with this serial taken, and in which variant? -1: no. */
int model_variant(const struct model *model, uint64_t serial);
uint64_t model_newest(const struct model *model);

/* What an operator may look at. NULL past the end; ids ascend from 1. */
const Bl__Application *model_application(const struct model *model, uint64_t id);
uint64_t model_applications(const struct model *model);
uint64_t model_open(const struct model *model);
uint64_t model_items(const struct model *model);
uint64_t model_hash(const struct model *model);
