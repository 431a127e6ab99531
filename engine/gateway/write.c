/* Writes: the body is a member of Command, the path says what it is about, and the broker's answer
 * is shown. The gateway checks nothing that the core will check. */
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"
#include "gateway/route.h"
#include "gateway/write.h"
#include "schema/json.h"
#include "schema/reflect.h"

#define KEY_BYTES_MAX 255
#define SCOPED_BYTES_MAX                                                                           \
    190  // a longer key is hashed, so that the caller's name has room before it

/* --- headers ---------------------------------------------------------------------------------- */

static bool key_is_fine(const char *key)
{
    size_t bytes = strlen(key);

    for (size_t i = 0; i < bytes; i++) {
        if (key[i] <= ' ' || key[i] > '~') {
            return false;
        }
    }
    return bytes > 0 && bytes <= KEY_BYTES_MAX;
}

/* The request id: the caller's key, which is his alone. */
bool write_key(struct request *request, Bl__Command *command)
{
    const char *key = request_header(request, "idempotency-key");

    if (key == NULL && (request->route->flags & ROUTE_KEY) == 0) {
        return true;
    }
    if (key == NULL || !key_is_fine(key)) {
        problem_status(request, 400, BL_MALFORMED, "idempotency-key", "Idempotency-Key");
        return false;
    }
    const char *name = request->caller.person.name;
    command->request_id = strlen(key) <= SCOPED_BYTES_MAX
                              ? bl_arena_printf(&request->arena, "%s/%s", name, key)
                              : bl_arena_printf(&request->arena, "%s/%.128s/%s", name, key,
                                                request_fingerprint(request, bl_text_of(key)));
    return true;
}

/* If-Match: "7.0123456789abcdef" → 7. `*` is any; what is no tag of ours matches nothing. */
static bool read_match(struct request *request, Bl__Command *command)
{
    const char *match = request_header(request, "if-match");
    char *end;

    if (match == NULL) {
        if ((request->route->flags & ROUTE_MATCH) != 0) {
            problem_status(request, 428, BL_REFUSED, "if-match-required", "If-Match");
            return false;
        }
        return true;
    }
    if (strcmp(match, "*") == 0) {
        return true;
    }
    unsigned long revision = match[0] == '"' ? strtoul(match + 1, &end, 10) : 0;
    if (revision == 0 || revision > UINT32_MAX || (*end != '.' && *end != '"')) {
        problem_status(request, 412, BL_STALE, "if-match", "If-Match");
        return false;
    }
    command->if_revision = (uint32_t)revision;
    return true;
}

/* --- the command ------------------------------------------------------------------------------ */

static void set_text(ProtobufCMessage *message, const char *name, const char *value)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING &&
        field->label != PROTOBUF_C_LABEL_REPEATED) {
        *(const char **)reflect_choose(message, field) = value;
    } else if (field != NULL && field->type == PROTOBUF_C_TYPE_UINT64) {
        *(uint64_t *)reflect_choose(message, field) = strtoull(value, NULL, 10);
    } else if (field != NULL && field->type == PROTOBUF_C_TYPE_UINT32) {
        *(uint32_t *)reflect_choose(message, field) = (uint32_t)strtoul(value, NULL, 10);
    }
}

/* NUMBER.item[.step] */
static void read_task(struct request *request, Bl__Command *command, ProtobufCMessage *what,
                      const char *name)
{
    char *task = bl_arena_string(&request->arena, name);
    char *item = strchr(task, '.'), *step = item == NULL ? NULL : strchr(item + 1, '.');

    if (item != NULL) {
        *item++ = '\0';
        if (step != NULL) {
            *step++ = '\0';
            set_text(what, "step", step);
        }
        set_text(what, "item", item);
    }
    command->application = task;
}

/* A verb that stands for a member: "result=granted". */
static void set_preset(struct request *request, ProtobufCMessage *what, const char *preset)
{
    const char *equals = preset == NULL ? NULL : strchr(preset, '=');

    if (equals == NULL) {
        return;
    }
    const char *name =
        bl_arena_text(&request->arena, (struct bl_text){ preset, (size_t)(equals - preset) });
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(what->descriptor, name);
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, equals + 1);

    CHECK(value != NULL);
    *(int *)reflect_choose(what, field) = value->value;
}

void write_task(struct request *request, Bl__Command *command, ProtobufCMessage *what,
                const char *task, const char *preset)
{
    set_preset(request, what, preset);
    read_task(request, command, what, task);
}

static void read_path(struct request *request, Bl__Command *command, ProtobufCMessage *what)
{
    for (size_t i = 0; i < request->parameter_count; i++) {
        const struct pair *parameter = &request->parameters[i];

        if (strcmp(parameter->name, "task") == 0) {
            read_task(request, command, what, parameter->value);
        } else if (strcmp(parameter->name, "number") == 0 &&
                   strncmp(request->route->path, "/v1/applications/", 17) == 0) {
            command->application = parameter->value;
        } else {
            set_text(what, parameter->name, parameter->value);
        }
    }
}

/* --- the answer ------------------------------------------------------------------------------- */

static void show_done(struct request *request, const Bl__Answer *answer)
{
    bool made = (request->route->flags & ROUTE_KEY) != 0;

    if (answer->repeated) {
        response_header(request, "Idempotency-Replayed", "true");
    }
    if (made && answer->application[0] != '\0') {
        response_header(request, "Location",
                        bl_arena_printf(&request->arena, "/v1/applications/%s",
                                        bl_arena_string(&request->arena, answer->application)));
    }
    response_message(request, made ? 201 : 200, &answer->base, 0);
}

static void done(struct request *request, enum bl_err code, const Bl__Answer *answer)
{
    if (answer != NULL && answer->refusal != NULL) {
        problem_refusal(request, answer->refusal);
    } else if (code == BL_OK) {
        show_done(request, answer);
    } else {
        problem(request, code, code == BL_TIMEOUT ? "timeout" : "broker-away", "");
    }
}

void write_command(struct request *request)
{
    const ProtobufCFieldDescriptor *member = route_member(request->route);
    Bl__Command *command = &request->job.command;
    ProtobufCMessage *what;
    const char *dry = request_argument(request, "dry_run");

    if (!write_key(request, command) || !read_match(request, command)) {
        return;
    }
    if ((request->route->flags & ROUTE_YAML) != 0) {
        what = reflect_new(member->descriptor, &request->arena);
        ((Bl__Publish *)what)->source =
            (ProtobufCBinaryData){ request->body.bytes, (uint8_t *)(uintptr_t)request->body.at };
    } else if (!request_read_body(request, member->descriptor, &what)) {
        return;
    }
    *(ProtobufCMessage **)reflect_choose(&command->base, member) = what;
    set_preset(request, what, request->route->preset);
    read_path(request, command, what);
    command->dry_run = dry != NULL && strcmp(dry, "true") == 0;
    command->actor = request_actor(request);
    request->job.done = done;
    request->job.kind = JOB_COMMAND;
}
