#include "gateway/route.h"

#include <string.h>

#include "schema/reflect.h"

#define PARAMETER_BYTES_MAX 128

/* --- the router ------------------------------------------------------------------------------- */

/* What may stand in a part of a path: names and numbers of ours. */
static bool is_part(const char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)at[i];

        if (c < 0x21 || c == 0x7F || c == '\\' || c == '%') {
            return false;
        }
    }
    return bytes > 0 && bytes <= PARAMETER_BYTES_MAX && strncmp(at, "..", 2) != 0;
}

/* Reads "{name}" of a pattern against the path. */
static bool match_part(const char **pattern, const char **path, struct pair *parameter,
                       struct bl_arena *arena)
{
    size_t name = strcspn(*pattern, "}"), bytes = strcspn(*path, "/:");

    if (!is_part(*path, bytes)) {
        return false;
    }
    parameter->name = bl_arena_text(arena, (struct bl_text){ *pattern + 1, name - 1 });
    parameter->value = bl_arena_text(arena, (struct bl_text){ *path, bytes });
    *pattern += name + 1;
    *path += bytes;
    return true;
}

/* Does the pattern with its names put aside agree with the path? Takes no memory. */
static bool agrees(const char *pattern, const char *path)
{
    while (*pattern != '\0' && *path != '\0') {
        if (*pattern == '{') {
            size_t bytes = strcspn(path, "/:");

            if (!is_part(path, bytes)) {
                return false;
            }
            path += bytes;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == *path;
}

static void read_parameters(const char *pattern, const char *path, struct pair *parameters,
                            size_t *count, struct bl_arena *arena)
{
    *count = 0;
    while (*pattern != '\0') {
        if (*pattern == '{') {
            CHECK(*count < REQUEST_PARAMETERS_MAX);
            CHECK(match_part(&pattern, &path, &parameters[(*count)++], arena));
        } else {
            pattern++;
            path++;
        }
    }
}

const struct route *route_find(const char *method, const char *path, struct pair *parameters,
                               size_t *parameter_count, struct bl_arena *arena,
                               const char **allowed)
{
    bool head = strcmp(method, "HEAD") == 0;

    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];

        if (!agrees(route->path, path)) {
            continue;
        }
        if (strcmp(route->method, head ? "GET" : method) == 0) {
            read_parameters(route->path, path, parameters, parameter_count, arena);
            return route;
        }
        *allowed = **allowed == '\0' ? route->method
                                     : bl_arena_printf(arena, "%s, %s", *allowed, route->method);
    }
    return NULL;
}

/* --- what a row says -------------------------------------------------------------------------- */

bool route_is_command(const struct route *route)
{
    return route->member != NULL && strcmp(route->method, "POST") == 0;
}

const ProtobufCFieldDescriptor *route_member(const struct route *route)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
        route_is_command(route) ? &bl__command__descriptor : &bl__query__descriptor, route->member);

    CHECK(field != NULL);
    return field;
}

bool route_may(const struct route *route, Bl__Key__Role role)
{
    struct principal person = { .role = role };

    if ((route->flags & ROUTE_PUBLIC) != 0) {
        return true;
    }
    return route_is_command(route)
               ? principal_may(&person, (Bl__Command__WhatCase)route_member(route)->id)
               : (route->roles >> role & 1) != 0;
}

const ProtobufCMessageDescriptor *route_takes(const struct route *route)
{
    if (route->takes != NULL || (route->flags & ROUTE_YAML) != 0) {
        return route->takes;
    }
    return route_is_command(route) ? route_member(route)->descriptor : NULL;
}

const ProtobufCMessageDescriptor *route_gives(const struct route *route)
{
    if (route->gives != NULL || route->type != NULL) {
        return route->gives;
    }
    if (route_is_command(route)) {
        return &bl__answer__descriptor;
    }
    if (route->answer == NULL) {
        return NULL;
    }
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
        &bl__query_answer__descriptor, route->answer);

    CHECK(field != NULL);
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}
