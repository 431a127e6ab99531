/* request.h — one HTTP request and its answer, without a socket.
 * `gateway/` is the HTTP face of the engine: a process of its own that parses the untrusted world,
 * reads the store itself and writes through libbinglian. It decides nothing: who may act is for
 * core/, who may see for store/sight. route.h says what can be asked; server.c knows
 * libmicrohttpd; everything between takes a struct request. Read next: route.h, reception.h.
 *
 * A handler fills the response, or leaves it empty and says in `job` what has to happen first. */
#pragma once

#include "base/arena.h"
#include "base/language.h"
#include "base/text.h"
#include "base/time.h"
#include "binglian/v1/command.pb-c.h"
#include "binglian/v1/gateway.pb-c.h"
#include "binglian/v1/query.pb-c.h"
#include "core/principal.h"
#include "schema/writer.h"

#define REQUEST_BODY_MAX ((size_t)1 << 20)
#define REQUEST_ARENA_BYTES                                                                        \
    ((size_t)96 << 20)        // a body of nothing but small values, and its answer
#define REQUEST_PAIRS_MAX 64  // headers, or arguments
#define REQUEST_PARAMETERS_MAX 4
#define RESPONSE_HEADERS_MAX 16
#define TRACE_ID_BYTES 33
#define TRACE_PARENT_BYTES 56
#define TRACE_STATE_BYTES_MAX 512  // W3C Trace Context, section 3.3.1.5

struct gateway;
struct route;
struct stream;

struct pair {
    const char *name, *value;
};

struct pairs {
    struct pair *at;
    size_t count;
};

/* Who asks: an account, by session or token, or nobody. */
struct caller {
    struct principal person;  // role UNSPECIFIED: nobody
    bool by_session;          // its cookie came by itself: CSRF has to be shown
    bool read_only;           // a token that may not write
    char session[65];         // the cookie's value
};

struct response {
    unsigned status;  // 0: not yet answered
    const char *type;
    struct writer body;
    struct pair headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    struct stream *stream;  // in place of a body
};

struct request;
typedef void (*request_step)(struct request *request);

/* What has to happen before there is an answer. */
struct job {
    enum job_kind {
        JOB_NONE,
        JOB_COMMAND,  // goes to the broker
        JOB_QUERY,
        JOB_THINK,  // takes long and nobody else's time: runs beside the connections
    } kind;
    Bl__Command command;
    Bl__Query query;
    request_step think;
    void (*done)(struct request *request, enum bl_err code, const Bl__Answer *answer);
    void (*shown)(struct request *request, enum bl_err code, const Bl__QueryAnswer *answer);
    struct request *next;  // of those that wait with it
};

struct request {
    struct gateway *gateway;
    struct bl_arena arena;  // of everything here
    const char *method, *path;
    const char *address;  // whose it is, for limits
    struct pairs headers, arguments;
    struct pair parameters[REQUEST_PARAMETERS_MAX];  // of the path
    size_t parameter_count;
    struct bl_text body;
    const struct route *route;
    enum language language;
    struct caller caller;
    bl_time now;
    bl_span begun;  // monotonic
    char trace_id[TRACE_ID_BYTES];
    char parent[TRACE_PARENT_BYTES];  // traceparent as it came; "": none, or one we cannot read
    uint32_t revision;                // of the application that is shown
    struct job job;
    struct response response;
    void *context;     // of a handler whose job is not done
    void *connection;  // the server's
};

/* Prepares one; the arena is the request's until request_end. */
void request_begin(struct request *request, struct gateway *gateway, bl_time now);
void request_end(struct request *request);

/* What a header, argument or part of the path says; NULL: nothing. */
const char *request_header(const struct request *request, const char *name);
const char *request_argument(const struct request *request, const char *name);
const char *request_parameter(const struct request *request, const char *name);
/* Reads language and trace from the headers. */
void request_read_headers(struct request *request);
/* The body as a message; false after the problem was answered. An empty body is an empty message.
 */
bool request_read_body(struct request *request, const ProtobufCMessageDescriptor *descriptor,
                       ProtobufCMessage **message);

/* --- the answer --- */

/* `name` and `value` are borrowed. */
void response_header(struct request *request, const char *name, const char *value);
/* Answers with a message as JSON, and an ETag.
 *   revision  of the record shown; 0: it has none */
void response_message(struct request *request, unsigned status, const ProtobufCMessage *message,
                      uint32_t revision);
/* Begins JSON that the caller writes into response.body; response_json_end follows. */
void response_json(struct request *request, unsigned status);
void response_json_end(struct request *request, uint32_t revision);
/* Puts a copy of a text into the response and nothing else. */
void response_copy(struct request *request, unsigned status, const char *type, struct bl_text text);
/* Answers with a text that is there already; `text` is copied. */
void response_text(struct request *request, unsigned status, const char *type, struct bl_text text);
void response_empty(struct request *request, unsigned status);

/* How instants are written: the hall's offset. */
int32_t request_offset(const struct request *request);
/* The caller as the broker hears of him. */
Bl__Actor *request_actor(struct request *request);
/* 16 hexadecimal digits that stand for a text; in the arena. */
const char *request_fingerprint(struct request *request, struct bl_text text);
