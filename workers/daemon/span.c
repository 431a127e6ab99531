#include "daemon/span.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    bl_span span;
} units[] = {
    { "us", 1 }, { "ms", MILLISECOND_US }, { "s", SECOND_US }, { "m", MINUTE_US }, { "h", HOUR_US },
};

enum bl_err span_parse(const char *text, bl_span *span, struct bl_error *e)
{
    char *end = NULL;
    double number = isdigit((unsigned char)text[0]) ? strtod(text, &end) : -1;

    for (size_t i = 0; i < BL_COUNT(units) && number >= 0; i++) {
        if (strcmp(end, units[i].name) == 0 && number * (double)units[i].span <= (double)SPAN_MAX) {
            *span = (bl_span)(number * (double)units[i].span);
            return BL_OK;
        }
    }
    return bl_error_set(e, BL_INVALID, "\"%s\" is no length of time; write 200ms, 1.5s or 2m",
                        text);
}
