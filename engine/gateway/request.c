#include "gateway/request.h"

#define XXH_INLINE_ALL
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "gateway/gateway.h"
#include "gateway/problem.h"
#include "gateway/route.h"
#include "schema/json.h"

#define TRACE_HEX 32
#define TAG_BYTES 40

void request_begin(struct request *request, struct gateway *gateway, bl_time now)
{
    unsigned char trace[TRACE_HEX / 2];

    *request = (struct request){ .gateway = gateway, .now = now, .begun = bl_time_monotonic() };
    bl_arena_init(&request->arena, 4096, REQUEST_ARENA_BYTES);
    request->address = "";
    randombytes_buf(trace, sizeof trace);
    (void)sodium_bin2hex(request->trace_id, sizeof request->trace_id, trace, sizeof trace);
    bl__command__init(&request->job.command);
    bl__query__init(&request->job.query);
}

void request_end(struct request *request)
{
    writer_free(&request->response.body);
    bl_arena_free(&request->arena);
}

static const char *find(const struct pair *pairs, size_t count, const char *name,
                        int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < count; i++) {
        if (compare(pairs[i].name, name) == 0) {
            return pairs[i].value;
        }
    }
    return NULL;
}

const char *request_header(const struct request *request, const char *name)
{
    return find(request->headers.at, request->headers.count, name, strcasecmp);
}

const char *request_argument(const struct request *request, const char *name)
{
    return find(request->arguments.at, request->arguments.count, name, strcmp);
}

const char *request_parameter(const struct request *request, const char *name)
{
    return find(request->parameters, request->parameter_count, name, strcmp);
}

/* Which of our two languages comes first among those that the reader takes; the weights hardly ever
 * contradict the order, and then the order is what he sees in his settings. */
static enum language language_of(const char *accept)
{
    const char *zh = accept == NULL ? NULL : strcasestr(accept, "zh");
    const char *en = accept == NULL ? NULL : strcasestr(accept, "en");

    return en != NULL && (zh == NULL || en < zh) ? LANGUAGE_EN : LANGUAGE_ZH;
}

/* Whether a text is 00-TRACE-SPAN-FLAGS (W3C Trace Context), neither of them all zeros. */
static bool is_parent(const char *text)
{
    static const char digits[] = "0123456789abcdef";

    return strlen(text) == TRACE_PARENT_BYTES - 1 && memcmp(text, "00-", 3) == 0 &&
           strspn(text + 3, digits) == TRACE_HEX && text[35] == '-' &&
           strspn(text + 36, digits) == 16 && text[52] == '-' && strspn(text + 53, digits) == 2 &&
           strspn(text + 3, "0") < TRACE_HEX && strspn(text + 36, "0") < 16;
}

void request_read_headers(struct request *request)
{
    const char *parent = request_header(request, "traceparent");

    request->language = language_of(request_header(request, "accept-language"));
    if (parent != NULL && is_parent(parent)) {
        memcpy(request->trace_id, parent + 3, TRACE_HEX);
        memcpy(request->parent, parent, TRACE_PARENT_BYTES);
    }
}

static bool is_json(const struct request *request)
{
    const char *type = request_header(request, "content-type");

    return type != NULL && strncasecmp(type, "application/json", 16) == 0 &&
           (type[16] == '\0' || type[16] == ';' || type[16] == ' ');
}

bool request_read_body(struct request *request, const ProtobufCMessageDescriptor *descriptor,
                       ProtobufCMessage **message)
{
    struct schema_problems *problems = bl_arena_new(&request->arena, struct schema_problems);
    const char *text = request->body.at;
    size_t bytes = request->body.bytes;

    if (bytes > 0 && !is_json(request)) {
        problem_status(request, 415, BL_MALFORMED, "content-type", "");
        return false;
    }
    if (bytes == 0) {
        text = "{}";
        bytes = 2;
    }
    schema_problems_init(problems, &request->arena);
    enum bl_err err =
        json_read_message(text, bytes, descriptor, &request->arena, message, problems);
    if (err != BL_OK) {
        problem_schema(request, err, problems);
    }
    return err == BL_OK;
}

int32_t request_offset(const struct request *request)
{
    return gateway_offset(request->gateway);
}

/* --- the answer --------------------------------------------------------------------------------
 */

void response_header(struct request *request, const char *name, const char *value)
{
    struct response *response = &request->response;

    CHECK(response->header_count < RESPONSE_HEADERS_MAX);
    response->headers[response->header_count++] = (struct pair){ name, value };
}

/* "7.0123456789abcdef": the record's revision, and what this reader sees of it now. */
static const char *tag_of(struct request *request, uint32_t revision)
{
    const struct writer *body = &request->response.body;

    return bl_arena_printf(&request->arena, "\"%u.%016llx\"", revision,
                           (unsigned long long)XXH3_64bits(body->at, body->bytes));
}

/* Does If-None-Match name it? */
static bool is_known(const struct request *request, const char *tag)
{
    const char *known = request_header(request, "if-none-match");

    return known != NULL && (strcmp(known, "*") == 0 || strstr(known, tag) != NULL);
}

void response_json(struct request *request, unsigned status)
{
    request->response.status = status;
    request->response.type = "application/json";
    writer_init(&request->response.body, WRITER_JSON);
}

void response_json_end(struct request *request, uint32_t revision)
{
    if (request->response.status != 200 || strcmp(request->method, "POST") == 0) {
        return;
    }
    const char *tag = tag_of(request, revision);

    response_header(request, "ETag", tag);
    if (is_known(request, tag)) {
        request->response.status = 304;
        writer_reset(&request->response.body);
    }
}

void response_message(struct request *request, unsigned status, const ProtobufCMessage *message,
                      uint32_t revision)
{
    response_json(request, status);
    json_write_message(&request->response.body, message,
                       (struct json_options){ .offset_minutes = request_offset(request) });
    response_json_end(request, revision);
}

void response_copy(struct request *request, unsigned status, const char *type, struct bl_text text)
{
    struct writer *body = &request->response.body;

    request->response.status = status;
    request->response.type = type;
    writer_free(body);
    body->at = malloc(text.bytes + 1);
    CHECK(body->at != NULL);
    memcpy(body->at, text.at, text.bytes);
    body->bytes = body->size = text.bytes;
}

void response_text(struct request *request, unsigned status, const char *type, struct bl_text text)
{
    response_copy(request, status, type, text);
    response_json_end(request, 0);
}

void response_empty(struct request *request, unsigned status)
{
    request->response.status = status;
}

Bl__Actor *request_actor(struct request *request)
{
    Bl__Actor *actor = bl_arena_new(&request->arena, Bl__Actor);
    const struct principal *person = &request->caller.person;

    bl__actor__init(actor);
    actor->on_behalf_of = person->name;
    actor->department = person->department;
    actor->post = person->post;
    actor->role = person->role;
    return actor;
}

const char *request_fingerprint(struct request *request, struct bl_text text)
{
    return bl_arena_printf(&request->arena, "%016llx",
                           (unsigned long long)XXH3_64bits(text.at, text.bytes));
}
