#include "gateway/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/courier.h"
#include "gateway/metrics.h"
#include "gateway/pool.h"
#include "gateway/problem.h"
#include "gateway/reception.h"
#include "gateway/stream.h"
#include "schema/json.h"

#define THREADS 2
#define CONNECTIONS_DEFAULT 4096
#define CONNECTION_BYTES ((size_t)32 << 10)  // of its line and headers
#define SILENCE_SECONDS 30                   // a connection on which nothing moves is closed
#define BODIES_BYTES ((size_t)256 << 20)     // of all bodies together
#define BLOCK_BYTES ((size_t)16 << 10)       // of a stream at once

struct server {
    struct server_config config;
    struct MHD_Daemon *daemon;
    int quiesced;  // the listening socket after quiesce; -1
    _Atomic size_t body_bytes;
};

/* A request with its server: what libmicrohttpd keeps for us. */
struct exchange {
    struct request request;
    struct server *server;
    char address[INET6_ADDRSTRLEN];
    char *body;
    size_t body_size;
    bool ran;
};

/* --- asleep and awake ------------------------------------------------------------------------- */

void server_suspend(struct request *request)
{
    MHD_suspend_connection(request->connection);
}

void server_resume(struct request *request)
{
    MHD_resume_connection(request->connection);
}

/* Hands the job over and sleeps until it is done. It may be done before this returns. */
static void begin_job(struct exchange *exchange)
{
    struct request *request = &exchange->request;

    MHD_suspend_connection(request->connection);
    if (request->job.kind != JOB_THINK) {
        courier_post(request->gateway->courier, request);
    } else if (!pool_post(exchange->server->config.pool, request)) {
        problem(request, BL_UNAVAILABLE, "overload", "");
        MHD_resume_connection(request->connection);
    }
}

/* --- what came -------------------------------------------------------------------------------- */

static enum MHD_Result collect(void *context, enum MHD_ValueKind kind, const char *name,
                               const char *value)
{
    struct exchange *exchange = context;
    struct request *request = &exchange->request;
    struct pairs *pairs = kind == MHD_HEADER_KIND ? &request->headers : &request->arguments;

    if (pairs->count < REQUEST_PAIRS_MAX) {
        pairs->at[pairs->count++] =
            (struct pair){ bl_arena_string(&request->arena, name),
                           value == NULL ? NULL : bl_arena_string(&request->arena, value) };
    }
    return pairs->count < REQUEST_PAIRS_MAX ? MHD_YES : MHD_NO;
}

static void read_address(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->request.connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;

    if (address != NULL && address->sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
                        exchange->address, sizeof exchange->address);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                        exchange->address, sizeof exchange->address);
    }
}

/* What our own proxy says of who stands before it: the last address that it has added. */
static void read_forwarded(struct exchange *exchange)
{
    const char *forwarded = request_header(&exchange->request, "x-forwarded-for");
    const char *last = forwarded == NULL ? NULL : strrchr(forwarded, ',');

    if (exchange->server->config.gateway->config->behind_proxy && forwarded != NULL) {
        last = last == NULL ? forwarded : last + 1;
        bl_text_copy(exchange->address, sizeof exchange->address, last + strspn(last, " "));
    }
}

static struct exchange *exchange_new(struct server *server, struct MHD_Connection *connection,
                                     const char *method, const char *path)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    struct request *request = &exchange->request;

    CHECK(exchange != NULL);
    exchange->server = server;
    request_begin(request, server->config.gateway, bl_time_now());
    request->connection = connection;
    request->method = bl_arena_string(&request->arena, method);
    request->path = bl_arena_string(&request->arena, path);
    request->headers.at = bl_arena_array(&request->arena, struct pair, REQUEST_PAIRS_MAX);
    request->arguments.at = bl_arena_array(&request->arena, struct pair, REQUEST_PAIRS_MAX);
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, collect, exchange);
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect, exchange);
    read_address(exchange);
    read_forwarded(exchange);
    request->address = exchange->address;
    return exchange;
}

