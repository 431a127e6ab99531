/* cel_json.h — values of CEL from and to JSON, for trying expressions out (`workflow eval`).
 * A JSON integer becomes an int, another number a double, an object a map with string keys. */
#pragma once

#include <jansson.h>

#include "definition/cel.h"

/* Makes the value that `json` says. Texts are borrowed from `json`, the rest lies in the arena. */
void cel_of_json(const json_t *json, struct bl_arena *arena, struct cel_value *value);

/* The JSON of a value, new, for json_decref. Infinity and NaN become the strings "Infinity",
 * "-Infinity", "NaN", as in the protobuf JSON mapping; keys that are no strings become such. */
json_t *cel_to_json(const struct cel_value *value);
