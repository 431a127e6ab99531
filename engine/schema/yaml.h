/* yaml.h — a YAML file as a message, with the place of everything in it.
 * Scalars are typed by the schema, not by YAML 1.1: in a text field `no`, `0755` and `12:30` are
 * text. Anchors, aliases, tags, merge keys, tabs, duplicate keys and a second document are refused.
 * In a google.protobuf.Struct, where there is no schema, plain `true`, `false`, `null` and JSON's
 * numbers are what they look like (but a whole number that a double cannot hold stays text), and
 * everything else is text.
 *
 * A loader collects all problems. Its codes: E-YAML (not the YAML that we take), E-KEY (unknown
 * key), E-DUPLICATE, E-TYPE, E-VALUE (none of an enum), E-MISSING, E-RANGE, E-PATTERN, E-CHOICE
 * (two members of a oneof). */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "schema/problem.h"

#define YAML_BYTES_MAX ((size_t)1 << 20)     // of one file
#define YAML_ARENA_BYTES ((size_t)64 << 20)  // what yaml_load takes of an arena at the most
#define YAML_WHOLE SIZE_MAX                  // all of a field, not one of its elements

/* Where everything stood; lives in the arena that the message lives in. */
struct yaml_document;

struct yaml_position {
    uint32_t line, column;  // from 1, in characters; 0: it is not in the file
};

/* Reads a file.
 *   file       its name, for problems; borrowed as long as the document
 *   arena      gets message and document; its bound is at least YAML_ARENA_BYTES
 *   message    well-formed also when there are problems (what is wrong is left out), so that
 *              checks of its meaning can go on; NULL if the file is no YAML
 *   document   may be NULL
 *   problems   are added to, in no order
 *   returns    BL_OK, or BL_DEFINITION if an error was added */
MUST_CHECK enum bl_err yaml_load(const char *source, size_t bytes, const char *file,
                                 const ProtobufCMessageDescriptor *descriptor,
                                 struct bl_arena *arena, ProtobufCMessage **message,
                                 const struct yaml_document **document,
                                 struct schema_problems *problems);

/* Does the file's top mapping have this key? So files are told apart. */
bool yaml_has_key(const char *source, size_t bytes, const char *key);

/* Where the value of a field stands, for problems found later.
 *   message  one that yaml_load made: the root, or any in it, map entries included
 *   field    its name as in the .proto; NULL: the message itself
 *   element  of a list or map, counted from 0, or YAML_WHOLE
 * What is not in the file has the place of what should hold it. */
struct yaml_position yaml_position(const struct yaml_document *document, const void *message,
                                   const char *field, size_t element);
/* The same, of the key in place of the value, where there is one. */
struct yaml_position yaml_key_position(const struct yaml_document *document, const void *message,
                                       const char *field, size_t element);

/* Adds a problem at the value of a field; the arguments are those of yaml_position and of
 * schema_problem_add. */
void yaml_problem(struct schema_problems *problems, const struct yaml_document *document,
                  enum schema_severity severity, const char *code, const void *message,
                  const char *field, size_t element, const char *format, ...)
    __attribute__((format(printf, 8, 9)));
