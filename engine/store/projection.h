/* projection.h — what is derived from a state: rows and counts that make questions cheap.
 * A projection is one pure function from an application to the rows it stands for, one file and
 * one row of the table in projection.c. The other aggregates stand for few rows: one function each,
 * named in the table of kind.c. What changed between two states is the difference of their
 * rows, written in the same transaction; `verify` computes the rows again. */
#pragma once

#include "binglian/v1/state.pb-c.h"
#include "core/application.h"
#include "store/write.h"

struct projection_row {
    enum table table;
    uint32_t item;  // the item it is about
    struct key key;
    uint8_t value[16];  // sealed by whoever stores it; bytes 0: an empty value
    size_t value_bytes;
};

/* One more or less in a count of the dashboards. */
struct projection_count {
    const char *name;        // "open", "items"…
    const char *department;  // "" for the whole hall
    int64_t value;
};

/* All that one state stands for. */
struct projection {
    struct projection_row *rows;
    size_t row_count;
    struct projection_count *counts;
    size_t count_count;
};

/* The rows and counts of an application; NULL (not there yet) stands for none. All in `arena`; the
 * state must live as long. */
struct projection projection_of(const Bl__Application *application, struct bl_arena *arena);

struct projection projection_of_project(const void *state, struct bl_arena *arena);
struct projection projection_of_referral(const void *state, struct bl_arena *arena);
struct projection projection_of_booking(const void *state, struct bl_arena *arena);

/* Used by the projections' own files. */
struct projection projection_empty(size_t rows_max, struct bl_arena *arena);
struct projection_row *projection_row(struct projection *projection, enum table table);
void projection_value(struct projection_row *row, const ProtobufCMessage *message);
/* The row of an index: its value is an id. */
void projection_id(struct projection_row *row, uint64_t id);
/* When an aggregate changes by itself next; BL_NEVER makes no row. */
void projection_timer(struct projection *projection, Bl__Aggregate kind, uint64_t id, bl_time at);
void projection_count(struct projection *projection, const char *name, const char *department,
                      int64_t value);

void project_timer(const Bl__Application *application, struct projection *projection);
void project_inbox(const Bl__Application *application, struct projection *projection);
void project_open(const Bl__Application *application, struct projection *projection);
void project_counts(const Bl__Application *application, struct projection *projection);
void project_desk(const Bl__Application *application, struct projection *projection);
void project_twins(const Bl__Application *application, struct projection *projection);
void project_lists(const Bl__Application *application, struct projection *projection);
void project_incidents(const Bl__Application *application, struct projection *projection);
void project_notices(const Bl__Application *application, struct projection *projection);

/* What one row's change is. Exactly one of the two may be NULL. */
typedef void (*projection_change)(void *context, const struct projection_row *before,
                                  const struct projection_row *after);
/* Calls `change` for each row that differs. */
void projection_diff(const struct projection *before, const struct projection *after,
                     projection_change change, void *context);
