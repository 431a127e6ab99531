#include "wire/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "wire/frame.h"

#define FRAMES_QUEUED_MAX 256  // to or from one peer, before it is full
#define BACKLOG 1024           // connections that wait to be accepted

static enum bl_err socket_error(struct bl_error *e, const char *what, const char *endpoint)
{
    return bl_error_at(e, BL_IO, endpoint, 0, 0, "%s: %s", what, zmq_strerror(errno));
}

struct option {
    int name;
    int value;
};

// clang-format off
static const struct option options_of_all[] = {
    { ZMQ_SNDHWM,            FRAMES_QUEUED_MAX },
    { ZMQ_RCVHWM,            FRAMES_QUEUED_MAX },
    { ZMQ_LINGER,            1000 },
    { ZMQ_HANDSHAKE_IVL,     5000 },
    { ZMQ_BACKLOG,           BACKLOG },
    { ZMQ_RECONNECT_IVL,     100 },
    { ZMQ_RECONNECT_IVL_MAX, 10000 },
    { ZMQ_HEARTBEAT_IVL,     2000 },
    { ZMQ_HEARTBEAT_TIMEOUT, 6000 },
    { ZMQ_HEARTBEAT_TTL,     10000 },  // from 65.6 s on, 4.3.4 disconnects at every ping
};
// clang-format on

static enum bl_err set_option(void *socket, int name, const void *value, size_t bytes,
                              struct bl_error *e)
{
    return zmq_setsockopt(socket, name, value, bytes) == 0
               ? BL_OK
               : bl_error_set(e, BL_IO, "socket option %d: %s", name, zmq_strerror(errno));
}

static enum bl_err set_int(void *socket, int name, int value, struct bl_error *e)
{
    return set_option(socket, name, &value, sizeof value, e);
}

static enum bl_err set_options(void *socket, int type, struct bl_error *e)
{
    int64_t message_bytes_max = (int64_t)WIRE_MESSAGE_BYTES_MAX;
    enum bl_err err = BL_OK;

    for (size_t i = 0; i < BL_COUNT(options_of_all) && err == BL_OK; i++) {
        err = set_int(socket, options_of_all[i].name, options_of_all[i].value, e);
    }
    if (err == BL_OK) {
        err = set_option(socket, ZMQ_MAXMSGSIZE, &message_bytes_max, sizeof message_bytes_max, e);
    }
    if (err == BL_OK && type == ZMQ_ROUTER) {
        err = set_int(socket, ZMQ_ROUTER_MANDATORY, 1, e);  // no silent loss
    }
    if (err == BL_OK && type == ZMQ_DEALER) {
        err = set_int(socket, ZMQ_IMMEDIATE, 1, e);  // nothing queues to a dead link
    }
    if (err == BL_OK && type == ZMQ_SUB) {
        err = set_option(socket, ZMQ_SUBSCRIBE, "", 0, e);
    }
    return err;
}

enum bl_err wire_socket_open(void *zmq, int type, void **socket, struct bl_error *e)
{
    void *made = zmq_socket(zmq, type);

    if (made == NULL) {
        return socket_error(e, "cannot make a socket", NULL);
    }
    enum bl_err err = set_options(made, type, e);

    if (err != BL_OK) {
        wire_socket_close(&made);
        return err;
    }
    *socket = made;
    return BL_OK;
}

void wire_socket_close(void **socket)
{
    if (*socket != NULL) {
        (void)zmq_close(*socket);
        *socket = NULL;
    }
}

static enum bl_err set_key(void *socket, int name, const char *key, struct bl_error *e)
{
    return set_option(socket, name, key, IDENTITY_KEY_BYTES, e);
}

enum bl_err wire_socket_serve(void *socket, const struct identity *broker, struct bl_error *e)
{
    enum bl_err err = set_int(socket, ZMQ_CURVE_SERVER, 1, e);

    if (err == BL_OK) {
        err = set_key(socket, ZMQ_CURVE_SECRETKEY, broker->secret_key, e);
    }
    return err != BL_OK
               ? err
               : set_option(socket, ZMQ_ZAP_DOMAIN, WIRE_ZAP_DOMAIN, sizeof WIRE_ZAP_DOMAIN - 1, e);
}

enum bl_err wire_socket_trust(void *socket, const struct identity *own, struct bl_error *e)
{
    enum bl_err err = set_key(socket, ZMQ_CURVE_SERVERKEY, own->broker_key, e);

