#include "gateway/stream.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/auth.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"
#include "gateway/read.h"
#include "schema/json.h"
#include "store/read.h"

#define STREAMS_DEFAULT 2048
#define STREAMS_OF_ONE 16  // of one account
#define HEARTBEAT (15 * SECOND_US)
#define PAGE 100  // events that are read at once

struct stream {
    struct stream *next, *before;
    struct streams *streams;
    struct request *request;
    const char *application;  // only its events; NULL: all
    uint64_t position;        // the last event that was looked at
    struct writer text;       // to be sent
    size_t sent;
    bl_span said_at;
    bool suspended;
};

struct streams {
    struct streams_config config;
    pthread_mutex_t lock;
    struct stream *first;
    uint32_t count;
    uint64_t newest;
    bool stopping;
};

struct streams *streams_new(const struct streams_config *config)
{
    struct streams *streams = calloc(1, sizeof *streams);

    CHECK(streams != NULL && pthread_mutex_init(&streams->lock, NULL) == 0);
    streams->config = *config;
    if (streams->config.most == 0) {
        streams->config.most = STREAMS_DEFAULT;
    }
    return streams;
}

void streams_free(struct streams **streams)
{
    if (*streams != NULL) {
        CHECK((*streams)->first == NULL);
        (void)pthread_mutex_destroy(&(*streams)->lock);
        free(*streams);
        *streams = NULL;
    }
}

/* Under the lock. */
static void wake(struct stream *stream)
{
    if (stream->suspended) {
        stream->suspended = false;
        stream->streams->config.resume(stream->request);
    }
}

void streams_wake(struct streams *streams, uint64_t newest, bl_span now)
{
    (void)pthread_mutex_lock(&streams->lock);
    streams->newest = newest > streams->newest ? newest : streams->newest;
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (stream->position < streams->newest || now - stream->said_at >= HEARTBEAT) {
            wake(stream);
        }
    }
    (void)pthread_mutex_unlock(&streams->lock);
}

void streams_stop(struct streams *streams)
{
    (void)pthread_mutex_lock(&streams->lock);
    streams->stopping = true;
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        wake(stream);
    }
    (void)pthread_mutex_unlock(&streams->lock);
}

uint32_t streams_count(struct streams *streams)
{
    (void)pthread_mutex_lock(&streams->lock);
    uint32_t count = streams->count;
    (void)pthread_mutex_unlock(&streams->lock);
    return count;
}

/* --- what is said ------------------------------------------------------------------------------
 */

/* A line of our own: writer.h writes JSON only. */
static void add(struct writer *text, const char *line)
{
    size_t bytes = strlen(line);

    if (text->size - text->bytes < bytes) {
        text->size = text->bytes + bytes + 1024;
        text->at = realloc(text->at, text->size);
        CHECK(text->at != NULL);
    }
    memcpy(text->at + text->bytes, line, bytes);
    text->bytes += bytes;
}

/* "submitted", "decided": which member of an event it is. */
static const char *kind_of(const Bl__Event *event)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&bl__event__descriptor, event->what_case);

    return field == NULL ? "event" : field->name;
}

static void add_event(struct stream *stream, const Bl__EventView *view)
{
    char head[96];
    struct json_options options = { .offset_minutes = request_offset(stream->request) };

    (void)snprintf(head, sizeof head, "id: %" PRIu64 "\nevent: %s\ndata: ", view->event->seq,
                   kind_of(view->event));
    add(&stream->text, head);
    json_write_message(&stream->text, &view->base, options);  // in one line
    add(&stream->text, "\n\n");
}

/* Reads a page of events behind the position. */
static bool read_page(struct stream *stream)
{
    struct gateway *gateway = stream->request->gateway;
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;
    Bl__GetEvents get = BL__GET_EVENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    bl_arena_init(&arena, 1 << 14, REQUEST_ARENA_BYTES);
    get.number = stream->application == NULL ? "" : stream->application;
    get.after = stream->position;
    get.limit = PAGE;
    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &get;
    if (query_answer(&gateway->queries, &query, &stream->request->caller.person, bl_time_now(),
                     &arena, &answer, NULL) != BL_OK ||
        answer.refusal != NULL) {
        return false;
    }
    for (size_t i = 0; i < answer.n_events; i++) {
        add_event(stream, answer.events[i]);
    }
    uint64_t seen = answer.next[0] != '\0' ? strtoull(answer.next, NULL, 10) : answer.newest_event;
    stream->position = seen > stream->position ? seen : stream->position;
    return true;
}

/* Fills the text: events, or a sign of life. False: it is over. */
static bool fill(struct stream *stream)
{
    bl_span now = bl_time_monotonic();

    writer_reset(&stream->text);
    stream->sent = 0;
    if (now - stream->said_at >= HEARTBEAT) {
        if (!auth_is_current(stream->request, bl_time_now())) {
            return false;
        }
        add(&stream->text, ":\n\n");
    }
    if (!read_page(stream)) {
        return false;
    }
    if (stream->text.bytes > 0) {
        stream->said_at = now;
    }
    return true;
}

