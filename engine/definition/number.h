/* number.h — what applications are called: "CY-{date}-{seq:4}" gives CY-20261123-0001.
 * {date} is 20261123, {month} 202611, {year} 2026; {seq} counts from 1 within them, {seq:4} with at
 * least four digits. The rest is ASCII letters, digits, '-' and '_', because a number is part of
 * addresses and of task names. */
#pragma once

#include "definition/definition.h"

#define NUMBER_PARTS_MAX 16
#define NUMBER_WIDTH_MAX 12

/* Compiles a format into `arena`.
 *   returns  BL_OK, or BL_DEFINITION with a text that says what is wrong and what to write */
MUST_CHECK enum bl_err number_compile(const char *format, struct bl_arena *arena,
                                      const struct definition_number_part **parts, size_t *count,
                                      enum definition_period *period, struct bl_error *e);
