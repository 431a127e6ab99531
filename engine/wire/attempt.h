/* attempt.h — the number of one try at one task.
 * An attempt is never used twice: the number of the broker's start in the upper half, a counter in
 * the lower one. Outside it is written "7-1042". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ATTEMPT_TEXT_BYTES 24  // "4294967295-4294967295" and its NUL

/* Writes it into ATTEMPT_TEXT_BYTES bytes and returns `text`. */
char *attempt_format(uint64_t attempt, char *text);
/* Reads "7-1042", all of it and as attempt_format writes it; false if it is none. */
bool attempt_parse(const char *text, uint64_t *attempt);
