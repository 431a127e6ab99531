/* socket.h — ZeroMQ sockets that are bounded on purpose, and where they may go.
 * libzmq's defaults lose messages in silence (ROUTER at its high-water mark), wait for ever
 * (LINGER), accept any size (MAXMSGSIZE) and any key (CURVE without a handler of ZAP). A socket
 * made here has none of these. Never send without ZMQ_DONTWAIT: a blocking send to a peer that
 * leaves while it is full never returns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "wire/identity.h"

#define WIRE_ENDPOINT_BYTES 256
#define WIRE_ZAP_DOMAIN "binglian"

/* Makes a socket with all options set that do not depend on its peer.
 *   zmq   context
 *   type  ZMQ_ROUTER, ZMQ_DEALER, ZMQ_XPUB or ZMQ_SUB */
MUST_CHECK enum bl_err wire_socket_open(void *zmq, int type, void **socket, struct bl_error *e);
/* Takes NULL, leaves NULL. */
void wire_socket_close(void **socket);

/* Before bind: the socket takes only peers whose key the handler of ZAP knows. */
MUST_CHECK enum bl_err wire_socket_serve(void *socket, const struct identity *broker,
                                         struct bl_error *e);
/* Before connect: the socket speaks to this broker only, as this key. */
MUST_CHECK enum bl_err wire_socket_trust(void *socket, const struct identity *own,
                                         struct bl_error *e);

/* Binds and tells where: a wild-card port is resolved ("tcp://127.0.0.1:*").
 *   bound  WIRE_ENDPOINT_BYTES bytes */
MUST_CHECK enum bl_err wire_socket_bind(void *socket, const char *endpoint, char *bound,
                                        struct bl_error *e);
MUST_CHECK enum bl_err wire_socket_connect(void *socket, const char *endpoint, struct bl_error *e);

/* Is it "tcp://HOST:PORT" or "ipc://PATH", short enough?  BL_INVALID says why not. */
MUST_CHECK enum bl_err wire_endpoint_check(const char *endpoint, struct bl_error *e);
/* Does it stay on this machine: ipc, or tcp to 127.0.0.0/8, [::1] or localhost? Only there may
 * anybody speak plain. */
bool wire_endpoint_is_local(const char *endpoint);
/* The endpoint that was announced; where its host is "*" it is the host that was dialled: port 7702
 * on "*" and "tcp://10.0.0.7:7701" give "tcp://10.0.0.7:7702".
 *   resolved  WIRE_ENDPOINT_BYTES bytes
 *   errors    BL_INVALID if either is none */
MUST_CHECK enum bl_err wire_endpoint_resolve(const char *announced, const char *dialled,
                                             char *resolved, struct bl_error *e);
