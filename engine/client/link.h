/* link.h — when a connection is dialled, greeted, kept alive and given up.
 * `client/` is how programs of ours speak to a broker: link.h and request_id.h are the pieces,
 * session.h is a client's whole logic as functions of (state, input, now), client.h is what gets
 * installed: the session behind a ZeroMQ socket. It never decides what a command means.
 *
 * A link knows no socket. Its owner dials when the link says so, tells it what happened, and asks
 * at each turn whether the silence has become too long. The worker's session uses it too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define LINK_WELCOME_MAX (5 * SECOND_US)          // from dialling to the welcome
#define LINK_HEARTBEAT_DEFAULT (2 * SECOND_US)    // until a welcome says other
#define LINK_HEARTBEAT_MIN (50 * MILLISECOND_US)  // a welcome cannot make us spin
#define LINK_HEARTBEAT_MAX (60 * SECOND_US)       // nor deaf
#define LINK_SILENCES_MAX 3                       // heartbeats without a word: the peer is gone
#define LINK_PAUSE_FIRST (100 * MILLISECOND_US)   // before the second dial
#define LINK_PAUSE_MAX (10 * SECOND_US)           // doubling stops here

enum link_state {
    LINK_DOWN,      // nothing is open; dial at `wake_at`
    LINK_GREETING,  // dialled; hello is to be said or was said, no welcome yet
    LINK_UP,        // welcomed
};

struct link {
    enum link_state state;
    bool hello_said;
    bl_span wake_at;            // DOWN: when to dial; GREETING: when to give up
    bl_span heard_at, said_at;  // UP
    bl_span heartbeat;          // say something at least this often
    uint32_t failures;          // dials in a row that led nowhere
    uint64_t random;            // for jitter
};

/* A link that wants to be dialled at once. `seed` decides its jitter and nothing else. */
void link_init(struct link *link, uint64_t seed, bl_span now);

/* Is it time to open a fresh connection? The owner then opens one and calls link_dialled. */
bool link_must_dial(const struct link *link, bl_span now);
void link_dialled(struct link *link, bl_span now);
/* May hello be said now? After it was sent: link_said_hello. */
bool link_hello_is_due(const struct link *link);
void link_said_hello(struct link *link, bl_span now);
/* The peer has welcomed us. `heartbeat_ms` is its wish, kept within the bounds above. */
void link_welcomed(struct link *link, uint32_t heartbeat_ms, bl_span now);

/* Something came, something was sent. */
void link_heard(struct link *link, bl_span now);
void link_said(struct link *link, bl_span now);
/* Has nothing been said for half a heartbeat? Half, so that one late turn costs nothing. */
bool link_ping_is_due(const struct link *link, bl_span now);
/* The socket takes frames again after it did not: the peer may be another than before. Makes a ping
 * due, whose answer tells. */
void link_doubt(struct link *link);

/* The connection is worth nothing any more: dial again after a pause that doubles with each
 * failure in a row, with jitter so that a thousand workers do not return in one moment. */
void link_lose(struct link *link, bl_span now);
/* Goes on to another address of the same peer at once: no failure, no pause. */
void link_move(struct link *link, bl_span now);
/* Loses the link if it was not welcomed in time or fell silent; true if it did. */
bool link_lapse(struct link *link, bl_span now);
/* When something has to be done even if nothing comes. */
bl_span link_wake_at(const struct link *link);
