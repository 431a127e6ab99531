#include "gateway/openapi.h"

#include <stdio.h>
#include <string.h>

#include "gateway/route.h"
#include "schema/json.h"
#include "schema/json_schema.h"
#include "schema/types.h"

#define MESSAGES_MAX 256
#define ID_BYTES_MAX 128

static void put(struct writer *writer, const char *key, const char *value)
{
    writer_key(writer, key);
    writer_string(writer, value);
}

static void open_key(struct writer *writer, const char *key)
{
    writer_key(writer, key);
    writer_open_object(writer);
}

/* --- what a route is -------------------------------------------------------------------------- */

static bool is_shown(const struct route *route)
{
    for (int role = 0; role < 32; role++) {
        if (role != BL__KEY__ROLE__GATEWAY && role != BL__KEY__ROLE__WORKER &&
            route_may(route, (Bl__Key__Role)role)) {
            return true;
        }
    }
    return false;
}

/* "get-v1-applications-number-events": the same for ever, for those who make clients of it. */
static void write_id(struct writer *writer, const struct route *route)
{
    char id[ID_BYTES_MAX];
    size_t at = 0;

    for (const char *p = route->method; *p != '\0'; p++) {
        id[at++] = (char)(*p | 0x20);
    }
    for (const char *p = route->path; *p != '\0' && at < sizeof id - 1; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9');

        if (plain || id[at - 1] != '-') {
            id[at++] = plain ? *p : '-';
        }
    }
    while (id[at - 1] == '-') {
        at--;
    }
    writer_key(writer, "operationId");
    writer_text(writer, (struct bl_text){ id, at });
}

static void put_roles(struct writer *writer, const struct route *route)
{
    static const ProtobufCEnumDescriptor *const roles = &bl__key__role__descriptor;

    writer_key(writer, "x-roles");
    writer_open_list(writer);
    for (unsigned i = 0; i < roles->n_values; i++) {
        int role = roles->values[i].value;
        char name[JSON_ENUM_BYTES_MAX];

        if (role != BL__KEY__ROLE__ROLE_UNSPECIFIED && role != BL__KEY__ROLE__GATEWAY &&
            role != BL__KEY__ROLE__WORKER && role != BL__KEY__ROLE__APPLICANT &&
            route_may(route, (Bl__Key__Role)role)) {
            writer_string(writer, json_enum_name(roles, role, name));
        }
    }
    writer_close(writer);
}

/* --- parameters ------------------------------------------------------------------------------- */

static void open_parameter(struct writer *writer, const char *name, const char *in, bool required)
{
    writer_open_object(writer);
    put(writer, "name", name);
    put(writer, "in", in);
    writer_key(writer, "required");
    writer_bool(writer, required);
    writer_key(writer, "schema");
}

static void put_text_parameter(struct writer *writer, const char *name, const char *in,
                               bool required)
{
    open_parameter(writer, name, in, required);
    writer_open_object(writer);
    put(writer, "type", "string");
    writer_close(writer);
    writer_close(writer);
}

static bool is_in_path(const struct route *route, const char *name)
{
    char part[ID_BYTES_MAX];

    (void)snprintf(part, sizeof part, "{%s}", name);
    return strstr(route->path, part) != NULL;
}

static bool is_preset(const struct route *route, const char *name)
{
    size_t bytes = strlen(name);

    return route->preset != NULL && strncmp(route->preset, name, bytes) == 0 &&
           route->preset[bytes] == '=';
}

static void put_path_parameters(struct writer *writer, const struct route *route)
{
    for (const char *at = route->path; (at = strchr(at, '{')) != NULL; at++) {
        char name[ID_BYTES_MAX];

        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        put_text_parameter(writer, name, "path", true);
    }
}

/* What a question has besides what the path says; messages in it cannot be said in an address. */
static void put_arguments(struct writer *writer, const struct route *route)
{
    const ProtobufCMessageDescriptor *question = route_member(route)->descriptor;

    for (unsigned i = 0; i < question->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &question->fields[i];

        if (field->type == PROTOBUF_C_TYPE_MESSAGE || is_in_path(route, field->name) ||
            is_preset(route, field->name)) {
            continue;
        }
        open_parameter(writer, field->name, "query", false);
        json_schema_write_field(writer, question, i);
        writer_close(writer);
    }
}

