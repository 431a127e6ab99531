/* openapi.h — the interface as an OpenAPI 3.1 document, from the table of routes and the messages'
 * descriptors. What no person may call is left out: the engine does not know it yet. */
#pragma once

#include "schema/writer.h"

/* Writes it as one value; the same bytes each time.
 *   site  the hall's name; "" for none */
void openapi_write(struct writer *writer, const char *site);