/* Sleeps, unless something has come meanwhile. */
static bool sleep_until_news(struct stream *stream)
{
    struct streams *streams = stream->streams;

    (void)pthread_mutex_lock(&streams->lock);
    bool sleeps = !streams->stopping && stream->position >= streams->newest;

    if (sleeps) {
        stream->suspended = true;
        streams->config.suspend(stream->request);
    }
    (void)pthread_mutex_unlock(&streams->lock);
    return sleeps;
}

static bool is_stopping(struct streams *streams)
{
    (void)pthread_mutex_lock(&streams->lock);
    bool stopping = streams->stopping;
    (void)pthread_mutex_unlock(&streams->lock);
    return stopping;
}

ssize_t stream_read(struct stream *stream, char *buffer, size_t size)
{
    while (stream->sent == stream->text.bytes) {
        if (is_stopping(stream->streams) || !fill(stream)) {
            return STREAM_END;
        }
        if (stream->text.bytes == 0 && sleep_until_news(stream)) {
            return 0;
        }
    }
    size_t bytes = stream->text.bytes - stream->sent;

    bytes = bytes < size ? bytes : size;
    memcpy(buffer, stream->text.at + stream->sent, bytes);
    stream->sent += bytes;
    return (ssize_t)bytes;
}

/* --- life ------------------------------------------------------------------------------------- */

static uint32_t count_of(const struct streams *streams, const char *name)
{
    uint32_t count = 0;

    for (const struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        count += strcmp(stream->request->caller.person.name, name) == 0;
    }
    return count;
}

static bool join(struct streams *streams, struct stream *stream)
{
    (void)pthread_mutex_lock(&streams->lock);
    bool room = streams->count < streams->config.most && !streams->stopping &&
                count_of(streams, stream->request->caller.person.name) < STREAMS_OF_ONE;

    if (room) {
        stream->next = streams->first;
        if (stream->next != NULL) {
            stream->next->before = stream;
        }
        streams->first = stream;
        streams->count++;
    }
    (void)pthread_mutex_unlock(&streams->lock);
    return room;
}

void stream_close(struct stream **closed)
{
    struct stream *stream = *closed;

    if (stream == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&stream->streams->lock);
    *(stream->before == NULL ? &stream->streams->first : &stream->before->next) = stream->next;
    if (stream->next != NULL) {
        stream->next->before = stream->before;
    }
    stream->streams->count--;
    (void)pthread_mutex_unlock(&stream->streams->lock);
    writer_free(&stream->text);
    free(stream);
    *closed = NULL;
}

static bool newest_of(struct gateway *gateway, uint64_t *newest)
{
    struct store_read *read AUTO(store_read_end) = NULL;

    return store_read_begin(gateway->store, &read, NULL) == BL_OK &&
           read_newest_event(read, newest, NULL) == BL_OK;
}

/* Where it begins: behind the last event that the listener has, or now. False: it was no number. */
static bool read_position(struct request *request, struct stream *stream, uint64_t newest)
{
    const char *last = request_header(request, "last-event-id");
    char *end;

    last = last == NULL ? request_argument(request, "after") : last;
    stream->position = newest;
    if (last == NULL || last[0] == '\0') {
        return true;
    }
    if (last[0] < '0' || last[0] > '9' || strlen(last) > 19) {
        return false;
    }
    uint64_t position = strtoull(last, &end, 10);
    if (position > newest) {  // of another store, or of one that was set back
        add(&stream->text, "event: reset\ndata: {}\n\n");
    } else {
        stream->position = position;
    }
    return *end == '\0';
}

/* May the caller see the application whose events he asks for? */
static bool read_topic(struct request *request, struct stream *stream)
{
    const char *application = request_argument(request, "application");
    Bl__QueryAnswer answer;
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;

    stream->application = application;
    if (application == NULL) {
        return true;
    }
    get.number = application;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    if (read_ask(request, &request->caller.person, &query, &answer, NULL) != BL_OK ||
        answer.refusal != NULL) {
        problem(request, BL_NOT_FOUND, "application-unknown", application);
        return false;
    }
    return true;
}

static struct stream *stream_new(struct request *request)
{
    struct stream *stream = calloc(1, sizeof *stream);

    CHECK(stream != NULL);
    writer_init(&stream->text, WRITER_JSON);
    stream->streams = request->gateway->streams;
    stream->request = request;
    stream->said_at = bl_time_monotonic();
    add(&stream->text, "retry: 2000\n\n");
    return stream;
}

void open_stream(struct request *request)
{
    struct stream *stream = stream_new(request);
    uint64_t newest;

    if (!newest_of(request->gateway, &newest)) {
        problem(request, BL_UNAVAILABLE, "unavailable", "");
    } else if (!read_position(request, stream, newest)) {
        problem(request, BL_MALFORMED, "cursor-malformed", "Last-Event-ID");
    } else if (read_topic(request, stream)) {
        if (join(request->gateway->streams, stream)) {
            request->response.status = 200;
            request->response.type = "text/event-stream";
            request->response.stream = stream;
            response_header(request, "Cache-Control", "no-store");
            response_header(request, "X-Accel-Buffering", "no");
            return;
        }
        problem(request, BL_UNAVAILABLE, "streams-many", "");
    }
    writer_free(&stream->text);
    free(stream);
}
