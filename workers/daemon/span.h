/* span.h — lengths of time as people write them: "200ms", "1.5s", "2m". */
#pragma once

#include "base/time.h"

#define SPAN_MAX DAY_US

/* Reads a number and one of us, ms, s, m, h. BL_INVALID if it is none, or longer than a day. */
MUST_CHECK enum bl_err span_parse(const char *text, bl_span *span, struct bl_error *e);
