/* form_schema.h — the one form of a workflow as JSON Schema (2020-12), for form builders: each
 * field with its type, bounds, options and texts in both languages, sections in order as
 * "x-sections", materials as "x-materials". What it admits, form_check may still refuse: check
 * digits are not for a schema. */
#pragma once

#include "definition/definition.h"
#include "schema/writer.h"

void form_schema_write(struct writer *writer, const struct definition *definition);
