/* Reads: a member of Query is asked of the store, and a member of the answer is shown. What the
 * address holds is read as the JSON of the question, with the same rules and the same problems. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/cursor.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"
#include "gateway/read.h"
#include "gateway/route.h"
#include "gateway/shown.h"
#include "schema/json.h"
#include "schema/reflect.h"

#define QUESTION_BYTES_MAX 32768

static bool is_raw(const ProtobufCFieldDescriptor *field, const char *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return value[0] != '\0' && strlen(value) <= 10 &&
               value[strspn(value, "0123456789")] == '\0';
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return false;
    }
    UNREACHABLE();
}

static void put(struct writer *json, const ProtobufCMessageDescriptor *descriptor,
                const struct pair *pair)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, pair->name);

    writer_key(json, pair->name);
    if (field != NULL && is_raw(field, pair->value)) {
        if (field->type == PROTOBUF_C_TYPE_BOOL) {
            writer_bool(json, pair->value[0] == 't');
        } else {
            writer_integer(json, strtoll(pair->value, NULL, 10));
        }
    } else {
        writer_string(json, pair->value);
    }
}

/* What every question of a route says: "kind=workflow". */
static void put_preset(struct request *request, struct writer *json,
                       const ProtobufCMessageDescriptor *descriptor)
{
    const char *preset = request->route->preset,
               *equals = preset == NULL ? NULL : strchr(preset, '=');

    if (equals != NULL) {
        put(json, descriptor,
            &(struct pair){ bl_arena_text(&request->arena,
                                          (struct bl_text){ preset, (size_t)(equals - preset) }),
                            equals + 1 });
    }
}

/* The question that path and arguments ask; false after a problem was answered. */
static bool read_question(struct request *request, const ProtobufCMessageDescriptor *descriptor,
                          ProtobufCMessage **question)
{
    struct schema_problems *problems = bl_arena_new(&request->arena, struct schema_problems);
    struct writer json AUTO(writer_free);

    writer_init(&json, WRITER_JSON);
    writer_open_object(&json);
    put_preset(request, &json, descriptor);
    for (size_t i = 0; i < request->parameter_count; i++) {
        put(&json, descriptor, &request->parameters[i]);
    }
    for (size_t i = 0; i < request->arguments.count; i++) {
        put(&json, descriptor, &request->arguments.at[i]);
    }
    writer_close(&json);
    schema_problems_init(problems, &request->arena);
    enum bl_err err =
        json_read_message(json.at, json.bytes, descriptor, &request->arena, question, problems);
    if (err != BL_OK) {
        // Whatever is wrong with an address is a malformed request, never a broken rule.
        problem_schema(request, BL_MALFORMED, problems);
    }
    return err == BL_OK;
}

enum bl_err read_ask(struct request *request, const struct principal *person,
                     const Bl__Query *query, Bl__QueryAnswer *answer, struct bl_error *e)
{
    bl__query_answer__init(answer);
    return query_answer(&request->gateway->queries, query, person, request->now, &request->arena,
                        answer, e);
}

uint32_t read_revision(struct request *request, const char *number)
{
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer answer;

    get.number = number;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    return read_ask(request, &request->caller.person, &query, &answer, NULL) == BL_OK &&
                   answer.n_applications == 1
               ? answer.applications[0]->revision
               : 0;
}

/* The revision behind an ETag: of the application, or of a task's. */
static uint32_t revision_of(struct request *request, const Bl__QueryAnswer *answer)
{
    if (answer->n_applications == 1) {
        return answer->applications[0]->revision;
    }
    return answer->n_tasks == 1 && (request->route->flags & ROUTE_LIST) == 0
               ? read_revision(request, answer->tasks[0]->application)
               : 0;
}

static void show_list(struct request *request, const Bl__QueryAnswer *answer,
                      const ProtobufCFieldDescriptor *field)
{
    struct json_options options = { .offset_minutes = request_offset(request) };
    struct writer *body = &request->response.body;
    size_t count = reflect_count(&answer->base, field);

    response_json(request, 200);
    writer_open_object(body);
    writer_key(body, "items");
    writer_open_list(body);
    for (size_t i = 0; i < count; i++) {
        json_write_message(body, *(ProtobufCMessage *const *)reflect_at(&answer->base, field, i),
                           options);
    }
    writer_close(body);
    if (answer->next[0] != '\0') {
        writer_key(body, "next");
        writer_string(body, cursor_seal(request, answer->next));
    }
    writer_close(body);
    response_json_end(request, 0);
}