static void put_parameters(struct writer *writer, const struct route *route)
{
    writer_key(writer, "parameters");
    writer_open_list(writer);
    put_path_parameters(writer, route);
    if (route->member != NULL && !route_is_command(route)) {
        put_arguments(writer, route);
    }
    if (strcmp(route->path, "/public/v1/progress/{number}") == 0) {
        put_text_parameter(writer, "code", "query", true);
    }
    if (strcmp(route->path, "/v1/stream") == 0) {
        put_text_parameter(writer, "Last-Event-ID", "header", false);
        put_text_parameter(writer, "application", "query", false);
    }
    if (strcmp(route->path, "/v1/applications.ics") == 0) {
        put_text_parameter(writer, "project", "query", false);
        put_text_parameter(writer, "window", "query", false);
    }
    if (route_takes(route) == &bl__save_draft__descriptor) {
        put_text_parameter(writer, "If-Match", "header", false);
    }
    if (route_is_command(route)) {
        put_text_parameter(writer, "Idempotency-Key", "header", (route->flags & ROUTE_KEY) != 0);
        put_text_parameter(writer, "If-Match", "header", (route->flags & ROUTE_MATCH) != 0);
    }
    writer_close(writer);
}

/* --- bodies ----------------------------------------------------------------------------------- */

/* {"application/json": {"schema": …}}; a list is {items, next}. */
static void put_content(struct writer *writer, const char *type,
                        const ProtobufCMessageDescriptor *message, bool list)
{
    open_key(writer, "content");
    open_key(writer, type);
    writer_key(writer, "schema");
    if (message == NULL) {
        writer_open_object(writer);
        put(writer, "type", strstr(type, "json") != NULL ? "object" : "string");
        writer_close(writer);
    } else if (!list) {
        json_schema_write_reference(writer, message);
    } else {
        writer_open_object(writer);
        put(writer, "type", "object");
        open_key(writer, "properties");
        open_key(writer, "items");
        put(writer, "type", "array");
        writer_key(writer, "items");
        json_schema_write_reference(writer, message);
        writer_close(writer);
        open_key(writer, "next");
        put(writer, "type", "string");
        writer_close(writer);
        writer_close(writer);
        writer_key(writer, "required");
        writer_open_list(writer);
        writer_string(writer, "items");
        writer_close(writer);
        writer_close(writer);
    }
    writer_close(writer);
    writer_close(writer);
}

static void put_body(struct writer *writer, const struct route *route)
{
    const ProtobufCMessageDescriptor *takes = route_takes(route);
    bool yaml = (route->flags & ROUTE_YAML) != 0;

    if (takes == NULL && !yaml) {
        return;
    }
    open_key(writer, "requestBody");
    writer_key(writer, "required");
    writer_bool(writer, !route_is_command(route) || (route->flags & ROUTE_KEY) != 0);
    put_content(writer, yaml ? "application/yaml" : "application/json", takes, false);
    writer_close(writer);
}

static const char *good_status(const struct route *route)
{
    const ProtobufCMessageDescriptor *gives = route_gives(route);

    if (gives == NULL && route->type == NULL) {
        return "204";
    }
    return (route->flags & ROUTE_KEY) != 0 || gives == &bl__issued_token__descriptor ||
                   (gives == &bl__account__descriptor && strcmp(route->method, "POST") == 0)
               ? "201"
               : "200";
}

static void put_responses(struct writer *writer, const struct route *route)
{
    const ProtobufCMessageDescriptor *gives = route_gives(route);

    open_key(writer, "responses");
    open_key(writer, good_status(route));
    put(writer, "description", route->summary.en);
    if (gives != NULL || route->type != NULL) {
        put_content(writer, route->type == NULL ? "application/json" : route->type, gives,
                    (route->flags & ROUTE_LIST) != 0);
    }
    writer_close(writer);
    open_key(writer, "4XX");
    put(writer, "$ref", "#/components/responses/Problem");
    writer_close(writer);
    open_key(writer, "5XX");
    put(writer, "$ref", "#/components/responses/Problem");
    writer_close(writer);
    writer_close(writer);
}

/* --- operations ------------------------------------------------------------------------------- */

static void put_operation(struct writer *writer, const struct route *route)
{
    char method[16] = "";

    for (size_t i = 0; route->method[i] != '\0' && i < sizeof method - 1; i++) {
        method[i] = (char)(route->method[i] | 0x20);
    }
    open_key(writer, method);
    write_id(writer, route);
    put(writer, "summary", route->summary.en);
    put(writer, "description", route->summary.zh);
    writer_key(writer, "tags");
    writer_open_list(writer);
    writer_string(writer, route->tag);
    writer_close(writer);
    put_roles(writer, route);
    if ((route->flags & ROUTE_PUBLIC) != 0) {
        writer_key(writer, "security");
        writer_open_list(writer);
        writer_close(writer);
    }
    put_parameters(writer, route);
    put_body(writer, route);
    put_responses(writer, route);
    writer_close(writer);
}

static bool is_first_of_path(size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_shown(&routes[i]) && strcmp(routes[i].path, routes[index].path) == 0) {
            return false;
        }
    }
    return true;
}

