/* connection.h — the sockets of one client or worker: a DEALER to the broker, a SUB for the newest
 * event number. The only file of this folder that knows ZeroMQ. Nothing here blocks but
 * connection_wait, and connection_close for as long as LINGER says. */
#pragma once

#include <stdbool.h>
#include <zmq.h>

#include "base/text.h"
#include "base/time.h"
#include "wire/frame.h"
#include "wire/socket.h"

struct connection {
    void *zmq, *dealer, *sub;
    struct identity identity;  // name "": plain
    int epoll;                 // readable when any of the descriptors is
    int wake;                  // eventfd: somebody else wants a turn
    bool choked;               // something waits to be sent and could not be
    char sub_endpoint[WIRE_ENDPOINT_BYTES];
    zmq_msg_t received;  // the last frame
};

/* Makes what needs no peer.
 *   identity  file, or NULL to speak plain
 *   errors    as identity_load; BL_IO */
MUST_CHECK enum bl_err connection_open(const char *identity, struct connection **connection,
                                       struct bl_error *e);
void connection_close(struct connection **connection);

/* May it be dialled with what we have? BL_INVALID for no endpoint, BL_DENIED for a plain connection
 * that would leave this machine. */
MUST_CHECK enum bl_err connection_check(const struct connection *connection, const char *endpoint,
                                        struct bl_error *e);
/* Drops the DEALER there is, with all that waits in it, and connects a fresh one. */
MUST_CHECK enum bl_err connection_dial(struct connection *connection, const char *endpoint,
                                       struct bl_error *e);
/* Subscribes to the newest event number at `announced`; nothing to do if it is already. */
MUST_CHECK enum bl_err connection_subscribe(struct connection *connection, const char *announced,
                                            const char *dialled, struct bl_error *e);

/* Would a frame be taken now? False while there is no connection, or the peer does not read. */
bool connection_can_send(struct connection *connection);
/* Sends a frame that is not empty, and clears it; false: it was not taken. */
bool connection_send(struct connection *connection, struct wire_frame *frame);
/* The next frame, borrowed until the next call; false: there is none. */
bool connection_receive(struct connection *connection, struct bl_text *bytes);
/* The newest of the published event numbers; false: none has come. */
bool connection_receive_newest(struct connection *connection, uint64_t *newest);

/* Is there something to receive at once? An event loop asks before it waits for the descriptor, for
 * sending may have swallowed the edge that told of it. */
bool connection_has_more(const struct connection *connection);

/* Waits until something can be received, something that waited can be sent, connection_wake was
 * called, or `timeout` is over. */
MUST_CHECK enum bl_err connection_wait(struct connection *connection, bl_span timeout,
                                       struct bl_error *e);
/* Ends a wait; may be called from a signal handler or another thread. */
void connection_wake(struct connection *connection);
