/* One act at several tasks, or one reminder of several applications. Each is a command of its own:
 * one that is refused stops no other. */
#include <string.h>

#include "core/refusal.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"
#include "gateway/route.h"
#include "gateway/write.h"
#include "google/protobuf/struct.pb-c.h"
#include "schema/json.h"
#include "schema/reflect.h"

#define VERB "/v1/tasks/{task}:"
#define URGE "/v1/applications/{number}:urge"

struct batch_work {
    const char *const *names;  // tasks, or numbers
    size_t count;
    const struct route *route;  // of the verb
    struct bl_text body;
    const char *key;  // the request id of all; "": none
    bool dry_run;
    Bl__TaskBatchResult result;
};

static void act(struct request *request);

static const struct route *find_verb(const char *verb)
{
    for (size_t i = 0; i < route_count; i++) {
        if ((routes[i].flags & ROUTE_TASK) != 0 &&
            strcmp(routes[i].path + sizeof VERB - 1, verb) == 0) {
            return &routes[i];
        }
    }
    return NULL;
}

static void add(struct request *request, const char *task, enum bl_err code,
                const Bl__Answer *answer)
{
    struct batch_work *work = request->context;
    Bl__TaskOutcome *outcome = bl_arena_new(&request->arena, Bl__TaskOutcome);

    bl__task_outcome__init(outcome);
    outcome->task = task;
    outcome->done = code == BL_OK;
    if (answer != NULL && answer->refusal != NULL) {
        outcome->problem = problem_of(request, answer->refusal);
        outcome->problem->errors = NULL;  // they borrow the answer
        outcome->problem->n_errors = 0;
        outcome->problem->code = bl_err_name(code);
        outcome->problem->who_may = bl_arena_string(&request->arena, outcome->problem->who_may);
        outcome->problem->revision = bl_arena_string(&request->arena, outcome->problem->revision);
    } else if (code != BL_OK) {
        outcome->problem =
            problem_of(request, refusal_new(&request->arena, code,
                                            code == BL_TIMEOUT ? "timeout" : "broker-away", ""));
    } else {
        outcome->event = answer->event;
    }
    work->result.items[work->result.n_items++] = outcome;
}

/* The next one, until there is none. */
static void go_on(struct request *request)
{
    struct batch_work *work = request->context;

    if (work->result.n_items < work->count) {
        act(request);
    } else {
        response_message(request, 200, &work->result.base, 0);
    }
}

static void done(struct request *request, enum bl_err code, const Bl__Answer *answer)
{
    const struct batch_work *work = request->context;

    add(request, work->names[work->result.n_items], code, answer);
    go_on(request);
}

static void act(struct request *request)
{
    struct batch_work *work = request->context;
    struct schema_problems *problems = bl_arena_new(&request->arena, struct schema_problems);
    const ProtobufCFieldDescriptor *member = route_member(work->route);
    Bl__Command *command = &request->job.command;
    size_t index = work->result.n_items;
    ProtobufCMessage *what;

    bl__command__init(command);
    schema_problems_init(problems, &request->arena);
    enum bl_err err = json_read_message(work->body.at, work->body.bytes, member->descriptor,
                                        &request->arena, &what, problems);
    if (err != BL_OK) {  // the first one says it for all: they have the same body
        problem_schema(request, err, problems);
        return;
    }
    *(ProtobufCMessage **)reflect_choose(&command->base, member) = what;
    if ((work->route->flags & ROUTE_TASK) != 0) {
        write_task(request, command, what, work->names[index], work->route->preset);
    } else {
        command->application = work->names[index];
    }
    if (work->key[0] != '\0') {
        command->request_id = bl_arena_printf(&request->arena, "%s#%zu", work->key, index);
    }
    command->dry_run = work->dry_run;
    command->actor = request_actor(request);
    request->job.done = done;
    request->job.kind = JOB_COMMAND;
}

/* The body of each, as text: it is read anew for each command. */
static struct bl_text body_of(struct request *request, ProtobufCBinaryData bytes)
{
    struct writer writer AUTO(writer_free);
    ProtobufCMessage *body = protobuf_c_message_unpack(
        &google__protobuf__struct__descriptor, &request->arena.allocator, bytes.len, bytes.data);

    writer_init(&writer, WRITER_JSON);
    if (body == NULL) {
        writer_open_object(&writer);
        writer_close(&writer);
    } else {
        json_write_message(&writer, body, (struct json_options){ .offset_minutes = 0 });
    }
    return (struct bl_text){ bl_arena_copy(&request->arena, writer.at, writer.bytes),
                             writer.bytes };
}

/* Begins with the first. */
static void begin(struct request *request, struct batch_work *work, ProtobufCBinaryData body)
{
    const char *dry = request_argument(request, "dry_run");

    if (!route_may(work->route, request->caller.person.role)) {
        problem(request, BL_DENIED, "role-may-not", "verb");
        return;
    }
    work->key = request->job.command.request_id;
    work->dry_run = dry != NULL && strcmp(dry, "true") == 0;
    bl__task_batch_result__init(&work->result);
    work->result.items = bl_arena_array(&request->arena, Bl__TaskOutcome *, work->count + 1);
    work->body = body_of(request, body);
    request->context = work;
    go_on(request);
}

void batch_tasks(struct request *request)
{
    struct batch_work *work = bl_arena_new(&request->arena, struct batch_work);
    ProtobufCMessage *message;

    if (!request_read_body(request, &bl__task_batch__descriptor, &message) ||
        !write_key(request, &request->job.command)) {
        return;
    }
    const Bl__TaskBatch *asked = (const Bl__TaskBatch *)message;
    work->names = (const char *const *)asked->tasks;
    work->count = asked->n_tasks;
    work->route = find_verb(asked->verb);
    if (work->route == NULL) {
        problem(request, BL_INVALID, "invalid", "verb");
        return;
    }
    begin(request, work, asked->body);
}

void urge_applications(struct request *request)
{
    struct batch_work *work = bl_arena_new(&request->arena, struct batch_work);
    ProtobufCMessage *message;

    if (!request_read_body(request, &bl__urge_batch__descriptor, &message) ||
        !write_key(request, &request->job.command)) {
        return;
    }
    const Bl__UrgeBatch *asked = (const Bl__UrgeBatch *)message;
    work->names = (const char *const *)asked->numbers;
    work->count = asked->n_numbers;
    for (size_t i = 0; i < route_count && work->route == NULL; i++) {
        work->route = strcmp(routes[i].path, URGE) == 0 ? &routes[i] : NULL;
    }
    CHECK(work->route != NULL);
    begin(request, work, asked->body);
}
