/* read.h — questions to the tables by key, within one transaction.
 * What comes back as a message lies in the given arena; what comes back as text lies in the map
 * and is gone when the transaction ends. BL_NOT_FOUND is an answer, BL_CORRUPT a record that fails
 * its check. */
#pragma once

#include "binglian/v1/event.pb-c.h"
#include "binglian/v1/state.pb-c.h"
#include "binglian/v1/store.pb-c.h"
#include "store/store.h"
#include "store/table.h"

MUST_CHECK enum bl_err read_application(struct store_read *read, uint64_t id,
                                        struct bl_arena *arena, Bl__Application **application,
                                        struct bl_error *e);
/* The record at a key, as a message of this type. */
MUST_CHECK enum bl_err read_message(struct store_read *read, enum table table, struct bl_text key,
                                    const ProtobufCMessageDescriptor *descriptor,
                                    struct bl_arena *arena, ProtobufCMessage **message,
                                    struct bl_error *e);
/* The id at a key of an index. */
MUST_CHECK enum bl_err read_id(struct store_read *read, enum table table, struct bl_text key,
                               uint64_t *id, struct bl_error *e);
/* The last key of a table of ids; 0 in an empty one. */
MUST_CHECK enum bl_err read_newest(struct store_read *read, enum table table, uint64_t *id,
                                   struct bl_error *e);
/* Its stored record, as of read_directory_record. */
MUST_CHECK enum bl_err read_application_record(struct store_read *read, uint64_t id,
                                               struct bl_text *record, struct bl_error *e);
/* An empty directory is given where there is none yet. */
MUST_CHECK enum bl_err read_directory(struct store_read *read, struct bl_arena *arena,
                                      Bl__Directory **directory, struct bl_error *e);
/* Its stored record: another one each time that it has changed. */
MUST_CHECK enum bl_err read_directory_record(struct store_read *read, struct bl_text *record,
                                             struct bl_error *e);
MUST_CHECK enum bl_err read_event(struct store_read *read, uint64_t seq, struct bl_arena *arena,
                                  Bl__Event **event, struct bl_error *e);
/* The stored record, as the chain hashes it. */
MUST_CHECK enum bl_err read_event_record(struct store_read *read, uint64_t seq,
                                         struct bl_text *record, struct bl_error *e);
MUST_CHECK enum bl_err read_content(struct store_read *read, uint64_t id, uint32_t version,
                                    struct bl_arena *arena, Bl__StoredContent **content,
                                    struct bl_error *e);
MUST_CHECK enum bl_err read_source(struct store_read *read, Bl__Publication__Kind kind,
                                   const char *id, uint32_t version, struct bl_text *source,
                                   struct bl_error *e);
/* The application that has this business number. */
MUST_CHECK enum bl_err read_number(struct store_read *read, const char *number, uint64_t *id,
                                   struct bl_error *e);
MUST_CHECK enum bl_err read_request(struct store_read *read, struct bl_text key,
                                    struct bl_arena *arena, Bl__StoredRequest **request,
                                    struct bl_error *e);
MUST_CHECK enum bl_err read_counter(struct store_read *read, struct bl_text key, uint64_t *next,
                                    struct bl_error *e);
/* A number of the dashboards; 0 where nothing was counted. */
MUST_CHECK enum bl_err read_count(struct store_read *read, const char *name, const char *department,
                                  int64_t *value, struct bl_error *e);

/* The newest event's number, 0 in an empty store; the newest application's id likewise. */
MUST_CHECK enum bl_err read_newest_event(struct store_read *read, uint64_t *seq,
                                         struct bl_error *e);
MUST_CHECK enum bl_err read_newest_application(struct store_read *read, uint64_t *id,
                                               struct bl_error *e);
/* The chain's newest entry; BL_NOT_FOUND in an empty store. */
MUST_CHECK enum bl_err read_chain_head(struct store_read *read, struct bl_arena *arena,
                                       Bl__ChainEntry **entry, struct bl_error *e);

/* Walks a table's keys in order, from the first that is not before `from`, until `visit` says
 * false. Backward: from the last that is not after `from` (at NULL: from the very end). */
typedef bool (*read_visit)(void *context, struct bl_text key, struct bl_text value);
MUST_CHECK enum bl_err read_scan(struct store_read *read, enum table table, struct bl_text from,
                                 read_visit visit, void *context, struct bl_error *e);
MUST_CHECK enum bl_err read_scan_back(struct store_read *read, enum table table,
                                      struct bl_text from, read_visit visit, void *context,
                                      struct bl_error *e);

/* The same step by step, for walks along several indexes at once. */
struct read_cursor {
    void *cursor;  // LMDB's; ends before its transaction does
    enum table table;
    bool back;
    bool there;  // it stands on a row: key and value
    struct bl_text key, value;
};
MUST_CHECK enum bl_err read_cursor_open(struct store_read *read, enum table table, bool back,
                                        struct bl_text from, struct read_cursor *cursor,
                                        struct bl_error *e);
/* Goes to the first row that is not before `from`, backward the last that is not after it. */
MUST_CHECK enum bl_err read_cursor_seek(struct read_cursor *cursor, struct bl_text from,
                                        struct bl_error *e);
MUST_CHECK enum bl_err read_cursor_step(struct read_cursor *cursor, struct bl_error *e);
void read_cursor_close(struct read_cursor *cursor);  // fine for one that is zero
MUST_CHECK enum bl_err read_rows(struct store_read *read, enum table table, uint64_t *count,
                                 struct bl_error *e);

#define RECOMPUTE_JOB_KEY "recompute"  // in the table of meta
/* The job that counts due moments again; BL_NOT_FOUND while there is none. */
MUST_CHECK enum bl_err read_recompute_job(struct store_read *read, struct bl_arena *arena,
                                          Bl__RecomputeJob **job, struct bl_error *e);

/* The first moment of the timers' table and whose it is; BL_NEVER in an empty one. */
MUST_CHECK enum bl_err read_next_timer(struct store_read *read, bl_time *at, struct bl_error *e);

/* Keys that more than one file needs. */
struct key key_of_id(uint64_t id);
struct key key_of_content(uint64_t id, uint32_t version);
/* The rest of these have a text in them: in the arena. */
struct bl_text key_of_source(Bl__Publication__Kind kind, const char *id, uint32_t version,
                             struct bl_arena *arena);
struct bl_text key_of_count(const char *name, const char *department, struct bl_arena *arena);
