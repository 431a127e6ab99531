/* session.h — who is connected, and what each may ask for at once.
 * A session begins with a hello and ends with a goodbye of the broker, with silence, or when its
 * peer cannot be reached. It is told by the routing id that the ROUTER made together with the key
 * that the connection proved; nothing that a peer writes can make it somebody else's. Functions of
 * (state, input, now); `now` is monotonic. */
#pragma once

#include "base/map.h"
#include "base/time.h"
#include "binglian/v1/transport.pb-c.h"
#include "core/principal.h"
#include "wire/frame.h"
#include "wire/identity.h"

#define SESSIONS_MAX 20000          // of both sides
#define SESSION_IN_FLIGHT_MAX 4096  // commands and queries of one client without an answer
#define SESSION_ROUTE_BYTES 5       // of a routing id that the ROUTER made

enum session_side { SIDE_CLIENT, SIDE_WORKER };

struct session {
    uint64_t id;     // never used twice in a process
    uint64_t route;  // routing id and side
    enum session_side side;
    char key[IDENTITY_KEY_BYTES];  // public; "" where the broker runs --plain
    struct principal principal;
    char program[64];
    const char **items;  // of a worker
    size_t item_count;
    uint32_t credit;
    uint32_t in_flight;    // of a client
    bool full;             // its socket takes nothing now
    bl_time connected_at;  // wall clock, for people
    bl_time heard_wall;
    bl_span heard_at;
    struct wire_frame out;            // what leaves with the next flush
    bool pong_is_out;                 // a frame carries at most one
    struct session *next, *previous;  // all sessions
    struct session *next_waiting;     // those with something to send
    bool is_waiting;
};

/* All zero is none. */
struct sessions {
    struct bl_map by_id, by_route;
    struct session *first;
    struct session *waiting;
    uint64_t last_id;
    uint32_t counts[SIDE_WORKER + 1];
};

/* The number of a routing id; 0 if the ROUTER did not make it: a peer chose it, and is not served.
 */
uint64_t session_route(enum session_side side, const void *id, size_t bytes);
/* The routing id back; SESSION_ROUTE_BYTES bytes. */
void session_route_id(uint64_t route, uint8_t *id);

/* Who a peer without a key claims to be: "clerk/anna" is a clerk, "clerk" too; any other name is an
 * administrator's, or with a department a worker's; "officer/fire/fire-01" is a post of a
 * department. `known` is the directory's key of that name, if
 * there is one: then the role is the key's. Only where the broker runs --plain. */
void session_claim(const Bl__Hello *hello, const struct principal *known,
                   struct principal *principal);

/* May this hello begin a session of this side?
 *   errors  BL_REFUSED protocol, BL_DENIED role or department, BL_TOO_LARGE, BL_INVALID */
MUST_CHECK enum bl_err session_check_hello(enum session_side side, const Bl__Hello *hello,
                                           const struct principal *principal, struct bl_error *e);

/* Begins a session; an older one of the same route goes on until it is ended.
 *   returns  NULL if there are too many */
struct session *session_begin(struct sessions *sessions, enum session_side side, uint64_t route,
                              const char *key, const struct principal *principal,
                              const Bl__Hello *hello, bl_span now, bl_time wall);
void session_end(struct sessions *sessions, struct session **session);
void sessions_free(struct sessions *sessions);

struct session *session_find(const struct sessions *sessions, uint64_t id);
/* The newest session of a route, if the same key speaks; NULL else. */
struct session *session_at(const struct sessions *sessions, uint64_t route, const char *key);

void session_heard(struct session *session, bl_span now, bl_time wall);
/* Has it been silent for WIRE_SILENCE_US? */
bool session_is_over(const struct session *session, bl_span now);

/* May it have one more command or query in flight? Counts it if so. */
bool session_admit(struct session *session);
void session_answered(struct session *session);

/* May it send this at all, on this socket? A decision by key goes over the workers' socket, under a
 * lease. What it may do to one application is for the core. */
bool session_may(const struct session *session, Bl__Command__WhatCase what);

/* Puts it among those that have something to send. */
void session_wait(struct sessions *sessions, struct session *session);
/* Takes one of them; NULL: none. */
struct session *session_next_waiting(struct sessions *sessions);

void sessions_check(const struct sessions *sessions);