/* Adds to the body; false: the connection is to be closed. */
static bool take_body(struct exchange *exchange, const char *data, size_t bytes)
{
    struct bl_text *body = &exchange->request.body;
    size_t needed = body->bytes + bytes;

    if (needed > REQUEST_BODY_MAX) {
        return false;
    }
    if (needed > exchange->body_size) {
        size_t size = exchange->body_size == 0 ? 4096 : exchange->body_size * 2;

        size = size < needed ? needed : size;
        if (atomic_fetch_add(&exchange->server->body_bytes, size - exchange->body_size) >
            BODIES_BYTES) {
            atomic_fetch_sub(&exchange->server->body_bytes, size - exchange->body_size);
            return false;
        }
        exchange->body = realloc(exchange->body, size);
        CHECK(exchange->body != NULL);
        exchange->body_size = size;
    }
    memcpy(exchange->body + body->bytes, data, bytes);
    *body = (struct bl_text){ exchange->body, needed };
    return true;
}

/* --- what goes -------------------------------------------------------------------------------- */

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t size)
{
    ssize_t bytes = stream_read(context, buffer, size);

    (void)position;
    return bytes == STREAM_END ? MHD_CONTENT_READER_END_OF_STREAM : bytes;
}

static struct MHD_Response *response_of(struct request *request)
{
    struct writer *body = &request->response.body;
    struct MHD_Response *response;

    if (request->response.stream != NULL) {
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream,
                                                 request->response.stream, NULL);
    }
    response = MHD_create_response_from_buffer(body->bytes, body->at, MHD_RESPMEM_MUST_FREE);
    if (response != NULL) {
        writer_init(body, WRITER_JSON);  // it is the response's now
    }
    return response;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value);
}

/* What whoever called us traces by, as it came: we are no span of our own. */
static void add_trace(struct MHD_Response *response, const struct request *request)
{
    const char *state = request_header(request, "tracestate");

    add_header(response, "X-Trace-Id", request->trace_id);
    if (request->parent[0] != '\0') {
        add_header(response, "traceparent", request->parent);
        if (state != NULL && strlen(state) <= TRACE_STATE_BYTES_MAX) {
            add_header(response, "tracestate", state);
        }
    }
}

/* Of every answer: it is for this reader, nothing in it runs unless it says so itself, and no page
 * frames it. */
static void add_headers(struct MHD_Response *response, const struct request *request)
{
    bool cached = false, confined = false;

    for (size_t i = 0; i < request->response.header_count; i++) {
        const struct pair *header = &request->response.headers[i];

        add_header(response, header->name, header->value);
        cached = cached || strcmp(header->name, "Cache-Control") == 0;
        confined = confined || strcmp(header->name, "Content-Security-Policy") == 0;
    }
    if (!cached) {
        add_header(response, "Cache-Control", "private, no-cache");
    }
    if (request->response.type != NULL) {
        add_header(response, "Content-Type", request->response.type);
        add_header(response, "Content-Language", request->language == LANGUAGE_EN ? "en" : "zh");
    }
    add_header(response, "Vary", "Accept-Encoding, Accept-Language, Authorization, Cookie");
    add_header(response, "X-Content-Type-Options", "nosniff");
    if (!confined) {
        add_header(response, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    }
    add_header(response, "Referrer-Policy", "no-referrer");
    add_trace(response, request);
}

static enum MHD_Result answer(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct MHD_Response *response = response_of(request);

    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, request);
    enum MHD_Result queued =
        MHD_queue_response(request->connection, request->response.status, response);
    MHD_destroy_response(response);
    return queued;
}

/* --- turns of one exchange -------------------------------------------------------------------- */

static bool is_large(const struct request *request)
{
    const char *length = request_header(request, "content-length");

    return length != NULL && strtoull(length, NULL, 10) > REQUEST_BODY_MAX;
}

/* The headers are there. What is refused now is answered before its body has come. */
static enum MHD_Result begin(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    bool has_body = request_header(request, "content-length") != NULL ||
                    request_header(request, "transfer-encoding") != NULL;

    reception_begin(request);
    if (request->response.status == 0 && is_large(request)) {
        problem(request, BL_TOO_LARGE, "too-large", "");
    }
    return request->response.status != 0 && has_body ? answer(exchange) : MHD_YES;
}

static enum MHD_Result run(struct exchange *exchange)
{
    struct request *request = &exchange->request;

