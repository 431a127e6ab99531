/* cycle_state.h — what the files of the cycle share; nobody else includes it.
 * cycle.c runs a batch in parts, cycle_command.c what one command asks for, cycle_submit.c a new
 * application, cycle_aggregate.c projects, referrals and bookings, cycle_request.c request ids,
 * cycle_event.c events and the states they change, cycle_recompute.c what a new calendar moves,
 * cycle_write.c the rows that a part leaves behind.
 */
#pragma once

#include "broker/cache.h"
#include "broker/cycle.h"
#include "store/request.h"
#include "store/write.h"

#define CHAIN_BYTES 32

/* Where the sequence of one kind of number stands. */
struct counter {
    struct counter *next_counter;
    struct key period;
    const char *format;
    uint64_t next, stored;  // stored: before this batch
};

#define RECOMPUTE_MAX 100  // applications counted again in one batch: some milliseconds

/* A calendar was published and due moments are being counted again; next 0: no job. */
struct recompute {
    char calendar[64];
    uint32_t version;
    uint64_t next, last;  // applications that are still to come
    uint64_t event;       // of the publication
};

/* What a batch takes back if it cannot be written. */
struct mark {
    uint64_t event, newest[AGGREGATE_COUNT];
    size_t effect_count;
    struct recompute recompute;
};

struct request_seen {
    uint64_t fingerprint;
    const Bl__Answer *answer;
};

struct cycle {
    struct cycle_config config;
    struct store *store;
    struct catalog *catalog;
    struct log *log;
    struct store_write *write;
    struct cache cache;
    struct bl_arena directory_arena;
    Bl__Directory *directory;
    struct counter *counters;
    struct bl_arena counters_arena;
    uint64_t event, newest[AGGREGATE_COUNT];  // newest numbers: of events, of each kind
    uint8_t chain[CHAIN_BYTES];
    bl_time next_timer;
    struct recompute recompute;
    bl_time signed_at;  // of the newest checkpoint since the start; 0: there is none
    bool signs;         // the part that is being written

    /* Of the batch that runs: */
    struct batch *batch;
    struct bl_arena *arena;  // the batch's
    bl_time now;
    struct mark mark;
    const Bl__DepartmentsFile *departments;
    const Bl__Publication *submitted_to;  // the newest submission's workflow; NULL: none yet
    struct catalog_version submitted_version;
    struct cached *touched, **touched_end;  // in the order of their first touch
    bool directory_touched;
    bool catalog_touched;  // something was published or retired
    bool recompute_touched;
    bool has_set_aside;       // a damaged record: rows to write without an event
    struct bl_map requests;   // fingerprint of the id → struct request_seen
    struct bl_map numbers;    // hash of a number given in this batch
    struct bl_map twins;      // twin of an application of this batch → its number
    struct bl_map keys;       // hash of a key that this batch has given → struct cached
    struct bl_text *records;  // of the batch's events, for the chain
    size_t record_count, record_capacity;
    struct projection_count *counts;
    size_t count_count, count_capacity;
    uint8_t *salts;
    size_t salts_left;
};

/* One id on its way through a command. */
struct request {
    struct request_key key;
    uint64_t id_hash;  // of the key, for this batch's map
    uint64_t fingerprint;
};

/* cycle_command.c */
/* What decides may know: of `command` (NULL: time alone acts) about an application that is there
 * (NULL: another aggregate's, or a new one). */
struct world cycle_world(struct cycle *cycle, const struct batch_command *command,
                         const struct cached *cached);

/* cycle_event.c */
/* Gives the event its number and its place in the chain, and collects its row. */
void cycle_record(struct cycle *cycle, Bl__Event *event, Bl__Aggregate aggregate, uint64_t id,
                  uint64_t previous);
/* Records an event of an aggregate and folds it in. */
void cycle_apply(struct cycle *cycle, struct cached *cached, Bl__Event *event);
/* Finds an application, in the cache or in the store, caught up with the batch's time. */
MUST_CHECK enum bl_err cycle_load(struct cycle *cycle, uint64_t id, struct cached **found,
                                  struct bl_error *e);
/* The same of any kind. */
MUST_CHECK enum bl_err cycle_load_any(struct cycle *cycle, Bl__Aggregate kind, uint64_t id,
                                      struct cached **found, struct bl_error *e);
/* Wakes what is due: a bounded number, so that timers never stand in the way of decisions. */
MUST_CHECK enum bl_err cycle_timers(struct cycle *cycle, struct bl_error *e);

/* cycle_recompute.c */
MUST_CHECK enum bl_err cycle_recompute_open(struct cycle *cycle, struct store_read *read,
                                            struct bl_error *e);
/* Something was published: a calendar begins the job. */
void cycle_recompute_begin(struct cycle *cycle, const Bl__Event *event);
bool cycle_recompute_is_open(const struct cycle *cycle);
/* Counts one application again if it is still to come. */
void cycle_recompute_one(struct cycle *cycle, struct cached *cached);
/* The next portion. */
MUST_CHECK enum bl_err cycle_recompute(struct cycle *cycle, struct bl_error *e);
/* Collects the row that says how far it is. */
void cycle_recompute_write(struct cycle *cycle);

/* cycle_request.c */
/* Reads the id of a command. Returns whether the command was answered already. */
bool cycle_request_begin(struct cycle *cycle, struct batch_command *command,
                         struct request *request);
/* The command was done: its id is kept. */
void cycle_request_end(struct cycle *cycle, const struct batch_command *command,
                       const struct request *request);

/* cycle_submit.c */
void cycle_submit(struct cycle *cycle, struct batch_command *command);
/* Adds a warning with the number of an open application that has the same twin. */
void cycle_warn_of_twin(struct cycle *cycle, struct batch_command *command, uint64_t hash);
/* The table does not have it before the batch is written. */
void cycle_note_twin(struct cycle *cycle, uint64_t hash, const char *number);
/* A fresh salt of WORLD_SALT_BYTES. */
const uint8_t *cycle_salt(struct cycle *cycle);
/* Keeps a version of what was handed in. */
void cycle_store_content(struct cycle *cycle, uint64_t id, uint32_t version, const uint8_t *salt,
                         struct bl_text content);
struct bl_text cycle_counter_key(struct cycle *cycle, const struct counter *counter);

/* cycle_aggregate.c */
/* A command about a project, referral or booking. */
void cycle_aggregate(struct cycle *cycle, struct batch_command *command,
                     const struct aggregate *aggregate);
/* The project of this code; NULL: there is none. */
struct cached *cycle_project(struct cycle *cycle, const char *code);
/* What follows elsewhere from an application's event, in the same batch. */
void cycle_follow(struct cycle *cycle, struct cached *cached, const Bl__Event *event);

/* cycle_command.c */
/* Decides one command; its answer says what came of it. */
void cycle_command(struct cycle *cycle, struct batch_command *command);
/* Of a dry run: says what the command would do. Returns whether it is one. */
bool cycle_would(struct batch_command *command, const Bl__Event *event);
void cycle_refuse(struct batch_command *command, Bl__Refusal *refusal);
void cycle_refuse_with(struct cycle *cycle, struct batch_command *command, enum bl_err code,
                       const char *rule, const char *pointer);

/* cycle_write.c */
/* Says that an application has ended. */
void cycle_concluded(struct cycle *cycle, struct cached *cached);
/* Collects the rows of all that the part has changed.
 *   hash  gets the chain's new head */
MUST_CHECK enum bl_err cycle_write(struct cycle *cycle, uint8_t hash[CHAIN_BYTES],
                                   struct bl_error *e);
