#include "schema/types.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *name, const void *type)
{
    return strcmp(name, ((const struct schema_type *)type)->name);
}

const struct schema_type *schema_type_of(const ProtobufCMessageDescriptor *message)
{
    const struct schema_type *type =
        bsearch(message->name, schema_types, schema_type_count, sizeof schema_types[0], compare);

    CHECK(type != NULL);
    return type;
}
