/* model_state.h — what the files of the model share: model.c (the promises), model_clocks.c (time),
 * model_calendar.c (a new calendar), model_office.c (who may) and model_deeds.c (who was told
 * what). */
#pragma once

#include "base/map.h"
#include "core/application.h"
#include "core/join.h"
#include "model.h"
#include "store/projection.h"
#include "wire/attempt.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define S(state) BL__ITEM__STATE__##state
#define COUNTS_MAX 256
#define WHOLE SIM_ITEMS_MAX  // where the clocks of the whole stand among those of the items
enum clock_kind { PROMISE, LEGAL, NOTIFY, CORRECTION, SUPPLEMENT, DELIVER, CHECKING, STEP, CLOCKS };

/* Who has a task now. */
struct lease {
    const struct mirror *of;
    uint32_t task;       // item, or place of a notice
    struct lease *next;  // of the notices of the same application
    uint64_t attempt;    // 0: nobody
    uint64_t worker;
    bool is_deciding;  // nobody can take it away
    char principal[32];
};

/* An application as its events say it is. */
struct mirror {
    Bl__Application *state;
    struct bl_arena arena;  // of the state
    const struct sim_workflow *workflow;
    uint32_t calendar_version;  // by which its clocks are counted
    double area;
    bool is_touched;
    Bl__Item__State before[SIM_ITEMS_MAX];  // the event that is being read
    enum join_outcome whole_before;
    struct lease leases[SIM_ITEMS_MAX];
    struct lease *notice_leases;
    bl_time due[SIM_ITEMS_MAX + 1][CLOCKS];  // of clocks that are open; 0: it is not
    bl_time begun[SIM_ITEMS_MAX + 1]
                 [CLOCKS];           // where they began; of what no stop holds, as it came
    bl_time receipt[SIM_ITEMS_MAX];  // as it came, of papers that nobody had accepted yet
    uint64_t steps[SIM_ITEMS_MAX];   // round and step that each is at
    bl_time ended_before;
    struct bl_arena rows_arena[2];  // of the rows now, and before the batch
    struct projection rows;
};

/* What an event was, for those who were told its number. */
struct fact {
    Bl__Event__WhatCase what;
    uint64_t application;
    uint32_t item;
    Bl__Item__Result result;
    char attempt[ATTEMPT_TEXT_BYTES];
    uint32_t notice;
    uint64_t deed;  // whose text stands in it; 0: nobody's
};

#define ABSENCES_MAX 64
/* Whose post is vacant, and who stands in for him. */
struct absences {
    struct absence {
        char department[32], post[32], deputy[32];
        bl_time from, to;
    } of[ABSENCES_MAX];
    size_t count;
};

struct total {
    char name[32], department[64];
    int64_t value;
};

struct model {
    struct sim *sim;
    struct bl_arena scratch;
    struct calendar *calendar;
    uint32_t calendar_version;
    bool calendar_is_stale;  // somebody may still have to be counted again
    struct absences absences;
    struct mirror **mirrors;  // by id - 1
    uint64_t count, capacity, open, items;
    struct fact *facts;  // by seq - 1
    uint64_t newest, facts_capacity;
    struct bl_map leases;  // attempt → struct lease
    struct bl_map taken;   // serial + 1 → the mirror's id and variant, as a number
    struct bl_map deeds;   // number → the event that did it
    Bl__Directory *directory;
    struct bl_arena directory_arena;
    bool moved_back;  // an event of this batch has made a moment that is past already
    uint64_t rows[TABLE_COUNT];
    struct total totals[COUNTS_MAX];
    size_t total_count;
    XXH3_state_t *hash;
    uint64_t digest;
};

#define FAIL(model, application, ...) sim_fail((model)->sim, application, __VA_ARGS__)

/* model_clocks.c: what must hold of an event's moment, before it is folded, and of all clocks after
 * it. */
void clocks_check_moment(struct model *model, const struct mirror *mirror, const Bl__Event *event);
void clocks_check(struct model *model, struct mirror *mirror, const Bl__Event *event);
/* When an application changes by itself. */
bl_time clocks_next(const Bl__Application *state);

/* After a new calendar: nothing of the application has to be counted again. */
void clocks_check_stale(struct model *model, struct mirror *mirror, uint64_t event);

/* model_calendar.c: a calendar that was published; an event, before it is folded; all moments that
 * are no clock of an item's; when the job that counts again is done; is a move told? */
void calendar_take(struct model *model, const Bl__Publication *publication);
void calendar_check_event(struct model *model, struct mirror *mirror, const Bl__Event *event);
void calendar_check_moments(struct model *model, const struct mirror *mirror);
void calendar_check_job(struct model *model, struct store_read *read);
bool calendar_tells(const Bl__Event *event, bl_time was, bl_time is);

/* model_office.c: who is away, and whether whoever signs may. */
void office_take(struct model *model, const Bl__Event *event);
void office_check_signer(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                         uint32_t item, const Bl__Desk *after);

/* model_notice.c: what the applicant is told of an event, before it is folded. */
void notices_check(struct model *model, struct mirror *mirror, const Bl__Event *event);
/* Notices that wait to be sent, of all applications. */
uint32_t notices_waiting(const struct mirror *mirror);

/* model_deeds.c: an event that does what somebody has asked for. */
uint64_t deeds_take(struct model *model, const Bl__Event *event);
