/* wire_check.h — are these bytes a message that we can trust protobuf-c with?
 * protobuf-c takes text that is not UTF-8, cuts it at an inner NUL, takes any number for an enum,
 * nests as deep as the stack goes and allocates what a peer asks for. So bytes are checked against
 * the descriptor before they are unpacked: one pass, no allocation, about a microsecond a kilobyte.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/error.h"
#include "schema/types.h"

#define WIRE_DEPTH_MAX 100        // SCHEMA_DEPTH_MAX levels of JSON are three levels each of Struct
#define WIRE_ELEMENTS_MAX 200000  // fields and elements in all: a frame of 1 MiB full of small ones

/* Checks an encoded message and all in it, also what `bytes` fields hold (rule `holds`):
 * - every field is known, has its wire type and, if single, stands there once;
 * - text is UTF-8 without NUL and no longer than its rule's `max`;
 * - enum values are known, bools are 0 or 1, numbers fit their type;
 * - lengths end within what holds them; depth and counts (WIRE_…_MAX, `max_items`) are kept;
 * - a map entry has its value, and a google.protobuf.Value is of one kind and finite.
 * It does not look for two entries of a map with the same key.
 *   returns  BL_OK, or BL_MALFORMED with the field's path: "submit.content.form: …" */
MUST_CHECK enum bl_err wire_check(const ProtobufCMessageDescriptor *message, const void *bytes,
                                  size_t size, struct bl_error *e);
/* The same for who has looked up the type already. */
MUST_CHECK enum bl_err wire_check_type(const struct schema_type *type, const void *bytes,
                                       size_t size, struct bl_error *e);
