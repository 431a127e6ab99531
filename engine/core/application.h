/* application.h — one form, handed in at one window: the unit of consistency.
 * decide and evolve of everything that may happen to an application and its items. What may happen
 * in which state, and who may do it: domain.md 9.2. */
#pragma once

#include "core/aggregate.h"
#include "deadline/clock.h"

#define OPINION_CHARACTERS_MAX 2000
#define REASON_CHARACTERS_MAX 1000
#define DOCUMENT_CHARACTERS_MAX 100
#define ATTEMPT_CHARACTERS_MAX 40  // "7-1042"
#define WINDOW_CHARACTERS_MAX 60

extern const struct aggregate application_aggregate;

/* The most bytes that a state or an event packs into, from the bounds of its texts; 0 for kinds of
 * events whose length is not known beforehand. */
size_t application_bytes_max(const Bl__Application *application);
size_t application_event_bytes_max(const Bl__Event *event);

/* What two applications of one person for the same thing have in common: it finds them, and tells
 * nobody who has not the hall's secret who it is. 0: he gave no number of his papers. */
uint64_t application_twin(const uint8_t *secret, const char *workflow, const char *id,
                          struct bl_arena *arena);

/* 收件, 受理, 办理中…: a function of the items (domain.md 9.1), never stored. */
Bl__Application__State application_state(const Bl__Application *application);
/* May the outcome of a granted item leave the house? Not while a material is still to come, unless
 * the workflow says so (容缺受理: domain.md 3). */
bool application_item_may_issue(const Bl__Item *item, const struct definition_item *definition);
bool application_is_open(const Bl__Application *application);

/* Does the whole end with this event? */
bool application_event_completes(const Bl__Event *event);
/* A calendar was published as that version: the event that moves the due moments which it changes;
 * NULL where it changes none. To do it twice changes nothing more. */
Bl__Event *application_recompute(const struct world *world, const Bl__Application *application,
                                 const char *calendar, uint32_t version, struct bl_arena *arena);

/* The index of the item that an event is about, or -1 for the whole. */
int application_event_item(const Bl__Event *event);
/* The index of an item, or -1. */
int application_item_find(const Bl__Application *application, const char *id);
/* Is it accepted and not yet settled: do its clocks run or stand? */
bool application_item_is_running(const Bl__Item *item);
/* Where the clocks of the whole and of an item begin: effective acceptance. */
bl_time application_started(const Bl__Application *application);
bl_time application_item_started(const Bl__Application *application, const Bl__Item *item);
/* When the papers of an item that nobody has accepted took effect at the hall, as recorded: where
 * `notify` began. A day that has become a holiday since is the caller's to leave out. */
bl_time application_item_receipt(const Bl__Application *application, const Bl__Item *item);
/* Is it with its department, and does nothing stand in the way? */
bool application_item_is_worked_on(const Bl__Item *item);
/* Have the department's workers something to do now, or from retry_at on? A step of people is no
 * task of theirs. */
bool application_item_is_ready(const Bl__Item *item);

/* What its department's queue sorts by: its promise, or its legal limit where it has no promise;
 * BL_NEVER where it has neither. */
bl_time application_item_due(const Bl__Item *item);

/* The worst of its bundle clocks and its open items; grey when ended. */
Bl__Light application_light(const Bl__Application *application, bl_time now);
Bl__Light application_item_light(const Bl__Item *item, bl_time now);
/* The earliest due moment among all running clocks: what most urgent first sorts by. BL_NEVER if
 * nothing runs. */
bl_time application_urgency(const Bl__Application *application);