    if (err == BL_OK) {
        err = set_key(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, e);
    }
    return err != BL_OK ? err : set_key(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, e);
}

/* IPv6 only where it is asked for: with it "localhost" may mean an address nobody listens on. */
static enum bl_err prepare(void *socket, const char *endpoint, struct bl_error *e)
{
    enum bl_err err = wire_endpoint_check(endpoint, e);

    return err != BL_OK ? err : set_int(socket, ZMQ_IPV6, strchr(endpoint, '[') != NULL, e);
}

enum bl_err wire_socket_bind(void *socket, const char *endpoint, char *bound, struct bl_error *e)
{
    size_t bytes = WIRE_ENDPOINT_BYTES;
    enum bl_err err = prepare(socket, endpoint, e);

    if (err != BL_OK) {
        return err;
    }
    if (zmq_bind(socket, endpoint) != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &bytes) != 0) {
        return socket_error(e, "cannot listen", endpoint);
    }
    return BL_OK;
}

enum bl_err wire_socket_connect(void *socket, const char *endpoint, struct bl_error *e)
{
    enum bl_err err = prepare(socket, endpoint, e);

    if (err != BL_OK) {
        return err;
    }
    return zmq_connect(socket, endpoint) == 0 ? BL_OK : socket_error(e, "cannot connect", endpoint);
}

/* What an endpoint is made of; views of it. */
struct parts {
    bool is_ipc;
    struct bl_text host, port;  // of tcp; the host with its brackets
};

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool port_is_valid(struct bl_text port)
{
    uint32_t number = 0;

    if (bl_text_is(port, "*")) {
        return true;
    }
    for (size_t i = 0; i < port.bytes; i++) {
        if (port.at[i] < '0' || port.at[i] > '9' || i >= 5) {
            return false;
        }
        number = number * 10 + (uint32_t)(port.at[i] - '0');
    }
    return port.bytes > 0 && number <= UINT16_MAX;
}

static bool parse(const char *endpoint, struct parts *parts)
{
    if (strlen(endpoint) >= WIRE_ENDPOINT_BYTES) {
        return false;
    }
    if (starts(endpoint, "ipc://")) {
        *parts = (struct parts){ .is_ipc = true };
        return endpoint[6] != '\0';
    }
    if (!starts(endpoint, "tcp://")) {
        return false;
    }
    const char *host = endpoint + 6;
    const char *colon = strrchr(host, ':');

    if (colon == NULL || colon == host) {
        return false;
    }
    *parts =
        (struct parts){ .host = { host, (size_t)(colon - host) }, .port = bl_text_of(colon + 1) };
    return port_is_valid(parts->port);
}

enum bl_err wire_endpoint_check(const char *endpoint, struct bl_error *e)
{
    struct parts parts;

    return parse(endpoint, &parts)
               ? BL_OK
               : bl_error_at(e, BL_INVALID, endpoint, 0, 0,
                             "not an endpoint; write tcp://ADDRESS:PORT or ipc://PATH");
}

bool wire_endpoint_is_local(const char *endpoint)
{
    struct parts parts;
    struct in_addr address;
    char host[WIRE_ENDPOINT_BYTES];

    if (!parse(endpoint, &parts)) {
        return false;
    }
    if (parts.is_ipc || bl_text_is(parts.host, "localhost") || bl_text_is(parts.host, "[::1]")) {
        return true;
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)parts.host.bytes, parts.host.at);
    // A name such as 127.example.org is no address.
    return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

enum bl_err wire_endpoint_resolve(const char *announced, const char *dialled, char *resolved,
                                  struct bl_error *e)
{
    struct parts there, here;

    if (!parse(announced, &there) || !parse(dialled, &here)) {
        return bl_error_at(e, BL_INVALID, announced, 0, 0, "not an endpoint");
    }
    if (there.is_ipc || !bl_text_is(there.host, "*")) {
        (void)snprintf(resolved, WIRE_ENDPOINT_BYTES, "%s", announced);
        return BL_OK;
    }
    if (here.is_ipc) {
        return bl_error_at(e, BL_INVALID, announced, 0, 0, "has no host, and %s has none either",
                           dialled);
    }
    int bytes = snprintf(resolved, WIRE_ENDPOINT_BYTES, "tcp://%.*s:%.*s", (int)here.host.bytes,
                         here.host.at, (int)there.port.bytes, there.port.at);
    return bytes < WIRE_ENDPOINT_BYTES ? BL_OK : bl_error_set(e, BL_INVALID, "endpoint too long");
}
