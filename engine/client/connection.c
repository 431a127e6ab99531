#include "client/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CHOKED_WAIT_MAX (100 * MILLISECOND_US)  // a link that was lost does not say so

static enum bl_err system_error(struct bl_error *e, const char *what)
{
    return bl_error_set(e, BL_IO, "%s: %s", what, zmq_strerror(errno));
}

static void watch(struct connection *connection, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    CHECK(epoll_ctl(connection->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static int socket_fd(void *socket)
{
    int fd = -1;
    size_t bytes = sizeof(fd);

    CHECK(zmq_getsockopt(socket, ZMQ_FD, &fd, &bytes) == 0);
    return fd;
}

static void drop(struct connection *connection, void **socket)
{
    if (*socket != NULL) {
        (void)epoll_ctl(connection->epoll, EPOLL_CTL_DEL, socket_fd(*socket), NULL);
        wire_socket_close(socket);
    }
}

enum bl_err connection_open(const char *identity, struct connection **opened, struct bl_error *e)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    enum bl_err err = BL_OK;

    CHECK(connection != NULL);
    (void)zmq_msg_init(&connection->received);
    connection->epoll = epoll_create1(EPOLL_CLOEXEC);
    connection->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    connection->zmq = zmq_ctx_new();
    if (connection->epoll < 0 || connection->wake < 0 || connection->zmq == NULL) {
        err = system_error(e, "cannot open a connection");
    } else {
        watch(connection, connection->wake);
        err = identity == NULL ? BL_OK : identity_load(identity, &connection->identity, e);
    }
    if (err != BL_OK) {
        connection_close(&connection);
        return err;
    }
    *opened = connection;
    return BL_OK;
}

void connection_close(struct connection **closed)
{
    struct connection *connection = *closed;

    if (connection == NULL) {
        return;
    }
    drop(connection, &connection->dealer);
    drop(connection, &connection->sub);
    if (connection->zmq != NULL) {
        (void)zmq_ctx_term(connection->zmq);
    }
    if (connection->wake >= 0) {
        (void)close(connection->wake);
    }
    if (connection->epoll >= 0) {
        (void)close(connection->epoll);
    }
    (void)zmq_msg_close(&connection->received);
    identity_forget(&connection->identity);
    free(connection);
    *closed = NULL;
}

static bool is_plain(const struct connection *connection)
{
    return connection->identity.name[0] == '\0';
}

enum bl_err connection_check(const struct connection *connection, const char *endpoint,
                             struct bl_error *e)
{
    enum bl_err err = wire_endpoint_check(endpoint, e);

    if (err == BL_OK && is_plain(connection) && !wire_endpoint_is_local(endpoint)) {
        return bl_error_at(e, BL_DENIED, endpoint, 0, 0,
                           "without an identity only this machine is spoken to");
    }
    return err;
}

/* Replaces *socket by a fresh one that is connected; *socket is NULL if that fails. */
static enum bl_err connect_fresh(struct connection *connection, int type, const char *endpoint,
                                 void **socket, struct bl_error *e)
{
    enum bl_err err = connection_check(connection, endpoint, e);

    drop(connection, socket);
    if (err == BL_OK) {
        err = wire_socket_open(connection->zmq, type, socket, e);
    }
    if (err != BL_OK) {
        return err;
    }
    watch(connection, socket_fd(*socket));
    if (!is_plain(connection)) {
        err = wire_socket_trust(*socket, &connection->identity, e);
    }
    if (err == BL_OK) {
        err = wire_socket_connect(*socket, endpoint, e);
    }
    if (err != BL_OK) {
        drop(connection, socket);
    }
    return err;
}

enum bl_err connection_dial(struct connection *connection, const char *endpoint, struct bl_error *e)
{
    connection->choked = false;
    return connect_fresh(connection, ZMQ_DEALER, endpoint, &connection->dealer, e);
}

enum bl_err connection_subscribe(struct connection *connection, const char *announced,
                                 const char *dialled, struct bl_error *e)
{
    char endpoint[WIRE_ENDPOINT_BYTES];
    enum bl_err err = wire_endpoint_resolve(announced, dialled, endpoint, e);

    if (err != BL_OK ||
        (connection->sub != NULL && strcmp(endpoint, connection->sub_endpoint) == 0)) {
        return err;
    }
    memcpy(connection->sub_endpoint, endpoint, sizeof(endpoint));
    return connect_fresh(connection, ZMQ_SUB, endpoint, &connection->sub, e);
}

static int socket_events(void *socket)
{
    int events = 0;
    size_t bytes = sizeof(events);

    if (socket != NULL) {
        CHECK(zmq_getsockopt(socket, ZMQ_EVENTS, &events, &bytes) == 0);
    }
    return events;
}

bool connection_has_more(const struct connection *connection)
{
    return ((socket_events(connection->dealer) | socket_events(connection->sub)) & ZMQ_POLLIN) != 0;
}

bool connection_can_send(struct connection *connection)
{
    connection->choked =
        connection->dealer != NULL && (socket_events(connection->dealer) & ZMQ_POLLOUT) == 0;
    if (connection->dealer == NULL) {
        return false;
    }
    return !connection->choked;
}

bool connection_send(struct connection *connection, struct wire_frame *frame)
{
    int sent;

    CHECK(frame->used > 0);
    do {
        sent = zmq_send(connection->dealer, frame->bytes, frame->used, ZMQ_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    wire_frame_clear(frame);
    return sent >= 0;
}

static bool receive(struct connection *connection, void *socket, struct bl_text *bytes)
{
    int got;

    if (socket == NULL) {
        return false;
    }
    do {
        got = zmq_msg_recv(&connection->received, socket, ZMQ_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return false;
    }
    *bytes = (struct bl_text){ zmq_msg_data(&connection->received),
                               zmq_msg_size(&connection->received) };
    return true;
}

bool connection_receive(struct connection *connection, struct bl_text *bytes)
{
    return receive(connection, connection->dealer, bytes);
}

bool connection_receive_newest(struct connection *connection, uint64_t *newest)
{
    struct bl_text bytes;
    bool any = false;

    while (receive(connection, connection->sub, &bytes)) {
        uint64_t number = 0;
        for (size_t i = 0; i < bytes.bytes && bytes.bytes == sizeof(number); i++) {
            number |= (uint64_t)(unsigned char)bytes.at[i] << (8 * i);
        }
        *newest = any && *newest > number ? *newest : number;
        any = true;
    }
    return any;
}

enum bl_err connection_wait(struct connection *connection, bl_span timeout, struct bl_error *e)
{
    bl_span bounded = connection->choked && timeout > CHOKED_WAIT_MAX ? CHOKED_WAIT_MAX : timeout;
    zmq_pollitem_t items[3] = { { .fd = connection->wake, .events = ZMQ_POLLIN } };
    uint64_t wakes;
    int count = 1;

    if (connection->dealer != NULL) {
        short out = connection->choked ? ZMQ_POLLOUT : 0;
        items[count++] =
            (zmq_pollitem_t){ .socket = connection->dealer, .events = (short)(ZMQ_POLLIN | out) };
    }
    if (connection->sub != NULL) {
        items[count++] = (zmq_pollitem_t){ .socket = connection->sub, .events = ZMQ_POLLIN };
    }
    long milliseconds = (long)((bounded + MILLISECOND_US - 1) / MILLISECOND_US);
    if (zmq_poll(items, count, milliseconds) < 0 && errno != EINTR) {
        return system_error(e, "cannot wait");
    }
    if ((items[0].revents & ZMQ_POLLIN) != 0) {
        (void)!read(connection->wake, &wakes, sizeof(wakes));
    }
    return BL_OK;
}

void connection_wake(struct connection *connection)
{
    uint64_t one = 1;

    (void)!write(connection->wake, &one, sizeof(one));
}
