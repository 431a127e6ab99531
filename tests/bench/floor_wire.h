/* floor_wire.h — the floor's frames: a ZeroMQ message is a run of filings, each behind its length
 * in two bytes. An empty message says hello, go or goodbye. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "base/arena.h"
#include "floor.pb-c.h"

#define FRAME_BYTES ((size_t)48 * 1024)  // a full frame leaves at once: readers begin sooner
#define FILING_BYTES_MAX 1024            // packed

/* Ends the process unless `ok`, saying what failed and errno. */
void floor_must(bool ok, const char *what);
/* The same for calls that return an LMDB or ZeroMQ code. */
void floor_check(int code, const char *what);
uint64_t floor_now_ns(void);  // monotonic

/* A socket without high-water marks: the floor's queues are bounded by the client's window. */
void *floor_socket(void *context, int type);

/* A peer behind a ROUTER, as it named it. */
struct floor_peer {
    unsigned char id[256];
    size_t bytes;  // 0: the one peer of a DEALER
};

/* What one cycle has to say to one peer. */
struct floor_out {
    void *socket;
    struct floor_peer peer;
    unsigned char *frame;
    size_t used;
};
struct floor_out floor_out_new(void *socket, const struct floor_peer *peer);
void floor_out_add(struct floor_out *out, const Bench__Filing *filing);
void floor_out_send(struct floor_out *out);
/* An empty message. */
void floor_out_signal(struct floor_out *out);

/* Receives a frame; false if there is none and `flags` has ZMQ_DONTWAIT. A ROUTER names its peer,
 * a DEALER takes NULL. */
bool floor_receive(void *socket, struct floor_peer *peer, zmq_msg_t *message, int flags);

/* Walks a frame. */
struct floor_reader {
    const unsigned char *at, *end;
    const unsigned char *packed;  // of the filing that floor_next gave last
    size_t packed_bytes;
};
struct floor_reader floor_read(zmq_msg_t *message);
/* The next filing, or NULL; it lives in the arena until the next call. */
Bench__Filing *floor_next(struct floor_reader *reader, struct bl_arena *arena);

/* A filing with everything filled in, about 200 bytes. */
Bench__Filing floor_sample(void);