    if (!exchange->ran && request->response.status == 0) {
        exchange->ran = true;
        reception_run(request);
        if (request->response.status == 0) {
            begin_job(exchange);
            return MHD_YES;
        }
    }
    return answer(exchange);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *bytes, void **kept)
{
    (void)version;
    if (*kept == NULL) {
        *kept = exchange_new(context, connection, method, url);
        return begin(*kept);
    }
    struct exchange *exchange = *kept;

    if (*bytes > 0) {
        bool taken = take_body(exchange, data, *bytes);

        *bytes = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    return run(exchange);
}

/* No name, no number, no address: what was asked for stands in the events, by whom too. */
static void log_exchange(const struct request *request, bl_span took)
{
    const char *route = request->route == NULL ? "none" : request->route->path;
    char role[JSON_ENUM_BYTES_MAX];

    bl_log(BL_LOG_INFO, "http", "method=%s route=%s status=%u us=%lld role=%s trace=%s",
           request->route == NULL ? "other" : request->method, route, request->response.status,
           (long long)took,
           json_enum_name(&bl__key__role__descriptor, (int)request->caller.person.role, role),
           request->trace_id);
}

static void end(void *context, struct MHD_Connection *connection, void **kept,
                enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *kept;

    (void)context;
    (void)connection;
    (void)code;
    if (exchange == NULL) {
        return;
    }
    struct request *request = &exchange->request;
    bl_span took = bl_time_monotonic() - request->begun;

    if (request->response.stream == NULL) {
        metrics_count(request->gateway->metrics, request->route, request->response.status, took);
    }
    log_exchange(request, took);
    stream_close(&request->response.stream);
    atomic_fetch_sub(&exchange->server->body_bytes, exchange->body_size);
    free(exchange->body);
    request_end(request);
    free(exchange);
    *kept = NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool read_port(const char *text, in_port_t *port)
{
    char *rest;
    unsigned long value = strtoul(text, &rest, 10);

    *port = htons((uint16_t)value);
    return text[0] >= '0' && text[0] <= '9' && *rest == '\0' && value <= 65535;
}

enum bl_err server_address(const char *text, struct sockaddr_storage *address, struct bl_error *e)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)address;
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2];
    bool is_v6 = text[0] == '[';
    size_t bytes = colon == NULL ? 0 : (size_t)(colon - text);

    memset(address, 0, sizeof *address);
    if (bytes == 0 || bytes >= sizeof host || (is_v6 && text[bytes - 1] != ']')) {
        return bl_error_at(e, BL_INVALID, text, 0, 0, "is no ADDRESS:PORT");
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)(is_v6 ? bytes - 2 : bytes), text + is_v6);
    address->ss_family = is_v6 ? AF_INET6 : AF_INET;
    bool good =
        is_v6
            ? inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 && read_port(colon + 1, &v6->sin6_port)
            : inet_pton(AF_INET, host, &v4->sin_addr) == 1 && read_port(colon + 1, &v4->sin_port);
    return good ? BL_OK : bl_error_at(e, BL_INVALID, text, 0, 0, "is no ADDRESS:PORT");
}

__attribute__((format(printf, 2, 0))) static void log_library(void *context, const char *format,
                                                              va_list arguments)
{
    char text[256];

    (void)context;
    (void)vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\r\n")] = '\0';
    bl_log(BL_LOG_DEBUG, "http.library", "text=\"%s\"", text);
}

enum bl_err server_start(const struct server_config *config, struct server **server,
                         struct bl_error *e)
{
    struct server *started = calloc(1, sizeof *started);
    unsigned connections = config->connections == 0 ? CONNECTIONS_DEFAULT : config->connections;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                     MHD_USE_ERROR_LOG | (config->address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);

    CHECK(started != NULL);
    started->config = *config;
    started->quiesced = -1;
    started->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, started, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_SOCK_ADDR, &started->config.address, MHD_OPTION_THREAD_POOL_SIZE, THREADS,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_SECONDS,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, end, started, MHD_OPTION_END);
    if (started->daemon == NULL) {
        free(started);
        return bl_error_set(e, BL_UNAVAILABLE, "cannot listen: %s", strerror(errno));
    }
    *server = started;
    return BL_OK;
}

uint16_t server_port(const struct server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);

    return info == NULL ? 0 : info->port;
}

void server_quiesce(struct server *server)
{
    server->quiesced = MHD_quiesce_daemon(server->daemon);
}

void server_stop(struct server **server)
{
    if (*server != NULL) {
        MHD_stop_daemon((*server)->daemon);
        if ((*server)->quiesced >= 0) {
            (void)close((*server)->quiesced);
        }
        free(*server);
        *server = NULL;
    }
}
