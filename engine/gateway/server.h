/* server.h — the connections: the only file that knows libmicrohttpd.
 * Two threads serve all of them; nothing in them waits for the broker or hashes a password: a
 * request that has to wait is put to sleep. Every bound is named in server.c. */
#pragma once

#include <netinet/in.h>

#include "gateway/gateway.h"

struct server;
struct pool;

struct server_config {
    struct gateway *gateway;
    struct pool *pool;
    struct sockaddr_storage address;
    uint32_t connections;  // at once; 0: the default
};

/* Reads ADDRESS:PORT; IPv6 in brackets. BL_INVALID. */
MUST_CHECK enum bl_err server_address(const char *text, struct sockaddr_storage *address,
                                      struct bl_error *e);
/* Listens and serves. BL_UNAVAILABLE: the address cannot be had. */
MUST_CHECK enum bl_err server_start(const struct server_config *config, struct server **server,
                                    struct bl_error *e);
/* The port that it listens on. */
uint16_t server_port(const struct server *server);
/* No new connections; those that are there go on. */
void server_quiesce(struct server *server);
/* Ends all. Nothing may be asleep any more. Takes NULL, leaves NULL. */
void server_stop(struct server **server);

/* Wakes a request that was put to sleep. Any thread. */
void server_suspend(struct request *request);
void server_resume(struct request *request);
