/* table.h — what is stored where: one sub-database each, keys big-endian, so that order is order.
 * Values are sealed records (record.h) with a message of proto/, unless it says empty. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

// clang-format off
#define STORE_TABLES(X)                                                                            \
    X(TABLE_META,         "meta")         /* name → bytes: format, hall, start, secret          */ \
    X(TABLE_EVENTS,       "events")       /* seq → Event, appended                              */ \
    X(TABLE_CHAIN,        "chain")        /* seq of the batch's last event → ChainEntry         */ \
    X(TABLE_DIRECTORY,    "directory")    /* 1 → Directory                                      */ \
    X(TABLE_APPLICATIONS, "applications") /* id → Application                                   */ \
    X(TABLE_CONTENTS,     "contents")     /* id, version of the form → StoredContent            */ \
    X(TABLE_SOURCES,      "sources")      /* kind, version, id → the YAML as published          */ \
    X(TABLE_REQUESTS,     "requests")     /* request id (request.h) → StoredRequest             */ \
    X(TABLE_COUNTERS,     "counters")     /* period, format of the number → Counter             */ \
    X(TABLE_NUMBERS,      "numbers")      /* business number → id of 8 bytes                    */ \
    X(TABLE_TIMERS,       "timers")       /* moment, kind, id → empty                           */ \
    X(TABLE_INBOX,        "inbox")        /* department, due, id, item → InboxRow               */ \
    X(TABLE_OPEN,         "open")         /* urgency, id → face (project_lists.h)               */ \
    X(TABLE_COUNTS,       "counts")       /* name → Count                                       */ \
    X(TABLE_INCIDENTS,    "incidents")    /* id, item [, kind] → empty                          */ \
    X(TABLE_DESKS,        "desks")        /* department, due, id, item, consultation → empty    */ \
    X(TABLE_PROJECTS,     "projects")     /* id → Project                                       */ \
    X(TABLE_CODES,        "codes")        /* code of a project → id of 8 bytes                  */ \
    X(TABLE_REFERRALS,    "referrals")    /* id → Referral                                      */ \
    X(TABLE_HANDOVERS,    "handovers")    /* due, id of an open referral → empty                */ \
    X(TABLE_BOOKINGS,     "bookings")     /* id → Booking                                       */ \
    X(TABLE_DAYS,         "days")         /* day, window → id of its Booking, 8 bytes           */ \
    X(TABLE_TWINS,        "twins")        /* twin, id of an open application → empty            */ \
    X(TABLE_LISTS,        "lists")        /* list, what of, due, id → face (project_lists.h)    */ \
    X(TABLE_APPLICANTS,   "applicants")   /* shelf, twin, id → empty (project_lists.h)          */
// clang-format on

enum table {
#define X(table, name) table,
    STORE_TABLES(X)
#undef X
};
#define TABLE_COUNT (TABLE_APPLICANTS + 1)

const char *table_name(enum table table);

/* A key is put together from left to right; 64 bytes hold every key that is not a text. */
#define STORE_KEY_BYTES_MAX 64
#define STORE_TEXT_KEY_BYTES_MAX 400  // LMDB's bound is 511
#define DEPARTMENT_KEY_BYTES 16       // ids of departments have at most so many characters

/* Stands for the whole record where the key of an incident has an item. */
#define INCIDENT_RECORD UINT16_MAX
#define INCIDENT_KEY_BYTES 10  // id, item; of a record that is no application its kind behind them

struct key {
    uint8_t bytes[STORE_KEY_BYTES_MAX];
    size_t count;
};

void key_u16(struct key *key, uint16_t value);
void key_u32(struct key *key, uint32_t value);
void key_u64(struct key *key, uint64_t value);
void key_string(struct key *key, const char *text);            // its bytes, at the end of a key
void key_department(struct key *key, const char *department);  // padded with NUL
struct bl_text key_text(const struct key *key);
/* The key's bytes, kept in the arena. */
struct bl_text key_keep(const struct key *key, struct bl_arena *arena);

/* Reads back what key_u… wrote. */
uint64_t key_read_u64(const void *at);
uint32_t key_read_u32(const void *at);
uint16_t key_read_u16(const void *at);