static void put_paths(struct writer *writer)
{
    open_key(writer, "paths");
    for (size_t i = 0; i < route_count; i++) {
        if (!is_shown(&routes[i]) || !is_first_of_path(i)) {
            continue;
        }
        open_key(writer, routes[i].path);
        for (size_t j = i; j < route_count; j++) {
            if (is_shown(&routes[j]) && strcmp(routes[j].path, routes[i].path) == 0) {
                put_operation(writer, &routes[j]);
            }
        }
        writer_close(writer);
    }
    writer_close(writer);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void put_schemas(struct writer *writer)
{
    const ProtobufCMessageDescriptor *messages[MESSAGES_MAX];
    size_t count = 0;

    messages[count++] = &bl__problem__descriptor;
    for (size_t i = 0; i < route_count; i++) {
        const ProtobufCMessageDescriptor *takes = route_takes(&routes[i]),
                                         *gives = route_gives(&routes[i]);

        CHECK(count + 2 <= MESSAGES_MAX);
        if (is_shown(&routes[i]) && takes != NULL) {
            messages[count++] = takes;
        }
        if (is_shown(&routes[i]) && gives != NULL) {
            messages[count++] = gives;
        }
    }
    open_key(writer, "schemas");
    json_schema_write_components(writer, messages, count);
    writer_close(writer);
}

static void put_security(struct writer *writer)
{
    open_key(writer, "securitySchemes");
    open_key(writer, "bearer");
    put(writer, "type", "http");
    put(writer, "scheme", "bearer");
    writer_close(writer);
    open_key(writer, "session");
    put(writer, "type", "apiKey");
    put(writer, "in", "cookie");
    put(writer, "name", "binglian_session");
    writer_close(writer);
    writer_close(writer);
}

static void put_components(struct writer *writer)
{
    open_key(writer, "components");
    put_security(writer);
    open_key(writer, "responses");
    open_key(writer, "Problem");
    put(writer, "description", "What was not done, and why");
    put_content(writer, "application/problem+json", &bl__problem__descriptor, false);
    writer_close(writer);
    writer_close(writer);
    put_schemas(writer);
    writer_close(writer);
}

static void put_either(struct writer *writer, const char *scheme)
{
    writer_open_object(writer);
    writer_key(writer, scheme);
    writer_open_list(writer);
    writer_close(writer);
    writer_close(writer);
}

static const char *describe(const char *tag)
{
    // clang-format off
    static const struct {
        const char *tag, *text;
    } tags[] = {
        { "accounts", "Who may log in: accounts, sessions, bearer tokens" },
        { "applications", "What citizens hand in, and how far it is" },
        { "calendars", "Which days are working days" },
        { "departments", "Departments, their workers, and who is away" },
        { "drafts", "What one is still typing: nobody else sees it" },
        { "events", "Everything that happened, as a list and as a stream" },
        { "operation", "How the hall is, for operators and monitors" },
        { "projects", "Major projects, referrals and appointments" },
        { "public", "Without an account: with a number and its query code" },
        { "tasks", "What people have to do, and doing it" },
        { "workflows", "What can be applied for, by which rules and days" },
    };
    // clang-format on
    for (size_t i = 0; i < BL_COUNT(tags); i++) {
        if (strcmp(tags[i].tag, tag) == 0) {
            return tags[i].text;
        }
    }
    UNREACHABLE();
}

static void put_tags(struct writer *writer)
{
    writer_key(writer, "tags");
    writer_open_list(writer);
    for (size_t i = 0; i < route_count; i++) {
        bool first = true;

        for (size_t j = 0; j < i; j++) {
            first = first && strcmp(routes[j].tag, routes[i].tag) != 0;
        }
        if (first) {
            writer_open_object(writer);
            put(writer, "name", routes[i].tag);
            put(writer, "description", describe(routes[i].tag));
            writer_close(writer);
        }
    }
    writer_close(writer);
}

static void put_info(struct writer *writer, const char *site)
{
    open_key(writer, "info");
    put(writer, "title", site[0] == '\0' ? "Binglian" : site);
    put(writer, "version", BINGLIAN_VERSION);
    put(writer, "description",
        "Applications in, departments side by side. Reads are exact after every write: lists are "
        "written in the same transaction as what they list. Field names, enum values and instants: "
        "see the README.");
    open_key(writer, "license");
    put(writer, "name", "Apache 2.0");
    put(writer, "identifier", "Apache-2.0");
    writer_close(writer);
    writer_close(writer);
}

void openapi_write(struct writer *writer, const char *site)
{
    writer_open_object(writer);
    put(writer, "openapi", "3.1.0");
    put_info(writer, site);
    writer_key(writer, "servers");
    writer_open_list(writer);
    writer_open_object(writer);
    put(writer, "url", "/");
    writer_close(writer);
    writer_close(writer);
    writer_key(writer, "security");
    writer_open_list(writer);
    put_either(writer, "bearer");
    put_either(writer, "session");
    writer_close(writer);
    put_tags(writer);
    put_paths(writer);
    put_components(writer);
    writer_close(writer);
}