/* Whoever reads what an applicant filled in stands on record. */
static void log_form(const struct request *request, const Bl__QueryAnswer *answer)
{
    if (answer->n_tasks == 1 && answer->tasks[0]->form.len > 0) {
        bl_log(BL_LOG_INFO, "form.read", "account=%s task=%s trace=%s", request->caller.person.name,
               answer->tasks[0]->task, request->trace_id);
    }
}

static void show(struct request *request, const Bl__QueryAnswer *answer)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
        &bl__query_answer__descriptor, request->route->answer);

    CHECK(field != NULL);
    if (answer->refusal != NULL) {
        problem_refusal(request, answer->refusal);
    } else if ((request->route->flags & ROUTE_LIST) != 0) {
        show_list(request, answer, field);
    } else if (reflect_count(&answer->base, field) == 0) {
        problem(request, BL_NOT_FOUND, "not-found", "");
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        response_text(request, 200, request->route->type,
                      (struct bl_text){ (const char *)answer->source.data, answer->source.len });
    } else {
        log_form(request, answer);
        request->revision = revision_of(request, answer);
        response_message(request, 200,
                         *(ProtobufCMessage *const *)reflect_at(&answer->base, field, 0),
                         request->revision);
    }
}

static void answer_here(struct request *request, const Bl__Query *query);

/* The plain view of one application, from what was shown a moment ago where that is still so. */
static void answer_shown(struct request *request, const Bl__Query *query)
{
    struct shown *shown = request->gateway->shown;
    const char *number = query->application->number;
    uint64_t version = shown_version(request, number);

    if (!shown_again(shown, request, number, version)) {
        answer_here(request, query);
        if (shown_version(request, number) == version) {  // and no write came in between
            shown_keep(shown, request, number, version, request->revision);
        }
    }
}

static void answer_here(struct request *request, const Bl__Query *query)
{
    Bl__QueryAnswer answer;
    struct bl_error e = { 0 };

    if (read_ask(request, &request->caller.person, query, &answer, &e) != BL_OK) {
        problem_error(request, &e);
    } else {
        show(request, &answer);
    }
}

/* What the broker said; where it says nothing, what the store knows. */
static void shown(struct request *request, enum bl_err code, const Bl__QueryAnswer *answer)
{
    if (answer != NULL && (code == BL_OK || answer->refusal != NULL)) {
        show(request, answer);
    } else {
        answer_here(request, &request->job.query);
    }
}

/* The same list, asked for in a body: addresses stand in logs and in browsers' histories, where the
 * number of somebody's papers has no place. */
void find_applications(struct request *request)
{
    Bl__Query *query = &request->job.query;
    ProtobufCMessage *question;

    if (request_read_body(request, &bl__list_applications__descriptor, &question) &&
        cursor_unseal(request, question)) {
        query->what_case = BL__QUERY__WHAT_APPLICATIONS;
        query->applications = (Bl__ListApplications *)question;
        answer_here(request, query);
    }
}

void read_query(struct request *request)
{
    const ProtobufCFieldDescriptor *member = route_member(request->route);
    Bl__Query *query = &request->job.query;
    ProtobufCMessage *question;

    if (member->id == BL__QUERY__WHAT_APPLICATIONS && request_argument(request, "applicant")) {
        problem(request, BL_MALFORMED, "applicant-in-address", "applicant");
        return;
    }
    if (!read_question(request, member->descriptor, &question) ||
        !cursor_unseal(request, question)) {
        return;
    }
    *(ProtobufCMessage **)reflect_choose(&query->base, member) = question;
    if ((request->route->flags & ROUTE_BROKER) != 0 && request->gateway->courier != NULL) {
        query->actor = request_actor(request);
        request->job.shown = shown;
        request->job.kind = JOB_QUERY;
    } else if ((request->route->flags & ROUTE_SHOWN) != 0 && request->arguments.count == 0) {
        answer_shown(request, query);
    } else {
        answer_here(request, query);
    }
}
