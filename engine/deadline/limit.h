/* limit.h — a limit as the law and the workflow write it: a number and what it counts.
 * It keeps its unit and becomes an instant only through a calendar (clock.h): a working day is not
 * eight hours, and a month of days is not a number of seconds. */
#pragma once

#include <stdint.h>

#include "base/error.h"

enum limit_unit { LIMIT_WD = 1, LIMIT_ND, LIMIT_WH, LIMIT_NH };  // 工作日 自然日 工作小时 自然小时

struct limit {
    int32_t halves;  // 1 = half a day or hour, at most LIMIT_HALVES_MAX; 0 = no limit
    enum limit_unit unit;
};

#define LIMIT_HALVES_MAX (2 * 10000)  // longer than any procedure; keeps all sums far from overflow
#define LIMIT_TEXT 32                 // bytes that any limit needs as text

/* Reads "5 working days", "0.5 working days", "4 working hours", "30 days", "2 hours", or the short
 * forms "5WD", "0.5WD", "4WH", "30ND", "2NH". BL_INVALID with a text that says what to write. */
MUST_CHECK enum bl_err limit_parse(const char *text, struct limit *limit, struct bl_error *e);
/* The long form, "5 working days"; "none" for no limit. `text` holds LIMIT_TEXT bytes. Returns
 * `text`. */
char *limit_format(struct limit limit, char *text);
