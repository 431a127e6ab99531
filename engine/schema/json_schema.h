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
