/* json_schema.h — what an editor needs to help with a YAML file: JSON Schema, draft 07.
 * Names, types, enum values, ranges, short forms, required keys and the texts of rules and
 * comments, so that a misspelt key is underlined while it is typed. It never refuses what yaml_load
 * takes: a text field accepts numbers and bools too, since editors type plain scalars before they
 * look. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "schema/writer.h"

/* Writes the schema of a message as one value; the same bytes each time.
 *   id  its "$id", or NULL */
void json_schema_write(struct writer *writer, const ProtobufCMessageDescriptor *message,
                       const char *id);

/* For OpenAPI 3.1 (JSON Schema 2020-12): the messages and what they mention as JSON has them, as
 * members of the object components/schemas that the caller has opened. */
void json_schema_write_components(struct writer *writer,
                                  const ProtobufCMessageDescriptor *const *messages, size_t count);
/* Writes {"$ref": "#/components/schemas/…"}. */
void json_schema_write_reference(struct writer *writer, const ProtobufCMessageDescriptor *message);
/* Writes the schema of one field, which is no message. */
void json_schema_write_field(struct writer *writer, const ProtobufCMessageDescriptor *message,
                             uint32_t index);
